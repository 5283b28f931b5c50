//! What is kept, and what the files have become when it is taken up again.

use super::super::super::*;
use super::super::world::{World, in_every_way, lines};

#[test]
fn an_offset_beyond_the_end_is_a_file_that_was_emptied() {
    let mut world = World::new(&["app.log"], Limits::default());
    world.append("app.log", lines(1..=9));
    world.see();
    world.commit();
    world.cut("app.log", lines(1..=2).len() as u64);
    world.kill();
    assert!(world.position("app.log").unwrap().read_bytes > world.size("app.log"));
    world.see();
    world.append("app.log", lines(10..=11));
    world.see();
    let text = world.text();
    assert!(text.starts_with(&lines(1..=9)) && text.ends_with(&lines(10..=11)), "{text}");
    assert_eq!(world.tail.counters().possibly_lost, 1);
}

#[test]
fn a_source_is_met_once_its_files_were_looked_at_and_stays_so() {
    let mut world = World::new(&["app.log"], Limits::default());
    assert!(!world.tail.is_met(0));
    world.append("app.log", lines(1..=1));
    world.see();
    assert!(world.tail.is_met(0) && !world.tail.is_met(1));
    world.restart();
    assert!(world.tail.is_met(0));
}

#[test]
fn reading_goes_on_in_the_middle_of_a_line() {
    let mut world = World::new(&["app.log"], Limits::default());
    world.append("app.log", "half of ");
    world.see();
    world.restart();
    world.append("app.log", "a line\n");
    world.see();
    world.has_read("half of a line\n");
}

#[test]
fn a_path_that_shows_another_file_by_now_is_read_from_its_beginning() {
    let mut world = World::new(&["app.log"], Limits::default());
    world.append("app.log", lines(1..=5));
    world.see();
    world.commit();
    world.append("other", lines(6..=9));
    world.rename("other", "app.log");
    world.kill();
    world.see();
    world.wait_until_quiet();
    world.has_read(lines(1..=9));
    assert_eq!(world.told(|kind| matches!(kind, NoticeKind::Lost { lost_bytes: 0 })), 1);
}

#[test]
fn what_was_kept_in_the_middle_of_a_rotation_goes_on_behind_it() {
    for step in 0..4 {
        let mut world = World::new(&["app.log"], Limits::default());
        world.append("app.log", lines(1..=2));
        world.see();
        world.append("app.log", lines(3..=3));
        let steps: [&dyn Fn(&mut World); 4] = [
            &|world| world.rename("app.log", "app.log.1"),
            &|world| drop(world.append("app.log", "")),
            &|world| drop(world.append("app.log", lines(4..=5))),
            &|world| world.gzip("app.log.1"),
        ];
        for (index, act) in steps.iter().enumerate() {
            act(&mut world);
            if index == step {
                // Seen, and not read: the rest is due after the restart.
                world.notice_only();
                world.commit();
            }
        }
        world.kill();
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=5));
        world.no_loss_was_told();
    }
}

/// `app.log` was empty when it was last looked at; then it was written to and rotated twice, by the
/// second time compressed.
fn met_empty_and_compressed(has_elder: bool, written: &str) -> World {
    let mut world = World::new(&["app.log"], Limits::default());
    if has_elder {
        world.append("app.log", lines(1..=2));
        world.see();
        world.rename("app.log", "app.log.1");
    }
    world.append("app.log", "");
    world.see();
    world.commit();
    if has_elder {
        world.rename("app.log.1", "app.log.3");
        world.gzip("app.log.3");
    }
    world.append("app.log", written);
    world.rename("app.log", "app.log.2");
    world.gzip("app.log.2");
    world.append("app.log.1", lines(5..=6));
    world.append("app.log", lines(7..=8));
    world.kill();
    world.see();
    world.wait_until_quiet();
    world
}

