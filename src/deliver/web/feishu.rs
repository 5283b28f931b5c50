//! Bots of Feishu and Lark groups.
//!
//! Owns the form of their cards and what their codes mean. Must never sign before a card is sent: a
//! signature holds for an hour. Fails with what the bot said.

use serde_json::{Value, json};

use super::answer::{self, busy, closed, code_of, refused, text_of};
use super::dingtalk::unknown;
use super::http::{Answer, Request};
use super::robot::{Keys, has_keyword};
use super::{Told, post, sign};
use crate::config::Robot;
use crate::deliver::{Accepted, Failure};
use crate::render::markup::Dialect;

/// 20 KB in the documentation.
const BYTES_MAX: usize = 20_000;
const DIALECT: Dialect = Dialect::Lark;

pub(super) fn request(robot: &Robot, keys: &Keys, told: &Told<'_>) -> Request {
    let Told { words, now, .. } = *told;
    let calls = told.calls(robot);
    let signed = keys.sign.as_ref().map(|secret| sign::feishu(secret.reveal(), now));
    let body = told.fit(
        DIALECT,
        |pieces| {
            let mut page = DIALECT.page(pieces, words);
            has_keyword(robot, &mut page, "\n");
            let named = calls.named.iter().map(|who| format!("<at id={who}></at>"));
            let all = calls.all.then(|| "<at id=all></at>".to_owned());
            let calling: Vec<_> = all.into_iter().chain(named).collect();
            if !calling.is_empty() {
                page.push('\n');
                page.push_str(&calling.join(" "));
            }
            let mut message = json!({
                "msg_type": "interactive",
                "card": {
                    "config": { "wide_screen_mode": true },
                    "header": {
                        "title": { "tag": "plain_text", "content": told.subject() },
                        "template": told.colour().name(),
                    },
                    "elements": [{ "tag": "div", "text": { "tag": "lark_md", "content": page } }],
                },
            });
            if let (Some((at, signature)), Value::Object(fields)) = (&signed, &mut message) {
                fields.insert("timestamp".to_owned(), json!(at));
                fields.insert("sign".to_owned(), json!(signature));
            }
            message.to_string().into_bytes()
        },
        |body| body.len() <= BYTES_MAX,
    );
    post(keys.url.reveal(), body)
}

pub(super) fn judge(answer: &Answer) -> Result<Accepted, Failure> {
    // Its codes come with HTTP 400 as well.
    let is_json = serde_json::from_str::<Value>(&answer.body).is_ok_and(|value| value.is_object());
    let read = if is_json && answer.status == 400 {
        Answer { status: 200, ..answer.clone() }
    } else {
        answer.clone()
    };
    let value = answer::json(&read, "Feishu")?;
    let code = code_of(&value, "code").or_else(|| code_of(&value, "StatusCode"));
    let said = [text_of(&value, "msg"), text_of(&value, "StatusMessage")].concat();
    let what = format!("code {}: {said}", code.unwrap_or_default());
    Err(match code {
        Some(0) => return Ok(answer::taken(answer)),
        None => closed(
            format!("no code in the answer: {}", answer::said(answer)),
            "look at the address: it ends with /open-apis/bot/v2/hook/ and an id",
        ),
        Some(11_232 | 99_991_400) => busy(answer, what, Some(60)).with_hint(
            "a bot takes 100 messages in a minute and 5 in a second, fewer at full hours",
        ),
        Some(9499) if said.to_ascii_lowercase().contains("many") => busy(answer, what, Some(60)),
        Some(19_021) => closed(
            what,
            "the signature is refused: compare `sign` with the bot's secret, and this machine's \
             clock with the time; an hour apart is too much",
        ),
        Some(19_022) => closed(what, "the bot's list of IPs does not have this machine's"),
        Some(19_024) => closed(what, "the bot wants a keyword: write it as `keyword`"),
        Some(19_001 | 19_002) => {
            closed(what, "the bot is gone: make a new one and write its address")
        }
        Some(9499 | 11_246 | 230_025) => {
            refused(what, "the bot takes no message of this size or content")
        }
        Some(_) => unknown(what),
    })
}
