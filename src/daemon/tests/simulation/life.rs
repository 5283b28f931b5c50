//! One run: a machine with its logs and receivers, the daemon on it, and what happens to them.

mod further;
mod hazards;
mod judgement;
mod process;

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::time::Duration;

use ocrwatch_disk::{Disk, Faults};

use super::logs::{Logs, Stamps};
use super::machine::{Nature, Shared, Simulated};
use super::oracle::Kept;
use super::plan::Plan;
use super::random::Random;
use super::receivers::{Manner, Receivers};
use crate::config::{Config, Draft};
use crate::daemon::event::Event;
use crate::daemon::systemd::Supervisor;
use crate::daemon::{Daemon, Options};
use crate::diagnostic::Diagnostic;
use crate::surface::style::Style;
use crate::tail::faults;
use crate::tail::watch::Hints;
use crate::zone::Zone;

/// A pass of time in which the loop turns so often goes round and round.
const TURNS_MAX: u32 = 5_000;

const OPEN_FILES_MAX: u64 = 16;

/// A line that is half written for longer is one as it stands, and what comes then another.
const HALF_MAX: Duration = Duration::from_secs(50);

pub(super) struct Life {
    pub(super) plan: Plan,
    random: Random,
    /// Of the hazards that came later.
    further: Random,
    directory: PathBuf,
    nature: Shared,
    disk: Rc<Disk>,
    logs: Logs,
    /// Which configuration a reload finds.
    variant: Rc<Cell<u64>>,
    daemon: Option<Daemon>,
    /// Since when a line is half written, at the longest.
    half_since: Option<Duration>,
    /// Of which this process has told.
    losses: u64,
    pub(super) story: Vec<String>,
    pub(super) breaches: Vec<String>,
    pub(super) counted: BTreeMap<&'static str, u64>,
}

/// An empty directory, the same for all runs of a thread: what is read of a configuration holds its
/// name, and to read it takes as long as a run.
fn empty_directory() -> PathBuf {
    thread_local! {
        static FOLDER: tempfile::TempDir = tempfile::tempdir().unwrap();
    }
    let directory = FOLDER.with(|folder| folder.path().canonicalize().unwrap());
    for entry in directory.read_dir().unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            std::fs::remove_dir_all(path).unwrap();
        } else {
            std::fs::remove_file(path).unwrap();
        }
    }
    directory
}

impl Life {
    pub(super) fn new(plan: Plan) -> Self {
        let directory = empty_directory();
        let mut random = Random::new(plan.seed ^ 0x5eed);
        faults::begin(plan.seed);
        let read_bytes_max = plan.further.read_bytes_max;
        faults::set(faults::Faults { read_bytes_max, ..faults::Faults::default() });
        let disk = Rc::new(Disk::new(&directory.join("state"), random.next(u64::MAX)));
        let receivers = Receivers::new(Random::new(random.next(u64::MAX)));
        let nature = Nature {
            wall: plan.start,
            mono: Duration::from_secs(1000),
            slowness: Duration::ZERO,
            drift_ppm: 0,
            watched: std::collections::BTreeSet::new(),
            hints: Hints::default(),
            receivers,
            disk: Rc::clone(&disk),
        };
        let mut names = vec![("app", Stamps::Utc), ("web", Stamps::Utc)];
        if plan.clock {
            names.push(("old", Stamps::Berlin));
        }
        let mut logs = Logs::new(&directory, &names);
        logs.has_leap_second = plan.clock;
        let mut life = Self {
            further: Random::new(plan.seed ^ 0x00f0_07e5),
            plan,
            random,
            directory,
            nature: Rc::new(RefCell::new(nature)),
            disk,
            logs,
            variant: Rc::default(),
            daemon: None,
            half_since: None,
            losses: 0,
            story: Vec::new(),
            breaches: Vec::new(),
            counted: BTreeMap::new(),
        };
        life.start();
        life.pass(Duration::from_secs(2), Duration::ZERO);
        life
    }

