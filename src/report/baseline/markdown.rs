//! What changed, as a section of the report in Markdown.
//!
//! Owns the table. Fails with the `io::Error` of the output.

use std::io::{self, Write};

use super::{Baseline, CodeChange, Status, words};
use crate::report::facts::Item;
use crate::report::{escape, phrase};
use crate::surface::Language;

/// How many codes are listed; JSON has them all.
const CODES_SHOWN: usize = 50;

/// Writes the section.
pub(in crate::report) fn section(out: &mut dyn Write, baseline: &Baseline) -> io::Result<()> {
    writeln!(out, "\n## Against {}\n", escape::markdown_code(&baseline.name))?;
    for fact in words::against(baseline, Language::default()) {
        // The heading names it.
        let said = fact.items.iter().filter_map(|item| match item {
            Item::Words(words) => Some(&**words),
            Item::Quoted(..) => None,
        });
        let said: Vec<_> = said.collect();
        if !said.is_empty() {
            writeln!(out, "- {}", said.join(", "))?;
        }
    }
    for note in words::notes(baseline, Language::default()) {
        writeln!(out, "- **Note**: {note}")?;
    }
    let changed = baseline.codes.iter().filter(|change| change.status != Status::Steady);
    if changed.clone().next().is_none() {
        return Ok(());
    }
    writeln!(out, "\n| Change | Code | Then | Expected | Now | |")?;
    writeln!(out, "| :--- | :--- | ---: | ---: | ---: | :--- |")?;
    for change in changed.clone().take(CODES_SHOWN) {
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            change.status.name(),
            escape::markdown_cell_code(&change.code),
            phrase::count(change.before),
            words::expected(change).replace('<', "&lt;"),
            phrase::count(change.after),
            beside(change),
        )?;
    }
    let more = changed.count().saturating_sub(CODES_SHOWN);
    if more > 0 {
        writeln!(out, "\n{} more.", phrase::counted(more as u64, "code", "codes"))?;
    }
    Ok(())
}

fn beside(change: &CodeChange) -> String {
    match &change.message {
        Some(message) => format!("{}: {}", change.module, escape::markdown(message)),
        None => words::factor(change, Language::default()).unwrap_or_default(),
    }
}
