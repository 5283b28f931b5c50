//! What the fold keeps of one code.
//!
//! Owns the counters of a code and its causes, and how an occurrence is counted: as one, as
//! inferred or as a repeat. Must not know of other codes. Nothing here fails; what finds no room is
//! counted.

use std::cmp::Reverse;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::content::{
    CauseReport, CodeReport, Counts, Fields, GroupReport, LeftOut, Sample, Seen, Timelines,
};
use super::settings::Limits;
use super::tally::{RequestIds, Tally, TextBudget};
use super::timeline::{Grid, Series, SeriesId, Timeline};
use crate::catalogue::{Catalogue, Severity};
use crate::occurrence::{Module, Occurrence, Place};

/// What one occurrence is counted as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Occurrence,
    Inferred,
    Repeat,
}

impl Kind {
    pub(super) fn of(occurrence: &Occurrence) -> Self {
        match (occurrence.repeat, occurrence.inferred) {
            (true, _) => Self::Repeat,
            (false, true) => Self::Inferred,
            (false, false) => Self::Occurrence,
        }
    }
}

impl Counts {
    pub(super) fn add(&mut self, kind: Kind) {
        match kind {
            Kind::Occurrence => self.occurrences += 1,
            Kind::Inferred => self.inferred += 1,
            Kind::Repeat => self.repeats += 1,
        }
    }

    pub(super) fn rank(self) -> (u64, u64, u64) {
        (self.occurrences, self.inferred, self.repeats)
    }
}

/// The series of one thing; each is made when first needed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct TimelineIds {
    occurrences: Option<SeriesId>,
    inferred: Option<SeriesId>,
}

impl TimelineIds {
    pub(super) fn id(
        &mut self,
        kind: Kind,
        at: Option<DateTime<FixedOffset>>,
        timeline: &mut Timeline,
    ) -> Option<SeriesId> {
        let id = match kind {
            Kind::Occurrence => &mut self.occurrences,
            Kind::Inferred => &mut self.inferred,
            Kind::Repeat => return None,
        };
        at.map(|_| *id.get_or_insert_with(|| timeline.new_series()))
    }
}

/// The finished series, to be handed out by their ids.
pub(super) struct Taken {
    pub(super) grid: Option<Grid>,
    pub(super) series: Vec<Series>,
}

impl Taken {
    pub(super) fn of(&self, ids: TimelineIds) -> Timelines {
        let series = |id: Option<SeriesId>| {
            id.and_then(|id| self.series.get(id.index())).cloned().unwrap_or_default()
        };
        Timelines { occurrences: series(ids.occurrences), inferred: series(ids.inferred) }
    }
}

/// An occurrence with what the fold has found out of it.
#[derive(Clone, Copy)]
pub(super) struct Event<'o> {
    pub(super) occurrence: &'o Occurrence,
    pub(super) kind: Kind,
    pub(super) at: Option<DateTime<FixedOffset>>,
    pub(super) severity: Severity,
}

impl Event<'_> {
    fn sample(self, limits: Limits, budget: &mut TextBudget, left_out: &mut LeftOut) -> Sample {
        let text = budget.keep_up_to(&self.occurrence.sample, limits.sample_bytes_max);
        left_out.samples += u64::from(text.is_none());
        // Its place is worth keeping even if the text is not.
        let text = text.unwrap_or_default();
        Sample { place: self.occurrence.place.clone(), at: self.at, text }
    }
}

#[derive(Debug)]
pub(super) struct CodeFold {
    module: Module,
    /// The severity of the code and of causes, as the catalogue gives it.
    ratings: Vec<(Option<Arc<str>>, Severity)>,
    tally: EventFold,
    without_time: u64,
    pub(super) series: TimelineIds,
    causes: Vec<(Box<str>, EventFold)>,
    causes_left_out: u64,
    groups: Vec<GroupReport>,
    groups_left_out: u64,
    fields: FieldsFold,
    request_ids: RequestIds,
    /// Beside the one of `tally`.
    samples: Vec<Sample>,
    latest: Option<Place>,
}

/// What a code and each of its causes have in common.
#[derive(Debug, Default)]
struct EventFold {
    counts: Counts,
    severity: Option<Severity>,
    seen: Option<Seen>,
    sample: Option<Sample>,
    sample_is_first_choice: bool,
}

