//! One code on the terminal: what it means, what to do, and what the log says of it.
//!
//! Owns the order within a section. Fails with the `io::Error` of the output.

use std::io;

use crate::catalogue::Entry;
use crate::render::ticket::HEADING;
use crate::report::content::{CauseReport, CodeReport};
use crate::report::page::Page;
use crate::report::style::Role;
use crate::report::timeline::Grid;
use crate::report::{escape, facts, phrase, ticket, wrap};
use crate::surface::Language;

pub(super) fn write(page: &mut Page<'_>, code: &CodeReport, grid: Option<&Grid>) -> io::Result<()> {
    page.blank()?;
    title(page, code)?;
    page.blank()?;
    match &code.entry {
        Some(entry) => documented(page, code, entry)?,
        None => unknown(page, code)?,
    }
    page.blank()?;
    let ticket = ticket::of(code, Language::default());
    for fact in facts::of_code(code, grid, ticket.is_some(), Language::default()) {
        page.fact(&fact)?;
    }
    match ticket {
        Some(ticket) => {
            page.blank()?;
            let ticket = escape::terminal_lines(&ticket, page.style.unicode);
            page.copyable(HEADING, &ticket)
        }
        None => sample(page, code),
    }
}

fn title(page: &mut Page<'_>, code: &CodeReport) -> io::Result<()> {
    let style = page.style;
    page.rule()?;
    let dot = style.dot();
    let name = wrap::clip(&escape::terminal(&code.code, style.unicode), 24, "~");
    let title = format!(
        "{name} {dot} {} {dot} {}",
        code.module,
        facts::how_often(code, Language::default())
    );
    let severity = code.severity.name();
    let painted = style.paint(Role::Of(code.severity), severity);
    let gap = style.prose_width().saturating_sub(wrap::width(&title) + severity.len());
    if gap > 0 {
        let title = style.paint(Role::Title, &title);
        return page.line(&format!("{title}{}{painted}", " ".repeat(gap)));
    }
    for line in wrap::wrap(&title, style.width()) {
        page.line(&style.paint(Role::Title, &line))?;
    }
    page.line(&painted)
}

fn documented(page: &mut Page<'_>, code: &CodeReport, entry: &Entry) -> io::Result<()> {
    page.meaning(entry)?;
    let statuses: Vec<_> = code
        .fields
        .http_statuses
        .values
        .iter()
        .filter_map(|value| value.value.parse().ok())
        .collect();
    page.meanings(entry, &statuses)?;
    causes(page, code, entry)?;
    // The causes that were seen have brought their own paragraphs of it.
    let explained: u64 = code.causes.iter().map(|cause| cause.counts.events()).sum();
    if code.causes.is_empty() || explained < code.counts.events() {
        page.solution(entry, code.elsewhere.as_deref())?;
    }
    page.source(entry)
}

fn causes(page: &mut Page<'_>, code: &CodeReport, entry: &Entry) -> io::Result<()> {
    for (at, cause) in code.causes.iter().enumerate() {
        let label = match (at, code.causes.len()) {
            (0, 1) => "Cause",
            (0, _) => "Causes",
            _ => "",
        };
        let lines = cause_lines(page, code, cause, entry);
        page.row(label, &lines)?;
    }
    Ok(())
}

fn cause_lines(
    page: &Page<'_>,
    code: &CodeReport,
    cause: &CauseReport,
    entry: &Entry,
) -> Vec<String> {
    let style = page.style;
    let columns = page.text_columns();
    let known = entry.causes.iter().find(|known| *known.id == *cause.id);
    let name = known.map_or(&*cause.id, |known| &*known.text);
    let name = escape::terminal(name, style.unicode);
    let only = code.causes.len() == 1 && cause.counts.events() == code.counts.events();
    let times = phrase::times(cause.counts.events());
    let head = if only { name } else { format!("{name}, {times}") };
    let head = wrap::wrap(&head, columns);
    let mut lines: Vec<_> =
        head.iter().map(|line| style.paint(Role::Of(cause.severity), line)).collect();
    let Some(known) = known else { return lines };
    let indented = |line: String| format!("  {line}");
    let description = escape::terminal(&known.description, style.unicode);
    lines.extend(wrap::wrap(&description, columns - 2).into_iter().map(indented));
    lines.extend(page.paragraphs(&known.solution, columns - 2).into_iter().map(indented));
    lines
}

fn unknown(page: &mut Page<'_>, code: &CodeReport) -> io::Result<()> {
    page.prose("New", "the catalogue does not know this code", Role::Notice)?;
    match &code.elsewhere {
        Some(text) => {
            let text = escape::terminal(text, page.style.unicode);
            page.prose("", &text, Role::Plain)
        }
        None => Ok(()),
    }
}

fn sample(page: &mut Page<'_>, code: &CodeReport) -> io::Result<()> {
    let Some(sample) = &code.sample else { return Ok(()) };
    let unicode = page.style.unicode;
    let place = escape::terminal(&sample.place.to_string(), unicode);
    page.prose("Sample", &place, Role::Plain)?;
    if sample.text.is_empty() {
        return Ok(());
    }
    page.quote(&escape::terminal_lines(&sample.text, unicode))
}
