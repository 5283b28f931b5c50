//! Parts of an input that are looked at side by side, before it is known what was found before
//! them.
//!
//! Owns how an input is cut, what a part assumes of what comes before it, and whether that turned
//! out to be so. Where it did not, the part is looked at again: what is found is the same in either
//! case, and the same as in one go. Must never know who looks at which part, nor when. Fails:
//! never.
//!
//! ```text
//! Cutter ──▶ Text ──▶ Segment ──▶ Extractor::join
//! (in order) (anywhere, at once)   (in order)
//! ```

use std::sync::Arc;

use chrono::TimeDelta;

use super::activity::Mark;
use super::buffer::{AHEAD_BYTES, BEHIND_BYTES, Buffer, LineCursor};
use super::checkpoint::Progress;
use super::finding::Found;
use super::passing::{Outlet, To};
use super::sink::Sink;
use super::turn::{Scanner, recognise_docker};
use super::{Counters, Extractor, Settings};
use crate::catalogue::Catalogue;
use crate::occurrence::Success;

/// New bytes of a segment.
pub const SEGMENT_BYTES: usize = 1024 * 1024;

/// What of a segment's end may be left to the next one, so that it begins with a line.
const LAST_LINE_BYTES_MAX: usize = 64 * 1024;

/// Context that is kept before a segment.
const CONTEXT_BYTES: usize = 2 * BEHIND_BYTES;

/// How many lines stand before a segment is not known while it is looked at: more than any number
/// of lines that a record reaches back, to be put right later.
const LINES_ASSUMED: u64 = 1 << 40;

/// Cuts one input into texts, in order.
#[derive(Debug, Default)]
pub struct Cutter {
    /// The end of the last text: context, and what is still to be looked at.
    kept: Vec<u8>,
    /// The input's byte at which it begins.
    base: u64,
    /// Everything before this byte of the input is in texts.
    position: u64,
    docker: Option<bool>,
}

/// A part of an input with what stands around it.
#[derive(Debug)]
pub struct Text {
    buffer: Buffer,
    /// The part: bytes of the input.
    from: u64,
    until: u64,
    docker: Option<bool>,
}

impl Cutter {
    /// The next text, to be filled. It takes as many new bytes as asked for, into memory that may
    /// have been used before.
    pub fn next(&self, memory: Vec<u8>, new_bytes: usize) -> Text {
        let size_bytes = CONTEXT_BYTES + LAST_LINE_BYTES_MAX + AHEAD_BYTES + new_bytes;
        let buffer = Buffer::reusing(memory, size_bytes, self.base, &self.kept);
        Text { buffer, from: self.position, until: self.position, docker: self.docker }
    }

    /// Cuts a text that was filled, or that ends the input.
    pub fn cut(&mut self, text: &mut Text, ends_input: bool) {
        let buffer = &mut text.buffer;
        if ends_input {
            buffer.end();
        }
        let filled = buffer.filled();
        let end = if ends_input { filled.len() } else { filled.len().saturating_sub(AHEAD_BYTES) };
        let start = buffer.index(self.position).min(end);
        let last = &filled[start.max(end.saturating_sub(LAST_LINE_BYTES_MAX))..end];
        let line = memchr::memrchr(b'\n', last).filter(|_| !ends_input);
        let until = line.map_or(end, |newline| end - last.len() + newline + 1);
        if self.position == 0 {
            self.docker = recognise_docker(filled);
        }
        (text.until, text.docker) = (buffer.offset(until), self.docker);
        let kept = until.saturating_sub(CONTEXT_BYTES);
        self.kept.clear();
        self.kept.extend_from_slice(&filled[kept..]);
        (self.base, self.position) = (buffer.offset(kept), text.until);
    }
}

impl Text {
    /// The room that is left; empty once it is full.
    pub fn spare(&mut self) -> &mut [u8] {
        self.buffer.rest()
    }

    /// Takes the first `count` bytes of the spare room in.
    pub fn commit(&mut self, count: usize) {
        self.buffer.commit(count);
    }

    /// The bytes of the part, and those before it that are known.
    pub fn bytes(&self) -> (&[u8], &[u8]) {
        let (from, until) = (self.buffer.index(self.from), self.buffer.index(self.until));
        let filled = self.buffer.filled();
        (&filled[..from], &filled[from..until])
    }

    /// Where the line begins in which the part begins, if that can be seen.
    fn first_line(&self) -> Option<u64> {
        let (before, _) = self.bytes();
        match memchr::memrchr(b'\n', before) {
            Some(newline) => Some(self.buffer.offset(newline + 1)),
            None => (self.buffer.base() == 0).then_some(0),
        }
    }
}

/// What was told while a segment was looked at, in this order.
#[derive(Debug)]
enum Step {
    Successes(Vec<Success>),
    Stamped(TimeDelta, Vec<Mark>),
    Found(Box<Found>),
    Flush(u64),
}

#[derive(Debug, Default)]
struct Steps(Vec<Step>);

