//! A scenario file: what it says, checked.
//!
//! Owns the file's form. Must not know which other files there are. Everything wrong is collected;
//! what is returned is only good when nothing was.

use std::collections::BTreeMap;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::Scenario;
use super::expect::{self, line_of, unknown_rule};
use super::feed::{self, EVENTS_MAX, Sources};
use super::moment::Clock;
use super::problem;
use crate::catalogue::Catalogue;
use crate::engine::Rule;
use crate::policy_file::Alerting;
use crate::rules::RuleSet;
use crate::toml_file::{self, Keys, Problems};

const SCENARIO_KEYS: &[&str] = &[
    "name",
    "rules",
    "start",
    "timezone",
    "source",
    "sources",
    "log",
    "occurrence",
    "success",
    "line",
    "expect",
    "notify",
];

const SCENARIOS_MAX: usize = 1000;

/// Reads a file.
pub(super) fn read(
    alerting: &Alerting,
    catalogue: &Catalogue,
    problems: &mut Problems<'_>,
) -> Option<Vec<Scenario>> {
    let root = toml_file::parse(problems)?;
    let known = ["rules", "scenario"];
    let root = Keys::of_table(root.get_ref(), 0..0, "the file", &known, problems);
    let chosen = chosen(&root, &alerting.rules, problems);
    if !root.has("scenario") {
        root.missing("scenario", "begin each with a line `[[scenario]]`", problems);
    }
    let items = root.tables("scenario", "[[scenario]]", problems).unwrap_or_default();
    if let Some(first_beyond) = items.get(SCENARIOS_MAX) {
        let message = format!("{} scenarios stand here, at most {SCENARIOS_MAX} can", items.len());
        let hint = "split the file".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    let mut names = BTreeMap::new();
    let mut scenarios = Vec::new();
    for item in items.iter().take(SCENARIOS_MAX) {
        let reader = Reader { alerting, catalogue, chosen: chosen.as_ref() };
        let Some((name, scenario)) = reader.scenario(item, problems) else { continue };
        if let Some(line) = names.insert(scenario.name.clone(), scenario.line) {
            let message = format!("scenario `{}` stands on line {line} already", scenario.name);
            let hint = "give one of the two another name".to_owned();
            problems.add(problem::DUPLICATE_NAME, name, message, hint);
        }
        scenarios.push(scenario);
    }
    Some(scenarios)
}

/// The rules that the key `rules` names; all that are enabled if there is none.
fn chosen(
    keys: &Keys<'_, '_>,
    rules: &RuleSet,
    problems: &mut Problems<'_>,
) -> Option<Arc<[Rule]>> {
    let names = keys.texts_or_text("rules", problems)?;
    let mut chosen: Vec<Rule> = Vec::new();
    for name in &names {
        match rules.written(name.get_ref()) {
            Some(rule) if chosen.iter().all(|known| known.name != rule.name) => {
                chosen.push(rule.clone());
            }
            Some(_) => {}
            None => {
                let known = rules.rules().iter().map(|rule| &*rule.name);
                let known = known.chain(rules.disabled().iter().map(|name| &**name));
                unknown_rule(name, known, "there is no rule", problems);
            }
        }
    }
    Some(chosen.into())
}

struct Reader<'r> {
    alerting: &'r Alerting,
    catalogue: &'r Catalogue,
    chosen: Option<&'r Arc<[Rule]>>,
}

impl Reader<'_> {
    /// A scenario, and where its name stands.
    fn scenario(
        &self,
        item: &Spanned<DeValue<'_>>,
        problems: &mut Problems<'_>,
    ) -> Option<(std::ops::Range<usize>, Scenario)> {
        let keys = Keys::of_value(item, "[[scenario]]", SCENARIO_KEYS, problems)?;
        let hint = "say what happens, such as `name = \"six failures in a row lock the key\"`";
        let name = keys.required_text("name", hint, problems);
        let clock = Clock::read(&keys, problems);
        let own = chosen(&keys, &self.alerting.rules, problems);
        let chosen = own.as_ref().or(self.chosen);
        let rules = Arc::clone(chosen.unwrap_or(self.alerting.rules.rules()));
        let sources = Sources::read(&keys, problems);
        let reader = feed::Reader { clock, catalogue: self.catalogue, sources: &sources };
        let feeds = reader.read(&keys, problems);
        let reader = expect::Reader { clock, rules: &rules, policy: &self.alerting.policy };
        let expected = reader.expected(&keys, problems);
        let told = reader.told(&keys, problems);
        if !keys.has("expect") && !keys.has("notify") {
            let message = "this scenario expects nothing".to_owned();
            let hint = "say with [[scenario.expect]] which alerts there are and when; \
                        `alerts = []` means none";
            problems.add(problem::NOTHING_EXPECTED, keys.range(), message, hint.to_owned());
        }
        let events: u64 = feeds.iter().map(|feed| u64::from(feed.times)).sum();
        if events > EVENTS_MAX {
            let message = format!("{events} events come here, at most {EVENTS_MAX} can");
            let hint = "let fewer come, or split the scenario".to_owned();
            problems.add(problem::TOO_MANY, keys.range(), message, hint);
        }
        let name = name?;
        let scenario = Scenario {
            line: line_of(&keys, problems),
            start: clock.start,
            zone: clock.zone,
            is_choice: chosen.is_some(),
            rules,
            policy: self.alerting.policy.clone(),
            settings: self.alerting.settings,
            successes: self.alerting.successes.clone(),
            feeds,
            expected,
            told,
            name: name.get_ref().clone(),
        };
        Some((name.span(), scenario))
    }
}
