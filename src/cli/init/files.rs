//! The files of a first configuration on the disk: it, and a secret or two beside it.
//!
//! Owns who may read them, that each is there whole or not at all, and that what somebody edited is
//! not lost. Must never know what they say. Fails with a [`Failure`] that names the file.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::os::unix::fs::{PermissionsExt as _, fchown};
use std::path::{Path, PathBuf};

use crate::cli::exit_code::ExitCode;
use crate::cli::failure::{Failure, plain, with_hint};
use crate::cli::system::{self, Group};

/// The example that the package installs.
const EXAMPLE: &str = include_str!("../../../systemd/ocrwatch.toml");

/// What lies where the configuration will lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    Nothing,
    /// The example as it was installed.
    Example,
    /// What somebody wrote.
    Edited,
}

/// Looks at what is there.
pub(super) fn before(path: &Path) -> Result<Before, Failure> {
    match fs::read(path) {
        Ok(bytes) if bytes == EXAMPLE.as_bytes() => Ok(Before::Example),
        // An empty file says nothing.
        Ok(bytes) if bytes.is_empty() => Ok(Before::Nothing),
        Ok(_) => Ok(Before::Edited),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Before::Nothing),
        Err(error) => Err(failure("cannot read", path, &error)),
    }
}

/// Who may read what is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Access {
    pub(super) mode: u32,
    pub(super) group: Option<u32>,
}

impl Access {
    /// What root writes the service reads, by its group; what others write they alone do.
    pub(super) fn of(is_root: bool, groups: &[Group]) -> Self {
        let group = groups.iter().find(|group| is_root && group.name == system::ACCOUNT);
        match group {
            Some(group) => Self { mode: 0o640, group: Some(group.id) },
            None => Self { mode: 0o600, group: None },
        }
    }
}

/// Writes files, all of them ready before the first takes its place; the last one is the
/// configuration. With `keeps_old` what it replaces stays beside it as `.old`.
pub(super) fn write(
    files: &[(PathBuf, &str)],
    access: Access,
    keeps_old: bool,
) -> Result<(), Failure> {
    let mut staged = Vec::new();
    for (path, text) in files {
        let made = Staged::make(path, text, access);
        staged.push(made.map_err(|error| failure("cannot write", path, &error))?);
    }
    if keeps_old && let Some((path, _)) = files.last() {
        keep_old(path).map_err(|error| failure("cannot keep the text of", path, &error))?;
    }
    for file in staged {
        let path = file.path.clone();
        file.put().map_err(|error| failure("cannot write", &path, &error))?;
    }
    Ok(())
}

/// Makes the directory of a configuration.
pub(super) fn make_directory(directory: &Path, is_of_system: bool) -> Result<(), Failure> {
    let mode = if is_of_system { 0o755 } else { 0o700 };
    let result = DirBuilder::new().recursive(true).mode(mode).create(directory);
    result.map_err(|error| failure("cannot make the directory", directory, &error))
}

/// Where a file's old text is kept.
pub(super) fn old_path(path: &Path) -> PathBuf {
    let mut old = path.as_os_str().to_owned();
    old.push(".old");
    old.into()
}

fn keep_old(path: &Path) -> io::Result<()> {
    let old = old_path(path);
    match fs::remove_file(&old) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    // At no instant is there no configuration.
    fs::hard_link(path, &old)
}

/// A file that is written and does not have its name yet. Let go of before, it is removed.
struct Staged {
    path: PathBuf,
    temporary: Option<PathBuf>,
}

impl Staged {
    fn make(path: &Path, text: &str, access: Access) -> io::Result<Self> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let temporary = path.with_file_name(format!(".{name}.{}.new", std::process::id()));
        let mut options = OpenOptions::new();
        let mut file = options.write(true).create_new(true).mode(0o600).open(&temporary)?;
        let staged = Self { path: path.to_owned(), temporary: Some(temporary) };
        file.write_all(text.as_bytes())?;
        if access.group.is_some() {
            fchown(&file, None, access.group)?;
        }
        file.set_permissions(fs::Permissions::from_mode(access.mode))?;
        file.sync_all()?;
        Ok(staged)
    }

    fn put(mut self) -> io::Result<()> {
        if let Some(temporary) = self.temporary.take() {
            fs::rename(&temporary, &self.path).inspect_err(|_| {
                let _ = fs::remove_file(&temporary);
            })?;
            let directory = self.path.parent().unwrap_or(Path::new("."));
            File::open(directory)?.sync_all()?;
        }
        Ok(())
    }
}

impl Drop for Staged {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Whether a file with a secret is there.
pub(super) fn has_secret(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file() && metadata.size() > 0)
}

fn failure(what: &str, path: &Path, error: &io::Error) -> Failure {
    let problem = format!("{what} {}: {}", path.display(), plain(error));
    let problem = match error.kind() {
        io::ErrorKind::PermissionDenied => {
            with_hint(&problem, "name another place with --config, or run this as root")
        }
        _ => problem,
    };
    Failure::new(ExitCode::Io, vec![problem])
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRIVATE: Access = Access { mode: 0o600, group: None };

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).expect("a directory");
        let name = |entry: io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
        let mut names: Vec<_> =
            entries.map(|entry| name(entry).to_string_lossy().into_owned()).collect();
        names.sort();
        names
    }

    #[test]
    fn files_are_private_and_what_was_edited_is_kept() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (secret, config) = (folder.path().join("s"), folder.path().join("c.toml"));
        let write = |text: &str, keeps_old| {
            write(&[(secret.clone(), "pw\n"), (config.clone(), text)], PRIVATE, keeps_old)
        };
        write("first", false).expect("it is written");
        write("second", true).expect("it is written");
        write("third", true).expect("it is written");
        assert_eq!(names(folder.path()), ["c.toml", "c.toml.old", "s"]);
        let read = |path: &Path| fs::read_to_string(path).expect("a file");
        assert_eq!((read(&config), read(&old_path(&config))), ("third".into(), "second".into()));
        for path in [&secret, &config] {
            assert_eq!(fs::metadata(path).expect("a file").mode() & 0o777, 0o600);
        }
    }

    #[test]
    fn what_cannot_be_written_whole_leaves_nothing_behind() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let (good, bad) = (folder.path().join("s"), folder.path().join("nowhere/c.toml"));
        let failure =
            write(&[(good, "pw\n"), (bad, "text")], PRIVATE, false).expect_err("no place");
        assert_eq!(failure.exit_code(), ExitCode::Io);
        assert_eq!(names(folder.path()), Vec::<String>::new());
    }

    #[test]
    fn only_an_example_that_nobody_changed_is_one() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let path = folder.path().join("c.toml");
        let before = |text: &str| {
            fs::write(&path, text).expect("a file");
            super::before(&path).expect("it can be read")
        };
        assert_eq!(super::before(&path).ok(), Some(Before::Nothing));
        assert_eq!(before(EXAMPLE), Before::Example);
        assert_eq!(before(&format!("{EXAMPLE}\n")), Before::Edited);
        assert_eq!(before(""), Before::Nothing);
        assert!(super::before(&path.join("no")).is_err(), "its parent is no directory");
    }

    #[test]
    fn the_service_reads_what_root_writes_and_nobody_else_what_others_write() {
        let group = || system::group_of("ocrwatch", 997);
        assert_eq!(Access::of(true, &[group()]), Access { mode: 0o640, group: Some(997) });
        assert_eq!(Access::of(false, &[group()]), PRIVATE);
        assert_eq!(Access::of(true, &[]), PRIVATE);
    }
}
