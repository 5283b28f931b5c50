//! A notification as a page of HTML in a mail.
//!
//! Owns its look. Must never load anything, run anything, or let text from a log be more than
//! text. Nothing here fails.
//!
//! Mail programs drop what they do not know: everything that matters stands in `style` attributes
//! and tables. The one `<style>` is for those that know the dark and narrow screens.

use std::fmt::Write as _;

use super::frame::{Frame, HEADLINE_CHARS_MAX, foot, lists, preamble};
use crate::catalogue::{Paragraph, Severity};
use crate::engine::AlertStatus;
use crate::render::{AlertText, CauseText, CodeText, Fact, NotificationText, SampleText, ToldText};
use crate::surface::escape::{html as safe, html_lines as safe_lines, mail_head};
use crate::surface::{Language, phrase};

const LOOK: &str = "\
:root{color-scheme:light dark;supported-color-schemes:light dark}\
a{color:#0b57d0}\
@media (max-width:520px){.outer{padding:0!important}.sheet{border-radius:0!important}\
.cell{padding-left:16px!important;padding-right:16px!important}\
.title{font-size:18px!important}\
.label{width:82px!important}}\
@media (prefers-color-scheme:dark){\
.page{background:#16181c!important;color:#e3e5e8!important}\
.sheet{background:#22252b!important;border-color:#3a3f47!important}\
.title,.strong,.value{color:#f2f3f5!important}.label,.quiet{color:#a4abb6!important}\
.box{background:#1b2a22!important;border-color:#3c8f5e!important}\
.whole{background:#1c1f24!important;border-color:#4a515c!important}\
.code{background:#16181c!important;color:#d5d9df!important}\
.line{border-color:#3a3f47!important}a{color:#8ab4f8!important}}";

const FONT: &str = "font-family:-apple-system,'Segoe UI',Roboto,'Helvetica Neue',Arial,'Noto Sans CJK SC',\
     'Microsoft YaHei',sans-serif";
const MONO: &str =
    "font-family:Consolas,Menlo,'DejaVu Sans Mono','Noto Sans Mono CJK SC',monospace";

/// What stands above a solution of which the cause's own part was told before.
const WHOLE: &str = "The whole documented solution";

pub(super) fn body(told: &NotificationText, frame: Frame<'_>) -> String {
    let headline = told
        .alerts
        .first()
        .map_or_else(String::new, |told| mail_head(&told.text.headline, HEADLINE_CHARS_MAX));
    let mut page = format!(
        "<!doctype html>\n<html lang=\"{}\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width,initial-scale=1\">\n\
         <meta name=\"color-scheme\" content=\"light dark\">\n\
         <meta name=\"supported-color-schemes\" content=\"light dark\">\n\
         <title>{}</title>\n<style>{LOOK}</style>\n</head>\n\
         <body class=\"page\" style=\"margin:0;padding:0;background:#f1f2f4;color:#1f2328;{FONT};\
         font-size:15px;line-height:1.5\">\n\
         <div style=\"display:none;max-height:0;overflow:hidden\">{}</div>\n\
         <table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
         border=\"0\"><tr><td class=\"outer\" align=\"center\" style=\"padding:20px 8px\">\n\
         <table role=\"presentation\" class=\"sheet\" width=\"100%\" cellpadding=\"0\" \
         cellspacing=\"0\" border=\"0\" style=\"max-width:680px;background:#ffffff;\
         border:1px solid #dfe2e6;border-radius:8px;text-align:left;overflow:hidden\">\n",
        told.language.pick("en", "zh-CN"),
        safe(frame.subject),
        safe(&headline),
    );
    let before = preamble(told);
    if !before.is_empty() {
        let lines: Vec<_> = before.iter().map(|line| safe(line)).collect();
        cell(&mut page, "padding:14px 28px 12px", &lines.join("<br>\n"));
    }
    for alert in &told.alerts {
        of_alert(&mut page, alert);
    }
    for (heading, lines) in lists(told, frame) {
        let items: String = lines.iter().map(|line| item(&safe(line))).collect();
        let list = format!("<ul style=\"margin:4px 0 0;padding-left:20px\">{items}</ul>");
        cell(&mut page, "padding:8px 28px", &format!("{}{list}", strong(heading)));
    }
    let foot = format!(
        "<div class=\"quiet line\" style=\"border-top:1px solid #dfe2e6;padding-top:12px;\
         color:#5b6470;font-size:12px\">{}</div>",
        safe(&foot(told, frame))
    );
    cell(&mut page, "padding:12px 28px 18px", &foot);
    page + "</table>\n</td></tr></table>\n</body>\n</html>\n"
}

fn cell(page: &mut String, style: &str, content: &str) {
    // Writing to a String cannot fail, here and below.
    let _ = writeln!(page, "<tr><td class=\"cell\" style=\"{style}\">{content}</td></tr>");
}

fn strong(text: &str) -> String {
    format!("<div class=\"strong\" style=\"font-weight:600\">{}</div>", safe(text))
}

fn item(safe_text: &str) -> String {
    format!("<li style=\"margin:2px 0\">{safe_text}</li>\n")
}

