//! What a group that is due tells, and what it withholds.
//!
//! Owns the decision. Must never know when a group is due or what becomes of a decision. Nothing
//! here fails.
//!
//! Who is withheld is decided here, not when an alert changes: a cause may come behind its
//! consequences, and a silence behind the alert that it is about.

use std::cmp::Reverse;
use std::sync::Arc;

use super::config::Route;
use super::decision::{
    AlertStatus, Notification, NotificationId, NotifyReason, ToldAlert, Withheld, WithheldBy,
};
use super::group::{Change, Group, GroupId, Member};
use super::inhibition::{Firing, Inhibitions};
use super::mute::Mute;
use super::passage::Passage;
use super::silence::Silences;
use crate::engine::alert::Alert;
use crate::engine::label::Fingerprint;
use crate::engine::time::Instant;

/// What can withhold an alert.
#[derive(Clone, Copy)]
pub(super) struct Judge<'p> {
    pub(super) silences: &'p Silences,
    pub(super) mutes: &'p [Mute],
    pub(super) inhibitions: &'p Inhibitions,
    pub(super) firing: &'p Firing,
}

/// What withholds an alert, and until when as far as a calendar tells.
pub(super) struct Verdict {
    pub(super) by: WithheldBy,
    pub(super) until: Option<Instant>,
}

impl Judge<'_> {
    pub(super) fn verdict(
        &self,
        at: Instant,
        alert: &Alert,
        status: AlertStatus,
    ) -> Option<Verdict> {
        if let Some(held) = self.silences.covering(at, alert) {
            return Some(Verdict { by: held.name(), until: None });
        }
        for mute in self.mutes {
            if let Some(until) = mute.until(at, alert) {
                let by = WithheldBy::Mute { name: Arc::clone(&mute.name) };
                return Some(Verdict { by, until: Some(until) });
            }
        }
        // An incident that was told is closed whatever explains it.
        if status == AlertStatus::Resolved {
            return None;
        }
        let source = self.inhibitions.inhibitor(self.firing, alert)?;
        let rule = Arc::clone(&source.rule);
        Some(Verdict { by: WithheldBy::Inhibition { by: source.fingerprint, rule }, until: None })
    }
}

/// What came of a group that was due.
#[derive(Default)]
pub(super) struct Flush {
    pub(super) notification: Option<Notification>,
    pub(super) withheld: Vec<Withheld>,
    /// A repeat that was not told, as the next one is due, too.
    pub(super) is_skipped: bool,
    /// Alerts that came and went unseen.
    pub(super) dropped: u64,
}

/// What a group could tell at an instant, and what it withholds.
pub(super) struct Sorted {
    pub(super) told: Vec<ToldAlert>,
    pub(super) withheld: Vec<Withheld>,
    /// Alerts that came and went unseen.
    pub(super) dropped: u64,
    /// When a calendar no longer withholds what it does now.
    retry_at: Option<Instant>,
    repeat_is_due: bool,
}

/// Judges all members of a group; what came and went and is withheld leaves it.
pub(super) fn sort(group: &mut Group, route: &Route, judge: Judge<'_>, at: Instant) -> Sorted {
    let repeat_is_due = group.repeat_at(route).is_some_and(|due| due <= at);
    let mut sorted =
        Sorted { told: vec![], withheld: vec![], dropped: 0, retry_at: None, repeat_is_due };
    group.members.retain(|_, member| {
        let verdict = judge.verdict(at, &member.alert, member.status());
        let asks = member.has_news() || (repeat_is_due && member.firing);
        let Some(verdict) = verdict else {
            sorted.told.push(member.tell(member.has_news()));
            return true;
        };
        if !asks {
            return true;
        }
        if let Some(until) = verdict.until {
            sorted.retry_at = Some(sorted.retry_at.map_or(until, |at| at.min(until)));
        }
        sorted.withheld.extend(withhold(member, verdict.by, (at, route)));
        let is_over = member.status() == AlertStatus::FiredAndResolved;
        sorted.dropped += u64::from(is_over);
        !is_over
    });
    sorted
}

impl Sorted {
    pub(super) fn has_news(&self) -> bool {
        self.told.iter().any(|told| told.is_news)
    }

    /// When there is something to decide next in the group, which was told of all of this or of
    /// nothing.
    pub(super) fn due(&self, group: &Group, route: &Route) -> Option<Instant> {
        let retry_at = self.retry_at.map(|retry_at| group.allowed(route, retry_at));
        [retry_at, group.repeat_at(route)].into_iter().flatten().min()
    }
}

/// These were told.
pub(super) fn note_told(group: &mut Group, at: Instant, told: &[Fingerprint]) {
    group.told_at = Some(at);
    group.repeats = 0;
    for fingerprint in told {
        if let Some(member) = group.members.get_mut(fingerprint) {
            member.was_told();
            if !member.firing {
                group.members.remove(fingerprint);
            }
        }
    }
}

