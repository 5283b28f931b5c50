//! What ends an alert, in words.
//!
//! Owns the sentence fragments: lowercase, without a final period. Must never decide a change.
//! Nothing here fails.

use crate::engine::{Condition, Rule, Span};
use crate::surface::phrase;

/// What must come, or not come, for an alert of the rule to be resolved.
pub(super) fn words(rule: &Rule) -> String {
    let span = |span: Span| phrase::span(span.to_delta());
    let number = |n: u32| phrase::count(u64::from(n));
    let keep = rule.keep_firing_for;
    let condition = match &rule.condition {
        Condition::Count(threshold) if threshold.clear_below <= 1 => {
            format!("nothing more comes for {}", span(threshold.window.span))
        }
        Condition::Count(threshold) => {
            let below = number(threshold.clear_below);
            format!("fewer than {below} come in {}", span(threshold.window.span))
        }
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
        Condition::New(_) | Condition::Sequence(_) => {
            return format!("nothing more comes for {}", span(keep));
        }
    };
    if keep == Span::ZERO {
        return condition;
    }
    format!("{condition}, and {} have passed since", span(keep))
}
