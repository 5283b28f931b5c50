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
const DRAWN_MAX: usize = 250;

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
    ticks: Vec<Tick>,
    modules: Vec<ModuleView>,
    lanes: usize,
    episodes: Vec<EpisodeView>,
}

/// A label of the axis, so many percent from the left.
#[derive(Serialize)]
struct Tick {
    x: String,
    label: String,
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
    is_one_day: bool,
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
        let (lanes, episodes) =
            report.alerts.as_ref().map_or((0, Vec::new()), |alerts| episodes(alerts, grid));
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

/// Lengths of time that people think in, in seconds.
const STEPS_S: [i64; 14] =
    [1, 5, 10, 30, 60, 300, 600, 1800, 3600, 10_800, 21_600, 43_200, 86_400, 604_800];

/// Round instants on the log's wall clock, seven at most. The script draws the same ones.
fn ticks(grid: &Grid) -> Vec<Tick> {
    let buckets = i64::try_from(grid.buckets).unwrap_or(i64::MAX);
    let span_s = grid.bucket_s.saturating_mul(buckets).max(1);
    let fits = |step: &i64| span_s / step <= 7;
    let whole_days = || span_s.div_euclid(7 * 86_400).saturating_add(1).saturating_mul(86_400);
    let step_s = STEPS_S.into_iter().find(fits).unwrap_or_else(whole_days);
    let format = match step_s {
        ..60 => "%H:%M:%S",
        60..86_400 if span_s <= 172_800 => "%H:%M",
        60..86_400 => "%m-%d %H:%M",
        _ => "%Y-%m-%d",
    };
    let wall_s = grid.start.timestamp() + i64::from(grid.start.offset().local_minus_utc());
    let first_s = -wall_s.rem_euclid(step_s) + if wall_s % step_s == 0 { 0 } else { step_s };
    let ahead_s = (0..=7).map(|number| first_s + number * step_s).filter(|at| *at <= span_s);
    let tick = |ahead_s: i64| {
        let thousandths = i128::from(ahead_s) * 100_000 / i128::from(span_s);
        let at = chrono::TimeDelta::try_seconds(ahead_s)
            .and_then(|ahead| grid.start.checked_add_signed(ahead))?;
        // At the very edge the label would stand half outside.
        (2_000..=98_000).contains(&thousandths).then(|| Tick {
            x: format!("{}.{:02}", thousandths / 1000, thousandths % 1000 / 10),
            label: at.format(format).to_string(),
        })
    };
    ahead_s.filter_map(tick).collect()
}

/// The alerts as bars, each in the first lane that is free.
fn episodes(alerts: &Alerts, grid: &Grid) -> (usize, Vec<EpisodeView>) {
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
        drawn.push(EpisodeView {
            x: format!("{x:.2}"),
            width: format!("{width:.2}"),
            lane,
            severity: episode.alert.severity,
            anchor: alerts::anchor(episode.alert.fingerprint),
            what: format!("{} {}", episode.alert.rule, phrase::instant(from)),
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
    /// Of two hours nobody needs the day's rhythm.
    pub(super) fn of(report: &Report, language: Language) -> Option<Self> {
        let seen = report.totals.seen.filter(|seen| seen.span().num_hours() >= 2)?;
        let highest = report.modules.iter().flat_map(|module| module.hours.counts());
        let highest = highest.copied().max().unwrap_or(0);
        let row = |module: &crate::report::content::ModuleReport| HoursRow {
            module: module.module,
            hours: module.hours.counts().map(|count| HourView::of(count, highest)).into(),
        };
        let several = language.pick("of each time", "各时间自带的时区");
        let offset = report.hours.offset().map(|offset| offset.to_string());
        Some(Self {
            zone: offset.unwrap_or_else(|| several.to_owned()),
            is_one_day: seen.first_at.date_naive() == seen.last_at.date_naive(),
            names: (0..24).map(|hour| format!("{hour:02}")).collect(),
            rows: report.modules.iter().map(row).collect(),
        })
    }
}

impl HourView {
    fn of(count: u64, highest: u64) -> Self {
        let heat = u128::from(count) * 8;
        let heat = heat.div_ceil(u128::from(highest.max(1)));
        Self { count, heat: u8::try_from(heat).unwrap_or(8).min(8) }
    }
}
