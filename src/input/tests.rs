use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::Command;

use super::*;

mod pieces;
mod unreadable;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/input/");

pub(super) fn data(name: &str) -> Vec<u8> {
    fs::read(format!("{DATA}{name}")).unwrap()
}

fn first_100_lines() -> Vec<u8> {
    let text = data("app.log");
    let end = text.iter().enumerate().filter(|(_, byte)| **byte == b'\n').nth(99).unwrap().0;
    text[..=end].to_vec()
}

/// Reads to the end in reads of `sizes`, again and again.
fn read_in(reader: &mut Reader, sizes: &[usize]) -> Vec<u8> {
    let mut text = Vec::new();
    for size in sizes.iter().cycle() {
        let before = text.len();
        text.resize(before + size, 0);
        let count = reader.read(&mut text[before..]).unwrap();
        text.truncate(before + count);
        if count == 0 {
            break;
        }
    }
    assert_eq!(reader.read(&mut [0; 10]).unwrap(), 0, "the end is final");
    text
}

/// What a reader gives: its compression and encoding, how its text compares to the expected one,
/// and its notes.
fn told(mut reader: Reader, expected: &[u8], sizes: &[usize]) -> String {
    let text = read_in(&mut reader, sizes);
    let compression = reader.compression().map_or("plain".to_owned(), |format| format.to_string());
    let encoding = reader.encoding().unwrap();
    let text = match text.len() {
        count if text == expected => format!("all {count} bytes"),
        count if expected.starts_with(&text) => format!("the first {count} bytes"),
        count => format!("{count} other bytes"),
    };
    let mut told = format!("{compression} {encoding:?}: {text}\n");
    for note in reader.notes() {
        let lost = if note.loses_text() { "lost" } else { "told" };
        writeln!(told, "{lost}: {note}").unwrap();
    }
    told
}

/// Opens a file of `tests/data/input` and reads it in large, small and odd reads.
fn check(name: &str, expected: &[u8], expect: &str) {
    // Small reads of a large text take their time and show nothing more.
    let sizes: &[&[usize]] = &[&[1 << 20], &[4096], &[1000, 3, 70_000, 1]];
    for sizes in sizes.iter().take(if expected.len() > 1 << 20 { 1 } else { 3 }) {
        let input = Input {
            name: name.into(),
            path: Some(format!("{DATA}{name}").into()),
            ..Input::stdin()
        };
        let reader = open(&input).unwrap();
        assert_eq!(told(reader, expected, sizes), expect, "{name} in reads of {sizes:?}");
    }
}

/// The problem that opening a path gives.
fn check_refused(path: &Path, expect: &str) {
    let name = path.file_name().unwrap().to_string_lossy().into();
    let input = Input { name, path: Some(path.to_owned()), ..Input::stdin() };
    assert_eq!(open(&input).unwrap_err().to_string(), expect);
}

#[test]
fn archives_of_several_members_are_read_to_their_last() {
    let text = data("app.log");
    check("app.log", &text, "plain Bytes: all 20705 bytes\n");
    check("members.gz", &text, "gzip Bytes: all 20705 bytes\n");
    check("members.bz2", &text, "bzip2 Bytes: all 20705 bytes\n");
    check("members.xz", &text, "xz Bytes: all 20705 bytes\n");
    check("members.zst", &text, "zstd Bytes: all 20705 bytes\n");
    check("pzstd.zst", &text, "zstd Bytes: all 20705 bytes\n");
    check("mixed.gz", &text, "gzip Bytes: all 20705 bytes\n");
}

#[test]
fn a_cut_archive_gives_what_stands_before_the_cut() {
    for (name, kind, count, expected) in [
        ("cut.gz", "gzip", 18_828, data("app.log")),
        ("cut.xz", "xz", 16_584, data("app.log")),
        ("cut.bz2", "bzip2", 8_547, data("app.log")),
        ("cut.zst", "zstd", 8_547, data("app.log")),
        ("cut-behind-blocks.zst", "zstd", 131_072, data("app.log").repeat(20)),
    ] {
        check(
            name,
            &expected,
            &format!(
                "{kind} Bytes: the first {count} bytes\n\
                 lost: `{name}` ends in the middle of its {kind} data: the {count} bytes of text \
                 before were read\n\
                 hint: it may still be written, or was cut when it was copied; `{kind} -t` checks it\n"
            ),
        );
    }
}

