//! The names by which rules match and group, and the keys that groups have.
//!
//! Owns the list of names and the fingerprint of an alert. Must never know where a value comes
//! from. Nothing here fails but the reading of a name.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::fnv::Fnv;

/// What a rule can match or group by.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LabelName {
    /// OCR, Platform, APIG, APIGW.
    Module,
    /// Such as `APIG.0301`.
    Code,
    /// Which documented cause the message names.
    Cause,
    /// The API that was called.
    Api,
    /// The region of the endpoint.
    Region,
    /// The project's id in the URL.
    Project,
    /// The access key, masked; absent where the log does not show it.
    AccessKey,
    /// Whose calls these are: the access key where the log shows it, else the credential's name
    /// that the source's configuration gives, else the source.
    Credential,
    /// The endpoint's host.
    Host,
    /// The source that the line came from.
    Source,
    /// The service that the source belongs to.
    Service,
    /// A label that the source's configuration gives.
    Custom(Box<str>),
}

impl LabelName {
    /// The names that need no configuration.
    pub const KNOWN: [(&'static str, Self); 11] = [
        ("module", Self::Module),
        ("code", Self::Code),
        ("cause", Self::Cause),
        ("api", Self::Api),
        ("region", Self::Region),
        ("project", Self::Project),
        ("access_key", Self::AccessKey),
        ("credential", Self::Credential),
        ("host", Self::Host),
        ("source", Self::Source),
        ("service", Self::Service),
    ];

    /// The name as rules, JSON and templates write it.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Module => "module",
            Self::Code => "code",
            Self::Cause => "cause",
            Self::Api => "api",
            Self::Region => "region",
            Self::Project => "project",
            Self::AccessKey => "access_key",
            Self::Credential => "credential",
            Self::Host => "host",
            Self::Source => "source",
            Self::Service => "service",
            Self::Custom(name) => name,
        }
    }
}

impl fmt::Display for LabelName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for LabelName {
    type Err = String;

    /// Any other word of lower-case letters, digits and underscores is a label of the source's.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some((_, name)) = Self::KNOWN.iter().find(|(known, _)| *known == text) {
            return Ok(name.clone());
        }
        let begins = text.starts_with(|c: char| c.is_ascii_lowercase());
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if begins && text.chars().all(plain) {
            Ok(Self::Custom(text.into()))
        } else {
            Err(format!("`{}` cannot be a label's name", text.escape_debug()))
        }
    }
}

impl Serialize for LabelName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for LabelName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The values that a group has for the names of its rule's `group_by`, in that order; `None` where
/// the log does not tell one.
pub type GroupKey = Arc<[Option<Arc<str>>]>;

/// Names an alert for ever: a stable hash of its rule and its group key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Fingerprint(pub u64);

impl Fingerprint {
    /// The fingerprint of a rule's group. FNV-1a: it must never change between releases, and the
    /// standard library's hashers may.
    pub fn of(rule: &str, group_by: &[LabelName], key: &[Option<Arc<str>>]) -> Self {
        let mut hash = Fnv::new();
        hash.text(rule);
        for (name, value) in group_by.iter().zip(key) {
            hash.bytes(name.as_str().as_bytes()).bytes(&[0xfe]).option(value.as_deref());
        }
        Self(hash.get())
    }
}

impl fmt::Display for Fingerprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl FromStr for Fingerprint {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u64::from_str_radix(text, 16).map(Self)
    }
}

impl Serialize for Fingerprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Fingerprint {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_never_changes() {
        let group_by = [LabelName::Code, LabelName::Api];
        let key = [Some(Arc::from("APIG.0301")), None];
        let fingerprint = Fingerprint::of("aksk-lockout", &group_by, &key);
        assert_eq!(fingerprint.to_string(), "aab385eb5982ee12");
        assert_eq!("aab385eb5982ee12".parse(), Ok(fingerprint));
    }

    #[test]
    fn an_absent_value_is_not_an_empty_one() {
        let of =
            |value: Option<&str>| Fingerprint::of("r", &[LabelName::Api], &[value.map(Arc::from)]);
        assert_ne!(of(None), of(Some("")));
    }

    #[test]
    fn every_known_name_reads_back() {
        for (text, name) in LabelName::KNOWN {
            assert_eq!(text.parse(), Ok(name.clone()));
            assert_eq!(name.as_str(), text);
        }
        assert_eq!("team".parse(), Ok(LabelName::Custom("team".into())));
        assert_eq!("t_1".parse(), Ok(LabelName::Custom("t_1".into())));
        for text in ["", "Team", "1st", "_team", "te-am", "te.am", "teaM", "te am"] {
            assert!(text.parse::<LabelName>().is_err(), "{text}");
        }
    }
}
