//! Threads that look at segments of inputs, as many at once as there are processors.
//!
//! Owns who reads and looks when, and what waits to be taken in order. Must never decide what is
//! found, nor in which order it counts. Fails: a thread that panics makes its input's reader panic.
//!
//! A segment is read under its input's lock, as inputs are read in order, and looked at without it.

use std::collections::{BTreeMap, VecDeque};
use std::io::Read as _;
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use super::super::undecodable;
use crate::catalogue::Catalogue;
use crate::extract::{Cutter, SEGMENT_BYTES, Segment, Settings};
use crate::input::{Note, Reader};

/// More threads than this wait for the file rather than for the processor.
const THREADS_MAX: usize = 8;

/// Inputs that are read side by side with segments of the full size; those of more are smaller.
const LARGE_MAX: usize = 4;
const SMALL_BYTES: usize = 512 * 1024;

/// An input's length up to which no thread is worth its start.
const ALONE_BYTES_MAX: u64 = 1024 * 1024;

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An input that is cut and looked at.
pub(super) struct Source {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) settings: Settings,
    pub(super) file: Arc<str>,
    new_bytes: usize,
    uncut: Mutex<Uncut>,
    looked_at: Mutex<BTreeMap<u64, Option<LookedAt>>>,
    is_ready: Condvar,
    memory: Mutex<Vec<Vec<u8>>>,
}

/// What of an input is not read yet.
struct Uncut {
    reader: Reader,
    cutter: Cutter,
    /// The number of the next segment; `None` behind the last.
    next: Option<u64>,
}

/// A segment, and what beside it is told of its bytes.
pub(super) struct LookedAt {
    pub(super) segment: Segment,
    pub(super) undecodable: u64,
    /// How far the file was read for it, in bytes as they lie on the disk.
    pub(super) position: u64,
    pub(super) is_last: bool,
}

impl Source {
    pub(super) fn new(
        reader: Reader,
        catalogue: &Arc<Catalogue>,
        settings: Settings,
        new_bytes: usize,
    ) -> Self {
        let file = Arc::clone(reader.name());
        Self {
            catalogue: Arc::clone(catalogue),
            settings,
            file,
            new_bytes,
            uncut: Mutex::new(Uncut { reader, cutter: Cutter::default(), next: Some(0) }),
            looked_at: Mutex::default(),
            is_ready: Condvar::new(),
            memory: Mutex::default(),
        }
    }

    /// Reads the next segment and looks at it.
    fn advance(&self) {
        let mut uncut = locked(&self.uncut);
        let Some(number) = uncut.next else { return };
        // Also if this panics the number is answered for, or who waits for it would wait for ever.
        let mut answer = Answer { source: self, number, looked_at: None };
        let Uncut { reader, cutter, next } = &mut *uncut;
        let memory = locked(&self.memory).pop().unwrap_or_default();
        let mut text = cutter.next(memory, self.new_bytes);
        let mut is_last = false;
        while !is_last && !text.spare().is_empty() {
            // Reading never fails: what ends it early stands in the notes.
            let count = reader.read(text.spare()).unwrap_or(0);
            text.commit(count);
            is_last = count == 0;
        }
        cutter.cut(&mut text, is_last);
        *next = (!is_last).then_some(number + 1);
        let position = reader.compressed_position();
        drop(uncut);
        let (before, bytes) = text.bytes();
        let undecodable = undecodable::of_part(before, bytes, is_last);
        let settings = self.settings.clone();
        let segment = Segment::look(text, &self.catalogue, settings, Arc::clone(&self.file));
        answer.looked_at = Some(LookedAt { segment, undecodable, position, is_last });
    }

    /// Waits for a segment that somebody was asked to look at.
    fn take(&self, number: u64) -> LookedAt {
        let mut looked_at = locked(&self.looked_at);
        loop {
            match looked_at.remove(&number) {
                Some(Some(found)) => return found,
                // What it panicked with was told where it happened.
                Some(None) => resume_unwind(Box::new("a thread that scans panicked")),
                None => {}
            }
            looked_at = self.is_ready.wait(looked_at).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// Takes memory back, to be used for another segment: as much as was ever in use at once.
    pub(super) fn reuse(&self, memory: Vec<u8>) {
        locked(&self.memory).push(memory);
    }

    /// What is to be told about the input, once its last segment was read.
    pub(super) fn take_notes(&self) -> Vec<Note> {
        locked(&self.uncut).reader.take_notes()
    }
}

/// What is answered when a thread is done with a segment, in whichever way.
struct Answer<'s> {
    source: &'s Source,
    number: u64,
    looked_at: Option<LookedAt>,
}

impl Drop for Answer<'_> {
    fn drop(&mut self) {
        locked(&self.source.looked_at).insert(self.number, self.looked_at.take());
        self.source.is_ready.notify_all();
    }
}

