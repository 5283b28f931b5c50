//! A code outside of any readable object: `key=value` text, damaged JSON, a code beside its
//! message, a code alone on its line.
//!
//! These forms are also those of prose, so each asks for the documented message or a key that only
//! errors have, and says how much it saw. Must never accept a code for standing in a sentence.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::peel::line_around;
use super::super::unescape;
use super::structured::{CODE_KEYS, MESSAGE_KEYS, PLAIN_CODE_KEYS, REQUEST_ID_KEYS, STATUS_KEYS};
use super::{Body, Neighbours, Shape, Strength, clean_id, clean_message, clean_status, window};
use crate::catalogue::Catalogue;

/// A message stands near its code.
const NEAR_BYTES: usize = 1_500;

/// `error_code=C`, `errorCode: C`, `"error_code":"C"` in JSON that is cut or damaged.
pub(super) fn key_value(text: &str, token: &Range<usize>) -> Option<Body> {
    let key = key_of(&text[..token.start])?;
    let strong = CODE_KEYS.contains(&key) || key.starts_with('错');
    if !strong && !PLAIN_CODE_KEYS.contains(&key) {
        return None;
    }
    let mut body = Body::new(Shape::KeyValue, Strength::Mention);
    body.key = Some(key.to_owned());
    let around = near(text, token, key);
    let keys: Vec<&str> = if strong {
        [&MESSAGE_KEYS[..], &["错误信息", "错误消息", "错误描述"]].concat()
    } else {
        [&MESSAGE_KEYS[..], &["message", "msg", "Message", "detail", "desc"]].concat()
    };
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
            r"，|[,;] (?:[a-z_]{2,20}|request id)[:=]|(?:\s|,\s?|;\s?|\|\s|&)(?:[A-Za-z_][[:word:].-]{0,40}=|(?:error_?code|errorCode|request_?id|",
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
    let value = &line[..end];
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

/// The code beside its message: `C: M`, `C M`, `(C): M`, `M (C)`, `M, [C]M`, `C (M)`.
pub(super) fn beside(text: &str, token: &Range<usize>, catalogue: &Catalogue) -> Option<Body> {
    let code = &text[token.clone()];
    let line = line_around(text, token);
    let behind = &text[token.end..line.end];
    let separated = behind.trim_start_matches([
        ' ', ':', '：', ',', '，', ')', ']', '）', '】', '-', '–', '—', '|', '"', '\'', '>', '=',
        '\t', '.', '/', ';', '`', '*', '(',
    ]);
    let separator = &behind[..behind.len() - separated.len()];
    let mut body = Body::new(Shape::Beside, Strength::Mention);
    if catalogue.message_matches(code, separated) {
        body.message = clean_message(sentence(separated, separator));
        body.strength = Strength::WithMessage;
        return Some(body);
    }
    let before = text[line.start..token.start].trim_end_matches([
        ' ', '(', '[', '（', '【', '"', '\'', ',', ':', '<', '-', '|', '`', '\t', '=',
    ]);
    let before = trim_label(before);
    if let Some(message) = message_before(catalogue, code, before) {
        body.message = Some(message);
        body.strength = Strength::WithMessage;
        return Some(body);
    }
    // The message is not the documented one: the form must say that it is one.
    let told = separator.contains([')', ']', '）', '】', ':', '：', '-', '('])
        || separated.starts_with(|c: char| c.is_ascii_uppercase() || c >= '\u{2e80}');
    let field =
        separated.split([' ', '\n']).next().is_some_and(|word| word.contains(['=', '{', '[']));
    body.message =
        if told && !field { clean_message(sentence(separated, separator)) } else { None };
    if body.message.is_none() && text[..token.start].ends_with(['[', '(']) {
        body.message = unknown_message_before(before);
    }
    Some(body)
}

/// `scan failed: Account frozen. [C]`: what stands behind the last colon.
fn unknown_message_before(before: &str) -> Option<String> {
    let (_, message) = before.rsplit_once(": ")?;
    message.starts_with(|c: char| c.is_ascii_uppercase()).then(|| message.to_owned())
}

/// Words that people put between a message and its code: `M (code: C)`, `M, error code C`.
fn trim_label(before: &str) -> &str {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)[\s,;(\[（-]*(?:error[ _-]?code|errcode|code|错误码|错误代码)\s*$")
            .expect("the pattern is valid")
    });
    LABEL.find(before).map_or(before, |label| &before[..label.start()])
}

/// A documented message at the end of the text before the code.
fn message_before(catalogue: &Catalogue, code: &str, before: &str) -> Option<String> {
    // A message begins at the line's start or behind a separator: try each, longest first.
    let near = window(before, before.len().saturating_sub(400)..before.len());
    let starts = std::iter::once(0).chain(
        near.char_indices()
            .filter(|(_, c)| matches!(c, ' ' | ':' | '"' | '\'' | '=' | '>' | '：' | '|'))
            .map(|(at, c)| at + c.len_utf8()),
    );
    for start in starts {
        let candidate = near[start..].trim();
        if candidate.is_empty() {
            break;
        }
        if catalogue.message_matches(code, candidate)
            && ends_as_documented(catalogue, code, candidate)
        {
            return Some(candidate.to_owned());
        }
    }
    None
}