/// Who was rotated before the log was followed is known by its time alone.
#[test]
fn an_elder_that_was_never_followed_tells_which_copy_is_that_of_an_empty_file() {
    let mut world = World::new(&["app.log"], Limits::default());
    let elder = world.append("app.log.2", lines(1..=2));
    elder.set_modified(std::time::UNIX_EPOCH + Duration::from_hours(24)).unwrap();
    world.gzip("app.log.2");
    world.append("app.log", "");
    world.see();
    world.commit();
    world.rename("app.log.2.gz", "app.log.3.gz");
    world.append("app.log", lines(3..=4));
    world.rename("app.log", "app.log.2");
    world.gzip("app.log.2");
    world.append("app.log", lines(5..=6));
    world.kill();
    world.see();
    world.wait_until_quiet();
    world.has_read(lines(3..=6));
    world.no_loss_was_told();
}

#[test]
fn a_file_that_was_empty_is_found_in_its_compressed_copy() {
    let world = met_empty_and_compressed(true, &lines(3..=4));
    world.has_read(lines(1..=8));
    world.no_loss_was_told();
    let world = met_empty_and_compressed(true, "");
    world.has_read(lines(1..=2) + &lines(5..=8));
    world.no_loss_was_told();
}

#[test]
fn a_file_that_was_empty_and_is_the_eldest_may_have_been_deleted() {
    let world = met_empty_and_compressed(false, &lines(3..=4));
    world.has_read(lines(3..=8));
    assert_eq!(world.told(|kind| matches!(kind, NoticeKind::Lost { lost_bytes: 0 })), 1);
}

#[test]
fn what_is_handed_out_and_not_kept_is_handed_out_again() {
    let limits = Limits { read_bytes: 200, ..Limits::default() };
    let mut world = World::new(&["app.log"], limits);
    world.append("app.log", lines(1..=50));
    world.notice_only();
    world.read_once();
    world.commit();
    world.see();
    world.has_read(lines(1..=50));
    world.kill();
    assert!(!world.text().contains(&lines(50..=50)));
    world.see();
    world.has_read(lines(1..=50));
}

#[test]
fn what_is_remembered_of_files_that_come_and_go_is_bounded() {
    let limits = Limits { rotated_quiet: Duration::ZERO, ..Limits::default() };
    let mut world = World::new(&["*.log"], limits);
    world.see();
    for round in 0..10 {
        for file in 0..50 {
            world.append(&format!("{round}.{file}.log"), "x\n");
        }
        world.see();
        for file in 0..50 {
            world.remove(&format!("{round}.{file}.log"));
        }
        world.see();
        world.see();
    }
    world.wait_until_quiet();
    assert_eq!(world.lines.len(), 500);
    assert_eq!(world.tail.counters().files, 0);
    assert_eq!(world.tail.files().count(), 500, "those that are done, which have a limit");
    let tail = &world.tail;
    let left = [tail.by_log.len(), tail.by_identity.len(), tail.retired.len(), tail.entries.len()];
    assert_eq!(left, [0; 4], "by log, by identity, retired, entries");
    assert_eq!((tail.aliases.len(), tail.unread.len()), (0, 0));
    assert!(tail.last_at.len() <= 500);
}

#[test]
fn a_file_that_is_done_is_not_read_again_when_its_path_comes_back() {
    let mut world = World::new(&["*.log", "*.log.1"], Limits::default());
    world.append("app.log", lines(1..=2));
    world.see();
    world.rename("app.log", "elsewhere");
    world.see();
    world.wait_until_quiet();
    assert_eq!(world.tail.counters().files, 0);
    world.restart();
    world.append("elsewhere", lines(3..=3));
    world.rename("elsewhere", "app.log.1");
    world.see();
    world.has_read(lines(1..=3));
}

