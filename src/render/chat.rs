//! What a chat is told of a notification: pieces in their order, and fewer where room is short.
//!
//! Owns what is left out first: samples, then all but the headlines of further alerts, then what
//! stands beside; never what the documentation says to do about the gravest alert. Must never know
//! a service or escape anything: texts from the log stand in pieces as they are. Nothing here
//! fails.

mod clip;

pub use clip::{clip, clip_bytes};

use super::content::AlertText;
use super::ticket::SAMPLE_HEADING;
use super::{CodeText, NotificationText, Status, ToldText};
use crate::catalogue::{Paragraph, Severity};
use crate::engine::{AlertStatus, NotifyReason};
use crate::surface::Language;
use crate::surface::phrase;

/// A headline has no more characters than this in a chat.
const HEADLINE_CHARS_MAX: usize = 300;

/// A part of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// An alert begins: where it stands, how grave it is, and its headline.
    Title(AlertStatus, Severity, String),
    /// What the next pieces are.
    Heading(String),
    /// A label, and what is known.
    Fact(String, String),
    /// A paragraph.
    Text(String),
    /// An item of a list.
    Item(String),
    /// Lines of a log.
    Lines(String),
    /// Where to read on.
    Link(String),
    /// What may be overlooked.
    Quiet(String),
    /// An operator's own message, in the chat's own markup.
    Own(String),
}

/// Our own words in a chat.
#[derive(Debug)]
pub struct Words {
    firing: &'static str,
    resolved: &'static str,
    over: &'static str,
    severities: [&'static str; 3],
    to_do: &'static str,
    documented: &'static str,
    undocumented: &'static str,
    cause: &'static str,
    message: &'static str,
    note: &'static str,
    links: &'static str,
    affected: &'static str,
    sample: &'static str,
    ticket: &'static str,
    also: &'static str,
    still: &'static str,
    more: [&'static str; 2],
    late: &'static str,
    unknown: &'static str,
    cut: &'static str,
}

const ENGLISH: Words = Words {
    firing: "FIRING",
    resolved: "RESOLVED",
    over: "FIRED AND RESOLVED",
    severities: ["critical", "warning", "info"],
    to_do: "What to do",
    documented: "Documented",
    undocumented: "no solution is documented",
    cause: "Cause",
    message: "Message",
    note: "Note of the operator",
    links: "Read on",
    affected: "Affected",
    sample: "Sample",
    ticket: "For technical support",
    also: "Also",
    still: "Still firing",
    more: ["and ", " more"],
    late: "Told late",
    unknown: "the catalogue does not know this code",
    cut: "The rest found no room here; `ocrwatch explain` shows it.",
};

const CHINESE: Words = Words {
    firing: "告警",
    resolved: "已恢复",
    over: "已触发并恢复",
    severities: ["严重", "警告", "提示"],
    to_do: "处理方法",
    documented: "文档原文",
    undocumented: "文档没有给出处理方法",
    cause: "原因",
    message: "错误信息",
    note: "运维备注",
    links: "参考链接",
    affected: "受影响",
    sample: "日志样例",
    ticket: "提交技术支持的内容",
    also: "同时",
    still: "仍在告警",
    more: ["另有 ", " 条"],
    late: "延迟通知",
    unknown: "目录中没有这个错误码",
    cut: "其余内容超出长度限制，请用 ocrwatch explain 查看。",
};

impl Words {
    /// Those of a language.
    pub fn of(language: Language) -> &'static Self {
        match language {
            Language::English => &ENGLISH,
            Language::Chinese => &CHINESE,
        }
    }

    /// Where an alert stands.
    pub fn status(&self, status: AlertStatus) -> &'static str {
        match status {
            AlertStatus::Firing => self.firing,
            AlertStatus::Resolved => self.resolved,
            AlertStatus::FiredAndResolved => self.over,
        }
    }

    /// How grave it is.
    pub fn severity(&self, severity: Severity) -> &'static str {
        match severity {
            Severity::Critical => self.severities[0],
            Severity::Warning => self.severities[1],
            Severity::Info => self.severities[2],
        }
    }

    fn more(&self, count: u64) -> String {
        format!("{}{}{}", self.more[0], phrase::count(count), self.more[1])
    }
}

/// One line that says what a notification is about.
pub fn subject(text: &NotificationText, words: &Words) -> String {
    let status = match text.status {
        Status::Firing => words.firing,
        Status::Resolved => words.resolved,
    };
    format!("[{status}] {}", clip(&text.headline(), HEADLINE_CHARS_MAX))
}

/// A headline behind what is to stand above everything, such as that it is a test.
pub fn noted(notes: &[String], headline: &str) -> String {
    notes.iter().map(String::as_str).chain([headline]).collect::<Vec<_>>().join("; ")
}