#[test]
fn trailing_bytes_are_told_and_lose_nothing() {
    let text = data("app.log");
    for kind in ["gzip", "bzip2", "xz", "zstd"] {
        let extension = match kind {
            "gzip" => "gz",
            "bzip2" => "bz2",
            "zstd" => "zst",
            kind => kind,
        };
        check(
            &format!("trailing.{extension}"),
            &text,
            &format!(
                "{kind} Bytes: all 20705 bytes\n\
                 told: `trailing.{extension}` has 14 bytes behind its {kind} data that are not \
                 compressed; they were not read\n"
            ),
        );
    }
}

#[test]
fn a_wide_window_is_refused_only_when_the_text_fills_it() {
    let large = b"the same line again and again, so that the archive is small\n".repeat(349_526);
    check("wide.xz", &data("app.log"), "xz Bytes: all 20705 bytes\n");
    check("wide.zst", &data("app.log"), "zstd Bytes: all 20705 bytes\n");
    for (name, command, kind, needs_mib, count) in [
        ("large.xz", "xz -dc", "xz", 65, 14 << 20),
        ("large.zst", "zstd -dc --long=31", "zstd", 128, 16 << 20),
        ("large-known-size.zst", "zstd -dc --long=31", "zstd", 21, 16 << 20),
    ] {
        check(
            name,
            &large,
            &format!(
                "{kind} Bytes: the first {count} bytes\n\
                 lost: `{name}` needs {needs_mib} MiB of memory for its {kind} window and 16 MiB \
                 are allowed: only the first {count} bytes of text were read\n\
                 hint: `{command} {name} | ocrwatch report -` reads it\n"
            ),
        );
    }
    let name = "large.xz";
    let input =
        Input { name: name.into(), path: Some(format!("{DATA}{name}").into()), ..Input::stdin() };
    let wide = Limits { window_bytes_max: 64 << 20, ..Limits::default() };
    let told = told(open_within(&input, wide).unwrap(), &large, &[1 << 20]);
    assert_eq!(told, "xz Bytes: all 20971560 bytes\n");
}

#[test]
fn marks_are_taken_off_and_utf16_becomes_utf8() {
    let text = first_100_lines();
    let ascii = String::from_utf8(text.clone()).unwrap().replace(" 识别完成", "").into_bytes();
    check("utf8-marked.log", &text, "plain Utf8Marked: all 8547 bytes\n");
    check("utf16le-marked.log", &text, "plain Utf16Le: all 8547 bytes\n");
    check("utf16be-marked.log.gz", &text, "gzip Utf16Be: all 8547 bytes\n");
    check("utf16le.log", &ascii, "plain Utf16Le: all 7286 bytes\n");
    check("utf16be.log", &ascii, "plain Utf16Be: all 7286 bytes\n");
    check("gbk.log", &data("gbk.log"), "plain Bytes: all 8159 bytes\n");
}

#[test]
fn other_archives_are_refused_with_the_command_that_reads_them() {
    check_refused(
        Path::new(&format!("{DATA}not-read.zip")),
        "cannot read `not-read.zip`: it is a zip archive\n\
         hint: `unzip -p not-read.zip | ocrwatch report -` reads it",
    );
    check_refused(
        Path::new(&format!("{DATA}not-read.lz4")),
        "cannot read `not-read.lz4`: it is an lz4 archive\n\
         hint: `lz4 -dc not-read.lz4 | ocrwatch report -` reads it",
    );
}

#[test]
fn sockets_devices_and_directories_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let socket = directory.path().join("a.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
    check_refused(&socket, "cannot read `a.sock`: it is a socket, not a log file");
    check_refused(
        Path::new("/dev/zero"),
        "cannot read `zero`: it is a character device, not a log file",
    );
    check_refused(Path::new("/usr"), "cannot read `usr`: it is a directory, not a log file");
    let null = Input { path: Some("/dev/null".into()), ..Input::stdin() };
    assert_eq!(told(open(&null).unwrap(), b"", &[10]), "plain Bytes: all 0 bytes\n");
}

