//! `ocrwatch why`: the story of an alert.
//!
//! Owns its options and how a story looks. Must never judge what was decided. Fails when there is
//! no state, and when nothing is known of what is asked for.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use chrono::{DateTime, Utc};
use clap::{Args, ValueEnum};
use serde::Serialize;

use super::exit_code::ExitCode;
use super::failure::{Failure, with_hint, written};
use super::state::{StateArgs, look, look_failure};
use crate::daemon::story::{Chapter, Happened};
use crate::engine::{Notification, State, WithheldBy};
use crate::status::OutboxItem;
use crate::store::{Look, OutboxEntry, OutboxState};
use crate::surface::escape::visible;
use crate::surface::{json, phrase};
use crate::zone::Zone;

/// The schema's name and number.
const SCHEMA: &str = "ocrwatch.why/1";

/// So many chapters of a story are told, the latest.
const CHAPTERS_MAX: usize = 1_000;

/// The alerts of a notification whose stories are told.
const ALERTS_MAX: usize = 5;

/// The alerts that are listed where none is named.
const LISTED_MAX: usize = 20;

/// What a story is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Lines for people
    #[default]
    Terminal,
    /// One JSON document
    Json,
}

/// Options of `why`.
#[derive(Debug, Args)]
pub(super) struct WhyArgs {
    /// The fingerprint of an alert, or the id of a notification; without it the latest alerts are
    /// listed
    #[arg(value_name = "ID")]
    id: Option<String>,

    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,

    #[command(flatten)]
    place: StateArgs,
}

/// What is told.
#[derive(Serialize)]
struct Document {
    schema: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    notification: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deliveries: Vec<OutboxItem>,
    alerts: Vec<Story>,
}

/// What is known of one alert.
#[derive(Serialize)]
struct Story {
    alert: String,
    name: String,
    chapters: Vec<Told>,
}

/// Something that happened, with what became of it.
#[derive(Serialize)]
struct Told {
    #[serde(flatten)]
    chapter: Chapter,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    deliveries: Vec<OutboxItem>,
    #[serde(skip)]
    entries: Vec<OutboxEntry>,
}

impl WhyArgs {
    /// Writes the story to standard output.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let (directory, zone) = self.place.find()?;
        let look = look(&directory)?;
        let (mut alerts, mut entries) = (Vec::new(), Vec::new());
        match &self.id {
            None => alerts = look.alerts(LISTED_MAX).map_err(look_failure)?,
            Some(id) => {
                entries = look.notification(id).map_err(look_failure)?;
                match entries.first() {
                    Some(entry) => alerts.extend(alerts_of(entry)),
                    None => alerts.push(id.clone()),
                }
            }
        }
        let stories = alerts.iter().map(|alert| story(&look, alert));
        let mut stories = stories.collect::<Result<Vec<_>, _>>()?;
        stories.retain(|story| !story.chapters.is_empty());
        if let (Some(id), true, true) = (&self.id, stories.is_empty(), entries.is_empty()) {
            let what = format!("nothing is known of `{id}`");
            let hint = "`ocrwatch why` lists the latest alerts, `ocrwatch outbox list --state all` \
                        the notifications; decisions are kept as long as the outbox";
            return Err(Failure::new(ExitCode::InputMissing, vec![with_hint(&what, hint)]));
        }
        let mut out = BufWriter::with_capacity(super::OUT_BYTES, io::stdout().lock());
        let result = match self.format {
            Format::Json => json::write_line(
                &mut out,
                &Document {
                    schema: SCHEMA,
                    notification: self.id.clone().filter(|_| !entries.is_empty()),
                    deliveries: entries.iter().map(OutboxItem::of).collect(),
                    alerts: stories,
                },
            ),
            Format::Terminal if self.id.is_none() => list(&mut out, &stories, zone),
            Format::Terminal => tell(&mut out, &entries, &stories, zone),
        };
        written(result.and_then(|()| out.flush()))?;
        Ok(ExitCode::Done)
    }
}

/// The alerts that a notification is about.
fn alerts_of(entry: &OutboxEntry) -> Vec<String> {
    let told: Option<Notification> = serde_json::from_slice(&entry.row.notification).ok();
    let alerts = told.map(|told| told.alerts).unwrap_or_default();
    alerts.iter().take(ALERTS_MAX).map(|told| told.alert.fingerprint.to_string()).collect()
}

