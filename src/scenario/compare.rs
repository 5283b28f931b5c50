//! What a scenario expects, held against what there was.
//!
//! Owns when an alert is the expected one, and which of several is compared with which. Must never
//! make an alert's text: it takes what is rendered for people. Nothing here fails.

use super::Scenario;
use super::diff::{Difference, Line};
use super::expect::{Expected, ExpectedAlert, Told, ToldWhat};
use super::moment::shown;
use crate::catalogue::Catalogue;
use crate::engine::{
    Alert, Decision, Instant, Notification, Rule, Span, State, Transition, Withheld, WithheldBy,
};
use crate::render::{AlertText, plain};
use crate::surface::style::Style;
use crate::zone::Zone;

/// An alert that there was, with what it said.
pub(super) struct FoundAlert {
    alert: Alert,
    state: State,
    summary: String,
    /// The page, line by line.
    page: Vec<String>,
}

impl FoundAlert {
    /// An alert in the state to which it changed.
    pub(super) fn of(
        alert: &Alert,
        rule: Option<&Rule>,
        change: &Transition,
        catalogue: &Catalogue,
        zone: Zone,
    ) -> Self {
        let reason = Some(&change.reason);
        let text = AlertText::of(alert, rule, reason, change.to, catalogue, Some(zone));
        let mut page = Vec::new();
        // Memory takes everything.
        let _ = plain::write(&mut page, &text, Style { width_columns: 200, ..Style::PLAIN });
        let page = String::from_utf8_lossy(&page);
        Self {
            alert: alert.clone(),
            state: change.to,
            summary: text.headline,
            page: page.lines().map(str::to_owned).collect(),
        }
    }

    /// Whether a text stands on the page, wherever its width breaks lines and long words.
    fn says(&self, text: &str) -> bool {
        let page: String = self.page.iter().map(|line| unspaced(line)).collect();
        page.contains(&unspaced(text))
    }

    fn name(&self) -> String {
        let labels = self.alert.labels.iter();
        let labels = labels.map(|(name, value)| format!("{name}={value}"));
        format!("{}{{{}}}", self.alert.rule, labels.collect::<Vec<_>>().join(", "))
    }
}

fn unspaced(text: &str) -> String {
    text.split_whitespace().collect()
}

impl ExpectedAlert {
    fn name(&self) -> String {
        let labels = self.labels.iter().map(|(name, value)| format!("{name}={value}"));
        format!("{}{{{}}}", self.rule, labels.collect::<Vec<_>>().join(", "))
    }

    /// What of it the alert is not; nothing if it is the one.
    fn differences(&self, found: &FoundAlert) -> Vec<Line> {
        let mut lines = Vec::new();
        let mut differ = |what: &str, expected: String, is: String| {
            if expected != is {
                lines.push(Line::Expected(format!("  {what} {expected}")));
                lines.push(Line::Found(format!("  {what} {is}")));
            }
        };
        differ("rule", self.rule.clone(), found.alert.rule.to_string());
        differ("state", self.state.to_string(), found.state.to_string());
        if let Some(severity) = self.severity {
            differ("severity", severity.name().to_owned(), found.alert.severity.name().to_owned());
        }
        for (name, value) in &self.labels {
            let is = found.alert.label(name).unwrap_or("unknown");
            differ(&format!("label {name}"), value.clone(), is.to_owned());
        }
        if let Some(count) = self.count {
            differ("count", count.to_string(), found.alert.count.to_string());
        }
        if let Some(summary) = &self.summary {
            differ("summary", summary.clone(), found.summary.clone());
        }
        let missing: Vec<_> = self.text.iter().filter(|text| !found.says(text)).collect();
        if !missing.is_empty() {
            let missing = missing.into_iter().map(|text| Line::Expected(format!("  text {text}")));
            lines.extend(missing);
            lines.extend(found.page.iter().map(|line| Line::Found(format!("  {line}"))));
        }
        lines
    }
}

/// What is otherwise at an instant, if anything is.
pub(super) fn alerts(
    scenario: &Scenario,
    expected: &Expected,
    found: &[FoundAlert],
) -> Option<Difference> {
    let differences: Vec<Vec<Vec<Line>>> = expected
        .alerts
        .iter()
        .map(|wanted| found.iter().map(|found| wanted.differences(found)).collect())
        .collect();
    let fits = |wanted: usize, found: usize| {
        differences.get(wanted).and_then(|row| row.get(found)).is_some_and(Vec::is_empty)
    };
    let mut taken_by: Vec<Option<usize>> = vec![None; found.len()];
    for wanted in 0..expected.alerts.len() {
        take(wanted, &fits, &mut taken_by, &mut vec![false; found.len()]);
    }
    let mut lines = Vec::new();
    for (wanted, alert) in expected.alerts.iter().enumerate() {
        if taken_by.contains(&Some(wanted)) {
            continue;
        }
        // The one that was meant is the most alike of the rule's.
        let alike = (0..found.len())
            .filter(|place| taken_by.get(*place) == Some(&None))
            .filter(|place| found.get(*place).is_some_and(|is| *is.alert.rule == *alert.rule))
            .filter_map(|place| Some((place, differences.get(wanted)?.get(place)?)))
            .min_by_key(|(_, lines)| lines.len());
        if let Some((place, of_it)) = alike {
            lines.extend(found.get(place).map(|found| Line::Both(found.name())));
            lines.extend(of_it.iter().cloned());
            if let Some(taken) = taken_by.get_mut(place) {
                *taken = Some(wanted);
            }
        } else {
            lines.push(Line::Expected(format!("{} {}", alert.name(), alert.state)));
        }
    }
    for (found, taken) in found.iter().zip(&taken_by) {
        if taken.is_none() {
            let line = format!("{} {}, count {}", found.name(), found.state, found.alert.count);
            lines.push(Line::Found(line));
        }
    }
    let what = format!("the alerts at {}", shown(expected.at, scenario.start, scenario.zone));
    (!lines.is_empty()).then_some(Difference { line: expected.line, what, lines })
}

