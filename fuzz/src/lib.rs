//! The claims of the tests, for the fuzz targets: `tests/it/claims/` and `tests/it/invariants.rs`.
//!
//! Owns nothing but the way to them. Fails by panicking, with the claim in the text.

#[path = "../../tests/it/claims/mod.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod claims;
#[path = "../../tests/it/invariants.rs"]
#[allow(dead_code, reason = "the tests use more of it")]
mod invariants;

/// Checks what must hold of one input of a kind.
pub fn check(name: &str, input: &[u8]) {
    let target = claims::TARGETS.iter().find(|target| target.name == name).expect("a target");
    (target.check)(input);
}
