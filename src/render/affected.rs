//! Who else is affected: the values of labels beside the group's own.
//!
//! Owns which values are told and how many. Must never know a surface. Nothing here fails.

use serde::Serialize;

use crate::engine::{Alert, LabelName};
use crate::surface::Language;

/// How many values of a label are told.
const VALUES_SHOWN: usize = 5;

/// The values of one label that an alert's events had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Affected {
    /// The label's name.
    pub label: LabelName,
    /// What it is called, such as `APIs`.
    pub words: String,
    /// The first values.
    pub values: Vec<String>,
    /// How many further ones there are.
    pub more: usize,
}

impl Affected {
    /// The values and how many more, such as `a.log, b.log and 3 more`.
    pub fn list(&self, language: Language) -> String {
        language.list(&self.values, self.more)
    }
}

/// The values of every label, the group's own left aside.
pub(super) fn of(alert: &Alert, language: Language) -> Vec<Affected> {
    let names = LabelName::KNOWN.into_iter().map(|(_, name)| name);
    let others = names.filter(|name| alert.label(name).is_none());
    let told = others.filter_map(|label| {
        let all: Vec<_> = values(alert, &label)
            .into_iter()
            .filter(|value| !is_group(alert, &label, value))
            .collect();
        if all.is_empty() {
            return None;
        }
        let words = label_words(&label, all.len(), language);
        let more = all.len().saturating_sub(VALUES_SHOWN);
        let values = all.into_iter().take(VALUES_SHOWN).map(str::to_owned).collect();
        Some(Affected { label, words, values, more })
    });
    told.collect()
}

/// The values that the events had, in the order in which they came.
pub(super) fn values<'a>(alert: &'a Alert, label: &LabelName) -> Vec<&'a str> {
    let affected = alert.evidence.affected.iter().filter(|known| known.name == *label);
    affected.map(|known| &*known.value).collect()
}

/// What a label is called for so many values.
pub(super) fn label_words(label: &LabelName, values: usize, language: Language) -> String {
    let (one, many) = match label {
        LabelName::Module => ("Module", "Modules"),
        LabelName::Code => ("Code", "Codes"),
        LabelName::Cause => ("Cause", "Causes"),
        LabelName::Api => ("API", "APIs"),
        LabelName::Region => ("Region", "Regions"),
        LabelName::Project => ("Project", "Projects"),
        LabelName::AccessKey => ("Access key", "Access keys"),
        LabelName::Credential => ("Credential", "Credentials"),
        LabelName::Host => ("Endpoint", "Endpoints"),
        LabelName::Source => ("Source", "Sources"),
        LabelName::Service => ("Service", "Services"),
        LabelName::Custom(name) => (&**name, &**name),
    };
    language.words(if values == 1 { one } else { many }).to_owned()
}

/// A credential is an access key or a source: its group has said so.
fn is_group(alert: &Alert, label: &LabelName, value: &str) -> bool {
    matches!(label, LabelName::AccessKey | LabelName::Source)
        && alert.label(&LabelName::Credential) == Some(value)
}
