//! Why an alert changed, in words.
//!
//! Owns the sentence fragments: lowercase, without a final period. Must never decide a change.
//! Nothing here fails.

use super::times::Times;
use crate::engine::{Alert, Condition, Reason, Rule, Transition};
use crate::surface::phrase;

/// The cause that the gateway locks for; its failures have a name of their own.
const SIGNATURE: &str = "aksk-signature";

/// Why an alert changed, as a fragment; times are in the log's own zone.
pub fn why(transition: &Transition) -> String {
    let Transition { reason, alert, .. } = transition;
    words(reason, alert, None, Times::new(None, alert.evidence.offset_s))
}

/// The reason as a fragment, such as `12 in 5 min`.
pub(super) fn words(reason: &Reason, alert: &Alert, rule: Option<&Rule>, times: Times) -> String {
    let span = |span: crate::engine::Span| phrase::span(span.to_delta());
    let number = |n: u32| phrase::count(u64::from(n));
    match *reason {
        Reason::Count { count, within } => format!("{} in {}", number(count), span(within)),
        Reason::Consecutive { count, success_visible } => {
            let behind = if success_visible {
                "no success between them"
            } else {
                "no success is visible in the log"
            };
            format!("{} in a row, {behind}", failures(count, alert))
        }
        Reason::Ratio { permille, of, within } => {
            format!("{} % of {} in {}", tenths(u64::from(permille)), number(of), span(within))
        }
        Reason::Spike { count, within, before_permille } => format!(
            "{} in {}, {} on average before",
            number(count),
            span(within),
            tenths(before_permille / 100)
        ),
        Reason::New { unseen_since: None } => "never seen before".to_owned(),
        Reason::New { unseen_since: Some(since) } => {
            format!("not seen since {}", times.words(since))
        }
        Reason::Absent { since } => format!("nothing came since {}", times.words(since)),
        Reason::Distinct { count, within } => {
            let of = match rule.map(|rule| &rule.condition) {
                Some(Condition::Distinct(label, _)) => format!(" of {label}"),
                _ => String::new(),
            };
            let values = phrase::counted(u64::from(count), "value", "different values");
            format!("{values}{of} in {}", span(within))
        }
        Reason::Sequence { after } => format!("one {} after the other", span(after)),
        Reason::Held { hold } => format!("the condition has held for {}", span(hold)),
        Reason::NotHeld => match rule {
            Some(rule) => format!("the condition did not hold for {}", span(rule.hold)),
            None => "the condition did not hold for long enough".to_owned(),
        },
        Reason::Flapping { times, within } => format!(
            "it fired {} within {} and is told as one alert from now on",
            phrase::times(u64::from(times)),
            span(within)
        ),
        Reason::Quiet { since } => format!("quiet since {}", times.words(since)),
        Reason::Success { at } => format!("a call succeeded at {}", times.words(at)),
        Reason::Back => "what was missing came back".to_owned(),
    }
}

fn failures(count: u32, alert: &Alert) -> String {
    let codes = &alert.evidence.codes;
    let of_signature = |cause: Option<&str>| cause == Some(SIGNATURE);
    let all = !codes.is_empty() && codes.iter().all(|known| of_signature(known.cause.as_deref()));
    let (one, many) =
        if all { ("signature failure", "signature failures") } else { ("failure", "failures") };
    phrase::counted(u64::from(count), one, many)
}

/// Tenths as a number, such as `42.5`; `42` when nothing is behind the point.
fn tenths(tenths: u64) -> String {
    match (tenths / 10, tenths % 10) {
        (whole, 0) => phrase::count(whole),
        (whole, tenth) => format!("{}.{tenth}", phrase::count(whole)),
    }
}
