//! What the dashboard shows, row by row.
//!
//! Owns the questions to Prometheus. Must never know how a panel is written or where it lies.
//! Nothing here fails.

use super::panel::{Panel, Query, Unit};
use crate::catalogue::Catalogue;
use crate::rules::RuleSet;

/// What a panel is about: the processes that the reader chose.
pub(super) const CHOSEN: &str = "job=~\"$job\", instance=~\"$instance\"";

/// Of a source that the reader chose.
const OF_SOURCE: &str = "job=~\"$job\", instance=~\"$instance\", source=~\"$source\"";

/// New panels stand at the end of their row, or all behind them get another number.
pub(super) fn rows(rules: &RuleSet, catalogue: &Catalogue) -> Vec<(&'static str, Vec<Panel>)> {
    vec![
        ("What fires", firing(rules)),
        ("Errors", errors(catalogue)),
        ("Sources", sources()),
        ("Notifications", notifications()),
        ("State", state()),
        ("Process", process()),
        ("Fleet", fleet()),
    ]
}

fn chosen(metric: &str) -> String {
    match metric.strip_suffix('}') {
        Some(open) => format!("{open}, {CHOSEN}}}"),
        None => format!("{metric}{{{CHOSEN}}}"),
    }
}

/// For counters that are there from the beginning.
fn risen(metric: &str) -> String {
    format!("increase({}[$__interval])", chosen(metric))
}

fn of_source(metric: &str) -> String {
    format!("{metric}{{{OF_SOURCE}}}")
}

/// What was counted in a length of time: exactly by the recording rules, else as it is guessed.
fn counted(by: &str, over: &str) -> String {
    let by = if by.is_empty() { String::new() } else { format!(" by ({by})") };
    let labels = format!("{{{OF_SOURCE}, code=~\"$code\"}}");
    format!(
        "sum{by} (sum_over_time(code:ocrwatch_errors:increase1m{labels}[{over}])) \
         or sum{by} (increase(ocrwatch_errors_total{labels}[{over}]))"
    )
}

fn firing(rules: &RuleSet) -> Vec<Panel> {
    let firing = chosen("ocrwatch_alerts{state=\"firing\"}");
    let critical = chosen("ocrwatch_alerts{state=\"firing\", severity=\"critical\"}");
    let names: Vec<_> = rules.rules().iter().map(|rule| &*rule.name).collect();
    vec![
        Panel::stat("Critical alerts", format!("sum({critical})"), (4, 4)).bad_from(1.0),
        Panel::stat("All alerts", format!("sum({firing})"), (4, 4)).doubtful_from(1.0),
        Panel::stat("Errors in this time", counted("", "$__range"), (4, 4)),
        Panel::stat("Not answering", format!("count({} == 0) or vector(0)", chosen("up")), (4, 4))
            .bad_from(1.0),
        Panel::stat(
            "Sources that cannot be read",
            format!("count({} == 0) or vector(0)", chosen("ocrwatch_source_up")),
            (4, 4),
        )
        .bad_from(1.0),
        Panel::stat(
            "Notifications that wait",
            format!("sum({})", chosen("ocrwatch_outbox_waiting")),
            (4, 4),
        )
        .doubtful_from(10.0),
        Panel::table(
            "Alerts of ocrwatch",
            Query::now(format!("sum by (severity, rule, instance) ({firing}) > 0")),
            &["severity", "rule", "instance", "Value"],
            (12, 8),
        )
        .value("alerts")
        .about("What each ocrwatch tells, by its log and on its own machine."),
        Panel::table(
            "Alerts of Prometheus",
            Query::now(format!(
                "sum by (severity, alertname, alertstate, credential, instance) \
                 (ALERTS{{alertname=~\"ocrwatch-.*|{}\", severity!=\"none\"}})",
                names.join("|")
            )),
            &["severity", "alertname", "alertstate", "credential", "instance"],
            (12, 8),
        )
        .about("What the exported rules say of all machines together, and of ocrwatch itself."),
    ]
}

