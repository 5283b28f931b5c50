//! A configuration file: what it says, checked.
//!
//! Owns the file's form. Must not know what stands in the files that it names. Everything wrong is
//! collected; what is returned is only good when nothing was.

use std::ops::RangeInclusive;

use toml::Spanned;

use super::entry::{self, SOURCE_KEYS, zone_of};
use super::fleet::{self, FLEET_KEYS, Fleet, LOGIN_KEYS};
use super::http::{self, HTTP_KEYS, Http, TLS_KEYS};
use super::origin::JOURNAL_KEYS;
use super::paths::{Paths, limited};
use super::problem;
use super::receiver::{self, Receiver};
use super::size::{MIB, TIB, size_in};
use super::unique;
use super::{Level, Links, Log, LogFormat, Mode, Source, State, Watch};
use crate::engine::Span;
use crate::rules::{ROOT_KEYS, span_in};
use crate::toml_file::{self, Keys, Problems};
use crate::zone::Zone;

/// What stands at the root beside the tables of rule files.
pub(super) const OWN_KEYS: &[&str] = &[
    "rules",
    "catalogue",
    "timezone",
    "state",
    "watch",
    "log",
    "http",
    "fleet",
    "source",
    "receiver",
];
pub(super) const STATE_KEYS: &[&str] = &["directory", "history", "outbox", "size_max"];
pub(super) const WATCH_KEYS: &[&str] =
    &["mode", "links", "poll_interval", "open_files_max", "rotated_quiet", "partial_line"];
pub(super) const LOG_KEYS: &[&str] = &["level", "format"];

const KEYS: [(&str, &[&str]); 10] = [
    ("the file", OWN_KEYS),
    ("[state]", STATE_KEYS),
    ("[watch]", WATCH_KEYS),
    ("[log]", LOG_KEYS),
    ("[http]", HTTP_KEYS),
    ("tls", TLS_KEYS),
    ("[fleet]", FLEET_KEYS),
    ("login", LOGIN_KEYS),
    ("[[source]]", SOURCE_KEYS),
    ("journal", JOURNAL_KEYS),
];

/// Every key by the table that it stands in; those of rule files aside.
pub fn keys() -> Vec<(&'static str, Vec<&'static str>)> {
    let tables = KEYS.into_iter().chain(receiver::tables());
    let tables = tables.map(|(table, keys)| (table, keys.to_vec()));
    tables.chain([("[[receiver]]", receiver::receiver_keys())]).collect()
}

pub(super) const SOURCES_MAX: usize = 256;
pub(super) const RECEIVERS_MAX: usize = 64;
pub(super) const CATALOGUES_MAX: usize = 64;

/// How long counts and notifications can be kept.
pub(super) const HISTORY: RangeInclusive<i64> = Span::HOUR.0..=3_660 * Span::DAY.0;
pub(super) const OUTBOX: RangeInclusive<i64> = Span::HOUR.0..=366 * Span::DAY.0;
pub(super) const SIZE: RangeInclusive<u64> = 16 * MIB..=TIB;
pub(super) const POLL: RangeInclusive<i64> = 100..=Span::MINUTE.0;
pub(super) const OPEN_FILES: RangeInclusive<i64> = 16..=65_536;
/// How long nothing more is waited for.
pub(super) const QUIET: RangeInclusive<i64> = Span::SECOND.0..=Span::DAY.0;

pub(super) const MODES: [(&str, Mode); 2] = [("auto", Mode::Auto), ("poll", Mode::Poll)];
pub(super) const LINKS: [(&str, Links); 2] = [("protected", Links::Protected), ("any", Links::Any)];
pub(super) const LEVELS: [(&str, Level); 4] = [
    ("error", Level::Error),
    ("warn", Level::Warn),
    ("info", Level::Info),
    ("debug", Level::Debug),
];
pub(super) const FORMATS: [(&str, LogFormat); 3] =
    [("auto", LogFormat::Auto), ("text", LogFormat::Text), ("journal", LogFormat::Journal)];

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    /// As it is written.
    pub(super) rules: Option<Spanned<String>>,
    /// As they are written.
    pub(super) catalogues: Vec<Spanned<String>>,
    pub(super) zone: Option<Zone>,
    pub(super) state: State,
    pub(super) watch: Watch,
    pub(super) log: Log,
    pub(super) http: Http,
    pub(super) fleet: Option<Fleet>,
    pub(super) sources: Vec<Source>,
    pub(super) receivers: Vec<Receiver>,
    /// Whether rules or what stands beside them stand here, too.
    pub(super) has_rule_tables: bool,
}

