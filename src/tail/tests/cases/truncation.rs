//! Files that are emptied, cut, copied and emptied, written anew in place.

use std::io::Write as _;
use std::os::unix::fs::FileExt as _;

use super::super::super::*;
use super::super::world::{World, in_every_way, in_every_way_within, lines};

/// Empties a file that was read to its end and writes to it before anybody looks.
fn emptied_and_written(first: &str, second: &str) {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", first);
        world.see();
        let (inode, offset) = (world.inode("app.log"), world.position("app.log").unwrap());
        world.cut("app.log", 0);
        world.append("app.log", second);
        assert_eq!((world.inode("app.log"), offset.read_bytes), (inode, first.len() as u64));
        assert_eq!(world.size("app.log"), second.len() as u64);
        world.see();
        world.has_read(first.to_owned() + second);
        assert_eq!(world.told(|kind| matches!(kind, NoticeKind::Truncated { .. })), 1);
        assert_eq!(world.tail.counters().possibly_lost, 1);
    });
}

#[test]
fn what_is_written_after_emptying_is_read_however_long_it_is() {
    emptied_and_written(&lines(1..=4), &lines(11..=12));
    emptied_and_written(&lines(1..=4), &lines(11..=14));
    emptied_and_written(&lines(1..=4), &lines(11..=300));
    emptied_and_written(&lines(1..=400), &lines(1001..=1100));
}

#[test]
fn what_is_written_after_emptying_is_read_although_it_begins_as_before() {
    let same = lines(1..=1);
    emptied_and_written(&(same.clone() + &lines(2..=9)), &(same.clone() + &lines(20..=22)));
    emptied_and_written(&(same.clone() + &lines(2..=9)), &(same + &lines(20..=50)));
    let long = lines(1..=50);
    assert!(long.len() > 1024);
    emptied_and_written(&(long.clone() + &lines(60..=70)), &(long.clone() + &lines(80..=90)));
    emptied_and_written(&(long.clone() + &lines(60..=70)), &(long + &lines(80..=190)));
}

#[test]
fn a_file_that_is_empty_for_a_look_begins_anew() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", lines(1..=3));
        world.see();
        world.cut("app.log", 0);
        world.see();
        assert_eq!(world.position("app.log").unwrap().read_bytes, 0);
        world.append("app.log", lines(4..=6));
        world.see();
        world.has_read(lines(1..=6));
        assert_eq!(world.told(|kind| matches!(kind, NoticeKind::Truncated { .. })), 1);
    });
}

#[test]
fn what_is_left_of_a_file_that_was_cut_is_not_read_again() {
    in_every_way_within(Limits { read_bytes: 500, ..Limits::default() }, &["app.log"], |world| {
        world.append("app.log", lines(1..=100));
        world.see();
        let left = lines(1..=60).len() as u64;
        world.cut("app.log", left);
        world.append("app.log", lines(101..=102));
        assert!(world.size("app.log") < world.position("app.log").unwrap().read_bytes);
        world.see();
        // The cut and what was written came between two looks: where the cut was is not known to
        // the byte. Nothing is missing.
        let text = world.text();
        assert!(text.starts_with(&lines(1..=100)), "{text}");
        assert!(text.ends_with("000102 a line of the log\n"), "{text}");
        assert!(!text[lines(1..=100).len()..].contains("000001 "), "{text}");
    });
}

#[test]
fn a_file_that_was_cut_and_looked_at_goes_on_at_its_end() {
    in_every_way_within(Limits { read_bytes: 500, ..Limits::default() }, &["app.log"], |world| {
        world.append("app.log", lines(1..=100));
        world.see();
        world.cut("app.log", lines(1..=60).len() as u64);
        world.see();
        world.append("app.log", lines(101..=102));
        world.see();
        world.has_read(lines(1..=102));
    });
}