impl Outlet for Steps {
    fn successes(&mut self, successes: Vec<Success>) {
        self.0.push(Step::Successes(successes));
    }

    fn stamped(&mut self, gap: TimeDelta, lines: Vec<Mark>) {
        self.0.push(Step::Stamped(gap, lines));
    }

    fn found(&mut self, found: Found) {
        self.0.push(Step::Found(Box::new(found)));
    }

    fn flush(&mut self, until: u64) {
        self.0.push(Step::Flush(until));
    }
}

/// A part of an input that was looked at.
#[derive(Debug)]
pub struct Segment {
    scanner: Scanner,
    until: u64,
    /// Where the line begins in which it begins; `None` if that is too far back to be seen, and it
    /// was not looked at.
    first_line: Option<u64>,
    steps: Steps,
}

impl Segment {
    /// Looks at a text as if nothing that was found before it reached into it.
    pub fn look(
        text: Text,
        catalogue: &Arc<Catalogue>,
        settings: Settings,
        file: Arc<str>,
    ) -> Self {
        let first_line = text.first_line();
        let Text { buffer, from, until, docker } = text;
        let line_offset = first_line.unwrap_or(from);
        let progress = Progress {
            position: from,
            cursor: LineCursor { counted: from, newlines: LINES_ASSUMED, line_offset },
            docker,
            ..Progress::default()
        };
        let mut scanner = Scanner::new(catalogue, settings, file, buffer, progress);
        let mut steps = Steps::default();
        if first_line.is_some() {
            scanner.scan(scanner.buffer.index(until), &mut steps);
        }
        Self { scanner, until, first_line, steps }
    }

    /// Whether what was found before it leaves it as it is.
    fn holds_behind(&self, before: &Progress) -> bool {
        let Some(line) = self.first_line.filter(|line| *line == before.cursor.line_offset) else {
            return false;
        };
        let first_line = self.scanner.first_line.map_or(line, |first| first.min(line));
        let is_before = |other: Option<u64>| other.is_none_or(|other| other < line);
        before.done.range(first_line..).next().is_none()
            && before.long_line_done <= before.position
            && is_before(before.long_line)
            && is_before(before.success_line)
    }
}

impl Extractor {
    /// Takes in the next segment of the input; gives memory back to be used again.
    ///
    /// An input is fed by segments or by bytes, never by both.
    pub fn join(&mut self, segment: Segment, sink: &mut impl Sink) -> Vec<u8> {
        let holds = segment.holds_behind(&self.scanner.progress);
        let Segment { mut scanner, until, steps, .. } = segment;
        std::mem::swap(&mut self.scanner.buffer, &mut scanner.buffer);
        let passing = &mut self.passing;
        if holds {
            let lines = self.scanner.progress.cursor.newlines.cast_signed();
            let lines = lines - LINES_ASSUMED.cast_signed();
            steps.tell(lines, &mut To { passing, sink });
            self.scanner.progress.go_on(scanner.progress, lines);
        } else {
            let until = self.scanner.buffer.index(until);
            self.scanner.scan(until, &mut To { passing, sink });
        }
        scanner.buffer.into_memory()
    }
}

impl Steps {
    /// Tells them again, where so many more lines stand before.
    fn tell(self, lines: i64, outlet: &mut impl Outlet) {
        for step in self.0 {
            match step {
                Step::Successes(mut successes) => {
                    for success in &mut successes {
                        let line = &mut success.place.line;
                        *line = line.saturating_add_signed(lines);
                    }
                    outlet.successes(successes);
                }
                Step::Stamped(gap, stamped) => outlet.stamped(gap, stamped),
                Step::Found(mut found) => {
                    found.move_down(lines);
                    outlet.found(*found);
                }
                Step::Flush(until) => outlet.flush(until),
            }
        }
    }
}

impl Progress {
    /// Goes on with what was done behind it, where so many more lines stand before.
    fn go_on(&mut self, behind: Self, lines: i64) {
        let newlines = behind.cursor.newlines.saturating_add_signed(lines);
        self.position = behind.position;
        self.cursor = LineCursor { newlines, ..behind.cursor };
        self.docker = behind.docker;
        let floor = self.cursor.line_offset.saturating_sub(CONTEXT_BYTES as u64);
        self.done = self.done.split_off(&floor);
        self.done.extend(behind.done);
        self.long_line_done = self.long_line_done.max(behind.long_line_done);
        self.long_line = behind.long_line.or(self.long_line);
        self.success_line = behind.success_line.or(self.success_line);
        self.counters.add(&behind.counters);
    }
}

impl Counters {
    fn add(&mut self, behind: &Self) {
        let &Self { mentions, untimed, codes_left_out, long_lines, beyond_line_max, .. } = behind;
        self.mentions += mentions;
        self.untimed += untimed;
        self.codes_left_out += codes_left_out;
        self.long_lines += long_lines;
        self.beyond_line_max += beyond_line_max;
        self.first_at = self.first_at.or(behind.first_at);
        self.last_at = behind.last_at.or(self.last_at);
    }
}

#[cfg(test)]
mod tests;
