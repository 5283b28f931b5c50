//! Events and rules for tests, in few words.

use std::fmt::Write as _;
use std::sync::{Arc, LazyLock};

use chrono::{DateTime, FixedOffset};
use proptest::test_runner::Config as ProptestConfig;

use crate::catalogue::{Catalogue, Severity};
use crate::engine::{
    Condition, Consecutive, Engine, Event, EventKind, Instant, LabelName, Matcher, Pattern, Rule,
    Settings, Source, Span, Threshold, Transition, Window,
};
use crate::occurrence::{Module, Occurrence, Place, Success};

/// One event with the instant at which it was read.
#[derive(Debug, Clone)]
pub(super) struct Fed {
    pub(super) now: Instant,
    pub(super) at: Instant,
    pub(super) source: Source,
    pub(super) what: Given,
}

#[derive(Debug, Clone)]
pub(super) enum Given {
    Error {
        code: &'static str,
        cause: Option<&'static str>,
        key: Option<String>,
        api: Option<String>,
    },
    Success {
        key: Option<String>,
        api: Option<String>,
    },
    Line,
}

pub(super) fn seconds(seconds: i64) -> Instant {
    Instant(seconds * 1000)
}

fn moment(at: Instant) -> DateTime<FixedOffset> {
    at.to_utc().fixed_offset()
}

pub(super) fn occurrence(at: Instant, code: &str, source: &str) -> Occurrence {
    let place = Place { file: source.into(), line: 1, offset: 0 };
    let module = Module::of_code(code).expect("a code of a known module");
    let error = Occurrence::new(place, Some(moment(at)), module, code.into());
    Occurrence { sample: "a sample".into(), ..error }
}

impl Fed {
    pub(super) fn feed(&self, engine: &mut Engine) {
        match &self.what {
            Given::Error { code, cause, key, api } => {
                let error = Occurrence {
                    cause: cause.map(Arc::from),
                    access_key: key.as_deref().map(Into::into),
                    api: api.as_deref().map(Into::into),
                    ..occurrence(self.at, code, &self.source.name)
                };
                engine.ingest(self.now, &Event::error(&self.source, &error));
            }
            Given::Success { key, api } => {
                let success = Success {
                    place: Place { file: Arc::clone(&self.source.name), line: 1, offset: 0 },
                    at: Some(moment(self.at)),
                    http_status: 200,
                    api: api.as_deref().map(Into::into),
                    region: None,
                    project: None,
                    host: None,
                    access_key: key.as_deref().map(Into::into),
                };
                engine.ingest(self.now, &Event::success(&self.source, &success));
            }
            Given::Line => {
                let event = Event {
                    source: &self.source,
                    at: Some(self.at),
                    what: crate::engine::What::Line,
                };
                engine.ingest(self.now, &event);
            }
        }
    }
}

pub(super) fn error(at: i64) -> Fed {
    let what = Given::Error { code: "APIG.0301", cause: None, key: None, api: None };
    Fed { now: seconds(at), at: seconds(at), source: Source::named("app.log"), what }
}

pub(super) fn rule(name: &str, code: &str, condition: Condition) -> Rule {
    let codes = (LabelName::Code, vec![Pattern::Exact(code.into())]);
    Rule {
        name: name.into(),
        why: None,
        severity: Severity::Warning,
        matcher: Matcher { labels: vec![codes], ..Matcher::default() },
        condition,
        group_by: Arc::from([]),
        hold: Span::ZERO,
        keep_firing_for: Span::ZERO,
        lock: None,
        flap: None,
        summary: "".into(),
        note: None,
        chinese: None,
        inhibits: Vec::new(),
        links: Vec::new(),
    }
}

pub(super) fn count(at_least: u32, window_s: i64) -> Condition {
    let window = Window { span: Span(window_s * 1000), aligned: false };
    Condition::Count(Threshold { at_least, clear_below: at_least, window })
}

pub(super) fn lockout() -> Rule {
    let cause = (LabelName::Cause, vec![Pattern::Exact("aksk-signature".into())]);
    let behind = (LabelName::Module, vec![Pattern::Exact("OCR".into())]);
    let reset = vec![Matcher { labels: vec![behind], ..Matcher::default() }];
    let condition = Condition::Consecutive(Consecutive { more_than: 5, gap: Span::HOUR, reset });
    let mut rule = Rule {
        group_by: Arc::from([LabelName::Credential]),
        keep_firing_for: Span(300_000),
        lock: Some(Span(300_000)),
        severity: Severity::Critical,
        ..rule("aksk-lockout", "APIG.0301", condition)
    };
    rule.matcher.labels.push(cause);
    rule
}

pub(super) fn silence(window_s: i64) -> Rule {
    let condition = Condition::Absent(crate::engine::Absent { window: Span(window_s * 1000) });
    let matcher = Matcher { event: EventKind::Line, ..Matcher::default() };
    Rule { matcher, group_by: Arc::from([LabelName::Source]), ..rule("silent", "", condition) }
}

pub(super) fn engine(rules: &[Rule]) -> Engine {
    Engine::new(rules.into(), catalogue(), Settings::default())
}

pub(super) fn catalogue() -> Arc<Catalogue> {
    static EMBEDDED: LazyLock<Arc<Catalogue>> = LazyLock::new(|| Arc::new(Catalogue::embedded()));
    Arc::clone(&EMBEDDED)
}

/// How often a property is tried where `PROPTEST_CASES` leaves the usual 256; more or less often as
/// that asks for.
pub(super) fn tried(cases: u32) -> ProptestConfig {
    let usual = ProptestConfig::default();
    ProptestConfig { cases: usual.cases * cases / 256, ..usual }
}

/// `6s firing aksk-lockout{credential="K"} consecutive…`.
pub(super) fn shown(transitions: &[Transition]) -> String {
    let mut text = String::new();
    for change in transitions {
        let labels: Vec<_> =
            change.alert.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
        let _ = writeln!(
            text,
            "{} {} {}{{{}}} {} of {} {:?}",
            change.at.0 / 1000,
            change.to,
            change.alert.rule,
            labels.join(","),
            change.alert.count,
            change.from,
            change.reason
        );
    }
    text
}

/// Feeds a stream and goes on until everything is settled that time alone brings within an hour.
pub(super) fn run(rules: &[Rule], fed: &[Fed]) -> Vec<Transition> {
    let mut engine = engine(rules);
    for event in fed {
        event.feed(&mut engine);
    }
    let last = fed.iter().map(|event| event.now).max().unwrap_or_default();
    engine.advance(last.plus(Span::HOUR.times(3)));
    engine.take()
}
