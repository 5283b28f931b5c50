//! The rows of a table of keys, in Markdown.
//!
//! Owns the columns. Nothing here can fail.

use std::fmt::Write as _;

use crate::toml_file::reference::{Key, Usual};

/// A table of these keys; the first column is called so.
pub fn rows(head: &str, keys: &[Key]) -> String {
    let mut rows = format!("| {head} | Default | Meaning |\n| :--- | :--- | :--- |\n");
    for key in keys {
        let usual = match &key.usual {
            Usual::Nothing => String::new(),
            Usual::Required => "required ".to_owned(),
            Usual::Words(words) => format!("{words} "),
            Usual::Value(value) => format!("`{value}` "),
        };
        // Writing to a string cannot fail.
        let _ = writeln!(rows, "| `{}` | {usual}| {} |", key.name, key.sentence());
    }
    rows
}
