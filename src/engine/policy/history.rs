//! What changed while nobody watched, as after a stop of a day: read on by the clock of the log,
//! and told at once.
//!
//! Owns the one notification for each receiver. Must never know what made somebody stop watching,
//! nor how much is to be read. Nothing here fails.
//!
//! Changes go their usual way into groups, silences and inhibition, at their own instants; only
//! nothing becomes due. What withholds the notification is judged when the history ends: by then a
//! mute or a silence may be over, and whoever is to be told is told then.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::config::{PolicyLimits, Route};
use super::decision::{
    AlertStatus, Covered, Decision, Notification, NotificationId, NotifyReason, ToldAlert,
    WithheldBy,
};
use super::flush::{self, Judge, Sorted};
use super::group::{Group, GroupId, Member};
use super::passage::Passage;
use super::snapshot::PolicySnapshot;
use super::{Policy, judge, put};
use crate::engine::alert::{Alert, Transition};
use crate::engine::label::Fingerprint;
use crate::engine::time::Instant;

/// What is being read on.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(super) struct History {
    /// The first change: who reads on after another crash knows only where that one was.
    from: Option<Instant>,
    /// Members of groups that came and went: nothing tells them before the end.
    over: usize,
    /// Those for which there was no room, by receiver.
    left_out: BTreeMap<Arc<str>, u64>,
}

/// A group with what it has to tell.
struct Part {
    id: GroupId,
    route: Arc<Route>,
    group: Group,
    sorted: Sorted,
}

impl PolicySnapshot {
    /// What came and went comes again, and is no longer over.
    pub(super) fn fires_again(&mut self, member: &Member) {
        if let Some(history) = &mut self.history
            && member.status() == AlertStatus::FiredAndResolved
        {
            history.over = history.over.saturating_sub(1);
        }
    }

    /// Whether what is over can wait to be told. Without a history it does not wait for long.
    pub(super) fn has_room_for(
        &mut self,
        member: &Member,
        route: &Route,
        limits: PolicyLimits,
    ) -> bool {
        let Some(history) = &mut self.history else { return true };
        if member.status() != AlertStatus::FiredAndResolved {
            return true;
        }
        if history.over < limits.alerts_max {
            history.over += 1;
            return true;
        }
        *history.left_out.entry(Arc::clone(&route.receiver)).or_default() += 1;
        self.counters.alerts_refused += 1;
        false
    }
}

impl Policy {
    pub(super) fn is_in_history(&self) -> bool {
        self.state.history.is_some()
    }

    /// An alert changed while nobody watched, as of the log's time `at`, which does not go back.
    /// From the first of these changes on nothing is due until [`end_history`](Self::end_history),
    /// over restarts, too.
    pub fn apply_historical(&mut self, at: Instant, transition: &Transition) {
        let history = self.state.history.get_or_insert_default();
        history.from.get_or_insert(at);
        self.advance_silences(at);
        self.note(at, transition);
    }

    /// What nobody watched has been read, and covers the time of the log from `from` until `until`.
    /// Each receiver for whom there is news gets one notification, as of `now`, from when on things
    /// go their usual way. It also tells what was not yet due when the watch ended.
    pub fn end_history(&mut self, now: Instant, (from, until): (Instant, Instant)) {
        let history = self.state.history.take().unwrap_or_default();
        self.is_changed = true;
        self.set_back(now);
        self.advance_silences(now);
        let from = history.from.map_or(from, |first| first.min(from));
        let mut withheld = Vec::new();
        for (receiver, mut parts) in self.parts(now) {
            for part in &mut parts {
                self.state.counters.never_told += part.sorted.dropped;
                withheld.append(&mut part.sorted.withheld);
            }
            if parts.iter().any(|part| part.sorted.has_news()) {
                let left_out = history.left_out.get(&receiver).copied().unwrap_or_default();
                let covers = Covered { from, until };
                let told = self.digest(&receiver, &parts, left_out, (now, covers));
                self.state.counters.alerts_left_out += told.left_out;
                self.keep([Decision::Notify(told)]);
                for Part { group, sorted, .. } in &mut parts {
                    let listed: Vec<_> =
                        sorted.told.iter().map(|told| told.alert.fingerprint).collect();
                    if !listed.is_empty() {
                        flush::note_told(group, now, &listed);
                    }
                }
            }
            for Part { id, route, mut group, sorted } in parts {
                group.due = sorted.due(&group, &route);
                put(&mut self.state, &mut self.dues, id, group);
            }
        }
        self.keep(withheld.into_iter().map(Decision::Withhold));
    }

