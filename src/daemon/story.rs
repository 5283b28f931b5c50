//! What happened to an alert, as the decision log keeps it.
//!
//! Owns the form of its rows, written here and read by `ocrwatch why`. Must never decide anything.
//! Nothing here fails; a row that cannot be understood reads as absent.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::catalogue::Severity;
use crate::engine::{
    AlertStatus, Detour, Fingerprint, LabelName, Merged, Notification, NotificationId,
    NotifyReason, State, Transition, Withheld, WithheldBy,
};
use crate::render;
use crate::store::{DecisionKey, DecisionRow};

/// Something that happened to an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "what")]
pub enum Happened {
    /// It fired or was resolved.
    Changed {
        /// Its rule.
        rule: Arc<str>,
        /// The rule's severity.
        severity: Severity,
        /// The group's labels.
        labels: Vec<(LabelName, Arc<str>)>,
        /// What it is now.
        to: State,
        /// Why.
        why: String,
    },
    /// It is part of a notification.
    Told {
        /// Which one.
        notification: NotificationId,
        /// Who is told.
        receiver: Arc<str>,
        /// By which route.
        route: Arc<str>,
        /// Why the notification is told.
        reason: NotifyReason,
        /// Where the alert stands in it.
        status: AlertStatus,
        /// The notification stands for several that waited.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        merged: Option<Merged>,
        /// The notification is for another receiver, which cannot be reached.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        detour: Option<Detour>,
    },
    /// Somebody would have been told.
    Withheld {
        /// Its rule.
        rule: Arc<str>,
        /// By which route.
        route: Arc<str>,
        /// What withholds it.
        by: WithheldBy,
    },
}

/// Something that happened, with its instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Chapter {
    /// When it happened, by the log.
    pub at: DateTime<Utc>,
    /// When it was noted.
    pub noted: DateTime<Utc>,
    /// What.
    #[serde(flatten)]
    pub happened: Happened,
}

impl Chapter {
    /// Reads a row of the decision log.
    pub fn of(row: &DecisionRow) -> Option<Self> {
        Some(Self {
            at: DateTime::from_timestamp_millis(row.key.at_ms)?,
            noted: row.noted,
            happened: serde_json::from_slice(&row.decision).ok()?,
        })
    }
}

/// A change, if it is one that people are told of.
pub(super) fn changed(transition: &Transition, now: DateTime<Utc>) -> Option<DecisionRow> {
    let Transition { at, to, alert, .. } = transition;
    let is_worth_it = matches!(to, State::Firing | State::Resolved);
    is_worth_it.then(|| {
        let happened = Happened::Changed {
            rule: Arc::clone(&alert.rule),
            severity: alert.severity,
            labels: alert.labels.clone(),
            to: *to,
            why: render::why(transition),
        };
        row((alert.fingerprint, at.0), format!("changed {to}"), &happened, now)
    })
}

/// One row for each alert that a notification is about.
pub(super) fn told(notification: &Notification, now: DateTime<Utc>) -> Vec<DecisionRow> {
    let is_news = notification.alerts.iter().any(|told| told.is_news);
    let about = notification.alerts.iter().filter(|told| told.is_news || !is_news);
    let of_one = |told: &crate::engine::ToldAlert| {
        let happened = Happened::Told {
            notification: notification.id,
            receiver: Arc::clone(&notification.receiver),
            route: Arc::clone(&notification.route),
            reason: notification.reason,
            status: told.status,
            merged: notification.passage.merged,
            detour: notification.passage.detour.clone(),
        };
        let kind = format!("told {}", notification.id);
        row((told.alert.fingerprint, notification.at.0), kind, &happened, now)
    };
    about.map(of_one).collect()
}

/// What was withheld.
pub(super) fn withheld(withheld: &Withheld, now: DateTime<Utc>) -> DecisionRow {
    let Withheld { alert, rule, at, route, by } = withheld;
    let kind = match by {
        WithheldBy::Silence { id, .. } => format!("withheld {route} silence {id}"),
        WithheldBy::Mute { name } => format!("withheld {route} mute {name}"),
        WithheldBy::Inhibition { by, .. } => format!("withheld {route} inhibition {by}"),
    };
    let (rule, route, by) = (Arc::clone(rule), Arc::clone(route), by.clone());
    row((*alert, at.0), kind, &Happened::Withheld { rule, route, by }, now)
}

fn row(
    (alert, at_ms): (Fingerprint, i64),
    kind: String,
    happened: &Happened,
    noted: DateTime<Utc>,
) -> DecisionRow {
    let key = DecisionKey { alert: alert.to_string(), at_ms, kind };
    DecisionRow { key, noted, decision: serde_json::to_vec(happened).unwrap_or_default() }
}
