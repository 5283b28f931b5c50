//! An extractor that is stopped at any moment and resumed from its last checkpoint finds what one
//! that never stopped finds, and a quiet input is looked at without losing or doubling anything.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::sync::Arc;

use ocrwatch::extract::{Checkpoint, Extractor};
use proptest::prelude::*;

use crate::invariants::{CATALOGUE, Extraction, Taken, extract, settings};
use crate::split::{difference, log_from};

/// Each case reads about a megabyte several times.
fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(cases) }
}

/// What happens to an input while it is read.
#[derive(Debug, Clone, Default)]
struct Course {
    /// The sizes of the reads, again and again.
    read_sizes: Vec<usize>,
    /// The input is quiet when so many bytes of it are there; whether that lasts.
    quiet: Vec<(usize, bool)>,
    /// The extractor is killed after every so manieth commit, and so often in all: a stop costs the
    /// reading of what lies before it.
    killed_after: Option<usize>,
    kills_max: usize,
}

/// A daemon that follows a log: what was found is kept with each checkpoint, and what was found
/// since is lost when it is killed.
struct Daemon<'l> {
    log: &'l [u8],
    extractor: Extractor,
    fed: usize,
    sink: Taken,
    /// How much was there when it was quiet last.
    was_quiet: usize,
    /// The last commit: the checkpoint as it is stored, what was found before, and how much was
    /// there when it had been quiet last. A kill may come just before the next quiet moment.
    stored: Option<(String, Taken, usize)>,
    stored_at: Option<u64>,
    checkpoints: usize,
}

impl<'l> Daemon<'l> {
    fn new(log: &'l [u8]) -> Self {
        let extractor = Extractor::new(&CATALOGUE, settings(), Arc::from("fuzz.log"));
        Self {
            log,
            extractor,
            fed: 0,
            sink: Taken::default(),
            was_quiet: 0,
            stored: None,
            stored_at: None,
            checkpoints: 0,
        }
    }

    fn read(&mut self, until: usize, size: usize) {
        let spare = self.extractor.spare();
        let count = size.max(1).min(spare.len()).min(until - self.fed);
        spare[..count].copy_from_slice(&self.log[self.fed..self.fed + count]);
        self.fed += count;
        self.extractor.commit(count, &mut self.sink);
    }

    fn commit(&mut self) {
        let position = self.extractor.position();
        // Nothing changes between two turns of the buffer.
        if self.stored_at == Some(position) {
            return;
        }
        if let Some(checkpoint) = self.extractor.checkpoint() {
            self.stored_at = Some(position);
            let text = serde_json::to_string(&checkpoint).expect("a checkpoint is JSON");
            let read: Checkpoint = serde_json::from_str(&text).expect("what was written");
            assert_eq!(read, checkpoint, "of {text}");
            assert_eq!(checkpoint.position(), self.extractor.position());
            self.checkpoints += 1;
            self.stored = Some((text, self.sink.clone(), self.was_quiet));
        }
    }

    fn is_killed(&mut self) {
        let Some((text, sink, was_quiet)) = &self.stored else {
            *self = Self::new(self.log);
            return;
        };
        let checkpoint: Checkpoint = serde_json::from_str(text).expect("what was written");
        self.extractor =
            Extractor::resume(&CATALOGUE, settings(), Arc::from("fuzz.log"), &checkpoint);
        assert_eq!(self.extractor.checkpoint(), Some(checkpoint.clone()));
        self.sink = sink.clone();
        self.fed = usize::try_from(checkpoint.context_from()).expect("an index");
        // What was quiet before the checkpoint is not quiet again.
        self.was_quiet = *was_quiet;
    }
}

/// What comes of a log by such a course, and how many checkpoints there were.
fn follow(log: &[u8], course: &Course) -> (Extraction, usize) {
    let mut daemon = Daemon::new(log);
    let mut quiet = course.quiet.clone();
    quiet.sort_unstable();
    let (mut commits, mut kills) = (0, 0);
    let mut sizes = course.read_sizes.iter().cycle();
    loop {
        let next = quiet.iter().find(|(at, _)| *at > daemon.fed.max(daemon.was_quiet));
        let until = next.map_or(log.len(), |(at, _)| (*at).min(log.len()));
        while daemon.fed < until {
            daemon.read(until, sizes.next().copied().unwrap_or(usize::MAX));
            daemon.commit();
            commits += 1;
            if kills < course.kills_max && course.killed_after.is_some_and(|n| commits % n == 0) {
                kills += 1;
                daemon.is_killed();
                break;
            }
        }
        if daemon.fed < until {
            continue;
        }
        let Some((at, lasts)) = next.filter(|(at, _)| *at <= log.len()) else { break };
        daemon.was_quiet = *at;
        if *lasts {
            daemon.extractor.flush_all(&mut daemon.sink);
        } else {
            daemon.extractor.flush_lines(&mut daemon.sink);
        }
        assert!(daemon.extractor.checkpoint().is_some(), "nothing is held back after a flush");
        daemon.stored_at = None;
        daemon.commit();
    }
    let Daemon { extractor, mut sink, checkpoints, .. } = daemon;
    let counters = extractor.finish(&mut sink);
    (sink.into_extraction(counters), checkpoints)
}

