//! How a run stands, as a value: what `/api/v1`, `/metrics`, `ocrwatch status`, `ocrwatch top` and
//! systemd's status line show.
//!
//! Owns the shape that leaves the process, what is wrong in it and how grave that is. Must never
//! count what nobody counted, nor ask a stage. Pure. Nothing here fails.
//!
//! Texts that come from logs are redacted; whoever shows them escapes them for its surface.

mod board;
mod check;
mod fleet;
mod frame;
mod line;
pub mod live;
pub mod metrics;
mod outbox;
mod page;
mod section;
mod table;
mod verdict;
mod view;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

pub use board::{Board, TEXTS_MAX};
pub use check::unknown_line;
pub use fleet::{FleetStatus, MachineStatus};
pub use frame::{Frame, Screen, Seen, frame};
pub use outbox::OutboxItem;
pub use page::{write_page, write_silences, write_top};
pub use verdict::{Finding, Grade, Verdict};
pub use view::{ErrorsByModule, Key, MINUTES, Sort, View};

use crate::catalogue::Severity;
use crate::engine::State;

/// So many alerts are listed, the graver and the older first; all are counted.
pub const ALERTS_MAX: usize = 500;

/// So many sources are listed; all are counted in the metrics.
pub const SOURCES_MAX: usize = 1_000;

/// So many combinations of labels are counted one by one.
pub const ERROR_SERIES_MAX: usize = 4_096;

/// How a run stands at one instant.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Status {
    /// The version of the program.
    pub version: String,
    /// The instant.
    pub at: DateTime<Utc>,
    /// When the run began.
    pub started: DateTime<Utc>,
    /// What was written before it began is still being read.
    pub catching_up: bool,
    /// A stage that stands still, in words.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub stalled: Option<String>,
    /// The configuration in force.
    pub configuration: ConfigurationStatus,
    /// What is followed, by name.
    pub sources: Vec<SourceStatus>,
    /// How many further sources there are.
    #[serde(default)]
    pub sources_left_out: u64,
    /// What is pending or fires: what fires first, then the graver, then the older.
    pub alerts: Vec<AlertStatus>,
    /// How many further alerts there are.
    #[serde(default)]
    pub alerts_left_out: u64,
    /// Every rule that is enabled, by name.
    pub rules: Vec<RuleStatus>,
    /// Who is told, by name.
    pub receivers: Vec<ReceiverStatus>,
    /// What operators asked not to be told, by name.
    pub silences: Vec<SilenceStatus>,
    /// The state on disk.
    pub store: StoreStatus,
    /// How it stands among others; none of a machine that is alone.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fleet: Option<FleetStatus>,
    /// What was counted since the run began.
    pub counters: Counters,
    /// The errors since the run began, by labels. For metrics only.
    #[serde(skip)]
    pub errors: BTreeMap<ErrorLabels, u64>,
}

/// The configuration that is in force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ConfigurationStatus {
    /// Since when.
    pub since: DateTime<Utc>,
    /// A newer one was refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub refused: Option<Refused>,
}

/// A configuration that was not taken over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refused {
    /// When.
    pub at: DateTime<Utc>,
    /// What was wrong with it; the first few.
    pub problems: Vec<String>,
}

/// How a source stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceStatus {
    /// The label `source`; what a source reads, if it reads nothing yet and has no name.
    pub name: String,
    /// The key of `[[source]]` that says where its lines come from.
    pub kind: String,
    /// The files that are followed now; none of one that is no file.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub files: Option<u64>,
    /// Lines read since the run began.
    pub lines: u64,
    /// Bytes of decoded text read since the run began.
    pub read_bytes: u64,
    /// OCR errors since the run began, repeats left aside.
    pub errors: u64,
    /// Further prints of the same errors.
    pub repeats: u64,
    /// Codes in prose, lists and the like.
    pub mentions: u64,
    /// Errors whose time could not be read.
    pub untimed: u64,
    /// The last time that was read in it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_at: Option<DateTime<Utc>>,
    /// Bytes that are known to be unread.
    pub lag_bytes: u64,
    /// How old the first unread line may be; 0 if none is unread, absent if that is not known.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lag_seconds: Option<u64>,
    /// Why it cannot be followed, or not all of it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub problem: Option<String>,
}

/// An alert that is pending or fires.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertStatus {
    /// Names it for ever.
    pub fingerprint: String,
    /// Its rule.
    pub rule: String,
    /// The rule's severity.
    pub severity: Severity,
    /// `pending` or `firing`.
    pub state: State,
    /// What the rule's summary says of it.
    pub headline: String,
    /// The group key.
    pub labels: BTreeMap<String, String>,
    /// Since when its condition holds.
    pub since: DateTime<Utc>,
    /// Since when it fires.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fired_at: Option<DateTime<Utc>>,
    /// How many events it has had.
    pub count: u64,
    /// The last of them.
    pub last_at: DateTime<Utc>,
    /// Until when the service refuses, at least.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub locked_until: Option<DateTime<Utc>>,
    /// The silence that covers it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub silenced_by: Option<String>,
    /// The codes of its events, the first first.
    pub codes: Vec<String>,
}

/// How a rule stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleStatus {
    /// Its name.
    pub name: String,
    /// Its severity.
    pub severity: Severity,
    /// How many of its alerts are pending.
    pub pending: u64,
    /// How many of its alerts fire.
    pub firing: u64,
    /// How often one fired since the run began.
    pub fired: u64,
    /// How often one was resolved since the run began.
    pub resolved: u64,
}

