//! What a request asks for.
//!
//! Owns paths, methods and parameters. Must never answer. Pure. Fails with a [`Refusal`], which
//! names the methods that a path has, or the parameter that is wrong.

use chrono::{DateTime, TimeDelta, Utc};
use hyper::{Method, StatusCode};

use super::answer::Refusal;
use crate::catalogue::Severity;
use crate::engine::State;
use crate::status::Grade;
use crate::status::live::Period;
use crate::store::OutboxState;
use crate::surface::Language;

/// So many rows are given if nothing is said, and at most.
const ROWS_USUAL: usize = 1_000;
const ROWS_MAX: usize = 10_000;

/// The minutes that are given if nothing is said.
const HISTORY_USUAL: TimeDelta = TimeDelta::hours(1);

/// What is asked for.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Route {
    Index(Chosen),
    Style,
    Script,
    Icon(Grade),
    /// What changes on the page, behind the last event that was heard.
    Events(Chosen, Option<String>),
    Metrics,
    Health,
    Ready,
    OpenApi,
    Status,
    Alerts(AlertFilter),
    Sources,
    Occurrences(Minutes),
    Outbox(Vec<OutboxState>, usize),
    Silences,
    Silence,
    Expire(String),
}

/// Which alerts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AlertFilter {
    pub(super) state: Option<State>,
    pub(super) rule: Option<String>,
    pub(super) severity: Option<Severity>,
}

/// Which minutes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Minutes {
    pub(super) from: DateTime<Utc>,
    pub(super) until: DateTime<Utc>,
    pub(super) source: Option<String>,
    pub(super) module: Option<String>,
    pub(super) code: Option<String>,
    pub(super) rows_max: usize,
}

/// What of the page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Chosen {
    pub(super) language: Option<Language>,
    pub(super) period: Period,
    pub(super) code: Option<String>,
}

/// So much is looked at of a code that somebody looks for, and of what he heard last.
const CODE_CHARS_MAX: usize = 64;
const HEARD_BYTES_MAX: usize = 1_024;

const STATES: [(&str, &[OutboxState]); 5] = [
    ("queued", &[OutboxState::Queued]),
    ("dead", &[OutboxState::Dead]),
    ("sent", &[OutboxState::Sent]),
    ("merged", &[OutboxState::Merged]),
    ("all", &[OutboxState::Queued, OutboxState::Dead, OutboxState::Sent, OutboxState::Merged]),
];

impl Route {
    /// What is asked for by a method, a path and a query.
    pub(super) fn of(
        method: &Method,
        path: &str,
        query: Option<&str>,
        now: DateTime<Utc>,
    ) -> Result<Self, Refusal> {
        let silence = path.strip_prefix("/api/v1/silences/").filter(|id| !id.is_empty());
        let (allow, is_known) = match (path, silence) {
            (_, Some(_)) => ("DELETE", true),
            ("/api/v1/silences", _) => ("GET, HEAD, POST", true),
            _ => ("GET, HEAD", Self::is_path(path)),
        };
        if !is_known {
            let what = "there is nothing here";
            let hint = "`/api/v1/openapi.json` tells what there is";
            return Err(Refusal::new(StatusCode::NOT_FOUND, what).with_hint(hint));
        }
        let asked = if *method == Method::HEAD { "GET" } else { method.as_str() };
        if !allow.split(", ").any(|allowed| allowed == asked) {
            let what = format!("{method} is not possible here");
            let refusal = Refusal::new(StatusCode::METHOD_NOT_ALLOWED, what);
            return Err(Refusal { allow: Some(allow), ..refusal });
        }
        let mut query = Query::of(query);
        let route = match (path, asked) {
            (_, "DELETE") => Self::Expire(decoded(silence.unwrap_or_default())?),
            (_, "POST") => Self::Silence,
            ("/live.css", _) => Self::Style,
            ("/live.js", _) => Self::Script,
            ("/icon.svg", _) => Self::Icon(query.grade()?),
            ("/api/v1/events", _) => {
                let heard = query.take("last")?.filter(|heard| heard.len() <= HEARD_BYTES_MAX);
                Self::Events(query.chosen()?, heard)
            }
            ("/metrics", _) => Self::Metrics,
            ("/healthz", _) => Self::Health,
            ("/readyz", _) => Self::Ready,
            ("/api/v1/openapi.json", _) => Self::OpenApi,
            ("/api/v1/status", _) => Self::Status,
            ("/api/v1/alerts", _) => Self::Alerts(query.alerts()?),
            ("/api/v1/sources", _) => Self::Sources,
            ("/api/v1/occurrences", _) => Self::Occurrences(query.minutes(now)?),
            ("/api/v1/outbox", _) => Self::Outbox(query.states()?, query.limit()?),
            ("/api/v1/silences", _) => Self::Silences,
            _ => Self::Index(query.chosen()?),
        };
        query.finish()?;
        Ok(route)
    }

