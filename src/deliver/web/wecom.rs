//! Robots of `WeCom` groups.
//!
//! Owns the form of their messages and what their codes mean. Must never send more than 4096 bytes,
//! of which Chinese text takes three each. Fails with what the robot said.

use serde_json::json;

use super::answer::{self, busy, closed, code_of, refused, text_of};
use super::dingtalk::unknown;
use super::http::{Answer, Request};
use super::robot::Keys;
use super::{Told, post};
use crate::config::Robot;
use crate::deliver::{Accepted, Failure};
use crate::render::markup::Dialect;

/// Of the text alone.
const BYTES_MAX: usize = 4096;
const DIALECT: Dialect = Dialect::WeCom;

pub(super) fn request(robot: &Robot, keys: &Keys, told: &Told<'_>) -> Request {
    let words = told.words;
    let calls = told.calls(robot);
    let page = told.fit(
        DIALECT,
        |pieces| {
            let mut page = DIALECT.page(pieces, words);
            if !calls.named.is_empty() {
                let named: Vec<_> = calls.named.iter().map(|who| format!("<@{who}>")).collect();
                page.push('\n');
                page.push_str(&named.join(" "));
            }
            page
        },
        |page| page.len() <= BYTES_MAX,
    );
    let message = json!({ "msgtype": "markdown", "markdown": { "content": page } });
    post(keys.url.reveal(), message.to_string().into_bytes())
}

pub(super) fn judge(answer: &Answer) -> Result<Accepted, Failure> {
    let value = answer::json(answer, "WeCom")?;
    let code = code_of(&value, "errcode");
    let what = format!("errcode {}: {}", code.unwrap_or_default(), text_of(&value, "errmsg"));
    Err(match code {
        Some(0) => return Ok(answer::taken(answer)),
        None => closed(
            format!("no errcode in the answer: {}", answer::said(answer)),
            "look at the address: it begins with https://qyapi.weixin.qq.com/cgi-bin/webhook/send",
        ),
        Some(45_009 | 45_033) => busy(answer, what, Some(60))
            .with_hint("a robot takes 20 messages in a minute: lower `rate`, or group more"),
        Some(93_000 | 93_004 | 93_008) => {
            closed(what, "the robot's key is wrong or the robot is gone: write its address anew")
        }
        Some(40_058 | 45_002 | 40_008 | 44_004) => {
            refused(what, "the robot takes no message of this size or content")
        }
        Some(-1) => busy(answer, what, None),
        Some(_) => unknown(what),
    })
}
