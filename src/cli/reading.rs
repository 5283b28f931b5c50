//! Inputs through the extractor to a command: one after the other, or all of them as their times
//! tell.
//!
//! Owns the order and what is said when an input is bad: the others are read all the same. Must
//! never look at the bytes. Fails with the `io::Error` of the command's output, which ends the
//! reading; what is wrong with an input is a message and part of the answer.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::ffi::OsString;
use std::io::{self, IsTerminal};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use clap::Args;

use super::failure::Failure;
use super::filter::{Filter, LeftOut};
use super::input_words;
use super::messages::Messages;
use super::progress::Amount;
use super::stream::{Found, Scanning, Stream};
use crate::catalogue::Catalogue;
use crate::clock;
use crate::extract::{self, Successes};
use crate::input::{self, Discovery, ExitKind, Input};
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

    /// Finds the inputs of another argument, under the same options.
    pub(super) fn discover_other(&self, argument: &OsString) -> Discovery {
        input::discover(std::slice::from_ref(argument), self.with_rotated)
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
    /// Takes one of the earlier period that the filter names.
    fn earlier(&mut self, _occurrence: &Occurrence) {}
    /// Takes a call that succeeded, within the range of time that the filter asks for. An error
    /// ends the reading.
    fn success(&mut self, _success: &Success) -> io::Result<()> {
        Ok(())
    }
    /// Hears of an instant at which an input was written to.
    fn activity(&mut self, _input: &Arc<str>, _at: DateTime<FixedOffset>) {}
    /// Hears how far the inputs were read by their own times, before what is next: the latest time
    /// in the input of what is next.
    fn reached(&mut self, _at: DateTime<Utc>) {}
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

/// In which order things come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// One input after the other.
    Inputs,
    /// As their times tell, over all inputs; within one log as they stand there. A log's rotated
    /// siblings are one log.
    Times,
}

/// Logs that are read side by side; of more some are read one after the other.
const LOGS_MAX: usize = 256;

/// How far ahead of the present a stamp can be and still be one: a zone may have been mistaken.
const AHEAD_MAX: TimeDelta = TimeDelta::days(1);

/// What reading needs beside the inputs.
pub(super) struct Reading<'a> {
    pub(super) catalogue: &'a Arc<Catalogue>,
    pub(super) filter: &'a Filter,
    pub(super) zone: Zone,
    pub(super) now: DateTime<Utc>,
    pub(super) order: Order,
    pub(super) beside: Beside,
    pub(super) messages: &'a mut Messages,
}

