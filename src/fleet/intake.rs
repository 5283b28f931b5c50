//! What others published is taken in, each find once.
//!
//! Owns up to which of the broker's numbers everything was taken, and which of each machine's
//! messages were. Must never carry anything nor decide an alert. Pure: messages go in, finds and
//! what is to be kept come out. Nothing here fails: what cannot be read is counted, and told.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};

use super::message::{Message, Origin, Sent, Unreadable};
use super::seen::Seen;
use crate::engine::Source;
use crate::follow::Passed;

/// So many lives of one machine are told apart. Beyond it the one that was silent for the longest
/// is forgotten: what it had under way was stored before the later ones began.
const LIVES_OF_ONE_MAX: usize = 16;

/// So many lives are told apart at all.
const LIVES_MAX: usize = 200_000;

/// What a row of the state begins with that is this module's.
const FEED: &str = "fleet-feed ";
const LIFE: &str = "fleet-life ";
const TOLD: &str = "fleet-told ";

/// So many notifications and changes are remembered that others told, each for so long: this
/// machine decides the same at another instant, which may lie behind a pause.
const TOLD_MAX: usize = 100_000;
const TOLD_HOURS: i64 = 48;

/// A message as the broker delivers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Delivered {
    /// Which of the feeds delivers it: a partition, or all.
    pub feed: Option<u16>,
    /// When the broker's stream was made, in nanoseconds since 1970: one that is made anew numbers
    /// anew.
    pub stream_ns: i64,
    /// Its number in the stream.
    pub sequence: u64,
    /// The message.
    pub body: Vec<u8>,
}

/// Where one feed stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stand {
    /// When the stream was made, in nanoseconds since 1970.
    pub stream_ns: i64,
    /// Everything up to here was taken.
    pub sequence: u64,
}

/// What is known of one life of a machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Life {
    machine: Arc<str>,
    seen: Seen,
    last: DateTime<Utc>,
}

/// A notification that another machine told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Told {
    machine: Arc<str>,
    at: DateTime<Utc>,
}

/// What came of a message.
#[derive(Debug, Default)]
pub struct Taken {
    /// Finds, in their order.
    pub finds: Vec<Passed>,
    /// Notifications that another machine told, and its name.
    pub told: Option<(Arc<str>, Vec<Box<str>>)>,
}

/// What was taken in since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Messages.
    pub messages: u64,
    /// Messages that had been taken before.
    pub again: u64,
    /// Messages that a newer program wrote.
    pub newer: u64,
    /// Messages that nobody of the fleet wrote.
    pub wrong: u64,
    /// Numbers of the stream that were gone before they were taken.
    pub lost: u64,
}

/// A machine of the fleet, as it was last heard of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heard {
    /// Its name.
    pub machine: Arc<str>,
    /// When it was last heard of, by this machine's clock.
    pub last: DateTime<Utc>,
}

/// What is taken in.
#[derive(Debug, Default)]
pub struct Intake {
    stands: BTreeMap<Option<u16>, Stand>,
    lives: BTreeMap<Box<str>, Life>,
    told: BTreeMap<Box<str>, Told>,
    /// Sources by machine, so that one is kept once.
    labels: BTreeMap<Arc<str>, Arc<Source>>,
    changed_stands: BTreeSet<Option<u16>>,
    changed_lives: BTreeSet<Box<str>>,
    removed_lives: BTreeSet<Box<str>>,
    changed_told: BTreeSet<Box<str>>,
    removed_told: BTreeSet<Box<str>>,
    counters: Counters,
    /// What could not be read since this was last asked: lowercase sentences.
    faults: Vec<String>,
}

impl Intake {
    /// Goes on from rows that were kept; gives back those that are not this module's.
    pub fn restore(rows: Vec<(String, Vec<u8>)>) -> (Self, Vec<(String, Vec<u8>)>) {
        let mut intake = Self::default();
        let mut others = Vec::new();
        for (key, state) in rows {
            if let Some(feed) = key.strip_prefix(FEED) {
                // One that cannot be read begins anew, and what comes again is told by its number.
                let stand = serde_json::from_slice(&state).unwrap_or_default();
                intake.stands.insert(feed.parse().ok(), stand);
            } else if let Some(life) = key.strip_prefix(LIFE) {
                if let Ok(known) = serde_json::from_slice(&state) {
                    intake.lives.insert(life.into(), known);
                }
            } else if let Some(id) = key.strip_prefix(TOLD) {
                if let Ok(known) = serde_json::from_slice(&state) {
                    intake.told.insert(id.into(), known);
                }
            } else {
                others.push((key, state));
            }
        }
        (intake, others)
    }

