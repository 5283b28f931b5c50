//! Routes, silences, mutes and settings in files: what is wrong with them, and what they do.

use std::fmt::Write as _;
use std::path::Path;

use ocrwatch::catalogue::Catalogue;
use ocrwatch::diagnostic::Diagnostic;
use ocrwatch::policy_file::{Alerting, PROBLEMS};

use crate::bad_files::BadFiles;
use crate::harness::{Outcome, Sandbox};

/// What stands in another file already.
const OTHER: &str = "\n[success]\n\n[engine]\nlateness = \"30s\"\n";

pub(crate) const BAD_FILES: BadFiles =
    BadFiles { folder: "policy", prefix: "policy", names: &PROBLEMS, problems: problems_of };

fn problems_of(name: &str, text: &str) -> Vec<Diagnostic> {
    let mut files = vec![(name.to_owned(), text.to_owned())];
    if name == "duplicate-table.toml" {
        files.insert(0, ("another.toml".to_owned(), OTHER.to_owned()));
    }
    Alerting::load(&files, &Catalogue::embedded()).err().unwrap_or_default()
}

#[test]
fn every_problem_is_placed_explained_and_hinted() {
    BAD_FILES.check_texts();
}

#[test]
fn every_problem_has_a_bad_file_and_stands_in_the_document() {
    BAD_FILES.check_names();
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let document = std::fs::read_to_string(path).expect("the document");
    for problem in PROBLEMS {
        assert!(document.contains(&format!("`{problem}`")), "docs/rules.md lacks {problem}");
    }
}

/// Six refusals of one access key from an instant on, ten seconds apart: three fire
/// `aksk-signature-failures`, six `aksk-lockout`, which explains it.
fn failures(minute: &str) -> String {
    let mut log = String::new();
    for second in 0..6 {
        writeln!(
            log,
            "2026-11-23 {minute}:{second}0,000 ERROR ocr: {{\"error_code\":\"APIG.0301\",\
             \"error_msg\":\"Incorrect IAM authentication information: verify aksk signature \
             fail\"}}"
        )
        .expect("writing to a string");
    }
    log
}

/// Five refusals within a minute fire `throttled`.
fn throttled(minute: &str) -> String {
    let mut log = String::new();
    for second in 0..5 {
        writeln!(
            log,
            "2026-11-23 {minute}:0{second},000 ERROR ocr: {{\"error_code\":\"APIG.0308\",\
             \"error_msg\":\"The throttling threshold has been reached\"}}"
        )
        .expect("writing to a string");
    }
    log
}

fn backtest(log: &str, policy: &str) -> Outcome {
    let sandbox = Sandbox::with("app.log", log);
    sandbox.file("rules/policy.toml", policy);
    sandbox.run(&["backtest", "--rules", "rules", "app.log"])
}

#[test]
fn a_silence_withholds_and_says_who_asked_for_it_and_why() {
    let silence = "[[silence]]\nmatch = { rule = \"throttled\" }\nauthor = \"li\"\n\
                   reason = \"load test\"\nfrom = 2026-11-23T22:00:00+08:00\n\
                   until = 2026-11-23T22:30:00+08:00\n";
    let outcome = backtest(&throttled("22:10"), silence);
    outcome.code(0).stdout_has("withheld throttled: silenced by li: load test");
    assert!(!outcome.stdout().contains("first to"), "{outcome}");
    // Once it is over, and before it begins, is told as ever.
    for minute in ["22:40", "21:40"] {
        let outcome = backtest(&throttled(minute), silence);
        outcome.code(0).stdout_has("first to default: throttled");
    }
    let other = backtest(&failures("22:10"), silence);
    other.code(0).stdout_has("first to default: aksk-lockout");
}

