//! The engine against a model that keeps every event and counts anew at every instant.

use proptest::prelude::*;

use super::stream::{Fed, count, engine, error, rule, seconds, tried};
use crate::engine::{Condition, Instant, Rule, Span, State, Threshold, Window};

const LATENESS_S: i64 = 30;

/// Whether a window that ends at `t` holds at least `needed` of the events, in whole seconds.
fn holds(events: &[i64], span: i64, aligned: bool, needed: u32, t: i64) -> bool {
    let inside =
        |at: &&i64| **at <= t && if aligned { *at / span == t / span } else { t - **at < span };
    events.iter().filter(inside).count() >= needed as usize
}

/// An open alert: the condition is known to hold since, and possibly to have ended.
#[derive(Debug, Clone, Copy)]
struct Open {
    since: i64,
    ended: Option<i64>,
    settled: i64,
}

impl Open {
    fn at(since: i64) -> Self {
        Self { since, ended: None, settled: i64::MIN }
    }
}

#[derive(Debug, Clone, Copy)]
struct Model {
    span: i64,
    aligned: bool,
    at_least: u32,
    clear_below: u32,
    keep: i64,
}

impl Model {
    /// Walks second by second: an event opens at once whatever it makes true that is not settled;
    /// the end is decided when it is settled.
    fn run(self, fed: &[(i64, i64)], until: i64) -> Vec<(State, i64)> {
        let (mut known, mut changes) = (Vec::new(), Vec::new());
        let mut open: Option<Open> = None;
        let mut from = i64::MIN;
        let mut fed = fed.iter().peekable();
        for now in 0..until {
            let watermark = now - LATENESS_S;
            while let Some(ended) = open.map(|open| self.ends(&known, open, i64::MAX)) {
                if ended + self.bridge() >= watermark {
                    break;
                }
                changes.push((State::Resolved, ended + self.keep));
                from = (ended + 1).max(open.map_or(i64::MIN, |open| open.settled));
                open = self.opens(&known, from, Self::horizon(&known)).map(Open::at);
                changes.extend(open.map(|open| (State::Firing, open.since)));
            }
            while let Some((_, at)) = fed.next_if(|(read, _)| *read == now) {
                open = open.map(|open| self.settled(&known, open, watermark));
                known.push(*at);
                if open.is_none() {
                    let first = from.max(*at).max(watermark);
                    open = self.opens(&known, first, now + 1).map(Open::at);
                    changes.extend(open.map(|open| (State::Firing, open.since)));
                }
            }
        }
        changes
    }

    /// Gaps that do not end an alert.
    fn bridge(self) -> i64 {
        self.keep.max(LATENESS_S)
    }

    fn horizon(known: &[i64]) -> i64 {
        known.iter().max().unwrap_or(&0) + 200
    }

    /// What is before the watermark stays as it is, whatever still comes.
    fn settled(self, known: &[i64], open: Open, watermark: i64) -> Open {
        match self.ends(known, open, watermark) {
            ended if ended < watermark => Open { ended: Some(ended), settled: watermark, ..open },
            _ => Open { since: open.since.max(watermark), ended: None, settled: watermark },
        }
    }

    /// When the condition of an open alert ends, as far as it is looked at.
    fn ends(self, known: &[i64], open: Open, until: i64) -> i64 {
        let horizon = Self::horizon(known);
        let clear = |from: i64| {
            let holds = |t: &i64| holds(known, self.span, self.aligned, self.clear_below, *t);
            (from..horizon).find(|t| !holds(t)).unwrap_or(horizon)
        };
        let mut ended = open.ended.unwrap_or_else(|| clear(open.since));
        while ended < until {
            let bridged = (ended.saturating_add(self.bridge()) + 1).min(horizon).min(until);
            let from = open.settled.max(ended + 1);
            let Some(again) = self.opens(known, from, bridged) else { break };
            ended = clear(again);
        }
        ended
    }

    fn opens(self, known: &[i64], from: i64, until: i64) -> Option<i64> {
        (from..until).find(|t| holds(known, self.span, self.aligned, self.at_least, *t))
    }

    fn rule(self) -> Rule {
        let Condition::Count(threshold) = count(self.at_least, self.span) else { unreachable!() };
        let window = Window { aligned: self.aligned, ..threshold.window };
        let threshold = Threshold { clear_below: self.clear_below, window, ..threshold };
        let keep_firing_for = Span(self.keep * 1000);
        Rule { keep_firing_for, ..rule("count", "APIG.0301", Condition::Count(threshold)) }
    }
}

proptest! {
    #![proptest_config(tried(150))]

    #[test]
    fn windows_agree_with_counting_every_event_anew(
        drawn in proptest::collection::vec(
            (
                prop_oneof![5 => 0i64..5, 1 => 5i64..90],
                prop_oneof![3 => Just(0i64), 2 => 0i64..25, 1 => 25i64..80]
            ),
            1..60
        ),
        span in 1i64..50, aligned: bool, at_least in 1u32..6, clear in 1u32..6,
        keep in prop_oneof![Just(0i64), 0i64..80]
    ) {
        let mut now = 200;
        let fed: Vec<(i64, i64)> = drawn
            .iter()
            .map(|(step, delay)| {
                now += step;
                (now, now - delay)
            })
            .collect();
        let model = Model { span, aligned, at_least, clear_below: clear.min(at_least), keep };
        let until = now + 300;
        let expected = model.run(&fed, until);
        let mut engine = engine(&[model.rule()]);
        for (now, at) in &fed {
            Fed { at: seconds(*at), ..error(*now) }.feed(&mut engine);
        }
        engine.advance(Instant(until * 1000));
        let changes: Vec<_> =
            engine.take().iter().map(|change| (change.to, change.at.0 / 1000)).collect();
        prop_assert_eq!(changes, expected);
    }
}
