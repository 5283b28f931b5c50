//! Operators ask a run that follows a log: how it stands, and not to tell some alerts.

use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;

use ocrwatch::clock;

use super::daemon::Daemon;
use super::log::{append, error_line};
use crate::harness::{Outcome, Sandbox};

/// A run of one log, in which one error makes an alert fire.
fn start(sandbox: &Sandbox, arguments: &[&str]) -> Daemon {
    let run = sandbox.ocrwatch(&[&["run", "--state-dir", "state"], arguments].concat());
    let daemon = Daemon::start(run);
    ask(sandbox, &["status", "--wait-ready", "60"]).code(0);
    append(&sandbox.path("app.log"), error_line(clock::now(), "ModelArts.4204", "ocr_passport", 1));
    daemon.until("the alert fires", || {
        ask(sandbox, &["status"]).stdout().contains("api-not-subscribed")
    });
    daemon
}

fn ask(sandbox: &Sandbox, arguments: &[&str]) -> Outcome {
    let run = sandbox.ocrwatch(&[arguments, &["--state-dir", "state"]].concat());
    run.env("USER", "wang").run()
}

#[test]
fn a_run_says_how_it_stands_and_silences_what_it_is_asked_to() {
    let sandbox = Sandbox::with("app.log", "");
    let daemon = start(&sandbox, &["app.log"]);
    let ask = |arguments: &[&str]| ask(&sandbox, arguments);
    let page = ask(&["status"]);
    page.code(0).stdout_has("CRITICAL     1 critical alert fires: api-not-subscribed");
    page.stdout_has("API ocr_passport is not subscribed").stdout_has("1 source, 1 file, all read");
    ask(&["status", "--check"]).code(2).stdout_has("OCRWATCH CRITICAL - 1 critical alert fires");
    ask(&["silence", "list"]).code(0).stdout_is("nothing is silenced\n");

    let add = |rule: &str, end: &[&str]| {
        let fixed = ["silence", "add", "--reason", "it is known", "--match", rule];
        ask(&[&fixed, end].concat())
    };
    let wrong = add("rule=api-not-subscribd", &["--for", "2h"]);
    wrong.code(64).stderr_has("there is no rule `api-not-subscribd`").stderr_has("hint: ");
    let past = add("rule=*", &["--until", "2026-01-01 00:00"]);
    past.code(64).stdout_is("").stderr_has("error: ").stderr_has("hint: ");
    let other = add("rule=aksk-*", &["--for", "2h", "--id", "other"]);
    other.code(0).stdout_has("silenced: other: rule = aksk-*, until 2");
    other.stdout_has("it does not cover the alert that fires now\n");
    let known = add("rule=api-*", &["--until-resolved", "--id", "known"]);
    known.code(0).stdout_has("silenced: known: rule = api-*, until its alerts are resolved\n");
    known
        .stdout_has("1 alert that fires is not told:\n  critical api-not-subscribed: API ocr_pass");

    ask(&["status", "--check"]).code(0).stdout_has("alert fires, silenced: api-not-subscribed");
    let list = ask(&["silence", "list"]);
    list.stdout_has("silent       known: rule = api-*").stdout_has("wang: it is known");
    ask(&["top"]).code(0).stdout_has("silenced by known").stdout_has("1 error in the last hour");
    let ended = ask(&["silence", "expire", "known", "nobody"]);
    ended.code(66).stdout_has("ended: known\n1 alert that fires is told again:\n");
    ended.stderr_has("there is no silence of this name").stderr_has("hint: ");
    ask(&["status", "--check"]).code(2);
    daemon.stop();
    ask(&["status"]).code(69).stderr_has("error: no run is there: ");
    ask(&["status", "--check"]).code(3).stdout_has("OCRWATCH UNKNOWN - no run is there: ");
}

#[test]
fn at_an_address_a_run_is_asked_with_its_token() {
    let sandbox = Sandbox::with("app.log", "");
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    drop(listener);
    sandbox
        .file("token", "s3cret-s3cret-s3cret-s3cret\n")
        .file("other", "an0ther-an0ther-an0ther\n");
    for name in ["token", "other"] {
        let mode = std::fs::Permissions::from_mode(0o600);
        std::fs::set_permissions(sandbox.path(name), mode).expect("a mode");
    }
    let config = format!(
        "[[source]]\nname = 'app'\nfiles = 'app.log'\n\n\
         [http]\nlisten = '127.0.0.1:{port}'\nsocket = 'my.sock'\ntoken = {{ file = 'token' }}\n",
    );
    sandbox.file("ocrwatch.toml", config);
    let run = sandbox.ocrwatch(&["run", "--state-dir", "state", "--config", "ocrwatch.toml"]);
    let daemon = Daemon::start(run);
    // The socket is the configuration's.
    sandbox.run(&["status", "--wait-ready", "60", "--config", "ocrwatch.toml"]).code(0);
    assert!(sandbox.path("my.sock").exists());
    let url = format!("http://127.0.0.1:{port}");
    let with =
        |token: &str| sandbox.run(&["status", "--check", "--url", &url, "--token-file", token]);
    with("token").code(0).stdout_has("OCRWATCH OK - 1 source followed");
    let refused = sandbox.run(&["status", "--url", &url]);
    refused.code(77).stderr_has("hint: name the file with the token: `--token-file FILE`");
    with("other").code(3).stdout_lacks("an0ther");
    sandbox.run(&["status", "--url", &format!("https://127.0.0.1:{port}")]).code(69);
    daemon.stop();
}
