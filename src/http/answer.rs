//! Answers, and the words of those that refuse.
//!
//! Owns the headers that every answer has: nothing is kept by caches, guessed by browsers or shown
//! in frames. Must never know what is asked. Nothing here fails.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::question::{Unanswered, Wrong};

/// An answer: all of it is in memory.
pub(super) type Answer = Response<Full<Bytes>>;

/// Prometheus' text format.
pub(super) const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";

/// Why a request is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) status: StatusCode,
    /// A lowercase fragment.
    pub(super) what: String,
    pub(super) hint: Option<&'static str>,
    /// What is wrong with what was sent, one by one.
    pub(super) problems: Vec<Wrong>,
    /// The methods that there are.
    pub(super) allow: Option<&'static str>,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, what: impl Into<String>) -> Self {
        let what = what.into();
        Self { status, what, hint: None, problems: Vec::new(), allow: None }
    }

    pub(super) fn with_hint(self, hint: &'static str) -> Self {
        Self { hint: Some(hint), ..self }
    }
}

impl From<Unanswered> for Refusal {
    fn from(why: Unanswered) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, why.why())
    }
}

#[derive(Serialize)]
struct ErrorDocument<'r> {
    error: ErrorText<'r>,
}

#[derive(Serialize)]
struct ErrorText<'r> {
    what: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<&'static str>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    problems: &'r [Wrong],
}

/// A document.
pub(super) fn json(status: StatusCode, document: &impl Serialize) -> Answer {
    match serde_json::to_vec(document) {
        Ok(mut body) => {
            body.push(b'\n');
            answer(status, JSON, body)
        }
        Err(error) => text(StatusCode::INTERNAL_SERVER_ERROR, format!("{error}\n")),
    }
}

/// A file that is a document already.
pub(super) fn json_file(body: &'static str) -> Answer {
    answer(StatusCode::OK, JSON, body)
}

/// Lines.
pub(super) fn text(status: StatusCode, body: String) -> Answer {
    answer(status, TEXT, body)
}

/// Metrics.
pub(super) fn metrics(body: String) -> Answer {
    answer(StatusCode::OK, METRICS, body)
}

/// Why not.
pub(super) fn refused(refusal: &Refusal) -> Answer {
    let Refusal { status, what, hint, problems, allow } = refusal;
    let error = ErrorText { what, hint: *hint, problems };
    let mut answer = json(*status, &ErrorDocument { error });
    let headers = answer.headers_mut();
    if let Some(methods) = allow {
        headers.insert(header::ALLOW, HeaderValue::from_static(methods));
    }
    if *status == StatusCode::UNAUTHORIZED {
        let bearer = HeaderValue::from_static("Bearer realm=\"ocrwatch\"");
        headers.insert(header::WWW_AUTHENTICATE, bearer);
    }
    if *status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    answer
}

fn answer(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    let mut answer = Response::new(Full::new(body.into()));
    *answer.status_mut() = status;
    let headers: &mut HeaderMap = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE, kind),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
        (header::X_FRAME_OPTIONS, "DENY"),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CONTENT_SECURITY_POLICY, "default-src 'none'; frame-ancestors 'none'"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}
