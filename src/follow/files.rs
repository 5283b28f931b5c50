//! Followed files through their extractors.
//!
//! Owns which extractors exist, and what is kept of each file. Must never decide an alert. Fails:
//! never; what cannot be read is told by the tail.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::found::{Finds, Found};
use super::label::Labels;
use super::merge::{Merge, Until};
use super::reading::{Extraction, Reading, Standing};
use super::text::MARK_BYTES_MAX;
use super::{Backlog, Lag, LogId, Now, Row, Rows};
use crate::engine;
use crate::extract::Counters;
use crate::tail::{Change, FileId, Kept, Notice, Read, Tail, WatchRequest};

/// So many files are read side by side, as the times in them tell; of more each has its turn.
const BY_TIMES_MAX: usize = 256;

/// How much is read of one file before it is another's turn.
const TURN_READS: usize = 4;

/// A file as it is kept.
#[derive(Serialize, Deserialize)]
struct KeptFile {
    #[serde(flatten)]
    kept: Kept,
    #[serde(flatten)]
    standing: Standing,
}

/// What a source of files is told.
pub(super) struct FileSource {
    pub(super) labels: Labels,
    pub(super) extraction: Extraction,
    /// What is older is not wanted, of files that were there at the very first start.
    pub(super) not_before: Option<DateTime<Utc>>,
}

/// The files of all sources.
pub(super) struct Files {
    pub(super) tail: Tail,
    pub(super) sources: Vec<FileSource>,
    pub(super) readings: BTreeMap<FileId, Box<Reading>>,
    /// Files that have ended, as long as what was found in them is not passed on.
    pub(super) ended: BTreeSet<FileId>,
    pub(super) dirty: BTreeSet<FileId>,
    /// Files with an extractor, and files that are to be looked at at some time.
    pub(super) live: BTreeSet<FileId>,
    pub(super) waiting: BTreeSet<FileId>,
    /// Sources that were met before the changes that are heard next.
    pub(super) met_before: BTreeSet<usize>,
    pub(super) partial_line: Duration,
    pub(super) uses: u64,
    pub(super) counted: HashMap<Arc<str>, Counters>,
    pub(super) buffer: Vec<u8>,
}

impl Files {
    /// The file that a row is of, and what of it is the tail's business.
    pub(super) fn kept_of(row: &[u8]) -> Option<(Kept, Standing)> {
        let KeptFile { kept, standing } = serde_json::from_slice(row).ok()?;
        Some((kept, standing))
    }

    pub(super) fn new(
        tail: Tail,
        sources: Vec<FileSource>,
        standings: HashMap<FileId, Standing>,
        partial_line: Duration,
    ) -> Self {
        let mut files = Self {
            tail,
            sources,
            readings: BTreeMap::new(),
            ended: BTreeSet::new(),
            dirty: BTreeSet::new(),
            live: BTreeSet::new(),
            waiting: BTreeSet::new(),
            met_before: BTreeSet::new(),
            partial_line,
            uses: 0,
            counted: HashMap::new(),
            buffer: Vec::new(),
        };
        files.note_met();
        for (id, standing) in standings {
            // What was read and not looked at is looked at, though nothing more may come.
            let read_bytes = files.tail.kept(id).map_or(0, |kept| kept.position.read_bytes);
            let has_rest = read_bytes > standing.looked_at_bytes();
            if let Some(mut reading) = files.reading(id, Some(standing)) {
                reading.quiet_at = has_rest.then_some(Duration::ZERO);
                files.waiting.extend(has_rest.then_some(id));
                files.readings.insert(id, Box::new(reading));
            }
        }
        files
    }

    pub(super) fn reading(&self, id: FileId, standing: Option<Standing>) -> Option<Reading> {
        let (path, source) = self.tail.name(id)?;
        let source = self.sources.get(source)?;
        let label = source.labels.of(&path);
        let name: Arc<str> = path.to_string_lossy().into();
        Some(Reading::new(label, name, source.extraction.encoding, standing))
    }

    pub(super) fn tail(&mut self) -> &mut Tail {
        &mut self.tail
    }

    /// Reads from one file, if there is one to read from.
    pub(super) fn read(&mut self, now: Now, merge: &mut Merge<LogId>) -> bool {
        self.hear(now, merge);
        let Some(id) = self.next(now) else { return false };
        if !self.has_context(id, now, merge) {
            return true;
        }
        if let Some(reading) = self.readings.get_mut(&id) {
            reading.has_begun = true;
        }
        for _ in 0..TURN_READS {
            let mut bytes = std::mem::take(&mut self.buffer);
            bytes.clear();
            let offset = match self.tail.read(id, now.mono) {
                Read::Bytes { offset, bytes: new } => {
                    bytes.extend_from_slice(new);
                    Some(offset)
                }
                Read::AtEnd => None,
            };
            if let Some(offset) = offset {
                self.take(id, offset, &bytes, now, merge);
            }
            self.buffer = bytes;
            self.hear(now, merge);
            if offset.is_none() {
                break;
            }
        }
        true
    }

