//! Rule files that are wrong, and what the shipped ones cover.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use ocrwatch::catalogue::Catalogue;
use ocrwatch::diagnostic::Diagnostic;
use ocrwatch::engine::{Engine, Event, Rule, Settings, Source, State};
use ocrwatch::occurrence::{Module, Occurrence, Place};
use ocrwatch::policy_file::Alerting;
use ocrwatch::rules::{PROBLEMS, RuleSet};
use ocrwatch::scenario::is_scenario_file;
use ocrwatch::template;

use crate::bad_files::{BadFiles, toml_files};
use crate::harness::Sandbox;

pub(crate) const BAD_FILES: BadFiles =
    BadFiles { folder: "rules", prefix: "rule", names: &PROBLEMS, problems: problems_of };

fn problems_of(name: &str, text: &str) -> Vec<Diagnostic> {
    let files = [(name.to_owned(), text.to_owned())];
    Alerting::load(&files, &Catalogue::embedded()).err().unwrap_or_default()
}

#[test]
fn every_problem_is_placed_explained_and_hinted() {
    BAD_FILES.check_texts();
}

#[test]
fn every_problem_has_a_bad_file() {
    BAD_FILES.check_names();
}

const OURS: &str = "[[rule]]\nname = \"ours\"\nseverity = \"info\"\ncondition = \"count >= 1\"\n\
                    window = \"1m\"\nsummary = \"{{ code }}\"\n";

#[test]
fn check_tells_rule_files_from_catalogue_files_and_reads_directories() {
    let sandbox = Sandbox::with("ours.toml", OURS);
    sandbox.file("codes.toml", "[[entry]]\ncode = \"AIS.0999\"\ndescription = \"d\"\n");
    let both = sandbox.run(&["check", "ours.toml", "codes.toml"]);
    both.code(0).stdout_has("1 more file are right: 143 codes\n1 rule file is right: 1 rule\n");
    let file = sandbox.run(&["check", "--rules", "ours.toml"]);
    file.code(0).stdout_has("1 rule file is right: 1 rule\n");

    std::fs::create_dir(sandbox.path("rules")).expect("a new folder");
    let rules = |text: &str| sandbox.run(&["check", "--rules", text]);
    rules("rules").code(78).stderr_has("holds no rule file\nhint: the names of rule files");
    rules("none").code(78).stderr_is("error: no such rule file: `none`\n");
    sandbox.file("rules/a.toml", OURS).file("rules/.hidden.toml", "x").file("rules/b.txt", "x");
    rules("rules").code(0).stdout_has("1 rule file is right: 1 rule\n");
    sandbox
        .file("rules/b.toml", OURS.replace("code }}", "cod }}"))
        .file("rules/c.toml", "rule = 1");
    let bad = rules("rules");
    bad.code(78).stdout_is("").stderr_has("error: rules/b.toml:2:8: rule `ours` stands in");
    bad.stderr_has("rules/a.toml already, on line 2").stderr_has("unknown variable `cod`");
    bad.stderr_has("error: rules/c.toml:1:8: `rule` must be a list");
}

/// Every shipped file's rules, the ones that are not enabled included, as TOML.
fn shipped_tables() -> Vec<toml::Table> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("rules");
    let mut rules = Vec::new();
    for path in toml_files(&folder) {
        let text = std::fs::read_to_string(path).expect("a readable file");
        let table: toml::Table = text.parse().expect("TOML");
        let tables = table["rule"].as_array().expect("rules").iter();
        rules.extend(tables.map(|rule| rule.as_table().expect("a table").clone()));
    }
    rules
}

/// An error as a log tells it.
fn occurrence(code: &str, cause: Option<&str>) -> Occurrence {
    let place = Place { file: "app.log".into(), line: 1, offset: 0 };
    let module = Module::of_code(code).expect("a code");
    Occurrence {
        cause: cause.map(Into::into),
        access_key: Some("AKEX****".into()),
        ..Occurrence::new(place, None, module, code.into())
    }
}

/// The enabled rules that are about a code, not about all of them.
fn rules_about<'r>(set: &'r RuleSet, code: &str, cause: Option<&str>) -> Vec<&'r Rule> {
    let (source, error) = (Source::named("app"), occurrence(code, cause));
    let event = Event::error(&source, &error);
    let about = |rule: &&Rule| !rule.matcher.labels.is_empty() && rule.matcher.fits(&event, true);
    set.rules().iter().filter(about).collect()
}

#[test]
fn every_code_and_every_cause_has_a_rule_that_is_as_grave() {
    let catalogue = Catalogue::embedded();
    let set = RuleSet::embedded(&catalogue);
    let mut breaches = Vec::new();
    for entry in catalogue.entries() {
        let causes = entry.causes.iter().map(|cause| Some(&*cause.id));
        for cause in causes.chain([None]) {
            let rules = rules_about(&set, &entry.code, cause);
            let wanted = catalogue.severity_of(&entry.code, cause);
            match rules.iter().map(|rule| rule.severity).max() {
                None => breaches.push(format!("no rule for {} {cause:?}", entry.code)),
                Some(severity) if severity < wanted => {
                    breaches.push(format!("{} {cause:?}: {severity} < {wanted}", entry.code));
                }
                Some(_) => {}
            }
        }
    }
    assert!(breaches.is_empty(), "{}", breaches.join("\n"));
}

