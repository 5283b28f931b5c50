//! Notifications as text, for whoever looks at the terminal or the journal.
//!
//! Owns what stands above the alerts of a notification. Must never decide who is told. Fails with
//! the `io::Error` of the output.

use std::io::{self, Write};

use crate::engine::Notification;
use crate::render::{NotificationText, Texts, plain};
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
    let text = NotificationText::of(notification, texts);
    let NotificationText { reason, covers, firing, resolved, left_out, .. } = &text;
    write!(out, "== {reason}: {firing} firing, {resolved} resolved")?;
    if let Some((from, until)) = covers {
        write!(out, ", {}, while nobody looked", phrase::range(*from, *until))?;
    }
    writeln!(out, "  [{} {}]", text.receiver, text.id)?;
    for note in &text.notes {
        writeln!(out, "({})", visible(note))?;
    }
    let is_news = notification.alerts.iter().any(|told| told.is_news);
    for told in &text.alerts {
        if is_news {
            plain::write(out, &told.text, style)?;
            writeln!(out)?;
        } else {
            writeln!(out, "still firing: {}", visible(&told.text.headline))?;
        }
    }
    let known = text.known.len();
    if known > 0 {
        let fire = if known == 1 { "alert fires" } else { "alerts fire" };
        writeln!(out, "{known} more {fire} still, told before\n")?;
    }
    if *left_out > 0 {
        writeln!(out, "and {left_out} more alerts")?;
    }
    out.flush()
}
