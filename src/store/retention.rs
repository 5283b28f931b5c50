//! What is old goes, and the file stays below its size.
//!
//! Owns the order in which things go: history, decisions and finished notifications by age, then
//! by size the oldest history, the oldest decisions, the oldest finished notifications. Must never
//! touch what is queued, nor the state. Fails with SQLite's answer. One call does a bounded piece
//! of work.

use chrono::{DateTime, TimeDelta, Utc};
use rusqlite::{Connection, TransactionBehavior, params};

use super::Settings;
use super::message;
use super::problem::Fault;
use super::row::minute_of;

/// The most rows that one call removes for each reason: some ten milliseconds.
const HISTORY_ROWS_MAX: u64 = 10_000;
const OUTBOX_ROWS_MAX: u64 = 1_000;
const DECISION_ROWS_MAX: u64 = 5_000;

/// So many decisions are kept: some fifty megabytes.
const DECISIONS_MAX: u64 = 100_000;

/// The most pages that one call gives back to the file system: 16 MiB.
const PAGES_MAX: u64 = 4096;

/// What a row of history takes with its share of a page, rather too much: no call removes more than
/// it must.
const HISTORY_ROW_BYTES: u64 = 128;

/// What retention did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retained {
    /// Minutes of history that were removed, one for each source and code.
    pub history_rows: u64,
    /// Finished notifications that were removed.
    pub outbox_rows: u64,
    /// Decisions that were removed.
    pub decision_rows: u64,
    /// The size of the database afterwards.
    pub database_bytes: u64,
    /// The size of its write-ahead log afterwards.
    pub wal_bytes: u64,
    /// There is more to do: call again soon.
    pub more: bool,
    /// The file is above its size, and nothing is left that may go.
    pub above_limit: bool,
}

/// Removes what is too old or too much.
pub(super) fn retain(
    connection: &mut Connection,
    settings: &Settings,
    wal_bytes: impl Fn() -> u64,
    now: DateTime<Utc>,
) -> Result<Retained, Fault> {
    let mut retained = Retained::default();
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let history_end = before(now, settings.history_days);
    let minute_end = history_end.map_or(i64::MIN, minute_of);
    retained.history_rows = remove_history(&transaction, minute_end, HISTORY_ROWS_MAX)?;
    let outbox_end = before(now, settings.outbox_days);
    let done_end_ms = outbox_end.map_or(i64::MIN, |end| end.timestamp_millis());
    retained.outbox_rows = remove_outbox(&transaction, done_end_ms, OUTBOX_ROWS_MAX)?;
    retained.decision_rows =
        remove_decisions(&transaction, done_end_ms, DECISIONS_MAX, DECISION_ROWS_MAX)?;
    transaction.commit()?;
    retained.more = retained.history_rows >= HISTORY_ROWS_MAX
        || retained.outbox_rows >= OUTBOX_ROWS_MAX
        || retained.decision_rows >= DECISION_ROWS_MAX;

    shrink(connection)?;
    // What waits for a broker has a bound of its own; its pages are two thirds full.
    let waiting = message::waiting(connection)?.bytes;
    let kept_bytes = settings.bytes_max.saturating_add(waiting + waiting / 2);
    let excess = (database_bytes(connection)? + wal_bytes()).saturating_sub(kept_bytes);
    if excess > 0 && !retained.more {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let rows = (excess / HISTORY_ROW_BYTES).clamp(1, HISTORY_ROWS_MAX);
        let history = remove_history(&transaction, i64::MAX, rows)?;
        let decisions = match history {
            0 => remove_decisions(&transaction, i64::MAX, 0, DECISION_ROWS_MAX)?,
            _ => 0,
        };
        let outbox = match history + decisions {
            0 => remove_outbox(&transaction, i64::MAX, OUTBOX_ROWS_MAX)?,
            _ => 0,
        };
        transaction.commit()?;
        shrink(connection)?;
        retained.history_rows += history;
        retained.outbox_rows += outbox;
        retained.decision_rows += decisions;
        let is_above = database_bytes(connection)? + wal_bytes() > kept_bytes;
        let is_shrinking = history + decisions + outbox > 0 || free_pages(connection)? > 0;
        retained.more = is_above && is_shrinking;
        retained.above_limit = is_above && !is_shrinking;
    }
    retained.database_bytes = database_bytes(connection)?;
    retained.wal_bytes = wal_bytes();
    retained.more |= free_pages(connection)? > PAGES_MAX;
    Ok(retained)
}

