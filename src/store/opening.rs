//! The way from a file, whatever it is, to a database that can be gone on with.
//!
//! Owns the order of its steps, and what of an old database goes into a new one. Must not know the
//! tables. Fails only where no database can be made, or must not be: another daemon has it, or a
//! newer program wrote it.

use std::fs::OpenOptions;
use std::path::Path;

use chrono::{DateTime, SecondsFormat, Utc};
use rusqlite::Connection;

use super::batch::Batch;
use super::connection::{self, Journal};
use super::load::{self, Salvage};
use super::lock::{Identity, Lock, LockError};
use super::problem::{Fault, Notice, OpenError, StoreError, StoreErrorKind};
use super::quarantine::{self, Reason, companion};
use super::row::Loaded;
use super::schema::{self, Form};
use super::{Settings, Store, directory, write};

/// The database's name in its directory.
pub(super) const DATABASE_NAME: &str = "state.db";

/// The lock's. It never holds anything but a process id.
pub(super) const LOCK_NAME: &str = "lock";

/// Why a database is begun anew.
#[derive(Debug)]
pub(super) enum Cause {
    /// What it was found by.
    Corrupt(String),
    /// It is no longer where it was, or another is there.
    Moved,
}

/// A database that can be gone on with.
struct Opened {
    connection: Connection,
    journal: Journal,
    loaded: Loaded,
    sequence: u64,
    notices: Vec<Notice>,
}

/// Why there is none.
enum Refusal {
    Newer(i64),
    Fault(Fault),
}

impl<E: Into<Fault>> From<E> for Refusal {
    fn from(error: E) -> Self {
        Self::Fault(error.into())
    }
}

pub(super) fn open(
    directory: &Path,
    settings: Settings,
    wanted: Journal,
    now: DateTime<Utc>,
) -> Result<(Store, Loaded, Vec<Notice>), OpenError> {
    let unusable = |error| OpenError::Directory { directory: directory.to_path_buf(), error };
    // SQLite would take a relative path that begins with `file:` for a URI.
    let directory = std::path::absolute(directory).map_err(unusable)?;
    directory::create(&directory).map_err(unusable)?;
    // The lock goes before everything: a second daemon must not even look.
    let lock = Lock::take(directory.join(LOCK_NAME)).map_err(|error| match error {
        LockError::Held(pid) => OpenError::InUse { directory: directory.clone(), pid },
        LockError::Io(error) => unusable(error),
    })?;
    let network = connection::network_file_system(&directory);
    let mut store = Store {
        path: directory.join(DATABASE_NAME),
        directory,
        settings,
        journal: if network.is_some() { Journal::Delete } else { wanted },
        lock,
        connection: None,
        identity: None,
        wal_identity: None,
        sequence: 0,
        in_doubt: None,
        counted: None,
        salvaged: None,
        notices: Vec::new(),
    };
    let (loaded, mut notices) = open_or_begin(&mut store, now)?;
    if store.journal == Journal::Delete {
        let system = network.unwrap_or("its file system");
        notices.push(Notice::NoWal { why: format!("{system} cannot share memory") });
    }
    Ok((store, loaded, notices))
}

fn open_or_begin(
    store: &mut Store,
    now: DateTime<Utc>,
) -> Result<(Loaded, Vec<Notice>), OpenError> {
    let file = store.path.clone();
    let opened = match lone_log(&file) {
        Some(why) => Err(Refusal::Fault(Fault::Damaged(why))),
        None => try_open(&file, store.journal, now),
    };
    let fault = match opened {
        Ok(opened) => return Ok(take(store, opened)),
        Err(Refusal::Newer(version)) => return Err(OpenError::Newer { file, version }),
        Err(Refusal::Fault(fault)) => fault,
    };
    let kind = fault.kind(&store.directory);
    let unusable = |kind, why| OpenError::Unusable { file: file.clone(), kind, why };
    match kind {
        // What this program's own statements fail with, on a file that can be read, is the file's
        // fault: tables that are not there, texts that are none.
        StoreErrorKind::Corrupt | StoreErrorKind::Other => {}
        // A flipped bit in the header says as well that nobody may write.
        StoreErrorKind::ReadOnly if OpenOptions::new().append(true).open(&file).is_ok() => {}
        // Alerts are worth more than their traces: what is known is gone on from, and the first
        // commit opens the file again.
        StoreErrorKind::Full | StoreErrorKind::ReadOnly | StoreErrorKind::Io => {
            let why = fault.to_string();
            let loaded = store.read_alone();
            let loaded = loaded.map_err(|_| unusable(kind, why.clone()))?;
            return Ok((loaded, vec![Notice::NotWritable { file, kind, why }]));
        }
        kind => return Err(unusable(kind, fault.to_string())),
    }
    let begun = store.try_begin_anew(&Cause::Corrupt(fault.to_string()), now);
    let anew = begun.and_then(|()| {
        let connection = store.connection.as_ref();
        connection.map_or_else(|| Ok(Loaded::default()), load::load)
    });
    match anew {
        Ok(loaded) => Ok((loaded, std::mem::take(&mut store.notices))),
        Err(fault) => {
            // What was set aside is not there at the next start, which would say nothing of it.
            let told = store.notices.iter().map(|notice| format!("; {notice}"));
            let why = format!("{fault}{}", told.collect::<String>());
            Err(unusable(fault.kind(&store.directory), why))
        }
    }
}

