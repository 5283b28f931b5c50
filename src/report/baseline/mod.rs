//! What changed against a baseline: an older log, a saved report, an earlier period.
//!
//! Owns when a code counts as new, gone, risen or fallen, and how that is laid out. Must never read
//! what it compares: both sides come as counts. Nothing here fails but the reading of a saved
//! report, and the writers with the `io::Error` of the output.
//!
//! A count is risen or fallen if it is at least twice or at most half of what was to be expected,
//! and the difference is more than two standard deviations of two counts by chance. What was to be
//! expected is the earlier count, stretched to the later length of time where both are known.

mod before;
mod json;
mod markdown;
mod saved;
mod terminal;
pub(super) mod words;

use std::cmp::Reverse;
use std::collections::HashMap;

use serde::Serialize;

pub use before::{Before, Old};
pub use saved::{Limited, NotAReport, Saved, schema_of};

pub(super) use json::BaselineView;
pub(super) use markdown::section as markdown;
pub(super) use terminal::section;

use super::content::{CodeReport, Seen};
use crate::catalogue::{Catalogue, Severity};
use crate::occurrence::Module;

/// What changed.
#[derive(Debug, Clone)]
pub struct Baseline {
    /// What it is compared with, as the caller named it.
    pub name: Box<str>,
    /// What that is.
    pub old: Old,
    /// From when to when it was read; none if it tells no time.
    pub range: Option<Seen>,
    /// How many times as long the report's range is; none if either length is not known.
    pub length_ratio: Option<f64>,
    /// Errors in it, inferred ones included, repeats left aside.
    pub events: u64,
    /// Those of them without a readable time.
    pub without_time: u64,
    /// Those of them whose codes found no room.
    pub left_out: u64,
    /// Whether anything was read of it. If not, no code is compared.
    pub is_known: bool,
    /// Whether it was read to its end.
    pub is_whole: bool,
    /// The codes of either side: new, gone, risen, fallen, steady; the largest difference first.
    pub codes: Vec<CodeChange>,
}

/// How often a code was there, before and now.
#[derive(Debug, Clone)]
pub struct CodeChange {
    /// The code.
    pub code: Box<str>,
    /// Its module.
    pub module: Module,
    /// Its severity.
    pub severity: Severity,
    /// What became of it.
    pub status: Status,
    /// Events before.
    pub before: u64,
    /// Events in the report.
    pub after: u64,
    /// As many were to be expected in the report's length of time; none if a length is not known.
    pub expected: Option<f64>,
    /// What the catalogue says of a code that is gone: no other part of the report does.
    pub message: Option<Box<str>>,
}

/// What became of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// It was not there before.
    New,
    /// It is no longer there.
    Gone,
    /// It came at least twice as often as was to be expected.
    Risen,
    /// It came at most half as often as was to be expected.
    Fallen,
    /// Neither.
    Steady,
}

impl Status {
    /// All, in the order in which they are shown.
    pub const ALL: [Self; 5] = [Self::New, Self::Gone, Self::Risen, Self::Fallen, Self::Steady];

    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Gone => "gone",
            Self::Risen => "risen",
            Self::Fallen => "fallen",
            Self::Steady => "steady",
        }
    }

    /// By how often a code was there before, how often it is now, and how many times as long the
    /// later count took.
    fn of(before: u64, after: u64, length_ratio: f64) -> Self {
        if before == 0 {
            return Self::New;
        }
        if after == 0 {
            return Self::Gone;
        }
        let (before, after) = (number(before), number(after));
        let expected = before * length_ratio;
        // Each count varies by its root; the earlier one is stretched together with its variation.
        let deviation = (after + length_ratio * expected).sqrt();
        let is_chance = (after - expected).abs() < 2.0 * deviation;
        if !is_chance && after >= 2.0 * expected {
            Self::Risen
        } else if !is_chance && after <= expected / 2.0 {
            Self::Fallen
        } else {
            Self::Steady
        }
    }
}

