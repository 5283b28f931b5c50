//! Groups the physical lines around a hit into the record that they belong to.
//!
//! A record is what one log statement printed: a head line and the lines that go on from it. Under
//! docker, CRI and journald each line travels alone, interleaved with other writers' lines, and a
//! long line is cut into parts; here they come together again. Only bytes within a fixed distance
//! of the hit are looked at, so the answer does not depend on how the input was read.
//!
//! Must never look for errors. Fails: never; a line that belongs to nothing is its own record.

use std::collections::VecDeque;
use std::ops::Range;

use super::envelope::{self, Envelope, Process};
use super::head::{self, Head, Role};
use super::timestamp::{self, Resolution, Stamp};
use super::visible;

/// The longest record that is put together, on either side of the hit.
const LINES_MAX: usize = 200;

/// How many lines of other writers are passed over to find this writer's next.
const FOREIGN_LINES_MAX: usize = 40;

/// An answer's headers that are looked at for its date.
const HEADER_LINES_MAX: usize = 20;

/// Loose lines that one statement prints below its head; more are other statements' lines.
const LOOSE_LINES_MAX: usize = 12;

/// Lines of one print call reach a container runtime within this time.
const GAP_MS_MAX: i64 = 50;

/// How much of a line too long for the buffer is looked at, before and behind the hit.
const LONG_LINE_BYTES_BEFORE: usize = 16 * 1024;
const LONG_LINE_BYTES_BEHIND: usize = 48 * 1024;

/// How much of what is looked at one hit answers for: a body at its end is still seen whole.
const LONG_LINE_BYTES_PIECE: usize = 32 * 1024;

/// The bytes around a hit, and where they stand.
pub(super) struct Context<'b> {
    pub bytes: &'b [u8],
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
    pub bytes: usize,
}

impl LongLine {
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

    /// The record's own stamp, else its carrier's. A container runtime's stamp has a zone, so it wins
    /// over an own stamp without one: both tell the same moment.
    pub(super) fn stamp(&self) -> Option<&Stamp> {
        let own = self.head.stamp.as_ref();
        let carrier = self.parts.first().and_then(|part| part.stamp.as_ref());
        match (own, carrier) {
            (Some(own), Some(carrier))
                if self.stamped_at_once && own.offset.is_none() && carrier.offset.is_some() =>
            {
                Some(carrier)
            }
            (own, carrier) => own.or(carrier),
        }
    }
}

/// One physical line, taken out of its carriers.
struct Line {
    text: String,
    envelope: Envelope,
    role: Role,
    number: u64,
    offset: u64,
    /// The end of its bytes in the context.
    end: usize,
    /// It goes on where the writer's line before it was cut.
    joined: bool,
}

/// Puts the record around the hit together.
pub(super) fn build(context: &Context<'_>) -> Record {
    if context.line_clipped || line_end(context.bytes, context.hit).is_none() {
        return long_line(context);
    }
    let mut lines = lines_before(context);
    let hit = lines.len();
    lines.push_back(line_at(context, context.line_start, context.line_number, context.line_offset));
    mark_joined(&mut lines);
    let (start, mut state) = record_start(&lines, hit);
    let writer = lines[hit].envelope.writer;
    follow(context, &mut lines, &mut state, writer);
    let around = around(context, &lines, start, hit);
    assemble(lines.into_iter().skip(start).collect(), writer, around)
}

fn line_end(bytes: &[u8], from: usize) -> Option<usize> {
    match memchr::memchr(b'\n', &bytes[from..]) {
        Some(at) => Some(from + at),
        // The context ends with the input, or the line goes on past it.
        None if bytes.len() - from < LONG_LINE_BYTES_BEHIND => Some(bytes.len()),
        None => None,
    }
}

