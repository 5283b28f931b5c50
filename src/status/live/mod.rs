//! The live page of a run, in parts that are told anew when they change.
//!
//! Owns which parts there are, their order, and what each shows of a run. Must never count, judge,
//! or ask a run, a store or a clock. Pure. Nothing here fails.
//!
//! Instants stand on it and no ages, which would change every second: the script beside this file
//! says how long ago something was, and how long a lock lasts.

mod alerts;
mod run;
mod search;
mod timeline;

#[cfg(test)]
mod tests;

use std::sync::LazyLock;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use serde::Serialize;

use super::{Board, Grade, OutboxItem};
use crate::html::page::{self, render};
use crate::store::{CodeErrors, StepErrors};
use crate::surface::{Language, phrase};
use crate::zone::Zone;

const PAGE: &str = include_str!("page.html");

/// The look of the page.
pub static STYLE: LazyLock<String> =
    LazyLock::new(|| format!("{}{}", page::STYLE, include_str!("live.css")));

/// What keeps the page as it is now.
pub const SCRIPT: &str = include_str!("live.js");

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

/// What stands around the parts.
#[derive(Serialize)]
struct PageView<'s> {
    known: &'s str,
    period: &'static str,
    code: &'s str,
    grade: &'static str,
    lang_short: &'static str,
    other_lang: &'static str,
    may_change: bool,
    at: Moment,
    zone: String,
    version: &'s str,
    title: String,
}

impl Choice {
    /// The page with another code or period.
    fn link(&self, period: Period, code: Option<&str>) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        query.append_pair("lang", self.language.pick("en", "zh"));
        query.append_pair("period", period.name());
        if let Some(code) = code {
            query.append_pair("code", code);
        }
        let fragment = if code.is_some() { "#search" } else { "" };
        format!("/?{}{fragment}", query.finish())
    }

    /// The page with what is documented of a code.
    fn link_to(&self, code: &str) -> String {
        self.link(self.period, Some(code))
    }
}

/// An instant for people and for the script.
#[derive(Serialize)]
struct Moment {
    at: String,
    words: String,
}

impl Moment {
    fn of(at: DateTime<Utc>, zone: Zone) -> Self {
        let shown = zone.show(at);
        let at = shown.to_rfc3339_opts(SecondsFormat::Secs, true);
        Self { at, words: phrase::instant(shown) }
    }

    /// One of which no more is known, without a year: it lies in the period.
    fn to_the_minute(at: DateTime<Utc>, zone: Zone) -> Self {
        let words = zone.show(at).format("%m-%d %H:%M").to_string();
        Self { words, ..Self::of(at, zone) }
    }
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

    /// How many steps it has.
    fn steps(self) -> usize {
        match self {
            Self::Hour => 60,
            Self::SixHours => 72,
            Self::Day => 96,
        }
    }

    /// From the step in which it begins to the end of the one in which `now` is.
    pub fn range(self, now: DateTime<Utc>) -> (DateTime<Utc>, DateTime<Utc>) {
        let step_s = self.step_minutes() * 60;
        let end_s = (now.timestamp().div_euclid(step_s) + 1) * step_s;
        let end = DateTime::from_timestamp(end_s, 0).unwrap_or(now);
        let length = i64::try_from(self.steps()).ok().map(|count| step_s * count);
        let length = length.and_then(TimeDelta::try_seconds).unwrap_or_default();
        (end.checked_sub_signed(length).unwrap_or(end), end)
    }
}

/// What stands in the tab: a disc, a triangle or a square, as everywhere.
pub fn icon(grade: Grade) -> &'static str {
    match grade {
        Grade::Ok => include_str!("icon-ok.svg"),
        Grade::Warning => include_str!("icon-warning.svg"),
        Grade::Critical => include_str!("icon-critical.svg"),
    }
}

/// The class by which the look colours a grade.
fn class_of(grade: Grade) -> &'static str {
    match grade {
        Grade::Ok => "good",
        Grade::Warning => "warning",
        Grade::Critical => "critical",
    }
}

/// All parts.
pub fn parts(scene: &Scene<'_>) -> Vec<Part> {
    let language = scene.choice.language;
    let part = |name, html| Part { name, html };
    vec![
        part("verdict", render(run::VERDICT, language, &run::VerdictView::of(scene))),
        part("alerts", render(alerts::ALERTS, language, &alerts::AlertsView::of(scene))),
        part("timeline", render(timeline::TIMELINE, language, &timeline::TimelineView::of(scene))),
        part("search", render(search::SEARCH, language, &search::SearchView::of(scene))),
        part("sources", render(run::SOURCES, language, &run::SourcesView::of(scene))),
        part("receivers", render(run::RECEIVERS, language, &run::ReceiversView::of(scene))),
        part("silences", render(run::SILENCES, language, &run::SilencesView::of(scene))),
    ]
}

/// The whole page, of which `known` says in which state its parts are.
pub fn page(scene: &Scene<'_>, parts: &[Part], known: &str) -> String {
    let Scene { board, choice, may_change, .. } = *scene;
    let status = &board.status;
    let language = choice.language;
    let view = PageView {
        known,
        period: choice.period.name(),
        code: choice.code.as_deref().unwrap_or_default(),
        grade: run::grade_name(status),
        lang_short: language.pick("en", "zh"),
        other_lang: language.pick("zh", "en"),
        may_change,
        at: Moment::of(status.at, board.zone),
        zone: board.zone.show(status.at).offset().to_string(),
        version: &status.version,
        title: run::sentence(status, language),
    };
    let mut page = render(PAGE, language, &view);
    for part in parts {
        // No value that was put in looks like a mark: `<` is escaped in all of them.
        page = page.replacen(&format!("<!--{}-->", part.name), &part.html, 1);
    }
    page
}
