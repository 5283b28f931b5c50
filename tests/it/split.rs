//! The same bytes give the same occurrences, however they are cut into reads and wherever the edges
//! of the extractor's buffer fall.

use std::fmt::Write as _;

use proptest::prelude::*;

use crate::captures::{self, Capture};
use crate::invariants::{Extraction, extract, extract_behind};

/// More than a buffer and a step, so that every case has an edge among the log's lines.
const LOG_BYTES: usize = 640 * 1024;

/// As far as a record can reach back, twice: what stands before it must not matter.
const FILLER_BYTES_MIN: usize = 200 * 1024;

/// Some hundred kilobytes of captures, from one of them onwards.
pub(crate) fn log_from(first: usize, docker: bool) -> Vec<u8> {
    let of_kind = |capture: &&Capture| capture.is_docker() == docker;
    let captures: Vec<_> = captures::ALL.iter().filter(of_kind).collect();
    let mut log = Vec::with_capacity(LOG_BYTES);
    for capture in captures.iter().cycle().skip(first % captures.len()) {
        log.extend_from_slice(&capture.bytes);
        if log.len() >= LOG_BYTES {
            break;
        }
    }
    log
}

/// The first thing in which two extractions differ.
pub(crate) fn difference(ours: &Extraction, theirs: &Extraction) -> Option<String> {
    if ours == theirs {
        return None;
    }
    let mut told = String::new();
    let pairs = ours.occurrences.iter().zip(&theirs.occurrences);
    if let Some((one, other)) = pairs.into_iter().find(|(one, other)| one != other) {
        let _ = write!(told, "{one:#?}\nagainst\n{other:#?}");
    } else {
        let counts = [ours, theirs].map(|extraction| extraction.occurrences.len());
        let counters = [&ours.counters, &theirs.counters];
        let _ = write!(told, "{counts:?} occurrences, {counters:#?}");
    }
    Some(told)
}

/// Each case reads more than a megabyte twice.
fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(24) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_read_sizes_and_any_place_of_the_buffer_s_edge_give_the_same_occurrences(
        first in 0..60_usize,
        docker in prop::bool::weighted(0.25),
        filler_bytes in FILLER_BYTES_MIN..FILLER_BYTES_MIN + 512 * 1024,
        read_sizes in prop::collection::vec(
            prop_oneof![1..64_usize, 1..70_000_usize, Just(8192), Just(1 << 20)], 1..12),
    ) {
        let log = log_from(first, docker);
        let ours = extract_behind(FILLER_BYTES_MIN, &log, &[]);
        let theirs = extract_behind(filler_bytes, &log, &read_sizes);
        if let Some(difference) = difference(&ours, &theirs) {
            return Err(TestCaseError::fail(difference));
        }
    }
}

#[test]
fn a_capture_read_byte_by_byte_gives_what_one_read_gives() {
    for capture in captures::ALL.iter() {
        let at_once = extract(&capture.bytes, &[]);
        let by_bytes = extract(&capture.bytes, &[1]);
        if let Some(difference) = difference(&at_once, &by_bytes) {
            panic!("{}: {difference}", capture.name);
        }
        assert_eq!(at_once.counters.bytes, capture.bytes.len() as u64, "{}", capture.name);
    }
}
