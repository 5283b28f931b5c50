//! Decides whether a code token in a log is an error that the service returned, or a mention.
//!
//! Codes stand in help texts, rule lists, counters, source lines, dashboards and in the text that
//! the service recognised. A body that only an SDK prints is believed; for every weaker form the
//! words around it must say that a call failed, and nothing may say that the line is about codes.
//! Must never look at the catalogue's meaning of the code. Fails: never.

mod forms;
mod recognition;
mod wording;

use std::ops::Range;

use super::body::{Body, Shape, Strength};
use super::head::Level;
use super::peel::{Peeled, line_around};

/// What surrounds the body.
pub(super) struct Surroundings<'s> {
    pub level: Option<Level>,
    /// The record's text and the token's place in it, before any peeling.
    pub record: &'s str,
    pub token: Range<usize>,
}

/// Why a code is only a mention; `None` when it is an error.
pub(super) fn mention(
    peeled: &Peeled<'_>,
    body: Option<&Body>,
    around: &Surroundings<'_>,
) -> Option<&'static str> {
    if recognition::holds(peeled, around) {
        return Some("inside recognised text");
    }
    let line = Line::of(peeled);
    if forms::compared(&line) || forms::source(&line) {
        return Some("source code or a test");
    }
    let Some(body) = body else { return Some("no body around it") };
    if wording::example(peeled, around) {
        return Some("an example");
    }
    if body.strength == Strength::Unmistakable {
        return None;
    }
    if forms::label(&line) {
        return Some("a metric's label");
    }
    if body.message.as_deref().is_some_and(forms::is_placeholder) {
        return Some("the documentation's own sentence");
    }
    match body.shape {
        Shape::Object => in_object(&line, body, around.level),
        Shape::KeyValue | Shape::Beside => in_prose(&line, body, peeled, around),
        _ => None,
    }
}

/// The token's line in the peeled text, cut at the token; of a long line, what is near.
pub(super) struct Line<'l> {
    pub before: &'l str,
    pub code: &'l str,
    pub behind: &'l str,
}

/// Words that bear on a code stand near it.
const LINE_BYTES_MAX: usize = 2 * 1024;

impl<'l> Line<'l> {
    fn of(peeled: &'l Peeled<'_>) -> Self {
        let text = peeled.text.as_ref();
        let token = &peeled.token;
        let line = line_around(text, token);
        Self {
            before: wording::tail(&text[line.start..token.start], LINE_BYTES_MAX),
            code: &text[token.clone()],
            behind: wording::front(&text[token.end..line.end], LINE_BYTES_MAX),
        }
    }
}

fn in_object(line: &Line<'_>, body: &Body, level: Option<Level>) -> Option<&'static str> {
    let severe = level >= Some(Level::Warn);
    let with_message = body.strength >= Strength::WithMessage;
    let about_a_call = body.request_id.is_some() || body.http_status.is_some();
    let bookkeeping = body.keys_around.iter().any(|key| forms::is_bookkeeping(key));
    if bookkeeping && !(with_message && (severe || about_a_call)) {
        return Some("configuration or a counter");
    }
    if with_message {
        return None;
    }
    let failed = wording::fails(line, body);
    let told = match level {
        Some(Level::Quiet) => about_a_call || failed || body.keys_around.len() <= 2,
        // The gateway answers some calls with a code and nothing else.
        None => body.has_error_key() || about_a_call,
        Some(_) => body.has_error_key() || about_a_call || failed,
    };
    (!told).then_some("a code field without a message")
}

fn in_prose(
    line: &Line<'_>,
    body: &Body,
    peeled: &Peeled<'_>,
    around: &Surroundings<'_>,
) -> Option<&'static str> {
    let level = around.level;
    let with_message = body.strength >= Strength::WithMessage;
    if forms::in_link(line) && !(body.shape == Shape::KeyValue && with_message) {
        return Some("part of a link");
    }
    if forms::table_row(line) {
        return Some("a row of a table");
    }
    if forms::dictionary(line) {
        return Some("an entry of a dictionary");
    }
    if forms::counted(line) {
        return Some("a counter");
    }
    if forms::several_codes(line) && !(body.shape == Shape::KeyValue && with_message) {
        return Some("one of several codes");
    }
    if wording::failed_with(line) && body.tells_of_a_call(line.before, line.behind) {
        return None;
    }
    if wording::about_codes(line, body) || wording::quotation_about_codes(peeled, around) {
        return Some("prose");
    }
    let failed = wording::fails(line, body);
    let failed_with = wording::failed_with(line);
    let told = match level {
        // A code with its message under a key each is what the service answered.
        _ if with_message && body.shape == Shape::KeyValue => true,
        // At a quiet level a code with its meaning is what a rule loader or a help text prints.
        Some(Level::Quiet) if with_message => {
            failed || failed_with || forms::is_whole_message(line)
        }
        _ if with_message => true,
        Some(Level::Quiet) => {
            failed_with
                || failed
                    && (line.before.ends_with(": ")
                        || body.message.is_some()
                        || body.has_error_key()
                        || body.tells_of_a_call(line.before, line.behind))
                || line.before.ends_with('[')
                    && body.message.is_some()
                    && forms::is_whole_message(line)
        }
        _ => {
            failed
                || failed_with
                || body.has_error_key()
                || body.message.is_some() && forms::is_whole_message(line)
        }
    };
    (!told).then_some("no failure told beside it")
}
