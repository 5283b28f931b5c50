//! The engine's state as a value, to be kept over a restart: whole, or as what changed.
//!
//! Owns its form. Must never know where it is kept. What no longer fits the rules is forgotten and
//! said; nothing fails.

use std::collections::BTreeMap;
use std::mem::discriminant;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::group::{Group, Surroundings};
use super::groups::{GroupState, Groups, GroupsSnapshot, RuleState};
use super::queue::Wake;
use super::rule::Rule;
use super::time::Instant;
use super::window::Window;
use super::{Counters, Engine, Settings};
use crate::catalogue::Catalogue;

/// An engine's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    head: HeadState,
    rules: Vec<GroupsSnapshot>,
}

/// What is kept beside the rules and their groups. Its form is the engine's own affair.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct HeadState {
    now: Instant,
    began: Option<Instant>,
    next_number: u64,
    counters: Counters,
}

/// What a store that keeps the state as rows does not know yet.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Changes {
    /// These are all rows that there are: any other one is to be dropped.
    pub is_everything: bool,
    /// Always there.
    pub head: HeadState,
    /// Rules whose rows are new or others now; the key is the rule's name.
    pub rules: Vec<RuleState>,
    /// Groups whose rows are new or others now.
    pub groups: Vec<GroupRow>,
    /// Groups that are gone, by rule and number; each is told once.
    pub removed: Vec<(Arc<str>, u64)>,
}

/// One group; rule and number are the key, and no number is given twice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct GroupRow {
    /// The rule's name.
    pub rule: Arc<str>,
    /// The group's number.
    pub number: u64,
    /// What is kept of it.
    pub state: GroupState,
}

impl Snapshot {
    /// Puts rows together again, in whatever order they come. A group whose rule has no row is
    /// forgotten by [`Engine::restore`] if the rule groups by anything.
    pub fn of_parts(
        head: HeadState,
        rules: impl IntoIterator<Item = RuleState>,
        groups: impl IntoIterator<Item = GroupRow>,
    ) -> Self {
        let mut by_name: BTreeMap<Arc<str>, GroupsSnapshot> = rules
            .into_iter()
            .map(|head| (Arc::clone(&head.rule), GroupsSnapshot { head, groups: Vec::new() }))
            .collect();
        for GroupRow { rule, state, .. } in groups {
            let of_rule = by_name.entry(rule);
            let of_rule =
                of_rule.or_insert_with_key(|rule| GroupsSnapshot::of_rule(Arc::clone(rule)));
            of_rule.groups.push(state);
        }
        let mut rules: Vec<GroupsSnapshot> = by_name.into_values().collect();
        rules.sort_by_key(|of_rule| of_rule.head.place);
        for of_rule in &mut rules {
            of_rule.groups.sort_by_key(|GroupState(group)| group.number);
        }
        Self { head, rules }
    }
}

/// A rule of a snapshot whose state could not be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// The rule's name.
    pub rule: Arc<str>,
    /// Why: a lowercase fragment.
    pub why: &'static str,
}

impl GroupRow {
    fn of(rule: &Rule, group: &Group) -> Self {
        let state = GroupState(group.clone());
        Self { rule: Arc::clone(&rule.name), number: group.number, state }
    }
}

impl Engine {
    /// The state after everything so far. The transitions that were not taken yet are not part of
    /// it.
    pub fn snapshot(&self) -> Snapshot {
        let rules = self.rules.iter().zip(&self.groups).enumerate();
        let rules = rules.map(|(place, (rule, groups))| groups.snapshot(rule, place));
        Snapshot { head: self.head(), rules: rules.collect() }
    }

