//! A disk under SQLite that is full, fails, tears writes, and forgets at a power failure what was
//! not synced; a process that ends at any of its operations.
//!
//! Owns what of the files below one directory is durable. The files themselves are real ones, so
//! that whoever looks at them by other ways sees what SQLite wrote; files elsewhere are not
//! touched. Must not know what stands in them. Fails as it is told to.
//!
//! What is not pretended: the entries of directories are durable at once, and so is what is written
//! by other ways than SQLite's.

mod medium;
mod vfs;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use medium::Medium;

/// How often what goes wrong, in thousandths of the operations, and when the process ends.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Faults {
    /// Writes that find no room.
    pub full: u64,
    /// Writes of which a part gets there.
    pub torn: u64,
    /// Reads that fail.
    pub unread: u64,
    /// Syncs that fail. What was to be synced is never written again by itself, as on Linux.
    pub unsynced: u64,
    /// The process ends at the operation that comes after so many that change something.
    pub ends_after: Option<u64>,
}

/// What went wrong so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counted {
    /// Operations that change something.
    pub operations: u64,
    /// See [`Faults`].
    pub full: u64,
    /// See [`Faults`].
    pub torn: u64,
    /// See [`Faults`].
    pub unread: u64,
    /// See [`Faults`].
    pub unsynced: u64,
    /// Ends of the process at an operation.
    pub ends: u64,
    /// Sectors that a power failure took back.
    pub forgotten: u64,
}

impl Counted {
    /// Whatever failed although the process went on.
    pub fn faults(&self) -> u64 {
        self.full + self.torn + self.unread + self.unsynced
    }
}

/// What is to become of an operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Goes,
    /// So many bytes get there before it fails.
    Full(u64),
    /// The same.
    Fails(u64),
    /// The process has ended.
    Ended,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operation {
    Read,
    Write(u64),
    Sync,
    Other,
}

#[derive(Debug)]
struct State {
    random: u64,
    faults: Faults,
    counted: Counted,
    has_ended: bool,
    media: BTreeMap<PathBuf, Medium>,
}

type Shared = Arc<Mutex<State>>;

/// The disks by their directories.
static DISKS: Mutex<BTreeMap<PathBuf, Shared>> = Mutex::new(BTreeMap::new());

/// A test that panicked leaves nothing half done here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The disk that a file lies on.
fn disk_of(path: &Path) -> Option<Shared> {
    let disks = lock(&DISKS);
    path.ancestors().find_map(|folder| disks.get(folder).map(Arc::clone))
}

/// A disk; its files are the real system's again when it is dropped.
#[derive(Debug)]
pub struct Disk {
    directory: PathBuf,
    state: Shared,
}

impl Disk {
    /// Takes over the files below a directory, which must be absolute and without links. The same
    /// seed gives the same faults.
    pub fn new(directory: &Path, seed: u64) -> Self {
        vfs::register();
        let state = Arc::new(Mutex::new(State {
            random: seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1,
            faults: Faults::default(),
            counted: Counted::default(),
            has_ended: false,
            media: BTreeMap::new(),
        }));
        let directory = directory.to_path_buf();
        lock(&DISKS).insert(directory.clone(), Arc::clone(&state));
        Self { directory, state }
    }

    /// What goes wrong from now on.
    pub fn set_faults(&self, faults: Faults) {
        lock(&self.state).faults = faults;
    }

    /// What goes wrong at present.
    pub fn faults(&self) -> Faults {
        lock(&self.state).faults
    }

    /// The process ends now: nothing that it does reaches the disk any more.
    pub fn end(&self) {
        lock(&self.state).has_ended = true;
    }

    /// Whether it has ended.
    pub fn has_ended(&self) -> bool {
        lock(&self.state).has_ended
    }

    /// Another process begins. The former one's files must be closed.
    pub fn begin(&self) {
        lock(&self.state).has_ended = false;
    }

    /// The power fails: of what was not synced any part is forgotten. All files must be closed.
    pub fn lose_power(&self) {
        let mut guard = lock(&self.state);
        let state = &mut *guard;
        for (path, medium) in std::mem::take(&mut state.media) {
            let random = &mut state.random;
            state.counted.forgotten += medium.lose_power(&path, &mut |below| next(random, below));
        }
    }

    /// What went wrong so far.
    pub fn counted(&self) -> Counted {
        lock(&self.state).counted
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        lock(&DISKS).remove(&self.directory);
    }
}

impl State {
    fn judge(&mut self, operation: Operation) -> Verdict {
        if self.has_ended {
            return Verdict::Ended;
        }
        if operation == Operation::Read {
            return if self.hits(self.faults.unread) {
                self.counted.unread += 1;
                Verdict::Fails(0)
            } else {
                Verdict::Goes
            };
        }
        self.counted.operations += 1;
        if let Some(left) = &mut self.faults.ends_after {
            match left.checked_sub(1) {
                Some(fewer) => *left = fewer,
                None => {
                    self.has_ended = true;
                    self.faults.ends_after = None;
                    self.counted.ends += 1;
                    return Verdict::Ended;
                }
            }
        }
        match operation {
            Operation::Write(bytes) if self.hits(self.faults.full) => {
                self.counted.full += 1;
                Verdict::Full(next(&mut self.random, bytes))
            }
            Operation::Write(bytes) if self.hits(self.faults.torn) => {
                self.counted.torn += 1;
                Verdict::Fails(next(&mut self.random, bytes))
            }
            Operation::Sync if self.hits(self.faults.unsynced) => {
                self.counted.unsynced += 1;
                Verdict::Fails(0)
            }
            _ => Verdict::Goes,
        }
    }

    fn hits(&mut self, permille: u64) -> bool {
        permille > 0 && next(&mut self.random, 1000) < permille
    }
}

/// A generator of our own, so that a seed means the same for ever.
fn next(random: &mut u64, below: u64) -> u64 {
    *random ^= *random << 13;
    *random ^= *random >> 7;
    *random ^= *random << 17;
    (random.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below.max(1)
}
