//! `ocrwatch outbox`: what is to be delivered, was delivered or was given up.
//!
//! Owns its options, which notifications are meant, and how a list of them looks. Must never write
//! to a state that a run has: it asks that run. Fails when there is no state, when nothing is
//! meant, and when a run does not answer.

use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, TimeDelta, Utc};
use clap::{Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::exit_code::ExitCode;
use super::failure::{Failure, plain, with_hint, written};
use super::state::{StateArgs, look, look_failure, state_failure};
use crate::clock::{self, Stopwatch};
use crate::daemon::request::{self, Answer, Request, Verb};
use crate::deliver::Parcel;
use crate::status::OutboxItem;
use crate::store::{Look, OutboxEntry, OutboxState};
use crate::surface::escape::visible;
use crate::surface::{json, phrase};

/// The schema's name and number.
const SCHEMA: &str = "ocrwatch.outbox/1";

/// A run that works has answered by then: it looks once a second.
const ANSWER_WAIT_MAX: Duration = Duration::from_secs(15);

/// How often it is looked whether there is an answer.
const LOOK: Duration = Duration::from_millis(50);

/// So many are retried or dropped at once.
const MEANT_MAX: usize = 10_000;

/// Options of `outbox`.
#[derive(Debug, Args)]
pub(super) struct OutboxArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// List notifications: those that wait and those that were given up, the newest first
    List(ListArgs),
    /// Try notifications now, also those that were given up
    Retry(MeantArgs),
    /// Never deliver notifications that wait
    Drop(MeantArgs),
}

/// What a list is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A line for each notification
    #[default]
    Terminal,
    /// One JSON document
    Json,
}

/// The states to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Wanted {
    /// Still to be delivered
    Queued,
    /// Given up
    Dead,
    /// Delivered
    Sent,
    /// Became part of another one
    Merged,
    /// Everything
    All,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// Only those in this state [default: queued and dead]
    #[arg(long, value_enum, value_name = "STATE")]
    state: Option<Wanted>,

    /// Only those for this receiver
    #[arg(long, value_name = "NAME")]
    receiver: Option<String>,

    /// At most so many of each state
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: usize,

    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,

    #[command(flatten)]
    place: StateArgs,
}

#[derive(Debug, Args)]
struct MeantArgs {
    /// Ids as `outbox list` shows them; all recipients of each
    #[arg(value_name = "ID", required_unless_present_any = ["receiver", "all"])]
    ids: Vec<String>,

    /// Only this recipient of each
    #[arg(long, value_name = "NAME")]
    recipient: Option<String>,

    /// All that wait for this receiver; with `retry` also what was given up
    #[arg(long, value_name = "NAME", conflicts_with_all = ["ids", "all"])]
    receiver: Option<String>,

    /// All receivers
    #[arg(long, conflicts_with = "ids")]
    all: bool,

    #[command(flatten)]
    place: StateArgs,
}

impl OutboxArgs {
    /// Lists, or asks.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        match &self.action {
            Action::List(args) => args.run(),
            Action::Retry(args) => args.run(Verb::Retry),
            Action::Drop(args) => args.run(Verb::Drop),
        }
    }
}

impl ListArgs {
    fn run(&self) -> Result<ExitCode, Failure> {
        let (directory, zone) = self.place.find()?;
        let look = look(&directory)?;
        let mut entries = Vec::new();
        for state in OutboxState::ALL.into_iter().filter(|state| self.wants(*state)) {
            // Of one receiver there may be few among many.
            let rows_max = if self.receiver.is_some() { usize::MAX } else { self.limit };
            let found = look.outbox(state, rows_max).map_err(look_failure)?;
            let is_meant = |entry: &OutboxEntry| {
                self.receiver.as_ref().is_none_or(|name| *name == entry.row.receiver)
            };
            entries.extend(found.into_iter().filter(is_meant).take(self.limit));
        }
        let now = clock::now();
        let mut out = BufWriter::with_capacity(super::OUT_BYTES, io::stdout().lock());
        let result = match self.format {
            Format::Terminal => table(&mut out, &entries, now, |at| {
                zone.show(at).to_rfc3339_opts(SecondsFormat::Secs, false)
            }),
            Format::Json => {
                let notifications = entries.iter().map(OutboxItem::of).collect();
                json::write_line(&mut out, &Document { schema: SCHEMA, notifications })
            }
        };
        written(result.and_then(|()| out.flush()))?;
        Ok(ExitCode::Done)
    }

    fn wants(&self, state: OutboxState) -> bool {
        match self.state {
            None => matches!(state, OutboxState::Queued | OutboxState::Dead),
            Some(Wanted::All) => true,
            Some(Wanted::Queued) => state == OutboxState::Queued,
            Some(Wanted::Dead) => state == OutboxState::Dead,
            Some(Wanted::Sent) => state == OutboxState::Sent,
            Some(Wanted::Merged) => state == OutboxState::Merged,
        }
    }
}

#[derive(Serialize)]
struct Document {
    schema: &'static str,
    notifications: Vec<OutboxItem>,
}

