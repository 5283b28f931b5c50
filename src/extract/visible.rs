//! What a terminal, a mail or a page would obey or hide instead of showing.
//!
//! Owns which characters those are and how they are written. Must never know where a text goes: the
//! answer is the same for all. Nothing here fails.

use std::borrow::Cow;
use std::fmt::Write;

/// What becomes of line feeds and tabs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Breaks {
    /// They stay: the text may have lines.
    Keep,
    /// They become `␊` and `␉`: the text stands on one line.
    Show,
}

/// The text with everything visible that could be obeyed or hidden; line feeds and tabs stay.
/// Control characters become their pictures (`␛`, `␀`), others their numbers (`\u{202e}`). Doing it
/// twice changes nothing more.
pub fn visible(text: &str) -> Cow<'_, str> {
    visible_with(text, Breaks::Keep)
}

/// The same, on one line.
pub fn visible_on_one_line(text: &str) -> Cow<'_, str> {
    visible_with(text, Breaks::Show)
}

/// The same, with line feeds and tabs as told.
pub fn visible_with(text: &str, breaks: Breaks) -> Cow<'_, str> {
    let keeps = breaks == Breaks::Keep;
    let is_plain =
        |byte: u8| matches!(byte, b' '..=b'~') || keeps && (byte == b'\n' || byte == b'\t');
    // Nearly every text is plain; without a way out of the loop many bytes are looked at at once.
    if text.bytes().fold(true, |plain, byte| plain & is_plain(byte)) {
        return Cow::Borrowed(text);
    }
    let acts = |c: char| acts_unseen(c) && !(breaks == Breaks::Keep && matches!(c, '\n' | '\t'));
    let Some(first) = text.find(acts) else { return Cow::Borrowed(text) };
    let mut shown = String::with_capacity(text.len() + 16);
    shown.push_str(&text[..first]);
    for c in text[first..].chars() {
        match c {
            _ if !acts(c) => shown.push(c),
            '\0'..='\u{1f}' => shown.extend(char::from_u32(0x2400 + u32::from(c))),
            '\u{7f}' => shown.push('␡'),
            _ => {
                // Writing to a string cannot fail.
                let _ = write!(shown, "\\u{{{:x}}}", u32::from(c));
            }
        }
    }
    Cow::Owned(shown)
}

/// Whether a character acts or hides instead of being seen.
pub fn acts_unseen(c: char) -> bool {
    matches!(
        c,
        '\0'..='\u{1f}'                 // C0
        | '\u{7f}'..='\u{9f}'           // DEL, C1
        | '\u{ad}'                      // soft hyphen
        | '\u{34f}'                     // combining grapheme joiner
        | '\u{61c}'                     // Arabic letter mark
        | '\u{115f}' | '\u{1160}'       // Hangul fillers
        | '\u{17b4}' | '\u{17b5}'       // Khmer inherent vowels
        | '\u{180b}'..='\u{180e}'       // Mongolian selectors and separator
        | '\u{200b}'..='\u{200f}'       // zero width, direction marks
        | '\u{2028}'..='\u{202e}'       // line and paragraph separators, embeddings, overrides
        | '\u{2060}'..='\u{206f}'       // word joiner, invisible operators, isolates
        | '\u{3164}' | '\u{ffa0}'       // Hangul fillers
        | '\u{feff}'                    // byte order mark
        | '\u{fff9}'..='\u{fffb}'       // interlinear annotation
        | '\u{1d173}'..='\u{1d17a}'     // musical formatting
        | '\u{e0000}'..='\u{e007f}'     // tags
    )
}

