//! A file's bytes into the text that is looked at: without its byte order mark, in UTF-8.
//!
//! Owns the encodings and which byte of the file a byte of the text stands for. UTF-8 passes as it
//! is, broken or not: what is looked for is ASCII, and only what is shown is decoded. Must never
//! look at lines but for their ends, where decoding can be taken up again. Fails: never; what
//! cannot be decoded becomes the replacement character.

use std::borrow::Cow;
use std::collections::VecDeque;

use encoding_rs::{Decoder, GB18030, GBK, UTF_16BE, UTF_16LE};
use serde::{Deserialize, Serialize};

/// Places where decoding can be taken up, at most; between them the text is decoded again.
const ANCHORS_MAX: usize = 64;

/// How text is written in a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, or UTF-16 if a byte order mark says so.
    #[default]
    Auto,
    /// UTF-8.
    Utf8,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
    /// GBK.
    Gbk,
    /// GB18030.
    Gb18030,
}

impl Encoding {
    fn decoder(self) -> Option<Decoder> {
        let encoding = match self {
            Self::Auto | Self::Utf8 => return None,
            Self::Utf16Le => UTF_16LE,
            Self::Utf16Be => UTF_16BE,
            Self::Gbk => GBK,
            Self::Gb18030 => GB18030,
        };
        Some(encoding.new_decoder_without_bom_handling())
    }

    fn is_of_pairs(self) -> bool {
        matches!(self, Self::Utf16Le | Self::Utf16Be)
    }

    /// Behind the last end of a line in bytes that begin where a character does.
    fn behind_last_line(self, bytes: &[u8]) -> Option<usize> {
        let unit = |at: usize| bytes.get(at..at + 2);
        match self {
            Self::Utf16Le => {
                let ends = (0..bytes.len() / 2).rev();
                ends.map(|at| at * 2).find(|at| unit(*at) == Some(b"\n\0")).map(|at| at + 2)
            }
            Self::Utf16Be => {
                let ends = (0..bytes.len() / 2).rev();
                ends.map(|at| at * 2).find(|at| unit(*at) == Some(b"\0\n")).map(|at| at + 2)
            }
            // No character of GBK or GB18030 holds a newline as a part.
            _ => memchr::memrchr(b'\n', bytes).map(|at| at + 1),
        }
    }
}

/// The longest mark that tells an encoding.
pub(super) const MARK_BYTES_MAX: u64 = 3;

/// A byte of the file, and the byte of the text that it stands for; a character begins there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Anchor {
    /// In the file.
    pub file_bytes: u64,
    /// In the text.
    pub text_bytes: u64,
}

/// How far a file's text goes, kept over a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TextState {
    /// What it is written in, if that is known by now.
    pub encoding: Encoding,
    /// Where to go on.
    pub anchor: Anchor,
}

impl TextState {
    /// For a file of which nothing before a byte is wanted; its first bytes may tell the encoding.
    pub(super) fn begin_at(self, file_bytes: u64, first: &[u8]) -> Self {
        let encoding = match self.encoding {
            Encoding::Auto => recognise(first).map_or(Encoding::Utf8, |(encoding, _)| encoding),
            known => known,
        };
        // Where a line ends was looked for as a byte, which may be the first of a pair.
        let file_bytes = if encoding.is_of_pairs() { file_bytes / 2 * 2 } else { file_bytes };
        Self { encoding, anchor: Anchor { file_bytes, text_bytes: 0 } }
    }
}

/// Turns a file's bytes into text, in order.
pub struct Text {
    encoding: Encoding,
    decoder: Option<Decoder>,
    /// The first bytes of a file, until they tell.
    first: Vec<u8>,
    position: Anchor,
    anchors: VecDeque<Anchor>,
    /// Bytes behind the last anchor, as far as they are needed to find whole units.
    odd: Option<u8>,
}

impl Text {
    /// Goes on at an anchor.
    pub fn resume(state: TextState) -> Self {
        Self {
            encoding: state.encoding,
            decoder: state.encoding.decoder(),
            first: Vec::new(),
            position: state.anchor,
            anchors: VecDeque::from([state.anchor]),
            odd: None,
        }
    }