    /// Where a feed stands.
    pub fn stand(&self, feed: Option<u16>) -> Stand {
        self.stands.get(&feed).copied().unwrap_or_default()
    }

    /// Takes a message in.
    pub fn take(&mut self, delivered: &Delivered, own: &str, now: DateTime<Utc>) -> Taken {
        let stand = self.stands.entry(delivered.feed).or_default();
        let is_same = stand.stream_ns == delivered.stream_ns;
        if is_same && delivered.sequence <= stand.sequence {
            self.counters.again += 1;
            return Taken::default();
        }
        *stand = Stand { stream_ns: delivered.stream_ns, sequence: delivered.sequence };
        self.changed_stands.insert(delivered.feed);
        match Message::read(&delivered.body) {
            Ok(message) => self.take_message(message, own, now),
            Err(why) => {
                self.note(&why, delivered.sequence);
                Taken::default()
            }
        }
    }

    /// So many of the stream's numbers were gone before they were taken.
    pub fn lost(&mut self, messages: u64) {
        self.counters.lost += messages;
    }

    fn note(&mut self, why: &Unreadable, sequence: u64) {
        const FAULTS_MAX: usize = 16;
        let sentence = match why {
            Unreadable::Newer(version) => {
                self.counters.newer += 1;
                format!("message {sequence} has the form {version}, which a newer ocrwatch reads")
            }
            Unreadable::Wrong(why) => {
                self.counters.wrong += 1;
                format!("message {sequence} is none of a machine of the fleet: {why}")
            }
        };
        if self.faults.len() < FAULTS_MAX {
            self.faults.push(sentence);
        }
    }

    fn take_message(&mut self, message: Message, own: &str, now: DateTime<Utc>) -> Taken {
        let Message { machine, life, number, source, finds, told, .. } = message;
        // Together with its machine: no machine can pass for another's life.
        let life: Box<str> = format!("{machine}/{life}").into();
        if !self.lives.contains_key(&life) {
            self.make_room(&machine);
        }
        let known = self.lives.entry(life.clone()).or_insert_with(|| Life {
            machine: Arc::clone(&machine),
            seen: Seen::new(),
            last: now,
        });
        if !known.seen.take(number) {
            self.counters.again += 1;
            return Taken::default();
        }
        known.last = now;
        self.removed_lives.remove(&life);
        self.changed_lives.insert(life);
        self.counters.messages += 1;
        let told = (!told.is_empty() && &*machine != own).then(|| (Arc::clone(&machine), told));
        if let Some((machine, ids)) = &told {
            self.remember(machine, ids, now);
        }
        let finds = source.map_or_else(Vec::new, |source| {
            let label = self.label(&source, &machine);
            finds.into_iter().map(|find| passed(find, &label, &machine)).collect()
        });
        Taken { finds, told }
    }

    fn label(&mut self, source: &Origin, machine: &str) -> Arc<Source> {
        const LABELS_MAX: usize = 65_536;
        let label = source.at(machine);
        if let Some(known) = self.labels.get(&label.name).filter(|known| ***known == label) {
            return Arc::clone(known);
        }
        if self.labels.len() >= LABELS_MAX {
            self.labels.clear();
        }
        let label = Arc::new(label);
        self.labels.insert(Arc::clone(&label.name), Arc::clone(&label));
        label
    }

