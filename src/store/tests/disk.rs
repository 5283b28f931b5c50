//! Disks that are full, read-only or gone, for real where this machine lets us.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::super::connection::Journal;
use super::super::lock::Lock;
use super::super::quarantine::companion;
use super::super::{OpenError, StoreErrorKind, opening};
use super::*;

/// A file system in memory, of its own; unmounted when dropped.
struct Mounted(tempfile::TempDir);

impl Mounted {
    /// `None` where it cannot be mounted, with the reason in the test's output.
    fn new(options: &str) -> Option<Self> {
        let folder = tempfile::tempdir().unwrap();
        if !run("mount", &["-t", "tmpfs", "-o", options, "tmpfs"], folder.path()) {
            println!("skipped: no tmpfs can be mounted here; it takes root");
            return None;
        }
        Some(Self(folder))
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("state")
    }

    fn remount(&self, options: &str) -> bool {
        run("mount", &["-o", &format!("remount,{options}")], self.0.path())
    }
}

impl Drop for Mounted {
    fn drop(&mut self) {
        run("umount", &["-l"], self.0.path());
    }
}

fn run(program: &str, arguments: &[&str], path: &Path) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).arg(path).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn big(number: u64) -> Batch {
    let mut batch = step(number);
    batch.put_policy(vec![b'x'; 400_000]);
    batch
}

#[test]
fn a_database_that_may_not_grow_takes_the_batch_once_it_may() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    store.commit(&step(1), now()).unwrap();
    let limit = |store: &Store, pages: i64| {
        let connection = store.connection.as_ref().unwrap();
        connection.pragma_update_and_check(None, "max_page_count", pages, |_| Ok(())).unwrap();
    };
    limit(&store, 1);
    let mut waiting = Batch::default();
    for number in 2..5 {
        waiting.absorb(big(number));
        let error = store.commit(&waiting, now()).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::Full, "{error}");
        assert!(!error.needs_everything && error.to_string().contains("\nhint: free space"));
    }
    limit(&store, i64::from(i32::MAX));
    store.commit(&waiting, now()).unwrap();
    drop(store);
    let (_, loaded, _) = open(folder.path());
    assert_eq!(loaded.counters["lines"], 40);
    assert_eq!(loaded.queued.len(), 4);
}

#[test]
fn a_full_disk_takes_the_batch_once_there_is_room() {
    let Some(disk) = Mounted::new("size=1m") else { return };
    let (mut store, ..) = open(&disk.path());
    store.commit(&step(1), now()).unwrap();
    let filler = disk.path().join("filler");
    let _ = std::fs::write(&filler, vec![0; 2 << 20]);
    let mut waiting = Batch::default();
    for number in 2..30 {
        waiting.absorb(step(number));
        if number < 25 {
            let error = store.commit(&waiting, now()).unwrap_err();
            assert_eq!(error.kind, StoreErrorKind::Full, "{error}");
            assert!(!error.needs_everything, "{error}");
        } else if number == 25 {
            std::fs::remove_file(&filler).unwrap();
        }
    }
    store.commit(&waiting, now()).unwrap();
    drop(store);
    let (_, loaded, notices) = open(&disk.path());
    assert_eq!(notices, []);
    assert_eq!((loaded.counters["lines"], loaded.queued.len()), (290, 29));
}

/// What a daemon leaves when it is ended in order, and when it is killed: a log without its index.
fn left_behind(directory: &Path, in_order: bool) {
    let elsewhere = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(elsewhere.path());
    store.commit(&step(1), now()).unwrap();
    if in_order {
        store.close(now()).unwrap();
    }
    std::fs::create_dir(directory).unwrap();
    for name in ["lock", "state.db", "state.db-wal"] {
        let copied = std::fs::copy(elsewhere.path().join(name), directory.join(name));
        assert_eq!(copied.is_ok(), name != "state.db-wal" || !in_order, "{name}");
    }
}

