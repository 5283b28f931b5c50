//! Files in TOML that users write: their keys read, with everything that is wrong collected.
//!
//! Owns the size limit, syntax, types, presence, unknown keys, clean text and the list of problems.
//! Must not know what a file is about, nor where it lies: it is handed text, and the [`Names`] that
//! its kind gives to problems. What is wrong is a problem of the file, and reads as absent; nothing
//! else fails.

mod keys;
mod problems;
pub mod reference;
mod stamp;

#[cfg(test)]
mod tests;

use toml::Spanned;
use toml::de::DeTable;

pub use keys::{Items, Keys};
pub(crate) use keys::{boxed, listed, number_of};
pub(crate) use problems::did_you_mean;
pub use problems::{Names, Problems};
pub(crate) use stamp::{instant, stamp};

/// How large a file may be, in bytes.
const FILE_BYTES_MAX: usize = 1024 * 1024;

/// The root of a file that is not too large and is TOML.
pub fn parse<'t>(problems: &mut Problems<'t>) -> Option<Spanned<DeTable<'t>>> {
    let text = problems.text();
    let names = problems.names();
    if text.len() > FILE_BYTES_MAX {
        let message =
            format!("the file has {} bytes, at most {FILE_BYTES_MAX} are read", text.len());
        let hint = format!("split it into several {}", names.files);
        problems.add(names.too_large, 0..0, message, hint);
        return None;
    }
    let (root, errors) = DeTable::parse_recoverable(text);
    for error in &errors {
        let range = error.span().unwrap_or(0..0);
        let message = format!("this is not TOML: {}", error.message());
        problems.add(names.syntax, range, message, None);
    }
    // What stands behind a syntax error is the parser's guess; problems found in it would mislead.
    errors.is_empty().then_some(root)
}
