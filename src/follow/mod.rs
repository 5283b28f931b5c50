//! What is found in the logs that are followed, in the order of its times, with its labels.
//!
//! Owns the way from the configured sources to finds: tail and streams feed extractors, whose finds
//! are merged; and what is to be kept so that every find is passed on once. Must never decide an
//! alert, nor write what is kept. Fails: never; problems and notices are told.
//!
//! ```text
//! tail ──bytes──▶ text ──▶ extractor ──▶ Finds ──merge──▶ Found, label
//! ```
//!
//! What is kept of a log is a place before which everything that was found was passed on, and what
//! behind it was: whoever commits what became of the finds together with [`Rows`] loses and repeats
//! none.

mod files;
mod found;
mod label;
mod merge;
mod passed;
mod problem;
mod reading;
mod sources;
mod streams;
mod text;
mod wake;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

pub use found::{Finds, Found};
pub use merge::{Merge, Until};
pub use problem::Problem;
pub use sources::{Common, Sources};
pub use text::{Anchor, Encoding, Text, TextState};

use crate::engine;
use crate::extract::Counters;
use crate::tail::journal::JournalCounters;
use crate::tail::{self, FileId, Notice, WatchRequest};
use files::Files;
use streams::Streamed;

/// Says that something came, from any thread.
pub type Wake = Arc<dyn Fn() + Send + Sync>;

/// The present.
#[derive(Debug, Clone, Copy)]
pub struct Now {
    /// By the wall clock, for what logs tell.
    pub wall: DateTime<Utc>,
    /// Since the start of the program, for waiting.
    pub mono: Duration,
}

/// Names a log under way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogId {
    /// A file.
    File(FileId),
    /// A stream, by its place among all.
    Stream(usize),
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(FileId(number)) => write!(f, "file-{number}"),
            Self::Stream(number) => write!(f, "stream-{number}"),
        }
    }
}

/// What is to be kept of one log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// The log's name among all rows.
    pub key: String,
    /// Its source.
    pub source: Arc<str>,
    /// Where it stands; what it means is this module's business.
    pub state: Vec<u8>,
}

/// What changed of what is to be kept.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rows {
    /// New, or other than before.
    pub put: Vec<Row>,
    /// No longer of interest.
    pub removed: Vec<String>,
}

/// How far a source is behind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Lag {
    /// Bytes that are known to be unread.
    pub bytes: u64,
    /// The time up to which its logs with unread bytes were read, by the times in them.
    pub reached: Option<DateTime<Utc>>,
}

/// What is being read, and so what a find waits for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Backlog {
    /// The present: what is there is passed on, unless a log is behind.
    None,
    /// A past: nothing is passed on before what stands in a whole line and is earlier.
    Lines,
    /// A past that ends: nothing before what is earlier.
    ToItsEnd,
}

/// One find, with what it is labelled with and how far its log was read.
#[derive(Debug)]
pub struct Passed {
    /// The source.
    pub label: Arc<engine::Source>,
    /// The log; none of what another machine found.
    pub log: Option<LogId>,
    /// What was found.
    pub found: Found,
    /// The latest time in the log up to the find.
    pub reached: Option<DateTime<Utc>>,
}

/// Finds that wait for another log's at most; then they are passed on although another log is not
/// read as far.
const WAITING_MAX: usize = 100_000;

/// Behind any quiet that is waited for.
const LATER: Duration = Duration::from_secs(1);

/// Everything that is followed.
pub struct Follow {
    files: Files,
    streams: Vec<Streamed>,
    merge: Merge<LogId>,
    problems: Vec<Problem>,
    /// What of the sources was met, by their keys, and is to be kept.
    met: BTreeSet<Arc<str>>,
}

impl Follow {
    /// Looks at everything: at the start, and when wake-ups were lost.
    pub fn look_at_all(&mut self, now: Now) {
        self.files.tail().look_at_all(now.mono);
    }

    /// Looks at what wake-ups named.
    pub fn look_at_named(&mut self, named: &BTreeSet<PathBuf>, now: Now) {
        self.files.look_at_named(named, now);
    }

    /// Looks at what no wake-up names. Called about once a second.
    pub fn tick(&mut self, now: Now) {
        self.files.tail().tick(now.mono);
        for stream in &mut self.streams {
            stream.tend();
        }
    }

    /// Directories whose changes are to be told, or no longer.
    pub fn take_watch_requests(&mut self) -> Vec<WatchRequest> {
        self.files.take_watch_requests()
    }

    /// Whether a directory's changes are told, or must be looked for.
    pub fn set_polled(&mut self, directory: &Path, is_polled: bool) {
        self.files.tail().set_polled(directory, is_polled);
    }

    /// Reads a little; true if there is more to be read at once.
    pub fn read(&mut self, now: Now) -> bool {
        let mut is_more = self.files.read(now, &mut self.merge);
        for (index, stream) in self.streams.iter_mut().enumerate() {
            let log = LogId::Stream(index);
            is_more |= stream.read(log, now, &mut self.merge, &mut self.problems);
        }
        is_more
    }

    /// Looks at logs that are quiet by now.
    pub fn look_at_quiet(&mut self, now: Now) {
        self.files.look_at_quiet(now, &mut self.merge);
        for (index, stream) in self.streams.iter_mut().enumerate() {
            stream.look_if_quiet(LogId::Stream(index), now, &mut self.merge);
        }
    }

