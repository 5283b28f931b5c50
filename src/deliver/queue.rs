//! Which parcel is tried when.
//!
//! Owns whose turn it is, giving up, what is joined and what another receiver is to be told, for
//! each receiver on its own: one that cannot be reached keeps none of the others. Must never drop a
//! parcel without handing it back. Pure: reports and instants go in, parcels and outcomes come out.
//! Nothing here fails.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

use super::back_off::wait;
use super::lane::Lane;
use super::{Accepted, Again, Failure, Parcel, Scope, digest};
use crate::config::Rate;
use crate::engine::NotifyReason;

/// How long what is to be delivered is kept and tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// After so long a parcel is given up.
    pub give_up: TimeDelta,
    /// So many parcels wait for a receiver and recipient; if it is more, the oldest are joined.
    pub waiting_max: usize,
}

impl Default for Settings {
    fn default() -> Self {
        Self { give_up: TimeDelta::days(3), waiting_max: 1000 }
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
    /// Since when it took nothing although it was tried.
    pub failing_since: Option<DateTime<Utc>>,
    /// What it failed with last.
    pub last_error: Option<String>,
}

/// Parcels that became one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Joined {
    /// The one.
    pub digest: Parcel,
    /// What it stands for, the oldest first.
    pub parcels: Vec<Parcel>,
}

