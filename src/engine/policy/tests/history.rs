//! What changed while nobody watched.

use super::*;

#[test]
fn a_history_is_one_notification_with_what_fires_first() {
    check(
        "1h past fire noise
         1h past fire quota
         2h past resolve quota
         3h past fire lockout critical
         4h past resolve lockout
         1d end
         1d1h poll",
        "1d default historical: noise()* firing; lockout()* fired-and-resolved; \
         quota()* fired-and-resolved",
    );
}

#[test]
fn each_receiver_gets_its_own_for_all_its_groups() {
    check(
        "route a to=ops rule=noise
         route b to=ops rule=quota
         1h past fire noise
         1h past fire quota
         1h past fire lockout
         1d end",
        "1d default historical: lockout()* firing
         1d ops historical: noise()* firing; quota()* firing",
    );
}

#[test]
fn two_routes_to_one_receiver_tell_an_alert_once() {
    check(
        "route a to=ops proceed
         route b to=ops by=
         1h past fire noise
         1d end",
        "1d ops historical: noise()* firing",
    );
}

#[test]
fn what_was_told_before_and_is_over_is_resolved_and_what_goes_on_is_listed_behind() {
    check(
        "0s fire noise
         0s fire quota
         1m poll
         2h past resolve noise
         2h past fire lockout
         1d end",
        "30s default first: noise()* firing
         30s default first: quota()* firing
         1d default historical: lockout()* firing; noise()* resolved; quota() firing",
    );
}

#[test]
fn nothing_new_is_no_notification() {
    check("1d end\n2d poll", "");
    check(
        "route all by= repeat=3d
         0s fire noise
         1h poll
         1d end
         2d poll",
        "30s all first: noise()* firing",
    );
}

#[test]
fn what_was_not_yet_due_when_the_watch_ended_is_part_of_it() {
    check("0s fire noise\n1d end\n1d1h poll", "1d default historical: noise()* firing");
}

#[test]
fn afterwards_things_go_their_usual_way() {
    check(
        "1h past fire noise
         1d end
         1d4h poll
         1d5h resolve noise
         1d5h5m fire noise
         1d6h poll",
        "1d default historical: noise()* firing
         1d4h default repeat 1: noise() firing
         1d5h30s default resolved: noise()* resolved
         1d5h5m30s default first: noise()* firing",
    );
}

#[test]
fn nothing_is_due_before_the_end() {
    let (_, policy, decisions) = run("0s fire noise\n1h past fire quota\n9h poll");
    assert_eq!((decisions.len(), policy.next_deadline()), (0, None));
    // A live change belongs to it, too.
    check(
        "1h past fire noise
         1d fire quota
         1d1h end",
        "1d1h default historical: noise()* firing; quota()* firing",
    );
}

#[test]
fn several_times_are_told_as_one_with_their_number() {
    check(
        "1h past fire noise
         2h past resolve noise
         3h past fire noise
         4h past resolve noise
         5h past fire noise
         1d end",
        "1d default historical: noise()* firing x3",
    );
}

#[test]
fn what_is_withheld_when_it_ends_is_told_when_that_is_over() {
    check(
        "mute night UTC Thu 20:00-24:00
         1h past fire noise
         20h30m end
         1d1h poll",
        "20h30m withheld noise: mute night
         1d default mute-ended: noise()* firing (was withheld by mute night)",
    );
    check(
        "route ops by=rule repeat=9d
         1h past fire noise
         2h past fire quota
         3h silence s 1d rule=noise by ann because work
         4h end
         1d4h poll",
        "4h ops historical: quota()* firing
         4h withheld noise: silence s by ann because work
         1d3h ops silence-ended: noise()* firing (was withheld by silence s by ann because work)",
    );
    check(
        "inhibit lockout noise
         1h past fire noise
         2h past fire lockout
         4h end
         5h resolve lockout
         6h poll",
        "4h default historical: lockout()* firing
         4h withheld noise: alert of lockout
         5h30s default resolved: lockout()* resolved
         5h30s default inhibition-ended: noise()* firing (was withheld by alert of lockout)",
    );
}

