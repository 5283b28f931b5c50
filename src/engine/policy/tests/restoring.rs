//! Another run, with the same configuration or another one.

use super::*;

/// What is decided when the second configuration takes over at an instant.
#[track_caller]
fn check(before: &str, after: &str, expected: &str) {
    let (_, policy, _) = run(before);
    let (setup, steps) = read(after);
    let text = serde_json::to_string(&policy.snapshot()).expect("a snapshot");
    let snapshot = serde_json::from_str(&text).expect("the snapshot");
    let mut policy = Policy::restore(setup.config.clone(), &setup.rules, snapshot);
    policy.take();
    for (at, what) in &steps {
        step(&mut policy, *at, what);
    }
    let decided: Vec<String> = policy.take().iter().map(|told| setup.show(told)).collect();
    let expected: Vec<&str> =
        expected.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    assert_eq!(decided, expected, "decided:\n{}\n", decided.join("\n"));
}

#[test]
fn what_was_told_is_not_told_again() {
    check("0s fire noise\n1h poll", "3h poll", "");
    check("0s fire noise\n1h poll", "5h poll", "4h30s default repeat 1: noise() firing");
}

#[test]
fn changes_that_come_again_are_known() {
    let script = "0s fire noise\n1h resolve noise\n2h poll";
    check(script, script, "");
}

#[test]
fn what_was_decided_and_not_taken_is_kept() {
    let (_, policy, decisions) = run("0s fire noise");
    assert!(decisions.is_empty());
    let mut policy = policy;
    policy.advance(Instant(60_000));
    let snapshot = policy.snapshot().clone();
    let mut restored = Policy::restore(PolicyConfig::new(), &[], snapshot);
    assert_eq!(restored.take(), policy.take());
}

#[test]
fn alerts_move_with_their_routes_and_stay_told_to_their_receiver() {
    check(
        "0s fire noise api=a\n1h poll",
        "route other to=default by=api
         2h poll
         6h poll",
        "4h30s default repeat 1: noise(api=a) firing",
    );
    check(
        "0s fire noise api=a\n1h poll",
        "route other to=somebody by=api
         2h poll",
        "1h30s somebody first: noise(api=a)* firing",
    );
}

#[test]
fn the_end_of_an_alert_follows_it_to_its_new_group() {
    check(
        "0s fire noise api=a\n1h poll\n1h resolve noise api=a",
        "route other to=default by=api
         2h poll",
        "1h30s default resolved: noise(api=a)* resolved",
    );
}

#[test]
fn a_further_route_is_told_of_what_fires() {
    check(
        "0s fire noise api=a\n1h poll",
        "route log proceed
         2h poll",
        "1h30s log first: noise(api=a)* firing",
    );
}

#[test]
fn what_a_mute_or_an_inhibition_withheld_is_told_when_the_configuration_has_it_no_more() {
    check(
        "mute all UTC Thu 00:00-24:00\n0s fire noise\n1h poll",
        "2h poll",
        "1h30s default mute-ended: noise()* firing (was withheld by mute all)",
    );
    check(
        "inhibit lockout noise\n0s fire lockout\n0s fire noise\n1h poll",
        "2h poll",
        "1h30s default inhibition-ended: noise()* firing (was withheld by alert of lockout)",
    );
}

fn configured(ends: SilenceEnd) -> PolicyConfig {
    let silence = Silence {
        ends,
        ..Setup::silence(Instant(0), &["silence", "s", "1h", "rule=noise", "by", "ann"])
    };
    PolicyConfig { silences: vec![silence], ..PolicyConfig::new() }
}

#[test]
fn a_configured_silence_ends_once() {
    let (setup, steps) = read("0s fire noise\n2h poll");
    let config = configured(SilenceEnd::Until(Instant(3_600_000)));
    let mut policy = Policy::new(config.clone(), &setup.rules);
    for (at, what) in &steps {
        step(&mut policy, *at, what);
    }
    assert_eq!(policy.take().len(), 2);
    let mut restored = Policy::restore(config, &setup.rules, policy.snapshot().clone());
    restored.advance(Instant(3 * 3_600_000));
    assert_eq!((restored.take().len(), restored.silences().count()), (0, 0));
}

#[test]
fn a_configured_silence_that_was_ended_by_hand_does_not_come_back() {
    let config = configured(SilenceEnd::UntilResolved);
    let mut policy = Policy::new(config.clone(), &[]);
    assert!(policy.expire_silence(Instant(0), "s"));
    let restored = Policy::restore(config.clone(), &[], policy.snapshot().clone());
    assert_eq!(restored.silences().count(), 0);
    // Taken out and written anew it does.
    let without = Policy::restore(PolicyConfig::new(), &[], policy.snapshot().clone());
    assert_eq!(Policy::restore(config, &[], without.snapshot().clone()).silences().count(), 1);
}

