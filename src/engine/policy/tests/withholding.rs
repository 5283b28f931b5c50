//! Silences and inhibition.

use super::*;

#[test]
fn when_a_silence_ends_what_still_fires_is_told_with_who_and_why() {
    check(
        "0s silence s 1h rule=noise by ann because repair
         1m fire noise
         2h poll",
        "1m30s withheld noise: silence s by ann because repair
         1h default silence-ended: noise()* firing (was withheld by silence s by ann because repair)",
    );
    // Whether or not it had been told before.
    check(
        "0s fire noise
         1m silence s 1h rule=noise by ann because repair
         2h poll",
        "30s default first: noise()* firing
         1h1m default silence-ended: noise()* firing (was withheld by silence s by ann because repair)",
    );
}

#[test]
fn a_silence_can_be_ended_by_hand() {
    check(
        "0s silence s 1h rule=noise by ann because repair
         1m fire noise
         10m expire s
         2h poll",
        "1m30s withheld noise: silence s by ann because repair
         10m default silence-ended: noise()* firing (was withheld by silence s by ann because repair)",
    );
}

#[test]
fn what_another_silence_still_covers_stays_withheld() {
    check(
        "0s silence a 1h rule=noise by ann because x
         0s silence b 2h rule=n* by bob because y
         1m fire noise
         3h poll",
        "1m30s withheld noise: silence a by ann because x
         1h withheld noise: silence b by bob because y
         2h default silence-ended: noise()* firing (was withheld by silence b by bob because y)",
    );
}

#[test]
fn what_came_and_went_under_a_silence_is_never_told() {
    check(
        "0s silence s 1h rule=noise by ann because x
         1m fire noise
         10m resolve noise
         2h poll",
        "1m30s withheld noise: silence s by ann because x",
    );
    // Not even if the silence ends before its group is due.
    let script = "0s silence s 1m rule=noise by ann because x
         50s fire noise
         55s resolve noise
         2h poll";
    check(script, "55s withheld noise: silence s by ann because x");
    assert_eq!(run(script).1.counters().never_told, 1);
}

#[test]
fn the_end_of_what_was_told_is_told_when_the_silence_is_over() {
    check(
        "0s fire noise
         1m silence s 1h rule=noise by ann because x
         10m resolve noise
         2h poll",
        "30s default first: noise()* firing
         10m30s withheld noise: silence s by ann because x
         1h1m default resolved: noise()* resolved (was withheld by silence s by ann because x)",
    );
}

#[test]
fn a_silence_until_resolved_covers_what_fires_and_no_later_incident() {
    check(
        "0s fire noise api=a
         1m silence s until-resolved rule=noise by ann because x
         6h fire noise api=b
         7h resolve noise api=a
         8h fire noise api=a
         8h30m poll",
        "30s default first: noise(api=a)* firing
         4h30s withheld noise: silence s by ann because x
         6h30s default new: noise(api=b)* firing
         7h30s default resolved: noise(api=a)* resolved (was withheld by silence s by ann because x); noise(api=b) firing
         8h30s default new: noise(api=a)* firing; noise(api=b) firing",
    );
}

#[test]
fn a_silence_until_resolved_waits_for_the_first_if_none_fires() {
    let script = "0s silence s until-resolved rule=noise by ann because x
         1m fire noise
         2m resolve noise
         3m fire noise
         1h poll";
    check(
        script,
        "1m30s withheld noise: silence s by ann because x
         3m30s default first: noise()* firing",
    );
    assert_eq!(run(script).1.silences().count(), 0);
}

#[test]
fn a_silence_that_is_replaced_ends_for_what_the_new_one_leaves_out() {
    check(
        "0s silence s 2h rule=noise by ann because x
         1m fire noise api=a
         1m fire noise api=b
         10m silence s 1h api=b by ann because y
         30m poll",
        "1m30s withheld noise: silence s by ann because x
         1m30s withheld noise: silence s by ann because x
         10m withheld noise: silence s by ann because y
         10m default silence-ended: noise(api=a)* firing (was withheld by silence s by ann because x)",
    );
}

#[test]
fn a_silence_that_is_over_is_not_taken() {
    let (_, mut policy, _) = run("");
    let mut silence = Setup::silence(Instant(0), &["silence", "s", "1m"]);
    assert!(!policy.add_silence(Instant(60_000), silence.clone()));
    silence.ends = SilenceEnd::Until(Instant(60_001));
    assert!(policy.add_silence(Instant(60_000), silence));
    assert!(!policy.expire_silence(Instant(60_000), "other"));
}

#[test]
fn consequences_are_not_told_while_their_cause_fires() {
    check(
        "inhibit lockout noise equal=key
         0s fire lockout critical key=A
         0s fire noise key=A
         0s fire noise key=B
         10m resolve lockout key=A
         1h poll",
        "10s default first: lockout(key=A)* firing
         30s withheld noise: alert of lockout
         30s default first: noise(key=B)* firing
         10m10s default resolved: lockout(key=A)* resolved
         10m30s default inhibition-ended: noise(key=A)* firing (was withheld by alert of lockout); noise(key=B) firing",
    );
}

#[test]
fn the_cause_may_come_behind_its_consequence() {
    check(
        "inhibit lockout noise
         0s fire noise
         20s fire lockout critical
         25s resolve noise
         1m poll",
        "25s withheld noise: alert of lockout
         30s default first: lockout()* firing",
    );
}

