//! The alert rules, and who is told: as shipped, or the user's own.
//!
//! Owns how a directory of rule files is read. Must not know what stands in them. Fails with every
//! problem of every file at once.

use std::io;
use std::path::{Path, PathBuf};

use clap::Args;

use super::catalogue::{not_read, read};
use super::exit_code::ExitCode;
use super::failure::{Failure, with_hint};
use crate::catalogue::Catalogue;
use crate::policy_file::Alerting;

/// How many files of a directory are read.
const FILES_MAX: usize = 1000;

/// The user's own rules.
#[derive(Debug, Clone, Args)]
pub(super) struct RulesArgs {
    /// Use the rules, routes, silences, mutes and settings of this directory's *.toml files, or of
    /// one file, instead of the shipped rules; a file that says `shipped = true` makes them add to
    /// those
    #[arg(long = "rules", value_name = "DIR")]
    rules: Option<PathBuf>,
}

impl RulesArgs {
    /// Those of a directory or of one file.
    pub(super) fn of(path: &Path) -> Self {
        Self { rules: Some(path.to_owned()) }
    }

    /// Whether none are named.
    pub(super) fn is_none(&self) -> bool {
        self.rules.is_none()
    }

    /// The rules to use, and who is told.
    pub(super) fn load(&self, catalogue: &Catalogue) -> Result<Alerting, Failure> {
        match self.files() {
            Ok(files) => set(&files, catalogue),
            Err(problems) => Err(problems),
        }
        .map_err(|problems| Failure::new(ExitCode::Configuration, problems))
    }

    /// The names and texts of the files; none for the shipped rules.
    pub(super) fn files(&self) -> Result<Vec<(String, String)>, Vec<String>> {
        let Some(path) = &self.rules else { return Ok(Vec::new()) };
        let not_read = |error| vec![not_read("directory of rules", path, &error)];
        if !path.is_dir() {
            return read_all(std::slice::from_ref(path));
        }
        let paths = in_directory(path).map_err(not_read)?;
        if paths.is_empty() {
            let problem = format!("the directory `{}` holds no rule file", path.display());
            return Err(vec![with_hint(&problem, "the names of rule files end in `.toml`")]);
        }
        if paths.len() > FILES_MAX {
            let problem = format!(
                "the directory `{}` holds {} files, at most {FILES_MAX} are read",
                path.display(),
                paths.len()
            );
            return Err(vec![with_hint(&problem, "put several rules into one file")]);
        }
        read_all(&paths)
    }
}

/// What files say, or what is shipped.
pub(super) fn set(
    files: &[(String, String)],
    catalogue: &Catalogue,
) -> Result<Alerting, Vec<String>> {
    if files.is_empty() {
        return Ok(Alerting::embedded(catalogue));
    }
    Alerting::load(files, catalogue)
        .map_err(|problems| problems.iter().map(ToString::to_string).collect())
}

/// The files in TOML of a directory, by name; hidden ones are editors' own.
pub(super) fn in_directory(directory: &Path) -> io::Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for entry in directory.read_dir()? {
        let path = entry?.path();
        let is_hidden = path.file_name().is_some_and(|name| name.as_encoded_bytes()[0] == b'.');
        if !is_hidden && path.extension().is_some_and(|extension| extension == "toml") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_all(paths: &[PathBuf]) -> Result<Vec<(String, String)>, Vec<String>> {
    let mut files = Vec::new();
    let mut problems = Vec::new();
    for path in paths {
        match read(path) {
            Ok(text) => files.push((path.to_string_lossy().into_owned(), text)),
            Err(error) => problems.push(not_read("rule file", path, &error)),
        }
    }
    if problems.is_empty() { Ok(files) } else { Err(problems) }
}
