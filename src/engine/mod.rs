//! Occurrences in, alert transitions out.
//!
//! Owns windows, alert states, grouping, silences, inhibition. Architecture invariant: pure and
//! deterministic. No files, no clock, no threads; `now` and the event time `at` are arguments. The
//! same events with the same instants give the same transitions. Nothing here fails.
//!
//! ```text
//! Event ──route──▶ window ──lifecycle──▶ Transition ──policy──▶ Decision
//!           (event time)   (states)              (now: groups, silences, …)
//! ```
//!
//! Two times. `at` is when something happened, by the log; it alone decides windows. `now` is how
//! far everything was read; it never goes back. What lies further behind `now` than the lateness is
//! settled: an alert opens as soon as an event makes its condition hold, and what only time brings,
//! such as its end, is decided once it is settled. An event that comes later than that counts in
//! the windows that are still open.

mod alert;
mod candidates;
mod event;
mod evidence;
mod group;
mod groups;
mod label;
mod lifecycle;
mod marks;
mod policy;
mod queue;
mod route;
mod rule;
mod snapshot;
mod time;
mod window;

#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use alert::{Affected, Alert, CodeCount, Evidence, Reason, Sample, State, Transition};
pub use event::{Event, Source, What};
pub use groups::{GroupState, RuleState};
pub use label::{Fingerprint, GroupKey, LabelName};
pub use policy::{
    AlertMatcher, AlertStatus, Covered, Decision, Detour, Digest, Every, Facet, Merged, Mute,
    Notification, NotificationId, NotifyReason, Passage, Policy, PolicyConfig, PolicyCounters,
    PolicyLimits, PolicySnapshot, Route, Silence, SilenceEnd, TimeOfWeek, ToldAlert, Withheld,
    WithheldBy, fires_first,
};
pub use rule::{
    Absent, Condition, Consecutive, EventKind, Flap, Inhibit, Matcher, New, Pattern, Ratio, Rule,
    Sequence, Spike, Threshold, Translation, Window,
};
pub use snapshot::{Changes, Forgotten, GroupRow, HeadState, Snapshot};
pub use time::{Instant, Span};

use crate::catalogue::Catalogue;
use candidates::Candidates;
use group::{Group, Surroundings, Trust};
use groups::{Groups, Slot};
use queue::{Queue, Wake};
use route::{Map, Routes, Step};
use window::{Arrival, Role};

/// What the engine is told beside the rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// What is further back than this is settled.
    pub lateness: Span,
    /// A time further back than this is not believed: a clock or a zone is wrong. The event counts
    /// as of when it came.
    pub past_max: Span,
    /// Groups of all rules together.
    pub groups_max: usize,
    /// Groups that keep evidence before their alert opens.
    pub evidence_groups_max: usize,
    /// Looks of events that are remembered.
    pub routes_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            lateness: Span(30_000),
            past_max: Span::HOUR,
            groups_max: 100_000,
            evidence_groups_max: 4_096,
            routes_max: 16_384,
        }
    }
}

/// What the engine took in, and what it could not take as it was.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// OCR errors, repeats left aside.
    pub errors: u64,
    /// Further prints of the same errors; they count nowhere.
    pub repeats: u64,
    /// Calls that succeeded.
    pub successes: u64,
    /// Signs of life.
    pub lines: u64,
    /// Events without a readable time; they count as of when they came.
    pub untimed: u64,
    /// Events whose time had not come yet; they count as of when they came.
    pub future: u64,
    /// Events whose time was too far back; they count as of when they came.
    pub past: u64,
    /// Events later than the lateness.
    pub late: u64,
    /// Groups without an alert that made room for others.
    pub groups_evicted: u64,
    /// Events whose group found no room.
    pub groups_refused: u64,
    /// Successes that could be of several keys, and ended no row.
    pub successes_ambiguous: u64,
}

/// Decides which alerts there are. Never performs anything.
#[derive(Debug)]
pub struct Engine {
    rules: Arc<[Rule]>,
    catalogue: Arc<Catalogue>,
    settings: Settings,
    now: Instant,
    /// When the first event happened.
    began: Option<Instant>,
    groups: Vec<Groups>,
    groups_total: usize,
    evidence_total: usize,
    next_number: u64,
    /// The first number that no store was told of.
    told_below: u64,
    queue: Queue,
    candidates: Candidates,
    routes: Routes,
    counters: Counters,
    out: Vec<Transition>,
}

impl Engine {
    /// An engine that has seen nothing.
    pub fn new(rules: Arc<[Rule]>, catalogue: Arc<Catalogue>, settings: Settings) -> Self {
        Self {
            groups: rules.iter().map(|_| Groups::default()).collect(),
            candidates: Candidates::new(&rules),
            rules,
            catalogue,
            settings,
            now: Instant::MIN,
            began: None,
            groups_total: 0,
            evidence_total: 0,
            next_number: 0,
            told_below: 0,
            queue: Queue::default(),
            routes: Routes::default(),
            counters: Counters::default(),
            out: Vec::new(),
        }
    }

