//! `command`: a program of this machine that is handed notifications.
//!
//! Owns its keys and their bounds. Must never run anything. What is wrong is a problem and reads as
//! absent.

use std::sync::Arc;

use super::secret;
use crate::config::paths::Paths;
use crate::engine::Span;
use crate::rules::span_in;
use crate::toml_file::{Keys, Problems};

pub(super) const KEYS: &[&str] = &["run", "timeout"];

const TIMEOUT: Span = Span(30_000);

/// A program that is handed a notification as JSON on its standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program's path and its arguments; no shell reads them.
    pub run: Arc<[String]>,
    /// It is ended after so long.
    pub timeout: Span,
}

pub(super) fn read(
    _: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Command> {
    let keys = keys.table("command", "command", KEYS, problems)?;
    if !keys.has("run") {
        let hint = "name the program and its arguments, such as `run = [\"/usr/local/bin/page\"]`";
        keys.missing("run", hint, problems);
    }
    let run = secret::arguments("run", &keys, problems);
    let timeout = span_in(&keys, "timeout", Span::SECOND.0..=Span::HOUR.0, problems);
    Some(Command { run: run?, timeout: timeout.unwrap_or(TIMEOUT) })
}
