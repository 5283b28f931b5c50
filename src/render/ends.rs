//! What ends an alert, in words.
//!
//! Owns the sentence fragments: lowercase, without a final period. Must never decide a change.
//! Nothing here fails.

use crate::engine::{Condition, Rule, Span};
use crate::surface::{Language, phrase};

/// What must come, or not come, for an alert of the rule to be resolved.
pub(super) fn words(rule: &Rule, language: Language) -> String {
    let span = |span: Span| language.span(span.to_delta());
    let keep = rule.keep_firing_for;
    if let Condition::New(_) | Condition::Sequence(_) = &rule.condition {
        return nothing_for(&span(keep), language);
    }
    let condition = match language {
        Language::English => english(rule),
        Language::Chinese => chinese(rule),
    };
    match (keep, language) {
        (Span::ZERO, _) => condition,
        (_, Language::English) => format!("{condition}, and {} have passed since", span(keep)),
        (_, Language::Chinese) => format!("{condition}，并再经过 {}", span(keep)),
    }
}

fn nothing_for(span: &str, language: Language) -> String {
    match language {
        Language::English => format!("nothing more comes for {span}"),
        Language::Chinese => format!("{span} 内不再发生"),
    }
}

fn english(rule: &Rule) -> String {
    let span = |span: Span| phrase::span(span.to_delta());
    let number = |n: u32| phrase::count(u64::from(n));
    match &rule.condition {
        Condition::Count(threshold) if threshold.clear_below > 1 => {
            let below = number(threshold.clear_below);
            format!("fewer than {below} come in {}", span(threshold.window.span))
        }
        Condition::Count(threshold) => nothing_for(&span(threshold.window.span), Language::English),
        Condition::Distinct(label, threshold) => {
            let below = number(threshold.clear_below.max(1));
            format!("fewer than {below} values of {label} come in {}", span(threshold.window.span))
        }
        Condition::Consecutive(row) => {
            format!("a call succeeds, or none fails for {}", span(row.gap))
        }
        Condition::Ratio(ratio) => {
            let percent = f64::from(ratio.clear_below_permille) / 10.0;
            format!("less than {percent} % fail in {}", span(ratio.window))
        }
        Condition::Spike(spike) => {
            let factor = f64::from(spike.factor_permille) / 1000.0;
            format!("fewer than {factor} times the average come in {}", span(spike.window))
        }
        Condition::Absent(_) => "something comes again".to_owned(),
        Condition::New(_) | Condition::Sequence(_) => "nothing more comes".to_owned(),
    }
}

fn chinese(rule: &Rule) -> String {
    let span = |span: Span| Language::Chinese.span(span.to_delta());
    let number = |n: u32| phrase::count(u64::from(n));
    match &rule.condition {
        Condition::Count(threshold) if threshold.clear_below > 1 => {
            let below = number(threshold.clear_below);
            format!("{} 内少于 {below} 次", span(threshold.window.span))
        }
        Condition::Count(threshold) => nothing_for(&span(threshold.window.span), Language::Chinese),
        Condition::Distinct(label, threshold) => {
            let below = number(threshold.clear_below.max(1));
            format!("{} 内 {label} 的取值少于 {below} 个", span(threshold.window.span))
        }
        Condition::Consecutive(row) => {
            format!("有一次调用成功，或 {} 内没有失败", span(row.gap))
        }
        Condition::Ratio(ratio) => {
            let percent = f64::from(ratio.clear_below_permille) / 10.0;
            format!("{} 内失败比例低于 {percent} %", span(ratio.window))
        }
        Condition::Spike(spike) => {
            let factor = f64::from(spike.factor_permille) / 1000.0;
            format!("{} 内次数低于平均值的 {factor} 倍", span(spike.window))
        }
        Condition::Absent(_) => "恢复写入".to_owned(),
        Condition::New(_) | Condition::Sequence(_) => "不再发生".to_owned(),
    }
}
