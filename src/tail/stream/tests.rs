//! Real pipes and FIFOs. Nothing waits but for a wake-up.

use std::os::fd::OwnedFd;
use std::process::Command;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::*;

const PATIENCE: Duration = Duration::from_secs(20);

struct Reader {
    stream: Stream,
    woken: Receiver<()>,
}

impl Reader {
    fn new(open: impl FnOnce(Box<dyn Fn() + Send + Sync>) -> io::Result<Stream>) -> Self {
        let (wake, woken) = channel();
        let wake = move || {
            let _ = wake.send(());
        };
        Self { stream: open(Box::new(wake)).expect("a stream"), woken }
    }

    fn fifo(path: &Path) -> Self {
        Self::new(|wake| Stream::fifo(path, wake))
    }

    fn of(input: impl Into<OwnedFd>) -> Self {
        Self::new(|wake| Stream::of(input.into(), wake))
    }

    #[track_caller]
    fn next(&mut self) -> Piece {
        loop {
            if let Some(piece) = self.stream.try_next() {
                return piece;
            }
            let woken = self.woken.recv_timeout(PATIENCE);
            assert!(woken.is_ok(), "nothing comes: {:?}", self.stream.counters());
        }
    }

    /// All bytes until another piece.
    #[track_caller]
    fn until_other(&mut self) -> (Vec<u8>, Piece) {
        let mut all = Vec::new();
        loop {
            match self.next() {
                Piece::Bytes(bytes) => all.extend(bytes),
                other => return (all, other),
            }
        }
    }

    #[track_caller]
    fn expect(&mut self, text: &str) {
        let mut all = Vec::new();
        while all.len() < text.len() {
            let Piece::Bytes(bytes) = self.next() else { panic!("no bytes but another piece") };
            all.extend(bytes);
        }
        assert_eq!(all, text.as_bytes());
    }
}

fn made(directory: &tempfile::TempDir) -> PathBuf {
    let path = directory.path().join("fifo");
    make(&path);
    path
}

fn make(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.is_ok_and(|status| status.success()), "mkfifo");
}

/// Opening waits for a reader.
fn writer(path: &Path) -> File {
    OpenOptions::new().write(true).open(path).expect("a writer")
}

#[test]
fn all_bytes_come_in_order_and_then_the_end() {
    let (input, mut output) = io::pipe().expect("a pipe");
    let mut reader = Reader::of(input);
    output.write_all(b"one\ntw").expect("written");
    reader.expect("one\ntw");
    output.write_all(b"o\n").expect("written");
    drop(output);
    let (bytes, end) = reader.until_other();
    assert_eq!(bytes, b"o\n");
    assert!(matches!(end, Piece::Ended), "{end:?}");
    assert!(reader.stream.try_next().is_none());
    assert_eq!(reader.stream.counters().bytes, 8);
}

#[test]
fn who_takes_slowly_makes_the_writer_wait_and_loses_nothing() {
    const BYTES: usize = 8 * 1024 * 1024;
    let (input, mut output) = io::pipe().expect("a pipe");
    let mut reader = Reader::of(input);
    let written = Arc::new(AtomicU64::default());
    let counter = Arc::clone(&written);
    let writer = thread::spawn(move || {
        for number in 0..BYTES / 8 {
            output.write_all(format!("{number:07}\n").as_bytes()).expect("written");
            counter.fetch_add(8, Ordering::SeqCst);
        }
    });
    assert!(reader.woken.recv_timeout(PATIENCE).is_ok());
    // What waits to be taken, one block in hand, and what a pipe holds.
    while reader.stream.counters().waits == 0 {
        thread::yield_now();
    }
    let held = ((PIECES_MAX + 1) * BLOCK_BYTES + 1024 * 1024) as u64;
    assert!(written.load(Ordering::SeqCst) <= held, "the writer did not wait");
    assert!(reader.woken.try_recv().is_err(), "woken again before anything was taken");
    let (bytes, end) = reader.until_other();
    assert!(matches!(end, Piece::Ended), "{end:?}");
    assert_eq!(bytes.len(), BYTES);
    let lines = bytes.chunks(8).zip(0..);
    let mut odd = lines.filter(|(line, number)| *line != format!("{number:07}\n").as_bytes());
    assert_eq!(odd.next(), None);
    assert!(writer.join().is_ok());
}

