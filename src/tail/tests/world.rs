//! A program that writes a log, somebody who rotates it, and a reader that can be killed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{File, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::*;

/// What is kept in one transaction: positions, and what was made of the bytes.
#[derive(Clone, Default)]
struct Committed {
    kept: Vec<Kept>,
    met: BTreeSet<std::sync::Arc<str>>,
    partial: BTreeMap<FileId, Vec<u8>>,
    lines: Vec<Vec<u8>>,
}

/// How the reader hears of what happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Way {
    /// Everything is looked at, as at the start and after wake-ups were lost.
    All,
    /// Wake-ups name what changed, as far as paths show it.
    Named,
    /// Nothing wakes: there are only the ticks.
    Ticks,
}

pub(super) struct World {
    directory: tempfile::TempDir,
    pub(super) sources: Vec<Source>,
    pub(super) way: Way,
    /// Names that changed since the last look.
    touched: BTreeSet<String>,
    /// A reader that was just started looks at everything first.
    is_new: bool,
    pub(super) limits: Limits,
    pub(super) tail: Tail,
    pub(super) now: Duration,
    partial: BTreeMap<FileId, Vec<u8>>,
    /// Lines in the order in which they were read.
    pub(super) lines: Vec<Vec<u8>>,
    committed: Committed,
    pub(super) notices: Vec<Notice>,
    /// What the tail says, in order, for who looks for a fault.
    pub(super) story: Vec<String>,
}

impl World {
    /// A world whose source follows `patterns` below its directory.
    pub(super) fn new(patterns: &[&str], limits: Limits) -> Self {
        Self::starting(patterns, limits, Start::Beginning)
    }

