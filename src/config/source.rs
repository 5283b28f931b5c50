//! What is followed: where lines come from, and what is known of them beforehand.
//!
//! Owns the shapes and their defaults. Must never look at a file system. Nothing here fails: a
//! source that exists is right.

use std::fmt;
use std::path::PathBuf;

use crate::engine::{self, Instant, Span};
use crate::file_pattern::{Exclusion, Pattern};
use crate::zone::Zone;

/// One source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// What its events are labelled with. The name is empty unless the source is `named`: then each
    /// file's own name, or what [`Origin`] prints of anything else, is the label `source`.
    pub label: engine::Source,
    /// Whether the configuration gives it a name, which all its files share.
    pub named: bool,
    /// Where its lines come from.
    pub origin: Origin,
    /// The zone of times in its lines that tell none; the machine's if there is none.
    pub zone: Option<Zone>,
    /// What its text is written in.
    pub encoding: Encoding,
    /// Where files that are there at the very first start are read from. What appears later is
    /// read from its beginning.
    pub start: Start,
    /// What stands further behind on a line is not looked at; no limit if there is none.
    pub line_bytes_max: Option<u64>,
}

/// Where lines come from. All paths are absolute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// Files that are written to and rotated.
    Files {
        /// Which files; never empty. One that is exact may name a directory: its files are meant,
        /// at any depth, hidden ones left out.
        patterns: Vec<Pattern>,
        /// Which of them are not.
        exclude: Vec<Exclusion>,
        /// Further directories where rotation puts files.
        rotated_to: Vec<PathBuf>,
    },
    /// Standard input.
    Stdin,
    /// A named pipe; whoever writes to it may come and go.
    Fifo(PathBuf),
    /// The systemd journal; every list may be empty, which is everything.
    Journal {
        /// Units, or patterns of units, as `journalctl --unit` takes them.
        units: Vec<Box<str>>,
        /// `FIELD=value`, as `journalctl` takes them.
        matches: Vec<Box<str>>,
        /// The directory of its files, if not the usual ones.
        directory: Option<PathBuf>,
    },
    /// Docker's json-file driver: `<directory>/*/*-json.log`.
    Docker(PathBuf),
    /// Kubernetes: `<directory>/<namespace>_<pod>_<uid>/<container>/*.log`.
    Pods(PathBuf),
}

impl Origin {
    /// The key of `[[source]]` that says it.
    pub fn key(&self) -> &'static str {
        match self {
            Self::Files { .. } => "files",
            Self::Stdin => "stdin",
            Self::Fifo(_) => "fifo",
            Self::Journal { .. } => "journal",
            Self::Docker(_) => "docker",
            Self::Pods(_) => "pods",
        }
    }
}

impl Origin {
    /// Whether its lines stand in files that are followed.
    pub fn is_of_files(&self) -> bool {
        match self {
            Self::Files { .. } | Self::Docker(_) | Self::Pods(_) => true,
            Self::Stdin | Self::Fifo(_) | Self::Journal { .. } => false,
        }
    }
}

impl fmt::Display for Origin {
    /// As people call it where the source has no name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files { patterns, .. } => {
                for (number, pattern) in patterns.iter().enumerate() {
                    f.write_str(if number > 0 { ", " } else { "" })?;
                    write!(f, "{pattern}")?;
                }
                Ok(())
            }
            Self::Stdin => f.write_str("-"),
            Self::Fifo(path) | Self::Docker(path) | Self::Pods(path) => {
                write!(f, "{}", path.display())
            }
            Self::Journal { units, matches, .. } => {
                f.write_str("journal")?;
                units.iter().chain(matches).try_for_each(|filter| write!(f, " {filter}"))
            }
        }
    }
}

/// Where to begin in what is there at the very first start.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// With the first line.
    Beginning,
    /// Behind the last line.
    End,
    /// So many lines before the end.
    LastLines(u64),
    /// With the first line that is not older.
    Since(SinceWhen),
}

/// The beginning of what counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SinceWhen {
    /// So long before the first start.
    Ago(Span),
    /// An instant.
    At(Instant),
}

/// What text is written in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Encoding {
    /// UTF-8, or UTF-16 if it begins with a byte order mark.
    #[default]
    Auto,
    /// UTF-8 whatever its first bytes are.
    Utf8,
    /// UTF-16, little end first.
    Utf16Le,
    /// UTF-16, big end first.
    Utf16Be,
    /// GBK.
    Gbk,
    /// GB18030.
    Gb18030,
}

impl Encoding {
    /// Every encoding by its name in files.
    pub const ALL: [(&'static str, Self); 6] = [
        ("auto", Self::Auto),
        ("utf-8", Self::Utf8),
        ("utf-16le", Self::Utf16Le),
        ("utf-16be", Self::Utf16Be),
        ("gbk", Self::Gbk),
        ("gb18030", Self::Gb18030),
    ];
}

/// A source that was named on the command line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FileArgument {
    /// `-`.
    Stdin,
    /// A file or directory, which need not be there yet.
    Path(PathBuf),
    /// A pattern that the shell did not expand.
    Pattern(String),
    /// A named pipe, such as a shell's `<(command)`.
    Fifo(PathBuf),
}
