//! Occurrences in, text out: every writer against a golden file.
//!
//! `OCRWATCH_BLESS=1 cargo test report` writes the golden files anew; read the difference.

mod counted;
mod fold;
mod hostile;
mod limits;
mod mail;
mod page;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::DateTime;
use serde_json::Value;

use super::baseline::Before;
use super::*;
use crate::catalogue::Catalogue;
use crate::occurrence::{Module, Occurrence, Place};
use crate::zone::Zone;

/// An occurrence from the keys of `extract`, and `sample`.
pub(super) fn occurrence(line: &str) -> Occurrence {
    let value: Value = serde_json::from_str(line).unwrap();
    let text = |key: &str| value.get(key).and_then(Value::as_str);
    let boxed = |key: &str| text(key).map(Into::into);
    let number = |key: &str| value.get(key).and_then(Value::as_u64);
    let flag = |key: &str| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    let code = text("code").unwrap_or("AIS.0101");
    Occurrence {
        place: Place {
            file: text("file").unwrap_or("app.log").into(),
            line: number("line").unwrap_or(1),
            offset: number("offset").unwrap_or(0),
        },
        at: text("at").map(|at| DateTime::parse_from_rfc3339(at).unwrap()),
        module: Module::of_code(code).unwrap_or(Module::Ocr),
        code: code.into(),
        cause: text("cause").map(Into::into),
        message: boxed("message"),
        request_id: boxed("request_id"),
        http_status: number("http_status").and_then(|status| status.try_into().ok()),
        api: boxed("api"),
        region: boxed("region"),
        project: boxed("project"),
        host: boxed("host"),
        access_key: boxed("access_key"),
        exception: boxed("exception"),
        limit: number("limit"),
        period: boxed("period"),
        inferred: flag("inferred"),
        repeat: flag("repeat"),
        sample: text("sample").unwrap_or_default().into(),
    }
}

fn settings() -> Settings {
    Settings::new(Arc::new(Catalogue::embedded()))
}

fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/report").join(name)
}

/// A working day of a scanning service.
fn day() -> String {
    std::fs::read_to_string(data("day.jsonl")).unwrap()
}

fn summary(settings: Settings, occurrences: &str) -> Summary {
    let mut summary = Summary::new(settings);
    for line in occurrences.lines() {
        summary.add(&occurrence(line));
    }
    summary
}

fn app_log() -> InputFacts {
    let at = |text| DateTime::parse_from_rfc3339(text).ok();
    InputFacts {
        name: "/var/log/scan/app.log".into(),
        bytes: 1_302_544,
        lines: 18_402,
        first_at: at("2022-11-03T08:00:01+08:00"),
        last_at: at("2022-11-03T17:59:58+08:00"),
        ..InputFacts::default()
    }
}

