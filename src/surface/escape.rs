//! The one place where text becomes safe for a surface.
//!
//! Owns what a terminal, a Markdown page, a spreadsheet, HTML and the head of a mail would take for
//! more than text. An
//! [`Occurrence`](crate::occurrence::Occurrence) comes redacted and without control characters; no
//! surface relies on it, so everything passes through here once more. Nothing here fails.
//!
//! JSON has its own escapes, see [`super::json`].

use std::fmt::Write as _;

/// Whether the character steers instead of being seen: controls, marks of direction, and what has
/// no width at all and so can hide a difference between two texts.
pub(crate) fn is_steering(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}'
            | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e0fff}')
}

/// The text on one line, everything that steers written out, such as `\x1b` and `\n`.
pub(crate) fn visible(text: &str) -> String {
    text.chars().fold(String::with_capacity(text.len()), |mut out, c| {
        push_visible(&mut out, c);
        out
    })
}

/// The text with its line breaks; a tab becomes four blanks, the rest as in [`visible`].
pub(crate) fn visible_lines(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut chars = text.trim_end_matches(['\n', '\r']).chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\n' => out.push('\n'),
            '\r' if chars.peek() == Some(&'\n') => {}
            '\t' => out.push_str("    "),
            _ => push_visible(&mut out, c),
        }
    }
    out
}

/// One line for a terminal; plain ASCII if it does not show UTF-8.
pub(crate) fn terminal(text: &str, unicode: bool) -> String {
    let text = visible(text);
    if unicode { text } else { ascii(&text) }
}

/// Lines for a terminal; plain ASCII if it does not show UTF-8.
pub(crate) fn terminal_lines(text: &str, unicode: bool) -> String {
    let text = visible_lines(text);
    if unicode { text } else { ascii(&text) }
}

/// Text in a Markdown paragraph, a list item or a cell of a table: nothing in it formats, links or
/// ends the cell.
pub(crate) fn markdown(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let opens_a_block = (at == 0 && "+-=:".contains(c))
            || (".)".contains(c) && text[..at].bytes().all(|b| b.is_ascii_digit()));
        let links = (c == ':' && text[at..].starts_with("://"))
            || (c == '.' && text[..at].to_ascii_lowercase().ends_with("www"));
        if opens_a_block || links || r"\`*_{}[]<>&|~#@!$^".contains(c) {
            push_entity(&mut out, c);
        } else {
            out.push(c);
        }
    }
    out
}

/// Text as code in Markdown, outside tables: mentions, links and references are inert in it.
pub(crate) fn markdown_code(text: &str) -> String {
    let text = visible(text);
    if text.trim().is_empty() {
        return markdown_cell_code(&text);
    }
    let fence = "`".repeat(longest_run(&text, '`') + 1);
    // The blank beside a backtick belongs to the fence and is not shown.
    let pad = if text.starts_with(['`', ' ']) || text.ends_with(['`', ' ']) { " " } else { "" };
    format!("{fence}{pad}{text}{pad}{fence}")
}

/// Text as code in a cell of a table. A backtick span would not do: a `|` in it ends the cell.
pub(crate) fn markdown_cell_code(text: &str) -> String {
    let mut out = String::from("<code>");
    for c in visible(text).chars() {
        if c.is_ascii_punctuation() && !"-,".contains(c) {
            push_entity(&mut out, c);
        } else {
            out.push(c);
        }
    }
    out + "</code>"
}

/// Text in the Markdown of chats that know no escapes: what would format, link or call somebody is
/// written in its wide form, which looks alike and means nothing.
pub(crate) fn chat(text: &str) -> String {
    wide(&visible(text), "*`[]<>~|\\@")
}

/// Text in Slack's own form of Markdown: the three characters that it escapes, and as in [`chat`].
pub(crate) fn slack(text: &str) -> String {
    let text = wide(&visible(text), "*`~|@");
    // Behind its entity the sign would still begin a quotation.
    let text = text.strip_prefix('>').map_or(text.clone(), |rest| format!("\u{ff1e}{rest}"));
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Text in a card of Feishu, which knows entities.
pub(crate) fn lark(text: &str) -> String {
    let text = visible(text);
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let links = c == ':' && text[at..].starts_with("://");
        let opens_a_block = at == 0 && "+-".contains(c);
        if links || opens_a_block || "\\`*_{}[]()<>&~#@!$".contains(c) && !is_inside(&text, at) {
            push_entity(&mut out, c);
        } else {
            out.push(c);
        }
    }
    out
}

