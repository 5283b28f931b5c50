//! Events of `PagerDuty`, version 2.
//!
//! Owns their form and what its answers mean. An event is an alert: it is told again under the same
//! key, so that what was sent twice is one incident. Fails with what `PagerDuty` said.

use serde_json::{Map, Value, json};

use super::answer::{self, busy, by_status, closed, refused};
use super::http::{Answer, Request};
use super::{Told, post};
use crate::catalogue::Severity;
use crate::deliver::{Accepted, Failure, Hidden};
use crate::engine::AlertStatus;
use crate::render::chat::{clip, clip_bytes, noted};
use crate::render::{AlertText, ToldText};
use crate::surface::escape::visible;

const SUMMARY_CHARS_MAX: usize = 1024;

/// 512 KB in the documentation.
const BYTES_MAX: usize = 500_000;

/// Of one text of the details.
const DETAIL_BYTES_MAX: usize = 16 * 1024;

/// An event for each alert; two for one that came and went before it was told.
pub(super) fn requests(url: &str, key: &Hidden, told: &Told<'_>) -> Vec<Request> {
    let alerts = told.text.alerts.iter();
    let events = alerts.flat_map(|alert| {
        let actions: &[&str] = match alert.status {
            AlertStatus::Firing => &["trigger"],
            AlertStatus::Resolved => &["resolve"],
            AlertStatus::FiredAndResolved => &["trigger", "resolve"],
        };
        actions.iter().map(move |action| event(key.reveal(), action, &told.text.notes, alert))
    });
    events.map(|body| post(url, body)).collect()
}

fn event(key: &str, action: &str, notes: &[String], alert: &ToldText) -> Vec<u8> {
    let body = |samples| {
        let mut event = json!({
            "routing_key": key,
            "event_action": action,
            "dedup_key": format!("ocrwatch-{}", alert.text.fingerprint),
        });
        if let (Value::Object(fields), "trigger") = (&mut event, action) {
            fields.insert("client".to_owned(), json!("ocrwatch"));
            fields.insert("payload".to_owned(), payload(notes, &alert.text, samples));
            let links = alert.text.links.iter();
            let links: Vec<_> = links.map(|href| json!({ "href": href, "text": href })).collect();
            fields.insert("links".to_owned(), Value::Array(links));
        }
        event.to_string().into_bytes()
    };
    let whole = body(true);
    if whole.len() <= BYTES_MAX { whole } else { body(false) }
}

fn payload(notes: &[String], text: &AlertText, samples: bool) -> Value {
    let label = |name: &str| text.labels.get(name).map(|value| visible(value));
    let source = ["source", "service", "host"].into_iter().find_map(label);
    let severity = match text.severity {
        Severity::Critical => "critical",
        Severity::Warning => "warning",
        Severity::Info => "info",
    };
    let mut payload = json!({
        "summary": clip(&visible(&noted(notes, &text.headline)), SUMMARY_CHARS_MAX),
        "source": source.unwrap_or_else(|| "ocrwatch".to_owned()),
        "severity": severity,
        "timestamp": text.moments.fired_at.unwrap_or(text.moments.last_at).to_rfc3339(),
        "component": label("api"),
        "group": text.rule,
        "class": text.codes.first().map(|code| &code.code),
        "custom_details": details(text, samples),
    });
    if let Value::Object(fields) = &mut payload {
        // What is not known is absent: a null is no text.
        fields.retain(|_, value| !value.is_null());
    }
    payload
}

fn details(text: &AlertText, samples: bool) -> Value {
    let mut details = Map::new();
    let mut put = |label: &str, value: String| {
        details.insert(label.to_owned(), Value::String(clip_bytes(&value, DETAIL_BYTES_MAX)));
    };
    for code in &text.codes {
        put(&code.code, code.meaning.join(" "));
        let causes = code.causes.iter().map(|cause| cause.text.as_str()).collect::<Vec<_>>();
        if !causes.is_empty() {
            put(&format!("{} cause", code.code), causes.join("; "));
        }
        let own = code.causes.iter().flat_map(|cause| &cause.solution);
        let lines = own.chain(&code.solution).map(|paragraph| {
            if paragraph.bullet {
                format!("- {}", paragraph.text)
            } else {
                paragraph.text.to_string()
            }
        });
        let lines: Vec<_> = lines.chain(code.elsewhere.clone()).collect();
        put(&format!("{} what to do", code.code), lines.join("\n"));
    }
    if let Some(note) = &text.note {
        put("Note of the operator", note.clone());
    }
    for fact in &text.facts {
        put(&fact.label, fact.value.clone());
    }
    for (at, sample) in text.samples.iter().enumerate().filter(|_| samples) {
        put(
            &format!("Sample {}", at + 1),
            format!("{}:{}\n{}", sample.file, sample.line, sample.text),
        );
    }
    Value::Object(details)
}

pub(super) fn judge(answer: &Answer) -> Result<Accepted, Failure> {
    let value: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let errors: Vec<_> =
        value["errors"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let what = format!("HTTP {} {}", answer.status, answer::said(answer));
    if answer.status == 400 {
        return Err(if errors.iter().any(|error| error.contains("routing_key")) {
            closed(what, "the key is none of an Events API v2 integration, which has 32 characters")
        } else {
            refused(what, "PagerDuty does not take this event")
        });
    }
    if answer.status == 429 {
        return Err(busy(answer, what, Some(60)));
    }
    by_status(answer)?;
    if value["status"] == "success" {
        return Ok(answer::taken(answer));
    }
    Err(closed(
        format!("what came back is no answer of PagerDuty: {}", answer::said(answer)),
        "look at the address: https://events.pagerduty.com/v2/enqueue, in Europe events.eu.",
    ))
}
