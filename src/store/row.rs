//! What stands in the database, as values.
//!
//! Owns the shapes that callers give and get: names, instants and opaque bytes. Must not know what
//! the bytes mean. Nothing here fails.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::checksum::Checksum;
use super::message::{MessageRow, MessagesWaiting};

/// Everything that a daemon goes on from.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Loaded {
    /// Where each followed log stands, by the log's key.
    pub positions: BTreeMap<String, Position>,
    /// What the engine has beside its rules' states.
    pub engine_head: Option<Vec<u8>>,
    /// By the rule's name.
    pub engine_rules: BTreeMap<String, Vec<u8>>,
    /// By the rule's name and the group's number.
    pub engine_groups: BTreeMap<(String, u64), Vec<u8>>,
    /// The policy's state.
    pub policy: Option<Vec<u8>>,
    /// Notifications that are still to be delivered, the oldest first.
    pub queued: Vec<OutboxRow>,
    /// Lifetime counters, by name.
    pub counters: BTreeMap<String, u64>,
    /// How many messages wait to be published; they are read when it is their turn.
    pub messages_waiting: MessagesWaiting,
    /// Those of them that could be had of a damaged database.
    pub(super) messages: BTreeMap<u64, MessageRow>,
}

/// Where a followed log stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// The source that the log belongs to.
    pub source: String,
    /// Opaque.
    pub state: Vec<u8>,
    /// When it was last written.
    pub updated: DateTime<Utc>,
}

/// A notification that is to be delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The notification's id: the same notification has the same id again.
    pub id: String,
    /// When it was put into the outbox.
    pub created: DateTime<Utc>,
    /// The instant that it tells of.
    pub at: DateTime<Utc>,
    /// Who it is for.
    pub receiver: String,
    /// Opaque; JSON as it is delivered.
    pub notification: Vec<u8>,
    /// How often its delivery was tried.
    pub attempts: u32,
    /// Not to be tried before. Of one that is done, when that was.
    pub next_attempt: DateTime<Utc>,
    /// What the last attempt failed with.
    pub last_error: Option<String>,
}

impl OutboxRow {
    /// A notification that was not tried yet, to be delivered at once.
    pub fn new(
        id: impl Into<String>,
        receiver: impl Into<String>,
        at: DateTime<Utc>,
        created: DateTime<Utc>,
        notification: Vec<u8>,
    ) -> Self {
        Self {
            id: id.into(),
            created,
            at,
            receiver: receiver.into(),
            notification,
            attempts: 0,
            next_attempt: created,
            last_error: None,
        }
    }
}

/// What became of a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum OutboxState {
    /// Still to be delivered.
    Queued,
    /// Delivered.
    Sent,
    /// Given up.
    Dead,
    /// It became part of another one, which stands for it.
    Merged,
}

impl OutboxState {
    /// All of them, in the order in which people look for them.
    pub const ALL: [Self; 4] = [Self::Queued, Self::Dead, Self::Sent, Self::Merged];

    /// As it stands in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Sent => "sent",
            Self::Dead => "dead",
            Self::Merged => "merged",
        }
    }

    pub(super) fn of(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

/// The errors of a module in one step of a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepErrors {
    /// The first minute of the step, since 1970.
    pub minute: i64,
    /// The module.
    pub module: String,
    /// How many.
    pub errors: u64,
}

/// The errors of a code in a stretch of time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeErrors {
    /// Its module.
    pub module: String,
    /// The code.
    pub code: String,
    /// How many.
    pub errors: u64,
    /// The last minute in which there was one, since 1970.
    pub last_minute: i64,
}

/// A notification of the outbox with what became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// The notification.
    pub row: OutboxRow,
    /// What became of it.
    pub state: OutboxState,
    /// When it was delivered or given up.
    pub done: Option<DateTime<Utc>>,
}

impl OutboxEntry {
    pub(super) fn checksum(&self) -> i64 {
        let row = &self.row;
        Checksum::new("outbox")
            .text(&row.id)
            .integer(row.created.timestamp_millis())
            .integer(row.at.timestamp_millis())
            .text(&row.receiver)
            .text(self.state.as_str())
            .integer(row.attempts.into())
            .integer(row.next_attempt.timestamp_millis())
            .optional_text(row.last_error.as_deref())
            .integer(self.done.map_or(i64::MIN, |done| done.timestamp_millis()))
            .bytes(&row.notification)
            .value()
    }
}

/// Something that was decided about an alert, or how it changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// Names it.
    pub key: DecisionKey,
    /// When it was noted; it is kept for so long from then on.
    pub noted: DateTime<Utc>,
    /// Opaque; JSON.
    pub decision: Vec<u8>,
}

/// What a decision is named by: the same decision has the same name again.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct DecisionKey {
    /// The alert's fingerprint.
    pub alert: String,
    /// When it was decided, in milliseconds.
    pub at_ms: i64,
    /// What tells it from others of that instant.
    pub kind: String,
}

impl DecisionRow {
    pub(super) fn checksum(&self) -> i64 {
        Checksum::new("decision")
            .text(&self.key.alert)
            .integer(self.key.at_ms)
            .text(&self.key.kind)
            .integer(self.noted.timestamp_millis())
            .bytes(&self.decision)
            .value()
    }
}

/// Which errors; what is absent may be anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct HistoryFilter {
    /// Of this source.
    pub source: Option<String>,
    /// Of this module.
    pub module: Option<String>,
    /// Of this code.
    pub code: Option<String>,
}

/// Errors of one code within one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HistoryRow {
    /// What was counted.
    pub key: HistoryKey,
    /// How many.
    pub errors: u64,
}

/// What errors are counted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct HistoryKey {
    /// Minutes since 1970-01-01T00:00Z.
    pub minute: i64,
    /// The source.
    pub source: String,
    /// The module, such as `ModelArts`.
    pub module: String,
    /// The code, such as `ModelArts.4204`.
    pub code: String,
}

impl HistoryKey {
    /// The key of an error at an instant.
    pub fn at(
        at: DateTime<Utc>,
        source: impl Into<String>,
        module: impl Into<String>,
        code: impl Into<String>,
    ) -> Self {
        let minute = minute_of(at);
        Self { minute, source: source.into(), module: module.into(), code: code.into() }
    }
}

/// The minute that an instant lies in.
pub(super) fn minute_of(at: DateTime<Utc>) -> i64 {
    at.timestamp().div_euclid(60)
}
