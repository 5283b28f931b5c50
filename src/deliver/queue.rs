//! Which parcel is tried when.
//!
//! Owns order, rates, waits and giving up, for each receiver on its own: one that cannot be reached
//! keeps none of the others. Pure: reports and instants go in, parcels and outcomes come out.
//! Nothing here fails.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::back_off::wait;
use super::{Accepted, Again, Failure, Parcel, Scope};
use crate::config::Rate;

/// How long what is to be delivered is kept and tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// After so long a parcel is given up.
    pub give_up: TimeDelta,
}

impl Default for Settings {
    fn default() -> Self {
        Self { give_up: TimeDelta::days(3) }
    }
}

/// What became of an attempt, to be noted in the outbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It was taken.
    Sent {
        /// How often it was tried.
        attempts: u32,
    },
    /// It is tried again.
    Again {
        /// How often it was tried.
        attempts: u32,
        /// Not before.
        at: DateTime<Utc>,
        /// Why it was not taken.
        error: String,
    },
    /// It is given up.
    Dead {
        /// How often it was tried.
        attempts: u32,
        /// Why it was not taken.
        error: String,
    },
}

/// How a receiver stands.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LaneStatus {
    /// How many parcels wait.
    pub depth: usize,
    /// Since when the oldest waits.
    pub oldest: Option<DateTime<Utc>>,
    /// Since when it cannot be reached.
    pub failing_since: Option<DateTime<Utc>>,
    /// What it failed with last.
    pub last_error: Option<String>,
}

/// What waits for one receiver.
#[derive(Debug, Default)]
struct Lane {
    /// The oldest first.
    waiting: VecDeque<Parcel>,
    in_flight: Option<Parcel>,
    rate: Option<Rate>,
    /// When parcels were taken, as far back as the rate asks.
    taken_at: VecDeque<DateTime<Utc>>,
    /// Nothing is tried before.
    closed_until: Option<DateTime<Utc>>,
    failures: u32,
    failing_since: Option<DateTime<Utc>>,
    last_error: Option<String>,
}

/// What waits for all receivers.
#[derive(Debug, Default)]
pub struct Queue {
    settings: Settings,
    lanes: BTreeMap<Arc<str>, Lane>,
}

impl Queue {
    /// Nothing waits.
    pub fn new(settings: Settings) -> Self {
        Self { settings, lanes: BTreeMap::new() }
    }

    /// How much a receiver is sent at most.
    pub fn set_rate(&mut self, receiver: &Arc<str>, rate: Option<Rate>) {
        self.lanes.entry(Arc::clone(receiver)).or_default().rate = rate;
    }

    /// Puts a parcel behind those of its receiver.
    pub fn put(&mut self, parcel: Parcel) {
        let receiver = Arc::clone(&parcel.notification.receiver);
        self.lanes.entry(receiver).or_default().waiting.push_back(parcel);
    }

    /// Whether a parcel of this name waits or is on its way.
    pub fn holds(&self, receiver: &str, id: &str) -> bool {
        let Some(lane) = self.lanes.get(receiver) else { return false };
        lane.in_flight.iter().chain(&lane.waiting).any(|parcel| parcel.id() == id)
    }

    /// Takes a parcel out that waits; one that is on its way stays.
    pub fn remove(&mut self, receiver: &str, id: &str) -> Option<Parcel> {
        let lane = self.lanes.get_mut(receiver)?;
        let at = lane.waiting.iter().position(|parcel| parcel.id() == id)?;
        lane.waiting.remove(at)
    }

    /// The parcels whose turn it is now, one at most for each receiver. Each is on its way until
    /// [`done`](Self::done) is told of it.
    pub fn due(&mut self, now: DateTime<Utc>) -> Vec<Parcel> {
        self.lanes.values_mut().filter_map(|lane| lane.next(now)).collect()
    }

    /// When to ask again, should nothing come.
    pub fn next_deadline(&self) -> Option<DateTime<Utc>> {
        self.lanes.values().filter_map(Lane::next_at).min()
    }

