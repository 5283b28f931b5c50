//! The keys of the objects around a position, read forward through JSON and its relatives.
//!
//! Must never need the text to be whole: a log line ends where it likes. Fails: never; a text that
//! is not nested has no path.

/// The line before a position is read at most this far back.
const TEXT_BYTES_MAX: usize = 16 * 1024;

/// Whether the string that opens at `quote` stands below a key `result` (or what a result holds),
/// in an answer that is not one of a remote procedure call.
///
/// A success of the service is `{"result": {…}}`, and all text in it was read off an image. Tool
/// servers answer `{"jsonrpc": "2.0", "result": {"content": […], "isError": true}}`, whose text is
/// a program's own.
pub(super) fn is_below_result(text: &str, quote: usize) -> bool {
    let mut from = quote.saturating_sub(TEXT_BYTES_MAX);
    while !text.is_char_boundary(from) {
        from += 1;
    }
    let from = text[from..quote].rfind('\n').map_or(from, |at| from + at + 1);
    let before = &text[from..quote];
    if !before.contains("result") && !before.contains("extracted_data") {
        return false;
    }
    let call = before.contains("jsonrpc") || text[quote..].contains("isError");
    let path = containers(before);
    let result = path.iter().any(|key| matches!(*key, "result" | "extracted_data"));
    let error = path.iter().any(|key| key.to_ascii_lowercase().contains("err"));
    result && !error && !call
}

/// The keys under which the containers stand that are open at the end of a text, outermost first;
/// a list's elements have their list's key.
fn containers(text: &str) -> Vec<&str> {
    let bytes = text.as_bytes();
    let mut open: Vec<&str> = Vec::new();
    let mut key = "";
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'"' | b'\'' if opens_string(bytes, at) => {
                let end = string_end(bytes, at);
                let inside = text.get(at + 1..end).unwrap_or("");
                at = end + 1;
                let rest = text.get(at..).unwrap_or("").trim_start();
                if rest.starts_with([':', '=']) {
                    key = inside;
                }
                continue;
            }
            b'{' | b'[' => open.push(std::mem::take(&mut key)),
            b'}' | b']' => {
                open.pop();
                key = "";
            }
            b',' => key = "",
            _ => {}
        }
        at += 1;
    }
    open
}

/// An apostrophe opens a string only where a value or a key may begin.
fn opens_string(bytes: &[u8], at: usize) -> bool {
    bytes[at] == b'"'
        || bytes[..at]
            .iter()
            .rev()
            .find(|b| **b != b' ')
            .is_none_or(|before| b"{[(,:=".contains(before))
}

fn string_end(bytes: &[u8], open: usize) -> usize {
    let quote = bytes[open];
    let mut at = open + 1;
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b'\\' => at += 2,
            byte if byte == quote => return at,
            _ => at += 1,
        }
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(text: &str, expected: bool) {
        let at = text.find('@').expect("the text marks the string");
        let quote = text[..at].rfind(['"', '\'']).expect("a string is open");
        assert_eq!(is_below_result(text, quote), expected, "in {text:?}");
    }

    #[test]
    fn all_text_below_a_result_was_read_off_an_image() {
        check(r#"ok {"result":{"a":"b","item_list":[{"n":"x"},{"name":"@"}]}}"#, true);
        check(r"{'result': {'words': 'it\'s', 'remarks': '@'}}", true);
    }

    #[test]
    fn an_error_s_text_and_a_tool_s_answer_were_not() {
        check(r#"{"error":{"message":"@"}}"#, false);
        check(r#"{"result":{"a":1},"error":"@"}"#, false);
        check(r#"{"jsonrpc":"2.0","result":{"content":[{"text":"@"}]}}"#, false);
        check(r#"callback result="@""#, false);
    }
}