    /// What changed since this or [`everything`](Self::everything) was last asked for: everything
    /// the first time, also of a restored engine, whose rules may be others now.
    ///
    /// What is told counts as kept. A store that failed to keep it asks for everything next, or
    /// keeps these changes and the next ones together.
    pub fn changes(&mut self) -> Changes {
        if !self.groups.iter().all(|groups| groups.marks.are_complete()) {
            return self.everything();
        }
        let mut changes = self.nothing();
        let rules = self.rules.iter().zip(&mut self.groups).enumerate();
        for (place, (rule, groups)) in rules {
            let marked = groups.marks.take();
            if marked.head {
                changes.rules.push(groups.head(rule, place));
            }
            let upserts = marked.changed.into_iter().filter_map(|slot| groups.get(slot));
            changes.groups.extend(upserts.map(|group| GroupRow::of(rule, group)));
            let gone = marked.removed.into_iter();
            changes.removed.extend(gone.map(|number| (Arc::clone(&rule.name), number)));
        }
        self.told_below = self.next_number;
        changes
    }

    /// All rows that there are.
    pub fn everything(&mut self) -> Changes {
        let mut changes = Changes { is_everything: true, ..self.nothing() };
        let rules = self.rules.iter().zip(&mut self.groups).enumerate();
        for (place, (rule, groups)) in rules {
            groups.marks.take();
            changes.rules.push(groups.head(rule, place));
            let all = groups.in_order();
            changes.groups.extend(all.into_iter().map(|(_, group)| GroupRow::of(rule, group)));
        }
        self.told_below = self.next_number;
        changes
    }

    fn nothing(&self) -> Changes {
        Changes {
            is_everything: false,
            head: self.head(),
            rules: Vec::new(),
            groups: Vec::new(),
            removed: Vec::new(),
        }
    }

    fn head(&self) -> HeadState {
        HeadState {
            now: self.now,
            began: self.began,
            next_number: self.next_number,
            counters: self.counters,
        }
    }

    /// Goes on from a snapshot, under rules that may have changed. A rule keeps its state by its
    /// name; times are worked out anew from what the rule says now.
    pub fn restore(
        rules: Arc<[Rule]>,
        catalogue: Arc<Catalogue>,
        settings: Settings,
        snapshot: Snapshot,
    ) -> (Self, Vec<Forgotten>) {
        let mut engine = Self::new(rules, catalogue, settings);
        engine.now = snapshot.head.now;
        engine.began = snapshot.head.began;
        engine.next_number = snapshot.head.next_number;
        engine.counters = snapshot.head.counters;
        let mut forgotten = Vec::new();
        for of_rule in snapshot.rules {
            let name = Arc::clone(&of_rule.head.rule);
            let index = engine.rules.iter().position(|rule| rule.name == name);
            if let Err(why) = engine.restore_rule(index, of_rule) {
                forgotten.push(Forgotten { rule: name, why });
            }
        }
        (engine, forgotten)
    }

    fn restore_rule(
        &mut self,
        index: Option<usize>,
        snapshot: GroupsSnapshot,
    ) -> Result<(), &'static str> {
        let index = index.ok_or("there is no such rule any more")?;
        let rules = Arc::clone(&self.rules);
        let rule = rules.get(index).ok_or("there is no such rule any more")?;
        let groups =
            Groups::restore(snapshot, &rule.group_by).ok_or("the rule groups by something else")?;
        let window = discriminant(&Window::of(&rule.condition));
        let all = groups.in_order();
        if all.iter().any(|(_, group)| discriminant(group.window()) != window) {
            return Err("the rule has another kind of condition");
        }
        let slots: Vec<_> = all.into_iter().map(|(slot, _)| slot).collect();
        self.groups_total += slots.len();
        if let Some(place) = self.groups.get_mut(index) {
            *place = groups;
        }
        let around = Surroundings::of(rule, &self.settings, &self.counters, 0);
        for slot in slots {
            let Some(group) = self.groups.get_mut(index).and_then(|groups| groups.change(slot))
            else {
                continue;
            };
            self.evidence_total += usize::from(group.evidence.is_some());
            group.wakes_at = group.wakes_at.min(group.next_at(around));
            self.queue.push(Wake { at: group.wakes_at, rule: index, slot });
        }
        Ok(())
    }
}
