//! What changed, as a part of the report's JSON.
//!
//! Owns the keys of `baseline`, described in `docs/report-json.md`. Nothing here fails.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::{Baseline, CodeChange, Old, Status};
use crate::catalogue::Severity;
use crate::occurrence::Module;

#[derive(Serialize)]
pub(in crate::report) struct BaselineView<'b> {
    name: &'b str,
    kind: Old,
    #[serde(skip_serializing_if = "Option::is_none")]
    first_at: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    last_at: Option<DateTime<FixedOffset>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length_ratio: Option<f64>,
    events: u64,
    without_time: u64,
    known: bool,
    whole: bool,
    codes: Vec<ChangeView<'b>>,
    left_out: u64,
}

#[derive(Serialize)]
struct ChangeView<'b> {
    code: &'b str,
    module: Module,
    severity: Severity,
    status: Status,
    before: u64,
    after: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    expected: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'b str>,
}

impl<'b> BaselineView<'b> {
    pub(in crate::report) fn of(baseline: &'b Baseline) -> Self {
        Self {
            name: &baseline.name,
            kind: baseline.old,
            first_at: baseline.range.map(|range| range.first_at),
            last_at: baseline.range.map(|range| range.last_at),
            length_ratio: baseline.length_ratio,
            events: baseline.events,
            without_time: baseline.without_time,
            known: baseline.is_known,
            whole: baseline.is_whole,
            codes: baseline.codes.iter().map(ChangeView::of).collect(),
            left_out: baseline.left_out,
        }
    }
}

impl<'b> ChangeView<'b> {
    fn of(change: &'b CodeChange) -> Self {
        Self {
            code: &change.code,
            module: change.module,
            severity: change.severity,
            status: change.status,
            before: change.before,
            after: change.after,
            expected: change.expected.map(rounded),
            message: change.message.as_deref(),
        }
    }
}

/// Further digits would say more than the counts do.
fn rounded(number: f64) -> f64 {
    (number * 1000.0).round() / 1000.0
}
