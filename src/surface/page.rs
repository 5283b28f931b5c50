//! Labelled rows on a terminal.
//!
//! Owns the two columns, label and text, and that no line ends in blanks. Is handed text that is
//! already safe to show. Fails with the `io::Error` of the output.

use std::io::{self, Write};

use super::style::{Role, Style};
use super::{escape, wrap};
use crate::catalogue::Paragraph;

/// Below this width the label stands above its text: request ids must stay in one piece.
const NARROW_COLUMNS: usize = 56;
/// The columns of a label.
pub(crate) const LABEL_COLUMNS: usize = 11;

/// A terminal page that is being written.
pub(crate) struct Page<'o> {
    out: &'o mut dyn Write,
    pub(crate) style: Style,
}

impl<'o> Page<'o> {
    pub(crate) fn new(out: &'o mut dyn Write, style: Style) -> Self {
        Self { out, style }
    }

    /// The columns for the text of a labelled row.
    pub(crate) fn text_columns(&self) -> usize {
        self.style.prose_width() - self.indent()
    }

    fn is_narrow(&self) -> bool {
        self.style.width() < NARROW_COLUMNS
    }

    fn indent(&self) -> usize {
        if self.is_narrow() { 4 } else { 2 + LABEL_COLUMNS + 2 }
    }

    pub(crate) fn line(&mut self, text: &str) -> io::Result<()> {
        writeln!(self.out, "{}", text.trim_end_matches(' '))
    }

    pub(crate) fn blank(&mut self) -> io::Result<()> {
        self.line("")
    }

    pub(crate) fn rule(&mut self) -> io::Result<()> {
        let rule = self.style.rule().repeat(self.style.prose_width());
        self.line(&self.style.paint(Role::Quiet, &rule))
    }

    /// A label and lines of text that fit [`text_columns`](Self::text_columns).
    pub(crate) fn row(&mut self, label: &str, lines: &[String]) -> io::Result<()> {
        self.row_as(Role::Quiet, label, lines)
    }

    /// As [`row`](Self::row), for a label that says more than what follows.
    pub(crate) fn row_as(&mut self, role: Role, label: &str, lines: &[String]) -> io::Result<()> {
        let style = self.style;
        let indent = " ".repeat(self.indent());
        let mut lines = lines.iter();
        if self.is_narrow() {
            if !label.is_empty() {
                self.line(&format!("  {}", style.paint(role, label)))?;
            }
        } else {
            let label = style.paint(role, &wrap::pad_right(label, LABEL_COLUMNS));
            let first = lines.next().map_or("", String::as_str);
            self.line(&format!("  {label}  {first}"))?;
        }
        lines.try_for_each(|line| self.line(&format!("{indent}{line}")))
    }

    /// A label and prose, wrapped.
    pub(crate) fn prose(&mut self, label: &str, text: &str, role: Role) -> io::Result<()> {
        let style = self.style;
        let lines = wrap::wrap(text, self.text_columns());
        let lines: Vec<_> = lines.iter().map(|line| style.paint(role, line)).collect();
        self.row(label, &lines)
    }

    /// The paragraphs of a solution, wrapped to the columns, bullets with a hanging indent.
    pub(crate) fn paragraphs(&self, paragraphs: &[Paragraph], columns: usize) -> Vec<String> {
        let style = self.style;
        let mut lines = Vec::new();
        for paragraph in paragraphs {
            let text = escape::terminal(&paragraph.text, style.unicode);
            if !paragraph.bullet {
                lines.extend(wrap::wrap(&text, columns));
                continue;
            }
            let wrapped = wrap::wrap(&text, columns.saturating_sub(2));
            lines.extend(wrapped.iter().enumerate().map(|(at, line)| match at {
                0 => format!("{} {line}", style.bullet()),
                _ => format!("  {line}"),
            }));
        }
        lines
    }

    /// Lines to be copied, under a heading of ours: no mark stands before them.
    pub(crate) fn copyable(&mut self, heading: &str, text: &str) -> io::Result<()> {
        self.line(&format!("  {}", self.style.paint(Role::Quiet, heading)))?;
        self.blank()?;
        let lines = wrap::fold(text, self.style.width() - 4);
        lines.iter().try_for_each(|line| self.line(&format!("    {line}")))
    }

    /// Quoted lines, each behind a mark, in the page's full width.
    pub(crate) fn quote(&mut self, text: &str) -> io::Result<()> {
        let gutter = self.style.paint(Role::Quiet, self.style.gutter());
        let lines = wrap::fold(text, self.style.width() - 4);
        lines.iter().try_for_each(|line| self.line(&format!("  {gutter} {line}")))
    }
}
