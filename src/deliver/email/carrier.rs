//! The way of a finished mail to who takes it.
//!
//! Owns whether that is a server or a program. Must never know what the mail says. Fails with what
//! was said, and what to do about it.

use std::time::Duration;

use lettre::Address;

use super::Letter;
use super::sendmail::Sendmail;
use super::smtp::Smtp;
use crate::config::{Email, Via};
use crate::deliver::{Accepted, Failure, Step, Trace};

/// A mail on its way to a server.
#[derive(Debug, Clone, Copy)]
pub(super) struct Envelope<'e> {
    pub(super) from: &'e Address,
    pub(super) to: &'e [Address],
    pub(super) bytes: &'e [u8],
}

pub(super) struct Carrier {
    from: Address,
    way: Way,
}

enum Way {
    Smtp(Box<Smtp>),
    Sendmail(Sendmail),
}

impl Carrier {
    pub(super) fn new(email: &Email) -> Self {
        let timeout = email.timeout.to_delta().to_std().unwrap_or(Duration::from_secs(20));
        let way = match &email.via {
            Via::Servers(servers) => Way::Smtp(Box::new(Smtp::new(servers.clone(), timeout))),
            Via::Sendmail(program) => Way::Sendmail(Sendmail::new(program.clone(), timeout)),
        };
        Self { from: email.from.email.clone(), way }
    }

    /// Hands a mail over for these recipients; a connection is kept for the next one.
    pub(super) fn carry(
        &mut self,
        letter: &Letter,
        to: &[&str],
        trace: Trace<'_>,
    ) -> Result<Accepted, Failure> {
        let text = format!("{}, {} bytes", letter.message_id, letter.bytes.len());
        trace(Step { stage: "write", text });
        let parse = |to: &&str| {
            let wrong = |_| Failure::refused("write", format!("`{to}` is no mail address"));
            to.parse().map_err(wrong)
        };
        let to: Vec<Address> = to.iter().map(parse).collect::<Result<_, _>>()?;
        let envelope = Envelope { from: &self.from, to: &to, bytes: &letter.bytes };
        match &mut self.way {
            Way::Smtp(smtp) => smtp.send(envelope, trace),
            Way::Sendmail(sendmail) => sendmail.send(envelope, trace),
        }
    }
}
