//! Files of a user's that are wrong, one for each problem, with what is said of them beside.
//!
//! `OCRWATCH_BLESS=1 cargo test --test it bad` writes those texts anew; read the difference.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use ocrwatch::diagnostic::Diagnostic;

/// The bad files of one kind.
pub(crate) struct BadFiles {
    /// Below `tests/config`.
    pub(crate) folder: &'static str,
    /// What the names of the problems begin with.
    pub(crate) prefix: &'static str,
    /// All of those names.
    pub(crate) names: &'static [&'static str],
    /// What is wrong with a file of this name and text.
    pub(crate) problems: fn(&str, &str) -> Vec<Diagnostic>,
}

impl BadFiles {
    /// What is said of each file is as written, and a file that is named by a problem has it.
    pub(crate) fn check_texts(&self) {
        for file in self.files() {
            let name = file.file_name().and_then(|name| name.to_str()).expect("a plain name");
            let text = std::fs::read_to_string(&file).expect("a readable file");
            let found = self.said(name, &text);
            let beside = file.with_extension("txt");
            if std::env::var_os("OCRWATCH_BLESS").is_some() {
                std::fs::write(&beside, &found).expect("a writable folder");
            }
            let expected = std::fs::read_to_string(beside).unwrap_or_default();
            assert_eq!(found, expected, "problems of {name}");
            let own = self.problem_of(&file);
            let has_own = found.contains(&format!("[{own}]"));
            assert!(has_own || !self.names.contains(&own.as_str()), "{name} lacks {own}: {found}");
        }
    }

    /// Each problem has a file. One beyond the limit is made here: a megabyte does not belong in
    /// the repository.
    pub(crate) fn check_names(&self) {
        let files: Vec<_> = self.files().iter().map(|file| self.problem_of(file)).collect();
        let too_large = format!("{}-too-large", self.prefix);
        let missing: Vec<_> = self
            .names
            .iter()
            .filter(|problem| **problem != too_large && !files.iter().any(|file| file == *problem))
            .collect();
        assert!(missing.is_empty(), "no bad file for {missing:?}");
        if self.names.contains(&too_large.as_str()) {
            let found = self.said("big.toml", &"#\n".repeat(600_000));
            assert!(found.contains(&format!("[{too_large}]")), "{found}");
        }
    }

    /// A problem's file, and what is said of it.
    pub(crate) fn example(&self, name: &str) -> Option<(String, String)> {
        let own = name.strip_prefix(self.prefix)?.strip_prefix('-')?;
        let file = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("tests/config")
            .join(self.folder)
            .join(format!("{own}.toml"));
        let text = std::fs::read_to_string(&file).ok()?;
        let said = std::fs::read_to_string(file.with_extension("txt")).ok()?;
        Some((text, said))
    }

    fn files(&self) -> Vec<PathBuf> {
        toml_files(&Path::new("tests/config").join(self.folder))
    }

    fn problem_of(&self, file: &Path) -> String {
        let own = file.file_stem().and_then(|stem| stem.to_str()).expect("a plain name");
        format!("{}-{own}", self.prefix)
    }

    fn said(&self, name: &str, text: &str) -> String {
        let mut said = String::new();
        for problem in (self.problems)(name, text) {
            writeln!(said, "{problem}").expect("writing to a string");
        }
        said
    }
}

/// The TOML files of a folder of the project, by name.
pub(crate) fn toml_files(folder: &Path) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).expect("a folder of files");
    let mut files: Vec<_> = entries
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}
