//! Finds the OCR errors in a stream of log bytes and tells what the log says about each.
//!
//! Owns the way from bytes to occurrences:
//!
//! ```text
//! scan ──▶ record ──▶ peel ──▶ body ──▶ evidence ──▶ repeat ──▶ Occurrence
//! (hits)   (lines,    (quotes) (shape)  (error or    (same
//!           carriers)                    mention)     event)
//! ```
//!
//! ```
//! use ocrwatch::catalogue::Catalogue;
//! use ocrwatch::extract::{Extractor, Settings};
//! use ocrwatch::occurrence::Occurrence;
//! use ocrwatch::zone::Zone;
//!
//! let catalogue = Catalogue::embedded();
//! let zone = Zone::parse("Asia/Shanghai").expect("a name of the zone database");
//! let reference = "2026-11-23T00:00:00Z".parse().expect("an instant");
//! let settings = Settings::new(zone, reference);
//! let mut extractor = Extractor::new(&catalogue, settings, "app.log".into());
//! let mut codes = Vec::new();
//! let log = r#"2026-11-20 10:00:01,123 ERROR {"error_msg":"M","error_code":"AIS.0105"}"#;
//! let mut sink = |occurrence: Occurrence| codes.push(occurrence.code);
//! extractor.push(log.as_bytes(), &mut sink);
//! extractor.finish(&mut sink);
//! assert_eq!(codes, ["AIS.0105".into()]);
//! ```
//!
//! Beside the errors it finds, when asked to, calls that succeeded and when the log was written to.
//!
//! Architecture invariant: pure. No files, no clock, no threads; the zone and the reference instant
//! are settings. The same bytes give the same results however they are cut into reads. Nothing
//! fails on input: what cannot be read is absent from the occurrence or counted.

mod activity;
mod body;
mod buffer;
mod envelope;
mod evidence;
mod facts;
mod finding;
mod head;
mod infer;
mod object;
mod path;
mod peel;
mod record;
pub mod redact;
mod repeat;
mod scan;
mod sink;
mod statement;
mod subject;
mod success;
pub mod timestamp;
mod unescape;
pub mod visible;

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

pub use sink::Sink;
pub use success::Successes;

use activity::{Activity, Mark};
use buffer::{AHEAD_BYTES, BEHIND_BYTES, Buffer};
use finding::{Finding, Findings};
use record::Context;
use repeat::Events;

use crate::catalogue::Catalogue;
use crate::occurrence::Success;
use crate::zone::Zone;

/// What an extractor is told about the world.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The zone of stamps that tell none.
    pub zone: Zone,
    /// An instant not long after the log was written: gives the year to stamps without one.
    pub reference: DateTime<Utc>,
    /// Which calls that succeeded are passed on.
    pub successes: Successes,
    /// Instants at which the log was written to are passed on, so many that silences of this length
    /// show: of each both sides, else about one mark for each such length.
    pub activity_gap: Option<TimeDelta>,
}

impl Settings {
    /// Errors only.
    pub fn new(zone: Zone, reference: DateTime<Utc>) -> Self {
        Self { zone, reference, successes: Successes::none(), activity_gap: None }
    }

    fn instant_of(&self, line: &[u8]) -> Option<DateTime<FixedOffset>> {
        const LINE_BYTES_MAX: usize = 8 * 1024;
        let line = String::from_utf8_lossy(&line[..line.len().min(LINE_BYTES_MAX)]);
        let unwrapped = envelope::unwrap(&line);
        let stamp = unwrapped.envelope.stamp.or_else(|| head::stamp(&unwrapped.text))?;
        self.zone.at(&stamp, self.reference)
    }
}

/// What was read and what was left out, of one input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes of decoded text.
    pub bytes: u64,
    /// Lines, an unterminated last one included.
    pub lines: u64,
    /// Codes that stood in prose, lists, labels, source lines or recognised text.
    pub mentions: u64,
    /// Occurrences whose time could not be read.
    pub untimed: u64,
    /// Codes on lines that hold more of them than are looked at.
    pub codes_left_out: u64,
    /// Lines too long to be looked at whole, which were looked at in pieces.
    pub long_lines: u64,
    /// The first and the last stamp of the input's lines, where they could be read.
    pub first_at: Option<DateTime<FixedOffset>>,
    /// See `first_at`.
    pub last_at: Option<DateTime<FixedOffset>>,
}

