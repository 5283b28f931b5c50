//! What a report comes to: one sentence, and what needs somebody.
//!
//! Owns which alerts and codes need somebody, in which order, and the first thing to do about each.
//! Must never count, nor shorten the documentation: it names what the fold and the replay have.
//! Nothing here fails.
//!
//! An alert says more than its codes, so a code is told by itself only where no alert tells of it.
//! Errors of severity `info` need nobody: they are the caller's images, and are only counted.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::catalogue::{Paragraph, Severity};
use crate::engine::Fingerprint;
use crate::render::AlertText;
use crate::surface::Language;

use super::alerts::Alerts;
use super::content::{CodeReport, Report, Seen};
use super::facts;

/// So many are listed; the others are counted.
const NEEDS_MAX: usize = 8;

/// What a report comes to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The gravest of what needs somebody; none if nothing does.
    pub severity: Option<Severity>,
    /// All of it in one sentence; our own words, without a final period.
    pub sentence: String,
    /// What needs somebody: what lasts first, then the graver, then the more frequent.
    pub needs: Vec<Need>,
    /// How many further ones there are.
    pub left_out: usize,
}

/// One thing that needs somebody.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    /// How grave it is.
    pub severity: Severity,
    /// What it is, in one line; text from the log may stand in it.
    pub what: String,
    /// The rule that tells of it; none if it is a code by itself.
    pub rule: Option<String>,
    /// The alert that tells of it.
    pub fingerprint: Option<Fingerprint>,
    /// It still fired at the end of the log.
    pub is_open: bool,
    /// How often an alert told of it; 0 of a code by itself.
    pub episodes: u64,
    /// How many events it has had in all.
    pub count: u64,
    /// The first and the last of them.
    pub seen: Option<Seen>,
    /// Its codes, the most frequent first.
    pub codes: Vec<Box<str>>,
    /// What the documentation says to do, of the cause if one is known: verbatim, in order.
    pub solution: Vec<Paragraph>,
}

impl Verdict {
    /// What a report comes to, in the reader's language.
    pub fn of(report: &Report, language: Language) -> Self {
        let mut needs = report.alerts.as_ref().map_or_else(Vec::new, |it| of_alerts(it, language));
        let told: Vec<_> = needs.iter().flat_map(|need| need.codes.clone()).collect();
        let alone = report.codes.iter().filter(|code| !told.contains(&code.code));
        needs.extend(alone.filter_map(|code| of_code(code, language)));
        needs.sort_by_key(|need| (!need.is_open, Reverse(need.severity), Reverse(need.count)));
        let sentence = sentence(report, &needs, language);
        let severity = needs.iter().map(|need| need.severity).max();
        let left_out = needs.len().saturating_sub(NEEDS_MAX);
        needs.truncate(NEEDS_MAX);
        Self { severity, sentence, needs, left_out }
    }
}

/// A need for each alert, however often it fired, but for those that a graver one explains.
fn of_alerts(alerts: &Alerts, language: Language) -> Vec<Need> {
    // The last episode tells; those before it are only counted, for there may be thousands.
    let mut by_alert: BTreeMap<Fingerprint, (Labels, Need)> = BTreeMap::new();
    for episode in alerts.replayed.episodes.iter().rev() {
        let fingerprint = episode.alert.fingerprint;
        let Some((_, need)) = by_alert.get_mut(&fingerprint) else {
            let text = alerts.text_in(episode, language);
            let labels = text.labels.clone();
            by_alert.insert(fingerprint, (labels, of_text(text, episode.resolved.is_none())));
            continue;
        };
        need.episodes += 1;
        need.count = need.count.saturating_add(episode.alert.count);
        let first_at = alerts.shown(episode, episode.alert.first_at);
        need.seen = need.seen.map(|seen| Seen { first_at, ..seen });
    }
    let is_explained = |(labels, need): &(Labels, Need)| {
        by_alert.values().any(|(of, other)| {
            other.severity > need.severity && other.codes == need.codes && of == labels
        })
    };
    let unexplained = by_alert.values().filter(|of| !is_explained(of));
    unexplained.map(|(_, need)| need.clone()).collect()
}

