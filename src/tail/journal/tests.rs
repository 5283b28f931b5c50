//! A `journalctl` that does as a script says, and the real one.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

const PRELUDE: &str = r#"#!/bin/sh
echo "$@" >> "$0.args"
entry() { printf '{"__CURSOR":"%s","__REALTIME_TIMESTAMP":"%s"%s}\n' "$1" "$2" "$3"; }
case $(wc -l < "$0.args") in
"#;

struct Scene {
    directory: TempDir,
    journal: Journal,
    woken: Receiver<()>,
    now: DateTime<Utc>,
}

fn settings(program: &Path) -> JournalSettings {
    let own = Own { process_id: 1, identifier: "ocrwatch".to_owned(), invocation: None };
    JournalSettings {
        program: program.to_owned(),
        units: Vec::new(),
        matches: Vec::new(),
        directory: None,
        start: JournalStart::Beginning,
        own,
    }
}

fn start() -> DateTime<Utc> {
    DateTime::from_timestamp(1_000, 0).expect("an instant")
}

impl Scene {
    fn of(settings: JournalSettings, position: Option<Position>, directory: TempDir) -> Self {
        let (wake, woken) = channel();
        let wake = move || {
            let _ = wake.send(());
        };
        Self { directory, journal: Journal::new(settings, position, wake), woken, now: start() }
    }

    /// One case for each run, such as `1) entry a 1 ;;`.
    fn new(cases: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let program = directory.path().join("journalctl");
        // Another process writes it: a program that is open for writing cannot be run.
        let mut writer = Command::new("sh")
            .args(["-c", "cat > \"$0\" && chmod +x \"$0\""])
            .arg(&program)
            .stdin(Stdio::piped())
            .spawn()
            .expect("sh");
        let script = format!("{PRELUDE}{cases}\nesac\n");
        let input = writer.stdin.take().expect("its input");
        { input }.write_all(script.as_bytes()).expect("written");
        assert!(writer.wait().is_ok_and(|status| status.success()));
        Self::of(settings(&program), None, directory)
    }

    #[track_caller]
    fn next(&mut self) -> String {
        loop {
            match self.journal.try_next(self.now) {
                Some(JournalPiece::Entry { position, .. }) => return position.cursor.to_string(),
                Some(JournalPiece::Problem(problem)) => return problem.to_string(),
                None => {
                    let woken = self.woken.recv_timeout(PATIENCE);
                    assert!(woken.is_ok(), "nothing comes: {:?}", self.journal);
                }
            }
        }
    }

    fn pass(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
    }

    /// What the program was asked, each time.
    fn arguments(&self) -> Vec<String> {
        let path = self.directory.path().join("journalctl.args");
        fs::read_to_string(path).unwrap_or_default().lines().map(str::to_owned).collect()
    }
}

const AGAIN: &str = "journalctl has ended; it is started again";

#[test]
fn it_goes_on_behind_the_last_entry_when_the_child_has_ended() {
    let mut scene = Scene::new(
        "1) entry a 1; entry b 2; exit 1 ;;
         2) entry b 2; entry c 3; exec sleep 1000 ;;",
    );
    assert_eq!([scene.next(), scene.next(), scene.next()], ["a", "b", AGAIN]);
    assert!(scene.journal.try_next(scene.now).is_none());
    assert_eq!(scene.arguments().len(), 1, "started without a wait");
    scene.pass(1);
    assert_eq!(scene.next(), "c");
    let counters = scene.journal.counters();
    assert_eq!((counters.entries, counters.known, counters.started), (3, 1, 2));
    let arguments = scene.arguments();
    assert_eq!(
        arguments,
        [
            "--output=json --all --quiet --no-pager --follow --no-tail",
            "--output=json --all --quiet --no-pager --follow --no-tail --cursor=b"
        ]
    );
}

#[test]
fn where_the_entry_is_gone_the_one_in_its_place_is_not_skipped() {
    let mut scene = Scene::new(
        "1) entry a 1; exit 1 ;;
         2) entry c 3; exec sleep 1000 ;;",
    );
    assert_eq!([scene.next(), scene.next()], ["a", AGAIN]);
    scene.pass(1);
    assert_eq!(scene.next(), "c");
}

#[test]
fn a_cursor_that_is_not_understood_is_looked_for_by_its_time() {
    let mut scene = Scene::new(
        "1) entry a 7000000; entry b 7500000; exit 1 ;;
         2) echo 'Failed to seek to cursor: Invalid argument' >&2; exit 1 ;;
         3) entry old 7000000; entry b 7500000; entry c 7500000; exit 1 ;;
         4) entry c 7500000; entry d 9000000; exec sleep 1000 ;;",
    );
    assert_eq!([scene.next(), scene.next(), scene.next()], ["a", "b", AGAIN]);
    scene.pass(1);
    let lost = "the entry read last is no longer in the journal; read on from its time";
    assert_eq!([scene.next(), scene.next(), scene.next()], [lost, "c", AGAIN]);
    scene.pass(1);
    assert_eq!(scene.next(), "d");
    let arguments = scene.arguments();
    assert!(arguments[2].ends_with("--no-tail --since=@7.500000"), "{arguments:?}");
    assert!(arguments[3].ends_with("--cursor=c"), "{arguments:?}");
    let counters = scene.journal.counters();
    assert_eq!((counters.cursors_lost, counters.known), (1, 3));
}

