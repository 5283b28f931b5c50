//! The forms that only the vendor's SDKs print.
//!
//! Their sources are named in the research notes: `ServiceResponseException` and its like, each
//! language with its own notation, none of them JSON. Must never accept a form by its code alone.

use std::ops::Range;

use super::{Body, Shape, Strength, between, clean_id, clean_message, clean_status, window};

/// A status, an id and a code fit well into this.
const PREFIX_BYTES_MAX: usize = 600;

/// Python v3's `str(e)`: no quotes, and the message may hold commas, colons, braces and newlines.
pub(super) fn python(text: &str, token: &Range<usize>) -> Option<Body> {
    let before = window(text, token.start.saturating_sub(PREFIX_BYTES_MAX)..token.start);
    let fields = before.strip_suffix("error_code:")?;
    let fields = &fields[fields.rfind("status_code:")?..];
    let mut body = Body::new(Shape::PythonSdk, Strength::Unmistakable);
    body.http_status = between(fields, "status_code:", ",").and_then(clean_status);
    body.request_id = between(fields, "request_id:", ",").and_then(clean_id);
    let behind = &text[token.end..];
    let Some(message) = behind.strip_prefix(",error_msg:") else { return Some(body) };
    let next = message.find("{status_code:").unwrap_or(message.len());
    let message = match message[..next].find(",encoded_authorization_message:") {
        Some(end) => &message[..end],
        None => python_message_without_end(message),
    };
    body.message = clean_message(message);
    Some(body)
}

/// Older releases end with ` }`; a cut line ends where it ends.
fn python_message_without_end(message: &str) -> &str {
    let line = message.split('\n').next().unwrap_or(message);
    match line.find(" }").or_else(|| line.rfind('}')) {
        Some(end) => &line[..end],
        None => line,
    }
}

/// Go v3's `%+v`: blanks between the fields, the message unquoted.
pub(super) fn go_struct(text: &str, token: &Range<usize>) -> Option<Body> {
    let before = window(text, token.start.saturating_sub(PREFIX_BYTES_MAX)..token.start);
    let fields = before.strip_suffix("ErrorCode:")?;
    let fields = &fields[fields.rfind("StatusCode:")?..];
    let mut body = Body::new(Shape::GoStruct, Strength::Unmistakable);
    body.http_status = between(fields, "StatusCode:", " ").and_then(clean_status);
    body.request_id = between(fields, "RequestId:", " ").and_then(clean_id);
    let behind = &text[token.end..];
    let Some(message) = behind.strip_prefix(" ErrorMessage:") else { return Some(body) };
    let end = message
        .find(" EncodedAuthorizationMessage:")
        .or_else(|| message.find(" Details:"))
        .or_else(|| message.find('}'))
        .or_else(|| message.find('\n'))
        .unwrap_or(message.len());
    body.message = clean_message(&message[..end]);
    Some(body)
}

/// Java v3's `toString()`: a field a line, and the newlines inside a message indented by four.
///
/// Log collectors join the lines with blanks, so any white space separates the fields.
pub(super) fn java_block(text: &str, token: &Range<usize>) -> Option<Body> {
    let before = window(text, token.start.saturating_sub(PREFIX_BYTES_MAX)..token.start);
    let fields = before.trim_end_matches(' ').strip_suffix("errorCode:")?;
    let open = fields.rfind('{')?;
    let fields = &fields[open..];
    let status = fields.find("httpStatusCode:")?;
    let mut body = Body::new(Shape::JavaBlock, Strength::Unmistakable);
    body.http_status = fields[status..].split_whitespace().nth(1).and_then(clean_status);
    let behind = &text[token.end..];
    let block = &behind[..block_end(behind)];
    body.request_id = java_field(fields, "requestId:")
        .or_else(|| java_field(block, "requestId:"))
        .and_then(|id| clean_id(id.split_whitespace().next().unwrap_or("")));
    body.message = java_field(block, "errorMsg:").and_then(|message| {
        // The block indents what the message did not.
        clean_message(&message.replace("\n    ", "\n"))
    });
    Some(body)
}

/// The block's closing brace stands at a line's start, or ends the joined line.
fn block_end(behind: &str) -> usize {
    let behind = window(behind, 0..16 * 1024);
    behind
        .find("\n}")
        .or_else(|| behind.find("requestId:").and_then(|at| Some(at + behind[at..].find('}')?)))
        .or_else(|| behind.find(" }"))
        .unwrap_or(behind.len())
}

fn java_field<'t>(block: &'t str, name: &str) -> Option<&'t str> {
    let start = block.find(name)? + name.len();
    let rest = &block[start..];
    let next =
        ["requestId:", "encodedAuthorizationMessage:", "details:", "errorMsg:", "errorCode:"]
            .into_iter()
            .filter_map(|field| {
                let at = rest.find(field)?;
                rest[..at].ends_with(char::is_whitespace).then_some(at)
            })
            .min();
    Some(&rest[..next.unwrap_or(rest.len())])
}

/// PHP's `print_r` (`[error_code] => C`) and `var_dump` (`["error_code"]=>⏎  string(8) "C"`).
pub(super) fn print_r(text: &str, token: &Range<usize>) -> Option<Body> {
    let before = window(text, token.start.saturating_sub(200)..token.start);
    let arrow = before.rfind("=>")?;
    let between = before[arrow + 2..].trim();
    if !(between.is_empty() || (between.starts_with("string(") && between.ends_with('"'))) {
        return None;
    }
    let key = before[..arrow].trim_end();
    let key = key[key.rfind('[')?..].strip_suffix(']')?;
    if !is_property(key, &["error_code", "errorCode", "code"]) {
        return None;
    }
    let around = window(text, token.start.saturating_sub(2_000)..token.end + 2_000);
    let mut body = Body::new(Shape::PrintR, Strength::WithMessage);
    body.message = property(around, &["error_msg", "errorMsg", "error_message", "message"])
        .and_then(clean_message);
    body.request_id = property(around, &["request_id", "requestId"]).and_then(clean_id);
    body.http_status =
        property(around, &["httpStatusCode", "status_code", "statusCode"]).and_then(clean_status);
    Some(body)
}

/// `[errorMsg:protected`, `["error_msg"`, `[errorMsg:HuaweiCloud\SDK\…:private`.
fn is_property(key: &str, names: &[&str]) -> bool {
    let name = key.trim_start_matches(['[', '"', '\'']);
    let name = name.split([':', '"', '\'']).next().unwrap_or(name);
    names.contains(&name)
}

fn property<'t>(text: &'t str, names: &[&str]) -> Option<&'t str> {
    names.iter().find_map(|name| {
        let mut lines = text.split('\n');
        while let Some(line) = lines.next() {
            let Some((key, value)) = line.split_once("=>") else { continue };
            let Some(open) = key.rfind('[') else { continue };
            let key = key[open..].trim_end().trim_end_matches(']');
            if !is_property(key, &[name]) {
                continue;
            }
            // var_dump quotes its keys and puts the value on a line of its own.
            let value = if key.contains(['"', '\'']) { lines.next()? } else { value }.trim();
            if !value.is_empty() {
                return Some(dumped(value));
            }
        }
        None
    })
}

/// `string(30) "…"` and `int(400)` of `var_dump`.
fn dumped(value: &str) -> &str {
    if let Some(integer) = between(value, "int(", ")") {
        return integer;
    }
    match value.strip_prefix("string(").and_then(|rest| rest.split_once('"')) {
        Some((_, text)) => text.strip_suffix('"').unwrap_or(text),
        None => value,
    }
}
