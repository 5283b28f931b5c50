//! The alerts as a page on a terminal.
//!
//! Owns the order of the page. Fails with the `io::Error` of the output.

use std::io::{self, Write};

use super::{Alerts, Comparison};
use crate::catalogue::Severity;
use crate::engine::{AlertStatus, Decision, Notification, NotifyReason, Withheld, WithheldBy};
use crate::render::plain;
use crate::replay::Episode;
use crate::surface::Language;
use crate::surface::page::Page;
use crate::surface::style::{Role, Style};
use crate::surface::{escape, phrase, wrap};

/// Below this width a time leaves too little room beside it.
const NARROW_COLUMNS: usize = 60;

/// Alerts that a report shows; `backtest` shows all.
const SHOWN_IN_REPORT: usize = 10;

/// Writes the alerts for a person at a terminal; with `texts` each as it would be sent.
pub fn write(out: &mut dyn Write, alerts: &Alerts, style: Style, texts: bool) -> io::Result<()> {
    let mut page = Page::new(&mut *out, style);
    totals(&mut page, alerts)?;
    for episode in &alerts.replayed.episodes {
        let mut page = Page::new(&mut *out, style);
        page.rule()?;
        if texts {
            plain::write(&mut *out, &alerts.text(episode), style)?;
        } else {
            one(&mut page, alerts, episode)?;
        }
    }
    let mut page = Page::new(out, style);
    if alerts.replayed.decisions.is_empty() {
        return Ok(());
    }
    page.rule()?;
    told(&mut page, alerts)
}

/// Writes the alerts as a section of a report; nothing if there is none.
pub(in crate::report) fn section(page: &mut Page<'_>, alerts: &Alerts) -> io::Result<()> {
    page.rule()?;
    totals(page, alerts)?;
    let episodes = &alerts.replayed.episodes;
    for episode in episodes.iter().take(SHOWN_IN_REPORT) {
        page.blank()?;
        one(page, alerts, episode)?;
    }
    let more = episodes.len().saturating_sub(SHOWN_IN_REPORT);
    if more > 0 {
        page.blank()?;
        let words = format!("{more} more; `ocrwatch backtest` shows them all");
        page.prose("", &words, Role::Notice)?;
    }
    Ok(())
}

/// Writes what differs for a person at a terminal.
pub fn write_comparison(
    out: &mut dyn Write,
    comparison: &Comparison<'_>,
    style: Style,
) -> io::Result<()> {
    let mut page = Page::new(out, style);
    let Comparison { before, after, added, removed, changed, same } = comparison;
    let words = format!(
        "{} added, {} removed, {} changed, {same} the same",
        added.len(),
        removed.len(),
        changed.len()
    );
    page.prose("Alerts", &words, Role::Title)?;
    let told = |alerts: &Alerts| alerts.notifications().count() as u64;
    let words = format!("{} before, {} after", told(before), told(after));
    page.prose("Notified", &words, Role::Plain)?;
    for (title, alerts, episodes) in [("Added", after, added), ("Removed", before, removed)] {
        for episode in episodes {
            page.rule()?;
            page.prose(title, "", Role::Plain)?;
            one(&mut page, alerts, episode)?;
        }
    }
    for (earlier, later) in changed {
        page.rule()?;
        page.prose("Before", "", Role::Plain)?;
        one(&mut page, before, earlier)?;
        page.prose("After", "", Role::Plain)?;
        one(&mut page, after, later)?;
    }
    Ok(())
}

