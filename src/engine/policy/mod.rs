//! From changes of alerts to decisions about notifications.
//!
//! Owns routes, groups, silences, mutes and inhibition: who is told what, when, and why somebody is
//! not. Must never know how an alert came about, what a receiver is, or what time it is: `now` is
//! an argument. Nothing here fails.
//!
//! What is decided depends on the changes and their instants only, never on how often time is let
//! pass in between: every deadline is acted at as of its own instant. Only repeats are skipped when
//! several of a group are due at once, as after a stop; the last of them is told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

mod config;
mod decision;
mod digest;
mod facet;
mod flush;
mod group;
mod history;
mod inhibition;
mod mute;
mod passage;
mod silence;
mod snapshot;

#[cfg(test)]
mod tests;

pub use config::{PolicyConfig, PolicyLimits, Route};
pub use decision::{
    AlertStatus, Covered, Decision, Notification, NotificationId, NotifyReason, ToldAlert,
    Withheld, WithheldBy,
};
pub use digest::{Digest, Every};
pub use facet::{AlertMatcher, Facet};
pub use flush::fires_first;
pub use mute::{Mute, TimeOfWeek};
pub use passage::{Detour, Merged, Passage};
pub use silence::{Silence, SilenceEnd};
pub use snapshot::{PolicyCounters, PolicySnapshot};

use super::alert::{Alert, State, Transition};
use super::rule::Rule;
use super::time::Instant;
use config::Routes;
use flush::{Flush, Judge};
use group::{Group, GroupId, Member};
use inhibition::{Firing, Inhibitions};
use silence::Held;

/// Decides who is told what.
#[derive(Debug)]
pub struct Policy {
    routes: Routes,
    mutes: Vec<Mute>,
    inhibitions: Inhibitions,
    limits: PolicyLimits,
    /// The configuration's silences, until they are taken up.
    configured: Vec<Silence>,
    state: PolicySnapshot,
    /// All firing alerts: an index of the members of groups.
    firing: Firing,
    /// When which group is due: an index, too.
    dues: Dues,
    /// Since a store was last told.
    is_changed: bool,
}

type Dues = BTreeSet<(Instant, GroupId)>;

impl Policy {
    /// A policy that knows no alert.
    pub fn new(config: PolicyConfig, rules: &[Rule]) -> Self {
        Self::restore(config, rules, PolicySnapshot::default())
    }

    fn bare(config: PolicyConfig, rules: &[Rule]) -> Self {
        Self {
            routes: Routes::new(config.routes),
            mutes: config.mutes,
            inhibitions: Inhibitions::of(rules),
            limits: config.limits,
            configured: config.silences,
            state: PolicySnapshot::default(),
            firing: Firing::default(),
            dues: Dues::new(),
            is_changed: true,
        }
    }

    /// An alert changed. What is due by now is decided first. A change that is known already, as
    /// after a crash, changes nothing.
    ///
    /// While a history is read this is [`apply_historical`](Self::apply_historical).
    pub fn apply(&mut self, now: Instant, transition: &Transition) {
        if self.is_in_history() {
            return self.apply_historical(now, transition);
        }
        self.advance(now);
        self.note(now, transition);
    }

    fn note(&mut self, now: Instant, transition: &Transition) {
        self.is_changed = true;
        if !self.state.known.insert(transition) {
            self.state.counters.known_again += 1;
            return;
        }
        self.regrade(&transition.alert);
        match transition.to {
            State::Firing => self.fire(now, transition),
            State::Resolved | State::Inactive => self.resolve(now, transition),
            // That a condition begins to hold is nothing to tell.
            State::Pending => {}
        }
    }

    /// Time has passed: decides what was due by now, in order, each as of the instant of its
    /// deadline. While a history is read nothing is due.
    pub fn advance(&mut self, now: Instant) {
        if self.is_in_history() {
            return;
        }
        self.set_back(now);
        while let Some(at) = self.next_deadline().filter(|at| *at <= now) {
            self.is_changed = true;
            if self.state.silences.deadline().is_some_and(|deadline| deadline <= at) {
                let ended = self.state.silences.advance(at, &self.firing);
                self.release(at, &ended);
            } else if let Some((_, id)) = self.dues.pop_first() {
                self.flush(&id, at, now);
            }
        }
    }

    /// When something is to be decided next, should nothing change until then.
    pub fn next_deadline(&self) -> Option<Instant> {
        if self.is_in_history() {
            return None;
        }
        let due = self.dues.first().map(|(due, _)| *due);
        due.into_iter().chain(self.state.silences.deadline()).min()
    }

    /// What was decided since the last call, in order.
    pub fn take(&mut self) -> Vec<Decision> {
        self.is_changed |= !self.state.decisions.is_empty();
        std::mem::take(&mut self.state.decisions)
    }

    /// What was counted.
    pub fn counters(&self) -> &PolicyCounters {
        &self.state.counters
    }

