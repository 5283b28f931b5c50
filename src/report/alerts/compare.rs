//! What other rules change of the alerts on the same log.
//!
//! Owns what counts as the same alert: same rule, same group, at a time that they share. Must never
//! decide which rules are better. Nothing here fails.

use std::collections::HashMap;

use super::Alerts;
use crate::engine::Instant;
use crate::replay::Episode;

/// Two replays of one log.
#[derive(Debug)]
pub struct Comparison<'a> {
    /// Under the rules in use.
    pub before: &'a Alerts,
    /// Under the other ones.
    pub after: &'a Alerts,
    /// Alerts that only the other rules have.
    pub added: Vec<&'a Episode>,
    /// Alerts that only the rules in use have.
    pub removed: Vec<&'a Episode>,
    /// Alerts that both have, from or to another instant or of another severity.
    pub changed: Vec<(&'a Episode, &'a Episode)>,
    /// How many are the same in both.
    pub same: usize,
}

impl<'a> Comparison<'a> {
    /// Compares two replays.
    pub fn of(before: &'a Alerts, after: &'a Alerts) -> Self {
        let mut comparison = Self {
            before,
            after,
            added: Vec::new(),
            removed: Vec::new(),
            changed: Vec::new(),
            same: 0,
        };
        let mut others: HashMap<_, Vec<&Episode>> = HashMap::new();
        // Last first, so that the earliest is popped first.
        for episode in after.replayed.episodes.iter().rev() {
            others.entry(episode.alert.fingerprint).or_default().push(episode);
        }
        for episode in &before.replayed.episodes {
            let other = others.get_mut(&episode.alert.fingerprint).and_then(|others| {
                let place = others.iter().rposition(|other| overlap(episode, other))?;
                Some(others.remove(place))
            });
            match other {
                None => comparison.removed.push(episode),
                Some(other) if is_same(episode, other) => comparison.same += 1,
                Some(other) => comparison.changed.push((episode, other)),
            }
        }
        comparison.added = others.into_values().flatten().collect();
        comparison.added.sort_by_key(|episode| (episode.fired_at, episode.alert.fingerprint));
        comparison
    }
}

fn overlap(one: &Episode, other: &Episode) -> bool {
    let end = |it: &Episode| it.resolved.as_ref().map_or(Instant::MAX, |(at, _)| *at);
    one.fired_at <= end(other) && other.fired_at <= end(one)
}

fn is_same(one: &Episode, other: &Episode) -> bool {
    let key = |it: &Episode| {
        (it.fired_at, it.resolved.as_ref().map(|(at, _)| *at), it.alert.severity, it.alert.count)
    };
    key(one) == key(other)
}