/// Nothing but the documented message, or the documented message with what the service adds to it.
fn ends_as_documented(catalogue: &Catalogue, code: &str, text: &str) -> bool {
    let documented = catalogue.entry(code).and_then(|entry| entry.message.as_deref());
    let Some(stem) = documented.map(|message| message.trim_end_matches('.')) else { return true };
    match text.get(..stem.len()) {
        Some(start) if start.eq_ignore_ascii_case(stem) => {
            matches!(&text[stem.len()..], "" | ".") || text[stem.len()..].starts_with([':', ','])
        }
        _ => true,
    }
}

/// A message in prose ends with its line, with the quote or bracket it stands in, or where the
/// program goes on with words of its own.
fn sentence<'t>(text: &'t str, separator: &str) -> &'t str {
    static OWN_WORDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)\s*[(\[{](?:request|HTTP|rid|req|trace|id(?-u:\b)|status|code|attempt|retry|elapsed|after|(?:[0-9]{3}, ?)?[0-9a-f]{32})[^\n]*$",
            r"|[,;]?\s+(?:rid|req(?:uest)?(?:[_ ]?id)?|trace_?id|status|file|page|url|attempt|elapsed|cost|took)\s?[=:][^\n]*$",
            r"|[,;，；]\s*(?:using|falling back|fall back|fallback|retry|retrying|will|giving up|skip|skipping|attempt|see|请)[^\n]*$",
            r"|\s+[-–—]+>?\s+(?:retry|using|falling|giving|skip|see|will|attempt)[^\n]*$",
        ))
        .expect("the pattern is valid")
    });
    let line = text.split(['\n', '`']).next().unwrap_or(text);
    let line = OWN_WORDS.find(line).map_or(line, |own| &line[..own.start()]);
    let line = match line.find('。') {
        // A Chinese sentence has its own full stop; an English message has it from the wrapper.
        Some(at) if line[..at].is_ascii() => &line[..at],
        Some(at) => &line[..at + '。'.len_utf8()],
        None => line,
    };
    let line = line.trim_end();
    let line = if separator.contains('(') && !separator.contains(')') {
        line.split_once(')').map_or(line, |(inside, _)| inside)
    } else {
        line
    };
    trim_unopened(line)
}

/// Takes off closing brackets and quotes that were opened before the message.
fn trim_unopened(mut line: &str) -> &str {
    loop {
        let count = |c: char| line.matches(c).count();
        let unopened = match line.chars().next_back() {
            Some(')') => count(')') > count('('),
            Some(']') => count(']') > count('['),
            Some('}') => count('}') > count('{'),
            Some(quote @ ('"' | '\'')) => count(quote) % 2 == 1,
            Some(',' | ';' | '|' | ' ') => true,
            _ => false,
        };
        if !unopened {
            return line;
        }
        line = &line[..line.len() - 1];
    }
}

/// A code alone on its line, as the SDKs' samples print it, with status, request id and message on
/// lines of their own.
pub(super) fn bare_line(
    text: &str,
    token: &Range<usize>,
    neighbours: &Neighbours<'_>,
    catalogue: &Catalogue,
) -> Option<Body> {
    let line = line_around(text, token);
    if text[line.clone()].trim().len() != token.len() {
        return None;
    }
    let code = &text[token.clone()];
    let above = text[..line.start].trim_end_matches('\n');
    let mut before: Vec<&str> =
        if above.is_empty() { Vec::new() } else { above.rsplit('\n').collect() };
    before.extend(neighbours.before.iter().map(String::as_str));
    let mut behind: Vec<&str> = text[line.end..].split('\n').skip(1).collect();
    behind.extend(neighbours.behind.iter().map(String::as_str));
    let message = behind.iter().take(2).chain(before.iter().take(2));
    let message =
        message.map(|line| line.trim()).find(|line| catalogue.message_matches(code, line));
    let near = || before.iter().take(3).chain(behind.iter().take(3)).map(|line| line.trim());
    let is_id = |line: &&str| line.len() == 32 && line.bytes().all(|b| b.is_ascii_hexdigit());
    let request_id = near().find(is_id);
    let http_status = near().find_map(clean_status);
    if message.is_none() && (request_id.is_none() || http_status.is_none()) {
        return None;
    }
    let mut body = Body::new(Shape::BareLine, Strength::WithMessage);
    body.message = message
        .or_else(|| behind.first().map(|line| line.trim()).filter(|line| !is_id(line)))
        .and_then(clean_message);
    body.request_id = request_id.map(str::to_owned);
    body.http_status = http_status;
    Some(body)
}
