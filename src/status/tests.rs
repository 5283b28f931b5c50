//! A status in, text out: the page and the frames against golden files.
//!
//! `OCRWATCH_BLESS=1 cargo test status` writes the golden files anew; read the difference.

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::surface::{Style, wrap};
use crate::zone::Zone;

fn now() -> DateTime<Utc> {
    DateTime::parse_from_rfc3339("2026-11-30T16:04:05+08:00").unwrap().to_utc()
}

fn ago(seconds: i64) -> DateTime<Utc> {
    now() - TimeDelta::seconds(seconds)
}

fn zone() -> Zone {
    Zone::parse("Asia/Shanghai").unwrap()
}

fn style(width_columns: usize) -> Style {
    Style { width_columns, ..Style::PLAIN }
}

fn rule(name: &str, severity: Severity, pending: u64, firing: u64) -> RuleStatus {
    RuleStatus { name: name.to_owned(), severity, pending, firing, fired: firing, resolved: 0 }
}

/// A bad day: a lock, a source without files, a receiver that takes nothing.
fn bad() -> Status {
    let text = str::to_owned;
    let lock = AlertStatus {
        headline: text(
            "the AK/SK of scan-prod is locked until at least 2026-11-30 16:08:57 +08:00: 9 \
             signature failures in a row",
        ),
        fired_at: Some(ago(690)),
        count: 9,
        last_at: ago(8),
        locked_until: Some(ago(-292)),
        ..AlertStatus::sample(ago(700))
    };
    let throttled = AlertStatus {
        rule: text("throttled"),
        severity: Severity::Warning,
        headline: text("OCR refuses calls of scan-prod: 40 were too many"),
        count: 40,
        silenced_by: Some(text("load-test")),
        ..AlertStatus::sample(ago(200))
    };
    let pending = AlertStatus {
        rule: text("backend-timeout"),
        severity: Severity::Warning,
        state: State::Pending,
        headline: text("a backend of OCR does not answer in time: 4 calls"),
        fired_at: None,
        count: 4,
        ..AlertStatus::sample(ago(31))
    };
    let app = SourceStatus {
        name: text("app"),
        kind: text("files"),
        files: Some(12),
        lines: 1_234_567,
        read_bytes: 180 << 20,
        errors: 49,
        last_at: Some(ago(4)),
        lag_seconds: Some(0),
        ..SourceStatus::default()
    };
    let gateway = SourceStatus {
        name: text("gateway"),
        lines: 88_120,
        errors: 4,
        files: Some(2),
        last_at: Some(ago(86_400)),
        lag_bytes: 2_200_000,
        lag_seconds: Some(400),
        ..app.clone()
    };
    let nowhere = SourceStatus {
        name: text("/var/log/ocr-batch/*.log"),
        files: Some(0),
        problem: Some(text("no file is there yet")),
        ..SourceStatus::default()
    };
    let failing = ReceiverStatus {
        name: text("ops"),
        kind: text("email"),
        waiting: 3,
        oldest: Some(ago(700)),
        failing_since: Some(ago(695)),
        last_error: Some(text("rcpt: 451 4.7.1 greylisted, come back later")),
        last_sent: Some(ago(7_200)),
        sent: 12,
        failed: 4,
        dead: 1,
    };
    let chat = ReceiverStatus {
        name: text("chat"),
        kind: text("dingtalk"),
        last_sent: Some(ago(688)),
        sent: 15,
        ..ReceiverStatus::default()
    };
    let silence = SilenceStatus {
        id: text("load-test"),
        matchers: vec![text("rule = throttled"), text("credential = scan-prod or scan-test")],
        author: text("wang"),
        reason: text("the new cluster is measured"),
        from: Some(ago(600)),
        until: Some(ago(-6_600)),
        configured: false,
    };
    let to_come = SilenceStatus {
        id: text("maintenance"),
        matchers: Vec::new(),
        author: text("li"),
        reason: text("the gateway moves"),
        from: Some(ago(-86_400)),
        until: Some(ago(-90_000)),
        configured: true,
    };
    Status {
        started: ago(277_445),
        configuration: ConfigurationStatus {
            since: ago(277_445),
            refused: Some(Refused {
                at: ago(120),
                problems: vec![text("ocrwatch.toml:14:1: unknown key `recieiver`")],
            }),
        },
        sources: vec![nowhere, app, gateway],
        alerts: vec![lock, throttled, pending],
        rules: vec![
            rule("aksk-lockout", Severity::Critical, 0, 1),
            rule("backend-timeout", Severity::Warning, 1, 0),
            rule("throttled", Severity::Warning, 0, 1),
        ],
        receivers: vec![chat, failing],
        silences: vec![silence, to_come],
        store: StoreStatus {
            directory: text("/var/lib/ocrwatch"),
            commits: 3_321,
            failures: 2,
            failing_since: None,
        },
        ..Status::sample(now())
    }
}

