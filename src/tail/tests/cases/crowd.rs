//! More files than handles, than a tick looks at, than can be compared with each other.

use super::super::super::*;
use super::super::world::{World, in_every_way_within, lines};
use super::{in_a_child, is_child};

#[test]
fn more_files_than_there_are_handles_are_each_read_once() {
    if !is_child() {
        return in_a_child("crowd::more_files_than_there_are_handles_are_each_read_once", |_| {});
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
        return in_a_child("crowd::ten_thousand_files_are_followed_and_cost_little", |_| {});
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