/// How a receiver stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiverStatus {
    /// Its name.
    pub name: String,
    /// The key of `[[receiver]]` that says how it is told.
    pub kind: String,
    /// How many notifications wait for it.
    pub waiting: u64,
    /// When the oldest of them was decided.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub oldest: Option<DateTime<Utc>>,
    /// Since when it takes nothing.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failing_since: Option<DateTime<Utc>>,
    /// What it failed with last.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_error: Option<String>,
    /// When it last took one, since the run began.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub last_sent: Option<DateTime<Utc>>,
    /// Notifications that it took since the run began.
    pub sent: u64,
    /// Attempts that are made again.
    pub failed: u64,
    /// Notifications that were given up.
    pub dead: u64,
}

/// What an operator asked not to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SilenceStatus {
    /// Its name.
    pub id: String,
    /// What must be true of an alert, in words: `rule = aksk-*`.
    pub matchers: Vec<String>,
    /// Who asked for it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// From when on; absent if it has no beginning.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<DateTime<Utc>>,
    /// Until when; absent if it lasts until its alerts are resolved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<DateTime<Utc>>,
    /// Whether it stands in the configuration.
    pub configured: bool,
}

/// How the state on disk stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoreStatus {
    /// Its directory.
    pub directory: String,
    /// Commits since the run began.
    pub commits: u64,
    /// Commits that failed.
    pub failures: u64,
    /// Since when nothing could be written.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub failing_since: Option<DateTime<Utc>>,
}

/// What was counted since the run began.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counters {
    /// Times another file was at a path, copies included.
    pub rotations: u64,
    /// Times when lines may have been lost.
    pub possibly_lost: u64,
    /// Bytes that were seen and could never be read.
    pub lost_bytes: u64,
    /// Events later than the lateness.
    pub late: u64,
    /// What was not told, by what withheld it: `silence`, `mute`, `inhibition`.
    pub withheld: BTreeMap<String, u64>,
    /// What a limit left out, by what it was.
    pub left_out: BTreeMap<String, u64>,
}

/// The labels by which errors are counted; what is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct ErrorLabels {
    /// The source.
    pub source: String,
    /// The service that writes it.
    pub service: String,
    /// The module of the code.
    pub module: String,
    /// The code.
    pub code: String,
    /// Which documented cause the message names.
    pub cause: String,
    /// The access key, masked, where the log shows it; else the credential that the configuration
    /// gives.
    pub credential: String,
}

impl Status {
    /// How many alerts fire.
    pub fn firing(&self) -> u64 {
        self.rules.iter().map(|rule| rule.firing).sum()
    }

    /// How many notifications wait.
    pub fn waiting(&self) -> u64 {
        self.receivers.iter().map(|receiver| receiver.waiting).sum()
    }

    /// The listed alerts that fire and are not told because of a silence.
    pub fn silenced_by(&self, silence: &str) -> impl Iterator<Item = &AlertStatus> {
        let is_it = move |alert: &&AlertStatus| {
            alert.state == State::Firing && alert.silenced_by.as_deref() == Some(silence)
        };
        self.alerts.iter().filter(is_it)
    }

    /// The files that are followed.
    pub fn files(&self) -> u64 {
        self.sources.iter().filter_map(|source| source.files).sum()
    }

    /// Bytes that are known to be unread.
    pub fn lag_bytes(&self) -> u64 {
        self.sources.iter().map(|source| source.lag_bytes).sum()
    }
}

#[cfg(test)]
impl Status {
    /// A run that is well: one source of two files, one rule, one receiver.
    pub(crate) fn sample(at: DateTime<Utc>) -> Self {
        let source = SourceStatus {
            name: "app".to_owned(),
            kind: "files".to_owned(),
            files: Some(2),
            lag_seconds: Some(0),
            ..SourceStatus::default()
        };
        let rule = RuleStatus {
            name: "aksk-lockout".to_owned(),
            severity: Severity::Critical,
            pending: 0,
            firing: 0,
            fired: 0,
            resolved: 0,
        };
        let (name, kind) = ("ops".to_owned(), "email".to_owned());
        Self {
            version: "0.1.0".to_owned(),
            at,
            started: at,
            catching_up: false,
            stalled: None,
            configuration: ConfigurationStatus { since: at, refused: None },
            sources: vec![source],
            sources_left_out: 0,
            alerts: Vec::new(),
            alerts_left_out: 0,
            rules: vec![rule],
            receivers: vec![ReceiverStatus { name, kind, ..ReceiverStatus::default() }],
            silences: Vec::new(),
            store: StoreStatus::default(),
            fleet: None,
            counters: Counters::default(),
            errors: BTreeMap::new(),
        }
    }
}

#[cfg(test)]
impl AlertStatus {
    /// One that has fired since then.
    pub(crate) fn sample(at: DateTime<Utc>) -> Self {
        let text = str::to_owned;
        Self {
            fingerprint: text("281e6b5eec1ed0e4"),
            rule: text("aksk-lockout"),
            severity: Severity::Critical,
            state: State::Firing,
            headline: text("the AK/SK of scan-prod is locked"),
            labels: [(text("credential"), text("scan-prod"))].into(),
            since: at,
            fired_at: Some(at),
            count: 6,
            last_at: at,
            locked_until: None,
            silenced_by: None,
            codes: vec![text("APIG.0301")],
        }
    }
}
