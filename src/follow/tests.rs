//! Real files through extraction, with a reader that is killed: every error is passed on once.

mod away;

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};

use super::*;
use crate::catalogue::Catalogue;
use crate::config::{self, Origin};
use crate::extract::Successes;
use crate::file_pattern::Pattern;
use crate::tail::Limits;
use crate::tail::journal::Own;
use crate::zone::Zone;

/// A generator of our own, so that a seed means the same for ever.
struct Random(u64);

impl Random {
    fn next(&mut self, below: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 33) % below
    }
}

struct World {
    directory: tempfile::TempDir,
    sources: Vec<config::Source>,
    common: Common,
    follow: Follow,
    now: Now,
    /// Request ids in the order in which they were passed on.
    passed: Vec<String>,
    lines: u64,
    kept: BTreeMap<String, Vec<u8>>,
    kept_passed: Vec<String>,
    kept_lines: u64,
}

fn wall(mono: Duration) -> DateTime<Utc> {
    let start = DateTime::from_timestamp(1_795_000_000, 0).unwrap();
    start + TimeDelta::from_std(mono).unwrap()
}

impl World {
    fn new(encoding: config::Encoding) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let source = config::Source {
            label: engine::Source::named("app"),
            named: true,
            origin: Origin::Files {
                patterns: ["app.log", "b.log", "c.log"]
                    .map(|name| Pattern::exact(directory.path().join(name)))
                    .to_vec(),
                exclude: Vec::new(),
                rotated_to: Vec::new(),
            },
            zone: None,
            encoding,
            start: config::Start::Beginning,
            line_bytes_max: None,
        };
        let common = Common {
            catalogue: Arc::new(Catalogue::embedded()),
            zone: Zone::UTC,
            successes: Successes::none(),
            activity_gap: None,
            limits: Limits::default(),
            partial_line: Duration::from_mins(1),
            now: wall(Duration::ZERO),
            wake: Arc::new(|| {}),
            own: Own { process_id: 0, identifier: String::new(), invocation: None },
        };
        let sources = vec![source];
        let (follow, _) = Sources(&sources).follow(&common, &[], None);
        Self {
            directory,
            sources,
            common,
            follow,
            now: Now { wall: wall(Duration::ZERO), mono: Duration::ZERO },
            passed: Vec::new(),
            lines: 0,
            kept: BTreeMap::new(),
            kept_passed: Vec::new(),
            kept_lines: 0,
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn open(&self) -> File {
        OpenOptions::new().append(true).create(true).open(self.path("app.log")).unwrap()
    }

    fn wait(&mut self, ms: u64) {
        self.now.mono += Duration::from_millis(ms);
        self.now.wall = wall(self.now.mono);
    }

    fn look(&mut self) {
        self.follow.look_at_all(self.now);
        self.read();
    }

    fn read(&mut self) {
        while self.follow.read(self.now) {}
        self.follow.look_at_quiet(self.now);
        self.pass_on();
    }

    fn pass_on(&mut self) {
        self.pass_on_in(Backlog::None);
    }

    fn pass_on_in(&mut self, backlog: Backlog) {
        while let Some(passed) = self.follow.next(backlog, self.now) {
            if let Found::Occurrence(occurrence) = passed.found
                && !occurrence.repeat
            {
                let id = occurrence.request_id.as_deref().unwrap_or("none");
                self.passed.push(id.to_owned());
            }
        }
    }

    fn commit(&mut self) {
        let rows = self.follow.rows();
        for counters in self.follow.take_counted().into_values() {
            self.lines += counters.lines;
        }
        for row in rows.put {
            self.kept.insert(row.key, row.state);
        }
        for key in rows.removed {
            self.kept.remove(&key);
        }
        self.kept_passed.clone_from(&self.passed);
        self.kept_lines = self.lines;
    }

    fn kill(&mut self) {
        self.reopen();
        self.look();
    }

    fn reopen(&mut self) {
        let rows: Vec<_> = self.kept.clone().into_iter().collect();
        let (follow, unknown) = Sources(&self.sources).follow(&self.common, &rows, None);
        assert!(unknown.is_empty(), "{unknown:?}");
        self.follow = follow;
        self.passed.clone_from(&self.kept_passed);
        self.lines = self.kept_lines;
    }

    fn finish(&mut self) {
        for ms in [10, 100, 61_000, 301_000, 5_000, 5_000] {
            self.wait(ms);
            self.look();
        }
        self.commit();
    }
}

fn error(number: u64) -> String {
    let at = wall(Duration::from_secs(number)).format("%Y-%m-%dT%H:%M:%S%.3fZ");
    format!(
        "{at} ERROR [worker] scan {number}: {{\"error_msg\": \"识别失败 The image format is not \
         supported.\", \"error_code\": \"AIS.0103\", \"request_id\": \"{number:032x}\"}}\n"
    )
}

fn noise(number: u64) -> String {
    let at = wall(Duration::from_secs(number)).format("%Y-%m-%dT%H:%M:%S%.3fZ");
    format!("{at} INFO [worker] 第 {number} 页 done in {} ms\n", number % 977)
}

fn encoded(encoding: config::Encoding, text: &str) -> Vec<u8> {
    match encoding {
        config::Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        config::Encoding::Gbk => encoding_rs::GBK.encode(text).0.into_owned(),
        _ => text.as_bytes().to_vec(),
    }
}

/// A program that writes a log, and what it wrote.
struct Life {
    world: World,
    random: Random,
    encoding: config::Encoding,
    writer: File,
    number: u64,
    lines: u64,
    half: Vec<u8>,
    due: Vec<String>,
}

impl Life {
    fn new(seed: u64, encoding: config::Encoding) -> Self {
        let mut world = World::new(encoding);
        let writer = world.open();
        world.look();
        world.commit();
        let random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        Self { world, random, encoding, writer, number: 0, lines: 0, half: vec![], due: vec![] }
    }

