//! The daemon's state in one SQLite file, `state.db` in a directory of its own.
//!
//! Owns that what one step leaves behind is committed as a whole or not at all, that one daemon
//! alone writes, and that a database which cannot be gone on with is set aside and begun anew. Must
//! never decide anything, nor know what logs, rules or notifications are: rows are keyed by names
//! and numbers, with opaque bytes. Opening fails with [`OpenError`], everything else with
//! [`StoreError`], behind which the store can be used on.
//!
//! The contract of a commit that failed: nothing of the batch is lost as long as the caller commits
//! it again, alone or with later ones absorbed.

mod batch;
mod checksum;
mod connection;
mod directory;
mod load;
mod lock;
mod look;
mod message;
mod opening;
mod problem;
mod quarantine;
mod read;
mod retention;
mod row;
mod schema;
mod write;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::Connection;

pub use batch::Batch;
pub use directory::state_directory;
pub use look::{Look, LookError};
pub use message::{MessageRow, MessagesWaiting};
pub use problem::{Notice, OpenError, StoreError, StoreErrorKind};
pub use retention::Retained;
pub use row::{
    CodeErrors, DecisionKey, DecisionRow, HistoryFilter, HistoryKey, HistoryRow, Loaded,
    OutboxEntry, OutboxRow, OutboxState, Position, StepErrors,
};

use batch::Deltas;
use connection::Journal;
use lock::{Identity, Lock, LockError};
use problem::Fault;
use quarantine::companion;

/// How long and how much is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Days of counts by minute.
    pub history_days: u32,
    /// Days of notifications that were sent or given up.
    pub outbox_days: u32,
    /// The size of the database and its log together, above which the oldest goes.
    pub bytes_max: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self { history_days: 35, outbox_days: 30, bytes_max: 256 * 1024 * 1024 }
    }
}

/// What a commit came to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Committed {
    /// Ids of notifications that were in the outbox before, which stayed as they were.
    pub already: Vec<String>,
    /// The size of the database.
    pub database_bytes: u64,
    /// The size of its write-ahead log.
    pub wal_bytes: u64,
}

/// The state's only writer.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    path: PathBuf,
    settings: Settings,
    journal: Journal,
    lock: Lock,
    /// `None` after a failure behind which it is opened anew.
    connection: Option<Connection>,
    /// The file that was opened, and its log.
    identity: Option<Identity>,
    wal_identity: Option<Identity>,
    /// How many batches this database took.
    sequence: u64,
    /// What a failed commit would have added. Whether it did is known once the file is open again.
    in_doubt: Option<Deltas>,
    /// What such a commit did add, and what the caller is to commit again.
    counted: Option<Deltas>,
    /// What was read of an old database, until it stands in the new one.
    salvaged: Option<Batch>,
    /// What the caller is to be told with the next failure.
    notices: Vec<Notice>,
}

impl Store {
    /// Opens the state in a directory, both of which are made if they are not there.
    pub fn open(
        directory: &Path,
        settings: Settings,
        now: DateTime<Utc>,
    ) -> Result<(Self, Loaded, Vec<Notice>), OpenError> {
        opening::open(directory, settings, Journal::Wal, now)
    }

    /// Commits a batch, all of it or nothing.
    pub fn commit(&mut self, batch: &Batch, now: DateTime<Utc>) -> Result<Committed, StoreError> {
        self.make_ready(now)?;
        let sequence = self.sequence + 1;
        let counted = self.counted.as_ref();
        let Some(connection) = &mut self.connection else { return Err(self.closed()) };
        match write::commit(connection, batch, counted, sequence, now) {
            Ok(already) => {
                self.sequence = sequence;
                self.counted = None;
                let bytes = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
                let wal = companion(&self.path, "-wal");
                self.wal_identity = Identity::at(&wal);
                let (database_bytes, wal_bytes) = (bytes(&self.path), bytes(&wal));
                Ok(Committed { already, database_bytes, wal_bytes })
            }
            Err(fault) => {
                let error = self.failed(&fault, now);
                if self.connection.is_none() && !error.needs_everything {
                    // The sync may have failed behind the write, and then the batch is found in
                    // the log when the file is opened again.
                    self.in_doubt = Some(batch.deltas.clone());
                }
                Err(error)
            }
        }
    }

    /// Removes what is too old or too much, a bounded piece for each call.
    pub fn retain(&mut self, now: DateTime<Utc>) -> Result<Retained, StoreError> {
        self.make_ready(now)?;
        let (settings, wal) = (self.settings, companion(&self.path, "-wal"));
        let wal_bytes = || wal.metadata().map_or(0, |metadata| metadata.len());
        let Some(connection) = &mut self.connection else { return Err(self.closed()) };
        let retained = retention::retain(connection, &settings, wal_bytes, now);
        retained.map_err(|fault| self.failed(&fault, now))
    }

