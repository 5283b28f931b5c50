//! Files that are compressed or deleted, read or not, and what comes in their place.

use std::io::Write as _;

use super::super::super::identity::tests::without_births;
use super::super::super::*;
use super::super::world::{World, in_every_way, in_every_way_within, lines};

const NO_HANDLES: Limits = Limits {
    open_files_max: 1,
    rotated_quiet: Duration::from_mins(5),
    missing_max: Duration::from_secs(3),
    read_bytes: 4096,
    sweep_max: 500,
    links: Links::Protected,
};

#[test]
fn a_file_compressed_before_it_was_read_to_its_end_goes_on_in_the_copy() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", lines(1..=2));
        world.see();
        world.restart();
        world.append("app.log", lines(3..=2000));
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(2001..=2001));
        world.gzip("app.log.1");
        assert!(!world.path("app.log.1").exists());
        world.see();
        world.has_read(lines(1..=2001));
        world.no_loss_was_told();
        assert_eq!(world.told(|kind| matches!(kind, NoticeKind::Compressed { .. })), 1);
    });
}

#[test]
fn a_file_compressed_in_the_middle_of_reading_goes_on_in_the_copy() {
    let limits = Limits { read_bytes: 1000, ..NO_HANDLES };
    in_every_way_within(limits, &["app.log", "other.log"], |world| {
        world.append("app.log", lines(1..=500));
        world.notice_only();
        for _ in 0..5 {
            world.read_once();
        }
        // Its handle goes to another.
        world.rename("app.log", "app.log.1");
        world.notice_only();
        world.append("other.log", "");
        world.gzip("app.log.1");
        world.append("app.log", lines(501..=502));
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=502));
        world.no_loss_was_told();
    });
}

#[test]
fn a_file_deleted_while_reading_is_behind_is_read_to_its_end() {
    let limits = Limits { read_bytes: 1000, ..Limits::default() };
    in_every_way_within(limits, &["app.log"], |world| {
        world.append("app.log", lines(1..=500));
        world.notice_only();
        world.read_once();
        world.rename("app.log", "app.log.1");
        world.notice_only();
        world.remove("app.log.1");
        assert!(!world.text().contains(&lines(400..=400)), "it is behind");
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=500));
        world.no_loss_was_told();
        assert_eq!(world.tail.counters().open_files, 0);
    });
}

#[test]
fn what_was_rotated_and_deleted_at_once_is_read_by_the_handle_that_is_left() {
    in_every_way(&["app.log"], |world| {
        let mut writer = world.append("app.log", lines(1..=2));
        world.see();
        world.append("app.log", lines(3..=4));
        world.rename("app.log", "app.log.1");
        world.remove("app.log.1");
        world.append("app.log", lines(6..=7));
        writer.write_all(lines(5..=5).as_bytes()).unwrap();
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=7));
        world.no_loss_was_told();
    });
}

#[test]
fn what_was_deleted_without_a_handle_when_it_was_read_to_its_end_goes_without_a_word() {
    let limits = Limits { open_files_max: 1, ..Limits::default() };
    in_every_way_within(limits, &["*.log"], |world| {
        world.append("a.log", lines(1..=2));
        world.append("b.log", lines(3..=4));
        world.see();
        assert!(world.tail.counters().handles_closed_early > 0, "the hazard");
        world.remove("a.log");
        world.see();
        world.wait_until_quiet();
        let counters = world.tail.counters();
        assert_eq!((counters.files, counters.open_files), (1, 1));
        world.has_read_in_any_order(lines(1..=4));
        world.no_loss_was_told();
    });
}

#[test]
fn what_was_deleted_without_a_handle_is_told_as_lost() {
    in_every_way_within(NO_HANDLES, &["app.log", "z.log"], |world| {
        world.append("app.log", lines(1..=2));
        world.append("z.log", "");
        world.see();
        world.append("app.log", lines(3..=4));
        world.notice_only();
        // Its handle has gone to another.
        world.tail.handles = super::super::super::handles::Handles::new(1, Links::Protected);
        world.remove("app.log");
        world.see();
        world.wait_until_quiet();
        let lost = world.told(|kind| matches!(kind, NoticeKind::Lost { lost_bytes: 50 }));
        assert_eq!(lost, 1, "{}", world.story.join("\n"));
        assert_eq!(world.tail.counters().lost_bytes, 50);
    });
}

/// Deletes a file that nobody has open, and makes another with its inode; whether that came about.
fn reuse(world: &mut World, from: &str, to: &str, text: &str) -> bool {
    let before = world.inode(from);
    world.remove(from);
    world.append(to, text);
    world.inode(to) == before
}

/// Another file comes after one that was read, with its inode, at the same path or at another.
fn replaced(name: &str, text: &str) {
    for attempt in 1.. {
        let mut world = World::new(&["app.log", "other.log"], Limits::default());
        world.append("app.log", lines(1..=3));
        world.see();
        world.restart();
        if !reuse(&mut world, "app.log", name, text) && world.reuses_inodes() {
            // Other tests make files as well, and one may have been given the number.
            assert!(attempt < 100, "no inode was used again");
            continue;
        }
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=3) + text);
        return;
    }
}

#[test]
fn a_new_file_with_the_inode_of_a_deleted_one_is_a_new_file() {
    for text in [lines(4..=4), lines(4..=6), lines(4..=9)] {
        replaced("app.log", &text);
        replaced("other.log", &text);
    }
}

#[test]
fn a_new_file_with_the_inode_of_a_deleted_one_is_told_by_its_bytes_where_no_birth_is_known() {
    without_births(|| {
        for text in [lines(4..=4), lines(4..=6), lines(4..=9)] {
            replaced("app.log", &text);
            replaced("other.log", &text);
        }
    });
}

#[test]
fn a_file_that_is_compressed_once_it_was_let_go_is_not_read_again() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", lines(1..=4));
        world.see();
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(5..=6));
        world.see();
        world.wait_until_quiet();
        // By a program that does not give the copy the time of the file.
        world.gzip("app.log.1");
        let now = world.born_now();
        let copy = std::fs::File::options().append(true).open(world.path("app.log.1.gz")).unwrap();
        copy.set_modified(now).unwrap();
        world.rename("app.log.1.gz", "app.log.2.gz");
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(7..=8));
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=8));
    });
}
