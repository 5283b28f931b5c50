//! The words around a code: those that say a call failed, those that say the line is about codes.

use std::collections::HashSet;
use std::sync::LazyLock;

use regex::Regex;

use super::super::body::Body;
use super::super::peel::{Peeled, line_around};
use super::{Line, Surroundings};

/// The last bytes of a text, at a character boundary.
pub(super) fn tail(text: &str, bytes_max: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes_max);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

/// The first bytes of a text, at a character boundary.
pub(super) fn front(text: &str, bytes_max: usize) -> &str {
    let mut end = text.len().min(bytes_max);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    &text[..end]
}

/// The line without the service's message, which has words of its own.
fn without_message<'l>(line: &Line<'l>, body: &Body) -> (&'l str, &'l str) {
    let message = body.message.as_deref().unwrap_or("\0");
    let before = line.before.find(message).map_or(line.before, |at| &line.before[..at]);
    let behind =
        line.behind.find(message).map_or(line.behind, |at| &line.behind[at + message.len()..]);
    (before, behind)
}

/// Words anywhere on the line that say a call went wrong just now.
pub(super) fn fails(line: &Line<'_>, body: &Body) -> bool {
    static CUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)(?-u:\b)(?:fail(?:ed|ure|s)?|errors?|err|exception|reject(?:ed|s)?|denied|refused|returned|panic|",
            r"unexpected|retry(?:ing)? (?:[0-9]+|after|because|due|attempt)|unable|could not|cannot|can't|aborted|",
            r"giving up|gave up|throttled|unsuccessful|dead letter|[[:alpha:]]+Error|[[:alpha:]]+Exception)(?-u:\b)",
            r"|失败|错误|异常|报错|出错|拒绝",
        ))
        .expect("the pattern is valid")
    });
    let (before, behind) = without_message(line, body);
    CUE.is_match(before) || CUE.is_match(behind)
}

/// A verb of failure directly before the code: `failed with C`, `rejected: C`, `报错 C`.
pub(super) fn failed_with(line: &Line<'_>) -> bool {
    static CUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)(?:(?-u:\b)(?:fail(?:ed|s|ure)?|reject(?:ed|s)?|refused|denied|aborted|returned|returns|answered|",
            r"responded|got|received|threw|raised|cause[ds]?|because|due to|err|error|exception|panic)",
            r"(?:(?:ed)? (?:with|by|for|from|the|of|code|error|status|page|image|request|file|[0-9]{3}|http|in|on|at|to|while|ocr)){0,4}",
            r"|[[:alpha:]]+(?:Error|Exception)|->|=>|失败|错误|错误码|异常|报错|出错|被拒绝|拒绝|返回)",
            r"[\s:：,，=(（\[\x22'-]*(?:(?:error|code|status|http [0-9]{3})[\s:：=(\[]*)*$",
        ))
        .expect("the pattern is valid")
    });
    CUE.is_match(tail(line.before, 80))
}

/// Words of lines that speak about codes.
const WORDS: &str = "\
    codes such e.g. see refer documented documentation docs handled handles handling handler \
    ignore ignored ignoring maps mapped mapping treat treated treats retryable retriable \
    non-retryable whitelist allowlist blacklist known rule rules catalog catalogue table \
    list means meaning support test tests spec assert asserting expect expected expects fix \
    fixed fixes changelog commit issue ticket todo dashboard runbook example examples if \
    when whether unless should would may might registered registering filter filtered grep \
    query suppressed select where count total times metric metrics stats config \
    enabled faq saved searching titled explain insert bundle dictionary silence schema";

/// Phrases of such lines, and Chinese words, which no blank separates.
const PHRASES: [&str; 21] = [
    "retry on",
    "retry policy",
    "will be retried",
    "stands for",
    "no error",
    "no longer",
    "annotations.",
    "openapi",
    "参见",
    "参考",
    "文档",
    "例如",
    "表示",
    "映射",
    "忽略",
    "统计",
    "没有",
    "未发现",
    "字典",
    "如果",
    "什么",
];