#[test]
fn what_came_and_went_is_not_told_if_it_is_muted_at_the_end() {
    let script = "mute night UTC Thu 20:00-24:00
         1h past fire noise
         2h past resolve noise
         20h30m end
         2d poll";
    check(script, "20h30m withheld noise: mute night");
    let (_, policy, _) = run(script);
    assert_eq!(policy.counters().never_told, 1);
}

#[test]
fn what_came_and_went_is_not_told_if_it_was_withheld_all_along() {
    let script = "mute early UTC Thu 01:00-03:00
         mute late UTC Thu 09:00-11:00
         1h past fire noise
         2h past resolve noise
         12h end";
    check(script, "2h withheld noise: mute early");
    let (_, policy, _) = run(script);
    assert_eq!(policy.counters().never_told, 1);
    // Neither the end nor the beginning alone, nor both with a day between.
    for (from, to) in [("1h", "5h"), ("5h", "10h"), ("1h", "10h")] {
        check(
            &format!(
                "mute early UTC Thu 01:00-03:00
                 mute late UTC Thu 09:00-11:00
                 {from} past fire noise
                 {to} past resolve noise
                 12h end"
            ),
            "12h default historical: noise()* fired-and-resolved",
        );
    }
    check(
        "inhibit lockout noise
         1h past fire noise
         1h past fire lockout
         2h past resolve noise
         3h past resolve lockout
         12h end",
        "2h withheld noise: alert of lockout
         12h default historical: lockout()* fired-and-resolved",
    );
    check(
        "inhibit lockout noise
         1h past fire noise
         2h past fire lockout
         3h past resolve noise
         4h past resolve lockout
         12h end",
        "12h default historical: noise()* fired-and-resolved; lockout()* fired-and-resolved",
    );
}

#[test]
fn what_was_withheld_before_and_fired_on_without_is_told() {
    check(
        "mute early UTC Thu 00:00-03:00
         1h fire noise
         2h poll
         9h past resolve noise
         12h end",
        "1h30s withheld noise: mute early
         12h default historical: noise()* fired-and-resolved (was withheld by mute early)",
    );
}

#[test]
fn a_silence_that_ends_meanwhile_ends_at_its_own_instant() {
    check(
        "0s silence s 3h rule=noise by ann because work
         1h past fire noise
         4h past resolve noise
         5h past fire quota
         6h end",
        "6h default historical: quota()* firing; noise()* fired-and-resolved \
         (was withheld by silence s by ann because work)",
    );
    check(
        "0s silence s 3h rule=noise by ann because work
         1h past fire noise
         2h past resolve noise
         5h past fire quota
         6h end",
        "2h withheld noise: silence s by ann because work
         6h default historical: quota()* firing",
    );
}

