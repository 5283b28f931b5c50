//! What `ocrwatch run` is told: the configuration file, or the files of a command line.
//!
//! Owns the file's form, its limits and defaults, and what differs between two configurations. Must
//! never touch a file: it is handed text, and says which other files are wanted ([`Draft`]). A
//! configuration with anything wrong in it is refused as a whole, with every problem of every file;
//! nothing else fails.

mod changes;
mod draft;
mod entry;
mod file;
mod fleet;
mod http;
mod origin;
mod paths;
mod problem;
mod receiver;
mod reference;
mod size;
mod source;
mod start;
mod unique;

#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};
use std::sync::Arc;

pub use changes::Change;
pub use draft::{Draft, is_config_file};
pub use file::keys;
pub use fleet::{Fleet, Login as FleetLogin, Role};
pub use http::{Certificate, Http};
pub use problem::PROBLEMS;
pub use receiver::{
    Address, Alertmanager, Command, Email, JournalTo, Link, Login, PagerDuty, Proof,
    RECIPIENTS_MAX, Rate, Receiver, Robot, Secret, Server, Servers, Service, Smn, SmnLogin,
    Templates, Tls, Via, Way, Web, Webhook, mail_address, mailbox,
};
pub use reference::reference;
pub use source::{Encoding, FileArgument, Origin, SinceWhen, Source, Start};

use crate::catalogue::Catalogue;
use crate::engine::{self, Span};
use crate::file_pattern::Pattern;
use crate::policy_file::Alerting;
use crate::zone::Zone;
use size::MIB;

/// Everything that a run is told.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The rules, and who is told.
    pub alerting: Alerting,
    /// The error codes.
    pub catalogue: Arc<Catalogue>,
    /// The zone in which alerts show times; the machine's if there is none.
    pub zone: Option<Zone>,
    /// What is followed; none where the files of the command line are.
    pub sources: Vec<Source>,
    /// Who is told; a receiver that only a route names is the terminal.
    pub receivers: Vec<Receiver>,
    /// What is kept, and where.
    pub state: State,
    /// How files are looked at.
    pub watch: Watch,
    /// The run's own log.
    pub log: Log,
    /// Where the run answers.
    pub http: Http,
    /// What this machine is among others; none where it is alone.
    pub fleet: Option<Fleet>,
}

/// `[state]`: what is kept, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// The directory, absolute; the usual one of the system or the user if there is none.
    pub directory: Option<PathBuf>,
    /// How long counts are kept.
    pub history: Span,
    /// How long notifications are kept that were delivered or given up.
    pub outbox: Span,
    /// How large the database may become.
    pub bytes_max: u64,
}

/// `[watch]`: how files are looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Watch {
    /// Whether the system is asked to say when files change.
    pub mode: Mode,
    /// Which links are followed.
    pub links: Links,
    /// How often everything is looked at in any case.
    pub poll_interval: Span,
    /// How many files are held open.
    pub open_files_max: usize,
    /// How long a rotated or deleted file is looked at after its last byte.
    pub rotated_quiet: Span,
    /// After so long without growth an unterminated line at a file's end is taken as it is.
    pub partial_line: Span,
}

/// How changes of files are learnt.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Mode {
    /// The system says so where it can, and everything is looked at as well.
    #[default]
    Auto,
    /// Everything is looked at.
    Poll,
}

/// Which links are followed to logs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Links {
    /// Those of users who are trusted, or to what is theirs or everybody's to read.
    #[default]
    Protected,
    /// All.
    Any,
}

/// `[log]`: the run's own log.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Log {
    /// What is written down.
    pub level: Level,
    /// How it is written.
    pub format: LogFormat,
}

/// The least that is written down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// What somebody has to mend.
    Error,
    /// What may need somebody.
    Warn,
    /// What happens once in a while.
    #[default]
    Info,
    /// What explains the rest.
    Debug,
}

/// How the log is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum LogFormat {
    /// As for the journal where standard error leads there, else as text.
    #[default]
    Auto,
    /// Lines with their times.
    Text,
    /// Lines without times, each with its priority in front.
    Journal,
}

impl Default for State {
    fn default() -> Self {
        Self {
            directory: None,
            history: Span::DAY.times(90),
            outbox: Span::DAY.times(30),
            bytes_max: 256 * MIB,
        }
    }
}

impl Default for Watch {
    fn default() -> Self {
        Self {
            mode: Mode::Auto,
            links: Links::Protected,
            poll_interval: Span::SECOND,
            open_files_max: 256,
            rotated_quiet: Span::MINUTE.times(5),
            partial_line: Span::MINUTE,
        }
    }
}

impl Config {
    /// What is told where there is no file: no source, and everything else as usual.
    pub fn usual(alerting: Alerting, catalogue: Arc<Catalogue>) -> Self {
        Self {
            alerting,
            catalogue,
            zone: None,
            sources: Vec::new(),
            receivers: Vec::new(),
            state: State::default(),
            watch: Watch::default(),
            log: Log::default(),
            http: Http::default(),
            fleet: None,
        }
    }

    /// The same with the files of a command line as sources, each one of its own and without a
    /// name; relative paths are those of the directory. One that is named twice is one source.
    ///
    /// They are read from their beginning: who names a file wants to see what is in it. What is old
    /// in it is a matter of the run, which tells that once. Fails with every pattern that is not
    /// valid, and why.
    pub fn of_files(
        self,
        files: &[FileArgument],
        directory: &Path,
    ) -> Result<Self, Vec<(String, String)>> {
        let mut sources: Vec<Source> = Vec::new();
        let mut wrong = Vec::new();
        for file in files {
            let origin = match file {
                FileArgument::Stdin => Origin::Stdin,
                FileArgument::Fifo(path) => Origin::Fifo(paths::joined(directory, path)),
                FileArgument::Path(path) => {
                    of_pattern(Pattern::exact(paths::joined(directory, path)))
                }
                FileArgument::Pattern(text) => match paths::pattern(directory, text) {
                    Ok(pattern) => of_pattern(pattern),
                    Err(why) => {
                        wrong.push((text.clone(), why));
                        continue;
                    }
                },
            };
            if sources.iter().all(|source| source.origin != origin) {
                sources.push(Source {
                    label: engine::Source::default(),
                    named: false,
                    origin,
                    zone: self.zone,
                    encoding: Encoding::Auto,
                    start: Start::Beginning,
                    line_bytes_max: None,
                });
            }
        }
        if wrong.is_empty() { Ok(Self { sources, ..self }) } else { Err(wrong) }
    }
}

fn of_pattern(pattern: Pattern) -> Origin {
    Origin::Files { patterns: vec![pattern], exclude: Vec::new(), rotated_to: Vec::new() }
}
