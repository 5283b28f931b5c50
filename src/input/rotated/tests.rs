use super::*;

/// The siblings of a log among names, oldest first, as reading would take them.
fn check(base: &str, names: &[&str], expect: &[&str]) {
    let mut names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
    names.sort();
    let mut siblings = members_of(base, &names);
    siblings.sort_by_cached_key(|name| Rotation::of(name).age);
    assert_eq!(siblings, expect, "{base}");
}

#[test]
fn numbers_count_backwards_and_by_value() {
    check(
        "app.log",
        &["app.log", "app.log.1", "app.log.2.gz", "app.log.9.gz", "app.log.10.gz", "app.log.01"],
        &["app.log.10.gz", "app.log.9.gz", "app.log.2.gz", "app.log.01", "app.log.1", "app.log"],
    );
}

#[test]
fn dates_count_forwards_in_every_spelling() {
    check(
        "app.log",
        &[
            "app.log",
            "app.log-20261118.gz",
            "app-2026-11-19.log.gz",
            "app.log.2026-11-20",
            "app_20261121.log",
            "app.2026.11.22.log",
            "app.log.2026-11-23.0.gz",
            "app.log-2026-10",
            "app.log-1795910400",
        ],
        &[
            "app.log-2026-10",
            "app.log-20261118.gz",
            "app-2026-11-19.log.gz",
            "app.log.2026-11-20",
            "app_20261121.log",
            "app.2026.11.22.log",
            "app.log.2026-11-23.0.gz",
            "app.log-1795910400",
            "app.log",
        ],
    );
}

#[test]
fn what_follows_a_date_counts_forwards_by_value() {
    check(
        "app.log",
        &[
            "app-2026-11-20.0.log.gz",
            "app-2026-11-20.2.log.gz",
            "app-2026-11-20.10.log.gz",
            "app-2026-11-20.24.log",
            "app-2026-11-21.log",
            "app-2026-11-21.log.1",
        ],
        &[
            "app-2026-11-20.0.log.gz",
            "app-2026-11-20.2.log.gz",
            "app-2026-11-20.10.log.gz",
            "app-2026-11-20.24.log",
            "app-2026-11-21.log",
            "app-2026-11-21.log.1",
        ],
    );
    check(
        "app.log",
        &[
            "app.log.2026-11-20_15-04-05",
            "app.log.2026-11-20_09-00-00",
            "app.log.2026-11-20_15-04-06",
            "app.log",
        ],
        &[
            "app.log.2026-11-20_09-00-00",
            "app.log.2026-11-20_15-04-05",
            "app.log.2026-11-20_15-04-06",
            "app.log",
        ],
    );
    check(
        "0.log",
        &["0.log", "0.log.20261120-150405.gz", "0.log.20261120-090000.gz", "1.log"],
        &["0.log.20261120-090000.gz", "0.log.20261120-150405.gz", "0.log"],
    );
    check(
        "app.log",
        &["app.log", "app-2026-11-20T15-04-05.120.log.gz", "app-2026-11-20T15-04-05.020.log.gz"],
        &["app-2026-11-20T15-04-05.020.log.gz", "app-2026-11-20T15-04-05.120.log.gz", "app.log"],
    );
}

#[test]
fn another_log_is_no_sibling() {
    check(
        "app.log",
        &[
            "app.log",
            "app.login.log",
            "app.log.conf",
            "app-error.log",
            "app-error-2026-11-20.log",
            "myapp.log.1",
            "app.log.12345",
            "app.log-20261399",
            "app-1.log",
            "app",
            "app.logs.1",
            "app.log.1.bak",
        ],
        &["app.log"],
    );
    check("app.login.log", &["app.log.1", "app.login.log.1"], &["app.login.log.1"]);
}

#[test]
fn a_number_before_the_extension_needs_the_live_log() {
    check(
        "app.log",
        &["app.1.log", "app.2.log", "app.log"],
        &["app.2.log", "app.1.log", "app.log"],
    );
    check("app.log", &["app.1.log", "app.2.log"], &[]);
}

#[test]
fn a_log_that_is_being_compressed_is_read_once() {
    check(
        "app.log",
        &["app.log", "app.log.1", "app.log.1.gz", "app.log.2.gz", "app.log.gz"],
        &["app.log.2.gz", "app.log.1", "app.log.gz", "app.log"],
    );
}

#[test]
fn logs_named_by_their_day_alone_are_siblings() {
    check(
        ".log",
        &["2026-11-21.log", "2026-11-20.log.gz", "app.log", "readme.log"],
        &["2026-11-20.log.gz", "2026-11-21.log"],
    );
}

#[test]
fn an_epoch_is_put_among_dates() {
    assert_eq!(of_epoch("1795910400"), Some(Age::Dated((2026, 11, 29), vec![0])));
}
