//! `ocrwatch status`: the page, the document, the check, and no answer.

use std::os::unix::net::UnixListener;
use std::os::unix::process::CommandExt as _;

use super::server::{Framing, Server, bad, well};
use crate::harness::Sandbox;

#[test]
fn a_status_is_shown_however_the_answer_is_framed() {
    for framing in [Framing::Length, Framing::Chunks] {
        let sandbox = Sandbox::new();
        let server = Server::start(&sandbox.path("s"), framing, |_| (200, bad().to_string()));
        let outcome = sandbox.run(&["status", "--socket", "s"]);
        let page = std::fs::read_to_string(crate::harness::data("status/bad-80.txt"));
        outcome.code(0).stderr_is("").stdout_is(&page.expect("the page"));
        let requests = server.requests();
        assert_eq!(requests.len(), 1);
        assert_eq!(requests[0].line, "GET /api/v1/status");
        assert!(requests[0].head.to_lowercase().contains("host: localhost"), "{requests:?}");
    }
}

#[test]
fn the_document_is_the_run_s_own() {
    let sandbox = Sandbox::new();
    let _server = Server::of_status(&sandbox.path("s"), bad());
    let outcome = sandbox.run(&["status", "--socket", "s", "--format", "json"]);
    assert_eq!(outcome.code(0).json(), bad());
}

#[test]
fn a_check_ends_with_what_nagios_expects() {
    let check = |status: serde_json::Value, code, start: &str| {
        let sandbox = Sandbox::new();
        let _server = Server::of_status(&sandbox.path("s"), status);
        let outcome = sandbox.run(&["status", "--check", "--socket", "s"]);
        outcome.code(code).stderr_is("");
        let line = outcome.stdout();
        assert!(line.starts_with(start) && line.lines().count() == 1, "{line}");
        assert!(line.contains(" | firing="), "{line}");
    };
    check(well(), 0, "OCRWATCH OK - 2 sources followed | ");
    let mut status = well();
    status["sources"][0]["problem"] = "permission denied".into();
    check(status, 1, "OCRWATCH WARNING - source app: permission denied | ");
    check(bad(), 2, "OCRWATCH CRITICAL - ");
}

#[test]
fn a_check_of_a_run_that_cannot_be_asked_is_unknown() {
    let sandbox = Sandbox::new();
    let check = |arguments: &[&str], line: &str| {
        let outcome = sandbox.run(&[&["status", "--check"], arguments].concat());
        outcome.code(3).stderr_is("").stdout_is(&format!("OCRWATCH UNKNOWN - {line}\n"));
    };
    check(&["--socket", "nowhere"], "no run is there: no socket nowhere");
    check(&["--url", "somewhere"], "`--url` is no address of a run");
    check(&["--config", "none.toml"], "no such configuration file: `none.toml`");
    drop(UnixListener::bind(sandbox.path("s")).expect("a socket"));
    check(&["--socket", "s"], "no run is there any more: nobody listens at s");
    let _server = Server::start(&sandbox.path("t"), Framing::Length, |_| (200, "{}".to_owned()));
    let outcome = sandbox.run(&["status", "--check", "--socket", "t"]);
    outcome.code(3).stdout_has("OCRWATCH UNKNOWN - the answer cannot be read: missing field");
}

#[test]
fn no_run_is_told_from_one_that_may_not_be_asked() {
    let sandbox = Sandbox::new();
    let outcome = sandbox.run(&["status", "--state-dir", "state"]);
    outcome
        .code(69)
        .stdout_is("")
        .stderr_has("error: no run is there: no socket state/http.sock\n");
    outcome.stderr_has("\nhint: ").stderr_has("name the `--config`, `--state-dir` or `--socket`\n");
    let refusal = r#"{"error":{"what":"a token is needed"}}"#;
    let server = Server::start(&sandbox.path("s"), Framing::Length, |_| (401, refusal.to_owned()));
    sandbox.run(&["status", "--socket", "s"]).code(77).stderr_has("--token-file FILE");
    if !rustix::process::geteuid().is_root() {
        println!("skipped: only root may run something as somebody else");
        return;
    }
    let mut run = sandbox.ocrwatch(&["status", "--socket"]).arg(sandbox.path("s"));
    run.command.uid(65_534).gid(65_534).current_dir("/");
    let outcome = run.run();
    outcome.code(77).stderr_has("permission denied").stderr_has("hint: ask as the user of the run");
    outcome.stderr_has("sudo -u root");
    drop(server);
}

#[test]
fn what_is_no_answer_of_a_run_is_said() {
    let check = |status, body: &'static str, code, said: &str| {
        let sandbox = Sandbox::new();
        let answer = move |_: &_| (status, body.to_owned());
        let _server = Server::start(&sandbox.path("s"), Framing::Length, answer);
        sandbox.run(&["status", "--socket", "s"]).code(code).stderr_has(said);
    };
    check(200, "<html>", 74, "the answer cannot be read");
    check(502, "<html>", 74, "the answer is HTTP 502");
    check(503, r#"{"error":{"what":"it ends"}}"#, 69, "error: it ends\n");
}

#[test]
fn a_run_that_is_not_ready_is_waited_for() {
    let sandbox = Sandbox::new();
    let mut asked = 0;
    let server = Server::start(&sandbox.path("s"), Framing::Length, move |_| {
        asked += 1;
        let mut status = well();
        status["catching_up"] = (asked < 3).into();
        (200, status.to_string())
    });
    sandbox.run(&["status", "--socket", "s", "--wait-ready", "30", "--check"]).code(0);
    assert_eq!(server.requests().len(), 3);
    drop(server);
    let _server = Server::of_status(&sandbox.path("s"), bad());
    let outcome = sandbox.run(&["status", "--socket", "s", "--wait-ready", "0"]);
    outcome.code(69).stderr_has("error: the run is not ready after less than 1 s: receiver ops");
}

#[test]
fn an_address_is_asked_with_the_token_of_a_file() {
    let sandbox = Sandbox::with("token", "s3cret\n");
    let status = |arguments: &[&str]| sandbox.run(&[&["status"], arguments].concat());
    status(&["--url", "http://127.0.0.1:1"]).code(69).stderr_has("nobody listens at http://127.");
    let token = ["--url", "http://127.0.0.1:1", "--token-file", "token"];
    status(&token).code(78).stderr_has("others may read it").stderr_has("hint: chmod 600");
    status(&["--token-file", "token"]).code(64);
    status(&["--url", "http://127.0.0.1:1", "--socket", "s"]).code(64);
    status(&["--url", "https://me:pw@localhost"]).code(64).stderr_has("hint: write a scheme");
}
