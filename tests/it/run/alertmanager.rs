//! A real Alertmanager: what fires arrives, is said again by the next run, and ends.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use ocrwatch::clock;
use serde_json::Value;

use super::daemon::{Daemon, has, until};
use super::log::append;
use super::state::State;
use crate::harness::Sandbox;

/// An Alertmanager under way; it is ended with the test.
pub(crate) struct Alertmanager {
    child: Child,
    pub(crate) port: u16,
}

impl Alertmanager {
    pub(crate) fn start(sandbox: &Sandbox) -> Self {
        let quiet = "route: { receiver: none }\nreceivers: [ { name: none } ]\n";
        sandbox.file("am.yml", quiet);
        let port = free_port();
        let child = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", sandbox.path("am.yml").display()))
            .arg(format!("--storage.path={}", sandbox.path("am").display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .arg("--cluster.listen-address=")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let server = Self { child, port };
        until("it is ready", || get(server.port, "/-/ready").is_some());
        server
    }

    /// The alerts that it believes to fire.
    pub(crate) fn alerts(&self) -> Vec<Value> {
        let body = get(self.port, "/api/v2/alerts").unwrap_or_default();
        serde_json::from_str(&body).unwrap_or_default()
    }

    fn ends_at(&self) -> Option<DateTime<Utc>> {
        let alerts = self.alerts();
        let ends_at = alerts.first()?["endsAt"].as_str()?.to_owned();
        Some(DateTime::parse_from_rfc3339(&ends_at).expect("an instant").to_utc())
    }
}

impl Drop for Alertmanager {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The body of a good answer.
pub(crate) fn get(port: u16, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok()?;
    write!(stream, "GET {path} HTTP/1.0\r\nHost: x\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    let (head, body) = answer.split_once("\r\n\r\n")?;
    head.contains(" 200 ").then(|| body.to_owned())
}

pub(crate) fn free_port() -> u16 {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    listener.local_addr().expect("an address").port()
}

fn line(base: DateTime<Utc>, back_s: i64, code: &str, message: &str) -> String {
    let at = (base - TimeDelta::seconds(back_s)).to_rfc3339_opts(SecondsFormat::Millis, true);
    format!(
        "{at} ERROR ocr.client failed, ak=HPUA0123456789ABCDBC: ClientRequestException - \
         {{status_code:401,request_id:517edbd0bb624b838c61cf9c784{back_s:05},error_code:{code},\
         error_msg:{message},encoded_authorization_message:None }}\n"
    )
}

const SIGNATURE: &str = "Incorrect IAM authentication information: verify aksk signature fail";

#[test]
fn what_fires_arrives_is_said_again_by_the_next_run_and_ends() {
    if !has(&["prometheus-alertmanager"]) {
        return;
    }
    let sandbox = Sandbox::with("a.log", "");
    let server = Alertmanager::start(&sandbox);
    let dead = free_port();
    let config = format!(
        "[[source]]\nfiles = 'a.log'\n\
         [[receiver]]\nname = 'default'\n\
         alertmanager = {{ urls = ['http://127.0.0.1:{dead}', 'http://127.0.0.1:{}'], \
         labels = {{ cluster = 'a' }} }}\n\
         [[route]]\nname = 'all'\nreceiver = 'default'\ngroup_wait = '0s'\ngroup_interval = '1s'\n\
         [[rule]]\nname = 'row'\nseverity = 'critical'\nsummary = 'row of {{{{ count }}}}'\n\
         match = {{ code = 'APIG.0301' }}\ncondition = 'consecutive > 2'\n\
         reset = [{{ module = 'OCR' }}]\ngroup_by = ['credential']\n",
        server.port
    );
    sandbox.file("ocrwatch.toml", config);
    let start = || {
        let run = sandbox.ocrwatch(&["run", "--config", "ocrwatch.toml", "--state-dir", "state"]);
        Daemon::start(run)
    };
    let state = State(sandbox.path("state"));
    let daemon = start();
    daemon.until("the log is met", || state.has_position());
    // What is read more than 30 s behind its time ends nothing; what is less is settled soon.
    let base = clock::now();
    let failures: String = (0..3).map(|n| line(base, 22 - n, "APIG.0301", SIGNATURE)).collect();
    append(&sandbox.path("a.log"), failures);
    daemon.until("it arrives", || server.alerts().len() == 1);
    let alert = server.alerts().remove(0);
    assert_eq!(alert["labels"]["alertname"], "row");
    assert_eq!(alert["labels"]["credential"], "HPUA****BC");
    assert_eq!(alert["labels"]["cluster"], "a");
    assert_eq!(alert["annotations"]["summary"], "row of 3");
    let solution = alert["annotations"]["solution"].as_str().expect("a text");
    assert!(solution.contains("Check whether the AK/SK pair is correct."), "{solution}");
    let ends_at = server.ends_at().expect("an end");
    assert!(ends_at - clock::now() > TimeDelta::minutes(4), "{ends_at}");
    // The first of the two is dead, and keeps nothing from the second.
    daemon.until_stderr("nobody listens there");
    daemon.stop();

    let daemon = start();
    daemon.until("the next run says it again", || server.ends_at().is_some_and(|at| at > ends_at));
    append(&sandbox.path("a.log"), line(base, 16, "AIS.0101", "Incorrect parameters."));
    daemon.until("it ends", || server.alerts().is_empty());
    daemon.stop();
}
