//! Data in, text out: a log goes in, one line per occurrence comes out.

use std::fmt::Write as _;

use super::*;
use crate::occurrence::Occurrence;

/// `line code "message"` and what else is known, a line per occurrence.
#[track_caller]
fn check(log: &str, expected: &str) {
    let catalogue = Arc::new(Catalogue::embedded());
    let reference = "2026-11-23T00:00:00Z".parse().expect("a fixed instant");
    let settings = Settings::new(Zone::UTC, reference);
    let mut extractor = Extractor::new(&catalogue, settings, "app.log".into());
    let mut printed = String::new();
    let mut sink = |occurrence: Occurrence| print(&mut printed, &occurrence);
    extractor.push(log.as_bytes(), &mut sink);
    extractor.finish(&mut sink);
    assert_eq!(printed.trim_end(), expected.trim(), "\n--- log\n{log}\n---");
}

fn print(out: &mut String, occurrence: &Occurrence) {
    let _ = write!(out, "{} {}", occurrence.place.line, occurrence.code);
    if let Some(message) = &occurrence.message {
        let _ = write!(out, " {message:?}");
    }
    if let Some(cause) = &occurrence.cause {
        let _ = write!(out, " cause={cause}");
    }
    if let Some(id) = &occurrence.request_id {
        let _ = write!(out, " id={id}");
    }
    if let Some(status) = occurrence.http_status {
        let _ = write!(out, " status={status}");
    }
    if let Some(at) = occurrence.at {
        let _ = write!(out, " at={}", at.to_rfc3339());
    }
    if occurrence.inferred {
        out.push_str(" inferred");
    }
    if occurrence.repeat {
        out.push_str(" repeat");
    }
    out.push('\n');
}

const ID: &str = "0123456789abcdef0123456789abcdef";

#[test]
fn the_wire_forms_are_read_in_any_order_and_any_notation() {
    check(
        r#"{"error_msg":"Recognition failed.","error_code":"AIS.0105"}
{ "error_code" : "AIS.0104" , "error_msg" : "M, {with} \"all\": that" }
{"error":{"code":"APIG.0101","message":"M","param":null},"error_code":"APIG.0101","error_msg":"M"}
{"errorCode":"AIS.0103","errorMsg":"M"}
{"error_code":"APIG.0602"}
{'error_msg': "it's", 'error_code': 'AIS.0102', 'x': None}
data: {"error_code":"AIS.0101","error_msg":"\u8f93\u5165"}
cb?e=%7B%22error_code%22%3A%22AIS.0105%22%2C%22error_msg%22%3A%22a+b%22%7D
{“error_msg”:“M”,“error_code”:“AIS.0102”}"#,
        r#"
1 AIS.0105 "Recognition failed."
2 AIS.0104 "M, {with} \"all\": that"
3 APIG.0101 "M"
4 AIS.0103 "M"
5 APIG.0602
6 AIS.0102 "it's"
7 AIS.0101 "输入"
8 AIS.0105 "a b"
9 AIS.0102 "M""#,
    );
}

#[test]
fn a_pretty_printed_body_takes_its_record_s_time_and_its_code_s_line() {
    check(
        "2026-11-20 10:00:01,123 ERROR ocr: answer:\n{\n    \"error_msg\": \"M\",\n    \"error_code\": \"AIS.0101\"\n}\n",
        "4 AIS.0101 \"M\" at=2026-11-20T10:00:01.123+00:00",
    );
}

#[test]
fn each_sdk_s_exception_is_read() {
    check(
        &format!(
            "ClientRequestException - {{status_code:400,request_id:{ID},error_code:AIS.0101,error_msg:a, b: {{c}} d\ne,encoded_authorization_message:None }}"
        ),
        &format!("1 AIS.0101 \"a, b: {{c}} d\\ne\" id={ID} status=400"),
    );
    check(
        &format!(
            "ClientRequestException {{\n    httpStatusCode: 400\n    errorCode: AIS.0101\n    errorMsg: a\n    b\n    requestId: {ID}\n}}\n"
        ),
        &format!("3 AIS.0101 \"a\\nb\" id={ID} status=400"),
    );
    check(
        &format!(
            "{{StatusCode:400 RequestId:{ID} ErrorCode:AIS.0101 ErrorMessage:a b EncodedAuthorizationMessage: Details:[]}}"
        ),
        &format!("1 AIS.0101 \"a b\" id={ID} status=400"),
    );
    check(
        &format!(
            "ClientRequestException: M\n    at x (y.js:1:2) {{\n  httpStatusCode: 400,\n  errorMsg: 'M',\n  errorCode: 'AIS.0101',\n  requestId: '{ID}',\n  encodedAuthorizationMessage: undefined\n}}\n"
        ),
        &format!("5 AIS.0101 \"M\" id={ID} status=400"),
    );
    check(
        "Err Object\n(\n    [errorMsg:protected] => M\n    [errorCode:protected] => AIS.0104\n    [httpStatusCode:protected] => 400\n)\n",
        "4 AIS.0104 \"M\" status=400",
    );
    check(
        &format!("400\n{ID}\nAIS.0104\nRecognition failed.\n"),
        &format!("3 AIS.0104 \"Recognition failed.\" id={ID} status=400"),
    );
}

