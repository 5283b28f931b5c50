//! What the policy remembers, and how it is taken up under a configuration that may be another one.
//!
//! Owns the state and its way to and from disk. Must never decide. Nothing here fails but the
//! reading of a snapshot that is none.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::config::PolicyConfig;
use super::decision::{Decision, hash_instant};
use super::group::{Group, GroupId, Member};
use super::history::History;
use super::silence::Silences;
use super::{Policy, judge, place, put, take};
use crate::engine::alert::{Alert, State, Transition};
use crate::engine::label::Fingerprint;
use crate::engine::rule::Rule;
use crate::engine::time::Instant;
use crate::fnv::Fnv;

/// So many changes are known again. A crash can bring back only what came since the last snapshot.
const KNOWN_MAX: usize = 1_024;

/// What was counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PolicyCounters {
    /// Notifications.
    pub notifications: u64,
    /// Decisions to withhold.
    pub withheld: u64,
    /// Those of them that found no room among the decisions not yet taken.
    pub withheld_left_out: u64,
    /// Alerts that fired and were resolved while something withheld them, and are never told.
    pub never_told: u64,
    /// Repeats that were skipped, as the next one was due, too.
    pub repeats_skipped: u64,
    /// Changes that put an alert among those that found no room in a group of their own.
    pub overflowed: u64,
    /// Alerts in notifications that did not list them.
    pub alerts_left_out: u64,
    /// Changes of alerts for which there was no room at all. Of a history those are in its
    /// notification's `left_out`.
    pub alerts_refused: u64,
    /// Silences for which there was no room.
    pub silences_refused: u64,
    /// Changes that were known already.
    pub known_again: u64,
    /// How often the clock was set back.
    pub clock_set_back: u64,
}

/// All that the policy remembers.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct PolicySnapshot {
    /// How far time is known to have passed.
    pub(super) now: Option<Instant>,
    #[serde(with = "pairs")]
    pub(super) groups: BTreeMap<GroupId, Group>,
    pub(super) silences: Silences,
    pub(super) known: Known,
    pub(super) decisions: Vec<Decision>,
    pub(super) counters: PolicyCounters,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(super) history: Option<History>,
}

/// The latest changes, by hash.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Known(VecDeque<u64>);

impl Known {
    /// Whether the change is new. Changes are compared as a whole: a stamp that lies before another
    /// one does not make a change old, and to miss one is worse than to tell it twice.
    pub(super) fn insert(&mut self, transition: &Transition) -> bool {
        let alert = &transition.alert;
        let state = |state| match state {
            State::Inactive => 0,
            State::Pending => 1,
            State::Firing => 2,
            State::Resolved => 3,
        };
        let mut hash = Fnv::new();
        hash.number(alert.fingerprint.0);
        hash.number(state(transition.from)).number(state(transition.to));
        for at in [Some(transition.at), alert.fired_at, alert.resolved_at] {
            hash_instant(&mut hash, at);
        }
        hash.number(alert.count).number(alert.flapping.into());
        let hash = hash.get();
        if self.0.contains(&hash) {
            return false;
        }
        if self.0.len() == KNOWN_MAX {
            self.0.pop_front();
        }
        self.0.push_back(hash);
        true
    }
}

impl Policy {
    /// Takes up what another run remembered. Nothing of it is told again. Where the routes are
    /// others now, alerts move to their new groups; one that moves to the receiver that was told of
    /// it counts as told.
    pub fn restore(config: PolicyConfig, rules: &[Rule], snapshot: PolicySnapshot) -> Self {
        let mut policy = Self::bare(config, rules);
        let mut remembered = snapshot;
        let silences = std::mem::take(&mut policy.configured);
        let ended = remembered.silences.configure(remembered.now, &silences);
        let groups = std::mem::take(&mut remembered.groups);
        policy.state = remembered;
        let mut moved = Moved::new();
        for (id, mut group) in groups {
            let belongs = |member: &Member| policy.belongs(&id, &group, member);
            let strangers = group.members.iter().filter(|(_, member)| !belongs(member));
            let strangers: Vec<_> = strangers.map(|(fingerprint, _)| *fingerprint).collect();
            for fingerprint in strangers {
                let member = group.members.remove(&fingerprint);
                let key = (fingerprint, Arc::clone(&group.receiver));
                moved.extend(member.map(|member| (key, (group.told_at, member))));
            }
            for member in group.members.values().filter(|member| member.firing) {
                policy.firing.insert(&member.alert);
            }
            if !group.members.is_empty() {
                put(&mut policy.state, &mut policy.dues, id, group);
            }
        }
        policy.take_in(&moved);
        if let Some(now) = policy.state.now {
            policy.release(now, &ended);
            policy.reconsider(now);
        }
        policy
    }

