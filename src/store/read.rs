//! What others show of the state: the history of counts, the outbox.
//!
//! Owns the reading of rows that the daemon itself does not go on from. Must never write. Fails
//! with SQLite's answer.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, params};

use super::load;
use super::problem::Fault;
use super::row::{HistoryKey, HistoryRow, OutboxEntry, OutboxState, minute_of};

/// The minutes from one instant's on and before another's, the oldest first, at most so many rows.
pub(super) fn history(
    connection: &Connection,
    from: DateTime<Utc>,
    until: DateTime<Utc>,
    rows_max: usize,
) -> Result<Vec<HistoryRow>, Fault> {
    let mut statement = connection.prepare(
        "SELECT minute, source, module, code, errors FROM history
         WHERE minute >= ?1 AND minute < ?2 ORDER BY minute, source, module, code LIMIT ?3",
    )?;
    let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let end = minute_of(until);
    let rows = statement.query_map(params![minute_of(from), end, rows_max], |row| {
        let errors: i64 = row.get(4)?;
        Ok(HistoryRow {
            key: HistoryKey {
                minute: row.get(0)?,
                source: row.get(1)?,
                module: row.get(2)?,
                code: row.get(3)?,
            },
            errors: u64::try_from(errors).unwrap_or_default(),
        })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The newest notifications of a state, the newest first, at most so many.
pub(super) fn outbox(
    connection: &Connection,
    state: OutboxState,
    rows_max: usize,
) -> Result<Vec<OutboxEntry>, Fault> {
    let mut statement = connection.prepare(
        "SELECT id, created_ms, at_ms, receiver, state, attempts, next_attempt_ms, last_error,
         done_ms, checksum, notification FROM outbox WHERE state = ?1 ORDER BY rowid DESC LIMIT ?2",
    )?;
    let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![state.as_str(), rows_max], load::outbox_entry)?;
    let wrong = || Fault::Damaged("a notification is not what was written".to_owned());
    rows.map(|entry| entry?.ok_or_else(wrong)).collect()
}
