//! A code that is a value in an object literal: the service's own JSON, raw or as a program's
//! `repr`, `inspect` or logger printed it.
//!
//! Must never accept a code that is a key, a list's element or a label. Fails: `None` when no
//! object around the token reads; the text around it may still tell (`keyed`, `beside`).

use std::borrow::Cow;
use std::ops::Range;

use super::super::object::{self, Entry, Object, Value};
use super::{Body, Shape, Strength, clean_id, clean_message, clean_status};

/// What a key that holds codes says of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CodeKey {
    /// It holds only error codes: `error_code`, `errorCode`, `ocrErrCode`, `错误码`.
    Error,
    /// It holds a code when a message stands beside it: `code`, `ocr_code`, `err`, `cause`.
    Any,
}

/// Whether a key holds codes.
pub(super) fn code_key(key: &str) -> Option<CodeKey> {
    // The service's own, and by far the most frequent.
    if matches!(key, "error_code" | "errorCode") {
        return Some(CodeKey::Error);
    }
    let plain = plain_key(key);
    let error = plain.contains("err") && plain.ends_with("code") && !plain.contains("http");
    if error || ["错误码", "错误代码", "错误编"].iter().any(|start| key.starts_with(start))
    {
        return Some(CodeKey::Error);
    }
    let others =
        ["status", "http", "exit", "zip", "qr", "bar", "country", "area", "source", "post"];
    let any = plain.ends_with("code") && !others.iter().any(|other| plain.contains(other))
        || matches!(plain.as_str(), "error" | "err" | "errno" | "cause" | "reason" | "statustext");
    any.then_some(CodeKey::Any)
}

/// Letters only, in lower case.
fn plain_key(key: &str) -> String {
    key.chars().filter(char::is_ascii_alphabetic).map(|c| c.to_ascii_lowercase()).collect()
}

/// Keys of the service's message, those of its wire forms first.
pub(super) const MESSAGE_KEYS: [&str; 19] = [
    "error_msg",
    "errorMsg",
    "error_message",
    "errorMessage",
    "ErrorMessage",
    "ErrorMsg",
    "err_msg",
    "errMsg",
    "errmsg",
    "ocr_error_msg",
    "error-msg",
    "errorDescription",
    "ocr_msg",
    "ocr_message",
    "错误信息",
    "错误消息",
    "错误描述",
    "reason",
    "ocrErrorMsg",
];

/// Keys that hold a message of any kind.
pub(super) const PLAIN_MESSAGE_KEYS: [&str; 8] =
    ["message", "msg", "Message", "detail", "desc", "description", "error", "Msg"];

pub(super) const REQUEST_ID_KEYS: [&str; 12] = [
    "request_id",
    "requestId",
    "RequestId",
    "requestid",
    "X-Request-Id",
    "x-request-id",
    "x_request_id",
    "X-Request-ID",
    "RequestID",
    "requestID",
    "huawei_request_id",
    "request",
];

pub(super) const STATUS_KEYS: [&str; 13] = [
    "status_code",
    "httpStatusCode",
    "StatusCode",
    "statusCode",
    "http_status",
    "httpStatus",
    "status",
    "http_code",
    "httpCode",
    "http_status_code",
    "http.status_code",
    "http.status",
    "Status",
];

pub(super) fn read(text: &str, token: &Range<usize>) -> Option<Body> {
    let chain = object::enclosing(text, token.start);
    let holder = chain.last()?;
    let entry = holder.entries.iter().find(|entry| holds(entry, token))?;
    if entry.separator.is_none() || !is_whole(text, entry, token) {
        return None;
    }
    let kind = code_key(entry.key)?;
    let mut body = Body::new(Shape::Object, Strength::Mention);
    body.key = Some(entry.key.to_owned());
    body.keys_around =
        chain.iter().flat_map(|o| &o.entries).map(|entry| entry.key.to_owned()).collect();
    let message = message_of(text, holder, (entry, kind), token);
    body.message = message.as_deref().and_then(clean_message);
    if body.message.is_none() {
        body.message = message_of_siblings(text, &chain, token).and_then(|m| clean_message(&m));
    }
    if body.message.is_some()
        && (kind == CodeKey::Error || !is_logger_s(holder) || nested_error(&chain, text))
    {
        body.strength = Strength::WithMessage;
    }
    let from_inside = |keys: &[&str]| chain.iter().rev().find_map(|object| object.text_of(keys));
    body.request_id = from_inside(&REQUEST_ID_KEYS).as_deref().and_then(clean_id);
    body.http_status = chain
        .iter()
        .rev()
        .filter(|object| object.entries.iter().any(|entry| may_be_status(entry.key)))
        .flat_map(|object| STATUS_KEYS.iter().filter_map(|key| object.text_of(&[key])))
        .find_map(|status| clean_status(&status));
    // Keys that go together in nothing but an SDK's exception.
    let sdk = |keys: &[&str]| keys.iter().all(|key| holder.has(&[key]));
    if sdk(&["httpStatusCode", "errorCode"]) || sdk(&["status_code", "error_code", "request_id"]) {
        body.strength = Strength::Unmistakable;
    }
    Some(body)
}

