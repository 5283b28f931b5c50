//! Random sequences of what programs, rotation and machines do to a log, against a truth that is
//! known: every line is read exactly once; a line that was destroyed before anybody could read it
//! is read at most once, and then a loss is told.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write as _;

use super::super::*;
use super::world::{Way, World};

mod rotation;

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

/// What may have become of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// It must be read once.
    Due,
    /// It may have been destroyed before it was read; whether anybody can know depends on whether
    /// it was looked at, and that kept.
    Endangered { was_seen: bool },
}

/// How often each hazard came about, over all seeds: a test whose hazards never happen proves
/// nothing.
type Hazards = BTreeMap<&'static str, u64>;

/// How rotation names files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Scheme {
    /// `app.log.1` is the newest.
    Numbers,
    /// The same in another directory.
    Elsewhere,
    /// A date, and each later.
    Dates,
}

struct Model {
    world: World,
    random: Random,
    writer: File,
    /// The file behind the writer is still at the path.
    writes_to_old: bool,
    next_line: u64,
    /// Lines of each file that exists, by what the writer's file is called now.
    fates: BTreeMap<u64, Fate>,
    /// What stands in the live file, in files at rotated names, in order.
    live: Vec<u64>,
    rotated: Vec<Vec<u64>>,
    /// How rotation names files, and the names that it gave to those above.
    scheme: Scheme,
    names: Vec<String>,
    dates: u32,
    pending: Option<(u64, usize)>,
    /// Lines before this one were looked at; were looked at before the last commit.
    looked_until: u64,
    kept_until: u64,
    hazards: Hazards,
}

const LOG: &str = "app.log";

/// Two lines differ from their beginning on, as those of a log do whose stamps have milliseconds: a
/// file that was emptied when a few bytes of it had been read, and then begins with the same few
/// bytes, cannot be told from one that grew. They end alike, as those of a log do.
fn line_of(number: u64) -> String {
    let scrambled = number * 61_803_399 % 100_000_000;
    let filling = "x".repeat(FILLING_BYTES[usize::try_from(number * 7 % 4).unwrap_or(0)]);
    format!("{scrambled:08} {number:08} {filling}\n")
}

/// Few lengths, so that lines of two files end at the same offsets.
const FILLING_BYTES: [usize; 4] = [0, 20, 70, 90];

/// The least that is written of a line.
const HALF_BYTES_MIN: u64 = 6;

