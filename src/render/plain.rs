//! An alert as a page, on a terminal or as the plain text of a mail.
//!
//! Owns the order: what happened, what is known, what to do, who says so, and what helps to look
//! further. Must never let text from a log steer the page. Fails with the `io::Error` of the
//! output.

use std::io::{self, Write};

use super::content::{AlertText, SampleText};
use super::ticket::HEADING;
use super::{CauseText, CodeText};
use crate::engine::State;
use crate::surface::page::{LABEL_COLUMNS, Page};
use crate::surface::style::{Role, Style};
use crate::surface::{Language, escape, phrase, wrap};

const WHAT_TO_DO: &str = "What to do";

/// Writes the alert.
pub fn write(out: &mut dyn Write, text: &AlertText, style: Style) -> io::Result<()> {
    let mut page = Page::new(out, style);
    head(&mut page, text)?;
    page.blank()?;
    for fact in &text.facts {
        prose(&mut page, &fact.label, &fact.value)?;
    }
    for code in &text.codes {
        page.blank()?;
        of_code(&mut page, text.language, code)?;
    }
    beside(&mut page, text)?;
    samples_and_tickets(&mut page, text)
}

/// Writes the alert as the text of a mail: what happened where first, then what to do, then what
/// was worked out and what helps to look further.
pub(crate) fn write_mail(out: &mut dyn Write, text: &AlertText, style: Style) -> io::Result<()> {
    let mut page = Page::new(out, style);
    if text.state == State::Resolved {
        // Lists of mails show how each begins; the headline says what was wrong.
        page.line(text.language.pick("It is over:", "已恢复："))?;
    }
    head(&mut page, text)?;
    page.blank()?;
    let (worked_out, happened): (Vec<_>, Vec<_>) =
        text.facts.iter().partition(|fact| fact.is_worked_out);
    for fact in happened {
        prose(&mut page, &fact.label, &fact.value)?;
    }
    for code in &text.codes {
        page.blank()?;
        of_code(&mut page, text.language, code)?;
    }
    page.blank()?;
    for fact in worked_out {
        prose(&mut page, &fact.label, &fact.value)?;
    }
    beside(&mut page, text)?;
    samples_and_tickets(&mut page, text)?;
    if let Some(ends) = &text.ends {
        page.blank()?;
        let words = text.language.pick(
            format!("resolved once {ends}; that is told, too"),
            format!("{ends} 后恢复，届时会另行通知"),
        );
        prose(&mut page, text.language.words("Next"), &words)?;
    }
    Ok(())
}

fn samples_and_tickets(page: &mut Page<'_>, text: &AlertText) -> io::Result<()> {
    for sample in &text.samples {
        page.blank()?;
        of_sample(page, text.language, sample)?;
    }
    for ticket in &text.tickets {
        page.blank()?;
        let lines = escape::terminal_lines(&ticket.text, page.style.unicode);
        page.copyable(text.language.words(HEADING), &lines)?;
    }
    Ok(())
}

fn safe(page: &Page<'_>, text: &str) -> String {
    escape::terminal(text, page.style.unicode)
}

/// A label, which may be the configuration's, and prose, which may be the log's.
fn prose(page: &mut Page<'_>, label: &str, text: &str) -> io::Result<()> {
    let label = wrap::clip(&safe(page, label), LABEL_COLUMNS, "~");
    let text = safe(page, text);
    page.prose(&label, &text, Role::Plain)
}

fn head(page: &mut Page<'_>, text: &AlertText) -> io::Result<()> {
    let style = page.style;
    hanging(page, &safe(page, &text.headline), Role::Title)?;
    let words = |english: String| text.language.words(&english).to_owned();
    let (state, severity) = (words(text.state.to_string()), words(text.severity.to_string()));
    let mut state = format!("{state} {} {severity}", style.dot());
    if let Some(reason) = &text.reason {
        state = format!("{state}: {}", safe(page, reason));
    }
    let is_open = matches!(text.state, State::Pending | State::Firing);
    hanging(page, &state, if is_open { Role::Of(text.severity) } else { Role::Plain })
}

/// Text from the first column on; further lines are indented, or a long value from the log could
/// pass for a line of ours.
fn hanging(page: &mut Page<'_>, text: &str, role: Role) -> io::Result<()> {
    let style = page.style;
    for (at, line) in wrap::wrap(text, style.prose_width() - 2).iter().enumerate() {
        let indent = if at == 0 { "" } else { "  " };
        page.line(&format!("{indent}{}", style.paint(role, line)))?;
    }
    Ok(())
}

