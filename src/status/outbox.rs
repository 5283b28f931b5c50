//! What became of notifications, as documents show it.
//!
//! Owns the shape of one in a list. Must never tell what it says: that is `preview`'s and `why`'s.
//! Nothing here fails; a notification that cannot be understood is listed without its reason.

use chrono::{DateTime, Utc};
use serde::Serialize;

use crate::deliver::Parcel;
use crate::engine::Notification;
use crate::store::{OutboxEntry, OutboxState};

/// A notification of the outbox.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OutboxItem {
    /// Names it for ever.
    pub id: String,
    /// Who of the receiver is told; empty if the receiver is one.
    pub recipient: String,
    /// `queued`, `sent`, `dead` or `merged`.
    pub state: &'static str,
    /// Who is told.
    pub receiver: String,
    /// When it was decided.
    pub created: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: u32,
    /// Not to be tried before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_attempt: Option<DateTime<Utc>>,
    /// When it was sent, given up or merged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done: Option<DateTime<Utc>>,
    /// What the last attempt failed with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_error: Option<String>,
    /// Why it is told.
    pub reason: String,
    /// The rules of its alerts.
    pub rules: Vec<String>,
}

impl OutboxItem {
    /// As it stands in the database.
    pub fn of(entry: &OutboxEntry) -> Self {
        let row = &entry.row;
        let recipient = Parcel::recipient_of(&row.id);
        let id = row.id.split(' ').next().unwrap_or_default();
        let told: Option<Notification> = serde_json::from_slice(&row.notification).ok();
        let mut rules: Vec<String> = Vec::new();
        for alert in told.iter().flat_map(|told| &told.alerts) {
            if !rules.iter().any(|rule| **rule == *alert.alert.rule) {
                rules.push(alert.alert.rule.to_string());
            }
        }
        Self {
            id: id.to_owned(),
            recipient: recipient.to_string(),
            state: entry.state.as_str(),
            receiver: row.receiver.clone(),
            created: row.created,
            attempts: row.attempts,
            next_attempt: (entry.state == OutboxState::Queued).then_some(row.next_attempt),
            done: entry.done,
            last_error: row.last_error.clone(),
            reason: told.map(|told| told.reason.to_string()).unwrap_or_default(),
            rules,
        }
    }
}
