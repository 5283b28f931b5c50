//! How wide text is on a terminal, and where it breaks.
//!
//! Owns cells and line breaks; a Chinese character takes two cells and may stand at the end of a
//! line. Must be given text that is already safe to show. Nothing here fails.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Characters that may not begin a line in Chinese text.
const NEVER_FIRST: &str = "，。、；：？！）］｝」』】》〉”’…％";

/// The columns that the text takes.
pub(crate) fn width(text: &str) -> usize {
    UnicodeWidthStr::width(text)
}

/// The text, and blanks up to the width. A longer text stays as it is.
pub(crate) fn pad_right(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text, with blanks before it up to the width. A longer text stays as it is.
pub(crate) fn pad_left(text: &str, columns: usize) -> String {
    format!("{}{text}", " ".repeat(columns.saturating_sub(width(text))))
}

/// The text cut at its end to fit, with a mark in place of what was cut; no more than the mark
/// where nothing else has room.
pub(crate) fn clip(text: &str, columns: usize, mark: &str) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(mark));
    let (head, _) = split_at_width(text, room);
    format!("{}{mark}", if width(head) <= room { head } else { "" })
}

/// The text in lines of at most `columns`: broken at blanks and between wide characters, inside a
/// word only when the word alone is too long. A line break in the text stays one. Never empty.
pub(crate) fn wrap(text: &str, columns: usize) -> Vec<String> {
    text.split('\n').flat_map(|line| wrap_pieces(&pieces(line), columns)).collect()
}

/// Items on lines of at most `columns`, with `, ` between them and, as far as they fit, unbroken.
pub(crate) fn wrap_items(items: &[String], columns: usize) -> Vec<String> {
    let last = items.len().saturating_sub(1);
    let mut all = Vec::new();
    for (at, item) in items.iter().enumerate() {
        let text = if at == last { item.clone() } else { format!("{item},") };
        if width(&text) <= columns {
            all.push(Piece { text, blank_before: at > 0 });
            continue;
        }
        let mut words = pieces(&text);
        if let Some(first) = words.first_mut() {
            first.blank_before = at > 0;
        }
        all.extend(words);
    }
    wrap_pieces(&all, columns)
}

/// The text in lines of at most `columns`, no blank added or dropped: for quoted text. A full line
/// ends behind its last blank, unless that would leave more than a third of it empty.
pub(crate) fn fold(text: &str, columns: usize) -> Vec<String> {
    let mut lines = Vec::new();
    for line in text.split('\n') {
        let mut rest = line;
        loop {
            let (mut head, mut tail) = split_at_width(rest, columns.max(2));
            if tail.is_empty() {
                lines.push(head.to_owned());
                break;
            }
            let behind_blank = head.rfind(' ').map_or(0, |blank| blank + 1);
            if width(&head[..behind_blank]) * 3 > columns * 2 {
                (head, tail) = rest.split_at(behind_blank);
            }
            lines.push(head.to_owned());
            rest = tail;
        }
    }
    lines
}

/// What may not be broken, unless a line is too short for it.
struct Piece {
    text: String,
    blank_before: bool,
}

fn pieces(line: &str) -> Vec<Piece> {
    let mut pieces: Vec<Piece> = Vec::new();
    let mut blank_before = false;
    let mut glue = false;
    for c in line.chars() {
        if c == ' ' {
            blank_before = !pieces.is_empty();
            glue = false;
            continue;
        }
        let wide = c.width().unwrap_or(0) > 1;
        let held = NEVER_FIRST.contains(c);
        match pieces.last_mut() {
            Some(piece) if !blank_before && (held || (glue && !wide)) => piece.text.push(c),
            _ => pieces.push(Piece { text: c.to_string(), blank_before }),
        }
        blank_before = false;
        glue = !wide;
    }
    pieces
}