    pub(super) fn starting(patterns: &[&str], limits: Limits, start: Start) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let tail = Tail::new(Vec::new(), limits, Vec::new(), BTreeSet::new());
        let mut world = Self {
            directory,
            sources: Vec::new(),
            way: Way::All,
            touched: BTreeSet::new(),
            is_new: true,
            limits,
            tail,
            now: Duration::from_secs(1),
            partial: BTreeMap::new(),
            lines: Vec::new(),
            committed: Committed::default(),
            notices: Vec::new(),
            story: Vec::new(),
        };
        world.sources = vec![world.source("app", patterns, start)];
        world.kill();
        world
    }

    pub(super) fn source(&self, key: &str, patterns: &[&str], start: Start) -> Source {
        let pattern = |pattern: &&str| {
            let path = self.path(pattern);
            Pattern::parse(path.to_str().unwrap()).unwrap()
        };
        Source {
            key: key.into(),
            patterns: patterns.iter().map(pattern).collect(),
            exclude: Vec::new(),
            rotated_to: vec![self.path("old")],
            start,
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn touch(&mut self, name: &str) {
        self.touched.insert(name.to_owned());
    }

    /// Writes behind what is there; the writer goes on with what is returned.
    pub(super) fn append(&mut self, name: &str, bytes: impl AsRef<[u8]>) -> File {
        self.touch(name);
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
        file
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) {
        self.touch(from);
        self.touch(to);
        std::fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(super) fn remove(&mut self, name: &str) {
        self.touch(name);
        std::fs::remove_file(self.path(name)).unwrap();
    }

    pub(super) fn make_directory(&mut self, name: &str) {
        self.touch(name);
        std::fs::create_dir_all(self.path(name)).unwrap();
    }

    pub(super) fn copy(&mut self, from: &str, to: &str) {
        self.touch(to);
        std::fs::copy(self.path(from), self.path(to)).unwrap();
    }

    /// Cuts a file to so many bytes.
    pub(super) fn cut(&mut self, name: &str, bytes: u64) {
        self.touch(name);
        let file = OpenOptions::new().write(true).open(self.path(name)).unwrap();
        file.set_len(bytes).unwrap();
    }

    pub(super) fn cut_or_make(&mut self, name: &str) {
        drop(self.append(name, ""));
        self.cut(name, 0);
    }

    pub(super) fn link(&mut self, target: &str, name: &str) {
        self.touch(name);
        let beside = self.path("link.new");
        std::os::unix::fs::symlink(self.path(target), &beside).unwrap();
        std::fs::rename(beside, self.path(name)).unwrap();
    }

    pub(super) fn gzip(&mut self, name: &str) {
        self.touch(name);
        self.touch(&format!("{name}.gz"));
        gzip(&self.path(name));
    }

    pub(super) fn size(&self, name: &str) -> u64 {
        std::fs::metadata(self.path(name)).unwrap().len()
    }

    pub(super) fn inode(&self, name: &str) -> u64 {
        std::fs::metadata(self.path(name)).unwrap().ino()
    }

    /// Whether the file system gives the number of a deleted file to the next one.
    pub(super) fn reuses_inodes(&self) -> bool {
        const EXT4: u64 = 0xef53;
        let about = rustix::fs::statfs(self.directory.path()).unwrap();
        about.f_type.cast_unsigned() == EXT4
    }

    pub(super) fn born(&self, name: &str) -> std::time::SystemTime {
        std::fs::metadata(self.path(name)).unwrap().created().unwrap()
    }

    /// When a file would be born.
    pub(super) fn born_now(&self) -> std::time::SystemTime {
        tempfile::tempfile_in(self.path("")).unwrap().metadata().unwrap().created().unwrap()
    }

    /// The position of the file at a path.
    pub(super) fn position(&self, name: &str) -> Option<Position> {
        let path = self.path(name);
        let at_path = |kept: &Kept| kept.position.path == path && !kept.is_done;
        self.tail.files().filter_map(|id| self.tail.kept(id)).find(at_path).map(|k| k.position)
    }

    /// Time passes, and what changed is seen and read in the world's way.
    pub(super) fn see(&mut self) {
        self.notice_only();
        self.read();
    }

    /// The same, by a reader who is kept from reading.
    pub(super) fn notice_only(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        self.now += Duration::from_secs(2);
        let way = if std::mem::take(&mut self.is_new) { Way::All } else { self.way };
        match way {
            Way::All => self.tail.look_at_all(self.now),
            Way::Named => {
                let real = self.directory.path().canonicalize().unwrap();
                let named = touched.iter().map(|name| real.join(name)).collect();
                self.tail.look_at_named(&named, self.now);
            }
            Way::Ticks => self.tail.tick(self.now),
        }
        self.hear();
    }

    /// Time passes, everything is looked at and read to its end.
    pub(super) fn look(&mut self) {
        self.now += Duration::from_secs(2);
        self.tail.look_at_all(self.now);
        self.read();
    }

    pub(super) fn read(&mut self) {
        let mut turns = 0;
        self.hear();
        while let Some(id) = self.tail.next_unread(self.now) {
            turns += 1;
            assert!(turns < 100_000, "reading does not end");
            if let Read::Bytes { bytes, .. } = self.tail.read(id, self.now) {
                let bytes = bytes.to_vec();
                self.take(id, &bytes);
            }
            self.hear();
        }
    }

    /// Reads once, as a reader that is interrupted in the middle.
    pub(super) fn read_once(&mut self) {
        self.hear();
        if let Some(id) = self.tail.next_unread(self.now)
            && let Read::Bytes { bytes, .. } = self.tail.read(id, self.now)
        {
            let bytes = bytes.to_vec();
            self.take(id, &bytes);
        }
        self.hear();
    }

    fn take(&mut self, id: FileId, bytes: &[u8]) {
        self.story.push(format!("    read {} of {id:?}", bytes.len()));
        let partial = self.partial.entry(id).or_default();
        partial.extend_from_slice(bytes);
        while let Some(end) = partial.iter().position(|byte| *byte == b'\n') {
            let line = partial.drain(..=end).collect();
            self.lines.push(line);
        }
    }

    fn hear(&mut self) {
        for change in self.tail.take_changes() {
            let about = self.tail.kept(change.file()).map(|kept| {
                let path = kept.position.path.file_name().map(std::ffi::OsStr::to_owned);
                (path, kept.position.read_bytes, kept.predecessor, kept.position.identity.ino)
            });
            self.story.push(format!("    {change:?} {about:?}"));
            let partial = self.partial.remove(&change.file()).unwrap_or_default();
            if matches!(change, Change::Finished(_)) && !partial.is_empty() {
                self.lines.push(partial);
            }
        }
        for notice in self.tail.take_notices() {
            self.story.push(format!("    {:?} {:?}", notice.path.file_name(), notice.kind));
            self.notices.push(notice);
        }
    }

    /// Everything so far is kept.
    pub(super) fn commit(&mut self) {
        let kept = self.tail.files().filter_map(|id| self.tail.kept(id)).collect();
        // As text, as it is kept.
        let text = serde_json::to_string::<Vec<Kept>>(&kept).unwrap();
        self.committed = Committed {
            kept: serde_json::from_str(&text).unwrap(),
            met: self.tail.met().clone(),
            partial: self.partial.clone(),
            lines: self.lines.clone(),
        };
    }

    /// The reader dies, and another goes on from what was kept.
    pub(super) fn kill(&mut self) {
        let committed = self.committed.clone();
        self.tail = Tail::new(self.sources.clone(), self.limits, committed.kept, committed.met);
        self.partial = committed.partial;
        self.lines = committed.lines;
        self.now = Duration::from_secs(1);
        self.is_new = true;
    }

    pub(super) fn restart(&mut self) {
        self.commit();
        self.kill();
    }

    /// Waits until what was rotated is let go.
    pub(super) fn wait_until_quiet(&mut self) {
        let waits = [self.limits.rotated_quiet, self.limits.missing_max, Duration::ZERO];
        // The first look learns what nothing told before; then it is quiet.
        for wait in std::iter::once(Duration::ZERO).chain(waits) {
            self.now += wait + Duration::from_secs(1);
            if self.way == Way::All {
                self.tail.look_at_all(self.now);
            } else {
                self.tail.tick(self.now);
            }
            self.read();
        }
    }

    pub(super) fn text(&self) -> String {
        self.lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }

    /// Everything was read once, in this order.
    #[track_caller]
    pub(super) fn has_read(&self, expected: impl AsRef<str>) {
        let (is, expected, story) = (self.text(), expected.as_ref(), self.story.join("\n"));
        assert_eq!(is, expected, "{:?}\n{story}", self.way);
    }

    /// The same, where nobody can say in which order.
    #[track_caller]
    pub(super) fn has_read_in_any_order(&self, expected: impl AsRef<str>) {
        let sorted = |text: &str| {
            let mut lines: Vec<_> = text.lines().map(str::to_owned).collect();
            lines.sort();
            lines
        };
        let (is, expected) = (sorted(&self.text()), sorted(expected.as_ref()));
        assert_eq!(is, expected, "{:?}\n{}", self.way, self.story.join("\n"));
    }

    pub(super) fn told(&self, is_meant: impl Fn(&NoticeKind) -> bool) -> usize {
        self.notices.iter().filter(|notice| is_meant(&notice.kind)).count()
    }

    #[track_caller]
    pub(super) fn no_loss_was_told(&self) {
        let losses: Vec<_> = self.notices.iter().filter(|n| n.kind.is_loss()).collect();
        assert!(losses.is_empty(), "{:?}: {losses:?}\n{}", self.way, self.story.join("\n"));
    }
}

/// The same story told in every way in which the reader can hear of it.
pub(super) fn in_every_way(patterns: &[&str], story: impl Fn(&mut World)) {
    in_every_way_within(Limits::default(), patterns, story);
}

pub(super) fn in_every_way_within(limits: Limits, patterns: &[&str], story: impl Fn(&mut World)) {
    for way in [Way::All, Way::Named, Way::Ticks] {
        let mut world = World::new(patterns, limits);
        world.way = way;
        story(&mut world);
    }
}

/// Lines by their numbers.
pub(super) fn lines(numbers: std::ops::RangeInclusive<u32>) -> String {
    numbers.fold(String::new(), |text, number| text + &format!("{number:06} a line of the log\n"))
}

pub(super) fn gzip(path: &Path) {
    let status = std::process::Command::new("gzip").arg("-f").arg(path).status().unwrap();
    assert!(status.success());
}
