//! `ocrwatch check`: whether the user's own files are right, before they are used.
//!
//! Owns its options, what kind a file is checked as, and the verdict. Must not know what makes a
//! file wrong. Fails with every problem of every file at once.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::Args;

use super::catalogue::{self, CatalogueArgs};
use super::config;
use super::exit_code::ExitCode;
use super::failure::{Failure, written};
use super::rules::{self, RulesArgs};
use crate::catalogue::Catalogue;
use crate::config::{Config, is_config_file};
use crate::policy_file::Alerting;
use crate::rules::is_rule_file;
use crate::scenario::{ScenarioFile, is_scenario_file};

/// Options of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// Files to check: configuration files, each with everything that it names, catalogue files,
    /// in the order in which they would be given with --catalogue, rule files, which are checked
    /// together, and scenario files, which are checked against these rules, or against those of
    /// the one configuration
    #[arg(value_name = "FILES")]
    files: Vec<PathBuf>,

    #[command(flatten)]
    catalogue: CatalogueArgs,

    #[command(flatten)]
    rules: RulesArgs,

    /// Also check this configuration file, with everything that it names
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl CheckArgs {
    /// Says on standard output what the files come to.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let mut checked = Checked {
            catalogue: self.catalogue.load()?,
            catalogue_files: self.catalogue.len(),
            ..Checked::default()
        };
        let mut problems = Vec::new();
        let mut exit_code = ExitCode::Configuration;
        let mut scenario_files = Vec::new();
        let mut rule_files = self.rules.files().unwrap_or_else(|found| {
            problems.extend(found);
            Vec::new()
        });
        for path in &self.files {
            let name = path.to_string_lossy();
            match catalogue::read(path) {
                Ok(text) if is_scenario_file(&text) => scenario_files.push((name, text)),
                Ok(text) if is_config_file(&text) => match config::of_text(path, &text) {
                    Ok(config) => checked.configs.push((name.into_owned(), config)),
                    Err(found) => problems.extend(found),
                },
                Ok(text) if is_rule_file(&text) => rule_files.push((name.into_owned(), text)),
                Ok(text) => {
                    let found = checked.catalogue.load(&name, &text);
                    problems.extend(found.iter().map(ToString::to_string));
                    checked.catalogue_files += 1;
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
        if let Some(path) = &self.config {
            match config::load(path) {
                Ok(config) => checked.configs.push((path.to_string_lossy().into_owned(), config)),
                Err(failure) => problems.extend(failure.into_problems()),
            }
        }
        checked.rule_files = rule_files.len();
        let alerting = rules::set(&rule_files, &checked.catalogue);
        checked.alerting = alerting.map_err(|found| problems.extend(found)).ok();
        for (name, text) in &scenario_files {
            match checked.scenarios_of(name, text) {
                Some(Ok(scenarios)) => checked.scenarios += scenarios,
                Some(Err(found)) => problems.extend(found),
                // What they name is only known once the rules are right.
                None => {}
            }
        }
        checked.scenario_files = scenario_files.len();
        if !problems.is_empty() {
            return Err(Failure::new(exit_code, problems));
        }
        let mut out = io::stdout().lock();
        written(out.write_all(checked.verdict().as_bytes()).and_then(|()| out.flush()))?;
        Ok(ExitCode::Done)
    }
}

/// What was found right.
#[derive(Default)]
struct Checked {
    configs: Vec<(String, Config)>,
    catalogue: Catalogue,
    catalogue_files: usize,
    rule_files: usize,
    /// None if a rule file is wrong.
    alerting: Option<Alerting>,
    scenario_files: usize,
    scenarios: usize,
}

impl Checked {
    /// Whether nothing stands beside configurations that would say which codes and rules count.
    fn is_configs_only(&self) -> bool {
        !self.configs.is_empty() && self.catalogue_files == 0 && self.rule_files == 0
    }

    /// How many scenarios a file has, or its problems.
    fn scenarios_of(&self, name: &str, text: &str) -> Option<Result<usize, Vec<String>>> {
        let (alerting, catalogue) = match self.configs.as_slice() {
            [(_, config)] if self.is_configs_only() => (&config.alerting, &*config.catalogue),
            _ => (self.alerting.as_ref()?, &self.catalogue),
        };
        let read = ScenarioFile::read(name, text, alerting, catalogue);
        let shown = |found: Vec<_>| found.iter().map(ToString::to_string).collect();
        Some(read.map(|file| file.scenarios.len()).map_err(shown))
    }

    fn verdict(&self) -> String {
        let mut said: Vec<String> =
            self.configs.iter().map(|(name, config)| of_config(name, config)).collect();
        if let Some(alerting) = self.alerting.as_ref().filter(|_| !self.is_configs_only()) {
            let codes = self.catalogue.entries().count();
            let catalogue = match self.catalogue_files {
                0 => "the shipped catalogue is".to_owned(),
                1 => "the shipped catalogue and 1 more file are".to_owned(),
                more => format!("the shipped catalogue and {more} more files are"),
            };
            said.push(format!("{catalogue} right: {codes} codes"));
            said.push(of_rules(self.rule_files, alerting));
        }
        said.extend(of_scenarios(self.scenario_files, self.scenarios));
        said.push(String::new());
        said.join("\n")
    }
}

/// What is said of a configuration that is right.
fn of_config(name: &str, config: &Config) -> String {
    let sources = match config.sources.len() {
        0 => "no source, the files of the command line are followed".to_owned(),
        1 => "1 source".to_owned(),
        count => format!("{count} sources"),
    };
    let receivers = match config.receivers.len() {
        0 => String::new(),
        1 => ", 1 receiver".to_owned(),
        count => format!(", {count} receivers"),
    };
    let codes = config.catalogue.entries().count();
    format!("{name} is right: {sources}{receivers}; {codes} codes; {}", tables(&config.alerting))
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
    let from = match files {
        0 => "the shipped rules are".to_owned(),
        1 => "1 rule file is".to_owned(),
        files => format!("{files} rule files are"),
    };
    format!("{from} right: {}", tables(alerting))
}

/// How many of which tables there are.
fn tables(alerting: &Alerting) -> String {
    let (rules, written) = (&alerting.rules, alerting.written);
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
    format!("{rules_in_use}{disabled}{}", tables.collect::<String>())
}
