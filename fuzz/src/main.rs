//! All fuzz targets in one program: `FUZZ_TARGET` names the one, libFuzzer's options follow.
//!
//! Owns nothing but the choice. Fails by panicking, with the claim in the text.
#![no_main]

#[path = "../../tests/it/claims/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod claims;
#[path = "../../tests/it/invariants.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod invariants;

use std::sync::LazyLock;

static CHECK: LazyLock<fn(&[u8])> = LazyLock::new(|| {
    let name = std::env::var("FUZZ_TARGET").expect("FUZZ_TARGET names a target");
    let target = claims::TARGETS.iter().find(|target| target.name == name);
    target.unwrap_or_else(|| panic!("no target is named {name}")).check
});

libfuzzer_sys::fuzz_target!(|input: &[u8]| CHECK(input));
