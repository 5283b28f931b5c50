//! What is said of an alert's codes: the documentation, the cause first, and the tickets.
//!
//! Owns the order and what stands once. Must never shorten or change the documentation. Nothing
//! here fails.

use serde::Serialize;

use super::affected;
use super::ticket::{Ticket, is_needed};
use super::times::Times;
use crate::catalogue::{Catalogue, Cause, Entry, Paragraph};
use crate::engine::{Alert, CodeCount, Instant, LabelName};
use crate::occurrence::Module;

/// What is said of one code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CodeText {
    /// The code.
    pub code: String,
    /// Its module, if the code tells one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub module: Option<Module>,
    /// How often it was part of the alert.
    pub count: u64,
    /// Whether the catalogue knows it.
    pub known: bool,
    /// What the service said last, where that is not the documented message.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub said: Option<String>,
    /// The documented message, then the description; once if they are the same.
    pub meaning: Vec<String>,
    /// The causes that messages named, the most frequent first.
    pub causes: Vec<CauseText>,
    /// The whole documented solution, verbatim; empty where none is documented.
    pub solution: Vec<Paragraph>,
    /// Where the module's codes are documented instead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub elsewhere: Option<String>,
    /// Who says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<SourceText>,
}

/// A cause that messages named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CauseText {
    /// Its name in the catalogue.
    pub id: String,
    /// The documented text that names it; its name if the catalogue does not know it.
    pub text: String,
    /// What it means.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its own part of the solution.
    pub solution: Vec<Paragraph>,
    /// How often.
    pub count: u64,
}

/// The document that says it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SourceText {
    /// Title and date in words.
    pub words: String,
    /// Whether it is the vendor's documentation.
    pub reference: bool,
}

/// The counts of one code, over its causes.
struct OfCode<'a> {
    code: &'a str,
    count: u64,
    last_at: Instant,
    message: Option<&'a str>,
    causes: Vec<(&'a str, u64)>,
}

/// What to send to technical support about a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TicketText {
    /// The code.
    pub code: String,
    /// The text, one line after the other.
    pub text: String,
}

/// Every code of the alert, the most frequent first.
pub(super) fn of(alert: &Alert, catalogue: &Catalogue) -> Vec<CodeText> {
    by_code(&alert.evidence.codes).iter().map(|code| code.text(catalogue)).collect()
}

/// A ticket for each code that needs one.
pub(super) fn tickets(alert: &Alert, catalogue: &Catalogue, times: Times) -> Vec<TicketText> {
    let codes = by_code(&alert.evidence.codes);
    let only = codes.len() == 1;
    let entries = codes.iter().filter_map(|code| Some((code, catalogue.entry(code.code)?)));
    entries
        .filter(|(_, entry)| is_needed(entry))
        .map(|(code, entry)| TicketText {
            code: code.code.to_owned(),
            text: code.ticket(entry, alert, only, times).text(),
        })
        .collect()
}

fn by_code(counts: &[CodeCount]) -> Vec<OfCode<'_>> {
    let mut codes: Vec<OfCode<'_>> = Vec::new();
    for known in counts {
        let message = known.message.as_deref();
        let place = codes.iter().position(|code| *code.code == *known.code);
        match place.and_then(|place| codes.get_mut(place)) {
            Some(code) => {
                code.count = code.count.saturating_add(known.count);
                if known.last_at >= code.last_at {
                    code.message = message.or(code.message);
                }
                code.last_at = code.last_at.max(known.last_at);
            }
            None => codes.push(OfCode {
                code: &known.code,
                count: known.count,
                last_at: known.last_at,
                message,
                causes: Vec::new(),
            }),
        }
        if let Some(code) = codes.iter_mut().find(|code| *code.code == *known.code) {
            code.causes.extend(known.cause.as_deref().map(|cause| (cause, known.count)));
        }
    }
    // Stable: of equally frequent ones the first to come stays first.
    codes.sort_by_key(|code| std::cmp::Reverse(code.count));
    for code in &mut codes {
        code.causes.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    }
    codes
}

