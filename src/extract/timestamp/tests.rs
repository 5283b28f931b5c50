use chrono::{DateTime, TimeDelta};
use proptest::prelude::*;

use super::*;
use crate::zone::Zone;

mod edges;
mod heads;
mod refused;

/// What the stamp is, the bytes it was read from, and what the machine would make of it.
fn shown(stamp: &Stamp, text: &str) -> String {
    let date = if stamp.year_known { "%Y-%m-%dT%H:%M:%S" } else { "????-%m-%dT%H:%M:%S" };
    let fraction = match stamp.resolution {
        Resolution::Second => "",
        Resolution::Millisecond => "%.3f",
        Resolution::Microsecond => "%.6f",
        Resolution::Nanosecond => "%.9f",
    };
    let offset = match stamp.offset {
        None => String::new(),
        Some(offset) if offset.local_minus_utc() == 0 => "Z".to_owned(),
        Some(offset) => offset.to_string(),
    };
    let local = stamp.local.format(&format!("{date}{fraction}")).to_string();
    format!("{local}{offset} from `{}`", &text[stamp.span.clone()])
}

#[track_caller]
fn check(line: &str, expected: &str) {
    let found = find(line.as_bytes()).map_or("none".to_owned(), |stamp| shown(&stamp, line));
    assert_eq!(found, expected, "in {line:?}");
}

#[track_caller]
fn check_value(text: &str, expected: &str) {
    let found = value(text.as_bytes()).map_or("none".to_owned(), |stamp| shown(&stamp, text));
    assert_eq!(found, expected, "in {text:?}");
}

#[test]
fn iso_8601_is_read_with_every_separator_zone_and_fraction() {
    check("2026-11-20T10:00:01Z x", "2026-11-20T10:00:01Z from `2026-11-20T10:00:01Z`");
    check(
        "2026-11-20T10:00:01.123456789+08:00 E",
        "2026-11-20T10:00:01.123456789+08:00 from `2026-11-20T10:00:01.123456789+08:00`",
    );
    check(
        "2026-11-20T10:00:01,123 ERROR",
        "2026-11-20T10:00:01.123 from `2026-11-20T10:00:01,123`",
    );
    check(
        "2026-11-20 10:00:01.12 +0800 x",
        "2026-11-20T10:00:01.120+08:00 from `2026-11-20 10:00:01.12 +0800`",
    );
    check(
        "2026-11-20 10:00:01.123456+08 x",
        "2026-11-20T10:00:01.123456+08:00 from `2026-11-20 10:00:01.123456+08`",
    );
    check("2026-11-20_10:00:01 x", "2026-11-20T10:00:01 from `2026-11-20_10:00:01`");
    check(
        "2026-11-20T10:00:01.1234567-0330\tx",
        "2026-11-20T10:00:01.123456700-03:30 from `2026-11-20T10:00:01.1234567-0330`",
    );
    check(
        "2026-11-20T10:00:01.123+08:00[Asia/Shanghai] x",
        "2026-11-20T10:00:01.123+08:00 from `2026-11-20T10:00:01.123+08:00[Asia/Shanghai]`",
    );
    check(
        "2026-11-20 10:00:01.123456 +0800 CST m=+0.5",
        "2026-11-20T10:00:01.123456+08:00 from `2026-11-20 10:00:01.123456 +0800 CST`",
    );
    check("20261120T100001Z x", "2026-11-20T10:00:01Z from `20261120T100001Z`");
    check("20261120 10:00:01 x", "2026-11-20T10:00:01 from `20261120 10:00:01`");
    check("20261120-10:00:01.123 x", "2026-11-20T10:00:01.123 from `20261120-10:00:01.123`");
    check("2026-11-20 10:00:01UTC x", "2026-11-20T10:00:01Z from `2026-11-20 10:00:01UTC`");
}

