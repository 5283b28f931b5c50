//! The HTTP status that a line prints of a call.
//!
//! Owns where a status stands and what names one. Must never take another number for one: a length,
//! a duration, a count. Fails by finding none.

use std::ops::Range;
use std::sync::LazyLock;

use aho_corasick::{AhoCorasick, MatchKind};

/// What quotes something, at any depth of escaping.
const QUOTES: [char; 4] = ['"', '\'', '\\', '`'];

/// The status next to the URL: where the request line, a client's arrow or a column has it.
pub(super) fn beside(text: &str, url: &Range<usize>) -> Option<u16> {
    behind(&text[url.end..]).or_else(|| before(&text[..url.start]))
}

/// `/ocr/id-card HTTP/1.1" 200`, `/ocr/id-card "HTTP/1.1 200 OK"`, `/ocr/id-card" 200`,
/// `/ocr/id-card -> 200`, `/ocr/id-card,200`.
fn behind(rest: &str) -> Option<u16> {
    let joints =
        |c: char| c.is_ascii_whitespace() || QUOTES.contains(&c) || "-=>→:：|[(,)]".contains(c);
    let bare = rest.trim_start_matches(joints);
    if bare.len() == rest.len() {
        return None;
    }
    if let Some(version) = bare.strip_prefix("HTTP/") {
        return behind_version(version);
    }
    number(bare)
}

/// `1.1" 200`.
fn behind_version(version: &str) -> Option<u16> {
    let rest = version.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let rest = rest.trim_start_matches(QUOTES);
    let status = rest.trim_start_matches([' ', '\t']);
    if status.len() == rest.len() { None } else { number(status) }
}

/// `<-- 200 OK https://…`, `| 200 |  12ms | 10.0.0.1 | POST  "/v2/…"`.
fn before(front: &str) -> Option<u16> {
    const NEAR_BYTES: usize = 120;
    let near = &front[front.ceil_char_boundary(front.len().saturating_sub(NEAR_BYTES))..];
    if let Some((_, arrow)) = near.rsplit_once("<-- ") {
        // The words behind the number are its name: a further number is not.
        return number(arrow).filter(|_| arrow.len() < 40);
    }
    let (_, columns) = near.split_once('|')?;
    let (columns, _) = columns.rsplit_once('|')?;
    let mut columns = columns.split('|').map(str::trim).filter(|column| column.len() == 3);
    columns.find_map(number)
}

/// The status that the line's words or keys name; none if they name several kinds of outcome.
pub(super) fn labelled(text: &str, url: &Range<usize>) -> Option<u16> {
    static LABELS: LazyLock<AhoCorasick> = LazyLock::new(|| {
        AhoCorasick::builder()
            .match_kind(MatchKind::LeftmostFirst)
            .build([
                "tatus", "TATUS", "ode", "HTTP", "esponse", "eturned", "esponded", "nswered", "->",
                "=>", "→", "状态", "返回", "响应",
            ])
            .expect("a handful of short literals always builds")
    });
    let mut told = None;
    for found in LABELS.find_iter(text) {
        let Some(status) = value(text, found.range(), found.start() >= url.end) else { continue };
        if !(200..300).contains(&status) {
            return Some(status);
        }
        told.get_or_insert(status);
    }
    told
}

/// The status under the label at `label`.
fn value(text: &str, label: Range<usize>, is_behind: bool) -> Option<u16> {
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    let rest = &text[label.end..];
    if !text[label.clone()].starts_with(|c: char| c.is_ascii_alphabetic()) {
        // An arrow, or a word that no letters run on from.
        let rest = rest.trim_start_matches('码').trim_start_matches(joins);
        let named = is_behind || text[label].starts_with('状');
        return named.then(|| number(rest)).flatten();
    }
    let front = &text[..label.start];
    let start = front.len() - front.chars().rev().take_while(|c| word(*c)).count();
    let end = label.end + rest.chars().take_while(|c| word(*c)).count();
    let (name, rest) = (&text[start..end], &text[end..]);
    match name {
        "HTTP" if is_behind => {
            return rest
                .strip_prefix('/')
                .map_or_else(|| number(rest.trim_start()), behind_version);
        }
        "Response" | "response" => {
            return number(rest.trim_start_matches(' ').strip_prefix('[')?).filter(|_| is_behind);
        }
        "returned" | "responded" | "answered" => {
            let rest = rest.trim_start_matches([' ', ':']);
            let rest = rest.strip_prefix("with ").unwrap_or(rest);
            return number(rest).filter(|_| is_behind && is_last(&rest[3..]));
        }
        _ => {}
    }
    let value = rest.trim_start_matches(QUOTES);
    let is_key = value.trim_start().starts_with([':', '=']);
    let names = match kind(name)? {
        Name::Status => true,
        Name::Code => is_key || text[..start].trim_end().to_ascii_lowercase().ends_with("status"),
    };
    names.then(|| number(value.trim_start_matches(joins))).flatten()
}

fn joins(c: char) -> bool {
    matches!(c, ' ' | ':' | '：' | '=' | '>' | '[' | '(') || QUOTES.contains(&c)
}

enum Name {
    Status,
    /// A word of many meanings.
    Code,
}

/// `status`, `statusCode`, `http_status`, `http.response.status_code`, `response_code`, `code`.
fn kind(name: &str) -> Option<Name> {
    const NAME_BYTES_MAX: usize = 40;
    if name.len() > NAME_BYTES_MAX {
        return None;
    }
    let folded = name.to_ascii_lowercase().replace(['_', '-', '.'], "");
    if folded == "code" {
        return Some(Name::Code);
    }
    let mut rest = &*folded;
    for prefix in ["http", "downstream", "response", "resp", "res"] {
        rest = rest.strip_prefix(prefix).unwrap_or(rest);
    }
    matches!(rest, "status" | "statuscode" | "statuscodevalue" | "code").then_some(Name::Status)
}

/// Behind a word such as `returned` a number may count anything: only nothing may follow it.
fn is_last(rest: &str) -> bool {
    let rest = rest.trim_start();
    !rest.starts_with(char::is_alphanumeric)
        || ["OK", "ok", "Created", "in ", "after "].iter().any(|word| rest.starts_with(word))
}

/// The three digits at a text's beginning, if they are no quantity and a status has that value.
fn number(text: &str) -> Option<u16> {
    const UNITS: [&str; 22] = [
        "ms", "us", "µs", "ns", "s", "sec", "secs", "second", "seconds", "min", "b", "kb", "kib",
        "mb", "byte", "bytes", "chars", "rows", "files", "pages", "times", "items",
    ];
    let digits = text.as_bytes().first_chunk::<3>()?;
    let status = digits.iter().try_fold(0, |status: u16, digit| {
        digit.is_ascii_digit().then(|| status * 10 + u16::from(digit - b'0'))
    })?;
    let rest = &text[3..];
    let ends = match rest.chars().next() {
        None => true,
        Some('.') => !rest[1..].starts_with(|c: char| c.is_ascii_digit()),
        Some(c) => c.is_ascii_whitespace() || ",;)]}>|\"'\\`<，。；）".contains(c),
    };
    let unit = rest.trim_start_matches(' ');
    let unit = unit.split(|c: char| !c.is_alphabetic()).next().unwrap_or("");
    let counts = UNITS.iter().any(|known| known.eq_ignore_ascii_case(unit))
        || unit.starts_with(['毫', '秒', '字', '张', '页', '条', '次']);
    (ends && !counts && (100..600).contains(&status)).then_some(status)
}
