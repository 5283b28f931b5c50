//! Alert rules as files write them, made into what the engine runs.
//!
//! Owns the form of rule files, their limits and defaults, and the rules that the program carries.
//! Must not know where files lie: it is handed text. A set with anything wrong in it is refused as
//! a whole, with every problem of every file; nothing else fails.

mod condition;
mod file;
mod inhibition;
mod matcher;
mod pattern;
mod phrase;
mod problem;
mod reference;
mod shipped;
mod texts;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub(crate) use condition::span_in;
pub(crate) use file::{ROOT_KEYS, TABLES, why_no_name};
pub(crate) use matcher::{REGEX_BYTES_MAX, why_no_expression};
pub(crate) use pattern::{PATTERNS_MAX, label_named, literal, pattern_of};
pub use problem::PROBLEMS;
pub use reference::{condition_keys, keys as rule_keys, time_keys};
pub(crate) use reference::{labels, others, root};
pub(crate) use texts::place as place_of_template;

use crate::catalogue::Catalogue;
use crate::diagnostic::Diagnostic;
use crate::engine::Rule;
use crate::toml_file::Problems;
use file::File;
use shipped::SHIPPED;

/// Text with rules.
#[derive(Debug, Clone, Copy)]
pub struct RuleText<'t> {
    /// The file's name as the user gave it.
    pub name: &'t str,
    /// The file's text.
    pub text: &'t str,
    /// Whether it is a file of another kind, in which rules may stand beside other tables.
    pub is_part: bool,
}

impl<'t> RuleText<'t> {
    /// Rule files by their names and texts.
    pub fn of_files(files: &'t [(String, String)]) -> Vec<Self> {
        let files = files.iter();
        files.map(|(name, text)| RuleText { name, text, is_part: false }).collect()
    }
}

/// How many rules a set can have: every event is held against each of them once.
const RULES_MAX: usize = 1000;

/// Rules that were read and are right.
#[derive(Debug, Clone, PartialEq)]
pub struct RuleSet {
    rules: Arc<[Rule]>,
    disabled: Vec<Arc<str>>,
    /// Those of them that are written out.
    ready: Vec<Rule>,
}

impl RuleSet {
    /// The rules that the program carries, against a catalogue that has at least the shipped codes.
    pub fn embedded(catalogue: &Catalogue) -> Self {
        let (set, problems) = read(&[], catalogue, true);
        debug_assert!(problems.is_empty(), "a shipped rule file is bad: {problems:?}");
        set
    }

    /// No rule.
    pub fn none() -> Self {
        Self { rules: Arc::default(), disabled: Vec::new(), ready: Vec::new() }
    }

    /// The rules of these files, each with its name as the user gave it and its text. They are used
    /// instead of the shipped ones; if one of the files says `shipped = true`, they add to those,
    /// and a rule of the same name replaces one. Files without any rule leave the shipped ones.
    pub fn load(
        files: &[(String, String)],
        catalogue: &Catalogue,
    ) -> Result<Self, Vec<Diagnostic>> {
        Self::load_texts(&RuleText::of_files(files), catalogue)
    }

    /// The same of texts of which some may be parts of files of another kind.
    pub fn load_texts(
        files: &[RuleText<'_>],
        catalogue: &Catalogue,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (set, problems) = read(files, catalogue, false);
        if problems.is_empty() { Ok(set) } else { Err(problems) }
    }

    /// What the engine runs: the enabled rules, in the order in which they stand.
    pub fn rules(&self) -> &Arc<[Rule]> {
        &self.rules
    }

    /// A rule by its name, if it is enabled.
    pub fn get(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| *rule.name == *name)
    }

    /// A rule by its name, enabled or not; none of one that is only named.
    pub fn written(&self, name: &str) -> Option<&Rule> {
        self.rules.iter().chain(&self.ready).find(|rule| *rule.name == *name)
    }

    /// The names of the rules that are written but not enabled.
    pub fn disabled(&self) -> &[Arc<str>] {
        &self.disabled
    }
}

/// Whether a file means to be a rule file, right or wrong; its tables tell.
pub fn is_rule_file(text: &str) -> bool {
    // What stands behind a syntax error is guessed: that is good enough for this.
    let (root, _) = toml::de::DeTable::parse_recoverable(text);
    file::ROOT_KEYS.iter().any(|key| root.get_ref().contains_key(*key))
}

/// One file with what was read of it.
struct Reading<'t> {
    problems: Problems<'t>,
    file: Option<File>,
    is_shipped: bool,
}

