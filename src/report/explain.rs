//! What the catalogue says of codes, on a terminal.
//!
//! Owns how documentation is laid out, here and in a report's sections. Must never shorten it: the
//! solution is verbatim. Fails with the `io::Error` of the output.

use std::io::{self, Write};

use super::page::Page;
use super::style::{Role, Style};
use super::{escape, wrap};
use crate::catalogue::{Catalogue, Entry};

/// Writes what is known of each code, in the given order.
pub fn write(
    out: &mut dyn Write,
    catalogue: &Catalogue,
    entries: &[&Entry],
    style: Style,
) -> io::Result<()> {
    let mut page = Page::new(out, style);
    for (at, entry) in entries.iter().enumerate() {
        if at > 0 {
            page.blank()?;
        }
        let title = format!("{} {} {}", entry.code, style.dot(), entry.module);
        page.line(&style.paint(Role::Title, &title))?;
        page.blank()?;
        page.meaning(entry)?;
        page.meanings(entry, &[])?;
        statuses(&mut page, entry)?;
        severity(&mut page, catalogue, entry)?;
        causes(&mut page, entry)?;
        page.solution(entry, catalogue.elsewhere(entry.module))?;
        page.source(entry)?;
    }
    Ok(())
}

fn statuses(page: &mut Page<'_>, entry: &Entry) -> io::Result<()> {
    // Each meaning has named its status.
    if entry.http_status.is_empty() || !entry.meanings.is_empty() {
        return Ok(());
    }
    let statuses: Vec<_> = entry.http_status.iter().map(u16::to_string).collect();
    page.prose("HTTP status", &statuses.join(", "), Role::Plain)
}

fn severity(page: &mut Page<'_>, catalogue: &Catalogue, entry: &Entry) -> io::Result<()> {
    let columns = page.text_columns();
    let of_code = std::iter::once(None);
    let of_causes = entry.causes.iter().map(Some);
    let mut lines = Vec::new();
    for cause in of_code.chain(of_causes) {
        let Some(rating) = catalogue.rating(&entry.code, cause.map(|cause| &*cause.id)) else {
            continue;
        };
        // A cause without a rating of its own has its code's.
        if cause.is_some() && catalogue.rating(&entry.code, None) == Some(rating) {
            continue;
        }
        let about = cause.map_or(String::new(), |cause| format!(" for {}", cause.text));
        let text = format!("{}{about}: {}", rating.severity, rating.reason);
        let text = escape::terminal(&text, page.style.unicode);
        let role = Role::Of(rating.severity);
        lines.extend(wrap::wrap(&text, columns).iter().map(|line| page.style.paint(role, line)));
    }
    if lines.is_empty() { Ok(()) } else { page.row("Severity", &lines) }
}

fn causes(page: &mut Page<'_>, entry: &Entry) -> io::Result<()> {
    let columns = page.text_columns();
    let mut lines = Vec::new();
    for cause in &entry.causes {
        let text = format!("{}: {}", cause.text, cause.description);
        // The documentation names the causes at the head of the solution, which follows.
        if entry.solution.iter().any(|paragraph| *paragraph.text == *text) {
            continue;
        }
        lines.extend(wrap::wrap(&escape::terminal(&text, page.style.unicode), columns));
    }
    if lines.is_empty() { Ok(()) } else { page.row("Causes", &lines) }
}

impl Page<'_> {
    /// The documented message and description; once if they are the same.
    pub(super) fn meaning(&mut self, entry: &Entry) -> io::Result<()> {
        let columns = self.text_columns();
        let mut texts: Vec<_> = entry.message.iter().chain([&entry.description]).collect();
        texts.dedup();
        let unicode = self.style.unicode;
        let lines: Vec<_> = texts
            .iter()
            .flat_map(|text| wrap::wrap(&escape::terminal(text, unicode), columns))
            .collect();
        self.row("Means", &lines)
    }

    /// What the code means with an HTTP status: with the given ones, or with all if none is given.
    pub(super) fn meanings(&mut self, entry: &Entry, statuses: &[u16]) -> io::Result<()> {
        let columns = self.text_columns();
        let mut lines = Vec::new();
        for meaning in &entry.meanings {
            let fits = statuses.is_empty()
                || meaning.http_status.is_none_or(|status| statuses.contains(&status));
            if !fits {
                continue;
            }
            let text = match meaning.http_status {
                Some(status) => format!("with HTTP {status}: {}", meaning.text),
                None => meaning.text.to_string(),
            };
            lines.extend(wrap::wrap(&escape::terminal(&text, self.style.unicode), columns));
        }
        if lines.is_empty() { Ok(()) } else { self.row("", &lines) }
    }

    /// The documented solution, verbatim.
    pub(super) fn solution(&mut self, entry: &Entry, elsewhere: Option<&str>) -> io::Result<()> {
        if entry.solution.is_empty() {
            let text = elsewhere.unwrap_or("no solution is documented");
            let text = escape::terminal(text, self.style.unicode);
            return self.prose("What to do", &text, Role::Plain);
        }
        let lines = self.paragraphs(&entry.solution, self.text_columns());
        self.row("What to do", &lines)
    }

    /// Who says so.
    pub(super) fn source(&mut self, entry: &Entry) -> io::Result<()> {
        let text = format!("source: {}", entry.source);
        let text = escape::terminal(&text, self.style.unicode);
        let role = if entry.source.reference { Role::Quiet } else { Role::Notice };
        self.prose("", &text, role)
    }
}
