//! `ocrwatch report`: what went wrong, how often, since when, and what to do.
//!
//! Owns its options and which writer serves which format. Must never count: the fold does. Fails
//! when an option or a catalogue is wrong and when the output cannot be written.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, Utc};
use clap::{Args, ValueEnum};

use super::catalogue::CatalogueArgs;
use super::exit_code::ExitCode;
use super::failure::{Failure, written};
use super::filter::FilterArgs;
use super::mail::MailArgs;
use super::messages::Messages;
use super::reading::{Beside, InputArgs, Order, Reading, Sink};
use super::rules::RulesArgs;
use super::terminal::StyleArgs;
use super::time_range::{self, Present};
use super::watch::{self, Watch};
use crate::clock;
use crate::occurrence::{Occurrence, Success};
use crate::report::{
    FailOn, InputFacts, Report, Settings, Summary, csv, json, jsonl, markdown, terminal,
};
use crate::zone::Zone;

/// What a report is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page for people
    #[default]
    Terminal,
    /// One document, described in docs/report-json.md
    Json,
    /// One object for each error, as `ocrwatch extract` prints
    Jsonl,
    /// A row for each code
    Csv,
    /// For issues, wikis and chats
    Markdown,
}

/// Options of `report`.
#[derive(Debug, Args)]
pub(super) struct ReportArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    filter: FilterArgs,

    /// Show only the most frequent codes in full
    #[arg(long, value_name = "N")]
    top: Option<usize>,

    /// Length of a bucket of the timeline, such as `5m` or `1h` [default: one that suits the range]
    #[arg(long, value_name = "LENGTH", value_parser = time_range::bucket)]
    bucket: Option<u32>,

    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT")]
    format: Option<Format>,

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
    /// Writes the report to standard output.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let catalogue = Arc::new(self.catalogue.load()?);
        let present = Present { now: clock::now(), zone: self.input.zone() };
        let filter = self.filter.filter(present, &catalogue)?;
        let alerting = self.rules.load(&catalogue)?;
        let mailing = self.mail.mailing()?;
        let rules = alerting.rules.rules();
        let discovery = self.input.discover()?;
        let settings = Settings {
            zone: self.input.zone_shown(),
            bucket_s: self.bucket,
            top: self.top,
            filters: filter.shown(),
            fail_on: self.fail_on.clone(),
            ..Settings::new(Arc::clone(&catalogue))
        };
        let mut out = BufWriter::with_capacity(super::OUT_BYTES, io::stdout().lock());
        let format = self.format.unwrap_or_default();
        let is_streaming = format == Format::Jsonl;
        // Lines that stream to a terminal would scroll the progress line away.
        let progress = !(is_streaming && io::stdout().is_terminal());
        let mut messages = Messages::new(self.quiet, progress);
        let shows_alerts = matches!(format, Format::Terminal | Format::Json | Format::Markdown);
        if shows_alerts && !self.no_alerts && filter.is_of_some_codes() {
            messages.note("no alerts are looked for, as --module and --code leave errors out");
        }
        let watches = shows_alerts && !self.no_alerts && !filter.is_of_some_codes();
        let mut sink = Fold {
            summary: Summary::new(settings),
            watch: watches.then(|| Watch::new(&alerting, &catalogue)),
            present: present.now,
            lines: is_streaming.then_some(&mut out),
            zone: self.input.zone_shown(),
        };
        let reading = Reading {
            catalogue: &catalogue,
            filter: &filter,
            zone: present.zone,
            now: present.now,
            // Alerts need the order of time, lines that of the input.
            order: if watches { Order::Times } else { Order::Inputs },
            beside: if watches {
                watch::beside(rules, &alerting.successes)
            } else {
                Beside::default()
            },
            messages: &mut messages,
        };
        let problem = match reading.read(&discovery, &mut sink) {
            Ok(problem) => problem,
            Err(error) => return written(Err(error)).map(|()| ExitCode::Done),
        };
        let mut report = sink.summary.finish();
        let zone = self.input.zone_shown();
        report.alerts =
            sink.watch.map(|watch| watch.finish(filter.until(), rules, &catalogue, zone));
        if mailing.is_none() || self.format.is_some() {
            written(self.write(&mut out, &report, format).and_then(|()| out.flush()))?;
        }
        drop(out);
        if let Some(mailing) = mailing {
            let says_so = !self.quiet && self.format.is_none();
            mailing.send(&report, present.shown(), says_so, &mut messages)?;
        }
        Ok(ExitCode::of_reading(problem, report.failures > 0))
    }

    fn write(&self, out: &mut dyn Write, report: &Report, format: Format) -> io::Result<()> {
        match format {
            Format::Terminal => terminal::write(out, report, self.style.style()),
            Format::Json => json::write(out, report),
            // The lines are out already.
            Format::Jsonl => Ok(()),
            Format::Csv => csv::write(out, report),
            Format::Markdown => markdown::write(out, report),
        }
    }
}

/// Counts, and for `--format jsonl` also writes.
struct Fold<'o, W> {
    summary: Summary,
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
