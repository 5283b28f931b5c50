//! Looking at everything, a little at a time.
//!
//! Owns which paths, directories and files are looked at when: what a wake-up named at once, what
//! no wake-up can name at every tick, the rest in turn. Must never decide what a look means. Fails:
//! never.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::discover::Found;
use super::{FileId, Tail, WatchRequest};

/// Where each turn stands.
#[derive(Debug, Default)]
pub(super) struct Sweep {
    path: Option<PathBuf>,
    directory: Option<PathBuf>,
    file: Option<FileId>,
}

impl Tail {
    /// Looks at everything there is: at the start, and when wake-ups were lost.
    pub fn look_at_all(&mut self, now: Duration) {
        self.listings.clear();
        for directory in self.directories.paths().cloned().collect::<Vec<_>>() {
            self.look_at_directory(&directory, true, now);
        }
        for path in self.entries.keys().cloned().collect::<Vec<_>>() {
            self.look_at(&path, now);
        }
        for id in self.retired.iter().copied().collect::<Vec<_>>() {
            self.look_at_retired(id, now);
        }
        // From now on what appears is new, and read from its beginning.
        self.met.extend(self.sources.iter().map(|source| source.key.clone()));
    }

    /// Looks at what wake-ups named: paths as they are without links, and directories.
    pub fn look_at_named(&mut self, named: &BTreeSet<PathBuf>, now: Duration) {
        self.listings.clear();
        for path in named {
            for alias in self.names_of(path) {
                if self.directories.knows(&alias) {
                    self.look_at_directory(&alias, true, now);
                }
                if self.entries.contains_key(&alias) {
                    self.look_at(&alias, now);
                } else if let Some(parent) = alias.parent().map(Path::to_owned)
                    && self.directories.knows(&parent)
                {
                    self.look_at_directory(&parent, true, now);
                }
            }
        }
    }

    /// What a path without links is called here: by itself, and by the links that lead to it or to
    /// its directory.
    fn names_of(&self, path: &Path) -> BTreeSet<PathBuf> {
        let mut names = BTreeSet::from([path.to_owned()]);
        names.extend(self.aliases.get(path).into_iter().flatten().cloned());
        if let (Some(parent), Some(name)) = (path.parent(), path.file_name()) {
            let parents = self.aliases.get(parent).into_iter().flatten();
            names.extend(parents.map(|parent| parent.join(name)));
        }
        names
    }

    /// Looks at what no wake-up names, and at a part of the rest. Called about once a second.
    pub fn tick(&mut self, now: Duration) {
        self.listings.clear();
        let max = self.limits.sweep_max;
        let mut directories = self.directories.next(&mut self.sweep.directory, max);
        let polled = self.polled.iter().filter(|directory| self.directories.knows(directory));
        directories.extend(polled.cloned());
        for directory in directories {
            self.look_at_directory(&directory, false, now);
        }
        let mut paths = next(&self.entries, &mut self.sweep.path, max);
        for directory in &self.polled {
            let below =
                self.entries.range::<PathBuf, _>((Bound::Excluded(directory), Bound::Unbounded));
            let below = below.map(|(path, _)| path).take_while(|path| path.starts_with(directory));
            paths.extend(below.filter(|path| path.parent() == Some(directory)).cloned());
        }
        for path in paths {
            self.look_at(&path, now);
        }
        let retired: BTreeMap<FileId, ()> = self.retired.iter().map(|id| (*id, ())).collect();
        for id in next(&retired, &mut self.sweep.file, max) {
            self.look_at_retired(id, now);
        }
    }

    /// Whether a directory's changes are told, or must be looked for.
    pub fn set_polled(&mut self, directory: &Path, is_polled: bool) {
        if is_polled {
            self.polled.insert(directory.to_owned());
        } else {
            self.polled.remove(directory);
        }
    }

    fn look_at_directory(&mut self, directory: &Path, is_named: bool, now: Duration) {
        self.counters.looks += 1;
        let mut found = Found::default();
        self.directories.look(directory, is_named, &mut found);
        let Found { appeared, vanished, entered, left } = found;
        self.watch.extend(left.into_iter().map(WatchRequest::Unwatch));
        for directory in entered {
            self.learn_alias(&directory);
            self.watch.push(WatchRequest::Watch(directory));
        }
        for path in vanished {
            self.look_at(&path, now);
            self.leave(&path, now);
        }
        for (path, source) in appeared {
            self.enter(&path, source);
            self.look_at(&path, now);
        }
    }

    /// A path is one of those that are looked at.
    pub(super) fn enter(&mut self, path: &Path, source: usize) {
        let last = self.last_at.remove(path);
        let entry = self.entries.entry(path.to_owned()).or_default();
        entry.source = source;
        entry.last = entry.last.or(last);
        if let Some(parent) = path.parent().map(Path::to_owned)
            && !self.directories.knows(&parent)
        {
            self.learn_alias(&parent);
        }
    }

    /// A path no longer matches anything that is there.
    fn leave(&mut self, path: &Path, now: Duration) {
        if self.entries.get(path).is_none_or(|entry| entry.is_plain) {
            return;
        }
        self.hide(path, now);
        if let Some(last) = self.entries.remove(path).and_then(|entry| entry.last)
            && self.files.contains_key(&last)
        {
            // What comes there next follows it.
            self.last_at.insert(path.to_owned(), last);
        }
        self.aliases.retain(|_, aliases| {
            aliases.remove(path);
            !aliases.is_empty()
        });
    }

    /// Wake-ups name paths without links: a link is known by what it leads to.
    pub(super) fn learn_link(&mut self, path: &Path) {
        if !path.is_symlink() {
            return;
        }
        if let Some(parent) = path.canonicalize().ok().as_deref().and_then(Path::parent) {
            self.watch.push(WatchRequest::Watch(parent.to_owned()));
        }
        self.learn_alias(path);
    }

    fn learn_alias(&mut self, path: &Path) {
        let Ok(real) = path.canonicalize() else { return };
        if real != path {
            self.aliases.entry(real).or_default().insert(path.to_owned());
        }
    }
}

/// All keys if there are no more than `max`, else the next so many behind the last turn's.
fn next<K: Clone + Ord, V>(all: &BTreeMap<K, V>, last: &mut Option<K>, max: usize) -> BTreeSet<K> {
    if all.len() <= max {
        return all.keys().cloned().collect();
    }
    let behind = last.as_ref().map_or(Bound::Unbounded, Bound::Excluded);
    let rest = all.range::<K, _>((behind, Bound::Unbounded)).map(|(key, _)| key);
    let turn: Vec<K> = rest.chain(all.keys()).take(max).cloned().collect();
    *last = turn.last().cloned();
    turn.into_iter().collect()
}

impl super::discover::Directories {
    fn next(&self, last: &mut Option<PathBuf>, max: usize) -> BTreeSet<PathBuf> {
        next(self.all(), last, max)
    }
}
