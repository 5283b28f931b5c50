//! What an extractor does when its input is quiet: it looks at what is there, though more may
//! follow.
//!
//! Owns how far that goes: lines that are whole, lines that a carrier cut and whose rest is still
//! to come, a last line without an end. Must never decide when an input is quiet. Fails: never.

use std::collections::HashMap;
use std::ops::Range;

use super::buffer::{AHEAD_BYTES, BEHIND_BYTES};
use super::passing::To;
use super::scan::{LITERAL_BYTES_MAX, Wanted};
use super::sink::Sink;
use super::{Extractor, envelope, scan, visible};

/// A last line that is longer is looked at in pieces.
const TAIL_BYTES_MAX: usize = 32 * 1024;

/// How many lines of other writers may stand before the rest of a line that a carrier cut, as in
/// `record/lines.rs`.
const FOREIGN_LINES_MAX: usize = 40;

impl Extractor {
    /// The input is quiet: looks at everything up to the end of the last whole line and passes it
    /// on. A checkpoint is available afterwards.
    ///
    /// What comes later of a record that was looked at gives the event again as a repeat at most. A
    /// line that a container runtime cut is whole once its last part is there.
    pub fn flush_lines(&mut self, sink: &mut impl Sink) {
        if self.scanner.buffer.bytes_total() < self.scanner.progress.position {
            return; // Context is still to come.
        }
        self.scanner.recognise_docker();
        let end = self.scanner.buffer.lines_end();
        let end = self.cut_line_before(end).unwrap_or(end);
        if self.scanner.buffer.offset(end) > self.scanner.progress.position {
            let hidden = self.scanner.buffer.hide_behind(end);
            let passing = &mut self.passing;
            self.scanner.scan(end, &mut To { passing, sink });
            self.scanner.buffer.show(hidden);
        }
        self.settle(sink);
    }

    /// The same with a last line that has no end, and with lines whose last part is missing: a
    /// writer may have died in them.
    ///
    /// If nothing is found on such a line, it is looked at again when more of it comes. If
    /// something is, the rest of the line is not looked at. A code at the very end of such a line
    /// is none yet, as digits may be missing. A line of docker's that is not whole is
    /// left alone: what wrapped it cannot be taken off, and it would seem to go on from the line
    /// before it. Docker writes lines at once.
    pub fn flush_all(&mut self, sink: &mut impl Sink) {
        self.flush_lines(sink);
        if self.scanner.buffer.bytes_total() < self.scanner.progress.position {
            return;
        }
        let (lines_end, end) =
            (self.scanner.buffer.lines_end(), self.scanner.buffer.filled().len());
        self.try_to_look(lines_end, lines_end, sink);
        let tail = &self.scanner.buffer.filled()[lines_end..];
        if self.scanner.progress.docker == Some(true) && !tail.ends_with(b"}") {
            // It waits.
        } else if tail.len() > TAIL_BYTES_MAX {
            // Hits at its very end may be cut off, and stay to be seen.
            self.try_to_look(end - LITERAL_BYTES_MAX, end, sink);
        } else if self.try_to_look(end, end, sink) {
            let line = self.scanner.progress.cursor.line_at(&self.scanner.buffer, end);
            self.scanner.progress.done.insert(line.offset);
        }
        self.settle(sink);
    }

    /// Forgets the bytes behind the last newline, and tells how many they are: the file was
    /// truncated within a line, and what is fed next is no part of it. What was found on them and
    /// passed on stays so.
    pub fn discard_unterminated(&mut self) -> u64 {
        let progress = &mut self.scanner.progress;
        let total = self.scanner.buffer.bytes_total().max(progress.position);
        let lines_end = self.scanner.buffer.lines_end();
        let line = if lines_end > 0 && self.scanner.buffer.bytes_total() >= progress.position {
            self.scanner.buffer.offset(lines_end)
        } else {
            progress.cursor.line_offset
        };
        if line >= self.scanner.buffer.base() {
            self.scanner.buffer.truncate(self.scanner.buffer.index(line));
        } else {
            self.scanner.buffer.restart(line);
        }
        // What follows stands at the same places and is another line.
        progress.position = progress.position.min(line);
        progress.docker = progress.docker.filter(|_| line > 0);
        progress.cursor.counted = progress.position;
        drop(progress.done.split_off(&line));
        progress.long_line_done = progress.long_line_done.min(line);
        progress.long_line = progress.long_line.filter(|known| *known < line);
        self.passing.events.forget_from(line);
        progress.success_line = progress.success_line.filter(|known| *known < line);
        total - line
    }

