//! Bytes of followed files, and the moment when a file turns out to be another.
//!
//! Owns the window that is read: the marker's bytes and what comes behind them, at once, so that
//! nothing can happen in between. Must never look at what the bytes mean. Fails: never; what cannot
//! be read is tried again.

use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::between::Between;
use super::handles::{Content, is_out_of_handles};
use super::identity::{Extent, HEAD_BYTES_MAX};
use super::notice::{NoticeKind, Unseen};
use super::position::{Position, Standing};
use super::siblings::{Located, Renaming};
use super::{Change, FileId, Tail};

/// How long a file that could not be read is left alone.
pub(super) const RETRY: Duration = Duration::from_secs(1);

/// File systems whose sizes and contents may be those of a moment ago, by the magic numbers of
/// `statfs(2)`: NFS, SMB, CIFS, SMB2, 9p, FUSE, AFS, Ceph.
const REMOTE: [u64; 8] =
    [0x6969, 0x517b, 0xff53_4d42, 0xfe53_4d42, 0x0102_1997, 0x6573_5546, 0x5346_414f, 0x00c3_6400];

/// No text begins like this, whatever its encoding.
const ZEROES: [u8; 8] = [0; 8];

/// What reading a file gave.
#[derive(Debug, PartialEq, Eq)]
pub enum Read<'t> {
    /// Bytes that were not read before.
    Bytes {
        /// Where they stand in the file.
        offset: u64,
        /// The bytes.
        bytes: &'t [u8],
    },
    /// Nothing more for now.
    AtEnd,
}

/// What became of a file in which what was read stands no longer.
struct Became {
    /// From where on what has its inode is read.
    from_bytes: u64,
    extent: Extent,
    /// How that begins.
    start: Vec<u8>,
    /// What holds the rest of what it was.
    copy: Option<Located>,
    /// What came behind it and was emptied as well.
    between: Between,
}

impl Tail {
    /// A file that may have bytes to read, whose predecessor is at its end.
    pub fn next_unread(&mut self, now: Duration) -> Option<FileId> {
        for _ in 0..self.unread.len() {
            let id = self.unread.pop_front()?;
            if self.files.get(&id).is_none_or(|followed| !followed.unread) {
                continue;
            }
            self.unread.push_back(id);
            if self.may_be_read(id, now) {
                return Some(id);
            }
        }
        None
    }

    fn may_be_read(&self, id: FileId, now: Duration) -> bool {
        let Some(followed) = self.files.get(&id).filter(|followed| followed.unread) else {
            return false;
        };
        let is_blocked = followed.predecessor.is_some_and(|before| {
            let before = self.files.get(&before);
            before.is_some_and(|before| {
                before.unread && before.retry_at.is_none() && before.missing_since.is_none()
            })
        });
        let waits = followed.retry_at.is_some_and(|at| at > now)
            || followed.suspected_at.is_some_and(|at| at + RETRY > now);
        !is_blocked && !waits
    }

    /// The files that may have bytes to read, at most so many, and whose predecessors are at their
    /// ends.
    pub fn unread(&self, max: usize, now: Duration) -> Vec<FileId> {
        let unread = self.unread.iter().copied();
        unread.filter(|id| self.may_be_read(*id, now)).take(max).collect()
    }

