//! What happened while nobody looked is told once, as history.

use std::path::Path;

use chrono::TimeDelta;
use ocrwatch::clock;

use super::daemon::{Daemon, has};
use super::log::{append, error_line, noise_line};
use super::state::State;
use crate::harness::Sandbox;

#[test]
fn a_day_s_backlog_is_one_digest_and_a_fresh_error_is_news_again() {
    let sandbox = Sandbox::with("app.log", noise_line(clock::now() - TimeDelta::days(2), 1));
    let log = sandbox.path("app.log");
    let state = State(sandbox.path("state"));
    if !has(&["faketime"]) {
        return;
    }
    let start = || Daemon::start(sandbox.ocrwatch(&["run", "--state-dir", "state", "app.log"]));
    // The day before, the daemon ran: no clock but this program's own says so.
    let mut run = sandbox.program(Path::new("/usr/bin/faketime"), &["-f", "-1d"]);
    run = run.arg(env!("CARGO_BIN_EXE_ocrwatch"));
    run.command.args(["run", "--once", "--state-dir", "state", "app.log"]);
    run.run().code(0);
    assert!(state.has_position());
    // Two hours of an evening: three alerts, two of which are over by now.
    let yesterday = clock::now() - TimeDelta::hours(23);
    let mut backlog = String::new();
    for minute in 0..120 {
        let at = yesterday + TimeDelta::minutes(minute);
        for second in 0..6 {
            let at = at + TimeDelta::seconds(second);
            let number = u64::try_from(minute * 10 + second).expect("a small number");
            backlog += &noise_line(at, number);
            match minute {
                10..20 => backlog += &error_line(at, "APIG.0308", "ocr_idcard", number),
                30..33 => backlog += &error_line(at, "ModelArts.4204", "ocr_old", number),
                60..70 => backlog += &error_line(at, "ModelArts.4401", "ocr_idcard", number),
                _ => {}
            }
        }
    }
    append(&log, &backlog);
    let written = backlog.matches("error_code").count() as u64;
    let daemon = start();
    daemon.until("the backlog is counted", || state.count() == written);
    daemon.until("it is told", || state.outbox().iter().any(|told| told.state == "sent"));
    let told = state.outbox();
    let reasons: Vec<_> = told.iter().map(|told| told.notification["reason"].clone()).collect();
    assert_eq!(reasons, ["historical"], "{}", daemon.stdout());
    let alerts = told[0].notification["alerts"].as_array().expect("alerts").len();
    println!("{written} errors of yesterday, {alerts} alerts in one digest");
    assert!(alerts >= 3);
    append(&log, error_line(clock::now(), "ModelArts.4204", "ocr_fresh", 9999));
    daemon.until_stdout("API ocr_fresh is not subscribed");
    let ended = daemon.stop();
    assert_eq!(ended.stdout.matches("== ").count(), 2, "{}", ended.stdout);
    assert_eq!(ended.stdout.matches("== historical").count(), 1, "{}", ended.stdout);
    let last = state.outbox().pop().expect("a notification");
    assert_ne!(last.notification["reason"], "historical");
    assert_eq!(state.count(), written + 1);
    assert_eq!(state.queued(), 0);
}
