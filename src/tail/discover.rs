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

use globset::{GlobBuilder, GlobMatcher};

/// Directories known at a time, over all patterns.
const DIRECTORIES_MAX: usize = 65_536;

/// Paths of files known at a time, over all patterns.
pub(super) const PATHS_MAX: usize = 100_000;

/// How deep `**` goes.
const DEPTH_MAX: usize = 64;

/// What the user wrote for files: a path, or a pattern over paths.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    /// The directory to look in.
    root: PathBuf,
    /// What stands below it; none of a plain path.
    matcher: Option<GlobMatcher>,
    depth_max: usize,
    takes_hidden: bool,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Pattern {
    /// A path whose characters mean themselves.
    pub fn literal(path: &Path) -> Self {
        let root = path.parent().unwrap_or(Path::new("/")).to_owned();
        let text = path.to_string_lossy().into_owned();
        Self { text, root, matcher: None, depth_max: 0, takes_hidden: true }
    }

    /// A pattern: `*`, `?`, `[..]`, `{a,b}` within a name, `**` across directories; names with a
    /// leading dot only where the dot is written. The error is a lowercase fragment.
    pub fn parse(text: &str) -> Result<Self, String> {
        let Some(first) = text.find(['*', '?', '[', '{', '\\']) else {
            return Ok(Self::literal(Path::new(text)));
        };
        let cut = text.get(..first).and_then(|plain| plain.rfind('/')).map_or(0, |at| at + 1);
        let (root, rest) = text.split_at(cut);
        let glob = GlobBuilder::new(rest).literal_separator(true).build();
        let glob = glob.map_err(|error| error.kind().to_string())?;
        let levels = rest.matches('/').count() + 1;
        Ok(Self {
            text: text.to_owned(),
            root: PathBuf::from(if root.is_empty() { "." } else { root }),
            matcher: Some(glob.compile_matcher()),
            depth_max: if rest.contains("**") { DEPTH_MAX } else { levels.min(DEPTH_MAX) },
            takes_hidden: rest.starts_with('.') || rest.contains("/.") || rest.contains("{."),
        })
    }

    /// The path, if it is a plain one.
    pub fn plain_path(&self) -> Option<PathBuf> {
        self.matcher.is_none().then(|| PathBuf::from(&self.text))
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn takes(&self, path: &Path) -> bool {
        let below = path.strip_prefix(&self.root).ok();
        let is_match = |below: &Path| self.matcher.as_ref().is_some_and(|m| m.is_match(below));
        below.is_some_and(is_match)
    }

    /// Whether something below a directory, so many levels under the root, can match.
    fn goes_into(&self, depth: usize, name: &OsStr) -> bool {
        depth < self.depth_max && (self.takes_hidden || !is_hidden(name))
    }
}

fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}

/// What is left out of what patterns take.
#[derive(Debug, Clone)]
pub struct Exclude {
    text: String,
    matcher: GlobMatcher,
    is_of_name: bool,
}

impl PartialEq for Exclude {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Exclude {
    /// A pattern without `/` is of names, one with it of whole paths.
    pub fn parse(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        let matcher = glob.map_err(|error| error.kind().to_string())?.compile_matcher();
        Ok(Self { text: text.to_owned(), matcher, is_of_name: !text.contains('/') })
    }

    /// As it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    fn takes(&self, path: &Path) -> bool {
        if self.is_of_name {
            path.file_name().is_some_and(|name| self.matcher.is_match(name))
        } else {
            self.matcher.is_match(path)
        }
    }
}

/// A pattern's source, and which of its patterns it is.
type PatternId = (usize, usize);

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
}

/// The directories of all patterns.
#[derive(Debug, Default)]
pub(super) struct Directories {
    sources: Vec<(Vec<Pattern>, Vec<Exclude>)>,
    known: BTreeMap<PathBuf, Directory>,
    paths: usize,
    /// Directories that could not be listed, looks counted.
    pub(super) unlisted: u64,
    /// Paths and directories that found no room.
    pub(super) left_out: u64,
}

impl Directories {
    /// The roots of every pattern that is one; nothing is looked at yet.
    pub(super) fn new(sources: Vec<(Vec<Pattern>, Vec<Exclude>)>) -> Self {
        let mut directories = Self { sources, ..Self::default() };
        let sources = directories.sources.iter().enumerate();
        let roots: Vec<_> = sources
            .flat_map(|(source, (patterns, _))| {
                patterns
                    .iter()
                    .enumerate()
                    .filter(|(_, pattern)| pattern.matcher.is_some())
                    .map(move |(index, pattern)| (pattern.root.clone(), ((source, index), 0)))
            })
            .collect();
        for (root, pattern) in roots {
            directories.known.entry(root).or_default().patterns.insert(pattern);
        }
        directories
    }

    /// The directories that are looked at.
    pub(super) fn paths(&self) -> impl Iterator<Item = &PathBuf> {
        self.known.keys()
    }

    /// The same, in order.
    pub(super) fn all(&self) -> &BTreeMap<PathBuf, Directory> {
        &self.known
    }

    /// Whether a directory is one of them.
    pub(super) fn knows(&self, path: &Path) -> bool {
        self.known.contains_key(path)
    }

    /// Looks at a directory, and at what was found below it; `is_named` if a wake-up named it.
    pub(super) fn look(&mut self, path: &Path, is_named: bool, found: &mut Found) {
        let Some(directory) = self.known.get_mut(path) else { return };
        let metadata = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => metadata,
            Ok(_) => return self.leave_all(path, found),
            Err(error) if is_gone(&error) => return self.leave_all(path, found),
            Err(_) => {
                self.unlisted += 1;
                return;
            }
        };
        let modified = metadata.mtime().saturating_mul(1_000_000_000) + metadata.mtime_nsec();
        let state = (metadata.dev(), metadata.ino(), modified);
        let changed = directory.listed != Some(state);
        if !changed && !directory.again && !is_named {
            return;
        }
        let is_new = directory.listed.is_none_or(|(dev, ino, _)| (dev, ino) != (state.0, state.1));
        directory.again = changed;
        directory.listed = Some(state);
        if is_new {
            found.entered.push(path.to_owned());
        }
        match list(path) {
            Ok(entries) => self.compare(path, entries, found),
            Err(_) => {
                self.unlisted += 1;
                if let Some(directory) = self.known.get_mut(path) {
                    // Not listed is not empty: it is tried again.
                    directory.listed = None;
                }
            }
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
                if is_directory && pattern.goes_into(depth + 1, &name) {
                    let patterns: &mut BTreeSet<_> = below.entry(name.clone()).or_default();
                    patterns.insert(((*source, *index), depth + 1));
                } else if !is_directory
                    && (pattern.takes_hidden || !is_hidden(&name))
                    && !is_compressed(&name)
                    && pattern.takes(&full)
                    && !exclude.iter().any(|exclude| exclude.takes(&full))
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
        if directory.listed.take().is_some() {
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
fn is_compressed(name: &OsStr) -> bool {
    name.to_str().is_some_and(crate::input::is_compressed_name)
}

/// The names in a directory, and which of them are directories.
fn list(path: &Path) -> io::Result<Vec<(OsString, bool)>> {
    let mut entries = Vec::new();
    for entry in std::fs::read_dir(path)? {
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
