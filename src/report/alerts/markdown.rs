//! The alerts as a section of a report in Markdown.
//!
//! Owns its table. Text from the log stands in code. Fails with the `io::Error` of the output.

use std::io::{self, Write};

use super::Alerts;
use crate::surface::{escape, phrase};

/// Alerts that are listed; `backtest` shows all.
const LISTED: usize = 50;

/// Writes the alerts that there would have been.
pub(in crate::report) fn section(out: &mut dyn Write, alerts: &Alerts) -> io::Result<()> {
    writeln!(out, "\n## Alerts\n")?;
    let episodes = &alerts.replayed.episodes;
    if episodes.is_empty() {
        return writeln!(out, "None would have fired.");
    }
    writeln!(out, "| Fired | Resolved | Severity | Rule | Alert | Times |")?;
    writeln!(out, "| :--- | :--- | :--- | :--- | :--- | ---: |")?;
    for episode in episodes.iter().take(LISTED) {
        let text = alerts.text(episode);
        let fired_at = phrase::instant(alerts.shown(episode, episode.fired_at));
        let resolved = episode.resolved.as_ref();
        let resolved_at = resolved.map(|(at, _)| phrase::instant(alerts.shown(episode, *at)));
        writeln!(
            out,
            "| {fired_at} | {} | {} | {} | {} | {} |",
            resolved_at.as_deref().unwrap_or("not by the end"),
            text.severity,
            escape::markdown_cell_code(&text.rule),
            escape::markdown_cell_code(&text.headline),
            phrase::count(episode.alert.count),
        )?;
    }
    let more = episodes.len().saturating_sub(LISTED) as u64 + alerts.replayed.episodes_left_out;
    if more > 0 {
        writeln!(out, "\nand {} more", phrase::count(more))?;
    }
    Ok(())
}