    /// Takes an event in that was read at `now`. Everything that was settled before it is decided
    /// first, so that it does not matter whether [`advance`](Self::advance) was called in between.
    pub fn ingest(&mut self, now: Instant, event: &Event<'_>) {
        self.advance(now);
        match event.what {
            What::Error(error) if error.repeat => {
                self.counters.repeats += 1;
                return;
            }
            What::Error(_) => self.counters.errors += 1,
            What::Success(_) => self.counters.successes += 1,
            What::Line => self.counters.lines += 1,
        }
        let (at, trust) = self.believed(event.at);
        self.began.get_or_insert(at);
        // Taken out for the time of the walk: the steps remember where they found their groups.
        let mut routes = std::mem::take(&mut self.routes);
        let map = Map {
            rules: &self.rules,
            candidates: &self.candidates,
            catalogue: &self.catalogue,
            routes_max: self.settings.routes_max,
        };
        let route = routes.of(event, map);
        let rules = Arc::clone(&self.rules);
        for step in &mut route.steps {
            self.walk(&rules, step, event, &route.labels, at, trust);
        }
        self.routes = routes;
    }

    /// Says that everything written before `now` has been read: decides what is settled by that.
    pub fn advance(&mut self, now: Instant) {
        self.now = self.now.max(now);
        let watermark = self.watermark();
        while let Some(wake) = self.queue.pop_before(watermark) {
            self.wake(wake);
        }
    }

    /// The transitions since this was last asked, in the order in which they were decided.
    pub fn take(&mut self) -> Vec<Transition> {
        std::mem::take(&mut self.out)
    }

    /// The first `now` at which [`advance`](Self::advance) may decide something.
    pub fn next_deadline(&self) -> Option<Instant> {
        let settled_at = self.queue.next()?;
        Some(settled_at.plus(self.settings.lateness).plus(Span(1)))
    }

    /// The alerts that are pending or firing, by rule and in the order in which their groups came
    /// up.
    pub fn alerts(&self) -> Vec<(State, Alert)> {
        let mut open = Vec::new();
        for (index, groups) in self.groups.iter().enumerate() {
            let Some(around) = self.around(index) else { continue };
            for (_, group) in groups.in_order() {
                if group.standing.is_open() {
                    open.push((group.standing.state(), group.alert(around)));
                }
            }
        }
        open
    }

    /// The rules of the alerts that are pending or firing, with their states.
    pub fn open(&self) -> impl Iterator<Item = (Arc<str>, State)> {
        let of_rules = self.rules.iter().zip(&self.groups);
        of_rules.flat_map(|(rule, groups)| {
            let open = groups.all().filter(|group| group.standing.is_open());
            open.map(|group| (Arc::clone(&rule.name), group.standing.state()))
        })
    }

    /// What was taken in so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The rules that it runs.
    pub fn rules(&self) -> &Arc<[Rule]> {
        &self.rules
    }

    /// How many groups there are.
    pub fn groups(&self) -> usize {
        self.groups_total
    }

    fn watermark(&self) -> Instant {
        self.now.minus(self.settings.lateness)
    }

    /// When an event counts as of.
    fn believed(&mut self, at: Option<Instant>) -> (Instant, Trust) {
        let counters = &mut self.counters;
        let as_it_came = (self.now, Trust { late: false, clamped: true });
        match at {
            None => {
                counters.untimed += 1;
                as_it_came
            }
            Some(at) if at > self.now => {
                counters.future += 1;
                as_it_came
            }
            Some(at) if at < self.now.minus(self.settings.past_max) => {
                counters.past += 1;
                as_it_came
            }
            Some(at) => {
                let late = at < self.now.minus(self.settings.lateness);
                counters.late += u64::from(late);
                (at, Trust { late, clamped: false })
            }
        }
    }

