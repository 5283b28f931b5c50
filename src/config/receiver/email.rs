//! `email`: mail servers, and who gets the mail.
//!
//! Owns its keys and their bounds, and what contradicts what. Must never read a secret or ask a
//! server. What is wrong is a problem and reads as absent.

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use lettre::message::Mailbox;
use toml::Spanned;

use super::address::{self, Server, mail_address, mailbox, of_key};
use super::secret::{self, Secret};
use crate::config::paths::{Paths, limited};
use crate::config::problem;
use crate::engine::Span;
use crate::rules::span_in;
use crate::toml_file::{Keys, Problems};

pub(super) const KEYS: &[&str] = &[
    "to",
    "from",
    "reply_to",
    "servers",
    "sendmail",
    "tls",
    "ca_file",
    "user",
    "password",
    "oauth_token",
    "hello_name",
    "timeout",
];

/// The keys that mean nothing to a program that takes mail.
const OF_SERVERS: [&str; 6] = ["tls", "ca_file", "user", "password", "oauth_token", "hello_name"];

/// So many can get one mail.
pub const RECIPIENTS_MAX: usize = 64;
pub(super) const SERVERS_MAX: usize = 8;
pub(super) const TIMEOUTS: RangeInclusive<i64> = Span::SECOND.0..=10 * Span::MINUTE.0;
pub(super) const TIMEOUT: Span = Span(20_000);

/// The program that takes mail on most machines, and that lines of a single dot are text.
const SENDMAIL: [&str; 2] = ["/usr/sbin/sendmail", "-i"];

pub(super) const TLS: [(&str, Tls); 4] = [
    ("starttls", Tls::Starttls),
    ("implicit", Tls::Implicit),
    ("opportunistic", Tls::Opportunistic),
    ("none", Tls::None),
];

/// Mail to some people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// Who gets it, as addresses; each is delivered to on its own.
    pub to: Vec<Arc<str>>,
    /// Who it is from, and where it comes back to if it cannot be delivered.
    pub from: Mailbox,
    /// Where answers go, if not there.
    pub reply_to: Option<Mailbox>,
    /// Who takes it.
    pub via: Via,
    /// How long each step of handing it over may take.
    pub timeout: Span,
}

impl Email {
    /// Mail by this machine's own program, where no configuration says how it is sent.
    pub fn by_machine(to: Vec<Arc<str>>, from: Mailbox) -> Self {
        let program = SENDMAIL.map(str::to_owned).into();
        Self { to, from, reply_to: None, via: Via::Sendmail(program), timeout: TIMEOUT }
    }
}

/// Who takes mail.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Via {
    /// Mail servers.
    Servers(Servers),
    /// A program and its arguments; no shell reads them.
    Sendmail(Arc<[String]>),
}

/// Mail servers, and how they are talked to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Servers {
    /// The servers; a later one if the earlier ones take nothing.
    pub list: Vec<Server>,
    /// How what is sent is encrypted.
    pub tls: Tls,
    /// Certificate authorities to believe instead of the machine's.
    pub ca_file: Option<PathBuf>,
    /// Who logs in.
    pub login: Option<Login>,
    /// As whom this program greets; the machine's name if there is none.
    pub hello_name: Option<Arc<str>>,
}

/// How a connection to a mail server is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Tls {
    /// From the command STARTTLS on, without which nothing is sent.
    #[default]
    Starttls,
    /// From the first byte on.
    Implicit,
    /// From STARTTLS on if the server offers it.
    Opportunistic,
    /// Not at all.
    None,
}

impl Tls {
    /// The word for it.
    pub fn word(self) -> &'static str {
        TLS.into_iter().find(|(_, tls)| *tls == self).map_or("", |(word, _)| word)
    }

    fn port(self) -> u16 {
        match self {
            Self::Starttls => 587,
            Self::Implicit => 465,
            Self::Opportunistic | Self::None => 25,
        }
    }
}

/// Who logs in to a mail server, and by what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    /// The name.
    pub user: Arc<str>,
    /// What proves it.
    pub proof: Proof,
}

/// What proves who logs in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Proof {
    /// A password: `PLAIN`, or else `LOGIN`.
    Password(Secret),
    /// A token of OAuth: `XOAUTH2`. It is read anew for each connection.
    Token(Secret),
}

