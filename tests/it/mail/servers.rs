//! Servers that answer in every way, and what becomes of a mail.

use std::fmt::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::sync::Arc;

use ocrwatch::clock::Stopwatch;
use ocrwatch::config::Receiver;
use ocrwatch::deliver::email::sender;
use ocrwatch::deliver::{Accepted, Again, Failure, Parcel, Scope, Sender};
use ocrwatch::render::Texts;

use super::peer::{Act, Offer, Peer};
use super::world::{created, email, parcels, receiver};
use crate::harness::Sandbox;

/// A sender, what it sends, and what it said of each step.
pub(super) struct Scene {
    sender: Box<dyn Sender>,
    parcels: Vec<Parcel>,
    texts: Arc<Texts>,
    pub(super) steps: String,
}

impl Scene {
    pub(super) fn new(keys: &str) -> Self {
        let receiver: Receiver = receiver(keys);
        let (parcels, texts) = parcels(&receiver);
        let sender = sender(email(&receiver), &receiver);
        Self { sender, parcels, texts, steps: String::new() }
    }

    pub(super) fn send(&mut self, number: usize) -> Result<Accepted, Failure> {
        let steps = &mut self.steps;
        self.sender.send(&self.parcels[number], &self.texts, created(), &mut |step| {
            let _ = writeln!(steps, "{}: {}", step.stage, step.text);
        })
    }

    /// What it fails with.
    #[track_caller]
    pub(super) fn fails(&mut self) -> Failure {
        let result = self.send(0);
        assert!(result.is_err(), "{result:?}\n{}", self.steps);
        result.expect_err("a failure")
    }
}

const TWO: &str = "to = ['one@example.test', 'two@example.test'], from = 'alerts@example.test', ";

fn plain(peer: &Peer) -> String {
    format!("servers = '{}', tls = 'none', timeout = '1s'", peer.address())
}

fn login(directory: &Sandbox, secret: &str) -> String {
    let path = secret_file(directory, "password", secret);
    format!(", user = 'alerts@example.test', password = {{ file = '{path}' }}")
}

pub(super) fn secret_file(directory: &Sandbox, name: &str, secret: &str) -> String {
    directory.file(name, secret);
    let path = directory.path(name);
    let mode = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(&path, mode).expect("a file of our own");
    path.to_str().expect("a path in UTF-8").to_owned()
}

