//! `command`: a program of this machine that is handed notifications.
//!
//! Owns its keys and their bounds. Must never run anything. What is wrong is a problem and reads as
//! absent.

use std::ops::RangeInclusive;
use std::sync::Arc;

use super::secret::{self, Secret};
use crate::config::paths::Paths;
use crate::config::problem;
use crate::engine::Span;
use crate::rules::span_in;
use crate::toml_file::{Keys, Problems};

pub(super) const KEYS: &[&str] = &["run", "timeout", "environment"];

pub(super) const VARIABLES_MAX: usize = 32;

pub(super) const TIMEOUTS: RangeInclusive<i64> = Span::SECOND.0..=Span::HOUR.0;
pub(super) const TIMEOUT: Span = Span(30_000);

/// A program that is handed a notification as JSON on its standard input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Command {
    /// The program's path and its arguments; no shell reads them.
    pub run: Arc<[String]>,
    /// It is ended after so long.
    pub timeout: Span,
    /// Variables that it is given, and where their secret values lie.
    pub environment: Vec<(Arc<str>, Secret)>,
}

pub(super) fn read(
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Command> {
    let keys = keys.table("command", "command", KEYS, problems)?;
    if !keys.has("run") {
        let hint = "name the program and its arguments, such as `run = [\"/usr/local/bin/page\"]`";
        keys.missing("run", hint, problems);
    }
    let run = secret::arguments("run", &keys, problems);
    let timeout = span_in(&keys, "timeout", TIMEOUTS, problems);
    let environment = environment(paths, &keys, problems);
    Some(Command { run: run?, timeout: timeout.unwrap_or(TIMEOUT), environment })
}

fn environment(
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Vec<(Arc<str>, Secret)> {
    let Some(value) = keys.value("environment") else { return Vec::new() };
    let table = value.get_ref().as_table();
    let entries: Vec<_> = table.into_iter().flat_map(|table| table.iter()).collect();
    let names: Vec<&str> = entries.iter().map(|(name, _)| name.get_ref().as_ref()).collect();
    if Keys::of_value(value, "environment", &names, problems).is_none() {
        return Vec::new();
    }
    if entries.len() > VARIABLES_MAX {
        let message = format!("{} variables stand here, at most {VARIABLES_MAX} can", names.len());
        let hint = "let the program read a file of its own".to_owned();
        problems.add(problem::TOO_MANY, value.span(), message, hint);
    }
    let mut variables = Vec::new();
    for (name, value) in entries.into_iter().take(VARIABLES_MAX) {
        let text = name.get_ref().as_ref();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let begins = text.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
        if !begins || !text.chars().all(is_plain) || text.starts_with("OCRWATCH_") {
            let message = format!("`{}` cannot be a variable here", text.escape_debug());
            let hint = "write letters, digits and `_`; `OCRWATCH_` is ours".to_owned();
            problems.add(problem::BAD_NAME, name.span(), message, hint);
            continue;
        }
        let secret = secret::of_value((text, "environment"), value, paths, problems);
        variables.extend(secret.map(|secret| (text.into(), secret)));
    }
    variables
}
