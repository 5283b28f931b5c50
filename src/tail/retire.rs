//! The end of a file that is at no path any more.
//!
//! Owns how long it is still looked at, and what is said when it cannot be found. Must never give
//! up a file that can still be read and has bytes to read. Fails: never.

use std::time::Duration;

use super::identity::Extent;
use super::identity::Identity;
use super::notice::NoticeKind;
use super::read::RETRY;
use super::{Change, FileId, Kept, Tail};

/// How many files that no path shows are waited for; those beyond it are let go as soon as they are
/// read to their end.
pub(super) const RETIRED_MAX: usize = 10_000;

impl Tail {
    /// Looks at a file that is at no path.
    pub(super) fn look_at_retired(&mut self, id: FileId, now: Duration) {
        self.counters.looks += 1;
        let metadata = match self.content(id) {
            Ok(Some(content)) => content.metadata(),
            Ok(None) => return self.is_missing(id, now),
            Err(_) => return,
        };
        match metadata {
            Ok(metadata) => self.observe(id, Extent::of(&metadata), now),
            Err(_) => return self.handles.close(id),
        }
        let Some(followed) = self.files.get(&id) else { return };
        if !followed.unread && self.has_quiet_passed(id, now) {
            self.changes.push(Change::Finished(id));
            let done = self.kept(id);
            self.forget(id);
            if let Some(done) = done {
                self.remember_done(done);
            }
        }
    }

    pub(super) fn remember_done(&mut self, kept: Kept) {
        if !kept.is_done {
            self.removed.remove(&kept.id);
            self.moved.insert(kept.id);
        }
        if let Some(oldest) = self.done.insert(kept) {
            self.moved.remove(&oldest);
            self.removed.insert(oldest);
        }
    }

    /// Whether a file that nobody follows, and that begins so if that is known, was read to its end
    /// before.
    pub(super) fn is_done(&mut self, identity: Identity, start: Option<&[u8]>) -> bool {
        let Some(known) = self.done.find(identity) else { return false };
        // Where no birth is known, another file may have the inode by now.
        let is_same = start.is_none_or(|start| known.position.head.is_of(start));
        let id = known.id;
        if !is_same {
            self.done.remove(id);
            self.removed.insert(id);
        }
        is_same
    }

    fn has_quiet_passed(&self, id: FileId, now: Duration) -> bool {
        let is_full = self.retired.len() > RETIRED_MAX;
        let quiet = if is_full { Duration::ZERO } else { self.limits.rotated_quiet };
        self.files.get(&id).is_some_and(|followed| {
            followed.shown_at.is_empty() && now >= followed.changed_at.saturating_add(quiet)
        })
    }

    /// A file is nowhere to be found. After a while it counts as gone.
    pub(super) fn is_missing(&mut self, id: FileId, now: Duration) {
        let Some(followed) = self.files.get_mut(&id) else { return };
        followed.retry_at = Some(now + RETRY);
        let since = *followed.missing_since.get_or_insert(now);
        if !followed.shown_at.is_empty() || now < since.saturating_add(self.limits.missing_max) {
            return;
        }
        let lost_bytes = followed.lost_bytes();
        let name = followed.name.to_path_buf();
        // One that was read to its end while we looked on has gone as files do.
        if lost_bytes > 0 || !followed.observed {
            self.notice(&name, NoticeKind::Lost { lost_bytes });
            self.changes.push(Change::CutShort(id));
        } else {
            self.changes.push(Change::Finished(id));
        }
        // Its directory may come back: what was read of it must not be read as that of a new file.
        let kept = self.kept(id);
        self.forget(id);
        if let Some(kept) = kept {
            self.remember_done(kept);
        }
    }

    /// Follows a file no longer.
    pub(super) fn forget(&mut self, id: FileId) {
        self.handles.close(id);
        self.moved.remove(&id);
        self.removed.insert(id);
        self.retired.remove(&id);
        let Some(followed) = self.files.remove(&id) else { return };
        let log = followed.log();
        if let Some(files) = self.by_log.get_mut(&log) {
            files.retain(|file| *file != id);
            if files.is_empty() {
                self.by_log.remove(&log);
            }
        }
        let identity = followed.position.identity;
        if self.by_identity.get(&identity) == Some(&id) {
            self.by_identity.remove(&identity);
        }
        for path in &followed.shown_at {
            if let Some(entry) = self.entries.get_mut(path) {
                entry.file = None;
            }
        }
    }
}
