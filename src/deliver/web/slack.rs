//! Incoming webhooks of Slack.
//!
//! Owns the form of their messages and what their words mean. Must never let Slack link or call
//! what stands in a log. Fails with what Slack said.

use serde_json::{Value, json};

use super::answer::{self, busy, by_status, closed, refused};
use super::http::{Answer, Request};
use super::robot::Keys;
use super::{Told, post};
use crate::config::Robot;
use crate::deliver::{Accepted, Failure};
use crate::render::chat::{Piece, Words};
use crate::render::markup::Dialect;
use crate::surface::escape;

const BLOCKS_MAX: usize = 50;

/// Of a section; the documentation says 3000.
const SECTION_CHARS_MAX: usize = 2900;
const DIALECT: Dialect = Dialect::Slack;

pub(super) fn request(robot: &Robot, keys: &Keys, told: &Told<'_>) -> Request {
    let words = told.words;
    let calls = told.calls(robot);
    let named = calls.named.iter().map(|who| match who.strip_prefix('S') {
        Some(_) => format!("<!subteam^{who}>"),
        None => format!("<@{who}>"),
    });
    let all = calls.all.then(|| "<!here>".to_owned());
    let calling: Vec<_> = all.into_iter().chain(named).collect();
    let sections = told.fit(
        DIALECT,
        |pieces| sections(pieces, words),
        // One is left for those who are called.
        |sections| sections.len() < BLOCKS_MAX,
    );
    let calling = (!calling.is_empty()).then(|| calling.join(" "));
    let blocks = sections.into_iter().chain(calling).take(BLOCKS_MAX).map(|text| section(&text));
    let message = json!({
        "text": escape::slack(&told.subject()),
        "blocks": blocks.collect::<Vec<_>>(),
        "unfurl_links": false,
        "unfurl_media": false,
    });
    post(keys.url.reveal(), message.to_string().into_bytes())
}

fn section(text: &str) -> Value {
    // Verbatim: no name, channel or address in it becomes a link.
    json!({ "type": "section", "text": { "type": "mrkdwn", "text": text, "verbatim": true } })
}

/// The page in sections, each short enough and none cut within a line where that can be.
fn sections(pieces: &[Piece], words: &Words) -> Vec<String> {
    let mut sections: Vec<String> = Vec::new();
    let mut chars = 0;
    for piece in pieces {
        let begins = matches!(piece, Piece::Title(..)) || sections.is_empty();
        for (at, part) in parts(&DIALECT.piece(piece, words)).into_iter().enumerate() {
            let length = part.chars().count();
            match sections.last_mut() {
                Some(last) if !(begins && at == 0) && chars + length < SECTION_CHARS_MAX => {
                    last.push('\n');
                    last.push_str(&part);
                    chars += length + 1;
                }
                _ => {
                    chars = length;
                    sections.push(part);
                }
            }
        }
    }
    sections
}

/// A text in parts that a section can hold, cut behind a blank, a line break or an entity.
fn parts(text: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    let mut chars = 0;
    for token in text.split_inclusive([' ', '\n', ';']) {
        let token: Vec<char> = token.chars().collect();
        for token in token.chunks(SECTION_CHARS_MAX / 2) {
            if chars + token.len() > SECTION_CHARS_MAX {
                parts.push(String::new());
                chars = 0;
            }
            chars += token.len();
            if let Some(last) = parts.last_mut() {
                last.extend(token);
            }
        }
    }
    parts
}

pub(super) fn judge(answer: &Answer) -> Result<Accepted, Failure> {
    let said = answer::said(answer);
    let what = format!("HTTP {} {said}", answer.status);
    Err(match (answer.status, said.as_str()) {
        (200..=299, "ok") => return Ok(answer::taken(answer)),
        (200..=299, _) => closed(
            format!("what came back is no answer of Slack: {said}"),
            "look at the address: it begins with https://hooks.slack.com/",
        ),
        (429, _) => busy(answer, what, Some(30)),
        (_, "invalid_token" | "no_service" | "no_service_id" | "no_team" | "team_disabled") => {
            closed(what, "the webhook is gone: make a new one and write its address")
        }
        (_, "channel_not_found" | "channel_is_archived" | "action_prohibited") => {
            closed(what, "the webhook's channel is gone or closed to it: make a webhook elsewhere")
        }
        (_, "posting_to_general_channel_denied") => {
            closed(what, "only admins may write there: make a webhook to another channel")
        }
        (_, "user_not_found" | "user_not_visible") => {
            closed(what, "somebody in `mention` is not there")
        }
        (400, _) => refused(what, "Slack does not take this message"),
        _ => match by_status(answer) {
            Err(failure) => failure,
            Ok(()) => return Ok(answer::taken(answer)),
        },
    })
}
