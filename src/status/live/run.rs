//! How the run itself stands: the verdict, sources, receivers, silences.
//!
//! Owns the order in which they are listed and how many. Must never judge: that is the verdict's.
//! Nothing here fails.

use serde::Serialize;

use super::{Moment, Scene, class_of};
use crate::catalogue::Severity;
use crate::engine::State;
use crate::status::{
    Grade, OutboxItem, ReceiverStatus, SilenceStatus, SourceStatus, Status, Verdict,
};
use crate::surface::{Language, phrase};

pub(super) const VERDICT: &str = include_str!("verdict.html");
pub(super) const SOURCES: &str = include_str!("sources.html");
pub(super) const RECEIVERS: &str = include_str!("receivers.html");
pub(super) const SILENCES: &str = include_str!("silences.html");

/// So many are listed; the others are counted.
const SOURCES_MAX: usize = 100;
const SILENCES_MAX: usize = 100;
const FINDINGS_MAX: usize = 20;

#[derive(Serialize)]
pub(super) struct VerdictView {
    grade: &'static str,
    class: &'static str,
    sentence: String,
    /// What is wrong with the run itself.
    findings: Vec<FindingView>,
    findings_left_out: usize,
    line: String,
    started: Moment,
}

#[derive(Serialize)]
struct FindingView {
    class: &'static str,
    what: String,
}

/// As it stands in an icon's address.
pub(super) fn grade_name(status: &Status) -> &'static str {
    match Verdict::of(status).grade() {
        Grade::Ok => "ok",
        Grade::Warning => "warning",
        Grade::Critical => "critical",
    }
}

impl VerdictView {
    pub(super) fn of(scene: &Scene<'_>) -> Self {
        let (status, language) = (&scene.board.status, scene.choice.language);
        let mut findings: Vec<_> = Verdict::of_run(status, language)
            .findings
            .into_iter()
            .map(|finding| FindingView { class: class_of(finding.grade), what: finding.what })
            .collect();
        let findings_left_out = findings.len().saturating_sub(FINDINGS_MAX);
        findings.truncate(FINDINGS_MAX);
        Self {
            grade: grade_name(status),
            class: class_of(Verdict::of(status).grade()),
            sentence: sentence(status, language),
            findings,
            findings_left_out,
            line: line(status, language),
            started: Moment::of(status.started, scene.board.zone),
        }
    }
}

/// What fires, by severity.
pub(super) fn sentence(status: &Status, language: Language) -> String {
    let firing = status.firing();
    if firing == 0 {
        return language.pick("Nothing fires", "当前没有告警").to_owned();
    }
    let of = |severity| {
        let rules = status.rules.iter().filter(|rule| rule.severity == severity);
        let count: u64 = rules.map(|rule| rule.firing).sum();
        let word = language.words(severity.name());
        (count > 0).then(|| format!("{} {word}", phrase::count(count)))
    };
    let shares = [Severity::Critical, Severity::Warning, Severity::Info].into_iter().filter_map(of);
    let shares = shares.collect::<Vec<_>>().join(language.pick(", ", "，"));
    let silenced = status
        .alerts
        .iter()
        .filter(|alert| alert.state == State::Firing && alert.silenced_by.is_some())
        .count() as u64;
    let silenced = match (silenced, language) {
        (0, _) => String::new(),
        (count, Language::English) => format!("; {} silenced", phrase::count(count)),
        (count, Language::Chinese) => format!("；其中 {} 条已静默", phrase::count(count)),
    };
    match (firing, language) {
        (1, Language::English) => format!("1 alert fires: {shares}{silenced}"),
        (_, Language::English) => {
            format!("{} alerts fire: {shares}{silenced}", phrase::count(firing))
        }
        (_, Language::Chinese) => {
            format!("{} 条告警：{shares}{silenced}", phrase::count(firing))
        }
    }
}

/// What is followed, and how far.
fn line(status: &Status, language: Language) -> String {
    let sources = status.sources.len() as u64 + status.sources_left_out;
    let sources = language.counted(sources, ("source", "sources"), "个日志来源");
    let files = language.counted(status.files(), ("file", "files"), "个文件");
    let read = match (status.catching_up, status.lag_bytes()) {
        (true, _) => language.pick("catching up", "正在追赶").to_owned(),
        (false, 0) => language.pick("all read", "已全部读取").to_owned(),
        (false, bytes) => match language {
            Language::English => format!("{} behind", phrase::bytes(bytes)),
            Language::Chinese => format!("落后 {}", phrase::bytes(bytes)),
        },
    };
    let waiting = language.counted(
        status.waiting(),
        ("notification waits", "notifications wait"),
        "条通知待发送",
    );
    let comma = language.pick(", ", "，");
    [sources, files, read, waiting].join(comma)
}

