//! The sample of an error: the text around it, redacted.
//!
//! Must never cut before it is redacted. Fails: never; a code that was redacted has no sample.

use super::Record;

/// A sample is a glance, not the record.
const SAMPLE_BYTES_MAX: usize = 600;

/// The text around what stands at `at`, redacted.
///
/// The whole record is redacted before it is cut: a cut between a key and its value would leave a
/// secret that nothing tells any more.
pub(super) fn sample(record: &Record, redacted: &str, at: usize) -> String {
    let Some(at) = place_in(redacted, &record.text, at) else { return String::new() };
    let mut start = start_boundary(redacted, at.saturating_sub(SAMPLE_BYTES_MAX / 2));
    if record.long_line.is_some() {
        // The piece may begin inside of a secret, and nothing before the code tells.
        start = at;
    } else if start < SAMPLE_BYTES_MAX / 4 {
        start = 0; // The head of the record is near: show it.
    }
    if let Some(newline) = redacted[start..at].find('\n').filter(|_| start > 0) {
        start += newline + 1;
    }
    let end = start_boundary(redacted, start + SAMPLE_BYTES_MAX);
    redacted[start..end].trim_end().to_owned()
}

/// Where the word at a place of the text stands once the text is redacted.
fn place_in(redacted: &str, text: &str, at: usize) -> Option<usize> {
    if redacted == text {
        return Some(at);
    }
    let word = |c: char| !(c.is_ascii_alphanumeric() || c == '.');
    let needle = text[at..].split(word).next().filter(|needle| !needle.is_empty())?;
    let nth = text[..at].matches(needle).count();
    redacted.match_indices(needle).map(|(found, _)| found).nth(nth)
}

pub(super) fn start_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}