/// Whether a key begins as each of a status does.
fn may_be_status(key: &str) -> bool {
    key.starts_with(['s', 'S', 'h'])
}

fn holds(entry: &Entry<'_>, token: &Range<usize>) -> bool {
    entry.span.start <= token.start && token.end <= entry.span.end
}

/// The value is the code and nothing else; a code in a sentence is not a code field.
fn is_whole(text: &str, entry: &Entry<'_>, token: &Range<usize>) -> bool {
    match &entry.value {
        Value::Text(raw) => raw.trim() == &text[token.clone()],
        Value::Bare(raw) => *raw == &text[token.clone()],
        Value::Object(_) | Value::List(_) => false,
    }
}

/// The service's message beside the code.
fn message_of<'t>(
    text: &'t str,
    holder: &Object<'t>,
    (code, kind): (&Entry<'t>, CodeKey),
    token: &Range<usize>,
) -> Option<Cow<'t, str>> {
    if let Some(message) = text_of_entry(text, holder, &MESSAGE_KEYS, token) {
        return Some(message);
    }
    // A logger's own `message` says what the program was doing, not what the service answered.
    if kind == CodeKey::Error && is_logger_s(holder) {
        return None;
    }
    let keys: Vec<&str> = PLAIN_MESSAGE_KEYS.iter().copied().filter(|k| *k != code.key).collect();
    text_of_entry(text, holder, &keys, token)
}

fn text_of_entry<'t>(
    text: &'t str,
    object: &Object<'t>,
    keys: &[&str],
    token: &Range<usize>,
) -> Option<Cow<'t, str>> {
    keys.iter().find_map(|key| {
        let at = object
            .entries
            .iter()
            .position(|entry| entry.key == *key && entry.separator.is_some())?;
        let entry = &object.entries[at];
        let message = match &entry.value {
            // `{error_msg=M, more of M, error_code=C}` of a Java map: up to the next real key.
            Value::Bare(_) => {
                entry.value.text()?;
                // `limit:10` inside of the message has another separator than the map.
                let next =
                    object.entries[at + 1..].iter().find(|next| next.separator == entry.separator);
                let end = next.map_or(object.span.end - 1, |next| next.key_start);
                let raw = text.get(entry.span.start..end)?.trim_end();
                Cow::Borrowed(raw.strip_suffix(',').unwrap_or(raw))
            }
            value => value.text()?,
        };
        // A message that quotes the code is a wrapper's: the service does not.
        let wraps = message.contains(&text[token.clone()]);
        (!wraps && !message.trim().is_empty()).then_some(message)
    })
}

/// The code may stand flat while the message stands nested, or the other way round:
/// `{"error":{"message":M,…},"error_code":C}`.
fn message_of_siblings(text: &str, chain: &[Object<'_>], token: &Range<usize>) -> Option<String> {
    let holder = chain.last()?;
    let nested = holder.first_of(&["error", "err", "exception"]).and_then(|e| match &e.value {
        Value::Object(object) => {
            let keys = [&MESSAGE_KEYS[..], &PLAIN_MESSAGE_KEYS[..]].concat();
            text_of_entry(text, object, &keys, token)
        }
        _ => None,
    });
    nested.map(Cow::into_owned).or_else(|| {
        let parent = chain.len().checked_sub(2).and_then(|at| chain.get(at))?;
        text_of_entry(text, parent, &MESSAGE_KEYS, token).map(Cow::into_owned)
    })
}

/// A JSON logger's own line: it has a level or a time beside the code.
fn is_logger_s(object: &Object<'_>) -> bool {
    object.has(&[
        "level",
        "severity",
        "lvl",
        "levelname",
        "@timestamp",
        "ts",
        "timestamp",
        "time",
        "logger",
        "logger_name",
        "asctime",
        "log.level",
        "hostname",
        "pid",
        "caller",
        "@t",
        "@l",
        "@mt",
    ])
}

/// The code's object is what an `error` key holds: `{"error":{"code":C,…}}`.
fn nested_error(chain: &[Object<'_>], text: &str) -> bool {
    let Some(holder) = chain.last() else { return false };
    let before = text[..holder.span.start].trim_end().trim_end_matches([':', '=', '>', ' ']);
    let before = before.trim_end_matches(['"', '\'', '\\']);
    ["error", "err", "Error", "exception", "cause"].iter().any(|key| {
        before.strip_suffix(key).is_some_and(|rest| !rest.ends_with(char::is_alphanumeric))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_key_of_a_status_may_be_one() {
        assert!(STATUS_KEYS.into_iter().all(may_be_status));
    }
}
