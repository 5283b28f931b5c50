//! Files by a path or a pattern.
//!
//! Owns where a pattern begins to be one, which paths fit it and which are left out: `*`, `?`,
//! `[..]`, `{a,b}` within a name, `**` across directories, leading dots only when written. Must
//! never ask whether something is there. Fails: with the reason why a pattern is not valid.

use std::ffi::OsStr;
use std::fmt;
use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};

/// How deep `**` goes.
pub(crate) const DEPTH_MAX: usize = 64;

/// Whether a text has any character with a meaning in patterns.
pub(crate) fn is_pattern(text: &str) -> bool {
    text.contains(['*', '?', '[', '{'])
}

/// The files that a path or a pattern means.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// As it is written.
    text: PathBuf,
    /// The directory to look in, with its slash; empty for the present one.
    directory: PathBuf,
    /// What fits the path below the directory; nothing for one path exactly.
    below: Option<GlobMatcher>,
    depth_max: usize,
    takes_hidden: bool,
}

impl PartialEq for Pattern {
    fn eq(&self, other: &Self) -> bool {
        (&self.text, self.is_exact()) == (&other.text, other.is_exact())
    }
}

impl Eq for Pattern {}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.text.display())
    }
}

impl Pattern {
    /// Reads a path, or a pattern if it has any character with a meaning in patterns; else why it
    /// is not valid.
    pub fn parse(text: &str) -> Result<Self, String> {
        if !is_pattern(text) {
            return Ok(Self::exact(PathBuf::from(text)));
        }
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
        Ok(Self {
            text: text.into(),
            directory: directory.into(),
            below: Some(glob.compile_matcher()),
            depth_max,
            takes_hidden: rest.starts_with('.') || rest.contains("/.") || rest.contains("{."),
        })
    }

    /// One path, whatever characters it has.
    pub fn exact(path: PathBuf) -> Self {
        let directory = path.parent().unwrap_or(Path::new("")).to_owned();
        Self { text: path, directory, below: None, depth_max: 1, takes_hidden: true }
    }

    /// Whether it is one path. If a directory lies there, that is for the reader to make sense of.
    pub fn is_exact(&self) -> bool {
        self.below.is_none()
    }

    /// The path or the pattern as it is written.
    pub fn as_path(&self) -> &Path {
        &self.text
    }

    /// The directory below which everything lies that fits; empty for the present one.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// How many directories deep, that one included, something can fit; at least 1.
    pub fn depth_max(&self) -> usize {
        self.depth_max
    }

    /// Whether names with a leading dot can fit.
    pub fn takes_hidden(&self) -> bool {
        self.takes_hidden
    }

    /// Whether a path fits that begins as the pattern does.
    pub fn fits(&self, path: &Path) -> bool {
        let Some(glob) = &self.below else { return path == self.text };
        path.strip_prefix(&self.directory).is_ok_and(|below| {
            let hidden = below.components().any(|name| is_hidden(name.as_os_str()));
            (self.takes_hidden || !hidden) && glob.is_match(below)
        })
    }

    /// The same of a path below the directory; what is hidden on the way is the walk's to leave.
    pub(crate) fn fits_below(&self, below: &Path) -> bool {
        self.below.as_ref().is_some_and(|glob| glob.is_match(below))
    }
}

/// Files that are not meant although a pattern fits them.
#[derive(Debug, Clone)]
pub struct Exclusion {
    text: Box<str>,
    matcher: GlobMatcher,
    /// Whether it is about the whole path, else about the file's name.
    is_of_path: bool,
}

impl PartialEq for Exclusion {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

impl Eq for Exclusion {}

impl Exclusion {
    /// Reads a pattern of names, or of whole paths if there is a `/` in it; else why it is not
    /// valid.
    pub fn parse(text: &str) -> Result<Self, String> {
        let glob = GlobBuilder::new(text).literal_separator(true).build();
        let matcher = glob.map_err(|error| error.kind().to_string())?.compile_matcher();
        Ok(Self { text: text.into(), matcher, is_of_path: text.contains('/') })
    }

    /// Whether the file at this path is not meant.
    pub fn fits(&self, path: &Path) -> bool {
        if self.is_of_path {
            self.matcher.is_match(path)
        } else {
            path.file_name().is_some_and(|name| self.matcher.is_match(name))
        }
    }
}

/// Whether a name is left out where no leading dot is written.
pub(crate) fn is_hidden(name: &OsStr) -> bool {
    name.as_encoded_bytes().starts_with(b".")
}
