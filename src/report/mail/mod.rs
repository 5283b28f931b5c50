//! The report as the two bodies of a mail.
//!
//! Owns what of a report stands in a mail, in which order, and what goes first where there is no
//! room. Must never count, nor know who gets it and how. Nothing here fails.
//!
//! The page that is attached has everything. A mail has the verdict, what needs somebody with what
//! is documented to do, and each code on a line: it is read on a telephone.

mod changes;
mod text;

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use changes::ChangesView;

use super::content::{CodeReport, Report};
use super::facts::{self, Item};
use super::html::Origin;
use super::timeline::Grid;
use super::verdict::{Need, Verdict};
use super::{chart, phrase};
use crate::catalogue::{Paragraph, Severity};
use crate::html::page;
use crate::surface::Language;
use crate::surface::escape::mail_head;

const TEMPLATE: &str = include_str!("mail.html");

/// A line of a mail; what a log or a file says beyond that is cut.
const LINE_CHARS_MAX: usize = 300;

/// The command that gives the report, which can name many files.
const COMMAND_CHARS_MAX: usize = 1_000;

/// A trend on a line has so many characters at most.
const TREND_COLUMNS: usize = 20;

/// Whether the page of the report is attached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Page {
    /// It is.
    Attached,
    /// It has so many bytes, which is too much for a mail.
    TooLarge(usize),
}

/// What mails about a report are made of.
#[derive(Debug)]
pub struct Mail<'r> {
    report: &'r Report,
    origin: &'r Origin,
    verdict: Verdict,
    language: Language,
    /// The machine on which this program runs.
    host: &'r str,
}

/// The two forms of a mail's body.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Body {
    /// In plain text.
    pub text: String,
    /// As HTML for mail programs.
    pub html: String,
}

/// How much is told.
#[derive(Debug, Clone, Copy)]
struct Room {
    needs: usize,
    codes: usize,
    facts: usize,
}

/// From what a mail has at most to what always fits: the gravest and what to do about it.
const ROOMS: [Room; 5] = [
    Room { needs: 8, codes: 40, facts: 16 },
    Room { needs: 8, codes: 20, facts: 16 },
    Room { needs: 6, codes: 10, facts: 8 },
    Room { needs: 3, codes: 10, facts: 8 },
    Room { needs: 1, codes: 5, facts: 4 },
];

impl<'r> Mail<'r> {
    /// A report, as a mail in the reader's language from a machine says it.
    pub fn of(report: &'r Report, origin: &'r Origin, language: Language, host: &'r str) -> Self {
        Self { report, origin, verdict: Verdict::of(report, language), language, host }
    }

    /// What the mail is about, on one line.
    pub fn subject(&self) -> String {
        let days = range(self.report).map(|(first, last)| days(first, last, self.language));
        let days = days.map_or_else(String::new, |days| format!(" · {days}"));
        format!("[ocrwatch] {}{days}", self.verdict.brief)
    }

    /// The gravest of what needs somebody; none if nothing does.
    pub fn severity(&self) -> Option<Severity> {
        self.verdict.severity
    }

    /// The bodies, from everything that a mail has to what always fits.
    pub fn bodies(&self, page: Page) -> impl Iterator<Item = Body> {
        ROOMS.into_iter().map(move |room| {
            let view = View::of(self, room, page);
            Body {
                text: text::of(&view, self.language),
                html: page::render(TEMPLATE, self.language, &view),
            }
        })
    }
}

/// From when to when was read: what a filter leaves of it.
fn range(report: &Report) -> Option<(DateTime<FixedOffset>, DateTime<FixedOffset>)> {
    let sum = &report.inputs.sum;
    let (first, last) = sum.first_at.zip(sum.last_at)?;
    let first = report.filters.since.map_or(first, |since| since.max(first));
    let last = report.filters.until.map_or(last, |until| until.min(last));
    Some((first.min(last), last))
}

