//! Which rotated files came behind one, unseen, and are to be read before the next.
//!
//! Owns the search for them and their place in the chain. Must never read in them further than
//! tells them apart. Fails with the `io::Error` of a file that cannot be looked at: what came
//! between is read first, so whoever asks waits.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::copies::head_of;
use super::discover::is_gone;
use super::identity::{Extent, Identity};
use super::notice::{NoticeKind, Unseen};
use super::position::Position;
use super::siblings::Renaming;
use super::{FileId, Tail};
use crate::input::{self, UntrustedLink};

/// What lies at a rotated name.
struct Sibling {
    path: PathBuf,
    identity: Identity,
    extent: Extent,
}

/// What a search found.
#[derive(Default)]
pub(super) struct Between {
    /// Files that were never seen at their log's path, oldest first, and how each begins.
    files: Vec<(Sibling, Vec<u8>)>,
    /// What cannot be looked at, and may be one.
    unseen: Vec<(PathBuf, io::Error)>,
}

impl Tail {
    /// Follows what came between a file and the one that is at its path now, of which nothing is
    /// followed yet and the beginning is given; returns the last in the chain.
    pub(super) fn chain(
        &mut self,
        from: FileId,
        newcomer: &[u8],
        now: Duration,
    ) -> io::Result<FileId> {
        let mut between = self.while_names_stand(from, |tail| {
            // Found first, so that the files behind it are known.
            tail.keep_at_hand(from);
            tail.came_between(from, None, newcomer)
        })?;
        self.leave_out(from, &mut between, now)?;
        Ok(self.catch_up(from, Some(from), between, now).unwrap_or(from))
    }

    /// Follows what came between the last look at a file and now, to be read before it.
    pub(super) fn chain_before(&mut self, id: FileId, now: Duration) -> io::Result<()> {
        let (start, mut between) = self.while_names_stand(id, |tail| {
            let start = tail.start_of(id)?;
            let between = tail.came_between(id, None, &start)?;
            Ok((start, between))
        })?;
        self.leave_out(id, &mut between, now)?;
        let predecessor = self.files.get(&id).and_then(|followed| followed.predecessor);
        let last = self.catch_up(id, predecessor, between, now);
        if let Some(followed) = self.files.get_mut(&id) {
            followed.predecessor = last;
            followed.position.look_at_head(&start);
        }
        Ok(())
    }

    /// Follows what was found behind a file, in its order; the last in the chain.
    pub(super) fn catch_up(
        &mut self,
        behind: FileId,
        mut predecessor: Option<FileId>,
        between: Between,
        now: Duration,
    ) -> Option<FileId> {
        let Some(followed) = self.files.get(&behind) else { return predecessor };
        let (source, name) = (followed.source, Arc::clone(&followed.name));
        for (Sibling { path, identity, extent }, start) in between.files {
            self.notice(&path, NoticeKind::CaughtUp);
            let mut position = Position::new(identity, path.clone(), extent);
            let file_name = path.file_name().and_then(|name| name.to_str());
            position.compressed = file_name.is_some_and(input::is_compressed_name);
            // It may be rotated away before it is read.
            position.look_at_head(&start);
            let id = self.follow(source, Arc::clone(&name), position, predecessor);
            if let Some(followed) = self.files.get_mut(&id) {
                followed.changed_at = now;
            }
            self.mark_unread(id);
            predecessor = Some(id);
        }
        predecessor
    }

