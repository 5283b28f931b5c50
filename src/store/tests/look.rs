//! What becomes of notifications and decisions, and a look at it while somebody writes.

use super::super::batch::DECISIONS_MAX;
use super::super::{HistoryFilter, Look, OutboxState, StepErrors};
use super::*;

fn state_of(look: &Look, id: &str) -> Option<(OutboxState, u32, Option<String>)> {
    let entry = look.notification(id).unwrap().pop()?;
    Some((entry.state, entry.row.attempts, entry.row.last_error))
}

#[test]
fn a_look_sees_what_was_committed_last_and_keeps_nobody_from_writing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    store.commit(&step(1), now()).unwrap();
    let look = Look::open(folder.path()).unwrap();
    assert_eq!(look.outbox(OutboxState::Queued, 9).unwrap().len(), 1);
    store.commit(&step(2), now()).unwrap();
    assert_eq!(look.outbox(OutboxState::Queued, 9).unwrap().len(), 2);
    store.close(now()).unwrap();
    let after = Look::open(folder.path()).unwrap();
    assert_eq!(after.outbox(OutboxState::Queued, 1).unwrap()[0].row.id, "n000002", "the newest");
}

#[test]
fn a_look_at_nothing_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let error = Look::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("there is none\nhint: "), "{error}");
    assert_eq!(folder.path().read_dir().unwrap().count(), 0);
    std::fs::write(folder.path().join("state.db"), "no database, and long enough for one").unwrap();
    let error = Look::open(folder.path()).unwrap_err().to_string();
    assert!(error.contains("not a database"), "{error}");
}

#[test]
fn errors_are_added_up_over_steps_and_by_code_within_their_stretch() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    let mut batch = Batch::default();
    // `now` begins a minute that begins a step of five.
    for (seconds, source, module, code, errors) in [
        (-1, "a", "APIG", "APIG.0301", 100),
        (0, "a", "APIG", "APIG.0301", 1),
        (299, "b", "APIG", "APIG.0308", 2),
        (60, "a", "OCR", "AIS.0101", 8),
        (300, "a", "APIG", "APIG.0301", 4),
        (600, "a", "APIG", "APIG.0301", 100),
    ] {
        batch.count_errors(HistoryKey::at(later(seconds), source, module, code), errors);
    }
    store.commit(&batch, now()).unwrap();
    let look = Look::open(folder.path()).unwrap();
    let steps = |rows_max| {
        let steps = look.errors_by_step(now()..later(600), 5, rows_max).unwrap();
        let first = now().timestamp() / 60;
        let row = |row: StepErrors| (row.minute - first, row.module, row.errors);
        steps.into_iter().map(row).collect::<Vec<_>>()
    };
    let expected = [(0, "APIG", 3), (0, "OCR", 8), (5, "APIG", 4)];
    let expected = expected.map(|(minute, module, errors)| (minute, module.to_owned(), errors));
    assert_eq!(steps(9), expected);
    assert_eq!(steps(2), expected[..2]);
    let of = |code: &str| {
        let only = HistoryFilter { code: Some(code.to_owned()), ..HistoryFilter::default() };
        let rows = look.history(now()..later(600), &only, 9).unwrap();
        rows.iter().map(|row| row.errors).collect::<Vec<_>>()
    };
    assert_eq!([of("APIG.0301"), of("APIG.0308"), of("AIS.0105")], [vec![1, 4], vec![2], vec![]]);
    let codes = look.errors_by_code(now()..later(600), 9).unwrap();
    let codes: Vec<_> = codes.iter().map(|row| (&*row.code, row.errors)).collect();
    assert_eq!(codes, [("AIS.0101", 8), ("APIG.0301", 5), ("APIG.0308", 2)]);
    let codes = look.errors_by_code(now()..later(600), 9).unwrap();
    let last: Vec<_> = codes.iter().map(|row| row.last_minute - now().timestamp() / 60).collect();
    assert_eq!(last, [1, 5, 4]);
}

