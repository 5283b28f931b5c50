//! Where a file went that is no longer at its path.
//!
//! Owns the search among the names that rotation gives: by inode, by what a copy holds, by what is
//! in a compressed one. Must never read on in what it finds. Fails: never; what is not found is
//! said so.

use std::collections::BTreeSet;
use std::fmt;
use std::fs::{File, Metadata};
use std::io;
use std::path::{Path, PathBuf};

use super::discover::is_gone;
use super::handles::Content;
use super::identity::{Extent, Identity};
use super::listing::LogNames;
use super::position::Position;
use super::{FileId, Tail};
use crate::input::{self, UntrustedLink};

/// How often one looks among names that change meanwhile: a rotation takes a few milliseconds.
pub(super) const LOOKS_MAX: usize = 8;

/// The files of a log are being renamed. Nothing to tell: the next look will find them at rest.
#[derive(Debug)]
pub(super) struct Renaming;

impl Renaming {
    pub(super) fn is_in(error: &io::Error) -> bool {
        error.get_ref().and_then(|error| error.downcast_ref::<Self>()).is_some()
    }
}

impl fmt::Display for Renaming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("files of the log are being renamed")
    }
}

impl std::error::Error for Renaming {}

impl From<Renaming> for io::Error {
    fn from(renaming: Renaming) -> Self {
        Self::other(renaming)
    }
}

/// Where a file was found again.
pub(super) struct Located {
    pub(super) path: PathBuf,
    pub(super) content: Content,
    pub(super) identity: Identity,
    pub(super) extent: Extent,
    /// What lies there is a compressed copy.
    pub(super) compressed: bool,
}

impl Located {
    pub(super) fn of(
        path: PathBuf,
        file: File,
        metadata: &Metadata,
        compressed: bool,
    ) -> io::Result<Self> {
        let content = if compressed { Content::decompress(file)? } else { Content::Plain(file) };
        let (identity, extent) = (Identity::of(metadata), Extent::of(metadata));
        Ok(Self { path, content, identity, extent, compressed })
    }

    /// It, if what was read of a file stands in it.
    pub(super) fn with_text_of(mut self, position: &Position) -> io::Result<Option<Self>> {
        let is_same = self.content.has_text_of(position)?;
        Ok(is_same.then_some(self))
    }
}

impl Tail {
    /// Finds a file that is followed by its identity, else a copy of it.
    pub(super) fn locate(&mut self, id: FileId) -> io::Result<Option<Located>> {
        let Some(followed) = self.files.get(&id) else { return Ok(None) };
        let Position { identity, compressed, .. } = followed.position;
        let path = followed.position.path.clone();
        match self.handles.open(&path, identity) {
            Ok(Some((file, metadata))) => {
                return Located::of(path, file, &metadata, compressed).map(Some);
            }
            Ok(None) => {}
            Err(error) if is_gone(&error) => {}
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => {}
            Err(error) => return Err(error),
        }
        for directory in self.rotation_directories(id) {
            let listing = self.listings.of_look(&directory, &mut self.handles)?;
            for name in listing.names_of(identity.ino) {
                let path = directory.join(name);
                match self.handles.open(&path, identity) {
                    Ok(Some((file, metadata))) => {
                        return Located::of(path, file, &metadata, compressed).map(Some);
                    }
                    // It was renamed once more, or deleted.
                    Ok(None) => {}
                    Err(error) if is_gone(&error) => {}
                    Err(error) => return Err(error),
                }
            }
        }
        self.locate_copy(id)
    }

    /// The directories where rotation may have put a file.
    fn rotation_directories(&self, id: FileId) -> Vec<PathBuf> {
        let Some(followed) = self.files.get(&id) else { return Vec::new() };
        let own = [&*followed.position.path, &*followed.name];
        let own = own.into_iter().filter_map(Path::parent).map(Path::to_owned);
        let further = self.sources.get(followed.source).map(|source| source.rotated_to.clone());
        let mut all: Vec<PathBuf> = own.collect();
        // A link's target is rotated where it lies.
        all.extend(followed.name.canonicalize().ok().and_then(|p| Some(p.parent()?.to_owned())));
        all.extend(further.into_iter().flatten());
        let mut seen = BTreeSet::new();
        all.retain(|directory| seen.insert(directory.clone()));
        all
    }

    /// The names that rotation gave to what was a file's path, oldest first.
    pub(super) fn siblings(&mut self, id: FileId) -> io::Result<Vec<PathBuf>> {
        let Some(followed) = self.files.get(&id) else { return Ok(Vec::new()) };
        let Some(live) = followed.name.file_name().and_then(|name| name.to_str()) else {
            return Ok(Vec::new());
        };
        let (live, log) = (live.to_owned(), input::log_name(live));
        let own = followed.name.to_path_buf();
        let mut paths = Vec::new();
        for directory in self.rotation_directories(id) {
            let listing = self.listings.of_look(&directory, &mut self.handles)?;
            let Some(of_log) = listing.of_log(&log) else { continue };
            let siblings = input::siblings_of(&live, &of_log.names).into_iter();
            paths.extend(siblings.map(|name| directory.join(name)).filter(|path| *path != own));
        }
        Ok(paths)
    }

