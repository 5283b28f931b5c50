//! A terminal with a program on it, as a person sees and uses it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ocrwatch::clock::Stopwatch;
use rustix::process::{Pid, Signal, kill_process};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Termios, Winsize, tcgetattr, tcsetwinsize};

use crate::harness::Run;

const WAIT_MAX: Duration = Duration::from_mins(1);
const LOOK: Duration = Duration::from_millis(50);

/// What begins each frame, and what ends it.
const BEGIN: &str = "\x1b[?2026h\x1b[H";
const END: &str = "\x1b[?2026l";

#[derive(Default)]
struct Shown {
    bytes: Mutex<Vec<u8>>,
    news: Condvar,
}

impl Shown {
    fn text(&self) -> String {
        let bytes = self.bytes.lock().unwrap_or_else(PoisonError::into_inner);
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

pub(super) struct Pty {
    child: Child,
    keyboard: File,
    /// The program's side: its modes are the terminal's.
    user: Option<File>,
    before: Termios,
    shown: Arc<Shown>,
    reader: Option<JoinHandle<()>>,
}

impl Pty {
    /// Runs a program on a terminal of its own.
    pub(super) fn run(mut run: Run, columns: u16, rows: u16) -> Self {
        let controller = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
        grantpt(&controller).expect("a terminal of one's own");
        unlockpt(&controller).expect("an unlocked terminal");
        let name = ptsname(&controller, Vec::new()).expect("a name");
        let name = name.to_str().expect("a plain name");
        let user = File::options().read(true).write(true).open(name).expect("the user's side");
        let before = tcgetattr(&user).expect("modes");
        let keyboard = File::from(controller.try_clone().expect("another handle"));
        set_size(&keyboard, columns, rows);
        let side = || Stdio::from(user.try_clone().expect("another side"));
        run.command.stdin(side()).stdout(side()).stderr(side());
        let child = run.command.spawn().expect("the program starts");
        drop(run);
        let shown = Arc::<Shown>::default();
        let reader = Some(read(controller, Arc::clone(&shown)));
        Self { child, keyboard, user: Some(user), before, shown, reader }
    }

    pub(super) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).expect("a keyboard");
    }

    pub(super) fn resize(&self, columns: u16, rows: u16) {
        set_size(&self.keyboard, columns, rows);
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the program runs");
    }

    /// The lines of the last whole frame, without colours.
    pub(super) fn frame(&self) -> Vec<String> {
        let text = self.shown.text();
        let Some((_, frame)) = text.rsplit_once(END).and_then(|(text, _)| text.rsplit_once(BEGIN))
        else {
            return Vec::new();
        };
        frame.split("\r\n").map(plain).collect()
    }

    /// Waits for a frame.
    #[track_caller]
    pub(super) fn until(&self, what: &str, holds: impl Fn(&[String]) -> bool) {
        let stopwatch = Stopwatch::start();
        loop {
            let frame = self.frame();
            if holds(&frame) {
                return;
            }
            let late = stopwatch.elapsed() > WAIT_MAX;
            assert!(!late, "waited in vain: {what}\n{}\n{:?}", frame.join("\n"), self.shown.text());
            let bytes = self.shown.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            drop(self.shown.news.wait_timeout(bytes, LOOK));
        }
    }

    #[track_caller]
    pub(super) fn until_shown(&self, words: &str) {
        self.until(words, |frame| frame.iter().any(|line| line.contains(words)));
    }

    /// Waits for the program's end, checks that the terminal is as it was, and gives the exit code
    /// and everything that was shown.
    #[track_caller]
    pub(super) fn ended(mut self) -> (Option<i32>, String) {
        let stopwatch = Stopwatch::start();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            assert!(stopwatch.elapsed() < WAIT_MAX, "it does not end");
            std::thread::park_timeout(LOOK);
        };
        let user = self.user.take().expect("the user's side");
        let after = tcgetattr(&user).expect("modes");
        assert_eq!(after.local_modes, self.before.local_modes, "echo, lines, signals");
        assert_eq!(after.input_modes, self.before.input_modes, "input");
        assert_eq!(after.output_modes, self.before.output_modes, "output");
        drop(user);
        self.reader.take().map(JoinHandle::join);
        let text = self.shown.text();
        let last = text.rsplit_once("\x1b[?1049h").map_or("", |(_, last)| last);
        let end = "\x1b[0m\x1b[?25h\x1b[?1049l";
        assert!(last.ends_with(end), "its screen is left, and left last: {last:?}");
        assert_eq!(text.matches("\x1b[?1049l").count(), 1, "left once: {text:?}");
        (status.code(), text)
    }
}

impl Drop for Pty {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn set_size(terminal: &File, columns: u16, rows: u16) {
    let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    tcsetwinsize(terminal, size).expect("a size");
}

fn read(controller: OwnedFd, shown: Arc<Shown>) -> JoinHandle<()> {
    std::thread::spawn(move || {
        let mut controller = File::from(controller);
        let mut buffer = [0; 16 * 1024];
        while let Ok(count @ 1..) = controller.read(&mut buffer) {
            let mut bytes = shown.bytes.lock().unwrap_or_else(PoisonError::into_inner);
            bytes.extend_from_slice(&buffer[..count]);
            shown.news.notify_all();
        }
    })
}

/// A line without what steers.
fn plain(line: &str) -> String {
    let mut parts = line.split("\x1b[");
    let first = parts.next().unwrap_or_default().to_owned();
    parts.fold(first, |line, part| {
        let end = part.find(|c: char| c.is_ascii_alphabetic()).map_or(part.len(), |at| at + 1);
        line + &part[end..]
    })
}
