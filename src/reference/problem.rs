//! What the named problems of files mean: the sections of `docs/errors/`, which the program
//! carries.
//!
//! Owns how a section is found and shown without Markdown. Must not know what a problem means: the
//! pages say it, their examples are those of the tests. Nothing here can fail.

use super::plain;

/// A page for each kind of file.
const PAGES: [&str; 5] = [
    include_str!("../../docs/errors/config.md"),
    include_str!("../../docs/errors/policy.md"),
    include_str!("../../docs/errors/rules.md"),
    include_str!("../../docs/errors/catalogue.md"),
    include_str!("../../docs/errors/scenarios.md"),
];

/// What is said of one problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Section {
    /// Its name, such as `config-unknown-key`.
    pub name: &'static str,
    /// What the page says of it, in Markdown.
    pub text: &'static str,
}

/// What is said of every problem that has a name.
pub fn sections() -> impl Iterator<Item = Section> {
    PAGES.into_iter().flat_map(|page| page.split("\n## ").skip(1)).map(|section| {
        let (name, text) = section.split_once('\n').unwrap_or((section, ""));
        Section { name, text: text.trim() }
    })
}

/// What is said of a problem, if there is one of this name.
pub fn section(name: &str) -> Option<Section> {
    sections().find(|section| section.name == name)
}

impl Section {
    /// The section for a terminal: examples stand to the right, links say only where they lead.
    pub fn plain(&self) -> String {
        let mut out = format!("{}\n\n", self.name);
        let mut paragraph: Vec<&str> = Vec::new();
        let mut is_example = false;
        for line in self.text.lines() {
            let is_fence = line.starts_with("```");
            if is_example && !is_fence {
                out.push_str(format!("    {line}").trim_end());
                out.push('\n');
            } else if !line.is_empty() && !is_fence {
                paragraph.push(line);
            } else {
                finish(&mut paragraph, &mut out);
                if !is_fence {
                    out.push('\n');
                }
            }
            is_example ^= is_fence;
        }
        finish(&mut paragraph, &mut out);
        out
    }
}

/// Lines of a page are longer than those of a terminal.
fn finish(paragraph: &mut Vec<&str>, out: &mut String) {
    const COLUMNS: usize = 78;
    let text = plain(&std::mem::take(paragraph).join(" "));
    let mut column = 0;
    for word in text.split_whitespace() {
        let width = word.chars().count();
        if column > 0 && column + 1 + width > COLUMNS {
            out.push('\n');
            column = 0;
        } else if column > 0 {
            out.push(' ');
            column += 1;
        }
        out.push_str(word);
        column += width;
    }
    if column > 0 {
        out.push('\n');
    }
}
