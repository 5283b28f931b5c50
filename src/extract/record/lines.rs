//! The physical lines around a hit that one writer wrote, freed of their carriers.
//!
//! Owns the walk over the context's bytes in both directions. Must never decide what a record is
//! beyond what ends the walk: a head, a gap in time, a limit.

use std::borrow::Cow;
use std::collections::VecDeque;

use super::super::head::{self, Role};
use super::super::timestamp::{self, Resolution, Stamp};
use super::super::visible;
use super::boundary::{Boundary, LOOSE_LINES_MAX};
use super::line::Line;
use super::{Around, Context, LONG_LINE_BYTES_BEHIND};

/// The longest record that is put together, on either side of the hit.
const LINES_MAX: usize = 200;

/// How many lines of other writers are passed over to find this writer's next.
const FOREIGN_LINES_MAX: usize = 40;

/// Lines of one print call reach a container runtime within this time.
const GAP_MS_MAX: i64 = 50;

/// The lines of one writer around a hit, oldest first.
pub(super) struct Lines<'b> {
    lines: VecDeque<Line<'b>>,
    /// The index of the hit's own line.
    hit: usize,
}

/// Whether the line that holds `from` ends within what is looked at of a long line.
pub(super) fn ends_near(bytes: &[u8], from: usize) -> bool {
    memchr::memchr(b'\n', &bytes[from..]).is_some() || bytes.len() - from < LONG_LINE_BYTES_BEHIND
}

impl<'b> Lines<'b> {
    /// The hit's line and those before it that may belong to its record.
    pub(super) fn around(context: &Context<'b>) -> Self {
        let hit = Line::read(context, context.line_start, context.line_number, context.line_offset);
        let mut lines = before(context, &hit);
        let at = lines.len();
        lines.push_back(hit);
        let slice = lines.make_contiguous();
        for at in 1..slice.len() {
            let (before, behind) = slice.split_at_mut(at);
            if let (Some(before), Some(line)) = (before.last(), behind.first_mut()) {
                line.continue_from(before);
            }
        }
        Self { lines, hit: at }
    }

    /// The index at which the hit's record begins.
    pub(super) fn start_of_record(&self, boundary: &mut Boundary) -> usize {
        let mut start = 0;
        for (at, line) in self.lines.iter().enumerate() {
            if boundary.begins(line) {
                start = at;
            }
        }
        start
    }

    /// Adds the lines behind the hit that belong to its record.
    pub(super) fn follow(&mut self, context: &Context<'b>, boundary: &mut Boundary) {
        let Some(last) = self.lines.back() else { return };
        let (writer, mut at, mut number) = (last.envelope.writer, last.end, last.number);
        let mut offset = last.offset + (at - context.line_start) as u64;
        let mut foreign = 0;
        let limit = self.lines.len() + LINES_MAX;
        while at + 1 < context.bytes.len() && self.lines.len() < limit {
            let start = at + 1;
            if writer == 0 && begins_visibly(&context.bytes[start..]) {
                return;
            }
            (offset, number) = (offset + 1, number + 1);
            let mut line = Line::read(context, start, number, offset);
            offset += (line.end - start) as u64;
            at = line.end;
            if writer == 0 && line.envelope.carriers > 0 {
                return; // Bare lines end where the next carried one begins.
            }
            let Some(before) = self.lines.back() else { return };
            // A bare line goes on from the carried line directly before it, if that one is whole.
            let bare = line.envelope.carriers == 0 && writer != 0;
            let is_apart = bare && foreign > 0 || line.interrupts(before);
            if is_apart || !line.may_be_of(writer) {
                foreign += 1;
                if foreign == FOREIGN_LINES_MAX {
                    return;
                }
                continue;
            }
            foreign = 0;
            line.continue_from(before);
            let apart = gap(before.envelope.stamp.as_ref(), line.envelope.stamp.as_ref());
            if !line.joined && apart || boundary.begins(&line) {
                return;
            }
            self.lines.push_back(line);
        }
    }

