//! One request over HTTP, and what came back.
//!
//! Owns timeouts for every stage, whom to trust, that nobody is followed elsewhere, how much of an
//! answer is read, and that no address or secret stands in an error. Must never know a service.
//! Fails with the stage and the plain cause.

use std::fs;
use std::io::{self, Read as _};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Proxy, Timeout};

use crate::config::Link;
use crate::deliver::{Again, Failure, Hidden, Scope, Step, Trace};
use crate::surface::escape::visible;

/// So much of an answer is read; what a service says of a message is shorter.
const ANSWER_BYTES_MAX: u64 = 64 * 1024;

/// So much of it is shown.
const SHOWN_CHARS_MAX: usize = 300;

/// Shorter secrets are not looked for in answers.
const SECRET_BYTES_MIN: usize = 6;

/// Parts of an address that are shorter, or have no digit up to the second, are words.
const SECRET_PART_BYTES_MIN: usize = 8;
const WORD_BYTES_MAX: usize = 19;

/// No service is believed that asks to be left alone for longer.
const RETRY_AFTER_MAX: Duration = Duration::from_hours(1);

const RESOLVE_MAX: Duration = Duration::from_secs(5);
const CONNECT_MAX: Duration = Duration::from_secs(10);

const USER_AGENT: &str = concat!("ocrwatch/", env!("CARGO_PKG_VERSION"));

/// What is sent; always by POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Request {
    pub(super) url: Hidden,
    pub(super) headers: Vec<(String, Hidden)>,
    pub(super) body: Vec<u8>,
}

/// What came back.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Answer {
    pub(super) status: u16,
    /// How long the service asks to be left alone.
    pub(super) retry_after: Option<Duration>,
    /// The host to which it points.
    pub(super) elsewhere: Option<String>,
    /// Its beginning, as it is.
    pub(super) body: String,
}

/// Secrets that must not be shown.
#[derive(Debug, Default)]
pub(super) struct Masks(Vec<String>);

impl Masks {
    /// Of secrets, and of addresses whose parts are secrets.
    pub(super) fn of<'h>(secrets: impl IntoIterator<Item = &'h Hidden>) -> Self {
        let mut masks: Vec<String> = Vec::new();
        for secret in secrets {
            let text = secret.reveal();
            masks.push(text.to_owned());
            if let Some(place) = Place::of(text) {
                let parts = place.rest.split(['/', '?', '&', '=', '#']);
                masks.extend(parts.filter(|part| is_secret(part)).map(str::to_owned));
                let user = place.user.into_iter();
                masks.extend(user.flat_map(|user| user.split(':')).map(str::to_owned));
            } else {
                // `Bearer …`
                masks.extend(text.split(' ').map(str::to_owned));
            }
        }
        masks.retain(|mask| mask.len() >= SECRET_BYTES_MIN);
        // The longest first, or a part of it would be left.
        masks.sort_by_key(|mask| std::cmp::Reverse(mask.len()));
        Self(masks)
    }

    /// A text without them, on one line.
    pub(super) fn clean(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for mask in &self.0 {
            text = text.replace(mask.as_str(), "••••");
        }
        crate::render::chat::clip(visible(text.trim()).trim(), SHOWN_CHARS_MAX)
    }
}

/// Whether a part of an address is no word such as `webhook` or `services`.
fn is_secret(part: &str) -> bool {
    let has_digit = part.bytes().any(|byte| byte.is_ascii_digit());
    part.len() > WORD_BYTES_MAX || (has_digit && part.len() >= SECRET_PART_BYTES_MIN)
}

/// The parts of an address.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Place<'u> {
    pub(super) is_https: bool,
    /// What stands before an `@`: a name and a password.
    user: Option<&'u str>,
    /// With its port, if that is written.
    pub(super) host: &'u str,
    /// The path and what stands behind it.
    pub(super) rest: &'u str,
}