fn errors(catalogue: &Catalogue) -> Vec<Panel> {
    let of_codes = counted("module, code, cause", "$__range");
    vec![
        Panel::bars("Errors by module", counted("module", "$__interval"), "{{module}}", (12, 9)),
        Panel::bars(
            "Errors by source",
            counted("source, service", "$__interval"),
            "{{source}} {{service}}",
            (12, 9),
        ),
        Panel::table(
            "Codes, and what they mean",
            Query::now(format!(
                "label_replace(({of_codes}) > 0, \"meaning\", \"$1\", \"code\", \"(.*)\")"
            )),
            &["module", "code", "cause", "meaning", "Value"],
            (24, 12),
        )
        .about("As the documentation says it; `ocrwatch explain CODE` prints what it says to do.")
        .value("errors")
        .meanings(catalogue),
        Panel::bars("Errors by code", counted("code", "$__interval"), "{{code}}", (12, 9)),
        Panel::bars(
            "Repeats and mentions",
            format!("sum(increase({}[$__interval]))", of_source("ocrwatch_repeats_total")),
            "repeats",
            (12, 9),
        )
        .and(
            format!("sum(increase({}[$__interval]))", of_source("ocrwatch_mentions_total")),
            "mentions",
        )
        .about("Further prints of an error, and codes that are none: neither counts as an error."),
    ]
}

fn sources() -> Vec<Panel> {
    let by_source = "{{instance}} {{source}}";
    let rate = |metric: &str| format!("rate({}[$__rate_interval])", of_source(metric));
    vec![
        Panel::lines(
            "Behind, in time",
            of_source("ocrwatch_source_lag_seconds"),
            by_source,
            Unit::Seconds,
            (8, 8),
        )
        .about("How old the last time is that was read; that of a quiet log grows, too."),
        Panel::lines(
            "Behind, in bytes",
            of_source("ocrwatch_source_lag_bytes"),
            by_source,
            Unit::Bytes,
            (8, 8),
        ),
        Panel::lines(
            "Read",
            rate("ocrwatch_read_bytes_total"),
            by_source,
            Unit::BytesEachSecond,
            (8, 8),
        ),
        Panel::table(
            "Sources",
            Query::now(of_source("ocrwatch_source_up")),
            &["instance", "source", "Value"],
            (6, 8),
        )
        .yes_or_no("state", 1, ["cannot be read", "followed"]),
        Panel::lines("Files", of_source("ocrwatch_source_files"), by_source, Unit::Number, (6, 8)),
        Panel::bars("Rotations", risen("ocrwatch_rotations_total"), "{{instance}}", (6, 8))
            .and(risen("ocrwatch_possibly_lost_total"), "{{instance}}, possibly with a loss"),
        Panel::bars("Bytes lost", risen("ocrwatch_lost_bytes_total"), "{{instance}}", (6, 8)),
    ]
}

fn notifications() -> Vec<Panel> {
    let by_receiver = "{{instance}} {{receiver}}";
    let sent =
        format!("time() - ({} > 0)", chosen("ocrwatch_receiver_last_sent_timestamp_seconds"));
    vec![
        Panel::lines(
            "Waiting",
            chosen("ocrwatch_outbox_waiting"),
            by_receiver,
            Unit::Number,
            (8, 8),
        ),
        Panel::lines(
            "Age of the oldest that waits",
            chosen("ocrwatch_outbox_oldest_seconds"),
            by_receiver,
            Unit::Seconds,
            (8, 8),
        ),
        Panel::lines(
            "Receivers that take nothing, since",
            chosen("ocrwatch_receiver_failing_seconds"),
            by_receiver,
            Unit::Seconds,
            (8, 8),
        ),
        Panel::bars(
            "Sent, failed, given up",
            format!("sum by (receiver, outcome) ({})", risen("ocrwatch_notifications_total")),
            "{{receiver}} {{outcome}}",
            (6, 8),
        ),
        Panel::bars(
            "Withheld",
            format!("sum by (by) ({})", risen("ocrwatch_withheld_total")),
            "by {{by}}",
            (6, 8),
        ),
        Panel::lines("Since the last one", sent, by_receiver, Unit::Seconds, (6, 8)),
        Panel::lines("Silences", chosen("ocrwatch_silences"), "{{instance}}", Unit::Number, (6, 8)),
    ]
}

