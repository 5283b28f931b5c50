//! `ocrwatch extract`: one JSON object for each occurrence, for pipes.
//!
//! Owns its options. Must never change what was extracted. Fails when an option or a catalogue is
//! wrong and when the output cannot be written.

use std::io::{self, BufWriter, IsTerminal, Write};
use std::sync::Arc;

use clap::Args;

use super::catalogue::CatalogueArgs;
use super::exit_code::ExitCode;
use super::failure::{Failure, written};
use super::filter::FilterArgs;
use super::messages::Messages;
use super::reading::{Beside, InputArgs, Order, Reading, Sink};
use super::time_range::Present;
use crate::clock;
use crate::occurrence::Occurrence;
use crate::report::jsonl;
use crate::zone::Zone;

/// Options of `extract`.
#[derive(Debug, Args)]
pub(super) struct ExtractArgs {
    #[command(flatten)]
    input: InputArgs,

    #[command(flatten)]
    filter: FilterArgs,

    /// Write nothing to standard error but errors: no progress, no notes
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    catalogue: CatalogueArgs,
}

impl ExtractArgs {
    /// Writes the occurrences to standard output, in input order.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let catalogue = Arc::new(self.catalogue.load()?);
        let present = Present { now: clock::now(), zone: self.input.zone() };
        let filter = self.filter.filter(present, &catalogue)?;
        let discovery = self.input.discover()?;
        let mut out = BufWriter::with_capacity(super::OUT_BYTES, io::stdout().lock());
        // Lines that stream to a terminal would scroll the progress line away.
        let mut messages = Messages::new(self.quiet, !io::stdout().is_terminal());
        let mut sink = Lines { out: &mut out, zone: self.input.zone_shown() };
        let reading = Reading {
            catalogue: &catalogue,
            filter: &filter,
            zone: present.zone,
            now: present.now,
            order: Order::Inputs,
            beside: Beside::default(),
            messages: &mut messages,
        };
        let problem = match reading.read(&discovery, &mut sink) {
            Ok(problem) => problem,
            Err(error) => return written(Err(error)).map(|()| ExitCode::Done),
        };
        written(out.flush())?;
        Ok(ExitCode::of_reading(problem, false))
    }
}

struct Lines<'o, W> {
    out: &'o mut W,
    zone: Option<Zone>,
}

impl<W: Write> Sink for Lines<'_, W> {
    fn occurrence(&mut self, occurrence: &Occurrence) -> io::Result<()> {
        jsonl::write(self.out, occurrence, self.zone)
    }
}
