//! Long base64, told from paths and identifiers by how often it changes between upper case, lower
//! case and digits: random base64 does at three of five characters, words at one of four.
//!
//! Owns the measure. Must never know what the base64 holds. Nothing here fails.

use crate::extract::redact::ByteSet;

/// Shorter runs are left: hashes, ids and names are as long.
const RUN_CHARS_MIN: usize = 64;

/// A run of base64 characters, plain, URL-safe, percent-encoded, or with PHP's `\/`.
pub(super) struct Run {
    pub(super) end: usize,
    chars: usize,
    upper: usize,
    lower: usize,
    digits: usize,
    changes: usize,
    /// The longest part without `/`, `-` and `_`.
    part_chars: usize,
    longest_part_chars: usize,
}

#[derive(PartialEq, Eq, Clone, Copy)]
enum Case {
    Upper,
    Lower,
    Digit,
}

static CHARS: ByteSet = ByteSet::alphanumeric_and(b"+/-_");

fn is_base64(byte: u8) -> bool {
    CHARS.contains(byte)
}

/// Whether a run begins here.
pub(super) fn begins(bytes: &[u8], at: usize) -> bool {
    match bytes.get(at) {
        Some(b'\\') => bytes.get(at + 1) == Some(&b'/'),
        Some(&byte) => is_base64(byte),
        None => false,
    }
}

/// Where the run ends that begins at `start`, if it is too short to be base64 and holds nothing
/// escaped, as nearly every word does.
pub(super) fn end_of_short_run(bytes: &[u8], start: usize) -> Option<usize> {
    let rest = bytes.get(start..)?;
    let length = CHARS.span(rest.get(..RUN_CHARS_MIN).unwrap_or(rest));
    let goes_on = matches!(rest.get(length), Some(b'%' | b'\\' | b'='));
    (length < RUN_CHARS_MIN && !goes_on).then_some(start + length)
}

/// The run that begins at `start`.
pub(super) fn run(bytes: &[u8], start: usize) -> Run {
    let mut run = Run {
        end: start,
        chars: 0,
        upper: 0,
        lower: 0,
        digits: 0,
        changes: 0,
        part_chars: 0,
        longest_part_chars: 0,
    };
    let mut line_start = 0;
    loop {
        run.pass_line(bytes);
        let line_chars = run.chars - line_start;
        line_start = run.chars;
        // Encoders wrap at 64 or 76 columns; the last line of a wrapped text may be short.
        let wraps = matches!(line_chars, 64 | 76) && run.is_base64();
        let length = line_break(bytes, run.end);
        if wraps && length > 0 && next_line_is_base64(bytes, run.end + length) {
            run.end += length;
            continue;
        }
        // Pieces that were encoded one by one and joined, each with its padding.
        run.pass_padding(bytes);
        if !(run.is_base64() && character(bytes, run.end).is_some()) {
            break;
        }
    }
    run
}

impl Run {
    fn pass_line(&mut self, bytes: &[u8]) {
        let mut before = None;
        while let Some((byte, length)) = character(bytes, self.end) {
            let case = match byte {
                b'A'..=b'Z' => Some(Case::Upper),
                b'a'..=b'z' => Some(Case::Lower),
                b'0'..=b'9' => Some(Case::Digit),
                _ => None,
            };
            match case {
                Some(Case::Upper) => self.upper += 1,
                Some(Case::Lower) => self.lower += 1,
                Some(Case::Digit) => self.digits += 1,
                None => {}
            }
            self.changes += usize::from(case.is_some() && before.is_some() && before != case);
            before = case;
            self.part_chars =
                if matches!(byte, b'/' | b'-' | b'_') { 0 } else { self.part_chars + 1 };
            self.longest_part_chars = self.longest_part_chars.max(self.part_chars);
            self.chars += 1;
            self.end += length;
        }
    }

    /// Passes up to two `=`.
    fn pass_padding(&mut self, bytes: &[u8]) {
        for _ in 0..2 {
            let rest = bytes.get(self.end..).unwrap_or_default();
            self.end += match rest {
                [b'=', ..] => 1,
                [b'%', b'3', b'D' | b'd', ..] => 3,
                _ => 0,
            };
        }
    }

