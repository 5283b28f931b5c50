//! A log whose directory goes away and comes back, as one that is mounted does.

use super::*;
use crate::tail::faults;

/// The log goes where nobody looks, or comes back.
fn rename(world: &World, from: &str, to: &str) {
    let path = world.path(to);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::rename(world.path(from), path).unwrap();
}

fn look_for_seconds(world: &mut World, seconds: u64) {
    for _ in 0..seconds {
        world.wait(1_000);
        world.look();
        world.commit();
    }
}

fn written(world: &mut World, errors: std::ops::Range<u64>) -> Vec<String> {
    let mut writer = world.open();
    for number in errors.clone() {
        writer.write_all(error(number).as_bytes()).unwrap();
    }
    errors.map(|number| format!("{number:032x}")).collect()
}

/// What was written is read, and looked at once it is quiet: the program ends before.
fn read_and_not_looked_at() -> (World, Vec<String>) {
    let mut world = World::new(config::Encoding::Auto);
    drop(world.open());
    world.look();
    world.commit();
    let due = written(&mut world, 1..4);
    world.look();
    world.commit();
    assert_eq!(world.passed, [""; 0]);
    (world, due)
}

#[test]
fn what_was_read_and_not_looked_at_is_looked_at_once_its_directory_is_back() {
    let (mut world, due) = read_and_not_looked_at();
    rename(&world, "app.log", "away/app.log");
    world.reopen();
    look_for_seconds(&mut world, 1);
    rename(&world, "away/app.log", "app.log");
    look_for_seconds(&mut world, 3);
    assert_eq!(world.passed, due);
}

#[test]
fn a_log_that_was_given_up_goes_on_where_it_was_once_its_directory_is_back() {
    let mut world = World::new(config::Encoding::Auto);
    let mut due = written(&mut world, 1..4);
    look_for_seconds(&mut world, 2);
    assert_eq!(world.passed, due);
    rename(&world, "app.log", "away/app.log");
    // No handle is left.
    world.reopen();
    look_for_seconds(&mut world, 6);
    world.reopen();
    rename(&world, "away/app.log", "app.log");
    due.extend(written(&mut world, 4..6));
    look_for_seconds(&mut world, 3);
    assert_eq!(world.passed, due);
}

#[test]
fn what_was_written_anew_while_a_directory_was_away_is_not_taken_for_what_was_read() {
    let (mut world, mut due) = read_and_not_looked_at();
    // Copied, emptied, and longer again than it was read.
    std::fs::copy(world.path("app.log"), world.path("app.log.1")).unwrap();
    world.open().set_len(0).unwrap();
    due.extend(written(&mut world, 4..12));
    for name in ["app.log", "app.log.1"] {
        rename(&world, name, &format!("away/{name}"));
    }
    world.reopen();
    look_for_seconds(&mut world, 1);
    for name in ["app.log", "app.log.1"] {
        rename(&world, &format!("away/{name}"), name);
    }
    // It is seen to be back before the tail looks at it.
    world.wait(1_000);
    world.read();
    look_for_seconds(&mut world, 5);
    world.passed.sort();
    assert_eq!(world.passed, due);
}

#[test]
fn what_was_read_and_not_looked_at_waits_while_its_log_cannot_be_read() {
    for seed in 0..30 {
        let (mut world, mut due) = read_and_not_looked_at();
        world.reopen();
        due.extend(written(&mut world, 4..6));
        faults::begin(seed);
        faults::set(faults::Faults { unread: 400, denied: 100, ..faults::Faults::default() });
        look_for_seconds(&mut world, 3);
        faults::set(faults::Faults::default());
        look_for_seconds(&mut world, 3);
        assert_eq!(world.passed, due, "with seed {seed}");
    }
}
