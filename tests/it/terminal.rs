//! What the program does on a terminal and what the environment says of it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use ocrwatch::clock::Stopwatch;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use unicode_width::UnicodeWidthStr as _;

use crate::harness::{Run, Sandbox};

const LOG: &str = "\
2026-11-20 10:00:02,200 ERROR scan: {\"error_msg\": \"图片不清晰，请检查图片类型与质量后重新上传再试一次，谢谢\
配合\", \"error_code\": \"AIS.0104\"}
2026-11-20 10:20:00,000 ERROR scan: {\"error_code\": \"APIG.0301\", \"error_msg\": \
\"Incorrect IAM authentication information: verify aksk signature fail\"}
";

/// The side of a terminal that a person looks at.
struct Screen {
    user: File,
    seen_any: Arc<AtomicBool>,
    reader: JoinHandle<Vec<u8>>,
}

impl Screen {
    fn new(columns: u16) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&controller).expect("a terminal of one's own");
        unlockpt(&controller).expect("an unlocked terminal");
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&controller, size).expect("a size");
        let name = ptsname(&controller, Vec::new()).expect("a name");
        let name = name.to_str().expect("a plain name");
        let user = File::options().read(true).write(true).open(name).expect("the user's side");
        let seen_any = Arc::new(AtomicBool::new(false));
        let reader = read_all(controller, Arc::clone(&seen_any));
        Self { user, seen_any, reader }
    }

    /// A side for the program.
    fn side(&self) -> Stdio {
        self.user.try_clone().expect("another side").into()
    }

    /// What was shown, once every program has let go of the terminal.
    fn shown(self) -> String {
        drop(self.user);
        let shown = self.reader.join().expect("the reader ends");
        String::from_utf8(shown).expect("what is shown is UTF-8")
    }
}

fn read_all(controller: OwnedFd, seen_any: Arc<AtomicBool>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let (mut controller, mut shown) = (File::from(controller), Vec::new());
        let mut buffer = [0; 4096];
        // A terminal that everyone has left answers with an error; that is its end.
        while let Ok(count @ 1..) = controller.read(&mut buffer) {
            shown.extend_from_slice(&buffer[..count]);
            seen_any.store(true, Ordering::Relaxed);
        }
        shown
    })
}

/// What the program shows on a terminal.
fn shown(run: Run, columns: u16) -> String {
    let screen = Screen::new(columns);
    let mut command = run.command;
    let status = command.stdout(screen.side()).stderr(Stdio::null()).status();
    assert!(status.expect("it starts").success(), "{command:?}");
    drop(command);
    screen.shown()
}

/// A text without its colours.
fn plain(text: &str) -> String {
    let mut parts = text.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |mut plain, part| {
        let (codes, rest) = part.split_once('m').expect("colours are all that is escaped");
        assert!(codes.bytes().all(|byte| byte.is_ascii_digit() || byte == b';'), "{codes:?}");
        plain.push_str(rest);
        plain
    })
}

fn widest(text: &str) -> usize {
    plain(text).lines().map(|line| line.trim_end_matches('\r').width()).max().unwrap_or(0)
}

#[test]
fn on_a_terminal_a_report_is_coloured_and_as_wide_as_the_terminal() {
    let sandbox = Sandbox::with("app.log", LOG);
    let report = || sandbox.ocrwatch(&["report", "app.log"]);
    let wide = shown(report(), 100);
    assert!(wide.contains("\x1b["), "{wide:?}");
    assert_eq!(widest(&wide), 100, "{wide}");
    let narrow = shown(report(), 50);
    assert!(narrow.contains("\x1b[") && widest(&narrow) <= 50, "{narrow}");
    let told = shown(report().env("COLUMNS", "60"), 100);
    assert!((51..=60).contains(&widest(&told)), "{told}");
    let of_no_size = shown(report(), 0);
    assert!((61..=80).contains(&widest(&of_no_size)), "{of_no_size}");
}