    /// The file that is read next: the one that was read least far by the times in it. Of very many
    /// it is each one's turn.
    fn next(&mut self, now: Now) -> Option<FileId> {
        let unread = self.tail.unread(BY_TIMES_MAX + 1, now.mono);
        if unread.len() > BY_TIMES_MAX {
            return self.tail.next_unread(now.mono);
        }
        let turn = |id: &FileId| {
            let reading = self.readings.get(id)?;
            // One that tells no times comes when all others are at their ends.
            let tells_none = reading.has_begun && reading.reached.is_none();
            Some((tells_none, reading.reached))
        };
        unread.into_iter().min_by_key(|id| (turn(id), *id))
    }

    /// Whether something is left to be read at once.
    pub(super) fn is_behind(&mut self, now: Now) -> bool {
        self.tail.next_unread(now.mono).is_some()
    }

    /// Up to which time nothing is missing from the logs that are not at their end, by the times in
    /// them; in a backlog also from those at their end whose last lines were not looked at.
    pub(super) fn read_until(&self, backlog: Backlog, now: Now) -> Until {
        let mut until = None;
        for id in self.tail.unread(BY_TIMES_MAX, now.mono) {
            let Some(reading) = self.readings.get(&id) else { continue };
            if !reading.has_begun {
                return Until::Nothing;
            }
            // One that tells no times, or times that cannot be, holds nothing back.
            let reached = reading.reached.filter(|at| *at <= now.wall);
            until = [until, reached].into_iter().flatten().min();
        }
        let waiting = self.waiting.iter().filter_map(|id| self.readings.get(id));
        for reading in waiting.filter(|reading| match backlog {
            Backlog::None => false,
            Backlog::Lines => reading.quiet_at.is_some(),
            Backlog::ToItsEnd => true,
        }) {
            // Of one that was not looked at at all everything is possible.
            let Some(reached) = reading.reached else { return Until::Nothing };
            until = until.into_iter().chain([reached]).min();
        }
        until.map_or(Until::Everything, Until::At)
    }

    fn take(&mut self, id: FileId, offset: u64, bytes: &[u8], now: Now, merge: &mut Merge<LogId>) {
        let mut finds = Finds::default();
        // What it needs was read before, or is gone.
        if self.wake(id, offset, now, &mut finds).unwrap_or(false)
            && let Some(reading) = self.readings.get_mut(&id)
        {
            reading.push(bytes, now.mono, &mut finds);
            self.waiting.insert(id);
        }
        self.let_go_of_idle(id, now, merge);
        self.dirty.insert(id);
        self.pass_on(id, finds, now, merge);
    }

    /// Notes which sources are met by now: what opens later was not there at first.
    fn note_met(&mut self) {
        if self.met_before.len() < self.sources.len() {
            self.met_before = (0..self.sources.len()).filter(|at| self.tail.is_met(*at)).collect();
        }
    }

    /// Hears what became of files.
    pub(super) fn hear(&mut self, now: Now, merge: &mut Merge<LogId>) {
        for change in self.tail.take_changes() {
            let id = change.file();
            match change {
                Change::Opened(_) => {
                    if let Some(mut reading) = self.reading(id, None) {
                        reading.standing.not_before = self.not_before(id);
                        self.begin(id, &mut reading);
                        self.readings.insert(id, Box::new(reading));
                        self.dirty.insert(id);
                    }
                }
                Change::Finished(_) | Change::CutShort(_) => {
                    let mut finds = Finds::default();
                    let is_cut_short = matches!(change, Change::CutShort(_));
                    if let Some(reading) = self.readings.get_mut(&id) {
                        reading.finish(is_cut_short, &mut finds);
                    }
                    self.live.remove(&id);
                    self.waiting.remove(&id);
                    self.ended.insert(id);
                    self.pass_on(id, finds, now, merge);
                }
            }
        }
        self.note_met();
    }

    /// What stands before the byte that reading starts at is not wanted, not even as context.
    fn begin(&mut self, id: FileId, reading: &mut Reading) {
        let from = self.tail.kept(id).map_or(0, |kept| kept.position.read_bytes);
        if from > 0 {
            let first = self.tail.read_again(id, 0..from.min(MARK_BYTES_MAX));
            let first = first.ok().flatten().unwrap_or_default();
            reading.standing.text = reading.standing.text.begin_at(from, &first);
        }
    }

    fn not_before(&self, id: FileId) -> Option<DateTime<Utc>> {
        let (_, source) = self.tail.name(id)?;
        let is_met = self.met_before.contains(&source);
        self.sources.get(source)?.not_before.filter(|_| !is_met)
    }

