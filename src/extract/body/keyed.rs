//! A code behind a key outside of any readable object: `key=value` text, XML, JSON that is cut or
//! damaged.
//!
//! Must never accept a code whose key is not one that holds codes.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::peel::line_around;
use super::super::unescape;
use super::structured::{
    CodeKey, MESSAGE_KEYS, PLAIN_MESSAGE_KEYS, REQUEST_ID_KEYS, STATUS_KEYS, code_key,
};
use super::{Body, Shape, Strength, between, clean_id, clean_message, clean_status, window};

/// A message stands near its code.
const NEAR_BYTES: usize = 1_500;

/// `error_code=C`, `errorCode: C`, `"error_code":"C"` in JSON that is cut or damaged.
pub(super) fn key_value(text: &str, token: &Range<usize>) -> Option<Body> {
    let key = key_of(&text[..token.start])?;
    let strong = code_key(key)? == CodeKey::Error;
    let mut body = Body::new(Shape::KeyValue, Strength::Mention);
    body.key = Some(key.to_owned());
    let around = near(text, token, key);
    let mut keys = MESSAGE_KEYS.to_vec();
    if !strong {
        keys.extend(PLAIN_MESSAGE_KEYS.iter().filter(|plain| **plain != key));
    }
    body.message = value_near(text, token, &around, &keys).and_then(|m| clean_message(&m));
    if body.message.is_none() && strong {
        // A bare `message` may be a logger's; it counts only directly beside the code.
        body.message = value_beside(&text[token.end..around.end]).and_then(|m| clean_message(&m));
    }
    if body.message.is_some() {
        body.strength = Strength::WithMessage;
    }
    body.request_id =
        value_near(text, token, &around, &REQUEST_ID_KEYS).and_then(|id| clean_id(&id));
    body.http_status =
        value_near(text, token, &around, &STATUS_KEYS).and_then(|status| clean_status(&status));
    Some(body)
}

/// An element of XML: `<code>C</code><message>M</message>`.
pub(super) fn element(text: &str, token: &Range<usize>) -> Option<Body> {
    let before = text[..token.start].strip_suffix('>')?;
    let key = &before[before.rfind('<')? + 1..];
    if code_key(key).is_none() || !text[token.end..].starts_with("</") {
        return None;
    }
    let mut body = Body::new(Shape::KeyValue, Strength::Mention);
    body.key = Some(key.to_owned());
    let around = window(text, token.start.saturating_sub(NEAR_BYTES)..token.end + NEAR_BYTES);
    let value = |keys: &[&str]| {
        keys.iter().find_map(|key| between(around, &format!("<{key}>"), &format!("</{key}>")))
    };
    let message = value(&MESSAGE_KEYS).or_else(|| value(&PLAIN_MESSAGE_KEYS));
    body.message = message.and_then(|message| clean_message(&unescape::html(message)));
    if body.message.is_some() {
        body.strength = Strength::WithMessage;
    }
    body.request_id = value(&REQUEST_ID_KEYS).and_then(clean_id);
    body.http_status = value(&STATUS_KEYS).and_then(clean_status);
    Some(body)
}

/// The text near a token: its line; and where the line is no more than the key and the code, as in
/// a body printed over several lines, the lines around it too.
fn near(text: &str, token: &Range<usize>, key: &str) -> Range<usize> {
    let line = line_around(text, token);
    let start = text[line.clone()].trim_start_matches([' ', '\t', '"', '\'', '{', '[', '\\', '|']);
    let (from, until) = if start.starts_with(key) && line.len() < 80 {
        (token.start.saturating_sub(NEAR_BYTES / 2), text.len().min(token.end + NEAR_BYTES / 2))
    } else {
        let from = line.start.max(token.start.saturating_sub(NEAR_BYTES));
        (from, line.end.min(token.end + NEAR_BYTES))
    };
    boundary(text, from)..boundary(text, until)
}

fn boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

/// The key directly before a value: `error_code=`, `"errorCode": "`, `error code: `.
fn key_of(before: &str) -> Option<&str> {
    const CHINESE: [&str; 4] = ["错误码", "错误代码", "错误编码", "错误编号"];
    let before = before.strip_suffix(['"', '\'', '`']).unwrap_or(before);
    let before = before.trim_end_matches('\\').trim_end_matches(' ');
    let before = before
        .strip_suffix("=>")
        .or_else(|| before.strip_suffix([':', '=', '：']))?
        .trim_end_matches(' ');
    let before = before.trim_end_matches(['"', '\'', '`', ']']).trim_end_matches('\\');
    let start = before
        .rfind(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == '-'))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let key = &before[start..];
    if key.is_empty() {
        return CHINESE.into_iter().find(|key| before.ends_with(key));
    }
    Some(key)
}