    /// What got to receivers, in order.
    pub(super) fn arrivals(&self) -> Vec<String> {
        let nature = self.nature.borrow();
        nature.receivers.arrivals.iter().map(|arrival| arrival.id.clone()).collect()
    }

    fn happened(&mut self, what: &'static str, more: &str) {
        *self.counted.entry(what).or_default() += 1;
        let wall = self.nature.borrow().wall.format("%m-%d %H:%M:%S%.3f");
        self.story.push(format!("{wall} {what} {more}"));
    }

    /// Looks at the state through a disk that works.
    fn kept(&self) -> Kept {
        let faults = self.disk.faults();
        self.disk.set_faults(Faults::default());
        let kept = Kept::look(&self.directory.join("state"));
        self.disk.set_faults(faults);
        kept
    }

    /// Lets time pass; the daemon turns whenever it wants to, but not more often than `stride`.
    fn pass(&mut self, span: Duration, stride: Duration) {
        let until = self.nature.borrow().mono + span;
        let mut turns = 0;
        loop {
            let Some(daemon) = &self.daemon else {
                let mut nature = self.nature.borrow_mut();
                let left = until.saturating_sub(nature.mono);
                return nature.pass(left);
            };
            let (now, answer) = {
                let nature = self.nature.borrow();
                (nature.mono, nature.receivers.next_answer())
            };
            // The loop itself takes a little.
            let wait = daemon.timeout().max(Duration::from_micros(200));
            let next = answer.map_or(now + wait, |at| at.min(now + wait)).max(now + stride);
            if next > until {
                return self.nature.borrow_mut().pass(until.saturating_sub(now));
            }
            self.nature.borrow_mut().pass(next.saturating_sub(now));
            self.turn();
            turns += 1;
            if turns > TURNS_MAX {
                self.breaches.push(format!("{turns} turns in {span:?}"));
                return;
            }
        }
    }

    fn turn(&mut self) {
        self.turn_with(&[]);
    }

    fn turn_with(&mut self, events: &[Event]) {
        self.hint();
        let Some(daemon) = &mut self.daemon else { return };
        let told_before = self.nature.borrow().receivers.arrivals.len();
        let (could_fail, faulty_before) = (daemon.keeper.failing_since(), self.disk.counted());
        daemon.turn(events).unwrap();
        // A commit that the end of the process kept from being is none that failed.
        let has_failed = self.disk.counted().faults() > faulty_before.faults();
        let fails = daemon.keeper.failing_since().is_some();
        if could_fail.is_some() || fails && (has_failed || !self.disk.has_ended()) {
            self.nature.borrow_mut().receivers.is_unkept_from(told_before);
        }
        if !fails && !self.disk.has_ended() {
            self.nature.borrow_mut().receivers.heard_is_noted();
        }
        let tail = daemon.follow.tail_counters();
        if tail.open_files > OPEN_FILES_MAX {
            self.breaches.push(format!("{} files are open", tail.open_files));
        }
        let losses = tail.possibly_lost.saturating_sub(tail.copied_and_truncated);
        if losses > self.losses {
            self.logs.endanger_told(self.plan.destroys);
        }
        self.losses = losses;
        if self.disk.has_ended() {
            let is_power = self.plan.power && self.random.percent(50);
            self.kill(is_power);
        }
    }

    /// Tells what was touched where that is watched; now and then nothing, or only that something
    /// was lost.
    fn hint(&mut self) {
        let touched = std::mem::take(&mut self.logs.touched);
        let mut nature = self.nature.borrow_mut();
        for path in touched {
            let is_watched = path.parent().is_some_and(|it| nature.watched.contains(it));
            // Where lines are read in another order than they were written in, what is true of
            // several logs becomes true at another of them.
            match self.random.next(20) {
                0 if !self.plan.equals_backtest() => {}
                1 => nature.hints.rescan = true,
                _ if is_watched => drop(nature.hints.paths.insert(path)),
                _ => {}
            }
        }
    }

