//! Columns under their heads, as wide as what stands in them.
//!
//! Owns what gives way when the width does not suffice: columns, the least needed first, then the
//! ends of the first column's texts. Is handed text that is already safe to show. Nothing here
//! fails.

use crate::surface::line::Line;
use crate::surface::style::{Role, Style};
use crate::surface::wrap;

/// What stands before each line.
const INDENT: usize = 2;

/// What stands between two columns.
const GAP: usize = 2;

/// The first column is not made narrower than this.
const FIRST_COLUMNS_MIN: usize = 12;

/// A column.
#[derive(Debug, Clone, Copy)]
pub(super) struct Column {
    head: &'static str,
    is_number: bool,
    /// The highest gives way first.
    rank: u8,
}

/// A row, and what stands below it.
#[derive(Debug, Clone)]
pub(super) struct Row {
    pub(super) role: Role,
    /// One for each column.
    pub(super) cells: Vec<String>,
    pub(super) below: Vec<Line>,
}

impl Column {
    pub(super) const fn text(head: &'static str, rank: u8) -> Self {
        Self { head, is_number: false, rank }
    }

    pub(super) const fn number(head: &'static str, rank: u8) -> Self {
        Self { head, is_number: true, rank }
    }
}

/// The lines of a table.
pub(super) fn table(columns: &[Column], rows: &[Row], style: Style) -> Vec<Line> {
    let width_of = |at: usize| {
        let cells = rows.iter().filter_map(|row| row.cells.get(at));
        let widest = cells.map(|cell| wrap::width(cell)).max().unwrap_or(0);
        widest.max(columns.get(at).map_or(0, |column| wrap::width(column.head)))
    };
    let widths: Vec<usize> = (0..columns.len()).map(width_of).collect();
    let shown = shown(columns, &widths, style.width().saturating_sub(INDENT));
    let others: usize = shown.iter().skip(1).filter_map(|at| widths.get(*at)).sum();
    let gaps = GAP * shown.len().saturating_sub(1);
    let room = style.width().saturating_sub(INDENT + others + gaps);
    let first = widths.first().copied().unwrap_or(0).min(room);
    let mark = if style.unicode { "…" } else { "~" };
    let line = |role: Role, cells: &dyn Fn(usize) -> String| {
        let mut text = " ".repeat(INDENT);
        for at in &shown {
            let (Some(column), Some(width)) = (columns.get(*at), widths.get(*at)) else { continue };
            let width = if *at == 0 { first } else { *width };
            let cell = wrap::clip(&cells(*at), width, mark);
            text += &if column.is_number {
                wrap::pad_left(&cell, width)
            } else {
                wrap::pad_right(&cell, width)
            };
            text += &" ".repeat(GAP);
        }
        Line::of(role, text.trim_end())
    };
    let head = |at: usize| columns.get(at).map_or("", |column| column.head).to_owned();
    let mut lines = vec![line(Role::Quiet, &head)];
    for row in rows {
        lines.push(line(row.role, &|at| row.cells.get(at).cloned().unwrap_or_default()));
        lines.extend(row.below.iter().cloned());
    }
    lines
}

/// The columns for which there is room.
fn shown(columns: &[Column], widths: &[usize], room: usize) -> Vec<usize> {
    let mut shown: Vec<usize> = (0..columns.len()).collect();
    let needed = |shown: &[usize]| {
        let widths = shown.iter().filter_map(|at| {
            let width = widths.get(*at)?;
            Some(GAP + if *at == 0 { (*width).min(FIRST_COLUMNS_MIN) } else { *width })
        });
        widths.sum::<usize>().saturating_sub(GAP)
    };
    while shown.len() > 1 && needed(&shown) > room {
        let rank = |at: &usize| columns.get(*at).map_or(0, |column| column.rank);
        let least = shown.iter().copied().skip(1).max_by_key(rank);
        shown.retain(|at| Some(*at) != least);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(lines_read: &str, width_columns: usize, expected: &[&str]) {
        const COLUMNS: [Column; 3] =
            [Column::text("NAME", 0), Column::number("LINES", 1), Column::text("LAST LINE", 2)];
        let row = |name: &str, lines: &str, last: &str| Row {
            role: Role::Plain,
            cells: [name, lines, last].map(str::to_owned).into(),
            below: Vec::new(),
        };
        let rows = [row("a-service-of-some-length", lines_read, "08:00:00"), row("图", "7", "")];
        let style = Style { width_columns, ..Style::PLAIN };
        let lines = table(&COLUMNS, &rows, style);
        let shown: Vec<_> = lines.iter().map(|line| line.paint(style, 200)).collect();
        assert_eq!(shown, expected);
    }

    #[test]
    fn columns_are_as_wide_as_what_stands_in_them() {
        check(
            "12,345,678",
            60,
            &[
                "  NAME                           LINES  LAST LINE",
                "  a-service-of-some-length  12,345,678  08:00:00",
                "  图                                 7",
            ],
        );
    }

    #[test]
    fn the_first_column_gives_way() {
        check(
            "12,345,678",
            42,
            &[
                "  NAME                    LINES  LAST LINE",
                "  a-service-of-som…  12,345,678  08:00:00",
                "  图                          7",
            ],
        );
    }

    #[test]
    fn where_that_does_not_suffice_the_least_needed_column_goes() {
        check(
            "12,345,678,901,234",
            40,
            &[
                "  NAME                             LINES",
                "  a-service-of-some…  12,345,678,901,234",
                "  图                                   7",
            ],
        );
    }
}
