use super::Zone;

#[test]
fn zones_are_read_as_people_write_them() {
    let shown = |text: &str| Zone::parse(text).map(|zone| zone.to_string());
    for (text, zone) in [
        ("Asia/Shanghai", "Asia/Shanghai"),
        ("asia/shanghai", "Asia/Shanghai"),
        ("UTC", "UTC"),
        ("z", "UTC"),
        ("+00:00", "UTC"),
        ("+08:00", "+08:00"),
        ("+0800", "+08:00"),
        ("+8", "+08:00"),
        ("+5:30", "+05:30"),
        ("utc-3:30", "-03:30"),
        ("UTC+8", "+08:00"),
        ("gmt-03:30", "-03:30"),
        ("Etc/GMT-8", "Etc/GMT-8"),
    ] {
        assert_eq!(shown(text).as_deref(), Ok(zone), "{text}");
    }
}

#[test]
fn an_unknown_zone_names_the_nearest() {
    let hint = |text: &str| Zone::parse(text).expect_err("not a zone").to_string();
    assert_eq!(
        hint("Asia/Shangai"),
        "unknown time zone `Asia/Shangai`\nhint: did you mean `Asia/Shanghai`?"
    );
    assert_eq!(
        hint("Shanghai"),
        "unknown time zone `Shanghai`\nhint: did you mean `Asia/Shanghai`?"
    );
    assert!(hint("Beijing").ends_with("did you mean `Asia/Shanghai`?"));
    assert!(hint("CST").contains("Chicago"));
    assert!(hint("CST-8").contains("POSIX"));
    for text in [
        "",
        "+25:00",
        "UTC+99",
        "\u{1b}[31m",
        "Mars/Olympus",
        "+08:00x",
        "+08:",
        "+08:3",
        "+:30",
        "+8:3",
        "++8",
    ] {
        assert!(hint(text).contains("write a name such as `Asia/Shanghai`"), "{text}");
        assert!(!hint(text).contains('\u{1b}'));
    }
}

#[test]
fn the_machines_name_may_be_a_path_or_a_posix_rule() {
    let shown = |text: &str| Zone::of_machine_name(text).map(|zone| zone.to_string());
    for (name, zone) in [
        ("Asia/Shanghai", Some("Asia/Shanghai")),
        (":Asia/Shanghai", Some("Asia/Shanghai")),
        ("/usr/share/zoneinfo/posix/Asia/Shanghai", Some("Asia/Shanghai")),
        ("CST-8", Some("+08:00")),
        ("<+0530>-5:30", Some("+05:30")),
        ("UTC+8", Some("-08:00")),
        ("UTC0", Some("UTC")),
        ("", Some("UTC")),
        ("+08:00", Some("+08:00")),
        ("nowhere", None),
    ] {
        assert_eq!(shown(name).as_deref(), zone, "{name}");
    }
}

/// A local time in a zone, and what it is taken for.
#[track_caller]
fn check_local(zone: &str, local: &str, expected: &str) {
    let zone = Zone::parse(zone).expect("the test's zone");
    let local = local.parse().expect("the test's time");
    let at = zone.resolve(local, None).expect("an instant");
    assert_eq!(at.to_rfc3339(), expected, "{local} in {zone}");
}

#[test]
fn a_local_time_is_that_of_its_day_by_the_rules_of_then_and_of_later() {
    check_local("Asia/Shanghai", "2026-11-20T10:00:00.250", "2026-11-20T10:00:00.250+08:00");
    check_local("Asia/Shanghai", "1988-07-01T10:00:00", "1988-07-01T10:00:00+09:00");
    check_local("Europe/Berlin", "2060-07-01T10:00:00", "2060-07-01T10:00:00+02:00");
    check_local("Europe/Berlin", "1850-07-01T10:00:00", "1850-07-01T10:00:00+00:53");
    check_local("Asia/Kathmandu", "2026-11-20T10:00:00", "2026-11-20T10:00:00+05:45");
    check_local("UTC", "2026-11-20T10:00:00", "2026-11-20T10:00:00+00:00");
    check_local("-03:30", "2026-11-20T10:00:00", "2026-11-20T10:00:00-03:30");
}

#[test]
fn a_skipped_time_moves_on_by_the_gap_and_of_one_that_comes_twice_the_first_is_meant() {
    check_local("Europe/Berlin", "2026-03-29T02:30:00", "2026-03-29T03:30:00+02:00");
    check_local("Europe/Berlin", "2026-10-25T02:30:00", "2026-10-25T02:30:00+02:00");
    check_local("Australia/Lord_Howe", "2026-10-04T02:15:00", "2026-10-04T02:45:00+11:00");
    // A day that Samoa left out.
    check_local("Pacific/Apia", "2011-12-30T10:00:00", "2011-12-31T10:00:00+14:00");
}

#[test]
fn leap_seconds_stay_and_the_calendar_s_ends_are_no_panic() {
    let leap = chrono::NaiveDate::from_ymd_opt(2016, 12, 31)
        .and_then(|date| date.and_hms_milli_opt(23, 59, 59, 1_500))
        .expect("a leap second");
    let berlin = Zone::parse("Europe/Berlin").expect("a zone");
    let at = berlin.resolve(leap, None).expect("an instant");
    assert_eq!(at.to_rfc3339(), "2016-12-31T23:59:60.500+01:00");
    for end in [chrono::DateTime::<chrono::Utc>::MIN_UTC, chrono::DateTime::<chrono::Utc>::MAX_UTC]
    {
        assert!(berlin.resolve(end.naive_utc(), None).is_none());
    }
    let late = "9999-12-31T23:00:00Z".parse().expect("an instant");
    assert_eq!(berlin.show(late).to_rfc3339(), "+10000-01-01T00:00:00+01:00");
}

#[test]
fn a_zone_is_the_same_however_it_is_written() {
    let zone = |text: &str| Zone::parse(text).expect("a zone");
    assert_eq!(zone("asia/shanghai"), zone("Asia/Shanghai"));
    assert_ne!(zone("Asia/Shanghai"), zone("Asia/Chongqing"));
    for utc in ["UTC", "utc", "z", "+00:00", "GMT+0"] {
        assert_eq!(zone(utc), Zone::UTC);
    }
}
