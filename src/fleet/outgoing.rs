//! Messages that were made and are not known to be stored by the broker.
//!
//! Owns which of them may be sent and how many are under way, and that what is not stored is not
//! let go. Must never carry one nor touch the database that keeps them. Nothing here fails.
//!
//! A message is sent once it is committed: one that was sent and not committed would, after a
//! crash, be made anew under another number, and be counted twice.

use std::collections::VecDeque;

use super::seen::WINDOW;
use crate::store::{MessageRow, MessagesWaiting};

/// So many are under way at most; see [`Seen`](super::Seen).
pub(super) const UNDER_WAY_MAX: u64 = WINDOW / 2;

/// So many bytes are held in memory beside what is not committed; the rest waits in the database.
const HELD_BYTES_MAX: usize = 4 * 1024 * 1024;

/// What waits to be stored.
#[derive(Debug, Default)]
pub struct Outgoing {
    /// Made since it was last asked what is to be committed.
    made: Vec<MessageRow>,
    /// In the next commit, or in one that failed.
    uncommitted: Vec<MessageRow>,
    /// Committed, the next to be sent first; those behind them lie in the database.
    held: VecDeque<MessageRow>,
    held_bytes: usize,
    /// Under way: sent, and not known to be stored.
    under_way: VecDeque<MessageRow>,
    /// Committed and not held.
    beyond_rows: u64,
    /// All that waits, in memory or not.
    waiting: MessagesWaiting,
    /// Up to this number all are stored; rows up to it can be let go.
    stored_to: u64,
    is_news: bool,
}

impl Outgoing {
    /// Goes on with what the database holds.
    pub fn new(waiting: MessagesWaiting) -> Self {
        Self { waiting, beyond_rows: waiting.rows, ..Self::default() }
    }

    /// Takes messages in that are to be committed.
    pub fn put(&mut self, rows: impl IntoIterator<Item = MessageRow>) {
        for row in rows {
            self.waiting.rows += 1;
            self.waiting.bytes += row.bytes() as u64;
            self.made.push(row);
        }
    }

    /// What is to be in the next commit beside what was asked for before.
    pub fn to_commit(&mut self) -> &[MessageRow] {
        let before = self.uncommitted.len();
        self.uncommitted.append(&mut self.made);
        self.uncommitted.get(before..).unwrap_or_default()
    }

    /// Everything that memory holds, for a database that has lost what was committed.
    pub fn everything(&self) -> impl Iterator<Item = &MessageRow> {
        self.under_way.iter().chain(&self.held).chain(&self.uncommitted)
    }

    /// The number up to which rows can be let go, if it has changed since this was last asked.
    pub fn take_stored(&mut self) -> Option<u64> {
        std::mem::take(&mut self.is_news).then_some(self.stored_to)
    }

    /// What was asked for is committed.
    pub fn committed(&mut self) {
        for row in std::mem::take(&mut self.uncommitted) {
            if self.beyond_rows == 0 && self.held_bytes < HELD_BYTES_MAX {
                self.held_bytes += row.bytes();
                self.held.push_back(row);
            } else {
                self.beyond_rows += 1;
            }
        }
    }

    /// The number behind which further rows are to be read from the database, if there is room.
    pub fn wants_behind(&self) -> Option<u64> {
        let has_room = self.beyond_rows > 0 && self.held_bytes < HELD_BYTES_MAX / 2;
        has_room.then(|| {
            let sent = self.under_way.back().map(|row| row.number);
            let held = self.held.back().map(|row| row.number);
            held.or(sent).unwrap_or(self.stored_to)
        })
    }

    /// Takes over rows that were read from the database; none is left there if there are none.
    pub fn read(&mut self, rows: Vec<MessageRow>) {
        if rows.is_empty() && self.beyond_rows > 0 {
            // Those that a damaged database has lost.
            self.beyond_rows = 0;
            let known = self.under_way.iter().chain(&self.held);
            let known = known.chain(&self.uncommitted).chain(&self.made);
            let known =
                known.fold((0, 0), |(rows, bytes), row| (rows + 1, bytes + row.bytes() as u64));
            (self.waiting.rows, self.waiting.bytes) = known;
        }
        for row in rows {
            self.beyond_rows = self.beyond_rows.saturating_sub(1);
            self.held_bytes += row.bytes();
            self.held.push_back(row);
        }
    }

    /// The next to be sent, in their order.
    pub fn next(&mut self) -> Option<MessageRow> {
        let first = self.under_way.front().map(|row| row.number);
        let next = self.held.front()?.number;
        // By numbers, not by how many: a number that was let go leaves a gap.
        if first.is_some_and(|first| next - first >= UNDER_WAY_MAX) {
            return None;
        }
        let row = self.held.pop_front()?;
        self.held_bytes = self.held_bytes.saturating_sub(row.bytes());
        self.under_way.push_back(row.clone());
        Some(row)
    }

    /// All up to this number are stored.
    pub fn stored(&mut self, number: u64) {
        while let Some(row) = self.under_way.pop_front_if(|row| row.number <= number) {
            self.waiting.rows = self.waiting.rows.saturating_sub(1);
            self.waiting.bytes = self.waiting.bytes.saturating_sub(row.bytes() as u64);
            self.stored_to = row.number;
            self.is_news = true;
        }
    }

    /// How much waits.
    pub fn waiting(&self) -> MessagesWaiting {
        self.waiting
    }
}