/// One log: inputs that are read one after the other.
struct Log<'d> {
    /// Each with its place among all inputs.
    inputs: VecDeque<(usize, &'d Input)>,
    stream: Option<(usize, &'d Input, Stream)>,
    /// What comes next.
    next: Option<Found>,
    /// The latest time that was read.
    reached: Option<DateTime<Utc>>,
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
        let mut passage = Passage { filter: self.filter, sink, untimed: 0, facts: Vec::new() };
        let (mut logs, behind_others) = self.logs(discovery);
        let bytes = discovery.inputs.iter().map(|input| input.size_bytes).sum();
        let scanning = Scanning::new(bytes, logs.len());
        if behind_others > 0 {
            self.messages.note(&format!(
                "there are more than {LOGS_MAX} logs; {behind_others} are read behind others, \
                 and what they have of the same time counts as late"
            ));
        }
        let mut queue = BinaryHeap::new();
        for (index, log) in logs.iter_mut().enumerate() {
            problem = problem.max(self.fill(log, &scanning, &mut amount, &mut passage));
            queue.extend(log.next.is_some().then_some(Reverse((log.reached, index))));
        }
        while let Some(Reverse((_, index))) = queue.pop() {
            let Some(log) = logs.get_mut(index) else { continue };
            if let Some(found) = log.next.take() {
                passage.pass(log, found)?;
            }
            problem = problem.max(self.fill(log, &scanning, &mut amount, &mut passage));
            queue.extend(log.next.is_some().then_some(Reverse((log.reached, index))));
        }
        self.messages.clear();
        // Logs that are read side by side do not end in order.
        passage.facts.sort_by_key(|(place, _)| *place);
        for (_, facts) in passage.facts {
            passage.sink.input_read(facts);
        }
        let untimed_left_out = passage.untimed;
        if untimed_left_out > 0 {
            let errors = match untimed_left_out {
                1 => "1 error without a readable time was".to_owned(),
                many => format!("{many} errors without a readable time were"),
            };
            let asks = self.filter.asks_for_time();
            self.messages.note(&format!("{errors} left out, as {asks} for one"));
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

    /// The logs, and how many of them found no place beside the others.
    fn logs<'d>(&self, discovery: &'d Discovery) -> (Vec<Log<'d>>, usize) {
        let mut logs: Vec<Log<'d>> = Vec::new();
        let mut places = HashMap::new();
        for (index, input) in discovery.inputs.iter().enumerate() {
            let next = places.len();
            let place = match self.order {
                Order::Inputs => 0,
                Order::Times => {
                    *places.entry(input::live_name(&input.name)).or_insert(next % LOGS_MAX)
                }
            };
            if place >= logs.len() {
                let inputs = VecDeque::new();
                logs.push(Log { inputs, stream: None, next: None, reached: None });
            }
            if let Some(log) = logs.get_mut(place) {
                log.inputs.push_back((index, input));
            }
        }
        (logs, places.len().saturating_sub(LOGS_MAX))
    }

    /// Reads on until there is something to pass on or nothing left.
    fn fill(
        &mut self,
        log: &mut Log<'_>,
        scanning: &Scanning,
        amount: &mut Amount,
        passage: &mut Passage<'_, impl Sink>,
    ) -> Option<ExitKind> {
        let mut problem = None;
        while log.next.is_none() {
            let Some((place, input, stream)) = &mut log.stream else {
                let Some((place, input)) = log.inputs.pop_front() else { break };
                amount.input += 1;
                match self.open(input, scanning) {
                    Ok(stream) => log.stream = Some((place, input, stream)),
                    Err((kind, facts)) => {
                        problem = problem.max(Some(kind));
                        passage.facts.push((place, *facts));
                    }
                }
                continue;
            };
            log.next = stream.take();
            if log.next.is_some() {
                break;
            }
            let before = stream.position();
            if stream.read() {
                amount.bytes += stream.position().saturating_sub(before);
                self.messages.progress(*amount);
                continue;
            }
            problem = problem.max(self.notes(stream));
            // A file may have shrunk or grown since it was found.
            let size = input.size_bytes.unwrap_or(0);
            amount.bytes = (amount.bytes + size).saturating_sub(stream.position());
            let place = *place;
            if let Some((.., stream)) = log.stream.take() {
                passage.facts.push((place, stream.facts()));
            }
        }
        let latest = log.next.as_ref().and_then(Found::at).map(|at| at.to_utc());
        log.reached = log.reached.max(latest.filter(|at| *at <= self.now + AHEAD_MAX));
        problem
    }

    fn open(
        &mut self,
        input: &Input,
        scanning: &Scanning,
    ) -> Result<Stream, (ExitKind, Box<InputFacts>)> {
        let settings = extract::Settings {
            successes: self.beside.successes.clone(),
            activity_gap: self.beside.activity_gap,
            ..extract::Settings::new(self.zone, input.modified.unwrap_or(self.now))
        };
        Stream::open(input, self.catalogue, settings, scanning).map_err(|problem| {
            self.messages.error(&problem.to_string());
            let facts = InputFacts {
                name: input.name.clone(),
                problem: Some(input_words::of_problem(&problem).into()),
                ..InputFacts::default()
            };
            (problem.exit_code_kind(), Box::new(facts))
        })
    }

    fn notes(&mut self, stream: &Stream) -> Option<ExitKind> {
        for note in stream.notes() {
            if note.loses_text() {
                self.messages.error(&note.to_string());
            } else {
                self.messages.note(&note.to_string());
            }
        }
        stream.notes().iter().filter_map(input::Note::exit_code_kind).max()
    }
}

/// The way of what is found to the command.
struct Passage<'p, S> {
    filter: &'p Filter,
    sink: &'p mut S,
    /// Left out because their time is not known.
    untimed: u64,
    /// What was read of the inputs that have ended.
    facts: Vec<(usize, InputFacts)>,
}

impl<S: Sink> Passage<'_, S> {
    fn pass(&mut self, log: &Log<'_>, found: Found) -> io::Result<()> {
        if let Some(reached) = log.reached {
            self.sink.reached(reached);
        }
        match found {
            Found::Occurrence(occurrence) => match self.filter.decide(&occurrence) {
                Ok(()) => return self.sink.occurrence(&occurrence),
                Err(LeftOut::Earlier) => self.sink.earlier(&occurrence),
                Err(why) => {
                    self.untimed += u64::from(why == LeftOut::Untimed);
                    self.sink.filtered_out();
                }
            },
            Found::Success(success) if self.filter.covers(success.at).is_ok() => {
                return self.sink.success(&success);
            }
            Found::Success(_) => {}
            Found::Activity(at) if self.filter.covers(Some(at)).is_err() => {}
            Found::Activity(at) => {
                if let Some((_, input, _)) = &log.stream {
                    self.sink.activity(&input.name, at);
                }
            }
        }
        Ok(())
    }
}
