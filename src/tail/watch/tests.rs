//! Real directories, and real limits. Nothing waits but for a wake-up.

use std::fs::{self, File};
use std::io::Write as _;
use std::process::Command;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use tempfile::TempDir;

use super::pending::{PATHS_MAX, Pending};
use super::*;

/// So long a wake-up may take on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(20);

struct Scene {
    directory: TempDir,
    watcher: Watcher,
    woken: Receiver<()>,
}

impl Scene {
    fn new() -> Self {
        let (wake, woken) = channel();
        let wake = move || {
            let _ = wake.send(());
        };
        let directory = tempfile::tempdir().expect("a directory");
        Self { directory, watcher: Watcher::new(wake, Choice::Auto), woken }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn watched(name: &str) -> Self {
        let mut scene = Self::new();
        let path = scene.path(name);
        fs::create_dir_all(&path).expect("a directory");
        let reach = scene.watcher.watch(&path);
        let other = file_system::told_elsewhere(&path).map(Why::FileSystem);
        assert_eq!(reach, other.map_or(Reach::Events, Reach::Poll));
        scene
    }

    fn write(&self, name: &str, text: &str) {
        let file = File::options().create(true).append(true).open(self.path(name));
        file.and_then(|mut file| file.write_all(text.as_bytes())).expect("a file");
    }

    /// Hints until one is about the path.
    #[track_caller]
    fn told_of(&mut self, name: &str) -> Hints {
        let path = self.path(name);
        let mut all = Hints::default();
        loop {
            let woken = self.woken.recv_timeout(PATIENCE);
            assert!(woken.is_ok(), "no hint of {name} among {all:?}");
            let hints = self.watcher.take();
            all.rescan |= hints.rescan;
            all.paths.extend(hints.paths);
            if all.paths.contains(&path) {
                return all;
            }
        }
    }
}

#[test]
fn what_is_written_made_and_renamed_is_told() {
    let mut scene = Scene::watched("logs");
    scene.write("logs/app.log", "one\n");
    assert!(!scene.told_of("logs/app.log").rescan);
    fs::rename(scene.path("logs/app.log"), scene.path("logs/app.log.1")).expect("renamed");
    let hints = scene.told_of("logs/app.log.1");
    assert!(hints.paths.contains(&scene.path("logs/app.log")), "the old name: {hints:?}");
    fs::create_dir(scene.path("logs/new")).expect("a directory");
    scene.told_of("logs/new");
    fs::remove_file(scene.path("logs/app.log.1")).expect("removed");
    scene.told_of("logs/app.log.1");
}

#[test]
fn what_we_read_ourselves_is_no_hint() {
    let mut scene = Scene::new();
    let logs = scene.path("logs");
    fs::create_dir(&logs).expect("a directory");
    scene.write("logs/app.log", "one\n");
    scene.watcher.watch(&logs);
    fs::read(scene.path("logs/app.log")).expect("text");
    fs::read_dir(&logs).expect("names").for_each(drop);
    // Events come in order: what is told by now was not told before.
    scene.write("logs/other.log", "one\n");
    let hints = scene.told_of("logs/other.log");
    assert_eq!(hints.paths, BTreeSet::from([scene.path("logs/other.log")]));
    assert!(scene.watcher.counters().dropped > 0);
}

#[test]
fn many_events_wake_once() {
    let mut scene = Scene::watched("logs");
    scene.write("logs/a.log", "one\n");
    assert!(scene.woken.recv_timeout(PATIENCE).is_ok());
    for _ in 0..100 {
        scene.write("logs/a.log", "one\n");
        scene.write("logs/b.log", "one\n");
    }
    assert!(scene.woken.try_recv().is_err(), "woken again before anything was taken");
    scene.watcher.take();
    scene.write("logs/c.log", "one\n");
    scene.told_of("logs/c.log");
}

#[test]
fn a_directory_made_anew_in_its_place_is_watched_again() {
    // With a file of it held open its end is not told at all; else the inode is used again.
    for is_held in [false, true] {
        let mut scene = Scene::watched("logs");
        scene.write("logs/app.log", "one\n");
        let held = is_held.then(|| File::open(scene.path("logs/app.log")).expect("a file"));
        scene.told_of("logs/app.log");
        fs::remove_dir_all(scene.path("logs")).expect("removed");
        if !is_held {
            scene.told_of("logs");
        }
        scene.watcher.rearm();
        let logs = scene.path("logs");
        assert_eq!(scene.watcher.reach(&logs), Some(&Reach::Poll(Why::NotThere)));
        assert_eq!(scene.watcher.counters().watches, 0);
        fs::create_dir(&logs).expect("a directory");
        scene.watcher.rearm();
        scene.told_of("logs");
        scene.write("logs/app.log", "two\n");
        scene.told_of("logs/app.log");
        let counters = scene.watcher.counters();
        assert_eq!((counters.watches, counters.rearmed), (1, 1));
        drop(held);
    }
}

#[test]
fn a_directory_replaced_between_two_looks_is_watched_again() {
    let mut scene = Scene::watched("logs");
    for round in 0..5 {
        fs::remove_dir_all(scene.path("logs")).expect("removed");
        fs::create_dir(scene.path("logs")).expect("a directory");
        scene.told_of("logs");
        scene.watcher.rearm();
        let name = format!("logs/{round}.log");
        scene.write(&name, "one\n");
        scene.told_of(&name);
    }
    // One was renamed away: what is written there is not told under its old name.
    fs::rename(scene.path("logs"), scene.path("old")).expect("renamed");
    fs::create_dir(scene.path("logs")).expect("a directory");
    scene.told_of("logs");
    scene.watcher.rearm();
    scene.watcher.take();
    scene.write("old/away.log", "one\n");
    scene.write("logs/here.log", "one\n");
    let hints = scene.told_of("logs/here.log");
    assert!(!hints.paths.contains(&scene.path("logs/away.log")), "{hints:?}");
}

#[test]
fn a_directory_that_comes_later_is_watched_when_it_does() {
    let mut scene = Scene::new();
    let logs = scene.path("not/yet");
    assert_eq!(scene.watcher.watch(&logs), Reach::Poll(Why::NotThere));
    scene.watcher.rearm();
    assert_eq!(scene.watcher.counters().polled, 1);
    fs::create_dir_all(&logs).expect("a directory");
    scene.watcher.rearm();
    scene.told_of("not/yet");
    scene.write("not/yet/app.log", "one\n");
    scene.told_of("not/yet/app.log");
}

#[test]
fn one_directory_by_two_names_is_one_watch_and_outlives_either() {
    let mut scene = Scene::watched("logs");
    let link = scene.path("link");
    std::os::unix::fs::symlink(scene.path("logs"), &link).expect("a link");
    scene.watcher.watch(&link);
    scene.watcher.watch(&link);
    assert_eq!(scene.watcher.counters().watches, 1);
    scene.write("logs/app.log", "one\n");
    let hints = scene.told_of("link/app.log");
    assert!(hints.paths.contains(&scene.path("logs/app.log")), "{hints:?}");
    scene.watcher.unwatch(&scene.path("logs"));
    scene.watcher.unwatch(&link);
    scene.write("logs/b.log", "one\n");
    let hints = scene.told_of("link/b.log");
    assert!(!hints.paths.contains(&scene.path("logs/b.log")), "{hints:?}");
    scene.watcher.unwatch(&link);
    assert_eq!((scene.watcher.counters().watches, scene.watcher.reach(&link)), (0, None));
}

#[test]
fn a_link_that_is_set_elsewhere_is_followed() {
    let mut scene = Scene::watched("blue");
    fs::create_dir(scene.path("green")).expect("a directory");
    let link = scene.path("live");
    std::os::unix::fs::symlink(scene.path("blue"), &link).expect("a link");
    scene.watcher.watch(&link);
    fs::remove_file(&link).expect("removed");
    std::os::unix::fs::symlink(scene.path("green"), &link).expect("a link");
    scene.watcher.rearm();
    scene.told_of("live");
    scene.write("green/app.log", "one\n");
    scene.told_of("live/app.log");
    scene.write("blue/app.log", "one\n");
    scene.told_of("blue/app.log");
}

#[test]
fn what_the_kernel_had_no_room_for_is_a_rescan() {
    let limit = fs::read_to_string("/proc/sys/fs/inotify/max_queued_events").expect("a limit");
    let limit: usize = limit.trim().parse().expect("a number");
    let directory = tempfile::tempdir().expect("a directory");
    let (wake, woken) = channel();
    let (release, released) = channel::<()>();
    let released = Mutex::new(released);
    let handler = move || {
        let _ = wake.send(());
        let _ = released.lock().map(|released| released.recv());
    };
    let mut watcher = Watcher::new(handler, Choice::Auto);
    watcher.watch(directory.path());
    let mut files =
        ["a", "b"].map(|name| File::create(directory.path().join(name)).expect("a file"));
    assert!(woken.recv_timeout(PATIENCE).is_ok());
    for number in 0..limit + 1_000 {
        files[number % 2].write_all(b"x").expect("written");
    }
    drop(release);
    let mut hints = watcher.take();
    while !hints.rescan {
        assert!(woken.recv_timeout(PATIENCE).is_ok(), "no overflow");
        hints = watcher.take();
    }
    assert_eq!(watcher.counters().overflows, 1);
    // Its watches are asked for again: the end of one may be among what was lost.
    watcher.rearm();
    let path = directory.path().join("c");
    fs::write(&path, "x").expect("written");
    while !hints.paths.contains(&path) {
        assert!(woken.recv_timeout(PATIENCE).is_ok(), "no hint");
        hints = watcher.take();
    }
}

#[test]
fn more_paths_than_are_told_apart_are_a_rescan() {
    let mut pending = Pending::default();
    for number in 0..=PATHS_MAX {
        pending.insert(PathBuf::from(number.to_string()));
    }
    assert!(pending.rescan && pending.paths.is_empty());
    assert_eq!(pending.counters.paths_left_out, 1);
    pending.insert(PathBuf::from("another"));
    assert!(pending.paths.is_empty());
}

#[test]
fn whoever_asks_for_it_is_not_woken() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut watcher = Watcher::new(|| panic!("woken"), Choice::Poll);
    assert_eq!(watcher.watch(directory.path()), Reach::Poll(Why::Asked));
    fs::write(directory.path().join("a"), "x").expect("written");
    watcher.rearm();
    assert_eq!(watcher.take(), Hints::default());
    assert!(watcher.backend.is_none());
}

