//! A status in Prometheus' text format, version 0.0.4.
//!
//! Owns the names of metrics, which rules and dashboards rely on, and the escaping of labels. Must
//! never count anything. Pure. Nothing here fails.
//!
//! The format is written by hand: what the client library would add, a registry that counts, is the
//! business of the stages.

use std::collections::BTreeMap;
use std::fmt::{Display, Write as _};

use chrono::{DateTime, Utc};

use super::{ReceiverStatus, SourceStatus, Status};

/// What the system says of the process; what it does not say is absent.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Process {
    /// The time that it has used of a processor.
    pub cpu_ms: Option<u64>,
    /// The memory that it holds.
    pub resident_bytes: Option<u64>,
    /// The files that it holds open.
    pub open_files: Option<u64>,
    /// How many it may.
    pub open_files_max: Option<u64>,
}

/// What was asked over HTTP.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Asked {
    /// Requests by path and status.
    pub requests: BTreeMap<(&'static str, u16), u64>,
    /// Connections now.
    pub connections: u64,
    /// Pages that are told what changes.
    pub listeners: u64,
    /// Connections and requests that were refused, by why.
    pub refused: BTreeMap<&'static str, u64>,
}

/// All metrics.
pub fn write(status: &Status, asked: &Asked, process: Process) -> String {
    let mut page = Page(String::with_capacity(32 * 1024));
    page.run(status);
    page.errors(status);
    page.sources(status);
    page.alerts(status);
    page.receivers(status);
    page.state(status);
    page.fleet(status);
    page.asked(asked);
    page.process(status, process);
    page.0
}

#[derive(Clone, Copy)]
enum Kind {
    Counter,
    Gauge,
}

struct Page(String);

impl Page {
    fn family(&mut self, name: &str, kind: Kind, help: &str) {
        let kind = match kind {
            Kind::Counter => "counter",
            Kind::Gauge => "gauge",
        };
        // Writing to a string cannot fail, here and below.
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (number, (label, value)) in labels.iter().enumerate() {
            self.0.push(if number == 0 { '{' } else { ',' });
            self.0.push_str(label);
            self.0.push_str("=\"");
            escape(value, &mut self.0);
            self.0.push('"');
        }
        let end = if labels.is_empty() { "" } else { "}" };
        let _ = writeln!(self.0, "{end} {value}");
    }

    fn one(&mut self, name: &str, kind: Kind, help: &str, value: impl Display) {
        self.family(name, kind, help);
        self.sample(name, &[], value);
    }

    fn run(&mut self, status: &Status) {
        let help = "The version of the program that runs.";
        self.family("ocrwatch_build_info", Kind::Gauge, help);
        self.sample("ocrwatch_build_info", &[("version", &status.version)], 1);
        let help = "Whether what was written before the run began is still being read.";
        self.one("ocrwatch_catching_up", Kind::Gauge, help, u8::from(status.catching_up));
        let help = "Whether the last configuration that was read again was refused.";
        let refused = u8::from(status.configuration.refused.is_some());
        self.one("ocrwatch_reload_failed", Kind::Gauge, help, refused);
        let help = "When the configuration came into force.";
        let since = seconds(status.configuration.since);
        self.one("ocrwatch_reload_timestamp_seconds", Kind::Gauge, help, since);
    }

    fn errors(&mut self, status: &Status) {
        let name = "ocrwatch_errors_total";
        self.family(name, Kind::Counter, "OCR errors that logs tell, repeats left aside.");
        for (labels, count) in &status.errors {
            let labels = [
                ("source", labels.source.as_str()),
                ("service", &labels.service),
                ("module", &labels.module),
                ("code", &labels.code),
                ("cause", &labels.cause),
                ("credential", &labels.credential),
            ];
            self.sample(name, &labels, count);
        }
        let late = status.counters.late;
        let help = "Events whose time was further back than the lateness.";
        self.one("ocrwatch_late_total", Kind::Counter, help, late);
    }

