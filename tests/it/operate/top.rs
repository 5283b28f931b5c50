//! `ocrwatch top` on a real terminal: what it shows, what keys do, and that the terminal is given
//! back.

use std::path::Path;

use rustix::process::Signal;
use serde_json::{Value, json};

use super::pty::Pty;
use super::server::{Framing, Server, bad, well};
use crate::harness::Sandbox;

fn start(sandbox: &Sandbox, columns: u16, rows: u16) -> Pty {
    let arguments = ["top", "--socket", "s", "--interval", "200ms"];
    Pty::run(sandbox.ocrwatch(&arguments).env("TERM", "xterm-256color"), columns, rows)
}

/// A run as it stands, with some errors in the last hour.
fn serve(path: &Path, mut status: Value) -> Server {
    let now = ocrwatch::clock::now().to_rfc3339();
    status["at"] = now.clone().into();
    let minutes = json!({"left_out": false, "minutes": [
        {"at": now, "source": "app", "module": "APIG", "code": "APIG.0301", "errors": 7},
    ]});
    Server::start(path, Framing::Length, move |request| {
        let is_minutes = request.line.starts_with("GET /api/v1/occurrences?from=");
        (200, if is_minutes { &minutes } else { &status }.to_string())
    })
}

#[test]
fn it_shows_a_run_scrolls_and_gives_the_terminal_back() {
    let sandbox = Sandbox::new();
    let _server = serve(&sandbox.path("s"), bad());
    let mut pty = start(&sandbox, 80, 24);
    pty.until_shown("ocrwatch  CRITICAL");
    pty.until("a frame of the screen's size", |frame| {
        frame.len() == 24 && frame.iter().all(|line| line.chars().count() <= 80)
    });
    let top = pty.frame();
    assert!(top.iter().any(|line| line.contains("the AK/SK of scan-prod is locked")), "{top:?}");
    assert!(!top.iter().any(|line| line.contains("/var/lib/ocrwatch")), "{top:?}");
    pty.press("G");
    pty.until_shown("/var/lib/ocrwatch");
    pty.press("g");
    pty.until_shown("receiver ops fails");
    pty.press("jj");
    pty.until("it scrolls", |frame| frame.last().is_some_and(|line| line.contains("3-23 of ")));
    pty.press("\x1b[A\x1b[6~");
    pty.until("arrows and pages", |frame| {
        frame.last().is_some_and(|line| line.contains("22-42 of "))
    });
    pty.press("s");
    pty.until_shown("sorted by errors");
    pty.press("p");
    pty.until_shown("paused for");
    pty.press("p");
    pty.until("it goes on", |frame| frame.get(1).is_some_and(|line| line.trim().is_empty()));
    pty.press("q");
    let (code, shown) = pty.ended();
    assert_eq!(code, Some(0), "{shown:?}");
    assert!(shown.contains("\x1b[1m"), "in colours: {shown:?}");
}

#[test]
fn it_follows_the_size_of_the_terminal() {
    let sandbox = Sandbox::new();
    let _server = serve(&sandbox.path("s"), bad());
    let mut pty = start(&sandbox, 80, 24);
    pty.until("24 rows", |frame| frame.len() == 24);
    pty.resize(200, 60);
    pty.until("60 rows", |frame| frame.len() == 60);
    pty.until_shown("7 errors in the last hour");
    pty.until_shown("/var/lib/ocrwatch");
    pty.resize(40, 10);
    pty.until("10 rows", |frame| {
        frame.len() == 10 && frame.iter().all(|line| line.chars().count() <= 40)
    });
    pty.press("\x03");
    assert_eq!(pty.ended().0, Some(0));
}

#[test]
fn a_run_that_goes_away_is_said_to_be_gone_until_it_is_back() {
    let sandbox = Sandbox::new();
    let server = serve(&sandbox.path("s"), bad());
    let pty = start(&sandbox, 100, 30);
    pty.until_shown("CRITICAL");
    drop(server);
    pty.until_shown("no run is there");
    pty.until_shown("ocrwatch  CRITICAL");
    let _server = serve(&sandbox.path("s"), well());
    pty.until_shown("ocrwatch  OK");
    pty.until("no trouble", |frame| frame.get(1).is_some_and(|line| line.trim().is_empty()));
    pty.signal(Signal::TERM);
    assert_eq!(pty.ended().0, Some(0));
}

#[test]
fn what_is_no_terminal_gets_one_frame() {
    let sandbox = Sandbox::new();
    let _server = serve(&sandbox.path("s"), bad());
    let outcome = sandbox.run(&["top", "--socket", "s"]);
    outcome.code(0).stdout_has("receiver ops fails").stdout_has("7 errors in the last hour");
    outcome.stdout_has("/var/lib/ocrwatch").stdout_lacks("\x1b");
    sandbox
        .run(&["top", "--socket", "s", "--interval", "1ms"])
        .code(64)
        .stderr_has("from 200ms on");
}

#[test]
fn without_a_run_the_terminal_is_left_alone() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.run(&["top", "--socket", "nowhere"]);
    outcome.code(69).stdout_is("").stderr_has("no run is there: no socket nowhere");
}
