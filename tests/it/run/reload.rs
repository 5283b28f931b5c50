//! Another configuration under a running daemon, and an end in the middle of work.

use std::time::Duration;

use ocrwatch::clock;
use rustix::process::Signal;

use super::daemon::Daemon;
use super::log::{append, error_line, errors};
use super::state::State;
use crate::harness::Sandbox;

const TWO: &str = "\
[[source]]
name = 'a'
files = 'a.log'

[[source]]
name = 'b'
files = 'b.log'
";

fn start(sandbox: &Sandbox) -> Daemon {
    let run = sandbox.ocrwatch(&["run", "--config", "ocrwatch.toml", "--state-dir", "state"]);
    Daemon::start(run)
}

#[test]
fn a_reload_keeps_what_is_the_same_and_a_broken_file_changes_nothing() {
    let sandbox = Sandbox::with("ocrwatch.toml", TWO);
    for name in ["a.log", "b.log", "c.log"] {
        sandbox.file(name, "");
    }
    let state = State(sandbox.path("state"));
    let daemon = start(&sandbox);
    daemon.until("both are met", || state.counters().len() >= 2 || state.has_position());
    let mut number = 0;
    let mut write = |name: &str, count| {
        append(&sandbox.path(name), errors(clock::now(), "AIS.0104", number, count));
        number += count;
    };
    write("a.log", 3);
    write("b.log", 2);
    daemon.until("both are counted", || state.count() == 5);

    sandbox.file("ocrwatch.toml", format!("{TWO}\n[[source]]\nname = 'c'\nfile = 'c.log'\n"));
    write("a.log", 1);
    daemon.signal(Signal::HUP);
    daemon.until_stderr("the configuration before stays in force");
    assert!(daemon.stderr().contains("config-unknown-key"), "{}", daemon.stderr());
    write("a.log", 1);
    daemon.until("the old one is in force", || state.count() == 7);

    // A source more; `a` is written to all the while, its last line torn.
    let torn = error_line(clock::now(), "AIS.0102", "", 777);
    append(&sandbox.path("a.log"), &torn[..80]);
    sandbox.file("ocrwatch.toml", format!("{TWO}\n[[source]]\nname = 'c'\nfiles = 'c.log'\n"));
    daemon.signal(Signal::HUP);
    daemon.until_stderr("reloaded: ");
    append(&sandbox.path("a.log"), &torn[80..]);
    daemon.until("the torn line is whole", || state.count() == 8);
    daemon.until("the new source is met", || {
        write("c.log", 1);
        state.errors_by_source().contains_key("c")
    });

    // A source less.
    sandbox.file("ocrwatch.toml", "[[source]]\nname = 'a'\nfiles = 'a.log'\n");
    daemon.signal(Signal::HUP);
    daemon.until("two sources went", || daemon.stderr().matches("reloaded: ").count() >= 3);
    let before = state.errors_by_source();
    write("b.log", 5);
    write("a.log", 1);
    daemon.until("a goes on", || state.errors_by_source()["a"] == before["a"] + 1);
    assert_eq!(state.errors_by_source()["b"], before["b"]);
    let ended = daemon.stop();
    println!("{} reloads", ended.stderr.matches("reloaded: ").count());
    assert_eq!(state.errors_by_source()["a"], 7);
}

#[test]
fn a_changed_rule_is_in_force_after_a_reload_and_alerts_that_fire_are_not_told_again() {
    let rule = |more: u32| {
        format!(
            "[[source]]\nname = 'a'\nfiles = 'a.log'\n\
             [[rule]]\nname = 'keep'\nseverity = 'critical'\nmatch = {{ code = 'AIS.0104' }}\n\
             condition = 'count >= 1'\nwindow = '5m'\nsummary = 'kept rule'\n\
             [[rule]]\nname = 'other'\nseverity = 'warning'\nmatch = {{ code = 'AIS.0102' }}\n\
             condition = 'count >= {more}'\nwindow = '5m'\nsummary = 'changed rule'\n\
             [[route]]\nname = 'all'\nmatch = {{}}\nreceiver = 'ops'\ngroup_wait = '0s'\n\
             group_interval = '1s'\n"
        )
    };
    let sandbox = Sandbox::with("ocrwatch.toml", rule(1000));
    sandbox.file("a.log", "");
    let state = State(sandbox.path("state"));
    let daemon = start(&sandbox);
    daemon.until("the log is met", || state.has_position());
    append(&sandbox.path("a.log"), errors(clock::now(), "AIS.0104", 1, 1));
    append(&sandbox.path("a.log"), errors(clock::now(), "AIS.0102", 10, 5));
    daemon.until_stdout("kept rule");
    daemon.until("all are counted", || state.count() == 6);
    sandbox.file("ocrwatch.toml", rule(3));
    daemon.signal(Signal::HUP);
    daemon.until_stderr("reloaded: ");
    append(&sandbox.path("a.log"), errors(clock::now(), "AIS.0102", 20, 3));
    daemon.until_stdout("changed rule");
    let ended = daemon.stop();
    assert_eq!(ended.stdout.matches("firing · critical").count(), 1, "{}", ended.stdout);
    assert_eq!(state.count(), 9);
    assert_eq!(state.queued(), 0);
}

#[test]
fn a_daemon_told_to_end_ends_at_once_in_the_middle_of_a_backlog_and_the_next_goes_on() {
    let sandbox = Sandbox::new();
    let mut backlog = String::new();
    let now = clock::now();
    for block in 0..200 {
        backlog += &errors(now, "AIS.0104", block * 100, 100);
    }
    sandbox.file("app.log", &backlog);
    let state = State(sandbox.path("state"));
    let start = || Daemon::start(sandbox.ocrwatch(&["run", "--state-dir", "state", "app.log"]));
    let mut stops = 0;
    loop {
        let daemon = start();
        let before = state.count();
        daemon.until("it reads", || state.count() > before);
        let ended = daemon.stop();
        // Unoptimized and beside other tests; by itself it takes a tenth of a second.
        assert!(ended.took < Duration::from_secs(10), "it ended after {:?}", ended.took);
        let count = state.count();
        println!("stopped after {count} of 20000 errors, in {:?}", ended.took);
        if count == 20_000 {
            break;
        }
        stops += 1;
        assert!(count < 20_000 && stops < 1000);
    }
    assert!(stops > 0, "it was never stopped in the middle");
    assert_eq!(state.lines(), 40_000);
    assert_eq!(state.queued(), 0);
}
