//! What is trusted on the way along a path: whose links lead to whose files.
//!
//! Owns the judgement, from what the file system says of each step. Must never ask the file system.
//! Fails with [`UntrustedLink`].

use rustix::fs::Stat;

use super::UntrustedLink;

const ROOT: u32 = 0;
const READ_BY_ALL: u32 = 0o4;
const ENTERED_BY_ALL: u32 = 0o1;
const WRITTEN_BY_OTHERS: u32 = 0o022;
const WRITTEN_BY_ALL: u32 = 0o002;
/// Only who owns a name may rename it.
const STICKY: u32 = 0o1000;

/// What stands at a step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Node {
    pub(super) id: (u64, u64),
    pub(super) owner: u32,
    pub(super) mode: u32,
    /// It has further names: hard links.
    pub(super) has_names: bool,
}

impl Node {
    pub(super) fn of(stat: &Stat) -> Self {
        Self {
            id: (stat.st_dev, stat.st_ino),
            owner: stat.st_uid,
            mode: stat.st_mode,
            has_names: stat.st_nlink > 1,
        }
    }
}

/// A link that somebody set who is not trusted by himself.
#[derive(Debug)]
struct Link {
    number: usize,
    owner: u32,
    /// Where it lies.
    directory: (u64, u64),
    /// All of its text was walked.
    is_walked: bool,
}

/// The way so far.
#[derive(Debug)]
pub(super) struct Way {
    user: u32,
    links: Vec<Link>,
}

impl Way {
    /// Of a process of this user.
    pub(super) fn of_user(user: u32) -> Self {
        Self { user, links: Vec::new() }
    }

    fn trusts(&self, owner: u32) -> bool {
        owner == ROOT || owner == self.user
    }

    /// A link is followed; `number` tells it from others.
    pub(super) fn link(&mut self, number: usize, link: Node, directory: Node) {
        if !self.trusts(link.owner) {
            let directory = directory.id;
            self.links.push(Link { number, owner: link.owner, directory, is_walked: false });
        }
    }

    /// A link's text ended at a directory. If it is the owner's own, they could as well have moved
    /// it to where the link is: what stands below is no more theirs than without the link.
    pub(super) fn arrives(&mut self, number: usize, at: Node) {
        for link in self.links.iter_mut().filter(|link| link.number == number) {
            link.is_walked = true;
        }
        self.links.retain(|link| !link.is_walked || link.owner != at.owner);
    }

    pub(super) fn may_enter(&self, directory: Node) -> Result<(), UntrustedLink> {
        let by_all = directory.mode & ENTERED_BY_ALL != 0;
        let may = self.links.iter().all(|link| by_all || link.owner == directory.owner);
        if may { Ok(()) } else { Err(UntrustedLink) }
    }

    pub(super) fn may_read(&self, file: Node, at: Node) -> Result<(), UntrustedLink> {
        let may = self.links.iter().all(|link| {
            // Renamed within its directory, the file would be there as well.
            let could_be_renamed =
                link.owner == at.owner || link.directory == at.id && at.mode & STICKY == 0;
            link.owner == file.owner || could_be_renamed
        });
        let is_open = file.mode & READ_BY_ALL != 0;
        if is_open || may && !self.is_strange_name(file, at) { Ok(()) } else { Err(UntrustedLink) }
    }

    /// One of several names, which somebody may have given who does not own the file: everybody who
    /// may write into its directory.
    fn is_strange_name(&self, file: Node, at: Node) -> bool {
        let is_given_by_trusted = self.trusts(at.owner) && at.mode & WRITTEN_BY_OTHERS == 0;
        // A user's group is often the user's alone.
        let is_given_by_owner =
            !self.trusts(at.owner) && file.owner == at.owner && at.mode & WRITTEN_BY_ALL == 0;
        file.has_names && !is_given_by_trusted && !is_given_by_owner
    }
}
