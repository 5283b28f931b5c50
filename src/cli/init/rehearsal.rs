//! What a new configuration would have told of the logs that it names.
//!
//! Owns how much is read for it. Must never tell anybody. Fails when the output cannot be written.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};

use crate::cli::failure::{Failure, written};
use crate::cli::filter::{Filter, RangeArgs};
use crate::cli::messages::Messages;
use crate::cli::reading::{Order, Reading, Sink};
use crate::cli::time_range::Present;
use crate::cli::watch::{self, Watch};
use crate::clock;
use crate::config::Config;
use crate::engine::Instant;
use crate::input::{self, Discovery};
use crate::occurrence::{Occurrence, Success};
use crate::report::alerts;
use crate::report::{InputFacts, Style};
use crate::surface::escape::visible;
use crate::surface::phrase;
use crate::zone::Zone;

/// So much is read; of more `ocrwatch backtest` tells.
const BYTES_MAX: u64 = 2 * 1024 * 1024 * 1024;

/// Reads the logs and writes which alerts there would have been.
pub(super) fn rehearse(
    config: &Config,
    logs: &[String],
    zone: Zone,
    style: Style,
) -> Result<(), Failure> {
    let arguments: Vec<OsString> = logs.iter().map(OsString::from).collect();
    let found = input::discover(&arguments, false);
    let mut out = io::stdout();
    for problem in &found.problems {
        let text = problem.to_string();
        let what = text.lines().next().unwrap_or_default();
        written(writeln!(out, "  {}; it is followed once it can be", visible(what)))?;
    }
    let bytes: u64 = found.inputs.iter().filter_map(|input| input.size_bytes).sum();
    if found.inputs.is_empty() {
        return written(writeln!(out, "  there is nothing to read yet"));
    }
    if bytes > BYTES_MAX {
        let size = phrase::bytes(bytes);
        let words = format!("{size} are too much for now; `ocrwatch backtest FILES` reads them");
        return written(writeln!(out, "  {words}"));
    }
    let logs = phrase::counted(found.inputs.len() as u64, "log", "logs");
    written(writeln!(out, "  {logs}, {} are read …", phrase::bytes(bytes)))?;
    let alerts = replayed(config, &Discovery { problems: Vec::new(), ..found }, zone)?;
    let day_ago = clock::now() - TimeDelta::days(1);
    let since = (Instant::from(day_ago), "in the last 24 h");
    written(alerts::write_brief(&mut out, &alerts, since, style))
}

/// The files that paths and patterns mean now.
pub(super) fn paths(logs: &[String]) -> Vec<PathBuf> {
    let arguments: Vec<OsString> = logs.iter().map(OsString::from).collect();
    let found = input::discover(&arguments, false);
    let known = found.inputs.into_iter().filter_map(|input| input.path);
    // What could not even be looked at is named all the same.
    let named = found.problems.iter().map(|problem| PathBuf::from(&*problem.input));
    known.chain(named).collect()
}

fn replayed(config: &Config, found: &Discovery, zone: Zone) -> Result<alerts::Alerts, Failure> {
    let now = clock::now();
    let filter: Filter = RangeArgs::default().filter(Present { now, zone })?;
    let rules = config.alerting.rules.rules();
    let mut messages = Messages::new(false, true);
    let label = config.sources.first().map(|source| source.label.clone()).unwrap_or_default();
    let watch = Watch::new(&config.alerting, &config.catalogue).labelled(label);
    let mut sink = Rehearsal { watch, now };
    let reading = Reading {
        catalogue: &config.catalogue,
        filter: &filter,
        zone,
        now,
        order: Order::Times,
        beside: watch::beside(rules, &config.alerting.successes),
        messages: &mut messages,
    };
    written(reading.read(found, &mut sink).map(|_| ()))?;
    Ok(sink.watch.finish(None, rules, &config.catalogue, Some(zone)))
}

struct Rehearsal {
    watch: Watch,
    now: DateTime<Utc>,
}

impl Sink for Rehearsal {
    fn occurrence(&mut self, occurrence: &Occurrence) -> io::Result<()> {
        self.watch.error(occurrence);
        Ok(())
    }

    fn success(&mut self, success: &Success) -> io::Result<()> {
        self.watch.success(success);
        Ok(())
    }

    fn activity(&mut self, input: &Arc<str>, at: DateTime<FixedOffset>) {
        self.watch.activity(input, at);
    }

    fn reached(&mut self, at: DateTime<Utc>) {
        self.watch.reached(at);
    }

    fn input_read(&mut self, facts: InputFacts) {
        self.watch.input_read(&facts, self.now);
    }
}