#[test]
fn what_is_no_directory_is_said() {
    let mut scene = Scene::new();
    scene.write("file", "x");
    let file = scene.path("file");
    let why = Why::Other("this is no directory".to_owned());
    assert_eq!(scene.watcher.watch(&file), Reach::Poll(why));
}

/// In a namespace of its own, where the limits are low. The test runs itself there, and finds the
/// limit that it asks about below the one that no machine has.
fn in_namespace(limit: &str, value: usize, test: &str, inside: impl FnOnce()) {
    const NONE_HAS: usize = 20;
    let path = format!("/proc/sys/user/max_inotify_{limit}");
    let present = fs::read_to_string(&path).ok().and_then(|text| text.trim().parse().ok());
    if present.is_none_or(|present: usize| present > NONE_HAS) {
        let program = std::env::current_exe().expect("this program");
        let script = format!("echo {value} > {path} && exec \"$0\" --exact {test} --nocapture");
        let run =
            Command::new("unshare").args(["-U", "-r", "sh", "-c", &script]).arg(program).output();
        let told = run.map(|run| {
            let said = String::from_utf8_lossy(&run.stdout).into_owned();
            (run.status.success(), said + &String::from_utf8_lossy(&run.stderr))
        });
        match told {
            Ok((is_right, said)) if said.contains("running 1 test") => assert!(is_right, "{said}"),
            other => println!("skipped: no namespace of one's own here: {other:?}"),
        }
        return;
    }
    inside();
}

