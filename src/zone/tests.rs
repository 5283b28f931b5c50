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
    for text in ["", "+25:00", "UTC+99", "\u{1b}[31m", "Mars/Olympus", "+08:00x"] {
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
