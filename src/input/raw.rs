//! The bytes as they lie on the disk or come through a pipe, in big reads.
//!
//! Owns the buffer between a file and its decompressor, and how far the file has been read. Must
//! never know what the bytes are. Fails: a read error ends the stream and is kept for the end.

use std::fs::File;
use std::io::{self, Read};

enum Origin {
    File(File),
    Stream(Box<dyn Read + Send>),
}

impl Origin {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::File(file) => file.read(out),
            Self::Stream(stream) => stream.read(out),
        }
    }
}

/// A buffered stream whose end is final: a file that grows after its end has been met stays ended,
/// so that a report over a live log ends.
pub(super) struct Raw {
    origin: Origin,
    expected_bytes: Option<u64>,
    buffer: Box<[u8]>,
    start: usize,
    end: usize,
    read_bytes: u64,
    ended: bool,
    failure: Option<io::Error>,
}

impl Raw {
    pub(super) fn of_file(file: File, expected_bytes: Option<u64>, capacity: usize) -> Self {
        Self::new(Origin::File(file), expected_bytes, capacity)
    }

    pub(super) fn of_stream(stream: Box<dyn Read + Send>, capacity: usize) -> Self {
        Self::new(Origin::Stream(stream), None, capacity)
    }

    fn new(origin: Origin, expected_bytes: Option<u64>, capacity: usize) -> Self {
        Self {
            origin,
            expected_bytes,
            // At least what the longest magic needs to be seen whole.
            buffer: vec![0; capacity.max(64)].into_boxed_slice(),
            start: 0,
            end: 0,
            read_bytes: 0,
            ended: false,
            failure: None,
        }
    }

    fn buffered(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    fn read_origin(origin: &mut Origin, out: &mut [u8]) -> io::Result<usize> {
        loop {
            match origin.read(out) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                // A stream that claims more than it was given room for is not believed.
                other => return other.map(|count| count.min(out.len())),
            }
        }
    }

    fn note(&mut self, result: io::Result<usize>) -> usize {
        let count = result.unwrap_or_else(|error| {
            self.failure = Some(error);
            0
        });
        self.ended = count == 0;
        self.read_bytes += count as u64;
        count
    }

    /// The bytes at hand, read if there are none; empty at the end.
    pub(super) fn fill(&mut self) -> &[u8] {
        if self.start == self.end && !self.ended {
            let result = Self::read_origin(&mut self.origin, &mut self.buffer);
            self.start = 0;
            self.end = self.note(result);
        }
        self.buffered()
    }

    /// Takes `count` of the bytes at hand.
    pub(super) fn consume(&mut self, count: usize) {
        self.start = (self.start + count).min(self.end);
    }

    /// The next `count` bytes without taking them, fewer only at the end. `count` is at most the
    /// buffer's size.
    pub(super) fn peek(&mut self, count: usize) -> &[u8] {
        while self.end - self.start < count && !self.ended {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
            let Some(room) = self.buffer.get_mut(self.end..).filter(|room| !room.is_empty()) else {
                break;
            };
            let result = Self::read_origin(&mut self.origin, room);
            self.end += self.note(result);
        }
        let buffered = self.buffered();
        buffered.get(..count).unwrap_or(buffered)
    }

    /// Reads past the buffer when it is empty and the caller's is as large. 0 is the end.
    pub(super) fn read_some(&mut self, out: &mut [u8]) -> usize {
        if self.start == self.end && !self.ended && out.len() >= self.buffer.len() {
            let result = Self::read_origin(&mut self.origin, out);
            return self.note(result);
        }
        let held = self.fill();
        let count = held.len().min(out.len());
        if let (Some(from), Some(to)) = (held.get(..count), out.get_mut(..count)) {
            to.copy_from_slice(from);
        }
        self.consume(count);
        count
    }

    /// Skips NUL bytes, the padding that tapes and block devices leave behind archives.
    pub(super) fn skip_zeros(&mut self) {
        loop {
            let held = self.fill();
            let zeros = held.iter().take_while(|byte| **byte == 0).count();
            let all = zeros == held.len();
            if zeros == 0 {
                return;
            }
            self.consume(zeros);
            if !all {
                return;
            }
        }
    }

    /// Skips up to `count` bytes and says how many there were.
    pub(super) fn skip(&mut self, count: u64) -> u64 {
        let mut left = count;
        while left > 0 {
            let held = self.fill().len();
            if held == 0 {
                break;
            }
            let step = usize::try_from(left).map_or(held, |left| left.min(held));
            self.consume(step);
            left -= step as u64;
        }
        count - left
    }

    /// How many bytes have been taken.
    pub(super) fn position(&self) -> u64 {
        self.read_bytes - (self.end - self.start) as u64
    }

    /// Nothing is left.
    pub(super) fn is_at_end(&self) -> bool {
        self.ended && self.start == self.end
    }

    /// The error that ended the stream.
    pub(super) fn take_failure(&mut self) -> Option<io::Error> {
        self.failure.take()
    }

    /// The size that a file had when it was opened and how much of it was read, if it has become
    /// smaller since and its end was met before that size.
    pub(super) fn shrunk_to(&self) -> Option<(u64, u64)> {
        let Origin::File(file) = &self.origin else { return None };
        let expected = self.expected_bytes?;
        // The size is asked again because some file systems (sysfs) tell a size that no read meets.
        let is_smaller = file.metadata().is_ok_and(|now| now.len() < expected);
        (self.ended && self.failure.is_none() && self.read_bytes < expected && is_smaller)
            .then_some((expected, self.read_bytes))
    }
}

/// For decoders that pull. An error is kept for the end, the decoder only sees it.
impl Read for Raw {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        Ok(self.read_some(out))
    }
}
