//! Any bytes into the extractor. The claims are those of the tests: `tests/it/invariants.rs`.
#![no_main]

#[path = "../../tests/it/invariants.rs"]
#[expect(dead_code, reason = "the tests use more of it")]
mod invariants;

libfuzzer_sys::fuzz_target!(|input: &[u8]| invariants::check(input));
