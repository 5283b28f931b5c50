//! Arguments into the list of inputs.
//!
//! Owns which files an argument means and in which order they are read. Must never read more of a
//! file than it takes to tell a log from a binary, and only of files that nobody named. Fails: per
//! argument; the others are found all the same.

use std::collections::HashSet;
use std::ffi::{OsStr, OsString};
use std::fs::Metadata;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use walkdir::WalkDir;

use super::glob;
use super::link::{self, Links, UntrustedLink};
use super::problem::{InputProblem, ProblemKind};
use super::rotated::{self, Found};
use super::sniff::{self, Verdict};
use super::{Input, not_readable};
use crate::file_pattern::{DEPTH_MAX, is_hidden, is_pattern};

#[cfg(test)]
mod tests;

/// How many inputs one run reads.
const INPUTS_MAX: usize = 20_000;
/// How many skipped files and how many problems are kept; the rest is only counted.
const TOLD_MAX: usize = 1_000;

/// What the arguments mean.
#[derive(Debug, Default)]
pub struct Discovery {
    /// What to read, in this order.
    pub inputs: Vec<Input>,
    /// What could not be found or read; the first 1,000.
    pub problems: Vec<InputProblem>,
    /// Problems beyond those.
    pub problems_untold: u64,
    /// Files that directories hold and that are no logs.
    pub skipped: Skipped,
}

/// Files that directories and patterns led to and that are not read, which is no problem.
#[derive(Debug, Default)]
pub struct Skipped {
    /// How many.
    pub total: u64,
    /// The first 1,000.
    pub first: Vec<SkippedInput>,
}

impl Skipped {
    fn add(&mut self, path: &Path, reason: SkipReason) {
        self.total += 1;
        if self.first.len() < TOLD_MAX {
            self.first.push(SkippedInput { name: name_of(path), reason });
        }
    }
}

/// A file that is not read.
#[derive(Debug)]
pub struct SkippedInput {
    /// Its path as the walk met it.
    pub name: Arc<str>,
    /// Why it is not read.
    pub reason: SkipReason,
}

/// Why a file that nobody named is not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SkipReason {
    /// Its first bytes are no text.
    Binary,
    /// An archive of a format that is not read: `a zip archive`.
    Archive(&'static str),
    /// A FIFO, socket or device.
    NotAFile,
    /// A link to a file that is not there.
    DanglingLink,
    /// A link of another user to what is not theirs.
    UntrustedLink,
}

/// Finds what the arguments mean.
///
/// - `-` is standard input.
/// - A file is read whatever it holds; a FIFO is read as a stream.
/// - A directory means its logs, below it at any depth, sorted by name: every regular file that may
///   be read and whose first bytes, decompressed, are not plainly binary. A file's name does not
///   matter, except that hidden files and directories are skipped. Links are followed, but not
///   into loops.
/// - A pattern (`*`, `?`, `[..]`, `{a,b}`, `**`) means what matches it, sorted, as if the shell had
///   expanded it, but FIFOs, sockets and devices are skipped. A file whose name is the pattern
///   comes first of all.
///
/// With `with_rotated`, the rotated siblings of each file that was named or matched are read as
/// well, and the files of one log, also within a directory, stand oldest first where the first of
/// them was named.
///
/// A file that several arguments, links or hard links lead to is read once.
pub fn discover(arguments: &[OsString], with_rotated: bool) -> Discovery {
    let mut search = Search::default();
    for argument in arguments {
        search.argument(argument, with_rotated);
    }
    let Search { found, mut seen, mut result, .. } = search;
    result.inputs = if with_rotated {
        let skipped = &mut result.skipped;
        rotated::in_time_order(found, |path| sibling(path, &mut seen, skipped))
    } else {
        found.into_iter().map(|found| found.input).collect()
    };
    if let Some(first) = result.inputs.get(INPUTS_MAX) {
        let kind = ProblemKind::TooMany { inputs_max: INPUTS_MAX };
        result.problems.push(InputProblem::new(&first.name, kind));
        result.inputs.truncate(INPUTS_MAX);
    }
    result
}

/// A sibling that is a regular file and was not found before.
fn sibling(path: &Path, seen: &mut HashSet<Identity>, skipped: &mut Skipped) -> Option<Input> {
    let metadata = std::fs::metadata(path).ok().filter(Metadata::is_file)?;
    if !is_trusted(path) {
        skipped.add(path, SkipReason::UntrustedLink);
        return None;
    }
    seen.insert(identity(&metadata)).then(|| Input::found(path.to_owned(), &metadata))
}

/// Whether the links to what nobody named by itself are followed.
fn is_trusted(path: &Path) -> bool {
    !link::check(path, Links::Protected).is_err_and(|error| UntrustedLink::is_in(&error))
}

/// Device and inode.
type Identity = (u64, u64);

fn identity(metadata: &Metadata) -> Identity {
    (metadata.dev(), metadata.ino())
}

#[derive(Default)]
struct Search {
    found: Vec<Found>,
    seen: HashSet<Identity>,
    has_stdin: bool,
    result: Discovery,
}

impl Search {
    fn argument(&mut self, argument: &OsStr, with_rotated: bool) {
        if argument == "-" {
            if !self.has_stdin {
                self.has_stdin = true;
                self.found.push(Found { input: Input::stdin(), wants_siblings: false });
            }
            return;
        }
        let path = Path::new(argument);
        match std::fs::metadata(path) {
            Ok(metadata) => self.named(path, &metadata, with_rotated),
            Err(error) => {
                let pattern = argument.to_str().filter(|text| is_pattern(text));
                // A link whose name looks like a pattern is still that link.
                if let Some(pattern) = pattern.filter(|_| std::fs::symlink_metadata(path).is_err())
                {
                    self.pattern(pattern, with_rotated);
                } else {
                    self.problem(InputProblem::of_io(&name_of(path), Some(path), error));
                }
            }
        }
    }

