//! What the text is written in: byte order marks and UTF-16, streaming.
//!
//! Owns the step from decompressed bytes to text: a UTF-8 mark is taken off, UTF-16 becomes UTF-8,
//! everything else passes byte for byte, valid or not. Must never guess at eight-bit encodings:
//! the bytes of a GBK log are the reader's to interpret. Nothing here fails; halves of characters
//! are counted.

use super::decompress::Decompressor;

/// How many bytes are looked at before text without a mark is taken for bytes.
const SNIFF_BYTES: usize = 512;
/// How many bytes of UTF-16 are turned at a time.
const UNITS_BYTES: usize = 32 * 1024;

/// How a text was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// Passed byte for byte: UTF-8 or anything else of the kind.
    Bytes,
    /// UTF-8 with a byte order mark.
    Utf8Marked,
    /// UTF-16, little end first, with or without a mark.
    Utf16Le,
    /// UTF-16, big end first, with or without a mark.
    Utf16Be,
}

/// The encoding and the length of its mark, once the first bytes tell. The answer depends only on
/// the text, not on how much of it has come: `None` asks for more.
fn sniff(head: &[u8], is_complete: bool) -> Option<(Encoding, usize)> {
    const MARKS: [(&[u8], Encoding); 3] = [
        (b"\xef\xbb\xbf", Encoding::Utf8Marked),
        (b"\xff\xfe", Encoding::Utf16Le),
        (b"\xfe\xff", Encoding::Utf16Be),
    ];
    for (mark, encoding) in MARKS {
        if head.starts_with(mark) {
            return Some((encoding, mark.len()));
        }
        if mark.starts_with(head) && !is_complete {
            return None;
        }
    }
    let seen = head.get(..SNIFF_BYTES).unwrap_or(head);
    let is_decided = is_complete || seen.len() == SNIFF_BYTES;
    // Both halves are looked at, or a run of NUL bytes would be UTF-16.
    let halves =
        |high: usize| seen.iter().enumerate().all(|(at, byte)| (*byte == 0) == (at % 2 == high));
    match (halves(1), halves(0)) {
        // Not told apart yet; with both, there are no bytes yet.
        (true, _) | (_, true) if !is_decided => None,
        // Two bytes are too few to tell from a stray NUL.
        (true, false) if seen.len() >= 4 => Some((Encoding::Utf16Le, 0)),
        (false, true) if seen.len() >= 4 => Some((Encoding::Utf16Be, 0)),
        _ => Some((Encoding::Bytes, 0)),
    }
}

enum State {
    Sniffing,
    Bytes,
    Utf16(Box<Utf16>),
}

/// The text of a decompressed stream.
pub(super) struct Text {
    inner: Decompressor,
    state: State,
    encoding: Option<(Encoding, usize)>,
    /// The first bytes, and how many of them have been passed on.
    head: Vec<u8>,
    head_at: usize,
}

impl Text {
    pub(super) fn new(inner: Decompressor) -> Self {
        Self { inner, state: State::Sniffing, encoding: None, head: Vec::new(), head_at: 0 }
    }

    pub(super) fn decompressor(&self) -> &Decompressor {
        &self.inner
    }

    pub(super) fn decompressor_mut(&mut self) -> &mut Decompressor {
        &mut self.inner
    }

    pub(super) fn encoding(&self) -> Option<Encoding> {
        self.encoding.map(|(encoding, _)| encoding)
    }

    /// Only a UTF-8 mark shifts offsets: those of UTF-16 are of another text anyway.
    pub(super) fn mark_bytes(&self) -> u64 {
        match self.encoding {
            Some((Encoding::Utf8Marked, length)) => length as u64,
            _ => 0,
        }
    }

    /// Whether a byte was left over and how many characters were broken.
    pub(super) fn damage(&self) -> (bool, u64) {
        match &self.state {
            State::Utf16(utf16) => (utf16.odd_byte, utf16.lone_surrogates),
            _ => (false, 0),
        }
    }

    /// Text into `out`, which is not empty; 0 is the end.
    pub(super) fn read(&mut self, out: &mut [u8]) -> usize {
        if matches!(self.state, State::Sniffing) {
            self.decide();
        }
        match &mut self.state {
            State::Utf16(utf16) => loop {
                let count = utf16.take(out);
                if count > 0 {
                    return count;
                }
                if !utf16.turn(&mut self.inner, &self.head, &mut self.head_at) {
                    return 0;
                }
            },
            State::Sniffing | State::Bytes => {
                let count = take_head(&self.head, &mut self.head_at, out);
                if count > 0 { count } else { self.inner.read(out) }
            }
        }
    }

