//! What the package installs, as commands know it: where configuration and state of the service
//! lie, and as whom it runs.
//!
//! Owns those names, and who is meant to find that configuration unasked. Must never read it.
//! Nothing here fails: what is not there is nothing.

use std::fs::{self, File};
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustix::process::geteuid;

/// The configuration of the service.
pub(super) const CONFIG: &str = "/etc/ocrwatch/ocrwatch.toml";

/// The state of the service, as its unit has it made.
pub(super) const STATE: &str = "/var/lib/ocrwatch";

/// Where the service answers on its machine, as the shipped configuration says it. The unit makes
/// the directory, which its group may enter.
pub(super) const LISTEN: &str = "127.0.0.1:9464";
pub(super) const SOCKET: &str = "/run/ocrwatch/http.sock";

/// The user and the group of the service.
pub(super) const ACCOUNT: &str = "ocrwatch";

/// The lists of accounts are shorter, or are asked for in other ways.
const LIST_BYTES_MAX: u64 = 1024 * 1024;

/// The configuration of the service, if it can be read by whoever asks, and that is root or the
/// service's user: everybody else means a run of their own.
pub(super) fn config() -> Option<PathBuf> {
    let caller = geteuid().as_raw();
    let is_meant = caller == 0 || user(ACCOUNT).is_some_and(|user| user.id == caller);
    config_at(Path::new(CONFIG), is_meant)
}

fn config_at(candidate: &Path, is_meant: bool) -> Option<PathBuf> {
    let is_there = || candidate.is_file() && File::open(candidate).is_ok();
    (is_meant && is_there()).then(|| candidate.to_owned())
}

/// A user of this machine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct User {
    pub(super) id: u32,
    /// That of its own group.
    pub(super) group: u32,
}

/// A user by name.
pub(super) fn user(name: &str) -> Option<User> {
    user_in(&list("/etc/passwd"), name)
}

fn user_in(list: &str, name: &str) -> Option<User> {
    let mut fields = list.lines().map(|line| line.split(':')).find_map(|mut fields| {
        let is_it = fields.next() == Some(name);
        is_it.then_some(fields)
    })?;
    let id = fields.nth(1)?.parse().ok()?;
    let group = fields.next()?.parse().ok()?;
    Some(User { id, group })
}

/// The name of a user.
pub(super) fn name_of(user: u32) -> Option<String> {
    name_in(&list("/etc/passwd"), user)
}

fn name_in(list: &str, user: u32) -> Option<String> {
    let name = list.lines().find_map(|line| {
        let name = line.split(':').next()?;
        (user_in(line, name)?.id == user).then_some(name)
    });
    name.map(str::to_owned)
}

/// A group of this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) id: u32,
    members: Vec<String>,
}

impl Group {
    /// Whether a user was made a member.
    pub(super) fn has(&self, user: &str) -> bool {
        self.members.iter().any(|member| member == user)
    }
}

/// All groups.
pub(super) fn groups() -> Vec<Group> {
    groups_in(&list("/etc/group"))
}

fn groups_in(list: &str) -> Vec<Group> {
    let group = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next()?.to_owned();
        let id = fields.nth(1)?.parse().ok()?;
        let members = fields.next().unwrap_or_default().split(',').map(str::to_owned).collect();
        Some(Group { name, id, members })
    };
    list.lines().filter_map(group).collect()
}

fn list(path: &str) -> String {
    let mut text = String::new();
    let read = fs::File::open(path).map(|file| file.take(LIST_BYTES_MAX).read_to_string(&mut text));
    if matches!(read, Ok(Ok(_))) { text } else { String::new() }
}

/// A group without members.
#[cfg(test)]
pub(super) fn group_of(name: &str, id: u32) -> Group {
    Group { name: name.to_owned(), id, members: Vec::new() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_configuration_is_found_by_those_who_are_meant_and_can_read_it() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("ocrwatch.toml");
        assert_eq!(config_at(&path, true), None, "it is not there");
        std::fs::write(&path, "").expect("a file");
        assert_eq!(config_at(&path, true), Some(path.clone()));
        assert_eq!(config_at(&path, false), None, "somebody else's run");
        assert_eq!(config_at(folder.path(), true), None, "a directory");
    }

    #[test]
    fn accounts_are_read_as_the_machine_lists_them() {
        let users =
            "root:x:0:0:root:/root:/bin/bash\nocrwatch:x:998:997::/var/lib/ocrwatch:/bin/no\n";
        assert_eq!(user_in(users, "ocrwatch"), Some(User { id: 998, group: 997 }));
        assert_eq!(user_in(users, "ocr"), None);
        assert_eq!(user_in("ocrwatch:x:?:997", "ocrwatch"), None);
        assert_eq!(name_in(users, 998).as_deref(), Some("ocrwatch"));
        assert_eq!(name_in(users, 997), None);
        let groups = groups_in("adm:x:4:syslog,ocrwatch\nocrwatch:x:997:\nbroken\n");
        let names: Vec<_> = groups.iter().map(|group| (&*group.name, group.id)).collect();
        assert_eq!(names, [("adm", 4), ("ocrwatch", 997)]);
        assert!(groups[0].has("ocrwatch") && !groups[0].has("ocr") && !groups[1].has("ocrwatch"));
    }
}