#[test]
fn what_loggers_print_by_default_is_read() {
    // logback, log4j, Python's asctime, loguru, Spring Boot 3, env_logger, Monolog, Celery.
    check(
        "2026-11-20 10:00:01.123 [main] ERROR c.e.Ocr - x",
        "2026-11-20T10:00:01.123 from `2026-11-20 10:00:01.123`",
    );
    check(
        "2026-11-20 10:00:01,123 ERROR x",
        "2026-11-20T10:00:01.123 from `2026-11-20 10:00:01,123`",
    );
    check("20 Nov 2026 10:00:01,123 x", "2026-11-20T10:00:01.123 from `20 Nov 2026 10:00:01,123`");
    check("2026-11-20 10:00:01:123 [x]", "2026-11-20T10:00:01.123 from `2026-11-20 10:00:01:123`");
    check("[2026-11-20T10:00:01Z ERROR app] x", "2026-11-20T10:00:01Z from `2026-11-20T10:00:01Z`");
    check(
        "[2026-11-20T10:00:01.123456+08:00] app.ERROR: x",
        "2026-11-20T10:00:01.123456+08:00 from `2026-11-20T10:00:01.123456+08:00`",
    );
    check(
        "[2026-11-20 10:00:01,123: ERROR/MainProcess] x",
        "2026-11-20T10:00:01.123 from `2026-11-20 10:00:01,123`",
    );
    check(
        "I, [2026-11-20T10:00:01.123456 #12]  INFO -- : x",
        "2026-11-20T10:00:01.123456 from `2026-11-20T10:00:01.123456`",
    );
    // Go's log, nginx error, beego.
    check("2026/11/20 10:00:01 x", "2026-11-20T10:00:01 from `2026/11/20 10:00:01`");
    check(
        "2026/11/20 10:00:01.123456 main.go:3: x",
        "2026-11-20T10:00:01.123456 from `2026/11/20 10:00:01.123456`",
    );
    check("2026/1/2 9:05:03 x", "2026-01-02T09:05:03 from `2026/1/2 9:05:03`");
}

#[test]
fn what_older_runtimes_and_servers_print_is_read() {
    // klog, glog with the year, Android.
    check(
        "E1120 10:00:01.123456   12345 file.go:1] x",
        "????-11-20T10:00:01.123456 from `E1120 10:00:01.123456`",
    );
    check(
        "E20261120 10:00:01.123456 1 f.cc:1] x",
        "2026-11-20T10:00:01.123456 from `E20261120 10:00:01.123456`",
    );
    check(
        "11-20 10:00:01.123  123  456 E Ocr: x",
        "????-11-20T10:00:01.123 from `11-20 10:00:01.123`",
    );
    // A bracket and not syslog's priority.
    check("<11-20 10:00:01.123> E Ocr: x", "????-11-20T10:00:01.123 from `11-20 10:00:01.123`");
    // java.util.logging in three locales, Tomcat, PHP's error log.
    check(
        "Nov 20, 2026 10:00:01 AM com.e.Main main",
        "2026-11-20T10:00:01 from `Nov 20, 2026 10:00:01 AM`",
    );
    check(
        "Nov 20, 2026, 10:00:01\u{202f}PM com.e.Main",
        "2026-11-20T22:00:01 from `Nov 20, 2026, 10:00:01\u{202f}PM`",
    );
    for space in ["\t", "\u{a0}", "\u{3000}"] {
        let stamp = format!("Nov 20, 2026, 10:00:01{space}PM");
        check(&format!("{stamp} x"), &format!("2026-11-20T22:00:01 from `{stamp}`"));
    }
    check(
        "11月 20, 2026 10:00:01 下午 com.e.Main",
        "2026-11-20T22:00:01 from `11月 20, 2026 10:00:01 下午`",
    );
    check(
        "十一月 20, 2026 10:00:01 上午 com.e.Main",
        "2026-11-20T10:00:01 from `十一月 20, 2026 10:00:01 上午`",
    );
    check(
        "20-Nov-2026 10:00:01.123 SEVERE [main] x",
        "2026-11-20T10:00:01.123 from `20-Nov-2026 10:00:01.123`",
    );
    check(
        "[20-Nov-2026 10:00:01 Asia/Shanghai] PHP x",
        "2026-11-20T10:00:01+08:00 from `20-Nov-2026 10:00:01 Asia/Shanghai`",
    );
    check(
        "[20-Nov-2026 10:00:01 UTC] PHP x",
        "2026-11-20T10:00:01Z from `20-Nov-2026 10:00:01 UTC`",
    );
    // Chinese dates, Nest, Redis, RFC 850.
    check("2026年11月20日 10:00:01 x", "2026-11-20T10:00:01 from `2026年11月20日 10:00:01`");
    check("2026年11月2日 10时00分01秒 x", "2026-11-02T10:00:01 from `2026年11月2日 10时00分01秒`");
    check("2026/11/20 下午1:00:01 x", "2026-11-20T13:00:01 from `2026/11/20 下午1:00:01`");
    check(
        "[Nest] 12  - 11/20/2026, 10:00:01 AM   ERROR x",
        "2026-11-20T10:00:01 from `11/20/2026, 10:00:01 AM`",
    );
    check(
        "12:M 20 Nov 2026 10:00:01.123 # x",
        "2026-11-20T10:00:01.123 from `20 Nov 2026 10:00:01.123`",
    );
    check("12:M 20 Nov 10:00:01.123 # x", "????-11-20T10:00:01.123 from `20 Nov 10:00:01.123`");
    check(
        "Friday, 20-Nov-26 10:00:01 GMT x",
        "2026-11-20T10:00:01Z from `Friday, 20-Nov-26 10:00:01 GMT`",
    );
}

