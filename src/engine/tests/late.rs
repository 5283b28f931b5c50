//! What is read later than what happened behind it, in time or not.

use super::scenes::{check, failure, failures, in_source, line, success};
use super::stream::{Fed, count, error, lockout, rule, run, seconds, silence};
use crate::engine::{Condition, Matcher, Sequence, Span, State, Threshold, Window};

#[test]
fn a_success_that_comes_late_still_prevents_the_lockout_it_stood_before() {
    let mut fed = failures(1..=5, Some("K"));
    let late = success(3, Some("K"));
    fed.push(Fed { now: seconds(10), ..late });
    fed.extend(failures(11..=13, Some("K")));
    check(&[lockout()], &fed, "");
}

#[test]
fn a_success_that_is_read_late_takes_back_the_lockout_that_it_refutes() {
    let mut fed = failures(1..=6, Some("K"));
    fed.push(Fed { now: seconds(20), ..success(3, Some("K")) });
    check(
        &[lockout()],
        &fed,
        "6 firing aksk-lockout{credential=K} 6 of inactive Consecutive { count: 6, success_visible: false }
         6 resolved aksk-lockout{credential=K} 6 of firing Success { at: Instant(3000) }",
    );
}

#[test]
fn an_event_from_the_future_or_the_far_past_counts_as_of_now() {
    let shifted = |now: i64, at: i64| Fed { at: seconds(at), ..error(now) };
    let far = [shifted(100_000, 100_000_000), shifted(100_001, 5), error(100_002)];
    let fired = run(&[rule("three", "APIG.0301", count(3, 60))], &far);
    assert_eq!(fired[0].at, seconds(100_002));
    assert_eq!(fired[0].alert.clamped, 2);
}

#[test]
fn a_late_event_counts_where_it_belongs_and_the_alert_says_so() {
    let late = Fed { at: seconds(1030), ..error(1070) };
    let fed = [error(1000), error(1001), error(1069), late];
    let fired = run(&[rule("four", "APIG.0301", count(4, 100))], &fed);
    assert_eq!(fired[0].at, seconds(1069));
    assert_eq!(fired[0].alert.late, 1);
}

#[test]
fn a_line_that_is_read_too_late_still_ends_the_silence_that_it_was_in() {
    let late = Fed { now: seconds(1060), ..line(1000) };
    check(
        &[silence(600)],
        &[line(0), late],
        "600 firing silent{source=app.log} 0 of inactive Absent { since: Instant(0) }
         1000 resolved silent{source=app.log} 0 of firing Back
         1600 firing silent{source=app.log} 0 of inactive Absent { since: Instant(1000000) }",
    );
}

#[test]
fn an_end_at_the_watermark_itself_is_not_settled() {
    let window = Window { span: Span(10_000), aligned: false };
    let threshold = Threshold { at_least: 3, clear_below: 1, window };
    let three = rule("three", "APIG.0301", Condition::Count(threshold));
    let late = Fed { now: seconds(43), ..error(5) };
    let changes = run(&[three], &[error(1), error(2), error(3), late]);
    assert_eq!(changes.iter().map(|it| it.at).collect::<Vec<_>>(), [seconds(3), seconds(15)]);
}

#[test]
fn a_sequence_that_is_read_late_is_one_all_the_same() {
    let then = Matcher { event: crate::engine::EventKind::Success, ..Matcher::default() };
    let sequence = Condition::Sequence(Sequence { then, within: Span(60_000) });
    let late = |fed: Fed| Fed { now: seconds(100), ..fed };
    check(
        &[rule("recovered", "APIG.0301", sequence)],
        &[late(error(10)), late(success(15, None))],
        "15 firing recovered{} 2 of inactive Sequence { after: Span(5000) }
         15 resolved recovered{} 2 of firing Quiet { since: Instant(15000) }",
    );
}

/// The lateness is 30 s: what is read 30 s late is in time, and nothing is settled before it.
#[test]
fn what_comes_as_late_as_it_may_still_counts() {
    let late = |fed: Fed, now: i64| Fed { now: seconds(now), ..fed };
    let mut fed = failures(1..=6, Some("K"));
    fed.push(success(100, Some("K")));
    fed.push(failure(130, Some("L")));
    fed.push(late(failure(100, Some("K")), 130));
    check(
        &[lockout()],
        &fed,
        "6 firing aksk-lockout{credential=K} 6 of inactive Consecutive { count: 6, success_visible: false }
         100 resolved aksk-lockout{credential=K} 7 of firing Success { at: Instant(100000) }",
    );
    let of = |source: &str, fed: Fed| in_source(source, fed);
    let silent: Vec<_> = run(
        &[silence(600)],
        &[of("a", line(0)), of("b", line(630)), late(of("a", line(600)), 630)],
    );
    let fired: Vec<_> = silent.iter().map(|change| (change.at, change.from)).collect();
    assert_eq!(fired, [(seconds(1200), State::Inactive), (seconds(1230), State::Inactive)]);
}