fn take(store: &mut Store, opened: Opened) -> (Loaded, Vec<Notice>) {
    store.connection = Some(opened.connection);
    store.journal = opened.journal;
    store.sequence = opened.sequence;
    store.identity = Identity::at(&store.path);
    store.wal_identity = None;
    (opened.loaded, opened.notices)
}

/// A log without its database, which SQLite would delete without a word.
fn lone_log(path: &Path) -> Option<String> {
    let bytes = |path: &Path| path.metadata().map_or(0, |metadata| metadata.len());
    // SQLite takes a single byte for none.
    let is_lone = bytes(path) <= 1 && bytes(&companion(path, "-wal")) > 0;
    is_lone.then(|| "it is empty although its log is not".to_owned())
}

fn try_open(path: &Path, wanted: Journal, now: DateTime<Utc>) -> Result<Opened, Refusal> {
    let mut notices = Vec::new();
    if connection::create_file(path)?
        && let Some(folder) = path.parent()
    {
        directory::sync(folder)?;
    }
    let mut connection = connection::connect(path)?;
    let version = match schema::form(&connection)? {
        Form::Newer(version) => return Err(Refusal::Newer(version)),
        Form::Known(version) => version,
        Form::Empty => {
            // Only before the first page is written, and only so can a file shrink.
            connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
            notices.push(Notice::Created { file: path.to_path_buf() });
            0
        }
    };
    if version > 0 {
        let bytes = path.metadata().map_or(0, |metadata| metadata.len());
        let ended =
            schema::meta(&connection, schema::ENDED_IN_ORDER)?.is_some_and(|value| value == "1");
        connection::check(&connection, bytes, ended)?;
        schema::check(&connection, version)?;
    }
    let mut loaded = match version {
        schema::VERSION => load::load(&connection)?,
        _ => Loaded::default(),
    };
    let written = prepare(&mut connection, version, wanted, now);
    let journal = match written {
        Ok(journal) => journal,
        Err(fault) => {
            not_writable(path, version, fault, &mut notices)?;
            wanted
        }
    };
    if version != schema::VERSION {
        loaded = load::load(&connection)?;
        if version > 0 {
            notices.push(Notice::Migrated { from: version, to: schema::VERSION });
        }
    }
    let sequence = write::sequence(&connection)?;
    connection::trust(&connection)?;
    Ok(Opened { connection, journal, loaded, sequence, notices })
}

/// The first that is written: journal, version, who works with it now.
fn prepare(
    connection: &mut Connection,
    version: i64,
    wanted: Journal,
    now: DateTime<Utc>,
) -> Result<Journal, Fault> {
    let journal = connection::set_journal(connection, wanted)?;
    if version < schema::VERSION {
        schema::migrate(connection, version, schema::MIGRATIONS)?;
    }
    let transaction = connection.transaction()?;
    if version == 0 {
        let created = now.to_rfc3339_opts(SecondsFormat::Secs, true);
        schema::put_meta(&transaction, "created_at", &created)?;
    }
    schema::put_meta(&transaction, "program_version", env!("CARGO_PKG_VERSION"))?;
    schema::put_meta(&transaction, schema::ENDED_IN_ORDER, "0")?;
    transaction.commit()?;
    Ok(journal)
}

/// A database that can be read is gone on with although nothing can be written: alerts are worth
/// more than their traces. The next commit tries again.
fn not_writable(
    path: &Path,
    version: i64,
    fault: Fault,
    notices: &mut Vec<Notice>,
) -> Result<(), Fault> {
    let folder = path.parent().unwrap_or(path);
    let kind = fault.kind(folder);
    let passes = matches!(
        kind,
        StoreErrorKind::Full | StoreErrorKind::ReadOnly | StoreErrorKind::Io | StoreErrorKind::Busy
    );
    let is_header =
        kind == StoreErrorKind::ReadOnly && OpenOptions::new().append(true).open(path).is_ok();
    if version != schema::VERSION || !passes || is_header {
        return Err(fault);
    }
    notices.push(Notice::NotWritable { file: path.to_path_buf(), kind, why: fault.to_string() });
    Ok(())
}

impl Store {
    /// Reads a file of this version where nothing can be written.
    fn read_alone(&mut self) -> Result<Loaded, Fault> {
        let connection = connection::connect_alone(&self.path)?;
        if schema::form(&connection)? != Form::Known(schema::VERSION) {
            return Err(Fault::Damaged("it must be migrated first".to_owned()));
        }
        schema::check(&connection, schema::VERSION)?;
        let loaded = load::load(&connection)?;
        self.sequence = write::sequence(&connection)?;
        self.identity = Identity::at(&self.path);
        Ok(loaded)
    }

