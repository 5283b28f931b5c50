//! Steps in, text out: what is fed, and when the log is quiet, against what comes out.

mod cut;

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, FixedOffset, TimeDelta};

use crate::catalogue::Catalogue;
use crate::extract::{Checkpoint, Extractor, Settings, Sink, Successes};
use crate::occurrence::{Occurrence, Success};
use crate::zone::Zone;

enum Step<'s> {
    Feed(&'s str),
    /// Whole lines are looked at.
    Lines,
    /// Everything is.
    All,
    /// So many bytes are forgotten.
    Discard(u64),
}
use Step::{All, Discard, Feed, Lines};

#[derive(Default)]
struct Printed(String);

impl Sink for Printed {
    fn occurrence(&mut self, occurrence: Occurrence) {
        let repeat = if occurrence.repeat { " repeat" } else { "" };
        let _ = writeln!(self.0, "{} {}{repeat}", occurrence.place.line, occurrence.code);
    }

    fn success(&mut self, success: Success) {
        let _ = writeln!(self.0, "{} {}", success.place.line, success.http_status);
    }

    fn activity(&mut self, at: DateTime<FixedOffset>) {
        let _ = writeln!(self.0, "at {}", at.format("%T"));
    }
}

fn settings() -> Settings {
    let reference = "2026-11-23T00:00:00Z".parse().expect("a fixed instant");
    Settings::new(Zone::UTC, reference)
}

static CATALOGUE: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::embedded()));

fn extractor(settings: Settings) -> Extractor {
    Extractor::new(&CATALOGUE, settings, "app.log".into())
}

/// Goes on from a checkpoint that was stored, as another process would.
fn resumed(checkpoint: &Checkpoint, settings: Settings, log: &[u8]) -> Extractor {
    let text = serde_json::to_string(checkpoint).expect("a checkpoint is JSON");
    let read: Checkpoint = serde_json::from_str(&text).expect("what was written");
    assert_eq!(read, *checkpoint, "what is read is what was written");
    let mut extractor = Extractor::resume(&CATALOGUE, settings, "app.log".into(), &read);
    let from = usize::try_from(read.context_from()).expect("an index");
    extractor.push(&log[from..], &mut Printed::default());
    extractor
}

