//! Rotation by renaming.

use std::io::Write as _;

use super::super::super::*;
use super::super::world::{World, in_every_way, in_every_way_within, lines};

#[test]
fn a_writer_that_keeps_the_renamed_file_is_read_to_its_end() {
    in_every_way(&["app.log"], |world| {
        let mut writer = world.append("app.log", lines(1..=2));
        world.see();
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(5..=5));
        writer.write_all(lines(3..=4).as_bytes()).unwrap();
        assert_ne!(world.inode("app.log"), world.inode("app.log.1"));
        world.see();
        world.has_read(lines(1..=5));
        // And still later.
        writer.write_all(lines(6..=7).as_bytes()).unwrap();
        world.see();
        world.wait_until_quiet();
        world.has_read_in_any_order(lines(1..=7));
        world.no_loss_was_told();
    });
}

#[test]
fn half_a_line_goes_on_in_the_renamed_file() {
    in_every_way(&["app.log"], |world| {
        let mut writer = world.append("app.log", "half of ");
        world.see();
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(1..=1));
        world.see();
        assert!(!world.text().contains("half"));
        writer.write_all(b"a line\n").unwrap();
        world.wait_until_quiet();
        world.has_read_in_any_order(format!("half of a line\n{}", lines(1..=1)));
    });
}

#[test]
fn half_a_line_that_nobody_completes_is_a_line_when_its_file_is_let_go() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", "the last words");
        world.see();
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(1..=1));
        world.see();
        world.has_read(lines(1..=1));
        world.wait_until_quiet();
        world.has_read(format!("{}the last words", lines(1..=1)));
    });
}

#[test]
fn a_new_file_may_come_late_or_never() {
    in_every_way(&["app.log"], |world| {
        let mut writer = world.append("app.log", lines(1..=2));
        world.see();
        world.rename("app.log", "app.log.1");
        writer.write_all(lines(3..=3).as_bytes()).unwrap();
        for _ in 0..5 {
            world.see();
        }
        world.has_read(lines(1..=3));
        world.append("app.log", lines(4..=5));
        world.see();
        world.has_read(lines(1..=5));
        world.rename("app.log", "gone.elsewhere");
        world.see();
        world.wait_until_quiet();
        world.no_loss_was_told();
        let counters = world.tail.counters();
        assert_eq!((counters.open_files, counters.files), (0, 0), "{}", world.story.join("\n"));
    });
}

#[test]
fn a_file_that_was_rotated_twice_between_two_looks_is_read() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", lines(1..=2));
        world.see();
        world.append("app.log", lines(3..=3));
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(4..=5));
        let never_seen = world.inode("app.log");
        world.rename("app.log.1", "app.log.2");
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(6..=7));
        assert_eq!(world.inode("app.log.1"), never_seen);
        world.see();
        world.has_read(lines(1..=7));
        world.no_loss_was_told();
        assert_eq!(world.told(|kind| *kind == NoticeKind::CaughtUp), 1);
    });
}

#[test]
fn every_rotation_while_nobody_looked_is_read_after_a_restart() {
    for compressed in [false, true] {
        let mut world = World::new(&["app.log"], Limits::default());
        world.append("app.log", lines(1..=2));
        world.see();
        world.commit();
        world.append("app.log", lines(3..=3));
        for turn in 1..=5 {
            for number in (1..turn).rev() {
                for ending in ["", ".gz"] {
                    let from = format!("app.log.{number}{ending}");
                    if world.path(&from).exists() {
                        world.rename(&from, &format!("app.log.{}{ending}", number + 1));
                    }
                }
            }
            world.rename("app.log", "app.log.1");
            if compressed {
                world.gzip("app.log.1");
            }
            world.append("app.log", lines(turn * 10..=turn * 10 + 2));
        }
        world.kill();
        world.see();
        let expected: String = (1..=5).map(|turn| lines(turn * 10..=turn * 10 + 2)).collect();
        world.has_read(lines(1..=3) + &expected);
        world.no_loss_was_told();
    }
}

#[test]
fn a_chain_seen_in_the_middle_of_its_shift_is_the_same_chain() {
    for patterns in [&["app.log"][..], &["app.log*"]] {
        in_every_way(patterns, |world| {
            let hour = Duration::from_hours(1);
            let today = world.born_now();
            let file = world.append("app.log.2", lines(1..=2));
            file.set_modified(today - 2 * hour).unwrap();
            let file = world.append("app.log.1", lines(3..=4));
            file.set_modified(today - hour).unwrap();
            world.append("app.log", lines(5..=6));
            world.see();
            let before = world.text();
            world.rename("app.log.2", "app.log.3");
            world.see();
            world.rename("app.log.1", "app.log.2");
            world.see();
            world.append("app.log", lines(7..=7));
            world.rename("app.log", "app.log.1");
            assert!(!world.path("app.log").exists());
            world.see();
            world.append("app.log", lines(8..=8));
            world.see();
            world.wait_until_quiet();
            world.has_read(before + &lines(7..=8));
            world.no_loss_was_told();
        });
    }
}

