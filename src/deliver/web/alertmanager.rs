//! Alertmanagers themselves, by version 2 of their interface.
//!
//! Owns what each of them is to believe: what fires is said again every minute, for it ends by
//! itself five minutes after it was last said; what is over is said for a quarter of an hour. Must
//! never say what is known to be over as if it fired. Fails with what a peer said; one that cannot
//! be reached holds up no other.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, FixedOffset, TimeDelta, Utc};
use serde_json::{Value, json};

use super::answer::{self, by_status};
use super::http::{Answer, Masks};
use super::prometheus::{Labels, annotations, labels, starts_at};
use super::{Wire, masked, post, secret_of};
use crate::config::{Alertmanager, Link};
use crate::deliver::{Accepted, Again, Failure, Hidden, Parcel, Scope, Sender, Trace};
use crate::engine::{AlertStatus, Fingerprint, Instant, ToldAlert};
use crate::render::chat::Words;
use crate::render::{Texts, ToldText, notes};
use crate::surface::Language;

const RESEND: TimeDelta = TimeDelta::minutes(1);

/// An alert ends by itself so long after it was last said to fire.
const ENDS_AFTER: TimeDelta = TimeDelta::minutes(5);

/// What is over is said for so long.
const OVER: TimeDelta = TimeDelta::minutes(15);

/// What is over is remembered for so long: longer than a parcel is tried.
const REMEMBERED: TimeDelta = TimeDelta::days(8);

/// As many in one request.
const BATCH: usize = 64;

/// What is over goes first where this is reached.
const KNOWN_MAX: usize = 100_000;

/// What an Alertmanager is to believe of one alert.
#[derive(Debug, Clone, PartialEq)]
struct Standing {
    labels: Labels,
    annotations: Labels,
    starts_at: DateTime<FixedOffset>,
    /// In event time.
    changed_at: Instant,
    ends: Ends,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Ends {
    /// It fires.
    Open,
    /// It came and went before it was told: nobody would hear of what is over when it is first
    /// said, so it fires until then.
    Brief(DateTime<Utc>),
    /// It is over since the first, and that is known here since the second.
    Over(DateTime<Utc>, DateTime<Utc>),
}

impl Standing {
    fn is_said(&self, now: DateTime<Utc>) -> bool {
        match self.ends {
            Ends::Open => true,
            Ends::Brief(until) => now < until + OVER,
            Ends::Over(_, known) => now < known + OVER,
        }
    }

    fn said(&self, now: DateTime<Utc>) -> Value {
        let ends_at = match self.ends {
            Ends::Open => now + ENDS_AFTER,
            Ends::Brief(until) => until,
            // A log whose clock is ahead of ours: it is over nevertheless.
            Ends::Over(at, _) => at.min(now),
        };
        json!({
            "labels": self.labels,
            "annotations": self.annotations,
            "startsAt": self.starts_at.to_utc().min(ends_at).to_rfc3339(),
            "endsAt": ends_at.to_rfc3339(),
        })
    }
}

/// What all Alertmanagers are to believe.
#[derive(Debug, Default)]
pub(super) struct Belief {
    known: BTreeMap<Fingerprint, Standing>,
    /// What was put into the outbox before is only told if it stands.
    adopted_at: Option<DateTime<Utc>>,
    next: Option<DateTime<Utc>>,
}

impl Belief {
    /// Takes in what a notification says, but for what is known better.
    pub(super) fn note(
        &mut self,
        told: &ToldAlert,
        text: &ToldText,
        (words, notes): (&Words, &[String]),
        added: &[(Arc<str>, Arc<str>)],
        (created, now): (DateTime<Utc>, DateTime<Utc>),
    ) {
        let fingerprint = told.alert.fingerprint;
        let known = self.known.get(&fingerprint);
        if known.is_some_and(|known| known.changed_at > told.changed_at) {
            return;
        }
        let is_older = self.adopted_at.is_some_and(|at| created < at);
        let ended = told.alert.resolved_at.map(|at| at.0);
        let ended = ended.and_then(DateTime::from_timestamp_millis).unwrap_or(now);
        let ends = match told.status {
            AlertStatus::Firing if is_older && known.is_none() => Ends::Over(now, now),
            AlertStatus::Firing => Ends::Open,
            AlertStatus::FiredAndResolved => Ends::Brief(now + ENDS_AFTER),
            AlertStatus::Resolved => Ends::Over(ended, now),
        };
        // A second attempt does not make it younger.
        let ends = match known {
            Some(known) if known.changed_at == told.changed_at && known.ends != Ends::Open => {
                known.ends
            }
            _ => ends,
        };
        let standing = Standing {
            labels: labels(&text.text, added),
            annotations: annotations(notes, &text.text, words),
            starts_at: starts_at(&text.text),
            changed_at: told.changed_at,
            ends,
        };
        self.known.insert(fingerprint, standing);
        let next = now + RESEND;
        self.next = Some(self.next.map_or(next, |at| at.min(next)));
    }

