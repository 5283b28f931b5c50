//! A daemon under way, and what it says.
//!
//! Owns the waiting: for words or for a state, never for a time. What does not come in
//! [`WAIT_MAX`] fails with everything that was said until then.

use std::io::Read;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use ocrwatch::clock::Stopwatch;
use rustix::process::{Pid, Signal, kill_process};

use crate::harness::Run;

/// A loaded machine is slow; what is right late is right.
const WAIT_MAX: Duration = Duration::from_mins(1);

/// How often a state is looked at that tells nobody of its changes.
const LOOK: Duration = Duration::from_millis(20);

/// What was said so far.
#[derive(Default)]
struct Heard {
    stdout: Vec<u8>,
    stderr: Vec<u8>,
    open: usize,
}

#[derive(Default)]
struct Ear {
    heard: Mutex<Heard>,
    news: Condvar,
}

impl Ear {
    fn heard(&self) -> MutexGuard<'_, Heard> {
        self.heard.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn listen(
        self: &Arc<Self>,
        mut from: impl Read + Send + 'static,
        into: fn(&mut Heard) -> &mut Vec<u8>,
    ) -> JoinHandle<()> {
        let ear = Arc::clone(self);
        ear.heard().open += 1;
        std::thread::spawn(move || {
            let mut buffer = [0; 16 * 1024];
            while let Ok(count @ 1..) = from.read(&mut buffer) {
                into(&mut ear.heard()).extend_from_slice(&buffer[..count]);
                ear.news.notify_all();
            }
            ear.heard().open -= 1;
            ear.news.notify_all();
        })
    }
}

/// A daemon under way. One that is let go of is killed.
pub(super) struct Daemon {
    child: Child,
    pid: Pid,
    ear: Arc<Ear>,
    threads: Vec<JoinHandle<()>>,
    is_over: bool,
}

/// What a daemon said, and how it ended.
pub(super) struct Ended {
    pub(super) code: Option<i32>,
    pub(super) stdout: String,
    pub(super) stderr: String,
    pub(super) took: Duration,
}

impl Daemon {
    pub(super) fn start(mut run: Run) -> Self {
        let command: &mut Command = &mut run.command;
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let ear = Arc::<Ear>::default();
        let stdout = child.stdout.take().expect("a pipe");
        let stderr = child.stderr.take().expect("a pipe");
        let threads = vec![
            ear.listen(stdout, |heard| &mut heard.stdout),
            ear.listen(stderr, |heard| &mut heard.stderr),
        ];
        let pid = Pid::from_child(&child);
        Self { child, pid, ear, threads, is_over: false }
    }

    /// The same for a daemon that another program was told to start.
    pub(super) fn start_below(run: Run) -> Self {
        let mut daemon = Self::start(run);
        let parent = daemon.pid.as_raw_nonzero();
        let path = format!("/proc/{parent}/task/{parent}/children");
        let mut pid = None;
        daemon.until("the program that is started starts another", || {
            let children = std::fs::read_to_string(&path).unwrap_or_default();
            // `strace` has children of its own before, for a moment.
            let is_ours = |pid: &&str| {
                let program = std::fs::read_link(format!("/proc/{pid}/exe"));
                program.is_ok_and(|program| program.ends_with("ocrwatch"))
            };
            pid = children.split_whitespace().find(is_ours).and_then(|pid| pid.parse().ok());
            pid.is_some()
        });
        daemon.pid = pid.and_then(Pid::from_raw).expect("a process");
        daemon
    }

    pub(super) fn pid(&self) -> i32 {
        self.pid.as_raw_nonzero().get()
    }

    pub(super) fn child_stdin(&mut self) -> std::process::ChildStdin {
        self.child.stdin.take().expect("a pipe leads to its standard input")
    }

    pub(super) fn stdout(&self) -> String {
        String::from_utf8_lossy(&self.ear.heard().stdout).into_owned()
    }

    pub(super) fn stderr(&self) -> String {
        String::from_utf8_lossy(&self.ear.heard().stderr).into_owned()
    }