/// Of six lines two are read, two stand in the copy alone, and two come behind the emptying.
fn copy_and_empty(world: &mut World) {
    world.append("app.log", lines(1..=2));
    world.see();
    world.append("app.log", lines(3..=4));
    world.copy("app.log", "app.log.1");
    world.cut("app.log", 0);
    world.append("app.log", lines(5..=6));
}

#[test]
fn what_was_not_read_of_a_copied_and_emptied_file_is_read_in_the_copy() {
    for patterns in [&["app.log"][..], &["app.log*"]] {
        in_every_way(patterns, |world| {
            copy_and_empty(world);
            assert_ne!(world.inode("app.log"), world.inode("app.log.1"));
            world.see();
            world.has_read(lines(1..=6));
            let is_told = |kind: &_| matches!(kind, NoticeKind::CopiedAndTruncated { .. });
            assert_eq!(world.told(is_told), 1);
            assert_eq!(world.tail.counters().possibly_lost, 1, "what came in between is unknown");
        });
    }
}

#[test]
fn a_copy_that_is_seen_before_the_file_is_emptied_is_not_read_twice() {
    in_every_way(&["app.log*"], |world| {
        world.append("app.log", lines(1..=2));
        world.see();
        world.append("app.log", lines(3..=4));
        world.copy("app.log", "app.log.1");
        world.see();
        world.cut("app.log", 0);
        world.see();
        world.append("app.log", lines(5..=6));
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=6));
    });
}

#[test]
fn a_copy_that_cannot_be_read_for_a_moment_is_found_all_the_same() {
    for seed in 0..40 {
        let mut world = World::new(&["app.log"], Limits::default());
        copy_and_empty(&mut world);
        faults::begin(seed);
        faults::set(faults::Faults { unread: 300, ..faults::Faults::default() });
        for look in 0..5 {
            if look == 2 {
                faults::set(faults::Faults::default());
            }
            world.see();
        }
        world.has_read_in_any_order(lines(1..=6));
        assert_eq!(world.told(|kind| matches!(kind, NoticeKind::Truncated { .. })), 0, "{seed}");
    }
}

#[test]
fn a_copy_of_a_log_of_one_short_line_is_not_read_twice() {
    in_every_way(&["app.log*"], |world| {
        world.append("app.log", "short\n");
        world.see();
        world.copy("app.log", "app.log.1");
        world.cut("app.log", 0);
        world.append("app.log", lines(1..=2));
        world.see();
        world.wait_until_quiet();
        world.has_read("short\n".to_owned() + &lines(1..=2));
    });
}

#[test]
fn a_copy_in_which_nothing_stands_yet_is_no_file_of_its_own() {
    in_every_way(&["app.log*"], |world| {
        world.append("app.log", lines(1..=2));
        world.see();
        world.append("app.log.1", "");
        world.see();
        world.copy("app.log", "app.log.1");
        world.see();
        world.cut("app.log", 0);
        world.append("app.log", lines(3..=4));
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=4));
    });
}

#[test]
fn a_directory_at_a_rotated_name_is_no_copy_and_not_waited_for() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", lines(1..=2));
        world.see();
        world.make_directory("app.log.1");
        world.cut("app.log", 0);
        world.append("app.log", lines(3..=3));
        world.see();
        world.has_read(lines(1..=3));
    });
}

#[test]
fn a_copy_that_may_not_be_opened_for_a_moment_is_waited_for() {
    let mut world = World::new(&["app.log"], Limits::default());
    copy_and_empty(&mut world);
    faults::deny(world.path("app.log.1"));
    world.see();
    faults::begin(0);
    world.see();
    world.has_read(lines(1..=6));
    assert_eq!(world.told(|kind| matches!(kind, NoticeKind::Truncated { .. })), 0);
}

