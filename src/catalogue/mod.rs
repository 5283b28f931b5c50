//! The catalogue: what the documentation says of every error code.
//!
//! Owns the codes, their texts and the recognition of causes, APIs and limits in messages. Must
//! not know logs, reports or where files lie: it is handed text. A bad file is refused as a whole,
//! with every problem in it; everything else cannot fail.
//!
//! Three files are built in: the documented table, verbatim, newer codes that it does not list, and
//! how grave each code is, which is ocrwatch's own judgement.

mod entry;
mod explanation;
mod file;
mod nearest;
mod parts;
mod pattern;
mod problem;
mod severity;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::sync::Arc;

pub use entry::{Cause, Details, Entry, Meaning, Paragraph, Source};
pub use explanation::Explanation;
pub use problem::PROBLEMS;
pub use severity::{Rating, Severity};

use crate::diagnostic::Diagnostic;
use crate::occurrence::Module;
use crate::toml_file::Problems;
use file::Said;
use pattern::Pattern;
use severity::{Rated, Ratings};

/// The files that the program carries, in the order in which they are loaded.
const EMBEDDED: [(&str, &str); 3] = [
    ("huaweicloud-ocr.toml", include_str!("../../rules/catalogue/huaweicloud-ocr.toml")),
    ("newer-codes.toml", include_str!("../../rules/catalogue/newer-codes.toml")),
    ("severity.toml", include_str!("../../rules/catalogue/severity.toml")),
];

/// Error codes with what is said of them.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Catalogue {
    entries: BTreeMap<Box<str>, Entry>,
    /// The codes in documented order, then by code.
    order: Vec<Box<str>>,
    /// Beyond the place of every entry so far in the documented order.
    order_next: usize,
    elsewhere: BTreeMap<Module, Box<str>>,
    ratings: Ratings,
}

impl Catalogue {
    /// The catalogue that the program carries.
    pub fn embedded() -> Self {
        let mut catalogue = Self::empty();
        for (name, text) in EMBEDDED {
            let problems = catalogue.load(name, text);
            debug_assert!(problems.is_empty(), "a shipped catalogue file is bad: {problems:?}");
        }
        catalogue
    }

    /// A catalogue that knows no code.
    pub fn empty() -> Self {
        Self::default()
    }

    /// Loads a catalogue file's text: new codes are added, known ones are replaced. A key that an
    /// entry leaves out keeps what earlier files said of that code.
    ///
    /// Returns every problem in the file; with any, the catalogue stays as it was. The name is the
    /// file's as the user gave it, for the problems and as the default title.
    pub fn load(&mut self, file_name: &str, text: &str) -> Vec<Diagnostic> {
        let mut problems = Problems::of(file_name, text, &problem::NAMES);
        let read = file::read(&mut problems, &|code| self.entries.contains_key(code));
        for rated in read.iter().flat_map(|file| &file.severities) {
            if !self.knows(rated) && !read.iter().any(|file| file.knows(rated)) {
                rated.unknown(&mut problems);
            }
        }
        let Some(file) = read.filter(|_| problems.is_empty()) else {
            return problems.into_diagnostics();
        };
        let (first, count) = (self.order_next, file.entries.len());
        for (index, said) in file.entries.into_iter().enumerate() {
            let earlier = self.entries.remove(&said.code);
            let entry = merged(said, &file.source, earlier, first + index);
            self.entries.insert(entry.code.clone(), entry);
        }
        self.order_next = first + count;
        for said in file.supplements {
            if let Some(entry) = self.entries.get_mut(&said.code) {
                supplement(entry, said);
            }
        }
        self.elsewhere.extend(file.elsewhere);
        self.ratings.extend(file.severities);
        self.order = self.entries.keys().cloned().collect();
        self.order.sort_by_key(|code| {
            self.entries.get(code).and_then(|entry| entry.order).unwrap_or(usize::MAX)
        });
        Vec::new()
    }

    /// What is said of a code, written exactly.
    pub fn entry(&self, code: &str) -> Option<&Entry> {
        self.entries.get(code)
    }

