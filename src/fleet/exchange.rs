//! What a run has of the fleet's broker.
//!
//! Owns the seam between the loop, which decides and commits, and what carries messages. Must never
//! wait. Nothing here fails: what goes wrong comes as something that came.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::intake::{Delivered, Stand};
use super::lease::Answer;
use crate::config::Fleet;
use crate::store::MessageRow;

/// Carries messages to others and from them.
pub trait Exchange {
    /// Publishes a message behind those before it, until it is stored.
    fn publish(&mut self, row: MessageRow);

    /// What came since this was last asked, at most a bounded part of it; more wakes again.
    fn take(&mut self) -> Vec<Came>;

    /// Everything of a feed up to here is committed.
    fn committed(&mut self, feed: Option<u16>, sequence: u64);
}

/// What comes from the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Came {
    /// All messages up to this number are stored.
    Stored(u64),
    /// A message.
    Delivered(Delivered),
    /// So many of the stream's numbers were gone before this machine took them.
    Lost(u64),
    /// Who tells.
    Lease(Answer),
    /// So many messages of the stream wait for a feed.
    Pending(Option<u16>, u64),
    /// How the way to the broker is.
    Way(Way),
}

/// How the way to the broker is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Way {
    /// It is open.
    Open,
    /// It is not, or something is refused: a lowercase sentence, and what to do.
    Trouble(Trouble),
}

/// What is wrong with the way to the broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    /// What did not go: `connect`, `publish`, `consume`, `lease`, `stream`.
    pub what: &'static str,
    /// Why.
    pub why: String,
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.what, self.why)
    }
}

/// What a machine says of itself to the broker.
#[derive(Debug, Clone)]
pub struct Member {
    /// What the configuration says.
    pub fleet: Fleet,
    /// The machine's name.
    pub machine: Arc<str>,
    /// Which start of its program it is.
    pub life: Box<str>,
    /// Where each feed stands; none of a machine that takes nothing.
    pub stands: BTreeMap<Option<u16>, Stand>,
}
