//! The page that an operator leaves open, and what is told to it.
//!
//! Owns how often the run and its state are looked at for all who look, and which parts of the page
//! a listener does not know yet. Must never know what the page shows, nor ask while nobody looks.
//! What cannot be looked at is said in the page's words; a run that does not answer is a
//! [`Refusal`].
//!
//! The id of an event says in which state its parts are, and a browser that comes again says the
//! last one that it heard. So nothing is kept of a listener who is gone, and a new run goes on
//! where the one before ended.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::timeout;

use super::answer::Refusal;
use super::look::look;
use super::question::{Desk, Question, Unanswered};
use super::stream::{Gone, Listeners, Teller};
use crate::clock::Stopwatch;
use crate::fnv::Fnv;
use crate::status::live::{self, Choice, Part, Period, Recent, Scene};
use crate::status::{Board, OutboxItem};
use crate::store::{Look, LookError, OutboxState};
use crate::surface::Language;

/// So often it is looked at what has changed, while somebody listens.
const TICK: Duration = Duration::from_secs(1);

/// Who is told nothing for so long is told that; else what stands between would hang up.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// A listener comes again after this: before its connection's time is over, and so in order.
const LISTEN_MAX: Duration = Duration::from_mins(4);

/// Who was cut off comes again so soon.
const RETRY_MS: u64 = 2_000;

/// So much of the state is shown.
const STEP_ROWS_MAX: usize = 2_000;
const CODES_MAX: usize = 512;
const OUTBOX_MAX: usize = 20;

/// A page that nobody has looked at for so long is drawn anew; so many are kept.
const DRAWN_AGE_MAX: Duration = Duration::from_secs(5);
const DRAWN_MAX: usize = 16;

/// Who looks, and at what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Looker {
    pub(super) choice: Choice,
    pub(super) may_change: bool,
}

/// What is shared by all who look.
#[derive(Debug, Default)]
pub(super) struct Live {
    pub(super) listeners: Listeners,
    /// Who holds it asks; others wait for what he is answered.
    kept: Mutex<Kept>,
}

/// What the state on disk has, or why that is not known.
type LookedAt = Result<Recent, String>;

#[derive(Debug, Default)]
struct Kept {
    /// That there was no answer is shared, too: one after the other would wait for it.
    boards: Vec<(Language, Duration, Result<Arc<Board>, Unanswered>)>,
    recents: Vec<(Period, Basis, Arc<LookedAt>)>,
    drawn: Vec<(Looker, Duration, Arc<Board>, Arc<Drawn>)>,
}

/// What the state on disk changes with: commits, and the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Basis {
    commits: u64,
    minute: i64,
}

/// A page, part by part.
#[derive(Debug, Default)]
pub(super) struct Drawn {
    parts: Vec<Part>,
    marks: Vec<u64>,
    page: String,
}

/// Where things are found.
#[derive(Clone, Copy)]
pub(super) struct Sources<'s> {
    pub(super) desk: &'s Desk,
    pub(super) directory: &'s Path,
    pub(super) stopwatch: &'s Stopwatch,
}

impl Drawn {
    fn of(scene: &Scene<'_>) -> Self {
        let parts = live::parts(scene);
        let marks: Vec<_> = parts.iter().map(|part| Fnv::of(&part.html)).collect();
        let page = live::page(scene, &parts, &written(&marks));
        Self { parts, marks, page }
    }

    pub(super) fn page(&self) -> &str {
        &self.page
    }
}

impl Live {
    /// What was answered before may be wrong by now.
    pub(super) async fn forget(&self) {
        *self.kept.lock().await = Kept::default();
    }

    /// The page as of so long ago at most.
    pub(super) async fn draw(
        &self,
        sources: Sources<'_>,
        looker: &Looker,
        age_max: Duration,
    ) -> Result<Arc<Drawn>, Refusal> {
        let mut kept = self.kept.lock().await;
        let Choice { language, period, .. } = looker.choice;
        let board = kept.board(sources, language, age_max).await?;
        let now = sources.stopwatch.elapsed();
        kept.drawn.retain(|(_, at, ..)| now < *at + DRAWN_AGE_MAX);
        let known = kept.drawn.iter_mut().find(|(known, ..)| known == looker);
        if let Some((_, at, of, drawn)) = known
            && Arc::ptr_eq(of, &board)
        {
            *at = now;
            return Ok(Arc::clone(drawn));
        }
        let recent = kept.recent(sources, &board, period).await;
        let recent = recent.as_ref().as_ref().map_err(String::as_str);
        let (choice, may_change) = (&looker.choice, looker.may_change);
        let drawn = Arc::new(Drawn::of(&Scene { board: &board, recent, choice, may_change }));
        kept.drawn.retain(|(known, ..)| known != looker);
        if kept.drawn.len() >= DRAWN_MAX {
            kept.drawn.remove(0);
        }
        kept.drawn.push((looker.clone(), now, board, Arc::clone(&drawn)));
        Ok(drawn)
    }
}

