//! The systemd journal, as `journalctl` prints it.
//!
//! Owns the child, where it goes on after it has ended, and which entries are our own. Must never
//! look into an entry but for its cursor and its writer. Fails: by [`Problem`], and tries again.
//!
//! The child reads from the cursor itself and not from behind it: where the cursor's entry is gone,
//! `--after-cursor` leaves out the entry in its place. The one that is known is skipped here.
//!
//! It ends with us in any case: when it is dropped it is killed, with all of its process group; if
//! we are killed ourselves it finds the other end of its output closed. To ask the kernel to end
//! it with us would need `unsafe`.

use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::stream::Piece;
use child::Child;
use entry::{Head, Lines};

mod child;
mod entry;
mod problem;

#[cfg(test)]
mod tests;

pub use entry::Own;
pub use problem::Problem;

/// An entry whose line is longer is left out.
const LINE_BYTES_MAX: usize = 1024 * 1024;

/// The first wait, and the longest.
const WAIT_FIRST: TimeDelta = TimeDelta::seconds(1);
const WAIT_MAX: TimeDelta = TimeDelta::seconds(60);

/// Where to start without a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JournalStart {
    /// With the first entry that there is.
    Beginning,
    /// With the next one that comes.
    End,
    /// So many before the end.
    Last(u32),
    /// With the first from then on.
    Since(DateTime<Utc>),
}

/// What is to be read.
#[derive(Debug, Clone)]
pub struct JournalSettings {
    /// `journalctl`, or where it is.
    pub program: PathBuf,
    /// Units; any of them. None is all.
    pub units: Vec<String>,
    /// Matches as `journalctl` takes them, such as `_TRANSPORT=stdout`.
    pub matches: Vec<String>,
    /// A directory of journals in place of the machine's.
    pub directory: Option<PathBuf>,
    /// Where to start without a position.
    pub start: JournalStart,
    /// Whose entries are left out.
    pub own: Own,
}

/// Where an entry stands in the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The journal's name for it.
    pub cursor: Arc<str>,
    /// When it was written, in microseconds since 1970.
    pub realtime_us: u64,
}

/// What comes of the journal.
#[derive(Debug)]
pub enum JournalPiece {
    /// One entry: its JSON, without the end of the line.
    Entry {
        /// As `journalctl -o json` prints it.
        line: Vec<u8>,
        /// To go on behind it.
        position: Position,
    },
    /// What keeps it from being read; said once while it lasts.
    Problem(Problem),
}

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct JournalCounters {
    /// Entries that were handed on.
    pub entries: u64,
    /// Entries of our own that were left out.
    pub own: u64,
    /// Entries that were known already, or lie before the position.
    pub known: u64,
    /// Entries that were too long.
    pub too_long: u64,
    /// Entries that could not be read, also not the second time.
    pub unreadable: u64,
    /// How often the child was started.
    pub started: u64,
    /// How often it ended.
    pub ended: u64,
    /// How often its position was no longer in the journal.
    pub cursors_lost: u64,
}

/// Where a child begins.
#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    Start,
    Cursor,
    /// The cursor is not understood any more.
    Time,
}

/// When the next child is to be started.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Backoff {
    failures: u32,
    /// Since when it is waited.
    since: Option<DateTime<Utc>>,
}

impl Backoff {
    fn wait(self) -> TimeDelta {
        let doubled = WAIT_FIRST * 2_i32.pow(self.failures.saturating_sub(1).min(6));
        if self.failures == 0 { TimeDelta::zero() } else { doubled.min(WAIT_MAX) }
    }

    /// A clock that was set back does not make it wait longer.
    fn is_over(self, now: DateTime<Utc>) -> bool {
        self.since.is_none_or(|since| now < since || now - since >= self.wait())
    }

    fn failed(self, now: DateTime<Utc>) -> Self {
        Self { failures: self.failures.saturating_add(1), since: Some(now) }
    }
}