/// Words that say the line speaks about codes, not of a failed call. Quoted text and names with
/// dots, dashes and slashes are left out.
pub(super) fn about_codes(line: &Line<'_>, body: &Body) -> bool {
    let asks = |text: &str| ["什么", "怎么", "谁"].iter().any(|word| text.contains(word));
    if asks(line.before) || asks(line.behind) {
        return true;
    }
    let (before, behind) = without_message(line, body);
    speaks_of_codes(&unquoted(tail(before, 200))) || speaks_of_codes(&unquoted(front(behind, 100)))
}

fn speaks_of_codes(text: &str) -> bool {
    static NONE_FOUND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|[^0-9])0 errors|saved search").expect("the pattern is valid")
    });
    static KNOWN: LazyLock<HashSet<&str>> = LazyLock::new(|| WORDS.split(' ').collect());
    let lower = text.to_lowercase();
    let separator = |c: char| c.is_whitespace() || matches!(c, '(' | ')' | '[' | ']' | '"');
    PHRASES.iter().any(|phrase| lower.contains(phrase))
        || NONE_FOUND.is_match(&lower)
        || lower
            .split(separator)
            .map(|word| word.trim_end_matches([':', ',', ';', '.', '!', '?', '\'']))
            .any(|word| KNOWN.contains(word))
}

/// The same for the line around a quotation or a title that the code stands in.
pub(super) fn quotation_about_codes(peeled: &Peeled<'_>, around: &Surroundings<'_>) -> bool {
    let heading = ["summary", "title", "help", "expr", "description", "annotation"];
    let titled = peeled.fields.last().is_some_and(|field| heading.contains(&field.as_str()));
    if !peeled.quotation && !titled {
        return false;
    }
    let line = line_around(around.record, &around.token);
    let before = &around.record[line.start..around.token.start];
    let behind = &around.record[around.token.end..line.end];
    speaks_of_codes(tail(before, 200)) || speaks_of_codes(front(behind, 100))
}

/// The text without what stands between double quotes in it.
fn unquoted(text: &str) -> String {
    let mut parts = text.split('"');
    if text.matches('"').count() % 2 == 1 {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    while let Some(outside) = parts.next() {
        out.push_str(outside);
        parts.next();
    }
    out
}

/// What introduces a body stands near it.
const INTRODUCTION_BYTES_MAX: usize = 2 * 1024;

/// A body that the line itself calls an example.
pub(super) fn example(peeled: &Peeled<'_>, around: &Surroundings<'_>) -> bool {
    static CUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i)\.examples\.[[:word:]]+|(?:^|[\s(\[\x22'#])(?:examples?|e\.g\.?|for instance|such as|sample (?:error|response|body|payload|answer)|",
            r"looks? like|in the form|documented as|would return|placeholder|mock(?:ed|\.[[:word:]]+\()?|stub(?:bed)?|wiremock|",
            r"openapi|swagger|schema|fixture|dry[- ]run)(?:$|[\s:,)\x22'=]|json)|示例|样例",
        ))
        .expect("the pattern is valid")
    });
    // Only what introduces the body: its message has words of its own.
    let introduction = |text: &str, token: &std::ops::Range<usize>| {
        let before =
            tail(&text[line_around(text, token).start..token.start], INTRODUCTION_BYTES_MAX);
        let open = unclosed_brace(before).filter(|at| *at > 0);
        CUE.is_match(tail(&before[..open.unwrap_or(before.len())], 120))
    };
    introduction(around.record, &around.token)
        || (peeled.layers > 0 && introduction(&peeled.text, &peeled.token))
}

/// The first brace that a text opens and does not close.
fn unclosed_brace(text: &str) -> Option<usize> {
    let (mut first, mut depth) = (0, 0_usize);
    for at in memchr::memchr2_iter(b'{', b'}', text.as_bytes()) {
        if text.as_bytes()[at] == b'}' {
            depth = depth.saturating_sub(1);
        } else {
            first = if depth == 0 { at } else { first };
            depth += 1;
        }
    }
    (depth > 0).then_some(first)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn the_first_unclosed_brace_is_the_lowest_of_those_that_are_open(text in "[{}x]{0,16}") {
            let mut open = Vec::new();
            for (at, c) in text.char_indices() {
                match c {
                    '{' => open.push(at),
                    '}' => drop(open.pop()),
                    _ => {}
                }
            }
            prop_assert_eq!(unclosed_brace(&text), open.first().copied());
        }
    }
}
