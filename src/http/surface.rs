//! Requests answered.
//!
//! Owns the way from a request to its answer: who asks, what for, whom that is asked of, and how
//! the answer looks. Must never count what stages count, nor keep the run from its work: it is
//! asked one thing at a time, and not again while an answer is fresh. Nothing here fails: what goes
//! wrong is an answer.

use std::path::PathBuf;
use std::sync::{Arc, Mutex as StdMutex, PoisonError};
use std::time::Duration;

use chrono::{DateTime, Utc};
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderMap};
use hyper::{Request, StatusCode};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::accept;
use super::answer::{self, Answer, Refusal};
use super::guard::{self, Guard, Standing};
use super::live::{self, Live, Looker, Sources as LiveSources};
use super::look::look;
use super::process;
use super::question::{Desk, NewSilence, Question, Unanswered};
use super::route::{AlertFilter, Chosen, Minutes, Route};
use crate::clock::{self, Stopwatch};
use crate::engine::State;
use crate::status::live::{Choice, SCRIPT, STYLE, icon};
use crate::status::metrics::{self, Asked};
use crate::status::{AlertStatus, OutboxItem, SilenceStatus, SourceStatus, Status, Verdict};
use crate::store::{HistoryFilter, Look, OutboxState};

/// What every address and the socket offer.
const OPENAPI: &str = include_str!("../../docs/openapi.json");

/// A body has no more than this, and is sent within so long.
const BODY_BYTES_MAX: usize = 64 * 1024;
const BODY_TIME_MAX: Duration = Duration::from_secs(10);

/// For so long an answer of the run is fresh.
const FRESH: Duration = Duration::from_millis(250);

/// What answers: one for all connections.
pub(super) struct Surface {
    pub(super) desk: Desk,
    /// Where the state lies.
    pub(super) directory: PathBuf,
    stopwatch: Stopwatch,
    /// The last status, and when it was given. Who holds it asks; others wait for his answer.
    last: Mutex<Option<(Duration, Arc<Status>)>>,
    live: Live,
    asked: StdMutex<Asked>,
}

#[derive(Serialize)]
struct Alerts<'s> {
    alerts: Vec<&'s AlertStatus>,
    left_out: u64,
}

#[derive(Serialize)]
struct Sources<'s> {
    sources: &'s [SourceStatus],
    left_out: u64,
}

#[derive(Serialize)]
struct Silences<'s> {
    silences: &'s [SilenceStatus],
}

#[derive(Serialize)]
struct Minute {
    at: DateTime<Utc>,
    source: String,
    module: String,
    code: String,
    errors: u64,
}

#[derive(Serialize)]
struct Occurrences {
    minutes: Vec<Minute>,
    left_out: bool,
}

#[derive(Serialize)]
struct Outbox {
    notifications: Vec<OutboxItem>,
}

impl Surface {
    pub(super) fn new(desk: Desk, directory: PathBuf) -> Self {
        Self {
            desk,
            directory,
            stopwatch: Stopwatch::start(),
            last: Mutex::new(None),
            live: Live::default(),
            asked: StdMutex::default(),
        }
    }

    /// Counts something of what is asked.
    pub(super) fn count(&self, count: impl FnOnce(&mut Asked)) {
        // Numbers are right whoever has panicked over them.
        count(&mut self.asked.lock().unwrap_or_else(PoisonError::into_inner));
    }

    /// Answers a request.
    pub(super) async fn answer(
        self: &Arc<Self>,
        guard: &Guard,
        request: Request<Incoming>,
    ) -> Answer {
        let counted_as = Route::counted_as(request.uri().path());
        let answer = match self.try_answer(guard, request).await {
            Ok(answer) => answer,
            Err(refusal) => answer::refused(&refusal),
        };
        let status = answer.status().as_u16();
        self.count(|asked| *asked.requests.entry((counted_as, status)).or_default() += 1);
        answer
    }

