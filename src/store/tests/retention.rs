//! What is old or too much goes, and nothing else.

use super::super::{OutboxState, Retained};
use super::*;

const DAY: i64 = 86_400;

fn settings(bytes_max: u64) -> Settings {
    Settings { history_days: 10, outbox_days: 5, bytes_max }
}

#[test]
fn decisions_go_by_age_and_beyond_their_number() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = Store::open(folder.path(), settings(u64::MAX), now()).unwrap();
    let mut batch = Batch::default();
    for (alert, day) in [("a", 1), ("b", 4), ("c", 6), ("d", 400)] {
        batch.note_decision(decision(alert, -day * DAY));
    }
    store.commit(&batch, now()).unwrap();
    assert_eq!(retain_all(&mut store).decision_rows, 2);
    let connection = store.connection.as_ref().unwrap();
    let left = super::super::read::alerts(connection, 9).unwrap();
    assert_eq!(left, ["a", "b"]);
    let sql = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 112000)
               INSERT INTO decision SELECT 'x', n, 'y', ?1 + n, 0, x'00' FROM n";
    connection.execute(sql, [later(-DAY).timestamp_millis()]).unwrap();
    let first = store.retain(now()).unwrap();
    assert_eq!((first.decision_rows, first.more), (5_000, true));
    assert_eq!(retain_all(&mut store).decision_rows, 7_002);
}

/// Calls as often as there is more to do.
fn retain_all(store: &mut Store) -> Retained {
    let mut sum = Retained::default();
    for _ in 0..10_000 {
        let retained = store.retain(now()).unwrap();
        assert!(!(retained.more && retained.above_limit), "{retained:?}");
        sum = Retained {
            history_rows: sum.history_rows + retained.history_rows,
            outbox_rows: sum.outbox_rows + retained.outbox_rows,
            decision_rows: sum.decision_rows + retained.decision_rows,
            ..retained
        };
        if !retained.more {
            return sum;
        }
    }
    panic!("there is always more: {sum:?}");
}

#[test]
fn what_is_older_than_its_days_goes_and_what_is_queued_stays() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = Store::open(folder.path(), settings(u64::MAX), now()).unwrap();
    let mut batch = Batch::default();
    for day in 0..20 {
        let key = HistoryKey::at(later(-day * DAY), "orders", "APIG", "APIG.0301");
        batch.count_errors(key, 1);
    }
    for (number, day) in [(1, 4), (2, 6), (3, 6), (4, 400)] {
        batch.queue(OutboxRow { created: later(-day * DAY), ..notification(number) });
    }
    batch.sent("n000001", 1, later(-4 * DAY));
    batch.sent("n000002", 1, later(-6 * DAY));
    batch.dead("n000003", 1, later(-6 * DAY), "refused");
    store.commit(&batch, now()).unwrap();
    let retained = retain_all(&mut store);
    assert_eq!((retained.history_rows, retained.outbox_rows), (9, 2));
    assert!(!retained.above_limit);
    let history = store.history(later(-99 * DAY), later(DAY), 99, now()).unwrap();
    assert_eq!(history.len(), 11);
    assert_eq!(store.outbox(OutboxState::Sent, 9, now()).unwrap().len(), 1);
    assert_eq!(store.outbox(OutboxState::Dead, 9, now()).unwrap().len(), 0);
    assert_eq!(store.outbox(OutboxState::Queued, 9, now()).unwrap().len(), 1);
    let again = retain_all(&mut store);
    assert_eq!((again.history_rows, again.outbox_rows), (0, 0));
}

#[test]
fn one_call_removes_a_bounded_piece_and_says_that_there_is_more() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = Store::open(folder.path(), settings(u64::MAX), now()).unwrap();
    let mut batch = Batch::default();
    for minute in 0..25_000 {
        let at = later(-40 * DAY + minute * 60);
        batch.count_errors(HistoryKey::at(at, "orders", "APIG", "APIG.0301"), 1);
    }
    store.commit(&batch, now()).unwrap();
    let calls = [(10_000, true), (10_000, true), (5_000, false), (0, false)];
    for (rows, more) in calls {
        let retained = store.retain(now()).unwrap();
        assert_eq!((retained.history_rows, retained.more), (rows, more));
    }
}

