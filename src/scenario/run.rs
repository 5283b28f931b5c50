//! Runs one scenario.
//!
//! Owns the order in which things are fed in, and what was true at an instant. Must never decide
//! what an event means or what an alert says. Nothing here fails.

use std::collections::HashMap;
use std::sync::Arc;

use chrono::{DateTime, FixedOffset};

use super::compare::{self, FoundAlert};
use super::diff::Difference;
use super::feed::{Fed, Feed};
use super::log::{Found, Reading};
use super::{Scenario, expect::Expected};
use crate::catalogue::Catalogue;
use crate::engine::{
    Alert, Event, Fingerprint, Instant, LabelName, Rule, Source, Span, State, Transition, What,
};
use crate::replay::{Episode, Limits, Replay, Replayed, activity_gap};

/// What a scenario comes to.
#[derive(Debug, Clone)]
pub struct Outcome {
    /// What is otherwise than expected, in the order of the file; nothing if it passes.
    pub differences: Vec<Difference>,
    /// The alerts that there were.
    pub episodes: Vec<Episode>,
    /// The rules that at least one event was about.
    pub asked: Vec<Arc<str>>,
}

/// Something that is read at an instant.
struct Fact {
    read_at: Instant,
    source: Arc<Source>,
    /// When it happened; none where the log does not tell.
    at: Option<Instant>,
    what: Given,
}

enum Given {
    Found(Found),
    Line,
}

impl Scenario {
    /// Feeds everything in and compares.
    pub fn run(&self, catalogue: &Arc<Catalogue>) -> Outcome {
        const CHANGES_MAX: usize = 1_000_000;
        let settings = self.settings;
        let limits = Limits { changes_max: CHANGES_MAX, ..Limits::default() };
        let rules = Arc::clone(&self.rules);
        let policy = self.policy.clone();
        let mut replay = Replay::new(rules, policy, Arc::clone(catalogue), settings, limits);
        let facts = self.facts(catalogue);
        let mut looks: Vec<&Expected> = self.expected.iter().collect();
        looks.sort_by_key(|look| look.at);
        let mut looks = looks.into_iter().peekable();
        let mut seen: HashMap<Instant, Vec<(State, Alert)>> = HashMap::new();
        let mut look = |replay: &mut Replay, at: Instant| {
            replay.pass_to(at);
            seen.insert(at, replay.alerts());
        };
        for fact in &facts {
            while let Some(due) = looks.next_if(|look| look.at < fact.read_at) {
                look(&mut replay, due.at);
            }
            fact.feed(&mut replay);
        }
        looks.for_each(|due| look(&mut replay, due.at));
        let last = facts.last().map_or(self.start, |fact| fact.read_at);
        let asked = self.expected.iter().map(|expected| expected.at);
        let told = self.told.iter().flatten().map(|told| told.at);
        let end = asked.chain(told).fold(last, Instant::max);
        // What an alert waits for before it ends may come as late as that, and be as late again.
        replay.pass_to(end.plus(settings.lateness.times(2)).plus(Span::SECOND));
        let replayed = replay.finish(None, settings);
        let mut differences = Vec::new();
        for expected in &self.expected {
            let seen = seen.get(&expected.at).map(Vec::as_slice).unwrap_or_default();
            let found = self.at(expected.at, seen, &replayed, catalogue);
            differences.extend(compare::alerts(self, expected, &found));
        }
        if let Some(told) = &self.told {
            let until = |at: Instant| at < end.plus(Span::SECOND);
            differences.extend(compare::told(self, told, &replayed.decisions, until));
        }
        differences.sort_by_key(|difference| difference.line);
        let about = |rule: &&Rule| facts.iter().any(|fact| fact.is_about(rule, catalogue));
        let asked = self.rules.iter().filter(about).map(|rule| Arc::clone(&rule.name));
        Outcome { differences, episodes: replayed.episodes, asked: asked.collect() }
    }

