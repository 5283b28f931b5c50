//! The fuzz targets' claims on their corpus and on a bounded, seeded number of broken inputs: what
//! `fuzz/run` would find in its first seconds is found by every test run.
//!
//! `OCRWATCH_FUZZ_RUNS=100000` looks longer, `OCRWATCH_FUZZ_SEED=7` elsewhere. A failure is made
//! smaller before it is told.

use std::collections::BTreeSet;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};

use crate::captures;
use crate::claims::TARGETS;
use crate::invariants;
use crate::kept::corpus;

const RUNS: u64 = 600;

/// A breakage is looked for in this much of a capture: most of them need only a record.
const EXCERPT_BYTES_MAX: usize = 6 * 1024;

/// What broken logs and hostile ones are made of.
const TOKENS: [&[u8]; 38] = [
    b"AIS.0101",
    b"ModelArts.4204",
    b"APIGW.0301",
    b"APIG.0308",
    b"AIS.",
    b"{\"error_msg\":\"",
    b"\"error_code\":",
    b"error_code=",
    b"ClientRequestException",
    b"stdout P ",
    b"stdout F ",
    b"{\"log\":\"",
    b"\",\"stream\":\"stdout\"",
    b"\"MESSAGE\":[65,73,83,",
    b"Traceback (most recent call last):\n",
    b"2026-11-23T08:30:00.000+08:00 ",
    b"<165>1 ",
    b"#012",
    b"%22",
    b"\\u0022",
    b"\\\\\\\"",
    b"\\x22",
    b"'",
    b"\"",
    b"{",
    b"}}}}",
    b"\n",
    b"\r\n",
    b"\x1b[31m",
    b"\xe2\x80\xae",
    b"\xff\xfe\0",
    b"99999999999999999999",
    b"\"POST /v2/0a1b/ocr/id-card HTTP/1.1\" 200 7\n",
    b"https://ocr.cn-north-4.myhuaweicloud.com/v2/0a1b/ocr/id-card",
    b"\\/v1.0\\/ocr\\/",
    b" status=200 ",
    b"\"access_key\": \"",
    b" 204 done\n",
];

/// Marsaglia's xorshift: the same numbers on every machine, and no crate for them.
struct Numbers(u64);

impl Numbers {
    fn of(seed: u64, run: u64) -> Self {
        let mut numbers = Self((seed << 32 ^ run).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
        numbers.next();
        numbers
    }

    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Below `limit`, which is not 0.
    fn below(&mut self, limit: usize) -> usize {
        usize::try_from(self.next() % limit as u64).expect("below a usize")
    }
}

/// An excerpt of a capture with some damage, behind the three bytes that choose the reads.
fn broken(numbers: &mut Numbers) -> Vec<u8> {
    let mut input: Vec<u8> = numbers.next().to_le_bytes()[..3].to_vec();
    input.extend_from_slice(excerpt(numbers, EXCERPT_BYTES_MAX));
    for _ in 0..numbers.below(8) {
        damage(&mut input, numbers);
    }
    input
}

fn excerpt(numbers: &mut Numbers, bytes_max: usize) -> &'static [u8] {
    let log = &captures::ALL[numbers.below(captures::ALL.len())].bytes;
    let start = numbers.below(log.len());
    // Whole lines mostly: a record cut at its start is rarer in life.
    let line = log[..start].iter().rposition(|byte| *byte == b'\n').map_or(0, |at| at + 1);
    let start = if numbers.below(4) == 0 { start } else { line };
    let length = 1 + numbers.below(bytes_max.min(log.len() - start));
    &log[start..start + length]
}

fn damage(input: &mut Vec<u8>, numbers: &mut Numbers) {
    const HEAD: usize = 3;
    let at = HEAD + numbers.below(input.len() - HEAD + 1);
    let end = input.len().min(at + 1 + numbers.below(64));
    match numbers.below(7) {
        0 if at < input.len() => input[at] ^= 1 << numbers.below(8),
        1 => drop(input.drain(at..end)),
        2 => {
            let copy = input[at..end].to_vec();
            input.splice(at..at, copy);
        }
        3 => drop(input.splice(at..at, excerpt(numbers, 400).iter().copied())),
        4 => input.truncate(at),
        _ => {
            let token = TOKENS[numbers.below(TOKENS.len())];
            input.splice(at..at, token.iter().copied());
        }
    }
}

fn fails(check: fn(&[u8]), input: &[u8]) -> bool {
    catch_unwind(AssertUnwindSafe(|| check(input))).is_err()
}

/// The input without whatever it fails without.
fn smaller(check: fn(&[u8]), mut input: Vec<u8>) -> Vec<u8> {
    let mut size = input.len() / 2;
    while size > 0 {
        let mut at = 0;
        while at < input.len() {
            let mut less = input.clone();
            less.drain(at..less.len().min(at + size));
            if fails(check, &less) {
                input = less;
            } else {
                at += size;
            }
        }
        size /= 2;
    }
    input
}

fn number_from(variable: &str) -> Option<u64> {
    std::env::var(variable).ok().map(|text| text.parse().expect("a number"))
}

