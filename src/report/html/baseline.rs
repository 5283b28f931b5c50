//! What changed against a baseline, as the page shows it.
//!
//! Owns which codes have a row. Must never decide what became of one. Nothing here fails.

use serde::Serialize;

use super::codes;
use crate::catalogue::Severity;
use crate::report::baseline::{CodeChange, Status, words};
use crate::report::content::Report;
use crate::report::facts::Item;
use crate::surface::Language;

/// So many codes have a row; JSON has them all, and the lines above count them.
const ROWS_MAX: usize = 200;

#[derive(Serialize)]
pub(super) struct BaselineView {
    name: String,
    lines: Vec<String>,
    notes: Vec<String>,
    changes: Vec<ChangeView>,
    steady: u64,
}

#[derive(Serialize)]
struct ChangeView {
    code: String,
    /// Where the code stands on the page; what is gone stands nowhere.
    anchor: Option<String>,
    severity: Severity,
    status: &'static str,
    before: u64,
    expected: String,
    after: u64,
    words: String,
}

impl BaselineView {
    pub(super) fn of(report: &Report, language: Language) -> Option<Self> {
        let baseline = report.baseline.as_ref()?;
        let facts = words::against(baseline, language);
        // The heading names it.
        let said = |item: &Item| match item {
            Item::Words(words) => Some(words.clone()),
            Item::Quoted(..) => None,
        };
        let lines = facts.iter().map(|fact| {
            let said: Vec<_> = fact.items.iter().filter_map(said).collect();
            said.join(language.pick(", ", "，"))
        });
        let changed = baseline.codes.iter().filter(|change| change.status != Status::Steady);
        let is_listed = |code: &str| report.codes.iter().any(|listed| *listed.code == *code);
        Some(Self {
            name: baseline.name.to_string(),
            lines: lines.filter(|line| !line.is_empty()).collect(),
            notes: words::notes(baseline, language),
            changes: changed
                .take(ROWS_MAX)
                .map(|change| ChangeView::of(change, is_listed(&change.code), language))
                .collect(),
            steady: baseline.count_of(Status::Steady),
        })
    }
}

impl ChangeView {
    fn of(change: &CodeChange, is_listed: bool, language: Language) -> Self {
        let factor = || words::factor(change, language).unwrap_or_default();
        Self {
            code: change.code.to_string(),
            anchor: is_listed.then(|| codes::anchor(&change.code)),
            severity: change.severity,
            status: change.status.name(),
            before: change.before,
            expected: words::expected(change),
            after: change.after,
            words: change.message.as_deref().map_or_else(factor, str::to_owned),
        }
    }
}
