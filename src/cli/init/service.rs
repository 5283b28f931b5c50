//! The service that the package installs: whether it can read what it is to follow, and how it is
//! begun.
//!
//! Owns what is said of that, and which command mends it. Must never change a right or start
//! anything. Nothing here fails: what cannot be found out is said to be unknown.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::cli::shell;
use crate::cli::system::{self, Group, User};

/// Where units of this machine lie, the ones that count first.
const UNITS: [&str; 4] = [
    "/etc/systemd/system/ocrwatch.service",
    "/run/systemd/system/ocrwatch.service",
    "/usr/lib/systemd/system/ocrwatch.service",
    "/lib/systemd/system/ocrwatch.service",
];

/// So many files are tried.
const FILES_MAX: usize = 20;

/// What a unit says of whom it runs as.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Unit {
    /// Root if there is none.
    user: Option<String>,
    groups: Vec<String>,
    /// Whether it may read whatever there is.
    reads_all: bool,
}

/// The unit, if one is installed.
pub(super) fn unit() -> Option<Unit> {
    UNITS.iter().find_map(|path| fs::read_to_string(path).ok()).map(|text| unit_of(&text))
}

fn unit_of(text: &str) -> Unit {
    let mut unit = Unit::default();
    for (key, value) in text.lines().filter_map(|line| line.trim().split_once('=')) {
        match key.trim() {
            "User" => unit.user = Some(value.trim().to_owned()).filter(|user| user != "root"),
            "SupplementaryGroups" => {
                unit.groups.extend(value.split_whitespace().map(str::to_owned));
            }
            "AmbientCapabilities" if value.contains("CAP_DAC_READ_SEARCH") => unit.reads_all = true,
            _ => {}
        }
    }
    unit
}

/// How a run with the configuration is begun.
pub(super) fn how_to_begin(config: &Path, unit: Option<&Unit>) -> String {
    let has_systemd = Path::new("/run/systemd/system").is_dir();
    begun(config, has_systemd && unit.is_some())
}

fn begun(config: &Path, has_service: bool) -> String {
    if has_service && config == Path::new(system::CONFIG) {
        let lines = [
            "  systemctl enable --now ocrwatch    (one that runs: systemctl restart ocrwatch)",
            "  journalctl -fu ocrwatch            (what it says)",
        ];
        return format!("{}\n", lines.join("\n"));
    }
    format!("  ocrwatch run --config {}\n", shell_word(config))
}

/// What keeps the service from reading logs and secrets, and the commands that let it; nothing if
/// it can read them all or nobody asks as root.
pub(super) fn obstacles(unit: Option<&Unit>, logs: &[PathBuf], secrets: &[PathBuf]) -> Vec<String> {
    let name = unit.map_or(Some(system::ACCOUNT), |unit| unit.user.as_deref());
    let reads_all = unit.is_some_and(|unit| unit.reads_all);
    let Some((name, user)) = name.and_then(|name| Some((name, system::user(name)?))) else {
        return Vec::new();
    };
    if reads_all || !rustix::process::geteuid().is_root() {
        return Vec::new();
    }
    let groups = system::groups();
    let of_unit = unit.map(|unit| &*unit.groups).unwrap_or_default();
    let ids = memberships(name, user, of_unit, &groups);
    let mut said = Vec::new();
    let files = logs.iter().map(|log| (log, false)).chain(secrets.iter().map(|it| (it, true)));
    for (file, is_secret) in files.filter(|(file, _)| file.exists()).take(FILES_MAX) {
        match may(user, &ids, "-r", file) {
            Some(true) => {}
            Some(false) => {
                let closed = closed(user, &ids, file);
                let commands = match Guarded::of(file) {
                    Some(_) if is_secret => remedy_of_secret(name, file, &closed),
                    Some(log) => remedy(name, &log, &closed, &groups),
                    None => Vec::new(),
                };
                said.push(obstacle(name, file, &commands));
            }
            None => {
                let path = file.display();
                said.push(format!("whether user {name} can read {path} is not known: no setpriv"));
            }
        }
    }
    said
}

/// The groups of a user, its own first.
fn memberships(name: &str, user: User, of_unit: &[String], groups: &[Group]) -> Vec<u32> {
    let is_of = |group: &&Group| {
        group.id != user.group && (group.has(name) || of_unit.contains(&group.name))
    };
    let others = groups.iter().filter(is_of).map(|group| group.id);
    std::iter::once(user.group).chain(others).collect()
}

