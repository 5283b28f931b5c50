//! Topics of Huawei Cloud's notification service.
//!
//! Owns the form of their messages, how a call is logged in, and what answers mean. Must never hide
//! that an AK/SK which is locked cannot sign. Fails with what the service said.

use serde_json::{Value, json};

use super::answer::{self, by_status, closed, refused};
use super::http::{Answer, Place, Request};
use super::{Told, post, secret_of, sign};
use crate::config::{Smn, SmnLogin};
use crate::deliver::{Accepted, Failure, Hidden};
use crate::render::chat::{clip, clip_bytes, fit};
use crate::render::markup::Dialect;

const SUBJECT_BYTES_MAX: usize = 512;

/// 256 KB in the documentation, of the whole.
const BYTES_MAX: usize = 250_000;

/// So much of a message becomes a few short messages, each of which costs.
const SMS_CHARS_MAX: usize = 300;

/// How a call is logged in.
#[derive(Debug, Clone)]
pub(super) enum Login {
    Token(Hidden),
    Key(Hidden, Hidden),
}

impl Login {
    pub(super) fn of(config: &Smn) -> Result<Self, Failure> {
        super::robot::private(Hidden::new(&*config.url))?;
        Ok(match &config.login {
            SmnLogin::Token(token) => Self::Token(secret_of(token)?),
            SmnLogin::Key { access_key, secret_key } => {
                Self::Key(secret_of(access_key)?, secret_of(secret_key)?)
            }
        })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Hidden> {
        let (first, second) = match self {
            Self::Token(token) => (token, None),
            Self::Key(access_key, secret_key) => (access_key, Some(secret_key)),
        };
        [first].into_iter().chain(second)
    }
}

pub(super) fn request(config: &Smn, login: &Login, told: &Told<'_>) -> Request {
    let Told { text, words, now, .. } = *told;
    let line = told.subject();
    // No control character nor line break may stand in it.
    let line = crate::surface::escape::visible(&line);
    let body = fit(
        text,
        words,
        |pieces| {
            let page = Dialect::Plain.page(pieces, words);
            let parts = json!({ "default": page, "sms": clip(&line, SMS_CHARS_MAX) });
            let message = json!({
                "subject": clip_bytes(&line, SUBJECT_BYTES_MAX),
                "message_structure": parts.to_string(),
            });
            message.to_string().into_bytes()
        },
        |body| body.len() <= BYTES_MAX,
    );
    let path = format!(
        "/v2/{}/notifications/topics/{}/publish",
        config.project_id,
        sign::percent(&config.topic)
    );
    let place = Place::of(&config.url);
    let prefix = place.map_or("", |place| place.rest);
    let mut request = post(&format!("{}{path}", config.url), body);
    match login {
        Login::Token(token) => request.headers.push(("X-Auth-Token".to_owned(), token.clone())),
        Login::Key(access_key, secret_key) => {
            let canonical = sign::Canonical {
                host: place.map_or("", |place| place.host),
                path: &format!("{prefix}{path}"),
                body: &request.body,
            };
            let (date, authorization) =
                sign::huawei(&canonical, access_key.reveal(), secret_key.reveal(), now);
            request.headers.push(("X-Sdk-Date".to_owned(), Hidden::new(date)));
            request.headers.push(("Authorization".to_owned(), Hidden::new(authorization)));
        }
    }
    request
}

pub(super) fn judge(answer: &Answer) -> Result<Accepted, Failure> {
    let value: Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let what = format!("HTTP {} {}", answer.status, answer::said(answer));
    let code = ["error_code", "code"].into_iter().find_map(|key| value[key].as_str());
    if matches!(answer.status, 200..=299) {
        return match value["message_id"].as_str() {
            Some(_) => Ok(answer::taken(answer)),
            None => Err(closed(
                format!("no message_id in the answer: {}", answer::said(answer)),
                "look at the address, and whether a proxy answers in its place",
            )),
        };
    }
    if matches!(answer.status, 401 | 403) {
        return Err(closed(
            what,
            "the login is refused. If it is the AK/SK that is locked (more than five failures in \
             a row lock it for 5 minutes), it cannot sign the message about its own lockout: sign \
             with another user's. Else compare AK, SK, region and clock; a token ends after a day",
        ));
    }
    if answer.status == 404 {
        return Err(closed(
            what,
            "there is no such topic: compare `topic`, `project_id`, `region`",
        ));
    }
    by_status(answer).map_err(|failure| match code {
        Some(_) if answer.status == 400 => {
            refused(failure.what, "the service does not take this message; its code says why")
        }
        _ => failure,
    })?;
    Ok(answer::taken(answer))
}