fn totals(page: &mut Page<'_>, alerts: &Alerts) -> io::Result<()> {
    let replayed = &alerts.replayed;
    let total = replayed.episodes.len() as u64 + replayed.episodes_left_out;
    if total == 0 {
        page.prose("Alerts", "none would have fired", Role::Title)?;
    } else {
        let words = format!("{} would have fired", phrase::counted(total, "alert", "alerts"));
        let mut lines: Vec<_> = wrap::wrap(&words, page.text_columns());
        lines = lines.iter().map(|line| page.style.paint(Role::Title, line)).collect();
        lines.push(severities(replayed.episodes.iter(), page.style));
        let firing = replayed.episodes.iter().filter(|it| it.resolved.is_none()).count() as u64;
        if firing > 0 {
            lines.push(format!("{} still firing at the end", phrase::count(firing)));
        }
        page.row("Alerts", &lines)?;
    }
    let notifications = alerts.notifications().count() as u64;
    let withheld = alerts.withheld().count() as u64;
    let told = phrase::counted(notifications, "notification", "notifications");
    let words = match withheld {
        0 => told,
        withheld => format!("{told}, {} withheld", phrase::count(withheld)),
    };
    page.prose("Told", &words, Role::Plain)?;
    let counters = replayed.counters;
    let words = format!(
        "{} on {} and {}",
        phrase::counted(alerts.rules.len() as u64, "rule", "rules"),
        phrase::counted(counters.errors, "error", "errors"),
        phrase::counted(counters.successes, "visible success", "visible successes"),
    );
    page.prose("Rules", &words, Role::Plain)?;
    for note in notes(alerts) {
        page.prose("Note", &note, Role::Notice)?;
    }
    Ok(())
}

/// What the engine could not take as it was.
fn notes(alerts: &Alerts) -> Vec<String> {
    let counters = alerts.replayed.counters;
    let errors = |count| phrase::counted(count, "event", "events");
    let mut notes = Vec::new();
    let mut note = |count: u64, words: &str| {
        if count > 0 {
            notes.push(format!("{} {words}", errors(count)));
        }
    };
    note(counters.late, "came late and counted in the windows that were still open");
    note(counters.past, "had a time too far back: counted as of when read");
    note(counters.future, "had a time in the future: counted as of when read");
    note(counters.untimed, "had no readable time: counted as of when read");
    note(alerts.unplaced, "came before any readable time: no part of any alert");
    note(counters.groups_refused, "found no room among the groups");
    if counters.groups_evicted > 0 {
        let groups = phrase::counted(counters.groups_evicted, "quiet group", "quiet groups");
        notes.push(format!("{groups} made room for others"));
    }
    if counters.successes_ambiguous > 0 {
        let count = phrase::counted(counters.successes_ambiguous, "success", "successes");
        notes.push(format!("{count} may be of another access key and ended no row of failures"));
    }
    if alerts.replayed.episodes_left_out > 0 {
        let more = phrase::counted(alerts.replayed.episodes_left_out, "more alert", "more alerts");
        notes.push(format!("{more} found no room on this page"));
    }
    if alerts.replayed.decisions_left_out > 0 {
        let count = alerts.replayed.decisions_left_out;
        let more = phrase::counted(count, "more notification", "more notifications");
        notes.push(format!("{more}, told or withheld, found no room on this page"));
    }
    notes
}

fn severities<'e>(episodes: impl Iterator<Item = &'e Episode>, style: Style) -> String {
    let mut counts = Severity::ALL.map(|severity| (severity, 0u64));
    for episode in episodes {
        for (severity, count) in &mut counts {
            *count += u64::from(*severity == episode.alert.severity);
        }
    }
    let words = counts.into_iter().filter(|(_, count)| *count > 0).map(|(severity, count)| {
        style.paint(Role::Of(severity), &format!("{} {severity}", phrase::count(count)))
    });
    words.collect::<Vec<_>>().join(", ")
}

