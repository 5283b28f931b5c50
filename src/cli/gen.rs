//! `ocrwatch gen`: man pages and shell completions, from the same definitions as the help, and
//! schemas of files, from what their readers check.
//!
//! Owns where they are written. For packagers, so hidden. Fails when they cannot be written.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory, Subcommand, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

use super::exit_code::ExitCode;
use super::failure::{Failure, plain, written};
use super::help;
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
        /// The directory; made if it is not there
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

/// Writes a man page for each command that is not hidden.
fn write_pages(command: Command, directory: &Path) -> io::Result<()> {
    fs::create_dir_all(directory)?;
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let mut commands = vec![command];
    while let Some(command) = commands.pop() {
        let below = command.get_subcommands().filter(|command| !command.is_hide_set());
        commands.extend(below.cloned());
        let name = command.get_display_name().unwrap_or("ocrwatch").to_owned();
        let sections = help::sections(name.strip_prefix("ocrwatch-").unwrap_or_default());
        let man = Man::new(command.after_help(None::<&str>))
            .source(concat!("ocrwatch ", env!("CARGO_PKG_VERSION")));
        let mut page = Vec::new();
        man.render(&mut page)?;
        page.extend_from_slice(sections.as_bytes());
        fs::write(directory.join(man.get_filename()), page)?;
    }
    Ok(())
}

impl GenArgs {
    /// Writes them.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let mut command = super::Cli::command();
        match &self.what {
            What::Man { directory } => {
                write_pages(command, directory).map_err(|error| {
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
