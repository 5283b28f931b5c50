//! Tells one log statement from another by what it prints around the variable parts.
//!
//! "The same statement printing twice" is two events; another statement printing the same error is
//! a repeat. Must never look at the error itself. Fails: never.

use std::hash::{DefaultHasher, Hash, Hasher};

use super::body::Shape;
use super::head::{self, Role};
use super::object;
use super::peel::line_around;
use super::record::Record;

/// How much of a statement's text is enough to know it.
const TEXT_BYTES_MAX: usize = 160;

/// The log statement that printed a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Statement {
    pub signature: u64,
    /// The statement printed a line of its own into another statement's record.
    pub own_line: bool,
}

/// The statement that printed the token of a record.
pub(super) fn of(record: &Record, at: usize, shape: Shape) -> Statement {
    let line = line_around(&record.text, &(at..at));
    let first = line.start == 0;
    let own_line = !first
        && head::role(&record.text[line.clone()]) == Role::Loose
        && !in_traceback(&record.text[..line.start]);
    let (start, until) = if own_line || first {
        (line.start, at)
    } else {
        let first_line = record.text.find('\n').unwrap_or(record.text.len());
        (0, first_line)
    };
    let mut hasher = DefaultHasher::new();
    (shape, record.head.level, record.writer).hash(&mut hasher);
    if record.head.json && !own_line {
        hash_json(&record.text[..record.text.find('\n').unwrap_or(record.text.len())], &mut hasher);
    } else {
        let stamp_end = record.head.stamp.as_ref().map_or(0, |stamp| stamp.span.end);
        let start = if start == 0 { stamp_end.min(until) } else { start };
        hash_words(&record.text, start, until, &mut hasher);
    }
    Statement { signature: hasher.finish(), own_line }
}

/// The lines before are the frames of a traceback, which this line ends.
fn in_traceback(before: &str) -> bool {
    before.trim_end_matches('\n').rsplit('\n').next().is_some_and(|line| {
        line.starts_with([' ', '\t']) || line.trim().is_empty() || line.starts_with("During")
    })
}

/// A JSON logger sorts its keys as it likes: only those that name the statement count.
fn hash_json(line: &str, hasher: &mut DefaultHasher) {
    let Some(object) = object::parse(line, 0) else { return };
    let keys = [
        "logger",
        "logger_name",
        "name",
        "caller",
        "module",
        "func",
        "function",
        "msg",
        "message",
        "event",
        "log.logger",
        "@mt",
        "SourceContext",
        "category",
        "component",
        "loggerName",
    ];
    for key in keys {
        if let Some(text) = object.text_of(&[key]) {
            key.hash(hasher);
            hash_words(&text, 0, text.len(), hasher);
        }
    }
}

/// Hashes the plain words; numbers, ids, paths and names of files vary from print to print.
fn hash_words(text: &str, start: usize, until: usize, hasher: &mut DefaultHasher) {
    let mut until = until.min(start + TEXT_BYTES_MAX).min(text.len());
    while !text.is_char_boundary(until) {
        until -= 1;
    }
    let text = text.get(start..until).unwrap_or("");
    // Behind an opening brace is the body, which `shape` stands for.
    let text = &text[..text.find('{').filter(|at| *at > 0).unwrap_or(text.len())];
    for word in text.split(|c: char| c.is_whitespace() || c == '=' || c == ',') {
        let trimmed = word.trim_matches(|c: char| !c.is_alphanumeric());
        let varies = trimmed.is_empty()
            || trimmed.contains(|c: char| c.is_ascii_digit() || matches!(c, '/' | '@'))
            || trimmed.rsplit_once('.').is_some_and(|(_, end)| {
                matches!(
                    end,
                    "jpg" | "jpeg" | "png" | "pdf" | "bmp" | "tif" | "tiff" | "gif" | "webp"
                )
            });
        if !varies {
            trimmed.hash(hasher);
        }
    }
}