/// How much is told.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each is a step of its own")]
struct Detail {
    samples: bool,
    /// How many alerts in full.
    full: usize,
    /// What stands beside the documentation: tickets, affected ones, links.
    beside: bool,
    /// How many headlines of each list.
    listed: usize,
    facts: bool,
    meaning: bool,
    /// How many codes of an alert.
    codes: usize,
}

impl Detail {
    fn all(text: &NotificationText) -> Self {
        let codes = text.alerts.iter().map(|told| told.text.codes.len()).max();
        Self {
            samples: true,
            full: text.alerts.len().max(1),
            beside: true,
            listed: text.alerts.len().max(text.known.len()),
            facts: true,
            meaning: true,
            codes: codes.unwrap_or_default().max(1),
        }
    }

    /// The steps from everything to the least. Of a number that a step lowers the largest one
    /// that fits is taken.
    fn steps() -> [fn(&mut Self) -> Option<&mut usize>; 7] {
        [
            |detail| {
                detail.samples = false;
                None
            },
            |detail| Some(&mut detail.full),
            |detail| {
                detail.beside = false;
                None
            },
            |detail| Some(&mut detail.listed),
            |detail| {
                detail.facts = false;
                None
            },
            |detail| {
                detail.meaning = false;
                None
            },
            |detail| Some(&mut detail.codes),
        ]
    }
}

/// As much of a notification as fits. `write` makes of pieces what is sent, `fits` says whether
/// that is taken; what is sent if nothing fits is the least.
pub fn fit<T>(
    text: &NotificationText,
    words: &Words,
    write: impl Fn(&[Piece]) -> T,
    fits: impl Fn(&T) -> bool,
) -> T {
    let written = |detail| write(&pieces(text, detail, words));
    let mut detail = Detail::all(text);
    let whole = written(detail);
    if fits(&whole) {
        return whole;
    }
    for step in Detail::steps() {
        let number = step(&mut detail).map(|number| std::mem::replace(number, 1));
        let less = written(detail);
        if !fits(&less) {
            continue;
        }
        let Some(number) = number else { return less };
        let (mut best, mut low, mut high) = (less, 1, number);
        while high - low > 1 {
            let middle = low.midpoint(high);
            if let Some(number) = step(&mut detail) {
                *number = middle;
            }
            let more = written(detail);
            if fits(&more) {
                (best, low) = (more, middle);
            } else {
                high = middle;
            }
        }
        return best;
    }
    // A documentation of one's own may be longer than what a service takes.
    let mut least = pieces(text, detail, words);
    loop {
        least.pop();
        let end = [Piece::Quiet(words.cut.to_owned())];
        let cut = write(&[&least[..], &end[..]].concat());
        if fits(&cut) || least.len() < 2 {
            return cut;
        }
    }
}

/// What is said of one alert for those who keep its parts apart.
#[derive(Debug)]
pub struct Parts {
    /// Everything but samples.
    pub whole: Vec<Piece>,
    /// What to do, by code.
    pub solution: Vec<Piece>,
}

/// What is said of one alert; its headline, state and labels aside.
pub fn all_of(text: &AlertText, words: &Words) -> Parts {
    let mut whole = Vec::new();
    let facts = text.facts.iter();
    whole.extend(facts.map(|fact| Piece::Fact(fact.label.clone(), fact.value.clone())));
    let mut solution = Vec::new();
    for code in &text.codes {
        of_code(&mut whole, code, true, words);
        solution.push(Piece::Heading(code.code.clone()));
        to_do(&mut solution, code, words);
    }
    if let Some(note) = &text.note {
        whole.push(Piece::Heading(words.note.to_owned()));
        whole.extend(note.lines().map(|line| Piece::Text(line.to_owned())));
    }
    beside(&mut whole, text, words);
    Parts { whole, solution }
}

fn pieces(text: &NotificationText, detail: Detail, words: &Words) -> Vec<Piece> {
    let mut pieces: Vec<_> = text.notes.iter().cloned().map(Piece::Heading).collect();
    for told in text.alerts.iter().take(detail.full) {
        alert(&mut pieces, told, detail, words);
    }
    if text.alerts.is_empty() {
        pieces.push(Piece::Text(clip(&text.headline(), HEADLINE_CHARS_MAX)));
    }
    if let (NotifyReason::Historical, Some((from, until))) = (text.reason, text.covers) {
        pieces.push(Piece::Fact(words.late.to_owned(), phrase::range(from, until)));
    }
    let further = text.alerts.get(detail.full..).unwrap_or_default();
    let further: Vec<_> = further
        .iter()
        .map(|told| {
            let (status, severity) = (told.status, told.text.severity);
            format!(
                "[{} · {}] {}",
                words.status(status),
                words.severity(severity),
                told.text.headline
            )
        })
        .collect();
    list(&mut pieces, words.also, &further, text.left_out, detail, words);
    list(&mut pieces, words.still, &text.known, 0, detail, words);
    pieces
}

