//! Decides whether a code token in a log is an error that the service returned, or a mention.
//!
//! Codes stand in help texts, rule lists, counters, source lines, dashboards and in the text that
//! the service recognised. Each rule here is one way in which a code is not an error; the body's
//! strength says how much it takes to believe one. Must never look at the catalogue's meaning of
//! the code. Fails: never.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::body::{Body, Shape, Strength};
use super::head::Level;
use super::peel::{Peeled, line_around};
use super::scan;

/// What surrounds the body.
pub(super) struct Surroundings<'s> {
    pub level: Option<Level>,
    /// The record's text and the token's place in it, before any peeling.
    pub record: &'s str,
    pub token: Range<usize>,
}

/// Why a code is only a mention; `None` when it is an error.
pub(super) fn mention(
    peeled: &Peeled<'_>,
    body: Option<&Body>,
    around: &Surroundings<'_>,
) -> Option<&'static str> {
    if recognised_text(peeled, around) || listed_text(peeled, around.level) {
        return Some("inside recognised text");
    }
    if compared(peeled) {
        return Some("compared in source or a test");
    }
    let Some(body) = body else { return Some("no body around it") };
    if body.strength == Strength::Unmistakable {
        return None;
    }
    if label(&peeled.text, &peeled.token) {
        return Some("a metric's label");
    }
    if body.message.as_deref().is_some_and(is_placeholder) {
        return Some("the documentation's own sentence");
    }
    if example(peeled, around) {
        return Some("an example");
    }
    match body.shape {
        Shape::Object => in_object(peeled, body, around),
        Shape::KeyValue => in_key_value(peeled, body, around),
        Shape::Beside => beside(peeled, body, around),
        _ => None,
    }
}

/// Fields that hold what the service read off an image.
fn is_recognition(key: &str) -> bool {
    matches!(
        key,
        "words"
            | "words_block_list"
            | "recognized_text"
            | "recognised_text"
            | "ocr_text"
            | "full_text"
            | "plain_text"
            | "markdown_result"
            | "extracted_text"
            | "recognized"
            | "recognised"
            | "word"
            | "words_list"
            | "ocrText"
            | "recognizedText"
            | "block_text"
            | "words_block"
            | "ocr_words"
            | "text_blocks"
    )
}

fn recognised_text(peeled: &Peeled<'_>, around: &Surroundings<'_>) -> bool {
    peeled.fields.iter().any(|field| is_recognition(field))
        || follows_recognition(around.record, &around.token)
        || (peeled.layers > 0 && follows_recognition(&peeled.text, &peeled.token))
}

/// One of several texts in a list that no error names, at a quiet level: the lines of a page.
fn listed_text(peeled: &Peeled<'_>, level: Option<Level>) -> bool {
    let errors = ["err", "exc", "fail", "cause", "reason", "problem"];
    level == Some(Level::Quiet)
        && peeled.list.as_deref().is_some_and(|key| {
            let key = key.to_ascii_lowercase();
            !errors.iter().any(|error| key.contains(error))
        })
}

/// `words=['…', '…AIS.0101…']`, `recognized text="…"`, `识别结果：…`: the token stands in the list, the
/// quotes or the rest of the line that such a word opens.
fn follows_recognition(text: &str, token: &Range<usize>) -> bool {
    static CUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:^|[^[:word:]])words(?:_block_list|_list)?\\*['\x22]?\s*[:=]?\s*",
            r"|(?i:recogni[sz]ed[ _](?:text|words?|content|lines?)|ocr[ _](?:text|words)|extracted text)\\*['\x22]?\s*[:=]?\s*",
            r"|识别(?:结果|文本|内容|文字|出)\s*[:=：]\s*",
        ))
        .expect("the pattern is valid")
    });
    let line = line_around(text, token);
    let before = &text[line.start..token.start];
    CUE.find_iter(before).any(|cue| {
        let opened = &before[cue.end()..];
        let prose = !cue.as_str().contains("words");
        match opened.trim_start_matches('\\').chars().next() {
            Some('[') => balance(opened, '[', ']') > 0,
            Some(quote @ ('"' | '\'')) => !closes(opened.trim_start_matches('\\'), quote),
            _ => prose,
        }
    })
}

/// How many brackets are still open behind a text. Quoted ones count too: a list of texts rarely
/// holds one bracket without the other.
fn balance(text: &str, open: char, close: char) -> i64 {
    text.chars().fold(0, |depth, c| depth + i64::from(c == open) - i64::from(c == close))
}

