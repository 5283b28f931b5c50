//! The report as a page on a terminal.
//!
//! Owns the order of the page: what needs somebody, what was read, the totals, then code by code.
//! Shows only what the fold counted. Fails with the `io::Error` of the output.

mod hours;
mod needs;
mod overview;
mod section;

use std::io::{self, Write};

use super::content::{Report, Totals};
use super::escape;
use super::facts::{self, Item};
use super::page::Page;
use super::phrase;
use super::style::{Role, Style};
use super::verdict::Verdict;
use super::wrap;
use super::{alerts, baseline};
use crate::catalogue::Severity;
use crate::surface::Language;

/// Writes the report for a person at a terminal.
pub fn write(out: &mut dyn Write, report: &Report, style: Style) -> io::Result<()> {
    let mut page = Page::new(out, style);
    if !report.is_empty() {
        needs::write(&mut page, &Verdict::of(report, Language::default()))?;
    }
    for fact in facts::of_report(report, Language::default()) {
        page.fact(&fact)?;
    }
    found(&mut page, report)?;
    if let Some(apart) = facts::apart_of_report(report, Language::default()) {
        page.fact(&apart)?;
    }
    for problem in facts::problems(report, Language::default()) {
        let text = page.item(&problem);
        page.prose("Note", &text, Role::Notice)?;
    }
    if report.is_empty() {
        return Ok(());
    }
    overview::write(&mut page, report)?;
    if let Some(baseline) = &report.baseline {
        baseline::section(&mut page, baseline)?;
    }
    if let Some(alerts) = &report.alerts {
        alerts::section(&mut page, alerts)?;
    }
    for code in &report.codes {
        section::write(&mut page, code, report.grid.as_ref())?;
    }
    Ok(())
}

/// What all of it comes to, in one row.
fn found(page: &mut Page<'_>, report: &Report) -> io::Result<()> {
    let totals = &report.totals;
    if report.is_empty() {
        page.prose("Found", facts::nothing(report, Language::default()), Role::Title)?;
        return page.prose(
            "Looked for",
            &facts::looked_for(report, Language::default()),
            Role::Plain,
        );
    }
    let found = facts::found(report, Language::default());
    let words = found.items.first().map(|words| page.item(words)).unwrap_or_default();
    let mut lines = wrap::wrap(&words, page.text_columns());
    lines = lines.iter().map(|line| page.style.paint(Role::Title, line)).collect();
    let severities = severities(totals, page.style);
    if !severities.is_empty() {
        lines.push(severities);
    }
    page.row("Found", &lines)
}

fn severities(totals: &Totals, style: Style) -> String {
    let counts = [
        (Severity::Critical, totals.critical),
        (Severity::Warning, totals.warning),
        (Severity::Info, totals.info),
    ];
    let counted = counts.into_iter().filter(|&(_, count)| count > 0);
    let words = counted.map(|(severity, count)| {
        style.paint(Role::Of(severity), &format!("{} {severity}", phrase::count(count)))
    });
    words.collect::<Vec<_>>().join(", ")
}

impl Page<'_> {
    /// An item, safe for the terminal.
    pub(super) fn item(&self, item: &Item) -> String {
        match item {
            Item::Words(words) => escape::terminal(words, self.style.unicode),
            Item::Quoted(text, words) => {
                format!("{}{words}", escape::terminal(text, self.style.unicode))
            }
        }
    }

    pub(super) fn fact(&mut self, fact: &facts::Fact) -> io::Result<()> {
        let items: Vec<_> = fact.items.iter().map(|item| self.item(item)).collect();
        let columns = self.text_columns();
        let lines = if fact.one_a_line {
            items.iter().flat_map(|item| wrap::wrap(item, columns)).collect()
        } else {
            wrap::wrap_items(&items, columns)
        };
        self.row(fact.label, &lines)
    }
}
