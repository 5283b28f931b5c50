//! The numbers that the program ends with. There are no others.
//!
//! Owns the numbers and which of several wins. Nothing here fails.

use std::fmt::Write as _;

use crate::input::ExitKind;

/// How a run ended, as scripts see it. The numbers from 64 on are those of BSD's `sysexits.h`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum ExitCode {
    /// Everything was read and shown. Also when whoever read the output closed it early.
    Done = 0,
    /// Everything was read and shown, and the verdict is what scripts ask for: `--fail-on` matched,
    /// or a scenario failed, or `status --check` found what somebody should look at.
    Matched = 1,
    /// `status --check` found what somebody must look at now. The numbers up to 3 are those of
    /// Nagios' plugins.
    Critical = 2,
    /// `status --check` could not ask.
    Unknown = 3,
    /// The arguments are wrong, or whoever was asked instead has not answered to the end.
    Usage = 64,
    /// Something that was named is not there. What is there was read and shown.
    InputMissing = 66,
    /// A receiver did not take a notification that it was sent as a test, or somebody a report; no
    /// run answers.
    Unavailable = 69,
    /// Something could not be read or not to its end, or the output could not be written.
    Io = 74,
    /// The run may not be asked by this user, or not without its token.
    NotPermitted = 77,
    /// A file of the user's configuration, such as a catalogue, is wrong or cannot be read.
    Configuration = 78,
}

impl ExitCode {
    /// Every code with what it says to a user, in ascending order.
    pub const ALL: [(Self, &str); 10] = [
        (Self::Done, "done"),
        (
            Self::Matched,
            "--fail-on matched, and everything was read; a scenario failed; --check: warning",
        ),
        (Self::Critical, "--check: critical"),
        (Self::Unknown, "--check: unknown, as the run could not be asked"),
        (Self::Usage, "the arguments are wrong, or questions were not answered to their end"),
        (Self::InputMissing, "an input is missing; the others were read"),
        (Self::Unavailable, "a receiver did not take a test or a report; no run answers"),
        (Self::Io, "an input could not be read to its end, or the output not be written"),
        (Self::NotPermitted, "the run may not be asked by this user, or not without its token"),
        (
            Self::Configuration,
            "a configuration, catalogue, rule or scenario file is wrong or cannot be read",
        ),
    ];

    /// The code of a run over inputs.
    ///
    /// A missing input goes before one that could only be read in part, and both go before
    /// `--fail-on`: a run that has not seen everything must not look like a verdict on everything.
    pub fn of_reading(problem: Option<ExitKind>, fail_on_matched: bool) -> Self {
        match (problem, fail_on_matched) {
            (Some(ExitKind::Missing), _) => Self::InputMissing,
            (Some(ExitKind::Io), _) => Self::Io,
            (None, true) => Self::Matched,
            (None, false) => Self::Done,
        }
    }

    /// The section of the help.
    pub(super) fn help() -> String {
        let mut text = "Exit codes:".to_owned();
        for (code, meaning) in Self::ALL {
            // Writing to a string cannot fail.
            let _ = write!(text, "\n  {:>2}  {meaning}", code as u8);
        }
        text
    }
}

impl From<ExitCode> for std::process::ExitCode {
    fn from(code: ExitCode) -> Self {
        Self::from(code as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_read_goes_before_what_was_found() {
        let of = ExitCode::of_reading;
        assert_eq!(of(None, false), ExitCode::Done);
        assert_eq!(of(None, true), ExitCode::Matched);
        assert_eq!(of(Some(ExitKind::Io), true), ExitCode::Io);
        assert_eq!(of(Some(ExitKind::Missing), true), ExitCode::InputMissing);
        assert_eq!(of(Some(ExitKind::Io.max(ExitKind::Missing)), false), ExitCode::InputMissing);
    }

    #[test]
    fn the_help_names_every_code() {
        assert_eq!(ExitCode::ALL.map(|(code, _)| code as u8), [0, 1, 2, 3, 64, 66, 69, 74, 77, 78]);
        let help = ExitCode::help();
        assert!(help.contains("\n   0  done\n") && help.contains("\n  78  "), "{help}");
    }
}