    /// Sets the old database aside and begins a new one with what can be read of it. What the
    /// caller is told, whether that went well or not.
    pub(super) fn begin_anew(&mut self, cause: &Cause, now: DateTime<Utc>) -> StoreError {
        let (kind, why) = match cause {
            Cause::Corrupt(why) => (StoreErrorKind::Corrupt, why.clone()),
            Cause::Moved => (StoreErrorKind::Moved, "its file is no longer there".to_owned()),
        };
        match self.try_begin_anew(cause, now) {
            Ok(()) => StoreError {
                file: self.path.clone(),
                kind,
                why,
                needs_everything: true,
                notices: std::mem::take(&mut self.notices),
            },
            Err(fault) => self.told(&fault),
        }
    }

    fn try_begin_anew(&mut self, cause: &Cause, now: DateTime<Utc>) -> Result<(), Fault> {
        // A file without a name can still be read, by those that have it open. It is closed before
        // another gets its name: both would share what SQLite keeps beside.
        let open = self.connection.take();
        if let Some(connection) = &open {
            connection::distrust(connection);
        }
        let mut salvage = match (cause, &open) {
            (Cause::Moved, Some(connection)) => Some(load::salvage(connection)),
            _ => None,
        };
        drop(open);
        // What was written into the old file, if it was, does not count in the new one.
        (self.in_doubt, self.counted) = (None, None);
        let (reason, what) = match cause {
            Cause::Corrupt(why) => (Reason::Corrupt, format!("is damaged ({why})")),
            Cause::Moved => (Reason::Foreign, "was deleted or replaced".to_owned()),
        };
        // A second try of this finds nothing but its own first file.
        if self.identity.is_some() || matches!(cause, Cause::Corrupt(_)) {
            let aside = quarantine::set_aside(&self.path, reason, now)?;
            if let (Cause::Corrupt(_), Some(aside)) = (cause, &aside) {
                salvage = Some(salvage_file(aside));
            }
            let salvage = salvage.unwrap_or_else(Salvage::nothing);
            self.notices.push(Notice::BegunAnew {
                file: self.path.clone(),
                why: what,
                aside,
                kept: salvage.kept(),
                lost: salvage.lost(),
            });
            // What an earlier try could not write is older.
            let mut kept = self.salvaged.take().unwrap_or_default();
            kept.absorb(Batch::from(salvage.loaded));
            self.salvaged = Some(kept);
            self.identity = None;
        }
        self.begin(now)
    }

    fn begin(&mut self, now: DateTime<Utc>) -> Result<(), Fault> {
        directory::create(&self.directory)?;
        let opened = match try_open(&self.path, self.journal, now) {
            Ok(opened) => opened,
            Err(Refusal::Fault(fault)) => return Err(fault),
            Err(Refusal::Newer(version)) => {
                let why = format!("a database of version {version} came in its place");
                return Err(Fault::Damaged(why));
            }
        };
        let Opened { mut connection, journal, sequence, .. } = opened;
        self.sequence = sequence;
        if let Some(batch) = &self.salvaged {
            self.sequence += 1;
            write::commit(&mut connection, batch, None, self.sequence, now)?;
        }
        self.salvaged = None;
        self.journal = journal;
        self.identity = Identity::at(&self.path);
        self.wal_identity = None;
        self.connection = Some(connection);
        Ok(())
    }
}

fn salvage_file(path: &Path) -> Salvage {
    // Only to look would delete the log.
    if lone_log(path).is_some() {
        return Salvage::nothing();
    }
    match connection::connect_to_salvage(path) {
        Ok(connection) => load::salvage(&connection),
        Err(_) => Salvage::nothing(),
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use super::*;

    #[test]
    fn what_can_be_read_and_not_written_is_gone_on_with_if_it_is_of_this_version() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let goes_on = |version, fault: Fault| {
            let mut notices = Vec::new();
            let went_on = not_writable(&path, version, fault, &mut notices).is_ok();
            assert_eq!(notices.len(), usize::from(went_on), "it is told");
            went_on
        };
        let io = |kind: io::ErrorKind| Fault::from(io::Error::from(kind));
        assert!(goes_on(schema::VERSION, io(io::ErrorKind::StorageFull)));
        assert!(!goes_on(schema::VERSION - 1, io(io::ErrorKind::StorageFull)));
        assert!(!goes_on(schema::VERSION, Fault::Damaged("x".to_owned())));
        assert!(goes_on(schema::VERSION, io(io::ErrorKind::ReadOnlyFilesystem)));
        std::fs::write(&path, "").unwrap();
        let fault = io(io::ErrorKind::ReadOnlyFilesystem);
        assert!(!goes_on(schema::VERSION, fault), "its header alone says so");
    }

    #[test]
    fn a_log_without_its_database_is_told_also_where_one_byte_is_left() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        let is_lone = |database: &str, log: &str| {
            std::fs::write(&path, database).unwrap();
            std::fs::write(companion(&path, "-wal"), log).unwrap();
            lone_log(&path).is_some()
        };
        assert!(is_lone("", "log") && is_lone("x", "log"));
        assert!(!is_lone("xy", "log") && !is_lone("", ""));
    }
}
