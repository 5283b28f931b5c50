//! `kill -9` at any moment, with real rotation in between: every line counts once.

use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::daemon::{Daemon, Ended, has, tool};
use super::log::{Random, Writer};
use super::state::State;
use crate::harness::Sandbox;

/// How a log is rotated, and whether anything is written meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rotation {
    Rename,
    CopyTruncatePaused,
    CopyTruncate,
}

/// What has happened in a lane.
#[derive(Debug, Default)]
struct Hazards {
    kills: u64,
    /// Kills before the daemon said that it had started.
    kills_at_start: u64,
    /// Kills of a daemon that had written to its state.
    kills_after_commits: u64,
    rotations: u64,
    /// Rotations while no daemon ran.
    rotations_while_down: u64,
    inodes_again: u64,
    notices: Vec<(&'static str, usize)>,
    lines_during_rotation: u64,
    missing: u64,
    told_again: usize,
}

/// What the daemon says of a rotation.
const NOTICES: [&str; 8] = [
    "rotated: another file is at the path",
    "rotated: copied and truncated",
    "truncated; read from",
    "truncated before",
    "gone while nobody looked",
    "gone before its last",
    "rotated while nobody looked",
    "compressed before it was read",
];

/// Those of them that admit a loss, which no rotation of a log at rest may bring.
const LOSSES: [&str; 3] = ["gone while nobody looked", "gone before its last", "truncated before"];

struct Lane {
    sandbox: Sandbox,
    rotation: Rotation,
    random: Random,
    writer: Arc<Mutex<Writer>>,
    log: PathBuf,
    state: State,
    inodes: Vec<u64>,
    hazards: Hazards,
    said: Vec<Ended>,
}

impl Lane {
    fn new(rotation: Rotation, number: u64) -> Self {
        let sandbox = Sandbox::new();
        let mut random = Random::new(number);
        let log = sandbox.path("app.log");
        let how = if rotation == Rotation::Rename { "create" } else { "copytruncate" };
        let log_shown = log.display();
        sandbox.file(
            "logrotate.conf",
            format!(
                "{log_shown} {{\n rotate 900\n size 1\n {how}\n compress\n delaycompress\n}}\n"
            ),
        );
        let writer = Writer::new(&log, Random::new(number + 1000 + random.below(1000)));
        let state = State(sandbox.path("state"));
        let mut lane = Self {
            sandbox,
            rotation,
            random,
            writer: Arc::new(Mutex::new(writer)),
            log,
            state,
            inodes: Vec::new(),
            hazards: Hazards::default(),
            said: Vec::new(),
        };
        // A log is met before it is rotated: what was rotated before nobody asked for. An empty one
        // that rotates away unseen could have been anything.
        {
            let mut writer = lane.writer.lock().expect("the writer is well");
            while writer.apis.is_empty() {
                writer.write();
            }
            writer.finish();
        }
        let daemon = lane.start();
        daemon.until("the log is met", || lane.state.has_position());
        lane.said.push(daemon.stop());
        lane
    }

    fn start(&self) -> Daemon {
        let arguments = ["run", "--state-dir", "state", "-v", "app.log"];
        Daemon::start(self.sandbox.ocrwatch(&arguments))
    }

    fn rotate(&mut self) {
        let mut paused = (self.rotation != Rotation::CopyTruncate)
            .then(|| self.writer.lock().expect("the writer is well"));
        if let Some(writer) = &mut paused {
            match self.rotation {
                // What is rotated for the second time is compressed: nobody may write to it.
                Rotation::Rename => writer.reopen(),
                _ => writer.finish(),
            }
        }
        let lines = |writer: &Mutex<Writer>| writer.lock().expect("the writer is well").lines;
        let before = paused.is_none().then(|| lines(&self.writer));
        // A program that is told of the rotation a little later writes to both files meanwhile.
        if self.rotation == Rotation::Rename {
            paused = None;
        }
        let conf = self.sandbox.path("logrotate.conf");
        let status = self.sandbox.path("logrotate.status");
        tool(Command::new("/usr/sbin/logrotate").arg("-f").arg("-s").arg(status).arg(conf));
        drop(paused);
        if let Some(before) = before {
            self.hazards.lines_during_rotation += lines(&self.writer) - before + 1;
        }
        self.hazards.rotations += 1;
        let inode = self.log.metadata().expect("the log").ino();
        if self.rotation == Rotation::Rename {
            self.hazards.inodes_again += u64::from(self.inodes.contains(&inode));
            self.inodes.push(inode);
        }
    }