type Labels = BTreeMap<String, String>;

fn of_text(text: AlertText, is_open: bool) -> Need {
    let solution = text.codes.first().map(|code| {
        let of_cause = code.causes.iter().find(|cause| !cause.solution.is_empty());
        of_cause.map_or_else(|| code.solution.clone(), |cause| cause.solution.clone())
    });
    Need {
        severity: text.severity,
        what: text.headline,
        rule: Some(text.rule),
        fingerprint: Some(text.fingerprint),
        is_open,
        episodes: 1,
        count: text.count,
        seen: Some(Seen { first_at: text.moments.first_at, last_at: text.moments.last_at }),
        codes: text.codes.into_iter().map(|code| code.code.into()).collect(),
        solution: solution.unwrap_or_default(),
    }
}

fn of_code(code: &CodeReport, language: Language) -> Option<Need> {
    if code.severity == Severity::Info || code.counts.events() == 0 {
        return None;
    }
    let meaning = code.entry.as_ref().map_or_else(
        || language.words("the catalogue does not know this code").to_owned(),
        |entry| entry.message.as_deref().unwrap_or(&entry.description).to_owned(),
    );
    Some(Need {
        severity: code.severity,
        what: format!("{}: {meaning}", code.code),
        rule: None,
        fingerprint: None,
        is_open: false,
        episodes: 0,
        count: code.counts.events(),
        seen: code.seen,
        codes: vec![code.code.clone()],
        solution: solution(code),
    })
}

/// The part of the documented solution that the most frequent cause has, else all of it.
fn solution(code: &CodeReport) -> Vec<Paragraph> {
    let Some(entry) = &code.entry else { return Vec::new() };
    let seen = code.causes.iter().find_map(|seen| {
        let cause = entry.causes.iter().find(|known| *known.id == *seen.id)?;
        (!cause.solution.is_empty()).then_some(&cause.solution)
    });
    seen.unwrap_or(&entry.solution).clone()
}

fn sentence(report: &Report, needs: &[Need], language: Language) -> String {
    if report.is_empty() {
        return facts::nothing(report, language).to_owned();
    }
    let of = |severity| needs.iter().filter(|need| need.severity == severity).count() as u64;
    let problems = [
        (of(Severity::Critical), ("critical problem", "critical problems"), "个严重问题"),
        (of(Severity::Warning), ("warning", "warnings"), "个警告"),
        (of(Severity::Info), ("note", "notes"), "个提示"),
    ];
    let problems: Vec<_> = problems
        .into_iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, english, chinese)| language.counted(count, english, chinese))
        .collect();
    let all = report.totals.counts.events();
    let errors = language.counted(all, ("error", "errors"), "个错误");
    if problems.is_empty() {
        return language.pick(
            format!("nothing needs anybody: {errors}, none graver than info"),
            format!("无需处理：共 {errors}，均为提示级别"),
        );
    }
    let open = needs.iter().filter(|need| need.is_open).count() as u64;
    let open = match (open, &report.alerts) {
        (_, None) => String::new(),
        (0, Some(_)) => language.pick(", none open at the end", "，日志结束时均已恢复").to_owned(),
        (open, Some(_)) => language.pick(
            format!(", {open} still open at the end"),
            format!("，日志结束时仍有 {open} 个未恢复"),
        ),
    };
    let list = match (language, problems.split_last()) {
        (Language::English, Some((last, before @ [_, ..]))) => {
            format!("{} and {last}", before.join(", "))
        }
        _ => problems.join("、"),
    };
    language.pick(format!("{list}{open}; {errors} in all"), format!("{list}{open}；共 {errors}"))
}
