//! What is kept, and what becomes of the rest.

use super::*;

#[test]
fn groups_that_find_no_room_are_told_as_one() {
    let script = "route all by=api
         limit groups 2
         0s fire noise api=a
         0s fire noise api=b
         0s fire noise api=c
         0s fire noise api=d
         6m resolve noise api=a
         7m fire noise api=e
         20m resolve noise api=c
         30m resolve noise api=d
         1h poll";
    check(
        script,
        "30s all first (overflow): noise(api=c)* firing; noise(api=d)* firing
         30s all first: noise(api=a)* firing
         30s all first: noise(api=b)* firing
         6m30s all resolved: noise(api=a)* resolved
         7m30s all new (overflow): noise(api=e)* firing; noise(api=c) firing; noise(api=d) firing
         20m30s all resolved (overflow): noise(api=c)* resolved; noise(api=d) firing; noise(api=e) firing
         30m30s all resolved (overflow): noise(api=d)* resolved; noise(api=e) firing",
    );
    assert_eq!(run(script).1.counters().overflowed, 3);
}

#[test]
fn a_notification_lists_news_first_then_the_graver() {
    let script = "route all by=
         limit listed 2
         0s fire noise api=a
         0s fire noise api=b
         0s fire quota info
         0s fire lockout critical
         1h fire quota info api=z
         2h poll";
    check(
        script,
        "10s all first: lockout()* firing; noise(api=a)* firing; 2 more
         1h30s all new: quota(api=z)* firing; lockout() firing; 3 more",
    );
    assert_eq!(run(script).1.counters().alerts_left_out, 5);
}

#[test]
fn alerts_silences_and_the_log_have_limits_that_are_counted() {
    let script = "limit alerts 1
         limit silences 1
         limit withheld 0
         0s silence a 1h
         0s silence b 1h
         0s fire noise api=a
         0s fire noise api=b
         10m poll";
    check(script, "");
    let counters = *run(script).1.counters();
    assert_eq!((counters.alerts_refused, counters.silences_refused), (1, 1));
    assert_eq!((counters.withheld, counters.withheld_left_out), (1, 1));
}

#[test]
fn what_was_told_what_was_withheld_and_what_was_never_told_are_counted() {
    let script = "mute all UTC Thu 00:00-24:00 rule=noise
         0s fire noise api=a
         0s fire noise api=b
         0s fire quota api=a
         0s fire quota api=b
         1m poll
         2m resolve noise api=a
         2m resolve noise api=b
         10m poll";
    let counters = *run(script).1.counters();
    assert_eq!((counters.notifications, counters.withheld, counters.never_told), (1, 2, 2));
}

#[test]
fn a_silence_that_replaces_another_needs_no_room() {
    let script = "limit silences 1\n0s silence a 1h rule=noise\n0s silence a 2h rule=quota";
    let (_, policy, _) = run(script);
    assert_eq!(policy.counters().silences_refused, 0);
    let held: Vec<_> = policy.silences().map(|(silence, _)| silence.matchers.len()).collect();
    assert_eq!(held, [1]);
}

#[test]
fn a_notification_counts_what_fires_and_what_is_over() {
    let (_, _, decisions) = run("route all by=
         0s fire noise api=a
         0s fire noise api=b
         0s fire noise api=c
         1m resolve noise api=a
         1h poll");
    let counts = decisions.iter().filter_map(|decision| match decision {
        Decision::Notify(told) => Some((told.firing, told.resolved)),
        Decision::Withhold(_) => None,
    });
    assert_eq!(counts.collect::<Vec<_>>(), [(3, 0), (2, 1)]);
}

#[test]
fn what_came_and_went_and_is_withheld_when_it_is_due_is_counted_as_never_told() {
    let script = "0s fire noise
         10s resolve noise
         20s silence s 1h rule=noise
         1m poll";
    assert_eq!(run(script).1.counters().never_told, 1);
}
