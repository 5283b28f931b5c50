//! What a reading finds, through the rules: the alerts that there would have been.
//!
//! Owns the way from what was read to a replay. Must never decide an alert. Nothing here fails.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Offset as _, Utc};

use super::reading::Beside;
use crate::catalogue::Catalogue;
use crate::engine::{Event, Instant, Rule, Settings, Source, Span, What};
use crate::extract::Successes;
use crate::input;
use crate::occurrence::{Occurrence, Success};
use crate::policy_file::Alerting;
use crate::replay::{Limits, Replay, activity_gap};
use crate::report::InputFacts;
use crate::report::alerts::Alerts;
use crate::zone::Zone;

/// Rules at work on what is being read.
pub(super) struct Watch {
    replay: Replay,
    settings: Settings,
    sources: Sources,
    /// How far the logs were read by their own times.
    reached: Option<Instant>,
    /// The last time in any input.
    last: Option<DateTime<FixedOffset>>,
    /// Events that came before any time could be read: they have no place.
    unplaced: u64,
}

/// What the rules need to be told beside errors.
pub(super) fn beside(rules: &[Rule], successes: &Successes) -> Beside {
    Beside { successes: successes.clone(), activity_gap: activity_gap(rules).map(Span::to_delta) }
}

impl Watch {
    pub(super) fn new(alerting: &Alerting, catalogue: &Arc<Catalogue>) -> Self {
        let settings = alerting.settings;
        let (rules, catalogue) = (Arc::clone(alerting.rules.rules()), Arc::clone(catalogue));
        let policy = alerting.policy.clone();
        Self {
            replay: Replay::new(rules, policy, catalogue, settings, Limits::default()),
            settings,
            sources: Sources::default(),
            reached: None,
            last: None,
            unplaced: 0,
        }
    }

    /// The same where a configuration says whose calls the logs are of.
    pub(super) fn labelled(self, label: Source) -> Self {
        Self { sources: Sources { label, ..Sources::default() }, ..self }
    }

    pub(super) fn reached(&mut self, at: DateTime<Utc>) {
        self.reached = self.reached.max(Some(Instant::from(at)));
    }

    pub(super) fn error(&mut self, occurrence: &Occurrence) {
        let Some(now) = self.reached else {
            self.unplaced += 1;
            return;
        };
        let source = self.sources.of(&occurrence.place.file);
        self.replay.event(now, &Event::error(source, occurrence));
    }

    pub(super) fn success(&mut self, success: &Success) {
        if let Some(now) = self.reached {
            let source = self.sources.of(&success.place.file);
            self.replay.event(now, &Event::success(source, success));
        }
    }

    pub(super) fn activity(&mut self, input: &Arc<str>, at: DateTime<FixedOffset>) {
        if let Some(now) = self.reached {
            let source = self.sources.of(input);
            let at = Some(Instant::from(at));
            self.replay.event(now, &Event { source, at, what: What::Line });
        }
    }

    pub(super) fn input_read(&mut self, facts: &InputFacts, present: DateTime<Utc>) {
        let last = facts.last_at.filter(|at| at.to_utc() <= present);
        self.last = self.last.max(last);
    }

    /// The alerts up to the logs' end, or up to another instant.
    pub(super) fn finish(
        self,
        until: Option<DateTime<FixedOffset>>,
        rules: &Arc<[Rule]>,
        catalogue: &Arc<Catalogue>,
        zone: Option<Zone>,
    ) -> Alerts {
        let until = until.or(self.last);
        let offset = until.map_or(Utc.fix(), |at| *at.offset());
        Alerts {
            replayed: self.replay.finish(until.map(Instant::from), self.settings),
            unplaced: self.unplaced,
            rules: Arc::clone(rules),
            catalogue: Arc::clone(catalogue),
            zone,
            offset,
        }
    }
}

/// Which source an input is.
#[derive(Default)]
struct Sources {
    /// What is known of every source beforehand.
    label: Source,
    by_input: HashMap<Arc<str>, usize>,
    known: Vec<Source>,
    /// The input that was last asked for, and its source: mostly the next one's.
    latest: Option<(Arc<str>, usize)>,
}

impl Sources {
    /// A log's rotated files are one source.
    fn of(&mut self, input: &Arc<str>) -> &Source {
        let latest = self.latest.as_ref().filter(|(latest, _)| Arc::ptr_eq(latest, input));
        let place = match latest {
            Some((_, place)) => *place,
            None => self.look_up(input),
        };
        &self.known[place]
    }

    fn look_up(&mut self, input: &Arc<str>) -> usize {
        let known = self.by_input.get(input).copied();
        let place = known.unwrap_or_else(|| {
            // `-` would read badly in an alert.
            let name = if &**input == "-" { "stdin".to_owned() } else { input::live_name(input) };
            self.known.push(Source { name: name.into(), ..self.label.clone() });
            self.by_input.insert(Arc::clone(input), self.known.len() - 1);
            self.known.len() - 1
        });
        self.latest = Some((Arc::clone(input), place));
        place
    }
}
