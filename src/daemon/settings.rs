//! What the configuration means for each stage of a run.
//!
//! Owns the way from a [`Config`] to what the stages are told. Must never judge it. Nothing here
//! fails.

use std::time::Duration;

use chrono::{DateTime, Utc};

use super::Options;
use super::machine::Watch;
use crate::config::{self, Config};
use crate::engine::Span;
use crate::follow::{Common, Wake};
use crate::input::Links;
use crate::tail::Limits;
use crate::tail::journal::Own;
use crate::tail::watch::Choice;

pub(super) fn for_waiting(span: Span) -> Duration {
    span.to_delta().to_std().unwrap_or_default()
}

pub(super) fn store_settings(state: &config::State) -> crate::store::Settings {
    let days = |span: Span| u32::try_from(span.0 / Span::DAY.0).unwrap_or(u32::MAX).max(1);
    crate::store::Settings {
        history_days: days(state.history),
        outbox_days: days(state.outbox),
        bytes_max: state.bytes_max,
    }
}

pub(super) fn common(
    config: &Config,
    options: &Options,
    wake: &Wake,
    now: DateTime<Utc>,
) -> Common {
    let watch = &config.watch;
    let missing_max = if options.once { Duration::ZERO } else { Limits::default().missing_max };
    Common {
        catalogue: config.catalogue.clone(),
        zone: config.zone.unwrap_or(options.machine_zone),
        successes: config.alerting.successes.clone(),
        activity_gap: activity_gap(config).map(Span::to_delta),
        limits: Limits {
            open_files_max: watch.open_files_max,
            links: match watch.links {
                config::Links::Protected => Links::Protected,
                config::Links::Any => Links::Any,
            },
            rotated_quiet: for_waiting(watch.rotated_quiet),
            missing_max,
            ..Limits::default()
        },
        partial_line: for_waiting(watch.partial_line),
        now,
        wake: wake.clone(),
        own: Own {
            process_id: std::process::id(),
            identifier: "ocrwatch".to_owned(),
            invocation: options.invocation.clone(),
        },
    }
}

/// What is published tells signs of life as well: who decides about it is not known here.
fn activity_gap(config: &Config) -> Option<Span> {
    let published = config.fleet.as_ref().map(|_| Span::MINUTE);
    let decided = crate::replay::activity_gap(config.alerting.rules.rules());
    decided.into_iter().chain(published).min()
}

pub(super) fn watcher(config: &Config, options: &Options, wake: &Wake) -> Box<dyn Watch> {
    let choice = match config.watch.mode {
        config::Mode::Auto => Choice::Auto,
        config::Mode::Poll => Choice::Poll,
    };
    options.machine.watcher(choice, wake.clone())
}
