//! Where a run answers: addresses, sockets, tokens, certificates, and what a reload changes.

use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

use rustix::process::Signal;

use super::super::daemon::{Daemon, has};
use super::client::Place;
use super::{CONFIG, Scene};
use crate::harness::Sandbox;
use crate::mail::trust::Authority;

#[test]
fn a_token_is_asked_for_at_addresses_and_not_on_the_socket() {
    let config = CONFIG.replace("[[source]]", "token = { file = 'token' }\n\n[[source]]");
    let sandbox = Sandbox::with("app.log", "");
    sandbox.file("token", "opensesame\n");
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(sandbox.path("token"), mode).expect("a mode");
    let scene = Scene::start_in(sandbox, &config);
    let place = scene.address();
    let answer = place.get("/metrics").expect("an answer");
    assert_eq!(answer.status, 401);
    let challenges = ["bearer realm=\"ocrwatch\"", "basic realm=\"ocrwatch\", charset=\"utf-8\""];
    assert_eq!(answer.headers("www-authenticate"), challenges);
    // `ocrwatch:opensesame`, as a browser shows it.
    let browser = "Authorization: Basic b2Nyd2F0Y2g6b3BlbnNlc2FtZQ==\r\nAccept: text/html\r\n";
    assert_eq!(place.ask("GET", "/", browser, "").expect("an answer").status, 200);
    assert_eq!(place.get("/").expect("an answer").status, 401);
    let wrong = place.ask("GET", "/metrics", "Authorization: Bearer opensesam\r\n", "");
    assert_eq!(wrong.expect("an answer").status, 401);
    let right = place.ask("GET", "/metrics", "Authorization: Bearer opensesame\r\n", "");
    assert_eq!(right.expect("an answer").status, 200);
    let fields = "Authorization: Bearer opensesame\r\nContent-Type: application/json\r\n";
    let silence = r#"{"match": {"rule": "*"}, "author": "a", "reason": "b", "for": "2h"}"#;
    let changed = place.ask("POST", "/api/v1/silences", fields, silence).expect("an answer");
    assert_eq!(changed.status, 201, "{}", changed.body);
    assert_eq!(place.get("/healthz").expect("an answer").status, 200);
    assert_eq!(place.get("/readyz").expect("an answer").body, "ready\n");
    assert_eq!(scene.socket().get("/metrics").expect("an answer").status, 200);
    assert!(!scene.daemon().stderr().contains("opensesame"));
}

#[test]
fn a_certificate_encrypts_an_address() {
    if !has(&["openssl", "python3"]) {
        return;
    }
    let sandbox = Sandbox::with("app.log", "");
    let authority = Authority::new().expect("openssl makes one");
    let (certificate, key) = authority.sign("http", "IP:127.0.0.1", 30);
    let tls = format!(
        "tls = {{ certificate = '{}', key = '{}' }}\n\n[[source]]",
        certificate.display(),
        key.display()
    );
    let scene = Scene::start_in(sandbox, &CONFIG.replace("[[source]]", &tls));
    let Place::Address(address) = scene.address() else { panic!("no address") };
    let script = "import ssl, sys, urllib.request as r; \
                  c = ssl.create_default_context(cafile=sys.argv[2]); \
                  print(r.urlopen(sys.argv[1], context=c, timeout=20).read().decode())";
    let url = format!("https://{address}/healthz");
    let ask = |authority: &std::path::Path| {
        let mut python = Command::new("python3");
        python.args(["-c", script, &url]).arg(authority).output().expect("python runs")
    };
    let said = ask(authority.ca().as_ref());
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), "ok", "{said:?}");
    let plain = Place::Address(address).get("/healthz");
    assert!(plain.is_err(), "nothing is answered in the clear: {plain:?}");
}

#[test]
fn a_reload_answers_elsewhere_and_one_that_cannot_stays_where_it_was() {
    let scene = Scene::start(CONFIG);
    let first = scene.address();
    let free = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = free.local_addr().expect("an address");
    drop(free);
    let moved = CONFIG.replace("127.0.0.1:0", &address.to_string());
    scene.sandbox.file("ocrwatch.toml", moved);
    scene.daemon().signal(Signal::HUP);
    let place = Place::Address(address);
    let answers = |place: &Place| place.get("/healthz").is_ok_and(|answer| answer.status == 200);
    scene.daemon().until("it answers elsewhere", || answers(&place));
    assert!(!answers(&first), "and no longer where it did");
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let other = taken.local_addr().expect("an address").to_string();
    scene.sandbox.file("ocrwatch.toml", CONFIG.replace("127.0.0.1:0", &other));
    scene.daemon().signal(Signal::HUP);
    scene.daemon().until_stderr("cannot answer over HTTP");
    scene.daemon().until("it answers where it did", || answers(&place));
}

#[test]
fn the_socket_of_a_run_that_was_killed_is_no_obstacle_and_is_its_owners_alone() {
    let mut scene = Scene::start(CONFIG);
    let path = scene.sandbox.path("state/http.sock");
    let mode = path.metadata().expect("a socket").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    scene.daemon.take().expect("a run").kill();
    assert!(path.exists(), "a kill leaves its file");
    scene.restart();
    assert_eq!(scene.socket().get("/healthz").expect("an answer").status, 200);
    scene.daemon.take().expect("a run").stop();
    assert!(!path.exists(), "an end takes it away");
}

#[test]
fn an_address_that_is_taken_ends_the_start_with_words() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address").to_string();
    let sandbox = Sandbox::with("app.log", "");
    sandbox.file("ocrwatch.toml", CONFIG.replace("127.0.0.1:0", &address));
    let arguments = ["run", "--config", "ocrwatch.toml", "--state-dir", "state"];
    let ended = Daemon::start(sandbox.ocrwatch(&arguments)).ended();
    assert_eq!(ended.code, Some(74));
    let expected = "hint: another program listens there: choose another port";
    assert!(ended.stderr.contains(expected), "{}", ended.stderr);
}
