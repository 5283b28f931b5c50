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

pub(super) struct World {
    directory: tempfile::TempDir,
    sources: Vec<Source>,
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
        let source = Source {
            key: "app".into(),
            patterns: patterns
                .iter()
                .map(|pattern| {
                    let path = directory.path().join(pattern);
                    Pattern::parse(path.to_str().unwrap()).unwrap()
                })
                .collect(),
            exclude: Vec::new(),
            rotated_to: vec![directory.path().join("old")],
            start,
        };
        let sources = vec![source];
        let tail = Tail::new(sources.clone(), limits, Vec::new(), BTreeSet::new());
        Self {
            directory,
            sources,
            limits,
            tail,
            now: Duration::from_secs(1),
            partial: BTreeMap::new(),
            lines: Vec::new(),
            committed: Committed::default(),
            notices: Vec::new(),
            story: Vec::new(),
        }
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    pub(super) fn append(&self, name: &str, bytes: impl AsRef<[u8]>) -> File {
        let mut file = OpenOptions::new().append(true).create(true).open(self.path(name)).unwrap();
        file.write_all(bytes.as_ref()).unwrap();
        file
    }

    pub(super) fn rename(&self, from: &str, to: &str) {
        std::fs::rename(self.path(from), self.path(to)).unwrap();
    }

    pub(super) fn inode(&self, name: &str) -> u64 {
        std::fs::metadata(self.path(name)).unwrap().ino()
    }

    /// Time passes, everything is looked at and read to its end.
    pub(super) fn look(&mut self) {
        self.now += Duration::from_secs(2);
        self.tail.look_at_all(self.now);
        if std::env::var("DBGT").is_ok() {
            for (id, f) in &self.tail.files {
                eprintln!(
                    "{:?} {id:?} pred {:?} unread {} retry {:?} missing {:?} shown {:?} path {:?} ino {} read {} ext {:?} queue {:?}",
                    self.now,
                    f.predecessor,
                    f.unread,
                    f.retry_at,
                    f.missing_since,
                    f.shown_at.len(),
                    f.position.path.file_name(),
                    f.position.identity.ino,
                    f.position.read_bytes,
                    f.position.extent.size_bytes,
                    self.tail.unread
                );
            }
        }
        self.read();
    }

    /// The same by the wake-ups' and the clock's way.
    pub(super) fn look_named(&mut self, names: &[&str]) {
        self.now += Duration::from_millis(10);
        let real = self.directory.path().canonicalize().unwrap();
        let named = names.iter().map(|name| real.join(name)).collect();
        self.tail.look_at_named(&named, self.now);
        self.read();
    }

    pub(super) fn tick(&mut self) {
        self.now += Duration::from_secs(1);
        self.tail.tick(self.now);
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
                let path = kept.position.path.file_name().map(|name| name.to_owned());
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
    }

    pub(super) fn restart(&mut self) {
        self.commit();
        self.kill();
    }

    /// Waits until what was rotated is let go.
    pub(super) fn wait_until_quiet(&mut self) {
        self.now += self.limits.rotated_quiet + Duration::from_secs(1);
        self.look();
        self.now += self.limits.missing_max + Duration::from_secs(1);
        self.look();
        self.look();
    }

    pub(super) fn text(&self) -> String {
        self.lines.iter().map(|line| String::from_utf8_lossy(line).into_owned()).collect()
    }
}

pub(super) fn gzip(path: &Path) {
    let status = std::process::Command::new("gzip").arg("-f").arg(path).status().unwrap();
    assert!(status.success());
}
