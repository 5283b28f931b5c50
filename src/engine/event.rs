//! What the engine is fed: an event of a source at an instant.
//!
//! Owns the view of an occurrence or a success by labels. Must never keep what it borrows. Nothing
//! here fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::label::LabelName;
use super::rule::{EventKind, Matcher, Pattern};
use super::time::Instant;
use crate::occurrence::{Occurrence, Success};

/// Where lines come from, as the configuration or the command line names it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Source {
    /// Its name: the input's, where nothing is configured.
    pub name: Arc<str>,
    /// The service that writes it.
    pub service: Option<Arc<str>>,
    /// The name of the credential that the service uses, for logs that do not show the access key.
    pub credential: Option<Arc<str>>,
    /// Further labels.
    pub labels: BTreeMap<Box<str>, Arc<str>>,
}

impl Source {
    /// A source of which nothing but its name is known.
    pub fn named(name: impl Into<Arc<str>>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
}

/// One event.
#[derive(Debug, Clone, Copy)]
pub struct Event<'e> {
    /// The source.
    pub source: &'e Source,
    /// When it happened; none where the log does not tell.
    pub at: Option<Instant>,
    /// What happened.
    pub what: What<'e>,
}

/// What happened.
#[derive(Debug, Clone, Copy)]
pub enum What<'e> {
    /// The service returned an error.
    Error(&'e Occurrence),
    /// The service did what was asked.
    Success(&'e Success),
    /// The source had a readable line.
    Line,
}

impl<'e> Event<'e> {
    /// An occurrence of a source.
    pub fn error(source: &'e Source, occurrence: &'e Occurrence) -> Self {
        Self { source, at: occurrence.at.map(Instant::from), what: What::Error(occurrence) }
    }

    /// A success of a source.
    pub fn success(source: &'e Source, success: &'e Success) -> Self {
        Self { source, at: success.at.map(Instant::from), what: What::Success(success) }
    }

    /// The value of a label.
    pub fn label(&self, name: &LabelName) -> Option<&'e str> {
        let source = self.source;
        match (name, self.what) {
            (LabelName::Source, _) => Some(&source.name),
            (LabelName::Service, _) => source.service.as_deref(),
            (LabelName::Credential, _) => Some(self.credential()),
            (LabelName::Custom(name), _) => source.labels.get(name).map(|value| &**value),
            (LabelName::Module, What::Error(error)) => Some(error.module.name()),
            (LabelName::Code, What::Error(error)) => Some(&error.code),
            (LabelName::Cause, What::Error(error)) => error.cause.as_deref(),
            (LabelName::Api, What::Error(error)) => error.api.as_deref(),
            (LabelName::Region, What::Error(error)) => error.region.as_deref(),
            (LabelName::Project, What::Error(error)) => error.project.as_deref(),
            (LabelName::AccessKey, What::Error(error)) => error.access_key.as_deref(),
            (LabelName::Host, What::Error(error)) => error.host.as_deref(),
            (LabelName::Api, What::Success(success)) => success.api.as_deref(),
            (LabelName::Region, What::Success(success)) => success.region.as_deref(),
            (LabelName::Project, What::Success(success)) => success.project.as_deref(),
            (LabelName::AccessKey, What::Success(success)) => success.access_key.as_deref(),
            (LabelName::Host, What::Success(success)) => success.host.as_deref(),
            (LabelName::Module | LabelName::Code | LabelName::Cause, What::Success(_))
            | (_, What::Line) => None,
        }
    }

    /// The value of a label, to be kept: what the source's configuration gives is there already.
    pub(super) fn shared_label(&self, name: &LabelName) -> Option<Arc<str>> {
        let source = self.source;
        match name {
            LabelName::Source => Some(Arc::clone(&source.name)),
            LabelName::Service => source.service.clone(),
            LabelName::Custom(name) => source.labels.get(name).cloned(),
            LabelName::Credential if !self.shows_access_key() => {
                Some(Arc::clone(source.credential.as_ref().unwrap_or(&source.name)))
            }
            name => self.label(name).map(Arc::from),
        }
    }

    fn credential(&self) -> &'e str {
        let source = self.source;
        let shown = match self.what {
            What::Error(error) => error.access_key.as_deref(),
            What::Success(success) => success.access_key.as_deref(),
            What::Line => None,
        };
        shown.or(source.credential.as_deref()).unwrap_or(&source.name)
    }

    /// Whether the log itself told the access key.
    pub(super) fn shows_access_key(&self) -> bool {
        self.label(&LabelName::AccessKey).is_some()
    }

    pub(super) fn message(&self) -> Option<&'e str> {
        match self.what {
            What::Error(error) => error.message.as_deref(),
            What::Success(_) | What::Line => None,
        }
    }
}

impl EventKind {
    fn takes(self, what: What<'_>) -> bool {
        match self {
            Self::Error => matches!(what, What::Error(_)),
            Self::Success => matches!(what, What::Success(_)),
            Self::Call => !matches!(what, What::Line),
            Self::Line => true,
        }
    }
}

impl Matcher {
    /// Whether the event is meant. `known` tells whether the catalogue has its code.
    pub fn fits(&self, event: &Event<'_>, known: bool) -> bool {
        self.fits_but_for_message(event, known)
            && self
                .message
                .as_ref()
                .is_none_or(|message| event.message().is_some_and(|text| message.is_match(text)))
    }

    /// Whether it is, if its message is not looked at.
    pub(super) fn fits_but_for_message(&self, event: &Event<'_>, known: bool) -> bool {
        let fits_one = |(name, patterns): &(LabelName, Vec<Pattern>)| {
            let value = event.label(name).unwrap_or_default();
            patterns.iter().any(|pattern| pattern.fits(value))
        };
        self.event.takes(event.what)
            && self.known.is_none_or(|wanted| wanted == known)
            && self.labels.iter().all(fits_one)
            && !self.not.iter().any(fits_one)
    }
}
