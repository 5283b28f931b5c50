//! The difference between what a scenario expects and what there was, for people.
//!
//! Owns the form: `-` before what was expected and is not, `+` before what is and was not expected.
//! Must never compare. Nothing here fails.

use std::fmt;

/// What is otherwise than one table of the file expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The line of the file on which the table begins.
    pub line: usize,
    /// What was asked, in words.
    pub what: String,
    /// What was expected, and what there was.
    pub lines: Vec<Line>,
}

/// A line of a difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Line {
    /// Both have it.
    Both(String),
    /// Expected, and not there.
    Expected(String),
    /// There, and not expected.
    Found(String),
}

impl fmt::Display for Line {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Both(text) => write!(f, "  {text}"),
            Self::Expected(text) => write!(f, "- {text}"),
            Self::Found(text) => write!(f, "+ {text}"),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, {}", self.line, self.what)?;
        self.lines.iter().try_for_each(|line| write!(f, "\n  {line}"))
    }
}
