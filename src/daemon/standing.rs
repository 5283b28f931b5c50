//! How the run stands, as a value for others.
//!
//! Owns which stage's numbers become which part of a [`Status`], and who is told of it without
//! asking. Must never change anything. Nothing here fails.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::Path;
use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::Daemon;
use super::tally::ReceiverTally;
use crate::config::{Origin, Receiver, Source};
use crate::engine::{Alert, Instant, Silence, SilenceEnd, State};
use crate::extract;
use crate::follow::{Lag, Now};
use crate::http::Server;
use crate::render::{self, AlertText};
use crate::status::{
    ALERTS_MAX, AlertStatus, Board, ConfigurationStatus, Counters, ReceiverStatus, RuleStatus,
    SOURCES_MAX, SilenceStatus, SourceStatus, Status, StoreStatus, TEXTS_MAX,
};
use crate::surface::Language;
use crate::zone::Zone;

/// What is known of a source whose files or stream are read.
struct Read<'d> {
    counters: &'d BTreeMap<Arc<str>, extract::Counters>,
    lags: BTreeMap<Arc<str>, Lag>,
    now: DateTime<Utc>,
}

impl Daemon {
    /// Tells the service's manager that the run lives, as long as every stage does.
    pub(super) fn supervise(&mut self, now: Now) {
        self.progress.beats(self.server.as_ref().map(Server::beats), now.mono);
        let stalled = self.progress.stalled(now.mono);
        self.telemetry.stalled(stalled.as_deref(), now.mono);
        let is_well = stalled.is_none();
        self.options.supervisor.feed(is_well, now.mono);
        if self.options.supervisor.wants_status(now.mono) {
            let line = self.standing(now).line();
            self.options.supervisor.status(line);
        }
    }

