//! Which rules' alerts explain which others', over all files.
//!
//! Owns that every named rule exists and that none explains itself in a circle. Must not know what
//! is done with an alert that is explained. What is wrong is a problem of its file.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;

use super::file::Said;
use super::{Place, Reading, problem};
use crate::engine::{Pattern, Rule};
use crate::toml_file::did_you_mean;

/// Checks the rules in use against each other.
pub(super) fn check(readings: &mut [Reading<'_>], places: &BTreeMap<Arc<str>, Place>) {
    let names: Vec<&Arc<str>> = places.keys().collect();
    for place in places.values() {
        let Some(reading) = readings.get_mut(place.0) else { continue };
        let said = reading.file.as_ref().and_then(|file| file.rules.get(place.1));
        let Some(Said { inhibits: texts, rule: Some(rule), .. }) = said else { continue };
        let patterns = rule.inhibits.iter().flat_map(|inhibit| &inhibit.rules);
        for (text, pattern) in texts.iter().zip(patterns) {
            if names.iter().any(|name| pattern.fits(name)) {
                continue;
            }
            let typed = text.get_ref().as_str();
            let message = format!("there is no rule `{typed}`");
            let hint =
                did_you_mean(typed, names.iter().map(|name| &***name)).unwrap_or_else(|| {
                    "name a rule or a glob of some; --rules reads all files of a directory"
                        .to_owned()
                });
            reading.problems.add(problem::UNKNOWN_RULE, text.span(), message, hint);
        }
    }
    for (place, message) in circles(readings, places) {
        let Some(reading) = readings.get_mut(place.0) else { continue };
        let said = reading.file.as_ref().and_then(|file| file.rules.get(place.1));
        let range = said.and_then(|said| said.inhibits.first()).map(Spanned::span);
        let hint = "alerts that explain each other would all be left untold".to_owned();
        reading.problems.add(problem::CIRCLE, range.unwrap_or(0..0), message, hint);
    }
}

/// Whether alerts of one rule explain those of another. That a glob fits the rule itself, too, is
/// no circle to complain of: the engine tells one of its alerts.
fn explains(rule: &Rule, other: &str) -> bool {
    let mut patterns = rule.inhibits.iter().flat_map(|inhibit| &inhibit.rules);
    patterns.any(|pattern| {
        let is_itself = *rule.name == *other && matches!(pattern, Pattern::Glob(_));
        pattern.fits(other) && !is_itself
    })
}

/// Every circle once, told at the first of its rules by name.
fn circles(readings: &[Reading<'_>], places: &BTreeMap<Arc<str>, Place>) -> Vec<(Place, String)> {
    let rules: Vec<(&Arc<str>, Place, &Rule)> = places
        .iter()
        .filter_map(|(name, place)| {
            let file = readings.get(place.0)?.file.as_ref()?;
            let rule = file.rules.get(place.1)?.rule.as_ref()?;
            (!rule.inhibits.is_empty()).then_some((name, *place, rule))
        })
        .collect();
    let next: Vec<Vec<usize>> = rules
        .iter()
        .map(|(_, _, rule)| {
            (0..rules.len()).filter(|other| explains(rule, rules[*other].0)).collect()
        })
        .collect();
    let mut found = Vec::new();
    let mut told = vec![false; rules.len()];
    for start in 0..rules.len() {
        if told[start] {
            continue;
        }
        let Some(circle) = circle_from(start, &next) else { continue };
        for place in &circle {
            told[*place] = true;
        }
        let names: Vec<_> = circle.iter().map(|place| format!("`{}`", rules[*place].0)).collect();
        let message = match names.len() {
            1 => format!("rule {} explains its own alerts", names.concat()),
            _ => format!("rules {} explain each other's alerts in a circle", names.join(", ")),
        };
        found.push((rules[start].1, message));
    }
    found
}

/// The shortest way from a rule back to itself.
fn circle_from(start: usize, next: &[Vec<usize>]) -> Option<Vec<usize>> {
    let mut came_from: Vec<Option<usize>> = vec![None; next.len()];
    let mut queue = std::collections::VecDeque::from([start]);
    while let Some(at) = queue.pop_front() {
        for &to in next.get(at).into_iter().flatten() {
            if to == start {
                let mut circle = vec![at];
                while let Some(before) =
                    came_from[*circle.last()?].filter(|_| circle.last() != Some(&start))
                {
                    circle.push(before);
                }
                circle.reverse();
                return Some(circle);
            }
            if came_from[to].is_none() {
                came_from[to] = Some(at);
                queue.push_back(to);
            }
        }
    }
    None
}
