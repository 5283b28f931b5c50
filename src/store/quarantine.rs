//! A database that cannot be gone on with is set aside, never deleted.
//!
//! Owns the names, and how many are kept. Must not look into a database. Fails with the system's
//! answer.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::directory;

/// How many are kept; of more, the oldest goes.
pub(super) const KEPT_MAX: usize = 3;

/// What SQLite keeps beside a database, and what belongs to it wherever it goes.
const COMPANIONS: [&str; 4] = ["", "-wal", "-shm", "-journal"];

/// Why a database is set aside, as it stands in the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Reason {
    /// It cannot be read as what it should be.
    Corrupt,
    /// Somebody put it there while the daemon ran.
    Foreign,
}

impl Reason {
    fn word(self) -> &'static str {
        match self {
            Self::Corrupt => "corrupt",
            Self::Foreign => "foreign",
        }
    }
}

/// The path of what SQLite keeps beside a database.
pub(super) fn companion(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Renames a database and all that belongs to it: `state.db.corrupt-20261123T101500Z`. `None` when
/// there was nothing at all.
pub(super) fn set_aside(
    path: &Path,
    reason: Reason,
    now: DateTime<Utc>,
) -> io::Result<Option<PathBuf>> {
    let exists = |path: &Path| path.symlink_metadata().is_ok();
    let present = |path: &Path| COMPANIONS.iter().any(|suffix| exists(&companion(path, suffix)));
    if !present(path) {
        return Ok(None);
    }
    // Room is made first: with a clock that went back, the newest is not the last by name.
    remove_oldest(path, reason)?;
    let stem = format!(".{}-{}", reason.word(), now.format("%Y%m%dT%H%M%SZ"));
    let stem = companion(path, &stem);
    let mut aside = stem.clone();
    let mut number = 1;
    while present(&aside) {
        number += 1;
        aside = companion(&stem, &format!(".{number}"));
    }
    // The database goes first. If the power fails in between, what is left of it meets no database
    // of the same name: SQLite takes a log only for the file that it was written for.
    for suffix in COMPANIONS {
        match std::fs::rename(companion(path, suffix), companion(&aside, suffix)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    if let Some(folder) = path.parent() {
        directory::sync(folder)?;
    }
    Ok(Some(aside))
}

/// Those that are kept, the oldest first.
fn kept(path: &Path, reason: Reason) -> io::Result<Vec<PathBuf>> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else {
        return Ok(Vec::new());
    };
    let mut prefix = OsString::from(name);
    prefix.push(format!(".{}-", reason.word()));
    let mut found = Vec::new();
    for entry in folder.read_dir()? {
        let name = entry?.file_name();
        let of_database = name.to_str().zip(prefix.to_str());
        let Some(stamp) = of_database.and_then(|(name, prefix)| name.strip_prefix(prefix)) else {
            continue;
        };
        // Companions belong to their database, also where that is gone.
        let stem = COMPANIONS.iter().rev().find_map(|suffix| stamp.strip_suffix(suffix));
        let mut stem_name = prefix.clone();
        stem_name.push(stem.unwrap_or(stamp));
        found.push(folder.join(stem_name));
    }
    found.sort();
    found.dedup();
    Ok(found)
}

fn remove_oldest(path: &Path, reason: Reason) -> io::Result<()> {
    let kept = kept(path, reason)?;
    let surplus = (kept.len() + 1).saturating_sub(KEPT_MAX);
    for old in kept.iter().take(surplus) {
        for suffix in COMPANIONS {
            match std::fs::remove_file(companion(old, suffix)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = folder.read_dir().unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_428_900 + second, 0).unwrap()
    }

    #[test]
    fn all_that_belongs_to_a_database_goes_with_it() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        assert_eq!(set_aside(&path, Reason::Corrupt, at(0)).unwrap(), None);
        for suffix in COMPANIONS {
            std::fs::write(companion(&path, suffix), suffix).unwrap();
        }
        std::fs::write(folder.path().join("lock"), "").unwrap();
        let aside = set_aside(&path, Reason::Corrupt, at(0)).unwrap().unwrap();
        let stem = "state.db.corrupt-20261123T101500Z";
        assert_eq!(aside, folder.path().join(stem));
        let expected = ["lock".to_owned()]
            .into_iter()
            .chain(["", "-journal", "-shm", "-wal"].map(|suffix| format!("{stem}{suffix}")));
        assert_eq!(names(folder.path()), expected.collect::<Vec<_>>());
        assert_eq!(std::fs::read_to_string(companion(&aside, "-wal")).unwrap(), "-wal");
    }

    #[test]
    fn what_cannot_be_renamed_stays_and_is_an_error() {
        let folder = tempfile::tempdir().unwrap();
        // With the reason and the instant behind it, it would be longer than a name may be.
        let path = folder.path().join("s".repeat(250));
        std::fs::write(&path, "").unwrap();
        assert!(set_aside(&path, Reason::Corrupt, at(0)).is_err());
        assert!(path.exists());
    }

    #[test]
    fn where_no_room_can_be_made_nothing_is_renamed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        std::fs::write(&path, "").unwrap();
        for second in 0..3 {
            // What somebody put there is no file, and is not removed as one.
            let stamp = format!("state.db.corrupt-20261123T10150{second}Z");
            std::fs::create_dir(folder.path().join(stamp)).unwrap();
        }
        assert!(set_aside(&path, Reason::Corrupt, at(9)).is_err());
        assert!(path.exists());
    }

    #[test]
    fn two_in_one_second_have_two_names() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        for text in ["one", "two"] {
            std::fs::write(&path, text).unwrap();
            set_aside(&path, Reason::Corrupt, at(0)).unwrap();
        }
        let stem = "state.db.corrupt-20261123T101500Z";
        assert_eq!(names(folder.path()), [stem.to_owned(), format!("{stem}.2")]);
    }

    #[test]
    fn three_are_kept_and_the_oldest_goes_with_its_companions() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        for second in 0..5 {
            std::fs::write(&path, second.to_string()).unwrap();
            std::fs::write(companion(&path, "-wal"), "").unwrap();
            set_aside(&path, Reason::Corrupt, at(second)).unwrap();
        }
        let expected: Vec<_> = (2..5)
            .flat_map(|second| {
                let stem = format!("state.db.corrupt-20261123T10150{second}Z");
                [stem.clone(), format!("{stem}-wal")]
            })
            .collect();
        assert_eq!(names(folder.path()), expected);
    }

    #[test]
    fn the_newest_is_kept_although_the_clock_went_back() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state.db");
        for second in [50, 40, 30, 20] {
            std::fs::write(&path, second.to_string()).unwrap();
            let aside = set_aside(&path, Reason::Corrupt, at(second)).unwrap().unwrap();
            assert_eq!(std::fs::read_to_string(aside).unwrap(), second.to_string());
        }
        assert_eq!(names(folder.path()).len(), KEPT_MAX);
    }
}
