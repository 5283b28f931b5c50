//! `report --baseline`: another log, a saved report, an earlier period of the same logs.

use serde_json::Value;

use crate::harness::{Outcome, Sandbox};

/// A line with an error of a day of November 2026.
fn error(day: u32, time: &str, code: &str) -> String {
    format!("2026-11-{day:02} {time}:00,000 ERROR scan: {{\"error_code\": \"{code}\"}}\n")
}

fn info(day: u32, time: &str) -> String {
    format!("2026-11-{day:02} {time}:00,000 INFO  scan: done\n")
}

/// A day from 08:00 to 18:00, with these errors.
fn day(day: u32, errors: &[(&str, usize)]) -> String {
    let mut log = info(day, "08:00");
    for (code, count) in errors {
        log += &error(day, "12:00", code).repeat(*count);
    }
    log + &info(day, "18:00")
}

/// Yesterday: much throttling, a bad image, one without a time. Today: the same image, a new one,
/// and a lock.
fn sandbox() -> Sandbox {
    let yesterday = day(19, &[("APIG.0308", 20), ("AIS.0103", 2), ("AIS.0105", 1)]);
    let today = day(20, &[("APIG.0308", 4), ("AIS.0103", 2), ("APIG.0301", 9)]);
    let sandbox = Sandbox::with("app.log.1", &yesterday);
    sandbox.file("app.log", &today).file("both.log", yesterday + &today);
    sandbox
}

/// Each code with what became of it.
fn changes(outcome: &Outcome) -> Vec<String> {
    let report = outcome.code(0).json();
    let changes = report["baseline"]["codes"].as_array().cloned().unwrap_or_default();
    let text = |change: &Value, key: &str| change[key].to_string().replace('"', "");
    changes
        .iter()
        .map(|change| ["code", "status", "before", "after"].map(|key| text(change, key)).join(" "))
        .collect()
}

const CHANGES: [&str; 4] =
    ["APIG.0301 new 0 9", "AIS.0105 gone 1 0", "APIG.0308 fallen 20 4", "AIS.0103 steady 2 2"];

fn json<'a>(options: &[&'a str]) -> Vec<&'a str> {
    [&["report", "--quiet", "--format", "json"], options].concat()
}

#[test]
fn another_log_a_saved_report_and_an_earlier_period_tell_the_same() {
    let sandbox = sandbox();
    let saved = sandbox.run(&json(&["app.log.1"]));
    sandbox.file("old.json", saved.stdout());
    sandbox.file("pretty.json", format!("{:#}", saved.json()));
    for old in ["app.log.1", "old.json", "pretty.json", "app.log.[0-9]"] {
        let found = sandbox.run(&json(&["app.log", "--baseline", old]));
        assert_eq!(changes(&found), CHANGES, "{old}");
    }
    let period = "2026-11-19..2026-11-20";
    let found = sandbox.run(&json(&["both.log", "--baseline", period]));
    assert_eq!(changes(&found), CHANGES);
    // What is of the period is no part of the report.
    let report = found.json();
    assert_eq!(report["totals"]["occurrences"], 15);
    assert_eq!(report["filters"]["since"], "2026-11-20T00:00:00+08:00");
    assert_eq!(report["baseline"]["kind"], "period");
    // Of logs that stand apart it is the same.
    let apart = sandbox.run(&json(&["app.log", "app.log.1", "--baseline", period]));
    assert_eq!(changes(&apart), CHANGES);
}

#[test]
fn the_same_codes_are_compared_on_both_sides_and_no_time_limits_the_other_log() {
    let sandbox = sandbox();
    let apig = ["app.log", "--baseline", "app.log.1", "--module", "APIG"];
    let found = sandbox.run(&json(&apig));
    assert_eq!(changes(&found), ["APIG.0301 new 0 9", "APIG.0308 fallen 20 4"]);
    let later = ["app.log", "--baseline", "app.log.1", "--since", "2026-11-20 11:00"];
    assert_eq!(sandbox.run(&json(&later)).json()["baseline"]["events"], 23);
}

