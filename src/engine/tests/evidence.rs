//! What is kept of a group's events, and what makes room once there is no more.

use std::sync::Arc;

use super::stream::{occurrence, seconds};
use crate::engine::{Event, Evidence, Instant, LabelName, Source};
use crate::occurrence::{Occurrence, Place};

/// Takes in an error that came so many seconds in.
fn add(evidence: &mut Evidence, at: i64, error: impl FnOnce(Occurrence) -> Occurrence) {
    let source = Source::named("app.log");
    let at = seconds(at);
    let error = error(occurrence(at, "APIG.0301", "app.log"));
    evidence.add(&Event::error(&source, &error), &[], at, Instant::MIN);
}

fn on_line(error: Occurrence, line: u64) -> Occurrence {
    Occurrence { place: Place { line, ..error.place }, ..error }
}

fn lines(evidence: &Evidence) -> Vec<u64> {
    evidence.samples.iter().map(|sample| sample.line).collect()
}

#[test]
fn what_the_log_does_not_print_is_counted() {
    let mut evidence = Evidence::default();
    for at in 0..3 {
        add(&mut evidence, at, |error| Occurrence { inferred: true, ..error });
    }
    let key = Some("HPUA****BC".into());
    add(&mut evidence, 3, |error| Occurrence { access_key: key, ..error });
    assert_eq!((evidence.access_key_unseen, evidence.inferred), (3, 3));
}

#[test]
fn a_code_is_counted_by_its_cause_with_its_last_message_and_eight_of_them_are_kept() {
    let mut evidence = Evidence::default();
    let caused = |cause: usize, message: &'static str| {
        let (cause, message) = (Some(Arc::from(cause.to_string())), Some(message.into()));
        move |error| Occurrence { cause, message, ..error }
    };
    add(&mut evidence, 5, caused(0, "first"));
    add(&mut evidence, 3, caused(0, "last"));
    for cause in 1..10 {
        add(&mut evidence, 6, caused(cause, "other"));
    }
    assert_eq!((evidence.codes.len(), evidence.codes_left_out), (8, 2));
    let first = &evidence.codes[0];
    assert_eq!((first.count, first.last_at), (2, seconds(5)), "the later of the two");
    assert_eq!(first.message.as_deref(), Some("last"));
    assert_eq!(evidence.codes[1].count, 1);
    add(&mut evidence, 7, |error| Occurrence { code: "APIG.0302".into(), ..error });
    assert_eq!(evidence.codes_left_out, 3, "another code of no cause");
}

#[test]
fn the_first_request_id_stays_with_the_ten_latest() {
    let mut evidence = Evidence::default();
    for id in 0..13 {
        let id = Some(id.to_string().into());
        add(&mut evidence, 0, |error| Occurrence { request_id: id, ..error });
    }
    let ids: Vec<&str> = evidence.request_ids.iter().map(String::as_str).collect();
    assert_eq!(ids, ["0", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"]);
}

#[test]
fn the_limit_and_the_period_are_those_that_were_said_last() {
    let mut evidence = Evidence::default();
    let period = Some("1 minute".into());
    add(&mut evidence, 0, |error| Occurrence { limit: Some(20), period, ..error });
    add(&mut evidence, 1, |error| Occurrence { limit: Some(30), ..error });
    add(&mut evidence, 2, |error| error);
    assert_eq!((evidence.limit, evidence.period.as_deref()), (Some(30), Some("1 minute")));
}

#[test]
fn of_the_samples_the_first_of_the_episode_stays_with_the_two_latest() {
    let mut evidence = Evidence::default();
    for line in 1..=5 {
        add(&mut evidence, 0, |error| on_line(error, line));
    }
    assert_eq!(lines(&evidence), [1, 4, 5]);
    let (source, at) = (Source::named("app.log"), seconds(0));
    let error = on_line(occurrence(at, "APIG.0301", "app.log"), 5);
    evidence.add(&Event::error(&source, &error), &[], at, at);
    assert_eq!(lines(&evidence), [1, 5, 5], "an episode's first may be of its first instant");
    evidence.samples[1].line = 4;
    let (source, at) = (Source::named("app.log"), seconds(9));
    let error = on_line(occurrence(at, "APIG.0301", "other.log"), 6);
    evidence.add(&Event::error(&source, &error), &[], at, seconds(1));
    assert_eq!(lines(&evidence), [4, 5, 6], "the first was before the episode");
    assert_eq!(&*evidence.samples[2].file, "other.log");
    assert_eq!((evidence.samples[2].at, &*evidence.samples[2].text), (at, "a sample"));

    evidence.forget_samples(at);
    assert_eq!(lines(&evidence), [6], "a sample of that very instant is the alert's");
}

#[test]
fn forty_values_of_labels_are_kept_each_with_its_latest_instant() {
    let mut evidence = Evidence::default();
    let source = Source::named("app.log");
    let error = occurrence(seconds(0), "APIG.0301", "app.log");
    let mut add = |name: LabelName, value: String, at| {
        let labels = [(name, Arc::from(value))];
        evidence.add(&Event::error(&source, &error), &labels, seconds(at), Instant::MIN);
    };
    for value in 0..42 {
        add(LabelName::Host, value.to_string(), value);
    }
    add(LabelName::Host, "0".into(), 7);
    add(LabelName::Host, "1".into(), 0);
    add(LabelName::Api, "2".into(), 0);
    assert_eq!((evidence.affected.len(), evidence.affected_left_out), (40, 3));
    let last: Vec<_> = evidence.affected[..3].iter().map(|known| known.last_at).collect();
    assert_eq!(last, [seconds(7), seconds(1), seconds(2)]);
}

#[test]
fn behind_an_alert_only_what_came_later_is_kept_and_counts_begin_anew() {
    let mut evidence = Evidence::default();
    let source = Source::named("app.log");
    for (at, code) in [(1, "APIG.0301"), (2, "APIG.0302"), (3, "APIG.0303"), (4, "APIG.0303")] {
        let id = Some("id".into());
        let error = Occurrence {
            request_id: id,
            inferred: true,
            ..occurrence(seconds(at), code, "app.log")
        };
        let error = on_line(error, u64::try_from(at).unwrap());
        let labels = [(LabelName::Code, Arc::from(code))];
        evidence.add(&Event::error(&source, &error), &labels, seconds(at), Instant::MIN);
    }
    (evidence.codes_left_out, evidence.affected_left_out) = (1, 1);
    let mut later = evidence.clone();
    evidence.forget(seconds(2));
    let codes: Vec<_> = evidence.codes.iter().map(|code| (&*code.code, code.count)).collect();
    assert_eq!(codes, [("APIG.0303", 1)]);
    let values: Vec<_> = evidence.affected.iter().map(|known| &*known.value).collect();
    assert_eq!(values, ["APIG.0303"]);
    assert_eq!(lines(&evidence), [3, 4]);
    assert!(evidence.request_ids.is_empty());
    assert_eq!((evidence.codes_left_out, evidence.affected_left_out), (0, 0));
    assert_eq!((evidence.access_key_unseen, evidence.inferred), (0, 0));

    later.forget(seconds(3));
    assert_eq!(lines(&later), [4], "what came at that instant is the alert's");
    later.forget(seconds(4));
    assert_eq!((later.codes.len(), later.affected.len(), lines(&later).len()), (0, 0, 0));
}