/// A range by its days alone.
fn days(first: DateTime<FixedOffset>, last: DateTime<FixedOffset>, language: Language) -> String {
    let last = last.with_timezone(first.offset());
    let day = |at: DateTime<FixedOffset>| at.format("%Y-%m-%d").to_string();
    let (first, last) = (day(first), day(last));
    if first == last { first } else { format!("{first} {} {last}", language.pick("to", "至")) }
}

/// What stands in a mail.
#[derive(Serialize)]
struct View<'r> {
    subject: String,
    severity: Option<Severity>,
    sentence: String,
    range: Option<String>,
    needs: Vec<NeedView>,
    needs_left_out: Option<String>,
    codes: Vec<CodeView<'r>>,
    codes_left_out: Option<String>,
    /// What a trend shows.
    trend_words: Option<String>,
    changes: Option<ChangesView>,
    notes: Vec<String>,
    facts: Vec<FactView>,
    command: String,
    page: String,
    foot: String,
}

/// What needs somebody.
#[derive(Serialize)]
struct NeedView {
    severity: Severity,
    what: String,
    is_open: bool,
    /// How often, when, of which rule.
    about: String,
    solution: Vec<Paragraph>,
}

/// A code on a line.
#[derive(Serialize)]
struct CodeView<'r> {
    code: String,
    severity: Severity,
    count: String,
    /// Of all events, in percent.
    share: String,
    /// The same as the length of a bar, beside the most frequent one, in percent.
    bar: u64,
    trend: String,
    means: &'r str,
}

/// A labelled line.
#[derive(Serialize)]
struct FactView {
    label: String,
    text: String,
}

fn cut(text: &str) -> String {
    mail_head(text, LINE_CHARS_MAX)
}

impl<'r> View<'r> {
    fn of(mail: &Mail<'r>, room: Room, page: Page) -> Self {
        let Mail { report, origin, verdict, language, host } = mail;
        let language = *language;
        let needs = verdict.needs.iter().take(room.needs);
        let needs: Vec<_> = needs.map(|need| NeedView::of(need, language)).collect();
        let more = verdict.left_out + verdict.needs.len().saturating_sub(needs.len());
        let needs_left_out = (more > 0).then(|| {
            let more = language.counted(more as u64, ("other", "others"), "个其他问题");
            language
                .pick(format!("And {more}: see the page."), format!("另有 {more}，见报告页面。"))
        });
        let notes: Vec<_> = facts::problems(report, language).iter().map(item).collect();
        let mut facts = facts::of_report(report, language);
        facts.extend(facts::apart_of_report(report, language));
        let facts = facts.iter().map(|fact| FactView {
            label: language.words(fact.label).to_owned(),
            text: cut(&fact.items.iter().map(item).collect::<Vec<_>>().join(", ")),
        });
        Self {
            subject: mail.subject(),
            severity: verdict.severity,
            sentence: phrase::capitalised(&verdict.sentence),
            range: range(report).map(|(first, last)| language.range(first, last)),
            needs,
            needs_left_out,
            codes: CodeView::all(report, room.codes, language),
            codes_left_out: codes_left_out(report, room.codes, language),
            trend_words: report.grid.as_ref().and_then(|grid| trend_words(report, grid, language)),
            changes: report
                .baseline
                .as_ref()
                .map(|baseline| ChangesView::of(baseline, room.codes / 2, language)),
            notes: notes.into_iter().take(room.facts).collect(),
            facts: facts.take(room.facts).collect(),
            command: mail_head(&origin.command, COMMAND_CHARS_MAX),
            page: words_of(page, language),
            // When it was made is said by the mail's date: the same report is the same text.
            foot: format!(
                "ocrwatch {} {} {host}",
                env!("CARGO_PKG_VERSION"),
                language.pick("on", "@")
            ),
        }
    }
}

fn item(item: &Item) -> String {
    match item {
        Item::Words(words) => cut(words),
        Item::Quoted(text, words) => format!("{}{words}", cut(text)),
    }
}

