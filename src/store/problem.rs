//! What goes wrong with the state, and what there is to tell about it.
//!
//! Owns the errors and notices with their texts and hints, and what SQLite's answers mean. Must
//! never decide whether the daemon goes on. Nothing here fails.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;

use super::schema;
use crate::surface::escape::visible;

/// Why there is no store.
#[derive(Debug)]
#[non_exhaustive]
pub enum OpenError {
    /// Nothing tells where the state is to be kept.
    NoDirectory,
    /// The directory or its lock cannot be made or opened.
    Directory {
        /// The state directory.
        directory: PathBuf,
        /// The system's answer.
        error: io::Error,
    },
    /// Another daemon works with this directory.
    InUse {
        /// The state directory.
        directory: PathBuf,
        /// The other's process id, if it is told.
        pid: Option<u32>,
    },
    /// The database was written by a newer program. It was not touched.
    Newer {
        /// The database.
        file: PathBuf,
        /// Its version.
        version: i64,
    },
    /// The database can be neither read nor begun anew.
    Unusable {
        /// The database.
        file: PathBuf,
        /// What kind of failure it is.
        kind: StoreErrorKind,
        /// What the system said.
        why: String,
    },
}

/// What kind of failure it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum StoreErrorKind {
    /// The disk, or a quota, is full.
    Full,
    /// The file system is read-only.
    ReadOnly,
    /// The system failed to read or write.
    Io,
    /// Another program holds the database.
    Busy,
    /// The database was damaged and has been set aside.
    Corrupt,
    /// The database was deleted or replaced by another file.
    Moved,
    /// Another daemon has taken over the state directory.
    InUse,
    /// Anything else.
    Other,
}

impl StoreErrorKind {
    /// What to do about it.
    fn hint(self) -> &'static str {
        match self {
            Self::Full => "free space on its disk; what is to be kept waits until then",
            Self::ReadOnly => "mount its file system writable; a disk may have failed, see dmesg",
            Self::Io => "see dmesg for the disk, and that the daemon's user may write there",
            Self::Busy => "end the other program that has the database open for writing",
            Self::Corrupt | Self::Moved => {
                "stop the daemon before its state is moved, restored or deleted"
            }
            Self::InUse => "stop one of the two daemons, or give each its own state directory",
            Self::Other => "this is unexpected; please report it with this text",
        }
    }
}

/// Why something was not written or read. The store can be used on: the next call tries again.
#[derive(Debug)]
pub struct StoreError {
    /// The database.
    pub file: PathBuf,
    /// What kind of failure it is.
    pub kind: StoreErrorKind,
    /// What the system said: a lowercase fragment.
    pub why: String,
    /// The database was begun anew and does not hold what was committed before: the next batch is
    /// to bring everything, all positions, the whole engine, the policy, what is queued.
    pub needs_everything: bool,
    /// What there is to tell beside.
    pub notices: Vec<Notice>,
}

/// Something to tell about the state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Notice {
    /// There was no database.
    Created {
        /// The database.
        file: PathBuf,
    },
    /// The database came from an older program.
    Migrated {
        /// Its version before.
        from: i64,
        /// Its version now.
        to: i64,
    },
    /// No write-ahead log can be had here; commits take longer.
    NoWal {
        /// Why: a lowercase fragment.
        why: String,
    },
    /// Read, but nothing can be written at present.
    NotWritable {
        /// The database.
        file: PathBuf,
        /// What kind of failure it is.
        kind: StoreErrorKind,
        /// What the system said.
        why: String,
    },
    /// The database could not be gone on with, and a new one was begun.
    BegunAnew {
        /// The database.
        file: PathBuf,
        /// What is wrong with the old one: `is damaged (database disk image is malformed)`.
        why: String,
        /// Where the old one is kept; `None` when it is gone.
        aside: Option<PathBuf>,
        /// What was taken over, such as `3 positions in logs`.
        kept: Vec<String>,
        /// What could not be read in full, such as `queued notifications`.
        lost: Vec<&'static str>,
    },
}

