//! `ocrwatch check`: whether the user's own files are right, before they are used.
//!
//! Owns its options and the verdict. Must not know what makes a file wrong. Fails with every
//! problem of every file at once.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::catalogue::{self, CatalogueArgs};
use super::exit_code::ExitCode;
use super::failure::{Failure, written};

/// Options of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Catalogue files to check, in the order in which they would be given with --catalogue
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    catalogue: CatalogueArgs,
}

impl CheckArgs {
    /// Says on standard output what the files come to.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let mut catalogue = self.catalogue.load()?;
        let mut problems = Vec::new();
        let mut exit_code = ExitCode::Configuration;
        for path in &self.files {
            match catalogue::read(path) {
                Ok(text) => {
                    let found = catalogue.load(&path.to_string_lossy(), &text);
                    problems.extend(found.iter().map(ToString::to_string));
                }
                Err(error) => {
                    // Here the file is what was to be looked at, not a setting of the look.
                    if error.kind() == io::ErrorKind::NotFound {
                        exit_code = ExitCode::InputMissing;
                    }
                    problems.push(catalogue::not_read(path, &error));
                }
            }
        }
        if !problems.is_empty() {
            return Err(Failure::new(exit_code, problems));
        }
        let entries = catalogue.entries().count();
        let own = self.files.len() + self.catalogue.len();
        let files = match own {
            0 => "the shipped catalogue is".to_owned(),
            1 => "the shipped catalogue and 1 more file are".to_owned(),
            own => format!("the shipped catalogue and {own} more files are"),
        };
        let mut out = io::stdout().lock();
        written(writeln!(out, "{files} right: {entries} codes").and_then(|()| out.flush()))?;
        Ok(ExitCode::Done)
    }
}
