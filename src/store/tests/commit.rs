//! Batches in, rows out, while nothing is broken.

use std::os::unix::fs::PermissionsExt as _;

use super::super::batch::HISTORY_KEYS_MAX;
use super::super::{OpenError, OutboxState, schema};
use super::*;
use crate::clock::Stopwatch;

#[test]
fn what_was_committed_is_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, loaded, notices) = open(folder.path());
    assert_eq!(loaded, Loaded::default());
    assert!(matches!(notices.as_slice(), [Notice::Created { .. }]), "{notices:?}");
    for number in 1..=3 {
        store.commit(&step(number), later(7)).unwrap();
    }
    // Not closed: what a crash leaves.
    drop(store);

    let (_, loaded, notices) = open(folder.path());
    assert_eq!(notices, []);
    let position = &loaded.positions["app.log"];
    assert_eq!(position.source, "orders");
    assert_eq!(position.state, b"position of step 3");
    assert_eq!(position.updated, later(7));
    assert_eq!(loaded.engine_head.as_deref(), Some(&b"head of step 3"[..]));
    assert_eq!(loaded.engine_rules["lockout"], b"rule of step 3");
    assert_eq!(loaded.engine_groups.len(), 3);
    assert_eq!(loaded.engine_groups[&("lockout".to_owned(), 2)], b"group of step 2");
    assert!(loaded.policy.unwrap().starts_with(b"policy of step 3."));
    assert_eq!(loaded.queued, [1, 2, 3].map(notification));
    assert_eq!(loaded.counters["lines"], 30);
}

#[test]
fn files_are_their_owner_s_alone() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("state/ocrwatch");
    let (mut store, ..) = open(&directory);
    store.commit(&step(1), now()).unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&directory), 0o700);
    for name in ["state.db", "state.db-wal", "state.db-shm", "lock"] {
        assert_eq!(mode(&directory.join(name)), 0o600, "{name}");
    }
}

#[test]
fn a_second_daemon_is_told_who_has_the_state() {
    let folder = tempfile::tempdir().unwrap();
    let (store, ..) = open(folder.path());
    let error = Store::open(folder.path(), Settings::default(), now()).unwrap_err();
    assert!(matches!(error, OpenError::InUse { pid: Some(_), .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.starts_with(&format!("process {} already", std::process::id())), "{text}");
    assert!(text.contains("\nhint: "), "{text}");
    drop(store);
    open(folder.path());
}

#[test]
fn removals_and_replacements_are_what_they_say() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    let mut batch = Batch::default();
    for rule in ["a", "b", "c"] {
        batch.put_engine_rule(rule, vec![1]);
        batch.put_engine_group(rule, 1, vec![1]);
        batch.put_engine_group(rule, u64::MAX, vec![1]);
    }
    batch.put_position("one.log", "s", vec![]);
    batch.put_position("two.log", "s", vec![]);
    store.commit(&batch, now()).unwrap();

    let mut batch = Batch::default();
    batch.remove_position("one.log");
    batch.remove_engine_group("a", u64::MAX);
    batch.remove_engine_rule("b");
    batch.remove_engine_rule("c");
    batch.put_engine_group("c", 7, vec![2]);
    store.commit(&batch, now()).unwrap();
    drop(store);
    let (mut store, loaded, _) = open(folder.path());
    assert_eq!(loaded.positions.keys().collect::<Vec<_>>(), ["two.log"]);
    assert_eq!(loaded.engine_rules.keys().collect::<Vec<_>>(), ["a"]);
    let groups: Vec<_> = loaded.engine_groups.keys().map(|(rule, n)| (&**rule, *n)).collect();
    assert_eq!(groups, [("a", 1), ("c", 7)]);

    let mut batch = Batch::default();
    batch.clear_engine();
    batch.clear_positions();
    batch.put_engine_group("d", 1, vec![3]);
    store.commit(&batch, now()).unwrap();
    drop(store);
    let (_, loaded, _) = open(folder.path());
    assert!(loaded.positions.is_empty() && loaded.engine_rules.is_empty());
    assert_eq!(loaded.engine_groups.len(), 1);
}

#[test]
fn an_id_twice_in_the_outbox_changes_nothing_and_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    assert_eq!(store.commit(&step(1), now()).unwrap().already, Vec::<String>::new());
    let mut batch = Batch::default();
    batch.queue(OutboxRow { receiver: "others".to_owned(), ..notification(1) });
    batch.queue(OutboxRow { receiver: "others".to_owned(), ..notification(2) });
    assert_eq!(store.commit(&batch, now()).unwrap().already, ["n000001"]);

    // Also one that was sent.
    let mut batch = Batch::default();
    batch.sent("n000001", 1, later(5));
    store.commit(&batch, now()).unwrap();
    let mut batch = Batch::default();
    batch.queue(notification(1));
    assert_eq!(store.commit(&batch, now()).unwrap().already, ["n000001"]);
    let sent = store.outbox(OutboxState::Sent, 10, now()).unwrap();
    assert_eq!(sent.len(), 1);
    assert_eq!((sent[0].row.receiver.as_str(), sent[0].done), ("ops", Some(later(5))));
    let queued = store.outbox(OutboxState::Queued, 10, now()).unwrap();
    assert_eq!(queued.iter().map(|entry| &*entry.row.receiver).collect::<Vec<_>>(), ["others"]);
    assert_eq!(store.outbox_entry("n000001", now()).unwrap().as_ref(), sent.first());
    assert_eq!(store.outbox_entry("n000003", now()).unwrap(), None);
}