/// What steers is written wide where it could, and everywhere what is listed.
fn wide(text: &str, always: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let rest = &text[at..];
        let is_first = text[..at].trim().is_empty();
        let opens_a_block = (is_first && "#>+-=".contains(c))
            || (c == '.' && at > 0 && text[..at].bytes().all(|b| b.is_ascii_digit()));
        let links = (c == ':' && rest.starts_with("://")) || (c == '.' && is_www(&text[..at]));
        let is_entity = c == '&' && rest[1..].starts_with(|c: char| c == '#' || c.is_alphabetic());
        let emphasises = c == '_' && !is_inside(text, at);
        if opens_a_block || links || is_entity || emphasises || always.contains(c) {
            out.extend(char::from_u32(u32::from(c) + 0xfee0));
        } else {
            out.push(c);
        }
    }
    out
}

fn is_www(text: &str) -> bool {
    let last = text.len().checked_sub(3).and_then(|at| text.get(at..));
    last.is_some_and(|last| last.eq_ignore_ascii_case("www"))
}

/// Whether an underscore stands within a word, where it emphasises nothing.
fn is_inside(text: &str, at: usize) -> bool {
    let is_word = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
    text[at..].starts_with('_')
        && is_word(text[..at].chars().next_back())
        && is_word(text[at + 1..].chars().next())
}

/// Lines as a block of code in Markdown, each behind `indent`. No line of the text can end it.
pub(crate) fn markdown_block(text: &str, indent: &str) -> String {
    let text = visible_lines(text);
    let fence = "`".repeat((longest_run(&text, '`') + 1).max(3));
    let mut out = format!("{indent}{fence}text\n");
    for line in text.split('\n') {
        let _ = writeln!(out, "{}", format!("{indent}{line}").trim_end());
    }
    let _ = writeln!(out, "{indent}{fence}");
    out
}

/// Text in HTML, between tags or in a quoted attribute.
pub(crate) fn html(text: &str) -> String {
    html_entities(&visible(text))
}

/// Lines in HTML, for an element that keeps line breaks.
pub(crate) fn html_lines(text: &str) -> String {
    html_entities(&visible_lines(text))
}

/// Text in the head of a mail: one line without anything that steers, cut to so many characters.
/// What steers is left out and not written out: the head is there to be filtered by.
pub(crate) fn mail_head(text: &str, chars_max: usize) -> String {
    let blanks = text.chars().map(|c| if c.is_whitespace() { ' ' } else { c });
    let clean: String = blanks.filter(|c| !is_steering(*c)).collect();
    let clean = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    match clean.char_indices().nth(chars_max) {
        None => clean,
        Some(_) => clean.chars().take(chars_max.saturating_sub(1)).chain(['…']).collect(),
    }
}

/// One field of a CSV row: quoted where RFC 4180 asks for it; what a spreadsheet would run as a
/// formula begins with `'`.
pub(crate) fn csv(text: &str) -> String {
    let mut text = visible(text);
    let starts_a_formula = |c: char| matches!(c, '=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠');
    // A tab or a line break has become `\t` or `\n` and starts nothing; blanks some spreadsheets
    // trim.
    if text.trim_start().starts_with(starts_a_formula) {
        text.insert(0, '\'');
    }
    if text.contains([',', ';', '"']) || text.starts_with('\'') || text.trim() != text {
        return format!("\"{}\"", text.replace('"', "\"\""));
    }
    text
}

fn push_visible(out: &mut String, c: char) {
    match c {
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        _ if !is_steering(c) => out.push(c),
        _ if u32::from(c) < 0x100 => {
            let _ = write!(out, "\\x{:02x}", u32::from(c));
        }
        _ => {
            let _ = write!(out, "\\u{{{:x}}}", u32::from(c));
        }
    }
}

fn html_entities(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            _ => out.push(c),
        }
    }
    out
}

fn push_entity(out: &mut String, c: char) {
    let _ = write!(out, "&#{};", u32::from(c));
}

fn ascii(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if c.is_ascii() => out.push(c),
            '‘' | '’' => out.push('\''),
            '“' | '”' => out.push('"'),
            '–' | '—' => out.push('-'),
            '…' => out.push_str("..."),
            '\u{a0}' => out.push(' '),
            _ => out.extend(c.escape_unicode()),
        }
    }
    out
}

