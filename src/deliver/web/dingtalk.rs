//! Robots of `DingTalk` groups.
//!
//! Owns the form of their messages and what their codes mean. Must never sign before a message is
//! sent: a signature holds for an hour. Fails with what the robot said.

use serde_json::json;

use super::answer::{self, busy, closed, code_of, refused, text_of};
use super::http::{Answer, Request};
use super::robot::{Keys, has_keyword};
use super::{Told, post, sign};
use crate::config::Robot;
use crate::deliver::{Accepted, Failure};
use crate::render::markup::Dialect;
use crate::surface::escape::visible;

const BYTES_MAX: usize = 20_000;
const DIALECT: Dialect = Dialect::DingTalk;

/// Whoever sends too much is not listened to for so long.
const THROTTLED_S: u64 = 600;

/// The title is shown in the list of chats only.
const TITLE_CHARS_MAX: usize = 100;

pub(super) fn request(robot: &Robot, keys: &Keys, told: &Told<'_>) -> Request {
    let Told { words, now, .. } = *told;
    let calls = told.calls(robot);
    let title = crate::render::chat::clip(&told.subject(), TITLE_CHARS_MAX);
    let body = told.fit(
        DIALECT,
        |pieces| {
            let mut page = DIALECT.page(pieces, words);
            has_keyword(robot, &mut page, "\n\n");
            if !calls.named.is_empty() {
                let named: Vec<_> = calls.named.iter().map(|who| format!("@{who}")).collect();
                page.push_str("\n\n");
                page.push_str(&named.join(" "));
            }
            let message = json!({
                "msgtype": "markdown",
                "markdown": { "title": visible(&title), "text": page },
                "at": { "atMobiles": calls.named, "isAtAll": calls.all },
            });
            message.to_string().into_bytes()
        },
        |body| body.len() <= BYTES_MAX,
    );
    let url = keys.url.reveal();
    let signed = keys.sign.as_ref().map(|secret| sign::dingtalk(secret.reveal(), now));
    let url = match signed {
        None => url.to_owned(),
        Some((at, signature)) => {
            let joint = if url.contains('?') { '&' } else { '?' };
            format!("{url}{joint}timestamp={at}&sign={}", sign::percent(&signature))
        }
    };
    post(&url, body)
}

pub(super) fn judge(answer: &Answer) -> Result<Accepted, Failure> {
    let value = answer::json(answer, "DingTalk")?;
    let said = text_of(&value, "errmsg");
    let code = code_of(&value, "errcode");
    let what = format!("errcode {}: {said}", code.unwrap_or_default());
    Err(match code {
        Some(0) => return Ok(answer::taken(answer)),
        None => closed(
            format!("no errcode in the answer: {}", answer::said(answer)),
            "look at the address: it begins with https://oapi.dingtalk.com/robot/send",
        ),
        Some(130_101 | 410_100) => busy(answer, what, Some(THROTTLED_S))
            .with_hint("a robot takes 20 messages in a minute: lower `rate`, or group more"),
        Some(310_000) if said.contains("sign") || said.contains("timestamp") => closed(
            what,
            "the signature is refused: compare `sign` with the robot's secret (SEC…), and this \
             machine's clock with the time",
        ),
        Some(310_000) if said.to_ascii_lowercase().contains("keyword") => {
            closed(what, "the robot wants a keyword: write it as `keyword`")
        }
        Some(310_000) => closed(
            what,
            "the robot's security settings keep it out: its keyword, signature or list of IPs",
        ),
        Some(300_001 | 300_005 | 400_101 | 400_102 | 400_106) => {
            closed(what, "the robot is gone or stopped: make a new one and write its address")
        }
        Some(460_101 | 400_105 | 430_101..=430_104 | 40_035) => {
            refused(what, "the robot takes no message of this size or content")
        }
        Some(-1) => busy(answer, what, None),
        Some(_) => unknown(what),
    })
}

/// A code that nobody documents: perhaps it passes, and it is about this message.
pub(super) fn unknown(what: String) -> Failure {
    let failure = refused(what, "the service's documentation of this code says what to do");
    Failure { again: crate::deliver::Again::Later, ..failure }
}
