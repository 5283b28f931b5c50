//! Mail addresses and the names of servers, as a configuration and a command line write them.
//!
//! Owns which of them are right. Must never ask whether anybody is there. What is wrong in a file
//! is a problem and reads as absent; what is wrong in an argument fails with what to write instead.

use std::fmt;
use std::sync::Arc;

use lettre::Address;
use lettre::message::Mailbox;
use toml::Spanned;

use crate::config::problem;
use crate::toml_file::Problems;

/// As long as a name of a host can be.
const HOST_BYTES_MAX: usize = 253;

const ADDRESS_HINT: &str = "an address looks like `ops@example.com`";

/// A line of a mail's head has room for no more.
const NAME_CHARS_MAX: usize = 128;

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Its name, which its certificate must have, or its address.
    pub host: Arc<str>,
    /// Its port.
    pub port: u16,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

impl Server {
    /// Whether what is sent there leaves the machine not at all.
    pub(super) fn is_this_machine(&self) -> bool {
        let host = &*self.host;
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let is_loopback = host.starts_with("127.") && host.split('.').all(digits);
        is_loopback || host == "localhost" || host == "::1"
    }
}

/// An address alone, such as `ops@example.com`. Fails with what to write instead.
pub fn mail_address(text: &str) -> Result<Arc<str>, &'static str> {
    let text = text.trim();
    match why_no_address(text) {
        None => Ok(text.into()),
        Some(_) if text.ends_with('>') => Err("write the address alone, without a name"),
        Some(hint) => Err(hint),
    }
}

/// An address, or one with a name such as `OCR alerts <alerts@example.com>`. Fails with what to
/// write instead.
pub fn mailbox(text: &str) -> Result<Mailbox, &'static str> {
    let text = text.trim();
    let (name, address) = match text.strip_suffix('>').and_then(|rest| rest.rsplit_once('<')) {
        Some((name, address)) => (name.trim().trim_matches('"').trim(), address.trim()),
        None => ("", text),
    };
    if let Some(hint) = why_no_address(address) {
        return Err(hint);
    }
    if name.chars().count() > NAME_CHARS_MAX {
        return Err("give a shorter name");
    }
    let name = (!name.is_empty()).then(|| name.to_owned());
    let address = address.parse().map_err(|_| ADDRESS_HINT)?;
    Ok(Mailbox::new(name, address))
}

/// What a key says, as one of these reads it.
pub(super) fn of_key<T>(
    key: &str,
    text: &Spanned<String>,
    read: impl Fn(&str) -> Result<T, &'static str>,
    problems: &mut Problems<'_>,
) -> Option<T> {
    read(text.get_ref())
        .map_err(|hint| {
            let typed = text.get_ref().trim().escape_debug();
            let message = format!("`{key}`: `{typed}` is no mail address");
            problems.add(problem::BAD_ADDRESS, text.span(), message, hint.to_owned());
        })
        .ok()
}

/// What to write instead, if it is none.
fn why_no_address(text: &str) -> Option<&'static str> {
    if !text.is_ascii() {
        let domain = text.rsplit_once('@').map_or(text, |(local, _)| local);
        return Some(if domain.is_ascii() {
            "write the domain in ASCII, as `xn--…`"
        } else {
            "few servers take a name that is not ASCII; write another address of the same mailbox"
        });
    }
    // A blank would end it in the outbox, a leading `-` would be an option of sendmail.
    let is_plain = !text.starts_with('-')
        && text.bytes().all(|b| b.is_ascii_graphic() && !b"\"(),:;<>\\[]".contains(&b));
    let domain = text.rsplit_once('@').map_or("", |(_, domain)| domain);
    let is_address = is_plain && is_host(domain) && text.parse::<Address>().is_ok();
    (!is_address).then_some(ADDRESS_HINT)
}

/// A server such as `smtp.example.com:587`.
pub(super) fn server(
    text: &Spanned<String>,
    port: u16,
    problems: &mut Problems<'_>,
) -> Option<Server> {
    let typed = text.get_ref().trim();
    let mut wrong = |hint: &str| {
        let message = format!("`{}` is no mail server", typed.escape_debug());
        problems.add(problem::BAD_ADDRESS, text.span(), message, hint.to_owned());
    };
    if typed.contains("://") {
        wrong("write the name and the port alone; `tls` says how it is encrypted");
        return None;
    }
    let (host, given) = match typed.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((host, rest)) => (host, rest.strip_prefix(':')),
        None => typed.split_once(':').map_or((typed, None), |(host, port)| (host, Some(port))),
    };
    let port = given.map_or(Some(port), |given| given.parse().ok().filter(|port| *port > 0));
    let is_literal =
        typed.starts_with('[') && host.bytes().all(|b| b.is_ascii_hexdigit() || b".:".contains(&b));
    match port {
        Some(port) if is_host(host) || is_literal => Some(Server { host: host.into(), port }),
        _ => {
            wrong("a server looks like `smtp.example.com:587`, `192.0.2.1` or `[2001:db8::1]:25`");
            None
        }
    }
}

/// The name of a host.
pub(super) fn host(
    key: &str,
    text: &Spanned<String>,
    problems: &mut Problems<'_>,
) -> Option<Arc<str>> {
    if is_host(text.get_ref()) {
        return Some(text.get_ref().as_str().into());
    }
    let message = format!("`{key}` is no name of a host");
    let hint = "a name looks like `monitor.example.com`".to_owned();
    problems.add(problem::BAD_ADDRESS, text.span(), message, hint);
    None
}

fn is_host(text: &str) -> bool {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    text.len() <= HOST_BYTES_MAX && text.split('.').all(is_label)
}
