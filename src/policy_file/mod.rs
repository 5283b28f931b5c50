//! Who is told of which alerts, and what the engine is told, as rule files say it beside the rules:
//! `[engine]`, `[success]`, `[[route]]`, `[[silence]]`, `[[mute]]`.
//!
//! Owns the form of these tables, their limits and defaults, and that nothing stands in two files.
//! Must not know where files lie, nor what a receiver is. Files with anything wrong in them are
//! refused as a whole, with every problem of every file, those of the rules included; nothing else
//! fails.

mod file;
mod matcher;
mod mute;
mod problem;
mod reference;
mod route;
mod settings;
mod silence;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

pub use file::keys;
pub use problem::PROBLEMS;
pub use reference::reference;

use crate::catalogue::Catalogue;
use crate::diagnostic::{Diagnostic, Position};
use crate::engine::{PolicyConfig, Route, Settings, Silence, Span};
use crate::extract::Successes;
use crate::rules::{RuleSet, RuleText};
use crate::toml_file::Problems;
use file::File;
use matcher::Known;

/// The route that takes what no other does, and its receiver.
const DEFAULT_ROUTE: &str = "default";

/// Who is told where nothing says who: the terminal, unless a receiver is called so.
const DEFAULT_RECEIVER: &str = "default";

/// Everything that decides which alerts there are and who is told of them.
#[derive(Debug, Clone, PartialEq)]
pub struct Alerting {
    /// The rules.
    pub rules: RuleSet,
    /// Who is told what, and when.
    pub policy: PolicyConfig,
    /// What the engine is told beside the rules.
    pub settings: Settings,
    /// Which lines tell of calls that succeeded.
    pub successes: Successes,
    /// How much of that files say.
    pub written: Written,
}

/// A silence that is asked for while a run goes on, written as the only table of a file.
pub fn asked_silence(name: &str, text: &str, rules: &RuleSet) -> Result<Silence, Vec<Diagnostic>> {
    let mut problems = Problems::of(name, text, &problem::NAMES);
    let file = file::read(Known { rules: Some(rules), receivers: None }, &mut problems);
    let found = problems.into_diagnostics();
    match file.silences.into_iter().next() {
        Some(silence) if found.is_empty() => Ok(silence.value),
        _ => Err(found),
    }
}

/// The receivers that there are.
#[derive(Debug, Clone, Copy)]
pub struct Receivers<'r> {
    /// Their names.
    pub names: &'r [&'r str],
    /// The name of the problem that another name is.
    pub problem: &'static str,
}

/// How many tables the files have.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Written {
    /// Routes, the one that is always added left aside.
    pub routes: usize,
    /// Silences.
    pub silences: usize,
    /// Mutes.
    pub mutes: usize,
    /// Whether the engine is told anything.
    pub engine: bool,
}

impl Alerting {
    /// The rules that the program carries, and the usual settings.
    pub fn embedded(catalogue: &Catalogue) -> Self {
        Self::of(RuleSet::embedded(catalogue))
    }

    /// No rule at all, for a machine that decides nothing.
    pub fn deciding_nothing() -> Self {
        Self::of(RuleSet::none())
    }

    /// The same without any rule.
    #[must_use]
    pub fn without_rules(self) -> Self {
        Self { rules: RuleSet::none(), ..self }
    }

    /// The same, with a lateness that holds where files say nothing to the engine.
    #[must_use]
    pub fn with_usual_lateness(mut self, lateness: Span) -> Self {
        if !self.written.engine {
            self.settings.lateness = lateness;
        }
        self
    }

    /// These rules and the usual settings.
    pub fn of(rules: RuleSet) -> Self {
        Self {
            rules,
            policy: PolicyConfig::new(),
            settings: Settings::default(),
            successes: Successes::access_logs(),
            written: Written::default(),
        }
    }

    /// What these files say, each with its name as the user gave it and its text: the rules as
    /// [`RuleSet::load`] reads them, and the tables beside them.
    pub fn load(
        files: &[(String, String)],
        catalogue: &Catalogue,
    ) -> Result<Self, Vec<Diagnostic>> {
        Self::load_texts(&RuleText::of_files(files), catalogue, None)
    }

