//! Where one record ends and the next begins, line by line.
//!
//! Must never look at more than the line's own form and what the record so far has left open.

use super::super::head::{self, Role};
use super::line::Line;

/// Loose lines that one statement prints below its head; more are other statements' lines.
pub(super) const LOOSE_LINES_MAX: usize = 12;

/// What is known of the record while walking down its lines.
#[derive(Debug, Default)]
pub(super) struct Boundary {
    began: Began,
    /// Loose lines since the head.
    loose_lines: usize,
    open: Open,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Began {
    /// With a line that tells nothing of itself: loose lines begin records of their own.
    #[default]
    Loose,
    /// With a head: loose lines belong to it.
    Head,
    /// With the first line of a head of two.
    FirstOfTwo,
}

#[derive(Debug, Default, PartialEq, Eq)]
enum Open {
    #[default]
    Nothing,
    /// A Python traceback's last line is the exception, at the left margin.
    Traceback,
    /// The Python SDK's notation: a message may hold newlines.
    Notation,
}

impl Boundary {
    /// Whether `line` begins another record than the one walked so far.
    pub(super) fn begins(&mut self, line: &Line<'_>) -> bool {
        let goes_on = self.open == Open::Notation && line.role != Role::Head;
        let begins = !line.joined && !goes_on && self.begins_by_role(line);
        if let Some(open) = last_notation(&line.text) {
            let closed = line.text[open..].trim_end().ends_with(['}', '"', '\'']);
            self.open = if closed { Open::Nothing } else { Open::Notation };
        } else if goes_on && line.text.contains("encoded_authorization_message:") {
            self.open = Open::Nothing;
        }
        begins
    }

    fn begins_by_role(&mut self, line: &Line<'_>) -> bool {
        match line.role {
            Role::Head if self.began == Began::FirstOfTwo && head::is_second_line(&line.text) => {
                self.began = Began::Head;
                false
            }
            Role::Head => {
                let two = head::has_second_line(&line.text);
                let began = if two { Began::FirstOfTwo } else { Began::Head };
                *self = Self { began, ..Self::default() };
                true
            }
            Role::Continuation => {
                if line.text.starts_with("Traceback (most") {
                    self.open = Open::Traceback;
                }
                false
            }
            Role::Loose if self.began != Began::Loose && self.loose_lines < LOOSE_LINES_MAX => {
                self.loose_lines += 1;
                false
            }
            Role::Loose if self.open == Open::Traceback => {
                self.open = Open::Nothing;
                false
            }
            Role::Loose => {
                // `curl -i` prints headers, a blank line and the body behind the status line.
                let answer = line.text.starts_with("HTTP/");
                let began = if answer { Began::Head } else { Began::Loose };
                *self = Self { began, ..Self::default() };
                true
            }
        }
    }
}

/// Where the last text in the Python SDK's notation begins.
fn last_notation(text: &str) -> Option<usize> {
    memchr::memrchr_iter(b'{', text.as_bytes()).find(|at| text[*at..].starts_with("{status_code:"))
}
