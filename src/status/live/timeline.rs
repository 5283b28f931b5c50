//! The errors of the period, by module over time and by code.
//!
//! Owns steps, the axis and the table. Must never count: the state on disk has counted. Nothing
//! here fails.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::{Moment, Period, Scene};
use crate::html::chart;
use crate::occurrence::Module;
use crate::store::CodeErrors;

pub(super) const TIMELINE: &str = include_str!("timeline.html");

/// So many codes have a row.
const CODES_MAX: usize = 12;

#[derive(Serialize)]
pub(super) struct TimelineView<'s> {
    trouble: Option<&'s str>,
    period: &'static str,
    periods: Vec<PeriodView>,
    steps: usize,
    step: String,
    total: u64,
    highest: u64,
    range: String,
    offset: String,
    ticks: Vec<String>,
    modules: Vec<ModuleView<'s>>,
    codes: Vec<CodeView<'s>>,
    codes_left_out: usize,
    is_partial: bool,
}

#[derive(Serialize)]
struct PeriodView {
    name: &'static str,
    link: String,
}

#[derive(Serialize)]
struct ModuleView<'s> {
    module: &'s str,
    class: &'static str,
    count: u64,
    path: String,
}

#[derive(Serialize)]
struct CodeView<'s> {
    code: &'s str,
    link: String,
    module: &'s str,
    means: &'s str,
    count: u64,
    last: Option<Moment>,
}

impl<'s> TimelineView<'s> {
    pub(super) fn of(scene: &Scene<'s>) -> Self {
        let Scene { board, recent, choice, .. } = *scene;
        let language = choice.language;
        let (from, until) = choice.period.range(board.status.at);
        let steps = choice.period.steps();
        let modules = by_module(scene, from);
        let series: Vec<_> = modules.values().cloned().collect();
        let paths = chart::stacked(&series);
        let drawn = modules.iter().zip(paths);
        let at_step = |at: usize| series.iter().filter_map(|one| one.get(at)).sum::<u64>();
        let zone = board.zone;
        let codes = recent.map_or(&[][..], |recent| &recent.codes);
        let code = |row: &'s CodeErrors| CodeView {
            code: &row.code,
            link: choice.link_to(&row.code),
            module: &row.module,
            means: board
                .catalogue
                .entry(&row.code)
                .map_or("", |entry| entry.message.as_deref().unwrap_or(&entry.description)),
            count: row.errors,
            last: row
                .last_minute
                .checked_mul(60)
                .and_then(|last_s| DateTime::from_timestamp(last_s, 0))
                .map(|at| Moment::to_the_minute(at, zone)),
        };
        Self {
            trouble: recent.err(),
            period: choice.period.name(),
            periods: Period::ALL
                .map(|period| PeriodView {
                    name: period.name(),
                    link: choice.link(period, choice.code.as_deref()),
                })
                .into(),
            steps,
            step: language.bucket(choice.period.step_minutes() * 60),
            total: series.iter().flatten().sum(),
            highest: (0..steps).map(at_step).max().unwrap_or(0),
            range: language.range(zone.show(from), zone.show(until)),
            offset: zone.show(until).offset().to_string(),
            ticks: (0..=4)
                .map(|quarter| {
                    let at = from + (until - from) / 4 * quarter;
                    zone.show(at).format("%H:%M").to_string()
                })
                .collect(),
            modules: drawn
                .map(|((module, counts), path)| ModuleView {
                    module,
                    class: class_of(module),
                    count: counts.iter().sum(),
                    path,
                })
                .collect(),
            codes: codes.iter().take(CODES_MAX).map(code).collect(),
            codes_left_out: codes.len().saturating_sub(CODES_MAX),
            is_partial: recent.is_ok_and(|recent| recent.is_partial),
        }
    }
}

/// The errors of each module, step by step from an instant on.
fn by_module<'s>(scene: &Scene<'s>, from: DateTime<Utc>) -> BTreeMap<&'s str, Vec<u64>> {
    let (first, period) = (from.timestamp().div_euclid(60), scene.choice.period);
    let mut modules: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
    for row in scene.recent.iter().flat_map(|recent| &recent.steps) {
        let step = (row.minute - first).div_euclid(period.step_minutes());
        let Ok(step) = usize::try_from(step) else { continue };
        let counts = modules.entry(&row.module).or_insert_with(|| vec![0; period.steps()]);
        if let Some(count) = counts.get_mut(step) {
            *count = count.saturating_add(row.errors);
        }
    }
    modules
}

/// The class by which the look colours a module.
fn class_of(module: &str) -> &'static str {
    let known = [(Module::Ocr, "ocr"), (Module::Platform, "platform"), (Module::Apig, "apig")];
    known.iter().find(|(known, _)| known.name() == module).map_or("apigw", |(_, class)| class)
}