/// What is to be done.
#[derive(Default)]
struct Jobs {
    waiting: VecDeque<Arc<Source>>,
    is_over: bool,
}

#[derive(Default)]
struct Board {
    jobs: Mutex<Jobs>,
    changed: Condvar,
}

impl Board {
    fn next(&self) -> Option<Arc<Source>> {
        let mut jobs = locked(&self.jobs);
        while jobs.waiting.is_empty() && !jobs.is_over {
            jobs = self.changed.wait(jobs).unwrap_or_else(PoisonError::into_inner);
        }
        if jobs.is_over { None } else { jobs.waiting.pop_front() }
    }
}

/// The threads that look at the segments of a reading. They end with it, but for one that waits for
/// a stream that may never go on: nobody waits for that one.
pub(in super::super) struct Scanning {
    board: Arc<Board>,
    threads: usize,
    ahead: usize,
    new_bytes: usize,
}

impl Scanning {
    /// Threads for inputs of so many bytes in all, if they are known, of which so many are read
    /// side by side.
    pub(in super::super) fn new(bytes: Option<u64>, side_by_side: usize) -> Self {
        let processors = thread::available_parallelism().map_or(1, NonZero::get);
        let is_small = bytes.is_some_and(|bytes| bytes <= ALONE_BYTES_MAX);
        let wanted = if is_small || processors == 1 { 0 } else { processors.min(THREADS_MAX) };
        let board = Arc::new(Board::default());
        let threads = (0..wanted).filter(|number| start(*number, Arc::clone(&board))).count();
        // Another is asked for before one is taken in, so each thread has one at hand.
        let ahead = (threads / side_by_side.max(1)).max(1);
        let new_bytes = if side_by_side <= LARGE_MAX { SEGMENT_BYTES } else { SMALL_BYTES };
        Self { board, threads, ahead, new_bytes }
    }
}

/// Starts a thread, unless there is no room for one.
fn start(number: usize, board: Arc<Board>) -> bool {
    let look = move || {
        while let Some(source) = board.next() {
            source.advance();
        }
    };
    thread::Builder::new().name(format!("scan-{number}")).spawn(look).is_ok()
}

impl Drop for Scanning {
    fn drop(&mut self) {
        locked(&self.board.jobs).is_over = true;
        self.board.changed.notify_all();
    }
}

/// An input's segments, in order.
pub(super) struct Segments {
    pub(super) source: Arc<Source>,
    board: Option<Arc<Board>>,
    ahead: usize,
    /// The next to be taken, and the next to be asked for.
    next: u64,
    asked: u64,
}

impl Segments {
    pub(super) fn new(
        reader: Reader,
        catalogue: &Arc<Catalogue>,
        settings: Settings,
        scanning: &Scanning,
    ) -> Self {
        let source = Arc::new(Source::new(reader, catalogue, settings, scanning.new_bytes));
        let board = (scanning.threads > 0).then(|| Arc::clone(&scanning.board));
        let mut segments = Self { source, board, ahead: scanning.ahead, next: 0, asked: 0 };
        segments.ask();
        segments
    }

    fn ask(&mut self) {
        let Some(board) = &self.board else { return };
        let mut jobs = locked(&board.jobs);
        while self.asked < self.next + self.ahead as u64 {
            jobs.waiting.push_back(Arc::clone(&self.source));
            self.asked += 1;
        }
        board.changed.notify_all();
    }

    /// The next segment; the input's last says so.
    pub(super) fn next(&mut self) -> LookedAt {
        if self.board.is_none() {
            self.source.advance();
        }
        let looked_at = self.source.take(self.next);
        self.next += 1;
        if !looked_at.is_last {
            self.ask();
        }
        looked_at
    }
}
