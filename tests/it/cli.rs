//! The commands as a user types them: what they print, and with which code they end.

use std::fs::File;

use serde_json::Value;

use crate::harness::{Sandbox, data};

/// A morning with three errors, an afternoon with one, and a line that only mentions a code.
const LOG: &str = "\
2026-11-20 10:00:01,100 INFO  scan: job 1 done
2026-11-20 10:00:02,200 ERROR scan: job 2: {\"error_msg\": \"The image size does not meet the \
requirements.\", \"error_code\": \"AIS.0103\"}
2026-11-20 10:20:00,000 ERROR scan: job 3: {\"error_code\": \"APIG.0301\", \"error_msg\": \
\"Incorrect IAM authentication information: verify aksk signature fail\"}
2026-11-20 10:40:00,000 ERROR scan: job 4: {\"error_msg\": \"The image size does not meet the \
requirements.\", \"error_code\": \"AIS.0103\"}
2026-11-20 11:00:00,000 INFO  scan: codes such as AIS.0101 are in the manual
2026-11-20T16:00:00Z ERROR scan: job 5: {\"error_code\": \"ModelArts.4204\", \"error_msg\": \
\"Request api error! The API recognize_id_card is not subscribed.\"}
";

fn sandbox() -> Sandbox {
    Sandbox::with("app.log", LOG)
}

#[test]
fn a_report_says_what_went_wrong_how_often_since_when_and_what_to_do() {
    let report = sandbox().run(&["report", "app.log"]);
    report.code(0).stderr_is("");
    for part in [
        "  Read         app.log, 6 lines, 699 B\n",
        "Range        2026-11-20 10:00:01 to 2026-11-21 00:00:00 +08:00, 13 h 59 min\n",
        "Found        4 occurrences of 3 codes\n",
        "Apart        1 mention of a code, as in prose\n",
        "AIS.0103 · OCR · 2 times",
        "APIG.0301 · APIG · once ",
        "The AK/SK",
        "Seen         2026-11-20 10:00:02 to 10:40:00 +08:00",
        "Sample       app.log:2",
        "source: Error Codes",
    ] {
        report.stdout_has(part);
    }
    report.stdout_lacks("\x1b");
}

#[test]
fn the_shipped_log_gives_a_report() {
    let log = data("ocr-gateway.log");
    let report = Sandbox::new().ocrwatch(&["report"]).arg(log).run();
    report.code(0).stderr_is("").stdout_has("APIG.0301").stdout_has("271 lines");
}

#[test]
fn every_format_of_a_report_is_what_it_claims_to_be() {
    let sandbox = sandbox();
    let report = |format| sandbox.run(&["report", "--format", format, "app.log"]);

    let json = report("json").json();
    assert_eq!(json["schema"], "ocrwatch.report/1");
    assert_eq!(json["totals"]["occurrences"], 4);
    assert_eq!(json["inputs"]["listed"][0]["name"], "app.log");
    assert_eq!(json["inputs"]["lines"], 6);
    assert_eq!(json["inputs"]["mentions"], 1);

    let lines = report("jsonl");
    assert_eq!(lines.found(), "2:AIS.0103 3:APIG.0301 4:AIS.0103 6:ModelArts.4204");
    lines.code(0).stdout_is(sandbox.run(&["extract", "app.log"]).stdout());

    let csv = report("csv");
    let rows: Vec<_> = csv.stdout().split("\r\n").collect();
    assert!(rows[0].starts_with("code,module,severity,"), "{}", rows[0]);
    assert!(rows[1].starts_with("AIS.0103,OCR,info,false,2,"), "{}", rows[1]);

    report("markdown").code(0).stdout_has("## `AIS.0103` · OCR · 2 times · info");
    report("terminal").code(0).stdout_is(sandbox.run(&["report", "app.log"]).stdout());
    report("html").code(0).stdout_has("<!doctype html>");
    report("pdf").code(64).stderr_has("values: terminal, html, json, jsonl, csv, markdown]");
}

#[test]
fn extract_prints_an_object_for_each_occurrence_in_input_order() {
    let outcome = sandbox().run(&["extract", "app.log"]);
    outcome.code(0).stderr_is("");
    let lines = outcome.json_lines();
    let first = "{\"file\":\"app.log\",\"line\":2,\"offset\":47,\
                 \"at\":\"2026-11-20T10:00:02.200+08:00\",\"module\":\"OCR\",\
                 \"code\":\"AIS.0103\",\
                 \"message\":\"The image size does not meet the requirements.\",\
                 \"inferred\":false,\"repeat\":false}\n";
    outcome.stdout_has(first);
    assert_eq!(lines[1]["cause"], "aksk-signature");
    assert_eq!(lines[3]["api"], "recognize_id_card");
    assert_eq!(lines[3]["at"], "2026-11-20T16:00:00Z");
}

#[test]
fn standard_input_is_a_dash_or_what_is_read_when_nothing_is_named() {
    let sandbox = Sandbox::new();
    let named = sandbox.ocrwatch(&["extract", "-"]).stdin(LOG).run();
    let unnamed = sandbox.ocrwatch(&["extract"]).stdin(LOG).run();
    named.code(0).stdout_has("\"file\":\"-\"").stdout_is(unnamed.stdout());
    assert_eq!(unnamed.json_lines().len(), 4);
    let report = sandbox.ocrwatch(&["report", "--format", "json"]).stdin("").run();
    assert_eq!(report.code(0).json()["totals"]["occurrences"], 0);
}

#[test]
fn files_directories_and_patterns_are_read_in_the_order_of_the_arguments() {
    let sandbox = sandbox();
    sandbox.file("logs/b.log", LOG).file("logs/a.log", LOG).file("logs/deep/c.txt", LOG);
    let files = |arguments: &[&str]| {
        let lines = sandbox.run(arguments).json_lines();
        let mut files: Vec<String> =
            lines.iter().filter_map(|line| Some(line["file"].as_str()?.to_owned())).collect();
        files.dedup();
        files.join(" ")
    };
    let given = ["extract", "logs", "app.log"];
    assert_eq!(files(&given), "logs/a.log logs/b.log logs/deep/c.txt app.log");
    assert_eq!(files(&["extract", "logs/*.log"]), "logs/a.log logs/b.log");
    assert_eq!(files(&["extract", "app.log", "app.log", "./app.log"]), "app.log");
}

#[test]
fn rotated_siblings_are_read_oldest_first() {
    let sandbox = sandbox();
    sandbox.file("app.log.1", LOG).file("app.log.2", LOG).file("other.log", LOG);
    let alone = sandbox.run(&["report", "--format", "json", "app.log"]).json();
    assert_eq!(alone["inputs"]["count"], 1);
    let all = sandbox.run(&["extract", "--with-rotated", "app.log"]);
    let files: Vec<Value> = all.json_lines().iter().map(|line| line["file"].clone()).collect();
    assert_eq!(
        (&files[0], &files[4], &files[8]),
        (&"app.log.2".into(), &"app.log.1".into(), &"app.log".into())
    );
    assert_eq!(files.len(), 12);
}

#[test]
fn filters_leave_out_and_say_so() {
    let sandbox = sandbox();
    let found = |options: &[&str]| {
        let arguments = [&["extract", "app.log"], options].concat();
        sandbox.run(&arguments).code(0).stderr_is("").found()
    };
    assert_eq!(found(&["--module", "ocr"]), "2:AIS.0103 4:AIS.0103");
    assert_eq!(found(&["--module", "APIG,Platform"]), "3:APIG.0301 6:ModelArts.4204");
    assert_eq!(found(&["--module", "ModelArts"]), "6:ModelArts.4204");
    assert_eq!(found(&["--code", "apig.0301"]), "3:APIG.0301");
    assert_eq!(found(&["--code", "*.0[13]0?", "--module", "OCR"]), "2:AIS.0103 4:AIS.0103");
    assert_eq!(
        found(&["--code", "AIS.*", "--code", "APIG.*"]),
        "2:AIS.0103 3:APIG.0301 4:AIS.0103"
    );
    assert_eq!(found(&["--code", "AIS.0999"]), "");

    let report = sandbox.run(&["report", "--module", "OCR", "app.log"]);
    report.stdout_has("Only         module OCR, 2 left out").stdout_lacks("APIG.0301");
    let none = sandbox.run(&["report", "--code", "AIS.0999", "app.log"]);
    none.code(0).stdout_has("the filters leave out every error");

    let wrong = sandbox.run(&["report", "--module", "OCRR", "app.log"]);
    wrong.code(64).stderr_has("the modules are OCR, Platform, APIG and APIGW");
    let wrong = sandbox.run(&["report", "--code", "AIS0103", "app.log"]);
    wrong.code(64).stderr_is(
        "error: --code: `AIS0103` is not an error code\nhint: did you mean `AIS.0103`?\n",
    );
    sandbox.run(&["report", "--code", "AIS.[", "app.log"]).code(64).stderr_has("not a pattern");
}

#[test]
fn a_range_of_time_includes_its_beginning_and_excludes_its_end() {
    let sandbox = sandbox();
    let found = |options: &[&str]| {
        let arguments = [&["extract", "app.log"], options].concat();
        sandbox.run(&arguments).code(0).stderr_is("").found()
    };
    assert_eq!(found(&["--since", "2026-11-20 10:40"]), "4:AIS.0103 6:ModelArts.4204");
    assert_eq!(found(&["--until", "2026-11-20 10:40"]), "2:AIS.0103 3:APIG.0301");
    assert_eq!(
        found(&["--since", "2026-11-20T02:20:00Z", "--until", "2026-11-20T02:20:01Z"]),
        "3:APIG.0301"
    );
    // The day of the reader's zone: the last error is on the next one there.
    assert_eq!(found(&["--since", "2026-11-21"]), "6:ModelArts.4204");
    assert_eq!(found(&["--since", "2026-11-21", "--timezone", "UTC"]), "");
    // What has no zone is read in the one of --timezone.
    let until = ["--until", "2026-11-20T10:20:00+00:00"];
    assert_eq!(found(&[&until[..], &["--timezone", "UTC"]].concat()), "2:AIS.0103");

    let empty = sandbox.run(&["report", "--since", "2h", "--until", "2026-11-20", "app.log"]);
    empty.code(64).stderr_has("nothing lies between --since");
    let wrong = sandbox.run(&["report", "--since", "yesteryear", "app.log"]);
    wrong.code(64).stderr_has("error: --since: `yesteryear` is not a time\nhint: write a time");
}

#[test]
fn how_long_ago_is_counted_from_now() {
    let at = |hours: i64| {
        let at = ocrwatch::clock::now() - chrono::TimeDelta::hours(hours);
        at.format("%Y-%m-%dT%H:%M:%SZ").to_string()
    };
    let line = |hours, code| {
        format!("{} ERROR x {{\"error_code\":\"{code}\",\"error_msg\":\"x\"}}\n", at(hours))
    };
    let log = [line(50, "AIS.0101"), line(5, "AIS.0102"), line(1, "AIS.0103")].concat();
    let sandbox = Sandbox::with("app.log", log);
    let found = |options: &[&str]| {
        let arguments = [&["extract", "app.log"], options].concat();
        sandbox.run(&arguments).code(0).found()
    };
    assert_eq!(found(&["--since", "2h"]), "3:AIS.0103");
    assert_eq!(found(&["--since", "1d"]), "2:AIS.0102 3:AIS.0103");
    assert_eq!(found(&["--since", "7d", "--until", "180m"]), "1:AIS.0101 2:AIS.0102");
}

#[test]
fn errors_without_a_time_are_left_out_of_a_range_and_that_is_said() {
    let log = "{\"error_code\":\"AIS.0101\",\"error_msg\":\"The input parameter is invalid.\"}\n";
    let sandbox = Sandbox::with("app.log", log);
    let told = "note: 1 error without a readable time was left out, as --since and --until ask \
                for one\n";
    sandbox.run(&["extract", "--since", "7d", "app.log"]).code(0).stdout_is("").stderr_is(told);
    sandbox.run(&["extract", "--quiet", "--since", "7d", "app.log"]).stdout_is("").stderr_is("");
    assert_eq!(sandbox.run(&["extract", "app.log"]).stderr_is("").found(), "1:AIS.0101");
}

#[test]
fn times_are_shown_in_the_zone_that_was_asked_for() {
    let sandbox = sandbox();
    let at = |arguments: &[&str]| {
        let lines = sandbox.run(arguments).json_lines();
        (lines[0]["at"].clone(), lines[3]["at"].clone())
    };
    assert_eq!(
        at(&["extract", "--timezone", "utc+5:30", "app.log"]),
        ("2026-11-20T10:00:02.200+05:30".into(), "2026-11-20T21:30:00+05:30".into())
    );
    let wrong = sandbox.run(&["extract", "--timezone", "Asia/Shangai", "app.log"]);
    wrong
        .code(64)
        .stderr_has("unknown time zone `Asia/Shangai`\nhint: did you mean `Asia/Shanghai`?");
}

#[test]
fn a_stamp_without_a_year_takes_that_of_the_file() {
    let log = "Nov 20 10:00:01 web1 scan: {\"error_code\":\"AIS.0101\",\"error_msg\":\"x\"}\n";
    let sandbox = Sandbox::with("app.log", log);
    let modified = std::time::UNIX_EPOCH + std::time::Duration::from_secs(1_700_500_000);
    let file = File::options().append(true).open(sandbox.path("app.log")).expect("the log");
    file.set_modified(modified).expect("a time of modification");
    assert_eq!(sandbox.run(&["extract", "app.log"]).json()["at"], "2023-11-20T10:00:01+08:00");
}

#[test]
fn fail_on_ends_with_1_if_everything_was_read() {
    let sandbox = sandbox();
    let code = |options: &[&str], expected: i32| {
        let arguments = [&["report", "--format", "csv", "app.log"], options].concat();
        let outcome = sandbox.run(&arguments);
        outcome.code(expected).stdout_has("code,module");
    };
    code(&["--fail-on", "critical"], 1);
    code(&["--fail-on", "APIG.0301"], 1);
    code(&["--fail-on", "AIS.0104", "--fail-on", "AIS.0103"], 1);
    code(&["--fail-on", "AIS.0104,AIS.0105"], 0);
    code(&["--fail-on", "critical", "--module", "OCR"], 0);
    code(&["--fail-on", "info", "--module", "OCR"], 1);
    // What was not read might have been worse: that goes before.
    code(&["--fail-on", "critical", "missing.log"], 66);
    let lines = sandbox.run(&["report", "--format", "jsonl", "--fail-on", "critical", "app.log"]);
    lines.code(1);
    let wrong = sandbox.run(&["report", "--fail-on", "grave", "app.log"]);
    wrong.code(64).stderr_has("neither a severity (critical, warning, info) nor a code");
}

#[test]
fn top_and_bucket_shape_the_report() {
    let sandbox = sandbox();
    let top = sandbox.run(&["report", "--top", "1", "app.log"]);
    top.code(0)
        .stdout_has("AIS.0103 · OCR")
        .stdout_lacks("APIG.0301 · APIG")
        .stdout_has("2 more codes");
    let report = sandbox.run(&["report", "--format", "json", "--bucket", "20m", "app.log"]).json();
    assert_eq!(report["timeline"]["bucket_seconds"], 1200);
    let wrong = sandbox.run(&["report", "--bucket", "often", "app.log"]);
    wrong.code(64).stderr_has("hint: write a number and a unit, such as `30s`");
}

#[test]
fn a_catalogue_of_the_user_s_own_adds_and_replaces() {
    let sandbox = sandbox();
    let ours = "[[entry]]\ncode = \"AIS.0103\"\nmodule = \"OCR\"\ndescription = \"ours\"\n\
                solution = [\"Call the scan team.\"]\n\n[[severity]]\nseverity = \"critical\"\n\
                reason = \"we may not lose a page\"\ncodes = [\"AIS.0103\"]\n";
    sandbox.file("ours.toml", ours);
    let report = sandbox.run(&["report", "--catalogue", "ours.toml", "app.log"]);
    report.code(0).stdout_has("Call the scan team.");
    let explained = sandbox.run(&["explain", "--catalogue", "ours.toml", "AIS.0103"]);
    explained.code(0).stdout_has("Call the scan team.").stdout_has("we may not lose a page");
    let failing =
        ["--module", "OCR", "--fail-on", "critical", "--catalogue", "ours.toml", "app.log"];
    sandbox.run(&[&["report"], &failing[..]].concat()).code(1);

    sandbox.file("bad.toml", "[[entry]]\ncode = \"AIS.0103\"\nsolutoin = []\n");
    for command in ["report", "extract", "explain", "check"] {
        let bad = sandbox.run(&[command, "--catalogue", "bad.toml", "AIS.0103"]);
        bad.code(78).stdout_is("").stderr_has("error: bad.toml:3:1: unknown key `solutoin`");
        bad.stderr_has("\nhint: did you mean `solution`?\n");
    }
    let missing = sandbox.run(&["report", "--catalogue", "no.toml", "app.log"]);
    missing.code(78).stderr_is("error: no such catalogue file: `no.toml`\n");
    sandbox.file("latin.toml", b"# \xe9\n");
    let latin = sandbox.run(&["report", "--catalogue", "latin.toml", "app.log"]);
    latin.code(78).stderr_has("cannot read the catalogue file `latin.toml`: it is not UTF-8 text");
    // Editors on Windows begin a file with a mark.
    sandbox.file("marked.toml", format!("\u{feff}{ours}"));
    sandbox.run(&["report", "--catalogue", "marked.toml", "app.log"]).code(0).stderr_is("");
}

#[test]
fn check_tells_every_problem_of_every_file() {
    let sandbox = Sandbox::with("one.toml", "[[entry]]\ncode = \"AIS.103\"\n");
    sandbox.file("two.toml", "nonsense").file("good.toml", "");
    sandbox.run(&["check"]).code(0).stdout_has("the shipped catalogue is right");
    sandbox.run(&["check", "good.toml"]).code(0).stdout_has("and 1 more file are right");
    let bad = sandbox.run(&["check", "one.toml", "good.toml", "two.toml"]);
    bad.code(78).stdout_is("").stderr_has("error: one.toml:").stderr_has("error: two.toml:");
    sandbox.run(&["check", "no.toml"]).code(66).stderr_has("no such file: `no.toml`");
}

#[test]
fn explain_prints_what_is_documented() {
    let sandbox = Sandbox::new();
    let one = sandbox.run(&["explain", "ModelArts.4204"]);
    one.code(0).stdout_has("ModelArts.4204 · Platform").stdout_has("is not subscribed");
    let json = sandbox.run(&["explain", "--format", "json", "APIG.0301", "AIS.0101"]).json();
    assert_eq!(json[0]["code"], "APIG.0301");
    assert_eq!(json[0]["causes"].as_array().map(Vec::len), Some(4));
    assert_eq!(
        json[1]["solution"][0].as_str().map(|text| text.starts_with("Check the")),
        Some(true)
    );
    let all = sandbox.run(&["explain", "--all", "--format", "json"]).json();
    let all = all.as_array().expect("a list");
    let documented = all.iter().filter(|entry| entry["source"]["reference"] == true).count();
    assert_eq!(documented, 39);
    assert_eq!(all[0]["code"], "AIS.0101");
    let module = sandbox.run(&["explain", "--format", "json", "apig.*", "APIG.0301"]).json();
    assert!(module.as_array().is_some_and(|list| list.len() >= 4), "{module}");
    sandbox.run(&["explain", "--all"]).code(0).stdout_has("AIS.0101 · OCR");
}

#[test]
fn a_mistyped_code_gets_a_proposal_and_the_others_are_explained() {
    let sandbox = Sandbox::new();
    let mistyped = sandbox.run(&["explain", "apig.301", "AIS.0101", "AIS.0109", "hello"]);
    mistyped.code(64).stdout_has("AIS.0101 · OCR").stderr_has(
        "error: the catalogue has no code `apig.301`\nhint: did you mean `APIG.0301`?\n\
         error: the catalogue has no code `AIS.0109`\nhint: did you mean ",
    );
    mistyped.stderr_has("error: the catalogue has no code `hello`\nhint: a code looks like");
    let steering = sandbox.run(&["explain", "AIS\u{1b}[31m\u{202e}"]);
    steering.code(64);
    assert!(!steering.stderr().contains(['\u{1b}', '\u{202e}']), "{steering}");
    sandbox.run(&["explain"]).code(64).stderr_has("<CODE>");
    sandbox.run(&["explain", "--all", "AIS.0101"]).code(64);
}

#[test]
fn wrong_arguments_end_with_64_and_help_with_0() {
    let sandbox = Sandbox::new();
    sandbox.run(&[]).code(64).stderr_has("Usage: ocrwatch <COMMAND>");
    sandbox.run(&["rapport"]).code(64).stderr_has("similar");
    sandbox.run(&["report", "--fromat", "json"]).code(64).stderr_has("'--format'");
    sandbox.run(&["report", "--top", "many"]).code(64).stderr_has("invalid value 'many'");
    let help = sandbox.run(&["--help"]);
    help.code(0).stderr_is("").stdout_has("Exit codes:\n   0  done\n").stdout_lacks("gen");
    for command in ["report", "extract", "explain", "check"] {
        sandbox.run(&[command, "--help"]).code(0).stderr_is("").stdout_has("Usage: ocrwatch");
    }
    let version = format!("ocrwatch {}\n", env!("CARGO_PKG_VERSION"));
    sandbox.run(&["--version"]).code(0).stdout_is(&version);
}

#[test]
fn packagers_get_man_pages_and_completions() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        sandbox.run(&["gen", "completions", shell]).code(0).stdout_has("with-rotated");
    }
    sandbox.run(&["gen", "man", "share/man1"]).code(0).stdout_is("");
    let pages = sandbox.path("share/man1");
    let page = std::fs::read_to_string(pages.join("ocrwatch-report.1")).expect("a man page");
    assert!(page.contains("\\-\\-fail\\-on"), "{page}");
    let sections = [
        ".SH \"EXIT STATUS\"\n.TP 4\n\\fB0\\fR\ndone\n",
        ".SH EXAMPLES\n.TP\n\\fBocrwatch report app.log",
    ];
    assert!(sections.iter().all(|section| page.contains(section)), "{page}");
    assert!(pages.join("ocrwatch-outbox-list.1").exists() && pages.join("ocrwatch.1").exists());
    assert!(!pages.join("ocrwatch-gen.1").exists(), "the hidden command has no page");
    sandbox
        .run(&["gen", "man", "share/man1/ocrwatch.1"])
        .code(74)
        .stderr_has("cannot write man pages to `share/man1/ocrwatch.1`");
}
