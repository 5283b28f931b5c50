//! Reads an object literal as programs print it: JSON, Python's `repr`, JavaScript's inspect, Go
//! maps, with bare keys, any quotes and raw newlines.
//!
//! `serde_json` reads only the first of these, and stops at the first thing that is not JSON; a log
//! holds all of them, half of them damaged. Must never decide what a key means. Fails: `None` when
//! the text at the brace is not an object; the caller tries the next brace.

use std::borrow::Cow;
use std::ops::Range;

use super::unescape;

/// Deeper nesting than any SDK prints.
const DEPTH_MAX: usize = 24;

/// An object's own length; a body is a few hundred bytes, an inspect dump a few thousand.
const OBJECT_BYTES_MAX: usize = 64 * 1024;

#[derive(Debug, PartialEq)]
pub(super) struct Object<'t> {
    /// The bytes from `{` to behind `}`.
    pub span: Range<usize>,
    pub entries: Vec<Entry<'t>>,
}

#[derive(Debug, PartialEq)]
pub(super) struct Entry<'t> {
    pub key: &'t str,
    pub value: Value<'t>,
    /// The value's bytes, quotes included.
    pub span: Range<usize>,
    /// Where the key begins.
    pub key_start: usize,
    /// What stands between key and value: `:` or `=`; nothing for a value without a key.
    pub separator: Option<char>,
}

#[derive(Debug, PartialEq)]
pub(super) enum Value<'t> {
    /// A quoted string, still escaped.
    Text(&'t str),
    /// Anything unquoted that is not a container: numbers, `None`, `undefined`, bare words.
    Bare(&'t str),
    Object(Object<'t>),
    List(Vec<Value<'t>>),
}

impl<'t> Value<'t> {
    /// The text of a quoted or bare value, unescaped; nothing for what means "nothing".
    pub(super) fn text(&self) -> Option<Cow<'t, str>> {
        match self {
            Self::Text(raw) => Some(unescape::string_literal(raw)),
            Self::Bare(raw) => match raw.trim() {
                "" | "null" | "None" | "nil" | "undefined" | "<nil>" => None,
                word => Some(Cow::Borrowed(word)),
            },
            Self::Object(_) | Self::List(_) => None,
        }
    }
}

impl<'t> Object<'t> {
    /// The first entry that has one of the keys, in the order of the keys given.
    pub(super) fn first_of(&self, keys: &[&str]) -> Option<&Entry<'t>> {
        keys.iter().find_map(|key| self.entries.iter().find(|entry| entry.key == *key))
    }

    /// The text of the first entry, in the order of the keys given, that has any.
    pub(super) fn text_of(&self, keys: &[&str]) -> Option<Cow<'t, str>> {
        keys.iter().find_map(|key| {
            self.entries.iter().filter(|e| e.key == *key).find_map(|e| e.value.text())
        })
    }

    pub(super) fn has(&self, keys: &[&str]) -> bool {
        self.first_of(keys).is_some()
    }
}

/// The chain of objects around a position, outermost first, each directly holding the next.
pub(super) fn enclosing(text: &str, at: usize) -> Vec<Object<'_>> {
    let from = at.saturating_sub(OBJECT_BYTES_MAX);
    let mut found = Vec::new();
    let mut tries = 0;
    let mut budget = ENCLOSING_BYTES_MAX;
    let mut end_min = at;
    for brace in memchr::memrchr_iter(b'{', &text.as_bytes()[from..at]).map(|b| b + from) {
        tries += 1;
        if tries > BRACES_TRIED_MAX {
            break;
        }
        let (object, consumed) = parse_counting(text, brace);
        budget = budget.saturating_sub(consumed);
        if budget == 0 {
            break;
        }
        let Some(object) = object else { continue };
        if object.span.end >= end_min && object.span.contains(&at) {
            end_min = object.span.end;
            found.push(object);
        }
        if found.len() >= ANCESTORS_MAX {
            break;
        }
    }
    found.reverse();
    found
}

/// What is read altogether to find a chain, however many braces fail.
const ENCLOSING_BYTES_MAX: usize = 128 * 1024;

/// Sibling objects before the token open braces too; more than this many is not one body.
const BRACES_TRIED_MAX: usize = 48;

/// A request id stands at most a few levels above its code.
const ANCESTORS_MAX: usize = 5;

/// Reads the object whose `{` stands at `open`.
pub(super) fn parse(text: &str, open: usize) -> Option<Object<'_>> {
    parse_counting(text, open).0
}

