//! The alerts in a few lines.
//!
//! Owns which of them are shown: the latest. Fails with the `io::Error` of the output.

use std::io::{self, Write};

use super::Alerts;
use crate::engine::Instant;
use crate::surface::style::{Role, Style};
use crate::surface::{escape, phrase};

/// So many alerts are shown.
const SHOWN_MAX: usize = 8;

/// Writes how many alerts would have fired, how many of them since an instant, and the latest.
pub fn write(
    out: &mut dyn Write,
    alerts: &Alerts,
    (since, since_words): (Instant, &str),
    style: Style,
) -> io::Result<()> {
    let replayed = &alerts.replayed;
    let total = replayed.episodes.len() as u64 + replayed.episodes_left_out;
    let late = replayed.episodes.iter().filter(|episode| episode.fired_at >= since).count() as u64;
    let errors = phrase::counted(replayed.counters.errors, "error", "errors");
    if total == 0 {
        return writeln!(out, "  {errors}, and no alert would have fired");
    }
    let fired = phrase::counted(total, "alert", "alerts");
    writeln!(
        out,
        "  {errors}, {fired} would have fired, {} of them {since_words}",
        phrase::count(late)
    )?;
    let left_out = replayed.episodes.len().saturating_sub(SHOWN_MAX);
    for episode in replayed.episodes.iter().skip(left_out) {
        let text = alerts.text(episode);
        let at = phrase::instant(alerts.shown(episode, episode.fired_at));
        let severity = style.paint(Role::Of(text.severity), &text.severity.to_string());
        let headline = escape::terminal(&text.headline, style.unicode);
        writeln!(out, "  {at}  {severity}  {headline}")?;
    }
    if left_out > 0 {
        writeln!(out, "  and {} before these", phrase::count(left_out as u64))?;
    }
    Ok(())
}
