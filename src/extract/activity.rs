//! When a log was written to: so many of its stamps that its silences can be told.
//!
//! Owns which stamps are passed on. Between two marks that lie less than the gap apart there was no
//! silence; of each silence both sides are marked. It reads two lines of a stretch that is shorter
//! than the gap, and goes into a longer one by halves, as the times of a log grow. Must never know
//! what a line says beside its time. Fails: never; lines without a stamp are passed over.

use std::collections::VecDeque;
use std::ops::Range;

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::{Deserialize, Serialize};

use super::buffer::Buffer;

type Instant = DateTime<FixedOffset>;

/// How many lines without a stamp are passed over at either end of a stretch, and of each part of
/// it if there is none.
const LINES_MAX: usize = 100;
const PARTS: usize = 4;

/// Without a length every line would be a mark.
const GAP_MIN: TimeDelta = TimeDelta::seconds(1);

/// A line with a stamp.
#[derive(Debug, Clone, Copy)]
struct Stamped {
    /// Where it begins, and where the next line begins.
    start: usize,
    next: usize,
    at: Instant,
}

/// An instant at which the log was written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Mark {
    /// The line that says so.
    pub line_offset: u64,
    #[serde(with = "super::checkpoint::instant")]
    pub at: Instant,
}

/// Which marks of one input were made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Marked {
    /// The last stamp that was read, and the last that was marked.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<Mark>,
    #[serde(skip_serializing_if = "Option::is_none")]
    made: Option<Mark>,
    /// The last that was marked as the input was quiet.
    #[serde(skip_serializing_if = "Option::is_none")]
    quiet: Option<Mark>,
}

/// The marks of one input, as it is read.
#[derive(Debug)]
pub(super) struct Activity<'m> {
    gap: TimeDelta,
    marked: &'m mut Marked,
}

impl<'m> Activity<'m> {
    /// Marks such that silences of this length show.
    pub(super) fn new(gap: TimeDelta, marked: &'m mut Marked) -> Self {
        Self { gap: gap.max(GAP_MIN), marked }
    }

    /// Takes in lines with a stamp, in the input's order.
    pub(super) fn see(&mut self, lines: &[Mark], marks: &mut VecDeque<Mark>) {
        for line in lines {
            self.visit(*line, marks);
        }
    }

    /// The end of the input: the last line is a mark too.
    pub(super) fn finish(&mut self, marks: &mut VecDeque<Mark>) {
        let state = &mut *self.marked;
        if let Some(last) = state.last.filter(|last| state.made != Some(*last)) {
            marks.push_back(last);
            state.made = Some(last);
        }
    }

    /// The input is quiet: the last line is a mark too, a sign of life. It is not if the last such
    /// mark lies less than the gap before it, or a log that is written to now and then would give
    /// one for each line.
    pub(super) fn rest(&mut self, marks: &mut VecDeque<Mark>) {
        let state = &mut *self.marked;
        let Some(last) = state.last.filter(|last| state.made != Some(*last)) else { return };
        if state.quiet.is_none_or(|quiet| apart(last, quiet) >= self.gap) {
            marks.push_back(last);
            (state.made, state.quiet) = (Some(last), Some(last));
        }
    }

    fn visit(&mut self, line: Mark, marks: &mut VecDeque<Mark>) {
        let state = &mut *self.marked;
        let Some((marked, last)) = state.made.zip(state.last) else {
            marks.push_back(line);
            (state.made, state.last) = (Some(line), Some(line));
            return;
        };
        // A line of another writer may come a little late; a clock that was set back is another
        // stretch of time.
        if line.at < last.at && last.at - line.at < self.gap {
            return;
        }
        state.last = Some(line);
        if apart(line, marked) < self.gap {
            return;
        }
        if last != marked {
            marks.push_back(last);
            state.made = Some(last);
        }
        if apart(line, last) >= self.gap {
            marks.push_back(line);
            state.made = Some(line);
        }
    }
}

