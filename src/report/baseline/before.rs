//! What there was before, as counts by code.
//!
//! Owns the fold over the earlier side, in as much memory as [`Limits`] allow. Must never compare.
//! Nothing here fails; what finds no room is counted.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::saved::Saved;
use crate::catalogue::Catalogue;
use crate::occurrence::{Module, Occurrence};
use crate::report::code_fold::Kind;
use crate::report::content::{Inputs, Seen};
use crate::report::settings::{InputFacts, Limits};
use crate::zone::Zone;

/// What a baseline is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Old {
    /// Other logs.
    Log,
    /// A report that was saved as JSON.
    Report,
    /// An earlier time of the report's own logs.
    Period,
}

/// The earlier side of a comparison, while it is read.
#[derive(Debug)]
pub struct Before {
    name: Box<str>,
    old: Old,
    catalogue: Arc<Catalogue>,
    limits: Limits,
    counts: HashMap<Box<str>, u64>,
    events: u64,
    without_time: u64,
    left_out: u64,
    range: Option<Seen>,
    is_known: bool,
    is_whole: bool,
}

impl Before {
    fn new(name: &str, old: Old, catalogue: Arc<Catalogue>) -> Self {
        Self {
            name: name.into(),
            old,
            catalogue,
            limits: Limits::default(),
            counts: HashMap::new(),
            events: 0,
            without_time: 0,
            left_out: 0,
            range: None,
            is_known: false,
            is_whole: true,
        }
    }

    /// Of logs that are yet to be read.
    pub fn of_logs(name: &str, catalogue: Arc<Catalogue>) -> Self {
        Self::new(name, Old::Log, catalogue)
    }

    /// Of a period of the logs that the report is about.
    pub fn of_period(
        name: &str,
        from: DateTime<FixedOffset>,
        until: DateTime<FixedOffset>,
        catalogue: Arc<Catalogue>,
    ) -> Self {
        let range = Some(Seen { first_at: from, last_at: until });
        Self { range, ..Self::new(name, Old::Period, catalogue) }
    }

    /// Of a saved report: of its codes those that are wanted.
    pub fn of_saved(
        name: &str,
        saved: Saved,
        wanted: impl Fn(Module, &str) -> bool,
        catalogue: Arc<Catalogue>,
    ) -> Self {
        let mut before = Self::new(name, Old::Report, catalogue);
        for code in saved.codes {
            let module = Module::of_code(&code.code);
            if module.is_some_and(|module| wanted(module, &code.code)) {
                before.without_time = before.without_time.saturating_add(code.without_time);
                before.add_events(&code.code, code.events);
            }
        }
        before.left_out = before.left_out.saturating_add(saved.left_out);
        before.range = saved.range;
        before.is_known = true;
        before.is_whole = saved.is_whole;
        before
    }

    /// Counts one occurrence.
    pub fn add(&mut self, occurrence: &Occurrence) {
        if Kind::of(occurrence) == Kind::Repeat {
            return;
        }
        self.without_time += u64::from(occurrence.at.is_none());
        self.add_events(&occurrence.code, 1);
    }

    fn add_events(&mut self, code: &str, events: u64) {
        self.events = self.events.saturating_add(events);
        let code = &code[..code.floor_char_boundary(self.limits.text_bytes_max)];
        if let Some(count) = self.counts.get_mut(code) {
            *count = count.saturating_add(events);
        } else if self.counts.len() < self.limits.codes_max || self.catalogue.entry(code).is_some()
        {
            self.counts.insert(code.into(), events);
        } else {
            self.left_out = self.left_out.saturating_add(events);
        }
    }

    /// Notes what was read of one log.
    pub fn input_read(&mut self, facts: &InputFacts) {
        self.is_known |= facts.bytes > 0;
        self.is_whole &= facts.problem.is_none();
        for at in facts.first_at.into_iter().chain(facts.last_at) {
            Seen::widen(&mut self.range, at);
        }
    }

    /// Shows its times in the zone; of a period notes which part of it the logs reach back to.
    pub(in crate::report) fn settle(&mut self, inputs: &Inputs, zone: Option<Zone>) {
        if let (Some(range), Some(zone)) = (&mut self.range, zone) {
            range.first_at = zone.show(range.first_at.to_utc());
            range.last_at = zone.show(range.last_at.to_utc());
        }
        if self.old != Old::Period {
            return;
        }
        let read = inputs.sum.first_at.zip(inputs.sum.last_at);
        self.range = self.range.zip(read).and_then(|(period, (first, last))| {
            let first_at = period.first_at.max(first);
            let last_at = period.last_at.min(last);
            (first_at < last_at).then_some(Seen { first_at, last_at })
        });
        self.is_known = self.range.is_some();
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn old(&self) -> Old {
        self.old
    }

    pub(super) fn range(&self) -> Option<Seen> {
        self.range
    }

    pub(super) fn events(&self) -> u64 {
        self.events
    }

    pub(super) fn without_time(&self) -> u64 {
        self.without_time
    }

    pub(super) fn left_out(&self) -> u64 {
        self.left_out
    }

    pub(super) fn is_known(&self) -> bool {
        self.is_known
    }

    pub(super) fn is_whole(&self) -> bool {
        self.is_whole
    }

    pub(super) fn into_counts(self) -> HashMap<Box<str>, u64> {
        self.counts
    }
}
