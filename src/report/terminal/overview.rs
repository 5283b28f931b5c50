//! The totals by module and by code: counts, bars and sparklines under each other.
//!
//! Owns the columns of the two tables and what gives way when the terminal is narrow: first the
//! timeline, then the severity's word. Fails with the `io::Error` of the output.

use std::io;

use crate::catalogue::Severity;
use crate::report::content::{Counts, Report, Timelines};
use crate::report::page::Page;
use crate::report::style::{Role, Style};
use crate::report::timeline::Grid;
use crate::report::{chart, escape, phrase, wrap};

/// A row of either table.
struct Row<'r> {
    name: String,
    counts: Counts,
    timeline: &'r Timelines,
    severity: Option<Severity>,
}

/// How wide each column is; 0 for one that is not shown.
struct Columns {
    name: usize,
    count: usize,
    inferred: usize,
    severity: usize,
    bar: usize,
    timeline: usize,
    /// How many buckets one column of the timeline holds.
    buckets_each: usize,
}

pub(super) fn write(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let unicode = page.style.unicode;
    let modules: Vec<_> = report
        .modules
        .iter()
        .map(|module| Row {
            name: module.module.to_string(),
            counts: module.counts,
            timeline: &module.timeline,
            severity: None,
        })
        .collect();
    let codes: Vec<_> = report
        .codes
        .iter()
        .map(|code| Row {
            name: wrap::clip(&escape::terminal(&code.code, unicode), 24, "~"),
            counts: code.counts,
            timeline: &code.timeline,
            severity: Some(code.severity),
        })
        .collect();
    let columns = Columns::for_rows(&modules.iter().chain(&codes), page, report.grid.as_ref());
    page.blank()?;
    table(page, "Module", &modules, &columns, report.grid.as_ref())?;
    page.blank()?;
    table(page, "Code", &codes, &columns, report.grid.as_ref())?;
    beyond_top(page, report)?;
    axis(page, &columns, report.grid.as_ref())
}

impl Columns {
    fn for_rows<'r>(
        rows: &(impl Iterator<Item = &'r Row<'r>> + Clone),
        page: &Page<'_>,
        grid: Option<&Grid>,
    ) -> Self {
        const GAP: usize = 2;
        let width = page.style.width();
        let widest =
            |of: fn(&Row<'_>) -> usize, least| rows.clone().map(of).fold(least, usize::max);
        let name = widest(|row| wrap::width(&row.name), "Module".len());
        let count = widest(|row| phrase::count(row.counts.occurrences).len(), "Times".len());
        let inferred = widest(|row| phrase::count(row.counts.inferred).len(), "Inferred".len());
        let any_inferred = rows.clone().any(|row| row.counts.inferred > 0);
        let inferred = if any_inferred { inferred } else { 0 };
        let severity = if width >= 64 { "critical".len() } else { 0 };
        let with_gap = |column: usize| if column > 0 { column + GAP } else { 0 };
        let before = 2 + name + GAP + count + GAP + with_gap(inferred) + with_gap(severity);
        let room = width.saturating_sub(before);
        let bar_least = 10;
        let buckets = grid.map_or(0, |grid| grid.buckets);
        let timeline_room = room.saturating_sub(bar_least + GAP).min(room * 3 / 5).min(80);
        let (timeline, buckets_each) = if timeline_room < 16 || buckets < 2 {
            (0, 1)
        } else {
            let each = buckets.div_ceil(timeline_room);
            (buckets.div_ceil(each), each)
        };
        let bar = room.saturating_sub(with_gap(timeline)).min(40);
        Self { name, count, inferred, severity, bar, timeline, buckets_each }
    }
}

fn table(
    page: &mut Page<'_>,
    name: &str,
    rows: &[Row<'_>],
    columns: &Columns,
    grid: Option<&Grid>,
) -> io::Result<()> {
    let style = page.style;
    let mut heading =
        vec![wrap::pad_right(name, columns.name), wrap::pad_left("Times", columns.count)];
    if columns.inferred > 0 {
        heading.push(wrap::pad_left("Inferred", columns.inferred));
    }
    if columns.timeline > 0 {
        if columns.severity > 0 {
            heading.push(" ".repeat(columns.severity));
        }
        heading.push(" ".repeat(columns.bar));
        heading.push(if columns.timeline >= 9 { "Over time" } else { "Time" }.to_owned());
    }
    let heading = format!("  {}", heading.join("  "));
    page.line(&style.paint(Role::Quiet, &heading))?;
    let most = rows.iter().map(|row| row.counts.events()).max().unwrap_or(0);
    rows.iter().try_for_each(|row| {
        let line = row.line(columns, most, grid, style);
        page.line(&line)
    })
}

impl Row<'_> {
    fn line(&self, columns: &Columns, most: u64, grid: Option<&Grid>, style: Style) -> String {
        let role = self.severity.map_or(Role::Plain, Role::Of);
        let Counts { occurrences, inferred, .. } = self.counts;
        let mut cells = vec![
            style.paint(role, &wrap::pad_right(&self.name, columns.name)),
            wrap::pad_left(&phrase::count(occurrences), columns.count),
        ];
        if columns.inferred > 0 {
            // A zero in every row would hide the one that matters.
            let shown = if inferred > 0 { phrase::count(inferred) } else { String::new() };
            cells.push(wrap::pad_left(&shown, columns.inferred));
        }
        if columns.severity > 0 {
            let word = self.severity.map_or("", Severity::name);
            cells.push(style.paint(role, &wrap::pad_right(word, columns.severity)));
        }
        let bar = chart::bar(occurrences, inferred, most, columns.bar, style.unicode);
        if let Some(grid) = grid.filter(|_| columns.timeline > 0) {
            let blank = columns.bar.saturating_sub(wrap::width(&bar));
            cells.push(style.paint(role, &bar) + &" ".repeat(blank));
            let (counts, _) = chart::grouped(&self.timeline.events(grid), columns.timeline);
            cells.push(chart::sparkline(&counts, style.unicode).trim_end().to_owned());
        } else {
            cells.push(style.paint(role, &bar));
        }
        format!("  {}", cells.join("  "))
    }
}

fn beyond_top(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let beyond = report.beyond_top;
    if beyond.codes == 0 {
        return Ok(());
    }
    let inferred = match beyond.counts.inferred {
        0 => String::new(),
        inferred => format!(" and {} inferred", phrase::count(inferred)),
    };
    let text = format!(
        "and {}, {}{inferred}",
        phrase::counted(beyond.codes, "more code", "more codes"),
        phrase::times(beyond.counts.occurrences)
    );
    page.line(&format!("  {}", page.style.paint(Role::Quiet, &text)))
}

/// What the columns of the timeline stand for.
fn axis(page: &mut Page<'_>, columns: &Columns, grid: Option<&Grid>) -> io::Result<()> {
    let Some(grid) = grid.filter(|_| columns.timeline > 0) else { return Ok(()) };
    let each = grid.bucket_s.saturating_mul(i64::try_from(columns.buckets_each).unwrap_or(1));
    let text = format!(
        "Time runs from {}; one column is {}.",
        phrase::range(grid.start, grid.start_of(grid.buckets)),
        phrase::bucket(each)
    );
    page.blank()?;
    for line in wrap::wrap(&text, page.style.width() - 2) {
        page.line(&format!("  {}", page.style.paint(Role::Quiet, &line)))?;
    }
    Ok(())
}
