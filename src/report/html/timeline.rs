//! The report's time from left to right: errors by module, and the alerts below them.
//!
//! Owns where something stands, in buckets from the left, and the words of the axis. Must never
//! count. Nothing here fails.

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::alerts;
use crate::catalogue::Severity;
use crate::html::chart;
use crate::occurrence::Module;
use crate::report::alerts::Alerts;
use crate::report::content::Report;
use crate::report::phrase;
use crate::report::timeline::Grid;
use crate::surface::Language;

/// So many alerts are drawn; all are counted elsewhere.
const DRAWN_MAX: usize = 400;

/// So many rows of alerts are drawn below each other; what finds none stands in the last.
const LANES_MAX: usize = 6;

/// Errors and alerts over time.
#[derive(Serialize)]
pub(super) struct TimelineView {
    buckets: usize,
    bucket_s: i64,
    bucket: String,
    /// The beginning, in seconds since 1970, and how far its wall clock is ahead of UTC.
    start_s: i64,
    offset_s: i32,
    highest: u64,
    range: String,
    ticks: Vec<String>,
    modules: Vec<ModuleView>,
    lanes: usize,
    episodes: Vec<EpisodeView>,
}

#[derive(Serialize)]
struct ModuleView {
    module: Module,
    class: &'static str,
    /// Occurrences and inferred ones.
    count: u64,
    path: String,
    series: String,
}

/// An alert from when it fired to when it was resolved.
#[derive(Serialize)]
struct EpisodeView {
    x: String,
    width: String,
    lane: usize,
    severity: Severity,
    anchor: String,
    what: String,
    is_open: bool,
}

/// Events by the hour of the day.
#[derive(Serialize)]
pub(super) struct HoursView {
    zone: String,
    names: Vec<String>,
    rows: Vec<HoursRow>,
}

#[derive(Serialize)]
struct HoursRow {
    module: Module,
    hours: Vec<HourView>,
}

#[derive(Serialize)]
struct HourView {
    count: u64,
    /// From 0 for none to 8 for the highest.
    heat: u8,
}

/// The class by which the look colours a module.
pub(super) fn class_of(module: Module) -> &'static str {
    match module {
        Module::Ocr => "ocr",
        Module::Platform => "platform",
        Module::Apig => "apig",
        Module::Apigw => "apigw",
    }
}

impl TimelineView {
    pub(super) fn of(report: &Report, language: Language) -> Option<Self> {
        let grid = report.grid.as_ref()?;
        let series: Vec<_> = report.modules.iter().map(|it| it.timeline.events(grid)).collect();
        let paths = chart::stacked(&series);
        let modules = report.modules.iter().zip(&series).zip(paths);
        let modules = modules.map(|((module, series), path)| ModuleView {
            module: module.module,
            class: class_of(module.module),
            count: module.counts.events(),
            path,
            series: chart::packed(series.iter().copied()),
        });
        let end = grid.start_of(grid.buckets);
        let total = |at: usize| series.iter().filter_map(|one| one.get(at)).sum::<u64>();
        let (lanes, episodes) = report
            .alerts
            .as_ref()
            .map_or((0, Vec::new()), |alerts| episodes(alerts, grid, language));
        Some(Self {
            buckets: grid.buckets,
            bucket_s: grid.bucket_s,
            bucket: language.bucket(grid.bucket_s),
            start_s: grid.start.timestamp(),
            offset_s: grid.start.offset().local_minus_utc(),
            highest: (0..grid.buckets).map(total).max().unwrap_or(0),
            range: language.range(grid.start, end),
            ticks: ticks(grid),
            modules: modules.collect(),
            lanes,
            episodes,
        })
    }
}

/// The instants at the quarters of the range.
fn ticks(grid: &Grid) -> Vec<String> {
    let span_s = grid.bucket_s.saturating_mul(i64::try_from(grid.buckets).unwrap_or(i64::MAX));
    let format = match span_s {
        ..=600 => "%H:%M:%S",
        601..=172_800 => "%H:%M",
        172_801..=5_184_000 => "%m-%d %H:%M",
        _ => "%Y-%m-%d",
    };
    let at = |quarter: i64| {
        let ahead = chrono::TimeDelta::try_seconds(span_s / 4 * quarter);
        let at = ahead.and_then(|ahead| grid.start.checked_add_signed(ahead));
        at.unwrap_or(grid.start).format(format).to_string()
    };
    (0..=4).map(at).collect()
}

/// The alerts as bars, each in the first lane that is free.
fn episodes(alerts: &Alerts, grid: &Grid, language: Language) -> (usize, Vec<EpisodeView>) {
    let mut free_from: Vec<f64> = Vec::new();
    let mut drawn = Vec::new();
    let end = grid.start_of(grid.buckets);
    for episode in alerts.replayed.episodes.iter().take(DRAWN_MAX) {
        let from = alerts.shown(episode, episode.fired_at);
        let until = episode.resolved.as_ref().map(|(at, _)| alerts.shown(episode, *at));
        let (x, right) = (across(from, grid), across(until.unwrap_or(end).max(from), grid));
        #[allow(clippy::cast_precision_loss)] // It is drawn, not counted.
        let least = grid.buckets as f64 / 150.0;
        let width = (right - x).max(least);
        let lane = free_from.iter().position(|free| *free <= x);
        let lane = lane.unwrap_or(free_from.len()).min(LANES_MAX - 1);
        if lane == free_from.len() {
            free_from.push(0.0);
        }
        free_from[lane] = free_from[lane].max(x + width + least / 2.0);
        let text = alerts.text_in(episode, language);
        drawn.push(EpisodeView {
            x: format!("{x:.2}"),
            width: format!("{width:.2}"),
            lane,
            severity: episode.alert.severity,
            anchor: alerts::anchor(episode.alert.fingerprint),
            what: format!("{}: {}", phrase::instant(from), text.headline),
            is_open: episode.resolved.is_none(),
        });
    }
    (free_from.len(), drawn)
}

/// Where an instant stands, in buckets from the left.
#[allow(clippy::cast_precision_loss)] // It is drawn, not counted.
fn across(at: DateTime<FixedOffset>, grid: &Grid) -> f64 {
    let ahead_ms = (at - grid.start).num_milliseconds() as f64;
    (ahead_ms / 1000.0 / grid.bucket_s as f64).clamp(0.0, grid.buckets as f64)
}

impl HoursView {
    pub(super) fn of(_: &Report, _: Language) -> Option<Self> {
        None
    }
}
