//! What a digest gathers.

use super::*;

#[test]
fn a_digest_gathers_what_changed_until_its_time_and_is_not_repeated() {
    check(
        "base 2026-11-23T00:00:00Z
         route day digest=09:00 by= interval=0s
         1h fire noise api=a
         2h fire noise api=b
         3h fire lockout critical
         4h resolve noise api=b
         10h fire quota
         20h poll
         2d12h poll
         2d13h resolve lockout
         4d poll",
        "9h day digest: lockout()* firing; noise(api=a)* firing; noise(api=b)* fired-and-resolved
         1d9h day digest: quota()* firing; lockout() firing; noise(api=a) firing
         3d9h day digest: lockout()* resolved; noise(api=a) firing; quota() firing",
    );
}

#[test]
fn a_digest_of_which_nothing_is_left_is_not_told() {
    check(
        "base 2026-11-23T00:00:00Z
         route day digest=09:00 by= interval=0s
         8h59m poll
         3d poll",
        "",
    );
}

#[test]
fn a_digest_begins_with_what_happened_most_and_another_notification_with_what_fired_first() {
    let script = |digest: &str| {
        format!(
            "route day by= {digest}
             0s fire lockout
             1s fire noise
             2s resolve noise
             3s fire noise
             1d poll"
        )
    };
    check(&script("digest=08:00"), "8h day digest: noise()* firing x2; lockout()* firing");
    check(&script("repeat=2d"), "30s day first: lockout()* firing; noise()* firing x2");
}
