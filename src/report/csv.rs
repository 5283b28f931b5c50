//! The report as a table for spreadsheets: a row for each code.
//!
//! Owns the columns. Rows end in CR LF and are quoted as RFC 4180 has it; a field that a
//! spreadsheet would run as a formula begins with `'`. Fails with the `io::Error` of the output.

use std::io::{self, Write};

use super::content::{CodeReport, Report};
use super::escape;
use super::tally::Values;

/// Between the values of a list. No locale's spreadsheets take it for the end of a field, as they
/// may a semicolon.
const BETWEEN: &str = " | ";

type Column = (&'static str, fn(&CodeReport) -> String);

const COLUMNS: [Column; 27] = [
    ("code", |code| code.code.to_string()),
    ("module", |code| code.module.to_string()),
    ("severity", |code| code.severity.to_string()),
    ("new", |code| code.entry.is_none().to_string()),
    ("occurrences", |code| code.counts.occurrences.to_string()),
    ("inferred", |code| code.counts.inferred.to_string()),
    ("repeats", |code| code.counts.repeats.to_string()),
    ("without_time", |code| code.without_time.to_string()),
    ("first_at", |code| code.seen.map_or(String::new(), |seen| seen.first_at.to_rfc3339())),
    ("last_at", |code| code.seen.map_or(String::new(), |seen| seen.last_at.to_rfc3339())),
    ("message", |code| documented(code, |entry| entry.message.as_deref().unwrap_or("").into())),
    ("description", |code| documented(code, |entry| entry.description.to_string())),
    ("solution", |code| {
        documented(code, |entry| {
            let texts: Vec<_> = entry.solution.iter().map(|paragraph| &*paragraph.text).collect();
            texts.join(BETWEEN)
        })
    }),
    ("source", |code| documented(code, |entry| entry.source.to_string())),
    ("causes", |code| {
        let causes: Vec<_> = code.causes.iter().map(|cause| &*cause.id).collect();
        causes.join(BETWEEN)
    }),
    ("apis", |code| joined(&code.fields.apis)),
    ("regions", |code| joined(&code.fields.regions)),
    ("hosts", |code| joined(&code.fields.hosts)),
    ("http_statuses", |code| joined(&code.fields.http_statuses)),
    ("exceptions", |code| joined(&code.fields.exceptions)),
    ("access_keys", |code| joined(&code.fields.access_keys)),
    ("messages_seen", |code| joined(&code.fields.messages)),
    ("files", |code| joined(&code.fields.files)),
    ("first_request_id", |code| code.request_ids.first.as_deref().unwrap_or("").into()),
    ("last_request_id", |code| {
        code.request_ids.recent.first().map_or(String::new(), ToString::to_string)
    }),
    ("sample_file", |code| {
        code.sample.as_ref().map_or(String::new(), |sample| sample.place.file.to_string())
    }),
    ("sample_line", |code| {
        code.sample.as_ref().map_or(String::new(), |sample| sample.place.line.to_string())
    }),
];

/// Writes the header and a row for each code of the report.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    row(out, COLUMNS.iter().map(|(name, _)| (*name).to_owned()))?;
    for code in &report.codes {
        row(out, COLUMNS.iter().map(|(_, field)| escape::csv(&field(code))))?;
    }
    Ok(())
}

fn row(out: &mut dyn Write, fields: impl Iterator<Item = String>) -> io::Result<()> {
    let fields: Vec<_> = fields.collect();
    write!(out, "{}\r\n", fields.join(","))
}

fn documented(code: &CodeReport, of: fn(&crate::catalogue::Entry) -> String) -> String {
    code.entry.as_ref().map_or(String::new(), of)
}

fn joined(values: &Values) -> String {
    let values: Vec<_> = values.values.iter().map(|value| &*value.value).collect();
    values.join(BETWEEN)
}
