//! A line of a terminal's page, in pieces that each have a role.
//!
//! Owns that a line is cut by its cells and not by its bytes, colours left aside. Is handed text
//! that is already safe to show. Nothing here fails.

use super::style::{Role, Style};
use super::wrap;

/// Pieces of text beside each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Line(Vec<(Role, String)>);

impl Line {
    /// One piece.
    pub(crate) fn of(role: Role, text: impl Into<String>) -> Self {
        Self(vec![(role, text.into())])
    }

    /// With a further piece.
    pub(crate) fn and(mut self, role: Role, text: impl Into<String>) -> Self {
        self.0.push((role, text.into()));
        self
    }

    /// With the pieces of another one behind it.
    pub(crate) fn and_all(mut self, other: Self) -> Self {
        self.0.extend(other.0);
        self
    }

    /// The columns that it takes.
    pub(crate) fn width(&self) -> usize {
        self.0.iter().map(|(_, text)| wrap::width(text)).sum()
    }

    /// With blanks, and a last piece that ends at the column; behind what is there if that is
    /// longer.
    pub(crate) fn right(self, role: Role, text: &str, columns: usize) -> Self {
        let room = columns.saturating_sub(self.width() + wrap::width(text)).max(1);
        self.and(Role::Plain, " ".repeat(room)).and(role, text)
    }

    /// The line in its colours, cut to the columns, with a mark where it was cut.
    pub(crate) fn paint(&self, style: Style, columns: usize) -> String {
        let mark = if style.unicode { "…" } else { "~" };
        let is_cut = self.width() > columns;
        let mut left = columns;
        let mut out = String::new();
        for (role, text) in &self.0 {
            let rest_fits = wrap::width(text) < left || (!is_cut && wrap::width(text) <= left);
            if rest_fits {
                out += &style.paint(*role, text);
                left -= wrap::width(text);
                continue;
            }
            // Without room for a mark there is none for a character.
            if left > 0 {
                let text = wrap::clip(&format!("{text} "), left, mark);
                out += &style.paint(*role, &text);
            }
            break;
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &Line, columns: usize, expected: &str) {
        let plain = line.paint(Style::PLAIN, columns);
        assert_eq!(plain, expected);
        assert!(wrap::width(&plain) <= columns, "{plain:?} in {columns}");
    }

    #[test]
    fn a_line_is_cut_where_it_is_too_long_and_says_so() {
        let line = Line::of(Role::Title, "abc").and(Role::Plain, " def");
        check(&line, 9, "abc def");
        check(&line, 7, "abc def");
        check(&line, 6, "abc d…");
        check(&line, 4, "abc…");
        check(&line, 3, "ab…");
        check(&line, 1, "…");
        check(&line, 0, "");
        check(&Line::of(Role::Plain, "图片质量"), 5, "图片…");
    }

    #[test]
    fn colours_take_no_columns() {
        let style = Style { color: true, ..Style::PLAIN };
        let line = Line::of(Role::Notice, "abc").and(Role::Quiet, "def");
        assert_eq!(line.paint(style, 5), "\u{1b}[33mabc\u{1b}[0m\u{1b}[2md…\u{1b}[0m");
    }

    #[test]
    fn what_stands_right_ends_at_its_column() {
        check(&Line::of(Role::Plain, "a").right(Role::Plain, "z", 5), 5, "a   z");
        check(&Line::of(Role::Plain, "abcd").right(Role::Plain, "z", 4), 6, "abcd z");
    }
}
