//! `ocrwatch silence`: what is not told for a while.
//!
//! Owns its options and the answers in words. Must never judge whether a silence is right: the run
//! does. Fails when the run does not answer or refuses.

use std::collections::BTreeMap;
use std::io::{self, BufWriter, Write};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::{ArgGroup, Args, Subcommand, ValueEnum};
use serde::Serialize;

use super::client::{Client, NoAnswer, RunArgs, Why};
use super::exit_code::ExitCode;
use super::failure::{Failure, written};
use super::help;
use super::messages::Messages;
use super::terminal::StyleArgs;
use super::time_range::Present;
use crate::clock;
use crate::http::{NewSilence, OneOrMore, Silenced};
use crate::length;
use crate::status::{AlertStatus, SilenceStatus, Status, write_silences};
use crate::surface::escape::visible;
use crate::surface::{json, phrase};
use crate::zone::Zone;

const TIMEOUT: Duration = Duration::from_secs(8);

/// So many of the alerts that a silence covers are named.
const NAMED_MAX: usize = 10;

/// Options of `silence`.
#[derive(Debug, Args)]
pub(super) struct SilenceArgs {
    #[command(subcommand)]
    action: Action,
}

#[derive(Debug, Subcommand)]
enum Action {
    /// Do not tell some alerts for a while
    #[command(after_help = help::after("silence-add"))]
    Add(Box<AddArgs>),
    /// List the silences that are in force or to come
    #[command(after_help = help::after("silence-list"))]
    List(Box<ListArgs>),
    /// End silences now
    #[command(after_help = help::after("silence-expire"))]
    Expire(Box<ExpireArgs>),
}

#[derive(Debug, Args)]
#[command(group = ArgGroup::new("end").required(true).args(["lasts", "until", "until_resolved"]))]
struct AddArgs {
    /// Which alerts: `rule`, `severity` or a label and its values, each a text or a glob; of
    /// several options all must fit
    #[arg(long = "match", value_name = "NAME=VALUE[,VALUE…]", required = true)]
    matched: Vec<String>,

    /// Which of them are told all the same
    #[arg(long, value_name = "NAME=VALUE[,VALUE…]")]
    not: Vec<String>,

    /// For how long: `2h`, `30m`, `1d`
    #[arg(long = "for", value_name = "LENGTH")]
    lasts: Option<String>,

    /// Until when: `18:00`, `2026-11-30 18:00`, a time with an offset
    #[arg(long, value_name = "TIME")]
    until: Option<String>,

    /// Until the alerts that fire now are resolved; if none does, the next one that fires
    #[arg(long)]
    until_resolved: bool,

    /// From when on, if not from now on
    #[arg(long, value_name = "TIME")]
    from: Option<String>,

    /// Why: those who are not told want to know
    #[arg(long, value_name = "TEXT")]
    reason: String,

    /// Who asks for it [default: `$SUDO_USER`, else `$USER`]
    #[arg(long, value_name = "NAME")]
    author: Option<String>,

    /// Its name, by which it is ended; one with the same name is replaced
    #[arg(long, value_name = "NAME")]
    id: Option<String>,

    #[command(flatten)]
    run: RunArgs,
}

/// What a list is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people
    #[default]
    Terminal,
    /// One JSON document
    Json,
}

#[derive(Debug, Args)]
struct ListArgs {
    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,

    #[command(flatten)]
    style: StyleArgs,

    #[command(flatten)]
    run: RunArgs,
}

#[derive(Debug, Args)]
struct ExpireArgs {
    /// Names as `silence list` shows them
    #[arg(value_name = "ID", required = true)]
    ids: Vec<String>,

    #[command(flatten)]
    run: RunArgs,
}

#[derive(Serialize)]
struct Document<'s> {
    silences: &'s [SilenceStatus],
}

impl SilenceArgs {
    /// Adds, lists or ends.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        match &self.action {
            Action::Add(args) => args.run(),
            Action::List(args) => args.run(),
            Action::Expire(args) => args.run(),
        }
    }
}

