//! Any bytes as a stored checkpoint, and a log behind it.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ocrwatch_fuzz::check("checkpoint", input));
