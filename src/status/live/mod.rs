//! The live page of a run, in parts that are told anew when they change.
//!
//! Owns which parts there are, their order, and what each shows of a run. Must never count, judge,
//! or ask a run, a store or a clock. Pure. Nothing here fails.

use chrono::{DateTime, TimeDelta, Utc};

use super::{Board, Grade, OutboxItem, Verdict};
use crate::store::{CodeErrors, StepErrors};
use crate::surface::Language;
use crate::surface::escape::html;

/// How far back errors are shown.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Period {
    /// An hour, minute by minute.
    #[default]
    Hour,
    /// Six hours.
    SixHours,
    /// A day.
    Day,
}

impl Period {
    /// All of them, the shortest first.
    pub const ALL: [Self; 3] = [Self::Hour, Self::SixHours, Self::Day];

    /// As it stands in an address.
    pub fn name(self) -> &'static str {
        match self {
            Self::Hour => "1h",
            Self::SixHours => "6h",
            Self::Day => "24h",
        }
    }

    /// How many minutes a step of it has.
    pub fn step_minutes(self) -> i64 {
        match self {
            Self::Hour => 1,
            Self::SixHours => 5,
            Self::Day => 15,
        }
    }

    /// From the step in which it begins to the end of the one in which `now` is.
    pub fn range(self, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let hours = match self {
            Self::Hour => 1,
            Self::SixHours => 6,
            Self::Day => 24,
        };
        let step_s = self.step_minutes() * 60;
        let end_s = (now.timestamp().div_euclid(step_s) + 1) * step_s;
        let end = DateTime::from_timestamp(end_s, 0).unwrap_or(now);
        (end.checked_sub_signed(TimeDelta::hours(hours)).unwrap_or(end), end)
    }
}

/// What who looks has chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Choice {
    /// The language of our own words.
    pub language: Language,
    /// How far back errors are shown.
    pub period: Period,
    /// What of a code is looked for.
    pub code: Option<String>,
}

/// What the state on disk has of the period.
#[derive(Debug, Clone, Default)]
pub struct Recent {
    /// The errors of each step, by module, the oldest first.
    pub steps: Vec<StepErrors>,
    /// The errors of each code, the most frequent first.
    pub codes: Vec<CodeErrors>,
    /// Not all were read.
    pub is_partial: bool,
    /// Notifications that wait or were given up, the newest first.
    pub outbox: Vec<OutboxItem>,
}

/// All that is shown.
#[derive(Debug, Clone, Copy)]
pub struct Scene<'s> {
    /// The run.
    pub board: &'s Board,
    /// The state on disk, or why it cannot be looked at.
    pub recent: Result<&'s Recent, &'s str>,
    /// What who looks has chosen.
    pub choice: &'s Choice,
    /// Whether who looks may change anything.
    pub may_change: bool,
}

/// A part of the page that is told anew when it changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name; the page has one element of it.
    pub name: &'static str,
    /// What stands in it: HTML, in which all that is not ours is escaped.
    pub html: String,
}

/// The look of the page.
pub const STYLE: &str = "";

/// What keeps the page as it is now.
pub const SCRIPT: &str = "";

/// What stands in the tab.
pub fn icon(_grade: Grade) -> &'static str {
    "<svg xmlns='http://www.w3.org/2000/svg'/>"
}

/// All parts.
pub fn parts(scene: &Scene<'_>) -> Vec<Part> {
    let Scene { board, recent, .. } = scene;
    let alerts = board.status.alerts.iter().map(|alert| html(&alert.headline));
    let receivers = board.status.receivers.iter().map(|receiver| html(&receiver.name));
    let sources = board.status.sources.iter().map(|source| html(&source.name));
    let errors = recent.map_or_else(html, |recent| recent.steps.len().to_string());
    let part = |name, html| Part { name, html };
    vec![
        part("verdict", Verdict::of(&board.status).grade().to_string()),
        part("alerts", alerts.collect()),
        part("timeline", errors),
        part("sources", sources.collect()),
        part("receivers", receivers.collect()),
        part("search", String::new()),
    ]
}

/// The whole page, of which `known` says in which state its parts are.
pub fn page(scene: &Scene<'_>, parts: &[Part], known: &str) -> String {
    let lang = scene.choice.language.pick("en", "zh-CN");
    let parts: String = parts.iter().map(|part| part.html.as_str()).collect();
    format!("<!doctype html><html lang=\"{lang}\"><body data-known=\"{known}\">{parts}")
}
