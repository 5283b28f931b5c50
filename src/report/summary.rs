//! The fold from occurrences to a report.
//!
//! Owns what is counted, and in how much memory: every limit stands in [`Limits`]. Counts only what
//! it was given; whatever filters there are, the caller has applied them. Must never print. Nothing
//! here fails.
//!
//! A repeat is the same event again: it adds to the repeats and to nothing else, but a value that
//! only it carries, such as a request id, is noted. An inferred occurrence is counted apart; the
//! values, the times and the severities of a code include it.

use std::collections::HashMap;

use chrono::{DateTime, Datelike, FixedOffset};

use super::baseline::{Baseline, Before};
use super::code_fold::{CodeFold, Event, Kind, Taken, TimelineIds};
use super::content::{
    BeyondTop, CodeReport, Counts, Inputs, LeftOut, ModuleReport, Report, Seen, Totals,
};
use super::hours::Hours;
use super::settings::{InputFacts, Limits, Settings};
use super::tally::TextBudget;
use super::timeline::Timeline;
use crate::catalogue::Severity;
use crate::occurrence::{Module, Occurrence};

/// What is kept of one module.
#[derive(Debug, Default)]
struct ModuleFold {
    counts: Counts,
    series: TimelineIds,
    hours: Hours,
}

/// The fold. Its memory is bounded whatever it is given.
#[derive(Debug)]
pub struct Summary {
    settings: Settings,
    budget: TextBudget,
    timeline: Timeline,
    series: TimelineIds,
    hours: Hours,
    modules: [ModuleFold; Module::ALL.len()],
    codes: Vec<(Box<str>, CodeFold)>,
    /// Where a code stands among those.
    places: HashMap<Box<str>, usize>,
    inputs: Inputs,
    totals: Totals,
    filtered_out: u64,
    left_out: LeftOut,
    failures: u64,
    before: Option<Before>,
}

impl Summary {
    /// An empty fold.
    pub fn new(settings: Settings) -> Self {
        let Limits { texts_bytes_max, text_bytes_max, buckets_max, cells_max, .. } =
            settings.limits;
        Self {
            budget: TextBudget::new(texts_bytes_max, text_bytes_max),
            timeline: Timeline::new(settings.bucket_s, buckets_max, cells_max),
            series: TimelineIds::default(),
            hours: Hours::default(),
            modules: Default::default(),
            codes: Vec::new(),
            places: HashMap::new(),
            inputs: Inputs::default(),
            totals: Totals::default(),
            filtered_out: 0,
            left_out: LeftOut::default(),
            failures: 0,
            before: None,
            settings,
        }
    }

    /// Counts one occurrence. Called once for each, in the order of the input.
    pub fn add(&mut self, occurrence: &Occurrence) {
        let kind = Kind::of(occurrence);
        let at = occurrence.at.and_then(|at| self.shown(at));
        let place = self.place(occurrence);
        let severity = self.severity(occurrence, place);
        self.totals.counts.add(kind);
        let module = Module::ALL.iter().position(|&module| module == occurrence.module);
        let module = module.and_then(|at| self.modules.get_mut(at));
        let mut series = [None; 3];
        let event_at = at.filter(|_| kind != Kind::Repeat);
        if let Some(module) = module {
            module.counts.add(kind);
            series[0] = module.series.id(kind, at, &mut self.timeline);
            module.hours.add(event_at);
        }
        if kind != Kind::Repeat {
            self.totals.add_event(kind, severity, at);
            self.hours.add(event_at);
            if self.settings.fail_on.iter().any(|fail| fail.matches(&occurrence.code, severity)) {
                self.failures += 1;
            }
        }
        series[1] = self.series.id(kind, at, &mut self.timeline);
        if let Some((_, fold)) = place.and_then(|place| self.codes.get_mut(place)) {
            series[2] = fold.series.id(kind, at, &mut self.timeline);
            let event = Event { occurrence, kind, at, severity };
            fold.add(event, self.settings.limits, &mut self.budget, &mut self.left_out);
        } else {
            self.left_out.occurrences_of_codes += 1;
        }
        if let Some(at) = at {
            self.timeline.add(at, &series);
        }
    }

    /// Notes that an occurrence was not given to the fold because of a filter.
    pub fn filtered_out(&mut self) {
        self.filtered_out += 1;
    }

    /// Notes what was read of one input. Called once for each, when it ends.
    pub fn input_read(&mut self, mut facts: InputFacts) {
        facts.first_at = facts.first_at.and_then(|at| self.shown(at));
        facts.last_at = facts.last_at.and_then(|at| self.shown(at));
        let Inputs { sum, count, problems, listed } = &mut self.inputs;
        *count += 1;
        sum.bytes = sum.bytes.saturating_add(facts.bytes);
        sum.lines = sum.lines.saturating_add(facts.lines);
        sum.times_unreadable = sum.times_unreadable.saturating_add(facts.times_unreadable);
        sum.mentions = sum.mentions.saturating_add(facts.mentions);
        sum.lines_cut = sum.lines_cut.saturating_add(facts.lines_cut);
        sum.codes_left_out = sum.codes_left_out.saturating_add(facts.codes_left_out);
        sum.bytes_undecodable = sum.bytes_undecodable.saturating_add(facts.bytes_undecodable);
        sum.first_at = sum.first_at.into_iter().chain(facts.first_at).min();
        sum.last_at = sum.last_at.into_iter().chain(facts.last_at).max();
        *problems += u64::from(facts.problem.is_some());
        if listed.len() >= self.settings.limits.inputs_max {
            self.left_out.inputs += 1;
            // What went wrong is worth more than another name.
            let quiet = listed.iter().rposition(|listed| listed.problem.is_none());
            match quiet.filter(|_| facts.problem.is_some()) {
                Some(at) => drop(listed.remove(at)),
                None => return,
            }
        }
        listed.push(facts);
    }