fn story(look: &Look, alert: &str) -> Result<Story, Failure> {
    let rows = look.decisions(alert, CHAPTERS_MAX).map_err(look_failure)?;
    let mut known: BTreeMap<String, Vec<OutboxEntry>> = BTreeMap::new();
    let (mut name, mut chapters) = (String::new(), Vec::new());
    for chapter in rows.iter().filter_map(Chapter::of) {
        let mut entries = Vec::new();
        match &chapter.happened {
            Happened::Changed { rule, labels, .. } => {
                let labels: Vec<_> =
                    labels.iter().map(|(label, value)| format!("{label}={value}")).collect();
                name = format!("{rule}{{{}}}", labels.join(","));
            }
            Happened::Told { notification, .. } => {
                let id = notification.to_string();
                if !known.contains_key(&id) {
                    let found = look.notification(&id).map_err(look_failure)?;
                    known.insert(id.clone(), found);
                }
                entries = known.get(&id).cloned().unwrap_or_default();
            }
            Happened::Withheld { rule, .. } if name.is_empty() => name = rule.to_string(),
            Happened::Withheld { .. } => {}
        }
        let deliveries = entries.iter().map(OutboxItem::of).collect();
        chapters.push(Told { chapter, deliveries, entries });
    }
    Ok(Story { alert: alert.to_owned(), name, chapters })
}

/// The latest alerts, a line for each.
fn list(out: &mut dyn Write, stories: &[Story], zone: Zone) -> io::Result<()> {
    if stories.is_empty() {
        return writeln!(out, "no alert has changed yet");
    }
    for story in stories {
        let Some(last) = story.chapters.last() else { continue };
        let (at, what) = (shown(last.chapter.at, zone), in_words(&last.chapter.happened));
        writeln!(out, "{}  {}  {at}  {}", story.alert, visible(&story.name), visible(&what))?;
    }
    Ok(())
}

fn tell(
    out: &mut dyn Write,
    entries: &[OutboxEntry],
    stories: &[Story],
    zone: Zone,
) -> io::Result<()> {
    if let Some(entry) = entries.first() {
        let id = entry.row.id.split(' ').next().unwrap_or_default();
        writeln!(out, "notification {id} for {}", visible(&entry.row.receiver))?;
        deliveries(out, entries, zone)?;
    }
    for (number, story) in stories.iter().enumerate() {
        if number > 0 || !entries.is_empty() {
            writeln!(out)?;
        }
        writeln!(out, "alert {} {}", story.alert, visible(&story.name))?;
        for Told { chapter, entries, .. } in &story.chapters {
            let what = in_words(&chapter.happened);
            writeln!(out, "  {}  {}", shown(chapter.at, zone), visible(&what))?;
            if entries.is_empty() && matches!(chapter.happened, Happened::Told { .. }) {
                writeln!(out, "      it is no longer in the outbox")?;
            }
            deliveries(out, entries, zone)?;
        }
    }
    Ok(())
}

fn in_words(happened: &Happened) -> String {
    match happened {
        Happened::Changed { severity, to: State::Firing, why, .. } => {
            format!("fires ({severity}): {why}")
        }
        Happened::Changed { to, why, .. } => format!("{to}: {why}"),
        Happened::Told { notification, receiver, route, reason, status, merged, detour } => {
            let mut text =
                format!("told to {receiver} by route {route}: {reason}, {status} [{notification}]");
            if let Some(merged) = merged {
                let others = merged.count.saturating_sub(1);
                // Writing to a string cannot fail.
                let _ = write!(text, ", with {others} others that waited");
            }
            if let Some(detour) = detour {
                let around = detour.around.join(", then ");
                let _ = write!(text, ", as {around} cannot be reached: {}", detour.cause);
            }
            text
        }
        Happened::Withheld { route, by, .. } => {
            let by = match by {
                WithheldBy::Silence { id, author, reason } => {
                    format!("silence {id} of {author}: {reason}")
                }
                WithheldBy::Mute { name } => format!("mute {name}"),
                WithheldBy::Inhibition { by, rule } => format!("alert {by} of {rule} explains it"),
            };
            format!("not told by route {route}: {by}")
        }
    }
}

/// What became of a notification, recipient by recipient.
fn deliveries(out: &mut dyn Write, entries: &[OutboxEntry], zone: Zone) -> io::Result<()> {
    for entry in entries {
        let row = &entry.row;
        let recipient = row.id.split_once(' ').map_or("", |(_, recipient)| recipient);
        let to = if recipient.is_empty() { String::new() } else { format!("{recipient}: ") };
        let tried = phrase::counted(row.attempts.into(), "attempt", "attempts");
        let at = |at: Option<DateTime<Utc>>| at.map(|at| shown(at, zone)).unwrap_or_default();
        let mut text = match entry.state {
            OutboxState::Queued => {
                format!("{to}waits, {tried}, next at {}", at(Some(row.next_attempt)))
            }
            OutboxState::Sent => format!("{to}sent at {}, {tried}", at(entry.done)),
            OutboxState::Dead => format!("{to}given up at {}, {tried}", at(entry.done)),
            OutboxState::Merged => format!("{to}merged at {}", at(entry.done)),
        };
        if let Some(error) = &row.last_error {
            let _ = write!(text, "; last error: {error}");
        }
        writeln!(out, "      {}", visible(&text))?;
    }
    Ok(())
}

fn shown(at: DateTime<Utc>, zone: Zone) -> String {
    phrase::instant(zone.show(at))
}