    pub(super) fn is_base64(&self) -> bool {
        let mixed = self.upper > 0 && self.lower > 0 && self.digits > 0;
        if self.chars < RUN_CHARS_MIN || !mixed {
            return false;
        }
        // Random base64 changes at 62 % and has 16 % digits; a method's name of short words comes
        // to 48 % but has few digits. Pictures hold long stretches of one character; paths are
        // never so long.
        let changes_percent = self.changes * 100 / self.chars;
        let digits_percent = self.digits * 100 / self.chars;
        changes_percent >= 55
            || changes_percent >= 40 && digits_percent >= 6
            || self.longest_part_chars >= 128
            || self.chars >= 1024
    }

    pub(super) fn decoded_bytes(&self) -> usize {
        self.chars * 3 / 4
    }
}

/// The base64 character here and the bytes it takes.
fn character(bytes: &[u8], at: usize) -> Option<(u8, usize)> {
    match bytes.get(at..)? {
        [b'%', b'2', b'B' | b'b', ..] => Some((b'+', 3)),
        [b'%', b'2', b'F' | b'f', ..] => Some((b'/', 3)),
        [b'\\', b'/', ..] => Some((b'/', 2)),
        &[byte, ..] if is_base64(byte) => Some((byte, 1)),
        _ => None,
    }
}

/// The length of the newline here, as it is or escaped.
fn line_break(bytes: &[u8], at: usize) -> usize {
    const BREAKS: [&[u8]; 7] = [b"\r\n", b"\n", b"\\r\\n", b"\\n", b"\\\\n", b"%0D%0A", b"%0A"];
    let rest = bytes.get(at..).unwrap_or_default();
    BREAKS.iter().find(|line_break| rest.starts_with(line_break)).map_or(0, |found| found.len())
}

/// Whether the next line goes on: of base64 characters only, and not of a plain word.
fn next_line_is_base64(bytes: &[u8], at: usize) -> bool {
    let rest = bytes.get(at..).unwrap_or_default();
    let line = rest.get(..76).unwrap_or(rest);
    let length = line.iter().take_while(|byte| is_base64(**byte)).count();
    let line = &line[..length];
    let ended = !rest.get(length).is_some_and(|byte| b" .:,".contains(byte));
    ended
        && (rest.get(length) == Some(&b'=')
            || line.iter().any(u8::is_ascii_digit) && line.iter().any(u8::is_ascii_alphabetic))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_run_is_base64_from_each_of_its_bounds_on() {
        let is_base64 = |change: fn(&mut Run)| {
            let mut run = run(b"", 0);
            (run.chars, run.upper, run.lower, run.digits) = (100, 1, 1, 1);
            change(&mut run);
            run.is_base64()
        };
        assert!(!is_base64(|_| {}));
        assert!(!is_base64(|run| run.changes = 54) && is_base64(|run| run.changes = 55));
        assert!(!is_base64(|run| (run.changes, run.digits) = (40, 5)));
        assert!(!is_base64(|run| (run.changes, run.digits) = (39, 6)));
        assert!(is_base64(|run| (run.changes, run.digits) = (40, 6)));
        assert!(!is_base64(|run| run.longest_part_chars = 127));
        assert!(is_base64(|run| run.longest_part_chars = 128));
        assert!(!is_base64(|run| run.chars = 1023) && is_base64(|run| run.chars = 1024));
        assert!(!is_base64(|run| (run.chars, run.changes) = (63, 63)));
        assert!(is_base64(|run| (run.chars, run.changes) = (64, 64)));
        assert!(!is_base64(|run| (run.changes, run.upper) = (99, 0)));
        assert!(!is_base64(|run| (run.changes, run.lower) = (99, 0)));
        assert!(!is_base64(|run| (run.changes, run.digits) = (99, 0)));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn a_short_run_is_no_base64_and_ends_where_its_measure_does(
            text in concat!(
                "([a-zA-Z0-9+/_-]{1,3}|[a-z0-9A-Z]{60,64}|%2[BF]|\\\\/|=|%3D|",
                " |\n|\\\\n|%|é){0,12}",
            ),
        ) {
            for start in 0..=text.len() {
                if let Some(end) = end_of_short_run(text.as_bytes(), start) {
                    let run = run(text.as_bytes(), start);
                    prop_assert_eq!((end, false), (run.end, run.is_base64()), "of {:?}", text);
                }
            }
        }
    }
}