    /// What is to be kept.
    pub fn snapshot(&self) -> &PolicySnapshot {
        &self.state
    }

    /// What is to be kept, if it changed since this was last asked; a policy that was just made or
    /// restored has changed. That time has passed without a decision is no change: a clock that is
    /// set back while nobody runs is measured from the last one.
    pub fn changed(&mut self) -> Option<&PolicySnapshot> {
        std::mem::take(&mut self.is_changed).then_some(&self.state)
    }

    /// A rule may have been given another severity while its alert fires: then the alert may belong
    /// to other groups, and its end must find it there.
    pub(super) fn regrade(&mut self, alert: &Arc<Alert>) {
        let known = self.firing.get(alert).filter(|known| known.severity != alert.severity);
        let Some(known) = known.cloned() else { return };
        let mut moved = Moved::new();
        for route in &self.routes.of(&known) {
            let id = place(&self.state, self.limits, route, &known);
            let mut group = take(&mut self.state, &mut self.dues, &id, route);
            if let Some(mut member) = group.members.remove(&alert.fingerprint) {
                member.alert = Arc::clone(alert);
                let key = (alert.fingerprint, Arc::clone(&group.receiver));
                moved.insert(key, (group.told_at, member));
            }
            put(&mut self.state, &mut self.dues, id, group);
        }
        self.take_in(&moved);
    }

    /// Whether the member is where the routes put it.
    fn belongs(&self, id: &GroupId, group: &Group, member: &Member) -> bool {
        let routes = self.routes.of(&member.alert);
        let route = routes.into_iter().find(|route| route.name == id.route);
        route.is_some_and(|route| {
            route.receiver == group.receiver
                && (id.key.is_none() || GroupId::of(&route, &member.alert) == *id)
        })
    }

    /// Alerts whose groups are others now, and those that a further route takes.
    fn take_in(&mut self, moved: &Moved) {
        let now = self.state.now.unwrap_or_default();
        let mut alerts: BTreeMap<Fingerprint, Arc<Alert>> = BTreeMap::new();
        for ((fingerprint, _), (_, member)) in moved {
            if member.firing {
                self.firing.insert(&member.alert);
            }
            alerts.insert(*fingerprint, Arc::clone(&member.alert));
        }
        let firing = self.firing.iter().map(|alert| (alert.fingerprint, Arc::clone(alert)));
        alerts.extend(firing);
        for (fingerprint, alert) in alerts {
            for route in &self.routes.of(&alert) {
                let id = place(&self.state, self.limits, route, &alert);
                let told = moved.get(&(fingerprint, Arc::clone(&route.receiver)));
                let stands = self.state.groups.get(&id);
                if stands.is_some_and(|group| group.members.contains_key(&fingerprint)) {
                    continue;
                }
                let (told_at, member) = match told {
                    Some((told_at, member)) => (*told_at, member.clone()),
                    None if self.firing.contains(&alert) => (None, Member::firing(&alert)),
                    None => continue,
                };
                let mut group = take(&mut self.state, &mut self.dues, &id, route);
                group.told_at = group.told_at.max(told_at);
                let is_news = member.has_news();
                group.members.insert(fingerprint, member);
                if is_news {
                    group.schedule(route, now.plus(route.wait(&alert)));
                }
                group.due = group.due.into_iter().chain(group.repeat_at(route)).min();
                put(&mut self.state, &mut self.dues, id, group);
            }
        }
    }

    /// What was withheld by something that the configuration no longer has.
    fn reconsider(&mut self, now: Instant) {
        let judge = judge(&self.state, &self.mutes, &self.inhibitions, &self.firing);
        let is_free = |member: &Member| {
            let verdict = judge.verdict(now, &member.alert, member.status());
            member.withheld.is_some() && verdict.is_none()
        };
        let free = self.state.groups.iter().filter_map(|(id, group)| {
            let member = group.members.values().find(|member| is_free(member))?;
            Some((id.clone(), Arc::clone(&member.alert)))
        });
        for (id, alert) in free.collect::<Vec<_>>() {
            self.schedule(&id, &alert, now);
        }
    }
}

/// Members that have left their groups, by alert and by who was told of them.
type Moved = BTreeMap<(Fingerprint, Arc<str>), (Option<Instant>, Member)>;

/// JSON knows no keys but texts.
mod pairs {
    use super::{BTreeMap, Deserialize, Deserializer, Group, GroupId, Serializer};

    pub(super) fn serialize<S: Serializer>(
        groups: &BTreeMap<GroupId, Group>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(groups)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<GroupId, Group>, D::Error> {
        Ok(Vec::<(GroupId, Group)>::deserialize(deserializer)?.into_iter().collect())
    }
}
