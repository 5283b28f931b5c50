//! What must hold of the extraction from any bytes, whoever wrote them.
//!
//! Owns the claims that the fuzz target and the tests share: `fuzz/` includes this file. It fails
//! by panicking, with the claim in the text.

use std::sync::{Arc, LazyLock};

use chrono::{DateTime, FixedOffset, TimeDelta};
use ocrwatch::catalogue::Catalogue;
use ocrwatch::extract::{Counters, Extractor, Settings, Sink, Successes, visible};
use ocrwatch::occurrence::{Occurrence, Place, Success};
use ocrwatch::zone::Zone;

pub(crate) static CATALOGUE: LazyLock<Arc<Catalogue>> =
    LazyLock::new(|| Arc::new(Catalogue::embedded()));

/// What an input gave.
#[derive(Debug, PartialEq)]
pub(crate) struct Extraction {
    pub(crate) occurrences: Vec<Occurrence>,
    pub(crate) successes: Vec<Success>,
    /// Where occurrences and successes stand, in the order in which they came.
    pub(crate) places: Vec<Place>,
    pub(crate) marks: Vec<DateTime<FixedOffset>>,
    pub(crate) counters: Counters,
}

#[derive(Clone, Default)]
pub(crate) struct Taken {
    occurrences: Vec<Occurrence>,
    successes: Vec<Success>,
    places: Vec<Place>,
    marks: Vec<DateTime<FixedOffset>>,
}

impl Taken {
    pub(crate) fn into_extraction(self, counters: Counters) -> Extraction {
        let Self { occurrences, successes, places, marks } = self;
        Extraction { occurrences, successes, places, marks, counters }
    }
}

impl Sink for Taken {
    fn occurrence(&mut self, occurrence: Occurrence) {
        self.places.push(occurrence.place.clone());
        self.occurrences.push(occurrence);
    }

    fn success(&mut self, success: Success) {
        self.places.push(success.place.clone());
        self.successes.push(success);
    }

    fn activity(&mut self, at: DateTime<FixedOffset>) {
        self.marks.push(at);
    }
}

/// Everything that can be asked for, the same word found by two ways included.
static SUCCESSES: LazyLock<Successes> = LazyLock::new(|| {
    let pattern = r"(?i)^[^{]*\b(?:done|succeeded)\b|access_?key\W+(?P<access_key>\S+)[^x]*x";
    Successes::access_logs().with_pattern(pattern).expect("the pattern is valid")
});

/// Extracts from bytes that come in reads of these sizes, again and again; no sizes are one read.
pub(crate) fn extract(log: &[u8], read_sizes: &[usize]) -> Extraction {
    extract_with(log, read_sizes, settings())
}

/// The same as somebody else asks for it.
pub(crate) fn extract_with(log: &[u8], read_sizes: &[usize], settings: Settings) -> Extraction {
    let mut extractor = Extractor::new(&CATALOGUE, settings, Arc::from("fuzz.log"));
    let mut sink = Taken::default();
    let mut rest = log;
    for size in read_sizes.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        let spare = extractor.spare();
        assert!(!spare.is_empty(), "the room for the next read is never empty");
        let count = (*size).max(1).min(spare.len()).min(rest.len());
        spare[..count].copy_from_slice(&rest[..count]);
        extractor.commit(count, &mut sink);
        rest = &rest[count..];
    }
    extractor.push(rest, &mut sink);
    let counters = extractor.finish(&mut sink);
    sink.into_extraction(counters)
}

pub(crate) fn settings() -> Settings {
    let zone = Zone::parse("+08:00").expect("a fixed offset is a zone");
    let reference = DateTime::from_timestamp(1_795_399_201, 0).expect("an instant in range");
    Settings {
        successes: SUCCESSES.clone(),
        activity_gap: Some(TimeDelta::minutes(5)),
        ..Settings::new(zone, reference)
    }
}

