//! What travels: finds of one source of one machine, in a form that old and new readers understand.
//!
//! Owns the form, and what a reader believes of what anybody may have written. Must never carry a
//! line of a log, but for redacted samples where they were asked for. Fails with what cannot be
//! read, and why.
//!
//! A field may be added, and is then absent in what old writers wrote; one that is not known is
//! passed over. What old readers would understand wrongly makes a new version, which has subjects
//! of its own.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use serde::{Deserialize, Serialize};

use crate::engine::Source;
use crate::follow::Found;
use crate::occurrence::{Occurrence, Success};

/// The version that is written.
pub const VERSION: u16 = 1;

/// A message has at most so many bytes; the broker's own bound is 1 MiB unless it is told another.
pub(super) const MESSAGE_BYTES_MAX: usize = 512 * 1024;

/// The longest text that is believed, as it is written; none that is found is as long.
const TEXT_BYTES_MAX: usize = 64 * 1024;

/// The most labels of a source that are believed.
const LABELS_MAX: usize = 64;

/// The longest name and value of such a label.
const LABEL_BYTES_MAX: usize = 256;

/// The longest name of what was told: two names, a recipient's address and two numbers.
const TOLD_BYTES_MAX: usize = 1024;

/// The most finds, and notifications that were told, of one message.
pub(super) const FINDS_MAX: usize = 1000;

/// The longest name of a machine, and of a life.
const NAME_BYTES_MAX: usize = 64;

/// Finds of one source, or what one machine told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Message {
    /// The version of the form.
    pub v: u16,
    /// The machine's name.
    pub machine: Arc<str>,
    /// Which start of the machine's program numbered it: a state that is restored from a copy would
    /// give the same numbers again.
    pub life: Box<str>,
    /// Its number in that life, from 1.
    pub number: u64,
    /// Where the finds come from; none of a message that tells what was told.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub source: Option<Origin>,
    /// What was found, in its order.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub finds: Vec<Sent>,
    /// What was told, by its names.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub told: Vec<Box<str>>,
}

/// A source, as its machine's configuration names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// Its name.
    pub name: Arc<str>,
    /// The service that writes it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub service: Option<Arc<str>>,
    /// The name of the credential that the service uses.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub credential: Option<Arc<str>>,
    /// Further labels.
    #[serde(skip_serializing_if = "BTreeMap::is_empty", default)]
    pub labels: BTreeMap<Box<str>, Arc<str>>,
}

/// One find.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Sent {
    /// The service returned an error.
    Error(Box<SentError>),
    /// The service did what was asked.
    Success(Box<Success>),
    /// The source had a readable line.
    Line {
        /// When.
        at: DateTime<FixedOffset>,
    },
}

/// An error, with the lines around it where the machine is told to send them.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SentError {
    /// The occurrence.
    #[serde(flatten)]
    pub occurrence: Occurrence,
    /// The lines, redacted.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub sample: Option<Box<str>>,
}

impl std::ops::Deref for SentError {
    type Target = Occurrence;

    fn deref(&self) -> &Occurrence {
        &self.occurrence
    }
}

impl Sent {
    /// A find as it is sent: one whose log tells no time happened when it was passed on.
    pub fn of(found: &Found, with_samples: bool, passed: DateTime<FixedOffset>) -> Self {
        match found {
            Found::Occurrence(occurrence) => {
                let sample = with_samples.then(|| occurrence.sample.clone());
                let mut occurrence = Occurrence::clone(occurrence);
                occurrence.sample = Box::default();
                occurrence.at = occurrence.at.or(Some(passed));
                Self::Error(Box::new(SentError { occurrence, sample }))
            }
            Found::Success(success) => {
                let mut success = success.clone();
                success.at = success.at.or(Some(passed));
                Self::Success(success)
            }
            Found::Activity(at) => Self::Line { at: *at },
        }
    }