#[test]
fn a_fifo_is_read_as_a_stream() {
    let directory = tempfile::tempdir().unwrap();
    let fifo = directory.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&fifo).status().unwrap().success());
    let archive = data("members.gz");
    let writer = std::thread::spawn({
        let fifo = fifo.clone();
        move || fs::OpenOptions::new().write(true).open(fifo).unwrap().write_all(&archive).unwrap()
    });
    let found = discover(&[fifo.clone().into(), fifo.into()], false);
    assert_eq!(found.inputs.len(), 1);
    assert_eq!(found.inputs[0].size_bytes, None);
    let reader = open(&found.inputs[0]).unwrap();
    assert_eq!(told(reader, &data("app.log"), &[512]), "gzip Bytes: all 20705 bytes\n");
    writer.join().unwrap();
}

#[test]
fn a_file_that_shrinks_while_it_is_read_is_told() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    fs::write(&path, b"line\n".repeat(100)).unwrap();
    let input = Input { name: "app.log".into(), path: Some(path.clone()), ..Input::stdin() };
    let limits = Limits { read_bytes: 64, ..Limits::default() };
    let mut reader = open_within(&input, limits).unwrap();
    assert_eq!(reader.read(&mut [0; 64]).unwrap(), 64);
    fs::write(&path, b"new\n").unwrap();
    assert_eq!(reader.read(&mut [0; 64]).unwrap(), 0);
    assert_eq!(
        reader.notes()[0].to_string(),
        "`app.log` became smaller while it was read: 64 of its 500 bytes were read\n\
         hint: read the rotated copy as well, with --with-rotated"
    );
    assert_eq!(reader.notes()[0].exit_code_kind(), Some(ExitKind::Io));
}

#[test]
fn a_file_that_grows_while_it_is_read_ends_where_its_end_was_met() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("app.log");
    fs::write(&path, b"line\n").unwrap();
    let input = Input { path: Some(path.clone()), ..Input::stdin() };
    let mut reader = open(&input).unwrap();
    assert_eq!(read_in(&mut reader, &[3]), b"line\n");
    fs::OpenOptions::new().append(true).open(&path).unwrap().write_all(b"more\n").unwrap();
    assert_eq!(reader.read(&mut [0; 64]).unwrap(), 0);
    assert!(reader.notes().is_empty());
}

#[test]
fn the_position_runs_to_the_size_of_the_file() {
    let size = data("members.zst").len() as u64;
    let input = Input { path: Some(format!("{DATA}members.zst").into()), ..Input::stdin() };
    let mut reader = open_within(&input, Limits { read_bytes: 100, ..Limits::default() }).unwrap();
    let mut positions = vec![reader.compressed_position()];
    while reader.read(&mut [0; 5000]).unwrap() > 0 {
        positions.push(reader.compressed_position());
    }
    assert!(positions.is_sorted() && positions.len() > 3, "{positions:?}");
    assert_eq!((positions[0], reader.compressed_position()), (0, size));
}

#[test]
fn the_utf8_mark_shifts_offsets_and_a_utf16_mark_does_not() {
    let mark_bytes = |name: &str| {
        let mut reader = Reader::new(name, io::Cursor::new(data(name))).unwrap();
        read_in(&mut reader, &[100]);
        reader.mark_bytes()
    };
    assert_eq!(mark_bytes("utf8-marked.log"), 3);
    assert_eq!(mark_bytes("utf16le-marked.log"), 0);
    assert_eq!(mark_bytes("app.log"), 0);
}

#[test]
fn readers_can_be_handed_to_threads() {
    fn takes_send<T: Send>() {}
    takes_send::<Reader>();
}

#[test]
fn names_cannot_steer_the_terminal() {
    let name = "a\x1b[2J\u{202e}\n.log".into();
    let problem = InputProblem::new(&name, ProblemKind::NotAFile("a socket"));
    assert_eq!(
        problem.to_string(),
        "cannot read `a\\u{1b}[2J\\u{202e}\\n.log`: it is a socket, not a log file"
    );
}