    fn round(&mut self) {
        let database = self.state.database();
        let wal = database.with_extension("db-wal");
        let written = || wal.metadata().ok().map(|about| (about.mtime(), about.mtime_nsec()));
        let before = written();
        let daemon = self.start();
        // Half of them die young.
        let life_ms = if self.random.below(2) == 0 { 150 } else { 600 };
        daemon.let_run(Duration::from_millis(self.random.below(life_ms)));
        if self.random.below(6) == 0 {
            self.rotate();
            daemon.let_run(Duration::from_millis(self.random.below(100)));
        }
        let ended = daemon.kill();
        self.hazards.kills += 1;
        self.hazards.kills_at_start += u64::from(!ended.stderr.contains("started"));
        self.hazards.kills_after_commits += u64::from(written() != before);
        self.said.push(ended);
        for _ in 0..2 {
            if self.random.below(10) == 0 {
                self.rotate();
                self.hazards.rotations_while_down += 1;
            }
        }
    }

    /// Reads what is left, ends as it is asked to, and compares with the truth.
    fn finish(&mut self) {
        let daemon = self.start();
        let writer = Arc::clone(&self.writer);
        let mut writer = writer.lock().expect("the writer is well");
        writer.finish();
        let truth = writer.errors.clone();
        if self.rotation == Rotation::CopyTruncate {
            // The last line that was written is behind every loss.
            let last = format!("ocr_last_{}", writer.lines);
            let line = super::log::error_line(ocrwatch::clock::now(), "ModelArts.4204", &last, 0);
            super::log::append(&self.log, line);
            daemon.until("the last line is told", || {
                self.state.fired("api-not-subscribed").contains_key(&last)
            });
        } else {
            eprintln!("written: {truth:?}");
            daemon.until("everything is counted and told", || {
                let errors = self.state.errors();
                let over = truth.iter().find(|(code, count)| errors.get(*code) > Some(*count));
                assert_eq!(over, None, "counted more than was written: {errors:?}");
                errors == truth && self.state.fired("api-not-subscribed").len() == writer.apis.len()
            });
            // So long a file that is nowhere is looked for.
            daemon.let_run(Duration::from_secs(4));
        }
        let ended = daemon.stop();
        assert!(ended.took < Duration::from_secs(10), "ended after {:?}", ended.took);
        self.said.push(ended);
        self.compare(&writer);
    }

