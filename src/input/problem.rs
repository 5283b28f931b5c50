//! What goes wrong with inputs, said to the operator: what, where, why, and what to do.
//!
//! Owns the two kinds of trouble: an input that cannot be read at all ([`InputProblem`]) and
//! something to tell about one that was read ([`Note`]). Must never decide whether the program
//! ends; it only says which exit code a problem belongs to. Nothing here fails.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use super::Format;

/// Which exit code a problem leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ExitKind {
    /// 74: something could not be read, or not to its end.
    Io,
    /// 66: what was named is not there.
    Missing,
}

/// An input that could not be read.
#[derive(Debug)]
pub struct InputProblem {
    /// The input as the user named it, or the member of a directory.
    pub input: Arc<str>,
    /// What is wrong with it.
    pub kind: ProblemKind,
}

/// What keeps an input from being read.
#[derive(Debug)]
#[non_exhaustive]
pub enum ProblemKind {
    /// There is no such file; a name that exists and is close to it.
    NotFound {
        /// Such as `app.log.gz` for `app.log`.
        similar: Option<String>,
    },
    /// A symbolic link to a file that is not there.
    DanglingLink {
        /// Where the link points.
        target: String,
    },
    /// The file, or a directory on the way to it, may not be read.
    PermissionDenied {
        /// Permission bits, user id and group id, when they could be asked.
        owner: Option<(u32, u32, u32)>,
    },
    /// A glob that no file matches, and how many directories below it could not be entered.
    NoMatch {
        /// Directories that could not be entered.
        closed_directories: u64,
    },
    /// A glob that is not well formed, and why.
    BadPattern(String),
    /// A directory without a log.
    NoLogs {
        /// Files in it that were skipped.
        skipped: u64,
    },
    /// Neither a file nor a stream: `a socket`.
    NotAFile(&'static str),
    /// An archive of a format that is not read.
    Unsupported {
        /// Such as `a zip archive`.
        what: &'static str,
        /// The command that prints its content, before the file's name.
        command: &'static str,
    },
    /// More files than one run reads.
    TooMany {
        /// How many are read.
        inputs_max: usize,
    },
    /// Anything else that the system said.
    Io(io::Error),
}

impl InputProblem {
    pub(super) fn new(input: &Arc<str>, kind: ProblemKind) -> Self {
        Self { input: Arc::clone(input), kind }
    }

    /// What an error of the system means for an input at `path`.
    pub(super) fn of_io(input: &Arc<str>, path: Option<&Path>, error: io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => missing(path),
            io::ErrorKind::PermissionDenied => ProblemKind::PermissionDenied {
                owner: path
                    .and_then(|path| std::fs::metadata(path).ok())
                    .map(|metadata| (metadata.mode() & 0o7777, metadata.uid(), metadata.gid())),
            },
            _ => ProblemKind::Io(error),
        };
        Self::new(input, kind)
    }

