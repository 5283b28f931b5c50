//! Any bytes as a compressed file.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ocrwatch_fuzz::check("decompression", input));