impl OfCode<'_> {
    fn text(&self, catalogue: &Catalogue) -> CodeText {
        let entry = catalogue.entry(self.code);
        let module = entry.map(|entry| entry.module).or_else(|| Module::of_code(self.code));
        let documented = entry.and_then(|entry| entry.message.as_deref());
        let mut meaning: Vec<String> = documented.into_iter().map(str::to_owned).collect();
        meaning.extend(entry.map(|entry| entry.description.to_string()));
        meaning.dedup();
        let solution = entry.map(|entry| entry.solution.clone()).unwrap_or_default();
        let elsewhere = module
            .filter(|_| solution.is_empty())
            .and_then(|module| catalogue.elsewhere(module).map(str::to_owned));
        CodeText {
            code: self.code.to_owned(),
            module,
            count: self.count,
            known: entry.is_some(),
            said: self.said(entry).map(str::to_owned),
            meaning,
            causes: self.causes.iter().map(|&(id, count)| cause_text(entry, id, count)).collect(),
            solution,
            elsewhere,
            source: entry.map(|entry| SourceText {
                words: entry.source.to_string(),
                reference: entry.source.reference,
            }),
        }
    }

    /// The last message, if it is not the documented one, nor that with a cause behind it.
    fn said(&self, entry: Option<&Entry>) -> Option<&str> {
        let said = self.message?;
        let plain = |text: &str| text.trim().trim_end_matches(['.', '。']).to_ascii_lowercase();
        let documented = entry.and_then(|entry| entry.message.as_deref()).map(plain);
        let said_plain = plain(said);
        let rest = documented
            .and_then(|documented| said_plain.strip_prefix(&documented).map(str::to_owned));
        let is_known = rest.is_some_and(|rest| {
            let rest = rest.trim_start_matches([':', ' ']);
            let mut causes = entry.iter().flat_map(|entry| &entry.causes);
            rest.is_empty() || causes.any(|cause| plain(&cause.text) == rest)
        });
        (!is_known).then_some(said)
    }

    /// The alert knows inferences and its beginning only of all codes together: they are told if
    /// this is the `only` one.
    fn ticket<'t>(
        &'t self,
        entry: &'t Entry,
        alert: &'t Alert,
        only: bool,
        times: Times,
    ) -> Ticket<'t> {
        let evidence = &alert.evidence;
        let inferred = if only { evidence.inferred.min(self.count) } else { 0 };
        let lines = [
            ("API", LabelName::Api),
            ("Region", LabelName::Region),
            ("Project", LabelName::Project),
            ("Endpoint", LabelName::Host),
        ];
        let lines = lines.map(|(label, name)| (label, affected_values(alert, &name), false));
        let ids = evidence.request_ids.iter().map(|id| &**id);
        let with_code = evidence
            .samples
            .iter()
            .rev()
            .find(|sample| only && !sample.text.is_empty() || sample.text.contains(self.code));
        Ticket {
            language: times.language,
            entry,
            message: self.message,
            occurrences: self.count - inferred,
            inferred,
            first: only.then(|| times.words(alert.first_at)),
            last: Some(times.words(self.last_at)),
            lines: lines.into(),
            request_ids: ids.collect(),
            ids_of_all: !only,
            sample: with_code
                .map(|sample| (format!("{}:{}", sample.file, sample.line), &*sample.text)),
        }
    }
}

fn affected_values<'a>(alert: &'a Alert, name: &LabelName) -> Vec<&'a str> {
    match alert.label(name) {
        Some(value) => vec![value],
        None => affected::values(alert, name),
    }
}

fn cause_text(entry: Option<&Entry>, id: &str, count: u64) -> CauseText {
    let known: Option<&Cause> =
        entry.and_then(|entry| entry.causes.iter().find(|cause| *cause.id == *id));
    CauseText {
        id: id.to_owned(),
        text: known.map_or(id, |cause| &cause.text).to_owned(),
        description: known.map(|cause| cause.description.to_string()),
        solution: known.map(|cause| cause.solution.clone()).unwrap_or_default(),
        count,
    }
}