    fn compare(&mut self, writer: &Writer) {
        for notice in NOTICES {
            let times = self.said.iter().map(|said| said.stderr.matches(notice).count()).sum();
            self.hazards.notices.push((notice, times));
        }
        let mut errors = self.state.errors();
        let mut fired = self.state.fired("api-not-subscribed");
        fired.retain(|api, _| !api.starts_with("ocr_last_"));
        assert!(fired.values().all(|times| *times == 1), "told twice: {fired:?}");
        let lines = self.state.lines();
        if self.rotation == Rotation::CopyTruncate {
            *errors.entry("ModelArts.4204".to_owned()).or_default() -= 1;
            for (code, written) in &writer.errors {
                let counted = errors.get(code).copied().unwrap_or_default();
                assert!(counted <= *written, "{code}: {counted} of {written}");
                self.hazards.missing += written - counted;
            }
            assert!(self.hazards.missing <= self.hazards.lines_during_rotation);
            assert!(fired.keys().all(|api| writer.apis.contains(api)));
        } else {
            assert_eq!(errors, writer.errors);
            let apis: Vec<&String> = fired.keys().collect();
            let mut written: Vec<&String> = writer.apis.iter().collect();
            written.sort();
            assert_eq!(apis, written, "each API is told once");
            assert_eq!(lines, writer.lines);
            for (notice, times) in &self.hazards.notices {
                let is_loss = LOSSES.iter().any(|loss| loss == notice);
                assert!(!is_loss || *times == 0, "{notice}: nothing was lost");
            }
        }
        let told: String = self.said.iter().map(|said| &*said.stdout).collect();
        for row in self.state.outbox() {
            assert_eq!(row.state, "sent", "{}", row.id);
            let times = told.matches(&format!(" {}]", row.id)).count();
            assert!(times > 0, "{} is sent, and was never told", row.id);
            self.hazards.told_again += times - 1;
        }
        let panicked = self.said.iter().find(|said| said.stderr.contains("panicked"));
        assert!(panicked.is_none(), "{}", panicked.map_or("", |said| &said.stderr));
    }
}

/// What a failure needs to be understood.
impl Drop for Lane {
    fn drop(&mut self) {
        if std::thread::panicking() {
            for (life, said) in self.said.iter().enumerate() {
                eprintln!("--- life {life}\n{}", said.stderr);
            }
            eprintln!("counted: {:?}\n{:#?}", self.state.errors(), self.hazards);
        }
    }
}

/// Rounds of all tests together: 500.
fn check(rotation: Rotation, lanes: u64, rounds: u64) -> Vec<Hazards> {
    let lane = |number| {
        move || {
            let mut lane = Lane::new(rotation, number);
            let is_over = Arc::new(AtomicBool::new(false));
            let writing = {
                let (writer, is_over) = (Arc::clone(&lane.writer), Arc::clone(&is_over));
                std::thread::spawn(move || {
                    while !is_over.load(Ordering::Relaxed) {
                        writer.lock().expect("the writer is well").write();
                        std::thread::park_timeout(Duration::from_millis(3));
                    }
                })
            };
            for _ in 0..rounds {
                lane.round();
            }
            is_over.store(true, Ordering::Relaxed);
            writing.join().expect("the writer ends");
            lane.finish();
            std::mem::take(&mut lane.hazards)
        }
    };
    let threads: Vec<_> = (0..lanes).map(|number| std::thread::spawn(lane(number))).collect();
    let ended = threads.into_iter().map(|thread| thread.join().expect("a lane holds"));
    let hazards: Vec<Hazards> = ended.collect();
    for hazards in &hazards {
        println!("{hazards:#?}");
        assert_eq!(hazards.kills, rounds);
        assert!(hazards.kills_after_commits > 0 && hazards.kills_at_start > 0);
        assert!(hazards.rotations > hazards.rotations_while_down);
        assert!(hazards.rotations_while_down > 0);
    }
    hazards
}

fn times(hazards: &[Hazards], notice: &str) -> usize {
    let all = hazards.iter().flat_map(|hazards| &hazards.notices);
    all.filter(|(name, _)| *name == notice).map(|(_, times)| times).sum()
}

#[test]
fn killed_again_and_again_under_rotation_by_name_every_line_counts_once() {
    if !has(&["logrotate", "gzip"]) {
        return;
    }
    let hazards = check(Rotation::Rename, 2, 100);
    assert!(times(&hazards, "rotated: another file is at the path") > 0);
    assert!(times(&hazards, "compressed before it was read") > 0);
}

#[test]
fn killed_again_and_again_under_copies_of_a_log_at_rest_every_line_counts_once() {
    if !has(&["logrotate", "gzip"]) {
        return;
    }
    let hazards = check(Rotation::CopyTruncatePaused, 2, 100);
    assert!(times(&hazards, "rotated: copied and truncated") > 0);
}

#[test]
fn what_a_copy_of_a_busy_log_loses_is_admitted_and_nothing_counts_twice() {
    if !has(&["logrotate", "gzip"]) {
        return;
    }
    let hazards = check(Rotation::CopyTruncate, 1, 100);
    let missing: u64 = hazards.iter().map(|hazards| hazards.missing).sum();
    let admitted: usize = NOTICES[1..6].iter().map(|notice| times(&hazards, notice)).sum();
    println!("{missing} errors are missing, {admitted} times it is said that some may be");
    assert!(admitted > 0);
}