    /// What fires of that which a receiver was told, once for each alert.
    pub fn standing(&self, receiver: &str) -> Vec<ToldAlert> {
        let groups = self.state.groups.values().filter(|group| *group.receiver == *receiver);
        let members = groups.flat_map(|group| group.members.values());
        let standing = members.filter(|member| member.firing && member.told);
        let by_alert: BTreeMap<_, _> =
            standing.map(|member| (member.alert.fingerprint, member.tell(false))).collect();
        by_alert.into_values().collect()
    }

    /// The silences that have not ended, and whether they stand in the configuration.
    pub fn silences(&self) -> impl Iterator<Item = (&Silence, bool)> {
        self.state.silences.iter()
    }

    /// The silence that covers an alert as of the last decision.
    pub fn silence_of(&self, alert: &Alert) -> Option<&Arc<str>> {
        let held = self.state.silences.covering(self.state.now.unwrap_or_default(), alert)?;
        Some(&held.silence.id)
    }

    /// Adds a silence, or replaces the one of the same id. False if it is over already, or if there
    /// is no room for it.
    pub fn add_silence(&mut self, now: Instant, silence: Silence) -> bool {
        self.advance(now);
        self.is_changed = true;
        if matches!(silence.ends, SilenceEnd::Until(end) if end <= now) {
            return false;
        }
        let silences = &mut self.state.silences;
        if !silences.contains(&silence.id) && silences.count() >= self.limits.silences_max {
            self.state.counters.silences_refused += 1;
            return false;
        }
        let replaced = silences.insert(silence, false);
        // It may start at once, and cover what the one before it covered.
        let mut ended = silences.advance(now, &self.firing);
        ended.extend(replaced);
        self.release(now, &ended);
        true
    }

    /// Ends a silence. False if there is none of that id.
    pub fn expire_silence(&mut self, now: Instant, id: &str) -> bool {
        self.advance(now);
        let removed = self.state.silences.remove(id);
        self.is_changed |= removed.is_some();
        self.release(now, removed.as_slice());
        removed.is_some()
    }

    fn fire(&mut self, now: Instant, transition: &Transition) {
        let alert = &transition.alert;
        if !self.firing.contains(alert) {
            if self.firing.count() >= self.limits.alerts_max {
                self.state.counters.alerts_refused += 1;
                return;
            }
            self.state.silences.fired(alert);
        }
        self.firing.insert(alert);
        for route in &self.routes.of(alert) {
            let id = place(&self.state, self.limits, route, alert);
            let mut group = take(&mut self.state, &mut self.dues, &id, route);
            let is_news = if let Some(member) = group.members.get_mut(&alert.fingerprint) {
                self.state.fires_again(member);
                member.fire(transition)
            } else {
                self.state.counters.overflowed += u64::from(id.key.is_none());
                group.members.insert(alert.fingerprint, Member::firing(alert));
                true
            };
            if is_news {
                group.schedule(route, now.plus(route.wait(alert)));
            }
            put(&mut self.state, &mut self.dues, id, group);
        }
    }

    fn resolve(&mut self, now: Instant, transition: &Transition) {
        let alert = &transition.alert;
        if !self.firing.contains(alert) {
            return;
        }
        for route in &self.routes.of(alert) {
            let id = place(&self.state, self.limits, route, alert);
            let mut group = take(&mut self.state, &mut self.dues, &id, route);
            if let Some(mut member) = group.members.remove(&alert.fingerprint) {
                member.resolve(transition);
                if self.is_to_tell(now, route, &mut member)
                    && self.state.has_room_for(&member, route, self.limits)
                {
                    group.members.insert(alert.fingerprint, member);
                    group.schedule(route, now.plus(route.wait(alert)));
                }
            }
            put(&mut self.state, &mut self.dues, id, group);
        }
        self.firing.remove(alert);
        self.state.silences.resolved(alert.fingerprint);
        let by_this = |member: &Member| {
            matches!(&member.withheld,
                Some(WithheldBy::Inhibition { by, .. }) if *by == alert.fingerprint)
        };
        for (id, explained) in self.members_for_whom(by_this) {
            self.schedule(&id, &explained, now);
        }
    }

    /// Whether anything is to be told of an alert that fires no more.
    fn is_to_tell(&mut self, now: Instant, route: &Route, member: &mut Member) -> bool {
        if member.told {
            return route.send_resolved;
        }
        // Whoever withheld its firing does not want to hear of it afterwards, even if what withheld
        // it is over before the group is due; but a silence that ended while it fired.
        let judge = judge(&self.state, &self.mutes, &self.inhibitions, &self.firing);
        let verdict = judge.verdict(now, &member.alert, member.status());
        let is_withheld = if self.is_in_history() {
            judge.withheld_all_along(now, route, &member.alert)
        } else {
            verdict.is_some() || (member.withheld.is_some() && member.ended.is_none())
        };
        let verdict = verdict.filter(|_| is_withheld);
        let withheld =
            verdict.and_then(|verdict| flush::withhold(member, verdict.by, (now, route)));
        self.state.counters.never_told += u64::from(is_withheld);
        self.keep(withheld.map(Decision::Withhold));
        !is_withheld
    }

