//! The report as Markdown, for issues, wikis and chats that render it.
//!
//! Owns headings, tables and lists as GitHub renders them. Text from the log stands in code, where
//! mentions, links and references are inert. Fails with the `io::Error` of the output.

use std::io::{self, Write};

use super::content::{CauseReport, CodeReport, Report};
use super::facts::{self, Fact, Item};
use super::timeline::Grid;
use super::{alerts, baseline};
use super::{chart, escape, phrase, ticket};
use crate::catalogue::{Entry, Paragraph};
use crate::surface::Language;

/// How many columns the sparklines in the tables have.
const TIMELINE_COLUMNS: usize = 30;

/// Writes the report.
pub fn write(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    writeln!(out, "# OCR errors\n")?;
    for fact in facts::of_report(report, Language::default()) {
        fact_item(out, &fact)?;
    }
    let totals = &report.totals;
    if report.is_empty() {
        writeln!(out, "- **Found**: {}", facts::nothing(report, Language::default()))?;
        writeln!(
            out,
            "- **Looked for**: {}",
            escape::markdown(&facts::looked_for(report, Language::default()))
        )?;
    } else {
        writeln!(
            out,
            "- **Found**: {} of {} ({} new): {} critical, {} warning, {} info",
            phrase::counted(totals.counts.occurrences, "occurrence", "occurrences"),
            phrase::counted(totals.codes, "code", "codes"),
            phrase::count(totals.codes_new),
            phrase::count(totals.critical),
            phrase::count(totals.warning),
            phrase::count(totals.info),
        )?;
    }
    if let Some(apart) = facts::apart_of_report(report, Language::default()) {
        fact_item(out, &apart)?;
    }
    for problem in facts::problems(report, Language::default()) {
        writeln!(out, "- **Note**: {}", item(&problem))?;
    }
    if report.is_empty() {
        return Ok(());
    }
    tables(out, report)?;
    if let Some(baseline) = &report.baseline {
        baseline::markdown(out, baseline)?;
    }
    if let Some(alerts) = &report.alerts {
        alerts::markdown(out, alerts)?;
    }
    report.codes.iter().try_for_each(|code| section(out, code, report.grid.as_ref()))
}

fn tables(out: &mut dyn Write, report: &Report) -> io::Result<()> {
    let grid = report.grid.as_ref();
    writeln!(out, "\n## Totals\n")?;
    writeln!(out, "| Module | Occurrences | Inferred | Repeats | Over time |")?;
    writeln!(out, "| :--- | ---: | ---: | ---: | :--- |")?;
    for module in &report.modules {
        let counts = module.counts;
        writeln!(
            out,
            "| {} | {} | {} | {} | {} |",
            module.module,
            phrase::count(counts.occurrences),
            phrase::count(counts.inferred),
            phrase::count(counts.repeats),
            sparkline(grid.map(|grid| module.timeline.events(grid))),
        )?;
    }
    writeln!(out, "\n| Code | Severity | Occurrences | Inferred | Repeats | Over time |")?;
    writeln!(out, "| :--- | :--- | ---: | ---: | ---: | :--- |")?;
    for code in &report.codes {
        let counts = code.counts;
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            escape::markdown_cell_code(&code.code),
            code.severity,
            phrase::count(counts.occurrences),
            phrase::count(counts.inferred),
            phrase::count(counts.repeats),
            sparkline(grid.map(|grid| code.timeline.events(grid))),
        )?;
    }
    let beyond = report.beyond_top;
    if beyond.codes > 0 {
        writeln!(
            out,
            "\n{} more, {} together, {} inferred.",
            phrase::counted(beyond.codes, "code", "codes"),
            phrase::times(beyond.counts.occurrences),
            phrase::count(beyond.counts.inferred),
        )?;
    }
    let Some(grid) = grid else { return Ok(()) };
    let range = phrase::range(grid.start, grid.start_of(grid.buckets));
    writeln!(out, "\nTime runs from {range}.")
}

