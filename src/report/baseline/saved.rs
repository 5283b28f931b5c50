//! A report that was saved with `--format json`, read back for its counts.
//!
//! Owns how a report is told from a log, and which of its keys a comparison needs. Must never open
//! a file: it is handed the text. Fails with [`NotAReport`].

use std::io::Read;

use chrono::{DateTime, FixedOffset};
use serde::Deserialize;

use crate::report::content::Seen;
use crate::report::json::SCHEMA;
use crate::report::settings::Filters;

/// A longer text is read no further. The report on the most codes that find room is shorter.
const TEXT_BYTES_MAX: u64 = 64 << 20;

/// As much of a text as shows whether its first key is `schema`.
const HEAD_BYTES: u64 = 256;

/// What a comparison needs of a saved report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Saved {
    pub(super) codes: Vec<SavedCode>,
    pub(super) range: Option<Seen>,
    /// Errors of codes that found no room.
    pub(super) left_out: u64,
    /// Whether its inputs were read to their ends.
    pub(super) is_whole: bool,
    codes_beyond_top: u64,
    modules: Vec<String>,
    patterns: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct SavedCode {
    pub(super) code: String,
    pub(super) events: u64,
    pub(super) without_time: u64,
}

/// Why a text that looks like a saved report cannot be compared with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotAReport {
    /// It has another schema, this one.
    OtherSchema(String),
    /// It is not what its schema says; where and why, in the reader's words.
    Broken(String),
}

/// What keeps a saved report from holding all codes that the new one may have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Limited {
    /// `--top` left out so many codes.
    Top(u64),
    /// It was limited by options that the new report does not have; these.
    Filters(Vec<String>),
}

/// The schema that a text names, if it is one JSON object of this program's. A report that ends
/// early is one, too: read as a log it would be one without errors.
pub fn schema_of(mut text: impl Read) -> Option<String> {
    #[derive(Deserialize)]
    struct Named {
        schema: String,
    }
    let mut head = Vec::new();
    text.by_ref().take(HEAD_BYTES).read_to_end(&mut head).ok()?;
    let is_ours = |schema: &String| schema.starts_with("ocrwatch.");
    if let Some(schema) = first_schema(&String::from_utf8_lossy(&head)).filter(is_ours) {
        return Some(schema);
    }
    // Another program may have put the keys in another order.
    let text = head.chain(text.take(TEXT_BYTES_MAX));
    let mut values = serde_json::Deserializer::from_reader(text).into_iter();
    let Named { schema } = values.next()?.ok()?;
    // Objects line by line are a log, whatever its application writes.
    let is_alone = values.next().is_none();
    Some(schema).filter(|schema| is_alone && is_ours(schema))
}

/// The value of `schema`, if that is the first key.
fn first_schema(head: &str) -> Option<String> {
    let behind = head.trim_start().strip_prefix('{')?.trim_start().strip_prefix("\"schema\"")?;
    let value = behind.trim_start().strip_prefix(':')?.trim_start().strip_prefix('"')?;
    value.split_once('"').map(|(schema, _)| schema.to_owned())
}

impl Saved {
    /// Reads a text of which [`schema_of`] has told the schema.
    pub fn parse(schema: &str, text: impl Read) -> Result<Self, NotAReport> {
        if schema != SCHEMA {
            return Err(NotAReport::OtherSchema(schema.to_owned()));
        }
        let document: Document = serde_json::from_reader(text.take(TEXT_BYTES_MAX))
            .map_err(|error| NotAReport::Broken(error.to_string()))?;
        Ok(document.into())
    }

    /// Whether codes may be missing in it that a report with these filters would have.
    pub fn limited(&self, filters: &Filters) -> Option<Limited> {
        if self.codes_beyond_top > 0 {
            return Some(Limited::Top(self.codes_beyond_top));
        }
        let same = |saved: &[String], asked: &mut dyn Iterator<Item = String>| {
            let mut asked: Vec<_> = asked.collect();
            let mut saved = saved.to_vec();
            asked.sort_unstable();
            saved.sort_unstable();
            asked == saved
        };
        let mut others = Vec::new();
        let mut modules = filters.modules.iter().map(ToString::to_string);
        if !self.modules.is_empty() && !same(&self.modules, &mut modules) {
            others.extend(self.modules.iter().map(|module| format!("--module {module}")));
        }
        let mut patterns = filters.codes.iter().map(ToString::to_string);
        if !self.patterns.is_empty() && !same(&self.patterns, &mut patterns) {
            others.extend(self.patterns.iter().map(|pattern| format!("--code {pattern}")));
        }
        (!others.is_empty()).then_some(Limited::Filters(others))
    }
}

type Time = Option<DateTime<FixedOffset>>;

#[derive(Deserialize)]
struct Document {
    inputs: DocumentInputs,
    #[serde(default)]
    filters: DocumentFilters,
    codes: Vec<DocumentCode>,
    codes_beyond_top: DocumentBeyondTop,
    left_out: DocumentLeftOut,
}

#[derive(Deserialize)]
struct DocumentInputs {
    with_problems: u64,
    first_at: Time,
    last_at: Time,
}

#[derive(Default, Deserialize)]
struct DocumentFilters {
    since: Time,
    until: Time,
    #[serde(default)]
    modules: Vec<String>,
    #[serde(default)]
    codes: Vec<String>,
}

#[derive(Deserialize)]
struct DocumentCode {
    code: String,
    occurrences: u64,
    inferred: u64,
    without_time: u64,
}

#[derive(Deserialize)]
struct DocumentBeyondTop {
    codes: u64,
}

#[derive(Deserialize)]
struct DocumentLeftOut {
    occurrences_of_codes: u64,
}

impl From<Document> for Saved {
    fn from(document: Document) -> Self {
        let Document { inputs, filters, codes, codes_beyond_top, left_out } = document;
        let range = inputs.first_at.zip(inputs.last_at).map(|(first, last)| {
            let first_at = filters.since.map_or(first, |since| first.max(since));
            let last_at = filters.until.map_or(last, |until| last.min(until)).max(first_at);
            Seen { first_at, last_at }
        });
        let codes = codes
            .into_iter()
            .map(|DocumentCode { code, occurrences, inferred, without_time }| SavedCode {
                code,
                events: occurrences.saturating_add(inferred),
                without_time,
            })
            .collect();
        Self {
            codes,
            range,
            left_out: left_out.occurrences_of_codes,
            is_whole: inputs.with_problems == 0,
            codes_beyond_top: codes_beyond_top.codes,
            modules: filters.modules,
            patterns: filters.codes,
        }
    }
}
