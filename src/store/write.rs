//! A batch into the database, in one transaction.
//!
//! Owns the statements that change rows. Must never decide what is changed. Fails with SQLite's
//! answer, and then nothing of the batch is there.
//!
//! Statements are prepared once for each batch and table. To keep them for longer would take a
//! further crate, and a statement costs some ten microseconds where the disk takes milliseconds.

use chrono::{DateTime, Utc};
use rusqlite::{Connection, OptionalExtension as _, Transaction, TransactionBehavior, params};

use super::batch::{Batch, Deltas, Outcome};
use super::load;
use super::message;
use super::problem::Fault;
use super::row::{OutboxEntry, OutboxRow, OutboxState};
use super::schema;

/// What stands in `meta` for the number of batches that were committed.
const SEQUENCE: &str = "batches";

/// The most errors that one batch adds to a minute.
const ERRORS_MAX: i64 = 1 << 52;

/// The columns of [`load::outbox_entry`], of one row.
const OUTBOX_ROW: &str = "SELECT id, created_ms, at_ms, receiver, state, attempts,
    next_attempt_ms, last_error, done_ms, checksum, notification FROM outbox WHERE id = ?1";

/// The number of batches that were committed into this database.
pub(super) fn sequence(connection: &Connection) -> Result<u64, Fault> {
    let text = schema::meta(connection, SEQUENCE)?;
    let number = text.map_or(Ok(0), |text| text.parse());
    number.map_err(|_| Fault::Damaged("the number of batches is none".to_owned()))
}

/// Commits the batch. `counted` is what was added already, by a commit that seemed to fail and did
/// not. Gives the ids that were in the outbox before.
pub(super) fn commit(
    connection: &mut Connection,
    batch: &Batch,
    counted: Option<&Deltas>,
    sequence: u64,
    now: DateTime<Utc>,
) -> Result<Vec<String>, Fault> {
    // Immediate: another program's lock is met here, before anything is done.
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    positions(&transaction, batch, now)?;
    engine(&transaction, batch)?;
    let already = queue(&transaction, batch)?;
    requeue(&transaction, batch)?;
    outcomes(&transaction, batch)?;
    decisions(&transaction, batch)?;
    message::write(&transaction, batch)?;
    history(&transaction, batch, counted)?;
    counters(&transaction, batch, counted)?;
    schema::put_meta(&transaction, SEQUENCE, &sequence.to_string())?;
    // Said at the start as well, if anything could be written then.
    schema::put_meta(&transaction, schema::ENDED_IN_ORDER, "0")?;
    transaction.commit()?;
    Ok(already)
}

fn positions(
    transaction: &Transaction<'_>,
    batch: &Batch,
    now: DateTime<Utc>,
) -> Result<(), Fault> {
    if batch.positions_cleared {
        transaction.execute("DELETE FROM position", [])?;
    }
    if batch.positions.is_empty() {
        return Ok(());
    }
    let updated_ms = now.timestamp_millis();
    let mut put = transaction.prepare(
        "INSERT INTO position (log, source, updated_ms, checksum, state)
         VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (log) DO UPDATE SET source = excluded.source,
         updated_ms = excluded.updated_ms, checksum = excluded.checksum, state = excluded.state",
    )?;
    let mut remove = transaction.prepare("DELETE FROM position WHERE log = ?1")?;
    for (log, position) in &batch.positions {
        match position {
            Some((source, state)) => {
                let checksum = load::position_checksum(log, source, updated_ms, state);
                put.execute(params![log, source, updated_ms, checksum, state])?;
            }
            None => {
                remove.execute([log])?;
            }
        }
    }
    Ok(())
}

