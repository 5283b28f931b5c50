//! What others show of the state: the history of counts, the outbox, the decisions.
//!
//! Owns the reading of rows that the daemon itself does not go on from. Must never write. Fails
//! with SQLite's answer.

use std::ops::Range;

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use super::load;
use super::problem::Fault;
use super::row::{
    CodeErrors, DecisionKey, DecisionRow, HistoryFilter, HistoryKey, HistoryRow, OutboxEntry,
    OutboxState, StepErrors, minute_of,
};

/// The minutes from one instant's on and before another's, the oldest first, at most so many rows.
pub(super) fn history(
    connection: &Connection,
    range: Range<DateTime<Utc>>,
    only: &HistoryFilter,
    rows_max: usize,
) -> Result<Vec<HistoryRow>, Fault> {
    let mut statement = connection.prepare(
        "SELECT minute, source, module, code, errors FROM history
         WHERE minute >= ?1 AND minute < ?2 AND (?4 IS NULL OR source = ?4)
             AND (?5 IS NULL OR module = ?5) AND (?6 IS NULL OR code = ?6)
         ORDER BY minute, source, module, code LIMIT ?3",
    )?;
    let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let (begin, end) = (minute_of(range.start), minute_of(range.end));
    let HistoryFilter { source, module, code } = only;
    let rows = statement.query_map(params![begin, end, rows_max, source, module, code], |row| {
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

/// The errors of each module, added up over steps of so many minutes, the oldest first, at most so
/// many rows.
pub(super) fn errors_by_step(
    connection: &Connection,
    range: Range<DateTime<Utc>>,
    step_minutes: i64,
    rows_max: usize,
) -> Result<Vec<StepErrors>, Fault> {
    let mut statement = connection.prepare(
        "SELECT minute - minute % ?3 AS step, module, sum(errors) FROM history
         WHERE minute >= ?1 AND minute < ?2 GROUP BY step, module ORDER BY step, module LIMIT ?4",
    )?;
    let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let (begin, end) = (minute_of(range.start), minute_of(range.end));
    let rows = statement.query_map(params![begin, end, step_minutes.max(1), rows_max], |row| {
        let errors: i64 = row.get(2)?;
        let errors = u64::try_from(errors).unwrap_or_default();
        Ok(StepErrors { minute: row.get(0)?, module: row.get(1)?, errors })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The errors of each code, the most frequent first, at most so many rows.
pub(super) fn errors_by_code(
    connection: &Connection,
    range: Range<DateTime<Utc>>,
    rows_max: usize,
) -> Result<Vec<CodeErrors>, Fault> {
    let mut statement = connection.prepare(
        "SELECT module, code, sum(errors) AS errors, max(minute) FROM history
         WHERE minute >= ?1 AND minute < ?2 GROUP BY module, code
         ORDER BY errors DESC, code, module LIMIT ?3",
    )?;
    let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let (begin, end) = (minute_of(range.start), minute_of(range.end));
    let rows = statement.query_map(params![begin, end, rows_max], |row| {
        let errors: i64 = row.get(2)?;
        let errors = u64::try_from(errors).unwrap_or_default();
        let (module, code, last_minute) = (row.get(0)?, row.get(1)?, row.get(3)?);
        Ok(CodeErrors { module, code, errors, last_minute })
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The columns of [`load::outbox_entry`].
const ENTRIES: &str = "SELECT id, created_ms, at_ms, receiver, state, attempts, next_attempt_ms,
    last_error, done_ms, checksum, notification FROM outbox";

/// The newest notifications of a state, the newest first, at most so many.
pub(super) fn outbox(
    connection: &Connection,
    state: OutboxState,
    rows_max: usize,
) -> Result<Vec<OutboxEntry>, Fault> {
    let sql = format!("{ENTRIES} WHERE state = ?1 ORDER BY rowid DESC LIMIT ?2");
    let mut statement = connection.prepare(&sql)?;
    let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![state.as_str(), rows_max], load::outbox_entry)?;
    rows.map(whole).collect()
}

/// One notification.
pub(super) fn entry(connection: &Connection, id: &str) -> Result<Option<OutboxEntry>, Fault> {
    let mut statement = connection.prepare(&format!("{ENTRIES} WHERE id = ?1"))?;
    let entry = statement.query_row([id], load::outbox_entry).optional()?;
    entry.map(|entry| whole(Ok(entry))).transpose()
}

/// A notification for each of its recipients, the first first.
pub(super) fn entries_of(
    connection: &Connection,
    notification: &str,
) -> Result<Vec<OutboxEntry>, Fault> {
    // Behind the id stands a blank, and then the recipient.
    let sql =
        format!("{ENTRIES} WHERE id = ?1 OR (id >= ?1 || ' ' AND id < ?1 || '!') ORDER BY rowid");
    let mut statement = connection.prepare(&sql)?;
    let rows = statement.query_map([notification], load::outbox_entry)?;
    rows.map(whole).collect()
}

/// All decisions about an alert, the oldest first, at most so many of the newest.
pub(super) fn decisions(
    connection: &Connection,
    alert: &str,
    rows_max: usize,
) -> Result<Vec<DecisionRow>, Fault> {
    let mut statement = connection.prepare(
        "SELECT alert, at_ms, kind, noted_ms, decision, checksum FROM decision WHERE alert = ?1
         ORDER BY at_ms DESC, noted_ms DESC LIMIT ?2",
    )?;
    let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let rows = statement.query_map(params![alert, rows_max], decision)?;
    let wrong = || Fault::Damaged("a decision is not what was written".to_owned());
    let mut found = rows.map(|row| row?.ok_or_else(wrong)).collect::<Result<Vec<_>, Fault>>()?;
    found.reverse();
    Ok(found)
}

/// The alerts that were decided about last, the latest first, at most so many.
pub(super) fn alerts(connection: &Connection, rows_max: usize) -> Result<Vec<String>, Fault> {
    let mut statement = connection.prepare(
        "SELECT alert FROM decision GROUP BY alert ORDER BY max(noted_ms) DESC LIMIT ?1",
    )?;
    let rows_max = i64::try_from(rows_max).unwrap_or(i64::MAX);
    let rows = statement.query_map([rows_max], |row| row.get(0))?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

fn whole(entry: rusqlite::Result<Option<OutboxEntry>>) -> Result<OutboxEntry, Fault> {
    entry?.ok_or_else(|| Fault::Damaged("a notification is not what was written".to_owned()))
}

fn decision(row: &Row<'_>) -> rusqlite::Result<Option<DecisionRow>> {
    let Some(noted) = DateTime::from_timestamp_millis(row.get(3)?) else { return Ok(None) };
    let key = DecisionKey { alert: row.get(0)?, at_ms: row.get(1)?, kind: row.get(2)? };
    let found = DecisionRow { key, noted, decision: row.get(4)? };
    let is_right = row.get::<_, i64>(5)? == found.checksum();
    Ok(is_right.then_some(found))
}
