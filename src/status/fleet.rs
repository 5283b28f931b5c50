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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::status::metrics::{Asked, Process, write};
    use crate::status::{Grade, Status, Verdict};

    fn sample() -> FleetStatus {
        let last = DateTime::from_timestamp(9_990, 0).unwrap();
        let machine = |name: &str| MachineStatus { name: name.to_owned(), last };
        FleetStatus {
            role: "aggregator".to_owned(),
            machine: "watch-1".to_owned(),
            waiting_messages: 0,
            waiting_bytes: 0,
            is_full: false,
            pending_messages: 0,
            taken_messages: 12,
            repeated_messages: 1,
            newer_messages: 0,
            foreign_messages: 0,
            lost_messages: 0,
            machines: vec![machine("web-1"), machine("web-2")],
            machines_left_out: 0,
            tells: Some(true),
            trouble: None,
        }
    }

    #[test]
    fn a_machine_says_what_it_is_and_what_waits() {
        assert_eq!(sample().words(), "aggregator watch-1, 2 machines heard of, tells");
        let stands_by = FleetStatus { tells: Some(false), pending_messages: 1, ..sample() };
        let words = "aggregator watch-1, 2 machines heard of, 1 message not taken yet, stands by";
        assert_eq!(stands_by.words(), words);
        let role = "agent".to_owned();
        let agent = FleetStatus { role, tells: None, waiting_messages: 3_000, ..sample() };
        assert_eq!(agent.words(), "agent watch-1, 3,000 messages for the broker");
    }

    #[test]
    fn a_full_buffer_is_critical_and_trouble_a_warning() {
        let check = |fleet: FleetStatus| {
            let mut status = Status::sample(DateTime::from_timestamp(10_000, 0).unwrap());
            status.fleet = Some(fleet);
            Verdict::of(&status).grade()
        };
        assert_eq!(check(sample()), Grade::Ok);
        assert_eq!(check(FleetStatus { is_full: true, ..sample() }), Grade::Critical);
        assert_eq!(check(FleetStatus { lost_messages: 1, ..sample() }), Grade::Warning);
        let trouble = Some("connect: connection refused".to_owned());
        assert_eq!(check(FleetStatus { trouble, ..sample() }), Grade::Warning);
    }

    #[test]
    fn metrics_tell_what_an_aggregator_took() {
        let mut status = Status::sample(DateTime::from_timestamp(10_000, 0).unwrap());
        let page = |status: &Status| write(status, &Asked::default(), Process::default());
        assert!(!page(&status).contains("ocrwatch_fleet"));
        status.fleet = Some(sample());
        let page = page(&status);
        for line in [
            "ocrwatch_fleet_info{role=\"aggregator\",machine=\"watch-1\"} 1",
            "ocrwatch_fleet_messages_total{fate=\"taken\"} 12",
            "ocrwatch_fleet_messages_total{fate=\"repeated\"} 1",
            "ocrwatch_fleet_machines 2",
            "ocrwatch_fleet_tells 1",
        ] {
            assert!(page.lines().any(|known| known == line), "{line} in {page}");
        }
    }
}
