//! What a receiver is told at one instant, before anyone decides how it looks.
//!
//! Owns the choice of what is told in full and what by its headline, and the words for a status.
//! Must never know a surface or a receiver: texts from the log stand here as they are. Nothing
//! here fails.

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::content::AlertText;
use super::times::{Times, View};
use crate::catalogue::{Catalogue, Severity};
use crate::engine::{AlertStatus, Notification, NotifyReason, Rule, State, ToldAlert};
use crate::surface::Language;

/// What texts of alerts are made with.
#[derive(Debug, Clone)]
pub struct Texts {
    /// The rules.
    pub rules: Arc<[Rule]>,
    /// The error codes.
    pub catalogue: Arc<Catalogue>,
    /// How they are read.
    pub view: View,
}

impl Texts {
    /// The same for another reader; without a zone of its own in the one that is given here.
    #[must_use]
    pub fn read_in(&self, view: View) -> Self {
        let view = View { zone: view.zone.or(self.view.zone), ..view };
        Self { view, ..self.clone() }
    }
}

/// The text of a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotificationText {
    /// The language of our own words in it.
    #[serde(skip)]
    pub language: Language,
    /// Names it: the same notification has the same id again.
    pub id: String,
    /// Who is told.
    pub receiver: String,
    /// What is to stand above everything: that nothing has happened, that another receiver cannot
    /// be reached, that it stands for several that waited. Fragments in lower case.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
    /// By which route.
    pub route: String,
    /// Why it is told.
    pub reason: NotifyReason,
    /// When it was due.
    pub at: DateTime<FixedOffset>,
    /// Whether anything that it is about fires.
    pub status: Status,
    /// The gravest of what it is about.
    pub severity: Severity,
    /// How many alerts fire, those included that found no room.
    pub firing: u64,
    /// How many were resolved, those included that found no room.
    pub resolved: u64,
    /// How many alerts found no room.
    pub left_out: u64,
    /// What the alerts have in common; an absent value is one that none of them has.
    pub group: Vec<(String, Option<String>)>,
    /// The time whose changes it tells, if nobody watched then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub covers: Option<(DateTime<FixedOffset>, DateTime<FixedOffset>)>,
    /// What it is about, in full; of a repeat what still fires.
    pub alerts: Vec<ToldText>,
    /// The headlines of what fires still and was told before.
    pub known: Vec<String>,
}

/// Whether anything fires.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// Something that it is about fires.
    Firing,
    /// All that it is about is over.
    Resolved,
}

/// An alert that is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ToldText {
    /// Where it stands.
    pub status: AlertStatus,
    /// How often it fired since it was last told of.
    pub episodes: u32,
    /// What it says.
    #[serde(flatten)]
    pub text: AlertText,
}

impl NotificationText {
    /// What a notification says.
    pub fn of(notification: &Notification, texts: &Texts) -> Self {
        let Notification { alerts, reason, .. } = notification;
        let offset_s = alerts.first().map_or(0, |told| told.alert.evidence.offset_s);
        let times = Times::new(texts.view, offset_s);
        let is_about_known = !alerts.iter().any(|told| told.is_news);
        let in_full = |told: &&ToldAlert| told.is_news || is_about_known;
        let told: Vec<_> =
            alerts.iter().filter(in_full).map(|told| of_alert(told, texts)).collect();
        let known = alerts.iter().filter(|told| !in_full(told));
        let fires = told.iter().any(|told| told.status == AlertStatus::Firing);
        let severity = told.iter().map(|told| told.text.severity).max();
        let group = notification.group.iter();
        Self {
            language: texts.view.language,
            id: notification.id.to_string(),
            receiver: notification.receiver.to_string(),
            notes: notes(notification, texts),
            route: notification.route.to_string(),
            reason: *reason,
            at: times.at(notification.at),
            status: if fires { Status::Firing } else { Status::Resolved },
            severity: severity.unwrap_or(Severity::Info),
            firing: notification.firing,
            resolved: notification.resolved,
            left_out: notification.left_out,
            group: group
                .map(|(facet, value)| (facet.to_string(), value.as_deref().map(str::to_owned)))
                .collect(),
            covers: notification
                .covers
                .map(|covers| (times.at(covers.from), times.at(covers.until))),
            known: known.map(|told| of_alert(told, texts).text.headline).collect(),
            alerts: told,
        }
    }

    /// One line that says what it is about: the headline of the gravest, and how many more.
    pub fn headline(&self) -> String {
        let first = self
            .alerts
            .first()
            .map_or(self.language.pick("nothing fires", "当前没有告警"), |told| {
                &told.text.headline
            });
        match self.alerts.len() {
            0 | 1 => first.to_owned(),
            count => match self.language {
                Language::English => format!("{first}, and {} more", count - 1),
                Language::Chinese => format!("{first}，另有 {} 条告警", count - 1),
            },
        }
    }
}

/// What became of a notification on its way, in words.
pub fn notes(notification: &Notification, texts: &Texts) -> Vec<String> {
    let offset_s = notification.alerts.first().map_or(0, |told| told.alert.evidence.offset_s);
    let (passage, times) = (&notification.passage, Times::new(texts.view, offset_s));
    let mut notes = Vec::new();
    if passage.is_sample {
        let (english, chinese) = (
            "this is a test of ocrwatch: nothing has happened",
            "这是 ocrwatch 的测试，没有发生任何问题",
        );
        notes.push(times.language.pick(english, chinese).to_owned());
    }
    if let Some(detour) = &passage.detour {
        let around: Vec<_> = detour.around.iter().map(|name| format!("`{name}`")).collect();
        let since = times.words(detour.since);
        let (around, cause) = (around.join(", then "), &detour.cause);
        notes.push(match times.language {
            Language::English => {
                format!("told here as {around} cannot be reached since {since}: {cause}")
            }
            Language::Chinese => format!("自 {since} 起无法通知 {around}，改在此处通知：{cause}"),
        });
    }
    if let Some(merged) = passage.merged {
        let range = times.range(merged.from, merged.until);
        let count = merged.count;
        notes.push(match times.language {
            Language::English => {
                format!("{count} notifications that waited, of {range}, are told as one")
            }
            Language::Chinese => format!("{range} 期间积压的 {count} 条通知合并为一条"),
        });
    }
    notes
}

fn of_alert(told: &ToldAlert, texts: &Texts) -> ToldText {
    ToldText::of(told, texts)
}

impl ToldText {
    /// What is said of one alert.
    pub fn of(told: &ToldAlert, texts: &Texts) -> Self {
        let state = match told.status {
            AlertStatus::Firing => State::Firing,
            AlertStatus::FiredAndResolved | AlertStatus::Resolved => State::Resolved,
        };
        let rule = texts.rules.iter().find(|rule| rule.name == told.alert.rule);
        let text = AlertText::of(&told.alert, rule, None, state, &texts.catalogue, texts.view);
        ToldText { status: told.status, episodes: told.episodes, text }
    }
}
