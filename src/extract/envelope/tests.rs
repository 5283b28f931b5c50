//! Lines in, text out: what is taken out of its carriers, and what they tell of it.

use std::fmt::Write as _;

use proptest::prelude::*;

use super::*;

/// A line of what heads of carriers consist of, in any order.
pub(super) fn made_up_line() -> impl Strategy<Value = String> {
    let pieces = proptest::sample::select(vec![
        "2026-11-20T10:00:01.123Z",
        "2026-11-20T10:00:01+08:00",
        "2026-11-20 10:00:01.123",
        "11-20 10:00:01.123",
        "Nov 20 10:00:01",
        "Fri 2026-11-20 10:00:01 CST",
        "1795172401.123456",
        "[    1.123456]",
        "<134>",
        "web1",
        "ocr[812]:",
        "ocr:",
        "INFO",
        "ERROR",
        "[INFO]",
        "01O",
        "E",
        "1234",
        "7",
        "Tag:",
        "provider.x:",
        "[pod/a/b]",
        "web-1",
        "web_1",
        "│",
        "|",
        "\t",
        " ",
        "  ",
        "é",
    ]);
    proptest::collection::vec((pieces, proptest::sample::select(vec!["", " ", " "])), 0..8)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, gap)| [piece, gap]).collect())
}

fn check(line: &str, text: &str, partial: bool) {
    let unwrapped = unwrap(line);
    assert_eq!(unwrapped.text, text, "of {line:?}");
    assert_eq!(unwrapped.envelope.partial, partial, "of {line:?}");
}

#[test]
fn docker_marks_a_cut_line_by_the_missing_newline() {
    check(
        r#"{"log":"a \u003cb\u003e\n","stream":"stderr","time":"2026-11-20T10:00:01.123456789Z"}"#,
        "a <b>",
        false,
    );
    check(
        r#"{"log":"cut","stream":"stderr","time":"2026-11-20T10:00:01.123456789Z"}"#,
        "cut",
        true,
    );
}

#[test]
fn cri_has_its_own_mark() {
    check("2026-11-20T10:00:01.123456789Z stdout F text  here", "text  here", false);
    check("2026-11-20T10:00:01.123456789+08:00 stderr P cut", "cut", true);
    check("2026-11-20T10:00:01.123456789+08:00 stderr F ", "", false);
}