#[test]
fn a_notification_is_found_with_all_its_recipients_and_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    let mut batch = Batch::default();
    for id in ["aa", "aa b@x", "aa c@x", "aab", "a", "aa!"] {
        batch.queue(OutboxRow::new(id, "ops", now(), now(), b"{}".to_vec()));
    }
    store.commit(&batch, now()).unwrap();
    let look = Look::open(folder.path()).unwrap();
    let found = look.notification("aa").unwrap();
    let ids: Vec<_> = found.iter().map(|entry| &*entry.row.id).collect();
    assert_eq!(ids, ["aa", "aa b@x", "aa c@x"]);
}

#[test]
fn what_was_given_up_can_wait_again_and_what_was_sent_or_merged_cannot() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    let mut batch = Batch::default();
    (1..=4).for_each(|number| batch.queue(notification(number)));
    batch.dead("n000001", 3, later(1), "refused");
    batch.sent("n000002", 1, later(1));
    batch.merged("n000003", 0, later(1), "merged into n000004");
    store.commit(&batch, now()).unwrap();
    let mut batch = Batch::default();
    (1..=4).for_each(|number| batch.requeue(format!("n{number:06}"), later(9)));
    store.commit(&batch, now()).unwrap();
    let look = Look::open(folder.path()).unwrap();
    let refused = Some("refused".to_owned());
    assert_eq!(state_of(&look, "n000001"), Some((OutboxState::Queued, 3, refused)));
    assert_eq!(state_of(&look, "n000002").unwrap().0, OutboxState::Sent);
    let into = Some("merged into n000004".to_owned());
    assert_eq!(state_of(&look, "n000003"), Some((OutboxState::Merged, 0, into)));
    drop(store);
    let (_, loaded, _) = open(folder.path());
    let queued: Vec<_> = loaded.queued.iter().map(|row| &*row.id).collect();
    assert_eq!(queued, ["n000001", "n000004"]);
    assert_eq!(loaded.queued[0].next_attempt, later(9));
}

#[test]
fn in_one_batch_what_comes_last_of_a_notification_counts_unless_it_arrived() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    let mut batch = Batch::default();
    (1..=3).for_each(|number| batch.queue(notification(number)));
    batch.dead("n000001", 1, later(1), "refused");
    batch.requeue("n000001", later(2));
    batch.sent("n000002", 1, later(1));
    batch.requeue("n000002", later(2));
    batch.requeue("n000003", later(2));
    let mut after = Batch::default();
    after.dead("n000003", 2, later(3), "refused again");
    batch.absorb(after);
    store.commit(&batch, now()).unwrap();
    let look = Look::open(folder.path()).unwrap();
    let state = |id| state_of(&look, id).unwrap().0;
    let states = ["n000001", "n000002", "n000003"].map(state);
    assert_eq!(states, [OutboxState::Queued, OutboxState::Sent, OutboxState::Dead]);
}

#[test]
fn a_decision_is_there_once_however_often_it_is_noted() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    for _ in 0..2 {
        let mut batch = Batch::default();
        batch.note_decision(decision("a", 2));
        batch.note_decision(decision("a", 1));
        batch.note_decision(decision("b", 3));
        store.commit(&batch, now()).unwrap();
    }
    let look = Look::open(folder.path()).unwrap();
    assert_eq!(look.decisions("a", 9).unwrap(), [decision("a", 1), decision("a", 2)]);
    assert_eq!(look.decisions("a", 1).unwrap(), [decision("a", 2)], "the newest");
    assert_eq!(look.alerts(9).unwrap(), ["b", "a"]);
    let sql = "UPDATE decision SET decision = 'x' WHERE alert = 'b'";
    store.connection.as_ref().unwrap().execute(sql, []).unwrap();
    assert!(look.decisions("b", 9).is_err(), "not what was written");
}

#[test]
fn decisions_that_wait_for_a_disk_are_bounded_and_the_oldest_go() {
    let mut batch = Batch::default();
    let most = i64::try_from(DECISIONS_MAX).unwrap();
    (0..most + 7).for_each(|second| batch.note_decision(decision("a", second)));
    assert_eq!((batch.decisions.len(), batch.decisions_left_out()), (DECISIONS_MAX, 7));
    assert_eq!(batch.decisions.values().next(), Some(&decision("a", 7)));
}
