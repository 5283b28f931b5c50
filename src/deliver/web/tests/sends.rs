//! Real sends: what a server sees, and what becomes of one that misbehaves.

use std::io::Write as _;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use super::server::{Reply, Server};
use super::*;
use crate::clock::Stopwatch;
use crate::config::{Address, Way, Webhook};
use crate::deliver::{Again, Scope};

struct Files(tempfile::TempDir);

impl Files {
    fn new() -> Self {
        Self(tempfile::tempdir().expect("a temporary directory"))
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    /// A secret in a file.
    fn secret(&self, name: &str, value: &str) -> Secret {
        let path = self.path(name);
        std::fs::write(&path, format!("{value}\n")).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        Secret::File(path)
    }
}

fn link(timeout_ms: i64) -> Link {
    Link { ca_file: None, timeout: Span(timeout_ms) }
}

fn receiver(service: Service, link: Link) -> Receiver {
    let way = Way::Web(Box::new(Web { service, link }));
    Receiver { way, ..Receiver::terminal("ops") }
}

struct Sent {
    result: Result<Accepted, Failure>,
    steps: Vec<Step>,
}

fn send_to(service: Service, link: Link) -> Sent {
    let receiver = receiver(service, link);
    let mut sender = crate::deliver::sender(&receiver).expect("a sender");
    let mut steps = Vec::new();
    let parcel = parcel(vec![lockout(AlertStatus::Firing)]);
    let result = sender.send(&parcel, &texts(), now(), &mut |step| steps.push(step));
    Sent { result, steps }
}

fn hook(url: &str) -> Service {
    Service::Webhook(Webhook {
        url: Address::Plain(url.into()),
        secrets: Arc::new([]),
        authorization: None,
        headers: Arc::new([]),
    })
}

fn failure_of(reply: Reply) -> Failure {
    let server = Server::start(vec![reply]);
    send_to(hook(&server.url("/hook")), link(5000)).result.expect_err("a failure")
}

#[test]
fn a_robot_is_told_signed_and_its_answer_is_read() {
    let files = Files::new();
    let server = Server::start(vec![
        Reply::of(200, "", r#"{"errcode":0,"errmsg":"ok"}"#),
        Reply::of(200, "", r#"{"errcode":310000,"errmsg":"sign not match 0123456789abcdef"}"#),
    ]);
    let url = server.url("/robot/send?access_token=0123456789abcdef");
    let robot = Robot {
        url: files.secret("url", &url),
        sign: Some(files.secret("sign", "SEC9876543210")),
        ..robot()
    };
    let sent = send_to(Service::DingTalk(robot.clone()), link(5000));
    assert_eq!(sent.result.unwrap().answer, r#"HTTP 200 {"errcode":0,"errmsg":"ok"}"#);
    let seen = server.seen().expect("a request");
    let first = seen.head.lines().next().unwrap().to_owned();
    assert!(first.starts_with(
        "POST /robot/send?access_token=0123456789abcdef&timestamp=1796025600000&sign="
    ));
    let head = seen.head.to_ascii_lowercase();
    assert!(head.contains(concat!("user-agent: ocrwatch/", env!("CARGO_PKG_VERSION"))), "{head}");
    assert!(head.contains("content-type: application/json"), "{head}");
    assert_eq!(serde_json::from_str::<Value>(&seen.body).unwrap()["msgtype"], "markdown");
    let stages: Vec<_> = sent.steps.iter().map(|step| step.stage).collect();
    assert_eq!(stages, ["connect", "send", "answer"]);
    // HTTP 200 with a code in it is a failure, and shows no secret that the service repeats.
    let sent = send_to(Service::DingTalk(robot), link(5000));
    let failure = sent.result.unwrap_err();
    assert_eq!(failure.what, "errcode 310000: sign not match ••••");
    let said = format!("{failure:?}{:?}", sent.steps);
    for secret in ["0123456789abcdef", "SEC9876543210"] {
        assert!(!said.contains(secret), "{said}");
    }
}

#[test]
fn who_asks_for_patience_gets_it() {
    let failure = failure_of(Reply::of(429, "Retry-After: 17\r\n", "slow down"));
    assert_eq!(failure.again, Again::After(Duration::from_secs(17)));
    assert_eq!(failure.scope, Scope::Receiver);
    assert_eq!(failure.what, "HTTP 429 slow down");
    let date = "Retry-After: Mon, 30 Nov 2026 08:02:00 GMT\r\n";
    let failure = failure_of(Reply::of(503, date, ""));
    assert_eq!(failure.again, Again::After(Duration::from_secs(120)));
}

#[test]
fn nobody_is_followed_elsewhere() {
    for status in [301, 302, 303, 307, 308] {
        let other = Server::start(vec![Reply::of(200, "", "ok")]);
        let to = format!("Location: {}\r\n", other.url("/stolen"));
        let failure = failure_of(Reply::of(status, &to, ""));
        assert!(failure.what.contains(&format!("127.0.0.1:{}", other.port)), "{failure}");
        assert!(other.seen().is_none(), "the message was handed to somebody else");
    }
}

#[test]
fn a_server_that_is_slow_in_any_stage_is_given_up() {
    for reply in [Reply::Hang, Reply::Drip] {
        let server = Server::start(vec![reply.clone()]);
        let stopwatch = Stopwatch::start();
        let sent = send_to(hook(&server.url("/")), link(300));
        let failure = sent.result.expect_err("a timeout");
        assert_eq!((failure.stage, failure.again), ("answer", Again::Later), "{reply:?}");
        assert!(failure.what.contains("in time"), "{failure}");
        assert!(stopwatch.elapsed() < Duration::from_secs(10), "{:?}", stopwatch.elapsed());
    }
    // One that lets nobody in: the connection is made by the system, and no answer comes.
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    assert_eq!(send_to(hook(&url), link(300)).result.unwrap_err().stage, "answer");
}

#[test]
fn an_answer_without_an_end_is_read_to_a_limit() {
    let server = Server::start(vec![Reply::Endless]);
    let sent = send_to(hook(&server.url("/")), link(20_000));
    assert!(sent.result.is_ok(), "{:?}", sent.result);
    let text = &sent.steps.last().unwrap().text;
    assert!(text.chars().count() < 400, "{} characters are shown", text.len());
}

#[test]
fn each_way_to_fail_has_its_stage_and_says_what_to_do() {
    let check = |failure: Failure, stage: &str, hint: &str| {
        assert_eq!(failure.stage, stage, "{failure:?}");
        assert_eq!((failure.again, failure.scope), (Again::Later, Scope::Receiver), "{failure:?}");
        assert!(failure.hint.as_deref().unwrap_or_default().contains(hint), "{failure:?}");
    };
    check(failure_of(Reply::Close), "answer", "");
    check(failure_of(Reply::Raw("SSH-2.0-OpenSSH_9.2\r\n".into())), "answer", "port");
    // A port that was free a moment ago.
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let send = |url: String| send_to(hook(&url), link(5000)).result.unwrap_err();
    check(send(format!("http://127.0.0.1:{port}/")), "connect", "host and the port");
    check(send("http://no-such-host.invalid/".to_owned()), "resolve", "name servers");
    let server = Server::start(vec![Reply::of(400, "", "")]);
    check(send(format!("https://127.0.0.1:{}/", server.port)), "tls", "port");
}

#[test]
fn a_secret_is_not_told_to_everybody_on_the_way_nor_guessed() {
    let files = Files::new();
    let send = |url: Secret| {
        let robot = Robot { url, ..robot() };
        send_to(Service::Slack(robot), link(5000)).result.unwrap_err()
    };
    let plain = send(files.secret("plain", "http://hooks.example/services/T0/B0/secret"));
    assert_eq!(plain.stage, "address");
    assert!(!format!("{plain:?}").contains("services"), "{plain:?}");
    let none = send(Secret::File(files.path("none")));
    assert_eq!((none.stage, none.scope), ("secret", Scope::Receiver));
    let odd = send(files.secret("odd", "hooks.example/services/T0"));
    assert_eq!(odd.stage, "address");
    let open = files.path("open");
    std::fs::write(&open, "https://hooks.example/x").unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o644)).unwrap();
    assert!(send(Secret::File(open)).hint.unwrap().contains("chmod 600"));
}

/// A certificate of its own for this machine, and its key.
fn certificate(files: &Files) -> Option<(PathBuf, PathBuf)> {
    let (certificate, key) = (files.path("cert.pem"), files.path("key.pem"));
    let run = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"])
        .args(["-nodes", "-days", "2", "-subj", "/CN=here", "-addext"])
        .args(["subjectAltName=IP:127.0.0.1", "-addext", "basicConstraints=critical,CA:FALSE"])
        .arg("-keyout")
        .arg(&key)
        .arg("-out")
        .arg(&certificate)
        .output();
    let is_made = run.is_ok_and(|output| output.status.success());
    if !is_made {
        println!("skipped: there is no openssl here");
    }
    is_made.then_some((certificate, key))
}

fn tls_server(certificate: &Path, key: &Path, replies: Vec<Reply>) -> Server {
    use rustls::pki_types::pem::PemObject as _;
    use rustls::pki_types::{CertificateDer, PrivateKeyDer};
    let chain = vec![CertificateDer::from_pem_file(certificate).unwrap()];
    let key = PrivateKeyDer::from_pem_file(key).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let config = Arc::new(config);
    Server::start_with(replies, move |stream| {
        let connection = rustls::ServerConnection::new(Arc::clone(&config)).unwrap();
        rustls::StreamOwned::new(connection, stream)
    })
}

#[test]
fn an_authority_of_one_s_own_is_trusted_where_it_is_named() {
    let files = Files::new();
    let Some((certificate, key)) = certificate(&files) else { return };
    let server = tls_server(&certificate, &key, vec![Reply::of(200, "", "ok"); 2]);
    let url = format!("https://127.0.0.1:{}/", server.port);
    let failure = send_to(hook(&url), link(5000)).result.unwrap_err();
    assert_eq!(failure.stage, "tls", "{failure:?}");
    // A machine without any authority says that there is none.
    assert!(failure.hint.as_deref().unwrap().contains("ca"), "{failure:?}");
    let trusting = Link { ca_file: Some(certificate), ..link(5000) };
    assert!(send_to(hook(&url), trusting).result.is_ok());
    let mut file = std::fs::File::create(files.path("empty.pem")).unwrap();
    file.write_all(b"no certificate").unwrap();
    let wrong = Link { ca_file: Some(files.path("empty.pem")), ..link(5000) };
    let failure = send_to(hook(&url), wrong).result.unwrap_err();
    assert_eq!(failure.stage, "certificates");
}

#[test]
fn alertmanagers_are_told_each_on_its_own_and_what_one_refuses_is_left_to_it_alone() {
    let taking = Server::start(vec![Reply::of(200, "", ""); 4]);
    let refusing = Server::start(vec![Reply::of(400, "", "\"bad\""); 4]);
    let peer = |server: &Server| Arc::<str>::from(server.url("").as_str());
    let down: Arc<str> = "http://127.0.0.1:1".into();
    let config = crate::config::Alertmanager {
        urls: Arc::new([peer(&taking), peer(&refusing), Arc::clone(&down)]),
        authorization: None,
        labels: Arc::new([("cluster".into(), "a".into())]),
    };
    let receiver = receiver(Service::Alertmanager(config), link(5000));
    let mut sender = crate::deliver::sender(&receiver).unwrap();
    let two = vec![
        lockout(AlertStatus::Firing),
        told("throttling", Severity::Warning, AlertStatus::Firing, "APIG.0308", ""),
    ];
    let parcels = Parcel::of(&Arc::new(notification(two)), Some(&receiver), now());
    assert_eq!(parcels.len(), 3);
    let mut results = Vec::new();
    for parcel in &parcels {
        results.push(sender.send(parcel, &texts(), now(), &mut |_| {}));
    }
    assert!(results[0].is_ok(), "{results:?}");
    let refused = results[1].as_ref().unwrap_err();
    assert_eq!((refused.again, refused.scope), (Again::Never, Scope::Message));
    // The batch, then each alone: one bad alert keeps no other.
    assert_eq!(std::iter::from_fn(|| refusing.seen()).count(), 3);
    let down = results[2].as_ref().unwrap_err();
    assert_eq!((down.again, down.scope), (Again::Later, Scope::Message));
    let seen = taking.seen().unwrap();
    assert!(seen.head.starts_with("POST /api/v2/alerts HTTP/1.1"), "{}", seen.head);
    let alerts: Value = serde_json::from_str(&seen.body).unwrap();
    assert_eq!(alerts.as_array().unwrap().len(), 2);
    assert_eq!(alerts[0]["labels"]["cluster"], "a");
    // A minute later everything is said again, to all of them.
    let later = now() + chrono::TimeDelta::minutes(1);
    assert_eq!(sender.next_resend(), Some(later));
    let failures = sender.resend(later);
    assert_eq!(failures.len(), 2, "{failures:?}");
    let again: Value = serde_json::from_str(&taking.seen().unwrap().body).unwrap();
    let ends: Vec<_> = again.as_array().unwrap().iter().map(|alert| &alert["endsAt"]).collect();
    assert_eq!(ends, ["2026-11-30T08:06:00+00:00"; 2]);
}
