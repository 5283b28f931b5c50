//! What is wrong with an input in the words of a report, where its name already stands.
//!
//! Owns these fragments; the full sentences, with name and hint, are the input's own. Nothing here
//! fails.

use std::fmt::Write as _;

use super::failure::plain;
use crate::input::{InputProblem, Note, NoteKind, ProblemKind, SkipReason, Skipped};

/// Why an input was not read.
pub(super) fn of_problem(problem: &InputProblem) -> String {
    match &problem.kind {
        ProblemKind::NotFound { .. } => "no such file".to_owned(),
        ProblemKind::DanglingLink { .. } => "a link to what is not there".to_owned(),
        ProblemKind::PermissionDenied { .. } => "permission denied".to_owned(),
        ProblemKind::NoMatch { .. } => "no file matches".to_owned(),
        ProblemKind::BadPattern(why) => format!("not a valid pattern: {why}"),
        ProblemKind::NoLogs { .. } => "no log is in it".to_owned(),
        ProblemKind::NotAFile(what) | ProblemKind::Unsupported { what, .. } => {
            format!("it is {what}, not a log file")
        }
        ProblemKind::TooMany { inputs_max } => {
            format!("this and the files after it were not read: {inputs_max} are the limit")
        }
        ProblemKind::Io(error) => plain(error),
    }
}

/// What is missing of an input's text, if anything is.
pub(super) fn of_note(note: &Note) -> Option<String> {
    let said = match &note.kind {
        NoteKind::Truncated { format, text_bytes } => {
            format!("its {format} data ends early; the {text_bytes} bytes of text before were read")
        }
        NoteKind::Corrupt { format, text_bytes, .. } => format!(
            "its {format} data is damaged; {text_bytes} bytes of text were read, the last of which \
             may be wrong"
        ),
        NoteKind::WindowTooLarge { format, text_bytes, .. } => format!(
            "its {format} window is too large; only the first {text_bytes} bytes of text were read"
        ),
        NoteKind::Shrank { expected_bytes, read_bytes } => format!(
            "it became smaller while it was read: {read_bytes} of {expected_bytes} bytes were read"
        ),
        NoteKind::ReadFailed { text_bytes, error } => format!(
            "reading it failed ({}); the {text_bytes} bytes of text before were read",
            plain(error)
        ),
        NoteKind::TrailingBytes { .. } | NoteKind::OddByte | NoteKind::LoneSurrogates { .. } => {
            return None;
        }
    };
    Some(said)
}

/// Which files directories held that were not read, as a note.
pub(super) fn of_skipped(skipped: &Skipped) -> Option<String> {
    const SHOWN: usize = 3;
    if skipped.total == 0 {
        return None;
    }
    let noun = if skipped.total == 1 { "file" } else { "files" };
    let mut text = format!("skipped {} {noun} that no one named:", skipped.total);
    for (at, file) in skipped.first.iter().take(SHOWN).enumerate() {
        let reason = match file.reason {
            SkipReason::Binary => "binary",
            SkipReason::Archive(what) => what,
            SkipReason::NotAFile => "not a regular file",
            SkipReason::DanglingLink => "a link to nothing",
            SkipReason::UntrustedLink => "a link of another user",
        };
        let comma = if at == 0 { "" } else { "," };
        // Writing to a string cannot fail. `{:?}` because a file's name may hold anything.
        let _ = write!(text, "{comma} {:?} ({reason})", file.name);
    }
    if skipped.total > SHOWN as u64 {
        text.push_str(", ...");
    }
    Some(text)
}