impl Kept {
    async fn board(
        &mut self,
        sources: Sources<'_>,
        language: Language,
        age_max: Duration,
    ) -> Result<Arc<Board>, Unanswered> {
        let now = sources.stopwatch.elapsed();
        let known = self.boards.iter().find(|(known, ..)| *known == language);
        if let Some((_, at, board)) = known
            && now < *at + age_max
        {
            return board.clone();
        }
        let board = sources.desk.ask(|reply| Question::Board(language, reply)).await;
        self.boards.retain(|(known, ..)| *known != language);
        self.boards.push((language, sources.stopwatch.elapsed(), board.clone()));
        board
    }

    async fn recent(
        &mut self,
        sources: Sources<'_>,
        board: &Board,
        period: Period,
    ) -> Arc<LookedAt> {
        let at = board.status.at;
        let basis =
            Basis { commits: board.status.store.commits, minute: at.timestamp().div_euclid(60) };
        let known = self.recents.iter().find(|(known, ..)| *known == period);
        if let Some((_, of, recent)) = known
            && *of == basis
        {
            return Arc::clone(recent);
        }
        let (from, until) = period.range(at);
        let seen =
            look(sources.directory, move |look| read(look, from..until, period.step_minutes()));
        let recent = Arc::new(seen.await.map_err(|refusal| refusal.what));
        self.recents.retain(|(known, ..)| *known != period);
        self.recents.push((period, basis, Arc::clone(&recent)));
        recent
    }
}

fn read(
    look: &Look,
    range: std::ops::Range<chrono::DateTime<chrono::Utc>>,
    step_minutes: i64,
) -> Result<Recent, LookError> {
    let mut steps = look.errors_by_step(range.clone(), step_minutes, STEP_ROWS_MAX + 1)?;
    let mut codes = look.errors_by_code(range, CODES_MAX + 1)?;
    let is_partial = steps.len() > STEP_ROWS_MAX || codes.len() > CODES_MAX;
    steps.truncate(STEP_ROWS_MAX);
    codes.truncate(CODES_MAX);
    let mut entries = look.outbox(OutboxState::Queued, OUTBOX_MAX)?;
    entries.extend(look.outbox(OutboxState::Dead, OUTBOX_MAX)?);
    let outbox = entries.iter().map(OutboxItem::of).collect();
    Ok(Recent { steps, codes, is_partial, outbox })
}

/// What one listener was told.
#[derive(Debug)]
struct Telling {
    known: Vec<u64>,
    told_at: Duration,
    is_in_trouble: bool,
}

impl Telling {
    fn after(known: &str) -> Self {
        Self { known: read_marks(known), told_at: Duration::ZERO, is_in_trouble: false }
    }

    /// What it is told at an instant since it began to listen, if anything.
    fn next(&mut self, now: Duration, drawn: Result<&Drawn, &Refusal>) -> Option<String> {
        let event = match drawn {
            Ok(drawn) => self.board(drawn),
            Err(refusal) => self.trouble(&refusal.what),
        };
        let heartbeat = || (now >= self.told_at + HEARTBEAT).then(|| ":\n\n".to_owned());
        let event = event.or_else(heartbeat)?;
        self.told_at = now;
        Some(event)
    }

    fn board(&mut self, drawn: &Drawn) -> Option<String> {
        let all = drawn.parts.iter().zip(&drawn.marks).enumerate();
        let changed = all.filter(|(at, (_, mark))| self.known.get(*at) != Some(*mark));
        let changed: BTreeMap<_, _> =
            changed.map(|(_, (part, _))| (part.name, part.html.as_str())).collect();
        if changed.is_empty() && !self.is_in_trouble {
            return None;
        }
        self.is_in_trouble = false;
        self.known.clone_from(&drawn.marks);
        // JSON of texts: no line of it can end the event.
        let data = serde_json::to_string(&changed).unwrap_or_default();
        Some(format!("event: board\nid: {}\ndata: {data}\n\n", written(&drawn.marks)))
    }

    fn trouble(&mut self, what: &str) -> Option<String> {
        if self.is_in_trouble {
            return None;
        }
        self.is_in_trouble = true;
        let data = serde_json::to_string(what).unwrap_or_default();
        Some(format!("event: trouble\ndata: {data}\n\n"))
    }
}

