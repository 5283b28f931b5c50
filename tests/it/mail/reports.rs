//! `report --email`: what arrives, and what is said where nothing does.

use std::path::Path;
use std::time::Duration;

use chrono::DateTime;
use ocrwatch::catalogue::Severity;
use ocrwatch::config::Email;
use ocrwatch::deliver::email::{Bodies, Letter, ReportMail, Taken, compose_report, send_report};

use super::peer::{Act, Offer, Peer};
use super::world::{email, receiver};
use crate::harness::{Sandbox, data};

fn log() -> Vec<u8> {
    std::fs::read(data("ocr-gateway.log")).expect("the log")
}

fn configuration(peer: &Peer) -> String {
    format!(
        "[[receiver]]\nname = \"ops\"\nemail = {{ to = [\"nobody@example.test\"], \
         from = \"OCR alerts <alerts@example.test>\", servers = \"{}\", tls = \"none\" }}\n",
        peer.address()
    )
}

fn sandbox(configuration: &str) -> Sandbox {
    let sandbox = Sandbox::with("app.log", log());
    sandbox.file("o.toml", configuration);
    sandbox
}

const SEND: [&str; 5] = ["report", "app.log", "--config", "o.toml", "--email"];

fn send(to: &[&'static str]) -> Vec<&'static str> {
    SEND.into_iter().chain(to.iter().copied()).collect()
}

#[test]
fn each_recipient_has_the_report_and_one_line_says_so() {
    let peer = Peer::usual(&[]);
    let sandbox = sandbox(&configuration(&peer));
    let arguments = send(&["one@example.test", "--email", "two@example.test"]);
    let outcome = sandbox.run(&arguments);
    let said = outcome.code(0).stdout();
    assert!(said.starts_with("sent to one@example.test, two@example.test as <"), "{outcome}");
    assert_eq!(said.lines().count(), 1, "{outcome}");
    let to: Vec<_> = peer.lines().into_iter().filter(|line| line.contains("RCPT")).collect();
    assert_eq!(to, ["0 RCPT TO:<one@example.test>", "0 RCPT TO:<two@example.test>"]);
    let mails = peer.mails();
    assert_eq!(mails[0], mails[1]);
    let id = said.trim_end().rsplit(' ').next().expect("an id");
    assert!(mails[0].contains(&format!("\nMessage-ID: {id}\n")), "{id}");
    sandbox.run(&[&arguments[..], &["-q"]].concat()).code(0).stdout_is("");
    // What is asked for stands on standard output alone.
    let json = sandbox.run(&[&arguments[..], &["--format", "json"]].concat());
    json.code(0).json();
}

#[test]
fn who_does_not_take_it_is_named_with_the_reason_and_keeps_no_other() {
    let peer = Peer::start(Offer::default(), |_, line| match line {
        "RCPT TO:<two@example.test>" => Act::Say("550 5.1.1 no such user"),
        _ => Act::Usual,
    });
    let sandbox = sandbox(&configuration(&peer));
    let people = ["one@example.test", "--email", "two@example.test", "--email", "x@example.test"];
    let outcome = sandbox.run(&send(&people));
    let said = outcome.code(69).stdout();
    assert!(said.starts_with("sent to one@example.test, x@example.test as <"), "{outcome}");
    let words = [
        "error: two@example.test did not take the report: recipient: 127.0.0.1:",
        "said: 550 5.1.1 no such user",
        "hint: check the address",
    ];
    for word in words {
        assert!(outcome.stderr().contains(word), "{word}{outcome}");
    }
    assert_eq!(peer.mails().len(), 2);
    // The report is written all the same, and first.
    let outcome = sandbox.run(&[&send(&people)[..], &["--format", "csv"]].concat());
    assert!(outcome.code(69).stdout().starts_with("code,module,"), "{outcome}");
}

#[test]
fn what_is_wrong_is_told_before_the_log_is_read() {
    let sandbox = Sandbox::new();
    let of = |name: &str| {
        format!(
            "[[receiver]]\nname = \"{name}\"\n\
             email = {{ to = [\"a@b.test\"], from = \"a@b.test\", servers = \"127.0.0.1\" }}\n"
        )
    };
    sandbox.file("one.toml", of("ops"));
    sandbox.file("two.toml", of("ops") + &of("team"));
    sandbox.file("none.toml", "[[receiver]]\nname = \"t\"\nterminal = true\n");
    sandbox.file("bad.toml", of("ops").replace("a@b.test\"]", "a b\"]"));
    let cases: [(&[&str], i32, &str); 12] = [
        (&["--email", "ops"], 64, "an address looks like `ops@example.com`"),
        (&["--email", "Ops <a@b.test>"], 64, "write the address alone, without a name"),
        (&["--email=-a@b.test"], 64, "an address looks like"),
        (&["--email", "a@b.test", "--email", "A@b.test"], 64, "`--email A@b.test` stands twice"),
        (
            &["--email", "a@b.test", "--mail-from", "x"],
            64,
            "'--mail-from <FROM>': an address looks like",
        ),
        (&["--email", "a@b.test", "--receiver", "ops"], 64, "no configuration says who"),
        (&["--config", "one.toml"], 64, "--email <TO>"),
        (&["--email", "a@b.test", "--config", "two.toml"], 64, "--receiver: ops, team"),
        (&["--email", "a@b.test", "--config", "none.toml"], 64, "no receiver that is told by mail"),
        (
            &["--email", "a@b.test", "--config", "none.toml", "--receiver", "t"],
            64,
            "receiver `t` is told by terminal",
        ),
        (
            &["--email", "a@b.test", "--config", "one.toml", "--receiver", "opps"],
            64,
            "did you mean `ops`?",
        ),
        (&["--email", "a@b.test", "--config", "bad.toml"], 78, "`a b` is no mail address"),
    ];
    for (arguments, code, words) in cases {
        let outcome = sandbox.run(&[&["report", "missing.log"], arguments].concat());
        assert!(outcome.code(code).stderr().contains(words), "{words}{outcome}");
        assert!(!outcome.stderr().contains("missing.log"), "the log was looked for{outcome}");
    }
}

#[test]
fn without_a_configuration_the_machine_s_own_program_takes_it() {
    let sandbox = Sandbox::with("app.log", log());
    let folder = sandbox.path("").display().to_string();
    sandbox.file(
        "sendmail",
        format!("#!/bin/sh\ncat > '{folder}/mail'\necho \"$@\" > '{folder}/arguments'\n"),
    );
    // In a view of the file system of its own, in which that program is this one.
    let script = format!(
        "set -e; chmod 755 sendmail; test -e /usr/sbin/sendmail\n\
         mount --bind sendmail /usr/sbin/sendmail 2>/dev/null\n\
         exec {} report app.log --email ops@example.test --mail-from 'Weekly <a@example.test>'",
        env!("CARGO_BIN_EXE_ocrwatch")
    );
    let arguments = ["-rm", "/bin/sh", "-c", &script];
    let outcome = sandbox.program(Path::new("/usr/bin/unshare"), &arguments).run();
    let Ok(given) = std::fs::read_to_string(sandbox.path("arguments")) else {
        println!("skipped: nothing can be mounted here, or there is no sendmail{outcome}");
        return;
    };
    assert_eq!(given, "-i -f a@example.test ops@example.test\n");
    assert!(outcome.code(0).stdout().starts_with("sent to ops@example.test as <"), "{outcome}");
    let mail = std::fs::read_to_string(sandbox.path("mail")).expect("a mail");
    assert!(mail.starts_with("From: Weekly <a@example.test>\n"), "{mail}");
}

fn letter(email: &Email) -> Letter {
    let date = DateTime::parse_from_rfc3339("2026-11-30T08:00:00+08:00").expect("an instant");
    let mail = ReportMail {
        subject: "[ocrwatch] 3 critical\r\nBcc: x@example.test",
        severity: Some(Severity::Critical),
        attachment: None,
        date,
    };
    let bodies = Bodies { text: "text".to_owned(), html: "<p>html</p>".to_owned() };
    compose_report(&mail, std::iter::once(bodies), email).expect("a mail")
}

/// What became of a mail, and which waits there were.
fn sent(keys: &str) -> (Vec<Taken>, Vec<u64>) {
    let receiver = receiver(keys);
    let email = email(&receiver);
    let mut waits = Vec::new();
    let mut wait = |_: &str, _: &_, wait: Duration| waits.push(wait.as_secs());
    let told = send_report(&letter(email), email, &mut wait, &mut |_| {});
    (told.into_iter().map(|(_, taken)| taken).collect(), waits)
}

#[test]
fn what_is_not_taken_for_now_is_offered_again_a_few_times_under_the_same_name() {
    let peer = Peer::start(Offer::default(), |_, line| match line {
        "RCPT TO:<never@example.test>" => Act::Say("451 4.7.1 greylisted"),
        _ => Act::Usual,
    });
    let keys = |peer: &Peer| {
        format!(
            "to = ['ops@example.test', 'never@example.test'], from = 'a@example.test', \
             servers = '{}', tls = 'none'",
            peer.address()
        )
    };
    let (taken, waits) = sent(&keys(&peer));
    assert!(taken[0].is_ok(), "{taken:?}");
    assert!(taken[1].as_ref().is_err_and(|failure| failure.what.contains("greylisted")));
    assert_eq!(waits, [5, 25, 60]);
    assert_eq!(peer.mails().len(), 1, "who has it gets no other");

    let lost = Peer::start(Offer::default(), |number, line| match (number, line) {
        (0 | 1, ".") => Act::Close,
        _ => Act::Usual,
    });
    let (taken, waits) = sent(&keys(&lost));
    assert!(taken.iter().all(Result::is_ok), "{taken:?}");
    assert_eq!(waits, [5]);
    let mails = lost.mails();
    assert!(mails.iter().all(|mail| *mail == mails[0]), "each attempt is the same mail");
}

#[test]
fn what_somebody_has_to_mend_is_told_at_once() {
    let peer = Peer::usual(&["AUTH CRAM-MD5"]);
    let sandbox = Sandbox::new();
    let secret = super::servers::secret_file(&sandbox, "password", "pw");
    let plain = format!("servers = '{}', tls = 'none'", peer.address());
    let login = format!("{plain}, user = 'u', password = {{ file = '{secret}' }}");
    let starttls = format!("servers = '{}'", peer.address());
    for keys in [&login, &starttls, "sendmail = '/nowhere/sendmail'"] {
        let (taken, waits) = sent(keys);
        assert!(taken[0].is_err(), "{keys}");
        assert_eq!(waits, Vec::<u64>::new(), "{keys}");
    }
}

#[test]
fn the_same_report_has_the_same_name_all_day_and_nothing_gets_into_its_head() {
    let receiver = receiver("servers = 's.example.test'");
    let first = letter(email(&receiver));
    assert_eq!(first, letter(email(&receiver)));
    assert!(first.message_id.ends_with(".report.ocrwatch@example.test>"), "{first:?}");
    assert_eq!(first.subject, "[ocrwatch] 3 critical Bcc: x@example.test");
    let text = String::from_utf8_lossy(&first.bytes);
    for line in [
        "\r\nDate: Mon, 30 Nov 2026 08:00:00 +0800\r\n",
        "\r\nAuto-Submitted: auto-generated\r\n",
        "\r\nList-Id: ocrwatch <ocrwatch.example.test>\r\n",
        "\r\nX-Ocrwatch-Severity: critical\r\n",
    ] {
        assert!(text.contains(line), "{line}{text}");
    }
    assert!(!text.contains("\r\nBcc:"), "{text}");
}
