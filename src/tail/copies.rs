//! Whether a rotated file is a copy of one that is known, so that nothing is read twice.
//!
//! Owns the comparison: by how both begin, and of a file that was let go by all that was read of
//! it. Must never follow anything. Fails with the `io::Error` of a file that cannot be looked at.

use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};

use super::Tail;
use super::handles::Content;
use super::identity::{Beginnings, Identity};
use super::position::Position;
use super::siblings::{Located, is_compressed};
use crate::input::{self, Links};

impl Tail {
    /// Whether what lies at a path may be a copy: at a name that rotation gives, of a log that is
    /// or was followed.
    pub(super) fn may_be_copy(&self, path: &Path) -> bool {
        let text = path.to_string_lossy();
        let live = input::live_name(&text);
        live != *text && (!self.done.is_empty() || !self.files_of_log(Path::new(&live)).is_empty())
    }

    /// Whether what lies at a rotated name, and begins so, begins as a followed file of that log
    /// does, or as one that will be: a copy made before the log is emptied, or one that is still
    /// being made.
    pub(super) fn is_copy_of_followed(
        &self,
        path: &Path,
        start: &[u8],
        newcomer: &[u8],
    ) -> io::Result<bool> {
        if !self.may_be_copy(path) {
            return Ok(false);
        }
        let live = input::live_name(&path.to_string_lossy());
        let live = Path::new(&live);
        let of_log = self.files_of_log(live);
        let links = self.limits.links;
        if start.is_empty() {
            // Nothing tells yet.
            return Ok(!of_log.is_empty());
        }
        let is_copy_of_done = self.is_copy_of_done(path, start)?;
        if is_copy_of_done || of_log.is_empty() {
            return Ok(is_copy_of_done);
        }
        if newcomer.starts_with(start) {
            return Ok(true);
        }
        // What is at the log's own path may not be followed yet.
        let logs = of_log.iter().filter_map(|id| Some(self.files.get(id)?.log()));
        let logs: BTreeSet<PathBuf> = logs.chain([live.to_owned()]).collect();
        let begins_so =
            |log: &PathBuf| head_of(log, links).is_ok_and(|(head, _)| head.starts_with(start));
        if logs.iter().any(begins_so) {
            return Ok(true);
        }
        let beginnings = Beginnings::of(start);
        let is_copy = of_log.iter().filter_map(|id| self.files.get(id)).any(|followed| {
            let Position { head, identity, path, .. } = &followed.position;
            // Most of a log with many files are told apart without opening them again.
            let may_be = head.is_empty() || head.len() > start.len() || beginnings.have(*head);
            if !may_be {
                return false;
            }
            let present = head_of(path, links).ok().filter(|(_, at_path)| at_path == identity);
            let present = present.map(|(head, _)| head).unwrap_or_default();
            // What is copied is no longer than the original, unless that was emptied since.
            if !present.is_empty() && head.is_of(&present) {
                return present.starts_with(start);
            }
            let is_telling = head.len() >= TELLING_BYTES || head.len() == start.len();
            is_telling && !head.is_empty() && head.is_of(start)
        });
        Ok(is_copy)
    }

    /// Whether what lies at a rotated name, and begins so, holds what was read of a file that was
    /// let go since, and no more: it was compressed or copied then.
    fn is_copy_of_done(&self, path: &Path, start: &[u8]) -> io::Result<bool> {
        // What was read to its end is known by as much as there is of it.
        let begins_so =
            |position: &Position| position.head.len() == start.len() && position.head.is_of(start);
        for position in self.done.positions().filter(|position| begins_so(position)) {
            let (file, metadata) = Content::open(path, self.limits.links)?;
            let located = Located::of(path.to_owned(), file, &metadata, is_compressed(path));
            // What is no compressed text, or not yet, holds nothing.
            let copy = located.and_then(|it| it.with_text_of(position)).ok().flatten();
            let next = copy.map(|mut it| it.content.read_at(position.read_bytes, &mut [0]));
            if matches!(next, Some(Ok(0))) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// So much of a beginning tells one log from another.
const TELLING_BYTES: usize = 24;

/// How what lies at a path begins, and what it is.
pub(super) fn head_of(path: &Path, links: Links) -> io::Result<(Vec<u8>, Identity)> {
    let (file, metadata) = Content::open(path, links)?;
    let start = if is_compressed(path) {
        // What is no compressed text, or not yet, has no beginning.
        Content::decompress(file).and_then(|mut content| content.start()).unwrap_or_default()
    } else {
        Content::Plain(file).start()?
    };
    Ok((start, Identity::of(&metadata)))
}