/// Extracts the occurrences of one input, fed in order.
#[derive(Debug)]
pub struct Extractor<'c> {
    catalogue: &'c Catalogue,
    settings: Settings,
    file: Arc<str>,
    buffer: Buffer,
    /// Everything before this byte of the input was looked at.
    scanned: u64,
    /// Docker's json-file driver wrote this input; known from its first bytes.
    docker: Option<bool>,
    /// Lines that were looked at as part of an earlier hit's record.
    done: BTreeSet<u64>,
    /// Codes in a line too long to be looked at whole were looked at up to here.
    long_line_done: u64,
    /// The last such line.
    long_line: Option<u64>,
    /// Found, but possibly not in the input's order yet.
    pending: Vec<Finding>,
    events: Events,
    /// `None` if the settings ask for none; so is `activity`.
    search: Option<success::Search>,
    activity: Option<Activity>,
    /// Found, and not passed on while an occurrence may still come before them.
    successes: VecDeque<Success>,
    marks: VecDeque<Mark>,
    counters: Counters,
}

impl<'c> Extractor<'c> {
    /// An extractor for one input; `file` is its name as the user gave it.
    pub fn new(catalogue: &'c Catalogue, settings: Settings, file: Arc<str>) -> Self {
        let successes = settings.successes.clone();
        Self {
            catalogue,
            search: (!successes.is_none()).then(|| success::Search::new(successes)),
            activity: settings.activity_gap.map(Activity::new),
            successes: VecDeque::new(),
            marks: VecDeque::new(),
            settings,
            file,
            buffer: Buffer::new(),
            scanned: 0,
            docker: None,
            done: BTreeSet::new(),
            long_line_done: 0,
            long_line: None,
            pending: Vec::new(),
            events: Events::default(),
            counters: Counters::default(),
        }
    }

    /// The room to read the next bytes into; never empty.
    pub fn spare(&mut self) -> &mut [u8] {
        self.buffer.spare()
    }

    /// Takes the first `count` bytes of the spare room in, and looks at what is complete.
    pub fn commit(&mut self, count: usize, sink: &mut impl Sink) {
        self.buffer.commit(count);
        if self.buffer.is_full() {
            let until = self.buffer.filled().len() - AHEAD_BYTES;
            self.scan(until, sink);
            self.buffer.forget(until);
        }
    }

    /// Feeds bytes that are already in memory.
    pub fn push(&mut self, mut bytes: &[u8], sink: &mut impl Sink) {
        while !bytes.is_empty() {
            let spare = self.spare();
            let count = spare.len().min(bytes.len());
            spare[..count].copy_from_slice(&bytes[..count]);
            self.commit(count, sink);
            bytes = &bytes[count..];
        }
    }

    /// Ends the input: looks at the rest and tells what was read.
    pub fn finish(mut self, sink: &mut impl Sink) -> Counters {
        let until = self.buffer.filled().len();
        self.scan(until, sink);
        if let Some(activity) = &mut self.activity {
            activity.finish(&mut self.marks);
        }
        self.flush(u64::MAX, sink);
        self.counters.last_at = self.stamp_near_end().or(self.counters.first_at);
        self.counters.bytes = self.buffer.bytes_total();
        self.counters.lines = self.buffer.lines_total();
        self.counters
    }

    /// Looks at every hit that starts before `until`.
    fn scan(&mut self, until: usize, sink: &mut impl Sink) {
        self.look_for_more(until);
        if self.docker.is_none() {
            self.docker = Some(self.buffer.filled().starts_with(b"{\"log\":\""));
            self.counters.first_at = self.stamp_near_start();
        }
        let docker = self.docker == Some(true);
        loop {
            let filled = self.buffer.filled();
            let haystack = &filled[..filled.len().min(until + scan::LITERAL_BYTES_MAX)];
            let from = self.buffer.index(self.scanned);
            let hit = scan::next_candidate(haystack, from, docker).filter(|hit| *hit < until);
            let Some(hit) = hit else { break };
            self.scanned = self.buffer.offset(hit + 1);
            self.look_at(hit, sink);
        }
        self.scanned = self.scanned.max(self.buffer.offset(until));
        if self.search.is_some() || self.activity.is_some() {
            // They are not held back until the next error, which may never come.
            let line = self.buffer.line_at(until);
            self.flush(line.offset, sink);
        }
    }