fn engine(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), Fault> {
    for (table, state) in [("engine_head", &batch.engine_head), ("policy", &batch.policy)] {
        if let Some(state) = state {
            let put = format!("REPLACE INTO {table} (id, checksum, state) VALUES (1, ?1, ?2)");
            transaction.execute(&put, params![load::one_checksum(table, state), state])?;
        }
    }
    if batch.engine_cleared {
        transaction.execute("DELETE FROM engine_group", [])?;
        transaction.execute("DELETE FROM engine_rule", [])?;
    }
    for rule in &batch.engine_rules_removed {
        transaction.execute("DELETE FROM engine_group WHERE rule = ?1", [rule])?;
        transaction.execute("DELETE FROM engine_rule WHERE rule = ?1", [rule])?;
    }
    if !batch.engine_rules.is_empty() {
        let sql = "REPLACE INTO engine_rule (rule, checksum, state) VALUES (?1, ?2, ?3)";
        let mut put = transaction.prepare(sql)?;
        for (rule, state) in &batch.engine_rules {
            put.execute(params![rule, load::rule_checksum(rule, state), state])?;
        }
    }
    if batch.engine_groups.is_empty() {
        return Ok(());
    }
    let mut put = transaction.prepare(
        "REPLACE INTO engine_group (rule, number, checksum, state) VALUES (?1, ?2, ?3, ?4)",
    )?;
    let mut remove =
        transaction.prepare("DELETE FROM engine_group WHERE rule = ?1 AND number = ?2")?;
    for ((rule, number), state) in &batch.engine_groups {
        // SQLite's integers are signed; the same bits come back.
        let number = number.cast_signed();
        match state {
            Some(state) => {
                let checksum = load::group_checksum(rule, number, state);
                put.execute(params![rule, number, checksum, state])?
            }
            None => remove.execute(params![rule, number])?,
        };
    }
    Ok(())
}

fn queue(transaction: &Transaction<'_>, batch: &Batch) -> Result<Vec<String>, Fault> {
    let mut already = Vec::new();
    if batch.queued.is_empty() {
        return Ok(already);
    }
    let mut put = transaction.prepare(
        "INSERT INTO outbox (id, created_ms, at_ms, receiver, state, attempts, next_attempt_ms,
         last_error, done_ms, checksum, notification)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11) ON CONFLICT (id) DO NOTHING",
    )?;
    let mut rows: Vec<&OutboxRow> = batch.queued.values().collect();
    // In the order in which they were made, so that they are read back in it.
    rows.sort_by_key(|row| row.created);
    for row in rows {
        let entry = OutboxEntry { row: row.clone(), state: OutboxState::Queued, done: None };
        let inserted = put.execute(params![
            row.id,
            row.created.timestamp_millis(),
            row.at.timestamp_millis(),
            row.receiver,
            entry.state.as_str(),
            row.attempts,
            row.next_attempt.timestamp_millis(),
            row.last_error,
            None::<i64>,
            entry.checksum(),
            row.notification
        ])?;
        if inserted == 0 {
            already.push(row.id.clone());
        }
    }
    Ok(already)
}

/// Those that were given up wait again.
fn requeue(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), Fault> {
    for (id, at) in &batch.requeued {
        let Some(mut entry) = entry_of(transaction, id)? else { continue };
        if matches!(entry.state, OutboxState::Queued | OutboxState::Dead) {
            entry.state = OutboxState::Queued;
            entry.row.next_attempt = *at;
            entry.done = None;
            put_entry(transaction, &entry)?;
        }
    }
    Ok(())
}

fn outcomes(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), Fault> {
    if batch.outcomes.is_empty() {
        return Ok(());
    }
    for (id, outcome) in &batch.outcomes {
        // One that retention has removed meanwhile needs no outcome.
        let Some(entry) = entry_of(transaction, id)? else { continue };
        if entry.state == OutboxState::Queued {
            put_entry(transaction, &with_outcome(entry, outcome))?;
        }
    }
    Ok(())
}

fn entry_of(transaction: &Transaction<'_>, id: &str) -> Result<Option<OutboxEntry>, Fault> {
    let mut get = transaction.prepare(OUTBOX_ROW)?;
    let Some(entry) = get.query_row([id], load::outbox_entry).optional()? else {
        return Ok(None);
    };
    let wrong = || Fault::Damaged("a notification is not what was written".to_owned());
    entry.ok_or_else(wrong).map(Some)
}

