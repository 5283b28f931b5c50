//! What is followed gives the alerts that a backtest of the same bytes gives.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta};
use ocrwatch::clock;

use super::daemon::Daemon;
use super::log::{Random, append, error_line, noise_line};
use super::state::State;
use crate::harness::{Sandbox, data};

/// Alerts by rule and fingerprint: each time that one fired and was resolved, in milliseconds.
type Alerts = BTreeMap<Key, Vec<(i64, Option<i64>)>>;

/// An alert's rule and fingerprint.
type Key = (String, String);

/// What a backtest up to now tells, and of which alerts nobody is told as others explain them.
fn backtested(sandbox: &Sandbox, path: &Path, more: &[&str]) -> (Alerts, BTreeSet<Key>) {
    let now = clock::now().to_rfc3339_opts(SecondsFormat::Millis, true);
    let path = path.to_str().expect("UTF-8");
    let arguments = ["backtest", "--format", "json", "--quiet", "--until", &now, path];
    let told = sandbox.run(&[&arguments[..], more].concat());
    let instant = |value: &serde_json::Value| {
        let at = DateTime::parse_from_rfc3339(value.as_str()?).expect("an instant");
        Some(at.timestamp_millis())
    };
    let mut alerts = Alerts::new();
    let json = told.json();
    let list = |key: &str| json[key].as_array().expect("a list").clone();
    let key = |value: &serde_json::Value| {
        let text = |key: &str| value[key].as_str().expect("a text").to_owned();
        (text("rule"), text("fingerprint"))
    };
    for alert in list("alerts") {
        let fired = instant(&alert["fired_at"]).expect("it fired");
        let times = alerts.entry(key(&alert)).or_default();
        times.push((fired, instant(&alert["resolved_at"])));
    }
    let withheld = list("withheld");
    let inhibited = withheld.iter().filter(|withheld| !withheld["by"]["inhibition"].is_null());
    (alerts, inhibited.map(key).collect())
}

/// What was told.
fn told(state: &State) -> Alerts {
    let mut alerts = Alerts::new();
    for told in state.outbox() {
        for told in told.notification["alerts"].as_array().into_iter().flatten() {
            let alert = &told["alert"];
            let text = |key: &str| alert[key].as_str().expect("a text").to_owned();
            let times = alerts.entry((text("rule"), text("fingerprint"))).or_default();
            let fired = alert["fired_at"].as_i64().expect("an instant");
            let resolved = alert["resolved_at"].as_i64();
            times.retain(|(known, _)| *known != fired);
            times.push((fired, resolved));
        }
    }
    alerts
}

/// Where the clients ran; some of them print times without a zone.
const ZONE: [&str; 2] = ["--timezone", "Asia/Shanghai"];

/// A digest tells the last time of each alert, so the last times are compared.
///
/// The bytes are there at once: fed in pieces whose times are long past, each piece but the first
/// is late, as the log was read to its end and the clock's present had come. That is right for a
/// daemon, which cannot wait for what may never come, and nothing that a backtest does.
fn check_backlog(sandbox: &Sandbox, path: &str) {
    let absolute = sandbox.path(path);
    let arguments = ["run", "--once", ZONE[0], ZONE[1], "--state-dir", "state", path];
    let ran = sandbox.run(&arguments);
    ran.code(0);
    let state = State(sandbox.path("state"));
    let (backtested, inhibited) = backtested(sandbox, &absolute, &ZONE);
    let last = |alerts: Alerts| -> BTreeMap<_, _> {
        let alerts = alerts.into_iter().filter(|(key, _)| !inhibited.contains(key));
        alerts.filter_map(|(key, times)| Some((key, times.last().copied()?))).collect()
    };
    let expected = last(backtested);
    println!("{path}: {} alerts", expected.len());
    assert!(!expected.is_empty());
    assert_eq!(last(told(&state)), expected, "{path}");
}

#[test]
fn a_backlog_gives_the_alerts_of_a_backtest() {
    let sandbox = Sandbox::new();
    sandbox.file("app.log", std::fs::read(data("ocr-gateway.log")).expect("data"));
    check_backlog(&sandbox, "app.log");
}