/// Gives an expected alert one that fits, and the one that had it another if need be.
fn take(
    wanted: usize,
    fits: &impl Fn(usize, usize) -> bool,
    taken_by: &mut [Option<usize>],
    asked: &mut [bool],
) -> bool {
    for place in 0..taken_by.len() {
        if !fits(wanted, place) || asked.get(place) != Some(&false) {
            continue;
        }
        asked[place] = true;
        if taken_by[place].is_none_or(|other| take(other, fits, taken_by, asked)) {
            taken_by[place] = Some(wanted);
            return true;
        }
    }
    false
}

/// What is otherwise with the decisions about notifications, if anything is.
pub(super) fn told(
    scenario: &Scenario,
    told: &[Told],
    decisions: &[Decision],
    counts: impl Fn(Instant) -> bool,
) -> Option<Difference> {
    let at = |decision: &Decision| match decision {
        Decision::Notify(notification) => notification.at,
        Decision::Withhold(withheld) => withheld.at,
    };
    let decisions: Vec<_> = decisions.iter().filter(|decision| counts(at(decision))).collect();
    let names_receiver =
        |told: &Told| matches!(&told.what, ToldWhat::Notified { receiver: Some(_), .. });
    let with_receiver = told.iter().any(names_receiver);
    let mut lines = Vec::new();
    let mut is_other = false;
    for place in 0..told.len().max(decisions.len()) {
        let (wanted, decision) = (told.get(place), decisions.get(place));
        let found = decision.map(|decision| {
            let when = shown(at(decision), scenario.start, scenario.zone);
            format!("{when}: {}", words_of(decision, with_receiver))
        });
        if let (Some(wanted), Some(decision)) = (wanted, decision)
            && is_in_second_of(wanted.at, at(decision))
            && wanted.what.fits(decision)
        {
            lines.extend(found.map(Line::Both));
            continue;
        }
        is_other = true;
        lines.extend(wanted.map(|wanted| {
            let when = shown(wanted.at, scenario.start, scenario.zone);
            Line::Expected(format!("{when}: {}", wanted.what.words()))
        }));
        lines.extend(found.map(Line::Found));
    }
    let line = told.first().map_or(scenario.line, |told| told.line);
    is_other.then(|| Difference { line, what: "the notifications".to_owned(), lines })
}

/// What only time brings is known a moment behind the second at which it is settled.
pub(super) fn is_in_second_of(wanted: Instant, at: Instant) -> bool {
    (wanted..wanted.plus(Span::SECOND)).contains(&at)
}

impl ToldWhat {
    fn fits(&self, decision: &Decision) -> bool {
        match (self, decision) {
            (Self::Notified { reason, rules, receiver }, Decision::Notify(notification)) => {
                reason.is_none_or(|reason| notification.reason.to_string() == reason)
                    && receiver.as_ref().is_none_or(|to| **to == *notification.receiver)
                    && rules_of(notification).eq(rules.iter().map(String::as_str))
            }
            (Self::Withheld { rule, by }, Decision::Withhold(withheld)) => {
                let by_whom = by_whom(withheld);
                *withheld.rule == **rule && by.as_ref().is_none_or(|by| **by == *by_whom)
            }
            _ => false,
        }
    }

    fn words(&self) -> String {
        match self {
            Self::Notified { reason, rules, receiver } => {
                let to = receiver.as_ref().map_or_else(String::new, |to| format!(" to {to}"));
                format!("{} of {}{to}", reason.unwrap_or("told"), rules.join(", "))
            }
            Self::Withheld { rule, by: Some(by) } => format!("{rule} withheld by {by}"),
            Self::Withheld { rule, by: None } => format!("{rule} withheld"),
        }
    }
}

fn words_of(decision: &Decision, with_receiver: bool) -> String {
    match decision {
        Decision::Notify(notification) => {
            let rules: Vec<_> = rules_of(notification).collect();
            let to = if with_receiver {
                format!(" to {}", notification.receiver)
            } else {
                String::new()
            };
            format!("{} of {}{to}", notification.reason, rules.join(", "))
        }
        Decision::Withhold(withheld) => {
            format!("{} withheld by {}", withheld.rule, by_whom(withheld))
        }
    }
}

fn rules_of(notification: &Notification) -> impl Iterator<Item = &str> {
    notification.alerts.iter().map(|told| &*told.alert.rule)
}

/// The rule, silence or mute that withholds an alert.
fn by_whom(withheld: &Withheld) -> &str {
    match &withheld.by {
        WithheldBy::Silence { id, .. } => id,
        WithheldBy::Mute { name } => name,
        WithheldBy::Inhibition { rule, .. } => rule,
    }
}
