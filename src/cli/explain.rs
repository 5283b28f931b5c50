//! `ocrwatch explain`: what the documentation says of a code, and our own of a problem's name.
//!
//! Owns its options and which entries are meant. Must never shorten an entry. Fails on codes that
//! the catalogue does not know and names that no problem has, all of them at once, after the known
//! ones were written.

use std::io::{self, BufWriter, Write};

use clap::{Args, ValueEnum};

use super::catalogue::CatalogueArgs;
use super::exit_code::ExitCode;
use super::failure::{Failure, with_hint, written};
use super::filter::{CodePattern, did_you_mean};
use super::terminal::StyleArgs;
use crate::catalogue::{Catalogue, Entry};
use crate::occurrence::Module;
use crate::reference;
use crate::report::{explain, json};
use crate::toml_file;

/// What an explanation is written as.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A page for people
    #[default]
    Terminal,
    /// A list with one object for each code
    Json,
}

/// Options of `explain`.
#[derive(Debug, Args)]
pub(super) struct ExplainArgs {
    /// Error codes, such as APIG.0301, patterns, such as 'AIS.*', or names of problems in files,
    /// such as config-unknown-key
    #[arg(value_name = "CODE", required_unless_present = "all", conflicts_with = "all")]
    codes: Vec<String>,

    /// Explain every code of the catalogue
    #[arg(long)]
    all: bool,

    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    format: Format,

    #[command(flatten)]
    style: StyleArgs,

    #[command(flatten)]
    catalogue: CatalogueArgs,
}

impl ExplainArgs {
    /// Writes what is known to standard output.
    pub(super) fn run(&self) -> Result<ExitCode, Failure> {
        let catalogue = self.catalogue.load()?;
        let (names, codes) = self.codes.iter().partition::<Vec<_>, _>(|text| is_name(text));
        let (entries, mut problems) = if self.all {
            (catalogue.entries().collect(), Vec::new())
        } else {
            meant(&codes, &catalogue)
        };
        if !entries.is_empty() {
            let mut out = BufWriter::with_capacity(super::OUT_BYTES, io::stdout().lock());
            let result = match self.format {
                Format::Terminal => {
                    explain::write(&mut out, &catalogue, &entries, self.style.style())
                }
                Format::Json => json::write_entries(&mut out, &entries),
            };
            written(result.and_then(|()| out.flush()))?;
        }
        problems.extend(self.problems_named(&names, !entries.is_empty())?);
        if problems.is_empty() {
            Ok(ExitCode::Done)
        } else {
            Err(Failure::new(ExitCode::Usage, problems))
        }
    }
}

impl ExplainArgs {
    /// Writes what is known of problems in files; what is wrong with the other names.
    fn problems_named(&self, names: &[&String], is_behind: bool) -> Result<Vec<String>, Failure> {
        if self.format == Format::Json && !names.is_empty() {
            let problem = "what a problem means is written for people only";
            return Err(Failure::usage(problem, "leave out `--format json`"));
        }
        let mut wrong = Vec::new();
        let mut sections = Vec::new();
        for name in names {
            if let Some(section) = reference::section(name) {
                sections.push(section.plain());
                continue;
            }
            let known = reference::sections().map(|section| section.name);
            let hint = toml_file::did_you_mean(name, known)
                .unwrap_or_else(|| "the name stands in brackets behind the message".to_owned());
            wrong.push(with_hint(&format!("no problem is called `{name}`"), &hint));
        }
        let before = if is_behind && !sections.is_empty() { "\n" } else { "" };
        let mut out = io::stdout().lock();
        written(write!(out, "{before}{}", sections.join("\n")).and_then(|()| out.flush()))?;
        Ok(wrong)
    }
}

/// Whether an argument means a problem in a file: codes have no hyphen.
fn is_name(text: &str) -> bool {
    text.contains('-') && !text.contains(['.', '*', '?', '['])
}

/// The entries that the arguments mean, each once, and what is wrong with the other arguments.
fn meant<'c>(codes: &[&String], catalogue: &'c Catalogue) -> (Vec<&'c Entry>, Vec<String>) {
    let mut entries: Vec<&Entry> = Vec::new();
    let mut problems = Vec::new();
    for text in codes {
        let found = match catalogue.entry(text) {
            Some(entry) => vec![entry],
            None => matching(text, catalogue),
        };
        if found.is_empty() {
            problems.push(unknown(text, catalogue));
        }
        for entry in found {
            if !entries.iter().any(|known| known.code == entry.code) {
                entries.push(entry);
            }
        }
    }
    (entries, problems)
}

fn matching<'c>(text: &str, catalogue: &'c Catalogue) -> Vec<&'c Entry> {
    let is_pattern = text.contains(['*', '?', '[']);
    let pattern = is_pattern.then(|| CodePattern::parse(text)).and_then(Result::ok);
    let is_meant = |entry: &&Entry| pattern.as_ref().is_some_and(|it| it.matches(&entry.code));
    catalogue.entries().filter(is_meant).collect()
}

fn unknown(text: &str, catalogue: &Catalogue) -> String {
    let problem = format!("the catalogue has no code `{text}`");
    // The module's own table has the code, unless the user has slipped on one that is known here.
    let elsewhere = Module::of_code(text).and_then(|module| catalogue.elsewhere(module));
    match elsewhere.filter(|_| catalogue.nearest(text).is_empty()) {
        Some(elsewhere) => with_hint(&problem, elsewhere),
        None => with_hint(&problem, &did_you_mean(text, catalogue)),
    }
}
