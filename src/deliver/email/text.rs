//! A notification as the plain text of a mail.
//!
//! Owns how it is laid out in columns. Must never let text from a log steer the page. Nothing here
//! fails.

use std::fmt::Write as _;

use super::frame::{Frame, foot, lists, preamble};
use crate::render::{NotificationText, plain};
use crate::surface::escape::visible;
use crate::surface::style::Style;
use crate::surface::wrap;

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
