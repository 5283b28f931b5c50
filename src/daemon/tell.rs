//! Notifications as text, for whoever looks at the terminal or the journal.
//!
//! Owns what stands above the alerts of a notification. Must never decide who is told. Fails with
//! the `io::Error` of the output.

use std::io::{self, Write};

use super::pipeline::Texts;
use crate::engine::{AlertStatus, Notification, State, ToldAlert};
use crate::render::{AlertText, plain};
use crate::surface::escape::visible;
use crate::surface::style::Style;

/// Writes a notification.
pub(super) fn write(
    out: &mut dyn Write,
    notification: &Notification,
    texts: &Texts,
    style: Style,
) -> io::Result<()> {
    let Notification { reason, covers, firing, resolved, left_out, .. } = notification;
    write!(out, "== {reason}: {firing} firing, {resolved} resolved")?;
    if let Some(covers) = covers {
        let shown = |at: crate::engine::Instant| {
            let at = chrono::DateTime::from_timestamp_millis(at.0).unwrap_or_default();
            match texts.zone {
                Some(zone) => zone.show(at).to_rfc3339(),
                None => at.to_rfc3339(),
            }
        };
        write!(out, ", while nobody looked, {} to {}", shown(covers.from), shown(covers.until))?;
    }
    writeln!(out, "  [{} {}]", notification.receiver, notification.id)?;
    let is_news = notification.alerts.iter().any(|told| told.is_news);
    for told in &notification.alerts {
        let text = text(told, texts);
        if told.is_news {
            plain::write(out, &text, style)?;
            writeln!(out)?;
        } else if !is_news {
            writeln!(out, "still firing: {}", visible(&text.headline))?;
        }
    }
    let known = notification.alerts.iter().filter(|told| !told.is_news).count();
    if is_news && known > 0 {
        let fire = if known == 1 { "alert fires" } else { "alerts fire" };
        writeln!(out, "{known} more {fire} still, told before\n")?;
    }
    if *left_out > 0 {
        writeln!(out, "and {left_out} more alerts")?;
    }
    out.flush()
}

fn text(told: &ToldAlert, texts: &Texts) -> AlertText {
    let state = match told.status {
        AlertStatus::Firing => State::Firing,
        AlertStatus::FiredAndResolved | AlertStatus::Resolved => State::Resolved,
    };
    let rule = texts.rules.iter().find(|rule| rule.name == told.alert.rule);
    AlertText::of(&told.alert, rule, None, state, &texts.catalogue, texts.zone)
}