/// The bytes without terminal escapes: colours and movements (CSI), titles and links (OSC, ended by
/// BEL or ST), other strings (DCS, SOS, PM, APC) and the short ones. An escape that is cut off goes
/// as far as it can be understood; a lone ESC stays, for [`visible`] to show.
///
/// The one-character CSI, U+009B, counts in its UTF-8 form only: a raw 0x9B is half a letter in GBK
/// and in UTF-8.
pub fn strip_ansi(bytes: &[u8]) -> Cow<'_, [u8]> {
    let Some(first) = next_introducer(bytes, 0) else { return Cow::Borrowed(bytes) };
    let mut kept = Vec::with_capacity(bytes.len());
    let mut copied = 0;
    let mut at = Some(first);
    // Strings that never end would be searched again and again; one search tells for all.
    let mut no_end_before = 0;
    while let Some(start) = at {
        let end = sequence_end(bytes, start, &mut no_end_before);
        kept.extend_from_slice(bytes.get(copied..start).unwrap_or_default());
        copied = end;
        if end == start {
            // Not a sequence: the introducer itself is text.
            kept.extend(bytes.get(start));
            copied = start + 1;
        }
        at = next_introducer(bytes, copied);
    }
    kept.extend_from_slice(bytes.get(copied..).unwrap_or_default());
    Cow::Owned(kept)
}

const ESC: u8 = 0x1b;

fn next_introducer(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        at += memchr::memchr2(ESC, 0xc2, bytes.get(at..)?)?;
        if bytes.get(at) == Some(&ESC) || bytes.get(at + 1) == Some(&0x9b) {
            return Some(at);
        }
        at += 1;
    }
}

/// Where the sequence ends that begins at `start`; `start` itself when none does.
fn sequence_end(bytes: &[u8], start: usize, no_end_before: &mut usize) -> usize {
    if bytes.get(start) == Some(&0xc2) {
        let end = control_end(bytes, start + 2);
        let is_final = end.checked_sub(1).and_then(|last| bytes.get(last));
        return if is_final.is_some_and(|last| (0x40..=0x7e).contains(last)) { end } else { start };
    }
    match bytes.get(start + 1) {
        Some(b'[') => control_end(bytes, start + 2),
        Some(b']' | b'P' | b'X' | b'^' | b'_') => string_end(bytes, start + 2, no_end_before),
        Some(0x20..=0x2f) => {
            let rest = bytes.get(start + 1..).unwrap_or_default();
            let middle = rest.iter().take_while(|byte| (0x20..=0x2f).contains(*byte)).count();
            match rest.get(middle) {
                Some(0x30..=0x7e) => start + 2 + middle,
                _ => start,
            }
        }
        Some(0x30..=0x7e) => start + 2,
        _ => start,
    }
}

/// The end of a control sequence whose parameters begin at `at`.
fn control_end(bytes: &[u8], at: usize) -> usize {
    let rest = bytes.get(at..).unwrap_or_default();
    let params = rest.iter().take_while(|byte| (0x30..=0x3f).contains(*byte)).count();
    let tail = rest.get(params..).unwrap_or_default();
    let middle = tail.iter().take_while(|byte| (0x20..=0x2f).contains(*byte)).count();
    match tail.get(middle) {
        Some(0x40..=0x7e) => at + params + middle + 1,
        // What follows is no part of it: `ESC [ 1` before a letter of another alphabet.
        _ => at + params,
    }
}

/// The end of a string that begins at `at`. One that is not ended on its line loses only its
/// introducer: its text may be the log's.
fn string_end(bytes: &[u8], at: usize, no_end_before: &mut usize) -> usize {
    if at < *no_end_before {
        return at;
    }
    let mut from = at;
    loop {
        let rest = bytes.get(from..).unwrap_or_default();
        let Some(found) = memchr::memchr3(0x07, ESC, b'\n', rest) else {
            *no_end_before = bytes.len();
            return at;
        };
        from += found;
        match (bytes.get(from), bytes.get(from + 1)) {
            (Some(0x07), _) => return from + 1,
            (Some(&ESC), Some(b'\\')) => return from + 2,
            (Some(b'\n'), _) => {
                *no_end_before = from;
                return at;
            }
            _ => from += 1,
        }
    }
}

#[cfg(test)]
mod tests;
