//! `report --from`: what runs have counted, instead of logs. What a broker holds is asked by
//! `tests/fleet/run`.

use std::collections::BTreeMap;
use std::time::Duration;

use ocrwatch::clock;
use serde_json::Value;

use crate::harness::Sandbox;

/// A log whose errors are some minutes old, as a run forgets what is older than it keeps.
fn log(codes: &[&str]) -> String {
    let now = clock::now();
    let lines = codes.iter().zip((1..=codes.len()).rev()).map(|(code, minutes)| {
        let at = now - Duration::from_mins(minutes as u64);
        let at = at.format("%Y-%m-%d %H:%M:%S,000+00:00");
        format!("{at} ERROR scan: {{\"error_msg\": \"wrong\", \"error_code\": \"{code}\"}}\n")
    });
    lines.collect()
}

/// Lets a run count a log, with its state under `name`.
fn count(sandbox: &Sandbox, name: &str, codes: &[&str]) {
    let log_name = format!("{name}.log");
    sandbox.file(&log_name, log(codes));
    sandbox.run(&["run", "--once", "--state-dir", name, &log_name]).code(0);
}

fn counts(report: &Value) -> BTreeMap<String, u64> {
    let codes = report["codes"].as_array().expect("codes").iter();
    let count = |code: &Value| {
        let name = code["code"].as_str().expect("a code").to_owned();
        (name, code["occurrences"].as_u64().expect("a count"))
    };
    codes.map(count).collect()
}

fn expected<const N: usize>(counts: [(&str, u64); N]) -> BTreeMap<String, u64> {
    counts.into_iter().map(|(code, count)| (code.to_owned(), count)).collect()
}

#[test]
fn what_several_runs_have_counted_is_added_up_and_told_by_source() {
    let sandbox = Sandbox::new();
    count(&sandbox, "web-1", &["AIS.0103", "APIG.0301", "AIS.0103"]);
    count(&sandbox, "web-2", &["APIG.0301", "ModelArts.4204"]);
    let arguments = ["report", "--from", "web-1", "--from", "web-2/state.db", "--format", "json"];
    let ran = sandbox.run(&arguments);
    let report = ran.code(0).stderr_is("").json();
    let all = expected([("AIS.0103", 2), ("APIG.0301", 2), ("ModelArts.4204", 1)]);
    assert_eq!(counts(&report), all);
    assert_eq!(report["totals"]["occurrences"], 5);
    let names = report["inputs"]["listed"].as_array().expect("inputs").iter();
    let names: Vec<_> = names.map(|input| input["name"].as_str().expect("a name")).collect();
    let expected = [("web-1", "web-1.log"), ("web-2/state.db", "web-2.log")]
        .map(|(place, log)| format!("{place}: {}", sandbox.path(log).display()));
    assert_eq!(names, expected);
}

#[test]
fn filters_hold_of_what_was_counted() {
    let sandbox = Sandbox::new();
    let codes = ["AIS.0101", "AIS.0103", "APIG.0301", "AIS.0103"];
    count(&sandbox, "web-1", &codes);
    let report = |more: &[&str]| {
        let arguments = [&["report", "--from", "web-1", "--format", "json"], more].concat();
        counts(&sandbox.run(&arguments).code(0).json())
    };
    assert_eq!(report(&["--code", "APIG.0301"]), expected([("APIG.0301", 1)]));
    assert_eq!(report(&["--module", "ocr"]), expected([("AIS.0101", 1), ("AIS.0103", 2)]));
    // Whole minutes: the last two are at most three minutes old, the first is more than three.
    let late = report(&["--since", "3m"]);
    assert!(late.contains_key("AIS.0103") && !late.contains_key("AIS.0101"), "{late:?}");
}

#[test]
fn a_configuration_without_a_fleet_names_its_state() {
    let sandbox = Sandbox::new();
    count(&sandbox, "web-1", &["AIS.0103"]);
    let directory = sandbox.path("web-1");
    sandbox.file("alone.toml", format!("[state]\ndirectory = '{}'\n", directory.display()));
    let report = sandbox.run(&["report", "--from", "alone.toml", "--format", "json"]);
    assert_eq!(counts(&report.code(0).json()), expected([("AIS.0103", 1)]));
}

#[test]
fn a_state_that_a_run_works_with_is_left_as_it_is() {
    let sandbox = Sandbox::new();
    count(&sandbox, "web-1", &["AIS.0103"]);
    let read = || std::fs::read(sandbox.path("web-1/state.db")).expect("a state");
    let before = read();
    sandbox.run(&["report", "--from", "web-1"]).code(0).stdout_has("AIS.0103");
    assert_eq!(read(), before);
}

#[test]
fn a_place_that_cannot_be_read_fails_the_report() {
    let sandbox = Sandbox::new();
    count(&sandbox, "web-1", &["AIS.0103"]);
    sandbox.run(&["report", "--from", "web-1", "--from", "away"]).code(74).stdout_is("").stderr_is(
        "error: away: cannot look at the state `away/state.db`: there is none\n\
         hint: name the directory in which a run keeps its state, or its configuration\n",
    );
    sandbox.run(&["report", "--from", "away.toml"]).code(78).stderr_has("away.toml");
    // Nothing listens there.
    let gone = sandbox.run(&["report", "--from", "nats://127.0.0.1:1"]);
    gone.code(74).stdout_is("").stderr_has("error: nats://127.0.0.1:1: ");
    sandbox.run(&["report", "--from", "web-1", "web-1.log"]).code(64);
}
