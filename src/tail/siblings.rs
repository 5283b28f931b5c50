//! Where a file went that is no longer at its path, and which files came between.
//!
//! Owns the search among the names that rotation gives: by inode, by what a copy holds, by what is
//! in a compressed one. Must never read on in what it finds. Fails: never; what is not found is
//! said so.

use std::collections::{BTreeSet, HashMap};
use std::ffi::OsString;
use std::fs::{File, Metadata};
use std::io;
use std::os::unix::fs::DirEntryExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::discover::{NAMES_MAX, is_gone};
use super::handles::{Content, Handles};
use super::identity::{Extent, Identity};
use super::notice::{NoticeKind, Unseen};
use super::position::Position;
use super::{FileId, Tail};
use crate::input::{self, UntrustedLink};

/// What lies in a directory.
#[derive(Debug, Default)]
struct Listing {
    inodes: HashMap<u64, Vec<OsString>>,
    /// The names of each log: what they say is read once, however many files are looked for.
    by_log: HashMap<String, Vec<String>>,
}

/// The listings of one look: many files may rotate at once.
#[derive(Debug, Default)]
pub(super) struct Listings(HashMap<PathBuf, Arc<Listing>>);

impl Listings {
    pub(super) fn clear(&mut self) {
        self.0.clear();
    }

    /// One that cannot be listed now is not one in which nothing lies.
    fn of(&mut self, directory: &Path, handles: &mut Handles) -> io::Result<Arc<Listing>> {
        if let Some(listing) = self.0.get(directory) {
            return Ok(Arc::clone(listing));
        }
        #[cfg(test)]
        super::faults::step();
        let entries = match handles.with_one_free(|| std::fs::read_dir(directory)) {
            Ok(entries) => Some(entries),
            // What may not be listed is not searched: the log is followed nevertheless.
            Err(error) if is_gone(&error) || is_denied(&error) => None,
            Err(error) => return Err(error),
        };
        let mut listing = Listing::default();
        for entry in entries.into_iter().flatten().take(NAMES_MAX) {
            let entry = entry?;
            let name = entry.file_name();
            if let Some(text) = name.to_str() {
                let names = listing.by_log.entry(input::log_name(text)).or_default();
                names.push(text.to_owned());
            }
            listing.inodes.entry(entry.ino()).or_default().push(name);
        }
        let listing = Arc::new(listing);
        self.0.insert(directory.to_owned(), Arc::clone(&listing));
        Ok(listing)
    }
}

fn is_denied(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied
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
            let listing = self.listings.of(&directory, &mut self.handles)?;
            for name in listing.inodes.get(&identity.ino).into_iter().flatten() {
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
    fn siblings(&mut self, id: FileId) -> io::Result<Vec<PathBuf>> {
        let Some(followed) = self.files.get(&id) else { return Ok(Vec::new()) };
        let Some(live) = followed.name.file_name().and_then(|name| name.to_str()) else {
            return Ok(Vec::new());
        };
        let (live, log) = (live.to_owned(), input::log_name(live));
        let own = followed.name.to_path_buf();
        let mut paths = Vec::new();
        for directory in self.rotation_directories(id) {
            let listing = self.listings.of(&directory, &mut self.handles)?;
            let Some(names) = listing.by_log.get(&log) else { continue };
            let siblings = input::siblings_of(&live, names).into_iter();
            paths.extend(siblings.map(|name| directory.join(name)).filter(|path| *path != own));
        }
        Ok(paths)
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
            let is_elder = Extent::of(&metadata).modified_ns < position.verified_ns
                || followed.is_some_and(|followed| followed < id)
                || self.is_done(&path, identity);
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
            if !is_empty && self.is_copy_of_followed(&located.path)? {
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
        let is_older = Extent::of(&metadata).modified_ns < position.verified_ns;
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

    /// The rotated files that came behind one that was at a path, and were never seen there, oldest
    /// first. A file that is followed, or a copy of one, is none.
    pub(super) fn came_between(
        &mut self,
        before: FileId,
        now: Duration,
    ) -> io::Result<Vec<(PathBuf, Identity, Extent)>> {
        let Some(followed) = self.files.get(&before) else { return Ok(Vec::new()) };
        let Position { identity, verified_ns, copied, .. } = followed.position;
        let log = followed.log();
        // What was empty when it was last looked at may have been written to and copied since.
        for id in self.files_of_log(&log) {
            let is_empty = self.files.get(&id).is_some_and(|of| of.position.head.is_empty());
            if is_empty && id != before {
                self.look_at_head(id);
            }
        }
        let (mut stats, mut unseen) = (Vec::new(), Vec::new());
        for path in self.siblings(before)? {
            #[cfg(test)]
            super::faults::step();
            let Ok(metadata) = std::fs::metadata(&path) else { continue };
            if !metadata.is_file() {
                continue;
            }
            match self.handles.check_links(&path) {
                Ok(()) => stats.push((Identity::of(&metadata), Extent::of(&metadata), path)),
                // What somebody set there came from nowhere.
                Err(error) if UntrustedLink::is_in(&error) || is_gone(&error) => {}
                Err(error) => unseen.push((path, error)),
            }
        }
        let place = stats.iter().position(|(own, ..)| *own == identity);
        let mut between = Vec::new();
        for (index, (own, seen, path)) in stats.iter().enumerate() {
            // By its name, or because it was written after the file was last looked at: copies of
            // what stood in the same file meanwhile have older names than the file itself.
            let is_later =
                place.is_some_and(|place| index > place) || seen.modified_ns >= verified_ns;
            // An empty one may still be written to by who has it open.
            // What was made before it was cannot have come behind it, although who has it open may
            // still write to it.
            let births = own.born_ns.zip(identity.born_ns).filter(|_| !copied);
            let is_elder = births.is_some_and(|(own, of)| own < of);
            if is_later
                && !is_elder
                && !self.by_identity.contains_key(own)
                && !self.is_done(path, *own)
            {
                let is_copy = seen.size_bytes > 0 && {
                    let is_copy = self.is_copy_of_followed(path);
                    is_copy.unwrap_or_else(|error| {
                        unseen.push((path.clone(), error));
                        true
                    })
                };
                if !is_copy {
                    between.push((path.clone(), *own, *seen));
                }
            }
        }
        self.leave_out(before, unseen, now)?;
        Ok(between)
    }

    /// Rotated files that cannot be looked at are waited for, as long as a file may be nowhere.
    /// Then they are told and left out: who writes the log does not wait for them.
    fn leave_out(
        &mut self,
        before: FileId,
        unseen: Vec<(PathBuf, io::Error)>,
        now: Duration,
    ) -> io::Result<()> {
        let has_waited = unseen.is_empty() || self.has_waited_for_siblings(before, now);
        for (path, error) in unseen {
            if !has_waited {
                return Err(error);
            }
            self.notice(&path, NoticeKind::Unseen(Unseen::of(&error)));
        }
        Ok(())
    }

    /// Whether rotated files could not be looked at for as long as a file may be nowhere.
    pub(super) fn has_waited_for_siblings(&mut self, id: FileId, now: Duration) -> bool {
        let missing_max = self.limits.missing_max;
        let Some(followed) = self.files.get_mut(&id) else { return true };
        now >= followed.siblings_unseen_since.get_or_insert(now).saturating_add(missing_max)
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
