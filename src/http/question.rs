//! What who answers over HTTP asks the run, and how the run hears it.
//!
//! Owns the closed list of it, and that the run is never waited for without end nor asked more than
//! it can answer. Must never answer by itself. Fails with [`Unanswered`].

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use tokio::sync::oneshot;
use tokio::time::timeout;

use crate::status::{Board, SilenceStatus, Status};
use crate::surface::Language;

/// So many questions wait for the run.
const WAITING_MAX: usize = 32;

/// A run that takes longer to answer is not well.
const ANSWER_MAX: Duration = Duration::from_secs(5);

/// Hands an answer back.
pub type Reply<T> = Box<dyn FnOnce(T) + Send>;

/// What the run is asked.
pub enum Question {
    /// How it stands.
    Status(Reply<Arc<Status>>),
    /// The same, with what alerts say in a language.
    Board(Language, Reply<Arc<Board>>),
    /// Not to tell some alerts for a while.
    Silence(NewSilence, Reply<Result<Silenced, Vec<Wrong>>>),
    /// To tell them again.
    Expire(String, Reply<Option<Silenced>>),
}

/// A silence as it is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewSilence {
    /// Its name, if it is to have a certain one.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub id: Option<String>,
    /// What must be true of an alert, as in `[[silence]]`.
    #[serde(rename = "match")]
    pub matchers: BTreeMap<String, OneOrMore>,
    /// What must not.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub not: BTreeMap<String, OneOrMore>,
    /// Who asks for it.
    pub author: String,
    /// Why.
    pub reason: String,
    /// From when on; from now on if nothing is said.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub from: Option<DateTime<Utc>>,
    /// Until when.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until: Option<DateTime<Utc>>,
    /// For how long instead, such as `2h`.
    #[serde(rename = "for", skip_serializing_if = "Option::is_none", default)]
    pub lasting: Option<String>,
    /// Until the alerts that it covers are resolved instead.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub until_resolved: Option<bool>,
}

/// A pattern, or several of which one must fit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum OneOrMore {
    /// One.
    One(String),
    /// Several.
    More(Vec<String>),
}

/// A silence that is in force, or no longer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Silenced {
    /// The silence.
    pub silence: SilenceStatus,
    /// Whether the state on disk has it; else it is in force until the run ends, or the state can
    /// be written.
    pub kept: bool,
}

/// Something that is wrong with what is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Wrong {
    /// What.
    pub what: String,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub hint: Option<String>,
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unanswered {
    /// Too much is asked.
    Busy,
    /// The run stands still.
    Late,
    /// The run has ended.
    Gone,
}

impl Unanswered {
    /// In words: a lowercase fragment.
    pub fn why(self) -> &'static str {
        match self {
            Self::Busy => "too much is asked of the run",
            Self::Late => "the run does not answer",
            Self::Gone => "the run ends",
        }
    }
}

/// Where questions are put.
#[derive(Clone)]
pub struct Desk {
    questions: SyncSender<Question>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

/// Where the run finds them.
pub struct Questions(Receiver<Question>);

impl Desk {
    /// A desk, and who looks at it; `wake` is called whenever something was put there.
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> (Self, Questions) {
        let (questions, inbox) = sync_channel(WAITING_MAX);
        (Self { questions, wake }, Questions(inbox))
    }

    /// Asks, and waits for the answer.
    pub(super) async fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(Reply<T>) -> Question,
    ) -> Result<T, Unanswered> {
        let (answer, answered) = oneshot::channel();
        let reply = |value| {
            // Nobody waits any more.
            let _ = answer.send(value);
        };
        let put = self.questions.try_send(question(Box::new(reply)));
        put.map_err(|error| match error {
            std::sync::mpsc::TrySendError::Full(_) => Unanswered::Busy,
            std::sync::mpsc::TrySendError::Disconnected(_) => Unanswered::Gone,
        })?;
        (self.wake)();
        match timeout(ANSWER_MAX, answered).await {
            Ok(Ok(value)) => Ok(value),
            Ok(Err(_)) => Err(Unanswered::Gone),
            Err(_) => Err(Unanswered::Late),
        }
    }
}

impl Questions {
    /// The questions that wait.
    pub fn take(&self) -> Vec<Question> {
        self.0.try_iter().collect()
    }
}
