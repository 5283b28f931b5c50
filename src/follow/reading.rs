//! One followed log under extraction: its text, its extractor, and where both stand.
//!
//! Owns when an extractor exists: while its log is written to; an idle log is a checkpoint. Owns
//! what is kept of it: a place before which everything that was found was passed on, and which
//! finds behind it were. Must never read a file: it is handed bytes, and says which bytes it needs
//! again. Nothing here fails.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::found::{Finds, Found};
use super::passed::PassedOn;
use super::text::{Encoding, Text, TextState};
use crate::catalogue::Catalogue;
use crate::engine;
use crate::extract::{Checkpoint, Counters, Extractor, Settings};

/// A log that was written to is looked at once nothing came for so long: what a program writes in
/// several steps is one record.
const QUIET: Duration = Duration::from_millis(2);

/// A log that is never quiet is looked at so long after its first byte.
const QUIET_MAX: Duration = Duration::from_millis(20);

/// Years of stamps without one are told by an instant that is not older.
const REFERENCE_MAX: Duration = Duration::from_hours(1);

/// Where a log's text and extraction stand: kept over a restart.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(super) struct Standing {
    /// Where the text goes on.
    pub(super) text: TextState,
    /// Where extraction goes on; none of a log of which nothing was looked at.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) extraction: Option<Checkpoint>,
    /// What is older is not wanted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) not_before: Option<DateTime<Utc>>,
    /// What was passed on of what stands behind.
    #[serde(default, skip_serializing_if = "PassedOn::is_empty")]
    passed_on: PassedOn,
}

impl Standing {
    /// The byte of the file up to which everything was looked at, as far as that is known without
    /// decoding.
    pub(super) fn looked_at_bytes(&self) -> u64 {
        let anchor = self.text.anchor;
        match self.text.encoding {
            Encoding::Auto | Encoding::Utf8 => {
                anchor.file_bytes + self.position().saturating_sub(anchor.text_bytes)
            }
            _ => anchor.file_bytes,
        }
    }

    fn position(&self) -> u64 {
        self.extraction.as_ref().map_or(0, Checkpoint::position)
    }
}

/// What all extractors of a source are told.
#[derive(Debug, Clone)]
pub(super) struct Extraction {
    pub(super) catalogue: Arc<Catalogue>,
    pub(super) settings: Settings,
    pub(super) encoding: Encoding,
}

/// A place further on, up to which not everything was passed on yet.
struct Ahead {
    text: TextState,
    extraction: Checkpoint,
    /// How many finds were made before it, and which behind it are known.
    found: u64,
    known: PassedOn,
}

struct Live {
    extractor: Extractor,
    text: Text,
    since: Duration,
    /// The byte of the text from which the extractor wants it.
    skip_to: u64,
}

/// A log.
pub(super) struct Reading {
    pub(super) label: Arc<engine::Source>,
    name: Arc<str>,
    pub(super) standing: Standing,
    ahead: Option<Box<Ahead>>,
    /// Finds that were made and that were passed on, since the program began.
    found: u64,
    passed: u64,
    /// Finds that will be made again and were passed on before the program began.
    known: PassedOn,
    live: Option<Box<Live>>,
    /// Whether it had its turn of reading since the program began.
    pub(super) has_begun: bool,
    /// The latest time in what was looked at.
    pub(super) reached: Option<DateTime<Utc>>,
    /// When it was last used, by the count of uses.
    pub(super) used: u64,
    /// When to look at what came.
    pub(super) quiet_at: Option<Duration>,
    first_at: Option<Duration>,
    /// When to see whether its file, which was nowhere, has come back.
    pub(super) away_until: Option<Duration>,
    /// When an unterminated line is taken as it is.
    pub(super) partial_at: Option<Duration>,
    /// What was counted, of a log that has ended.
    at_end: Option<Box<Counters>>,
    /// Counters that were told already.
    told: Counters,
}

