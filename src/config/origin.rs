//! Where a `[[source]]` gets its lines from: exactly one of six keys.
//!
//! Owns those keys, and which further keys go with which. Must not know labels. What is wrong is a
//! problem and reads as absent.

use std::ops::Range;

use toml::Spanned;

use super::paths::{FEWER, Paths, limited};
use super::problem;
use super::source::Origin;
use crate::toml_file::{Keys, Problems};

/// The keys of which one must stand there.
pub(super) const ORIGINS: [&str; 6] = ["files", "stdin", "fifo", "journal", "docker", "pods"];

pub(super) const JOURNAL_KEYS: &[&str] = &["units", "matches", "directory"];

pub(super) const PATTERNS_MAX: usize = 64;
pub(super) const FILTERS_MAX: usize = 64;
const FILTER_BYTES_MAX: usize = 256;

/// Which keys mean something only to some origins.
const ONLY: [(&str, &[&str], &str); 4] = [
    ("exclude", &["files"], "it takes files out of those that patterns find"),
    ("rotated_to", &["files"], "it tells where rotation puts files"),
    ("encoding", &["files", "stdin", "fifo"], "the others are written in UTF-8"),
    ("start", &["files", "journal", "docker", "pods"], "a stream has no beginning to go back to"),
];

/// An origin with what must not be there twice.
pub(super) struct Found {
    pub(super) origin: Origin,
    /// What it follows, and where that stands.
    pub(super) follows: Vec<Spanned<String>>,
}

/// Reads the origin of a source.
pub(super) fn read(
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Found> {
    let said = |key: &&str| keys.value(key).is_some_and(|value| !is_off(key, value));
    let mut said = ORIGINS.iter().copied().filter(said);
    let Some(key) = said.next() else {
        let hint = "say what is followed, such as `files = [\"/var/log/app/*.log\"]`; else \
                    `stdin`, `fifo`, `journal`, `docker` or `pods`";
        keys.missing("files", hint, problems);
        return None;
    };
    if let Some(second) = said.next() {
        let message = format!("a source has one origin, this one has `{key}` and `{second}`");
        let range = keys.value(second).map_or(0..0, Spanned::span);
        let hint = "write two sources".to_owned();
        problems.add(problem::TWO_ORIGINS, range, message, hint);
    }
    for (only, origins, why) in ONLY {
        if let Some(value) = keys.value(only)
            && !origins.contains(&key)
        {
            let message = format!("`{only}` means nothing to a source with `{key}`");
            let hint = format!("{why}; leave it out");
            problems.add(problem::MISPLACED_KEY, value.span(), message, hint);
        }
    }
    let range = keys.value(key).map_or(0..0, Spanned::span);
    let (origin, follows) = match key {
        "files" => return files(paths, range, keys, problems),
        // Any other type than a flag is said here.
        "stdin" => (keys.flag(key, problems).map(|_| Origin::Stdin)?, "standard input".to_owned()),
        "journal" => return journal(paths, range, keys, problems),
        _ => {
            let path = paths.path(key, keys, problems)?.into_inner();
            let follows = format!("{key} {}", path.display());
            let origin = match key {
                "fifo" => Origin::Fifo(path),
                "docker" => Origin::Docker(path),
                _ => Origin::Pods(path),
            };
            (origin, follows)
        }
    };
    Some(Found { origin, follows: vec![Spanned::new(range, follows)] })
}

/// `stdin = false` says nothing.
fn is_off(key: &str, value: &Spanned<toml::de::DeValue<'_>>) -> bool {
    key == "stdin" && value.get_ref().as_bool() == Some(false)
}

fn files(
    paths: Paths<'_>,
    range: Range<usize>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Found> {
    let value = keys.value("files")?;
    if value.get_ref().as_array().is_some_and(|items| items.is_empty()) {
        let message = "`files` lists nothing, so nothing is followed".to_owned();
        let hint = "list paths or patterns, or leave the source out".to_owned();
        problems.add(problem::BAD_VALUE, range, message, hint);
        return None;
    }
    let patterns = paths.patterns("files", PATTERNS_MAX, keys, problems);
    let exclude = paths.exclusions("exclude", PATTERNS_MAX, keys, problems);
    let rotated_to = paths.paths("rotated_to", PATTERNS_MAX, keys, problems);
    let follows = patterns
        .iter()
        .map(|pattern| Spanned::new(pattern.span(), format!("files {}", pattern.get_ref())));
    let follows = follows.collect();
    let patterns = patterns.into_iter().map(Spanned::into_inner).collect();
    Some(Found { origin: Origin::Files { patterns, exclude, rotated_to }, follows })
}

fn journal(
    paths: Paths<'_>,
    range: Range<usize>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Found> {
    let keys = keys.table("journal", "journal", JOURNAL_KEYS, problems)?;
    let hint = "name a unit, or a pattern of units, such as `scan.service` or `scan-*`";
    let is_unit = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b":-_.\\@*?[]".contains(&byte);
        !text.starts_with('-') && text.bytes().all(plain)
    };
    let units = filters("units", "a unit", is_unit, hint, &keys, problems);
    let hint = "write a field of the journal and its value, such as `SYSLOG_IDENTIFIER=scan`";
    let is_match = |text: &str| {
        let plain = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_';
        text.split_once('=').is_some_and(|(field, _)| {
            !field.is_empty()
                && !field.starts_with(|c: char| c.is_ascii_digit())
                && field.bytes().all(plain)
        })
    };
    let matches = filters("matches", "a match", is_match, hint, &keys, problems);
    let directory = paths.path("directory", &keys, problems).map(Spanned::into_inner);
    let origin = Origin::Journal { units, matches, directory };
    let directory = match &origin {
        Origin::Journal { directory: Some(directory), .. } => directory.display().to_string(),
        _ => String::new(),
    };
    let follows = Spanned::new(range, format!("{origin} {directory}").trim_end().to_owned());
    Some(Found { origin, follows: vec![follows] })
}

/// What `journalctl` is handed: nothing that it would take for an option.
fn filters(
    key: &str,
    what: &str,
    is_one: impl Fn(&str) -> bool,
    hint: &str,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Vec<Box<str>> {
    let mut filters = Vec::new();
    for text in limited(key, FILTERS_MAX, FEWER, keys, problems) {
        let written = text.get_ref().as_str();
        if written.len() <= FILTER_BYTES_MAX && is_one(written) {
            filters.push(written.into());
            continue;
        }
        let message = format!("`{written}` is not {what}");
        problems.add(problem::BAD_VALUE, text.span(), message, hint.to_owned());
    }
    filters
}
