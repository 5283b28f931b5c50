//! One turn: everything that begins before a place in the buffer is looked at, and what was found
//! is passed on.
//!
//! Owns the order of things: hits one after the other, results in the input's order. Must never
//! decide when a turn is due, nor what a record or an error is. Fails: never.

use std::collections::VecDeque;

use chrono::{DateTime, FixedOffset};

use super::activity::{Activity, Mark};
use super::buffer::{AHEAD_BYTES, BEHIND_BYTES, LineAt};
use super::finding::{Findings, LineLimit};
use super::record::{self, Context};
use super::sink::Sink;
use super::success::Searched;
use super::{Extractor, scan};
use crate::occurrence::Success;

/// What docker's json-file driver writes at the beginning of every line.
const DOCKER_HEAD: &[u8] = b"{\"log\":\"";

impl Extractor {
    /// Looks at everything that begins before `until`.
    pub(super) fn scan(&mut self, until: usize, sink: &mut impl Sink) {
        self.mark(until);
        self.look(until, sink);
    }

    /// Reads when the log was written to.
    fn mark(&mut self, until: usize) {
        let Some(gap) = self.settings.activity_gap else { return };
        let part = self.buffer.index(self.progress.position)..until;
        let settings = &self.settings;
        let instant_of = |line: &[u8]| settings.instant_of(line);
        let mut activity = Activity::new(gap, &mut self.progress.marked);
        activity.look(&self.buffer, part, &instant_of, &mut self.marks);
    }

    /// Looks at every hit and every success that begins before `until`.
    pub(super) fn look(&mut self, until: usize, sink: &mut impl Sink) {
        let mut from = self.buffer.index(self.progress.position);
        if let Some(search) = &mut self.search {
            let searched = Searched {
                part: from..until,
                lines: self.progress.cursor,
                looked_at: &mut self.progress.success_line,
            };
            let found = search.search(&self.buffer, searched, &self.file, &self.settings);
            self.successes.extend(found);
        }
        self.recognise_docker();
        self.read_first_stamp();
        let docker = self.progress.docker == Some(true);
        loop {
            let filled = self.buffer.filled();
            let haystack = &filled[..filled.len().min(until + scan::LITERAL_BYTES_MAX)];
            let hit = scan::next_candidate(haystack, from, docker).filter(|hit| *hit < until);
            let Some(hit) = hit else { break };
            from = hit + 1;
            self.look_at(hit, sink);
        }
        self.progress.position = self.progress.position.max(self.buffer.offset(until));
        // Nothing is held back until the next error, which may never come.
        let line = self.progress.cursor.line_at(&self.buffer, until);
        self.flush(line.offset, sink);
    }

    /// Learns who wrote the input, as soon as its first bytes are there.
    pub(super) fn recognise_docker(&mut self) {
        let start = self.buffer.filled();
        let is_there = self.buffer.base() == 0 && start.len() >= DOCKER_HEAD.len();
        if self.progress.docker.is_none() && is_there {
            self.progress.docker = Some(start.starts_with(DOCKER_HEAD));
        }
    }

    fn read_first_stamp(&mut self) {
        let is_near = self.buffer.base() == 0 && self.progress.position < BEHIND_BYTES as u64;
        if self.progress.counters.first_at.is_none() && is_near {
            let filled = self.buffer.filled();
            let start = &filled[..filled.len().min(BEHIND_BYTES)];
            let mut lines = start.split(|b| *b == b'\n').take(100);
            self.progress.counters.first_at = lines.find_map(|line| self.settings.instant_of(line));
        }
    }

    fn look_at(&mut self, hit: usize, sink: &mut impl Sink) {
        let line = self.progress.cursor.line_at(&self.buffer, hit);
        let at = self.buffer.offset(hit);
        if self.progress.done.contains(&line.offset) || at < self.progress.long_line_done {
            return;
        }
        let distance = at - line.offset;
        if self.settings.line_bytes_max.is_some_and(|max| distance > max) {
            let is_code = scan::begins_code(&self.buffer.filled()[hit..]);
            self.progress.counters.beyond_line_max += u64::from(is_code);
            return;
        }
        self.flush(line.offset, sink);
        // A record reaches back over lines that an earlier hit has answered for.
        let floor = line.offset.saturating_sub(2 * BEHIND_BYTES as u64);
        self.progress.done = self.progress.done.split_off(&floor);
        self.read_record(hit, line);
    }