fn read(
    files: &[RuleText<'_>],
    catalogue: &Catalogue,
    shipped: bool,
) -> (RuleSet, Vec<Diagnostic>) {
    let one = |RuleText { name, text, is_part }, is_shipped| {
        let mut problems = Problems::of(name, text, &problem::NAMES);
        let file = file::read(catalogue, is_part, &mut problems);
        Reading { problems, file, is_shipped }
    };
    let own = files.iter().map(|text| one(*text, false));
    let mut readings: Vec<_> = own.collect();
    let mut said = readings.iter().map(|reading| reading.file.as_ref());
    let adds = said.clone().flatten().any(|file| file.shipped == Some(true));
    let has_none =
        |file: Option<&File>| file.is_some_and(|file| file.shipped.is_none() && !file.has_rules);
    if shipped || adds || said.all(has_none) {
        let shipped = SHIPPED.iter().map(|(name, text)| {
            let text = RuleText { name, text, is_part: false };
            one(text, true)
        });
        readings.splice(0..0, shipped.collect::<Vec<_>>());
    }
    let order = names(&mut readings);
    inhibition::check(&mut readings, &order);
    let set = joined(&mut readings, &order);
    let problems = readings.into_iter().flat_map(|read| read.problems.into_diagnostics());
    (set, problems.collect())
}

/// Where a rule stands: the file's number, the rule's number.
type Place = (usize, usize);

/// The rules in use by name; a user's rule stands in the place of a shipped one of its name.
fn names(readings: &mut [Reading<'_>]) -> BTreeMap<Arc<str>, Place> {
    let mut places: BTreeMap<Arc<str>, Place> = BTreeMap::new();
    for number in 0..readings.len() {
        let (earlier, rest) = readings.split_at_mut(number);
        let Some(Reading { problems, file: Some(file), is_shipped }) = rest.first_mut() else {
            continue;
        };
        for (place, said) in file.rules.iter().enumerate() {
            let place = (number, place);
            let Some(known) = places.insert(Arc::clone(&said.name), place) else { continue };
            let other = earlier.get(known.0);
            if other.is_some_and(|other| other.is_shipped && !*is_shipped) {
                continue;
            }
            places.insert(Arc::clone(&said.name), known);
            let (file_name, text, rules) = match other {
                Some(Reading { problems, file: Some(file), .. }) => {
                    (problems.file(), problems.text(), &file.rules)
                }
                _ => (problems.file(), problems.text(), &file.rules),
            };
            let at = rules.get(known.1).map_or(0, |said| said.range.start);
            let line = text.get(..at).unwrap_or_default().matches('\n').count() + 1;
            let message =
                format!("rule `{}` stands in {file_name} already, on line {line}", said.name);
            let hint = "keep one of the two, or give one another name".to_owned();
            problems.add(problem::DUPLICATE_NAME, said.range.clone(), message, hint);
        }
    }
    places
}

/// The set, in the order of the files; what replaces a shipped rule stands in its place.
fn joined(readings: &mut [Reading<'_>], places: &BTreeMap<Arc<str>, Place>) -> RuleSet {
    let mut order: Vec<Place> = Vec::new();
    for (number, reading) in readings.iter().enumerate() {
        for (place, said) in reading.file.iter().flat_map(|file| &file.rules).enumerate() {
            let in_use = places.get(&said.name).copied();
            if in_use == Some((number, place)) {
                let replaced = |known: &Place| *known == (number, place);
                if !order.iter().any(replaced) {
                    order.push((number, place));
                }
            } else if let Some(in_use) = in_use.filter(|_| reading.is_shipped) {
                order.push(in_use);
            }
        }
    }
    if let Some((number, place)) = order.get(RULES_MAX).copied()
        && let Some(reading) = readings.get_mut(number)
    {
        let said = reading.file.as_ref().and_then(|file| file.rules.get(place));
        let range = said.map_or(0..0, |said| said.range.clone());
        let message = format!("there are {} rules, at most {RULES_MAX} can be", order.len());
        let hint = "group by a label instead of writing a rule for each of its values".to_owned();
        reading.problems.add(problem::TOO_MANY, range, message, hint);
    }
    let mut rules = Vec::new();
    let mut disabled = Vec::new();
    let mut ready = Vec::new();
    for (number, place) in order {
        let file = readings.get(number).and_then(|reading| reading.file.as_ref());
        let Some(said) = file.and_then(|file| file.rules.get(place)) else { continue };
        if said.enabled {
            rules.extend(said.rule.clone());
        } else {
            disabled.push(Arc::clone(&said.name));
            ready.extend(said.rule.clone());
        }
    }
    RuleSet { rules: rules.into(), disabled, ready }
}
