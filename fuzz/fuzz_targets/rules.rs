//! Any text as rules, and as scenarios.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ocrwatch_fuzz::check("rules", input));
