//! The API of a run, asked.
//!
//! Owns the way there, limits of time and bytes, and what an answer's status means. Must never
//! judge what a run says of itself. Fails with [`NoAnswer`], which tells a run that is not there
//! from one that may not be asked.

mod no_answer;
mod socket;

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use ureq::http::Response;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};
use ureq::{Agent, Body};

pub(super) use no_answer::{NoAnswer, Why};
use socket::{NoResolver, SocketConnector};

use super::exit_code::ExitCode;
use super::failure::{Failure, plain, with_hint};
use super::state::StateArgs;
use crate::config::Secret;
use crate::deliver::{Hidden, secret};
use crate::http::{NewSilence, Silenced, socket_path};
use crate::status::Status;
use crate::zone::Zone;

/// An answer is no longer than this: 500 alerts and 1,000 sources are less than 2 MiB.
const ANSWER_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// So many minutes of errors are asked for.
const MINUTES_MAX: usize = 10_000;

/// What may not stand as it is in one part of a path.
const NOT_IN_PART: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

const USER_AGENT: &str = concat!("ocrwatch/", env!("CARGO_PKG_VERSION"));

/// Which run is asked, and how.
#[derive(Debug, Clone, Args)]
pub(super) struct RunArgs {
    /// The unix socket of the run [default: the configuration's, else `http.sock` in the state
    /// directory]
    #[arg(long, value_name = "PATH", conflicts_with = "url")]
    socket: Option<PathBuf>,

    /// The address at which the run serves HTTP, such as `http://127.0.0.1:9464`
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// The file whose first line is the token that the run asks for at an address
    #[arg(long, value_name = "FILE", requires = "url")]
    token_file: Option<PathBuf>,

    /// The certificates in PEM by which the run's certificate is believed, instead of the
    /// machine's
    #[arg(long, value_name = "FILE", requires = "url")]
    ca_file: Option<PathBuf>,

    #[command(flatten)]
    place: StateArgs,
}

/// A way to one run.
#[derive(Debug)]
pub(super) struct Client {
    agent: Agent,
    place: Place,
    token: Option<Hidden>,
}

/// Where a run is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Place {
    /// At its unix socket.
    Socket(PathBuf),
    /// At an address, without a `/` at its end.
    Url(String),
}

/// Errors minute by minute, the oldest first.
#[derive(Debug, Clone, Default, Deserialize)]
pub(super) struct Minutes {
    pub(super) minutes: Vec<Minute>,
    /// Not all are there.
    #[serde(default)]
    pub(super) left_out: bool,
}

/// The errors of a code in one minute.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Minute {
    pub(super) at: DateTime<Utc>,
    pub(super) module: String,
    pub(super) errors: u64,
}

impl RunArgs {
    /// The way to the run, and the zone in which times are shown.
    pub(super) fn client(&self, timeout: Duration) -> Result<(Client, Zone), Failure> {
        let configuration = self.place.configuration()?;
        let zone = StateArgs::zone(configuration.as_ref());
        let place = match (&self.url, &self.socket) {
            (Some(url), _) => Place::Url(base(url)?),
            (None, Some(socket)) => Place::Socket(socket.clone()),
            (None, None) => {
                let directory = self.place.directory(configuration.as_ref())?;
                let configured = configuration.as_ref().and_then(|it| it.http.socket.as_deref());
                Place::Socket(socket_path(configured, &directory))
            }
        };
        let token = self.token_file.as_deref().map(token).transpose()?;
        let agent = agent(&place, self.ca_file.as_deref(), timeout)?;
        Ok((Client { agent, place, token }, zone))
    }
}

fn base(url: &str) -> Result<String, Failure> {
    let rest = url.strip_prefix("http://").or_else(|| url.strip_prefix("https://"));
    let host = rest.map(|rest| rest.trim_end_matches('/'));
    match host {
        Some(host) if !host.is_empty() && !host.contains(['/', '?', '#', '@']) => {
            Ok(url.trim_end_matches('/').to_owned())
        }
        _ => {
            let hint = "write a scheme, a host and a port: `http://127.0.0.1:9464`";
            Err(Failure::usage("`--url` is no address of a run", hint))
        }
    }
}

fn token(path: &Path) -> Result<Hidden, Failure> {
    secret::read(&Secret::File(path.to_owned())).map_err(|error| {
        let problem = with_hint(&format!("cannot read the token: {error}"), error.hint);
        Failure::new(ExitCode::Configuration, vec![problem])
    })
}

