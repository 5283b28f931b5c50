//! A connection to one mail server.
//!
//! Owns the order: name, connection, greeting, encryption, login, and then mails. Must never send
//! anything unencrypted that was to be encrypted. Fails with what went wrong in which step.
//!
//! Every answer must have the code that its question asks for: what was slipped in before the
//! encryption began would answer the question before, and be noticed.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::time::Duration;

use lettre::transport::smtp::client::SmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt, Rset};
use lettre::transport::smtp::extension::ClientId;
use lettre::transport::smtp::response::Response;

use super::problem::{Stage, Talk};
use super::{Envelope, login, tls};
use crate::clock::Stopwatch;
use crate::config::{Server, Servers, Tls};
use crate::deliver::{Accepted, Failure, Step, Trace};
use crate::surface::escape::mail_head;

/// A connection that was not used for so long may be gone.
const IDLE_MAX: Duration = Duration::from_secs(30);

/// After so long the servers are tried in order again.
const AGE_MAX: Duration = Duration::from_mins(5);

/// The answer behind a mail may wait for a search for viruses, and a time that is over here may
/// mean a second mail.
const END_TIMEOUTS: u32 = 3;

/// A connection over which mails can be sent.
pub(super) struct Session {
    connection: SmtpConnection,
    server: Server,
    tls: Tls,
    timeout: Duration,
    opened: Stopwatch,
    used: Stopwatch,
    /// What the server answers is no answer any more.
    is_lost: bool,
}

impl Session {
    pub(super) fn open(
        server: &Server,
        servers: &Servers,
        timeout: Duration,
        trace: Trace<'_>,
    ) -> Result<Self, Failure> {
        let talk = Talk { server, tls: servers.tls };
        let hello = servers
            .hello_name
            .as_ref()
            .map_or_else(ClientId::default, |name| ClientId::Domain(name.to_string()));
        let addresses = resolve(talk)?;
        let found: Vec<_> = addresses.iter().map(ToString::to_string).collect();
        step(trace, Stage::Resolve, format!("{server}: {}", found.join(", ")));
        let parameters = match servers.tls {
            Tls::None => None,
            _ => Some(tls::parameters(server, servers.ca_file.as_deref())?),
        };
        let at_once = parameters.as_ref().filter(|_| servers.tls == Tls::Implicit);
        let connected =
            SmtpConnection::connect(&addresses[..], Some(timeout), &hello, at_once, None);
        let mut connection = connected.map_err(|error| {
            let stage = if is_connecting(&error) { Stage::Connect } else { Stage::Hello };
            talk.failure(stage, &error)
        })?;
        let name = mail_head(connection.server_info().name(), 100);
        step(trace, Stage::Hello, format!("{server}: {name}, greeted as {hello}"));
        match &parameters {
            Some(parameters) if !connection.is_encrypted() => {
                if connection.can_starttls() {
                    let upgraded = connection.starttls(parameters, &hello);
                    upgraded.map_err(|error| talk.failure(Stage::Starttls, &error))?;
                } else if servers.tls == Tls::Starttls {
                    return Err(not_offered(talk));
                }
            }
            _ => {}
        }
        let text = if connection.is_encrypted() {
            "encrypted, the certificate is right"
        } else {
            "not encrypted"
        };
        step(trace, Stage::Tls, text.to_owned());
        if let Some(login) = &servers.login {
            login::log_in(&mut connection, talk, login, trace)?;
        }
        let (opened, used) = (Stopwatch::start(), Stopwatch::start());
        Ok(Self {
            connection,
            server: server.clone(),
            tls: servers.tls,
            timeout,
            opened,
            used,
            is_lost: false,
        })
    }

    /// Whether another mail may be sent over it.
    pub(super) fn is_fresh(&self) -> bool {
        !self.connection.has_broken()
            && self.used.elapsed() < IDLE_MAX
            && self.opened.elapsed() < AGE_MAX
    }

    /// Sends a mail.
    pub(super) fn hand_over(
        &mut self,
        mail: Envelope<'_>,
        trace: Trace<'_>,
    ) -> Result<Accepted, Failure> {
        self.used = Stopwatch::start();
        let from = Mail::new(Some(mail.from.clone()), Vec::new());
        self.ask(Stage::Sender, from, 250, trace)?;
        for to in mail.to {
            self.ask(Stage::Recipient, Rcpt::new(to.clone(), Vec::new()), 250, trace)?;
        }
        self.ask(Stage::Data, Data, 354, trace)?;
        // Whether it can be set shows in what is written next.
        let _ = self.connection.set_timeout(Some(self.timeout * END_TIMEOUTS));
        let answer = self.connection.message(mail.bytes);
        let _ = self.connection.set_timeout(Some(self.timeout));
        let answer = self.answered(Stage::End, answer, 250, trace)?;
        self.used = Stopwatch::start();
        Ok(Accepted { answer })
    }

    /// Whether the connection can be used again behind a mail that was not taken.
    pub(super) fn recovers(&mut self) -> bool {
        !self.is_lost && self.connection.command(Rset).is_ok()
    }

    /// Ends it, as servers like it.
    pub(super) fn close(mut self) {
        // A server that does not answer any more is left alone.
        let _ = self.connection.set_timeout(Some(Duration::from_secs(1)));
        let _ = self.connection.quit();
    }

    fn ask<C: std::fmt::Display>(
        &mut self,
        stage: Stage,
        command: C,
        code: u16,
        trace: Trace<'_>,
    ) -> Result<String, Failure> {
        let answer = self.connection.command(command);
        self.answered(stage, answer, code, trace)
    }

    fn answered(
        &mut self,
        stage: Stage,
        answer: Result<Response, lettre::transport::smtp::Error>,
        wanted: u16,
        trace: Trace<'_>,
    ) -> Result<String, Failure> {
        let talk = Talk { server: &self.server, tls: self.tls };
        let answer = answer.map_err(|error| {
            self.is_lost |= error.status().is_none();
            talk.failure(stage, &error)
        })?;
        let code = u16::from(answer.code());
        let text = answer.message().collect::<Vec<_>>().join(" ");
        let said = mail_head(&format!("{code} {text}"), 200);
        // 251: it is taken and forwarded.
        if code != wanted && !(stage == Stage::Recipient && code == 251) {
            self.is_lost = true;
            return Err(talk.unreachable(stage, &format!("an answer to another question ({said})")));
        }
        step(trace, stage, said.clone());
        Ok(said)
    }
}

fn resolve(talk: Talk<'_>) -> Result<Vec<SocketAddr>, Failure> {
    let Server { host, port } = talk.server;
    let found = (&**host, *port).to_socket_addrs();
    let found: Vec<_> = found.map_err(|error| talk.broken(Stage::Resolve, &error))?.collect();
    if found.is_empty() {
        return Err(talk.unreachable(Stage::Resolve, "the name has no address"));
    }
    Ok(found)
}

fn not_offered(talk: Talk<'_>) -> Failure {
    let failure =
        talk.unreachable(Stage::Starttls, "the server does not offer STARTTLS; nothing was sent");
    failure.with_hint(if talk.server.port == 465 {
        "port 465 is encrypted at once: write `tls = \"implicit\"`"
    } else {
        "is the port that for mail programs (587)? Something between may have taken the offer \
         out; only in a network that you trust write `tls = \"none\"`"
    })
}

/// The library tells a failed connection apart by this word alone.
fn is_connecting(error: &lettre::transport::smtp::Error) -> bool {
    error.to_string().starts_with("Connection error")
}

fn step(trace: Trace<'_>, stage: Stage, text: String) {
    trace(Step { stage: stage.word(), text });
}
