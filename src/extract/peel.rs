//! Peels the layers of quoting around a code token until the text beside it is plain.
//!
//! A body printed by one program is a string in the JSON of the next, and so on: up to four times
//! in real logs. The layers are undone around the token only, from the outside in, and the name of
//! the field that held each layer is kept as evidence (`words` is recognised text, `message` is
//! not).
//!
//! Must never decide what the text means. Fails: never; a damaged layer ends the peeling.

use std::borrow::Cow;
use std::ops::Range;

use super::{path, unescape, visible};

/// How many layers are undone. Four is the deepest seen in real logs, one more is for a shipper.
const LAYERS_MAX: usize = 6;

/// How far a layer's opening quote is looked for before the token.
const LAYER_BYTES_MAX: usize = 32 * 1024;

/// A text in which the token stands unescaped.
#[derive(Debug)]
pub(super) struct Peeled<'t> {
    /// The innermost text that holds the token.
    pub text: Cow<'t, str>,
    /// The token's bytes in that text.
    pub token: Range<usize>,
    /// The keys of the string fields that were entered, outermost first.
    pub fields: Vec<String>,
    /// How many layers were undone.
    pub layers: usize,
    /// The key of the list of texts that holds the token, if one does; empty for a list without.
    pub list: Option<String>,
    /// A quotation in prose was entered: a string that no key names.
    pub quotation: bool,
    /// A string below a `result` holds the token: what the service read, unless the answer is one
    /// of a remote procedure call.
    pub within_result: bool,
}

/// Peels the layers around the token at `token`.
pub(super) fn peel(text: &str, token: Range<usize>) -> Peeled<'_> {
    let mut peeled = Peeled {
        text: Cow::Borrowed(text),
        token,
        fields: Vec::new(),
        layers: 0,
        list: None,
        quotation: false,
        within_result: false,
    };
    for _ in 0..LAYERS_MAX {
        let Some(layer) = layer_around(&peeled.text, &peeled.token) else { break };
        let code = peeled.text[peeled.token.clone()].to_owned();
        let segment = &peeled.text[layer.span.clone()];
        let before = &peeled.text[layer.span.start..peeled.token.start];
        let inner = plain(layer.encoding.undo(segment));
        // The token itself has nothing to undo, so it stands where its prefix now ends.
        let mut at = plain(layer.encoding.undo(before)).len();
        if !inner.get(at..).is_some_and(|rest| rest.starts_with(&code)) {
            // An escape of several bytes ended just before the token: look near by.
            let Some(found) = inner.find(&code) else { break };
            at = found;
        }
        let inner = inner.into_owned();
        if let Some(quote) = layer.quote() {
            peeled.within_result |= path::is_below_result(&peeled.text, quote);
            peeled.quotation |= layer.field.is_none();
        }
        if let Some(key) = list_around(&peeled.text, layer.span.start) {
            peeled.list = Some(key.to_owned());
        }
        peeled.fields.extend(layer.field);
        peeled.text = Cow::Owned(inner);
        peeled.token = at..at + code.len();
        peeled.layers += 1;
    }
    peeled
}

