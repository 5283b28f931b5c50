//! Finds the places in a buffer that are worth a closer look, and the code tokens in a text.
//!
//! Owns the literals and the shape of a code. Must never decide whether a token is an error. Fails:
//! never; what is not found is not there.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};
use memchr::memmem;

/// The prefixes of every code. `APIGW.` stands before `APIG.` only for the reader: the dot keeps
/// them apart.
const CODE_PREFIXES: [&str; 4] = ["AIS.", "ModelArts.", "APIGW.", "APIG."];

/// Texts that may lead to an occurrence although no whole code stands in the bytes.
const INDIRECT: [&str; 8] = [
    // Exception types whose fixed message identifies the code.
    "ClientRequestException",
    "ServerResponseException",
    "ServiceResponseException",
    // Container runtimes cut long lines; the cut can fall inside the code.
    "stdout P ",
    "stderr P ",
    // journald prints unprintable text as an array of byte values.
    "\"MESSAGE\":[",
    "\"MESSAGE\": [",
    "\"MESSAGE\" : [",
];

/// The paths of the service's API, their slashes possibly escaped as JSON allows.
const PATHS: [&str; 2] = ["/ocr/", "/ocr\\/"];

/// The longest literal: how far a hit can reach past the place where it starts.
pub(super) const LITERAL_BYTES_MAX: usize = 24;

/// `LeftmostFirst` is what switches the packed SIMD searcher on; the default match kind is an
/// order of magnitude slower (measured in the research notes).
static PREFILTER: LazyLock<AhoCorasick> =
    LazyLock::new(|| searcher(CODE_PREFIXES.iter().chain(&INDIRECT)));

/// Both kinds of places in one pass: a search of its own for paths costs half as much again.
static PREFILTER_WITH_PATHS: LazyLock<AhoCorasick> =
    LazyLock::new(|| searcher(CODE_PREFIXES.iter().chain(&INDIRECT).chain(&PATHS)));

static CODES: LazyLock<AhoCorasick> = LazyLock::new(|| searcher(CODE_PREFIXES.iter()));

/// Docker's json-file driver marks a cut line only by the missing newline at the text's end.
static DOCKER_TAIL: LazyLock<memmem::Finder<'static>> =
    LazyLock::new(|| memmem::Finder::new(b"\",\"stream\":\"std"));

fn searcher<'a>(literals: impl Iterator<Item = &'a &'a str>) -> AhoCorasick {
    AhoCorasick::builder()
        .match_kind(MatchKind::LeftmostFirst)
        .build(literals)
        .expect("a handful of short literals always builds")
}

/// A place that is worth a closer look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Candidate {
    pub start: usize,
    pub of: Hope,
}

/// What may be found at a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Hope {
    Error,
    Success,
}

/// Which places are worth a look.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Wanted {
    /// Also the cut lines of docker's json-file driver, which costs a search that hits every line.
    pub docker: bool,
    /// Also the paths of the service.
    pub paths: bool,
}

/// The next place worth a closer look at or after `from`.
pub(super) fn next_candidate(buffer: &[u8], from: usize, wanted: Wanted) -> Option<Candidate> {
    let haystack = buffer.get(from..)?;
    let prefilter = if wanted.paths { &*PREFILTER_WITH_PATHS } else { &*PREFILTER };
    let literal = next_literal(prefilter, buffer, from);
    if !wanted.docker {
        return literal;
    }
    let until = literal.map_or(haystack.len(), |literal| literal.start - from);
    DOCKER_TAIL
        .find_iter(&haystack[..until])
        .find(|at| !haystack[..*at].ends_with(b"\\n"))
        .map(|at| Candidate { start: from + at, of: Hope::Error })
        .or(literal)
}

fn next_literal(prefilter: &AhoCorasick, buffer: &[u8], mut from: usize) -> Option<Candidate> {
    loop {
        let found = prefilter.find(&buffer[from..])?;
        let (start, end) = (from + found.start(), from + found.end());
        let literal = found.pattern().as_usize();
        if literal >= CODE_PREFIXES.len() + INDIRECT.len() {
            return Some(Candidate { start, of: Hope::Success });
        }
        if literal >= CODE_PREFIXES.len() || may_be_code(&buffer[end..]) {
            return Some(Candidate { start, of: Hope::Error });
        }
        from = end;
    }
}

/// Whether what follows a code's prefix can be the rest of a code, in any quoting.
///
/// Escapes, colours and cuts begin with none of the bytes that are refused here; what they stand
/// for is not known before they are undone.
fn may_be_code(behind: &[u8]) -> bool {
    let digits = behind.iter().take_while(|byte| byte.is_ascii_digit()).count();
    match behind.get(digits) {
        Some(b'a'..=b'z' | b'A'..=b'Z' | b'_') => false,
        Some(b' ') => (4..=5).contains(&digits),
        _ => true,
    }
}

