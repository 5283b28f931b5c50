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
    let zone = Zone::Named(chrono_tz::UTC);
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
fn many_codes_find_room_up_to_the_limit_and_documented_ones_always() {
    let mut summary = Summary::new(Settings { top: Some(2), ..settings() });
    for at in 0..2000 {
        let code = format!("AIS.{}", 10_000 + at);
        summary.add(&occurrence(&format!(r#"{{"code": "{code}"}}"#)));
    }
    summary.add(&occurrence(r#"{"code": "ModelArts.4204"}"#));
    summary.add(&occurrence(r#"{"code": "ModelArts.4204"}"#));
    let report = summary.finish();
    assert_eq!(report.totals.counts.occurrences, 2002);
    assert_eq!((report.totals.codes, report.totals.codes_new), (513, 512));
    assert_eq!(report.left_out.occurrences_of_codes, 2000 - 512);
    assert_eq!(
        report.beyond_top,
        BeyondTop { codes: 511, counts: Counts { occurrences: 511, ..Counts::default() } }
    );
    let modules: Vec<_> =
        report.modules.iter().map(|module| (module.module, module.counts.occurrences)).collect();
    assert_eq!(modules, [(Module::Ocr, 2000), (Module::Platform, 2)]);
    check("many-80.txt", &on_terminal(&report, style(80)));
}

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
    assert_eq!(
        code.fields.exceptions.values,
        [super::Value { value: "SdkError".into(), count: 0 }]
    );
    assert_eq!(code.seen.unwrap().span(), chrono::TimeDelta::hours(1));
    let grid = report.grid.unwrap();
    assert_eq!(code.timeline.occurrences.dense(&grid).iter().sum::<u64>(), 1);
    assert_eq!(code.timeline.inferred.dense(&grid).iter().sum::<u64>(), 1);
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
    assert_eq!(shown(Some(Zone::Named(chrono_tz::Europe::Berlin))), "2022-11-03T01:00:00+01:00");
    let west = chrono::FixedOffset::west_opt(3600).unwrap();
    assert_eq!(shown(Some(Zone::Offset(west))), "2022-11-02T23:00:00-01:00");
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
fn an_input_with_a_problem_is_listed_before_others() {
    let limits = Limits { inputs_max: 2, ..Limits::default() };
    let mut summary = Summary::new(Settings { limits, ..settings() });
    for (name, problem) in [("a", None), ("b", None), ("c", Some("permission denied")), ("d", None)]
    {
        let problem = problem.map(Into::into);
        summary.input_read(InputFacts {
            name: name.into(),
            problem,
            lines: 1,
            ..InputFacts::default()
        });
    }
    let report = summary.finish();
    let names: Vec<_> = report.inputs.listed.iter().map(|input| &*input.name).collect();
    assert_eq!(names, ["a", "c"]);
    assert_eq!((report.inputs.count, report.inputs.sum.lines, report.left_out.inputs), (4, 4, 2));
    assert!(on_terminal(&report, Style::PLAIN).contains("c: permission denied"));
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

/// Every field as hostile as a line of a log can be.
fn hostile_report() -> Report {
    const HOSTILE: &str = "=cmd|'/C calc'!A0\u{1b}]0;pwned\u{7}\u{9b}31m\r\n# x\n```\n</code><script>alert(1)</script>\
        |`*_@all https://evil.example \u{202e}gnp\u{200b}\u{2028}\"',;&amp;\u{0}";
    let mut found = occurrence(r#"{"code": "AIS.0104", "http_status": 400}"#);
    let boxed = || Some(HOSTILE.into());
    found.place.file = HOSTILE.into();
    found.code = HOSTILE.into();
    found.cause = Some(HOSTILE.into());
    found.message = boxed();
    found.request_id = boxed();
    found.api = boxed();
    found.region = boxed();
    found.host = boxed();
    found.access_key = boxed();
    found.exception = boxed();
    found.limit = Some(1);
    found.period = boxed();
    found.sample = HOSTILE.into();
    let mut summary = Summary::new(settings());
    summary.add(&found);
    // A code that needs a ticket, whose other fields are hostile.
    summary.add(&Occurrence { code: "AIS.0105".into(), ..found.clone() });
    // One whose causes are documented.
    summary.add(&Occurrence { code: "APIG.0301".into(), ..found });
    summary.input_read(InputFacts {
        name: HOSTILE.into(),
        problem: Some(HOSTILE.into()),
        ..InputFacts::default()
    });
    summary.finish()
}

fn steers(c: char) -> bool {
    c != '\n' && escape::is_steering(c)
}

#[test]
fn a_hostile_log_cannot_steer_a_terminal() {
    for unicode in [true, false] {
        for width in [40, 80, 200] {
            let style = Style { unicode, ..style(width) };
            let page = on_terminal(&hostile_report(), style);
            assert!(!page.contains(steers), "{page:?}");
            // No line begins where the log chose to, but in a quotation.
            assert!(!page.lines().any(|line| line.starts_with(['#', '`', '<'])), "{page}");
            let widest = page.lines().map(wrap::width).max();
            assert!(widest <= Some(width), "{widest:?} columns of {width}:\n{page}");
        }
    }
    let plain = on_terminal(&hostile_report(), Style { color: true, ..style(80) });
    let without_ours = plain.replace("\u{1b}[", "");
    assert!(!without_ours.contains(steers));
}

#[test]
fn a_hostile_log_cannot_leave_its_place_in_markdown() {
    let page = written(&hostile_report(), &markdown::write);
    check("hostile.md", &page);
    assert!(!page.contains(steers));
    let mut fence: Option<String> = None;
    for line in page.lines() {
        match &fence {
            Some(open) if line == open => fence = None,
            Some(_) => {}
            None if line.starts_with("```") => {
                fence = Some(line.trim_end_matches("text").to_owned());
            }
            None => {
                // Nothing of the log stands outside of code, nor ends a table's cell.
                let ours = outside_code(line);
                assert!(
                    !ours.trim_matches('|').replace(" | ", " ").contains(['@', '<', '`', '*', '|']),
                    "{ours:?} of {line:?}"
                );
                assert!(!ours.contains("http") && !ours.contains("cmd"), "{ours:?} of {line:?}");
                if line.starts_with('|') {
                    assert!([6, 7].contains(&line.matches('|').count()), "{line:?}");
                }
            }
        }
    }
    assert_eq!(fence, None);
}

/// A line without its code, its entities and our own emphasis.
fn outside_code(line: &str) -> String {
    let mut ours = String::new();
    let mut rest = line;
    while let Some(at) = rest.find('`') {
        ours += &rest[..at];
        let run = rest[at..].len() - rest[at..].trim_start_matches('`').len();
        let behind = &rest[at + run..];
        // CommonMark: a code span ends at the next run of as many backticks.
        let mut ends = behind.match_indices('`').map(|(end, _)| end).filter(|&end| {
            let run_here = behind[end..].len() - behind[end..].trim_start_matches('`').len();
            run_here == run && !behind[..end].ends_with('`')
        });
        let end = ends.next().unwrap_or_else(|| panic!("code without end: {line:?}"));
        rest = &behind[end + run..];
    }
    ours += rest;
    let mut text = String::new();
    let mut rest = ours.as_str();
    while let Some((before, after)) = rest.split_once("<code>") {
        let (code, behind) = after.split_once("</code>").unwrap();
        assert!(!code.contains(['<', '`', '|', '@']), "{line:?}");
        text += before;
        rest = behind;
    }
    text += rest;
    text.replace("**", "")
}

#[test]
fn a_hostile_log_makes_no_formula_and_no_further_field_in_csv() {
    let page = written(&hostile_report(), &csv::write);
    let rows: Vec<_> = page.split("\r\n").filter(|row| !row.is_empty()).map(fields).collect();
    assert_eq!(rows.len(), 4);
    for row in &rows {
        assert_eq!(row.len(), rows[0].len());
        for field in row {
            assert!(!field.starts_with(['=', '+', '-', '@', '\t', '\r']), "{field}");
            assert!(!field.contains(escape::is_steering), "{field:?}");
        }
    }
}

/// The fields of an RFC 4180 row.
fn fields(row: &str) -> Vec<String> {
    let mut fields = vec![String::new()];
    let mut quoted = false;
    let mut chars = row.chars().peekable();
    while let Some(c) = chars.next() {
        let field = fields.last_mut().unwrap();
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => field.extend(chars.next()),
            '"' => quoted = !quoted,
            ',' if !quoted => fields.push(String::new()),
            _ => field.push(c),
        }
    }
    assert!(!quoted, "{row}");
    fields
}

#[test]
fn a_hostile_log_stays_exact_and_harmless_in_json() {
    let page = written(&hostile_report(), &json::write);
    assert!(!page.contains(steers));
    assert_eq!(page.matches('\n').count(), 1);
    let value: Value = serde_json::from_str(&page).unwrap();
    let name = value["inputs"]["listed"][0]["name"].as_str().unwrap();
    assert!(name.contains("\u{202e}gnp\u{200b}\u{2028}\"',;&amp;\u{0}"));
}

#[test]
fn every_line_fits_the_terminal() {
    let report = day_report(settings());
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
    let report = day_report(settings());
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

#[test]
fn the_text_that_is_kept_is_bounded_whatever_comes() {
    let limits = Limits { texts_bytes_max: 20_000, ..Limits::default() };
    let mut summary = Summary::new(Settings { limits, ..settings() });
    let long = "x".repeat(5000);
    for at in 0..3000 {
        let unlike = format!("{at}{long}");
        let mut found = occurrence(&format!(r#"{{"code": "AIS.{at}"}}"#));
        found.request_id = Some(unlike.as_str().into());
        found.api = Some(unlike.as_str().into());
        found.host = Some(unlike.as_str().into());
        found.cause = Some(unlike.as_str().into());
        found.sample = unlike.as_str().into();
        summary.add(&found);
    }
    let report = summary.finish();
    let kept: usize = report
        .codes
        .iter()
        .map(|code| {
            let values = code.fields.apis.values.iter().chain(&code.fields.hosts.values);
            values.map(|value| value.value.len()).sum::<usize>()
                + code.request_ids.in_order().map(str::len).sum::<usize>()
                + code.sample.as_ref().map_or(0, |sample| sample.text.len())
                + code.causes.iter().map(|cause| cause.id.len()).sum::<usize>()
        })
        .sum();
    assert!(kept <= 20_000, "{kept} bytes");
    assert!(report.left_out.samples > 0);
    assert_eq!(report.totals.counts.occurrences, 3000);
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
        .collect();
    assert_eq!(found.difference(&documented).collect::<Vec<_>>(), Vec::<&String>::new());
    assert_eq!(documented.difference(&found).collect::<Vec<_>>(), Vec::<&String>::new());
    assert!(page.contains(json::SCHEMA));
}
