//! What an answer means, by its status and by what stands in it.
//!
//! Owns which statuses are tried again, and the words for them. Must never know a service. Fails
//! with the plain cause and what to do.

use serde_json::Value;

use super::http::Answer;
use crate::deliver::{Accepted, Again, Failure, Scope};
use crate::render::chat::clip;
use crate::surface::escape::visible;

pub(super) const STAGE: &str = "answer";

const SAID_CHARS_MAX: usize = 200;

/// That the receiver took it.
pub(super) fn taken(answer: &Answer) -> Accepted {
    let said = said(answer);
    Accepted { answer: format!("HTTP {} {said}", answer.status).trim_end().to_owned() }
}

/// Its words on one line.
pub(super) fn said(answer: &Answer) -> String {
    clip(visible(answer.body.trim()).trim(), SAID_CHARS_MAX)
}

/// A failure of everything that goes to the receiver.
pub(super) fn closed(what: impl Into<String>, hint: &str) -> Failure {
    Failure::unreachable(STAGE, what).with_hint(hint)
}

/// A failure of this message alone.
pub(super) fn refused(what: impl Into<String>, hint: &str) -> Failure {
    Failure::refused(STAGE, what).with_hint(hint)
}

/// The receiver asks for patience; so long if it does not say how long.
pub(super) fn busy(answer: &Answer, what: impl Into<String>, usual: Option<u64>) -> Failure {
    let usual = usual.map(std::time::Duration::from_secs);
    let again = answer.retry_after.or(usual).map_or(Again::Later, Again::After);
    Failure { stage: STAGE, what: what.into(), hint: None, again, scope: Scope::Receiver }
}

/// The body of an answer whose status is good, as JSON.
pub(super) fn json(answer: &Answer, service: &str) -> Result<Value, Failure> {
    by_status(answer)?;
    let value: Result<Value, _> = serde_json::from_str(&answer.body);
    value.ok().filter(Value::is_object).ok_or_else(|| {
        let what = format!("what came back is no answer of {service}: {}", said(answer));
        closed(what, "look at the address, and whether a proxy answers in its place")
    })
}

/// A number or text of an answer as text.
pub(super) fn text_of(value: &Value, key: &str) -> String {
    match value.get(key) {
        Some(Value::String(text)) => clip(&visible(text), SAID_CHARS_MAX),
        Some(Value::Number(number)) => number.to_string(),
        _ => String::new(),
    }
}

/// A code of an answer.
pub(super) fn code_of(value: &Value, key: &str) -> Option<i64> {
    let value = value.get(key)?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// What the status alone says.
pub(super) fn by_status(answer: &Answer) -> Result<(), Failure> {
    let status = answer.status;
    let what = format!("HTTP {status} {}", said(answer)).trim_end().to_owned();
    match status {
        200..=299 => Ok(()),
        300..=399 => {
            let to = answer.elsewhere.as_deref().unwrap_or("elsewhere");
            let what = format!("HTTP {status}: it points to {to}, and nobody is followed there");
            Err(closed(what, "write the address at which it is now"))
        }
        408 | 425 | 429 | 500..=599 => Err(busy(answer, what, None)),
        401 | 403 => {
            Err(closed(what, "it lets nobody in with this address or credential: renew it"))
        }
        404 | 405 | 410 => Err(closed(what, "nothing is there to be told: look at the address")),
        413 => Err(refused(what, "it takes no message of this size")),
        _ => Err(refused(what, "it does not take this message; it is not tried again")),
    }
}
