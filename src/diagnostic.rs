//! Problems in files that the user wrote: what is wrong, where, why, and what to do.
//!
//! Owns the located, hinted message and its printing. Must never decide whether a problem ends the
//! program; the caller counts errors. Nothing here fails.

use std::fmt;

/// A problem at a place in a file that the user wrote.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// A stable kebab-case name, such as `catalogue-unknown-key`.
    pub name: &'static str,
    /// The file as the user named it.
    pub file: String,
    /// Line and column, both 1-based, columns in characters.
    pub position: Option<Position>,
    /// What is wrong and why: a lowercase fragment without a final period.
    pub message: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// A line of a file with the part of it that a problem is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Position {
    /// 1-based.
    pub line: usize,
    /// 1-based, in characters.
    pub column: usize,
    /// The line's text.
    pub text: String,
    /// How many characters to underline, at least 1.
    pub width: usize,
}

impl Position {
    /// The position of a byte range in a text. A range that spans lines is cut at its first line's
    /// end; one beyond the text points at the text's end.
    pub fn of_range(text: &str, range: std::ops::Range<usize>) -> Self {
        let start = floor_char_boundary(text, range.start);
        let line_start = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let line_end = text[start..].find('\n').map_or(text.len(), |at| start + at);
        let end = floor_char_boundary(text, range.end.min(line_end)).max(start);
        Self {
            line: text[..line_start].matches('\n').count() + 1,
            column: text[line_start..start].chars().count() + 1,
            text: text[line_start..line_end].trim_end_matches('\r').to_owned(),
            width: text[start..end].chars().count().max(1),
        }
    }
}

fn floor_char_boundary(text: &str, at: usize) -> usize {
    let mut at = at.min(text.len());
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.position {
            None => write!(f, "{}: {} [{}]", self.file, self.message, self.name)?,
            Some(at) => {
                writeln!(
                    f,
                    "{}:{}:{}: {} [{}]",
                    self.file, at.line, at.column, self.message, self.name
                )?;
                let gutter = at.line.to_string();
                writeln!(f, "{gutter} | {}", at.text)?;
                // Tabs are kept so that the caret stands below what it marks.
                let lead: String = at
                    .text
                    .chars()
                    .take(at.column - 1)
                    .map(|c| if c == '\t' { '\t' } else { ' ' })
                    .collect();
                write!(f, "{} | {lead}{}", " ".repeat(gutter.len()), "^".repeat(at.width))?;
            }
        }
        if let Some(hint) = &self.hint {
            write!(f, "\nhint: {hint}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_located_problem_prints_its_line_a_caret_and_a_hint() {
        let text = "a = 1\nsolutoin = \"x\"\n";
        let problem = Diagnostic {
            name: "catalogue-unknown-key",
            file: "my.toml".into(),
            position: Some(Position::of_range(text, 6..14)),
            message: "unknown key `solutoin`".into(),
            hint: Some("did you mean `solution`?".into()),
        };
        assert_eq!(
            problem.to_string(),
            "my.toml:2:1: unknown key `solutoin` [catalogue-unknown-key]\n\
             2 | solutoin = \"x\"\n  | ^^^^^^^^\n\
             hint: did you mean `solution`?"
        );
    }

    #[test]
    fn a_range_beyond_the_text_points_at_its_end() {
        let at = Position::of_range("日本", 4..900);
        assert_eq!((at.line, at.column, at.width), (1, 2, 1));
    }
}
