//! Reads the keys of one TOML table, collecting what is wrong instead of stopping at the first.
//!
//! Owns types, presence, unknown keys and clean text. Must not know what the keys mean. A value
//! that cannot be used is a problem and reads as absent.
//!
//! A serde derive with `deny_unknown_fields` was rejected: it ends at the first wrong key of a
//! file, and an operator should see all of them at once.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problem::{self, Problems, did_you_mean};

/// A table of which only the known keys may be given.
pub(super) struct Keys<'a, 't> {
    table: &'a DeTable<'t>,
    range: Range<usize>,
    /// The table as the operator writes it, such as `[[entry]]`.
    what: &'static str,
}

/// A list's items.
pub(super) type Items<'a, 't> = &'a [Spanned<DeValue<'t>>];

impl<'a, 't> Keys<'a, 't> {
    /// The keys of a table; every unknown one is a problem.
    pub(super) fn of_table(
        table: &'a DeTable<'t>,
        range: Range<usize>,
        what: &'static str,
        known: &'static [&'static str],
        problems: &mut Problems<'_>,
    ) -> Self {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let message = format!("unknown key `{}` in {what}", name.escape_default());
                let hint = did_you_mean(name, known.iter().copied())
                    .unwrap_or_else(|| format!("{what} knows {}", listed(known)));
                problems.add(problem::UNKNOWN_KEY, key.span(), message, hint);
            }
        }
        Self { table, range, what }
    }

    /// The keys of a value that must be a table.
    pub(super) fn of_value(
        value: &'a Spanned<DeValue<'t>>,
        what: &'static str,
        known: &'static [&'static str],
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        if let DeValue::Table(table) = value.get_ref() {
            Some(Self::of_table(table, value.span(), what, known, problems))
        } else {
            wrong_type(what, "a table", value, None, problems);
            None
        }
    }

    /// Where the table begins.
    pub(super) fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    pub(super) fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    pub(super) fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    /// Says that a key is missing.
    pub(super) fn missing(&self, key: &str, hint: &str, problems: &mut Problems<'_>) {
        let message = format!("{} has no `{key}`", self.what);
        problems.add(problem::MISSING_KEY, self.range(), message, hint.to_owned());
    }

    /// A text that must be there.
    pub(super) fn required_text(
        &self,
        key: &'static str,
        hint: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Spanned<String>> {
        if !self.has(key) {
            self.missing(key, hint, problems);
        }
        self.text(key, problems)
    }

    /// A text, its white space made single blanks.
    pub(super) fn text(
        &self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Spanned<String>> {
        text_of(key, self.value(key)?, problems)
    }

    pub(super) fn flag(&self, key: &'static str, problems: &mut Problems<'_>) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            wrong_type(key, "true or false", value, None, problems);
        }
        flag
    }

    /// A list; absent when the key is.
    pub(super) fn list(
        &self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Items<'a, 't>> {
        let value = self.value(key)?;
        if let DeValue::Array(items) = value.get_ref() {
            Some(items)
        } else {
            let tables = matches!(key, "entry" | "supplement" | "elsewhere" | "cause");
            let hint = match (key, tables) {
                ("cause", _) => {
                    "begin each with a line `[[entry.cause]]`, in two brackets".to_owned()
                }
                (_, true) => format!("begin each with a line `[[{key}]]`, in two brackets"),
                (_, false) => "write it in brackets, its items separated by commas".to_owned(),
            };
            wrong_type(key, "a list", value, hint, problems);
            None
        }
    }

    /// A list's texts without the unusable ones; absent when the key is.
    pub(super) fn texts(
        &self,
        key: &'static str,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Spanned<String>>> {
        let items = self.list(key, problems)?;
        Some(items.iter().filter_map(|item| text_of(key, item, problems)).collect())
    }
}

/// A whole number of a list or key.
pub(super) fn number_of(
    key: &'static str,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems<'_>,
) -> Option<Spanned<i64>> {
    if let DeValue::Integer(number) = value.get_ref() {
        // Every integer beyond i64 is refused by the parser already.
        let number = i64::from_str_radix(number.as_str(), number.radix()).ok()?;
        Some(Spanned::new(value.span(), number))
    } else {
        wrong_type(key, "a number", value, None, problems);
        None
    }
}

fn text_of(
    key: &'static str,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems<'_>,
) -> Option<Spanned<String>> {
    let DeValue::String(raw) = value.get_ref() else {
        wrong_type(key, "text in quotes", value, None, problems);
        return None;
    };
    // Long paragraphs may be written over several lines.
    let text = raw.split_whitespace().collect::<Vec<_>>().join(" ");
    if text.is_empty() {
        let message = format!("`{key}` is empty");
        let hint = "give it text, or leave it out".to_owned();
        problems.add(problem::EMPTY_TEXT, value.span(), message, hint);
        return None;
    }
    if let Some(control) = text.chars().find(|c| c.is_control()) {
        let message = format!("`{key}` holds the control character {}", control.escape_default());
        let hint = "reports print this text to terminals; leave the character out".to_owned();
        problems.add(problem::CONTROL_CHARACTER, value.span(), message, hint);
        return None;
    }
    Some(Spanned::new(value.span(), text))
}

fn wrong_type(
    key: &str,
    wanted: &str,
    value: &Spanned<DeValue<'_>>,
    hint: impl Into<Option<String>>,
    problems: &mut Problems<'_>,
) {
    let found = match value.get_ref() {
        DeValue::String(_) => "text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date or time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    };
    let message = format!("`{key}` must be {wanted}, this is {found}");
    problems.add(problem::WRONG_TYPE, value.span(), message, hint);
}

/// `a`, `b` and `c`, each in back-ticks.
pub(super) fn listed(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// A text without its place.
pub(super) fn boxed(text: &Spanned<String>) -> Box<str> {
    text.get_ref().as_str().into()
}
