//! Wake-ups: where something may have changed in a directory.
//!
//! Owns the watches and what they say. Must never read a file, nor be believed: a hint says where
//! to look now, and who looks at everything once a second misses nothing without it. Never fails:
//! what cannot be watched is to be polled, and [`Why`] says why to the operator.
//!
//! What the `notify` crate makes necessary here (8.2): it keeps one path for each inode and forgets
//! it with any of them, so directories are counted here by device and inode. It tells of opens, our
//! own included; these are dropped. It stops watching a directory that is removed or renamed, with
//! all below it, and takes no notice of one that is made anew in its place; hence
//! [`Watcher::rearm`]. Its calls panic once its thread is gone, and are caught.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::ops::Bound;
use std::os::unix::fs::MetadataExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{Event, INotifyWatcher, RecursiveMode, Watcher as _};

mod file_system;
mod pending;
mod why;

#[cfg(test)]
mod tests;

pub use pending::WatchCounters;
pub use why::Why;

use pending::{Shared, lock};

/// So many directories that could not be watched are tried again at a time.
const RETRIES_MAX: usize = 64;

/// So many watched ones are looked at, at a time, for another directory in their place.
const CHECKS_MAX: usize = 1_024;

/// Whether to watch at all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Choice {
    /// Where the system allows it.
    #[default]
    Auto,
    /// Never.
    Poll,
}

/// How changes of a directory come to be known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reach {
    /// Events tell of them.
    Events,
    /// It is to be looked at, though hints may come all the same.
    Poll(Why),
}

/// Where something may have changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hints {
    /// Directories, as they were given to [`Watcher::watch`], and names in them.
    pub paths: BTreeSet<PathBuf>,
    /// Anything may have changed anywhere.
    pub rescan: bool,
}

/// Device and inode.
type Identity = (u64, u64);

/// A directory as the caller named it.
struct Named {
    count: usize,
    reach: Reach,
    /// The canonical path of the watch that it shares.
    armed: Option<PathBuf>,
}

/// A watch.
struct Armed {
    identity: Identity,
    /// The names by which the caller knows it.
    names: BTreeSet<PathBuf>,
}

/// Watches directories for the whole daemon.
pub struct Watcher {
    choice: Choice,
    shared: Shared,
    wake: Arc<dyn Fn() + Send + Sync>,
    backend: Option<INotifyWatcher>,
    named: BTreeMap<PathBuf, Named>,
    armed: BTreeMap<PathBuf, Armed>,
    by_identity: HashMap<Identity, PathBuf>,
    /// Watches that may have ended.
    suspects: BTreeSet<PathBuf>,
    retried: Option<PathBuf>,
    checked: Option<PathBuf>,
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Watcher").field("counters", &self.counters()).finish_non_exhaustive()
    }
}

impl Watcher {
    /// Calls `wake` when there is something to [`take`](Self::take), at most once until it is
    /// taken, and from another thread, which it must not keep: meanwhile no event is read.
    pub fn new(wake: impl Fn() + Send + Sync + 'static, choice: Choice) -> Self {
        Self {
            choice,
            shared: Shared::default(),
            wake: Arc::new(wake),
            backend: None,
            named: BTreeMap::new(),
            armed: BTreeMap::new(),
            by_identity: HashMap::new(),
            suspects: BTreeSet::new(),
            retried: None,
            checked: None,
        }
    }

    /// Watches a directory, not those below it. Each call asks for an [`unwatch`](Self::unwatch).
    /// What changed before it returns is to be looked for.
    pub fn watch(&mut self, directory: &Path) -> Reach {
        if let Some(named) = self.named.get_mut(directory) {
            named.count += 1;
            return named.reach.clone();
        }
        let (reach, armed) = self.arm(directory);
        let named = Named { count: 1, reach: reach.clone(), armed };
        self.named.insert(directory.to_owned(), named);
        reach
    }

    /// Takes one [`watch`](Self::watch) back.
    pub fn unwatch(&mut self, directory: &Path) {
        let Some(named) = self.named.get_mut(directory) else { return };
        named.count -= 1;
        if named.count > 0 {
            return;
        }
        if let Some(Named { armed: Some(path), .. }) = self.named.remove(directory) {
            self.disarm(directory, &path);
        }
    }

    /// How changes of a watched directory come to be known at present.
    pub fn reach(&self, directory: &Path) -> Option<&Reach> {
        self.named.get(directory).map(|named| &named.reach)
    }

