//! The commands in the documents do what the documents say.
//!
//! A ```` ```console ```` block holds commands behind `$ ` and what they print, standard error
//! included. `⋮` on a line of its own stands for lines that are left out; a line that ends in `…`
//! is cut. Commands that build or install are not run.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use clap::CommandFactory as _;
use ocrwatch::cli::{Cli, ExitCode};
use serde_json::Value;

const DOCUMENTS: [&str; 19] = [
    "README.md",
    "docs/commands.md",
    "docs/extract-json.md",
    "docs/report-json.md",
    "docs/backtest-json.md",
    "docs/rules.md",
    "docs/configuration.md",
    "docs/receivers.md",
    "docs/prometheus.md",
    "docs/how-we-know.md",
    "docs/service.md",
    "docs/state.md",
    "docs/errors/README.md",
    "docs/errors/running.md",
    "docs/errors/config.md",
    "docs/errors/policy.md",
    "docs/errors/rules.md",
    "docs/errors/catalogue.md",
    "docs/errors/scenarios.md",
];

const CUT: &str = "⋮";
const CUT_LINE: char = '…';

/// A command and the lines that a document shows of its output.
struct Example {
    place: String,
    command: String,
    shown: Vec<String>,
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn text_of(document: &str) -> String {
    fs::read_to_string(root().join(document)).expect("a document of the project")
}

fn examples(document: &str) -> Vec<Example> {
    let text = text_of(document);
    let mut found: Vec<Example> = Vec::new();
    let mut in_console = false;
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            in_console = line == "```console";
        } else if let Some(command) = line.strip_prefix("$ ").filter(|_| in_console) {
            let place = format!("{document}:{}", number + 1);
            found.push(Example { place, command: command.to_owned(), shown: Vec::new() });
        } else if let Some(example) = found.last_mut().filter(|_| in_console) {
            example.shown.push(line.trim_end().to_owned());
        }
    }
    found
}

/// What a command prints at the project's root, for a reader in China who has no state yet.
fn run(command: &str) -> Vec<String> {
    let state = tempfile::tempdir().expect("a temporary directory");
    let binaries = Path::new(env!("CARGO_BIN_EXE_ocrwatch")).parent().expect("a folder");
    let output = Command::new("sh")
        .args(["-c", &format!("{{ {command}\n}} 2>&1")])
        .current_dir(root())
        .env_clear()
        .env("PATH", format!("{}:/usr/local/bin:/usr/bin:/bin", binaries.display()))
        .env("TZ", "Asia/Shanghai")
        .env("XDG_STATE_HOME", state.path())
        .env("LC_ALL", "C.UTF-8")
        .stdin(Stdio::null())
        .output()
        .expect("a shell");
    let text = String::from_utf8(output.stdout).expect("output in UTF-8");
    text.lines().map(|line| line.trim_end().to_owned()).collect()
}

fn is_shown(line: &str, shown: &str) -> bool {
    match shown.strip_suffix(CUT_LINE) {
        Some(start) => line.starts_with(start),
        None => line == shown,
    }
}

/// The first line shown that the output does not have where it should.
fn missing<'e>(example: &'e Example, printed: &[String]) -> Option<&'e str> {
    let mut rest = printed;
    let mut may_skip = false;
    let mut pieces = example.shown.split(|line| line == CUT).peekable();
    while let Some(piece) = pieces.next() {
        let fits = |at: usize| {
            let lines = rest.get(at..at + piece.len())?;
            let matches = lines.iter().zip(piece).all(|(line, shown)| is_shown(line, shown));
            (matches && (pieces.peek().is_some() || at + piece.len() == rest.len())).then_some(at)
        };
        let last = if may_skip { rest.len() } else { 0 };
        let Some(at) = (0..=last).find_map(fits) else {
            let differs = |(line, shown): &(&String, &&String)| !is_shown(line, shown);
            let shown: Vec<&String> = piece.iter().collect();
            let first = rest.iter().zip(&shown).find(differs).map(|(_, shown)| shown.as_str());
            return Some(first.or(piece.first().map(String::as_str)).unwrap_or("the end"));
        };
        rest = &rest[at + piece.len()..];
        may_skip = true;
    }
    None
}