#[test]
fn every_shipped_rule_says_why_and_its_summary_fits_a_subject() {
    let values = serde_json::json!({
        "rule": "x", "count": 123, "credential": "AKEXAMP****", "codes": "APIG.0301, APIGW.0301",
        "code": "APIG.0301", "api": "general-table", "region": "cn-north-4", "limit": 300,
        "period": "1 minute", "locked_until": "14:35:10 +08:00", "window": "15m",
        "host": "ocr.cn-north-4.example.com", "service": "invoice-scan", "last_at": "14:30:10",
        "source": "invoice-app",
    });
    let mut names = Vec::new();
    for rule in shipped_tables() {
        let name = rule["name"].as_str().expect("a name").to_owned();
        assert!(rule.get("why").is_some(), "{name} does not say why");
        let summary = rule["summary"].as_str().expect("a summary");
        let chinese = rule["zh"]["summary"].as_str().expect("a summary in Chinese");
        assert!(rule["zh"].get("why").is_some(), "{name} does not say why in Chinese");
        let both = [summary, chinese];
        for (summary, values) in both.iter().flat_map(|summary| {
            [(summary, values.clone()), (summary, serde_json::json!({ "count": 1 }))]
        }) {
            let rendered = template::render(summary, &values);
            assert!(!rendered.contains("failed)"), "{name}: {rendered}");
            assert!(rendered.chars().count() < 120, "{name}: {rendered}");
        }
        names.push(name);
    }
    assert!(names.len() > 25, "{names:?}");
}

#[test]
fn the_sixth_signature_failure_in_a_row_fires_the_lockout() {
    let catalogue = Catalogue::embedded();
    let set = RuleSet::embedded(&catalogue);
    let mut engine = Engine::new(Arc::clone(set.rules()), Arc::new(catalogue), Settings::default());
    let source = Source::named("app");
    let mut fired = Vec::new();
    for second in 0..8 {
        let mut error = occurrence("APIG.0301", Some("aksk-signature"));
        error.at = chrono::DateTime::from_timestamp(1_000_000 + second, 0).map(Into::into);
        let event = Event::error(&source, &error);
        engine.ingest(event.at.expect("a time"), &event);
        for transition in engine.take().into_iter().filter(|change| change.to == State::Firing) {
            fired.push(format!("{} at {}", transition.alert.rule, second + 1));
        }
    }
    assert_eq!(fired, ["aksk-signature-failures at 3", "aksk-lockout at 6"]);
}

/// The rows of the tables that docs/rules.md shows of what is shipped and of what templates know.
fn documented_rows() -> String {
    let mut rows = String::from("| Rule | Severity | Condition | One alert for each | Why |\n");
    rows.push_str("| :--- | :--- | :--- | :--- | :--- |\n");
    for rule in shipped_tables() {
        let text = |key: &str| rule.get(key).and_then(|value| value.as_str()).unwrap_or_default();
        let mut condition = format!("`{}`", text("condition"));
        if let Some(window) = rule.get("window").and_then(|window| window.as_str()) {
            write!(condition, " in `{window}`").expect("writing to a string");
        }
        let labels = rule.get("group_by").and_then(|labels| labels.as_array());
        let labels: Vec<_> =
            labels.into_iter().flatten().filter_map(|label| label.as_str()).collect();
        let enabled = rule.get("enabled").and_then(toml::Value::as_bool).unwrap_or(true);
        let off = if enabled { "" } else { " (not enabled)" };
        writeln!(
            rows,
            "| `{}`{off} | {} | {condition} | {} | {} |",
            text("name"),
            text("severity"),
            labels.join(", "),
            text("why"),
        )
        .expect("writing to a string");
    }
    rows
}

/// A table of docs/rules.md is what it would be if it were written now.
#[track_caller]
fn check_documented(rows: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let document = std::fs::read_to_string(&path).expect("the document");
    let head = rows.lines().next().expect("a table");
    let start = document.find(head).expect("the table's head");
    let end = document[start..].find("\n\n").map_or(document.len(), |end| start + end + 1);
    if std::env::var_os("OCRWATCH_BLESS").is_some() {
        let blessed = format!("{}{rows}{}", &document[..start], &document[end..]);
        std::fs::write(&path, blessed).expect("a writable document");
        return;
    }
    assert_eq!(&document[start..end], rows);
}

#[test]
fn every_variable_of_a_message_stands_in_the_document() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/templates.md");
    let document = std::fs::read_to_string(path).expect("the document");
    for (name, meaning) in template::page::VARIABLES {
        assert!(document.contains(&format!("| `{name}` | {meaning} |")), "no row for {name}");
    }
}

#[test]
fn the_document_shows_the_shipped_rules_and_what_templates_know() {
    check_documented(&documented_rows());
    let mut variables = String::from("| Variable | Value |\n| :--- | :--- |\n");
    for (name, meaning) in template::VARIABLES {
        writeln!(variables, "| `{name}` | {meaning} |").expect("writing to a string");
    }
    check_documented(&variables);
}

#[test]
fn the_document_s_examples_are_right() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let document = std::fs::read_to_string(path).expect("the document");
    let mut blocks = 0;
    for block in document.split("```toml\n").skip(1) {
        let text = block.split("```").next().unwrap_or_default();
        if is_scenario_file(text) {
            continue;
        }
        assert_eq!(problems_of("docs/rules.md", &format!("shipped = true\n{text}")), [], "{text}");
        blocks += 1;
    }
    assert_eq!(blocks, 4);
}
