//! The totals by module and by code: counts, bars and sparklines under each other.
//!
//! Owns the columns of the two tables and what gives way when the terminal is narrow: first the
//! times, then the timeline, then words. Fails with the `io::Error` of the output.

use std::io;

use chrono::{DateTime, Datelike as _, FixedOffset};

use super::hours;
use crate::catalogue::Severity;
use crate::report::baseline::Status;
use crate::report::content::{Counts, Report, Seen, Timelines};
use crate::report::page::Page;
use crate::report::style::{Role, Style};
use crate::report::timeline::Grid;
use crate::report::{chart, escape, phrase, wrap};

const GAP: usize = 2;
/// From this width on the severity has its word.
const SEVERITY_COLUMNS: usize = 64;
/// From this width on a change has its word beside its mark.
const CHANGE_COLUMNS: usize = 100;
/// From this width on each code has the times of its first and last event.
const TIMES_COLUMNS: usize = 140;
const BAR_LEAST: usize = 10;
const BAR_MOST: usize = 40;
const TIMELINE_LEAST: usize = 16;
const TIMELINE_MOST: usize = 120;

/// A row of either table.
struct Row<'r> {
    name: String,
    counts: Counts,
    timeline: &'r Timelines,
    severity: Option<Severity>,
    status: Option<Status>,
    seen: Option<Seen>,
}

/// How wide each column is; 0 for one that is not shown.
struct Columns<'r> {
    name: usize,
    count: usize,
    inferred: usize,
    severity: usize,
    change: usize,
    /// Of the first and of the last time, each.
    time: usize,
    bar: usize,
    timeline: usize,
    /// How many buckets one column of the timeline holds.
    buckets_each: usize,
    grid: Option<&'r Grid>,
    style: Style,
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
            status: None,
            seen: None,
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
            status: report.baseline.as_ref().and_then(|baseline| baseline.status_of(&code.code)),
            seen: code.seen,
        })
        .collect();
    let rows = modules.iter().chain(&codes);
    let columns = Columns::for_rows(&rows, page.style, report.grid.as_ref());
    page.blank()?;
    columns.table(page, "Module", &modules)?;
    page.blank()?;
    columns.table(page, "Code", &codes)?;
    beyond_top(page, report)?;
    columns.axis(page)?;
    hours::write(page, report, columns.name)
}

