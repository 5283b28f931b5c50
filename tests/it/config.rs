//! Configuration files: what is wrong with them, what `check` makes of them, and that every key and
//! problem is documented.

use std::fs;
use std::path::Path;

use ocrwatch::config::{Config, Draft, PROBLEMS, keys};
use ocrwatch::diagnostic::Diagnostic;

use crate::bad_files::BadFiles;
use crate::harness::Sandbox;

pub(crate) const BAD_FILES: BadFiles =
    BadFiles { folder: "config", prefix: "config", names: &PROBLEMS, problems: problems_of };

fn read(name: &str, text: &str) -> Result<Config, Vec<Diagnostic>> {
    Draft::read(name, text, Path::new("/etc/ocrwatch")).finish(&[], &[])
}

fn problems_of(name: &str, text: &str) -> Vec<Diagnostic> {
    read(name, text).err().unwrap_or_default()
}

fn text_of(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(path).expect("a file of the project")
}

#[test]
fn every_problem_is_placed_explained_and_hinted() {
    BAD_FILES.check_texts();
}

#[test]
fn every_problem_has_a_bad_file_and_stands_in_the_document() {
    BAD_FILES.check_names();
    let document = text_of("docs/configuration.md");
    for problem in PROBLEMS {
        assert!(document.contains(&format!("`{problem}`")), "docs/configuration.md: {problem}");
    }
}

#[test]
fn every_key_has_a_row_in_the_section_of_its_table_and_stands_in_the_example() {
    let document = text_of("docs/configuration.md");
    let example = text_of("systemd/ocrwatch.toml");
    for (table, keys) in keys() {
        let heading = match table {
            "the file" => "| Key of the file |".to_owned(),
            table => format!("| Key of `{table}` |"),
        };
        let section = document.split(&heading).nth(1);
        let section = section.unwrap_or_else(|| panic!("no table `{heading}`"));
        let rows = section.split("\n\n").next().unwrap_or_default();
        for key in keys {
            let is_cell = |line: &str| {
                let cell = line.split('|').nth(1).unwrap_or_default();
                cell.contains(&format!("`{key}`"))
            };
            assert!(rows.lines().any(is_cell), "no row for {key} of {table}");
            let is_there = example.lines().any(|line| {
                let line = line.trim_start_matches(['#', '[']);
                line.starts_with(&format!("{key} = ")) || line.starts_with(&format!("{key}]"))
            });
            let is_inline = example.contains(&format!(" {key} = "));
            assert!(is_there || is_inline, "systemd/ocrwatch.toml does not show {key} of {table}");
        }
    }
}

#[test]
fn the_files_that_the_document_shows_are_right() {
    for name in ["docs/configuration.md", "docs/receivers.md"] {
        let document = text_of(name);
        let blocks = document.split("```toml\n").skip(1);
        let shown: Vec<&str> = blocks.filter_map(|rest| rest.split("```").next()).collect();
        assert!(shown.len() > 3, "only {} files are shown", shown.len());
        for text in shown {
            assert_eq!(problems_of(name, text), [], "{text}");
        }
    }
}

/// Settings of the example stand behind a bare `#`, what it explains behind `# `.
#[test]
fn the_example_is_right_as_it_is_and_with_everything_switched_on() {
    let example = text_of("systemd/ocrwatch.toml");
    let config = read("ocrwatch.toml", &example).expect("the example is right");
    assert_eq!(config.sources.len(), 1);
    let setting = |line: &str| {
        let setting = line.strip_prefix('#')?;
        setting
            .starts_with(|c: char| c.is_ascii_lowercase() || c == '[')
            .then(|| setting.to_owned())
    };
    let all: Vec<String> =
        example.lines().map(|line| setting(line).unwrap_or_else(|| line.to_owned())).collect();
    let config = read("ocrwatch.toml", &all.join("\n")).expect("every setting is right");
    assert!(config.sources.len() > 4, "{:?}", config.sources);
}

const CONFIG: &str = "rules = \"rules.d\"\ncatalogue = [\"our.toml\"]\n\
                      [[source]]\nfiles = [\"/var/log/app/*.log\"]\n";
const CODE: &str = "[[entry]]\nmodule = \"OCR\"\ncode = \"AIS.0999\"\nmessage = \"Ours.\"\n\
                    description = \"d\"\nsolution = [\"s\"]\n";
