//! Files that are no longer what was written: opening never fails, and what it says was kept is
//! what was written.

use super::super::quarantine::companion;
use super::*;

const STEPS: u64 = 40;

/// Opens a damaged file and checks that everything that is there is right. What was begun anew, as
/// a text.
#[track_caller]
fn check(folder: &Path, original: &Loaded, what: &str) -> Option<String> {
    let (mut store, loaded, notices) = match Store::open(folder, Settings::default(), now()) {
        Ok(opened) => opened,
        Err(error) => panic!("{what}: {error}"),
    };
    let anew = begun_anew(&notices);
    if anew.is_none() && !matches!(notices.as_slice(), [Notice::Created { .. }]) {
        assert_eq!(loaded, *original, "{what}: {notices:?}");
    }
    for (log, position) in &loaded.positions {
        let known = original.positions.get(log).map(|known| (&known.source, &known.state));
        assert_eq!(Some((&position.source, &position.state)), known, "{what}");
    }
    for (key, state) in &loaded.engine_groups {
        assert_eq!(Some(state), original.engine_groups.get(key), "{what}");
    }
    for (rule, state) in &loaded.engine_rules {
        assert_eq!(Some(state), original.engine_rules.get(rule), "{what}");
    }
    for row in &loaded.queued {
        assert!(original.queued.contains(row), "{what}");
    }
    for (name, value) in &loaded.counters {
        assert_eq!(Some(value), original.counters.get(name), "{what}");
    }
    assert!(loaded.policy.is_none() || loaded.policy == original.policy, "{what}");
    assert!(loaded.engine_head.is_none() || loaded.engine_head == original.engine_head, "{what}");
    // It is a database like any other, or becomes one when the damage shows.
    if let Err(error) = store.commit(&step(99), now()) {
        assert!(error.needs_everything, "{what}: {error}");
        store.commit(&step(99), now()).unwrap();
    }
    anew
}

/// A copy of the files of a database, to be damaged.
fn copied(from: &Path) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for entry in from.read_dir().unwrap() {
        let entry = entry.unwrap();
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).unwrap();
    }
    folder
}

#[test]
fn a_file_cut_anywhere_is_opened_and_keeps_right_rows_only() {
    let source = tempfile::tempdir().unwrap();
    let original = filled(source.path(), STEPS);
    let bytes = std::fs::read(source.path().join("state.db")).unwrap();
    let mut kept_something = 0;
    for length in (0..bytes.len()).step_by(512) {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("state.db"), &bytes[..length]).unwrap();
        let anew = check(folder.path(), &original, &format!("cut at {length}"));
        // An empty file is what a crash leaves in the very first moment; the end of a page without
        // rows is as empty as what is read behind the end of a file.
        let is_missed = length > 0 && bytes[length..].iter().any(|byte| *byte != 0);
        assert_eq!(anew.is_some(), is_missed, "cut at {length}");
        kept_something += u64::from(anew.is_some_and(|text| text.contains("taken over: ")));
    }
    println!("something was kept of {kept_something} of {} files", bytes.len() / 512);
    assert!(kept_something > 10, "{kept_something}");
}

#[test]
fn a_file_of_nothing_but_nul_is_set_aside() {
    for length in [2, 100, 4096, 100_000] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("state.db"), vec![0; length]).unwrap();
        let anew = check(folder.path(), &Loaded::default(), "NUL").unwrap();
        assert!(anew.contains("is damaged (") && anew.contains("nothing could be taken"), "{anew}");
        assert!(anew.contains("queued notifications") && anew.contains("\nhint: "), "{anew}");
        let aside = aside(folder.path());
        assert!(aside.iter().any(|name| name == "state.db.corrupt-20261123T101500Z"), "{aside:?}");
        let path = folder.path().join("state.db.corrupt-20261123T101500Z");
        assert_eq!(std::fs::read(path).unwrap(), vec![0; length]);
    }
}

