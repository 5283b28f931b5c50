//! What lies in directories, listed anew as soon as it may be something else.
//!
//! Owns which files have which names, and how long that may be believed. Must never look at a file.
//! Fails with the `io::Error` of a directory that cannot be listed.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::{DirEntryExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::discover::{NAMES_MAX, is_gone};
use super::handles::Handles;
use crate::clock;
use crate::input;

/// A file system stamps with the tick before: for so long a directory may change once more without
/// another time. A tick has 10 ms where it is longest.
const TICK_NS: i64 = 20_000_000;

/// What tells that a directory is another, or has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State {
    dev: u64,
    ino: u64,
    modified_ns: i64,
}

/// The names of one log, and the file of each.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct LogNames {
    pub(super) names: Vec<String>,
    inodes: Vec<u64>,
}

/// What lies in a directory.
#[derive(Debug, Default)]
pub(super) struct Listing {
    /// As it was before it was listed, if every change since gives it another time.
    settled: Option<State>,
    inodes: HashMap<u64, Vec<OsString>>,
    /// What names say is read once, however many files are looked for.
    by_log: HashMap<String, LogNames>,
}

impl Listing {
    /// The names of a file.
    pub(super) fn names_of(&self, inode: u64) -> impl Iterator<Item = &OsString> {
        self.inodes.get(&inode).into_iter().flatten()
    }

    /// The names of a log and of what rotation made of it.
    pub(super) fn of_log(&self, log: &str) -> Option<&LogNames> {
        self.by_log.get(log)
    }
}

/// The listings of one look: many files may rotate at once, and be nowhere.
#[derive(Debug, Default)]
pub(super) struct Listings(HashMap<PathBuf, Arc<Listing>>);

impl Listings {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// What lay in a directory when it was listed in this look.
    pub(super) fn of_look(
        &mut self,
        directory: &Path,
        handles: &mut Handles,
    ) -> io::Result<Arc<Listing>> {
        match self.0.get(directory) {
            Some(listing) => Ok(Arc::clone(listing)),
            None => self.of_now(directory, handles),
        }
    }

    /// What lies in a directory now. One that cannot be listed is not one in which nothing lies.
    pub(super) fn of_now(
        &mut self,
        directory: &Path,
        handles: &mut Handles,
    ) -> io::Result<Arc<Listing>> {
        #[cfg(test)]
        super::faults::step();
        let now_ns = clock::now().timestamp_nanos_opt().unwrap_or_default();
        let state = directory.metadata().ok().map(|metadata| State {
            dev: metadata.dev(),
            ino: metadata.ino(),
            modified_ns: metadata.mtime().saturating_mul(1_000_000_000) + metadata.mtime_nsec(),
        });
        if let Some(listing) = self.0.get(directory)
            && listing.settled.is_some()
            && listing.settled == state
        {
            return Ok(Arc::clone(listing));
        }
        let settled = state.filter(|state| now_ns.saturating_sub(state.modified_ns) > TICK_NS);
        let listing = Arc::new(Listing { settled, ..list(directory, handles)? });
        self.0.insert(directory.to_owned(), Arc::clone(&listing));
        Ok(listing)
    }
}

fn list(directory: &Path, handles: &mut Handles) -> io::Result<Listing> {
    let entries = match handles.with_one_free(|| std::fs::read_dir(directory)) {
        Ok(entries) => Some(entries),
        // What may not be listed is not searched: the log is followed nevertheless.
        Err(error) if is_gone(&error) || error.kind() == io::ErrorKind::PermissionDenied => None,
        Err(error) => return Err(error),
    };
    let mut listing = Listing::default();
    for entry in entries.into_iter().flatten().take(NAMES_MAX) {
        let entry = entry?;
        let name = entry.file_name();
        if let Some(text) = name.to_str() {
            let of_log = listing.by_log.entry(input::log_name(text)).or_default();
            of_log.names.push(text.to_owned());
            of_log.inodes.push(entry.ino());
        }
        listing.inodes.entry(entry.ino()).or_default().push(name);
    }
    Ok(listing)
}
