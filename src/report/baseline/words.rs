//! What is said of a baseline as a whole, for every surface that people read.
//!
//! Owns the sentences and their order. Must not know how a surface writes them. Nothing here fails.

use super::{Baseline, CodeChange, Old, Status};
use crate::report::facts::{Fact, Item};
use crate::report::phrase;

/// What the report is compared with, and how both sides compare as a whole.
pub(super) fn against(baseline: &Baseline) -> Vec<Fact> {
    let mut items = vec![Item::Quoted(baseline.name.to_string(), String::new())];
    if let Some(range) = baseline.range {
        items.push(Item::Words(phrase::range(range.first_at, range.last_at)));
        items.push(Item::Words(phrase::span(range.span())));
    }
    let mut facts = vec![Fact { label: "Against", items, one_a_line: false }];
    if !baseline.is_known {
        return facts;
    }
    let after: u64 = baseline.codes.iter().map(|change| change.after).sum();
    let errors = phrase::counted(baseline.events, "error", "errors");
    facts.push(Fact::words("", format!("{errors} then, {} now", phrase::count(after))));
    let counted = Status::ALL.into_iter().map(|status| (status, baseline.count_of(status)));
    let counted = counted.filter(|&(_, count)| count > 0).map(|(status, count)| {
        let codes = phrase::counted(count, "code", "codes");
        format!("{codes} {}", status.name())
    });
    let counted: Vec<_> = counted.map(Item::Words).collect();
    if !counted.is_empty() {
        facts.push(Fact { label: "", items: counted, one_a_line: false });
    }
    facts
}

/// What weakens the comparison.
pub(super) fn notes(baseline: &Baseline) -> Vec<String> {
    let mut notes = Vec::new();
    if !baseline.is_known {
        notes.push(
            match baseline.old {
                Old::Period => "the logs have nothing of that time, so nothing is compared",
                Old::Log | Old::Report => "nothing was read of it, so nothing is compared",
            }
            .to_owned(),
        );
        return notes;
    }
    if !baseline.is_whole {
        notes.push("it was not read to its end: what is new may have been in the rest".to_owned());
    }
    if baseline.without_time > 0 {
        let errors = phrase::counted(baseline.without_time, "error", "errors");
        notes.push(format!("{errors} of it without a readable time, counted all the same"));
    }
    if baseline.left_out > 0 {
        let errors = phrase::counted(baseline.left_out, "error", "errors");
        notes.push(format!(
            "{errors} of it with unknown codes for which there was no room: a new code may have \
             been among them"
        ));
    }
    if baseline.length_ratio.is_none() {
        notes.push("a length of time is not known: counts are compared, not rates".to_owned());
    }
    notes
}

/// As many as were to be expected.
pub(super) fn expected(change: &CodeChange) -> String {
    match change.expected {
        None => String::new(),
        Some(expected) if expected > 0.0 && expected < 0.05 => "<0.1".to_owned(),
        Some(expected) if expected > 0.0 && expected < 9.95 => format!("{expected:.1}"),
        Some(expected) => whole(expected),
    }
}

/// How a count relates to what was to be expected, such as `3.8 times as often`.
pub(super) fn factor(change: &CodeChange) -> Option<String> {
    let is_moved = matches!(change.status, Status::Risen | Status::Fallen);
    let factor = change.factor().filter(|_| is_moved)?;
    Some(match factor {
        factor if factor < 0.1 => "less than a tenth as often".to_owned(),
        factor if factor < 10.0 => format!("{factor:.1} times as often"),
        factor => format!("{} times as often", whole(factor)),
    })
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "never negative, and a number beyond the largest becomes the largest"
)]
fn whole(number: f64) -> String {
    phrase::count(number.round() as u64)
}