    /// Counts by minute, from the minute of one instant on and before that of another, the oldest
    /// first, at most so many rows.
    pub fn history(
        &mut self,
        from: DateTime<Utc>,
        until: DateTime<Utc>,
        rows_max: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<HistoryRow>, StoreError> {
        self.make_ready(now)?;
        let Some(connection) = &self.connection else { return Err(self.closed()) };
        let rows = read::history(connection, from..until, &HistoryFilter::default(), rows_max);
        rows.map_err(|fault| self.failed(&fault, now))
    }

    /// The newest notifications of a state, the newest first, at most so many.
    pub fn outbox(
        &mut self,
        state: OutboxState,
        rows_max: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<OutboxEntry>, StoreError> {
        self.make_ready(now)?;
        let Some(connection) = &self.connection else { return Err(self.closed()) };
        let rows = read::outbox(connection, state, rows_max);
        rows.map_err(|fault| self.failed(&fault, now))
    }

    /// One notification.
    pub fn outbox_entry(
        &mut self,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<OutboxEntry>, StoreError> {
        self.make_ready(now)?;
        let Some(connection) = &self.connection else { return Err(self.closed()) };
        let entry = read::entry(connection, id);
        entry.map_err(|fault| self.failed(&fault, now))
    }

    /// The messages behind a number, in their order, until they weigh so much.
    pub fn messages_behind(
        &mut self,
        number: u64,
        bytes_max: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<MessageRow>, StoreError> {
        self.make_ready(now)?;
        let Some(connection) = &self.connection else { return Err(self.closed()) };
        let messages = message::behind(connection, number, bytes_max);
        messages.map_err(|fault| self.failed(&fault, now))
    }

    /// Ends in order: the next start need not check a large file. What was committed is safe
    /// without this as well.
    pub fn close(mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.make_ready(now)?;
        let Some(connection) = &self.connection else { return Err(self.closed()) };
        let ended = schema::put_meta(connection, schema::ENDED_IN_ORDER, "1");
        ended.map_err(|fault| self.failed(&fault, now))
    }

    /// Opens again what a failure closed, and notices a file that is no longer at its path.
    fn make_ready(&mut self, now: DateTime<Utc>) -> Result<(), StoreError> {
        if !self.lock.is_in_place() {
            self.lock_again()?;
        }
        let is_same = self.identity.is_some() && Identity::at(&self.path) == self.identity;
        if !is_same || self.salvaged.is_some() {
            return Err(self.begin_anew(&opening::Cause::Moved, now));
        }
        let wal = companion(&self.path, "-wal");
        if self.connection.is_some()
            && self.wal_identity.is_some()
            && Identity::at(&wal) != self.wal_identity
        {
            // The log lost its name. The open connection still has it, and writes it back when it
            // is closed.
            self.connection = None;
        }
        if self.connection.is_none()
            && let Err(fault) = self.reopen()
        {
            return Err(self.failed(&fault, now));
        }
        Ok(())
    }

    /// The lock file was deleted, perhaps with the whole directory. Whoever has it now is the one.
    fn lock_again(&mut self) -> Result<(), StoreError> {
        let lock_path = self.directory.join(opening::LOCK_NAME);
        let made = directory::create(&self.directory).map_err(LockError::Io);
        match made.and_then(|()| Lock::take(lock_path)) {
            Ok(lock) => {
                self.lock = lock;
                Ok(())
            }
            Err(LockError::Io(error)) => Err(self.told(&Fault::System(error))),
            Err(LockError::Held(pid)) => {
                let who = pid.map_or("another daemon".to_owned(), |pid| format!("process {pid}"));
                let why = format!("{who} has taken over the state directory");
                Err(StoreError { kind: StoreErrorKind::InUse, why, ..self.closed() })
            }
        }
    }

    /// Opens the same file again.
    fn reopen(&mut self) -> Result<(), Fault> {
        let connection = connection::connect(&self.path)?;
        let sequence = write::sequence(&connection)?;
        connection::set_journal(&connection, self.journal)?;
        connection::trust(&connection)?;
        let in_doubt = self.in_doubt.take();
        if sequence > self.sequence {
            self.counted = in_doubt;
        }
        self.sequence = sequence;
        self.wal_identity = None;
        self.connection = Some(connection);
        Ok(())
    }

    /// What a failure means for the connection, and what the caller is told.
    fn failed(&mut self, fault: &Fault, now: DateTime<Utc>) -> StoreError {
        match fault.kind(&self.directory) {
            StoreErrorKind::Corrupt => {
                self.begin_anew(&opening::Cause::Corrupt(fault.to_string()), now)
            }
            // The transaction was taken back, and the connection is as good as before.
            StoreErrorKind::Full | StoreErrorKind::Busy => self.told(fault),
            _ => {
                self.connection = None;
                self.told(fault)
            }
        }
    }

    fn told(&mut self, fault: &Fault) -> StoreError {
        StoreError {
            file: self.path.clone(),
            kind: fault.kind(&self.directory),
            why: fault.to_string(),
            needs_everything: false,
            notices: std::mem::take(&mut self.notices),
        }
    }

    fn closed(&self) -> StoreError {
        StoreError {
            file: self.path.clone(),
            kind: StoreErrorKind::Io,
            why: "the database is not open".to_owned(),
            needs_everything: false,
            notices: Vec::new(),
        }
    }
}
