//! What is said of a baseline as a whole, for every surface that people read.
//!
//! Owns the sentences and their order. Must not know how a surface writes them. Nothing here fails.

use super::{Baseline, CodeChange, Old, Status};
use crate::report::facts::{Fact, Item};
use crate::report::phrase;
use crate::surface::Language;

/// What the report is compared with, and how both sides compare as a whole.
pub(in crate::report) fn against(baseline: &Baseline, language: Language) -> Vec<Fact> {
    let mut items = vec![Item::Quoted(baseline.name.to_string(), String::new())];
    if let Some(range) = baseline.range {
        items.push(Item::Words(language.range(range.first_at, range.last_at)));
        items.push(Item::Words(language.span(range.span())));
    }
    let mut facts = vec![Fact { label: "Against", items, one_a_line: false }];
    if !baseline.is_known {
        return facts;
    }
    let after: u64 = baseline.codes.iter().map(|change| change.after).sum();
    let (then, now) = (baseline.events, phrase::count(after));
    facts.push(Fact::words(
        "",
        language.pick(
            format!("{} then, {now} now", phrase::counted(then, "error", "errors")),
            format!("当时 {} 个错误，现在 {now} 个", phrase::count(then)),
        ),
    ));
    let counted = Status::ALL.into_iter().map(|status| (status, baseline.count_of(status)));
    let counted = counted.filter(|&(_, count)| count > 0).map(|(status, count)| {
        let codes = language.counted(count, ("code", "codes"), "个错误码");
        format!("{codes}{}{}", language.pick(" ", ""), language.words(status.name()))
    });
    let counted: Vec<_> = counted.map(Item::Words).collect();
    if !counted.is_empty() {
        facts.push(Fact { label: "", items: counted, one_a_line: false });
    }
    facts
}

/// What weakens the comparison.
pub(in crate::report) fn notes(baseline: &Baseline, language: Language) -> Vec<String> {
    let mut notes = Vec::new();
    if !baseline.is_known {
        let (english, chinese) = match baseline.old {
            Old::Period => (
                "the logs have nothing of that time, so nothing is compared",
                "日志中没有该时段的内容，未作比较",
            ),
            Old::Log | Old::Report => {
                ("nothing was read of it, so nothing is compared", "没有读到任何内容，未作比较")
            }
        };
        return vec![language.pick(english, chinese).to_owned()];
    }
    if !baseline.is_whole {
        let english = "it was not read to its end: what is new may have been in the rest";
        let chinese = "基线未能完整读取：新增的错误码可能出现在未读部分";
        notes.push(language.pick(english, chinese).to_owned());
    }
    if baseline.without_time > 0 {
        let errors = language.counted(baseline.without_time, ("error", "errors"), "个错误");
        notes.push(language.pick(
            format!("{errors} of it without a readable time, counted all the same"),
            format!("基线中有 {errors}没有可读的时间，仍计入"),
        ));
    }
    if baseline.left_out > 0 {
        let errors = language.counted(baseline.left_out, ("error", "errors"), "个错误");
        notes.push(language.pick(
            format!(
                "{errors} of it with unknown codes for which there was no room: a new code may \
                 have been among them"
            ),
            format!("基线中有 {errors}属于未知错误码且已无空间：新增的错误码可能在其中"),
        ));
    }
    if baseline.length_ratio.is_none() {
        let english = "a length of time is not known: counts are compared, not rates";
        notes.push(language.pick(english, "时长未知：比较的是次数而不是频率").to_owned());
    }
    notes
}

/// As many as were to be expected.
pub(in crate::report) fn expected(change: &CodeChange) -> String {
    match change.expected {
        // Nothing was to be expected of what was not there.
        _ if change.status == Status::New => String::new(),
        None => String::new(),
        Some(expected) if expected > 0.0 && expected < 0.05 => "<0.1".to_owned(),
        Some(expected) if expected > 0.0 && expected < 9.95 => format!("{expected:.1}"),
        Some(expected) => whole(expected),
    }
}

/// How a count relates to what was to be expected, such as `3.8 times as often`.
pub(in crate::report) fn factor(change: &CodeChange, language: Language) -> Option<String> {
    let is_fallen = change.status == Status::Fallen;
    if !is_fallen && change.status != Status::Risen {
        return None;
    }
    let factor = if is_fallen { 1.0 / change.factor()? } else { change.factor()? };
    let factor = if factor < 9.95 { format!("{factor:.1}") } else { whole(factor) };
    Some(if is_fallen {
        language.pick(format!("{factor} times less often"), format!("为预期的 1/{factor}"))
    } else {
        language.pick(format!("{factor} times as often"), format!("为预期的 {factor} 倍"))
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
