//! A state that cannot be written: alerts go out all the same, and it catches up later.

use std::path::{Path, PathBuf};
use std::process::Command;

use ocrwatch::clock;

use super::daemon::{Daemon, has, is_root, tool};
use super::log::{append, error_line, errors, noise_line};
use super::state::State;
use crate::harness::Sandbox;

/// A small file system, unmounted in the end.
struct Mount(PathBuf);

impl Mount {
    fn new(at: PathBuf, options: &str) -> Option<Self> {
        std::fs::create_dir_all(&at).expect("a directory");
        let mut mount = Command::new("/usr/bin/mount");
        mount.args(["-t", "tmpfs", "-o", options, "tmpfs"]).arg(&at);
        let is_mounted = mount.status().is_ok_and(|status| status.success());
        if !is_mounted {
            println!("skipped: nothing may be mounted here");
        }
        is_mounted.then_some(Self(at))
    }

    fn again(&self, options: &str) {
        tool(Command::new("/usr/bin/mount").args(["-o", options]).arg(&self.0));
    }
}

impl Drop for Mount {
    fn drop(&mut self) {
        // Lazily: a test that fails leaves a daemon that has it open for another moment.
        let _ = Command::new("/usr/bin/umount").arg("-l").arg(&self.0).status();
    }
}

struct Watched {
    sandbox: Sandbox,
    state: State,
    number: u64,
}

impl Watched {
    fn new() -> Self {
        let sandbox = Sandbox::with("app.log", noise_line(clock::now(), 1));
        let state = State(sandbox.path("state"));
        Self { sandbox, state, number: 0 }
    }

    fn start(&self) -> Daemon {
        let arguments = ["run", "--state-dir", "state", "app.log"];
        Daemon::start(self.sandbox.ocrwatch(&arguments))
    }

    /// Writes errors, the last of which is an alert, and waits until that is told.
    fn is_told(&mut self, daemon: &Daemon) {
        let log = self.sandbox.path("app.log");
        self.number += 10;
        append(&log, errors(clock::now(), "AIS.0104", self.number, 9));
        let api = format!("ocr_{}", self.number);
        append(&log, error_line(clock::now(), "ModelArts.4204", &api, self.number + 9));
        daemon.until_stdout(&format!("API {api} is not subscribed"));
    }

    /// As many errors as were written are counted, each alert told once and noted as told.
    fn catches_up(&self, daemon: Daemon) -> String {
        daemon.until("the state catches up", || self.state.count() == self.number);
        let ended = daemon.stop();
        self.is_whole();
        for number in 1..=self.number / 10 {
            let headline = format!("API ocr_{} is not subscribed", number * 10);
            let news = format!("\n{headline}: 1 call failed\nfiring");
            assert!(ended.stdout.matches(&news).count() <= 1, "{headline}\n{}", ended.stdout);
        }
        ended.stderr
    }

    fn is_whole(&self) {
        assert_eq!(self.state.count(), self.number);
        assert_eq!(self.state.queued(), 0);
        let fired = self.state.fired("api-not-subscribed");
        assert_eq!(fired.len() as u64, self.number / 10, "{fired:?}");
        assert!(fired.values().all(|times| *times == 1), "{fired:?}");
    }
}

#[test]
fn on_a_full_disk_alerts_go_out_and_the_state_catches_up_once_there_is_room() {
    if !is_root() {
        return;
    }
    let mut watched = Watched::new();
    let Some(mount) = Mount::new(watched.sandbox.path("state"), "size=1m") else { return };
    let daemon = watched.start();
    watched.is_told(&daemon);
    // More than fits is refused, all that fits is taken.
    let filler = mount.0.join("filler");
    let refused = std::fs::write(&filler, vec![7; 4 << 20]);
    println!("{refused:?}");
    assert!(refused.is_err());
    for _ in 0..5 {
        watched.is_told(&daemon);
    }
    daemon.until_stderr("alerts go out all the same");
    std::fs::remove_file(&filler).expect("the filler");
    watched.is_told(&daemon);
    daemon.until_stderr("has caught up");
    watched.catches_up(daemon);
}

#[test]
fn on_a_read_only_disk_alerts_go_out_at_a_start_as_well_as_later() {
    if !is_root() {
        return;
    }
    let mut watched = Watched::new();
    let Some(mount) = Mount::new(watched.sandbox.path("state"), "size=4m") else { return };
    let daemon = watched.start();
    watched.is_told(&daemon);
    daemon.until("it is kept", || watched.state.count() == 10 && watched.state.queued() == 0);
    daemon.stop();
    mount.again("remount,ro");
    let daemon = watched.start();
    daemon.until_stderr("can be read but not written");
    watched.is_told(&daemon);
    watched.is_told(&daemon);
    daemon.until_stderr("alerts go out all the same");
    mount.again("remount,rw");
    watched.catches_up(daemon);
}