#[test]
fn a_daemon_that_starts_on_a_full_disk_goes_on_from_what_is_known() {
    for in_order in [true, false] {
        let Some(disk) = Mounted::new("size=1m") else { return };
        left_behind(&disk.path(), in_order);
        let filler = disk.path().join("filler");
        let _ = std::fs::write(&filler, vec![0; 2 << 20]);
        let (mut store, loaded, notices) = open(&disk.path());
        assert_eq!((loaded.counters["lines"], loaded.queued.len()), (10, 1));
        let [notice @ Notice::NotWritable { .. }] = notices.as_slice() else {
            panic!("{notices:?}");
        };
        assert!(notice.is_grave() && notice.to_string().contains("\nhint: free space"), "{notice}");
        for _ in 0..2 {
            let error = store.commit(&step(2), now()).unwrap_err();
            assert_eq!(error.kind, StoreErrorKind::Full, "{error}");
        }
        std::fs::remove_file(&filler).unwrap();
        store.commit(&step(2), now()).unwrap();
        drop(store);
        let (_, loaded, notices) = open(&disk.path());
        assert_eq!((loaded.counters["lines"], notices), (20, vec![]));
    }
}

#[test]
fn a_daemon_that_starts_on_a_read_only_disk_goes_on_from_what_is_known() {
    for in_order in [true, false] {
        let Some(disk) = Mounted::new("size=1m") else { return };
        left_behind(&disk.path(), in_order);
        if !disk.remount("ro") {
            println!("skipped: the tmpfs cannot be made read-only");
            return;
        }
        let (mut store, loaded, notices) = open(&disk.path());
        assert_eq!((loaded.counters["lines"], loaded.queued.len()), (10, 1));
        assert!(matches!(notices.as_slice(), [Notice::NotWritable { .. }]), "{notices:?}");
        let error = store.commit(&step(2), now()).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::ReadOnly, "{error}");
        let second = Store::open(&disk.path(), Settings::default(), now());
        assert!(matches!(second, Err(OpenError::InUse { .. })));
        assert!(disk.remount("rw"));
        store.commit(&step(2), now()).unwrap();
        drop(store);
        let (_, loaded, notices) = open(&disk.path());
        assert_eq!((loaded.counters["lines"], notices), (20, vec![]));
    }
}

#[test]
fn a_read_only_disk_takes_the_batch_once_it_is_writable() {
    let Some(disk) = Mounted::new("size=4m") else { return };
    let (mut store, ..) = open(&disk.path());
    store.commit(&step(1), now()).unwrap();
    // As behind an error of the disk, for which the system makes it read-only. The system refuses
    // that while a file is open for writing.
    store.connection = None;
    let elsewhere = tempfile::tempdir().unwrap();
    store.lock = Lock::take(elsewhere.path().join("lock")).unwrap();
    if !disk.remount("ro") {
        println!("skipped: the tmpfs cannot be made read-only");
        return;
    }
    let mut waiting = Batch::default();
    for number in 2..4 {
        waiting.absorb(step(number));
        let error = store.commit(&waiting, now()).unwrap_err();
        assert_eq!(error.kind, StoreErrorKind::ReadOnly, "{error}");
        assert!(!error.needs_everything);
    }
    assert!(disk.remount("rw"));
    store.commit(&waiting, now()).unwrap();
    drop(store);
    let (_, loaded, _) = open(&disk.path());
    assert_eq!(loaded.counters["lines"], 30);
}

#[test]
fn a_directory_deleted_while_running_is_made_again_and_everything_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("state");
    let (mut store, ..) = open(&directory);
    for number in 1..=3 {
        store.commit(&step(number), now()).unwrap();
    }
    std::fs::remove_dir_all(&directory).unwrap();
    let error = store.commit(&step(4), now()).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::Moved, "{error}");
    assert!(error.needs_everything);
    let text = begun_anew(&error.notices).unwrap();
    // The file without a name could still be read.
    assert!(text.contains("was deleted or replaced"), "{text}");
    assert!(text.contains("3 queued notifications"), "{text}");
    store.commit(&step(4), now()).unwrap();
    // The lock is on the new file: a second daemon is kept out again.
    let second = Store::open(&directory, Settings::default(), now());
    assert!(matches!(second, Err(OpenError::InUse { .. })));
    drop(store);
    let (_, loaded, notices) = open(&directory);
    assert_eq!(notices, []);
    assert_eq!((loaded.counters["lines"], loaded.queued.len()), (40, 4));
}

#[test]
fn a_daemon_that_took_over_a_deleted_directory_keeps_it() {
    let folder = tempfile::tempdir().unwrap();
    let directory = folder.path().join("state");
    let (mut first, ..) = open(&directory);
    first.commit(&step(1), now()).unwrap();
    std::fs::remove_dir_all(&directory).unwrap();
    let (mut second, ..) = open(&directory);
    let error = first.commit(&step(2), now()).unwrap_err();
    assert_eq!(error.kind, StoreErrorKind::InUse, "{error}");
    assert!(error.to_string().contains("has taken over"), "{error}");
    second.commit(&step(1), now()).unwrap();
    drop(second);
    assert!(first.commit(&step(2), now()).unwrap_err().needs_everything);
    first.commit(&step(2), now()).unwrap();
}