    /// Finds what stands before `until` and is no error.
    fn look_for_more(&mut self, until: usize) {
        let settings = &self.settings;
        if let Some(search) = &mut self.search {
            self.successes.extend(search.search(&self.buffer, until, &self.file, settings));
        }
        if let Some(activity) = &mut self.activity {
            let instant_of = |line: &[u8]| settings.instant_of(line);
            activity.look(&self.buffer, until, &instant_of, &mut self.marks);
        }
    }

    fn look_at(&mut self, hit: usize, sink: &mut impl Sink) {
        let line = self.buffer.line_at(hit);
        if self.done.contains(&line.offset) || self.buffer.offset(hit) < self.long_line_done {
            return;
        }
        self.flush(line.offset, sink);
        // A record reaches back over lines that an earlier hit has answered for.
        self.done = self.done.split_off(&line.offset.saturating_sub(2 * BEHIND_BYTES as u64));
        let line_start = self.buffer.index(line.offset);
        let line_clipped = hit - line_start > BEHIND_BYTES || line.offset < self.buffer.offset(0);
        let anchor = if line_clipped { hit } else { line_start };
        let from = anchor.saturating_sub(BEHIND_BYTES);
        let filled = self.buffer.filled();
        let context = Context {
            bytes: &filled[from..filled.len().min(hit + AHEAD_BYTES)],
            hit: hit - from,
            line_start: if line_clipped { 0 } else { line_start - from },
            line_clipped,
            line_number: line.number,
            line_offset: line.offset,
        };
        let record = record::build(&context);
        let mut findings = Findings::new(self.catalogue, &record, &self.done);
        let until = findings.read();
        self.counters.mentions += findings.mentions;
        self.counters.codes_left_out += findings.left_out;
        self.pending.append(&mut findings.found);
        if let Some(piece) = record.long_line {
            self.counters.long_lines += u64::from(self.long_line != Some(line.offset));
            self.long_line = Some(line.offset);
            self.long_line_done = self.buffer.offset(hit + piece.bytes_before(until));
        } else {
            let answered = record.parts.iter().take_while(|part| part.start < until);
            self.done.extend(answered.map(|part| part.line_offset));
        }
    }

    /// Passes on what stands before the line at `until`, in the input's order.
    fn flush(&mut self, until: u64, sink: &mut impl Sink) {
        self.pending.sort_by_key(|finding| (finding.line_offset, finding.at_byte));
        let ready = self.pending.partition_point(|finding| finding.line_offset < until);
        for finding in self.pending.drain(..ready) {
            let line = finding.line_offset;
            pass_on(&mut self.successes, &mut self.marks, line, sink);
            // What is also an error is none.
            self.successes.pop_front_if(|success| success.place.offset == line);
            let repeat = self.events.is_repeat(&finding.print());
            let occurrence =
                finding.into_occurrence(&self.file, &self.settings, self.catalogue, repeat);
            self.counters.untimed += u64::from(occurrence.at.is_none());
            sink.occurrence(occurrence);
        }
        pass_on(&mut self.successes, &mut self.marks, until, sink);
    }

    fn stamp_near_start(&self) -> Option<DateTime<FixedOffset>> {
        let filled = self.buffer.filled();
        let start = &filled[..filled.len().min(BEHIND_BYTES)];
        start.split(|b| *b == b'\n').take(100).find_map(|line| self.settings.instant_of(line))
    }

    fn stamp_near_end(&self) -> Option<DateTime<FixedOffset>> {
        let filled = self.buffer.filled();
        let end = &filled[filled.len().saturating_sub(BEHIND_BYTES)..];
        end.rsplit(|b| *b == b'\n').take(100).find_map(|line| self.settings.instant_of(line))
    }
}

/// Passes on what stands before the line at `until`, in the input's order.
fn pass_on(
    successes: &mut VecDeque<Success>,
    marks: &mut VecDeque<Mark>,
    until: u64,
    sink: &mut impl Sink,
) {
    loop {
        let mark = marks.front().map(|mark| mark.line_offset).filter(|line| *line < until);
        let success = successes.front().map(|success| success.place.offset);
        match (mark, success.filter(|line| *line < until)) {
            (Some(mark), success) if success.is_none_or(|success| mark <= success) => {
                marks.pop_front().into_iter().for_each(|mark| sink.activity(mark.at));
            }
            (_, Some(_)) => {
                successes.pop_front().into_iter().for_each(|success| sink.success(success));
            }
            _ => break,
        }
    }
}

#[cfg(test)]
mod tests;