/// Whether the string that a text begins with ends within it.
fn closes(text: &str, quote: char) -> bool {
    let mut escaped = false;
    text.chars().skip(1).any(|c| {
        let ends = c == quote && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })
}

/// The last bytes of a text, at a character boundary.
fn tail(text: &str, bytes_max: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes_max);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

fn front(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// `== "AIS.0101"`, `in ("AIS.0101",`, `case "AIS.0101":`, `.toBe("AIS.0101")`.
fn compared(peeled: &Peeled<'_>) -> bool {
    static BEFORE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?:[=!]==?|<>|(?-u:\b)in|(?-u:\b)case|(?-u:\b)when|(?-u:\b)LIKE|(?-u:\b)like|(?-u:\b)IN)\s*[\[({]?\s*[rb]?['\x22`%]?$",
            r"|[[:word:])\]]\[['\x22]$",
            r"|(?:equals|equalsIgnoreCase|startsWith|startswith|endsWith|contains|toBe|toEqual|",
            r"assertEquals?|assertIn|assert_eq!?|assertThat|isEqualTo|hasCode|strcmp|match)\(",
            r"[^()]{0,60}['\x22]?$",
        ))
        .expect("the pattern is valid")
    });
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^['\x22`]?\)?\s*(?:[=!]==?\s|in [\[({]|=>\s*(?:[A-Za-z_]|$)|->)")
            .expect("the pattern is valid")
    });
    let line = line_around(&peeled.text, &peeled.token);
    let before = tail(&peeled.text[line.start..peeled.token.start], 120);
    let behind = front(&peeled.text[peeled.token.end..line.end], 60);
    BEFORE.is_match(before) || BEHIND.is_match(behind)
}

/// Prometheus (`name{code="C"} 3`), influx (`name,code=C count=3i`), statsd (`|#code:C`).
fn label(text: &str, token: &Range<usize>) -> bool {
    static LABELS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r#"[A-Za-z_:][\w:]*\{(?:[A-Za-z_]\w*=~?!?"[^"]*",?\s*)*[A-Za-z_]\w*=?[=!~]*"[^"{}]*$"#,
        )
        .expect("the pattern is valid")
    });
    static INFLUX: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|\s)[[:word:].:-]+(?:,[[:word:].-]+=[^,\s]+)*,[[:word:].-]+=$")
            .expect("the pattern is valid")
    });
    let line = line_around(text, token);
    let before = &text[line.start..token.start];
    let behind = &text[token.end..line.end];
    if LABELS.is_match(tail(before, 500)) && behind.starts_with(['"', '|']) {
        return true;
    }
    if INFLUX.is_match(tail(before, 500)) {
        let word_end = behind.find(' ').unwrap_or(behind.len());
        let fields = front(&behind[word_end..], 60);
        return fields
            .trim_start()
            .split(['=', ' '])
            .nth(1)
            .is_some_and(|value| value.trim_end_matches(['i', 'u']).parse::<f64>().is_ok());
    }
    static STATSD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r":[0-9.+-]+\|(?:c|g|ms|s|h|d)(?:\||@|\s|$)").expect("the pattern is valid")
    });
    before.rsplit(' ').next().is_some_and(|word| STATSD.is_match(word))
}

/// A body that the line itself calls an example.
fn example(peeled: &Peeled<'_>, around: &Surroundings<'_>) -> bool {
    static CUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)(?:(?:^|[\s(\[\x22'#])(?:examples?|e\.g\.?|for instance|such as|sample|looks? like|",
            r"in the form|documented as|docs?|documentation|would return|placeholder|mock(?:ed|ing)?|",
            r"stub(?:bed)?|fixture|dry[- ]run)(?:$|[\s:,)\x22'=]))|示例|例如|样例",
        ))
        .expect("the pattern is valid")
    });
    if around.level >= Some(Level::Warn) {
        return false;
    }
    // Only what introduces the body: its message has words of its own.
    let introduction = |text: &str, token: &Range<usize>| {
        let before = &text[line_around(text, token).start..token.start];
        let before = &before[..before.find('{').filter(|at| *at > 0).unwrap_or(before.len())];
        CUE.is_match(tail(before, 300))
    };
    introduction(around.record, &around.token)
        || (peeled.layers > 0 && introduction(&peeled.text, &peeled.token))
}

/// The documentation writes `XXX` and `XX` where a real message has a name and a number.
fn is_placeholder(message: &str) -> bool {
    message.contains("The API XXX is") || message.contains("limit:XX")
}

