//! However the same events come, in batches, with polls between them, over restarts: the same
//! transitions.

use proptest::prelude::*;

use super::stream::{
    Fed, Given, catalogue, count, engine, error, lockout, rule, seconds, shown, silence, tried,
};
use crate::catalogue::Severity;
use crate::engine::{
    Condition, Engine, EventKind, Flap, LabelName, Matcher, New, Ratio, Rule, Sequence, Settings,
    Snapshot, Source, Span, Spike, Threshold, Transition, Window,
};
use std::sync::Arc;

/// One rule of each kind, with every way to hold, keep and flap.
pub(super) fn rules() -> Vec<Rule> {
    let by_api: Arc<[LabelName]> = Arc::from([LabelName::Api]);
    let code = "APIG.0301";
    let window = Window { span: Span(20_000), aligned: true };
    let flap = Some(Flap { times: 2, within: Span(300_000) });
    let calls = Matcher { event: EventKind::Call, ..Matcher::default() };
    let success = Matcher { event: EventKind::Success, ..Matcher::default() };
    let threshold = Threshold { at_least: 2, clear_below: 1, window };
    let ratio = Ratio {
        of: calls,
        at_least_permille: 500,
        clear_below_permille: 250,
        floor: 3,
        needs_success: true,
        window: Span(60_000),
    };
    let spike = Spike { factor_permille: 2000, floor: 3, baseline: 2, window: Span(24_000) };
    let new = New { unseen: Span(120_000), learning: Span(30_000) };
    let sequence = Sequence { then: success, within: Span(15_000) };
    vec![
        lockout(),
        silence(45),
        rule("count", code, count(3, 20)),
        Rule { hold: Span(10_000), flap, ..rule("held", code, count(2, 15)) },
        Rule { keep_firing_for: Span(40_000), ..rule("kept", code, count(2, 5)) },
        Rule { group_by: by_api.clone(), ..rule("minute", code, Condition::Count(threshold)) },
        Rule { severity: Severity::Info, ..rule("share", code, Condition::Ratio(ratio)) },
        rule("spike", code, Condition::Spike(spike)),
        Rule { group_by: by_api, ..rule("new", code, Condition::New(new)) },
        rule("apis", code, Condition::Distinct(LabelName::Api, threshold)),
        Rule { keep_firing_for: Span(5_000), ..rule("after", code, Condition::Sequence(sequence)) },
    ]
}

pub(super) fn fed() -> impl Strategy<Value = Vec<Fed>> {
    let what = prop_oneof![
        6 => (prop_oneof![Just(None), Just(Some("aksk-signature"))], key(), api())
            .prop_map(|(cause, key, api)| Given::Error { code: "APIG.0301", cause, key, api }),
        1 => (key(), api())
            .prop_map(|(key, api)| Given::Error { code: "AIS.0104", cause: None, key, api }),
        2 => (key(), api()).prop_map(|(key, api)| Given::Success { key, api }),
        1 => Just(Given::Line),
    ];
    let source = prop_oneof![Just("a.log"), Just("b.log")];
    let step = prop_oneof![6 => 0i64..4, 2 => 4i64..40, 1 => 40i64..400];
    let delay = prop_oneof![4 => Just(0i64), 2 => 0i64..20, 1 => 20i64..90];
    proptest::collection::vec((step, delay, source, what), 1..40).prop_map(|drawn| {
        let mut now = 10_000;
        drawn
            .into_iter()
            .map(|(step, delay, source, what)| {
                now += step;
                let at = seconds(now - delay);
                Fed { at, source: Source::named(source), what, ..error(now) }
            })
            .collect()
    })
}

fn key() -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), Just(Some("K".to_owned())), Just(Some("L".to_owned()))]
}

fn api() -> impl Strategy<Value = Option<String>> {
    prop_oneof![Just(None), Just(Some("x".to_owned())), Just(Some("y".to_owned()))]
}

pub(super) const END: Span = Span(3_600_000);

