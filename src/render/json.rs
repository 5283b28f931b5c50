//! The text of an alert as JSON.
//!
//! Owns the schema `ocrwatch.alert/1`: no key changes its meaning or goes away without a new
//! number. Must not know who reads it. Writing fails with the `io::Error` of the output.
//!
//! The keys are the names of the fields of [`AlertText`]; times are RFC 3339 with offset; what is
//! not known is absent.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::content::AlertText;
use crate::surface::json;

/// The schema's name and number.
pub const SCHEMA: &str = "ocrwatch.alert/1";

#[derive(Serialize)]
struct Document<'t> {
    schema: &'static str,
    #[serde(flatten)]
    text: &'t AlertText,
}

/// The text as a JSON value, for a larger document.
pub fn value(text: &AlertText) -> Value {
    // Texts, numbers and lists of them: nothing of it can be refused.
    serde_json::to_value(Document { schema: SCHEMA, text }).unwrap_or_default()
}

/// Writes the text as one line of JSON in which nothing steers a terminal.
pub fn write(out: &mut dyn Write, text: &AlertText) -> io::Result<()> {
    json::write_line(out, &Document { schema: SCHEMA, text })
}
