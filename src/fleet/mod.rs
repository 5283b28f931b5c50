//! Many machines, one truth: what is found is published, and what others published is taken in.
//!
//! Owns the form of what travels between machines, how it is numbered, and how each find is taken
//! in exactly once although it may travel several times. Must never decide an alert nor look at a
//! log. What is here is pure but for `nats`, which carries it; nothing here fails, what cannot be
//! understood is counted and told.
//!
//! ```text
//! Passed ──packing──▶ Message ──outgoing (in the state)──▶ broker ──▶ intake ──▶ Passed
//! ```
//!
//! A message is committed together with the place up to which logs were read, published until the
//! broker says that it is stored, and only then let go; its number tells one that comes again. Who
//! takes it in commits the broker's number together with what came of it.

mod exchange;
mod intake;
mod lease;
mod machine;
mod message;
#[cfg(feature = "nats")]
pub mod nats;
#[cfg(not(feature = "nats"))]
#[path = "without.rs"]
pub mod nats;
mod outgoing;
mod packing;
mod seen;
mod subject;
pub mod told;

#[cfg(test)]
mod tests;

pub use exchange::{Came, Exchange, Member, Trouble, Way};
pub use intake::{Counters as IntakeCounters, Delivered, Heard, Intake, Stand, Taken};
pub use lease::{Answer as LeaseAnswer, Lease};
pub use machine::{machine_name, new_life};
pub use message::{Message, Origin, Sent, Unreadable, VERSION};
pub use outgoing::Outgoing;
pub use packing::Packing;
pub use seen::{Seen, WINDOW};
pub use subject::{Kind, PARTITIONS_MAX, Subject};
