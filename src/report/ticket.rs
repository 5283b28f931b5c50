//! The text for technical support, where the documentation says to turn to it.
//!
//! Owns what a ticket holds: what was returned, when, where, and the request ids by which the
//! provider finds it. Must not know the surface; what comes from the log has no control characters
//! left in it. Nothing here fails.

use std::fmt::Write as _;

use super::content::CodeReport;
use super::escape::{visible, visible_lines};
use super::phrase;
use super::tally::Values;
use crate::catalogue::Entry;

/// The documented solution of a code about which nothing else can be done.
const SOLUTION: &str = "Contact technical support.";

/// Whether the documentation says to contact technical support, and nothing else.
pub(super) fn is_needed(entry: &Entry) -> bool {
    matches!(&*entry.solution, [only] if &*only.text == SOLUTION)
}

/// The ticket, if the code needs one.
pub(super) fn of(code: &CodeReport) -> Option<String> {
    let entry = code.entry.as_ref().filter(|entry| is_needed(entry))?;
    let said = code.fields.messages.values.first().map(|said| visible(&said.value));
    let documented = entry.message.as_deref().unwrap_or(&entry.description);
    let what = said.as_deref().unwrap_or(documented).trim_end_matches('.');
    let mut text = String::new();
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(text, "Huawei Cloud OCR returned {}: {what}.", code.code);
    let counts = code.counts;
    let times = match (counts.occurrences, counts.inferred) {
        (0, inferred) => format!("{}, inferred from the message", phrase::times(inferred)),
        (seen, 0) => phrase::times(seen),
        (seen, inferred) => {
            format!(
                "{}, and {} inferred from the message",
                phrase::times(seen),
                phrase::count(inferred)
            )
        }
    };
    let mut line = |label: &str, value: &str| {
        let _ = writeln!(text, "{:<13}{value}", format!("{label}:"));
    };
    line("Occurred", &times);
    if let Some(seen) = code.seen {
        line("First", &phrase::instant(seen.first_at));
        if seen.last_at != seen.first_at {
            line("Last", &phrase::instant(seen.last_at));
        }
    }
    let fields = &code.fields;
    for (label, values) in [
        ("API", &fields.apis),
        ("Region", &fields.regions),
        ("Endpoint", &fields.hosts),
        ("HTTP status", &fields.http_statuses),
        ("Exception", &fields.exceptions),
    ] {
        if !values.is_empty() {
            line(label, &joined(values));
        }
    }
    let ids: Vec<_> = code.request_ids.in_order().map(visible).collect();
    if let [only] = ids.as_slice() {
        line("Request id", only);
    } else if !ids.is_empty() {
        let _ = writeln!(text, "Request ids, the first and the latest:");
        for id in ids {
            let _ = writeln!(text, "  {id}");
        }
    }
    if let Some(sample) = &code.sample {
        let place = visible(&sample.place.to_string());
        let _ = writeln!(text, "Log, redacted ({place}):");
        for sampled in visible_lines(&sample.text).lines() {
            let _ = writeln!(text, "  {sampled}");
        }
    }
    Some(text)
}

fn joined(values: &Values) -> String {
    const SHOWN: usize = 5;
    let names: Vec<_> =
        values.values.iter().take(SHOWN).map(|value| visible(&value.value)).collect();
    let mut text = names.join(", ");
    if values.values.len() > SHOWN || values.left_out > 0 {
        text += " and others";
    }
    text
}
