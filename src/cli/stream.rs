//! One input under way: what was found in it so far and is not yet passed on.
//!
//! Owns the loop that feeds an extractor with segments, in order. Must never look at the bytes, nor
//! decide what is passed on. Fails when an input cannot be opened; what goes wrong later stands in
//! the reader's notes.

mod scanning;

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::input_words;
use crate::catalogue::Catalogue;
use crate::extract::{self, Counters, Extractor};
use crate::input::{self, Input, InputProblem, Note, NoteKind};
use crate::occurrence::{Occurrence, Success};
use crate::report::InputFacts;
use scanning::{LookedAt, Segments};

pub(super) use scanning::Scanning;

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
    segments: Segments,
    /// None once everything was read.
    extractor: Option<Extractor>,
    undecodable_bytes: u64,
    position: u64,
    finds: Finds,
    counters: Counters,
    /// Complete at the end.
    notes: Vec<Note>,
}

impl Stream {
    pub(super) fn open(
        input: &Input,
        catalogue: &Arc<Catalogue>,
        settings: extract::Settings,
        scanning: &Scanning,
    ) -> Result<Self, InputProblem> {
        let reader = input::open(input)?;
        let extractor = Extractor::new(catalogue, settings.clone(), Arc::clone(&input.name));
        Ok(Self {
            segments: Segments::new(reader, catalogue, settings, scanning),
            extractor: Some(extractor),
            undecodable_bytes: 0,
            position: 0,
            finds: Finds::default(),
            counters: Counters::default(),
            notes: Vec::new(),
        })
    }

    /// What was found next among what has been read.
    pub(super) fn take(&mut self) -> Option<Found> {
        self.finds.0.pop_front()
    }

    /// Reads once more; false if there was nothing left.
    pub(super) fn read(&mut self) -> bool {
        let Some(mut extractor) = self.extractor.take() else { return false };
        let LookedAt { segment, undecodable, position, is_last } = self.segments.next();
        self.segments.source.reuse(extractor.join(segment, &mut self.finds));
        self.undecodable_bytes += undecodable;
        self.position = position;
        if is_last {
            self.counters = extractor.finish(&mut self.finds);
            self.notes = self.segments.source.take_notes();
        } else {
            self.extractor = Some(extractor);
        }
        true
    }

    /// How far it has been read, in bytes as they lie on the disk.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// What is to be told about the input, once it was read.
    pub(super) fn notes(&self) -> &[Note] {
        &self.notes
    }

    /// What was read, at the end.
    pub(super) fn facts(self) -> InputFacts {
        let Self { segments, counters, undecodable_bytes, notes, .. } = self;
        let of_utf16: u64 = notes
            .iter()
            .map(|note| match note.kind {
                // A half is two bytes of UTF-16.
                NoteKind::LoneSurrogates { count } => count.saturating_mul(2),
                NoteKind::OddByte => 1,
                _ => 0,
            })
            .sum();
        let problem = notes.iter().find_map(input_words::of_note);
        InputFacts {
            name: Arc::clone(&segments.source.file),
            bytes: counters.bytes,
            lines: counters.lines,
            first_at: counters.first_at,
            last_at: counters.last_at,
            times_unreadable: counters.untimed,
            mentions: counters.mentions,
            lines_cut: counters.long_lines,
            codes_left_out: counters.codes_left_out,
            bytes_undecodable: undecodable_bytes.saturating_add(of_utf16),
            problem: problem.map(Into::into),
        }
    }
}
