//! How a run stands among the machines of its fleet.
//!
//! Owns what is known of it. Must never ask the broker. Nothing here fails.

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::surface::phrase;

/// How a run stands among others.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FleetStatus {
    /// `agent`, `host` or `aggregator`.
    pub role: String,
    /// This machine's name.
    pub machine: String,
    /// Messages that wait for the broker.
    pub waiting_messages: u64,
    /// Their bytes.
    pub waiting_bytes: u64,
    /// So much waits that logs are not read on.
    pub is_full: bool,
    /// Messages at the broker that this machine has not taken yet.
    pub pending_messages: u64,
    /// Messages that were taken since the run began.
    pub taken_messages: u64,
    /// Messages that came again.
    pub repeated_messages: u64,
    /// Messages that a newer ocrwatch wrote.
    pub newer_messages: u64,
    /// Messages that no machine of the fleet wrote.
    pub foreign_messages: u64,
    /// Messages that the broker let go before they were taken.
    pub lost_messages: u64,
    /// The machines that were heard of, by name.
    pub machines: Vec<MachineStatus>,
    /// How many further machines there are.
    #[serde(default)]
    pub machines_left_out: u64,
    /// Whether this aggregator is the one that tells; none of another machine.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub tells: Option<bool>,
    /// What is wrong with the way to the broker.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub trouble: Option<String>,
}

/// A machine that was heard of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MachineStatus {
    /// Its name.
    pub name: String,
    /// When it was heard of last, by this machine's clock.
    pub last: DateTime<Utc>,
}

impl FleetStatus {
    /// Role, and what waits, in words.
    pub(super) fn words(&self) -> String {
        let Self { role, machine, .. } = self;
        let mut words = format!("{role} {machine}");
        if self.waiting_messages > 0 {
            let count = phrase::counted(self.waiting_messages, "message", "messages");
            words += &format!(", {count} for the broker");
        }
        if role == "aggregator" {
            let machines = self.machines.len() as u64 + self.machines_left_out;
            let heard = phrase::counted(machines, "machine", "machines");
            words += &format!(", {heard} heard of");
        }
        if self.pending_messages > 0 {
            let count = phrase::counted(self.pending_messages, "message", "messages");
            words += &format!(", {count} not taken yet");
        }
        match self.tells {
            Some(true) => words.push_str(", tells"),
            Some(false) => words.push_str(", stands by"),
            None => {}
        }
        words
    }
}
