//! When a group is told, and how often.

use super::*;

#[test]
fn a_group_is_told_after_its_wait_then_at_most_once_in_its_interval() {
    check(
        "0s fire noise api=a
         20s fire noise api=b
         31s fire noise api=c
         40s fire noise api=d
         10m poll",
        "30s default first: noise(api=a)* firing; noise(api=b)* firing
         5m30s default new: noise(api=c)* firing; noise(api=d)* firing; noise(api=a) firing; noise(api=b) firing",
    );
}

#[test]
fn a_change_after_hours_waits_only_for_company() {
    check(
        "0s fire noise api=a
         3h fire noise api=b
         4h poll",
        "30s default first: noise(api=a)* firing
         3h30s default new: noise(api=b)* firing; noise(api=a) firing",
    );
}

#[test]
fn a_critical_alert_waits_less_and_takes_its_group_with_it() {
    check("0s fire lockout critical\n1m poll", "10s default first: lockout()* firing");
    check(
        "route all by=
         0s fire noise warning
         5s fire lockout critical
         1m poll",
        "15s all first: lockout()* firing; noise()* firing",
    );
    check(
        "route all by=
         0s fire noise warning
         25s fire lockout critical
         1m poll",
        "30s all first: lockout()* firing; noise()* firing",
    );
}

#[test]
fn what_fires_on_is_repeated_until_it_is_resolved() {
    check(
        "0s fire noise
         1h poll
         5h poll
         9h resolve noise
         20h poll",
        "30s default first: noise()* firing
         4h30s default repeat 1: noise() firing
         8h30s default repeat 2: noise() firing
         9h30s default resolved: noise()* resolved",
    );
}

#[test]
fn a_change_puts_the_repeat_off() {
    check(
        "0s fire noise api=a
         5h poll
         6h fire noise api=b
         11h poll",
        "30s default first: noise(api=a)* firing
         4h30s default repeat 1: noise(api=a) firing
         6h30s default new: noise(api=b)* firing; noise(api=a) firing
         10h30s default repeat 1: noise(api=a) firing; noise(api=b) firing",
    );
}

#[test]
fn repeats_that_were_missed_are_skipped_but_for_the_last() {
    let (setup, policy, decisions) = run("0s fire noise\n30d poll");
    let shown: Vec<String> = decisions.iter().map(|decision| setup.show(decision)).collect();
    assert_eq!(shown.len(), 2);
    assert_eq!(shown[1], "29d20h30s default repeat 179: noise() firing");
    assert_eq!(policy.counters().repeats_skipped, 178);
}

#[test]
fn an_alert_that_was_over_before_it_was_told_is_told_once() {
    check(
        "0s fire noise\n10s resolve noise\n1d poll",
        "30s default first: noise()* fired-and-resolved",
    );
    // And between two notifications of its group, too.
    check(
        "0s fire noise api=a
         1m fire noise api=b
         2m resolve noise api=b
         1h poll",
        "30s default first: noise(api=a)* firing
         5m30s default new: noise(api=b)* fired-and-resolved; noise(api=a) firing",
    );
}

#[test]
fn an_alert_that_fired_several_times_is_told_with_their_number() {
    check(
        "0s fire noise\n5s resolve noise\n10s fire noise\n15s resolve noise\n20s fire noise
         1h poll",
        "30s default first: noise()* firing x3",
    );
    // The receiver knows of the first, and not that it was over meanwhile.
    check(
        "0s fire noise\n1m resolve noise\n2m fire noise\n1h poll",
        "30s default first: noise()* firing
         5m30s default new: noise()* firing",
    );
}

#[test]
fn an_alert_that_begins_to_flap_is_told_as_changed() {
    check(
        "0s fire noise\n10m flap noise\n1h resolve noise\n2h poll",
        "30s default first: noise()* firing
         10m30s default changed: noise()* firing
         1h30s default resolved: noise()* resolved",
    );
}

