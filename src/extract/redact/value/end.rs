//! Where an unquoted value ends.
//!
//! Owns the marks that end one. A mark that a password may contain (`,`, `;`, `)`) ends it only
//! where something new plainly begins behind it. Nothing here fails.

use crate::extract::redact::{mark_length, rounds_length};

/// What else ends a value, by where it began.
pub(super) struct Stop {
    /// The text is percent-encoded, so encoded marks count like plain ones.
    pub(super) percent: bool,
    /// The bracket that was opened before it.
    pub(super) bracket: Option<u8>,
}

/// The end of an unquoted value that begins at `start`.
pub(super) fn of_unquoted(bytes: &[u8], start: usize, stop: &Stop) -> usize {
    let mut at = start + mark_length(bytes, start);
    while let Some(&byte) = bytes.get(at) {
        let ends = match byte {
            0..=b' ' | 0x7f | b'"' | b'\'' | b'`' | b'<' | b'>' | b'&' => true,
            b'\\' => !is_escaped_slash(bytes, at),
            b'#' => matches!(bytes.get(at..), Some([_, b'0', b'0'..=b'3', b'0'..=b'7', ..])),
            b',' | b';' | b'|' | b')' | b']' | b'}' => {
                stop.bracket == Some(byte) || begins_anew(bytes, at + 1)
            }
            b'%' => stop.percent && is_encoded_mark(bytes, at),
            0xe3 | 0xef | 0xe2 => is_wide_punctuation(bytes, at),
            _ => false,
        };
        if ends {
            break;
        }
        at += 1;
    }
    at
}

/// The end of a header's line: a newline as it is or escaped, or the quotation mark around it.
pub(super) fn of_line(bytes: &[u8], start: usize) -> usize {
    let mut at = start;
    while let Some(&byte) = bytes.get(at) {
        let escaped_break = byte == b'\\' && matches!(bytes.get(at + 1), Some(b'n' | b'r'));
        if matches!(byte, b'\n' | b'\r') || escaped_break {
            break;
        }
        at += 1;
    }
    at
}

/// The end of a cookie header whose first pair ends at `at`: `a=b; c=d; HttpOnly`.
pub(super) fn of_cookies(bytes: &[u8], mut at: usize, stop: &Stop) -> usize {
    while bytes.get(at..at + 2) == Some(b"; ") {
        let end = of_unquoted(bytes, at + 2, stop);
        if end == at + 2 {
            break;
        }
        at = end;
    }
    at
}

/// PHP writes `/` as `\/` in JSON, and each round of escaping doubles the backslashes.
fn is_escaped_slash(bytes: &[u8], at: usize) -> bool {
    const SLASHES_MAX: usize = 64;
    let rest = bytes.get(at..).unwrap_or_default();
    let count = rest.iter().take(SLASHES_MAX).take_while(|byte| **byte == b'\\').count();
    rest.get(count) == Some(&b'/')
}

/// Whether a new field, a closing mark or nothing stands behind a mark.
fn begins_anew(bytes: &[u8], at: usize) -> bool {
    const KEY_BYTES_MAX: usize = 48;
    let rest = bytes.get(at..).unwrap_or_default();
    match rest.first() {
        None
        | Some(
            b' ' | b'\t' | b'\r' | b'\n' | b'"' | b'\'' | b'`' | b'\\' | b',' | b';' | b'|' | b')'
            | b']' | b'}' | b'{',
        ) => true,
        Some(byte) if byte.is_ascii_alphabetic() || *byte == b'_' => {
            let ahead = rest.get(..KEY_BYTES_MAX).unwrap_or(rest);
            let is_name = |byte: &&u8| byte.is_ascii_alphanumeric() || b"_-.".contains(byte);
            let length = ahead.iter().take_while(is_name).count();
            matches!(ahead.get(length), Some(b':' | b'='))
        }
        Some(byte) => !byte.is_ascii(),
    }
}

/// Whether a percent-encoded `&`, quotation mark, comma, bracket, space or newline stands here.
fn is_encoded_mark(bytes: &[u8], at: usize) -> bool {
    const MARKS: [&[u8]; 13] =
        [b"26", b"22", b"27", b"2c", b"3b", b"7d", b"5d", b"29", b"20", b"0a", b"0d", b"09", b"5c"];
    let rest = bytes.get(at + 1..).unwrap_or_default();
    let length = rounds_length(rest);
    let Some(code) = rest.get(length..length + 2) else { return false };
    MARKS.iter().any(|mark| mark.eq_ignore_ascii_case(code))
}

/// Chinese punctuation, which no credential contains: `，` `。` `；` `）` `”`.
fn is_wide_punctuation(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at..at + 3) {
        Some([0xe3, 0x80, _]) => true,
        Some([0xef, 0xbc, low]) => *low <= 0x8f || (0x9a..=0xa0).contains(low),
        Some([0xe2, 0x80, low]) => (0x98..=0xa6).contains(low),
        _ => false,
    }
}
