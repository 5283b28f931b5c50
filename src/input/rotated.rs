//! The rotated siblings of one log, in time order by what their names say.
//!
//! Owns the names that rotation gives. Must never order by modification times: copying and
//! compressing change them. Fails: never; a name of no known shape is a log of its own.
//!
//! | name | written by |
//! |---|---|
//! | `app.log.1`, `app.log.2.gz` | logrotate, Python's `RotatingFileHandler`, Docker |
//! | `app.1.log` beside `app.log` | logback's fixed window |
//! | `app.log-20261120.gz`, `app.log-20261120-150405`, `app.log-1795159200` | logrotate's `dateext` |
//! | `app.log.2026-11-20`, `app.log.2026-11-20_15-04-05` | log4j, Python's timed handler |
//! | `app.2026-11-20.log`, `app-2026-11-20.0.log.gz`, `app-2026-11-20.log.1` | logback, log4j2, winston |
//! | `app-2026-11-20T15-04-05.000.log.gz` | lumberjack |
//! | `0.log.20261120-150405.gz` | the kubelet |
//!
//! A number alone counts backwards (`.2` is older than `.1`); a number behind a date counts on.
//! `app-1.log` is not taken for a sibling of `app.log`: that is how instances are named.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use regex::{Captures, Regex};

use super::Input;

#[cfg(test)]
mod tests;

/// Extensions that compression puts behind a rotated name; those that are not read are here too,
/// so that such a sibling is reported rather than missed.
const COMPRESSED: [&str; 10] = ["gz", "zst", "bz2", "xz", "Z", "lz4", "zip", "zstd", "lz", "7z"];

/// The age of a sibling within its log: a smaller one is older.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Age {
    /// Year, month, day (0 if the name has none), and every number behind them.
    Dated((u32, u32, u32), Vec<u64>),
    Numbered(Reverse<u32>),
    /// `app.log.gz`.
    Compressed,
    Live,
}

/// What a file's name says.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Rotation {
    /// The name of the live log.
    base: String,
    age: Age,
    /// The number stands before the extension, which instances of a program do as well.
    is_doubtful: bool,
    is_compressed: bool,
}

impl Rotation {
    fn of(name: &str) -> Self {
        let plain = match name.rsplit_once('.') {
            Some((plain, extension)) if COMPRESSED.contains(&extension) => plain,
            _ => name,
        };
        let is_compressed = plain.len() < name.len();
        let of = |base: String, age, is_doubtful| Self { base, age, is_doubtful, is_compressed };
        if let Some((base, age)) = dated(plain) {
            return of(base.to_owned(), age, false);
        }
        if let Some((base, number)) = numbered(plain) {
            // Behind a name that has a date, a number counts on within that date.
            if let Self { base, age: Age::Dated(date, mut rest), .. } = Self::of(base) {
                rest.push(u64::from(number));
                return of(base, Age::Dated(date, rest), false);
            }
            return of(base.to_owned(), Age::Numbered(Reverse(number)), false);
        }
        if let Some((stem, extension)) = plain.rsplit_once('.')
            && is_extension(extension)
        {
            if let Some((base, age)) = dated(stem) {
                return of(format!("{base}.{extension}"), age, false);
            }
            if let Some((base, number)) = numbered(stem) {
                return of(format!("{base}.{extension}"), Age::Numbered(Reverse(number)), true);
            }
        }
        let age = if is_compressed { Age::Compressed } else { Age::Live };
        of(plain.to_owned(), age, false)
    }
}

/// The name of the live log that a rotated file was, in the same directory; a name that may be
/// another instance's is left as it is.
pub fn live_name(name: &str) -> String {
    let split = name.rfind('/').map_or(0, |at| at + 1);
    let (directory, file) = name.split_at(split);
    let rotation = Rotation::of(file);
    if rotation.is_doubtful { name.to_owned() } else { format!("{directory}{}", rotation.base) }
}

/// The name of the log to which a file of this name belongs among those beside it; its own if it
/// is none that rotation gives.
pub fn log_name(name: &str) -> String {
    Rotation::of(name).base
}

/// Whether a name says that the file is compressed.
pub fn is_compressed_name(name: &str) -> bool {
    Rotation::of(name).is_compressed
}

fn is_extension(text: &str) -> bool {
    text.chars().all(|c| c.is_ascii_alphanumeric()) && text.chars().any(|c| c.is_ascii_alphabetic())
}

/// `app.log.12` as `app.log` and 12. More digits are a process id or a date.
fn numbered(name: &str) -> Option<(&str, u32)> {
    let (base, digits) = name.rsplit_once('.')?;
    let is_number = (1..=4).contains(&digits.len()) && digits.bytes().all(|b| b.is_ascii_digit());
    if base.is_empty() || !is_number {
        return None;
    }
    Some((base, digits.parse().ok()?))
}

