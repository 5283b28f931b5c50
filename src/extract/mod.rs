//! Finds the OCR errors in a stream of log bytes and tells what the log says about each.
//!
//! Owns the way from bytes to occurrences:
//!
//! ```text
//! scan ──▶ record ──▶ peel ──▶ body ──▶ evidence ──▶ repeat ──▶ Occurrence
//! (hits)   (lines,    (quotes) (shape)  (error or    (same
//!           carriers)                    mention)     event)
//! ```
//!
//! ```
//! use ocrwatch::catalogue::Catalogue;
//! use ocrwatch::extract::{Extractor, Settings};
//! use ocrwatch::occurrence::Occurrence;
//! use ocrwatch::zone::Zone;
//!
//! let catalogue = std::sync::Arc::new(Catalogue::embedded());
//! let zone = Zone::parse("Asia/Shanghai").expect("a name of the zone database");
//! let reference = "2026-11-23T00:00:00Z".parse().expect("an instant");
//! let settings = Settings::new(zone, reference);
//! let mut extractor = Extractor::new(&catalogue, settings, "app.log".into());
//! let mut codes = Vec::new();
//! let log = r#"2026-11-20 10:00:01,123 ERROR {"error_msg":"M","error_code":"AIS.0105"}"#;
//! let mut sink = |occurrence: Occurrence| codes.push(occurrence.code);
//! extractor.push(log.as_bytes(), &mut sink);
//! extractor.finish(&mut sink);
//! assert_eq!(codes, ["AIS.0105".into()]);
//! ```
//!
//! Beside the errors it finds, when asked to, calls that succeeded and when the log was written to.
//!
//! Who follows a log for months asks for a [`Checkpoint`] with each commit, resumes from it, and
//! flushes the extractor when the log is quiet.
//!
//! Architecture invariant: pure. No files, no clock, no threads; the zone and the reference instant
//! are settings. The same bytes give the same results however they are cut into reads. Nothing
//! fails on input: what cannot be read is absent from the occurrence or counted.

mod activity;
mod body;
mod buffer;
mod checkpoint;
mod envelope;
mod evidence;
mod facts;
mod finding;
mod head;
mod infer;
mod object;
mod passing;
mod path;
mod peel;
mod quiet;
mod record;
pub mod redact;
mod repeat;
mod scan;
mod seen;
mod segment;
mod sink;
mod statement;
mod subject;
mod success;
pub mod timestamp;
mod turn;
mod unescape;
pub mod visible;

use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

pub use checkpoint::Checkpoint;
pub use segment::{Cutter, SEGMENT_BYTES, Segment, Text};
pub use sink::Sink;
pub use success::Successes;

use buffer::{AHEAD_BYTES, Buffer};
use checkpoint::Progress;
use passing::{Passing, To};
use turn::Scanner;

use crate::catalogue::Catalogue;
use crate::zone::Zone;

/// What an extractor is told about the world.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The zone of stamps that tell none.
    pub zone: Zone,
    /// An instant not long after the log was written: gives the year to stamps without one.
    pub reference: DateTime<Utc>,
    /// Which calls that succeeded are passed on.
    pub successes: Successes,
    /// Instants at which the log was written to are passed on, so many that silences of this length
    /// show: of each both sides, else about one mark for each such length.
    pub activity_gap: Option<TimeDelta>,
    /// Codes that stand further than this from the beginning of their line are not looked at.
    pub line_bytes_max: Option<u64>,
}

impl Settings {
    /// Errors only.
    pub fn new(zone: Zone, reference: DateTime<Utc>) -> Self {
        Self {
            zone,
            reference,
            successes: Successes::none(),
            activity_gap: None,
            line_bytes_max: None,
        }
    }

    fn instant_of(&self, line: &[u8]) -> Option<DateTime<FixedOffset>> {
        const LINE_BYTES_MAX: usize = 8 * 1024;
        let line = String::from_utf8_lossy(&line[..line.len().min(LINE_BYTES_MAX)]);
        let unwrapped = envelope::unwrap(&line);
        let stamp = unwrapped.envelope.stamp.or_else(|| head::stamp(&unwrapped.text))?;
        self.zone.at(&stamp, self.reference)
    }
}

