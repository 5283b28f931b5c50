//! What is to be said of the keys of a file that operators write: what each takes, what holds
//! without it, and a sentence.
//!
//! Owns the form of these facts. Must not know any file's keys: each reader states its own, with
//! the very ranges, words and defaults that it reads by. Nothing here can fail.
//!
//! Deriving the facts from types was rejected: the readers collect every problem of a file with its
//! place, for which no derived reader is made.

use std::fmt;
use std::ops::RangeInclusive;

use crate::length;

/// A table of a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Table {
    /// As problems name it, such as `[[source]]` or `email`.
    pub name: &'static str,
    /// Its keys.
    pub keys: Vec<Key>,
    /// Of these keys exactly one stands there; none where nothing is said of that.
    pub one_of: Vec<&'static str>,
    /// What keys of other names take, where there may be some.
    pub others: Option<Box<Kind>>,
}

/// A key of a table.
#[derive(Debug, Clone, PartialEq)]
pub struct Key {
    /// As it is written.
    pub name: &'static str,
    /// What it takes.
    pub kind: Kind,
    /// What holds where it is left out.
    pub usual: Usual,
    /// A sentence in Markdown; `{range}` and `{max}` in it are those of the kind.
    pub says: &'static str,
    /// What stands for `{who}` in it.
    pub whom: &'static str,
    /// A value, as a file writes it, where the kind alone gives no good one.
    pub sample: Option<&'static str>,
}

/// What a key takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    /// Text.
    Text,
    /// A path of a file or directory.
    Path,
    /// The name of a time zone.
    Zone,
    /// A length of time, in milliseconds.
    Span(RangeInclusive<i64>),
    /// A size, in bytes.
    Size(RangeInclusive<u64>),
    /// A whole number.
    Number(RangeInclusive<i64>),
    /// A share such as `"30%"` or 0.3.
    Share,
    /// One of these words.
    Words(Vec<&'static str>),
    /// True or false.
    Flag,
    /// An instant with its offset.
    Stamp,
    /// Up to so many texts, or one without brackets.
    Texts(usize),
    /// Up to so many of these, in brackets; [`usize::MAX`] if nothing bounds them.
    List(Box<Kind>, usize),
    /// A table below this one.
    Table(Table),
    /// Names of the operator's own, with a value each; up to so many.
    Pairs(Box<Kind>, usize),
    /// One of several kinds.
    Either(Vec<Kind>),
}

