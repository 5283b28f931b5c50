//! Reads the body around a code token: which message, request id and status belong to the code.
//!
//! Owns the shapes that SDKs, wrappers and people print. Each shape is a function from a text and a
//! token to a body; the first that fits wins, the specific before the general. Must never look at
//! more than the text around the token. Fails: `None` when the token stands in no known shape.

mod beside;
mod keyed;
mod sdk;
mod structured;

use std::ops::Range;

use super::facts;
use super::peel::Peeled;
use super::subject::Subjects;
use crate::catalogue::Catalogue;

/// The form in which a body was printed. Two statements may print one event in two shapes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Shape {
    /// `{status_code:400,request_id:R,error_code:C,error_msg:M,…}` of the Python SDK.
    PythonSdk,
    /// `{StatusCode:400 RequestId:R ErrorCode:C ErrorMessage:M …}` of the Go SDK's `%+v`.
    GoStruct,
    /// Five lines in braces, of the Java SDK.
    JavaBlock,
    /// `[error_code] => C` of PHP's `print_r`, and `var_dump`.
    PrintR,
    /// An object literal: JSON, Python's `repr`, JavaScript's inspect.
    Object,
    /// `error_code=C`, `code: C` and their like outside of an object.
    KeyValue,
    /// The code beside its message: `C: M`, `(C): M`, `M (C)`, `[C]M`.
    Beside,
    /// A line that holds nothing but the code.
    BareLine,
    /// The exception's type and its fixed message, without a code.
    Inferred,
}

/// How much a body's form alone says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Strength {
    /// A code in the form of a key and a value, nothing more: lists and counters look the same.
    Mention,
    /// A code with the message that the service sent with it.
    WithMessage,
    /// Only an SDK or the service itself prints this.
    Unmistakable,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Body {
    pub shape: Shape,
    pub strength: Strength,
    pub message: Option<String>,
    pub request_id: Option<String>,
    pub http_status: Option<u16>,
    pub api: Option<String>,
    /// The key that holds the code, where there is one.
    pub key: Option<String>,
    /// The keys of all objects around the code.
    pub keys_around: Vec<String>,
}

impl Body {
    fn new(shape: Shape, strength: Strength) -> Self {
        Self {
            shape,
            strength,
            message: None,
            request_id: None,
            http_status: None,
            api: None,
            key: None,
            keys_around: Vec::new(),
        }
    }
}

impl Body {
    /// A body without a code: an exception's type and its fixed message.
    pub(super) fn inferred(message: String) -> Self {
        Self { message: Some(message), ..Self::new(Shape::Inferred, Strength::WithMessage) }
    }

    /// The code's key says that it holds an error.
    pub(super) fn has_error_key(&self) -> bool {
        self.key.as_deref().is_some_and(|key| {
            let key = key.to_ascii_lowercase();
            key.starts_with("err") && key != "error" && key != "err" || key.starts_with('错')
        })
    }

    /// An id, a status or a subject stands beside the code: the line is about one call.
    pub(super) fn tells_of_a_call(&self, before: &str, behind: &str) -> bool {
        self.request_id.is_some()
            || self.http_status.is_some()
            || [before, behind]
                .iter()
                .any(|text| facts::names_a_call(text) || !Subjects::of(text).is_empty())
    }
}

/// Lines beside a bare code, nearest first.
pub(super) struct Neighbours<'n> {
    pub before: &'n [String],
    pub behind: &'n [String],
}

/// Reads the body around the peeled token.
pub(super) fn read(
    peeled: &Peeled<'_>,
    neighbours: &Neighbours<'_>,
    catalogue: &Catalogue,
) -> Option<Body> {
    let text = peeled.text.as_ref();
    let token = &peeled.token;
    sdk::python(text, token)
        .or_else(|| sdk::go_struct(text, token))
        .or_else(|| sdk::java_block(text, token))
        .or_else(|| sdk::print_r(text, token))
        .or_else(|| structured::read(text, token))
        .or_else(|| keyed::element(text, token))
        .or_else(|| beside::bare_line(text, token, neighbours, catalogue))
        .or_else(|| {
            // `Error: C: M` reads as a key and a value too: the form with the message wins.
            let beside = beside::beside(text, token, catalogue);
            let keyed = keyed::key_value(text, token);
            Some(keyed.filter(|keyed| keyed.strength >= beside.strength).unwrap_or(beside))
        })
}

/// A message as the service sent it: without the newline that transports put behind it.
fn clean_message(message: &str) -> Option<String> {
    let message = message.trim();
    (!message.is_empty()).then(|| message.to_owned())
}

/// An id is one word; `None`, `null` and a missing value are no id.
fn clean_id(id: &str) -> Option<String> {
    let id = id.trim().trim_matches(['"', '\'']);
    let word = !id.is_empty()
        && id.len() <= 128
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.:/+=".contains(&b));
    let nothing = matches!(id, "None" | "null" | "undefined" | "nil" | "-");
    (word && !nothing).then(|| id.to_owned())
}

fn clean_status(status: &str) -> Option<u16> {
    let status = status.trim().parse().ok()?;
    (100..600).contains(&status).then_some(status)
}

/// The text between two marks, the second searched behind the first.
fn between<'t>(text: &'t str, open: &str, close: &str) -> Option<&'t str> {
    let start = text.find(open)? + open.len();
    let end = text[start..].find(close)? + start;
    text.get(start..end)
}

/// Cuts a range down to character boundaries.
fn window(text: &str, range: Range<usize>) -> &str {
    let mut start = range.start.min(text.len());
    while !text.is_char_boundary(start) {
        start -= 1;
    }
    let mut end = range.end.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(start..end).unwrap_or("")
}