#[test]
fn errors_without_a_time_are_of_a_log_and_of_no_period() {
    let sandbox = sandbox();
    let untimed = "ERROR scan: {\"error_code\": \"AIS.0105\"}\n";
    sandbox.file("untimed.log", untimed);
    let found = sandbox.run(&json(&["app.log", "--baseline", "untimed.log"])).json();
    assert_eq!(found["baseline"]["without_time"], 1);
    sandbox.file("mixed.log", untimed.to_owned() + &day(19, &[]) + &day(20, &[]));
    let period = ["report", "mixed.log", "--baseline", "2026-11-19..2026-11-20"];
    sandbox.run(&period).code(0).stderr_has(
        "note: 1 error without a readable time was left out, as the period of --baseline asks",
    );
}

#[test]
fn people_see_what_changed_first() {
    let sandbox = sandbox();
    let page = sandbox.run(&["report", "app.log", "--baseline", "app.log.1"]);
    for line in [
        "  Against      app.log.1, 2026-11-19 08:00:00 to 18:00:00 +08:00, 10 h\n",
        "               23 errors then, 15 now\n",
        "  + new     APIG.0301     0    9\n",
        "  - gone    AIS.0105      1    0  OCR: ",
        "  ↓ fallen  APIG.0308    20    4  5.0 times less often\n",
    ] {
        page.code(0).stdout_has(line);
    }
    let page =
        sandbox.run(&["report", "app.log", "--baseline", "app.log.1", "--format", "markdown"]);
    page.code(0).stdout_has("## Against `app.log.1`").stdout_has("| fallen | ");
}

#[test]
fn a_baseline_that_means_nothing_is_refused_before_anything_is_read() {
    let sandbox = sandbox();
    let saved = |options: &[&str]| sandbox.run(&json(options)).stdout().to_owned();
    sandbox.file("top.json", saved(&["app.log.1", "--top", "1"]));
    sandbox.file("ocr.json", saved(&["app.log.1", "--module", "OCR"]));
    sandbox.file("cut.json", &saved(&["app.log.1"])[..300]);
    sandbox.file("backtest.json", "{\"schema\": \"ocrwatch.backtest/1\"}\n");
    for (old, code, said) in [
        ("no.log", 66, "error: --baseline: no such file: `no.log`\nhint: name an older log, "),
        ("no-*.log", 66, "error: --baseline: no file matches `no-*.log`\nhint: "),
        ("-", 64, "standard input cannot be the baseline"),
        ("today..yesterday", 64, "nothing lies between"),
        ("yesterday..tomorow", 64, "`tomorow` is not a time\nhint: write a time"),
        ("2026-11-19..2026-11-20 12:00", 64, "after the report begins (--since 2026-11-20"),
        ("2026-11-19..2026-11-22", 64, "after the report begins"),
        (
            "top.json",
            64,
            "`top.json` was saved with --top, and lacks the counts of 2 codes\nhint: ",
        ),
        ("ocr.json", 64, "`ocr.json` was saved with --module OCR\nhint: repeat these options"),
        ("cut.json", 74, "`cut.json` is not a whole report: EOF"),
        ("backtest.json", 74, "`backtest.json` has the schema `ocrwatch.backtest/1`"),
    ] {
        let options = ["report", "app.log", "--since", "2026-11-20", "--baseline", old];
        sandbox.run(&options).code(code).stdout_is("").stderr_has(said);
    }
    let late =
        ["report", "app.log", "--until", "2026-11-19", "--baseline", "2026-11-19..2026-11-20"];
    sandbox.run(&late).code(64).stderr_has("when the report has ended (--until 2026-11-19");
    // What a saved report is limited to, the new one may be, too.
    let same = sandbox.run(&json(&["app.log", "--module", "OCR", "--baseline", "ocr.json"]));
    assert_eq!(changes(&same), ["AIS.0105 gone 1 0", "AIS.0103 steady 2 2"]);
}

#[test]
fn what_exists_as_a_path_is_a_path() {
    let sandbox = sandbox();
    sandbox.file("yesterday..today", day(18, &[("AIS.0103", 2)]));
    let found = sandbox.run(&json(&["app.log", "--baseline", "yesterday..today"])).json();
    assert_eq!(found["baseline"]["kind"], "log");
    assert_eq!(found["baseline"]["first_at"], "2026-11-18T08:00:00+08:00");
}

#[test]
fn a_period_that_the_logs_do_not_reach_back_to_makes_nothing_new() {
    let sandbox = sandbox();
    let page = sandbox.run(&["report", "app.log", "--baseline", "2026-11-10..2026-11-12"]);
    page.code(0).stdout_has("the logs have nothing of that time, so nothing is compared");
    page.stdout_lacks("+ new");
}
