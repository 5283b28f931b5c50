//! `[fleet]`: what this machine is among others, and the broker that is between them.
//!
//! Owns its keys, and what a machine that decides nothing cannot have beside it. Must never ask the
//! broker. What is wrong is a problem and reads as absent.

use std::collections::BTreeSet;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use toml::Spanned;

use super::paths::{Paths, limited};
use super::problem;
use super::receiver::{Secret, secret};
use super::size::{GIB, MIB, size_in};
use crate::engine::Span;
use crate::rules::span_in;
use crate::toml_file::{Keys, Problems};

pub(super) const FLEET_KEYS: &[&str] = &[
    "servers",
    "role",
    "name",
    "login",
    "ca",
    "stream",
    "replicas",
    "retention",
    "partitions",
    "consume",
    "samples",
    "buffer_max",
];
pub(super) const LOGIN_KEYS: &[&str] = &["credentials", "nkey", "user", "password"];

pub(super) const SERVERS_MAX: usize = 16;
pub(super) const REPLICAS: RangeInclusive<i64> = 1..=5;
pub(super) const RETENTION: RangeInclusive<i64> = Span::HOUR.0..=366 * Span::DAY.0;
pub(super) const PARTITIONS_MAX: usize = 256;
pub(super) const PARTITIONS: RangeInclusive<i64> = 1..=256;
pub(super) const BUFFER: RangeInclusive<u64> = MIB..=64 * GIB;
pub(super) const ROLES: [(&str, Role); 3] =
    [("agent", Role::Agent), ("host", Role::Host), ("aggregator", Role::Aggregator)];

/// What this machine is among others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fleet {
    /// The broker's addresses, as URLs.
    pub servers: Vec<String>,
    /// What this machine does.
    pub role: Role,
    /// Its name; the host name if nothing is said.
    pub name: Option<Arc<str>>,
    /// How it shows who it is.
    pub login: Option<Login>,
    /// Whose certificates are believed beside those that the system believes, as a file in PEM.
    pub ca: Option<PathBuf>,
    /// The broker's stream.
    pub stream: String,
    /// On how many of the broker's nodes a stream lies that is made here.
    pub replicas: u8,
    /// How long it keeps what was published.
    pub retention: Span,
    /// Over how many shares the work is spread.
    pub partitions: u16,
    /// Which of them this machine decides about; all if there is none.
    pub consume: Option<Vec<u16>>,
    /// Whether the lines around a code are published.
    pub samples: bool,
    /// So much may wait for the broker.
    pub buffer_bytes_max: u64,
}

/// What a machine does in the fleet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// It publishes, and decides nothing.
    Agent,
    /// It publishes, and decides about its own logs as well.
    Host,
    /// It decides about what the whole fleet published, what its own logs tell included.
    Aggregator,
}

/// How a machine shows the broker who it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Login {
    /// A file with a user's JWT and its key.
    Credentials(PathBuf),
    /// A key's seed.
    Nkey(Secret),
    /// A user and a password.
    Password(String, Secret),
}

impl Role {
    /// As files write it.
    pub fn as_str(self) -> &'static str {
        super::file::word(&self, &ROLES)
    }

    /// Whether what this machine's logs tell is decided about here, as it is read.
    pub fn decides_at_once(self) -> bool {
        self == Self::Host
    }
}

impl Fleet {
    /// What stands where nothing is said, for these servers.
    pub fn of(servers: Vec<String>, role: Role) -> Self {
        Self {
            servers,
            role,
            name: None,
            login: None,
            ca: None,
            stream: "OCRWATCH".to_owned(),
            replicas: 1,
            retention: Span::DAY.times(7),
            partitions: 1,
            consume: None,
            samples: false,
            buffer_bytes_max: 256 * MIB,
        }
    }
}