#[test]
fn sources_that_come_and_go_leave_the_others_alone() {
    let mut world = World::new(&["a.log", "both.log"], Limits::default());
    world.append("a.log", lines(1..=2));
    world.append("both.log", lines(3..=4));
    world.append("b.log", lines(5..=6));
    world.see();
    world.has_read_in_any_order(lines(1..=4));
    let (first, second) = (
        world.sources[0].clone(),
        world.source("second", &["b.log", "both.log"], Start::Beginning),
    );
    world.sources = vec![first.clone(), second.clone()];
    world.restart();
    world.append("a.log", lines(7..=7));
    world.see();
    world.has_read_in_any_order(lines(1..=7));
    // What the first source read belongs to the second from now on.
    world.sources = vec![second];
    world.restart();
    world.append("both.log", lines(8..=8));
    world.append("a.log", lines(20..=20));
    world.see();
    world.has_read_in_any_order(lines(1..=8));
    world.sources = vec![first];
    world.restart();
    world.see();
    world.has_read_in_any_order(lines(1..=8) + &lines(20..=20));
    world.no_loss_was_told();
}

#[test]
fn where_files_start_is_about_those_that_were_there_first() {
    for (start, expected) in [
        (Start::Beginning, lines(1..=3)),
        (Start::End, String::new()),
        (Start::LastLines(2), lines(2..=3)),
    ] {
        let mut world = World::starting(&["*.log"], Limits::default(), start);
        world.append("old.log", lines(1..=3));
        world.see();
        world.has_read(&expected);
        world.append("old.log", lines(4..=4));
        world.append("new.log", lines(5..=6));
        world.restart();
        world.see();
        world.has_read_in_any_order(expected + &lines(4..=6));
    }
}

#[test]
fn what_came_between_and_begins_as_a_log_of_that_name_elsewhere_is_read() {
    in_every_way(&["a/app.log", "b/app.log"], |world| {
        world.make_directory("a");
        world.make_directory("b");
        world.append("a/app.log", lines(1..=2));
        world.append("b/app.log", lines(10..=12));
        world.see();
        world.commit();
        world.rename("a/app.log", "a/app.log.2");
        world.append("a/app.log.1", lines(10..=12));
        world.append("a/app.log", lines(3..=3));
        world.kill();
        world.see();
        let twice = lines(10..=12) + &lines(10..=12);
        world.has_read_in_any_order(lines(1..=3) + &twice);
        world.no_loss_was_told();
    });
}

#[test]
fn a_log_is_found_although_something_else_took_its_place_while_nobody_looked() {
    for is_socket in [false, true] {
        let mut world = World::new(&["app.log"], Limits::default());
        world.append("app.log", lines(1..=2));
        world.see();
        world.commit();
        world.append("app.log", lines(3..=4));
        world.rename("app.log", "app.log.1");
        if is_socket {
            std::os::unix::net::UnixListener::bind(world.path("app.log")).unwrap();
        } else {
            world.make_directory("app.log");
        }
        world.kill();
        world.see();
        world.has_read(lines(1..=4));
    }
}

#[test]
fn a_file_that_was_renamed_before_it_was_read_is_found_when_it_is_compressed_while_nobody_looks() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", "");
        world.see();
        world.append("app.log", lines(1..=2));
        world.rename("app.log", "app.log.1");
        world.append("app.log", lines(3..=4));
        // Seen, and not read.
        world.notice_only();
        world.commit();
        world.gzip("app.log.1");
        world.kill();
        world.see();
        world.has_read(lines(1..=4));
        world.no_loss_was_told();
    });
}

#[test]
fn what_was_let_go_is_kept_as_done_and_not_given_up() {
    let mut world = World::new(&["app.log"], Limits::default());
    world.append("app.log", lines(1..=2));
    world.see();
    world.rename("app.log", "app.log.1");
    world.see();
    world.tail.take_moved();
    world.wait_until_quiet();
    let (moved, removed) = world.tail.take_moved();
    assert_eq!((moved, removed), ([FileId(1)].into(), [].into()));
    assert!(world.tail.kept(FileId(1)).is_some_and(|kept| kept.is_done));
}