fn words_of(page: Page, language: Language) -> String {
    match page {
        Page::Attached => language
            .pick(
                "The attached page has all of it: the timeline, each code with its \
                 documentation, lines of the log. It needs nothing but a browser.",
                "附件中的报告页面包含全部内容：时间线、各错误码的官方文档说明、日志样例。用浏览器即可打开。",
            )
            .to_owned(),
        Page::TooLarge(bytes) => {
            let size = phrase::bytes(bytes as u64);
            language.pick(
                format!(
                    "The page with all of it has {size}, too much for a mail: write it to a file \
                     with `--output report.html`."
                ),
                format!("完整的报告页面有 {size}，过大而未附上：可用 `--output report.html` 写入文件。"),
            )
        }
    }
}

impl NeedView {
    fn of(need: &Need, language: Language) -> Self {
        let mut about = vec![language.times(need.count)];
        about.extend(need.seen.map(|seen| language.range(seen.first_at, seen.last_at)));
        if need.episodes > 1 {
            let often = phrase::count(need.episodes);
            about.push(language.pick(format!("fired {often} times"), format!("触发 {often} 次")));
        }
        if let Some(rule) = &need.rule {
            about.push(format!("{} {}", language.pick("rule", "规则"), cut(rule)));
            about.extend(need.codes.iter().take(4).map(|code| cut(code)));
        }
        Self {
            severity: need.severity,
            what: cut(&need.what),
            is_open: need.is_open,
            about: about.join(" · "),
            solution: need.solution.clone(),
        }
    }
}

impl<'r> CodeView<'r> {
    fn all(report: &'r Report, codes_max: usize, language: Language) -> Vec<Self> {
        let events = |code: &CodeReport| code.counts.events();
        let highest = report.codes.iter().map(events).max().unwrap_or(0).max(1);
        let all = report.totals.counts.events();
        let codes = report.codes.iter().take(codes_max);
        let view = |code: &'r CodeReport| Self {
            code: mail_head(&code.code, 40),
            severity: code.severity,
            count: phrase::count(events(code)),
            share: phrase::share(events(code), all),
            bar: (events(code).saturating_mul(100) / highest).max(1),
            trend: trend(report, code).unwrap_or_default(),
            means: code.entry.as_ref().map_or_else(
                || language.words("the catalogue does not know this code"),
                |entry| entry.message.as_deref().unwrap_or(&entry.description),
            ),
        };
        codes.map(view).collect()
    }
}

/// Over time, if there is more than one bucket of it.
fn trend(report: &Report, code: &CodeReport) -> Option<String> {
    let grid = report.grid.as_ref().filter(|grid| grid.buckets > 1)?;
    let (counts, _) = chart::grouped(&code.timeline.events(grid), TREND_COLUMNS);
    Some(chart::sparkline(&counts, true))
}

fn trend_words(report: &Report, grid: &Grid, language: Language) -> Option<String> {
    let shown = report.codes.first().filter(|_| grid.buckets > 1)?;
    let (_, each) = chart::grouped(&shown.timeline.events(grid), TREND_COLUMNS);
    let each_s = grid.bucket_s.saturating_mul(i64::try_from(each).unwrap_or(1));
    let range = language.range(grid.start, grid.start_of(grid.buckets));
    let each = language.bucket(each_s);
    Some(language.pick(
        format!("Over time: {range}; one column is {each}."),
        format!("随时间的变化：{range}；每格为 {each}。"),
    ))
}

fn codes_left_out(report: &Report, codes_max: usize, language: Language) -> Option<String> {
    let hidden = report.codes.get(codes_max..).unwrap_or_default();
    let more = report.beyond_top.codes + hidden.len() as u64;
    let events = |sum: u64, code: &CodeReport| sum.saturating_add(code.counts.events());
    let times = hidden.iter().fold(report.beyond_top.counts.events(), events);
    (more > 0).then(|| {
        let codes = language.counted(more, ("more code", "more codes"), "个其他错误码");
        let times = language.times(times);
        language.pick(format!("And {codes}, {times}."), format!("另有 {codes}，共 {times}。"))
    })
}