fn line_at(context: &Context<'_>, start: usize, number: u64, offset: u64) -> Line {
    let end =
        memchr::memchr(b'\n', &context.bytes[start..]).map_or(context.bytes.len(), |at| start + at);
    let raw = &context.bytes[start..end];
    let raw = raw.strip_suffix(b"\r").unwrap_or(raw);
    let stripped = visible::strip_ansi(raw);
    let lossy = String::from_utf8_lossy(&stripped);
    let unwrapped = envelope::unwrap(&lossy);
    let envelope = unwrapped.envelope;
    // A carrier's JSON spells the escape bytes: they show only after unwrapping.
    let text = if envelope.carriers > 0 {
        let text = visible::strip_ansi(unwrapped.text.as_bytes());
        String::from_utf8_lossy(&text).into_owned()
    } else {
        unwrapped.text.into_owned()
    };
    let role = head::role(&text);
    Line { text, envelope, role, number, offset, end, joined: false }
}

/// The lines before the hit's that may belong to its record, oldest first.
fn lines_before(context: &Context<'_>) -> VecDeque<Line> {
    let mut lines: VecDeque<Line> = VecDeque::new();
    let current = line_at(context, context.line_start, context.line_number, context.line_offset);
    let (writer, mut stamp, mut role) =
        (current.envelope.writer, current.envelope.stamp, current.role);
    let (mut start, mut number, mut offset) =
        (context.line_start, context.line_number, context.line_offset);
    let mut foreign = 0;
    let may_be_cut = current.envelope.carriers > 0;
    let mut second = head::is_second_line(&current.text);
    while start > 0 && lines.len() < LINES_MAX && foreign < FOREIGN_LINES_MAX {
        if role == Role::Head && !may_be_cut && !second {
            break;
        }
        let end = start - 1;
        let begin = memchr::memrchr(b'\n', &context.bytes[..end]).map_or(0, |at| at + 1);
        if begin == 0 && offset > (start as u64) {
            break; // That line begins before the context.
        }
        offset -= (start - begin) as u64;
        (start, number) = (begin, number - 1);
        let line = line_at(context, start, number, offset);
        if line.envelope.writer != writer {
            foreign += 1;
            continue;
        }
        foreign = 0;
        let first_of_two = second && head::has_second_line(&line.text);
        let apart = gap(line.envelope.stamp.as_ref(), stamp.as_ref());
        if !line.envelope.partial && (apart || role == Role::Head && !first_of_two) {
            break;
        }
        // Of a cut line, the start decides what it is.
        role = line.role;
        second = head::is_second_line(&line.text);
        stamp = line.envelope.stamp.clone();
        lines.push_front(line);
    }
    lines
}

/// Whether two carrier stamps are too far apart for one print call.
fn gap(earlier: Option<&Stamp>, later: Option<&Stamp>) -> bool {
    let (Some(earlier), Some(later)) = (earlier, later) else { return false };
    let limit_ms = if earlier.resolution == Resolution::Second { 1_000 } else { GAP_MS_MAX };
    earlier.apart(later).is_some_and(|apart| apart.num_milliseconds() > limit_ms)
}

fn mark_joined(lines: &mut VecDeque<Line>) {
    for at in 1..lines.len() {
        lines[at].joined = lines[at - 1].envelope.partial;
    }
}

/// What is known of the record while walking down its lines.
#[derive(Default)]
struct State {
    /// It began with a head, so loose lines belong to it.
    headed: bool,
    /// It began with the first line of a head of two.
    second_line_due: bool,
    /// Loose lines since the head.
    loose_lines: usize,
    /// The Python SDK's notation is open: a message may hold newlines.
    open_notation: bool,
    /// A Python traceback's last line is the exception, at the left margin.
    traceback: bool,
}

impl State {
    /// Whether `line` begins another record than the one walked so far.
    fn begins(&mut self, line: &Line) -> bool {
        let goes_on = self.open_notation && line.role != Role::Head;
        let begins = !line.joined && !goes_on && self.begins_by_role(line);
        if let Some(open) = line.text.rfind("{status_code:") {
            self.open_notation = !line.text[open..].trim_end().ends_with(['}', '"', '\'']);
        } else if goes_on {
            self.open_notation = !line.text.contains("encoded_authorization_message:");
        }
        begins
    }