    /// When something is to be said again.
    pub(super) fn next(&self) -> Option<DateTime<Utc>> {
        self.next
    }

    /// These fire and were told; all others are over.
    pub(super) fn adopt(&mut self, standing: &[ToldAlert], now: DateTime<Utc>) {
        self.adopted_at = Some(now);
        self.end_others(standing, now);
        // What stands is said at once: who has waited for five minutes believes that it is over.
        if !standing.is_empty() {
            self.next = Some(now);
        }
    }

    /// All but these are over.
    pub(super) fn end_others(&mut self, standing: &[ToldAlert], now: DateTime<Utc>) {
        let fires: BTreeSet<_> = standing.iter().map(|told| told.alert.fingerprint).collect();
        for (fingerprint, known) in &mut self.known {
            if known.ends == Ends::Open && !fires.contains(fingerprint) {
                known.ends = Ends::Over(now, now);
            }
        }
    }

    /// What is said of these alerts now.
    pub(super) fn of(&self, told: &[ToldAlert], now: DateTime<Utc>) -> Vec<Value> {
        let known = told.iter().filter_map(|told| self.known.get(&told.alert.fingerprint));
        known.map(|standing| standing.said(now)).collect()
    }

    /// What is said again now, and forgets what is long over.
    pub(super) fn again(&mut self, now: DateTime<Utc>) -> Vec<Value> {
        let is_kept = |standing: &Standing| match standing.ends {
            Ends::Open => true,
            Ends::Brief(at) | Ends::Over(_, at) => now < at + REMEMBERED,
        };
        self.known.retain(|_, standing| is_kept(standing));
        if self.known.len() > KNOWN_MAX {
            self.known.retain(|_, standing| standing.is_said(now));
        }
        let said = self.known.values().filter(|standing| standing.is_said(now));
        let said: Vec<_> = said.map(|standing| standing.said(now)).collect();
        self.next = (!said.is_empty()).then_some(now + RESEND);
        said
    }
}

/// The Alertmanagers of one cluster.
pub(super) struct Peers {
    config: Alertmanager,
    wire: Wire,
    words: &'static Words,
    belief: Belief,
}

impl Peers {
    pub(super) fn new(config: Alertmanager, link: Link, language: Language) -> Self {
        let words = Words::of(language);
        let wire = Wire { link, http: None };
        Self { config, wire, words, belief: Belief::default() }
    }

    fn note(
        &mut self,
        alerts: &[ToldAlert],
        (texts, notes): (&Texts, &[String]),
        created: DateTime<Utc>,
        now: DateTime<Utc>,
    ) {
        let words = (self.words, notes);
        for told in alerts {
            let text = ToldText::of(told, texts);
            self.belief.note(told, &text, words, &self.config.labels, (created, now));
        }
    }