impl Reading {
    pub(super) fn new(
        label: Arc<engine::Source>,
        name: Arc<str>,
        encoding: Encoding,
        standing: Option<Standing>,
    ) -> Self {
        let fresh = Standing {
            text: TextState { encoding, ..TextState::default() },
            ..Standing::default()
        };
        let standing = standing.unwrap_or(fresh);
        let told = standing.extraction.as_ref().map(Checkpoint::counters).unwrap_or_default();
        let known = standing.passed_on;
        Self {
            label,
            name,
            standing,
            ahead: None,
            found: 0,
            passed: 0,
            known,
            live: None,
            has_begun: false,
            reached: None,
            used: 0,
            quiet_at: None,
            first_at: None,
            away_until: None,
            partial_at: None,
            at_end: None,
            told,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// The byte of the file from which it must be fed again before it goes on.
    pub(super) fn needs_from(&self) -> u64 {
        let text = self.ahead.as_ref().map_or(&self.standing.text, |ahead| &ahead.text);
        text.anchor.file_bytes
    }

    /// Goes on from where it stands. Unless `is_whole`, the file's bytes from
    /// [`needs_from`](Self::needs_from) up to `next`, the first byte that is new, cannot be read;
    /// else they are fed [`again`](Self::push_again) first.
    pub(super) fn wake(
        &mut self,
        told: &Extraction,
        is_whole: bool,
        next: u64,
        (now, wall): (Duration, DateTime<Utc>),
    ) {
        let settings = Settings { reference: wall, ..told.settings.clone() };
        let catalogue = &told.catalogue;
        let mut text = self.ahead.as_ref().map_or(self.standing.text, |ahead| ahead.text);
        let mut extraction = match &self.ahead {
            Some(ahead) => Some(ahead.extraction.clone()),
            None => self.standing.extraction.clone(),
        };
        if !is_whole {
            // What gave context is gone with its file: what comes now stands alone, and none of it
            // is known.
            self.known = PassedOn::default();
            text.anchor.file_bytes = next;
            text.anchor.text_bytes = extraction.as_ref().map_or(0, Checkpoint::position);
            if let Some(checkpoint) = &mut extraction {
                checkpoint.forget_context();
            }
        }
        let name = Arc::clone(&self.name);
        let extractor = match &extraction {
            Some(checkpoint) => Extractor::resume(catalogue, settings, name, checkpoint),
            None => Extractor::new(catalogue, settings, name),
        };
        let text = Text::resume(text);
        let skip_to = extraction.as_ref().map_or(0, Checkpoint::context_from);
        self.live = Some(Box::new(Live { extractor, text, since: now, skip_to }));
    }

    /// What it needs cannot be read now: it is as it was before it was to go on.
    pub(super) fn wake_later(&mut self) {
        self.live = None;
    }

    /// Takes bytes that it had before.
    pub(super) fn push_again(&mut self, bytes: &[u8], finds: &mut Finds) {
        if let Some(live) = &mut self.live {
            live.push(bytes, finds);
        }
    }

    /// Takes what the log has more.
    pub(super) fn push(&mut self, bytes: &[u8], now: Duration, finds: &mut Finds) {
        let Some(live) = &mut self.live else { return };
        live.push(bytes, finds);
        let first_at = *self.first_at.get_or_insert(now);
        self.quiet_at = Some((now + QUIET).min(first_at + QUIET_MAX));
        self.partial_at = None;
    }

    /// When it is to be looked at next.
    pub(super) fn next_look(&self) -> Option<Duration> {
        [self.quiet_at, self.away_until, self.partial_at].into_iter().flatten().min()
    }

    /// What was read cannot be read again now, and nothing else is done with it meanwhile.
    pub(super) fn is_away(&mut self, until: Duration) {
        (self.quiet_at, self.away_until, self.partial_at) = (None, Some(until), None);
    }

    /// Looks at everything up to the last whole line.
    pub(super) fn look(&mut self, now: Duration, partial_line: Duration, finds: &mut Finds) {
        (self.quiet_at, self.away_until) = (None, None);
        self.first_at = None;
        let Some(live) = &mut self.live else { return };
        live.extractor.flush_lines(finds);
        let has_partial = live.extractor.position() < live.text.position().text_bytes;
        self.partial_at = has_partial.then(|| now + partial_line);
    }

    /// Looks at everything, an unterminated line as well.
    pub(super) fn look_at_all(&mut self, finds: &mut Finds) {
        self.partial_at = None;
        if let Some(live) = &mut self.live {
            live.extractor.flush_all(finds);
        }
    }

    /// Nothing more comes; what was counted of it to its end is told by [`count`](Self::count) once
    /// everything was passed on.
    pub(super) fn finish(&mut self, is_cut_short: bool, finds: &mut Finds) {
        (self.quiet_at, self.away_until, self.partial_at) = (None, None, None);
        let Some(mut live) = self.live.take() else { return };
        if is_cut_short {
            live.extractor.flush_lines(finds);
            live.extractor.discard_unterminated();
        }
        let counters = live.extractor.finish(finds);
        self.reach(&counters);
        self.at_end = Some(Box::new(counters));
    }

    /// Takes out of finds what was passed on before the program began, and notes the rest.
    pub(super) fn found(&mut self, finds: &mut Finds) {
        if !self.known.is_empty() {
            finds.0.retain(|found| !self.known.takes(found));
        }
        if let Some(not_before) = self.standing.not_before {
            finds.0.retain(|found| found.at().is_none_or(|at| at >= not_before));
        }
        self.found += finds.0.len() as u64;
        if let Some(counters) = self.live.as_ref().map(|live| live.extractor.counters()) {
            self.reach(&counters);
        }
    }

    fn reach(&mut self, counters: &Counters) {
        self.reached = self.reached.max(counters.last_at.map(|at| at.to_utc()));
    }

    /// Notes that its next find was passed on.
    pub(super) fn passed(&mut self, found: &Found) {
        self.passed += 1;
        self.standing.passed_on.note(found);
        self.move_on();
    }

    /// Whether every find was passed on.
    pub(super) fn has_passed_on(&self) -> bool {
        self.passed == self.found
    }

    /// Notes where it stands. A place further on is remembered until everything before it was
    /// passed on; another one only then.
    pub(super) fn stand(&mut self) {
        if self.ahead.is_none() {
            self.stand_here();
        }
    }

    fn stand_here(&mut self) {
        let Some(live) = &mut self.live else { return };
        if let Some(extraction) = live.extractor.checkpoint() {
            let text = live.text.state_at(extraction.context_from());
            let (found, known) = (self.found, self.known);
            self.ahead = Some(Box::new(Ahead { text, extraction, found, known }));
            self.move_on();
        }
    }

    fn move_on(&mut self) {
        if let Some(ahead) = self.ahead.take_if(|ahead| ahead.found == self.passed) {
            self.standing.text = ahead.text;
            self.standing.extraction = Some(ahead.extraction);
            self.standing.passed_on = ahead.known;
        }
    }

    /// Lets the extractor go. Everything must have been looked at.
    pub(super) fn sleep(&mut self) {
        self.stand_here();
        self.live = None;
    }

    /// Whether the extractor is so old that years may be told wrongly.
    pub(super) fn is_stale(&self, now: Duration) -> bool {
        let is_waiting = self.quiet_at.is_some() || self.partial_at.is_some();
        !is_waiting && self.live.as_ref().is_some_and(|live| now > live.since + REFERENCE_MAX)
    }

    /// What was counted since this was last asked, up to where it stands: what is read again will
    /// be counted again.
    pub(super) fn count(&mut self) -> Counters {
        let at_end = self.at_end.take_if(|_| self.passed == self.found).map(|counters| *counters);
        let standing = self.standing.extraction.as_ref().map(Checkpoint::counters);
        at_end.or(standing).map_or_else(Counters::default, |counters| self.since_told(counters))
    }

    /// What was counted since this was last asked, of an input that is never read again.
    pub(super) fn count_read(&mut self) -> Counters {
        let live = self.live.as_ref().map(|live| live.extractor.counters());
        let counters = self.at_end.take().map(|counters| *counters).or(live);
        counters.map_or_else(Counters::default, |counters| self.since_told(counters))
    }

    fn since_told(&mut self, counters: Counters) -> Counters {
        let last_at = counters.last_at;
        let told = std::mem::replace(&mut self.told, counters);
        let counters = &self.told;
        Counters {
            bytes: counters.bytes.saturating_sub(told.bytes),
            lines: counters.lines.saturating_sub(told.lines),
            mentions: counters.mentions.saturating_sub(told.mentions),
            untimed: counters.untimed.saturating_sub(told.untimed),
            codes_left_out: counters.codes_left_out.saturating_sub(told.codes_left_out),
            long_lines: counters.long_lines.saturating_sub(told.long_lines),
            beyond_line_max: counters.beyond_line_max.saturating_sub(told.beyond_line_max),
            first_at: None,
            last_at,
        }
    }
}

impl Live {
    /// Feeds bytes; of text that is fed again only what extraction needs.
    fn push(&mut self, bytes: &[u8], finds: &mut Finds) {
        let start = self.text.position().text_bytes;
        let text = self.text.push(bytes);
        let skipped = usize::try_from(self.skip_to.saturating_sub(start)).unwrap_or(usize::MAX);
        self.extractor.push(text.get(skipped.min(text.len())..).unwrap_or_default(), finds);
    }
}
