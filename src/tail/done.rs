//! Files that were read to their end and let go.
//!
//! Owns which are remembered, so that none is taken for a new one when a path shows it again. Must
//! never touch a file. Nothing here fails: beyond its limit the oldest is forgotten.

use std::collections::{BTreeMap, HashMap};

use super::identity::Identity;
use super::position::Position;
use super::{FileId, Kept};

/// How many are remembered.
pub(super) const DONE_MAX: usize = 4096;

/// By their names here, the smallest of which is the oldest.
#[derive(Debug, Default)]
pub(super) struct Done {
    files: BTreeMap<FileId, Kept>,
    by_identity: HashMap<Identity, FileId>,
}

impl Done {
    /// Remembers a file; the one that is forgotten for it.
    pub(super) fn insert(&mut self, kept: Kept) -> Option<FileId> {
        self.by_identity.insert(kept.position.identity, kept.id);
        self.files.insert(kept.id, Kept { is_done: true, predecessor: None, ..kept });
        let oldest = *self.files.keys().next().filter(|_| self.files.len() > DONE_MAX)?;
        self.remove(oldest);
        Some(oldest)
    }

    pub(super) fn remove(&mut self, id: FileId) -> Option<Kept> {
        let kept = self.files.remove(&id)?;
        if self.by_identity.get(&kept.position.identity) == Some(&id) {
            self.by_identity.remove(&kept.position.identity);
        }
        Some(kept)
    }

    pub(super) fn get(&self, id: FileId) -> Option<&Kept> {
        self.files.get(&id)
    }

    pub(super) fn find(&self, identity: Identity) -> Option<&Kept> {
        self.files.get(self.by_identity.get(&identity)?)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// How far each was read.
    pub(super) fn positions(&self) -> impl Iterator<Item = &Position> {
        self.files.values().map(|kept| &kept.position)
    }

    pub(super) fn ids(&self) -> impl Iterator<Item = FileId> {
        self.files.keys().copied()
    }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::super::identity::Extent;
    use super::*;

    #[test]
    fn beyond_the_limit_the_oldest_is_forgotten() {
        let kept = |number: u64| {
            let identity = Identity { dev: 1, ino: number, born_ns: None };
            Kept {
                id: FileId(number),
                source: "app".into(),
                name: PathBuf::from("app.log"),
                position: Position::new(identity, PathBuf::from("app.log"), Extent::default()),
                predecessor: Some(FileId(7)),
                is_done: false,
            }
        };
        let mut done = Done::default();
        let last = DONE_MAX as u64;
        for number in 0..last {
            assert_eq!(done.insert(kept(number)), None);
        }
        assert_eq!(done.insert(kept(last)), Some(FileId(0)));
        assert_eq!(done.ids().count(), DONE_MAX);
        assert!(done.find(kept(0).position.identity).is_none());
        let found = done.find(kept(last).position.identity).unwrap();
        assert!(found.is_done && found.predecessor.is_none());
    }
}
