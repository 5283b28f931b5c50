//! Large inputs are looked at by several threads: what they find is what one finds.

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use crate::harness::Sandbox;

/// Enough for several segments of each input.
const LOG_BYTES: usize = 7 * 1024 * 1024;

/// A log with errors in many forms, some of which reach over many lines, and long lines between.
fn log() -> String {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/ocr-gateway.log");
    let sample = std::fs::read_to_string(sample).expect("the sample");
    let mut log = String::new();
    let mut number = 0_u32;
    while log.len() < LOG_BYTES {
        let (hour, minute, second) = (number / 3600 % 24, number / 60 % 60, number % 60);
        let _ = writeln!(
            log,
            "2026-11-24 {hour:02}:{minute:02}:{second:02},000 INFO gateway: page {number} {}",
            "text ".repeat(100)
        );
        if number.is_multiple_of(997) {
            log.push_str(&sample);
        }
        if number.is_multiple_of(4000) {
            let _ = writeln!(log, "{}AIS.0105 Recognition failed.", "x".repeat(300_000));
        }
        number += 1;
    }
    log
}

/// What a command prints, on all processors or on one.
fn printed(sandbox: &Sandbox, arguments: &[&str], is_alone: bool) -> Vec<u8> {
    let program = env!("CARGO_BIN_EXE_ocrwatch");
    let outcome = if is_alone {
        let arguments = [&["-c", "0", program], arguments].concat();
        sandbox.program(Path::new("taskset"), &arguments).run()
    } else {
        sandbox.run(arguments)
    };
    outcome.stdout
}

#[test]
fn what_several_threads_find_is_what_one_finds() {
    if Command::new("taskset").arg("--version").output().is_err() {
        println!("skipped: taskset is not installed");
        return;
    }
    let sandbox = Sandbox::new();
    let log = log();
    let (first, second) = log.split_at(log.floor_char_boundary(LOG_BYTES / 3));
    sandbox.file("app.log.1", first).file("app.log", second).file("other.log", first);
    let pack = Command::new("gzip").arg(sandbox.path("app.log.1")).status();
    assert!(pack.is_ok_and(|status| status.success()), "gzip packs the rotated log");
    for arguments in [
        &["extract", "--quiet", "app.log"][..],
        &["report", "--quiet", "--format", "json", "app.log.1.gz", "app.log", "other.log"],
        &["backtest", "--quiet", "--format", "json", "app.log", "other.log"],
    ] {
        let alone = printed(&sandbox, arguments, true);
        assert!(alone.len() > 10_000, "{arguments:?} finds something");
        assert!(printed(&sandbox, arguments, false) == alone, "{arguments:?} says something else");
    }
}