/// What was read and what was left out, of one input.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counters {
    /// Bytes of decoded text.
    pub bytes: u64,
    /// Lines, an unterminated last one included.
    pub lines: u64,
    /// Codes that stood in prose, lists, labels, source lines or recognised text.
    pub mentions: u64,
    /// Occurrences whose time could not be read.
    pub untimed: u64,
    /// Codes on lines that hold more of them than are looked at.
    pub codes_left_out: u64,
    /// Lines too long to be looked at whole, which were looked at in pieces.
    pub long_lines: u64,
    /// Codes further from the beginning of their line than the settings allow.
    pub beyond_line_max: u64,
    /// The first and the last stamp of the input's lines, where they could be read.
    #[serde(with = "checkpoint::instant::option", skip_serializing_if = "Option::is_none")]
    pub first_at: Option<DateTime<FixedOffset>>,
    /// See `first_at`.
    #[serde(with = "checkpoint::instant::option", skip_serializing_if = "Option::is_none")]
    pub last_at: Option<DateTime<FixedOffset>>,
}

impl Counters {
    /// Whether everything was counted less often than so.
    fn are_below(&self, limit: u64) -> bool {
        let Self { bytes, lines, mentions, untimed, codes_left_out, long_lines, .. } = self;
        let counts = [bytes, lines, mentions, untimed, codes_left_out, long_lines];
        counts.into_iter().chain([&self.beyond_line_max]).all(|count| *count <= limit)
    }
}

/// Extracts the occurrences of one input, fed in order.
#[derive(Debug)]
pub struct Extractor {
    scanner: Scanner,
    passing: Passing,
}

impl Extractor {
    /// An extractor for one input; `file` is its name as the user gave it.
    pub fn new(catalogue: &Arc<Catalogue>, settings: Settings, file: Arc<str>) -> Self {
        let (buffer, progress) = (Buffer::new(0), Progress::default());
        let scanner = Scanner::new(catalogue, settings, file, buffer, progress);
        Self { scanner, passing: Passing::default() }
    }

    /// An extractor that goes on where another one stopped. It is fed the input's decoded text
    /// from the checkpoint's [`context_from`](Checkpoint::context_from) onwards; what lies before
    /// its [`position`](Checkpoint::position) is context only, neither looked at nor counted again.
    ///
    /// With the same settings it finds what the other one would have found. Under others, what was
    /// looked at stays as it is.
    pub fn resume(
        catalogue: &Arc<Catalogue>,
        settings: Settings,
        file: Arc<str>,
        checkpoint: &Checkpoint,
    ) -> Self {
        let (context_from, progress, passing) = checkpoint.clone().into_parts();
        let buffer = Buffer::new(context_from);
        Self { scanner: Scanner::new(catalogue, settings, file, buffer, progress), passing }
    }

    /// Where it stands, to go on from there later. `None` while something that was found is not
    /// passed on, as what comes next may belong before it: ask again after the next commit, or
    /// flush.
    pub fn checkpoint(&self) -> Option<Checkpoint> {
        let Scanner { buffer, progress, .. } = &self.scanner;
        let all_passed_on = self.passing.is_empty();
        all_passed_on.then(|| Checkpoint::of(buffer.base(), progress, &self.passing))
    }

    /// Everything before this byte of the decoded text was looked at.
    pub fn position(&self) -> u64 {
        self.scanner.progress.position
    }

    /// What was read and left out, up to the position.
    pub fn counters(&self) -> Counters {
        self.scanner.counters()
    }

    /// The room to read the next bytes into; never empty.
    pub fn spare(&mut self) -> &mut [u8] {
        self.scanner.buffer.spare()
    }

    /// Takes the first `count` bytes of the spare room in, and looks at what is complete.
    pub fn commit(&mut self, count: usize, sink: &mut impl Sink) {
        let Self { scanner, passing } = self;
        scanner.buffer.commit(count);
        if scanner.buffer.is_full() {
            let until = scanner.buffer.filled().len() - AHEAD_BYTES;
            scanner.scan(until, &mut To { passing, sink });
            scanner.buffer.forget(until);
        }
    }

    /// Feeds bytes that are already in memory.
    pub fn push(&mut self, mut bytes: &[u8], sink: &mut impl Sink) {
        while !bytes.is_empty() {
            let spare = self.spare();
            let count = spare.len().min(bytes.len());
            spare[..count].copy_from_slice(&bytes[..count]);
            self.commit(count, sink);
            bytes = &bytes[count..];
        }
    }

    /// Ends the input: looks at the rest and tells what was read.
    pub fn finish(mut self, sink: &mut impl Sink) -> Counters {
        let Self { scanner, passing } = &mut self;
        scanner.buffer.end();
        // Less than that is context which was not fed whole.
        if scanner.buffer.bytes_total() >= scanner.progress.position {
            scanner.scan(scanner.buffer.filled().len(), &mut To { passing, sink });
        }
        passing.finish(scanner.settings.activity_gap, sink);
        let counters = scanner.counters();
        Counters { last_at: counters.last_at.or(counters.first_at), ..counters }
    }
}

#[cfg(test)]
mod tests;
