//! Scenario files that are wrong, the shipped ones, and `ocrwatch test`.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use ocrwatch::catalogue::Catalogue;
use ocrwatch::diagnostic::Diagnostic;
use ocrwatch::engine::{Condition, Rule};
use ocrwatch::policy_file::Alerting;
use ocrwatch::scenario::{PROBLEMS, Scenario, ScenarioFile, is_scenario_file};

use crate::bad_files::{BadFiles, toml_files};
use crate::harness::Sandbox;

pub(crate) const BAD_FILES: BadFiles =
    BadFiles { folder: "scenarios", prefix: "scenario", names: &PROBLEMS, problems: problems_of };

fn problems_of(name: &str, text: &str) -> Vec<Diagnostic> {
    let catalogue = Catalogue::embedded();
    let alerting = Alerting::embedded(&catalogue);
    ScenarioFile::read(name, text, &alerting, &catalogue).err().unwrap_or_default()
}

#[test]
fn every_problem_is_placed_explained_and_hinted() {
    BAD_FILES.check_texts();
}

#[test]
fn every_problem_has_a_bad_file() {
    BAD_FILES.check_names();
}

/// The shipped scenarios with the names of their files.
fn shipped(catalogue: &Catalogue) -> Vec<(&'static str, Scenario)> {
    let alerting = Alerting::embedded(catalogue);
    let files = ScenarioFile::shipped().iter();
    let read = files.flat_map(|(name, text)| {
        let file = ScenarioFile::read(name, text, &alerting, catalogue);
        let file = file.expect("a right file");
        file.scenarios.into_iter().map(move |scenario| (*name, scenario))
    });
    read.collect()
}

#[test]
fn every_scenario_file_is_shipped() {
    let shipped: BTreeSet<_> =
        ScenarioFile::shipped().iter().map(|(name, _)| PathBuf::from(name)).collect();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let files = toml_files(Path::new("rules/tests"));
    let found: BTreeSet<_> =
        files.iter().filter_map(|path| Some(path.strip_prefix(root).ok()?.to_owned())).collect();
    assert_eq!(shipped, found);
}

fn is_of_one_event(rule: &Rule) -> bool {
    matches!(rule.condition, Condition::Count(threshold) if threshold.at_least == 1)
}