    /// The alerts that were pending or firing at an instant. What had been `seen` of them then goes
    /// before what was known when they changed: more events may have come since.
    fn at(
        &self,
        at: Instant,
        seen: &[(State, Alert)],
        replayed: &Replayed,
        catalogue: &Catalogue,
    ) -> Vec<FoundAlert> {
        let mut order = Vec::new();
        let mut last: HashMap<Fingerprint, &Transition> = HashMap::new();
        for change in replayed.changes.iter().filter(|change| change.at <= at) {
            let fingerprint = change.alert.fingerprint;
            if last.insert(fingerprint, change).is_none() {
                order.push(fingerprint);
            }
        }
        let changes = order.iter().filter_map(|fingerprint| last.get(fingerprint));
        let open = changes.filter(|change| matches!(change.to, State::Pending | State::Firing));
        let found = open.map(|change| {
            let known = seen.iter().find(|(state, alert)| {
                *state == change.to && is_of_one_episode(alert, &change.alert)
            });
            let alert = known.map_or(&*change.alert, |(_, alert)| alert);
            let rule = self.rules.iter().find(|rule| rule.name == alert.rule);
            FoundAlert::of(alert, rule, change, catalogue, self.zone)
        });
        found.collect()
    }

    /// Everything that is fed in, in the order in which it is read.
    fn facts(&self, catalogue: &Arc<Catalogue>) -> Vec<Fact> {
        let activity_gap = activity_gap(&self.rules);
        let reading =
            Reading { catalogue, successes: &self.successes, zone: self.zone, activity_gap };
        let mut logs: Vec<(&Arc<Source>, Vec<&Feed>)> = Vec::new();
        let mut facts = Vec::new();
        for feed in &self.feeds {
            if let Fed::Log(_) = feed.what {
                match logs.iter_mut().find(|(source, _)| source.name == feed.source.name) {
                    Some((_, feeds)) => feeds.push(feed),
                    None => logs.push((&feed.source, vec![feed])),
                }
            } else {
                facts.extend((0..feed.times).map(|number| self.direct(feed, number)));
            }
        }
        for (source, feeds) in logs {
            facts.extend(reading.read(source, &feeds).into_iter().map(|(read_at, found)| Fact {
                read_at,
                source: Arc::clone(source),
                at: match &found {
                    Found::Error(error) => error.at.map(Instant::from),
                    Found::Success(success) => success.at.map(Instant::from),
                    Found::Activity(at) => Some(Instant::from(*at)),
                },
                what: Given::Found(found),
            }));
        }
        facts.sort_by_key(|fact| fact.read_at);
        facts
    }

    /// What comes without a log.
    fn direct(&self, feed: &Feed, number: u32) -> Fact {
        let (at, read_at) = feed.time(number);
        let stamp: DateTime<FixedOffset> = self.zone.show(at.to_utc());
        let what = match &feed.what {
            Fed::Error(error) => {
                let mut error = error.clone();
                error.at = Some(stamp);
                Given::Found(Found::Error(error))
            }
            Fed::Success(success) => {
                let mut success = success.clone();
                success.at = Some(stamp);
                Given::Found(Found::Success(success))
            }
            Fed::Log(_) | Fed::Line => Given::Line,
        };
        Fact { read_at, source: Arc::clone(&feed.source), at: Some(at), what }
    }
}

/// Until its end is settled, an alert that is over still stands open, and what begins the next
/// episode is counted in.
fn is_of_one_episode(seen: &Alert, changed: &Alert) -> bool {
    let begins = |alert: &Alert| (alert.fingerprint, alert.pending_at, alert.fired_at);
    begins(seen) == begins(changed)
}

impl Fact {
    fn event(&self) -> Event<'_> {
        let what = match &self.what {
            Given::Found(Found::Error(error)) => What::Error(error),
            Given::Found(Found::Success(success)) => What::Success(success),
            Given::Found(Found::Activity(_)) | Given::Line => What::Line,
        };
        Event { source: &self.source, at: self.at, what }
    }

    fn feed(&self, replay: &mut Replay) {
        replay.event(self.read_at, &self.event());
    }

    fn is_about(&self, rule: &Rule, catalogue: &Catalogue) -> bool {
        let event = self.event();
        let code = event.label(&LabelName::Code);
        rule.matcher.fits(&event, code.is_some_and(|code| catalogue.entry(code).is_some()))
    }
}
