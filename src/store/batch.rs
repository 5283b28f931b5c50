//! What one step of the daemon leaves behind, to be committed as a whole.
//!
//! Owns how changes of several steps become one. Must not know the database, nor what the bytes
//! mean. Nothing here fails.
//!
//! A batch may have to wait for days while a disk is full, and stays bounded: states are replaced,
//! counts are added, history grows coarser and at last is left out and counted. Notifications are
//! never dropped.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};

use super::message::MessageRow;
use super::row::{DecisionKey, DecisionRow, HistoryKey, Loaded, OutboxRow, OutboxState};

/// The most keys of history that wait: half a megabyte for each ten thousand, and months of hours.
pub(super) const HISTORY_KEYS_MAX: usize = 50_000;

/// The most decisions that wait: some ten megabytes.
pub(super) const DECISIONS_MAX: usize = 20_000;

/// Changes that are committed together or not at all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Batch {
    /// The source and state of each log; `None` removes it.
    pub(super) positions: BTreeMap<String, Option<(String, Vec<u8>)>>,
    pub(super) positions_cleared: bool,
    pub(super) engine_head: Option<Vec<u8>>,
    pub(super) engine_cleared: bool,
    /// Removed with all their groups, before anything is put.
    pub(super) engine_rules_removed: BTreeSet<String>,
    pub(super) engine_rules: BTreeMap<String, Vec<u8>>,
    pub(super) engine_groups: BTreeMap<(String, u64), Option<Vec<u8>>>,
    pub(super) policy: Option<Vec<u8>>,
    pub(super) queued: BTreeMap<String, OutboxRow>,
    pub(super) requeued: BTreeMap<String, DateTime<Utc>>,
    pub(super) outcomes: BTreeMap<String, Outcome>,
    pub(super) decisions: BTreeMap<DecisionKey, DecisionRow>,
    pub(super) messages: BTreeMap<u64, MessageRow>,
    /// Up to this number they are stored elsewhere and go.
    pub(super) messages_stored_to: Option<u64>,
    pub(super) deltas: Deltas,
    history_left_out: u64,
    decisions_left_out: u64,
}

/// What is added to what is there, and so must not be added twice.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Deltas {
    pub(super) history: BTreeMap<HistoryKey, u64>,
    pub(super) counters: BTreeMap<String, u64>,
}

/// What an attempt to deliver came to. The number of attempts is the whole one and no difference:
/// said twice, it is still right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Outcome {
    pub(super) state: OutboxState,
    pub(super) attempts: u32,
    /// When it is tried again, or when it was done.
    pub(super) at: DateTime<Utc>,
    pub(super) error: Option<String>,
}

impl Batch {
    /// Whether there is nothing to commit.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Puts where a log stands.
    pub fn put_position(&mut self, log: impl Into<String>, source: &str, state: Vec<u8>) {
        self.positions.insert(log.into(), Some((source.to_owned(), state)));
    }

    /// Forgets a log.
    pub fn remove_position(&mut self, log: impl Into<String>) {
        self.positions.insert(log.into(), None);
    }

    /// Forgets all logs; those that are put afterwards are all there are.
    pub fn clear_positions(&mut self) {
        self.positions.clear();
        self.positions_cleared = true;
    }

    /// Puts what the engine has beside its rules' states.
    pub fn put_engine_head(&mut self, state: Vec<u8>) {
        self.engine_head = Some(state);
    }

    /// Puts a rule's state.
    pub fn put_engine_rule(&mut self, rule: impl Into<String>, state: Vec<u8>) {
        self.engine_rules.insert(rule.into(), state);
    }

    /// Forgets a rule with all its groups; those that are put afterwards are all there are.
    pub fn remove_engine_rule(&mut self, rule: &str) {
        self.engine_rules.remove(rule);
        self.engine_groups.retain(|(of, _), _| of != rule);
        self.engine_rules_removed.insert(rule.to_owned());
    }

    /// Puts a group's state.
    pub fn put_engine_group(&mut self, rule: impl Into<String>, number: u64, state: Vec<u8>) {
        self.engine_groups.insert((rule.into(), number), Some(state));
    }

