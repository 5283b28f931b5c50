//! How writers write, and how slowly readers read.

use std::io::Write as _;
use std::os::unix::fs::FileExt as _;

use super::super::super::*;
use super::super::world::{World, in_every_way, in_every_way_within, lines};

#[test]
fn a_line_written_byte_by_byte_is_one_line() {
    in_every_way(&["app.log"], |world| {
        let mut writer = world.append("app.log", "");
        for byte in lines(1..=2).bytes() {
            writer.write_all(&[byte]).unwrap();
            world.append("app.log", "");
            world.see();
        }
        world.has_read(lines(1..=2));
    });
}

#[test]
fn every_size_of_reads_gives_the_same_bytes() {
    for read_bytes in [1, 2, 7, 63, 64, 65, 1000] {
        let limits = Limits { read_bytes, ..Limits::default() };
        in_every_way_within(limits, &["app.log"], |world| {
            world.append("app.log", "\n\n全角の文字\r\n\u{feff}x\n".to_owned() + &lines(1..=50));
            world.see();
            world.append("app.log", lines(51..=60));
            world.see();
            world.has_read("\n\n全角の文字\r\n\u{feff}x\n".to_owned() + &lines(1..=60));
        });
    }
}

#[test]
fn offsets_beyond_what_32_bits_hold_are_offsets() {
    for gibibytes in [2, 4] {
        let mut world = World::starting(&["app.log"], Limits::default(), Start::End);
        let mut writer = world.append("app.log", "");
        let end: u64 = gibibytes << 30;
        // A hole, which takes no room.
        let hole = std::fs::OpenOptions::new().write(true).open(world.path("app.log")).unwrap();
        hole.write_all_at(b"\n", end - 10).unwrap();
        world.see();
        assert_eq!(world.position("app.log").unwrap().read_bytes, end - 9);
        for turn in 0..3 {
            writer.write_all(lines(turn * 2..=turn * 2 + 1).as_bytes()).unwrap();
            world.see();
            world.restart();
        }
        world.see();
        world.has_read(lines(0..=5));
        assert_eq!(world.position("app.log").unwrap().read_bytes, world.size("app.log"));
        world.no_loss_was_told();
    }
}

#[test]
fn bytes_behind_a_reader_that_is_kept_waiting_are_counted_and_read_in_order() {
    in_every_way(&["app.log"], |world| {
        world.append("app.log", lines(1..=2));
        world.see();
        for turn in 1..=3 {
            world.append("app.log", lines(turn * 10..=turn * 10 + 1));
            world.notice_only();
            let lag: u64 = world.tail.files().map(|id| world.tail.lag_bytes(id)).sum();
            assert_eq!(lag, (lines(0..=1).len() as u64) * u64::from(turn), "{:?}", world.way);
            world.rename("app.log", &format!("app.log.{}", 4 - turn));
            world.notice_only();
        }
        world.append("app.log", lines(40..=41));
        world.see();
        world.wait_until_quiet();
        world.has_read(
            lines(1..=2) + &(1..=4).map(|n| lines(n * 10..=n * 10 + 1)).collect::<String>(),
        );
        world.no_loss_was_told();
    });
}

#[test]
fn one_read_hands_out_no_more_than_was_asked_for() {
    let mut world = World::new(&["app.log"], Limits { read_bytes: 4096, ..Limits::default() });
    world.append("app.log", lines(1..=10_000));
    world.notice_only();
    let mut most = 0;
    while let Some(id) = world.tail.next_unread(world.now) {
        if let Read::Bytes { bytes, .. } = world.tail.read(id, world.now) {
            most = most.max(bytes.len());
        }
    }
    assert_eq!(most, 4096);
    assert!(world.tail.buffer.len() < 4096 + 2048, "{}", world.tail.buffer.len());
}

#[test]
fn quiet_files_are_read_although_one_is_noisy() {
    let limits = Limits { read_bytes: 1000, ..Limits::default() };
    in_every_way_within(limits, &["*.log"], |world| {
        world.append("noisy.log", lines(1..=10_000));
        for file in 0..50 {
            world.append(&format!("quiet{file}.log"), lines(20_000 + file..=20_000 + file));
        }
        world.notice_only();
        for _ in 0..2 * 51 {
            world.read_once();
        }
        for file in 0..50 {
            assert!(world.text().contains(&lines(20_000 + file..=20_000 + file)), "{file}");
        }
        assert!(!world.text().contains(&lines(10_000..=10_000)), "the noisy one is behind");
    });
}

#[test]
fn what_was_read_can_be_read_again_while_it_stands_there() {
    let mut world = World::new(&["app.log"], Limits::default());
    world.append("app.log", lines(1..=3));
    world.see();
    let id = world.tail.files().next().unwrap();
    let line = lines(2..=2);
    let bytes = line.len() as u64;
    assert_eq!(world.tail.read_again(id, bytes..2 * bytes).unwrap().unwrap(), line.as_bytes());
    assert_eq!(
        world.tail.read_again(id, 2 * bytes..4 * bytes).unwrap().unwrap(),
        lines(3..=3).as_bytes()
    );
    world.cut("app.log", 0);
    assert_eq!(world.tail.read_again(id, 0..bytes).unwrap().unwrap(), b"");
}
