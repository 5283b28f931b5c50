//! One xz stream.
//!
//! Uses the push decoder: the pulling one reads a chunk of 64 kB whole before it decodes, and so
//! loses up to 2 MB of text at the end of a cut file. This one looks 20 bytes ahead, and so loses
//! the text of those, a few lines.

use std::io;

use lzma_rust2::{Action, Status, XzStream};

use super::gzip::delta;
use super::{Damage, Decode, Raw, Step};

/// How many bytes the decoder is given at a time. What it decoded from a piece is lost with damage
/// in that piece, about ten times as much text. The pieces are cut where the stream's position is a
/// multiple, so that how the file was read changes nothing. Larger ones are no faster.
const PIECE_BYTES: usize = 64;

pub(super) struct Xz {
    stream: XzStream,
    window_bytes_max: u64,
    oversize: Option<Oversize>,
}

/// The most text that one LZMA2 chunk holds, and so the most that the decoder's dictionary runs
/// ahead of the delivered text.
const CHUNK_BYTES_MAX: u64 = 2 * 1024 * 1024;

/// A block whose dictionary is above the limit. The decoder's dictionary grows with the text, so
/// that such a block is read as long as the text itself stays below the limit: `xz -9` always asks
/// for 64 MiB, also for a small log.
#[derive(Clone, Copy)]
struct Oversize {
    needs_bytes: u64,
    left_bytes: u64,
}

impl Xz {
    pub(super) fn new(window_bytes_max: u64) -> Self {
        Self { stream: limited(window_bytes_max), window_bytes_max, oversize: None }
    }

    /// Lifts the decoder's own limit, because from here on the text is counted. It stays lifted
    /// until the next stream, as the decoder does not tell where a block begins.
    fn lift_limit(&mut self) {
        let needs_kib = self.stream.memory_usage().unwrap_or(u32::MAX);
        self.oversize = Some(Oversize {
            needs_bytes: u64::from(needs_kib) * 1024,
            left_bytes: self.window_bytes_max.saturating_sub(CHUNK_BYTES_MAX),
        });
        self.stream.set_mem_limit(u32::MAX);
    }
}

fn limited(window_bytes_max: u64) -> XzStream {
    // The decoder counts its tables with the dictionary.
    const TABLES_KIB: u64 = 64;
    let limit_kib = u32::try_from(window_bytes_max / 1024 + TABLES_KIB).unwrap_or(u32::MAX - 1);
    XzStream::new_mem_limit(false, limit_kib)
}

impl Decode for Xz {
    fn restart(&mut self) {
        self.stream = limited(self.window_bytes_max);
        self.oversize = None;
    }

    fn step(&mut self, raw: &mut Raw, out: &mut [u8]) -> Step {
        loop {
            let mut room = out.len();
            if let Some(Oversize { needs_bytes, left_bytes }) = self.oversize {
                let limit_bytes = self.window_bytes_max;
                room = usize::try_from(left_bytes).map_or(room, |left| room.min(left));
                if room == 0 {
                    return Step::damaged(0, Damage::Window { needs_bytes, limit_bytes });
                }
            }
            let Some(room) = out.get_mut(..room) else { return Step::produced(0) };
            let position = delta(self.stream.total_in(), 0);
            let input = raw.peek(PIECE_BYTES - position % PIECE_BYTES);
            let is_end = input.is_empty();
            let action = if is_end { Action::Finish } else { Action::Run };
            let (in_before, out_before) = (self.stream.total_in(), self.stream.total_out());
            let result = self.stream.process(input, room, action);
            let consumed = delta(self.stream.total_in(), in_before);
            let produced = delta(self.stream.total_out(), out_before);
            raw.consume(consumed);
            if let Some(oversize) = &mut self.oversize {
                oversize.left_bytes = oversize.left_bytes.saturating_sub(produced as u64);
            }
            match result {
                Ok(result) if result.status == Status::StreamEnd => return Step::whole(produced),
                Err(error) if is_limit(&error) && self.oversize.is_none() => {
                    self.lift_limit();
                    if produced > 0 {
                        return Step::produced(produced);
                    }
                }
                Err(_) if is_end => return Step::damaged(produced, Damage::Truncated),
                Err(error) => {
                    return Step::damaged(produced, Damage::Corrupt(error.to_string()));
                }
                Ok(_) if produced > 0 => return Step::produced(produced),
                Ok(_) if is_end => return Step::damaged(0, Damage::Truncated),
                Ok(_) if consumed == 0 => {
                    return Step::damaged(0, Damage::Corrupt("no progress".to_owned()));
                }
                Ok(_) => {}
            }
        }
    }
}

fn is_limit(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::OutOfMemory
}