#[test]
fn carriers_are_taken_off_and_cut_lines_are_joined() {
    check(
        r#"{"log":"x {\"error_code\":\"AI","stream":"stdout","time":"2026-11-20T10:00:01.000000001Z"}
{"log":"S.0101\",\"error_msg\":\"M\"}\n","stream":"stdout","time":"2026-11-20T10:00:01.000000002Z"}"#,
        "1 AIS.0101 \"M\" at=2026-11-20T10:00:01.000000001+00:00",
    );
    check(
        "2026-11-20T10:00:01.1+08:00 stderr P {\"error_code\":\"AIS.0101\",\"err\n2026-11-20T10:00:01.1+08:00 stdout F other\n2026-11-20T10:00:01.1+08:00 stderr F or_msg\":\"M\"}\n",
        "1 AIS.0101 \"M\" at=2026-11-20T10:00:01.100+08:00",
    );
    check(
        "Nov 20 10:00:01 web1 ocr[8]: failed#012ClientRequestException {#012    httpStatusCode: 400#012    errorCode: AIS.0101#012    errorMsg: M#012    requestId: r#012}\n",
        "1 AIS.0101 \"M\" id=r status=400 at=2026-11-20T10:00:01+00:00",
    );
    check(
        r#"{"MESSAGE":[65,73,83,46,48,49,48,53,58,32,82,101,99,111,103,110,105,116,105,111,110,32,102,97,105,108,101,100,46],"__REALTIME_TIMESTAMP":"1795168801000000","_PID":"1"}"#,
        "1 AIS.0105 \"Recognition failed.\" at=2026-11-20T10:00:01+00:00",
    );
}

#[test]
fn an_exception_without_a_code_is_inferred_from_its_fixed_message() {
    check(
        "com.huaweicloud.sdk.core.exception.ClientRequestException: The image format is not supported.\n\tat x.Y(Z.java:1)\n",
        "1 AIS.0102 \"The image format is not supported.\" inferred",
    );
    check("IllegalStateException: The image format is not supported.\n", "");
}

#[test]
fn what_only_mentions_a_code_is_no_error() {
    check(
        r#"2026-11-20 10:00:01,123 INFO retry policy: AIS.0105, APIG.0308
{"words_block_list":[{"words":"{\"error_code\":\"AIS.0101\",\"error_msg\":\"M\"}"}]}
ocr_errors_total{code="AIS.0101"} 5
    if e.error_code == "AIS.0101":
    return MESSAGES["AIS.0101"]
| AIS.0101 | The input parameter is invalid. |
{"AIS.0101": 3}
see https://support.huaweicloud.com/AIS.0101.html
GET /docs/errors?code=AIS.0101 HTTP/1.1" 200
10.17705/1jais.00141 APIC.0101 modelarts.vm.cpu.8u
"#,
        "",
    );
}

#[test]
fn json_loggers_named_by_their_files_are_told_apart() {
    let line = |logger: &str, millis: u32| {
        let level = r#""level":"error""#;
        let body = r#"{\"error_code\":\"AIS.0101\",\"error_msg\":\"M\"}"#;
        format!(
            r#"{{"ts":"2026-11-20T10:00:01.{millis}Z",{level},"logger":"{logger}","msg":"{body}"}}"#
        )
    };
    let first = "1 AIS.0101 \"M\" at=2026-11-20T10:00:01.123+00:00";
    let second = "2 AIS.0101 \"M\" at=2026-11-20T10:00:01.125+00:00";
    let check_loggers = |one: &str, other: &str, repeat: &str| {
        let log = format!("{}\n{}\n", line(one, 123), line(other, 125));
        check(&log, &format!("{first}\n{second}{repeat}"));
    };
    check_loggers("worker/pool.go:57", "api/handler.go:131", " repeat");
    check_loggers("worker-3", "worker-5", "");
}

#[test]
fn one_event_printed_by_another_statement_is_a_repeat() {
    check(
        "2026-11-20 10:00:01,123 WARNING sdk: {\"error_code\":\"AIS.0101\",\"error_msg\":\"M\"}\n2026-11-20 10:00:01,125 ERROR app: failed {\"error_code\":\"AIS.0101\",\"error_msg\":\"M\"}\n",
        "1 AIS.0101 \"M\" at=2026-11-20T10:00:01.123+00:00\n2 AIS.0101 \"M\" at=2026-11-20T10:00:01.125+00:00 repeat",
    );
}