/// What holds where a key is left out.
#[derive(Debug, Clone, PartialEq)]
pub enum Usual {
    /// Nothing.
    Nothing,
    /// It cannot be left out.
    Required,
    /// What stands here, in Markdown.
    Words(&'static str),
    /// This value, as a file writes it.
    Value(String),
}

/// A key that can be left out.
pub(crate) fn key(name: &'static str, kind: Kind, says: &'static str) -> Key {
    Key { name, kind, usual: Usual::Nothing, says, whom: "", sample: None }
}

/// The words of a list that a reader looks them up in.
pub(crate) fn names<T>(words: &[(&'static str, T)]) -> Kind {
    Kind::Words(words.iter().map(|(word, _)| *word).collect())
}

impl Key {
    /// It cannot be left out.
    pub(crate) fn required(self) -> Self {
        Self { usual: Usual::Required, ..self }
    }

    /// What holds without it, in words.
    pub(crate) fn otherwise(self, words: &'static str) -> Self {
        Self { usual: Usual::Words(words), ..self }
    }

    /// What holds without it: a number, a flag or a list, as a file writes it.
    pub(crate) fn usually(self, value: impl fmt::Display) -> Self {
        Self { usual: Usual::Value(value.to_string()), ..self }
    }

    /// What holds without it: a word or another text.
    pub(crate) fn usually_text(self, text: &str) -> Self {
        self.usually(format_args!("\"{text}\""))
    }

    /// What holds without it: a length of time.
    pub(crate) fn usually_ms(self, length_ms: i64) -> Self {
        self.usually_text(&length::words(length_ms))
    }

    /// A good value, as a file writes it.
    pub(crate) fn such_as(self, sample: &'static str) -> Self {
        Self { sample: Some(sample), ..self }
    }

    /// What stands for `{who}` in its sentence.
    pub(crate) fn naming(self, whom: &'static str) -> Self {
        Self { whom, ..self }
    }

    /// A value that is right, as a file writes it.
    pub fn example(&self) -> String {
        self.sample.map_or_else(|| self.kind.example(), str::to_owned)
    }

    /// Its sentence, complete.
    pub fn sentence(&self) -> String {
        let says = self.says.replace("{who}", self.whom);
        let says = says.replace("{range}", &self.kind.range().unwrap_or_default());
        says.replace("{max}", &self.kind.max().map(|max| max.to_string()).unwrap_or_default())
    }
}

impl Table {
    /// A table of these keys and no others.
    pub(crate) fn of(name: &'static str, keys: Vec<Key>) -> Self {
        Self { name, keys, one_of: Vec::new(), others: None }
    }

    /// Of these keys exactly one stands there.
    pub(crate) fn with_one_of(self, keys: &[&'static str]) -> Self {
        Self { one_of: keys.to_vec(), ..self }
    }

    /// It and all tables below it, each before those below it.
    pub fn all(&self) -> Vec<&Self> {
        fn below<'t>(kind: &'t Kind, found: &mut Vec<&'t Table>) {
            match kind {
                Kind::Table(table) => found.extend(table.all()),
                Kind::List(kind, _) | Kind::Pairs(kind, _) => below(kind, found),
                Kind::Either(kinds) => kinds.iter().for_each(|kind| below(kind, found)),
                _ => {}
            }
        }
        let mut found = vec![self];
        self.keys.iter().for_each(|key| below(&key.kind, &mut found));
        self.others.iter().for_each(|kind| below(kind, &mut found));
        found
    }

    /// A table with what it needs, as a file writes it on one line.
    pub fn example(&self) -> String {
        let is_needed = |key: &&Key| match self.one_of.first() {
            Some(first) if self.one_of.contains(&key.name) => key.name == *first,
            _ => key.usual == Usual::Required,
        };
        let pairs = self.keys.iter().filter(is_needed);
        let pairs: Vec<_> = pairs.map(|key| format!("{} = {}", key.name, key.example())).collect();
        if pairs.is_empty() { "{}".to_owned() } else { format!("{{ {} }}", pairs.join(", ")) }
    }
}

impl Kind {
    /// Up to so many of these tables.
    pub(crate) fn list(table: Table, max: usize) -> Self {
        Self::List(Box::new(Self::Table(table)), max)
    }

    /// A value that is right, as a file writes it.
    fn example(&self) -> String {
        match self {
            Self::Text => "\"text\"".to_owned(),
            Self::Path => "\"/etc/ocrwatch/file\"".to_owned(),
            Self::Zone => "\"Asia/Shanghai\"".to_owned(),
            Self::Span(range) => format!("\"{}\"", length::words((*range.start()).max(1))),
            Self::Size(range) => format!("\"{}\"", size_words(*range.start())),
            Self::Number(range) => range.start().to_string(),
            Self::Share => "\"20%\"".to_owned(),
            Self::Words(words) => format!("\"{}\"", words.first().copied().unwrap_or_default()),
            Self::Flag => "true".to_owned(),
            Self::Stamp => "2026-11-24T06:00:00+08:00".to_owned(),
            Self::Texts(_) => format!("[{}]", Self::Text.example()),
            Self::List(kind, _) => format!("[{}]", kind.example()),
            Self::Table(table) => table.example(),
            Self::Pairs(kind, _) => format!("{{ name = {} }}", kind.example()),
            Self::Either(kinds) => kinds.first().map(Self::example).unwrap_or_default(),
        }
    }

    /// The least and the greatest value, in Markdown.
    fn range(&self) -> Option<String> {
        match self {
            Self::Span(range) if *range.start() == 0 => {
                Some(format!("up to `{}`", length::in_one_unit(*range.end())))
            }
            Self::Span(range) => Some(format!(
                "`{}` to `{}`",
                length::in_one_unit(*range.start()),
                length::in_one_unit(*range.end())
            )),
            Self::Size(range) => {
                Some(format!("`{}` to `{}`", size_words(*range.start()), size_words(*range.end())))
            }
            Self::Number(range) => Some(format!("{} to {}", range.start(), range.end())),
            _ => None,
        }
    }

    /// How many can stand there.
    pub fn max(&self) -> Option<usize> {
        match self {
            Self::Texts(max) | Self::List(_, max) | Self::Pairs(_, max) => {
                (*max < usize::MAX).then_some(*max)
            }
            Self::Either(kinds) => kinds.iter().find_map(Self::max),
            _ => None,
        }
    }
}

/// A size in its greatest whole unit, as files write it.
pub(crate) fn size_words(bytes: u64) -> String {
    const UNITS: [(u64, &str); 4] =
        [(1 << 40, "TiB"), (1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = UNITS.into_iter().find(|(unit, _)| bytes >= *unit && bytes.is_multiple_of(*unit));
    let (unit, name) = unit.unwrap_or((1, "B"));
    format!("{} {name}", bytes / unit)
}