impl Notice {
    /// Something that an operator should know at once, not only look up.
    pub fn is_grave(&self) -> bool {
        matches!(self, Self::NotWritable { .. } | Self::BegunAnew { .. })
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Created { .. } | Self::Migrated { .. } => None,
            Self::NoWal { .. } => {
                Some("keep the state on a local disk, with --state-dir".to_owned())
            }
            Self::NotWritable { kind, .. } => Some(kind.hint().to_owned()),
            Self::BegunAnew { aside: Some(aside), .. } => Some(format!(
                "check the disk; the old database stays in `{}` and may be deleted",
                shown(aside)
            )),
            Self::BegunAnew { aside: None, .. } => Some(StoreErrorKind::Moved.hint().to_owned()),
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Created { file } => {
                write!(f, "there was no state yet: `{}` was begun", shown(file))?;
            }
            Self::Migrated { from, to } => {
                write!(f, "the state was taken from version {from} to version {to}")?;
            }
            Self::NoWal { why } => {
                write!(f, "commits to the state take longer: no write-ahead log, {why}")?;
            }
            Self::NotWritable { file, why, .. } => {
                write!(f, "`{}` can be read but not written: {}", shown(file), visible(why))?;
            }
            Self::BegunAnew { file, why, aside, kept, lost } => {
                write!(f, "`{}` {}; a new one was begun", shown(file), visible(why))?;
                if let Some(aside) = aside {
                    write!(f, ", the old one is kept as `{}`", shown(aside))?;
                }
                match kept.as_slice() {
                    [] => write!(f, "; nothing could be taken over")?,
                    kept => write!(f, "; taken over: {}", kept.join(", "))?,
                }
                if !lost.is_empty() {
                    write!(f, "; not or not wholly readable: {}", lost.join(", "))?;
                }
                write!(f, "; the history of counts begins anew")?;
            }
        }
        write_hint(f, self.hint().as_deref())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot use the state in `{}`: {}", shown(&self.file), visible(&self.why))?;
        write_hint(f, Some(self.kind.hint()))
    }
}

impl std::error::Error for StoreError {}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoDirectory => {
                write!(f, "no place for the state: neither XDG_STATE_HOME nor HOME is set")?;
                write_hint(f, Some("set one of them to an absolute path, or give --state-dir"))
            }
            Self::Directory { directory, error } => {
                let why = plain(&error.to_string());
                write!(f, "cannot use the state directory `{}`: {why}", shown(directory))?;
                write_hint(f, Some("it must be a directory that the daemon's user may write to"))
            }
            Self::InUse { directory, pid } => {
                let directory = shown(directory);
                match pid {
                    Some(pid) => write!(f, "process {pid}")?,
                    None => write!(f, "another daemon")?,
                }
                write!(f, " already keeps its state in `{directory}`")?;
                write_hint(f, Some(StoreErrorKind::InUse.hint()))
            }
            Self::Newer { file, version } => {
                write!(
                    f,
                    "`{}` is of version {version}, and this program knows version {} at most; it \
                     was not touched",
                    shown(file),
                    schema::VERSION
                )?;
                write_hint(f, Some("run the newer program again, or give --state-dir"))
            }
            Self::Unusable { file, kind, why } => {
                write!(f, "cannot use the state in `{}`: {}", shown(file), visible(why))?;
                write_hint(f, Some(kind.hint()))
            }
        }
    }
}

impl std::error::Error for OpenError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Directory { error, .. } => Some(error),
            _ => None,
        }
    }
}

/// What went wrong below: the system's or SQLite's answer, or a row that is not what was written.
#[derive(Debug)]
pub(super) enum Fault {
    Sqlite(rusqlite::Error),
    System(io::Error),
    Damaged(String),
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl From<io::Error> for Fault {
    fn from(error: io::Error) -> Self {
        Self::System(error)
    }
}

impl Fault {
    /// What kind of failure it is, the state of the directory's file system taken into account:
    /// SQLite says of a full or read-only disk that some operation failed, depending on which.
    pub(super) fn kind(&self, directory: &Path) -> StoreErrorKind {
        use StoreErrorKind::{Busy, Corrupt, Full, Io, Other, ReadOnly};
        let kind = match self {
            Self::Damaged(_) => Corrupt,
            Self::System(error) => match error.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Full,
                io::ErrorKind::ReadOnlyFilesystem => ReadOnly,
                _ => Io,
            },
            Self::Sqlite(error) => match error {
                // A column that is not of the type that was written.
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..)
                | rusqlite::Error::Utf8Error(..) => Corrupt,
                error => match error.sqlite_error_code() {
                    Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Corrupt,
                    Some(ErrorCode::DiskFull) => Full,
                    Some(ErrorCode::ReadOnly) => ReadOnly,
                    Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Busy,
                    Some(
                        ErrorCode::SystemIoFailure
                        | ErrorCode::CannotOpen
                        | ErrorCode::PermissionDenied
                        | ErrorCode::FileLockingProtocolFailed
                        | ErrorCode::NoLargeFileSupport,
                    ) => Io,
                    _ => Other,
                },
            },
        };
        match (kind, rustix::fs::statvfs(directory)) {
            (Io, Ok(system)) if system.f_flag.contains(rustix::fs::StatVfsMountFlags::RDONLY) => {
                ReadOnly
            }
            (Io, Ok(system)) if system.f_bavail == 0 => Full,
            _ => kind,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(error) => f.write_str(&plain(&error.to_string())),
            Self::System(error) => f.write_str(&plain(&error.to_string())),
            Self::Damaged(why) => f.write_str(why),
        }
    }
}