#[test]
fn what_is_no_database_is_set_aside() {
    let foreign = tempfile::tempdir().unwrap();
    let other = rusqlite::Connection::open(foreign.path().join("state.db")).unwrap();
    other.execute_batch("CREATE TABLE position (log TEXT); PRAGMA user_version = 7").unwrap();
    drop(other);
    let anew = check(foreign.path(), &Loaded::default(), "another program's").unwrap();
    assert!(anew.contains("it is no state of ocrwatch"), "{anew}");

    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("state.db"), "positions:\n- app.log\n".repeat(300)).unwrap();
    let anew = check(folder.path(), &Loaded::default(), "a text").unwrap();
    assert!(anew.contains("file is not a database"), "{anew}");
}

/// Bytes that follow from a seed: splitmix64.
fn random(seed: &mut u64) -> u64 {
    *seed = seed.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mut mixed = *seed;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[test]
fn a_file_with_random_damage_is_opened_and_keeps_right_rows_only() {
    let source = tempfile::tempdir().unwrap();
    let original = filled(source.path(), STEPS);
    let bytes = std::fs::read(source.path().join("state.db")).unwrap();
    let (mut anew, mut kept) = (0, 0);
    for seed in 0..100 {
        let mut state = seed;
        let mut damaged = bytes.clone();
        // From a single byte to runs that hide whole pages; every fourth seed hits the header.
        for _ in 0..=random(&mut state) % 4 {
            let reach = if seed % 4 == 0 { 200 } else { damaged.len() as u64 };
            let start = usize::try_from(random(&mut state) % reach).unwrap();
            let length = 1 << (random(&mut state) % 13);
            for byte in damaged.iter_mut().skip(start).take(length) {
                *byte = random(&mut state).to_le_bytes()[0];
            }
        }
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("state.db"), &damaged).unwrap();
        let text = check(folder.path(), &original, &format!("seed {seed}"));
        anew += u64::from(text.is_some());
        kept += u64::from(text.is_some_and(|text| text.contains("taken over: ")));
    }
    println!("{anew} of 100 were damaged, of {kept} something was kept");
    assert!(anew > 50 && kept > 20, "{anew} were damaged, of {kept} something was kept");
}

/// SQLite itself does not notice this one.
#[test]
fn a_flipped_bit_in_a_state_is_noticed_and_the_other_rows_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let original = filled(folder.path(), STEPS);
    let path = folder.path().join("state.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let needle = b"group of step 17";
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    bytes[at + needle.len() - 1] ^= 1;
    std::fs::write(&path, bytes).unwrap();
    let anew = check(folder.path(), &original, "flipped").unwrap();
    assert!(anew.contains("a row is not what was written: windows and alerts"), "{anew}");
    assert!(anew.contains("39 windows with their alerts, "), "{anew}");
    assert!(anew.contains("40 queued notifications"), "{anew}");
    assert!(anew.contains("readable: windows and alerts;"), "{anew}");
}

/// The rows on both sides of a page that cannot be read are kept.
#[test]
fn rows_behind_a_page_that_cannot_be_read_are_kept() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    let mut batch = Batch::default();
    for number in 0..200 {
        batch.put_engine_group("rule", number, format!("{number:0900}").into_bytes());
    }
    store.commit(&batch, now()).unwrap();
    store.close(now()).unwrap();
    let path = folder.path().join("state.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let needle = format!("{:0900}", 100).into_bytes();
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    bytes[at / 4096 * 4096..][..4096].fill(0xff);
    std::fs::write(&path, bytes).unwrap();
    let (store, loaded, notices) = open(folder.path());
    let numbers: Vec<u64> = loaded.engine_groups.keys().map(|(_, number)| *number).collect();
    assert!(begun_anew(&notices).is_some());
    assert_eq!(store.sequence, 1, "what was taken over is a commit");
    assert!(numbers.len() > 190 && numbers.len() < 200, "{numbers:?}");
    assert!(numbers.contains(&0) && numbers.contains(&199) && !numbers.contains(&100));
}

#[test]
fn a_log_with_damage_gives_the_batches_before_it() {
    let source = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(source.path());
    for number in 1..=9 {
        store.commit(&step(number), now()).unwrap();
    }
    let running = copied(source.path());
    drop(store);
    let wal = std::fs::read(companion(&running.path().join("state.db"), "-wal")).unwrap();
    for cut in (0..wal.len()).step_by(4096 + 24) {
        let folder = copied(running.path());
        let path = companion(&folder.path().join("state.db"), "-wal");
        let mut damaged = wal.clone();
        damaged[cut..].fill(0x5a);
        std::fs::write(path, damaged).unwrap();
        let (_, loaded, notices) = open(folder.path());
        assert_eq!(begun_anew(&notices), None, "damaged from {cut}");
        let number = loaded.counters.get("lines").copied().unwrap_or_default() / 10;
        assert_eq!(loaded.engine_groups.len() as u64, number, "damaged from {cut}");
        assert_eq!(loaded.queued.len() as u64, number, "damaged from {cut}");
    }
}

