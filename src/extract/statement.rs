//! Tells one log statement from another: by logger, level and the shape in which it prints a body.
//!
//! The same statement printing twice is two events; another statement printing the same error is a
//! repeat. Where a line shows neither logger nor level, the words before the body stand for them.
//! Must never look at the error itself. Fails: never.

use std::hash::{Hash, Hasher};
use std::sync::LazyLock;

use regex::Regex;

use super::body::Shape;
use super::head::{self, Role};
use super::object;
use super::peel::line_around;
use super::record::Record;
use crate::fnv::Fnv;

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
    let first_line = &record.text[line_around(&record.text, &(0..0))];
    let first = line.start == 0;
    let own_line = !first
        && head::role(&record.text[line.clone()]) == Role::Loose
        && !in_traceback(&record.text[..line.start]);
    let (start, until) = if own_line || first { (line.start, at) } else { (0, first_line.len()) };
    let mut hasher = Fnv::new();
    (shape, record.head.level, record.writer).hash(&mut hasher);
    if record.head.json && !own_line {
        hash_json(first_line, &mut hasher);
    } else if let Some(head) = logger_part(record, first_line).filter(|_| !own_line) {
        hash_words(head, &mut hasher);
    } else {
        hash_words(record.text.get(start..until).unwrap_or(""), &mut hasher);
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
fn hash_json(line: &str, hasher: &mut Fnv) {
    let Some(object) = object::parse(line, 0) else { return };
    let keys = [
        "logger",
        "logger_name",
        "name",
        "caller",
        "module",
        "func",
        "function",
        "log.logger",
        "SourceContext",
        "category",
        "component",
        "loggerName",
    ];
    for key in keys {
        if let Some(text) = object.text_of(&[key]) {
            key.hash(hasher);
            hash_name(&text, hasher);
        }
    }
}

/// A logger named by its place or its number keeps its name: `worker/pool.go:57`, `worker-3`.
fn hash_name(name: &str, hasher: &mut Fnv) {
    let letters: String = name.chars().filter(|c| c.is_alphabetic() || *c == '.').collect();
    hash_words(&letters, hasher);
}

/// The part of a head that names the logger: up to the separator behind the level and a name.
///
/// The words of the message do not tell statements apart: "another logger, level or shape" does.
fn logger_part<'l>(record: &Record, line: &'l str) -> Option<&'l str> {
    static LEVEL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)(?-u:\b)(?:trace|debug|info|notice|warn(?:ing)?|err(?:or)?|fatal|crit(?:ical)?|panic|severe|",
            r"dbg|inf|wrn|debu|erro)(?-u:\b)|^[IWEFD][0-9]{4} ",
        ))
        .expect("the pattern is valid")
    });
    let from = record.head.stamp.as_ref().map_or(0, |stamp| stamp.span.end);
    let rest = line.get(from..)?;
    let level = LEVEL.find(rest).filter(|level| level.start() < HEAD_BYTES_MAX);
    record.head.level?;
    let level = level.map_or(0, |level| level.end());
    let named_before = rest[..level].contains(is_name);
    let mut end = level;
    while let Some(next) = end_of_separator(rest, end) {
        end = next;
        if named_before && level > 0 || rest[level..end].contains(is_name) {
            return (end < HEAD_BYTES_MAX).then_some(&rest[..end]);
        }
    }
    None
}

/// A head is short; a separator far into the line is the message's own.
const HEAD_BYTES_MAX: usize = 160;

/// The end of what stands next between a head's parts: a tab, or `: `, `] `, `) `, ` - `, ` | `.
fn end_of_separator(text: &str, from: usize) -> Option<usize> {
    let rest = text.as_bytes().get(from..)?;
    let ends = |at: &usize| {
        matches!(
            &rest[..=*at],
            [.., b'\t'] | [.., b':' | b']' | b')', b' '] | [.., b' ', b'-' | b'|', b' ']
        )
    };
    (0..rest.len().min(HEAD_BYTES_MAX)).find(ends).map(|at| from + at + 1)
}

fn is_name(c: char) -> bool {
    c.is_alphabetic()
}

/// Hashes the plain words; numbers, ids, paths and names of files vary from print to print.
fn hash_words(text: &str, hasher: &mut Fnv) {
    let mut until = text.len().min(TEXT_BYTES_MAX);
    while !text.is_char_boundary(until) {
        until -= 1;
    }
    // Behind an opening brace is the body, which `shape` stands for.
    let text = &text[..until];
    let text = &text[..text.find('{').filter(|at| *at > 0).unwrap_or(until)];
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1_000))]

        #[test]
        fn the_separator_that_ends_first_is_the_next(text in "[]:) |\t-é-]{0,12}") {
            let separators = [": ", " - ", " | ", "] ", ") ", "\t"];
            for from in (0..=text.len()).filter(|from| text.is_char_boundary(*from)) {
                let end = |one: &&str| text[from..].find(*one).map(|at| from + at + one.len());
                let first = separators.iter().filter_map(end).min();
                prop_assert_eq!(end_of_separator(&text, from), first, "in {:?}", text);
            }
        }
    }
}
