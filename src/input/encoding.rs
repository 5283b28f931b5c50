//! What the text is written in: byte order marks and UTF-16, streaming.
//!
//! Owns the step from decompressed bytes to text: a UTF-8 mark is taken off, UTF-16 becomes UTF-8,
//! everything else passes byte for byte, valid or not. Must never guess at eight-bit encodings:
//! the bytes of a GBK log are the reader's to interpret. Nothing here fails; halves of characters
//! are counted.

use super::decompress::Decompressor;

/// How many bytes are looked at before text without a mark is taken for bytes.
const SNIFF_BYTES: usize = 512;
/// Text without a mark that has no NUL in its first bytes is not UTF-16, so that a slow pipe is not
/// waited for.
const START_BYTES: usize = 16;
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
    let start = seen.get(..START_BYTES).unwrap_or(seen);
    if !start.contains(&0) && (is_decided || seen.len() >= START_BYTES) {
        return Some((Encoding::Bytes, 0));
    }
    let zeros =
        |parity: usize| seen.iter().skip(parity).step_by(2).filter(|byte| **byte == 0).count();
    // Half of the characters at least are ASCII, the others Chinese, say. A run of NUL bytes has
    // zeros in both places.
    let is_mostly_ascii = |zeros: usize| zeros >= 2 && zeros * 4 >= seen.len();
    match (zeros(0), zeros(1)) {
        (1.., 1..) => Some((Encoding::Bytes, 0)),
        _ if !is_decided => None,
        (0, high) if is_mostly_ascii(high) => Some((Encoding::Utf16Le, 0)),
        (high, 0) if is_mostly_ascii(high) => Some((Encoding::Utf16Be, 0)),
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

#[cfg(test)]
mod tests {
    use super::*;

    fn check(head: &[u8], expect: Option<(Encoding, usize)>) {
        assert_eq!(sniff(head, true), expect, "{head:?}");
        // A part may ask for more, but must not say anything else.
        for end in 0..head.len() {
            let early = sniff(&head[..end], false);
            assert!(early.is_none() || early == expect, "{early:?} at {end} of {head:?}");
        }
    }

    fn units(text: &str, bytes_of: fn(u16) -> [u8; 2]) -> Vec<u8> {
        text.encode_utf16().flat_map(bytes_of).collect()
    }

    #[test]
    fn marks_tell_the_encoding() {
        check(b"\xef\xbb\xbftext", Some((Encoding::Utf8Marked, 3)));
        check(b"\xff\xfea\0", Some((Encoding::Utf16Le, 2)));
        check(b"\xfe\xff\0a", Some((Encoding::Utf16Be, 2)));
        check(b"\xef\xbb", Some((Encoding::Bytes, 0)));
        check(b"\xff", Some((Encoding::Bytes, 0)));
        check(b"", Some((Encoding::Bytes, 0)));
    }

    #[test]
    fn utf16_without_a_mark_is_known_by_its_zeros() {
        for text in ["ab", "2026-11-20 识别失败 ERROR\n", &"line\n".repeat(200)] {
            check(&units(text, u16::to_le_bytes), Some((Encoding::Utf16Le, 0)));
            check(&units(text, u16::to_be_bytes), Some((Encoding::Utf16Be, 0)));
        }
    }

    #[test]
    fn text_with_nul_bytes_is_bytes() {
        for text in
            [&[0; 600][..], b"a\0", b"a\0b\0c\0\0\0", b"\0\0\0\0line\n", b"one \0 in a line"]
        {
            check(text, Some((Encoding::Bytes, 0)));
        }
    }

    /// UTF-16 bytes into text, whole and byte by byte.
    fn check_text(bytes: &[u8], expect: &str, expect_lone: u64) {
        for size in [1, 2, 3, bytes.len().max(1)] {
            let mut utf16 = Utf16::new(u16::from_le_bytes);
            for piece in bytes.chunks(size) {
                utf16.push(piece);
            }
            if utf16.high_surrogate.take().is_some() {
                utf16.push_lone();
            }
            assert_eq!(String::from_utf8_lossy(&utf16.text), expect);
            assert_eq!(utf16.lone_surrogates, expect_lone);
        }
    }

    #[test]
    fn every_plane_comes_through_and_broken_pairs_are_shown() {
        let text = "a é 识 😀\u{feff}\u{10ffff}\0";
        check_text(&units(text, u16::to_le_bytes), text, 0);
        check_text(b"a\0\x3d\xd8b\0", "a\u{fffd}b", 1);
        check_text(b"\x00\xdea\0", "\u{fffd}a", 1);
        check_text(b"\x3d\xd8\x3d\xd8\x00\xde", "\u{fffd}😀", 1);
        check_text(b"a\0\x3d\xd8", "a\u{fffd}", 1);
        check_text(b"a\0b", "a", 0);
    }
}
