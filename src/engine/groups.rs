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
use super::marks::Marks;
use super::rule::Rule;
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
    /// The sources of a group of those, by the index of its slot.
    sources_of: HashMap<u32, Vec<Arc<str>>>,
    left_out: HashSet<u64>,
    /// The first event that the rule was about.
    first_at: Option<Instant>,
    pub(super) marks: Marks,
}

/// What is kept of a rule beside its groups. Its form is the engine's own affair.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RuleState {
    /// The rule's name.
    pub rule: Arc<str>,
    /// The rule's place among all rules.
    pub(super) place: u32,
    group_by: Vec<LabelName>,
    first_at: Option<Instant>,
    sources: Vec<(Arc<str>, Vec<u64>)>,
    left_out: Vec<u64>,
}

/// What is kept of one group. Its form is the engine's own affair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct GroupState(pub(super) Group);

/// What a snapshot holds of one rule.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct GroupsSnapshot {
    pub(super) head: RuleState,
    /// In the order in which they were made.
    pub(super) groups: Vec<GroupState>,
}

impl GroupsSnapshot {
    /// A rule of which nothing is known but its groups.
    pub(super) fn of_rule(rule: Arc<str>) -> Self {
        let head = RuleState { rule, place: u32::MAX, ..RuleState::default() };
        Self { head, groups: Vec::new() }
    }
}

impl Groups {
    pub(super) fn left_out(&self) -> u64 {
        self.left_out.len() as u64
    }

    pub(super) fn get(&self, slot: Slot) -> Option<&Group> {
        let group = self.slots.get(slot.index as usize)?.as_ref()?;
        (group.number == slot.number).then_some(group)
    }

    /// Whether the group is still there.
    pub(super) fn has(&self, slot: Slot) -> bool {
        self.get(slot).is_some()
    }

    /// A group that is about to change.
    pub(super) fn change(&mut self, slot: Slot) -> Option<&mut Group> {
        let group = self.slots.get_mut(slot.index as usize)?.as_mut()?;
        if group.number != slot.number {
            return None;
        }
        self.marks.change(slot);
        Some(group)
    }

    /// When the rule was first about an event: this one, if there was none.
    pub(super) fn first_at(&mut self, at: Instant) -> Instant {
        if self.first_at.is_none() {
            self.marks.change_head();
        }
        *self.first_at.get_or_insert(at)
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

    /// `told_below` is the first number that no store was told of.
    pub(super) fn remove(&mut self, slot: Slot, told_below: u64) {
        if self.get(slot).is_none() {
            return;
        }
        self.marks.remove(slot, told_below);
        let place = self.slots.get_mut(slot.index as usize);
        if let Some(group) = place.and_then(Option::take) {
            self.by_key.remove(&group.key);
            self.free.push(slot.index);
            for source in self.sources_of.remove(&slot.index).unwrap_or_default() {
                self.marks.change_head();
                if let Some(slots) = self.by_source.get_mut(&source) {
                    slots.remove(&slot);
                    if slots.is_empty() {
                        self.by_source.remove(&source);
                    }
                }
            }
        }
    }

    /// Notes that a key found no room.
    pub(super) fn leave_out(&mut self, key: &[Option<Arc<str>>]) {
        if self.left_out.len() < LEFT_OUT_MAX {
            let mut hasher = DefaultHasher::new();
            key.hash(&mut hasher);
            if self.left_out.insert(hasher.finish()) {
                self.marks.change_head();
            }
        }
    }

    /// Notes that a group had a failure in a source.
    pub(super) fn failed_in(&mut self, source: &Arc<str>, slot: Slot) {
        let is_new = if let Some(slots) = self.by_source.get_mut(source) {
            slots.insert(slot)
        } else {
            self.by_source.insert(Arc::clone(source), BTreeSet::from([slot]));
            true
        };
        if is_new {
            self.sources_of.entry(slot.index).or_default().push(Arc::clone(source));
            self.marks.change_head();
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

    /// Every group.
    pub(super) fn all(&self) -> impl Iterator<Item = &Group> {
        self.slots.iter().flatten()
    }

    /// What is kept beside the groups, of the rule at this place among all.
    pub(super) fn head(&self, rule: &Rule, place: usize) -> RuleState {
        let numbers = |slots: &BTreeSet<Slot>| {
            let mut numbers: Vec<u64> = slots.iter().map(|slot| slot.number).collect();
            numbers.sort_unstable();
            numbers
        };
        let mut sources: Vec<_> = self
            .by_source
            .iter()
            .map(|(source, slots)| (Arc::clone(source), numbers(slots)))
            .collect();
        sources.sort();
        let mut left_out: Vec<_> = self.left_out.iter().copied().collect();
        left_out.sort_unstable();
        RuleState {
            rule: Arc::clone(&rule.name),
            place: u32::try_from(place).unwrap_or(u32::MAX),
            group_by: rule.group_by.to_vec(),
            first_at: self.first_at,
            sources,
            left_out,
        }
    }

    pub(super) fn snapshot(&self, rule: &Rule, place: usize) -> GroupsSnapshot {
        let groups = self.in_order().into_iter().map(|(_, group)| GroupState(group.clone()));
        GroupsSnapshot { head: self.head(rule, place), groups: groups.collect() }
    }

    /// `None` if the snapshot is of a rule that grouped by something else.
    pub(super) fn restore(snapshot: GroupsSnapshot, group_by: &[LabelName]) -> Option<Self> {
        let head = snapshot.head;
        if head.group_by != group_by {
            return None;
        }
        let mut groups = Self { first_at: head.first_at, ..Self::default() };
        let mut slots = HashMap::new();
        for GroupState(group) in snapshot.groups {
            let number = group.number;
            slots.insert(number, groups.insert(group));
        }
        for (source, numbers) in head.sources {
            let known: BTreeSet<Slot> =
                numbers.iter().filter_map(|number| slots.get(number).copied()).collect();
            for slot in &known {
                groups.sources_of.entry(slot.index).or_default().push(Arc::clone(&source));
            }
            groups.by_source.insert(source, known);
        }
        groups.left_out = head.left_out.into_iter().collect();
        Some(groups)
    }
}
