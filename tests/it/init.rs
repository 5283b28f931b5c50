//! `ocrwatch init`: answers typed at a real terminal, and options, up to the mail in the mailbox.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, tcgetattr};

use crate::harness::{Run, Sandbox, data};
use crate::mail::trust::Authority;
use crate::run::daemon::until;
use crate::run::mail::{Exim, is_skipped};

/// A slow machine has answered by then.
const PATIENCE: Duration = Duration::from_secs(30);

/// What a terminal has shown.
#[derive(Default)]
struct Shown {
    text: Mutex<(String, bool)>,
    more: Condvar,
}

/// Somebody at a terminal, and the program that asks.
struct Dialogue {
    child: Child,
    person: File,
    terminal: File,
    shown: Arc<Shown>,
    /// Up to where it was read.
    seen: usize,
    reader: JoinHandle<()>,
}

impl Dialogue {
    fn start(run: Run) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&controller).expect("a terminal of one's own");
        unlockpt(&controller).expect("an unlocked terminal");
        let name = ptsname(&controller, Vec::new()).expect("a name");
        let name = name.to_str().expect("a plain name");
        let terminal = File::options().read(true).write(true).open(name).expect("its side");
        let side = || Stdio::from(terminal.try_clone().expect("another side"));
        let mut command = run.command;
        let child = command.stdin(side()).stdout(side()).stderr(side()).spawn();
        let child = child.expect("it starts");
        drop(command);
        let person = File::from(controller);
        let (mut screen, shown) =
            (person.try_clone().expect("a screen"), Arc::new(Shown::default()));
        let writer = Arc::clone(&shown);
        let reader = std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            // A terminal that everyone has left answers with an error; that is its end.
            while let Ok(count @ 1..) = screen.read(&mut buffer) {
                let text = String::from_utf8_lossy(&buffer[..count]).replace('\r', "");
                writer.text.lock().expect("no panic").0.push_str(&text);
                writer.more.notify_all();
            }
            writer.text.lock().expect("no panic").1 = true;
            writer.more.notify_all();
        });
        Self { child, person, terminal, shown, seen: 0, reader }
    }

    /// Waits until something is shown behind what was waited for before.
    #[track_caller]
    fn until(&mut self, expected: &str) {
        let text = self.shown.text.lock().expect("no panic");
        let seen = self.seen;
        let is_missing =
            |shown: &mut (String, bool)| !shown.0[seen..].contains(expected) && !shown.1;
        let waited = self.shown.more.wait_timeout_while(text, PATIENCE, is_missing);
        let (text, _) = waited.expect("no panic");
        let at = text.0[seen..].find(expected);
        assert!(
            at.is_some(),
            "no {expected:?} in\n{}\nbehind\n{}",
            &text.0[seen..],
            &text.0[..seen]
        );
        self.seen = seen + at.unwrap_or(0) + expected.len();
    }

    /// Answers a question.
    #[track_caller]
    fn answer(&mut self, question: &str, answer: &str) {
        self.until(question);
        self.person.write_all(format!("{answer}\n").as_bytes()).expect("it is typed");
    }

    /// The exit code, and everything that was shown.
    fn end(mut self) -> (i32, String) {
        let code = self.child.wait().expect("it ends").code().expect("no signal");
        drop(self.terminal);
        drop(self.person);
        self.reader.join().expect("the reader ends");
        let shown = self.shown.text.lock().expect("no panic").0.clone();
        (code, shown)
    }
}

fn log() -> Vec<u8> {
    fs::read(data("ocr-gateway.log")).expect("the shipped log")
}

fn mode(sandbox: &Sandbox, name: &str) -> u32 {
    let metadata = fs::metadata(sandbox.path(name)).expect("a file");
    metadata.permissions().mode() & 0o777
}

fn text(sandbox: &Sandbox, name: &str) -> String {
    fs::read_to_string(sandbox.path(name)).expect("a file")
}

/// Answers the questions before those about the way.
fn answer_first(dialogue: &mut Dialogue) {
    dialogue.until("1  ");
    dialogue.until("/logs/app/ocr.log  48 errors");
    dialogue.answer("[", "");
    dialogue.answer("Service [app; - for none]: ", "gateway");
    dialogue.answer("Credential [none]: ", "scan-prod");
    dialogue.answer("[Asia/Shanghai]: ", "");
}

