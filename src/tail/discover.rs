//! Which paths are to be followed: patterns against what lies in directories.
//!
//! Owns the directories on the way of the patterns and what was found in them. Must never look at a
//! file: a path that matches is all it tells. Fails: never; a directory that cannot be listed keeps
//! what it had, which is not the same as being empty, and is counted.
//!
//! A directory is listed when it is new, when its time changed, once more after that, as a change
//! within one tick of the clock does not change the time, and when a wake-up names it.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::notice::Unseen;
use crate::file_pattern::{DEPTH_MAX, Exclusion, Pattern, is_hidden};
use crate::input::{self, Links, UntrustedLink};

/// Directories known at a time, over all patterns.
const DIRECTORIES_MAX: usize = 65_536;

/// Paths of files known at a time, over all patterns.
pub(super) const PATHS_MAX: usize = 100_000;

/// Names that are read of one directory.
pub(super) const NAMES_MAX: usize = 1_000_000;

/// Where a pattern begins: the directory that it names, or what may be one at an exact path.
fn root_of(pattern: &Pattern) -> PathBuf {
    let root = if pattern.is_exact() { pattern.as_path() } else { pattern.directory() };
    // Without the slash behind it.
    root.components().collect()
}

/// Whether something below a directory, so many levels under the root, can fit.
fn goes_into(pattern: &Pattern, depth: usize, name: &OsStr) -> bool {
    if pattern.is_exact() {
        return depth < DEPTH_MAX && !is_hidden(name);
    }
    depth < pattern.depth_max() && (pattern.takes_hidden() || !is_hidden(name))
}

/// Whether a file in a directory that was gone into fits.
fn takes(pattern: &Pattern, path: &Path, name: &OsStr) -> bool {
    if pattern.is_exact() {
        return !is_hidden(name);
    }
    let below = path.strip_prefix(pattern.directory());
    (pattern.takes_hidden() || !is_hidden(name))
        && below.is_ok_and(|below| pattern.fits_below(below))
}

/// A pattern's source, and which of its patterns it is.
type PatternId = (usize, usize);

fn is_exact(sources: &[(Vec<Pattern>, Vec<Exclusion>)], (source, index): PatternId) -> bool {
    let patterns = sources.get(source).map(|(patterns, _)| patterns);
    patterns.and_then(|patterns| patterns.get(index)).is_some_and(Pattern::is_exact)
}

/// What is known of a directory.
#[derive(Debug, Default)]
pub(super) struct Directory {
    /// Device, inode and time when it was last listed.
    listed: Option<(u64, u64, i64)>,
    /// It changed when it was last looked at: it is listed once more.
    again: bool,
    patterns: BTreeSet<(PatternId, usize)>,
    /// What was found in it: names of files that match, with their source, and of directories.
    files: BTreeMap<OsString, usize>,
    directories: BTreeSet<OsString>,
    /// Why it could not be looked at, as it was told.
    told: Option<Unseen>,
}

/// What a look at directories found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    /// Paths that match and did not before, with their source.
    pub(super) appeared: Vec<(PathBuf, usize)>,
    /// Paths that matched, and are no longer there.
    pub(super) vanished: Vec<PathBuf>,
    /// Directories that are to be watched from now on.
    pub(super) entered: Vec<PathBuf>,
    /// Directories that are no longer of interest.
    pub(super) left: Vec<PathBuf>,
    /// Directories that cannot be looked at, and why; those that can again.
    pub(super) seen: Vec<(PathBuf, Option<Unseen>)>,
}

/// The directories of all patterns.
#[derive(Debug, Default)]
pub(super) struct Directories {
    sources: Vec<(Vec<Pattern>, Vec<Exclusion>)>,
    known: BTreeMap<PathBuf, Directory>,
    links: Links,
    /// How many of them are there, and were listed.
    listed: usize,
    /// How many files were found in them.
    paths: usize,
    /// Directories that could not be listed, looks counted.
    pub(super) unlisted: u64,
    /// Paths and directories that found no room.
    pub(super) left_out: u64,
}

impl Directories {
    /// The root of every pattern; nothing is looked at yet.
    pub(super) fn new(sources: Vec<(Vec<Pattern>, Vec<Exclusion>)>, links: Links) -> Self {
        let mut known: BTreeMap<PathBuf, Directory> = BTreeMap::new();
        for (source, (patterns, _)) in sources.iter().enumerate() {
            for (index, pattern) in patterns.iter().enumerate() {
                let root = known.entry(root_of(pattern)).or_default();
                root.patterns.insert(((source, index), 0));
            }
        }
        Self { sources, known, links, ..Self::default() }
    }

