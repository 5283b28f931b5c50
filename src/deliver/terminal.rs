//! Notifications as text, for whoever looks at the terminal or the journal.
//!
//! Owns what stands above the alerts of a notification. Must never decide who is told. Fails with
//! the `io::Error` of the output.

use std::io::{self, Write};

use chrono::{DateTime, FixedOffset, Offset as _, Utc};

use crate::engine::{AlertStatus, Instant, Notification, State, ToldAlert};
use crate::render::{self, AlertText, Texts, plain};
use crate::surface::escape::visible;
use crate::surface::phrase;
use crate::surface::style::Style;

/// Writes a notification.
pub fn write(
    out: &mut dyn Write,
    notification: &Notification,
    texts: &Texts,
    style: Style,
) -> io::Result<()> {
    let Notification { reason, covers, firing, resolved, left_out, .. } = notification;
    write!(out, "== {reason}: {firing} firing, {resolved} resolved")?;
    if let Some(covers) = covers {
        let at = |at: Instant| shown(at, notification, texts);
        let range = phrase::range(at(covers.from), at(covers.until));
        write!(out, ", {range}, while nobody looked")?;
    }
    writeln!(out, "  [{} {}]", notification.receiver, notification.id)?;
    for note in render::notes(notification, texts) {
        writeln!(out, "({})", visible(&note))?;
    }
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

/// In the zone that was asked for, else in that of the first alert's log.
fn shown(at: Instant, notification: &Notification, texts: &Texts) -> DateTime<FixedOffset> {
    let at = at.to_utc();
    let offset_s = notification.alerts.first().map_or(0, |told| told.alert.evidence.offset_s);
    let own = FixedOffset::east_opt(offset_s).unwrap_or_else(|| Utc.fix());
    texts.zone.map_or_else(|| at.with_timezone(&own), |zone| zone.show(at))
}

fn text(told: &ToldAlert, texts: &Texts) -> AlertText {
    let state = match told.status {
        AlertStatus::Firing => State::Firing,
        AlertStatus::FiredAndResolved | AlertStatus::Resolved => State::Resolved,
    };
    let rule = texts.rules.iter().find(|rule| rule.name == told.alert.rule);
    AlertText::of(&told.alert, rule, None, state, &texts.catalogue, texts.zone)
}