    pub(super) fn pass_on(
        &mut self,
        id: FileId,
        mut finds: Finds,
        now: Now,
        merge: &mut Merge<LogId>,
    ) {
        let Some(reading) = self.readings.get_mut(&id) else { return };
        reading.found(&mut finds);
        if !finds.0.is_empty() {
            merge.add(LogId::File(id), now.wall, finds);
        }
    }

    /// What was read of each source since this was last asked.
    pub(super) fn take_counted(&mut self) -> HashMap<Arc<str>, Counters> {
        std::mem::take(&mut self.counted)
    }

    /// Notes that a file's next find was passed on.
    pub(super) fn passed(&mut self, id: FileId, found: &Found) -> Option<Arc<engine::Source>> {
        let reading = self.readings.get_mut(&id)?;
        reading.passed(found);
        self.dirty.insert(id);
        Some(Arc::clone(&reading.label))
    }

    /// The files that have ended and of which something waits to be passed on.
    pub(super) fn ended_and_waiting(&self) -> impl Iterator<Item = FileId> {
        let waits = |id: &&FileId| self.readings.get(id).is_some_and(|r| !r.has_passed_on());
        self.ended.iter().filter(waits).copied()
    }

    /// What is to be kept of files. Of those that have ended everything must have been passed on:
    /// nobody could read them again.
    pub(super) fn rows(&mut self, merge: &mut Merge<LogId>, rows: &mut Rows) {
        let (moved, removed) = self.tail.take_moved();
        self.dirty.extend(moved);
        self.ended.extend(removed);
        for id in std::mem::take(&mut self.ended) {
            self.count(id);
            self.dirty.remove(&id);
            self.readings.remove(&id);
            merge.forget(LogId::File(id));
            match self.tail.kept(id) {
                // It is over, and remembered so that it is not taken for a new one.
                Some(kept) => rows.put.push(row_of_done(kept)),
                None => rows.removed.push(key(id)),
            }
        }
        for id in std::mem::take(&mut self.dirty) {
            let Some(kept) = self.tail.kept(id) else { continue };
            let Some(reading) = self.readings.get_mut(&id) else {
                rows.put.push(row_of_done(kept));
                continue;
            };
            reading.stand();
            rows.put.push(row(kept, reading));
            self.count(id);
        }
    }

    fn count(&mut self, id: FileId) {
        let Some(reading) = self.readings.get_mut(&id) else { return };
        let sum = self.counted.entry(Arc::clone(&reading.label.name)).or_default();
        super::add(sum, &reading.count());
    }

    /// Every file is to be kept anew.
    pub(super) fn mark_all(&mut self) {
        self.dirty.extend(self.tail.files());
    }

    pub(super) fn take_notices(&mut self) -> Vec<Notice> {
        self.tail.take_notices()
    }

    pub(super) fn take_watch_requests(&mut self) -> Vec<WatchRequest> {
        self.tail.take_watch_requests()
    }

    /// How many files are followed under which label, for each source.
    pub(super) fn of_sources(&self) -> Vec<BTreeMap<Arc<str>, u64>> {
        let mut counts = vec![BTreeMap::new(); self.sources.len()];
        for (id, reading) in &self.readings {
            let source = self.tail.name(*id).and_then(|(_, source)| counts.get_mut(source));
            if let Some(labels) = source {
                *labels.entry(Arc::clone(&reading.label.name)).or_default() += 1;
            }
        }
        counts
    }

    /// How far each source is behind.
    pub(super) fn lag(&self) -> BTreeMap<Arc<str>, Lag> {
        let mut lags: BTreeMap<_, Lag> = BTreeMap::new();
        for (id, reading) in &self.readings {
            let lag = lags.entry(Arc::clone(&reading.label.name)).or_default();
            let bytes = self.tail.lag_bytes(*id);
            if bytes > 0 {
                lag.bytes += bytes;
                let reached = [lag.reached, reading.reached].into_iter().flatten().min();
                lag.reached = reached;
            }
        }
        lags
    }

    /// Everything is to be looked at that wake-ups named.
    pub(super) fn look_at_named(&mut self, named: &BTreeSet<PathBuf>, now: Now) {
        self.tail.look_at_named(named, now.mono);
    }
}

fn key(id: FileId) -> String {
    format!("file {}", id.0)
}

fn row(kept: Kept, reading: &Reading) -> Row {
    row_at(kept, reading.standing.clone())
}

/// Of a file that is over nothing more is extracted.
fn row_of_done(kept: Kept) -> Row {
    row_at(kept, Standing::default())
}

fn row_at(kept: Kept, standing: Standing) -> Row {
    let (id, source) = (kept.id, Arc::clone(&kept.source));
    let mut state = serde_json::to_vec(&KeptFile { kept, standing }).unwrap_or_default();
    // Ten thousand of them wait for one commit.
    state.shrink_to_fit();
    Row { key: key(id), source, state }
}
