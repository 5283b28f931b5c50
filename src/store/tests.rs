//! What all tests of the store share: an instant, batches that tell which they are, damage.

mod commit;
mod corrupt;
mod disk;
mod faults;
mod kill;
mod look;
mod messages;
mod retention;
mod versions;

use std::path::Path;

use chrono::{DateTime, TimeDelta, Utc};

use super::{
    Batch, DecisionKey, DecisionRow, HistoryKey, Loaded, Notice, OutboxRow, Settings, Store,
};

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_428_900, 0).unwrap()
}

fn later(seconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::seconds(seconds)
}

fn open(folder: &Path) -> (Store, Loaded, Vec<Notice>) {
    Store::open(folder, Settings::default(), now()).unwrap()
}

/// What a step of the daemon leaves: every row of it tells which step it was. Groups and
/// notifications are added, the others replaced.
fn step(number: u64) -> Batch {
    let state = |what: &str| format!("{what} of step {number}").into_bytes();
    let mut batch = Batch::default();
    batch.put_position("app.log", "orders", state("position"));
    batch.put_engine_head(state("head"));
    batch.put_engine_rule("lockout", state("rule"));
    batch.put_engine_group("lockout", number, state("group"));
    batch.put_policy([state("policy"), vec![b'.'; 2000]].concat());
    batch.queue(notification(number));
    batch.count_errors(HistoryKey::at(now(), "orders", "APIG", "APIG.0301"), 2);
    batch.count("lines", 10);
    batch
}

fn notification(number: u64) -> OutboxRow {
    let id = format!("n{number:06}");
    OutboxRow::new(id, "ops", now(), later(i64::try_from(number).unwrap()), vec![b'{', b'}'])
}

fn decision(alert: &str, second: i64) -> DecisionRow {
    let at_ms = later(second).timestamp_millis();
    let key = DecisionKey { alert: alert.to_owned(), at_ms, kind: "changed".to_owned() };
    DecisionRow { key, noted: later(second), decision: b"{}".to_vec() }
}

/// A database behind so many steps, closed in order, and what stands in it.
fn filled(folder: &Path, steps: u64) -> Loaded {
    let (mut store, ..) = open(folder);
    for number in 1..=steps {
        store.commit(&step(number), now()).unwrap();
    }
    store.close(now()).unwrap();
    let (store, loaded, _) = open(folder);
    store.close(now()).unwrap();
    loaded
}

/// The notice of a database that was begun anew, as one text.
fn begun_anew(notices: &[Notice]) -> Option<String> {
    let notice = notices.iter().find(|notice| matches!(notice, Notice::BegunAnew { .. }));
    notice.map(ToString::to_string)
}

fn aside(folder: &Path) -> Vec<String> {
    let entries = folder.read_dir().unwrap();
    let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.starts_with("state.db.")).collect()
}
