//! The state's file with any damage.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ocrwatch_fuzz::check("state", input));