    fn next_line(&mut self, is_error: bool) -> Vec<u8> {
        self.number += 1;
        self.lines += 1;
        let number = self.number;
        self.due.extend(is_error.then(|| format!("{number:032x}")));
        encoded(self.encoding, &if is_error { error(number) } else { noise(number) })
    }

    fn write(&mut self) {
        let mut bytes = std::mem::take(&mut self.half);
        for _ in 0..=self.random.next(20) {
            let is_error = self.random.next(3) == 0;
            bytes.extend(self.next_line(is_error));
        }
        self.writer.write_all(&bytes).unwrap();
    }

    fn write_half(&mut self) {
        let line = self.next_line(true);
        let cut = 1 + usize::try_from(self.random.next(line.len() as u64 - 1)).unwrap();
        self.writer.write_all(&std::mem::take(&mut self.half)).unwrap();
        self.writer.write_all(&line[..cut]).unwrap();
        self.half = line[cut..].to_vec();
    }

    /// Older files are overwritten by the next rotation but one: they must be seen before.
    fn settle(&mut self) {
        self.world.look();
        self.world.wait(30);
        self.world.look();
        self.world.commit();
    }

    fn rename(&mut self) {
        let rotated = self.world.path("app.log.1");
        let _ = std::fs::rename(&rotated, self.world.path("app.log.2"));
        std::fs::rename(self.world.path("app.log"), rotated).unwrap();
        self.writer = self.world.open();
        self.settle();
    }

    fn copy_and_truncate(&mut self) {
        self.settle();
        let rotated = self.world.path("app.log.1");
        let _ = std::fs::rename(&rotated, self.world.path("app.log.2"));
        std::fs::copy(self.world.path("app.log"), rotated).unwrap();
        self.writer.set_len(0).unwrap();
        self.settle();
    }

    fn step(&mut self) -> &'static str {
        match self.random.next(12) {
            0..=3 => {
                self.write();
                "write"
            }
            4 => {
                self.write_half();
                "half a line"
            }
            5 if self.half.is_empty() => {
                self.rename();
                "rename"
            }
            6 if self.half.is_empty() => {
                self.copy_and_truncate();
                "copy and truncate"
            }
            7 => {
                self.world.commit();
                "commit"
            }
            8 => {
                self.world.kill();
                "kill"
            }
            9 => {
                self.world.commit();
                self.world.kill();
                "restart"
            }
            _ => {
                let ms = 1 + self.random.next(200);
                self.world.wait(ms);
                self.world.look();
                "look"
            }
        }
    }
}