/// What waits for a receiver that cannot be reached, and was not announced elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreached {
    /// Who.
    pub receiver: Arc<str>,
    /// Since when.
    pub since: DateTime<Utc>,
    /// What it failed with last.
    pub cause: String,
    /// What waits.
    pub parcels: Vec<Parcel>,
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

    /// Puts a parcel behind those of its receiver. Gives those whose place it takes: that something
    /// still fires is told by whatever is told of it later.
    #[must_use]
    pub fn put(&mut self, parcel: Parcel) -> Vec<Parcel> {
        let receiver = Arc::clone(&parcel.notification.receiver);
        let lane = self.lanes.entry(receiver).or_default();
        let replaced = if parcel.notification.passage.is_direct() {
            lane.take(|before| is_replaced(before, &parcel))
        } else {
            Vec::new()
        };
        for parcel in &replaced {
            lane.announced.remove(&parcel.id());
        }
        lane.put(parcel);
        replaced
    }

    /// Whether a parcel of this name waits or is on its way.
    pub fn holds(&self, receiver: &str, id: &str) -> bool {
        let Some(lane) = self.lanes.get(receiver) else { return false };
        lane.in_flight.iter().chain(&lane.waiting).any(|parcel| parcel.id() == id)
    }

    /// The parcel of this name that is on its way, if nobody else was told of it.
    pub fn unannounced(&self, receiver: &str, id: &str) -> Option<Parcel> {
        let lane = self.lanes.get(receiver)?;
        let parcel = lane.in_flight.as_ref().filter(|parcel| parcel.id() == id)?;
        (!lane.announced.contains(id)).then(|| parcel.clone())
    }

    /// Takes a parcel out that waits; one that is on its way stays.
    pub fn remove(&mut self, receiver: &str, id: &str) -> Option<Parcel> {
        let lane = self.lanes.get_mut(receiver)?;
        lane.announced.remove(id);
        let at = lane.waiting.iter().position(|parcel| parcel.id() == id)?;
        lane.waiting.remove(at)
    }

    /// Takes out what waits for receivers that are no more.
    pub fn withdraw(&mut self, is_known: impl Fn(&str) -> bool) -> Vec<Parcel> {
        let mut withdrawn = Vec::new();
        self.lanes.retain(|receiver, lane| {
            if is_known(receiver) {
                return true;
            }
            withdrawn.extend(lane.take(|_| true));
            lane.announced.clear();
            lane.in_flight.is_some()
        });
        withdrawn
    }

    /// What waits for a receiver is tried now, whatever it failed with before.
    pub fn reopen(&mut self, receiver: &str, now: DateTime<Utc>) {
        if let Some(lane) = self.lanes.get_mut(receiver) {
            lane.reopen(now);
        }
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
        parcel.attempts = parcel.attempts.saturating_add(1);
        let attempts = parcel.attempts;
        lane.answered(now);
        let Err(failure) = result else {
            lane.announced.remove(id);
            lane.open();
            return Some(Outcome::Sent { attempts });
        };
        let error = failure.to_string();
        match (failure.scope, failure.again) {
            (Scope::Message, Again::Never) => {
                lane.announced.remove(id);
                lane.open();
                return Some(Outcome::Dead { attempts, error });
            }
            (Scope::Message, Again::After(wait)) => {
                parcel.not_before = now + TimeDelta::from_std(wait).unwrap_or(TimeDelta::days(1));
            }
            (Scope::Message, Again::Later) => parcel.not_before = now + wait(id, attempts),
            (Scope::Receiver, again) => lane.close(receiver, again, now),
        }
        lane.failing_since.get_or_insert(now);
        lane.last_error = Some(error.clone());
        if now - parcel.created >= give_up {
            lane.announced.remove(id);
            return Some(Outcome::Dead { attempts, error });
        }
        let at = lane.opens_at().max(Some(parcel.not_before)).unwrap_or(now);
        lane.put_back(parcel);
        Some(Outcome::Again { attempts, at, error })
    }

    /// Takes out what has waited for too long for receivers that take nothing.
    pub fn give_up(&mut self, now: DateTime<Utc>) -> Vec<(Parcel, Outcome)> {
        let mut given_up = Vec::new();
        for lane in self.lanes.values_mut().filter(|lane| lane.failing_since.is_some()) {
            let error = lane.last_error.clone().unwrap_or_default();
            for parcel in lane.take(|parcel| now - parcel.created >= self.settings.give_up) {
                lane.announced.remove(&parcel.id());
                let outcome = Outcome::Dead { attempts: parcel.attempts, error: error.clone() };
                given_up.push((parcel, outcome));
            }
        }
        given_up
    }

    /// Joins the oldest parcels wherever too many wait, so many at once that there is room for a
    /// while.
    pub fn join_crowded(&mut self, now: DateTime<Utc>) -> Vec<Joined> {
        let waiting_max = self.settings.waiting_max.max(2);
        let mut joined = Vec::new();
        for lane in self.lanes.values_mut() {
            for recipient in lane.crowded(waiting_max) {
                let is_meant = |parcel: &Parcel| parcel.recipient == recipient;
                let count = lane.waiting.iter().filter(|parcel| is_meant(parcel)).count();
                let mut left = count - waiting_max / 2;
                let parcels = lane.take(|parcel| {
                    let is_taken = left > 0 && is_meant(parcel);
                    left -= usize::from(is_taken);
                    is_taken
                });
                let Some(digest) = digest::merge(&parcels, now) else { continue };
                let is_announced =
                    parcels.iter().filter(|it| lane.announced.remove(&it.id())).count()
                        == parcels.len();
                if is_announced {
                    lane.announced.insert(digest.id());
                }
                lane.put_back(digest.clone());
                joined.push(Joined { digest, parcels });
            }
        }
        joined
    }

    /// What nobody was told of yet although a receiver has taken nothing for the time that is given
    /// for it, or a parcel has waited for so long behind its first attempt. Each parcel once.
    pub fn take_unreached(
        &mut self,
        after: impl Fn(&str) -> TimeDelta,
        now: DateTime<Utc>,
    ) -> Vec<Unreached> {
        let mut unreached = Vec::new();
        for (receiver, lane) in &mut self.lanes {
            let (Some(failing_since), after) = (lane.failing_since, after(receiver)) else {
                continue;
            };
            let is_dead = now - failing_since >= after;
            let is_late = |parcel: &Parcel| parcel.attempts > 0 && now - parcel.created >= after;
            let mut parcels = Vec::new();
            for parcel in lane.in_flight.iter().chain(&lane.waiting) {
                if (is_dead || is_late(parcel)) && lane.announced.insert(parcel.id()) {
                    parcels.push(parcel.clone());
                }
            }
            if !parcels.is_empty() {
                let cause = lane.last_error.clone().unwrap_or_default();
                let receiver = Arc::clone(receiver);
                unreached.push(Unreached { receiver, since: failing_since, cause, parcels });
            }
        }
        unreached
    }

    /// Whether nothing waits that was not tried, and nothing is on its way. What waits for a
    /// receiver that cannot be reached counts as tried.
    pub fn is_tried(&self) -> bool {
        self.lanes.values().all(|lane| {
            let is_tried = |parcel: &Parcel| parcel.attempts > 0;
            lane.in_flight.is_none() && (lane.is_closed() || lane.waiting.iter().all(is_tried))
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

/// A repeat that waits is worth nothing once there is something later of its group.
fn is_replaced(before: &Parcel, later: &Parcel) -> bool {
    let (old, new) = (&before.notification, &later.notification);
    matches!(old.reason, NotifyReason::Repeat { .. })
        && old.passage.is_direct()
        && before.recipient == later.recipient
        && old.id != new.id
        && (&old.route, &old.group, old.is_overflow) == (&new.route, &new.group, new.is_overflow)
}
