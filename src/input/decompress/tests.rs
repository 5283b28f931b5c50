use std::io::{Read as _, Write};

use super::super::{NoteKind, Reader};
use super::*;

fn gzip(text: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn bzip2(text: &[u8]) -> Vec<u8> {
    let mut encoder = ::bzip2::write::BzEncoder::new(Vec::new(), ::bzip2::Compression::fast());
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn xz(text: &[u8]) -> Vec<u8> {
    let options = lzma_rust2::XzOptions::with_preset(0);
    let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
    encoder.write_all(text).unwrap();
    encoder.finish().unwrap()
}

fn zstd(text: &[u8]) -> Vec<u8> {
    ruzstd::encoding::compress_to_vec(text, ruzstd::encoding::CompressionLevel::Fastest)
}

/// The text of bytes in memory and what is told about them.
fn check(bytes: &[u8], text: &[u8], expect: &str) {
    let mut reader = Reader::new("a", io::Cursor::new(bytes.to_vec())).unwrap();
    let mut read = Vec::new();
    reader.read_to_end(&mut read).unwrap();
    assert!(read == text, "{} bytes, not {}", read.len(), text.len());
    let notes: Vec<_> = reader.notes().iter().map(|note| format!("{:?}", note.kind)).collect();
    assert_eq!(notes.join("\n"), expect);
}

#[test]
fn members_of_every_kind_stand_behind_each_other() {
    let line = b"one line of a log\n".repeat(3000);
    for one in [gzip, bzip2, xz, zstd] {
        check(&one(b""), b"", "");
        check(&one(&line), &line, "");
        for other in [gzip, bzip2, xz, zstd] {
            let bytes = [one(b"first\n"), one(b""), other(&line), vec![0; 100], one(b"last\n")];
            check(&bytes.concat(), &[b"first\n", &line[..], b"last\n"].concat(), "");
        }
    }
}

#[test]
fn every_cut_is_told_and_never_taken_for_the_end() {
    let text = b"one line of a log\n".repeat(20);
    for (one, first_bytes) in [(gzip as fn(&[u8]) -> _, 3), (bzip2, 10), (xz, 6), (zstd, 4)] {
        let whole = one(&text);
        for cut in first_bytes..whole.len() {
            let mut reader = Reader::new("a", io::Cursor::new(whole[..cut].to_vec())).unwrap();
            let mut read = Vec::new();
            reader.read_to_end(&mut read).unwrap();
            assert!(text.starts_with(&read), "cut at {cut}");
            let kinds: Vec<_> = reader.notes().iter().map(|note| &note.kind).collect();
            assert!(matches!(kinds[..], [NoteKind::Truncated { .. }]), "cut at {cut}: {kinds:?}");
        }
    }
}

#[test]
fn a_wrong_checksum_is_told_and_the_text_delivered() {
    let text = b"one line of a log\n".repeat(20);
    for (one, from_end, why) in [
        (gzip as fn(&[u8]) -> Vec<u8>, 8, "its checksum is wrong"),
        (bzip2, 3, "a block is not valid, or its checksum is wrong"),
        (zstd, 1, "the checksum of a frame is wrong"),
    ] {
        let mut bytes = one(&text);
        let at = bytes.len() - from_end;
        bytes[at] ^= 0x10;
        let format = sniffed(&bytes);
        check(
            &bytes,
            &text,
            &format!("Corrupt {{ format: {format:?}, text_bytes: 360, why: {why:?} }}"),
        );
    }
}

fn sniffed(bytes: &[u8]) -> Format {
    match sniff(&mut Raw::of_stream(Box::new(io::Cursor::new(bytes.to_vec())), 64)) {
        Magic::Read(format) => format,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_line_that_begins_like_an_archive_is_text() {
    for text in [
        &b"BZh9 is how bzip2 begins\n"[..],
        b"BZh",
        b"P*M",
        b"PK\x03",
        b"\x1f\x8b",
        b"\x1f\x8b\x07 not deflate",
        b"\xfd7zX",
        b"7z archives\n",
        b"L",
        b"",
    ] {
        check(text, text, "");
    }
}

#[test]
fn a_magic_and_nothing_else_is_a_cut_archive() {
    check(b"\x1f\x8b\x08", b"", "Truncated { format: Gzip, text_bytes: 0 }");
    check(b"\x28\xb5\x2f\xfd", b"", "Truncated { format: Zstd, text_bytes: 0 }");
    check(b"\x50\x2a\x4d\x18\x05\0\0\0hel", b"", "Truncated { format: Zstd, text_bytes: 0 }");
    check(b"\x50\x2a\x4d\x18\x05\0\0\0hello", b"", "");
}

#[test]
fn text_behind_an_archive_is_counted() {
    let bytes = [gzip(b"packed\n"), b"\0\0plain\n".to_vec()].concat();
    check(&bytes, b"packed\n", "TrailingBytes { format: Some(Gzip), bytes: 6 }");
}