    fn flush(&mut self, id: &GroupId, at: Instant, until: Instant) {
        let Some(mut group) = self.state.groups.remove(id) else { return };
        // A restored group whose route is gone has moved; there is none without a route.
        let Some(route) = self.routes.named(&id.route) else { return };
        let judge = judge(&self.state, &self.mutes, &self.inhibitions, &self.firing);
        let listed_max = self.limits.listed_max;
        let flush = flush::flush((id, &mut group), route, judge, (at, until), listed_max);
        put(&mut self.state, &mut self.dues, id.clone(), group);
        let Flush { notification, withheld, is_skipped, dropped } = flush;
        let counters = &mut self.state.counters;
        counters.repeats_skipped += u64::from(is_skipped);
        counters.never_told += dropped;
        if let Some(notification) = &notification {
            counters.alerts_left_out += notification.left_out;
        }
        self.keep(withheld.into_iter().map(Decision::Withhold));
        self.keep(notification.map(Decision::Notify));
    }

    /// Notifications are never dropped; there are at most as many as groups and changes.
    fn keep(&mut self, decisions: impl IntoIterator<Item = Decision>) {
        for decision in decisions {
            let state = &mut self.state;
            match &decision {
                Decision::Notify(_) => state.counters.notifications += 1,
                Decision::Withhold(_) => {
                    state.counters.withheld += 1;
                    if state.decisions.len() >= self.limits.withheld_max {
                        state.counters.withheld_left_out += 1;
                        continue;
                    }
                }
            }
            state.decisions.push(decision);
        }
    }

    /// What silences covered that have ended, and nothing else silences, is told if it still fires,
    /// whether or not it was told before: who asked for quiet for an hour is told after that hour.
    fn release(&mut self, at: Instant, ended: &[Held]) {
        for held in ended {
            for (id, alert) in self.members_for_whom(|member| held.covers(at, &member.alert)) {
                let is_silenced = self.state.silences.covering(at, &alert).is_some();
                let group = self.state.groups.get_mut(&id);
                let member = group.and_then(|group| group.members.get_mut(&alert.fingerprint));
                let Some(member) = member else { continue };
                if member.firing && !is_silenced {
                    member.ended = Some(held.name());
                }
                if member.ended.is_some() || member.withheld.is_some() {
                    self.schedule_at(&id, at);
                }
            }
        }
    }

    fn members_for_whom(&self, is_meant: impl Fn(&Member) -> bool) -> Vec<(GroupId, Arc<Alert>)> {
        let groups = self.state.groups.iter();
        let members = groups.flat_map(|(id, group)| {
            group.members.values().filter(|member| is_meant(member)).map(move |member| (id, member))
        });
        members.map(|(id, member)| (id.clone(), Arc::clone(&member.alert))).collect()
    }

    /// There is something to tell of the alert once others had time to join it.
    fn schedule(&mut self, id: &GroupId, alert: &Alert, now: Instant) {
        if let Some(wait) = self.routes.named(&id.route).map(|route| route.wait(alert)) {
            self.schedule_at(id, now.plus(wait));
        }
    }

    fn schedule_at(&mut self, id: &GroupId, at: Instant) {
        if let Some(route) = self.routes.named(&id.route) {
            let mut group = take(&mut self.state, &mut self.dues, id, route);
            group.schedule(route, at);
            put(&mut self.state, &mut self.dues, id.clone(), group);
        }
    }

    /// A clock that was a year ahead must not make everybody wait for a year.
    fn set_back(&mut self, now: Instant) {
        let before = self.state.now.replace(now).unwrap_or(now);
        if now < before {
            self.is_changed = true;
            self.state.counters.clock_set_back += 1;
            self.dues.clear();
            for (id, group) in &mut self.state.groups {
                group.shift(before.since(now));
                self.dues.extend(group.due.map(|due| (due, id.clone())));
            }
        }
    }
}

fn judge<'p>(
    state: &'p PolicySnapshot,
    mutes: &'p [Mute],
    inhibitions: &'p Inhibitions,
    firing: &'p Firing,
) -> Judge<'p> {
    Judge { silences: &state.silences, mutes, inhibitions, firing }
}

/// The group that an alert has, or would get.
fn place(state: &PolicySnapshot, limits: PolicyLimits, route: &Route, alert: &Alert) -> GroupId {
    let id = GroupId::of(route, alert);
    let overflow = GroupId::overflow(route);
    let overflown = state.groups.get(&overflow);
    if overflown.is_some_and(|group| group.members.contains_key(&alert.fingerprint)) {
        return overflow;
    }
    let has_room = state.groups.len() < limits.groups_max || state.groups.contains_key(&id);
    if has_room { id } else { overflow }
}

/// Takes a group out to change it, or a new one.
fn take(state: &mut PolicySnapshot, dues: &mut Dues, id: &GroupId, route: &Route) -> Group {
    let Some(group) = state.groups.remove(id) else { return Group::new(route) };
    if let Some(due) = group.due {
        dues.remove(&(due, id.clone()));
    }
    group
}

/// Puts it back, unless nothing is left of it.
fn put(state: &mut PolicySnapshot, dues: &mut Dues, id: GroupId, group: Group) {
    if !group.members.is_empty() {
        dues.extend(group.due.map(|due| (due, id.clone())));
        state.groups.insert(id, group);
    }
}
