//! Answers, and the words of those that refuse.
//!
//! Owns the headers that every answer has: nothing is kept by caches, guessed by browsers, shown in
//! frames or handed to pages of others. Must never know what is asked. Nothing here fails.

use http_body_util::{Either, Full};
use hyper::body::Bytes;
use hyper::header::{self, HeaderMap, HeaderValue};
use hyper::{Response, StatusCode};
use serde::Serialize;

use super::question::{Unanswered, Wrong};
use super::stream::Pieces;

/// An answer: all of it is in memory, or it goes on.
pub(super) type Answer = Response<Either<Full<Bytes>, Pieces>>;

/// Prometheus' text format.
pub(super) const METRICS: &str = "text/plain; version=0.0.4; charset=utf-8";
const JSON: &str = "application/json";
const TEXT: &str = "text/plain; charset=utf-8";
const PAGE: &str = "text/html; charset=utf-8";
const EVENTS: &str = "text/event-stream; charset=utf-8";

/// What is no page loads nothing and is shown in none.
const POLICY: &str = "default-src 'none'; frame-ancestors 'none'";

/// A page has its own style, script and icon, and asks nobody else.
const PAGE_POLICY: &str = "default-src 'none'; style-src 'self'; script-src 'self'; \
                           connect-src 'self'; img-src 'self'; base-uri 'none'; \
                           form-action 'self'; frame-ancestors 'none'";

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

/// A page.
pub(super) fn page(body: String) -> Answer {
    let mut answer = answer(StatusCode::OK, PAGE, body);
    let policy = HeaderValue::from_static(PAGE_POLICY);
    answer.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    let by = HeaderValue::from_static("Accept, Accept-Language");
    answer.headers_mut().insert(header::VARY, by);
    answer
}

/// A file of a page.
pub(super) fn file(kind: &'static str, body: &'static str) -> Answer {
    answer(StatusCode::OK, kind, body)
}

/// What goes on.
pub(super) fn events(pieces: Pieces) -> Answer {
    let mut answer = with_headers(StatusCode::OK, EVENTS, Either::Right(pieces));
    // What stands between would keep it until there is more.
    answer.headers_mut().insert("x-accel-buffering", HeaderValue::from_static("no"));
    answer
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
        // Programs show it as it is; browsers ask their user for it.
        for challenge in
            ["Bearer realm=\"ocrwatch\"", "Basic realm=\"ocrwatch\", charset=\"UTF-8\""]
        {
            headers.append(header::WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
        }
    }
    if *status == StatusCode::SERVICE_UNAVAILABLE {
        headers.insert(header::RETRY_AFTER, HeaderValue::from_static("5"));
    }
    answer
}

fn answer(status: StatusCode, kind: &'static str, body: impl Into<Bytes>) -> Answer {
    with_headers(status, kind, Either::Left(Full::new(body.into())))
}

fn with_headers(
    status: StatusCode,
    kind: &'static str,
    body: Either<Full<Bytes>, Pieces>,
) -> Answer {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    let headers: &mut HeaderMap = answer.headers_mut();
    for (name, value) in [
        (header::CONTENT_TYPE.as_str(), kind),
        (header::CACHE_CONTROL.as_str(), "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS.as_str(), "nosniff"),
        (header::X_FRAME_OPTIONS.as_str(), "DENY"),
        (header::REFERRER_POLICY.as_str(), "no-referrer"),
        (header::CONTENT_SECURITY_POLICY.as_str(), POLICY),
        ("cross-origin-resource-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    answer
}