fn put_entry(transaction: &Transaction<'_>, entry: &OutboxEntry) -> Result<(), Fault> {
    let mut put = transaction.prepare(
        "UPDATE outbox SET state = ?2, attempts = ?3, next_attempt_ms = ?4, last_error = ?5,
         done_ms = ?6, checksum = ?7 WHERE id = ?1",
    )?;
    put.execute(params![
        entry.row.id,
        entry.state.as_str(),
        entry.row.attempts,
        entry.row.next_attempt.timestamp_millis(),
        entry.row.last_error,
        entry.done.map(|done| done.timestamp_millis()),
        entry.checksum()
    ])?;
    Ok(())
}

fn decisions(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), Fault> {
    if batch.decisions.is_empty() {
        return Ok(());
    }
    let mut put = transaction.prepare(
        "INSERT INTO decision (alert, at_ms, kind, noted_ms, checksum, decision)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6) ON CONFLICT DO NOTHING",
    )?;
    for (key, row) in &batch.decisions {
        let noted_ms = row.noted.timestamp_millis();
        let (checksum, decision) = (row.checksum(), &row.decision);
        put.execute(params![key.alert, key.at_ms, key.kind, noted_ms, checksum, decision])?;
    }
    Ok(())
}

fn with_outcome(mut entry: OutboxEntry, outcome: &Outcome) -> OutboxEntry {
    entry.state = outcome.state;
    entry.row.attempts = outcome.attempts;
    // The last error stays with what was delivered at last: it tells why it took so long.
    if outcome.error.is_some() {
        entry.row.last_error.clone_from(&outcome.error);
    }
    entry.row.next_attempt = outcome.at;
    entry.done = (outcome.state != OutboxState::Queued).then_some(outcome.at);
    entry
}

fn history(
    transaction: &Transaction<'_>,
    batch: &Batch,
    counted: Option<&Deltas>,
) -> Result<(), Fault> {
    if batch.deltas.history.is_empty() && counted.is_none() {
        return Ok(());
    }
    let mut add = transaction.prepare(
        "INSERT INTO history (minute, source, module, code, errors) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET errors = errors + excluded.errors",
    )?;
    // Integers of this size add up to no more than SQLite has room for.
    let signed = |errors: u64| i64::try_from(errors).unwrap_or(i64::MAX).min(ERRORS_MAX);
    for (key, errors) in &batch.deltas.history {
        add.execute(params![key.minute, key.source, key.module, key.code, signed(*errors)])?;
    }
    let mut take = transaction.prepare(
        "UPDATE history SET errors = max(0, errors - ?5)
         WHERE minute = ?1 AND source = ?2 AND module = ?3 AND code = ?4",
    )?;
    for (key, errors) in counted.into_iter().flat_map(|deltas| &deltas.history) {
        take.execute(params![key.minute, key.source, key.module, key.code, signed(*errors)])?;
    }
    Ok(())
}

fn counters(
    transaction: &Transaction<'_>,
    batch: &Batch,
    counted: Option<&Deltas>,
) -> Result<(), Fault> {
    if batch.deltas.counters.is_empty() {
        return Ok(());
    }
    let mut get = transaction.prepare("SELECT value, checksum FROM counter WHERE name = ?1")?;
    let mut put =
        transaction.prepare("REPLACE INTO counter (name, value, checksum) VALUES (?1, ?2, ?3)")?;
    for (name, delta) in &batch.deltas.counters {
        let counted = counted.and_then(|deltas| deltas.counters.get(name)).copied();
        let delta = delta.saturating_sub(counted.unwrap_or_default());
        let known: Option<(i64, i64)> =
            get.query_row([name], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
        let known = match known {
            None => 0,
            Some((value, sum)) if load::counter_checksum(name, value) == sum => value,
            Some(_) => return Err(Fault::Damaged("a counter is not what was written".to_owned())),
        };
        let value = known.saturating_add(i64::try_from(delta).unwrap_or(i64::MAX));
        put.execute(params![name, value, load::counter_checksum(name, value)])?;
    }
    Ok(())
}