#[test]
fn colour_can_be_turned_off_and_forced() {
    let sandbox = Sandbox::with("app.log", LOG);
    let report = || sandbox.ocrwatch(&["report", "app.log"]);
    assert!(!shown(report().env("NO_COLOR", "1"), 80).contains('\x1b'));
    assert!(!shown(report().env("TERM", "dumb"), 80).contains('\x1b'));
    assert!(!shown(report().arg("--color").arg("never"), 80).contains('\x1b'));
    assert!(shown(report().env("NO_COLOR", ""), 80).contains('\x1b'));
    let piped = report().run();
    piped.code(0).stdout_lacks("\x1b");
    report().env("CLICOLOR_FORCE", "1").run().code(0).stdout_has("\x1b[");
    report().env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1").run().stdout_lacks("\x1b");
    report().env("NO_COLOR", "1").arg("--color=always").run().stdout_has("\x1b[");
    // Machines read the others.
    for format in ["json", "jsonl", "csv", "markdown"] {
        let arguments = ["report", "--color=always", "--format", format, "app.log"];
        sandbox.run(&arguments).code(0).stdout_lacks("\x1b");
    }
}

#[test]
fn lines_are_no_wider_than_asked_for_in_any_script() {
    let sandbox = Sandbox::with("app.log", LOG);
    for width in ["40", "55", "56", "80", "120", "200"] {
        let limit = width.parse().expect("a number");
        for arguments in [&["report", "app.log"][..], &["explain", "--all"]] {
            let outcome = sandbox.run(&[arguments, &["--width", width]].concat());
            outcome.code(0);
            let widest = widest(outcome.stdout());
            assert!(widest <= limit, "{widest} columns for {width}{outcome}");
        }
    }
    sandbox.run(&["report", "--width", "wide", "app.log"]).code(64);
}

#[test]
fn a_terminal_of_another_encoding_gets_ascii() {
    let sandbox = Sandbox::with("app.log", LOG);
    let outcome = sandbox.ocrwatch(&["report", "app.log"]).env("LANG", "zh_CN.GBK").run();
    outcome.code(0).stdout_has("AIS.0104 - OCR");
    assert!(outcome.stdout().is_ascii(), "{outcome}");
    let outcome = sandbox.ocrwatch(&["report", "app.log"]).env("LANG", "zh_CN.UTF-8").run();
    outcome.code(0).stdout_has("图片不清晰");
}

#[test]
fn without_files_a_terminal_is_not_waited_for() {
    let screen = Screen::new(80);
    let sandbox = Sandbox::new();
    let mut run = sandbox.ocrwatch(&["report"]);
    run.command.stdin(screen.side());
    run.run().code(64).stdout_is("").stderr_is(
        "error: no files were named, and standard input is a terminal\n\
         hint: name log files or directories, or pipe a log: `kubectl logs scan | ocrwatch report`\n",
    );
}

/// Feeds a run with a log until its terminal has shown something or the time is up, then ends it.
fn feed(arguments: &[&str], time: Duration) -> String {
    let screen = Screen::new(80);
    let sandbox = Sandbox::new();
    let mut command = sandbox.ocrwatch(arguments).command;
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(screen.side());
    let mut child = command.spawn().expect("it starts");
    drop(command);
    let mut stdin = child.stdin.take().expect("its input");
    let line = "2026-11-20 10:00:00,000 INFO scan: nothing to tell\n".repeat(1000);
    let since_start = Stopwatch::start();
    while since_start.elapsed() < time && !screen.seen_any.load(Ordering::Relaxed) {
        stdin.write_all(line.as_bytes()).expect("it reads on");
    }
    drop(stdin);
    let output = child.wait_with_output().expect("it ends");
    assert!(output.status.success(), "{output:?}");
    screen.shown()
}

#[test]
fn long_work_shows_how_far_it_is_and_leaves_nothing_behind() {
    let shown = feed(&["report", "-"], Duration::from_mins(1));
    assert!(shown.starts_with('\r') && shown.contains("iB/s\x1b[K"), "{shown:?}");
    assert!(shown.ends_with("\r\x1b[K"), "the line is taken away: {shown:?}");
    assert!(!shown.contains('\n'), "it is one line: {shown:?}");
}

#[test]
fn quiet_work_shows_nothing() {
    assert_eq!(feed(&["report", "--quiet", "-"], Duration::from_millis(1500)), "");
}
