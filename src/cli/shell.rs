//! Words as a shell takes them.
//!
//! Owns the quoting. Must never run anything. Nothing here fails.

use std::ffi::OsString;

/// One word.
pub(super) fn word(text: &str) -> String {
    let is_plain = |c: char| c.is_alphanumeric() || "/._-+:@%,=".contains(c);
    if !text.is_empty() && text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', "'\\''"))
}

/// A command, as it can be typed again; the program by its name alone.
pub(super) fn command(mut arguments: impl Iterator<Item = OsString>) -> String {
    arguments.next();
    let words = arguments.map(|argument| word(&argument.to_string_lossy()));
    std::iter::once("ocrwatch".to_owned()).chain(words).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_shell_would_take_apart_is_quoted() {
        let typed = ["/usr/bin/ocrwatch", "report", "a b.log", "it's", "", "*.log", "-o"];
        assert_eq!(
            command(typed.into_iter().map(OsString::from)),
            r"ocrwatch report 'a b.log' 'it'\''s' '' '*.log' -o"
        );
    }
}
