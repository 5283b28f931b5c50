//! What is documented of a code that somebody looks for, and how often it was seen.
//!
//! Owns what counts as found. Must never shorten the documentation. Nothing here fails.

use serde::Serialize;

use super::{Moment, Scene};
use crate::catalogue::Severity;
use crate::render::{CodeText, SourceText};

pub(super) const SEARCH: &str = include_str!("search.html");

/// So many codes are proposed.
const NEAR_MAX: usize = 12;

#[derive(Serialize)]
pub(super) struct SearchView<'s> {
    asked: &'s str,
    period: &'static str,
    found: Option<FoundView>,
    near: Vec<NearView<'s>>,
}

#[derive(Serialize)]
struct FoundView {
    code: CodeText,
    severity: Option<Severity>,
    errors: u64,
    last: Option<Moment>,
}

#[derive(Serialize)]
struct NearView<'s> {
    code: &'s str,
    link: String,
    means: &'s str,
}

impl<'s> SearchView<'s> {
    pub(super) fn of(scene: &Scene<'s>) -> Self {
        let asked = scene.choice.code.as_deref().unwrap_or_default();
        let found = found(asked, scene);
        let near =
            if found.is_some() || asked.is_empty() { Vec::new() } else { near(asked, scene) };
        Self { asked, period: scene.choice.period.name(), found, near }
    }
}

/// A code that the catalogue or the log knows, in any case of its letters.
fn found(asked: &str, scene: &Scene<'_>) -> Option<FoundView> {
    let catalogue = &scene.board.catalogue;
    let entry = catalogue.entries().find(|entry| entry.code.eq_ignore_ascii_case(asked));
    let rows = scene.recent.map_or(&[][..], |recent| &recent.codes);
    let seen: Vec<_> = rows.iter().filter(|row| row.code.eq_ignore_ascii_case(asked)).collect();
    let code = entry.map(|entry| &*entry.code).or(seen.first().map(|row| &*row.code))?;
    let module = entry.map(|entry| entry.module);
    let mut meaning: Vec<String> = Vec::new();
    if let Some(entry) = entry {
        meaning.extend(entry.message.as_deref().map(str::to_owned));
        meaning.push(entry.description.to_string());
        meaning.dedup();
    }
    let solution = entry.map(|entry| entry.solution.clone()).unwrap_or_default();
    let elsewhere = module.filter(|_| solution.is_empty());
    let last = seen.iter().map(|row| row.last_minute).max();
    let last = last.and_then(|minute| chrono::DateTime::from_timestamp(minute.checked_mul(60)?, 0));
    let code = CodeText {
        code: code.to_owned(),
        module,
        count: 0,
        known: entry.is_some(),
        said: None,
        meaning,
        // Their parts stand in the solution, which is given whole.
        causes: Vec::new(),
        solution,
        elsewhere: elsewhere.and_then(|it| catalogue.elsewhere(it).map(str::to_owned)),
        source: entry.map(|entry| SourceText {
            words: entry.source.to_string(),
            reference: entry.source.reference,
        }),
    };
    Some(FoundView {
        severity: entry.map(|entry| catalogue.severity_of(&entry.code, None)),
        errors: seen.iter().map(|row| row.errors).sum(),
        last: last.map(|at| Moment::of(at, scene.board.zone)),
        code,
    })
}

/// Codes in which it stands, else those that are written much like it.
fn near<'s>(asked: &str, scene: &Scene<'s>) -> Vec<NearView<'s>> {
    let catalogue = &scene.board.catalogue;
    let asked = asked.to_ascii_lowercase();
    let holds = catalogue.entries().filter(|entry| {
        let message = entry.message.as_deref().unwrap_or_default();
        entry.code.to_ascii_lowercase().contains(&asked)
            || message.to_ascii_lowercase().contains(&asked)
    });
    let mut codes: Vec<&str> = holds.map(|entry| &*entry.code).collect();
    if codes.is_empty() {
        codes = catalogue.nearest(&asked);
    }
    let means = |code: &'s str| {
        let entry = catalogue.entry(code);
        let means = entry.map(|entry| entry.message.as_deref().unwrap_or(&entry.description));
        NearView { code, link: scene.choice.link_to(code), means: means.unwrap_or_default() }
    };
    codes.into_iter().take(NEAR_MAX).map(means).collect()
}
