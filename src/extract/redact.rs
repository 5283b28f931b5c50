//! What must not leave a log: keys, tokens, signatures, passwords, cookies, images.
//!
//! Owns the decision and the replacement. Two passes, both forward and linear: values behind a key
//! that names a secret, in every notation that clients print (`keyed`); then what is recognised
//! by itself (`bare`). Hand-written rather than a set of regular expressions: the end of a value
//! depends on how its beginning was quoted, up to four levels deep, which a regular language can
//! only list. Must never remove what identifies an error: codes, request ids, hosts, paths, the
//! service's messages. In doubt about a value behind a secret's key, it goes. Nothing here fails.

use std::borrow::Cow;

mod bare;
mod key;
mod keyed;
mod quote;
mod value;

#[cfg(test)]
mod tests;

/// Stands where a secret stood.
pub const REDACTED: &str = "[redacted]";

/// Stands between the first four and the last two characters of an access key.
const MASK: &str = "****";

/// The text without its secrets. Access keys are masked, long base64 becomes `[base64 1234 bytes]`,
/// the rest `[redacted]`. Redacting twice changes nothing more.
///
/// Colour must have been stripped and record envelopes may still be there: `\"sk\":\"…\"` is
/// understood at any depth of escaping, and so is `%22sk%22%3A%22…`.
pub fn redact(text: &str) -> Cow<'_, str> {
    /// What went may have parted a key from its value, in texts that are made for it.
    const PASSES_MAX: usize = 4;
    let Cow::Owned(mut redacted) = once(text) else { return Cow::Borrowed(text) };
    for _ in 1..PASSES_MAX {
        match once(&redacted) {
            Cow::Borrowed(_) => break,
            Cow::Owned(further) => redacted = further,
        }
    }
    Cow::Owned(redacted)
}

fn once(text: &str) -> Cow<'_, str> {
    match keyed::redact(text) {
        Cow::Borrowed(text) => bare::redact(text),
        Cow::Owned(text) => match bare::redact(&text) {
            Cow::Borrowed(_) => Cow::Owned(text),
            Cow::Owned(text) => Cow::Owned(text),
        },
    }
}

/// The access key with all but its first four and last two characters masked: `HPUA****BC`. One
/// that is too short to show six characters of, or has characters that no access key has, is masked
/// whole. A masked key stays as it is.
pub fn mask_access_key(key: &str) -> String {
    const KEY_BYTES_MIN: usize = 12;
    if is_masked(key) {
        return key.to_owned();
    }
    let plain = key.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
    match (key.get(..4), key.get(key.len().saturating_sub(2)..)) {
        (Some(head), Some(tail)) if plain && key.len() >= KEY_BYTES_MIN => {
            format!("{head}{MASK}{tail}")
        }
        _ => MASK.to_owned(),
    }
}

fn is_masked(key: &str) -> bool {
    let bytes = key.as_bytes();
    key == MASK
        || bytes.len() == 10
            && bytes.get(4..8) == Some(MASK.as_bytes())
            && bytes.iter().enumerate().all(|(at, byte)| {
                (4..8).contains(&at) || byte.is_ascii_alphanumeric() || b"-_".contains(byte)
            })
}

/// The length of what an earlier redaction left here, or 0.
fn mark_length(bytes: &[u8], at: usize) -> usize {
    const SIZE_DIGITS_MAX: usize = 20;
    let rest = bytes.get(at..).unwrap_or_default();
    if rest.starts_with(REDACTED.as_bytes()) {
        return REDACTED.len();
    }
    let Some(size) = rest.strip_prefix(b"[base64 ") else { return 0 };
    let digits = size.iter().take(SIZE_DIGITS_MAX).take_while(|byte| byte.is_ascii_digit()).count();
    if digits > 0 && size.get(digits..digits + 7) == Some(b" bytes]") { digits + 15 } else { 0 }
}

/// A set of bytes, asked of each byte of a text.
struct ByteSet([bool; 256]);

impl ByteSet {
    /// ASCII's letters and digits, and others.
    const fn alphanumeric_and(others: &[u8]) -> Self {
        let mut set = [false; 256];
        let mut byte = 0_u8;
        while byte.is_ascii() {
            set[byte as usize] = byte.is_ascii_alphanumeric();
            byte += 1;
        }
        let mut other = 0;
        while other < others.len() {
            set[others[other] as usize] = true;
            other += 1;
        }
        Self(set)
    }

    #[inline]
    fn contains(&self, byte: u8) -> bool {
        self.0[usize::from(byte)]
    }

    /// How many bytes at the beginning are in the set.
    #[inline]
    fn span(&self, bytes: &[u8]) -> usize {
        bytes.iter().position(|byte| !self.contains(*byte)).unwrap_or(bytes.len())
    }
}

/// A text that is copied only once something in it is replaced.
struct Rewrite<'a> {
    text: &'a str,
    written: String,
    copied: usize,
}

impl<'a> Rewrite<'a> {
    fn new(text: &'a str) -> Self {
        Self { text, written: String::new(), copied: 0 }
    }

    /// Replaces a range, which lies behind all earlier ones. One that would cut a character is
    /// widened to it.
    fn replace(&mut self, range: std::ops::Range<usize>, replacement: &str) {
        let start = self.text.floor_char_boundary(range.start).max(self.copied);
        let end = self.text.ceil_char_boundary(range.end).max(start);
        if &self.text[start..end] == replacement {
            return;
        }
        self.written.push_str(&self.text[self.copied..start]);
        self.written.push_str(replacement);
        self.copied = end;
    }

    fn finish(mut self) -> Cow<'a, str> {
        // What is replaced is never empty at the text's beginning.
        if self.copied == 0 {
            return Cow::Borrowed(self.text);
        }
        self.written.push_str(&self.text[self.copied..]);
        Cow::Owned(self.written)
    }
}

/// The length of what further rounds of percent-encoding wrote behind a `%`: `25` for each.
fn rounds_length(bytes: &[u8]) -> usize {
    2 * bytes.chunks(2).take_while(|pair| *pair == b"25").count()
}

/// The length of what stands escaped at the beginning of a word: the last characters of `%22`,
/// `\n`, `\u0022` or rsyslog's `#012` look like the first ones of the word behind it.
fn escape_ahead(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let hex = |range: std::ops::Range<usize>| {
        rest.get(range).is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
    };
    match at.checked_sub(1).and_then(|before| bytes.get(before)) {
        Some(b'%') => {
            let length = rounds_length(rest);
            if hex(length..length + 2) { length + 2 } else { 0 }
        }
        Some(b'\\') => match rest.first() {
            Some(b'n' | b'r' | b't') => 1,
            Some(b'u') if hex(1..5) => 5,
            Some(b'x') if hex(1..3) => 3,
            _ => 0,
        },
        Some(b'#') => match rest {
            [b'0', b'0'..=b'3', b'0'..=b'7', ..] => 3,
            _ => 0,
        },
        _ => 0,
    }
}
