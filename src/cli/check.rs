//! `ocrwatch check`: whether the user's own files are right, before they are used.
//!
//! Owns its options, what kind a file is checked as, and the verdict. Must not know what makes a
//! file wrong. Fails with every problem of every file at once.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::catalogue::{self, CatalogueArgs};
use super::exit_code::ExitCode;
use super::failure::{Failure, written};
use super::rules::{self, RulesArgs};
use crate::policy_file::Alerting;
use crate::rules::is_rule_file;
use crate::scenario::{ScenarioFile, is_scenario_file};

/// Options of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Files to check: catalogue files, in the order in which they would be given with
    /// --catalogue, rule files, which are checked together, and scenario files, which are checked
    /// against these rules
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    catalogue: CatalogueArgs,

    #[command(flatten)]
    rules: RulesArgs,
}

impl CheckArgs {
    /// Says on standard output what the files come to.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let mut catalogue = self.catalogue.load()?;
        let mut problems = Vec::new();
        let mut exit_code = ExitCode::Configuration;
        let mut catalogue_files = self.catalogue.len();
        let mut scenario_files = Vec::new();
        let mut rule_files = self.rules.files().unwrap_or_else(|found| {
            problems.extend(found);
            Vec::new()
        });
        for path in &self.files {
            let name = path.to_string_lossy();
            match catalogue::read(path) {
                Ok(text) if is_scenario_file(&text) => scenario_files.push((name, text)),
                Ok(text) if is_rule_file(&text) => rule_files.push((name.into_owned(), text)),
                Ok(text) => {
                    let found = catalogue.load(&name, &text);
                    problems.extend(found.iter().map(ToString::to_string));
                    catalogue_files += 1;
                }
                Err(error) => {
                    // Here the file is what was to be looked at, not a setting of the look.
                    if error.kind() == io::ErrorKind::NotFound {
                        exit_code = ExitCode::InputMissing;
                    }
                    problems.push(catalogue::not_read("file", path, &error));
                }
            }
        }
        let alerting = rules::set(&rule_files, &catalogue);
        let alerting = alerting.map_err(|found| problems.extend(found)).ok();
        let mut scenarios = 0;
        // What they name is only known once the rules are right.
        if let Some(alerting) = &alerting {
            for (name, text) in &scenario_files {
                match ScenarioFile::read(name, text, alerting, &catalogue) {
                    Ok(file) => scenarios += file.scenarios.len(),
                    Err(found) => problems.extend(found.iter().map(ToString::to_string)),
                }
            }
        }
        let Some(alerting) = alerting.filter(|_| problems.is_empty()) else {
            return Err(Failure::new(exit_code, problems));
        };
        let codes = catalogue.entries().count();
        let catalogue = match catalogue_files {
            0 => "the shipped catalogue is".to_owned(),
            1 => "the shipped catalogue and 1 more file are".to_owned(),
            more => format!("the shipped catalogue and {more} more files are"),
        };
        let mut out = io::stdout().lock();
        let shown = writeln!(out, "{catalogue} right: {codes} codes")
            .and_then(|()| writeln!(out, "{}", of_rules(rule_files.len(), &alerting)))
            .and_then(|()| match of_scenarios(scenario_files.len(), scenarios) {
                Some(text) => writeln!(out, "{text}"),
                None => Ok(()),
            })
            .and_then(|()| out.flush());
        written(shown)?;
        Ok(ExitCode::Done)
    }
}

/// What is said of scenarios that are right, if there are any.
fn of_scenarios(files: usize, scenarios: usize) -> Option<String> {
    let scenarios = match scenarios {
        1 => "1 scenario".to_owned(),
        count => format!("{count} scenarios"),
    };
    match files {
        0 => None,
        1 => Some(format!("1 scenario file is right: {scenarios}")),
        files => Some(format!("{files} scenario files are right: {scenarios}")),
    }
}

/// What is said of rules that are right, and of who is told.
fn of_rules(files: usize, alerting: &Alerting) -> String {
    let (rules, written) = (&alerting.rules, alerting.written);
    let from = match files {
        0 => "the shipped rules are".to_owned(),
        1 => "1 rule file is".to_owned(),
        files => format!("{files} rule files are"),
    };
    let rules_in_use = match rules.rules().len() {
        1 => "1 rule".to_owned(),
        count => format!("{count} rules"),
    };
    let disabled = match rules.disabled().len() {
        0 => String::new(),
        count => format!(", {count} not enabled"),
    };
    let tables =
        [("route", written.routes), ("silence", written.silences), ("mute", written.mutes)];
    let tables = tables.iter().map(|(what, count)| match count {
        0 => String::new(),
        1 => format!(", 1 {what}"),
        count => format!(", {count} {what}s"),
    });
    format!("{from} right: {rules_in_use}{disabled}{}", tables.collect::<String>())
}
