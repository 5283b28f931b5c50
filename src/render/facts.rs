//! What is known of an alert, as labelled lines.
//!
//! Owns the labels, their order and which are worth a line. Must never count; texts from the log
//! are handed on as they are, for the surface to escape. Nothing here fails.

use serde::Serialize;

use super::affected;
use super::times::Times;
use crate::engine::{Alert, LabelName, State};
use crate::surface::phrase;

/// One labelled line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Fact {
    /// What it is about, such as `Locked`.
    pub label: String,
    /// What is known.
    pub value: String,
}

/// The labels of what was worked out, behind those of what happened where and how often.
const WORKED_OUT: [&str; 8] =
    ["Locked", "Limit", "Flapping", "Late", "Times", "Codes", "Left out", "Rule"];

impl Fact {
    /// Whether it was worked out, and does not only say what happened where and how often.
    pub(crate) fn is_worked_out(&self) -> bool {
        WORKED_OUT.contains(&&*self.label)
    }

    fn new(label: &str, value: String) -> Self {
        Self { label: label.to_owned(), value }
    }
}

/// The facts of an alert, in the order in which they are told.
pub(super) fn of(alert: &Alert, state: State, times: Times) -> Vec<Fact> {
    let mut facts: Vec<_> = alert
        .labels
        .iter()
        .map(|(name, value)| Fact {
            label: affected::label_words(name, 1),
            value: value.to_string(),
        })
        .collect();
    facts.extend(access_key(alert));
    if alert.count > 0 {
        facts.push(count(alert));
        facts.push(Fact::new("Seen", times.range(alert.first_at, alert.last_at)));
    }
    facts.extend(life(alert, state, times));
    facts.extend(alert.locked_until.map(|until| {
        let was = if state == State::Resolved { "was locked " } else { "" };
        Fact::new("Locked", format!("{was}until {} at least", times.words(until)))
    }));
    facts.extend(limit(alert));
    if alert.flapping {
        let words = "it fires and resolves so often that it is told as one alert";
        facts.push(Fact::new("Flapping", words.to_owned()));
    }
    let mut note = |label: &str, n: u64, one: &str, many: &str| {
        if n > 0 {
            facts.push(Fact::new(label, phrase::counted(n, one, many)));
        }
    };
    note(
        "Late",
        alert.late,
        "event came later than the lateness allows; it is counted",
        "events came later than the lateness allows; they are counted",
    );
    note(
        "Times",
        alert.clamped,
        "event had an unbelievable time; it counts as of when it was read",
        "events had an unbelievable time; they count as of when they were read",
    );
    note(
        "Codes",
        alert.evidence.codes_left_out,
        "event had a further code that is not named here",
        "events had further codes that are not named here",
    );
    note(
        "Left out",
        alert.groups_left_out,
        "more group of this rule found no room",
        "more groups of this rule found no room",
    );
    facts.push(Fact::new("Rule", alert.rule.to_string()));
    facts
}

/// Whose failures are counted where the log does not show the access key.
fn access_key(alert: &Alert) -> Option<Fact> {
    let unseen = alert.evidence.access_key_unseen;
    let of = alert.label(&LabelName::Credential).filter(|_| unseen > 0)?;
    let words = if unseen < alert.count {
        format!(
            "{} of {} events do not show it in the log",
            phrase::count(unseen),
            phrase::count(alert.count)
        )
    } else {
        let is_source = affected::values(alert, &LabelName::Source).contains(&of);
        let whose = if is_source { "source" } else { "the configured credential" };
        format!("the log does not show the access key; failures are counted for {whose} {of}")
    };
    Some(Fact::new("Access key", words))
}

fn count(alert: &Alert) -> Fact {
    let count = phrase::count(alert.count);
    let words = match alert.evidence.inferred {
        0 => count,
        n => format!("{count}, {} inferred (the code was not printed)", phrase::count(n)),
    };
    Fact::new("Count", words)
}

/// Since when the alert stands where it stands.
fn life(alert: &Alert, state: State, times: Times) -> Option<Fact> {
    match (state, alert.fired_at, alert.resolved_at) {
        (State::Pending, ..) => {
            Some(Fact::new("Pending", format!("since {}", times.words(alert.pending_at))))
        }
        (State::Resolved, Some(fired), Some(resolved)) => {
            Some(Fact::new("Fired", times.range(fired, resolved)))
        }
        (_, Some(fired), _) => Some(Fact::new("Firing", format!("since {}", times.words(fired)))),
        _ => None,
    }
}

fn limit(alert: &Alert) -> Option<Fact> {
    let evidence = &alert.evidence;
    let limit = evidence.limit.map(phrase::count);
    let words = match (limit, evidence.period.as_deref()) {
        (Some(limit), Some(period)) => format!("{limit} calls in {period}, by the message"),
        (Some(limit), None) => format!("{limit} calls, by the message"),
        (None, Some(period)) => format!("counted in {period}, by the message"),
        (None, None) => return None,
    };
    Some(Fact::new("Limit", words))
}
