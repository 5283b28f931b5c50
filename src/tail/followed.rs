//! A file that is followed, and a path that is looked at.
//!
//! Owns what is known of either between two looks. Must never touch a file. Nothing here fails.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::FileId;
use super::identity::Extent;
use super::notice::Unseen;
use super::position::Position;

/// A file that is followed.
#[derive(Debug)]
pub(super) struct Followed {
    pub(super) source: usize,
    pub(super) name: Arc<Path>,
    pub(super) position: Position,
    pub(super) predecessor: Option<FileId>,
    /// Paths that show it.
    pub(super) shown_at: Vec<PathBuf>,
    /// It was looked at since the start of the program.
    pub(super) observed: bool,
    /// There may be bytes to read.
    pub(super) unread: bool,
    /// How long it was, at its longest, since it was last read to its end.
    pub(super) seen_bytes: u64,
    /// When it last changed, or when it was no longer at any path.
    pub(super) changed_at: Duration,
    /// Since when it is nowhere to be found.
    pub(super) missing_since: Option<Duration>,
    /// Since when rotated files cannot be looked at that may hold its rest, or have come behind it.
    pub(super) siblings_unseen_since: Option<Duration>,
    /// It could not be read, and is tried again then.
    pub(super) retry_at: Option<Duration>,
    /// That it cannot be read was told.
    pub(super) told: bool,
    /// It seemed cut when it was last looked at, on a file system that may say so wrongly.
    pub(super) suspected_at: Option<Duration>,
}

/// A path that matches, and which file is there.
#[derive(Debug, Default)]
pub(super) struct Entry {
    pub(super) source: usize,
    pub(super) file: Option<FileId>,
    /// The file that was there last.
    pub(super) last: Option<FileId>,
    /// What lies there is a copy of a followed file, as far as it was looked at.
    pub(super) copy: Option<Extent>,
    /// The last problem that was told.
    pub(super) told: Option<Unseen>,
    /// It is named by itself, not found in a directory.
    pub(super) is_exact: bool,
}

impl Followed {
    pub(super) fn new(
        source: usize,
        name: Arc<Path>,
        position: Position,
        predecessor: Option<FileId>,
    ) -> Self {
        Self {
            source,
            name,
            position,
            predecessor,
            shown_at: Vec::new(),
            observed: false,
            unread: false,
            seen_bytes: 0,
            changed_at: Duration::ZERO,
            missing_since: None,
            siblings_unseen_since: None,
            retry_at: None,
            told: false,
            suspected_at: None,
        }
    }

    /// How many bytes are lost if nothing more of it can be read: those that were seen.
    pub(super) fn lost_bytes(&self) -> u64 {
        self.seen_bytes.saturating_sub(self.position.read_bytes).max(self.position.unread_bytes())
    }

    /// The path of the log that it is or was, before rotation.
    pub(super) fn log(&self) -> PathBuf {
        PathBuf::from(crate::input::live_name(&self.name.to_string_lossy()))
    }
}