#[test]
fn commands_print_what_the_documents_show() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for example in DOCUMENTS.into_iter().flat_map(examples) {
        let builds = ["cargo ", "git ", "tests/run", ".ci/run"];
        if builds.iter().any(|start| example.command.starts_with(start)) {
            continue;
        }
        count += 1;
        let printed = run(&example.command);
        if let Some(line) = missing(&example, &printed) {
            wrong.push(format!(
                "{}: `{}` does not print `{line}` there; it prints\n{}",
                example.place,
                example.command,
                printed.join("\n")
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n\n"));
    assert!(count > 8, "only {count} commands in the documents");
}

#[test]
fn the_arithmetic_of_a_fleet_is_what_its_program_prints() {
    let mut program = Command::new("python3");
    program.args(["tests/fleet/arithmetic.py", "--check"]).current_dir(root());
    let checked = program.output().expect("Python");
    assert!(checked.status.success(), "{}", String::from_utf8_lossy(&checked.stderr));
}

#[test]
fn every_option_stands_in_the_reference() {
    let reference = text_of("docs/commands.md");
    let mut missing = Vec::new();
    for command in Cli::command().get_subcommands().filter(|command| !command.is_hide_set()) {
        let heading = format!("\n## `ocrwatch {}", command.get_name());
        let section = reference.split(&heading).nth(1).unwrap_or_default();
        let section = section.split("\n## ").next().unwrap_or_default();
        let options = command.get_arguments().filter_map(|argument| argument.get_long());
        // Every command has the help.
        for option in options.filter(|option| *option != "help") {
            let is_there = section.contains(&format!("`--{option}"));
            if !is_there {
                missing.push(format!("`ocrwatch {}`: --{option}", command.get_name()));
            }
        }
    }
    assert!(missing.is_empty(), "not in docs/commands.md:\n{}", missing.join("\n"));
}

#[test]
fn every_key_of_a_backtest_stands_on_its_page() {
    fn keys(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    found.insert(key.clone());
                    // The names of labels are the rules' own.
                    if key != "labels" {
                        keys(value, found);
                    }
                }
            }
            Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
            _ => {}
        }
    }
    let page = text_of("docs/backtest-json.md");
    let mut found = BTreeSet::new();
    for options in ["--until 2026-11-23T18:00:00+08:00", "--compare docs/examples"] {
        let log = "tests/data/ocr-gateway.log";
        let printed = run(&format!("ocrwatch backtest --format json {options} {log}"));
        let document = serde_json::from_str(&printed.concat()).expect("a document");
        keys(&document, &mut found);
    }
    assert!(found.contains("locked_until") && found.contains("repeat"), "{found:?}");
    // A key stands in a table, or in the sentence that explains its parent.
    let missing = |key: &&String| !page.contains(&format!("`{key}`"));
    let in_text = |key: &&String| !page.contains(&format!("\"{key}\""));
    let missing: Vec<_> = found.iter().filter(missing).filter(in_text).collect();
    assert!(missing.is_empty(), "not in docs/backtest-json.md: {missing:?}");
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest: toml::Table = text_of("Cargo.toml").parse().expect("a manifest in TOML");
    let architecture = text_of("ARCHITECTURE.md");
    let crates = manifest["dependencies"].as_table().expect("a table of dependencies");
    let missing: Vec<_> =
        crates.keys().filter(|name| !architecture.contains(&format!("`{name}`"))).collect();
    assert!(missing.is_empty(), "not in ARCHITECTURE.md: {missing:?}");
}

/// The names of tests in a text that the code does not have, and how many it names.
fn tests_named_in(text: &str) -> (Vec<&str>, usize) {
    let names = text.split('`').skip(1).step_by(2);
    let is_test_name = |name: &&str| {
        name.matches('_').count() >= 2
            && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_')
    };
    let mut code = String::new();
    for folder in ["src", "tests/it"] {
        for entry in walkdir::WalkDir::new(root().join(folder)) {
            let entry = entry.expect("a readable folder");
            if entry.file_type().is_file() {
                code += &fs::read_to_string(entry.path()).unwrap_or_default();
            }
        }
    }
    let names: Vec<_> = names.filter(is_test_name).collect();
    let count = names.len();
    let gone = names.into_iter().filter(|name| !code.contains(&format!("fn {name}(")));
    (gone.collect(), count)
}

#[test]
fn the_tests_that_guard_invariants_exist() {
    let architecture = text_of("ARCHITECTURE.md");
    let table = architecture.split("\n## ").find(|section| section.starts_with("Invariants"));
    let (gone, count) = tests_named_in(table.expect("a section on invariants"));
    assert!(count > 15, "only {count} tests are named");
    assert!(gone.is_empty(), "no such tests: {gone:?}");
}

#[test]
fn every_case_of_following_has_a_test_that_exists_or_says_why_none() {
    let following = text_of("docs/following.md");
    let cases = following.split("\n## ").find(|section| section.starts_with("The cases"));
    let cases = cases.expect("a section on cases");
    let (gone, count) = tests_named_in(cases);
    assert!(count > 80, "only {count} tests are named");
    assert!(gone.is_empty(), "no such tests: {gone:?}");
    for number in 1..=90 {
        let row = cases.lines().filter(|line| line.starts_with(&format!("| {number} |")));
        let cells: Vec<&str> = row.flat_map(|row| row.split(" | ").skip(2)).collect();
        assert!(cells.len() == 1 && cells[0].len() > 4, "case {number}: {cells:?}");
    }
}

#[test]
fn links_between_documents_lead_somewhere() {
    let documents = DOCUMENTS.into_iter().chain(["ARCHITECTURE.md", "CONTRIBUTING.md"]);
    let mut broken = Vec::new();
    for document in documents {
        let text = text_of(document);
        let folder = root().join(document).parent().expect("a folder").to_owned();
        for link in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let (path, anchor) = link.split_once('#').unwrap_or((link, ""));
            if link.starts_with("http") {
                continue;
            }
            let target = if path.is_empty() { root().join(document) } else { folder.join(path) };
            // A picture is no text.
            let found = fs::read(&target).is_ok_and(|bytes| {
                let text = String::from_utf8_lossy(&bytes);
                let heading = anchor.replace('-', " ");
                // Anchors leave all other signs out.
                let is_kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '_' | '-');
                let heading_of = |line: &str| -> String {
                    line.to_lowercase().replace('-', " ").chars().filter(is_kept).collect()
                };
                let is_it =
                    |line: &str| line.starts_with('#') && heading_of(line).ends_with(&heading);
                anchor.is_empty() || text.lines().any(is_it)
            });
            if !found {
                broken.push(format!("{document}: {link}"));
            }
        }
    }
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}

#[test]
fn every_exit_code_stands_in_the_readme_and_on_the_page_of_errors() {
    for page in ["README.md", "docs/errors/running.md"] {
        let text = text_of(page);
        for (code, _) in ExitCode::ALL {
            let row = format!("\n| {} |", code as u8);
            assert!(text.contains(&row), "{page} has no row for exit code {}", code as u8);
        }
    }
}
