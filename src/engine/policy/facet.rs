//! What a route, a silence or a mute can ask of an alert.
//!
//! Owns the names for it and the matching of values. Must never know what follows from a match.
//! Nothing here fails but the reading of a name or of a saved pattern.

use std::fmt;
use std::str::FromStr;

use globset::Glob;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::engine::alert::Alert;
use crate::engine::label::LabelName;
use crate::engine::rule::Pattern;

/// What an alert can be matched or grouped by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Facet {
    /// The rule's name.
    Rule,
    /// `critical`, `warning`, `info`.
    Severity,
    /// A label of its group key.
    Label(LabelName),
}

impl Facet {
    /// The name as configurations and templates write it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Rule => "rule",
            Self::Severity => "severity",
            Self::Label(name) => name.as_str(),
        }
    }

    /// The value that an alert has; none where its rule does not group by this label.
    pub fn of<'a>(&self, alert: &'a Alert) -> Option<&'a str> {
        match self {
            Self::Rule => Some(&alert.rule),
            Self::Severity => Some(alert.severity.name()),
            Self::Label(name) => alert.label(name),
        }
    }
}

impl fmt::Display for Facet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Facet {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "rule" => Ok(Self::Rule),
            "severity" => Ok(Self::Severity),
            _ => text.parse().map(Self::Label),
        }
    }
}

impl Serialize for Facet {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Facet {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// One thing that must be true of an alert.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AlertMatcher {
    /// What is looked at.
    pub facet: Facet,
    /// One of these must fit. An absent value is an empty text.
    #[serde(with = "saved")]
    pub patterns: Vec<Pattern>,
    /// None of them may.
    pub negated: bool,
}

impl AlertMatcher {
    /// Whether it is true of the alert.
    pub fn fits(&self, alert: &Alert) -> bool {
        let value = self.facet.of(alert).unwrap_or_default();
        self.patterns.iter().any(|pattern| pattern.fits(value)) != self.negated
    }
}

impl fmt::Display for AlertMatcher {
    /// In words: `rule = aksk-* or api-*`, `service != test`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.facet, if self.negated { "!=" } else { "=" })?;
        for (number, pattern) in self.patterns.iter().enumerate() {
            let text = match pattern {
                Pattern::Exact(text) => text,
                Pattern::Glob(glob) => glob.glob().glob(),
            };
            write!(f, "{} {text}", if number > 0 { " or" } else { "" })?;
        }
        Ok(())
    }
}

/// Whether all are true of the alert; of no matchers all are.
pub(super) fn all_fit(matchers: &[AlertMatcher], alert: &Alert) -> bool {
    matchers.iter().all(|matcher| matcher.fits(alert))
}

/// Patterns in snapshots: a compiled glob is saved as its text.
mod saved {
    use super::{Deserialize, Deserializer, Glob, Pattern, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    #[serde(rename_all = "kebab-case")]
    enum Saved {
        Exact(Box<str>),
        Glob(Box<str>),
    }

    pub(super) fn serialize<S: Serializer>(
        patterns: &[Pattern],
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(patterns.iter().map(|pattern| match pattern {
            Pattern::Exact(text) => Saved::Exact(text.clone()),
            Pattern::Glob(glob) => Saved::Glob(glob.glob().glob().into()),
        }))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Vec<Pattern>, D::Error> {
        let saved = Vec::<Saved>::deserialize(deserializer)?;
        let read = |saved| match saved {
            Saved::Exact(text) => Ok(Pattern::Exact(text)),
            Saved::Glob(text) => {
                let glob = Glob::new(&text).map_err(serde::de::Error::custom)?;
                Ok(Pattern::Glob(glob.compile_matcher()))
            }
        };
        saved.into_iter().map(read).collect()
    }
}