fn shown(path: &Path) -> String {
    visible(&path.to_string_lossy())
}

fn write_hint(f: &mut fmt::Formatter<'_>, hint: Option<&str>) -> fmt::Result {
    hint.map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
}

/// The system's words in this program's manner: `No space left on device (os error 28)` as
/// `no space left on device`.
fn plain(text: &str) -> String {
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use rusqlite::ffi;

    use super::*;

    #[test]
    fn an_answer_tells_what_kind_of_failure_it_is() {
        let here = tempfile::tempdir().unwrap();
        let kind = |fault: Fault| format!("{:?}", fault.kind(here.path()));
        let system = |error: io::ErrorKind| kind(Fault::System(error.into()));
        assert_eq!(system(io::ErrorKind::StorageFull), "Full");
        assert_eq!(system(io::ErrorKind::QuotaExceeded), "Full");
        assert_eq!(system(io::ErrorKind::ReadOnlyFilesystem), "ReadOnly");
        assert_eq!(system(io::ErrorKind::PermissionDenied), "Io");
        let sqlite = |code| {
            let error = rusqlite::Error::SqliteFailure(ffi::Error::new(code), None);
            kind(Fault::Sqlite(error))
        };
        for (code, expected) in [
            (ffi::SQLITE_CORRUPT, "Corrupt"),
            (ffi::SQLITE_NOTADB, "Corrupt"),
            (ffi::SQLITE_FULL, "Full"),
            (ffi::SQLITE_READONLY, "ReadOnly"),
            (ffi::SQLITE_BUSY, "Busy"),
            (ffi::SQLITE_LOCKED, "Busy"),
            (ffi::SQLITE_IOERR, "Io"),
            (ffi::SQLITE_CANTOPEN, "Io"),
            (ffi::SQLITE_PERM, "Io"),
            (ffi::SQLITE_PROTOCOL, "Io"),
            (ffi::SQLITE_NOLFS, "Io"),
            (ffi::SQLITE_MISUSE, "Other"),
        ] {
            assert_eq!(sqlite(code), expected, "{code}");
        }
        assert_eq!(kind(Fault::Sqlite(rusqlite::Error::InvalidQuery)), "Other");
        assert_eq!(kind(Fault::Damaged("x".to_owned())), "Corrupt");
    }

    #[test]
    fn a_problem_names_its_file_what_happened_and_what_to_do() {
        let file = || PathBuf::from("/s/state.db");
        let kind = StoreErrorKind::Busy;
        let why = || "the database is locked".to_owned();
        let notices = vec![];
        let error = StoreError { file: file(), kind, why: why(), needs_everything: false, notices };
        let begun = Notice::BegunAnew {
            file: file(),
            why: "is damaged (x)".to_owned(),
            aside: Some("/s/state.db.corrupt-1".into()),
            kept: vec!["3 positions in logs".to_owned()],
            lost: vec!["queued notifications"],
        };
        let not_written = Notice::NotWritable { file: file(), kind, why: why() };
        assert!(begun.is_grave() && not_written.is_grave());
        assert!(!Notice::Created { file: file() }.is_grave());
        let failed = io::Error::from(io::ErrorKind::NotADirectory);
        let unmade = OpenError::Directory { directory: "/s".into(), error: failed };
        assert!(std::error::Error::source(&unmade).is_some());
        let said = [
            unmade.to_string(),
            OpenError::InUse { directory: "/s".into(), pid: Some(7) }.to_string(),
            OpenError::Newer { file: file(), version: 99 }.to_string(),
            OpenError::Unusable { file: file(), kind, why: why() }.to_string(),
            error.to_string(),
            begun.to_string(),
            not_written.to_string(),
        ];
        let expected = "\
cannot use the state directory `/s`: not a directory
hint: it must be a directory that the daemon's user may write to
process 7 already keeps its state in `/s`
hint: stop one of the two daemons, or give each its own state directory
`/s/state.db` is of version 99, and this program knows version 3 at most; it was not touched
hint: run the newer program again, or give --state-dir
cannot use the state in `/s/state.db`: the database is locked
hint: end the other program that has the database open for writing
cannot use the state in `/s/state.db`: the database is locked
hint: end the other program that has the database open for writing
`/s/state.db` is damaged (x); a new one was begun, the old one is kept as `/s/state.db.corrupt-1`; \
taken over: 3 positions in logs; not or not wholly readable: queued notifications; \
the history of counts begins anew
hint: check the disk; the old database stays in `/s/state.db.corrupt-1` and may be deleted
`/s/state.db` can be read but not written: the database is locked
hint: end the other program that has the database open for writing";
        assert_eq!(said.join("\n"), expected);
    }
}
