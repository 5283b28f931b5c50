//! What a replay says is what a daemon would have said.

use std::collections::BTreeSet;
use std::sync::Arc;

use proptest::prelude::*;

use super::{Limits, Replay, Replayed};
use crate::catalogue::Catalogue;
use crate::engine::{
    Decision, Engine, Event, Instant, Notification, NotifyReason, Policy, PolicyConfig, Settings,
    Source, Span, State, Transition,
};
use crate::extract::{self, Extractor, Successes};
use crate::occurrence::{Occurrence, Success};
use crate::rules::RuleSet;
use crate::zone::Zone;

/// What a log holds, in its order.
#[derive(Default)]
struct Finds(Vec<Found>);

enum Found {
    Error(Occurrence),
    Success(Success),
}

impl extract::Sink for Finds {
    fn occurrence(&mut self, occurrence: Occurrence) {
        self.0.push(Found::Error(occurrence));
    }

    fn success(&mut self, success: Success) {
        self.0.push(Found::Success(success));
    }
}

impl Found {
    fn event<'e>(&'e self, source: &'e Source) -> Event<'e> {
        match self {
            Self::Error(occurrence) => Event::error(source, occurrence),
            Self::Success(success) => Event::success(source, success),
        }
    }
}

fn log() -> Vec<u8> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/data/ocr-gateway.log");
    std::fs::read(path).expect("the log of the README")
}

/// The log's events, each with the latest instant up to it.
fn events(catalogue: &Arc<Catalogue>, log: &[u8]) -> Vec<(Instant, Found)> {
    let reference = "2026-11-24T00:00:00Z".parse().expect("an instant");
    let settings = extract::Settings {
        successes: Successes::access_logs(),
        ..extract::Settings::new(Zone::parse("Asia/Shanghai").expect("a zone"), reference)
    };
    let mut finds = Finds::default();
    let mut extractor = Extractor::new(catalogue, settings, "app.log".into());
    extractor.push(log, &mut finds);
    extractor.finish(&mut finds);
    let mut reached = Instant::MIN;
    let source = Source::default();
    let placed = finds.0.into_iter().map(|found| {
        reached = reached.max(found.event(&source).at.unwrap_or(reached));
        (reached, found)
    });
    placed.collect()
}

fn replayed(catalogue: &Arc<Catalogue>, rules: &RuleSet, events: &[(Instant, Found)]) -> Replayed {
    let limits = Limits { changes_max: usize::MAX, ..Limits::default() };
    let settings = Settings::default();
    let mut replay = Replay::new(
        Arc::clone(rules.rules()),
        PolicyConfig::new(),
        Arc::clone(catalogue),
        settings,
        limits,
    );
    let source = Source::named("app.log");
    for (reached, found) in events {
        replay.event(*reached, &found.event(&source));
    }
    let end = events.last().map(|(reached, _)| reached.plus(Span::DAY.times(2)));
    replay.finish(end, settings)
}

/// A daemon: lines come late, it is asked at odd times, and it is restarted all the time.
struct Daemon<'r> {
    rules: &'r RuleSet,
    catalogue: Arc<Catalogue>,
    engine: Engine,
    policy: Policy,
    changes: Vec<Transition>,
    told: Vec<Notification>,
}

impl<'r> Daemon<'r> {
    fn start(rules: &'r RuleSet, catalogue: &Arc<Catalogue>) -> Self {
        let settings = Settings::default();
        Self {
            rules,
            catalogue: Arc::clone(catalogue),
            engine: Engine::new(Arc::clone(rules.rules()), Arc::clone(catalogue), settings),
            policy: Policy::new(PolicyConfig::new(), rules.rules()),
            changes: Vec::new(),
            told: Vec::new(),
        }
    }

    fn take(&mut self, now: Instant) {
        for change in self.engine.take() {
            self.policy.apply(now, &change);
            self.changes.push(change);
        }
        self.policy.advance(now);
        self.told.extend(self.policy.take().into_iter().filter_map(|decision| match decision {
            Decision::Notify(told) => Some(told),
            Decision::Withhold(_) => None,
        }));
    }

    fn wake(&mut self, now: Instant) {
        loop {
            let deadlines =
                self.engine.next_deadline().into_iter().chain(self.policy.next_deadline());
            let Some(deadline) = deadlines.min().filter(|deadline| *deadline <= now) else { break };
            self.engine.advance(deadline);
            self.take(deadline);
        }
    }

    fn restart(&mut self) {
        let snapshot = serde_json::to_string(&self.engine.snapshot()).expect("JSON");
        let snapshot = serde_json::from_str(&snapshot).expect("what was written");
        let rules = Arc::clone(self.rules.rules());
        let catalogue = Arc::clone(&self.catalogue);
        self.engine = Engine::restore(rules, catalogue, Settings::default(), snapshot).0;
        let snapshot = serde_json::to_string(self.policy.snapshot()).expect("JSON");
        let snapshot = serde_json::from_str(&snapshot).expect("what was written");
        self.policy = Policy::restore(PolicyConfig::new(), self.rules.rules(), snapshot);
    }

