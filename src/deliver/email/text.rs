//! A notification as the plain text of a mail.
//!
//! Owns what stands around the alerts. Must never let text from a log steer the page. Nothing here
//! fails.

use std::fmt::Write as _;

use super::letter::Frame;
use crate::engine::NotifyReason;
use crate::render::{NotificationText, ToldText, plain};
use crate::surface::escape::{mail_head, visible};
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
    let language = told.language;
    let mut lines: Vec<String> = told.notes.iter().map(|note| sentence(note)).collect();
    if let Some((from, until)) = told.covers {
        let range = language.range(from, until);
        lines.push(language.pick(
            format!("This happened while nobody looked, {range}, and is told once."),
            format!("以下发生在无人值守期间（{range}），仅通知一次。"),
        ));
    }
    if told.alerts.len() != 1 || told.left_out > 0 {
        let (firing, resolved) = (phrase::count(told.firing), phrase::count(told.resolved));
        lines.push(language.pick(
            format!("{firing} firing, {resolved} resolved."),
            format!("{firing} 条告警中，{resolved} 条已恢复。"),
        ));
    }
    match told.reason {
        NotifyReason::Repeat { count } => {
            let times = language.times(u64::from(count));
            lines.push(language.pick(
                format!("Nothing has changed; this is told again, {times} by now."),
                format!("状态没有变化，再次提醒（已提醒 {times}）。"),
            ));
        }
        NotifyReason::SilenceEnded | NotifyReason::MuteEnded | NotifyReason::InhibitionEnded => {
            let english = match told.reason {
                NotifyReason::SilenceEnded => "A silence has ended.",
                NotifyReason::MuteEnded => "A mute has ended.",
                _ => "The alert that explained this one is over.",
            };
            let reason = told.reason.to_string();
            lines.push(language.pick(english.into(), format!("{}。", language.words(&reason))));
        }
        _ => {}
    }
    let often = told.alerts.iter().filter(|told| told.episodes > 1);
    lines.extend(often.map(|told| {
        let times = language.times(u64::from(told.episodes));
        let title = visible(&told.text.title);
        language.pick(
            format!("{title} fired {times} since it was last told."),
            format!("{title} 自上次通知以来触发了 {times}。"),
        )
    }));
    lines
}

/// A fragment as a sentence.
fn sentence(fragment: &str) -> String {
    let mut chars = fragment.chars();
    let first = chars.next().map(|first| first.to_uppercase().to_string()).unwrap_or_default();
    let end = if fragment.is_ascii() { "." } else { "" };
    visible(&format!("{first}{}{end}", chars.as_str()))
}

/// What is told by headlines only, under headings.
pub(super) fn lists(told: &NotificationText, frame: Frame<'_>) -> Vec<(&'static str, Vec<String>)> {
    let language = told.language;
    let cut = |text: &str| mail_head(text, HEADLINE_CHARS_MAX);
    let shortened = |told: &ToldText| {
        format!("{}: {}", language.words(&told.status.to_string()), cut(&told.text.headline))
    };
    let mut lists = vec![
        (
            language.pick("There is no room to tell these in full:", "篇幅所限，以下仅列出标题："),
            frame.shortened.iter().map(shortened).collect::<Vec<_>>(),
        ),
        (
            language.pick("Told before, and still firing:", "此前已通知，仍在告警："),
            told.known.iter().map(|line| cut(line)).collect(),
        ),
    ];
    if told.left_out > 0 {
        let more = language.counted(told.left_out, ("more alert", "more alerts"), "条其他告警");
        lists.push((
            language.pick("And without a line of their own:", "另有未列出的："),
            vec![more],
        ));
    }
    if !frame.has_samples {
        lists.push((
            language.pick("Left out for room:", "篇幅所限，未列出："),
            vec![language.pick("the lines of the log", "日志样例").to_owned()],
        ));
    }
    for (_, lines) in &mut lists {
        let more = lines.len().saturating_sub(frame.lines_max);
        if more > 0 {
            lines.truncate(frame.lines_max);
            lines.push(language.pick(format!("and {more} more"), format!("另有 {more} 条")));
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
