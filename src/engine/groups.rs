//! The groups of one rule.
//!
//! Owns which group a key means and whose failures a success speaks of. Must never look into a
//! window. Nothing here fails; who finds no room is counted.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::group::Group;
use super::label::{GroupKey, LabelName};
use super::time::Instant;

/// Keys that found no room are told apart up to so many.
const LEFT_OUT_MAX: usize = 65_536;

/// Where a group stands; valid while its number is the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Slot {
    pub(super) index: u32,
    pub(super) number: u64,
}

/// One rule's groups.
#[derive(Debug, Clone, Default)]
pub(super) struct Groups {
    slots: Vec<Option<Group>>,
    free: Vec<u32>,
    by_key: HashMap<GroupKey, Slot>,
    /// The groups that had failures in a source; only of rules that count rows.
    by_source: HashMap<Arc<str>, BTreeSet<Slot>>,
    left_out: HashSet<u64>,
    /// The first event that the rule was about.
    pub(super) first_at: Option<Instant>,
}

/// What a snapshot holds of one rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct GroupsSnapshot {
    pub(super) rule: Arc<str>,
    group_by: Vec<LabelName>,
    first_at: Option<Instant>,
    groups: Vec<Group>,
    sources: Vec<(Arc<str>, Vec<u64>)>,
    left_out: Vec<u64>,
}

impl Groups {
    pub(super) fn left_out(&self) -> u64 {
        self.left_out.len() as u64
    }

    pub(super) fn get(&mut self, slot: Slot) -> Option<&mut Group> {
        let group = self.slots.get_mut(slot.index as usize)?.as_mut()?;
        (group.number == slot.number).then_some(group)
    }

    pub(super) fn find(&self, key: &[Option<Arc<str>>]) -> Option<Slot> {
        self.by_key.get(key).copied()
    }

    pub(super) fn insert(&mut self, group: Group) -> Slot {
        let index = self.free.pop().unwrap_or_else(|| {
            self.slots.push(None);
            u32::try_from(self.slots.len() - 1).unwrap_or(u32::MAX)
        });
        let slot = Slot { index, number: group.number };
        self.by_key.insert(Arc::clone(&group.key), slot);
        if let Some(place) = self.slots.get_mut(index as usize) {
            *place = Some(group);
        }
        slot
    }

    pub(super) fn remove(&mut self, slot: Slot) {
        if self.get(slot).is_none() {
            return;
        }
        let place = self.slots.get_mut(slot.index as usize);
        if let Some(group) = place.and_then(Option::take) {
            self.by_key.remove(&group.key);
            self.free.push(slot.index);
            self.by_source.retain(|_, slots| {
                slots.remove(&slot);
                !slots.is_empty()
            });
        }
    }

    /// Notes that a key found no room.
    pub(super) fn leave_out(&mut self, key: &[Option<Arc<str>>]) {
        if self.left_out.len() < LEFT_OUT_MAX {
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            self.left_out.insert(hasher.finish());
        }
    }

    /// Notes that a group had a failure in a source.
    pub(super) fn failed_in(&mut self, source: &Arc<str>, slot: Slot) {
        if let Some(slots) = self.by_source.get_mut(source) {
            slots.insert(slot);
        } else {
            self.by_source.insert(Arc::clone(source), BTreeSet::from([slot]));
        }
    }

    /// The one group that a success can speak of that does not tell whose it is: the only one with
    /// failures in its source, or, of a source without failures, the only one at all.
    pub(super) fn only_one_of(&self, source: &str) -> Option<Slot> {
        match self.by_source.get(source) {
            Some(slots) => slots.first().copied().filter(|_| slots.len() == 1),
            None => self.by_key.values().next().copied().filter(|_| self.by_key.len() == 1),
        }
    }

    /// Every group, in the order in which they were made.
    pub(super) fn in_order(&self) -> Vec<(Slot, &Group)> {
        let mut groups: Vec<_> = self
            .slots
            .iter()
            .zip(0..)
            .filter_map(|(group, index)| {
                let group = group.as_ref()?;
                Some((Slot { index, number: group.number }, group))
            })
            .collect();
        groups.sort_unstable_by_key(|(slot, _)| slot.number);
        groups
    }

    pub(super) fn snapshot(&self, rule: &Arc<str>, group_by: &[LabelName]) -> GroupsSnapshot {
        let numbers = |slots: &BTreeSet<Slot>| slots.iter().map(|slot| slot.number).collect();
        let mut sources: Vec<_> = self
            .by_source
            .iter()
            .map(|(source, slots)| (Arc::clone(source), numbers(slots)))
            .collect();
        sources.sort();
        let mut left_out: Vec<_> = self.left_out.iter().copied().collect();
        left_out.sort_unstable();
        GroupsSnapshot {
            rule: Arc::clone(rule),
            group_by: group_by.to_vec(),
            first_at: self.first_at,
            groups: self.in_order().into_iter().map(|(_, group)| group.clone()).collect(),
            sources,
            left_out,
        }
    }

    /// `None` if the snapshot is of a rule that grouped by something else.
    pub(super) fn restore(snapshot: GroupsSnapshot, group_by: &[LabelName]) -> Option<Self> {
        if snapshot.group_by != group_by {
            return None;
        }
        let mut groups = Self { first_at: snapshot.first_at, ..Self::default() };
        let mut slots = HashMap::new();
        for group in snapshot.groups {
            let number = group.number;
            slots.insert(number, groups.insert(group));
        }
        for (source, numbers) in snapshot.sources {
            let known = numbers.iter().filter_map(|number| slots.get(number).copied());
            groups.by_source.insert(source, known.collect());
        }
        groups.left_out = snapshot.left_out.into_iter().collect();
        Some(groups)
    }
}
