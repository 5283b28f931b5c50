//! What a run answers over HTTP, and what it costs the run when who asks means harm.

mod client;
mod hostile;
mod live;
mod places;
mod silences;
mod traces;

use std::path::PathBuf;

use ocrwatch::clock;
use serde_json::Value;

use super::daemon::Daemon;
use super::log::{append, error_line};
use super::state::State;
use crate::harness::Sandbox;
use client::{Answer, Place};

/// One log, and a receiver that writes down what it is handed.
const CONFIG: &str = "\
[http]
listen = '127.0.0.1:0'

[[source]]
name = 'app'
files = 'app.log'

[[receiver]]
name = 'ops'
command = { run = ['/bin/sh', '-c', 'cat >> told'] }

[[route]]
name = 'all'
receiver = 'ops'
group_by = ['rule', 'api']
group_wait = '0s'
group_interval = '1s'
";

/// A run that answers.
struct Scene {
    sandbox: Sandbox,
    state: State,
    daemon: Option<Daemon>,
    apis: u64,
    calls: u64,
}

impl Scene {
    fn start(config: &str) -> Self {
        Self::start_in(Sandbox::with("app.log", ""), config)
    }

    fn start_in(sandbox: Sandbox, config: &str) -> Self {
        let state = State(sandbox.path("state"));
        sandbox.file("ocrwatch.toml", config);
        let mut scene = Self { sandbox, state, daemon: None, apis: 0, calls: 0 };
        scene.restart();
        scene
    }

    fn restart(&mut self) {
        self.daemon = None;
        let arguments = ["run", "--config", "ocrwatch.toml", "--state-dir", "state"];
        let daemon = Daemon::start(self.sandbox.ocrwatch(&arguments));
        daemon.until_stderr("started");
        let (socket, state) = (self.socket(), &self.state);
        daemon.until("the log is met", || state.has_position());
        daemon.until("the run is ready", || socket.get("/readyz").is_ok_and(|it| it.status == 200));
        self.daemon = Some(daemon);
    }

    fn daemon(&self) -> &Daemon {
        self.daemon.as_ref().expect("a run under way")
    }

    /// The socket in its state directory.
    fn socket(&self) -> Place {
        Place::Socket(self.sandbox.path("state/http.sock"))
    }

    /// The address that it said last.
    fn address(&self) -> Place {
        let said = self.daemon().stderr();
        let (_, address) = said.rsplit_once("answering over HTTP address=").expect("an address");
        Place::Address(address.lines().next().expect("a line").parse().expect("an address"))
    }

    /// So many calls to an API of its own fail, which fires an alert.
    fn fail(&mut self, count: u64) {
        self.apis += 1;
        let api = format!("ocr_api_{}", self.apis);
        let calls = self.calls..self.calls + count;
        self.calls = calls.end;
        let lines: String =
            calls.map(|it| error_line(clock::now(), "ModelArts.4204", &api, it)).collect();
        append(&self.sandbox.path("app.log"), lines);
    }

    fn told(&self) -> PathBuf {
        self.sandbox.path("told")
    }

    fn told_count(&self) -> usize {
        std::fs::read_to_string(self.told()).unwrap_or_default().lines().count()
    }
}

fn document(answer: &Answer) -> Value {
    serde_json::from_str(&answer.body).expect("JSON")
}

