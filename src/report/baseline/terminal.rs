//! What changed, as a section of the report on a terminal.
//!
//! Owns the columns and the marks. Fails with the `io::Error` of the output.

use std::io;

use super::{Baseline, CodeChange, Status, words};
use crate::report::page::Page;
use crate::report::style::{Role, Style};
use crate::report::{escape, phrase, wrap};
use crate::surface::Language;

/// How many codes are listed; JSON has them all.
const CODES_SHOWN: usize = 20;
/// Less room than this beside the counts takes no text.
const TEXT_COLUMNS_LEAST: usize = 24;
const CODE_COLUMNS_MAX: usize = 24;
const GAP: usize = 2;

impl Status {
    /// The columns of the longest label: a mark, a blank, a word.
    pub(in crate::report) const LABEL_COLUMNS: usize = 2 + Self::Fallen.name().len();

    /// A mark of one column.
    pub(in crate::report) fn mark(self, style: Style) -> &'static str {
        match (self, style.unicode) {
            (Self::New, _) => "+",
            (Self::Gone, _) => "-",
            (Self::Risen, true) => "↑",
            (Self::Risen, false) => "^",
            (Self::Fallen, true) => "↓",
            (Self::Fallen, false) => "v",
            (Self::Steady, _) => " ",
        }
    }

    /// The mark and the word; blank for what is steady.
    pub(in crate::report) fn label(self, style: Style) -> String {
        match self {
            Self::Steady => String::new(),
            _ => format!("{} {}", self.mark(style), self.name()),
        }
    }
}

impl CodeChange {
    /// What has become more is as grave as its code.
    fn role(&self) -> Role {
        match self.status {
            Status::New | Status::Risen => Role::Of(self.severity),
            Status::Gone | Status::Fallen | Status::Steady => Role::Plain,
        }
    }
}

/// Writes the section.
pub(in crate::report) fn section(page: &mut Page<'_>, baseline: &Baseline) -> io::Result<()> {
    page.blank()?;
    for fact in words::against(baseline, Language::default()) {
        page.fact(&fact)?;
    }
    for note in words::notes(baseline, Language::default()) {
        page.prose("Note", &note, Role::Notice)?;
    }
    let changed = baseline.codes.iter().filter(|change| change.status != Status::Steady);
    let shown: Vec<_> = changed.clone().take(CODES_SHOWN).collect();
    if shown.is_empty() {
        return Ok(());
    }
    page.blank()?;
    let columns = Columns::of(&shown, baseline, page.style);
    page.line(&page.style.paint(Role::Quiet, &columns.heading()))?;
    for change in &shown {
        columns.row(page, change)?;
    }
    let more = changed.count().saturating_sub(shown.len());
    if more > 0 {
        let text = format!("  and {}", phrase::counted(more as u64, "more code", "more codes"));
        page.line(&page.style.paint(Role::Quiet, &text))?;
    }
    Ok(())
}

/// How wide each column is; 0 for one that is not shown.
struct Columns {
    code: usize,
    before: usize,
    expected: usize,
    after: usize,
    /// Where the text begins.
    text: usize,
}

impl Columns {
    fn of(shown: &[&CodeChange], baseline: &Baseline, style: Style) -> Self {
        let widest = |least: &str, of: &dyn Fn(&CodeChange) -> usize| {
            shown.iter().map(|change| of(change)).fold(least.len(), usize::max)
        };
        let before = widest("Then", &|change| phrase::count(change.before).len());
        let expected = if baseline.expects_otherwise() && style.width() >= 56 {
            widest("Expected", &|change| words::expected(change).len())
        } else {
            0
        };
        let after = widest("Now", &|change| phrase::count(change.after).len());
        let with_gap = |column: usize| if column > 0 { GAP + column } else { 0 };
        let counts = GAP + before + with_gap(expected) + GAP + after;
        let beside = 2 + Status::LABEL_COLUMNS + GAP + counts;
        let code_max = style.width().saturating_sub(beside).min(CODE_COLUMNS_MAX);
        let code = widest("Code", &|change| wrap::width(&name(change, style, code_max)));
        Self { code: code.min(code_max), before, expected, after, text: beside + code + GAP }
    }

    fn cells(&self, label: &str, code: &str, [before, expected, after]: [&str; 3]) -> String {
        let mut cells = vec![
            wrap::pad_right(label, Status::LABEL_COLUMNS),
            wrap::pad_right(code, self.code),
            wrap::pad_left(before, self.before),
        ];
        if self.expected > 0 {
            cells.push(wrap::pad_left(expected, self.expected));
        }
        cells.push(wrap::pad_left(after, self.after));
        format!("  {}", cells.join("  "))
    }

    fn heading(&self) -> String {
        self.cells("", "Code", ["Then", "Expected", "Now"])
    }

    fn row(&self, page: &mut Page<'_>, change: &CodeChange) -> io::Result<()> {
        let style = page.style;
        let counts = [
            &*phrase::count(change.before),
            &*words::expected(change),
            &*phrase::count(change.after),
        ];
        let line = self.cells(&change.status.label(style), &name(change, style, self.code), counts);
        let line = style.paint(change.role(), &line);
        let Some(text) = text(change, style) else { return page.line(&line) };
        let room = style.prose_width().saturating_sub(self.text);
        if room < TEXT_COLUMNS_LEAST {
            page.line(&line)?;
            let lines = wrap::wrap(&text, style.width() - 4);
            return lines.iter().try_for_each(|text| page.line(&format!("    {text}")));
        }
        for (at, text) in wrap::wrap(&text, room).iter().enumerate() {
            match at {
                0 => page.line(&format!("{line}  {text}"))?,
                _ => page.line(&format!("{}{text}", " ".repeat(self.text)))?,
            }
        }
        Ok(())
    }
}

fn name(change: &CodeChange, style: Style, columns: usize) -> String {
    wrap::clip(&escape::terminal(&change.code, style.unicode), columns, "~")
}

/// What stands beside the counts.
fn text(change: &CodeChange, style: Style) -> Option<String> {
    if let Some(message) = &change.message {
        let message = escape::terminal(message, style.unicode);
        return Some(format!("{}: {message}", change.module));
    }
    words::factor(change, Language::default())
}