    /// To be called about once a second: tries again what could not be watched, and notices
    /// directories that others have taken the place of. Where a watch is new, there is a hint.
    pub fn rearm(&mut self) {
        if self.choice == Choice::Poll {
            return;
        }
        let mut looked_at: BTreeSet<PathBuf> = BTreeSet::new();
        for path in std::mem::take(&mut self.suspects) {
            let Some(armed) = self.armed.get(&path) else { continue };
            looked_at.extend(armed.names.iter().cloned());
            // The same inode may be another directory: to ask again is harmless, and leaves no gap
            // as taking it back first would. Another inode's watch would be lost in the crate.
            let is_same = identity(&path) == Ok(armed.identity);
            if is_same && self.backend_watch(&path).is_err() {
                self.by_identity.retain(|_, known| *known != path);
            }
        }
        let is_armed = |named: &Named| named.armed.is_some();
        let (checked, last) = next(&self.named, self.checked.take(), CHECKS_MAX, is_armed);
        self.checked = last;
        looked_at.extend(checked);
        for directory in looked_at {
            self.check(&directory);
        }
        let is_failed = |named: &Named| named.armed.is_none();
        let (failed, last) = next(&self.named, self.retried.take(), RETRIES_MAX, is_failed);
        self.retried = last;
        for directory in failed {
            self.try_again(&directory);
        }
    }

    /// Where something may have changed since the last call.
    pub fn take(&mut self) -> Hints {
        let (raw, rescan) = {
            let mut pending = lock(&self.shared);
            pending.is_woken = false;
            (std::mem::take(&mut pending.paths), std::mem::take(&mut pending.rescan))
        };
        if rescan {
            // That a directory was removed may be among what was lost.
            self.suspects.extend(self.armed.keys().cloned());
        }
        let mut paths = BTreeSet::new();
        for path in raw {
            if self.named.contains_key(&path) && !self.armed.contains_key(&path) {
                paths.insert(path.clone());
            }
            if let Some(armed) = self.armed.get(&path) {
                paths.extend(armed.names.iter().cloned());
                self.suspects.insert(path.clone());
            }
            // The crate forgets what lies below, too, even if it comes back as it was.
            let below = self.armed.range::<Path, _>((Bound::Excluded(&*path), Bound::Unbounded));
            let below = below.map(|(below, _)| below).take_while(|below| below.starts_with(&path));
            self.suspects.extend(below.cloned());
            let parent = path.parent().and_then(|parent| self.armed.get(parent));
            if let Some((armed, name)) = parent.zip(path.file_name()) {
                paths.extend(armed.names.iter().map(|directory| directory.join(name)));
            }
        }
        Hints { paths, rescan }
    }

    /// What was counted.
    pub fn counters(&self) -> WatchCounters {
        let polled =
            self.named.values().filter(|named| matches!(named.reach, Reach::Poll(_))).count();
        WatchCounters { watches: self.armed.len(), polled, ..lock(&self.shared).counters }
    }

    /// Watches it, and says by which path.
    fn arm(&mut self, directory: &Path) -> (Reach, Option<PathBuf>) {
        if self.choice == Choice::Poll {
            return (Reach::Poll(Why::Asked), None);
        }
        match self.try_arm(directory) {
            Err(why) => (Reach::Poll(why), None),
            Ok(path) => {
                let foreign = file_system::told_elsewhere(&path);
                let poll = |name| Reach::Poll(Why::FileSystem(name));
                (foreign.map_or(Reach::Events, poll), Some(path))
            }
        }
    }

    fn try_arm(&mut self, directory: &Path) -> Result<PathBuf, Why> {
        let identity = identity(directory)?;
        let path = if let Some(path) = self.by_identity.get(&identity) {
            path.clone()
        } else {
            let path = directory.canonicalize().map_err(|error| Why::of(&error))?;
            self.backend_watch(&path)?;
            path
        };
        // What is watched is what stands there now, which may be another than a moment before.
        let identity = self::identity(&path)?;
        self.by_identity.insert(identity, path.clone());
        let armed = self.armed.entry(path.clone());
        let armed = armed.or_insert_with(|| Armed { identity, names: BTreeSet::new() });
        armed.identity = identity;
        armed.names.insert(directory.to_owned());
        Ok(path)
    }

