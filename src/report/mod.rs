//! Reports: the fold over occurrences and the writers that show it.
//!
//! Owns what is counted for a reader and how it looks as text, JSON, CSV and Markdown. Must never
//! read a log, filter, or decide what an occurrence is. The fold cannot fail; a writer fails with
//! the `io::Error` of what it writes to.
//!
//! ```text
//! Occurrence, InputFacts ──Summary──▶ Report ──▶ terminal, json, csv, markdown
//! Occurrence ──jsonl──▶ one line of JSON
//! ```

pub mod alerts;
pub mod baseline;
mod code_fold;
mod content;
pub mod csv;
pub mod explain;
mod facts;
mod hours;
pub mod html;
pub mod json;
pub mod jsonl;
pub mod mail;
pub mod markdown;
mod settings;
mod summary;
mod tally;
pub mod terminal;
mod ticket;
mod timeline;
mod verdict;

pub use crate::surface::Style;
pub use content::{
    BeyondTop, CauseReport, CodeReport, Counts, Fields, GroupReport, Inputs, LeftOut, ModuleReport,
    Report, Sample, Seen, Timelines, Totals,
};
pub use hours::Hours;
pub use settings::{FailOn, Filters, InputFacts, Limits, Settings};
pub use summary::Summary;
pub use tally::{RequestIdsSeen, Value, Values};
pub use timeline::{Grid, Series};
pub use verdict::{Need, Verdict};

use crate::surface::{chart, escape, page, phrase, style, wrap};

#[cfg(test)]
mod tests;