    fn named(&mut self, path: &Path, metadata: &Metadata, with_rotated: bool) {
        if metadata.is_dir() {
            self.directory(path);
        } else if let Some(what) = not_readable(path, metadata) {
            self.problem(InputProblem::new(&name_of(path), ProblemKind::NotAFile(what)));
        } else {
            self.file(path.to_owned(), metadata, with_rotated);
        }
    }

    fn file(&mut self, path: PathBuf, metadata: &Metadata, wants_siblings: bool) {
        self.add(Input::file(path, metadata), metadata, wants_siblings);
    }

    fn add(&mut self, input: Input, metadata: &Metadata, wants_siblings: bool) {
        if self.seen.insert(identity(metadata)) {
            self.found.push(Found { input, wants_siblings });
        }
    }

    fn pattern(&mut self, pattern: &str, with_rotated: bool) {
        let name: Arc<str> = pattern.into();
        // One above the limit, so that reaching it is seen.
        let expansion = match glob::expand(pattern, INPUTS_MAX + 1) {
            Ok(expansion) => expansion,
            Err(why) => {
                self.problem(InputProblem::new(&name, ProblemKind::BadPattern(why)));
                return;
            }
        };
        if expansion.paths.is_empty() {
            let closed_directories = expansion.closed_directories;
            self.problem(InputProblem::new(&name, ProblemKind::NoMatch { closed_directories }));
        }
        for path in expansion.paths {
            match std::fs::metadata(&path) {
                Ok(metadata) if is_special(&metadata) => self.skip(&path, SkipReason::NotAFile),
                Ok(_) if !is_trusted(&path) => self.skip(&path, SkipReason::UntrustedLink),
                Ok(metadata) => self.named(&path, &metadata, with_rotated),
                // Rotation took it away since it was listed.
                Err(_) => self.skip(&path, SkipReason::DanglingLink),
            }
        }
    }

    fn directory(&mut self, root: &Path) {
        let skipped_before = self.result.skipped.total;
        let mut is_told = false;
        let mut walk = WalkDir::new(root)
            .max_depth(DEPTH_MAX)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.file_name()));
        while let Some(entry) = walk.next() {
            match entry {
                Ok(entry)
                    if entry.depth() > 0
                        && entry.path_is_symlink()
                        && !is_trusted(entry.path()) =>
                {
                    self.skip(entry.path(), SkipReason::UntrustedLink);
                    if entry.file_type().is_dir() {
                        walk.skip_current_dir();
                    }
                }
                Ok(entry) if entry.file_type().is_dir() => {}
                Ok(entry) => is_told |= self.member(entry.path()),
                Err(error) => is_told |= self.walk_error(root, error),
            }
            if self.found.len() > INPUTS_MAX {
                break;
            }
        }
        if !is_told {
            let skipped = self.result.skipped.total - skipped_before;
            self.problem(InputProblem::new(&name_of(root), ProblemKind::NoLogs { skipped }));
        }
    }

    /// Whether it is a log, read now or before, or a problem.
    fn member(&mut self, path: &Path) -> bool {
        let skip = match std::fs::metadata(path) {
            // Another name of a file of somebody else's.
            Ok(metadata) if metadata.nlink() > 1 && !is_trusted(path) => SkipReason::UntrustedLink,
            Ok(metadata) if metadata.is_file() => {
                if self.seen.contains(&identity(&metadata)) {
                    return true;
                }
                let input = Input::found(path.to_owned(), &metadata);
                match sniff::verdict(&input) {
                    Verdict::Log => {
                        self.add(input, &metadata, false);
                        return true;
                    }
                    Verdict::Problem(problem) => {
                        self.problem(problem);
                        return true;
                    }
                    Verdict::Binary => SkipReason::Binary,
                    Verdict::Archive(what) => SkipReason::Archive(what),
                }
            }
            Ok(_) => SkipReason::NotAFile,
            Err(_) => SkipReason::DanglingLink,
        };
        self.skip(path, skip);
        false
    }

    /// Whether it is a problem.
    fn walk_error(&mut self, root: &Path, error: walkdir::Error) -> bool {
        if error.loop_ancestor().is_some() {
            return false;
        }
        let path = error.path().unwrap_or(root).to_owned();
        let error =
            error.into_io_error().unwrap_or_else(|| std::io::Error::other("a loop of links"));
        let is_gone = error.kind() == std::io::ErrorKind::NotFound;
        if is_gone {
            self.skip(&path, SkipReason::DanglingLink);
        } else {
            self.problem(InputProblem::of_io(&name_of(&path), Some(&path), error));
        }
        !is_gone
    }

    fn skip(&mut self, path: &Path, reason: SkipReason) {
        self.result.skipped.add(path, reason);
    }

    fn problem(&mut self, problem: InputProblem) {
        if self.result.problems.len() < TOLD_MAX {
            self.result.problems.push(problem);
        } else {
            self.result.problems_untold += 1;
        }
    }
}

fn name_of(path: &Path) -> Arc<str> {
    path.to_string_lossy().into()
}

fn is_special(metadata: &Metadata) -> bool {
    let kind = metadata.file_type();
    kind.is_fifo() || kind.is_socket() || kind.is_block_device() || kind.is_char_device()
}
