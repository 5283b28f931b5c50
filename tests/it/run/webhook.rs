//! A robot and a webhook that the program tells: what is refused for now comes again under the same
//! name, and no secret stands in the program's log.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::sync::{Arc, Mutex};

use ocrwatch::clock;

use super::daemon::Daemon;
use super::log::{append, error_line};
use super::state::State;
use crate::harness::Sandbox;

/// Answers one request after the other; returns its port and what it was asked.
fn server(answers: Vec<String>) -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a free port");
    let port = listener.local_addr().expect("an address").port();
    let seen = Arc::<Mutex<Vec<String>>>::default();
    let asked = Arc::clone(&seen);
    std::thread::spawn(move || {
        for answer in answers {
            let Ok((mut stream, _)) = listener.accept() else { return };
            let (mut bytes, mut buffer) = (Vec::new(), [0; 4096]);
            while !is_whole(&bytes) {
                match stream.read(&mut buffer) {
                    Ok(count @ 1..) => bytes.extend_from_slice(&buffer[..count]),
                    _ => break,
                }
            }
            let request = String::from_utf8_lossy(&bytes).into_owned();
            asked.lock().expect("nobody panics").push(request);
            // Who hung up does not want it.
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (port, seen)
}

fn is_whole(bytes: &[u8]) -> bool {
    let text = String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let Some((head, _)) = text.split_once("\r\n\r\n") else { return false };
    let length = head.split("content-length: ").nth(1).and_then(|rest| rest.lines().next());
    let length: usize = length.and_then(|length| length.parse().ok()).unwrap_or_default();
    let end = bytes.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or_default();
    bytes.len() >= end + 4 + length
}

fn answer(status: &str, headers: &str, body: &str) -> String {
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\n{headers}Content-Length: {length}\r\nConnection: close\r\n\r\n{body}"
    )
}

fn header(request: &str, name: &str) -> String {
    let line = request.lines().find_map(|line| {
        let (header, value) = line.split_once(": ")?;
        header.eq_ignore_ascii_case(name).then(|| value.to_owned())
    });
    line.unwrap_or_default()
}

const RULE: &str = "[[rule]]\nname = 'one'\nseverity = 'critical'\nsummary = 'one of {{ code }}'\n\
                    match = { code = 'AIS.0104' }\ncondition = 'count >= 1'\nwindow = '10m'\n\
                    [[route]]\nname = 'all'\nreceiver = 'default'\ngroup_wait = '0s'\n";

fn run(sandbox: &Sandbox, receiver: &str) -> Daemon {
    let config =
        format!("[[source]]\nfiles = 'a.log'\n[[receiver]]\nname = 'default'\n{receiver}\n{RULE}");
    sandbox.file("a.log", "").file("ocrwatch.toml", config);
    let run = sandbox.ocrwatch(&["run", "--config", "ocrwatch.toml", "--state-dir", "state"]);
    let daemon = Daemon::start(run);
    let state = State(sandbox.path("state"));
    daemon.until("the log is met", || state.has_position());
    append(&sandbox.path("a.log"), error_line(clock::now(), "AIS.0104", "", 1));
    daemon
}

fn secret(sandbox: &Sandbox, name: &str, value: &str) {
    sandbox.file(name, value);
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(sandbox.path(name), mode).expect("our own file");
}

#[test]
fn a_webhook_that_asks_for_patience_is_told_again_under_the_same_name() {
    let (port, seen) = server(vec![
        answer("503 Later", "Retry-After: 1\r\n", "starting"),
        answer("200 OK", "", "ok"),
    ]);
    let sandbox = Sandbox::new();
    secret(&sandbox, "hook.secret", "canary-of-the-signature\n");
    secret(&sandbox, "hook.authorization", "Bearer canary-of-the-login\n");
    let daemon = run(
        &sandbox,
        &format!(
            "webhook = {{ url = 'http://127.0.0.1:{port}/hook', secrets = [{{ file = \
             'hook.secret' }}], authorization = {{ file = 'hook.authorization' }} }}"
        ),
    );
    daemon.until_stderr("told receiver=default");
    let ended = daemon.stop();
    let seen = seen.lock().expect("nobody panics").clone();
    let names: Vec<_> = seen.iter().map(|request| header(request, "Idempotency-Key")).collect();
    assert_eq!(names.len(), 2, "{seen:?}");
    assert!(names[0].len() == 16 && names[0] == names[1], "{names:?}");
    assert_eq!(header(&seen[0], "Authorization"), "Bearer canary-of-the-login");
    let (_, body) = seen[1].split_once("\r\n\r\n").expect("a body");
    let body: serde_json::Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body["schema"], "ocrwatch.notification/1");
    assert_eq!(body["id"], names[0].as_str());
    assert!(ended.stderr.contains("HTTP 503 starting"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
}

#[test]
fn a_robot_s_failure_with_http_200_is_told_with_its_remedy_and_without_its_secret() {
    let refused = r#"{"errcode":310000,"errmsg":"sign not match of canary0of0the0address"}"#;
    let (port, seen) = server(vec![answer("200 OK", "", refused)]);
    let sandbox = Sandbox::new();
    let url = format!("http://127.0.0.1:{port}/robot/send?access_token=canary0of0the0address\n");
    secret(&sandbox, "url", &url);
    secret(&sandbox, "sign", "SECcanary0of0the0signature\n");
    let receiver = "dingtalk = { url = { file = 'url' }, sign = { file = 'sign' } }";
    let daemon = run(&sandbox, receiver);
    daemon.until_stderr("not told: answer: errcode 310000");
    let ended = daemon.stop();
    assert!(ended.stderr.contains("compare `sign`"), "{}", ended.stderr);
    assert!(!ended.stderr.contains("canary"), "{}", ended.stderr);
    assert!(seen.lock().expect("nobody panics")[0].contains("&sign="));
    // It waits for who mends it, and is not dropped.
    assert_eq!(State(sandbox.path("state")).queued(), 1);
}