    /// Looks at what begins before `until`, and at nothing behind `seen`. If nothing is found, it
    /// stays to be looked at.
    ///
    /// No stamp is read, as a cut one tells another time.
    fn try_to_look(&mut self, until: usize, seen: usize, sink: &mut impl Sink) -> bool {
        if self.scanner.buffer.offset(until) <= self.scanner.progress.position {
            return false;
        }
        let (before, found_before) = (self.scanner.progress.clone(), self.passing.passed_on);
        let hidden = self.scanner.buffer.hide_behind(seen);
        let passing = &mut self.passing;
        self.scanner.look(until, &mut To { passing, sink });
        self.scanner.buffer.show(hidden);
        self.passing.flush(u64::MAX, sink);
        let found = self.passing.passed_on > found_before;
        if !found {
            self.scanner.progress = before;
        }
        found
    }

    /// Passes on what is left, and gives back the room that a quiet log does not need.
    fn settle(&mut self, sink: &mut impl Sink) {
        if let Some(gap) = self.scanner.settings.activity_gap {
            self.passing.rest(gap);
        }
        self.passing.flush(u64::MAX, sink);
        let last_at = self.scanner.stamp_before_position();
        let counters = &mut self.scanner.progress.counters;
        counters.last_at = last_at.or(counters.last_at);
        self.scanner.buffer.forget(self.scanner.buffer.index(self.scanner.progress.position));
        self.scanner.buffer.calm();
    }

    /// Where the first line begins that a carrier cut and whose rest is not there before `end`.
    fn cut_line_before(&self, end: usize) -> Option<usize> {
        let docker = self.scanner.progress.docker == Some(true);
        let wanted = Wanted { docker, ..Wanted::default() };
        let bytes = &self.scanner.buffer.filled()[..end];
        let position = self.scanner.buffer.index(self.scanner.progress.position);
        let mut from = position.max(end.saturating_sub(AHEAD_BYTES));
        // The writers' cut lines so far: where each began, and where its next part stands.
        let mut cut: HashMap<u64, Range<usize>> = HashMap::new();
        let mut first = None;
        while let Some(candidate) = scan::next_candidate(bytes, from, wanted) {
            let (line, writer, is_cut) = read(bytes, candidate.start)?;
            from = line.end;
            if !is_cut || line.start < position {
                continue;
            }
            let began = cut.get(&writer).filter(|known| known.end == line.start);
            let began = began.map_or(line.start, |known| known.start);
            match next_of(writer, bytes, line.end) {
                Next::At(next) => drop(cut.insert(writer, began..next)),
                Next::Missing => first = Some(first.map_or(began, |at: usize| at.min(began))),
                Next::Never => {}
            }
        }
        // What was found further on goes first.
        first.filter(|at| self.passing.has_none_from(self.scanner.buffer.offset(*at)))
    }
}

/// The next line of a writer whose line was cut.
enum Next {
    At(usize),
    /// It may still come.
    Missing,
    /// So many lines of others stand there that the cut line counts as whole.
    Never,
}

fn next_of(writer: u64, bytes: &[u8], from: usize) -> Next {
    let mut start = from;
    for _ in 0..FOREIGN_LINES_MAX {
        match read(bytes, start) {
            Some((line, other, _)) if other != writer => start = line.end,
            Some((line, ..)) => return Next::At(line.start),
            None => return Next::Missing,
        }
    }
    Next::Never
}

/// The whole line around an index: where it stands, its newline included, who wrote it, and whether
/// its carrier cut it.
fn read(bytes: &[u8], at: usize) -> Option<(Range<usize>, u64, bool)> {
    let end = at + memchr::memchr(b'\n', bytes.get(at..)?)? + 1;
    let start = memchr::memrchr(b'\n', &bytes[..at]).map_or(0, |newline| newline + 1);
    if end - start > BEHIND_BYTES {
        return Some((start..end, 0, false));
    }
    let line = visible::strip_ansi(&bytes[start..end - 1]);
    let line = String::from_utf8_lossy(line.strip_suffix(b"\r").unwrap_or(&line));
    let envelope = envelope::unwrap(&line).envelope;
    Some((start..end, envelope.writer, envelope.partial))
}

#[cfg(test)]
mod tests;