/// Follows the journal.
#[derive(Debug)]
pub struct Journal {
    settings: JournalSettings,
    wake: Wake,
    position: Option<Position>,
    /// When the first child was started: from the end of the journal, what comes next comes later.
    began: Option<DateTime<Utc>>,
    from: From,
    /// No entry of this child was looked at yet that could be the known one.
    is_catching_up: bool,
    child: Option<Child>,
    lines: Lines,
    backoff: Backoff,
    /// A child was ended for an entry that could not be read, and nothing was read since.
    is_second_try: bool,
    said: Option<Problem>,
    counters: JournalCounters,
}

#[derive(Clone)]
struct Wake(Arc<dyn Fn() + Send + Sync>);

impl std::fmt::Debug for Wake {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Wake")
    }
}

impl Journal {
    /// Starts nothing yet. `wake` is called when there is something to take.
    pub fn new(
        settings: JournalSettings,
        position: Option<Position>,
        wake: impl Fn() + Send + Sync + 'static,
    ) -> Self {
        let from = if position.is_some() { From::Cursor } else { From::Start };
        Self {
            settings,
            wake: Wake(Arc::new(wake)),
            position,
            began: None,
            from,
            is_catching_up: false,
            child: None,
            lines: Lines::new(LINE_BYTES_MAX),
            backoff: Backoff::default(),
            is_second_try: false,
            said: None,
            counters: JournalCounters::default(),
        }
    }

    /// What was counted.
    pub fn counters(&self) -> JournalCounters {
        JournalCounters { too_long: self.lines.too_long(), ..self.counters }
    }

    /// The last entry that was handed on or left out.
    pub fn position(&self) -> Option<&Position> {
        self.position.as_ref()
    }

    /// The next entry or problem, if there is one. To be called when woken, and about once a
    /// second: starts a child where there is none, and its wait is over.
    pub fn try_next(&mut self, now: DateTime<Utc>) -> Option<JournalPiece> {
        loop {
            while let Some(line) = self.lines.next() {
                if let Some(piece) = self.line(line, now) {
                    return Some(piece);
                }
            }
            let Some(child) = &mut self.child else {
                if !self.backoff.is_over(now) {
                    return None;
                }
                if let Err(problem) = self.start(now) {
                    self.backoff = self.backoff.failed(now);
                    if let Some(piece) = self.say(problem) {
                        return Some(piece);
                    }
                    return None;
                }
                continue;
            };
            match child.try_next()? {
                Piece::Bytes(bytes) => self.lines.push(&bytes),
                Piece::WriterClosed => {}
                Piece::Ended | Piece::Failed(_) => {
                    let problem = self.ended(now);
                    if let Some(piece) = self.say(problem) {
                        return Some(piece);
                    }
                }
            }
        }
    }

    fn start(&mut self, now: DateTime<Utc>) -> Result<(), Problem> {
        let wake = self.wake.clone();
        let arguments = self.arguments(now);
        let child = Child::start(&self.settings.program, &arguments, move || (wake.0)())?;
        self.began.get_or_insert(now);
        self.counters.started += 1;
        self.is_catching_up = self.position.is_some();
        self.lines.clear();
        self.child = Some(child);
        Ok(())
    }

