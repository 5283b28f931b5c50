//! What stands in a mail around its alerts, in plain text and in HTML alike.
//!
//! Owns its words. Must never know how either is laid out, nor let text from a log be anything but
//! visible text. Nothing here fails.

use crate::engine::NotifyReason;
use crate::render::{NotificationText, ToldText};
use crate::surface::escape::{mail_head, visible};
use crate::surface::phrase;

/// A headline among others.
pub(super) const HEADLINE_CHARS_MAX: usize = 160;

/// What stands in a mail beside the alerts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame<'f> {
    pub(super) subject: &'f str,
    /// The machine on which this program runs.
    pub(super) host: &'f str,
    /// How many alerts are told by their headlines only, as there is no room for more.
    pub(super) shortened: &'f [ToldText],
    pub(super) has_samples: bool,
    /// How many lines a list of headlines has at most.
    pub(super) lines_max: usize,
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
