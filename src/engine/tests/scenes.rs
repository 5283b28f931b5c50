//! What the documentation's facts ask of the engine, scene by scene.

use super::stream::{Fed, Given, count, error, lockout, rule, run, seconds, shown, silence};
use crate::engine::{
    Condition, Flap, LabelName, Matcher, New, Rule, Sequence, Source, Span, Threshold, Window,
};
use std::sync::Arc;

#[track_caller]
pub(super) fn check(rules: &[Rule], fed: &[Fed], expected: &str) {
    let text = shown(&run(rules, fed));
    let lines: Vec<_> = expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
}

/// A signature failure of a key.
pub(super) fn failure(at: i64, key: Option<&str>) -> Fed {
    let what = Given::Error {
        code: "APIG.0301",
        cause: Some("aksk-signature"),
        key: key.map(str::to_owned),
        api: None,
    };
    Fed { what, ..error(at) }
}

pub(super) fn success(at: i64, key: Option<&str>) -> Fed {
    Fed { what: Given::Success { key: key.map(str::to_owned), api: None }, ..error(at) }
}

pub(super) fn line(at: i64) -> Fed {
    Fed { what: Given::Line, ..error(at) }
}

pub(super) fn in_source(source: &str, fed: Fed) -> Fed {
    Fed { source: Source::named(source), ..fed }
}

pub(super) fn failures(times: std::ops::RangeInclusive<i64>, key: Option<&str>) -> Vec<Fed> {
    times.map(|at| failure(at, key)).collect()
}

#[test]
fn six_signature_failures_of_one_key_are_a_lockout() {
    let fed = failures(1..=6, Some("K"));
    check(
        &[lockout()],
        &fed,
        "6 firing aksk-lockout{credential=K} 6 of inactive Consecutive { count: 6, success_visible: false }
         306 resolved aksk-lockout{credential=K} 6 of firing Quiet { since: Instant(6000) }",
    );
    let fired = run(&[lockout()], &fed);
    assert_eq!(fired[0].alert.locked_until, Some(seconds(306)));
    let sampled: Vec<_> = fired[0].alert.evidence.samples.iter().map(|it| it.at).collect();
    assert_eq!(sampled, [seconds(1), seconds(5), seconds(6)]);
}

#[test]
fn five_failures_and_a_success_are_none() {
    let mut fed = failures(1..=5, Some("K"));
    fed.push(success(6, Some("K")));
    fed.extend(failures(7..=11, Some("K")));
    check(&[lockout()], &fed, "");
}

#[test]
fn five_of_one_key_and_five_of_another_are_none() {
    let mut fed = failures(1..=5, Some("K"));
    fed.extend(failures(6..=10, Some("L")));
    check(&[lockout()], &fed, "");
}

#[test]
fn expired_tokens_do_not_count() {
    let mut fed = failures(1..=5, Some("K"));
    let what = Given::Error {
        code: "APIG.0301",
        cause: Some("token-expired"),
        key: Some("K".into()),
        api: None,
    };
    fed.extend((6..20).map(|at| Fed { what: what.clone(), ..error(at) }));
    check(&[lockout()], &fed, "");
}

#[test]
fn a_failure_during_the_lock_extends_it() {
    let mut fed = failures(1..=6, Some("K"));
    fed.push(failure(200, Some("K")));
    check(
        &[lockout()],
        &fed,
        "6 firing aksk-lockout{credential=K} 6 of inactive Consecutive { count: 6, success_visible: false }
         500 resolved aksk-lockout{credential=K} 7 of firing Quiet { since: Instant(200000) }",
    );
}

#[test]
fn a_success_ends_the_lockout_at_once() {
    let mut fed = failures(1..=6, Some("K"));
    fed.push(success(100, Some("K")));
    check(
        &[lockout()],
        &fed,
        "6 firing aksk-lockout{credential=K} 6 of inactive Consecutive { count: 6, success_visible: false }
         100 resolved aksk-lockout{credential=K} 6 of firing Success { at: Instant(100000) }",
    );
}

