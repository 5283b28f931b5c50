//! Notifications on their way to receivers.
//!
//! Owns what is tried when, and the ways by which a receiver is told. Must never change an alert,
//! nor write the outbox: it is handed what is committed and says what became of it. Fails: never;
//! what an attempt failed with is a value.
//!
//! ```text
//! outbox ──Parcel──▶ Queue (pure: whose turn, when again) ──▶ Post (a thread for each receiver)
//!    ▲                 │                                        │ Sender: email, web, command
//!    └──── Outcome ◀───┴────────────────── Report ◀─────────────┘
//! ```
//!
//! Delivery is at least once: what was accepted and not yet noted when the program was killed is
//! sent again under the same name, so that a receiver can drop it.

mod back_off;
mod command;
mod digest;
pub mod email;
mod journal;
mod lane;
mod post;
pub mod preview;
mod program;
mod queue;
pub mod sample;
pub mod secret;
pub mod terminal;
pub mod web;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};

pub use post::{Post, Report};
pub use queue::{Joined, LaneStatus, Outcome, Queue, Settings, Unreached};
pub use secret::{Hidden, SecretError};

use crate::config::{Receiver, Way};
use crate::engine::{Notification, ToldAlert};
use crate::render::Texts;

/// One notification for one recipient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// The notification.
    pub notification: Arc<Notification>,
    /// Who of the receiver's recipients; empty where there is one place only.
    pub recipient: Arc<str>,
    /// When it was put into the outbox.
    pub created: DateTime<Utc>,
    /// How often it was tried.
    pub attempts: u32,
    /// Not to be tried before.
    pub not_before: DateTime<Utc>,
}

impl Parcel {
    /// A parcel for each recipient of a notification.
    pub fn of(
        notification: &Arc<Notification>,
        receiver: Option<&Receiver>,
        now: DateTime<Utc>,
    ) -> Vec<Self> {
        let recipients = receiver.map_or_else(|| vec!["".into()], Receiver::recipients);
        let parcel = |recipient| Self {
            notification: Arc::clone(notification),
            recipient,
            created: now,
            attempts: 0,
            not_before: now,
        };
        recipients.into_iter().map(parcel).collect()
    }

    /// Its name in the outbox: that of the notification, and of the recipient if there are several.
    pub fn id(&self) -> String {
        match &*self.recipient {
            "" => self.notification.id.to_string(),
            recipient => format!("{} {recipient}", self.notification.id),
        }
    }

    /// The recipient that a name in the outbox tells.
    pub fn recipient_of(id: &str) -> Arc<str> {
        id.split_once(' ').map_or("", |(_, recipient)| recipient).into()
    }
}

/// What a step of an attempt came to, for who watches it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What was done, such as `connect`.
    pub stage: &'static str,
    /// What came of it, without secrets.
    pub text: String,
}

/// Who is told of each step.
pub type Trace<'t> = &'t mut dyn FnMut(Step);

/// What a receiver said to a parcel that it took.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Accepted {
    /// Its answer, without secrets.
    pub answer: String,
}

/// Why a parcel was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// In which step, such as `connect`.
    pub stage: &'static str,
    /// What went wrong: a lowercase fragment without secrets.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Whether to try again.
    pub again: Again,
    /// What it concerns.
    pub scope: Scope,
}

/// Whether and when something is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Again {
    /// After a while.
    Later,
    /// Not before so long, as the receiver says.
    After(Duration),
    /// Never: it would be refused again.
    Never,
}

/// What a failure concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Everything that goes to the receiver: it cannot be reached, or lets nobody in.
    Receiver,
    /// This recipient or this message alone.
    Message,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.stage, self.what)
    }
}

impl std::error::Error for Failure {}

impl Failure {
    /// The receiver cannot be reached now.
    pub fn unreachable(stage: &'static str, what: impl Into<String>) -> Self {
        let (what, again, scope) = (what.into(), Again::Later, Scope::Receiver);
        Self { stage, what, hint: None, again, scope }
    }

    /// The receiver will not take this.
    pub fn refused(stage: &'static str, what: impl Into<String>) -> Self {
        let (what, again, scope) = (what.into(), Again::Never, Scope::Message);
        Self { stage, what, hint: None, again, scope }
    }

    /// The same with what to do.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }
}

/// A way to a receiver. It may keep a connection from one parcel to the next.
pub trait Sender: Send {
    /// Sends a parcel, now; blocks until the receiver has answered or a timeout is over.
    fn send(
        &mut self,
        parcel: &Parcel,
        texts: &Texts,
        now: DateTime<Utc>,
        trace: Trace<'_>,
    ) -> Result<Accepted, Failure>;

    /// Takes over what fires and was told, at a start and whenever the configuration is another
    /// one: what a receiver that is told again and again believes besides is over.
    fn adopt(&mut self, _standing: &[ToldAlert], _texts: &Texts, _now: DateTime<Utc>) {}

    /// All else that such a receiver believes is over: not every end is told, as where a route
    /// tells none or a silence holds it back.
    fn end_others(&mut self, _standing: &[ToldAlert], _now: DateTime<Utc>) {}

    /// When something is to be said again though nothing changed; never if there is nothing.
    fn next_resend(&self) -> Option<DateTime<Utc>> {
        None
    }

    /// Says it again, and to whom it could not be said.
    fn resend(&mut self, _now: DateTime<Utc>) -> Vec<(Arc<str>, Failure)> {
        Vec::new()
    }
    /// What would be sent, without sending it; nothing if it cannot be shown.
    fn preview(&self, _: &Parcel, _: &Texts, _: DateTime<Utc>) -> Option<Vec<u8>> {
        None
    }
}

/// The way to a receiver; none to the terminal, which the run's own thread writes to.
pub fn sender(receiver: &Receiver) -> Option<Box<dyn Sender>> {
    match &receiver.way {
        Way::Terminal => None,
        Way::Email(email) => Some(email::sender(email, receiver)),
        Way::Command(command) => Some(Box::new(command::Program::new(command, receiver))),
        Way::Web(web) => Some(web::sender(web, receiver)),
        Way::Journal(to) => Some(Box::new(journal::Journal::new(*to, receiver))),
    }
}
