//! What the policy decides: to tell, or to withhold.
//!
//! Owns the words for it and the id of a notification. Must never decide. Nothing here fails.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::facet::Facet;
use super::passage::Passage;
use crate::engine::alert::Alert;
use crate::engine::label::Fingerprint;
use crate::engine::time::Instant;
use crate::fnv::Fnv;

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// Tell somebody.
    Notify(Notification),
    /// Do not tell of an alert, though there is something to tell.
    Withhold(Withheld),
}

/// What a receiver is told at one instant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notification {
    /// The same for the same changes: who has been given one twice drops the second.
    pub id: NotificationId,
    /// When it was due, which may lie behind the instant at which it was asked for.
    pub at: Instant,
    /// Who is told.
    pub receiver: Arc<str>,
    /// The route by which; of a historical one the first that leads to the receiver.
    pub route: Arc<str>,
    /// What the alerts have in common; an absent value is one that none of them has.
    pub group: Vec<(Facet, Option<Arc<str>>)>,
    /// It is what found no room among the groups: the alerts have nothing in common.
    pub is_overflow: bool,
    /// Why it is told.
    pub reason: NotifyReason,
    /// News first, then the graver, then what fires, then the earlier; in a historical one what
    /// fires comes before the graver. At most as many as the limit allows.
    pub alerts: Vec<ToldAlert>,
    /// How many more there are.
    pub left_out: u64,
    /// How many fire, those included that were left out.
    pub firing: u64,
    /// How many were resolved, those included that were left out.
    pub resolved: u64,
    /// The time, by the log, whose changes a historical one tells; none of others.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub covers: Option<Covered>,
    /// What became of it on its way.
    #[serde(skip_serializing_if = "Passage::is_direct", default)]
    pub passage: Passage,
}

/// A span of time that was read on after nobody had watched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Covered {
    /// Its beginning.
    pub from: Instant,
    /// Its end.
    pub until: Instant,
}

/// Why a receiver is told: the first of these that is true of any alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum NotifyReason {
    /// An alert fired, in a group of which nothing was told.
    First,
    /// An alert fired.
    New,
    /// A silence has ended, and an alert still fires.
    SilenceEnded,
    /// A mute has ended, and an alert still fires.
    MuteEnded,
    /// An alert that explained another is over, and the other still fires.
    InhibitionEnded,
    /// A firing alert began to flap.
    Changed,
    /// An alert was resolved.
    Resolved,
    /// What changed since the last digest is told together.
    Digest,
    /// What changed while nobody watched is told at once, for all groups of the receiver.
    Historical,
    /// Nothing changed for long; it is told again, for the so manieth time.
    Repeat {
        /// Since the last change, 1 for the first.
        count: u32,
    },
}

impl NotifyReason {
    fn word(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::New => "new",
            Self::SilenceEnded => "silence-ended",
            Self::MuteEnded => "mute-ended",
            Self::InhibitionEnded => "inhibition-ended",
            Self::Changed => "changed",
            Self::Resolved => "resolved",
            Self::Digest => "digest",
            Self::Historical => "historical",
            Self::Repeat { .. } => "repeat",
        }
    }
}

impl fmt::Display for NotifyReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// An alert in a notification.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToldAlert {
    /// The alert.
    pub alert: Arc<Alert>,
    /// Where it stands.
    pub status: AlertStatus,
    /// When it last changed, in event time.
    pub changed_at: Instant,
    /// It is a reason for this notification; else it only still fires.
    pub is_news: bool,
    /// How often it fired since it was last told of.
    pub episodes: u32,
    /// What withheld it until now.
    pub ended: Option<WithheldBy>,
}

/// Where an alert stands when it is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AlertStatus {
    /// It fires.
    Firing,
    /// It fired and was resolved before anybody could be told.
    FiredAndResolved,
    /// It was told that it fires, and does no more.
    Resolved,
}

impl AlertStatus {
    fn word(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::FiredAndResolved => "fired-and-resolved",
            Self::Resolved => "resolved",
        }
    }
}

impl fmt::Display for AlertStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.word())
    }
}

/// An alert of which something is not told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Withheld {
    /// The alert.
    pub alert: Fingerprint,
    /// Its rule.
    pub rule: Arc<str>,
    /// When it would have been told.
    pub at: Instant,
    /// By which route.
    pub route: Arc<str>,
    /// What withholds it.
    pub by: WithheldBy,
}

/// What withholds an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WithheldBy {
    /// An operator's silence.
    Silence {
        /// Its id.
        id: Arc<str>,
        /// Who asked for it.
        author: Arc<str>,
        /// Why.
        reason: Arc<str>,
    },
    /// A time of the week.
    Mute {
        /// Its name.
        name: Arc<str>,
    },
    /// A firing alert that explains this one.
    Inhibition {
        /// That alert.
        by: Fingerprint,
        /// Its rule.
        rule: Arc<str>,
    },
}

/// Names a notification by what it tells: the receiver, the group, the reason and the instants, in
/// event time, of the changes. When changes are told does not enter; where nothing but time has
/// passed, the instant at which it was due does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NotificationId(pub u64);

impl NotificationId {
    /// The id of a notification whose alerts are those that it is about, in any order.
    pub(super) fn of(
        receiver: &str,
        route: &str,
        group: &[(Facet, Option<Arc<str>>)],
        (reason, at): (NotifyReason, Instant),
        alerts: &[ToldAlert],
    ) -> Self {
        let mut hash = Fnv::new();
        hash.text(receiver).text(route).text(reason.word());
        let is_change = matches!(
            reason,
            NotifyReason::First
                | NotifyReason::New
                | NotifyReason::Changed
                | NotifyReason::Resolved
                | NotifyReason::Historical
        );
        hash_instant(&mut hash, (!is_change).then_some(at));
        for (facet, value) in group {
            hash.text(facet.as_str()).option(value.as_deref());
        }
        let mut news: Vec<_> = alerts.iter().filter(|told| told.is_news).collect();
        news.sort_by_key(|told| told.alert.fingerprint);
        for ToldAlert { alert, status, changed_at, .. } in news {
            hash.number(alert.fingerprint.0).text(status.word());
            for at in [Some(*changed_at), alert.fired_at, alert.resolved_at] {
                hash_instant(&mut hash, at);
            }
        }
        Self(hash.get())
    }

    /// That of one notification that stands for several.
    pub fn of_merged(ids: impl IntoIterator<Item = Self>) -> Self {
        let mut hash = Fnv::new();
        hash.text("merged");
        for id in ids {
            hash.number(id.0);
        }
        Self(hash.get())
    }

    /// That of the same notification as another receiver is told of it.
    #[must_use]
    pub fn by_way_of(self, receiver: &str) -> Self {
        let mut hash = Fnv::after(self.0);
        hash.text("via").text(receiver);
        Self(hash.get())
    }

    /// The same, told apart by when something else was told before.
    pub(super) fn behind(self, told: &[(Fingerprint, Option<Instant>)]) -> Self {
        let mut hash = Fnv::after(self.0);
        for (alert, told_at) in told {
            hash.number(alert.0);
            hash_instant(&mut hash, *told_at);
        }
        Self(hash.get())
    }
}

impl fmt::Display for NotificationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for NotificationId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

impl Serialize for NotificationId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for NotificationId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// Takes an instant in, or that there is none.
pub(super) fn hash_instant(hash: &mut Fnv, at: Option<Instant>) -> &mut Fnv {
    match at {
        Some(at) => hash.bytes(&[0xfe]).bytes(&at.0.to_le_bytes()),
        None => hash.bytes(&[0xfd]),
    }
}