/// The same, and how many bytes were read for it.
fn parse_counting(text: &str, open: usize) -> (Option<Object<'_>>, usize) {
    let until = text.len().min(open + OBJECT_BYTES_MAX);
    let mut reader = Reader { text, at: open, until, depth: 0 };
    let object = reader.object();
    (object, reader.at - open)
}

struct Reader<'t> {
    text: &'t str,
    at: usize,
    until: usize,
    depth: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        if self.at < self.until { self.text.as_bytes().get(self.at).copied() } else { None }
    }

    fn skip_blanks(&mut self) {
        while self.peek().is_some_and(|b| b.is_ascii_whitespace()) {
            self.at += 1;
        }
    }

    fn object(&mut self) -> Option<Object<'t>> {
        let start = self.at;
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        self.at += 1;
        let mut entries = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek()? {
                b'}' => {
                    self.at += 1;
                    self.depth -= 1;
                    return Some(Object { span: start..self.at, entries });
                }
                b',' | b';' => self.at += 1,
                _ => entries.push(self.entry()?),
            }
        }
    }

    fn entry(&mut self) -> Option<Entry<'t>> {
        let key_start = self.at;
        let key = self.key()?;
        self.skip_blanks();
        let separator = self.peek().map(char::from);
        match self.peek()? {
            b':' => self.at += 1,
            b'=' => {
                self.at += 1;
                if self.peek() == Some(b'>') {
                    self.at += 1;
                }
            }
            // `[Circular *1]`, `...`: a value without a key, as inspect prints.
            b',' | b'}' => {
                let span = self.at..self.at;
                return Some(Entry {
                    key,
                    value: Value::Bare(""),
                    span,
                    key_start,
                    separator: None,
                });
            }
            _ => return None,
        }
        self.skip_blanks();
        let start = self.at;
        let value = self.value()?;
        Some(Entry { key, value, span: start..self.at, key_start, separator })
    }

    fn key(&mut self) -> Option<&'t str> {
        // Ruby's symbols: `:error_code => "…"`.
        if self.peek()? == b':' {
            self.at += 1;
        }
        let first = self.peek()?;
        if matches!(first, b'b' | b'u')
            && matches!(self.text.as_bytes().get(self.at + 1), Some(b'"' | b'\''))
        {
            self.at += 1;
        }
        if let quote @ (b'"' | b'\'' | b'`') = self.peek()? {
            return self.quoted(quote);
        }
        let start = self.at;
        let bytes = self.text.as_bytes();
        let word = |b: u8| b.is_ascii_alphanumeric() || b >= 0x80 || b"_$@.-[]()*/ #".contains(&b);
        while self.at < self.until && word(bytes[self.at]) {
            self.at += 1;
        }
        // Longer than any name: this is prose that happens to follow a brace.
        (self.at > start && self.at - start <= 80).then(|| self.text[start..self.at].trim())
    }

    fn quoted(&mut self, quote: u8) -> Option<&'t str> {
        self.at += 1;
        let start = self.at;
        let bytes = self.text.as_bytes();
        while self.at < self.until {
            match bytes[self.at] {
                b'\\' => self.at += 2,
                b if b == quote => {
                    let inside = self.text.get(start..self.at)?;
                    self.at += 1;
                    return Some(inside);
                }
                _ => self.at += 1,
            }
        }
        None
    }

    fn value(&mut self) -> Option<Value<'t>> {
        match self.peek()? {
            quote @ (b'"' | b'\'' | b'`') => self.text_value(quote),
            b'{' => self.object().map(Value::Object),
            b'[' | b'(' => {
                let list = self.list()?;
                // `[Object: null prototype] {`, `[ClientRequestException: M] {` of inspect.
                let behind = self.at;
                while self.peek() == Some(b' ') {
                    self.at += 1;
                }
                if self.at > behind && self.peek() == Some(b'{') {
                    return self.object().map(Value::Object);
                }
                self.at = behind;
                Some(Value::List(list))
            }
            _ => self.bare(),
        }
    }

    fn text_value(&mut self, quote: u8) -> Option<Value<'t>> {
        let text = self.quoted(quote)?;
        // inspect and prettyprint break a long string: `'abc' +⏎ 'def'`, `'abc'⏎ 'def'`. The first
        // part is kept; the rest is skipped so that the object still reads.
        loop {
            let behind = self.at;
            self.skip_blanks();
            if self.peek() == Some(b'+') {
                self.at += 1;
                self.skip_blanks();
            }
            match self.peek() {
                Some(next) if next == quote && self.at > behind => {
                    self.quoted(quote)?;
                }
                _ => {
                    self.at = behind;
                    return Some(Value::Text(text));
                }
            }
        }
    }

    fn list(&mut self) -> Option<Vec<Value<'t>>> {
        self.depth += 1;
        if self.depth > DEPTH_MAX {
            return None;
        }
        self.at += 1;
        let mut values = Vec::new();
        loop {
            self.skip_blanks();
            match self.peek()? {
                b']' | b')' => {
                    self.at += 1;
                    self.depth -= 1;
                    return Some(values);
                }
                b',' => self.at += 1,
                _ => values.push(self.value()?),
            }
        }
    }

    /// Reads up to what ends an unquoted value. A class name before a brace belongs to its object:
    /// `headers: AxiosHeaders { … }`, `<ref *1> Socket { … }`, `datetime.datetime(2026, 11, 20)`.
    fn bare(&mut self) -> Option<Value<'t>> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        if matches!(bytes[start], b'b' | b'u' | b'r')
            && matches!(bytes.get(start + 1), Some(b'"' | b'\''))
        {
            self.at += 1;
            return self.text_value(bytes[start + 1]);
        }
        while self.at < self.until {
            match bytes[self.at] {
                b',' | b'}' | b']' | b')' | b'\n' => break,
                b'{' if self.at > start && bytes[self.at - 1] == b' ' => {
                    return self.object().map(Value::Object);
                }
                b'(' | b'[' => {
                    self.list()?;
                }
                b'"' if self.at == start => return None,
                _ => self.at += 1,
            }
        }
        let end = self.at;
        (end > start).then(|| self.text.get(start..end).map(|raw| Value::Bare(raw.trim())))?
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Prints the innermost object around the first code as `key=value` pairs.
    fn check(text: &str, expected: &str) {
        let at = text.find("AIS.").or_else(|| text.find("APIG")).expect("the text holds a code");
        let chain = enclosing(text, at);
        let printed: Vec<String> = chain
            .last()
            .map(|object| {
                let show =
                    |e: &Entry<'_>| format!("{}={}", e.key, e.value.text().unwrap_or("-".into()));
                object.entries.iter().map(show).collect()
            })
            .unwrap_or_default();
        assert_eq!(printed.join("|"), expected, "of {text:?}");
    }

    #[test]
    fn json_in_any_key_order_and_with_raw_newlines() {
        check(
            r#"{"error_msg":"M \"q\"","error_code":"AIS.0101"}"#,
            "error_msg=M \"q\"|error_code=AIS.0101",
        );
        check(
            "{ \n \"error_code\": \"AIS.0101\",\n\"error_msg\": \"a\nb\" }",
            "error_code=AIS.0101|error_msg=a\nb",
        );
    }

    #[test]
    fn python_dicts_and_bytes() {
        check(
            "{'error_msg': \"it's\", 'error_code': 'AIS.0101', 'x': None}",
            "error_msg=it's|error_code=AIS.0101|x=-",
        );
        check(
            "{b'error_code': b'AIS.0101', 'at': datetime.datetime(2026, 1, 2), 'n': (1, 2)}",
            "error_code=AIS.0101|at=datetime.datetime(2026, 1, 2)|n=-",
        );
    }

    #[test]
    fn javascript_inspect_with_classes_and_bare_keys() {
        check(
            "{\n  httpStatusCode: 400,\n  errorMsg: 'M',\n  headers: AxiosHeaders {\n    a: 'b'\n  },\n  [cause]: undefined,\n  errorCode: 'AIS.0101'\n}",
            "httpStatusCode=400|errorMsg=M|headers=-|[cause]=-|errorCode=AIS.0101",
        );
    }

    #[test]
    fn the_chain_of_objects_is_outermost_first() {
        let text = r#"{"a":{"b":{}},"error":{"code":"AIS.0101"},"request_id":"r"}"#;
        let chain = enclosing(text, text.find("AIS").expect("it is there"));
        assert_eq!(chain.len(), 2);
        assert!(chain[0].has(&["request_id"]));
        assert!(chain[1].has(&["code"]));
    }

    #[test]
    fn what_is_not_an_object_is_none() {
        assert_eq!(parse("{ hello there, friend }", 0).map(|o| o.entries.len()), Some(2));
        assert_eq!(parse("{\"a\":\"b", 0), None);
        assert_eq!(parse("{\"a\" \"b\"}", 0), None);
        assert_eq!(parse(&"{\"a\":".repeat(100), 0), None);
    }
}
