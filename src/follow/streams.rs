//! Standard input, named pipes and the journal through their extractors.
//!
//! Owns what of the journal was passed on. What comes through a pipe cannot be read again: what was
//! taken and not yet committed when the program is killed is gone. Must never decide an alert.
//! Fails: never; what keeps an input from being read is a problem that is told.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::found::Finds;
use super::merge::Merge;
use super::reading::{Extraction, Reading};
use super::{LogId, Now, Problem, Row, Rows};
use crate::engine;
use crate::extract::Counters;
use crate::tail::journal::{Journal, JournalCounters, JournalPiece, Position};
use crate::tail::stream::{Piece, Stream};

/// How many entries or blocks are taken of one input before it is another's turn.
const TURN_PIECES: usize = 256;

/// Entries of the journal whose place is remembered until they were looked at; more are looked at
/// at once.
const PLACES_MAX: usize = 4096;

/// Of what never ends nothing more is expected after so long.
const IDLE_MAX: Duration = Duration::from_secs(1);

/// How long an unterminated line waits for its end.
const PARTIAL_LINE: Duration = Duration::from_mins(1);

pub(super) enum Input {
    Stdin(Stream),
    /// Not there yet, or not to be opened; it is tried again.
    MissingFifo(PathBuf),
    Fifo(Stream),
    Journal(Box<Journal>),
    /// Nothing more comes.
    Ended,
}

/// An input that is read as it comes.
pub(super) struct Streamed {
    pub(super) key: Arc<str>,
    input: Input,
    extraction: Extraction,
    reading: Reading,
    wake: super::Wake,
    /// The text behind each entry of the journal, and the entry's place.
    places: VecDeque<(u64, Position)>,
    text_bytes: u64,
    /// The last entry that was looked at whole and passed on.
    place: Option<Position>,
    is_dirty: bool,
    /// Since when nothing came.
    idle_since: Option<Duration>,
    told: bool,
    counted: Counters,
}

impl Streamed {
    pub(super) fn new(
        key: Arc<str>,
        input: Input,
        extraction: Extraction,
        label: Arc<engine::Source>,
        wake: super::Wake,
    ) -> Self {
        let name = Arc::clone(&label.name);
        let reading = Reading::new(label, name, extraction.encoding, None);
        Self {
            key,
            input,
            extraction,
            reading,
            wake,
            places: VecDeque::new(),
            text_bytes: 0,
            place: None,
            is_dirty: false,
            idle_since: None,
            told: false,
            counted: Counters::default(),
        }
    }

    /// The place in the journal that a row tells.
    pub(super) fn place_of(row: &[u8]) -> Option<Position> {
        let (cursor, realtime_us): (String, u64) = serde_json::from_slice(row).ok()?;
        Some(Position { cursor: cursor.into(), realtime_us })
    }

    pub(super) fn label(&self) -> &Arc<engine::Source> {
        &self.reading.label
    }

    /// Whether it reads the same under the same labels.
    pub(super) fn is_of(&self, key: &Arc<str>, label: &Arc<engine::Source>) -> bool {
        self.key == *key && self.reading.label == *label
    }

    /// What comes from now on is told otherwise.
    pub(super) fn set_extraction(&mut self, extraction: Extraction) {
        self.extraction = extraction;
    }

    /// What was counted of the journal, if it is one.
    pub(super) fn journal_counters(&self) -> Option<JournalCounters> {
        match &self.input {
            Input::Journal(journal) => Some(journal.counters()),
            _ => None,
        }
    }

    /// Whether nothing more is to be expected.
    pub(super) fn has_ended(&self, now: Now) -> bool {
        match self.input {
            Input::Ended => true,
            Input::Stdin(_) => false,
            _ => self.idle_since.is_some_and(|since| now.mono >= since + IDLE_MAX),
        }
    }

    /// Takes what came; true if there may be more.
    pub(super) fn read(
        &mut self,
        log: LogId,
        now: Now,
        merge: &mut Merge<LogId>,
        problems: &mut Vec<Problem>,
    ) -> bool {
        let mut finds = Finds::default();
        let mut is_more = true;
        for _ in 0..TURN_PIECES {
            if !self.take(now, &mut finds, problems) {
                is_more = false;
                self.idle_since.get_or_insert(now.mono);
                break;
            }
            self.idle_since = None;
            if self.places.len() >= PLACES_MAX {
                self.reading.look(now.mono, Duration::MAX, &mut finds);
            }
        }
        self.pass_on(log, finds, now, merge);
        is_more
    }