/// Lines with a stamp that begin in a part of the buffer: so many that silences of a length show.
pub(super) fn stamped(
    buffer: &Buffer,
    part: Range<usize>,
    gap: TimeDelta,
    instant_of: &impl Fn(&[u8]) -> Option<Instant>,
) -> Vec<Mark> {
    let (bytes, until, gap) = (buffer.filled(), part.end, gap.max(GAP_MIN));
    let from = line_start(bytes, part.start, until);
    let lines = Lines { bytes, instant_of };
    let mut seen = Vec::new();
    // A long stack trace at an end must not hide the rest of the stretch.
    let parts = (0..PARTS).map(|part| part * until.saturating_sub(from) / PARTS);
    let first = parts
        .clone()
        .find_map(|part| lines.first(line_start(bytes, from + part, until)..until, LINES_MAX));
    let Some(first) = first else { return seen };
    let last = parts.clone().find_map(|part| lines.last(first.next..until - part, LINES_MAX));
    let last = last.unwrap_or(first);
    let mut visit = |line: Stamped| {
        seen.push(Mark { line_offset: buffer.offset(line.start), at: line.at });
    };
    visit(first);
    lines.between(first, last, last.start, gap, &mut visit);
    if last.start > first.start {
        visit(last);
    }
    seen
}

fn apart(one: Mark, other: Mark) -> TimeDelta {
    (one.at - other.at).abs()
}

/// The start of the first line at or behind an index.
fn line_start(bytes: &[u8], at: usize, until: usize) -> usize {
    match at.checked_sub(1) {
        None => 0,
        Some(before) => memchr::memchr(b'\n', &bytes[before..until.max(before)])
            .map_or(until, |newline| before + newline + 1),
    }
}

struct Lines<'b, F> {
    bytes: &'b [u8],
    instant_of: &'b F,
}

