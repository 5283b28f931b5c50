//! What changed against a baseline, as a mail says it.
//!
//! Owns which changes have a line. Must never compare. Nothing here fails.

use serde::Serialize;

use super::{cut, item};
use crate::catalogue::Severity;
use crate::report::baseline::{Baseline, CodeChange, Status, words};
use crate::report::facts::Fact;
use crate::report::phrase;
use crate::surface::Language;

/// What changed.
#[derive(Serialize)]
pub(super) struct ChangesView {
    /// What it is compared with, and both sides as a whole.
    pub(super) against: Vec<String>,
    pub(super) rows: Vec<ChangeView>,
    pub(super) left_out: Option<String>,
    pub(super) notes: Vec<String>,
}

/// A code that is new or gone, or came more or less often.
#[derive(Serialize)]
pub(super) struct ChangeView {
    pub(super) status: &'static str,
    pub(super) severity: Severity,
    pub(super) code: String,
    /// How often, before and now.
    pub(super) counts: String,
}

impl ChangesView {
    pub(super) fn of(baseline: &Baseline, rows_max: usize, language: Language) -> Self {
        let joined = |fact: &Fact| {
            let label = if fact.label.is_empty() {
                ""
            } else {
                language.pick("Against ", "与基线比较：")
            };
            let items: Vec<_> = fact.items.iter().map(item).collect();
            cut(&format!("{label}{}", items.join(language.pick(", ", "，"))))
        };
        let changed: Vec<_> =
            baseline.codes.iter().filter(|change| change.status != Status::Steady).collect();
        let more = changed.len().saturating_sub(rows_max);
        Self {
            against: words::against(baseline, language).iter().map(joined).collect(),
            rows: changed.iter().take(rows_max).map(|it| ChangeView::of(it, language)).collect(),
            left_out: (more > 0).then(|| {
                let english = ("more code changed", "more codes changed");
                language.counted(more as u64, english, "个其他错误码有变化")
            }),
            notes: words::notes(baseline, language),
        }
    }
}

impl ChangeView {
    fn of(change: &CodeChange, language: Language) -> Self {
        let (before, after) = (phrase::count(change.before), phrase::count(change.after));
        let factor = words::factor(change, language);
        let factor = factor.map_or_else(String::new, |factor| format!(" · {factor}"));
        Self {
            status: change.status.name(),
            severity: change.severity,
            code: cut(&change.code),
            counts: format!("{before} → {after}{factor}"),
        }
    }
}
