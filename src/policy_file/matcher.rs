//! `match = { … }` and `not = { … }` of routes, silences and mutes: which alerts are meant.
//!
//! Owns their keys, and what no alert can ever have. Must not know what follows from a match. What
//! is wrong is a problem and reads as absent.

use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::{Receivers, problem};
use crate::catalogue::Severity;
use crate::engine::{AlertMatcher, Facet, LabelName, Pattern};
use crate::rules::{PATTERNS_MAX, RuleSet, label_named, pattern_of, why_no_name};
use crate::toml_file::{Keys, Problems, did_you_mean};

const SEVERITIES: [Severity; 3] = [Severity::Critical, Severity::Warning, Severity::Info];

/// The alerts that the rules can give.
#[derive(Debug, Clone, Copy)]
pub(super) struct Known<'r> {
    /// None if the rules are wrong themselves: then it is not known which there will be.
    pub(super) rules: Option<&'r RuleSet>,
    /// Who can be told; none where any name is right.
    pub(super) receivers: Option<Receivers<'r>>,
}

impl Known<'_> {
    /// The matchers of the keys `match` and `not`.
    pub(super) fn read(
        self,
        keys: &Keys<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Vec<AlertMatcher> {
        let mut matchers = self.table("match", keys, problems);
        matchers.extend(self.table("not", keys, problems));
        matchers
    }

    fn table(
        self,
        key: &'static str,
        keys: &Keys<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Vec<AlertMatcher> {
        let Some(value) = keys.value(key) else { return Vec::new() };
        let table = value.get_ref().as_table();
        let names: Vec<_> = table.into_iter().flat_map(|table| table.keys()).collect();
        let known: Vec<&str> = names.iter().map(|name| name.get_ref().as_ref()).collect();
        let Some(table) = Keys::of_value(value, key, &known, problems) else { return Vec::new() };
        let read = names.iter().filter_map(|name| {
            let facet = facet(name.get_ref(), name.span(), problems)?;
            let patterns = self.patterns(&facet, &table, key == "not", problems)?;
            Some(AlertMatcher { facet, patterns, negated: key == "not" })
        });
        read.collect()
    }

    fn patterns(
        self,
        facet: &Facet,
        table: &Keys<'_, '_>,
        negated: bool,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Pattern>> {
        let name = facet.as_str();
        let texts = table.texts_or_text(name, problems)?;
        let value = table.value(name)?;
        if value.get_ref().as_array().is_some_and(|items| items.is_empty()) {
            let message = format!("`{name}` lists nothing, so nothing can fit");
            let hint = "list values or globs, or leave the key out".to_owned();
            problems.add(problem::NEVER_MATCHES, value.span(), message, hint);
        }
        if let Some(first_beyond) = texts.get(PATTERNS_MAX) {
            let message =
                format!("{} patterns stand here, at most {PATTERNS_MAX} can", texts.len());
            let hint = "write a glob such as `aksk-*`".to_owned();
            problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
        }
        let mut patterns = Vec::new();
        for text in texts.iter().take(PATTERNS_MAX) {
            match pattern_of(text.get_ref()) {
                Ok(pattern) => {
                    self.check_value(facet, text, &pattern, problems);
                    patterns.push(pattern);
                }
                Err((message, hint)) => {
                    problems.add(problem::BAD_PATTERN, text.span(), message, hint);
                }
            }
        }
        if let Facet::Label(label) = facet
            && !negated
        {
            self.check_label(label, value, &patterns, problems);
        }
        Some(patterns)
    }

    /// Rules and severities that there are not would never match.
    fn check_value(
        self,
        facet: &Facet,
        text: &Spanned<String>,
        pattern: &Pattern,
        problems: &mut Problems<'_>,
    ) {
        let known: Vec<&str> = match (facet, self.rules) {
            (Facet::Rule, Some(rules)) => {
                let disabled = rules.disabled().iter().map(|name| &**name);
                rules.rules().iter().map(|rule| &*rule.name).chain(disabled).collect()
            }
            (Facet::Severity, _) => SEVERITIES.iter().map(|severity| severity.name()).collect(),
            (Facet::Rule | Facet::Label(_), _) => return,
        };
        if known.iter().any(|known| pattern.fits(known)) {
            return;
        }
        let typed = text.get_ref().as_str();
        let nearest = did_you_mean(typed, known);
        let (name, message, otherwise) = match (facet, pattern) {
            (Facet::Rule, Pattern::Exact(_)) => (
                problem::UNKNOWN_RULE,
                format!("there is no rule `{typed}`"),
                "name a rule or a glob of some; --rules reads all files of a directory",
            ),
            // A glob can be meant for rules to come.
            (Facet::Rule, Pattern::Glob(_)) => return,
            _ => (
                problem::NEVER_MATCHES,
                format!("there is no severity `{typed}`"),
                "the severities are `critical`, `warning` and `info`",
            ),
        };
        let hint = nearest.unwrap_or_else(|| otherwise.to_owned());
        problems.add(name, text.span(), message, hint);
    }

    /// An alert has the labels that its rule groups by, and no others.
    fn check_label(
        self,
        label: &LabelName,
        value: &Spanned<DeValue<'_>>,
        patterns: &[Pattern],
        problems: &mut Problems<'_>,
    ) {
        let Some(rules) = self.rules else { return };
        let disabled = rules.disabled().iter().filter_map(|name| rules.written(name));
        let mut written = rules.rules().iter().chain(disabled);
        let fits_absent = patterns.is_empty() || patterns.iter().any(|pattern| pattern.fits(""));
        if fits_absent || written.any(|rule| rule.group_by.contains(label)) {
            return;
        }
        let message = format!("no rule groups by `{label}`, so no alert can fit");
        let hint = "an alert has the labels that its rule names in `group_by`".to_owned();
        problems.add(problem::NEVER_MATCHES, value.span(), message, hint);
    }
}

/// What of an alert a name means.
pub(super) fn facet(
    name: &str,
    range: std::ops::Range<usize>,
    problems: &mut Problems<'_>,
) -> Option<Facet> {
    let (message, hint) = match name {
        "rule" => return Some(Facet::Rule),
        "severity" => return Some(Facet::Severity),
        _ => match (label_named(name), did_you_mean(name, ["rule", "severity"])) {
            (Ok(LabelName::Custom(_)), Some(hint)) => (format!("unknown label `{name}`"), hint),
            (Ok(label), _) => return Some(Facet::Label(label)),
            (Err(wrong), _) => wrong,
        },
    };
    problems.add(problem::BAD_LABEL, range, message, hint);
    None
}

/// A name that must be there.
pub(super) fn name(
    key: &str,
    hint: &str,
    such_as: &str,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Spanned<Arc<str>>> {
    let text = keys.required_text(key, hint, problems)?;
    if let Some(hint) = why_no_name(text.get_ref(), such_as) {
        let message = format!("`{}` cannot be a name", text.get_ref());
        problems.add(problem::BAD_NAME, text.span(), message, hint);
        return None;
    }
    Some(Spanned::new(text.span(), text.get_ref().as_str().into()))
}