impl Baseline {
    /// Compares what was before with the codes of a report over its range.
    pub(super) fn compare(
        before: Before,
        codes: &[CodeReport],
        range: Option<Seen>,
        catalogue: &Catalogue,
    ) -> Self {
        let length = |range: Option<Seen>| {
            u64::try_from(range?.span().num_seconds()).ok().filter(|&seconds| seconds > 0)
        };
        let length_ratio = length(range)
            .zip(length(before.range()))
            .map(|(after, before)| number(after) / number(before));
        let baseline = Self {
            name: before.name().into(),
            old: before.old(),
            range: before.range(),
            length_ratio,
            events: before.events(),
            without_time: before.without_time(),
            left_out: before.left_out(),
            is_known: before.is_known(),
            is_whole: before.is_whole(),
            codes: Vec::new(),
        };
        if !baseline.is_known {
            return baseline;
        }
        let mut counts = before.into_counts();
        let mut changes: Vec<_> = codes
            .iter()
            .filter(|code| code.counts.events() > 0)
            .map(|code| {
                let before = counts.remove(&code.code).unwrap_or(0);
                let after = code.counts.events();
                CodeChange {
                    severity: code.severity,
                    ..CodeChange::of(code.code.clone(), before, after, length_ratio, catalogue)
                }
            })
            .collect();
        changes.extend(gone(counts, length_ratio, catalogue));
        changes.sort_by(|a, b| {
            let rank = |change: &CodeChange| {
                (change.status, Reverse(change.before.abs_diff(change.after)))
            };
            rank(a).cmp(&rank(b)).then_with(|| a.code.cmp(&b.code))
        });
        Self { codes: changes, ..baseline }
    }

    /// What became of a code.
    pub fn status_of(&self, code: &str) -> Option<Status> {
        self.codes.iter().find(|change| *change.code == *code).map(|change| change.status)
    }

    /// How many codes became this.
    pub fn count_of(&self, status: Status) -> u64 {
        self.codes.iter().filter(|change| change.status == status).count() as u64
    }

    /// Whether what was to be expected differs from what was counted before.
    pub(super) fn expects_otherwise(&self) -> bool {
        self.length_ratio.is_some_and(|ratio| (ratio - 1.0).abs() > 0.02)
    }
}

fn gone(
    counts: HashMap<Box<str>, u64>,
    length_ratio: Option<f64>,
    catalogue: &Catalogue,
) -> impl Iterator<Item = CodeChange> {
    counts.into_iter().filter(|&(_, before)| before > 0).map(move |(code, before)| {
        let entry = catalogue.entry(&code);
        let message =
            entry.map(|entry| entry.message.clone().unwrap_or_else(|| entry.description.clone()));
        CodeChange { message, ..CodeChange::of(code, before, 0, length_ratio, catalogue) }
    })
}

impl CodeChange {
    fn of(
        code: Box<str>,
        before: u64,
        after: u64,
        length_ratio: Option<f64>,
        catalogue: &Catalogue,
    ) -> Self {
        Self {
            // What is counted has a code of some module; another text is of a file that was edited.
            module: Module::of_code(&code).unwrap_or(Module::Ocr),
            severity: catalogue.severity_of(&code, None),
            status: Status::of(before, after, length_ratio.unwrap_or(1.0)),
            before,
            after,
            expected: length_ratio.map(|ratio| number(before) * ratio),
            message: None,
            code,
        }
    }

    /// How many times as often it came as was to be expected.
    pub(super) fn factor(&self) -> Option<f64> {
        let expected = self.expected.unwrap_or_else(|| number(self.before));
        (expected > 0.0 && self.after > 0).then(|| number(self.after) / expected)
    }
}

/// A count as a real number.
#[expect(clippy::cast_precision_loss, reason = "what is lost beyond 2^53 is far below the number")]
fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