impl<F: Fn(&[u8]) -> Option<Instant>> Lines<'_, F> {
    fn read(&self, start: usize) -> (usize, Option<Stamped>) {
        let rest = &self.bytes[start..];
        let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        let next = (start + end + 1).min(self.bytes.len());
        let at = (self.instant_of)(&rest[..end]);
        (next, at.map(|at| Stamped { start, next, at }))
    }

    /// The first stamped line that begins in a range, which begins with a line.
    fn first(&self, range: Range<usize>, lines_max: usize) -> Option<Stamped> {
        let mut start = range.start;
        for _ in 0..lines_max {
            if start >= range.end {
                return None;
            }
            let (next, stamped) = self.read(start);
            if stamped.is_some() {
                return stamped;
            }
            start = next;
        }
        None
    }

    /// The last one.
    fn last(&self, range: Range<usize>, lines_max: usize) -> Option<Stamped> {
        let mut end = range.end;
        for _ in 0..lines_max {
            if end <= range.start {
                return None;
            }
            // The byte at `end` begins a line or lies within the last one of the range.
            let start = memchr::memrchr(b'\n', &self.bytes[range.start..end - 1])
                .map_or(range.start, |newline| range.start + newline + 1);
            if let (_, Some(stamped)) = self.read(start) {
                return Some(stamped);
            }
            end = start;
        }
        None
    }

    /// Visits lines between two so that neighbours lie less than the gap apart, or have no stamped
    /// line between them. No stamped line begins at or behind `limit` and before `high`; every line
    /// is read once at most.
    fn between(
        &self,
        low: Stamped,
        high: Stamped,
        limit: usize,
        gap: TimeDelta,
        visit: &mut impl FnMut(Stamped),
    ) {
        if (high.at - low.at).abs() < gap || limit <= low.next {
            return;
        }
        let middle = line_start(self.bytes, low.next.midpoint(limit), limit);
        let middle = if middle < limit { middle } else { low.next };
        match self.first(middle..limit, usize::MAX) {
            Some(found) => {
                self.between(low, found, middle, gap, visit);
                visit(found);
                self.between(found, high, limit, gap, visit);
            }
            None => self.between(low, high, middle, gap, visit),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::fmt::Write as _;

    use super::*;

    fn instant(text: &str) -> Instant {
        DateTime::parse_from_rfc3339(text).expect("the test's time")
    }

    /// The marks of a log whose lines begin with RFC 3339, and how many lines were read for them.
    fn marks(log: &str, gap_s: i64) -> (Vec<Instant>, usize) {
        let mut buffer = Buffer::new(0);
        for piece in log.as_bytes().chunks(1024) {
            buffer.spare()[..piece.len()].copy_from_slice(piece);
            buffer.commit(piece.len());
        }
        let reads = Cell::new(0);
        let instant_of = |line: &[u8]| {
            reads.set(reads.get() + 1);
            let word = line.split(|byte| *byte == b' ').next()?;
            DateTime::parse_from_rfc3339(std::str::from_utf8(word).ok()?).ok()
        };
        let (mut marked, gap) = (Marked::default(), TimeDelta::seconds(gap_s));
        let mut activity = Activity::new(gap, &mut marked);
        let mut marks = VecDeque::new();
        // In two turns, the first of which ends within a line.
        let middle = log.len() / 2;
        for part in [0..middle, middle..log.len()] {
            activity.see(&stamped(&buffer, part, gap, &instant_of), &mut marks);
        }
        activity.finish(&mut marks);
        (marks.into_iter().map(|mark| mark.at).collect(), reads.get())
    }

    #[track_caller]
    fn check(log: &str, gap_s: i64, expected: &[&str]) {
        let (marks, _) = marks(log, gap_s);
        let marks: Vec<_> = marks.iter().map(|at| at.format("%T").to_string()).collect();
        assert_eq!(marks, expected, "of\n{log}");
    }

    #[test]
    fn both_sides_of_a_silence_are_marked_and_so_are_both_ends() {
        let log = "2026-11-20T10:00:00Z a\n  b\n2026-11-20T10:00:10Z a\n2026-11-20T10:09:00Z a\n\
                   b\n\n2026-11-20T10:09:30Z a\n2026-11-20T10:09:31Z a\n";
        check(log, 300, &["10:00:00", "10:00:10", "10:09:00", "10:09:31"]);
        check(log, 3600, &["10:00:00", "10:09:31"]);
        check("no stamp\n".repeat(300).as_str(), 300, &[]);
        check("2026-11-20T10:00:00Z a", 300, &["10:00:00"]);
    }

    #[test]
    fn many_lines_without_a_stamp_hide_no_silence_behind_them() {
        let trace = "  at x\n".repeat(150);
        let stamps = log((0..400).chain(2000..2400));
        let (marks, _) = marks(&format!("{trace}{stamps}{trace}"), 600);
        let longest = marks.windows(2).map(|pair| pair[1] - pair[0]).max();
        assert_eq!(longest, Some(TimeDelta::seconds(1601)));
    }

    #[test]
    fn a_quiet_log_gives_a_sign_of_life_once_in_a_gap() {
        let mut marked = Marked::default();
        let mut marks = VecDeque::new();
        let start = instant("2026-11-20T10:00:00Z");
        for second in (0..1500_i64).step_by(30) {
            let mut activity = Activity::new(TimeDelta::seconds(600), &mut marked);
            let line_offset = second.cast_unsigned();
            activity
                .visit(Mark { line_offset, at: start + TimeDelta::seconds(second) }, &mut marks);
            activity.rest(&mut marks);
            activity.rest(&mut marks);
        }
        let seconds: Vec<_> = marks.iter().map(|mark| mark.line_offset).collect();
        // Those of a log that is never quiet are 0, 600 and 1200.
        assert_eq!(seconds, [0, 30, 600, 630, 1200, 1230]);
    }

    #[test]
    fn a_clock_that_was_set_back_shows_and_a_late_line_does_not() {
        let log = "2026-11-20T10:00:00Z a\n2026-11-20T10:00:09Z a\n2026-11-20T10:00:08Z a\n\
                   2026-11-20T08:00:00Z a\n";
        check(log, 300, &["10:00:00", "10:00:09", "08:00:00"]);
        let log = "2026-11-20T10:05:00Z a\n2026-11-20T10:00:00Z a\n2026-11-20T10:00:01Z a\n";
        check(log, 300, &["10:05:00", "10:00:00", "10:00:01"]);
    }

    /// Lines at these seconds.
    fn log(seconds: impl Iterator<Item = i64>) -> String {
        let start = instant("2026-11-20T10:00:00Z");
        let mut log = String::new();
        for second in seconds {
            let at = start + TimeDelta::seconds(second);
            let _ = writeln!(log, "{} text\n  more", at.to_rfc3339());
        }
        log
    }

    #[test]
    fn a_dense_log_is_not_read_line_by_line_and_its_marks_lie_closer_than_the_gap() {
        let (marks, reads) = marks(&log(0..7200), 600);
        assert!(reads < 150, "{reads} lines were read");
        assert!((12..=26).contains(&marks.len()), "{} marks", marks.len());
        assert!(marks.windows(2).all(|pair| pair[1] - pair[0] < TimeDelta::seconds(600)));
    }

    #[test]
    fn every_silence_is_found_wherever_it_lies() {
        for start in (1..3600).step_by(97) {
            let (marks, _) = marks(&log((0..start).chain(start + 700..5000)), 600);
            let silences =
                marks.windows(2).filter(|pair| pair[1] - pair[0] >= TimeDelta::seconds(600));
            let silences: Vec<_> = silences.map(|pair| pair[1] - pair[0]).collect();
            assert_eq!(silences, [TimeDelta::seconds(701)], "a silence at {start}");
        }
    }
}
