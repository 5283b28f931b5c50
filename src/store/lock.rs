//! One daemon for each state directory.
//!
//! Owns the lock file, which is locked for the life of the store and tells the holder's process id.
//! Must not touch the database. Fails when another process holds it, or the file cannot be made.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Seek as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

/// What a file is, whatever its name: device and inode.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    /// Of what stands at the path now; `None` when nothing does.
    pub(super) fn at(path: &Path) -> Option<Self> {
        std::fs::metadata(path).ok().map(|metadata| Self::of(&metadata))
    }

    fn of(metadata: &std::fs::Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

/// The lock; let go when dropped, and by the system when the process ends in whatever way.
#[derive(Debug)]
pub(super) struct Lock {
    // Kept for its lock alone.
    _file: File,
    path: PathBuf,
    identity: Identity,
}

/// Why there is no lock.
#[derive(Debug)]
pub(super) enum LockError {
    /// Another process has it; its id if the file tells it.
    Held(Option<u32>),
    /// The system's answer.
    Io(io::Error),
}

impl From<io::Error> for LockError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Lock {
    /// Takes the lock at the path.
    pub(super) fn take(path: PathBuf) -> Result<Self, LockError> {
        // The file may be removed between the opening and the locking: a lock on a file without a
        // name would keep nobody out. Whoever removes it again and again gets an error.
        for _ in 0..8 {
            let mut options = OpenOptions::new();
            options.read(true).write(true).create(true).truncate(false).mode(0o600);
            let mut file = match options.open(&path) {
                // What an earlier daemon left on a disk that is read-only by now locks as well.
                Err(error) if error.kind() == io::ErrorKind::ReadOnlyFilesystem => {
                    File::open(&path)?
                }
                opened => opened?,
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Err(LockError::Held(pid_in(&mut file))),
                Err(TryLockError::Error(error)) => return Err(error.into()),
            }
            let identity = Identity::of(&file.metadata()?);
            if Identity::at(&path) == Some(identity) {
                // The id is for people. On a full disk there is none, and the lock is as good.
                let _ = write_pid(&mut file);
                return Ok(Self { _file: file, path, identity });
            }
        }
        Err(io::Error::other("the lock file is removed again and again").into())
    }

    /// Whether the locked file still has its name, so that others would meet it.
    pub(super) fn is_in_place(&self) -> bool {
        Identity::at(&self.path) == Some(self.identity)
    }
}

fn write_pid(file: &mut File) -> io::Result<()> {
    file.set_len(0)?;
    file.rewind()?;
    writeln!(file, "{}", std::process::id())
}

fn pid_in(file: &mut File) -> Option<u32> {
    let mut text = String::new();
    file.take(32).read_to_string(&mut text).ok()?;
    text.trim().parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_that_is_held_tells_who_holds_it_and_is_free_behind_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Lock::take(path.clone()).unwrap();
        let refused = Lock::take(path.clone());
        let Err(LockError::Held(pid)) = refused else { panic!("{refused:?}") };
        assert_eq!(pid, Some(std::process::id()));
        drop(held);
        Lock::take(path).unwrap();
    }

    #[test]
    fn a_lock_whose_file_was_replaced_knows_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let held = Lock::take(path.clone()).unwrap();
        assert!(held.is_in_place());
        std::fs::remove_file(&path).unwrap();
        assert!(!held.is_in_place());
        std::fs::write(&path, "").unwrap();
        assert!(!held.is_in_place());
    }

    #[test]
    fn what_is_no_file_is_no_lock() {
        let folder = tempfile::tempdir().unwrap();
        assert!(matches!(Lock::take(folder.path().to_owned()), Err(LockError::Io(_))));
    }

    #[test]
    fn a_process_id_that_cannot_be_read_is_none() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("lock");
        let _held = Lock::take(path.clone()).unwrap();
        std::fs::write(&path, "\0\0\u{1b}[2J").unwrap();
        assert!(matches!(Lock::take(path), Err(LockError::Held(None))));
    }
}