#[test]
fn after_the_lock_is_over_counting_begins_anew() {
    let mut fed = failures(1..=6, Some("K"));
    fed.extend(failures(400..=404, Some("K")));
    assert_eq!(run(&[lockout()], &fed).len(), 2);
    fed.push(failure(405, Some("K")));
    assert_eq!(run(&[lockout()], &fed).len(), 4);
}

#[test]
fn a_success_without_a_key_ends_the_only_row_of_its_source() {
    for key in [Some("K"), None] {
        let mut fed = failures(1..=5, key);
        fed.push(success(6, None));
        fed.extend(failures(7..=11, key));
        check(&[lockout()], &fed, "");
    }
}

#[test]
fn a_success_in_an_access_log_ends_the_only_row_there_is() {
    let mut fed = failures(1..=5, Some("K"));
    fed.push(in_source("access.log", success(6, None)));
    fed.extend(failures(7..=11, Some("K")));
    check(&[lockout()], &fed, "");
}

#[test]
fn a_success_that_may_be_of_either_key_ends_no_row() {
    let mut fed = vec![failure(0, Some("L"))];
    fed.extend(failures(1..=5, Some("K")));
    fed.push(success(6, None));
    fed.push(failure(7, Some("K")));
    assert_eq!(run(&[lockout()], &fed).len(), 2);
}

#[test]
fn an_error_from_behind_the_gateway_proves_its_key_but_no_other() {
    let behind = |key: Option<&str>| {
        let key = key.map(str::to_owned);
        Fed { what: Given::Error { code: "AIS.0104", cause: None, key, api: None }, ..error(6) }
    };
    for (key, alerts) in [(Some("K"), 0), (Some("L"), 2), (None, 2)] {
        let mut fed = failures(1..=5, Some("K"));
        fed.push(behind(key));
        fed.push(failure(7, Some("K")));
        assert_eq!(run(&[lockout()], &fed).len(), alerts, "{key:?}");
    }
}

fn not_subscribed(hold: i64, keep: i64) -> Rule {
    Rule {
        group_by: Arc::from([LabelName::Api]),
        hold: Span(hold * 1000),
        keep_firing_for: Span(keep * 1000),
        ..rule("not-subscribed", "ModelArts.4204", count(1, 60))
    }
}

fn call_of(at: i64, api: &str) -> Fed {
    let api = Some(api.to_owned());
    Fed { what: Given::Error { code: "ModelArts.4204", cause: None, key: None, api }, ..error(at) }
}

#[test]
fn one_call_of_an_api_that_is_not_subscribed_fires_once_for_the_api() {
    let fed = [call_of(1, "id-card"), call_of(2, "id-card"), call_of(3, "vat-invoice")];
    check(
        &[not_subscribed(0, 0)],
        &fed,
        "1 firing not-subscribed{api=id-card} 1 of inactive Count { count: 1, within: Span(60000) }
         3 firing not-subscribed{api=vat-invoice} 1 of inactive Count { count: 1, within: Span(60000) }
         62 resolved not-subscribed{api=id-card} 2 of firing Quiet { since: Instant(62000) }
         63 resolved not-subscribed{api=vat-invoice} 1 of firing Quiet { since: Instant(63000) }",
    );
}

#[test]
fn a_condition_that_does_not_last_stays_pending() {
    check(
        &[not_subscribed(90, 0)],
        &[call_of(1, "a")],
        "1 pending not-subscribed{api=a} 1 of inactive Count { count: 1, within: Span(60000) }
         61 inactive not-subscribed{api=a} 1 of pending NotHeld",
    );
    check(
        &[not_subscribed(90, 0)],
        &[call_of(1, "a"), call_of(50, "a")],
        "1 pending not-subscribed{api=a} 1 of inactive Count { count: 1, within: Span(60000) }
         91 firing not-subscribed{api=a} 2 of pending Held { hold: Span(90000) }
         110 resolved not-subscribed{api=a} 2 of firing Quiet { since: Instant(110000) }",
    );
}

