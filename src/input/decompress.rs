//! Compressed data into text's bytes, known by its first bytes and never by its name.
//!
//! Owns the sequence of members: an archive is one or more gzip members, bzip2 or xz streams or
//! zstd frames behind each other, even of different kinds, with NUL padding between them. Must
//! never keep more history than its limit. Fails: damage ends the stream after the last byte that
//! could be decoded and is kept as its ending.

use std::fmt;
use std::io;

use super::raw::Raw;

mod bzip2;
mod gzip;
mod xz;
mod zstd;

#[cfg(test)]
mod tests;

/// A compression that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// RFC 1952.
    Gzip,
    /// RFC 8878.
    Zstd,
    /// What bzip2 and pbzip2 write.
    Bzip2,
    /// What xz writes; not the older `.lzma`, which has no magic.
    Xz,
}

impl Format {
    /// The command that checks such a file with `-t`.
    pub(super) fn tool(self) -> &'static str {
        match self {
            Self::Gzip => "gzip",
            Self::Zstd => "zstd",
            Self::Bzip2 => "bzip2",
            Self::Xz => "xz",
        }
    }

    /// The command that decompresses a file whatever memory it takes.
    pub(super) fn large_window_command(self) -> &'static str {
        match self {
            Self::Gzip => "gzip -dc",
            Self::Zstd => "zstd -dc --long=31",
            Self::Bzip2 => "bzip2 -dc",
            Self::Xz => "xz -dc",
        }
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.tool())
    }
}

/// An archive that is recognised and not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Foreign {
    /// Such as `a zip archive`.
    pub(super) what: &'static str,
    /// The command that prints its content.
    pub(super) command: &'static str,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Magic {
    Read(Format),
    Foreign(Foreign),
    None,
}

const fn foreign(what: &'static str, command: &'static str) -> Magic {
    Magic::Foreign(Foreign { what, command })
}

/// First bytes, each as the lowest and highest value that it may have.
type Pattern = &'static [(u8, u8)];

macro_rules! pattern {
    ($($byte:literal),+) => { &[$(($byte, $byte)),+] };
}

/// Sources: RFC 1952 2.3.1 with method 8; RFC 8878 3.1.1 and 3.1.2 (skippable frames); bzip2's
/// block and end marks behind its header, because `BZh9` alone may begin a log line; the .xz format
/// 2.1.1.1; APPNOTE 4.3.7; 7-Zip's format; lz4's frame format; lzip's manual; systemd's journal
/// file format.
const MAGICS: [(Pattern, Magic); 12] = [
    (pattern!(0x1f, 0x8b, 8), Magic::Read(Format::Gzip)),
    (pattern!(0x28, 0xb5, 0x2f, 0xfd), Magic::Read(Format::Zstd)),
    (&[(0x50, 0x5f), (0x2a, 0x2a), (0x4d, 0x4d), (0x18, 0x18)], Magic::Read(Format::Zstd)),
    (
        &[
            (b'B', b'B'),
            (b'Z', b'Z'),
            (b'h', b'h'),
            (b'1', b'9'),
            (0x31, 0x31),
            (0x41, 0x41),
            (0x59, 0x59),
            (0x26, 0x26),
            (0x53, 0x53),
            (0x59, 0x59),
        ],
        Magic::Read(Format::Bzip2),
    ),
    (
        &[
            (b'B', b'B'),
            (b'Z', b'Z'),
            (b'h', b'h'),
            (b'1', b'9'),
            (0x17, 0x17),
            (0x72, 0x72),
            (0x45, 0x45),
            (0x38, 0x38),
            (0x50, 0x50),
            (0x90, 0x90),
        ],
        Magic::Read(Format::Bzip2),
    ),
    (pattern!(0xfd, b'7', b'z', b'X', b'Z', 0), Magic::Read(Format::Xz)),
    (pattern!(b'P', b'K', 3, 4), foreign("a zip archive", "unzip -p")),
    (pattern!(b'7', b'z', 0xbc, 0xaf, 0x27, 0x1c), foreign("a 7-Zip archive", "7z x -so")),
    (pattern!(0x1f, 0x9d), foreign("a file of the old compress", "gzip -dc")),
    (pattern!(4, 0x22, 0x4d, 0x18), foreign("an lz4 archive", "lz4 -dc")),
    (pattern!(b'L', b'Z', b'I', b'P', 1), foreign("an lzip archive", "lzip -dc")),
    (
        pattern!(b'L', b'P', b'K', b'S', b'H', b'H', b'R', b'H'),
        foreign("a binary systemd journal", "journalctl --output=short-iso --file"),
    ),
];

/// Looks at as few bytes as tell, so that a slow pipe is not waited for.
fn sniff(raw: &mut Raw) -> Magic {
    for count in 1.. {
        let head = raw.peek(count);
        let is_complete = head.len() < count;
        let fits = |pattern: Pattern| {
            pattern.iter().zip(head).all(|((low, high), byte)| (low..=high).contains(&byte))
        };
        let mut is_open = false;
        for (pattern, magic) in &MAGICS {
            if fits(pattern) {
                if pattern.len() <= head.len() {
                    return *magic;
                }
                is_open = true;
            }
        }
        if !is_open || is_complete {
            break;
        }
    }
    Magic::None
}