    fn read_record(&mut self, hit: usize, line: LineAt) {
        let line_start = self.buffer.index(line.offset);
        let line_clipped = hit - line_start > BEHIND_BYTES || line.offset < self.buffer.offset(0);
        let anchor = if line_clipped { hit } else { line_start };
        let from = anchor.saturating_sub(BEHIND_BYTES);
        let filled = self.buffer.filled();
        let until = filled.len().min(hit + AHEAD_BYTES);
        let context = Context {
            bytes: &filled[from..until],
            ends_input: self.buffer.ends_at(until),
            hit: hit - from,
            line_start: if line_clipped { 0 } else { line_start - from },
            line_clipped,
            line_number: line.number,
            line_offset: line.offset,
        };
        let record = record::build(&context);
        let limit = self.settings.line_bytes_max.map(|bytes_max| LineLimit {
            bytes_max,
            hit_line: line.offset,
            hit_distance: self.buffer.offset(hit) - line.offset,
        });
        let progress = &mut self.progress;
        let mut findings = Findings::new(&self.catalogue, &record, &progress.done, limit);
        let until = findings.read();
        let counters = &mut progress.counters;
        counters.mentions += findings.mentions;
        counters.codes_left_out += findings.left_out;
        counters.beyond_line_max += findings.beyond_line_max;
        self.pending.append(&mut findings.found);
        if let Some(piece) = record.long_line {
            counters.long_lines += u64::from(progress.long_line != Some(line.offset));
            progress.long_line = Some(line.offset);
            progress.long_line_done = self.buffer.offset(hit + piece.bytes_before(until));
        } else {
            let answered = record.parts.iter().take_while(|part| part.start < until);
            progress.done.extend(answered.map(|part| part.line_offset));
        }
    }

    /// Passes on what stands before the line at `until`, in the input's order.
    pub(super) fn flush(&mut self, until: u64, sink: &mut impl Sink) {
        self.pending.sort_by_key(|finding| (finding.line_offset, finding.at_byte));
        let ready = self.pending.partition_point(|finding| finding.line_offset < until);
        for finding in self.pending.drain(..ready) {
            let line = finding.line_offset;
            self.passed_on += pass_on(&mut self.successes, &mut self.marks, line, sink);
            // What is also an error is none.
            self.successes.pop_front_if(|success| success.place.offset == line);
            let occurrence = finding.into_occurrence(
                &self.file,
                &self.settings,
                &self.catalogue,
                &mut self.events,
            );
            self.progress.counters.untimed += u64::from(occurrence.at.is_none());
            self.passed_on += 1;
            sink.occurrence(occurrence);
        }
        self.passed_on += pass_on(&mut self.successes, &mut self.marks, until, sink);
    }

    /// The last stamp near the position.
    pub(super) fn stamp_before_position(&self) -> Option<DateTime<FixedOffset>> {
        let read = &self.buffer.filled()[..self.buffer.index(self.progress.position)];
        let end = &read[read.len().saturating_sub(BEHIND_BYTES)..];
        end.rsplit(|b| *b == b'\n').take(100).find_map(|line| self.settings.instant_of(line))
    }
}

/// Passes on what stands before the line at `until`, in the input's order; tells how many
/// successes.
fn pass_on(
    successes: &mut VecDeque<Success>,
    marks: &mut VecDeque<Mark>,
    until: u64,
    sink: &mut impl Sink,
) -> u64 {
    let mut passed_on = 0;
    loop {
        let mark = marks.front().map(|mark| mark.line_offset).filter(|line| *line < until);
        let success = successes.front().map(|success| success.place.offset);
        match (mark, success.filter(|line| *line < until)) {
            (Some(mark), success) if success.is_none_or(|success| mark <= success) => {
                marks.pop_front().into_iter().for_each(|mark| sink.activity(mark.at));
            }
            (_, Some(_)) => {
                successes.pop_front().into_iter().for_each(|success| sink.success(success));
                passed_on += 1;
            }
            _ => return passed_on,
        }
    }
}
