//! The catalogue with the user's own files.
//!
//! Owns how these files are read. Must not know what stands in them. Fails with every problem of
//! every file at once.

use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;

use super::exit_code::ExitCode;
use super::failure::{Failure, plain};
use crate::catalogue::Catalogue;

/// Larger than the catalogue reads, so that it is the one to say so.
const FILE_BYTES_MAX: u64 = 16 << 20;

/// The user's own catalogue files.
#[derive(Debug, Clone, Args)]
pub(super) struct CatalogueArgs {
    /// Add codes from a catalogue file, or replace what is said of known ones (repeatable; a later
    /// file goes before an earlier one)
    #[arg(long = "catalogue", value_name = "FILE")]
    catalogues: Vec<PathBuf>,
}

impl CatalogueArgs {
    /// How many files there are.
    pub(super) fn len(&self) -> usize {
        self.catalogues.len()
    }

    /// The shipped catalogue with these files.
    pub(super) fn load(&self) -> Result<Catalogue, Failure> {
        let mut catalogue = Catalogue::embedded();
        let mut problems = Vec::new();
        for path in &self.catalogues {
            match read(path) {
                Ok(text) => {
                    let found = catalogue.load(&path.to_string_lossy(), &text);
                    problems.extend(found.iter().map(ToString::to_string));
                }
                Err(error) => problems.push(not_read("catalogue file", path, &error)),
            }
        }
        if problems.is_empty() {
            Ok(catalogue)
        } else {
            Err(Failure::new(ExitCode::Configuration, problems))
        }
    }
}

/// The text of a file in TOML.
pub(super) fn read(path: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(FILE_BYTES_MAX).read_to_string(&mut text).map_err(
        |error| match error.kind() {
            io::ErrorKind::InvalidData => io::Error::other("it is not UTF-8 text"),
            _ => error,
        },
    )?;
    // Windows editors begin a file with a mark that TOML does not know.
    if text.starts_with('\u{feff}') {
        text.drain(..'\u{feff}'.len_utf8());
    }
    Ok(text)
}

/// Why there is no text; `what` is the file's kind.
pub(super) fn not_read(what: &str, path: &Path, error: &io::Error) -> String {
    let path = path.display();
    match error.kind() {
        io::ErrorKind::NotFound => format!("no such {what}: `{path}`"),
        _ => format!("cannot read the {what} `{path}`: {}", plain(error)),
    }
}