    /// The text that bytes of the file give, and those before them that did not tell yet.
    pub fn push<'b>(&mut self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        if self.encoding != Encoding::Auto || self.position.file_bytes > 0 {
            return self.decode(bytes);
        }
        self.first.extend_from_slice(bytes);
        let Some((encoding, mark_bytes)) = recognise(&self.first) else {
            return Cow::Borrowed(&[]);
        };
        self.begin(encoding, mark_bytes);
        let first = std::mem::take(&mut self.first);
        Cow::Owned(self.decode(first.get(mark_bytes..).unwrap_or_default()).into_owned())
    }

    fn begin(&mut self, encoding: Encoding, mark_bytes: usize) {
        self.encoding = encoding;
        self.decoder = encoding.decoder();
        self.position.file_bytes += mark_bytes as u64;
        self.anchors = VecDeque::from([self.position]);
    }

    fn decode<'b>(&mut self, bytes: &'b [u8]) -> Cow<'b, [u8]> {
        if self.decoder.is_none() {
            self.position.file_bytes += bytes.len() as u64;
            self.position.text_bytes += bytes.len() as u64;
            return Cow::Borrowed(bytes);
        }
        // A unit of two bytes may be cut.
        let whole: Cow<'_, [u8]> = match self.odd.take() {
            Some(odd) => Cow::Owned([&[odd], bytes].concat()),
            None => Cow::Borrowed(bytes),
        };
        let length = if self.encoding.is_of_pairs() { whole.len() / 2 * 2 } else { whole.len() };
        self.odd = whole.get(length).copied();
        let whole = whole.get(..length).unwrap_or_default();
        let mut text = String::new();
        let split = self.encoding.behind_last_line(whole).unwrap_or(0);
        let (lines, rest) = whole.split_at(split);
        if !lines.is_empty() {
            self.decode_into(lines, &mut text);
            self.anchor();
        }
        self.decode_into(rest, &mut text);
        Cow::Owned(text.into_bytes())
    }

    fn decode_into(&mut self, bytes: &[u8], text: &mut String) {
        let Some(decoder) = &mut self.decoder else { return };
        let before = text.len();
        let room = decoder.max_utf8_buffer_length(bytes.len()).unwrap_or(bytes.len() * 3);
        text.reserve(room);
        let _ = decoder.decode_to_string(bytes, text, false);
        self.position.file_bytes += bytes.len() as u64;
        self.position.text_bytes += (text.len() - before) as u64;
    }

    fn anchor(&mut self) {
        self.anchors.push_back(self.position);
        if self.anchors.len() > ANCHORS_MAX {
            // Every other one goes; the first is the one that may be needed.
            let mut keep = false;
            self.anchors.retain(|_| {
                keep = !keep;
                keep
            });
        }
    }

    /// Where to go on so that the text is complete from `text_bytes` on. Earlier places are
    /// forgotten.
    pub fn state_at(&mut self, text_bytes: u64) -> TextState {
        if self.decoder.is_none() {
            // Every byte stands for itself, but for the mark.
            let mark = self.position.file_bytes - self.position.text_bytes;
            let anchor = Anchor { file_bytes: text_bytes + mark, text_bytes };
            let is_told = self.position.file_bytes > 0;
            let encoding = if is_told { self.told() } else { self.encoding };
            let anchor = if is_told { anchor } else { Anchor::default() };
            return TextState { encoding, anchor };
        }
        while self.anchors.get(1).is_some_and(|next| next.text_bytes <= text_bytes) {
            self.anchors.pop_front();
        }
        let anchor = self.anchors.front().copied().unwrap_or_default();
        TextState { encoding: self.encoding, anchor }
    }

    fn told(&self) -> Encoding {
        if self.encoding == Encoding::Auto { Encoding::Utf8 } else { self.encoding }
    }

    /// How far the text goes.
    pub fn position(&self) -> Anchor {
        self.position
    }
}

