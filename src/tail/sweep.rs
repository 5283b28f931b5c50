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
use super::notice::NoticeKind;
use super::{Entry, FileId, Tail, WatchRequest};

/// So many paths whose last file is let go may be remembered before they are cleared away.
const LAST_AT_MIN: usize = 1000;

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
            for alias in self.aliases.names_of(path) {
                if self.directories.knows(&alias) {
                    self.look_at_directory(&alias, true, now);
                }
                if self.entries.contains_key(&alias) {
                    self.look_at(&alias, now);
                } else if let Some(parent) = alias.parent().map(Path::to_owned)
                    && self.directories.knows(&parent)
                    && self.directories.may_take(&alias)
                {
                    self.look_at_directory(&parent, true, now);
                }
            }
        }
    }

    /// Looks at what no wake-up names, and at a part of the rest. Called about once a second.
    pub fn tick(&mut self, now: Duration) {
        self.listings.clear();
        let max = self.limits.sweep_max;
        let mut directories = next(self.directories.all(), &mut self.sweep.directory, max);
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
        for id in next_of_set(&self.retired, &mut self.sweep.file, max) {
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
        let Found { appeared, vanished, entered, left, seen } = found;
        for (directory, why) in seen {
            self.notice(&directory, why.map_or(NoticeKind::SeenAgain, NoticeKind::Unseen));
        }
        for directory in left {
            self.aliases.forget(&directory);
            self.watch.push(WatchRequest::Unwatch(directory));
        }
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
        let new = || Entry { source, ..Entry::default() };
        let entry = self.entries.entry(path.to_owned()).or_insert_with(new);
        // What two patterns fit belongs to the first source.
        entry.source = entry.source.min(source);
        entry.last = entry.last.or(last);
        if let Some(parent) = path.parent().map(Path::to_owned)
            && !self.directories.knows(&parent)
        {
            self.learn_alias(&parent);
        }
    }

    /// A path no longer matches anything that is there.
    fn leave(&mut self, path: &Path, now: Duration) {
        if self.entries.get(path).is_none_or(|entry| entry.is_exact) {
            return;
        }
        self.hide(path, now);
        if let Some(last) = self.entries.remove(path).and_then(|entry| entry.last)
            && self.files.contains_key(&last)
        {
            // What comes there next follows it.
            self.last_at.insert(path.to_owned(), last);
            if self.last_at.len() > 2 * self.files.len() + LAST_AT_MIN {
                self.last_at.retain(|_, last| self.files.contains_key(last));
            }
        }
        self.aliases.forget(path);
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
        if let Ok(real) = path.canonicalize() {
            self.aliases.learn(path, real);
        }
    }
}

/// All keys if there are no more than `max`, else the next so many behind the last turn's.
fn next<K: Clone + Ord, V>(all: &BTreeMap<K, V>, last: &mut Option<K>, max: usize) -> Vec<K> {
    let behind = last.take().filter(|_| all.len() > max);
    let bounds = (behind.as_ref().map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
    let rest = all.range::<K, _>(bounds).map(|(key, _)| key);
    turn(rest, all.keys(), all.len(), last, max)
}

/// The same of a set.
fn next_of_set<K: Clone + Ord>(all: &BTreeSet<K>, last: &mut Option<K>, max: usize) -> Vec<K> {
    let behind = last.take().filter(|_| all.len() > max);
    let bounds = (behind.as_ref().map_or(Bound::Unbounded, Bound::Excluded), Bound::Unbounded);
    turn(all.range::<K, _>(bounds), all.iter(), all.len(), last, max)
}

fn turn<'k, K: Clone + 'k>(
    rest: impl Iterator<Item = &'k K>,
    from_the_first: impl Iterator<Item = &'k K>,
    len: usize,
    last: &mut Option<K>,
    max: usize,
) -> Vec<K> {
    let turn: Vec<K> = rest.chain(from_the_first).take(max.min(len)).cloned().collect();
    *last = turn.last().cloned();
    turn
}
