//! Opening a file along the links that somebody may have set who must not read it.
//!
//! Who may write into a log directory can set a link there, and this program may read more than
//! they may. So a link of another user is followed only to what is theirs as well, or to what
//! everybody may read. Owns the walk along a path and what is trusted on it. Must never read a
//! byte of a file. Fails with the `io::Error` of the file system, or with [`UntrustedLink`] in one.
//!
//! The path is walked by handles, so that nobody can exchange what was judged for something else
//! before it is opened. A path without a symbolic link is opened in one call.

use std::collections::VecDeque;
use std::ffi::{OsStr, OsString};
use std::fmt;
use std::fs::File;
use std::io;
use std::os::unix::ffi::OsStringExt as _;
use std::path::{Component, Path, PathBuf};

use rustix::fs::{CWD, FileType, Mode, OFlags, ResolveFlags, Stat, fstat, openat, openat2};
use rustix::io::Errno;

mod trust;

use trust::{Node, Way};

#[cfg(test)]
mod tests;

/// Which links are followed to a file that nobody named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Links {
    /// Those of root and of this process's user; those of others to what is theirs, or to what
    /// everybody may read.
    #[default]
    Protected,
    /// All.
    Any,
}

/// A link of another user leads to what is not theirs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UntrustedLink;

impl UntrustedLink {
    /// Whether an error is this one.
    pub fn is_in(error: &io::Error) -> bool {
        error.get_ref().and_then(|inner| inner.downcast_ref::<Self>()).is_some()
    }
}

impl fmt::Display for UntrustedLink {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a link of another user leads to what is not theirs")
    }
}

impl std::error::Error for UntrustedLink {}

impl From<UntrustedLink> for io::Error {
    fn from(untrusted: UntrustedLink) -> Self {
        Self::new(io::ErrorKind::PermissionDenied, untrusted)
    }
}

/// A FIFO in the place of a file must not make anybody wait for its writer.
const READ: OFlags =
    OFlags::RDONLY.union(OFlags::NONBLOCK).union(OFlags::NOCTTY).union(OFlags::CLOEXEC);
/// Finds without opening.
const FIND: OFlags = OFlags::PATH.union(OFlags::NOFOLLOW).union(OFlags::CLOEXEC);
/// As many as the kernel follows.
const LINKS_MAX: usize = 40;

/// Opens what is at a path to be read, whatever it is, if the links on the way are followed.
pub fn open(path: &Path, links: Links) -> io::Result<File> {
    if links == Links::Any {
        return Ok(File::from(openat(CWD, path, READ, Mode::empty())?));
    }
    match openat2(CWD, path, READ, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Ok(file) if !has_names(&fstat(&file)?) => Ok(File::from(file)),
        Err(error) if !is_for_the_walk(error) => Err(error.into()),
        // The walk tells; also where the system knows no such call.
        Ok(_) | Err(_) => {
            let Place { directory, name, way, at } = walk(path)?;
            let Some(name) = name else {
                return Ok(File::from(openat(&directory, ".", READ, Mode::empty())?));
            };
            let file = openat(&directory, &name, READ.union(OFlags::NOFOLLOW), Mode::empty())?;
            way.may_read(Node::of(&fstat(&file)?), at)?;
            Ok(File::from(file))
        }
    }
}

/// Whether what is at a path would be opened.
pub fn check(path: &Path, links: Links) -> io::Result<()> {
    if links == Links::Any {
        return Ok(());
    }
    let flags = FIND.difference(OFlags::NOFOLLOW);
    match openat2(CWD, path, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Ok(found) if !has_names(&fstat(&found)?) => Ok(()),
        Err(error) if !is_for_the_walk(error) => Err(error.into()),
        Ok(_) | Err(_) => walk(path).map(drop),
    }
}

/// The file has further names: hard links.
fn has_names(stat: &Stat) -> bool {
    !is(stat, FileType::Directory) && stat.st_nlink > 1
}

fn is(stat: &Stat, kind: FileType) -> bool {
    FileType::from_raw_mode(stat.st_mode) == kind
}

/// A link is on the way, or the call is not there or not allowed.
fn is_for_the_walk(error: Errno) -> bool {
    matches!(error, Errno::LOOP | Errno::NOSYS | Errno::PERM | Errno::INVAL | Errno::AGAIN)
}

/// Where a path ends.
struct Place {
    directory: File,
    /// In that directory; the directory itself without one.
    name: Option<OsString>,
    way: Way,
    at: Node,
}

enum Step {
    Root,
    Name(OsString),
    /// The text of the link with this number ends here.
    EndOfLink(usize),
}

fn steps(path: &Path) -> impl DoubleEndedIterator<Item = Step> {
    path.components().map(|component| match component {
        Component::RootDir | Component::Prefix(_) => Step::Root,
        Component::CurDir => Step::Name(".".into()),
        Component::ParentDir => Step::Name("..".into()),
        Component::Normal(name) => Step::Name(name.to_owned()),
    })
}

fn walk(path: &Path) -> io::Result<Place> {
    let mut way = Way::of_user(rustix::process::geteuid().as_raw());
    let mut directory = File::from(openat(CWD, ".", FIND, Mode::empty())?);
    let mut pending: VecDeque<Step> = steps(path).collect();
    let mut links = 0;
    while let Some(step) = pending.pop_front() {
        let name = match step {
            Step::Root => {
                directory = File::from(openat(CWD, "/", FIND, Mode::empty())?);
                continue;
            }
            Step::EndOfLink(number) => {
                way.arrives(number, Node::of(&fstat(&directory)?));
                continue;
            }
            Step::Name(name) => name,
        };
        let found = openat(&directory, &name, FIND, Mode::empty())?;
        let (stat, at) = (fstat(&found)?, Node::of(&fstat(&directory)?));
        if is(&stat, FileType::Symlink) {
            links += 1;
            if links > LINKS_MAX {
                return Err(Errno::LOOP.into());
            }
            way.link(links, Node::of(&stat), at);
            pending.push_front(Step::EndOfLink(links));
            let text = rustix::fs::readlinkat(&found, "", Vec::new())?;
            let text = PathBuf::from(OsString::from_vec(text.into_bytes()));
            steps(&text).rev().for_each(|step| pending.push_front(step));
        } else if is(&stat, FileType::Directory) {
            // What was found may have been exchanged since; what was entered cannot be.
            directory = enter(&directory, &name, found.into())?;
            way.may_enter(Node::of(&fstat(&directory)?))?;
        } else if pending.iter().any(|step| !matches!(step, Step::EndOfLink(_))) {
            return Err(Errno::NOTDIR.into());
        } else {
            way.may_read(Node::of(&stat), at)?;
            return Ok(Place { directory, name: Some(name), way, at });
        }
    }
    let at = Node::of(&fstat(&directory)?);
    Ok(Place { directory, name: None, way, at })
}

/// A directory that was only found is no mount yet where mounts are made by need.
fn enter(directory: &File, name: &OsStr, found: File) -> io::Result<File> {
    let inside = Path::new(name).join(".");
    let flags = FIND.union(OFlags::DIRECTORY);
    match openat2(directory, &inside, flags, Mode::empty(), ResolveFlags::NO_SYMLINKS) {
        Ok(entered) => Ok(File::from(entered)),
        Err(error) if is_for_the_walk(error) && error != Errno::LOOP => Ok(found),
        Err(error) => Err(error.into()),
    }
}
