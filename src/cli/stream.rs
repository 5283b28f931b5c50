//! One input under way: what was found in it so far and is not yet passed on.
//!
//! Owns the loop that feeds an extractor. Must never look at the bytes, nor decide what is passed
//! on. Fails when an input cannot be opened; what goes wrong later stands in the reader's notes.

use std::collections::VecDeque;
use std::io::Read as _;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::input_words;
use super::undecodable::Undecodable;
use crate::catalogue::Catalogue;
use crate::extract::{self, Counters, Extractor};
use crate::input::{self, Input, InputProblem, Note, NoteKind, Reader};
use crate::occurrence::{Occurrence, Success};
use crate::report::InputFacts;

/// What an extractor finds.
#[derive(Debug)]
pub(super) enum Found {
    Occurrence(Box<Occurrence>),
    Success(Box<Success>),
    Activity(DateTime<FixedOffset>),
}

impl Found {
    /// When it happened, as far as the log tells.
    pub(super) fn at(&self) -> Option<DateTime<FixedOffset>> {
        match self {
            Self::Occurrence(occurrence) => occurrence.at,
            Self::Success(success) => success.at,
            Self::Activity(at) => Some(*at),
        }
    }
}

#[derive(Debug, Default)]
struct Finds(VecDeque<Found>);

impl extract::Sink for Finds {
    fn occurrence(&mut self, occurrence: Occurrence) {
        self.0.push_back(Found::Occurrence(Box::new(occurrence)));
    }

    fn success(&mut self, success: Success) {
        self.0.push_back(Found::Success(Box::new(success)));
    }

    fn activity(&mut self, at: DateTime<FixedOffset>) {
        self.0.push_back(Found::Activity(at));
    }
}

/// An input that is being read.
pub(super) struct Stream {
    reader: Reader,
    /// None once everything was read.
    extractor: Option<Extractor>,
    undecodable: Undecodable,
    finds: Finds,
    counters: Counters,
}

impl Stream {
    pub(super) fn open(
        input: &Input,
        catalogue: &Arc<Catalogue>,
        settings: extract::Settings,
    ) -> Result<Self, InputProblem> {
        let reader = input::open(input)?;
        Ok(Self {
            reader,
            extractor: Some(Extractor::new(catalogue, settings, Arc::clone(&input.name))),
            undecodable: Undecodable::default(),
            finds: Finds::default(),
            counters: Counters::default(),
        })
    }

    /// What was found next among what has been read.
    pub(super) fn take(&mut self) -> Option<Found> {
        self.finds.0.pop_front()
    }

    /// Reads once more; false if there was nothing left.
    pub(super) fn read(&mut self) -> bool {
        let Some(extractor) = &mut self.extractor else { return false };
        let spare = extractor.spare();
        // Reading never fails: what ends it early stands in the notes.
        let count = self.reader.read(spare).unwrap_or(0);
        if count > 0 {
            self.undecodable.take(spare.get(..count).unwrap_or_default());
            extractor.commit(count, &mut self.finds);
        } else if let Some(extractor) = self.extractor.take() {
            self.counters = extractor.finish(&mut self.finds);
        }
        true
    }

    /// How far it has been read, in bytes as they lie on the disk.
    pub(super) fn position(&self) -> u64 {
        self.reader.compressed_position()
    }

    pub(super) fn notes(&self) -> &[Note] {
        self.reader.notes()
    }

    /// What was read, at the end.
    pub(super) fn facts(self) -> InputFacts {
        let Self { reader, counters, undecodable, .. } = self;
        let of_utf16: u64 = reader
            .notes()
            .iter()
            .map(|note| match note.kind {
                // A half is two bytes of UTF-16.
                NoteKind::LoneSurrogates { count } => count.saturating_mul(2),
                NoteKind::OddByte => 1,
                _ => 0,
            })
            .sum();
        let problem = reader.notes().iter().find_map(input_words::of_note);
        InputFacts {
            name: reader.name().clone(),
            bytes: counters.bytes,
            lines: counters.lines,
            first_at: counters.first_at,
            last_at: counters.last_at,
            times_unreadable: counters.untimed,
            mentions: counters.mentions,
            lines_cut: counters.long_lines,
            codes_left_out: counters.codes_left_out,
            bytes_undecodable: undecodable.finish().saturating_add(of_utf16),
            problem: problem.map(Into::into),
        }
    }
}
