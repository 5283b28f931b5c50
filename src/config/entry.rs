//! A `[[source]]`: where its lines come from, and what is known of them beforehand.
//!
//! Owns its keys, their limits and defaults. Must not know the other sources. What is wrong is a
//! problem and reads as absent.

use std::collections::BTreeMap;
use std::ops::{Range, RangeInclusive};
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

use super::origin;
use super::paths::Paths;
use super::problem;
use super::size::{GIB, KIB, size_in};
use super::source::{Encoding, Origin, Source, Start};
use super::start;
use crate::engine::{self, LabelName};
use crate::rules::label_named;
use crate::toml_file::{Keys, Problems};
use crate::zone::Zone;

pub(super) const SOURCE_KEYS: &[&str] = &[
    "name",
    "files",
    "exclude",
    "rotated_to",
    "stdin",
    "fifo",
    "journal",
    "docker",
    "pods",
    "service",
    "credential",
    "labels",
    "timezone",
    "encoding",
    "start",
    "line_max",
];

const NAME_BYTES_MAX: usize = 128;
const LABEL_BYTES_MAX: usize = 256;
pub(super) const LINE_MAX: RangeInclusive<u64> = KIB..=GIB;
pub(super) const LABELS_MAX: usize = 32;

/// A source with what must not be there twice.
pub(super) struct Said {
    pub(super) source: Source,
    pub(super) name: Option<Range<usize>>,
    pub(super) follows: Vec<Spanned<String>>,
}

/// Reads a source of a file whose times are of the given zone where a source names none.
pub(super) fn read(
    item: &Spanned<DeValue<'_>>,
    paths: Paths<'_>,
    zone: Option<Zone>,
    problems: &mut Problems<'_>,
) -> Option<Said> {
    let keys = Keys::of_value(item, "[[source]]", SOURCE_KEYS, problems)?;
    let name = short("name", &keys, problems);
    let found = origin::read(paths, &keys, problems);
    let label = engine::Source {
        name: name.as_ref().map_or_else(|| Arc::from(""), |name| name.get_ref().as_str().into()),
        service: short("service", &keys, problems).map(|text| text.into_inner().into()),
        credential: short("credential", &keys, problems).map(|text| text.into_inner().into()),
        labels: labels(&keys, problems),
    };
    let zone = zone_of(&keys, problems).or(zone);
    let encoding = keys.one_of("encoding", &Encoding::ALL, problems);
    let start = start::read(&keys, zone, problems);
    let line_bytes_max = size_in("line_max", LINE_MAX, &keys, problems);
    let found = found?;
    // What streams bring has no past.
    let usual = match found.origin {
        Origin::Stdin | Origin::Fifo(_) => Start::Beginning,
        _ => Start::End,
    };
    let source = Source {
        label,
        named: name.is_some(),
        origin: found.origin,
        zone,
        encoding: encoding.map(Spanned::into_inner).unwrap_or_default(),
        start: start.unwrap_or(usual),
        line_bytes_max,
    };
    Some(Said { source, name: name.map(|name| name.span()), follows: found.follows })
}

/// The zone of a key `timezone`.
pub(super) fn zone_of(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Zone> {
    let text = keys.text("timezone", problems)?;
    let wrong = |error: crate::zone::ZoneError| {
        let message = format!("unknown time zone `{}`", error.given);
        problems.add(problem::BAD_VALUE, text.span(), message, error.hint);
    };
    Zone::parse(text.get_ref()).map_err(wrong).ok()
}

/// A text that stands in every alert.
fn short(key: &str, keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Option<Spanned<String>> {
    let text = keys.text(key, problems)?;
    if text.get_ref().len() <= NAME_BYTES_MAX {
        return Some(text);
    }
    let message =
        format!("`{key}` has {} bytes, at most {NAME_BYTES_MAX} can be", text.as_ref().len());
    let hint = "it stands in every alert; give a short name".to_owned();
    problems.add(problem::BAD_NAME, text.span(), message, hint);
    None
}

fn labels(keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> BTreeMap<Box<str>, Arc<str>> {
    let mut labels = BTreeMap::new();
    let Some(value) = keys.value("labels") else { return labels };
    let names: Vec<_> =
        value.get_ref().as_table().into_iter().flat_map(|table| table.keys()).collect();
    let known: Vec<&str> = names.iter().map(|name| name.get_ref().as_ref()).collect();
    let Some(table) = Keys::of_value(value, "labels", &known, problems) else { return labels };
    if let Some(first_beyond) = names.get(LABELS_MAX) {
        let message = format!("{} labels stand here, at most {LABELS_MAX} can", names.len());
        let hint = "rules match and group by labels; leave out what none does".to_owned();
        problems.add(problem::TOO_MANY, first_beyond.span(), message, hint);
    }
    for name in names.into_iter().take(LABELS_MAX) {
        let text = table.text(name.get_ref(), problems);
        let wrong = match label_named(name.get_ref()) {
            Ok(LabelName::Custom(label)) => {
                labels.extend(text.and_then(|text| label_value(label, &text, problems)));
                continue;
            }
            Ok(known) => taken(&known),
            Err(wrong) => wrong,
        };
        problems.add(problem::BAD_LABEL, name.span(), wrong.0, wrong.1);
    }
    labels
}

fn label_value(
    name: Box<str>,
    text: &Spanned<String>,
    problems: &mut Problems<'_>,
) -> Option<(Box<str>, Arc<str>)> {
    let length = text.get_ref().len();
    if length <= LABEL_BYTES_MAX {
        return Some((name, text.get_ref().as_str().into()));
    }
    let message = format!("`{name}` has {length} bytes, at most {LABEL_BYTES_MAX} can be");
    let hint = "it stands in every alert; what explains belongs into a rule's `note`".to_owned();
    problems.add(problem::BAD_LABEL, text.span(), message, hint);
    None
}

/// Why a name is not free, and what to write instead.
fn taken(name: &LabelName) -> (String, String) {
    let hint = match name {
        LabelName::Source => "write `name` of the source, beside `labels`".to_owned(),
        LabelName::Service | LabelName::Credential => {
            format!("write `{name}` beside `labels`, not in it")
        }
        _ => "give the label another name".to_owned(),
    };
    let message = match name {
        LabelName::Source | LabelName::Service | LabelName::Credential => {
            format!("`{name}` has a key of its own")
        }
        _ => format!("the label `{name}` is what the log tells"),
    };
    (message, hint)
}