#[test]
fn a_fifo_outlives_its_writers() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = made(&directory);
    let mut reader = Reader::fifo(&path);
    for round in 1..=20 {
        let text = format!("line {round}\n");
        let mut writer = writer(&path);
        writer.write_all(text.as_bytes()).expect("written");
        reader.expect(&text);
        drop(writer);
        let closed = reader.next();
        assert!(matches!(closed, Piece::WriterClosed), "{closed:?}");
    }
    let counters = reader.stream.counters();
    assert_eq!((counters.writers_closed, counters.failures), (20, 0));
    assert!(counters.opened <= 21, "opened again and again without a writer");
}

#[test]
fn writers_in_quick_succession_lose_nothing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = made(&directory);
    let mut reader = Reader::fifo(&path);
    let writing = thread::spawn(move || {
        for number in 0..500 {
            let text = format!("{number:07}\n");
            writer(&path).write_all(text.as_bytes()).expect("written");
        }
    });
    let mut all = Vec::new();
    while all.len() < 4_000 {
        if let Piece::Bytes(bytes) = reader.next() {
            all.extend(bytes);
        }
    }
    let lines = all.chunks(8).zip(0..);
    let mut odd = lines.filter(|(line, number)| *line != format!("{number:07}\n").as_bytes());
    assert_eq!(odd.next(), None);
    assert!(writing.join().is_ok());
}

#[test]
fn a_fifo_that_is_missing_is_said_once_and_read_when_it_comes() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("fifo");
    let mut reader = Reader::fifo(&path);
    let failed = reader.next();
    assert!(matches!(&failed, Piece::Failed(error) if error.kind() == io::ErrorKind::NotFound));
    reader.stream.tend();
    make(&path);
    reader.stream.tend();
    let mut writer = writer(&path);
    writer.write_all(b"one\n").expect("written");
    reader.expect("one\n");
    assert_eq!(reader.stream.counters().failures, 1);
}

#[test]
fn a_fifo_made_anew_is_opened_anew() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = made(&directory);
    let mut reader = Reader::fifo(&path);
    let mut old = writer(&path);
    old.write_all(b"old\n").expect("written");
    reader.expect("old\n");
    std::fs::rename(&path, directory.path().join("away")).expect("renamed");
    reader.stream.tend();
    old.write_all(b"old still\n").expect("written");
    reader.expect("old still\n");
    make(&path);
    reader.stream.tend();
    let mut new = writer(&path);
    new.write_all(b"new\n").expect("written");
    reader.expect("new\n");
    assert_eq!(reader.stream.counters().opened, 2);
}

#[test]
fn what_is_no_fifo_is_said() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("file");
    std::fs::write(&path, "text").expect("a file");
    let failed = Reader::fifo(&path).next();
    assert!(matches!(&failed, Piece::Failed(error) if error.to_string() == "this is no FIFO"));
}

#[test]
fn the_thread_ends_with_its_stream_though_nothing_is_written() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = made(&directory);
    let (input, mut output) = io::pipe().expect("a pipe");
    let readers = [Reader::of(input), Reader::fifo(&path)];
    let waiting = writer(&path);
    for reader in readers {
        let shared = Arc::downgrade(&reader.stream.shared);
        drop(reader);
        while shared.upgrade().is_some() {
            thread::yield_now();
        }
    }
    assert_eq!(output.write(b"x").map_err(|error| error.kind()), Err(io::ErrorKind::BrokenPipe));
    drop(waiting);
}

#[test]
fn the_thread_ends_with_its_stream_though_nobody_took_what_it_read() {
    let (input, mut output) = io::pipe().expect("a pipe");
    let reader = Reader::of(input);
    let writing = thread::spawn(move || while output.write_all(&[b'x'; 4096]).is_ok() {});
    while reader.stream.counters().waits == 0 {
        thread::yield_now();
    }
    drop(reader);
    assert!(writing.join().is_ok());
}
