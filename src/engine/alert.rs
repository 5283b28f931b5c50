//! One alert: its state, and what is known of it when it changes.
//!
//! Owns the words for states and reasons, and the value that leaves the engine at every change.
//! Must never decide a change; `lifecycle` does. Nothing here fails.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use super::label::{Fingerprint, LabelName};
use super::time::{Instant, Span};
use crate::catalogue::Severity;

/// Where an alert stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// The condition does not hold.
    #[default]
    Inactive,
    /// The condition holds, but not yet for long enough.
    Pending,
    /// It fires.
    Firing,
    /// It fired and does no more.
    Resolved,
}

impl fmt::Display for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Inactive => "inactive",
            Self::Pending => "pending",
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        })
    }
}

/// Why an alert changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Reason {
    /// So many events in the window.
    Count {
        /// How many there were.
        count: u32,
        /// The window's length.
        within: Span,
    },
    /// So many failures in a row.
    Consecutive {
        /// How many there were.
        count: u32,
        /// Whether any success was ever seen that could have ended the row.
        success_visible: bool,
    },
    /// Such a share, in thousandths.
    Ratio {
        /// The share.
        permille: u32,
        /// Of so many.
        of: u32,
        /// The window's length.
        within: Span,
    },
    /// So many, and so many before on average, in thousandths.
    Spike {
        /// In this window.
        count: u32,
        /// In the windows before, on average.
        before_permille: u64,
        /// The window's length.
        within: Span,
    },
    /// Never seen, or not for so long.
    New {
        /// Since when; never if there is none.
        unseen_since: Option<Instant>,
    },
    /// Nothing came since.
    Absent {
        /// The last that came.
        since: Instant,
    },
    /// So many different values in the window.
    Distinct {
        /// How many.
        count: u32,
        /// The window's length.
        within: Span,
    },
    /// One event, so long after another.
    Sequence {
        /// How long after.
        after: Span,
    },
    /// The condition held for as long as the rule asks (`for`).
    Held {
        /// So long.
        hold: Span,
    },
    /// The condition ended before it had held for that long.
    NotHeld,
    /// It fired too often: from now on it is one flapping alert.
    Flapping {
        /// How often.
        times: u32,
        /// Within so long.
        within: Span,
    },
    /// Nothing more came for long enough.
    Quiet {
        /// The condition ended at.
        since: Instant,
    },
    /// A call succeeded.
    Success {
        /// When.
        at: Instant,
    },
    /// What was missing came.
    Back,
}

/// The lines around one event, redacted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sample {
    /// The file's name as the user gave it.
    pub file: Arc<str>,
    /// 1-based.
    pub line: u64,
    /// When it happened.
    pub at: Instant,
    /// The offset of the log's own zone, in seconds east.
    pub offset_s: i32,
    /// The lines.
    pub text: String,
}

/// How often a code, with one of its causes, was part of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeCount {
    /// The code.
    pub code: Arc<str>,
    /// The cause that messages named.
    pub cause: Option<Arc<str>>,
    /// How often.
    pub count: u64,
    /// The last time.
    pub last_at: Instant,
    /// The last message.
    pub message: Option<Arc<str>>,
}

/// A value of a label that events of an alert had beside the group's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Affected {
    /// The label.
    pub name: LabelName,
    /// The value.
    pub value: Arc<str>,
    /// When it was last seen.
    pub last_at: Instant,
}

/// What is known of an alert's events.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Codes with their causes, in the order in which they came.
    pub codes: Vec<CodeCount>,
    /// How many events had a further code, or a further cause of one.
    pub codes_left_out: u64,
    /// The throttling limit that the last message carried.
    pub limit: Option<u64>,
    /// The period of that limit.
    pub period: Option<Arc<str>>,
    /// The values of labels.
    pub affected: Vec<Affected>,
    /// How many further values found no room.
    pub affected_left_out: u64,
    /// The first and the latest request ids.
    pub request_ids: Vec<String>,
    /// At most three: the episode's first and the two latest.
    pub samples: Vec<Sample>,
    /// How many events there were whose access key the log does not show.
    pub access_key_unseen: u64,
    /// How many events had a code that was inferred, not printed.
    pub inferred: u64,
    /// The offset of the log's own zone, in seconds east, at the last event.
    pub offset_s: i32,
}

/// An alert as it is told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alert {
    /// The rule's name.
    pub rule: Arc<str>,
    /// The rule's severity.
    pub severity: Severity,
    /// Names this alert for ever.
    pub fingerprint: Fingerprint,
    /// The group key; labels that the log does not tell are absent.
    pub labels: Vec<(LabelName, Arc<str>)>,
    /// Since when the condition holds.
    pub pending_at: Instant,
    /// Since when it fires; none if it is only pending.
    pub fired_at: Option<Instant>,
    /// When it was resolved.
    pub resolved_at: Option<Instant>,
    /// How many events it has had since the condition holds, those that made it hold included.
    pub count: u64,
    /// The first of them.
    pub first_at: Instant,
    /// The last of them.
    pub last_at: Instant,
    /// How many of them came later than the lateness allows.
    pub late: u64,
    /// How many of them had an unbelievable time, and count as of when they came.
    pub clamped: u64,
    /// It fires and resolves so often that it is told as one.
    pub flapping: bool,
    /// Until when the service refuses, at least: the last failure and the rule's `lock`.
    pub locked_until: Option<Instant>,
    /// How many further groups of the rule found no room.
    pub groups_left_out: u64,
    /// What is known of its events.
    pub evidence: Arc<Evidence>,
}

impl Alert {
    /// The value of a label.
    pub fn label(&self, name: &LabelName) -> Option<&str> {
        let found = self.labels.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| &**value)
    }
}

/// A change of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transition {
    /// When, in event time.
    pub at: Instant,
    /// From this state.
    pub from: State,
    /// To this one.
    pub to: State,
    /// Why.
    pub reason: Reason,
    /// The alert after the change.
    pub alert: Arc<Alert>,
}