/// Checks every claim on one input. Its first three bytes choose the reads and what is planted.
pub(crate) fn check(input: &[u8]) {
    let Some(([reads, step, plant], log)) = input.split_first_chunk() else { return };
    // A fuzzer sees what is compared, and writes it itself.
    let folded = log.to_ascii_lowercase();
    let is_marked = |mark: &str| folded.windows(mark.len()).any(|part| part == mark.as_bytes());
    if MARKS.iter().any(|mark| is_marked(mark)) {
        return;
    }
    let log = planted(log, usize::from(plant % 7) + 1, usize::from(plant / 7));
    let at_once = extract(&log, &[]);

    let size = 1 + usize::from(*reads) * (1 + usize::from(step % 16));
    let in_pieces = extract(&log, &[size, 1, usize::from(*step) + 1]);
    assert_eq!(at_once, in_pieces, "reads of {size} bytes give other occurrences than one read");

    let mut place = (0, 0);
    for found in &at_once.places {
        check_place(found, &log);
        let here = (found.line, found.offset);
        assert!(here >= place, "results come in the input's order: {here:?} after {place:?}");
        place = here;
    }
    check_successes(&at_once);
    for occurrence in &at_once.occurrences {
        for (name, text) in texts(occurrence) {
            check_text(name, text);
        }
    }
    let lines = log.split(|byte| *byte == b'\n').count() - usize::from(log.ends_with(b"\n"));
    let lines = if log.is_empty() { 0 } else { lines };
    assert_eq!(at_once.counters.lines, lines as u64, "every line is counted once");
    assert_eq!(at_once.counters.bytes, log.len() as u64, "every byte is counted once");
    let untimed = at_once.occurrences.iter().filter(|occurrence| occurrence.at.is_none()).count();
    assert_eq!(at_once.counters.untimed, untimed as u64, "a time that is not known is counted");
}

fn check_successes(extraction: &Extraction) {
    let mut line = 0;
    for success in &extraction.successes {
        assert!(success.place.line > line, "a line has one success at most");
        line = success.place.line;
        assert!((200..300).contains(&success.http_status), "a success has a status of one");
        let errors = &extraction.occurrences;
        let is_error = errors.iter().any(|error| error.place == success.place);
        assert!(!is_error, "what is an error is no success: line {line}");
        let texts = [
            ("api", &success.api),
            ("region", &success.region),
            ("project", &success.project),
            ("host", &success.host),
            ("access_key", &success.access_key),
        ];
        for (name, text) in texts.iter().filter_map(|(name, text)| Some((name, text.as_ref()?))) {
            check_text(name, text);
        }
    }
}

fn check_place(place: &Place, log: &[u8]) {
    let line_start = usize::try_from(place.offset).expect("an offset into memory");
    let before = log.get(..line_start).expect("the line begins within the input");
    assert!(before.is_empty() || before.ends_with(b"\n"), "an offset is the start of a line");
    let number = memchr::memchr_iter(b'\n', before).count() as u64 + 1;
    assert_eq!(place.line, number, "line and offset name the same line");
}

fn texts(occurrence: &Occurrence) -> impl Iterator<Item = (&'static str, &str)> {
    let always = [("code", Some(&*occurrence.code)), ("sample", Some(&*occurrence.sample))];
    let fields = [
        ("message", &occurrence.message),
        ("request_id", &occurrence.request_id),
        ("api", &occurrence.api),
        ("region", &occurrence.region),
        ("project", &occurrence.project),
        ("host", &occurrence.host),
        ("access_key", &occurrence.access_key),
        ("exception", &occurrence.exception),
        ("period", &occurrence.period),
    ];
    let fields = fields.into_iter().map(|(name, text)| (name, text.as_deref()));
    let cause = ("cause", occurrence.cause.as_deref());
    always.into_iter().chain(fields).chain([cause]).filter_map(|(name, text)| Some((name, text?)))
}

fn check_text(name: &str, text: &str) {
    let acts = |c: char| visible::acts_unseen(c) && !matches!(c, '\n' | '\t');
    assert!(!text.contains(acts), "{name} holds a character that acts unseen: {text:?}");
    let folded = text.to_ascii_lowercase();
    for mark in MARKS {
        assert!(!folded.contains(mark), "{name} holds a planted secret: {text:?}");
    }
}