    fn sources(&mut self, status: &Status) {
        type Of = fn(&SourceStatus) -> Option<u64>;
        let families: [(&str, Kind, &str, Of); 9] = [
            ("repeats_total", Kind::Counter, "Further prints of errors.", |it| Some(it.repeats)),
            ("mentions_total", Kind::Counter, "Codes that are no errors, as in prose.", |it| {
                Some(it.mentions)
            }),
            ("lines_total", Kind::Counter, "Lines read.", |it| Some(it.lines)),
            ("read_bytes_total", Kind::Counter, "Bytes of text read.", |it| Some(it.read_bytes)),
            ("untimed_total", Kind::Counter, "Errors whose time could not be read.", |it| {
                Some(it.untimed)
            }),
            ("source_files", Kind::Gauge, "Files that are followed.", |it| it.files),
            ("source_lag_bytes", Kind::Gauge, "Bytes that are known to be unread.", |it| {
                Some(it.lag_bytes)
            }),
            ("source_lag_seconds", Kind::Gauge, "Age of the first unread line.", |it| {
                it.lag_seconds
            }),
            ("source_up", Kind::Gauge, "Whether all of the source is followed.", |it| {
                Some(it.problem.is_none().into())
            }),
        ];
        for (name, kind, help, of) in families {
            let name = format!("ocrwatch_{name}");
            self.family(&name, kind, help);
            for source in &status.sources {
                if let Some(value) = of(source) {
                    self.sample(&name, &[("source", &source.name)], value);
                }
            }
        }
        let counters = &status.counters;
        let help = "Times another file was at a path.";
        self.one("ocrwatch_rotations_total", Kind::Counter, help, counters.rotations);
        let help = "Bytes that were seen and could never be read.";
        self.one("ocrwatch_lost_bytes_total", Kind::Counter, help, counters.lost_bytes);
        let help = "Times when lines may have been lost.";
        self.one("ocrwatch_possibly_lost_total", Kind::Counter, help, counters.possibly_lost);
    }

    fn alerts(&mut self, status: &Status) {
        let alerts = "ocrwatch_alerts";
        self.family(alerts, Kind::Gauge, "Alerts that are pending or fire.");
        for rule in &status.rules {
            for (state, count) in [("pending", rule.pending), ("firing", rule.firing)] {
                let severity = rule.severity.name();
                let labels = [("rule", &*rule.name), ("severity", severity), ("state", state)];
                self.sample(alerts, &labels, count);
            }
        }
        let changes = "ocrwatch_alert_changes_total";
        self.family(changes, Kind::Counter, "How often alerts fired and were resolved.");
        for rule in &status.rules {
            for (to, count) in [("firing", rule.fired), ("resolved", rule.resolved)] {
                self.sample(changes, &[("rule", &rule.name), ("to", to)], count);
            }
        }
        let withheld = "ocrwatch_withheld_total";
        self.family(withheld, Kind::Counter, "Changes of alerts that were not told, by why.");
        for by in ["silence", "mute", "inhibition"] {
            let count = status.counters.withheld.get(by).copied().unwrap_or_default();
            self.sample(withheld, &[("by", by)], count);
        }
        let help = "Silences that have not ended.";
        self.one("ocrwatch_silences", Kind::Gauge, help, status.silences.len());
    }

