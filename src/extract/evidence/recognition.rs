//! Text that the service read off an image: it may hold codes, and even whole error bodies.
//!
//! Told by where it stands (under a result's keys) or by the words before it. Must never take an
//! error's own text for recognised text: a wrapper's `result` with an error in it is not one.

use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use super::super::head::Level;
use super::super::peel::{Peeled, line_around};
use super::Surroundings;
use super::wording::tail;

pub(super) fn holds(peeled: &Peeled<'_>, around: &Surroundings<'_>) -> bool {
    peeled.fields.iter().any(|field| is_words(field))
        || peeled.within_result
        || in_list_of_texts(peeled, around.level)
        || follows_cue(around.record, &around.token)
        || (peeled.layers > 0 && follows_cue(&peeled.text, &peeled.token))
}

/// Fields that hold what the service read.
fn is_words(key: &str) -> bool {
    matches!(
        key,
        "words"
            | "words_block_list"
            | "words_list"
            | "words_block"
            | "word"
            | "recognized_text"
            | "recognised_text"
            | "recognizedText"
            | "recognized"
            | "recognised"
            | "ocr_text"
            | "ocrText"
            | "ocr_words"
            | "full_text"
            | "plain_text"
            | "markdown_result"
            | "extracted_text"
            | "block_text"
            | "text_blocks"
    )
}

/// One of several texts in a list that no error names, at a quiet level: the lines of a page.
fn in_list_of_texts(peeled: &Peeled<'_>, level: Option<Level>) -> bool {
    let errors = ["err", "exc", "fail", "cause", "reason", "problem"];
    level == Some(Level::Quiet)
        && peeled.list.as_deref().is_some_and(|key| {
            let key = key.to_ascii_lowercase();
            !errors.iter().any(|error| key.contains(error))
        })
}

/// How far before the token a cue is looked for: the texts of a page.
const RESULT_BYTES_MAX: usize = 4 * 1024;

/// `words=['…', '…AIS.0101…']`: the token stands in the list or the quotes that the word opens.
/// `recognized text: …`, `text block 3: …`, `识别结果：…`: it stands anywhere behind them.
fn follows_cue(text: &str, token: &Range<usize>) -> bool {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|[^[:word:]])words(?:_block_list|_list)?\\*['\x22]?\s*[:=]?\s*")
            .expect("the pattern is valid")
    });
    static PROSE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(concat!(
            r"(?i:recogni[sz]ed[ _](?:text|words?|content|lines?)|ocr[ _](?:text|words)|extracted text|text block [0-9]+|",
            r"[[:alpha:]]*WordsBlockList \{ words)\\*['\x22]?\s*[:=]?\s*",
            r"|识别(?:结果|文本|内容|文字|出)(?:文本|内容)?\s*[:=：]\s*",
        ))
        .expect("the pattern is valid")
    });
    let line = line_around(text, token);
    let before = tail(&text[line.start..token.start], RESULT_BYTES_MAX);
    let list_or_quotes = |end: usize| {
        let opened = before[end..].trim_start_matches('\\');
        match opened.chars().next() {
            Some('[') => balance(opened, '[', ']') > 0,
            Some(quote @ ('"' | '\'')) => !closes(opened, quote),
            _ => false,
        }
    };
    let mut words = WORDS.find_iter(before);
    PROSE.is_match(before) || before.contains("words") && words.any(|cue| list_or_quotes(cue.end()))
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