    pub(super) fn step(&mut self) {
        if self.daemon.is_none() && self.random.percent(60) {
            self.start();
        }
        if self.further.percent(20) {
            self.step_further();
        }
        match self.random.next(100) {
            0..=29 => self.write(),
            30..=35 => self.write_half(),
            36..=59 => {
                let span = 1 + self.random.next(4_000);
                self.wait(Duration::from_millis(span));
            }
            60..=66 => {
                let span = 5 + self.random.next(60);
                self.wait(Duration::from_secs(span));
            }
            67..=76 => self.rotate(),
            77..=84 => self.crash(),
            85..=88 => self.change_manner(),
            89..=91 => self.change_faults(),
            92..=93 => self.reload(),
            94 => self.stop(),
            95..=96 => self.destroy(),
            97..=98 => self.change_clock(),
            _ => self.go_away(),
        }
        let breaches = std::mem::take(&mut self.nature.borrow_mut().receivers.breaches);
        self.breaches.extend(breaches);
    }

    fn wait(&mut self, span: Duration) {
        let until = self.nature.borrow().mono + span;
        let is_too_long = |since: Duration| until > since + HALF_MAX;
        let is_half_too_long = self.half_since.is_some_and(is_too_long);
        if !self.plan.late && span > Duration::from_secs(4)
            || is_half_too_long && !self.plan.further.is_none()
        {
            self.logs.finish_halves();
            self.half_since = None;
        }
        self.happened("wait", &format!("{span:?}"));
        self.pass(span, Duration::ZERO);
    }

    fn write(&mut self) {
        if self.plan.equals_backtest() {
            self.logs.finish_halves();
        }
        let (log, lines) = (self.random.index(self.logs.all.len()), 1 + self.random.next(6));
        let (nature, random) = (&self.nature, &mut self.random);
        self.logs.write(log, lines, random, || {
            let mut nature = nature.borrow_mut();
            nature.pass(Duration::from_millis(3));
            nature.wall
        });
        let written = &self.logs.truth[self.logs.truth.len() - usize::try_from(lines).unwrap()..];
        let codes = written.iter().map(|line| line.key.as_ref().map_or("-", |key| &key.code));
        let codes = codes.collect::<Vec<_>>().join(" ");
        self.happened("write", &format!("{codes} to {}", self.logs.all[log].source));
        if self.random.percent(50) {
            self.turn();
        }
    }

    fn write_half(&mut self) {
        if self.plan.equals_backtest() {
            self.logs.finish_halves();
        }
        let log = self.random.index(self.logs.all.len());
        self.nature.borrow_mut().pass(Duration::from_millis(3));
        let wall = self.nature.borrow().wall;
        self.logs.write_half(log, wall, &mut self.random);
        self.half_since.get_or_insert(self.nature.borrow().mono);
        self.happened("half", self.logs.all[log].source);
        self.turn();
    }

    /// Everything works again, all there is comes to its end, and everything is held against the
    /// truth.
    pub(super) fn finish(&mut self) {
        for log in 0..self.logs.all.len() {
            if self.logs.is_away(log) {
                self.logs.move_directory(log);
            }
            self.logs.bring_back(log, false);
        }
        self.logs.finish_halves();
        self.disk.set_faults(Faults::default());
        faults::set(faults::Faults { denied: 0, unread: 0, ..faults::present() });
        {
            let mut nature = self.nature.borrow_mut();
            nature.receivers.manner = Manner::Takes;
            nature.receivers.ends_after = None;
            (nature.slowness, nature.drift_ppm) = (Duration::ZERO, 0);
        }
        if self.daemon.is_none() {
            self.start();
        }
        self.happened("everything works", "");
        self.pass(Duration::from_secs(20), Duration::from_secs(1));
        // What could not be delivered is tried again within an hour.
        for _ in 0..20 {
            self.pass(Duration::from_mins(6), Duration::from_secs(45));
            let is_done = |daemon: &Daemon| {
                let mut waiting = daemon.outbox.status().into_values();
                waiting.all(|lane| lane.depth == 0) && daemon.pipeline.firing() == 0
            };
            if self.daemon.as_ref().is_some_and(is_done) {
                break;
            }
        }
        self.stop();
        self.judge();
    }
}