/// Reads a file; nothing of one that is no TOML.
pub(super) fn read(paths: Paths<'_>, problems: &mut Problems<'_>) -> Option<File> {
    let root = toml_file::parse(problems)?;
    let known = [OWN_KEYS, ROOT_KEYS].concat();
    let root = Keys::of_table(root.get_ref(), 0..0, "the file", &known, problems);
    let rules = root.raw_text("rules", problems);
    let catalogues =
        limited("catalogue", CATALOGUES_MAX, "join some of the files", &root, problems);
    let zone = zone_of(&root, problems);
    let state = root.table("state", "[state]", STATE_KEYS, problems);
    let state = state.map(|keys| state_of(&keys, paths, problems));
    let watch = root.table("watch", "[watch]", WATCH_KEYS, problems);
    let watch = watch.map(|keys| watch_of(&keys, problems));
    let log = root.table("log", "[log]", LOG_KEYS, problems);
    let log = log.map(|keys| log_of(&keys, problems));
    let http = root.table("http", "[http]", HTTP_KEYS, problems);
    let http = http.map(|keys| http::read(&keys, paths, problems));
    let fleet = root.table("fleet", "[fleet]", FLEET_KEYS, problems);
    let fleet = fleet.and_then(|keys| fleet::read(&keys, paths, problems));
    if let Some(fleet) = &fleet {
        fleet::check_agent(&root, fleet, problems);
    }
    let items = root.tables("source", "[[source]]", problems).unwrap_or_default();
    if let Some(first_beyond) = items.get(SOURCES_MAX) {
        let message = format!("{} sources stand here, at most {SOURCES_MAX} can", items.len());
        let hint = "let one source have several patterns".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    let items = items.iter().take(SOURCES_MAX);
    let said: Vec<_> = items.filter_map(|item| entry::read(item, paths, zone, problems)).collect();
    unique::check(&said, problems);
    let receivers = receivers_of(&root, paths, problems);
    Some(File {
        rules,
        catalogues,
        zone,
        state: state.unwrap_or_default(),
        watch: watch.unwrap_or_default(),
        log: log.unwrap_or_default(),
        http: http.unwrap_or_default(),
        fleet,
        sources: said.into_iter().map(|said| said.source).collect(),
        receivers,
        has_rule_tables: ROOT_KEYS.iter().any(|key| root.has(key)),
    })
}

fn receivers_of(
    root: &Keys<'_, '_>,
    paths: Paths<'_>,
    problems: &mut Problems<'_>,
) -> Vec<Receiver> {
    let items = root.tables("receiver", "[[receiver]]", problems).unwrap_or_default();
    if let Some(first_beyond) = items.get(RECEIVERS_MAX) {
        let message = format!("{} receivers stand here, at most {RECEIVERS_MAX} can", items.len());
        let hint = "let one receiver have several recipients".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    let items = items.iter().take(RECEIVERS_MAX);
    let said: Vec<_> = items.filter_map(|item| receiver::read(item, paths, problems)).collect();
    receiver::check(&said, problems);
    said.into_iter().map(|said| said.receiver).collect()
}

fn state_of(keys: &Keys<'_, '_>, paths: Paths<'_>, problems: &mut Problems<'_>) -> State {
    let usual = State::default();
    let directory = paths.path("directory", keys, problems);
    let history = span_in(keys, "history", HISTORY, problems);
    let outbox = span_in(keys, "outbox", OUTBOX, problems);
    let bytes_max = size_in("size_max", SIZE, keys, problems);
    State {
        directory: directory.map(Spanned::into_inner),
        history: history.unwrap_or(usual.history),
        outbox: outbox.unwrap_or(usual.outbox),
        bytes_max: bytes_max.unwrap_or(usual.bytes_max),
    }
}

fn watch_of(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Watch {
    let usual = Watch::default();
    let mode = keys.one_of("mode", &MODES, problems);
    let links = keys.one_of("links", &LINKS, problems);
    let poll_interval = span_in(keys, "poll_interval", POLL, problems);
    let hint = "files beyond are opened and closed in turn; the system's limit lowers it, too";
    let open_files = keys.number_in("open_files_max", OPEN_FILES, hint, problems);
    let open_files = open_files.and_then(|count| usize::try_from(count.into_inner()).ok());
    let rotated_quiet = span_in(keys, "rotated_quiet", QUIET, problems);
    let partial_line = span_in(keys, "partial_line", QUIET, problems);
    Watch {
        mode: mode.map_or(usual.mode, Spanned::into_inner),
        links: links.map_or(usual.links, Spanned::into_inner),
        poll_interval: poll_interval.unwrap_or(usual.poll_interval),
        open_files_max: open_files.unwrap_or(usual.open_files_max),
        rotated_quiet: rotated_quiet.unwrap_or(usual.rotated_quiet),
        partial_line: partial_line.unwrap_or(usual.partial_line),
    }
}

fn log_of(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Log {
    let level = keys.one_of("level", &LEVELS, problems);
    let format = keys.one_of("format", &FORMATS, problems);
    Log {
        level: level.map(Spanned::into_inner).unwrap_or_default(),
        format: format.map(Spanned::into_inner).unwrap_or_default(),
    }
}

/// A mode, level or format by its word.
pub(super) fn word<T: PartialEq>(value: &T, words: &[(&'static str, T)]) -> &'static str {
    words.iter().find(|(_, known)| known == value).map_or("", |(word, _)| word)
}

impl Mode {
    /// As files write it.
    pub fn as_str(self) -> &'static str {
        word(&self, &MODES)
    }
}

impl Level {
    /// As files write it.
    pub fn as_str(self) -> &'static str {
        word(&self, &LEVELS)
    }
}

impl LogFormat {
    /// As files write it.
    pub fn as_str(self) -> &'static str {
        word(&self, &FORMATS)
    }
}