#[test]
fn attempts_are_kept_and_what_is_done_stays_done() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    let mut batch = Batch::default();
    (1..=4).for_each(|number| batch.queue(notification(number)));
    batch.retry("n000001", 1, later(60), "connection refused");
    batch.retry("n000001", 2, later(180), "timed out");
    batch.dead("n000002", 9, later(90), "550 no such user");
    batch.sent("n000003", 1, later(3));
    batch.sent("nobody knows", 1, later(3));
    store.commit(&batch, now()).unwrap();
    let mut batch = Batch::default();
    batch.retry("n000003", 2, later(400), "came late");
    batch.sent("n000002", 10, later(500));
    store.commit(&batch, now()).unwrap();
    drop(store);

    let (mut store, loaded, _) = open(folder.path());
    let queued: Vec<_> = loaded
        .queued
        .iter()
        .map(|row| (&*row.id, row.attempts, row.next_attempt, row.last_error.as_deref()))
        .collect();
    let tried = ("n000001", 2, later(180), Some("timed out"));
    assert_eq!(queued, [tried, ("n000004", 0, later(4), None)]);
    let dead = store.outbox(OutboxState::Dead, 10, now()).unwrap();
    assert_eq!(dead.len(), 1);
    assert_eq!((dead[0].row.attempts, dead[0].done), (9, Some(later(90))));
    assert_eq!(store.outbox(OutboxState::Sent, 10, now()).unwrap().len(), 1);
}

#[test]
fn history_is_added_up_and_read_by_time() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    let key = |seconds, code: &str| HistoryKey::at(later(seconds), "orders", "APIG", code);
    for _ in 0..2 {
        let mut batch = Batch::default();
        batch.count_errors(key(0, "APIG.0301"), 2);
        batch.count_errors(key(59, "APIG.0301"), 1);
        batch.count_errors(key(59, "APIG.0308"), 1);
        batch.count_errors(key(60, "APIG.0301"), 5);
        store.commit(&batch, now()).unwrap();
    }
    let rows = |store: &mut Store, from, until, rows_max| -> Vec<(String, u64)> {
        let rows = store.history(later(from), later(until), rows_max, now()).unwrap();
        rows.into_iter().map(|row| (row.key.code, row.errors)).collect()
    };
    let expected = [("APIG.0301", 6), ("APIG.0308", 2), ("APIG.0301", 10)];
    let expected = expected.map(|(code, errors)| (code.to_owned(), errors));
    assert_eq!(rows(&mut store, 0, 120, 99), expected);
    assert_eq!(rows(&mut store, 0, 60, 99), expected[..2]);
    assert_eq!(rows(&mut store, 60, 120, 99), expected[2..]);
    assert_eq!(rows(&mut store, 0, 120, 1), expected[..1]);
}