pub(super) fn read(
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Email> {
    let keys = keys.table("email", "email", KEYS, problems)?;
    let to = recipients(&keys, problems);
    let from = keys.required_text("from", "say who it is from: `from = \"a@b.example\"`", problems);
    let from = from.and_then(|text| of_key("from", &text, mailbox, problems));
    let reply_to = keys.text("reply_to", problems);
    let reply_to = reply_to.and_then(|text| of_key("reply_to", &text, mailbox, problems));
    let timeout = span_in(&keys, "timeout", TIMEOUTS, problems);
    let via = via(paths, &keys, problems);
    Some(Email { to: to?, from: from?, reply_to, via: via?, timeout: timeout.unwrap_or(TIMEOUT) })
}

fn recipients(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Vec<Arc<str>>> {
    if !keys.has("to") {
        keys.missing("to", "say who gets it: `to = [\"ops@example.com\"]`", problems);
    }
    let hint = "write a list's own address, or several receivers";
    let mut known: Vec<Arc<str>> = Vec::new();
    for text in limited("to", RECIPIENTS_MAX, hint, keys, problems) {
        let Some(address) = of_key("to", &text, mail_address, problems) else { continue };
        if known.iter().any(|known| known.eq_ignore_ascii_case(&address)) {
            let message = format!("`{address}` stands twice");
            let hint = "each gets one mail; leave one out".to_owned();
            problems.add(problem::BAD_ADDRESS, text.span(), message, hint);
        } else {
            known.push(address);
        }
    }
    if known.is_empty()
        && let Some(value) = keys.value("to")
        && value.get_ref().as_array().is_some_and(|items| items.is_empty())
    {
        let message = "`to` lists nobody".to_owned();
        let hint = "write an address, such as `to = [\"ops@example.com\"]`".to_owned();
        problems.add(problem::BAD_ADDRESS, value.span(), message, hint);
    }
    (!known.is_empty()).then_some(known)
}

fn via(paths: Paths<'_>, keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Via> {
    if !keys.has("sendmail") {
        return servers(paths, keys, problems).map(Via::Servers);
    }
    let program = secret::arguments("sendmail", keys, problems);
    for key in ["servers"].into_iter().chain(OF_SERVERS) {
        if let Some(value) = keys.value(key) {
            let message = format!("`{key}` means nothing beside `sendmail`");
            let hint = "the program knows its servers; leave one of the two out".to_owned();
            problems.add(problem::MISPLACED_KEY, value.span(), message, hint);
        }
    }
    program.map(Via::Sendmail)
}

fn servers(paths: Paths<'_>, keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Servers> {
    let tls = keys.one_of("tls", &TLS, problems).map(Spanned::into_inner).unwrap_or_default();
    if !keys.has("servers") {
        let hint = "name a mail server, such as `servers = [\"smtp.example.com\"]`, or `sendmail`";
        keys.missing("servers", hint, problems);
    }
    let hint = "name those that matter";
    let texts = limited("servers", SERVERS_MAX, hint, keys, problems);
    let list: Vec<_> =
        texts.iter().filter_map(|text| address::server(text, tls.port(), problems)).collect();
    let ca_file = paths.path("ca_file", keys, problems).map(Spanned::into_inner);
    if let (Tls::None, Some(value)) = (tls, keys.value("ca_file")) {
        let message = "`ca_file` means nothing where nothing is encrypted".to_owned();
        let hint = "leave it out, or leave `tls = \"none\"` out".to_owned();
        problems.add(problem::MISPLACED_KEY, value.span(), message, hint);
    }
    let login = login(paths, keys, problems);
    is_sent_in_the_open(tls, &list, keys, problems);
    let hello_name = keys.text("hello_name", problems);
    let hello_name = hello_name.and_then(|text| address::host("hello_name", &text, problems));
    if list.is_empty() {
        return None;
    }
    Some(Servers { list, tls, ca_file, login, hello_name })
}

fn login(paths: Paths<'_>, keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Login> {
    let user = keys.text("user", problems);
    let password = secret::read("password", paths, keys, problems);
    let token = secret::read("oauth_token", paths, keys, problems);
    let has_proof = keys.has("password") || keys.has("oauth_token");
    if let Some(value) = keys.value("oauth_token").filter(|_| keys.has("password")) {
        let message = "`password` and `oauth_token` are two ways to log in".to_owned();
        problems.add(problem::BAD_VALUE, value.span(), message, "leave one out".to_owned());
    }
    if has_proof && !keys.has("user") {
        keys.missing("user", "say who logs in: `user = \"alerts@example.com\"`", problems);
    } else if keys.has("user") && !has_proof {
        let hint = "say where it lies: `password = { file = \"smtp.password\" }`, or `oauth_token`";
        keys.missing("password", hint, problems);
    }
    let proof = password.map(Proof::Password).or_else(|| token.map(Proof::Token));
    Some(Login { user: user?.get_ref().as_str().into(), proof: proof? })
}

/// A password on a line that anybody may read, or be tricked into.
fn is_sent_in_the_open(
    tls: Tls,
    list: &[Server],
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) {
    let proof = keys.value("password").or_else(|| keys.value("oauth_token"));
    let may_be_plain = matches!(tls, Tls::None | Tls::Opportunistic);
    let (Some(proof), true) = (proof, may_be_plain) else { return };
    let Some(server) = list.iter().find(|server| !server.is_this_machine()) else { return };
    let message = format!(
        "with `tls = \"{}\"` this secret may cross the network to {} unencrypted",
        tls.word(),
        server.host
    );
    let hint = "write `tls = \"starttls\"` or `tls = \"implicit\"`".to_owned();
    problems.add(problem::BAD_VALUE, proof.span(), message, hint);
}

#[cfg(test)]
mod tests;
