//! The connections of one place, and which of them makes room.
//!
//! Owns their number. Must never read from one. Nothing here fails.
//!
//! Who opens connections and asks nothing holds no place: where all are taken the oldest that waits
//! for a request makes room for the newest. So scrapers get through while somebody tries to keep
//! every place.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::task::AbortHandle;

/// One connection, as who serves it marks it.
#[derive(Debug, Clone, Default)]
pub(super) struct Mark(Arc<AtomicBool>);

impl Mark {
    /// A request is being answered.
    pub(super) fn answering(&self, is_answering: bool) {
        self.0.store(is_answering, Ordering::Relaxed);
    }
}

/// The connections of one place.
#[derive(Debug)]
pub(super) struct Connections {
    max: usize,
    /// By number: the older, the smaller.
    open: Mutex<BTreeMap<u64, (Mark, AbortHandle)>>,
}

impl Connections {
    pub(super) fn new(max: usize) -> Self {
        Self { max, open: Mutex::default() }
    }

    fn open(&self) -> std::sync::MutexGuard<'_, BTreeMap<u64, (Mark, AbortHandle)>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes one in; ends the one that makes room for it, if one must. If none can it is ended
    /// itself.
    pub(super) fn add(&self, number: u64, mark: Mark, handle: AbortHandle) -> Added {
        let mut open = self.open();
        let mut added = Added::InFreePlace;
        if open.len() >= self.max {
            let waits =
                |(_, (mark, _)): &(&u64, &(Mark, AbortHandle))| !mark.0.load(Ordering::Relaxed);
            let oldest = open.iter().find(waits).map(|(number, _)| *number);
            let Some((_, evicted)) = oldest.and_then(|number| open.remove(&number)) else {
                handle.abort();
                return Added::Not;
            };
            evicted.abort();
            added = Added::InPlaceOfAnother;
        }
        open.insert(number, (mark, handle));
        added
    }

    /// One has ended.
    pub(super) fn remove(&self, number: u64) {
        self.open().remove(&number);
    }
}

/// What became of a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Added {
    InFreePlace,
    InPlaceOfAnother,
    Not,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_oldest_that_waits_makes_room_and_one_that_is_answered_does_not() {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let connections = Connections::new(2);
        let marks: Vec<_> = (0..5).map(|_| Mark::default()).collect();
        marks[0].answering(true);
        let task = || runtime.spawn(std::future::pending::<()>()).abort_handle();
        let add = |number: u64| {
            let mark = marks[usize::try_from(number).unwrap()].clone();
            connections.add(number, mark, task())
        };
        assert_eq!([add(0), add(1)], [Added::InFreePlace; 2]);
        assert_eq!(add(2), Added::InPlaceOfAnother, "1 waited");
        marks[2].answering(true);
        assert_eq!(add(3), Added::Not, "both are being answered");
        assert_eq!(connections.open().len(), 2);
        connections.remove(0);
        assert_eq!(add(4), Added::InFreePlace);
    }
}
