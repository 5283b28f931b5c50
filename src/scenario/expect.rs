//! What a scenario expects: alerts at an instant, and decisions about notifications.
//!
//! Owns the keys of these tables. Must never know how an alert is found. What is wrong is a problem
//! of the file and reads as absent.

use toml::Spanned;
use toml::de::DeValue;

use super::feed::labels;
use super::moment::Clock;
use super::problem;
use crate::catalogue::Severity;
use crate::diagnostic::Position;
use crate::engine::{Instant, LabelName, PolicyConfig, Rule, State};
use crate::toml_file::{Keys, Problems, did_you_mean, listed};

const SEVERITIES: [(&str, Severity); 3] =
    [("critical", Severity::Critical), ("warning", Severity::Warning), ("info", Severity::Info)];

const STATES: [(&str, State); 2] = [("pending", State::Pending), ("firing", State::Firing)];

/// The words for why somebody is told. In a scenario somebody watches all the time: nothing is
/// historical.
const REASONS: [&str; 9] = [
    "first",
    "new",
    "silence-ended",
    "mute-ended",
    "inhibition-ended",
    "digest",
    "changed",
    "resolved",
    "repeat",
];

/// The alerts that there must be at an instant: these and no others.
#[derive(Debug, Clone)]
pub(super) struct Expected {
    /// The line of the file.
    pub(super) line: usize,
    pub(super) at: Instant,
    pub(super) alerts: Vec<ExpectedAlert>,
}

/// What is expected of one alert; what is absent is not compared.
#[derive(Debug, Clone)]
pub(super) struct ExpectedAlert {
    pub(super) rule: String,
    pub(super) state: State,
    pub(super) severity: Option<Severity>,
    pub(super) labels: Vec<(LabelName, String)>,
    pub(super) count: Option<u64>,
    pub(super) summary: Option<String>,
    /// Each must stand in the alert's text.
    pub(super) text: Vec<String>,
}

/// A decision of the policy.
#[derive(Debug, Clone)]
pub(super) struct Told {
    /// The line of the file.
    pub(super) line: usize,
    pub(super) at: Instant,
    pub(super) what: ToldWhat,
}

/// What was decided.
#[derive(Debug, Clone)]
pub(super) enum ToldWhat {
    /// Alerts of these rules were told.
    Notified { reason: Option<&'static str>, rules: Vec<String>, receiver: Option<String> },
    /// An alert of the rule was withheld, by an alert of another, a silence or a mute.
    Withheld { rule: String, by: Option<String> },
}

/// Reads these tables; the rules are those that the scenario runs.
pub(super) struct Reader<'r> {
    pub(super) clock: Clock,
    pub(super) rules: &'r [Rule],
    pub(super) policy: &'r PolicyConfig,
}

