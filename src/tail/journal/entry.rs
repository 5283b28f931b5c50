//! One entry's line, and what of it is looked at.
//!
//! Owns the line limit, and which entries are our own. Must never know where lines come from. Fails
//! by saying that a line is no entry.

use std::collections::VecDeque;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;

use super::Position;

/// Whose entries are left out: what an alert prints would else raise it again.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Own {
    /// Our process.
    pub process_id: u32,
    /// The identifier under which we write, `ocrwatch`.
    pub identifier: String,
    /// Our invocation as a unit, from the environment.
    pub invocation: Option<String>,
}

/// What an entry says of itself.
pub(super) struct Head {
    pub(super) position: Position,
    pub(super) is_own: bool,
}

/// A field is a text, several, bytes, or nothing if it is too long.
#[derive(Deserialize)]
struct Fields {
    #[serde(rename = "__CURSOR")]
    cursor: String,
    #[serde(rename = "__REALTIME_TIMESTAMP")]
    realtime: String,
    #[serde(rename = "_PID", default)]
    process_id: Value,
    #[serde(rename = "SYSLOG_IDENTIFIER", default)]
    identifier: Value,
    #[serde(rename = "_SYSTEMD_INVOCATION_ID", default)]
    invocation: Value,
}

impl Own {
    /// Nothing if the line is no entry.
    pub(super) fn head(&self, line: &[u8]) -> Option<Head> {
        let fields: Fields = serde_json::from_slice(line).ok()?;
        let realtime_us = fields.realtime.parse().ok()?;
        let is = |field: &Value, text: &str| match field {
            Value::String(value) => value == text,
            Value::Array(values) => values.iter().any(|value| value.as_str() == Some(text)),
            _ => false,
        };
        let is_own = is(&fields.process_id, &self.process_id.to_string())
            || (!self.identifier.is_empty() && is(&fields.identifier, &self.identifier))
            || self.invocation.as_deref().is_some_and(|id| is(&fields.invocation, id));
        let position = Position { cursor: Arc::from(fields.cursor), realtime_us };
        Some(Head { position, is_own })
    }
}

/// Lines out of blocks.
#[derive(Debug)]
pub(super) struct Lines {
    whole: VecDeque<Vec<u8>>,
    part: Vec<u8>,
    /// The rest of a line that is too long.
    is_skipping: bool,
    line_bytes_max: usize,
    too_long: u64,
}

impl Lines {
    pub(super) fn new(line_bytes_max: usize) -> Self {
        let (whole, part) = (VecDeque::new(), Vec::new());
        Self { whole, part, is_skipping: false, line_bytes_max, too_long: 0 }
    }

    /// How many lines were left out.
    pub(super) fn too_long(&self) -> u64 {
        self.too_long
    }

    /// What is not whole belongs to a child that has ended.
    pub(super) fn clear(&mut self) {
        self.whole.clear();
        self.part.clear();
        self.is_skipping = false;
    }

    pub(super) fn next(&mut self) -> Option<Vec<u8>> {
        self.whole.pop_front()
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        for piece in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, is_end) =
                piece.strip_suffix(b"\n").map_or((piece, false), |text| (text, true));
            if !self.is_skipping {
                self.part.extend_from_slice(text);
                if self.part.len() > self.line_bytes_max {
                    self.is_skipping = true;
                    self.too_long += 1;
                    self.part = Vec::new();
                }
            }
            if is_end {
                let line = std::mem::take(&mut self.part);
                if !std::mem::take(&mut self.is_skipping) && !line.is_empty() {
                    self.whole.push_back(line);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_from_any_blocks_and_long_ones_are_left_out() {
        let text = b"one\n\ntoo long a line\ntwo\nexactly8\nthree";
        for size in 1..text.len() {
            let mut lines = Lines::new(8);
            text.chunks(size).for_each(|block| lines.push(block));
            let whole: Vec<_> = std::iter::from_fn(|| lines.next()).collect();
            assert_eq!(whole, [&b"one"[..], b"two", b"exactly8"], "blocks of {size}");
            assert_eq!(lines.too_long(), 1);
        }
    }

    #[track_caller]
    fn check(fields: &str, expected: Option<bool>) {
        let own = Own {
            process_id: 7,
            identifier: "ocrwatch".to_owned(),
            invocation: Some("abc".to_owned()),
        };
        let line = format!(r#"{{"__CURSOR":"c","__REALTIME_TIMESTAMP":"5"{fields}}}"#);
        assert_eq!(own.head(line.as_bytes()).map(|head| head.is_own), expected, "{line}");
    }

    #[test]
    fn our_own_entries_are_known_by_any_of_three() {
        check("", Some(false));
        check(r#","_PID":"7""#, Some(true));
        check(r#","_PID":"77","MESSAGE":null"#, Some(false));
        check(r#","SYSLOG_IDENTIFIER":"ocrwatch""#, Some(true));
        check(r#","SYSLOG_IDENTIFIER":["app","ocrwatch"]"#, Some(true));
        check(r#","SYSLOG_IDENTIFIER":[111,99,114],"MESSAGE":[1,2]"#, Some(false));
        check(r#","_SYSTEMD_INVOCATION_ID":"abc""#, Some(true));
        check(r#","_SYSTEMD_INVOCATION_ID":null"#, Some(false));
    }

    #[test]
    fn what_has_no_cursor_is_no_entry() {
        let own = Own::default();
        for line in ["", "{}", "-- No entries --", r#"{"__CURSOR":"c"}"#, r#"{"__CURSOR":"c","#] {
            assert!(own.head(line.as_bytes()).is_none(), "{line}");
        }
    }
}
