//! What the templates of rules can name.
//!
//! Owns the values behind `template::VARIABLES`. Must never escape them: what a template makes is
//! text, and every surface makes it safe. Nothing here fails; what is not known is absent.

use std::collections::BTreeMap;

use serde::Serialize;

use super::affected;
use super::times::{Times, View};
use crate::catalogue::{Catalogue, Entry};
use crate::engine::{Alert, CodeCount, Condition, LabelName, Rule, Span};
use crate::length;
use crate::occurrence::Module;

/// How many values stand in one variable, such as `id-card, vat-invoice`.
const VALUES_SHOWN: usize = 3;

/// The values of an alert for a template.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Context {
    rule: String,
    severity: &'static str,
    count: u64,
    module: Option<String>,
    code: Option<String>,
    codes: Vec<String>,
    cause: Option<String>,
    message: Option<String>,
    api: Option<String>,
    region: Option<String>,
    project: Option<String>,
    access_key: Option<String>,
    credential: Option<String>,
    host: Option<String>,
    source: Option<String>,
    service: Option<String>,
    labels: BTreeMap<String, String>,
    first_at: String,
    last_at: String,
    fired_at: Option<String>,
    resolved_at: Option<String>,
    locked_until: Option<String>,
    limit: Option<u64>,
    period: Option<String>,
    window: Option<String>,
    solution: Option<String>,
    documented_message: Option<String>,
    description: Option<String>,
}

impl Context {
    /// The values of an alert; its times are in the zone, else in the log's own offset.
    pub fn of(
        alert: &Alert,
        rule: Option<&Rule>,
        catalogue: &Catalogue,
        view: impl Into<View>,
    ) -> Self {
        let times = Times::new(view, alert.evidence.offset_s);
        let evidence = &alert.evidence;
        let last = evidence.codes.iter().max_by_key(|known| known.last_at);
        let codes = codes(&evidence.codes);
        let code = alert.label(&LabelName::Code).map(str::to_owned);
        let code = code.or_else(|| codes.first().cloned());
        let entry = code.as_deref().and_then(|code| catalogue.entry(code));
        let module = || Module::of_code(code.as_deref()?).map(|module| module.name().to_owned());
        let label = |name: LabelName| told(alert, &name);
        Self {
            rule: alert.rule.to_string(),
            severity: alert.severity.name(),
            count: alert.count,
            module: label(LabelName::Module).or_else(module),
            cause: label(LabelName::Cause).or_else(|| Some(last?.cause.as_ref()?.to_string())),
            message: last.and_then(|known| known.message.as_deref()).map(str::to_owned),
            api: label(LabelName::Api),
            region: label(LabelName::Region),
            project: label(LabelName::Project),
            access_key: label(LabelName::AccessKey),
            credential: label(LabelName::Credential)
                .or_else(|| label(LabelName::AccessKey))
                .or_else(|| label(LabelName::Source)),
            host: label(LabelName::Host),
            source: label(LabelName::Source),
            service: label(LabelName::Service),
            labels: alert
                .labels
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            first_at: times.words(alert.first_at),
            last_at: times.words(alert.last_at),
            fired_at: alert.fired_at.map(|at| times.words(at)),
            resolved_at: alert.resolved_at.map(|at| times.words(at)),
            locked_until: alert.locked_until.map(|at| times.words(at)),
            limit: evidence.limit,
            period: evidence.period.as_deref().map(str::to_owned),
            window: rule.and_then(window).map(|window| length::words(window.0)),
            solution: entry.and_then(solution),
            documented_message: entry.and_then(|entry| entry.message.as_deref()).map(str::to_owned),
            description: entry.map(|entry| entry.description.to_string()),
            code,
            codes,
        }
    }
}

impl Context {
    /// What stays the same from an alert's beginning to its end, for a text to be found by.
    pub(super) fn steady(alert: &Alert, rule: &Rule) -> Self {
        let label = |name: LabelName| alert.label(&name).map(str::to_owned);
        Self {
            rule: alert.rule.to_string(),
            severity: alert.severity.name(),
            module: label(LabelName::Module),
            code: label(LabelName::Code),
            cause: label(LabelName::Cause),
            api: label(LabelName::Api),
            region: label(LabelName::Region),
            project: label(LabelName::Project),
            access_key: label(LabelName::AccessKey),
            credential: label(LabelName::Credential).or_else(|| label(LabelName::AccessKey)),
            host: label(LabelName::Host),
            source: label(LabelName::Source),
            service: label(LabelName::Service),
            labels: alert
                .labels
                .iter()
                .map(|(name, value)| (name.to_string(), value.to_string()))
                .collect(),
            window: window(rule).map(|window| length::words(window.0)),
            ..Self::default()
        }
    }
}

/// Every code once, the most frequent first.
fn codes(counts: &[CodeCount]) -> Vec<String> {
    let mut codes: Vec<(&str, u64)> = Vec::new();
    for known in counts {
        match codes.iter_mut().find(|(code, _)| *code == &*known.code) {
            Some((_, count)) => *count = count.saturating_add(known.count),
            None => codes.push((&known.code, known.count)),
        }
    }
    codes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    codes.into_iter().map(|(code, _)| code.to_owned()).collect()
}

/// The group's value, else those that its events had.
fn told(alert: &Alert, name: &LabelName) -> Option<String> {
    if let Some(value) = alert.label(name) {
        return Some(value.to_owned());
    }
    let values = affected::values(alert, name);
    let shown = values.iter().take(VALUES_SHOWN).copied().collect::<Vec<_>>().join(", ");
    match values.len() {
        0 => None,
        n if n > VALUES_SHOWN => Some(format!("{shown} and {} more", n - VALUES_SHOWN)),
        _ => Some(shown),
    }
}

fn window(rule: &Rule) -> Option<Span> {
    match &rule.condition {
        Condition::Count(threshold) | Condition::Distinct(_, threshold) => {
            Some(threshold.window.span)
        }
        Condition::Ratio(ratio) => Some(ratio.window),
        Condition::Spike(spike) => Some(spike.window),
        Condition::New(new) => Some(new.unseen),
        Condition::Absent(absent) => Some(absent.window),
        Condition::Sequence(sequence) => Some(sequence.within),
        Condition::Consecutive(_) => None,
    }
}

fn solution(entry: &Entry) -> Option<String> {
    let lines = entry.solution.iter().map(|paragraph| {
        let sign = if paragraph.bullet { "- " } else { "" };
        format!("{sign}{}", paragraph.text)
    });
    Some(lines.collect::<Vec<_>>().join("\n")).filter(|text| !text.is_empty())
}

#[cfg(test)]
mod tests {
    use crate::render::tests::{Given, lockout};
    use crate::template::VARIABLES;

    #[test]
    fn every_variable_has_a_value_and_no_value_is_without_a_name() {
        let Given { alert, rule, .. } = lockout(None);
        let context = super::Context::of(&alert, Some(&rule), &super::Catalogue::embedded(), None);
        let values = serde_json::to_value(&context).unwrap();
        let mut names: Vec<_> = values.as_object().unwrap().keys().map(String::as_str).collect();
        let mut known: Vec<_> = VARIABLES.iter().map(|(name, _)| *name).collect();
        names.sort_unstable();
        known.sort_unstable();
        assert_eq!(names, known);
    }
}
