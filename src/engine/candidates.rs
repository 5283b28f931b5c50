//! Which rules an event can matter to at all.
//!
//! Owns a selection by code, so that what a look costs does not grow with all rules there are. Must
//! never decide whether a rule is about an event. Nothing here fails.

use std::collections::HashMap;

use super::event::Event;
use super::label::LabelName;
use super::rule::{Condition, Matcher, Pattern, Rule};

/// Rules by the codes that they name, as places among all rules.
#[derive(Debug, Default)]
pub(super) struct Candidates {
    by_code: HashMap<Box<str>, Vec<usize>>,
    /// Rules that do not name all of their codes.
    of_any_code: Vec<usize>,
}

impl Candidates {
    pub(super) fn new(rules: &[Rule]) -> Self {
        let mut candidates = Self::default();
        for (place, rule) in rules.iter().enumerate() {
            let Some(codes) = codes(rule) else {
                candidates.of_any_code.push(place);
                continue;
            };
            for code in codes {
                let places = candidates.by_code.entry(code.into()).or_default();
                if places.last() != Some(&place) {
                    places.push(place);
                }
            }
        }
        candidates
    }

    /// Every rule that can be about the event, in the order of the rules, and perhaps others.
    pub(super) fn of(&self, event: &Event<'_>) -> Vec<usize> {
        let code = event.label(&LabelName::Code).unwrap_or_default();
        let by_code = self.by_code.get(code).map_or(&[][..], Vec::as_slice);
        let mut places = [by_code, self.of_any_code.as_slice()].concat();
        places.sort_unstable();
        places
    }
}

/// The codes of which one must be an event's for the rule to take any note of it; `None` if it is
/// not said in so many words.
fn codes(rule: &Rule) -> Option<Vec<&str>> {
    // A success ends its row, whatever it names.
    if matches!(rule.condition, Condition::Consecutive(_)) {
        return None;
    }
    let mut codes = Vec::new();
    for matcher in rule.matchers() {
        codes.extend(codes_of(matcher)?);
    }
    Some(codes)
}

fn codes_of(matcher: &Matcher) -> Option<Vec<&str>> {
    let (_, patterns) = matcher.labels.iter().find(|(name, _)| *name == LabelName::Code)?;
    let mut codes = Vec::new();
    for pattern in patterns {
        match pattern {
            Pattern::Exact(code) => codes.push(&**code),
            Pattern::Glob(_) => return None,
        }
    }
    Some(codes)
}