/// What comes out; a line `-` stands behind each flush.
fn printed(settings: &Settings, steps: &[Step<'_>], is_restarted: bool) -> String {
    let mut extractor = extractor(settings.clone());
    let (mut printed, mut log) = (Printed::default(), Vec::new());
    for step in steps {
        match step {
            Feed(text) => {
                extractor.push(text.as_bytes(), &mut printed);
                log.extend_from_slice(text.as_bytes());
            }
            Lines => extractor.flush_lines(&mut printed),
            All => extractor.flush_all(&mut printed),
            Discard(bytes) => {
                assert_eq!(extractor.discard_unterminated(), *bytes);
                log.truncate(log.len() - usize::try_from(*bytes).expect("a length"));
            }
        }
        let checkpoint = extractor.checkpoint();
        if matches!(step, Lines | All) {
            assert!(checkpoint.is_some(), "nothing is held back after a flush");
            printed.0.push_str("-\n");
        }
        if let Some(checkpoint) = checkpoint.filter(|_| is_restarted) {
            extractor = resumed(&checkpoint, settings.clone(), &log);
        }
    }
    extractor.finish(&mut printed);
    printed.0
}

/// The same comes out if there is a restart after every step.
#[track_caller]
fn check_with(settings: &Settings, steps: &[Step<'_>], expected: &str) {
    for is_restarted in [false, true] {
        let printed = printed(settings, steps, is_restarted);
        let lines: Vec<&str> = printed.lines().collect();
        assert_eq!(lines, expected.lines().collect::<Vec<_>>(), "restarted: {is_restarted}");
    }
}

#[track_caller]
fn check(steps: &[Step<'_>], expected: &str) {
    let settings = Settings { successes: Successes::access_logs(), ..settings() };
    check_with(&settings, steps, expected);
}

const BODY: &str = r#"{"error_code":"AIS.0101","error_msg":"M"}"#;
const CALL: &str = "\"POST /v2/0a1b/ocr/id-card HTTP/1.1\" 200 7\n";

#[test]
fn whole_lines_are_looked_at_once_and_a_line_without_end_is_not() {
    let log =
        format!("2026-11-20T10:00:01Z ERROR app: {BODY}\n{CALL}2026-11-20T10:09:02Z ERROR a: ");
    let rest = format!("{BODY}\n");
    check(
        &[Feed(&log), Lines, Lines, Feed(&rest), Lines],
        "1 AIS.0101\n2 200\n-\n-\n3 AIS.0101\n-",
    );
}

#[test]
fn what_comes_later_of_a_record_is_a_repeat_at_most() {
    let head = format!("2026-11-20T10:00:01Z ERROR app: {BODY}\n");
    let trace = format!("\tat x.Y(Z.java:1)\nCaused by: java.io.X: {BODY}\n\tat x\n");
    check(&[Feed(&head), Lines, Feed(&trace), Lines], "1 AIS.0101\n-\n3 AIS.0101 repeat\n-");
    let padded = format!("{}{trace}", "\tat x.Y(Z.java:1)\n".repeat(30));
    check(&[Feed(&head), Lines, Feed(&padded), Lines], "1 AIS.0101\n-\n33 AIS.0101 repeat\n-");
}

#[test]
fn a_last_line_without_end_is_looked_at_when_all_is_asked_for() {
    let log = format!("2026-11-20T10:00:01Z ERROR app: {BODY}");
    check(
        &[Feed(&log), Lines, All, All, Feed(&format!(" {BODY}\n")), Lines],
        "-\n1 AIS.0101\n-\n-\n-",
    );
    check(&[Feed(CALL.trim_end()), All, Feed(" x\n"), Lines], "1 200\n-\n-");
}

#[test]
fn a_literal_that_a_quiet_moment_cuts_is_found() {
    let log = format!("2026-11-20T10:00:01Z ERROR app: {BODY}\n");
    for cut in 0..log.len() - 40 {
        let (first, rest) = log.split_at(cut);
        // A body that is cut behind its code has told the code already.
        check(&[Feed(first), All, Feed(rest), Lines], "-\n1 AIS.0101\n-");
    }
    let mention = "see AIS.0101, and a ";
    let counted = |quiet: bool| {
        let (mut extractor, mut printed) = (extractor(settings()), Printed::default());
        extractor.push(mention.as_bytes(), &mut printed);
        if quiet {
            extractor.flush_all(&mut printed);
        }
        extractor.push(b"half\n", &mut printed);
        extractor.finish(&mut printed)
    };
    assert_eq!(counted(true).mentions, 1);
    assert_eq!(counted(true), counted(false));
}

#[test]
fn the_end_of_a_truncated_file_is_not_glued_to_what_comes_next() {
    let log = "a\n{\"error_code\":\"AI";
    check(&[Feed(log), Discard(17), Feed("S.0101\"}\n"), Lines], "-");
    check(&[Feed(log), All, Discard(17), Feed(BODY), All], "-\n2 AIS.0101\n-");
    let found = format!("a\n{BODY}");
    let bytes = BODY.len() as u64;
    check(&[Feed(&found), All, Discard(bytes), Feed(BODY), All], "2 AIS.0101\n-\n2 AIS.0101\n-");
    let filler = "x".repeat(3_000_000);
    check(&[Feed("a\n"), Feed(&filler), Discard(3_000_000), Feed(BODY), All], "2 AIS.0101\n-");
}

#[test]
fn a_long_line_without_end_loses_nothing() {
    let long = format!("{} {BODY} {}AI", "x ".repeat(40_000), "y ".repeat(40_000));
    let rest = format!("S {}{}\n", "y ".repeat(40_000), BODY.replace("0101", "0104"));
    check(&[Feed(&long), All, Feed(&rest), Lines], "1 AIS.0101\n-\n1 AIS.0104\n-");
    // A code at the very end of what is there is not passed over.
    let (cut, rest) = ("{\"error_code\":\"AIS.01", "04\",\"error_msg\":\"M\"}\n");
    let long = format!("{} {BODY} {}{cut}", "x ".repeat(40_000), "y ".repeat(40_000));
    check(&[Feed(&long), All, Feed(rest), Lines], "1 AIS.0101\n-\n1 AIS.0104\n-");
    // Nor is what is there taken for the whole of a message.
    let end = "x.ClientRequestException: Recognition failed.";
    let long = format!("{} {end}", "x ".repeat(40_000));
    check(&[Feed(&long), All, Feed("x\n"), All], "-\n-");
    assert_eq!(printed(&settings(), &[Feed(&long)], false).lines().count(), 1);
}

fn long_lines(steps: &[Step<'_>]) -> u64 {
    let (mut extractor, mut printed) = (extractor(settings()), Printed::default());
    for step in steps {
        match step {
            Feed(text) => extractor.push(text.as_bytes(), &mut printed),
            Lines => extractor.flush_lines(&mut printed),
            All => extractor.flush_all(&mut printed),
            Discard(bytes) => assert_eq!(extractor.discard_unterminated(), *bytes),
        }
    }
    extractor.finish(&mut printed).long_lines
}

#[test]
fn a_long_line_counts_once_and_one_in_its_place_once_more() {
    let long = format!("{} {BODY} {}", "x ".repeat(40_000), "y ".repeat(40_000));
    let bytes = long.len() as u64;
    let both = format!("{long}\n");
    assert_eq!(long_lines(&[Feed(&long), All, Discard(bytes), Feed(&both), Lines]), 2);
    let many = format!("{}\n", long.repeat(12));
    assert_eq!(long_lines(&[Feed(&many), Feed("half"), Discard(4), Feed("x\n"), Lines]), 1);
}

#[test]
fn a_call_in_the_place_of_one_that_was_truncated_is_another() {
    let call = CALL.trim_end();
    let bytes = call.len() as u64;
    check(&[Feed(call), All, Discard(bytes), Feed(CALL), Lines], "1 200\n-\n1 200\n-");
}

#[test]
fn who_writes_behind_what_was_truncated_is_told_anew_at_the_file_s_beginning_only() {
    let docker = |text: &str| {
        format!("{{\"log\":\"{text}\",\"stream\":\"stderr\",\"time\":\"2026-11-20T10:00:01Z\"}}\n")
    };
    let (first, rest) = (docker("failed with AI"), docker("S.0104: Recognition failed.\\n"));
    let cut = [Feed(&first), Lines, Feed(&rest), Lines];
    check(&cut, "-\n1 AIS.0104\n-");
    let [first_, lines, rest_, again] = cut;
    check(&[Feed("starting"), All, Discard(8), first_, lines, rest_, again], "-\n-\n1 AIS.0104\n-");
    let whole = docker("started\\n").repeat(4_000);
    check(
        &[Feed(&whole), All, Feed("half"), Discard(4), Feed(&first), Lines, Feed(&rest), Lines],
        "-\n-\n4001 AIS.0104\n-",
    );
}

#[test]
fn nothing_is_read_of_context_that_is_not_there_yet() {
    let (mut extractor, mut printed) = (extractor(settings()), Printed::default());
    let log = "2026-11-20T10:00:01Z a\n2026-11-20T10:00:02Z b\n";
    extractor.push(log.as_bytes(), &mut printed);
    extractor.flush_all(&mut printed);
    let checkpoint = extractor.checkpoint().expect("nothing is held back after a flush");
    let mut extractor = resumed(&checkpoint, settings(), &log.as_bytes()[..23]);
    extractor.flush_all(&mut printed);
    assert_eq!(extractor.checkpoint(), Some(checkpoint));
}

#[test]
fn a_call_and_the_time_of_its_line_are_told_in_the_lines_order() {
    let activity = Settings {
        activity_gap: Some(TimeDelta::minutes(5)),
        successes: Successes::access_logs(),
        ..settings()
    };
    let log = format!("2026-11-20T10:00:01Z a\n{CALL}2026-11-20T10:30:00Z {CALL}");
    check_with(&activity, &[Feed(&log), Lines], "at 10:00:01\n2 200\nat 10:30:00\n3 200\n-");
}

#[test]
fn a_quiet_log_gives_a_sign_of_life() {
    let activity = Settings { activity_gap: Some(TimeDelta::minutes(5)), ..settings() };
    let steps = [
        Feed("2026-11-20T10:00:01Z a\n2026-11-20T10:00:02Z a\n"),
        Lines,
        Lines,
        Feed("2026-11-20T10:00:03Z a\n"),
        Lines,
    ];
    check_with(&activity, &steps, "at 10:00:01\nat 10:00:02\n-\n-\n-\nat 10:00:03");
}

#[test]
fn codes_far_from_the_beginning_of_their_line_are_counted_and_not_looked_at() {
    let limited = Settings { line_bytes_max: Some(1_000), ..settings() };
    let far = format!("ERROR {} {BODY} {BODY}\n", "x".repeat(1_000));
    let both = format!("ERROR {BODY} {} {BODY}\n", "x".repeat(1_000));
    let pieces = format!("ERROR {BODY} {} {BODY}\n", "x ".repeat(1_000_000));
    let log = [far.as_str(), &both, &pieces, BODY, "\n"].concat();
    check_with(&limited, &[Feed(&log)], "2 AIS.0101\n3 AIS.0101\n4 AIS.0101 repeat");
    let mut extractor = extractor(limited);
    extractor.push(log.as_bytes(), &mut Printed::default());
    assert_eq!(extractor.finish(&mut Printed::default()).beyond_line_max, 4);
}

#[test]
fn counters_tell_what_lies_before_the_position() {
    let (mut extractor, mut printed) = (extractor(settings()), Printed::default());
    let log = format!("2026-11-20T10:00:01Z a\n2026-11-20T10:00:02Z ERROR app: {BODY}\nhalf");
    extractor.push(log.as_bytes(), &mut printed);
    assert_eq!((extractor.position(), extractor.counters().lines), (0, 0));
    extractor.flush_lines(&mut printed);
    let counters = extractor.counters();
    assert_eq!(extractor.position(), log.len() as u64 - 4);
    assert_eq!((counters.bytes, counters.lines), (extractor.position(), 2));
    let second = |at: Option<DateTime<FixedOffset>>| at.map(|at| at.timestamp_millis() % 60_000);
    assert_eq!((second(counters.first_at), second(counters.last_at)), (Some(1_000), Some(2_000)));
    let checkpoint = extractor.checkpoint().expect("nothing is held back after a flush");
    assert_eq!((checkpoint.counters(), checkpoint.lines()), (counters, 2));
    assert_eq!(checkpoint.position(), extractor.position());
    let mut elsewhere = checkpoint.clone();
    elsewhere.forget_context();
    assert_eq!(elsewhere.context_from(), checkpoint.position());
    let at_end = extractor.finish(&mut printed);
    assert_eq!((second(at_end.first_at), second(at_end.last_at)), (Some(1_000), Some(2_000)));
}

#[test]
fn a_log_whose_end_tells_no_time_is_as_old_as_its_beginning() {
    let (mut extractor, mut printed) = (extractor(settings()), Printed::default());
    let log = format!("starting\n2026-11-20T10:00:01Z a\n{}", "b\n".repeat(200));
    extractor.push(log.as_bytes(), &mut printed);
    let counters = extractor.finish(&mut printed);
    assert!(counters.first_at.is_some());
    assert_eq!(counters.last_at, counters.first_at);
}

#[test]
fn a_checkpoint_whose_places_are_in_no_file_is_refused() {
    let (mut extractor, mut printed) = (extractor(settings()), Printed::default());
    extractor.push(b"a\n", &mut printed);
    extractor.flush_all(&mut printed);
    let checkpoint = extractor.checkpoint().expect("nothing is held back after a flush");
    let written = serde_json::to_value(&checkpoint).expect("a checkpoint is JSON");
    let is_read = |path: &str, number: u64| {
        let mut changed = written.clone();
        *changed.pointer_mut(path).expect("a key") = number.into();
        serde_json::from_value::<Checkpoint>(changed).is_ok()
    };
    for path in ["/context_from", "/line_offset", "/newlines"] {
        assert!(is_read(path, 2) && !is_read(path, 3), "{path}");
    }
    let longest = i64::MAX.cast_unsigned();
    for path in ["/position", "/counters/mentions", "/counters/beyond_line_max"] {
        assert!(is_read(path, longest) && !is_read(path, longest + 1), "{path}");
    }
}