fn longest_run(text: &str, of: char) -> usize {
    text.split(|c| c != of).map(str::len).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_a_terminal_is_written_out() {
        assert_eq!(
            terminal("a\u{1b}[31mb\u{9b}2J\u{7}\r\n\t\u{202e}\u{200b}\u{feff}图", true),
            r"a\x1b[31mb\x9b2J\x07\r\n\t\u{202e}\u{200b}\u{feff}图"
        );
        assert_eq!(terminal_lines("a\r\n\tb\rc\u{85}\n\n", true), "a\n    b\\rc\\x85");
    }

    #[test]
    fn without_utf8_nothing_but_ascii_is_written() {
        assert_eq!(terminal("图 it’s – “so”…", false), r#"\u{56fe} it's - "so"..."#);
    }

    #[test]
    fn text_in_markdown_stays_text() {
        assert_eq!(markdown("AK/SK pair (the user's)."), "AK/SK pair (the user's).");
        assert_eq!(
            markdown("- <b>|`*_[x](http://h) @all #1"),
            "&#45; &#60;b&#62;&#124;&#96;&#42;&#95;&#91;x&#93;(http&#58;//h) &#64;all &#35;1"
        );
        assert_eq!(markdown("see WWW.example"), "see WWW&#46;example");
        assert_eq!(markdown("a\nb"), "a&#92;nb");
        assert_eq!(markdown("10 MB. 2. b"), "10 MB. 2. b");
        assert_eq!(markdown("2. b"), "2&#46; b");
    }

    #[test]
    fn text_in_a_chat_formats_links_and_calls_nobody() {
        const HOSTILE: &str =
            "# <@U1> <!channel> @all [x](https://h) **b** _i_ ~s~ `c` id_card &lt;";
        assert_eq!(
            chat(HOSTILE),
            "＃ ＜＠U1＞ ＜!channel＞ ＠all ［x］(https：//h) ＊＊b＊＊ ＿i＿ ～s～ ｀c｀ id_card ＆lt;"
        );
        assert_eq!(
            slack("> a <!here> <https://h|x> & b_c"),
            "＞ a &lt;!here&gt; &lt;https：//h｜x&gt; &amp; b_c"
        );
        assert_eq!(
            lark("- <at id=all></at> *b* id_card http://h"),
            "&#45; &#60;at id=all&#62;&#60;/at&#62; &#42;b&#42; id_card http&#58;//h"
        );
        assert_eq!(chat("1. a\n2"), "1． a＼n2");
        assert_eq!(chat("www.example AK/SK (x)."), "www．example AK/SK (x).");
    }

    #[test]
    fn code_in_markdown_cannot_be_left() {
        assert_eq!(markdown_code("app.log"), "`app.log`");
        assert_eq!(markdown_code("a``b`"), "``` a``b` ```");
        assert_eq!(markdown_code(""), "<code></code>");
        assert_eq!(markdown_cell_code("a|b\\|`<"), "<code>a&#124;b&#92;&#124;&#96;&#60;</code>");
        assert_eq!(markdown_block("a\n```\n~~~", "  "), "  ````text\n  a\n  ```\n  ~~~\n  ````\n");
    }

    #[test]
    fn text_in_html_ends_neither_an_element_nor_an_attribute() {
        assert_eq!(
            html("</td><script>a(\"x\",'y')&\n\u{202e}"),
            "&lt;/td&gt;&lt;script&gt;a(&quot;x&quot;,&#39;y&#39;)&amp;\\n\\u{202e}"
        );
        assert_eq!(html_lines("a <b>\r\n\tc\u{1b}"), "a &lt;b&gt;\n    c\\x1b");
    }

    #[test]
    fn the_head_of_a_mail_stays_on_one_line() {
        assert_eq!(mail_head("a\r\nBcc: x@y\u{85}\u{7}\u{202e}  图", 99), "a Bcc: x@y 图");
        assert_eq!(mail_head("图图图图", 4), "图图图图");
        assert_eq!(mail_head("图图图图图", 4), "图图图…");
    }

    #[test]
    fn a_csv_field_is_no_formula_and_no_second_field() {
        let fields: Vec<_> =
            ["AIS.0101", "a,b", "say \"x\"", "=1+1", "\t=1", " @x", "-1", "＝1", ""]
                .map(csv)
                .into();
        assert_eq!(
            fields,
            [
                "AIS.0101",
                "\"a,b\"",
                "\"say \"\"x\"\"\"",
                "\"'=1+1\"",
                "\\t=1",
                "\"' @x\"",
                "\"'-1\"",
                "\"'＝1\"",
                ""
            ]
        );
    }
}
