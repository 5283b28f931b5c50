//! What is at a path now, and what that means for the file that was there.
//!
//! Owns the way from a path to a followed file. Must never read a file beyond what identifies it.
//! Fails: never; what cannot be seen stays as it was and is told once.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::discover::{is_compressed, is_gone};
use super::handles::Content;
use super::identity::{Extent, Identity};
use super::notice::{NoticeKind, Unseen};
use super::position::Position;
use super::siblings::{LOOKS_MAX, Located, Renaming};
use super::start::{Start, behind_zeroes};
use super::{Change, FileId, Followed, Kept, Tail, push_only};
use crate::input::UntrustedLink;

impl Tail {
    /// Looks at what a path shows.
    pub(super) fn look_at(&mut self, path: &Path, now: Duration) {
        for _ in 0..LOOKS_MAX {
            self.counters.looks += 1;
            match self.look_once(path, now) {
                Ok(()) => return,
                // Another file is there by now.
                Err(error) if Renaming::is_in(&error) => {}
                Err(error) => {
                    if UntrustedLink::is_in(&error) {
                        self.hide(path, now);
                    }
                    return self.cannot_see(path, Unseen::of(&error));
                }
            }
        }
    }

    fn look_once(&mut self, path: &Path, now: Duration) -> io::Result<()> {
        let Some(entry) = self.entries.get(path) else { return Ok(()) };
        let (before, copy, is_exact) = (entry.file, entry.copy, entry.is_exact);
        #[cfg(test)]
        super::faults::step();
        let metadata = match std::fs::metadata(path) {
            Ok(_) if is_exact && path.file_name().is_some_and(is_compressed) => {
                self.cannot_see(path, Unseen::Compressed);
                return Ok(());
            }
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(metadata) => {
                self.hide(path, now);
                // The files of a directory are found as those of any.
                if !metadata.is_dir() || !self.directories.knows(path) {
                    self.cannot_see(path, Unseen::NotAFile);
                }
                return Ok(());
            }
            Err(error) if is_gone(&error) => {
                self.hide(path, now);
                return Ok(());
            }
            Err(error) => return Err(error),
        };
        let (identity, extent) = (Identity::of(&metadata), Extent::of(&metadata));
        let known = self.by_identity.get(&identity).copied();
        let is_as_before = before.is_some() && before == known || copy == Some(extent);
        if !is_as_before {
            self.handles.check_links(path)?;
        }
        match known {
            Some(id) if before == Some(id) => self.observe(id, extent, now),
            Some(id) => {
                self.hide(path, now);
                self.show(path, id, now);
                self.observe(id, extent, now);
            }
            None if copy == Some(extent) => {}
            None => self.meet(path, identity, extent, now)?,
        }
        Ok(())
    }

    /// A file that nobody has met is at a path.
    fn meet(
        &mut self,
        path: &Path,
        identity: Identity,
        extent: Extent,
        now: Duration,
    ) -> io::Result<()> {
        let start = self.start_at(path, identity);
        if self.is_done(identity, start.as_deref().ok()) {
            self.resume(path, identity, extent, now);
            return Ok(());
        }
        let start = match start {
            // It is followed although nothing of it can be read: its handle leads to it wherever it
            // goes until then.
            Err(error) if !Renaming::is_in(&error) && !self.may_be_copy(path) => Vec::new(),
            start => start?,
        };
        if self.is_copy_of_followed(path, &start, &[])? {
            self.hide(path, now);
            if let Some(entry) = self.entries.get_mut(path) {
                entry.copy = Some(extent);
            }
            return Ok(());
        }
        let Some(entry) = self.entries.get(path) else { return Ok(()) };
        let (source, last) = (entry.source, entry.last);
        let last = last.filter(|last| self.files.contains_key(last));
        self.hide(path, now);
        // What came between is read first; until it can be known, this waits.
        let predecessor = last.map(|last| self.chain(last, &start, now)).transpose()?;
        if predecessor.is_some() {
            self.notice(path, NoticeKind::Rotated);
        }
        // Itself may be what came between: under another path of the log.
        if let Some(id) = self.by_identity.get(&identity).copied() {
            self.show(path, id, now);
            self.observe(id, extent, now);
            return Ok(());
        }
        let mut position = Position::new(identity, path.to_owned(), extent);
        // It may be rotated away before it is read.
        position.look_at_head(&start);
        let id = self.follow(source, Arc::from(path), position, predecessor);
        self.show(path, id, now);
        let is_met = self.sources.get(source).is_none_or(|source| self.met.contains(&source.key));
        let wanted = self.sources.get(source).map(|source| source.start).unwrap_or_default();
        if !is_met && wanted != Start::Beginning && predecessor.is_none() {
            self.skip(id, wanted);
        }
        let from_bytes = self.files.get(&id).map_or(0, |followed| followed.position.read_bytes);
        self.notice(path, NoticeKind::Followed { from_bytes });
        self.observe(id, extent, now);
        Ok(())
    }