    /// The find as it was.
    pub fn into_found(self) -> Found {
        match self {
            Self::Error(error) => {
                let SentError { mut occurrence, sample } = *error;
                occurrence.sample = sample.unwrap_or_default();
                Found::Occurrence(Box::new(occurrence))
            }
            Self::Success(success) => Found::Success(success),
            Self::Line { at } => Found::Activity(at),
        }
    }
}

/// Why a message is not taken in: a lowercase fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// A newer program wrote it.
    Newer(u16),
    /// It is not what a machine of the fleet writes.
    Wrong(String),
}

impl Message {
    /// The message in a form that every reader of this version understands.
    pub fn to_bytes(&self) -> Vec<u8> {
        // Nothing in it has keys that are no texts, which alone could fail.
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Reads a message that anybody may have written who reaches the broker.
    pub fn read(bytes: &[u8]) -> Result<Self, Unreadable> {
        #[derive(Deserialize)]
        struct Version {
            v: u16,
        }
        let wrong = |error: serde_json::Error| Unreadable::Wrong(error.to_string());
        if bytes.len() > 2 * MESSAGE_BYTES_MAX || longest_text(bytes) > TEXT_BYTES_MAX {
            return Err(Unreadable::Wrong("it is longer than any that is written".to_owned()));
        }
        let version: Version = serde_json::from_slice(bytes).map_err(wrong)?;
        if version.v > VERSION {
            return Err(Unreadable::Newer(version.v));
        }
        let message: Self = serde_json::from_slice(bytes).map_err(wrong)?;
        match message.fault() {
            Some(why) => Err(Unreadable::Wrong(why.to_owned())),
            None => Ok(message),
        }
    }

    fn fault(&self) -> Option<&'static str> {
        if !is_name(&self.machine) || !is_name(&self.life) {
            Some("the name of its machine is none")
        } else if self.finds.len() > FINDS_MAX || self.told.len() > FINDS_MAX {
            Some("it tells more than any that is written")
        } else if self.told.iter().any(|name| name.len() > TOLD_BYTES_MAX) {
            Some("it names what was told by more than any that is written")
        } else if self.source.as_ref().is_some_and(|source| !source.has_few_labels()) {
            Some("its source has more or longer labels than can be configured")
        } else if self.source.is_none() && !self.finds.is_empty() {
            Some("its source is missing")
        } else {
            None
        }
    }
}

/// Whether a text can be a machine's name: letters, digits, `.`, `-` and `_`.
pub(crate) fn is_name(text: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
    (1..=NAME_BYTES_MAX).contains(&text.len()) && text.chars().all(is_plain)
}

/// The longest stretch between quotation marks; what stands outside of them is numbers and words.
fn longest_text(json: &[u8]) -> usize {
    let (mut longest, mut begins, mut is_escaped) = (0, None, false);
    for (at, byte) in json.iter().enumerate() {
        match (byte, begins) {
            _ if is_escaped => is_escaped = false,
            (b'\\', Some(_)) => is_escaped = true,
            (b'"', Some(began)) => {
                longest = longest.max(at - began);
                begins = None;
            }
            (b'"', None) => begins = Some(at),
            _ => {}
        }
    }
    longest
}

impl From<&Source> for Origin {
    fn from(source: &Source) -> Self {
        Self {
            name: Arc::clone(&source.name),
            service: source.service.clone(),
            credential: source.credential.clone(),
            labels: source.labels.clone(),
        }
    }
}

impl Origin {
    fn has_few_labels(&self) -> bool {
        let mut lengths = self.labels.iter().flat_map(|(name, value)| [name.len(), value.len()]);
        self.labels.len() <= LABELS_MAX && lengths.all(|bytes| bytes <= LABEL_BYTES_MAX)
    }

    /// The source as others know it, by its name and its machine's.
    pub fn at(&self, machine: &str) -> Source {
        Source {
            name: format!("{}@{machine}", self.name).into(),
            service: self.service.clone(),
            credential: self.credential.clone(),
            labels: self.labels.clone(),
        }
    }
}