fn of_alert(page: &mut String, told: &ToldText) {
    let text = &told.text;
    head(page, told);
    let (worked_out, happened): (Vec<_>, Vec<_>) =
        text.facts.iter().partition(|fact| fact.is_worked_out);
    facts(page, &happened);
    for code in &text.codes {
        of_code(page, text.language, code);
    }
    facts(page, &worked_out);
    beside(page, text);
    for sample in &text.samples {
        of_sample(page, sample);
    }
    for ticket in &text.tickets {
        let heading = strong(text.language.words("Ready to send to technical support:"));
        cell(page, "padding:8px 28px", &(heading + &code_block(&ticket.text)));
    }
    if let Some(ends) = &text.ends {
        let next = text.language.pick(
            format!("Resolved once {}; that is told, too.", safe(ends)),
            format!("{} 后恢复，届时会另行通知。", safe(ends)),
        );
        let heading = strong(text.language.pick("What happens next", "后续"));
        cell(page, "padding:8px 28px 16px", &(heading + &next));
    }
}

/// The colour of the status, with white on it readable.
fn colour(told: &ToldText) -> &'static str {
    match (told.status, told.text.severity) {
        (AlertStatus::Resolved | AlertStatus::FiredAndResolved, _) => "#1a7f4b",
        (AlertStatus::Firing, Severity::Critical) => "#c62828",
        (AlertStatus::Firing, Severity::Warning) => "#a85b00",
        (AlertStatus::Firing, Severity::Info) => "#1667a8",
    }
}

fn head(page: &mut String, told: &ToldText) {
    let word = match told.status {
        AlertStatus::Firing => told.text.language.pick("Firing", "告警中"),
        AlertStatus::FiredAndResolved => {
            told.text.language.pick("Fired and resolved", "已触发并恢复")
        }
        AlertStatus::Resolved => told.text.language.pick("Resolved", "已恢复"),
    };
    let colour = colour(told);
    let mut content = format!(
        "<span style=\"display:inline-block;background:{colour};color:#ffffff;font-size:12px;\
         font-weight:600;padding:2px 10px;border-radius:10px\">{word} · {}</span>\n\
         <div class=\"title\" style=\"font-size:20px;line-height:1.35;font-weight:600;\
         margin-top:10px;color:#1f2328;overflow-wrap:anywhere\">{}</div>",
        told.text.language.words(told.text.severity.name()),
        safe(&told.text.headline)
    );
    if let Some(reason) = &told.text.reason {
        let _ =
            write!(content, "<div class=\"quiet\" style=\"color:#5b6470\">{}</div>", safe(reason));
    }
    cell(page, &format!("padding:20px 28px 12px;border-top:5px solid {colour}"), &content);
}

fn facts(page: &mut String, facts: &[&Fact]) {
    if facts.is_empty() {
        return;
    }
    let mut rows = String::from(
        "<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" \
         border=\"0\" style=\"font-size:14px\">\n",
    );
    for fact in facts {
        let _ = writeln!(
            rows,
            "<tr><td class=\"label\" valign=\"top\" style=\"width:110px;padding:3px 12px 3px 0;\
             color:#5b6470\">{}</td><td class=\"value\" valign=\"top\" style=\"padding:3px 0;\
             overflow-wrap:anywhere\">{}</td></tr>",
            safe(&fact.label),
            safe(&fact.value)
        );
    }
    cell(page, "padding:4px 28px 8px", &(rows + "</table>"));
}

fn of_code(page: &mut String, language: Language, code: &CodeText) {
    let module = code.module.map_or(String::new(), |module| format!(" · {module}"));
    let title = format!("{}{module} · {}", code.code, language.times(code.count));
    let mut content = strong(&title);
    for cause in &code.causes {
        of_cause(&mut content, language, code, cause);
    }
    if let Some(said) = &code.said {
        let _ = writeln!(
            content,
            "<div>{}: {}</div>",
            language.pick("The service said", "返回信息"),
            safe(said)
        );
    }
    if !code.known {
        let words =
            language.pick("The catalogue does not know this code.", "错误码目录中没有此错误码。");
        let _ = writeln!(content, "<div>{words}</div>");
    }
    for meaning in &code.meaning {
        let _ = writeln!(content, "<div>{}</div>", safe(meaning));
    }
    let said = code.causes.iter().any(|cause| !cause.solution.is_empty());
    let what_to_do = language.words("What to do");
    if !code.solution.is_empty() {
        let heading = if said {
            language.pick(WHOLE, "官方文档给出的全部处理方法")
        } else {
            what_to_do
        };
        solution(&mut content, heading, said, &code.solution);
    } else if let Some(elsewhere) = &code.elsewhere {
        boxed(&mut content, what_to_do, &safe(elsewhere));
    } else {
        let words = language.pick("No solution is documented.", "文档中没有给出处理方法。");
        boxed(&mut content, what_to_do, words);
    }
    if let Some(source) = &code.source {
        let _ = writeln!(
            content,
            "<div class=\"quiet\" style=\"color:#5b6470;font-size:12px;margin-top:4px\">{} {}</div>",
            language.pick("source:", "来源："),
            safe(&source.words)
        );
    }
    cell(page, "padding:8px 28px;overflow-wrap:anywhere", &content);
}

