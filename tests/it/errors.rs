//! The pages about what can go wrong: each named problem has a section, whose example is the bad
//! file of the tests and what is really said of it.
//!
//! `OCRWATCH_BLESS=1 cargo test --test it errors` writes the examples anew; read the difference.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

use ocrwatch::reference;

use crate::bad_files::BadFiles;
use crate::harness::Sandbox;
use crate::{catalogue, config, policy, rules, scenarios};

const KINDS: [BadFiles; 5] = [
    config::BAD_FILES,
    policy::BAD_FILES,
    rules::BAD_FILES,
    catalogue::BAD_FILES,
    scenarios::BAD_FILES,
];

/// Longer files are not shown: what is said of them shows the lines that matter.
const LINES_MAX: usize = 14;
const COLUMNS_MAX: usize = 120;

/// So many problems of one file are shown.
const SHOWN_MAX: usize = 2;

fn text_of(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(path).expect("a page of the project")
}

/// What is said of a file, problem by problem.
fn problems_in(said: &str) -> Vec<String> {
    let mut problems: Vec<String> = Vec::new();
    for line in said.lines() {
        let is_head = line.split(' ').next().is_some_and(|place| place.contains(".toml:"));
        match problems.last_mut() {
            Some(last) if !is_head => last.extend(["\n", line]),
            _ => problems.push(line.to_owned()),
        }
    }
    problems
}

/// The example of a problem: its file, if it is short, and what is said of that.
fn example(kind: &BadFiles, name: &str) -> String {
    let Some((file, said)) = kind.example(name) else { return String::new() };
    let file = file.trim_end();
    let problems = problems_in(&said);
    let is_own = |problem: &&String| problem.contains(&format!("[{name}]"));
    let is_narrow = |text: &str| text.lines().all(|line| line.chars().count() <= COLUMNS_MAX);
    let own: Vec<&str> = problems.iter().filter(is_own).map(String::as_str).collect();
    let narrow = own.iter().copied().filter(|problem| is_narrow(problem)).take(SHOWN_MAX);
    let mut shown: Vec<&str> = narrow.collect();
    if shown.is_empty() {
        shown.extend(own.first());
    }
    if shown.len() < problems.len() {
        shown.push("⋮");
    }
    let is_short = file.lines().count() <= LINES_MAX && is_narrow(file);
    let file = if is_short { format!("```toml\n{file}\n```\n\n") } else { String::new() };
    format!("\n{file}```text\n{}\n```\n", shown.join("\n"))
}

#[test]
fn each_named_problem_has_a_section_that_explains_and_whose_example_is_true() {
    for kind in KINDS {
        let path = format!("docs/errors/{}.md", kind.folder);
        let page = text_of(&path);
        let mut parts = page.split("\n## ");
        let mut expected = parts.next().unwrap_or_default().to_owned();
        let mut named = Vec::new();
        for part in parts {
            let (name, text) = part.split_once('\n').expect("a section with a text");
            let words = text.split("\n```").next().unwrap_or_default().trim();
            assert!(words.len() > 20, "{path}: {name} says nothing");
            let example = example(&kind, name);

            write!(expected, "\n## {name}\n\n{words}\n{example}").expect("writing to a string");
            named.push(name.to_owned());
        }
        let expected = format!("{}\n", expected.trim_end());
        assert_eq!(named, kind.names, "{path} has other sections than there are problems");
        if std::env::var_os("OCRWATCH_BLESS").is_some() {
            fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path), &expected)
                .expect("a writable page");
        }
        assert!(text_of(&path) == expected, "{path}: OCRWATCH_BLESS=1 cargo test --test it errors");
    }
}

#[test]
fn the_index_names_every_problem() {
    let index = text_of("docs/errors/README.md");
    for kind in KINDS {
        for name in kind.names {
            let link = format!("- [`{name}`]({}.md#{name})", kind.folder);
            assert!(index.contains(&link), "docs/errors/README.md lacks {link}");
        }
    }
}

#[test]
fn explain_says_what_the_page_says_of_a_problem_and_proposes_a_near_name() {
    let sandbox = Sandbox::new();
    for section in reference::sections() {
        // What stands there has no Markdown but backticks.
        let plain = section.plain();
        assert!(!plain.contains("](") && !plain.contains("```"), "{plain}");
    }
    let outcome = sandbox.run(&["explain", "config-unknown-key", "APIG.0308"]);
    outcome.code(0).stdout_has("config-unknown-key\n\nOften the key is right");
    outcome.stdout_has("\n    1 | timezne = \"Asia/Shanghai\"\n").stdout_has("APIG.0308");
    outcome.stdout_has("hint: did you mean `timezone`?");
    let wrong = sandbox.run(&["explain", "config-unknwon-key"]);
    wrong.code(64).stdout_is("").stderr_has("no problem is called `config-unknwon-key`");
    wrong.stderr_has("hint: did you mean `config-unknown-key`?");
    let far = sandbox.run(&["explain", "some-thing"]);
    far.code(64).stderr_has("hint: the name stands in brackets behind the message");
    let json = sandbox.run(&["explain", "--format", "json", "config-unknown-key"]);
    json.code(64).stderr_has("hint: leave out `--format json`");
}

/// The steps that the code names where a delivery fails.
fn steps_that_fail() -> BTreeSet<String> {
    let mut steps = BTreeSet::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/deliver");
    for entry in walkdir::WalkDir::new(folder) {
        let path = entry.expect("a readable folder").into_path();
        let is_code = path.extension().is_some_and(|extension| extension == "rs");
        let is_test = |part: std::path::Component<'_>| part.as_os_str() == "tests";
        if !is_code || path.ends_with("tests.rs") || path.components().any(is_test) {
            continue;
        }
        let code = fs::read_to_string(&path).expect("a readable file");
        for start in
            ["Failure::unreachable(\"", "Failure::refused(\"", "=> (\"", "STAGE: &str = \""]
        {
            let named = code.split(start).skip(1).filter_map(|rest| rest.split_once('"'));
            // A pair of a step and of words, such as of errors of the system.
            let is_step = |rest: &str| start != "=> (\"" || rest.starts_with(", ");
            let in_http = start != "=> (\"" || path.ends_with("web/http.rs");
            steps.extend(
                named.filter(|(_, rest)| is_step(rest) && in_http).map(|(step, _)| step.to_owned()),
            );
        }
    }
    steps
}

#[test]
fn every_step_in_which_a_delivery_can_fail_is_explained() {
    let page = text_of("docs/errors/running.md");
    let steps = steps_that_fail();
    assert!(steps.len() > 7 && steps.contains("secret"), "{steps:?}");
    let missing: Vec<_> =
        steps.iter().filter(|step| !page.contains(&format!("\n| `{step}` | "))).collect();
    assert!(missing.is_empty(), "docs/errors/running.md does not explain {missing:?}");
}
