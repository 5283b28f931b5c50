//! What the operator should know of the files that are followed, and how often it happened.
//!
//! Owns the words. Must never decide what to do about it. Nothing here fails.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::input::UntrustedLink;

/// Something happened at a path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Where.
    pub path: PathBuf,
    /// What.
    pub kind: NoticeKind,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoticeKind {
    /// A file is followed from an offset on.
    Followed {
        /// The offset.
        from_bytes: u64,
    },
    /// Another file is at the path; the one before is read to its end first.
    Rotated,
    /// The file was emptied, and what was not yet read stands in a copy.
    CopiedAndTruncated {
        /// The copy.
        copy: PathBuf,
    },
    /// The file was emptied or written anew; what was not yet read is gone.
    Truncated {
        /// How much of it had been seen.
        lost_bytes: u64,
        /// Where reading goes on.
        from_bytes: u64,
    },
    /// The file is gone before it was read to its end, or while nobody looked.
    Lost {
        /// How much of it had been seen.
        lost_bytes: u64,
    },
    /// A rotated file that was never seen at its path is read.
    CaughtUp,
    /// The rest of a file is read from its compressed copy.
    Compressed {
        /// The copy.
        copy: PathBuf,
    },
    /// The path cannot be looked at, or not be read; it is tried again.
    Unseen(Unseen),
    /// The path can be looked at again.
    SeenAgain,
    /// The same file is followed at another path already.
    SameFile {
        /// That path.
        as_path: PathBuf,
    },
}

/// Why a path cannot be followed now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unseen {
    /// It is there, and no regular file.
    NotAFile,
    /// The file system says why.
    Error(io::ErrorKind),
    /// No handle is left.
    OutOfHandles,
    /// Its name says that it is compressed: nobody writes to it any more.
    Compressed,
    /// A link of another user leads there, and not to what is theirs.
    UntrustedLink,
}

impl Unseen {
    pub(super) fn of(error: &io::Error) -> Self {
        if super::handles::is_out_of_handles(error) {
            Self::OutOfHandles
        } else if UntrustedLink::is_in(error) {
            Self::UntrustedLink
        } else {
            Self::Error(error.kind())
        }
    }
}

impl Unseen {
    fn hint(self) -> Option<&'static str> {
        match self {
            Self::NotAFile => Some("a named pipe is followed by `fifo`, a directory by a pattern"),
            Self::Error(io::ErrorKind::PermissionDenied) => {
                Some("let the user of this process read the file and enter its directories")
            }
            Self::Error(_) => None,
            Self::OutOfHandles => Some("raise the limit of open files, or lower `open_files_max`"),
            Self::Compressed => Some("`ocrwatch report` reads it once"),
            Self::UntrustedLink => Some(
                "name the file itself, let its owner or root set the link, or set `links = \"any\"` \
                 under `[watch]` where all who write there may read all logs",
            ),
        }
    }
}

impl fmt::Display for Unseen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAFile => f.write_str("not a regular file"),
            Self::Error(kind) => kind.fmt(f),
            Self::OutOfHandles => f.write_str("too many open files"),
            Self::Compressed => f.write_str("compressed files are not followed"),
            Self::UntrustedLink => UntrustedLink.fmt(f),
        }
    }
}

impl fmt::Display for NoticeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Followed { from_bytes } => write!(f, "followed from byte {from_bytes}"),
            Self::Rotated => f.write_str("rotated: another file is at the path"),
            Self::CopiedAndTruncated { .. } => f.write_str("rotated: copied and truncated"),
            Self::Truncated { lost_bytes: 0, from_bytes } => {
                write!(f, "truncated; read from byte {from_bytes}, lines may have been lost")
            }
            Self::Truncated { lost_bytes, from_bytes } => write!(
                f,
                "truncated before {lost_bytes} bytes were read; read from byte {from_bytes}"
            ),
            Self::Lost { lost_bytes: 0 } => {
                f.write_str("gone while nobody looked; lines may have been lost")
            }
            Self::Lost { lost_bytes } => {
                write!(f, "gone before its last {lost_bytes} bytes were read")
            }
            Self::CaughtUp => f.write_str("rotated while nobody looked; read from its beginning"),
            Self::Compressed { .. } => f.write_str("compressed before it was read to its end"),
            Self::Unseen(why) => write!(f, "cannot be followed: {why}"),
            Self::SeenAgain => f.write_str("can be followed again"),
            Self::SameFile { .. } => f.write_str("the same file as another path"),
        }
    }
}