#[test]
fn every_shipped_rule_is_seen_to_fire_not_to_fire_and_to_resolve() {
    let catalogue = Arc::new(Catalogue::embedded());
    let rules = Alerting::embedded(&catalogue).rules;
    let (mut fire, mut stay, mut resolve) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let mut wrong = String::new();
    for (name, scenario) in shipped(&catalogue) {
        let outcome = scenario.run(&catalogue);
        for difference in outcome.differences {
            writeln!(wrong, "{name}:{}: {difference}", scenario.line).expect("a string");
        }
        for rule in scenario.chosen_rules() {
            let name = &rule.name;
            let mut of_it = outcome.episodes.iter().filter(|alert| alert.alert.rule == *name);
            // Of what fires at the first event there is none that it stays silent about.
            let may_stay = outcome.asked.contains(name) || is_of_one_event(rule);
            if of_it.clone().next().is_some() {
                fire.insert(Arc::clone(name));
            } else if may_stay {
                stay.insert(Arc::clone(name));
            }
            let last_look = scenario.last_look();
            if of_it.any(|alert| alert.resolved.is_some_and(|(at, _)| Some(at) <= last_look)) {
                resolve.insert(Arc::clone(name));
            }
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
    let names = rules.rules().iter().map(|rule| &rule.name).chain(rules.disabled());
    let names: BTreeSet<_> = names.cloned().collect();
    for (seen, what) in [(fire, "fire"), (stay, "stay silent"), (resolve, "resolve")] {
        let missing: Vec<_> = names.difference(&seen).collect();
        assert!(missing.is_empty(), "no scenario sees these {what}: {missing:?}");
    }
}

#[test]
fn the_document_s_scenario_passes() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let document = std::fs::read_to_string(path).expect("the document");
    let blocks = document.split("```toml\n").skip(1);
    let mut blocks = blocks.filter_map(|block| block.split("```").next());
    let scenario = blocks.find(|text| is_scenario_file(text)).expect("an example");
    let run = Sandbox::with("a.toml", scenario).run(&["test", "a.toml"]);
    run.code(0).stdout_is("ok a.toml: 1 scenario\n1 scenario passed\n");
}

const PASSES: &str = r#"
[[scenario]]
name = "two are none"
rules = ["throttled"]
[[scenario.occurrence]]
at = "0s"
every = "1s"
times = 2
code = "APIG.0308"
[[scenario.expect]]
at = "30s"
alerts = []
"#;

const FAILS: &str = r#"
[[scenario]]
name = "five are one alert"
rules = ["throttled", "aksk-lockout"]
[[scenario.occurrence]]
at = "0s"
every = "1s"
times = 5
code = "APIG.0308"
access_key = "HPUA****BC"
[[scenario.expect]]
at = "3s"
alerts = [{ rule = "throttled" }]
[[scenario.expect]]
at = 10:00:04
alerts = [
    { rule = "throttled", severity = "critical", count = 6, summary = "too many calls", text = "limit 10" },
    { rule = "aksk-lockout", labels = { credential = "HPUA****BC" } },
]
[[scenario.expect]]
at = "5s"
alerts = []
[[scenario.notify]]
at = "34s"
reason = "new"
alerts = ["throttled"]
[[scenario.notify]]
at = "5m35s"
alerts = ["throttled"]
"#;

#[test]
fn what_differs_is_told_with_its_place_and_ends_with_1() {
    let sandbox = Sandbox::with("t/a.toml", PASSES);
    sandbox.file("t/b.toml", FAILS);
    let run = sandbox.run(&["test", "t"]);
    run.code(1).stderr_is("").stdout_has(
        "ok t/a.toml: 1 scenario\n\
         FAILED t/b.toml:2: five are one alert\n\
         \x20 line 11, the alerts at 3s (2026-11-23 10:00:03 +08:00)\n\
         \x20   - throttled{} firing\n\
         \x20 line 14, the alerts at 4s (2026-11-23 10:00:04 +08:00)\n\
         \x20     throttled{credential=HPUA****BC}\n\
         \x20   -   severity critical\n\
         \x20   +   severity warning\n\
         \x20   -   count 6\n\
         \x20   +   count 5\n\
         \x20   -   summary too many calls\n\
         \x20   +   summary calls of HPUA****BC are throttled: 5 refused\n\
         \x20   -   text limit 10\n\
         \x20   +   calls of HPUA****BC are throttled: 5 refused\n",
    );
    run.stdout_has(
        "\x20   - aksk-lockout{credential=HPUA****BC} firing\n\
         \x20 line 20, the alerts at 5s (2026-11-23 10:00:05 +08:00)\n\
         \x20   + throttled{credential=HPUA****BC} firing, count 5\n\
         \x20 line 23, the notifications\n\
         \x20   - 34s (2026-11-23 10:00:34 +08:00): new of throttled\n\
         \x20   + 34s (2026-11-23 10:00:34 +08:00): first of throttled\n",
    );
    run.stdout_has("\n1 of 2 scenarios failed\n");
    sandbox.run(&["test", "--quiet", "t/a.toml"]).code(0).stdout_is("");
}

#[test]
fn the_shipped_scenarios_pass_without_a_file() {
    let run = Sandbox::new().run(&["test"]);
    run.code(0).stderr_is("").stdout_has("ok rules/tests/credentials.toml: ");
    assert!(run.stdout().ends_with(" scenarios passed\n"), "{run}");
}

#[test]
fn a_bad_file_or_none_is_no_verdict() {
    let sandbox = Sandbox::with("a.toml", PASSES);
    sandbox.file("bad.toml", PASSES.replace("throttled", "throtled"));
    let bad = sandbox.run(&["test", "a.toml", "bad.toml"]);
    bad.code(78).stdout_is("").stderr_has("there is no rule `throtled` [scenario-unknown-rule]");
    bad.stderr_has("hint: did you mean `throttled`?");
    let none = sandbox.run(&["test", "none.toml", "a.toml"]);
    none.code(66).stderr_is("error: no such scenario file: `none.toml`\n");
    sandbox.file("empty/x.txt", "");
    sandbox.run(&["test", "empty"]).code(78).stderr_has("holds no scenario file\nhint: the names");
}

#[test]
fn rules_of_ones_own_are_tested_and_checked_with_their_scenarios() {
    let rule = "[[rule]]\nname = \"throttled\"\nseverity = \"info\"\ncondition = \"count >= 2\"\n\
                window = \"1m\"\nmatch = { code = \"APIG.0308\" }\nsummary = \"{{ count }}\"\n";
    let sandbox = Sandbox::with("rules/a.toml", rule);
    sandbox.file("rules/tests/a.toml", PASSES);
    let run = sandbox.run(&["test", "--rules", "rules", "rules/tests"]);
    run.code(1).stdout_has("+ throttled{} firing, count 2\n");
    let check = sandbox.run(&["check", "--rules", "rules", "rules/tests/a.toml"]);
    check
        .code(0)
        .stdout_has("1 rule file is right: 1 rule\n1 scenario file is right: 1 scenario\n");
    sandbox.file("rules/tests/a.toml", PASSES.replace("APIG.0308", "OCR.1"));
    let bad = sandbox.run(&["check", "rules/tests/a.toml"]);
    bad.code(78).stderr_has("[scenario-unknown-code]");
}
