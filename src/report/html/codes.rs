//! The codes of a report as the page shows them.
//!
//! Owns what a row of the table and a code's own section say. Must never count. Nothing here fails.

use std::fmt::Write as _;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::FactView;
use crate::catalogue::{Entry, Paragraph, Severity};
use crate::html::chart;
use crate::occurrence::{Module, Place};
use crate::report::baseline::Status;
use crate::report::content::{CodeReport, Report, Sample};
use crate::report::{facts, phrase, ticket};
use crate::surface::Language;
use crate::surface::chart as bars;

/// A trend in a row has so many steps at most.
const TREND_STEPS: usize = 60;

/// So much of the first samples' texts.
const TEXT_BYTES_MAX: [usize; 2] = [2048, 512];

/// A code, in the table and in its own section.
#[derive(Serialize)]
pub(super) struct CodeView<'r> {
    code: &'r str,
    anchor: String,
    module: Module,
    severity: Severity,
    /// The severity as a number, for sorting.
    grade: u8,
    known: bool,
    /// Against the baseline; none without one, or where it is steady.
    change: Option<&'static str>,
    /// Occurrences and inferred ones.
    count: u64,
    how_often: String,
    /// Of all events, in percent.
    share: String,
    first_short: Option<String>,
    last_short: Option<String>,
    /// For sorting, in seconds since 1970.
    first_s: i64,
    last_s: i64,
    steps: usize,
    trend: String,
    /// The events of each bucket, packed.
    series: String,
    /// What a search looks through, beside the code.
    means: String,
    meaning: Vec<&'r str>,
    causes: Vec<CauseView<'r>>,
    /// Empty where the causes say all of it.
    solution: &'r [Paragraph],
    elsewhere: Option<&'r str>,
    source: Option<SourceView>,
    facts: Vec<FactView>,
    samples: Vec<SampleView<'r>>,
    ticket: Option<String>,
}

#[derive(Serialize)]
struct SourceView {
    words: String,
}

#[derive(Serialize)]
struct CauseView<'r> {
    text: &'r str,
    severity: Severity,
    count: u64,
    description: Option<&'r str>,
    solution: &'r [Paragraph],
}

#[derive(Serialize)]
struct SampleView<'r> {
    place: String,
    at: Option<String>,
    /// Empty where only the place is told.
    text: &'r str,
    is_cut: bool,
}

/// Where a code stands on the page. A code that was made up can hold anything.
pub(super) fn anchor(code: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || ".-_".contains(c);
    let mut anchor = "code-".to_owned();
    for c in code.chars() {
        if is_plain(c) {
            anchor.push(c);
        } else {
            // Writing to a String cannot fail.
            let _ = write!(anchor, "_{:x}", u32::from(c));
        }
    }
    anchor
}

pub(super) fn of(report: &Report, language: Language) -> Vec<CodeView<'_>> {
    report.codes.iter().map(|code| CodeView::of(code, report, language)).collect()
}

fn change(report: &Report, code: &str) -> Option<&'static str> {
    let status = report.baseline.as_ref()?.status_of(code)?;
    (status != Status::Steady).then(|| status.name())
}

/// The day and the offset of all times in the table, if they share them.
pub(super) fn day_of(report: &Report) -> Option<String> {
    let seen = report.totals.seen?;
    let day = |at: DateTime<FixedOffset>| at.format("%Y-%m-%d %:z").to_string();
    let of_codes = report.codes.iter().filter_map(|code| code.seen);
    let mut days = of_codes.flat_map(|seen| [day(seen.first_at), day(seen.last_at)]);
    let first = day(seen.first_at);
    days.all(|other| other == first).then_some(first)
}

/// An instant in the table.
fn short(at: DateTime<FixedOffset>, is_one_day: bool) -> String {
    at.format(if is_one_day { "%H:%M:%S" } else { "%Y-%m-%d %H:%M" }).to_string()
}

