//! Inputs one after the other, through the extractor, to a command.
//!
//! Owns the loop that feeds the extractor and what is said when an input is bad: the others are
//! read all the same. Must never look at the bytes. Fails with the `io::Error` of the command's
//! output, which ends the reading; what is wrong with an input is a message and part of the answer.

use std::ffi::OsString;
use std::io::{self, IsTerminal, Read};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use clap::Args;

use super::failure::Failure;
use super::filter::{Filter, LeftOut};
use super::input_words;
use super::messages::Messages;
use super::progress::Amount;
use super::undecodable::Undecodable;
use crate::catalogue::Catalogue;
use crate::clock;
use crate::extract::{self, Counters, Extractor, Successes};
use crate::input::{self, Discovery, ExitKind, Input, NoteKind, Reader};
use crate::occurrence::{Occurrence, Success};
use crate::report::InputFacts;
use crate::zone::Zone;

/// What to read.
#[derive(Debug, Args)]
pub(super) struct InputArgs {
    /// Log files, directories, patterns, and `-` for standard input, which is also read when none
    /// is named
    ///
    /// Files compressed with gzip, zstd, bzip2 or xz are recognised by their content. Of a
    /// directory every log below it is read.
    #[arg(value_name = "FILES")]
    files: Vec<OsString>,

    /// Also read the rotated siblings of each file (app.log.1, app.log-20261120.gz, ...), oldest
    /// first
    #[arg(long)]
    with_rotated: bool,

    /// Zone of times that do not tell theirs, and in which times are shown, such as
    /// `Asia/Shanghai` or `+08:00` [default: the machine's; times are shown as the log has them]
    #[arg(long, value_name = "ZONE", value_parser = Zone::parse)]
    timezone: Option<Zone>,
}

impl InputArgs {
    /// The zone of times that do not tell theirs.
    pub(super) fn zone(&self) -> Zone {
        let machine = || clock::machine_zone_name().and_then(|name| Zone::of_machine_name(&name));
        self.timezone.or_else(machine).unwrap_or(Zone::UTC)
    }

    /// The zone in which times are shown; each in its own if there is none.
    pub(super) fn zone_shown(&self) -> Option<Zone> {
        self.timezone
    }

    /// Finds the inputs.
    pub(super) fn discover(&self) -> Result<Discovery, Failure> {
        if !self.files.is_empty() {
            return Ok(input::discover(&self.files, self.with_rotated));
        }
        if io::stdin().is_terminal() {
            return Err(Failure::usage(
                "no files were named, and standard input is a terminal",
                "name log files or directories, or pipe a log: \
                 `kubectl logs scan | ocrwatch report`",
            ));
        }
        Ok(Discovery { inputs: vec![Input::stdin()], ..Discovery::default() })
    }
}

/// Where a command takes what was read.
pub(super) trait Sink {
    /// Takes an occurrence that passes the filter. An error ends the reading.
    fn occurrence(&mut self, occurrence: &Occurrence) -> io::Result<()>;
    /// Hears of one that does not.
    fn filtered_out(&mut self) {}
    /// Takes a call that succeeded, within the range of time that the filter asks for. An error
    /// ends the reading.
    fn success(&mut self, _success: &Success) -> io::Result<()> {
        Ok(())
    }
    /// Hears of an instant at which an input was written to.
    fn activity(&mut self, _input: &Arc<str>, _at: DateTime<FixedOffset>) {}
    /// Hears what was read of an input.
    fn input_read(&mut self, _facts: InputFacts) {}
}

/// What is taken beside errors; nothing by default.
#[derive(Debug, Clone, Default)]
pub(super) struct Beside {
    pub(super) successes: Successes,
    /// See [`extract::Settings`].
    pub(super) activity_gap: Option<TimeDelta>,
}

/// What reading needs beside the inputs.
pub(super) struct Reading<'a> {
    pub(super) catalogue: &'a Catalogue,
    pub(super) filter: &'a Filter,
    pub(super) zone: Zone,
    pub(super) now: DateTime<Utc>,
    pub(super) beside: Beside,
    pub(super) messages: &'a mut Messages,
}