/// Whether a code begins with the bytes, whatever stands before it.
pub(super) fn begins_code(bytes: &[u8]) -> bool {
    // A code is shorter than the longest literal, with what tells where it ends.
    let near = bytes.get(..LITERAL_BYTES_MAX).unwrap_or(bytes);
    codes(&String::from_utf8_lossy(near)).next().is_some_and(|code| code.start == 0)
}

/// The code tokens of a text, in order, as byte ranges.
pub(super) fn codes(text: &str) -> impl Iterator<Item = Range<usize>> + '_ {
    CODES.find_iter(text).filter_map(move |found| code_at(text, found.start(), found.end()))
}

/// The code that begins at `start` and whose digits begin at `digits`.
///
/// Four or five digits: `ModelArts.81001` exists, and a fixed four would read `ModelArts.8100`.
fn code_at(text: &str, start: usize, digits: usize) -> Option<Range<usize>> {
    let bytes = text.as_bytes();
    let count = bytes[digits..].iter().take_while(|b| b.is_ascii_digit()).count();
    if !(4..=5).contains(&count) || !left_boundary(bytes, start) {
        return None;
    }
    let end = digits + count;
    right_boundary(&bytes[end..]).then_some(start..end)
}

/// A letter or digit before a code belongs to another word, unless it is the last character of an
/// escape: `%22AIS.0101`, `\nAIS.0101`, `\u0022AIS.0101`.
fn left_boundary(bytes: &[u8], start: usize) -> bool {
    let before = &bytes[..start];
    let Some(&last) = before.last() else { return true };
    if !last.is_ascii_alphanumeric() && last != b'_' {
        // `x-AIS.0101` and `foo.AIS.0101` are names of something else.
        let joined = matches!(last, b'.' | b'-');
        return !joined || !before.iter().rev().nth(1).is_some_and(u8::is_ascii_alphanumeric);
    }
    let hex = |digits: &[&u8]| digits.iter().all(|digit| digit.is_ascii_hexdigit());
    match before {
        [.., b'\\', b'n' | b't' | b'r' | b'f' | b'b'] => true,
        [.., b'\\', b'x', a, b] if hex(&[a, b]) => true,
        [.., b'\\', b'u', a, b, c, d] if hex(&[a, b, c, d]) => true,
        // rsyslog's `#012`.
        [.., b'#', b'0'..=b'3', b'0'..=b'7', b'0'..=b'7'] => true,
        _ => ends_with_percent(before) || ends_with_colour(before),
    }
}

/// `%22AIS.0101`, and `%2522AIS.0101`: each further layer of percent-encoding writes `25` behind
/// the sign.
fn ends_with_percent(before: &[u8]) -> bool {
    let Some(start) = before.iter().rposition(|b| *b == b'%') else { return false };
    let mut digits = &before[start + 1..];
    while let Some(rest) = digits.strip_prefix(b"25").filter(|rest| !rest.is_empty()) {
        digits = rest;
    }
    digits.len() == 2 && digits.iter().all(u8::is_ascii_hexdigit)
}

/// The end of a colour sequence whose escape byte is itself escaped: `\u001b[35mAIS.0101`.
fn ends_with_colour(before: &[u8]) -> bool {
    let Some(sequence) = before.strip_suffix(b"m") else { return false };
    let digits = sequence.iter().rev().take_while(|b| b.is_ascii_digit() || **b == b';').count();
    sequence[..sequence.len() - digits].ends_with(b"[")
}