fn state() -> Vec<Panel> {
    let rate = |metric: &str| format!("rate({}[$__rate_interval])", chosen(metric));
    let failing = chosen("ocrwatch_commit_failing_seconds");
    let left_out = format!("sum by (what) ({})", risen("ocrwatch_left_out_total"));
    let late = format!("sum({})", risen("ocrwatch_late_total"));
    let age = format!("time() - {}", chosen("ocrwatch_reload_timestamp_seconds"));
    let (each, unit) = ("{{instance}}", Unit::Seconds);
    vec![
        Panel::lines("Commits", rate("ocrwatch_commits_total"), each, Unit::EachSecond, (8, 8))
            .and(rate("ocrwatch_commit_failures_total"), "{{instance}} failed"),
        Panel::lines("State cannot be written, since", failing, each, unit, (8, 8)),
        Panel::bars("Left out at a limit, and late", left_out, "{{what}}", (8, 8))
            .and(late, "late"),
        Panel::table(
            "Configuration",
            Query::now(chosen("ocrwatch_reload_failed")),
            &["instance", "Value"],
            (8, 6),
        )
        .yes_or_no("last reload", 0, ["in force", "refused, the one before is in force"]),
        Panel::lines("Age of the configuration in force", age, each, unit, (8, 6)),
        Panel::table(
            "Versions",
            Query::now(chosen("ocrwatch_build_info")),
            &["instance", "version"],
            (8, 6),
        ),
    ]
}

fn process() -> Vec<Panel> {
    let rate = |metric: &str| format!("rate({}[$__rate_interval])", chosen(metric));
    vec![
        Panel::lines(
            "Processor",
            rate("process_cpu_seconds_total"),
            "{{instance}}",
            Unit::Share,
            (6, 8),
        ),
        Panel::lines(
            "Memory",
            chosen("process_resident_memory_bytes"),
            "{{instance}}",
            Unit::Bytes,
            (6, 8),
        ),
        Panel::lines(
            "Open files",
            chosen("process_open_fds"),
            "{{instance}}",
            Unit::Number,
            (6, 8),
        )
        .and(chosen("process_max_fds"), "{{instance}} at most"),
        Panel::lines(
            "Runs for",
            format!("time() - {}", chosen("process_start_time_seconds")),
            "{{instance}}",
            Unit::Seconds,
            (6, 8),
        ),
        Panel::lines(
            "Requests over HTTP",
            format!("sum by (path, status) ({})", rate("ocrwatch_http_requests_total")),
            "{{path}} {{status}}",
            Unit::EachSecond,
            (12, 8),
        ),
        Panel::lines(
            "Connections",
            chosen("ocrwatch_http_connections"),
            "{{instance}}",
            Unit::Number,
            (12, 8),
        )
        .and(
            format!("sum by (why) ({})", rate("ocrwatch_http_refused_total")),
            "refused each second: {{why}}",
        ),
    ]
}

fn fleet() -> Vec<Panel> {
    let by_fate = format!("sum by (fate) ({})", risen("ocrwatch_fleet_messages_total"));
    vec![
        Panel::lines(
            "Waiting for the broker",
            chosen("ocrwatch_fleet_waiting_bytes"),
            "{{instance}}",
            Unit::Bytes,
            (8, 8),
        )
        .about("Where it reaches `buffer_max` logs are not read on."),
        Panel::lines(
            "Not taken yet",
            chosen("ocrwatch_fleet_pending_messages"),
            "{{instance}}",
            Unit::Number,
            (8, 8),
        )
        .about("Messages at the broker that an aggregator has still to take."),
        Panel::bars("Messages", by_fate, "{{fate}}", (8, 8)),
        Panel::lines(
            "Machines heard of",
            chosen("ocrwatch_fleet_machines"),
            "{{instance}}",
            Unit::Number,
            (8, 6),
        ),
        Panel::table(
            "Aggregators",
            Query::now(chosen("ocrwatch_fleet_tells")),
            &["instance", "Value"],
            (8, 6),
        )
        .yes_or_no("who tells", 1, ["stands by", "tells"]),
        Panel::table(
            "Way to the broker",
            Query::now(chosen("ocrwatch_fleet_trouble")),
            &["instance", "Value"],
            (8, 6),
        )
        .yes_or_no("state", 0, ["open", "in trouble"]),
    ]
}
