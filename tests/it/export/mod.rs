//! `ocrwatch export`: what it writes is current, and the real programs take it.

mod dashboard;
mod fleet;
mod promtool;

use std::fs;
use std::path::{Path, PathBuf};

use crate::harness::Sandbox;

/// The names of the metrics, as they are promised.
const METRICS: [&str; 38] = [
    "ocrwatch_alert_changes_total",
    "ocrwatch_alerts",
    "ocrwatch_build_info",
    "ocrwatch_commit_failing_seconds",
    "ocrwatch_commit_failures_total",
    "ocrwatch_commits_total",
    "ocrwatch_errors_total",
    "ocrwatch_http_connections",
    "ocrwatch_http_refused_total",
    "ocrwatch_http_requests_total",
    "ocrwatch_late_total",
    "ocrwatch_left_out_total",
    "ocrwatch_lines_total",
    "ocrwatch_lost_bytes_total",
    "ocrwatch_mentions_total",
    "ocrwatch_notifications_total",
    "ocrwatch_outbox_oldest_seconds",
    "ocrwatch_outbox_waiting",
    "ocrwatch_possibly_lost_total",
    "ocrwatch_read_bytes_total",
    "ocrwatch_receiver_failing_seconds",
    "ocrwatch_receiver_last_sent_timestamp_seconds",
    "ocrwatch_reload_failed",
    "ocrwatch_reload_timestamp_seconds",
    "ocrwatch_repeats_total",
    "ocrwatch_rotations_total",
    "ocrwatch_silences",
    "ocrwatch_source_files",
    "ocrwatch_source_lag_bytes",
    "ocrwatch_source_lag_seconds",
    "ocrwatch_source_up",
    "ocrwatch_untimed_total",
    "ocrwatch_withheld_total",
    "process_cpu_seconds_total",
    "process_max_fds",
    "process_open_fds",
    "process_resident_memory_bytes",
    "process_start_time_seconds",
];

/// Those of a fleet's machines alone; `tests/fleet/run` asks one whether it tells them.
const OF_A_FLEET: [&str; 7] = [
    "ocrwatch_fleet_full",
    "ocrwatch_fleet_machines",
    "ocrwatch_fleet_messages_total",
    "ocrwatch_fleet_pending_messages",
    "ocrwatch_fleet_tells",
    "ocrwatch_fleet_trouble",
    "ocrwatch_fleet_waiting_bytes",
];

/// Of the recording rules, and of Prometheus itself.
const OTHERS: [&str; 3] = ["ocrwatch_errors", "up", "ALERTS"];

fn contrib(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("contrib").join(path)
}

/// What is shipped for those who lack the program. `OCRWATCH_BLESS=1 cargo test --test it contrib`
/// writes it anew; read the difference.
#[test]
fn the_files_in_contrib_are_what_the_program_writes() {
    for (what, path) in [
        ("prometheus-rules", "prometheus/ocrwatch.rules.yml"),
        ("grafana", "grafana/ocrwatch.json"),
    ] {
        let outcome = Sandbox::new().run(&["export", what]);
        let written = outcome.code(0).stderr_is("").stdout();
        if std::env::var_os("OCRWATCH_BLESS").is_some() {
            fs::write(contrib(path), written).expect("a file of the project");
        }
        let shipped = fs::read_to_string(contrib(path)).unwrap_or_default();
        let mut lines = shipped.lines().zip(written.lines()).zip(1..);
        let differing = lines.find(|((shipped, written), _)| shipped != written);
        assert!(
            shipped == written,
            "contrib/{path} is not current (OCRWATCH_BLESS=1 writes it anew): {differing:?}"
        );
    }
}

#[test]
fn a_file_is_written_where_it_is_wanted() {
    let sandbox = Sandbox::new();
    let printed = sandbox.run(&["export", "grafana"]);
    sandbox.run(&["export", "grafana", "--output", "g.json"]).code(0).stdout_is("").stderr_is("");
    let file = fs::read_to_string(sandbox.path("g.json")).expect("the file");
    assert_eq!(file, printed.stdout());
    sandbox
        .run(&["export", "grafana", "-o", "nowhere/g.json"])
        .code(74)
        .stderr_is("error: cannot write `nowhere/g.json`: no such file or directory\n");
}

#[test]
fn rules_and_codes_are_those_of_the_user() {
    let rules = "[[rule]]\nname = 'own-code'\nwhy = 'says \"{{ why }}\"'\nseverity = 'info'\n\
                 match = { code = 'AIS.7777', source = ['scan-*', 'a.b'] }\n\
                 condition = 'count >= 7'\nwindow = '90s'\nfor = '2m'\ngroup_by = ['module', 'code']\n\
                 links = ['https://wiki.example/own']\nnote = 'call the {team}'\n\
                 summary = '{{ code }} of {{ module }}: {{ count }} in {{ window }}'\n";
    let catalogue = "[[entry]]\ncode = 'AIS.7777'\nmodule = 'OCR'\ndescription = 'is {{ ours }}'\n\
                     solution = ['- ask {{', '# no comment']\n";
    let sandbox = Sandbox::with("rules.toml", rules);
    sandbox.file("codes.toml", catalogue);
    sandbox.file("ocrwatch.toml", "rules = 'rules.toml'\ncatalogue = ['codes.toml']\n");
    let by_options = ["--rules", "rules.toml", "--catalogue", "codes.toml"];
    let by_options = [&["export", "prometheus-rules"][..], &by_options].concat();
    let outcome = sandbox.run(&by_options);
    outcome.code(0).stdout_has("      - alert: own-code\n        expr: |-\n          sum by (module, code) (ocrwatch:errors:increase1m30s{code=\"AIS.7777\", source=~\"scan-.*|a[.]b\"}) >= 7\n        for: 2m\n        labels:\n          severity: \"info\"\n        annotations:\n");
    outcome.stdout_has(
        "{{ $labels.code }} of {{ $labels.module }}: {{ printf \"%.0f\" $value }} in 1m30s\n",
    );
    outcome.stdout_has("AIS.7777: is {{ \"{\" }}{ ours }}\n            - ask {{ \"{\" }}{\n            # no comment");
    outcome.stdout_has("runbook_url: \"https://wiki.example/own\"").stdout_lacks("aksk-lockout");
    let by_config = sandbox.run(&["export", "prometheus-rules", "--config", "ocrwatch.toml"]);
    assert_eq!(by_config.code(0).stdout(), outcome.stdout());
    promtool::check(&sandbox, outcome.stdout());
}

#[test]
fn wrong_rules_export_nothing() {
    let sandbox = Sandbox::with("rules.toml", "[[rule]]\nname = 'x'\n");
    sandbox.run(&["export", "grafana", "--rules", "rules.toml"]).code(78).stdout_is("");
    sandbox.run(&["export", "thanos"]).code(64).stdout_is("");
}

/// Every metric that a text names.
fn metrics_in(text: &str) -> Vec<&str> {
    let words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
    words.filter(|word| word.starts_with("ocrwatch_") || word.starts_with("process_")).collect()
}

#[test]
fn nothing_is_asked_that_is_not_exported() {
    for what in ["prometheus-rules", "grafana"] {
        let outcome = Sandbox::new().run(&["export", what]);
        let named = metrics_in(outcome.stdout());
        assert!(named.len() > 50, "{what} names {} metrics only", named.len());
        let is_known = |name| [&METRICS[..], &OF_A_FLEET, &OTHERS].concat().contains(name);
        let unknown: Vec<_> = named.iter().filter(|name| !is_known(name)).collect();
        assert!(unknown.is_empty(), "{what}: {unknown:?}");
    }
}
