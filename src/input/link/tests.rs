use std::fs;
use std::io::{self, Read as _};
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink};
use std::path::{Path, PathBuf};

use super::trust::{Node, Way};
use super::*;

const OPERATOR: u32 = 500;
const APP: u32 = 1000;
const OTHER: u32 = 2000;

fn node(owner: u32, mode: u32) -> Node {
    Node { id: (1, u64::from(owner) << 12 | u64::from(mode)), owner, mode, has_names: false }
}

/// A link of `owner` in a directory of theirs to a file in `at`.
fn through_link(owner: u32, at: Node, file: Node) -> bool {
    let mut way = Way::of_user(OPERATOR);
    way.link(1, node(owner, 0o777), node(owner, 0o755));
    way.may_read(file, at).is_ok()
}

#[test]
fn a_link_leads_to_what_is_its_owner_s_or_everybody_s() {
    let elsewhere = node(0, 0o755);
    for (owner, file, is_read) in [
        (APP, node(0, 0o640), false),
        (APP, node(OTHER, 0o600), false),
        (APP, node(OPERATOR, 0o600), false),
        (APP, node(APP, 0o600), true),
        (APP, node(0, 0o644), true),
        (0, node(OTHER, 0o600), true),
        (OPERATOR, node(OTHER, 0o600), true),
    ] {
        assert_eq!(through_link(owner, elsewhere, file), is_read, "{owner} to {file:?}");
    }
    // Nobody needs a link for what they can move there.
    assert!(through_link(APP, node(APP, 0o700), node(0, 0o600)));
}

#[test]
fn a_link_within_a_directory_gives_no_more_than_renaming_but_where_that_is_forbidden() {
    for (mode, is_read) in [(0o775, true), (0o1777, false)] {
        let shared = node(0, mode);
        let mut way = Way::of_user(OPERATOR);
        way.link(1, node(APP, 0o777), shared);
        assert_eq!(way.may_read(node(OTHER, 0o640), shared).is_ok(), is_read, "{mode:o}");
    }
}

#[test]
fn another_name_of_a_file_is_trusted_where_its_owner_or_nobody_but_root_gives_names() {
    for (owner, directory, is_read) in [
        (0, node(APP, 0o755), false),
        (0, node(0, 0o1777), false),
        (0, node(0, 0o775), false),
        (OPERATOR, node(APP, 0o755), false),
        (APP, node(APP, 0o755), true),
        (APP, node(APP, 0o775), true),
        (APP, node(APP, 0o777), false),
        (APP, node(0, 0o755), true),
        (APP, node(OPERATOR, 0o700), true),
    ] {
        let file = Node { has_names: true, ..node(owner, 0o640) };
        let judged = Way::of_user(OPERATOR).may_read(file, directory);
        assert_eq!(judged.is_ok(), is_read, "{owner} in {directory:?}");
        assert!(Way::of_user(OPERATOR).may_read(node(owner, 0o640), directory).is_ok());
        let open = Node { mode: 0o644, ..file };
        assert!(Way::of_user(OPERATOR).may_read(open, directory).is_ok());
    }
}

/// Users can only be told apart on a disk by who may give files away.
fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

struct Tree(tempfile::TempDir);