const RULE: &str = "[[rule]]\nname = \"mine\"\nseverity = \"info\"\nsummary = \"s\"\n\
                    match = { code = \"AIS.0999\" }\ncondition = \"count >= 5\"\n\
                    window = \"10m\"\n";

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::with("etc/o.toml", CONFIG);
    sandbox.file("etc/our.toml", CODE).file("etc/rules.d/a.toml", RULE);
    sandbox
}

#[test]
fn check_knows_a_configuration_and_checks_what_it_names() {
    let sandbox = sandbox();
    let right = "etc/o.toml is right: 1 source; 143 codes; 1 rule\n";
    for arguments in [&["check", "etc/o.toml"][..], &["check", "--config", "etc/o.toml"]] {
        let outcome = sandbox.run(arguments);
        assert_eq!(outcome.code(0).stdout(), right);
    }
    sandbox.file("etc/empty.toml", "");
    let empty = sandbox.run(&["check", "--config", "etc/empty.toml"]);
    empty
        .code(0)
        .stdout_has("is right: no source, the files of the command line are followed; 142");
    // Beside others it is one file of several.
    let both = sandbox.run(&["check", "etc/o.toml", "etc/our.toml"]);
    both.code(0).stdout_has(right).stdout_has("the shipped catalogue and 1 more file are right");
}

#[test]
fn everything_wrong_in_every_file_of_a_configuration_is_told_at_once() {
    let sandbox = sandbox();
    sandbox.file("etc/our.toml", format!("{CODE}x = 1\n"));
    sandbox.file("etc/rules.d/b.toml", "[[rule]]\nname = \"mine\"\n");
    sandbox.file("etc/o.toml", format!("{CONFIG}start = \"top\"\n"));
    let outcome = sandbox.run(&["check", "etc/o.toml"]);
    outcome.code(78).stderr_has("etc/o.toml:5:9: `start` cannot be `top` [config-bad-start]");
    outcome.stderr_has("etc/our.toml:7:1: unknown key `x`");
    outcome.stderr_has("etc/rules.d/b.toml:1:1: [[rule]] has no `severity`");
    assert!(outcome.stdout().is_empty());
}

#[test]
fn a_file_that_a_configuration_names_and_that_is_not_there_is_said_with_who_names_it() {
    let sandbox = Sandbox::with("etc/o.toml", format!("{CONFIG}start = \"top\"\n"));
    let outcome = sandbox.run(&["check", "etc/o.toml"]);
    outcome.code(78).stderr_has("no such catalogue file: `etc/our.toml`");
    outcome.stderr_has("hint: `catalogue` in etc/o.toml names it, relative to that file");
    outcome.stderr_has("no such rule file: `etc/rules.d`");
    outcome.stderr_has("hint: `rules` in etc/o.toml names it, relative to that file");
    outcome.stderr_has("[config-bad-start]");
    let missing = sandbox.run(&["check", "--config", "etc/none.toml"]);
    missing.code(78).stderr_has("no such configuration file: `etc/none.toml`");
}

#[test]
fn a_directory_of_a_configuration_without_rule_files_waits_for_them_and_the_shipped_ones_count() {
    let sandbox = Sandbox::with("etc/o.toml", "rules = \"rules.d\"\n");
    sandbox.file("etc/rules.d/README", "").file("etc/rules.d/.a.toml", "x");
    sandbox.run(&["check", "etc/o.toml"]).code(0).stdout_has("; 29 rules, 1 not enabled\n");
    sandbox.file("etc/rules.d/a.toml", RULE.replace("AIS.0999", "AIS.0103"));
    sandbox.run(&["check", "etc/o.toml"]).code(0).stdout_has("; 1 rule\n");
}

#[test]
fn scenarios_beside_one_configuration_are_about_its_rules() {
    let sandbox = sandbox();
    let scenario = "rules = [\"mine\"]\n[[scenario]]\nname = \"s\"\n[[scenario.occurrence]]\n\
                    at = \"0s\"\ncode = \"AIS.0999\"\n[[scenario.expect]]\nat = \"1s\"\n\
                    alerts = []\n";
    sandbox.file("s.toml", scenario);
    let outcome = sandbox.run(&["check", "etc/o.toml", "s.toml"]);
    outcome.code(0).stdout_has("1 scenario file is right: 1 scenario");
    sandbox.run(&["check", "s.toml"]).code(78).stderr_has("there is no rule `mine`");
}
