//! Logs of this machine in which the extraction finds OCR errors.
//!
//! Owns where it is looked and how much. Must never decide which log is followed. Nothing here
//! fails: what cannot be read is no proposal.

use std::fs::{File, Metadata};
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, FixedOffset, Utc};
use walkdir::{DirEntry, WalkDir};

use crate::catalogue::Catalogue;
use crate::clock::Stopwatch;
use crate::extract::{Extractor, Settings};
use crate::file_pattern::{is_hidden, is_pattern};
use crate::occurrence::Occurrence;
use crate::zone::Zone;

/// How deep below the directory is looked.
const DEPTH_MAX: usize = 5;
/// How many files and directories are looked at.
const ENTRIES_MAX: usize = 20_000;
/// How many logs are read, those that were written to last.
const LOGS_MAX: usize = 200;
/// How much of each is read: its end.
const LOG_BYTES_MAX: u64 = 8 * 1024 * 1024;
/// How long logs are read.
const TIME_MAX: Duration = Duration::from_secs(10);
/// How many are proposed.
const PROPOSED_MAX: usize = 9;

/// A log with OCR errors.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FoundLog {
    pub(super) path: String,
    /// How many stand in what was read of it; further prints of one count not.
    pub(super) errors: u64,
    /// When the last one was.
    pub(super) last: Option<DateTime<FixedOffset>>,
    /// Whether only its end was read.
    pub(super) is_part: bool,
}

/// The logs with errors below a directory, those with the most first.
pub(super) fn search(
    directory: &Path,
    catalogue: &Arc<Catalogue>,
    zone: Zone,
    now: DateTime<Utc>,
) -> Vec<FoundLog> {
    let mut logs: Vec<_> = candidates(directory).collect();
    logs.sort_by_key(|(_, metadata)| std::cmp::Reverse(metadata.modified().ok()));
    let stopwatch = Stopwatch::start();
    let mut found = Vec::new();
    for (path, metadata) in logs.into_iter().take(LOGS_MAX) {
        if stopwatch.elapsed() > TIME_MAX {
            break;
        }
        let reference = metadata.modified().map_or(now, DateTime::<Utc>::from);
        found.extend(looked_at(path, catalogue, Settings::new(zone, reference)).ok().flatten());
    }
    found.sort_by(|a: &FoundLog, b| b.errors.cmp(&a.errors).then_with(|| a.path.cmp(&b.path)));
    found.truncate(PROPOSED_MAX);
    found
}

/// Files that are named like logs, and not like patterns.
fn candidates(directory: &Path) -> impl Iterator<Item = (String, Metadata)> {
    let walk = WalkDir::new(directory).max_depth(DEPTH_MAX).same_file_system(true).into_iter();
    let is_looked_at = |entry: &DirEntry| entry.depth() == 0 || !is_hidden(entry.file_name());
    let entries = walk.filter_entry(is_looked_at).take(ENTRIES_MAX).filter_map(Result::ok);
    let logs = entries.filter(|entry| {
        let is_log = entry.path().extension().is_some_and(|end| end == "log");
        is_log && entry.file_type().is_file()
    });
    logs.filter_map(|entry| {
        let metadata = entry.metadata().ok()?;
        let path = entry.into_path().into_os_string().into_string().ok()?;
        let is_plain = !is_pattern(&path) && !path.chars().any(char::is_control);
        (is_plain && metadata.len() > 0).then_some((path, metadata))
    })
}

fn looked_at(
    path: String,
    catalogue: &Arc<Catalogue>,
    settings: Settings,
) -> io::Result<Option<FoundLog>> {
    let mut file = File::open(PathBuf::from(&path))?;
    let start = file.metadata()?.len().saturating_sub(LOG_BYTES_MAX);
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = file.take(LOG_BYTES_MAX);
    let (mut errors, mut last) = (0, None);
    let mut sink = |occurrence: Occurrence| {
        if !occurrence.repeat {
            errors += 1;
            last = last.max(occurrence.at);
        }
    };
    let mut extractor = Extractor::new(catalogue, settings, path.as_str().into());
    loop {
        let count = bytes.read(extractor.spare())?;
        if count == 0 {
            break;
        }
        extractor.commit(count, &mut sink);
    }
    extractor.finish(&mut sink);
    let found = FoundLog { path, errors, last, is_part: start > 0 };
    Ok((errors > 0).then_some(found))
}

#[cfg(test)]
mod tests {
    use super::*;

    const ERROR: &str = "2026-11-20 10:00:00,000 ERROR ocr: {\"error_code\":\"AIS.0101\",\
                         \"error_msg\":\"The input parameter is invalid.\"}\n";

    #[test]
    fn logs_with_errors_are_found_the_likeliest_first() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let file = |name: &str, text: String| {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().expect("a parent")).expect("a directory");
            std::fs::write(path, text).expect("a log");
        };
        file("app/few.log", ERROR.to_owned());
        let later = ERROR.replace("10:00", "11:00").replace("0101", "0102");
        file("app/many.log", format!("{ERROR}{later}"));
        file("app/none.log", "nothing is wrong\n".to_owned());
        file("app/prose.log", "codes such as AIS.0101 are in the manual\n".to_owned());
        file("app/many.log.1", ERROR.to_owned());
        file("app/.hidden.log", ERROR.to_owned());
        file("app/no[w].log", ERROR.to_owned());
        file("a/b/c/d/deep.log", ERROR.to_owned());
        file("a/b/c/d/e/deeper.log", ERROR.to_owned());
        let now = "2026-11-21T00:00:00Z".parse().expect("an instant");
        let zone = Zone::parse("+08:00").expect("a zone");
        let found = search(folder.path(), &Arc::new(Catalogue::embedded()), zone, now);
        let root = folder.path().display().to_string();
        let found: Vec<_> = found
            .iter()
            .map(|log| (log.path.strip_prefix(&root).expect("below"), log.errors, log.is_part))
            .collect();
        let expected = [
            ("/app/many.log", 2, false),
            ("/a/b/c/d/deep.log", 1, false),
            ("/app/few.log", 1, false),
        ];
        assert_eq!(found, expected);
        assert_eq!(search(&folder.path().join("nowhere"), &Arc::default(), zone, now), []);
    }

    #[test]
    fn of_a_long_log_the_end_is_read() {
        let folder = tempfile::tempdir().expect("a temporary directory");
        let filler = "INFO nothing\n".repeat(700_000);
        let path = folder.path().join("long.log");
        std::fs::write(&path, format!("{ERROR}{filler}{}", ERROR.replace("0101", "0102")))
            .expect("a log");
        let now = "2026-11-21T00:00:00Z".parse().expect("an instant");
        let found = search(folder.path(), &Arc::new(Catalogue::embedded()), Zone::UTC, now);
        assert_eq!(found.len(), 1);
        assert!(found[0].errors == 1 && found[0].is_part, "{found:?}");
    }
}