    /// Every entry: those of the vendor's documentation in its order, then the others by code.
    pub fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.order.iter().filter_map(|code| self.entries.get(code))
    }

    /// Where a module's codes are listed when the reference does not list them.
    pub fn elsewhere(&self, module: Module) -> Option<&str> {
        self.elsewhere.get(&module).map(|text| &**text)
    }

    /// How grave a code is, and why; of one of its causes if that is rated itself. `None` if no
    /// file says so.
    pub fn rating(&self, code: &str, cause: Option<&str>) -> Option<&Rating> {
        self.ratings.of(code, cause)
    }

    /// How grave a code or one of its causes is. What no file rates is a warning: it was not
    /// expected, and someone should look.
    pub fn severity_of(&self, code: &str, cause: Option<&str>) -> Severity {
        self.rating(code, cause).map_or(Severity::Warning, |rating| rating.severity)
    }

    fn knows(&self, rated: &Rated) -> bool {
        let (code, cause) = rated.parts();
        self.entry(code).is_some_and(|entry| {
            cause.is_none_or(|cause| entry.causes.iter().any(|known| *known.id == *cause))
        })
    }

    /// The codes that a mistyped one may mean, the nearest first, at most three. Case, dot and
    /// leading zeros do not matter.
    pub fn nearest(&self, typed: &str) -> Vec<&str> {
        nearest::nearest(typed, self.order.iter().map(|code| &**code))
    }

    /// What a code's decoded message tells: the cause, the API, the limit and the period. Text
    /// before and after what is known does not matter.
    pub fn details(&self, code: &str, message: &str) -> Details<'_> {
        self.entry(code).map(|entry| entry.details(message)).unwrap_or_default()
    }

    /// The one entry whose documented message a text is. A final period and white space around the
    /// text do not matter; where the documentation writes a placeholder, any value fits.
    ///
    /// `None` for a message that several codes share, and for one of a single word. Short ones
    /// such as `Invalid token.` do identify their code, although other programs print them too:
    /// the caller asks only about text that an SDK's exception carries, and what it finds is marked
    /// as inferred. A single word would say nothing even there.
    pub fn code_of_message(&self, message: &str) -> Option<&Entry> {
        message.split_whitespace().nth(1)?;
        let mut matching = self.entries.values().filter(|entry| entry.is_whole(message));
        let found = matching.next()?;
        matching.next().is_none().then_some(found)
    }

    /// Whether a text begins with, or is, the documented message of a code. An `APIGW` code whose
    /// message is not known has that of the same number under `APIG`: the gateway gives both.
    pub fn message_matches(&self, code: &str, text: &str) -> bool {
        let known = self.entry(code).filter(|entry| entry.is_recognisable());
        let sibling = || self.entry(&format!("APIG.{}", code.strip_prefix("APIGW.")?));
        known.or_else(sibling).is_some_and(|entry| entry.begins(text))
    }
}

/// What a file says of a code, over what earlier ones said.
fn merged(said: Said, source: &Arc<Source>, earlier: Option<Entry>, order: usize) -> Entry {
    let mut entry = earlier.unwrap_or_else(|| Entry {
        code: said.code,
        module: said.module,
        message: None,
        description: Box::default(),
        solution: Vec::new(),
        causes: Vec::new(),
        http_status: Vec::new(),
        meanings: Vec::new(),
        source: source.clone(),
        order: None,
        fixed: None,
        patterns: Vec::new(),
    });
    entry.source = source.clone();
    if source.reference {
        entry.order.get_or_insert(order);
    }
    if let Some(message) = said.message {
        entry.fixed = Some(Pattern::fixed(&message));
        entry.message = Some(message);
    }
    if let Some(description) = said.description {
        entry.description = description;
    }
    if let Some(patterns) = said.patterns {
        entry.patterns = patterns;
    }
    match (said.solution, said.causes) {
        (Some(solution), causes) => {
            entry.solution = solution;
            entry.causes = causes.unwrap_or(entry.causes);
        }
        (None, Some(causes)) => {
            entry.solution = solution_of_causes(&causes);
            entry.causes = causes;
        }
        (None, None) => {}
    }
    if let Some(meanings) = said.meanings {
        entry.meanings = meanings;
    }
    if let Some(http_status) = said.http_status {
        entry.http_status = http_status;
    }
    note_statuses(&mut entry);
    entry
}

fn supplement(entry: &mut Entry, said: Said) {
    entry.http_status.extend(said.http_status.unwrap_or_default());
    entry.meanings.extend(said.meanings.unwrap_or_default());
    note_statuses(entry);
}

/// Every status of a meaning is one of the code's.
fn note_statuses(entry: &mut Entry) {
    let of_meanings = entry.meanings.iter().filter_map(|meaning| meaning.http_status);
    entry.http_status.extend(of_meanings);
    entry.http_status.sort_unstable();
    entry.http_status.dedup();
}

/// A bullet for each cause, then the causes' paragraphs, as the documentation prints them; nothing
/// when no cause says what to do.
fn solution_of_causes(causes: &[Cause]) -> Vec<Paragraph> {
    if causes.iter().all(|cause| cause.solution.is_empty()) {
        return Vec::new();
    }
    let named = causes.iter().map(|cause| Paragraph {
        text: format!("{}: {}", cause.text, cause.description).into(),
        bullet: true,
    });
    named.chain(causes.iter().flat_map(|cause| cause.solution.clone())).collect()
}