fn list(
    pieces: &mut Vec<Piece>,
    heading: &str,
    lines: &[String],
    left_out: u64,
    detail: Detail,
    words: &Words,
) {
    let shown = lines.iter().take(detail.listed);
    let more = left_out + (lines.len() - shown.len()) as u64;
    if lines.is_empty() && more == 0 {
        return;
    }
    pieces.push(Piece::Heading(heading.to_owned()));
    pieces.extend(shown.map(|line| Piece::Item(clip(line, HEADLINE_CHARS_MAX))));
    if more > 0 {
        pieces.push(Piece::Item(words.more(more)));
    }
}

fn alert(pieces: &mut Vec<Piece>, told: &ToldText, detail: Detail, words: &Words) {
    let text = &told.text;
    let headline = clip(&text.headline, HEADLINE_CHARS_MAX);
    pieces.push(Piece::Title(told.status, text.severity, headline));
    if detail.facts {
        let facts = text.facts.iter();
        pieces.extend(facts.map(|fact| Piece::Fact(fact.label.clone(), fact.value.clone())));
    }
    for code in text.codes.iter().take(detail.codes) {
        of_code(pieces, code, detail.meaning, words);
    }
    if let Some(note) = &text.note {
        pieces.push(Piece::Heading(words.note.to_owned()));
        pieces.extend(note.lines().map(|line| Piece::Text(line.to_owned())));
    }
    if detail.beside {
        beside(pieces, text, words);
    }
    if detail.samples {
        for sample in text.samples.iter().filter(|sample| !sample.text.is_empty()) {
            let place = format!("{}:{}, {}", sample.file, sample.line, phrase::instant(sample.at));
            pieces.push(Piece::Fact(words.sample.to_owned(), place));
            pieces.push(Piece::Lines(sample.text.clone()));
        }
    }
    if detail.beside {
        for ticket in &text.tickets {
            pieces.push(Piece::Heading(words.ticket.to_owned()));
            // What a log said is its last part.
            let heading = text.language.words(SAMPLE_HEADING);
            let is_kept = |line: &&str| detail.samples || !line.starts_with(heading);
            let lines = ticket.text.lines().take_while(is_kept);
            pieces.push(Piece::Lines(lines.collect::<Vec<_>>().join("\n")));
        }
    }
}

fn of_code(pieces: &mut Vec<Piece>, code: &CodeText, meaning: bool, words: &Words) {
    let module = code.module.map_or(String::new(), |module| format!(" · {module}"));
    let head = format!("{}{module} · {}", code.code, phrase::times(code.count));
    pieces.push(Piece::Heading(head));
    if meaning {
        if let Some(said) = &code.said {
            pieces.push(Piece::Fact(words.message.to_owned(), said.clone()));
        }
        pieces.extend(code.meaning.iter().map(|text| Piece::Text(text.clone())));
    }
    if !code.known {
        pieces.push(Piece::Quiet(words.unknown.to_owned()));
    }
    to_do(pieces, code, words);
    if let Some(source) = code.source.as_ref().filter(|_| meaning) {
        pieces.push(Piece::Quiet(source.words.clone()));
    }
}

/// The causes with their parts of the solution, then the whole of it.
fn to_do(pieces: &mut Vec<Piece>, code: &CodeText, words: &Words) {
    let mut is_said = false;
    for cause in &code.causes {
        pieces.push(Piece::Fact(words.cause.to_owned(), cause.text.clone()));
        if !cause.solution.is_empty() {
            pieces.push(Piece::Heading(words.to_do.to_owned()));
            paragraphs(pieces, &cause.solution);
            is_said = true;
        }
    }
    let heading = if is_said { words.documented } else { words.to_do };
    if !code.solution.is_empty() {
        pieces.push(Piece::Heading(heading.to_owned()));
        paragraphs(pieces, &code.solution);
    } else if let Some(elsewhere) = &code.elsewhere {
        pieces.push(Piece::Fact(heading.to_owned(), elsewhere.clone()));
    } else {
        pieces.push(Piece::Fact(heading.to_owned(), words.undocumented.to_owned()));
    }
}

fn paragraphs(pieces: &mut Vec<Piece>, paragraphs: &[Paragraph]) {
    pieces.extend(paragraphs.iter().map(|Paragraph { text, bullet }| {
        if *bullet { Piece::Item(text.to_string()) } else { Piece::Text(text.to_string()) }
    }));
}

fn beside(pieces: &mut Vec<Piece>, text: &AlertText, words: &Words) {
    if !text.links.is_empty() {
        pieces.push(Piece::Heading(words.links.to_owned()));
        pieces.extend(text.links.iter().map(|link| Piece::Link(link.clone())));
    }
    if !text.affected.is_empty() {
        let affected = text.affected.iter();
        let words_of: Vec<_> =
            affected.map(|of| format!("{} {}", of.words, of.list(text.language))).collect();
        pieces.push(Piece::Fact(words.affected.to_owned(), words_of.join("; ")));
    }
}
