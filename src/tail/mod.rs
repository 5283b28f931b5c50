//! Which bytes of which files, exactly once and in order, while they are written, renamed, cut,
//! copied, compressed and deleted.
//!
//! Owns identities, offsets, rotation and the open files. Must never look inside a line: it hands
//! out bytes and where they stand. A wake-up only says where to look first; a reconcile pass over
//! what the file system says now is the truth. Fails: never as a whole; what cannot be seen, was
//! lost or may have been lost is a [`Notice`], counted in [`Counters`], and the rest goes on.
//!
//! ```text
//! patterns ──discover──▶ paths ──resolve──▶ followed files ──read──▶ bytes at offsets
//!                        (what is there)    (what it is, by identity, head, marker)
//! ```
//!
//! A path is where a file was seen; a file is known by its identity, and keeps being followed when
//! it is renamed, until it is quiet. Files that followed each other at one path form a chain: the
//! later is read only when the earlier is at its end.

mod aliases;
mod between;
mod copies;
mod discover;
mod done;
#[cfg(test)]
pub(crate) mod faults;
mod followed;
mod handles;
mod identity;
pub mod journal;
mod listing;
mod notice;
mod path_text;
mod position;
mod read;
mod resolve;
mod retire;
mod siblings;
mod start;
pub mod stream;
mod sweep;
pub mod watch;

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use identity::{Extent, Head, Identity, Marker};
pub use notice::{Counters, Notice, NoticeKind, Unseen};
pub use position::{Position, Standing};
pub use read::Read;
pub use start::Start;

use crate::file_pattern::{Exclusion, Pattern};
use crate::input::Links;
use aliases::Aliases;
use discover::Directories;
use done::Done;
use followed::{Entry, Followed};
use handles::Handles;

/// Names a followed file for as long as it is followed, over restarts.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, Default,
)]
pub struct FileId(pub u64);

/// Files that the user asked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    /// Names it over restarts and changes of the configuration.
    pub key: Arc<str>,
    /// Which files, by absolute paths. An exact one that is a directory means its files at any
    /// depth, hidden ones left out.
    pub patterns: Vec<Pattern>,
    /// Which of them not.
    pub exclude: Vec<Exclusion>,
    /// Further directories where rotation puts files.
    pub rotated_to: Vec<PathBuf>,
    /// Where files begin that are there when the source is seen for the first time.
    pub start: Start,
}

/// How much is kept open, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Open files.
    pub open_files_max: usize,
    /// How long a file that is at no path any more is still looked at after its last byte.
    pub rotated_quiet: Duration,
    /// How long a file may be nowhere to be found before it counts as gone: a rotation may be
    /// between two of its steps.
    pub missing_max: Duration,
    /// How many bytes one read asks for.
    pub read_bytes: usize,
    /// How many paths and directories one look goes through if nothing named them.
    pub sweep_max: usize,
    /// Which links are followed.
    pub links: Links,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            open_files_max: 256,
            rotated_quiet: Duration::from_mins(5),
            missing_max: Duration::from_secs(3),
            read_bytes: 256 * 1024,
            sweep_max: 500,
            links: Links::Protected,
        }
    }
}

/// A file as it is kept over a restart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Kept {
    /// Its name here.
    pub id: FileId,
    /// The key of its source.
    pub source: Arc<str>,
    /// The path at which it was found first, which names it.
    #[serde(with = "path_text")]
    pub name: PathBuf,
    /// How far it was read.
    pub position: Position,
    /// The file that is read to its end before this one.
    pub predecessor: Option<FileId>,
    /// It was read to its end and let go; it is remembered so that it is not taken for a new one.
    pub is_done: bool,
}

/// What happened to a file that its reader must know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is followed from now on.
    Opened(FileId),
    /// Nothing more comes of it; an unterminated last line is complete as it is.
    Finished(FileId),
    /// Nothing more comes of it; what an unterminated last line would have gone on with is gone.
    CutShort(FileId),
}

impl Change {
    /// The file.
    pub fn file(self) -> FileId {
        match self {
            Self::Opened(file) | Self::Finished(file) | Self::CutShort(file) => file,
        }
    }
}

