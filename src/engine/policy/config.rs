//! Who is told what, how soon and how often.
//!
//! Owns the shapes of the configuration and their defaults. Must never know how it is written in a
//! file, nor what a receiver is. Nothing here fails: a configuration that exists is right.

use std::sync::Arc;

use super::digest::Digest;
use super::facet::{AlertMatcher, Facet, all_fit};
use super::mute::Mute;
use super::silence::Silence;
use crate::catalogue::Severity;
use crate::engine::alert::Alert;
use crate::engine::time::Span;

/// What the policy is told once.
#[derive(Debug, Clone, PartialEq)]
pub struct PolicyConfig {
    /// In order; the first that fits is taken. Names are unique.
    pub routes: Vec<Route>,
    /// Silences that are written in the configuration.
    pub silences: Vec<Silence>,
    /// Times of the week without notifications.
    pub mutes: Vec<Mute>,
    /// How much is kept.
    pub limits: PolicyLimits,
}

/// Where alerts go, and in what groups.
#[derive(Debug, Clone, PartialEq)]
pub struct Route {
    /// Its stable name; the state of its groups hangs on it.
    pub name: Arc<str>,
    /// All must be true of an alert.
    pub matchers: Vec<AlertMatcher>,
    /// Who is told.
    pub receiver: Arc<str>,
    /// Alerts that have all of these in common are told together.
    pub group_by: Vec<Facet>,
    /// How long a change waits for others to be told with it: if there is none, 10 s where a
    /// critical alert changed, else 30 s.
    pub group_wait: Option<Span>,
    /// At least so long lies between two notifications of a group.
    pub group_interval: Span,
    /// A group in which something fires and nothing changes is told again after so long.
    pub repeat_interval: Span,
    /// Whether the routes behind this one are looked at, too.
    pub proceed: bool,
    /// Whether it is told that an alert was resolved.
    pub send_resolved: bool,
    /// What changed is gathered until then; neither `group_wait` nor repeats count.
    pub digest: Option<Digest>,
}

/// How much the policy keeps. Reaching a limit is counted in [`super::PolicyCounters`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PolicyLimits {
    /// Groups; further ones of a route become one.
    pub groups_max: usize,
    /// Alerts in all groups; further ones are not told.
    pub alerts_max: usize,
    /// Alerts that one notification lists.
    pub listed_max: usize,
    /// Silences.
    pub silences_max: usize,
    /// What was withheld and not yet taken.
    pub withheld_max: usize,
}

impl Default for PolicyLimits {
    fn default() -> Self {
        Self {
            groups_max: 4_096,
            alerts_max: 65_536,
            listed_max: 100,
            silences_max: 1_024,
            withheld_max: 10_000,
        }
    }
}

impl PolicyConfig {
    /// Everything goes to the receiver `default`, one group for each rule.
    pub fn new() -> Self {
        Self {
            routes: vec![Route::to("default")],
            silences: Vec::new(),
            mutes: Vec::new(),
            limits: PolicyLimits::default(),
        }
    }
}

impl Default for PolicyConfig {
    fn default() -> Self {
        Self::new()
    }
}

impl Route {
    /// A route that takes everything, named as its receiver.
    pub fn to(receiver: &str) -> Self {
        Self {
            name: receiver.into(),
            matchers: Vec::new(),
            receiver: receiver.into(),
            group_by: vec![Facet::Rule],
            group_wait: None,
            group_interval: Span::MINUTE.times(5),
            repeat_interval: Span::HOUR.times(4),
            proceed: false,
            send_resolved: true,
            digest: None,
        }
    }

    /// How long a change of the alert waits.
    pub(super) fn wait(&self, alert: &Alert) -> Span {
        if self.digest.is_some() {
            return Span::ZERO;
        }
        self.group_wait.unwrap_or(match alert.severity {
            Severity::Critical => Span::SECOND.times(10),
            Severity::Warning | Severity::Info => Span::SECOND.times(30),
        })
    }

    /// Never below the group's interval, and never nothing: it would repeat without end.
    pub(super) fn repeats_after(&self) -> Span {
        self.repeat_interval.max(self.group_interval).max(Span::SECOND)
    }

    fn fits(&self, alert: &Alert) -> bool {
        all_fit(&self.matchers, alert)
    }
}

/// The routes, of which one always fits.
#[derive(Debug)]
pub(super) struct Routes(Vec<Arc<Route>>);

impl Routes {
    /// An alert that no route takes would be lost: the last one takes everything. State hangs on
    /// names: of two that are equal, the later is told apart.
    pub(super) fn new(mut routes: Vec<Route>) -> Self {
        if routes.last().is_none_or(|last| !last.matchers.is_empty()) {
            routes.push(Route::to("default"));
        }
        let mut named: Vec<Arc<Route>> = Vec::with_capacity(routes.len());
        for mut route in routes {
            while named.iter().any(|known| known.name == route.name) {
                route.name = format!("{}'", route.name).into();
            }
            named.push(Arc::new(route));
        }
        Self(named)
    }

    pub(super) fn named(&self, name: &str) -> Option<&Arc<Route>> {
        self.0.iter().find(|route| *route.name == *name)
    }

    /// The first that leads to a receiver.
    pub(super) fn first_to(&self, receiver: &str) -> Option<&Arc<Route>> {
        self.0.iter().find(|route| *route.receiver == *receiver)
    }

    /// Those that take an alert; handles, so that what they are about can be changed meanwhile.
    pub(super) fn of(&self, alert: &Alert) -> Vec<Arc<Route>> {
        let mut found = Vec::with_capacity(1);
        for route in self.0.iter().filter(|route| route.fits(alert)) {
            found.push(Arc::clone(route));
            if !route.proceed {
                break;
            }
        }
        found
    }
}
