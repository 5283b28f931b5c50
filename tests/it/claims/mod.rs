//! What must hold of everything that reads bytes somebody else wrote.
//!
//! Owns one function for each kind of input: any bytes in, a panic with the claim in its text if
//! one does not hold. The fuzz targets in `fuzz/` and the tests in `fuzz.rs` share them. A claim is
//! more than that nothing panics; that alone is the least of it.

mod checkpoint;
mod decompression;
mod envelope;
mod files;
mod fleet;
mod http;
mod state;
mod template;
mod timestamp;

/// A kind of input.
pub(crate) struct Target {
    /// Names the fuzz target and the directory of its corpus.
    pub(crate) name: &'static str,
    pub(crate) check: fn(&[u8]),
    /// How many broken inputs an ordinary test run looks at.
    pub(crate) runs: u64,
}

pub(crate) const TARGETS: [Target; 11] = [
    Target { name: "extract", check: crate::invariants::check, runs: 100 },
    Target { name: "timestamp", check: timestamp::check, runs: 10_000 },
    Target { name: "envelope", check: envelope::check, runs: 1_000 },
    Target { name: "decompression", check: decompression::check, runs: 200 },
    Target { name: "configuration", check: files::check_configuration, runs: 300 },
    Target { name: "rules", check: files::check_rules, runs: 300 },
    Target { name: "template", check: template::check, runs: 2_000 },
    Target { name: "checkpoint", check: checkpoint::check, runs: 1_000 },
    Target { name: "state", check: state::check, runs: 40 },
    Target { name: "fleet", check: fleet::check, runs: 500 },
    Target { name: "http", check: http::check, runs: 500 },
];
