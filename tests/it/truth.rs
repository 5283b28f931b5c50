//! The captures of real clients against what is known to be in them, by the library alone.
//!
//! For each `NAME.log` a `NAME.truth.jsonl` says which occurrences it holds, in order: `line`,
//! `code`, `message`, `request_id`, `http_status`, `repeat`, `inferred`. An absent key asserts
//! nothing. A `message` is as the client sent it: the extraction redacts it and makes what hides in
//! it visible. A `NAME.successes.jsonl` says in the same way on which lines calls succeeded; a log
//! without one has no such line.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use chrono::DateTime;
use ocrwatch::extract::{Settings, Successes, redact::redact, visible::visible};
use ocrwatch::zone::Zone;
use serde_json::{Map, Value};

use crate::captures;
use crate::invariants::extract_with;

pub(crate) type Object = Map<String, Value>;

/// Compares what `found` tells of each log that has a truth.
#[track_caller]
pub(crate) fn check(found: impl Fn(&Path) -> Vec<Object>) {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    let mut captures: Vec<PathBuf> = [data.join("clients"), data]
        .iter()
        .flat_map(|folder| folder.read_dir().expect("a folder of captures"))
        .map(|entry| entry.expect("a readable folder").path())
        .filter(|path| path.to_string_lossy().ends_with(".truth.jsonl"))
        .collect();
    captures.sort();
    assert!(captures.len() > 40, "only {} captures", captures.len());

    let (mut differences, mut wrong, mut expected_total) = (String::new(), 0, 0);
    for truth in &captures {
        let log = truth.with_extension("").with_extension("log");
        let (expected, found) = (expected(truth), found(&log));
        expected_total += expected.len();
        let different = compare(&expected, &found);
        if !different.is_empty() {
            wrong += 1;
            let name = log.file_name().expect("a log's name").to_string_lossy();
            let (expected, found) = (expected.len(), found.len());
            let head = format!("{name}: {expected} expected, {found} found");
            let _ = writeln!(differences, "\n{head}\n{different}");
        }
    }
    assert!(expected_total > 500, "only {expected_total} occurrences are expected");
    assert!(wrong == 0, "{wrong} of {} captures differ\n{differences}", captures.len());
}

#[test]
fn every_capture_gives_what_its_truth_says() {
    check(|log| {
        let bytes = std::fs::read(log).expect("a readable log");
        let settings = Settings::new(Zone::UTC, DateTime::UNIX_EPOCH);
        let occurrences = extract_with(&bytes, &[], settings).occurrences.into_iter();
        let object = |occurrence| serde_json::from_value(serde_json::to_value(occurrence)?);
        occurrences.map(|occurrence| object(occurrence).expect("an object")).collect()
    });
}

#[test]
fn every_capture_gives_the_successes_that_its_truth_says_and_no_others() {
    let data = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/clients");
    let mut total = 0;
    for capture in captures::ALL.iter() {
        let truth = data.join(&capture.name).with_extension("successes.jsonl");
        let expected = std::fs::read_to_string(truth).unwrap_or_default();
        let settings = Settings {
            successes: Successes::access_logs(),
            ..Settings::new(Zone::UTC, DateTime::UNIX_EPOCH)
        };
        let found = extract_with(&capture.bytes, &[], settings).successes;
        let mut printed = String::new();
        for success in &found {
            let (line, status) = (success.place.line, success.http_status);
            let api = success.api.as_deref().unwrap_or_default();
            let _ =
                writeln!(printed, r#"{{"line": {line}, "http_status": {status}, "api": "{api}"}}"#);
            let project = success.project.as_deref();
            assert_eq!(project, Some("0123456789abcdef0123456789abcdef"), "{}", capture.name);
            assert_eq!(success.region.as_deref(), Some("cn-north-4"), "{}", capture.name);
            assert!(success.at.is_some(), "{}:{line} has a stamp", capture.name);
        }
        assert_eq!(printed, expected, "{}", capture.name);
        total += found.len();
    }
    assert!(total > 20, "only {total} successes");
}

/// What is known to be in a capture, its messages as they are shown.
fn expected(truth: &Path) -> Vec<Object> {
    let text = std::fs::read_to_string(truth).expect("a readable truth file");
    let mut expected: Vec<Object> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("a truth file has an object on each line"))
        .collect();
    for object in &mut expected {
        if let Some(Value::String(message)) = object.get_mut("message") {
            *message = visible(&redact(message)).into_owned();
        }
    }
    expected
}

/// One line for each occurrence that is missing, too many or told otherwise.
fn compare(expected: &[Object], found: &[Object]) -> String {
    // Several of one code may stand on a line; those are compared in their order.
    let mut by_place: BTreeMap<(u64, String), [Vec<&Object>; 2]> = BTreeMap::new();
    for (side, objects) in [expected, found].into_iter().enumerate() {
        for object in objects {
            let line = object.get("line").and_then(Value::as_u64).unwrap_or(0);
            let code = object.get("code").map(Value::to_string).unwrap_or_default();
            by_place.entry((line, code)).or_default()[side].push(object);
        }
    }
    let mut differences = String::new();
    for ((line, code), [expected, found]) in by_place {
        for at in 0..expected.len().max(found.len()) {
            let said = match (expected.get(at), found.get(at)) {
                (Some(_), None) => " missing".to_owned(),
                (None, Some(found)) => {
                    format!(" not expected: {}", Value::Object((*found).clone()))
                }
                (Some(expected), Some(found)) => fields(expected, found),
                (None, None) => String::new(),
            };
            if !said.is_empty() {
                let _ = writeln!(differences, "  line {line} {code}{said}");
            }
        }
    }
    differences
}

/// The fields that are told otherwise than expected.
fn fields(expected: &Object, found: &Object) -> String {
    let mut differences = String::new();
    for (key, wanted) in expected {
        let told = found.get(key).unwrap_or(&Value::Null);
        if told != wanted {
            let _ = write!(
                differences,
                "\n      {key}: expected {wanted}\n      {0:1$}  found    {told}",
                "",
                key.len()
            );
        }
    }
    differences
}

#[test]
fn a_difference_names_its_line_its_code_and_its_field() {
    let object = |text: &str| -> Object { serde_json::from_str(text).expect("an object") };
    let expected = [
        object(r#"{"line": 3, "code": "AIS.0101", "repeat": false}"#),
        object(r#"{"line": 3, "code": "AIS.0101", "repeat": true, "request_id": "a"}"#),
        object(r#"{"line": 9, "code": "AIS.0102"}"#),
    ];
    let found = [
        object(r#"{"line": 3, "code": "AIS.0101", "repeat": false}"#),
        object(r#"{"line": 3, "code": "AIS.0101", "repeat": false, "request_id": "a"}"#),
        object(r#"{"line": 10, "code": "AIS.0102"}"#),
    ];
    assert_eq!(
        compare(&expected, &found),
        "  line 3 \"AIS.0101\"\n      repeat: expected true\n              found    false\n  \
         line 9 \"AIS.0102\" missing\n  \
         line 10 \"AIS.0102\" not expected: {\"code\":\"AIS.0102\",\"line\":10}\n"
    );
    assert_eq!(compare(&expected, &expected), "");
}
