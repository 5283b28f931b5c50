//! A notification as the plain text of a mail.
//!
//! Owns what stands around the alerts. Must never let text from a log steer the page. Nothing here
//! fails.

use std::fmt::Write as _;

use super::letter::Frame;
use crate::engine::NotifyReason;
use crate::render::{NotificationText, ToldText, plain};
use crate::surface::escape::visible;
use crate::surface::style::Style;
use crate::surface::{phrase, wrap};

/// A headline among others.
pub(super) const HEADLINE_CHARS_MAX: usize = 160;

/// Mail programs show so many columns without breaking a line, and quote them in answers.
const STYLE: Style = Style { width_columns: 76, ..Style::PLAIN };

pub(super) fn body(told: &NotificationText, frame: Frame<'_>) -> String {
    let mut text = String::new();
    for line in preamble(told) {
        for line in wrap::wrap(&line, STYLE.width_columns) {
            let _ = writeln!(text, "{line}");
        }
        text.push('\n');
    }
    let rule = "─".repeat(STYLE.width_columns);
    for (at, alert) in told.alerts.iter().enumerate() {
        if at > 0 {
            let _ = writeln!(text, "\n{rule}\n");
        }
        let mut page = Vec::new();
        // Writing to memory cannot fail.
        let _ = plain::write_mail(&mut page, &alert.text, STYLE);
        text += &String::from_utf8_lossy(&page);
    }
    for (heading, lines) in lists(told, frame) {
        let _ = writeln!(text, "\n{heading}");
        for line in lines {
            let wrapped = wrap::wrap(&visible(&line), STYLE.width_columns - 4);
            for (at, line) in wrapped.iter().enumerate() {
                let _ = writeln!(text, "{}{line}", if at == 0 { "  • " } else { "    " });
            }
        }
    }
    // Mail programs show what stands behind this line as a signature.
    let _ = write!(text, "\n-- \n{}\n", visible(&foot(told, frame)));
    text
}

/// What must be known before the alerts are read.
pub(super) fn preamble(told: &NotificationText) -> Vec<String> {
    let mut lines = Vec::new();
    if let Some((from, until)) = told.covers {
        let range = phrase::range(from, until);
        lines.push(format!("This happened while nobody looked, {range}, and is told once."));
    }
    if told.alerts.len() > 1 || told.left_out > 0 {
        lines.push(format!("{} firing, {} resolved.", told.firing, told.resolved));
    }
    match told.reason {
        NotifyReason::Repeat { count } => {
            let times = phrase::times(u64::from(count));
            lines.push(format!("Nothing has changed; this is told again, {times} by now."));
        }
        NotifyReason::SilenceEnded => lines.push("A silence has ended.".to_owned()),
        NotifyReason::MuteEnded => lines.push("A mute has ended.".to_owned()),
        NotifyReason::InhibitionEnded => {
            lines.push("The alert that explained this one is over.".to_owned());
        }
        _ => {}
    }
    let often = told.alerts.iter().filter(|told| told.episodes > 1);
    lines.extend(often.map(|told| {
        let times = phrase::times(u64::from(told.episodes));
        format!("{} fired {times} since it was last told.", visible(&told.text.title))
    }));
    lines
}

/// What is told by headlines only, under headings.
pub(super) fn lists(told: &NotificationText, frame: Frame<'_>) -> Vec<(&'static str, Vec<String>)> {
    let cut = |text: &str| crate::surface::escape::mail_head(text, HEADLINE_CHARS_MAX);
    let shortened = |told: &ToldText| format!("{}: {}", told.status, cut(&told.text.headline));
    let mut lists = vec![
        ("There is no room to tell these in full:", {
            frame.shortened.iter().map(shortened).collect::<Vec<_>>()
        }),
        ("Told before, and still firing:", told.known.iter().map(|line| cut(line)).collect()),
    ];
    if told.left_out > 0 {
        let more = phrase::counted(told.left_out, "more alert", "more alerts");
        lists.push(("And without a line of their own:", vec![more]));
    }
    if !frame.has_samples {
        lists.push(("Left out for room:", vec!["the lines of the log".to_owned()]));
    }
    for (_, lines) in &mut lists {
        let more = lines.len().saturating_sub(frame.lines_max);
        if more > 0 {
            lines.truncate(frame.lines_max);
            lines.push(format!("and {more} more"));
        }
    }
    lists.retain(|(_, lines)| !lines.is_empty());
    lists
}

pub(super) fn foot(told: &NotificationText, frame: Frame<'_>) -> String {
    format!(
        "ocrwatch {} on {} · receiver {} · route {} · notification {}",
        env!("CARGO_PKG_VERSION"),
        frame.host,
        told.receiver,
        told.route,
        told.id
    )
}
