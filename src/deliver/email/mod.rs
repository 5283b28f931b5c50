//! Mail.
//!
//! Owns the way of a notification to a mail server or to a program that takes mail. Must never
//! decide who gets it. Fails with what the server said, and what to do about it.
//!
//! ```text
//! Notification ──letter──▶ bytes ──smtp──▶ session with one server after the other
//! (text, html, frame, thread)  └──sendmail──▶ a program
//! ```
//!
//! Each parcel is for one recipient: a mailbox that takes nothing keeps no other waiting. Behind
//! the final dot nobody knows whether a mail whose connection broke was taken; it is sent again,
//! under the same Message-ID.

mod frame;
mod html;
mod letter;
mod login;
mod problem;
mod sendmail;
mod session;
mod smtp;
mod text;
mod thread;
mod tls;

use std::time::Duration;

use chrono::{DateTime, Utc};
use lettre::Address;
use lettre::transport::smtp::extension::ClientId;

pub use letter::{Letter, compose};

use super::{Accepted, Failure, Parcel, Sender, Step, Trace};
use crate::config::{Email, Receiver, Templates, Via};
use crate::render::Texts;
use sendmail::Sendmail;
use smtp::Smtp;

/// The way to the recipients of a mail.
pub fn sender(email: &Email, receiver: &Receiver) -> Box<dyn Sender> {
    let timeout = email.timeout.to_delta().to_std().unwrap_or(Duration::from_secs(20));
    let way = match &email.via {
        Via::Servers(servers) => Way::Smtp(Box::new(Smtp::new(servers.clone(), timeout))),
        Via::Sendmail(program) => Way::Sendmail(Sendmail::new(program.clone(), timeout)),
    };
    Box::new(Mailer {
        email: email.clone(),
        templates: receiver.templates.clone(),
        host: host(),
        way,
    })
}

/// This machine, as a mail names it.
pub fn host() -> String {
    ClientId::default().to_string()
}

struct Mailer {
    email: Email,
    templates: Templates,
    host: String,
    way: Way,
}

enum Way {
    Smtp(Box<Smtp>),
    Sendmail(Sendmail),
}

/// A mail on its way to a server.
#[derive(Debug, Clone, Copy)]
struct Envelope<'e> {
    from: &'e Address,
    to: &'e [Address],
    bytes: &'e [u8],
}

impl Sender for Mailer {
    fn send(
        &mut self,
        parcel: &Parcel,
        texts: &Texts,
        _: DateTime<Utc>,
        trace: Trace<'_>,
    ) -> Result<Accepted, Failure> {
        let letter = self.letter(parcel, texts)?;
        let text = format!("{}, {} bytes", letter.message_id, letter.bytes.len());
        trace(Step { stage: "write", text });
        let to = self.recipients(&parcel.recipient)?;
        let (from, bytes) = (&self.email.from.email, &letter.bytes);
        let envelope = Envelope { from, to: &to, bytes };
        match &mut self.way {
            Way::Smtp(smtp) => smtp.send(envelope, trace),
            Way::Sendmail(sendmail) => sendmail.send(envelope, trace),
        }
    }

    fn preview(&self, parcel: &Parcel, texts: &Texts, _: DateTime<Utc>) -> Option<Vec<u8>> {
        self.letter(parcel, texts).ok().map(|letter| letter.bytes)
    }
}

impl Mailer {
    fn letter(&self, parcel: &Parcel, texts: &Texts) -> Result<Letter, Failure> {
        let words = (&self.email, &self.templates);
        compose(&parcel.notification, words, texts, &self.host, parcel.created)
    }

    /// The one recipient; all of them where the outbox names none, as the receiver was not told by
    /// mail when it was written.
    fn recipients(&self, recipient: &str) -> Result<Vec<Address>, Failure> {
        let named = match recipient {
            "" => self.email.to.iter().map(|to| &**to).collect(),
            recipient => vec![recipient],
        };
        let parse = |to: &str| {
            let wrong = |_| Failure::refused("write", format!("`{to}` is no mail address"));
            to.parse().map_err(wrong)
        };
        named.into_iter().map(parse).collect()
    }
}