    fn is_path(path: &str) -> bool {
        Self::PATHS.contains(&path)
    }

    /// Every path without a part of its own.
    pub(super) const PATHS: [&str; 15] = [
        "/",
        "/live.css",
        "/live.js",
        "/icon.svg",
        "/metrics",
        "/healthz",
        "/readyz",
        "/api/v1/openapi.json",
        "/api/v1/status",
        "/api/v1/alerts",
        "/api/v1/sources",
        "/api/v1/occurrences",
        "/api/v1/outbox",
        "/api/v1/silences",
        "/api/v1/events",
    ];

    /// Whether a stranger may ask for it: whether the run lives is no secret.
    pub(super) fn is_open(&self) -> bool {
        matches!(self, Self::Health | Self::Ready)
    }

    /// Whether it changes anything.
    pub(super) fn is_change(&self) -> bool {
        matches!(self, Self::Silence | Self::Expire(_))
    }

    /// The path that requests are counted by.
    pub(super) fn counted_as(path: &str) -> &'static str {
        if path.starts_with("/api/v1/silences/") {
            return "/api/v1/silences/{id}";
        }
        Self::PATHS.into_iter().find(|known| *known == path).unwrap_or("other")
    }
}

/// The parameters of a query, each taken once.
struct Query(Vec<(String, String)>);

impl Query {
    fn of(query: Option<&str>) -> Self {
        let pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        Self(pairs.into_owned().collect())
    }

    fn take(&mut self, name: &str) -> Result<Option<String>, Refusal> {
        let Some(at) = self.0.iter().position(|(known, _)| known == name) else { return Ok(None) };
        let (_, value) = self.0.remove(at);
        if self.0.iter().any(|(known, _)| known == name) {
            return Err(wrong(format!("`{name}` is said twice")));
        }
        Ok(Some(value))
    }

    fn one_of<T: Copy>(&mut self, name: &str, words: &[(&str, T)]) -> Result<Option<T>, Refusal> {
        let Some(value) = self.take(name)? else { return Ok(None) };
        let found = words.iter().find(|(word, _)| *word == value);
        let known: Vec<_> = words.iter().map(|(word, _)| *word).collect();
        let missing = || wrong(format!("`{name}` is one of {}", known.join(", ")));
        found.map(|(_, value)| Some(*value)).ok_or_else(missing)
    }

    fn chosen(&mut self) -> Result<Chosen, Refusal> {
        let languages = [("en", Language::English), ("zh", Language::Chinese)];
        let periods = Period::ALL.map(|period| (period.name(), period));
        let code = self.take("code")?;
        let code = code.map(|code| code.trim().chars().take(CODE_CHARS_MAX).collect::<String>());
        Ok(Chosen {
            language: self.one_of("lang", &languages)?,
            period: self.one_of("period", &periods)?.unwrap_or_default(),
            code: code.filter(|code| !code.is_empty()),
        })
    }