/// However steps that wait are put together, they come to the same as one by one.
#[test]
fn batches_that_were_absorbed_come_to_what_they_come_to_one_by_one() {
    let steps = || {
        let mut steps: Vec<Batch> = (1..=4).map(step).collect();
        steps[1].remove_engine_rule("lockout");
        steps[1].put_engine_group("lockout", 40, vec![4]);
        steps[1].retry("n000001", 1, later(9), "refused");
        steps[2].remove_position("app.log");
        steps[2].clear_engine();
        steps[2].put_engine_group("other", 1, vec![5]);
        steps[2].sent("n000001", 2, later(10));
        steps[3].retry("n000001", 3, later(11), "late");
        steps[3].remove_engine_group("other", 1);
        steps
    };
    let committed = |batches: Vec<Batch>| {
        let folder = tempfile::tempdir().unwrap();
        let (mut store, ..) = open(folder.path());
        for batch in batches {
            store.commit(&batch, now()).unwrap();
        }
        let history = store.history(now(), later(60), 9, now()).unwrap();
        let sent = store.outbox(OutboxState::Sent, 9, now()).unwrap();
        drop(store);
        (open(folder.path()).1, history, sent)
    };
    let one_by_one = committed(steps());
    assert_eq!(one_by_one.1[0].errors, 8);
    for cut in 1..4 {
        let (first, second) = steps().into_iter().enumerate().fold(
            (Batch::default(), Batch::default()),
            |(mut first, mut second), (number, batch)| {
                if number < cut {
                    first.absorb(batch);
                } else {
                    second.absorb(batch);
                }
                (first, second)
            },
        );
        assert_eq!(committed(vec![first.clone(), second.clone()]), one_by_one, "cut at {cut}");
        let mut whole = first;
        whole.absorb(second);
        assert_eq!(committed(vec![whole]), one_by_one, "in one");
    }
    assert!(Batch::default().is_empty() && !step(1).is_empty());
}

#[test]
fn a_batch_that_waits_for_months_stays_bounded_and_counts_on() {
    let mut batch = Batch::default();
    let key = |minute, source: &str| HistoryKey {
        minute,
        source: source.to_owned(),
        module: "APIG".to_owned(),
        code: "APIG.0301".to_owned(),
    };
    let minutes = i64::try_from(3 * HISTORY_KEYS_MAX).unwrap();
    for minute in 0..minutes {
        batch.count_errors(key(minute, "orders"), 1);
    }
    assert!(batch.deltas.history.len() <= HISTORY_KEYS_MAX);
    assert_eq!(batch.deltas.history.values().sum::<u64>(), minutes.unsigned_abs());
    assert_eq!(batch.history_left_out(), 0);

    for source in 0..2 * HISTORY_KEYS_MAX {
        batch.count_errors(key(minutes, &source.to_string()), 1);
    }
    assert!(batch.deltas.history.len() <= HISTORY_KEYS_MAX);
    let all = minutes.unsigned_abs() + 2 * HISTORY_KEYS_MAX as u64;
    let kept: u64 = batch.deltas.history.values().sum();
    assert_eq!(kept + batch.history_left_out(), all);
    assert!(batch.history_left_out() > 0);
}

/// The sync behind a commit may fail although the commit is in the log.
#[test]
fn a_commit_that_seemed_to_fail_and_did_not_is_not_counted_twice() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    store.commit(&step(1), now()).unwrap();
    for is_written in [true, false, true, true] {
        let before = lines_and_errors(&mut store);
        let mut waiting = step(2);
        // As `commit` leaves the store behind an error of the disk.
        let failed_sequence = store.sequence;
        if is_written {
            store.commit(&waiting, now()).unwrap();
        }
        store.sequence = failed_sequence;
        store.in_doubt = Some(waiting.deltas.clone());
        store.connection = None;

        waiting.absorb(step(3));
        store.commit(&waiting, now()).unwrap();
        let after = lines_and_errors(&mut store);
        assert_eq!((after.0 - before.0, after.1 - before.1), (20, 4), "written: {is_written}");
    }
}

/// Two failures in a row, of which the first was written and the second was not.
#[test]
fn what_was_counted_stays_known_while_commits_go_on_failing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    let mut waiting = step(1);
    store.commit(&waiting, now()).unwrap();
    store.sequence -= 1;
    store.in_doubt = Some(waiting.deltas.clone());
    store.connection = None;
    store.make_ready(now()).unwrap();
    waiting.absorb(step(2));
    store.in_doubt = Some(waiting.deltas.clone());
    store.connection = None;
    waiting.absorb(step(3));
    store.commit(&waiting, now()).unwrap();
    assert_eq!(lines_and_errors(&mut store), (30, 6));
    store.commit(&step(4), now()).unwrap();
    assert_eq!(lines_and_errors(&mut store), (40, 8));
}

fn lines_and_errors(store: &mut Store) -> (u64, u64) {
    let errors = store.history(now(), later(60), 9, now()).unwrap()[0].errors;
    let loaded = super::super::load::load(store.connection.as_ref().unwrap()).unwrap();
    (loaded.counters["lines"], errors)
}

