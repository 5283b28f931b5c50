//! All that an extractor must know to go on where another one stopped.
//!
//! Owns what that is, and how it is written: as a value for any format of serde, small enough to be
//! stored with every commit. Nothing from the log stands in it but hashes, places, times, and
//! redacted messages. Must never look at a log. Reading fails on what was not written here.

mod events;
pub(super) mod instant;
mod packed;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Counters;
use super::activity::Marked;
use super::buffer::{BEHIND_BYTES, LineCursor};
use super::passing::Passing;
use super::repeat::Events;
use packed::{Packer, Unpacker};

/// Lines that a record may hold or pass over on its way back from a hit, see `record/lines.rs`:
/// 200 of its own and up to 39 foreign ones before each.
const DONE_BEHIND_MAX: usize = 8_192;

/// No file is longer, nor has more of anything.
const FILE_BYTES_MAX: u64 = i64::MAX as u64;

/// What was done of an input, but for the events that are remembered.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Progress {
    /// Everything before this byte of the input was looked at.
    pub position: u64,
    pub cursor: LineCursor,
    /// Docker's json-file driver wrote this input; known from its first bytes.
    pub docker: Option<bool>,
    /// Lines that were looked at as part of an earlier hit's record.
    pub done: BTreeSet<u64>,
    /// Codes in a line too long to be looked at whole were looked at up to here.
    pub long_line_done: u64,
    /// The last such line.
    pub long_line: Option<u64>,
    /// The last line that was looked at for a success.
    pub success_line: Option<u64>,
    /// Without what the position tells.
    pub counters: Counters,
}

impl Progress {
    pub(super) fn counters(&self) -> Counters {
        let (bytes, lines) = (self.position, self.cursor.lines());
        Counters { bytes, lines, ..self.counters.clone() }
    }

    /// The lines that are done and that a hit at or behind the position may still ask for.
    fn done_for_later(&self) -> BTreeSet<u64> {
        let line = self.cursor.line_offset;
        let floor = line.saturating_sub(BEHIND_BYTES as u64);
        let behind = self.done.range(floor..line).rev().take(DONE_BEHIND_MAX);
        behind.chain(self.done.range(line..)).copied().collect()
    }
}

/// Where an extractor stands in its input, and what it must know to go on from there as if it had
/// never stopped.
///
/// Whoever goes on feeds the input from [`context_from`](Self::context_from) onwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Checkpoint {
    context_from: u64,
    progress: Progress,
    events: Events,
    marked: Marked,
}

impl Checkpoint {
    /// Of what was not looked at nothing may be pending.
    pub(super) fn of(context_from: u64, progress: &Progress, passing: &Passing) -> Self {
        let mut events = passing.events.clone();
        let line = progress.cursor;
        events.forget_before(line.newlines + 1, line.line_offset);
        let progress = Progress { done: progress.done_for_later(), ..progress.clone() };
        Self { context_from, progress, events, marked: passing.marked }
    }

    /// Everything before this byte of the decoded text was looked at, and what was found was passed
    /// on.
    pub fn position(&self) -> u64 {
        self.progress.position
    }

    /// The byte of the decoded text from which the input must be fed again: what lies before the
    /// position gives context to what follows it.
    pub fn context_from(&self) -> u64 {
        self.context_from
    }

    /// How many lines end before the position.
    pub fn lines(&self) -> u64 {
        self.progress.cursor.newlines
    }

    /// What was read and left out, up to the position. Its `last_at` may be that of the last flush.
    pub fn counters(&self) -> Counters {
        self.progress.counters()
    }

    /// The bytes before the position cannot be fed again, as the file that held them is gone: the
    /// input goes on at the position. A record that began before it is seen from there only.
    pub fn forget_context(&mut self) {
        self.context_from = self.progress.position;
    }

    pub(super) fn into_parts(self) -> (u64, Progress, Passing) {
        let Self { context_from, progress, events, marked } = self;
        (context_from, progress, Passing::resumed(events, marked))
    }
}

/// A checkpoint as it is stored. A key that is absent has its default: most logs have few.
#[derive(Serialize, Deserialize)]
struct Written {
    position: u64,
    context_from: u64,
    /// Newlines before the position, and where its line begins.
    newlines: u64,
    line_offset: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    docker: Option<bool>,
    /// Distances from one to the next.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    done: String,
    #[serde(default)]
    long_line_done: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    long_line: Option<u64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    success_line: Option<u64>,
    #[serde(default)]
    marked: Marked,
    counters: Counters,
    /// The events' messages, each once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    messages: Vec<Box<str>>,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    events: String,
    /// Hashes, oldest first.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    request_ids: String,
}

impl From<Checkpoint> for Written {
    fn from(checkpoint: Checkpoint) -> Self {
        let Checkpoint { context_from, progress, events, marked } = checkpoint;
        let mut done = Packer::default();
        let mut before = 0;
        for line in progress.done {
            done.number(line - before);
            before = line;
        }
        let mut request_ids = Packer::default();
        for id in events.request_ids() {
            request_ids.hash(*id);
        }
        let (messages, packed) = events::pack(&events.recent);
        Self {
            position: progress.position,
            context_from,
            newlines: progress.cursor.newlines,
            line_offset: progress.cursor.line_offset,
            docker: progress.docker,
            done: done.text(),
            long_line_done: progress.long_line_done,
            long_line: progress.long_line,
            success_line: progress.success_line,
            marked,
            counters: progress.counters,
            messages,
            events: packed,
            request_ids: request_ids.text(),
        }
    }
}

impl TryFrom<Written> for Checkpoint {
    type Error = &'static str;

    fn try_from(written: Written) -> Result<Self, Self::Error> {
        let Written { position, context_from, newlines, line_offset, .. } = written;
        if context_from > position || line_offset > position || newlines > position {
            return Err("a checkpoint's places contradict each other");
        }
        if position > FILE_BYTES_MAX || !written.counters.are_below(FILE_BYTES_MAX) {
            return Err("a checkpoint's places are in no file");
        }
        let recent = events::unpack(&written.messages, &written.events);
        let recent = recent.ok_or("a checkpoint's events cannot be read")?;
        let ids = unpacked(&written.request_ids, Unpacker::hash);
        let ids = ids.ok_or("a checkpoint's request ids cannot be read")?;
        let distances = unpacked(&written.done, Unpacker::number);
        let distances = distances.ok_or("a checkpoint's lines cannot be read")?;
        let lines = distances.into_iter().scan(0_u64, |line, distance| {
            *line = line.saturating_add(distance);
            Some(*line)
        });
        let progress = Progress {
            position,
            cursor: LineCursor { counted: position, newlines, line_offset },
            docker: written.docker,
            done: lines.collect(),
            long_line_done: written.long_line_done,
            long_line: written.long_line,
            success_line: written.success_line,
            counters: written.counters,
        };
        let events = Events::of(recent, ids.into());
        Ok(Self { context_from, progress, events, marked: written.marked })
    }
}

fn unpacked<T>(text: &str, read: impl Fn(&mut Unpacker) -> Option<T>) -> Option<Vec<T>> {
    let mut unpacker = Unpacker::new(text)?;
    let mut read_all = Vec::new();
    while !unpacker.is_empty() {
        read_all.push(read(&mut unpacker)?);
    }
    Some(read_all)
}
