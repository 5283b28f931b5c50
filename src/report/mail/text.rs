//! The mail's plain text.
//!
//! Owns how it is laid out in columns. Must never let text from a log steer the page. Nothing here
//! fails.

use super::View;
use super::changes::ChangesView;
use crate::catalogue::Paragraph;
use crate::surface::escape::visible;
use crate::surface::{Language, phrase, wrap};

/// Mail programs show so many columns without breaking a line, and quote them in answers.
const COLUMNS: usize = 76;

/// The columns of a count and of a share.
const NUMBER_COLUMNS: usize = 9;

pub(super) fn of(view: &View<'_>, language: Language) -> String {
    let mut page = Page(String::new());
    page.prose("", &view.sentence);
    if let Some(range) = &view.range {
        page.prose("", range);
    }
    if !view.needs.is_empty() {
        page.heading(language.pick("What is broken, and what to do", "问题与处理方法"));
    }
    for (at, need) in view.needs.iter().enumerate() {
        if at > 0 {
            page.line("");
        }
        let open = language.pick(", still open at the end", "，结束时未恢复");
        let open = if need.is_open { open } else { "" };
        page.item(&format!("{}{open}", language.words(need.severity.name())));
        page.prose("    ", &need.what);
        page.prose("    ", &need.about);
        if need.solution.is_empty() {
            let none = language.words("no solution is documented");
            page.prose(
                "    ",
                &format!("{}{}", phrase::capitalised(none), language.pick(".", "。")),
            );
        } else {
            page.prose("    ", &format!("{}{}", language.words("What to do"), colon(language)));
            page.paragraphs("    ", &need.solution);
        }
    }
    if let Some(more) = &view.needs_left_out {
        page.line("");
        page.prose("  ", more);
    }
    if let Some(changed) = &view.changes {
        changes(&mut page, changed, language);
    }
    codes(&mut page, view, language);
    if !view.notes.is_empty() {
        page.heading(language.pick("Notes", "备注"));
        for note in &view.notes {
            page.item(note);
        }
    }
    page.line("");
    for fact in &view.facts {
        let between = language.pick(": ", "：");
        page.prose("", &format!("{}{between}{}", fact.label, fact.text));
    }
    page.heading(language.pick("The same again", "如何复现"));
    page.line(&format!("  {}", visible(&view.command)));
    page.line("");
    page.prose("", &view.page);
    // Mail programs show what stands behind this line as a signature.
    page.0 += "\n-- \n";
    page.line(&visible(&view.foot));
    page.0
}

fn colon(language: Language) -> &'static str {
    language.pick(":", "：")
}

fn changes(page: &mut Page, changed: &ChangesView, language: Language) {
    page.heading(language.pick("What changed", "变化"));
    for line in changed.against.iter().chain(&changed.notes) {
        page.prose("  ", line);
    }
    for change in &changed.rows {
        let status = language.words(change.status);
        page.item(&format!("{status}: {} · {}", change.code, change.counts));
    }
    if let Some(more) = &changed.left_out {
        page.prose("  ", more);
    }
}

fn codes(page: &mut Page, view: &View<'_>, language: Language) {
    if view.codes.is_empty() {
        return;
    }
    page.heading(language.words("Codes"));
    let widest = |width: fn(&super::CodeView<'_>) -> usize| view.codes.iter().map(width).max();
    let name = widest(|code| wrap::width(&visible(&code.code))).unwrap_or(0);
    let severity = view.codes.iter().map(|code| wrap::width(language.words(code.severity.name())));
    let severity = severity.max().unwrap_or(0);
    for code in &view.codes {
        let mut line = String::from("  ");
        let word = language.words(code.severity.name());
        for (text, columns) in [(&*visible(&code.code), name), (word, severity)] {
            line += text;
            line += &" ".repeat((columns + 2).saturating_sub(wrap::width(text)));
        }
        for number in [&code.count, &code.share] {
            line += &" ".repeat(NUMBER_COLUMNS.saturating_sub(wrap::width(number)));
            line += number;
        }
        page.line(format!("{line}   {}", code.trend).trim_end());
    }
    for words in view.trend_words.iter().chain(&view.codes_left_out) {
        page.prose("  ", words);
    }
}

/// Lines of text below each other.
struct Page(String);

impl Page {
    fn line(&mut self, line: &str) {
        self.0 += line;
        self.0.push('\n');
    }

    fn heading(&mut self, words: &str) {
        self.line("");
        self.line(words);
        self.line(&"─".repeat(wrap::width(words)));
    }

    /// Text in its columns, each line behind an indent.
    fn prose(&mut self, indent: &str, text: &str) {
        for line in wrap::wrap(&visible(text), COLUMNS - indent.len()) {
            self.line(&format!("{indent}{line}"));
        }
    }

    /// Text behind a bullet.
    fn item(&mut self, text: &str) {
        self.hanging("", text);
    }

    fn hanging(&mut self, indent: &str, text: &str) {
        let lines = wrap::wrap(&visible(text), COLUMNS - indent.len() - 4);
        for (at, line) in lines.iter().enumerate() {
            let mark = if at == 0 { "  • " } else { "    " };
            self.line(&format!("{indent}{mark}{line}"));
        }
    }

    fn paragraphs(&mut self, indent: &str, paragraphs: &[Paragraph]) {
        for paragraph in paragraphs {
            if paragraph.bullet {
                self.hanging(indent, &paragraph.text);
            } else {
                self.prose(&format!("{indent}  "), &paragraph.text);
            }
        }
    }
}
