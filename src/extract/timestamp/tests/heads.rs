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