/// Reads the table; nothing if it is none that could be gone by.
pub(super) fn read(
    keys: &Keys<'_, '_>,
    paths: Paths<'_>,
    problems: &mut Problems<'_>,
) -> Option<Fleet> {
    let hint = "name the broker, as in `servers = [\"nats://broker.example.com:4222\"]`";
    if !keys.has("servers") {
        keys.missing("servers", hint, problems);
    }
    if !keys.has("role") {
        let hint = "an `agent` publishes what it finds, an `aggregator` decides about all of it";
        keys.missing("role", hint, problems);
    }
    let servers = limited("servers", SERVERS_MAX, "name some of its nodes", keys, problems);
    let servers: Vec<_> = servers.iter().filter_map(|text| server(text, problems)).collect();
    let role = keys.one_of("role", &ROLES, problems).map(Spanned::into_inner);
    let login = keys.table("login", "login", LOGIN_KEYS, problems);
    let login = login.and_then(|keys| login_of(&keys, paths, problems));
    let name = keys.text("name", problems).filter(|name| is_name("name", name, problems));
    let stream = keys.text("stream", problems).filter(|name| is_name("stream", name, problems));
    let hint = "a stream lies on an odd number of nodes, one, three or five";
    let replicas = keys.number_in("replicas", REPLICAS, hint, problems);
    let retention = span_in(keys, "retention", RETENTION, problems);
    let hint = "a share is one aggregator's; most fleets need one";
    let partitions = keys.number_in("partitions", PARTITIONS, hint, problems);
    let partitions = partitions.and_then(|count| u16::try_from(count.into_inner()).ok());
    let consume = consume(keys, partitions.unwrap_or(1), problems);
    if let (Some(range), Some(Role::Agent | Role::Host)) = (keys.value("consume"), role) {
        let message = "`consume` is an aggregator's".to_owned();
        let hint = "leave it out, or write `role = \"aggregator\"`".to_owned();
        problems.add(problem::MISPLACED_KEY, range.span(), message, hint);
    }
    let usual = Fleet::of(servers, role?);
    Some(Fleet {
        name: name.map(|name| name.into_inner().into()),
        login,
        ca: paths.path("ca", keys, problems).map(Spanned::into_inner),
        stream: stream.map_or(usual.stream, Spanned::into_inner),
        replicas: replicas
            .and_then(|count| u8::try_from(count.into_inner()).ok())
            .unwrap_or(usual.replicas),
        retention: retention.unwrap_or(usual.retention),
        partitions: partitions.unwrap_or(usual.partitions),
        consume,
        samples: keys.flag("samples", problems).unwrap_or(usual.samples),
        buffer_bytes_max: size_in("buffer_max", BUFFER, keys, problems)
            .unwrap_or(usual.buffer_bytes_max),
        ..usual
    })
}

/// `nats://host:port` or, encrypted, `tls://host:port`.
fn server(text: &Spanned<String>, problems: &mut Problems<'_>) -> Option<String> {
    let written = text.get_ref();
    let host = ["nats://", "tls://"].iter().find_map(|scheme| written.strip_prefix(scheme));
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "-._:[]".contains(c);
    if host.is_some_and(|host| !host.is_empty() && host.chars().all(is_plain)) {
        return Some(written.clone());
    }
    if host.is_some_and(|host| host.contains('@')) {
        problems.hide(text.span());
        let message = "a server's address holds no user and no password".to_owned();
        let hint = "write `login = { user = \"…\", password = { file = \"…\" } }`".to_owned();
        problems.add(problem::SECRET_IN_FILE, text.span(), message, hint);
        return None;
    }
    let message = format!("`{}` is no address of a broker", written.escape_debug());
    let hint =
        "write it as in `nats://broker.example.com:4222` or, encrypted, `tls://…`".to_owned();
    problems.add(problem::BAD_ADDRESS, text.span(), message, hint);
    None
}

