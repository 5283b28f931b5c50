//! The state's file with any damage.
//!
//! Owns the claims that it is opened or refused, that what is said to be kept is what was written,
//! and that it takes the next step afterwards. An input is a list of changes to a right file, five
//! bytes each; one of another length is a file of its own.

use std::path::Path;
use std::sync::LazyLock;

use chrono::{DateTime, Utc};
use ocrwatch::store::{Batch, HistoryKey, Loaded, OutboxRow, Settings, Store};

const CHANGE_BYTES: usize = 5;

/// A right file, and what stands in it.
static RIGHT: LazyLock<(Vec<u8>, Loaded)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a directory");
    let (mut store, ..) = open(folder.path());
    for number in 0..12 {
        store.commit(&step(number), now()).expect("a commit");
    }
    store.close(now()).expect("an end");
    let (store, loaded, _) = open(folder.path());
    store.close(now()).expect("an end");
    let bytes = std::fs::read(folder.path().join("state.db")).expect("the file");
    (bytes, loaded)
});

fn now() -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_428_900, 0).expect("an instant in range")
}

fn open(folder: &Path) -> (Store, Loaded, Vec<ocrwatch::store::Notice>) {
    Store::open(folder, Settings::default(), now()).expect("a state")
}

fn step(number: u64) -> Batch {
    let state = |what: &str| format!("{what} of step {number}").into_bytes();
    let mut batch = Batch::default();
    batch.put_position(format!("app{}.log", number % 3), "orders", state("position"));
    batch.put_engine_head(state("head"));
    batch.put_engine_rule("lockout", state("rule"));
    batch.put_engine_group("lockout", number, state("group"));
    batch.put_policy(state("policy"));
    let id = format!("n{number:06}");
    batch.queue(OutboxRow::new(id, "ops", now(), now(), b"{}".to_vec()));
    batch.count_errors(HistoryKey::at(now(), "orders", "APIG", "APIG.0301"), 2);
    batch.count("lines", 10);
    batch
}

pub(crate) fn check(input: &[u8]) {
    let (right, written) = &*RIGHT;
    let file = if input.len().is_multiple_of(CHANGE_BYTES) {
        let mut file = right.clone();
        for change in input.chunks_exact(CHANGE_BYTES) {
            let at = u32::from_le_bytes([change[0], change[1], change[2], 0]) as usize % file.len();
            // 0xff in front of the byte cuts the file there.
            if change[3] == 0xff {
                file.truncate(at.max(1));
            } else {
                file[at] = change[4];
            }
        }
        file
    } else {
        input.to_vec()
    };
    let folder = tempfile::tempdir().expect("a directory");
    std::fs::write(folder.path().join("state.db"), &file).expect("the damaged file");
    let Ok((mut store, loaded, _)) = Store::open(folder.path(), Settings::default(), now()) else {
        // Of a newer program, say: refused, and left as it was.
        let left = std::fs::read(folder.path().join("state.db")).expect("the file is there");
        assert!(left == file, "what is refused is not touched");
        return;
    };
    check_kept(&loaded, written);
    if let Err(error) = store.commit(&step(99), now()) {
        assert!(error.needs_everything, "{error}");
        store.commit(&step(99), now()).expect("the next step is taken");
    }
    store.close(now()).expect("an end");
    let (store, loaded, _) = open(folder.path());
    assert!(loaded.queued.iter().any(|row| row.id == "n000099"), "what was committed is there");
    store.close(now()).expect("an end");
}

fn check_kept(loaded: &Loaded, written: &Loaded) {
    for (log, position) in &loaded.positions {
        let known = written.positions.get(log).map(|known| (&known.source, &known.state));
        assert_eq!(Some((&position.source, &position.state)), known, "{log}");
    }
    for (group, state) in &loaded.engine_groups {
        assert_eq!(Some(state), written.engine_groups.get(group));
    }
    for (rule, state) in &loaded.engine_rules {
        assert_eq!(Some(state), written.engine_rules.get(rule));
    }
    for row in &loaded.queued {
        assert!(written.queued.contains(row), "{row:?}");
    }
    for (name, value) in &loaded.counters {
        assert_eq!(Some(value), written.counters.get(name), "{name}");
    }
    assert!(loaded.policy.is_none() || loaded.policy == written.policy);
    assert!(loaded.engine_head.is_none() || loaded.engine_head == written.engine_head);
}