    /// How it stands now.
    pub(super) fn standing(&mut self, now: Now) -> Status {
        let (alerts, alerts_left_out) = self.alert_statuses();
        let mut sources = self.source_statuses(now);
        let sources_left_out = sources.len().saturating_sub(SOURCES_MAX) as u64;
        fold_rest(&mut sources);
        let (commits, failures) = self.keeper.counts();
        Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            at: now.wall,
            started: self.started,
            catching_up: self.pipeline.is_catching_up(),
            stalled: self.progress.stalled(now.mono),
            configuration: ConfigurationStatus {
                since: self.configured,
                refused: self.tally.refused.clone(),
            },
            sources,
            sources_left_out,
            alerts,
            alerts_left_out,
            rules: self.rule_statuses(),
            receivers: self.receiver_statuses(),
            silences: self.pipeline.silences().map(silence_status).collect(),
            store: StoreStatus {
                directory: self.options.state_directory.display().to_string(),
                commits,
                failures,
                failing_since: self.keeper.failing_since(),
            },
            fleet: self.fleet.as_ref().map(|part| part.standing(now.mono)),
            counters: self.counters(),
            errors: self.tally.errors.clone(),
        }
    }

    /// How it stands now, with what its alerts say.
    pub(super) fn board(&mut self, language: Language, now: Now) -> Board {
        let zone = self.config.zone.unwrap_or(Zone::UTC);
        let view = render::View { zone: Some(zone), language };
        let (rules, catalogue) = (self.pipeline.rules(), &self.config.catalogue);
        let text = |(state, alert): &(State, Alert)| {
            let rule = rules.iter().find(|rule| rule.name == alert.rule);
            AlertText::of(alert, rule, None, *state, catalogue, view)
        };
        let open = self.open_alerts();
        let firing = open.iter().take_while(|(state, _)| *state == State::Firing);
        let texts = firing.take(TEXTS_MAX).map(text).collect();
        let catalogue = Arc::clone(catalogue);
        Board { status: self.standing(now), texts, catalogue, zone }
    }

    /// What fires, then the graver, then the older.
    fn open_alerts(&self) -> Vec<(State, Alert)> {
        let mut open = self.pipeline.alerts();
        open.sort_by_key(|(state, alert)| {
            let gravest = std::cmp::Reverse(alert.severity);
            (*state != State::Firing, gravest, alert.pending_at, alert.fingerprint)
        });
        open
    }

    fn alert_statuses(&self) -> (Vec<AlertStatus>, u64) {
        let mut open = self.open_alerts();
        let left_out = open.len().saturating_sub(ALERTS_MAX) as u64;
        open.truncate(ALERTS_MAX);
        let listed = open.iter().map(|(state, alert)| self.alert_status(*state, alert)).collect();
        (listed, left_out)
    }

    fn alert_status(&self, state: State, alert: &Alert) -> AlertStatus {
        let rule = self.pipeline.rules().iter().find(|rule| rule.name == alert.rule);
        let labels = alert.labels.iter();
        AlertStatus {
            fingerprint: alert.fingerprint.to_string(),
            rule: alert.rule.to_string(),
            severity: alert.severity,
            state,
            headline: render::summary_of(alert, rule, &self.config.catalogue, self.config.zone),
            labels: labels.map(|(name, value)| (name.to_string(), value.to_string())).collect(),
            since: utc(alert.pending_at),
            fired_at: alert.fired_at.map(utc),
            count: alert.count,
            last_at: utc(alert.last_at),
            locked_until: alert.locked_until.map(utc),
            silenced_by: self.pipeline.silence_of(alert).map(ToString::to_string),
            codes: alert.evidence.codes.iter().map(|code| code.code.to_string()).collect(),
        }
    }

    fn rule_statuses(&self) -> Vec<RuleStatus> {
        let mut open: BTreeMap<Arc<str>, (u64, u64)> = BTreeMap::new();
        for (rule, state) in self.pipeline.open() {
            let (pending, firing) = open.entry(rule).or_default();
            *(if state == State::Firing { firing } else { pending }) += 1;
        }
        let rules = self.pipeline.rules().iter().map(|rule| {
            let (pending, firing) = open.get(&rule.name).copied().unwrap_or_default();
            let changes = self.tally.changes.get(&rule.name).copied();
            let (fired, resolved) = changes.unwrap_or_default();
            let (name, severity) = (rule.name.to_string(), rule.severity);
            RuleStatus { name, severity, pending, firing, fired, resolved }
        });
        let mut rules: Vec<_> = rules.collect();
        rules.sort_by(|one, other| one.name.cmp(&other.name));
        rules
    }

    fn receiver_statuses(&self) -> Vec<ReceiverStatus> {
        let lanes = self.outbox.status();
        let of = |receiver: &Receiver| {
            let lane = lanes.get(&receiver.name).cloned().unwrap_or_default();
            let tally = self.tally.receivers.get(&receiver.name).copied();
            let ReceiverTally { sent, failed, dead, last_sent } = tally.unwrap_or_default();
            ReceiverStatus {
                name: receiver.name.to_string(),
                kind: receiver.way.key().to_owned(),
                waiting: lane.depth as u64,
                oldest: lane.oldest,
                failing_since: lane.failing_since,
                last_error: lane.last_error,
                last_sent,
                sent,
                failed,
                dead,
            }
        };
        self.config.receivers.iter().map(of).collect()
    }

    fn source_statuses(&mut self, now: Now) -> Vec<SourceStatus> {
        self.tally.forget_gone(|path| {
            path.symlink_metadata().is_err_and(|error| error.kind() == ErrorKind::NotFound)
        });
        let files = self.follow.files_of_sources();
        let mut files = files.into_iter();
        let lags = self.follow.lag();
        let read = Read { counters: self.telemetry.sources(), lags, now: now.wall };
        let mut statuses = Vec::new();
        for source in &self.config.sources {
            if source.origin.is_of_files() {
                let followed = files.next().unwrap_or_default();
                statuses.extend(self.statuses_of_files(source, &followed, &read));
            } else {
                let name = name_of(source);
                let problem = self.tally.problem_of(&name).cloned();
                statuses.push(SourceStatus { problem, ..self.status_of(source, &name, &read) });
            }
        }
        statuses
    }

    fn statuses_of_files(
        &self,
        source: &Source,
        followed: &BTreeMap<Arc<str>, u64>,
        read: &Read<'_>,
    ) -> Vec<SourceStatus> {
        let unfollowed = self.tally.unfollowed(|path| is_of(source, path));
        if followed.is_empty() {
            let problem = unfollowed.unwrap_or_else(|| "no file is there yet".to_owned());
            let status = self.status_of(source, &name_of(source), read);
            return vec![SourceStatus { files: Some(0), problem: Some(problem), ..status }];
        }
        let of = |(name, files): (&Arc<str>, &u64)| SourceStatus {
            files: Some(*files),
            ..self.status_of(source, name, read)
        };
        let mut statuses: Vec<_> = followed.iter().map(of).collect();
        if let Some(first) = statuses.first_mut() {
            first.problem = unfollowed;
        }
        statuses
    }

    fn status_of(&self, source: &Source, name: &str, read: &Read<'_>) -> SourceStatus {
        let counters = read.counters.get(name).cloned().unwrap_or_default();
        let errors = self.tally.sources.get(name).copied().unwrap_or_default();
        let lag = read.lags.get(name).copied().unwrap_or_default();
        let lag_seconds = super::summary::lag_seconds(lag, read.now);
        SourceStatus {
            name: name.to_owned(),
            kind: source.origin.key().to_owned(),
            files: None,
            lines: counters.lines,
            read_bytes: counters.bytes,
            errors: errors.errors,
            repeats: errors.repeats,
            mentions: counters.mentions,
            untimed: counters.untimed,
            last_at: counters.last_at.map(|at| at.to_utc()),
            lag_bytes: lag.bytes,
            lag_seconds: lag_seconds.and_then(|seconds| u64::try_from(seconds).ok()),
            problem: None,
        }
    }

    fn counters(&mut self) -> Counters {
        let tail = self.telemetry.tail_counters(&mut self.follow);
        let (engine, policy) = (self.pipeline.counters(), self.pipeline.policy_counters());
        let not_kept = self.keeper.left_out();
        let extracted = self.telemetry.sources().values();
        let codes = extracted.map(|source| source.codes_left_out + source.beyond_line_max).sum();
        let left_out = [
            ("alerts", policy.alerts_refused),
            ("alerts_of_notifications", policy.alerts_left_out),
            ("codes", codes),
            ("decisions", not_kept.decisions),
            ("groups", engine.groups_refused),
            ("history", not_kept.history),
            ("label_sets", self.tally.errors_unlabelled),
            ("paths", tail.left_out),
            ("silences", policy.silences_refused),
        ];
        let of = |(what, count): (&str, u64)| (what.to_owned(), count);
        Counters {
            rotations: tail.rotations,
            possibly_lost: tail.possibly_lost,
            lost_bytes: tail.lost_bytes,
            late: engine.late + engine.past,
            withheld: self.tally.withheld.iter().map(|(by, count)| of((by, *count))).collect(),
            left_out: left_out.into_iter().map(of).collect(),
        }
    }
}