/// Calls on the database's log fail, some of them, with an input/output error.
fn check_injected(calls: &str, when: &str) {
    if !has(&["strace"]) {
        return;
    }
    let mut watched = Watched::new();
    let daemon = watched.start();
    daemon.until("the log is met", || watched.state.has_position());
    daemon.stop();
    let sandbox = &watched.sandbox;
    let mut run = sandbox.program(Path::new("/usr/bin/strace"), &["-f", "-o", "trace.txt", "-P"]);
    run.command.arg(sandbox.path("state/state.db-wal"));
    run.command.arg("-P").arg(sandbox.path("state/state.db"));
    run.command.arg("-e").arg(format!("inject={calls}:error=EIO:when={when}"));
    run.command.arg(env!("CARGO_BIN_EXE_ocrwatch"));
    run.command.args(["run", "--state-dir", "state", "app.log"]);
    let daemon = Daemon::start_below(run);
    watched.is_told(&daemon);
    watched.is_told(&daemon);
    daemon.until_stderr("alerts go out all the same");
    watched.is_told(&daemon);
    daemon.until("the state catches up", || watched.state.count() == watched.number);
    let ended = daemon.stop();
    let trace = std::fs::read_to_string(watched.sandbox.path("trace.txt")).expect("a trace");
    let injected = trace.matches("(INJECTED)").count();
    println!("{injected} calls failed");
    assert!(injected > 0);
    watched.is_whole();
    assert!(!ended.stderr.contains("panicked"), "{}", ended.stderr);
    // And it can be gone on with.
    let daemon = watched.start();
    watched.is_told(&daemon);
    watched.catches_up(daemon);
}

#[test]
fn a_sync_that_fails_repeats_and_loses_nothing() {
    check_injected("fsync,fdatasync", "1..3");
}

#[test]
fn a_write_that_fails_repeats_and_loses_nothing() {
    check_injected("pwrite64,write", "2..4");
}

#[test]
fn a_corrupt_state_is_set_aside_loudly_and_alerts_go_on() {
    let mut watched = Watched::new();
    let daemon = watched.start();
    watched.is_told(&daemon);
    daemon.until("it is kept", || watched.state.count() == 10 && watched.state.queued() == 0);
    daemon.stop();
    let database = watched.state.database();
    let mut bytes = std::fs::read(&database).expect("a state");
    let (from, until) = (bytes.len() / 3, bytes.len() * 2 / 3);
    bytes[from..until].fill(0x5a);
    std::fs::write(&database, &bytes).expect("the damage");
    let daemon = watched.start();
    daemon.until_stderr("the old one is kept as");
    watched.is_told(&daemon);
    let ended = daemon.stop();
    assert!(ended.stderr.contains("error"), "{}", ended.stderr);
    let aside = std::fs::read_dir(watched.sandbox.path("state")).expect("a directory");
    let names: Vec<_> = aside.map(|entry| entry.expect("an entry").file_name()).collect();
    println!("{names:?}\n{}", ended.stderr);
    assert!(names.iter().any(|name| name.to_string_lossy().contains("corrupt")), "{names:?}");
    assert_eq!(watched.state.queued(), 0);
}

#[test]
fn a_second_daemon_is_refused_and_told_whose_the_state_is() {
    let mut watched = Watched::new();
    let daemon = watched.start();
    watched.is_told(&daemon);
    let second = watched.sandbox.run(&["run", "--state-dir", "state", "app.log"]);
    second.code(78).stderr_has(&daemon.pid().to_string());
    watched.is_told(&daemon);
    watched.catches_up(daemon);
}

#[test]
fn a_state_directory_that_is_deleted_is_begun_again_with_what_is_known() {
    let mut watched = Watched::new();
    let daemon = watched.start();
    watched.is_told(&daemon);
    daemon.until("it is kept", || watched.state.count() == 10);
    std::fs::remove_dir_all(watched.sandbox.path("state")).expect("it goes");
    watched.is_told(&daemon);
    daemon.until("a state is there again", || watched.state.count() == 10);
    daemon.stop();
    // What was read and told before is not read and told again.
    let daemon = watched.start();
    watched.is_told(&daemon);
    let ended = daemon.stop();
    assert_eq!(watched.state.count(), 20);
    assert!(!ended.stdout.contains("API ocr_10 is not subscribed: 1 call failed\nfiring"));
}