#[test]
fn a_label_that_both_lack_is_equal() {
    check(
        "inhibit lockout noise equal=region
         0s fire lockout critical
         0s fire noise
         1m poll",
        "10s default first: lockout()* firing
         30s withheld noise: alert of lockout",
    );
}

#[test]
fn a_silenced_cause_still_inhibits() {
    check(
        "inhibit lockout noise
         0s silence s 1h rule=lockout by ann because x
         1s fire lockout critical
         2s fire noise
         10m poll",
        "11s withheld lockout: silence s by ann because x
         32s withheld noise: alert of lockout",
    );
}

#[test]
fn of_alerts_that_inhibit_each_other_the_graver_then_the_earlier_is_told() {
    check(
        "inhibit noise quota
         inhibit quota noise
         0s fire noise
         1s fire quota
         1m poll",
        "30s default first: noise()* firing
         31s withheld quota: alert of noise",
    );
    check(
        "inhibit noise quota
         inhibit quota lockout
         inhibit lockout noise
         0s fire noise
         1s fire quota
         2s fire lockout critical
         1m poll",
        "12s default first: lockout()* firing
         30s withheld noise: alert of lockout
         31s withheld quota: alert of noise",
    );
    // A rule that inhibits all others does not inhibit itself out of sight.
    check(
        "inhibit noise *
         0s fire noise api=a
         1s fire noise api=b
         1m poll",
        "30s withheld noise: alert of noise
         30s default first: noise(api=a)* firing",
    );
}

#[test]
fn the_end_of_what_was_told_is_told_whatever_explains_it() {
    check(
        "inhibit lockout noise
         0s fire noise
         1m fire lockout critical
         10m resolve noise
         1h poll",
        "30s default first: noise()* firing
         1m10s default first: lockout()* firing
         10m30s default resolved: noise()* resolved",
    );
}

#[test]
fn what_was_withheld_and_is_over_before_it_could_be_told_is_never_told() {
    check(
        "inhibit lockout noise
         0s fire lockout critical
         0s fire noise
         10m resolve lockout
         10m10s resolve noise
         1h poll",
        "10s default first: lockout()* firing
         30s withheld noise: alert of lockout
         10m10s default resolved: lockout()* resolved",
    );
    // But what was still on when its silence ended is.
    check(
        "0s silence s 6m api=b by ann because x
         0s fire noise api=a
         1m fire noise api=b
         5m fire noise api=c
         7m resolve noise api=b
         1h poll",
        "30s default first: noise(api=a)* firing
         5m30s withheld noise: silence s by ann because x
         5m30s default new: noise(api=c)* firing; noise(api=a) firing
         10m30s default silence-ended: noise(api=b)* fired-and-resolved (was withheld by silence s by ann because x); noise(api=a) firing; noise(api=c) firing",
    );
}

#[test]
fn each_episode_is_withheld_anew() {
    check(
        "0s fire noise
         1m silence s 1h rule=noise by ann because x
         10m resolve noise
         20m fire noise
         2h poll",
        "30s default first: noise()* firing
         10m30s withheld noise: silence s by ann because x
         20m30s withheld noise: silence s by ann because x
         1h1m default silence-ended: noise()* firing (was withheld by silence s by ann because x)",
    );
}

#[test]
fn which_silence_covers_an_alert_is_known_until_it_ends() {
    let (_, mut policy, _) = run("0s silence s 1h rule=noise\n1m fire noise\n2m poll");
    let mut alerts = Alerts::default();
    let noise = alerts.change(Instant(60_000), &["fire", "noise"]).alert;
    let quota = alerts.change(Instant(60_000), &["fire", "quota"]).alert;
    assert_eq!(policy.silence_of(&noise).map(|id| &**id), Some("s"));
    assert_eq!(policy.silence_of(&quota), None);
    policy.advance(Instant(3_600_000));
    assert_eq!(policy.silence_of(&noise), None);
}

#[test]
fn of_what_was_told_and_has_not_changed_nobody_says_that_it_is_withheld() {
    check(
        "route all by=
         0s fire noise
         1m silence s 1d rule=noise by ann because x
         2m fire quota
         10m poll",
        "30s all first: noise()* firing
         5m30s all new: quota()* firing",
    );
}

#[test]
fn what_is_over_when_its_silence_ends_is_told_with_who_asked_for_quiet() {
    check(
        "0s fire noise
         40s silence s 10m rule=noise by ann because x
         50s resolve noise
         1h poll",
        "30s default first: noise()* firing
         5m30s withheld noise: silence s by ann because x
         10m40s default resolved: noise()* resolved (was withheld by silence s by ann because x)",
    );
}

#[test]
fn a_silence_that_came_and_went_behind_an_end_withheld_nothing() {
    check(
        "0s fire noise
         1m resolve noise
         2m silence s 1m rule=noise
         1h poll",
        "30s default first: noise()* firing
         5m30s default resolved: noise()* resolved",
    );
}

#[test]
fn a_silence_that_was_ended_is_a_change_to_be_kept() {
    let (_, mut policy, _) = run("0s silence s 1h rule=noise");
    assert!(policy.changed().is_some() && policy.changed().is_none());
    assert!(!policy.expire_silence(Instant(1_000), "another"));
    assert!(policy.changed().is_none());
    assert!(policy.expire_silence(Instant(1_000), "s"));
    assert!(policy.changed().is_some());
}
