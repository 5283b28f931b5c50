//! Why a mail server did not take a mail, and what to do about it.
//!
//! Owns the words, and what each failure concerns: the server and with it all mails, or one mail.
//! Must never show a secret. Nothing here fails.

use std::error::Error as _;
use std::io;

use lettre::transport::smtp::Error;
use rustls::CertificateError;

use crate::config::{Server, Tls};
use crate::deliver::{Again, Failure, Scope};
use crate::surface::escape::mail_head;

/// So much is shown of what a server said.
const REPLY_CHARS_MAX: usize = 300;

/// A step of handing a mail over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    Resolve,
    Connect,
    Tls,
    Hello,
    Starttls,
    Login,
    Sender,
    Recipient,
    Data,
    End,
}

impl Stage {
    #[cfg(test)]
    const ALL: [Self; 10] = [
        Self::Resolve,
        Self::Connect,
        Self::Tls,
        Self::Hello,
        Self::Starttls,
        Self::Login,
        Self::Sender,
        Self::Recipient,
        Self::Data,
        Self::End,
    ];

    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Resolve => "resolve",
            Self::Connect => "connect",
            Self::Tls => "tls",
            Self::Hello => "hello",
            Self::Starttls => "starttls",
            Self::Login => "login",
            Self::Sender => "sender",
            Self::Recipient => "recipient",
            Self::Data => "data",
            Self::End => "end of data",
        }
    }
}

/// Which server, and how it is talked to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Talk<'t> {
    pub(super) server: &'t Server,
    pub(super) tls: Tls,
}

impl Talk<'_> {
    /// Something went wrong that no reply of the server's tells.
    pub(super) fn unreachable(&self, stage: Stage, what: &str) -> Failure {
        Failure::unreachable(stage.word(), format!("{}: {what}", self.server))
    }

    /// What the library failed with in a step.
    pub(super) fn failure(&self, stage: Stage, error: &Error) -> Failure {
        if let Some(code) = error.status() {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            return self.reply(stage, u16::from(code), &text);
        }
        let mut source = error.source();
        while let Some(cause) = source {
            if let Some(io) = cause.downcast_ref::<io::Error>() {
                return self.broken(stage, io);
            }
            if let Some(tls) = cause.downcast_ref::<rustls::Error>() {
                return self.not_encrypted(tls);
            }
            source = cause.source();
        }
        if error.is_response() {
            let text = error.source().map(ToString::to_string).unwrap_or_default();
            if text == "incomplete response" {
                return self.closed(stage);
            }
            return self.unknown_if_end(stage, &format!("no answer of a mail server ({text})"));
        }
        self.unknown_if_end(stage, &error.to_string())
    }

    /// The server said no.
    pub(super) fn reply(&self, stage: Stage, code: u16, text: &str) -> Failure {
        let said = mail_head(&format!("{code} {text}"), REPLY_CHARS_MAX);
        let is_about_one = matches!(stage, Stage::Recipient | Stage::Data | Stage::End);
        let is_about_us = code == 421 || (stage == Stage::Recipient && is_no_relay(code, text));
        let (again, scope) = match (is_about_one && !is_about_us, code >= 500) {
            (true, true) => (Again::Never, Scope::Message),
            (true, false) => (Again::Later, Scope::Message),
            (false, _) => (Again::Later, Scope::Receiver),
        };
        let hint = hint(stage, code, text).map(str::to_owned);
        let what = format!("{} said: {said}", self.server);
        Failure { stage: stage.word(), what, hint, again, scope }
    }

    /// The connection.
    pub(super) fn broken(&self, stage: Stage, error: &io::Error) -> Failure {
        if let Some(tls) = error.get_ref().and_then(|inner| inner.downcast_ref()) {
            return self.not_encrypted(tls);
        }
        let port = self.server.port;
        match error.kind() {
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => {
                let failure = self.unknown_if_end(stage, "no answer in time");
                match (stage, self.tls) {
                    (Stage::Hello, Tls::Implicit) if port != 465 => failure.with_hint(
                        "port 465 is the one for `tls = \"implicit\"`; else use starttls",
                    ),
                    (Stage::Hello, tls) if port == 465 && tls != Tls::Implicit => failure
                        .with_hint("port 465 is encrypted at once: write `tls = \"implicit\"`"),
                    (Stage::Connect, _) if port == 25 => failure
                        .with_hint("many networks block port 25; servers take mail at port 587"),
                    (Stage::Connect, _) => {
                        failure.with_hint("does a firewall lie between, is the port right?")
                    }
                    _ => failure,
                }
            }
            io::ErrorKind::ConnectionRefused => self
                .unreachable(stage, "nothing listens there")
                .with_hint("check the name and the port, and whether the server runs"),
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => self.closed(stage),
            _ if stage == Stage::Resolve => self
                .unreachable(stage, &format!("the name is not known ({error})"))
                .with_hint("check the name, and the name servers of this machine"),
            _ => self.unknown_if_end(stage, &error.to_string()),
        }
    }

    fn closed(&self, stage: Stage) -> Failure {
        let failure = self.unknown_if_end(stage, "the server closed the connection");
        match stage {
            Stage::Hello if self.tls != Tls::Implicit && self.server.port == 465 => {
                failure.with_hint("port 465 is encrypted at once: write `tls = \"implicit\"`")
            }
            _ => failure,
        }
    }

    /// Behind the final dot nobody knows what became of the mail, and another server may not be
    /// given it: the recipient would have it twice.
    fn unknown_if_end(&self, stage: Stage, what: &str) -> Failure {
        let failure = self.unreachable(stage, what);
        if stage != Stage::End {
            return failure;
        }
        let hint = "whether it took the mail is not known; it is sent again under the same \
                    Message-ID";
        Failure { scope: Scope::Message, ..failure }.with_hint(hint)
    }

    fn not_encrypted(&self, error: &rustls::Error) -> Failure {
        let failed = |what: &str, hint: &str| self.unreachable(Stage::Tls, what).with_hint(hint);
        match error {
            rustls::Error::InvalidCertificate(error) => self.not_believed(error),
            rustls::Error::InvalidMessage(_) if self.tls == Tls::Implicit => failed(
                "the server does not encrypt from the first byte on",
                "write `tls = \"starttls\"`; its usual port is 587",
            ),
            rustls::Error::InvalidMessage(_) => failed(
                &format!("what came is no TLS ({error})"),
                "does a firewall or a virus scanner answer in the server's place?",
            ),
            rustls::Error::PeerIncompatible(_) | rustls::Error::AlertReceived(_) => failed(
                &format!("the server and this program find no common TLS ({error})"),
                "the server must speak TLS 1.2 or 1.3",
            ),
            other => self.unreachable(Stage::Tls, &other.to_string()),
        }
    }

    fn not_believed(&self, error: &CertificateError) -> Failure {
        let host = &self.server.host;
        let (what, hint) = match error {
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => (
                "its certificate has expired".to_owned(),
                "let the server's certificate be renewed; is the clock of this machine right?",
            ),
            CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => (
                "its certificate is not valid yet".to_owned(),
                "is the clock of this machine right?",
            ),
            CertificateError::NotValidForName => (
                format!("its certificate is not for the name `{host}`"),
                "write the name that stands in the certificate into `servers`",
            ),
            CertificateError::NotValidForNameContext { presented, .. } => (
                mail_head(
                    &format!(
                        "its certificate is not for `{host}` but for {}",
                        presented.join(", ")
                    ),
                    REPLY_CHARS_MAX,
                ),
                "write the name that stands in the certificate into `servers`",
            ),
            CertificateError::UnknownIssuer | CertificateError::BadSignature => (
                "nobody who is believed has signed its certificate".to_owned(),
                "if the company has its own authority, name its certificate with `ca_file`",
            ),
            CertificateError::Revoked => {
                ("its certificate was revoked".to_owned(), "let it be replaced")
            }
            other => (
                format!("its certificate is not right ({other})"),
                "a server's own certificate cannot be its authority; name that with `ca_file`",
            ),
        };
        self.unreachable(Stage::Tls, &what).with_hint(hint)
    }
}