fn wrap_pieces(pieces: &[Piece], columns: usize) -> Vec<String> {
    // Two columns hold any one character, so that every step makes progress.
    let columns = columns.max(2);
    let mut lines = Vec::new();
    let mut line = String::new();
    for piece in pieces {
        let blank = usize::from(piece.blank_before && !line.is_empty());
        if width(&line) + blank + width(&piece.text) <= columns {
            line.extend(std::iter::repeat_n(' ', blank));
            line.push_str(&piece.text);
            continue;
        }
        if !line.is_empty() {
            lines.push(std::mem::take(&mut line));
        }
        let mut rest = piece.text.as_str();
        while width(rest) > columns {
            let (head, tail) = split_at_width(rest, columns);
            lines.push(head.to_owned());
            rest = tail;
        }
        rest.clone_into(&mut line);
    }
    if !line.is_empty() || lines.is_empty() {
        lines.push(line);
    }
    lines
}

/// The longest beginning that fits, and the rest. The beginning holds at least one character, for
/// the callers' loops to end, even if that one does not fit.
fn split_at_width(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += c.width().unwrap_or(0);
        if used > columns && at > 0 {
            return text.split_at(at);
        }
    }
    (text, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, columns: usize, expected: &[&str]) {
        let lines = wrap(text, columns);
        assert_eq!(lines, expected);
        assert!(lines.iter().all(|line| width(line) <= columns.max(2)), "{lines:?}");
    }

    #[test]
    fn lines_break_at_blanks() {
        check(
            "Check the image type and quality.",
            12,
            &["Check the", "image type", "and quality."],
        );
    }

    #[test]
    fn a_word_longer_than_the_line_is_cut() {
        check("see abcdefghij now", 4, &["see", "abcd", "efgh", "ij", "now"]);
    }

    #[test]
    fn chinese_text_breaks_between_characters_but_not_before_its_full_stop() {
        check("图片质量，请检查。", 8, &["图片质", "量，请检", "查。"]);
        check("调用 OCR 失败", 7, &["调用", "OCR 失", "败"]);
    }

    #[test]
    fn line_breaks_and_emptiness_are_kept() {
        check("", 10, &[""]);
        check("a\n\nb", 10, &["a", "", "b"]);
        check("図", 1, &["図"]);
    }

    #[test]
    fn items_stay_whole_while_they_fit() {
        let items =
            ["general-text 22".to_owned(), "id-card 1".to_owned(), "vat-invoice 1".to_owned()];
        assert_eq!(wrap_items(&items, 26), ["general-text 22,", "id-card 1, vat-invoice 1"]);
    }

    #[test]
    fn an_item_too_long_for_a_line_breaks_at_its_blanks() {
        let items = ["08:00:01 to 17:59:58 +08:00".to_owned(), "9 h 59 min".to_owned()];
        assert_eq!(wrap_items(&items, 22), ["08:00:01 to 17:59:58", "+08:00, 9 h 59 min"]);
    }

    #[test]
    fn quoted_text_keeps_its_blanks() {
        assert_eq!(fold("  \"a\":  1", 6), ["  \"a\":", "  1"]);
        assert_eq!(fold("", 6), [""]);
        assert_eq!(fold("recognise failed for it", 12), ["recognise ", "failed for ", "it"]);
        assert_eq!(fold("a https://example.com/b", 12), ["a https://ex", "ample.com/b"]);
        assert_eq!(fold("图片质量", 5), ["图片", "质量"]);
    }

    #[test]
    fn a_clipped_text_shows_that_it_was_clipped() {
        assert_eq!(clip("ModelArts.4204", 14, "…"), "ModelArts.4204");
        assert_eq!((clip("ab", 1, "…"), clip("图片", 2, "…")), ("…".into(), "…".into()));
        assert_eq!(clip("ModelArts.42045", 14, "…"), "ModelArts.420…");
        assert_eq!(clip("图片质量", 6, "…"), "图片…");
    }
}
