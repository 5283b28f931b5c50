//! What can be seen of paths, and when.

use std::os::unix::fs::FileExt as _;
use std::os::unix::process::CommandExt as _;
use std::process::Command;

use super::super::super::*;
use super::super::world::{Way, World, in_every_way, in_every_way_within, lines};

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
        // The memory of this process: a regular file whose first byte cannot be read.
        std::os::unix::fs::symlink("/proc/self/mem", world.path("app.log")).unwrap();
        for _ in 0..10 {
            world.see();
        }
        world.has_read("");
        let id = world.tail.files().next().unwrap();
        assert!(!world.story.iter().any(|line| line.contains("CutShort")));
        assert!(world.tail.kept(id).is_some_and(|kept| !kept.is_done));
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

/// Runs a test of this binary in a process of its own, in which it is told that it is the child.
fn in_a_child(test: &str, prepare: impl FnOnce(&mut Command)) {
    let directory = tempfile::tempdir().unwrap();
    let binary = directory.path().join("tests");
    let own = std::env::current_exe().unwrap();
    // Another user may not come by where this binary lies.
    if std::fs::hard_link(&own, &binary).is_err() {
        std::fs::copy(&own, &binary).unwrap();
    }
    let open = std::os::unix::fs::PermissionsExt::from_mode(0o777);
    std::fs::set_permissions(directory.path(), open).unwrap();
    let mut child = Command::new(&binary);
    let name = format!("tail::tests::cases::watching::{test}");
    child.args(["--exact", &name, "--nocapture"]).env(CHILD, "1").env("TMPDIR", directory.path());
    child.current_dir(directory.path());
    prepare(&mut child);
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

const CHILD: &str = "OCRWATCH_TEST_CHILD";

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}

/// The same by a user whom permissions bind.
fn in_a_child_without_privileges(test: &str) {
    const NOBODY: u32 = 65_534;
    in_a_child(test, |child| {
        if rustix::process::geteuid().is_root() {
            child.uid(NOBODY).gid(NOBODY);
        }
    });
}

fn permit(world: &World, name: &str, mode: u32) {
    let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
    std::fs::set_permissions(world.path(name), mode).unwrap();
}

#[test]
fn a_log_rotates_in_a_directory_that_may_be_entered_and_not_listed() {
    if !is_child() {
        return in_a_child_without_privileges(
            "a_log_rotates_in_a_directory_that_may_be_entered_and_not_listed",
        );
    }
    in_every_way(&["closed/app.log"], |world| {
        world.make_directory("closed");
        world.append("closed/app.log", lines(1..=2));
        permit(world, "closed", 0o300);
        assert!(std::fs::read_dir(world.path("closed")).is_err(), "the hazard");
        world.see();
        world.append("closed/app.log", lines(3..=3));
        world.rename("closed/app.log", "closed/app.log.1");
        world.append("closed/app.log", lines(4..=5));
        world.see();
        world.has_read(lines(1..=5));
        permit(world, "closed", 0o700);
    });
}

#[test]
fn a_file_that_may_not_be_read_is_told_once_and_read_when_it_may() {
    if !is_child() {
        return in_a_child_without_privileges(
            "a_file_that_may_not_be_read_is_told_once_and_read_when_it_may",
        );
    }
    in_every_way(&["app.log", "closed/*.log"], |world| {
        world.make_directory("closed");
        world.append("closed/in.log", lines(10..=10));
        world.append("app.log", lines(1..=2));
        permit(world, "app.log", 0);
        permit(world, "closed", 0);
        assert!(std::fs::File::open(world.path("app.log")).is_err(), "the hazard");
        for _ in 0..5 {
            world.see();
        }
        world.has_read("");
        let denied = NoticeKind::Unseen(Unseen::Error(std::io::ErrorKind::PermissionDenied));
        assert_eq!(world.told(|kind| *kind == denied), 2, "{:?}", world.notices);
        permit(world, "app.log", 0o600);
        permit(world, "closed", 0o700);
        world.append("app.log", "");
        world.append("closed/in.log", "");
        world.see();
        world.has_read_in_any_order(lines(1..=2) + &lines(10..=10));
        // Taken away again: what is open is read on, what is not is not given up.
        permit(world, "closed", 0);
        permit(world, "app.log", 0);
        world.tail.handles = super::super::super::handles::Handles::new(8, Links::Protected);
        for _ in 0..200 {
            world.see();
        }
        permit(world, "app.log", 0o600);
        permit(world, "closed", 0o700);
        world.append("app.log", lines(3..=3));
        world.append("closed/in.log", lines(11..=11));
        world.see();
        world.see();
        world.has_read_in_any_order(lines(1..=3) + &lines(10..=11));
        world.no_loss_was_told();
    });
}