fn of_cause(content: &mut String, language: Language, code: &CodeText, cause: &CauseText) {
    let is_only = code.causes.len() == 1 && cause.count == code.count;
    let times = if is_only { String::new() } else { format!(", {}", language.times(cause.count)) };
    let _ = writeln!(
        content,
        "<div>{}: <b>{}</b>{times}</div>",
        language.words("Cause"),
        safe(&cause.text)
    );
    if let Some(description) = &cause.description {
        let _ = writeln!(content, "<div>{}</div>", safe(description));
    }
    if !cause.solution.is_empty() {
        solution(content, language.words("What to do"), false, &cause.solution);
    }
}

/// As it is documented: paragraphs, and bullets as bullets.
fn solution(content: &mut String, heading: &str, is_whole: bool, paragraphs: &[Paragraph]) {
    let mut inner = String::new();
    let mut is_list = false;
    for paragraph in paragraphs {
        if paragraph.bullet != is_list {
            inner +=
                if is_list { "</ul>\n" } else { "<ul style=\"margin:4px 0;padding-left:20px\">\n" };
            is_list = paragraph.bullet;
        }
        if is_list {
            inner += &item(&safe(&paragraph.text));
        } else {
            let _ = writeln!(inner, "<div>{}</div>", safe(&paragraph.text));
        }
    }
    if is_list {
        inner += "</ul>\n";
    }
    if is_whole {
        let _ = writeln!(
            content,
            "<div class=\"whole\" style=\"margin:8px 0;padding:10px 14px;background:#f7f8f9;\
             border-left:4px solid #c5cad1;border-radius:4px;font-size:14px\">{}{inner}</div>",
            strong(heading)
        );
    } else {
        boxed(content, heading, &inner);
    }
}

fn boxed(content: &mut String, heading: &str, inner: &str) {
    let _ = writeln!(
        content,
        "<div class=\"box\" style=\"margin:8px 0;padding:10px 14px;background:#eef7f1;\
         border-left:4px solid #1a7f4b;border-radius:4px\">{}{inner}</div>",
        strong(heading)
    );
}

fn beside(page: &mut String, text: &AlertText) {
    let mut content = String::new();
    if let Some(note) = &text.note {
        let _ = write!(
            content,
            "{}<div style=\"white-space:pre-wrap;margin-bottom:8px\">{}</div>",
            strong(text.language.pick(
                "Note from the operator, not from the documentation",
                "运维人员备注，非官方文档内容"
            )),
            safe_lines(note)
        );
    }
    if let Some(why) = &text.why {
        let _ = write!(
            content,
            "<div style=\"margin-bottom:8px\">{}: {}</div>",
            text.language.words("Why a rule"),
            safe(why)
        );
    }
    for link in &text.links {
        let is_web = link.starts_with("https://") || link.starts_with("http://");
        let link = safe(link);
        let shown = if is_web { format!("<a href=\"{link}\">{link}</a>") } else { link };
        let _ = write!(
            content,
            "<div style=\"margin-bottom:8px\">{}: {shown}</div>",
            text.language.words("Read on")
        );
    }
    if !text.affected.is_empty() {
        let affected = text.affected.iter();
        let lines: String = affected
            .map(|affected| {
                item(&safe(&format!("{} {}", affected.words, affected.list(text.language))))
            })
            .collect();
        let others = if text.affected_left_out {
            item(text.language.words("and others"))
        } else {
            String::new()
        };
        let heading = strong(text.language.words("Affected"));
        let _ = write!(
            content,
            "{heading}<ul style=\"margin:4px 0 0;padding-left:20px\">{lines}{others}</ul>"
        );
    }
    if !content.is_empty() {
        cell(page, "padding:8px 28px;font-size:14px;overflow-wrap:anywhere", &content);
    }
}

fn of_sample(page: &mut String, sample: &SampleText) {
    let place = format!("{}:{}, {}", sample.file, sample.line, phrase::instant(sample.at));
    let heading = format!(
        "<div class=\"quiet\" style=\"color:#5b6470;font-size:13px;overflow-wrap:anywhere\">{}</div>",
        safe(&place)
    );
    let lines = if sample.text.is_empty() { String::new() } else { code_block(&sample.text) };
    cell(page, "padding:6px 28px", &(heading + &lines));
}

fn code_block(text: &str) -> String {
    format!(
        "<div class=\"code\" style=\"white-space:pre-wrap;overflow-wrap:anywhere;{MONO};\
         font-size:12px;line-height:1.45;background:#f4f5f7;padding:8px 10px;border-radius:4px;\
         margin-top:4px\">{}</div>",
        safe_lines(text)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_and_runs_nothing() {
        for word in ["url(", "@import", "src=", "<script", "http:", "https:"] {
            assert!(!LOOK.contains(word), "{word}");
        }
    }
}
