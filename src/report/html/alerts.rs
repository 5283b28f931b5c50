//! The alerts of a report as the page shows them: one card for each, however often it fired.
//!
//! Owns what a card says and how many episodes it lists. Must never decide an alert. Nothing here
//! fails.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::engine::Fingerprint;
use crate::render::AlertText;
use crate::replay::Episode;
use crate::report::alerts::Alerts;
use crate::report::phrase;
use crate::surface::Language;

/// So many alerts have a card; all are counted.
const CARDS_MAX: usize = 40;

/// So many times of an alert are listed, the last ones; all are counted.
const EPISODES_MAX: usize = 3;

/// The alerts that there would have been.
#[derive(Serialize)]
pub(super) struct AlertsView {
    total: u64,
    open: usize,
    rules: usize,
    notifications: usize,
    withheld: usize,
    unplaced: u64,
    cards: Vec<CardView>,
    left_out: usize,
}

#[derive(Serialize)]
struct CardView {
    anchor: String,
    alert: AlertText,
    is_open: bool,
    episodes: Vec<EpisodeView>,
    episodes_left_out: usize,
}

/// One time of an alert.
#[derive(Serialize)]
struct EpisodeView {
    fired: String,
    because: Option<String>,
    resolved: Option<String>,
    resolved_because: Option<String>,
    lasted: Option<String>,
    count: u64,
}

/// Where an alert stands on the page.
pub(super) fn anchor(fingerprint: Fingerprint) -> String {
    format!("alert-{fingerprint}")
}

impl AlertsView {
    pub(super) fn of(alerts: &Alerts, language: Language) -> Self {
        let replayed = &alerts.replayed;
        let mut by_alert: BTreeMap<Fingerprint, Vec<&Episode>> = BTreeMap::new();
        for episode in &replayed.episodes {
            by_alert.entry(episode.alert.fingerprint).or_default().push(episode);
        }
        let mut groups: Vec<_> = by_alert.into_values().collect();
        groups.sort_by_key(|episodes| {
            let last = episodes.last();
            let is_over = last.is_none_or(|last| last.resolved.is_some());
            let severity = last.map(|last| last.alert.severity);
            (is_over, std::cmp::Reverse(severity), last.map(|last| last.fired_at))
        });
        let left_out = groups.len().saturating_sub(CARDS_MAX);
        let cards = groups.iter().take(CARDS_MAX);
        Self {
            total: replayed.episodes.len() as u64 + replayed.episodes_left_out,
            open: replayed.episodes.iter().filter(|it| it.resolved.is_none()).count(),
            rules: alerts.rules.len(),
            notifications: alerts.notifications().count(),
            withheld: alerts.withheld().count(),
            unplaced: alerts.unplaced,
            cards: cards.filter_map(|group| CardView::of(alerts, group, language)).collect(),
            left_out,
        }
    }
}

impl CardView {
    fn of(alerts: &Alerts, group: &[&Episode], language: Language) -> Option<Self> {
        let last = group.last()?;
        let listed = group.iter().rev().take(EPISODES_MAX);
        Some(Self {
            anchor: anchor(last.alert.fingerprint),
            alert: alerts.text_in(last, language),
            is_open: last.resolved.is_none(),
            episodes: listed.map(|episode| EpisodeView::of(alerts, episode, language)).collect(),
            episodes_left_out: group.len().saturating_sub(EPISODES_MAX),
        })
    }
}

impl EpisodeView {
    fn of(alerts: &Alerts, episode: &Episode, language: Language) -> Self {
        let fired = alerts.shown(episode, episode.fired_at);
        let resolved = episode.resolved.as_ref().map(|(at, _)| alerts.shown(episode, *at));
        Self {
            fired: phrase::instant(fired),
            because: alerts.text_in(episode, language).reason,
            resolved: resolved.map(phrase::instant),
            resolved_because: alerts.resolved_because(episode, language),
            lasted: resolved.map(|resolved| language.span(resolved - fired)),
            count: episode.alert.count,
        }
    }
}
