//! Finds errors whose code was not printed: an SDK's exception type with a fixed documented
//! message.
//!
//! Java's loggers, Node's `${e}` and C++'s `what()` print the message only. What is found here is
//! marked as inferred and counted apart. Must never infer from a message alone: its sentences are
//! common. Fails: never.

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use regex::Regex;

use super::object;
use super::peel::{self, Peeled};
use crate::catalogue::Catalogue;

/// An exception whose message identifies a code.
#[derive(Debug, PartialEq)]
pub(super) struct Inference {
    pub code: Box<str>,
    pub message: String,
    /// Where the exception's type stands in the record.
    pub at: usize,
}

/// A stack trace with its causes names the type a few times.
const TYPES_MAX: usize = 32;

static TYPE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?:ClientRequest|ServerResponse|ServiceResponse)Exception(?-u:\b)")
        .expect("the pattern is valid")
});

/// The inferences in a record that holds no code.
pub(super) fn all(text: &str, catalogue: &Catalogue) -> Vec<Inference> {
    static ANY_TYPE: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("Exception"));
    let mut found: Vec<Inference> = Vec::new();
    if ANY_TYPE.find(text.as_bytes()).is_none() {
        return found;
    }
    for name in TYPE.find_iter(text).take(TYPES_MAX) {
        let peeled = peel::peel(text, name.range());
        let Some(message) = message(&peeled) else { continue };
        let Some(entry) = catalogue.code_of_message(&message) else { continue };
        found.push(Inference { code: entry.code.clone(), message, at: name.start() });
    }
    found
}

/// The message behind the type: `Type: M`, or the `message` beside a `type` or `name` field.
fn message(peeled: &Peeled<'_>) -> Option<String> {
    let behind = &peeled.text[peeled.token.end..];
    if let Some(message) = behind.strip_prefix(": ") {
        let line = message.split('\n').next().unwrap_or(message);
        // `RuntimeException: ClientRequestException: M`: the innermost type has the message.
        if TYPE.is_match(line) {
            return None;
        }
        return Some(line.trim().to_owned());
    }
    beside(&peeled.text, &peeled.token)
}

fn beside(text: &str, token: &Range<usize>) -> Option<String> {
    let chain = object::enclosing(text, token.start);
    let holder = chain.last()?;
    let entry = holder
        .entries
        .iter()
        .find(|entry| entry.span.start <= token.start && token.end <= entry.span.end)?;
    let names = [
        "type",
        "name",
        "class",
        "exception",
        "exc_type",
        "error_type",
        "errorType",
        "kind",
        "exception_class",
        "exception_type",
        "error.type",
        "exceptionClass",
    ];
    if !names.contains(&entry.key) {
        return None;
    }
    let message = holder.text_of(&[
        "message",
        "msg",
        "exception_message",
        "error_message",
        "value",
        "exc_message",
        "errorMsg",
        "error.message",
        "exceptionMessage",
    ])?;
    Some(message.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: &[&str]) {
        let found = all(text, &Catalogue::embedded());
        let codes: Vec<&str> = found.iter().map(|inference| &*inference.code).collect();
        assert_eq!(codes, expected, "in {text:?}");
    }

    #[test]
    fn a_type_and_its_fixed_message_identify_the_code() {
        check(
            "com.huaweicloud.sdk.core.exception.ClientRequestException: The image format is not supported.",
            &["AIS.0102"],
        );
        check(
            r#"{"stack":"ClientRequestException: Recognition failed.\n    at x"}"#,
            &["AIS.0105"],
        );
        check(
            r#"{"err":{"type":"ClientRequestException","message":"Recognition failed."}}"#,
            &["AIS.0105"],
        );
    }

    #[test]
    fn a_message_of_somebody_else_s_exception_is_nothing() {
        check("java.lang.IllegalStateException: The image format is not supported.", &[]);
        check("ClientRequestException: the socket was closed", &[]);
    }
}
