//! What must be true: the invariants of the product, held against the truth of what was written and
//! of what got to receivers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::logs::Logs;
use super::receivers::{Arrival, Receivers};
use crate::config::Config;
use crate::daemon::story::{Chapter, Happened};
use crate::engine::{self, AlertStatus, Event, Instant, NotifyReason, State, Transition};
use crate::extract::{self, Extractor};
use crate::occurrence::Occurrence;
use crate::replay::{Limits, Replay};
use crate::store::{HistoryFilter, HistoryKey, Look, OutboxEntry, OutboxState};
use crate::zone::Zone;

const ROWS_MAX: usize = 1_000_000;

/// A change of an alert: which, of which rule, to what, when.
pub(super) type Change = (String, String, String, i64);

/// Finds of different logs that were read within a moment of each other are passed on as each log
/// is quiet. So what is true of several logs may become true, and be over, at a neighbour.
const NEIGHBOURS_MS: i64 = 100;

/// The same where a slow machine reads a little of each in turn.
const SLOW_NEIGHBOURS_MS: i64 = 1_000;

/// The state as it was committed last.
pub(super) struct Kept {
    pub(super) history: BTreeMap<HistoryKey, u64>,
    pub(super) outbox: BTreeMap<String, (OutboxState, OutboxEntry)>,
    pub(super) chapters: BTreeMap<String, Vec<Chapter>>,
}

impl Kept {
    pub(super) fn look(directory: &Path) -> Self {
        let look = Look::open(directory).unwrap();
        let range = DateTime::<Utc>::UNIX_EPOCH..DateTime::<Utc>::MAX_UTC;
        let history = look.history(range, &HistoryFilter::default(), ROWS_MAX).unwrap();
        let history = history.into_iter().map(|row| (row.key, row.errors)).collect();
        let mut outbox = BTreeMap::new();
        for state in OutboxState::ALL {
            for entry in look.outbox(state, ROWS_MAX).unwrap() {
                outbox.insert(entry.row.id.clone(), (state, entry));
            }
        }
        let mut chapters = BTreeMap::new();
        for alert in look.alerts(ROWS_MAX).unwrap() {
            let rows = look.decisions(&alert, ROWS_MAX).unwrap();
            chapters.insert(alert, rows.iter().filter_map(Chapter::of).collect());
        }
        Self { history, outbox, chapters }
    }

    pub(super) fn is_noted(&self, id: &str) -> bool {
        self.outbox.get(id).is_some_and(|(state, _)| *state != OutboxState::Queued)
    }

    pub(super) fn changes(&self) -> BTreeSet<Change> {
        let mut changes = BTreeSet::new();
        for (alert, chapters) in &self.chapters {
            for chapter in chapters {
                if let Happened::Changed { to, rule, .. } = &chapter.happened {
                    let at_ms = chapter.at.timestamp_millis();
                    changes.insert((alert.clone(), rule.to_string(), to.to_string(), at_ms));
                }
            }
        }
        changes
    }

    /// Nothing counts twice, and at the end nothing is missing.
    pub(super) fn check_counts(&self, logs: &Logs, is_end: bool, breaches: &mut Vec<String>) {
        let expected = logs.expected();
        let mut counted: BTreeMap<HistoryKey, u64> = BTreeMap::new();
        for (key, errors) in &self.history {
            *counted.entry(logs.coarse(key.clone())).or_default() += errors;
        }
        for (key, errors) in &counted {
            let (_, most) = expected.get(key).copied().unwrap_or_default();
            if *errors > most {
                breaches.push(format!("{key:?} counts {errors}, written {most}"));
            }
        }
        for (key, (least, _)) in expected.iter().filter(|_| is_end) {
            let errors = counted.get(key).copied().unwrap_or_default();
            if errors < *least {
                breaches.push(format!("{key:?} counts {errors}, written {least}"));
            }
        }
    }

    /// Every change was told, or it is said why not. The end of what nobody was told of is
    /// nobody's. Under a clock that jumps, what comes later may stand before.
    pub(super) fn check_told(&self, does_jump: bool, breaches: &mut Vec<String>) {
        for (alert, chapters) in &self.chapters {
            let words = |from: DateTime<Utc>| {
                let is_word = |it: &&Chapter| !matches!(it.happened, Happened::Changed { .. });
                chapters.iter().filter(is_word).filter(move |it| does_jump || it.at >= from)
            };
            let is_told = |it: &Chapter| matches!(it.happened, Happened::Told { .. });
            let mut fired_at = None;
            for change in chapters {
                let Happened::Changed { to, rule, .. } = &change.happened else { continue };
                let at = change.at;
                let is_accounted = if *to == State::Firing {
                    fired_at = Some(at);
                    words(at).next().is_some()
                } else {
                    let was_told =
                        words(fired_at.unwrap_or(at)).any(|it| is_told(it) && it.at < at);
                    !was_told || words(at).next().is_some()
                };
                if !is_accounted {
                    breaches.push(format!("{rule} {alert} was {to} at {at} and nobody was told"));
                }
            }
        }
    }

