//! An entry as `explain` prints it in JSON.
//!
//! Owns the documented keys: `code`, `module`, `message`, `description`, `solution` (a list of
//! paragraphs, bullets without their sign), `causes` (`id`, `text`, `description`, `solution`),
//! `http_status` (a list), `meanings` (`http_status`, `text`), `source` (`title`, `date`,
//! `reference`). `solution` and `causes` are always there; another key is absent when unknown.
//! Nothing here fails.

use serde::Serialize;

use super::entry::{Cause, Entry, Meaning, Paragraph, Source};
use crate::occurrence::Module;

/// An entry's serialized form.
#[derive(Debug, Serialize)]
pub struct Explanation<'c> {
    code: &'c str,
    module: Module,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<&'c str>,
    description: &'c str,
    solution: Vec<&'c str>,
    causes: Vec<ExplainedCause<'c>>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    http_status: &'c [u16],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    meanings: Vec<ExplainedMeaning<'c>>,
    source: ExplainedSource<'c>,
}

#[derive(Debug, Serialize)]
struct ExplainedCause<'c> {
    id: &'c str,
    text: &'c str,
    description: &'c str,
    solution: Vec<&'c str>,
}

#[derive(Debug, Serialize)]
struct ExplainedMeaning<'c> {
    #[serde(skip_serializing_if = "Option::is_none")]
    http_status: Option<u16>,
    text: &'c str,
    source: ExplainedSource<'c>,
}

#[derive(Debug, Serialize)]
struct ExplainedSource<'c> {
    title: &'c str,
    #[serde(skip_serializing_if = "Option::is_none")]
    date: Option<&'c str>,
    reference: bool,
}

impl<'c> Explanation<'c> {
    /// Everything that the catalogue says of a code.
    pub fn of(entry: &'c Entry) -> Self {
        Self {
            code: &entry.code,
            module: entry.module,
            message: entry.message.as_deref(),
            description: &entry.description,
            solution: texts(&entry.solution),
            causes: entry.causes.iter().map(ExplainedCause::of).collect(),
            http_status: &entry.http_status,
            meanings: entry.meanings.iter().map(ExplainedMeaning::of).collect(),
            source: ExplainedSource::of(&entry.source),
        }
    }
}

impl<'c> ExplainedCause<'c> {
    fn of(cause: &'c Cause) -> Self {
        Self {
            id: &cause.id,
            text: &cause.text,
            description: &cause.description,
            solution: texts(&cause.solution),
        }
    }
}

impl<'c> ExplainedMeaning<'c> {
    fn of(meaning: &'c Meaning) -> Self {
        Self {
            http_status: meaning.http_status,
            text: &meaning.text,
            source: ExplainedSource::of(&meaning.source),
        }
    }
}

impl<'c> ExplainedSource<'c> {
    fn of(source: &'c Source) -> Self {
        Self { title: &source.title, date: source.date.as_deref(), reference: source.reference }
    }
}

fn texts(paragraphs: &[Paragraph]) -> Vec<&str> {
    paragraphs.iter().map(|paragraph| &*paragraph.text).collect()
}
