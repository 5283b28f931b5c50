//! What ends a command, said to the operator.
//!
//! Owns the failure's texts and its exit code, and what an error of the output means. Nothing here
//! fails.

use std::io;

use super::exit_code::ExitCode;
use super::messages::Messages;

/// Why a command ended before it was done.
#[derive(Debug, PartialEq, Eq)]
pub struct Failure {
    exit_code: ExitCode,
    /// Each a lowercase fragment without a final period, its hint on a line of its own.
    problems: Vec<String>,
}

impl Failure {
    /// Several problems that one run found.
    pub(super) fn new(exit_code: ExitCode, problems: Vec<String>) -> Self {
        Self { exit_code, problems }
    }

    /// Wrong arguments, and what to write instead.
    pub(super) fn usage(problem: &str, hint: &str) -> Self {
        Self::new(ExitCode::Usage, vec![with_hint(problem, hint)])
    }

    /// The problems, for one who has found others, too.
    pub(super) fn into_problems(self) -> Vec<String> {
        self.problems
    }

    /// Writes every problem to standard error.
    pub fn print(&self) {
        let mut messages = Messages::plain();
        for problem in &self.problems {
            messages.error(problem);
        }
    }

    /// What the program ends with.
    pub fn exit_code(&self) -> ExitCode {
        self.exit_code
    }
}

/// A problem with its hint on a line of its own.
pub(super) fn with_hint(problem: &str, hint: &str) -> String {
    format!("{problem}\nhint: {hint}")
}

/// What became of writing to standard output. That its reader has seen enough is no failure.
pub(super) fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            let problem = format!("cannot write to standard output: {}", plain(&error));
            Err(Failure::new(ExitCode::Io, vec![problem]))
        }
        _ => Ok(()),
    }
}

/// The system's words in this program's manner: `No space left on device (os error 28)` as
/// `no space left on device`.
pub(super) fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_closed_pipe_is_no_failure_and_a_full_disk_is_one() {
        assert_eq!(written(Err(io::ErrorKind::BrokenPipe.into())), Ok(()));
        let failure = written(Err(io::Error::from_raw_os_error(28))).unwrap_err();
        assert_eq!(failure.exit_code(), ExitCode::Io);
        assert_eq!(failure.problems, ["cannot write to standard output: no space left on device"]);
    }
}
