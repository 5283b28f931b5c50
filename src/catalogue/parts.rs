//! The parts of an entry in a catalogue file: solution, causes, patterns, statuses, meanings.
//!
//! Owns the rule about each part by itself. Must not know the code that it belongs to. What is
//! wrong is collected and left out of what is returned.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::entry::{Cause, Meaning, Paragraph, Source};
use super::pattern::{BadPattern, PLACEHOLDERS, Pattern, Reason};
use super::problem;
use crate::toml_file::{Keys, Problems, boxed, did_you_mean, listed, number_of};

/// The paragraphs of `solution`.
pub(super) fn solution(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Vec<Paragraph>> {
    let texts = keys.texts("solution", problems)?;
    if let Some(value) = keys.value("solution")
        && value.get_ref().as_array().is_some_and(|items| items.is_empty())
    {
        let message = "`solution` is empty".to_owned();
        let hint = "give at least one paragraph, or leave `solution` out".to_owned();
        problems.add(problem::EMPTY_SOLUTION, value.span(), message, hint);
    }
    let mut paragraphs = Vec::new();
    for text in &texts {
        let bullet = text.get_ref().strip_prefix(['-', '•']);
        // A dash without a blank behind it begins a word, such as `-Xmx`.
        let bullet = bullet.filter(|rest| rest.is_empty() || rest.starts_with(' '));
        let paragraph = bullet.unwrap_or(text.get_ref()).trim();
        if paragraph.is_empty() {
            let message = "a bullet of `solution` is empty".to_owned();
            let hint = "give it text, or leave it out".to_owned();
            problems.add(problem::EMPTY_SOLUTION, text.span(), message, hint);
        }
        paragraphs.push(Paragraph { text: paragraph.into(), bullet: bullet.is_some() });
    }
    Some(paragraphs)
}

/// The causes of `[[entry.cause]]`.
pub(super) fn causes(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Vec<Cause>> {
    const KEYS: &[&str] = &["id", "text", "also", "description", "solution"];
    let mut causes = Vec::new();
    let mut ids = HashSet::new();
    let mut told = HashSet::new();
    for item in keys.tables("cause", "[[entry.cause]]", problems)? {
        let Some(keys) = Keys::of_value(item, "[[entry.cause]]", KEYS, problems) else { continue };
        let hint = "a stable name for reports and alerts, such as `token-expired`";
        let id = keys.required_text("id", hint, problems);
        let hint = "the text in the message that tells this cause";
        let text = keys.required_text("text", hint, problems);
        let description = keys.required_text("description", "say what the cause is", problems);
        let solution = solution(&keys, problems).unwrap_or_default();
        let also = keys.texts("also", problems).unwrap_or_default();
        if let Some(id) = &id {
            cause_id(id, &mut ids, problems);
        }
        let mut needles = Vec::new();
        for text in text.iter().chain(&also) {
            let needle: Box<str> = text.get_ref().to_ascii_lowercase().into();
            if !told.insert(needle.clone()) {
                let message = format!("`{}` already tells a cause of this code", text.get_ref());
                let hint = "one text can tell only one cause".to_owned();
                problems.add(problem::BAD_CAUSE, text.span(), message, hint);
            }
            needles.push(needle);
        }
        if let (Some(id), Some(text), Some(description)) = (id, text, description) {
            let (id, text) = (id.into_inner().into(), boxed(&text));
            let description = boxed(&description);
            causes.push(Cause { id, text, description, solution, needles });
        }
    }
    Some(causes)
}

fn cause_id(id: &Spanned<String>, ids: &mut HashSet<String>, problems: &mut Problems<'_>) {
    let text = id.get_ref();
    let kebab = text.split('-').all(|word| {
        !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
    });
    if !kebab {
        let message = format!("`{text}` cannot be a cause's id");
        let hint = "use lower-case words and hyphens, such as `token-expired`".to_owned();
        problems.add(problem::BAD_CAUSE, id.span(), message, hint);
    } else if !ids.insert(text.clone()) {
        let message = format!("this code has a cause `{text}` already");
        let hint = "further texts of one cause stand in its `also`".to_owned();
        problems.add(problem::BAD_CAUSE, id.span(), message, hint);
    }
}

/// The statuses of `http_status`.
pub(super) fn statuses(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Vec<u16>> {
    let items = keys.list("http_status", problems)?;
    Some(items.iter().filter_map(|item| status(item, problems)).collect())
}

fn status(value: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<u16> {
    let number = number_of("http_status", value, problems)?;
    let status = u16::try_from(*number.get_ref()).ok().filter(|s| (100..=599).contains(s));
    if status.is_none() {
        let message = format!("{} is not an HTTP status", number.get_ref());
        let hint = "an HTTP status is a number from 100 to 599".to_owned();
        problems.add(problem::BAD_STATUS, number.span(), message, hint);
    }
    status
}

/// The items of `meanings`.
pub(super) fn meanings(
    keys: &Keys<'_, '_>,
    source: &Arc<Source>,
    problems: &mut Problems<'_>,
) -> Option<Vec<Meaning>> {
    const KEYS: &[&str] = &["http_status", "text"];
    let mut meanings = Vec::new();
    for item in keys.list("meanings", problems)? {
        let Some(keys) = Keys::of_value(item, "meanings", KEYS, problems) else { continue };
        let http_status = keys.value("http_status").and_then(|value| status(value, problems));
        if let Some(text) = keys.required_text("text", "say what it means", problems) {
            meanings.push(Meaning { http_status, text: boxed(&text), source: source.clone() });
        }
    }
    Some(meanings)
}

/// The patterns of `patterns`.
pub(super) fn patterns(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Vec<Pattern>> {
    let texts = keys.texts("patterns", problems)?;
    Some(texts.iter().filter_map(|text| pattern(text, problems)).collect())
}

fn pattern(text: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Pattern> {
    let BadPattern { range, reason } = match Pattern::parse(text.get_ref()) {
        Ok(pattern) => return Some(pattern),
        Err(bad) => bad,
    };
    let part = &text.get_ref()[range];
    let placeholders = PLACEHOLDERS.map(|(name, _)| name);
    let (message, hint) = match reason {
        Reason::Unknown(name) => (
            format!("unknown placeholder `{{{name}}}`"),
            did_you_mean(&name, placeholders).unwrap_or_else(|| {
                format!("the placeholders are {}; `{{{{` is a brace", listed(&placeholders))
            }),
        ),
        Reason::Repeated(name) => (
            format!("placeholder `{{{name}}}` stands here twice"),
            "a message tells it once; use {any} for text that is skipped".to_owned(),
        ),
        Reason::Unclosed => {
            ("this `{` is never closed".to_owned(), "write `{{` for a brace".to_owned())
        }
        Reason::Unopened => {
            ("this `}` closes nothing".to_owned(), "write `}}` for a brace".to_owned())
        }
        Reason::Touching => (
            "two placeholders without text between them".to_owned(),
            "the text between them tells where the first one ends".to_owned(),
        ),
        Reason::WeakBeginning => (
            "the pattern begins with too little fixed text".to_owned(),
            "begin it with the words that every such message begins with".to_owned(),
        ),
    };
    problems.add(
        problem::BAD_PLACEHOLDER,
        within(text.span(), part, problems.text()),
        message,
        hint,
    );
    None
}

/// Where a part of a TOML text stands in the file; the whole text when escapes hide it.
fn within(range: Range<usize>, part: &str, file: &str) -> Range<usize> {
    match file.get(range.clone()).and_then(|written| written.find(part)) {
        Some(at) => range.start + at..range.start + at + part.len(),
        None => range,
    }
}