/// Follows files.
pub struct Tail {
    sources: Vec<Source>,
    /// Sources whose files were all met before: what appears now is new.
    met: BTreeSet<Arc<str>>,
    limits: Limits,
    files: BTreeMap<FileId, Followed>,
    next_id: u64,
    by_identity: HashMap<Identity, FileId>,
    /// The files of each log, by the path of the live one.
    by_log: HashMap<PathBuf, Vec<FileId>>,
    entries: BTreeMap<PathBuf, Entry>,
    /// The files that were last at paths that are not looked at now.
    last_at: BTreeMap<PathBuf, FileId>,
    done: Done,
    /// The files that no path shows.
    retired: BTreeSet<FileId>,
    aliases: Aliases,
    directories: Directories,
    /// Directories whose changes are told by nobody.
    polled: BTreeSet<PathBuf>,
    handles: Handles,
    unread: VecDeque<FileId>,
    sweep: sweep::Sweep,
    listings: listing::Listings,
    watch: Vec<WatchRequest>,
    changes: Vec<Change>,
    notices: Vec<Notice>,
    moved: BTreeSet<FileId>,
    removed: BTreeSet<FileId>,
    counters: Counters,
    buffer: Vec<u8>,
    /// Every file system is one whose sizes may be those of a moment ago.
    #[cfg(test)]
    is_all_remote: bool,
}

/// A directory whose changes are to be told, or no longer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum WatchRequest {
    /// Tell its changes.
    Watch(PathBuf),
    /// Tell them no longer.
    Unwatch(PathBuf),
}

impl Tail {
    /// Follows what these sources ask for, from where `kept` says. `met` are the keys of sources
    /// whose files were met in an earlier run.
    pub fn new(
        sources: Vec<Source>,
        limits: Limits,
        kept: Vec<Kept>,
        met: BTreeSet<Arc<str>>,
    ) -> Self {
        let patterns =
            sources.iter().map(|source| (source.patterns.clone(), source.exclude.clone()));
        let mut tail = Self {
            directories: Directories::new(patterns.collect(), limits.links),
            sources,
            met,
            limits,
            files: BTreeMap::new(),
            next_id: 1,
            by_identity: HashMap::new(),
            by_log: HashMap::new(),
            entries: BTreeMap::new(),
            last_at: BTreeMap::new(),
            done: Done::default(),
            retired: BTreeSet::new(),
            aliases: Aliases::default(),
            polled: BTreeSet::new(),
            handles: Handles::new(limits.open_files_max, limits.links),
            unread: VecDeque::new(),
            sweep: sweep::Sweep::default(),
            listings: listing::Listings::default(),
            watch: Vec::new(),
            changes: Vec::new(),
            notices: Vec::new(),
            moved: BTreeSet::new(),
            removed: BTreeSet::new(),
            counters: Counters::default(),
            buffer: Vec::new(),
            #[cfg(test)]
            is_all_remote: false,
        };
        tail.take_up(kept);
        tail.enter_exact_paths();
        tail
    }

    fn take_up(&mut self, kept: Vec<Kept>) {
        for kept in kept {
            // A file that is gone must not be taken for the one that has its number next.
            let named = kept.predecessor.unwrap_or_default().max(kept.id);
            self.next_id = self.next_id.max(named.0 + 1);
            let source = self.sources.iter().position(|known| known.key == kept.source);
            let Some(source) = source.filter(|_| !kept.is_done) else {
                // If the configuration asks for it no longer, another source may, now or later.
                self.remember_done(kept);
                continue;
            };
            let Kept { id, name, position, predecessor, .. } = kept;
            self.by_identity.insert(position.identity, id);
            // The last file of each path goes on where it was.
            let last = self.last_at.entry(name.clone()).or_insert(id);
            *last = (*last).max(id);
            // How long the text in a compressed file is nobody knows.
            let is_compressed = position.compressed;
            let followed = Followed::new(source, Arc::from(name), position, predecessor);
            push_only(self.by_log.entry(followed.log()).or_default(), id);
            self.files.insert(id, followed);
            self.retired.insert(id);
            if is_compressed {
                self.mark_unread(id);
            }
        }
    }

