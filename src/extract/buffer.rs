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
pub(super) const STEP_BYTES: usize = 512 * 1024;

const CAPACITY: usize = 2 * BEHIND_BYTES + AHEAD_BYTES + STEP_BYTES;

/// What is allotted at first, and again once the input is quiet: most logs never need more.
const CALM_BYTES: usize = 256 * 1024;

#[derive(Debug)]
pub(super) struct Buffer {
    bytes: Vec<u8>,
    filled: usize,
    /// The input's byte at which `bytes` begins.
    base: u64,
    /// Nothing more comes.
    ended: bool,
}

/// Counts lines on a way through the input, forward only.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct LineCursor {
    /// Up to this byte of the input newlines are counted.
    pub counted: u64,
    pub newlines: u64,
    /// The input's byte at which the line at `counted` begins.
    pub line_offset: u64,
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
    /// A buffer whose first byte is the input's byte at `base`.
    pub(super) fn new(base: u64) -> Self {
        Self { bytes: vec![0; CALM_BYTES], filled: 0, base, ended: false }
    }

    /// A buffer of a size that holds a part of an input from a byte on, in memory that was used
    /// before.
    pub(super) fn reusing(mut memory: Vec<u8>, size_bytes: usize, base: u64, kept: &[u8]) -> Self {
        memory.resize(size_bytes.max(kept.len()), 0);
        memory[..kept.len()].copy_from_slice(kept);
        Self { bytes: memory, filled: kept.len(), base, ended: false }
    }

    /// The memory, to be used again.
    pub(super) fn into_memory(self) -> Vec<u8> {
        self.bytes
    }

    /// The room that is left, without asking for more.
    pub(super) fn rest(&mut self) -> &mut [u8] {
        &mut self.bytes[self.filled..]
    }

    /// The room for the next read; never empty after `forget`.
    pub(super) fn spare(&mut self) -> &mut [u8] {
        if self.filled == self.bytes.len() && self.filled < CAPACITY {
            self.bytes.resize(CAPACITY, 0);
        }
        &mut self.bytes[self.filled..]
    }

    /// Takes the first `count` bytes of the spare room in.
    pub(super) fn commit(&mut self, count: usize) {
        self.filled = (self.filled + count).min(self.bytes.len());
    }

    /// Nothing more comes: a last line without an end is whole.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Whether the input ends at an index.
    pub(super) fn ends_at(&self, index: usize) -> bool {
        self.ended && index == self.filled
    }

    pub(super) fn is_full(&self) -> bool {
        self.filled == CAPACITY
    }

    pub(super) fn filled(&self) -> &[u8] {
        &self.bytes[..self.filled]
    }

    /// How much is allotted.
    #[cfg(test)]
    pub(super) fn allotted_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// The input's byte for an index.
    pub(super) fn offset(&self, index: usize) -> u64 {
        self.base + index as u64
    }

    /// The index for an input's byte; 0 for one that is already forgotten.
    pub(super) fn index(&self, offset: u64) -> usize {
        usize::try_from(offset.saturating_sub(self.base)).unwrap_or(usize::MAX).min(self.filled)
    }

    /// The input's byte at which the buffer begins.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    pub(super) fn bytes_total(&self) -> u64 {
        self.base + self.filled as u64
    }

    /// Behind the last newline, as an index; 0 if there is none.
    pub(super) fn lines_end(&self) -> usize {
        memchr::memrchr(b'\n', self.filled()).map_or(0, |newline| newline + 1)
    }

    /// Hides what stands at and behind an index; gives how much that is.
    pub(super) fn hide_behind(&mut self, index: usize) -> usize {
        let hidden = self.filled.saturating_sub(index);
        self.filled -= hidden;
        hidden
    }

    /// Shows again what was hidden last.
    pub(super) fn show(&mut self, hidden: usize) {
        self.commit(hidden);
    }

    /// Forgets what no record around an index at or behind `needed` can reach.
    pub(super) fn forget(&mut self, needed: usize) {
        let kept: Range<usize> = needed.saturating_sub(2 * BEHIND_BYTES)..self.filled;
        if kept.start == 0 {
            return;
        }
        self.base += kept.start as u64;
        self.filled = kept.len();
        self.bytes.copy_within(kept, 0);
    }

    /// Forgets the bytes at and behind an index, which are replaced by what comes next.
    pub(super) fn truncate(&mut self, index: usize) {
        self.filled = self.filled.min(index);
    }

    /// Begins anew at a byte of the input.
    pub(super) fn restart(&mut self, base: u64) {
        (self.base, self.filled) = (base, 0);
    }

    /// Gives back the room that a calm log does not need.
    pub(super) fn calm(&mut self) {
        if self.bytes.len() > CALM_BYTES && self.filled <= CALM_BYTES {
            self.bytes.truncate(CALM_BYTES);
            self.bytes.shrink_to_fit();
        }
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

    /// How many lines were counted; an unterminated last one counts.
    pub(super) fn lines(&self) -> u64 {
        self.newlines + u64::from(self.counted > self.line_offset)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(buffer: &mut Buffer, mut bytes: usize) {
        while bytes > 0 {
            let count = buffer.spare().len().min(bytes);
            assert!(count > 0, "the room for the next read is never empty");
            buffer.commit(count);
            bytes -= count;
        }
    }

    #[test]
    fn a_log_that_was_busy_and_is_calm_holds_little() {
        let mut buffer = Buffer::new(0);
        assert!(buffer.allotted_bytes() <= CALM_BYTES);
        fill(&mut buffer, CAPACITY);
        assert!(buffer.is_full() && buffer.allotted_bytes() >= CAPACITY);
        buffer.forget(CAPACITY);
        buffer.calm();
        assert!(buffer.allotted_bytes() <= CALM_BYTES);
        assert_eq!(buffer.base(), (CAPACITY - 2 * BEHIND_BYTES) as u64);
        fill(&mut buffer, CAPACITY - 2 * BEHIND_BYTES);
        assert!(buffer.is_full());
    }

    #[test]
    fn a_log_that_is_calm_within_a_long_line_loses_nothing_of_it() {
        let mut buffer = Buffer::new(0);
        fill(&mut buffer, CALM_BYTES + 1);
        buffer.calm();
        assert_eq!(buffer.filled().len(), CALM_BYTES + 1);
    }

    #[test]
    fn what_is_hidden_comes_back_as_it_was() {
        let mut buffer = Buffer::new(7);
        buffer.spare()[..6].copy_from_slice(b"a\nb\ncd");
        buffer.commit(6);
        let hidden = buffer.hide_behind(buffer.lines_end());
        assert_eq!((buffer.filled(), hidden), (&b"a\nb\n"[..], 2));
        buffer.show(hidden);
        assert_eq!((buffer.filled(), buffer.bytes_total()), (&b"a\nb\ncd"[..], 13));
    }
}
