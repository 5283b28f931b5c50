use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeDelta};

use super::*;
use crate::report::settings::{Filters, InputFacts, Settings};
use crate::report::tests::occurrence;
use crate::report::{Report, Summary, json};

fn at(text: &str) -> DateTime<FixedOffset> {
    DateTime::parse_from_rfc3339(text).unwrap()
}

fn catalogue() -> Arc<Catalogue> {
    Arc::new(Catalogue::embedded())
}

/// What is read of a log that begins at an instant and goes on for so many minutes.
fn facts(first: &str, minutes: i64) -> InputFacts {
    let first_at = at(first);
    InputFacts {
        name: "app.log".into(),
        bytes: 1,
        first_at: Some(first_at),
        last_at: Some(first_at + TimeDelta::minutes(minutes)),
        ..InputFacts::default()
    }
}

fn coded(code: &str) -> String {
    format!(r#"{{"code": "{code}", "at": "2022-11-03T08:00:00Z"}}"#)
}

/// A report on these codes, so often each, over so many minutes.
fn report(counts: &[(&str, u64)], minutes: i64, before: Option<Before>) -> Report {
    let mut summary = Summary::new(Settings::new(catalogue()));
    for (code, count) in counts {
        (0..*count).for_each(|_| summary.add(&occurrence(&coded(code))));
    }
    summary.input_read(facts("2022-11-03T08:00:00Z", minutes));
    if let Some(before) = before {
        summary.compare_with(before);
    }
    summary.finish()
}

fn before(counts: &[(&str, u64)], minutes: i64) -> Before {
    let mut before = Before::of_logs("old.log", catalogue());
    for (code, count) in counts {
        (0..*count).for_each(|_| before.add(&occurrence(&coded(code))));
    }
    before.input_read(&facts("2022-11-02T08:00:00Z", minutes));
    before
}

fn changes(report: &Report) -> Vec<String> {
    let baseline = report.baseline.as_ref().unwrap();
    let changes = baseline.codes.iter();
    changes
        .map(|change| {
            let CodeChange { code, status, before, after, .. } = change;
            format!("{code} {} {before} {after}", status.name())
        })
        .collect()
}

#[track_caller]
fn check(before: u64, after: u64, length_ratio: f64, expected: Status) {
    let found = Status::of(before, after, length_ratio);
    assert_eq!(found, expected, "{before} then, {after} now, {length_ratio} times as long");
}

#[test]
fn twice_as_often_is_risen_if_it_is_more_than_chance() {
    check(10, 30, 1.0, Status::Risen);
    check(10, 19, 1.0, Status::Steady);
    check(1, 2, 1.0, Status::Steady);
    check(1, 6, 1.0, Status::Steady);
    check(1, 7, 1.0, Status::Risen);
    check(1000, 1999, 1.0, Status::Steady);
    check(1000, 2000, 1.0, Status::Risen);
}

#[test]
fn half_as_often_is_fallen_if_it_is_more_than_chance() {
    check(30, 10, 1.0, Status::Fallen);
    check(30, 16, 1.0, Status::Steady);
    check(4, 1, 1.0, Status::Steady);
    check(2000, 1000, 1.0, Status::Fallen);
    check(2000, 1001, 1.0, Status::Steady);
}

#[test]
fn counts_of_different_lengths_of_time_are_compared_as_rates() {
    // A day before, an hour now.
    check(240, 10, 1.0 / 24.0, Status::Steady);
    check(240, 240, 1.0 / 24.0, Status::Risen);
    check(10, 240, 24.0, Status::Steady);
    check(240, 240, 24.0, Status::Fallen);
    // One in an hour says little about a day.
    check(1, 70, 24.0, Status::Steady);
}

#[test]
fn what_was_never_there_is_new_and_what_is_no_longer_there_is_gone() {
    check(0, 1, 1.0, Status::New);
    check(1, 0, 1.0, Status::Gone);
    check(1, 0, 0.001, Status::Gone);
    check(u64::MAX, u64::MAX, 1.0, Status::Steady);
}

#[test]
fn codes_stand_by_what_became_of_them_and_then_by_how_much() {
    let old = before(&[("AIS.0101", 2), ("AIS.0102", 9), ("AIS.0103", 3), ("AIS.0104", 5)], 60);
    let now = [("AIS.0101", 20), ("AIS.0104", 5), ("APIG.0301", 1), ("APIG.0308", 4)];
    let report = report(&now, 60, Some(old));
    assert_eq!(
        changes(&report),
        [
            "APIG.0308 new 0 4",
            "APIG.0301 new 0 1",
            "AIS.0102 gone 9 0",
            "AIS.0103 gone 3 0",
            "AIS.0101 risen 2 20",
            "AIS.0104 steady 5 5",
        ]
    );
    let baseline = report.baseline.unwrap();
    assert_eq!((baseline.events, baseline.length_ratio), (19, Some(1.0)));
    // Only what the report tells nothing of has its documented message here.
    let told = baseline.codes.iter().filter(|change| change.message.is_some());
    assert_eq!(told.map(|change| change.status).collect::<Vec<_>>(), [Status::Gone; 2]);
}

#[test]
fn codes_beyond_top_are_compared_too() {
    let settings = Settings { top: Some(1), ..Settings::new(catalogue()) };
    let mut summary = Summary::new(settings);
    for code in ["AIS.0101", "AIS.0101", "AIS.0102"] {
        summary.add(&occurrence(&coded(code)));
    }
    summary.compare_with(before(&[("AIS.0102", 1)], 60));
    assert_eq!(changes(&summary.finish()), ["AIS.0101 new 0 2", "AIS.0102 steady 1 1"]);
}

#[test]
fn without_a_length_of_time_counts_are_compared() {
    let report = report(&[("AIS.0101", 30)], 0, Some(before(&[("AIS.0101", 10)], 60)));
    assert_eq!(changes(&report), ["AIS.0101 risen 10 30"]);
    assert_eq!(report.baseline.unwrap().codes[0].expected, None);
}

#[test]
fn where_nothing_was_read_nothing_is_compared() {
    let now = [("AIS.0101", 3)];
    let empty = Before::of_logs("old.log", catalogue());
    let compared = report(&now, 60, Some(empty));
    assert!(changes(&compared).is_empty() && !compared.baseline.unwrap().is_known);
    // The logs do not reach back to the period.
    let (from, until) = (at("2022-11-01T00:00:00Z"), at("2022-11-02T00:00:00Z"));
    let period = Before::of_period("14d..7d", from, until, catalogue());
    let compared = report(&now, 60, Some(period));
    assert!(changes(&compared).is_empty() && !compared.baseline.unwrap().is_known);
}

#[test]
fn of_a_period_counts_what_the_logs_reach_back_to() {
    let (from, until) = (at("2022-11-01T00:00:00Z"), at("2022-11-03T08:30:00Z"));
    let mut period = Before::of_period("..", from, until, catalogue());
    period.add(&occurrence(&coded("AIS.0101")));
    let filters = Filters { since: Some(until), ..Filters::default() };
    let mut summary = Summary::new(Settings { filters, ..Settings::new(catalogue()) });
    summary.compare_with(period);
    summary.input_read(facts("2022-11-03T08:00:00Z", 60));
    let baseline = summary.finish().baseline.unwrap();
    let range = baseline.range.unwrap();
    assert_eq!((range.first_at, range.last_at), (at("2022-11-03T08:00:00Z"), until));
    assert_eq!(baseline.length_ratio, Some(1.0));
}

#[test]
fn a_repeat_is_no_error_of_before_and_an_undated_error_is_one() {
    let mut old = before(&[], 60);
    old.add(&occurrence(r#"{"code": "AIS.0101", "repeat": true}"#));
    old.add(&occurrence(r#"{"code": "AIS.0101", "inferred": true}"#));
    let baseline = report(&[], 60, Some(old)).baseline.unwrap();
    assert_eq!((baseline.events, baseline.without_time), (1, 1));
}

#[test]
fn made_up_codes_of_before_find_room_up_to_the_limit_and_documented_ones_always() {
    let mut old = before(&[], 60);
    for number in 0..2000 {
        old.add(&occurrence(&coded(&format!("AIS.{}", 10_000 + number))));
    }
    old.add(&occurrence(&coded("AIS.0101")));
    let baseline = report(&[], 60, Some(old)).baseline.unwrap();
    assert_eq!((baseline.codes.len(), baseline.left_out), (513, 2000 - 512));
    assert_eq!(baseline.events, 2001);
}

fn saved(report: &Report) -> String {
    let mut out = Vec::new();
    json::write(&mut out, report).unwrap();
    String::from_utf8(out).unwrap()
}

fn of_saved(text: &str) -> Before {
    let saved = Saved::parse(&schema_of(text.as_bytes()).unwrap(), text.as_bytes()).unwrap();
    Before::of_saved("old.json", saved, |module, _| module == Module::Ocr, catalogue())
}

#[test]
fn a_saved_report_compares_as_its_log_does() {
    let then = [("AIS.0101", 2), ("AIS.0102", 9), ("APIG.0301", 3)];
    let text = saved(&report(&then, 60, None));
    let now = [("AIS.0101", 20)];
    let compared = report(&now, 60, Some(of_saved(&text)));
    // APIG is not wanted.
    assert_eq!(changes(&compared), ["AIS.0102 gone 9 0", "AIS.0101 risen 2 20"]);
    let range = compared.baseline.unwrap().range.unwrap();
    assert_eq!(range.first_at, at("2022-11-03T08:00:00Z"));
    assert_eq!(range.span(), TimeDelta::hours(1));
}

#[test]
fn a_report_is_known_by_its_schema_however_it_is_laid_out() {
    let text = saved(&report(&[("AIS.0101", 1)], 60, None));
    let value: serde_json::Value = serde_json::from_str(&text).unwrap();
    let schema = |text: &str| schema_of(text.as_bytes());
    let report = Some(json::SCHEMA.to_owned());
    assert_eq!(schema(&text), report);
    assert_eq!(schema(&format!("{value:#}")), report);
    // Cut off, it is still no log.
    assert_eq!(schema(&text[..text.len() / 2]), report);
    // The keys in another order, in which `alerts` would come first.
    assert_eq!(schema(r#"{"inputs": {}, "schema": "ocrwatch.report/1"}"#), report);
    for log in [
        "",
        "2022-11-03 08:00:00 ERROR AIS.0101",
        r#"{"level": "error", "code": "AIS.0101"}"#,
        r#"{"schema": "ecs/1", "message": "AIS.0101"}"#,
        "{\"a\": 1, \"schema\": \"ocrwatch.x/1\"}\n{\"a\": 2, \"schema\": \"ocrwatch.x/1\"}\n",
    ] {
        assert_eq!(schema(log), None, "{log}");
    }
}

#[test]
fn what_is_no_report_says_why() {
    let parse = |schema: &str, text: &str| Saved::parse(schema, text.as_bytes()).unwrap_err();
    let other = "ocrwatch.report/2";
    assert_eq!(parse(other, "{}"), NotAReport::OtherSchema(other.to_owned()));
    let NotAReport::Broken(why) = parse(json::SCHEMA, "{\"schema\": \"ocrwatch.report/1\"") else {
        panic!("it ends early")
    };
    assert!(why.contains("EOF"), "{why}");
}

#[test]
fn a_saved_report_that_lacks_codes_is_told_from_one_that_has_them() {
    let filters = |modules: &[Module], codes: &[&str]| Filters {
        modules: modules.into(),
        codes: codes.iter().map(|&code| code.into()).collect(),
        ..Filters::default()
    };
    let of = |settings: Settings| {
        let mut summary = Summary::new(settings);
        for code in ["AIS.0101", "AIS.0102"] {
            summary.add(&occurrence(&coded(code)));
        }
        Saved::parse(json::SCHEMA, saved(&summary.finish()).as_bytes()).unwrap()
    };
    let settings = || Settings::new(catalogue());
    let all = of(settings());
    assert_eq!(all.limited(&filters(&[], &[])), None);
    assert_eq!(all.limited(&filters(&[Module::Ocr], &["AIS.*"])), None);
    let top = of(Settings { top: Some(1), ..settings() });
    assert_eq!(top.limited(&filters(&[], &[])), Some(Limited::Top(1)));
    let ocr = of(Settings { filters: filters(&[Module::Ocr], &["AIS.*"]), ..settings() });
    assert_eq!(ocr.limited(&filters(&[Module::Ocr], &["AIS.*"])), None);
    assert_eq!(
        ocr.limited(&filters(&[Module::Ocr], &[])),
        Some(Limited::Filters(vec!["--code AIS.*".to_owned()]))
    );
}