    /// Looks at everything that was read, as if every log was quiet.
    pub fn look_at_rest(&mut self, now: Now) {
        self.look_at_quiet(Now { mono: now.mono + LATER, ..now });
    }

    /// Looks at everything, unterminated lines as well: nothing more is waited for.
    pub fn look_at_end(&mut self, now: Now) {
        self.look_at_rest(now);
        self.look_at_quiet(Now { mono: now.mono + self.files.partial_line + 2 * LATER, ..now });
    }

    /// When to look at quiet logs next.
    pub fn next_deadline(&self) -> Option<Duration> {
        let streams = self.streams.iter().filter_map(Streamed::next_deadline);
        self.files.next_deadline().into_iter().chain(streams).min()
    }

    /// Whether logs are left to be read at once.
    pub fn is_behind(&mut self, now: Now) -> bool {
        self.files.is_behind(now)
    }

    /// The next find. While a log is behind, nothing later than it was read; in a backlog nothing
    /// later than it was looked at either.
    pub fn next(&mut self, backlog: Backlog, now: Now) -> Option<Passed> {
        let until = match self.merge.count() {
            ..WAITING_MAX => self.files.read_until(backlog, now),
            _ => Until::Everything,
        };
        let (log, found, reached) = self.merge.next(now.wall, until)?;
        let label = match log {
            LogId::File(id) => self.files.passed(id, &found)?,
            LogId::Stream(index) => Arc::clone(self.streams.get(index)?.label()),
        };
        Some(Passed { label, log: Some(log), found, reached })
    }

    /// Whether finds of files that have ended wait for other logs.
    pub fn has_ended_files_waiting(&self) -> bool {
        self.files.ended_and_waiting().next().is_some()
    }

    /// Lets finds of files that have ended wait no longer: they must be passed on before it is kept
    /// that these files are over.
    pub fn release_ended_files(&mut self, now: Now) {
        for id in self.files.ended_and_waiting() {
            self.merge.release(LogId::File(id), now.wall);
        }
    }

    /// What is to be kept now, of all finds that were passed on.
    pub fn rows(&mut self) -> Rows {
        let mut rows = Rows::default();
        self.files.rows(&mut self.merge, &mut rows);
        for (index, stream) in self.streams.iter_mut().enumerate() {
            stream.rows(LogId::Stream(index), &self.merge, &mut rows);
        }
        for key in self.files.tail().met().clone() {
            if self.met.insert(Arc::clone(&key)) {
                rows.put.push(sources::met_row(&key));
            }
        }
        rows
    }

    /// Everything is to be kept anew, as what was kept is gone.
    pub fn mark_all(&mut self) {
        self.files.mark_all();
        self.met.clear();
        self.streams.iter_mut().for_each(Streamed::mark);
    }

    /// The streams, for who follows from now on, and what was found in them and not passed on.
    fn take_streams(&mut self) -> Vec<(Streamed, Finds)> {
        let streams = std::mem::take(&mut self.streams).into_iter().enumerate();
        streams.map(|(index, stream)| (stream, self.merge.take(LogId::Stream(index)))).collect()
    }

    /// What the operator should know of files, since this was last asked.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        self.files.take_notices()
    }

    /// The same of streams.
    pub fn take_problems(&mut self) -> Vec<Problem> {
        std::mem::take(&mut self.problems)
    }

    /// What was read of each source, since this was last asked.
    pub fn take_counted(&mut self) -> HashMap<Arc<str>, Counters> {
        let mut counted = self.files.take_counted();
        for stream in &mut self.streams {
            let name = Arc::clone(&stream.label().name);
            add(counted.entry(name).or_default(), &stream.take_counted());
        }
        counted.retain(|_, counters| counters.bytes > 0 || counters.lines > 0);
        counted
    }

    /// How far each source is behind; no bytes where it is not.
    pub fn lag(&self) -> BTreeMap<Arc<str>, Lag> {
        self.files.lag()
    }

    /// How many files are followed under which label, for each source of files in the order of the
    /// configuration.
    pub fn files_of_sources(&self) -> Vec<BTreeMap<Arc<str>, u64>> {
        self.files.of_sources()
    }

    /// What was counted of each journal.
    pub fn journal_counters(&self) -> impl Iterator<Item = (&Arc<str>, JournalCounters)> {
        let streams = self.streams.iter();
        streams.filter_map(|stream| Some((&stream.label().name, stream.journal_counters()?)))
    }

    /// What the tail counted.
    pub fn tail_counters(&mut self) -> tail::Counters {
        self.files.tail().counters()
    }

    /// Whether nothing more is to be expected of any stream: it has ended, or nothing came of it
    /// for a while and it never ends.
    pub fn has_ended(&self, now: Now) -> bool {
        self.streams.iter().all(|stream| stream.has_ended(now))
    }
}

/// Adds what was counted.
pub(crate) fn add(sum: &mut Counters, counters: &Counters) {
    sum.bytes += counters.bytes;
    sum.lines += counters.lines;
    sum.mentions += counters.mentions;
    sum.untimed += counters.untimed;
    sum.codes_left_out += counters.codes_left_out;
    sum.long_lines += counters.long_lines;
    sum.beyond_line_max += counters.beyond_line_max;
    sum.last_at = sum.last_at.max(counters.last_at);
}
