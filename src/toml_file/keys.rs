//! Reads the keys of one TOML table, collecting what is wrong instead of stopping at the first.
//!
//! Owns types, presence, unknown keys and clean text. Must not know what the keys mean. A value
//! that cannot be used is a problem and reads as absent.
//!
//! A serde derive with `deny_unknown_fields` was rejected: it ends at the first wrong key of a
//! file, and an operator should see all of them at once.

use std::ops::{Range, RangeInclusive};

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::problems::{Problems, did_you_mean};
use crate::length;

/// A table of which only the known keys may be given.
#[derive(Debug, Clone)]
pub struct Keys<'a, 't> {
    table: &'a DeTable<'t>,
    range: Range<usize>,
    /// The table as the operator writes it, such as `[[entry]]`.
    what: &'static str,
}

/// A list's items.
pub type Items<'a, 't> = &'a [Spanned<DeValue<'t>>];

impl<'a, 't> Keys<'a, 't> {
    /// The keys of a table; every unknown one is a problem.
    pub fn of_table(
        table: &'a DeTable<'t>,
        range: Range<usize>,
        what: &'static str,
        known: &[&str],
        problems: &mut Problems<'_>,
    ) -> Self {
        for key in table.keys() {
            let name: &str = key.get_ref();
            if !known.contains(&name) {
                let message = format!("unknown key `{}` in {what}", name.escape_default());
                let hint = did_you_mean(name, known.iter().copied())
                    .unwrap_or_else(|| format!("{what} knows {}", listed(known)));
                problems.add(problems.names().unknown_key, key.span(), message, hint);
            }
        }
        Self { table, range, what }
    }

