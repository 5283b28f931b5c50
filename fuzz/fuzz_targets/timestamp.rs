//! Any line's head, and any value of a field, read as a time.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ocrwatch_fuzz::check("timestamp", input));
