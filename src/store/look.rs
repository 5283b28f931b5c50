//! A look at a state that a daemon may be working with.
//!
//! Owns that a look changes nothing, waits for nobody and needs no lock. Must never write, not even
//! to tidy up what a killed daemon left. Fails with [`LookError`].

use std::fmt;
use std::ops::Range;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rusqlite::Connection;

use super::opening::DATABASE_NAME;
use super::problem::Fault;
use super::row::{
    CodeErrors, DecisionRow, HistoryFilter, HistoryRow, OutboxEntry, OutboxState, StepErrors,
};
use super::schema::{self, Form};
use super::{connection, read};

/// Why nothing is to be seen.
#[derive(Debug)]
pub struct LookError {
    /// The database.
    pub file: PathBuf,
    /// What is wrong: a lowercase fragment.
    pub why: String,
    /// What to do.
    pub hint: &'static str,
}

impl fmt::Display for LookError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { file, why, hint } = self;
        write!(f, "cannot look at the state `{}`: {why}\nhint: {hint}", file.display())
    }
}

impl std::error::Error for LookError {}

/// What a state directory holds, as of its last commit.
#[derive(Debug)]
pub struct Look {
    file: PathBuf,
    connection: Connection,
}

impl Look {
    /// Opens the database of a directory for reading.
    pub fn open(directory: &Path) -> Result<Self, LookError> {
        let file = directory.join(DATABASE_NAME);
        let failed = |why: String, hint| LookError { file: file.clone(), why, hint };
        if let Err(error) = file.metadata() {
            let hint = "name the directory in which a run keeps its state, or its configuration";
            let is_gone = error.kind() == std::io::ErrorKind::NotFound;
            let why = if is_gone { "there is none".to_owned() } else { error.to_string() };
            return Err(failed(why, hint));
        }
        let hint = "look as the user whose run it is, or as root";
        let open = || -> Result<_, Fault> {
            let connection = connection::connect_to_look(&file)?;
            let form = schema::form(&connection)?;
            Ok((connection, form))
        };
        let (connection, form) = open().map_err(|fault| failed(fault.to_string(), hint))?;
        match form {
            Form::Known(schema::VERSION) => Ok(Self { file, connection }),
            Form::Newer(version) => {
                let why = format!("a newer ocrwatch wrote it (version {version})");
                Err(failed(why, "use that one"))
            }
            Form::Known(_) | Form::Empty => {
                let why = "an older ocrwatch wrote it".to_owned();
                Err(failed(why, "start `ocrwatch run` once: it takes the state over"))
            }
        }
    }

    /// The newest notifications of a state, the newest first, at most so many.
    pub fn outbox(
        &self,
        state: OutboxState,
        rows_max: usize,
    ) -> Result<Vec<OutboxEntry>, LookError> {
        self.seen(read::outbox(&self.connection, state, rows_max))
    }

    /// Counts by minute, from the minute of one instant on and before that of another, the oldest
    /// first, at most so many rows.
    pub fn history(
        &self,
        range: Range<DateTime<Utc>>,
        only: &HistoryFilter,
        rows_max: usize,
    ) -> Result<Vec<HistoryRow>, LookError> {
        self.seen(read::history(&self.connection, range, only, rows_max))
    }

    /// The errors of each module from the minute of one instant on and before that of another,
    /// added up over steps of so many minutes, the oldest first, at most so many rows.
    pub fn errors_by_step(
        &self,
        range: Range<DateTime<Utc>>,
        step_minutes: i64,
        rows_max: usize,
    ) -> Result<Vec<StepErrors>, LookError> {
        self.seen(read::errors_by_step(&self.connection, range, step_minutes, rows_max))
    }

    /// The errors of each code in the same stretch, the most frequent first, at most so many rows.
    pub fn errors_by_code(
        &self,
        range: Range<DateTime<Utc>>,
        rows_max: usize,
    ) -> Result<Vec<CodeErrors>, LookError> {
        self.seen(read::errors_by_code(&self.connection, range, rows_max))
    }

    /// A notification, once for each of its recipients.
    pub fn notification(&self, id: &str) -> Result<Vec<OutboxEntry>, LookError> {
        self.seen(read::entries_of(&self.connection, id))
    }

    /// The newest decisions about an alert, the oldest of them first, at most so many.
    pub fn decisions(&self, alert: &str, rows_max: usize) -> Result<Vec<DecisionRow>, LookError> {
        self.seen(read::decisions(&self.connection, alert, rows_max))
    }

    /// The alerts that were decided about last, the latest first, at most so many.
    pub fn alerts(&self, rows_max: usize) -> Result<Vec<String>, LookError> {
        self.seen(read::alerts(&self.connection, rows_max))
    }

    fn seen<T>(&self, found: Result<T, Fault>) -> Result<T, LookError> {
        found.map_err(|fault| LookError {
            file: self.file.clone(),
            why: fault.to_string(),
            hint: "try again; a run that uses it says in its log what is wrong with it",
        })
    }
}
