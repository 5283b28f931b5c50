//! One turn: everything that begins before a place in the buffer is looked at, and what is found is
//! told.
//!
//! Owns the order of things: hits one after the other. Must never decide when a turn is due, nor
//! what a record or an error is. Fails: never.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::buffer::{AHEAD_BYTES, BEHIND_BYTES, Buffer, LineAt, STEP_BYTES as STRETCH_BYTES};
use super::checkpoint::Progress;
use super::finding::{Findings, LineLimit, Shared};
use super::passing::Outlet;
use super::record::{self, Context};
use super::scan::{Hope, Wanted};
use super::seen::Seen;
use super::success::{self, Search, Searched};
use super::{Counters, Settings, activity, scan};
use crate::catalogue::Catalogue;

/// What docker's json-file driver writes at the beginning of every line.
const DOCKER_HEAD: &[u8] = b"{\"log\":\"";

/// Whether docker's json-file driver wrote an input, by its first bytes if they are there.
pub(super) fn recognise_docker(start: &[u8]) -> Option<bool> {
    (start.len() >= DOCKER_HEAD.len()).then(|| start.starts_with(DOCKER_HEAD))
}

/// Looks at the bytes of one input, a turn at a time.
#[derive(Debug)]
pub(super) struct Scanner {
    pub catalogue: Arc<Catalogue>,
    pub settings: Settings,
    pub file: Arc<str>,
    pub buffer: Buffer,
    pub progress: Progress,
    /// The first line of any record that was looked at.
    pub first_line: Option<u64>,
    /// `None` if the settings ask for no successes.
    search: Option<Search>,
    seen: Seen,
}

impl Scanner {
    pub(super) fn new(
        catalogue: &Arc<Catalogue>,
        settings: Settings,
        file: Arc<str>,
        buffer: Buffer,
        progress: Progress,
    ) -> Self {
        let successes = settings.successes.clone();
        let search = (!successes.is_none()).then(|| Search::new(successes));
        let catalogue = Arc::clone(catalogue);
        Self {
            catalogue,
            settings,
            file,
            buffer,
            progress,
            first_line: None,
            search,
            seen: Seen::default(),
        }
    }

    /// Looks at everything that begins before `until`.
    pub(super) fn scan(&mut self, until: usize, outlet: &mut impl Outlet) {
        self.mark(until, outlet);
        self.look(until, outlet);
    }

    /// Reads when the log was written to.
    fn mark(&mut self, until: usize, outlet: &mut impl Outlet) {
        let Some(gap) = self.settings.activity_gap else { return };
        let part = self.buffer.index(self.progress.position)..until;
        let settings = &self.settings;
        let instant_of = |line: &[u8]| settings.instant_of(line);
        for start in part.clone().step_by(STRETCH_BYTES) {
            let stretch = start..part.end.min(start + STRETCH_BYTES);
            outlet.stamped(gap, activity::stamped(&self.buffer, stretch, gap, &instant_of));
        }
    }

    /// Looks at every hit and every success that begins before `until`.
    pub(super) fn look(&mut self, until: usize, outlet: &mut impl Outlet) {
        let mut from = self.buffer.index(self.progress.position);
        self.recognise_docker();
        self.read_first_stamp();
        let mut search = self.search.take();
        let cursor = self.progress.cursor;
        let mut searched = search.as_ref().map(|search| search.begin(&self.buffer, from, cursor));
        let wanted = Wanted {
            docker: self.progress.docker == Some(true),
            paths: search.as_ref().is_some_and(Search::wants_paths),
        };
        loop {
            let filled = self.buffer.filled();
            let haystack = &filled[..filled.len().min(until + scan::LITERAL_BYTES_MAX)];
            let next = scan::next_candidate(haystack, from, wanted);
            let hit = next.filter(|candidate| candidate.start < until);
            if let Some((search, searched)) = search.as_mut().zip(searched.as_mut()) {
                search.go_to(searched, self.part(), hit.map_or(until, |hit| hit.start));
                if let Some(hit) = hit.filter(|hit| hit.of == Hope::Success) {
                    search.look_at_path(searched, self.part(), hit.start);
                }
            }
            let Some(hit) = hit else { break };
            from = hit.start + 1;
            if hit.of == Hope::Error {
                tell(searched.as_mut(), outlet);
                self.look_at(hit.start, outlet);
            }
        }
        tell(searched.as_mut(), outlet);
        self.search = search;
        self.progress.position = self.progress.position.max(self.buffer.offset(until));
        // Nothing is held back until the next error, which may never come.
        let line = self.progress.cursor.line_at(&self.buffer, until);
        outlet.flush(line.offset);
    }

    fn part(&mut self) -> success::Part<'_> {
        success::Part {
            buffer: &self.buffer,
            file: &self.file,
            settings: &self.settings,
            looked_at: &mut self.progress.success_line,
            seen: &mut self.seen,
        }
    }

    /// Learns who wrote the input, as soon as its first bytes are there.
    pub(super) fn recognise_docker(&mut self) {
        if self.progress.docker.is_none() && self.buffer.base() == 0 {
            self.progress.docker = recognise_docker(self.buffer.filled());
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

    fn look_at(&mut self, hit: usize, outlet: &mut impl Outlet) {
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
        outlet.flush(line.offset);
        // A record reaches back over lines that an earlier hit has answered for.
        let floor = line.offset.saturating_sub(2 * BEHIND_BYTES as u64);
        self.progress.done = self.progress.done.split_off(&floor);
        self.read_record(hit, line, outlet);
    }

    fn read_record(&mut self, hit: usize, line: LineAt, outlet: &mut impl Outlet) {
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
        let first_line = record.parts.first().map_or(line.offset, |part| part.line_offset);
        let first_line = first_line.min(line.offset);
        self.first_line = Some(self.first_line.map_or(first_line, |known| known.min(first_line)));
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
        for finding in findings.found {
            let shared =
                Shared { file: &self.file, settings: &self.settings, seen: &mut self.seen };
            let found = finding.into_found(&self.catalogue, shared);
            counters.untimed += u64::from(found.occurrence.at.is_none());
            outlet.found(found);
        }
        if let Some(piece) = record.long_line {
            counters.long_lines += u64::from(progress.long_line != Some(line.offset));
            progress.long_line = Some(line.offset);
            progress.long_line_done = self.buffer.offset(hit + piece.bytes_before(until));
        } else {
            let answered = record.parts.iter().take_while(|part| part.start < until);
            progress.done.extend(answered.map(|part| part.line_offset));
        }
    }

    /// What was read and left out, up to the position.
    pub(super) fn counters(&self) -> Counters {
        let counters = self.progress.counters();
        Counters { last_at: self.stamp_before_position().or(counters.last_at), ..counters }
    }

    /// The last stamp near the position.
    pub(super) fn stamp_before_position(&self) -> Option<DateTime<FixedOffset>> {
        let read = &self.buffer.filled()[..self.buffer.index(self.progress.position)];
        let end = &read[read.len().saturating_sub(BEHIND_BYTES)..];
        end.rsplit(|b| *b == b'\n').take(100).find_map(|line| self.settings.instant_of(line))
    }
}

fn tell(searched: Option<&mut Searched>, outlet: &mut impl Outlet) {
    let found = searched.map(Searched::take).unwrap_or_default();
    if !found.is_empty() {
        outlet.successes(found);
    }
}
