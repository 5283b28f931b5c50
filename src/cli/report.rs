//! `ocrwatch report`: what went wrong, how often, since when, and what to do.
//!
//! Owns its options and which writer serves which format. Must never count: the fold does. Fails
//! when an option or a catalogue is wrong and when the output cannot be written.

use std::io::{self, IsTerminal, Write};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};
use clap::Args;

use super::baseline::{BaselineArgs, Beginnings};
use super::catalogue::CatalogueArgs;
use super::exit_code::ExitCode;
use super::failure::{Failure, written};
use super::filter::{Filter, FilterArgs};
use super::gathered::Gathering;
use super::mail::MailArgs;
use super::messages::Messages;
use super::output::{Format, Output, OutputArgs};
use super::reading::{Beside, InputArgs, Order, Reading, Sink};
use super::rules::RulesArgs;
use super::shell;
use super::terminal::StyleArgs;
use super::time_range::{self, Present};
use super::watch::{self, Watch};
use crate::catalogue::Catalogue;
use crate::clock;
use crate::input::Discovery;
use crate::occurrence::{Occurrence, Success};
use crate::policy_file::Alerting;
use crate::report::baseline::Before;
use crate::report::{
    FailOn, InputFacts, Report, Settings, Summary, csv, html, json, jsonl, markdown, terminal,
};
use crate::zone::Zone;

/// A page for a browser can be zoomed into: its buckets are finer.
const BUCKETS_OF_HTML: usize = 480;

/// Options of `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    input: InputArgs,

    /// Instead of logs: what a run has counted (its state directory, `state.db` or configuration),
    /// or what a fleet has published (`nats://HOST:4222`, or a configuration with `[fleet]`)
    /// (repeatable)
    ///
    /// Several are added up. Counts of a state are by minute and know neither messages nor causes.
    /// No alerts are looked for.
    #[arg(long, value_name = "PLACE", conflicts_with = "files")]
    from: Vec<String>,

    #[command(flatten)]
    filter: FilterArgs,

    #[command(flatten)]
    baseline: BaselineArgs,

    /// Show only the most frequent codes in full
    #[arg(long, value_name = "N")]
    top: Option<usize>,

    /// Length of a bucket of the timeline, such as `5m` or `1h` [default: one that suits the range]
    #[arg(long, value_name = "LENGTH", value_parser = time_range::bucket)]
    bucket: Option<u32>,

    #[command(flatten)]
    output: OutputArgs,

    /// End with exit code 1 if an error of this severity (critical, warning, info) or a graver one,
    /// or of this code, was found (repeatable)
    ///
    /// Only errors that pass the filters count; repeats of one event count once. When an input
    /// could not be read, the exit code for that goes before.
    #[arg(long, value_name = "SEVERITY|CODE", value_delimiter = ',')]
    fail_on: Vec<FailOn>,

    #[command(flatten)]
    rules: RulesArgs,

    /// Do not look for the alerts that there would have been
    #[arg(long)]
    no_alerts: bool,

    /// Write nothing to standard error but errors: no progress, no notes
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    style: StyleArgs,

    #[command(flatten)]
    catalogue: CatalogueArgs,

    #[command(flatten)]
    mail: MailArgs,
}

