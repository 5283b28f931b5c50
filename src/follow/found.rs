//! What was found in a log and is not yet passed on.
//!
//! Owns the three kinds as one. Must never decide what becomes of them. Nothing here fails.

use std::collections::VecDeque;

use chrono::{DateTime, FixedOffset};

use crate::extract::Sink;
use crate::occurrence::{Occurrence, Place, Success};

/// What an extractor finds.
#[derive(Debug)]
pub enum Found {
    /// An error.
    Occurrence(Box<Occurrence>),
    /// A call that succeeded.
    Success(Box<Success>),
    /// The log was written to.
    Activity(DateTime<FixedOffset>),
}

impl Found {
    /// When it happened, as far as the log tells.
    pub fn at(&self) -> Option<DateTime<FixedOffset>> {
        match self {
            Self::Occurrence(occurrence) => occurrence.at,
            Self::Success(success) => success.at,
            Self::Activity(at) => Some(*at),
        }
    }

    /// Where it stands, to be told in other words.
    pub fn place_mut(&mut self) -> Option<&mut Place> {
        match self {
            Self::Occurrence(occurrence) => Some(&mut occurrence.place),
            Self::Success(success) => Some(&mut success.place),
            Self::Activity(_) => None,
        }
    }

    /// The byte of the log's text at which its line begins.
    pub fn offset(&self) -> Option<u64> {
        match self {
            Self::Occurrence(occurrence) => Some(occurrence.place.offset),
            Self::Success(success) => Some(success.place.offset),
            Self::Activity(_) => None,
        }
    }
}

/// Finds in the order of their log.
#[derive(Debug, Default)]
pub struct Finds(pub VecDeque<Found>);

impl Sink for Finds {
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
