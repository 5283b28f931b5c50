//! An agent of a fleet runs in a program of its own. What it publishes is asked by
//! `tests/fleet/run`, with a broker.

use std::path::{Path, PathBuf};

use ocrwatch::clock;
use rustix::process::Signal;

use super::daemon::Daemon;
use super::log::{append, error_line, errors};
use super::state::State;
use crate::harness::Sandbox;

/// Nothing listens there: what is found waits in the state.
const CONFIG: &str = "\
[fleet]
servers = ['nats://127.0.0.1:1']
role = 'ROLE'

[watch]
poll_interval = '100ms'

[[source]]
name = 'app'
files = ['app.log']
start = 'beginning'
";

fn configured(role: &str) -> Sandbox {
    let sandbox = Sandbox::with("ocrwatch.toml", CONFIG.replace("ROLE", role));
    sandbox.file("app.log", errors(clock::now(), "AIS.0104", 1, 3));
    sandbox
}

const RUN: [&str; 5] = ["run", "--config", "ocrwatch.toml", "--state-dir", "state"];

fn program_of(daemon: &Daemon) -> PathBuf {
    let path = std::fs::read_link(format!("/proc/{}/exe", daemon.pid())).expect("it runs");
    path.file_name().map(PathBuf::from).expect("a program")
}

#[test]
fn a_run_becomes_the_agent_s_program_and_stays_one_process() {
    let sandbox = configured("agent");
    let mut daemon = Daemon::start(sandbox.ocrwatch(&RUN));
    daemon.until_stderr("started");
    assert_eq!(program_of(&daemon), Path::new("ocrwatch-agent"));
    let state = State(sandbox.path("state"));
    daemon.until("what is found waits", || state.messages() >= 1);
    let found = state.messages();
    // It takes a new configuration, asks for its broker, and ends as any run does.
    sandbox.file("ocrwatch.toml", CONFIG.replace("ROLE", "agent").replace("100ms", "150ms"));
    daemon.signal(Signal::HUP);
    daemon.until_stderr("poll_interval");
    daemon.stop();
    daemon = Daemon::start(sandbox.ocrwatch(&RUN));
    daemon.until_stderr("started");
    append(&sandbox.path("app.log"), error_line(clock::now(), "APIG.0301", "ocr_vin", 50));
    daemon.until("the next error waits as well", || state.messages() > found);
    daemon.stop();
}

#[test]
fn who_decides_stays_in_the_whole_program() {
    for role in ["host", "aggregator"] {
        let sandbox = configured(role);
        let daemon = Daemon::start(sandbox.ocrwatch(&RUN));
        daemon.until_stderr("started");
        assert_eq!(program_of(&daemon), Path::new("ocrwatch"));
        daemon.stop();
    }
}

#[test]
fn the_agent_s_program_refuses_what_is_no_agent() {
    let program = Path::new(env!("CARGO_BIN_EXE_ocrwatch-agent"));
    for role in ["host", "aggregator"] {
        let sandbox = configured(role);
        let ended = sandbox.program(program, &RUN[1..]).run();
        ended.code(78).stderr_is(
            "error: the configuration is no agent's: [fleet] has no `role = \"agent\"`\n\
             hint: run it with `ocrwatch run`\n",
        );
    }
}

#[test]
fn a_copy_of_the_program_alone_runs_agents_as_well() {
    let sandbox = configured("agent");
    let alone = sandbox.path("bin/ocrwatch");
    std::fs::create_dir(sandbox.path("bin")).expect("a directory");
    std::fs::copy(env!("CARGO_BIN_EXE_ocrwatch"), &alone).expect("a copy");
    let daemon = Daemon::start(sandbox.program(&alone, &RUN));
    daemon.until_stderr("started");
    assert_eq!(program_of(&daemon), Path::new("ocrwatch"));
    daemon.stop();
}
