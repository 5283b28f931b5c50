//! What the house asks of every file and no compiler checks. Each test tells all breaches at once,
//! with their places.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

/// The longest file of the program, and of its tests.
const FILE_LINES_MAX: usize = 450;
const TEST_FILE_LINES_MAX: usize = 700;

const LINE_COLUMNS_MAX: usize = 100;

/// Names that say nothing, or that shadow a crate.
const FORBIDDEN_MODULES: [&str; 8] =
    ["core", "util", "utils", "common", "helper", "helpers", "manager", "notify"];

/// What the extraction is told and never asks, and what it hands on and never prints.
const IMPURE: [&str; 11] = [
    "print!(",
    "println!(",
    "std::fs",
    "std::io",
    "std::net",
    "std::thread",
    "std::env",
    "std::process",
    "std::time",
    "crate::clock",
    "crate::input",
];

/// Left behind by somebody who meant to come back. Written apart, or this file would be a breach.
const UNFINISHED: [&str; 6] = [
    concat!("todo", "!"),
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("dbg", "!"),
    concat!("unimplemented", "!"),
    concat!("#[", "ignore"),
];

/// Places of one machine.
const MACHINE_PATHS: [&str; 3] =
    [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/t", "mp/")];

/// A text file of the project, its path from the root.
struct Source {
    path: String,
    text: String,
}

impl Source {
    fn is_rust(&self) -> bool {
        Path::new(&self.path).extension().is_some_and(|extension| extension == "rs")
    }

    fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || self.path.ends_with("/tests.rs")
            || self.path.contains("/tests/")
    }

    /// The modules on the way to this file: `src/extract/body/mod.rs` is `extract`, `body`.
    fn modules(&self) -> Vec<&str> {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        let path = path.strip_suffix(".rs").unwrap_or(path);
        path.strip_suffix("/mod").unwrap_or(path).split('/').collect()
    }
}

static PROJECT: LazyLock<Vec<Source>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut sources = Vec::new();
    let folders = [
        "src",
        "tests",
        "benches",
        "fuzz",
        "docs",
        "rules",
        "systemd",
        "packaging",
        "contrib",
        ".ci",
    ];
    for folder in folders {
        collect(&root.join(folder), root, &mut sources);
    }
    for entry in root.read_dir().expect("the project's root") {
        let path = entry.expect("a readable root").path();
        // In a second work tree `.git` is a file, and names the machine's first.
        if path.is_file() && !path.ends_with(".git") && !path.ends_with("Cargo.lock") {
            add(&path, root, &mut sources);
        }
    }
    assert!(sources.iter().filter(|source| source.path.starts_with("src/")).count() > 50);
    sources
});

fn collect(folder: &Path, root: &Path, sources: &mut Vec<Source>) {
    // Logs of real clients hold what their machines held; the fuzzer's finds hold anything.
    const SKIPPED: [&str; 4] = ["data", "target", "corpus", "artifacts"];
    let Ok(entries) = folder.read_dir() else { return };
    let mut paths: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if path.is_dir() && !SKIPPED.contains(&name) {
            collect(&path, root, sources);
        } else if path.is_file() {
            add(&path, root, sources);
        }
    }
}

fn add(path: &Path, root: &Path, sources: &mut Vec<Source>) {
    let Ok(text) = std::fs::read_to_string(path) else { return };
    let path = path.strip_prefix(root).expect("found below the root").display().to_string();
    sources.push(Source { path, text });
}

fn program() -> impl Iterator<Item = &'static Source> {
    PROJECT.iter().filter(|source| source.path.starts_with("src/") && source.is_rust())
}

/// The breaches of a rule about single lines.
fn breaches<'s>(
    sources: impl Iterator<Item = &'s Source>,
    broken: impl Fn(&Source, &str) -> Option<String>,
) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources {
        for (number, line) in source.text.lines().enumerate() {
            if let Some(why) = broken(source, line) {
                found.push(format!("{}:{}: {why}", source.path, number + 1));
            }
        }
    }
    found
}

#[track_caller]
fn check(breaches: &[String]) {
    assert!(breaches.is_empty(), "\n{}\n", breaches.join("\n"));
}

/// The first of the words in a line.
fn word_in(words: &[&str], line: &str) -> Option<String> {
    words.iter().find(|word| line.contains(*word)).map(|word| format!("`{word}`"))
}

/// The names behind each `crate::` of a line.
fn imports(line: &str) -> impl Iterator<Item = &str> {
    let name_end = |rest: &str| {
        rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len())
    };
    line.split("crate::").skip(1).map(move |rest| &rest[..name_end(rest)])
}

/// Text that a line break would change: a string, and what tests quote from logs over many lines.
fn is_quotation(source: &Source, line: &str) -> bool {
    let is_comment = line.trim_start().starts_with("//");
    let quotes = line.contains('"') || source.is_test();
    (!is_comment && quotes) || line.contains("https://") || line.starts_with("//! |")
}

