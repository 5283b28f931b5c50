//! Whether a file found in a directory is a log, by its first bytes.
//!
//! Owns the line between text and binary. Must never look at names: logs have any. Fails: never;
//! doubt makes a log, because reading too much costs time and reading too little costs truth.

use std::io::Read;
use std::sync::Arc;

use super::problem::{InputProblem, ProblemKind};
use super::raw::Raw;
use super::{Input, Limits, Reader};

/// How much text is looked at.
const SNIFF_BYTES: usize = 8 * 1024;
/// A run of NUL bytes this long is a hole that truncation left, not binary data.
const HOLE_BYTES: usize = 16;
/// One control character in this many is more than text has. Random bytes have one in ten.
const CONTROLS_ONE_IN: usize = 20;

/// What a file in a directory is.
#[derive(Debug)]
pub(super) enum Verdict {
    Log,
    Binary,
    Archive(&'static str),
    Problem(InputProblem),
}

/// Looks at the first text of a regular file, decompressed and decoded as it would be read.
pub(super) fn verdict(input: &Input) -> Verdict {
    let Some(path) = &input.path else { return Verdict::Log };
    let file = match input.open_file(path) {
        Ok(file) => file,
        Err(error) => return Verdict::Problem(InputProblem::of_io(&input.name, Some(path), error)),
    };
    let limits = Limits { read_bytes: SNIFF_BYTES, ..Limits::default() };
    let raw = Raw::of_file(file, None, limits.read_bytes);
    let mut reader = match Reader::over(Arc::clone(&input.name), raw, limits) {
        Ok(reader) => reader,
        Err(InputProblem { kind: ProblemKind::Unsupported { what, .. }, .. }) => {
            return Verdict::Archive(what);
        }
        Err(problem) => return Verdict::Problem(problem),
    };
    let mut head = Vec::with_capacity(SNIFF_BYTES);
    // Reading does not fail; what it has to tell is told when the file is read.
    let _ = reader.by_ref().take(SNIFF_BYTES as u64).read_to_end(&mut head);
    if is_binary(&head) { Verdict::Binary } else { Verdict::Log }
}

/// More control characters than text has, not counting holes. Bytes above 0x7f are no sign: they
/// are letters in every encoding but ASCII.
fn is_binary(head: &[u8]) -> bool {
    let mut text_bytes = 0;
    let mut controls = 0;
    for run in head.chunk_by(|a, b| (*a == 0) == (*b == 0)) {
        if run.first() == Some(&0) && run.len() >= HOLE_BYTES {
            continue;
        }
        text_bytes += run.len();
        controls += run.iter().filter(|byte| is_unusual(**byte)).count();
    }
    controls * CONTROLS_ONE_IN > text_bytes
}

/// Control characters but the ones that logs have: backspace to carriage return, and escape.
fn is_unusual(byte: u8) -> bool {
    matches!(byte, 0..=7 | 0x0e..=0x1a | 0x1c..=0x1f | 0x7f)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_in_any_encoding_with_colour_and_holes_is_no_binary() {
        let hole = [&[0; 4000][..], b"after copytruncate\n"].concat();
        let gbk = [&b"error: "[..], &[0xca, 0xa7, 0xb0, 0xdc], b"\r\n"].concat();
        for text in [
            &b""[..],
            b"plain\n",
            b"\x1b[31mred\x1b[0m\ttab\n",
            "识别失败\n".as_bytes(),
            &gbk,
            &hole,
            &[0; 8192],
            b"one stray \x01 in a line of twenty or more bytes\n",
        ] {
            assert!(!is_binary(text), "{text:?}");
        }
    }

    #[test]
    fn executables_images_and_login_records_are_binary() {
        let elf = b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0\x40\x10\0\0\0\0\0\0";
        let png = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x06\0\0\0";
        let wtmp = [&[7, 0, 0, 0, 0x2d, 0x11, 0, 0][..], b"pts/0", &[0; 27], b"ts/0", &[0; 40]];
        for bytes in [&elf[..], &png[..], &wtmp.concat()] {
            assert!(is_binary(bytes), "{bytes:?}");
        }
        // A linear congruence, so that every run sees the same bytes.
        let noise: Vec<u8> = (0_u32..8192)
            .scan(1_u32, |state, _| {
                *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                Some(state.to_be_bytes()[0])
            })
            .collect();
        assert!(is_binary(&noise));
    }
}