#[test]
fn a_file_above_its_size_shrinks_by_its_oldest_history_then_by_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let limit = 600_000;
    let (mut store, ..) = Store::open(folder.path(), settings(limit), now()).unwrap();
    let mut batch = Batch::default();
    for minute in 0..10_000 {
        let at = later(-minute * 60);
        batch.count_errors(HistoryKey::at(at, "orders", "ModelArts", "ModelArts.4204"), 1);
    }
    for number in 1..=300 {
        batch.queue(OutboxRow { notification: vec![b'n'; 1000], ..notification(number) });
    }
    (1..=200).for_each(|number| batch.sent(format!("n{number:06}"), 1, later(-DAY)));
    batch.put_policy(vec![b'p'; 20_000]);
    let before = store.commit(&batch, now()).unwrap();
    assert!(before.wal_bytes > limit);
    let first = store.retain(now()).unwrap();
    assert!(first.history_rows > 1000, "as many as it must remove at least: {first:?}");
    let rest = retain_all(&mut store);
    let history_rows = first.history_rows + rest.history_rows;
    let retained = Retained { history_rows, ..rest };
    let size = |name: &str| folder.path().join(name).metadata().unwrap().len();
    assert_eq!((retained.database_bytes, retained.wal_bytes), (size("state.db"), 0));
    assert_eq!(size("state.db-wal"), 0);
    assert!(retained.database_bytes <= limit && !retained.above_limit, "{retained:?}");
    assert!(retained.history_rows > 2000 && retained.outbox_rows == 0, "{retained:?}");
    let history = store.history(later(-99 * DAY), later(DAY), 99_999, now()).unwrap();
    let oldest = later(-60 * (9_999 - i64::try_from(retained.history_rows).unwrap()));
    assert_eq!(history[0].key.minute, oldest.timestamp().div_euclid(60), "the oldest went");

    store.settings.bytes_max = 330_000;
    let retained = retain_all(&mut store);
    assert_eq!(retained.outbox_rows, 200, "{retained:?}");
    assert!(store.history(later(-99 * DAY), later(DAY), 9, now()).unwrap().is_empty());

    store.settings.bytes_max = 10_000;
    let retained = retain_all(&mut store);
    assert!(retained.above_limit && retained.outbox_rows == 0, "{retained:?}");
    drop(store);
    let (_, loaded, _) = open(folder.path());
    assert_eq!(loaded.queued.len(), 100);
    assert_eq!(loaded.policy.unwrap().len(), 20_000);
}

#[test]
fn notifications_that_were_sent_long_ago_go_a_thousand_at_a_time() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = Store::open(folder.path(), settings(u64::MAX), now()).unwrap();
    let mut batch = Batch::default();
    for number in 1..=2_000 {
        batch.queue(notification(number));
        batch.sent(format!("n{number:06}"), 1, later(-6 * DAY));
    }
    store.commit(&batch, now()).unwrap();
    for (rows, more) in [(1_000, true), (1_000, true), (0, false)] {
        let retained = store.retain(now()).unwrap();
        assert_eq!((retained.outbox_rows, retained.more), (rows, more));
    }
}

