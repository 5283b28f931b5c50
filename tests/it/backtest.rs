//! `ocrwatch backtest` as a user runs it: what would have fired on logs of yesterday.

use serde_json::Value;

use crate::harness::{Sandbox, data};

/// A line of an application whose AK/SK is refused.
fn failure(time: &str, cause: &str, key: &str) -> String {
    let detail = match cause {
        "signature" => format!("verify aksk signature fail, ak:{key}"),
        _ => "token expires".to_owned(),
    };
    format!(
        "2026-11-23 {time},000 ERROR [scan] ocr call failed AccessKeyId={key} body: \
         {{\"error_msg\":\"Incorrect IAM authentication information: {detail}\",\
         \"error_code\":\"APIG.0301\",\"request_id\":\"{:032x}\"}}\n",
        time.bytes().fold(key.len() as u128, |hash, byte| hash * 31 + u128::from(byte))
    )
}

fn failures(from_minute: u32, count: u32, cause: &str, key: &str) -> String {
    (0..count).map(|at| failure(&format!("10:{from_minute:02}:{at:02}"), cause, key)).collect()
}

const KEY: &str = "HPUAABCDEFGHIJKLMNBC";
const OTHER: &str = "HPUAZYXWVUTSRQPONMZZ";

fn backtest(log: &str, more: &[&str]) -> Value {
    let sandbox = Sandbox::with("app.log", log);
    let arguments = [&["backtest", "--format", "json", "app.log"], more].concat();
    sandbox.run(&arguments).code(0).json()
}

fn lockouts(document: &Value) -> Vec<&Value> {
    let alerts = document["alerts"].as_array().expect("a list of alerts");
    let named = |alert: &&Value| alert["rule"].as_str().is_some_and(|it| it.contains("lockout"));
    alerts.iter().filter(named).collect()
}

#[test]
fn six_signature_failures_fire_the_lockout_at_the_sixth_and_name_the_unlock_time() {
    let document = backtest(&failures(0, 6, "signature", KEY), &[]);
    let lockouts = lockouts(&document);
    let [lockout] = lockouts.as_slice() else { panic!("{document}") };
    assert_eq!(lockout["severity"], "critical");
    assert_eq!(lockout["fired_at"], "2026-11-23T10:00:05+08:00");
    assert_eq!(lockout["locked_until"], "2026-11-23T10:05:05+08:00");
    assert_eq!(lockout["resolved_at"], Value::Null);
    assert_eq!(lockout["count"], 6);
    assert_eq!(lockout["labels"]["credential"], "HPUA****BC");
    let summary = lockout["summary"].as_str().expect("a summary");
    assert!(summary.contains("until at least 2026-11-23 10:05:05 +08:00"), "{summary}");
}

#[test]
fn five_failures_and_a_success_fire_no_lockout() {
    let success = "10.0.0.7 - - [23/Nov/2026:10:00:30 +0800] \
                   \"POST /v2/0123456789abcdef0123456789abcdef/ocr/id-card HTTP/1.1\" 200 1532\n";
    let log = failures(0, 5, "signature", KEY) + success + &failures(1, 5, "signature", KEY);
    assert_eq!(lockouts(&backtest(&log, &[])).len(), 0);
    // Without the success it is one.
    let log = failures(0, 5, "signature", KEY) + &failures(1, 5, "signature", KEY);
    assert_eq!(lockouts(&backtest(&log, &[])).len(), 1);
}

#[test]
fn a_success_in_another_log_counts_at_its_own_time() {
    let failed = failures(0, 5, "signature", KEY) + &failures(1, 5, "signature", KEY);
    let sandbox = Sandbox::with("app.log", failed);
    sandbox.file(
        "access.log",
        "10.0.0.7 - - [23/Nov/2026:10:00:30 +0800] \
         \"POST /v2/0123456789abcdef0123456789abcdef/ocr/id-card HTTP/1.1\" 200 1532\n",
    );
    for files in [["app.log", "access.log"], ["access.log", "app.log"]] {
        let arguments = [&["backtest", "--format", "json"][..], &files].concat();
        assert_eq!(lockouts(&sandbox.run(&arguments).code(0).json()).len(), 0, "{files:?}");
    }
}

#[test]
fn five_of_one_key_and_five_of_another_fire_no_lockout() {
    let log = failures(0, 5, "signature", KEY) + &failures(1, 5, "signature", OTHER);
    assert_eq!(lockouts(&backtest(&log, &[])).len(), 0);
}

#[test]
fn expired_tokens_fire_no_lockout() {
    let log = failures(0, 5, "signature", KEY) + &failures(1, 20, "expired", KEY);
    assert_eq!(lockouts(&backtest(&log, &[])).len(), 0);
}

#[test]
fn one_call_of_an_api_that_is_not_subscribed_fires_once_for_the_api() {
    let call = |time: &str, api: &str| {
        format!(
            "2026-11-23 {time},000 ERROR {{\"error_msg\":\"Request api error! The API {api} is not \
             subscribed.\",\"error_code\":\"ModelArts.4204\"}}\n"
        )
    };
    let log = call("10:00:00", "id-card") + &call("10:10:00", "id-card");
    let document = backtest(&(log + &call("11:00:00", "vat-invoice")), &[]);
    let alerts = document["alerts"].as_array().expect("a list");
    let of = |alert: &Value| (alert["rule"].clone(), alert["labels"]["api"].clone());
    let named: Vec<_> = alerts.iter().map(of).collect();
    let rule = Value::from("api-not-subscribed");
    assert_eq!(named, [(rule.clone(), "id-card".into()), (rule, "vat-invoice".into())]);
}