#[test]
fn ctime_syslog_and_web_server_stamps_are_read() {
    check("Fri Nov 20 10:00:01 2026 x", "2026-11-20T10:00:01 from `Fri Nov 20 10:00:01 2026`");
    check(
        "Fri Nov 20 10:00:01 UTC 2026 x",
        "2026-11-20T10:00:01Z from `Fri Nov 20 10:00:01 UTC 2026`",
    );
    check(
        "Fri Nov 20 10:00:01 CST 2026 x",
        "2026-11-20T10:00:01 from `Fri Nov 20 10:00:01 CST 2026`",
    );
    check(
        "Fri Nov 20 2026 10:00:01 GMT+0800 (China Standard Time) x",
        "2026-11-20T10:00:01+08:00 from `Fri Nov 20 2026 10:00:01 GMT+0800`",
    );
    check(
        "Fri, 20 Nov 2026 10:00:01 GMT x",
        "2026-11-20T10:00:01Z from `Fri, 20 Nov 2026 10:00:01 GMT`",
    );
    check(
        "Date: Fri, 20 Nov 2026 10:00:01 GMT",
        "2026-11-20T10:00:01Z from `Fri, 20 Nov 2026 10:00:01 GMT`",
    );
    check(
        "[Fri Nov 20 10:00:01.123456 2026] [error] x",
        "2026-11-20T10:00:01.123456 from `Fri Nov 20 10:00:01.123456 2026`",
    );
    check("Nov 20 10:00:01 host app[12]: x", "????-11-20T10:00:01 from `Nov 20 10:00:01`");
    check("Nov  2 10:00:01 host app[12]: x", "????-11-02T10:00:01 from `Nov  2 10:00:01`");
    check("<34>Nov 20 10:00:01 host su: x", "????-11-20T10:00:01 from `Nov 20 10:00:01`");
    check(
        "<165>1 2026-11-20T10:00:01.003Z h a p - - x",
        "2026-11-20T10:00:01.003Z from `2026-11-20T10:00:01.003Z`",
    );
    check(
        "127.0.0.1 - - [20/Nov/2026:10:00:01 +0800] \"POST / HTTP/1.1\" 400",
        "2026-11-20T10:00:01+08:00 from `20/Nov/2026:10:00:01 +0800`",
    );
    check(
        "[GIN] 2026/11/20 - 10:00:01 | 200 |  12.3ms | 10.0.0.1 | POST \"/ocr\"",
        "2026-11-20T10:00:01 from `2026/11/20 - 10:00:01`",
    );
    check(
        "[20/Nov/2026 10:00:01] \"POST /ocr HTTP/1.1\" 400",
        "2026-11-20T10:00:01 from `20/Nov/2026 10:00:01`",
    );
    check(
        "\"POST /v2/ocr HTTP/1.1\" 400 10.0.0.1 [20/Nov/2026:10:00:01 +0800]",
        "2026-11-20T10:00:01+08:00 from `20/Nov/2026:10:00:01 +0800`",
    );
    check(
        "[pid: 12|app: 0|req: 1/1] 10.0.0.1 () {40 vars in 500 bytes} [Fri Nov 20 10:00:01 2026] POST /",
        "2026-11-20T10:00:01 from `Fri Nov 20 10:00:01 2026`",
    );
}