    fn disarm(&mut self, directory: &Path, path: &Path) {
        let Some(armed) = self.armed.get_mut(path) else { return };
        armed.names.remove(directory);
        if armed.names.is_empty() {
            self.by_identity.retain(|_, known| *known != path);
            self.armed.remove(path);
            // One that the system has ended already is none to take back.
            let _ = self.call(|backend| backend.unwatch(path));
        }
    }

    /// Whether the same directory stands there as is watched.
    fn check(&mut self, directory: &Path) {
        let Some(path) = self.named.get(directory).and_then(|named| named.armed.clone()) else {
            return;
        };
        let watched = self.armed.get(&path).map(|armed| armed.identity);
        let is_known = |identity| self.by_identity.get(&identity) == Some(&path);
        let is_same = identity(directory)
            .is_ok_and(|identity| watched == Some(identity) && is_known(identity));
        if !is_same {
            self.disarm(directory, &path);
            if let Some(named) = self.named.get_mut(directory) {
                named.armed = None;
            }
            self.hint(directory);
            self.try_again(directory);
        }
    }

    fn try_again(&mut self, directory: &Path) {
        let (reach, armed) = self.arm(directory);
        let is_armed = armed.is_some();
        if let Some(named) = self.named.get_mut(directory) {
            (named.reach, named.armed) = (reach, armed);
        }
        if is_armed {
            lock(&self.shared).counters.rearmed += 1;
            self.hint(directory);
        }
    }

    /// What was written before the watch stood was not told.
    fn hint(&self, directory: &Path) {
        let mut pending = lock(&self.shared);
        // As the crate would tell it: `take` gives it the names by which it is known.
        let path = self.named.get(directory).and_then(|named| named.armed.clone());
        pending.insert(path.unwrap_or_else(|| directory.to_owned()));
        let is_first = !std::mem::replace(&mut pending.is_woken, true);
        drop(pending);
        if is_first {
            (self.wake)();
        }
    }

    fn backend_watch(&mut self, path: &Path) -> Result<(), Why> {
        if self.backend.is_none() {
            let (shared, wake) = (Arc::clone(&self.shared), Arc::clone(&self.wake));
            let handler = move |event: notify::Result<Event>| {
                let mut pending = lock(&shared);
                let is_first =
                    pending.event(event) && !std::mem::replace(&mut pending.is_woken, true);
                drop(pending);
                if is_first {
                    wake();
                }
            };
            let backend = INotifyWatcher::new(handler, notify::Config::default());
            self.backend =
                Some(backend.map_err(|error| Why::of_crate(&error, Why::InstanceLimit))?);
        }
        self.call(|backend| backend.watch(path, RecursiveMode::NonRecursive))
    }

    /// Nothing to call is no error.
    fn call(
        &mut self,
        call: impl FnOnce(&mut INotifyWatcher) -> notify::Result<()>,
    ) -> Result<(), Why> {
        let Some(backend) = &mut self.backend else { return Ok(()) };
        if let Ok(result) = catch_unwind(AssertUnwindSafe(|| call(backend))) {
            return result.map_err(|error| Why::of_crate(&error, Why::WatchLimit));
        }
        self.close();
        Err(Why::Other("the thread that reads events has ended".to_owned()))
    }

    fn close(&mut self) {
        if let Some(backend) = self.backend.take() {
            // It panics if its thread is gone.
            let _ = catch_unwind(AssertUnwindSafe(|| drop(backend)));
            // None of the watches is left.
            self.by_identity.clear();
            self.suspects.extend(self.armed.keys().cloned());
        }
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        self.close();
    }
}

/// The next few that are meant, behind those of the last time and around.
fn next(
    named: &BTreeMap<PathBuf, Named>,
    last: Option<PathBuf>,
    count: usize,
    is_meant: impl Fn(&Named) -> bool,
) -> (Vec<PathBuf>, Option<PathBuf>) {
    let from = last.map_or(Bound::Unbounded, Bound::Excluded);
    let behind = named.range::<PathBuf, _>((from, Bound::Unbounded));
    let meant = behind.filter(|(_, named)| is_meant(named)).map(|(path, _)| path.clone());
    let found: Vec<PathBuf> = meant.take(count).collect();
    // At the end it begins anew with the next call.
    let last = found.last().filter(|_| found.len() == count).cloned();
    (found, last)
}

fn identity(directory: &Path) -> Result<Identity, Why> {
    let metadata = directory.metadata().map_err(|error| Why::of(&error))?;
    if !metadata.is_dir() {
        return Err(Why::Other("this is no directory".to_owned()));
    }
    Ok((metadata.dev(), metadata.ino()))
}
