//! What travels, its form, and what is believed of it.

mod exactly_once;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::message::{Message, Sent, Unreadable, VERSION};
use super::*;
use crate::config::{Fleet, Role};
use crate::engine::Source;
use crate::follow::{Found, LogId, Passed};
use crate::occurrence::{Module, Occurrence, Place, Success};
use crate::store::MessageRow;
use crate::tail::FileId;

fn begin() -> DateTime<Utc> {
    DateTime::from_timestamp(1_796_000_000, 0).unwrap()
}

fn place(line: u64) -> Place {
    Place { file: "/var/log/app.log".into(), line, offset: line * 100 }
}

fn occurrence(line: u64, code: &str) -> Occurrence {
    let at = (begin() + TimeDelta::milliseconds(line.cast_signed())).fixed_offset();
    Occurrence {
        cause: Some("aksk-signature".into()),
        message: Some("a \"message\" with \u{7} and 中文".into()),
        http_status: Some(401),
        project: Some("0123".into()),
        sample: "the lines around it".into(),
        ..Occurrence::new(place(line), Some(at), Module::of_code(code).unwrap(), code.into())
    }
}

fn success(line: u64) -> Success {
    Success {
        place: place(line),
        at: Some((begin() + TimeDelta::milliseconds(line.cast_signed())).fixed_offset()),
        http_status: 200,
        api: None,
        region: None,
        project: None,
        host: None,
        access_key: Some("AK********01".into()),
    }
}

fn passed(found: Found) -> Passed {
    let label = Arc::new(Source { credential: Some("prod".into()), ..Source::named("app") });
    Passed { label, log: Some(LogId::File(FileId(7))), reached: None, found }
}

fn error(line: u64) -> Passed {
    passed(Found::Occurrence(Box::new(occurrence(line, "APIG.0301"))))
}

fn fleet() -> Fleet {
    Fleet::of(Vec::new(), Role::Agent)
}

fn packing() -> Packing {
    Packing::new(&fleet(), "web-1".into(), "0a".into(), 1)
}

/// Subjects, how many finds, and numbers of what comes of these finds.
fn packed(finds: impl IntoIterator<Item = Passed>) -> Vec<String> {
    let mut packing = packing();
    finds.into_iter().for_each(|find| packing.take(&find, begin()));
    let shown = |row: MessageRow| {
        let message = Message::read(&row.body).unwrap();
        format!("{} {} {} {}", message.number, row.subject, message.finds.len(), row.id)
    };
    packing.take_rows().into_iter().map(shown).collect()
}

#[test]
fn finds_of_one_subject_travel_together_and_keep_their_order() {
    let ok = |line| passed(Found::Success(Box::new(success(line))));
    let unsubscribed = passed(Found::Occurrence(Box::new(occurrence(5, "ModelArts.4204"))));
    let quiet = passed(Found::Activity(begin().fixed_offset()));
    let finds = [error(1), error(2), ok(3), error(4), unsubscribed, quiet];
    let expected = [
        "1 ocrwatch.v1.APIG.APIG-0301.0 2 web-1/0a/file-7+100#1",
        "2 ocrwatch.v1.success.none.0 1 web-1/0a/file-7+300#2",
        "3 ocrwatch.v1.APIG.APIG-0301.0 1 web-1/0a/file-7+400#3",
        "4 ocrwatch.v1.Platform.ModelArts-4204.0 1 web-1/0a/file-7+500#4",
        "5 ocrwatch.v1.line.none.0 1 web-1/0a/file-7#5",
    ];
    assert_eq!(packed(finds), expected);
}

#[test]
fn a_message_stays_below_what_a_broker_takes() {
    let long = |line| {
        let mut found = occurrence(line, "APIG.0301");
        found.message = Some("\u{1}".repeat(4_096).into());
        passed(Found::Occurrence(Box::new(found)))
    };
    let mut packing = packing();
    (1..500).for_each(|line| packing.take(&long(line), begin()));
    let rows = packing.take_rows();
    assert!(rows.iter().all(|row| row.body.len() < 1024 * 1024), "{:?}", rows.len());
    let finds = rows.iter().map(|row| Message::read(&row.body).map_or(0, |it| it.finds.len()));
    assert_eq!(finds.sum::<usize>(), 499);
}

#[test]
fn the_lines_around_a_code_stay_at_home_unless_they_are_asked_for() {
    let rows = |samples| {
        let fleet = Fleet { samples, ..fleet() };
        let mut packing = Packing::new(&fleet, "web-1".into(), "0a".into(), 1);
        packing.take(&error(1), begin());
        String::from_utf8(packing.take_rows().remove(0).body.to_vec()).unwrap()
    };
    assert!(!rows(false).contains("the lines around it"));
    assert!(rows(true).contains("the lines around it"));
}

#[test]
fn a_further_print_of_an_error_is_not_published() {
    let mut again = occurrence(2, "APIG.0301");
    again.repeat = true;
    assert_eq!(packed([passed(Found::Occurrence(Box::new(again)))]), [""; 0]);
}

#[test]
fn what_no_time_is_told_of_happened_when_it_was_passed_on() {
    let mut found = occurrence(1, "APIG.0301");
    found.at = None;
    let sent = Sent::of(&Found::Occurrence(Box::new(found)), false, begin().fixed_offset());
    assert_eq!(sent.into_found().at(), Some(begin().fixed_offset()));
}