#[test]
fn an_alert_that_fires_too_often_is_one_flapping_alert() {
    let flap = Some(Flap { times: 3, within: Span(3_600_000) });
    let flapping = Rule { flap, ..not_subscribed(0, 0) };
    let fed: Vec<_> = (0..6).map(|time| call_of(time * 200, "a")).collect();
    let changes = run(&[flapping], &fed);
    let text = shown(&changes);
    assert_eq!(changes.len(), 6, "{text}");
    assert!(text.contains("400 firing not-subscribed{api=a} 1 of inactive Flapping"), "{text}");
    assert!(changes[4].alert.flapping);
    assert!(text.ends_with("Quiet { since: Instant(1060000) }\n"), "{text}");
    assert_eq!(changes[5].at, seconds(1060 + 3600));
}

#[test]
fn silence_is_told_by_time_and_ends_with_a_line() {
    check(
        &[silence(600)],
        &[line(0), line(300), line(2000), in_source("other.log", line(2500))],
        "900 firing silent{source=app.log} 0 of inactive Absent { since: Instant(300000) }
         2000 resolved silent{source=app.log} 0 of firing Back
         2600 firing silent{source=app.log} 0 of inactive Absent { since: Instant(2000000) }
         3100 firing silent{source=other.log} 0 of inactive Absent { since: Instant(2500000) }",
    );
}

#[test]
fn nothing_is_new_in_the_first_run_and_what_comes_later_is() {
    let new = Condition::New(New { unseen: Span::DAY, learning: Span::HOUR });
    let new = Rule { group_by: Arc::from([LabelName::Api]), ..rule("new", "ModelArts.4204", new) };
    let fed = [call_of(0, "a"), call_of(10, "b"), call_of(4000, "a"), call_of(4001, "c")];
    check(
        &[new],
        &fed,
        "4001 firing new{api=c} 1 of inactive New { unseen_since: None }
         4001 resolved new{api=c} 1 of firing Quiet { since: Instant(4001000) }",
    );
}

#[test]
fn different_values_count_once_each() {
    let window = Window { span: Span(60_000), aligned: false };
    let threshold = Threshold { at_least: 3, clear_below: 3, window };
    let distinct = rule("many", "ModelArts.4204", Condition::Distinct(LabelName::Api, threshold));
    let fed = [call_of(0, "a"), call_of(1, "b"), call_of(2, "a"), call_of(3, "b")];
    check(std::slice::from_ref(&distinct), &fed, "");
    let fed = [call_of(0, "a"), call_of(1, "b"), call_of(50, "a"), call_of(60, "c")];
    check(
        &[distinct],
        &fed,
        "60 firing many{} 3 of inactive Distinct { count: 3, within: Span(60000) }
         61 resolved many{} 3 of firing Quiet { since: Instant(61000) }",
    );
}

#[test]
fn a_sequence_is_its_second_event_soon_behind_the_first() {
    let then = Matcher { event: crate::engine::EventKind::Success, ..Matcher::default() };
    let sequence = Condition::Sequence(Sequence { then, within: Span(60_000) });
    let sequence = rule("recovered", "APIG.0301", sequence);
    check(
        &[sequence],
        &[success(0, None), error(10), success(65, None), success(100, None)],
        "65 firing recovered{} 2 of inactive Sequence { after: Span(55000) }
         65 resolved recovered{} 2 of firing Quiet { since: Instant(65000) }",
    );
}

#[test]
fn a_success_between_two_rows_makes_two_alerts_and_the_first_says_when_it_ended() {
    let mut fed = failures(1..=6, Some("K"));
    fed.push(success(7, Some("K")));
    fed.extend(failures(8..=13, Some("K")));
    let changes = run(&[lockout()], &fed);
    let told: Vec<_> = changes.iter().map(|change| (change.at, change.alert.resolved_at)).collect();
    let expected = [(6, None), (7, Some(7)), (13, None), (313, Some(313))];
    let expected = expected.map(|(at, resolved_at)| (seconds(at), resolved_at.map(seconds)));
    assert_eq!(told, expected);
}