#[test]
fn a_log_cut_into_rotated_files_gives_what_the_whole_log_gives() {
    let log = std::fs::read_to_string(data("ocr-gateway.log")).expect("the log of the README");
    let whole = Sandbox::with("app.log", &log);
    let whole = whole.run(&["backtest", "--format", "json", "app.log"]).code(0).json();
    let lines: Vec<_> = log.split_inclusive('\n').collect();
    let cut = Sandbox::new();
    cut.file("app.log.2", lines[..90].concat());
    cut.file("app.log.1", lines[90..200].concat());
    cut.file("app.log", lines[200..].concat());
    let arguments = ["backtest", "--format", "json", "--with-rotated", "app.log"];
    let cut = cut.run(&arguments).code(0).json();
    let fired = |document: &Value| -> Vec<Value> {
        let alerts = document["alerts"].as_array().expect("a list");
        let of = |it: &Value| {
            Value::from(
                ["rule", "fingerprint", "fired_at", "resolved_at", "count"]
                    .map(|key| it[key].clone())
                    .to_vec(),
            )
        };
        alerts.iter().map(of).collect()
    };
    assert!(fired(&whole).len() >= 4);
    assert_eq!(fired(&cut), fired(&whole));
    assert_eq!(cut["notifications"], whole["notifications"]);
}

#[test]
fn report_and_backtest_tell_of_the_same_alerts() {
    let log = data("ocr-gateway.log");
    let log = log.to_str().expect("a path in UTF-8");
    let sandbox = Sandbox::new();
    let report = sandbox.run(&["report", "--format", "json", log]).code(0).json();
    let backtest = sandbox.run(&["backtest", "--format", "json", log]).code(0).json();
    assert_eq!(report["alerts"]["alerts"], backtest["alerts"]);
    assert_eq!(report["alerts"]["notifications"], backtest["notifications"]);
    let without = sandbox.run(&["report", "--format", "json", "--no-alerts", log]);
    assert_eq!(without.code(0).json().get("alerts"), None);
}

const OWN_RULE: &str = r#"
[[rule]]
name = "two-bad-images"
severity = "info"
match = { code = "AIS.0104" }
condition = "count >= 2"
window = "30m"
summary = "{{ count }} bad images"
"#;

#[test]
fn own_rules_take_the_place_of_the_shipped_ones() {
    let sandbox = Sandbox::with("rules/own.toml", OWN_RULE);
    let log = data("ocr-gateway.log");
    let log = log.to_str().expect("a path in UTF-8");
    let document =
        sandbox.run(&["backtest", "--format", "json", "--rules", "rules", log]).code(0).json();
    let alerts = document["alerts"].as_array().expect("a list");
    assert!(!alerts.is_empty());
    assert!(alerts.iter().all(|alert| alert["rule"] == "two-bad-images"), "{document}");
    assert_eq!(document["rules"], 1);
}

#[test]
fn a_comparison_shows_what_other_rules_add_remove_and_change() {
    let sandbox = Sandbox::with("before/own.toml", OWN_RULE);
    sandbox.file("after/own.toml", OWN_RULE.replace("30m", "1h"));
    let more = OWN_RULE.replace("two-bad-images", "throttles").replace("AIS.0104", "APIG.0308");
    sandbox.file("after/more.toml", more);
    let log = data("ocr-gateway.log");
    let log = log.to_str().expect("a path in UTF-8");
    let arguments =
        ["backtest", "--rules", "before", "--compare", "after", "--format", "json", log];
    let document = sandbox.run(&arguments).code(0).json();
    assert_eq!(document["added"][0]["rule"], "throttles", "{document}");
    assert_eq!(document["removed"], Value::from(Vec::<Value>::new()));
    assert_eq!(document["changed"][0]["before"]["rule"], "two-bad-images");
    let outcome = sandbox.run(&["backtest", "--rules", "before", "--compare", "after", log]);
    let page = outcome.code(0).stdout();
    assert!(page.contains("1 added, 0 removed, 1 changed"), "{page}");
}

#[test]
fn a_rule_that_is_wrong_is_told_with_its_place_before_anything_is_read() {
    let sandbox = Sandbox::with("rules/own.toml", OWN_RULE.replace("severity", "severty"));
    sandbox.file("app.log", "");
    let outcome = sandbox.run(&["backtest", "--rules", "rules", "app.log"]);
    let said = outcome.code(78).stderr();
    assert!(said.contains("rules/own.toml:4:1: unknown key `severty`"), "{said}");
    assert!(said.contains("hint: did you mean `severity`?"), "{said}");
}

#[test]
fn a_hostile_log_cannot_steer_the_terminal_through_an_alert() {
    let api = "x\u{1b}[31m\u{202e}y";
    let log = format!(
        "2026-11-23 10:00:00,000 ERROR {{\"error_msg\":\"Request api error! The API {api} is not \
         subscribed.\",\"error_code\":\"ModelArts.4204\"}}\n"
    );
    let sandbox = Sandbox::with("app.log", log);
    for format in ["terminal", "json"] {
        let outcome = sandbox.run(&["backtest", "--format", format, "app.log"]);
        let page = outcome.code(0).stdout();
        assert!(page.contains("api-not-subscribed"), "{page}");
        assert!(!page.contains(['\u{1b}', '\u{202e}']), "{page:?}");
    }
}