fn before(now: DateTime<Utc>, days: u32) -> Option<DateTime<Utc>> {
    now.checked_sub_signed(TimeDelta::days(days.into()))
}

/// Removes the oldest minutes before one, whole minutes, of about so many rows.
fn remove_history(connection: &Connection, end: i64, rows: u64) -> Result<u64, Fault> {
    let removed = connection.execute(
        "DELETE FROM history WHERE minute < ?1 AND minute <= coalesce(
             (SELECT minute FROM history ORDER BY minute LIMIT 1 OFFSET ?2), ?1)",
        params![end, i64::try_from(rows).unwrap_or(i64::MAX).saturating_sub(1)],
    )?;
    Ok(removed as u64)
}

/// Removes the first of those that were done before an instant.
fn remove_outbox(connection: &Connection, end_ms: i64, rows: u64) -> Result<u64, Fault> {
    let removed = connection.execute(
        "DELETE FROM outbox WHERE state <> 'queued' AND rowid IN (
             SELECT rowid FROM outbox WHERE done_ms IS NOT NULL AND done_ms < ?1
             ORDER BY done_ms LIMIT ?2)",
        params![end_ms, i64::try_from(rows).unwrap_or(i64::MAX)],
    )?;
    Ok(removed as u64)
}

/// Removes the first of those that were noted before an instant or are too many.
fn remove_decisions(
    connection: &Connection,
    end_ms: i64,
    most: u64,
    rows: u64,
) -> Result<u64, Fault> {
    let count: i64 = connection.query_row("SELECT count(*) FROM decision", [], |row| row.get(0))?;
    let excess = u64::try_from(count).unwrap_or_default().saturating_sub(most);
    let signed = |number: u64| i64::try_from(number).unwrap_or(i64::MAX);
    let oldest = "SELECT alert, at_ms, kind FROM decision WHERE noted_ms < ?1
                  ORDER BY noted_ms LIMIT ?2";
    let sql = format!("DELETE FROM decision WHERE (alert, at_ms, kind) IN ({oldest})");
    let old = connection.execute(&sql, params![end_ms, signed(rows)])? as u64;
    let excess = excess.saturating_sub(old).min(rows.saturating_sub(old));
    let many = match excess {
        0 => 0,
        excess => connection.execute(&sql, params![i64::MAX, signed(excess)])?,
    };
    Ok(old + many as u64)
}

/// Gives free pages back to the file system, and empties the log into the database.
fn shrink(connection: &Connection) -> Result<(), Fault> {
    if free_pages(connection)? > 0 {
        let mut vacuum = connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES_MAX})"))?;
        // A page for each step.
        let mut steps = vacuum.query([])?;
        while steps.next()?.is_some() {}
    }
    // A reader in another program may keep the log from being emptied; the next call tries again.
    let mut checkpoint = connection.prepare("PRAGMA wal_checkpoint(TRUNCATE)")?;
    let mut answer = checkpoint.query([])?;
    while answer.next()?.is_some() {}
    Ok(())
}

fn free_pages(connection: &Connection) -> Result<u64, Fault> {
    number(connection, "freelist_count")
}

pub(super) fn database_bytes(connection: &Connection) -> Result<u64, Fault> {
    Ok(number(connection, "page_count")? * number(connection, "page_size")?)
}

fn number(connection: &Connection, pragma: &str) -> Result<u64, Fault> {
    let number: i64 = connection.pragma_query_value(None, pragma, |row| row.get(0))?;
    Ok(u64::try_from(number).unwrap_or_default())
}
