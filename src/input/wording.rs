//! How problems and notes are worded.
//!
//! Owns what makes their texts alike and safe to print. Nothing here fails.

use std::fmt;
use std::io;

pub(super) fn write_hint(f: &mut fmt::Formatter<'_>, hint: Option<String>) -> fmt::Result {
    hint.map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
}

pub(super) fn piped(command: &str, name: &str) -> String {
    format!("`{command} {} | ocrwatch report -` reads it", visible(name))
}

pub(super) fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1024 * 1024))
}

/// The system's words in this program's manner: `Is a directory (os error 21)` as `is a directory`.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// A file's name with what could steer a terminal or reorder its line made visible.
pub(super) fn visible(name: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    name.chars().fold(String::with_capacity(name.len()), |mut text, c| {
        if steers(c) {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
        text
    })
}
