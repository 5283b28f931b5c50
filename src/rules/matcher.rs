//! `match = { … }`: which events a rule is about.
//!
//! Owns its keys and what can never match. Must not know conditions. What is wrong is a problem
//! and reads as absent.

use regex::{Regex, RegexBuilder};
use toml::Spanned;
use toml::de::DeValue;

use super::pattern::{check_known, label, patterns};
use super::problem;
use crate::catalogue::Catalogue;
use crate::engine::{EventKind, LabelName, Matcher, Pattern};
use crate::toml_file::{Keys, Problems};

/// How long the source of an expression may be, and how large what is made of it, in bytes.
pub(crate) const REGEX_BYTES_MAX: usize = 4 * 1024;
const REGEX_COMPILED_BYTES_MAX: usize = 256 * 1024;

/// The keys that are no labels.
const OWN: [&str; 4] = ["event", "message", "known", "not"];

pub(super) const EVENTS: [(&str, EventKind); 4] = [
    ("error", EventKind::Error),
    ("success", EventKind::Success),
    ("call", EventKind::Call),
    ("line", EventKind::Line),
];

/// Reads a matcher that stands at `key`.
pub(super) fn read(
    key: &'static str,
    value: &Spanned<DeValue<'_>>,
    catalogue: &Catalogue,
    problems: &mut Problems<'_>,
) -> Option<Matcher> {
    let (labels, known) = labels_of(value, &OWN, problems);
    let keys = Keys::of_value(value, key, &known, problems)?;
    let event = keys.one_of("event", &EVENTS, problems);
    let known = keys.flag("known", problems);
    let fits = read_labels(&keys, &labels, catalogue, known, problems);
    let not = keys.value("not").map(|value| {
        let (labels, known_keys) = labels_of(value, &[], problems);
        let keys = Keys::of_value(value, "not", &known_keys, problems);
        keys.map(|keys| read_labels(&keys, &labels, catalogue, known, problems)).unwrap_or_default()
    });
    let message = keys.raw_text("message", problems);
    let message = message.and_then(|text| expression(&text, problems));
    let event = event.map_or(EventKind::Error, Spanned::into_inner);
    never_matches(&keys, event, &labels, problems);
    Some(Matcher { event, labels: fits, not: not.unwrap_or_default(), message, known })
}

/// The labels that are keys of a table, and every key that it may have.
fn labels_of<'a>(
    value: &'a Spanned<DeValue<'_>>,
    allowed: &[&'a str],
    problems: &mut Problems<'_>,
) -> (Vec<LabelName>, Vec<&'a str>) {
    let mut labels = Vec::new();
    let mut known = allowed.to_vec();
    let table = value.get_ref().as_table();
    for key in table.into_iter().flat_map(|table| table.keys()) {
        let name: &str = key.get_ref();
        if !OWN.contains(&name) {
            labels.extend(label(name, key.span(), problems));
        } else if !allowed.contains(&name) {
            let message = format!("`{name}` cannot stand in `not`");
            let hint = format!("`not` takes labels only; write `{name}` beside it");
            problems.add(problem::BAD_LABEL, key.span(), message, hint);
        }
        // Whatever was wrong with it has been said.
        known.push(name);
    }
    (labels, known)
}

fn read_labels(
    keys: &Keys<'_, '_>,
    labels: &[LabelName],
    catalogue: &Catalogue,
    known: Option<bool>,
    problems: &mut Problems<'_>,
) -> Vec<(LabelName, Vec<Pattern>)> {
    let mut read = Vec::new();
    for name in labels {
        let Some(texts) = keys.texts_or_text(name.as_str(), problems) else { continue };
        let value = keys.value(name.as_str());
        if value.and_then(|value| value.get_ref().as_array()).is_some_and(|items| items.is_empty())
        {
            let message = format!("`{name}` lists nothing, so nothing can fit");
            let range = value.map_or(0..0, Spanned::span);
            let hint = "list values or globs, or leave the key out".to_owned();
            problems.add(problem::NEVER_MATCHES, range, message, hint);
        }
        let patterns = patterns(&texts, problems);
        check_known(name, &patterns, catalogue, known, problems);
        let patterns = patterns.into_iter().map(|(_, pattern)| pattern);
        read.push((name.clone(), patterns.collect()));
    }
    read
}

fn expression(text: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Regex> {
    let source = text.get_ref().as_str();
    let (message, hint) = if source.len() > REGEX_BYTES_MAX {
        let message = format!("an expression has at most {REGEX_BYTES_MAX} bytes");
        (message, "write several rules".to_owned())
    } else {
        match RegexBuilder::new(source).size_limit(REGEX_COMPILED_BYTES_MAX).build() {
            Ok(regex) => return Some(regex),
            Err(error) => why_no_expression(&error),
        }
    };
    problems.add(problem::BAD_PATTERN, text.span(), message, hint);
    None
}

/// What is wrong with an expression, and what to write.
pub(crate) fn why_no_expression(error: &regex::Error) -> (String, String) {
    if let regex::Error::CompiledTooBig(_) = error {
        return (
            "the expression becomes too large".to_owned(),
            "write it without great repetitions such as `{1000}`".to_owned(),
        );
    }
    // The last line says what is wrong; those before draw the place.
    let error = error.to_string();
    let reason = error.lines().last().unwrap_or_default();
    let reason = reason.trim_start_matches("error: ");
    let hint = "see the syntax of Rust's `regex`; a literal sign needs `\\` before it";
    (format!("this is no regular expression: {reason}"), hint.to_owned())
}

/// Says what events of the kind never have.
fn never_matches(
    keys: &Keys<'_, '_>,
    event: EventKind,
    labels: &[LabelName],
    problems: &mut Problems<'_>,
) {
    let what = match event {
        EventKind::Error | EventKind::Call => return,
        EventKind::Success => "a success",
        EventKind::Line => "a line",
    };
    let lacks = |name: &LabelName| match name {
        LabelName::Module | LabelName::Code | LabelName::Cause => true,
        LabelName::Source | LabelName::Service | LabelName::Credential | LabelName::Custom(_) => {
            false
        }
        _ => event == EventKind::Line,
    };
    let labels = labels.iter().filter(|name| lacks(name)).map(LabelName::as_str);
    for key in labels.chain(["message", "known"]) {
        if let Some(value) = keys.value(key) {
            let message = format!("{what} has no `{key}`, so nothing can fit");
            let hint = "leave the key out, or leave out `event` to match errors".to_owned();
            problems.add(problem::NEVER_MATCHES, value.span(), message, hint);
        }
    }
}
