//! Lines as carriers print them.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| ocrwatch_fuzz::check("envelope", input));
