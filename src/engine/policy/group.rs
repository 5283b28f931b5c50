//! Alerts that are told together, and what of each is not told yet.
//!
//! Owns the state of a group and of its members, and when the group is due. Must never know why
//! something is withheld. Nothing here fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::config::Route;
use super::decision::{AlertStatus, ToldAlert, WithheldBy};
use super::facet::Facet;
use crate::engine::alert::{Alert, Reason, State, Transition};
use crate::engine::label::Fingerprint;
use crate::engine::time::{Instant, Span};

/// Which group.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct GroupId {
    pub(super) route: Arc<str>,
    /// None is the group of all that found no room.
    pub(super) key: Option<Common>,
}

/// What the alerts of a group have in common.
pub(super) type Common = Arc<[(Facet, Option<Arc<str>>)]>;

impl GroupId {
    pub(super) fn of(route: &Route, alert: &Alert) -> Self {
        let key =
            route.group_by.iter().map(|facet| (facet.clone(), facet.of(alert).map(Arc::from)));
        Self { route: Arc::clone(&route.name), key: Some(key.collect()) }
    }

    pub(super) fn overflow(route: &Route) -> Self {
        Self { route: Arc::clone(&route.name), key: None }
    }
}

/// The alerts of a group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Group {
    /// Who was told; the configuration may have become another one.
    pub(super) receiver: Arc<str>,
    pub(super) members: BTreeMap<Fingerprint, Member>,
    /// When there is something to decide; never if there is none.
    pub(super) due: Option<Instant>,
    /// The last notification.
    pub(super) told_at: Option<Instant>,
    /// How many repeats were due since the last change.
    pub(super) repeats: u32,
}

impl Group {
    pub(super) fn new(route: &Route) -> Self {
        let receiver = Arc::clone(&route.receiver);
        Self { receiver, members: BTreeMap::new(), due: None, told_at: None, repeats: 0 }
    }

    /// There is something to tell, at this instant or when the interval allows.
    ///
    /// Not on a lattice of ticks since the group began, as elsewhere: that makes a change wait up
    /// to an interval though nothing was told for hours, and gains nothing.
    pub(super) fn schedule(&mut self, route: &Route, at: Instant) {
        let at = self.allowed(route, at);
        self.due = Some(self.due.map_or(at, |due| due.min(at)));
    }

    pub(super) fn allowed(&self, route: &Route, at: Instant) -> Instant {
        let at = self.told_at.map_or(at, |told_at| at.max(told_at.plus(route.group_interval)));
        route.digest.map_or(at, |digest| digest.next(at))
    }

    /// When nothing but time has to pass for a notification.
    pub(super) fn repeat_at(&self, route: &Route) -> Option<Instant> {
        if route.digest.is_some() {
            return None;
        }
        let repeats = |member: &Member| member.firing && member.told && member.withheld.is_none();
        let told_at = self.told_at.filter(|_| self.members.values().any(repeats))?;
        Some(told_at.plus(route.repeats_after()))
    }

    /// The clock was set back: what was measured by it moves with it.
    pub(super) fn shift(&mut self, back: Span) {
        self.due = self.due.map(|due| due.minus(back));
        self.told_at = self.told_at.map(|told_at| told_at.minus(back));
    }
}

/// What is to be told of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Change {
    Fired,
    Flaps,
    Resolved,
}

/// One alert in one group.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Member {
    pub(super) alert: Arc<Alert>,
    pub(super) firing: bool,
    /// In event time.
    pub(super) changed_at: Instant,
    /// The receiver was told that it fires, and not that it no longer does.
    pub(super) told: bool,
    pub(super) change: Option<Change>,
    /// How often it fired since it was last told of.
    pub(super) episodes: u32,
    /// What last withheld it, since it was last told of.
    pub(super) withheld: Option<WithheldBy>,
    /// The silence that ended while it fired.
    pub(super) ended: Option<WithheldBy>,
}

impl Member {
    pub(super) fn firing(alert: &Arc<Alert>) -> Self {
        Self {
            alert: Arc::clone(alert),
            firing: true,
            changed_at: alert.fired_at.unwrap_or(alert.last_at),
            told: false,
            change: Some(Change::Fired),
            episodes: 1,
            withheld: None,
            ended: None,
        }
    }

    /// It fires, or goes on to. Whether that is to be told.
    pub(super) fn fire(&mut self, transition: &Transition) -> bool {
        let goes_on = self.firing && transition.from == State::Firing;
        self.alert = Arc::clone(&transition.alert);
        self.firing = true;
        if goes_on && !matches!(transition.reason, Reason::Flapping { .. }) {
            return false;
        }
        self.changed_at = transition.at;
        if goes_on {
            self.change = self.change.or(Some(Change::Flaps));
        } else {
            self.change = Some(Change::Fired);
            self.episodes = self.episodes.saturating_add(1);
            self.withheld = None;
            self.ended = None;
        }
        true
    }

    /// It fires no more. Its firing is told with its end, if it was not told before.
    pub(super) fn resolve(&mut self, transition: &Transition) {
        self.alert = Arc::clone(&transition.alert);
        self.firing = false;
        self.changed_at = transition.at;
        if self.told {
            self.change = Some(Change::Resolved);
            self.ended = None;
        }
    }

    pub(super) fn status(&self) -> AlertStatus {
        match (self.firing, self.told) {
            (true, _) => AlertStatus::Firing,
            (false, true) => AlertStatus::Resolved,
            (false, false) => AlertStatus::FiredAndResolved,
        }
    }

    /// Whether there is something to tell, now or when it is no longer withheld.
    pub(super) fn has_news(&self) -> bool {
        self.change.is_some() || self.ended.is_some() || self.withheld.is_some()
    }

    pub(super) fn tell(&self, is_news: bool) -> ToldAlert {
        let ended = self.ended.as_ref().or(self.withheld.as_ref()).filter(|_| is_news);
        ToldAlert {
            alert: Arc::clone(&self.alert),
            status: self.status(),
            changed_at: self.changed_at,
            is_news,
            episodes: self.episodes,
            ended: ended.cloned(),
        }
    }

    /// It was told, in whatever state it is.
    pub(super) fn was_told(&mut self) {
        self.told = self.firing;
        self.change = None;
        self.episodes = 0;
        self.withheld = None;
        self.ended = None;
    }
}