/// Tells a listener what changes, until it goes or comes again.
pub(super) async fn tell<F: Future<Output = Result<Arc<Drawn>, Refusal>>>(
    teller: Teller,
    known: String,
    draw: impl Fn(Duration) -> F,
) -> Result<(), Gone> {
    let (stopwatch, mut telling) = (Stopwatch::start(), Telling::after(&known));
    teller.tell(format!("retry: {RETRY_MS}\n\n")).await?;
    loop {
        let drawn = draw(TICK).await;
        let now = stopwatch.elapsed();
        if let Some(event) = telling.next(now, drawn.as_deref()) {
            teller.tell(event).await?;
        }
        if now >= LISTEN_MAX || timeout(TICK, teller.gone()).await.is_ok() {
            return Ok(());
        }
    }
}

fn written(marks: &[u64]) -> String {
    marks.iter().map(|mark| format!("{mark:016x}")).collect::<Vec<_>>().join(".")
}

/// What is no mark is one that no part has.
fn read_marks(text: &str) -> Vec<u64> {
    text.split('.').map(|mark| u64::from_str_radix(mark, 16).unwrap_or_default()).take(32).collect()
}

#[cfg(test)]
mod tests {
    use hyper::StatusCode;

    use super::*;

    fn drawn(parts: &[(&'static str, &str)]) -> Drawn {
        let part = |(name, html): &(&'static str, &str)| Part { name, html: (*html).to_owned() };
        let parts: Vec<_> = parts.iter().map(part).collect();
        let marks = parts.iter().map(|part| Fnv::of(&part.html)).collect();
        Drawn { parts, marks, page: String::new() }
    }

    fn data(event: Option<&str>) -> Option<&str> {
        event.map(|event| event.lines().find_map(|line| line.strip_prefix("data: ")).unwrap_or(""))
    }

    #[test]
    fn a_listener_is_told_the_parts_that_it_does_not_know_and_again_what_changes() {
        let first = drawn(&[("a", "1"), ("b", "<p>\n2")]);
        let mut telling = Telling::after("");
        let told = telling.next(Duration::ZERO, Ok(&first)).unwrap();
        assert_eq!(data(Some(&told)), Some(r#"{"a":"1","b":"<p>\n2"}"#));
        assert_eq!(told.lines().count(), 4, "{told}");
        assert_eq!(telling.next(Duration::ZERO, Ok(&first)), None);
        let second = drawn(&[("a", "1"), ("b", "3")]);
        let told = telling.next(Duration::ZERO, Ok(&second));
        assert_eq!(data(told.as_deref()), Some(r#"{"b":"3"}"#));
    }

    #[test]
    fn who_comes_again_is_told_what_changed_since_the_event_that_he_heard_last() {
        let first = drawn(&[("a", "1"), ("b", "2")]);
        let told = Telling::after("").next(Duration::ZERO, Ok(&first)).unwrap();
        let id = told.lines().find_map(|line| line.strip_prefix("id: ")).unwrap();
        let second = drawn(&[("a", "9"), ("b", "2")]);
        let told = Telling::after(id).next(Duration::ZERO, Ok(&second));
        assert_eq!(data(told.as_deref()), Some(r#"{"a":"9"}"#));
        for nonsense in ["x", "..", "0123456789abcdef0123", "-1"] {
            let told = Telling::after(nonsense).next(Duration::ZERO, Ok(&second));
            assert_eq!(data(told.as_deref()), Some(r#"{"a":"9","b":"2"}"#), "{nonsense}");
        }
    }

    #[test]
    fn who_is_told_nothing_for_a_while_hears_a_heartbeat() {
        let drawn = drawn(&[("a", "1")]);
        let mut telling = Telling::after("");
        assert!(telling.next(Duration::ZERO, Ok(&drawn)).is_some());
        let early = HEARTBEAT.saturating_sub(Duration::from_millis(1));
        assert_eq!(telling.next(early, Ok(&drawn)), None);
        assert_eq!(telling.next(HEARTBEAT, Ok(&drawn)).as_deref(), Some(":\n\n"));
        assert_eq!(telling.next(HEARTBEAT + early, Ok(&drawn)), None);
    }

    #[test]
    fn a_run_that_does_not_answer_is_told_once_and_when_it_does_again() {
        let drawn = drawn(&[("a", "1")]);
        let refusal = Refusal::new(StatusCode::SERVICE_UNAVAILABLE, "it is\nlate");
        let mut telling = Telling::after("");
        assert!(telling.next(Duration::ZERO, Ok(&drawn)).is_some());
        let told = telling.next(Duration::ZERO, Err(&refusal));
        assert_eq!(told.as_deref(), Some("event: trouble\ndata: \"it is\\nlate\"\n\n"));
        assert_eq!(telling.next(Duration::ZERO, Err(&refusal)), None);
        assert_eq!(data(telling.next(Duration::ZERO, Ok(&drawn)).as_deref()), Some("{}"));
        assert_eq!(telling.next(Duration::ZERO, Ok(&drawn)), None);
    }
}
