//! Links that somebody sets who may write into a log directory.

use std::os::unix::fs::PermissionsExt;

use super::super::super::notice::Unseen;
use super::super::super::*;
use super::super::world::{World, lines};

/// Gives what is at a path to another user, whom nobody but root can name.
fn give_away(world: &World, name: &str) {
    std::os::unix::fs::lchown(world.path(name), Some(1000), Some(1000)).unwrap();
}

#[test]
fn a_link_that_who_writes_the_log_sets_to_what_is_not_theirs_is_not_read_but_told() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    for (pattern, name) in [("logs/app.log", "app.log"), ("logs/*.log", "new.log")] {
        for is_hard in [false, true] {
            let mut world = World::new(&[pattern], Limits::default());
            world.make_directory("logs");
            give_away(&world, "logs");
            world.append("secret", lines(90..=99));
            let secret = world.path("secret");
            std::fs::set_permissions(&secret, PermissionsExt::from_mode(0o600)).unwrap();
            let name = format!("logs/{name}");
            world.append("logs/app.log", lines(1..=1));
            world.see();
            if name == "logs/app.log" {
                world.rename("logs/app.log", "logs/app.log.1");
            }
            // As if it had been rotated while nobody looked.
            let planted = ["logs/app.log.2", &*name];
            for planted in planted.map(|planted| world.path(planted)) {
                if is_hard {
                    std::fs::hard_link(&secret, &planted).unwrap();
                } else {
                    std::os::unix::fs::symlink(&secret, &planted).unwrap();
                    std::os::unix::fs::lchown(&planted, Some(1000), Some(1000)).unwrap();
                }
            }
            world.see();
            world.has_read(lines(1..=1));
            let refused = NoticeKind::Unseen(Unseen::UntrustedLink);
            let told = world.notices.iter().filter(|notice| notice.kind == refused).count();
            assert_eq!(told, 1, "{name}, hard {is_hard}: {:?}", world.notices);
            // The log itself comes back to its place.
            world.remove(&name);
            world.append(&name, lines(2..=2));
            world.see();
            world.has_read(lines(1..=2));
        }
    }
}

#[test]
fn a_link_of_who_writes_the_log_to_their_own_file_or_directory_is_followed() {
    if !rustix::process::geteuid().is_root() {
        return;
    }
    let mut world = World::new(&["logs/current.log", "logs/deep/*.log"], Limits::default());
    for directory in ["logs", "data", "secret"] {
        world.make_directory(directory);
    }
    world.append("logs/app-2026.log", lines(1..=1));
    world.append("data/one.log", lines(2..=2));
    for name in ["logs", "data", "logs/app-2026.log", "data/one.log"] {
        give_away(&world, name);
    }
    world.append("secret/two.log", lines(3..=3));
    std::os::unix::fs::symlink("app-2026.log", world.path("logs/current.log")).unwrap();
    std::os::unix::fs::symlink("../data", world.path("logs/deep")).unwrap();
    give_away(&world, "logs/current.log");
    give_away(&world, "logs/deep");
    world.see();
    world.has_read_in_any_order(lines(1..=2));
    // The directory's link is set elsewhere, where nobody else may enter.
    std::fs::set_permissions(world.path("secret"), PermissionsExt::from_mode(0o700)).unwrap();
    world.remove("logs/deep");
    std::os::unix::fs::symlink("../secret", world.path("logs/deep")).unwrap();
    give_away(&world, "logs/deep");
    world.see();
    world.has_read_in_any_order(lines(1..=2));
    let refused = NoticeKind::Unseen(Unseen::UntrustedLink);
    assert!(world.notices.iter().any(|notice| notice.kind == refused), "{:?}", world.notices);
}
