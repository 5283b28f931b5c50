//! What paths with links in them are without.
//!
//! Owns the way back from the names that wake-ups tell, which have no links, to the paths that are
//! looked at. Must never follow a link itself: it is told where each leads. Nothing here fails.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

/// Each path leads to one place, and a place may be led to by many: as many as are looked at.
#[derive(Debug, Default)]
pub(super) struct Aliases {
    leads_to: BTreeMap<PathBuf, PathBuf>,
    led_by: HashMap<PathBuf, BTreeSet<PathBuf>>,
}

impl Aliases {
    /// A path leads to a place, and no longer to where it led before.
    pub(super) fn learn(&mut self, path: &Path, real: PathBuf) {
        if self.leads_to.get(path) == Some(&real) {
            return;
        }
        self.forget(path);
        if real != path {
            self.led_by.entry(real.clone()).or_default().insert(path.to_owned());
            self.leads_to.insert(path.to_owned(), real);
        }
    }

    pub(super) fn forget(&mut self, path: &Path) {
        let Some(real) = self.leads_to.remove(path) else { return };
        if let Some(paths) = self.led_by.get_mut(&real) {
            paths.remove(path);
            if paths.is_empty() {
                self.led_by.remove(&real);
            }
        }
    }

    /// What a path without links is called: by itself, and by the links that lead to it or to its
    /// directory.
    pub(super) fn names_of(&self, path: &Path) -> BTreeSet<PathBuf> {
        let mut names = BTreeSet::from([path.to_owned()]);
        names.extend(self.led_by.get(path).into_iter().flatten().cloned());
        if let (Some(parent), Some(name)) = (path.parent(), path.file_name()) {
            let parents = self.led_by.get(parent).into_iter().flatten();
            names.extend(parents.map(|parent| parent.join(name)));
        }
        names
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.leads_to.len()
    }
}
