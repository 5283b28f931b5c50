//! Patterns that the shell did not expand.
//!
//! Owns where a pattern begins to be one and which paths it means: `*`, `?`, `[..]`, `{a,b}` within
//! a name, `**` across directories, leading dots only when written. Must never decide whether a
//! match is a log. Fails: with the reason why a pattern is not valid.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use walkdir::WalkDir;

/// How deep `**` goes.
pub(super) const DEPTH_MAX: usize = 64;

/// The paths that a pattern means, in order.
#[derive(Debug, Default)]
pub(super) struct Expansion {
    pub(super) paths: Vec<PathBuf>,
    /// Directories on the way that could not be entered.
    pub(super) closed_directories: u64,
}

/// Whether a text has any character with a meaning in patterns.
pub(super) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// A pattern cut where it begins to be one.
struct Pattern<'a> {
    /// The directory to look in, with its slash; empty for the present one.
    directory: &'a str,
    matcher: GlobMatcher,
    depth_max: usize,
    takes_hidden: bool,
}

impl<'a> Pattern<'a> {
    fn of(text: &'a str) -> Result<Self, String> {
        let first = text.find(['*', '?', '[', '{', '\\']).unwrap_or(text.len());
        let cut = text.get(..first).and_then(|plain| plain.rfind('/')).map_or(0, |at| at + 1);
        let (directory, rest) = text.split_at(cut);
        let glob = GlobBuilder::new(rest)
            .literal_separator(true)
            .build()
            .map_err(|error| error.kind().to_string())?;
        let depth_max = if rest.contains("**") {
            DEPTH_MAX
        } else {
            (rest.matches('/').count() + 1).min(DEPTH_MAX)
        };
        let takes_hidden = rest.starts_with('.') || rest.contains("/.") || rest.contains("{.");
        Ok(Self { directory, matcher: glob.compile_matcher(), depth_max, takes_hidden })
    }
}

/// Finds what a pattern means. Links are followed; a loop of links is left where it closes.
pub(super) fn expand(text: &str, paths_max: usize) -> Result<Expansion, String> {
    let pattern = Pattern::of(text)?;
    let root = if pattern.directory.is_empty() { "." } else { pattern.directory };
    let walk = WalkDir::new(root)
        .min_depth(1)
        .max_depth(pattern.depth_max)
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            entry.depth() == 0 || pattern.takes_hidden || !is_hidden(entry.file_name())
        });
    let mut expansion = Expansion::default();
    for entry in walk {
        let entry = match entry {
            Ok(entry) => entry,
            Err(error) => {
                let kind = error.io_error().map(std::io::Error::kind);
                if kind == Some(std::io::ErrorKind::PermissionDenied) {
                    expansion.closed_directories += 1;
                }
                continue;
            }
        };
        let below = entry.path().strip_prefix(root).unwrap_or(entry.path());
        if pattern.matcher.is_match(below) {
            expansion.paths.push(Path::new(pattern.directory).join(below));
            if expansion.paths.len() > paths_max {
                break;
            }
        }
    }
    Ok(expansion)
}

pub(super) fn is_hidden(name: &std::ffi::OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}
