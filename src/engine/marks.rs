//! Which groups of one rule changed since a store was last told.
//!
//! Owns the marks. Must never know what a group is or where it is kept. Nothing here fails: nobody
//! who never asks pays for marks, and who asks too seldom for their limit is given everything.

use super::groups::Slot;

/// So many groups, changed and removed, are told apart; a further one asks for everything.
const MARKS_MAX: usize = 262_144;

/// What one rule's store does not know yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Marks {
    /// Nobody asked yet, or too much has changed since: all of it is to be told.
    known: bool,
    /// By index of the slot, so that a group is listed once.
    is_listed: Vec<bool>,
    changed: Vec<Slot>,
    /// The numbers of groups that the store has and that are gone.
    removed: Vec<u64>,
    /// What the rule keeps beside its groups.
    head: bool,
}

/// What is to be told, and counts as told from then on.
#[derive(Debug, Default)]
pub(super) struct Marked {
    pub(super) changed: Vec<Slot>,
    pub(super) removed: Vec<u64>,
    pub(super) head: bool,
}

impl Marks {
    /// Whether the marks tell all that a store does not know.
    pub(super) fn are_complete(&self) -> bool {
        self.known
    }

    pub(super) fn change(&mut self, slot: Slot) {
        if !self.known {
            return;
        }
        let index = slot.index as usize;
        if index >= self.is_listed.len() {
            self.is_listed.resize(index + 1, false);
        }
        let Some(is_listed) = self.is_listed.get_mut(index) else { return };
        if !std::mem::replace(is_listed, true) {
            self.changed.push(slot);
            self.keep_to_limit();
        }
    }

    /// `told_below` is the first number that the store cannot have.
    pub(super) fn remove(&mut self, slot: Slot, told_below: u64) {
        if !self.known {
            return;
        }
        // Another group may get the slot, and is to be listed for itself.
        if let Some(is_listed) = self.is_listed.get_mut(slot.index as usize) {
            *is_listed = false;
        }
        if slot.number < told_below {
            self.removed.push(slot.number);
            self.keep_to_limit();
        }
    }

    pub(super) fn change_head(&mut self) {
        self.head = true;
    }

    /// From here on everything is known.
    pub(super) fn take(&mut self) -> Marked {
        for slot in &self.changed {
            if let Some(is_listed) = self.is_listed.get_mut(slot.index as usize) {
                *is_listed = false;
            }
        }
        self.known = true;
        Marked {
            changed: std::mem::take(&mut self.changed),
            removed: std::mem::take(&mut self.removed),
            head: std::mem::take(&mut self.head),
        }
    }

    fn keep_to_limit(&mut self) {
        if self.changed.len() + self.removed.len() > MARKS_MAX {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn slot(index: u32, number: u64) -> Slot {
        Slot { index, number }
    }

    #[test]
    fn nothing_is_kept_for_nobody() {
        let mut marks = Marks::default();
        marks.change(slot(0, 0));
        marks.remove(slot(0, 0), 9);
        assert!(!marks.are_complete() && marks.changed.is_empty() && marks.removed.is_empty());
    }

    #[test]
    fn a_slot_that_another_group_got_is_listed_for_it() {
        let mut marks = Marks::default();
        marks.take();
        for _ in 0..3 {
            marks.change(slot(0, 4));
        }
        marks.remove(slot(0, 4), 5);
        marks.change(slot(0, 7));
        marks.remove(slot(1, 5), 5);
        let marked = marks.take();
        assert_eq!(marked.changed, [slot(0, 4), slot(0, 7)]);
        assert_eq!(marked.removed, [4], "the store never had the group 5");
    }

    #[test]
    fn too_many_changes_ask_for_everything() {
        let mut marks = Marks::default();
        marks.take();
        for number in 0..MARKS_MAX as u64 {
            marks.remove(slot(0, number), u64::MAX);
        }
        assert!(marks.are_complete());
        marks.remove(slot(0, 0), u64::MAX);
        assert!(!marks.are_complete() && marks.removed.is_empty());
        marks.take();
        assert!(marks.are_complete());
    }
}
