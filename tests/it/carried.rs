//! What clients say is the same whoever carries it.
//!
//! The captures of programs that wrote to a file or a terminal, as container runtimes, syslog,
//! build servers and process managers would have written them.

use std::fmt::Write as _;

use ocrwatch::occurrence::Occurrence;

use crate::captures;
use crate::invariants::extract;

/// How a carrier writes a line, and whether it says how severe it is.
type Carrier = (&'static str, bool, fn(&str) -> String);

const CARRIERS: [Carrier; 10] = [
    ("docker's json-file", false, |line| {
        let log = json(&format!("{line}\n"));
        let time = "2026-11-23T08:30:00.000000000Z";
        format!("{{\"log\":{log},\"stream\":\"stdout\",\"time\":\"{time}\"}}")
    }),
    ("containerd", false, |line| format!("2026-11-23T08:30:00.000000000Z stdout F {line}")),
    ("docker logs -t", false, |line| format!("2026-11-23T08:30:00.000000000Z {line}")),
    ("compose", false, |line| format!("ocr-worker-1  | {line}")),
    ("kubectl --prefix", false, |line| format!("[pod/ocr-7d9f/worker] {line}")),
    ("pm2", false, |line| format!("0|ocr  | {line}")),
    ("a build server", false, |line| format!("scan\tRun\t2026-11-23T08:30:00.0000000Z {line}")),
    ("rsyslog", false, |line| format!("Nov 23 08:30:00 host ocr[123]: {line}")),
    ("syslog of RFC 5424", true, |line| {
        format!("<165>1 2026-11-23T08:30:00.000Z host ocr 123 - - {line}")
    }),
    ("journald's export", false, |line| {
        let head = "\"__REALTIME_TIMESTAMP\":\"1795422600000000\",\"SYSLOG_IDENTIFIER\":\"ocr\"";
        format!("{{{head},\"_PID\":\"123\",\"MESSAGE\":{}}}", json(line))
    }),
];

fn json(text: &str) -> String {
    serde_json::to_string(text).expect("a text is JSON")
}

/// What is found in a log; whether it was printed before, if `repeats` are told.
fn found(log: &str, repeats: bool) -> String {
    let mut text = String::new();
    for found in extract(log.as_bytes(), &[]).occurrences {
        let Occurrence { place, code, message, request_id, http_status, .. } = &found;
        let repeat = repeats && found.repeat;
        let line = place.line;
        let _ = writeln!(
            text,
            "{line} {code} {message:?} {request_id:?} {http_status:?} {repeat} {}",
            found.inferred
        );
    }
    text
}

#[test]
fn what_a_client_says_is_the_same_whoever_carries_it() {
    let is_carried = |name: &str| {
        ["cri-", "docker-", "filebeat-", "journald-", "rfc5424-", "rsyslog-"]
            .iter()
            .any(|carrier| name.starts_with(carrier))
    };
    let mut logs = 0;
    for capture in captures::ALL.iter().filter(|capture| !is_carried(&capture.name)) {
        logs += 1;
        let log = String::from_utf8_lossy(&capture.bytes);
        let plain = [found(&log, true), found(&log, false)];
        for (carrier, tells_level, carry) in CARRIERS {
            let carried: String = log.lines().map(|line| carry(line) + "\n").collect();
            // A level parts what prints the same twice.
            let (plain, carried) =
                (&plain[usize::from(tells_level)], found(&carried, !tells_level));
            assert_eq!(&carried, plain, "{} by {carrier}", capture.name);
        }
    }
    assert!(logs > 30, "only {logs} logs");
}
