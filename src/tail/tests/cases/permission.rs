//! What a daemon without privileges may read, and what it may open no more of.

use std::os::unix::process::CommandExt as _;

use super::super::super::*;
use super::super::world::{World, in_every_way, lines};
use super::{in_a_child, is_child};

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
            "permission::a_log_rotates_in_a_directory_that_may_be_entered_and_not_listed",
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
            "permission::a_file_that_may_not_be_read_is_told_once_and_read_when_it_may",
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
