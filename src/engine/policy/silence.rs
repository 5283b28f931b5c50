//! What an operator asked not to be told.
//!
//! Owns which silences there are, whom they cover and when they end. Must never know groups or
//! notifications. Nothing here fails.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::decision::WithheldBy;
use super::facet::{AlertMatcher, all_fit};
use super::inhibition::Firing;
use crate::engine::alert::Alert;
use crate::engine::label::Fingerprint;
use crate::engine::time::Instant;

/// Alerts that are not told for a while.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Silence {
    /// Its stable name.
    pub id: Arc<str>,
    /// All must be true of an alert.
    pub matchers: Vec<AlertMatcher>,
    /// Who asked for it.
    pub author: Arc<str>,
    /// Why.
    pub reason: Arc<str>,
    /// From when on.
    pub starts_at: Instant,
    /// Until when.
    pub ends: SilenceEnd,
}

/// Until when a silence lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SilenceEnd {
    /// This instant, excluded.
    Until(Instant),
    /// For each alert that fires when the silence starts, until it is resolved. If none does, for
    /// the first that fires. What fires later is another incident, and is told.
    UntilResolved,
}

/// A silence and whom it covers.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Held {
    pub(super) silence: Silence,
    /// Whether it stands in the configuration.
    configured: bool,
    /// The alerts of one that lasts until they are resolved.
    bound: BTreeSet<Fingerprint>,
    started: bool,
}

impl Held {
    /// Whether it covers the alert, should it not have ended.
    pub(super) fn covers(&self, at: Instant, alert: &Alert) -> bool {
        match self.silence.ends {
            SilenceEnd::Until(_) => {
                self.silence.starts_at <= at && all_fit(&self.silence.matchers, alert)
            }
            SilenceEnd::UntilResolved => self.bound.contains(&alert.fingerprint),
        }
    }

    pub(super) fn name(&self) -> WithheldBy {
        WithheldBy::Silence {
            id: Arc::clone(&self.silence.id),
            author: Arc::clone(&self.silence.author),
            reason: Arc::clone(&self.silence.reason),
        }
    }

    fn deadline(&self) -> Option<Instant> {
        match self.silence.ends {
            SilenceEnd::Until(end) => Some(end),
            SilenceEnd::UntilResolved => (!self.started).then_some(self.silence.starts_at),
        }
    }

    fn start(&mut self, firing: &Firing) {
        self.started = true;
        let covered = firing.iter().filter(|alert| all_fit(&self.silence.matchers, alert));
        self.bound = covered.map(|alert| alert.fingerprint).collect();
    }
}

/// All silences that have not ended.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct Silences {
    held: BTreeMap<Arc<str>, Held>,
    /// Those of the configuration that ended before they were taken out of it.
    over: BTreeSet<Arc<str>>,
}

impl Silences {
    /// What is new in the configuration; what has left it ends like any other.
    pub(super) fn configure(&mut self, now: Option<Instant>, silences: &[Silence]) -> Vec<Held> {
        let mut ended = Vec::new();
        let is_kept = |id: &Arc<str>| silences.iter().any(|silence| silence.id == *id);
        self.over.retain(is_kept);
        let gone = |held: &Held| held.configured && !is_kept(&held.silence.id);
        let gone: Vec<Arc<str>> =
            self.held.iter().filter(|(_, held)| gone(held)).map(|(id, _)| Arc::clone(id)).collect();
        ended.extend(gone.iter().filter_map(|id| self.held.remove(id)));
        for silence in silences {
            let is_past = matches!((silence.ends, now),
                (SilenceEnd::Until(end), Some(now)) if end <= now);
            if !is_past && !self.over.contains(&silence.id) {
                match self.held.get_mut(&silence.id) {
                    Some(held) if held.silence.ends == silence.ends => {
                        held.silence = silence.clone();
                    }
                    _ => ended.extend(self.insert(silence.clone(), true)),
                }
            }
        }
        ended
    }

    /// The silence of the same name that it replaces.
    pub(super) fn insert(&mut self, silence: Silence, configured: bool) -> Option<Held> {
        let id = Arc::clone(&silence.id);
        let held = Held { silence, configured, bound: BTreeSet::new(), started: false };
        self.held.insert(id, held)
    }

    pub(super) fn contains(&self, id: &str) -> bool {
        self.held.contains_key(id)
    }

    pub(super) fn count(&self) -> usize {
        self.held.len()
    }

    /// Each, and whether it stands in the configuration.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&Silence, bool)> {
        self.held.values().map(|held| (&held.silence, held.configured))
    }

    pub(super) fn remove(&mut self, id: &str) -> Option<Held> {
        let removed = self.held.remove(id)?;
        if removed.configured {
            self.over.insert(Arc::clone(&removed.silence.id));
        }
        Some(removed)
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        self.held.values().filter_map(Held::deadline).min()
    }

    /// Starts what starts, and takes out what ends.
    pub(super) fn advance(&mut self, at: Instant, firing: &Firing) -> Vec<Held> {
        let mut ended = Vec::new();
        for (id, held) in &mut self.held {
            if held.deadline().is_some_and(|deadline| deadline <= at) {
                match held.silence.ends {
                    SilenceEnd::Until(_) => ended.push(Arc::clone(id)),
                    SilenceEnd::UntilResolved => held.start(firing),
                }
            }
        }
        ended.iter().filter_map(|id| self.remove(id)).collect()
    }

    /// The first silence that covers the alert.
    pub(super) fn covering(&self, at: Instant, alert: &Alert) -> Option<&Held> {
        let has_ended = |held: &Held| match held.silence.ends {
            SilenceEnd::Until(end) => end <= at,
            SilenceEnd::UntilResolved => false,
        };
        self.held.values().find(|held| held.covers(at, alert) && !has_ended(held))
    }

    /// An alert fires: a silence that waits for one has found it.
    pub(super) fn fired(&mut self, alert: &Alert) {
        for held in self.held.values_mut() {
            let waits = held.started
                && held.bound.is_empty()
                && held.silence.ends == SilenceEnd::UntilResolved;
            if waits && all_fit(&held.silence.matchers, alert) {
                held.bound.insert(alert.fingerprint);
            }
        }
    }

    /// An alert is resolved: silences that waited for that end.
    pub(super) fn resolved(&mut self, fingerprint: Fingerprint) {
        let mut over = Vec::new();
        for (id, held) in &mut self.held {
            if held.bound.remove(&fingerprint) && held.bound.is_empty() {
                over.push(Arc::clone(id));
            }
        }
        for id in over {
            self.remove(&id);
        }
    }
}
