//! The forms in which a code stands without an error: labels, counters, tables, comparisons,
//! dictionaries, links, configuration.

use std::sync::LazyLock;

use regex::Regex;

use super::super::scan;
use super::Line;
use super::wording::{front, tail};

/// What compares a code that stands behind it.
static COMPARED_WITH: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        r"(?:[=!]==?|<>|=~|(?-u:\b)in|(?-u:\b)case|(?-u:\b)when|(?i:(?-u:\b)LIKE)|(?-u:\b)IN)\s*[\[({]?\s*[rb]?['\x22`%/]?$",
        r"|[[:word:])\]]\[['\x22]$|(?:::|_)[[:word:]]*\[$",
        r"|(?:equals|equalsIgnoreCase|startsWith|startswith|endsWith|contains|toBe|toEqual|",
        r"assertEquals?|assertIn|assert_eq!?|assertThat|isEqualTo|hasCode|strcmp|match)\(",
        r"[^()]{0,60}['\x22]?$",
    ))
    .expect("the pattern is valid")
});

/// What compares a code that stands before it.
static COMPARED_TO: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^['\x22`]?\)?\s*(?:[=!]==?\s|in [\[({]|=>\s*(?:[A-Za-z_]|$)|->)")
        .expect("the pattern is valid")
});

/// `== "AIS.0101"`, `in ("AIS.0101",`, `case "AIS.0101":`, `.toBe("AIS.0101")`,
/// `MESSAGES["AIS.0101"]`.
pub(super) fn compared(line: &Line<'_>) -> bool {
    let (before, behind) = (tail(line.before, 120), front(line.behind, 60));
    may_be_compared_with(before) && COMPARED_WITH.is_match(before)
        || may_be_compared_to(behind) && COMPARED_TO.is_match(behind)
}

/// Whether something may stand there that a code is compared with: an operator or a word's last
/// letter, an index, a call.
fn may_be_compared_with(before: &str) -> bool {
    let marks = |c: char| c.is_whitespace() || "[({'\"`%/rb".contains(c);
    let operator = before.trim_end_matches(marks);
    operator.ends_with(['=', '>', '~', 'n', 'N', 'e', 'E'])
        || before.trim_end_matches(['\'', '"']).ends_with('[')
        || before.contains('(')
}

fn may_be_compared_to(behind: &str) -> bool {
    let marks = |c: char| c.is_whitespace() || "'\"`)".contains(c);
    behind.trim_start_matches(marks).starts_with(['=', '!', 'i', '-'])
}

/// Labels up to the value that a code is.
static LABELS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"[A-Za-z_:][[:word:]:]*=?\s?[\[{](?:[A-Za-z_][[:word:]]*=~?!?"[^"]*",?\s*)*[A-Za-z_][[:word:]]*=?[=!~]*"[^"{}]*$"#)
        .expect("the pattern is valid")
});

/// Prometheus (`name{code="C"} 3`), influx (`name,code=C count=3i`), statsd (`|#code:C`).
pub(super) fn label(line: &Line<'_>) -> bool {
    static INFLUX: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|\s)[[:word:].:-]+(?:,[[:word:].-]+=[^,\s]+)*,[[:word:].-]+=$")
            .expect("the pattern is valid")
    });
    static STATSD: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r":[0-9.+-]+\|(?:c|g|ms|s|h|d)(?:\||@|\s|$)").expect("the pattern is valid")
    });
    static BARE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:^|\s)[a-z][a-z0-9_.]*\{(?:[[:word:]]+=[^{},\x22]*,\s?)*[[:word:]]+=$")
            .expect("the pattern is valid")
    });
    static VALUE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[^{}]*\}\s(?:[[:word:]]+=)?[0-9.]").expect("the pattern is valid")
    });
    if may_be_labelled(line.before)
        && line.behind.starts_with(['"', '|'])
        && LABELS.is_match(tail(line.before, 500))
    {
        return true;
    }
    let assigned = line.before.ends_with('=');
    if assigned && INFLUX.is_match(tail(line.before, 500)) {
        let word_end = line.behind.find(' ').unwrap_or(line.behind.len());
        let fields = front(&line.behind[word_end..], 60);
        return fields
            .trim_start()
            .split(['=', ' '])
            .nth(1)
            .is_some_and(|value| value.trim_end_matches(['i', 'u']).parse::<f64>().is_ok());
    }
    if assigned && BARE.is_match(tail(line.before, 500)) && VALUE.is_match(line.behind) {
        return true;
    }
    let word = line.before.rsplit(' ').next();
    word.is_some_and(|word| word.contains('|') && STATSD.is_match(word))
}

/// A value's quotation mark stands behind its label's name or operator.
fn may_be_labelled(before: &str) -> bool {
    before.rsplit_once('"').is_some_and(|(name, _)| {
        name.ends_with(|c: char| c.is_ascii_alphanumeric() || "_=!~".contains(c))
    })
}

