//! `[engine]` and `[success]`: what the engine is told beside the rules, and which lines tell of
//! calls that succeeded.
//!
//! Owns their keys and bounds. Must not know what either does with it. What is wrong is a problem
//! and reads as the default.

use std::ops::RangeInclusive;

use toml::Spanned;

use super::problem;
use crate::engine::{Settings, Span};
use crate::extract::Successes;
use crate::rules::{REGEX_BYTES_MAX, span_in, why_no_expression};
use crate::toml_file::{Keys, Problems, did_you_mean, listed};

pub(super) const ENGINE_KEYS: &[&str] = &["lateness", "past_max", "groups_max"];
pub(super) const SUCCESS_KEYS: &[&str] = &["access_logs", "patterns"];

pub(super) const LATENESS: RangeInclusive<i64> = 0..=10 * Span::MINUTE.0;
pub(super) const PAST: RangeInclusive<i64> = Span::MINUTE.0..=31 * Span::DAY.0;
pub(super) const GROUPS_MAX: RangeInclusive<i64> = 1..=1_000_000;
pub(super) const PATTERNS_MAX: usize = 20;

/// What groups of a pattern can tell.
const GROUPS: [&str; 5] = ["api", "access_key", "region", "project", "host"];

/// Reads `[engine]`, if it is there.
pub(super) fn engine(root: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Settings> {
    let keys = root.table("engine", "[engine]", ENGINE_KEYS, problems)?;
    let usual = Settings::default();
    let lateness = span_in(&keys, "lateness", LATENESS, problems);
    let lateness = lateness.unwrap_or(usual.lateness);
    let past_max = span_in(&keys, "past_max", PAST, problems);
    let past_max = past_max.unwrap_or(usual.past_max);
    if past_max < lateness {
        let message = "`past_max` is shorter than `lateness`".to_owned();
        let range = keys.value("past_max").map_or(0..0, Spanned::span);
        let hint = "what is late and still counts must be believed".to_owned();
        problems.add(problem::BAD_VALUE, range, message, hint);
    }
    let hint = "each takes memory; a group is a combination of the values of `group_by`";
    let groups = keys.number_in("groups_max", GROUPS_MAX, hint, problems);
    let groups = groups.and_then(|groups| usize::try_from(groups.into_inner()).ok());
    let groups_max = groups.unwrap_or(usual.groups_max);
    Some(Settings { lateness, past_max, groups_max, ..usual })
}

/// Reads `[success]`, if it is there.
pub(super) fn success(root: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Successes> {
    let keys = root.table("success", "[success]", SUCCESS_KEYS, problems)?;
    let access_logs = keys.flag("access_logs", problems).unwrap_or(true);
    let mut successes = if access_logs { Successes::access_logs() } else { Successes::none() };
    // White space is part of an expression.
    let items = keys.list("patterns", problems).unwrap_or_default();
    if let Some(first_beyond) = items.get(PATTERNS_MAX) {
        let message = format!("{} patterns stand here, at most {PATTERNS_MAX} can", items.len());
        let hint = "join some with `|`".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    for item in items.iter().take(PATTERNS_MAX) {
        let Some(source) = item.get_ref().as_str() else {
            let message = "`patterns` must be a list of texts in quotes".to_owned();
            problems.add(problems.names().wrong_type, item.span(), message, None);
            continue;
        };
        match with_pattern(&successes, source) {
            Ok(with) => successes = with,
            Err((message, hint)) => {
                problems.add(problem::BAD_PATTERN, item.span(), message, hint);
            }
        }
    }
    Some(successes)
}

/// With one more pattern, else what is wrong with it and what to write.
fn with_pattern(successes: &Successes, source: &str) -> Result<Successes, (String, String)> {
    if source.len() > REGEX_BYTES_MAX {
        let message = format!("an expression has at most {REGEX_BYTES_MAX} bytes");
        return Err((message, "write several patterns".to_owned()));
    }
    let alone = Successes::none().with_pattern(source);
    let alone = alone.map_err(|error| why_no_expression(&error))?;
    if let Some(group) = alone.groups().find(|group| !GROUPS.contains(group)) {
        let message = format!("a call has no `{group}` that a group could tell");
        let hint = did_you_mean(group, GROUPS)
            .unwrap_or_else(|| format!("the groups are {}; `(?:…)` has no name", listed(&GROUPS)));
        return Err((message, hint));
    }
    if alone.has_empty() {
        let message = "the pattern fits an empty line, so every line would be a success".to_owned();
        return Err((message, "write what only a success prints".to_owned()));
    }
    successes.clone().with_pattern(source).map_err(|error| why_no_expression(&error))
}