    /// A file that was let go is at a path that matches: more may come.
    fn resume(&mut self, path: &Path, identity: Identity, extent: Extent, now: Duration) {
        let Some(id) = self.done.find(identity).map(|known| known.id) else { return };
        let Some(Kept { name, position, .. }) = self.done.remove(id) else { return };
        self.removed.insert(id);
        let source = self.entries.get(path).map_or(0, |entry| entry.source);
        self.hide(path, now);
        let id = self.follow(source, Arc::from(name), position, None);
        self.show(path, id, now);
        self.observe(id, extent, now);
    }

    pub(super) fn follow(
        &mut self,
        source: usize,
        name: Arc<Path>,
        position: Position,
        predecessor: Option<FileId>,
    ) -> FileId {
        let id = FileId(self.next_id);
        self.next_id += 1;
        self.by_identity.insert(position.identity, id);
        let mut followed = Followed::new(source, name, position, predecessor);
        followed.observed = true;
        push_only(self.by_log.entry(followed.log()).or_default(), id);
        self.files.insert(id, followed);
        self.retired.insert(id);
        self.changes.push(Change::Opened(id));
        self.moved.insert(id);
        id
    }

    /// A file that is rotated away before it is read is known by how it begins.
    pub(super) fn look_at_head(&mut self, id: FileId) {
        let Ok(start) = self.start_of(id) else { return };
        if let Some(followed) = self.files.get_mut(&id) {
            followed.position.look_at_head(&start);
        }
    }

    /// How a followed file begins; with nothing if it is nowhere.
    pub(super) fn start_of(&mut self, id: FileId) -> io::Result<Vec<u8>> {
        let Some(content) = self.content(id)? else { return Ok(Vec::new()) };
        content.start()
    }

    /// Begins where the user wants it in a file that was there before.
    fn skip(&mut self, id: FileId, start: Start) {
        self.skip_to(id, |content, size_bytes| start.offset(content, size_bytes));
    }

    /// Skips what no program wrote; whether there is any.
    pub(super) fn skip_zeroes(&mut self, id: FileId) -> bool {
        let behind = |content: &mut Content, size_bytes| match content {
            Content::Plain(file) => behind_zeroes(file, size_bytes),
            Content::Compressed(_) => Ok(0),
        };
        self.skip_to(id, behind) > 0
    }

    fn skip_to(
        &mut self,
        id: FileId,
        find: impl FnOnce(&mut Content, u64) -> io::Result<u64>,
    ) -> u64 {
        let Ok(Some(content)) = self.content(id) else { return 0 };
        let size_bytes = content.metadata().map_or(0, |metadata| metadata.len());
        let Ok(offset) = find(content, size_bytes) else { return 0 };
        let Some((head, before)) = content.around(offset) else { return 0 };
        if let Some(followed) = self.files.get_mut(&id) {
            followed.position.skip_to(offset, &head, &before);
            self.moved.insert(id);
        }
        offset
    }

    /// Notes the size and time that a file has now.
    pub(super) fn observe(&mut self, id: FileId, extent: Extent, now: Duration) {
        let is_first_sight = self.files.get(&id).is_some_and(|followed| {
            let position = &followed.position;
            position.head.is_empty() && position.extent != extent
        });
        // It was empty, and was written to: perhaps more than once, and emptied in between. While
        // that cannot be looked for, it is as if it had not been seen.
        if is_first_sight && self.chain_before(id, now).is_err() {
            return;
        }
        let Some(followed) = self.files.get_mut(&id) else { return };
        let position = &mut followed.position;
        let changed = position.extent != extent;
        let is_longer = !position.compressed && extent.size_bytes != position.read_bytes;
        let unread = changed || is_longer;
        if changed {
            if !position.compressed {
                followed.seen_bytes = followed.seen_bytes.max(position.extent.size_bytes);
            }
            position.extent = extent;
            followed.changed_at = now;
            self.moved.insert(id);
        }
        followed.observed = true;
        followed.missing_since = None;
        if unread {
            self.mark_unread(id);
        }
    }

