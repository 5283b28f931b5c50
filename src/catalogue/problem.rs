//! The names of the problems that a catalogue file can have, and the list that collects them.
//!
//! Owns the names and the bound on their number. Must not know what makes a file wrong. Nothing
//! here fails; what is beyond the bound is counted and said.

use std::ops::Range;

use crate::diagnostic::{Diagnostic, Position};

pub(super) const SYNTAX: &str = "catalogue-syntax";
pub(super) const TOO_LARGE: &str = "catalogue-too-large";
pub(super) const UNKNOWN_KEY: &str = "catalogue-unknown-key";
pub(super) const MISSING_KEY: &str = "catalogue-missing-key";
pub(super) const WRONG_TYPE: &str = "catalogue-wrong-type";
pub(super) const EMPTY_TEXT: &str = "catalogue-empty-text";
pub(super) const CONTROL_CHARACTER: &str = "catalogue-control-character";
pub(super) const BAD_CODE: &str = "catalogue-bad-code";
pub(super) const DUPLICATE_CODE: &str = "catalogue-duplicate-code";
pub(super) const UNKNOWN_CODE: &str = "catalogue-unknown-code";
pub(super) const UNKNOWN_MODULE: &str = "catalogue-unknown-module";
pub(super) const WRONG_MODULE: &str = "catalogue-wrong-module";
pub(super) const EMPTY_SOLUTION: &str = "catalogue-empty-solution";
pub(super) const BAD_PLACEHOLDER: &str = "catalogue-bad-placeholder";
pub(super) const BAD_CAUSE: &str = "catalogue-bad-cause";
pub(super) const BAD_STATUS: &str = "catalogue-bad-status";
pub(super) const BAD_DATE: &str = "catalogue-bad-date";
pub(super) const BAD_SEVERITY: &str = "catalogue-bad-severity";

/// The name of every problem that a catalogue file can have.
pub const PROBLEMS: [&str; 18] = [
    SYNTAX,
    TOO_LARGE,
    UNKNOWN_KEY,
    MISSING_KEY,
    WRONG_TYPE,
    EMPTY_TEXT,
    CONTROL_CHARACTER,
    BAD_CODE,
    DUPLICATE_CODE,
    UNKNOWN_CODE,
    UNKNOWN_MODULE,
    WRONG_MODULE,
    EMPTY_SOLUTION,
    BAD_PLACEHOLDER,
    BAD_CAUSE,
    BAD_STATUS,
    BAD_DATE,
    BAD_SEVERITY,
];

/// How many problems of one file are listed; each carries the text of its line.
const PROBLEMS_MAX: usize = 50;

/// The problems of one file.
pub(super) struct Problems<'t> {
    file: &'t str,
    text: &'t str,
    found: Vec<(usize, Diagnostic)>,
    left_out: usize,
}

impl<'t> Problems<'t> {
    pub(super) fn of(file: &'t str, text: &'t str) -> Self {
        Self { file, text, found: Vec::new(), left_out: 0 }
    }

    /// The file's name as the user gave it.
    pub(super) fn file(&self) -> &'t str {
        self.file
    }

    /// The file's text.
    pub(super) fn text(&self) -> &'t str {
        self.text
    }

    pub(super) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Adds a problem that stands in a byte range of the text.
    pub(super) fn add(
        &mut self,
        name: &'static str,
        range: Range<usize>,
        message: String,
        hint: impl Into<Option<String>>,
    ) {
        if self.found.len() >= PROBLEMS_MAX {
            self.left_out += 1;
            return;
        }
        let start = range.start;
        let position = Some(Position::of_range(self.text, range));
        let file = self.file.to_owned();
        let hint = hint.into();
        self.found.push((start, Diagnostic { name, file, position, message, hint }));
    }

    /// The problems in the order in which they stand in the file.
    pub(super) fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|(start, _)| *start);
        let mut diagnostics: Vec<_> = self.found.into_iter().map(|(_, problem)| problem).collect();
        if self.left_out > 0
            && let Some(last) = diagnostics.last_mut()
        {
            let more = format!("{} more problems in this file are not listed", self.left_out);
            last.hint = Some(match last.hint.take() {
                Some(hint) => format!("{hint}; {more}"),
                None => more,
            });
        }
        diagnostics
    }
}

/// The known word that a mistyped one was meant to be, as a hint.
pub(super) fn did_you_mean(
    typed: &str,
    known: impl IntoIterator<Item = &'static str>,
) -> Option<String> {
    let typed = typed.to_ascii_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&typed, &word.to_ascii_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| format!("did you mean `{word}`?"))
}