impl Reader<'_> {
    pub(super) fn expected(
        &self,
        keys: &Keys<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Vec<Expected> {
        let items = keys.tables("expect", "[[scenario.expect]]", problems).unwrap_or_default();
        let mut expected = Vec::new();
        for item in items {
            let known = ["at", "alerts"];
            let keys = Keys::of_value(item, "[[scenario.expect]]", &known, problems);
            let Some(keys) = keys else { continue };
            let at = self.clock.at("at", &keys, problems);
            if !keys.has("alerts") {
                let hint = "list them, such as `[{ rule = \"throttled\" }]`; `[]` means none";
                keys.missing("alerts", hint, problems);
            }
            let alerts = keys.list("alerts", problems).unwrap_or_default();
            let alerts = alerts.iter().filter_map(|item| self.alert(item, problems)).collect();
            let line = line_of(&keys, problems);
            expected.extend(at.map(|at| Expected { line, at, alerts }));
        }
        expected
    }

    fn alert(
        &self,
        item: &Spanned<DeValue<'_>>,
        problems: &mut Problems<'_>,
    ) -> Option<ExpectedAlert> {
        let known = ["rule", "state", "severity", "labels", "count", "summary", "text"];
        let keys = Keys::of_value(item, "an alert", &known, problems)?;
        let rule = keys.required_text("rule", "name the rule whose alert it is", problems);
        if let Some(rule) = &rule {
            self.check_rule(rule, problems);
        }
        let state = keys.one_of("state", &STATES, problems);
        let severity = keys.one_of("severity", &SEVERITIES, problems);
        let labels = keys.value("labels").map(|value| labels(value, problems));
        let hint = "how many events the alert has had";
        let count = keys.number_in("count", 0..=i64::MAX, hint, problems);
        let summary = keys.text("summary", problems);
        let text = keys.texts_or_text("text", problems).unwrap_or_default();
        Some(ExpectedAlert {
            rule: rule?.into_inner(),
            state: state.map_or(State::Firing, Spanned::into_inner),
            severity: severity.map(Spanned::into_inner),
            labels: labels.unwrap_or_default(),
            count: count.and_then(|count| u64::try_from(count.into_inner()).ok()),
            summary: summary.map(Spanned::into_inner),
            text: text.into_iter().map(Spanned::into_inner).collect(),
        })
    }

    fn check_rule(&self, rule: &Spanned<String>, problems: &mut Problems<'_>) {
        let names = self.rules.iter().map(|rule| &*rule.name);
        if !names.clone().any(|name| name == rule.get_ref()) {
            unknown_rule(rule, names, "this scenario runs no rule", problems);
        }
    }

    pub(super) fn told(
        &self,
        keys: &Keys<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Told>> {
        let items = keys.tables("notify", "[[scenario.notify]]", problems)?;
        let mut told = Vec::new();
        for item in items {
            let known = ["at", "reason", "alerts", "receiver", "withheld", "by"];
            let keys = Keys::of_value(item, "[[scenario.notify]]", &known, problems);
            let Some(keys) = keys else { continue };
            let at = self.clock.at("at", &keys, problems);
            let what = self.told_what(&keys, problems);
            let line = line_of(&keys, problems);
            told.extend(at.zip(what).map(|(at, what)| Told { line, at, what }));
        }
        Some(told)
    }

    fn told_what(&self, keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<ToldWhat> {
        let reason = keys.one_of("reason", &REASONS.map(|word| (word, word)), problems);
        let alerts = keys.texts("alerts", problems);
        let withheld = keys.text("withheld", problems);
        let by = keys.text("by", problems);
        let by = by.inspect(|by| self.check_by(by, problems));
        let receiver = keys.text("receiver", problems);
        let receiver = receiver.inspect(|receiver| self.check_receiver(receiver, problems));
        let named = alerts.iter().flatten().chain(&withheld);
        named.for_each(|rule| self.check_rule(rule, problems));
        let hint = "write `alerts`, the rules that are told, or `withheld`, the one that is not";
        match (keys.has("alerts"), keys.value("withheld")) {
            (false, None) => keys.missing("alerts", hint, problems),
            (true, Some(withheld)) => {
                let message = "what is told is not withheld".to_owned();
                problems.add(problem::BAD_VALUE, withheld.span(), message, hint.to_owned());
            }
            _ => {}
        }
        if let Some(withheld) = withheld {
            let by = by.map(Spanned::into_inner);
            return Some(ToldWhat::Withheld { rule: withheld.into_inner(), by });
        }
        let rules = alerts?.into_iter().map(Spanned::into_inner).collect();
        let receiver = receiver.map(Spanned::into_inner);
        Some(ToldWhat::Notified { reason: reason.map(Spanned::into_inner), rules, receiver })
    }

    /// What withholds is a rule, a silence or a mute.
    fn check_by(&self, by: &Spanned<String>, problems: &mut Problems<'_>) {
        let silences = self.policy.silences.iter().map(|silence| &*silence.id);
        let mutes = self.policy.mutes.iter().map(|mute| &*mute.name);
        if !silences.chain(mutes).any(|name| name == by.get_ref()) {
            self.check_rule(by, problems);
        }
    }

    fn check_receiver(&self, receiver: &Spanned<String>, problems: &mut Problems<'_>) {
        let names = self.policy.routes.iter().map(|route| &*route.receiver);
        if names.clone().any(|name| name == receiver.get_ref()) {
            return;
        }
        let message = format!("no route has the receiver `{}`", receiver.get_ref());
        let mut names: Vec<&str> = names.collect();
        names.sort_unstable();
        names.dedup();
        let hint = did_you_mean(receiver.get_ref(), names.iter().copied())
            .unwrap_or_else(|| format!("receivers of routes: {}", listed(&names)));
        problems.add(problem::UNKNOWN_RECEIVER, receiver.span(), message, hint);
    }
}

/// Says that a rule is not there.
pub(super) fn unknown_rule<'n>(
    rule: &Spanned<String>,
    names: impl Iterator<Item = &'n str>,
    said: &str,
    problems: &mut Problems<'_>,
) {
    let message = format!("{said} `{}`", rule.get_ref());
    let hint = did_you_mean(rule.get_ref(), names)
        .unwrap_or_else(|| "name a rule that runs, or add it to `rules`".to_owned());
    problems.add(problem::UNKNOWN_RULE, rule.span(), message, hint);
}

/// The line on which a table begins.
pub(super) fn line_of(keys: &Keys<'_, '_>, problems: &Problems<'_>) -> usize {
    Position::of_range(problems.text(), keys.range()).line
}