/// Keys of configuration, catalogues and counters, none of which a service's answer has.
fn is_bookkeeping(key: &str) -> bool {
    matches!(
        key,
        "description"
            | "solution"
            | "threshold"
            | "window"
            | "pattern"
            | "regex"
            | "enabled"
            | "count"
            | "total"
            | "hits"
            | "occurrences"
            | "doc"
            | "docs"
            | "doc_url"
            | "labels"
            | "metric"
            | "rule"
            | "rules"
            | "alert"
            | "expr"
            | "runbook"
            | "remedy"
            | "meaning"
            | "documentation"
            | "retry_on"
            | "retryable_codes"
            | "expected"
            | "assertion"
            | "n"
            | "last_seen"
            | "first_seen"
            | "rate"
            | "percent"
            | "per_minute"
    )
}

fn in_object(peeled: &Peeled<'_>, body: &Body, around: &Surroundings<'_>) -> Option<&'static str> {
    let severe = around.level >= Some(Level::Warn);
    let bookkeeping = body.keys_around.iter().any(|key| is_bookkeeping(key));
    if bookkeeping
        && !(body.strength >= Strength::WithMessage && (severe || body.request_id.is_some()))
    {
        return Some("configuration or a counter");
    }
    if body.strength >= Strength::WithMessage {
        return None;
    }
    let strong = body.key.as_deref().is_some_and(|key| key.to_ascii_lowercase().starts_with("err"));
    match (strong, around.level) {
        // The gateway answers some calls with a code and nothing else.
        (true, None | Some(Level::Warn | Level::Error)) => None,
        (true, Some(Level::Quiet)) if body.http_status.is_some_and(|status| status >= 400) => None,
        (true, Some(Level::Quiet)) if body.keys_around.len() <= 2 || failure(peeled) => None,
        (false, Some(Level::Error | Level::Warn))
            if body.request_id.is_some() || body.http_status.is_some() =>
        {
            None
        }
        _ => Some("a code field without a message"),
    }
}

fn in_key_value(
    peeled: &Peeled<'_>,
    body: &Body,
    around: &Surroundings<'_>,
) -> Option<&'static str> {
    if in_url(&peeled.text, &peeled.token) && body.message.is_none() {
        return Some("a parameter of a link");
    }
    if several_codes(peeled) && body.message.is_none() {
        return Some("one of several codes");
    }
    if counted(peeled) {
        return Some("a counter");
    }
    if body.strength >= Strength::WithMessage {
        return None;
    }
    if prose(peeled, body) {
        return Some("prose");
    }
    match around.level {
        Some(Level::Warn | Level::Error) => None,
        None if body
            .key
            .as_deref()
            .is_some_and(|key| key.to_ascii_lowercase().starts_with("err")) =>
        {
            None
        }
        _ if failure(peeled) => None,
        _ => Some("a code without a message"),
    }
}

fn beside(peeled: &Peeled<'_>, body: &Body, around: &Surroundings<'_>) -> Option<&'static str> {
    if in_url(&peeled.text, &peeled.token) {
        return Some("part of a link");
    }
    if table_row(peeled) {
        return Some("a row of a table");
    }
    if several_codes(peeled) {
        return Some("one of several codes");
    }
    if counted(peeled) {
        return Some("a counter");
    }
    if prose(peeled, body) {
        return Some("prose");
    }
    match around.level {
        Some(Level::Warn | Level::Error) => None,
        None if body.strength >= Strength::WithMessage || failure(peeled) => None,
        // At a quiet level a code with its meaning is what a rule loader or a help text prints.
        Some(Level::Quiet) if body.message.is_some() && failure(peeled) => None,
        _ => Some("no failure told beside it"),
    }
}

/// Words that say a call went wrong just now.
fn failure(peeled: &Peeled<'_>) -> bool {
    static CUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)(?-u:\b)(?:fail(?:ed|ure|s)?|errors?|exception|reject(?:ed)?|denied|refused|returned|",
            r"got|unexpected|retry(?:ing)? (?:[0-9]+|after|because|due|attempt)|unable|could not|cannot|can't|aborted|giving up|gave up|throttled|unsuccessful|",
            r"[[:word:]]+Error|[[:word:]]+Exception)(?-u:\b)|失败|错误|异常|报错|出错|拒绝",
        ))
        .expect("the pattern is valid")
    });
    let line = line_around(&peeled.text, &peeled.token);
    CUE.is_match(&peeled.text[line])
}