#[test]
fn a_silence_that_left_the_configuration_has_ended() {
    let (setup, steps) = read("0s fire noise\n1h poll");
    let mut policy = Policy::new(configured(SilenceEnd::UntilResolved), &setup.rules);
    for (at, what) in &steps {
        step(&mut policy, *at, what);
    }
    assert_eq!(policy.take().len(), 1);
    let mut restored =
        Policy::restore(PolicyConfig::new(), &setup.rules, policy.snapshot().clone());
    restored.advance(Instant(2 * 3_600_000));
    let told: Vec<_> = restored.take().iter().map(|told| setup.show(told)).collect();
    assert_eq!(
        told,
        ["1h default silence-ended: noise()* firing (was withheld by silence s by ann because ?)"]
    );
}

#[test]
fn no_route_loses_an_alert_and_equal_names_are_told_apart() {
    let mut config = PolicyConfig::new();
    config.routes = vec![Route { matchers: vec![], ..Route::to("a") }, Route::to("a")];
    config.routes[1].matchers.extend(matcher("rule=noise"));
    config.routes[0].proceed = true;
    let mut policy = Policy::new(config, &[]);
    let fired = Alerts::default().change(Instant(0), &["fire", "noise"]);
    policy.apply(Instant(0), &fired);
    policy.advance(Instant(60_000));
    let routes: Vec<_> = policy
        .take()
        .into_iter()
        .filter_map(|decision| match decision {
            Decision::Notify(told) => Some(told.route.to_string()),
            Decision::Withhold(_) => None,
        })
        .collect();
    assert_eq!(routes, ["a", "a'"]);
}

#[test]
fn a_configured_silence_that_is_as_it_was_goes_on() {
    let (setup, steps) = read("0s fire noise\n1h poll");
    let config = configured(SilenceEnd::UntilResolved);
    let mut policy = Policy::new(config.clone(), &setup.rules);
    for (at, what) in &steps {
        step(&mut policy, *at, what);
    }
    assert_eq!(policy.take().len(), 1, "what is withheld is said");
    let told_by = |config: PolicyConfig| {
        let mut restored = Policy::restore(config, &setup.rules, policy.snapshot().clone());
        restored.advance(Instant(2 * 3_600_000));
        restored.take().iter().map(|told| setup.show(told)).collect::<Vec<_>>()
    };
    assert_eq!(told_by(config), [""; 0]);
    let ended = told_by(configured(SilenceEnd::Until(Instant(3_600_001))));
    let expected = "1h default silence-ended: noise()* firing \
                    (was withheld by silence s by ann because ?)";
    assert_eq!(ended, [expected]);
}

#[test]
fn an_alert_moves_to_another_group_of_the_same_route() {
    check(
        "route all by=api\n0s fire noise api=a\n0s fire noise api=b\n1h poll",
        "route all by=\n5h poll",
        "4h30s all repeat 1: noise(api=a) firing; noise(api=b) firing",
    );
}

#[test]
fn what_is_over_is_news_to_nobody_who_was_not_told_of_it() {
    check(
        "0s fire noise api=a\n1h poll\n1h resolve noise api=a",
        "route log by=api proceed
         route other to=default by=api
         2h poll",
        "1h30s default resolved: noise(api=a)* resolved",
    );
}

#[test]
fn a_configured_silence_that_ends_now_does_not_begin() {
    let (setup, steps) = read("0s fire noise\n1h poll");
    let mut policy = setup.policy();
    for (at, what) in &steps {
        step(&mut policy, *at, what);
    }
    let silences = |end| {
        let config = configured(SilenceEnd::Until(Instant(end)));
        Policy::restore(config, &setup.rules, policy.snapshot().clone()).silences().count()
    };
    assert_eq!([3_600_000, 3_600_001].map(silences), [0, 1]);
}

#[test]
fn a_configured_silence_that_is_another_now_ends_for_whom_it_covers_no_more() {
    let (setup, steps) = read("0s fire noise\n1h poll");
    let mut policy = Policy::new(configured(SilenceEnd::UntilResolved), &setup.rules);
    for (at, what) in &steps {
        step(&mut policy, *at, what);
    }
    policy.take();
    let mut config = configured(SilenceEnd::Until(Instant(10 * 3_600_000)));
    config.silences[0].matchers = matcher("rule=quota").into_iter().collect();
    let mut restored = Policy::restore(config, &setup.rules, policy.snapshot().clone());
    restored.advance(Instant(2 * 3_600_000));
    let told: Vec<_> = restored.take().iter().map(|told| setup.show(told)).collect();
    assert_eq!(
        told,
        ["1h default silence-ended: noise()* firing (was withheld by silence s by ann because ?)"]
    );
}

#[test]
fn a_configured_silence_that_goes_on_covers_no_incident_that_came_later() {
    let (setup, steps) = read("10m fire noise api=a\n20m fire noise api=b\n1h poll");
    let config = configured(SilenceEnd::UntilResolved);
    let mut policy = Policy::new(config.clone(), &setup.rules);
    for (at, what) in &steps {
        step(&mut policy, *at, what);
    }
    policy.take();
    let mut restored = Policy::restore(config, &setup.rules, policy.snapshot().clone());
    restored.advance(Instant(5 * 3_600_000));
    let told: Vec<_> = restored.take().iter().map(|told| setup.show(told)).collect();
    assert_eq!(told, ["4h20m30s default repeat 1: noise(api=b) firing"]);
}
