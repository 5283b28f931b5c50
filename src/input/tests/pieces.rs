use std::io::{self, Read};

use proptest::prelude::*;

use super::{data, read_in, told};
use crate::input::Reader;

/// Gives its bytes in pieces of the given sizes, with interruptions, then an error if it has one.
struct Pieces {
    bytes: io::Cursor<Vec<u8>>,
    sizes: std::iter::Cycle<std::vec::IntoIter<usize>>,
    interrupted: bool,
    error: Option<io::ErrorKind>,
}

impl Pieces {
    fn of(bytes: Vec<u8>, sizes: Vec<usize>) -> Self {
        let sizes = sizes.into_iter().cycle();
        Self { bytes: io::Cursor::new(bytes), sizes, interrupted: false, error: None }
    }
}

impl Read for Pieces {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        self.interrupted = !self.interrupted;
        if self.interrupted {
            return Err(io::ErrorKind::Interrupted.into());
        }
        let size = self.sizes.next().unwrap().min(out.len());
        match (self.bytes.read(&mut out[..size])?, self.error) {
            (0, Some(kind)) => Err(kind.into()),
            (count, _) => Ok(count),
        }
    }
}

#[test]
fn a_read_error_ends_the_text_and_is_told() {
    for (name, text, said) in [
        ("app.log", "plain Bytes: all 20705 bytes\n", 20705),
        ("members.gz", "gzip Bytes: all 20705 bytes\n", 20705),
        ("cut.bz2", "bzip2 Bytes: the first 8547 bytes\n", 8547),
    ] {
        let mut pieces = Pieces::of(data(name), vec![1000]);
        pieces.error = Some(io::ErrorKind::StaleNetworkFileHandle);
        let reader = Reader::new("a.log", pieces).unwrap();
        assert_eq!(
            told(reader, &data("app.log"), &[300]),
            format!(
                "{text}lost: cannot read `a.log` to its end: stale network file handle; the \
                 {said} bytes of text before were read\n"
            )
        );
    }
}

fn sizes() -> impl Strategy<Value = Vec<usize>> {
    proptest::collection::vec(prop_oneof![1..20_usize, 1..5000_usize], 1..6)
}

const KINDS: [&str; 10] = [
    "members.gz",
    "members.xz",
    "members.bz2",
    "members.zst",
    "mixed.gz",
    "cut.xz",
    "cut.gz",
    "trailing.zst",
    "utf16le-marked.log",
    "utf16be-marked.log.gz",
];

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(64) })]

    #[test]
    fn the_sizes_of_reads_do_not_matter(
        name in proptest::sample::select(&KINDS[..]),
        pieces in sizes(),
        reads in sizes(),
    ) {
        let whole = told(Reader::new(name, io::Cursor::new(data(name))).unwrap(), b"", &[1 << 20]);
        let mut reader = Reader::new(name, Pieces::of(data(name), pieces)).unwrap();
        let text = read_in(&mut reader, &reads);
        let again = Reader::new(name, io::Cursor::new(data(name))).unwrap();
        prop_assert_eq!(told(again, &text, &[1 << 20]).lines().next().map(|line| line.contains("all")), Some(true));
        let told_in_pieces = told(
            Reader::new(name, Pieces::of(data(name), vec![7])).unwrap(), b"", &reads,
        );
        prop_assert_eq!(told_in_pieces, whole);
    }

    #[test]
    fn any_damage_ends_the_text_in_the_same_way_whatever_the_reads(
        name in proptest::sample::select(&KINDS[..]),
        at in any::<proptest::sample::Index>(),
        bits in 1..=255_u8,
        length in any::<proptest::sample::Index>(),
        reads in sizes(),
    ) {
        let mut bytes = data(name);
        let at = at.index(bytes.len());
        bytes[at] ^= bits;
        bytes.truncate(bytes.len() - length.index(bytes.len()).saturating_sub(bytes.len() / 2));
        let told_of = |pieces: Vec<usize>, reads: &[usize]| {
            let reader = Reader::new(name, Pieces::of(bytes.clone(), pieces));
            match reader {
                Ok(mut reader) => {
                    let text = read_in(&mut reader, reads);
                    (String::from_utf8_lossy(&text).into_owned(), format!("{:?}", reader.notes()))
                }
                Err(problem) => (String::new(), problem.to_string()),
            }
        };
        prop_assert_eq!(told_of(vec![1 << 20], &[1 << 20]), told_of(vec![5], &reads));
    }

    #[test]
    fn bytes_that_are_no_archive_pass_as_they_are(
        bytes in proptest::collection::vec(any::<u8>(), 0..2000),
        pieces in sizes(),
        reads in sizes(),
    ) {
        // Sixteen bytes without NUL are no UTF-16, whatever follows.
        let text = [b"sixteen letters ".to_vec(), bytes].concat();
        let mut reader = Reader::new("x", Pieces::of(text.clone(), pieces)).unwrap();
        prop_assert_eq!(read_in(&mut reader, &reads), text);
    }
}