    /// Reads the log line by line, each some milliseconds after it was written.
    fn live(mut self, events: &[(Instant, Found)], delays_ms: &[i64]) -> Self {
        let source = Source::named("app.log");
        let mut now = Instant::MIN;
        for ((written, found), delay) in events.iter().zip(delays_ms.iter().cycle()) {
            now = now.max(written.plus(Span(*delay)));
            self.wake(now);
            self.engine.ingest(now, &found.event(&source));
            self.take(now);
            self.restart();
        }
        let end = events.last().map_or(now, |(reached, _)| reached.plus(Span::DAY.times(2)));
        let settled_at = end.plus(Settings::default().lateness).plus(Span(1));
        self.wake(settled_at);
        self.engine.advance(settled_at);
        self.take(settled_at);
        self.policy.advance(settled_at.max(end.plus(Span::MINUTE)));
        self.take(settled_at);
        self
    }
}

fn told_of(decisions: &[Decision]) -> impl Iterator<Item = &Notification> {
    decisions.iter().filter_map(|decision| match decision {
        Decision::Notify(told) => Some(told),
        Decision::Withhold(_) => None,
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, ..ProptestConfig::default() })]

    #[test]
    fn live_equals_backtest(delays_ms in proptest::collection::vec(0i64..2_000, 1..20)) {
        let catalogue = Arc::new(Catalogue::embedded());
        let rules = RuleSet::embedded(&catalogue);
        let events = events(&catalogue, &log());
        let replayed = replayed(&catalogue, &rules, &events);
        prop_assert!(replayed.episodes.len() >= 4);
        let daemon = Daemon::start(&rules, &catalogue).live(&events, &delays_ms);
        prop_assert_eq!(&daemon.changes, &replayed.changes);
        // The same is told, only as much later as the lines came. A repeat tells of no change; its
        // name holds the instant at which it is due.
        let is_repeat = |told: &Notification| matches!(told.reason, NotifyReason::Repeat { .. });
        let ids = |told: &Notification| (told.reason, (!is_repeat(told)).then_some(told.id));
        let live: BTreeSet<_> = daemon.told.iter().map(ids).collect();
        let backtest: BTreeSet<_> = told_of(&replayed.decisions).map(ids).collect();
        prop_assert_eq!(live, backtest);
        prop_assert_eq!(daemon.told.len(), told_of(&replayed.decisions).count());
        for told in told_of(&replayed.decisions).filter(|told| !is_repeat(told)) {
            let live = daemon.told.iter().find(|live| live.id == told.id).expect("the same ids");
            let later = live.at.since(told.at);
            prop_assert!((0..=2_000).contains(&later.0), "{} later", later.0);
        }
    }
}

#[test]
fn an_alert_that_fires_at_the_end_is_told_and_not_resolved() {
    let catalogue = Arc::new(Catalogue::embedded());
    let rules = RuleSet::embedded(&catalogue);
    let message = "Request api error! The API id-card is not subscribed.";
    let log = format!(
        r#"2026-11-23 10:00:00,000 ERROR {{"error_msg":"{message}","error_code":"ModelArts.4204"}}"#
    );
    let events = events(&catalogue, log.as_bytes());
    let settings = Settings::default();
    let mut replay = Replay::new(
        Arc::clone(rules.rules()),
        PolicyConfig::new(),
        Arc::clone(&catalogue),
        settings,
        Limits::default(),
    );
    let source = Source::named("app.log");
    for (reached, found) in &events {
        replay.event(*reached, &found.event(&source));
    }
    assert_eq!(replay.alerts().first().map(|(state, _)| *state), Some(State::Firing));
    let replayed = replay.finish(None, settings);
    let [alert] = replayed.episodes.as_slice() else { panic!("{:?}", replayed.episodes) };
    assert_eq!(&*alert.alert.rule, "api-not-subscribed");
    assert_eq!(alert.resolved, None);
    assert_eq!(told_of(&replayed.decisions).count(), 1);
}

#[test]
fn what_finds_no_room_is_counted() {
    let catalogue = Arc::new(Catalogue::embedded());
    let rules = RuleSet::embedded(&catalogue);
    let events = events(&catalogue, &log());
    let limits = Limits { alerts_max: 1, decisions_max: 2, changes_max: 0 };
    let settings = Settings::default();
    let mut replay = Replay::new(
        Arc::clone(rules.rules()),
        PolicyConfig::new(),
        Arc::clone(&catalogue),
        settings,
        limits,
    );
    let source = Source::named("app.log");
    for (reached, found) in &events {
        replay.event(*reached, &found.event(&source));
    }
    let replayed = replay.finish(None, settings);
    assert_eq!((replayed.episodes.len(), replayed.decisions.len()), (1, 2));
    assert!(replayed.episodes_left_out >= 3 && replayed.decisions_left_out >= 1);
}
