//! What is done to a log beside writing to it, and what becomes of its lines by that.

use super::{LOG, Model, Scheme};

impl Model {
    /// A half line whose file is taken away from the writer stays half.
    fn give_up_half(&mut self) {
        if self.pending.take().is_some() {
            self.happened("half a line for ever");
        }
    }

    /// Makes room for what is rotated next: its name.
    fn shift(&mut self) -> String {
        let newest = match self.scheme {
            Scheme::Dates => {
                self.dates += 1;
                self.happened("name with a date");
                return format!("{LOG}-20261122-{:06}", self.dates);
            }
            Scheme::Numbers => LOG.to_owned(),
            Scheme::Elsewhere => {
                self.happened("other directory");
                format!("old/{LOG}")
            }
        };
        for (number, name) in (1..=self.names.len()).rev().zip(&mut self.names) {
            let next = format!("{newest}.{}", number + 1);
            for ending in ["", ".gz"] {
                let from = format!("{name}{ending}");
                if self.world.path(&from).exists() {
                    self.world.rename(&from, &format!("{next}{ending}"));
                }
            }
            *name = next;
        }
        format!("{newest}.1")
    }

    fn has_rotated_to(&mut self, name: String) {
        self.names.push(name);
        let live = std::mem::take(&mut self.live);
        self.rotated.push(live);
    }

    fn stop_writing_to_old(&mut self) {
        if self.writes_to_old {
            self.give_up_half();
            self.writer = self.world.append(LOG, "");
            self.writes_to_old = false;
        }
    }

    pub(super) fn rotate_by_rename(&mut self) {
        self.stop_writing_to_old();
        let name = self.shift();
        let before = self.world.inode(LOG);
        self.world.rename(LOG, &name);
        self.has_rotated_to(name);
        if self.random.next(3) == 0 {
            // The writer has not heard of it yet.
            drop(self.world.append(LOG, ""));
            self.writes_to_old = true;
            self.happened("both inodes written");
        } else {
            self.give_up_half();
            self.writer = self.world.append(LOG, "");
        }
        assert_ne!(before, self.world.inode(LOG), "another file is at the path");
        self.happened("rename");
    }

    pub(super) fn go_on_in_old(&mut self) {
        self.stop_writing_to_old();
        self.write();
    }

    pub(super) fn rotate_by_copy(&mut self) {
        self.stop_writing_to_old();
        let name = self.shift();
        self.world.copy(LOG, &name);
        if self.random.next(3) == 0 {
            self.world.look();
            self.happened("look between copy and truncation");
        }
        self.writer.set_len(0).unwrap();
        self.give_up_half();
        self.has_rotated_to(name);
        self.happened("copy and truncate");
    }

    pub(super) fn compress(&mut self) {
        let Some(newest) = self.names.last().cloned() else { return };
        if self.world.path(&newest).exists() && !self.writes_to_old {
            let is_behind = self
                .rotated
                .last()
                .is_some_and(|lines| lines.iter().any(|number| *number >= self.looked_until));
            self.world.gzip(&newest);
            self.happened("compress");
            if is_behind {
                self.happened("compress while behind");
            }
        }
    }

    pub(super) fn delete_oldest(&mut self) {
        if self.rotated.is_empty() || self.writes_to_old {
            return;
        }
        let oldest = self.names.remove(0);
        for ending in ["", ".gz"] {
            let name = format!("{oldest}{ending}");
            if self.world.path(&name).exists() {
                self.world.remove(&name);
            }
        }
        let lines = self.rotated.remove(0);
        self.endanger(&lines);
        self.happened("delete");
    }

    pub(super) fn empty(&mut self) {
        self.stop_writing_to_old();
        self.writer.set_len(0).unwrap();
        self.give_up_half();
        let lines = std::mem::take(&mut self.live);
        self.endanger(&lines);
        self.happened("truncate");
    }

    /// The log is deleted and made at once, mostly while nobody looks: the next file has its inode.
    pub(super) fn delete_and_make(&mut self) {
        self.stop_writing_to_old();
        self.give_up_half();
        if self.random.next(3) > 0 {
            self.world.kill();
            self.looked_until = self.kept_until;
        }
        let before = self.world.inode(LOG);
        self.world.remove(LOG);
        // Whoever has it open keeps its number.
        self.writer = tempfile::tempfile().unwrap();
        self.writer = self.world.append(LOG, "");
        let lines = std::mem::take(&mut self.live);
        self.endanger(&lines);
        self.happened("delete and make");
        if self.world.inode(LOG) == before || !self.world.reuses_inodes() {
            self.happened("inode reused, where inodes are");
        }
    }
}
