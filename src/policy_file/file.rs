//! The tables of one file that say who is told, and with what settings.
//!
//! Owns which tables there are and how many. Must not know which other files there are. Everything
//! wrong is collected; what is returned is only good when nothing was.

use std::ops::Range;

use toml::Spanned;
use toml::de::DeValue;

use super::Named;
use super::matcher::Known;
use super::{mute, problem, route, settings, silence};
use crate::engine::{Mute, Route, Settings, Silence};
use crate::extract::Successes;
use crate::rules::TABLES;
use crate::toml_file::{self, Keys, Problems};

pub(super) const ROUTES_MAX: usize = 100;
pub(super) const SILENCES_MAX: usize = 1_000;
pub(super) const MUTES_MAX: usize = 100;

/// Every key of a rule file by the table that it stands in; those of matchers aside, which are
/// labels.
pub fn keys() -> Vec<(&'static str, Vec<&'static str>)> {
    let own = [
        ("[[route]]", route::ROUTE_KEYS),
        ("digest", route::DIGEST_KEYS),
        ("[[silence]]", silence::SILENCE_KEYS),
        ("[[mute]]", mute::MUTE_KEYS),
        ("times", mute::TIME_KEYS),
        ("[engine]", settings::ENGINE_KEYS),
        ("[success]", settings::SUCCESS_KEYS),
    ];
    let tables = TABLES.into_iter().chain(own);
    tables.map(|(table, keys)| (table, keys.to_vec())).collect()
}

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    pub(super) engine: Option<(Range<usize>, Settings)>,
    pub(super) success: Option<(Range<usize>, Successes)>,
    pub(super) routes: Vec<Named<Route>>,
    pub(super) silences: Vec<Named<Silence>>,
    pub(super) mutes: Vec<Named<Mute>>,
}

/// Reads a file; nothing of one that is no TOML, which is said where the rules are read.
pub(super) fn read(known: Known<'_>, problems: &mut Problems<'_>) -> File {
    let mut elsewhere = Problems::of(problems.file(), problems.text(), problems.names());
    let Some(root) = toml_file::parse(&mut elsewhere) else { return File::default() };
    // Which keys are known at the root is said there, too.
    let root = Keys::of_table(root.get_ref(), 0..0, "the file", &[], &mut elsewhere);
    let range = |key| root.value(key).map_or(0..0, Spanned::span);
    let engine = settings::engine(&root, problems);
    let success = settings::success(&root, problems);
    let routes = items(&root, ("route", "[[route]]"), ROUTES_MAX, problems);
    let routes = routes.iter().filter_map(|item| route::read(item, known, problems)).collect();
    let silences = items(&root, ("silence", "[[silence]]"), SILENCES_MAX, problems);
    let silences =
        silences.iter().filter_map(|item| silence::read(item, known, problems)).collect();
    let mutes = items(&root, ("mute", "[[mute]]"), MUTES_MAX, problems);
    let mutes = mutes.iter().filter_map(|item| mute::read(item, known, problems)).collect();
    File {
        engine: engine.map(|engine| (range("engine"), engine)),
        success: success.map(|success| (range("success"), success)),
        routes,
        silences,
        mutes,
    }
}

fn items<'a, 't>(
    root: &Keys<'a, 't>,
    (key, header): (&str, &str),
    max: usize,
    problems: &mut Problems<'_>,
) -> &'a [Spanned<DeValue<'t>>] {
    let items = root.tables(key, header, problems).unwrap_or_default();
    if let Some(first_beyond) = items.get(max) {
        let message = format!("{} tables {header} stand here, at most {max} can", items.len());
        let hint = "give one several values or a glob".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    items.get(..max).unwrap_or(items)
}