/// One life of a log; returns how often each hazard came about.
fn live(seed: u64, encoding: config::Encoding) -> BTreeMap<&'static str, u64> {
    let mut life = Life::new(seed, encoding);
    let mut hazards = BTreeMap::new();
    for _ in 0..40 {
        *hazards.entry(life.step()).or_default() += 1;
    }
    let Life { mut world, mut writer, half, mut due, lines, .. } = life;
    writer.write_all(&half).unwrap();
    world.finish();
    let mut passed = world.passed.clone();
    passed.sort();
    due.sort();
    assert_eq!(passed, due, "seed {seed}, {encoding:?}");
    assert_eq!(world.lines, lines, "lines, seed {seed}, {encoding:?}");
    hazards
}

fn run(encoding: config::Encoding, seeds: u64) {
    let mut all = BTreeMap::new();
    let seeds = match std::env::var("OCRWATCH_SEED").ok().and_then(|seed| seed.parse().ok()) {
        Some(seed) => seed..seed + 1,
        None => 0..seeds,
    };
    for seed in seeds {
        for (hazard, times) in live(seed, encoding) {
            *all.entry(hazard).or_insert(0) += times;
        }
    }
    let hazards = ["half a line", "rename", "copy and truncate", "kill", "restart", "commit"];
    assert!(hazards.iter().all(|hazard| all.contains_key(hazard)), "{all:?}");
}

#[test]
fn every_error_is_passed_on_once_whatever_happens() {
    run(config::Encoding::Auto, 150);
}

#[test]
fn every_error_is_passed_on_once_in_gbk() {
    run(config::Encoding::Gbk, 60);
}

#[test]
fn every_error_is_passed_on_once_in_utf_16() {
    run(config::Encoding::Utf16Le, 60);
}

/// Logs of one time, each longer than one turn of reading, read side by side by a reader that is
/// killed in between: once with `kills`, every error comes once; without, in the order of its time.
fn check_backlog(seed: u64, kills: bool) {
    let mut random = Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    let mut world = World::new(config::Encoding::Auto);
    let mut logs = [String::new(), String::new(), String::new()];
    let (mut number, mut due, mut lines) = (0, Vec::new(), 0);
    while logs.iter().any(|log| log.len() < 1_600_000) {
        number += 1;
        lines += 1;
        let log = usize::try_from(random.next(3)).unwrap();
        let is_error = random.next(40) == 0;
        logs[log] += &if is_error { error(number) } else { noise(number) };
        due.extend(is_error.then(|| format!("{number:032x}")));
    }
    world.wait(number * 1000 + 1);
    for (name, log) in ["app.log", "b.log", "c.log"].iter().zip(&logs) {
        std::fs::write(world.path(name), log).unwrap();
    }
    world.follow.look_at_all(world.now);
    let (mut held, mut killed) = (0, 0);
    while world.follow.read(world.now) {
        world.follow.look_at_quiet(world.now);
        world.pass_on_in(Backlog::Lines);
        held += u64::from(world.follow.merge.count() > 0);
        if random.next(2) == 0 {
            world.commit();
        }
        if kills && random.next(4) > 0 && killed < 6 {
            killed += 1;
            world.reopen();
            world.follow.look_at_all(world.now);
        }
    }
    world.follow.look_at_rest(world.now);
    world.pass_on_in(Backlog::Lines);
    world.commit();
    assert!(held > 3, "{held} times something waited, seed {seed}");
    assert_eq!(killed > 0, kills, "{held} held, seed {seed}");
    if kills {
        world.passed.sort();
        due.sort();
    }
    assert_eq!(world.passed, due, "seed {seed}");
    assert_eq!(world.lines, lines, "seed {seed}");
}

#[test]
fn logs_that_are_behind_are_passed_on_in_the_order_of_their_times() {
    (0..2).for_each(|seed| check_backlog(seed, false));
}

#[test]
fn logs_that_are_behind_are_passed_on_once_by_a_reader_that_is_killed() {
    (0..6).for_each(|seed| check_backlog(seed, true));
}
