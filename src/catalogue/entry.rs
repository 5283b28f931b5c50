//! What the catalogue says of one code: its text, its causes, and how messages are recognised.
//!
//! Owns the shapes that reports, alerts and `explain` read. Must not know the file format. Nothing
//! here fails.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use serde::Serialize;

use super::pattern::{Captures, Pattern};
use crate::occurrence::Module;

/// One error code, with what its source says of it.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    /// Such as `AIS.0101`.
    pub code: Box<str>,
    /// The part of the service that answers with it.
    pub module: Module,
    /// The documented message, verbatim; a documentation's `XXX` included. `None` when the source
    /// gives only the meaning.
    pub message: Option<Box<str>>,
    /// What the code means.
    pub description: Box<str>,
    /// What the source says to do, in order; empty when it says nothing.
    pub solution: Vec<Paragraph>,
    /// What the message can name as the cause, in documented order.
    pub causes: Vec<Cause>,
    /// The HTTP statuses known to come with it, ascending; empty when unknown.
    pub http_status: Vec<u16>,
    /// The several things that the code means, when there is more than one.
    pub meanings: Vec<Meaning>,
    /// Who says so.
    pub source: Arc<Source>,
    /// Its place in the documented order; `None` sorts behind, by code.
    pub(super) order: Option<usize>,
    /// The documented message as it is matched.
    pub(super) fixed: Option<Pattern>,
    /// How real messages vary from it.
    pub(super) patterns: Vec<Pattern>,
}

/// A paragraph or a bullet of a solution.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Paragraph {
    /// The text without the bullet's sign.
    pub text: Box<str>,
    /// Whether it is an item of a list.
    pub bullet: bool,
}

/// A cause that a code's message names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cause {
    /// A stable kebab-case name, such as `aksk-signature`.
    pub id: Arc<str>,
    /// The documented text that identifies it in a message.
    pub text: Box<str>,
    /// What it means.
    pub description: Box<str>,
    /// What the source says to do about this cause; empty when it says nothing.
    pub solution: Vec<Paragraph>,
    /// Every text that identifies it, in ASCII lower case, the documented one first.
    pub(super) needles: Vec<Box<str>>,
}

/// One of several things that a code means.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meaning {
    /// The HTTP status that tells this meaning from the others.
    pub http_status: Option<u16>,
    /// The meaning.
    pub text: Box<str>,
    /// Who says so.
    pub source: Arc<Source>,
}

/// Who says what an entry says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// The document's title; the file's name when the file gives none.
    pub title: Box<str>,
    /// The document's date, as `YYYY-MM-DD`.
    pub date: Option<Box<str>>,
    /// Whether it is the vendor's documentation.
    pub reference: bool,
    /// The catalogue file it stands in.
    pub file: Box<str>,
}

impl fmt::Display for Source {
    /// Such as `Error Codes, 2022-10-29`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.title)?;
        if let Some(date) = &self.date {
            write!(f, ", {date}")?;
        }
        if !self.reference {
            f.write_str(" (not the vendor's documentation)")?;
        }
        Ok(())
    }
}

/// What a message tells beyond its code.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Details<'c> {
    /// The documented cause that the message names.
    pub cause: Option<&'c Cause>,
    /// The name of the API that the message gives.
    pub api: Option<String>,
    /// The throttling limit, in requests per period.
    pub limit: Option<u64>,
    /// The throttling period as the message writes it, such as `1 minute`.
    pub period: Option<String>,
}

impl Entry {
    pub(super) fn details(&self, message: &str) -> Details<'_> {
        let Captures { api, limit, period } = self.captures(message);
        Details { cause: self.cause(message), api, limit, period }
    }

    /// Whether the message is this entry's and nothing else: the documented one, one of its
    /// patterns, or the documented one followed by one of the causes.
    pub(super) fn is_whole(&self, message: &str) -> bool {
        let Some(fixed) = &self.fixed else { return false };
        fixed.is_whole(message)
            || self.patterns.iter().any(|pattern| pattern.is_whole(message))
            || fixed
                .after(message)
                .is_some_and(|detail| detail.starts_with(':') && self.cause(detail).is_some())
    }

    /// Whether a text begins with the documented message or with one of its patterns.
    pub(super) fn begins(&self, text: &str) -> bool {
        self.fixed.iter().chain(&self.patterns).any(|pattern| pattern.begins(text))
    }

    pub(super) fn is_recognisable(&self) -> bool {
        self.fixed.is_some() || !self.patterns.is_empty()
    }

    fn captures(&self, message: &str) -> Captures {
        // The documentation's own sentence has `XXX` where a name or a number stands.
        if self.fixed.as_ref().is_some_and(|fixed| fixed.is_whole(message)) {
            return Captures::default();
        }
        self.patterns.iter().find_map(|pattern| pattern.find(message)).unwrap_or_default()
    }

    /// The cause named first in the message: what follows it can be a request's whole text.
    fn cause(&self, message: &str) -> Option<&Cause> {
        if self.causes.is_empty() {
            return None;
        }
        // Damaged and wrapped lines have other white space between the words.
        let message = message.split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_lowercase();
        self.causes
            .iter()
            .filter_map(|cause| Some((cause.position(&message)?, cause)))
            .min_by_key(|(position, _)| *position)
            .map(|(_, cause)| cause)
    }
}

impl Cause {
    /// Where the lower-case message names this cause; of two at one place the longer text wins.
    fn position(&self, message: &str) -> Option<(usize, Reverse<usize>)> {
        self.needles
            .iter()
            .filter_map(|needle| Some((message.find(&**needle)?, Reverse(needle.len()))))
            .min()
    }
}
