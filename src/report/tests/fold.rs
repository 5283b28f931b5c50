//! What the fold keeps of a code beside its counts.

use super::{settings, summary};
use crate::report::{Limits, Report, Settings};
use crate::zone::Zone;

fn report(occurrences: &str) -> Report {
    summary(settings(), occurrences).finish()
}

fn sample_lines(report: &Report) -> (u64, Vec<u64>) {
    let code = &report.codes[0];
    let first = code.sample.as_ref().unwrap().place.line;
    (first, code.samples.iter().map(|sample| sample.place.line).collect())
}

/// Three pairs of cause and API, each twice.
const PAIRS: &str = r#"{"code": "AIS.0101", "line": 1, "api": "id-card", "sample": "one"}
    {"code": "AIS.0101", "line": 2, "api": "id-card", "sample": "two"}
    {"code": "AIS.0101", "line": 3, "api": "passport", "repeat": true, "sample": "three"}
    {"code": "AIS.0101", "line": 4, "api": "passport", "sample": "four"}
    {"code": "AIS.0101", "line": 5, "api": "passport", "sample": "five"}
    {"code": "AIS.0101", "line": 6, "cause": "c", "api": "passport", "sample": "six"}
    {"code": "AIS.0101", "line": 7, "cause": "c", "api": "passport", "sample": "seven"}
    {"code": "AIS.0101", "line": 8, "api": "vat-invoice", "sample": "eight"}"#;

#[test]
fn the_first_event_of_each_further_cause_and_api_is_a_sample() {
    let report = report(PAIRS);
    assert_eq!(sample_lines(&report), (1, vec![4, 6]));
    assert_eq!(&*report.codes[0].samples[1].text, "six");
    let limits = Limits { samples_max: 0, ..Limits::default() };
    let none = summary(Settings { limits, ..settings() }, PAIRS).finish();
    assert_eq!(sample_lines(&none), (1, vec![]));
}

#[test]
fn a_printed_code_takes_the_place_of_an_inferred_one_and_is_no_further_sample() {
    let report = report(
        r#"{"code": "AIS.0101", "line": 1, "inferred": true}
           {"code": "AIS.0101", "line": 2, "api": "id-card"}
           {"code": "AIS.0101", "line": 3, "api": "passport"}"#,
    );
    assert_eq!(sample_lines(&report), (2, vec![3]));
}

#[test]
fn the_latest_event_is_the_last_by_time_and_of_equal_times_the_last_read() {
    let latest = |occurrences: &str| report(occurrences).codes[0].latest.clone().unwrap();
    let place = latest(
        r#"{"code": "AIS.0101", "file": "a", "line": 1, "at": "2022-11-03T08:00:00Z"}
           {"code": "AIS.0101", "file": "b", "line": 2, "at": "2022-11-03T10:00:00Z"}
           {"code": "AIS.0101", "file": "b", "line": 3, "at": "2022-11-03T12:00:00+02:00"}
           {"code": "AIS.0101", "file": "a", "line": 4, "at": "2022-11-03T09:00:00Z"}
           {"code": "AIS.0101", "file": "a", "line": 5, "at": "2022-11-03T11:00:00Z", "repeat": true}
           {"code": "AIS.0101", "file": "a", "line": 6}"#,
    );
    assert_eq!(place.to_string(), "b:3");
    let undated =
        latest("{\"code\": \"AIS.0101\", \"line\": 1}\n{\"code\": \"AIS.0101\", \"line\": 2}");
    assert_eq!(undated.line, 2);
}

#[test]
fn hours_count_events_in_the_zone_that_is_shown() {
    let occurrences = r#"{"code": "AIS.0101", "at": "2022-11-03T08:10:00+08:00"}
        {"code": "AIS.0101", "at": "2022-11-04T08:20:00+08:00", "inferred": true}
        {"code": "AIS.0101", "at": "2022-11-04T08:20:00+08:00", "repeat": true}
        {"code": "APIG.0301", "at": "2022-11-03T23:59:59+08:00"}
        {"code": "APIG.0301"}"#;
    let hours = |report: &Report| {
        let shown = |counts: &[u64; 24]| {
            let counts = counts.iter().enumerate().filter(|&(_, &count)| count > 0);
            counts.map(|(hour, count)| format!("{hour}h {count}")).collect::<Vec<_>>().join(", ")
        };
        let modules = report.modules.iter().map(|module| shown(module.hours.counts()));
        std::iter::once(shown(report.hours.counts())).chain(modules).collect::<Vec<_>>()
    };
    let as_logged = report(occurrences);
    assert_eq!(hours(&as_logged), ["8h 2, 23h 1", "23h 1", "8h 2"]);
    let zone = Zone::parse("UTC").ok();
    let elsewhere = summary(Settings { zone, ..settings() }, occurrences).finish();
    assert_eq!(hours(&elsewhere), ["0h 2, 15h 1", "15h 1", "0h 2"]);
}
