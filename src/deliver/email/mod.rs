//! Mail.
//!
//! Owns the way of a notification to a mail server. Must never decide who gets it. Fails with what
//! the server said.

use super::Sender;
use crate::config::{Email, Receiver};

/// The way to the recipients of a mail.
pub fn sender(_: &Email, _: &Receiver) -> Box<dyn Sender> {
    unimplemented!()
}
