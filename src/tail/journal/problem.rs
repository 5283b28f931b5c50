//! What keeps the journal from being read, said to the operator.
//!
//! Owns the words. Nothing here fails.

use std::fmt;
use std::path::PathBuf;

use crate::surface::escape;

/// What keeps the journal from being read for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Problem {
    /// There is no such program.
    Missing(PathBuf),
    /// It cannot be started.
    NotStarted {
        /// The program.
        program: PathBuf,
        /// What the system said.
        why: String,
    },
    /// It has ended.
    Ended {
        /// The end of what it said.
        said: String,
    },
    /// The entry that was read last is no longer in the journal.
    CursorLost,
    /// It printed what is no entry.
    Unreadable,
}

impl Problem {
    /// What the operator can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Missing(_) => Some("install systemd's journalctl, or read files instead"),
            Self::Ended { said } if said.contains("ermission") => {
                Some("add the user of this process to the group systemd-journal")
            }
            Self::NotStarted { .. } | Self::Ended { .. } | Self::CursorLost | Self::Unreadable => {
                None
            }
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let safe = |text: &str| escape::terminal(text, false);
        match self {
            Self::Missing(program) => {
                let program = safe(&program.to_string_lossy());
                write!(f, "cannot read the journal: there is no program {program}")
            }
            Self::NotStarted { program, why } => {
                let program = safe(&program.to_string_lossy());
                write!(f, "cannot read the journal: {program} cannot be started: {}", safe(why))
            }
            Self::Ended { said } if said.is_empty() => {
                write!(f, "journalctl has ended; it is started again")
            }
            Self::Ended { said } => {
                write!(f, "journalctl has ended; it is started again: {}", safe(said))
            }
            Self::CursorLost => {
                write!(f, "the entry read last is no longer in the journal; read on from its time")
            }
            Self::Unreadable => {
                write!(f, "journalctl printed what is no entry; read on from the one before")
            }
        }
    }
}
