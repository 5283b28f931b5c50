//! Lines as carriers print them: docker, CRI, journald, syslog.
//!
//! Owns the claim that a carrier changes nothing of what an application said: the same codes are
//! found in a line whoever carried it.

use crate::invariants::{self, Extraction, extract};

/// What stands in front of the fuzzer's words, so that most inputs say something.
const BODY: &str =
    "{\"error_code\":\"AIS.0101\",\"error_msg\":\"The input parameter is invalid.\"}";

pub(crate) fn check(input: &[u8]) {
    let Some((choice, said)) = input.split_first() else { return };
    // Raw: the carriers themselves may be broken in any way.
    invariants::check(&[&[200, *choice, *choice][..], said].concat());

    let said = String::from_utf8_lossy(said);
    // A line that is cut, joined or taken apart by its carrier is another line.
    let words: String = said.chars().filter(|c| c.is_ascii_alphanumeric() || *c == ' ').collect();
    let words: String = words.chars().take(512).collect();
    let line = format!("ERROR ocr failed {BODY} {words}");
    let plain = codes(&format!("2026-11-23T08:30:00.000Z {line}\n"));
    for carried in carried(&line, choice % 4) {
        assert_eq!(codes(&carried), plain, "carried, it says something else: {carried}");
    }
}

fn codes(log: &str) -> Vec<String> {
    let Extraction { occurrences, .. } = extract(log.as_bytes(), &[]);
    occurrences.iter().map(|occurrence| occurrence.code.to_string()).collect()
}

/// The line as each carrier prints it.
fn carried(line: &str, stream: u8) -> [String; 4] {
    let stream = if stream.is_multiple_of(2) { "stdout" } else { "stderr" };
    let quoted = serde_json::to_string(&format!("{line}\n")).expect("a text is JSON");
    let time = "2026-11-23T08:30:00.000000000Z";
    let entry = serde_json::to_string(line).expect("a text is JSON");
    [
        format!("{{\"log\":{quoted},\"stream\":\"{stream}\",\"time\":\"{time}\"}}\n"),
        format!("{time} {stream} F {line}\n"),
        format!("<165>1 {time} host app 123 - - {line}\n"),
        format!("{{\"__REALTIME_TIMESTAMP\":\"1795422600000000\",\"MESSAGE\":{entry}}}\n"),
    ]
}
