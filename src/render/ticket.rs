//! The text for technical support, where the documentation says to turn to it.
//!
//! Owns what a ticket holds and in which order: what was returned, when, where, and the request ids
//! by which the provider finds it. Must not know who counted, nor the surface; it leaves no control
//! characters in what comes from the log. Nothing here fails.

use std::fmt::Write as _;

use crate::catalogue::Entry;
use crate::surface::escape::{visible, visible_lines};
use crate::surface::{Language, phrase};

/// What stands above a ticket.
pub(crate) const HEADING: &str = "Ready to send to technical support:";

/// What stands above the part of it that a log said; its last.
pub(crate) const SAMPLE_HEADING: &str = "Log, redacted";

/// The documented solution of a code about which nothing else can be done.
const SOLUTION: &str = "Contact technical support.";

/// Whether the documentation says to contact technical support, and nothing else.
pub(crate) fn is_needed(entry: &Entry) -> bool {
    matches!(&*entry.solution, [only] if &*only.text == SOLUTION)
}

/// What a ticket is made of; texts from the log as they are.
#[derive(Debug)]
pub(crate) struct Ticket<'t> {
    /// The language of our own words.
    pub(crate) language: Language,
    /// What the catalogue says of the code.
    pub(crate) entry: &'t Entry,
    /// What the service said; what is documented if the log does not tell.
    pub(crate) message: Option<&'t str>,
    /// How often the code was printed.
    pub(crate) occurrences: u64,
    /// How often it was inferred.
    pub(crate) inferred: u64,
    /// The first time, in words.
    pub(crate) first: Option<String>,
    /// The last time, in words.
    pub(crate) last: Option<String>,
    /// Further lines: a label, and values of which there are more if the flag is set.
    pub(crate) lines: Vec<(&'static str, Vec<&'t str>, bool)>,
    /// The first request id and the latest ones.
    pub(crate) request_ids: Vec<&'t str>,
    /// Whether some of those ids may be of other codes.
    pub(crate) ids_of_all: bool,
    /// Where the sample stands, and its lines.
    pub(crate) sample: Option<(String, &'t str)>,
}

impl Ticket<'_> {
    /// The text, one line after the other.
    pub(crate) fn text(&self) -> String {
        let documented = self.entry.message.as_deref().unwrap_or(&self.entry.description);
        let what = visible(self.message.unwrap_or(documented));
        let what = what.trim_end_matches('.');
        let mut text = String::new();
        // Writing to a String cannot fail, here and below.
        let code = &self.entry.code;
        let _ = match self.language {
            Language::English => writeln!(text, "Huawei Cloud OCR returned {code}: {what}."),
            Language::Chinese => writeln!(text, "华为云 OCR 返回 {code}：{what}。"),
        };
        let mut line = |label: &str, value: &str| {
            let _ = match self.language {
                Language::English => writeln!(text, "{:<13}{value}", format!("{label}:")),
                Language::Chinese => writeln!(text, "{}：{value}", self.language.words(label)),
            };
        };
        line("Occurred", &self.times());
        if let Some(first) = &self.first {
            line("First", first);
        }
        if let Some(last) = self.last.as_ref().filter(|last| self.first.as_ref() != Some(last)) {
            line("Last", last);
        }
        for (label, values, more) in self.lines.iter().filter(|(_, values, _)| !values.is_empty()) {
            line(label, &joined(values, *more));
        }
        if let ([only], false) = (self.request_ids.as_slice(), self.ids_of_all) {
            line("Request id", &visible(only));
        } else if !self.request_ids.is_empty() {
            let of = if self.ids_of_all {
                self.language.pick(" of all codes of the alert", "（告警的所有错误码）")
            } else {
                ""
            };
            let _ = match self.language {
                Language::English => writeln!(text, "Request ids{of}, the first and the latest:"),
                Language::Chinese => writeln!(text, "请求 ID{of}，首个及最近的："),
            };
            for id in &self.request_ids {
                let _ = writeln!(text, "  {}", visible(id));
            }
        }
        if let Some((place, sample)) = &self.sample {
            let log = self.language.words(SAMPLE_HEADING);
            let _ = writeln!(text, "{log} ({}):", visible(place));
            for sampled in visible_lines(sample).lines() {
                let _ = writeln!(text, "  {sampled}");
            }
        }
        text
    }

    fn times(&self) -> String {
        let times = |n| self.language.times(n);
        match (self.occurrences, self.inferred) {
            (seen, 0) => times(seen),
            (0, inferred) if self.language == Language::Chinese => {
                format!("{}，据返回信息推断", times(inferred))
            }
            (seen, inferred) if self.language == Language::Chinese => {
                format!("{}，另有 {} 据返回信息推断", times(seen), times(inferred))
            }
            (0, inferred) => format!("{}, inferred from the message", times(inferred)),
            (seen, inferred) => format!(
                "{}, and {} inferred from the message",
                times(seen),
                phrase::count(inferred)
            ),
        }
    }
}

fn joined(values: &[&str], more: bool) -> String {
    const SHOWN: usize = 5;
    let names: Vec<_> = values.iter().take(SHOWN).map(|value| visible(value)).collect();
    let mut text = names.join(", ");
    if values.len() > SHOWN || more {
        text += " and others";
    }
    text
}
