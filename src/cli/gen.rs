//! `ocrwatch gen`: man pages and shell completions, from the same definitions as the help, and
//! schemas of files, from what their readers check.
//!
//! Owns where they are written. For packagers, so hidden. Fails when they cannot be written.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, CommandFactory, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::exit_code::ExitCode;
use super::failure::{Failure, plain, written};
use crate::{config, policy_file, reference};

/// What to generate.
#[derive(Debug, Args)]
pub(super) struct GenArgs {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Write a man page for each command into a directory
    Man {
        /// The directory, which must be there
        #[arg(value_name = "DIRECTORY")]
        directory: PathBuf,
    },
    /// Print the completions of a shell
    Completions {
        /// The shell
        shell: Shell,
    },
    /// Print a JSON Schema of a kind of file, for editors
    Schema {
        /// The kind
        #[arg(value_enum, default_value_t)]
        kind: Kind,
    },
}

/// A kind of file that has a schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// The configuration of a run
    #[default]
    Config,
    /// Rules, and who is told
    Rules,
}

impl Kind {
    fn schema(self) -> serde_json::Value {
        match self {
            Self::Config => reference::schema(&config::reference(), "Configuration of ocrwatch"),
            Self::Rules => reference::schema(&policy_file::reference(), "Rules of ocrwatch"),
        }
    }
}

impl GenArgs {
    /// Writes them.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let mut command = super::Cli::command();
        match &self.what {
            What::Man { directory } => {
                clap_mangen::generate_to(command, directory).map_err(|error| {
                    let directory = directory.display();
                    let problem =
                        format!("cannot write man pages to `{directory}`: {}", plain(&error));
                    Failure::new(ExitCode::Io, vec![problem])
                })?;
            }
            What::Completions { shell } => {
                let mut script = Vec::new();
                clap_complete::generate(*shell, &mut command, "ocrwatch", &mut script);
                let mut out = io::stdout().lock();
                written(out.write_all(&script).and_then(|()| out.flush()))?;
            }
            What::Schema { kind } => {
                let mut out = io::stdout().lock();
                written(writeln!(out, "{:#}", kind.schema()).and_then(|()| out.flush()))?;
            }
        }
        Ok(ExitCode::Done)
    }
}