#[test]
fn a_retry_another_thread_and_the_same_statement_are_events_of_their_own() {
    let body = r#"{"error_code":"AIS.0101","error_msg":"M"}"#;
    check(
        &format!(
            "2026-11-20 10:00:01,123 WARN sdk: {body}\n2026-11-20 10:00:02,125 ERROR app: {body}\n"
        ),
        "1 AIS.0101 \"M\" at=2026-11-20T10:00:01.123+00:00\n2 AIS.0101 \"M\" at=2026-11-20T10:00:02.125+00:00",
    );
    check(
        &format!(
            "2026-11-20 10:00:01,123 WARN [worker-1] sdk: {body}\n2026-11-20 10:00:01,125 ERROR [worker-2] app: {body}\n"
        ),
        "1 AIS.0101 \"M\" at=2026-11-20T10:00:01.123+00:00\n2 AIS.0101 \"M\" at=2026-11-20T10:00:01.125+00:00",
    );
    check(
        &format!(
            "2026-11-20 10:00:01,123 WARN sdk: {body}\n2026-11-20 10:00:01,125 WARN sdk: {body}\n"
        ),
        "1 AIS.0101 \"M\" at=2026-11-20T10:00:01.123+00:00\n2 AIS.0101 \"M\" at=2026-11-20T10:00:01.125+00:00",
    );
}

#[test]
fn a_request_id_settles_whether_it_is_one_event() {
    let line = |at: &str, id: &str| {
        format!(
            "{at} ERROR app: {{\"error_code\":\"APIG.0301\",\"error_msg\":\"Incorrect IAM authentication information: token expires\",\"request_id\":\"{id}\"}}\n"
        )
    };
    let other = "fedcba9876543210fedcba9876543210";
    let log = line("2026-11-20T10:00:01Z", ID)
        + &line("2026-11-20T10:09:01Z", ID)
        + &line("2026-11-20T10:09:01Z", other);
    let message = "\"Incorrect IAM authentication information: token expires\" cause=token-expired";
    check(
        &log,
        &format!(
            "1 APIG.0301 {message} id={ID} at=2026-11-20T10:00:01+00:00\n2 APIG.0301 {message} id={ID} at=2026-11-20T10:09:01+00:00 repeat\n3 APIG.0301 {message} id={other} at=2026-11-20T10:09:01+00:00"
        ),
    );
}

#[test]
fn a_secret_beyond_the_sample_s_edge_does_not_lose_its_key() {
    let secret = "pL4nt3d!".repeat(50);
    let log = format!(
        "login with {{'password': '{secret}'}} {{\"error_code\":\"AIS.0101\",\"error_msg\":\"M\"}} {}\n",
        "pad ".repeat(200)
    );
    let catalogue = Arc::new(Catalogue::embedded());
    let reference = "2026-11-23T00:00:00Z".parse().expect("a fixed instant");
    let settings = Settings::new(Zone::UTC, reference);
    let mut extractor = Extractor::new(&catalogue, settings, "app.log".into());
    let mut samples = String::new();
    let mut sink = |occurrence: Occurrence| samples.push_str(&occurrence.sample);
    extractor.push(log.as_bytes(), &mut sink);
    extractor.finish(&mut sink);
    assert!(samples.contains("AIS.0101") && !samples.contains("nt3d"), "{samples}");
}

#[test]
fn a_line_longer_than_the_buffer_is_read_in_pieces_that_lose_and_double_nothing() {
    let filler = "x".repeat(200 * 1024);
    let ids: Vec<String> = (0..6).map(|n| format!("{n:032x}")).collect();
    let mut log = String::new();
    for id in &ids {
        let _ = write!(
            log,
            "{filler} {{\"error_code\":\"APIG.0201\",\"error_msg\":\"Backend timeout.\",\"request_id\":\"{id}\"}}"
        );
    }
    let expected: Vec<String> =
        ids.iter().map(|id| format!("1 APIG.0201 \"Backend timeout.\" id={id}")).collect();
    check(&log, &expected.join("\n"));

    let settings = Settings::new(Zone::UTC, DateTime::UNIX_EPOCH);
    let catalogue = Arc::new(Catalogue::embedded());
    let mut extractor = Extractor::new(&catalogue, settings, "app.log".into());
    let mut sink = |_: Occurrence| {};
    extractor.push(format!("{log}\nshort\n{log}\n").as_bytes(), &mut sink);
    assert_eq!(extractor.finish(&mut sink).long_lines, 2, "each once");
}

#[test]
fn what_stands_beside_a_code_is_its_message_where_the_form_says_so() {
    let beside = [
        (": Something else went wrong", " \"Something else went wrong\""),
        (" Giving up now", " \"Giving up now\""),
        (": 图片打不开", " \"图片打不开\""),
        (") giving up now", " \"giving up now\""),
        (" giving up now", ""),
        (", Giving up now", ""),
        (": retry=3 left", ""),
        (": HTTP 400 Bad Request", " status=400"),
        ("：错误的请求", ""),
    ];
    let (mut log, mut expected) = (String::new(), String::new());
    for (minute, (text, known)) in beside.into_iter().enumerate() {
        let _ = writeln!(log, "2026-11-20T10:{minute:02}:01Z ERROR failed with AIS.0104{text}");
        let at = format!("2026-11-20T10:{minute:02}:01+00:00");
        let _ = writeln!(expected, "{} AIS.0104{known} at={at}", minute + 1);
    }
    check(&log, &expected);
}

mod records;