/// What every eight characters of a planted secret hold; the second is for hexadecimal ones.
const MARKS: [&str; 2] = ["pl4nt3d", "5ec2e75"];

/// Secrets as programs print them, whole, so that nothing that is changed around them takes away
/// what tells them: as a header, in a dictionary, in JSON. Those without a line feed stand at the
/// start of the log's own lines. The long password is no base64: only its key tells what it is.
static SECRETS: LazyLock<[String; 8]> = LazyLock::new(|| {
    let token = "MIIpL4nt3d".to_owned() + &"pL4nt3d+".repeat(80);
    let signature = "5ec2e75".repeat(10);
    let password = "pL4nt3d!".repeat(50);
    [
        format!("    X-Auth-Token: {token}\n"),
        "    \"password\": \"pL4nt3d\",\n".to_owned(),
        format!("{{\"headers\": {{\"X-Auth-Token\": \"{token}\"}}, "),
        format!(
            "Authorization: SDK-HMAC-SHA256 Access=HPUAPL4NT3DPL4NT3DQX, \
             SignedHeaders=host;x-sdk-date, Signature={signature}\n"
        ),
        "\t'sk': 'pL4nt3dpL4nt3dpL4nt3dpL4nt3dpL4nt3dpL4nt'\n".to_owned(),
        format!("    encoded_authorization_message={token}\n"),
        format!("login with {{'password': '{password}'}} "),
        format!("    \"password\": \"{password}\",\n"),
    ]
});

/// The log with secrets after every so many lines.
fn planted(log: &[u8], lines_apart: usize, which: usize) -> Vec<u8> {
    let mut planted = Vec::with_capacity(log.len() * 2);
    for (number, line) in log.split_inclusive(|byte| *byte == b'\n').enumerate() {
        planted.extend_from_slice(line);
        if line.ends_with(b"\n") && number % lines_apart == 0 {
            planted.extend_from_slice(SECRETS[(which + number) % SECRETS.len()].as_bytes());
        }
    }
    planted
}

/// Filler in front of a log, whole lines of exactly so many bytes in all, so that the edges of the
/// extractor's buffer fall elsewhere. Only the first line's length depends on how much is asked
/// for: the last ones may end up in a record. It is written as docker does if the log is.
pub(crate) fn filler(bytes: usize, log: &[u8]) -> Vec<u8> {
    const LINE_BYTES: usize = 160;
    let docker = log.starts_with(b"{\"log\":\"");
    let (head, tail) = if docker {
        ("{\"log\":\"", "\\n\",\"stream\":\"stdout\",\"time\":\"2026-11-23T00:00:00Z\"}\n")
    } else {
        ("2026-11-23T00:00:00.000Z INFO ", "\n")
    };
    let mut filler = Vec::with_capacity(bytes);
    while filler.len() < bytes {
        let length = if filler.is_empty() { LINE_BYTES + bytes % LINE_BYTES } else { LINE_BYTES };
        filler.extend_from_slice(head.as_bytes());
        filler.resize(filler.len() + length - head.len() - tail.len(), b'.');
        filler.extend_from_slice(tail.as_bytes());
    }
    filler
}

/// The occurrences behind so much filler, placed as if it were not there.
pub(crate) fn extract_behind(filler_bytes: usize, log: &[u8], read_sizes: &[usize]) -> Extraction {
    let mut bytes = filler(filler_bytes, log);
    assert_eq!(bytes.len(), filler_bytes, "too little room for a line of filler");
    let lines = memchr::memchr_iter(b'\n', &bytes).count() as u64;
    bytes.extend_from_slice(log);
    let mut extraction = extract(&bytes, read_sizes);
    let occurrences = extraction.occurrences.iter_mut().map(|occurrence| &mut occurrence.place);
    let successes = extraction.successes.iter_mut().map(|success| &mut success.place);
    for place in occurrences.chain(successes).chain(&mut extraction.places) {
        place.offset -= filler_bytes as u64;
        place.line -= lines;
    }
    // Which marks there are between two silences depends on where the buffer's edges fall.
    extraction.marks.clear();
    extraction.counters.bytes -= filler_bytes as u64;
    extraction.counters.lines -= lines;
    extraction
}
