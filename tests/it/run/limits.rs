//! The system's limits, really lowered: they cost time, never lines.

use std::path::Path;

use ocrwatch::clock;

use super::daemon::{Daemon, has, is_root};
use super::log::{append, errors};
use super::state::State;
use crate::harness::Sandbox;

const FILES: u64 = 200;

/// What is said of files that are held open.
const OPEN_FILES: &str = " open_files=";

/// Follows many files in many directories through a shell that lowers a limit first.
fn check(program: &str, options: &[&str], script: &str, hazard: &str) {
    let sandbox = Sandbox::new();
    let path = |file| sandbox.path(&format!("logs/{}/{file}.log", file / 5));
    for file in 0..FILES {
        sandbox.file(&format!("logs/{}/{file}.log", file / 5), "");
    }
    let script = format!("{script}; exec \"$@\"");
    let mut run = sandbox.program(Path::new(program), options);
    run.command.args(["-c", &script, "sh", env!("CARGO_BIN_EXE_ocrwatch")]);
    run.command.args(["run", "-v", "--state-dir", "state", "logs/**/*.log"]);
    let daemon = Daemon::start(run);
    let state = State(sandbox.path("state"));
    for round in 0..3 {
        for file in 0..FILES {
            append(&path(file), errors(clock::now(), "AIS.0104", (round * FILES + file) * 10, 2));
        }
        daemon.until("everything is counted", || state.count() == (round + 1) * FILES * 2);
    }
    let ended = daemon.stop();
    assert!(ended.stderr.contains(hazard), "no {hazard:?}\n{}", ended.stderr);
    if hazard == OPEN_FILES {
        let open = ended.stderr.split(hazard).nth(1).and_then(|rest| rest.split(' ').next());
        let open: u64 = open.and_then(|count| count.parse().ok()).expect("a number");
        println!("{open} of {FILES} files are open");
        assert!((1..32).contains(&open));
    }
    let told = ended.stderr.lines().filter(|line| line.contains(hazard)).count();
    println!("{told} times: {hazard}");
    assert_eq!((state.count(), state.lines()), (FILES * 6, FILES * 12));
}

#[test]
fn without_watches_every_line_counts_once() {
    if has(&["unshare"]) && is_root() {
        let script = "echo 10 > /proc/sys/user/max_inotify_watches";
        check("/usr/bin/unshare", &["-U", "-r", "sh"], script, "polled: the limit of watches");
    }
}

#[test]
fn without_an_inotify_instance_every_line_counts_once() {
    if has(&["unshare"]) && is_root() {
        let script = "echo 0 > /proc/sys/user/max_inotify_instances";
        check("/usr/bin/unshare", &["-U", "-r", "sh"], script, "polled: the limit of inotify");
    }
}

#[test]
fn with_few_file_handles_every_line_counts_once() {
    check("/bin/sh", &[], "ulimit -n 32", OPEN_FILES);
}

/// The queue of wake-ups of the whole machine, put back in the end.
struct Queue(String);

const QUEUE: &str = "/proc/sys/fs/inotify/max_queued_events";

impl Drop for Queue {
    fn drop(&mut self) {
        std::fs::write(QUEUE, &self.0).expect("the limit is put back");
    }
}

#[test]
fn when_wake_ups_are_lost_every_line_counts_once() {
    if !is_root() {
        return;
    }
    let before = std::fs::read_to_string(QUEUE).expect("a limit");
    if std::fs::write(QUEUE, "2").is_err() {
        println!("skipped: the limit may not be changed here");
        return;
    }
    let _queue = Queue(before);
    check("/bin/sh", &[], "true", "wake-ups were lost");
}