/// A peer that answers lines of a verb in this way, all others as usual.
fn peer_that(capabilities: &[&'static str], verb: &'static str, act: Act) -> Peer {
    Peer::start(Offer::of(capabilities), move |_, line| {
        if line.starts_with(verb) { act.clone() } else { Act::Usual }
    })
}

fn check(failure: &Failure, stage: &str, again: Again, scope: Scope, words: &[&str]) {
    assert_eq!((failure.stage, failure.again, failure.scope), (stage, again, scope), "{failure:?}");
    let said = format!("{} {}", failure.what, failure.hint.as_deref().unwrap_or_default());
    for word in words {
        assert!(said.contains(word), "no {word:?} in {said}");
    }
}

#[test]
fn each_recipient_has_a_mail_over_one_connection() {
    let peer = Peer::usual(&["8BITMIME", "SIZE 1000000"]);
    let mut scene = Scene::new(&format!("{TWO}{}", plain(&peer)));
    let accepted = scene.send(0).expect("it is taken");
    assert_eq!(accepted.answer, "250 2.0.0 taken as 4711");
    scene.send(1).expect("it is taken");
    drop(scene);
    assert_eq!(peer.verbs(), "0EHLO 0MAIL 0RCPT 0DATA 0. 0MAIL 0RCPT 0DATA 0. 0QUIT");
    let rcpt: Vec<_> = peer.lines().into_iter().filter(|line| line.contains("RCPT")).collect();
    assert_eq!(rcpt, ["0 RCPT TO:<one@example.test>", "0 RCPT TO:<two@example.test>"]);
    let mails = peer.mails();
    assert!(mails[0].contains("To: one@example.test, two@example.test"), "{}", mails[0]);
    assert_eq!(mails[0], mails[1]);
}

#[test]
fn one_bad_recipient_of_three_keeps_no_other_waiting() {
    let peer = peer_that(&[], "RCPT TO:<two", Act::Say("550 5.1.1 no such user"));
    let keys = "to = ['one@example.test', 'two@example.test', 'three@example.test'], \
                from = 'alerts@example.test', ";
    let mut scene = Scene::new(&format!("{keys}{}", plain(&peer)));
    scene.send(0).expect("it is taken");
    let failure = scene.send(1).expect_err("nobody is there");
    check(&failure, "recipient", Again::Never, Scope::Message, &["550 5.1.1 no such user", "`to`"]);
    scene.send(2).expect("it is taken");
    drop(scene);
    assert_eq!(peer.mails().len(), 2);
    // The refusal costs no new connection.
    assert!(!peer.verbs().contains('1'), "{}", peer.verbs());
}

#[test]
fn what_a_server_refuses_for_now_is_tried_again_and_for_ever_is_not() {
    use Again::{Later, Never};
    use Scope::Message;
    let cases = [
        ("MAIL", "452 4.3.1 full", "sender", Later, Scope::Receiver, ["452 4.3.1", ""]),
        ("MAIL", "550 5.7.60 not your address", "sender", Later, Scope::Receiver, ["`from`", ""]),
        (
            "MAIL",
            "530 5.7.0 Must issue a STARTTLS",
            "sender",
            Later,
            Scope::Receiver,
            ["starttls", ""],
        ),
        ("RCPT", "451 4.7.1 greylisted", "recipient", Later, Message, ["greylisting", ""]),
        ("RCPT", "550 relay not permitted", "recipient", Later, Scope::Receiver, ["`user`", ""]),
        ("RCPT", "553 bad\u{7} address", "recipient", Never, Message, ["553 bad address", ""]),
        ("DATA", "451 try later", "data", Later, Message, ["451 try later", ""]),
        ("DATA", "554 no", "data", Never, Message, ["554 no", ""]),
        (".", "452 4.2.2 mailbox full", "end of data", Later, Message, ["452", ""]),
        (".", "554 5.7.1 spam", "end of data", Never, Message, ["554 5.7.1 spam", ""]),
        ("EHLO", "550 bad name", "hello", Later, Scope::Receiver, ["`hello_name", ""]),
        ("CONNECT", "554 go away", "hello", Later, Scope::Receiver, ["554 go away", ""]),
        ("RCPT", "421 shutting down", "recipient", Later, Scope::Receiver, ["421", ""]),
        ("DATA", "250 what?", "data", Later, Scope::Receiver, ["another question", ""]),
        ("MAIL", "nonsense", "sender", Later, Scope::Receiver, ["no answer of a mail server", ""]),
    ];
    for (verb, answer, stage, again, scope, words) in cases {
        let peer = peer_that(&[], verb, Act::Say(answer));
        let failure = Scene::new(&plain(&peer)).fails();
        check(&failure, stage, again, scope, &words);
        assert_eq!(peer.mails().len(), 0, "{answer}");
    }
}

#[test]
fn a_server_that_hangs_or_hangs_up_in_any_step_is_given_up_for_now() {
    let stages = [
        ("CONNECT", "hello", Scope::Receiver),
        ("EHLO", "hello", Scope::Receiver),
        ("AUTH", "login", Scope::Receiver),
        ("MAIL", "sender", Scope::Receiver),
        ("RCPT", "recipient", Scope::Receiver),
        ("DATA", "data", Scope::Receiver),
        (".", "end of data", Scope::Message),
    ];
    let directory = Sandbox::new();
    let login = login(&directory, "pw");
    let try_one = |(verb, stage, scope): (&'static str, &str, Scope), act: Act| {
        let hangs = matches!(act, Act::Hang);
        let peer = peer_that(&["AUTH PLAIN"], verb, act);
        let stopwatch = Stopwatch::start();
        let failure = Scene::new(&format!("{}{login}", plain(&peer))).fails();
        let words = if hangs { "no answer in time" } else { "closed the connection" };
        check(&failure, stage, Again::Later, scope, &[words, &peer.address()]);
        assert!(stopwatch.elapsed().as_secs() < 15, "{verb}: {:?}", stopwatch.elapsed());
        if verb == "." {
            assert!(failure.hint.as_deref().is_some_and(|hint| hint.contains("same Message-ID")));
        }
    };
    std::thread::scope(|scope| {
        for stage in stages {
            scope.spawn(move || try_one(stage, Act::Hang));
            scope.spawn(move || try_one(stage, Act::Close));
        }
    });
}

#[test]
fn what_was_lost_behind_the_final_dot_is_the_same_mail_when_it_is_sent_again() {
    let peer = Peer::start(Offer::default(), |number, line| match (number, line) {
        (0, ".") => Act::Close,
        _ => Act::Usual,
    });
    // A second server is not asked: the first may have the mail.
    let second = Peer::usual(&[]);
    let servers = format!("servers = ['{}', '{}']", peer.address(), second.address());
    let mut scene = Scene::new(&format!("{servers}, tls = 'none'"));
    let failure = scene.fails();
    check(&failure, "end of data", Again::Later, Scope::Message, &["not known"]);
    assert_eq!(second.verbs(), "");
    scene.send(0).expect("it is taken");
    let mails = peer.mails();
    let id = mails[0].lines().find(|line| line.starts_with("Message-ID")).expect("an id");
    let first = scene.steps.lines().next().expect("a step");
    assert!(first.contains(id.strip_prefix("Message-ID: ").expect("an id")), "{first}");
}

#[test]
fn a_421_on_a_connection_that_was_open_makes_a_new_one_at_once() {
    // On the first mail of a connection it is the server's own state: it waits.
    for act in [Act::SayAndClose("421 4.3.2 shutting down"), Act::Close] {
        let peer = Peer::start(Offer::default(), move |number, line| match (number, line) {
            (0, line) if line.starts_with("MAIL") => act.clone(),
            _ => Act::Usual,
        });
        let mut scene = Scene::new(&format!("{TWO}servers = '{}', tls = 'none'", peer.address()));
        assert_eq!(scene.fails().scope, Scope::Receiver);
        assert!(!peer.verbs().contains('1'), "{}", peer.verbs());
        scene.send(0).expect("it is taken over another connection");
        assert_eq!(peer.mails().len(), 1);
    }
    let peer = Peer::start(Offer::default(), |number, line| match (number, line) {
        (0, "RCPT TO:<two@example.test>") => Act::SayAndClose("421 4.4.2 too many mails"),
        _ => Act::Usual,
    });
    let mut scene = Scene::new(&format!("{TWO}{}", plain(&peer)));
    scene.send(0).expect("it is taken");
    scene.send(1).expect("it is taken over another connection");
    assert!(
        scene.steps.contains("another connection, for the one that was open"),
        "{}",
        scene.steps
    );
    let verbs = "0EHLO 0MAIL 0RCPT 0DATA 0. 0MAIL 0RCPT 1EHLO 1MAIL 1RCPT 1DATA 1.";
    assert_eq!(peer.verbs(), verbs);
}

#[test]
fn the_next_server_is_asked_if_one_takes_nothing_at_all() {
    let refused = peer_that(&[], "MAIL", Act::Say("451 4.3.0 out of order"));
    let good = Peer::usual(&[]);
    let gone = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = gone.local_addr().expect("an address").port();
    drop(gone);
    let (refused_at, good_at) = (refused.address(), good.address());
    let servers = format!("servers = ['127.0.0.1:{port}', '{refused_at}', '{good_at}']");
    let mut scene = Scene::new(&format!("{servers}, tls = 'none', timeout = '5s'"));
    scene.send(0).expect("the third takes it");
    assert_eq!(good.mails().len(), 1);
    let servers = format!("servers = ['127.0.0.1:{port}', '{refused_at}']");
    let failure = Scene::new(&format!("{servers}, tls = 'none'")).fails();
    let words = ["nothing listens there", "451 4.3.0", &refused_at, "check the name and the port"];
    check(&failure, "connect", Again::Later, Scope::Receiver, &words);
    let failure = Scene::new("servers = 'no-such-host.invalid', tls = 'none'").fails();
    check(&failure, "resolve", Again::Later, Scope::Receiver, &["not known", "name servers"]);
}

#[test]
fn logins_use_what_the_server_offers_and_show_no_secret() {
    use base64::Engine as _;
    let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
    let directory = Sandbox::new();
    let login = login(&directory, "pw 123");
    let plain_line = format!("AUTH PLAIN {}", base64("\0alerts@example.test\0pw 123"));
    let peer = Peer::usual(&["AUTH LOGIN PLAIN XOAUTH2"]);
    let mut scene = Scene::new(&format!("{}{login}", plain(&peer)));
    scene.send(0).expect("it is taken");
    assert_eq!(peer.lines()[1], format!("0 {plain_line}"));
    assert!(!scene.steps.contains("pw 123") && !scene.steps.contains(&base64("pw 123")));

    let (user, password) = (base64("alerts@example.test"), base64("pw 123"));
    let (known, last) = (user.clone(), password.clone());
    let peer = Peer::start(Offer::of(&["AUTH LOGIN"]), move |_, line| match line {
        "AUTH LOGIN" => Act::Say("334 VXNlcm5hbWU6"),
        line if line == known => Act::Say("334 UGFzc3dvcmQ6"),
        line if line == last => Act::Say("235 ok"),
        _ => Act::Usual,
    });
    Scene::new(&format!("{}{login}", plain(&peer))).send(0).expect("it is taken");
    assert_eq!(
        peer.lines()[1..4],
        ["0 AUTH LOGIN".to_owned(), format!("0 {user}"), format!("0 {password}")]
    );

    let token = secret_file(&directory, "token", "ya29.secret-token");
    let oauth =
        format!(", user = 'u@example.test', oauth_token = {{ command = ['/bin/cat', '{token}'] }}");
    let peer = Peer::usual(&["AUTH PLAIN XOAUTH2"]);
    Scene::new(&format!("{}{oauth}", plain(&peer))).send(0).expect("it is taken");
    let line = base64("user=u@example.test\x01auth=Bearer ya29.secret-token\x01\x01");
    assert_eq!(peer.lines()[1], format!("0 AUTH XOAUTH2 {line}"));
}

#[test]
fn a_login_that_is_refused_says_what_to_do_and_shows_no_secret() {
    let directory = Sandbox::new();
    let login = login(&directory, "hunter2-secret");
    let cases = [
        ("535 5.7.8 Username and Password not accepted", "app password"),
        (
            "535 5.7.139 Authentication unsuccessful, basic authentication is disabled",
            "oauth_token",
        ),
        ("534 5.7.9 Application-specific password required", "app password"),
        ("454 4.7.0 Temporary authentication failure", "tried again"),
        (
            "500 unknown: AUTH PLAIN AGFsZXJ0c0BleGFtcGxlLnRlc3QAaHVudGVyMi1zZWNyZXQ=",
            "unknown: AUTH PLAIN ••••",
        ),
        ("535 hunter2-secret is wrong", "•••• is wrong"),
    ];
    for (answer, hint) in cases {
        let peer = peer_that(&["AUTH PLAIN"], "AUTH", Act::Say(answer));
        let mut scene = Scene::new(&format!("{}{login}", plain(&peer)));
        let failure = scene.fails();
        check(&failure, "login", Again::Later, Scope::Receiver, &[hint]);
        let said = format!("{failure:?}{}", scene.steps);
        assert!(!said.contains("hunter2") && !said.contains("aHVudGVyMi1zZWNyZXQ"), "{said}");
    }
    // XOAUTH2 says why in a first answer: {"status":"401"}.
    let peer = Peer::start(Offer::of(&["AUTH XOAUTH2"]), |_, line| match line {
        "" => Act::Say("535 5.7.3 Authentication unsuccessful"),
        line if line.starts_with("AUTH") => Act::Say("334 eyJzdGF0dXMiOiI0MDEifQ=="),
        _ => Act::Usual,
    });
    let token = secret_file(&directory, "token", "ya29.x");
    let oauth = format!(", user = 'u@example.test', oauth_token = {{ file = '{token}' }}");
    let failure = Scene::new(&format!("{}{oauth}", plain(&peer))).fails();
    let words = ["5.7.3", "{\"status\":\"401\"}", "expired"];
    check(&failure, "login", Again::Later, Scope::Receiver, &words);
    // Nothing is sent to who offers no login, or without a secret to send.
    let peer = Peer::usual(&["AUTH CRAM-MD5"]);
    let failure = Scene::new(&format!("{}{login}", plain(&peer))).fails();
    check(&failure, "login", Again::Later, Scope::Receiver, &["offers no login by PLAIN or LOGIN"]);
    assert_eq!(peer.mails().len(), 0);
    let peer = Peer::usual(&["AUTH PLAIN"]);
    let gone = ", user = 'u', password = { file = '/nowhere/password' }";
    let failure = Scene::new(&format!("{}{gone}", plain(&peer))).fails();
    check(&failure, "login", Again::Later, Scope::Receiver, &["/nowhere/password", "mode 0600"]);
}

#[test]
fn a_program_takes_mail_and_its_exit_code_says_what_became_of_it() {
    let directory = Sandbox::new();
    let script = |code: i32| {
        directory.file(
            "sendmail",
            format!(
                "#!/bin/sh\ncat > '{0}/mail'\necho \"$@\" > '{0}/arguments'\necho oops >&2\nexit {code}\n",
                directory.path("").display()
            ),
        );
        let path = directory.path("sendmail");
        let mode = std::fs::Permissions::from_mode(0o755);
        std::fs::set_permissions(&path, mode).expect("a file of our own");
        Scene::new(&format!("sendmail = ['{}', '-i']", path.display()))
    };
    let read = |name: &str| std::fs::read_to_string(directory.path(name)).unwrap_or_default();
    script(0).send(0).expect("it is taken");
    assert_eq!(read("arguments"), "-i -f alerts@example.test ops@example.test\n");
    assert!(read("mail").contains("\nSubject: [FIRING]") && !read("mail").contains('\r'));
    let cases = [
        (75, Again::Later, Scope::Receiver),
        (67, Again::Never, Scope::Message),
        (1, Again::Later, Scope::Receiver),
    ];
    for (code, again, scope) in cases {
        check(&script(code).fails(), "end", again, scope, &["oops"]);
    }
    let failure = Scene::new("sendmail = '/nowhere/sendmail'").fails();
    check(&failure, "run", Again::Later, Scope::Receiver, &["No such file", "by hand"]);
}