    /// The neighbours of a record of one short line: samples of the SDKs print status, request id,
    /// code and message on four bare lines.
    pub(super) fn neighbours(&self, context: &Context<'_>, start: usize) -> Around {
        const LINES_AROUND: usize = 3;
        const BARE_BYTES_MAX: usize = 80;
        if self.lines[self.hit].text.len() > BARE_BYTES_MAX {
            return Around::default();
        }
        let before = self.lines.iter().take(start).rev().take(LINES_AROUND);
        let mut around = Around {
            before: before.map(|line| line.text.to_string()).collect(),
            behind: Vec::new(),
        };
        let mut at = self.lines.back().map_or(context.bytes.len(), |line| line.end);
        while at + 1 < context.bytes.len() && around.behind.len() < LINES_AROUND {
            let line = Line::read(context, at + 1, 0, 0);
            at = line.end;
            around.behind.push(line.text.into_owned());
        }
        around
    }

    pub(super) fn writer(&self) -> u64 {
        self.lines[self.hit].envelope.writer
    }

    pub(super) fn into_record(self, start: usize) -> Vec<Line<'b>> {
        self.lines.into_iter().skip(start).collect()
    }
}

/// The lines before the hit's that may belong to its record, oldest first.
fn before<'b>(context: &Context<'b>, hit: &Line<'b>) -> VecDeque<Line<'b>> {
    let mut lines: VecDeque<Line<'b>> = VecDeque::new();
    let may_be_cut = hit.envelope.carriers > 0;
    let (mut start, mut number, mut offset) = (context.line_start, hit.number, hit.offset);
    let (mut foreign, mut loose) = (0, 0);
    while start > 0 && lines.len() < LINES_MAX && foreign < FOREIGN_LINES_MAX {
        // No head reaches over more loose lines than these.
        if loose > LOOSE_LINES_MAX {
            break;
        }
        let next = lines.front().unwrap_or(hit);
        let second = head::is_second_line(&next.text);
        if next.role == Role::Head && !may_be_cut && !second {
            break;
        }
        let begin = memchr::memrchr(b'\n', &context.bytes[..start - 1]).map_or(0, |at| at + 1);
        // A checkpoint of another text than the one that goes on may say otherwise.
        let Some(context_offset) = offset.checked_sub(start as u64) else { break };
        if begin == 0 && context_offset > 0 {
            break; // That line begins before the context.
        }
        offset -= (start - begin) as u64;
        (start, number) = (begin, number.saturating_sub(1));
        let line = Line::read(context, start, number, offset);
        if !hit.may_be_of(line.envelope.writer) {
            foreign += 1;
            continue;
        }
        foreign = 0;
        // The carried line that bare lines go on from is where they begin.
        let carried = line.envelope.carriers > 0 && hit.envelope.carriers == 0;
        if carried {
            lines.push_front(line);
            break;
        }
        let first_of_two = second && head::has_second_line(&line.text);
        let apart = gap(line.envelope.stamp.as_ref(), next.envelope.stamp.as_ref());
        // Of a cut line, the start decides what it is.
        let ended = apart || next.role == Role::Head && !first_of_two;
        if ended && !line.envelope.partial {
            break;
        }
        loose += usize::from(line.role == Role::Loose && !line.envelope.partial);
        lines.push_front(line);
    }
    lines
}

/// Whether a text begins with a line that is carried or a head, as its first byte begins a stamp.
/// Behind a bare record either is the next one, which most often stands directly behind it.
fn begins_visibly(text: &[u8]) -> bool {
    let line = text.get(..timestamp::HEAD_BYTES_MAX).unwrap_or(text);
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    // An escape may hide what else stands in the stamp.
    line.first().is_some_and(u8::is_ascii_digit)
        && matches!(visible::strip_ansi(line), Cow::Borrowed(_))
        && timestamp::begins(line)
}

/// Whether two carrier stamps are too far apart for one print call.
fn gap(earlier: Option<&Stamp>, later: Option<&Stamp>) -> bool {
    let (Some(earlier), Some(later)) = (earlier, later) else { return false };
    let limit_ms = if earlier.resolution == Resolution::Second { 1_000 } else { GAP_MS_MAX };
    earlier.apart(later).is_some_and(|apart| apart.num_milliseconds() > limit_ms)
}