#[test]
fn typed_answers_bring_the_mail_and_a_refused_password_is_asked_for_again() {
    if is_skipped() {
        return;
    }
    let Some(authority) = Authority::new() else { return };
    let sandbox = Sandbox::with("logs/app/ocr.log", log());
    sandbox.file("logs/app/quiet.log", "nothing is wrong\n");
    let exim = Exim::start(&sandbox, &authority);
    let run = sandbox.ocrwatch(&["init", "--config", "etc/o.toml", "--look-in", "logs"]);
    let run = run.env("SSL_CERT_FILE", &authority.ca());
    let mut dialogue = Dialogue::start(run);
    answer_first(&mut dialogue);
    dialogue.answer("Way [email]: ", "");
    dialogue.answer("that are told: ", "ops@example");
    let server = format!("localhost:{}", exim.port);
    dialogue.answer("smtp.example.com:587: ", &server);
    dialogue.answer("[starttls]: ", "");
    dialogue.answer("[none]: ", "alerts@example.test");
    dialogue.answer("Password (not shown): ", "wrong-canary");
    dialogue.answer("Sender of the mails [alerts@example.test]: ", "");
    dialogue.answer("Language [en]: ", "");
    dialogue.answer("send a test? yes, change or stop [yes]: ", "");
    dialogue.until("ops@example did not take it: login: ");
    dialogue.until("hint: ");
    dialogue.answer("or stop? [change]: ", "");
    for question in ["[", "Service [gateway", "Credential [scan-prod", "[Asia/Shanghai]: ", "Way ["]
    {
        dialogue.answer(question, "");
    }
    dialogue.answer("that are told [ops@example]: ", "ops@example.test");
    for question in ["smtp.example.com:587 [", "[starttls]: ", "[alerts@example.test; "] {
        dialogue.answer(question, "");
    }
    dialogue.answer("Password (not shown) [what lies in smtp.password]: ", "pw124\u{7f}3");
    dialogue.answer("Sender", "");
    dialogue.answer("Language", "");
    dialogue.answer("[yes]: ", "y");
    dialogue.until("accepted   250 ");
    dialogue.until("48 errors, 4 alerts would have fired");
    dialogue.until("the AK/SK of scan-prod is locked");
    dialogue.until("ocrwatch run --config ");
    let (code, shown) = dialogue.end();
    assert_eq!(code, 0, "{shown}");
    for secret in ["wrong-canary", "pw124", "pw123"] {
        assert!(!shown.contains(secret), "{secret} in {shown}");
    }
    assert_eq!(text(&sandbox, "etc/smtp.password"), "pw123\n");
    let modes = ["etc/smtp.password", "etc/o.toml"].map(|name| mode(&sandbox, name));
    assert!(modes.iter().all(|mode| mode & 0o137 == 0), "{modes:?}");
    until("the mail lies in the mailbox", || !exim.mails().is_empty());
    let mails = exim.mails();
    assert!(mails.len() == 1 && mails[0].contains("is a test of ocrwatch"), "{mails:?}");
    let config = text(&sandbox, "etc/o.toml");
    assert!(config.contains("password = { file = \"smtp.password\" }\n"), "{config}");
    sandbox.run(&["check", "etc/o.toml"]).code(0).stdout_has("1 source, 1 receiver");
    println!("{shown}");
}

#[test]
fn ctrl_c_at_a_password_leaves_a_terminal_that_shows_what_is_typed_and_no_file() {
    let sandbox = Sandbox::with("logs/app/ocr.log", log());
    let run = sandbox.ocrwatch(&["init", "--config", "o.toml", "--look-in", "logs"]);
    let mut dialogue = Dialogue::start(run);
    answer_first(&mut dialogue);
    dialogue.answer("Way [email]: ", "slack");
    dialogue.answer("not shown): ", "http:canary");
    dialogue.until("this is no address of a web server");
    dialogue.until("not shown): ");
    let is_shown = |terminal: &File| {
        let modes = tcgetattr(terminal).expect("a terminal").local_modes;
        modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG)
    };
    assert!(!is_shown(&dialogue.terminal));
    dialogue.person.write_all(b"canary\x03").expect("it is typed");
    dialogue.until("were not answered to their end");
    let terminal = dialogue.terminal.try_clone().expect("another side");
    assert!(is_shown(&terminal));
    drop(terminal);
    let (code, shown) = dialogue.end();
    assert_eq!(code, 64, "{shown}");
    assert!(!shown.contains("canary"), "{shown}");
    assert!(!sandbox.path("o.toml").exists() && !sandbox.path("slack.url").exists());
}

#[test]
fn what_somebody_edited_is_replaced_when_they_say_so_and_kept_beside() {
    let sandbox = Sandbox::with("logs/app/ocr.log", log());
    sandbox.file("o.toml", "timezone = 'UTC'\n");
    let arguments = ["init", "--config", "o.toml", "--look-in", "logs"];
    let mut dialogue = Dialogue::start(sandbox.ocrwatch(&arguments));
    dialogue.answer("Replace it? yes or no [no]: ", "");
    let (code, shown) = dialogue.end();
    assert_eq!((code, text(&sandbox, "o.toml").as_str()), (64, "timezone = 'UTC'\n"), "{shown}");

    let mut dialogue = Dialogue::start(sandbox.ocrwatch(&arguments));
    dialogue.answer("Replace it? yes or no [no]: ", "yes");
    answer_first(&mut dialogue);
    dialogue.answer("Way [email]: ", "<");
    dialogue.answer("[Asia/Shanghai]: ", "utc+8");
    dialogue.answer("Way [email]: ", "terminal");
    dialogue.answer("Language [en]: ", "zh");
    dialogue.answer("[yes]: ", "yes");
    let (code, shown) = dialogue.end();
    assert_eq!(code, 0, "{shown}");
    assert_eq!(text(&sandbox, "o.toml.old"), "timezone = 'UTC'\n");
    let config = text(&sandbox, "o.toml");
    assert!(config.contains("timezone = \"utc+8\"") && config.contains("\"zh\""), "{config}");
}