impl<'u> Place<'u> {
    pub(super) fn of(url: &'u str) -> Option<Self> {
        let (is_https, rest) = match url.strip_prefix("https://") {
            Some(rest) => (true, rest),
            None => (false, url.strip_prefix("http://")?),
        };
        let (host, rest) = rest.split_at(rest.find(['/', '?', '#']).unwrap_or(rest.len()));
        let (user, host) = match host.rsplit_once('@') {
            Some((user, host)) => (Some(user), host),
            None => (None, host),
        };
        (!host.is_empty()).then_some(Self { is_https, user, host, rest })
    }

    /// Whether it is this machine.
    pub(super) fn is_near(self) -> bool {
        let name = self.host.strip_prefix('[').map_or_else(
            || self.host.split(':').next().unwrap_or_default(),
            |rest| rest.split(']').next().unwrap_or_default(),
        );
        let is_loopback = |address: IpAddr| address.is_loopback();
        name == "localhost" || name.parse().is_ok_and(is_loopback)
    }
}

/// A way to servers.
pub(super) struct Http {
    agent: Agent,
    /// For this machine: no proxy.
    near: Agent,
}

impl Http {
    pub(super) fn new(link: &Link) -> Result<Self, Failure> {
        let tls = tls(link)?;
        let timeout = link.timeout.to_delta().to_std().unwrap_or(CONNECT_MAX);
        let agent = |proxy: Option<Proxy>| {
            let config = Agent::config_builder()
                .http_status_as_error(false)
                .max_redirects(0)
                .max_redirects_will_error(false)
                .user_agent(USER_AGENT)
                .tls_config(tls.clone())
                .proxy(proxy)
                .timeout_resolve(Some(RESOLVE_MAX.min(timeout)))
                .timeout_connect(Some(CONNECT_MAX.min(timeout)))
                .timeout_send_request(Some(timeout))
                .timeout_send_body(Some(timeout))
                .timeout_recv_response(Some(timeout))
                .timeout_recv_body(Some(timeout))
                .timeout_global(Some(timeout))
                // Messages are rare: a connection that was kept is closed by then.
                .max_idle_connections(0)
                .build();
            Agent::new_with_config(config)
        };
        Ok(Self { agent: agent(Proxy::try_from_env()), near: agent(None) })
    }

    /// Sends it and reads the answer.
    pub(super) fn post(
        &self,
        request: &Request,
        masks: &Masks,
        now: DateTime<Utc>,
        trace: Trace<'_>,
    ) -> Result<Answer, Failure> {
        let url = request.url.reveal();
        let no_address = || {
            let what = "the address is none of a web server";
            Failure::unreachable("address", what).with_hint("write it with `https://` in front")
        };
        let place = Place::of(url).ok_or_else(no_address)?;
        let host = visible(place.host);
        trace(Step { stage: "connect", text: host.clone() });
        let agent = if place.is_near() { &self.near } else { &self.agent };
        let mut post = agent.post(url);
        for (name, value) in &request.headers {
            post = post.header(name, value.reveal());
        }
        trace(Step { stage: "send", text: format!("{} bytes", request.body.len()) });
        let mut response =
            post.send(&request.body[..]).map_err(|error| failure(&error, &host, masks))?;
        let header = |name: &str| {
            let value = response.headers().get(name).and_then(|value| value.to_str().ok());
            value.map(str::to_owned)
        };
        let mut answer = Answer {
            status: response.status().as_u16(),
            retry_after: header("retry-after").and_then(|value| retry_after(&value, now)),
            elsewhere: header("location").map(|to| elsewhere(&to, &host)),
            body: String::new(),
        };
        let mut body = Vec::new();
        let read = response.body_mut().as_reader().take(ANSWER_BYTES_MAX).read_to_end(&mut body);
        answer.body = String::from_utf8_lossy(&body).into_owned();
        let said = format!("HTTP {} {}", answer.status, masks.clean(&answer.body));
        trace(Step { stage: "answer", text: said.trim_end().to_owned() });
        // The status is what counts; a service whose body counts reads none.
        match read {
            Err(error) if answer.body.is_empty() => Err(of_io(&error, &host, masks)),
            _ => Ok(answer),
        }
    }
}

