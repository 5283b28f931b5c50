//! Messages that were made and are not known to be stored by the broker.
//!
//! Owns which of them may be sent and how many are under way, and that what is not stored is not
//! let go. Must never carry one nor touch the database that keeps them. Nothing here fails.
//!
//! A message is sent once it is committed: one that was sent and not committed would, after a
//! crash, be made anew under another number, and be counted twice.

use std::collections::VecDeque;

use super::seen::WINDOW;

/// So many are under way at most; see [`Seen`](super::Seen).
pub(super) const UNDER_WAY_MAX: u64 = WINDOW / 2;

/// So many bytes are held in memory beside what is not committed; the rest waits in the database.
const HELD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// A message, as it is kept and sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Its number.
    pub number: u64,
    /// Where it is published.
    pub subject: String,
    /// What the broker tells it by from one that comes again.
    pub id: String,
    /// It.
    pub body: Vec<u8>,
}

impl Row {
    /// What it weighs where it is kept.
    pub fn bytes(&self) -> usize {
        self.subject.len() + self.id.len() + self.body.len()
    }
}

/// What waits to be stored.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// Made since the last commit.
    uncommitted: Vec<Row>,
    /// Committed, the next to be sent first; those behind them lie in the database.
    held: VecDeque<Row>,
    held_bytes: usize,
    /// Under way: sent, and not known to be stored.
    under_way: VecDeque<(u64, usize)>,
    /// Committed and not held.
    beyond: Beyond,
    /// All that waits, in memory or not.
    waiting: Waiting,
    /// Up to this number all are stored; rows up to it can be let go.
    stored_to: u64,
    is_news: bool,
}

/// What lies in the database alone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Beyond {
    rows: u64,
}

/// How much waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Messages.
    pub rows: u64,
    /// Their bytes.
    pub bytes: u64,
}

impl Outgoing {
    /// Goes on with what the database holds.
    pub fn new(waiting: Waiting) -> Self {
        Self { waiting, beyond: Beyond { rows: waiting.rows }, ..Self::default() }
    }

    /// Takes messages in that are to be committed.
    pub fn put(&mut self, rows: impl IntoIterator<Item = Row>) {
        for row in rows {
            self.waiting.rows += 1;
            self.waiting.bytes += row.bytes() as u64;
            self.uncommitted.push(row);
        }
    }

    /// What is to be in the next commit: what was made since the last one.
    pub fn to_commit(&self) -> &[Row] {
        &self.uncommitted
    }

    /// Everything that memory holds, for a database that has lost what was committed.
    pub fn everything(&self) -> impl Iterator<Item = &Row> {
        self.held.iter().chain(&self.uncommitted)
    }

    /// The number up to which rows can be let go, if it has changed since this was last asked.
    pub fn take_stored(&mut self) -> Option<u64> {
        std::mem::take(&mut self.is_news).then_some(self.stored_to)
    }

    /// What was made is committed.
    pub fn committed(&mut self) {
        for row in std::mem::take(&mut self.uncommitted) {
            if self.beyond.rows == 0 && self.held_bytes < HELD_BYTES_MAX {
                self.held_bytes += row.bytes();
                self.held.push_back(row);
            } else {
                self.beyond.rows += 1;
            }
        }
    }

    /// The number behind which further rows are to be read from the database, if there is room.
    pub fn wants_behind(&self) -> Option<u64> {
        let has_room = self.beyond.rows > 0 && self.held_bytes < HELD_BYTES_MAX / 2;
        has_room.then(|| {
            let sent = self.under_way.back().map(|(number, _)| *number);
            let held = self.held.back().map(|row| row.number);
            held.or(sent).unwrap_or(self.stored_to)
        })
    }

    /// Takes over rows that were read from the database; none is left there if there are none.
    pub fn read(&mut self, rows: Vec<Row>) {
        if rows.is_empty() {
            self.beyond.rows = 0;
        }
        for row in rows {
            self.beyond.rows = self.beyond.rows.saturating_sub(1);
            self.held_bytes += row.bytes();
            self.held.push_back(row);
        }
    }

    /// The next to be sent, in their order.
    pub fn next(&mut self) -> Option<Row> {
        let first = self.under_way.front().map(|(number, _)| *number);
        let next = self.held.front()?.number;
        // By numbers, not by how many: a number that was let go leaves a gap.
        if first.is_some_and(|first| next - first >= UNDER_WAY_MAX) {
            return None;
        }
        let row = self.held.pop_front()?;
        self.held_bytes = self.held_bytes.saturating_sub(row.bytes());
        self.under_way.push_back((row.number, row.bytes()));
        Some(row)
    }

    /// All up to this number are stored.
    pub fn stored(&mut self, number: u64) {
        while let Some((first, bytes)) = self.under_way.front().copied() {
            if first > number {
                break;
            }
            self.under_way.pop_front();
            self.waiting.rows = self.waiting.rows.saturating_sub(1);
            self.waiting.bytes = self.waiting.bytes.saturating_sub(bytes as u64);
            self.stored_to = first;
            self.is_news = true;
        }
    }

    /// How much waits.
    pub fn waiting(&self) -> Waiting {
        self.waiting
    }
}
