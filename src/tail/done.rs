//! Files that were read to their end and let go.
//!
//! Owns which are remembered, so that none is taken for a new one when a path shows it again. Must
//! never touch a file. Nothing here fails: beyond its limit the oldest is forgotten.

use std::collections::{BTreeMap, HashMap};

use super::identity::Identity;
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

    pub(super) fn ids(&self) -> impl Iterator<Item = FileId> {
        self.files.keys().copied()
    }
}
