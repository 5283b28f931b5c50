//! What is not a stamp: dates of a message, nonsense, values that are more than a stamp.

use super::{check, check_value};
use crate::extract::timestamp::time_of_day;

#[test]
fn a_date_that_the_message_mentions_is_not_a_stamp() {
    for line in [
        "{\"error_msg\":\"decrypt token fail, expires_at: 2026-11-20T10:00:01Z\"}",
        "token expires, expires_at:2026-11-20T10:00:01.000000Z",
        "expires_at=2026-11-20T10:00:01Z",
        "{\"created\":\"2026-11-20T10:00:01Z\",\"n\":1}",
        "account locked until 2026-11-20 10:00:01",
        "The job was started at 2026-11-20 10:00:01",
        "model trained by the team 2026-11-20 10:00:01",
        "Expires: Fri, 20 Nov 2026 10:00:01 GMT",
        "Last-Modified: Fri, 20 Nov 2026 10:00:01 GMT",
        "start_time: 2026-11-20 10:00:01",
        "过期时间: 2026-11-20 10:00:01",
        "app-2026-11-20 10:00:01.log",
        "invoice 20261120100001 refused",
        "\tat com.example.Ocr.run(Ocr.java:12)",
        "",
        "2026-11-20",
        "AIS.0101",
    ] {
        check(line, "none");
    }
    let far = format!("{} 2026-11-20 10:00:01", "x1 ".repeat(60));
    check(&far, "none");
    check("first\n2026-11-20 10:00:01", "none");
}

#[test]
fn nonsense_and_ambiguity_are_refused() {
    for line in [
        "2026-13-20 10:00:01",
        "2026-11-20 10-00:01",
        "2026-11-20 10:00-01",
        "2026/1/2 9:05:3",
        "2026年11月20日10时0001",
        "2026-02-30 10:00:01",
        "2026-11-20 24:00:00",
        "2026-11-20 10:60:01",
        "2026-11-20 10:00:61",
        "2026-11-20 10:00",
        "2026-1120 10:00:01",
        "03/04/2026 10:00:01",
        "26/11/20 10:00:01",
        "Feb 30 10:00:01 host x",
        "Nov 20 1:2:3 x",
        "Nov 20, 2026 13:00:01 PM",
        "E1320 10:00:01.123456 1 f.go:1] x",
        "E1120 10:00:01 x",
        "2026-11-20 10:30:60",
        "1234567890 rows",
        "17321234560 rows",
        "1732123456x rows",
    ] {
        check(line, "none");
    }
    check("20/11/2026 10:00:01 x", "2026-11-20T10:00:01 from `20/11/2026 10:00:01`");
    check("11/20/2026 10:00:01 x", "2026-11-20T10:00:01 from `11/20/2026 10:00:01`");
    check("03/04/2026 10:00:01 PM x", "2026-03-04T22:00:01 from `03/04/2026 10:00:01 PM`");
    // What only looks like an offset is left alone.
    check("2026-11-20 10:00:01 -12 x", "2026-11-20T10:00:01 from `2026-11-20 10:00:01`");
    check("2026-11-20 10:00:01 -4200 x", "2026-11-20T10:00:01 from `2026-11-20 10:00:01`");
    check("2026-11-20 10:00:01 INFO x", "2026-11-20T10:00:01 from `2026-11-20 10:00:01`");
    check("2026-11-20 10:00:01 - x", "2026-11-20T10:00:01 from `2026-11-20 10:00:01`");
}

#[test]
fn a_value_is_a_stamp_as_a_whole_or_not_at_all() {
    check_value(" \"2026-11-20T10:00:01Z\" ", "2026-11-20T10:00:01Z from `2026-11-20T10:00:01Z`");
    check_value(
        "2026-11-20 10:00:01.5 +0800 CST m=+0.01",
        "2026-11-20T10:00:01.500+08:00 from `2026-11-20 10:00:01.5 +0800 CST`",
    );
    check_value("20261120100001123", "2026-11-20T10:00:01.123 from `20261120100001123`");
    for text in ["", "\"", "1", "0", "nan", "1e999", "2026-11-20 10:00:01 and more", "12345678901"]
    {
        check_value(text, "none");
    }
}

#[test]
fn a_time_without_its_date_is_no_stamp_but_can_be_asked_for() {
    let told = |line: &str| {
        time_of_day(line.as_bytes()).map(|time| (time.time.to_string(), line[time.span].to_owned()))
    };
    for line in ["10:00:01.123 [main] ERROR c.e.Ocr -- x", "[10:00:01 ERR] x", "INFO 10:00:01,5 x"]
    {
        check(line, "none");
        assert!(told(line).is_some(), "{line}");
    }
    assert_eq!(
        told("10:00:01.123 [main] x 2026-11-20 10:00:02"),
        Some(("10:00:01.123".into(), "10:00:01.123".into()))
    );
    assert_eq!(told("POST /ocr took 10:00:01"), None);
    assert_eq!(told("2026-11-20 10:00:01 x"), None);
    assert_eq!(told("25:00:01 x"), None);
}
