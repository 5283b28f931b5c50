//! Receivers over HTTP.
//!
//! Owns what is asked of each, and which answer means that it took a notification. Must never
//! decide who gets it. Fails with what the receiver said.

use super::Sender;
use crate::config::{Receiver, Web};

/// The way to a receiver over HTTP.
pub fn sender(web: &Web, _: &Receiver) -> Box<dyn Sender> {
    match *web {}
}