    fn grade(&mut self) -> Result<Grade, Refusal> {
        let grades =
            [("ok", Grade::Ok), ("warning", Grade::Warning), ("critical", Grade::Critical)];
        Ok(self.one_of("grade", &grades)?.unwrap_or(Grade::Ok))
    }

    fn alerts(&mut self) -> Result<AlertFilter, Refusal> {
        let states = [("pending", State::Pending), ("firing", State::Firing)];
        let severities = Severity::ALL.map(|severity| (severity.name(), severity));
        Ok(AlertFilter {
            state: self.one_of("state", &states)?,
            rule: self.take("rule")?,
            severity: self.one_of("severity", &severities)?,
        })
    }

    fn minutes(&mut self, now: DateTime<Utc>) -> Result<Minutes, Refusal> {
        let until = self.instant("until")?.unwrap_or(now + TimeDelta::minutes(1));
        let usual = until.checked_sub_signed(HISTORY_USUAL).unwrap_or(until);
        let from = self.instant("from")?.unwrap_or(usual);
        if until <= from {
            return Err(wrong("`until` is not later than `from`".to_owned()));
        }
        let (source, module) = (self.take("source")?, self.take("module")?);
        let (code, rows_max) = (self.take("code")?, self.limit()?);
        Ok(Minutes { from, until, source, module, code, rows_max })
    }

    fn instant(&mut self, name: &str) -> Result<Option<DateTime<Utc>>, Refusal> {
        let Some(value) = self.take(name)? else { return Ok(None) };
        // A `+` that was not written as `%2B` is a blank by now.
        let instant = DateTime::parse_from_rfc3339(&value.replace(' ', "+"));
        let failed = |_| wrong(format!("`{name}` is an instant as in 2026-11-24T06:00:00Z"));
        Ok(Some(instant.map_err(failed)?.to_utc()))
    }

    fn states(&mut self) -> Result<Vec<OutboxState>, Refusal> {
        let states = self.one_of("state", &STATES)?;
        Ok(states.unwrap_or(&[OutboxState::Queued, OutboxState::Dead]).to_vec())
    }

    fn limit(&mut self) -> Result<usize, Refusal> {
        let Some(value) = self.take("limit")? else { return Ok(ROWS_USUAL) };
        let limit = value.parse().ok().filter(|limit| (1..=ROWS_MAX).contains(limit));
        limit.ok_or_else(|| wrong(format!("`limit` is a number from 1 to {ROWS_MAX}")))
    }

    /// What was not taken is not known.
    fn finish(self) -> Result<(), Refusal> {
        match self.0.first() {
            Some((name, _)) => Err(wrong(format!("there is no parameter `{name}`"))),
            None => Ok(()),
        }
    }
}

fn wrong(what: String) -> Refusal {
    Refusal::new(StatusCode::BAD_REQUEST, what)
}