/// What is wrong with a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Damage {
    /// It ends before its end.
    Truncated,
    /// It cannot be decoded, or its checksum is wrong.
    Corrupt(String),
    /// It needs more history than the limit.
    Window { needs_bytes: u64, limit_bytes: u64 },
}

/// How a member ended.
enum MemberEnd {
    Whole,
    Damaged(Damage),
}

/// What one step of a decoder gave: bytes, an end, or both.
struct Step {
    produced: usize,
    end: Option<MemberEnd>,
}

impl Step {
    fn produced(produced: usize) -> Self {
        Self { produced, end: None }
    }

    fn whole(produced: usize) -> Self {
        Self { produced, end: Some(MemberEnd::Whole) }
    }

    fn damaged(produced: usize, damage: Damage) -> Self {
        Self { produced, end: Some(MemberEnd::Damaged(damage)) }
    }
}

/// Decodes one member after the other.
trait Decode: Send {
    /// Decodes into `out`, which is not empty, until there is at least a byte or an end. Bytes
    /// decoded before damage are produced with it.
    fn step(&mut self, raw: &mut Raw, out: &mut [u8]) -> Step;
    /// Makes ready for another member.
    fn restart(&mut self);
}

/// How a stream ended.
#[derive(Debug)]
pub(super) enum Ending {
    Clean,
    /// Bytes behind the last member that are neither padding nor a member.
    Trailing {
        bytes: u64,
    },
    Damaged(Format, Damage),
    /// The system could not read on.
    Failed(io::Error),
}

enum State {
    Plain,
    Between,
    Member,
}

/// The decompressed bytes of a stream.
pub(super) struct Decompressor {
    raw: Raw,
    state: State,
    first_format: Option<Format>,
    decoder: Option<(Format, Box<dyn Decode>)>,
    window_bytes_max: u64,
    text_bytes: u64,
    ending: Option<Ending>,
}

impl Decompressor {
    /// Looks at the first bytes. An archive that is not read is refused.
    pub(super) fn new(mut raw: Raw, window_bytes_max: u64) -> Result<Self, Foreign> {
        let (state, first_format) = match sniff(&mut raw) {
            Magic::Read(format) => (State::Between, Some(format)),
            Magic::None => (State::Plain, None),
            Magic::Foreign(foreign) => return Err(foreign),
        };
        Ok(Self {
            raw,
            state,
            first_format,
            decoder: None,
            window_bytes_max,
            text_bytes: 0,
            ending: None,
        })
    }

    pub(super) fn format(&self) -> Option<Format> {
        self.first_format
    }

    pub(super) fn position(&self) -> u64 {
        self.raw.position()
    }

    /// How many bytes have been decoded.
    pub(super) fn text_bytes(&self) -> u64 {
        self.text_bytes
    }

    pub(super) fn shrunk_to(&self) -> Option<(u64, u64)> {
        self.raw.shrunk_to()
    }

    /// How the stream ended; `None` before it did.
    pub(super) fn take_ending(&mut self) -> Option<Ending> {
        self.ending.take()
    }

    /// Decoded bytes into `out`; 0 is the end, or an empty `out`.
    pub(super) fn read(&mut self, out: &mut [u8]) -> usize {
        while self.ending.is_none() && !out.is_empty() {
            let produced = match self.state {
                State::Plain => {
                    let count = self.raw.read_some(out);
                    if count == 0 {
                        self.ending = Some(Ending::Clean);
                    }
                    count
                }
                State::Between => {
                    self.begin_member();
                    0
                }
                State::Member => self.step(out),
            };
            self.text_bytes += produced as u64;
            if self.ending.is_some()
                && let Some(error) = self.raw.take_failure()
            {
                // What looks cut short or damaged behind a read error is the read error's doing.
                self.ending = Some(Ending::Failed(error));
            }
            if produced > 0 {
                return produced;
            }
        }
        0
    }

    fn step(&mut self, out: &mut [u8]) -> usize {
        let Some((format, decoder)) = &mut self.decoder else {
            self.state = State::Between;
            return 0;
        };
        let step = decoder.step(&mut self.raw, out);
        match step.end {
            None => {}
            Some(MemberEnd::Whole) => self.state = State::Between,
            Some(MemberEnd::Damaged(damage)) => {
                self.ending = Some(Ending::Damaged(*format, damage));
            }
        }
        step.produced
    }

    fn begin_member(&mut self) {
        self.raw.skip_zeros();
        match sniff(&mut self.raw) {
            Magic::Read(format) => {
                match &mut self.decoder {
                    Some((current, decoder)) if *current == format => decoder.restart(),
                    _ => self.decoder = Some((format, self.decoder_of(format))),
                }
                self.state = State::Member;
            }
            Magic::Foreign(_) | Magic::None => {
                let bytes = self.raw.skip(u64::MAX);
                self.ending =
                    Some(if bytes == 0 { Ending::Clean } else { Ending::Trailing { bytes } });
            }
        }
    }

    fn decoder_of(&self, format: Format) -> Box<dyn Decode> {
        match format {
            Format::Gzip => Box::new(gzip::Gzip::new()),
            Format::Zstd => Box::new(zstd::Zstd::new(self.window_bytes_max)),
            Format::Bzip2 => Box::new(bzip2::Bzip2::new()),
            Format::Xz => Box::new(xz::Xz::new(self.window_bytes_max)),
        }
    }
}