/// What finds no room in the list is one source.
fn fold_rest(sources: &mut Vec<SourceStatus>) {
    if sources.len() <= SOURCES_MAX {
        return;
    }
    let rest = sources.split_off(SOURCES_MAX - 1);
    let mut other = SourceStatus { name: "other".to_owned(), ..SourceStatus::default() };
    for source in rest {
        other.files = Some(other.files.unwrap_or(0) + source.files.unwrap_or(0));
        other.lines += source.lines;
        other.read_bytes += source.read_bytes;
        other.errors += source.errors;
        other.repeats += source.repeats;
        other.mentions += source.mentions;
        other.untimed += source.untimed;
        other.lag_bytes += source.lag_bytes;
        other.lag_seconds = other.lag_seconds.max(source.lag_seconds);
        other.last_at = other.last_at.max(source.last_at);
        other.problem = other.problem.or(source.problem);
    }
    sources.push(other);
}

fn name_of(source: &Source) -> String {
    if source.label.name.is_empty() {
        source.origin.to_string()
    } else {
        source.label.name.to_string()
    }
}

fn is_of(source: &Source, path: &Path) -> bool {
    match &source.origin {
        Origin::Files { patterns, .. } => {
            patterns.iter().any(|pattern| pattern.fits(path) || path.starts_with(pattern.as_path()))
        }
        Origin::Docker(directory) | Origin::Pods(directory) => path.starts_with(directory),
        Origin::Stdin | Origin::Fifo(_) | Origin::Journal { .. } => false,
    }
}

pub(super) fn silence_status((silence, configured): (&Silence, bool)) -> SilenceStatus {
    let until = match silence.ends {
        SilenceEnd::Until(end) => Some(utc(end)),
        SilenceEnd::UntilResolved => None,
    };
    SilenceStatus {
        id: silence.id.to_string(),
        matchers: silence.matchers.iter().map(ToString::to_string).collect(),
        author: silence.author.to_string(),
        reason: silence.reason.to_string(),
        from: (silence.starts_at > Instant::default()).then(|| utc(silence.starts_at)),
        until,
        configured,
    }
}

fn utc(at: Instant) -> DateTime<Utc> {
    DateTime::from_timestamp_millis(at.0).unwrap_or_default()
}