impl Tree {
    /// `secret/` is root's, `app/` and `other/` are two users'.
    fn new() -> Self {
        let tree = Self(tempfile::tempdir().unwrap());
        fs::set_permissions(tree.0.path(), fs::Permissions::from_mode(0o755)).unwrap();
        for (name, owner) in [("secret", 0), ("app", APP), ("other", OTHER)] {
            fs::create_dir(tree.path(name)).unwrap();
            tree.give(name, owner);
            tree.file(&format!("{name}/own.log"), owner, 0o600);
        }
        tree
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn give(&self, name: &str, owner: u32) {
        lchown(self.path(name), Some(owner), Some(owner)).unwrap();
    }

    fn file(&self, name: &str, owner: u32, mode: u32) {
        fs::write(self.path(name), name).unwrap();
        fs::set_permissions(self.path(name), fs::Permissions::from_mode(mode)).unwrap();
        self.give(name, owner);
    }

    fn link(&self, name: &str, owner: u32, to: impl AsRef<Path>) {
        symlink(to, self.path(name)).unwrap();
        self.give(name, owner);
    }

    /// What is read at a path, as `open` and `check` agree.
    fn read(&self, name: &str) -> String {
        let path = self.path(name);
        let opened = open(&path, Links::Protected);
        let checked = check(&path, Links::Protected);
        match opened {
            Ok(mut file) => {
                checked.unwrap();
                let mut text = String::new();
                file.read_to_string(&mut text).unwrap();
                text
            }
            Err(error) => {
                let checked = checked.unwrap_err();
                assert_eq!(error.to_string(), checked.to_string());
                if UntrustedLink::is_in(&error) { "untrusted".into() } else { error.to_string() }
            }
        }
    }
}

#[test]
fn a_link_of_another_user_is_followed_to_what_is_theirs_alone() {
    if !is_root() {
        return;
    }
    let tree = Tree::new();
    tree.file("secret/open.log", 0, 0o644);
    tree.link("app/shadow", APP, tree.path("secret/own.log"));
    tree.link("app/up", APP, "../secret/own.log");
    tree.link("app/latest", APP, "own.log");
    tree.link("app/open", APP, "../secret/open.log");
    tree.link("app/others", APP, "../other/own.log");
    tree.link("app/of-root", 0, "../secret/own.log");
    tree.link("secret/in", 0, "../app");
    assert_eq!(tree.read("app/shadow"), "untrusted");
    assert_eq!(tree.read("app/up"), "untrusted");
    assert_eq!(tree.read("app/others"), "untrusted");
    assert_eq!(tree.read("app/latest"), "app/own.log");
    assert_eq!(tree.read("app/open"), "secret/open.log");
    assert_eq!(tree.read("app/of-root"), "secret/own.log");
    assert_eq!(tree.read("secret/in/own.log"), "app/own.log");
    assert_eq!(tree.read("secret/in/shadow"), "untrusted");
    let mut text = String::new();
    open(&tree.path("app/up"), Links::Any).unwrap().read_to_string(&mut text).unwrap();
    assert_eq!(text, "secret/own.log");
}

#[test]
fn links_to_directories_on_the_way_are_judged_as_links_to_files_are() {
    if !is_root() {
        return;
    }
    let tree = Tree::new();
    fs::create_dir(tree.path("app/data")).unwrap();
    tree.give("app/data", APP);
    // Rotated by root into a directory of the application.
    tree.file("app/data/rotated.log", 0, 0o640);
    tree.link("app/logs", APP, "data");
    tree.link("app/way", APP, "../secret");
    // Its text goes on behind a directory of the application's own.
    tree.link("app/round", APP, "logs/../../secret/own.log");
    tree.link("other/hop", OTHER, "../secret");
    tree.link("app/chain", APP, "../other/hop/own.log");
    assert_eq!(tree.read("app/logs/rotated.log"), "app/data/rotated.log");
    assert_eq!(tree.read("app/way/own.log"), "untrusted");
    assert_eq!(tree.read("app/round"), "untrusted");
    assert_eq!(tree.read("app/chain"), "untrusted");
    fs::set_permissions(tree.path("secret"), fs::Permissions::from_mode(0o700)).unwrap();
    tree.file("secret/open.log", 0, 0o644);
    assert_eq!(tree.read("app/way/open.log"), "untrusted", "nobody else may enter");
}

#[test]
fn another_name_of_another_user_s_file_is_not_read() {
    if !is_root() {
        return;
    }
    let tree = Tree::new();
    fs::hard_link(tree.path("secret/own.log"), tree.path("app/shadow")).unwrap();
    fs::hard_link(tree.path("app/own.log"), tree.path("app/latest")).unwrap();
    assert_eq!(tree.read("app/shadow"), "untrusted");
    assert_eq!(tree.read("secret/own.log"), "secret/own.log", "where root gave the name");
    assert_eq!(tree.read("app/latest"), "app/own.log");
}

#[test]
fn what_is_not_there_loops_or_is_no_directory_is_said_as_the_system_says_it() {
    let tree = tempfile::tempdir().unwrap();
    let path = |name: &str| tree.path().join(name);
    symlink("nothing", path("dangling")).unwrap();
    symlink("b", path("a")).unwrap();
    symlink("a", path("b")).unwrap();
    fs::write(path("file"), "text").unwrap();
    symlink("file", path("to-file")).unwrap();
    for name in ["dangling", "a", "to-file/below", "none"] {
        let error = open(&path(name), Links::Protected).unwrap_err();
        let plain = fs::File::open(path(name)).unwrap_err();
        assert_eq!(error.raw_os_error(), plain.raw_os_error(), "{name}: {error}");
    }
    let directory: io::Result<_> = check(&path(".."), Links::Protected);
    directory.unwrap();
}