/// Whether a user may do something with a file, as the system itself judges: rights can lie in more
/// places than modes.
fn may(user: User, groups: &[u32], what: &str, file: &Path) -> Option<bool> {
    let groups: Vec<_> = groups.iter().map(u32::to_string).collect();
    let mut command = Command::new("setpriv");
    command
        .args(["--reuid", &user.id.to_string(), "--regid", &user.group.to_string()])
        .args(["--groups", &groups.join(","), "--inh-caps=-all", "test", what])
        .arg(file)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match command.status().ok()?.code() {
        Some(0) => Some(true),
        Some(1) => Some(false),
        _ => None,
    }
}

/// The directories on the way to a file that are closed to a user.
fn closed(user: User, groups: &[u32], file: &Path) -> Vec<Guarded> {
    let mut ways: Vec<_> = file.ancestors().skip(1).collect();
    ways.reverse();
    let ways = ways.into_iter().filter(|way| may(user, groups, "-x", way) == Some(false));
    ways.filter_map(Guarded::of).collect()
}

/// A file or directory with what its mode says of its group.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Guarded {
    path: PathBuf,
    mode: u32,
    group: u32,
}

impl Guarded {
    fn of(path: &Path) -> Option<Self> {
        let metadata = fs::metadata(path).ok()?;
        Some(Self { path: path.to_owned(), mode: metadata.mode(), group: metadata.gid() })
    }
}

fn obstacle(name: &str, file: &Path, commands: &[String]) -> String {
    let commands: Vec<_> = commands.iter().map(|command| format!("\n  {command}")).collect();
    format!("user {name} cannot read {}; this lets it:{}", file.display(), commands.concat())
}

/// A secret is for the group of the service alone, and what else lies beside it is not.
fn remedy_of_secret(name: &str, file: &Path, closed: &[Guarded]) -> Vec<String> {
    let file = shell_word(file);
    let ways = closed.iter().map(|way| searched(name, way));
    let own = format!("chown root:{} {file} && chmod 640 {file}", system::ACCOUNT);
    ways.chain([own]).collect()
}

fn searched(name: &str, directory: &Guarded) -> String {
    format!("setfacl -m u:{name}:x {}    (package acl)", shell_word(&directory.path))
}

/// Membership in the group that may read, where there is one; else rights for the user alone, those
/// of files to come among them.
fn remedy(name: &str, file: &Guarded, closed: &[Guarded], groups: &[Group]) -> Vec<String> {
    let opens = |guarded: &Guarded, bit: u32| {
        guarded.group == file.group && guarded.group != 0 && guarded.mode & bit != 0
    };
    let group = groups.iter().find(|group| group.id == file.group);
    if let Some(group) = group
        && opens(file, 0o040)
        && closed.iter().all(|directory| opens(directory, 0o010))
    {
        return vec![format!("usermod --append --groups {} {name}", group.name)];
    }
    let parent = file.path.parent().unwrap_or(Path::new("/"));
    let ways = closed.iter().filter(|directory| directory.path != parent);
    let mut commands: Vec<_> = ways.map(|directory| searched(name, directory)).collect();
    let parent = shell_word(parent);
    commands.push(format!("setfacl -m u:{name}:rx,d:u:{name}:r {parent}    (package acl)"));
    commands.push(format!("setfacl -m u:{name}:r {}", shell_word(&file.path)));
    commands
}

