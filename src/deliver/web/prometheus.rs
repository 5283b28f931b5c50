//! Alerts as Prometheus and Alertmanager write them.
//!
//! Owns which of an alert's values are labels, by which Alertmanager tells alerts apart, and which
//! are annotations; and the body with which Alertmanager calls webhooks. Must never put a number
//! that grows into a label. Nothing here fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};
use serde_json::{Value, json};

use super::Told;
use super::webhook::without_samples;
use crate::engine::AlertStatus;
use crate::render::chat::{Words, all_of, clip_bytes, noted};
use crate::render::markup::Dialect;
use crate::render::{AlertText, NotificationText, Status};
use crate::surface::escape::visible;

/// Of one annotation: Alertmanager has no limit, what it tells has.
const ANNOTATION_BYTES_MAX: usize = 16 * 1024;

/// Beyond, no samples are sent.
const BYTES_MAX: usize = 1024 * 1024;

pub(super) type Labels = BTreeMap<String, String>;

/// What tells an alert from others: its rule and its group key, and what the operator adds.
pub(super) fn labels(text: &AlertText, added: &[(Arc<str>, Arc<str>)]) -> Labels {
    let added = added.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let mut labels: Labels = added.collect();
    labels.extend(text.labels.iter().map(|(name, value)| (label_name(name), visible(value))));
    labels.insert("alertname".to_owned(), visible(&text.rule));
    labels.insert("severity".to_owned(), text.severity.name().to_owned());
    if text.moments.locked_until.is_some() {
        labels.insert("account_lock".to_owned(), "true".to_owned());
    }
    // An empty label is none.
    labels.retain(|_, value| !value.is_empty());
    labels
}

/// A name of letters, digits and underscores that does not begin with a digit.
pub(super) fn label_name(name: &str) -> String {
    let word = |c: char| if c.is_ascii_alphanumeric() { c } else { '_' };
    let name: String = name.chars().map(word).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("_{name}") } else { name }
}

/// What is said of an alert.
pub(super) fn annotations(notes: &[String], text: &AlertText, words: &Words) -> Labels {
    let page = |pieces: &[_]| clip_bytes(&Dialect::Plain.page(pieces, words), ANNOTATION_BYTES_MAX);
    let told = all_of(text, words);
    let codes: Vec<_> = text.codes.iter().map(|code| visible(&code.code)).collect();
    let causes = text.codes.iter().flat_map(|code| &code.causes);
    let causes: Vec<_> = causes.map(|cause| visible(&cause.text)).collect();
    let rest = [
        ("summary", visible(&noted(notes, &text.headline))),
        ("description", page(&told.whole)),
        ("solution", page(&told.solution)),
        ("codes", codes.join(", ")),
        ("causes", causes.join("; ")),
        ("count", text.count.to_string()),
        ("first_at", text.moments.first_at.to_rfc3339()),
        ("last_at", text.moments.last_at.to_rfc3339()),
        ("note", text.note.as_deref().map(|note| clip_bytes(note, 4096)).unwrap_or_default()),
        ("fingerprint", text.fingerprint.to_string()),
        ("runbook_url", text.links.first().cloned().unwrap_or_default()),
        ("locked_until", text.moments.locked_until.map(|at| at.to_rfc3339()).unwrap_or_default()),
    ];
    let said = rest.into_iter().filter(|(_, value)| !value.is_empty());
    said.map(|(name, value)| (name.to_owned(), value)).collect()
}

/// Since when it fires.
pub(super) fn starts_at(text: &AlertText) -> DateTime<FixedOffset> {
    text.moments.fired_at.unwrap_or(text.moments.pending_at)
}

/// A notification in the form in which Alertmanager calls a webhook, version 4.
pub(super) fn webhook(told: &Told<'_>) -> Vec<u8> {
    let whole = document(told.text, told.words);
    if whole.len() <= BYTES_MAX {
        return whole;
    }
    document(&without_samples(told.text), told.words)
}

fn document(text: &NotificationText, words: &Words) -> Vec<u8> {
    let labels: Vec<_> = text.alerts.iter().map(|told| labels(&told.text, &[])).collect();
    let annotations: Vec<_> =
        text.alerts.iter().map(|told| annotations(&text.notes, &told.text, words)).collect();
    let alerts = text.alerts.iter().zip(labels.iter().zip(&annotations));
    let alerts: Vec<Value> = alerts
        .map(|(told, (labels, annotations))| {
            let fires = told.status == AlertStatus::Firing;
            // The zero of the language that Alertmanager is written in: it has not ended.
            let ends_at = told.text.moments.resolved_at.filter(|_| !fires);
            let ends_at = ends_at.map_or("0001-01-01T00:00:00Z".to_owned(), |at| at.to_rfc3339());
            json!({
                "status": if fires { "firing" } else { "resolved" },
                "labels": labels,
                "annotations": annotations,
                "startsAt": starts_at(&told.text).to_rfc3339(),
                "endsAt": ends_at,
                "generatorURL": "",
                "fingerprint": told.text.fingerprint.to_string(),
            })
        })
        .collect();
    let group = text
        .group
        .iter()
        .filter_map(|(facet, value)| Some((label_name(facet), visible(value.as_deref()?))));
    let group: Labels = group.collect();
    let key: Vec<_> = group.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    let message = json!({
        "version": "4",
        "groupKey": format!("{{}}/{}:{{{}}}", visible(&text.route), key.join(", ")),
        "truncatedAlerts": text.left_out,
        "status": match text.status {
            Status::Firing => "firing",
            Status::Resolved => "resolved",
        },
        "receiver": text.receiver,
        "groupLabels": group,
        "commonLabels": shared(&labels),
        "commonAnnotations": shared(&annotations),
        "externalURL": "",
        "notification_reason": text.reason.to_string(),
        "alerts": alerts,
    });
    message.to_string().into_bytes()
}

/// What all of them have.
fn shared(all: &[Labels]) -> Labels {
    let Some((first, rest)) = all.split_first() else { return Labels::new() };
    let shared = first
        .iter()
        .filter(|(name, value)| rest.iter().all(|labels| labels.get(*name) == Some(*value)));
    shared.map(|(name, value)| (name.clone(), value.clone())).collect()
}