/// Words that say the line speaks about codes, not of a failed call. The message has words of its
/// own, so it is left out; so are names with dots, dashes and slashes.
fn prose(peeled: &Peeled<'_>, body: &Body) -> bool {
    const WORDS: [&str; 84] = [
        "codes",
        "such",
        "e.g.",
        "see",
        "refer",
        "documented",
        "documentation",
        "docs",
        "handled",
        "handles",
        "handling",
        "handler",
        "ignore",
        "ignored",
        "ignoring",
        "map",
        "maps",
        "mapped",
        "mapping",
        "treat",
        "treated",
        "treats",
        "retryable",
        "retriable",
        "non-retryable",
        "whitelist",
        "allowlist",
        "blacklist",
        "known",
        "rule",
        "rules",
        "catalog",
        "catalogue",
        "table",
        "list",
        "means",
        "meaning",
        "support",
        "test",
        "tests",
        "spec",
        "assert",
        "asserting",
        "expect",
        "expected",
        "expects",
        "fix",
        "fixed",
        "fixes",
        "changelog",
        "commit",
        "issue",
        "ticket",
        "todo",
        "dashboard",
        "runbook",
        "example",
        "examples",
        "if",
        "when",
        "whether",
        "unless",
        "should",
        "would",
        "may",
        "might",
        "registered",
        "registering",
        "filter",
        "filtered",
        "grep",
        "query",
        "suppressed",
        "select",
        "where",
        "count",
        "total",
        "times",
        "metric",
        "metrics",
        "stats",
        "summary",
        "config",
        "enabled",
    ];
    const PHRASES: [&str; 12] = [
        "retry on",
        "retry policy",
        "will be retried",
        "stands for",
        "参见",
        "参考",
        "文档",
        "例如",
        "表示",
        "映射",
        "忽略",
        "统计",
    ];
    let line = line_around(&peeled.text, &peeled.token);
    let before = &peeled.text[line.start..peeled.token.start];
    let behind = &peeled.text[peeled.token.end..line.end];
    let message = body.message.as_deref().unwrap_or("\0");
    let before = before.find(message).map_or(before, |at| &before[..at]);
    let behind = behind.find(message).map_or(behind, |at| &behind[at + message.len()..]);
    [tail(before, 200), front(behind, 100)].into_iter().any(|text| {
        let lower = text.to_lowercase();
        PHRASES.iter().any(|phrase| lower.contains(phrase))
            || lower
                .split(|c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"'))
                .map(|word| word.trim_end_matches([':', ',', ';', '.', '!', '?', '\'']))
                .any(|word| WORDS.contains(&word))
    })
}

/// A row of a help text or a table of codes: `  AIS.0101   The input …`, `| AIS.0101 | The input … |`.
fn table_row(peeled: &Peeled<'_>) -> bool {
    let line = line_around(&peeled.text, &peeled.token);
    let before = &peeled.text[line.start..peeled.token.start];
    let behind = &peeled.text[peeled.token.end..line.end];
    let cell = before.trim_start().starts_with('|')
        && before.trim_end().ends_with('|')
        && behind.trim_start().starts_with('|');
    let column = before.trim().is_empty() && (behind.starts_with("  ") || behind.starts_with('\t'));
    cell || column
}

fn in_url(text: &str, token: &Range<usize>) -> bool {
    let before = text[..token.start].rsplit(char::is_whitespace).next().unwrap_or("");
    let query = before.rfind('?').is_some_and(|at| before[..at].contains('/'));
    query || before.contains("://") || before.ends_with(['/', '#'])
}

/// Another code on the same line: a list, a table or a mapping.
fn several_codes(peeled: &Peeled<'_>) -> bool {
    let line = line_around(&peeled.text, &peeled.token);
    let line = &peeled.text[line];
    let code = &peeled.text[peeled.token.clone()];
    scan::codes(line).any(|other| &line[other] != code)
}

/// `AIS.0101: 3`, `AIS.0101=3`, `AIS.0101 x3`, `3 x AIS.0101`, `"AIS.0101": {`.
fn counted(peeled: &Peeled<'_>) -> bool {
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^['\x22]?\s*(?:[:=]|[x×*]|\(|->)\s*\(?x?[0-9.]+%?(?:[\s,;}\])]|$)|^['\x22]\s*:",
        )
        .expect("the pattern is valid")
    });
    static BEFORE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[0-9]+\s*[x×]\s*$").expect("the pattern is valid"));
    BEHIND.is_match(&peeled.text[peeled.token.end..])
        || BEFORE.is_match(tail(&peeled.text[..peeled.token.start], 20))
}
