//! The report as one JSON document, and the catalogue's entries as a JSON list.
//!
//! Owns the schema `ocrwatch.report/1`: every key is described in `docs/report-json.md`, and none
//! changes its meaning or goes away without a new number. Shows only what the fold counted. Fails
//! with the `io::Error` of the output.

use std::io::{self, Write};

use chrono::{DateTime, FixedOffset};
use serde::{Serialize, Serializer};

use super::alerts::AlertsView;
use super::baseline::BaselineView;
use super::content::{
    BeyondTop, CauseReport, CodeReport, Counts, Fields, GroupReport, LeftOut, Report, Sample, Seen,
    Timelines,
};
use super::hours::Hours;
use super::settings::{Filters, InputFacts};
use super::tally::RequestIdsSeen;
use super::ticket;
use super::timeline::{Grid, Series};
use crate::catalogue::{Entry, Explanation, Severity};
use crate::occurrence::{Module, Place};
use crate::surface::Language;
use crate::surface::json::write_line;

/// The schema's name and number.
pub const SCHEMA: &str = "ocrwatch.report/1";

/// Writes the report as one line of JSON.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    write_line(out, &Document::of(report))
}

/// Writes what the catalogue says of codes as a list on one line.
pub fn write_entries(out: &mut dyn Write, entries: &[&Entry]) -> io::Result<()> {
    write_line(out, &entries.iter().map(|entry| Explanation::of(entry)).collect::<Vec<_>>())
}

#[derive(Serialize)]
struct Document<'r> {
    schema: &'static str,
    inputs: InputsView<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    filters: Option<FiltersView<'r>>,
    codes_documented: u64,
    totals: TotalsView,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<TimelineView<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<&'r [u64; 24]>,
    modules: Vec<ModuleView<'r>>,
    codes: Vec<CodeView<'r>>,
    codes_beyond_top: BeyondTop,
    left_out: LeftOut,
    failures: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    alerts: Option<AlertsView<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<BaselineView<'r>>,
}

impl<'r> Document<'r> {
    fn of(report: &'r Report) -> Self {
        let grid = report.grid.as_ref();
        let totals = &report.totals;
        Self {
            schema: SCHEMA,
            inputs: InputsView {
                count: report.inputs.count,
                with_problems: report.inputs.problems,
                sum: InputView::of(&report.inputs.sum),
                listed: report.inputs.listed.iter().map(InputView::of).collect(),
            },
            filters: (!report.filters.is_empty())
                .then(|| FiltersView::of(&report.filters, report.filtered_out)),
            codes_documented: report.codes_documented,
            totals: TotalsView {
                counts: totals.counts,
                without_time: totals.without_time,
                by_severity: BySeverity {
                    critical: totals.critical,
                    warning: totals.warning,
                    info: totals.info,
                },
                codes: totals.codes,
                codes_new: totals.codes_new,
                seen: SeenView::of(totals.seen),
            },
            timeline: grid
                .map(|grid| TimelineView { grid, series: SeriesView::of(&report.timeline, grid) }),
            hours: of_hours(&report.hours),
            modules: report
                .modules
                .iter()
                .map(|module| ModuleView {
                    module: module.module,
                    counts: module.counts,
                    timeline: grid.map(|grid| SeriesView::of(&module.timeline, grid)),
                    hours: of_hours(&module.hours),
                })
                .collect(),
            codes: report.codes.iter().map(|code| CodeView::of(code, grid)).collect(),
            codes_beyond_top: report.beyond_top,
            left_out: report.left_out,
            failures: report.failures,
            alerts: report.alerts.as_ref().map(AlertsView::of),
            baseline: report.baseline.as_ref().map(BaselineView::of),
        }
    }
}

#[derive(Serialize)]
struct InputsView<'r> {
    count: u64,
    with_problems: u64,
    #[serde(flatten)]
    sum: InputView<'r>,
    listed: Vec<InputView<'r>>,
}

#[derive(Serialize)]
struct InputView<'r> {
    #[serde(skip_serializing_if = "str::is_empty")]
    name: &'r str,
    bytes: u64,
    lines: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_at: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<DateTime<FixedOffset>>,
    times_unreadable: u64,
    mentions: u64,
    lines_cut: u64,
    codes_left_out: u64,
    bytes_undecodable: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<&'r str>,
}

impl<'r> InputView<'r> {
    fn of(facts: &'r InputFacts) -> Self {
        Self {
            name: &facts.name,
            bytes: facts.bytes,
            lines: facts.lines,
            first_at: facts.first_at,
            last_at: facts.last_at,
            times_unreadable: facts.times_unreadable,
            mentions: facts.mentions,
            lines_cut: facts.lines_cut,
            codes_left_out: facts.codes_left_out,
            bytes_undecodable: facts.bytes_undecodable,
            problem: facts.problem.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct FiltersView<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    since: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<FixedOffset>>,
    modules: &'r [Module],
    codes: Vec<&'r str>,
    filtered_out: u64,
}

impl<'r> FiltersView<'r> {
    fn of(filters: &'r Filters, filtered_out: u64) -> Self {
        let Filters { since, until, modules, codes } = filters;
        let codes = codes.iter().map(AsRef::as_ref).collect();
        Self { since: *since, until: *until, modules, codes, filtered_out }
    }
}

#[derive(Serialize)]
struct TotalsView {
    #[serde(flatten)]
    counts: Counts,
    without_time: u64,
    by_severity: BySeverity,
    codes: u64,
    codes_new: u64,
    #[serde(flatten)]
    seen: SeenView,
}

#[derive(Serialize)]
struct BySeverity {
    critical: u64,
    warning: u64,
    info: u64,
}

#[derive(Serialize)]
struct SeenView {
    #[serde(skip_serializing_if = "Option::is_none")]
    first_at: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<DateTime<FixedOffset>>,
}

impl SeenView {
    fn of(seen: Option<Seen>) -> Self {
        Self { first_at: seen.map(|seen| seen.first_at), last_at: seen.map(|seen| seen.last_at) }
    }
}

#[derive(Serialize)]
struct TimelineView<'r> {
    #[serde(flatten)]
    grid: &'r Grid,
    #[serde(flatten)]
    series: SeriesView<'r>,
}

#[derive(Serialize)]
struct SeriesView<'r> {
    occurrences: Dense<'r>,
    #[serde(skip_serializing_if = "Option::is_none")]
    inferred: Option<Dense<'r>>,
}