/// Whether every error of a log has a time, and none lies further back than the lateness.
fn tells_times(path: &Path) -> bool {
    let path = path.to_str().expect("UTF-8");
    let found = Sandbox::new().run(&["extract", ZONE[0], ZONE[1], path]).json_lines();
    let at = |line: &serde_json::Value| DateTime::parse_from_rfc3339(line["at"].as_str()?).ok();
    let times: Option<Vec<_>> = found.iter().map(at).collect();
    times.is_some_and(|times| {
        !times.is_empty() && times.windows(2).all(|at| at[0] - at[1] < TimeDelta::seconds(30))
    })
}

/// Without the logs that do not tell times: what they tell counts as of when it was read, and a
/// backtest reads it at another moment. The same holds of a log that goes far back in time.
#[test]
fn backlogs_of_many_clients_together_give_the_alerts_of_a_backtest() {
    let sandbox = Sandbox::new();
    let clients = std::fs::read_dir(data("clients")).expect("data");
    let mut logs = 0;
    for path in clients.map(|entry| entry.expect("an entry").path()) {
        if path.extension().is_some_and(|extension| extension == "log") && tells_times(&path) {
            let name = path.file_name().expect("a name").to_string_lossy().into_owned();
            sandbox.file(&format!("logs/{name}"), std::fs::read(&path).expect("data"));
            logs += 1;
        }
    }
    println!("{logs} logs");
    assert!(logs > 20);
    check_backlog(&sandbox, "logs");
}

const RULES: &str = "\
[[rule]]
name = 'burst'
severity = 'warning'
match = { code = 'AIS.0104' }
condition = 'count >= 5'
window = '2s'
keep_firing_for = '1s'
summary = 'a burst of {{ count }}'

[[rule]]
name = 'row'
severity = 'critical'
match = { code = 'APIG.0308' }
condition = 'consecutive >= 3'
gap = '2s'
keep_firing_for = '1s'
group_by = ['source']
summary = '{{ count }} in a row'

[engine]
lateness = '1s'

[[route]]
name = 'at-once'
match = {}
receiver = 'ops'
group_wait = '0s'
group_interval = '1s'
";

#[test]
fn a_log_written_live_in_random_pieces_gives_the_alerts_of_its_backtest() {
    let sandbox = Sandbox::with("app.log", "");
    sandbox.file("rules.toml", RULES);
    let (log, state) = (sandbox.path("app.log"), State(sandbox.path("state")));
    let arguments = ["run", "--rules", "rules.toml", "--state-dir", "state", "app.log"];
    let mut daemon = Daemon::start(sandbox.ocrwatch(&arguments));
    daemon.until("the log is met", || state.has_position());
    let mut random = Random::new(0);
    let (mut number, mut pieces, mut kills) = (0, 0, 0);
    for code in ["AIS.0104", "APIG.0308", "AIS.0104"] {
        for _ in 0..7 {
            number += 1;
            let now = clock::now();
            let mut text = error_line(now, code, "", number) + &noise_line(now, number);
            while !text.is_empty() {
                let rest = text.split_off(1 + random.below_usize(text.len()));
                append(&log, &text);
                text = rest;
                pieces += 1;
                daemon.let_run(Duration::from_millis(random.below(25)));
            }
        }
        // In the middle of things, for whatever was not committed.
        daemon.kill();
        kills += 1;
        daemon = Daemon::start(sandbox.ocrwatch(&arguments));
        daemon.until("the burst is over", || {
            let told = told(&state);
            !told.is_empty()
                && told.values().flatten().all(|(_, resolved)| resolved.is_some())
                && told.keys().any(|(rule, _)| (rule == "row") == (code == "APIG.0308"))
                && state.count() == number
        });
    }
    let count = |alerts: &Alerts| alerts.values().map(Vec::len).sum::<usize>();
    daemon.until("all are told", || count(&told(&state)) >= 3);
    daemon.stop();
    let (expected, _) = backtested(&sandbox, &log, &["--rules", "rules.toml"]);
    println!("{pieces} pieces, {kills} kills, {} alerts", count(&expected));
    assert_eq!(count(&expected), 3, "{expected:?}");
    assert_eq!(told(&state), expected);
}
