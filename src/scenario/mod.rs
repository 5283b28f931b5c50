//! Scenarios: what a log says and when, and which alerts that must give.
//!
//! Owns the form of scenario files, the running of one, and the difference between what it expects
//! and what it finds. Must never read a file or the present instant, and decides nothing itself:
//! log lines go through the extractor, events through a replay, alerts through their rendering. A
//! file with anything wrong in it is refused as a whole, with every problem; running one cannot
//! fail.
//!
//! ```text
//! file ──▶ Scenario ──log──▶ events ──replay──▶ alerts at instants ──compare──▶ Outcome
//! ```
//!
//! An expectation asks which alerts were pending or firing at its instant, as the log's times tell:
//! the whole scenario is run first, so that everything up to the instant is settled, and the
//! changes until then decide. What an alert says is what it said at that instant, with what had
//! been read until then.

mod compare;
mod diff;
mod expect;
mod feed;
mod file;
mod log;
mod moment;
mod problem;
mod run;
mod shipped;

#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use diff::{Difference, Line};
pub use problem::PROBLEMS;
pub use run::Outcome;

use crate::catalogue::Catalogue;
use crate::diagnostic::Diagnostic;
use crate::engine::{Instant, PolicyConfig, Rule, Settings};
use crate::extract::Successes;
use crate::policy_file::Alerting;
use crate::toml_file::Problems;
use crate::zone::Zone;
use expect::{Expected, Told};
use feed::Feed;

/// A scenario file that was read and is right.
#[derive(Debug, Clone)]
pub struct ScenarioFile {
    /// Its name as the user gave it.
    pub name: String,
    /// Its scenarios, in the order in which they stand.
    pub scenarios: Vec<Scenario>,
}

/// One scenario.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// Its name.
    pub name: String,
    /// The line of the file on which it begins.
    pub line: usize,
    start: Instant,
    zone: Zone,
    rules: Arc<[Rule]>,
    is_choice: bool,
    policy: PolicyConfig,
    settings: Settings,
    successes: Successes,
    feeds: Vec<Feed>,
    expected: Vec<Expected>,
    /// Every decision of the policy; not asked for if there is none.
    told: Option<Vec<Told>>,
}

impl Scenario {
    /// The rules that it chooses; none if it runs all that are enabled.
    pub fn chosen_rules(&self) -> &[Rule] {
        if self.is_choice { &self.rules } else { &[] }
    }

    /// The last instant at which it looks at the alerts.
    pub fn last_look(&self) -> Option<Instant> {
        self.expected.iter().map(|expected| expected.at).max()
    }
}

impl ScenarioFile {
    /// Reads a file of this name, as the user gave it, and this text; its scenarios run these
    /// rules, and tell whom these routes name.
    pub fn read(
        name: &str,
        text: &str,
        alerting: &Alerting,
        catalogue: &Catalogue,
    ) -> Result<Self, Vec<Diagnostic>> {
        let mut problems = Problems::of(name, text, &problem::NAMES);
        let scenarios = file::read(alerting, catalogue, &mut problems);
        if problems.is_empty() {
            Ok(Self { name: name.to_owned(), scenarios: scenarios.unwrap_or_default() })
        } else {
            Err(problems.into_diagnostics())
        }
    }

    /// Names and texts of the scenario files that the program carries, about the shipped rules.
    pub fn shipped() -> &'static [(&'static str, &'static str)] {
        &shipped::SHIPPED
    }
}

/// Whether a file means to be a scenario file, right or wrong; its tables tell.
pub fn is_scenario_file(text: &str) -> bool {
    let (root, _) = toml::de::DeTable::parse_recoverable(text);
    root.get_ref().contains_key("scenario")
}
