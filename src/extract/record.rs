//! Groups the physical lines around a hit into the record that they belong to.
//!
//! A record is what one log statement printed: a head line and the lines that go on from it. Under
//! docker, CRI and journald each line travels alone, interleaved with other writers' lines, and a
//! long line is cut into parts; here they come together again. Only bytes within a fixed distance
//! of the hit are looked at, so the answer does not depend on how the input was read.
//!
//! Must never look for errors. Fails: never; a line that belongs to nothing is its own record.

mod boundary;
mod line;
mod lines;

use std::ops::Range;

use super::envelope::Process;
use super::head::{self, Head};
use super::timestamp::{self, Stamp};
use super::visible;
use boundary::Boundary;
use line::Line;
use lines::Lines;

/// An answer's headers that are looked at for its date.
const HEADER_LINES_MAX: usize = 20;

/// How much of a line too long for the buffer is looked at, before and behind the hit.
const LONG_LINE_BYTES_BEFORE: usize = 16 * 1024;
const LONG_LINE_BYTES_BEHIND: usize = 48 * 1024;

/// How much of what is looked at one hit answers for: a body at its end is still seen whole.
const LONG_LINE_BYTES_PIECE: usize = 32 * 1024;

/// The bytes around a hit, and where they stand.
pub(super) struct Context<'b> {
    pub bytes: &'b [u8],
    /// The input ends where they do.
    pub ends_input: bool,
    /// The hit's position in `bytes`.
    pub hit: usize,
    /// The hit's line, where it begins in `bytes` (0 if it begins before them).
    pub line_start: usize,
    /// The hit's line begins before `bytes`.
    pub line_clipped: bool,
    /// The hit's line, 1-based.
    pub line_number: u64,
    /// The byte of the input at which the hit's line begins.
    pub line_offset: u64,
}

/// Where a part of a record's text comes from.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Part {
    /// Where it begins in the record's text.
    pub start: usize,
    pub line_number: u64,
    pub line_offset: u64,
    pub stamp: Option<Stamp>,
}

/// The lines that one log statement printed, freed of their carriers.
#[derive(Debug)]
pub(super) struct Record {
    pub text: String,
    pub parts: Vec<Part>,
    /// Where in the text a line ends whose rest is not there.
    cut_at: Vec<usize>,
    pub head: Head,
    pub writer: u64,
    /// The carrier's stamps tell when the lines were written.
    stamped_at_once: bool,
    pub process: Option<Process>,
    /// The lines directly before and behind a record of one short bare line.
    pub around: Around,
    /// The record is a piece of a line too long to be looked at whole.
    pub long_line: Option<LongLine>,
}

/// The piece of a long line that a hit answers for; the next hit behind it has its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LongLine {
    /// Where in the record's text the hit stands.
    start: usize,
    /// Where in the record's text the piece ends.
    end: usize,
    /// The piece's length in the input.
    bytes: usize,
}

impl LongLine {
    /// How many bytes of the input the hit answers for, if it answers for the text before `until`.
    ///
    /// Where colours or broken characters were taken out, the text's lengths are not the input's:
    /// then it is the whole piece.
    pub(super) fn bytes_before(self, until: usize) -> usize {
        if self.is_exact() && self.holds(until) { until - self.start } else { self.bytes }
    }

    fn is_exact(self) -> bool {
        self.end - self.start == self.bytes
    }

    /// How far behind the hit a position of the text stands, in bytes.
    pub(super) fn distance(self, at: usize) -> u64 {
        at.saturating_sub(self.start) as u64
    }

    pub(super) fn holds(self, at: usize) -> bool {
        self.start <= at && at < self.end
    }
}

/// Neighbours of a bare line, nearest first on both sides.
#[derive(Debug, Default)]
pub(super) struct Around {
    pub before: Vec<String>,
    pub behind: Vec<String>,
}

impl Record {
    /// The part that holds a position of the text.
    pub(super) fn part_at(&self, at: usize) -> Option<&Part> {
        let behind = self.parts.partition_point(|part| part.start <= at);
        self.parts.get(behind.checked_sub(1)?)
    }

    /// Whether a word that ends at a position of the text may go on: its line was cut there.
    pub(super) fn is_cut_at(&self, at: usize) -> bool {
        self.cut_at.contains(&at)
    }

    /// Whether a text that begins behind `from` may go on: its line was cut where it ends.
    pub(super) fn is_cut_behind(&self, from: usize, text: &str) -> bool {
        let read = self.cut_at.iter().filter_map(|cut| self.text.get(from..*cut));
        read.into_iter().any(|read| read.trim_end().ends_with(text))
    }

    /// Whether the hit may leave what stands at a position to another hit: a piece of a long line
    /// ends where one likes.
    pub(super) fn can_end_before(&self, at: usize) -> bool {
        self.long_line.is_some_and(|piece| piece.is_exact() && piece.holds(at))
    }