#[test]
fn what_cannot_be_read_is_tried_twice() {
    let mut scene = Scene::new(
        r#"1) entry a 1; echo '{"__CURSOR":"b'; entry c 3; exec sleep 1000 ;;
         2) entry a 1; echo '{"__CURSOR":"b'; entry c 3; exec sleep 1000 ;;"#,
    );
    let unreadable = "journalctl printed what is no entry; read on from the one before";
    assert_eq!([scene.next(), scene.next()], ["a", unreadable]);
    scene.pass(1);
    assert_eq!(scene.next(), "c");
    assert_eq!(scene.journal.counters().unreadable, 1);
}

#[test]
fn our_own_entries_and_long_ones_are_left_out_and_counted() {
    let mut scene = Scene::new(
        r#"1) entry a 1 ',"SYSLOG_IDENTIFIER":"ocrwatch"'
            printf '{"__CURSOR":"b","MESSAGE":"'; head -c 1100000 /dev/zero | tr '\0' x; echo '"}'
            entry c 3; exec sleep 1000 ;;"#,
    );
    assert_eq!(scene.next(), "c");
    let counters = scene.journal.counters();
    assert_eq!((counters.own, counters.too_long, counters.entries), (1, 1, 1));
}

#[test]
fn who_ends_again_and_again_is_waited_for_longer_and_told_of_once() {
    let mut scene = Scene::new("*) echo 'No permission' >&2; exit 1 ;;");
    let said = scene.next();
    assert_eq!(said, format!("{AGAIN}: No permission"));
    for (run, wait) in [(2, 1), (3, 2), (4, 4)] {
        scene.pass(wait - 1);
        assert!(scene.journal.try_next(scene.now).is_none());
        assert_eq!(scene.journal.counters().started, run - 1);
        scene.pass(1);
        while scene.journal.counters().ended < run {
            let piece = scene.journal.try_next(scene.now);
            assert!(piece.is_none(), "told again: {piece:?}");
            if scene.journal.counters().ended < run {
                assert!(scene.woken.recv_timeout(PATIENCE).is_ok());
            }
        }
    }
}

#[test]
fn waits_double_up_to_a_minute_and_a_clock_set_back_ends_them() {
    let mut backoff = Backoff::default();
    let mut waits = Vec::new();
    for _ in 0..9 {
        waits.push(backoff.wait().num_seconds());
        backoff = backoff.failed(start());
    }
    assert_eq!(waits, [0, 1, 2, 4, 8, 16, 32, 60, 60]);
    assert!(!backoff.is_over(start()) && backoff.is_over(start() + TimeDelta::seconds(60)));
    assert!(backoff.is_over(start() - TimeDelta::seconds(1)));
}

#[test]
fn a_machine_without_journalctl_is_said_once() {
    let directory = tempfile::tempdir().expect("a directory");
    let settings = settings(&directory.path().join("none"));
    let mut scene = Scene::of(settings, None, directory);
    let piece = scene.journal.try_next(scene.now);
    let Some(JournalPiece::Problem(problem)) = piece else { panic!("{piece:?}") };
    assert!(problem.to_string().starts_with("cannot read the journal: there is no program"));
    assert!(problem.hint().is_some());
    scene.pass(60);
    assert!(scene.journal.try_next(scene.now).is_none());
}

#[test]
fn it_starts_where_it_is_told_to_and_misses_nothing_after_a_child_that_read_nothing() {
    let check = |start: JournalStart, began: Option<i64>, expected: &str| {
        let given = JournalSettings {
            start,
            units: vec!["a.service".to_owned(), "b".to_owned()],
            matches: vec!["_TRANSPORT=stdout".to_owned()],
            directory: Some("journal".into()),
            ..settings(Path::new("journalctl"))
        };
        let mut journal = Journal::new(given, None, || {});
        journal.began = began.and_then(|at| DateTime::from_timestamp(at, 0));
        let arguments = journal.arguments(self::start()).join(" ");
        let others = "--directory=journal --unit=a.service --unit=b -- _TRANSPORT=stdout";
        let expected =
            format!("--output=json --all --quiet --no-pager --follow {expected} {others}");
        assert_eq!(arguments, expected);
    };
    check(JournalStart::Beginning, None, "--no-tail");
    check(JournalStart::Beginning, Some(9), "--no-tail");
    check(JournalStart::End, None, "--no-tail --since=@1000.000000");
    check(JournalStart::End, Some(9), "--no-tail --since=@9.000000");
    check(JournalStart::Last(5), None, "--lines=5");
    check(JournalStart::Since(start()), None, "--no-tail --since=@1000.000000");
}