impl<'r> Columns<'r> {
    fn for_rows<'a>(
        rows: &(impl Iterator<Item = &'a Row<'a>> + Clone),
        style: Style,
        grid: Option<&'r Grid>,
    ) -> Self {
        let width = style.width();
        let widest =
            |of: fn(&Row<'_>) -> usize, least| rows.clone().map(of).fold(least, usize::max);
        let has = |of: fn(&Row<'_>) -> bool| rows.clone().any(of);
        let shown_if = |is_shown: bool, column: usize| if is_shown { column } else { 0 };
        let name = widest(|row| wrap::width(&row.name), "Module".len());
        let count = widest(|row| phrase::count(row.counts.occurrences).len(), "Times".len());
        let inferred = widest(|row| phrase::count(row.counts.inferred).len(), "Inferred".len());
        let inferred = shown_if(has(|row| row.counts.inferred > 0), inferred);
        let severity = shown_if(width >= SEVERITY_COLUMNS, "critical".len());
        let has_changes = has(|row| row.status.is_some_and(|status| status != Status::Steady));
        let label = if width >= CHANGE_COLUMNS { Status::LABEL_COLUMNS } else { 1 };
        let change = shown_if(has_changes, label);
        let has_times = width >= TIMES_COLUMNS && has(|row| row.seen.is_some());
        let time = grid.map_or(0, |grid| shown_if(has_times, time_of(grid, grid.start).len()));
        let with_gap = |column: usize| shown_if(column > 0, column + GAP);
        let before = 2 + name + GAP + count + GAP;
        let before = before + with_gap(inferred) + with_gap(severity) + with_gap(change);
        let room = width.saturating_sub(before + 2 * with_gap(time));
        let buckets = grid.map_or(0, |grid| grid.buckets);
        let timeline_room = room.saturating_sub(BAR_LEAST + GAP).min(TIMELINE_MOST);
        let (timeline, buckets_each) = if timeline_room < TIMELINE_LEAST || buckets < 2 {
            (0, 1)
        } else {
            let each = buckets.div_ceil(timeline_room);
            (buckets.div_ceil(each), each)
        };
        let bar = room.saturating_sub(with_gap(timeline)).min(BAR_MOST);
        Self {
            name,
            count,
            inferred,
            severity,
            change,
            time,
            bar,
            timeline,
            buckets_each,
            grid,
            style,
        }
    }

    fn table(&self, page: &mut Page<'_>, name: &str, rows: &[Row<'_>]) -> io::Result<()> {
        let is_of_codes = rows.iter().any(|row| row.severity.is_some());
        page.line(&self.style.paint(Role::Quiet, &self.heading(name, is_of_codes)))?;
        let most = rows.iter().map(|row| row.counts.events()).max().unwrap_or(0);
        rows.iter().try_for_each(|row| page.line(&self.row(row, most)))
    }

    fn heading(&self, name: &str, is_of_codes: bool) -> String {
        let of_codes = |name: &'static str| if is_of_codes { name } else { "" };
        let mut cells = vec![wrap::pad_right(name, self.name), wrap::pad_left("Times", self.count)];
        if self.inferred > 0 {
            cells.push(wrap::pad_left("Inferred", self.inferred));
        }
        if self.severity > 0 {
            cells.push(" ".repeat(self.severity));
        }
        if self.change > 0 {
            let change = if self.change > 1 { of_codes("Change") } else { "" };
            cells.push(wrap::pad_right(change, self.change));
        }
        if self.time > 0 {
            cells.push(wrap::pad_right(of_codes("First"), self.time));
            cells.push(wrap::pad_right(of_codes("Last"), self.time));
        }
        if self.timeline > 0 {
            cells.push(" ".repeat(self.bar));
            cells.push(if self.timeline >= 9 { "Over time" } else { "Time" }.to_owned());
        }
        format!("  {}", cells.join("  "))
    }

    fn row(&self, row: &Row<'_>, most: u64) -> String {
        let style = self.style;
        let role = row.severity.map_or(Role::Plain, Role::Of);
        let Counts { occurrences, inferred, .. } = row.counts;
        let mut cells = vec![
            style.paint(role, &wrap::pad_right(&row.name, self.name)),
            wrap::pad_left(&phrase::count(occurrences), self.count),
        ];
        if self.inferred > 0 {
            // A zero in every row would hide the one that matters.
            let shown = if inferred > 0 { phrase::count(inferred) } else { String::new() };
            cells.push(wrap::pad_left(&shown, self.inferred));
        }
        if self.severity > 0 {
            let word = row.severity.map_or("", Severity::name);
            cells.push(style.paint(role, &wrap::pad_right(word, self.severity)));
        }
        cells.extend(self.change_of(row));
        cells.extend(self.times_of(row));
        let bar = chart::bar(occurrences, inferred, most, self.bar, style.unicode);
        if let Some(grid) = self.grid.filter(|_| self.timeline > 0) {
            let blank = self.bar.saturating_sub(wrap::width(&bar));
            cells.push(style.paint(role, &bar) + &" ".repeat(blank));
            let (counts, _) = chart::grouped(&row.timeline.events(grid), self.timeline);
            cells.push(chart::sparkline(&counts, style.unicode).trim_end().to_owned());
        } else {
            cells.push(style.paint(role, &bar));
        }
        format!("  {}", cells.join("  "))
    }

    fn change_of(&self, row: &Row<'_>) -> Option<String> {
        let label = match (row.status, self.change) {
            (_, 0) => return None,
            (Some(status), 1) => status.mark(self.style).to_owned(),
            (Some(status), _) => status.label(self.style),
            (None, _) => String::new(),
        };
        let is_more = matches!(row.status, Some(Status::New | Status::Risen));
        let role = row.severity.filter(|_| is_more).map_or(Role::Plain, Role::Of);
        Some(self.style.paint(role, &wrap::pad_right(&label, self.change)))
    }

    /// The first and the last time, in the offset in which the axis is.
    fn times_of(&self, row: &Row<'_>) -> Vec<String> {
        let Some(grid) = self.grid.filter(|_| self.time > 0) else { return Vec::new() };
        let time = |at: Option<_>| at.map_or_else(String::new, |at| time_of(grid, at));
        [row.seen.map(|seen| seen.first_at), row.seen.map(|seen| seen.last_at)]
            .map(|at| wrap::pad_right(&time(at), self.time))
            .into()
    }

    /// What the columns of the timeline stand for.
    fn axis(&self, page: &mut Page<'_>) -> io::Result<()> {
        let Some(grid) = self.grid.filter(|_| self.timeline > 0) else { return Ok(()) };
        let each = grid.bucket_s.saturating_mul(i64::try_from(self.buckets_each).unwrap_or(1));
        let text = format!(
            "Time runs from {}; one column is {}.",
            phrase::range(grid.start, grid.start_of(grid.buckets)),
            phrase::bucket(each)
        );
        page.blank()?;
        for line in wrap::wrap(&text, self.style.width() - 2) {
            page.line(&format!("  {}", self.style.paint(Role::Quiet, &line)))?;
        }
        Ok(())
    }
}

/// A time in the offset of the grid, as short as the grid's range allows.
fn time_of(grid: &Grid, at: DateTime<FixedOffset>) -> String {
    let end = grid.start_of(grid.buckets.saturating_sub(1));
    let format = if end.date_naive() == grid.start.date_naive() {
        "%H:%M:%S"
    } else if end.year() == grid.start.year() {
        "%m-%d %H:%M"
    } else {
        "%Y-%m-%d"
    };
    at.with_timezone(grid.start.offset()).format(format).to_string()
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
