//! How grave a code is, and why.
//!
//! Owns the three severities and the `[[severity]]` lists of catalogue files. They are ocrwatch's
//! own judgement, or the user's: the vendor's documentation gives none. Must not know what a report
//! or an alert makes of it. A bad list is a problem of its file; nothing else fails.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use toml::Spanned;
use toml::de::DeValue;

use super::problem;
use crate::toml_file::{Keys, Problems, did_you_mean, listed};

/// How grave something is; the graver, the greater.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// A single image or request is wrong; the next one may be right.
    Info,
    /// Requests fail for a reason that lies outside the single request.
    Warning,
    /// Every request fails until a person acts.
    Critical,
}

impl Severity {
    /// Every severity, the gravest first.
    pub const ALL: [Self; 3] = [Self::Critical, Self::Warning, Self::Info];

    /// The name in files, options and reports.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Critical => "critical",
            Self::Warning => "warning",
            Self::Info => "info",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl Serialize for Severity {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl<'de> Deserialize<'de> for Severity {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl FromStr for Severity {
    type Err = String;

    /// Reads a name in any case.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL
            .into_iter()
            .find(|severity| severity.name().eq_ignore_ascii_case(text))
            .ok_or_else(|| {
                format!("`{text}` is not a severity; the severities are critical, warning and info")
            })
    }
}

/// A severity with its reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rating {
    /// How grave.
    pub severity: Severity,
    /// Why: a lowercase fragment without a final period.
    pub reason: Arc<str>,
}

/// The ratings of codes, and of causes under `code/cause`.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Ratings {
    by_subject: BTreeMap<Box<str>, Rating>,
}

impl Ratings {
    /// The rating of the cause if it has one, else that of the code.
    pub(super) fn of(&self, code: &str, cause: Option<&str>) -> Option<&Rating> {
        let of_cause = cause.and_then(|cause| self.by_subject.get(&*format!("{code}/{cause}")));
        of_cause.or_else(|| self.by_subject.get(code))
    }

    pub(super) fn extend(&mut self, rated: Vec<Rated>) {
        self.by_subject.extend(rated.into_iter().map(|rated| (rated.subject, rated.rating)));
    }
}

/// A code, or a cause as `code/cause`, with what a file says of it.
pub(super) struct Rated {
    pub(super) subject: Box<str>,
    pub(super) rating: Rating,
    /// Where the subject stands in the file.
    pub(super) range: Range<usize>,
}

impl Rated {
    /// The code, and the cause if it is one of a cause.
    pub(super) fn parts(&self) -> (&str, Option<&str>) {
        match self.subject.split_once('/') {
            Some((code, cause)) => (code, Some(cause)),
            None => (&self.subject, None),
        }
    }

    /// Says that the file rates what nothing is known of.
    pub(super) fn unknown(&self, problems: &mut Problems<'_>) {
        let (code, cause) = self.parts();
        let message = match cause {
            None => format!("no [[entry]] for code {code} stands in this or an earlier file"),
            Some(cause) => format!("code {code} has no cause `{cause}`"),
        };
        let hint = "write a known code such as AIS.0101, or a cause of one such as \
                    APIG.0301/aksk-signature";
        problems.add(problem::BAD_SEVERITY, self.range.clone(), message, hint.to_owned());
    }
}

/// Reads the `[[severity]]` lists of a file.
pub(super) fn read(root: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Vec<Rated> {
    let mut rated: Vec<Rated> = Vec::new();
    for item in root.tables("severity", "[[severity]]", problems).unwrap_or_default() {
        for new in list(item, problems).unwrap_or_default() {
            if rated.iter().any(|earlier| earlier.subject == new.subject) {
                let message = format!("{} has a severity in this file already", new.subject);
                let hint = "keep one of the two; a later file replaces an earlier one's".to_owned();
                problems.add(problem::BAD_SEVERITY, new.range.clone(), message, hint);
            }
            rated.push(new);
        }
    }
    rated
}

fn list(item: &Spanned<DeValue<'_>>, problems: &mut Problems<'_>) -> Option<Vec<Rated>> {
    const KEYS: &[&str] = &["severity", "reason", "codes"];
    let keys = Keys::of_value(item, "[[severity]]", KEYS, problems)?;
    let hint = "critical, warning or info";
    let severity = keys.required_text("severity", hint, problems);
    let hint = "say why the codes are that grave";
    let reason = keys.required_text("reason", hint, problems);
    if !keys.has("codes") {
        keys.missing("codes", "list the codes that are that grave", problems);
    }
    let codes = keys.texts("codes", problems)?;
    let severity = named(&severity?, problems)?;
    let rating = Rating { severity, reason: reason?.into_inner().into() };
    let rated = codes.into_iter().map(|code| Rated {
        range: code.span(),
        subject: code.into_inner().into(),
        rating: rating.clone(),
    });
    Some(rated.collect())
}

fn named(name: &Spanned<String>, problems: &mut Problems<'_>) -> Option<Severity> {
    let severity = name.get_ref().parse().ok();
    if severity.is_none() {
        let names = Severity::ALL.map(Severity::name);
        let message = format!("unknown severity `{}`", name.get_ref());
        let hint = did_you_mean(name.get_ref(), names)
            .unwrap_or_else(|| format!("the severities are {}", listed(&names)));
        problems.add(problem::BAD_SEVERITY, name.span(), message, hint);
    }
    severity
}

#[cfg(test)]
mod tests {
    use super::Severity;
    use crate::catalogue::Catalogue;

    #[test]
    fn every_shipped_code_is_rated_once_and_with_a_reason() {
        let catalogue = Catalogue::embedded();
        let unrated: Vec<_> = catalogue
            .entries()
            .filter(|entry| catalogue.rating(&entry.code, None).is_none())
            .map(|entry| &*entry.code)
            .collect();
        assert!(unrated.is_empty(), "no severity for {unrated:?}");
    }

    #[test]
    fn a_cause_can_be_graver_than_its_code() {
        let catalogue = Catalogue::embedded();
        let severity = |cause| catalogue.severity_of("APIG.0301", cause);
        assert_eq!(severity(None), Severity::Warning);
        assert_eq!(severity(Some("token-expired")), Severity::Warning);
        assert_eq!(severity(Some("aksk-signature")), Severity::Critical);
    }

    #[test]
    fn an_unknown_code_is_a_warning() {
        assert_eq!(Catalogue::embedded().severity_of("AIS.0999", None), Severity::Warning);
    }

    #[test]
    fn a_file_of_the_user_s_changes_a_severity() {
        let mut catalogue = Catalogue::embedded();
        let file = "[[severity]]\nseverity = \"critical\"\nreason = \"our scanner is alone\"\n\
                    codes = [\"AIS.0104\"]\n";
        assert_eq!(catalogue.load("ours.toml", file), []);
        assert_eq!(catalogue.severity_of("AIS.0104", None), Severity::Critical);
        let reason = catalogue.rating("AIS.0104", None).map(|rating| &*rating.reason);
        assert_eq!(reason, Some("our scanner is alone"));
    }

    #[test]
    fn severities_are_ordered_by_gravity_and_read_in_any_case() {
        assert!(Severity::Critical > Severity::Warning && Severity::Warning > Severity::Info);
        assert_eq!("Critical".parse(), Ok(Severity::Critical));
        assert!("fatal".parse::<Severity>().is_err());
    }
}