#[test]
fn all_of_it_ends_with_its_value() {
    let mut scene =
        Scene::new("1) entry a 1; sleep 1000 & echo $$ > \"$0.pid\"; entry b 2; wait ;;");
    assert_eq!([scene.next(), scene.next()], ["a", "b"]);
    let id = fs::read_to_string(scene.directory.path().join("journalctl.pid")).expect("its id");
    let id = id.trim().parse().ok().and_then(rustix::process::Pid::from_raw).expect("a number");
    assert!(rustix::process::test_kill_process(id).is_ok());
    drop(scene);
    assert!(rustix::process::test_kill_process(id).is_err(), "it still runs");
}

#[test]
fn an_entry_is_the_same_in_whatever_file_it_lies() {
    let position = |cursor: &str| Position { cursor: cursor.into(), realtime_us: 1 };
    let one = position("s=1;i=2;b=3;m=4;t=5;x=6");
    assert!(one.is_same_entry(&position("s=9;i=8;b=3;m=4;t=5;x=6")));
    assert!(!one.is_same_entry(&position("s=1;i=2;b=3;m=4;t=5;x=7")));
    assert!(!position("a").is_same_entry(&position("b")));
}

/// Journals of a journald that has a `/run` of its own, if this machine can have one.
fn journals(directory: &Path) -> bool {
    let script = r#"mount -t tmpfs tmpfs /run -o mode=755 || exit 9
        mkdir -p /run/systemd/journal /run/systemd/system
        /lib/systemd/systemd-journald & J=$!
        for i in $(seq 200); do [ -S /run/systemd/journal/stdout ] && break; sleep .05; done
        for text in one two three; do echo $text | systemd-cat -t app || exit 9; done
        for i in $(seq 200); do
            cp -r /run/log/journal/. "$0"
            journalctl -D "$0" -t app 2>/dev/null | grep -q three && break; sleep .05
        done
        kill $J; wait $J; cp -r /run/log/journal/. "$0""#;
    let run = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "sh", "-c", script])
        .arg(directory)
        .output();
    let is_there = |output: &std::process::Output| {
        output.status.success() && fs::read_dir(directory).is_ok_and(|all| all.count() > 0)
    };
    match run {
        Ok(output) if is_there(&output) => true,
        other => {
            println!("skipped: no journald of one's own here: {other:?}");
            false
        }
    }
}

#[test]
fn the_real_journal_is_read_on_behind_any_entry() {
    let directory = tempfile::tempdir().expect("a directory");
    if !journals(directory.path()) {
        return;
    }
    let given = |start| JournalSettings {
        matches: vec!["SYSLOG_IDENTIFIER=app".to_owned()],
        directory: Some(directory.path().to_owned()),
        start,
        ..settings(Path::new("journalctl"))
    };
    let read = |start, position, count| {
        let empty = tempfile::tempdir().expect("a directory");
        let mut scene = Scene::of(given(start), position, empty);
        let mut entries = Vec::new();
        while entries.len() < count {
            match scene.journal.try_next(scene.now) {
                Some(JournalPiece::Entry { line, position }) => {
                    let value: serde_json::Value = serde_json::from_slice(&line).expect("JSON");
                    entries.push((value["MESSAGE"].as_str().unwrap_or("?").to_owned(), position));
                }
                Some(JournalPiece::Problem(problem)) => {
                    assert_eq!(problem, Problem::CursorLost);
                }
                None => assert!(scene.woken.recv_timeout(PATIENCE).is_ok(), "{:?}", scene.journal),
            }
        }
        (entries, scene.journal.counters())
    };
    let texts = |entries: &[(String, Position)]| {
        entries.iter().map(|(text, _)| text.clone()).collect::<Vec<_>>().join(" ")
    };
    let (all, _) = read(JournalStart::Beginning, None, 3);
    assert_eq!(texts(&all), "one two three");
    assert_eq!(texts(&read(JournalStart::Last(2), None, 2).0), "two three");
    let behind = |index: usize| all.get(index).map(|(_, position)| position.clone());
    let (rest, counters) = read(JournalStart::Beginning, behind(1), 1);
    assert_eq!((texts(&rest).as_str(), counters.known), ("three", 1));
    let nonsense = behind(0).map(|position| Position { cursor: "nonsense".into(), ..position });
    let (rest, counters) = read(JournalStart::Beginning, nonsense, 2);
    assert!(texts(&rest).ends_with("two") || texts(&rest).starts_with("two"), "{rest:?}");
    assert_eq!(counters.cursors_lost, 1);
    // An entry that is gone: a cursor that is well formed and nowhere.
    let gone = behind(1).map(|position| {
        let cursor = position.cursor.replace(";x=", ";x=f");
        Position { cursor: cursor.into(), ..position }
    });
    let (rest, _) = read(JournalStart::Beginning, gone, 1);
    assert!(["two", "three"].contains(&texts(&rest).as_str()), "{rest:?}");
}