fn restarted(engine: &Engine) -> Engine {
    let text = serde_json::to_string(&engine.snapshot()).expect("a snapshot is JSON");
    let snapshot: Snapshot = serde_json::from_str(&text).expect("a snapshot reads back");
    let rules = Arc::clone(engine.rules());
    let (restored, forgotten) = Engine::restore(rules, catalogue(), Settings::default(), snapshot);
    assert_eq!(forgotten, []);
    restored
}

fn uninterrupted(fed: &[Fed]) -> Vec<Transition> {
    let mut engine = engine(&rules());
    for event in fed {
        event.feed(&mut engine);
    }
    engine.advance(fed.last().map_or(seconds(0), |last| last.now.plus(END)));
    engine.take()
}

proptest! {
    #![proptest_config(tried(60))]

    #[test]
    fn restarts_and_polls_at_any_time_change_nothing(
        fed in fed(), polls in proptest::collection::vec(0i64..3_600_000, 0..30)
    ) {
        let mut engine = engine(&rules());
        let mut changes = Vec::new();
        for (index, event) in fed.iter().enumerate() {
            event.feed(&mut engine);
            changes.extend(engine.take());
            engine = restarted(&engine);
            let next = fed.get(index + 1).map_or(event.now.plus(END), |next| next.now);
            let room = next.since(event.now).0 + 1;
            let polls = polls.iter().map(|poll| event.now.plus(Span(poll % room)));
            let mut polls: Vec<_> = polls.collect();
            polls.sort();
            for poll in polls {
                engine.advance(poll);
                changes.extend(engine.take());
            }
            engine = restarted(&engine);
        }
        let last = fed.last().map_or(seconds(0), |last| last.now);
        engine.advance(last.plus(END));
        changes.extend(engine.take());
        let expected = uninterrupted(&fed);
        prop_assert_eq!(shown(&changes), shown(&expected));
        prop_assert_eq!(changes, expected);
    }

    #[test]
    fn a_poll_at_every_deadline_misses_nothing(fed in fed()) {
        let mut engine = engine(&rules());
        let mut changes = Vec::new();
        let last = fed.last().map_or(seconds(0), |last| last.now).plus(END);
        for (index, event) in fed.iter().enumerate() {
            event.feed(&mut engine);
            let until = fed.get(index + 1).map_or(last, |next| next.now);
            while let Some(deadline) = engine.next_deadline().filter(|at| *at <= until) {
                let before = engine.snapshot();
                engine.advance(deadline);
                prop_assert_ne!(before, engine.snapshot(), "nothing was due");
            }
            changes.extend(engine.take());
        }
        engine.advance(last);
        changes.extend(engine.take());
        prop_assert_eq!(changes, uninterrupted(&fed));
    }

    #[test]
    fn every_alert_goes_its_way_state_by_state(fed in fed()) {
        let mut states = std::collections::HashMap::new();
        for change in uninterrupted(&fed) {
            use crate::engine::State::{Firing, Inactive, Pending, Resolved};
            let alert = change.alert.fingerprint;
            let before = states.insert(alert, change.to).unwrap_or(Inactive);
            let before = if before == Resolved { Inactive } else { before };
            prop_assert_eq!(before, change.from);
            prop_assert!(matches!(
                (change.from, change.to),
                (Inactive, Pending | Firing) | (Pending, Firing | Inactive) | (Firing, Resolved)
            ));
        }
    }
}

#[test]
fn a_success_alone_still_parts_what_is_read_late_after_a_restart() {
    let of = |now: i64, at: i64, code, cause| {
        let what = Given::Error { code, cause, key: Some("K".into()), api: None };
        Fed { at: seconds(at), what, ..error(now) }
    };
    let failure = |now, at| of(now, at, "APIG.0301", Some("aksk-signature"));
    let accepted = |at| of(at, at, "AIS.0104", None);
    let mut fed = vec![failure(0, 0), accepted(1), accepted(50)];
    fed.extend([failure(51, 20), failure(51, 20), failure(51, 20)]);
    fed.extend([failure(51, 51), failure(51, 51), failure(51, 51)]);
    let mut engine = engine(&[lockout()]);
    for event in &fed {
        event.feed(&mut engine);
        engine = restarted(&engine);
        engine.advance(event.now);
    }
    assert_eq!(engine.alerts(), []);
}
