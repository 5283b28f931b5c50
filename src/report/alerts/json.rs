//! The alerts as one JSON document.
//!
//! Owns the schemas `ocrwatch.backtest/1` and `ocrwatch.comparison/1`, described in
//! `docs/backtest-json.md`: no key changes its meaning or goes away without a new number. Fails
//! with the `io::Error` of the output.

use std::collections::BTreeMap;
use std::io::{self, Write};

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::{Alerts, Comparison};
use crate::catalogue::Severity;
use crate::engine::{
    AlertStatus, Counters, Fingerprint, Notification, NotificationId, NotifyReason, Withheld,
    WithheldBy,
};
use crate::replay::Episode;
use crate::surface::Language;
use crate::surface::json::write_line;

/// Writes the alerts as one line of JSON.
pub fn write(out: &mut dyn Write, alerts: &Alerts) -> io::Result<()> {
    let schema = "ocrwatch.backtest/1";
    write_line(out, &Document { schema, alerts: AlertsView::of(alerts) })
}

/// Writes what differs as one line of JSON.
pub fn write_comparison(out: &mut dyn Write, comparison: &Comparison<'_>) -> io::Result<()> {
    let views = |of: &Alerts, episodes: &[&Episode]| {
        episodes.iter().map(|episode| AlertView::of(of, episode)).collect()
    };
    write_line(
        out,
        &ComparisonView {
            schema: "ocrwatch.comparison/1",
            added: views(comparison.after, &comparison.added),
            removed: views(comparison.before, &comparison.removed),
            changed: comparison
                .changed
                .iter()
                .map(|(before, after)| ChangeView {
                    before: AlertView::of(comparison.before, before),
                    after: AlertView::of(comparison.after, after),
                })
                .collect(),
            same: comparison.same,
            notifications_before: comparison.before.notifications().count(),
            notifications_after: comparison.after.notifications().count(),
        },
    )
}

#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    #[serde(flatten)]
    alerts: AlertsView<'a>,
}

/// The alerts as part of a document.
#[derive(Serialize)]
pub(in crate::report) struct AlertsView<'a> {
    alerts: Vec<AlertView>,
    alerts_left_out: u64,
    notifications: Vec<NotificationView<'a>>,
    withheld: Vec<WithheldView<'a>>,
    decisions_left_out: u64,
    rules: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<DateTime<FixedOffset>>,
    counters: Counters,
    unplaced: u64,
}

impl<'a> AlertsView<'a> {
    pub(in crate::report) fn of(alerts: &'a Alerts) -> Self {
        let replayed = &alerts.replayed;
        Self {
            alerts: replayed.episodes.iter().map(|it| AlertView::of(alerts, it)).collect(),
            alerts_left_out: replayed.episodes_left_out,
            notifications: alerts
                .notifications()
                .map(|told| NotificationView::of(told, alerts.shown_apart(told.at)))
                .collect(),
            withheld: alerts
                .withheld()
                .map(|withheld| WithheldView::of(withheld, alerts.shown_apart(withheld.at)))
                .collect(),
            decisions_left_out: replayed.decisions_left_out,
            rules: alerts.rules.len(),
            until: replayed.until.map(|until| alerts.shown_apart(until)),
            counters: replayed.counters,
            unplaced: alerts.unplaced,
        }
    }
}

#[derive(Serialize)]
struct AlertView {
    rule: String,
    severity: Severity,
    fingerprint: Fingerprint,
    labels: BTreeMap<String, String>,
    fired_at: DateTime<FixedOffset>,
    resolved_at: Option<DateTime<FixedOffset>>,
    reason: String,
    count: u64,
    summary: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    resolved_because: Option<String>,
    first_at: DateTime<FixedOffset>,
    last_at: DateTime<FixedOffset>,
    #[serde(skip_serializing_if = "Option::is_none")]
    locked_until: Option<DateTime<FixedOffset>>,
    flapping: bool,
    late: u64,
    clamped: u64,
    groups_left_out: u64,
    samples: Vec<PlaceView>,
}

#[derive(Serialize)]
struct PlaceView {
    file: String,
    line: u64,
}

impl AlertView {
    fn of(alerts: &Alerts, episode: &Episode) -> Self {
        let text = alerts.text(episode);
        let alert = &episode.alert;
        let resolved_at = episode.resolved.as_ref().map(|(at, _)| alerts.shown(episode, *at));
        Self {
            rule: text.rule,
            severity: text.severity,
            fingerprint: text.fingerprint,
            labels: text.labels,
            fired_at: alerts.shown(episode, episode.fired_at),
            resolved_at,
            reason: text.reason.unwrap_or_default(),
            count: alert.count,
            summary: text.headline,
            resolved_because: alerts.resolved_because(episode, Language::default()),
            first_at: text.moments.first_at,
            last_at: text.moments.last_at,
            locked_until: text.moments.locked_until,
            flapping: alert.flapping,
            late: alert.late,
            clamped: alert.clamped,
            groups_left_out: alert.groups_left_out,
            samples: text
                .samples
                .into_iter()
                .map(|sample| PlaceView { file: sample.file, line: sample.line })
                .collect(),
        }
    }
}

#[derive(Serialize)]
struct NotificationView<'a> {
    id: NotificationId,
    at: DateTime<FixedOffset>,
    receiver: &'a str,
    route: &'a str,
    reason: NotifyReason,
    alerts: Vec<ToldView<'a>>,
    left_out: u64,
    firing: u64,
    resolved: u64,
}

#[derive(Serialize)]
struct ToldView<'a> {
    rule: &'a str,
    fingerprint: Fingerprint,
    status: AlertStatus,
    is_news: bool,
}

impl<'a> NotificationView<'a> {
    fn of(told: &'a Notification, at: DateTime<FixedOffset>) -> Self {
        let alerts = told.alerts.iter().map(|told| ToldView {
            rule: &told.alert.rule,
            fingerprint: told.alert.fingerprint,
            status: told.status,
            is_news: told.is_news,
        });
        Self {
            id: told.id,
            at,
            receiver: &told.receiver,
            route: &told.route,
            reason: told.reason,
            alerts: alerts.collect(),
            left_out: told.left_out,
            firing: told.firing,
            resolved: told.resolved,
        }
    }
}

#[derive(Serialize)]
struct WithheldView<'a> {
    rule: &'a str,
    fingerprint: Fingerprint,
    at: DateTime<FixedOffset>,
    by: &'a WithheldBy,
}

impl<'a> WithheldView<'a> {
    fn of(withheld: &'a Withheld, at: DateTime<FixedOffset>) -> Self {
        Self { rule: &withheld.rule, fingerprint: withheld.alert, at, by: &withheld.by }
    }
}

#[derive(Serialize)]
struct ComparisonView {
    schema: &'static str,
    added: Vec<AlertView>,
    removed: Vec<AlertView>,
    changed: Vec<ChangeView>,
    same: usize,
    notifications_before: usize,
    notifications_after: usize,
}

#[derive(Serialize)]
struct ChangeView {
    before: AlertView,
    after: AlertView,
}
