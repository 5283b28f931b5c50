//! Everything that a daemon goes on from, read back.
//!
//! Owns the two ways of reading: strictly, where one wrong row makes the database a damaged one,
//! and what can be had, where the right rows of a damaged database are taken. Must never write. The
//! strict way fails with the first thing wrong; the other never fails.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rusqlite::{Connection, Row};

use super::checksum::Checksum;
use super::message::{self, MessageRow, MessagesWaiting};
use super::problem::Fault;
use super::row::{Loaded, OutboxEntry, OutboxRow, OutboxState, Position};
use crate::surface::phrase::counted;

/// What is taken from a damaged database at most: its pages may lead in circles.
const SALVAGED_BYTES_MAX: usize = 128 * 1024 * 1024;
const SALVAGED_ROWS_MAX: usize = 1_000_000;

/// A part of the state, which can be whole while another is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Positions,
    EngineHead,
    EngineRules,
    EngineGroups,
    Policy,
    Outbox,
    Counters,
    Messages,
}

impl Part {
    /// Its rows by their keys, from the first on or from the last back.
    fn select(self, backwards: bool) -> String {
        let order = if backwards { "DESC" } else { "ASC" };
        let keys = match self {
            Self::EngineGroups => format!("rule {order}, number {order}"),
            _ => format!("rowid {order}"),
        };
        format!("{} ORDER BY {keys}", self.columns())
    }

    fn columns(self) -> &'static str {
        match self {
            Self::Positions => "SELECT log, source, state, updated_ms, checksum FROM position",
            Self::EngineHead => "SELECT state, checksum FROM engine_head",
            Self::EngineRules => "SELECT rule, state, checksum FROM engine_rule",
            Self::EngineGroups => "SELECT rule, number, state, checksum FROM engine_group",
            Self::Policy => "SELECT state, checksum FROM policy",
            // The columns of `outbox_entry`.
            Self::Outbox => {
                "SELECT id, created_ms, at_ms, receiver, state, attempts, next_attempt_ms,
                 last_error, done_ms, checksum, notification
                 FROM outbox WHERE state = 'queued'"
            }
            Self::Counters => "SELECT name, value, checksum FROM counter",
            Self::Messages => message::COLUMNS,
        }
    }

    /// As an operator knows it.
    fn words(self) -> &'static str {
        match self {
            Self::Positions => "positions in logs",
            Self::EngineHead => "the engine's clock",
            Self::EngineRules => "states of rules",
            Self::EngineGroups => "windows and alerts",
            Self::Policy => "what was told to whom",
            Self::Outbox => "queued notifications",
            Self::Counters => "lifetime counters",
            Self::Messages => "messages to the fleet",
        }
    }
}

/// What could be had of a damaged database.
#[derive(Debug, Default)]
pub(super) struct Salvage {
    pub(super) loaded: Loaded,
    unreadable: BTreeSet<Part>,
}

impl Salvage {
    /// When not even the file could be opened.
    pub(super) fn nothing() -> Self {
        use Part::{
            Counters, EngineGroups, EngineHead, EngineRules, Messages, Outbox, Policy, Positions,
        };
        let all =
            [Positions, EngineHead, EngineRules, EngineGroups, Policy, Outbox, Counters, Messages];
        Self { loaded: Loaded::default(), unreadable: all.into() }
    }

    /// What is there, for an operator.
    pub(super) fn kept(&self) -> Vec<String> {
        let Loaded { positions, engine_head, engine_rules, engine_groups, policy, .. } =
            &self.loaded;
        let count = |length: usize, one: &str, many: &str| {
            (length > 0).then(|| counted(length as u64, one, many))
        };
        let present = |part: Part, is: bool| is.then(|| part.words().to_owned());
        [
            count(positions.len(), "position in a log", Part::Positions.words()),
            present(Part::EngineHead, engine_head.is_some()),
            count(engine_rules.len(), "state of a rule", Part::EngineRules.words()),
            count(engine_groups.len(), "window with its alert", "windows with their alerts"),
            present(Part::Policy, policy.is_some()),
            count(self.loaded.queued.len(), "queued notification", Part::Outbox.words()),
            count(self.loaded.counters.len(), "lifetime counter", Part::Counters.words()),
            count(self.loaded.messages.len(), "message to the fleet", Part::Messages.words()),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// What is not, or not in full.
    pub(super) fn lost(&self) -> Vec<&'static str> {
        self.unreadable.iter().map(|part| part.words()).collect()
    }
}

/// Reads everything, and believes it only if all of it is right.
pub(super) fn load(connection: &Connection) -> Result<Loaded, Fault> {
    Scan::new(connection, false).all()
}

/// Reads what can be read.
pub(super) fn salvage(connection: &Connection) -> Salvage {
    let mut scan = Scan::new(connection, true);
    match scan.all() {
        Ok(loaded) => Salvage { loaded, unreadable: scan.unreadable },
        Err(_) => Salvage::nothing(),
    }
}

/// A key, a value, and the bytes that both take. `None` for a row that is not what was written.
type Parsed<K, V> = rusqlite::Result<Option<(K, V, usize)>>;

struct Scan<'c> {
    connection: &'c Connection,
    lenient: bool,
    rows: usize,
    bytes: usize,
    unreadable: BTreeSet<Part>,
}

