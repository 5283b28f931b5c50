//! Rule files that are wrong, and what the shipped ones cover.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ocrwatch::catalogue::Catalogue;
use ocrwatch::rules::{PROBLEMS, RuleSet};

fn problems_of(name: &str, text: String) -> String {
    let files = [(name.to_owned(), text)];
    let mut found = String::new();
    for problem in RuleSet::load(&files, &Catalogue::embedded()).err().unwrap_or_default() {
        writeln!(found, "{problem}").expect("writing to a string");
    }
    found
}

/// Loads a bad file and compares its problems with the text beside it.
fn check(file: &Path) {
    let name = file.file_name().and_then(|name| name.to_str()).expect("a plain name");
    let text = std::fs::read_to_string(file).expect("a readable file");
    let found = problems_of(name, text);
    let beside = file.with_extension("txt");
    if std::env::var_os("OCRWATCH_BLESS").is_some() {
        std::fs::write(&beside, &found).expect("a writable folder");
    }
    let expected = std::fs::read_to_string(beside).unwrap_or_default();
    assert_eq!(found, expected, "problems of {name}");
    let own = file.file_stem().and_then(|stem| stem.to_str()).expect("a plain name");
    assert!(found.contains(&format!("[rule-{own}]")), "{name} has another problem: {found}");
}

fn bad_files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/config/rules");
    let mut files: Vec<_> = std::fs::read_dir(folder)
        .expect("the folder of bad files")
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

#[test]
fn every_problem_is_placed_explained_and_hinted() {
    for file in bad_files() {
        check(&file);
    }
}

#[test]
fn every_problem_has_a_bad_file() {
    let names: Vec<_> = bad_files()
        .iter()
        .filter_map(|file| Some(format!("rule-{}", file.file_stem()?.to_str()?)))
        .collect();
    // A file beyond the limit is made here: a megabyte does not belong in the repository.
    let missing: Vec<_> = PROBLEMS
        .into_iter()
        .filter(|problem| *problem != "rule-too-large" && !names.iter().any(|n| n == problem))
        .collect();
    assert!(missing.is_empty(), "no bad file for {missing:?}");
    let found = problems_of("big.toml", "#\n".repeat(600_000));
    assert!(found.contains("[rule-too-large]"), "{found}");
}
