//! The problems of one file: the names of those that files of every kind can have, and the list
//! that collects them.
//!
//! Owns the bound on their number. Must not know what makes a file wrong. Nothing here fails; what
//! is beyond the bound is counted and said.

use std::borrow::Cow;
use std::ops::Range;

use crate::diagnostic::{Diagnostic, Position};

/// How many problems of one file are listed; each carries the text of its line.
const PROBLEMS_MAX: usize = 50;

/// What a kind of file is called, and what it calls the problems that every kind can have. The
/// names are stable, such as `catalogue-unknown-key`; those of other problems are the kind's own.
#[derive(Debug)]
pub struct Names {
    /// Several files of the kind, as in `split it into several catalogue files`.
    pub files: &'static str,
    /// It is not TOML.
    pub syntax: &'static str,
    /// It has more bytes than are read.
    pub too_large: &'static str,
    /// A key that means nothing in its table.
    pub unknown_key: &'static str,
    /// A key that must be there is not.
    pub missing_key: &'static str,
    /// A value of another type than its key wants.
    pub wrong_type: &'static str,
    /// A text of nothing but white space.
    pub empty_text: &'static str,
    /// A text with a character that steers terminals.
    pub control_character: &'static str,
    /// A value of the right type that its key does not take: out of range, an unknown word, no
    /// length of time.
    pub bad_value: &'static str,
}

/// The problems of one file.
#[derive(Debug)]
pub struct Problems<'t> {
    file: &'t str,
    text: &'t str,
    names: &'static Names,
    found: Vec<(Range<usize>, Diagnostic)>,
    /// What stands there is not shown.
    hidden: Vec<Range<usize>>,
    left_out: usize,
}

impl<'t> Problems<'t> {
    /// None so far, of a file with this name, as the user gave it, and this text.
    pub fn of(file: &'t str, text: &'t str, names: &'static Names) -> Self {
        Self { file, text, names, found: Vec::new(), hidden: Vec::new(), left_out: 0 }
    }

    /// The file's name as the user gave it.
    pub fn file(&self) -> &'t str {
        self.file
    }

    /// The file's text.
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// What files of this kind call the problems that every kind can have.
    pub fn names(&self) -> &'static Names {
        self.names
    }

    /// Whether nothing was wrong so far.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Adds a problem that stands in a byte range of the text.
    pub fn add(
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
        let file = self.file.to_owned();
        let hint = hint.into();
        self.found.push((range, Diagnostic { name, file, position: None, message, hint }));
    }

    /// No problem shows what stands in this byte range, though its line be shown.
    pub fn hide(&mut self, range: Range<usize>) {
        self.hidden.push(range);
    }

    /// The text without what is hidden; everything stands where it stood.
    fn shown(&self) -> Cow<'t, str> {
        if self.hidden.is_empty() {
            return Cow::Borrowed(self.text);
        }
        let is_hidden = |at: usize| self.hidden.iter().any(|range| range.contains(&at));
        let shown = self.text.char_indices().map(|(at, c)| {
            if is_hidden(at) && c != '\n' { "*".repeat(c.len_utf8()) } else { c.to_string() }
        });
        Cow::Owned(shown.collect())
    }

    /// The problems in the order in which they stand in the file.
    pub fn into_diagnostics(mut self) -> Vec<Diagnostic> {
        self.found.sort_by_key(|(range, _)| range.start);
        let shown = self.shown();
        let placed = self.found.into_iter().map(|(range, problem)| Diagnostic {
            position: Some(Position::of_range(&shown, range)),
            ..problem
        });
        let mut diagnostics: Vec<_> = placed.collect();
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
pub(crate) fn did_you_mean<'w>(
    typed: &str,
    known: impl IntoIterator<Item = &'w str>,
) -> Option<String> {
    let typed = typed.to_ascii_lowercase();
    known
        .into_iter()
        .map(|word| (strsim::damerau_levenshtein(&typed, &word.to_ascii_lowercase()), word))
        .filter(|(distance, word)| *distance <= (word.len() / 3).max(1))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, word)| format!("did you mean `{word}`?"))
}
