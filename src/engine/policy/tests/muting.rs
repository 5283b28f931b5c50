//! Times of the week, on days on which the clock is changed, too.

use super::*;

/// When the mute of a zone, such as `Fri 22:00-06:00`, is on during the days behind an instant: in
/// the wall clock of the zone, looked at every minute.
#[track_caller]
fn check_times(zone: &str, times: &str, from: &str, days: i64, expected: &str) {
    let mut setup = Setup::new();
    let words: Vec<&str> = times.split(' ').collect();
    setup.read(&["mute", "m", zone, words[0], words[1]]);
    let mute = &setup.config.mutes[0];
    let zone = Zone::parse(zone).expect("a zone");
    let alert = Alerts::default().change(Instant(0), &["fire", "noise"]).alert;
    let shown = |at: Instant| zone.show(at.to_utc()).format("%d %H:%M%:z").to_string();
    let begin: Instant = DateTime::parse_from_rfc3339(from).expect("a time").into();
    let (mut found, mut end) = (Vec::new(), None);
    for minute in 0..days * 1_440 {
        let at = begin.plus(Span::MINUTE.times(minute));
        let until = mute.until(at, &alert);
        if let (Some(until), None) = (until, end) {
            found.push(format!("{} to {}", shown(at), shown(until)));
        } else {
            assert!(until == end || end.is_some_and(|end| end <= at), "it ends when it said");
        }
        end = until;
    }
    assert_eq!(found.join(", "), expected);
}

#[test]
fn a_mute_may_cross_midnight() {
    check_times(
        "Asia/Shanghai",
        "Fri,Sat 22:00-06:30",
        "2026-03-05T00:00:00+08:00",
        5,
        "06 22:00+08:00 to 07 06:30+08:00, 07 22:00+08:00 to 08 06:30+08:00",
    );
}

#[test]
fn a_whole_day_is_from_an_hour_to_the_same() {
    check_times(
        "Asia/Shanghai",
        "Sun 00:00-00:00",
        "2026-03-05T00:00:00+08:00",
        5,
        "08 00:00+08:00 to 09 00:00+08:00",
    );
    check_times(
        "Asia/Shanghai",
        "Sat,Sun 00:00-24:00",
        "2026-03-05T00:00:00+08:00",
        5,
        "07 00:00+08:00 to 09 00:00+08:00",
    );
}

#[test]
fn the_wall_clock_counts_when_it_is_put_forward() {
    let check = |times, expected| {
        check_times("Europe/Berlin", times, "2026-03-28T12:00:00+01:00", 1, expected);
    };
    check("Sat 22:00-06:00", "28 22:00+01:00 to 29 06:00+02:00");
    // 02:00 to 03:00 does not occur.
    check("Sun 02:00-03:00", "");
    check("Sun 02:30-03:15", "29 03:00+02:00 to 29 03:15+02:00");
    check("Sun 01:30-02:30", "29 01:30+01:00 to 29 03:00+02:00");
}

#[test]
fn the_first_of_two_equal_hours_counts_when_it_is_put_back() {
    let check = |times, expected| {
        check_times("America/New_York", times, "2026-10-31T12:00:00-04:00", 1, expected);
    };
    check("Sat 22:00-06:00", "31 22:00-04:00 to 01 06:00-05:00");
    check("Sun 01:15-01:45", "01 01:15-04:00 to 01 01:45-04:00");
    check("Sun 00:30-01:30", "01 00:30-04:00 to 01 01:30-04:00");
    check("Sun 01:30-02:30", "01 01:30-04:00 to 01 02:30-05:00");
}

#[test]
fn a_zone_may_skip_a_whole_day() {
    check_times(
        "Pacific/Apia",
        "Thu 22:00-06:00",
        "2011-12-29T12:00:00-10:00",
        2,
        "29 22:00-10:00 to 31 00:00+14:00",
    );
}

#[test]
fn what_fires_when_a_mute_ends_is_told_then() {
    check(
        "base 2026-03-28T20:00:00Z
         mute night Europe/Berlin Sat,Sun 22:00-07:00 severity!=critical
         0s fire noise
         2h fire quota
         2h fire lockout critical
         3h resolve noise
         1d poll",
        "30s default first: noise()* firing
         2h10s default first: lockout()* firing
         2h30s withheld quota: mute night
         3h30s withheld noise: mute night
         9h default resolved: noise()* resolved (was withheld by mute night)
         9h default mute-ended: quota()* firing (was withheld by mute night)
         21h default repeat 3: quota() firing
         22h10s default repeat 5: lockout() firing",
    );
}

#[test]
fn a_mute_in_which_nothing_was_withheld_ends_quietly() {
    check(
        "base 2026-03-02T11:00:00Z
         mute lunch UTC Mon 12:00-13:00
         30m fire noise
         4h poll",
        "30m30s default first: noise()* firing",
    );
    // A repeat is something that is withheld.
    check(
        "base 2026-03-02T08:30:00Z
         mute lunch UTC Mon 12:00-13:00
         0s fire noise
         5h poll",
        "30s default first: noise()* firing
         4h30s withheld noise: mute lunch
         4h30m default mute-ended: noise()* firing (was withheld by mute lunch)",
    );
}

#[test]
fn mutes_that_touch_are_one_and_another_reason_is_said() {
    check(
        "base 2026-03-02T08:00:00Z
         mute a UTC Mon 09:00-10:00
         mute b UTC Mon 09:30-11:00
         1h10m fire noise
         8h poll",
        "1h10m30s withheld noise: mute a
         2h withheld noise: mute b
         3h default mute-ended: noise()* firing (was withheld by mute b)
         7h default repeat 1: noise() firing",
    );
}

#[test]
fn a_mute_without_an_end_keeps_quiet_for_ever() {
    let script = "mute all UTC Mon,Tue,Wed,Thu,Fri,Sat,Sun 00:00-24:00
         0s fire noise
         100d poll";
    check(script, "30s withheld noise: mute all");
}
