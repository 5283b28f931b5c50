//! Events by the hour of the day: a strip of 24 cells for all, and one for each module.
//!
//! Owns when the strips are worth their room, and which zone's hours they are said to be. Fails
//! with the `io::Error` of the output.

use std::io;

use crate::report::content::Report;
use crate::report::hours::Hours;
use crate::report::page::Page;
use crate::report::style::{Role, Style};
use crate::report::{chart, phrase, wrap};
use crate::surface::line::Line;

/// Within a shorter range the timeline says it all.
const RANGE_LEAST_S: i64 = 2 * 3600;
/// From this width on a cell takes two columns.
const WIDE_COLUMNS: usize = 100;
/// The longest name of a module.
const NAME_COLUMNS: usize = 8;
/// Below this width no words stand beside a strip, and none under the tables' names.
const NARROW_COLUMNS: usize = 64;

/// Writes the strips, under the names of the tables above where there is room.
pub(super) fn write(page: &mut Page<'_>, report: &Report, name_columns: usize) -> io::Result<()> {
    let range_s = report.grid.map_or(0, |grid| {
        grid.bucket_s.saturating_mul(i64::try_from(grid.buckets).unwrap_or(i64::MAX))
    });
    if report.hours.is_empty() || range_s < RANGE_LEAST_S {
        return Ok(());
    }
    let style = page.style;
    let name_columns = if style.width() < NARROW_COLUMNS { NAME_COLUMNS } else { name_columns };
    let cell = if style.width() >= WIDE_COLUMNS { 2 } else { 1 };
    page.blank()?;
    let axis: String =
        [0, 6, 12, 18].map(|hour| format!("{hour:<width$}", width = 6 * cell)).concat();
    let heading = format!("  {}  {axis}", wrap::pad_right("By hour", name_columns));
    page.line(&style.paint(Role::Quiet, &heading))?;
    // Of one module all is the same.
    if let [_, _, ..] = report.modules.as_slice() {
        page.line(&row("All", &report.hours, name_columns, cell, style))?;
    }
    for module in report.modules.iter().filter(|module| !module.hours.is_empty()) {
        page.line(&row(module.module.name(), &module.hours, name_columns, cell, style))?;
    }
    page.blank()?;
    let zone = match (report.zone, report.hours.offset()) {
        (Some(zone), _) => format!("of {zone}"),
        (None, Some(offset)) => format!("at {offset}"),
        (None, None) => "of the offset that each time has in its log".to_owned(),
    };
    let text = format!("Hours are {zone}; each row has its own scale.");
    let lines = wrap::wrap(&text, style.width() - 2);
    lines.iter().try_for_each(|line| page.line(&format!("  {}", style.paint(Role::Quiet, line))))
}

fn row(name: &str, hours: &Hours, name_columns: usize, cell: usize, style: Style) -> String {
    let counts = hours.counts();
    let highest = counts.iter().copied().max().unwrap_or(0);
    let mut line = Line::of(Role::Plain, format!("  {}  ", wrap::pad_right(name, name_columns)));
    for &count in counts {
        let darkness = chart::darkness(count, highest);
        let role = match darkness {
            1 => Role::Quiet,
            4 => Role::Title,
            _ => Role::Plain,
        };
        let shade = String::from(chart::shade(darkness, style.unicode));
        line = line.and(role, shade.repeat(cell));
    }
    if style.width() >= NARROW_COLUMNS {
        let at = counts.iter().position(|&count| count == highest).unwrap_or(0);
        line = line.and(Role::Quiet, format!("  most: {} at {at}:00", phrase::count(highest)));
    }
    line.paint(style, style.width())
}
