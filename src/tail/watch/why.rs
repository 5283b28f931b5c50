//! Why a directory is to be polled, said to the operator.
//!
//! Owns the words, and what the system's errors mean for a watch. Nothing here fails.

use std::fmt;
use std::io;

use notify::ErrorKind;

/// Why a directory is to be polled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Why {
    /// The operator asked for it.
    Asked,
    /// A file system whose changes may be made elsewhere: its name.
    FileSystem(&'static str),
    /// The user may not have more watches.
    WatchLimit,
    /// The user may not have more instances of inotify, or the process no more open files.
    InstanceLimit,
    /// There is no such directory yet.
    NotThere,
    /// It may not be read.
    Denied,
    /// Anything else that the system said.
    Other(String),
}

impl Why {
    pub(super) fn of(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Why::NotThere,
            io::ErrorKind::PermissionDenied => Why::Denied,
            io::ErrorKind::StorageFull => Why::WatchLimit,
            _ => Why::Other(error.to_string()),
        }
    }

    /// `exhausted` is what it means that the process may not have more of them.
    pub(super) fn of_crate(error: &notify::Error, exhausted: Self) -> Self {
        match &error.kind {
            ErrorKind::MaxFilesWatch => Why::WatchLimit,
            ErrorKind::PathNotFound => Why::NotThere,
            ErrorKind::Io(error) if error.raw_os_error() == Some(EMFILE) => exhausted,
            ErrorKind::Io(error) => Self::of(error),
            _ => Why::Other(error.to_string()),
        }
    }

    /// What the operator can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::WatchLimit => Some("raise the sysctl fs.inotify.max_user_watches"),
            Self::InstanceLimit => {
                Some("raise the sysctl fs.inotify.max_user_instances, or the limit of open files")
            }
            Self::Denied => Some("let the user of this process read and enter the directory"),
            Self::Asked | Self::FileSystem(_) | Self::NotThere | Self::Other(_) => None,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Asked => write!(f, "polling was asked for"),
            Self::FileSystem(name) => write!(f, "{name} does not tell of every change"),
            Self::WatchLimit => write!(f, "the limit of watches is reached"),
            Self::InstanceLimit => write!(f, "the limit of inotify instances is reached"),
            Self::NotThere => write!(f, "there is no such directory"),
            Self::Denied => write!(f, "the directory may not be read"),
            Self::Other(why) => write!(f, "{why}"),
        }
    }
}

/// The kernel's word for both limits of instances and of open files.
const EMFILE: i32 = rustix::io::Errno::MFILE.raw_os_error();