#[test]
fn the_date_header_of_an_answer_is_told_from_a_loggers_stamp() {
    let is_header = |line: &str| find(line.as_bytes()).map(|stamp| stamp.is_header);
    assert_eq!(is_header("Date: Fri, 20 Nov 2026 10:00:01 GMT\r"), Some(true));
    assert_eq!(is_header("    date: 'Fri, 20 Nov 2026 10:00:01 GMT',"), Some(true));
    assert_eq!(is_header("date: 2026-11-20 10:00:01 x"), Some(false));
    assert_eq!(is_header("Fri, 20 Nov 2026 10:00:01 GMT x"), Some(false));
}

#[test]
fn abbreviations_other_than_utc_and_gmt_say_nothing() {
    check(
        "2026-11-20 10:00:01.123 CST [1] LOG: x",
        "2026-11-20T10:00:01.123 from `2026-11-20 10:00:01.123 CST`",
    );
    check(
        "2026-11-20 10:00:01 UTC [1] LOG: x",
        "2026-11-20T10:00:01Z from `2026-11-20 10:00:01 UTC`",
    );
    check(
        "2026-11-20 10:00:01 GMT+8 x",
        "2026-11-20T10:00:01+08:00 from `2026-11-20 10:00:01 GMT+8`",
    );
}

#[test]
fn a_leap_second_is_the_second_after_it() {
    check("2016-12-31T23:59:60.5Z x", "2017-01-01T00:00:00.500Z from `2016-12-31T23:59:60.5Z`");
    check(
        "2017-01-01 07:59:60 +0800 x",
        "2017-01-01T08:00:00+08:00 from `2017-01-01 07:59:60 +0800`",
    );
}

#[test]
fn epochs_are_told_apart_by_their_digits() {
    check("1732069201 ERROR x", "2024-11-20T02:20:01Z from `1732069201`");
    check(
        "1732069201.250 200 10.0.0.1 TCP_MISS/200",
        "2024-11-20T02:20:01.250Z from `1732069201.250`",
    );
    check("[1732069201123] x", "2024-11-20T02:20:01.123Z from `1732069201123`");
    check(
        "{\"level\":50,\"time\":1732069201123,\"pid\":1}",
        "2024-11-20T02:20:01.123Z from `1732069201123`",
    );
    check(
        "ts=1732069201.123456 level=error",
        "2024-11-20T02:20:01.123456Z from `1732069201.123456`",
    );
    check("order 1732069201 refused", "none");
    check_value("1732069201.1234567", "2024-11-20T02:20:01.123456700Z from `1732069201.1234567`");
    check_value("1732069201123.5", "2024-11-20T02:20:01.123500Z from `1732069201123.5`");
    check_value("1732069201123456", "2024-11-20T02:20:01.123456Z from `1732069201123456`");
    check_value(
        "\"1732069201123456789\"",
        "2024-11-20T02:20:01.123456789Z from `1732069201123456789`",
    );
    check_value("1.732069201123e9", "2024-11-20T02:20:01.123000Z from `1.732069201123e9`");
    check_value("1.732069201123E+12", "2024-11-20T02:20:01.123000Z from `1.732069201123E+12`");
}

