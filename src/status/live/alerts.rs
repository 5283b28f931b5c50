//! What fires, as cards with what to do; what is pending, as lines.
//!
//! Owns what a card shows at once and what behind a fold. Must never shorten the documentation.
//! Nothing here fails.

use serde::Serialize;

use super::{Moment, Scene};
use crate::catalogue::{Paragraph, Severity};
use crate::engine::State;
use crate::render::AlertText;
use crate::rules::literal;
use crate::status::AlertStatus;

pub(super) const ALERTS: &str = include_str!("alerts.html");

/// So many alerts that fire and have no card, and so many that are pending, have a line.
const LINES_MAX: usize = 100;

#[derive(Serialize)]
pub(super) struct AlertsView<'s> {
    cards: Vec<CardView<'s>>,
    /// What fires beyond the cards.
    further: Vec<LineView<'s>>,
    pending: Vec<LineView<'s>>,
    left_out: u64,
    may_change: bool,
}

/// A code, and where what is documented of it stands.
#[derive(Serialize)]
struct LinkView<'s> {
    code: &'s str,
    link: String,
}

/// An alert in full.
#[derive(Serialize)]
struct CardView<'s> {
    status: LineView<'s>,
    alert: &'s AlertText,
    /// What to do first: the solution of the cause that is most frequent, else of the code.
    first: Option<FirstView<'s>>,
    locked_until: Option<Moment>,
    ends: Option<&'s str>,
    /// What silences it, as a script reads it and as a shell does.
    matchers: String,
    command: String,
}

#[derive(Serialize)]
struct FirstView<'s> {
    code: &'s str,
    means: Option<&'s str>,
    cause: Option<&'s str>,
    solution: &'s [Paragraph],
    elsewhere: Option<&'s str>,
}

/// An alert in a line.
#[derive(Serialize)]
struct LineView<'s> {
    fingerprint: &'s str,
    severity: Severity,
    headline: &'s str,
    rule: &'s str,
    since: Moment,
    last: Moment,
    count: u64,
    codes: Vec<LinkView<'s>>,
    silenced_by: Option<&'s str>,
}

impl<'s> AlertsView<'s> {
    pub(super) fn of(scene: &Scene<'s>) -> Self {
        let status = &scene.board.status;
        let line = |alert: &'s AlertStatus| LineView::of(alert, scene);
        let mut cards = Vec::new();
        let mut further = Vec::new();
        for alert in status.alerts.iter().filter(|alert| alert.state == State::Firing) {
            match scene.board.text_of(alert) {
                Some(text) => cards.push(CardView::of(line(alert), alert, text, scene)),
                None => further.push(line(alert)),
            }
        }
        let pending = status.alerts.iter().filter(|alert| alert.state == State::Pending);
        let mut pending: Vec<_> = pending.map(line).collect();
        let lines = (further.len() + pending.len()) as u64;
        further.truncate(LINES_MAX);
        pending.truncate(LINES_MAX);
        let shown = (further.len() + pending.len()) as u64;
        let left_out = status.alerts_left_out + lines - shown;
        Self { cards, further, pending, left_out, may_change: scene.may_change }
    }
}

impl<'s> LineView<'s> {
    fn of(alert: &'s AlertStatus, scene: &Scene<'s>) -> Self {
        let zone = scene.board.zone;
        Self {
            fingerprint: &alert.fingerprint,
            severity: alert.severity,
            headline: &alert.headline,
            rule: &alert.rule,
            since: Moment::of(alert.fired_at.unwrap_or(alert.since), zone),
            last: Moment::of(alert.last_at, zone),
            count: alert.count,
            codes: alert
                .codes
                .iter()
                .map(|code| LinkView { code, link: scene.choice.link_to(code) })
                .collect(),
            silenced_by: alert.silenced_by.as_deref(),
        }
    }
}

impl<'s> CardView<'s> {
    fn of(
        line: LineView<'s>,
        status: &'s AlertStatus,
        alert: &'s AlertText,
        scene: &Scene<'s>,
    ) -> Self {
        let first = alert.codes.first().map(|code| {
            let cause = code.causes.first();
            let of_cause = cause.map(|cause| &*cause.solution).filter(|parts| !parts.is_empty());
            FirstView {
                code: &code.code,
                means: code.meaning.first().map(String::as_str),
                cause: cause.map(|cause| &*cause.text),
                solution: of_cause.unwrap_or(&code.solution),
                elsewhere: code.elsewhere.as_deref(),
            }
        });
        let rule = [("rule", status.rule.as_str())].into_iter();
        let labels = status.labels.iter().map(|(name, value)| (name.as_str(), value.as_str()));
        let labels = labels.filter(|(name, _)| *name != "rule");
        let matchers: Vec<_> = rule.chain(labels).map(|(name, it)| (name, literal(it))).collect();
        let written: Vec<_> =
            matchers.iter().map(|(name, value)| format!("{name} = {value}")).collect();
        let options: Vec<_> = matchers
            .iter()
            .map(|(name, value)| format!("--match {}", quoted(&format!("{name}={value}"))))
            .collect();
        Self {
            status: line,
            alert,
            first,
            locked_until: status.locked_until.map(|at| Moment::of(at, scene.board.zone)),
            ends: alert.ends.as_deref(),
            matchers: written.join("\n"),
            command: format!("ocrwatch silence add {} --for 2h --reason '…'", options.join(" ")),
        }
    }
}

/// As a shell takes it.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-_.=/:".contains(c);
    if text.chars().all(is_plain) {
        return text.to_owned();
    }
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_one_word_for_each_matcher() {
        assert_eq!(quoted("rule=aksk-lockout"), "rule=aksk-lockout");
        assert_eq!(quoted("a=b c; rm 'x'"), r"'a=b c; rm '\''x'\'''");
        assert_eq!(quoted("a=*"), "'a=*'");
    }
}