impl<'r> CodeView<'r> {
    fn of(code: &'r CodeReport, report: &Report, language: Language) -> Self {
        let (grid, all) = (report.grid.as_ref(), report.totals.counts.events());
        let is_one_day = day_of(report).is_some();
        let series = grid.map(|grid| code.timeline.events(grid)).unwrap_or_default();
        let (steps, _) = bars::grouped(&series, TREND_STEPS);
        let entry = code.entry.as_ref();
        let ticket = ticket::of(code, language);
        let explained: u64 = code.causes.iter().map(|cause| cause.counts.events()).sum();
        let is_explained = !code.causes.is_empty() && explained >= code.counts.events();
        let solution = entry.map(|entry| &*entry.solution).unwrap_or_default();
        Self {
            code: &code.code,
            anchor: anchor(&code.code),
            module: code.module,
            severity: code.severity,
            grade: code.severity as u8,
            known: entry.is_some(),
            change: change(report, &code.code),
            count: code.counts.events(),
            how_often: facts::how_often(code, language),
            share: phrase::share(code.counts.events(), all),
            first_short: code.seen.map(|seen| short(seen.first_at, is_one_day)),
            last_short: code.seen.map(|seen| short(seen.last_at, is_one_day)),
            first_s: code.seen.map_or(0, |seen| seen.first_at.timestamp()),
            last_s: code.seen.map_or(0, |seen| seen.last_at.timestamp()),
            steps: steps.len(),
            trend: chart::area_of(&steps),
            series: chart::packed(series.iter().copied()),
            means: means(code, language),
            meaning: entry.map(meaning).unwrap_or_default(),
            causes: causes(code, entry),
            solution: if is_explained { &[] } else { solution },
            elsewhere: code.elsewhere.as_deref(),
            source: entry.map(|entry| SourceView { words: entry.source.to_string() }),
            facts: facts::of_code(code, grid, ticket.is_some(), language)
                .iter()
                .map(|fact| FactView::of(fact, language))
                .collect(),
            samples: samples(code),
            ticket,
        }
    }
}

/// The documented message, then what it means; once if they are the same.
fn meaning(entry: &Entry) -> Vec<&str> {
    let mut meaning: Vec<&str> = entry.message.as_deref().into_iter().collect();
    let others = entry.meanings.iter().map(|meaning| &*meaning.text);
    for text in std::iter::once(&*entry.description).chain(others) {
        if !meaning.contains(&text) {
            meaning.push(text);
        }
    }
    meaning
}

fn means(code: &CodeReport, language: Language) -> String {
    code.entry.as_ref().map_or_else(
        || language.words("the catalogue does not know this code").to_owned(),
        |entry| entry.message.as_deref().unwrap_or(&entry.description).to_owned(),
    )
}

fn causes<'r>(code: &'r CodeReport, entry: Option<&'r Entry>) -> Vec<CauseView<'r>> {
    let of = |seen: &'r crate::report::content::CauseReport| {
        let causes = entry.map(|entry| &*entry.causes).unwrap_or_default();
        let known = causes.iter().find(|known| *known.id == *seen.id);
        CauseView {
            text: known.map_or(&*seen.id, |known| &*known.text),
            severity: seen.severity,
            count: seen.counts.events(),
            description: known.map(|known| &*known.description),
            solution: known.map(|known| &*known.solution).unwrap_or_default(),
        }
    };
    code.causes.iter().map(of).collect()
}

/// Of the code, of each cause, and of further pairs of cause and API: each place once. Texts make a
/// page heavy: the first stands there in full, the second in part, of others their place.
fn samples(code: &CodeReport) -> Vec<SampleView<'_>> {
    let of_causes = code.causes.iter().filter_map(|cause| cause.sample.as_ref());
    let mut kept: Vec<&Sample> = Vec::new();
    for sample in code.sample.iter().chain(of_causes).chain(&code.samples) {
        if !kept.iter().any(|known| known.place == sample.place) {
            kept.push(sample);
        }
    }
    let rooms = TEXT_BYTES_MAX.into_iter().chain(std::iter::repeat(0));
    let mut views: Vec<_> =
        kept.iter().zip(rooms).map(|(sample, room)| SampleView::of(sample, room)).collect();
    let is_new = |latest: &&Place| !kept.iter().any(|known| known.place == **latest);
    if let Some(latest) = code.latest.as_ref().filter(is_new) {
        let at = code.seen.map(|seen| phrase::instant(seen.last_at));
        views.push(SampleView { place: latest.to_string(), at, text: "", is_cut: false });
    }
    views
}

impl<'r> SampleView<'r> {
    fn of(sample: &'r Sample, bytes_max: usize) -> Self {
        let text = &sample.text[..sample.text.floor_char_boundary(bytes_max)];
        Self {
            place: sample.place.to_string(),
            at: sample.at.map(phrase::instant),
            text,
            is_cut: !text.is_empty() && text.len() < sample.text.len(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_anchor_holds_nothing_that_a_link_could_not() {
        assert_eq!(anchor("APIG.0301"), "code-APIG.0301");
        assert_eq!(anchor("A\"><b\u{202e}"), "code-A_22_3e_3cb_202e");
    }
}
