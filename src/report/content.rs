//! What a report says, before anyone decides how it looks.
//!
//! Owns the finished numbers. Must never be counted in again: the fold made it, the writers show
//! it. Nothing here fails.

use chrono::{DateTime, FixedOffset, TimeDelta};
use serde::Serialize;

use super::alerts::Alerts;
use super::baseline::Baseline;
use super::hours::Hours;
use super::settings::{Filters, InputFacts};
use super::tally::{RequestIdsSeen, Values};
use super::timeline::{Grid, Series};
use crate::catalogue::{Entry, Severity};
use crate::occurrence::{Module, Place};
use crate::zone::Zone;

/// The content of a report.
#[derive(Debug, Clone)]
pub struct Report {
    /// What was read.
    pub inputs: Inputs,
    /// What the caller filtered by.
    pub filters: Filters,
    /// How many occurrences the filters kept away.
    pub filtered_out: u64,
    /// How many codes the catalogue knows: what was looked for.
    pub codes_documented: u64,
    /// All occurrences, whether or not their codes are listed.
    pub totals: Totals,
    /// The buckets of all timelines; none if no occurrence has a time.
    pub grid: Option<Grid>,
    /// All occurrences over time.
    pub timeline: Timelines,
    /// All events by the hour of the day.
    pub hours: Hours,
    /// The zone in which times are shown; each in its own offset if there is none.
    pub zone: Option<Zone>,
    /// The modules that were seen, the most frequent first.
    pub modules: Vec<ModuleReport>,
    /// The codes, by count, then severity, then code; as many as were asked for.
    pub codes: Vec<CodeReport>,
    /// What the codes beyond those add up to.
    pub beyond_top: BeyondTop,
    /// What found no room.
    pub left_out: LeftOut,
    /// How many occurrences `fail_on` names, repeats left aside.
    pub failures: u64,
    /// The alerts that there would have been, if they were looked for.
    pub alerts: Option<Alerts>,
    /// What changed, if the report is compared with anything.
    pub baseline: Option<Baseline>,
}

impl Report {
    /// Whether nothing at all was given to the fold.
    pub fn is_empty(&self) -> bool {
        self.totals.counts.is_empty()
    }
}

/// What was read, in all and by input.
#[derive(Debug, Clone, Default)]
pub struct Inputs {
    /// The sums over all inputs; the name is empty.
    pub sum: InputFacts,
    /// How many inputs there were.
    pub count: u64,
    /// How many of them have a problem.
    pub problems: u64,
    /// The first inputs, and those with a problem.
    pub listed: Vec<InputFacts>,
}

/// How often: three numbers that never mix.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Occurrences whose code was printed.
    pub occurrences: u64,
    /// Occurrences whose code follows from the exception and its fixed message.
    pub inferred: u64,
    /// Further prints of the same events.
    pub repeats: u64,
}

impl Counts {
    /// The events: occurrences, inferred ones included.
    pub fn events(self) -> u64 {
        self.occurrences.saturating_add(self.inferred)
    }

    /// Whether nothing was counted.
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

/// What all codes add up to.
#[derive(Debug, Clone, Copy, Default)]
pub struct Totals {
    /// How often.
    pub counts: Counts,
    /// Events without a readable time.
    pub without_time: u64,
    /// Occurrences of this severity.
    pub critical: u64,
    /// Occurrences of this severity.
    pub warning: u64,
    /// Occurrences of this severity.
    pub info: u64,
    /// Codes that were seen and found room.
    pub codes: u64,
    /// Those of them that the catalogue does not know.
    pub codes_new: u64,
    /// The first and the last event.
    pub seen: Option<Seen>,
}

/// The first and the last of some events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// The first.
    pub first_at: DateTime<FixedOffset>,
    /// The last.
    pub last_at: DateTime<FixedOffset>,
}

impl Seen {
    /// From the first to the last.
    pub fn span(self) -> TimeDelta {
        self.last_at - self.first_at
    }

    pub(super) fn widen(seen: &mut Option<Self>, at: DateTime<FixedOffset>) {
        let seen = seen.get_or_insert(Self { first_at: at, last_at: at });
        if at < seen.first_at {
            seen.first_at = at;
        }
        if at > seen.last_at {
            seen.last_at = at;
        }
    }
}

