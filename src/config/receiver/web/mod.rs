//! Receivers over HTTP: chat robots, webhooks, incident services.
//!
//! Owns their keys and bounds, who is told each on its own, and how much each service takes. Must
//! never read a secret or send anything. What is wrong is a problem and reads as absent.

mod hook;
mod incident;
mod reference;
mod robot;

use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::sync::Arc;

use toml::Spanned;
use toml::de::DeValue;

pub use hook::{Alertmanager, Webhook};
pub use incident::{PagerDuty, Smn, SmnLogin};
pub(super) use reference::keys as reference;
pub use robot::Robot;

use super::{Rate, secret};
use crate::config::paths::Paths;
use crate::config::{Secret, problem};
use crate::engine::Span;
use crate::rules::span_in;
use crate::toml_file::{Keys, Problems};

/// The keys that name one.
pub(super) const WAYS: [&str; 10] = [
    "dingtalk",
    "feishu",
    "wecom",
    "slack",
    "teams",
    "pagerduty",
    "smn",
    "webhook",
    "alertmanager_webhook",
    "alertmanager",
];

/// Every key of their tables.
pub(super) const TABLES: [(&str, &[&str]); 10] = [
    ("dingtalk", robot::SIGNED_KEYS),
    ("feishu", robot::SIGNED_KEYS),
    ("wecom", robot::KEYS),
    ("slack", robot::KEYS),
    ("teams", robot::KEYS),
    ("pagerduty", incident::PAGERDUTY_KEYS),
    ("smn", incident::SMN_KEYS),
    ("webhook", hook::WEBHOOK_KEYS),
    ("alertmanager_webhook", hook::SHAPE_KEYS),
    ("alertmanager", hook::ALERTMANAGER_KEYS),
];

const TIMEOUTS: RangeInclusive<i64> = Span::SECOND.0..=5 * Span::MINUTE.0;
const TIMEOUT: Span = Span(20_000);

/// A receiver over HTTP.
#[derive(Debug, Clone, PartialEq)]
pub struct Web {
    /// What is spoken to.
    pub service: Service,
    /// How it is reached.
    pub link: Link,
}

/// How a receiver is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    /// The certificates of those who may vouch for it; the machine's if there is none.
    pub ca_file: Option<PathBuf>,
    /// An attempt is given up after so long.
    pub timeout: Span,
}

/// What is spoken to.
#[derive(Debug, Clone, PartialEq)]
pub enum Service {
    /// A robot of a `DingTalk` group.
    DingTalk(Robot),
    /// A bot of a Feishu or Lark group.
    Feishu(Robot),
    /// A robot of a `WeCom` group.
    WeCom(Robot),
    /// An incoming webhook of Slack.
    Slack(Robot),
    /// A workflow of Teams.
    Teams(Robot),
    /// Events of `PagerDuty`, version 2.
    PagerDuty(PagerDuty),
    /// A topic of Huawei Cloud's notification service.
    Smn(Smn),
    /// A webhook in ocrwatch's own form.
    Webhook(Webhook),
    /// A webhook in the form in which Alertmanager calls one.
    AlertmanagerWebhook(Webhook),
    /// The Alertmanagers themselves.
    Alertmanager(Alertmanager),
}

/// An address, which may be a secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Address {
    /// It may be shown.
    Plain(Arc<str>),
    /// Who knows it may send.
    Secret(Secret),
}

impl Service {
    /// The key of `[[receiver]]` that says it.
    pub fn key(&self) -> &'static str {
        match self {
            Self::DingTalk(_) => "dingtalk",
            Self::Feishu(_) => "feishu",
            Self::WeCom(_) => "wecom",
            Self::Slack(_) => "slack",
            Self::Teams(_) => "teams",
            Self::PagerDuty(_) => "pagerduty",
            Self::Smn(_) => "smn",
            Self::Webhook(_) => "webhook",
            Self::AlertmanagerWebhook(_) => "alertmanager_webhook",
            Self::Alertmanager(_) => "alertmanager",
        }
    }
}

impl Web {
    /// Who is told each on its own: the Alertmanagers, or one place.
    pub fn recipients(&self) -> Vec<Arc<str>> {
        match &self.service {
            Service::Alertmanager(alertmanager) => alertmanager.urls.to_vec(),
            _ => vec!["".into()],
        }
    }

    /// Four fifths of what the service takes, where it is known to count.
    pub fn usual_rate(&self) -> Option<Rate> {
        let messages = match &self.service {
            Service::DingTalk(_) | Service::WeCom(_) => 16,
            Service::Feishu(_) => 80,
            Service::Slack(_) | Service::Teams(_) => 48,
            // Each alert of a message is an event of its own.
            Service::PagerDuty(_) => 96,
            Service::Smn(_)
            | Service::Webhook(_)
            | Service::AlertmanagerWebhook(_)
            | Service::Alertmanager(_) => return None,
        };
        Some(Rate { messages, per: Span::MINUTE })
    }
}