impl<'c> Scan<'c> {
    fn new(connection: &'c Connection, lenient: bool) -> Self {
        Self { connection, lenient, rows: 0, bytes: 0, unreadable: BTreeSet::new() }
    }

    fn all(&mut self) -> Result<Loaded, Fault> {
        // What is small and worth most comes first, should there be no room for all.
        let positions = self.part(Part::Positions, position)?;
        let queued = self.part(Part::Outbox, queued)?;
        let mut queued: Vec<OutboxRow> = queued.into_values().collect();
        queued.sort_by_key(|row| row.created);
        Ok(Loaded {
            positions,
            queued,
            engine_head: self
                .part(Part::EngineHead, engine_head)?
                .pop_first()
                .map(|((), state)| state),
            policy: self.part(Part::Policy, policy)?.pop_first().map(|((), state)| state),
            counters: self.part(Part::Counters, counter)?,
            engine_rules: self.part(Part::EngineRules, engine_rule)?,
            engine_groups: self.part(Part::EngineGroups, engine_group)?,
            messages_waiting: self.messages_waiting()?,
            messages: self.messages()?,
        })
    }

    /// They are many and large, and believed one by one when each is sent.
    fn messages_waiting(&self) -> Result<MessagesWaiting, Fault> {
        match message::waiting(self.connection) {
            Err(_) if self.lenient => Ok(MessagesWaiting::default()),
            waiting => waiting,
        }
    }

    fn messages(&mut self) -> Result<BTreeMap<u64, MessageRow>, Fault> {
        // Older versions have none.
        let is_there = "SELECT count(*) FROM sqlite_schema WHERE name = 'message'";
        let tables = self.connection.query_row(is_there, [], |row| row.get::<_, i64>(0));
        if self.lenient && tables.map_or(true, |tables| tables > 0) {
            self.part(Part::Messages, message::parse)
        } else {
            Ok(BTreeMap::new())
        }
    }

