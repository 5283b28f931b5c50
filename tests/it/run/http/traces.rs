//! What a run leaves behind: no secret of a log anywhere, and nothing that others may read.

use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use super::super::daemon::Daemon;
use super::super::log::append;
use super::{CONFIG, Scene};
use crate::canary;
use crate::harness::Sandbox;

/// Every path that shows something.
const PATHS: [&str; 9] = [
    "/",
    "/metrics",
    "/api/v1/status",
    "/api/v1/alerts",
    "/api/v1/sources",
    "/api/v1/occurrences",
    "/api/v1/outbox?state=all",
    "/api/v1/silences",
    "/api/v1/openapi.json",
];

/// Files below a directory, sockets and directories among them.
fn below(directory: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in directory.read_dir().expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            all.extend(below(&path));
        }
        all.push(path);
    }
    all
}

/// The bytes of every file below a directory, free pages and logs of databases as they lie there.
fn bytes_below(directory: &Path) -> Vec<(String, Vec<u8>)> {
    let files = below(directory).into_iter().filter(|path| path.is_file());
    let read = |path: PathBuf| {
        let bytes = std::fs::read(&path).expect("a readable file");
        (path.display().to_string(), bytes)
    };
    files.map(read).collect()
}

#[test]
fn no_secret_of_a_log_is_in_anything_that_a_run_says_keeps_or_answers() {
    let config = format!("{CONFIG}\n[log]\nlevel = 'debug'\n");
    let mut scene = Scene::start(&config);
    append(&scene.sandbox.path("app.log"), canary::log());
    scene.fail(2);
    scene.daemon().until("alerts are told", || scene.told_count() >= 2);
    let mut said = Vec::new();
    for path in PATHS {
        let answer = scene.socket().get(path).expect("an answer");
        assert_eq!(answer.status, 200, "{path}: {}", answer.body);
        said.push((path.to_owned(), answer.body.into_bytes()));
    }
    for arguments in [
        &["status", "--state-dir", "state"][..],
        &["status", "--format", "json", "--state-dir", "state"],
        &["outbox", "list", "--state", "all", "--state-dir", "state"],
        &["why", "--state-dir", "state"],
    ] {
        let outcome = scene.sandbox.run(arguments);
        said.push((arguments.join(" "), [outcome.stdout, outcome.stderr].concat()));
    }
    said.extend(bytes_below(&scene.state.0));
    let ended = scene.daemon.take().expect("a run").stop();
    said.push(("standard output".to_owned(), ended.stdout.into_bytes()));
    said.push(("standard error".to_owned(), ended.stderr.into_bytes()));
    said.push(("the receiver".to_owned(), std::fs::read(scene.told()).expect("what was told")));
    said.extend(bytes_below(&scene.state.0));
    let mut is_told = false;
    for (name, bytes) in said {
        let text = String::from_utf8_lossy(&bytes);
        is_told |= text.contains("[redacted]");
        let leak = canary::around_mark(&text);
        assert!(leak.is_none(), "a secret is in {name}: {}", leak.unwrap_or_default());
    }
    assert!(is_told, "lines with secrets were shown without them");
}

#[test]
fn whatever_a_run_makes_is_its_owner_s_alone_whatever_the_mask_and_it_leaves_no_core() {
    let sandbox = Sandbox::with("app.log", "");
    sandbox.file("ocrwatch.toml", CONFIG);
    let script = format!(
        "umask 000; ulimit -c unlimited; exec {} run --config ocrwatch.toml --state-dir state",
        env!("CARGO_BIN_EXE_ocrwatch")
    );
    let daemon = Daemon::start(sandbox.program(Path::new("/bin/sh"), &["-c", &script]));
    daemon.until_stderr("started");
    daemon.until("the socket is there", || sandbox.path("state/http.sock").exists());
    let limits = std::fs::read_to_string(format!("/proc/{}/limits", daemon.pid()));
    let limits = limits.expect("the limits of a process");
    let core = limits.lines().find(|line| line.starts_with("Max core file size"));
    let core: Vec<&str> = core.expect("a limit").split_whitespace().collect();
    assert_eq!(core[4..6], ["0", "0"], "a core would hold secrets");
    // What operators ask for lies there as well.
    sandbox.run(&["silence", "list", "--state-dir", "state"]);
    let state = sandbox.path("state");
    let mut seen = Vec::new();
    for path in below(&state).into_iter().chain([state.clone()]) {
        let mode = path.metadata().expect("a file").permissions().mode();
        assert_eq!(mode & 0o077, 0, "{} has mode {mode:o}", path.display());
        seen.extend(path.file_name().and_then(|name| name.to_str()).map(str::to_owned));
    }
    for name in ["state.db", "state.db-wal", "http.sock", "state"] {
        assert!(seen.iter().any(|known| known == name), "{name} of {seen:?}");
    }
    daemon.stop();
}