/// A log of what is hard: lines longer than the buffer, cut lines of several writers, the same
/// event printed again with and without its request id, calls that succeeded.
fn synthetic(seed: u64, docker: bool, bytes_min: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut below = |limit: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        usize::try_from(state % limit as u64).expect("below a usize")
    };
    let mut log = String::new();
    let mut millis = 0;
    while log.len() < bytes_min {
        millis += below(400);
        let (minute, second) = (millis / 60_000 % 60, millis / 1000 % 60);
        let at = format!(
            "2026-11-20T{:02}:{minute:02}:{second:02}.{:03}Z",
            millis / 3_600_000 % 24,
            millis % 1000
        );
        let id = format!("{:032x}", below(40));
        let code = ["AIS.0101", "AIS.0104", "APIG.0308", "ModelArts.4204"][below(4)];
        let body = format!(
            r#"{{"error_code":"{code}","error_msg":"M of {}","request_id":"{id}"}}"#,
            below(3)
        );
        let bare = format!(r#"{{"error_code":"{code}","error_msg":"M of {}"}}"#, below(3));
        let worker = below(3);
        let texts: Vec<String> = match below(9) {
            0 => vec![
                format!("{at} ERROR [w-{worker}] sdk: {body}"),
                format!("{at} WARN app: again {bare}"),
            ],
            1 => vec![
                format!("{at} ERROR app: {bare}"),
                format!("{at} WARN sdk: page {worker} {bare}"),
            ],
            2 => vec![
                format!("{at} ERROR app failed"),
                "Traceback (most recent call last):".into(),
                "  File x".into(),
                format!("ValueError: {body}"),
            ],
            3 => vec![format!(
                r#"{at} 10.0.0.{worker} "POST https://ocr.cn-north-4.myhuaweicloud.com/v2/0a1b/ocr/id-card HTTP/1.1" 200 7"#
            )],
            4 if below(40) == 0 => vec![format!(
                "{at} ERROR app: {}{body}{}{bare} end",
                "x".repeat(below(300_000)),
                "y z".repeat(below(90_000))
            )],
            _ => vec![format!("{at} INFO [w-{worker}] job {millis} done in {} ms", below(900)); 4],
        };
        for text in texts {
            carried(&mut log, &text, &at, docker, below(4), below(60));
        }
    }
    log.into_bytes()
}

fn carried(log: &mut String, text: &str, at: &str, docker: bool, kind: usize, cut: usize) {
    let stream = if kind.is_multiple_of(2) { "stdout" } else { "stderr" };
    let cut = cut.min(text.len());
    let written = match (docker, kind) {
        (true, 0..3) => {
            let json = |text: &str, end: &str| {
                let text = text.replace('\\', "\\\\").replace('"', "\\\"");
                format!("{{\"log\":\"{text}{end}\",\"stream\":\"{stream}\",\"time\":\"{at}\"}}\n")
            };
            json(&text[..cut], "") + &json(&text[cut..], "\\n")
        }
        (false, 0) => {
            let (first, rest) = text.split_at(cut);
            format!("{at} {stream} P {first}\n{at} stdlog F other\n{at} {stream} F {rest}\n")
        }
        (false, 1) => format!("{at} {stream} F {text}\n"),
        _ => format!("{text}\n"),
    };
    log.push_str(&written);
}

fn some_log(first: usize, docker: bool) -> Vec<u8> {
    if first.is_multiple_of(2) {
        log_from(first, docker)
    } else {
        synthetic(first as u64, docker, 900_000)
    }
}

fn read_sizes() -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(prop_oneof![1..20_000_usize, 1..300_000_usize, Just(1 << 20)], 1..8)
}

