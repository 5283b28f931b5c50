//! What `run` costs as a real process: from a write to the alert, memory, and doing nothing.
//!
//! `cargo bench --bench run` prints it. The figures are of the machine: compare runs on the same
//! one.

use std::fs::OpenOptions;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use std::time::Duration;

use ocrwatch::clock::Stopwatch;

/// A daemon that is ended with the value.
struct Daemon {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Daemon {
    fn start(state: &Path, logs: &str) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_ocrwatch"))
            .args(["run", "--quiet", "--timezone", "UTC", "--state-dir"])
            .arg(state)
            .arg(logs)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program starts");
        let out = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, out }
    }

    fn wait_for(&mut self, text: &str) {
        let mut line = String::new();
        while self.out.read_line(&mut line).expect("output") > 0 {
            if line.contains(text) {
                return;
            }
            line.clear();
        }
        unreachable!("the program ended before it said {text:?}");
    }

    fn status_kib(&self, key: &str) -> u64 {
        let path = format!("/proc/{}/status", self.child.id());
        let status = std::fs::read_to_string(path).expect("a process");
        let line = status.lines().find(|line| line.starts_with(key)).expect("a known key");
        line.split_whitespace().nth(1).and_then(|kib| kib.parse().ok()).expect("a number")
    }

    /// Processor time so far, in hundredths of a second.
    fn ticks(&self) -> u64 {
        let path = format!("/proc/{}/stat", self.child.id());
        let stat = std::fs::read_to_string(path).expect("a process");
        let fields: Vec<&str> = stat.split_whitespace().collect();
        fields[13].parse::<u64>().expect("ticks") + fields[14].parse::<u64>().expect("ticks")
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A line of an API that was not named before is an alert of its own.
fn line(number: usize) -> String {
    let now = Command::new("date").args(["-u", "+%FT%T.%3NZ"]).output().expect("date").stdout;
    let now = String::from_utf8(now).expect("ASCII");
    format!(
        "{} ERROR scan {{\"error_msg\": \"Request api error! The API ocr_{number:05} is not \
         subscribed.\", \"error_code\": \"ModelArts.4204\", \"request_id\": \"{number:032x}\"}}\n",
        now.trim()
    )
}

fn latency(alerts: usize) {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("app.log");
    let mut log = OpenOptions::new().append(true).create(true).open(&path).expect("a file");
    let state = directory.path().join("state");
    let mut daemon = Daemon::start(&state, path.to_str().expect("UTF-8"));
    let mut times = Vec::new();
    for number in 0..alerts {
        let line = line(number);
        let stopwatch = Stopwatch::start();
        log.write_all(line.as_bytes()).expect("a line");
        daemon.wait_for(&format!("ocr_{number:05} is not subscribed"));
        // The first waits for the program to start.
        times.extend((number > 0).then(|| stopwatch.elapsed()));
    }
    times.sort();
    let at = |share: usize| times[(times.len() * share / 100).min(times.len() - 1)];
    println!(
        "from a write to the alert, {alerts} alerts: median {:.1?}, 90th percentile {:.1?}, \
         99th {:.1?}, longest {:.1?}",
        at(50),
        at(90),
        at(99),
        at(100)
    );
}

fn memory(files: usize) {
    let directory = tempfile::tempdir().expect("a directory");
    for number in 0..files {
        let path = directory.path().join(format!("{number:05}.log"));
        std::fs::write(path, "2026-11-23T10:00:00Z INFO started\n".repeat(5)).expect("a file");
    }
    let state = directory.path().join("state");
    let logs = directory.path().join("*.log");
    let mut daemon = Daemon::start(&state, logs.to_str().expect("UTF-8"));
    // Once an alert of the last file is told, all were read.
    let last = directory.path().join(format!("{:05}.log", files - 1));
    let mut last = OpenOptions::new().append(true).open(last).expect("a file");
    last.write_all(line(0).as_bytes()).expect("a line");
    daemon.wait_for("ocr_00000 is not subscribed");
    let (resident, anonymous) = (daemon.status_kib("VmRSS"), daemon.status_kib("RssAnon"));
    let before = daemon.ticks();
    let idle = Duration::from_secs(10);
    // Doing nothing is what is measured.
    #[expect(clippy::disallowed_methods, reason = "the time in which nothing is done")]
    std::thread::sleep(idle);
    let ticks = daemon.ticks() - before;
    println!(
        "{files} files: {resident} KiB resident, {anonymous} KiB of it its own; \
         idle: {ticks}0 ms of {} s",
        idle.as_secs()
    );
}

fn main() {
    latency(300);
    for files in [1, 100, 10_000] {
        memory(files);
    }
}
