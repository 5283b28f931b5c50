//! No surface can be left by what a log says.

use std::sync::Arc;

use serde_json::Value;

use super::{check, occurrence, on_terminal, settings, style, written};
use crate::catalogue::Catalogue;
use crate::occurrence::Occurrence;
use crate::report::baseline::Before;
use crate::report::{InputFacts, Report, Style, Summary, csv, escape, json, markdown, wrap};

/// Every field as hostile as a line of a log can be.
pub(super) fn hostile_report() -> Report {
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
    found.project = boxed();
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
    // What was before, under names as hostile.
    let mut before = Before::of_logs(HOSTILE, Arc::new(Catalogue::embedded()));
    before.add(&Occurrence { code: format!("gone{HOSTILE}").into(), ..found.clone() });
    before.input_read(&InputFacts { bytes: 1, ..InputFacts::default() });
    summary.compare_with(before);
    // One whose causes are documented.
    summary.add(&Occurrence { code: "APIG.0301".into(), ..found });
    summary.input_read(InputFacts {
        name: HOSTILE.into(),
        problem: Some(HOSTILE.into()),
        ..InputFacts::default()
    });
    summary.finish()
}

pub(super) fn steers(c: char) -> bool {
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
