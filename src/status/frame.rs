//! One frame of a live view: a head, as much of the body as there is room for, the keys.
//!
//! Owns what stands where on a screen of any size. Must never know a terminal, nor ask for the
//! present. Pure. Nothing here fails.

use chrono::{DateTime, TimeDelta, Utc};

use super::section::{Board, role_of};
use super::view::{ErrorsByModule, MINUTES, Sort, View};
use super::{Status, Verdict};
use crate::surface::line::Line;
use crate::surface::style::{Role, Style};
use crate::surface::{chart, escape, phrase, wrap};
use crate::zone::Zone;

/// Head and foot.
const OTHER_ROWS: usize = 3;

/// The columns of a count of errors.
const COUNT_COLUMNS: usize = 7;

/// What is shown.
#[derive(Debug, Clone, Copy)]
pub struct Seen<'s> {
    /// The last answer.
    pub status: &'s Status,
    /// The errors of the last hour, if they are known.
    pub errors: Option<&'s ErrorsByModule>,
    /// Why there is no newer answer.
    pub trouble: Option<&'s str>,
}

/// How it is shown.
#[derive(Debug, Clone, Copy)]
pub struct Screen {
    /// Its columns.
    pub columns: usize,
    /// Its rows.
    pub rows: usize,
    /// Whether it has colours and UTF-8.
    pub style: Style,
    /// The zone of times.
    pub zone: Zone,
    /// The present.
    pub now: DateTime<Utc>,
}

/// The lines of a screen, one for each row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Frame {
    /// In their colours, each no wider than the screen.
    pub lines: Vec<String>,
    /// How many of them are of the body.
    pub page_rows: usize,
    /// How far the body can be scrolled.
    pub scroll_max: usize,
}

/// Lays out a frame.
pub fn frame(seen: &Seen<'_>, view: View, screen: &Screen) -> Frame {
    let body = body(seen, view.sort, screen);
    let page_rows = screen.rows.saturating_sub(OTHER_ROWS).max(1);
    let scroll_max = body.len().saturating_sub(page_rows);
    let scroll = view.scroll.min(scroll_max);
    let end = (scroll + page_rows).min(body.len());
    let mut lines = vec![head(seen, screen), note(seen, view, screen)];
    lines.extend(body.get(scroll..end).unwrap_or_default().iter().cloned());
    lines.resize(page_rows + 2, Line::default());
    lines.push(foot(view, (scroll, end, body.len()), screen));
    // A screen without room for more shows what is gravest: its first line.
    lines.truncate(screen.rows.max(1));
    let lines = lines.iter().map(|line| line.paint(screen.style, screen.columns)).collect();
    Frame { lines, page_rows, scroll_max }
}

/// The whole body of a view as parts of a page, for what is no terminal.
pub(super) fn parts(seen: &Seen<'_>, sort: Sort, screen: &Screen) -> Vec<Vec<Line>> {
    let style = Style { width_columns: screen.columns, ..screen.style };
    let Screen { zone, .. } = *screen;
    let board = Board { status: seen.status, zone, style, rows_max: usize::MAX, sort };
    vec![
        board.verdict(),
        board.alerts(),
        seen.errors.map(|known| errors(&board, known)).unwrap_or_default(),
        board.sources(),
        board.receivers(),
        board.silences(),
        board.run(),
    ]
}

fn body(seen: &Seen<'_>, sort: Sort, screen: &Screen) -> Vec<Line> {
    let mut lines = Vec::new();
    for part in parts(seen, sort, screen).into_iter().filter(|part| !part.is_empty()) {
        if !lines.is_empty() {
            lines.push(Line::default());
        }
        lines.extend(part);
    }
    lines
}

/// The verdict and the time.
fn head(seen: &Seen<'_>, screen: &Screen) -> Line {
    let status = seen.status;
    let grade = Verdict::of(status).grade();
    let (firing, waiting) = (phrase::count(status.firing()), phrase::count(status.waiting()));
    let at = screen.zone.show(status.at).format("%Y-%m-%d %H:%M:%S %:z ").to_string();
    let line = Line::of(Role::Title, " ocrwatch  ").and(role_of(grade), grade.to_string());
    let line = line.and(Role::Plain, format!("  {firing} firing, {waiting} waiting"));
    line.right(Role::Quiet, &at, screen.columns)
}

/// Why what is shown is not of now.
fn note(seen: &Seen<'_>, view: View, screen: &Screen) -> Line {
    let age = phrase::span((screen.now - seen.status.at).max(TimeDelta::zero()));
    let text = match seen.trouble {
        Some(trouble) => {
            let trouble = escape::terminal(trouble, screen.style.unicode);
            format!(" no answer for {age}: {trouble}")
        }
        None if view.paused => format!(" paused for {age}"),
        None => return Line::default(),
    };
    Line::of(Role::Notice, text)
}

fn foot(view: View, (start, end, all): (usize, usize, usize), screen: &Screen) -> Line {
    let pause = if view.paused { "p go on" } else { "p pause" };
    let sort = view.sort.name();
    let keys = format!(" q quit  {pause}  s sorted by {sort}  j k scroll");
    let place =
        if all > end - start { format!("{}-{end} of {all} ", start + 1) } else { String::new() };
    Line::of(Role::Quiet, keys).right(Role::Quiet, &place, screen.columns)
}

/// A row for each module, a mark for each minute.
fn errors(board: &Board<'_>, errors: &ErrorsByModule) -> Vec<Line> {
    let style = board.style;
    let room = style.width().saturating_sub(board.indent() + COUNT_COLUMNS + 3);
    let minutes = MINUTES.min(room);
    let all: u64 = errors.modules.values().flatten().sum();
    let partial = if errors.is_partial { "; not all were counted" } else { "" };
    let hour = phrase::counted(all, "error", "errors");
    let text = format!("{hour} in the last hour, minute by minute{partial}");
    let mut lines = board.heading("Errors", &text);
    for (module, counts) in &errors.modules {
        let shown = counts.get(counts.len().saturating_sub(minutes)..).unwrap_or_default();
        let count = phrase::count(counts.iter().sum());
        let row = Line::of(Role::Plain, wrap::pad_left(&count, COUNT_COLUMNS))
            .and(Role::Plain, "  ")
            .and(Role::Plain, chart::sparkline(shown, style.unicode));
        let module = escape::terminal(module, style.unicode);
        lines.extend(board.row(&module, Role::Quiet, vec![row]));
    }
    lines
}