    /// All groups, by receiver.
    fn parts(&mut self, now: Instant) -> BTreeMap<Arc<str>, Vec<Part>> {
        let groups = std::mem::take(&mut self.state.groups);
        self.dues.clear();
        let mut parts: BTreeMap<Arc<str>, Vec<Part>> = BTreeMap::new();
        for (id, mut group) in groups {
            // There is none without a route: a restored one whose route is gone has moved.
            let Some(route) = self.routes.named(&id.route).cloned() else { continue };
            let judge = judge(&self.state, &self.mutes, &self.inhibitions, &self.firing);
            let sorted = flush::sort(&mut group, &route, judge, now);
            let of_receiver = parts.entry(Arc::clone(&route.receiver)).or_default();
            of_receiver.push(Part { id, route, group, sorted });
        }
        parts
    }

    fn digest(
        &self,
        receiver: &Arc<str>,
        parts: &[Part],
        left_out: u64,
        (at, covers): (Instant, Covered),
    ) -> Notification {
        let route = self.routes.first_to(receiver).map(|route| Arc::clone(&route.name));
        let route = route.unwrap_or_default();
        let mut alerts: Vec<ToldAlert> =
            parts.iter().flat_map(|part| part.sorted.told.iter().cloned()).collect();
        // By two routes to the same receiver an alert comes twice; it is told once, as news.
        alerts.sort_by_key(|told| (told.alert.fingerprint, !told.is_news));
        alerts.dedup_by_key(|told| told.alert.fingerprint);
        let id = NotificationId::of(receiver, &route, &[], (NotifyReason::Historical, at), &alerts);
        let firing = alerts.iter().filter(|told| told.status == AlertStatus::Firing).count();
        let resolved = (alerts.len() - firing) as u64 + left_out;
        let listed_max = self.limits.listed_max;
        alerts.sort_by_key(flush::fires_first);
        let left_out = alerts.len().saturating_sub(listed_max) as u64 + left_out;
        alerts.truncate(listed_max);
        Notification {
            id: id.behind(&earlier(parts)),
            at,
            receiver: Arc::clone(receiver),
            route,
            group: Vec::new(),
            is_overflow: false,
            reason: NotifyReason::Historical,
            alerts,
            left_out,
            firing: firing as u64,
            resolved,
            covers: Some(covers),
            passage: Passage::default(),
        }
    }

    /// Silences that start or end by now do so at their own instants.
    fn advance_silences(&mut self, now: Instant) {
        while let Some(at) = self.state.silences.deadline().filter(|at| *at <= now) {
            let ended = self.state.silences.advance(at, &self.firing);
            self.release(at, &ended);
        }
    }
}

impl Judge<'_> {
    /// Whether nobody would have been told of an alert that came and went in a history. Without
    /// one, what is over is judged when it is resolved, as it is told half a minute after it fired;
    /// in a history that is the judgement of another day. Errs towards telling.
    pub(super) fn withheld_all_along(self, at: Instant, route: &Route, alert: &Alert) -> bool {
        let fired_at = alert.fired_at.unwrap_or(alert.first_at);
        let due = fired_at.plus(route.wait(alert)).min(at);
        let status = AlertStatus::FiredAndResolved;
        let Some(first) = self.verdict(due, alert, status) else { return false };
        let explains = |by| self.firing.iter().any(|it| it.fingerprint == by && fired_by(it, due));
        let held_then = match first.by {
            WithheldBy::Inhibition { by, .. } => explains(by),
            WithheldBy::Silence { .. } | WithheldBy::Mute { .. } => true,
        };
        held_then
            && first.until.is_none_or(|until| until >= at)
            && self.verdict(at, alert, status).is_some()
    }
}

fn fired_by(alert: &Alert, at: Instant) -> bool {
    alert.fired_at.is_some_and(|fired_at| fired_at <= at)
}

/// What is news only because something no longer withholds it did not change since another
/// notification that may have told the same: when that was told tells them apart.
fn earlier(parts: &[Part]) -> Vec<(Fingerprint, Option<Instant>)> {
    let mut earlier = Vec::new();
    for part in parts {
        let ended = part.sorted.told.iter().filter(|told| told.ended.is_some());
        earlier.extend(ended.map(|told| (told.alert.fingerprint, part.group.told_at)));
    }
    earlier.sort_unstable();
    earlier
}