#[test]
fn it_lists_as_many_as_the_limit_and_counts_the_rest() {
    let (_, policy, decisions) = run("limit listed 2
         limit alerts 3
         1h past fire noise key=a
         2h past resolve noise key=a
         1h past fire noise key=b
         2h past resolve noise key=b
         1h past fire noise key=c
         2h past resolve noise key=c
         1h past fire noise key=d
         2h past resolve noise key=d
         3h past fire noise key=e
         1d end");
    let [Decision::Notify(told)] = &decisions[..] else { panic!("{decisions:?}") };
    assert_eq!((told.alerts.len(), told.left_out), (2, 3));
    assert_eq!((told.firing, told.resolved), (1, 4));
    assert_eq!(told.alerts[0].status, AlertStatus::Firing);
    let counters = policy.counters();
    assert_eq!((counters.alerts_left_out, counters.alerts_refused), (3, 1));
}

#[test]
fn what_comes_again_makes_room() {
    check(
        "limit alerts 1
         1h past fire noise
         2h past resolve noise
         3h past fire noise
         4h past resolve noise
         1d end",
        "1d default historical: noise()* fired-and-resolved x2",
    );
}

#[test]
fn it_says_of_what_time_it_tells_and_has_no_group() {
    let (_, _, decisions) = run("route ops to=chat by=rule
         2h past fire noise
         1d end");
    let [Decision::Notify(told)] = &decisions[..] else { panic!("{decisions:?}") };
    let covered = Covered { from: Instant(0), until: Instant(Span::DAY.0) };
    assert_eq!(told.covers, Some(covered));
    assert_eq!((&*told.route, &told.group[..], told.is_overflow), ("ops", &[][..], false));
    let text = serde_json::to_value(told).expect("a notification");
    assert_eq!(text["reason"], "historical");
}

#[test]
fn the_same_changes_have_the_same_id_whenever_they_are_told() {
    let at = |end: &str| {
        ids(&run(&format!(
            "1h past fire noise\n2h past fire quota\n3h past resolve quota\n{end} end"
        ))
        .2)
    };
    assert_eq!(at("1d"), at("2d"));
    let others = ids(&run("1h past fire noise\n2h past fire quota\n1d end").2);
    assert_ne!(at("1d"), others);
}

#[test]
fn what_only_a_silence_s_end_makes_news_again_has_another_id() {
    let script = "route ops by=rule repeat=9d
         1h past fire noise
         1d end
         1d1h silence s 1h rule=noise by ann because work
         2d past fire quota
         2d past resolve quota
         3d end";
    check(
        script,
        "1d ops historical: noise()* firing
         3d ops historical: noise()* firing (was withheld by silence s by ann because work); \
         quota()* fired-and-resolved",
    );
    let alone = script.replace("2d past fire quota", "").replace("2d past resolve quota", "");
    let ids = ids(&run(&alone).2);
    assert_eq!(ids.len(), 2);
    assert_ne!(ids[0], ids[1]);
}

#[test]
fn a_policy_says_once_that_it_changed() {
    let (setup, steps) = read("0s fire noise\n1m poll\n2m poll");
    let mut policy = setup.policy();
    assert!(policy.changed().is_some(), "nobody knows it yet");
    assert!(policy.changed().is_none());
    let mut changed = Vec::new();
    for (at, what) in &steps {
        step(&mut policy, *at, what);
        changed.push(policy.changed().is_some());
    }
    assert_eq!(changed, [true, true, false]);
    assert_eq!(policy.take().len(), 1);
    assert!(policy.changed().is_some(), "decisions were taken");
    assert!(policy.take().is_empty() && policy.changed().is_none());
    policy.advance(Instant(0));
    assert!(policy.changed().is_some(), "the clock was set back");
    assert!(!policy.expire_silence(Instant(0), "none") && policy.changed().is_none());
    let kept = policy.snapshot().clone();
    let mut restored = Policy::restore(setup.config.clone(), &setup.rules, kept);
    assert!(restored.changed().is_some(), "the configuration may be another one");
}

#[test]
fn a_silence_that_ends_as_the_history_does_is_over() {
    let (_, policy, _) = run("0s silence s 1d rule=quota\n1h past fire noise\n1d end");
    assert_eq!(policy.silences().count(), 0);
    check(
        "0s silence s 1h rule=noise
         30m past fire noise
         1h past resolve noise
         2h end",
        "2h default historical: noise()* fired-and-resolved \
         (was withheld by silence s by ? because ?)",
    );
}

#[test]
fn what_an_alert_of_that_very_instant_explains_is_not_told() {
    let decided = |cause: &str| {
        let (setup, _, decisions) = run(&format!(
            "inhibit lockout noise
             30m past fire noise
             {cause} past fire lockout
             1h past resolve noise
             2h end"
        ));
        decisions.iter().map(|decision| setup.show(decision)).collect::<Vec<_>>()
    };
    assert_eq!(
        decided("30m30s"),
        ["1h withheld noise: alert of lockout", "2h default historical: lockout()* firing"]
    );
    assert_eq!(
        decided("30m31s"),
        ["2h default historical: lockout()* firing", "2h withheld noise: alert of lockout"],
        "a moment later it is the end of the history that decides"
    );
}

#[test]
fn mutes_that_touch_withhold_what_came_in_one_and_went_in_the_other() {
    check(
        "mute a UTC Thu 00:00-02:00
         mute b UTC Thu 02:00-04:00
         1h past fire noise
         2h past resolve noise
         5h end",
        "2h withheld noise: mute b",
    );
}

#[test]
fn of_two_routes_to_one_receiver_the_one_to_whom_it_is_news_counts() {
    check(
        "route a to=ops proceed
         route b to=ops by= wait=1h
         0s fire noise
         1m poll
         2m past fire quota
         1d end",
        "30s ops first: noise()* firing
         1d ops historical: noise()* firing; quota()* firing",
    );
}
