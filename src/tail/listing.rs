//! What lies in directories, listed anew as soon as it may be something else.
//!
//! Owns which files have which names, and how long that may be believed. Must never look at a file.
//! Fails with the `io::Error` of a directory that cannot be listed.

use std::collections::HashMap;
use std::ffi::OsString;
use std::io;
use std::os::unix::fs::DirEntryExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::discover::{NAMES_MAX, is_gone};
use super::handles::Handles;
use super::identity::{Extent, Identity};
use crate::clock;
use crate::input;

/// A file system stamps with the tick before: for so long a directory may change once more without
/// another time. A tick has 10 ms where it is longest.
const TICK_NS: i64 = 20_000_000;

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
    settled: Option<(Identity, Extent)>,
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
        let metadata = directory.metadata().ok();
        let state = metadata.map(|metadata| (Identity::of(&metadata), Extent::of(&metadata)));
        if let Some(listing) = self.0.get(directory)
            && listing.settled.is_some()
            && listing.settled == state
        {
            return Ok(Arc::clone(listing));
        }
        let settled =
            state.filter(|(_, extent)| now_ns.saturating_sub(extent.modified_ns) > TICK_NS);
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

#[cfg(test)]
mod tests {
    use std::fs::{self, File};
    use std::time::{Duration, UNIX_EPOCH};

    use super::*;
    use crate::input::Links;

    /// The names of a log in a directory after one was added, the directory stamped as before.
    fn after_one_was_added(modified: std::time::SystemTime, is_stamped_anew: bool) -> [usize; 2] {
        let folder = tempfile::tempdir().unwrap();
        let (mut listings, mut handles) = (Listings::default(), Handles::new(8, Links::Protected));
        let stamp = || File::open(folder.path()).unwrap().set_modified(modified).unwrap();
        fs::write(folder.path().join("app.log"), "").unwrap();
        stamp();
        listings.of_look(folder.path(), &mut handles).unwrap();
        fs::write(folder.path().join("app.log.1"), "").unwrap();
        if !is_stamped_anew {
            stamp();
        }
        let mut names = |is_now: bool| {
            let of = if is_now { Listings::of_now } else { Listings::of_look };
            let listing = of(&mut listings, folder.path(), &mut handles).unwrap();
            listing.of_log("app.log").unwrap().names.len()
        };
        [names(false), names(true)]
    }

    #[test]
    fn a_directory_is_listed_anew_if_its_time_changed_or_may_not_tell() {
        let long_ago = UNIX_EPOCH + Duration::from_hours(400_000);
        assert_eq!(after_one_was_added(long_ago, true), [1, 2], "another time");
        assert_eq!(after_one_was_added(long_ago, false), [1, 1], "the same for long");
        let soon = UNIX_EPOCH + Duration::from_hours(1_000_000);
        assert_eq!(after_one_was_added(soon, false), [1, 2], "the same, and not yet over");
    }
}
