//! A configuration on its way: the file is read, the files that it names are not yet.
//!
//! Owns which files those are and the order in which everything wrong is told. Must never touch
//! them: whoever reads files hands in their texts. Fails with every problem of every file at once.

use std::path::Path;
use std::sync::Arc;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::file::{self, File, OWN_KEYS};
use super::paths::Paths;
use super::problem;
use super::{Config, Role};
use crate::catalogue::Catalogue;
use crate::diagnostic::Diagnostic;
use crate::engine::Span;
use crate::policy_file::{Alerting, Receivers};
use crate::rules::RuleText;
use crate::toml_file::Problems;

/// What an aggregator waits for by default: clocks of machines differ, and brokers are away.
pub(super) const FLEET_LATENESS: Span = Span::MINUTE.times(5);

/// A configuration file that was read, whether or not it is right.
#[derive(Debug)]
pub struct Draft<'t> {
    problems: Problems<'t>,
    /// Nothing if the file is no TOML.
    file: Option<File>,
}

impl<'t> Draft<'t> {
    /// Reads a file of this name, as the user gave it, and this text. Relative paths in it are
    /// relative to the directory, which is absolute.
    pub fn read(name: &'t str, text: &'t str, directory: &Path) -> Self {
        let mut problems = Problems::of(name, text, &problem::NAMES);
        let file = file::read(Paths { directory }, &mut problems);
        Self { problems, file }
    }

    /// The directory or file with rules that it names, as it is written: relative to where the
    /// configuration file lies.
    pub fn rules(&self) -> Option<&str> {
        self.file.as_ref()?.rules.as_ref().map(|path| path.get_ref().as_str())
    }

    /// The catalogue files that it names, in their order and as they are written.
    pub fn catalogues(&self) -> impl Iterator<Item = &str> {
        self.file.iter().flat_map(|file| &file.catalogues).map(|path| path.get_ref().as_str())
    }

    /// What is wrong with the file itself, whatever stands in the others.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.problems.into_diagnostics()
    }

    /// The configuration, with the names and texts of the catalogue files and of the rule files
    /// that it names. Its own rules and routes stand before those of the rule files.
    pub fn finish(
        self,
        catalogues: &[(String, String)],
        rules: &[(String, String)],
    ) -> Result<Config, Vec<Diagnostic>> {
        let (name, text) = (self.problems.file(), self.problems.text());
        let mut found = self.problems.into_diagnostics();
        let mut catalogue = Catalogue::embedded();
        for (name, text) in catalogues {
            found.extend(catalogue.load(name, text));
        }
        let own = self.file.as_ref().filter(|file| file.has_rule_tables);
        let mut texts: Vec<_> =
            own.map(|_| RuleText { name, text, is_part: true }).into_iter().collect();
        texts.extend(RuleText::of_files(rules));
        let said = self.file.as_ref().map_or(&[][..], |file| &file.receivers);
        let names: Vec<&str> = said.iter().map(|receiver| &*receiver.name).collect();
        // Who cannot be read is not known by name.
        let is_sure = !names.is_empty() && found.is_empty();
        let problem = problem::UNKNOWN_RECEIVER;
        let receivers = is_sure.then_some(Receivers { names: &names, problem });
        let fleet = self.file.as_ref().and_then(|file| file.fleet.as_ref());
        let role = fleet.map(|fleet| fleet.role);
        let is_agent = role == Some(Role::Agent);
        let alerting = if texts.is_empty() && is_agent {
            Ok(Alerting::deciding_nothing())
        } else if texts.is_empty() {
            Ok(Alerting::embedded(&catalogue))
        } else {
            Alerting::load_texts(&texts, &catalogue, receivers)
        };
        let alerting = alerting.map_err(|problems| found.extend(problems)).ok();
        let alerting = alerting.map(|alerting| alerting.told_to(names.first().copied()));
        let alerting = alerting.map(|alerting| match role {
            Some(Role::Aggregator) => alerting.with_usual_lateness(FLEET_LATENESS),
            Some(Role::Agent) => alerting.without_rules(),
            _ => alerting,
        });
        // What is wrong in this file, line by line; then in the others, in their order.
        found.sort_by_key(|problem| {
            let line = problem.position.as_ref().map(|position| position.line);
            if problem.file == name { (false, line) } else { (true, None) }
        });
        match (self.file, alerting) {
            (Some(file), Some(alerting)) if found.is_empty() => Ok(Config {
                alerting,
                catalogue: Arc::new(catalogue),
                zone: file.zone,
                sources: file.sources,
                receivers: file.receivers,
                state: file.state,
                watch: file.watch,
                log: file.log,
                http: file.http,
                fleet: file.fleet,
            }),
            _ => Err(found),
        }
    }
}

/// Whether a file means to be a configuration, right or wrong; its keys tell.
pub fn is_config_file(text: &str) -> bool {
    // What stands behind a syntax error is guessed: that is good enough for this.
    let (root, _) = DeTable::parse_recoverable(text);
    let root = root.get_ref();
    // Scenario files name `rules`, too, and catalogue files have one table `[source]`.
    !root.contains_key("scenario")
        && OWN_KEYS.iter().any(|key| match (*key, root.get(*key).map(Spanned::get_ref)) {
            (_, None) | ("source", Some(DeValue::Table(_))) => false,
            (_, Some(_)) => true,
        })
}