impl NoticeKind {
    /// What the operator can do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::CopiedAndTruncated { .. } => Some(
                "what is written between the copy and the cut is lost to every reader: let the \
                 rotation rename files instead, in logrotate `create` for `copytruncate`",
            ),
            Self::Truncated { .. } => {
                Some("let the rotation rename files, and nobody empty one that is written to")
            }
            Self::Lost { .. } => Some(
                "let the rotation keep a file for longer, and name the directory where it goes in \
                 `rotated_to`",
            ),
            Self::Unseen(why) => why.hint(),
            Self::Followed { .. }
            | Self::Rotated
            | Self::CaughtUp
            | Self::Compressed { .. }
            | Self::SeenAgain
            | Self::SameFile { .. } => None,
        }
    }

    /// The other path that it is about.
    pub fn other_path(&self) -> Option<&Path> {
        match self {
            Self::CopiedAndTruncated { copy } | Self::Compressed { copy } => Some(copy),
            Self::SameFile { as_path } => Some(as_path),
            Self::Followed { .. }
            | Self::Rotated
            | Self::Truncated { .. }
            | Self::Lost { .. }
            | Self::CaughtUp
            | Self::Unseen(_)
            | Self::SeenAgain => None,
        }
    }

    /// Lines may be missing from what was read.
    pub fn is_loss(&self) -> bool {
        match self {
            Self::Truncated { .. } | Self::Lost { .. } => true,
            // Between the end of the copy and the cut lines can be written that nobody sees.
            Self::CopiedAndTruncated { .. }
            | Self::Followed { .. }
            | Self::Rotated
            | Self::CaughtUp
            | Self::Compressed { .. }
            | Self::Unseen(_)
            | Self::SeenAgain
            | Self::SameFile { .. } => false,
        }
    }
}

/// How often what happened, since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counters {
    /// Bytes read for the first time.
    pub read_bytes: u64,
    /// Files followed now.
    pub files: u64,
    /// Paths known now.
    pub paths: u64,
    /// Directories looked at now.
    pub directories: u64,
    /// Open files now.
    pub open_files: u64,
    /// Times another file was at a path.
    pub rotations: u64,
    /// Times a file was emptied and a copy held what was left; what was written between the two is
    /// not known, so each is `possibly_lost` too.
    pub copied_and_truncated: u64,
    /// Times a file was emptied, cut or written anew without a copy.
    pub truncated: u64,
    /// Times when lines may have been lost.
    pub possibly_lost: u64,
    /// Bytes that were seen and could never be read.
    pub lost_bytes: u64,
    /// Rotated files that were found later.
    pub caught_up: u64,
    /// Files whose rest was read from a compressed copy.
    pub compressed: u64,
    /// Times a path could not be looked at or read.
    pub unseen: u64,
    /// Directories that could not be listed, looks counted.
    pub directories_unlisted: u64,
    /// Paths and directories beyond the limit.
    pub left_out: u64,
    /// Files closed because there were too many.
    pub handles_closed_early: u64,
    /// Looks at paths, files and directories.
    pub looks: u64,
}

impl Counters {
    pub(super) fn count(&mut self, kind: &NoticeKind) {
        match kind {
            NoticeKind::Rotated => self.rotations += 1,
            NoticeKind::CopiedAndTruncated { .. } => {
                self.copied_and_truncated += 1;
                self.possibly_lost += 1;
            }
            NoticeKind::Truncated { lost_bytes, .. } => {
                self.truncated += 1;
                self.possibly_lost += 1;
                self.lost_bytes += lost_bytes;
            }
            NoticeKind::Lost { lost_bytes } => {
                self.possibly_lost += 1;
                self.lost_bytes += lost_bytes;
            }
            NoticeKind::CaughtUp => self.caught_up += 1,
            NoticeKind::Compressed { .. } => self.compressed += 1,
            NoticeKind::Unseen(_) => self.unseen += 1,
            NoticeKind::Followed { .. } | NoticeKind::SeenAgain | NoticeKind::SameFile { .. } => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_operator_can_mend_has_a_hint() {
        let denied = Unseen::Error(io::ErrorKind::PermissionDenied);
        for why in [Unseen::NotAFile, denied, Unseen::OutOfHandles, Unseen::UntrustedLink] {
            assert!(NoticeKind::Unseen(why).hint().is_some(), "{why}");
        }
        assert_eq!(NoticeKind::Rotated.hint(), None);
    }
}