pub(super) fn read(
    way: &'static str,
    paths: Paths<'_>,
    receiver: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Web> {
    let (_, known) = TABLES.iter().find(|(name, _)| *name == way)?;
    let keys = receiver.table(way, way, known, problems)?;
    let ca_file = keys.has("ca_file").then(|| paths.path("ca_file", &keys, problems));
    let timeout = span_in(&keys, "timeout", TIMEOUTS, problems);
    let link = Link {
        ca_file: ca_file.flatten().map(Spanned::into_inner),
        timeout: timeout.unwrap_or(TIMEOUT),
    };
    let service = match way {
        "dingtalk" => robot::read(way, paths, &keys, problems).map(Service::DingTalk),
        "feishu" => robot::read(way, paths, &keys, problems).map(Service::Feishu),
        "wecom" => robot::read(way, paths, &keys, problems).map(Service::WeCom),
        "slack" => robot::read(way, paths, &keys, problems).map(Service::Slack),
        "teams" => robot::read(way, paths, &keys, problems).map(Service::Teams),
        "pagerduty" => incident::pagerduty(paths, &keys, problems).map(Service::PagerDuty),
        "smn" => {
            let has_fallback = receiver.has("fallback");
            incident::smn(has_fallback, paths, &keys, problems).map(Service::Smn)
        }
        "webhook" => hook::webhook(paths, &keys, problems).map(Service::Webhook),
        "alertmanager_webhook" => {
            hook::webhook(paths, &keys, problems).map(Service::AlertmanagerWebhook)
        }
        _ => hook::alertmanager(paths, &keys, problems).map(Service::Alertmanager),
    };
    Some(Web { service: service?, link })
}

/// A secret that must be there.
fn required_secret(
    key: &'static str,
    hint: &str,
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Secret> {
    if !keys.has(key) {
        keys.missing(key, hint, problems);
    }
    secret::read(key, paths, keys, problems)
}

/// An address that may stand here, or lie where secrets lie.
fn address(
    key: &'static str,
    paths: Paths<'_>,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Option<Address> {
    if !keys.value(key).is_some_and(|value| value.get_ref().is_str()) {
        let hint = "write where it is, such as `url = \"https://example.com/hook\"`, or where \
                    the address lies: `url = { file = \"…\" }`";
        return required_secret(key, hint, paths, keys, problems).map(Address::Secret);
    }
    let text = keys.text(key, problems)?;
    is_url(&text, problems).then(|| Address::Plain(text.get_ref().as_str().into()))
}

/// Whether an address is one, and holds no password.
fn is_url(text: &Spanned<String>, problems: &mut Problems<'_>) -> bool {
    let url = text.get_ref();
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.unwrap_or_default().split(['/', '?', '#']).next().unwrap_or_default();
    let is_plain = url.chars().all(|c| c.is_ascii_graphic());
    let (name, message, hint) = if host.contains('@') {
        let hint = "leave the password out, and write `authorization = { file = \"…\" }`";
        (problem::SECRET_IN_FILE, "an address with a password in it", hint)
    } else if host.is_empty() || !is_plain || url.contains('#') {
        let hint = "write `https://`, the host and the path";
        (problem::BAD_VALUE, "this is no address of a web server", hint)
    } else {
        return true;
    };
    problems.add(name, text.span(), message.to_owned(), hint.to_owned());
    false
}

/// Names and their values, such as headers.
fn pairs(
    key: &'static str,
    max: usize,
    is_name: fn(&str) -> bool,
    keys: &Keys<'_, '_>,
    problems: &mut Problems<'_>,
) -> Vec<(Arc<str>, Arc<str>)> {
    let Some(value) = keys.value(key) else { return Vec::new() };
    let names: Vec<String> = match value.get_ref() {
        DeValue::Table(table) => table.keys().map(|name| name.get_ref().to_string()).collect(),
        _ => Vec::new(),
    };
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let Some(table) = Keys::of_value(value, key, &known, problems) else { return Vec::new() };
    if names.len() > max {
        let message = format!("{} {key} stand here, at most {max} can", names.len());
        let hint = "leave out what nobody reads".to_owned();
        problems.add(problem::TOO_MANY, value.span(), message, hint);
    }
    let mut pairs = Vec::new();
    for name in names.iter().take(max) {
        let text = table.text(name, problems);
        if is_name(name) {
            pairs.extend(text.map(|text| (name.as_str().into(), text.get_ref().as_str().into())));
        } else {
            let message = format!("`{}` cannot stand in `{key}`", name.escape_default());
            let hint = "letters, digits and `-` or `_` can; what the program sets itself cannot";
            problems.add(problem::BAD_NAME, value.span(), message, hint.to_owned());
        }
    }
    pairs
}