/// The day before: half as long, with less of some codes, more of others, and one that is gone.
fn day_before() -> Before {
    let mut before = Before::of_logs("/var/log/scan/app.log.1", Arc::new(Catalogue::embedded()));
    for line in day().lines() {
        let found = occurrence(line);
        let times = match &*found.code {
            "AIS.0104" if !found.place.line.is_multiple_of(8) => 0,
            "APIG.0308" => 5,
            "ModelArts.4204" | "AIS.0101" => 0,
            _ => 1,
        };
        (0..times).for_each(|_| before.add(&found));
    }
    for _ in 0..7 {
        before.add(&occurrence(r#"{"code": "AIS.0502"}"#));
    }
    let at = |text| DateTime::parse_from_rfc3339(text).ok();
    before.input_read(&InputFacts {
        bytes: 700_000,
        first_at: at("2022-11-02T12:00:00+08:00"),
        last_at: at("2022-11-02T17:00:00+08:00"),
        ..InputFacts::default()
    });
    before
}

fn day_report(settings: Settings) -> Report {
    day_summary(settings).finish()
}

fn day_compared(settings: Settings) -> Report {
    let mut summary = day_summary(settings);
    summary.compare_with(day_before());
    summary.finish()
}

fn day_summary(settings: Settings) -> Summary {
    let mut summary = summary(settings, &day());
    summary.input_read(app_log());
    summary.input_read(InputFacts {
        name: "/var/log/scan/worker-2.log".into(),
        bytes: 88_412,
        lines: 1_207,
        times_unreadable: 3,
        ..InputFacts::default()
    });
    summary.input_read(InputFacts {
        name: "/var/log/scan/app.log.2.gz".into(),
        bytes: 65_536,
        lines: 901,
        problem: Some("the compressed data ends early; everything up to there was read".into()),
        ..InputFacts::default()
    });
    summary
}

type Writer<'w> = &'w dyn Fn(&mut dyn io::Write, &Report) -> io::Result<()>;

fn written(report: &Report, write: Writer<'_>) -> String {
    let mut out = Vec::new();
    write(&mut out, report).unwrap();
    String::from_utf8(out).unwrap()
}

fn on_terminal(report: &Report, style: Style) -> String {
    written(report, &|out, report| terminal::write(out, report, style))
}

/// Compares with a golden file; shows the first line that differs.
#[track_caller]
fn check(name: &str, found: &str) {
    let path = data(name);
    if std::env::var_os("OCRWATCH_BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    if found == expected {
        return;
    }
    let mut lines = found.split('\n').zip(expected.split('\n')).enumerate();
    let differing = lines.find(|(_, (found, expected))| found != expected);
    let (at, (found_line, expected_line)) =
        differing.unwrap_or((0, ("(one of them is longer)", "(the beginning is the same)")));
    panic!(
        "{name} line {}:\n  expected {expected_line:?}\n  found    {found_line:?}\n\
         (OCRWATCH_BLESS=1 accepts what was found)\n\n{found}",
        at + 1
    );
}

fn style(width_columns: usize) -> Style {
    Style { width_columns, ..Style::PLAIN }
}

#[test]
fn a_day_at_80_columns() {
    check("day-80.txt", &on_terminal(&day_report(settings()), style(80)));
}

#[test]
fn a_day_at_40_columns() {
    check("day-40.txt", &on_terminal(&day_report(settings()), style(40)));
}

#[test]
fn a_day_at_200_columns() {
    check("day-200.txt", &on_terminal(&day_report(settings()), style(200)));
}

/// The page up to the first code's section: the rest is that of the day.
fn above_sections(page: &str) -> &str {
    page.find("\nAIS.0104 ·").map_or(page, |at| &page[..=at])
}

#[test]
fn a_day_against_the_one_before() {
    let report = day_compared(settings());
    let pages = [40, 80, 160].map(|width| {
        let page = on_terminal(&report, style(width));
        above_sections(&page).to_owned()
    });
    check("baseline.txt", &pages.join("--\n"));
    let page = written(&report, &markdown::write);
    let section = page.split("\n## ").find(|section| section.starts_with("Against"));
    check("baseline.md", section.unwrap_or_default());
    let value: Value = serde_json::from_str(&written(&report, &json::write)).unwrap();
    check("baseline.json", &format!("{:#}\n", value["baseline"]));
}

#[test]
fn a_day_at_160_columns_in_colour() {
    let style = Style { color: true, ..style(160) };
    check("day-160-colour.txt", &on_terminal(&day_report(settings()), style));
}

#[test]
fn a_day_without_utf8() {
    let style = Style { unicode: false, ..style(100) };
    let page = on_terminal(&day_report(settings()), style);
    assert!(page.is_ascii());
    check("day-100-ascii.txt", &page);
}

#[test]
fn a_day_in_markdown() {
    check("day.md", &written(&day_report(settings()), &markdown::write));
}

#[test]
fn a_day_in_csv() {
    check("day.csv", &written(&day_report(settings()), &csv::write));
}

#[test]
fn a_day_in_json() {
    let text = written(&day_report(settings()), &json::write);
    let value: Value = serde_json::from_str(&text).unwrap();
    // One line is what the program writes; a golden file is for reading.
    check("day.json", &format!("{value:#}\n"));
}

#[test]
fn jsonl_has_the_keys_of_extract() {
    let mut out = Vec::new();
    let zone = Zone::UTC;
    for line in day().lines().skip(40).take(2) {
        jsonl::write(&mut out, &occurrence(line), None).unwrap();
        jsonl::write(&mut out, &occurrence(line), Some(zone)).unwrap();
    }
    let undated = occurrence(r#"{"code": "AIS.0103"}"#);
    jsonl::write(&mut out, &undated, Some(zone)).unwrap();
    check("day.jsonl.txt", &String::from_utf8(out).unwrap());
}

#[test]
fn codes_explained() {
    let catalogue = Catalogue::embedded();
    let codes = ["APIG.0301", "AIS.0104", "APIGW.0201", "ModelArts.6201"];
    let entries: Vec<_> = codes.iter().filter_map(|code| catalogue.entry(code)).collect();
    let mut out = Vec::new();
    explain::write(&mut out, &catalogue, &entries, style(80)).unwrap();
    check("explain-80.txt", &String::from_utf8(out).unwrap());
    let mut out = Vec::new();
    json::write_entries(&mut out, &entries).unwrap();
    let value: Value = serde_json::from_slice(&out).unwrap();
    let found: Vec<_> =
        value.as_array().unwrap().iter().filter_map(|entry| entry["code"].as_str()).collect();
    assert_eq!(found, codes);
}

#[test]
fn an_empty_report_says_what_was_read_and_looked_for() {
    let nothing_read = Summary::new(settings()).finish();
    let mut clean = Summary::new(settings());
    clean.input_read(app_log());
    let clean = clean.finish();
    let filters = Filters {
        since: DateTime::parse_from_rfc3339("2022-11-03T12:00:00+08:00").ok(),
        modules: vec![Module::Apig],
        codes: vec!["APIG.0301".into()],
        ..Filters::default()
    };
    let mut filtered = Summary::new(Settings { filters, ..settings() });
    filtered.input_read(app_log());
    filtered.filtered_out();
    let filtered = filtered.finish();
    let pages: Vec<_> = [nothing_read, clean, filtered]
        .iter()
        .flat_map(|report| [on_terminal(report, style(80)), written(report, &markdown::write)])
        .collect();
    check("empty.txt", &pages.join("--\n"));
}

#[test]
fn every_line_fits_the_terminal() {
    let report = day_compared(settings());
    for width in [40, 41, 55, 56, 63, 64, 72, 80, 99, 120, 200] {
        for line in on_terminal(&report, style(width)).lines() {
            assert!(wrap::width(line) <= width, "{width}: {line}");
            assert_eq!(line, line.trim_end(), "blanks at the end");
        }
    }
    // Beyond the limits the layout is the limit's.
    assert_eq!(on_terminal(&report, style(3)), on_terminal(&report, style(40)));
    assert_eq!(on_terminal(&report, style(999)), on_terminal(&report, style(200)));
}

#[test]
fn colour_changes_nothing_but_colour() {
    let report = day_compared(settings());
    let coloured = on_terminal(&report, Style { color: true, ..style(80) });
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once('\u{1b}') {
        plain += before;
        rest = after.split_once('m').unwrap().1;
    }
    plain += rest;
    let trimmed: Vec<_> = plain.lines().map(str::trim_end).collect();
    let expected = on_terminal(&report, style(80));
    assert_eq!(trimmed, expected.lines().collect::<Vec<_>>());
}

/// The documentation of the JSON and the JSON itself cannot drift apart.
#[test]
fn every_key_of_the_json_is_documented() {
    fn keys(value: &Value, found: &mut std::collections::BTreeSet<String>) {
        match value {
            Value::Object(object) => {
                for (key, value) in object {
                    found.insert(key.clone());
                    keys(value, found);
                }
            }
            Value::Array(values) => values.iter().for_each(|value| keys(value, found)),
            _ => {}
        }
    }
    let filters = Filters {
        since: DateTime::parse_from_rfc3339("2022-11-03T00:00:00+08:00").ok(),
        until: DateTime::parse_from_rfc3339("2022-11-04T00:00:00+08:00").ok(),
        modules: vec![Module::Ocr],
        codes: vec!["AIS.0101".into()],
    };
    let mut summary = summary(Settings { filters, ..settings() }, &day());
    summary.add(&occurrence(r#"{"code": "APIGW.0201"}"#));
    summary.input_read(InputFacts { problem: Some("permission denied".into()), ..app_log() });
    summary.compare_with(day_before());
    let text = written(&summary.finish(), &json::write);
    let mut found = std::collections::BTreeSet::new();
    keys(&serde_json::from_str(&text).unwrap(), &mut found);
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/report-json.md");
    let page = std::fs::read_to_string(path).unwrap();
    let documented: std::collections::BTreeSet<_> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split_once('`'))
        .map(|(key, _)| key.to_owned())
        // Has a page of its own.
        .filter(|key| key != "alerts")
        .collect();
    assert_eq!(found.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(documented.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(page.contains(json::SCHEMA));
}