fn of_code(page: &mut Page<'_>, language: Language, code: &CodeText) -> io::Result<()> {
    let dot = page.style.dot();
    let module = code.module.map_or(String::new(), |module| format!(" {dot} {module}"));
    let title = format!("{}{module} {dot} {}", safe(page, &code.code), language.times(code.count));
    hanging(page, &title, Role::Title)?;
    page.blank()?;
    for cause in &code.causes {
        of_cause(page, language, code, cause)?;
    }
    if let Some(said) = &code.said {
        prose(page, language.words("Message"), said)?;
    }
    if !code.known {
        let words = language.words("the catalogue does not know this code");
        page.prose(language.words("New"), words, Role::Notice)?;
    }
    if !code.meaning.is_empty() {
        let columns = page.text_columns();
        let meaning = code.meaning.iter();
        let lines: Vec<_> =
            meaning.flat_map(|text| wrap::wrap(&safe(page, text), columns)).collect();
        page.row(language.words("Means"), &lines)?;
    }
    if !code.solution.is_empty() {
        // What the causes ask for has been said; this is the whole of it.
        let said = code.causes.iter().any(|cause| !cause.solution.is_empty());
        let lines = page.paragraphs(&code.solution, page.text_columns());
        page.row(language.words(if said { "Documented" } else { WHAT_TO_DO }), &lines)?;
    } else if let Some(elsewhere) = &code.elsewhere {
        prose(page, language.words(WHAT_TO_DO), elsewhere)?;
    } else {
        let words = language.words("no solution is documented");
        prose(page, language.words(WHAT_TO_DO), words)?;
    }
    let Some(source) = &code.source else { return Ok(()) };
    let role = if source.reference { Role::Quiet } else { Role::Notice };
    let words = safe(page, &format!("{}{}", language.pick("source: ", "来源："), source.words));
    page.prose("", &words, role)
}

/// The cause with its own part of the solution.
fn of_cause(
    page: &mut Page<'_>,
    language: Language,
    code: &CodeText,
    cause: &CauseText,
) -> io::Result<()> {
    let columns = page.text_columns();
    let name = safe(page, &cause.text);
    let is_only = code.causes.len() == 1 && cause.count == code.count;
    let head = if is_only { name } else { format!("{name}, {}", language.times(cause.count)) };
    let head = wrap::wrap(&head, columns);
    let mut lines: Vec<_> = head.iter().map(|line| page.style.paint(Role::Title, line)).collect();
    if let Some(description) = &cause.description {
        lines.extend(wrap::wrap(&safe(page, description), columns));
    }
    page.row(language.words("Cause"), &lines)?;
    if cause.solution.is_empty() {
        return Ok(());
    }
    let lines = page.paragraphs(&cause.solution, columns);
    page.row(language.words(WHAT_TO_DO), &lines)
}

/// What the operator says, why there is a rule, and who else is affected.
fn beside(page: &mut Page<'_>, text: &AlertText) -> io::Result<()> {
    let columns = page.text_columns();
    let unicode = page.style.unicode;
    let language = text.language;
    if let Some(note) = &text.note {
        page.blank()?;
        let head = language.words("from the operator, not from the documentation:");
        let head = wrap::wrap(head, columns);
        let quiet = head.iter().map(|line| page.style.paint(Role::Quiet, line));
        let mut lines: Vec<_> = quiet.collect();
        lines.extend(wrap::wrap(&escape::terminal_lines(note, unicode), columns));
        page.row(language.words("Note"), &lines)?;
    }
    if text.why.is_some() || !text.links.is_empty() {
        page.blank()?;
    }
    if let Some(why) = &text.why {
        prose(page, language.words("Why a rule"), why)?;
    }
    if !text.links.is_empty() {
        // In the page's full width, for a broken link leads nowhere.
        page.row(language.words("Read on"), &[])?;
        let width = page.style.width() - 4;
        for link in &text.links {
            let lines = wrap::fold(&safe(page, link), width);
            lines.iter().try_for_each(|line| page.line(&format!("    {line}")))?;
        }
    }
    if text.affected.is_empty() {
        return Ok(());
    }
    page.blank()?;
    let affected = text.affected.iter();
    let mut lines: Vec<_> = affected
        .map(|affected| format!("{} {}", affected.words, affected.list(language)))
        .flat_map(|line| wrap::wrap(&escape::terminal(&line, unicode), columns))
        .collect();
    if text.affected_left_out {
        lines.push(language.words("and others").to_owned());
    }
    page.row(language.words("Affected"), &lines)
}

fn of_sample(page: &mut Page<'_>, language: Language, sample: &SampleText) -> io::Result<()> {
    let place = format!("{}:{}, {}", sample.file, sample.line, phrase::instant(sample.at));
    prose(page, language.words("Sample"), &place)?;
    if sample.text.is_empty() {
        return Ok(());
    }
    let text = escape::terminal_lines(&sample.text, page.style.unicode);
    page.quote(&text)
}
