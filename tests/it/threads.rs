//! Large inputs are looked at by several threads: what they find is what one finds.

use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::harness::Sandbox;

/// Enough for several segments of each input.
const LOG_BYTES: usize = 7 * 1024 * 1024;

/// Errors in many forms, some of which reach over many lines.
fn sample() -> String {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/ocr-gateway.log");
    std::fs::read_to_string(path).expect("the sample")
}

/// A log with such errors, and long lines between.
fn log() -> String {
    let sample = sample();
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

#[test]
fn who_reads_no_further_is_not_kept_waiting_by_a_stream_that_goes_on() {
    let sandbox = Sandbox::new();
    let mut command = sandbox.ocrwatch(&["extract", "--quiet", "-"]).command;
    let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut child = piped.spawn().expect("it starts");
    let (stdin, stdout) = (child.stdin.take(), child.stdout.take());
    let (mut stdin, mut stdout) = (stdin.expect("its input"), stdout.expect("its output"));
    // The first segment, which says more than a pipe holds, and a part of the second.
    let sample = sample();
    let log = sample.repeat((3 << 19) / sample.len());
    let feeding = std::thread::spawn(move || {
        // Once it has ended, nobody reads this.
        let _ = stdin.write_all(log.as_bytes());
        stdin
    });
    stdout.read_exact(&mut [0; 100]).expect("it prints");
    drop(stdout);
    let has_ended = (0..3000).any(|_| {
        std::thread::park_timeout(Duration::from_millis(20));
        child.try_wait().expect("it can be asked").is_some()
    });
    assert!(has_ended, "it ends although its input does not");
    drop(feeding.join().expect("it was fed"));
}