    /// Reads once from a file.
    pub fn read(&mut self, id: FileId, now: Duration) -> Read<'_> {
        match self.read_window(id) {
            Ok(Some((window_bytes, standing))) => self.take_window(id, window_bytes, standing, now),
            Ok(None) => {
                self.is_missing(id, now);
                Read::AtEnd
            }
            Err(error) => {
                self.cannot_read(id, &error, now);
                Read::AtEnd
            }
        }
    }

    /// Bytes that were read before, for context: as many as still stand there; `None` if the file
    /// is nowhere.
    pub fn read_again(&mut self, id: FileId, bytes: Range<u64>) -> io::Result<Option<Vec<u8>>> {
        let wanted = usize::try_from(bytes.end - bytes.start).map_err(io::Error::other)?;
        let Some(content) = self.content(id)? else { return Ok(None) };
        let mut again = vec![0; wanted];
        let count = content.read_at(bytes.start, &mut again)?;
        again.truncate(count);
        Ok(Some(again))
    }

    /// Whether what was read last stands there still, in a file that is there.
    pub fn has_what_was_read(&mut self, id: FileId) -> io::Result<bool> {
        if self.content(id)?.is_none() {
            return Ok(false);
        }
        let (content, followed) = (self.handles.get(id), self.files.get(&id));
        let (Some(content), Some(followed)) = (content, followed) else { return Ok(false) };
        content.has_text_of(&followed.position)
    }

    /// How many bytes before the offset and behind it are in the buffer now, and what they tell of
    /// the file; `None` if it is nowhere.
    fn read_window(&mut self, id: FileId) -> io::Result<Option<(usize, Standing)>> {
        if self.content(id)?.is_none() {
            return Ok(None);
        }
        let (content, followed) = (self.handles.get(id), self.files.get(&id));
        let (Some(content), Some(followed)) = (content, followed) else { return Ok(None) };
        let position = &followed.position;
        let least = if position.window_start() == 0 { HEAD_BYTES_MAX } else { 1 };
        let read_bytes = self.limits.read_bytes;
        #[cfg(test)]
        let read_bytes = super::faults::read_bytes(read_bytes);
        let wanted = read_bytes.max(least) + position.marker.len();
        if self.buffer.len() < wanted {
            // Fresh zeroes take no memory until they are written to, unlike a resize.
            self.buffer = vec![0; wanted];
        }
        let buffer = self.buffer.get_mut(..wanted).unwrap_or_default();
        content.read_window(position, buffer).map(Some)
    }

    fn take_window(
        &mut self,
        id: FileId,
        window_bytes: usize,
        standing: Standing,
        now: Duration,
    ) -> Read<'_> {
        let Some(followed) = self.files.get_mut(&id) else { return Read::AtEnd };
        let window = self.buffer.get(..window_bytes).unwrap_or_default();
        match standing {
            Standing::Same { known_bytes } => {
                let offset = followed.position.read_bytes;
                if offset == 0 && window.starts_with(&ZEROES) && self.skip_zeroes(id) {
                    return Read::AtEnd;
                }
                let Some(followed) = self.files.get_mut(&id) else { return Read::AtEnd };
                let window = self.buffer.get(..window_bytes).unwrap_or_default();
                followed.position.advance(window, known_bytes);
                followed.position.verified_ns = followed.position.extent.modified_ns;
                followed.retry_at = None;
                followed.told = false;
                followed.suspected_at = None;
                followed.missing_since = None;
                followed.siblings_unseen_since = None;
                if window.len() == known_bytes {
                    followed.unread = false;
                    followed.seen_bytes = 0;
                    self.note_cut(id);
                    return Read::AtEnd;
                }
                let new = (window.len() - known_bytes) as u64;
                let extent = &mut followed.position.extent;
                extent.size_bytes = extent.size_bytes.max(followed.position.read_bytes);
                followed.changed_at = now;
                self.moved.insert(id);
                self.counters.read_bytes += new;
                let bytes = self.buffer.get(known_bytes..window_bytes).unwrap_or_default();
                Read::Bytes { offset, bytes }
            }
            Standing::Shorter | Standing::Rewritten => {
                self.is_another(id, now);
                Read::AtEnd
            }
        }
    }

    /// A file that ends where reading ends, and was seen longer, was cut behind what was read.
    fn note_cut(&mut self, id: FileId) {
        let Some(content) = self.handles.get(id) else { return };
        let Ok(metadata) = content.metadata() else { return };
        let Some(followed) = self.files.get_mut(&id) else { return };
        let position = &mut followed.position;
        if position.compressed {
            return;
        }
        let seen = position.extent.size_bytes;
        let now = Extent::of(&metadata);
        if seen > position.read_bytes && now.size_bytes == position.read_bytes {
            let lost_bytes = seen - position.read_bytes;
            let from_bytes = position.read_bytes;
            position.extent = now;
            let name = followed.name.to_path_buf();
            self.moved.insert(id);
            self.notice(&name, NoticeKind::Truncated { lost_bytes, from_bytes });
        } else if now.size_bytes > position.read_bytes {
            position.extent = now;
            self.mark_unread(id);
        }
    }

    /// What was read stands there no longer.
    fn is_another(&mut self, id: FileId, now: Duration) {
        let Some(followed) = self.files.get(&id) else { return };
        // What was listed before may have been renamed since.
        let is_compressed = followed.position.compressed;
        self.listings.clear();
        if is_compressed {
            // A copy that is being replaced; what it was is found again or lost.
            self.handles.close(id);
            return self.is_missing(id, now);
        }
        let suspected = self.files.get(&id).is_some_and(|followed| followed.suspected_at.is_some());
        if !suspected && self.is_remote(id) {
            if let Some(followed) = self.files.get_mut(&id) {
                followed.suspected_at = Some(now);
            }
            // What is cached may be older than what was read; a fresh handle sees the present.
            self.handles.close(id);
            return;
        }
        let gone_on = self.while_names_stand(id, |tail| tail.what_became_of(id, now));
        let gone_on = gone_on.and_then(|mut became| {
            // Who writes the log does not wait for what nobody can look at.
            self.leave_out(id, &mut became.between, now)?;
            Ok(became)
        });
        match gone_on {
            Ok(became) => self.go_on(id, became, now),
            Err(error) => self.cannot_read(id, &error, now),
        }
    }

    /// What is left of a file that was emptied, cut or written anew, and what holds the rest of it.
    fn what_became_of(&mut self, id: FileId, now: Duration) -> io::Result<Became> {
        // What was opened for others may have taken its handle in an earlier look.
        let content = self.handles.get(id).ok_or(Renaming)?;
        let start = content.start()?;
        let (from_bytes, extent) = self.what_is_left(id);
        let copy = if from_bytes == 0 { self.locate_copy(id) } else { Ok(None) };
        let copy = match copy {
            Err(error) if !Renaming::is_in(&error) && self.has_waited_for_siblings(id, now) => None,
            copy => copy?,
        };
        // Others may have been copied and emptied since.
        let at = copy.as_ref().map(|copy| copy.identity);
        let between = self.came_between(id, at, &start)?;
        Ok(Became { from_bytes, extent, start, copy, between })
    }

    fn is_remote(&mut self, id: FileId) -> bool {
        #[cfg(test)]
        if self.is_all_remote {
            return true;
        }
        let Some(Content::Plain(file)) = self.handles.get(id) else { return false };
        let kind = rustix::fs::fstatfs(&*file).map(|about| about.f_type);
        // The kernel's numbers have 32 bits, whatever the type of the field.
        kind.is_ok_and(|kind| REMOTE.contains(&(kind.cast_unsigned() & 0xffff_ffff)))
    }

    /// From where a file that was cut is read, and its size now.
    fn what_is_left(&mut self, id: FileId) -> (u64, Extent) {
        let Some(followed) = self.files.get(&id) else { return (0, Extent::default()) };
        let position = followed.position.clone();
        let Some(content) = self.handles.get(id) else { return (0, Extent::default()) };
        let Ok(metadata) = content.metadata() else { return (0, Extent::default()) };
        let extent = Extent::of(&metadata);
        let read = |offset, count| {
            let mut bytes = vec![0; count];
            let count = content.read_at(offset, &mut bytes).unwrap_or(0);
            bytes.truncate(count);
            bytes
        };
        (position.still_known(extent.size_bytes, read), extent)
    }

    /// What has a file's inode is another from now on; what it was ends or goes on in a copy.
    fn go_on(&mut self, id: FileId, became: Became, now: Duration) {
        let Became { from_bytes, extent, start, copy, between } = became;
        let Some(followed) = self.files.get(&id) else { return };
        let (lost_bytes, name) = (followed.lost_bytes(), followed.name.to_path_buf());
        let before = if copy.is_some() { Some(id) } else { followed.predecessor };
        let last = self.catch_up(id, before, between, now);
        let kind = match &copy {
            Some(copy) => NoticeKind::CopiedAndTruncated { copy: copy.path.clone() },
            None => NoticeKind::Truncated { lost_bytes, from_bytes },
        };
        self.notice(&name, kind);
        if copy.is_none() {
            self.changes.push(Change::CutShort(id));
        }
        self.begin_again(id, from_bytes, extent, &start, last, now);
        match copy {
            Some(copy) => self.go_on_in_copy(id, copy, now),
            None => self.forget(id),
        }
    }

    /// The rest of a file that was copied and then emptied is read from the copy.
    fn go_on_in_copy(&mut self, id: FileId, copy: Located, now: Duration) {
        let path = copy.path.clone();
        if let Some(followed) = self.files.get_mut(&id) {
            followed.position.extent = copy.extent;
            followed.position.compressed = copy.compressed;
            followed.changed_at = now;
            followed.unread = false;
        }
        self.settle_at(id, copy);
        self.mark_unread(id);
        self.moved.insert(id);
        // If the copy is at a path that matches, it is known there now.
        if let Some(entry) = self.entries.get_mut(&path) {
            entry.copy = None;
            self.look_at(&path, now);
        }
        if self.files.get(&id).is_some_and(|followed| followed.shown_at.is_empty()) {
            self.retired.insert(id);
        }
    }

    /// What has a file's inode, and begins so, is followed as a file of its own from an offset on.
    fn begin_again(
        &mut self,
        id: FileId,
        from_bytes: u64,
        extent: Extent,
        start: &[u8],
        predecessor: Option<FileId>,
        now: Duration,
    ) {
        let Some(followed) = self.files.get_mut(&id) else { return };
        let (source, name) = (followed.source, Arc::clone(&followed.name));
        let shown_at = std::mem::take(&mut followed.shown_at);
        let Position { identity, path, .. } = followed.position.clone();
        let mut position = Position::new(identity, path, extent);
        let content = self.handles.get(id);
        if let Some((head, before)) = content.and_then(|content| content.around(from_bytes)) {
            position.skip_to(from_bytes, &head, &before);
        }
        // It may be copied and emptied before it is read.
        position.look_at_head(start);
        self.handles.close(id);
        let next = self.follow(source, name, position, predecessor);
        for path in shown_at {
            self.show(&path, next, now);
        }
        self.mark_unread(next);
    }

    /// A file is left alone for a while, and that is told.
    pub fn cannot_read(&mut self, id: FileId, error: &io::Error, now: Duration) {
        let Some(followed) = self.files.get_mut(&id) else { return };
        followed.retry_at = Some(now + RETRY);
        let is_first = !Renaming::is_in(error) && !std::mem::replace(&mut followed.told, true);
        let name: PathBuf = followed.name.to_path_buf();
        if !is_out_of_handles(error) {
            // A handle of a file that a server has replaced stays stale for ever.
            self.handles.close(id);
        }
        if is_first {
            self.notice(&name, NoticeKind::Unseen(Unseen::of(error)));
        }
    }
}
