//! What waits for one receiver, and when its next parcel may go.
//!
//! Owns order, rate and waits within one receiver. Must never know another. Pure: instants are
//! handed in. Nothing here fails.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::back_off::wait;
use super::{Again, Parcel};
use crate::config::Rate;

#[derive(Debug, Default)]
pub(super) struct Lane {
    /// The oldest first.
    pub(super) waiting: VecDeque<Parcel>,
    pub(super) in_flight: Option<Parcel>,
    pub(super) rate: Option<Rate>,
    /// Nothing was taken since.
    pub(super) failing_since: Option<DateTime<Utc>>,
    pub(super) last_error: Option<String>,
    /// Names of what was announced elsewhere, of those that wait.
    pub(super) announced: BTreeSet<String>,
    /// When it was sent something, as far back as the rate asks.
    sent_at: VecDeque<DateTime<Utc>>,
    /// Nothing is tried before.
    closed_until: Option<DateTime<Utc>>,
    failures: u32,
}

impl Lane {
    /// The parcel whose turn it is now, if it is any's; it is on its way from now on.
    pub(super) fn next(&mut self, now: DateTime<Utc>) -> Option<Parcel> {
        if self.in_flight.is_some() || self.opens_at().is_some_and(|at| at > now) {
            return None;
        }
        let at = self.waiting.iter().position(|parcel| parcel.not_before <= now)?;
        let parcel = self.waiting.remove(at)?;
        self.sent_at.push_back(now);
        self.trim();
        self.in_flight = Some(parcel.clone());
        Some(parcel)
    }

    pub(super) fn next_at(&self) -> Option<DateTime<Utc>> {
        if self.in_flight.is_some() {
            return None;
        }
        let first = self.waiting.iter().map(|parcel| parcel.not_before).min()?;
        Some(self.opens_at().map_or(first, |at| at.max(first)))
    }

    /// Before then nothing is sent: it could not be reached, or has had its share.
    pub(super) fn opens_at(&self) -> Option<DateTime<Utc>> {
        let shared_at = self.rate.and_then(|rate| {
            let first = self.sent_at.len().checked_sub(messages(rate))?;
            Some(*self.sent_at.get(first)? + rate.per.to_delta())
        });
        self.closed_until.max(shared_at)
    }

    /// Whether it could not be reached when it was last tried.
    pub(super) fn is_closed(&self) -> bool {
        self.closed_until.is_some()
    }

    /// Puts a parcel behind those that are as old.
    pub(super) fn put(&mut self, parcel: Parcel) {
        let place = self.waiting.iter().position(|other| other.created > parcel.created);
        self.waiting.insert(place.unwrap_or(self.waiting.len()), parcel);
    }

    /// Puts a parcel back that stood before those that are as old.
    pub(super) fn put_back(&mut self, parcel: Parcel) {
        let place = self.waiting.iter().position(|other| other.created >= parcel.created);
        self.waiting.insert(place.unwrap_or(self.waiting.len()), parcel);
    }

    /// It was handed what was on its way, and has answered now.
    pub(super) fn answered(&mut self, now: DateTime<Utc>) {
        if let Some(last) = self.sent_at.back_mut() {
            // A receiver counts when it sees a message, not when that sets out.
            *last = now.max(*last);
        }
    }

    /// It took something, or said that it never will: it can be reached.
    pub(super) fn open(&mut self) {
        self.failures = 0;
        self.closed_until = None;
        self.failing_since = None;
        self.last_error = None;
    }

    /// It cannot be reached for now; what was on its way did not get there.
    pub(super) fn close(&mut self, name: &str, again: Again, now: DateTime<Utc>) {
        self.sent_at.pop_back();
        self.failures = self.failures.saturating_add(1);
        self.closed_until = Some(now + self.wait(name, again));
    }

    fn wait(&self, name: &str, again: Again) -> TimeDelta {
        match again {
            Again::After(wait) => TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1)),
            Again::Later | Again::Never => wait(name, self.failures),
        }
    }

    /// Everything is tried at once: somebody says that it can be reached.
    pub(super) fn reopen(&mut self, now: DateTime<Utc>) {
        self.failures = 0;
        self.closed_until = None;
        for parcel in &mut self.waiting {
            parcel.not_before = parcel.not_before.min(now);
        }
    }

    /// Takes out what fits, the oldest first.
    pub(super) fn take(&mut self, mut fits: impl FnMut(&Parcel) -> bool) -> Vec<Parcel> {
        let mut taken = Vec::new();
        for parcel in std::mem::take(&mut self.waiting) {
            if fits(&parcel) {
                taken.push(parcel);
            } else {
                self.waiting.push_back(parcel);
            }
        }
        taken
    }

    /// The recipients of which more than so many parcels wait.
    pub(super) fn crowded(&self, most: usize) -> Vec<Arc<str>> {
        if self.waiting.len() <= most {
            return Vec::new();
        }
        let mut counts: BTreeMap<&Arc<str>, usize> = BTreeMap::new();
        for parcel in &self.waiting {
            *counts.entry(&parcel.recipient).or_default() += 1;
        }
        let crowded = counts.into_iter().filter(|(_, count)| *count > most);
        crowded.map(|(recipient, _)| Arc::clone(recipient)).collect()
    }

    fn trim(&mut self) {
        let most = self.rate.map_or(0, messages);
        while self.sent_at.len() > most.max(1) {
            self.sent_at.pop_front();
        }
    }
}

fn messages(rate: Rate) -> usize {
    usize::try_from(rate.messages).unwrap_or(usize::MAX)
}