/// The value of the first of the keys that stands nearest to the token, behind it first.
fn value_near(
    text: &str,
    token: &Range<usize>,
    around: &Range<usize>,
    keys: &[&str],
) -> Option<String> {
    let behind = &text[token.end..around.end];
    let before = &text[around.start..token.start];
    keys.iter().find_map(|key| {
        find_key(behind, key, false)
            .map(|at| value_at(&behind[at..]))
            .or_else(|| find_key(before, key, true).map(|at| value_at(&before[at..])))
            .filter(|value| !value.trim().is_empty())
    })
}

/// Where the value of `key` begins.
fn find_key(text: &str, key: &str, last: bool) -> Option<usize> {
    let mut found = None;
    for (at, _) in text.match_indices(key) {
        let left = text[..at].chars().next_back();
        if left.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &text[at + key.len()..];
        let skipped = rest.trim_start_matches(['"', '\'', '\\', ']', ' ']);
        let value = skipped
            .strip_prefix("=>")
            .or_else(|| skipped.strip_prefix([':', '=', '：']))
            .map(|value| value.trim_start_matches(' '));
        if let Some(value) = value {
            found = Some(text.len() - value.len());
            if !last {
                break;
            }
        }
    }
    found
}

/// The value at the start of a text: quoted, or up to the next key or the line's end.
fn value_at(text: &str) -> String {
    static NEXT_KEY: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"，(?:[a-zA-Z_]{2,20}|请求|文件|稍后|错误)|[,;] (?:[a-z_]{2,20}|request id)[:=]|(?:\s|,\s?|;\s?|\|\s|&)(?:[A-Za-z_][[:word:].-]{0,40}=|(?:error_?code|errorCode|request_?id|",
            r"requestId|status(?:_code|Code)?|http_?status|httpStatusCode|trace_?id|code|url|api|",
            r"region|endpoint|elapsed|duration|retry|attempt|file|path|project(?:_id)?|host)\s?[:=：])",
        ))
        .expect("the pattern is valid")
    });
    if let Some(quote) = text.chars().next().filter(|c| matches!(c, '"' | '\'' | '`')) {
        let inside = &text[1..];
        let end = closing(inside, quote).unwrap_or_else(|| {
            // An unterminated string ends with its line.
            inside.find('\n').unwrap_or(inside.len())
        });
        return unescape::string_literal(&inside[..end]).into_owned();
    }
    let line = text.split('\n').next().unwrap_or(text);
    // The gateway's own messages hold fields too: `token expires, expires_at: …`.
    let own = |key: &str| {
        ["expires_at", "canonicalRequest", "err:", "ak:"].iter().any(|own| key.contains(own))
    };
    let next = NEXT_KEY.find_iter(line).find(|next| !own(next.as_str()));
    let end = next.map_or(line.len(), |next| next.start());
    let value = before_unopened(&line[..end]);
    let value = value.trim_end_matches([' ', ',', ';', '|']);
    // A bracket that closes what was opened before the value.
    let value = match value.char_indices().next_back() {
        Some((at, '}')) if !value.contains('{') => &value[..at],
        Some((at, ')')) if !value.contains('(') => &value[..at],
        Some((at, ']')) if !value.contains('[') => &value[..at],
        _ => value,
    };
    value.trim_end_matches([' ', ',']).to_owned()
}

/// Cuts a value at the parenthesis that closes what was opened before it.
fn before_unopened(value: &str) -> &str {
    let mut depth = 0_usize;
    for (at, c) in value.char_indices() {
        match c {
            '(' => depth += 1,
            ')' if depth == 0 => return &value[..at],
            ')' => depth -= 1,
            _ => {}
        }
    }
    value
}

/// The quote that closes a value: not an escaped one, and not one that the message itself holds
/// unescaped, which a letter or a blank and a word follow.
fn closing(inside: &str, quote: char) -> Option<usize> {
    static ENDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^(?:$|[\n,;)}\]&|\\]|\s+(?:$|[[:word:].-]+[=:]|[})\]\[(|-])|\s*[,}])")
            .expect("the pattern is valid")
    });
    let mut escaped = false;
    let mut first = None;
    for (at, c) in inside.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '\n' => break,
            c if c == quote => {
                if ENDS.is_match(&inside[at + 1..]) {
                    return Some(at);
                }
                first = first.or(Some(at));
            }
            _ => {}
        }
    }
    first
}

/// `, message: M` or ` - M` directly behind a code's value.
fn value_beside(behind: &str) -> Option<String> {
    static MESSAGE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[\x22'\]]?[,;|&]?\s*[\x22']?(?:message|msg|Message|desc|description|detail)[\x22']?\s*[:=：]\s*")
            .expect("the pattern is valid")
    });
    let found = MESSAGE.find(behind)?;
    Some(value_at(&behind[found.end()..]))
}
