//! What is counted as what, in which order codes stand, and in which zone their times.

use chrono::DateTime;

use super::{day, occurrence, on_terminal, settings, summary};
use crate::report::{Counts, FailOn, Settings, Style, Summary, Value};
use crate::zone::Zone;

#[test]
fn repeats_and_inferred_occurrences_are_counted_apart() {
    let report = summary(
        settings(),
        r#"{"code": "AIS.0101", "request_id": "a", "at": "2022-11-03T08:00:00Z"}
           {"code": "AIS.0101", "request_id": "b", "at": "2022-11-03T09:00:00Z", "repeat": true, "exception": "SdkError"}
           {"code": "AIS.0101", "inferred": true, "at": "2022-11-03T07:00:00Z"}
           {"code": "AIS.0102", "repeat": true}"#,
    )
    .finish();
    let counts = Counts { occurrences: 1, inferred: 1, repeats: 2 };
    assert_eq!(report.totals.counts, counts);
    let code = &report.codes[0];
    assert_eq!(code.counts, Counts { repeats: 1, ..counts });
    // A repeat brings names, but neither times nor counts.
    assert_eq!(code.request_ids.in_order().collect::<Vec<_>>(), ["a", "b"]);
    assert_eq!(code.fields.exceptions.values, [Value { value: "SdkError".into(), count: 0 }]);
    assert_eq!(code.seen.unwrap().span(), chrono::TimeDelta::hours(1));
    let grid = report.grid.unwrap();
    assert_eq!(code.timeline.occurrences.dense(&grid).sum::<u64>(), 1);
    assert_eq!(code.timeline.inferred.dense(&grid).sum::<u64>(), 1);
    assert_eq!(report.codes[1].counts, Counts { repeats: 1, ..Counts::default() });
    assert!(on_terminal(&report, Style::PLAIN).contains("AIS.0102 · OCR · only repeats"));
}

#[test]
fn codes_stand_by_count_then_severity_then_code() {
    let report = summary(
        settings(),
        r#"{"code": "AIS.0102"}
           {"code": "ModelArts.4402"}
           {"code": "ModelArts.4204"}
           {"code": "AIS.0101"}
           {"code": "AIS.0104"}
           {"code": "AIS.0104"}"#,
    )
    .finish();
    let codes: Vec<_> = report.codes.iter().map(|code| &*code.code).collect();
    assert_eq!(codes, ["AIS.0104", "ModelArts.4204", "ModelArts.4402", "AIS.0101", "AIS.0102"]);
}

#[test]
fn times_are_shown_in_the_zone_of_the_settings() {
    let line = r#"{"code": "AIS.0101", "at": "2022-11-03T08:00:00+08:00"}"#;
    let shown = |zone| {
        let report = summary(Settings { zone, ..settings() }, line).finish();
        report.codes[0].seen.unwrap().first_at.to_rfc3339()
    };
    assert_eq!(shown(None), "2022-11-03T08:00:00+08:00");
    assert_eq!(shown(Zone::parse("Europe/Berlin").ok()), "2022-11-03T01:00:00+01:00");
    assert_eq!(shown(Zone::parse("-01:00").ok()), "2022-11-02T23:00:00-01:00");
}

#[test]
fn a_failure_is_of_the_named_code_or_at_least_the_named_severity() {
    let failures = |fail_on: &str| {
        let fail_on = vec![fail_on.parse().unwrap()];
        summary(Settings { fail_on, ..settings() }, &day()).finish().failures
    };
    assert_eq!(failures("critical"), 16);
    assert_eq!(failures("warning"), 16 + 18);
    // Inferred ones fail too, repeats do not.
    assert_eq!(failures("info"), 76 + 4);
    assert_eq!(failures("APIG.0301"), 17);
    assert_eq!(failures("AIS.0105"), 0);
    assert!("fatal".parse::<FailOn>().is_err());
}

#[test]
fn a_year_of_five_digits_is_no_time() {
    let mut found = occurrence(r#"{"code": "AIS.0101"}"#);
    found.at = Some(DateTime::<chrono::Utc>::MAX_UTC.fixed_offset());
    let mut summary = Summary::new(settings());
    summary.add(&found);
    let report = summary.finish();
    assert_eq!(report.totals.without_time, 1);
    assert!(report.grid.is_none());
}
