//! Webhooks of one's own.
//!
//! Owns their headers, and that a receiver can tell who sent a message, when, and whether it had it
//! before. Must never sign with nothing but the newest secret while two are given. Fails with the
//! status.

use super::answer::{self, by_status};
use super::http::{Answer, Request};
use super::robot::private;
use super::{Told, post, secret_of, sign};
use crate::config::{Address, Webhook};
use crate::deliver::command::document;
use crate::deliver::{Accepted, Failure, Hidden};
use crate::render::NotificationText;

/// Beyond, no samples are sent.
const BYTES_MAX: usize = 1024 * 1024;

/// A webhook's secrets.
#[derive(Debug, Clone)]
pub(super) struct Keys {
    pub(super) url: Hidden,
    /// Whether the address is one.
    pub(super) is_url_secret: bool,
    pub(super) secrets: Vec<Hidden>,
    pub(super) authorization: Option<Hidden>,
}

impl Keys {
    pub(super) fn of(config: &Webhook) -> Result<Self, Failure> {
        let (url, is_url_secret) = match &config.url {
            Address::Plain(url) => (Hidden::new(&**url), false),
            Address::Secret(secret) => (private(secret_of(secret)?)?, true),
        };
        let authorization = config.authorization.as_ref().map(secret_of).transpose()?;
        let secrets: Result<_, _> = config.secrets.iter().map(secret_of).collect();
        if authorization.is_some() {
            private(url.clone())?;
        }
        Ok(Self { url, is_url_secret, secrets: secrets?, authorization })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Hidden> {
        let url = self.is_url_secret.then_some(&self.url);
        url.into_iter().chain(&self.secrets).chain(&self.authorization)
    }
}

/// The notification as JSON, with its samples if there is room.
pub(super) fn body(told: &Told<'_>) -> Vec<u8> {
    let whole = document(told.text);
    if whole.len() <= BYTES_MAX { whole } else { document(&without_samples(told.text)) }
}

/// The same without what a log said around an event.
pub(super) fn without_samples(text: &NotificationText) -> NotificationText {
    let mut text = text.clone();
    text.alerts.iter_mut().for_each(|told| told.text.samples.clear());
    text
}

pub(super) fn request(config: &Webhook, keys: &Keys, body: Vec<u8>, told: &Told<'_>) -> Request {
    let at = told.now.timestamp().to_string();
    let signed = keys.secrets.iter().map(|secret| sign::webhook(secret.reveal(), &at, &body));
    let signatures: Vec<_> = signed.collect();
    let mut request = post(keys.url.reveal(), body);
    let mut header = |name: &str, value: Hidden| request.headers.push((name.to_owned(), value));
    header("Idempotency-Key", Hidden::new(&*told.text.id));
    header("X-Ocrwatch-Id", Hidden::new(&*told.text.id));
    header("X-Ocrwatch-Timestamp", Hidden::new(at));
    if !signatures.is_empty() {
        header("X-Ocrwatch-Signature", Hidden::new(signatures.join(",")));
    }
    if let Some(authorization) = &keys.authorization {
        header("Authorization", authorization.clone());
    }
    for (name, value) in config.headers.iter() {
        header(name, Hidden::new(&**value));
    }
    request
}

pub(super) fn judge(answer: &Answer) -> Result<Accepted, Failure> {
    by_status(answer)?;
    Ok(answer::taken(answer))
}
