//! Where an extractor puts what it finds.
//!
//! Owns the words for it. Must never decide anything. Nothing here fails.

use chrono::{DateTime, FixedOffset};

use crate::occurrence::{Occurrence, Success};

/// Takes what an extractor finds, in the order of the input. A closure that takes occurrences is
/// one.
pub trait Sink {
    /// Takes an error.
    fn occurrence(&mut self, occurrence: Occurrence);

    /// Takes a call that succeeded, if the settings ask for those.
    fn success(&mut self, _success: Success) {}

    /// Hears of an instant at which the log was written to, if the settings ask for those. The
    /// order is that of the input, but for lines of the same few hundred kilobytes.
    fn activity(&mut self, _at: DateTime<FixedOffset>) {}
}

impl<F: FnMut(Occurrence)> Sink for F {
    fn occurrence(&mut self, occurrence: Occurrence) {
        self(occurrence);
    }
}
