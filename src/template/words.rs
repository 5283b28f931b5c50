//! The words of a template's tags, with their places.
//!
//! Owns where a name stands in the text: the template engine tells which names are unknown, not
//! where. Must not know which names there are. Nothing here fails; text that is no template gives
//! words that nobody asks for.

use std::ops::Range;

/// What a word is, by what stands before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// A variable, a keyword, an argument's name.
    Name,
    /// Behind `|`.
    Filter,
    /// Behind `is` or `is not`.
    Test,
    /// Behind a period.
    Part,
}

/// A word of a tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) role: Role,
    pub(super) range: Range<usize>,
}

/// What stands outside of tags, and the tags.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Piece {
    /// Text that is printed as it is.
    Text(Range<usize>),
    /// `{{ … }}`, without its braces.
    Value(Range<usize>),
    /// `{% … %}`, without its signs.
    Statement(Range<usize>),
}

/// A template's pieces in order; comments are left out. What follows an unclosed tag is part of
/// it.
pub(super) fn pieces(text: &str) -> Vec<Piece> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(begin) = next_tag(text, at) {
        if begin > at {
            found.push(Piece::Text(at..begin));
        }
        let inner = begin + 2;
        let opening = &text[begin..inner];
        let (end, behind) = match opening {
            "{#" => text[inner..].find("#}").map(|end| (inner + end, inner + end + 2)),
            "{{" => closing(text, inner, "}}"),
            _ => closing(text, inner, "%}"),
        }
        .unwrap_or((text.len(), text.len()));
        match opening {
            "{{" => found.push(Piece::Value(inner..end)),
            "{%" => found.push(Piece::Statement(inner..end)),
            _ => {}
        }
        at = behind;
        if opening == "{%" && text[inner..end].trim_matches([' ', '-', '+']) == "raw" {
            let raw_end = text[at..].find("{%").map_or(text.len(), |end| at + end);
            found.push(Piece::Text(at..raw_end));
            at = raw_end;
        }
    }
    if at < text.len() {
        found.push(Piece::Text(at..text.len()));
    }
    found
}

fn next_tag(text: &str, from: usize) -> Option<usize> {
    let mut signs = text[from..].match_indices('{').map(|(at, _)| from + at);
    signs.find(|at| matches!(text.as_bytes().get(at + 1), Some(b'{' | b'%' | b'#')))
}

/// Where a tag ends, and what is behind it; quoted text does not end it.
fn closing(text: &str, from: usize, sign: &str) -> Option<(usize, usize)> {
    let mut quote = None;
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(from) {
        match quote {
            Some(_) if escaped => escaped = false,
            Some(_) if byte == b'\\' => escaped = true,
            Some(open) if byte == open => quote = None,
            None if matches!(byte, b'"' | b'\'') => quote = Some(byte),
            None if text.is_char_boundary(at) && text[at..].starts_with(sign) => {
                return Some((at, at + sign.len()));
            }
            _ => {}
        }
    }
    None
}

/// The words of every tag, in order.
pub(super) fn words(text: &str) -> Vec<Word> {
    let mut found = Vec::new();
    for piece in pieces(text) {
        if let Piece::Value(range) | Piece::Statement(range) = piece {
            words_of_tag(text, range, &mut found);
        }
    }
    found
}

fn words_of_tag(text: &str, tag: Range<usize>, found: &mut Vec<Word>) {
    let mut role = Role::Name;
    let mut quote = None;
    let mut at = tag.start;
    let mut before = "";
    while at < tag.end {
        let rest = &text[at..tag.end];
        let Some(c) = rest.chars().next() else { return };
        let mut length = c.len_utf8();
        match (quote, c) {
            (Some(_), '\\') => length += rest[length..].chars().next().map_or(0, char::len_utf8),
            (Some(open), c) if c == open => quote = None,
            (Some(_), _) => {}
            (None, '"' | '\'') => {
                quote = Some(c);
                role = Role::Name;
            }
            (None, c) if c.is_ascii_alphanumeric() || c == '_' => {
                let of_word = |c: char| !(c.is_ascii_alphanumeric() || c == '_');
                length = rest.find(of_word).unwrap_or(rest.len());
                let word = &rest[..length];
                if word == "not" && before == "is" {
                    role = Role::Test;
                } else {
                    if !c.is_ascii_digit() {
                        found.push(Word { role, range: at..at + length });
                    }
                    let is_test = role == Role::Name && word == "is";
                    let is_filter = role == Role::Name && word == "filter" && before.is_empty();
                    role = match () {
                        () if is_test => Role::Test,
                        () if is_filter && text[..tag.start].ends_with('%') => Role::Filter,
                        () => Role::Name,
                    };
                    before = word;
                }
            }
            (None, '|') => role = Role::Filter,
            (None, '.') => role = Role::Part,
            (None, c) if c.is_whitespace() => {}
            (None, _) => role = Role::Name,
        }
        at += length;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let shown = words(text).into_iter().map(|word| {
            let sign = match word.role {
                Role::Name => "",
                Role::Filter => "|",
                Role::Test => "?",
                Role::Part => ".",
            };
            format!("{sign}{}", &text[word.range])
        });
        assert_eq!(shown.collect::<Vec<_>>().join(" "), expected, "{text}");
    }

    #[test]
    fn words_are_told_by_what_stands_before_them() {
        check("plain {{ count }} of {{labels.team|upper}}", "count labels .team |upper");
        check(
            "{% if api is not defined and x is none %}{{ 'api is}}' }}",
            "if api is ?defined and x is ?none",
        );
        check("{# count #}{{ api | default('a|b') }} {{ 12 }}", "api |default");
        check(
            "{% raw %}{{ api }}{% endraw %}{% filter upper %}x{% endfilter %}",
            "raw endraw filter |upper endfilter",
        );
        check("{{ 日本 api", "api");
    }
}
