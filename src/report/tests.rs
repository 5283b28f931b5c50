//! Occurrences in, text out: every writer against a golden file.
//!
//! `OCRWATCH_BLESS=1 cargo test report` writes the golden files anew; read the difference.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use chrono::DateTime;
use serde_json::Value;

use super::*;
use crate::catalogue::Catalogue;
use crate::occurrence::{Module, Occurrence, Place};

/// An occurrence from the keys of `extract`, and `sample`.
fn occurrence(line: &str) -> Occurrence {
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

fn day_report(settings: Settings) -> Report {
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
    summary.finish()
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
fn a_day_at_160_columns_in_colour() {
    let style = Style { color: true, ..style(160) };
    check("day-160-colour.txt", &on_terminal(&day_report(settings()), style));
}