    fn receivers(&mut self, status: &Status) {
        type Of<'f> = &'f dyn Fn(&ReceiverStatus) -> Option<String>;
        let told = "ocrwatch_notifications_total";
        let help = "What became of notifications: sent, failed and tried again, or dead.";
        self.family(told, Kind::Counter, help);
        for receiver in &status.receivers {
            for (outcome, count) in
                [("sent", receiver.sent), ("failed", receiver.failed), ("dead", receiver.dead)]
            {
                self.sample(told, &[("receiver", &receiver.name), ("outcome", outcome)], count);
            }
        }
        let age = |since: Option<DateTime<Utc>>| {
            let age = since.map_or(0, |since| (status.at - since).num_seconds().max(0));
            Some(age.to_string())
        };
        let families: [(&str, &str, Of<'_>); 4] = [
            ("ocrwatch_outbox_waiting", "Notifications that wait for a receiver.", &|it| {
                Some(it.waiting.to_string())
            }),
            ("ocrwatch_outbox_oldest_seconds", "Age of the oldest that waits.", &|it| {
                age(it.oldest)
            }),
            ("ocrwatch_receiver_failing_seconds", "For how long it has taken nothing.", &|it| {
                age(it.failing_since)
            }),
            (
                "ocrwatch_receiver_last_sent_timestamp_seconds",
                "When a receiver last took a notification.",
                &|it| it.last_sent.map(seconds),
            ),
        ];
        for (name, help, of) in families {
            self.family(name, Kind::Gauge, help);
            for receiver in &status.receivers {
                if let Some(value) = of(receiver) {
                    self.sample(name, &[("receiver", &receiver.name)], value);
                }
            }
        }
    }

    fn fleet(&mut self, status: &Status) {
        let Some(fleet) = &status.fleet else { return };
        let help = "What this machine is in its fleet.";
        self.family("ocrwatch_fleet_info", Kind::Gauge, help);
        let labels = [("role", fleet.role.as_str()), ("machine", &fleet.machine)];
        self.sample("ocrwatch_fleet_info", &labels, 1);
        let trouble = u8::from(fleet.trouble.is_some());
        self.one(
            "ocrwatch_fleet_trouble",
            Kind::Gauge,
            "Whether the broker is in trouble.",
            trouble,
        );
        let help = "Messages that wait for the broker.";
        self.one("ocrwatch_fleet_waiting_messages", Kind::Gauge, help, fleet.waiting_messages);
        let help = "Bytes of messages that wait for the broker.";
        self.one("ocrwatch_fleet_waiting_bytes", Kind::Gauge, help, fleet.waiting_bytes);
        let help = "Whether so much waits that logs are not read on.";
        self.one("ocrwatch_fleet_full", Kind::Gauge, help, u8::from(fleet.is_full));
        let Some(tells) = fleet.tells else { return };
        let help = "Whether this aggregator is the one that tells.";
        self.one("ocrwatch_fleet_tells", Kind::Gauge, help, u8::from(tells));
        let help = "Messages at the broker that are not taken yet.";
        self.one("ocrwatch_fleet_pending_messages", Kind::Gauge, help, fleet.pending_messages);
        let machines = fleet.machines.len() as u64 + fleet.machines_left_out;
        self.one("ocrwatch_fleet_machines", Kind::Gauge, "Machines that were heard of.", machines);
        let help = "Messages of the fleet, by what became of them.";
        self.family("ocrwatch_fleet_messages_total", Kind::Counter, help);
        for (fate, count) in [
            ("taken", fleet.taken_messages),
            ("repeated", fleet.repeated_messages),
            ("newer", fleet.newer_messages),
            ("foreign", fleet.foreign_messages),
            ("lost", fleet.lost_messages),
        ] {
            self.sample("ocrwatch_fleet_messages_total", &[("fate", fate)], count);
        }
    }

    fn state(&mut self, status: &Status) {
        let store = &status.store;
        let help = "Commits of the state.";
        self.one("ocrwatch_commits_total", Kind::Counter, help, store.commits);
        let help = "Commits that failed.";
        self.one("ocrwatch_commit_failures_total", Kind::Counter, help, store.failures);
        let failing = store.failing_since.map_or(0, |since| (status.at - since).num_seconds());
        let help = "For how long the state could not be written.";
        self.one("ocrwatch_commit_failing_seconds", Kind::Gauge, help, failing.max(0));
        let left_out = "ocrwatch_left_out_total";
        self.family(left_out, Kind::Counter, "What a limit left out, by what it was.");
        for (what, count) in &status.counters.left_out {
            self.sample(left_out, &[("what", what)], count);
        }
    }

    fn asked(&mut self, asked: &Asked) {
        let requests = "ocrwatch_http_requests_total";
        self.family(requests, Kind::Counter, "Requests over HTTP.");
        for ((path, status), count) in &asked.requests {
            self.sample(requests, &[("path", path), ("status", &status.to_string())], count);
        }
        let help = "Connections over HTTP.";
        self.one("ocrwatch_http_connections", Kind::Gauge, help, asked.connections);
        let help = "Open pages that are told what changes.";
        self.one("ocrwatch_http_listeners", Kind::Gauge, help, asked.listeners);
        let refused = "ocrwatch_http_refused_total";
        self.family(refused, Kind::Counter, "Connections and requests refused, by why.");
        for (why, count) in &asked.refused {
            self.sample(refused, &[("why", why)], count);
        }
    }

    fn process(&mut self, status: &Status, process: Process) {
        let help = "When the run began.";
        let started = seconds(status.started);
        self.one("process_start_time_seconds", Kind::Gauge, help, started);
        if let Some(cpu_ms) = process.cpu_ms {
            let help = "Time used of a processor.";
            let spent = format!("{}.{:03}", cpu_ms / 1000, cpu_ms % 1000);
            self.one("process_cpu_seconds_total", Kind::Counter, help, spent);
        }
        for (name, help, value) in [
            ("process_resident_memory_bytes", "Memory held.", process.resident_bytes),
            ("process_open_fds", "Files held open.", process.open_files),
            ("process_max_fds", "Files that may be held open.", process.open_files_max),
        ] {
            if let Some(value) = value {
                self.one(name, Kind::Gauge, help, value);
            }
        }
    }
}

/// With milliseconds, as Prometheus writes instants.
fn seconds(at: DateTime<Utc>) -> String {
    let ms = at.timestamp_millis().max(0);
    format!("{}.{:03}", ms / 1000, ms % 1000)
}

fn escape(value: &str, out: &mut String) {
    for c in value.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            // Prometheus takes it, and who looks at it with a terminal should not obey it.
            c if c.is_control() => out.push(char::REPLACEMENT_CHARACTER),
            c => out.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::ErrorLabels;
    use super::*;

    #[test]
    fn labels_are_escaped_and_cannot_end_their_line() {
        let mut escaped = String::new();
        escape("a\"b\\c\nd\u{1b}[31m\u{e9}", &mut escaped);
        assert_eq!(escaped, "a\\\"b\\\\c\\nd\u{fffd}[31m\u{e9}");
    }

    #[test]
    fn every_family_is_told_once_with_its_samples_behind_it() {
        let mut status = Status::sample(DateTime::from_timestamp(10_000, 0).unwrap());
        let labels = ErrorLabels { code: "a\n# TYPE b gauge".to_owned(), ..ErrorLabels::default() };
        status.errors.insert(labels, 7);
        let page = write(
            &status,
            &Asked::default(),
            Process { cpu_ms: Some(1_005), ..Process::default() },
        );
        let mut family = "";
        let mut seen = Vec::new();
        for line in page.lines() {
            if let Some(name) = line.strip_prefix("# TYPE ").and_then(|it| it.split(' ').next()) {
                assert!(!seen.contains(&name), "{name} twice");
                seen.push(name);
                family = name;
            } else if !line.starts_with('#') {
                let name = line.split(['{', ' ']).next().unwrap();
                assert_eq!(name, family, "{line}");
            }
        }
        assert!(seen.len() > 30, "{seen:?}");
        assert!(page.contains("code=\"a\\n# TYPE b gauge\""), "{page}");
        assert!(page.contains("\nprocess_cpu_seconds_total 1.005\n"), "{page}");
        assert!(page.contains(
            "ocrwatch_alerts{rule=\"aksk-lockout\",severity=\"critical\",state=\"firing\"} 0\n"
        ));
    }
}
