//! One followed log under extraction: its text, its extractor, and where both stand.
//!
//! Owns when an extractor exists: while its log is written to; an idle log is a checkpoint. Must
//! never read a file: it is handed bytes, and says which bytes it needs again. Nothing here fails.

use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use super::found::Finds;
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

struct Live {
    extractor: Extractor,
    text: Text,
    since: Duration,
}

/// A log.
pub(super) struct Reading {
    pub(super) label: Arc<engine::Source>,
    name: Arc<str>,
    pub(super) standing: Standing,
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
    /// When an unterminated line is taken as it is.
    pub(super) partial_at: Option<Duration>,
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
        Self {
            label,
            name,
            standing,
            live: None,
            has_begun: false,
            reached: None,
            used: 0,
            quiet_at: None,
            first_at: None,
            partial_at: None,
            told,
        }
    }

    pub(super) fn is_live(&self) -> bool {
        self.live.is_some()
    }

    /// The byte of the file from which it must be fed again before it goes on.
    pub(super) fn needs_from(&self) -> u64 {
        self.standing.text.anchor.file_bytes
    }

    /// Goes on from where it stands. `before` are the file's bytes from
    /// [`needs_from`](Self::needs_from) up to the first byte that is new, which stands at `next`.
    pub(super) fn wake(
        &mut self,
        extraction: &Extraction,
        before: &[u8],
        next: u64,
        (now, wall): (Duration, DateTime<Utc>),
        finds: &mut Finds,
    ) {
        let settings = Settings { reference: wall, ..extraction.settings.clone() };
        let catalogue = &extraction.catalogue;
        let is_whole = self.needs_from() + before.len() as u64 == next;
        if !is_whole {
            // What gave context is gone with its file: what comes now stands alone.
            self.standing.text.anchor.file_bytes = next;
            self.standing.text.anchor.text_bytes = self.standing.position();
            if let Some(checkpoint) = &mut self.standing.extraction {
                checkpoint.forget_context();
            }
        }
        let name = Arc::clone(&self.name);
        let extractor = match &self.standing.extraction {
            Some(checkpoint) => Extractor::resume(catalogue, settings, name, checkpoint),
            None => Extractor::new(catalogue, settings, name),
        };
        let text = Text::resume(self.standing.text);
        let mut live = Box::new(Live { extractor, text, since: now });
        if is_whole {
            live.push(before, self.standing.extraction.as_ref(), finds);
        }
        self.live = Some(live);
    }

    /// Takes what the log has more.
    pub(super) fn push(&mut self, bytes: &[u8], now: Duration, finds: &mut Finds) {
        let Some(live) = &mut self.live else { return };
        live.push(bytes, None, finds);
        let first_at = *self.first_at.get_or_insert(now);
        self.quiet_at = Some((now + QUIET).min(first_at + QUIET_MAX));
        self.partial_at = None;
    }

    /// Looks at everything up to the last whole line.
    pub(super) fn look(&mut self, now: Duration, partial_line: Duration, finds: &mut Finds) {
        self.quiet_at = None;
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

    /// Nothing more comes.
    pub(super) fn finish(&mut self, is_cut_short: bool, finds: &mut Finds) -> Counters {
        (self.quiet_at, self.partial_at) = (None, None);
        let Some(mut live) = self.live.take() else { return Counters::default() };
        if is_cut_short {
            live.extractor.flush_lines(finds);
            live.extractor.discard_unterminated();
        }
        let counters = live.extractor.finish(finds);
        self.since_told(counters)
    }

    /// Notes where it stands, if everything that was found was passed on.
    pub(super) fn stand(&mut self) {
        let Some(live) = &mut self.live else { return };
        if let Some(checkpoint) = live.extractor.checkpoint() {
            self.standing.text = live.text.state_at(checkpoint.context_from());
            self.standing.extraction = Some(checkpoint);
        }
    }

    /// Lets the extractor go. Everything must have been looked at and passed on.
    pub(super) fn sleep(&mut self) -> Counters {
        self.stand();
        let Some(live) = self.live.take() else { return Counters::default() };
        self.since_told(live.extractor.counters())
    }

    /// Whether the extractor is so old that years may be told wrongly.
    pub(super) fn is_stale(&self, now: Duration) -> bool {
        let is_waiting = self.quiet_at.is_some() || self.partial_at.is_some();
        !is_waiting && self.live.as_ref().is_some_and(|live| now > live.since + REFERENCE_MAX)
    }

    /// What was counted since this was last asked.
    pub(super) fn count(&mut self) -> Counters {
        let Some(live) = &self.live else { return Counters::default() };
        let counters = live.extractor.counters();
        self.since_told(counters)
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
    fn push(&mut self, bytes: &[u8], again: Option<&Checkpoint>, finds: &mut Finds) {
        let start = self.text.position().text_bytes;
        let text = self.text.push(bytes);
        let skipped = again.map_or(0, |again| again.context_from().saturating_sub(start));
        let skipped = usize::try_from(skipped).unwrap_or(usize::MAX).min(text.len());
        self.extractor.push(text.get(skipped..).unwrap_or_default(), finds);
    }
}
