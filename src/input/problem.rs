//! What keeps an input from being read, said to the operator: what, where, why, and what to do.
//!
//! Owns the problems and what the system's errors mean for an input. Must never decide whether the
//! program ends; it only says which exit code a problem belongs to. Nothing here fails.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use std::sync::Arc;

use super::wording::{piped, plain, visible, write_hint};

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