fn tls(link: &Link) -> Result<TlsConfig, Failure> {
    let builder = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let Some(path) = &link.ca_file else {
        return Ok(builder.root_certs(RootCerts::PlatformVerifier).build());
    };
    let wrong = |what: String| {
        Failure::unreachable("certificates", format!("{}: {what}", path.display()))
            .with_hint("`ca_file` is a file in PEM with the certificates of the own authority")
    };
    let pem = fs::read(path).map_err(|error| wrong(error.to_string()))?;
    let certificates: Vec<_> = parse_pem(&pem)
        .filter_map(|item| match item {
            Ok(PemItem::Certificate(certificate)) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(wrong("no certificate stands in it".to_owned()));
    }
    Ok(builder.root_certs(RootCerts::new_with_certs(&certificates)).build())
}

/// Seconds, or a date.
fn retry_after(value: &str, now: DateTime<Utc>) -> Option<Duration> {
    let value = value.trim();
    let wait = if let Ok(seconds) = value.parse() {
        Duration::from_secs(seconds)
    } else {
        let at = DateTime::parse_from_rfc2822(value).ok()?;
        (at.to_utc() - now).to_std().unwrap_or_default()
    };
    Some(wait.min(RETRY_AFTER_MAX))
}

/// The host of a `Location`, which may be a path of the same one.
fn elsewhere(location: &str, host: &str) -> String {
    Place::of(location).map_or_else(|| host.to_owned(), |place| visible(place.host))
}

fn failure(error: &ureq::Error, host: &str, masks: &Masks) -> Failure {
    let unreachable = |stage, what: String| Failure::unreachable(stage, what);
    match error {
        ureq::Error::Timeout(timeout) => {
            let (stage, what) = match timeout {
                Timeout::Resolve => ("resolve", "the name was not found in time"),
                Timeout::Connect => ("connect", "nobody answered in time"),
                Timeout::SendRequest | Timeout::SendBody => ("send", "it was not taken in time"),
                _ => ("answer", "no answer came in time; it may have been taken"),
            };
            unreachable(stage, format!("{host}: {what}"))
        }
        ureq::Error::HostNotFound => no_host(host),
        ureq::Error::Io(error) => of_io(error, host, masks),
        ureq::Error::Rustls(error) => of_tls(&error.to_string(), host, masks),
        ureq::Error::Tls(what) => of_tls(what, host, masks),
        ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
            unreachable("address", "the address or a header holds what cannot be sent".to_owned())
                .with_hint("look for blanks and line breaks in the secret's first line")
        }
        ureq::Error::ConnectProxyFailed(_) | ureq::Error::InvalidProxyUrl => {
            unreachable("connect", format!("{host}: the proxy does not let it through"))
                .with_hint("look at HTTPS_PROXY and NO_PROXY in the program's environment")
        }
        ureq::Error::LargeResponseHeader(..) | ureq::Error::Protocol(_) => {
            unreachable("answer", format!("{host}: what came back is no HTTP"))
                .with_hint("look at the address: its scheme and its port")
        }
        other => unreachable("send", format!("{host}: {}", masks.clean(&other.to_string()))),
    }
}

fn no_host(host: &str) -> Failure {
    Failure::unreachable("resolve", format!("the name of {host} is not known"))
        .with_hint("look at the address, and at this machine's name servers")
}

