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
    let retained = retain_all(&mut store);
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