#[test]
fn a_group_is_gone_when_all_is_told() {
    let (_, policy, _) = run("0s fire noise\n1m resolve noise\n1h poll");
    assert_eq!(policy.next_deadline(), None);
    assert!(policy.state.groups.is_empty() && policy.firing.count() == 0);
    check(
        "0s fire noise\n1m resolve noise\n1h fire noise\n2h poll",
        "30s default first: noise()* firing
         5m30s default resolved: noise()* resolved
         1h30s default first: noise()* firing",
    );
}

#[test]
fn the_first_route_that_fits_is_taken_unless_it_proceeds() {
    check(
        "route log proceed wait=1s
         route page severity=critical wait=2s
         route mail rule!=quota wait=3s
         0s fire lockout critical
         1h fire noise
         2h fire quota
         3h poll",
        "1s log first: lockout()* firing
         2s page first: lockout()* firing
         1h1s log first: noise()* firing
         1h3s mail first: noise()* firing
         2h1s log first: quota()* firing
         2h30s default first: quota()* firing",
    );
}

#[test]
fn a_route_may_tell_no_ends_but_still_what_nobody_saw() {
    check(
        "route page firing-only
         0s fire noise api=a
         1h resolve noise api=a
         2h fire noise api=b
         2h1s resolve noise api=b
         10h poll",
        "30s page first: noise(api=a)* firing
         2h30s page first: noise(api=b)* fired-and-resolved",
    );
}

#[test]
fn pending_alerts_and_known_changes_are_nothing_to_tell() {
    let (setup, steps) = read("0s fire noise\n1h resolve noise");
    let mut policy = setup.policy();
    let Step::Change(fired) = &steps[0].1 else { panic!("a change") };
    let pending = Transition { to: State::Pending, from: State::Inactive, ..fired.clone() };
    policy.apply(Instant(0), &pending);
    assert_eq!(policy.next_deadline(), None);
    for (at, what) in steps.iter().chain(&steps) {
        step(&mut policy, (*at).max(setup.base.plus(Span::HOUR)), what);
    }
    policy.advance(setup.base.plus(Span::DAY));
    assert_eq!(policy.take().len(), 1);
    assert_eq!(policy.counters().known_again, 2);
}

#[test]
fn a_clock_that_is_set_back_makes_nobody_wait() {
    let (setup, steps) = read("365d fire noise\n10s poll\n1m poll");
    let mut policy = setup.policy();
    for (at, what) in &steps {
        step(&mut policy, *at, what);
    }
    let told: Vec<String> = policy.take().iter().map(|told| setup.show(told)).collect();
    assert_eq!(told, ["40s default first: noise()* firing"]);
    assert_eq!(policy.counters().clock_set_back, 1);
}

#[test]
fn an_id_names_what_is_told_not_when() {
    let ids = |script: &str| -> Vec<NotificationId> {
        let notified = run(script).2.into_iter().filter_map(|decision| match decision {
            Decision::Notify(told) => Some(told.id),
            Decision::Withhold(_) => None,
        });
        notified.collect()
    };
    let slow = ids("0s fire noise\n9h resolve noise\n1d poll");
    let quick = ids("route default wait=1s\n0s fire noise\n9h resolve noise\n1d poll");
    // Repeats are due at another instant, the changes are the same.
    assert_eq!((slow[0], slow.last()), (quick[0], quick.last()));
    let all = ids("0s fire noise\n5h poll\n9h poll\n10h resolve noise\n20h fire noise\n1d poll");
    let mut different = all.clone();
    different.sort();
    different.dedup();
    assert_eq!((all.len(), different.len()), (5, 5));
    assert_eq!(slow[0].to_string().parse(), Ok(slow[0]));
}