    fn arguments(&self, now: DateTime<Utc>) -> Vec<String> {
        let mut arguments: Vec<String> =
            ["--output=json", "--all", "--quiet", "--no-pager", "--follow"].map(Into::into).into();
        let since = |at: DateTime<Utc>| {
            let (seconds, micros) = (at.timestamp(), at.timestamp_subsec_micros());
            vec!["--no-tail".to_owned(), format!("--since=@{seconds}.{micros:06}")]
        };
        let position = self.position.as_ref();
        arguments.extend(match (&self.from, position) {
            (From::Cursor, Some(position)) => {
                vec!["--no-tail".to_owned(), format!("--cursor={}", position.cursor)]
            }
            (From::Time, Some(position)) => {
                let at = i64::try_from(position.realtime_us).ok();
                since(at.and_then(DateTime::from_timestamp_micros).unwrap_or(now))
            }
            _ => match (self.settings.start, self.began) {
                (JournalStart::Beginning, _) => vec!["--no-tail".to_owned()],
                (JournalStart::Since(at), _) => since(at),
                // A child that has read nothing was there before: nothing since is to be missed.
                (JournalStart::End | JournalStart::Last(_), Some(began)) => since(began),
                // `--lines=0` leaves out what comes first where no entry fits yet.
                (JournalStart::End, None) => since(now),
                (JournalStart::Last(count), None) => vec![format!("--lines={count}")],
            },
        });
        if let Some(directory) = &self.settings.directory {
            arguments.push(format!("--directory={}", directory.display()));
        }
        arguments.extend(self.settings.units.iter().map(|unit| format!("--unit={unit}")));
        if !self.settings.matches.is_empty() {
            arguments.push("--".to_owned());
            arguments.extend(self.settings.matches.iter().cloned());
        }
        arguments
    }

    /// The child has ended by itself.
    fn ended(&mut self, now: DateTime<Utc>) -> Problem {
        let said = self.child.take().map(Child::end).unwrap_or_default();
        self.counters.ended += 1;
        self.lines.clear();
        let is_lost = self.from == From::Cursor && self.is_catching_up && said.contains("cursor");
        if is_lost {
            // Nothing was wrong but the cursor: the next one begins at once.
            self.counters.cursors_lost += 1;
            self.from = From::Time;
            self.backoff = Backoff::default();
            return Problem::CursorLost;
        }
        self.backoff = self.backoff.failed(now);
        Problem::Ended { said }
    }

    fn line(&mut self, line: Vec<u8>, now: DateTime<Utc>) -> Option<JournalPiece> {
        let Some(Head { position, is_own }) = self.settings.own.head(&line) else {
            if self.is_second_try {
                self.counters.unreadable += 1;
                return None;
            }
            self.is_second_try = true;
            drop(self.child.take().map(Child::end));
            self.counters.ended += 1;
            self.lines.clear();
            self.backoff = self.backoff.failed(now);
            return self.say(Problem::Unreadable);
        };
        if self.is_known(&position) {
            self.counters.known += 1;
            return None;
        }
        // It goes on from here, whatever was wrong before.
        self.from = From::Cursor;
        self.backoff = Backoff::default();
        self.is_second_try = false;
        self.said = None;
        self.position = Some(position.clone());
        if is_own {
            self.counters.own += 1;
            return None;
        }
        self.counters.entries += 1;
        Some(JournalPiece::Entry { line, position })
    }

    /// Whether an entry is the one that was read last, or, where it is looked for by time, lies
    /// before it.
    fn is_known(&mut self, position: &Position) -> bool {
        let Some(last) = self.position.as_ref().filter(|_| self.is_catching_up) else {
            return false;
        };
        let is_last = position.is_same_entry(last);
        let is_before = self.from == From::Time && position.realtime_us < last.realtime_us;
        self.is_catching_up = is_before;
        is_last || is_before
    }

    fn say(&mut self, problem: Problem) -> Option<JournalPiece> {
        if self.said.as_ref() == Some(&problem) {
            return None;
        }
        self.said = Some(problem.clone());
        Some(JournalPiece::Problem(problem))
    }
}

impl Position {
    /// A cursor also tells which file the entry was read from, and it may have been moved.
    fn is_same_entry(&self, other: &Self) -> bool {
        let part = |cursor: &Arc<str>, name: &str| {
            cursor.split(';').find_map(|part| part.strip_prefix(name)).map(str::to_owned)
        };
        let is_equal = |name| {
            let (one, two) = (part(&self.cursor, name), part(&other.cursor, name));
            one.is_some() && one == two
        };
        self.cursor == other.cursor || ["b=", "m=", "t=", "x="].into_iter().all(is_equal)
    }
}