#[test]
fn where_no_history_is_left_the_oldest_decisions_go_before_what_was_sent() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = Store::open(folder.path(), settings(u64::MAX), now()).unwrap();
    let mut batch = Batch::default();
    batch.queue(notification(1));
    batch.sent("n000001", 1, later(-DAY));
    store.commit(&batch, now()).unwrap();
    let sql = "WITH RECURSIVE n(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM n WHERE n < 12000)
               INSERT INTO decision SELECT 'x', n, 'y', ?1 + n, 0, zeroblob(100) FROM n";
    let connection = store.connection.as_ref().unwrap();
    connection.execute(sql, [later(-DAY).timestamp_millis()]).unwrap();
    let limit = 800_000;
    store.settings.bytes_max = limit;
    let first = store.retain(now()).unwrap();
    assert_eq!((first.decision_rows, first.outbox_rows, first.more), (5_000, 0, true));
    let retained = retain_all(&mut store);
    assert!(retained.database_bytes <= limit, "{retained:?}");
    assert_eq!((retained.decision_rows, retained.outbox_rows), (5_000, 0));
}

#[test]
fn what_waits_for_a_broker_takes_nothing_from_the_room_of_the_rest() {
    let folder = tempfile::tempdir().unwrap();
    let limit = 200_000;
    let (mut store, ..) = Store::open(folder.path(), settings(limit), now()).unwrap();
    let mut batch = Batch::default();
    for minute in 0..20_000 {
        let key = HistoryKey::at(later(-minute * 60), "orders", "ModelArts", "ModelArts.4204");
        batch.count_errors(key, 1);
    }
    for number in 1..=300 {
        let body = vec![b'm'; 1_000].into();
        let (subject, id) = (String::new(), String::new());
        batch.put_message(super::super::MessageRow { number, subject, id, body });
    }
    store.commit(&batch, now()).unwrap();
    let retained = retain_all(&mut store);
    let kept_bytes = limit + 300_000 + 150_000;
    assert!(retained.database_bytes <= kept_bytes && !retained.above_limit, "{retained:?}");
    assert!(retained.database_bytes > kept_bytes - 50_000, "{retained:?}");
    let waiting = super::super::message::waiting(store.connection.as_ref().unwrap()).unwrap();
    assert_eq!(waiting.rows, 300);
}

#[test]
fn a_log_that_a_reader_keeps_counts_as_well() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = Store::open(folder.path(), settings(u64::MAX), now()).unwrap();
    let mut batch = Batch::default();
    for minute in 0..5_000 {
        batch.count_errors(HistoryKey::at(later(-minute * 60), "orders", "APIG", "APIG.0301"), 1);
    }
    store.commit(&batch, now()).unwrap();
    let database_bytes = store.retain(now()).unwrap().database_bytes;
    let reader = rusqlite::Connection::open(folder.path().join("state.db")).unwrap();
    reader.execute_batch("BEGIN; SELECT * FROM history").unwrap();
    let mut batch = Batch::default();
    batch.put_policy(vec![b'p'; 200_000]);
    store.commit(&batch, now()).unwrap();
    store.settings.bytes_max = database_bytes + 100_000;
    let retained = store.retain(now()).unwrap();
    assert!(retained.wal_bytes > 200_000, "{retained:?}");
    assert!(retained.history_rows > 0 && retained.more, "{retained:?}");
}

#[test]
fn more_is_to_do_while_more_pages_are_free_than_one_call_gives_back() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = Store::open(folder.path(), settings(u64::MAX), now()).unwrap();
    for bytes in [48 << 20, 10] {
        let mut batch = Batch::default();
        batch.put_policy(vec![b'p'; bytes]);
        store.commit(&batch, now()).unwrap();
    }
    let more: Vec<bool> = (0..4).map(|_| store.retain(now()).unwrap().more).collect();
    assert_eq!(more, [true, true, false, false], "of some 48 MiB 16 go at a time");
    assert!(store.retain(now()).unwrap().database_bytes < 1 << 20);
    // Nor is a file above its size while pages of it can be given back.
    for bytes in [48 << 20, 10] {
        let mut batch = Batch::default();
        batch.put_policy(vec![b'p'; bytes]);
        store.commit(&batch, now()).unwrap();
    }
    store.settings.bytes_max = 1;
    let first = store.retain(now()).unwrap();
    assert!(first.more && !first.above_limit, "{first:?}");
    assert!(retain_all(&mut store).above_limit);
}