#[test]
fn a_code_is_one_word_of_a_subject_whatever_it_holds() {
    let subject = |code: &str| {
        let kind = Kind::Error(Module::Apig, code.into());
        Subject { kind, partition: 3 }.to_string()
    };
    assert_eq!(subject("APIG.0301"), "ocrwatch.v1.APIG.APIG-0301.3");
    assert_eq!(subject("APIG.*.> \u{7}码"), "ocrwatch.v1.APIG.APIG-------.3");
}

#[test]
fn access_keys_stay_together_and_are_spread() {
    let of = |find: &Sent, machine| {
        let source = Source { credential: Some("prod".into()), ..Source::named("app") };
        Subject::of(find, &source, machine, 16).partition
    };
    let shared = Sent::Success(Box::new(success(1)));
    assert_eq!(of(&shared, "web-1"), of(&shared, "web-2"));
    let named = |key: u32| {
        let mut find = success(1);
        find.access_key = Some(format!("AK{key}").into());
        of(&Sent::Success(Box::new(find)), "web-1")
    };
    let mut spread: BTreeMap<u16, u32> = BTreeMap::new();
    (0..16_000).for_each(|key| *spread.entry(named(key)).or_default() += 1);
    assert!(
        spread.len() == 16 && spread.values().all(|keys| (800..1200).contains(keys)),
        "{spread:?}"
    );
}

#[test]
fn an_unknown_field_is_passed_over_and_a_newer_form_is_said() {
    let mut packing = packing();
    packing.take(&error(1), begin());
    let row = packing.take_rows().remove(0);
    let mut value: serde_json::Value = serde_json::from_slice(&row.body).unwrap();
    value["colour"] = "blue".into();
    value["finds"][0]["error"]["mood"] = serde_json::json!({ "deep": [1, 2] });
    let with_more = Message::read(&serde_json::to_vec(&value).unwrap()).unwrap();
    assert_eq!(with_more, Message::read(&row.body).unwrap());
    value["v"] = (VERSION + 1).into();
    let newer = Message::read(&serde_json::to_vec(&value).unwrap());
    assert_eq!(newer, Err(Unreadable::Newer(VERSION + 1)));
}

#[test]
fn what_no_machine_writes_is_left_aside() {
    let message = |machine: &str| {
        format!(r#"{{"v":1,"machine":"{machine}","life":"0a","number":1,"told":["x"]}}"#)
    };
    assert!(Message::read(message("web-1").as_bytes()).is_ok());
    let wrong = |bytes: &[u8]| match Message::read(bytes) {
        Err(Unreadable::Wrong(_)) => {}
        other => panic!("{other:?}"),
    };
    wrong(message("web 1").as_bytes());
    wrong(message("").as_bytes());
    wrong(message(&"x".repeat(65)).as_bytes());
    wrong(b"");
    wrong(b"[]");
    wrong(b"\xff\xfe");
    wrong(br#"{"v":1,"machine":"a","life":"b","number":1,"finds":[{"line":{"at":"2026-11-30T00:00:00Z"}}]}"#);
    let name = "x".repeat(1025);
    wrong(format!(r#"{{"v":1,"machine":"a","life":"b","number":1,"told":["{name}"]}}"#).as_bytes());
    let labelled = |value: &str| {
        format!(
            r#"{{"v":1,"machine":"a","life":"b","number":1,"source":{{"name":"app","labels":{{"team":"{value}"}}}}}}"#
        )
    };
    assert!(Message::read(labelled(&"x".repeat(256)).as_bytes()).is_ok());
    wrong(labelled(&"x".repeat(257)).as_bytes());
    let text = "x".repeat(65 * 1024);
    wrong(format!(r#"{{"v":1,"machine":"a","life":"b","number":1,"told":["{text}"]}}"#).as_bytes());
}

#[test]
fn what_another_machine_told_is_known_over_a_restart() {
    let mut packing = packing();
    packing.tell(0, ["n1".to_owned()]);
    let body = packing.take_rows().remove(0).body.to_vec();
    let delivered = |sequence| Delivered { feed: None, stream_ns: 1, sequence, body: body.clone() };
    let mut intake = Intake::default();
    assert_eq!(intake.take(&delivered(1), "web-1", begin()).told, None);
    let mut intake = Intake::default();
    let told = intake.take(&delivered(1), "web-2", begin()).told;
    assert_eq!(told, Some(("web-1".into(), vec!["n1".into()])));
    let (rows, _) = intake.take_changed();
    let (intake, others) = Intake::restore(rows);
    assert_eq!((intake.who_told("n1").map(|who| &**who), others.len()), (Some("web-1"), 0));
}

#[test]
fn what_others_told_is_bounded_however_much_one_message_tells() {
    let mut packing = packing();
    packing.tell(0, (0..101_500).map(|number| format!("n{number:06}")));
    let mut intake = Intake::default();
    for (row, sequence) in packing.take_rows().iter().zip(1_u64..) {
        let now = begin() + TimeDelta::seconds(sequence.cast_signed());
        let body = row.body.to_vec();
        intake.take(&Delivered { feed: None, stream_ns: 1, sequence, body }, "web-2", now);
    }
    let is_known = |number: &u32| intake.who_told(&format!("n{number:06}")).is_some();
    let known: Vec<u32> = (0..101_500).filter(is_known).collect();
    assert_eq!((known.len(), known.first()), (100_000, Some(&1_500)));
}