#[test]
fn what_was_seen_behind_where_reading_stands_is_told_if_it_is_cut_off() {
    let mut world = World::new(&["app.log"], Limits::default());
    world.append("app.log", lines(1..=2));
    world.see();
    let from_bytes = world.size("app.log");
    world.append("app.log", lines(3..=4));
    world.notice_only();
    world.cut("app.log", from_bytes);
    world.read();
    let lost_bytes = from_bytes;
    let cut_off = NoticeKind::Truncated { lost_bytes, from_bytes };
    assert_eq!(world.told(|kind| *kind == cut_off), 1);
    world.append("app.log", lines(5..=5));
    world.see();
    world.has_read(lines(1..=2) + &lines(5..=5));
}

#[test]
fn zeroes_at_the_beginning_of_a_compressed_text_are_read() {
    let mut world = World::new(&["app.log"], Limits::default());
    world.append("app.log", lines(1..=2));
    world.see();
    world.commit();
    world.rename("app.log", "app.log.2");
    world.append("app.log.1", "\0".repeat(16) + "\n" + &lines(3..=3));
    world.gzip("app.log.1");
    world.append("app.log", lines(4..=4));
    world.kill();
    world.see();
    world.has_read(lines(1..=2) + &"\0".repeat(16) + "\n" + &lines(3..=4));
}

#[test]
fn a_log_does_not_wait_for_a_copy_that_may_not_be_opened() {
    let mut world = World::new(&["app.log"], Limits::default());
    world.append("app.log", lines(1..=2));
    world.see();
    world.copy("app.log", "app.log.1");
    world.cut("app.log", 0);
    world.append("app.log", lines(5..=6));
    faults::deny(world.path("app.log.1"));
    for _ in 0..6 {
        world.see();
        world.now += Duration::from_secs(1);
    }
    faults::begin(0);
    world.has_read(lines(1..=2) + &lines(5..=6));
    assert_eq!(world.told(|kind| matches!(kind, NoticeKind::Truncated { .. })), 1);
    assert!(world.told(|kind| matches!(kind, NoticeKind::Unseen(_))) > 0);
}

#[test]
fn half_a_line_of_a_copied_file_is_not_joined_to_new_text() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", format!("{}half of ", lines(1..=1)));
        world.see();
        world.copy("app.log", "app.log.1");
        world.cut("app.log", 0);
        world.append("app.log", lines(2..=3));
        world.see();
        world.wait_until_quiet();
        assert!(!world.text().contains("half of 000002"), "{}", world.text());
        world.has_read_in_any_order(lines(1..=3) + "half of \n");
    });
}

#[test]
fn half_a_line_of_an_emptied_file_is_cut_short() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", format!("{}half of ", lines(1..=1)));
        world.see();
        world.cut("app.log", 0);
        world.append("app.log", lines(2..=3));
        world.see();
        world.has_read(lines(1..=3));
        assert!(world.story.iter().any(|line| line.contains("CutShort")));
    });
}

#[test]
fn zeroes_of_a_writer_that_does_not_append_are_skipped() {
    in_every_way(&["app.log"], |world| {
        drop(world.append("app.log", ""));
        // It writes where it left off, wherever the file ends by now.
        let writer = std::fs::OpenOptions::new().write(true).open(world.path("app.log")).unwrap();
        let first = lines(1..=5000);
        writer.write_all_at(first.as_bytes(), 0).unwrap();
        world.append("app.log", "");
        world.see();
        world.copy("app.log", "app.log.1");
        world.cut("app.log", 0);
        writer.write_all_at(lines(5001..=5003).as_bytes(), first.len() as u64).unwrap();
        let begins = std::fs::read(world.path("app.log")).unwrap();
        assert!(begins.starts_with(&[0; 4096]), "there is a hole before the text");
        world.see();
        world.has_read(lines(1..=5003));
        assert!(!world.text().contains('\0'));
    });
}

