//! Alerts about ocrwatch itself, which only somebody else can tell.
//!
//! Owns what is wrong with a run, as its metrics show it. Must never know the user's rules. Nothing
//! here fails.

/// The name under which Prometheus asks ocrwatch.
pub(super) const JOB: &str = "ocrwatch";

/// Counters that should never rise, and the name of what they rose by in a quarter of an hour.
pub(super) const FEARED: [(&str, &str); 4] = [
    ("ocrwatch:dead:increase15m", "ocrwatch_notifications_total{outcome=\"dead\"}"),
    ("ocrwatch:lost_bytes:increase15m", "ocrwatch_lost_bytes_total"),
    ("ocrwatch:left_out:increase15m", "ocrwatch_left_out_total"),
    (
        "ocrwatch:fleet_left_aside:increase15m",
        "ocrwatch_fleet_messages_total{fate=~\"foreign|lost|newer\"}",
    ),
];

/// An alert.
pub(super) struct Health {
    pub(super) name: &'static str,
    pub(super) severity: &'static str,
    /// `JOB` stands for the job's name.
    pub(super) expr: &'static str,
    /// How long it must hold; absent where it is said at once.
    pub(super) hold: Option<&'static str>,
    /// A template of Go.
    pub(super) summary: &'static str,
    pub(super) description: &'static str,
}

