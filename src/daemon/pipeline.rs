//! From finds to notifications: the engine and the policy under the daemon's clock.
//!
//! Owns which present the engine is told, and what counts as history. Architecture invariant: pure;
//! finds and instants go in, notifications, counts and state come out. Nothing here fails.
//!
//! The engine's present is how far the logs were read: while a backlog is read that is the time in
//! the logs, once everything was read it is the wall clock's. So a log that is read late gives the
//! alerts that it would have given in time.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::config::{Config, Role};
use crate::engine::{
    Alert, AlertStatus, Changes, Counters, Decision, Engine, Event, Forgotten, Instant,
    Notification, Policy, PolicyCounters, PolicySnapshot, Silence, Snapshot, Source, Span, State,
    ToldAlert, Transition, What, Withheld,
};
use crate::follow::{Found, Passed};
use crate::occurrence::Occurrence;
use crate::status::ErrorLabels;
use crate::store::HistoryKey;

/// What changed longer ago than this when it is read after a pause is history: it is told in one
/// digest.
const HISTORICAL: Span = Span(5 * 60 * 1000);

/// What a machine of a fleet tells may be so far ahead of an aggregator's clock.
const AHEAD_MAX: Span = Span::MINUTE.times(2);

/// What came of a step.
#[derive(Debug, Default)]
pub struct Step {
    /// Changes of alerts.
    pub transitions: Vec<Transition>,
    /// Who is to be told what.
    pub notifications: Vec<Notification>,
    /// What is not told, and why.
    pub withheld: Vec<Withheld>,
    /// Errors of each minute, source, module and code.
    pub history: BTreeMap<HistoryKey, u64>,
    /// The same errors by their labels.
    pub errors: BTreeMap<ErrorLabels, u64>,
    /// Further prints of errors, by source.
    pub repeats: BTreeMap<Arc<str>, u64>,
}

/// The engine and the policy.
pub struct Pipeline {
    engine: Engine,
    policy: Policy,
    /// How far the logs were read, by their times or by the wall clock.
    now: Instant,
    /// So far a log's times may be ahead of the wall clock: machines of a fleet have clocks of
    /// their own.
    ahead_max: Span,
    /// A backlog is being read: since when what it tells is.
    catching_up: bool,
    history: Option<(Instant, Instant)>,
    step: Step,
}

impl Pipeline {
    /// Goes on from what was kept, if anything was.
    pub fn new(
        config: &Config,
        engine: Option<Snapshot>,
        policy: Option<PolicySnapshot>,
    ) -> (Self, Vec<Forgotten>) {
        let is_aggregator =
            config.fleet.as_ref().is_some_and(|fleet| fleet.role == Role::Aggregator);
        let rules = Arc::clone(config.alerting.rules.rules());
        let catalogue = Arc::clone(&config.catalogue);
        let policy_config = config.alerting.policy.clone();
        let policy = match policy {
            Some(kept) => Policy::restore(policy_config, &rules, kept),
            None => Policy::new(policy_config, &rules),
        };
        let settings = config.alerting.settings;
        let (engine, forgotten) = match engine {
            Some(kept) => Engine::restore(rules, catalogue, settings, kept),
            None => (Engine::new(rules, catalogue, settings), Vec::new()),
        };
        let pipeline = Self {
            engine,
            policy,
            now: Instant::MIN,
            ahead_max: if is_aggregator { AHEAD_MAX } else { Span(0) },
            catching_up: true,
            history: None,
            step: Step::default(),
        };
        (pipeline, forgotten)
    }

    /// The same state under another configuration.
    pub fn reconfigure(&mut self, config: &Config) -> Vec<Forgotten> {
        let (engine, policy) = (self.engine.snapshot(), self.policy.snapshot().clone());
        let (mut pipeline, forgotten) = Self::new(config, Some(engine), Some(policy));
        std::mem::swap(&mut pipeline.step, &mut self.step);
        let (now, catching_up, history) = (self.now, self.catching_up, self.history);
        *self = Self { now, catching_up, history, ..pipeline };
        forgotten
    }

    /// What fires of that which a receiver was told.
    pub fn standing(&self, receiver: &str) -> Vec<ToldAlert> {
        self.policy.standing(receiver)
    }

    /// From now on what is read may be a backlog.
    pub fn begin_to_catch_up(&mut self) {
        self.catching_up = true;
    }

    /// Whether what is read may be a backlog.
    pub fn is_catching_up(&self) -> bool {
        self.catching_up
    }

    /// Takes a find in.
    pub fn take(&mut self, passed: &Passed, wall: DateTime<Utc>) {
        let wall_now = Instant::from(wall);
        // A log that tells no time comes last: it is as late as the clock says.
        let reached = passed.reached.map_or(wall_now, Instant::from);
        self.now = self.now.max(reached.min(wall_now.plus(self.ahead_max)));
        let source = &*passed.label;
        let event = match &passed.found {
            Found::Occurrence(occurrence) => {
                if occurrence.repeat {
                    *self.step.repeats.entry(Arc::clone(&source.name)).or_default() += 1;
                } else {
                    *self.step.errors.entry(labels(source, occurrence)).or_default() += 1;
                    let at = occurrence.at.map_or(wall, |at| at.to_utc());
                    let (module, code) = (occurrence.module.name(), &*occurrence.code);
                    let key = HistoryKey::at(at, &*source.name, module, code);
                    *self.step.history.entry(key).or_default() += 1;
                }
                Event::error(source, occurrence)
            }
            Found::Success(success) => Event::success(source, success),
            Found::Activity(at) => Event { source, at: Some(Instant::from(*at)), what: What::Line },
        };
        self.engine.ingest(self.now, &event);
        self.apply(wall_now);
    }

