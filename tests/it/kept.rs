//! What the extraction says of the inputs that the fuzzers kept, as it was when it changed last.
//!
//! They reach nearly every branch, and the claims do not say what is right there: a body that is
//! read a little otherwise, or a secret that takes a word more with it, breaks none. Here each
//! change is seen, and whoever meant it says so: `OCRWATCH_BLESS=1 cargo test --test it kept`
//! writes the records anew; read the difference.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Timelike as _};
use ocrwatch::extract::redact::redact;
use ocrwatch::extract::timestamp::{Stamp, find, time_of_day, value};
use ocrwatch::extract::visible::visible;
use ocrwatch::extract::{Counters, Settings, Successes};
use ocrwatch::fnv::Fnv;
use ocrwatch::zone::Zone;

use crate::invariants::{Extraction, extract, extract_with};

/// The inputs that are kept of a fuzz target, in the order of their names.
pub(crate) fn corpus(target: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = folder.read_dir().expect("every target has a corpus");
    let mut paths: Vec<PathBuf> =
        entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    assert!(paths.len() > 5, "{target} has only {} inputs", paths.len());
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("a readable input");
        (path, bytes)
    };
    paths.into_iter().map(read).collect()
}

/// Holds what is said of each input of some targets against what is recorded.
#[track_caller]
fn check(record: &str, targets: &[&str], says: impl Fn(&[u8]) -> String) {
    let mut said = String::new();
    for target in targets {
        for (path, input) in corpus(target) {
            let name = path.file_name().and_then(|name| name.to_str()).expect("a plain name");
            let _ = write!(said, "== {target}/{name}\n{}", says(&input));
        }
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("tests/data/kept").join(record);
    if std::env::var_os("OCRWATCH_BLESS").is_some() {
        std::fs::write(&path, &said).expect("a record can be written");
    }
    let recorded = std::fs::read_to_string(&path).unwrap_or_default();
    let (mut input, mut lines) = ("", said.lines());
    for recorded in recorded.lines() {
        let said = lines.next().unwrap_or("nothing");
        assert_eq!(said, recorded, "{record}, behind {input}");
        input = recorded.strip_prefix("== ").unwrap_or(input);
    }
    assert_eq!(lines.next(), None, "{record}, behind {input}");
}

fn extraction(found: &Extraction) -> String {
    let mut text = String::new();
    for occurrence in &found.occurrences {
        let shown = serde_json::to_string(occurrence).expect("an occurrence is JSON");
        let sample = Fnv::of(&occurrence.sample);
        let _ = writeln!(text, "{shown} sample {sample:016x} of {}", occurrence.sample.len());
    }
    for success in &found.successes {
        let shown = serde_json::to_string(success).expect("a success is JSON");
        let _ = writeln!(text, "success {shown}");
    }
    for mark in &found.marks {
        let _ = writeln!(text, "active {}", mark.to_rfc3339());
    }
    let Counters { bytes, lines, mentions, codes_left_out, long_lines, .. } = found.counters;
    let _ = writeln!(
        text,
        "{bytes} bytes, {lines} lines, {mentions} mentions, {codes_left_out} left out, \
         {long_lines} long"
    );
    text
}

#[test]
fn what_is_extracted_is_what_is_recorded() {
    // What chooses the reads stands before an input.
    check("extract.txt", &["extract"], |input| {
        extraction(&extract(&input[3.min(input.len())..], &[]))
    });
    check("envelope.txt", &["envelope"], |input| {
        let settings = Settings {
            successes: Successes::access_logs(),
            ..Settings::new(Zone::UTC, DateTime::UNIX_EPOCH)
        };
        extraction(&extract_with(&input[1.min(input.len())..], &[], settings))
    });
}

#[test]
fn what_is_shown_of_any_text_is_what_is_recorded() {
    check("shown.txt", &["envelope", "extract"], |input| {
        let text = String::from_utf8_lossy(input);
        let (redacted, shown) = (redact(&text), visible(&text));
        let of = |text: &str| format!("{:016x} of {}", Fnv::of(text), text.len());
        format!("redacted {}, visible {}\n", of(&redacted), of(&shown))
    });
}

#[test]
fn the_times_that_are_read_are_those_recorded() {
    let stamp = |stamp: Stamp| {
        let Stamp { local, offset, year_known, resolution, is_header, span } = stamp;
        let offset = offset.map(|offset| offset.to_string()).unwrap_or_default();
        format!("{local}{offset} {resolution:?} {year_known} {is_header} {span:?}")
    };
    check("timestamp.txt", &["timestamp", "envelope"], |input| {
        let mut text = String::new();
        if let Some(found) = find(input) {
            let _ = writeln!(text, "leads {}", stamp(found));
        }
        if let Some(read) = value(input) {
            let _ = writeln!(text, "value {}", stamp(read));
        }
        if let Some(time) = time_of_day(input) {
            let _ =
                writeln!(text, "time {} {:?} {:?}", time.time, time.time.nanosecond(), time.span);
        }
        text
    });
}