    /// All names that a log has now, and the file of each.
    fn names(&mut self, id: FileId) -> io::Result<Vec<(PathBuf, LogNames)>> {
        let Some(followed) = self.files.get(&id) else { return Ok(Vec::new()) };
        let live = followed.name.file_name().and_then(|name| name.to_str());
        let log = input::log_name(live.unwrap_or_default());
        let mut names = Vec::new();
        for directory in self.rotation_directories(id) {
            let listing = self.listings.of_now(&directory, &mut self.handles)?;
            names.extend(listing.of_log(&log).map(|names| (directory, names.clone())));
        }
        Ok(names)
    }

    /// Looks among the names of a log until none of them has changed meanwhile: a file that is
    /// renamed from one that is still to be looked at to one that was looked at is not seen, and
    /// what is read of a name may be of two files.
    pub(super) fn while_names_stand<T>(
        &mut self,
        id: FileId,
        mut look: impl FnMut(&mut Self) -> io::Result<T>,
    ) -> io::Result<T> {
        for _ in 0..LOOKS_MAX {
            let before = self.names(id)?;
            let found = look(self);
            if self.names(id)? == before {
                return found;
            }
        }
        Err(Renaming.into())
    }

    /// Finds a copy of a file that was emptied or is gone: another that holds what was read of it.
    pub(super) fn locate_copy(&mut self, id: FileId) -> io::Result<Option<Located>> {
        let Some(followed) = self.files.get(&id) else { return Ok(None) };
        let position = followed.position.clone();
        if position.head.is_empty() {
            return self.locate_copy_of_empty(id, &position);
        }
        // The oldest first: a little of a beginning may be that of later ones too. A compressed
        // copy costs more to look into.
        let (compressed, plain): (Vec<_>, Vec<_>) =
            self.siblings(id)?.into_iter().partition(|path| is_compressed(path));
        let mut unseen = None;
        for path in plain.into_iter().chain(compressed) {
            match self.same_text(&position, path) {
                Ok(Some(copy)) => return Ok(Some(copy)),
                Ok(None) => {}
                Err(error) => unseen = Some(error),
            }
        }
        // One that cannot be looked at may be the copy.
        unseen.map_or(Ok(None), Err)
    }

    /// Finds the compressed copy of a file that was empty when it was last looked at. No text tells
    /// it, so it is the oldest that came later, as long as an elder lies there: rotation deletes
    /// the oldest first. Without an elder it may have deleted the file itself.
    fn locate_copy_of_empty(
        &mut self,
        id: FileId,
        position: &Position,
    ) -> io::Result<Option<Located>> {
        let mut has_elder = false;
        for path in self.siblings(id)? {
            let Ok((file, metadata)) = Content::open(&path, self.limits.links) else { continue };
            let identity = Identity::of(&metadata);
            let followed = self.by_identity.get(&identity).copied();
            let start = self.start_at(&path, identity);
            let is_elder = Extent::of(&metadata).is_written_before(position.verified_ns)
                || followed.is_some_and(|followed| followed < id)
                || self.is_done(identity, start.as_deref().ok());
            if is_elder {
                has_elder = true;
                continue;
            }
            if followed.is_some() || !is_compressed(&path) {
                break;
            }
            let Ok(mut located) = Located::of(path, file, &metadata, true) else { break };
            // One that is still being written has bytes and no text yet, and its end is none.
            let is_empty =
                metadata.len() > 0 && matches!(located.content.read_at(0, &mut [0]), Ok(0));
            // Who has an elder open may have written to it since.
            if !is_empty && self.is_copy_of_followed(&located.path, &start?, &[])? {
                has_elder = true;
                continue;
            }
            return Ok(has_elder.then_some(located));
        }
        Ok(None)
    }

    /// What lies at a path, if it is not followed yet and its text is what was read, as far as it
    /// was.
    fn same_text(&mut self, position: &Position, path: PathBuf) -> io::Result<Option<Located>> {
        let links = self.limits.links;
        let (file, metadata) = match self.handles.with_one_free(|| Content::open(&path, links)) {
            Err(error) if is_gone(&error) || UntrustedLink::is_in(&error) => return Ok(None),
            Err(error) if error.kind() == io::ErrorKind::InvalidInput => return Ok(None),
            opened => opened?,
        };
        let is_older = Extent::of(&metadata).is_written_before(position.verified_ns);
        if is_older || self.by_identity.contains_key(&Identity::of(&metadata)) {
            return Ok(None);
        }
        if is_compressed(&path) {
            // Most errors are those of a text that is no compressed one, or not yet.
            let located = Located::of(path, file, &metadata, true).ok();
            return Ok(located.and_then(|it| it.with_text_of(position).ok().flatten()));
        }
        Located::of(path, file, &metadata, false)?.with_text_of(position)
    }

    /// The files of a log; of one that rotation put elsewhere, those of any log of that name.
    pub(super) fn files_of_log(&self, live: &Path) -> Vec<FileId> {
        let own = self.by_log.get(live).into_iter().flatten().copied();
        let is_elsewhere = live.parent().is_some_and(|parent| {
            self.sources.iter().any(|source| source.rotated_to.iter().any(|to| to == parent))
        });
        let elsewhere = self
            .by_log
            .iter()
            .filter(|(log, _)| is_elsewhere && log.file_name() == live.file_name() && *log != live);
        own.chain(elsewhere.flat_map(|(_, files)| files.iter().copied())).collect()
    }
}

pub(super) fn is_compressed(path: &Path) -> bool {
    path.file_name().and_then(|name| name.to_str()).is_some_and(input::is_compressed_name)
}
