//! A path behind which another file, or another directory, lies by now: by links and renaming.

use std::io::Write as _;

use super::super::super::*;
use super::super::world::{World, in_every_way, lines};

#[test]
fn a_link_that_is_set_elsewhere_leads_to_both_files() {
    in_every_way(&["current"], |world| {
        let mut first = world.append("first.log", lines(1..=2));
        world.link("first.log", "current");
        world.see();
        let mut second = world.append("second.log", lines(4..=4));
        world.link("second.log", "current");
        first.write_all(lines(3..=3).as_bytes()).unwrap();
        world.see();
        world.has_read(lines(1..=4));
        first.write_all(lines(5..=5).as_bytes()).unwrap();
        second.write_all(lines(6..=6).as_bytes()).unwrap();
        world.append("second.log", "");
        world.see();
        world.wait_until_quiet();
        world.has_read_in_any_order(lines(1..=6));
        world.no_loss_was_told();
    });
}

#[test]
fn a_file_that_a_link_leads_to_rotates_where_it_lies() {
    in_every_way(&["app.log"], |world| {
        world.make_directory("data");
        world.append("data/real.log", lines(1..=2));
        world.link("data/real.log", "app.log");
        world.see();
        world.append("data/real.log", lines(3..=3));
        world.rename("data/real.log", "data/real.log.1");
        world.append("data/real.log", lines(4..=4));
        world.see();
        world.has_read(lines(1..=4));
        world.no_loss_was_told();
    });
}

#[test]
fn a_hard_link_that_is_made_anew_leads_to_both_files() {
    in_every_way(&["app.log", "app.log.*"], |world| {
        world.append("app.log.2026-11-22", lines(1..=2));
        std::fs::hard_link(world.path("app.log.2026-11-22"), world.path("app.log")).unwrap();
        world.see();
        assert_eq!(world.inode("app.log"), world.inode("app.log.2026-11-22"));
        world.append("app.log", lines(3..=3));
        world.remove("app.log");
        world.append("app.log.2026-11-23", lines(4..=5));
        std::fs::hard_link(world.path("app.log.2026-11-23"), world.path("app.log")).unwrap();
        world.see();
        world.append("app.log.2026-11-23", lines(6..=6));
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=6));
        world.no_loss_was_told();
        assert!(world.told(|kind| matches!(kind, NoticeKind::SameFile { .. })) >= 1);
    });
}

#[test]
fn a_directory_renamed_and_made_anew_has_new_files() {
    in_every_way(&["logs/*.log"], |world| {
        world.make_directory("logs");
        let mut writer = world.append("logs/app.log", lines(1..=2));
        world.see();
        world.append("logs/app.log", lines(3..=3));
        world.rename("logs", "logs.old");
        world.make_directory("logs");
        world.append("logs/app.log", lines(5..=5));
        writer.write_all(lines(4..=4).as_bytes()).unwrap();
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=5));
        world.no_loss_was_told();
    });
}

#[test]
fn a_file_with_two_names_is_followed_as_long_as_it_has_one() {
    in_every_way(&["*.log"], |world| {
        world.append("a.log", lines(1..=1));
        std::fs::hard_link(world.path("a.log"), world.path("b.log")).unwrap();
        world.append("b.log", "");
        world.see();
        assert_eq!(world.told(|kind| matches!(kind, NoticeKind::SameFile { .. })), 1);
        world.remove("a.log");
        world.see();
        world.wait_until_quiet();
        world.append("b.log", lines(2..=2));
        world.see();
        world.has_read(lines(1..=2));
        assert!(!world.story.iter().any(|line| line.contains("Finished")), "it is at a path");
    });
}

#[test]
fn each_look_at_what_is_no_file_counts_and_one_is_told() {
    let mut world = World::new(&["app.log"], Limits::default());
    // A socket: neither a file nor a directory whose files would be followed.
    let _socket = std::os::unix::net::UnixListener::bind(world.path("app.log")).unwrap();
    for _ in 0..3 {
        world.see();
    }
    assert_eq!(world.tail.counters().unseen, 3);
    assert_eq!(world.told(|kind| matches!(kind, NoticeKind::Unseen(_))), 1);
}