    async fn try_answer(
        self: &Arc<Self>,
        guard: &Guard,
        request: Request<Incoming>,
    ) -> Result<Answer, Refusal> {
        let (method, uri) = (request.method(), request.uri());
        let standing = guard.admit(method, uri, request.headers()).inspect_err(|refusal| {
            let why = if refusal.status == StatusCode::FORBIDDEN { "cross-site" } else { "host" };
            self.count(|asked| *asked.refused.entry(why).or_default() += 1);
        })?;
        let route = Route::of(method, uri.path(), uri.query(), clock::now());
        let is_open = route.as_ref().is_ok_and(Route::is_open);
        if standing == Standing::Stranger && !is_open {
            self.count(|asked| *asked.refused.entry("token").or_default() += 1);
            let what = "the token of the run is needed";
            let hint = "send it as `Authorization: Bearer …`";
            return Err(Refusal::new(StatusCode::UNAUTHORIZED, what).with_hint(hint));
        }
        let route = route?;
        if standing == Standing::Reader && route.is_change() {
            self.count(|asked| *asked.refused.entry("token").or_default() += 1);
            let what = "a change at an address needs a token";
            let hint = "use the unix socket of the run, or give [http] a `token`";
            return Err(Refusal::new(StatusCode::FORBIDDEN, what).with_hint(hint));
        }
        match route {
            Route::Index(chosen) if accept::wants_page(request.headers()) => {
                let looker = looker(chosen, standing, request.headers());
                let drawn = self.live.draw(self.live_sources(), &looker, FRESH).await?;
                Ok(answer::page(drawn.page().to_owned()))
            }
            Route::Index(_) => Ok(answer::text(StatusCode::OK, index())),
            Route::Style => Ok(answer::file("text/css; charset=utf-8", &STYLE)),
            Route::Script => Ok(answer::file("text/javascript; charset=utf-8", SCRIPT)),
            Route::Icon(grade) => Ok(answer::file("image/svg+xml", icon(grade))),
            Route::Events(chosen, heard) => {
                let looker = looker(chosen, standing, request.headers());
                self.listen(looker, heard, request.headers())
            }
            Route::Metrics => Ok(answer::metrics(self.metrics(&*self.status().await?))),
            Route::Health => {
                self.status().await?;
                Ok(answer::text(StatusCode::OK, "ok\n".to_owned()))
            }
            Route::Ready => Ok(ready(&*self.status().await?, standing)),
            Route::OpenApi => Ok(answer::json_file(OPENAPI)),
            Route::Status => Ok(answer::json(StatusCode::OK, &*self.status().await?)),
            Route::Alerts(filter) => Ok(alerts(&*self.status().await?, &filter)),
            Route::Sources => {
                let status = self.status().await?;
                let (sources, left_out) = (&*status.sources, status.sources_left_out);
                Ok(answer::json(StatusCode::OK, &Sources { sources, left_out }))
            }
            Route::Silences => {
                let status = self.status().await?;
                Ok(answer::json(StatusCode::OK, &Silences { silences: &status.silences }))
            }
            Route::Occurrences(minutes) => self.occurrences(minutes).await,
            Route::Outbox(states, rows_max) => self.outbox(states, rows_max).await,
            Route::Silence => self.silence(request).await,
            Route::Expire(id) => self.expire(id).await,
        }
    }

    /// How the run stands, as of a moment ago at most.
    async fn status(&self) -> Result<Arc<Status>, Unanswered> {
        let mut last = self.last.lock().await;
        let now = self.stopwatch.elapsed();
        if let Some((at, status)) = &*last
            && now < *at + FRESH
        {
            return Ok(Arc::clone(status));
        }
        let status = self.desk.ask(Question::Status).await?;
        *last = Some((self.stopwatch.elapsed(), Arc::clone(&status)));
        Ok(status)
    }

    /// What was answered before a change is wrong behind it.
    async fn forget(&self) {
        *self.last.lock().await = None;
        self.live.forget().await;
    }