fn right_boundary(after: &[u8]) -> bool {
    match after {
        [b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_', ..] => false,
        // `AIS.0101.html`, `InferHub.001001005.400`, `AIS.0101-guide`.
        [b'.' | b'-', next, ..] => !next.is_ascii_alphanumeric(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found: Vec<&str> = codes(text).map(|range| &text[range]).collect();
        assert_eq!(found, expected, "in {text:?}");
    }

    #[test]
    fn four_or_five_digits_make_a_code_and_the_longest_reading_wins() {
        check(
            "AIS.0101 ModelArts.81001 APIGW.0301 APIG.0308",
            &["AIS.0101", "ModelArts.81001", "APIGW.0301", "APIG.0308"],
        );
        check("AIS.010 AIS.010101 ais.0101 AIS0101", &[]);
    }

    #[test]
    fn an_escape_may_stand_directly_before_a_code() {
        check("%252522AIS.0101 %2522AIS.0102 %123AIS.0103", &["AIS.0101", "AIS.0102"]);
        for before in ["\\n", "\\t", "%22", "%2522", "\\x22", "\\u0022", "#012", "\\x1b[35m"] {
            check(&format!("{before}AIS.0101"), &["AIS.0101"]);
        }
        for before in
            ["\\q", "%g2", "\\xg2", "\\ug022", "\\u0g22", "\\u00g2", "\\u002g", "#412", "#092"]
        {
            check(&format!("{before}AIS.0101"), &[]);
        }
        let text = r"%22AIS.0101%22 \nAIS.0102 \u0022AIS.0103 \x22AIS.0104 \u001b[1;35mAIS.0105";
        check(text, &["AIS.0101", "AIS.0102", "AIS.0103", "AIS.0104", "AIS.0105"]);
    }

    #[test]
    fn near_names_are_not_codes() {
        check("10.17705/1jais.00141 modelarts.vm.cpu.8u apigw.HttpApi APIC.0101 FRS.0304", &[]);
        check("xAIS.0101 my-AIS.0101 AIS.0101.html AIS.0101x AIS.0101-guide RAIS.0101", &[]);
    }

    #[test]
    fn a_sentence_may_end_behind_a_code() {
        check("failed with AIS.0101.", &["AIS.0101"]);
        check("(AIS.0101)- AIS.0102, AIS.0103: x", &["AIS.0101", "AIS.0102", "AIS.0103"]);
    }

    #[test]
    fn a_cut_docker_line_is_a_candidate_only_when_asked_for() {
        let cut = br#"{"log":"abc","stream":"stdout","time":"t"}"#;
        let whole = br#"{"log":"abc\n","stream":"stdout","time":"t"}"#;
        let next = |buffer, docker| {
            let wanted = Wanted { docker, ..Wanted::default() };
            next_candidate(buffer, 0, wanted).map(|candidate| candidate.start)
        };
        assert_eq!(next(cut, true), Some(11));
        assert_eq!(next(cut, false), None);
        assert_eq!(next(whole, true), None);
    }

    #[test]
    fn what_can_be_no_code_is_no_candidate_and_what_may_become_one_is() {
        let hits = |text: &str| {
            let mut hits = 0;
            let mut from = 0;
            let wanted = Wanted::default();
            while let Some(next) = next_candidate(text.as_bytes(), from, wanted) {
                (hits, from) = (hits + 1, next.start + 1);
            }
            hits
        };
        assert_eq!(hits("AIS. codes, APIGW.domain, AIS.01xx, AIS.0101x, ModelArts._, APIG.03 "), 0);
        assert_eq!(hits("AIS.0101 ModelArts.81001, APIG.0308"), 3);
        // Cut, coloured, quoted: what follows may be digits.
        assert_eq!(hits("AIS.01\nAIS.\x1b[1m0101 AIS.\\u0030101 AIS.%30101 AIS."), 5);
    }

    #[test]
    fn what_leads_to_a_code_is_a_candidate_whatever_stands_behind_it() {
        for text in INDIRECT {
            let text = format!("{text} x");
            let next = next_candidate(text.as_bytes(), 0, Wanted::default());
            assert_eq!(next.map(|next| (next.start, next.of)), Some((0, Hope::Error)), "{text}");
        }
    }

    #[test]
    fn a_place_begins_a_code_if_a_whole_one_stands_there() {
        for text in ["AIS.0101", "AIS.0101 x", "ModelArts.81001.", "ModelArts.81001。然后然后然"]
        {
            assert!(begins_code(text.as_bytes()), "{text}");
        }
        for text in ["", "AIS.01", "ModelArts.81001.html", " AIS.0101", "/ocr/", "stdout P "] {
            assert!(!begins_code(text.as_bytes()), "{text}");
        }
    }

    #[test]
    fn a_path_of_the_service_is_a_candidate_only_when_asked_for() {
        let (text, paths) = (br"POST /v2/ocr/x \/ocr\/y /ocr?", true);
        let next = |from, paths| {
            next_candidate(text, from, Wanted { paths, ..Wanted::default() })
                .map(|c| (c.start, c.of))
        };
        assert_eq!(next(0, paths), Some((8, Hope::Success)));
        assert_eq!(next(9, paths), Some((16, Hope::Success)));
        assert_eq!((next(17, paths), next(0, false)), (None, None));
    }

    #[test]
    fn no_literal_is_longer_than_the_stated_maximum() {
        let longest = CODE_PREFIXES.iter().chain(&INDIRECT).chain(&PATHS).map(|l| l.len()).max();
        assert_eq!(longest, Some(LITERAL_BYTES_MAX));
    }
}