fn sparkline(counts: Option<Vec<u64>>) -> String {
    let Some(counts) = counts else { return String::new() };
    let (groups, _) = chart::grouped(&counts, TIMELINE_COLUMNS);
    // HTML would make one blank of many.
    chart::sparkline(&groups, true).trim_end().replace(' ', "\u{a0}")
}

fn section(out: &mut dyn Write, code: &CodeReport, grid: Option<&Grid>) -> io::Result<()> {
    writeln!(
        out,
        "\n## {} · {} · {} · {}\n",
        escape::markdown_code(&code.code),
        code.module,
        facts::how_often(code, Language::default()),
        code.severity
    )?;
    if let Some(entry) = &code.entry {
        documented(out, code, entry)?;
    } else {
        writeln!(out, "**New**: the catalogue does not know this code.")?;
        if let Some(elsewhere) = &code.elsewhere {
            writeln!(out, "{}.", escape::markdown(elsewhere))?;
        }
    }
    writeln!(out)?;
    let ticket = ticket::of(code, Language::default());
    for fact in facts::of_code(code, grid, ticket.is_some(), Language::default()) {
        fact_item(out, &fact)?;
    }
    if let Some(ticket) = ticket {
        writeln!(out, "\nReady to send to technical support:\n")?;
        return write!(out, "{}", escape::markdown_block(&ticket, ""));
    }
    let Some(sample) = &code.sample else { return Ok(()) };
    writeln!(out, "\nSample, {}:\n", escape::markdown_code(&sample.place.to_string()))?;
    write!(out, "{}", escape::markdown_block(&sample.text, ""))
}

fn documented(out: &mut dyn Write, code: &CodeReport, entry: &Entry) -> io::Result<()> {
    let mut means: Vec<_> = entry.message.iter().chain([&entry.description]).collect();
    means.dedup();
    let means: Vec<_> = means.iter().map(|text| escape::markdown(text)).collect();
    writeln!(out, "**Means**: {}\n", means.join(" "))?;
    if !code.causes.is_empty() {
        writeln!(out, "**Causes**:\n")?;
        code.causes.iter().try_for_each(|cause| cause_item(out, cause, entry))?;
        writeln!(out)?;
    }
    writeln!(out, "**What to do**:\n")?;
    paragraphs(out, &entry.solution, code.elsewhere.as_deref())?;
    writeln!(out, "\nSource: {}", escape::markdown(&entry.source.to_string()))
}

fn cause_item(out: &mut dyn Write, cause: &CauseReport, entry: &Entry) -> io::Result<()> {
    let known = entry.causes.iter().find(|known| *known.id == *cause.id);
    let times = phrase::times(cause.counts.events());
    match known {
        Some(known) => writeln!(
            out,
            "- **{}**, {times}: {}",
            escape::markdown(&known.text),
            escape::markdown(&known.description)
        ),
        None => writeln!(out, "- {}, {times}", escape::markdown_code(&cause.id)),
    }
}

fn paragraphs(
    out: &mut dyn Write,
    paragraphs: &[Paragraph],
    elsewhere: Option<&str>,
) -> io::Result<()> {
    if paragraphs.is_empty() {
        let text = elsewhere.unwrap_or("no solution is documented");
        return writeln!(out, "{}.", escape::markdown(text));
    }
    let mut after_bullet = false;
    for (at, paragraph) in paragraphs.iter().enumerate() {
        let text = escape::markdown(&paragraph.text);
        if at > 0 && !(after_bullet && paragraph.bullet) {
            writeln!(out)?;
        }
        writeln!(out, "{}{text}", if paragraph.bullet { "- " } else { "" })?;
        after_bullet = paragraph.bullet;
    }
    Ok(())
}

fn fact_item(out: &mut dyn Write, fact: &Fact) -> io::Result<()> {
    let items: Vec<_> = fact.items.iter().map(item).collect();
    writeln!(out, "- **{}**: {}", fact.label, items.join(", "))
}

fn item(item: &Item) -> String {
    match item {
        Item::Words(words) => words.clone(),
        Item::Quoted(text, words) => format!("{}{words}", escape::markdown_code(text)),
    }
}
