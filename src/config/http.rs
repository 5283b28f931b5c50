//! `[http]`: where a run answers, and whom.
//!
//! Owns its keys and the rule that nobody beyond this machine is answered who does not show that he
//! may ask. Must never open anything. What is wrong is a problem and reads as absent.

use core::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::ops::RangeInclusive;
use std::path::PathBuf;

use toml::Spanned;
use toml::de::DeValue;

use super::paths::{Paths, limited};
use super::problem;
use super::receiver::{Secret, secret};
use crate::toml_file::{Keys, Problems};

pub(super) const HTTP_KEYS: &[&str] =
    &["listen", "socket", "token", "tls", "hosts", "connections_max"];
pub(super) const TLS_KEYS: &[&str] = &["certificate", "key"];

pub(super) const LISTEN_MAX: usize = 8;
pub(super) const HOSTS_MAX: usize = 32;
pub(super) const CONNECTIONS: RangeInclusive<i64> = 4..=4_096;

/// Where a run answers over HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Http {
    /// Addresses; none if it only answers on its socket.
    pub listen: Vec<SocketAddr>,
    /// The unix socket; one in the state directory if nothing is said.
    pub socket: Option<PathBuf>,
    /// What who asks must show, at addresses.
    pub token: Option<Secret>,
    /// What addresses are encrypted with.
    pub tls: Option<Certificate>,
    /// Further names by which it may be called.
    pub hosts: Vec<String>,
    /// So many connections are held for each address and for the socket.
    pub connections_max: usize,
}

/// A certificate and its key, as files in PEM.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// The chain, the server's own first.
    pub certificate: PathBuf,
    /// The key.
    pub key: PathBuf,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            listen: Vec::new(),
            socket: None,
            token: None,
            tls: None,
            hosts: Vec::new(),
            connections_max: 64,
        }
    }
}

/// What `tls` says.
enum Tls {
    /// It is not written.
    Unsaid,
    /// `"none"`.
    None,
    Certificate(Certificate),
    /// It is wrong.
    Wrong,
}

pub(super) fn read(keys: &Keys<'_, '_>, paths: Paths<'_>, problems: &mut Problems<'_>) -> Http {
    let usual = Http::default();
    let written = limited("listen", LISTEN_MAX, "listen at fewer addresses", keys, problems);
    let listen: Vec<_> = written.iter().filter_map(|text| address(text, problems)).collect();
    let tls = tls_of(keys, paths, problems);
    let token = secret::read("token", paths, keys, problems);
    let beyond = listen.iter().find(|address| !address.get_ref().ip().is_loopback());
    if let Some(beyond) = beyond {
        check_beyond(beyond, keys, &tls, problems);
    }
    let hosts = limited("hosts", HOSTS_MAX, "name those that are really used", keys, problems);
    let hosts = hosts.iter().filter_map(|text| host(text, problems)).collect();
    let hint = "a connection is held while something is asked; a scraper needs one";
    let connections = keys.number_in("connections_max", CONNECTIONS, hint, problems);
    let connections = connections.and_then(|count| usize::try_from(count.into_inner()).ok());
    Http {
        listen: listen.into_iter().map(Spanned::into_inner).collect(),
        socket: paths.path("socket", keys, problems).map(Spanned::into_inner),
        token,
        tls: if let Tls::Certificate(certificate) = tls { Some(certificate) } else { None },
        hosts,
        connections_max: connections.unwrap_or(usual.connections_max),
    }
}

/// Beyond this machine a token is shown, and not in the clear unless that is said.
fn check_beyond(
    address: &Spanned<SocketAddr>,
    keys: &Keys<'_, '_>,
    tls: &Tls,
    problems: &mut Problems<'_>,
) {
    let at = address.get_ref();
    if !keys.has("token") {
        let message = format!("{at} can be reached from other machines, and there is no `token`");
        let hint = "write `token = { file = \"…\" }`, or listen at 127.0.0.1".to_owned();
        problems.add(problem::OPEN_TO_ALL, address.span(), message, hint);
    }
    if matches!(tls, Tls::Unsaid) {
        let message = format!("{at} can be reached from other machines, and there is no `tls`");
        let hint = "write `tls = { certificate = \"…\", key = \"…\" }`, or `tls = \"none\"` where \
                    something else encrypts"
            .to_owned();
        problems.add(problem::OPEN_TO_ALL, address.span(), message, hint);
    }
}

/// `127.0.0.1:9464`, `[::1]:9464`, `localhost:9464`.
fn address(text: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Spanned<SocketAddr>> {
    let written = text.get_ref().as_str();
    let local = written.strip_prefix("localhost:").and_then(|port| port.parse().ok());
    let local = local.map(|port| SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), port));
    if let Some(address) = local.or_else(|| written.parse().ok()) {
        return Some(Spanned::new(text.span(), address));
    }
    let message = format!("`{written}` is no address with a port");
    let hint = "write it as in `127.0.0.1:9464` or `[::1]:9464`".to_owned();
    problems.add(problem::BAD_ADDRESS, text.span(), message, hint);
    None
}

fn tls_of(keys: &Keys<'_, '_>, paths: Paths<'_>, problems: &mut Problems<'_>) -> Tls {
    let Some(value) = keys.value("tls") else { return Tls::Unsaid };
    if let DeValue::String(word) = value.get_ref() {
        if word == "none" {
            return Tls::None;
        }
        let message = format!("`tls` is a certificate or `none`, not `{word}`");
        let hint = "write `tls = { certificate = \"…\", key = \"…\" }`".to_owned();
        problems.add(problem::BAD_VALUE, value.span(), message, hint);
        return Tls::Wrong;
    }
    let Some(table) = Keys::of_value(value, "tls", TLS_KEYS, problems) else { return Tls::Wrong };
    for key in TLS_KEYS.iter().filter(|key| !table.has(key)) {
        table.missing(key, "a certificate and its key are two files in PEM", problems);
    }
    let certificate = paths.path("certificate", &table, problems);
    let key = paths.path("key", &table, problems);
    let (Some(certificate), Some(key)) = (certificate, key) else { return Tls::Wrong };
    let (certificate, key) = (certificate.into_inner(), key.into_inner());
    Tls::Certificate(Certificate { certificate, key })
}

fn host(text: &Spanned<String>, problems: &mut Problems<'_>) -> Option<String> {
    let name = text.get_ref();
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    if !name.is_empty() && name.chars().all(is_plain) {
        return Some(name.to_ascii_lowercase());
    }
    let message = format!("`{}` is no name of a machine", name.escape_debug());
    let hint = "write the name alone, without a port, as in `monitor.example.com`".to_owned();
    problems.add(problem::BAD_VALUE, text.span(), message, hint);
    None
}
