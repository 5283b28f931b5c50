//! The report as one page that is forwarded: a file that needs nothing else.
//!
//! Owns the page's order, its template and its script, and what of a report stands on it. Must
//! never count; nothing on it is fetched, and nothing in it runs but the script beside this file.
//! Fails with the `io::Error` of the output.

mod alerts;
mod baseline;
mod codes;
mod timeline;

use std::io::{self, Write};

use chrono::{DateTime, FixedOffset};
use serde::Serialize;

use super::content::Report;
use super::facts::{self, Fact, Item};
use super::verdict::{Need, Verdict};
use super::{escape, phrase};
use crate::catalogue::{Paragraph, Severity};
use crate::html::page;
use crate::surface::Language;

const PAGE: &str = include_str!("report.html");
const SCRIPT: &str = include_str!("report.js");

/// How a report came about, for who wants the same again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// When it was made.
    pub made_at: DateTime<FixedOffset>,
    /// The command, as a shell takes it.
    pub command: String,
}

/// Writes the report as a page for a browser.
pub fn write(
    out: &mut dyn Write,
    report: &Report,
    origin: &Origin,
    language: Language,
) -> io::Result<()> {
    let page = page::render(PAGE, language, &Page::of(report, origin, language));
    write!(out, "{page}<script>{SCRIPT}</script>\n</body>\n</html>\n")
}

/// What stands on the page.
#[derive(Serialize)]
struct Page<'r> {
    title: String,
    policy: String,
    severity: Option<Severity>,
    sentence: String,
    needs: Vec<NeedView>,
    needs_left_out: usize,
    facts: Vec<FactView>,
    notes: Vec<String>,
    is_empty: bool,
    looked_for: String,
    timeline: Option<timeline::TimelineView>,
    hours: Option<timeline::HoursView>,
    codes: Vec<codes::CodeView<'r>>,
    times_shown: Option<String>,
    beyond: Option<String>,
    baseline: Option<baseline::BaselineView>,
    alerts: Option<alerts::AlertsView>,
    inputs: Vec<InputView<'r>>,
    inputs_left_out: u64,
    made_at: String,
    command: &'r str,
    version: &'static str,
}

impl<'r> Page<'r> {
    fn of(report: &'r Report, origin: &'r Origin, language: Language) -> Self {
        let Verdict { severity, sentence, needs, left_out, .. } = Verdict::of(report, language);
        let range = report.inputs.sum.first_at.zip(report.inputs.sum.last_at);
        let range = range.map(|(first, last)| language.range(first, last));
        let mut facts: Vec<_> = facts::of_report(report, language)
            .iter()
            .map(|it| FactView::of(it, language))
            .collect();
        let found = (!report.is_empty()).then(|| facts::found(report, language));
        let apart = facts::apart_of_report(report, language);
        facts.extend(found.iter().chain(&apart).map(|it| FactView::of(it, language)));
        let policy = format!(
            "default-src 'none'; style-src {}; script-src {}; base-uri 'none'; form-action 'none'",
            page::hash_of(page::STYLE),
            page::hash_of(SCRIPT)
        );
        let beyond = (report.beyond_top.codes > 0).then(|| {
            let codes = ("more code", "more codes");
            let codes = language.counted(report.beyond_top.codes, codes, "个其他错误码");
            let times = language.times(report.beyond_top.counts.occurrences);
            format!("{codes}{}{times}", language.pick(", ", "，"))
        });
        Self {
            title: [Some(language.pick("OCR errors", "OCR 错误").to_owned()), range]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" · "),
            policy,
            severity,
            sentence: phrase::capitalised(&sentence),
            needs: needs.into_iter().map(|need| NeedView::of(need, report, language)).collect(),
            needs_left_out: left_out,
            facts,
            notes: facts::problems(report, language).iter().map(Item::text).collect(),
            is_empty: report.is_empty(),
            looked_for: facts::looked_for(report, language),
            timeline: timeline::TimelineView::of(report, language),
            hours: timeline::HoursView::of(report, language),
            codes: codes::of(report, language),
            times_shown: codes::day_of(report),
            beyond,
            baseline: baseline::BaselineView::of(report, language),
            alerts: report.alerts.as_ref().map(|it| alerts::AlertsView::of(it, language)),
            inputs: report.inputs.listed.iter().map(InputView::of).collect(),
            inputs_left_out: report.left_out.inputs,
            made_at: phrase::instant(origin.made_at),
            command: &origin.command,
            version: env!("CARGO_PKG_VERSION"),
        }
    }
}

/// A labelled line.
#[derive(Serialize)]
struct FactView {
    label: String,
    items: Vec<String>,
    one_a_line: bool,
}

impl FactView {
    fn of(fact: &Fact, language: Language) -> Self {
        Self {
            label: language.words(fact.label).to_owned(),
            items: fact.items.iter().map(Item::text).collect(),
            one_a_line: fact.one_a_line,
        }
    }
}

/// What needs somebody.
#[derive(Serialize)]
struct NeedView {
    severity: Severity,
    what: String,
    is_open: bool,
    episodes: u64,
    count: u64,
    seen: Option<String>,
    rule: Option<String>,
    /// Where on the page it is told in full.
    anchor: Option<String>,
    codes: Vec<CodeLink>,
    solution: Vec<Paragraph>,
}

/// A code, and where it stands if it does.
#[derive(Serialize)]
struct CodeLink {
    code: String,
    anchor: Option<String>,
}

impl CodeLink {
    fn of(code: &str, report: &Report) -> Self {
        let is_listed = report.codes.iter().any(|listed| *listed.code == *code);
        Self { code: code.to_owned(), anchor: is_listed.then(|| codes::anchor(code)) }
    }
}

impl NeedView {
    fn of(need: Need, report: &Report, language: Language) -> Self {
        let codes: Vec<_> = need.codes.iter().map(|code| CodeLink::of(code, report)).collect();
        let of_code = codes.first().and_then(|code| code.anchor.clone());
        Self {
            severity: need.severity,
            what: need.what,
            is_open: need.is_open,
            episodes: need.episodes,
            count: need.count,
            seen: need.seen.map(|seen| language.range(seen.first_at, seen.last_at)),
            rule: need.rule,
            anchor: need.fingerprint.map(alerts::anchor).or(of_code),
            codes,
            solution: need.solution,
        }
    }
}

/// What was read of an input.
#[derive(Serialize)]
struct InputView<'r> {
    name: &'r str,
    lines: u64,
    bytes: String,
    first: Option<String>,
    last: Option<String>,
    problem: Option<&'r str>,
}

impl<'r> InputView<'r> {
    fn of(input: &'r super::InputFacts) -> Self {
        Self {
            name: &input.name,
            lines: input.lines,
            bytes: phrase::bytes(input.bytes),
            first: input.first_at.map(phrase::instant),
            last: input.last_at.map(phrase::instant),
            problem: input.problem.as_deref(),
        }
    }
}

impl Item {
    /// All of it; the page escapes it.
    fn text(&self) -> String {
        match self {
            Self::Words(words) => words.clone(),
            Self::Quoted(text, words) => format!("{}{words}", escape::visible(text)),
        }
    }
}
