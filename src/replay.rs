//! A log of yesterday through today's engine: which alerts there would have been, and which
//! notifications.
//!
//! Owns the clock of it: time passes as the log says, and at every deadline the engine and the
//! policy are asked, as a daemon would have asked them. Must never read a file or the present
//! instant. Nothing here fails; what is kept is bounded and what found no room is counted.

#[cfg(test)]
mod tests;

use std::collections::HashMap;
use std::sync::Arc;

use crate::catalogue::Catalogue;
use crate::engine::{
    Alert, Condition, Counters, Decision, Engine, Event, EventKind, Fingerprint, Instant, Policy,
    PolicyConfig, Reason, Rule, Settings, Span, State, Transition,
};

/// How much a replay keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Alerts.
    pub alerts_max: usize,
    /// Decisions of the policy.
    pub decisions_max: usize,
    /// Changes of alerts, pending ones included; most callers need none beside the alerts.
    pub changes_max: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { alerts_max: 20_000, decisions_max: 20_000, changes_max: 0 }
    }
}

/// One alert, from when it fired to when it was resolved.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Episode {
    /// The alert as it was last known.
    pub alert: Arc<Alert>,
    /// When it fired.
    pub fired_at: Instant,
    /// Why it fired.
    pub reason: Reason,
    /// When it was resolved, and why; it still fired at the end if there is none.
    pub resolved: Option<(Instant, Reason)>,
}

/// How densely signs of life must come for these rules to see every silence they ask about; none of
/// them asks if there is none.
pub fn activity_gap(rules: &[Rule]) -> Option<Span> {
    let silences = rules.iter().filter_map(|rule| match &rule.condition {
        Condition::Absent(absent) if rule.matcher.event == EventKind::Line => Some(absent.window),
        _ => None,
    });
    // Half of the shortest silence: a mark on either side of it, and one within each longer one.
    let gap = silences.min().map(|window| Span(window.0 / 2));
    gap.filter(|gap| *gap > Span::ZERO)
}

/// What a replay comes to.
#[derive(Debug, Clone, Default)]
pub struct Replayed {
    /// Alerts in the order in which they fired.
    pub episodes: Vec<Episode>,
    /// Alerts that found no room.
    pub episodes_left_out: u64,
    /// Who would have been told what, or not been told and why, in order.
    pub decisions: Vec<Decision>,
    /// Decisions that found no room.
    pub decisions_left_out: u64,
    /// The changes of alerts in the order in which they were decided, as far as there was room.
    pub changes: Vec<Transition>,
    /// What the engine took in.
    pub counters: Counters,
    /// The instant of the last event, or the end that was asked for.
    pub until: Option<Instant>,
}

/// A replay under way.
#[derive(Debug)]
pub struct Replay {
    engine: Engine,
    policy: Policy,
    limits: Limits,
    now: Option<Instant>,
    open: HashMap<Fingerprint, usize>,
    replayed: Replayed,
}

impl Replay {
    /// A replay that has seen nothing.
    pub fn new(
        rules: Arc<[Rule]>,
        policy: PolicyConfig,
        catalogue: Arc<Catalogue>,
        settings: Settings,
        limits: Limits,
    ) -> Self {
        Self {
            policy: Policy::new(policy, &rules),
            engine: Engine::new(rules, catalogue, settings),
            limits,
            now: None,
            open: HashMap::new(),
            replayed: Replayed::default(),
        }
    }

    /// Takes an event in that was read at `now`. The instants of successive calls should ascend; an
    /// earlier one counts as the latest so far.
    pub fn event(&mut self, now: Instant, event: &Event<'_>) {
        self.pass_to(now);
        let now = self.now.map_or(now, |latest| latest.max(now));
        self.engine.ingest(now, event);
        self.take(now);
    }

    /// Lets time pass: asks the engine and the policy at each of their deadlines.
    pub fn pass_to(&mut self, now: Instant) {
        while let Some(deadline) = self.next_deadline().filter(|deadline| *deadline <= now) {
            let deadline = self.now.map_or(deadline, |latest| latest.max(deadline));
            self.engine.advance(deadline);
            self.take(deadline);
            self.policy.advance(deadline);
            self.keep_decisions();
        }
        self.now = self.now.max(Some(now));
    }

    fn next_deadline(&self) -> Option<Instant> {
        self.engine.next_deadline().into_iter().chain(self.policy.next_deadline()).min()
    }

    /// The alerts that are pending or firing now.
    pub fn alerts(&self) -> Vec<(State, Alert)> {
        self.engine.alerts()
    }

    /// Ends the replay at the last event, or at a later instant. What fired then is told as if a
    /// minute more had passed: the first notification of an alert waits for others.
    pub fn finish(mut self, until: Option<Instant>, settings: Settings) -> Replayed {
        const TOLD_WITHIN: Span = Span::MINUTE;
        let Some(last) = self.now else { return self.replayed };
        let until = until.map_or(last, |until| until.max(last));
        // Everything up to the end is settled once it lies further back than the lateness.
        let settled_at = until.plus(settings.lateness).plus(Span(1));
        self.pass_to_end(settled_at);
        self.policy.advance(settled_at.max(until.plus(TOLD_WITHIN)));
        self.keep_decisions();
        for (state, alert) in self.engine.alerts() {
            if state == State::Firing
                && let Some(place) = self.open.get(&alert.fingerprint)
                && let Some(episode) = self.replayed.episodes.get_mut(*place)
            {
                episode.alert = Arc::new(alert);
            }
        }
        self.replayed.episodes.sort_by_key(|episode| episode.fired_at);
        self.replayed.counters = self.engine.counters();
        self.replayed.until = Some(until);
        self.replayed
    }

    fn pass_to_end(&mut self, now: Instant) {
        self.pass_to(now);
        self.engine.advance(now);
        self.take(now);
    }

    fn take(&mut self, now: Instant) {
        for transition in self.engine.take() {
            self.policy.apply(now, &transition);
            if self.replayed.changes.len() < self.limits.changes_max {
                self.replayed.changes.push(transition.clone());
            }
            self.note(transition);
        }
        self.keep_decisions();
    }

    fn note(&mut self, transition: Transition) {
        let Transition { at, to, reason, alert, .. } = transition;
        match to {
            State::Firing if self.replayed.episodes.len() >= self.limits.alerts_max => {
                self.replayed.episodes_left_out += 1;
            }
            State::Firing => {
                self.open.insert(alert.fingerprint, self.replayed.episodes.len());
                let episode = Episode { alert, fired_at: at, reason, resolved: None };
                self.replayed.episodes.push(episode);
            }
            State::Resolved => {
                if let Some(place) = self.open.remove(&alert.fingerprint)
                    && let Some(episode) = self.replayed.episodes.get_mut(place)
                {
                    episode.resolved = Some((at, reason));
                    episode.alert = alert;
                }
            }
            State::Pending | State::Inactive => {}
        }
    }

    fn keep_decisions(&mut self) {
        for decision in self.policy.take() {
            if self.replayed.decisions.len() < self.limits.decisions_max {
                self.replayed.decisions.push(decision);
            } else {
                self.replayed.decisions_left_out += 1;
            }
        }
    }
}