#[test]
fn options_alone_bring_the_mail() {
    if is_skipped() {
        return;
    }
    let Some(authority) = Authority::new() else { return };
    let sandbox = Sandbox::with("app.log", log());
    let exim = Exim::start(&sandbox, &authority);
    let example = include_str!("../../systemd/ocrwatch.toml");
    sandbox.file("password", "pw123\n").file("etc/o.toml", example);
    let private = fs::Permissions::from_mode(0o600);
    fs::set_permissions(sandbox.path("password"), private).expect("a file of our own");
    let (server, authority) = (format!("localhost:{}", exim.port), authority.ca());
    let arguments = |password: &'static str| {
        let mut arguments = vec!["init", "--config", "etc/o.toml", "--log", "app.log", "*.out"];
        arguments.extend([
            "--email",
            "ops@example.test",
            "--server",
            &server,
            "--ca-file",
            &authority,
        ]);
        arguments.extend(["--user", "alerts@example.test", "--password-file", password]);
        arguments
    };
    let outcome = sandbox.run(&arguments("password"));
    outcome.code(0).stdout_has("accepted   250 ").stdout_has("48 errors, 4 alerts");
    until("the mail lies in the mailbox", || !exim.mails().is_empty());
    // The example that nobody changed was no loss.
    assert!(!sandbox.path("etc/o.toml.old").exists());
    sandbox.run(&["check", "etc/o.toml"]).code(0);
    let before = text(&sandbox, "etc/o.toml");
    assert!(before.contains("/password\" }") && !before.contains("pw123"), "{before}");

    let again = sandbox.run(&arguments("password"));
    again.code(64).stdout_is("").stderr_has("o.toml is there already");
    let refused = [&arguments("nowhere")[..], &["--force"]].concat();
    sandbox.run(&refused).code(69).stderr_has("make a file with the secret in its first line");
    assert_eq!(text(&sandbox, "etc/o.toml.old"), before);
}

#[test]
fn without_a_terminal_everything_that_is_missing_or_wrong_is_told_at_once() {
    let sandbox = Sandbox::with("app.log", log());
    let missing = sandbox.run(&["init", "--config", "o.toml"]);
    missing.code(64).stderr_has("error: --log is missing").stderr_has("or --terminal is missing");
    let missing = sandbox.run(&["init", "--config", "o.toml", "--email", "a@b.example"]);
    missing.code(64).stderr_has("error: --log is missing").stderr_has("error: --server is missing");
    let wrong = ["--log", "~/x", "--email", "a", "--server", "https://x", "--timezone", "Mars"];
    let wrong = sandbox.run(&[&["init", "--config", "o.toml"], &wrong[..]].concat());
    for option in ["--log: ", "--email: ", "--server: ", "--timezone: "] {
        wrong.code(64).stderr_has(&format!("error: {option}"));
    }
    assert!(!sandbox.path("o.toml").exists());
    let two = ["init", "--log", "app.log", "--terminal", "--email", "a@b.example"];
    sandbox.run(&two).code(64).stderr_has("cannot be used with");
}

#[test]
fn a_dry_run_prints_what_would_be_written_and_writes_nothing() {
    let sandbox = Sandbox::with("app.log", log());
    let arguments =
        ["init", "--config", "etc/o.toml", "--log", "app.log", "--terminal", "--dry-run"];
    let shown = sandbox.run(&arguments);
    shown.code(0).stdout_has("[[source]]\nfiles = [\"").stdout_has("terminal = true\n");
    assert!(!sandbox.path("etc").exists());
    sandbox.file("shown.toml", shown.stdout());
    sandbox.run(&["check", "shown.toml"]).code(0).stdout_has("1 source, 1 receiver");
    sandbox.run(&arguments[..6]).code(0);
    let run = ["run", "--once", "--config", "etc/o.toml", "--state-dir", "state"];
    sandbox.run(&run).code(0);
}

#[test]
fn without_a_configuration_commands_say_how_one_is_found() {
    let sandbox = Sandbox::new();
    if fs::exists("/etc/ocrwatch/ocrwatch.toml").unwrap_or(true) {
        return;
    }
    let run = sandbox.run(&["run"]);
    run.code(64).stderr_has("nothing says what is followed").stderr_has("`ocrwatch init`");
    sandbox.run(&["send-test", "ops"]).code(64).stderr_has("name it with --config");
    for command in ["run", "outbox", "why", "send-test", "preview"] {
        let arguments = if command == "outbox" { vec![command, "list"] } else { vec![command] };
        let help = sandbox.run(&[&arguments[..], &["--help"]].concat());
        let help = help.code(0).stdout().split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains("/etc/ocrwatch/ocrwatch.toml, if it is there"), "{command}: {help}");
    }
}
