//! What an alert says, before anyone decides how it looks.
//!
//! Owns the parts of the text and their order. Must never know a surface or a receiver: texts from
//! the log stand here as they are. Nothing here fails.

use std::collections::BTreeMap;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::affected::{self, Affected};
use super::codes::{self, CodeText, TicketText};
use super::context::Context;
use super::ends;
use super::facts::{self, Fact};
use super::reason;
use super::times::{Times, View};
use crate::catalogue::{Catalogue, Severity};
use crate::engine::{Alert, Fingerprint, Reason, Rule, State};
use crate::surface::Language;
use crate::template;

/// The text of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AlertText {
    /// The language of our own words in it.
    #[serde(skip)]
    pub language: Language,
    /// The alert in one line: what the rule's summary says.
    pub headline: String,
    /// The same from firing to resolved, so that what is told of it can be found together: the
    /// headline if its template names nothing that changes, else the rule and the group key.
    #[serde(skip)]
    pub title: String,
    /// Where the alert stands.
    pub state: State,
    /// How grave it is.
    pub severity: Severity,
    /// Why it changed, in words; none if it did not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The rule's name.
    pub rule: String,
    /// Names the alert for ever.
    pub fingerprint: Fingerprint,
    /// The group key.
    pub labels: BTreeMap<String, String>,
    /// How many events it has had.
    pub count: u64,
    /// The same numbers as in the words of `facts`.
    #[serde(flatten)]
    pub numbers: Numbers,
    /// Its times, in the zone in which they are shown.
    #[serde(flatten)]
    pub moments: Moments,
    /// What is known of it, in words.
    pub facts: Vec<Fact>,
    /// What is said of its codes, the most frequent first.
    pub codes: Vec<CodeText>,
    /// The operator's own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// Why the rule exists.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Where to read on.
    pub links: Vec<String>,
    /// Who else is affected.
    pub affected: Vec<Affected>,
    /// Whether further values of labels found no room.
    pub affected_left_out: bool,
    /// Lines around some of its events, redacted.
    pub samples: Vec<SampleText>,
    /// What to send to technical support, for each code of which nothing else can be done.
    pub tickets: Vec<TicketText>,
    /// What ends it, as a fragment; none if it is over or the rule is gone.
    #[serde(skip)]
    pub ends: Option<String>,
}

/// What is counted beside the events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Numbers {
    /// How many events had a code that was inferred, not printed.
    pub inferred: u64,
    /// How many events there were whose access key the log does not show.
    pub access_key_unseen: u64,
    /// How many came later than the lateness allows.
    pub late: u64,
    /// How many had an unbelievable time.
    pub clamped: u64,
    /// It fires and resolves so often that it is told as one.
    pub flapping: bool,
    /// How many further groups of the rule found no room.
    pub groups_left_out: u64,
    /// The throttling limit that the last message carried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
    /// The period of that limit.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<String>,
    /// The first request id and the latest ones.
    pub request_ids: Vec<String>,
}

/// The times of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Moments {
    /// The first event.
    pub first_at: DateTime<FixedOffset>,
    /// The last event.
    pub last_at: DateTime<FixedOffset>,
    /// Since when the condition holds.
    pub pending_at: DateTime<FixedOffset>,
    /// Since when it fires.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fired_at: Option<DateTime<FixedOffset>>,
    /// When it was resolved.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resolved_at: Option<DateTime<FixedOffset>>,
    /// Until when the service refuses, at least.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub locked_until: Option<DateTime<FixedOffset>>,
}

/// The lines around one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SampleText {
    /// The file.
    pub file: String,
    /// The line in it, 1-based.
    pub line: u64,
    /// When it happened.
    pub at: DateTime<FixedOffset>,
    /// The lines, redacted; empty where only the place is known.
    pub text: String,
}

impl AlertText {
    /// What an alert says in a state that it came to for a reason. Without a zone its times are in
    /// the log's own offset; without a rule, which may be gone by now, only the rule's own words
    /// are missing.
    pub fn of(
        alert: &Alert,
        rule: Option<&Rule>,
        reason: Option<&Reason>,
        state: State,
        catalogue: &Catalogue,
        view: impl Into<View>,
    ) -> Self {
        let view = view.into();
        let times = Times::new(view, alert.evidence.offset_s);
        let context = Context::of(alert, rule, catalogue, view);
        let codes = codes::of(alert, catalogue);
        let note = rule.and_then(|rule| rule.note.as_deref());
        let labels = alert.labels.iter();
        let headline = headline(alert, rule, &context, &codes, view.language);
        Self {
            language: view.language,
            title: title(alert, rule, &headline, view.language),
            headline,
            state,
            severity: alert.severity,
            reason: reason.map(|reason| reason::words(reason, alert, rule, times)),
            rule: alert.rule.to_string(),
            fingerprint: alert.fingerprint,
            labels: labels.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            count: alert.count,
            numbers: Numbers::of(alert),
            moments: Moments::of(alert, times),
            facts: facts::of(alert, state, times),
            codes,
            note: note
                .map(|note| template::render(note, &context).trim().to_owned())
                .filter(|note| !note.is_empty()),
            why: rule.and_then(|rule| why(rule, view.language)).map(str::to_owned),
            links: rule
                .map(|rule| rule.links.iter().map(ToString::to_string).collect())
                .unwrap_or_default(),
            affected: affected::of(alert, view.language),
            affected_left_out: alert.evidence.affected_left_out > 0,
            samples: samples(alert, times),
            tickets: codes::tickets(alert, catalogue, times),
            ends: rule
                .filter(|_| state != State::Resolved)
                .map(|rule| ends::words(rule, view.language)),
        }
    }
}