    /// The keys of a value that must be a table.
    pub fn of_value(
        value: &'a Spanned<DeValue<'t>>,
        what: &'static str,
        known: &[&str],
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
    pub fn range(&self) -> Range<usize> {
        self.range.clone()
    }

    /// Whether a key is there, whatever its value.
    pub fn has(&self, key: &str) -> bool {
        self.table.contains_key(key)
    }

    /// A key's value as it is.
    pub fn value(&self, key: &str) -> Option<&'a Spanned<DeValue<'t>>> {
        self.table.get(key)
    }

    /// Says that a key is missing.
    pub fn missing(&self, key: &str, hint: &str, problems: &mut Problems<'_>) {
        let message = format!("{} has no `{key}`", self.what);
        problems.add(problems.names().missing_key, self.range(), message, hint.to_owned());
    }

    /// A table below this one, such as `[source]`.
    pub fn table(
        &self,
        key: &str,
        what: &'static str,
        known: &[&str],
        problems: &mut Problems<'_>,
    ) -> Option<Self> {
        Self::of_value(self.value(key)?, what, known, problems)
    }

    /// A text that must be there.
    pub fn required_text(
        &self,
        key: &str,
        hint: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Spanned<String>> {
        if !self.has(key) {
            self.missing(key, hint, problems);
        }
        self.text(key, problems)
    }

    /// A text, its white space made single blanks.
    pub fn text(&self, key: &str, problems: &mut Problems<'_>) -> Option<Spanned<String>> {
        text_of(key, self.value(key)?, problems)
    }

    /// A text as it is written, with its line breaks, blanks and empty lines.
    pub fn raw_text(&self, key: &str, problems: &mut Problems<'_>) -> Option<Spanned<String>> {
        let value = self.value(key)?;
        // An editor's way to end lines is no part of the text.
        let text = string_of(key, value, None, problems)?.replace("\r\n", "\n");
        clean(key, value.span(), text, problems)
    }

    /// A text as it is, whatever characters it holds: it must not be shown as it is.
    pub fn any_text(&self, key: &str, problems: &mut Problems<'_>) -> Option<Spanned<&'a str>> {
        let value = self.value(key)?;
        Some(Spanned::new(value.span(), string_of(key, value, None, problems)?))
    }

    /// A text in a form that a hint explains, whatever characters it holds.
    pub fn form(
        &self,
        key: &str,
        hint: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Spanned<&'a str>> {
        let value = self.value(key)?;
        Some(Spanned::new(value.span(), string_of(key, value, hint.to_owned(), problems)?))
    }

    /// A word of a list, in any case, with what it stands for.
    pub fn one_of<T: Clone>(
        &self,
        key: &str,
        words: &[(&str, T)],
        problems: &mut Problems<'_>,
    ) -> Option<Spanned<T>> {
        let text = self.text(key, problems)?;
        let typed = text.get_ref();
        if let Some((_, meant)) = words.iter().find(|(word, _)| word.eq_ignore_ascii_case(typed)) {
            return Some(Spanned::new(text.span(), meant.clone()));
        }
        let names: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
        let message = format!("`{key}` cannot be `{typed}`");
        let hint = did_you_mean(typed, names.iter().copied())
            .unwrap_or_else(|| format!("the words for `{key}` are {}", listed(&names)));
        problems.add(problems.names().bad_value, text.span(), message, hint);
        None
    }

    /// A length of time such as `30s` or `1h30m`, in milliseconds.
    pub fn length(&self, key: &str, problems: &mut Problems<'_>) -> Option<Spanned<i64>> {
        let value = self.value(key)?;
        let text = string_of(key, value, length::FORMS.to_owned(), problems)?;
        let (message, hint) = match length::milliseconds(text) {
            Some(i64::MAX) => {
                let hint = "write a shorter one, such as `365d`";
                (format!("`{key}` is longer than time is counted"), hint)
            }
            Some(length_ms) => return Some(Spanned::new(value.span(), length_ms)),
            None => (format!("`{key}` is no length of time"), length::FORMS),
        };
        problems.add(problems.names().bad_value, value.span(), message, hint.to_owned());
        None
    }

    /// A whole number.
    pub fn number(&self, key: &str, problems: &mut Problems<'_>) -> Option<Spanned<i64>> {
        number_of(key, self.value(key)?, problems)
    }

    /// A whole number of a range.
    pub fn number_in(
        &self,
        key: &str,
        range: RangeInclusive<i64>,
        hint: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Spanned<i64>> {
        let number = self.number(key, problems)?;
        if range.contains(number.get_ref()) {
            return Some(number);
        }
        let wanted = match (*range.start(), *range.end()) {
            (first, i64::MAX) => format!("at least {first}"),
            (i64::MIN, last) => format!("at most {last}"),
            (first, last) => format!("from {first} to {last}"),
        };
        let message = format!("`{key}` must be {wanted}, this is {}", number.get_ref());
        problems.add(problems.names().bad_value, number.span(), message, hint.to_owned());
        None
    }

    /// A number, whole or not; never infinite, always a number.
    pub fn float_or_number(&self, key: &str, problems: &mut Problems<'_>) -> Option<Spanned<f64>> {
        let value = self.value(key)?;
        let DeValue::Float(float) = value.get_ref() else {
            let number = number_of(key, value, problems)?;
            // What is lost beyond 2^53 is far below the number itself.
            #[expect(clippy::cast_precision_loss)]
            return Some(Spanned::new(number.span(), number.into_inner() as f64));
        };
        let read = float.as_str().parse().ok().filter(|float: &f64| float.is_finite());
        if read.is_none() {
            let message = format!("`{key}` must be finite, this is {}", float.as_str());
            let hint = "write a number such as `0.5` or `12`".to_owned();
            problems.add(problems.names().bad_value, value.span(), message, hint);
        }
        Some(Spanned::new(value.span(), read?))
    }

    /// True or false.
    pub fn flag(&self, key: &str, problems: &mut Problems<'_>) -> Option<bool> {
        let value = self.value(key)?;
        let flag = value.get_ref().as_bool();
        if flag.is_none() {
            wrong_type(key, "true or false", value, None, problems);
        }
        flag
    }

    /// A list in brackets; absent when the key is.
    pub fn list(&self, key: &str, problems: &mut Problems<'_>) -> Option<Items<'a, 't>> {
        let hint = "write it in brackets, its items separated by commas";
        items_of(key, self.value(key)?, hint, problems)
    }

    /// The tables that each begin with a header such as `[[entry.cause]]`; absent when the key is.
    pub fn tables(
        &self,
        key: &str,
        header: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Items<'a, 't>> {
        let hint = format!("begin each with a line `{header}`, in two brackets");
        items_of(key, self.value(key)?, &hint, problems)
    }

    /// A list's texts without the unusable ones; absent when the key is.
    pub fn texts(&self, key: &str, problems: &mut Problems<'_>) -> Option<Vec<Spanned<String>>> {
        let items = self.list(key, problems)?;
        Some(items.iter().filter_map(|item| text_of(key, item, problems)).collect())
    }

    /// One text, or a list of them, as they are written: blanks are part of a file's name.
    pub fn raw_texts_or_text(
        &self,
        key: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Spanned<String>>> {
        let value = self.value(key)?;
        let one = std::slice::from_ref(value);
        let items = match value.get_ref() {
            DeValue::Array(items) => &**items,
            DeValue::String(_) => one,
            _ => {
                wrong_type(key, "text in quotes or a list of texts", value, None, problems);
                return None;
            }
        };
        let text = |item: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>| {
            let text = string_of(key, item, None, problems)?.to_owned();
            clean(key, item.span(), text, problems)
        };
        Some(items.iter().filter_map(|item| text(item, problems)).collect())
    }

    /// One text, or a list of them without the unusable ones; absent when the key is.
    pub fn texts_or_text(
        &self,
        key: &str,
        problems: &mut Problems<'_>,
    ) -> Option<Vec<Spanned<String>>> {
        let value = self.value(key)?;
        match value.get_ref() {
            DeValue::String(_) => Some(vec![text_of(key, value, problems)?]),
            DeValue::Array(_) => self.texts(key, problems),
            _ => {
                wrong_type(key, "text in quotes or a list of texts", value, None, problems);
                None
            }
        }
    }
}

/// A whole number of a list or key.
pub(crate) fn number_of(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems<'_>,
) -> Option<Spanned<i64>> {
    let DeValue::Integer(number) = value.get_ref() else {
        if let DeValue::Float(float) = value.get_ref() {
            let message = format!("`{key}` must be a whole number, this is {}", float.as_str());
            problems.add(problems.names().wrong_type, value.span(), message, None);
        } else {
            wrong_type(key, "a number", value, None, problems);
        }
        return None;
    };
    // The parser leaves open how many digits a number may have.
    let Ok(read) = i64::from_str_radix(number.as_str(), number.radix()) else {
        let message = format!("`{key}` has more digits than a number can have");
        problems.add(problems.names().wrong_type, value.span(), message, None);
        return None;
    };
    Some(Spanned::new(value.span(), read))
}

fn items_of<'a, 't>(
    key: &str,
    value: &'a Spanned<DeValue<'t>>,
    hint: &str,
    problems: &mut Problems<'_>,
) -> Option<Items<'a, 't>> {
    if let DeValue::Array(items) = value.get_ref() {
        Some(items)
    } else {
        wrong_type(key, "a list", value, hint.to_owned(), problems);
        None
    }
}

fn text_of(
    key: &str,
    value: &Spanned<DeValue<'_>>,
    problems: &mut Problems<'_>,
) -> Option<Spanned<String>> {
    // Long paragraphs may be written over several lines.
    let words = string_of(key, value, None, problems)?.split_whitespace();
    clean(key, value.span(), words.collect::<Vec<_>>().join(" "), problems)
}

fn string_of<'a>(
    key: &str,
    value: &'a Spanned<DeValue<'_>>,
    hint: impl Into<Option<String>>,
    problems: &mut Problems<'_>,
) -> Option<&'a str> {
    let text = value.get_ref().as_str();
    if text.is_none() {
        wrong_type(key, "text in quotes", value, hint, problems);
    }
    text
}

/// A text that says something and steers no terminal.
fn clean(
    key: &str,
    range: Range<usize>,
    text: String,
    problems: &mut Problems<'_>,
) -> Option<Spanned<String>> {
    if text.trim().is_empty() {
        let message = format!("`{key}` is empty");
        let hint = "give it text, or leave it out".to_owned();
        problems.add(problems.names().empty_text, range, message, hint);
        return None;
    }
    if let Some(control) = text.chars().find(|c| c.is_control() && *c != '\n') {
        let message = format!("`{key}` holds the control character {}", control.escape_default());
        let hint = "reports print this text to terminals; leave the character out".to_owned();
        problems.add(problems.names().control_character, range, message, hint);
        return None;
    }
    Some(Spanned::new(range, text))
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
    problems.add(problems.names().wrong_type, value.span(), message, hint);
}

/// `a`, `b` and `c`, each in back-ticks.
pub(crate) fn listed(words: &[&str]) -> String {
    let quoted: Vec<_> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// A text without its place.
pub(crate) fn boxed(text: &Spanned<String>) -> Box<str> {
    text.get_ref().as_str().into()
}