/// `app.log-20261120-1504.1` as `app.log` and its date.
fn dated(name: &str) -> Option<(&str, Age)> {
    static DATE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?x) ^ (?<base>.*?) (?: ^ | [-_.] )
            (?: (?<epoch> 1[0-9]{9} )
              | (?<year> (?:19|20)[0-9]{2} ) [-_.]? (?<month> 0[1-9]|1[0-2] )
                (?: [-_.]? (?<day> 0[1-9]|[12][0-9]|3[01] ) )?
                (?<rest> [0-9]{0,9} (?: [-_.:T] [0-9]{1,9} ){0,6} ) Z? ) $",
        )
        .expect("the pattern is fixed and a test uses it")
    });
    let found = DATE.captures(name)?;
    let base = found.name("base")?.as_str();
    if let Some(epoch) = found.name("epoch") {
        return Some((base, of_epoch(epoch.as_str())?));
    }
    let number = |found: &Captures<'_>, part| {
        found.name(part).and_then(|text| text.as_str().parse().ok()).unwrap_or(0)
    };
    let rest = found.name("rest").map_or("", |rest| rest.as_str());
    let rest = rest.split(|c: char| !c.is_ascii_digit()).filter_map(|text| text.parse().ok());
    let date = (number(&found, "year"), number(&found, "month"), number(&found, "day"));
    Some((base, Age::Dated(date, rest.collect())))
}

/// Seconds since 1970, as logrotate's `dateformat -%s` writes.
fn of_epoch(digits: &str) -> Option<Age> {
    use chrono::{DateTime, Datelike, Timelike, Utc};
    let at = DateTime::<Utc>::from_timestamp(digits.parse().ok()?, 0)?;
    let year = u32::try_from(at.year()).ok()?;
    let seconds = u64::from(at.num_seconds_from_midnight());
    Some(Age::Dated((year, at.month(), at.day()), vec![seconds]))
}

/// An input that was found, and whether its siblings are wanted too. A directory brings its own.
pub(super) struct Found {
    pub(super) input: Input,
    pub(super) wants_siblings: bool,
}

type LogKey = (PathBuf, String);

/// A log's directory and live name. `app.log` and `./app.log` are the same log.
fn key_of(path: &Path) -> Option<LogKey> {
    let name = path.file_name()?.to_string_lossy();
    let parent = directory_of(path);
    let parent = parent.canonicalize().unwrap_or_else(|_| parent.to_owned());
    Some((parent, Rotation::of(&name).base))
}

fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Puts every log's files next to each other, oldest first, where the first of them was named, and
/// adds the siblings that lie beside the wanted ones. `find` asks what a path is.
pub(super) fn in_time_order(
    found: Vec<Found>,
    mut find: impl FnMut(&Path) -> Option<Input>,
) -> Vec<Input> {
    enum Place {
        Alone(Input),
        Log(LogKey),
    }
    let mut places = Vec::new();
    let mut logs: HashMap<LogKey, Vec<Input>> = HashMap::new();
    let mut listings: HashMap<PathBuf, Vec<String>> = HashMap::new();
    for Found { input, wants_siblings } in found {
        let key = input.path.as_deref().filter(|_| input.size_bytes.is_some()).and_then(key_of);
        let (Some(key), Some(path)) = (key, input.path.clone()) else {
            places.push(Place::Alone(input));
            continue;
        };
        let members = logs.entry(key.clone()).or_insert_with(|| {
            places.push(Place::Log(key.clone()));
            Vec::new()
        });
        members.push(input);
        if wants_siblings {
            let (directory, base) = &key;
            let names = listings.entry(directory.clone()).or_insert_with(|| names_in(directory));
            let siblings = members_of(base, names).into_iter();
            members.extend(siblings.filter_map(|name| find(&path.with_file_name(name))));
        }
    }
    let mut inputs = Vec::new();
    for place in places {
        match place {
            Place::Alone(input) => inputs.push(input),
            Place::Log(key) => {
                let mut members = logs.remove(&key).unwrap_or_default();
                members.sort_by_cached_key(|input| Rotation::of(&file_name(input)).age);
                inputs.extend(members);
            }
        }
    }
    inputs
}

fn file_name(input: &Input) -> String {
    let name = input.path.as_deref().and_then(Path::file_name);
    name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// What lies in a directory; nothing if it may not be listed, as the named file is read anyway.
fn names_in(directory: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(directory).into_iter().flatten();
    let mut names: Vec<String> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    names
}

/// The names that belong to the log `base`, sorted by name.
fn members_of<'a>(base: &str, names: &'a [String]) -> Vec<&'a str> {
    let mut siblings: Vec<(&str, Rotation)> = names
        .iter()
        .map(|name| (name.as_str(), Rotation::of(name)))
        .filter(|(_, rotation)| rotation.base == base)
        .collect();
    let has_live = siblings.iter().any(|(_, rotation)| rotation.age == Age::Live);
    let plain: Vec<Age> = siblings
        .iter()
        .filter(|(_, rotation)| !rotation.is_compressed)
        .map(|(_, rotation)| rotation.age.clone())
        .collect();
    siblings.retain(|(_, rotation)| {
        // While `app.log.1` is there, `app.log.1.gz` is being written from it: the same lines.
        let is_copy = rotation.is_compressed && plain.contains(&rotation.age);
        !is_copy && (has_live || !rotation.is_doubtful)
    });
    siblings.into_iter().map(|(name, _)| name).collect()
}

/// Of the names in a directory, those that rotation gave to what was `live`, oldest first; the live
/// log's own is not among them. A compressed copy of one that is there too is left out.
pub fn siblings_of<'a>(live: &str, names: &'a [String]) -> Vec<&'a str> {
    let base = Rotation::of(live).base;
    let mut siblings = members_of(&base, names);
    siblings.retain(|name| *name != live);
    siblings.sort_by_cached_key(|name| Rotation::of(name).age);
    siblings
}
