//! Paths and patterns as a configuration writes them, made absolute.
//!
//! Owns what a relative one is relative to, and what cannot be a path. Must never ask whether
//! something is there. What is wrong is a problem and reads as absent.

use std::path::{Path, PathBuf};

use toml::Spanned;

use super::problem;
use crate::file_pattern::{Exclusion, Pattern, is_pattern};
use crate::toml_file::{Keys, Problems};

/// What to write instead of too many.
pub(super) const FEWER: &str = "write patterns, or several sources";

/// As long as the system lets a path be.
const PATH_BYTES_MAX: usize = 4096;

/// What stands before a relative path, without `.` in between. `..` stays: what it means hangs on
/// links.
pub(super) fn joined(directory: &Path, path: &Path) -> PathBuf {
    directory.join(path).components().collect()
}

/// A pattern below a directory, else why it is none.
pub(super) fn pattern(directory: &Path, text: &str) -> Result<Pattern, String> {
    if !is_pattern(text) {
        return Ok(Pattern::exact(joined(directory, Path::new(text))));
    }
    Pattern::parse(&absolute(directory, text)?)
}

/// The text of a pattern with what stands before a relative one, in which nothing is a pattern.
fn absolute(directory: &Path, text: &str) -> Result<String, String> {
    let path = if Path::new(text).is_absolute() {
        PathBuf::from(text)
    } else {
        let before = directory.to_str().ok_or("it is relative to a path that is not UTF-8")?;
        Path::new(&globset::escape(before)).join(text)
    };
    // Both parts were text before.
    Ok(path.components().collect::<PathBuf>().to_string_lossy().into_owned())
}

/// What is wrong with a path as it is written, and what to write.
fn why_no_path(text: &str) -> Option<(String, &'static str)> {
    if text == "~" || text.starts_with("~/") {
        let message = "`~` is the shell's and means nothing here".to_owned();
        Some((message, "write the whole path"))
    } else if text == "-" {
        Some(("`-` is no path here".to_owned(), "write `stdin = true` instead"))
    } else if text.len() > PATH_BYTES_MAX {
        let message = format!("a path has at most {PATH_BYTES_MAX} bytes");
        Some((message, "write a pattern, or name a directory further up"))
    } else {
        None
    }
}

/// Paths of a configuration file.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paths<'d> {
    /// Absolute; relative paths are relative to it.
    pub(super) directory: &'d Path,
}

impl Paths<'_> {
    /// The path of a key.
    pub(super) fn path(
        self,
        key: &str,
        keys: &Keys<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Option<Spanned<PathBuf>> {
        let text = keys.raw_text(key, problems)?;
        self.path_of(&text, problems)
    }

    /// A list of paths; one beyond the limit is a problem.
    pub(super) fn paths(
        self,
        key: &str,
        max: usize,
        keys: &Keys<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Vec<PathBuf> {
        let texts = limited(key, max, FEWER, keys, problems);
        let paths = texts.iter().filter_map(|text| self.path_of(text, problems));
        paths.map(Spanned::into_inner).collect()
    }

    fn path_of(
        self,
        text: &Spanned<String>,
        problems: &mut Problems<'_>,
    ) -> Option<Spanned<PathBuf>> {
        if let Some((message, hint)) = why_no_path(text.get_ref()) {
            problems.add(problem::BAD_PATH, text.span(), message, hint.to_owned());
            return None;
        }
        let path = joined(self.directory, Path::new(text.get_ref()));
        Some(Spanned::new(text.span(), path))
    }

    /// The patterns of `files`.
    pub(super) fn patterns(
        self,
        key: &str,
        max: usize,
        keys: &Keys<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Vec<Spanned<Pattern>> {
        let mut patterns = Vec::new();
        for text in limited(key, max, FEWER, keys, problems) {
            if self.path_of(&text, problems).is_none() {
                continue;
            }
            match pattern(self.directory, text.get_ref()) {
                Ok(pattern) => patterns.push(Spanned::new(text.span(), pattern)),
                Err(why) => bad_pattern(&text, &why, problems),
            }
        }
        patterns
    }

    /// The patterns of `exclude`: without `/` of names, with `/` of whole paths.
    pub(super) fn exclusions(
        self,
        key: &str,
        max: usize,
        keys: &Keys<'_, '_>,
        problems: &mut Problems<'_>,
    ) -> Vec<Exclusion> {
        let mut exclusions = Vec::new();
        for text in limited(key, max, FEWER, keys, problems) {
            if self.path_of(&text, problems).is_none() {
                continue;
            }
            match self.exclusion(text.get_ref()) {
                Ok(exclusion) => exclusions.push(exclusion),
                Err(why) => bad_pattern(&text, &why, problems),
            }
        }
        exclusions
    }

    fn exclusion(self, text: &str) -> Result<Exclusion, String> {
        // `**/old/*` is already about any directory.
        let is_anywhere = !text.contains('/') || text.starts_with("**/");
        let whole = if is_anywhere { text.to_owned() } else { absolute(self.directory, text)? };
        Exclusion::parse(&whole)
    }
}

fn bad_pattern(text: &Spanned<String>, why: &str, problems: &mut Problems<'_>) {
    let message = format!("this is no pattern: {why}");
    let hint = "patterns know `*`, `?`, `[a-z]`, `{a,b}`, and `**` across directories".to_owned();
    problems.add(problem::BAD_PATTERN, text.span(), message, hint);
}

/// A key's texts up to a limit, beyond which is a problem.
pub(super) fn limited(
    key: &str,
    max: usize,
    hint: &str,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Vec<Spanned<String>> {
    let mut texts = keys.raw_texts_or_text(key, problems).unwrap_or_default();
    if let Some(first_beyond) = texts.get(max) {
        let message = format!("`{key}` lists {}, at most {max} can be", texts.len());
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint.to_owned());
        texts.truncate(max);
    }
    texts
}
