//! One gzip member.
//!
//! Drives flate2's inflater itself: its readers drop what one call decoded before damage.

use flate2::{Decompress, DecompressError, FlushDecompress, Status};

use super::{Damage, Decode, Raw, Step};

/// The largest window of deflate, as a power of two.
const WINDOW_BITS: u8 = 15;

pub(super) struct Gzip(Decompress);

impl Gzip {
    pub(super) fn new() -> Self {
        Self(Decompress::new_gzip(WINDOW_BITS))
    }
}

impl Decode for Gzip {
    fn restart(&mut self) {
        *self = Self::new();
    }

    fn step(&mut self, raw: &mut Raw, out: &mut [u8]) -> Step {
        loop {
            let input = raw.fill();
            let is_end = input.is_empty();
            let (in_before, out_before) = (self.0.total_in(), self.0.total_out());
            let result = self.0.decompress(input, out, FlushDecompress::None);
            let consumed = delta(self.0.total_in(), in_before);
            let produced = delta(self.0.total_out(), out_before);
            raw.consume(consumed);
            match result {
                Ok(Status::StreamEnd) => return Step::whole(produced),
                Err(error) => {
                    return Step::damaged(produced, Damage::Corrupt(why(&error).to_owned()));
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

/// The inflater's other messages depend on how its input was cut.
fn why(error: &DecompressError) -> &'static str {
    match error.message() {
        Some("incorrect data check" | "incorrect length check") => "its checksum is wrong",
        _ => "not valid deflate data",
    }
}

/// How far a decoder's counter went in one call, which is at most a buffer's size.
pub(super) fn delta(after: u64, before: u64) -> usize {
    usize::try_from(after.saturating_sub(before)).unwrap_or(usize::MAX)
}
