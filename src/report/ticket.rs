//! The ticket for technical support, from what a report counted.
//!
//! Owns which of a code's numbers a ticket is given. Must not know how it reads. Nothing here
//! fails.

use super::content::CodeReport;
use super::phrase;
use crate::render::ticket::{Ticket, is_needed};
use crate::surface::Language;

/// The ticket, if the code needs one.
pub(super) fn of(code: &CodeReport, language: Language) -> Option<String> {
    let entry = code.entry.as_ref().filter(|entry| is_needed(entry))?;
    let fields = &code.fields;
    let lines = [
        ("API", &fields.apis),
        ("Region", &fields.regions),
        ("Endpoint", &fields.hosts),
        ("HTTP status", &fields.http_statuses),
        ("Exception", &fields.exceptions),
    ]
    .map(|(label, values)| {
        let texts = values.values.iter().map(|value| &*value.value).collect();
        (label, texts, values.left_out > 0)
    });
    let ticket = Ticket {
        language,
        entry,
        message: fields.messages.values.first().map(|said| &*said.value),
        occurrences: code.counts.occurrences,
        inferred: code.counts.inferred,
        first: code.seen.map(|seen| phrase::instant(seen.first_at)),
        last: code
            .seen
            .filter(|seen| seen.last_at != seen.first_at)
            .map(|seen| phrase::instant(seen.last_at)),
        lines: lines.into(),
        request_ids: code.request_ids.in_order().collect(),
        ids_of_all: false,
        sample: code.sample.as_ref().map(|sample| (sample.place.to_string(), &*sample.text)),
    };
    Some(ticket.text())
}