    /// The directories that are looked at.
    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.known.keys()
    }

    /// The same, in order.
    pub(super) fn all(&self) -> &BTreeMap<PathBuf, Directory> {
        &self.known
    }

    /// Whether a name that a wake-up told may be of interest: one that a pattern fits, one that was
    /// found, a directory. Others beside a log may be written to all the time.
    pub(super) fn may_take(&self, path: &Path) -> bool {
        let Some(name) = path.file_name() else { return false };
        let parent = path.parent().and_then(|parent| self.known.get(parent));
        let was_found = parent.is_some_and(|parent| {
            parent.files.contains_key(name) || parent.directories.contains(name)
        });
        let mut patterns = self.sources.iter().flat_map(|(patterns, _)| patterns);
        was_found || patterns.any(|pattern| takes(pattern, path, name)) || path.is_dir()
    }

    /// Whether a directory is one of them.
    pub(super) fn knows(&self, path: &Path) -> bool {
        self.known.contains_key(path)
    }

    /// How many are there.
    pub(super) fn len(&self) -> usize {
        self.listed
    }

    /// Looks at a directory, and at what was found below it; `is_named` if a wake-up named it.
    pub(super) fn look(&mut self, path: &Path, is_named: bool, found: &mut Found) {
        let Some(directory) = self.known.get_mut(path) else { return };
        #[cfg(test)]
        super::faults::step();
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => metadata,
            Ok(_) => return self.leave_all(path, found),
            Err(error) if is_gone(&error) => return self.leave_all(path, found),
            // A path that may as well be a file is looked at as one, and what is wrong told there.
            Err(_) if directory.patterns.iter().all(|(id, _)| is_exact(&self.sources, *id)) => {
                return;
            }
            Err(error) => return self.cannot_list(path, &error, found),
        };
        let modified = metadata.mtime().saturating_mul(1_000_000_000) + metadata.mtime_nsec();
        let state = (metadata.dev(), metadata.ino(), modified);
        let changed = directory.listed != Some(state);
        if !changed && !directory.again && !is_named {
            return;
        }
        let is_new = directory.listed.is_none_or(|(dev, ino, _)| (dev, ino) != (state.0, state.1));
        if is_new && let Err(error) = input::check_links(path, self.links) {
            // What was found behind the link before is there no longer.
            if UntrustedLink::is_in(&error) && directory.listed.is_some() {
                self.leave_all(path, found);
            }
            return self.cannot_list(path, &error, found);
        }
        let Some(directory) = self.known.get_mut(path) else { return };
        directory.again = changed;
        self.listed += usize::from(directory.listed.replace(state).is_none());
        if is_new {
            found.entered.push(path.to_owned());
        }
        match list(path) {
            Ok(entries) => {
                if directory.told.take().is_some() {
                    found.seen.push((path.to_owned(), None));
                }
                self.left_out += u64::from(entries.len() == NAMES_MAX);
                self.compare(path, entries, found);
            }
            Err(error) => {
                // Not listed is not empty: it keeps what it had, and is tried again.
                directory.listed = None;
                self.listed -= 1;
                self.cannot_list(path, &error, found);
            }
        }
    }

    fn cannot_list(&mut self, path: &Path, error: &io::Error, found: &mut Found) {
        self.unlisted += 1;
        let why = Unseen::of(error);
        if let Some(directory) = self.known.get_mut(path)
            && directory.told.replace(why) != Some(why)
        {
            found.seen.push((path.to_owned(), Some(why)));
        }
    }

    fn compare(&mut self, path: &Path, entries: Vec<(OsString, bool)>, found: &mut Found) {
        let Some(directory) = self.known.get(path) else { return };
        let patterns = directory.patterns.clone();
        let mut files = BTreeMap::new();
        let mut below = BTreeMap::new();
        for (name, is_directory) in entries {
            let full = path.join(&name);
            for ((source, index), depth) in &patterns {
                let Some((all, exclude)) = self.sources.get(*source) else { continue };
                let Some(pattern) = all.get(*index) else { continue };
                if is_directory && goes_into(pattern, depth + 1, &name) {
                    let patterns: &mut BTreeSet<_> = below.entry(name.clone()).or_default();
                    patterns.insert(((*source, *index), depth + 1));
                } else if !is_directory
                    && !is_compressed(&name)
                    && takes(pattern, &full, &name)
                    && !exclude.iter().any(|exclude| exclude.fits(&full))
                {
                    files.entry(name.clone()).or_insert(*source);
                }
            }
        }
        self.take_over(path, files, below, found);
    }

    fn take_over(
        &mut self,
        path: &Path,
        mut files: BTreeMap<OsString, usize>,
        below: BTreeMap<OsString, BTreeSet<(PatternId, usize)>>,
        found: &mut Found,
    ) {
        let Some(directory) = self.known.get_mut(path) else { return };
        let before = std::mem::take(&mut directory.files);
        let directories_before = std::mem::take(&mut directory.directories);
        for name in before.keys().filter(|name| !files.contains_key(*name)) {
            found.vanished.push(path.join(name));
        }
        self.paths -= before.len();
        files.retain(|name, source| {
            let has_room = self.paths < PATHS_MAX;
            self.paths += usize::from(has_room);
            self.left_out += u64::from(!has_room);
            if has_room && before.get(name) != Some(source) {
                found.appeared.push((path.join(name), *source));
            }
            has_room
        });
        let names: BTreeSet<OsString> = below.keys().cloned().collect();
        if let Some(directory) = self.known.get_mut(path) {
            directory.files = files;
            directory.directories = names;
        }
        for gone in directories_before.iter().filter(|name| !below.contains_key(*name)) {
            self.leave(&path.join(gone), found);
        }
        for (name, patterns) in below {
            self.enter(&path.join(name), patterns, found);
        }
    }

    fn enter(&mut self, path: &Path, patterns: BTreeSet<(PatternId, usize)>, found: &mut Found) {
        if let Some(known) = self.known.get_mut(path) {
            if !patterns.is_subset(&known.patterns) {
                known.patterns.extend(patterns);
                self.look(path, true, found);
            }
            return;
        }
        if self.known.len() >= DIRECTORIES_MAX {
            self.left_out += 1;
            return;
        }
        if self.is_loop(path) {
            return;
        }
        self.known.insert(path.to_owned(), Directory { patterns, ..Directory::default() });
        self.look(path, true, found);
    }

    /// A link to a directory on the way to it.
    fn is_loop(&self, path: &Path) -> bool {
        let Ok(metadata) = std::fs::metadata(path) else { return false };
        let own = (metadata.dev(), metadata.ino());
        path.ancestors().skip(1).any(|ancestor| {
            let listed = self.known.get(ancestor).and_then(|directory| directory.listed);
            listed.is_some_and(|(dev, ino, _)| (dev, ino) == own)
        })
    }

    /// A directory is gone; a root is kept, as it may come again.
    fn leave_all(&mut self, path: &Path, found: &mut Found) {
        let Some(directory) = self.known.get_mut(path) else { return };
        directory.told = None;
        if directory.listed.take().is_some() {
            self.listed -= 1;
            found.left.push(path.to_owned());
        }
        let files = std::mem::take(&mut directory.files);
        let directories = std::mem::take(&mut directory.directories);
        self.paths -= files.len();
        found.vanished.extend(files.keys().map(|name| path.join(name)));
        for name in directories {
            self.leave(&path.join(name), found);
        }
    }

    fn leave(&mut self, path: &Path, found: &mut Found) {
        self.leave_all(path, found);
        let Some(directory) = self.known.get_mut(path) else { return };
        directory.patterns.retain(|(_, depth)| *depth == 0);
        if directory.patterns.is_empty() {
            self.known.remove(path);
        }
    }
}

/// What is compressed is written to no more; it is only looked at for the rest of a log.
pub(super) fn is_compressed(name: &OsStr) -> bool {
    name.to_str().is_some_and(crate::input::is_compressed_name)
}

/// The names in a directory, and which of them are directories.
fn list(path: &Path) -> io::Result<Vec<(OsString, bool)>> {
    #[cfg(test)]
    super::faults::step();
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path)?.take(NAMES_MAX) {
        let entry = entry?;
        let Ok(kind) = entry.file_type() else { continue };
        let is_directory = if kind.is_symlink() {
            std::fs::metadata(entry.path()).is_ok_and(|target| target.is_dir())
        } else {
            kind.is_dir()
        };
        entries.push((entry.file_name(), is_directory));
    }
    entries.sort();
    Ok(entries)
}

/// The error says that nothing is there, not that it cannot be seen.
pub(super) fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}