fn one(page: &mut Page<'_>, alerts: &Alerts, episode: &Episode) -> io::Result<()> {
    let unicode = page.style.unicode;
    let safe = |text: &str| escape::terminal(text, unicode);
    let text = alerts.text(episode);
    let severity = Role::Of(text.severity);
    let head = format!("{} {} {}", text.severity, page.style.dot(), safe(&text.rule));
    page.line(&format!("  {}", page.style.paint(severity, &head)))?;
    page.prose("Summary", &safe(&text.headline), Role::Title)?;
    if !text.labels.is_empty() {
        let labels = text.labels.iter().map(|(name, value)| format!("{name}={}", safe(value)));
        page.prose("Labels", &labels.collect::<Vec<_>>().join(", "), Role::Plain)?;
    }
    let fired_at = alerts.shown(episode, episode.fired_at);
    let reason = text.reason.map(|reason| format!(": {}", safe(&reason))).unwrap_or_default();
    page.prose("Fired", &format!("{}{reason}", phrase::instant(fired_at)), Role::Plain)?;
    match &episode.resolved {
        Some((at, _)) => {
            let span = phrase::span(at.since(episode.fired_at).to_delta());
            let because = alerts.resolved_because(episode, Language::default()).unwrap_or_default();
            let at = phrase::instant(alerts.shown(episode, *at));
            let words = format!("{at}, after {span}: {}", safe(&because));
            page.prose("Resolved", &words, Role::Plain)?;
        }
        None => page.prose("Resolved", "not by the end", Role::Plain)?,
    }
    let moments = text.moments;
    if episode.alert.count > 0 {
        let range = phrase::range(moments.first_at, moments.last_at);
        let words = format!("{}, {range}", phrase::times(episode.alert.count));
        page.prose("Seen", &words, Role::Plain)?;
    }
    let places = text.samples.iter().map(|it| safe(&format!("{}:{}", it.file, it.line)));
    let places: Vec<_> = places.collect();
    if !places.is_empty() {
        page.prose("Lines", &places.join(", "), Role::Plain)?;
    }
    Ok(())
}

/// Who was told what, and what was withheld, in the order of time.
fn told(page: &mut Page<'_>, alerts: &Alerts) -> io::Result<()> {
    page.prose("Told", "", Role::Plain)?;
    let unicode = page.style.unicode;
    for decision in &alerts.replayed.decisions {
        let (at, words) = match decision {
            Decision::Notify(told) => (told.at, notification_words(told, unicode)),
            Decision::Withhold(withheld) => (withheld.at, withheld_words(withheld, unicode)),
        };
        let at = phrase::instant(alerts.shown_apart(at));
        // On a narrow page the words stand below their time.
        let beside = page.style.width() >= NARROW_COLUMNS;
        let indent = if beside { at.len() + 4 } else { 4 };
        let lines = wrap::wrap(&words, page.style.width().saturating_sub(indent));
        if !beside {
            page.line(&format!("  {at}"))?;
        }
        for (index, line) in lines.iter().enumerate() {
            if beside && index == 0 {
                page.line(&format!("  {at}  {line}"))?;
            } else {
                page.line(&format!("{}{line}", " ".repeat(indent)))?;
            }
        }
    }
    Ok(())
}

fn notification_words(told: &Notification, unicode: bool) -> String {
    let reason = told.reason;
    let alerts = told.alerts.iter().map(|told| {
        let mark = match told.status {
            AlertStatus::Firing => "",
            AlertStatus::FiredAndResolved => " (over already)",
            // The reason says so already.
            AlertStatus::Resolved if reason == NotifyReason::Resolved => "",
            AlertStatus::Resolved => " (resolved)",
        };
        format!("{}{mark}", escape::terminal(&told.alert.rule, unicode))
    });
    let more = match told.left_out {
        0 => String::new(),
        more => format!(" and {} more", phrase::count(more)),
    };
    let receiver = escape::terminal(&told.receiver, unicode);
    format!("{reason} to {receiver}: {}{more}", alerts.collect::<Vec<_>>().join(", "))
}

fn withheld_words(withheld: &Withheld, unicode: bool) -> String {
    let safe = |text: &str| escape::terminal(text, unicode);
    let why = match &withheld.by {
        WithheldBy::Silence { author, reason, .. } => {
            format!("silenced by {}: {}", safe(author), safe(reason))
        }
        WithheldBy::Mute { name } => format!("muted by {}", safe(name)),
        WithheldBy::Inhibition { rule, .. } => format!("{} explains it", safe(rule)),
    };
    format!("withheld {}: {why}", safe(&withheld.rule))
}
