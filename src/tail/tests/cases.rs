//! What happens to logs in the field, one case a test. Each asserts that its hazard came about:
//! a rotation that reuses no inode proves nothing about reused inodes.
//!
//! `docs/following.md` lists the cases with the tests that tell them.

use std::process::Command;

mod crowd;
mod deletion;
mod links;
mod meanwhile;
mod permission;
mod places;
mod restart;
mod rotation;
mod truncation;
mod watching;
mod writing;

const CHILD: &str = "OCRWATCH_TEST_CHILD";

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
    let name = format!("tail::tests::cases::{test}");
    child.args(["--exact", &name, "--nocapture"]).env(CHILD, "1").env("TMPDIR", directory.path());
    child.current_dir(directory.path());
    prepare(&mut child);
    let output = child.output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success() && said.contains("1 passed"), "{said}");
}

fn is_child() -> bool {
    std::env::var_os(CHILD).is_some()
}