    fn take(&mut self, now: Now, finds: &mut Finds, problems: &mut Vec<Problem>) -> bool {
        let piece = match &mut self.input {
            Input::Ended => return false,
            Input::MissingFifo(path) => {
                let wake = Arc::clone(&self.wake);
                match Stream::fifo(path, move || wake()) {
                    Ok(stream) => {
                        self.input = Input::Fifo(stream);
                        self.told = false;
                        return true;
                    }
                    Err(error) => {
                        if !std::mem::replace(&mut self.told, true) {
                            problems.push(Problem::of(&self.key, &error));
                        }
                        return false;
                    }
                }
            }
            Input::Journal(journal) => match journal.try_next(now.wall) {
                None => return false,
                Some(JournalPiece::Problem(problem)) => {
                    problems.push(Problem::of_journal(&self.key, &problem));
                    return true;
                }
                Some(JournalPiece::Entry { mut line, position }) => {
                    line.push(b'\n');
                    self.feed(&line, now, finds);
                    self.places.push_back((self.text_bytes, position));
                    return true;
                }
            },
            Input::Stdin(stream) | Input::Fifo(stream) => match stream.try_next() {
                None => return false,
                Some(piece) => piece,
            },
        };
        match piece {
            Piece::Bytes(bytes) => self.feed(&bytes, now, finds),
            // Another writer begins on a line of its own.
            Piece::WriterClosed => self.reading.look_at_all(finds),
            Piece::Ended => self.end(finds),
            Piece::Failed(error) => {
                problems.push(Problem::of(&self.key, &error));
                self.end(finds);
            }
        }
        true
    }

    fn feed(&mut self, bytes: &[u8], now: Now, finds: &mut Finds) {
        if !self.reading.is_live() {
            let times = (now.mono, now.wall);
            self.reading.wake(&self.extraction, true, self.reading.needs_from(), times);
        }
        self.reading.push(bytes, now.mono, finds);
        self.text_bytes += bytes.len() as u64;
    }

    fn end(&mut self, finds: &mut Finds) {
        self.reading.finish(false, finds);
        let was_fifo = matches!(self.input, Input::Fifo(_));
        // A pipe that went wrong may be another by now.
        self.input = Input::Ended;
        if was_fifo {
            self.input = Input::MissingFifo(PathBuf::from(&*self.key));
        }
    }

    /// Looks at what came, if nothing came for a while.
    pub(super) fn look_if_quiet(&mut self, log: LogId, now: Now, merge: &mut Merge<LogId>) {
        let mut finds = Finds::default();
        if self.reading.quiet_at.is_some_and(|at| at <= now.mono) {
            self.reading.look(now.mono, PARTIAL_LINE, &mut finds);
        }
        if self.reading.partial_at.is_some_and(|at| at <= now.mono) {
            self.reading.look_at_all(&mut finds);
        }
        self.pass_on(log, finds, now, merge);
    }

    pub(super) fn next_deadline(&self) -> Option<Duration> {
        self.reading.quiet_at.into_iter().chain(self.reading.partial_at).min()
    }

    /// Looks after the connection. Called about once a second.
    pub(super) fn tend(&mut self) {
        if let Input::Stdin(stream) | Input::Fifo(stream) = &mut self.input {
            stream.tend();
        }
    }

    fn pass_on(&mut self, log: LogId, finds: Finds, now: Now, merge: &mut Merge<LogId>) {
        let counters = self.reading.count_read();
        super::add(&mut self.counted, &counters);
        if !finds.0.is_empty() {
            merge.add(log, now.wall, finds);
        }
    }

    pub(super) fn take_counted(&mut self) -> Counters {
        std::mem::take(&mut self.counted)
    }

    /// The place in the journal up to which everything was passed on.
    pub(super) fn rows(&mut self, log: LogId, merge: &Merge<LogId>, rows: &mut Rows) {
        if !matches!(self.input, Input::Journal(_)) {
            return;
        }
        self.reading.stand();
        let looked_at = self.reading.standing.extraction.as_ref();
        let looked_at = looked_at.map_or(0, crate::extract::Checkpoint::position);
        // What was not passed on is asked for again.
        let passed_on = merge.next_offset(log).map_or(looked_at, |next| next.min(looked_at));
        while self.places.front().is_some_and(|(end, _)| *end <= passed_on) {
            self.place = self.places.pop_front().map(|(_, place)| place);
            self.is_dirty = true;
        }
        if let Some(place) = self.place.as_ref().filter(|_| self.is_dirty) {
            let state = serde_json::to_vec(&(&*place.cursor, place.realtime_us));
            rows.put.push(Row {
                key: format!("journal {}", self.key),
                source: Arc::clone(&self.key),
                state: state.unwrap_or_default(),
            });
            self.is_dirty = false;
        }
    }

    pub(super) fn mark(&mut self) {
        self.is_dirty = self.place.is_some();
    }
}
