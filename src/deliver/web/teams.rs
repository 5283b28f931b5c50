//! Workflows of Teams.
//!
//! Owns the form of their cards and what their answers mean. Must never write text from a log where
//! Markdown is read: it stands in runs of plain text. Fails with what the workflow said.

use serde_json::{Value, json};

use super::answer::{self, busy, by_status, closed};
use super::http::{Answer, Request};
use super::robot::Keys;
use super::{Told, post};
use crate::config::Robot;
use crate::deliver::{Accepted, Failure};
use crate::render::chat::{Piece, Words};
use crate::render::markup::{Colour, Dialect};
use crate::surface::escape::{visible, visible_lines};

/// 28 KB in the documentation, of which some is for Teams' own.
const BYTES_MAX: usize = 27_000;

pub(super) fn request(robot: &Robot, keys: &Keys, told: &Told<'_>) -> Request {
    let words = told.words;
    let calls = told.calls(robot);
    let body = told.fit(
        Dialect::Plain,
        |pieces| card(pieces, words, told.colour(), calls.named).to_string().into_bytes(),
        |body| body.len() <= BYTES_MAX,
    );
    post(keys.url.reveal(), body)
}

fn card(pieces: &[Piece], words: &Words, colour: Colour, called: &[std::sync::Arc<str>]) -> Value {
    let mut body: Vec<Value> = pieces.iter().map(|piece| block(piece, words, colour)).collect();
    if !called.is_empty() {
        let text: Vec<_> = called.iter().map(|who| format!("<at>{who}</at>")).collect();
        body.push(json!({ "type": "TextBlock", "text": text.join(" "), "wrap": true }));
    }
    let entities = called.iter().map(|who| {
        json!({
            "type": "mention",
            "text": format!("<at>{who}</at>"),
            "mentioned": { "id": who, "name": who },
        })
    });
    json!({
        "type": "message",
        "attachments": [{
            "contentType": "application/vnd.microsoft.card.adaptive",
            "contentUrl": null,
            "content": {
                "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
                "type": "AdaptiveCard",
                "version": "1.4",
                "msteams": { "width": "Full", "entities": entities.collect::<Vec<_>>() },
                "body": body,
            },
        }],
    })
}

fn block(piece: &Piece, words: &Words, colour: Colour) -> Value {
    let bold = |text: &str| json!({ "type": "TextRun", "text": visible(text), "weight": "Bolder" });
    let plain = |text: &str| json!({ "type": "TextRun", "text": visible(text) });
    let runs = match piece {
        Piece::Title(status, severity, text) => {
            let head = format!("[{} · {}] ", words.status(*status), words.severity(*severity));
            let colour = match colour {
                Colour::Red => "Attention",
                Colour::Orange => "Warning",
                Colour::Blue => "Accent",
                Colour::Green => "Good",
            };
            let head = json!({
                "type": "TextRun", "text": head, "weight": "Bolder", "color": colour,
            });
            vec![head, bold(text)]
        }
        Piece::Heading(text) => vec![bold(text)],
        Piece::Fact(label, value) => vec![bold(&format!("{label}: ")), plain(value)],
        Piece::Text(text) => vec![plain(text)],
        Piece::Item(text) => vec![plain(&format!("• {text}"))],
        Piece::Quiet(text) => {
            vec![json!({ "type": "TextRun", "text": visible(text), "isSubtle": true })]
        }
        Piece::Lines(text) => {
            let text = visible_lines(text);
            vec![json!({ "type": "TextRun", "text": text, "fontType": "Monospace" })]
        }
        Piece::Own(text) => vec![json!({ "type": "TextRun", "text": visible_lines(text) })],
        Piece::Link(link) => vec![link_run(link)],
    };
    let begins = matches!(piece, Piece::Title(..) | Piece::Heading(_));
    let spacing = if begins { "Medium" } else { "Small" };
    json!({ "type": "RichTextBlock", "spacing": spacing, "inlines": runs })
}

/// A link of the operator's own.
fn link_run(link: &str) -> Value {
    let is_web = link.starts_with("https://") || link.starts_with("http://");
    let text = visible(link);
    if !is_web || text != link {
        return json!({ "type": "TextRun", "text": text });
    }
    let action = json!({ "type": "Action.OpenUrl", "url": link });
    json!({ "type": "TextRun", "text": text, "selectAction": action })
}

pub(super) fn judge(answer: &Answer) -> Result<Accepted, Failure> {
    let said = answer::said(answer);
    // What connectors say, which workflows replace: the status is good and the message is lost.
    if matches!(answer.status, 200..=299) && said.contains("delivery failed") {
        let what = format!("HTTP {} {said}", answer.status);
        return Err(if said.contains("429") {
            busy(answer, what, Some(60))
        } else {
            closed(what, "make a workflow for the channel and write its address")
        });
    }
    by_status(answer).map_err(|failure| match answer.status {
        400 | 404 | 410 => closed(
            failure.what,
            "the workflow is gone, switched off or another one: who made it may have left; make \
             it anew from \"When a Teams webhook request is received\"",
        ),
        401 | 403 => closed(
            failure.what,
            "the workflow lets nobody in with this address: copy it anew, with all behind `?`",
        ),
        _ => failure,
    })?;
    Ok(answer::taken(answer))
}