#[test]
fn a_file_emptied_while_nobody_looked_is_read_from_its_beginning() {
    for second in [lines(11..=12), lines(11..=14), lines(11..=300)] {
        let mut world = World::new(&["app.log"], Limits::default());
        world.append("app.log", lines(1..=4));
        world.see();
        world.commit();
        world.cut("app.log", 0);
        world.append("app.log", &second);
        world.kill();
        world.see();
        world.has_read(lines(1..=4) + &second);
        assert_eq!(world.tail.counters().truncated, 1);
    }
}

#[test]
fn what_was_seen_of_a_file_that_is_emptied_before_it_is_read_is_told() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", lines(1..=2));
        world.see();
        world.append("app.log", lines(3..=4));
        world.notice_only();
        world.cut("app.log", 0);
        world.append("app.log", lines(5..=5));
        world.see();
        world.has_read(lines(1..=2) + &lines(5..=5));
        let lost = lines(3..=4).len() as u64;
        assert_eq!(world.tail.counters().lost_bytes, lost);
    });
}

#[test]
fn a_file_emptied_twice_between_two_looks_goes_on_with_what_is_there() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", lines(1..=4));
        world.see();
        world.cut("app.log", 0);
        world.append("app.log", lines(5..=6));
        world.cut("app.log", 0);
        world.append("app.log", lines(7..=8));
        world.see();
        world.has_read(lines(1..=4) + &lines(7..=8));
        assert_eq!(world.tail.counters().possibly_lost, 1);
    });
}

#[test]
fn a_file_emptied_in_a_loop_is_followed_through_it() {
    in_every_way(&["app.log"], |world| {
        for turn in 1..=50 {
            world.cut_or_make("app.log");
            let mut writer = world.append("app.log", lines(turn * 2..=turn * 2));
            world.see();
            writer.write_all(lines(turn * 2 + 1..=turn * 2 + 1).as_bytes()).unwrap();
            world.append("app.log", "");
            world.see();
        }
        world.has_read(lines(2..=101));
        assert_eq!(world.tail.counters().truncated, 49);
        assert_eq!(world.tail.counters().files, 1, "none is kept for each time");
    });
}

#[test]
fn a_file_that_seems_shorter_on_another_machine_is_looked_at_twice() {
    in_every_way(&["app.log"], |world| {
        world.tail.is_all_remote = true;
        world.append("app.log", lines(1..=4));
        world.see();
        // What is cached is older than what was read.
        let whole = std::fs::read(world.path("app.log")).unwrap();
        world.cut("app.log", 30);
        world.see();
        assert_eq!(world.size("app.log"), 30);
        std::fs::write(world.path("app.log"), &whole).unwrap();
        world.append("app.log", lines(5..=5));
        world.see();
        world.has_read(lines(1..=5));
        world.no_loss_was_told();
    });
}

#[test]
fn a_file_that_stays_shorter_on_another_machine_was_emptied() {
    in_every_way(&["app.log"], |world| {
        world.tail.is_all_remote = true;
        world.append("app.log", lines(1..=4));
        world.see();
        world.cut("app.log", 0);
        world.append("app.log", lines(5..=5));
        world.see();
        world.has_read(lines(1..=4));
        world.see();
        world.see();
        world.has_read(lines(1..=5));
        assert_eq!(world.tail.counters().truncated, 1);
    });
}

#[test]
fn what_was_copied_and_emptied_and_renamed_before_anybody_looked_is_read_in_its_copy() {
    for then in ["", "more of another line\n"] {
        in_every_way(&["app.log"], |world| {
            world.append("app.log", "half of ");
            world.see();
            world.append("app.log", "a line\n");
            world.copy("app.log", "app.log-20261130-000001");
            world.cut("app.log", 0);
            world.append("app.log", then);
            world.rename("app.log", "app.log-20261130-000002");
            world.append("app.log", lines(5..=6));
            world.see();
            world.wait_until_quiet();
            world.has_read_in_any_order(format!("half of a line\n{then}{}", lines(5..=6)));
        });
    }
}
