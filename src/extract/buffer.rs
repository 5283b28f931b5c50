//! The bytes under the scanner: a window over the input with enough kept behind and ahead that
//! every decision sees the same context, however the input was cut into reads.
//!
//! Owns positions: which byte of the input, which line. Must never look for anything but newlines.
//! Fails: never.

use std::ops::Range;

/// Kept before the hit's line: what a record can reach back.
pub(super) const BEHIND_BYTES: usize = 64 * 1024;

/// Wanted behind a hit before it is looked at: what a record can reach ahead.
pub(super) const AHEAD_BYTES: usize = 96 * 1024;

/// New bytes taken per turn.
const STEP_BYTES: usize = 512 * 1024;

const CAPACITY: usize = 2 * BEHIND_BYTES + AHEAD_BYTES + STEP_BYTES;

#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    /// The input's byte at which `bytes` begins.
    base: u64,
    cursor: LineCursor,
}

/// Counts lines on a way through the input, forward only.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct LineCursor {
    /// Up to this byte of the input newlines are counted.
    counted: u64,
    newlines: u64,
    /// The input's byte at which the line at `counted` begins.
    line_offset: u64,
}

/// A position's line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineAt {
    /// 1-based.
    pub number: u64,
    /// The input's byte at which the line begins.
    pub offset: u64,
}

impl Buffer {
    pub(super) fn new() -> Self {
        Self { bytes: vec![0; CAPACITY], filled: 0, base: 0, cursor: LineCursor::default() }
    }

    /// The room for the next read; never empty after `forget`.
    pub(super) fn spare(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    /// Takes the first `count` bytes of the spare room in.
    pub(super) fn commit(&mut self, count: usize) {
        self.filled = (self.filled + count).min(self.bytes.len());
    }

    pub(super) fn is_full(&self) -> bool {
        self.filled == self.bytes.len()
    }

    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// The input's byte for an index.
    pub(super) fn offset(&self, index: usize) -> u64 {
        self.base + index as u64
    }

    /// The index for an input's byte; 0 for one that is already forgotten.
    pub(super) fn index(&self, offset: u64) -> usize {
        usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.filled)
    }

    pub(super) fn bytes_total(&self) -> u64 {
        self.base + self.filled as u64
    }

    /// The line of an index that is not before the last one asked for.
    pub(super) fn line_at(&mut self, index: usize) -> LineAt {
        let mut cursor = self.cursor;
        let line = cursor.line_at(self, index);
        self.cursor = cursor;
        line
    }

    /// How many lines there are; an unterminated last one counts.
    pub(super) fn lines_total(&mut self) -> u64 {
        let line = self.line_at(self.filled);
        if line.offset == self.bytes_total() { line.number - 1 } else { line.number }
    }

    /// Forgets what no record around an index at or behind `needed` can reach.
    pub(super) fn forget(&mut self, needed: usize) {
        let kept: Range<usize> = needed.saturating_sub(2 * BEHIND_BYTES)..self.filled;
        if kept.start == 0 {
            return;
        }
        self.line_at(kept.start);
        self.base += kept.start as u64;
        self.filled = kept.len();
        self.bytes.copy_within(kept, 0);
    }
}

impl LineCursor {
    /// The line of an index that is not before the last one asked for. What lies between the two
    /// must still be in the buffer.
    pub(super) fn line_at(&mut self, buffer: &Buffer, index: usize) -> LineAt {
        let counted = buffer.index(self.counted);
        if index > counted {
            let passed = &buffer.bytes[counted..index];
            if let Some(last) = memchr::memrchr(b'\n', passed) {
                self.newlines += memchr::memchr_iter(b'\n', passed).count() as u64;
                self.line_offset = buffer.offset(counted + last + 1);
            }
            self.counted = buffer.offset(index);
        }
        LineAt { number: self.newlines + 1, offset: self.line_offset }
    }
}