fn is_name(key: &str, name: &Spanned<String>, problems: &mut Problems<'_>) -> bool {
    // A dot parts the broker's words; the name of a machine may have some, that of a stream not.
    let may_have_dots = key == "name";
    let is_plain =
        |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_' || (c == '.' && may_have_dots);
    let text = name.get_ref();
    if (1..=64).contains(&text.len()) && text.chars().all(is_plain) {
        return true;
    }
    let message = format!("`{}` is no `{key}`", text.escape_debug());
    let hint = "write letters, digits, `-` and `_`, at most 64".to_owned();
    problems.add(problem::BAD_NAME, name.span(), message, hint);
    false
}

fn login_of(keys: &Keys<'_, '_>, paths: Paths<'_>, problems: &mut Problems<'_>) -> Option<Login> {
    let ways = ["credentials", "nkey", "user"];
    let mut said = ways.into_iter().filter(|way| keys.has(way));
    let Some(way) = said.next() else {
        keys.missing("user", "write `user` and `password`, or `nkey`, or `credentials`", problems);
        return None;
    };
    if let Some(second) = said.next() {
        let message = format!("`login` is one of its ways, this says `{way}` and `{second}`");
        problems.add(problem::BAD_VALUE, keys.range(), message, "leave one out".to_owned());
    }
    if let (Some(password), true) = (keys.value("password"), way != "user") {
        let message = format!("a password is a user's, and this says `{way}`");
        let hint = "leave it out, or write `user` instead".to_owned();
        problems.add(problem::MISPLACED_KEY, password.span(), message, hint);
    }
    match way {
        "credentials" => {
            let path = paths.path("credentials", keys, problems)?;
            Some(Login::Credentials(path.into_inner()))
        }
        "nkey" => secret::read("nkey", paths, keys, problems).map(Login::Nkey),
        _ => {
            let user = keys.text("user", problems);
            if !keys.has("password") {
                keys.missing("password", "say where it lies: `{ file = \"…\" }`", problems);
            }
            let password = secret::read("password", paths, keys, problems)?;
            Some(Login::Password(user?.into_inner(), password))
        }
    }
}

fn consume(keys: &Keys<'_, '_>, partitions: u16, problems: &mut Problems<'_>) -> Option<Vec<u16>> {
    let items = keys.list("consume", problems)?;
    if let Some(first_beyond) = items.get(PARTITIONS_MAX) {
        let message = format!("`consume` lists {}, at most {PARTITIONS_MAX} can be", items.len());
        let hint = "leave it out to take all".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
        return None;
    }
    let mut all = BTreeSet::new();
    for item in items {
        let number = crate::toml_file::number_of("consume", item, problems)?.into_inner();
        match u16::try_from(number).ok().filter(|number| *number < partitions) {
            Some(number) => drop(all.insert(number)),
            None => {
                let message = format!("there is no partition {number}");
                let hint = format!("they are numbered from 0 to {}", partitions.saturating_sub(1));
                problems.add(problem::BAD_VALUE, item.span(), message, hint);
            }
        }
    }
    if all.is_empty() {
        let message = "`consume` lists no partition".to_owned();
        let hint = "leave it out to take all".to_owned();
        problems.add(problem::BAD_VALUE, keys.value("consume")?.span(), message, hint);
    }
    (all.len() < usize::from(partitions)).then(|| all.into_iter().collect())
}

/// What stands beside an agent that decides nothing.
pub(super) fn check_agent(root: &Keys<'_, '_>, fleet: &Fleet, problems: &mut Problems<'_>) {
    if fleet.role != Role::Agent {
        return;
    }
    let decided = ["rules", "rule", "route", "receiver", "silence", "mute", "inhibit", "engine"];
    for key in decided {
        if let Some(value) = root.value(key) {
            let message = format!("an agent decides nothing, and this says `{key}`");
            let hint = "write it where the aggregator runs, or say `role = \"host\"`".to_owned();
            problems.add(problem::MISPLACED_KEY, value.span(), message, hint);
        }
    }
}
