//! What a report comes to: the sentence at its head, and what needs somebody, in which order.

use crate::harness::Sandbox;

/// A line with an error at a time of a day.
fn error(time: &str, code: &str, message: &str) -> String {
    format!(
        "2026-11-20T{time}Z ERROR scan: {{\"error_code\": \"{code}\", \"error_msg\": \"{message}\"}}\n"
    )
}

fn info(time: &str) -> String {
    format!("2026-11-20T{time}Z INFO  scan: done\n")
}

/// Six failures of a signature in a row, which lock the key for five minutes.
fn lockout(hour: u32) -> String {
    let message = "Incorrect IAM authentication information: verify aksk signature fail";
    (0..6).map(|second| error(&format!("{hour:02}:00:0{second}"), "APIG.0301", message)).collect()
}

fn not_subscribed(time: &str) -> String {
    error(time, "ModelArts.4204", "Request api error! The API id_card is not subscribed.")
}

/// The verdict of a log, and the first line of each need behind its severity.
#[track_caller]
fn check(log: &str, options: &[&str], expected: &[&str]) {
    let sandbox = Sandbox::with("app.log", log);
    let report = sandbox.run(&[&["report", "app.log", "--width", "200"], options].concat());
    let head = report.code(0).stdout().split("───").next().unwrap_or_default();
    let begins = |line: &&str| {
        ["Verdict", "critical", "warning", "info"]
            .iter()
            .any(|word| line.strip_prefix("  ").is_some_and(|line| line.starts_with(word)))
    };
    let lines = head
        .lines()
        .filter(begins)
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "));
    assert_eq!(lines.collect::<Vec<_>>(), expected, "{head}");
}

#[test]
fn errors_of_single_images_need_nobody() {
    let message = "The image size does not meet the requirements.";
    let log = info("08:00:00") + &error("09:00:00", "AIS.0103", message) + &info("10:00:00");
    check(&log, &[], &["Verdict nothing needs anybody: 1 error, none graver than info"]);
}

#[test]
fn what_lasts_stands_first_and_what_a_graver_alert_explains_does_not_stand_there() {
    let log = lockout(8) + &info("12:00:00") + &not_subscribed("12:00:01");
    check(
        &log,
        &[],
        &[
            "Verdict 2 critical problems, 1 still open at the end; 7 errors in all",
            "critical API id_card is not subscribed: 1 call failed",
            // Wrapped behind it.
            "critical the AK/SK of app.log is locked until at least 2026-11-20 08:05:05 +00:00: \
             6 signature",
        ],
    );
}

#[test]
fn an_alert_that_fires_again_is_one_need_with_all_its_errors() {
    let log = lockout(8) + &info("12:00:00") + &lockout(14) + &info("20:00:00");
    let sandbox = Sandbox::with("app.log", log);
    let report = sandbox.run(&["report", "app.log", "--width", "200"]);
    let said = "12 times, 2026-11-20 08:00:00 to 14:00:05 +00:00, 2 alerts, resolved";
    report.code(0).stdout_has("1 critical problem, none open at the end; 12 errors in all");
    report.stdout_has(said);
}

#[test]
fn without_alerts_codes_tell_by_themselves() {
    check(
        &(lockout(8) + &not_subscribed("12:00:01")),
        &["--no-alerts"],
        &[
            "Verdict 2 critical problems; 7 errors in all",
            "critical APIG.0301: Incorrect IAM authentication information.",
            "critical ModelArts.4204: Request api error! The API XXX is not subscribed.",
        ],
    );
}