    /// Notes what became of a parcel that was on its way; nothing if it was not.
    pub fn done(
        &mut self,
        receiver: &str,
        id: &str,
        result: &Result<Accepted, Failure>,
        now: DateTime<Utc>,
    ) -> Option<Outcome> {
        let give_up = self.settings.give_up;
        let lane = self.lanes.get_mut(receiver)?;
        let mut parcel = lane.in_flight.take_if(|parcel| parcel.id() == id)?;
        parcel.attempts += 1;
        let attempts = parcel.attempts;
        let failure = match result {
            Ok(_) => {
                lane.is_open(now);
                return Some(Outcome::Sent { attempts });
            }
            Err(failure) => failure,
        };
        let error = failure.to_string();
        lane.last_error = Some(error.clone());
        let at = match failure.again {
            Again::After(wait) => now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1)),
            _ => now + wait(&parcel.id(), attempts),
        };
        match failure.scope {
            Scope::Receiver => lane.close(receiver, failure.again, now),
            Scope::Message if failure.again == Again::Never => {
                lane.is_open(now);
                return Some(Outcome::Dead { attempts, error });
            }
            Scope::Message => parcel.not_before = at,
        }
        if now - parcel.created >= give_up {
            return Some(Outcome::Dead { attempts, error });
        }
        let at = lane.closed_until.unwrap_or(at).max(parcel.not_before);
        let place = lane.waiting.iter().position(|other| other.created > parcel.created);
        lane.waiting.insert(place.unwrap_or(lane.waiting.len()), parcel);
        Some(Outcome::Again { attempts, at, error })
    }

    /// Whether nothing waits that was not tried, and nothing is on its way.
    pub fn is_tried(&self) -> bool {
        self.lanes.values().all(|lane| {
            lane.in_flight.is_none() && lane.waiting.iter().all(|parcel| parcel.attempts > 0)
        })
    }

    /// Whether anything is on its way.
    pub fn is_in_flight(&self) -> bool {
        self.lanes.values().any(|lane| lane.in_flight.is_some())
    }

    /// How each receiver stands.
    pub fn status(&self) -> BTreeMap<Arc<str>, LaneStatus> {
        let status = |lane: &Lane| LaneStatus {
            depth: lane.waiting.len() + usize::from(lane.in_flight.is_some()),
            oldest: lane.in_flight.iter().chain(&lane.waiting).map(|parcel| parcel.created).min(),
            failing_since: lane.failing_since,
            last_error: lane.last_error.clone(),
        };
        self.lanes.iter().map(|(name, lane)| (Arc::clone(name), status(lane))).collect()
    }
}

impl Lane {
    fn next(&mut self, now: DateTime<Utc>) -> Option<Parcel> {
        if self.in_flight.is_some() || self.opens_at().is_some_and(|at| at > now) {
            return None;
        }
        let at = self.waiting.iter().position(|parcel| parcel.not_before <= now)?;
        let parcel = self.waiting.remove(at)?;
        self.in_flight = Some(parcel.clone());
        Some(parcel)
    }

    fn next_at(&self) -> Option<DateTime<Utc>> {
        if self.in_flight.is_some() {
            return None;
        }
        let first = self.waiting.iter().map(|parcel| parcel.not_before).min()?;
        Some(self.opens_at().map_or(first, |at| at.max(first)))
    }

    /// Before then nothing is sent: it could not be reached, or has had its share.
    fn opens_at(&self) -> Option<DateTime<Utc>> {
        let shared_at = self.rate.and_then(|rate| {
            let messages = usize::try_from(rate.messages).unwrap_or(usize::MAX);
            let first = self.taken_at.len().checked_sub(messages)?;
            Some(*self.taken_at.get(first)? + rate.per.to_delta())
        });
        self.closed_until.max(shared_at)
    }

    /// It answered.
    fn is_open(&mut self, now: DateTime<Utc>) {
        self.failures = 0;
        self.closed_until = None;
        self.failing_since = None;
        if let Some(rate) = self.rate {
            self.taken_at.push_back(now);
            let messages = usize::try_from(rate.messages).unwrap_or(usize::MAX);
            while self.taken_at.len() > messages {
                self.taken_at.pop_front();
            }
        }
    }

    fn close(&mut self, name: &str, again: Again, now: DateTime<Utc>) {
        self.failures = self.failures.saturating_add(1);
        self.failing_since.get_or_insert(now);
        self.closed_until = Some(match again {
            Again::After(wait) => now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1)),
            _ => now + wait(name, self.failures),
        });
    }
}