/// Decides at the instant at which the group is due. `until` is how far time is known to have
/// passed: of several repeats that are due by then, the last is told.
pub(super) fn flush(
    (id, group): (&GroupId, &mut Group),
    route: &Route,
    judge: Judge<'_>,
    (at, until): (Instant, Instant),
    listed_max: usize,
) -> Flush {
    let mut sorted = sort(group, route, judge, at);
    let mut flush = Flush {
        withheld: std::mem::take(&mut sorted.withheld),
        dropped: sorted.dropped,
        ..Flush::default()
    };
    let told = std::mem::take(&mut sorted.told);
    if told.iter().any(|told| told.is_news) {
        let listed: Vec<_> = told.iter().map(|told| told.alert.fingerprint).collect();
        let is_digest = route.digest.is_some();
        let reason = if is_digest { NotifyReason::Digest } else { reason(group, &told) };
        flush.notification = Some(compose((id, route), (reason, at), told, listed_max));
        note_told(group, at, &listed);
    } else if sorted.repeat_is_due && !told.is_empty() {
        group.told_at = Some(at);
        group.repeats = group.repeats.saturating_add(1);
        if at.plus(route.repeats_after()) <= until {
            flush.is_skipped = true;
        } else {
            let reason = NotifyReason::Repeat { count: group.repeats };
            flush.notification = Some(compose((id, route), (reason, at), told, listed_max));
        }
    }
    group.due = sorted.due(group, route);
    flush
}

/// Told once for each reason.
pub(super) fn withhold(
    member: &mut Member,
    by: WithheldBy,
    (at, route): (Instant, &Route),
) -> Option<Withheld> {
    if member.withheld.as_ref() == Some(&by) {
        return None;
    }
    member.withheld = Some(by.clone());
    let rule = Arc::clone(&member.alert.rule);
    let route = Arc::clone(&route.name);
    Some(Withheld { alert: member.alert.fingerprint, rule, at, route, by })
}

/// The first reason that is true of any alert.
fn reason(group: &Group, told: &[ToldAlert]) -> NotifyReason {
    let of_one = |told: &ToldAlert| {
        if told.status == AlertStatus::Resolved {
            return NotifyReason::Resolved;
        }
        match &told.ended {
            Some(WithheldBy::Silence { .. }) => return NotifyReason::SilenceEnded,
            Some(WithheldBy::Mute { .. }) => return NotifyReason::MuteEnded,
            Some(WithheldBy::Inhibition { .. }) => return NotifyReason::InhibitionEnded,
            None => {}
        }
        let member = group.members.get(&told.alert.fingerprint);
        match member.and_then(|member| member.change) {
            Some(Change::Flaps) => NotifyReason::Changed,
            _ if group.told_at.is_none() => NotifyReason::First,
            _ => NotifyReason::New,
        }
    };
    let news = told.iter().filter(|told| told.is_news);
    news.map(of_one).min().unwrap_or(NotifyReason::Resolved)
}

/// The order of a notification of several groups: news first, of these what fires.
pub fn fires_first(told: &ToldAlert) -> impl Ord + use<> {
    let alert = &told.alert;
    let is_over = told.status != AlertStatus::Firing;
    let grave = Reverse(alert.severity);
    (!told.is_news, is_over, grave, told.status, alert.fired_at, alert.fingerprint)
}

fn compose(
    (id, route): (&GroupId, &Route),
    (reason, at): (NotifyReason, Instant),
    mut alerts: Vec<ToldAlert>,
    listed_max: usize,
) -> Notification {
    let group = id.key.as_deref().unwrap_or_default().to_vec();
    let name = NotificationId::of(&route.receiver, &route.name, &group, (reason, at), &alerts);
    let firing = alerts.iter().filter(|told| told.status == AlertStatus::Firing).count();
    let resolved = alerts.len() - firing;
    alerts.sort_by_key(|told| {
        let alert = &told.alert;
        let is_grave = Reverse(alert.severity);
        // Who reads of a whole day begins with what happened most.
        let often = Reverse(if reason == NotifyReason::Digest { alert.count } else { 0 });
        (!told.is_news, is_grave, told.status, often, alert.fired_at, alert.fingerprint)
    });
    let left_out = alerts.len().saturating_sub(listed_max);
    alerts.truncate(listed_max);
    Notification {
        id: name,
        at,
        receiver: Arc::clone(&route.receiver),
        route: Arc::clone(&route.name),
        group,
        is_overflow: id.key.is_none(),
        reason,
        alerts,
        left_out: left_out as u64,
        firing: firing as u64,
        resolved: resolved as u64,
        covers: None,
        passage: Passage::default(),
    }
}