#[test]
fn a_silence_until_resolved_ends_with_its_alert() {
    let silence = "[[silence]]\nname = \"known\"\nmatch = { rule = \"throttled\" }\n\
                   author = \"li\"\nreason = \"known\"\nuntil_resolved = true\n";
    let log = format!("{}{}", throttled("10:00"), throttled("11:00"));
    let outcome = backtest(&log, silence);
    outcome.code(0).stdout_has("withheld throttled: silenced by li: known");
    outcome.stdout_has("11:00").stdout_has("first to default: throttled");
}

#[test]
fn a_mute_means_the_hours_of_its_own_zone() {
    let mute = |zone: &str| {
        format!(
            "[[mute]]\nname = \"nights\"\nmatch = {{ severity = \"warning\" }}\n\
             timezone = \"{zone}\"\ntimes = [{{ days = [\"mon-fri\"], from = \"22:00\", \
             to = \"06:00\" }}]\n"
        )
    };
    let log = throttled("22:10");
    let muted = backtest(&log, &mute("Asia/Shanghai"));
    muted.code(0).stdout_has("withheld throttled: muted by nights");
    let elsewhere = backtest(&log, &mute("Europe/Berlin"));
    elsewhere.code(0).stdout_has("first to default: throttled");
}

#[test]
fn what_a_firing_alert_explains_is_withheld_whatever_the_routes() {
    let routes = "[[route]]\nname = \"keys\"\nmatch = { rule = \"aksk-*\" }\nreceiver = \"ops\"\n\
                  group_by = [\"credential\"]\ngroup_wait = \"1m\"\n";
    let outcome = backtest(&failures("10:00"), routes);
    outcome.code(0).stdout_has("withheld aksk-signature-failures: aksk-lockout");
    outcome.stdout_has("first to ops: aksk-lockout");
}

#[test]
fn routes_are_taken_in_order_and_the_rest_goes_to_the_default() {
    let routes = "[[route]]\nname = \"all\"\nreceiver = \"archive\"\ncontinue = true\n\
                  [[route]]\nname = \"grave\"\nmatch = { severity = \"critical\" }\n\
                  not = { rule = \"api-*\" }\nreceiver = \"ops\"\nsend_resolved = false\n";
    let log = format!("{}{}", failures("10:00"), throttled("10:01"));
    let outcome = backtest(&log, routes);
    outcome.code(0).stdout_has("first to archive: throttled");
    outcome.stdout_has("first to default: throttled").stdout_has("first to ops: aksk-lockout");
    assert!(!outcome.stdout().contains("default: aksk-lockout"), "{outcome}");
}

#[test]
fn lateness_says_what_is_late() {
    let early = throttled("10:00");
    let late = early.lines().last().expect("a line").replace("10:00:04", "09:56:00");
    let log = format!("{early}{late}\n");
    for (lateness, expected) in [("30s", 1), ("10m", 0)] {
        let sandbox = Sandbox::with("app.log", &log);
        sandbox.file("rules/policy.toml", format!("[engine]\nlateness = \"{lateness}\"\n"));
        let arguments = ["backtest", "--rules", "rules", "--format", "json", "app.log"];
        let found = sandbox.run(&arguments).code(0).json();
        assert_eq!(found["counters"]["late"], expected, "{lateness}: {found}");
    }
}

#[test]
fn patterns_tell_successes_that_no_access_log_shows() {
    let policy = "[success]\naccess_logs = false\n\
                  patterns = [\"recognised by (?<api>[a-z-]+) in \"]\n";
    let log = format!(
        "{}2026-11-23 10:00:55,000 INFO recognised by general-table in 300 ms\n{}",
        failures("10:00").lines().take(5).fold(String::new(), |all, line| all + line + "\n"),
        failures("10:01").lines().take(5).fold(String::new(), |all, line| all + line + "\n"),
    );
    for (policy, expected, locked) in [(policy, 1, false), ("[success]\n", 0, true)] {
        let sandbox = Sandbox::with("app.log", &log);
        sandbox.file("rules/policy.toml", policy);
        let arguments = ["backtest", "--rules", "rules", "--format", "json", "app.log"];
        let outcome = sandbox.run(&arguments);
        let found = outcome.code(0).json();
        assert_eq!(found["counters"]["successes"], expected, "{outcome}");
        assert_eq!(outcome.stdout().contains("\"aksk-lockout\""), locked, "{outcome}");
    }
}