#[test]
fn a_run_tells_how_it_stands_in_every_form() {
    let mut scene = Scene::start(CONFIG);
    let place = scene.address();
    scene.fail(2);
    scene.daemon().until("the alert is told", || scene.told_count() == 1);
    let status = || document(&place.get("/api/v1/status").expect("an answer"));
    // What is asked within a quarter of a second has one answer.
    scene.daemon().until("the errors are told", || status()["sources"][0]["errors"] == 2);
    let status = status();
    assert_eq!(status["alerts"][0]["labels"]["api"], "ocr_api_1", "{status:#}");
    assert_eq!(status["receivers"][0]["kind"], "command", "{status:#}");
    let alerts = document(&place.get("/api/v1/alerts?state=pending").expect("an answer"));
    assert_eq!(alerts["alerts"].as_array().map(Vec::len), Some(0));
    let minutes = || document(&place.get("/api/v1/occurrences?code=ModelArts.4204").expect("one"));
    let errors = || -> u64 {
        let minutes = minutes();
        let minutes = minutes["minutes"].as_array().expect("a list");
        minutes.iter().filter_map(|minute| minute["errors"].as_u64()).sum()
    };
    scene.daemon().until("the errors are committed", || errors() == 2);
    let outbox = || document(&place.get("/api/v1/outbox?state=sent").expect("an answer"));
    scene.daemon().until("the delivery is noted", || {
        outbox()["notifications"].as_array().is_some_and(|sent| sent.len() == 1)
    });
    let sent = "ocrwatch_notifications_total{receiver=\"ops\",outcome=\"sent\"} 1\n";
    let metrics = || place.get("/metrics").expect("an answer");
    scene.daemon().until("the delivery is counted", || metrics().body.contains(sent));
    let metrics = metrics();
    assert_eq!(metrics.header("content-type"), "text/plain; version=0.0.4; charset=utf-8");
    let errors = "ocrwatch_errors_total{source=\"app\",service=\"\",module=\"Platform\",\
                  code=\"ModelArts.4204\",cause=\"\",credential=\"\"} 2\n";
    assert!(metrics.body.contains(errors), "{}", metrics.body);
    client::promtool_takes(&metrics.body);
    // This one and the one that asks, whichever place each is at.
    let _held = scene.socket().connect().expect("a connection");
    let told = || place.get("/metrics").expect("an answer").body;
    scene.daemon().until("both are counted", || told().contains("\nocrwatch_http_connections 2\n"));
}

#[test]
fn a_run_is_ready_when_its_sources_are_followed_and_says_what_is_missing() {
    let scene = Scene::start(CONFIG);
    let extended = CONFIG.to_owned() + "\n[[source]]\nname = 'late'\nfiles = 'late.log'\n";
    scene.sandbox.file("ocrwatch.toml", extended);
    scene.daemon().signal(rustix::process::Signal::HUP);
    let ready = || scene.socket().get("/readyz").expect("an answer");
    scene.daemon().until("the run is not ready", || ready().status == 503);
    assert_eq!(ready().body, "not ready\nsource late: no file is there yet\n");
    assert_eq!(scene.socket().get("/healthz").expect("an answer").status, 200);
    scene.sandbox.file("late.log", "");
    scene.daemon().until("the run is ready", || ready().status == 200);
}

#[test]
fn what_cannot_be_followed_is_a_problem_until_it_is_gone() {
    let config = CONFIG.replace("'app.log'", "'*.log'");
    let scene = Scene::start(&config);
    let pipe = scene.sandbox.path("pipe.log");
    let (mode, kind) = (rustix::fs::Mode::RUSR, rustix::fs::FileType::Fifo);
    rustix::fs::mknodat(rustix::fs::CWD, &pipe, kind, mode, 0).expect("a pipe");
    let ready = || scene.socket().get("/readyz").expect("an answer");
    scene.daemon().until("the run is not ready", || ready().status == 503);
    assert!(ready().body.contains("pipe.log cannot be followed: not a regular file"));
    std::fs::remove_file(&pipe).expect("it is there");
    scene.daemon().until("the run is ready", || ready().status == 200);
}

#[test]
fn a_reload_that_is_refused_is_seen_until_one_is_taken() {
    let scene = Scene::start(CONFIG);
    let refused = || {
        let status = document(&scene.socket().get("/api/v1/status").expect("an answer"));
        status["configuration"]["refused"]["problems"][0].as_str().map(str::to_owned)
    };
    assert_eq!(refused(), None);
    scene.sandbox.file("ocrwatch.toml", format!("{CONFIG}\nspurious = 1\n"));
    scene.daemon().signal(rustix::process::Signal::HUP);
    scene.daemon().until("the refusal is seen", || {
        refused().is_some_and(|problem| problem.contains("spurious"))
    });
    let metrics = scene.socket().get("/metrics").expect("an answer");
    assert!(metrics.body.contains("\nocrwatch_reload_failed 1\n"), "{}", metrics.body);
    scene.sandbox.file("ocrwatch.toml", CONFIG);
    scene.daemon().signal(rustix::process::Signal::HUP);
    scene.daemon().until("the next one is taken", || refused().is_none());
}