    fn part<K: Ord, V>(
        &mut self,
        part: Part,
        parse: fn(&Row<'_>) -> Parsed<K, V>,
    ) -> Result<BTreeMap<K, V>, Fault> {
        let mut found = BTreeMap::new();
        match self.walk(part, false, parse, &mut found) {
            Err(fault) if !self.lenient => Err(fault),
            Err(_) => {
                self.unreadable.insert(part);
                // Behind a page that cannot be read the way back from the end leads on.
                let _ = self.walk(part, true, parse, &mut found);
                Ok(found)
            }
            Ok(()) => Ok(found),
        }
    }

    fn walk<K: Ord, V>(
        &mut self,
        part: Part,
        backwards: bool,
        parse: fn(&Row<'_>) -> Parsed<K, V>,
        found: &mut BTreeMap<K, V>,
    ) -> Result<(), Fault> {
        let wrong = || Fault::Damaged(format!("a row is not what was written: {}", part.words()));
        let mut statement = self.connection.prepare(&part.select(backwards))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let parsed = parse(row).ok().flatten();
            let Some((key, value, bytes)) = parsed else {
                if !self.lenient {
                    return Err(wrong());
                }
                self.unreadable.insert(part);
                self.rows += 1;
                continue;
            };
            self.rows += 1;
            self.bytes += bytes;
            if self.lenient && is_too_much(self.rows, self.bytes)
                || found.insert(key, value).is_some()
            {
                return Err(wrong());
            }
        }
        Ok(())
    }
}

fn is_too_much(rows: usize, bytes: usize) -> bool {
    rows > SALVAGED_ROWS_MAX || bytes > SALVAGED_BYTES_MAX
}

fn position(row: &Row<'_>) -> Parsed<String, Position> {
    let (log, source): (String, String) = (row.get(0)?, row.get(1)?);
    let (state, updated_ms): (Vec<u8>, i64) = (row.get(2)?, row.get(3)?);
    let checksum = position_checksum(&log, &source, updated_ms, &state);
    let bytes = log.len() + source.len() + state.len();
    let updated = DateTime::from_timestamp_millis(updated_ms);
    let is_right = row.get::<_, i64>(4)? == checksum;
    Ok(updated
        .filter(|_| is_right)
        .map(|updated| (log, Position { source, state, updated }, bytes)))
}

pub(super) fn position_checksum(log: &str, source: &str, updated_ms: i64, state: &[u8]) -> i64 {
    Checksum::new("position").text(log).text(source).integer(updated_ms).bytes(state).value()
}

fn engine_head(row: &Row<'_>) -> Parsed<(), Vec<u8>> {
    one_state(row, "engine_head")
}

fn policy(row: &Row<'_>) -> Parsed<(), Vec<u8>> {
    one_state(row, "policy")
}

fn one_state(row: &Row<'_>, table: &str) -> Parsed<(), Vec<u8>> {
    let state: Vec<u8> = row.get(0)?;
    let is_right = row.get::<_, i64>(1)? == one_checksum(table, &state);
    let bytes = state.len();
    Ok(is_right.then_some(((), state, bytes)))
}

/// The checksum of the one row of `engine_head` or `policy`.
pub(super) fn one_checksum(table: &str, state: &[u8]) -> i64 {
    Checksum::new(table).bytes(state).value()
}

fn engine_rule(row: &Row<'_>) -> Parsed<String, Vec<u8>> {
    let (rule, state): (String, Vec<u8>) = (row.get(0)?, row.get(1)?);
    let is_right = row.get::<_, i64>(2)? == rule_checksum(&rule, &state);
    let bytes = rule.len() + state.len();
    Ok(is_right.then_some((rule, state, bytes)))
}

pub(super) fn rule_checksum(rule: &str, state: &[u8]) -> i64 {
    Checksum::new("engine_rule").text(rule).bytes(state).value()
}

fn engine_group(row: &Row<'_>) -> Parsed<(String, u64), Vec<u8>> {
    let (rule, number): (String, i64) = (row.get(0)?, row.get(1)?);
    let state: Vec<u8> = row.get(2)?;
    let is_right = row.get::<_, i64>(3)? == group_checksum(&rule, number, &state);
    let bytes = rule.len() + state.len();
    Ok(is_right.then_some(((rule, number.cast_unsigned()), state, bytes)))
}

pub(super) fn group_checksum(rule: &str, number: i64, state: &[u8]) -> i64 {
    Checksum::new("engine_group").text(rule).integer(number).bytes(state).value()
}

fn counter(row: &Row<'_>) -> Parsed<String, u64> {
    let (name, value): (String, i64) = (row.get(0)?, row.get(1)?);
    let is_right = row.get::<_, i64>(2)? == counter_checksum(&name, value);
    let bytes = name.len();
    Ok(u64::try_from(value).ok().filter(|_| is_right).map(|value| (name, value, bytes)))
}

pub(super) fn counter_checksum(name: &str, value: i64) -> i64 {
    Checksum::new("counter").text(name).integer(value).value()
}

fn queued(row: &Row<'_>) -> Parsed<String, OutboxRow> {
    let entry = outbox_entry(row)?.filter(|entry| entry.state == OutboxState::Queued);
    Ok(entry.map(|OutboxEntry { row, .. }| {
        let bytes = row.id.len() + row.receiver.len() + row.notification.len();
        (row.id.clone(), row, bytes)
    }))
}

/// A row of the outbox; `None` if it is not what was written.
pub(super) fn outbox_entry(row: &Row<'_>) -> rusqlite::Result<Option<OutboxEntry>> {
    let instant = |index| -> rusqlite::Result<Option<DateTime<Utc>>> {
        Ok(row.get::<_, Option<i64>>(index)?.and_then(DateTime::from_timestamp_millis))
    };
    let state = OutboxState::of(&row.get::<_, String>(4)?);
    let instants = (instant(1)?, instant(2)?, instant(6)?);
    let (Some(state), (Some(created), Some(at), Some(next_attempt))) = (state, instants) else {
        return Ok(None);
    };
    let entry = OutboxEntry {
        row: OutboxRow {
            id: row.get(0)?,
            created,
            at,
            receiver: row.get(3)?,
            notification: row.get(10)?,
            attempts: row.get(5)?,
            next_attempt,
            last_error: row.get(7)?,
        },
        state,
        done: instant(8)?,
    };
    let is_right = row.get::<_, i64>(9)? == entry.checksum();
    Ok(is_right.then_some(entry))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_million_rows_and_128_mib_are_taken_from_a_damaged_database_and_no_more_of_either() {
        let bytes = 128 << 20;
        assert!(!is_too_much(1_000_000, bytes));
        assert!(is_too_much(1_000_001, 0) && is_too_much(0, bytes + 1));
    }
}