/// A line for each, in columns, what went wrong behind them.
fn table(
    out: &mut dyn Write,
    entries: &[OutboxEntry],
    now: DateTime<Utc>,
    shown: impl Fn(DateTime<Utc>) -> String,
) -> io::Result<()> {
    if entries.is_empty() {
        return writeln!(out, "nothing waits and nothing was given up, of what was asked for");
    }
    let heads = ["STATE", "ID", "RECEIVER", "AGE", "TRIED", "NEXT OR DONE", "ABOUT"];
    let mut rows = vec![heads.map(str::to_owned)];
    for entry in entries {
        let item = OutboxItem::of(entry);
        let at = item.next_attempt.or(item.done);
        let next = match at {
            Some(at) if at <= now && item.next_attempt.is_some() => "now".to_owned(),
            Some(at) => shown(at),
            None => String::new(),
        };
        let receiver = match &*item.recipient {
            "" => item.receiver,
            recipient => format!("{} <{recipient}>", item.receiver),
        };
        let about = format!("{} {}", item.reason, item.rules.join(","));
        let age = phrase::span((now - item.created).max(TimeDelta::zero()));
        let attempts = item.attempts.to_string();
        let row = [item.state.to_owned(), item.id, receiver, age, attempts, next, about];
        rows.push(row.map(|cell| visible(&cell)));
    }
    let width = |column: usize| {
        rows.iter().map(|row| row.get(column).map_or(0, |cell| cell.chars().count())).max()
    };
    let widths: Vec<usize> = (0..heads.len()).map(|column| width(column).unwrap_or(0)).collect();
    for (number, row) in rows.iter().enumerate() {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            // Writing to a string cannot fail.
            let _ = write!(line, "{cell:<width$}  ");
        }
        writeln!(out, "{}", line.trim_end())?;
        let entry = number.checked_sub(1).and_then(|at| entries.get(at));
        if let Some(error) = entry.and_then(|entry| entry.row.last_error.as_deref()) {
            writeln!(out, "        {}", visible(error))?;
        }
    }
    Ok(())
}

impl MeantArgs {
    fn run(&self, verb: Verb) -> Result<ExitCode, Failure> {
        let (directory, _) = self.place.find()?;
        let look = look(&directory)?;
        let ids = self.meant(verb, &look)?;
        drop(look);
        let answer = ask(&directory, &Request { verb, ids })?;
        let word = if verb == Verb::Retry { "tried again" } else { "dropped" };
        let mut out = io::stdout().lock();
        for id in &answer.done {
            written(writeln!(out, "{word}: {}", visible(id)))?;
        }
        let said = answer.refused.iter().map(|(id, why)| format!("not {word}: {id}: {why}"));
        let said: Vec<String> = said.collect();
        // Of those that nobody named, some may have been delivered meanwhile.
        if said.is_empty() || self.ids.is_empty() {
            for what in said {
                written(writeln!(out, "{}", visible(&what)))?;
            }
            return Ok(ExitCode::Done);
        }
        Err(Failure::new(ExitCode::InputMissing, said))
    }

    /// The names in the outbox that are meant.
    fn meant(&self, verb: Verb, look: &Look) -> Result<Vec<String>, Failure> {
        let mut names = Vec::new();
        let mut missing = Vec::new();
        for id in &self.ids {
            let found = look.notification(id).map_err(look_failure)?;
            if found.is_empty() {
                missing.push(format!("the outbox has no notification `{id}`"));
            }
            names.extend(found.into_iter().filter(|it| self.is_meant(it)).map(|it| it.row.id));
        }
        if self.ids.is_empty() {
            let dead = (verb == Verb::Retry).then_some(OutboxState::Dead);
            for state in [OutboxState::Queued].into_iter().chain(dead) {
                let found = look.outbox(state, MEANT_MAX).map_err(look_failure)?;
                names.extend(found.into_iter().filter(|it| self.is_meant(it)).map(|it| it.row.id));
            }
        }
        if names.is_empty() && missing.is_empty() {
            missing.push("nothing of this is in the outbox".to_owned());
        }
        if missing.is_empty() {
            return Ok(names);
        }
        let hint = "`ocrwatch outbox list --state all` shows what there is";
        let said = missing.iter().map(|what| with_hint(what, hint));
        Err(Failure::new(ExitCode::InputMissing, said.collect()))
    }

    fn is_meant(&self, entry: &OutboxEntry) -> bool {
        let recipient = Parcel::recipient_of(&entry.row.id);
        self.receiver.as_ref().is_none_or(|name| *name == entry.row.receiver)
            && self.recipient.as_ref().is_none_or(|name| **name == *recipient)
    }
}

/// Has it done by the run that has the state, else does it.
fn ask(directory: &Path, request: &Request) -> Result<Answer, Failure> {
    let alone = request::obey_alone(directory, request, clock::now());
    if let Some(answer) = alone.map_err(|error| state_failure(&error))? {
        return Ok(answer);
    }
    let io = |what: String| Failure::new(ExitCode::Io, vec![what]);
    let name = format!("{}-{}", clock::now().timestamp_micros(), std::process::id());
    request::send(directory, &name, request)
        .map_err(|error| io(format!("cannot ask the run that has the state: {}", plain(&error))))?;
    let stopwatch = Stopwatch::start();
    loop {
        if let Some(answer) = request::take_answer(directory, &name) {
            return Ok(answer);
        }
        let is_late = stopwatch.elapsed() > ANSWER_WAIT_MAX;
        if is_late
            && (request::withdraw(directory, &name) || stopwatch.elapsed() > 2 * ANSWER_WAIT_MAX)
        {
            let what = "the run that has the state does not answer";
            return Err(io(with_hint(what, "its log says what it does; nothing was changed")));
        }
        std::thread::park_timeout(LOOK);
    }
}