impl ReportArgs {
    /// Writes the report.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let catalogue = Arc::new(self.catalogue.load()?);
        let present = Present { now: clock::now(), zone: self.input.zone() };
        let filter = self.filter.filter(present, &catalogue)?;
        let old = self.baseline.find(present, &self.input)?;
        let filter = old.iter().try_fold(filter, |filter, old| old.limit(filter))?;
        let alerting = self.rules.load(&catalogue)?;
        let mailing = self.mail.mailing(self.output.language_asked())?;
        let rules = alerting.rules.rules();
        let gathered = Gathering::of_all(&self.from)?;
        let discovery = match &*gathered {
            [] => self.input.discover()?,
            _ => Discovery::default(),
        };
        let mut outputs = self.output.open(mailing.is_some())?;
        let has = |format| outputs.iter().any(|output: &Output| output.format == format);
        let is_streaming = has(Format::Jsonl);
        // Lines that stream to a terminal would scroll the progress line away.
        let scrolls = is_streaming && outputs.iter().any(Output::is_stdout);
        let mut messages = Messages::new(self.quiet, !(scrolls && io::stdout().is_terminal()));
        let shows_alerts = mailing.is_some()
            || outputs.iter().any(|it| !matches!(it.format, Format::Jsonl | Format::Csv));
        if shows_alerts && !self.no_alerts && filter.is_of_some_codes() {
            messages.note("no alerts are looked for, as --module and --code leave errors out");
        }
        let watches =
            shows_alerts && !self.no_alerts && !filter.is_of_some_codes() && gathered.is_empty();
        let (before, of_before) = old.map_or((None, None), |old| {
            let (catalogue, filter, messages) = (&catalogue, &filter, &mut messages);
            old.read(Beginnings { catalogue, filter, present, messages })
        });
        let settings = self.settings(&filter, &catalogue, has(Format::Html) || mailing.is_some());
        let lines = if is_streaming { outputs.first_mut() } else { None };
        let mut sink = Fold {
            summary: Summary::new(settings),
            before,
            watch: watches.then(|| Watch::new(&alerting, &catalogue)),
            present: present.now,
            lines,
            zone: self.input.zone_shown(),
        };
        let reading = Reading {
            catalogue: &catalogue,
            filter: &filter,
            zone: present.zone,
            now: present.now,
            // Alerts need the order of time, lines that of the input.
            order: if watches { Order::Times } else { Order::Inputs },
            beside: beside(watches, &alerting),
            messages: &mut messages,
        };
        let read = reading.read(&discovery, &mut sink);
        let read = Gathering::read_all(&gathered, &filter, &mut sink)?.and(read);
        let Fold { mut summary, before, watch, .. } = sink;
        if let Some(before) = before {
            summary.compare_with(before);
        }
        let problem = match (read, outputs.first()) {
            (Ok(problem), _) => problem,
            // Only lines are written while the inputs are read.
            (Err(error), Some(lines)) => return lines.failed(error).map(|()| ExitCode::Done),
            (Err(error), None) => return written(Err(error)).map(|()| ExitCode::Done),
        };
        let mut report = summary.finish();
        let zone = self.input.zone_shown();
        report.alerts = watch.map(|watch| watch.finish(filter.until(), rules, &catalogue, zone));
        let origin = origin(present);
        let says_so = !self.quiet && !outputs.iter().any(Output::is_stdout);
        self.write_all(outputs, &report, &origin)?;
        if let Some(mailing) = mailing {
            mailing.send(&report, &origin, says_so, &mut messages)?;
        }
        Ok(ExitCode::of_reading(problem.max(of_before), report.failures > 0))
    }

    fn settings(&self, filter: &Filter, catalogue: &Arc<Catalogue>, is_html: bool) -> Settings {
        let mut settings = Settings {
            zone: self.input.zone_shown(),
            bucket_s: self.bucket,
            top: self.top,
            filters: filter.shown(),
            fail_on: self.fail_on.clone(),
            ..Settings::new(Arc::clone(catalogue))
        };
        if is_html {
            settings.limits.buckets_shown = BUCKETS_OF_HTML;
        }
        settings
    }

    fn write_all(
        &self,
        outputs: Vec<Output>,
        report: &Report,
        origin: &html::Origin,
    ) -> Result<(), Failure> {
        outputs.into_iter().try_for_each(|mut output| {
            match self.write(&mut output, report, origin).and_then(|()| output.flush()) {
                Ok(()) => output.finish(),
                Err(error) => output.failed(error),
            }
        })
    }

    fn write(&self, output: &mut Output, report: &Report, origin: &html::Origin) -> io::Result<()> {
        match output.format {
            Format::Terminal if output.is_stdout() => {
                terminal::write(output, report, self.style.style())
            }
            Format::Terminal => terminal::write(output, report, self.style.style_of_file()),
            Format::Html => html::write(output, report, origin, self.output.language()),
            Format::Json => json::write(output, report),
            // The lines are out already.
            Format::Jsonl => Ok(()),
            Format::Csv => csv::write(output, report),
            Format::Markdown => markdown::write(output, report),
        }
    }
}

/// What is read beside errors.
fn beside(watches: bool, alerting: &Alerting) -> Beside {
    if watches {
        watch::beside(alerting.rules.rules(), &alerting.successes)
    } else {
        Beside::default()
    }
}

/// When a report was made, and by which command.
fn origin(present: Present) -> html::Origin {
    html::Origin {
        made_at: present.zone.show(present.now),
        command: shell::command(std::env::args_os()),
    }
}

/// Counts, and for `--format jsonl` also writes.
struct Fold<'o, W> {
    summary: Summary,
    before: Option<Before>,
    watch: Option<Watch>,
    present: DateTime<Utc>,
    lines: Option<&'o mut W>,
    zone: Option<Zone>,
}

impl<W: Write> Sink for Fold<'_, W> {
    fn occurrence(&mut self, occurrence: &Occurrence) -> io::Result<()> {
        self.summary.add(occurrence);
        if let Some(watch) = &mut self.watch {
            watch.error(occurrence);
        }
        match &mut self.lines {
            Some(out) => jsonl::write(out, occurrence, self.zone),
            None => Ok(()),
        }
    }

    fn filtered_out(&mut self) {
        self.summary.filtered_out();
    }

    fn earlier(&mut self, occurrence: &Occurrence) {
        if let Some(before) = &mut self.before {
            before.add(occurrence);
        }
    }

    fn success(&mut self, success: &Success) -> io::Result<()> {
        if let Some(watch) = &mut self.watch {
            watch.success(success);
        }
        Ok(())
    }

    fn activity(&mut self, input: &Arc<str>, at: DateTime<FixedOffset>) {
        if let Some(watch) = &mut self.watch {
            watch.activity(input, at);
        }
    }

    fn reached(&mut self, at: DateTime<Utc>) {
        if let Some(watch) = &mut self.watch {
            watch.reached(at);
        }
    }

    fn input_read(&mut self, facts: InputFacts) {
        if let Some(watch) = &mut self.watch {
            watch.input_read(&facts, self.present);
        }
        self.summary.input_read(facts);
    }
}
