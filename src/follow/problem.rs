//! What keeps a stream from being read, for the operator.
//!
//! Owns the words. Must never decide what to do about it. Nothing here fails.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::surface::escape::visible;
use crate::tail::journal;

/// A stream that cannot be read now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    source: Arc<str>,
    why: String,
    hint: Option<String>,
}

impl Problem {
    pub(super) fn of(source: &Arc<str>, error: &io::Error) -> Self {
        Self { source: Arc::clone(source), why: error.to_string(), hint: None }
    }

    pub(super) fn of_journal(source: &Arc<str>, problem: &journal::Problem) -> Self {
        let hint = problem.hint().map(str::to_owned);
        Self { source: Arc::clone(source), why: problem.to_string(), hint }
    }

    /// The source.
    pub fn source(&self) -> &Arc<str> {
        &self.source
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` cannot be read: {}", visible(&self.source), visible(&self.why))
    }
}