#[test]
fn journald_short_and_json_and_byte_arrays() {
    check("Nov 20 10:00:01 web1 ocr-api[812]: text", "text", false);
    check(
        r#"{"__REALTIME_TIMESTAMP":"1795172401000000","MESSAGE":"a\tb","_PID":"1"}"#,
        "a\tb",
        false,
    );
    check(r#"{"MESSAGE":[104,105],"_PID":"1"}"#, "hi", false);
}

#[test]
fn syslog_5424_with_and_without_structured_data() {
    check("<134>1 2026-11-20T10:00:01.123Z web1 ocr 812 - - text", "text", false);
    check(r#"<134>1 2026-11-20T10:00:01Z web1 ocr - ID1 [a@1 k="v \" ]"] text"#, "text", false);
}

#[test]
fn rsyslog_escapes_become_lines_again() {
    check("Nov  2 10:00:01 web1 ocr[8]: a#012#011at b", "a\n\tat b", false);
}

#[test]
fn a_logger_s_own_head_is_not_a_carrier() {
    let line = "2026-11-20T10:00:01Z ERROR ocr: text";
    check(line, line, false);
    let json = r#"{"level":"error","@timestamp":"2026-11-20T10:00:01Z","message":"m"}"#;
    check(json, json, false);
}

#[test]
fn carriers_nest() {
    let line = r#"{"log":"Nov 20 10:00:01 web1 ocr[8]: text\n","stream":"stdout","time":"2026-11-20T10:00:01Z"}"#;
    let unwrapped = unwrap(line);
    assert_eq!((unwrapped.text.as_ref(), unwrapped.envelope.carriers), ("text", 2));
}

/// What a line's carriers tell of it.
fn told(line: &str) -> String {
    let Unwrapped { text, envelope } = unwrap(line);
    let mut told = format!("{text:?}");
    if let Some(stamp) = &envelope.stamp {
        let offset = stamp.offset.map(|offset| offset.to_string()).unwrap_or_default();
        let _ = write!(told, " at {}{offset}", stamp.local);
    }
    if envelope.stamped_at_once {
        told.push_str(" at once");
    }
    if let Some(level) = envelope.level {
        let _ = write!(told, " {level:?}");
    }
    if let Some(Process { service, instance }) = &envelope.process {
        let _ = write!(told, " of {service:?} {instance}");
    }
    if let Some(thread) = &envelope.thread {
        let _ = write!(told, " thread {thread}");
    }
    told
}

#[track_caller]
fn check_told(lines: &[(&str, &str)]) {
    for (line, expected) in lines {
        assert_eq!(told(line), format!("\"text\"{expected}"), "of {line}");
    }
}

#[test]
fn journald_s_priority_tells_more_than_that_something_was_printed() {
    check_told(&[
        (
            r#"{"__REALTIME_TIMESTAMP":"1795172401000000","_HOSTNAME":"web1","SYSLOG_IDENTIFIER":"ocr","_PID":"812","PRIORITY":"3","MESSAGE":"text"}"#,
            r#" at 2026-11-20 11:00:01+00:00 at once Error of "web1 ocr" 812"#,
        ),
        (r#"{"SYSLOG_PID":"7","PRIORITY":"4","MESSAGE":"text"}"#, r#" Warn of " " 7"#),
        (r#"{"PRIORITY":"6","MESSAGE":"text"}"#, ""),
    ]);
}

#[test]
fn a_shipper_names_the_pod_or_the_container() {
    check_told(&[
        (
            r#"{"log":"text\n","stream":"stderr","kubernetes":{"pod_name":"ocr-7d9","host":"n1"},"time":"2026-11-20T10:00:01Z"}"#,
            r#" at 2026-11-20 10:00:01+00:00 at once of " container" ocr-7d9"#,
        ),
        (
            r#"{"container_id":"4f2a","container_name":"/ocr","source":"stderr","log":"text"}"#,
            r#" of " container" 4f2a"#,
        ),
        (
            r#"{"@timestamp":"2026-11-20T10:00:01.5Z","agent":{"type":"filebeat"},"container":{"id":"4f2a"},"message":"text"}"#,
            r#" at 2026-11-20 10:00:01.500+00:00 of " container" 4f2a"#,
        ),
        (
            r#"{"labels":{"app":"ocr"},"line":"text","timestamp":"2026-11-20T10:00:01Z"}"#,
            " at 2026-11-20 10:00:01+00:00",
        ),
        (
            r#"{"host":"web1","message":"text","time":"2026-11-20T10:00:01Z"}"#,
            " at 2026-11-20 10:00:01+00:00",
        ),
        (
            r#"[117] app.ocr: [1795172401.000000000, {"log"=>"text"}]"#,
            " at 2026-11-20 11:00:01+00:00",
        ),
        (
            r#"[117] app.ocr: [[1795172401.000000000, {}], {"log"=>"text"}]"#,
            " at 2026-11-20 11:00:01+00:00",
        ),
        (
            r#"{"streams":[{"stream":{"app":"ocr"},"values":[["1795172401000000000","text"]]}]}"#,
            " at 2026-11-20 11:00:01+00:00",
        ),
    ]);
}

#[test]
fn a_service_s_own_json_is_not_a_carrier() {
    for line in [
        r#"{"time":"2026-11-20T10:00:01Z","message":"m","took":31}"#,
        r#"{"timestamp":"2026-11-20T10:00:01Z","message":"m","user":"u"}"#,
        r#"{"line":"m","took":31}"#,
        r#"{"host":"web1","time":"2026-11-20T10:00:01Z","message":"m","app":"ocr","user":"u","method":"POST","took":31}"#,
    ] {
        check(line, line, false);
    }
}

#[test]
fn prefixes_tell_what_they_name() {
    let runner = " at 2026-11-20 10:00:01.123+00:00 at once";
    check_told(&[
        (
            "11-20 10:00:01.123  1234  5678 E OcrClient: text",
            r#" at 2000-11-20 10:00:01.123 at once Error of " logcat" 1234 thread 5678"#,
        ),
        (
            "2026-11-20 10:00:01.123  1234  5678 W OcrClient: text",
            r#" at 2026-11-20 10:00:01.123 at once Warn of " logcat" 1234 thread 5678"#,
        ),
        (
            "11-20 10:00:01.123  1234  5678 I OcrClient: text",
            r#" at 2000-11-20 10:00:01.123 at once Quiet of " logcat" 1234 thread 5678"#,
        ),
        ("ocr-api-1  | text", r#" of " container" ocr-api-1"#),
        ("[pod/ocr-7d9/ocr] text", r#" of " container" pod/ocr-7d9/ocr"#),
        ("│ text", ""),
        ("0|ocr  | 2026-11-20 10:00:01.123 +00:00: text", runner),
        ("test\tRun the tests\t2026-11-20T10:00:01.123Z text", runner),
        ("2026-11-20T10:00:01.123Z 01O text", runner),
        ("2026-11-20T10:00:01.123Z [DEBUG] provider.terraform-provider-ocr: text", runner),
    ]);
    // The longest names that a build server's job and step may have.
    let (job, step) = ("识".repeat(80), "别".repeat(119));
    check(&format!("{job}\t{step}s\t2026-11-20T10:00:01.123Z text"), "text", false);
}

#[test]
fn syslog_tells_severity_host_and_pid() {
    let at = " at 2026-11-20 10:00:01+00:00 at once";
    let told = |known: &str| format!("{at}{known}");
    let of = r#" of "web1 ocr" 812"#;
    check_told(&[
        ("<12>1 2026-11-20T10:00:01Z web1 ocr 812 - - text", &told(&format!(" Warn{of}"))),
        ("1 2026-11-20T10:00:01Z web1 ocr 812 - - text", &told(of)),
        ("<11>1 2026-11-20T10:00:01Z web1 ocr - - - text", &told(" Error")),
        ("2026-11-20T10:00:01Z web1 ocr[812]: text", &told(of)),
        ("2026-11-20T10:00:01Z web1 ocr: text", &told("")),
        ("<14>2026-11-20T10:00:01Z web1 ocr[812]: text", &told(&format!(" Quiet{of}"))),
        // `journalctl -o short-monotonic` tells no time of day.
        ("[    1.123456] web1 ocr[812]: text", of),
        ("[1234567.123456] web1 ocr[812]: text", of),
    ]);
}

#[test]
fn what_a_carrier_tells_apart_are_writers() {
    for (one, other) in [
        (r#"{"_PID":"1","MESSAGE":"x"}"#, r#"{"_PID":"2","MESSAGE":"x"}"#),
        (
            r#"{"agent":{},"stream":"stdout","message":"x"}"#,
            r#"{"agent":{},"stream":"stderr","message":"x"}"#,
        ),
        ("11-20 10:00:01.123  1234  5678 E A: x", "11-20 10:00:01.123  1234  5679 E A: x"),
        ("ocr-api-1  | x", "ocr-api-2  | x"),
        (
            "<12>1 2026-11-20T10:00:01Z web1 ocr 812 - - x",
            "<12>1 2026-11-20T10:00:01Z web1 ocr 813 - - x",
        ),
    ] {
        let writer = |line| unwrap(line).envelope.writer;
        assert_ne!(writer(one), writer(other), "of {one} and {other}");
        assert_ne!(writer(one), 0, "of {one}");
    }
}

#[test]
fn a_line_that_spring_boot_begins_with_a_stamp_and_a_level_is_not_carried() {
    for line in [
        "2026-11-20T10:00:01.123Z  INFO 1 --- [main] c.e.Ocr : text",
        "2026-11-20T10:00:01.123Z  level=notice msg=text",
    ] {
        check(line, line, false);
    }
    check("2026-11-20T10:00:01.123Z \tat com.x.Y(Z.java:1)", "\tat com.x.Y(Z.java:1)", false);
}

#[test]
fn of_four_carriers_the_innermost_stays() {
    check("a-1 | b-1 | c-1 | d-1 | text", "d-1 | text", false);
}
