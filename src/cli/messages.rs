//! What goes to standard error: errors, notes and the progress line.
//!
//! Owns that they do not write over each other and that nothing in them steers the terminal. Must
//! never decide what is an error. Nothing here fails: a message that cannot be written is dropped,
//! as there is nowhere left to say so.

use std::io::{self, Write as _};

use anstyle::{AnsiColor, Effects, Style as Ansi};

use super::progress::{Amount, Progress};
use super::terminal;
use crate::extract::visible::visible;

/// The way to standard error.
#[derive(Debug)]
pub(super) struct Messages {
    color: bool,
    quiet: bool,
    progress: Option<Progress>,
}

impl Messages {
    /// Errors and notes, and no progress.
    pub(super) fn plain() -> Self {
        Self { color: terminal::stderr_color(), quiet: false, progress: None }
    }

    /// Errors; unless `quiet` also notes and, if both `progress` and the terminal allow it, how far
    /// the reading is.
    pub(super) fn new(quiet: bool, progress: bool) -> Self {
        let progress = (progress && !quiet && terminal::stderr_takes_progress())
            .then(|| Progress::start(terminal::stderr_columns()));
        Self { color: terminal::stderr_color(), quiet, progress }
    }

    /// Something is missing in what was asked for. Never suppressed.
    pub(super) fn error(&mut self, text: &str) {
        self.say("error", AnsiColor::Red, text);
    }

    /// Something worth knowing.
    pub(super) fn note(&mut self, text: &str) {
        if !self.quiet {
            self.say("note", AnsiColor::Yellow, text);
        }
    }

    fn say(&mut self, label: &str, color: AnsiColor, text: &str) {
        self.clear();
        let style = Ansi::new().fg_color(Some(color.into())).effects(Effects::BOLD);
        let style = if self.color { style } else { Ansi::new() };
        let text = visible(text);
        let _ = writeln!(io::stderr(), "{style}{label}:{style:#} {text}");
    }

    /// Shows how far the reading is, every now and then.
    pub(super) fn progress(&mut self, amount: Amount) {
        if let Some(line) = self.progress.as_mut().and_then(|progress| progress.next(amount)) {
            let _ = write!(io::stderr(), "\r{line}\x1b[K");
        }
    }

    /// Takes the progress line away.
    pub(super) fn clear(&mut self) {
        if self.progress.as_mut().is_some_and(Progress::hide) {
            let _ = write!(io::stderr(), "\r\x1b[K");
        }
    }
}

impl Drop for Messages {
    fn drop(&mut self) {
        self.clear();
    }
}
