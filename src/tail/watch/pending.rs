//! What events have left until somebody takes it.
//!
//! Owns which events are hints, and how many are told apart. Must never look at a file. Nothing
//! here fails: what is too much becomes one hint to look at everything.

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use notify::event::{AccessKind, AccessMode};
use notify::{Event, EventKind};

/// So many paths are told apart before everything is to be looked at.
pub(super) const PATHS_MAX: usize = 8_192;

/// What came of watching.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WatchCounters {
    /// Events that were hints.
    pub events: u64,
    /// Events of reading, our own included, that were none.
    pub dropped: u64,
    /// How often the kernel had no room for further events.
    pub overflows: u64,
    /// How often more paths changed than are told apart.
    pub paths_left_out: u64,
    /// Errors in place of events.
    pub errors: u64,
    /// Directories that were watched anew, or at last.
    pub rearmed: u64,
    /// Watches at present.
    pub watches: usize,
    /// Directories to be polled at present.
    pub polled: usize,
}

/// What the handler leaves for [`super::Watcher::take`].
#[derive(Default)]
pub(super) struct Pending {
    pub(super) paths: HashSet<PathBuf>,
    pub(super) rescan: bool,
    pub(super) is_woken: bool,
    pub(super) counters: WatchCounters,
}

impl Pending {
    pub(super) fn insert(&mut self, path: PathBuf) {
        if self.rescan {
            return;
        }
        self.paths.insert(path);
        if self.paths.len() > PATHS_MAX {
            self.counters.paths_left_out += 1;
            self.everything();
        }
    }

    fn everything(&mut self) {
        self.rescan = true;
        self.paths.clear();
    }

    /// Whether what came is a hint.
    pub(super) fn event(&mut self, event: notify::Result<Event>) -> bool {
        let Ok(event) = event else {
            self.counters.errors += 1;
            self.everything();
            return true;
        };
        if event.need_rescan() {
            self.counters.overflows += 1;
            self.everything();
            return true;
        }
        let is_read = matches!(event.kind, EventKind::Access(kind)
            if kind != AccessKind::Close(AccessMode::Write));
        if is_read {
            self.counters.dropped += 1;
            return false;
        }
        self.counters.events += 1;
        for path in event.paths {
            self.insert(path);
        }
        true
    }
}

pub(super) type Shared = Arc<Mutex<Pending>>;

pub(super) fn lock(shared: &Shared) -> MutexGuard<'_, Pending> {
    // What the handler leaves is whole between any two of its steps.
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}