impl AddArgs {
    fn run(&self) -> Result<ExitCode, Failure> {
        let (client, zone) = self.run.client(TIMEOUT)?;
        let wanted = self.wanted(Present { now: clock::now(), zone })?;
        let made = client.add_silence(&wanted).map_err(NoAnswer::into_failure)?;
        let Silenced { silence, .. } = &made;
        let mut text = format!("silenced: {}", in_words(silence, zone));
        text += &covered(&client, silence);
        written(write!(io::stdout(), "{text}"))?;
        note_kept(&made);
        Ok(ExitCode::Done)
    }

    fn wanted(&self, present: Present) -> Result<NewSilence, Failure> {
        if let Some(lasts) = &self.lasts
            && length::milliseconds(lasts).is_none_or(|ms| ms == 0)
        {
            return Err(Failure::usage(&format!("`{lasts}` is no length of time"), length::FORMS));
        }
        let author = self.author.clone().or_else(|| {
            let names = ["SUDO_USER", "USER", "LOGNAME"].into_iter();
            names.filter_map(|name| std::env::var(name).ok()).find(|name| !name.is_empty())
        });
        let hint = "say who asks for it: `--author NAME`";
        let author = author.ok_or_else(|| Failure::usage("nobody asks for the silence", hint))?;
        Ok(NewSilence {
            id: self.id.clone(),
            matchers: matchers("--match", &self.matched)?,
            not: matchers("--not", &self.not)?,
            author,
            reason: self.reason.clone(),
            from: self.from.as_deref().map(|text| instant("--from", text, present)).transpose()?,
            until: self
                .until
                .as_deref()
                .map(|text| instant("--until", text, present))
                .transpose()?,
            lasting: self.lasts.clone(),
            until_resolved: self.until_resolved.then_some(true),
        })
    }
}

impl ListArgs {
    fn run(&self) -> Result<ExitCode, Failure> {
        let (client, zone) = self.run.client(TIMEOUT)?;
        let status = client.status().map_err(NoAnswer::into_failure)?;
        let mut out = BufWriter::with_capacity(super::OUT_BYTES, io::stdout().lock());
        let result = match self.format {
            Format::Json => json::write_line(&mut out, &Document { silences: &status.silences }),
            Format::Terminal if status.silences.is_empty() => writeln!(out, "nothing is silenced"),
            Format::Terminal => write_silences(&mut out, &status, zone, self.style.style()),
        };
        written(result.and_then(|()| out.flush()))?;
        Ok(ExitCode::Done)
    }
}

impl ExpireArgs {
    fn run(&self) -> Result<ExitCode, Failure> {
        let (client, _) = self.run.client(TIMEOUT)?;
        // What it covered is known only until it ends.
        let before = client.status().map_err(NoAnswer::into_failure)?;
        let mut problems = Vec::new();
        let mut exit_code = ExitCode::Done;
        for id in &self.ids {
            match client.expire(id) {
                Ok(ended) => {
                    let text = format!("ended: {}\n", visible(&ended.silence.id));
                    let told = named(before.silenced_by(id), "is told again", "are told again");
                    written(write!(io::stdout(), "{text}{told}"))?;
                    note_kept(&ended);
                }
                Err(error) => {
                    let is_missing = error.why == Why::Missing;
                    let failure = error.into_failure();
                    exit_code = failure.exit_code();
                    let hint = if is_missing { "\nhint: `ocrwatch silence list`" } else { "" };
                    let said = failure.into_problems().into_iter().map(|problem| {
                        let has_hint = problem.contains("\nhint: ");
                        if has_hint { problem } else { format!("{problem}{hint}") }
                    });
                    problems.extend(said);
                }
            }
        }
        if problems.is_empty() {
            Ok(ExitCode::Done)
        } else {
            Err(Failure::new(exit_code, problems))
        }
    }
}