/// A series written bucket by bucket. Held in full, the buckets of all codes together would take
/// more memory than the fold itself.
struct Dense<'r> {
    series: &'r Series,
    grid: &'r Grid,
}

impl Serialize for Dense<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.series.dense(self.grid))
    }
}

impl<'r> SeriesView<'r> {
    fn of(timelines: &'r Timelines, grid: &'r Grid) -> Self {
        let Timelines { occurrences, inferred } = timelines;
        Self {
            occurrences: Dense { series: occurrences, grid },
            inferred: (!inferred.is_empty()).then_some(Dense { series: inferred, grid }),
        }
    }
}

#[derive(Serialize)]
struct ModuleView<'r> {
    module: Module,
    #[serde(flatten)]
    counts: Counts,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<SeriesView<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hours: Option<&'r [u64; 24]>,
}

fn of_hours(hours: &Hours) -> Option<&[u64; 24]> {
    (!hours.is_empty()).then(|| hours.counts())
}

#[derive(Serialize)]
struct CodeView<'r> {
    code: &'r str,
    module: Module,
    severity: Severity,
    new: bool,
    #[serde(flatten)]
    counts: Counts,
    without_time: u64,
    #[serde(flatten)]
    seen: SeenView,
    #[serde(skip_serializing_if = "Option::is_none")]
    timeline: Option<SeriesView<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    documentation: Option<Explanation<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    documented_elsewhere: Option<&'r str>,
    causes: Vec<CauseView<'r>>,
    causes_left_out: u64,
    groups: Vec<GroupView<'r>>,
    groups_left_out: u64,
    #[serde(flatten)]
    fields: &'r Fields,
    request_ids: &'r RequestIdsSeen,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<SampleView<'r>>,
    samples: Vec<SampleView<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    latest: Option<&'r Place>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ticket: Option<String>,
}

impl<'r> CodeView<'r> {
    fn of(code: &'r CodeReport, grid: Option<&'r Grid>) -> Self {
        Self {
            code: &code.code,
            module: code.module,
            severity: code.severity,
            new: code.entry.is_none(),
            counts: code.counts,
            without_time: code.without_time,
            seen: SeenView::of(code.seen),
            timeline: grid.map(|grid| SeriesView::of(&code.timeline, grid)),
            documentation: code.entry.as_ref().map(Explanation::of),
            documented_elsewhere: code.elsewhere.as_deref(),
            causes: code.causes.iter().map(CauseView::of).collect(),
            causes_left_out: code.causes_left_out,
            groups: code.groups.iter().map(GroupView::of).collect(),
            groups_left_out: code.groups_left_out,
            fields: &code.fields,
            request_ids: &code.request_ids,
            sample: code.sample.as_ref().map(SampleView::of),
            samples: code.samples.iter().map(SampleView::of).collect(),
            latest: code.latest.as_ref(),
            ticket: ticket::of(code, Language::default()),
        }
    }
}

#[derive(Serialize)]
struct CauseView<'r> {
    id: &'r str,
    severity: Severity,
    #[serde(flatten)]
    counts: Counts,
    #[serde(flatten)]
    seen: SeenView,
    #[serde(skip_serializing_if = "Option::is_none")]
    sample: Option<SampleView<'r>>,
}

impl<'r> CauseView<'r> {
    fn of(cause: &'r CauseReport) -> Self {
        Self {
            id: &cause.id,
            severity: cause.severity,
            counts: cause.counts,
            seen: SeenView::of(cause.seen),
            sample: cause.sample.as_ref().map(SampleView::of),
        }
    }
}

#[derive(Serialize)]
struct GroupView<'r> {
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<&'r str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    api: Option<&'r str>,
    #[serde(flatten)]
    counts: Counts,
    #[serde(flatten)]
    seen: SeenView,
}

impl<'r> GroupView<'r> {
    fn of(group: &'r GroupReport) -> Self {
        Self {
            cause: group.cause.as_deref(),
            api: group.api.as_deref(),
            counts: group.counts,
            seen: SeenView::of(group.seen),
        }
    }
}

#[derive(Serialize)]
struct SampleView<'r> {
    #[serde(flatten)]
    place: &'r Place,
    #[serde(skip_serializing_if = "Option::is_none")]
    at: Option<DateTime<FixedOffset>>,
    text: &'r str,
}

impl<'r> SampleView<'r> {
    fn of(sample: &'r Sample) -> Self {
        Self { place: &sample.place, at: sample.at, text: &sample.text }
    }
}
