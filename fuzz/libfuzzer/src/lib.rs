//! What has libFuzzer built: `fuzz/rustc` hands it to the fuzz program.