impl Model {
    fn new(seed: u64, patterns: &[&str], limits: Limits) -> Self {
        let mut world = World::new(patterns, limits);
        let writer = world.append(LOG, "");
        // What is rotated away before anybody looks for the first time is nobody's business.
        world.look();
        world.commit();
        let scheme = match seed % 4 {
            0 => Scheme::Dates,
            1 => Scheme::Elsewhere,
            _ => Scheme::Numbers,
        };
        world.make_directory("old");
        Self {
            world,
            random: Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1),
            scheme,
            names: Vec::new(),
            dates: 0,
            writer,
            writes_to_old: false,
            next_line: 1,
            fates: BTreeMap::new(),
            live: Vec::new(),
            rotated: Vec::new(),
            pending: None,
            looked_until: 0,
            kept_until: 0,
            hazards: Hazards::new(),
        }
    }

    fn happened(&mut self, hazard: &'static str) {
        *self.hazards.entry(hazard).or_default() += 1;
        self.world.story.push(hazard.to_owned());
    }

    fn step(&mut self) {
        let kind = self.random.next(100);
        self.act(kind);
        match kind {
            63..=66 | 71..=73 => self.kept_until = self.looked_until,
            67..=70 => self.looked_until = self.kept_until,
            74.. => self.looked_until = self.next_line,
            _ => {}
        }
    }

    fn act(&mut self, kind: u64) {
        match kind {
            0..=29 => self.write(),
            30..=36 => self.write_half(),
            37..=44 => self.rotate_by_rename(),
            45..=51 => self.rotate_by_copy(),
            52..=54 => self.compress(),
            55..=56 => self.delete_oldest(),
            57 => self.empty(),
            58 => self.delete_and_make(),
            59..=62 => self.go_on_in_old(),
            63..=66 => {
                self.world.commit();
                self.happened("commit");
            }
            67..=70 => {
                self.world.kill();
                self.happened("kill");
            }
            71 => self.reload(),
            72..=73 => {
                self.world.restart();
                self.happened("restart");
            }
            74..=78 => {
                self.world.now += Duration::from_millis(700);
                self.world.tail.look_at_all(self.world.now);
                self.world.read_once();
                self.happened("interrupted read");
            }
            79..=88 => {
                // The writer's file is named by what it is called now; the first look of a reader
                // that was just started is at everything.
                let own = if self.writes_to_old { self.names.last().cloned() } else { None };
                drop(self.world.append(&own.unwrap_or(LOG.to_owned()), ""));
                self.world.way = if kind < 84 { Way::Named } else { Way::Ticks };
                self.world.see();
                self.happened(if kind < 84 { "look at what is named" } else { "tick" });
            }
            _ => {
                self.world.look();
                self.world.story.push("look".to_owned());
            }
        }
    }

    fn write(&mut self) {
        let count = 1 + self.random.next(30);
        let mut text = String::new();
        self.finish_half(&mut text);
        for _ in 0..count {
            text.push_str(&line_of(self.next_line));
            self.note(self.next_line);
            self.next_line += 1;
        }
        self.writer.write_all(text.as_bytes()).unwrap();
        self.world.story.push(format!("wrote up to {}", self.next_line - 1));
    }

    fn note(&mut self, number: u64) {
        self.fates.insert(number, Fate::Due);
        if self.writes_to_old {
            self.rotated.last_mut().unwrap().push(number);
        } else {
            self.live.push(number);
        }
    }

    fn finish_half(&mut self, text: &mut String) {
        if let Some((number, written)) = self.pending.take() {
            text.push_str(&line_of(number)[written..]);
            self.note(number);
        }
    }

    fn write_half(&mut self) {
        let mut text = String::new();
        self.finish_half(&mut text);
        let number = self.next_line;
        self.next_line += 1;
        let whole = line_of(number);
        let written = HALF_BYTES_MIN + self.random.next(whole.len() as u64 - HALF_BYTES_MIN);
        let written = usize::try_from(written).unwrap();
        text.push_str(&whole[..written]);
        self.writer.write_all(text.as_bytes()).unwrap();
        self.pending = Some((number, written));
        self.happened("half a line");
    }

    /// A configuration with one source more or less, which has nothing to do with the log.
    fn reload(&mut self) {
        if self.world.sources.len() > 1 {
            self.world.sources.remove(0);
        } else {
            let other = self.world.source("other", &["other/*.log"], Start::Beginning);
            self.world.sources.insert(0, other);
        }
        self.world.restart();
        self.happened("reload");
    }

    fn endanger(&mut self, lines: &[u64]) {
        for number in lines {
            let was_seen = *number < self.kept_until;
            self.fates.insert(*number, Fate::Endangered { was_seen });
        }
    }

    fn check(mut self, seed: u64) -> Hazards {
        let mut rest = String::new();
        self.finish_half(&mut rest);
        self.writer.write_all(rest.as_bytes()).unwrap();
        self.world.look();
        self.world.wait_until_quiet();
        let mut times: BTreeMap<u64, u64> = BTreeMap::new();
        for line in &self.world.lines {
            let text = std::str::from_utf8(line).unwrap();
            let number: Option<u64> = text.get(9..17).and_then(|number| number.parse().ok());
            if let Some(number) = number
                && text == line_of(number)
            {
                *times.entry(number).or_default() += 1;
            }
        }
        let mut wrong = Vec::new();
        let mut lost = 0;
        for (number, fate) in &self.fates {
            let times = times.get(number).copied().unwrap_or(0);
            lost += u64::from(times == 0 && *fate == Fate::Endangered { was_seen: true });
            if times > 1 || (times == 0 && *fate == Fate::Due) {
                wrong.push(format!("{number} {times} times"));
            }
        }
        let story = || format!("seed {seed}\n{}", self.world.story.join("\n"));
        assert!(wrong.is_empty(), "read: {}\n{}", wrong.join(", "), story());
        if lost > 0 {
            let told = self.world.notices.iter().any(|notice| {
                notice.kind.is_loss()
                    || matches!(notice.kind, NoticeKind::CopiedAndTruncated { .. })
            });
            assert!(told, "{lost} lines were lost and nothing was told\n{}", story());
        }
        self.hazards
    }
}

fn run(seeds: std::ops::Range<u64>, patterns: &[&str], limits: Limits) {
    let mut all = Hazards::new();
    for seed in seeds {
        let mut model = Model::new(seed, patterns, limits);
        for _ in 0..40 {
            model.step();
        }
        for (hazard, times) in model.check(seed) {
            *all.entry(hazard).or_default() += times;
        }
    }
    for hazard in [
        "rename",
        "both inodes written",
        "copy and truncate",
        "look between copy and truncation",
        "compress",
        "delete",
        "truncate",
        "kill",
        "restart",
        "half a line",
        "half a line for ever",
        "interrupted read",
        "name with a date",
        "other directory",
        "compress while behind",
        "delete and make",
        "inode reused, where inodes are",
        "reload",
        "look at what is named",
        "tick",
    ] {
        assert!(all.get(hazard).is_some_and(|times| *times > 0), "`{hazard}` never happened");
    }
}

/// `OCRWATCH_SEED` names one; `OCRWATCH_SEEDS` how many, which are more where there is time.
fn seeds() -> std::ops::Range<u64> {
    let number = |name| std::env::var(name).ok().and_then(|number| number.parse::<u64>().ok());
    match number("OCRWATCH_SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("OCRWATCH_SEEDS").unwrap_or(200),
    }
}

#[test]
fn every_line_is_read_once_whatever_happens_to_the_log() {
    run(seeds(), &["app.log"], Limits::default());
}

#[test]
fn every_line_is_read_once_when_rotated_names_match_too() {
    run(seeds(), &["app.log*"], Limits::default());
}

#[test]
fn every_line_is_read_once_with_one_handle_and_small_reads() {
    let limits = Limits { open_files_max: 1, read_bytes: 100, ..Limits::default() };
    run(seeds(), &["*.log"], limits);
}