#[test]
fn what_was_rotated_before_anybody_followed_the_log_is_not_read_later() {
    in_every_way(&["app.log"], |world| {
        let mut old = world.append("app.log.1", lines(1..=2));
        // The clock of the file system goes in steps.
        while world.born("app.log.1") == world.born_now() {}
        world.append("app.log", lines(3..=4));
        world.see();
        // Who has it open has not heard of the rotation.
        old.write_all(lines(5..=5).as_bytes()).unwrap();
        world.rename("app.log.1", "app.log.2");
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(6..=6));
        world.see();
        world.has_read(lines(3..=4) + &lines(6..=6));
    });
}

#[test]
fn a_file_rotated_into_another_directory_is_read_to_its_end() {
    in_every_way(&["app.log"], |world| {
        world.make_directory("old");
        let mut writer = world.append("app.log", lines(1..=2));
        world.see();
        world.append("app.log", lines(3..=3));
        world.rename("app.log", "old/app.log.1");
        world.append("app.log", lines(5..=5));
        writer.write_all(lines(4..=4).as_bytes()).unwrap();
        world.see();
        world.has_read(lines(1..=5));
        world.no_loss_was_told();
    });
}

#[test]
fn a_file_rotated_into_another_directory_while_nobody_looked_is_found_there() {
    for compressed in [false, true] {
        let mut world = World::new(&["app.log"], Limits::default());
        world.make_directory("old");
        world.append("app.log", lines(1..=2));
        world.see();
        world.commit();
        world.append("app.log", lines(3..=3));
        world.rename("app.log", "old/app.log.1");
        if compressed {
            world.gzip("old/app.log.1");
        }
        world.append("app.log", lines(4..=4));
        world.kill();
        world.see();
        world.has_read(lines(1..=4));
        world.no_loss_was_told();
    }
}

#[test]
fn a_file_that_no_longer_fits_the_pattern_is_read_to_its_end() {
    in_every_way(&["*.log"], |world| {
        let mut writer = world.append("app.log", lines(1..=2));
        world.see();
        writer.write_all(lines(3..=4).as_bytes()).unwrap();
        world.rename("app.log", "app.old");
        world.see();
        writer.write_all(lines(5..=5).as_bytes()).unwrap();
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=5));
        world.no_loss_was_told();
    });
}

#[test]
fn every_scheme_of_names_is_the_same_log() {
    for names in [
        ["app.log.1", "app.log.2"],
        ["app.log-20261122", "app.log-20261121"],
        ["app.log-1795309201", "app.log-1795305601"],
        ["app.log.2026-11-22_15-04-05", "app.log.2026-11-22_14-04-05"],
        ["app-2026-11-22T15-04-05.000.log", "app-2026-11-22T14-04-05.000.log"],
        ["app.2026-11-22.log", "app.2026-11-21.log"],
    ] {
        in_every_way(&["app.log"], |world| {
            world.append("app.log", lines(1..=2));
            world.see();
            world.append("app.log", lines(3..=3));
            // Twice between two looks, so that the names must tell the order.
            world.rename("app.log", names[1]);
            world.append("app.log", lines(4..=4));
            world.rename("app.log", names[0]);
            world.append("app.log", lines(5..=5));
            world.see();
            world.has_read(lines(1..=5));
            world.no_loss_was_told();
        });
    }
}

#[test]
fn a_program_that_writes_a_new_name_each_hour_is_read_file_by_file() {
    in_every_way(&["app-*.log"], |world| {
        for hour in 10..15 {
            let name = format!("app-2026-11-22T{hour}.log");
            world.append(&name, lines(hour * 10..=hour * 10 + 3));
            world.see();
            world.append(&name, lines(hour * 10 + 4..=hour * 10 + 4));
        }
        world.see();
        let expected: String = (10..15).map(|hour| lines(hour * 10..=hour * 10 + 4)).collect();
        world.has_read_in_any_order(expected);
        world.no_loss_was_told();
    });
}

