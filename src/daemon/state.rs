//! What is kept of a run, in one transaction for each step.
//!
//! Owns what becomes which row, and what happens while nothing can be written: it waits, and
//! alerts go out all the same. Must never decide an alert. Fails: never; a state that cannot be
//! read or written is told.

use std::collections::BTreeMap;
use std::path::Path;

use chrono::{DateTime, Utc};
use serde::Serialize;

use super::pipeline::Pipeline;
use crate::deliver::{Outcome, Parcel};
use crate::engine::{Changes, Notification, PolicySnapshot, Snapshot};
use crate::follow::Rows;
use crate::store::{
    Batch, Committed, DecisionRow, HistoryKey, Loaded, MessageRow, MessagesWaiting, Notice,
    OpenError, OutboxEntry, OutboxRow, Settings, Store, StoreError,
};

/// What a run goes on from.
#[derive(Default)]
pub struct Restored {
    /// The engine's state.
    pub engine: Option<Snapshot>,
    /// The policy's.
    pub policy: Option<PolicySnapshot>,
    /// Where each log stands.
    pub positions: Vec<(String, Vec<u8>)>,
    /// How many messages wait for the fleet's broker.
    pub waiting: MessagesWaiting,
    /// What was not delivered yet.
    pub queued: Vec<(Notification, OutboxRow)>,
    /// What was kept and cannot be understood: lowercase fragments.
    pub not_understood: Vec<String>,
}

/// The store, and what waits to be written to it.
pub struct Keeper {
    store: Store,
    waiting: Batch,
    /// The database does not hold what was committed before.
    needs_everything: bool,
    /// Commits failed since.
    failing_since: Option<DateTime<Utc>>,
    commits: u64,
    failures: u64,
    /// What former commits had to do without.
    left_out: LeftOut,
}

/// What waited while nothing could be written, and became too much.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Errors that no history counts.
    pub history: u64,
    /// Decisions that `ocrwatch why` will not know.
    pub decisions: u64,
}

impl Keeper {
    /// Opens the state directory, and reads what is there.
    pub fn open(
        directory: &Path,
        settings: Settings,
        now: DateTime<Utc>,
    ) -> Result<(Self, Restored, Vec<Notice>), OpenError> {
        let (store, loaded, notices) = Store::open(directory, settings, now)?;
        let keeper = Self {
            store,
            waiting: Batch::default(),
            needs_everything: false,
            failing_since: None,
            commits: 0,
            failures: 0,
            left_out: LeftOut::default(),
        };
        Ok((keeper, restore(loaded), notices))
    }

    /// Puts what changed into the next commit.
    pub fn gather(&mut self, rows: Rows, pipeline: &mut Pipeline) {
        if self.needs_everything {
            self.waiting.clear_positions();
            self.waiting.clear_engine();
        }
        for row in rows.put {
            self.waiting.put_position(row.key, &row.source, row.state);
        }
        for key in rows.removed {
            self.waiting.remove_position(key);
        }
        let changes = if self.needs_everything {
            pipeline.engine_everything()
        } else {
            pipeline.engine_changes()
        };
        self.put_engine(&changes);
        if self.needs_everything {
            self.put_policy(pipeline.policy_snapshot());
        } else if let Some(changed) = pipeline.policy_changed() {
            let state = json(changed);
            self.waiting.put_policy(state);
        }
    }

    fn put_engine(&mut self, changes: &Changes) {
        let is_news = changes.is_everything
            || !(changes.rules.is_empty()
                && changes.groups.is_empty()
                && changes.removed.is_empty())
            || !self.waiting.is_empty();
        if !is_news {
            return;
        }
        if changes.is_everything {
            self.waiting.clear_engine();
        }
        self.waiting.put_engine_head(json(&changes.head));
        for rule in &changes.rules {
            self.waiting.put_engine_rule(&*rule.rule, json(rule));
        }
        for group in &changes.groups {
            self.waiting.put_engine_group(&*group.rule, group.number, json(&group.state));
        }
        for (rule, number) in &changes.removed {
            self.waiting.remove_engine_group(&**rule, *number);
        }
    }

    fn put_policy(&mut self, policy: &PolicySnapshot) {
        self.waiting.put_policy(json(policy));
    }

    /// Puts a notification into the outbox.
    pub fn queue(&mut self, row: OutboxRow) {
        self.waiting.queue(row);
    }

    /// Notes that a notification was delivered.
    pub fn sent(&mut self, id: &str, attempts: u32, now: DateTime<Utc>) {
        self.waiting.sent(id, attempts, now);
    }

    /// Notes that a notification became part of another one.
    pub fn merged(&mut self, parcel: &Parcel, into: &str, now: DateTime<Utc>) {
        let why = format!("merged into {into}");
        self.waiting.merged(parcel.id(), parcel.attempts, now, why);
    }

    /// Notes that another machine told a notification, or will.
    pub fn told_by(&mut self, parcel: &Parcel, machine: &str, now: DateTime<Utc>) {
        let why = format!("told by {machine}");
        self.waiting.merged(parcel.id(), parcel.attempts, now, why);
    }

    /// Puts a message that is to be published.
    pub fn put_message(&mut self, message: MessageRow) {
        self.waiting.put_message(message);
    }

    /// All messages up to a number are stored by the broker.
    pub fn messages_stored(&mut self, number: u64) {
        self.waiting.messages_stored(number);
    }

