//! A real Prometheus asks several machines, and its alert arrives at a real Alertmanager.

use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use ocrwatch::clock;
use serde_json::Value;

use crate::harness::Sandbox;
use crate::run::alertmanager::{Alertmanager, free_port, get};
use crate::run::daemon::{has, until};

/// Something that answers `/metrics`; it is what it was told last.
struct Endpoint {
    /// Host and port, as Prometheus is told.
    target: String,
    started_s: i64,
    text: Arc<Mutex<String>>,
}

impl Endpoint {
    /// One that has run for so long.
    fn start(age_s: i64) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
        let target = listener.local_addr().expect("an address").to_string();
        let text: Arc<Mutex<String>> = Arc::default();
        let served = Arc::clone(&text);
        // It ends with the process of the test.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut request = BufReader::new(&stream).lines();
                while request.next().is_some_and(|line| line.is_ok_and(|line| !line.is_empty())) {}
                let body = served.lock().unwrap_or_else(PoisonError::into_inner).clone();
                let _ = write!(
                    &stream,
                    "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\n\
                     Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
                    body.len()
                );
            }
        });
        let endpoint = Self { target, started_s: clock::now().timestamp() - age_s, text };
        endpoint.count(&[]);
        endpoint
    }

    /// Signature failures by credential.
    fn count(&self, failures: &[(&str, u64)]) {
        let mut text = format!(
            "# TYPE ocrwatch_build_info gauge\nocrwatch_build_info{{version=\"0.1.0\"}} 1\n\
             # TYPE process_start_time_seconds gauge\nprocess_start_time_seconds {}\n\
             # TYPE ocrwatch_errors_total counter\n",
            self.started_s
        );
        for (credential, count) in failures {
            let _ = writeln!(
                text,
                "ocrwatch_errors_total{{source=\"scan\",service=\"invoices\",module=\"APIG\",\
                 code=\"APIG.0301\",cause=\"aksk-signature\",credential=\"{credential}\"}} {count}"
            );
        }
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
    }
}

/// A Prometheus under way; it is ended with the test.
struct Prometheus {
    child: Child,
    port: u16,
}

impl Prometheus {
    /// Asks the targets and obeys the exported rules.
    fn start(sandbox: &Sandbox, targets: &[&str], alertmanager: &Alertmanager) -> Self {
        sandbox.run(&["export", "prometheus-rules", "--output", "ocrwatch.rules.yml"]).code(0);
        let config = format!(
            "global: {{ scrape_interval: 1s, evaluation_interval: 1s }}\n\
             rule_files: [ocrwatch.rules.yml]\n\
             scrape_configs:\n\
             - job_name: ocrwatch\n  static_configs: [ {{ targets: {targets:?} }} ]\n\
             alerting:\n  alertmanagers:\n\
             \x20 - static_configs: [ {{ targets: ['127.0.0.1:{}'] }} ]\n",
            alertmanager.port
        );
        sandbox.file("prometheus.yml", config);
        let port = free_port();
        let child = Command::new("prometheus")
            .arg(format!("--config.file={}", sandbox.path("prometheus.yml").display()))
            .arg(format!("--storage.tsdb.path={}", sandbox.path("tsdb").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            // What fired before it knew the Alertmanager it tells again.
            .arg("--rules.alert.resend-delay=1s")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let server = Self { child, port };
        until("it is ready", || get(port, "/-/ready").is_some());
        server
    }

    /// What it knows by a path below its interface.
    fn ask(&self, path: &str) -> Value {
        let body = get(self.port, &format!("/api/v1/{path}")).unwrap_or_default();
        serde_json::from_str::<Value>(&body).unwrap_or_default()["data"].take()
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The alert of this name at Alertmanager.
fn alert(alertmanager: &Alertmanager, name: &str) -> Option<Value> {
    alertmanager.alerts().into_iter().find(|alert| alert["labels"]["alertname"] == name)
}

#[test]
fn failures_on_several_machines_are_one_lockout_at_alertmanager() {
    if !has(&["prometheus", "prometheus-alertmanager"]) {
        return;
    }
    let machines = [90_000, 90_000, 90_000].map(Endpoint::start);
    // Counted long before anybody asked: that locks nothing.
    machines[0].count(&[("long ago", 4000)]);
    let sandbox = Sandbox::new();
    let alertmanager = Alertmanager::start(&sandbox);
    let targets: Vec<_> = machines.iter().map(|machine| &*machine.target).collect();
    let prometheus = Prometheus::start(&sandbox, &targets, &alertmanager);
    // A step of the rules before: nobody knows since when what appears earlier counts.
    until("every machine was asked for a while", || {
        let answer = prometheus.ask("query?query=count(ocrwatch_build_info%20offset%2015s)");
        answer["result"][0]["value"][1] == "3"
    });
    for (machine, before) in machines.iter().zip([4000, 0, 0]) {
        // A counter that is born with two, as one sees it who asks now and then.
        let counted = [("HPUA****BC", 2), ("long ago", before)];
        machine.count(if before == 0 { &counted[..1] } else { &counted });
    }
    until("the lockout arrives", || alert(&alertmanager, "aksk-lockout").is_some());
    let lockout = alert(&alertmanager, "aksk-lockout").expect("it is there");
    assert_eq!(lockout["labels"]["credential"], "HPUA****BC");
    assert_eq!(lockout["labels"]["severity"], "critical");
    let summary = lockout["annotations"]["summary"].as_str().expect("a summary");
    assert!(summary.ends_with("6 signature failures in a row"), "{summary}");
    let counted = lockout["annotations"]["counted"].as_str().expect("where it was counted");
    for target in targets {
        assert!(counted.contains(&format!("2 APIG.0301 at {target} in scan")), "{counted}");
    }
    let solution = lockout["annotations"]["description"].as_str().expect("a description");
    assert!(solution.contains("After 5 minutes, the AK/SK pair is unlocked"), "{solution}");
    let lockouts = alertmanager.alerts();
    let lockouts = lockouts.iter().filter(|it| it["labels"]["alertname"] == "aksk-lockout");
    assert_eq!(lockouts.count(), 1, "what was counted long ago locks nothing");
    until("the watchdog arrives", || alert(&alertmanager, "ocrwatch-watchdog").is_some());
    // Nothing of the rules fails when it is worked out.
    let groups = prometheus.ask("rules");
    let groups = groups["groups"].as_array().expect("groups");
    for rule in groups.iter().flat_map(|group| group["rules"].as_array().expect("rules")) {
        assert!(rule["health"] != "err", "{rule}");
    }
}
