use proptest::prelude::*;
use proptest::sample;

use super::*;
use crate::extract::timestamp::{find, time_of_day};

fn utc(text: &str) -> DateTime<Utc> {
    text.parse().expect("the test's own instant")
}

#[track_caller]
fn check_at(zone: &str, line: &str, reference: &str, expected: &str) {
    let stamp = find(line.as_bytes()).expect("the test's line has a stamp");
    let zone = Zone::parse(zone).expect("the test's zone");
    let at = zone.at(&stamp, utc(reference)).map(|at| at.to_rfc3339());
    assert_eq!(at.as_deref(), Some(expected), "{line:?} in {zone}");
}

#[test]
fn the_lines_own_offset_beats_the_readers_zone() {
    let now = "2026-11-21T00:00:00Z";
    check_at("Asia/Shanghai", "2026-11-20 10:00:01 x", now, "2026-11-20T10:00:01+08:00");
    check_at("Asia/Shanghai", "2026-11-20T10:00:01Z x", now, "2026-11-20T10:00:01+00:00");
    check_at("-03:30", "2026-11-20 10:00:01 x", now, "2026-11-20T10:00:01-03:30");
}

#[test]
fn a_skipped_hour_moves_forward_and_a_doubled_one_is_its_first() {
    let now = "2026-12-01T00:00:00Z";
    check_at("Europe/Berlin", "2026-03-29 02:30:00 x", now, "2026-03-29T03:30:00+02:00");
    check_at("Europe/Berlin", "2026-10-25 02:30:00 x", now, "2026-10-25T02:30:00+02:00");
    check_at("America/New_York", "2026-11-01 01:30:00 x", now, "2026-11-01T01:30:00-04:00");
    check_at("Australia/Lord_Howe", "2026-10-04 02:15:00 x", now, "2026-10-04T02:45:00+11:00");
    check_at("Pacific/Apia", "2011-12-30 12:00:00 x", now, "2011-12-31T12:00:00+14:00");
}

#[test]
fn a_missing_year_is_the_latest_that_is_not_more_than_a_day_ahead() {
    let line = |date: &str| format!("{date} host app: x");
    check_at("UTC", &line("Dec 31 23:59:59"), "2027-01-01T00:00:10Z", "2026-12-31T23:59:59+00:00");
    check_at("UTC", &line("Jan  1 00:00:10"), "2026-12-31T23:59:59Z", "2027-01-01T00:00:10+00:00");
    check_at("UTC", &line("Jan  2 00:00:10"), "2026-12-31T23:59:59Z", "2026-01-02T00:00:10+00:00");
    check_at("UTC", &line("Nov 20 10:00:01"), "2026-11-23T00:00:00Z", "2026-11-20T10:00:01+00:00");
    check_at("UTC", &line("Nov 25 10:00:01"), "2026-11-23T00:00:00Z", "2025-11-25T10:00:01+00:00");
    check_at(
        "Asia/Shanghai",
        &line("Jan  1 07:00:00"),
        "2026-12-31T23:00:00Z",
        "2027-01-01T07:00:00+08:00",
    );
    // One day ahead at most.
    check_at("UTC", &line("Nov 24 10:00:01"), "2026-11-23T10:00:01Z", "2026-11-24T10:00:01+00:00");
    check_at("UTC", &line("Nov 24 10:00:02"), "2026-11-23T10:00:01Z", "2025-11-24T10:00:02+00:00");
    check_at("UTC", &line("Feb 29 10:00:01"), "2026-11-23T00:00:00Z", "2024-02-29T10:00:01+00:00");
    check_at("UTC", &line("Feb 29 10:00:01"), "2028-02-28T12:00:00Z", "2028-02-29T10:00:01+00:00");
    check_at("UTC", &line("Feb 29 10:00:01"), "2103-02-28T12:00:00Z", "2096-02-29T10:00:01+00:00");
}

#[test]
fn a_time_of_day_takes_the_date_nearest_to_its_envelope() {
    let at = |line: &str, near: &str| {
        let time = time_of_day(line.as_bytes()).expect("the test's line has a time");
        let zone = Zone::parse("Asia/Shanghai").expect("a known zone");
        zone.at_time_of_day(&time, utc(near)).map(|at| at.to_rfc3339())
    };
    let near_midnight = at("23:59:59.999 [main] x", "2026-11-20T16:00:00.001Z");
    assert_eq!(near_midnight.as_deref(), Some("2026-11-20T23:59:59.999+08:00"));
    let next_day = at("00:00:00.001 [main] x", "2026-11-20T15:59:59.999Z");
    assert_eq!(next_day.as_deref(), Some("2026-11-21T00:00:00.001+08:00"));
    let own_offset = at("02:00:01Z x", "2026-11-20T02:00:01Z");
    assert_eq!(own_offset.as_deref(), Some("2026-11-20T02:00:01+00:00"));
}

proptest! {
    #[test]
    fn any_local_time_has_an_instant_in_every_zone(
        seconds in 0i64..4_000_000_000, name in sample::select(Zone::names().collect::<Vec<_>>())
    ) {
        let zone = Zone::parse(&name).expect("its own name");
        let local = DateTime::from_timestamp(seconds, 0).expect("in range").naive_utc();
        let stamp = find(local.to_string().as_bytes()).expect("a stamp");
        prop_assert!(zone.at(&stamp, DateTime::UNIX_EPOCH).is_some());
    }
}