impl Numbers {
    fn of(alert: &Alert) -> Self {
        let evidence = &alert.evidence;
        Self {
            inferred: evidence.inferred,
            access_key_unseen: evidence.access_key_unseen,
            late: alert.late,
            clamped: alert.clamped,
            flapping: alert.flapping,
            groups_left_out: alert.groups_left_out,
            limit: evidence.limit,
            period: evidence.period.as_deref().map(str::to_owned),
            request_ids: evidence.request_ids.iter().map(ToString::to_string).collect(),
        }
    }
}

impl Moments {
    fn of(alert: &Alert, times: Times) -> Self {
        Self {
            first_at: times.at(alert.first_at),
            last_at: times.at(alert.last_at),
            pending_at: times.at(alert.pending_at),
            fired_at: alert.fired_at.map(|at| times.at(at)),
            resolved_at: alert.resolved_at.map(|at| times.at(at)),
            locked_until: alert.locked_until.map(|at| times.at(at)),
        }
    }
}

fn summary(rule: &Rule, language: Language) -> &str {
    let chinese = rule.chinese.as_ref().and_then(|chinese| chinese.summary.as_deref());
    chinese.filter(|_| language == Language::Chinese).unwrap_or(&rule.summary)
}

fn why(rule: &Rule, language: Language) -> Option<&str> {
    let chinese = rule.chinese.as_ref().and_then(|chinese| chinese.why.as_deref());
    chinese.filter(|_| language == Language::Chinese).or(rule.why.as_deref())
}

/// What the rule's summary says of an alert.
pub fn summary_of(
    alert: &Alert,
    rule: Option<&Rule>,
    catalogue: &Catalogue,
    view: impl Into<View>,
) -> String {
    let view = view.into();
    let context = Context::of(alert, rule, catalogue, view);
    headline(alert, rule, &context, &codes::of(alert, catalogue), view.language)
}

/// One line, whatever the values in it are; never empty.
fn headline(
    alert: &Alert,
    rule: Option<&Rule>,
    context: &Context,
    codes: &[CodeText],
    language: Language,
) -> String {
    let summary = rule.map(|rule| summary(rule, language));
    let summary = summary.map(|summary| template::render(summary, context)).unwrap_or_default();
    let words: Vec<_> = summary.split_whitespace().collect();
    if !words.is_empty() {
        return words.join(" ");
    }
    let codes: Vec<_> = codes.iter().map(|code| code.code.as_str()).collect();
    if codes.is_empty() {
        return alert.rule.to_string();
    }
    format!("{}: {}", alert.rule, codes.join(", "))
}

/// What does not change while the alert lives.
fn title(alert: &Alert, rule: Option<&Rule>, headline: &str, language: Language) -> String {
    let steady =
        rule.map(|rule| template::render(summary(rule, language), &Context::steady(alert, rule)));
    let steady: Vec<_> = steady.as_deref().unwrap_or_default().split_whitespace().collect();
    if !steady.is_empty() && steady.join(" ") == headline {
        return headline.to_owned();
    }
    let values: Vec<_> = alert.labels.iter().map(|(_, value)| &**value).collect();
    if values.is_empty() {
        return alert.rule.to_string();
    }
    format!("{}: {}", alert.rule, values.join(", "))
}

fn samples(alert: &Alert, times: Times) -> Vec<SampleText> {
    let evidence = &alert.evidence;
    evidence
        .samples
        .iter()
        .map(|sample| {
            // A success, of which there is no text, is kept without its offset.
            let offset_s = if sample.text.is_empty() { evidence.offset_s } else { sample.offset_s };
            SampleText {
                file: sample.file.to_string(),
                line: sample.line,
                at: times.with_offset(offset_s).at(sample.at),
                text: sample.text.clone(),
            }
        })
        .collect()
}
