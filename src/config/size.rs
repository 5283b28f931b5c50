//! Sizes as people write them: `256 MiB`, `1 GB`, `512 KiB`.
//!
//! Owns the form and its units. Must not know what is that large. What is no size, or out of its
//! range, is a problem and reads as absent.

use std::ops::RangeInclusive;

use super::problem;
pub(super) use crate::toml_file::reference::size_words as words;
use crate::toml_file::{Keys, Problems};

pub(super) const KIB: u64 = 1024;
pub(super) const MIB: u64 = 1024 * KIB;
pub(super) const GIB: u64 = 1024 * MIB;
pub(super) const TIB: u64 = 1024 * GIB;

/// A size of a range, in bytes.
pub(super) fn size_in(
    key: &str,
    range: RangeInclusive<u64>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<u64> {
    const FORMS: &str = "write a whole number and a unit, such as `512 KiB`, `256 MiB` or `1 GiB`";
    let text = keys.form(key, FORMS, problems)?;
    let (message, hint) = match bytes(text.get_ref().trim()) {
        Some(bytes) if range.contains(&bytes) => return Some(bytes),
        Some(_) => {
            let (least, most) = (words(*range.start()), words(*range.end()));
            let message = format!("`{key}` must be from {least} to {most}");
            (message, "sizes are written as `512 KiB`, `256 MiB` or `1 GiB`")
        }
        None => (format!("`{key}` is no size"), FORMS),
    };
    problems.add(problem::BAD_VALUE, text.span(), message, hint.to_owned());
    None
}

/// Reads a whole number with a unit; saturated beyond what can be counted.
fn bytes(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    if number.is_empty() {
        return None;
    }
    let unit_bytes = match unit.trim().to_ascii_lowercase().as_str() {
        "b" | "byte" | "bytes" => 1,
        // As Linux tools mean it: one letter counts in 1024s.
        "k" | "kib" => KIB,
        "m" | "mib" => MIB,
        "g" | "gib" => GIB,
        "t" | "tib" => TIB,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        _ => return None,
    };
    // Too many digits for a number are still a size, only a very large one.
    Some(number.parse().unwrap_or(u64::MAX).saturating_mul(unit_bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_size_is_a_whole_number_with_a_unit() {
        for (text, expected) in [
            ("256 MiB", Some(256 * MIB)),
            ("256MiB", Some(256 * MIB)),
            ("1g", Some(GIB)),
            ("1 GB", Some(1_000_000_000)),
            ("512 b", Some(512)),
            ("99999999999999999999 T", Some(u64::MAX)),
            ("256", None),
            ("MiB", None),
            ("1.5 GiB", None),
            ("-1 MiB", None),
            ("1 MiB 2", None),
            ("", None),
        ] {
            assert_eq!(bytes(text), expected, "{text}");
        }
    }

    #[test]
    fn sizes_read_back_as_they_were_written() {
        for text in ["256 MiB", "1 GiB", "1025 MiB", "3 B", "1 KiB", "2 TiB"] {
            assert_eq!(bytes(text).map(words).as_deref(), Some(text));
        }
    }
}