#[test]
fn imports_point_down_only() {
    let library = PROJECT.iter().find(|source| source.path == "src/lib.rs").expect("the library");
    let layers: Vec<&str> = library
        .text
        .lines()
        .filter_map(|line| line.trim_start_matches("pub ").strip_prefix("mod ")?.strip_suffix(';'))
        .collect();
    let rank = |module: &str| layers.iter().position(|layer| *layer == module);
    let modules = program().filter(|source| source.path != "src/lib.rs");
    check(&breaches(modules, |source, line| {
        let modules = source.modules();
        if modules == ["main"] || modules.first().is_some_and(|first| *first == "bin") {
            let beyond = line.contains("ocrwatch::") && !line.contains("ocrwatch::cli");
            return beyond.then(|| "the binary knows the command line only".to_owned());
        }
        let own = rank(modules[0]);
        if own.is_none() {
            return Some(format!("`{}` is not among the modules of src/lib.rs", modules[0]));
        }
        // Within tests a lower layer may be driven with the help of a higher one.
        let upwards = imports(line).find(|name| rank(name) > own && !source.is_test());
        if let Some(name) = upwards {
            return Some(format!("`{}` imports `{name}`, which stands above it", modules[0]));
        }
        let steps_up = line.matches("super::").count();
        let chain = "super::".repeat(modules.len());
        (steps_up >= modules.len() && line.starts_with("use ") && line.contains(&chain))
            .then(|| "a path that climbs out of its module; write `crate::`".to_owned())
    }));
}

#[test]
fn extraction_asks_no_file_clock_thread_or_environment() {
    let pure = [
        "src/extract/",
        "src/engine/",
        "src/replay",
        "src/scenario/",
        "src/catalogue/",
        "src/toml_file/",
        "src/template",
        "src/rules/",
        "src/policy_file/",
        "src/export/",
        "src/config/",
        "src/cli/init/answers.rs",
        "src/cli/init/interview.rs",
        "src/cli/init/listing.rs",
        "src/cli/init/question.rs",
        "src/cli/init/text.rs",
        "src/cli/init/usual.rs",
        "src/file_pattern.rs",
        "src/html/",
        "src/length.rs",
        "src/render/affected.rs",
        "src/render/codes.rs",
        "src/render/content.rs",
        "src/render/context.rs",
        "src/render/facts.rs",
        "src/render/reason.rs",
        "src/render/ticket.rs",
        "src/render/times.rs",
        "src/surface/escape.rs",
        "src/surface/phrase.rs",
        "src/surface/wrap.rs",
        "src/occurrence.rs",
        "src/zone",
    ];
    let program = program().filter(|source| !source.is_test());
    let sources = program.filter(|source| pure.iter().any(|path| source.path.starts_with(path)));
    check(&breaches(sources, |_, line| word_in(&IMPURE, line)));
}

#[test]
fn pages_have_no_style_or_handler_of_an_element_and_no_script_of_a_log() {
    // Mail programs know nothing but styles of elements; a mail's template has those.
    let is_page = |path: &str| {
        let is_html = Path::new(path).extension().is_some_and(|ending| ending == "html");
        is_html && !path.contains("/mail/")
    };
    let pages = PROJECT.iter().filter(|source| source.path.starts_with("src/"));
    let words = [" style=", " onclick=", " onload=", " onerror=", "javascript:", "|safe"];
    check(&breaches(pages.filter(|source| is_page(&source.path)), |_, line| word_in(&words, line)));
}

#[test]
fn nothing_is_left_unfinished() {
    let rust = PROJECT.iter().filter(|source| source.is_rust());
    check(&breaches(rust, |_, line| word_in(&UNFINISHED, line)));
}

#[test]
fn no_machine_s_paths_are_named() {
    check(&breaches(PROJECT.iter(), |_, line| word_in(&MACHINE_PATHS, line)));
}

#[test]
fn lines_are_short_and_have_no_tabs_or_blanks_at_their_end() {
    let rust = PROJECT.iter().filter(|source| source.is_rust());
    check(&breaches(rust, |source, line| {
        let columns = line.chars().count();
        if line.contains('\t') {
            Some("a tab".to_owned())
        } else if line.ends_with(' ') {
            Some("blanks at the end".to_owned())
        } else {
            (columns > LINE_COLUMNS_MAX && !is_quotation(source, line))
                .then(|| format!("{columns} columns"))
        }
    }));
}

#[test]
fn files_are_short() {
    let rust = PROJECT.iter().filter(|source| source.is_rust());
    let long = rust.filter_map(|source| {
        let lines = source.text.lines().count();
        let limit = if source.is_test() { TEST_FILE_LINES_MAX } else { FILE_LINES_MAX };
        (lines > limit).then(|| format!("{}: {lines} lines, {limit} at most", source.path))
    });
    check(&long.collect::<Vec<_>>());
}

#[test]
fn modules_have_names_that_say_something() {
    let named = program().filter_map(|source| {
        let modules = source.modules();
        let name = modules.iter().find(|name| FORBIDDEN_MODULES.contains(name))?;
        Some(format!("{}: `{name}`", source.path))
    });
    check(&named.collect::<Vec<_>>());
}

#[test]
fn every_file_of_the_program_says_what_it_owns() {
    let silent = program().filter(|source| !source.is_test() && !source.text.starts_with("//! "));
    check(&silent.map(|source| format!("{}: no `//!` header", source.path)).collect::<Vec<_>>());
}

#[test]
fn the_fuzz_target_has_every_crate_that_the_claims_use() {
    let text_of = |path: &str| {
        let source = PROJECT.iter().find(|source| source.path == path);
        &source.unwrap_or_else(|| panic!("no {path}")).text
    };
    let manifest: toml::Table = text_of("Cargo.toml").parse().expect("a manifest in TOML");
    let target: toml::Table = text_of("fuzz/Cargo.toml").parse().expect("a manifest in TOML");
    let claims = text_of("tests/it/invariants.rs");
    let crates = manifest["dependencies"].as_table().expect("a table of dependencies").keys();
    let mut used = crates.filter(|name| claims.contains(&format!("{}::", name.replace('-', "_"))));
    let missing = used.find(|name| target["dependencies"].get(name.as_str()).is_none());
    assert_eq!(missing, None, "a crate that fuzz/Cargo.toml does not have");
}