    fn tell(
        &mut self,
        peer: &str,
        alerts: &[Value],
        now: DateTime<Utc>,
        trace: Trace<'_>,
    ) -> Result<Accepted, Failure> {
        let authorization = self.config.authorization.as_ref().map(secret_of).transpose()?;
        let url = Hidden::new(format!("{peer}/api/v2/alerts"));
        if authorization.is_some() {
            super::robot::private(url.clone())?;
        }
        let masks = Masks::of(&authorization);
        let http = self.wire.http()?;
        let mut accepted = Accepted::default();
        let mut failed = None;
        let mut batches: Vec<&[Value]> = alerts.chunks(BATCH).rev().collect();
        while let Some(batch) = batches.pop() {
            let body = Value::Array(batch.to_vec()).to_string().into_bytes();
            let mut request = post(url.reveal(), body);
            let header = authorization.clone().map(|value| ("Authorization".to_owned(), value));
            request.headers.extend(header);
            let answer = http.post(&request, &masks, now, trace)?;
            match judge(&answer) {
                Ok(taken) => accepted = taken,
                // One that it does not take must not keep it from the others.
                Err(failure) if failure.again == Again::Never && batch.len() > 1 => {
                    let (left, right) = batch.split_at(batch.len() / 2);
                    batches.extend([right, left]);
                }
                Err(failure) if failure.again == Again::Never => {
                    failed = Some(masked(failure, &masks));
                }
                Err(failure) => return Err(masked(failure, &masks)),
            }
        }
        failed.map_or(Ok(accepted), Err)
    }
}

pub(super) fn judge(answer: &Answer) -> Result<Accepted, Failure> {
    by_status(answer).map_err(|failure| match answer.status {
        404 | 405 | 410 => failure.with_hint(
            "this is no Alertmanager of version 0.16 or later, or it has a prefix that the \
             address lacks",
        ),
        _ => failure,
    })?;
    Ok(answer::taken(answer))
}

/// A peer that fails is no reason to keep anything from the others.
fn alone(failure: Failure) -> Failure {
    Failure { scope: Scope::Message, ..failure }
}

impl Sender for Peers {
    fn send(
        &mut self,
        parcel: &Parcel,
        texts: &Texts,
        now: DateTime<Utc>,
        trace: Trace<'_>,
    ) -> Result<Accepted, Failure> {
        let alerts = &parcel.notification.alerts;
        let notes = notes(&parcel.notification, texts);
        self.note(alerts, (texts, &notes), parcel.created, now);
        let said = self.belief.of(alerts, now);
        self.tell(&parcel.recipient, &said, now, trace).map_err(alone)
    }

    fn preview(&self, parcel: &Parcel, texts: &Texts, now: DateTime<Utc>) -> Option<Vec<u8>> {
        let mut belief = Belief::default();
        let notes = notes(&parcel.notification, texts);
        let words = (self.words, &notes[..]);
        let alerts = &parcel.notification.alerts;
        for told in alerts {
            let text = ToldText::of(told, texts);
            belief.note(told, &text, words, &self.config.labels, (parcel.created, now));
        }
        let said = Value::Array(belief.of(alerts, now)).to_string().into_bytes();
        Some(super::pretty(std::iter::once(said)))
    }

    fn adopt(&mut self, standing: &[ToldAlert], texts: &Texts, now: DateTime<Utc>) {
        self.belief.adopt(standing, now);
        self.note(standing, (texts, &[]), now, now);
    }

    fn end_others(&mut self, standing: &[ToldAlert], now: DateTime<Utc>) {
        self.belief.end_others(standing, now);
    }

    fn next_resend(&self) -> Option<DateTime<Utc>> {
        self.belief.next()
    }

    fn resend(&mut self, now: DateTime<Utc>) -> Vec<(Arc<str>, Failure)> {
        let said = self.belief.again(now);
        let peers = Arc::clone(&self.config.urls);
        let mut failures = Vec::new();
        for peer in peers.iter() {
            if let Err(failure) = self.tell(peer, &said, now, &mut |_| {}) {
                failures.push((Arc::clone(peer), failure));
            }
        }
        failures
    }
}
