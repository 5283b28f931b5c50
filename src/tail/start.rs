//! Where a file begins that was there before anybody followed it.
//!
//! Owns the search for the last lines, and for the first text behind zeroes. Must never look at
//! more of the file than it takes. Fails with the `io::Error` of a read.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

use rustix::fs::SeekFrom;

use super::handles::Content;

/// Where reading starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Start {
    /// At the file's first byte.
    #[default]
    Beginning,
    /// Behind what is there.
    End,
    /// So many lines before the end; an unterminated last one counts.
    LastLines(u64),
}

const STEP_BYTES: u64 = 64 * 1024;

impl Start {
    /// The offset for a file of a size.
    pub(super) fn offset(self, content: &mut Content, size_bytes: u64) -> io::Result<u64> {
        match self {
            Self::Beginning => Ok(0),
            // The rest of a line whose beginning is not wanted is no line.
            Self::End => after_newline(content, size_bytes, 1),
            Self::LastLines(lines) => after_newline(content, size_bytes, lines.saturating_add(1)),
        }
    }
}

/// The offset behind the `nth` newline from the end; a line that is not terminated ends at the end.
fn after_newline(content: &mut Content, size_bytes: u64, nth: u64) -> io::Result<u64> {
    let mut left = nth;
    let mut end = size_bytes;
    let mut buffer = Vec::new();
    if size_bytes > 0 && nth > 1 {
        let mut last = [0];
        content.read_at(size_bytes - 1, &mut last)?;
        if last != *b"\n" {
            left -= 1;
        }
    }
    while end > 0 {
        let start = end.saturating_sub(STEP_BYTES);
        buffer.resize(usize::try_from(end - start).unwrap_or(0), 0);
        let count = content.read_at(start, &mut buffer)?;
        for at in memchr::memrchr_iter(b'\n', &buffer[..count]) {
            left -= 1;
            if left == 0 {
                return Ok(start + at as u64 + 1);
            }
        }
        end = start;
    }
    Ok(0)
}

/// Where text begins behind zeroes that no program wrote: one that does not append goes on at its
/// old offset after its file was emptied, and the system fills what is before it.
pub(super) fn behind_zeroes(file: &File, size_bytes: u64) -> io::Result<u64> {
    // Jumps over what is not even on the disk; where that cannot be told, everything is read.
    let mut offset = rustix::fs::seek(file, SeekFrom::Data(0)).unwrap_or(0);
    let mut buffer = vec![0; usize::try_from(STEP_BYTES).unwrap_or(0)];
    while offset < size_bytes {
        let count = file.read_at(&mut buffer, offset)?;
        let read = buffer.get(..count).unwrap_or_default();
        if let Some(at) = read.iter().position(|byte| *byte != 0) {
            // In UTF-16 with its big end first the last zero is half of the first character.
            let is_half = (offset + at as u64) % 2 == 1 && read.get(at + 1) == Some(&0);
            return Ok(offset + at as u64 - u64::from(is_half));
        }
        if count == 0 {
            break;
        }
        offset += count as u64;
    }
    Ok(offset.min(size_bytes))
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    fn check(text: &[u8], start: Start, expected: u64) {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(text).unwrap();
        let mut content = Content::Plain(file.reopen().unwrap());
        assert_eq!(start.offset(&mut content, text.len() as u64).unwrap(), expected, "{start:?}");
    }

    #[test]
    fn the_last_lines_begin_behind_the_newline_before_them() {
        check(b"a\nbb\nccc\n", Start::LastLines(1), 5);
        check(b"a\nbb\nccc\n", Start::LastLines(2), 2);
        check(b"a\nbb\nccc\n", Start::LastLines(9), 0);
        check(b"a\nbb\nccc", Start::LastLines(1), 5);
        check(b"", Start::LastLines(1), 0);
        let long = [vec![b'x'; 200_000], b"\ny\n".to_vec()].concat();
        check(&long, Start::LastLines(1), 200_001);
        check(&long, Start::LastLines(2), 0);
        check(b"a\nb\n", Start::LastLines(0), 4);
    }

    #[test]
    fn the_end_is_where_the_next_line_begins() {
        check(b"a\nbb\n", Start::End, 5);
        check(b"a\nbb", Start::End, 2);
        check(b"half of a line", Start::End, 0);
        check(b"", Start::End, 0);
    }
    #[test]
    fn an_end_in_the_middle_of_a_line_is_behind_the_line_before_however_long() {
        let long = [b"a\n".to_vec(), vec![b'x'; 65_536]].concat();
        check(&long, Start::End, 2);
        check(&long, Start::LastLines(1), 2);
        check(&long[..65_537], Start::End, 2);
        check(&[vec![b'x'; 65_535], b"\n".to_vec()].concat(), Start::End, 65_536);
        check(b"\n", Start::LastLines(1), 0);
        check(b"x", Start::LastLines(1), 0);
    }

    fn zeroes_then(zeroes: usize, text: &[u8]) -> u64 {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[vec![0; zeroes], text.to_vec()].concat()).unwrap();
        behind_zeroes(file.as_file(), (zeroes + text.len()) as u64).unwrap()
    }

    #[test]
    fn text_begins_behind_zeroes_however_many() {
        for zeroes in [0, 1, 100, 65_535, 65_536, 65_537, 200_000] {
            assert_eq!(zeroes_then(zeroes, b"text"), zeroes as u64);
        }
        assert_eq!(zeroes_then(70_000, b""), 70_000, "where no text follows, at the end");
    }

    #[test]
    fn the_first_half_of_a_wide_character_is_no_zero_before_the_text() {
        assert_eq!(zeroes_then(101, b"a\0b\0"), 100, "with its big end first");
        assert_eq!(zeroes_then(65_537, b"a\0b\0"), 65_536);
        assert_eq!(zeroes_then(100, b"a\0b\0"), 100, "with its little end first");
        assert_eq!(zeroes_then(101, b"ab"), 101);
    }

    #[test]
    fn what_is_not_on_the_disk_is_jumped_over_and_nothing_behind_the_size_is_text() {
        let file = tempfile::tempfile().unwrap();
        file.write_all_at(b"text", 1 << 40).unwrap();
        assert_eq!(behind_zeroes(&file, (1 << 40) + 4).unwrap(), 1 << 40);
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[vec![0; 100], b"text".to_vec()].concat()).unwrap();
        assert_eq!(behind_zeroes(file.as_file(), 0).unwrap(), 0);
        file.as_file().set_len(90).unwrap();
        assert_eq!(behind_zeroes(file.as_file(), 95).unwrap(), 90, "it was cut meanwhile");
    }
}
