//! YAML, as much of it as a file of rules needs.
//!
//! Owns how text is quoted, so that it is read back as it was, by every version of YAML. Must never
//! know rules. Nothing here fails.

use std::fmt::Write as _;

use crate::surface::wrap::wrap;

const COLUMNS_MAX: usize = 100;

/// A file that is being written.
pub(super) struct Yaml {
    out: String,
}

impl Yaml {
    pub(super) fn new() -> Self {
        Self { out: String::new() }
    }

    /// Words for who reads the file; a paragraph for each line of the text.
    pub(super) fn comment(&mut self, indent: usize, text: &str) {
        let blanks = " ".repeat(indent);
        for paragraph in text.lines() {
            if paragraph.is_empty() {
                self.line(indent, "#");
                continue;
            }
            for line in wrap(paragraph, COLUMNS_MAX - indent - 2) {
                // Writing to a String cannot fail.
                let _ = writeln!(self.out, "{blanks}# {line}");
            }
        }
    }

    pub(super) fn blank(&mut self) {
        self.out.push('\n');
    }

    /// A line as it is.
    pub(super) fn line(&mut self, indent: usize, line: &str) {
        let _ = writeln!(self.out, "{}{line}", " ".repeat(indent));
    }

    /// `key: text`, in a block where it has several lines or quotes.
    pub(super) fn text(&mut self, indent: usize, key: &str, text: &str) {
        if text.contains(['\n', '"']) {
            self.block(indent, key, text);
        } else {
            self.line(indent, &format!("{key}: {}", quoted(text)));
        }
    }

    /// The same in a block even where it is one line, if a block can hold it.
    pub(super) fn block(&mut self, indent: usize, key: &str, text: &str) {
        if !fits_block(text) {
            return self.line(indent, &format!("{key}: {}", quoted(text)));
        }
        self.line(indent, &format!("{key}: |-"));
        for line in text.split('\n') {
            if line.is_empty() { self.blank() } else { self.line(indent + 2, line) }
        }
    }

    pub(super) fn finish(self) -> String {
        self.out
    }
}

/// Whether a block gives the text back as it is: its first line tells the indentation, its last
/// line break is dropped, and nothing in it can be escaped.
fn fits_block(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with([' ', '\n'])
        && !text.ends_with('\n')
        && text.chars().all(|c| c == '\n' || is_plain(c))
}

/// Whether a sign can stand for itself everywhere.
fn is_plain(c: char) -> bool {
    !c.is_control() && !matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}')
}

/// A text in double quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if is_plain(c) => out.push(c),
            // Those that are not plain lie below U+10000.
            c => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let mut yaml = Yaml::new();
        yaml.text(2, "key", text);
        assert_eq!(yaml.finish(), expected, "{text:?}");
    }

    #[test]
    fn a_line_is_quoted_and_lines_are_a_block() {
        check("yes: # no", "  key: \"yes: # no\"\n");
        check("say \"a\\b\"", "  key: |-\n    say \"a\\b\"\n");
        check(" \"\\", "  key: \" \\\"\\\\\"\n");
        check("one\n- two\n\n  three", "  key: |-\n    one\n    - two\n\n      three\n");
    }

    #[test]
    fn what_a_block_would_change_is_quoted() {
        check(" one\ntwo", "  key: \" one\\ntwo\"\n");
        check("one\n", "  key: \"one\\n\"\n");
        check("a\tb\u{1b}\u{85}\u{2028}\nc", "  key: \"a\\tb\\u001b\\u0085\\u2028\\nc\"\n");
    }

    #[test]
    fn a_comment_stays_one() {
        let mut yaml = Yaml::new();
        yaml.comment(2, "first\n\nsecond");
        assert_eq!(yaml.finish(), "  # first\n  #\n  # second\n");
    }
}
