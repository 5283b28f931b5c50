//! Compressed files: gzip, zstd, bzip2, xz, and whatever pretends to be one.
//!
//! Owns the claims that the text does not depend on how it is read, and that an input of any shape
//! ends, with everything that is wrong told as a note. That memory is bounded is shown by the limit
//! under which the fuzzer runs, and by `memory_stays_flat_whatever_is_read`.

use std::io::{Cursor, Read as _};

use ocrwatch::input::{Encoding, Reader};

/// So much text is looked at: a bomb has more, and its reader may stop.
const TEXT_BYTES_MAX: usize = 1024 * 1024;

pub(crate) fn check(input: &[u8]) {
    let Some((size, file)) = input.split_first() else { return };
    let at_once = read(file, 256 * 1024);
    let in_pieces = read(file, 1 + usize::from(*size) * 7);
    assert_eq!(at_once.is_some(), in_pieces.is_some(), "what it is does not hang on the reads");
    let (Some(at_once), Some(in_pieces)) = (at_once, in_pieces) else { return };
    assert!(at_once.bytes == in_pieces.bytes, "the text does not hang on the reads");
    if at_once.is_whole {
        assert_eq!(at_once.notes, in_pieces.notes, "nor does what is told of it");
    }
    if at_once.is_plain && at_once.encoding == Some(Encoding::Bytes) {
        let bytes = &file[file.len().min(at_once.mark_bytes)..];
        let bytes = &bytes[..bytes.len().min(TEXT_BYTES_MAX)];
        assert!(at_once.bytes == bytes, "a plain file is read byte for byte");
    }
}

struct Text {
    bytes: Vec<u8>,
    notes: Vec<String>,
    is_whole: bool,
    is_plain: bool,
    encoding: Option<Encoding>,
    mark_bytes: usize,
}

fn read(file: &[u8], size: usize) -> Option<Text> {
    let mut reader = Reader::new("fuzz.log", Cursor::new(file.to_vec())).ok()?;
    let mut text = Vec::new();
    let mut piece = vec![0; size];
    let mut is_whole = false;
    while text.len() < TEXT_BYTES_MAX {
        let wanted = piece.len().min(TEXT_BYTES_MAX - text.len());
        let count = reader.read(&mut piece[..wanted]).expect("reading never fails");
        if count == 0 {
            is_whole = true;
            break;
        }
        text.extend_from_slice(&piece[..count]);
    }
    let notes = reader.notes().iter().map(ToString::to_string).collect();
    let (is_plain, encoding) = (reader.compression().is_none(), reader.encoding());
    let mark_bytes = usize::try_from(reader.mark_bytes()).expect("a few bytes");
    Some(Text { bytes: text, notes, is_whole, is_plain, encoding, mark_bytes })
}
