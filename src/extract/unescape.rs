//! Undoes one layer of escaping: string literals of the languages that log, percent-encoding,
//! HTML entities, rsyslog's octal.
//!
//! Must never guess which layer a text is in; `peel` does. Fails: never; what is not a valid
//! escape is kept as it stands.

use std::borrow::Cow;

/// Undoes the escapes of a string literal: JSON, Python, JavaScript, Go and PHP agree on most.
///
/// `\xe4\xb8\xad` of a Python bytes literal and JSON's surrogate pairs become the characters they
/// spell.
pub(super) fn string_literal(text: &str) -> Cow<'_, str> {
    if !text.contains('\\') {
        return Cow::Borrowed(text);
    }
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('\\') {
        out.extend_from_slice(&rest.as_bytes()[..at]);
        rest = &rest[at..];
        rest = &rest[one_escape(rest, &mut out)..];
    }
    out.extend_from_slice(rest.as_bytes());
    Cow::Owned(into_text(out))
}

/// Writes what the escape at the start of `text` stands for; returns its length.
fn one_escape(text: &str, out: &mut Vec<u8>) -> usize {
    let bytes = text.as_bytes();
    let simple = match bytes.get(1) {
        Some(b'n') => b'\n',
        Some(b't') => b'\t',
        Some(b'r') => b'\r',
        Some(b'b') => 0x08,
        Some(b'f') => 0x0c,
        Some(b'v') => 0x0b,
        Some(b'a') => 0x07,
        Some(c @ (b'"' | b'\'' | b'`' | b'\\' | b'/' | b'$')) => *c,
        Some(b'x') => {
            if let Some(value) = hex(bytes, 2, 2) {
                // A raw byte: several of them may spell one UTF-8 character.
                out.push(u8::try_from(value).unwrap_or(b'?'));
                return 4;
            }
            return keep(bytes, out);
        }
        Some(b'u') => return unicode_escape(bytes, out),
        Some(b'U') => {
            if let Some(c) = hex(bytes, 2, 8).and_then(char::from_u32) {
                push_char(c, out);
                return 10;
            }
            return keep(bytes, out);
        }
        _ => return keep(bytes, out),
    };
    out.push(simple);
    2
}

fn keep(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    out.push(bytes[0]);
    1
}

fn unicode_escape(bytes: &[u8], out: &mut Vec<u8>) -> usize {
    let Some(first) = hex(bytes, 2, 4) else { return keep(bytes, out) };
    if (0xD800..0xDC00).contains(&first)
        && bytes.get(6..8) == Some(b"\\u")
        && let Some(second) = hex(bytes, 8, 4).filter(|low| (0xDC00..0xE000).contains(low))
    {
        let combined = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
        push_char(char::from_u32(combined).unwrap_or(char::REPLACEMENT_CHARACTER), out);
        return 12;
    }
    push_char(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER), out);
    6
}

fn push_char(c: char, out: &mut Vec<u8>) {
    out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}

fn hex(bytes: &[u8], from: usize, digits: usize) -> Option<u32> {
    let digits = bytes.get(from..from + digits)?;
    digits.iter().try_fold(0_u32, |value, digit| {
        char::from(*digit).to_digit(16).map(|digit| value << 4 | digit)
    })
}

fn into_text(bytes: Vec<u8>) -> String {
    match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
    }
}

/// Undoes percent-encoding. `+` is a blank unless the text also spells blanks as `%20`.
pub(super) fn percent(text: &str) -> String {
    let bytes = text.as_bytes();
    let plus_is_blank = !text.contains("%20");
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match (byte, hex(bytes, at + 1, 2)) {
            (b'%', Some(value)) => {
                out.push(u8::try_from(value).unwrap_or(b'?'));
                at += 3;
                continue;
            }
            (b'+', _) if plus_is_blank => out.push(b' '),
            _ => out.push(byte),
        }
        at += 1;
    }
    into_text(out)
}

/// Undoes the entities that a page or a templating library puts for quotes and brackets.
pub(super) fn html(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let known = [
            ("&quot;", '"'),
            ("&#34;", '"'),
            ("&#x22;", '"'),
            ("&apos;", '\''),
            ("&#39;", '\''),
            ("&#x27;", '\''),
            ("&lt;", '<'),
            ("&gt;", '>'),
            ("&amp;", '&'),
        ];
        if let Some((entity, character)) =
            known.into_iter().find(|(entity, _)| rest.starts_with(entity))
        {
            out.push(character);
            rest = &rest[entity.len()..];
        } else {
            out.push('&');
            rest = &rest[1..];
        }
    }
    out.push_str(rest);
    out
}

/// Undoes rsyslog's `#ooo` for control characters, of which newline and tab matter.
pub(super) fn rsyslog_octal(text: &str) -> Cow<'_, str> {
    if !text.contains("#0") {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("#0") {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let octal = rest.get(2..4).and_then(|digits| u8::from_str_radix(digits, 8).ok());
        // Only control characters are written so; `#042` is somebody's ticket number.
        if let Some(value) = octal.filter(|value| *value < 0x20) {
            out.push(char::from(value));
            rest = &rest[4..];
        } else {
            out.push_str("#0");
            rest = &rest[2..];
        }
    }
    out.push_str(rest);
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_literal_gives_back_what_was_put_in() {
        let cases = [
            (r#"say \"no\"\n"#, "say \"no\"\n"),
            (r"\u8f93\u5165 \u003c", "输入 <"),
            (r"\ud83d\ude00", "😀"),
            (r"\ud83d alone", "\u{fffd} alone"),
            (r"\xe8\xbe\x93", "输"),
            (r"C:\dir \q \x4", r"C:\dir \q \x4"),
            (r"it\'s \/ \\", r"it's / \"),
            ("plain", "plain"),
            (r"end\", r"end\"),
        ];
        for (text, expected) in cases {
            assert_eq!(string_literal(text), expected, "of {text:?}");
        }
    }

    #[test]
    fn percent_decodes_plus_unless_blanks_are_spelled() {
        assert_eq!(percent("a+b%22c%E8%BE%93"), "a b\"c输");
        assert_eq!(percent("a+b%20c%2"), "a+b c%2");
    }

    #[test]
    fn rsyslog_writes_only_control_characters_as_octal() {
        assert_eq!(rsyslog_octal("a#012#011b #042 #01"), "a\n\tb #042 #01");
    }

    #[test]
    fn html_entities_of_quotes_and_brackets_are_undone() {
        assert_eq!(html("&quot;a&amp;b&quot; & &copy;"), "\"a&b\" & &copy;");
    }
}