/// Counts over time.
#[derive(Debug, Clone, Default)]
pub struct Timelines {
    /// Of the occurrences.
    pub occurrences: Series,
    /// Of the inferred ones.
    pub inferred: Series,
}

impl Timelines {
    /// Both together, in all buckets of the grid.
    pub fn events(&self, grid: &Grid) -> Vec<u64> {
        let inferred = self.inferred.dense(grid);
        self.occurrences.dense(grid).zip(inferred).map(|(a, b)| a + b).collect()
    }
}

/// One module's total.
#[derive(Debug, Clone)]
pub struct ModuleReport {
    /// The module.
    pub module: Module,
    /// How often.
    pub counts: Counts,
    /// Over time.
    pub timeline: Timelines,
    /// By the hour of the day.
    pub hours: Hours,
}

/// What is known of one code.
#[derive(Debug, Clone)]
pub struct CodeReport {
    /// The code.
    pub code: Box<str>,
    /// Its module.
    pub module: Module,
    /// What the catalogue says; none if it does not know the code.
    pub entry: Option<Entry>,
    /// Where the code's module is documented, if the catalogue says that it is elsewhere.
    pub elsewhere: Option<Box<str>>,
    /// The gravest severity among its events.
    pub severity: Severity,
    /// How often.
    pub counts: Counts,
    /// Events without a readable time.
    pub without_time: u64,
    /// The first and the last event.
    pub seen: Option<Seen>,
    /// Over time.
    pub timeline: Timelines,
    /// The causes that messages named, the most frequent first.
    pub causes: Vec<CauseReport>,
    /// Events of causes that found no room.
    pub causes_left_out: u64,
    /// Events by cause and API, the most frequent first.
    pub groups: Vec<GroupReport>,
    /// Events of groups that found no room.
    pub groups_left_out: u64,
    /// The values that its fields had.
    pub fields: Fields,
    /// Its request ids.
    pub request_ids: RequestIdsSeen,
    /// The first occurrence's lines.
    pub sample: Option<Sample>,
    /// The lines of the first event of further pairs of cause and API.
    pub samples: Vec<Sample>,
    /// Where the latest event stands.
    pub latest: Option<Place>,
}

/// The values of a code's fields.
#[derive(Debug, Clone, Serialize)]
pub struct Fields {
    /// Inputs.
    pub files: Values,
    /// APIs that were called.
    pub apis: Values,
    /// Regions.
    pub regions: Values,
    /// Host names of the endpoint.
    pub hosts: Values,
    /// HTTP statuses of the answer.
    pub http_statuses: Values,
    /// Exception types.
    pub exceptions: Values,
    /// Access keys, masked.
    pub access_keys: Values,
    /// Throttling limits with their period.
    pub throttles: Values,
    /// Messages.
    pub messages: Values,
}

/// What is known of one cause of a code.
#[derive(Debug, Clone)]
pub struct CauseReport {
    /// The cause's name in the catalogue.
    pub id: Box<str>,
    /// Its severity.
    pub severity: Severity,
    /// How often.
    pub counts: Counts,
    /// The first and the last event.
    pub seen: Option<Seen>,
    /// The first occurrence's lines.
    pub sample: Option<Sample>,
}

/// The events of one cause and API.
#[derive(Debug, Clone)]
pub struct GroupReport {
    /// The cause that the message names.
    pub cause: Option<Box<str>>,
    /// The API that was called.
    pub api: Option<Box<str>>,
    /// How often.
    pub counts: Counts,
    /// The first and the last event.
    pub seen: Option<Seen>,
}

/// The lines around one occurrence, redacted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sample {
    /// Where they stand.
    pub place: Place,
    /// When it happened.
    pub at: Option<DateTime<FixedOffset>>,
    /// The lines.
    pub text: Box<str>,
}

/// The codes that `top` keeps from being listed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct BeyondTop {
    /// How many codes.
    pub codes: u64,
    /// How often they were seen.
    #[serde(flatten)]
    pub counts: Counts,
}

/// What found no room, in all.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct LeftOut {
    /// Occurrences of codes for which there was no room, of every kind. The totals hold them.
    pub occurrences_of_codes: u64,
    /// Inputs that are not listed. The sums hold them.
    pub inputs: u64,
    /// Samples for which there was no room.
    pub samples: u64,
}
