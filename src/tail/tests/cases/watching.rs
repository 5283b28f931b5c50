//! What can be seen of paths, and when.

use std::os::unix::fs::FileExt as _;
use std::process::Command;

use super::super::super::*;
use super::super::world::{Way, World, in_every_way, lines};

#[test]
fn a_write_that_nothing_tells_is_seen_by_the_next_tick() {
    let mut world = World::new(&["app.log", "deep/**/*.log"], Limits::default());
    world.way = Way::Ticks;
    world.append("app.log", lines(1..=1));
    world.see();
    world.append("app.log", lines(2..=2));
    world.see();
    world.has_read(lines(1..=2));
    world.make_directory("deep/er");
    world.append("deep/er/new.log", lines(3..=3));
    world.see();
    world.has_read(lines(1..=3));
}

#[test]
fn a_wake_up_for_a_file_reads_it_at_once() {
    let mut world = World::new(&["app.log"], Limits::default());
    world.way = Way::Named;
    world.append("app.log", lines(1..=1));
    world.see();
    world.now += Duration::from_hours(1);
    let looks = world.tail.counters().looks;
    world.append("app.log", lines(2..=2));
    world.see();
    world.has_read(lines(1..=2));
    assert!(world.tail.counters().looks - looks <= 3, "nothing else is looked at");
}

#[test]
fn a_directory_that_nothing_tells_of_is_looked_at_in_every_tick() {
    let limits = Limits { sweep_max: 1, ..Limits::default() };
    let mut world = World::new(&["told/*.log", "untold/*.log"], limits);
    world.way = Way::Ticks;
    world.make_directory("told");
    world.make_directory("untold");
    for file in 0..20 {
        world.append(&format!("told/{file}.log"), "");
        world.append(&format!("untold/{file}.log"), "");
    }
    world.see();
    let untold = world.path("untold");
    world.tail.set_polled(&untold, true);
    for file in 0..20 {
        world.append(&format!("untold/{file}.log"), lines(file..=file));
    }
    world.append("untold/new.log", lines(20..=20));
    world.see();
    world.has_read_in_any_order(lines(0..=20));
    world.append("told/7.log", lines(30..=30));
    for _ in 0..50 {
        world.see();
    }
    world.has_read_in_any_order(lines(0..=20) + &lines(30..=30));
}

#[test]
fn a_file_written_through_memory_is_read_like_any_other() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", "");
        world.see();
        // As such a writer does: the room first, then the text; no event tells the text.
        world.cut("app.log", lines(1..=2).len() as u64);
        let writer = std::fs::OpenOptions::new().write(true).open(world.path("app.log")).unwrap();
        writer.write_all_at(lines(1..=2).as_bytes(), 0).unwrap();
        world.see();
        world.has_read(lines(1..=2));
    });
}

#[test]
fn a_tree_is_searched_to_its_leaves_without_what_is_hidden() {
    let mut world = World::new(&["tree/**/*.log"], Limits::default());
    let mut path = "tree".to_owned();
    for depth in 0..20 {
        world.make_directory(&path);
        world.append(&format!("{path}/app.log"), lines(depth..=depth));
        world.make_directory(&format!("{path}/.hidden"));
        world.append(&format!("{path}/.hidden/app.log"), "hidden\n");
        world.append(&format!("{path}/.app.log"), "hidden\n");
        path.push_str("/d");
    }
    world.see();
    world.has_read_in_any_order(lines(0..=19));
    assert_eq!(world.tail.counters().directories, 20);
}

#[test]
fn an_exact_path_that_is_a_directory_means_its_files() {
    in_every_way(&["logs"], |world| {
        world.see();
        world.make_directory("logs/deep");
        world.append("logs/app.log", lines(1..=1));
        world.append("logs/deep/other", lines(2..=2));
        world.append("logs/.hidden", "hidden\n");
        world.append("logs/app.log.2.gz", "compressed\n");
        world.see();
        world.has_read_in_any_order(lines(1..=2));
        assert_eq!(world.tail.counters().unseen, 0);
        assert_eq!(world.tail.counters().directories, 2);
        // It becomes a file.
        world.rename("logs", "before");
        world.append("logs", lines(3..=3));
        world.see();
        world.has_read_in_any_order(lines(1..=3));
    });
}

#[test]
fn a_path_that_is_compressed_by_its_name_is_told_once() {
    let mut world = World::new(&["app.log.1.gz", "late.gz"], Limits::default());
    world.append("app.log.1", lines(1..=1));
    world.gzip("app.log.1");
    for _ in 0..5 {
        world.see();
    }
    world.has_read("");
    assert_eq!(world.told(|kind| *kind == NoticeKind::Unseen(Unseen::Compressed)), 1);
    assert_eq!(world.notices.len(), 1);
}

#[test]
fn what_two_sources_ask_for_belongs_to_the_first() {
    for (first, second) in [("*.log", "app.log"), ("app.log", "*.log"), ("app.log", "app.log")] {
        let mut world = World::new(&[first], Limits::default());
        world.sources.push(world.source("second", &[second], Start::Beginning));
        world.kill();
        world.append("app.log", lines(1..=1));
        world.see();
        world.has_read(lines(1..=1));
        let id = world.tail.files().next().unwrap();
        assert_eq!(world.tail.name(id).unwrap().1, 0, "{first}, {second}");
    }
}