    pub(super) fn mark_unread(&mut self, id: FileId) {
        if let Some(followed) = self.files.get_mut(&id)
            && !followed.unread
        {
            followed.unread = true;
            self.unread.push_back(id);
        }
    }

    /// A path shows a file.
    pub(super) fn show(&mut self, path: &Path, id: FileId, now: Duration) {
        let Some(entry) = self.entries.get_mut(path) else { return };
        (entry.file, entry.last, entry.copy) = (Some(id), Some(id), None);
        let was_unseen = entry.told.take().is_some();
        let Some(followed) = self.files.get_mut(&id) else { return };
        path.clone_into(&mut followed.position.path);
        followed.changed_at = followed.changed_at.max(now);
        let other = followed.shown_at.iter().find(|other| *other != path).cloned();
        if !followed.shown_at.iter().any(|known| known == path) {
            push_only(&mut followed.shown_at, path.to_owned());
        }
        self.learn_link(path);
        self.retired.remove(&id);
        self.moved.insert(id);
        if was_unseen {
            self.notice(path, NoticeKind::SeenAgain);
        }
        if let Some(as_path) = other {
            self.notice(path, NoticeKind::SameFile { as_path });
        }
    }

    /// A path no longer shows the file that it showed; the file may be anywhere.
    pub(super) fn hide(&mut self, path: &Path, now: Duration) {
        let Some(entry) = self.entries.get_mut(path) else { return };
        entry.copy = None;
        let Some(id) = entry.file.take() else { return };
        let Some(followed) = self.files.get_mut(&id) else { return };
        followed.shown_at.retain(|known| known != path);
        if let Some(other) = followed.shown_at.first() {
            followed.position.path = other.clone();
        } else {
            followed.changed_at = now;
            self.retired.insert(id);
            // From now on nothing but its handle may lead to it.
            self.keep_at_hand(id);
        }
        // What was written up to now is read before what comes next.
        self.mark_unread(id);
    }

    pub(super) fn keep_at_hand(&mut self, id: FileId) {
        if self.handles.get(id).is_none()
            && let Ok(Some(located)) = self.locate(id)
        {
            self.settle_at(id, located);
        }
        self.look_at_head(id);
    }

    pub(super) fn cannot_see(&mut self, path: &Path, why: Unseen) {
        self.counters.unseen += 1;
        let Some(entry) = self.entries.get_mut(path) else { return };
        if entry.told != Some(why) {
            entry.told = Some(why);
            self.counters.unseen -= 1;
            self.notice(path, NoticeKind::Unseen(why));
        }
    }

    /// The content of a followed file, opened if it is not.
    pub(super) fn content(&mut self, id: FileId) -> io::Result<Option<&mut Content>> {
        if self.handles.get(id).is_none() {
            let Some(located) = self.locate(id)? else { return Ok(None) };
            self.settle_at(id, located);
        }
        Ok(self.handles.get(id))
    }

    pub(super) fn settle_at(&mut self, id: FileId, located: Located) {
        let Located { path, content, identity, compressed, .. } = located;
        let Some(followed) = self.files.get_mut(&id) else { return };
        let position = &mut followed.position;
        if position.path != path {
            position.path.clone_from(&path);
            self.moved.insert(id);
        }
        let is_new_copy = compressed && !position.compressed;
        position.compressed = compressed;
        if position.identity != identity {
            if self.by_identity.get(&position.identity) == Some(&id) {
                self.by_identity.remove(&position.identity);
            }
            position.identity = identity;
            position.copied = true;
            self.by_identity.insert(identity, id);
        }
        let name = followed.name.to_path_buf();
        self.handles.insert(id, content);
        if is_new_copy {
            self.notice(&name, NoticeKind::Compressed { copy: path });
        }
    }
}