proptest! {
    #![proptest_config(config(12))]

    #[test]
    fn killed_at_any_commit_it_goes_on_as_if_it_had_never_stopped(
        first in 0..120_usize,
        docker in prop::bool::weighted(0.25),
        read_sizes in read_sizes(),
        killed_after in 1..40_usize,
    ) {
        let log = some_log(first, docker);
        let course = Course { read_sizes, killed_after: Some(killed_after), kills_max: 5, ..Course::default() };
        let (ours, (theirs, checkpoints)) = (extract(&log, &[]), follow(&log, &course));
        prop_assert!(checkpoints > 0, "there was no checkpoint");
        if let Some(difference) = difference(&ours, &theirs) {
            return Err(TestCaseError::fail(difference));
        }
    }

    #[test]
    fn quiet_moments_and_kills_give_what_quiet_moments_alone_give(
        first in 0..120_usize,
        docker in prop::bool::weighted(0.25),
        read_sizes in read_sizes(),
        quiet in prop::collection::vec((0..900_000_usize, prop::bool::weighted(0.3)), 1..12),
        killed_after in 1..40_usize,
    ) {
        let log = some_log(first, docker);
        let calm = Course { quiet, ..Course::default() };
        let killed = Course { read_sizes, killed_after: Some(killed_after), kills_max: 5, ..calm.clone() };
        let ((ours, _), (theirs, _)) = (follow(&log, &calm), follow(&log, &killed));
        if let Some(difference) = difference(&ours, &theirs) {
            return Err(TestCaseError::fail(difference));
        }
    }

    #[test]
    fn each_event_on_a_line_of_its_own_comes_once_whenever_the_log_is_quiet(
        seed in any::<u64>(),
        carrier in 0..3_usize,
        quiet in prop::collection::vec((0..60_000_usize, prop::bool::weighted(0.2)), 1..120),
    ) {
        let log = lines(seed, carrier);
        let (found, _) = follow(&log, &Course { quiet, ..Course::default() });
        let events = |extraction: &Extraction| -> Vec<_> {
            let events = extraction.occurrences.iter().filter(|found| !found.repeat);
            events.map(|found| (found.place.line, found.place.offset, found.code.clone())).collect()
        };
        let (ours, theirs) = (events(&extract(&log, &[])), events(&found));
        let distinct: BTreeSet<_> = theirs.iter().collect();
        prop_assert_eq!(distinct.len(), theirs.len(), "an event came twice");
        prop_assert_eq!(ours, theirs);
    }
}

#[test]
fn a_kill_just_before_a_quiet_moment_leaves_that_moment_to_come() {
    // It cuts a body, so that its event is told with less than the whole line gives.
    let log = log_from(30, false);
    let calm = Course { quiet: vec![(190, true)], ..Course::default() };
    let killed = Course { killed_after: Some(1), kills_max: 1, ..calm.clone() };
    let ((ours, _), (theirs, _)) = (follow(&log, &calm), follow(&log, &killed));
    assert!(difference(&extract(&log, &[]), &ours).is_some(), "the quiet moment changes nothing");
    assert_eq!(difference(&ours, &theirs), None);
}

/// Records of one line each, bare or as CRI or docker write them, cut. They have no request ids: of
/// a line that `flush_all` gives up waiting for, half an id could be that of another.
fn lines(seed: u64, carrier: usize) -> Vec<u8> {
    let mut log = String::new();
    for number in 0..400_u64 {
        let mix = (seed ^ number).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let at =
            format!("2026-11-20T10:{:02}:{:02}.{:03}Z", number / 60 % 60, number % 60, mix % 1000);
        let text = match mix % 3 {
            0 => format!(
                r#"{at} ERROR [w-{number}] app: {{"error_code":"AIS.010{}","error_msg":"M"}}"#,
                1 + mix % 5
            ),
            1 => format!(
                r#"{at} "POST https://ocr.cn-north-4.myhuaweicloud.com/v2/0a1b/ocr/id-card HTTP/1.1" 200 {number}"#
            ),
            _ => format!("{at} INFO app: job {number} done"),
        };
        let cut = usize::try_from(mix % 150).expect("below 150").min(text.len());
        let json = |text: &str, end: &str| {
            let text = text.replace('"', "\\\"");
            format!("{{\"log\":\"{text}{end}\",\"stream\":\"stderr\",\"time\":\"{at}\"}}\n")
        };
        let written = match carrier {
            1 => format!("{at} stderr P {}\n{at} stderr F {}\n", &text[..cut], &text[cut..]),
            2 => json(&text[..cut], "") + &json(&text[cut..], "\\n"),
            _ => text + "\n",
        };
        log += &written;
    }
    log.into_bytes()
}

/// A checkpoint as it is stored behind a log.
pub(crate) fn checkpoint_of(log: &str) -> String {
    let mut extractor = Extractor::new(&CATALOGUE, settings(), Arc::from("app.log"));
    let mut sink = Taken::default();
    extractor.push(log.as_bytes(), &mut sink);
    extractor.flush_lines(&mut sink);
    let checkpoint = extractor.checkpoint().expect("nothing is held back after a flush");
    serde_json::to_string(&checkpoint).expect("a checkpoint is JSON")
}

#[test]
fn a_checkpoint_is_small() {
    let mut log = String::new();
    for number in 0..10_000 {
        let at = format!("2026-11-20T10:{:02}:{:02}Z", number / 600, number / 10 % 60);
        let _ = writeln!(
            log,
            r#"{at} ERROR [w-{number}] app: page {number} of a{number}.jpg {{"error_code":"AIS.0101","error_msg":"The image {number} is bad.","request_id":"{number:032x}"}}"#
        );
    }
    let text = checkpoint_of(&log);
    assert!(text.len() < 64 * 1024, "{} bytes", text.len());
    assert!(text.len() > 40 * 1024, "{} bytes hold not even the request ids", text.len());

    let log = "2026-11-20T10:00:01Z INFO app: job done in 7 ms\n".repeat(40_000);
    let text = checkpoint_of(&log);
    assert!(text.len() < 2 * 1024, "{} bytes: {text}", text.len());
}