#[test]
fn more_files_than_there_are_handles_are_each_read_once() {
    if !is_child() {
        return in_a_child("more_files_than_there_are_handles_are_each_read_once", |_| {});
    }
    let may_open = |current| {
        let limit = rustix::process::Rlimit { current: Some(current), maximum: Some(1000) };
        rustix::process::setrlimit(rustix::process::Resource::Nofile, limit).unwrap();
    };
    // More than the process may have: the limit of the system is met, not our own.
    let limits = Limits { open_files_max: 1000, ..Limits::default() };
    in_every_way_within(limits, &["*.log"], |world| {
        for file in 0..200 {
            world.append(&format!("{file}.log"), lines(file..=file));
        }
        may_open(100);
        world.see();
        may_open(1000);
        for file in 0..200 {
            world.append(&format!("{file}.log"), lines(1000 + file..=1000 + file));
        }
        may_open(100);
        world.see();
        assert!(world.tail.counters().handles_closed_early > 100, "the hazard");
        // None is left at all: nobody of ours can give one up. What is renamed meanwhile cannot
        // be found, and is not gone.
        may_open(1000);
        world.append("0.log", lines(3000..=3000));
        world.rename("0.log", "0.log.1");
        world.append("0.log", lines(3001..=3001));
        may_open(100);
        world.tail.handles = super::super::super::handles::Handles::new(8, Links::Protected);
        let mut taken = Vec::new();
        while let Ok(file) = std::fs::File::open("/dev/null") {
            taken.push(file);
        }
        for _ in 0..5 {
            world.now += Duration::from_secs(2);
            world.tail.look_at_all(world.now);
            world.read();
        }
        drop(taken);
        may_open(1000);
        for file in 0..200 {
            world.append(&format!("{file}.log"), lines(2000 + file..=2000 + file));
        }
        world.see();
        world.see();
        let all = lines(0..=199) + &lines(1000..=1199) + &lines(2000..=2199) + &lines(3000..=3001);
        world.has_read_in_any_order(all);
        world.no_loss_was_told();
    });
}

#[test]
fn a_program_with_a_name_for_each_minute_is_met_without_comparing_all_with_all() {
    let mut world = World::new(&["app-*.log"], Limits::default());
    for minute in 0..2000 {
        let name = format!("app-2026-11-22_{:02}-{:02}.log", minute / 60, minute % 60);
        std::fs::write(world.path(&name), lines(minute * 50..=minute * 50 + 49)).unwrap();
    }
    world.see();
    assert_eq!(world.lines.len(), 100_000);
    let opened = world.tail.handles.closed_early + world.tail.counters().open_files;
    assert!(opened <= 3 * 2000, "{opened}");
}

#[test]
fn ten_thousand_files_are_followed_and_cost_little() {
    const FILES: usize = 10_000;
    const BYTES_EACH_MAX: usize = 2500;
    if !is_child() {
        return in_a_child("ten_thousand_files_are_followed_and_cost_little", |_| {});
    }
    let resident_bytes = || {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        // Pages of the program itself come in as it runs, more of them the larger it is.
        let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<usize>().unwrap() * 1024
    };
    let mut world =
        World::new(&["a-directory-with-a-name-of-usual-length/*.log"], Limits::default());
    world.make_directory("a-directory-with-a-name-of-usual-length");
    for file in 0..FILES {
        let name = format!("a-directory-with-a-name-of-usual-length/service-{file}.log");
        std::fs::write(world.path(&name), lines(1..=80)).unwrap();
    }
    let before = resident_bytes();
    world.tail.look_at_all(world.now);
    while let Some(id) = world.tail.next_unread(world.now) {
        world.tail.read(id, world.now);
    }
    let bytes_each = (resident_bytes() - before) / FILES;
    assert!(bytes_each <= BYTES_EACH_MAX, "{bytes_each} bytes each");
    assert_eq!(world.tail.counters().files, FILES as u64);
    assert!(world.tail.counters().open_files <= 256);
    // A tick goes by a part of them, whatever their number; a round of ticks comes by each.
    world.append("a-directory-with-a-name-of-usual-length/service-7777.log", lines(1..=1));
    for _ in 0..21 {
        let looks = world.tail.counters().looks;
        world.now += Duration::from_secs(1);
        world.tail.tick(world.now);
        world.read();
        assert!(world.tail.counters().looks - looks <= 502);
    }
    world.has_read(lines(1..=1));
}
