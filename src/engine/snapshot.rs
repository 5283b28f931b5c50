//! The engine's whole state as a value, to be kept over a restart.
//!
//! Owns its form. Must never know where it is kept. What no longer fits the rules is forgotten and
//! said; nothing fails.

use std::mem::discriminant;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::group::Surroundings;
use super::groups::{Groups, GroupsSnapshot};
use super::queue::Wake;
use super::rule::Rule;
use super::time::Instant;
use super::window::Window;
use super::{Counters, Engine, Settings};
use crate::catalogue::Catalogue;

/// An engine's state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Snapshot {
    now: Instant,
    began: Option<Instant>,
    next_number: u64,
    counters: Counters,
    rules: Vec<GroupsSnapshot>,
}

/// A rule of a snapshot whose state could not be taken over.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forgotten {
    /// The rule's name.
    pub rule: Arc<str>,
    /// Why: a lowercase fragment.
    pub why: &'static str,
}

impl Engine {
    /// The state after everything so far. The transitions that were not taken yet are not part of
    /// it.
    pub fn snapshot(&self) -> Snapshot {
        let rules = self.rules.iter().zip(&self.groups);
        Snapshot {
            now: self.now,
            began: self.began,
            next_number: self.next_number,
            counters: self.counters,
            rules: rules
                .map(|(rule, groups)| groups.snapshot(&rule.name, &rule.group_by))
                .collect(),
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
        engine.now = snapshot.now;
        engine.began = snapshot.began;
        engine.next_number = snapshot.next_number;
        engine.counters = snapshot.counters;
        let mut forgotten = Vec::new();
        for of_rule in snapshot.rules {
            let name = Arc::clone(&of_rule.rule);
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
        let around = Surroundings::of(rule, self.settings, self.counters, 0);
        for slot in slots {
            let Some(group) = self.groups.get_mut(index).and_then(|groups| groups.get(slot)) else {
                continue;
            };
            self.evidence_total += usize::from(group.evidence.is_some());
            group.wakes_at = group.wakes_at.min(group.next_at(around));
            self.queue.push(Wake { at: group.wakes_at, rule: index, slot });
        }
        Ok(())
    }
}
