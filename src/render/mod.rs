//! What an alert says: the documented solution, and what is known of this one.
//!
//! Owns the words of an alert, its ticket for technical support, and the plain page and JSON of it.
//! Must never count, decide a change or know a receiver. Making the text cannot fail; a writer
//! fails with the `io::Error` of what it writes to.
//!
//! ```text
//! Alert, Rule, Catalogue ──AlertText──▶ plain, json, and what receivers make of it
//! ```
//!
//! Texts from the log stand in an [`AlertText`] as they are; every surface makes them safe itself.

mod affected;
pub mod chat;
mod codes;
mod content;
mod context;
mod custom;
mod ends;
mod facts;
pub mod json;
pub mod markup;
mod notification;
pub mod plain;
mod reason;
pub(crate) mod ticket;
mod times;

pub use affected::Affected;
pub use codes::{CauseText, CodeText, SourceText, TicketText};
pub use content::{AlertText, Moments, Numbers, SampleText, summary_of};
pub use context::Context;
pub use facts::Fact;
pub use notification::{NotificationText, Status, Texts, ToldText, notes};
pub use reason::why;
pub use times::View;

#[cfg(test)]
mod tests;