impl EventFold {
    /// Counts an event, and tells whether its lines have become the sample.
    fn add(
        &mut self,
        event: Event<'_>,
        limits: Limits,
        budget: &mut TextBudget,
        left_out: &mut LeftOut,
    ) -> bool {
        self.counts.add(event.kind);
        if event.kind == Kind::Repeat {
            return false;
        }
        self.severity = self.severity.max(Some(event.severity));
        if let Some(at) = event.at {
            Seen::widen(&mut self.seen, at);
        }
        let first_choice = event.kind == Kind::Occurrence;
        let is_wanted = self.sample.is_none() || (first_choice && !self.sample_is_first_choice);
        if is_wanted {
            self.sample_is_first_choice = first_choice;
            if let Some(sample) = self.sample.take() {
                budget.give_back(&sample.text);
            }
            self.sample = Some(event.sample(limits, budget, left_out));
        }
        is_wanted
    }
}

impl CodeFold {
    pub(super) fn new(module: Module, limits: Limits) -> Self {
        Self {
            module,
            ratings: Vec::new(),
            tally: EventFold::default(),
            without_time: 0,
            series: TimelineIds::default(),
            causes: Vec::new(),
            causes_left_out: 0,
            groups: Vec::new(),
            groups_left_out: 0,
            fields: FieldsFold::new(limits),
            request_ids: RequestIds::new(limits.request_ids_max),
            samples: Vec::new(),
            latest: None,
        }
    }

    /// The severity of a cause of the code; the catalogue is asked the first time.
    pub(super) fn severity(
        &mut self,
        cause: Option<&Arc<str>>,
        limits: Limits,
        ask: impl FnOnce() -> Severity,
    ) -> Severity {
        let known = self.ratings.iter().find(|(known, _)| known.as_ref() == cause);
        if let Some((_, severity)) = known {
            return *severity;
        }
        let severity = ask();
        if self.ratings.len() <= limits.causes_max {
            self.ratings.push((cause.cloned(), severity));
        }
        severity
    }

    pub(super) fn add(
        &mut self,
        event: Event<'_>,
        limits: Limits,
        budget: &mut TextBudget,
        left_out: &mut LeftOut,
    ) {
        let Event { occurrence, kind, at, .. } = event;
        self.note_latest(event);
        let is_sample = self.tally.add(event, limits, budget, left_out);
        self.without_time += u64::from(kind != Kind::Repeat && at.is_none());
        self.fields.add(occurrence, u64::from(kind != Kind::Repeat), budget);
        if let Some(id) = &occurrence.request_id {
            self.request_ids.add(id, at, budget);
        }
        if let Some(cause) = &occurrence.cause {
            match self.cause(cause, limits, budget) {
                Some(fold) => drop(fold.add(event, limits, budget, left_out)),
                None => self.causes_left_out += u64::from(kind != Kind::Repeat),
            }
        }
        let is_first_of_group = self.add_to_group(event, limits, budget);
        if is_first_of_group && !is_sample && self.samples.len() < limits.samples_max {
            self.samples.push(event.sample(limits, budget, left_out));
        }
    }

    /// Called for each event, before its time is noted: it must cost next to nothing.
    fn note_latest(&mut self, event: Event<'_>) {
        let last = self.tally.seen.map(|seen| seen.last_at);
        if event.kind == Kind::Repeat || event.at < last {
            return;
        }
        let place = &event.occurrence.place;
        match &mut self.latest {
            Some(latest) if Arc::ptr_eq(&latest.file, &place.file) => {
                (latest.line, latest.offset) = (place.line, place.offset);
            }
            latest => *latest = Some(place.clone()),
        }
    }

    fn cause(
        &mut self,
        id: &str,
        limits: Limits,
        budget: &mut TextBudget,
    ) -> Option<&mut EventFold> {
        let id = budget.cut(id);
        let known = self.causes.iter().position(|(known, _)| **known == *id);
        let at = match known {
            Some(at) => at,
            None if self.causes.len() < limits.causes_max => {
                self.causes.push((budget.keep(id)?, EventFold::default()));
                self.causes.len() - 1
            }
            None => return None,
        };
        self.causes.get_mut(at).map(|(_, fold)| fold)
    }

    /// Whether it is the first event of its group.
    fn add_to_group(&mut self, event: Event<'_>, limits: Limits, budget: &mut TextBudget) -> bool {
        let is_event = event.kind != Kind::Repeat;
        let Some(group) = self.group(event.occurrence, limits, budget) else {
            self.groups_left_out += u64::from(is_event);
            return false;
        };
        group.counts.add(event.kind);
        if let Some(at) = event.at.filter(|_| is_event) {
            Seen::widen(&mut group.seen, at);
        }
        is_event && group.counts.events() == 1
    }

