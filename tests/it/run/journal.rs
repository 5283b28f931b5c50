//! A real journald of its own, in a mount namespace.

use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use ocrwatch::clock;

use super::daemon::{Daemon, has, is_root, until};
use super::log::{error_line, noise_line};
use super::state::State;
use crate::harness::Sandbox;

/// A journald whose `/run` is a directory of the test.
struct Journald {
    child: Child,
    run: PathBuf,
}

impl Journald {
    fn start(sandbox: &Sandbox) -> Self {
        let run = sandbox.path("r");
        std::fs::create_dir_all(run.join("systemd/journal")).expect("a directory");
        let script = "mount --bind \"$1\" /run && exec /lib/systemd/systemd-journald";
        let child = Command::new("/usr/bin/unshare")
            .args(["--mount", "--propagation", "private", "sh", "-c", script, "sh"])
            .arg(&run)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("journald starts");
        Self { child, run }
    }

    fn socket(&self, name: &str) -> PathBuf {
        self.run.join("systemd/journal").join(name)
    }

    fn directory(&self) -> PathBuf {
        self.run.join("log/journal")
    }

    fn is_up(&self) -> bool {
        self.socket("socket").exists() && self.directory().exists()
    }

    /// An entry of a program by the native protocol.
    fn write(&self, identifier: &str, message: &str) {
        let entry =
            format!("PRIORITY=3\nSYSLOG_IDENTIFIER={identifier}\nMESSAGE={}\n", message.trim_end());
        let socket = UnixDatagram::unbound().expect("a socket");
        socket.send_to(entry.as_bytes(), self.socket("socket")).expect("journald listens");
    }

    /// A stream as systemd gives it to a unit for its output.
    fn stream(&self, identifier: &str) -> OwnedFd {
        let mut stream = UnixStream::connect(self.socket("stdout")).expect("journald listens");
        stream
            .write_all(format!("{identifier}\n\n6\n1\n0\n0\n0\n").as_bytes())
            .expect("it listens");
        stream.into()
    }
}

impl Drop for Journald {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn entries_of_the_journal_count_once_over_a_kill_and_our_own_never_come_back() {
    if !is_root() || !has(&["systemd-journald", "journalctl", "unshare"]) {
        return;
    }
    let sandbox = Sandbox::new();
    let journald = Journald::start(&sandbox);
    sandbox.file(
        "ocrwatch.toml",
        format!(
            "[[source]]\nname = 'journal'\nstart = 'beginning'\n\
             journal = {{ directory = '{}' }}\n\
             [[route]]\nname = 'at-once'\nmatch = {{}}\nreceiver = 'ops'\ngroup_wait = '0s'\n\
             group_interval = '1s'\n",
            journald.directory().display()
        ),
    );
    let state = State(sandbox.path("state"));
    let arguments = ["run", "-v", "--config", "ocrwatch.toml", "--state-dir", "state"];
    let with_path = || sandbox.ocrwatch(&arguments).env("PATH", "/usr/bin:/bin");
    let mut number = 0;
    let mut write = |count: u64| {
        for _ in 0..count {
            number += 1;
            let api = format!("ocr_{number}");
            journald.write("scan", &error_line(clock::now(), "ModelArts.4204", &api, number));
            journald.write("scan", &noise_line(clock::now(), number));
        }
        number
    };
    let daemon = Daemon::start(with_path());
    daemon.until("journald is up", || journald.is_up());
    let written = write(3);
    daemon.until("entries are counted", || state.count() == written);
    daemon.kill();
    let written = write(2);
    let daemon = Daemon::start(with_path());
    daemon.until("entries are counted once", || state.count() == written);
    // Killed in the middle of entries that come.
    write(20);
    daemon.kill();
    // What it says goes to the journal it reads: alerts with the very lines that they are about.
    let mut run = with_path();
    run.command.stdout(journald.stream("ocrwatch")).stderr(journald.stream("ocrwatch"));
    let mut own = run.command.spawn().expect("the program starts");
    let written = write(5);
    until("entries are counted once", || state.count() == written && state.queued() == 0);
    let listed = || {
        let mut journalctl = Command::new("/usr/bin/journalctl");
        journalctl.arg("-D").arg(journald.directory()).args(["-o", "cat", "-t", "ocrwatch"]);
        let output = journalctl.output().expect("journalctl");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let last = format!("API ocr_{written} is not subscribed");
    until("our own alerts are in the journal", || listed().contains(&last));
    let written = write(2);
    let fired = || state.fired("api-not-subscribed").len() as u64;
    until("entries are counted and told", || state.count() >= written && fired() == written);
    let pid = rustix::process::Pid::from_child(&own);
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it runs");
    assert_eq!(own.wait().expect("it ends").code(), Some(0));
    println!("{} lines of our own in the journal", listed().lines().count());
    assert!(listed().contains("error_code:ModelArts.4204"), "no body among our own words");
    assert_eq!(state.count(), written);
    assert!(state.fired("api-not-subscribed").values().all(|times| *times == 1));
}
