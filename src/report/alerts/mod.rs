//! The alerts that there would have been, and the notifications.
//!
//! Owns how a replay is laid out for people and for programs, and how two of them compare. Shows
//! only what the engine and the policy decided. Fails with the `io::Error` of the output.

mod brief;
mod compare;
mod json;
mod markdown;
mod terminal;

use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use crate::catalogue::Catalogue;
use crate::engine::{Decision, Instant, Notification, Reason, Rule, State, Withheld};
use crate::render::{AlertText, View};
use crate::replay::{Episode, Replayed};
use crate::surface::Language;
use crate::zone::Zone;

pub use brief::write as write_brief;
pub use compare::Comparison;
pub(super) use json::AlertsView;
pub use json::{write as write_json, write_comparison as write_comparison_json};
pub(super) use markdown::section as markdown;
pub(super) use terminal::section;
pub use terminal::{write, write_comparison};

/// A replay with what is needed to show it.
#[derive(Debug, Clone)]
pub struct Alerts {
    /// What was replayed.
    pub replayed: Replayed,
    /// Errors that came before any time could be read; they are no part of any alert.
    pub unplaced: u64,
    /// The rules that were at work.
    pub rules: Arc<[Rule]>,
    /// The documented codes.
    pub catalogue: Arc<Catalogue>,
    /// The zone in which times are shown; each in its log's own if there is none.
    pub zone: Option<Zone>,
    /// The offset of times beside no alert, if there is no zone.
    pub offset: FixedOffset,
}

impl Alerts {
    /// What an alert says, with why it fired.
    fn text(&self, episode: &Episode) -> AlertText {
        self.text_in(episode, Language::default())
    }

    /// The same in the reader's language.
    pub fn text_in(&self, episode: &Episode, language: Language) -> AlertText {
        self.text_for(episode, &episode.reason, language)
    }

    /// Why an alert was resolved, in words; none if it was not.
    pub fn resolved_because(&self, episode: &Episode, language: Language) -> Option<String> {
        let (_, reason) = episode.resolved.as_ref()?;
        self.text_for(episode, reason, language).reason
    }

    fn text_for(&self, episode: &Episode, reason: &Reason, language: Language) -> AlertText {
        let alert = &episode.alert;
        let rule = self.rules.iter().find(|rule| rule.name == alert.rule);
        let state = if episode.resolved.is_some() { State::Resolved } else { State::Firing };
        // An alert without errors knows no offset of its log's.
        let of_log = || Zone::parse(&self.offset.to_string()).ok();
        let zone = self.zone.or_else(|| alert.evidence.codes.is_empty().then(of_log).flatten());
        let view = View { zone, language };
        AlertText::of(alert, rule, Some(reason), state, &self.catalogue, view)
    }

    /// An instant as it is shown beside an alert.
    pub fn shown(&self, episode: &Episode, at: Instant) -> DateTime<FixedOffset> {
        let evidence = &episode.alert.evidence;
        let offset = FixedOffset::east_opt(evidence.offset_s);
        let offset = offset.filter(|_| !evidence.codes.is_empty());
        self.shown_in(at, offset.unwrap_or(self.offset))
    }

    /// An instant as it is shown beside no alert.
    fn shown_apart(&self, at: Instant) -> DateTime<FixedOffset> {
        self.shown_in(at, self.offset)
    }

    fn shown_in(&self, at: Instant, offset: FixedOffset) -> DateTime<FixedOffset> {
        let at = at.to_utc();
        self.zone.map_or_else(|| at.with_timezone(&offset), |zone| zone.show(at))
    }

    /// Who would have been told what.
    pub fn notifications(&self) -> impl Iterator<Item = &Notification> {
        self.replayed.decisions.iter().filter_map(|decision| match decision {
            Decision::Notify(notification) => Some(notification),
            Decision::Withhold(_) => None,
        })
    }

    /// What would not have been told.
    pub fn withheld(&self) -> impl Iterator<Item = &Withheld> {
        self.replayed.decisions.iter().filter_map(|decision| match decision {
            Decision::Withhold(withheld) => Some(withheld),
            Decision::Notify(_) => None,
        })
    }
}
