//! What is passed on the way to a line's stamp, and where the way ends.

use super::check;
use crate::extract::timestamp::{HEAD_BYTES_MAX, begins};

const STAMP: &str = "2026-11-20T10:00:01 from `2026-11-20 10:00:01`";
const EPOCH: &str = "2026-11-20T10:00:01Z from `1795168801`";

#[test]
fn a_stamp_begins_within_the_head() {
    for (length, expected) in [(HEAD_BYTES_MAX - 1, STAMP), (HEAD_BYTES_MAX, "none")] {
        let name = "x1".repeat(HEAD_BYTES_MAX)[..length - 1].to_owned();
        check(&format!("{name} 2026-11-20 10:00:01 x"), expected);
    }
    check("x\n2026-11-20 10:00:01 x", "none");
}

#[test]
fn a_number_is_a_time_where_nothing_but_marks_and_levels_stand_before_it() {
    for before in ["", "* ", "** ", "[", "([", "<165>1 ", "INFO ", "[ERROR] ", "\\", "| = ; , "] {
        check(&format!("{before}1795168801 x"), EPOCH);
    }
    for before in ["host ", "- ", "<1650>1 ", "<165>2 "] {
        check(&format!("{before}1795168801 x"), "none");
    }
}

#[test]
fn prose_stands_before_no_stamp_and_names_do() {
    for (before, expected) in [
        ("one two", STAMP),
        ("one two three", "none"),
        ("[main] one two three", "none"),
        ("[main one two three]", STAMP),
        ("ABC DEF GHI", STAMP),
        ("a-1 b-2 c-3", STAMP),
    ] {
        check(&format!("{before} 2026-11-20 10:00:01 x"), expected);
    }
}

#[test]
fn the_value_of_another_key_is_passed_as_a_whole() {
    for line in [
        r#"{"due": "2020-01-01 00:00:00", "ts": 1795168801}"#,
        r#"{"due":   "2020-01-01 00:00:00","ts":1795168801}"#,
        r#"{"due":"","ts":1795168801}"#,
        r#"{"due":"to 2020-01-01 00:00:00","ts":1795168801}"#,
        r#"{\"due\":\"2020-01-01 00:00:00\",\"ts\":1795168801}"#,
        r#"{\"due\":\"to 2020-01-01 00:00:00\",\"ts\":1795168801}"#,
        r#"{\"due\": \"to 2020-01-01 00:00:00\", \"ts\": 1795168801}"#,
        r#"due="to 2020-01-01 00:00:00" ts=1795168801"#,
        r#"due=\"to 2020-01-01 00:00:00\" ts=1795168801"#,
        "due=2020-01-01 time: 1795168801",
    ] {
        check(line, EPOCH);
    }
}

#[test]
fn a_line_begins_with_a_stamp_where_its_first_digits_are_one() {
    for (line, is_one) in [
        ("2026-11-20 10:00:01 x", true),
        ("1795168801 x", true),
        ("2026 rows", false),
        ("10:00:01 x", false),
        (" 2026-11-20 10:00:01 x", false),
    ] {
        assert_eq!(begins(line.as_bytes()), is_one, "{line}");
    }
}

#[test]
fn a_stamp_behind_a_prefix_is_found() {
    for prefix in [
        "",
        " ",
        "[",
        "│ ",
        "│   ",
        "service_1  | ",
        "web  | ",
        "INFO ",
        "[INFO] ",
        "ERROR: ",
        "[ERROR] [main] ",
        "level=info time=\"",
        "ts=",
        "time=",
        "{\"time\":\"",
        "{\"level\":\"error\",\"ts\":\"",
        "{'level': 'error', 'time': '",
        "host app[12]: ",
        "app-7d9f-x2 app ",
        "10.0.0.1 ",
        "\u{feff}",
        "http-nio-8080-exec-1 ERROR ",
        "【错误】",
        "时间:",
        "\u{1b}[32m",
        "\"",
        "(main) ",
        "WARNING:root:",
        "{\"msg\":\"a \\\" b\",\"time\":\"",
        "thread=\"x y\" msg=\"expires 2020-01-01 00:00:00\" ts=",
        "{\\\"ts\\\":\\\"",
        "{\\\"m\\\":\\\"a b\\\",\\\"ts\\\":\\\"",
    ] {
        let line = format!("{prefix}2026-11-20 10:00:01.5 x");
        check(&line, "2026-11-20T10:00:01.500 from `2026-11-20 10:00:01.5`");
    }
}

#[test]
fn a_key_may_stand_apart_from_its_colon_and_its_value_may_be_escaped() {
    check("{\"ts\" : 1795168801, \"msg\":\"x\"}", "2026-11-20T10:00:01Z from `1795168801`");
    check(
        r#"{\"msg\":\"a \\\" b\",\"time\":\"2026-11-20T10:00:01Z\"}"#,
        "2026-11-20T10:00:01Z from `2026-11-20T10:00:01Z`",
    );
}

#[test]
fn an_escaped_quote_does_not_end_a_text_before_the_time() {
    check(r#"{"msg":"x\" created","ts":1795168801}"#, "2026-11-20T10:00:01Z from `1795168801`");
}

#[test]
fn a_priority_of_one_to_three_digits_stands_before_a_stamp() {
    for priority in ["<1>", "<14>", "<165>"] {
        let number = format!("{priority}1795168801 x");
        check(&number, "2026-11-20T10:00:01Z from `1795168801`");
        let expected = "2026-11-20T10:00:01Z from `2026-11-20T10:00:01Z`";
        check(&format!("{priority}1 2026-11-20T10:00:01Z web-1 app - - - x"), expected);
        let expected = "????-11-20T10:00:01 from `Nov 20 10:00:01`";
        check(&format!("{priority}Nov 20 10:00:01 web-1 app: x"), expected);
    }
}

#[test]
fn a_time_in_an_object_within_is_the_line_s() {
    let stamp = "2026-11-20T10:00:01Z from `2026-11-20T10:00:01Z`";
    for line in [
        r#"{"a":{"time":"2026-11-20T10:00:01Z"},"b":1}"#,
        r#"{"a":[{"time":"2026-11-20T10:00:01Z"}],"b":1}"#,
        r#"{\"a\":\"x\",\"time\":\"2026-11-20T10:00:01Z\"}"#,
        r#"{\"a\":\"\",\"time\":\"2026-11-20T10:00:01Z\"}"#,
    ] {
        check(line, stamp);
    }
}
