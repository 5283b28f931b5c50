//! What a daemon has kept, as anybody may read it from its database.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use serde_json::Value;

/// A state directory.
pub(super) struct State(pub(super) PathBuf);

/// A notification of the outbox.
pub(super) struct Told {
    pub(super) id: String,
    pub(super) state: String,
    pub(super) notification: Value,
}

impl State {
    pub(super) fn database(&self) -> PathBuf {
        self.0.join("state.db")
    }

    /// Errors by code, all minutes and sources together; none if there is no state that can be
    /// read now.
    pub(super) fn errors(&self) -> BTreeMap<String, u64> {
        self.sums("SELECT code, sum(errors) FROM history GROUP BY code")
    }

    /// Whether a daemon knows where a log stands.
    pub(super) fn has_position(&self) -> bool {
        !self.sums("SELECT log, 1 FROM position WHERE log LIKE 'file %'").is_empty()
    }

    /// Errors by source.
    pub(super) fn errors_by_source(&self) -> BTreeMap<String, u64> {
        self.sums("SELECT source, sum(errors) FROM history GROUP BY source")
    }

    /// Errors of all codes.
    pub(super) fn count(&self) -> u64 {
        self.errors().values().sum()
    }

    /// What was counted over the whole life, by name: `lines <source>`.
    pub(super) fn counters(&self) -> BTreeMap<String, u64> {
        self.sums("SELECT name, value FROM counter")
    }

    /// Lines of all sources.
    pub(super) fn lines(&self) -> u64 {
        let counters = self.counters().into_iter();
        counters.filter(|(name, _)| name.starts_with("lines ")).map(|(_, lines)| lines).sum()
    }

    /// How many messages wait for the fleet's broker.
    pub(super) fn messages(&self) -> u64 {
        self.sums("SELECT 'all', count(*) FROM message").values().sum()
    }

    fn sums(&self, sql: &str) -> BTreeMap<String, u64> {
        let rows = || -> rusqlite::Result<_> {
            let connection = open(&self.database())?;
            let mut statement = connection.prepare(sql)?;
            let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, i64>(1)?)))?;
            rows.map(|row| row.map(|(name, count)| (name, count.unsigned_abs()))).collect()
        };
        rows().unwrap_or_default()
    }

    /// The outbox, the oldest first.
    pub(super) fn outbox(&self) -> Vec<Told> {
        let connection = open(&self.database()).expect("a state");
        let sql = "SELECT id, state, notification FROM outbox ORDER BY rowid";
        let mut statement = connection.prepare(sql).expect("an outbox");
        let rows = statement.query_map([], |row| {
            let notification: Vec<u8> = row.get(2)?;
            Ok(Told {
                id: row.get(0)?,
                state: row.get(1)?,
                notification: serde_json::from_slice(&notification).unwrap_or_default(),
            })
        });
        rows.expect("an outbox").map(|row| row.expect("a notification")).collect()
    }

    /// How many notifications are still to be delivered.
    pub(super) fn queued(&self) -> usize {
        self.outbox().iter().filter(|told| told.state != "sent").count()
    }

    /// How often each alert of a rule was told as news that fires, by the value of its first label.
    pub(super) fn fired(&self, rule: &str) -> BTreeMap<String, u64> {
        let mut fired = BTreeMap::new();
        for told in self.outbox() {
            for told in told.notification["alerts"].as_array().into_iter().flatten() {
                let is_news = told["is_news"] == true && told["status"] == "firing";
                if is_news && told["alert"]["rule"] == rule {
                    let value = told["alert"]["labels"][0][1].as_str().unwrap_or_default();
                    *fired.entry(value.to_owned()).or_default() += 1;
                }
            }
        }
        fired
    }
}

/// Reads only, so that nothing is tidied up that a killed daemon has left behind.
fn open(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)
}