fn errors() -> ErrorsByModule {
    let of = |module: &'static str, minutes: &'static [(i64, u64)]| {
        minutes
            .iter()
            .map(move |(ago_minutes, errors)| (ago(ago_minutes * 60), module.to_owned(), *errors))
    };
    let apig = of("APIG", &[(55, 2), (12, 9), (11, 24), (10, 3), (0, 1)]);
    ErrorsByModule::until(now(), apig.chain(of("OCR", &[(30, 1), (29, 1), (1, 3)])), false)
}

/// Compares with a golden file.
#[track_caller]
fn check(name: &str, found: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/status").join(name);
    if std::env::var_os("OCRWATCH_BLESS").is_some() {
        std::fs::write(&path, found).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(found, expected, "{name} (OCRWATCH_BLESS=1 accepts what was found)");
}

fn page(status: &Status, style: Style) -> String {
    let mut out = Vec::new();
    write_page(&mut out, status, zone(), style).unwrap();
    String::from_utf8(out).unwrap()
}

/// A frame, checked to be of the screen's size.
fn framed(seen: &Seen<'_>, view: View, (columns, rows): (usize, usize)) -> String {
    let screen = Screen { columns, rows, style: Style::PLAIN, zone: zone(), now: now() };
    let frame = frame(seen, view, &screen);
    assert_eq!(frame.lines.len(), rows, "rows of {columns}x{rows}");
    for line in &frame.lines {
        assert!(wrap::width(line) <= columns, "{columns}x{rows}: {line:?}");
    }
    let lines: Vec<_> = frame.lines.iter().map(|line| line.trim_end()).collect();
    lines.join("\n") + "\n"
}

#[test]
fn a_run_that_is_well_is_a_short_page() {
    let mut status = Status::sample(now());
    status.started = ago(60);
    status.store.directory = "/var/lib/ocrwatch".to_owned();
    check("well-80.txt", &page(&status, style(80)));
}

#[test]
fn the_document_shows_the_page_of_a_bad_day() {
    let page = page(&bad(), style(80));
    check("bad-80.txt", &page);
    assert!(page.lines().all(|line| wrap::width(line) <= 80), "{page}");
    let document = include_str!("../../docs/commands.md");
    assert!(document.contains(&page), "docs/commands.md shows another page than\n{page}");
}

/// What other tests serve in place of a run.
#[test]
fn a_status_is_read_as_it_was_written() {
    let written = serde_json::to_string_pretty(&bad()).unwrap() + "\n";
    check("bad.json", &written);
    assert_eq!(serde_json::from_str::<Status>(&written).unwrap(), bad());
}

#[test]
fn a_bad_day_at_40_columns() {
    let page = page(&bad(), style(40));
    check("bad-40.txt", &page);
    assert!(page.lines().all(|line| wrap::width(line) <= 40), "{page}");
}

#[test]
fn a_bad_day_at_120_columns_in_colour() {
    let coloured = page(&bad(), Style { color: true, ..style(120) });
    check("bad-120-colour.txt", &coloured);
    // What the colours say stands there in words.
    let mut plain = String::new();
    for part in coloured.split("\u{1b}[") {
        plain += part.split_once('m').filter(|_| !plain.is_empty()).map_or(part, |(_, rest)| rest);
    }
    assert_eq!(plain, page(&bad(), style(120)));
}

#[test]
fn what_is_hostile_steers_nothing_in_a_page_or_a_frame() {
    let evil = "a\u{1b}[2J\n\u{202e}图\u{7}|b";
    let mut status = bad();
    for alert in &mut status.alerts {
        alert.headline = evil.to_owned();
        alert.rule = evil.to_owned();
        alert.silenced_by = Some(evil.to_owned());
    }
    for source in &mut status.sources {
        source.name = evil.to_owned();
        source.problem = Some(evil.to_owned());
    }
    for receiver in &mut status.receivers {
        receiver.name = evil.to_owned();
        receiver.kind = evil.to_owned();
        receiver.failing_since = Some(ago(10));
        receiver.last_error = Some(evil.to_owned());
    }
    for silence in &mut status.silences {
        silence.id = evil.to_owned();
        silence.matchers = vec![evil.to_owned()];
        silence.author = evil.to_owned();
        silence.reason = evil.to_owned();
    }
    status.version = evil.to_owned();
    status.store.directory = evil.to_owned();
    status.stalled = Some(evil.to_owned());
    status.configuration.refused = Some(Refused { at: now(), problems: vec![evil.to_owned()] });
    let errors = ErrorsByModule::until(now(), [(now(), evil.to_owned(), 1)], false);
    let seen = Seen { status: &status, errors: Some(&errors), trouble: Some(evil) };
    let mut shown = page(&status, style(80)) + &framed(&seen, View::default(), (100, 90));
    let mut out = Vec::new();
    write_silences(&mut out, &status, zone(), style(80)).unwrap();
    shown += &String::from_utf8(out).unwrap();
    let steers = |c: char| c != '\n' && crate::surface::escape::is_steering(c);
    assert!(!shown.contains(steers), "{shown:?}");
    let ascii = page(&status, Style { unicode: false, ..style(80) });
    assert!(ascii.is_ascii(), "{ascii}");
}

#[test]
fn a_frame_of_80_by_24_holds_what_is_gravest_and_scrolls_to_the_rest() {
    let (status, errors) = (bad(), errors());
    let seen = Seen { status: &status, errors: Some(&errors), trouble: None };
    let first = framed(&seen, View::default(), (80, 24));
    let last = framed(&seen, View { scroll: 999, sort: Sort::Errors, paused: false }, (80, 24));
    check("top-80x24.txt", &format!("{first}{}\n{last}", "=".repeat(80)));
}

#[test]
fn a_frame_of_200_by_60_holds_everything() {
    let (status, errors) = (bad(), errors());
    let seen = Seen { status: &status, errors: Some(&errors), trouble: None };
    check("top-200x60.txt", &framed(&seen, View::default(), (200, 60)));
}

#[test]
fn a_frame_says_that_the_run_is_gone_or_that_it_stands_still() {
    let mut status = Status::sample(ago(95));
    status.started = ago(95);
    let trouble = Some("no run is there any more: nobody listens at /var/lib/ocrwatch/http.sock");
    let gone = Seen { status: &status, errors: None, trouble };
    let lines = framed(&gone, View::default(), (120, 8));
    let note = lines.lines().nth(1).unwrap();
    assert!(note.starts_with(" no answer for 1 min 35 s: no run is there any more"), "{lines}");
    let paused = View { paused: true, ..View::default() };
    let lines = framed(&Seen { trouble: None, ..gone }, paused, (80, 8));
    assert_eq!(lines.lines().nth(1), Some(" paused for 1 min 35 s"), "{lines}");
    assert!(lines.contains("p go on"), "{lines}");
}

#[test]
fn a_frame_fits_a_screen_of_any_size() {
    let (status, errors) = (bad(), errors());
    let seen =
        Seen { status: &status, errors: Some(&errors), trouble: Some("图片".repeat(50).leak()) };
    for columns in [1, 2, 5, 20, 39, 40, 41, 55, 56, 57, 79, 81, 132, 199, 201, 300] {
        for rows in [1, 2, 3, 4, 10, 100] {
            let scroll = rows;
            framed(&seen, View { scroll, ..View::default() }, (columns, rows));
        }
    }
}