    /// The same of texts of which some may be parts of files of another kind; routes lead to these
    /// receivers, if any are given.
    pub fn load_texts(
        files: &[RuleText<'_>],
        catalogue: &Catalogue,
        receivers: Option<Receivers<'_>>,
    ) -> Result<Self, Vec<Diagnostic>> {
        let (rules, mut found) = match RuleSet::load_texts(files, catalogue) {
            Ok(rules) => (Some(rules), Vec::new()),
            Err(problems) => (None, problems),
        };
        let known = Known { rules: rules.as_ref(), receivers };
        let mut readings: Vec<Reading<'_>> = files
            .iter()
            .map(|RuleText { name, text, .. }| {
                let mut problems = Problems::of(name, text, &problem::NAMES);
                let file = file::read(known, &mut problems);
                Reading { problems, file }
            })
            .collect();
        once(&mut readings, "[engine]", |file| file.engine.as_ref().map(|(range, _)| range));
        once(&mut readings, "[success]", |file| file.success.as_ref().map(|(range, _)| range));
        unique(&mut readings, "route", |file| &file.routes);
        unique(&mut readings, "silence", |file| &file.silences);
        unique(&mut readings, "mute", |file| &file.mutes);
        // A `match` that is wrong reads as one that takes everything.
        if readings.iter().all(|reading| reading.problems.is_empty()) {
            check_reached(&mut readings);
        }
        let mut read = Vec::new();
        for Reading { problems, file } in readings {
            found.extend(problems.into_diagnostics());
            read.push(file);
        }
        // File by file, and in each as it stands there.
        found.sort_by_key(|problem| {
            let file = files.iter().position(|file| *file.name == problem.file);
            (file, problem.position.as_ref().map(|position| position.line))
        });
        match rules {
            Some(rules) if found.is_empty() => Ok(Self::of(rules).with(read)),
            _ => Err(found),
        }
    }

    /// Where no route is written, everything goes to this receiver.
    #[must_use]
    pub fn told_to(mut self, receiver: Option<&str>) -> Self {
        if let Some(receiver) = receiver
            && self.written.routes == 0
        {
            let route = Route { receiver: receiver.into(), ..Route::to(DEFAULT_ROUTE) };
            self.policy.routes = vec![route];
        }
        self
    }

    fn with(mut self, files: Vec<File>) -> Self {
        let policy = &mut self.policy;
        policy.routes.clear();
        let engine = files.iter().any(|file| file.engine.is_some());
        for file in files {
            policy.routes.extend(file.routes.into_iter().map(|route| route.value));
            policy.silences.extend(file.silences.into_iter().map(|silence| silence.value));
            policy.mutes.extend(file.mutes.into_iter().map(|mute| mute.value));
            self.settings = file.engine.map_or(self.settings, |(_, settings)| settings);
            self.successes = file.success.map_or(self.successes, |(_, successes)| successes);
        }
        self.written = Written {
            routes: policy.routes.len(),
            silences: policy.silences.len(),
            mutes: policy.mutes.len(),
            engine,
        };
        if policy.routes.last().is_none_or(|last| !last.matchers.is_empty()) {
            policy
                .routes
                .push(Route { receiver: DEFAULT_RECEIVER.into(), ..Route::to(DEFAULT_ROUTE) });
        }
        self
    }
}

/// Something with a name, and where that stands.
#[derive(Debug)]
struct Named<T> {
    id: Arc<str>,
    range: Range<usize>,
    value: T,
}

/// One file with what was read of it.
struct Reading<'t> {
    problems: Problems<'t>,
    file: File,
}

impl Reading<'_> {
    /// A place in the file, in words.
    fn place(&self, range: &Range<usize>) -> String {
        let line = Position::of_range(self.problems.text(), range.clone()).line;
        format!("{} already, on line {line}", self.problems.file())
    }
}

/// Says that a table stands in a second file.
fn once(readings: &mut [Reading<'_>], table: &str, of: impl Fn(&File) -> Option<&Range<usize>>) {
    let mut first: Option<String> = None;
    for reading in readings {
        let Some(range) = of(&reading.file).cloned() else { continue };
        let Some(place) = &first else {
            first = Some(reading.place(&range));
            continue;
        };
        let message = format!("{table} stands in {place}");
        let hint = "write it in one file only".to_owned();
        reading.problems.add(problem::DUPLICATE_TABLE, range, message, hint);
    }
}

/// Says that a name stands twice; state hangs on names.
fn unique<T>(readings: &mut [Reading<'_>], what: &str, of: impl Fn(&File) -> &Vec<Named<T>>) {
    let mut places: BTreeMap<Arc<str>, String> = BTreeMap::new();
    for reading in readings {
        let named = of(&reading.file).iter();
        let named: Vec<_> =
            named.map(|named| (Arc::clone(&named.id), named.range.clone())).collect();
        for (id, range) in named {
            if let Some(place) = places.get(&id) {
                let message = format!("{what} `{id}` stands in {place}");
                let hint = "keep one of the two, or give one another name".to_owned();
                reading.problems.add(problem::DUPLICATE_NAME, range, message, hint);
            } else {
                let place = reading.place(&range);
                places.insert(id, place);
            }
        }
    }
}

/// Says that a route stands behind one that takes everything.
fn check_reached(readings: &mut [Reading<'_>]) {
    let mut takes_all: Option<Arc<str>> = None;
    for reading in readings {
        for Named { id, range, value } in &reading.file.routes {
            if let Some(before) = &takes_all {
                let message = format!("route `{before}` takes everything before `{id}`");
                let hint = format!("put `{before}` last, or write `continue = true` in it");
                reading.problems.add(problem::NEVER_MATCHES, range.clone(), message, hint);
            } else if value.matchers.is_empty() && !value.proceed {
                takes_all = Some(Arc::clone(id));
            }
        }
    }
}