    /// Forgets a group.
    pub fn remove_engine_group(&mut self, rule: impl Into<String>, number: u64) {
        self.engine_groups.insert((rule.into(), number), None);
    }

    /// Forgets all rules and groups; those that are put afterwards are all there are.
    pub fn clear_engine(&mut self) {
        self.engine_rules.clear();
        self.engine_groups.clear();
        self.engine_rules_removed.clear();
        self.engine_cleared = true;
    }

    /// Puts the policy's state.
    pub fn put_policy(&mut self, state: Vec<u8>) {
        self.policy = Some(state);
    }

    /// Queues a notification. One whose id is there already, here or in the database, stays as it
    /// is.
    pub fn queue(&mut self, row: OutboxRow) {
        self.queued.entry(row.id.clone()).or_insert(row);
    }

    /// A notification was delivered, with so many attempts in all.
    pub fn sent(&mut self, id: impl Into<String>, attempts: u32, at: DateTime<Utc>) {
        let state = OutboxState::Sent;
        self.outcome(id.into(), Outcome { state, attempts, at, error: None });
    }

    /// A notification is tried again, not before the instant.
    pub fn retry(
        &mut self,
        id: impl Into<String>,
        attempts: u32,
        next_attempt: DateTime<Utc>,
        error: impl Into<String>,
    ) {
        let (state, error) = (OutboxState::Queued, Some(error.into()));
        self.outcome(id.into(), Outcome { state, attempts, at: next_attempt, error });
    }

    /// A notification was given up.
    pub fn dead(
        &mut self,
        id: impl Into<String>,
        attempts: u32,
        at: DateTime<Utc>,
        error: impl Into<String>,
    ) {
        let (state, error) = (OutboxState::Dead, Some(error.into()));
        self.outcome(id.into(), Outcome { state, attempts, at, error });
    }

    /// A notification became part of another one.
    pub fn merged(
        &mut self,
        id: impl Into<String>,
        attempts: u32,
        at: DateTime<Utc>,
        into: impl Into<String>,
    ) {
        let (state, error) = (OutboxState::Merged, Some(into.into()));
        self.outcome(id.into(), Outcome { state, attempts, at, error });
    }

    /// A notification that was given up is to be delivered after all. What was sent stays so.
    pub fn requeue(&mut self, id: impl Into<String>, at: DateTime<Utc>) {
        let id = id.into();
        let is_final =
            |outcome: &Outcome| matches!(outcome.state, OutboxState::Sent | OutboxState::Merged);
        if !self.outcomes.get(&id).is_some_and(is_final) {
            self.outcomes.remove(&id);
            self.requeued.insert(id, at);
        }
    }

    /// Notes a decision. One of this name that is there already stays as it is.
    pub fn note_decision(&mut self, row: DecisionRow) {
        self.decisions.entry(row.key.clone()).or_insert(row);
        while self.decisions.len() > DECISIONS_MAX {
            let oldest = self.decisions.values().min_by_key(|row| row.noted);
            let Some(key) = oldest.map(|row| row.key.clone()) else { break };
            let noted = self.decisions.remove(&key).map(|row| row.noted);
            let before = self.decisions.len();
            // All of that moment: the search is not repeated for each.
            self.decisions.retain(|_, row| Some(row.noted) != noted);
            self.decisions_left_out += 1 + (before - self.decisions.len()) as u64;
        }
    }

    /// Puts a message that is to be published.
    pub fn put_message(&mut self, message: MessageRow) {
        self.messages.entry(message.number).or_insert(message);
    }

    /// All messages up to a number are stored by the broker.
    pub fn messages_stored(&mut self, number: u64) {
        self.messages_stored_to = self.messages_stored_to.max(Some(number));
    }

    /// Counts errors of a minute.
    pub fn count_errors(&mut self, key: HistoryKey, errors: u64) {
        add(&mut self.deltas.history, key, errors);
        if self.deltas.history.len() > HISTORY_KEYS_MAX {
            self.coarsen_history();
        }
    }