pub(super) const ALERTS: [Health; 17] = [
    Health {
        name: "ocrwatch-watchdog",
        severity: "none",
        expr: "vector(1)",
        hold: None,
        summary: "alerts about OCR reach whoever is to hear of them",
        description: "This alert always fires. Route it to a service that says so when it does \
                      not come any more.",
    },
    Health {
        name: "ocrwatch-absent",
        severity: "critical",
        expr: "absent(up{job=\"JOB\"})",
        hold: Some("5m"),
        summary: "Prometheus has no target with job ocrwatch",
        description: "Nobody watches the logs, or Prometheus is not told where ocrwatch is. See \
                      the scrape configuration and its service discovery.",
    },
    Health {
        name: "ocrwatch-down",
        severity: "critical",
        expr: "up{job=\"JOB\"} == 0",
        hold: Some("2m"),
        summary: "ocrwatch at {{ $labels.instance }} does not answer",
        description: "Either it does not run, and nobody is told of errors, or Prometheus cannot \
                      reach it, or its token is refused. `systemctl status ocrwatch` on that \
                      machine tells the first, the target's page in Prometheus the others.",
    },
    Health {
        name: "ocrwatch-source-unreadable",
        severity: "critical",
        expr: "ocrwatch_source_up == 0",
        hold: Some("5m"),
        summary: "source {{ $labels.source }} at {{ $labels.instance }} cannot be read",
        description: "Its errors are not seen. The log of ocrwatch says why: most often rights \
                      that a rotation took away, or a directory that is gone.",
    },
    Health {
        name: "ocrwatch-source-lagging",
        severity: "warning",
        // A quiet log has an old time, too; only one with unread bytes is behind.
        expr: "ocrwatch_source_lag_seconds > 300 and ocrwatch_source_lag_bytes > 0",
        hold: Some("5m"),
        summary: "source {{ $labels.source }} at {{ $labels.instance }} is \
                  {{ humanizeDuration $value }} behind",
        description: "Alerts come that late. Logs are written faster than they are read, or the \
                      machine is too slow: look at its load and at the disk of the state.",
    },
    Health {
        name: "ocrwatch-receiver-failing",
        severity: "critical",
        expr: "ocrwatch_receiver_failing_seconds > 300",
        hold: None,
        summary: "receiver {{ $labels.receiver }} of {{ $labels.instance }} has taken nothing for \
                  {{ humanizeDuration $value }}",
        description: "What it is to be told waits, for three days at most. `ocrwatch outbox list` \
                      says why, `ocrwatch send-test` shows each step.",
    },
    Health {
        name: "ocrwatch-outbox-not-moving",
        severity: "warning",
        expr: "ocrwatch_outbox_oldest_seconds > 900",
        hold: Some("5m"),
        summary: "a notification for {{ $labels.receiver }} at {{ $labels.instance }} has waited \
                  for {{ humanizeDuration $value }}",
        description: "Somebody who should know something does not yet. `ocrwatch outbox list` \
                      shows what waits and why.",
    },
    Health {
        name: "ocrwatch-notification-dead",
        severity: "critical",
        expr: "ocrwatch:dead:increase15m > 0",
        hold: None,
        summary: "notifications for {{ $labels.receiver }} of {{ $labels.instance }} that were given up: \
                  {{ $value }}",
        description: "A notification will not be told any more. `ocrwatch outbox list --state \
                      dead` shows it and why, `ocrwatch outbox retry` tries again.",
    },
    Health {
        name: "ocrwatch-commits-failing",
        severity: "critical",
        expr: "ocrwatch_commit_failing_seconds > 60",
        hold: None,
        summary: "ocrwatch at {{ $labels.instance }} has not been able to write its state for \
                  {{ humanizeDuration $value }}",
        description: "Alerts are told all the same; what is not written is told again after a new \
                      start. Look for a full or read-only disk.",
    },
    Health {
        name: "ocrwatch-reload-failed",
        severity: "warning",
        expr: "ocrwatch_reload_failed == 1",
        hold: None,
        summary: "ocrwatch at {{ $labels.instance }} refused its last configuration",
        description: "The one before is still in force, and a new start would fail. `ocrwatch \
                      check` says what is wrong.",
    },
    Health {
        name: "ocrwatch-bytes-lost",
        severity: "warning",
        expr: "ocrwatch:lost_bytes:increase15m > 0",
        hold: None,
        summary: "{{ humanize1024 $value }}B of logs at {{ $labels.instance }} were never read",
        description: "A log was cut or deleted before it was read to its end. Let the rotation \
                      rename files, keep some of them, and empty none that is written to.",
    },
    Health {
        name: "ocrwatch-limit-reached",
        severity: "warning",
        expr: "ocrwatch:left_out:increase15m > 0",
        hold: None,
        summary: "limits of ocrwatch at {{ $labels.instance }} were reached: {{ $labels.what }} left out: \
                  {{ $value }}",
        description: "A limit was reached, so something is not counted or not told. `label_sets` \
                      are counters of errors: the alerts of this file may miss some then.",
    },
    Health {
        name: "ocrwatch-files-short",
        severity: "warning",
        expr: "process_open_fds{job=\"JOB\"} / process_max_fds{job=\"JOB\"} > 0.9",
        hold: Some("10m"),
        summary: "ocrwatch at {{ $labels.instance }} has nearly all the open files that it may",
        description: "Logs that cannot be opened are not read. Raise `LimitNOFILE=` of the \
                      service.",
    },
    Health {
        name: "ocrwatch-fleet-cut-off",
        severity: "warning",
        expr: "ocrwatch_fleet_trouble == 1",
        hold: Some("5m"),
        summary: "ocrwatch at {{ $labels.instance }} does not reach the fleet's broker",
        description: "What it finds waits in its state, and nobody decides about it yet. `ocrwatch \
                      status` on that machine says what is wrong.",
    },
    Health {
        name: "ocrwatch-fleet-full",
        severity: "critical",
        expr: "ocrwatch_fleet_full == 1",
        hold: None,
        summary: "logs at {{ $labels.instance }} are not read on: too much waits for the fleet's \
                  broker",
        description: "They wait on disk as long as rotation leaves them there. Bring the broker \
                      back, or raise `buffer_max` of [fleet].",
    },
    Health {
        name: "ocrwatch-fleet-untold",
        severity: "critical",
        expr: "max by (job) (ocrwatch_fleet_tells) == 0",
        hold: Some("2m"),
        summary: "no aggregator of the fleet tells",
        description: "Each of them leaves it to another one, and none has the lease. `ocrwatch \
                      status` on them says what the broker answers.",
    },
    Health {
        name: "ocrwatch-fleet-left-aside",
        severity: "warning",
        expr: "ocrwatch:fleet_left_aside:increase15m > 0",
        hold: None,
        summary: "messages of the fleet that {{ $labels.instance }} did not take: \
                  {{ $labels.fate }}, {{ $value }}",
        description: "`lost`: the broker let them go before they were taken, so its `retention` or \
                      its disk is too small. `newer`: an agent is newer than this aggregator. \
                      `foreign`: somebody publishes who is no agent.",
    },
];