/// A path as a shell takes it for one word.
fn shell_word(path: &Path) -> String {
    shell::word(&path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guarded(path: &str, mode: u32, group: u32) -> Guarded {
        Guarded { path: path.into(), mode, group }
    }

    #[test]
    fn a_unit_says_as_whom_it_runs() {
        let unit = unit_of(
            "[Service]\nUser=ocrwatch\n# User=nobody\nSupplementaryGroups=adm systemd-journal\n",
        );
        assert_eq!(unit.user.as_deref(), Some("ocrwatch"));
        assert_eq!(unit.groups, ["adm", "systemd-journal"]);
        assert!(!unit.reads_all);
        assert!(unit_of("AmbientCapabilities=CAP_DAC_READ_SEARCH").reads_all);
        assert_eq!(unit_of("User=root").user, None);
    }

    #[test]
    fn a_group_that_may_read_is_joined_and_else_the_user_alone_is_let_in() {
        let groups = [system::group_of("adm", 4), system::group_of("root", 0)];
        let remedy = |file: &Guarded, closed: &[Guarded]| remedy("ocrwatch", file, closed, &groups);
        let log = guarded("/var/log/app/ocr.log", 0o100_640, 4);
        assert_eq!(remedy(&log, &[]), ["usermod --append --groups adm ocrwatch"]);
        let open = guarded("/var/log/app", 0o040_750, 4);
        assert_eq!(remedy(&log, &[open]), ["usermod --append --groups adm ocrwatch"]);
        let of_root = guarded("/srv/it's", 0o040_700, 0);
        let log = guarded("/srv/it's/ocr.log", 0o100_640, 4);
        assert_eq!(
            remedy(&log, &[guarded("/srv", 0o040_750, 0), of_root]),
            [
                "setfacl -m u:ocrwatch:x /srv    (package acl)",
                "setfacl -m u:ocrwatch:rx,d:u:ocrwatch:r '/srv/it'\\''s'    (package acl)",
                "setfacl -m u:ocrwatch:r '/srv/it'\\''s/ocr.log'",
            ]
        );
        let log = guarded("/var/log/app/ocr.log", 0o100_600, 4);
        assert_eq!(remedy(&log, &[]).len(), 2, "its group may not read it either");
        let secret = remedy_of_secret("ocrwatch", Path::new("/srv/pw"), &[]);
        assert_eq!(secret, ["chown root:ocrwatch /srv/pw && chmod 640 /srv/pw"]);
    }

    #[test]
    fn the_system_itself_says_what_a_user_may_read() {
        let nobody = system::user("nobody").filter(|_| rustix::process::geteuid().is_root());
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (Some(nobody), Some(true)) =
            (nobody, may(User { id: 0, group: 0 }, &[0], "-r", folder.path()))
        else {
            println!("skipped: only root can ask as somebody else, and by setpriv");
            return;
        };
        let log = folder.path().join("a.log");
        fs::write(&log, "").expect("a log");
        let set = |path: &Path, mode| {
            let mode = std::os::unix::fs::PermissionsExt::from_mode(mode);
            fs::set_permissions(path, mode).expect("a mode");
        };
        let asked = |path: &Path, mode| {
            set(path, mode);
            let closed = closed(nobody, &[nobody.group], &log);
            let closed = closed.iter().map(|directory| directory.path.clone()).collect::<Vec<_>>();
            (may(nobody, &[nobody.group], "-r", &log), closed)
        };
        assert_eq!(asked(folder.path(), 0o700), (Some(false), vec![folder.path().to_owned()]));
        assert_eq!(asked(folder.path(), 0o711), (Some(true), vec![]));
        assert_eq!(asked(&log, 0o600), (Some(false), vec![]));
        std::os::unix::fs::chown(&log, None, Some(4)).expect("another group");
        assert_eq!(asked(&log, 0o640), (Some(false), vec![]));
        assert_eq!(may(nobody, &[nobody.group, 4], "-r", &log), Some(true));
    }

    #[test]
    fn the_groups_of_the_machine_and_of_the_unit_count() {
        let groups = ["adm", "audio", "ocrwatch"].into_iter().zip([4, 29, 997]);
        let groups: Vec<_> = groups.map(|(name, id)| system::group_of(name, id)).collect();
        let user = User { id: 998, group: 997 };
        assert_eq!(memberships("ocrwatch", user, &["adm".to_owned()], &groups), [997, 4]);
        assert_eq!(memberships("ocrwatch", user, &[], &groups), [997]);
    }

    #[test]
    fn only_the_configuration_of_the_service_is_begun_by_it() {
        let of_service = Path::new(system::CONFIG);
        assert!(begun(of_service, true).contains("systemctl enable --now ocrwatch"));
        assert_eq!(
            begun(of_service, false),
            "  ocrwatch run --config /etc/ocrwatch/ocrwatch.toml\n"
        );
        assert_eq!(
            begun(Path::new("my own.toml"), true),
            "  ocrwatch run --config 'my own.toml'\n"
        );
    }
}