    fn decide(&mut self) {
        let mut chunk = [0; SNIFF_BYTES];
        let mut is_complete = false;
        let (encoding, mark_bytes) = loop {
            if let Some(found) = sniff(&self.head, is_complete) {
                break found;
            }
            let room = SNIFF_BYTES.saturating_sub(self.head.len());
            let count = chunk.get_mut(..room).map_or(0, |room| self.inner.read(room));
            self.head.extend_from_slice(chunk.get(..count).unwrap_or_default());
            is_complete = count == 0;
        };
        self.encoding = Some((encoding, mark_bytes));
        self.head_at = mark_bytes;
        self.state = match encoding {
            Encoding::Bytes | Encoding::Utf8Marked => State::Bytes,
            Encoding::Utf16Le => State::Utf16(Box::new(Utf16::new(u16::from_le_bytes))),
            Encoding::Utf16Be => State::Utf16(Box::new(Utf16::new(u16::from_be_bytes))),
        };
    }
}

fn take_head(head: &[u8], at: &mut usize, out: &mut [u8]) -> usize {
    let rest = head.get(*at..).unwrap_or_default();
    let count = rest.len().min(out.len());
    if let (Some(from), Some(to)) = (rest.get(..count), out.get_mut(..count)) {
        to.copy_from_slice(from);
    }
    *at += count;
    count
}

/// Turns UTF-16 into UTF-8 whatever the edges of the reads.
struct Utf16 {
    unit_of: fn([u8; 2]) -> u16,
    units: Box<[u8]>,
    half_unit: Option<u8>,
    high_surrogate: Option<u16>,
    text: Vec<u8>,
    text_at: usize,
    lone_surrogates: u64,
    odd_byte: bool,
    ended: bool,
}

impl Utf16 {
    fn new(unit_of: fn([u8; 2]) -> u16) -> Self {
        Self {
            unit_of,
            units: vec![0; UNITS_BYTES].into_boxed_slice(),
            half_unit: None,
            high_surrogate: None,
            // A unit becomes three bytes at most; one surrogate may be left from before.
            text: Vec::with_capacity(UNITS_BYTES / 2 * 3 + 6),
            text_at: 0,
            lone_surrogates: 0,
            odd_byte: false,
            ended: false,
        }
    }

    fn take(&mut self, out: &mut [u8]) -> usize {
        take_head(&self.text, &mut self.text_at, out)
    }

    /// Turns the next bytes; false at the end, when no text is left either.
    fn turn(&mut self, inner: &mut Decompressor, head: &[u8], head_at: &mut usize) -> bool {
        if self.ended {
            return false;
        }
        self.text.clear();
        self.text_at = 0;
        let mut units = std::mem::take(&mut self.units);
        let count = match take_head(head, head_at, &mut units) {
            0 => inner.read(&mut units),
            count => count,
        };
        self.push(units.get(..count).unwrap_or_default());
        self.units = units;
        if count == 0 {
            self.ended = true;
            self.odd_byte = self.half_unit.is_some();
            if self.high_surrogate.take().is_some() {
                self.push_lone();
            }
        }
        true
    }

    fn push(&mut self, mut bytes: &[u8]) {
        if let (Some(first), Some((second, rest))) = (self.half_unit, bytes.split_first()) {
            self.half_unit = None;
            self.push_unit((self.unit_of)([first, *second]));
            bytes = rest;
        }
        let (units, odd) = bytes.as_chunks::<2>();
        for unit in units {
            self.push_unit((self.unit_of)(*unit));
        }
        if let [byte] = odd {
            self.half_unit = Some(*byte);
        }
    }

    fn push_unit(&mut self, unit: u16) {
        if let Some(high) = self.high_surrogate.take() {
            if let Some(Ok(c)) = char::decode_utf16([high, unit]).next() {
                self.push_char(c);
                return;
            }
            self.push_lone();
        }
        match char::from_u32(u32::from(unit)) {
            Some(c) if c.is_ascii() => self.text.push(unit.to_le_bytes()[0]),
            Some(c) => self.push_char(c),
            None if unit < 0xdc00 => self.high_surrogate = Some(unit),
            None => self.push_lone(),
        }
    }

    fn push_char(&mut self, c: char) {
        self.text.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
    }

    fn push_lone(&mut self) {
        self.lone_surrogates += 1;
        self.push_char(char::REPLACEMENT_CHARACTER);
    }
}