fn of_io(error: &io::Error, host: &str, masks: &Masks) -> Failure {
    let text = error.to_string();
    if text.contains("certificate") || text.contains("TLS") || text.contains("InvalidContentType") {
        return of_tls(&text, host, masks);
    }
    if text.contains("lookup address") {
        return no_host(host);
    }
    let (stage, what, hint) = match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            ("connect", "nobody listens there".to_owned(), Some("look at the host and the port"))
        }
        io::ErrorKind::ConnectionReset | io::ErrorKind::UnexpectedEof => {
            ("answer", "it hung up before it answered; it may have been taken".to_owned(), None)
        }
        _ => ("connect", masks.clean(&text), None),
    };
    let failure = Failure::unreachable(stage, format!("{host}: {what}"));
    match hint {
        Some(hint) => failure.with_hint(hint),
        None => failure,
    }
}

fn of_tls(text: &str, host: &str, masks: &Masks) -> Failure {
    let hint = if text.contains("UnknownIssuer") || text.contains("unknown issuer") {
        "nobody whom this machine trusts vouches for it: install ca-certificates, or name the own \
         authority's file with `ca_file`"
    } else if text.contains("xpired") || text.contains("NotValidYet") {
        "its certificate is not valid now: renew it, or look at this machine's clock"
    } else if text.contains("NotValidForName") {
        "its certificate is another host's: look at the address"
    } else if text.contains("InvalidContentType") || text.contains("corrupt message") {
        "it does not speak TLS on this port: look at the scheme and the port"
    } else {
        "look at its certificate with `openssl s_client -connect`"
    };
    Failure {
        stage: "tls",
        what: format!("{host}: {}", masks.clean(text)),
        hint: Some(hint.to_owned()),
        again: Again::Later,
        scope: Scope::Receiver,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retry_after_is_seconds_or_a_date_and_never_longer_than_an_hour() {
        let now = DateTime::parse_from_rfc3339("2026-11-30T08:00:00Z").unwrap().to_utc();
        let check = |value: &str| retry_after(value, now).map(|wait| wait.as_secs());
        assert_eq!(check("17"), Some(17));
        assert_eq!(check(" 999999 "), Some(3600));
        assert_eq!(check("Mon, 30 Nov 2026 08:01:30 GMT"), Some(90));
        assert_eq!(check("Mon, 30 Nov 2026 07:00:00 GMT"), Some(0));
        assert_eq!(check("soon"), None);
        assert_eq!(check("-5"), None);
    }

    #[test]
    fn secrets_are_not_shown_nor_parts_of_an_address() {
        let url = Hidden::new("https://h.example/robot/send?access_token=0123456789abcdef&x=1");
        let masks = Masks::of([&url, &Hidden::new("Bearer s3cr3t-s3cr3t")]);
        let said = masks.clean("token 0123456789abcdef of s3cr3t-s3cr3t\n\u{1b}[2J h.example");
        assert_eq!(said, "token •••• of ••••\\n\\x1b[2J h.example");
        assert_eq!(masks.clean(url.reveal()), "••••");
        let robot = Hidden::new("https://q.example/cgi-bin/webhook/send?key=693a91f6-7xxx");
        let said = Masks::of([&robot]).clean("invalid webhook url 693a91f6-7xxx");
        assert_eq!(said, "invalid webhook url ••••");
        let login = Hidden::new("https://ops:pass-word@h.example/x");
        assert_eq!(Place::of(login.reveal()).map(|place| place.host), Some("h.example"));
        assert_eq!(Masks::of([&login]).clean("no pass-word of ops"), "no •••• of ops");
        assert_eq!(masks.clean(&"x".repeat(1000)).chars().count(), 300);
    }

    #[test]
    fn this_machine_is_told_from_others() {
        let is_near = |url| Place::of(url).is_some_and(Place::is_near);
        assert!(
            is_near("http://127.0.0.1:9/x")
                && is_near("http://[::1]:9")
                && is_near("http://localhost")
        );
        assert!(!is_near("http://localhost.example/") && !is_near("https://10.0.0.1/127.0.0.1"));
        assert!(
            !is_near("http://127.example/") && !is_near("http://localhost:1@elsewhere.example/")
        );
        assert_eq!(Place::of("ftp://x"), None);
        assert_eq!(Place::of("https:///x"), None);
    }
}
