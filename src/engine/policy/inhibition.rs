//! Which firing alert explains another one.
//!
//! Owns the question who inhibits whom, rings of rules included. Must never know groups, silences
//! or time. Nothing here fails.
//!
//! A source inhibits for as long as it fires, whether it is itself told or not: an operator who
//! silences the cause does not ask for its consequences instead.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::engine::alert::Alert;
use crate::engine::label::Fingerprint;
use crate::engine::rule::{Inhibit, Rule};

/// All firing alerts, by rule.
#[derive(Debug, Default)]
pub(super) struct Firing {
    rules: BTreeMap<Arc<str>, BTreeMap<Fingerprint, Arc<Alert>>>,
    count: usize,
}

impl Firing {
    pub(super) fn insert(&mut self, alert: &Arc<Alert>) {
        let of_rule = self.rules.entry(Arc::clone(&alert.rule)).or_default();
        if of_rule.insert(alert.fingerprint, Arc::clone(alert)).is_none() {
            self.count += 1;
        }
    }

    /// Whether it was there.
    pub(super) fn remove(&mut self, alert: &Alert) -> bool {
        let Some(of_rule) = self.rules.get_mut(&alert.rule) else { return false };
        let removed = of_rule.remove(&alert.fingerprint).is_some();
        if of_rule.is_empty() {
            self.rules.remove(&alert.rule);
        }
        self.count -= usize::from(removed);
        removed
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// The alert as it was known before.
    pub(super) fn get(&self, alert: &Alert) -> Option<&Arc<Alert>> {
        self.rules.get(&alert.rule)?.get(&alert.fingerprint)
    }

    pub(super) fn contains(&self, alert: &Alert) -> bool {
        self.get(alert).is_some()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Arc<Alert>> {
        self.rules.values().flat_map(BTreeMap::values)
    }

    fn of(&self, rule: &str) -> impl Iterator<Item = &Arc<Alert>> {
        self.rules.get(rule).into_iter().flat_map(BTreeMap::values)
    }
}

/// Which rules inhibit which.
#[derive(Debug, Default)]
pub(super) struct Inhibitions {
    sources: Vec<(Arc<str>, Inhibit)>,
    /// For each rule all that it inhibits, over others, too.
    reach: BTreeMap<Arc<str>, BTreeSet<Arc<str>>>,
}

impl Inhibitions {
    pub(super) fn of(rules: &[Rule]) -> Self {
        let sources = rules.iter().flat_map(|rule| {
            rule.inhibits.iter().map(|inhibit| (Arc::clone(&rule.name), inhibit.clone()))
        });
        let sources: Vec<(Arc<str>, Inhibit)> = sources.collect();
        let names = sources.iter().map(|(name, _)| name);
        let reach = names.map(|name| (Arc::clone(name), reached(name, &sources, rules)));
        let reach = reach.collect();
        Self { sources, reach }
    }

    /// The firing alert that inhibits this one.
    ///
    /// Of alerts whose rules inhibit each other in a ring the graver one inhibits, then the one
    /// that fired earlier: else all would fall silent. Whether there is a ring is judged by the
    /// rules, not by the labels of their alerts, which errs towards telling.
    pub(super) fn inhibitor<'f>(&self, firing: &'f Firing, target: &Alert) -> Option<&'f Alert> {
        self.sources.iter().find_map(|(source, inhibit)| {
            if !inhibit.rules.iter().any(|pattern| pattern.fits(&target.rule)) {
                return None;
            }
            let is_ring =
                self.reach.get(&target.rule).is_some_and(|reached| reached.contains(source));
            let inhibits = |alert: &&Arc<Alert>| {
                alert.fingerprint != target.fingerprint
                    && inhibit.equal.iter().all(|name| alert.label(name) == target.label(name))
                    && (!is_ring || rank(alert) < rank(target))
            };
            firing.of(source).find(inhibits).map(|alert| &**alert)
        })
    }
}

/// The rules that a rule inhibits, and those that they inhibit.
fn reached(from: &str, sources: &[(Arc<str>, Inhibit)], rules: &[Rule]) -> BTreeSet<Arc<str>> {
    let mut reached = BTreeSet::new();
    let mut open = vec![from];
    while let Some(name) = open.pop() {
        let inhibits = sources.iter().filter(|(source, _)| **source == *name);
        for pattern in inhibits.flat_map(|(_, inhibit)| &inhibit.rules) {
            for rule in rules.iter().filter(|rule| pattern.fits(&rule.name)) {
                if reached.insert(Arc::clone(&rule.name)) {
                    open.push(&rule.name);
                }
            }
        }
    }
    reached
}

/// The graver, then the earlier comes first.
fn rank(alert: &Alert) -> impl Ord {
    (Reverse(alert.severity), alert.fired_at, alert.fingerprint)
}
