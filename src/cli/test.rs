//! `ocrwatch test`: rules against scenarios, so that a rule is known to fire before it has to.
//!
//! Owns its options, which scenario files are run, and what is said of them. Must never decide
//! whether a scenario passes. Fails with every problem of every file at once.

use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use super::catalogue::{CatalogueArgs, not_read, read};
use super::exit_code::ExitCode;
use super::failure::{Failure, with_hint, written};
use super::rules::{RulesArgs, in_directory};
use crate::catalogue::Catalogue;
use crate::extract::visible::visible;
use crate::policy_file::Alerting;
use crate::scenario::{Outcome, ScenarioFile};

/// Options of `test`.
#[derive(Debug, Args)]
pub(super) struct TestArgs {
    /// Scenario files, and directories of them [default: the shipped ones]
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    rules: RulesArgs,

    /// Write only what fails
    #[arg(long, short)]
    quiet: bool,

    #[command(flatten)]
    catalogue: CatalogueArgs,
}

impl TestArgs {
    /// Runs the scenarios and writes to standard output which of them fail, and how.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let catalogue = Arc::new(self.catalogue.load()?);
        let alerting = self.rules.load(&catalogue)?;
        let files = self.scenarios(&alerting, &catalogue)?;
        let mut out = BufWriter::with_capacity(super::OUT_BYTES, io::stdout().lock());
        let mut verdict = Verdict::default();
        for file in &files {
            if let Err(error) = verdict.write(&mut out, file, &catalogue, self.quiet) {
                return written(Err(error)).map(|()| ExitCode::Done);
            }
        }
        let sum = match (verdict.failed, verdict.run) {
            (0, _) if self.quiet => String::new(),
            (0, run) => format!("{} passed\n", counted(run)),
            (failed, run) => format!("{failed} of {} failed\n", counted(run)),
        };
        written(out.write_all(sum.as_bytes()).and_then(|()| out.flush()))?;
        Ok(if verdict.failed > 0 { ExitCode::Matched } else { ExitCode::Done })
    }

    fn scenarios(
        &self,
        alerting: &Alerting,
        catalogue: &Catalogue,
    ) -> Result<Vec<ScenarioFile>, Failure> {
        let mut exit_code = ExitCode::Configuration;
        let mut problems = Vec::new();
        let mut texts: Vec<(String, String)> = Vec::new();
        for path in &self.files {
            match expanded(path) {
                Ok(found) => texts.extend(found),
                Err((problem, is_missing)) => {
                    if is_missing {
                        exit_code = ExitCode::InputMissing;
                    }
                    problems.push(problem);
                }
            }
        }
        let shipped = ScenarioFile::shipped().iter().filter(|_| self.files.is_empty());
        texts.extend(shipped.map(|(name, text)| ((*name).to_owned(), (*text).to_owned())));
        let mut files = Vec::new();
        for (name, text) in &texts {
            match ScenarioFile::read(name, text, alerting, catalogue) {
                Ok(file) => files.push(file),
                Err(found) => problems.extend(found.iter().map(ToString::to_string)),
            }
        }
        if problems.is_empty() { Ok(files) } else { Err(Failure::new(exit_code, problems)) }
    }
}

/// The names and texts of a file, or of the files of a directory; else why not, and whether it is
/// not there.
fn expanded(path: &Path) -> Result<Vec<(String, String)>, (String, bool)> {
    let not_read = |path: &Path, error: io::Error| {
        let is_missing = error.kind() == io::ErrorKind::NotFound;
        (not_read("scenario file", path, &error), is_missing)
    };
    let is_directory = path.is_dir();
    let paths = if is_directory {
        in_directory(path).map_err(|error| not_read(path, error))?
    } else {
        vec![path.to_owned()]
    };
    if paths.is_empty() {
        let problem = format!("the directory `{}` holds no scenario file", path.display());
        return Err((with_hint(&problem, "the names of scenario files end in `.toml`"), false));
    }
    let read = |path: &PathBuf| {
        let text = read(path).map_err(|error| not_read(path, error))?;
        Ok((path.to_string_lossy().into_owned(), text))
    };
    paths.iter().map(read).collect()
}

/// How many scenarios were run, and how many of them failed.
#[derive(Debug, Default)]
struct Verdict {
    run: usize,
    failed: usize,
}

impl Verdict {
    /// Runs a file's scenarios and writes what they come to.
    fn write(
        &mut self,
        out: &mut impl Write,
        file: &ScenarioFile,
        catalogue: &Arc<Catalogue>,
        quiet: bool,
    ) -> io::Result<()> {
        let failed_before = self.failed;
        for scenario in &file.scenarios {
            self.run += 1;
            let Outcome { differences, .. } = scenario.run(catalogue);
            if differences.is_empty() {
                continue;
            }
            self.failed += 1;
            writeln!(out, "FAILED {}:{}: {}", file.name, scenario.line, scenario.name)?;
            for difference in differences {
                let text = difference.to_string().replace('\n', "\n  ");
                writeln!(out, "  {}", visible(&text))?;
            }
        }
        if self.failed == failed_before && !quiet {
            writeln!(out, "ok {}: {}", file.name, counted(file.scenarios.len()))?;
        }
        Ok(())
    }
}

fn counted(scenarios: usize) -> String {
    match scenarios {
        1 => "1 scenario".to_owned(),
        count => format!("{count} scenarios"),
    }
}
