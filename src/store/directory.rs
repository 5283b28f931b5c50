//! Where the state directory is, and that it is there.
//!
//! Owns the places that are looked at, in their order. Must not read the environment itself. Fails
//! when nothing tells a place, or when it cannot be made.

use std::ffi::OsString;
use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use super::problem::OpenError;

/// The state directory when none is named: what systemd made (`STATE_DIRECTORY`, the first if there
/// are several), else below `XDG_STATE_HOME`, else below `HOME`. Relative paths are passed over, as
/// the XDG base directory specification asks.
pub fn state_directory(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, OpenError> {
    let absolute = |value: OsString| {
        let path = PathBuf::from(value);
        path.is_absolute().then_some(path)
    };
    let first = |value: OsString| {
        let first = value.as_bytes().split(|byte| *byte == b':').find(|path| !path.is_empty());
        first.map(|path| OsString::from_vec(path.to_vec()))
    };
    let made = variable("STATE_DIRECTORY").and_then(first).and_then(absolute);
    let of_user = || variable("XDG_STATE_HOME").and_then(absolute);
    let of_home = || Some(variable("HOME").and_then(absolute)?.join(".local/state"));
    made.or_else(|| Some(of_user().or_else(of_home)?.join("ocrwatch")))
        .ok_or(OpenError::NoDirectory)
}

/// Makes the directory for its owner alone, and those on the way to it. One that is there stays as
/// it is: its mode is the administrator's.
pub(super) fn create(directory: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(directory)
}

/// Makes names in the directory last over a power failure.
pub(super) fn sync(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(variables: &[(&str, &str)], expected: Option<&str>) {
        let value = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| OsString::from(value))
        };
        let found = state_directory(value).ok();
        assert_eq!(found.as_deref(), expected.map(Path::new), "{variables:?}");
    }

    #[test]
    fn systemd_s_directory_goes_before_the_user_s() {
        let home = ("HOME", "/home/op");
        let state_home = ("XDG_STATE_HOME", "/home/op/state");
        check(&[home], Some("/home/op/.local/state/ocrwatch"));
        check(&[home, state_home], Some("/home/op/state/ocrwatch"));
        check(&[home, state_home, ("STATE_DIRECTORY", "/var/lib/o")], Some("/var/lib/o"));
        check(&[("STATE_DIRECTORY", "/var/lib/a:/var/lib/b")], Some("/var/lib/a"));
    }

    #[test]
    fn empty_and_relative_places_are_passed_over() {
        let home = ("HOME", "/home/op");
        let expected = Some("/home/op/.local/state/ocrwatch");
        check(&[home, ("XDG_STATE_HOME", ""), ("STATE_DIRECTORY", "")], expected);
        check(&[home, ("XDG_STATE_HOME", "state"), ("STATE_DIRECTORY", "o")], expected);
    }

    #[test]
    fn without_any_variable_there_is_no_place_and_the_error_says_what_to_set() {
        check(&[], None);
        check(&[("HOME", "")], None);
        let error = state_directory(|_| None).unwrap_err().to_string();
        assert!(error.contains("\nhint: ") && error.contains("HOME"), "{error}");
    }
}