    /// Waits until something holds.
    #[track_caller]
    pub(super) fn until(&self, what: &str, mut holds: impl FnMut() -> bool) {
        let stopwatch = Stopwatch::start();
        while !holds() {
            let late = stopwatch.elapsed() > WAIT_MAX;
            assert!(!late, "waited in vain: {what}{}", self.said());
            let heard = self.ear.heard();
            drop(self.ear.news.wait_timeout(heard, LOOK));
        }
    }

    #[track_caller]
    pub(super) fn until_stdout(&self, needle: &str) {
        self.until(needle, || self.stdout().contains(needle));
    }

    #[track_caller]
    pub(super) fn until_stderr(&self, needle: &str) {
        self.until(needle, || self.stderr().contains(needle));
    }

    /// Lets it run on for a while, whatever it does: what comes then comes at a random moment.
    pub(super) fn let_run(&self, time: Duration) {
        let stopwatch = Stopwatch::start();
        loop {
            let left = time.saturating_sub(stopwatch.elapsed());
            if left.is_zero() {
                break;
            }
            let heard = self.ear.heard();
            drop(self.ear.news.wait_timeout(heard, left));
        }
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill_process(self.pid, signal).expect("the program runs");
    }

    /// As a crash ends it.
    pub(super) fn kill(mut self) -> Ended {
        let stopwatch = Stopwatch::start();
        self.signal(Signal::KILL);
        self.end(stopwatch)
    }

    /// As it is asked to end.
    #[track_caller]
    pub(super) fn stop(mut self) -> Ended {
        let stopwatch = Stopwatch::start();
        self.signal(Signal::TERM);
        let ended = self.end(stopwatch);
        assert_eq!(ended.code, Some(0), "the exit code\n{}\n{}", ended.stdout, ended.stderr);
        ended
    }

    /// Waits until it ends by itself.
    #[track_caller]
    pub(super) fn ended(mut self) -> Ended {
        self.end(Stopwatch::start())
    }

    #[track_caller]
    fn end(&mut self, stopwatch: Stopwatch) -> Ended {
        self.until("the program ends", || self.ear.heard().open == 0);
        let status = self.child.wait().expect("the program is a child");
        self.is_over = true;
        let took = stopwatch.elapsed();
        for thread in self.threads.drain(..) {
            thread.join().expect("a reader ends");
        }
        Ended { code: status.code(), stdout: self.stdout(), stderr: self.stderr(), took }
    }

    fn said(&self) -> String {
        format!(
            "\n--- standard output\n{}\n--- standard error\n{}\n---",
            self.stdout(),
            self.stderr()
        )
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        if !self.is_over {
            // It may have ended meanwhile; then there is nothing to end.
            let _ = kill_process(self.pid, Signal::KILL);
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Waits where no daemon's words can be heard.
#[track_caller]
pub(crate) fn until(what: &str, mut holds: impl FnMut() -> bool) {
    let stopwatch = Stopwatch::start();
    while !holds() {
        assert!(stopwatch.elapsed() < WAIT_MAX, "waited in vain: {what}");
        std::thread::park_timeout(LOOK);
    }
}

/// Whether programs are there; else says that the test is skipped.
pub(crate) fn has(programs: &[&str]) -> bool {
    const DIRECTORIES: [&str; 5] = ["/usr/bin", "/bin", "/usr/sbin", "/sbin", "/lib/systemd"];
    let is_there =
        |name: &&&str| DIRECTORIES.iter().any(|d| std::path::Path::new(d).join(name).exists());
    let missing: Vec<_> = programs.iter().filter(|name| !is_there(name)).collect();
    if !missing.is_empty() {
        println!("skipped: there is no {missing:?} here");
    }
    missing.is_empty()
}

/// Whether the tests run as root; else says that the test is skipped.
pub(super) fn is_root() -> bool {
    let is_root = rustix::process::geteuid().is_root();
    if !is_root {
        println!("skipped: only root may do this");
    }
    is_root
}

/// Runs another program to its end, which must be a good one.
#[track_caller]
pub(super) fn tool(command: &mut Command) -> String {
    let output = command.stdin(Stdio::null()).output().expect("the tool starts");
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} ended with {:?}: {stderr}", output.status);
    String::from_utf8_lossy(&output.stdout).into_owned()
}
