//! One zstd frame, or a skippable one.
//!
//! Drives the frame decoder itself: its reader knows one frame only, and it keeps the last window
//! of text (8 MiB, say) to itself when the data ends early.

use std::io::Read;

use ruzstd::decoding::errors::{FrameDecoderError, ReadFrameHeaderError};
use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};

use super::{Damage, Decode, Raw, Step};

/// The longest frame header (RFC 8878 3.1.1): magic, descriptor, window, dictionary id, size.
const HEADER_BYTES_MAX: usize = 4 + 1 + 1 + 4 + 8;
/// The most text that a block holds (RFC 8878 3.1.1.2.4).
const BLOCK_BYTES_MAX: u64 = 128 * 1024;
/// An empty raw block marked as the last one, and room for the frame's checksum.
const EMPTY_LAST_BLOCK: [u8; 7] = [1, 0, 0, 0, 0, 0, 0];

enum State {
    Header,
    Blocks,
    /// The frame is over; its window is still to be drained.
    Drain(Option<Damage>),
}

pub(super) struct Zstd {
    decoder: FrameDecoder,
    state: State,
    window_bytes_max: u64,
    /// The window that the frame asks for, if it is above the limit. The decoder's window grows
    /// with the text, so that such a frame is read as long as the text stays below the limit.
    oversize: Option<u64>,
}

impl Zstd {
    pub(super) fn new(window_bytes_max: u64) -> Self {
        let mut decoder = FrameDecoder::new();
        decoder.set_max_window_size(window_bytes_max);
        Self { decoder, state: State::Header, window_bytes_max, oversize: None }
    }

    /// Reads the header; the step is an end.
    fn begin(&mut self, raw: &mut Raw) -> Option<Step> {
        let mut header = [0; HEADER_BYTES_MAX];
        let seen = raw.peek(HEADER_BYTES_MAX);
        for (to, from) in header.iter_mut().zip(seen) {
            *to = *from;
        }
        let before = raw.position();
        match self.decoder.reset(&mut *raw) {
            Ok(()) => {}
            Err(FrameDecoderError::WindowSizeTooBig { requested, .. }) => {
                let read = usize::try_from(raw.position() - before).unwrap_or(HEADER_BYTES_MAX);
                let header = header.get(..read).unwrap_or(&header);
                // A new decoder, because one in use reserves the whole window.
                self.decoder = FrameDecoder::new();
                self.decoder.set_max_window_size(requested);
                self.oversize = Some(requested);
                if let Err(error) = self.decoder.reset(header) {
                    return Some(damaged(raw, &error));
                }
            }
            Err(FrameDecoderError::ReadFrameHeaderError(ReadFrameHeaderError::SkipFrame {
                length,
                ..
            })) => {
                let whole = raw.skip(u64::from(length)) == u64::from(length);
                return Some(if whole {
                    Step::whole(0)
                } else {
                    Step::damaged(0, Damage::Truncated)
                });
            }
            Err(error) => return Some(damaged(raw, &error)),
        }
        self.state = State::Blocks;
        None
    }

    fn decode_block(&mut self, raw: &mut Raw) {
        let result = self.decoder.decode_blocks(&mut *raw, BlockDecodingStrategy::UptoBlocks(1));
        if let Err(error) = result {
            let damage = damage_of(raw, &error);
            self.give_up(damage);
        } else if self.decoder.is_finished() {
            self.state = State::Drain(None);
        } else if let Some(needs_bytes) = self.oversize
            && self.decoder.blocks_decoded() as u64 * BLOCK_BYTES_MAX >= self.window_bytes_max
        {
            // The decoder does not tell what it holds, so the blocks are counted as full ones.
            let limit_bytes = self.window_bytes_max;
            self.give_up(Damage::Window { needs_bytes, limit_bytes });
        }
    }

    /// Ends the frame early. The decoder lets go of its window only behind a last block.
    fn give_up(&mut self, damage: Damage) {
        let _ =
            self.decoder.decode_blocks(&EMPTY_LAST_BLOCK[..], BlockDecodingStrategy::UptoBlocks(1));
        self.state = State::Drain(Some(damage));
    }

    /// The frame's own checksum, if it has one, agrees with what was decoded.
    fn is_checksum_right(&self) -> bool {
        self.decoder
            .get_checksum_from_data()
            .is_none_or(|told| self.decoder.get_calculated_checksum() == Some(told))
    }
}

fn damage_of(raw: &Raw, error: &FrameDecoderError) -> Damage {
    if raw.is_at_end() {
        return Damage::Truncated;
    }
    // The decoder's own words are about its insides.
    let why = match error {
        FrameDecoderError::FailedToReadBlockHeader(_) => "a block's header is not valid",
        FrameDecoderError::FailedToReadBlockBody(_) => "a block is not valid",
        FrameDecoderError::DictNotProvided { .. } => "it needs a dictionary",
        _ => "a frame's header is not valid",
    };
    Damage::Corrupt(why.to_owned())
}

fn damaged(raw: &Raw, error: &FrameDecoderError) -> Step {
    Step::damaged(0, damage_of(raw, error))
}

impl Decode for Zstd {
    fn restart(&mut self) {
        self.state = State::Header;
        if self.oversize.is_some() {
            *self = Self::new(self.window_bytes_max);
        }
    }

    fn step(&mut self, raw: &mut Raw, out: &mut [u8]) -> Step {
        loop {
            match &mut self.state {
                State::Header => {
                    if let Some(end) = self.begin(raw) {
                        return end;
                    }
                }
                State::Blocks => {
                    let produced = self.decoder.read(out).unwrap_or(0);
                    if produced > 0 {
                        return Step::produced(produced);
                    }
                    self.decode_block(raw);
                }
                State::Drain(damage) => {
                    let produced = self.decoder.read(out).unwrap_or(0);
                    if produced > 0 {
                        return Step::produced(produced);
                    }
                    return match damage.take() {
                        Some(damage) => Step::damaged(0, damage),
                        None if self.is_checksum_right() => Step::whole(0),
                        None => Step::damaged(
                            0,
                            Damage::Corrupt("the checksum of a frame is wrong".to_owned()),
                        ),
                    };
                }
            }
        }
    }
}