/// What the first bytes of a file say: the encoding, and how long its mark is. None while they may
/// still become a mark.
fn recognise(first: &[u8]) -> Option<(Encoding, usize)> {
    const UTF_8_MARK: &[u8] = b"\xef\xbb\xbf";
    match first {
        [0xff, 0xfe, ..] => Some((Encoding::Utf16Le, 2)),
        [0xfe, 0xff, ..] => Some((Encoding::Utf16Be, 2)),
        [0xef, 0xbb, 0xbf, ..] => Some((Encoding::Utf8, 3)),
        [] | [0xff | 0xfe] => None,
        some if UTF_8_MARK.starts_with(some) => None,
        _ => Some((Encoding::Utf8, 0)),
    }
}

impl std::fmt::Debug for Text {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Text")
            .field("encoding", &self.encoding)
            .field("position", &self.position)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes_of(encoding: Encoding, text: &str) -> Vec<u8> {
        match encoding {
            Encoding::Auto | Encoding::Utf8 => text.as_bytes().to_vec(),
            Encoding::Utf16Le => text.encode_utf16().flat_map(u16::to_le_bytes).collect(),
            Encoding::Utf16Be => text.encode_utf16().flat_map(u16::to_be_bytes).collect(),
            Encoding::Gbk => GBK.encode(text).0.into_owned(),
            Encoding::Gb18030 => GB18030.encode(text).0.into_owned(),
        }
    }

    const LINES: &str = "识别失败\nAPIG.0301 签名错误 ā\n\n结束 line\n尾";

    #[test]
    fn text_is_the_same_however_the_file_is_read_and_wherever_reading_is_taken_up() {
        for (_, encoding) in ALL {
            let file = bytes_of(encoding, LINES);
            for step in 1..9 {
                for stop in 0..file.len() {
                    let mut text = Text::resume(TextState { encoding, ..TextState::default() });
                    let mut read = Vec::new();
                    for piece in file[..stop].chunks(step) {
                        read.extend_from_slice(&text.push(piece));
                    }
                    let known = read.len() as u64 / 2;
                    let state = text.state_at(known);
                    assert!(state.anchor.text_bytes <= known);
                    let mut again = Text::resume(state);
                    let kept = usize::try_from(state.anchor.text_bytes).unwrap();
                    let from = usize::try_from(state.anchor.file_bytes).unwrap();
                    let mut whole = read[..kept].to_vec();
                    for piece in file[from..].chunks(step) {
                        whole.extend_from_slice(&again.push(piece));
                    }
                    let whole = String::from_utf8(whole).unwrap();
                    assert_eq!(whole, LINES, "{encoding:?} in steps of {step}, stop at {stop}");
                }
            }
        }
    }

    const ALL: [(&str, Encoding); 6] = [
        ("auto", Encoding::Auto),
        ("utf-8", Encoding::Utf8),
        ("utf-16le", Encoding::Utf16Le),
        ("utf-16be", Encoding::Utf16Be),
        ("gbk", Encoding::Gbk),
        ("gb18030", Encoding::Gb18030),
    ];

    #[test]
    fn a_byte_order_mark_tells_the_encoding_and_is_no_text() {
        let marks: [(&[u8], Encoding); 3] = [
            (b"\xef\xbb\xbf", Encoding::Utf8),
            (b"\xff\xfe", Encoding::Utf16Le),
            (b"\xfe\xff", Encoding::Utf16Be),
        ];
        for (mark, encoding) in marks {
            let file = [mark, &bytes_of(encoding, LINES)].concat();
            for step in 1..5 {
                let mut text = Text::resume(TextState::default());
                let read: Vec<u8> =
                    file.chunks(step).flat_map(|piece| text.push(piece).into_owned()).collect();
                assert_eq!(String::from_utf8(read).unwrap(), LINES, "{encoding:?}, {step}");
                let end = text.position();
                assert_eq!(end.file_bytes, file.len() as u64);
                assert_eq!(end.text_bytes, LINES.len() as u64);
                assert_eq!(text.state_at(0).anchor.file_bytes, mark.len() as u64);
            }
        }
    }

    #[test]
    fn broken_text_passes_as_it_is() {
        let mut text = Text::resume(TextState::default());
        assert_eq!(&*text.push(b"a\xff\xfe\x80b\n"), b"a\xff\xfe\x80b\n");
    }
}
