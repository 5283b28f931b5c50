//! Every short sequence of what can happen to one key, against the rule in plain words.

use super::stream::{Fed, Given, error, lockout, run};
use crate::engine::{Condition, Consecutive, Rule, Span, State};

#[derive(Debug, Clone, Copy, PartialEq)]
enum Step {
    Fails,
    Succeeds,
    /// One second.
    Waits,
    /// Longer than the lock, which is 300 s.
    WaitsLong,
}

const STEPS: [Step; 4] = [Step::Fails, Step::Succeeds, Step::Waits, Step::WaitsLong];
const MORE_THAN: u32 = 2;
const LOCK_S: i64 = 300;

fn rule() -> Rule {
    let row = Consecutive { more_than: MORE_THAN, gap: Span::HOUR, reset: Vec::new() };
    Rule { condition: Condition::Consecutive(row), ..lockout() }
}

fn fed(steps: &[Step]) -> Vec<Fed> {
    let mut at = 1_000;
    let mut fed = Vec::new();
    let key = || Some("K".to_owned());
    for step in steps {
        let (code, cause) = ("APIG.0301", Some("aksk-signature"));
        match step {
            Step::Fails => fed.push(Fed {
                what: Given::Error { code, cause, key: key(), api: None },
                ..error(at)
            }),
            Step::Succeeds => {
                fed.push(Fed { what: Given::Success { key: key(), api: None }, ..error(at) });
            }
            Step::Waits => at += 1,
            Step::WaitsLong => at += LOCK_S + 100,
        }
    }
    fed
}

/// A row grows with each failure and ends with a success. Longer than the number it is an alert,
/// until a success, or until the lock after the last failure is over; then a new row begins.
fn expected(fed: &[Fed]) -> Vec<(State, i64)> {
    let (mut row, mut last, mut open) = (0, 0, false);
    let mut changes = Vec::new();
    for event in fed {
        let at = event.at.0 / 1000;
        if open && at > last + LOCK_S {
            changes.push((State::Resolved, last + LOCK_S));
            (row, open) = (0, false);
        }
        if matches!(event.what, Given::Success { .. }) {
            changes.extend(open.then_some((State::Resolved, at)));
            (row, open) = (0, false);
            continue;
        }
        (row, last) = (row + 1, at);
        if row > MORE_THAN && !open {
            open = true;
            changes.push((State::Firing, at));
        }
    }
    changes.extend(open.then_some((State::Resolved, last + LOCK_S)));
    changes
}

#[test]
fn every_short_sequence_of_failures_successes_and_waits_is_as_the_rule_says() {
    const LENGTH: u32 = 7;
    let rule = rule();
    for number in 0..STEPS.len().pow(LENGTH) {
        let steps: Vec<_> =
            (0..LENGTH).map(|place| STEPS[number / STEPS.len().pow(place) % STEPS.len()]).collect();
        let fed = fed(&steps);
        let found: Vec<_> = run(std::slice::from_ref(&rule), &fed)
            .iter()
            .map(|change| (change.to, change.at.0 / 1000))
            .collect();
        assert_eq!(found, expected(&fed), "{steps:?}");
    }
}