    /// Paths that are named by themselves are looked at whether or not anything is there.
    fn enter_exact_paths(&mut self) {
        let mut exact = Vec::new();
        for (index, source) in self.sources.iter().enumerate() {
            let paths = source.patterns.iter().filter(|pattern| pattern.is_exact());
            let paths = paths.map(|pattern| pattern.as_path().to_owned());
            let meant = paths.filter(|path| !source.exclude.iter().any(|not| not.fits(path)));
            exact.extend(meant.map(|path| (path, index)));
        }
        for (path, source) in exact {
            if let Some(parent) = path.parent() {
                self.watch.push(WatchRequest::Watch(parent.to_owned()));
            }
            self.enter(&path, source);
            if let Some(entry) = self.entries.get_mut(&path) {
                entry.is_exact = true;
            }
        }
    }

    /// What is to be watched, since this was last asked.
    pub fn take_watch_requests(&mut self) -> Vec<WatchRequest> {
        std::mem::take(&mut self.watch)
    }

    /// What happened to files, since this was last asked, in order.
    ///
    /// None is left out, or its reader would wait for ever: there are as many as files that one
    /// look or one read can open and let go, if this is asked after each.
    pub fn take_changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.changes)
    }

    /// What the operator should know, since this was last asked.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// The files whose position changed, and those that are followed no longer, since this was last
    /// asked.
    pub fn take_moved(&mut self) -> (BTreeSet<FileId>, BTreeSet<FileId>) {
        (std::mem::take(&mut self.moved), std::mem::take(&mut self.removed))
    }

    /// A file as it is to be kept.
    pub fn kept(&self, id: FileId) -> Option<Kept> {
        let Some(followed) = self.files.get(&id) else { return self.done.get(id).cloned() };
        Some(Kept {
            id,
            source: Arc::clone(&self.sources.get(followed.source)?.key),
            name: followed.name.to_path_buf(),
            position: followed.position.clone(),
            predecessor: followed.predecessor,
            is_done: false,
        })
    }

    /// Every file that is kept: those that are followed, and those that are done.
    pub fn files(&self) -> impl Iterator<Item = FileId> {
        self.files.keys().copied().chain(self.done.ids())
    }

    /// The path that names a file, and its source's place among all.
    pub fn name(&self, id: FileId) -> Option<(Arc<Path>, usize)> {
        self.files.get(&id).map(|followed| (Arc::clone(&followed.name), followed.source))
    }

    /// The keys of the sources whose files were all met.
    pub fn met(&self) -> &BTreeSet<Arc<str>> {
        &self.met
    }

    /// Whether the files of a source, by its place among all, were all met before.
    pub fn is_met(&self, source: usize) -> bool {
        self.sources.get(source).is_some_and(|source| self.met.contains(&source.key))
    }

    /// How many bytes of a file are known to be unread.
    pub fn lag_bytes(&self, id: FileId) -> u64 {
        self.files.get(&id).map_or(0, |followed| followed.position.unread_bytes())
    }

    /// What was counted.
    pub fn counters(&self) -> Counters {
        Counters {
            open_files: self.handles.len() as u64,
            handles_closed_early: self.handles.closed_early,
            files: self.files.len() as u64,
            paths: self.entries.len() as u64,
            directories: self.directories.len() as u64,
            directories_unlisted: self.directories.unlisted,
            left_out: self.directories.left_out,
            ..self.counters
        }
    }

    fn notice(&mut self, path: &Path, kind: NoticeKind) {
        const NOTICES_MAX: usize = 1000;
        self.counters.count(&kind);
        if self.notices.len() < NOTICES_MAX {
            self.notices.push(Notice { path: path.to_owned(), kind });
        }
    }
}

/// Adds to a list of which there are many, and in which there is seldom more than one.
fn push_only<T>(list: &mut Vec<T>, new: T) {
    if list.is_empty() {
        list.reserve_exact(1);
    }
    list.push(new);
}