    /// Compares the report with what was before.
    pub fn compare_with(&mut self, before: Before) {
        self.before = Some(before);
    }

    /// The report on all that was given.
    pub fn finish(self) -> Report {
        let Settings { catalogue, zone, filters, top, limits, .. } = self.settings;
        let data = self.inputs.sum.first_at.zip(self.inputs.sum.last_at).map(|(first, last)| {
            let first = filters.since.map_or(first, |since| first.max(since));
            (first, filters.until.map_or(last, |until| last.min(until)).max(first))
        });
        let (grid, series) = self.timeline.finish(data, limits.buckets_shown);
        let taken = Taken { grid, series };
        let mut modules: Vec<_> = Module::ALL
            .into_iter()
            .zip(self.modules)
            .filter(|(_, fold)| !fold.counts.is_empty())
            .map(|(module, ModuleFold { counts, series, hours })| {
                let timeline = taken.of(series);
                ModuleReport { module, counts, timeline, hours }
            })
            .collect();
        modules.sort_by_key(|module| std::cmp::Reverse(module.counts.rank()));
        let mut codes: Vec<_> = self
            .codes
            .into_iter()
            .map(|(code, fold)| fold.finish(code, &catalogue, &taken))
            .collect();
        codes.sort_by(|a, b| {
            let rank = |code: &CodeReport| (code.counts.rank(), code.severity);
            rank(b).cmp(&rank(a)).then_with(|| a.code.cmp(&b.code))
        });
        let mut totals = self.totals;
        totals.codes = codes.len() as u64;
        totals.codes_new = codes.iter().filter(|code| code.entry.is_none()).count() as u64;
        let baseline = self.before.map(|mut before| {
            before.settle(&self.inputs, zone);
            let range = data.map(|(first_at, last_at)| Seen { first_at, last_at });
            Baseline::compare(before, &codes, range, &catalogue)
        });
        let beyond = codes.split_off(top.unwrap_or(usize::MAX).min(codes.len()));
        Report {
            inputs: self.inputs,
            filters,
            filtered_out: self.filtered_out,
            codes_documented: catalogue.entries().count() as u64,
            totals,
            timeline: taken.of(self.series),
            hours: self.hours,
            zone,
            grid: taken.grid,
            modules,
            codes,
            beyond_top: BeyondTop::of(&beyond),
            left_out: self.left_out,
            failures: self.failures,
            alerts: None,
            baseline,
        }
    }

    /// The time as it is shown. A year of more than four digits is a misread number, not a time;
    /// it would also leave no year for the others to stand in.
    fn shown(&self, at: DateTime<FixedOffset>) -> Option<DateTime<FixedOffset>> {
        // The neighbours of the limits may leave them in another zone.
        let at = Some(at).filter(|at| (1..=9998).contains(&at.to_utc().year()))?;
        Some(self.settings.zone.map_or(at, |zone| zone.show(at.to_utc())))
    }

    fn severity(&mut self, occurrence: &Occurrence, place: Option<usize>) -> Severity {
        let Settings { catalogue, limits, .. } = &self.settings;
        let ask = || catalogue.severity_of(&occurrence.code, occurrence.cause.as_deref());
        match place.and_then(|place| self.codes.get_mut(place)) {
            Some((code, fold)) if *code == occurrence.code => {
                fold.severity(occurrence.cause.as_ref(), *limits, ask)
            }
            // Codes that were cut may share a place, but are several.
            _ => ask(),
        }
    }

    /// Where the occurrence's code is counted; `None` if there is no room. Codes of the catalogue
    /// always find room: made-up codes cannot push them out.
    fn place(&mut self, occurrence: &Occurrence) -> Option<usize> {
        let code = self.budget.cut(&occurrence.code);
        if let Some(place) = self.places.get(code) {
            return Some(*place);
        }
        let limits = self.settings.limits;
        let is_known = self.settings.catalogue.entry(&occurrence.code).is_some();
        if self.codes.len() >= limits.codes_max && !is_known {
            return None;
        }
        self.places.insert(code.into(), self.codes.len());
        self.codes.push((code.into(), CodeFold::new(occurrence.module, limits)));
        Some(self.codes.len() - 1)
    }
}

impl Totals {
    fn add_event(&mut self, kind: Kind, severity: Severity, at: Option<DateTime<FixedOffset>>) {
        let counted = u64::from(kind == Kind::Occurrence);
        match severity {
            Severity::Critical => self.critical += counted,
            Severity::Warning => self.warning += counted,
            Severity::Info => self.info += counted,
        }
        match at {
            Some(at) => Seen::widen(&mut self.seen, at),
            None => self.without_time += 1,
        }
    }
}

impl BeyondTop {
    fn of(codes: &[CodeReport]) -> Self {
        let mut beyond = Self { codes: codes.len() as u64, ..Self::default() };
        for code in codes {
            beyond.counts.occurrences += code.counts.occurrences;
            beyond.counts.inferred += code.counts.inferred;
            beyond.counts.repeats += code.counts.repeats;
        }
        beyond
    }
}