    /// The rotated files that came behind one, or behind a copy in which it goes on, and were never
    /// seen at its path. A file that is followed, or a copy of one or of the newcomer, is none.
    pub(super) fn came_between(
        &mut self,
        before: FileId,
        copy: Option<Identity>,
        newcomer: &[u8],
    ) -> io::Result<Between> {
        let Some(followed) = self.files.get(&before) else { return Ok(Between::default()) };
        let Position { verified_ns, .. } = followed.position;
        let own = (followed.position.identity, followed.position.copied);
        let (identity, copied) = copy.map_or(own, |copy| (copy, true));
        let log = followed.log();
        // What was empty when it was last looked at may have been written to and copied since.
        for id in self.files_of_log(&log) {
            let is_empty = self.files.get(&id).is_some_and(|of| of.position.head.is_empty());
            if is_empty && id != before {
                self.look_at_head(id);
            }
        }
        let mut between = Between::default();
        let there = self.siblings_there(before, &mut between.unseen)?;
        let place = there.iter().position(|sibling| sibling.identity == identity);
        for (index, sibling) in there.into_iter().enumerate() {
            // By its name, or because it was written after the file was last looked at: copies of
            // what stood in the same file meanwhile have older names than the file itself.
            let is_later = place.is_some_and(|place| index > place)
                || !sibling.extent.is_written_before(verified_ns);
            // What was made before it was cannot have come behind it, although who has it open may
            // still write to it.
            let births = sibling.identity.born_ns.zip(identity.born_ns).filter(|_| !copied);
            let is_elder = births.is_some_and(|(its, own)| its < own);
            let is_followed =
                sibling.identity == identity || self.by_identity.contains_key(&sibling.identity);
            if !is_later || is_elder || is_followed {
                continue;
            }
            match self.start_of_unfollowed(&sibling, newcomer) {
                Ok(Some(start)) => between.files.push((sibling, start)),
                Ok(None) => {}
                Err(error) if Renaming::is_in(&error) => return Err(error),
                Err(error) => between.unseen.push((sibling.path, error)),
            }
        }
        Ok(between)
    }

    /// How a file begins that is not followed, unless it was read before or is a copy.
    fn start_of_unfollowed(
        &mut self,
        sibling: &Sibling,
        newcomer: &[u8],
    ) -> io::Result<Option<Vec<u8>>> {
        let Sibling { path, identity, extent } = sibling;
        let is_empty = extent.size_bytes == 0;
        let start = if is_empty { Ok(Vec::new()) } else { self.start_at(path, *identity) };
        if self.is_done(*identity, start.as_deref().ok()) {
            return Ok(None);
        }
        let start = start?;
        // An empty one may still be written to by who has it open.
        let is_copy = !is_empty && self.is_copy_of_followed(path, &start, newcomer)?;
        Ok((!is_copy).then_some(start))
    }

    /// How a file begins that lies at a path.
    pub(super) fn start_at(&self, path: &Path, identity: Identity) -> io::Result<Vec<u8>> {
        let (start, at_path) = head_of(path, self.limits.links)?;
        if at_path == identity { Ok(start) } else { Err(Renaming.into()) }
    }

    /// What lies at the rotated names of a log, oldest first.
    fn siblings_there(
        &mut self,
        id: FileId,
        unseen: &mut Vec<(PathBuf, io::Error)>,
    ) -> io::Result<Vec<Sibling>> {
        let mut there = Vec::new();
        for path in self.siblings(id)? {
            #[cfg(test)]
            super::faults::step();
            let Ok(metadata) = std::fs::metadata(&path) else { continue };
            if !metadata.is_file() {
                continue;
            }
            match self.handles.check_links(&path) {
                Ok(()) => {
                    let (identity, extent) = (Identity::of(&metadata), Extent::of(&metadata));
                    there.push(Sibling { path, identity, extent });
                }
                // What somebody set there came from nowhere.
                Err(error) if UntrustedLink::is_in(&error) || is_gone(&error) => {}
                Err(error) => unseen.push((path, error)),
            }
        }
        Ok(there)
    }

    /// Rotated files that cannot be looked at are waited for, as long as a file may be nowhere.
    /// Then they are told and left out: who writes the log does not wait for them.
    pub(super) fn leave_out(
        &mut self,
        before: FileId,
        between: &mut Between,
        now: Duration,
    ) -> io::Result<()> {
        let has_waited = between.unseen.is_empty() || self.has_waited_for_siblings(before, now);
        for (path, error) in between.unseen.drain(..) {
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
}