#[test]
fn stamps_are_compared_at_the_coarser_resolution() {
    let apart = |one: &str, other: &str| {
        let read = |line: &str| value(line.as_bytes()).expect("the test's stamp");
        read(one).apart(&read(other))
    };
    assert_eq!(apart("2026-11-20 10:00:01", "2026-11-20 10:00:01.900"), Some(TimeDelta::zero()));
    assert_eq!(
        apart("2026-11-20 10:00:01.950", "2026-11-20 10:00:01.900"),
        Some(TimeDelta::milliseconds(50))
    );
    assert_eq!(apart("2026-11-20T10:00:01Z", "2026-11-20T18:00:01+08:00"), Some(TimeDelta::zero()));
    assert_eq!(apart("2026-11-20T10:00:01Z", "2026-11-20 10:00:01"), None);
    assert_eq!(apart("Nov 20 10:00:01", "2026-11-20 10:00:01"), None);
}

proptest! {
    #[test]
    fn any_bytes_are_survived(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let stamps = [find(&bytes), value(&bytes)];
        for stamp in stamps.into_iter().flatten() {
            prop_assert!(stamp.span.start < stamp.span.end && stamp.span.end <= bytes.len());
        }
        let _ = time_of_day(&bytes);
    }

    #[test]
    fn texts_that_nearly_are_stamps_are_survived(
        text in "[\\[\" <]{0,2}[0-9]{1,5}[-/:. 年月]?([0-9NovFri]{1,4}[-/:. ,T日]?){0,7}[+Z -]?[0-9:]{0,5}"
    ) {
        let _ = (find(text.as_bytes()), value(text.as_bytes()), time_of_day(text.as_bytes()));
    }

    #[test]
    fn a_stamp_leads_where_one_is_found_within_the_first_two_bytes(
        text in "[\\[\"'<(| x\\n]{0,3}(2026-11-2|20/|Nov |11-|E1120|1795172401|Date: |ts=|<1>|INFO )?[0-9 :.,Z/\"Nov-]{0,16}"
    ) {
        let found = find(text.as_bytes()).is_some_and(|stamp| stamp.span.start <= 1);
        prop_assert_eq!(leads(text.as_bytes()), found);
    }

    #[test]
    fn rfc_3339_is_read_as_chrono_reads_it(
        seconds in 0i64..4_000_000_000, nanosecond in 0u32..1_000_000_000, minutes in -720i32..840
    ) {
        let offset = FixedOffset::east_opt(minutes * 60).expect("within a day");
        let at = DateTime::from_timestamp(seconds, nanosecond)
            .expect("in range")
            .with_timezone(&offset);
        let stamp = find(at.to_rfc3339().as_bytes()).expect("a stamp");
        prop_assert_eq!(stamp.instant(), Some(at));
        prop_assert_eq!(Zone::UTC.at(&stamp, DateTime::UNIX_EPOCH), Some(at));
    }
}

#[test]
fn a_zone_s_name_behind_its_offset_stands_apart() {
    check(
        "2026-11-20 10:00:01 +0800 CST x",
        "2026-11-20T10:00:01+08:00 from `2026-11-20 10:00:01 +0800 CST`",
    );
    check(
        "2026-11-20 10:00:01 +0800CST x",
        "2026-11-20T10:00:01+08:00 from `2026-11-20 10:00:01 +0800`",
    );
}

#[test]
fn names_of_days_and_months_are_read_up_to_their_longest() {
    check(
        "Wednesday, 16 September 2026 10:00:01 x",
        "2026-09-16T10:00:01 from `Wednesday, 16 September 2026 10:00:01`",
    );
    check(
        "September 16, 2026 10:00:01 x",
        "2026-09-16T10:00:01 from `September 16, 2026 10:00:01`",
    );
    check("Septembers 16, 2026 10:00:01 x", "none");
}

#[test]
fn what_go_prints_behind_a_time_is_a_part_of_it_only_if_it_is_whole() {
    let stamp = "2026-11-20T10:00:01+08:00 from `2026-11-20 10:00:01 +0800`";
    check_value("2026-11-20 10:00:01 +0800 (CST)", stamp);
    check_value("2026-11-20 10:00:01 +0800 (CST", "none");
    check_value("2026-11-20 10:00:01 +0800 CST)", "none");
}