#[test]
fn what_ends_an_alert_brings_its_end_nearer() {
    let mut engine = super::stream::engine(&[lockout()]);
    for event in failures(1..=6, Some("K")) {
        event.feed(&mut engine);
    }
    let lateness = crate::engine::Settings::default().lateness;
    let behind = |at| Some(seconds(at).plus(lateness).plus(Span(1)));
    assert_eq!(engine.next_deadline(), behind(306));
    success(7, Some("K")).feed(&mut engine);
    assert_eq!(engine.next_deadline(), behind(7));
}

#[test]
fn what_is_new_is_learnt_from_the_first_event_of_the_rule_on() {
    let new = Condition::New(New { unseen: Span::DAY, learning: Span::HOUR });
    let new = Rule { group_by: Arc::from([LabelName::Api]), ..rule("new", "ModelArts.4204", new) };
    let fed = [call_of(100_000, "a"), call_of(103_599, "b"), call_of(103_600, "c")];
    let changes = run(&[new], &fed);
    assert_eq!(changes.iter().map(|change| change.at).collect::<Vec<_>>(), [seconds(103_600); 2]);
}

#[test]
fn a_success_without_a_key_ends_the_row_of_its_own_log() {
    let mut fed = vec![in_source("b.log", failure(0, Some("L")))];
    fed.extend(failures(1..=5, Some("K")).into_iter().map(|fed| in_source("a.log", fed)));
    fed.push(in_source("a.log", success(6, None)));
    fed.push(in_source("a.log", failure(7, Some("K"))));
    check(&[lockout()], &fed, "");
}

#[test]
fn a_burst_far_behind_an_alert_is_another_alert() {
    let mut fed = vec![error(1)];
    for moment in 0..100 {
        let at = seconds(60).plus(Span(moment));
        fed.push(Fed { now: at, at, ..error(60) });
    }
    let changes = run(&[rule("one", "APIG.0301", count(1, 10))], &fed);
    let told: Vec<_> = changes.iter().map(|it| (it.to.to_string(), it.at.0 / 1000)).collect();
    let expected = [("firing", 1), ("resolved", 11), ("firing", 60), ("resolved", 70)];
    assert_eq!(told, expected.map(|(state, at)| (state.to_owned(), at)));
}

#[test]
fn a_share_has_the_samples_of_its_whole_window() {
    let of = Matcher { event: crate::engine::EventKind::Call, ..Matcher::default() };
    let ratio = crate::engine::Ratio {
        of,
        at_least_permille: 750,
        clear_below_permille: 750,
        floor: 4,
        needs_success: true,
        window: Span(60_000),
    };
    let changes = run(
        &[rule("share", "APIG.0301", Condition::Ratio(ratio))],
        &[success(1, None), error(10), error(20), error(30)],
    );
    assert_eq!(
        shown(&changes),
        "30 firing share{} 3 of inactive Ratio { permille: 750, of: 4, within: Span(60000) }\n\
         65 resolved share{} 3 of firing Quiet { since: Instant(65000) }\n"
    );
    let sampled: Vec<_> = changes[0].alert.evidence.samples.iter().map(|it| it.at).collect();
    assert_eq!(sampled, [10, 20, 30].map(seconds));
}

#[test]
fn a_success_of_whatever_key_shows_that_successes_are_visible() {
    let reason_of = |fed: &[Fed]| shown(&run(&[lockout()], fed));
    let mut fed = failures(1..=6, Some("K"));
    assert!(reason_of(&fed).contains("success_visible: false"));
    fed.insert(0, success(0, Some("L")));
    assert!(reason_of(&fed).contains("success_visible: true"));
}

#[test]
fn a_line_at_each_end_of_the_time_is_no_silence() {
    let alert = &run(&[silence(600)], &[line(5)])[0].alert;
    assert_eq!((alert.first_at, alert.last_at), (seconds(5), seconds(5)), "of its last line");
    check(
        &[silence(600)],
        &[line(0), line(600), line(1200), line(1801)],
        "1800 firing silent{source=app.log} 0 of inactive Absent { since: Instant(1200000) }
         1801 resolved silent{source=app.log} 0 of firing Back
         2401 firing silent{source=app.log} 0 of inactive Absent { since: Instant(1801000) }",
    );
}