    /// Which exit code this leads to.
    pub fn exit_code_kind(&self) -> ExitKind {
        match self.kind {
            ProblemKind::NotFound { .. }
            | ProblemKind::DanglingLink { .. }
            | ProblemKind::NoMatch { .. }
            | ProblemKind::BadPattern(_)
            | ProblemKind::NoLogs { .. } => ExitKind::Missing,
            ProblemKind::PermissionDenied { .. }
            | ProblemKind::NotAFile(_)
            | ProblemKind::Unsupported { .. }
            | ProblemKind::TooMany { .. }
            | ProblemKind::Io(_) => ExitKind::Io,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match &self.kind {
            ProblemKind::NotFound { similar: Some(similar) } => {
                Some(format!("did you mean `{}`?", visible(similar)))
            }
            ProblemKind::PermissionDenied { .. } => {
                Some("run as its owner or as a member of its group".to_owned())
            }
            ProblemKind::NoMatch { .. } => Some(
                "`*` and `?` do not match `/` or a leading `.`; `**` matches directories"
                    .to_owned(),
            ),
            ProblemKind::NoLogs { skipped } if *skipped > 0 => {
                Some("a file that looks binary is read when it is named".to_owned())
            }
            ProblemKind::Unsupported { command, .. } => Some(piped(command, &self.input)),
            ProblemKind::TooMany { .. } => {
                Some("name fewer directories or narrow the pattern".to_owned())
            }
            _ => None,
        }
    }
}

/// What is not there: a link's target, or the file; then a name that is there and begins with it.
fn missing(path: Option<&Path>) -> ProblemKind {
    let Some(path) = path else { return ProblemKind::NotFound { similar: None } };
    if let Ok(target) = std::fs::read_link(path) {
        return ProblemKind::DanglingLink { target: target.to_string_lossy().into_owned() };
    }
    let similar = || {
        let wanted = path.file_name()?.to_str()?;
        let parent = match path.parent()? {
            parent if parent.as_os_str().is_empty() => Path::new("."),
            parent => parent,
        };
        std::fs::read_dir(parent)
            .ok()?
            .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
            .filter(|name| {
                name.strip_prefix(wanted).is_some_and(|rest| rest.starts_with(['.', '-']))
                    || strsim::damerau_levenshtein(name, wanted) == 1
            })
            .min()
            .map(|name| path.with_file_name(name).to_string_lossy().into_owned())
    };
    ProblemKind::NotFound { similar: similar() }
}

impl fmt::Display for InputProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = visible(&self.input);
        match &self.kind {
            ProblemKind::NotFound { .. } => write!(f, "no such file: `{name}`")?,
            ProblemKind::DanglingLink { target } => {
                write!(f, "`{name}` is a link to `{}`, which is not there", visible(target))?;
            }
            ProblemKind::PermissionDenied { owner: None } => {
                write!(f, "cannot read `{name}`: permission denied")?;
            }
            ProblemKind::PermissionDenied { owner: Some((mode, user, group)) } => write!(
                f,
                "cannot read `{name}`: permission denied (mode {mode:04o}, owner {user}:{group})"
            )?,
            ProblemKind::NoMatch { closed_directories: 0 } => {
                write!(f, "no file matches `{name}`")?;
            }
            ProblemKind::NoMatch { closed_directories } => write!(
                f,
                "no file matches `{name}`, but {closed_directories} directories could not be entered"
            )?,
            ProblemKind::BadPattern(why) => {
                write!(f, "no such file: `{name}`, and as a pattern it is not valid: {why}")?;
            }
            ProblemKind::NoLogs { skipped: 0 } => write!(f, "no file in `{name}`")?,
            ProblemKind::NoLogs { skipped } => {
                write!(f, "no log in `{name}`: {skipped} files that are none were skipped")?;
            }
            ProblemKind::NotAFile(what) => {
                write!(f, "cannot read `{name}`: it is {what}, not a log file")?;
            }
            ProblemKind::Unsupported { what, .. } => {
                write!(f, "cannot read `{name}`: it is {what}")?;
            }
            ProblemKind::TooMany { inputs_max } => {
                write!(f, "more than {inputs_max} files: those from `{name}` on are not read")?;
            }
            ProblemKind::Io(error) => write!(f, "cannot read `{name}`: {}", plain(error))?,
        }
        write_hint(f, self.hint())
    }
}

impl std::error::Error for InputProblem {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &self.kind {
            ProblemKind::Io(error) => Some(error),
            _ => None,
        }
    }
}

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
                "`{name}` has damaged {format} data ({why}): only the {text_bytes} bytes of text \
                 before were read"
            )?,
            NoteKind::WindowTooLarge { format, text_bytes, needs_bytes, limit_bytes } => write!(
                f,
                "`{name}` needs a {format} window of {} and {} are allowed: only the first \
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

fn write_hint(f: &mut fmt::Formatter<'_>, hint: Option<String>) -> fmt::Result {
    hint.map_or(Ok(()), |hint| write!(f, "\nhint: {hint}"))
}

fn piped(command: &str, name: &str) -> String {
    format!("`{command} {} | ocrwatch report -` reads it", visible(name))
}

fn mebibytes(bytes: u64) -> String {
    format!("{} MiB", bytes.div_ceil(1024 * 1024))
}

/// The system's words in this program's manner: `Is a directory (os error 21)` as `is a directory`.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or_default();
    let mut letters = text.chars();
    letters.next().map(|first| first.to_lowercase().chain(letters).collect()).unwrap_or_default()
}

/// A file's name with what could steer a terminal or reorder its line made visible.
fn visible(name: &str) -> String {
    let steers = |c: char| {
        c.is_control()
            || matches!(c, '\u{200e}' | '\u{200f}' | '\u{061c}')
            || ('\u{202a}'..='\u{202e}').contains(&c)
            || ('\u{2066}'..='\u{2069}').contains(&c)
    };
    name.chars().fold(String::with_capacity(name.len()), |mut text, c| {
        if steers(c) {
            text.extend(c.escape_default());
        } else {
            text.push(c);
        }
        text
    })
}
