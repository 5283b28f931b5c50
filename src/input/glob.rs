//! Patterns that the shell did not expand: the paths that are there and fit.
//!
//! Owns the walk. Must never decide whether a match is a log. Fails: with the reason why a pattern
//! is not valid.

use std::path::{Path, PathBuf};

use walkdir::WalkDir;

use crate::file_pattern::{Pattern, is_hidden};

/// The paths that a pattern means, in order.
#[derive(Debug, Default)]
pub(super) struct Expansion {
    pub(super) paths: Vec<PathBuf>,
    /// Directories on the way that could not be entered.
    pub(super) closed_directories: u64,
}

/// Finds what a pattern means. Links are followed; a loop of links is left where it closes.
pub(super) fn expand(text: &str, paths_max: usize) -> Result<Expansion, String> {
    let pattern = Pattern::parse(text)?;
    let is_here = pattern.directory().as_os_str().is_empty();
    let root = if is_here { Path::new(".") } else { pattern.directory() };
    let walk = WalkDir::new(root)
        .min_depth(1)
        .max_depth(pattern.depth_max())
        .follow_links(true)
        .sort_by_file_name()
        .into_iter()
        .filter_entry(|entry| {
            entry.depth() == 0 || pattern.takes_hidden() || !is_hidden(entry.file_name())
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
        if pattern.fits_below(below) {
            expansion.paths.push(pattern.directory().join(below));
            if expansion.paths.len() > paths_max {
                break;
            }
        }
    }
    Ok(expansion)
}