/// A comment or a constant of source code: `// C: M`, `String X = "C";`.
pub(super) fn source(line: &Line<'_>) -> bool {
    static SEARCH_HIT: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^[[:word:]./-]+\.[a-z]{1,4}:[0-9]+:(?:\s{2,}|\s*[(\x22'/])")
            .expect("the pattern is valid")
    });
    let before = line.before.trim_start();
    let comment = before.starts_with("//") || before.starts_with("/*") || before.starts_with("* ");
    let constant = line.behind.starts_with("\";") && line.before.ends_with("= \"");
    comment || constant || SEARCH_HIT.is_match(line.before)
}

/// A row of a help text or a table of codes: `  C   M`, `| C | M |`.
pub(super) fn table_row(line: &Line<'_>) -> bool {
    let cell = line.before.ends_with("| ")
        && line.behind.strip_prefix(" |").is_some_and(|rest| rest.contains(" |"));
    let first_cell = line.before.trim_start().starts_with('|')
        && line.before.trim_end().ends_with('|')
        && line.behind.trim_start().starts_with('|');
    let column = line.before.trim().is_empty()
        && (line.behind.starts_with("  ") || line.behind.starts_with('\t'));
    let html = ["<td>", "<th>", "<li>"].iter().any(|tag| line.before.ends_with(tag));
    cell || first_cell || column || html
}

/// `C=M` of a properties file, `VALUES ('C', 'M')` of a statement.
pub(super) fn dictionary(line: &Line<'_>) -> bool {
    let property =
        line.behind.starts_with('=') && line.behind[1..].starts_with(|c: char| c.is_alphabetic());
    let upper = line.before.to_uppercase();
    let row = line.before.ends_with("Row: ");
    let statement = ["INSERT INTO", "VALUES (", "VALUES(", "SELECT ", " WHERE ", "UPDATE "]
        .iter()
        .any(|word| upper.contains(word));
    property || statement || row
}

/// `C: 3`, `C=3`, `C x3`, `3 x C`, `"C": {`.
pub(super) fn counted(line: &Line<'_>) -> bool {
    static BEHIND: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"^['\x22]?\s*(?:[:=]|[x×*]|\(|->)\s*\(?x?[0-9.]+%?(?:[\s,;}\])]|$)|^['\x22]\s*:",
        )
        .expect("the pattern is valid")
    });
    static BEFORE: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[0-9]+\s*[x×]\s*$").expect("the pattern is valid"));
    BEHIND.is_match(line.behind) || BEFORE.is_match(tail(line.before, 20))
}

/// The next code of a list stands near.
const LIST_BYTES_MAX: usize = 512;

/// Another code on the same line: a list, a table or a mapping.
pub(super) fn several_codes(line: &Line<'_>) -> bool {
    let other = |text: &str| scan::codes(text).any(|found| &text[found] != line.code);
    other(tail(line.before, LIST_BYTES_MAX)) || other(front(line.behind, LIST_BYTES_MAX))
}

/// The code is a part of a link or of a request line's query.
pub(super) fn in_link(line: &Line<'_>) -> bool {
    let before = line.before.rsplit(char::is_whitespace).next().unwrap_or("");
    let query = before.rfind('?').is_some_and(|at| before[..at].contains('/'));
    query || before.contains("://") || before.ends_with(['/', '#'])
}

/// Code and message are all that the statement printed: what stands before is the logger's head.
pub(super) fn is_whole_message(line: &Line<'_>) -> bool {
    let before = line.before.trim_end_matches(['[', '(', '"', '\'', '【', '（']);
    let separated = [" - ", ": ", "] ", "| ", ") ", "\t", "> "];
    let last = before.trim_end().rsplit(' ').next().unwrap_or("");
    let head = last.contains(|c: char| c.is_ascii_digit())
        || last.contains('.')
        || !last.is_empty() && last.bytes().all(|b| b.is_ascii_uppercase());
    before.is_empty() || head || separated.iter().any(|end| before.ends_with(end))
}

/// The documentation writes `XXX` and `XX` where a real message has a name and a number.
pub(super) fn is_placeholder(message: &str) -> bool {
    message.contains("The API XXX is") || message.contains("limit:XX")
}

/// Keys of configuration, catalogues and counters, none of which a service's answer has.
pub(super) fn is_bookkeeping(key: &str) -> bool {
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
            | "query"
            | "term"
            | "match"
            | "filter"
            | "must"
            | "last_seen"
            | "first_seen"
            | "rate"
            | "percent"
            | "per_minute"
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Pieces of what stands around a code in source code and metrics, and of prose.
    const PIECES: &str = concat!(
        "(==|!=|<>|=~|=>|->|=|in|case|when|LIKE|IN|equals|match|[(]|[)]|[{]|[}]|",
        "\\[|\\]|'|\"|`|%|/|r|b|_|:|,| |x|é|=\"|a_b)",
    );

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn what_is_not_looked_at_closely_is_no_comparison_and_no_label(
            pieces in proptest::collection::vec(PIECES, 0..8),
        ) {
            let text = &*pieces.concat();
            prop_assert!(may_be_compared_with(text) || !COMPARED_WITH.is_match(text), "{:?}", text);
            prop_assert!(may_be_compared_to(text) || !COMPARED_TO.is_match(text), "{:?}", text);
            prop_assert!(may_be_labelled(text) || !LABELS.is_match(text), "{:?}", text);
        }
    }
}