#[test]
fn a_file_that_came_in_its_place_is_set_aside_and_not_written_to() {
    let folder = tempfile::tempdir().unwrap();
    let backup = tempfile::tempdir().unwrap();
    filled(backup.path(), 2);
    let (mut store, ..) = open(folder.path());
    store.commit(&step(9), now()).unwrap();
    let path = folder.path().join("state.db");
    let restored = folder.path().join("restored");
    std::fs::copy(backup.path().join("state.db"), &restored).unwrap();
    std::fs::rename(&restored, &path).unwrap();
    let before = std::fs::read(&path).unwrap();
    let error = store.commit(&step(10), now()).unwrap_err();
    assert!(error.needs_everything && error.kind == StoreErrorKind::Moved, "{error}");
    let foreign = folder.path().join("state.db.foreign-20261123T101500Z");
    assert_eq!(std::fs::read(&foreign).unwrap(), before);
    store.commit(&step(10), now()).unwrap();
    drop(store);
    let (_, loaded, _) = open(folder.path());
    assert_eq!(loaded.engine_groups.len(), 2);
}

#[test]
fn a_log_deleted_while_running_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    store.commit(&step(1), now()).unwrap();
    for suffix in ["-wal", "-shm"] {
        std::fs::remove_file(companion(&folder.path().join("state.db"), suffix)).unwrap();
    }
    store.commit(&step(2), now()).unwrap();
    // As it is when the power fails now.
    let copy = tempfile::tempdir().unwrap();
    for name in ["state.db", "state.db-wal"] {
        std::fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let (_, loaded, notices) = open(copy.path());
    assert_eq!(notices, []);
    assert_eq!(loaded.counters["lines"], 20);
}

/// The kernel refuses every write although the file is open, as it does behind an error.
#[test]
fn a_file_that_refuses_writes_takes_the_batch_once_it_accepts_them() {
    let folder = tempfile::tempdir().unwrap();
    let (mut store, ..) = open(folder.path());
    store.commit(&step(1), now()).unwrap();
    let path = folder.path().join("state.db");
    let wal = companion(&path, "-wal");
    if !run("chattr", &["+i"], &wal) {
        println!("skipped: no file can be made immutable here; it takes root and ext4 or xfs");
        return;
    }
    let outcome = store.commit(&step(2), now());
    let again = store.commit(&step(2), now());
    assert!(run("chattr", &["-i"], &wal));
    match outcome {
        Ok(_) => println!("skipped: this system lets open files be written although immutable"),
        Err(error) => {
            assert!(!error.needs_everything, "{error}");
            assert!(again.is_err());
            store.commit(&step(2), now()).unwrap();
            drop(store);
            let (_, loaded, _) = open(folder.path());
            assert_eq!((loaded.counters["lines"], loaded.queued.len()), (20, 2));
        }
    }
}

#[test]
fn without_a_write_ahead_log_everything_works_and_it_is_said() {
    let folder = tempfile::tempdir().unwrap();
    let settings = Settings::default();
    let (mut store, _, notices) =
        opening::open(folder.path(), settings, Journal::Delete, now()).unwrap();
    assert!(notices.iter().any(|notice| matches!(notice, Notice::NoWal { .. })), "{notices:?}");
    for number in 1..=3 {
        assert_eq!(store.commit(&step(number), now()).unwrap().wal_bytes, 0);
    }
    store.retain(now()).unwrap();
    assert!(!companion(&folder.path().join("state.db"), "-wal").exists());
    drop(store);
    // And back, once the state was moved to a local disk.
    let (mut store, loaded, notices) = open(folder.path());
    assert_eq!((loaded.counters["lines"], notices), (30, vec![]));
    assert!(store.commit(&step(4), now()).unwrap().wal_bytes > 0);
}

#[test]
fn a_state_directory_that_is_a_file_is_told_with_a_hint() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("state");
    std::fs::write(&path, "").unwrap();
    let text = Store::open(&path, Settings::default(), now()).unwrap_err().to_string();
    assert!(text.starts_with("cannot use the state directory `"), "{text}");
    assert!(text.contains("\nhint: it must be a directory"), "{text}");
}