#[test]
fn another_program_may_read_meanwhile_and_one_that_writes_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    store.commit(&step(1), now()).unwrap();
    let shell = rusqlite::Connection::open(folder.path().join("state.db")).unwrap();
    shell.execute_batch("BEGIN; SELECT count(*) FROM position").unwrap();
    store.commit(&step(2), now()).unwrap();
    shell.execute_batch("COMMIT; BEGIN IMMEDIATE").unwrap();
    let watch = Stopwatch::start();
    let error = store.commit(&step(3), now()).unwrap_err();
    assert_eq!(error.kind, super::super::StoreErrorKind::Busy);
    assert!(watch.elapsed().as_secs() < 5 && !error.needs_everything);
    shell.execute_batch("COMMIT").unwrap();
    store.commit(&step(3), now()).unwrap();
}

/// Prints what a commit of a usual step costs here; what it must not cost hangs on the disk.
#[test]
fn a_usual_step_is_one_write_of_the_log() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    let wal = || folder.path().join("state.db-wal").metadata().unwrap().len();
    let usual = |number: u64| {
        let mut batch = Batch::default();
        batch.put_position("app.log", "orders", vec![b'p'; 300]);
        batch.put_engine_group("lockout", number % 50, vec![b'g'; 600]);
        batch.put_policy(vec![b'x'; 20_000]);
        batch.queue(notification(number));
        batch
    };
    store.commit(&usual(0), now()).unwrap();
    let mut micros = Vec::new();
    for number in 1..200 {
        let batch = usual(number);
        let watch = Stopwatch::start();
        store.commit(&batch, now()).unwrap();
        micros.push(watch.elapsed().as_micros());
    }
    micros.sort_unstable();
    println!("a commit takes {} µs, 99th percentile {} µs", micros[99], micros[197]);
    assert!(wal() < 5 * 1024 * 1024, "the log is written back as it grows: {} bytes", wal());
}

#[test]
fn history_that_waits_is_by_the_minute_up_to_its_number_then_by_the_hour() {
    let mut batch = Batch::default();
    let mut count = |minute, source: usize| {
        let (source, module, code) = (source.to_string(), String::new(), String::new());
        batch.count_errors(HistoryKey { minute, source, module, code }, 1);
        batch.deltas.history.len()
    };
    let all = i64::try_from(HISTORY_KEYS_MAX).unwrap();
    for minute in 0..all {
        count(minute, 0);
    }
    assert_eq!(count(119, 0), HISTORY_KEYS_MAX, "one of them again");
    assert_eq!(count(all, 0), HISTORY_KEYS_MAX.div_ceil(60), "50,001 minutes are 834 hours");
    let hours: Vec<_> = batch.deltas.history.iter().map(|(key, sum)| (key.minute, *sum)).collect();
    assert_eq!(hours[..3], [(0, 60), (60, 61), (120, 60)]);
}

#[test]
fn a_tenth_of_the_hours_is_left_out_at_once_and_counted() {
    let mut batch = Batch::default();
    for source in 0..=HISTORY_KEYS_MAX {
        let (source, module, code) = (source.to_string(), String::new(), String::new());
        batch.count_errors(HistoryKey { minute: 60, source, module, code }, 2);
    }
    assert_eq!((batch.deltas.history.len(), batch.history_left_out()), (45_000, 10_002));
}

#[test]
fn decisions_of_one_moment_are_left_out_together_and_counted() {
    let mut batch = Batch::default();
    for number in 0..3 {
        batch.note_decision(decision(&format!("first {number}"), 0));
    }
    for second in 1..19_998 {
        batch.note_decision(decision("later", second));
    }
    assert_eq!((batch.decisions.len(), batch.decisions_left_out()), (20_000, 0));
    batch.note_decision(decision("later", 20_000));
    assert_eq!((batch.decisions.len(), batch.decisions_left_out()), (19_998, 3));
}

#[test]
fn whether_a_run_ended_in_order_stands_in_its_state() {
    let folder = tempfile::tempdir().unwrap();
    let ended = |store: &Store| {
        let connection = store.connection.as_ref().unwrap();
        schema::meta(connection, schema::ENDED_IN_ORDER).unwrap()
    };
    let (mut store, ..) = open(folder.path());
    store.commit(&step(1), now()).unwrap();
    assert_eq!(ended(&store).as_deref(), Some("0"));
    store.close(now()).unwrap();
    let file = rusqlite::Connection::open(folder.path().join("state.db")).unwrap();
    let ended = schema::meta(&file, schema::ENDED_IN_ORDER).unwrap();
    assert_eq!(ended.as_deref(), Some("1"));
}
