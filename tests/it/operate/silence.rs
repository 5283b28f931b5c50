//! `ocrwatch silence`: what is asked of a run, and its answers in words.

use serde_json::{Value, json};

use super::server::{Framing, Server, bad};
use crate::harness::Sandbox;

fn silence(id: &str) -> Value {
    let mut silence = bad()["silences"][0].clone();
    silence["id"] = id.into();
    silence
}

/// A run that takes every silence and ends `load-test`.
fn server(sandbox: &Sandbox) -> Server {
    Server::start(&sandbox.path("s"), Framing::Length, |request| match &*request.line {
        "GET /api/v1/status" => (200, bad().to_string()),
        "POST /api/v1/silences" => {
            (201, json!({"silence": silence("load-test"), "kept": false}).to_string())
        }
        "DELETE /api/v1/silences/load-test" => {
            (200, json!({"silence": silence("load-test"), "kept": true}).to_string())
        }
        _ => (404, r#"{"error":{"what":"there is no silence `x`"}}"#.to_owned()),
    })
}

#[test]
fn a_silence_is_asked_for_and_what_it_covers_is_said() {
    let sandbox = Sandbox::new();
    let server = server(&sandbox);
    let outcome = sandbox
        .ocrwatch(&["silence", "add", "--socket", "s", "--match", "rule=throttled,aksk-*"])
        .arg("--match=credential = scan-prod, scan-test")
        .arg("--not=severity=info")
        .arg("--for=2h")
        .arg("--reason=the new cluster is measured")
        .env("SUDO_USER", "wang")
        .env("USER", "root")
        .run();
    outcome.code(0).stdout_is(
        "silenced: load-test: rule = throttled, credential = scan-prod or scan-test, until \
         2026-11-30 17:54:05 +08:00\n\
         1 alert that fires is not told:\n\
         \x20 warning throttled: OCR refuses calls of scan-prod: 40 were too many\n",
    );
    outcome.stderr_has("note: the run's state cannot be written now");
    let requests = server.requests();
    assert!(requests[0].head.to_lowercase().contains("content-type: application/json"));
    let asked: Value = serde_json::from_str(&requests[0].body).expect("JSON");
    let expected = json!({
        "match": {"rule": ["throttled", "aksk-*"], "credential": ["scan-prod", "scan-test"]},
        "not": {"severity": ["info"]},
        "author": "wang",
        "reason": "the new cluster is measured",
        "for": "2h",
    });
    assert_eq!(asked, expected);
}

#[test]
fn an_end_is_a_time_a_length_or_the_alerts_own() {
    let sandbox = Sandbox::new();
    let server = server(&sandbox);
    let add = |end: &[&str]| {
        let always = ["silence", "add", "--socket", "s", "--match", "rule=*", "--reason", "r"];
        sandbox.run(&[&always[..], &["--author", "li"], end].concat())
    };
    add(&["--until", "2026-12-01T06:00:00+08:00", "--from", "2026-11-30 22:00"]).code(0);
    add(&["--until-resolved", "--id", "known"]).code(0);
    let asked = |at: usize| -> Value {
        let posts = server.requests().into_iter().filter(|it| it.line.starts_with("POST"));
        serde_json::from_str(&posts.collect::<Vec<_>>()[at].body).expect("JSON")
    };
    assert_eq!(asked(0)["until"], "2026-11-30T22:00:00Z");
    assert_eq!(asked(0)["from"], "2026-11-30T14:00:00Z", "in the zone of the machine");
    assert_eq!((&asked(1)["until_resolved"], &asked(1)["id"]), (&json!(true), &json!("known")));
    add(&[]).code(64);
    add(&["--for", "2h", "--until-resolved"]).code(64);
    add(&["--for", "soon"]).code(64).stderr_has("`soon` is no length of time");
    add(&["--until", "2h"]).code(64).stderr_has("hint: `--for 2h` is from now on");
    add(&["--until", "then"]).code(64).stderr_has("--until: `then` is not a time");
    add(&["--for", "2h", "--match", "aksk"]).code(64).stderr_has("names no values");
    add(&["--for", "2h", "--match", "rule=a"]).code(64).stderr_has("stands there twice");
    let always = ["silence", "add", "--socket", "s", "--match", "rule=*", "--reason", "r"];
    let outcome = sandbox.run(&[&always[..], &["--for", "1h"]].concat());
    outcome.code(64).stderr_has("hint: say who asks for it: `--author NAME`");
}

#[test]
fn what_the_run_refuses_is_said_problem_by_problem() {
    let sandbox = Sandbox::new();
    let body = r#"{"error":{"what":"the silence is wrong","problems":[
        {"what":"there is no rule `aksk`","hint":"did you mean `aksk-lockout`?"},
        {"what":"`until` lies in the past"}]}}"#;
    let answer = move |_: &_| (400, body.to_owned());
    let _server = Server::start(&sandbox.path("s"), Framing::Length, answer);
    let arguments = ["silence", "add", "--socket", "s", "--match", "rule=aksk", "--for", "1h"];
    let outcome = sandbox.run(&[&arguments[..], &["--reason", "r", "--author", "li"]].concat());
    outcome.code(64).stdout_is("").stderr_is(
        "error: there is no rule `aksk`\nhint: did you mean `aksk-lockout`?\n\
         error: `until` lies in the past\n",
    );
}

#[test]
fn silences_are_listed_and_ended() {
    let sandbox = Sandbox::new();
    let server = server(&sandbox);
    let outcome = sandbox.run(&["silence", "list", "--socket", "s"]);
    outcome.code(0).stdout_has("silent       load-test: rule = throttled, credential = scan-pro");
    outcome.stdout_has("covers 1 alert").stdout_has("to come      maintenance: all alerts");
    let outcome = sandbox.run(&["silence", "list", "--socket", "s", "--format", "json"]);
    assert_eq!(outcome.code(0).json()["silences"], bad()["silences"]);
    let outcome = sandbox.run(&["silence", "expire", "--socket", "s", "load-test", "a/../b"]);
    outcome.code(66).stdout_has("ended: load-test\n1 alert that fires is told again:\n");
    outcome.stderr_is("error: there is no silence `x`\nhint: `ocrwatch silence list`\n");
    let last = server.requests().pop().expect("a request");
    assert_eq!(last.line, "DELETE /api/v1/silences/a%2F..%2Fb");
}