    /// Adds to a lifetime counter.
    pub fn count(&mut self, name: &str, delta: u64) {
        add(&mut self.deltas.counters, name.to_owned(), delta);
    }

    /// Errors that found no room in the history while the batch waited.
    pub fn history_left_out(&self) -> u64 {
        self.history_left_out
    }

    /// Decisions that found no room while the batch waited.
    pub fn decisions_left_out(&self) -> u64 {
        self.decisions_left_out
    }

    /// Takes in what a later step left, so that both are committed as one.
    pub fn absorb(&mut self, later: Self) {
        if later.positions_cleared {
            self.clear_positions();
        }
        self.positions.extend(later.positions);
        if later.engine_cleared {
            self.clear_engine();
        }
        for rule in &later.engine_rules_removed {
            self.remove_engine_rule(rule);
        }
        self.engine_head = later.engine_head.or(self.engine_head.take());
        self.engine_rules.extend(later.engine_rules);
        self.engine_groups.extend(later.engine_groups);
        self.policy = later.policy.or(self.policy.take());
        for row in later.queued.into_values() {
            self.queue(row);
        }
        for (id, at) in later.requeued {
            self.requeue(id, at);
        }
        for (id, outcome) in later.outcomes {
            self.outcome(id, outcome);
        }
        for row in later.decisions.into_values() {
            self.note_decision(row);
        }
        for message in later.messages.into_values() {
            self.put_message(message);
        }
        self.messages_stored_to = self.messages_stored_to.max(later.messages_stored_to);
        self.decisions_left_out = self.decisions_left_out.saturating_add(later.decisions_left_out);
        for (key, errors) in later.deltas.history {
            self.count_errors(key, errors);
        }
        for (name, delta) in later.deltas.counters {
            add(&mut self.deltas.counters, name, delta);
        }
        self.history_left_out = self.history_left_out.saturating_add(later.history_left_out);
    }

    fn outcome(&mut self, id: String, mut outcome: Outcome) {
        match self.outcomes.entry(id) {
            Entry::Vacant(place) => {
                place.insert(outcome);
            }
            // What was delivered or given up stays so, whatever a late attempt says.
            Entry::Occupied(mut known) if known.get().state == OutboxState::Queued => {
                outcome.error = outcome.error.or(known.get_mut().error.take());
                known.insert(outcome);
            }
            Entry::Occupied(_) => {}
        }
    }

    /// Makes hours of the minutes that wait, and leaves out the oldest hours if that is too much.
    fn coarsen_history(&mut self) {
        let mut hours = BTreeMap::new();
        for (mut key, errors) in std::mem::take(&mut self.deltas.history) {
            key.minute -= key.minute.rem_euclid(60);
            add(&mut hours, key, errors);
        }
        // A tenth at once, or every further key would turn everything over.
        while hours.len() > HISTORY_KEYS_MAX / 10 * 9 {
            let Some((_, errors)) = hours.pop_first() else { break };
            self.history_left_out = self.history_left_out.saturating_add(errors);
        }
        self.deltas.history = hours;
    }
}

fn add<K: Ord>(sums: &mut BTreeMap<K, u64>, key: K, delta: u64) {
    let sum = sums.entry(key).or_default();
    *sum = sum.saturating_add(delta);
}

/// What was read from one database, to be written into another.
impl From<Loaded> for Batch {
    fn from(loaded: Loaded) -> Self {
        let positions = loaded.positions.into_iter();
        let groups = loaded.engine_groups.into_iter();
        Self {
            positions: positions
                .map(|(log, position)| (log, Some((position.source, position.state))))
                .collect(),
            engine_head: loaded.engine_head,
            engine_rules: loaded.engine_rules,
            engine_groups: groups.map(|(key, state)| (key, Some(state))).collect(),
            policy: loaded.policy,
            queued: loaded.queued.into_iter().map(|row| (row.id.clone(), row)).collect(),
            messages: loaded.messages,
            deltas: Deltas { history: BTreeMap::new(), counters: loaded.counters },
            ..Self::default()
        }
    }
}