#[derive(Serialize)]
pub(super) struct SourcesView<'s> {
    sources: Vec<SourceView<'s>>,
    left_out: u64,
}

#[derive(Serialize)]
struct SourceView<'s> {
    name: &'s str,
    kind: &'s str,
    problem: Option<&'s str>,
    files: Option<String>,
    errors: u64,
    lines: u64,
    lag: String,
    is_behind: bool,
    last: Option<Moment>,
}

impl<'s> SourcesView<'s> {
    pub(super) fn of(scene: &Scene<'s>) -> Self {
        let (status, language) = (&scene.board.status, scene.choice.language);
        let of = |source: &'s SourceStatus| SourceView {
            name: &source.name,
            kind: &source.kind,
            problem: source.problem.as_deref(),
            files: source.files.map(|it| language.counted(it, ("file", "files"), "个文件")),
            errors: source.errors,
            lines: source.lines,
            lag: lag(source, language),
            is_behind: source.lag_bytes > 0,
            last: source.last_at.map(|at| Moment::of(at, scene.board.zone)),
        };
        let mut sources: Vec<_> = status.sources.iter().map(of).collect();
        // What cannot be followed is seen first.
        sources.sort_by_key(|source| source.problem.is_none());
        let left_out = sources.len().saturating_sub(SOURCES_MAX) as u64 + status.sources_left_out;
        sources.truncate(SOURCES_MAX);
        Self { sources, left_out }
    }
}

fn lag(source: &SourceStatus, language: Language) -> String {
    if source.lag_bytes == 0 {
        return language.pick("none", "无").to_owned();
    }
    let bytes = phrase::bytes(source.lag_bytes);
    let seconds = source.lag_seconds.and_then(|seconds| i64::try_from(seconds).ok());
    let span = seconds.and_then(chrono::TimeDelta::try_seconds).map(|span| language.span(span));
    [Some(bytes), span].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

#[derive(Serialize)]
pub(super) struct ReceiversView<'s> {
    receivers: Vec<ReceiverView<'s>>,
    outbox: Vec<OutboxView<'s>>,
    trouble: Option<&'s str>,
}

#[derive(Serialize)]
struct ReceiverView<'s> {
    name: &'s str,
    kind: &'s str,
    waiting: u64,
    sent: u64,
    dead: u64,
    failing_since: Option<Moment>,
    last_sent: Option<Moment>,
    last_error: Option<&'s str>,
}

#[derive(Serialize)]
struct OutboxView<'s> {
    item: &'s OutboxItem,
    is_dead: bool,
    created: Moment,
    next_attempt: Option<Moment>,
}

impl<'s> ReceiversView<'s> {
    pub(super) fn of(scene: &Scene<'s>) -> Self {
        let zone = scene.board.zone;
        let of = |receiver: &'s ReceiverStatus| ReceiverView {
            name: &receiver.name,
            kind: &receiver.kind,
            waiting: receiver.waiting,
            sent: receiver.sent,
            dead: receiver.dead,
            failing_since: receiver.failing_since.map(|at| Moment::of(at, zone)),
            last_sent: receiver.last_sent.map(|at| Moment::of(at, zone)),
            last_error: receiver.last_error.as_deref(),
        };
        let item = |item: &'s OutboxItem| OutboxView {
            item,
            is_dead: item.state == "dead",
            created: Moment::of(item.created, zone),
            next_attempt: item.next_attempt.map(|at| Moment::of(at, zone)),
        };
        let outbox = scene.recent.iter().flat_map(|recent| &recent.outbox);
        Self {
            receivers: scene.board.status.receivers.iter().map(of).collect(),
            outbox: outbox.map(item).collect(),
            trouble: scene.recent.err(),
        }
    }
}

#[derive(Serialize)]
pub(super) struct SilencesView<'s> {
    silences: Vec<SilenceView<'s>>,
    left_out: usize,
    may_change: bool,
}

#[derive(Serialize)]
struct SilenceView<'s> {
    silence: &'s SilenceStatus,
    from: Option<Moment>,
    until: Option<Moment>,
    covers: usize,
}

impl<'s> SilencesView<'s> {
    pub(super) fn of(scene: &Scene<'s>) -> Self {
        let (status, zone) = (&scene.board.status, scene.board.zone);
        let of = |silence: &'s SilenceStatus| SilenceView {
            silence,
            // One that has begun is told by its end.
            from: silence.from.filter(|from| *from > status.at).map(|at| Moment::of(at, zone)),
            until: silence.until.map(|at| Moment::of(at, zone)),
            covers: status.silenced_by(&silence.id).count(),
        };
        let silences = status.silences.iter().take(SILENCES_MAX).map(of).collect();
        let left_out = status.silences.len().saturating_sub(SILENCES_MAX);
        Self { silences, left_out, may_change: scene.may_change }
    }
}