fn agent(place: &Place, ca_file: Option<&Path>, timeout: Duration) -> Result<Agent, Failure> {
    let config = Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .max_redirects_will_error(false)
        .user_agent(USER_AGENT)
        .tls_config(tls(ca_file)?)
        .proxy(None)
        .timeout_global(Some(timeout))
        .max_idle_connections(0)
        .build();
    Ok(match place {
        Place::Socket(path) => Agent::with_parts(config, SocketConnector(path.clone()), NoResolver),
        Place::Url(_) => Agent::new_with_config(config),
    })
}

fn tls(ca_file: Option<&Path>) -> Result<TlsConfig, Failure> {
    let builder = TlsConfig::builder()
        .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()));
    let Some(path) = ca_file else {
        return Ok(builder.root_certs(RootCerts::PlatformVerifier).build());
    };
    let wrong = |what: &str| {
        let problem = format!("cannot use the certificates of {}: {what}", path.display());
        let hint = "`--ca-file` is a file in PEM with the certificates of the own authority";
        Failure::new(ExitCode::Configuration, vec![with_hint(&problem, hint)])
    };
    let pem = std::fs::read(path).map_err(|error| wrong(&plain(&error)))?;
    let items = parse_pem(&pem).filter_map(Result::ok);
    let certificates: Vec<_> = items
        .filter_map(|item| match item {
            PemItem::Certificate(certificate) => Some(certificate),
            _ => None,
        })
        .collect();
    if certificates.is_empty() {
        return Err(wrong("no certificate stands in it"));
    }
    Ok(builder.root_certs(RootCerts::new_with_certs(&certificates)).build())
}

impl Client {
    /// How the run stands.
    pub(super) fn status(&self) -> Result<Status, NoAnswer> {
        self.get("/api/v1/status")
    }

    /// The errors since an instant.
    pub(super) fn minutes(&self, from: DateTime<Utc>) -> Result<Minutes, NoAnswer> {
        let from = from.to_rfc3339_opts(SecondsFormat::Secs, true);
        self.get(&format!("/api/v1/occurrences?from={from}&limit={MINUTES_MAX}"))
    }

    /// Makes a silence.
    pub(super) fn add_silence(&self, silence: &NewSilence) -> Result<Silenced, NoAnswer> {
        let body = serde_json::to_vec(silence).map_err(|error| NoAnswer::unreadable(&error))?;
        let mut post = self.agent.post(self.address("/api/v1/silences"));
        if let Some(token) = &self.token {
            post = post.header("Authorization", bearer(token));
        }
        self.read(post.header("Content-Type", "application/json").send(&body[..]))
    }

    /// Ends a silence.
    pub(super) fn expire(&self, id: &str) -> Result<Silenced, NoAnswer> {
        let id = utf8_percent_encode(id, NOT_IN_PART);
        let mut delete = self.agent.delete(self.address(&format!("/api/v1/silences/{id}")));
        if let Some(token) = &self.token {
            delete = delete.header("Authorization", bearer(token));
        }
        self.read(delete.call())
    }

    fn get<T: DeserializeOwned>(&self, path: &str) -> Result<T, NoAnswer> {
        let mut get = self.agent.get(self.address(path));
        if let Some(token) = &self.token {
            get = get.header("Authorization", bearer(token));
        }
        self.read(get.call())
    }

    fn address(&self, path: &str) -> String {
        match &self.place {
            Place::Socket(_) => format!("http://localhost{path}"),
            Place::Url(base) => format!("{base}{path}"),
        }
    }

    fn read<T: DeserializeOwned>(
        &self,
        answer: Result<Response<Body>, ureq::Error>,
    ) -> Result<T, NoAnswer> {
        let failed = |error: &ureq::Error| NoAnswer::of(error, &self.place);
        let mut answer = answer.map_err(|error| failed(&error))?;
        let mut body = Vec::new();
        let reader = answer.body_mut().as_reader().take(ANSWER_BYTES_MAX);
        let read = { reader }.read_to_end(&mut body);
        read.map_err(|error| failed(&ureq::Error::from(error)))?;
        if !answer.status().is_success() {
            return Err(NoAnswer::refused(answer.status().as_u16(), &body));
        }
        serde_json::from_slice(&body).map_err(|error| NoAnswer::unreadable(&error))
    }
}

fn bearer(token: &Hidden) -> String {
    format!("Bearer {}", token.reveal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_scheme_a_host_and_a_port() {
        let read = |url: &str| base(url).ok();
        assert_eq!(read("http://127.0.0.1:9464/").as_deref(), Some("http://127.0.0.1:9464"));
        assert_eq!(read("https://[::1]:9464").as_deref(), Some("https://[::1]:9464"));
        for wrong in ["127.0.0.1:9464", "http://", "ftp://x", "http://x/y", "http://me:pw@x"] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }
}