#[test]
fn a_success_of_one_set_of_rules_counts_for_both_and_that_is_said() {
    let sandbox = Sandbox::with("app.log", throttled("10:00"));
    sandbox.file("a/p.toml", "[success]\npatterns = [\"done\"]\n").file("b/p.toml", "[engine]\n");
    let compared = sandbox.run(&["backtest", "--rules", "a", "--compare", "b", "app.log"]);
    compared.code(0).stderr_has("note: the log is read once");
    let same = sandbox.run(&["backtest", "--rules", "a", "--compare", "a", "app.log"]);
    same.code(0).stderr_is("");
}

#[test]
fn check_names_what_it_found_right() {
    let route = "[[route]]\nname = \"r\"\nmatch = { rule = \"throttled\" }\nreceiver = \"ops\"\n";
    let silence =
        "[[silence]]\nmatch = {}\nauthor = \"li\"\nreason = \"x\"\nuntil_resolved = true\n";
    let sandbox = Sandbox::with("rules/routes.toml", route);
    sandbox.file("rules/silences.toml", format!("{silence}{}", silence.replace("\"x\"", "\"y\"")));
    let outcome = sandbox.run(&["check", "--rules", "rules"]);
    outcome.code(0).stdout_has("2 rule files are right: 29 rules, 1 not enabled, 1 route, ");
    outcome.stdout_has("1 route, 2 silences\n");
    sandbox.file("rules/more.toml", "[[rule]]\nname = \"x\"\n").file("rules/z.toml", route);
    let bad = sandbox.run(&["check", "--rules", "rules"]);
    bad.code(78).stderr_has("route `r` stands in rules/routes.toml already, on line 2");
    bad.stderr_has("[[rule]] has no `condition`");
}

#[test]
fn scenarios_ask_who_is_told_and_what_withholds() {
    let policy = "[[route]]\nname = \"r\"\nmatch = { rule = \"throttled\" }\nreceiver = \"ops\"\n\
                  group_wait = \"20s\"\n\
                  [[silence]]\nname = \"load-test\"\nmatch = { rule = \"throttled\" }\n\
                  author = \"li\"\nreason = \"load test\"\nfrom = 2026-11-23T11:00:00+08:00\n\
                  until = 2026-11-23T12:00:00+08:00\n";
    let scenario = |start: &str, notify: &str| {
        format!(
            "[[scenario]]\nname = \"s\"\nrules = [\"throttled\"]\nstart = {start}\n\
             [[scenario.occurrence]]\nat = \"0s\"\nevery = \"1s\"\ntimes = 5\n\
             code = \"APIG.0308\"\n[[scenario.notify]]\nat = \"24s\"\n{notify}\n"
        )
    };
    let test = |start: &str, notify: &str| {
        let sandbox = Sandbox::with("rules/p.toml", policy);
        sandbox.file("s.toml", scenario(start, notify));
        sandbox.run(&["test", "--rules", "rules", "s.toml"])
    };
    let ten = "2026-11-23T10:00:00+08:00";
    test(ten, "alerts = [\"throttled\"]\nreceiver = \"ops\"").code(0);
    let other = test(ten, "alerts = [\"throttled\"]\nreceiver = \"default\"");
    other.code(1).stdout_has("told of throttled to default");
    other.stdout_has("first of throttled to ops");
    let unknown = test(ten, "alerts = [\"throttled\"]\nreceiver = \"opps\"");
    unknown.code(78).stderr_has("no route has the receiver `opps`").stderr_has("`ops`?");
    let eleven = "2026-11-23T11:00:00+08:00";
    test(eleven, "withheld = \"throttled\"\nby = \"load-test\"").code(0);
}
