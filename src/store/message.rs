//! Messages that wait to be stored by the fleet's broker.
//!
//! Owns their rows. Must never know what is in one, nor decide when one may go. Fails with SQLite's
//! answer; a row that is not what was written makes the database a damaged one.

use std::sync::Arc;

use rusqlite::{Connection, Row, Transaction, params};

use super::batch::Batch;
use super::checksum::Checksum;
use super::problem::Fault;

/// A message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageRow {
    /// Its number, which only grows.
    pub number: u64,
    /// Where it is published.
    pub subject: String,
    /// What the broker tells it by from one that comes again.
    pub id: String,
    /// Opaque.
    pub body: Arc<[u8]>,
}

impl MessageRow {
    /// What it weighs.
    pub fn bytes(&self) -> usize {
        self.subject.len() + self.id.len() + self.body.len()
    }

    fn checksum(&self) -> i64 {
        Checksum::new("message")
            .integer(self.number.cast_signed())
            .text(&self.subject)
            .text(&self.id)
            .bytes(&self.body)
            .value()
    }
}

/// How much waits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct MessagesWaiting {
    /// Messages.
    pub rows: u64,
    /// What they weigh.
    pub bytes: u64,
    /// The number of the last one; 0 if there is none.
    pub last: u64,
}

/// The columns of [`parse`].
pub(super) const COLUMNS: &str = "SELECT number, subject, id, checksum, body FROM message";

/// A row, and what it weighs; `None` if it is not what was written.
pub(super) fn parse(row: &Row<'_>) -> rusqlite::Result<Option<(u64, MessageRow, usize)>> {
    let number: i64 = row.get(0)?;
    let body: Vec<u8> = row.get(4)?;
    let message = MessageRow {
        number: number.cast_unsigned(),
        subject: row.get(1)?,
        id: row.get(2)?,
        body: body.into(),
    };
    let is_right = row.get::<_, i64>(3)? == message.checksum();
    let bytes = message.bytes();
    Ok(is_right.then_some((message.number, message, bytes)))
}

/// How much waits; the bodies are not read for it.
pub(super) fn waiting(connection: &Connection) -> Result<MessagesWaiting, Fault> {
    let sql = "SELECT count(*), coalesce(sum(length(subject) + length(id) + length(body)), 0),
               coalesce(max(number), 0) FROM message";
    let numbers = |row: &Row<'_>| {
        let number = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
        Ok(MessagesWaiting { rows: number(0)?, bytes: number(1)?, last: number(2)? })
    };
    Ok(connection.query_row(sql, [], numbers)?)
}

/// The messages behind a number, in their order, until they weigh so much.
pub(super) fn behind(
    connection: &Connection,
    number: u64,
    bytes_max: usize,
) -> Result<Vec<MessageRow>, Fault> {
    let mut statement =
        connection.prepare(&format!("{COLUMNS} WHERE number > ?1 ORDER BY number"))?;
    let mut rows = statement.query([number.cast_signed()])?;
    let (mut messages, mut total) = (Vec::new(), 0);
    while let Some(row) = rows.next()? {
        let parsed = parse(row)?;
        let wrong = || Fault::Damaged("a message is not what was written".to_owned());
        let (_, message, bytes) = parsed.ok_or_else(wrong)?;
        total += bytes;
        messages.push(message);
        if total >= bytes_max {
            break;
        }
    }
    Ok(messages)
}

/// Puts what was made, and removes what is stored.
pub(super) fn write(transaction: &Transaction<'_>, batch: &Batch) -> Result<(), Fault> {
    if !batch.messages.is_empty() {
        let mut put = transaction.prepare(
            "INSERT INTO message (number, subject, id, checksum, body)
             VALUES (?1, ?2, ?3, ?4, ?5) ON CONFLICT (number) DO NOTHING",
        )?;
        for message in batch.messages.values() {
            let (number, checksum) = (message.number.cast_signed(), message.checksum());
            let MessageRow { subject, id, body, .. } = message;
            put.execute(params![number, subject, id, checksum, &body[..]])?;
        }
    }
    if let Some(number) = batch.messages_stored_to {
        transaction.execute("DELETE FROM message WHERE number <= ?1", [number.cast_signed()])?;
    }
    Ok(())
}