    /// What waits was delivered, and what was delivered got there.
    pub(super) fn check_delivered(&self, receivers: &Receivers, breaches: &mut Vec<String>) {
        let got: BTreeSet<&str> = receivers.arrivals.iter().map(|it| &*it.id).collect();
        for (id, (state, entry)) in &self.outbox {
            let is_right = match state {
                OutboxState::Queued => false,
                OutboxState::Sent => got.contains(&**id),
                OutboxState::Merged => true,
                OutboxState::Dead => receivers.refused.contains(id),
            };
            if !is_right {
                let (receiver, error) = (&entry.row.receiver, &entry.row.last_error);
                breaches.push(format!("{id} for {receiver} ended as {state:?}: {error:?}"));
            }
        }
        self.check_told_of(receivers, breaches);
    }

    /// What was told had been committed, and what was heard of it is.
    pub(super) fn check_told_of(&self, receivers: &Receivers, breaches: &mut Vec<String>) {
        for Arrival { id, is_unkept, .. } in &receivers.arrivals {
            // What was told before it could be committed may be told in other company later.
            if !is_unkept && !self.outbox.contains_key(id) {
                breaches.push(format!("{id} was told and is in no outbox"));
            }
        }
        for id in receivers.noted.iter().filter(|id| !self.is_noted(id)) {
            breaches.push(format!("{id} was heard to be there, and that is not kept"));
        }
    }

    /// Nothing is told of that did not change.
    /// What could not be committed before is found again, unless its lines may be lost.
    pub(super) fn check_news(
        &self,
        receivers: &Receivers,
        may_lose: bool,
        breaches: &mut Vec<String>,
    ) {
        let changes = self.changes();
        for arrival in receivers.arrivals.iter().filter(|it| !(it.is_unkept && may_lose)) {
            let is_repeat = matches!(arrival.notification.reason, NotifyReason::Repeat { .. });
            for told in arrival.notification.alerts.iter().filter(|told| told.is_news) {
                let to = match told.status {
                    AlertStatus::Firing => State::Firing,
                    _ => State::Resolved,
                };
                let alert = told.alert.fingerprint.to_string();
                let rule = told.alert.rule.to_string();
                let change = (alert, rule, to.to_string(), told.changed_at.0);
                // Its end may have come before it was told that what it was silenced for is over.
                if !is_repeat && told.ended.is_none() && !changes.contains(&change) {
                    breaches.push(format!("{} tells of {change:?}, which never was", arrival.id));
                }
            }
        }
    }
}

/// What is found in what one source wrote.
#[derive(Default)]
struct Finds(Vec<Occurrence>);

impl extract::Sink for Finds {
    fn occurrence(&mut self, occurrence: Occurrence) {
        self.0.push(occurrence);
    }
}

/// The changes that a backtest of everything that was written finds.
pub(super) fn backtest(logs: &Logs, config: &Config, until: DateTime<Utc>) -> BTreeSet<Change> {
    let mut events: Vec<(Instant, engine::Source, Occurrence)> = Vec::new();
    for log in &logs.all {
        let lines = logs.truth.iter().filter(|line| line.source == log.source);
        let text: String = lines.map(|line| &*line.text).collect();
        let settings = extract::Settings::new(Zone::UTC, until);
        let mut finds = Finds::default();
        let mut extractor = Extractor::new(&config.catalogue, settings, log.source.into());
        extractor.push(text.as_bytes(), &mut finds);
        extractor.finish(&mut finds);
        for occurrence in finds.0 {
            let at = occurrence.at.map_or(Instant::MIN, Instant::from);
            events.push((at, engine::Source::named(log.source), occurrence));
        }
    }
    events.sort_by_key(|(at, ..)| *at);
    let limits = Limits { changes_max: ROWS_MAX, ..Limits::default() };
    let settings = config.alerting.settings;
    let rules = Arc::clone(config.alerting.rules.rules());
    let (policy, catalogue) = (config.alerting.policy.clone(), Arc::clone(&config.catalogue));
    let mut replay = Replay::new(rules, policy, catalogue, settings, limits);
    for (at, source, occurrence) in &events {
        replay.event(*at, &Event::error(source, occurrence));
    }
    let replayed = replay.finish(Some(until.into()), settings);
    let worth_it = replayed.changes.into_iter().filter(|change| {
        matches!(change.to, State::Firing | State::Resolved) && change.at <= until.into()
    });
    let named = |change: Transition| {
        let Transition { at, to, alert, .. } = change;
        (alert.fingerprint.to_string(), alert.rule.to_string(), to.to_string(), at.0)
    };
    worth_it.map(named).collect()
}

/// What only one of the two finds.
pub(super) fn differences(
    live: &BTreeSet<Change>,
    backtest: &BTreeSet<Change>,
    is_slow: bool,
) -> Vec<String> {
    let neighbours_ms = if is_slow { SLOW_NEIGHBOURS_MS } else { NEIGHBOURS_MS };
    let only = |ours: &BTreeSet<Change>, others: &BTreeSet<Change>| -> Vec<Change> {
        let is_found = |(alert, rule, to, at): &Change| {
            let apart = if rule == "throttled" { neighbours_ms } else { 0 };
            let from = (alert.clone(), rule.clone(), to.clone(), at - apart);
            let until = (alert.clone(), rule.clone(), to.clone(), at + apart);
            others.range(from..=until).next().is_some()
        };
        ours.iter().filter(|change| !is_found(change)).cloned().collect()
    };
    let words = |whose: &'static str, changes: Vec<Change>| {
        changes.into_iter().map(move |change| format!("only {whose} finds {change:?}"))
    };
    words("live", only(live, backtest)).chain(words("backtest", only(backtest, live))).collect()
}