#[test]
fn a_limit_of_watches_is_said_and_what_is_behind_it_polled() {
    let test = "tail::watch::tests::a_limit_of_watches_is_said_and_what_is_behind_it_polled";
    in_namespace("watches", 3, test, || {
        let mut scene = Scene::new();
        let names = ["a", "b", "c", "d", "e"].map(|name| scene.path(name));
        for path in &names {
            fs::create_dir(path).expect("a directory");
            scene.watcher.watch(path);
        }
        let why = Why::WatchLimit;
        assert_eq!(why.hint(), Some("raise the sysctl fs.inotify.max_user_watches"));
        assert_eq!(scene.watcher.reach(&names[4]), Some(&Reach::Poll(why)));
        assert_eq!(scene.watcher.counters().watches, 3);
        scene.watcher.unwatch(&names[0]);
        scene.watcher.rearm();
        assert_eq!(scene.watcher.counters().watches, 3);
        scene.write("d/app.log", "one\n");
        scene.told_of("d/app.log");
    });
}

#[test]
fn a_limit_of_instances_is_said_and_everything_polled() {
    let test = "tail::watch::tests::a_limit_of_instances_is_said_and_everything_polled";
    in_namespace("instances", 0, test, || {
        let mut scene = Scene::new();
        let path = scene.path("");
        assert_eq!(scene.watcher.watch(&path), Reach::Poll(Why::InstanceLimit));
        scene.watcher.rearm();
        let counters = scene.watcher.counters();
        assert_eq!((counters.watches, counters.polled), (0, 1));
    });
}

#[test]
fn a_watcher_whose_thread_has_ended_begins_anew() {
    let mut scene = Scene::watched("logs");
    // A handler that panics takes the crate's thread with it; the next call finds nobody.
    let backend =
        INotifyWatcher::new(|_| panic!("a handler that panics"), notify::Config::default());
    scene.watcher.backend = Some(backend.expect("an instance"));
    let other = scene.path("other");
    fs::create_dir(&other).expect("a directory");
    scene.watcher.watch(&other);
    scene.write("other/app.log", "one\n");
    for _ in 0..1_000 {
        if matches!(
            scene.watcher.call(|backend| backend.unwatch(Path::new("/none"))),
            Err(Why::Other(_))
        ) && scene.watcher.backend.is_none()
        {
            break;
        }
    }
    scene.watcher.rearm();
    scene.watcher.rearm();
    scene.write("logs/app.log", "one\n");
    scene.told_of("logs/app.log");
}