    /// The record's own stamp, else its carrier's.
    pub(super) fn stamp(&self) -> Option<&Stamp> {
        let carrier = self.parts.first().and_then(|part| part.stamp.as_ref());
        better_stamp(self.head.stamp.as_ref(), carrier, self.stamped_at_once)
    }
}

/// A text's own stamp, else its carrier's. A container runtime's stamp has a zone, so it wins over
/// an own stamp without one: both tell the same moment.
pub(super) fn better_stamp<'s>(
    own: Option<&'s Stamp>,
    carrier: Option<&'s Stamp>,
    stamped_at_once: bool,
) -> Option<&'s Stamp> {
    match (own, carrier) {
        (Some(own), Some(carrier))
            if own.is_header
                || stamped_at_once && own.offset.is_none() && carrier.offset.is_some() =>
        {
            Some(carrier)
        }
        (own, carrier) => own.or(carrier),
    }
}

/// Puts the record around the hit together.
pub(super) fn build(context: &Context<'_>) -> Record {
    if context.line_clipped || !lines::ends_near(context.bytes, context.hit) {
        return long_line(context);
    }
    let mut lines = Lines::around(context);
    let mut boundary = Boundary::default();
    let start = lines.start_of_record(&mut boundary);
    lines.follow(context, &mut boundary);
    let around = lines.neighbours(context, start);
    let writer = lines.writer();
    assemble(lines.into_record(start), writer, around)
}

fn assemble(lines: Vec<Line<'_>>, writer: u64, around: Around) -> Record {
    let mut text = String::with_capacity(lines.iter().map(|line| line.text.len() + 1).sum());
    let mut parts = Vec::with_capacity(lines.len());
    let mut cut_at = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        if index > 0 && !line.joined {
            text.push('\n');
        }
        parts.push(Part {
            start: text.len(),
            line_number: line.number,
            line_offset: line.offset,
            stamp: line.envelope.stamp.clone(),
        });
        text.push_str(&line.text);
        let goes_on = lines.get(index + 1).is_some_and(|next| next.joined);
        if line.unfinished || line.envelope.partial && !goes_on {
            cut_at.push(text.len());
        }
    }
    let head = head_of(&text, &lines);
    let carried = lines.into_iter().next().map(|line| line.envelope).unwrap_or_default();
    Record {
        text,
        parts,
        cut_at,
        head: Head {
            level: head.level.or(carried.level),
            actor: head.actor.or(carried.thread),
            ..head
        },
        writer,
        stamped_at_once: carried.stamped_at_once,
        process: carried.process,
        around,
        long_line: None,
    }
}

fn head_of(text: &str, lines: &[Line<'_>]) -> Head {
    let first = text.split('\n').next().unwrap_or("");
    if first.trim_end() == "{"
        && let Some(head) = head::read_pretty(text)
    {
        return head;
    }
    let mut head = head::read(first);
    let mut below = lines.iter().skip(1).map(|line| line.text.as_ref());
    if head.level.is_none() && head::has_second_line(first) {
        head.level = below.next().and_then(|second| head::read(second).level);
    } else if head.stamp.is_none() && first.starts_with("HTTP/") {
        // A copied answer has no other time than its `Date:` header.
        head.stamp = below.take(HEADER_LINES_MAX).find_map(|line| timestamp::find(line.as_bytes()));
    }
    head
}

/// A line longer than the context: the bytes next to the hit are all that is looked at.
fn long_line(context: &Context<'_>) -> Record {
    let from = context.line_start.max(context.hit.saturating_sub(LONG_LINE_BYTES_BEFORE));
    let until = context.bytes.len().min(context.hit + LONG_LINE_BYTES_BEHIND);
    let newline = memchr::memchr(b'\n', &context.bytes[context.hit..until]);
    let end = newline.map_or(until, |at| context.hit + at);
    let piece = context.hit..end.min(context.hit + LONG_LINE_BYTES_PIECE);
    let text_of = |range: Range<usize>| {
        String::from_utf8_lossy(&visible::strip_ansi(&context.bytes[range])).into_owned()
    };
    let mut text = text_of(from..context.hit);
    let start = text.len();
    text.push_str(&text_of(piece.clone()));
    let long_line = LongLine { start, end: text.len(), bytes: piece.len() };
    text.push_str(&text_of(piece.end..end));
    let is_whole = newline.is_some() || context.ends_input && end == context.bytes.len();
    let cut_at = if is_whole { Vec::new() } else { vec![text.len()] };
    let begins = !context.line_clipped && from == context.line_start;
    let head = if begins { head::read(&text) } else { Head::default() };
    let part = Part {
        start: 0,
        line_number: context.line_number,
        line_offset: context.line_offset,
        stamp: None,
    };
    Record {
        text,
        parts: vec![part],
        cut_at,
        head,
        writer: 0,
        stamped_at_once: false,
        process: None,
        around: Around::default(),
        long_line: Some(long_line),
    }
}
