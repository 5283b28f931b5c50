//! Which tables there are, in which version.
//!
//! Owns the steps from each version to the next. Must not know what stands in the tables. Fails
//! with SQLite's answer, and then the old version stands as it was.

mod v1;
mod v2;
mod v3;

use std::collections::BTreeMap;

use rusqlite::{Connection, TransactionBehavior};

use super::problem::Fault;

/// The step to version `n` stands at `n - 1`. One that was released is never edited.
pub(super) const MIGRATIONS: &[&str] = &[v1::SQL, v2::SQL, v3::SQL];

/// The version that this program writes.
#[expect(clippy::cast_possible_wrap, reason = "a handful")]
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// "ocrw" in the file's header, so that `file` and others tell whose database it is.
pub(super) const APPLICATION_ID: i32 = i32::from_be_bytes(*b"ocrw");

/// What stands in `meta` for whether the last daemon ended in order.
pub(super) const ENDED_IN_ORDER: &str = "ended_in_order";

/// What a file says that it is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// Nothing was written into it yet.
    Empty,
    /// A database of this program's, of a version that it can go on from.
    Known(i64),
    /// A newer program's.
    Newer(i64),
}

/// Asks the file, without changing it.
///
/// The version stands in the header and in a table. One alone may be a flipped bit, which must
/// neither keep the daemon from starting nor make it read the tables of another version.
pub(super) fn form(connection: &Connection) -> Result<Form, Fault> {
    let number = |pragma: &str| -> rusqlite::Result<i64> {
        connection.pragma_query_value(None, pragma, |row| row.get(0))
    };
    let version = number("user_version")?;
    let tables: i64 =
        connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?;
    if tables == 0 && version == 0 {
        return Ok(Form::Empty);
    }
    if number("application_id")? != i64::from(APPLICATION_ID) {
        return Err(Fault::Damaged("it is no state of ocrwatch".to_owned()));
    }
    let in_table = meta(connection, "schema")?;
    if version < 1 || in_table != Some(version.to_string()) {
        return Err(Fault::Damaged("it contradicts itself about its version".to_owned()));
    }
    Ok(if version > VERSION { Form::Newer(version) } else { Form::Known(version) })
}

/// Whether the tables and indexes of a version are as its steps make them. SQLite believes a
/// damaged definition as long as it can be parsed: a column would have another name, a check
/// another value, and every commit would fail. What is there beside is no business of ours.
pub(super) fn check(connection: &Connection, version: i64) -> Result<(), Fault> {
    let steps = usize::try_from(version).ok().and_then(|version| MIGRATIONS.get(..version));
    let Some(steps) = steps else { return Ok(()) };
    let mut right = Connection::open_in_memory()?;
    migrate(&mut right, 0, steps)?;
    let present = definitions(connection)?;
    let wrong = definitions(&right)?.into_iter().find(|(name, sql)| present.get(name) != Some(sql));
    wrong.map_or(Ok(()), |(name, _)| {
        Err(Fault::Damaged(format!("its `{name}` is not that of version {version}")))
    })
}

/// What is defined, by its name. How SQLite sets a text that it writes itself is no difference.
fn definitions(connection: &Connection) -> Result<BTreeMap<String, String>, Fault> {
    let sql = "SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL";
    let mut statement = connection.prepare(sql)?;
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?)))?;
    let is_setting = |letter: char| letter.is_whitespace() || letter == '"';
    let plain = |sql: String| sql.replace(is_setting, "").to_ascii_lowercase();
    rows.map(|row| row.map(|(name, sql)| (name, plain(sql))).map_err(Fault::from)).collect()
}

/// Takes a database from one version to the newest of the steps, all of them or none.
pub(super) fn migrate(
    connection: &mut Connection,
    from: i64,
    migrations: &[&str],
) -> Result<(), Fault> {
    let steps = migrations.iter().zip(1i64..).filter(|(_, version)| *version > from);
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    for (sql, version) in steps {
        transaction.execute_batch(sql)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", version)?;
        put_meta(&transaction, "schema", &version.to_string())?;
    }
    if from == 0 {
        give_pages_back(&transaction)?;
    }
    transaction.commit()?;
    Ok(())
}

/// What steps have emptied is no part of a new file: damage of a page that nobody reads would go
/// unnoticed. Of an old one retention gives it back, piece by piece.
fn give_pages_back(connection: &Connection) -> Result<(), Fault> {
    let mut vacuum = connection.prepare("PRAGMA incremental_vacuum")?;
    let mut steps = vacuum.query([])?;
    while steps.next()?.is_some() {}
    Ok(())
}

/// A value of the table that every version has.
pub(super) fn meta(connection: &Connection, key: &str) -> Result<Option<String>, Fault> {
    let mut statement = connection.prepare("SELECT value FROM meta WHERE key = ?1")?;
    let mut rows = statement.query([key])?;
    Ok(rows.next()?.map(|row| row.get(0)).transpose()?)
}

pub(super) fn put_meta(connection: &Connection, key: &str, value: &str) -> Result<(), Fault> {
    let sql = "INSERT INTO meta (key, value) VALUES (?1, ?2)
               ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    connection.execute(sql, [key, value])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_definition_that_was_changed_is_damage_and_one_that_was_added_is_none() {
        for version in 1..=VERSION {
            let mut connection = Connection::open_in_memory().unwrap();
            let steps = &MIGRATIONS[..usize::try_from(version).unwrap()];
            migrate(&mut connection, 0, steps).unwrap();
            connection.execute_batch("CREATE INDEX mine ON position (log)").unwrap();
            assert!(check(&connection, version).is_ok(), "{version}");
            let wrong = "ALTER TABLE history RENAME COLUMN errors TO errorr";
            connection.execute_batch(wrong).unwrap();
            let Err(Fault::Damaged(why)) = check(&connection, version) else {
                unreachable!("{version} is as it should be")
            };
            assert_eq!(why, format!("its `history` is not that of version {version}"));
        }
    }

    #[test]
    fn a_version_that_the_tables_contradict_is_damage() {
        let mut connection = Connection::open_in_memory().unwrap();
        assert_eq!(form(&connection).unwrap(), Form::Empty);
        connection.pragma_update(None, "user_version", 1).unwrap();
        assert!(matches!(form(&connection), Err(Fault::Damaged(_))), "nothing stands in it");
        connection.pragma_update(None, "user_version", 0).unwrap();
        migrate(&mut connection, 0, MIGRATIONS).unwrap();
        assert_eq!(form(&connection).unwrap(), Form::Known(VERSION));
        for version in [0, VERSION + 1] {
            connection.pragma_update(None, "user_version", version).unwrap();
            assert!(matches!(form(&connection), Err(Fault::Damaged(_))), "{version}");
        }
        put_meta(&connection, "schema", &(VERSION + 1).to_string()).unwrap();
        assert_eq!(form(&connection).unwrap(), Form::Newer(VERSION + 1));
    }
}
