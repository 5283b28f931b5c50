//! `ocrwatch backtest`: which alerts there would have been, for how long, and who would have been
//! told what.
//!
//! Owns its options and the comparison of two sets of rules. Must never decide an alert. Fails when
//! an option, a catalogue or a rule is wrong and when the output cannot be written.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};
use clap::{Args, ValueEnum};

use super::catalogue::CatalogueArgs;
use super::exit_code::ExitCode;
use super::failure::{Failure, written};
use super::filter::RangeArgs;
use super::messages::Messages;
use super::reading::{InputArgs, Order, Reading, Sink};
use super::rules::RulesArgs;
use super::terminal::StyleArgs;
use super::time_range::Present;
use super::watch::{self, Watch};
use crate::clock;
use crate::occurrence::{Occurrence, Success};
use crate::report::InputFacts;
use crate::report::alerts::{self, Comparison};

/// What a backtest is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page for people
    #[default]
    Terminal,
    /// One document, described in docs/backtest-json.md
    Json,
}

/// Options of `backtest`.
#[derive(Debug, Args)]
pub(super) struct BacktestArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    range: RangeArgs,

    #[command(flatten)]
    rules: RulesArgs,

    /// Show only what other rules would change: a directory of rules or one file, as for --rules
    #[arg(long, value_name = "DIR")]
    compare: Option<PathBuf>,

    /// Show the whole text of each alert, as it would be sent: the documented solution, who is
    /// affected, samples, what to tell technical support
    #[arg(long, conflicts_with = "compare")]
    texts: bool,

    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,

    /// Write nothing to standard error but errors: no progress, no notes
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    style: StyleArgs,

    #[command(flatten)]
    catalogue: CatalogueArgs,
}

impl BacktestArgs {
    /// Writes the alerts to standard output.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let catalogue = Arc::new(self.catalogue.load()?);
        let own = self.rules.load(&catalogue)?;
        let others = self.compare.as_deref().map(RulesArgs::of);
        let others = others.map(|others| others.load(&catalogue)).transpose()?;
        let present = Present { now: clock::now(), zone: self.input.zone() };
        let filter = self.range.filter(present)?;
        let discovery = self.input.discover()?;
        let mut messages = Messages::new(self.quiet, true);
        if others.as_ref().is_some_and(|others| !others.successes.is_same_as(&own.successes)) {
            messages
                .note("the log is read once: of two that differ, the [success] of --rules counts");
        }
        let sets = [Some(&own), others.as_ref()];
        let all: Vec<_> =
            sets.iter().flatten().flat_map(|set| set.rules.rules().iter().cloned()).collect();
        let mut sink = Watches {
            watches: sets.iter().flatten().map(|set| Watch::new(set, &catalogue)).collect(),
            present: present.now,
        };
        let reading = Reading {
            catalogue: &catalogue,
            filter: &filter,
            zone: present.zone,
            now: present.now,
            order: Order::Times,
            beside: watch::beside(&all, &own.successes),
            messages: &mut messages,
        };
        let problem = match reading.read(&discovery, &mut sink) {
            Ok(problem) => problem,
            Err(error) => return written(Err(error)).map(|()| ExitCode::Done),
        };
        let mut found =
            sink.watches.into_iter().zip(sets.into_iter().flatten()).map(|(watch, set)| {
                watch.finish(filter.until(), set.rules.rules(), &catalogue, self.input.zone_shown())
            });
        let mut out = BufWriter::with_capacity(super::OUT_BYTES, io::stdout().lock());
        let style = self.style.style();
        let result = match (found.next(), found.next(), self.format) {
            (Some(alerts), None, Format::Terminal) => {
                alerts::write(&mut out, &alerts, style, self.texts)
            }
            (Some(alerts), None, Format::Json) => alerts::write_json(&mut out, &alerts),
            (Some(before), Some(after), format) => {
                let comparison = Comparison::of(&before, &after);
                match format {
                    Format::Terminal => alerts::write_comparison(&mut out, &comparison, style),
                    Format::Json => alerts::write_comparison_json(&mut out, &comparison),
                }
            }
            (None, ..) => Ok(()),
        };
        written(result.and_then(|()| out.flush()))?;
        Ok(ExitCode::of_reading(problem, false))
    }
}

/// One set of rules, or two that are compared.
struct Watches {
    watches: Vec<Watch>,
    present: DateTime<Utc>,
}

impl Sink for Watches {
    fn occurrence(&mut self, occurrence: &Occurrence) -> io::Result<()> {
        self.watches.iter_mut().for_each(|watch| watch.error(occurrence));
        Ok(())
    }

    fn success(&mut self, success: &Success) -> io::Result<()> {
        self.watches.iter_mut().for_each(|watch| watch.success(success));
        Ok(())
    }

    fn activity(&mut self, input: &Arc<str>, at: DateTime<FixedOffset>) {
        self.watches.iter_mut().for_each(|watch| watch.activity(input, at));
    }

    fn reached(&mut self, at: DateTime<Utc>) {
        self.watches.iter_mut().for_each(|watch| watch.reached(at));
    }

    fn input_read(&mut self, facts: InputFacts) {
        self.watches.iter_mut().for_each(|watch| watch.input_read(&facts, self.present));
    }
}
