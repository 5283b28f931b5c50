//! The texts of a rule: why it exists, the summary, the note, links.
//!
//! Owns their limits, and where in the file a template's problem stands. Must not know what a
//! template can name. What is wrong is a problem and reads as absent.

use std::ops::Range;
use std::sync::Arc;

use toml::Spanned;

use super::problem;
use crate::engine::Translation;
use crate::template;
use crate::toml_file::{Keys, Problems};

pub(super) const ZH_KEYS: &[&str] = &["summary", "why"];

const WHY_BYTES_MAX: usize = 2 * 1024;
/// A subject of a mail; values come on top.
const SUMMARY_BYTES_MAX: usize = 512;
const NOTE_BYTES_MAX: usize = 8 * 1024;
const LINK_BYTES_MAX: usize = 512;
pub(super) const LINKS_MAX: usize = 10;

pub(super) fn why(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Arc<str>> {
    let text = keys.text("why", problems)?;
    short("why", &text, WHY_BYTES_MAX, problems)
}

pub(super) fn summary(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Arc<str>> {
    let hint = "say in one line what is wrong and whose, such as \
                `summary = \"{{ api }} is not subscribed\"`";
    let text = keys.required_text("summary", hint, problems)?;
    check_template(&text, problems);
    short("summary", &text, SUMMARY_BYTES_MAX, problems)
}

/// `zh = { summary = "…", why = "…" }`.
pub(super) fn translation(
    key: &'static str,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Translation> {
    let table = keys.table(key, key, ZH_KEYS, problems)?;
    let summary = table.text("summary", problems).and_then(|text| {
        check_template(&text, problems);
        short("summary", &text, SUMMARY_BYTES_MAX, problems)
    });
    Some(Translation { summary, why: why(&table, problems) })
}

pub(super) fn note(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Arc<str>> {
    let text = keys.raw_text("note", problems)?;
    let text = Spanned::new(text.span(), text.get_ref().trim().to_owned());
    check_template(&text, problems);
    short("note", &text, NOTE_BYTES_MAX, problems)
}

pub(super) fn links(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Vec<Arc<str>> {
    let texts = keys.texts("links", problems).unwrap_or_default();
    if let Some(first_beyond) = texts.get(LINKS_MAX) {
        let message = format!("{} links stand here, at most {LINKS_MAX} can", texts.len());
        let hint = "link a page that links the others".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    let mut links = Vec::new();
    for text in texts.iter().take(LINKS_MAX) {
        let link = text.get_ref();
        let is_web = link.starts_with("https://") || link.starts_with("http://");
        if !is_web || link.contains(' ') {
            let message = "this is no link".to_owned();
            let hint = "a link begins with `https://` and has no blanks".to_owned();
            problems.add(problem::BAD_VALUE, text.span(), message, hint);
        } else {
            links.extend(short("links", text, LINK_BYTES_MAX, problems));
        }
    }
    links
}

fn short(
    key: &str,
    text: &Spanned<String>,
    bytes_max: usize,
    problems: &mut Problems<'_>,
) -> Option<Arc<str>> {
    let bytes = text.get_ref().len();
    if bytes <= bytes_max {
        return Some(text.get_ref().as_str().into());
    }
    let message = format!("`{key}` has {bytes} bytes, it can have {bytes_max}");
    problems.add(problem::BAD_VALUE, text.span(), message, "write it shorter".to_owned());
    None
}

fn check_template(text: &Spanned<String>, problems: &mut Problems<'_>) {
    for wrong in template::check(text.get_ref()) {
        let range = place(problems.text(), text, wrong.range);
        problems.add(problem::BAD_TEMPLATE, range, wrong.message, wrong.hint);
    }
}

/// Where in the file a part of a text stands: exactly, unless the file writes the text otherwise
/// than it reads, with escapes or line breaks.
pub(crate) fn place(file: &str, text: &Spanned<String>, part: Range<usize>) -> Range<usize> {
    let whole = text.span();
    let written = file.get(whole.clone()).unwrap_or_default();
    match written.find(text.get_ref().as_str()) {
        Some(at) => whole.start + at + part.start..whole.start + at + part.end,
        None => whole,
    }
}