    /// The messages behind a number that wait to be published.
    pub fn messages_behind(
        &mut self,
        number: u64,
        bytes_max: usize,
        now: DateTime<Utc>,
    ) -> Result<Vec<MessageRow>, StoreError> {
        self.store.messages_behind(number, bytes_max, now)
    }

    /// Puts and removes rows that no log has.
    pub fn put_rows(&mut self, put: Vec<(String, Vec<u8>)>, removed: Vec<String>) {
        for (key, state) in put {
            self.waiting.put_position(key, "", state);
        }
        for key in removed {
            self.waiting.remove_position(key);
        }
    }

    /// Lets a notification wait again that was given up.
    pub fn requeue(&mut self, id: &str, now: DateTime<Utc>) {
        self.waiting.requeue(id, now);
    }

    /// Notes decisions.
    pub fn note(&mut self, decisions: impl IntoIterator<Item = DecisionRow>) {
        for row in decisions {
            self.waiting.note_decision(row);
        }
    }

    /// One notification, as it was committed last.
    pub fn outbox_entry(
        &mut self,
        id: &str,
        now: DateTime<Utc>,
    ) -> Result<Option<OutboxEntry>, StoreError> {
        self.store.outbox_entry(id, now)
    }

    /// Notes what an attempt to deliver came to.
    pub fn outcome(&mut self, id: &str, outcome: &Outcome, now: DateTime<Utc>) {
        match outcome {
            Outcome::Sent { attempts } => self.waiting.sent(id, *attempts, now),
            Outcome::Again { attempts, at, error } => {
                self.waiting.retry(id, *attempts, *at, error);
            }
            Outcome::Dead { attempts, error } => self.waiting.dead(id, *attempts, now, error),
        }
    }

    /// Counts errors of minutes.
    pub fn count_errors(&mut self, history: BTreeMap<HistoryKey, u64>) {
        for (key, errors) in history {
            self.waiting.count_errors(key, errors);
        }
    }

    /// Counts something of the run's whole life.
    pub fn count(&mut self, name: &str, delta: u64) {
        if delta > 0 {
            self.waiting.count(name, delta);
        }
    }

    /// Whether anything waits to be written.
    pub fn has_news(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether the next commit is to bring everything.
    pub fn needs_everything(&self) -> bool {
        self.needs_everything
    }

    /// Writes what waits. What could not be written waits on.
    pub fn commit(&mut self, now: DateTime<Utc>) -> Result<Committed, StoreError> {
        match self.store.commit(&self.waiting, now) {
            Ok(committed) => {
                self.left_out = self.left_out();
                self.waiting = Batch::default();
                self.needs_everything = false;
                self.failing_since = None;
                self.commits += 1;
                Ok(committed)
            }
            Err(error) => {
                self.needs_everything |= error.needs_everything;
                self.failing_since.get_or_insert(now);
                self.failures += 1;
                Err(error)
            }
        }
    }

    /// Since when nothing could be written.
    pub fn failing_since(&self) -> Option<DateTime<Utc>> {
        self.failing_since
    }

    /// Commits, and commits that failed.
    pub fn counts(&self) -> (u64, u64) {
        (self.commits, self.failures)
    }

    /// What was too much to wait for a commit.
    pub fn left_out(&self) -> LeftOut {
        LeftOut {
            history: self.left_out.history + self.waiting.history_left_out(),
            decisions: self.left_out.decisions + self.waiting.decisions_left_out(),
        }
    }

    /// Lets go of what is too old or too much.
    pub fn retain(&mut self, now: DateTime<Utc>) -> Result<crate::store::Retained, StoreError> {
        self.store.retain(now)
    }

    /// Ends the use of the state.
    pub fn close(self, now: DateTime<Utc>) -> Result<(), StoreError> {
        self.store.close(now)
    }
}

fn json(value: &impl Serialize) -> Vec<u8> {
    serde_json::to_vec(value).unwrap_or_default()
}

fn restore(loaded: Loaded) -> Restored {
    let mut not_understood = Vec::new();
    let Loaded { positions, engine_head, engine_rules, engine_groups, policy, queued, .. } = loaded;
    let waiting = loaded.messages_waiting;
    let head = engine_head.and_then(|head| read(&head, "the engine's state", &mut not_understood));
    let rules: Vec<_> = engine_rules
        .iter()
        .filter_map(|(name, state)| {
            read(state, &format!("the state of rule `{name}`"), &mut not_understood)
        })
        .collect();
    let groups: Vec<_> = engine_groups
        .iter()
        .filter_map(|((rule, number), state)| {
            let what = format!("a group of rule `{rule}`");
            let state = read(state, &what, &mut not_understood)?;
            Some(crate::engine::GroupRow { rule: rule.as_str().into(), number: *number, state })
        })
        .collect();
    let policy = policy.and_then(|state| read(&state, "who was told what", &mut not_understood));
    let queued = queued
        .into_iter()
        .filter_map(|row| {
            let notification = read(&row.notification, "a notification", &mut not_understood)?;
            Some((notification, row))
        })
        .collect();
    Restored {
        engine: head.map(|head| Snapshot::of_parts(head, rules, groups)),
        policy,
        positions: positions.into_iter().map(|(key, place)| (key, place.state)).collect(),
        waiting,
        queued,
        not_understood,
    }
}

fn read<T: serde::de::DeserializeOwned>(
    state: &[u8],
    what: &str,
    not_understood: &mut Vec<String>,
) -> Option<T> {
    match serde_json::from_slice(state) {
        Ok(value) => Some(value),
        Err(error) => {
            not_understood.push(format!("{what}: {error}"));
            None
        }
    }
}