    fn live_sources(&self) -> LiveSources<'_> {
        let Self { desk, directory, stopwatch, .. } = self;
        LiveSources { desk, directory, stopwatch }
    }

    /// Begins to tell what changes.
    fn listen(
        self: &Arc<Self>,
        looker: Looker,
        heard: Option<String>,
        headers: &HeaderMap,
    ) -> Result<Answer, Refusal> {
        // It would see nothing of it, and keep the place from others.
        if guard::is_of_another_site(headers) {
            self.count(|asked| *asked.refused.entry("cross-site").or_default() += 1);
            return Err(Refusal::new(StatusCode::FORBIDDEN, "another site listens"));
        }
        let Some((teller, pieces)) = self.live.listeners.admit() else {
            self.count(|asked| *asked.refused.entry("listeners").or_default() += 1);
            let what = "as many listen as there is room for";
            let hint = "close pages that are open elsewhere, or load this one again by itself";
            return Err(Refusal::new(StatusCode::SERVICE_UNAVAILABLE, what).with_hint(hint));
        };
        let again = headers.get("last-event-id").and_then(|id| id.to_str().ok());
        let known = again.map(str::to_owned).or(heard).unwrap_or_default();
        let surface = Arc::clone(self);
        tokio::spawn(async move {
            let draw = |age_max| surface.live.draw(surface.live_sources(), &looker, age_max);
            // Who has gone need not be told so.
            let _ = live::tell(teller, known, draw).await;
        });
        Ok(answer::events(pieces))
    }

    fn metrics(&self, status: &Status) -> String {
        let mut asked = self.asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        asked.listeners = self.live.listeners.count();
        metrics::write(status, &asked, process::read())
    }

    async fn occurrences(&self, minutes: Minutes) -> Result<Answer, Refusal> {
        let Minutes { from, until, source, module, code, rows_max } = minutes;
        let only = HistoryFilter { source, module, code };
        let seen = move |look: &Look| look.history(from..until, &only, rows_max + 1);
        let mut rows = look(&self.directory, seen).await?;
        let left_out = rows.len() > rows_max;
        rows.truncate(rows_max);
        let minutes = rows.into_iter().filter_map(|row| {
            let at = DateTime::from_timestamp(row.key.minute.checked_mul(60)?, 0)?;
            let (source, module, code) = (row.key.source, row.key.module, row.key.code);
            Some(Minute { at, source, module, code, errors: row.errors })
        });
        let document = Occurrences { minutes: minutes.collect(), left_out };
        Ok(answer::json(StatusCode::OK, &document))
    }

    async fn outbox(&self, states: Vec<OutboxState>, rows_max: usize) -> Result<Answer, Refusal> {
        let seen = move |look: &Look| {
            let mut entries = Vec::new();
            for state in states {
                entries.extend(look.outbox(state, rows_max)?);
            }
            Ok(entries)
        };
        let entries = look(&self.directory, seen).await?;
        let notifications = entries.iter().map(OutboxItem::of).collect();
        Ok(answer::json(StatusCode::OK, &Outbox { notifications }))
    }

    async fn silence(&self, request: Request<Incoming>) -> Result<Answer, Refusal> {
        check_json(request.headers())?;
        let body = Limited::new(request.into_body(), BODY_BYTES_MAX).collect();
        let body = timeout(BODY_TIME_MAX, body).await.map_err(|_| {
            Refusal::new(StatusCode::REQUEST_TIMEOUT, "the body does not come to its end")
        })?;
        let body = body.map_err(|error| {
            if error.is::<http_body_util::LengthLimitError>() {
                let what = format!("the body has more than {BODY_BYTES_MAX} bytes");
                return Refusal::new(StatusCode::PAYLOAD_TOO_LARGE, what);
            }
            Refusal::new(StatusCode::BAD_REQUEST, format!("the body cannot be read: {error}"))
        })?;
        let new: NewSilence = serde_json::from_slice(&body.to_bytes()).map_err(|error| {
            Refusal::new(StatusCode::BAD_REQUEST, format!("this is no silence: {error}"))
        })?;
        let silenced = self.desk.ask(|reply| Question::Silence(new, reply)).await?;
        self.forget().await;
        match silenced {
            Ok(silenced) => Ok(answer::json(StatusCode::CREATED, &silenced)),
            Err(problems) => {
                let what = problems.first().map(|first| first.what.clone()).unwrap_or_default();
                let refusal = Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, what);
                Err(Refusal { problems, ..refusal })
            }
        }
    }

    async fn expire(&self, id: String) -> Result<Answer, Refusal> {
        let expired = self.desk.ask(|reply| Question::Expire(id, reply)).await?;
        self.forget().await;
        let missing = || Refusal::new(StatusCode::NOT_FOUND, "there is no silence of this name");
        Ok(answer::json(StatusCode::OK, &expired.ok_or_else(missing)?))
    }
}

fn looker(chosen: Chosen, standing: Standing, headers: &HeaderMap) -> Looker {
    let Chosen { language, period, code } = chosen;
    let language = language.unwrap_or_else(|| accept::language(headers));
    let choice = Choice { language, period, code };
    Looker { choice, may_change: standing == Standing::Trusted }
}

/// A form of a page cannot send this kind.
fn check_json(headers: &HeaderMap) -> Result<(), Refusal> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default();
    if kind.trim().eq_ignore_ascii_case("application/json") {
        return Ok(());
    }
    let what = "the body is to be JSON";
    let hint = "send it with `Content-Type: application/json`";
    Err(Refusal::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, what).with_hint(hint))
}

/// A stranger learns whether the run is ready, and not why.
fn ready(status: &Status, standing: Standing) -> Answer {
    let verdict = Verdict::of(status);
    if verdict.is_ready() {
        return answer::text(StatusCode::OK, "ready\n".to_owned());
    }
    let mut body = "not ready\n".to_owned();
    if standing != Standing::Stranger {
        for finding in verdict.blocking() {
            body += &crate::surface::escape::visible(&finding.what);
            body.push('\n');
        }
    }
    answer::text(StatusCode::SERVICE_UNAVAILABLE, body)
}

fn alerts(status: &Status, filter: &AlertFilter) -> Answer {
    let AlertFilter { state, rule, severity } = filter;
    let fits = |alert: &&AlertStatus| {
        state.is_none_or(|state: State| state == alert.state)
            && rule.as_ref().is_none_or(|rule| *rule == alert.rule)
            && severity.is_none_or(|severity| severity == alert.severity)
    };
    let alerts = status.alerts.iter().filter(fits).collect();
    answer::json(StatusCode::OK, &Alerts { alerts, left_out: status.alerts_left_out })
}

/// What there is, for who comes with a browser.
fn index() -> String {
    let mut page = format!("ocrwatch {}\n\n", env!("CARGO_PKG_VERSION"));
    for path in Route::PATHS.into_iter().filter(|path| *path != "/") {
        page += path;
        page.push('\n');
    }
    page
}