    fn remember(&mut self, machine: &Arc<str>, ids: &[Box<str>], now: DateTime<Utc>) {
        for id in ids {
            self.told.insert(id.clone(), Told { machine: Arc::clone(machine), at: now });
            self.changed_told.insert(id.clone());
            self.removed_told.remove(id);
        }
        let oldest = now - TimeDelta::hours(TOLD_HOURS);
        let mut by_age: Vec<_> = self.told.iter().map(|(id, told)| (told.at, id)).collect();
        let over = by_age.len().saturating_sub(TOLD_MAX);
        if over > 0 {
            by_age.sort_unstable();
        }
        let is_gone =
            |(place, (at, _)): &(usize, (DateTime<Utc>, _))| *place < over || *at < oldest;
        let gone = by_age.into_iter().enumerate().filter(is_gone);
        let gone: Vec<Box<str>> = gone.map(|(_, (_, id))| id.clone()).collect();
        for id in gone {
            self.told.remove(&id);
            self.changed_told.remove(&id);
            self.removed_told.insert(id);
        }
    }

    /// The machine that told a notification, if another one did.
    pub fn who_told(&self, id: &str) -> Option<&Arc<str>> {
        self.told.get(id).map(|told| &told.machine)
    }

    /// Forgets what was silent for the longest, of a machine with many lives or of all.
    fn make_room(&mut self, machine: &str) {
        let of_it = self.lives.values().filter(|life| *life.machine == *machine).count();
        let is_over = self.lives.len() >= LIVES_MAX;
        if of_it < LIVES_OF_ONE_MAX && !is_over {
            return;
        }
        let may_go = |life: &&Life| is_over || *life.machine == *machine;
        let lives = self.lives.iter().filter(|(_, life)| may_go(life));
        let Some(silent) = lives.min_by_key(|(_, life)| life.last).map(|(name, _)| name.clone())
        else {
            return;
        };
        self.lives.remove(&silent);
        self.changed_lives.remove(&silent);
        self.removed_lives.insert(silent);
    }

    /// What changed of what is to be kept: key and state, and keys that are over.
    pub fn take_changed(&mut self) -> (Vec<(String, Vec<u8>)>, Vec<String>) {
        let stands = std::mem::take(&mut self.changed_stands).into_iter().filter_map(|feed| {
            let name = feed.map_or_else(|| "all".to_owned(), |feed| feed.to_string());
            Some((format!("{FEED}{name}"), serde_json::to_vec(self.stands.get(&feed)?).ok()?))
        });
        let lives = std::mem::take(&mut self.changed_lives).into_iter().filter_map(|life| {
            let state = serde_json::to_vec(self.lives.get(&life)?).ok()?;
            Some((format!("{LIFE}{life}"), state))
        });
        let told = std::mem::take(&mut self.changed_told).into_iter().filter_map(|id| {
            let state = serde_json::to_vec(self.told.get(&id)?).ok()?;
            Some((format!("{TOLD}{id}"), state))
        });
        let put = stands.chain(lives).chain(told).collect();
        let removed = std::mem::take(&mut self.removed_lives).into_iter();
        let removed = removed.map(|life| format!("{LIFE}{life}"));
        let forgotten = std::mem::take(&mut self.removed_told).into_iter();
        (put, removed.chain(forgotten.map(|id| format!("{TOLD}{id}"))).collect())
    }

    /// All is to be kept anew.
    pub fn mark_all(&mut self) {
        self.changed_stands.extend(self.stands.keys());
        self.changed_lives.extend(self.lives.keys().cloned());
        self.changed_told.extend(self.told.keys().cloned());
    }

    /// What was taken in since the start.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// What could not be read since this was last asked.
    pub fn take_faults(&mut self) -> Vec<String> {
        std::mem::take(&mut self.faults)
    }

    /// The machines that were heard of, each by the life that was heard last.
    pub fn heard(&self) -> Vec<Heard> {
        let mut machines: BTreeMap<&Arc<str>, DateTime<Utc>> = BTreeMap::new();
        for life in self.lives.values() {
            let last = machines.entry(&life.machine).or_insert(life.last);
            *last = (*last).max(life.last);
        }
        let heard = |(machine, last): (&Arc<str>, _)| Heard { machine: Arc::clone(machine), last };
        machines.into_iter().map(heard).collect()
    }
}

/// A find as if it was this machine's own, with a place that names the machine.
fn passed(find: Sent, label: &Arc<Source>, machine: &str) -> Passed {
    let mut found = find.into_found();
    if let Some(place) = found.place_mut() {
        place.file = format!("{machine}:{}", place.file).into();
    }
    let reached = found.at().map(|at| at.to_utc());
    Passed { label: Arc::clone(label), log: None, reached, found }
}