#[test]
fn a_log_without_its_database_is_evidence_and_not_deleted() {
    for is_there in [true, false] {
        let source = tempfile::tempdir().unwrap();
        let (mut store, ..) = open(source.path());
        store.commit(&step(1), now()).unwrap();
        let folder = copied(source.path());
        let path = folder.path().join("state.db");
        if is_there {
            std::fs::write(&path, "").unwrap();
        } else {
            std::fs::remove_file(&path).unwrap();
        }
        let anew = check(folder.path(), &Loaded::default(), "alone").unwrap();
        assert!(anew.contains("it is empty although its log is not"), "{anew}");
        let logs = aside(folder.path()).into_iter().filter(|name| name.ends_with("-wal")).count();
        assert_eq!(logs, 1);
    }
}

#[test]
fn damage_that_shows_while_running_is_set_aside_and_everything_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let original = filled(folder.path(), STEPS);
    let (mut store, ..) = open(folder.path());
    // SQLite keeps 1 MiB of pages in memory; what it has read is not read again.
    store.connection.as_ref().unwrap().release_memory().unwrap();
    store.connection = None;
    store.make_ready(now()).unwrap();
    let path = folder.path().join("state.db");
    let mut bytes = std::fs::read(&path).unwrap();
    let needle = b"group of step 17";
    let at = bytes.windows(needle.len()).position(|window| window == needle).unwrap();
    let page = at / 4096 * 4096;
    bytes[page..page + 4096].fill(0xff);
    // In place, as a failing disk does it.
    std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    std::os::unix::fs::FileExt::write_all_at(
        &std::fs::OpenOptions::new().write(true).open(&path).unwrap(),
        &bytes,
        0,
    )
    .unwrap();

    let mut waiting = step(17);
    let error = store.commit(&waiting, now()).unwrap_err();
    assert_eq!(error.kind, super::super::StoreErrorKind::Corrupt, "{error}");
    assert!(error.needs_everything);
    let text = begun_anew(&error.notices).unwrap();
    assert!(text.contains("40 queued notifications"), "{text}");
    waiting.count("begun_anew", 1);
    store.commit(&waiting, now()).unwrap();
    drop(store);
    let (_, loaded, notices) = open(folder.path());
    assert_eq!(notices, []);
    assert_eq!(loaded.queued, original.queued);
    assert_eq!(loaded.counters["begun_anew"], 1);
    assert_eq!(loaded.counters["lines"], 410);
}

#[test]
fn to_a_counter_that_is_not_what_was_written_nothing_is_added() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    store.commit(&step(1), now()).unwrap();
    let connection = store.connection.as_ref().unwrap();
    connection.execute("UPDATE counter SET value = 1 WHERE name = 'lines'", []).unwrap();
    let error = store.commit(&step(2), now()).unwrap_err();
    assert!(error.needs_everything, "{error}");
    // Its log stays as it was: what is damaged is evidence.
    let aside = error.notices.iter().find_map(|notice| match notice {
        Notice::BegunAnew { aside, .. } => aside.as_deref(),
        _ => None,
    });
    let log = super::super::quarantine::companion(aside.unwrap(), "-wal");
    assert!(log.metadata().unwrap().len() > 0);
}

/// A header that says that nobody may write is damage where the file may be written.
#[test]
fn a_header_with_another_form_of_writing_is_set_aside() {
    let folder = tempfile::tempdir().unwrap();
    let original = filled(folder.path(), 3);
    let path = folder.path().join("state.db");
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[18] = 0x7f;
    std::fs::write(&path, bytes).unwrap();
    let (_, loaded, notices) = open(folder.path());
    assert!(begun_anew(&notices).is_some(), "{notices:?}");
    assert_eq!(loaded.queued, original.queued);
}
