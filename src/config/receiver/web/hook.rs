//! `webhook`, `alertmanager_webhook` and `alertmanager`: programs of one's own.
//!
//! Owns their keys and bounds. Must never read a secret. What is wrong is a problem and reads as
//! absent.

use std::sync::Arc;

use toml::Spanned;

use super::{Address, address, is_url, pairs};
use crate::config::paths::{Paths, limited};
use crate::config::receiver::secret;
use crate::config::{Secret, problem};
use crate::toml_file::{Keys, Problems};

pub(super) const WEBHOOK_KEYS: &[&str] =
    &["url", "secrets", "authorization", "headers", "ca_file", "timeout"];
pub(super) const SHAPE_KEYS: &[&str] = &["url", "authorization", "headers", "ca_file", "timeout"];
pub(super) const ALERTMANAGER_KEYS: &[&str] =
    &["urls", "authorization", "labels", "ca_file", "timeout"];

pub(super) const PEERS_MAX: usize = 16;
pub(super) const HEADERS_MAX: usize = 16;
pub(super) const LABELS_MAX: usize = 16;

/// The new one and the one before it.
pub(super) const SECRETS_MAX: usize = 2;

/// What the program sets itself, and what steers a connection.
const OWN_HEADERS: [&str; 12] = [
    "authorization",
    "connection",
    "content-length",
    "content-type",
    "expect",
    "host",
    "idempotency-key",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "user-agent",
];

/// A webhook.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Webhook {
    /// Where it is.
    pub url: Address,
    /// With what each message is signed: with all of them.
    pub secrets: Arc<[Secret]>,
    /// What `Authorization` says, such as `Bearer …`.
    pub authorization: Option<Secret>,
    /// Further headers.
    pub headers: Arc<[(Arc<str>, Arc<str>)]>,
}

/// Alertmanagers, each of which is told everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alertmanager {
    /// Where they are, without the path of their interface.
    pub urls: Arc<[Arc<str>]>,
    /// What `Authorization` says.
    pub authorization: Option<Secret>,
    /// Labels that every alert has beside its own.
    pub labels: Arc<[(Arc<str>, Arc<str>)]>,
}

pub(super) fn webhook(
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Webhook> {
    let url = address("url", paths, keys, problems);
    let secrets = secrets(paths, keys, problems);
    let authorization = secret::read("authorization", paths, keys, problems);
    let headers = pairs("headers", HEADERS_MAX, is_header, keys, problems);
    Some(Webhook { url: url?, secrets: secrets.into(), authorization, headers: headers.into() })
}

fn secrets(paths: Paths<'_>, keys: &Keys<'_, '_>, problems: &mut Problems<'_>) -> Vec<Secret> {
    let Some(items) = keys.list("secrets", problems) else { return Vec::new() };
    if let Some(beyond) = items.get(SECRETS_MAX) {
        let message = format!("{} secrets stand here, at most {SECRETS_MAX} can", items.len());
        let hint = "one signs, and while it is changed the one before it, too".to_owned();
        problems.add(problem::TOO_MANY, beyond.span(), message, hint);
    }
    let items = items.iter().take(SECRETS_MAX);
    items
        .filter_map(|item| secret::of_value(("secrets", "secrets"), item, paths, problems))
        .collect()
}

fn is_header(name: &str) -> bool {
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let lower = name.to_ascii_lowercase();
    let is_own = OWN_HEADERS.contains(&lower.as_str()) || lower.starts_with("x-ocrwatch-");
    !name.is_empty() && is_word && !is_own
}

pub(super) fn alertmanager(
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Alertmanager> {
    if !keys.has("urls") {
        let hint = "name every Alertmanager of the cluster: `urls = [\"http://am-1:9093\"]`";
        keys.missing("urls", hint, problems);
    }
    let said = limited("urls", PEERS_MAX, "name those of one cluster only", keys, problems);
    let is_none = keys.has("urls") && said.is_empty();
    let mut urls: Vec<Arc<str>> = Vec::new();
    for text in said {
        let is_good = is_url(&text, problems) && is_alone(&text, problems);
        let url: Arc<str> = text.get_ref().trim_end_matches('/').into();
        if is_good && urls.contains(&url) {
            let message = format!("`{url}` is named twice");
            problems.add(
                problem::DUPLICATE_NAME,
                text.span(),
                message,
                "once is enough".to_owned(),
            );
        } else if is_good {
            urls.push(url);
        }
    }
    if is_none {
        keys.missing("urls", "name one Alertmanager at least", problems);
    }
    let authorization = secret::read("authorization", paths, keys, problems);
    let labels = pairs("labels", LABELS_MAX, is_label, keys, problems);
    let is_told = !urls.is_empty();
    is_told.then(|| Alertmanager { urls: urls.into(), authorization, labels: labels.into() })
}

/// The path of the interface is the program's to write.
fn is_alone(text: &Spanned<String>, problems: &mut Problems<'_>) -> bool {
    let url = text.get_ref();
    let is_alone = !url.contains("/api/") && !url.contains('?') && !url.contains(' ');
    if !is_alone {
        let message = "the path of Alertmanager's interface is not written here".to_owned();
        let hint = "write its address alone, with its prefix if it has one".to_owned();
        problems.add(problem::BAD_VALUE, text.span(), message, hint);
    }
    is_alone
}

/// What is an alert's own cannot be given.
fn is_label(name: &str) -> bool {
    let is_word = name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
    let is_own = matches!(name, "alertname" | "severity" | "account_lock");
    is_word && !is_own && name.starts_with(|c: char| c.is_ascii_alphabetic())
}