    fn around(&self, rule: usize) -> Option<Surroundings<'_>> {
        let left_out = self.groups.get(rule)?.left_out();
        let rule = self.rules.get(rule)?;
        Some(Surroundings::of(rule, &self.settings, &self.counters, left_out))
    }

    fn walk(
        &mut self,
        rules: &[Rule],
        step: &mut Step,
        event: &Event<'_>,
        labels: &[(LabelName, Arc<str>)],
        at: Instant,
        trust: Trust,
    ) {
        let Some(rule) = rules.get(step.rule) else { return };
        let Some(slot) = self.known_slot(step).or_else(|| self.slot(step, rule, event)) else {
            return;
        };
        let watermark = self.watermark();
        let may_gather = self.evidence_total < self.settings.evidence_groups_max;
        let Some(groups) = self.groups.get_mut(step.rule) else { return };
        let first_at = groups.first_at(at);
        let around = Surroundings::of(rule, &self.settings, &self.counters, groups.left_out());
        let Some(group) = groups.change(slot) else { return };
        let was = group.standing;
        let began = self.began.unwrap_or(at);
        let (learnt_at, value) = match &rule.condition {
            Condition::New(new) => (first_at.plus(new.learning), None),
            Condition::Distinct(name, _) => (began, event.label(name)),
            _ => (began, None),
        };
        if !matches!(step.role, Role::Reset | Role::Whole { .. }) {
            if group.evidence.is_none() && (may_gather || was.is_open()) {
                group.evidence = Some(Box::default());
                self.evidence_total += 1;
            }
            if let Some(evidence) = &mut group.evidence {
                let since =
                    if was.is_open() { Instant::MIN } else { at.minus(rule.condition.reach()) };
                evidence.add(event, labels, at, since);
            }
        }
        let arrival =
            Arrival { at, role: step.role, value, watermark, learnt_at, open: was.is_open() };
        let gathered = group.evidence.is_some();
        let evidence = || {
            let mut evidence = Box::<Evidence>::default();
            evidence.add(event, labels, at, at);
            evidence
        };
        let turned = group.observe(around, &arrival, trust, evidence, &mut self.out);
        self.evidence_total += usize::from(group.evidence.is_some() && !gathered);
        // Else what comes can only put off what time has to say.
        let nearer = group.standing != was || step.role == Role::Reset || group.can_hurry(turned);
        if nearer || group.wakes_at == Instant::MAX {
            let next_at = group.next_at(around);
            if next_at < group.wakes_at {
                group.wakes_at = next_at;
                self.queue.push(Wake { at: next_at, rule: step.rule, slot });
            }
        }
    }

    /// The group in which the step last ended, if it is still there.
    fn known_slot(&self, step: &Step) -> Option<Slot> {
        step.slot.filter(|slot| self.groups.get(step.rule).is_some_and(|it| it.has(*slot)))
    }

    /// The group that an event speaks of.
    fn slot(&mut self, step: &mut Step, rule: &Rule, event: &Event<'_>) -> Option<Slot> {
        step.slot = self.groups.get(step.rule)?.find(&step.key);
        if step.slot.is_none() && step.role != Role::Reset {
            step.slot = self.make_group(step, rule);
        }
        let groups = self.groups.get_mut(step.rule)?;
        if let Some(slot) = step.slot {
            // Noted once: whoever looks like this has the same source.
            if matches!(rule.condition, Condition::Consecutive(_)) && step.role == Role::Matched {
                groups.failed_in(&event.source.name, slot);
            }
            return Some(slot);
        }
        if step.role == Role::Reset {
            // Not remembered: whose failures these are can change with every failure.
            let only = groups.only_one_of(&event.source.name)?;
            let key_shown = event.shows_access_key();
            let of_another = key_shown && groups.get(only)?.shows_access_key();
            self.counters.successes_ambiguous += u64::from(of_another);
            return Some(only).filter(|_| !of_another);
        }
        None
    }

    fn make_group(&mut self, step: &Step, rule: &Rule) -> Option<Slot> {
        if self.groups_total >= self.settings.groups_max && !self.make_room() {
            self.counters.groups_refused += 1;
            self.groups.get_mut(step.rule)?.leave_out(&step.key);
            return None;
        }
        let group = Group::new(rule, step.key.clone(), self.next_number);
        self.next_number += 1;
        self.groups_total += 1;
        Some(self.groups.get_mut(step.rule)?.insert(group))
    }

    /// Lets a group go that has no alert, the one that would be forgotten first.
    fn make_room(&mut self) -> bool {
        const LOOKED_AT_MAX: usize = 64;
        let mut open = Vec::new();
        let mut found = None;
        while open.len() < LOOKED_AT_MAX && found.is_none() {
            let Some(wake) = self.queue.pop_before(Instant::MAX) else { break };
            let groups = self.groups.get(wake.rule);
            match groups.and_then(|groups| groups.get(wake.slot)) {
                Some(group) if group.wakes_at != wake.at => {}
                Some(group) if group.standing.is_open() => open.push(wake),
                Some(_) => found = Some(wake),
                None => {}
            }
        }
        for wake in open {
            self.queue.push(wake);
        }
        if let Some(wake) = found {
            self.counters.groups_evicted += 1;
            self.remove(wake.rule, wake.slot);
        }
        found.is_some()
    }

    fn remove(&mut self, rule: usize, slot: Slot) {
        let Some(groups) = self.groups.get_mut(rule) else { return };
        let Some(group) = groups.get(slot) else { return };
        self.evidence_total -= usize::from(group.evidence.is_some());
        self.groups_total -= 1;
        groups.remove(slot, self.told_below);
    }

    fn wake(&mut self, wake: Wake) {
        let rules = Arc::clone(&self.rules);
        let Some(rule) = rules.get(wake.rule) else { return };
        let Some(groups) = self.groups.get_mut(wake.rule) else { return };
        let around = Surroundings::of(rule, &self.settings, &self.counters, groups.left_out());
        if groups.get(wake.slot).is_none_or(|group| group.wakes_at != wake.at) {
            return;
        }
        let Some(group) = groups.change(wake.slot) else { return };
        // One step at a time: what other groups have to say in between comes in between.
        if group.settle(around, wake.at.plus(Span(1)), &mut self.out) {
            let next_at = group.next_at(around);
            group.wakes_at = next_at;
            self.queue.push(Wake { at: next_at, ..wake });
        } else {
            self.remove(wake.rule, wake.slot);
        }
    }
}
