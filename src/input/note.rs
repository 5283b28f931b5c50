//! What there is to tell about an input that was read.
//!
//! Owns the notes that a reader leaves, most of them about text that is missing. Must never decide
//! whether the program ends. Nothing here fails.

use std::fmt;
use std::io;
use std::sync::Arc;

use super::wording::{mebibytes, piped, plain, visible, write_hint};
use super::{ExitKind, Format};

/// Something to tell about an input that was read.
#[derive(Debug)]
pub struct Note {
    /// The input's name.
    pub input: Arc<str>,
    /// What happened.
    pub kind: NoteKind,
}

/// What happened while an input was read. `text_bytes` counts decompressed bytes delivered before.
#[derive(Debug)]
#[non_exhaustive]
pub enum NoteKind {
    /// Compressed data that ends before its end.
    Truncated {
        /// The compression.
        format: Format,
        /// Bytes delivered.
        text_bytes: u64,
    },
    /// Compressed data that cannot be decoded, or whose checksum is wrong.
    Corrupt {
        /// The compression.
        format: Format,
        /// Bytes delivered.
        text_bytes: u64,
        /// What the decoder said.
        why: String,
    },
    /// Going on would need more memory than the limit.
    WindowTooLarge {
        /// The compression.
        format: Format,
        /// Bytes delivered.
        text_bytes: u64,
        /// The window or dictionary that the file asks for.
        needs_bytes: u64,
        /// What is allowed.
        limit_bytes: u64,
    },
    /// Bytes behind the compressed data that are neither padding nor another member.
    TrailingBytes {
        /// The compression of the file's first member.
        format: Option<Format>,
        /// How many.
        bytes: u64,
    },
    /// The file became smaller while it was read.
    Shrank {
        /// Its size when it was opened.
        expected_bytes: u64,
        /// How much of it was read.
        read_bytes: u64,
    },
    /// UTF-16 text with an odd number of bytes: the last one is no character.
    OddByte,
    /// UTF-16 halves without their other half, shown as U+FFFD.
    LoneSurrogates {
        /// How many.
        count: u64,
    },
    /// The system could not read on.
    ReadFailed {
        /// Bytes delivered.
        text_bytes: u64,
        /// What it said.
        error: io::Error,
    },
}

impl Note {
    /// Text is missing that the input should have had, so that a report over it is not whole.
    /// The others are worth a line and nothing more.
    pub fn loses_text(&self) -> bool {
        match self.kind {
            NoteKind::Truncated { .. }
            | NoteKind::Corrupt { .. }
            | NoteKind::WindowTooLarge { .. }
            | NoteKind::Shrank { .. }
            | NoteKind::ReadFailed { .. } => true,
            NoteKind::TrailingBytes { .. }
            | NoteKind::OddByte
            | NoteKind::LoneSurrogates { .. } => false,
        }
    }

    /// Which exit code this leads to; `None` for one that loses no text.
    pub fn exit_code_kind(&self) -> Option<ExitKind> {
        self.loses_text().then_some(ExitKind::Io)
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match &self.kind {
            NoteKind::Truncated { format, .. } => Some(format!(
                "it may still be written, or was cut when it was copied; `{} -t` checks it",
                format.tool()
            )),
            NoteKind::Corrupt { format, .. } => {
                Some(format!("`{} -t` checks it; fetch the file again", format.tool()))
            }
            NoteKind::WindowTooLarge { format, .. } => {
                Some(piped(format.large_window_command(), &self.input))
            }
            NoteKind::Shrank { .. } => {
                Some("read the rotated copy as well, with --with-rotated".to_owned())
            }
            _ => None,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = visible(&self.input);
        match &self.kind {
            NoteKind::Truncated { format, text_bytes } => write!(
                f,
                "`{name}` ends in the middle of its {format} data: the {text_bytes} bytes of text \
                 before were read"
            )?,
            NoteKind::Corrupt { format, text_bytes, why } => write!(
                f,
                "`{name}` has damaged {format} data ({why}): {text_bytes} bytes of text were read, \
                 the last of which may be wrong"
            )?,
            NoteKind::WindowTooLarge { format, text_bytes, needs_bytes, limit_bytes } => write!(
                f,
                "`{name}` needs {} of memory for its {format} window and {} are allowed: only the first \
                 {text_bytes} bytes of text were read",
                mebibytes(*needs_bytes),
                mebibytes(*limit_bytes)
            )?,
            NoteKind::TrailingBytes { format: Some(format), bytes } => write!(
                f,
                "`{name}` has {bytes} bytes behind its {format} data that are not compressed; \
                 they were not read"
            )?,
            NoteKind::TrailingBytes { format: None, bytes } => {
                write!(f, "`{name}` has {bytes} bytes at its end that were not read")?;
            }
            NoteKind::Shrank { expected_bytes, read_bytes } => write!(
                f,
                "`{name}` became smaller while it was read: {read_bytes} of its {expected_bytes} \
                 bytes were read"
            )?,
            NoteKind::OddByte => {
                write!(f, "`{name}` ends in half a UTF-16 character; that byte was dropped")?;
            }
            NoteKind::LoneSurrogates { count } => {
                write!(f, "`{name}` has {count} broken UTF-16 characters, shown as U+FFFD")?;
            }
            NoteKind::ReadFailed { text_bytes, error } => write!(
                f,
                "cannot read `{name}` to its end: {}; the {text_bytes} bytes of text before were \
                 read",
                plain(error)
            )?,
        }
        write_hint(f, self.hint())
    }
}