fn decoded(part: &str) -> Result<String, Refusal> {
    let decoded = percent_encoding::percent_decode_str(part).decode_utf8();
    let decoded = decoded.map_err(|_| wrong("the path is not UTF-8".to_owned()))?;
    Ok(decoded.into_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(method: &str, target: &str) -> Result<Route, Refusal> {
        let now = DateTime::from_timestamp(1_800_000_000, 0).unwrap();
        let (path, query) = target.split_once('?').map_or((target, None), |(p, q)| (p, Some(q)));
        Route::of(&method.parse().unwrap(), path, query, now)
    }

    fn refusal(method: &str, target: &str) -> String {
        let refusal = route(method, target).unwrap_err();
        format!("{} {}", refusal.status.as_u16(), refusal.what)
    }

    #[test]
    fn every_path_leads_somewhere_and_is_counted_as_itself() {
        for path in Route::PATHS {
            assert!(route("GET", path).is_ok() && route("HEAD", path).is_ok(), "{path}");
            assert_eq!(Route::counted_as(path), path);
        }
        assert_eq!(route("DELETE", "/api/v1/silences/a%20b"), Ok(Route::Expire("a b".to_owned())));
        assert_eq!(Route::counted_as("/api/v1/silences/a"), "/api/v1/silences/{id}");
        assert_eq!(Route::counted_as("/secret/path"), "other");
    }

    #[test]
    fn a_method_that_a_path_has_not_is_told_with_those_that_it_has() {
        for (method, path, allow) in [
            ("POST", "/metrics", "GET, HEAD"),
            ("PUT", "/api/v1/silences", "GET, HEAD, POST"),
            ("GET", "/api/v1/silences/a", "DELETE"),
            ("BREW", "/", "GET, HEAD"),
        ] {
            let refusal = route(method, path).unwrap_err();
            assert_eq!((refusal.status.as_u16(), refusal.allow), (405, Some(allow)), "{path}");
        }
        assert_eq!(refusal("GET", "/api/v2/status"), "404 there is nothing here");
        assert_eq!(refusal("DELETE", "/api/v1/silences/"), "404 there is nothing here");
    }

    #[test]
    fn parameters_have_their_kinds_and_others_there_are_not() {
        for (target, expected) in [
            ("/api/v1/alerts?state=resolved", "`state` is one of pending, firing"),
            ("/api/v1/outbox?limit=0", "`limit` is a number from 1 to 10000"),
            ("/api/v1/outbox?limit=1&limit=2", "`limit` is said twice"),
            ("/api/v1/status?pretty", "there is no parameter `pretty`"),
            ("/?period=2h", "`period` is one of 1h, 6h, 24h"),
            ("/api/v1/events?lang=fr", "`lang` is one of en, zh"),
            ("/icon.svg?grade=fine", "`grade` is one of ok, warning, critical"),
            (
                "/api/v1/occurrences?from=yesterday",
                "`from` is an instant as in 2026-11-24T06:00:00Z",
            ),
            (
                "/api/v1/occurrences?from=2030-01-01T00:00:00Z&until=2029-01-01T00:00:00Z",
                "`until` is not later than `from`",
            ),
        ] {
            assert_eq!(refusal("GET", target), format!("400 {expected}"));
        }
    }

    #[test]
    fn what_is_chosen_of_the_page_is_bounded() {
        assert_eq!(route("GET", "/"), Ok(Route::Index(Chosen::default())));
        assert_eq!(route("GET", "/?code=%20"), Ok(Route::Index(Chosen::default())));
        let target =
            format!("/api/v1/events?lang=zh&period=24h&code={0}&last={0}", "\u{fc}".repeat(999));
        let chosen = Chosen {
            language: Some(Language::Chinese),
            period: Period::Day,
            code: Some("\u{fc}".repeat(64)),
        };
        assert_eq!(route("GET", &target), Ok(Route::Events(chosen, None)));
        let heard = Some("0a.0b".to_owned());
        let target = "/api/v1/events?last=0a.0b";
        assert_eq!(route("GET", target), Ok(Route::Events(Chosen::default(), heard)));
    }

    #[test]
    fn what_is_not_said_of_minutes_is_the_last_hour() {
        let Ok(Route::Occurrences(usual)) = route("GET", "/api/v1/occurrences") else {
            panic!("no minutes")
        };
        assert_eq!(usual.until - usual.from, TimeDelta::hours(1));
        let target = "/api/v1/occurrences?until=2027-01-01T08:00:00+08:00&code=AIS.0101&limit=5";
        let Ok(Route::Occurrences(asked)) = route("GET", target) else { panic!("no minutes") };
        assert_eq!(asked.from.to_rfc3339(), "2026-12-31T23:00:00+00:00");
        assert_eq!((asked.code.as_deref(), asked.rows_max), (Some("AIS.0101"), 5));
    }
}