#[test]
fn what_is_excluded_is_not_followed_however_it_is_asked_for() {
    let mut world = World::new(&["app.log", "*.log", "dir"], Limits::default());
    world.sources[0].exclude = vec![Exclusion::parse("app.*").unwrap()];
    world.kill();
    world.make_directory("dir");
    for name in ["app.log", "dir/app.log", "dir/other.log", "other.log"] {
        world.append(name, format!("{name}\n"));
    }
    world.see();
    world.has_read_in_any_order("dir/other.log\nother.log\n");
}

#[test]
fn what_is_no_file_is_told_once_and_followed_when_it_is_one() {
    in_every_way(&["a.log", "b.log", "c.log", "d.log", "*.sock"], |world| {
        let fifo = Command::new("mkfifo").arg(world.path("a.log")).status().unwrap();
        assert!(fifo.success());
        let socket = std::os::unix::net::UnixListener::bind(world.path("x.sock")).unwrap();
        std::os::unix::fs::symlink("/dev/zero", world.path("b.log")).unwrap();
        std::os::unix::fs::symlink("nowhere", world.path("c.log")).unwrap();
        std::os::unix::fs::symlink("d.log", world.path("d.log")).unwrap();
        for _ in 0..4 {
            world.see();
        }
        world.has_read("");
        assert_eq!(world.told(|kind| *kind == NoticeKind::Unseen(Unseen::NotAFile)), 3);
        let is_loop = |kind: &_| matches!(kind, NoticeKind::Unseen(Unseen::Error(kind)) if format!("{kind:?}").contains("Loop"));
        assert_eq!(world.told(is_loop), 1);
        assert_eq!(world.notices.len(), 4, "a link that leads nowhere is a file that may come");
        drop(socket);
        for (number, name) in ["a.log", "b.log", "c.log", "d.log", "x.sock"].iter().enumerate() {
            world.remove(name);
            let number = u32::try_from(number).unwrap();
            world.append(name, lines(number..=number));
        }
        world.see();
        world.has_read_in_any_order(lines(0..=4));
        assert_eq!(world.told(|kind| *kind == NoticeKind::SeenAgain), 4);
    });
}

#[test]
fn a_link_back_to_a_directory_above_ends_the_search() {
    let mut world = World::new(&["tree/**/*.log"], Limits::default());
    world.make_directory("tree/deep");
    world.append("tree/deep/app.log", lines(1..=1));
    world.link("tree", "tree/deep/back");
    world.see();
    world.has_read(lines(1..=1));
    assert_eq!(world.tail.counters().directories, 2);
}

#[test]
fn a_file_that_is_renamed_between_listing_and_opening_is_followed() {
    in_every_way(&["*.log"], |world| {
        world.append("b.log", lines(1..=2));
        world.see();
        world.append("a.log", lines(3..=4));
        world.notice_only();
        assert_eq!(world.tail.counters().files, 2);
        // Listed and looked at, and not yet opened to be read.
        world.tail.handles = super::super::super::handles::Handles::new(8, Links::Protected);
        world.rename("a.log", "c.log");
        world.read();
        world.see();
        world.wait_until_quiet();
        world.has_read(lines(1..=4));
        world.no_loss_was_told();
    });
}

#[test]
fn a_wake_up_for_a_path_that_shows_another_file_by_now_reads_both() {
    let mut world = World::new(&["app.log"], Limits::default());
    world.way = Way::Named;
    world.append("app.log", lines(1..=2));
    world.see();
    world.append("app.log", lines(3..=3));
    world.remove("app.log");
    world.append("app.log", lines(4..=4));
    // One of the queued names tells of the file that is gone, one of that which is there.
    world.see();
    world.append("app.log", "");
    world.see();
    world.has_read(lines(1..=4));
    world.no_loss_was_told();
}

#[test]
fn an_error_of_the_device_is_told_once_and_nothing_is_given_up() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", lines(1..=2));
        faults::set(faults::Faults { unread: 1000, ..faults::Faults::default() });
        for _ in 0..10 {
            world.see();
        }
        world.has_read("");
        assert_eq!(world.told(|kind| matches!(kind, NoticeKind::Unseen(_))), 1);
        let id = world.tail.files().next().unwrap();
        assert!(!world.story.iter().any(|line| line.contains("CutShort")));
        assert!(world.tail.kept(id).is_some_and(|kept| !kept.is_done));
        faults::set(faults::Faults::default());
        world.see();
        world.has_read(lines(1..=2));
    });
}

#[test]
fn no_handle_stays_open_when_a_tail_is_gone() {
    let mut world = World::new(&["*.log"], Limits::default());
    for file in 0..20 {
        world.append(&format!("{file}.log"), lines(1..=1));
    }
    world.see();
    let below = world.path("");
    let open = || {
        let handles = std::fs::read_dir("/proc/self/fd").unwrap();
        let targets = handles.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        targets.filter(|target| target.starts_with(&below)).count()
    };
    assert_eq!(open(), 20);
    world.kill();
    assert_eq!(open(), 0);
}