/// Looks at broken inputs one after the other; of the first that fails, what is left of it.
fn look_at(name: &str, check: fn(&[u8]), runs: u64, broken: impl Fn(&mut Numbers) -> Vec<u8>) {
    let runs = number_from("OCRWATCH_FUZZ_RUNS").unwrap_or(runs);
    let seed = number_from("OCRWATCH_FUZZ_SEED").unwrap_or(1);
    for run in 0..runs {
        let input = broken(&mut Numbers::of(seed, run));
        if fails(check, &input) {
            let input = smaller(check, input);
            eprintln!("{name}, seed {seed}, run {run}: b\"{}\"", input.escape_ascii());
            check(&input);
            unreachable!("the claims held when the input was looked at again");
        }
    }
}

#[test]
fn the_claims_hold_of_broken_captures() {
    look_at("extract", invariants::check, RUNS, broken);
}

#[test]
fn the_claims_hold_of_whole_captures() {
    for (number, capture) in captures::ALL.iter().enumerate() {
        let choice = u8::try_from(number * 5 % 256).expect("below 256");
        let input = [&[200, choice, choice][..], &capture.bytes].concat();
        invariants::check(&input);
    }
}

/// One of the inputs with some damage, pieces of others among it.
fn mutated(corpus: &[(PathBuf, Vec<u8>)], numbers: &mut Numbers) -> Vec<u8> {
    let pick = |numbers: &mut Numbers| &corpus[numbers.below(corpus.len())].1;
    let mut input = pick(numbers).clone();
    for _ in 0..=numbers.below(6) {
        let at = numbers.below(input.len() + 1);
        let end = input.len().min(at + 1 + numbers.below(32));
        match numbers.below(6) {
            0 if at < input.len() => input[at] ^= 1 << numbers.below(8),
            1 if at < input.len() => input[at] = numbers.next().to_le_bytes()[0],
            2 => drop(input.drain(at..end)),
            3 => {
                let copy = input[at..end].to_vec();
                input.splice(at..at, copy);
            }
            4 => input.truncate(at),
            _ => {
                let other = pick(numbers);
                let from = numbers.below(other.len() + 1);
                let until = other.len().min(from + 1 + numbers.below(64));
                input.splice(at..at, other[from..until].iter().copied());
            }
        }
    }
    input
}

/// The kept inputs of a target, and broken ones made of them.
fn check_target(name: &str) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("a target");
    let corpus = corpus(target.name);
    for (path, input) in &corpus {
        assert!(!fails(target.check, input), "{}", path.display());
    }
    look_at(name, target.check, target.runs, |numbers| mutated(&corpus, numbers));
}

#[test]
fn the_claims_hold_of_what_is_extracted() {
    check_target("extract");
}

#[test]
fn the_claims_hold_of_times() {
    check_target("timestamp");
}

#[test]
fn the_claims_hold_of_what_carriers_print() {
    check_target("envelope");
}

#[test]
fn the_claims_hold_of_compressed_files() {
    check_target("decompression");
}

#[test]
fn the_claims_hold_of_configurations() {
    check_target("configuration");
}

#[test]
fn the_claims_hold_of_rules_and_scenarios() {
    check_target("rules");
}

#[test]
fn the_claims_hold_of_templates() {
    check_target("template");
}

#[test]
fn the_claims_hold_of_checkpoints() {
    check_target("checkpoint");
}

#[test]
fn the_claims_hold_of_a_damaged_state() {
    check_target("state");
}

#[test]
fn the_claims_hold_of_requests() {
    check_target("http");
}

#[test]
fn the_claims_hold_of_what_machines_publish() {
    check_target("fleet");
}

#[test]
fn every_target_has_a_test_and_a_corpus() {
    let tests = include_str!("fuzz.rs");
    for target in &TARGETS {
        let name = target.name;
        assert!(tests.contains(&format!("    check_target(\"{name}\");")), "{name} has no test");
        assert!(!corpus(name).is_empty());
    }
}

/// Otherwise `fuzz/run` builds again what the tests have built, and looks at another program.
#[test]
fn the_fuzz_program_is_built_of_the_same_crates() {
    let versions = |file: &str| -> BTreeSet<(String, String)> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(file);
        let lock: toml::Table =
            std::fs::read_to_string(path).expect("a lock file").parse().expect("it is TOML");
        let packages = lock["package"].as_array().expect("packages");
        let text = |package: &toml::Value, key: &str| package[key].as_str().expect("text").into();
        packages.iter().map(|one| (text(one, "name"), text(one, "version"))).collect()
    };
    let (program, fuzz) = (versions("Cargo.lock"), versions("fuzz/Cargo.lock"));
    let names: BTreeSet<&String> = program.iter().map(|(name, _)| name).collect();
    let shared = fuzz.iter().filter(|(name, _)| names.contains(name));
    let other: Vec<_> = shared.filter(|package| !program.contains(package)).collect();
    assert!(other.is_empty(), "fuzz/Cargo.lock has other versions: {other:?}");
}