/// What to do about an answer.
fn hint(stage: Stage, code: u16, text: &str) -> Option<&'static str> {
    let lower = text.to_ascii_lowercase();
    let has = |needle: &str| lower.contains(needle);
    Some(match (stage, code) {
        (_, 530) if has("starttls") => "write `tls = \"starttls\"`",
        (Stage::Hello, 500..) => "give a name that the server takes: `hello_name = \"…\"`",
        (Stage::Login, _) if has("5.7.139") || has("basic authentication is disabled") => {
            "Microsoft 365 takes no passwords here: use `oauth_token`, or let SMTP AUTH be \
             allowed for the mailbox"
        }
        (Stage::Login, 534) => "make an app password for this mailbox, and use that",
        (Stage::Login, 535) => {
            "check `user` and the secret; Gmail, QQ and 163 want an app password or an \
             authorisation code, not the password of the account"
        }
        (Stage::Login, 400..=499) => "the server cannot check logins now; it is tried again",
        (Stage::Sender | Stage::Recipient, _) if is_no_relay(code, text) => {
            "the server takes mail for others only from whom it knows: set `user` and \
             `password`, or let this machine relay"
        }
        (Stage::Sender, _) => "`from` must be an address that this login may send as",
        (Stage::Recipient, 450..=452) if has("greylist") || has("graylist") => {
            "greylisting: a server that does not know this sender yet takes it at a later try"
        }
        (Stage::Recipient, 550..=559) => "check the address in `to`: nobody gets this mail",
        _ => return None,
    })
}

/// Whether the server wants to know who is there first.
fn is_no_relay(code: u16, text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    code == 530
        || (code >= 500
            && ["relay", "authentication required", "auth required", "not authenticated"]
                .iter()
                .any(|needle| lower.contains(needle)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_of_errors_explains_every_step() {
        let page = include_str!("../../../docs/errors/running.md");
        assert_eq!(Stage::ALL.last().map(|last| *last as usize + 1), Some(Stage::ALL.len()));
        for stage in Stage::ALL {
            assert!(page.contains(&format!("\n| `{}` | ", stage.word())), "{}", stage.word());
        }
    }
}
