//! A code beside its message in a sentence, and a code alone on its line.
//!
//! These forms are also those of prose, so each says how much it saw. Must never accept a code for
//! standing in a sentence; `evidence` weighs the words around it.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::peel::line_around;
use super::super::scan;
use super::{Body, Neighbours, Shape, Strength, clean_message, clean_status, window};
use crate::catalogue::Catalogue;

/// A sentence beside a code is not longer.
const SENTENCE_BYTES_MAX: usize = 4 * 1024;

/// The code beside its message: `C: M`, `C M`, `(C): M`, `M (C)`, `M, [C]M`, `C (M)`.
pub(super) fn beside(text: &str, token: &Range<usize>, catalogue: &Catalogue) -> Body {
    let code = &text[token.clone()];
    let line = line_around(text, token);
    let behind = window(text, token.end..line.end.min(token.end + SENTENCE_BYTES_MAX));
    let separated = behind.trim_start_matches([
        ' ', ':', '：', ',', '，', ')', ']', '）', '】', '-', '–', '—', '|', '"', '\'', '>', '=',
        '\t', '.', '/', ';', '`', '*', '(',
    ]);
    let separator = &behind[..behind.len() - separated.len()];
    let separated = after_label(separated);
    let mut body = Body::new(Shape::Beside, Strength::Mention);
    body.http_status = status_before(&text[line.start..token.start]);
    if catalogue.message_matches(code, separated) {
        body.message = clean_message(sentence(separated, separator));
        body.strength = Strength::WithMessage;
        return body;
    }
    let before = text[line.start..token.start].trim_end_matches([
        ' ', '(', '[', '（', '【', '"', '\'', ',', ':', '<', '-', '|', '`', '\t', '=',
    ]);
    let before = trim_label(before);
    if let Some(message) = message_before(catalogue, code, before) {
        body.message = Some(message);
        body.strength = Strength::WithMessage;
        return body;
    }
    // The message is not the documented one: the form must say that it is one.
    let told = separator.contains([')', ']', '）', '】', ':', '：', '-', '('])
        || text[line.start..token.start].trim_end().ends_with("->")
        || separated.starts_with(|c: char| c.is_ascii_uppercase() || c >= '\u{2e80}');
    let field = separated.split([' ', '\n']).next();
    let field = field.is_some_and(|word| word.contains(['=', '{', '[']));
    let listed = scan::codes(separated).next().is_some_and(|other| other.start == 0);
    let explained =
        ["表示", "是", "代表", "说明", "错误", "的"].iter().any(|word| separated.starts_with(word));
    let status = separated.starts_with("HTTP ");
    let clause = separator.ends_with([',', '，', ' ']) && separator.contains([',', '，']);
    if told && !field && !listed && !explained && !status && !clause {
        body.message = clean_message(sentence(separated, separator));
    }
    if body.message.is_none() && text[..token.start].ends_with(['[', '(', '（', '【']) {
        body.message = unknown_message_before(before);
    }
    body
}

/// `[504] C: M`: a status alone in brackets directly before the code.
fn status_before(before: &str) -> Option<u16> {
    let inside = before.trim_end().strip_suffix([']', ')'])?;
    clean_status(&inside[inside.rfind(['[', '('])? + 1..])
}

/// `Error C occurred: M`, `错误码 C，描述：M`: the message stands behind the verb or the label.
fn after_label(text: &str) -> &str {
    static LABEL: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"^(?i:(?:occurred|happened|was returned|returned|raised)\s*[:：-]|",
            r"(?:message|msg|desc(?:ription)?|reason|detail)\s*[:：=]|",
            r"(?:错误)?(?:描述|信息|消息|原因|详情)\s*[:：=])\s*",
        ))
        .expect("the pattern is valid")
    });
    LABEL.find(text).map_or(text, |label| &text[label.end()..])
}

/// `scan failed: Account frozen. [C]`: what stands behind the last colon.
fn unknown_message_before(before: &str) -> Option<String> {
    let (_, message) = before.rsplit_once('：').or_else(|| before.rsplit_once(": "))?;
    let begins = |c: char| c.is_ascii_uppercase() || c >= '\u{2e80}';
    message.starts_with(begins).then(|| message.trim().to_owned())
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
            r"(?i)\s*\(HTTP [0-9]{3}[^\n]*$|\s*[(\[{](?:request|rid|req|trace|id(?-u:\b)|status|code|attempt|retry|elapsed|after|(?:[0-9]{3}, ?)?[0-9a-f]{32})[^\n]*$",
            r"|[,;]?\s+(?:rid|req(?:uest)?(?:[_ ]?id)?|trace_?id|status|file|page|url|attempt|elapsed|cost|took)\s?[=:][^\n]*$",
            r"|[,;，；]\s*(?:using|falling back|fall back|fallback|retry|retrying|will|giving up|skip|skipping|attempt|see|请)[^\n]*$",
            r"|\s+[-–—]+>?\s+(?:retry|using|falling|giving|skip|see|will|attempt)[^\n]*$",
        ))
        .expect("the pattern is valid")
    });
    let line = text.split(['\n', '`']).next().unwrap_or(text);
    let line = match separator.chars().next_back().filter(|c| matches!(c, '"' | '\'')) {
        Some(quote) => line.split_once(quote).map_or(line, |(inside, _)| inside),
        None => line,
    };
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
    // A status directly above and a sentence directly below say as much as an id.
    let sentence =
        nearest(&behind).contains(' ') && nearest(&behind).starts_with(|c: char| c.is_alphabetic());
    let known = request_id.is_some() || clean_status(nearest(&before)).is_some() && sentence;
    if message.is_none() && !(known && http_status.is_some()) {
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

fn nearest<'l>(lines: &[&'l str]) -> &'l str {
    lines.first().copied().unwrap_or("").trim()
}