impl Reading<'_> {
    /// Reads every input and says what was wrong with any; the answer is the gravest of it.
    pub(super) fn read(
        mut self,
        discovery: &Discovery,
        sink: &mut impl Sink,
    ) -> io::Result<Option<ExitKind>> {
        let mut problem = self.not_found(discovery, sink);
        let sizes = discovery.inputs.iter().map(|input| input.size_bytes);
        let inputs = discovery.inputs.len();
        let mut amount = Amount { bytes: 0, bytes_total: sizes.sum(), input: 0, inputs };
        let mut untimed_left_out = 0;
        for input in &discovery.inputs {
            amount.input += 1;
            let mut passage = Passage {
                filter: self.filter,
                sink,
                input: &input.name,
                untimed: 0,
                result: Ok(()),
            };
            let (ending, facts) = self.input(input, amount, &mut passage)?;
            untimed_left_out += passage.untimed;
            problem = problem.max(ending);
            sink.input_read(facts);
            amount.bytes += input.size_bytes.unwrap_or(0);
        }
        self.messages.clear();
        if untimed_left_out > 0 {
            let errors = match untimed_left_out {
                1 => "1 error without a readable time was".to_owned(),
                many => format!("{many} errors without a readable time were"),
            };
            self.messages.note(&format!("{errors} left out, as --since and --until ask for one"));
        }
        Ok(problem)
    }

    fn not_found(&mut self, discovery: &Discovery, sink: &mut impl Sink) -> Option<ExitKind> {
        for problem in &discovery.problems {
            self.messages.error(&problem.to_string());
            sink.input_read(InputFacts {
                name: problem.input.clone(),
                problem: Some(input_words::of_problem(problem).into()),
                ..InputFacts::default()
            });
        }
        if discovery.problems_untold > 0 {
            let count = discovery.problems_untold;
            self.messages.error(&format!("{count} more inputs could not be read"));
        }
        if let Some(text) = input_words::of_skipped(&discovery.skipped) {
            self.messages.note(&text);
        }
        discovery.problems.iter().map(input::InputProblem::exit_code_kind).max()
    }

    fn input(
        &mut self,
        input: &Input,
        amount: Amount,
        passage: &mut Passage<'_, impl Sink>,
    ) -> io::Result<(Option<ExitKind>, InputFacts)> {
        let mut reader = match input::open(input) {
            Ok(reader) => reader,
            Err(problem) => {
                self.messages.error(&problem.to_string());
                let facts = InputFacts {
                    name: input.name.clone(),
                    problem: Some(input_words::of_problem(&problem).into()),
                    ..InputFacts::default()
                };
                return Ok((Some(problem.exit_code_kind()), facts));
            }
        };
        let settings = extract::Settings {
            successes: self.beside.successes.clone(),
            activity_gap: self.beside.activity_gap,
            ..extract::Settings::new(self.zone, input.modified.unwrap_or(self.now))
        };
        let mut extractor = Extractor::new(self.catalogue, settings, input.name.clone());
        let mut undecodable = Undecodable::default();
        loop {
            let spare = extractor.spare();
            // Reading never fails: what ends it early stands in the notes.
            let count = reader.read(spare).unwrap_or(0);
            if count == 0 {
                break;
            }
            undecodable.take(spare.get(..count).unwrap_or_default());
            extractor.commit(count, passage);
            std::mem::replace(&mut passage.result, Ok(()))?;
            let bytes = amount.bytes + reader.compressed_position();
            self.messages.progress(Amount { bytes, ..amount });
        }
        let counters = extractor.finish(passage);
        std::mem::replace(&mut passage.result, Ok(()))?;
        let problem = self.notes(&reader);
        Ok((problem, facts(&reader, &counters, undecodable.finish())))
    }

    fn notes(&mut self, reader: &Reader) -> Option<ExitKind> {
        for note in reader.notes() {
            if note.loses_text() {
                self.messages.error(&note.to_string());
            } else {
                self.messages.note(&note.to_string());
            }
        }
        reader.notes().iter().filter_map(input::Note::exit_code_kind).max()
    }
}

/// The way of what is found in one input to the command.
struct Passage<'p, S> {
    filter: &'p Filter,
    sink: &'p mut S,
    input: &'p Arc<str>,
    /// Left out because their time is not known.
    untimed: u64,
    /// What became of the output; nothing is passed on once it failed.
    result: io::Result<()>,
}

impl<S: Sink> extract::Sink for Passage<'_, S> {
    fn occurrence(&mut self, occurrence: Occurrence) {
        if self.result.is_err() {
            return;
        }
        match self.filter.decide(&occurrence) {
            Ok(()) => self.result = self.sink.occurrence(&occurrence),
            Err(why) => {
                self.untimed += u64::from(why == LeftOut::Untimed);
                self.sink.filtered_out();
            }
        }
    }

    fn success(&mut self, success: Success) {
        if self.result.is_ok() && self.filter.covers(success.at).is_ok() {
            self.result = self.sink.success(&success);
        }
    }

    fn activity(&mut self, at: DateTime<FixedOffset>) {
        if self.result.is_ok() {
            self.sink.activity(self.input, at);
        }
    }
}

fn facts(reader: &Reader, counters: &Counters, bytes_undecodable: u64) -> InputFacts {
    let of_utf16: u64 = reader
        .notes()
        .iter()
        .map(|note| match note.kind {
            // A half is two bytes of UTF-16.
            NoteKind::LoneSurrogates { count } => count.saturating_mul(2),
            NoteKind::OddByte => 1,
            _ => 0,
        })
        .sum();
    let problem = reader.notes().iter().find_map(input_words::of_note);
    InputFacts {
        name: reader.name().clone(),
        bytes: counters.bytes,
        lines: counters.lines,
        first_at: counters.first_at,
        last_at: counters.last_at,
        times_unreadable: counters.untimed,
        mentions: counters.mentions,
        lines_cut: counters.long_lines,
        codes_left_out: counters.codes_left_out,
        bytes_undecodable: bytes_undecodable.saturating_add(of_utf16),
        problem: problem.map(Into::into),
    }
}
