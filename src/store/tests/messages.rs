//! Messages to a fleet's broker: kept in their order until they are stored there, whatever becomes
//! of the database.

use super::super::{MessageRow, MessagesWaiting};
use super::*;

fn message(number: u64) -> MessageRow {
    let body = vec![b'm'; 1_000].into();
    let subject = "ocrwatch.v1.APIG.APIG-0301.0".to_owned();
    MessageRow { number, subject, id: format!("web-1/0a/file-7#{number}"), body }
}

fn with_messages(folder: &Path, numbers: std::ops::RangeInclusive<u64>) -> Store {
    let (mut store, ..) = open(folder);
    let mut batch = Batch::default();
    numbers.for_each(|number| batch.put_message(message(number)));
    store.commit(&batch, now()).unwrap();
    store
}

fn numbers(store: &mut Store, behind: u64, bytes_max: usize) -> Vec<u64> {
    let messages = store.messages_behind(behind, bytes_max, now()).unwrap();
    for row in &messages {
        assert_eq!(*row, message(row.number));
    }
    messages.into_iter().map(|row| row.number).collect()
}

#[test]
fn messages_are_read_back_in_their_order_and_go_once_they_are_stored() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = with_messages(folder.path(), 1..=300);
    assert_eq!(numbers(&mut store, 0, 2_500), [1, 2, 3]);
    let exactly_two = message(1).bytes() + message(2).bytes();
    assert_eq!(numbers(&mut store, 0, exactly_two), [1, 2]);
    assert_eq!(numbers(&mut store, 298, usize::MAX), [299, 300]);
    let mut batch = Batch::default();
    // Said twice, the later of them the lower one.
    batch.messages_stored(290);
    batch.messages_stored(7);
    store.commit(&batch, now()).unwrap();
    assert_eq!(numbers(&mut store, 0, 1), [291]);
    store.close(now()).unwrap();
    let (_, loaded, _) = open(folder.path());
    assert!(loaded.messages.is_empty(), "each is read when it is sent");
    let bytes = (291..=300).map(|number| message(number).bytes() as u64).sum();
    assert_eq!(loaded.messages_waiting, MessagesWaiting { rows: 10, bytes, last: 300 });
}

#[test]
fn a_message_that_is_committed_twice_is_there_once_as_it_was_first() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = with_messages(folder.path(), 1..=3);
    let mut batch = Batch::default();
    batch.put_message(MessageRow { id: "another".to_owned(), ..message(2) });
    batch.put_message(message(4));
    store.commit(&batch, now()).unwrap();
    assert_eq!(numbers(&mut store, 0, usize::MAX), [1, 2, 3, 4]);
}

#[test]
fn a_message_that_is_not_what_was_written_is_left_behind_and_the_others_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = with_messages(folder.path(), 1..=9);
    let connection = store.connection.as_ref().unwrap();
    connection.execute("UPDATE message SET subject = 'x' WHERE number = 5", []).unwrap();
    let failed = store.messages_behind(0, usize::MAX, now()).unwrap_err();
    assert!(failed.needs_everything, "{failed:?}");
    assert_eq!(numbers(&mut store, 0, usize::MAX), [1, 2, 3, 4, 6, 7, 8, 9]);
}

#[test]
fn what_waits_for_a_broker_leaves_counts_their_room() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings { bytes_max: 200_000, ..Settings::default() };
    let (mut store, ..) = Store::open(folder.path(), settings, now()).unwrap();
    let mut batch = step(1);
    (1..=1_000).for_each(|number| batch.put_message(message(number)));
    store.commit(&batch, now()).unwrap();
    let retained = store.retain(now()).unwrap();
    assert_eq!((retained.history_rows, retained.above_limit), (0, false), "{retained:?}");
}

#[test]
fn a_state_whose_messages_are_gone_is_no_state_to_go_on_from() {
    let folder = tempfile::tempdir().unwrap();
    let store = with_messages(folder.path(), 1..=3);
    store.connection.as_ref().unwrap().execute_batch("DROP TABLE message").unwrap();
    store.close(now()).unwrap();
    let (_, _, notices) = open(folder.path());
    assert!(begun_anew(&notices).is_some(), "{notices:?}");
}