/// `rule=aksk-*` and `credential=a,b` as the run reads them.
fn matchers(option: &str, texts: &[String]) -> Result<BTreeMap<String, OneOrMore>, Failure> {
    let mut matchers = BTreeMap::new();
    for text in texts {
        let (name, values) = text.split_once('=').unwrap_or((text, ""));
        let values: Vec<_> = values.split(',').map(|value| value.trim().to_owned()).collect();
        let name = name.trim();
        if name.is_empty() || !text.contains('=') {
            let hint = format!("write a name and its values: `{option} rule=aksk-*`");
            return Err(Failure::usage(&format!("`{option} {text}` names no values"), &hint));
        }
        if matchers.insert(name.to_owned(), OneOrMore::More(values)).is_some() {
            let hint = "all of several options must fit; write values that may be beside each \
                        other: `rule=a,b`";
            return Err(Failure::usage(&format!("`{option} {name}=…` stands there twice"), hint));
        }
    }
    Ok(matchers)
}

/// An instant that is to come.
fn instant(option: &str, text: &str, present: Present) -> Result<DateTime<Utc>, Failure> {
    if length::milliseconds(text).is_some() {
        let hint = format!("`--for {text}` is from now on");
        return Err(Failure::usage(&format!("`{option} {text}` is a length of time"), &hint));
    }
    let read = present.instant(text).map(|at| at.to_utc());
    read.map_err(|wrong| Failure::usage(&format!("{option}: {}", wrong.problem), &wrong.hint))
}

fn in_words(silence: &SilenceStatus, zone: Zone) -> String {
    let SilenceStatus { id, matchers, from, until, .. } = silence;
    let alerts = if matchers.is_empty() { "all alerts".to_owned() } else { matchers.join(", ") };
    let from = from.filter(|from| *from > clock::now());
    let from = from.map(|from| format!(", from {}", phrase::instant(zone.show(from))));
    let until = match until {
        Some(until) => format!("until {}", phrase::instant(zone.show(*until))),
        None => "until its alerts are resolved".to_owned(),
    };
    format!("{}: {}{}, {until}\n", visible(id), visible(&alerts), from.unwrap_or_default())
}

/// The alerts that fire now and are not told because of it.
fn covered(client: &Client, silence: &SilenceStatus) -> String {
    let Ok(status) = client.status() else { return String::new() };
    let text = named(status.silenced_by(&silence.id), "is not told", "are not told");
    if text.is_empty() { nobody(&status) } else { text }
}

fn nobody(status: &Status) -> String {
    match status.firing() {
        0 => "no alert fires now\n".to_owned(),
        1 => "it does not cover the alert that fires now\n".to_owned(),
        more => format!("it covers none of the {} alerts that fire now\n", phrase::count(more)),
    }
}

/// How many, and the first of them by name.
fn named<'s>(alerts: impl Iterator<Item = &'s AlertStatus>, one: &str, many: &str) -> String {
    let alerts: Vec<_> = alerts.collect();
    if alerts.is_empty() {
        return String::new();
    }
    let count = alerts.len() as u64;
    let verb = if count == 1 { one } else { many };
    let fire = if count == 1 { "fires" } else { "fire" };
    let mut lines =
        vec![format!("{} that {fire} {verb}:", phrase::counted(count, "alert", "alerts"))];
    lines.extend(alerts.iter().take(NAMED_MAX).map(|alert| {
        let (rule, headline) = (visible(&alert.rule), visible(&alert.headline));
        format!("  {} {rule}: {headline}", alert.severity)
    }));
    if alerts.len() > NAMED_MAX {
        lines.push(format!("  and {} more", alerts.len() - NAMED_MAX));
    }
    lines.join("\n") + "\n"
}

fn note_kept(made: &Silenced) {
    if !made.kept {
        let text = "the run's state cannot be written now: a restart of the run before it can \
                    would not know of this";
        Messages::plain().note(text);
    }
}