/// Colours come to light when the escape of their first byte is undone.
fn plain(text: Cow<'_, str>) -> Cow<'_, str> {
    if !text.contains('\u{1b}') {
        return text;
    }
    let stripped = visible::strip_ansi(text.as_bytes()).into_owned();
    Cow::Owned(String::from_utf8_lossy(&stripped).into_owned())
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Encoding {
    StringLiteral,
    Percent,
    Html,
    /// A word processor or a chat client made the quotes curly.
    CurlyQuotes,
}

impl Encoding {
    fn undo(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::StringLiteral => unescape::string_literal(text),
            Self::Percent => Cow::Owned(unescape::percent(text)),
            Self::Html => Cow::Owned(unescape::html(text)),
            Self::CurlyQuotes => {
                Cow::Owned(text.replace(['“', '”'], "\"").replace(['‘', '’'], "'"))
            }
        }
    }
}

struct Layer {
    span: Range<usize>,
    encoding: Encoding,
    field: Option<String>,
}

impl Layer {
    /// Where the string's opening quote stands.
    fn quote(&self) -> Option<usize> {
        let string = self.encoding == Encoding::StringLiteral;
        self.span.start.checked_sub(1).filter(|_| string)
    }
}

fn layer_around(text: &str, token: &Range<usize>) -> Option<Layer> {
    percent_layer(text, token)
        .or_else(|| html_layer(text, token))
        .or_else(|| curly_layer(text, token))
        .or_else(|| double_quoted_layer(text, token))
        .or_else(|| single_quoted_layer(text, token))
}

/// A run of URL characters around the token that holds percent-encoded quotes or brackets.
fn percent_layer(text: &str, token: &Range<usize>) -> Option<Layer> {
    let bytes = text.as_bytes();
    let url = |b: &u8| b.is_ascii_alphanumeric() || b"%._~+!*-()".contains(b);
    let start = token.start - bytes[..token.start].iter().rev().take_while(|b| url(b)).count();
    let end = token.end + bytes[token.end..].iter().take_while(|b| url(b)).count();
    let run = &text[start..end];
    if !run.contains('%') {
        return None;
    }
    let encoded = ["%22", "%7B", "%7b", "%3A", "%3a", "%3D", "%3d", "%25", "%27"];
    if !encoded.iter().any(|mark| run.contains(mark)) {
        return None;
    }
    let field = text[..start].strip_suffix('=').map(|before| key_before(before, false));
    Some(Layer { span: start..end, encoding: Encoding::Percent, field: field.flatten() })
}

fn html_layer(text: &str, token: &Range<usize>) -> Option<Layer> {
    let line = line_around(text, token);
    let quote = ["&quot;", "&#34;", "&#x22;", "&#39;", "&#x27;"];
    let close_before = &text[line.start..token.start];
    let close_after = &text[token.end..line.end];
    if !close_before.ends_with(';') && !close_after.starts_with('&') {
        return None;
    }
    quote.iter().any(|q| close_before.ends_with(q) || close_after.starts_with(q)).then_some(Layer {
        span: line,
        encoding: Encoding::Html,
        field: None,
    })
}

fn curly_layer(text: &str, token: &Range<usize>) -> Option<Layer> {
    let quoted = text[..token.start].ends_with(['“', '”', '‘', '’'])
        || text[token.end..].starts_with(['“', '”', '‘', '’']);
    let span = line_around(text, token);
    quoted.then_some(Layer { span, encoding: Encoding::CurlyQuotes, field: None })
}

/// The outermost double-quoted string around the token.
fn double_quoted_layer(text: &str, token: &Range<usize>) -> Option<Layer> {
    let line_start = line_around(text, token).start;
    let open = opening_quote(text, line_start, token.start)?;
    let close = closing_quote(text, open, token.end, b'"');
    if open + 1 == token.start && close == token.end {
        return None; // The token is the whole string: nothing is left to peel.
    }
    let span = open + 1..close;
    let field = key_before(&text[..open], true);
    // Entering a string that has nothing to undo still bounds the text: a message ends with it.
    Some(Layer { span, encoding: Encoding::StringLiteral, field })
}

/// Walks the quotes before the token, nearest first. An escaped one says that the token is inside
/// a string whose opening quote is still to come; a plain one is that opening, or closes a sibling.
fn opening_quote(text: &str, from: usize, until: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let from = from.max(until.saturating_sub(LAYER_BYTES_MAX));
    let mut inside = false;
    for at in memchr::memrchr_iter(b'"', &bytes[from..until]).map(|at| at + from) {
        if backslashes_before(bytes, at) % 2 == 1 {
            inside = true;
        } else if inside || opens(bytes, at) {
            return Some(at);
        } else {
            return None;
        }
    }
    None
}

fn backslashes_before(bytes: &[u8], at: usize) -> usize {
    bytes[..at].iter().rev().take_while(|b| **b == b'\\').count()
}

/// Whether a quote opens a string, by its neighbours: `: "x`, `="x`, `("x`, `, "x`, but not `x", `.
fn opens(bytes: &[u8], at: usize) -> bool {
    let before = bytes[..at].iter().rev().find(|b| **b != b' ');
    let spaced = at > 0 && bytes[at - 1] == b' ';
    let left = match before {
        None | Some(b':' | b'=' | b'(' | b'[' | b'{' | b',' | b'>' | b'\n' | b'+' | b'@') => true,
        // `quoted "text` after a word: a quotation in prose, which bounds its text too.
        Some(_) => spaced,
    };
    let right = !matches!(bytes.get(at + 1), None | Some(b',' | b'}' | b']' | b':' | b')' | b'\n'));
    // `b"`, `u"`, `f"` of Python.
    let prefixed = at > 0
        && matches!(bytes[at - 1], b'b' | b'u' | b'r' | b'f')
        && (at == 1 || !bytes[at - 2].is_ascii_alphanumeric());
    (left || prefixed) && right
}

/// The end of the string opened at `open`: its closing quote behind `from`, else the line's end
/// (a string cut off), else, where the line holds none, the next line's that has one (a raw newline
/// inside a string).
fn closing_quote(text: &str, open: usize, from: usize, quote: u8) -> usize {
    let bytes = text.as_bytes();
    let escapes = backslashes_before(bytes, open);
    let until = text.len().min(from + LAYER_BYTES_MAX);
    memchr::memchr_iter(quote, &bytes[from..until])
        .map(|at| at + from)
        .find(|at| backslashes_before(bytes, *at) <= escapes)
        .unwrap_or_else(|| line_around(text, &(from..from)).end)
}

/// A single-quoted string around the token, as Python's `repr` and JavaScript's inspect print.
///
/// An apostrophe is a common letter in prose, so both ends must look like a literal's ends.
fn single_quoted_layer(text: &str, token: &Range<usize>) -> Option<Layer> {
    let bytes = text.as_bytes();
    let line = line_around(text, token);
    let from = line.start.max(token.start.saturating_sub(LAYER_BYTES_MAX));
    let mut inside = false;
    for at in memchr::memrchr_iter(b'\'', &bytes[from..token.start]).map(|at| at + from) {
        if backslashes_before(bytes, at) % 2 == 1 {
            inside = true;
            continue;
        }
        let left = match bytes[..at].iter().rev().find(|b| **b != b' ') {
            None | Some(b':' | b'=' | b'(' | b'[' | b'{' | b',' | b'>' | b'\n' | b'+') => true,
            Some(b'b' | b'u') => at < 2 || !bytes[at - 2].is_ascii_alphanumeric(),
            _ => false,
        };
        if !left {
            if inside {
                continue;
            }
            return None;
        }
        let close = memchr::memchr_iter(b'\'', &bytes[token.end..line.end])
            .map(|close| close + token.end)
            .find(|close| {
                backslashes_before(bytes, *close).is_multiple_of(2)
                    && matches!(
                        bytes[close + 1..].first(),
                        None | Some(b',' | b')' | b'}' | b']' | b'\n' | b' ' | b';')
                    )
            })?;
        if at + 1 == token.start && close == token.end {
            return None;
        }
        let field = key_before(&text[..at], true);
        return Some(Layer { span: at + 1..close, encoding: Encoding::StringLiteral, field });
    }
    None
}

/// The key of the list in which the string that begins at `start` is an element.
fn list_around(text: &str, start: usize) -> Option<&str> {
    let line = &text[line_around(text, &(start..start)).start..start];
    let before = line.strip_suffix(['"', '\''])?.trim_end_matches([' ', '\\']);
    if !before.ends_with(['[', ',']) {
        return None;
    }
    let open = before.rfind('[')?;
    let elements = &before[open + 1..];
    let texts = elements.is_empty() || elements.trim_start().starts_with(['"', '\'', '\\']);
    if !texts || elements.contains(['{', ']']) && !elements.contains(['"', '\'']) {
        return None;
    }
    let key = before[..open].trim_end_matches([' ', ':', '=', '"', '\'', '\\']);
    let key_start = key
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_'))
        .map_or(0, |at| at + key[at..].chars().next().map_or(1, char::len_utf8));
    Some(&key[key_start..])
}

/// The bounds of the line that holds `range`.
pub(super) fn line_around(text: &str, range: &Range<usize>) -> Range<usize> {
    let bytes = text.as_bytes();
    let start = memchr::memrchr(b'\n', &bytes[..range.start]).map_or(0, |at| at + 1);
    let end = memchr::memchr(b'\n', &bytes[range.end..]).map_or(text.len(), |at| range.end + at);
    start..end
}

/// The key whose value begins behind `before`: `"words": `, `words=`, `'words': `.
fn key_before(before: &str, with_separator: bool) -> Option<String> {
    let mut before = before.trim_end();
    if before.ends_with(['b', 'u']) && before[..before.len() - 1].ends_with([' ', ':', '=']) {
        before = before[..before.len() - 1].trim_end();
    }
    if with_separator {
        before = before.strip_suffix("=>").or_else(|| before.strip_suffix([':', '=']))?;
    }
    let before = before.trim_end().trim_end_matches(['"', '\'', '\\']);
    let start = before
        .rfind(|c: char| !(c.is_alphanumeric() || c == '_' || c == '-' || c == '@'))
        .map_or(0, |at| at + before[at..].chars().next().map_or(1, char::len_utf8));
    let key = &before[start..];
    (!key.is_empty() && key.len() <= 64).then(|| key.to_owned())
}

#[cfg(test)]
mod tests {
    use super::super::scan;
    use super::*;

    fn check(text: &str, expected: &str, fields: &[&str]) {
        let token = scan::codes(text).next().expect("the text holds a code");
        let peeled = peel(text, token);
        assert_eq!(peeled.text, expected, "of {text:?}");
        assert_eq!(peeled.fields, fields, "of {text:?}");
        assert!(peeled.text[peeled.token].contains('.'));
    }

    #[test]
    fn a_quote_opens_a_string_at_the_text_s_beginning_behind_a_sign_and_behind_python_s_letter() {
        let opened = |text: &str| opens(text.as_bytes(), text.find('"').expect("a quote"));
        for text in ["\"x", "k=\"x", "k: \"x", "word \"x", "b\"x", " b\"x", "(u\"x", "[\"x"] {
            assert!(opened(text), "{text}");
        }
        for text in ["x\"x", "ab\"x", "8f\"x", "k=\"", "k=\",", "k=\"}", "k=\":", "k=\")"] {
            assert!(!opened(text), "{text}");
        }
    }

    #[test]
    fn a_plain_body_has_nothing_to_peel() {
        let text = r#"x {"error_msg":"M","error_code":"AIS.0101"} y"#;
        check(text, text, &[]);
        check("{'error_code': 'AIS.0101'}", "{'error_code': 'AIS.0101'}", &[]);
    }

    #[test]
    fn four_layers_of_strings_are_undone() {
        let mut text = r#"{"error_code":"AIS.0101","error_msg":"输"}"#.to_owned();
        let body = text.clone();
        for _ in 0..4 {
            let quoted = serde_json::to_string(&text).expect("a string is always JSON");
            text = format!("{{\"msg\":{quoted}}}");
        }
        check(&text, &body, &["msg", "msg", "msg", "msg"]);
    }

    #[test]
    fn percent_encoding_is_undone_twice_if_need_be() {
        check(
            "q=%7B%22error_code%22%3A%22AIS.0101%22%7D&x=1",
            r#"{"error_code":"AIS.0101"}"#,
            &["q"],
        );
        check(
            "%257B%2522error_code%2522%253A%2522AIS.0101%2522%257D",
            r#"{"error_code":"AIS.0101"}"#,
            &[],
        );
    }

    #[test]
    fn a_string_without_escapes_still_bounds_the_text() {
        check(r#"level=error msg="failed AIS.0101: M" x=1"#, "failed AIS.0101: M", &["msg"]);
    }

    #[test]
    fn recognised_text_names_its_field() {
        check(r#"{"words":"see AIS.0101 here","confidence":0.9}"#, "see AIS.0101 here", &["words"]);
        check("{'words': 'see AIS.0101 here'}", "see AIS.0101 here", &["words"]);
    }

    #[test]
    fn an_apostrophe_in_prose_opens_nothing() {
        let text = "can't read it's AIS.0101 isn't it";
        check(text, text, &[]);
    }

    #[test]
    fn a_cut_string_ends_with_its_line() {
        check(
            "{\"msg\":\"{\\\"error_code\\\":\\\"AIS.0101\nnext",
            "{\"error_code\":\"AIS.0101",
            &["msg"],
        );
    }
}