    fn group(
        &mut self,
        occurrence: &Occurrence,
        limits: Limits,
        budget: &mut TextBudget,
    ) -> Option<&mut GroupReport> {
        let cause = occurrence.cause.as_deref().map(|cause| budget.cut(cause));
        let api = occurrence.api.as_deref().map(|api| budget.cut(api));
        let same =
            |group: &GroupReport| group.cause.as_deref() == cause && group.api.as_deref() == api;
        let at = match self.groups.iter().position(same) {
            Some(at) => at,
            None if self.groups.len() < limits.groups_max => {
                // Without room for its name a group is not made: a nameless one would be another.
                let mut keep = |text: Option<&str>| match text {
                    None => Some(None),
                    Some(text) => budget.keep(text).map(Some),
                };
                let (cause, api) = (keep(cause)?, keep(api)?);
                self.groups.push(GroupReport { cause, api, counts: Counts::default(), seen: None });
                self.groups.len() - 1
            }
            None => return None,
        };
        self.groups.get_mut(at)
    }
}

impl CodeFold {
    pub(super) fn finish(self, code: Box<str>, catalogue: &Catalogue, taken: &Taken) -> CodeReport {
        let severity = |cause: Option<&str>| catalogue.severity_of(&code, cause);
        let mut causes: Vec<_> = self
            .causes
            .into_iter()
            .map(|(id, fold)| CauseReport {
                severity: severity(Some(&id)),
                counts: fold.counts,
                seen: fold.seen,
                sample: fold.sample,
                id,
            })
            .collect();
        causes.sort_by_key(|cause| Reverse(cause.counts.rank()));
        let mut groups = self.groups;
        groups.sort_by_key(|group| Reverse(group.counts.rank()));
        CodeReport {
            module: self.module,
            entry: catalogue.entry(&code).cloned(),
            elsewhere: catalogue.elsewhere(self.module).map(Into::into),
            severity: self.tally.severity.unwrap_or_else(|| severity(None)),
            counts: self.tally.counts,
            without_time: self.without_time,
            seen: self.tally.seen,
            timeline: taken.of(self.series),
            causes,
            causes_left_out: self.causes_left_out,
            groups,
            groups_left_out: self.groups_left_out,
            fields: self.fields.finish(),
            request_ids: self.request_ids.finish(),
            sample: self.tally.sample,
            samples: self.samples,
            latest: self.latest,
            code,
        }
    }
}

#[derive(Debug)]
struct FieldsFold {
    files: Tally,
    apis: Tally,
    regions: Tally,
    hosts: Tally,
    http_statuses: Tally,
    exceptions: Tally,
    access_keys: Tally,
    throttles: Tally,
    messages: Tally,
    status_text: Written,
    throttle_text: Written,
}

/// A number with what stands behind it as text, written anew only when it is another one.
#[derive(Debug, Default)]
struct Written {
    number: Option<u64>,
    unit: Option<Box<str>>,
    text: String,
}

impl Written {
    fn text(&mut self, number: u64, unit: Option<&str>) -> &str {
        if self.number != Some(number) || self.unit.as_deref() != unit {
            self.text = match unit {
                Some(unit) => format!("{number} per {unit}"),
                None => number.to_string(),
            };
            (self.number, self.unit) = (Some(number), unit.map(Into::into));
        }
        &self.text
    }
}

impl FieldsFold {
    fn new(limits: Limits) -> Self {
        let values = || Tally::new(limits.values_max);
        Self {
            files: values(),
            apis: values(),
            regions: values(),
            hosts: values(),
            http_statuses: values(),
            exceptions: values(),
            access_keys: values(),
            throttles: values(),
            messages: Tally::new(limits.messages_max),
            status_text: Written::default(),
            throttle_text: Written::default(),
        }
    }

    fn add(&mut self, occurrence: &Occurrence, weight: u64, budget: &mut TextBudget) {
        let mut add = |tally: &mut Tally, value: Option<&str>| {
            if let Some(value) = value {
                tally.add(value, weight, budget);
            }
        };
        add(&mut self.files, Some(&occurrence.place.file));
        add(&mut self.apis, occurrence.api.as_deref());
        add(&mut self.regions, occurrence.region.as_deref());
        add(&mut self.hosts, occurrence.host.as_deref());
        let status = occurrence.http_status;
        let status = status.map(|status| self.status_text.text(status.into(), None));
        add(&mut self.http_statuses, status);
        add(&mut self.exceptions, occurrence.exception.as_deref());
        add(&mut self.access_keys, occurrence.access_key.as_deref());
        add(&mut self.messages, occurrence.message.as_deref());
        let period = occurrence.period.as_deref();
        let throttle = occurrence.limit.map(|limit| self.throttle_text.text(limit, period));
        add(&mut self.throttles, throttle);
    }

    fn finish(self) -> Fields {
        Fields {
            files: self.files.finish(),
            apis: self.apis.finish(),
            regions: self.regions.finish(),
            hosts: self.hosts.finish(),
            http_statuses: self.http_statuses.finish(),
            exceptions: self.exceptions.finish(),
            access_keys: self.access_keys.finish(),
            throttles: self.throttles.finish(),
            messages: self.messages.finish(),
        }
    }
}