#[test]
fn an_alert_whose_rule_is_graver_now_moves_to_its_group() {
    let script = "route page severity=critical
         route mail by=severity
         0s fire noise warning
         1h flap noise critical
         2h resolve noise critical
         9h poll";
    check(
        script,
        "30s mail first: noise()* firing
         1h10s page first: noise()* firing
         2h10s page resolved: noise()* resolved",
    );
    check(
        "route mail by=severity
         0s fire noise warning
         1h flap noise critical
         2h resolve noise info
         9h poll",
        "30s mail first: noise()* firing
         1h10s mail changed: noise()* firing
         2h30s mail resolved: noise()* resolved",
    );
}

#[test]
fn what_stands_is_what_fires_and_was_told_to_that_receiver() {
    #[track_caller]
    fn check_standing(script: &str, expected: &str) {
        let (_, policy, _) = run(script);
        let standing = policy.standing("default");
        let names: Vec<_> = standing.iter().map(|told| told.alert.rule.to_string()).collect();
        assert_eq!(names.join(" "), expected, "{script}");
        assert!(policy.standing("other").is_empty());
    }
    check_standing("0s fire noise\n10s poll", "");
    check_standing("0s fire noise\n1m poll", "noise");
    check_standing("0s fire noise\n1m poll\n2m resolve noise\n2m poll", "");
    check_standing("0s fire noise\n1m poll\n2m resolve noise\n1h poll", "");
}

#[test]
fn what_is_due_at_the_very_instant_is_told() {
    check("0s fire noise\n30s poll", "30s default first: noise()* firing");
    let (_, mut policy, _) = run("0s fire noise");
    policy.advance(Instant(29_999));
    assert_eq!((policy.take().len(), policy.next_deadline()), (0, Some(Instant(30_000))));
}

#[test]
fn of_two_repeats_that_are_due_the_one_that_is_due_now_is_told() {
    check(
        "route all repeat=1h
         0s fire noise
         30s poll
         2h30s poll",
        "30s all first: noise()* firing
         2h30s all repeat 2: noise() firing",
    );
}

#[test]
fn a_matcher_says_in_words_what_it_asks() {
    let shown = |text: &str| matcher(text).map(|matcher| matcher.to_string());
    assert_eq!(shown("rule=aksk-*,api-*").as_deref(), Some("rule = aksk-* or api-*"));
    assert_eq!(shown("service!=test").as_deref(), Some("service != test"));
}

#[test]
fn what_no_route_takes_is_told_by_the_default_and_by_that_alone() {
    let routes_of = |routes: Vec<Route>, rule: &str| {
        let mut policy = Policy::new(PolicyConfig { routes, ..PolicyConfig::new() }, &[]);
        policy.apply(Instant(0), &Alerts::default().change(Instant(0), &["fire", rule]));
        policy.advance(Instant(60_000));
        let told = policy.take().into_iter().filter_map(|decision| match decision {
            Decision::Notify(told) => Some(told.route.to_string()),
            Decision::Withhold(_) => None,
        });
        told.collect::<Vec<_>>()
    };
    let noise =
        || Route { matchers: matcher("rule=noise").into_iter().collect(), ..Route::to("a") };
    assert_eq!(routes_of(vec![noise()], "noise"), ["a"]);
    assert_eq!(routes_of(vec![noise()], "quota"), ["default"]);
    assert_eq!(routes_of(vec![], "quota"), ["default"]);
    let all = Route { proceed: true, ..Route::to("all") };
    assert_eq!(routes_of(vec![all], "quota"), ["all"], "no other route is made up");
}

#[test]
fn what_fires_anew_though_its_end_was_never_heard_of_is_news() {
    let setup = Setup::new();
    let mut policy = setup.policy();
    for at in [0, 3_600_000] {
        let fired = Alerts::default().change(Instant(at), &["fire", "noise"]);
        policy.apply(Instant(at), &fired);
        policy.advance(Instant(at + 60_000));
    }
    let told: Vec<_> = policy.take().iter().map(|told| setup.show(told)).collect();
    assert_eq!(told, ["30s default first: noise()* firing", "1h30s default new: noise()* firing"]);
}
