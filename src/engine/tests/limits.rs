//! What there is no room for is counted and shown, and what fires is never given up for it.

use std::sync::Arc;

use super::stream::{Fed, Given, catalogue, count, error, rule, seconds};
use crate::engine::{Engine, LabelName, Rule, Settings, Span};

fn by_api(at_least: u32) -> Rule {
    Rule { group_by: Arc::from([LabelName::Api]), ..rule("r", "APIG.0301", count(at_least, 60)) }
}

fn call_of(at: i64, api: usize) -> Fed {
    let api = Some(format!("api-{api}"));
    Fed { what: Given::Error { code: "APIG.0301", cause: None, key: None, api }, ..error(at) }
}

fn engine(rule: Rule, groups_max: usize) -> Engine {
    let settings =
        Settings { groups_max, evidence_groups_max: 10, routes_max: 50, ..Settings::default() };
    Engine::new(Arc::from([rule]), catalogue(), settings)
}

#[test]
fn a_million_keys_take_the_room_of_the_limit() {
    let mut engine = engine(by_api(2), 1_000);
    let key = |number: usize| call_of(i64::try_from(number / 1_000).unwrap_or(0), number);
    for number in 0..1_000_000 {
        key(number).feed(&mut engine);
        assert!(engine.groups() <= 1_000);
    }
    assert_eq!(engine.counters().groups_refused, 0);
    assert!(engine.counters().groups_evicted > 990_000);
    assert_eq!(engine.take(), []);
}

#[test]
fn the_quiet_group_that_would_be_forgotten_first_makes_room() {
    let mut engine = engine(by_api(2), 2);
    for (at, api) in [(0, 1), (10, 2), (11, 1), (20, 3), (21, 3)] {
        call_of(at, api).feed(&mut engine);
    }
    // The first fires since 11 s, the second is quiet and goes, the third fires in its place.
    let fired: Vec<_> = engine.take().iter().map(|change| change.at).collect();
    assert_eq!(fired, [seconds(11), seconds(21)]);
    assert_eq!(engine.counters().groups_evicted, 1);
}

#[test]
fn where_everything_fires_further_groups_are_told_as_a_number() {
    let mut engine = engine(by_api(1), 3);
    for api in 0..40 {
        call_of(1, api).feed(&mut engine);
    }
    call_of(2, 39).feed(&mut engine);
    assert_eq!((engine.groups(), engine.take().len()), (3, 3));
    assert_eq!(engine.counters().groups_refused, 38);
    let [(_, alert), ..] = &engine.alerts()[..] else { panic!("three alerts fire") };
    assert_eq!(alert.groups_left_out, 37);
    engine.advance(seconds(2).plus(Span::HOUR));
    assert_eq!(engine.groups(), 0);
}

#[test]
fn evidence_before_an_alert_is_kept_of_some_groups_and_of_every_alert() {
    let mut engine = engine(by_api(2), 1_000);
    for api in 0..100 {
        call_of(1, api).feed(&mut engine);
        call_of(2, api).feed(&mut engine);
        call_of(3, api).feed(&mut engine);
    }
    let alerts = engine.alerts();
    assert_eq!(alerts.len(), 100);
    let samples = |number: usize| alerts[number].1.evidence.samples.len();
    assert_eq!([0, 9, 10, 99].map(samples), [3, 3, 2, 2]);
    assert!(alerts.iter().all(|(_, alert)| !alert.evidence.codes.is_empty()));
}

#[test]
fn room_for_evidence_is_free_again_once_its_group_is_forgotten() {
    let settings = Settings { evidence_groups_max: 2, ..Settings::default() };
    let mut engine = Engine::new(Arc::from([by_api(3)]), catalogue(), settings);
    // Whoever has evidence takes one room, however many events come.
    let mut samples_of = |base: i64, api: usize| {
        for at in [base, base + 20, base + 70, base + 71, base + 72] {
            call_of(at, api).feed(&mut engine);
        }
        let alerts = engine.alerts();
        let known = alerts.last().map(|(_, alert)| alert.evidence.samples.len());
        engine.advance(seconds(base + 1_000));
        engine.take();
        known
    };
    for (number, api) in (0..8).zip([0, 1, 2, 3, 0, 1, 2, 3]) {
        assert_eq!(samples_of(number * 10_000, api), Some(3), "{number}");
    }
}

#[test]
fn what_cannot_bring_anything_nearer_takes_no_room_in_the_queue() {
    let waiting = |engine: &mut Engine| {
        std::iter::from_fn(|| engine.queue.pop_before(crate::engine::Instant::MAX)).count()
    };
    let mut firing = engine(by_api(1), 10);
    for _ in 0..100 {
        call_of(1, 0).feed(&mut firing);
    }
    assert_eq!(waiting(&mut firing), 1);
    let mut locked = engine(super::stream::lockout(), 10);
    for at in 1..=106 {
        let (cause, key) = (Some("aksk-signature"), Some("K".to_owned()));
        let failure = Given::Error { code: "APIG.0301", cause, key: key.clone(), api: None };
        let what = if at <= 6 { failure } else { Given::Success { key, api: None } };
        Fed { what, ..error(at.min(7)) }.feed(&mut locked);
    }
    assert_eq!(waiting(&mut locked), 3, "idle, the end by time, the end by a success");
}

#[test]
fn room_is_sought_among_the_next_64_to_be_woken() {
    let counted = |firing: usize| {
        let mut engine = engine(by_api(2), firing + 1);
        for api in 0..firing {
            call_of(1, api).feed(&mut engine);
            call_of(1, api).feed(&mut engine);
        }
        call_of(40, firing).feed(&mut engine);
        call_of(41, firing + 1).feed(&mut engine);
        (engine.counters().groups_refused, engine.counters().groups_evicted)
    };
    assert_eq!([63, 64].map(counted), [(0, 1), (1, 0)]);
}

#[test]
fn keys_that_found_no_room_are_told_apart_up_to_65_536() {
    let mut groups = crate::engine::groups::Groups::default();
    for key in 0..65_537 {
        groups.leave_out(&[Some(key.to_string().into())]);
        groups.leave_out(&[Some("0".into())]);
    }
    assert_eq!(groups.left_out(), 65_536);
}
