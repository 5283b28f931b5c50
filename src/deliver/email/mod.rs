//! Mail.
//!
//! Owns the way of a notification, and of a report, to a mail server or to a program that takes
//! mail. Must never decide who gets it. Fails with what the server said, and what to do about it.
//!
//! ```text
//! Notification ──letter──▶ bytes ──carrier──▶ smtp ──▶ session with one server after the other
//! (text, html, frame, thread)  ▲     └──▶ sendmail ──▶ a program
//!            ReportMail ──report┘
//! ```
//!
//! Each parcel is for one recipient: a mailbox that takes nothing keeps no other waiting. Behind
//! the final dot nobody knows whether a mail whose connection broke was taken; it is sent again,
//! under the same Message-ID.

mod carrier;
mod frame;
mod html;
mod letter;
mod login;
mod problem;
mod report;
mod sendmail;
mod session;
mod smtp;
mod text;
mod thread;
mod tls;

use chrono::{DateTime, Utc};
use lettre::transport::smtp::extension::ClientId;

pub use letter::{Letter, compose};
pub use report::{
    ATTACHMENT_BYTES_MAX, Attachment, Bodies, ReportMail, Taken, compose_report, send_report,
};

use super::{Accepted, Failure, Parcel, Sender, Trace};
use crate::config::{Email, Receiver, Templates};
use crate::render::Texts;
use carrier::{Carrier, Envelope};

/// The way to the recipients of a mail.
pub fn sender(email: &Email, receiver: &Receiver) -> Box<dyn Sender> {
    Box::new(Mailer {
        email: email.clone(),
        templates: receiver.templates.clone(),
        host: host(),
        carrier: Carrier::new(email),
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
    carrier: Carrier,
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
        // The outbox names none where the receiver was not told by mail when it was written.
        let to = match &*parcel.recipient {
            "" => self.email.to.iter().map(|to| &**to).collect(),
            recipient => vec![recipient],
        };
        self.carrier.carry(&letter, &to, trace)
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
}