#[test]
fn a_file_made_beside_and_renamed_over_the_path_is_the_next() {
    in_every_way(&["app.log"], |world| {
        let mut writer = world.append("app.log", lines(1..=2));
        world.see();
        writer.write_all(lines(3..=3).as_bytes()).unwrap();
        let before = world.inode("app.log");
        world.append("app.log.new", lines(4..=5));
        // The old one has no name from here on: only who has it open can read it.
        world.rename("app.log.new", "app.log");
        assert_ne!(world.inode("app.log"), before);
        world.see();
        world.has_read(lines(1..=5));
        world.no_loss_was_told();
    });
}

#[test]
fn a_followed_file_renamed_over_another_is_not_read_again() {
    in_every_way(&["*.log"], |world| {
        world.append("a.log", lines(1..=2));
        world.append("b.log", lines(3..=4));
        world.see();
        world.append("b.log", lines(5..=5));
        world.rename("b.log", "a.log");
        world.see();
        world.append("a.log", lines(6..=6));
        world.see();
        world.wait_until_quiet();
        world.has_read_in_any_order(lines(1..=6));
        world.no_loss_was_told();
    });
}

#[test]
fn many_files_that_rotate_at_once_are_each_read_once() {
    let limits = Limits { open_files_max: 8, ..Limits::default() };
    in_every_way_within(limits, &["*.log"], |world| {
        for file in 0..100 {
            world.append(&format!("{file}.log"), lines(file * 10..=file * 10 + 1));
        }
        world.see();
        for file in 0..100 {
            world.append(&format!("{file}.log"), lines(file * 10 + 2..=file * 10 + 2));
            world.rename(&format!("{file}.log"), &format!("{file}.log.1"));
            world.append(&format!("{file}.log"), lines(file * 10 + 3..=file * 10 + 3));
        }
        world.see();
        let expected: String = (0..100).map(|file| lines(file * 10..=file * 10 + 3)).collect();
        world.has_read_in_any_order(expected);
        world.no_loss_was_told();
        assert!(world.tail.counters().open_files <= 8);
        assert!(world.tail.counters().handles_closed_early > 100);
    });
}

#[test]
fn a_rotation_between_the_first_look_and_the_first_read_loses_nothing() {
    for rotated_first in [false, true] {
        let mut world = World::new(&["*.log"], Limits::default());
        world.append("app.log", lines(1..=2));
        if rotated_first {
            world.restart();
        }
        world.notice_only();
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(3..=4));
        world.see();
        world.has_read(lines(1..=4));
        world.no_loss_was_told();
    }
}

#[test]
fn a_file_renamed_away_and_back_is_read_once() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", lines(1..=2));
        world.see();
        world.rename("app.log", "away");
        world.see();
        world.append("away", lines(3..=3));
        world.rename("away", "app.log");
        world.see();
        world.append("app.log", lines(4..=4));
        world.see();
        world.rename("app.log", "away");
        world.append("app.log", lines(5..=5));
        world.see();
        world.rename("away", "app.log");
        world.append("app.log", lines(6..=6));
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=6));
    });
}

#[test]
fn a_file_that_was_made_in_the_same_tick_as_the_one_before_came_behind_it() {
    let mut world = World::new(&["app.log"], Limits::default());
    let is_same_tick = (0..1000).any(|_| {
        for name in ["app.log", "next"] {
            if world.path(name).exists() {
                world.remove(name);
            }
            world.append(name, "");
        }
        world.born("app.log") == world.born("next")
    });
    assert!(is_same_tick, "the hazard");
    world.append("app.log", lines(1..=2));
    world.see();
    world.rename("app.log", "app.log.2");
    world.append("next", lines(3..=4));
    world.rename("next", "app.log.1");
    world.append("app.log", lines(5..=6));
    world.see();
    world.has_read(lines(1..=6));
}

#[test]
fn a_compressed_copy_that_is_stamped_with_the_whole_second_is_found() {
    in_every_way(&["app.log"], |world| {
        let stamp = |world: &World, name: &str, millis: u64| {
            let at = std::time::UNIX_EPOCH + Duration::from_millis(1_795_428_900_000 + millis);
            let file = std::fs::File::options().append(true).open(world.path(name)).unwrap();
            file.set_modified(at).unwrap();
        };
        world.append("app.log", lines(1..=2));
        stamp(world, "app.log", 250);
        world.see();
        world.commit();
        world.append("app.log", lines(3..=4));
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(5..=6));
        world.gzip("app.log.1");
        // As bzip2 does.
        stamp(world, "app.log.1.gz", 0);
        world.kill();
        world.tail.handles.close(FileId(1));
        world.see();
        world.has_read(lines(1..=6));
        world.no_loss_was_told();
    });
}