    fn begins_by_role(&mut self, line: &Line) -> bool {
        match line.role {
            Role::Head if self.second_line_due && head::is_second_line(&line.text) => {
                self.second_line_due = false;
                false
            }
            Role::Head => {
                let second_line_due = head::has_second_line(&line.text);
                *self = Self { headed: true, second_line_due, ..Self::default() };
                true
            }
            Role::Continuation => {
                self.traceback |= line.text.starts_with("Traceback (most");
                false
            }
            Role::Loose if self.headed && self.loose_lines < LOOSE_LINES_MAX => {
                self.loose_lines += 1;
                false
            }
            Role::Loose if self.traceback => {
                self.traceback = false;
                false
            }
            Role::Loose => {
                // `curl -i` prints headers, a blank line and the body behind the status line.
                *self = Self { headed: line.text.starts_with("HTTP/"), ..Self::default() };
                true
            }
        }
    }
}

/// The index at which the hit's record begins.
fn record_start(lines: &VecDeque<Line>, hit: usize) -> (usize, State) {
    let mut state = State::default();
    let mut start = 0;
    for at in 0..=hit {
        if state.begins(&lines[at]) {
            start = at;
        }
    }
    (start, state)
}

/// Adds the lines behind the hit that belong to its record.
fn follow(context: &Context<'_>, lines: &mut VecDeque<Line>, state: &mut State, writer: u64) {
    let Some(last) = lines.back() else { return };
    let (mut at, mut number) = (last.end, last.number);
    let mut offset = last.offset + (at - context.line_start) as u64;
    let mut foreign = 0;
    let limit = lines.len() + LINES_MAX;
    while at + 1 < context.bytes.len() && lines.len() < limit && foreign < FOREIGN_LINES_MAX {
        let start = at + 1;
        offset += 1;
        number += 1;
        let mut line = line_at(context, start, number, offset);
        offset += (line.end - start) as u64;
        at = line.end;
        if line.envelope.writer != writer {
            foreign += 1;
            continue;
        }
        foreign = 0;
        let Some(before) = lines.back() else { return };
        line.joined = before.envelope.partial;
        if !line.joined && gap(before.envelope.stamp.as_ref(), line.envelope.stamp.as_ref()) {
            return;
        }
        if state.begins(&line) {
            return;
        }
        lines.push_back(line);
    }
}

/// Samples of the SDKs print status, request id, code and message on four bare lines.
fn around(context: &Context<'_>, lines: &VecDeque<Line>, start: usize, hit: usize) -> Around {
    const LINES_AROUND: usize = 3;
    const BARE_BYTES_MAX: usize = 80;
    if lines[hit].text.len() > BARE_BYTES_MAX {
        return Around::default();
    }
    let before = lines.iter().take(start).rev().take(LINES_AROUND);
    let mut around =
        Around { before: before.map(|line| line.text.clone()).collect(), behind: Vec::new() };
    let mut at = lines.back().map_or(context.bytes.len(), |line| line.end);
    while at + 1 < context.bytes.len() && around.behind.len() < LINES_AROUND {
        let line = line_at(context, at + 1, 0, 0);
        at = line.end;
        around.behind.push(line.text);
    }
    around
}

fn assemble(lines: Vec<Line>, writer: u64, around: Around) -> Record {
    let mut text = String::new();
    let mut parts = Vec::with_capacity(lines.len());
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
    }
    let head = head_of(&text, &lines);
    let carried = lines.into_iter().next().map(|line| line.envelope).unwrap_or_default();
    Record {
        text,
        parts,
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

fn head_of(text: &str, lines: &[Line]) -> Head {
    let first = text.split('\n').next().unwrap_or("");
    let mut head = head::read(first);
    let mut below = lines.iter().skip(1).map(|line| line.text.as_str());
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
    let end = memchr::memchr(b'\n', &context.bytes[context.hit..until])
        .map_or(until, |at| context.hit + at);
    let piece = context.hit..end.min(context.hit + LONG_LINE_BYTES_PIECE);
    let text_of = |range: Range<usize>| {
        String::from_utf8_lossy(&visible::strip_ansi(&context.bytes[range])).into_owned()
    };
    let mut text = text_of(from..context.hit);
    let start = text.len();
    text.push_str(&text_of(piece.clone()));
    let long_line = LongLine { start, end: text.len(), bytes: piece.len() };
    text.push_str(&text_of(piece.end..end));
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
        head,
        writer: 0,
        stamped_at_once: false,
        process: None,
        around: Around::default(),
        long_line: Some(long_line),
    }
}