    /// Everything that there is has been read: it is as late as the clock says.
    pub fn caught_up(&mut self, wall: DateTime<Utc>) {
        let wall = Instant::from(wall);
        self.now = self.now.max(wall);
        self.engine.advance(self.now);
        self.apply(wall);
        self.catching_up = false;
        if let Some((from, until)) = self.history.take() {
            self.policy.end_history(wall, (from, until));
        }
        self.policy.advance(wall);
        self.decide();
    }

    /// Time passes for who is told, however far the logs were read.
    pub fn pass_time(&mut self, wall: DateTime<Utc>) {
        self.policy.advance(Instant::from(wall));
        self.decide();
    }

    /// As if so much more time had passed: what waits for company is told.
    pub fn tell_what_waits(&mut self, wall: DateTime<Utc>) {
        self.policy.advance(Instant::from(wall).plus(Span::MINUTE));
        self.decide();
    }

    /// When to ask again, should nothing come.
    pub fn next_deadline(&self) -> Option<DateTime<Utc>> {
        let deadline = self.engine.next_deadline().into_iter().chain(self.policy.next_deadline());
        deadline.min().and_then(|at| DateTime::from_timestamp_millis(at.0))
    }

    fn apply(&mut self, wall: Instant) {
        for transition in self.engine.take() {
            let is_old = transition.at.plus(HISTORICAL) < wall;
            if self.catching_up && (is_old || self.history.is_some()) {
                let (from, _) = self.history.unwrap_or((transition.at, transition.at));
                self.history = Some((from.min(transition.at), wall));
                self.policy.apply_historical(transition.at, &transition);
            } else {
                self.policy.apply(wall, &transition);
            }
            self.step.transitions.push(transition);
        }
        self.decide();
    }

    fn decide(&mut self) {
        for decision in self.policy.take() {
            match decision {
                Decision::Notify(notification) => self.step.notifications.push(notification),
                Decision::Withhold(withheld) => self.step.withheld.push(withheld),
            }
        }
    }

    /// What came since this was last asked.
    pub fn take_step(&mut self) -> Step {
        let mut step = std::mem::take(&mut self.step);
        if !step.notifications.is_empty() {
            self.bring_up_to_date(&mut step.notifications);
        }
        step
    }

    /// An alert that fires has gone on since it changed: what is told of it is what is known now.
    fn bring_up_to_date(&self, notifications: &mut [Notification]) {
        let firing = self.engine.alerts().into_iter().filter(|(state, _)| *state == State::Firing);
        let firing: BTreeMap<_, _> =
            firing.map(|(_, alert)| (alert.fingerprint, Arc::new(alert))).collect();
        let told = notifications.iter_mut().flat_map(|notification| &mut notification.alerts);
        for told in told.filter(|told| told.status == AlertStatus::Firing) {
            if let Some(alert) = firing.get(&told.alert.fingerprint) {
                told.alert = Arc::clone(alert);
            }
        }
    }

    /// What of the engine's state is not kept yet.
    pub fn engine_changes(&mut self) -> Changes {
        self.engine.changes()
    }

    /// All of it.
    pub fn engine_everything(&mut self) -> Changes {
        self.engine.everything()
    }

    /// The policy's state, if it is not kept yet.
    pub fn policy_changed(&mut self) -> Option<&PolicySnapshot> {
        self.policy.changed()
    }

    /// The policy's state.
    pub fn policy_snapshot(&self) -> &PolicySnapshot {
        self.policy.snapshot()
    }

    /// The rules and the catalogue that texts are made with.
    pub fn rules(&self) -> &Arc<[crate::engine::Rule]> {
        self.engine.rules()
    }

    /// The alerts that are pending or fire.
    pub fn alerts(&self) -> Vec<(State, Alert)> {
        self.engine.alerts()
    }

    /// The rules of the alerts that are pending or fire, each as often as it has such alerts.
    pub fn open(&self) -> impl Iterator<Item = (Arc<str>, State)> {
        self.engine.open()
    }

    /// The silences that have not ended, and whether they stand in the configuration.
    pub fn silences(&self) -> impl Iterator<Item = (&Silence, bool)> {
        self.policy.silences()
    }

    /// Adds a silence, or replaces the one of the same name. False if there is no room for it, or
    /// if it is over.
    pub fn add_silence(&mut self, wall: DateTime<Utc>, silence: Silence) -> bool {
        let is_added = self.policy.add_silence(wall.into(), silence);
        self.decide();
        is_added
    }

    /// Ends a silence.
    pub fn expire_silence(&mut self, wall: DateTime<Utc>, id: &str) {
        self.policy.expire_silence(wall.into(), id);
        self.decide();
    }

    /// The silence that covers an alert now.
    pub fn silence_of(&self, alert: &Alert) -> Option<&Arc<str>> {
        self.policy.silence_of(alert)
    }

    /// How many alerts fire.
    pub fn firing(&self) -> usize {
        self.engine.open().filter(|(_, state)| *state == State::Firing).count()
    }

    /// What the engine counted.
    pub fn counters(&self) -> Counters {
        self.engine.counters()
    }

    /// What the policy counted.
    pub fn policy_counters(&self) -> &PolicyCounters {
        self.policy.counters()
    }
}

fn labels(source: &Source, occurrence: &Occurrence) -> ErrorLabels {
    let credential = occurrence.access_key.as_deref().or(source.credential.as_deref());
    let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
    ErrorLabels {
        source: source.name.to_string(),
        service: text(source.service.as_deref()),
        module: occurrence.module.name().to_owned(),
        code: occurrence.code.to_string(),
        cause: text(occurrence.cause.as_deref()),
        credential: text(credential),
    }
}
