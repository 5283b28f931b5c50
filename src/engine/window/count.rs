//! How many events a window holds, exactly, in memory that depends on the threshold alone.
//!
//! Keeps the latest instants only: whether at least `n` lie in a window is told by the `n`-th from
//! the end. Events may come out of order within the lateness; what is settled (before the
//! watermark) is never looked at again, so of it the latest `n` are enough.
//!
//! Must never know rules or alerts. Nothing here fails.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::engine::rule::Threshold;
use crate::engine::time::Instant;

/// Instants that are kept beyond what is settled, for events out of order in a burst.
const UNSETTLED_MAX: usize = 64;

/// The latest events' instants, ascending.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::engine) struct Count {
    times: VecDeque<Instant>,
}

impl Count {
    /// Takes an event in; returns where it stands among the kept ones.
    pub(super) fn insert(&mut self, at: Instant) -> usize {
        let mut place = self.times.len();
        if self.times.back().is_none_or(|last| *last <= at) {
            self.times.push_back(at);
            return place;
        }
        while place > 0 && self.times[place - 1] > at {
            place -= 1;
        }
        self.times.insert(place, at);
        place
    }

    /// What is before this has to be taken as settled, so that there is room; `None` while there
    /// is.
    pub(super) fn frontier(&self, threshold: Threshold, watermark: Instant) -> Option<Instant> {
        let needed = threshold.at_least as usize;
        let most = (4 * needed).max(UNSETTLED_MAX);
        if self.times.len() > most {
            // In a burst what is settled comes closer than the lateness.
            return self.times.get(self.times.len() - most / 2).map(|at| watermark.max(*at));
        }
        self.times.get(needed).filter(|next| **next <= watermark).map(|_| watermark)
    }

    /// Forgets what no window at or behind the frontier needs; returns how many of the oldest went.
    pub(super) fn trim(&mut self, threshold: Threshold, frontier: Instant) -> usize {
        let needed = threshold.at_least as usize;
        let mut gone = 0;
        while self.times.get(needed).is_some_and(|next| *next <= frontier) {
            self.times.pop_front();
            gone += 1;
        }
        gone
    }

    /// Whether the one at a place is later.
    pub(super) fn is_later(&self, place: usize, at: Instant) -> bool {
        self.times.get(place).is_some_and(|time| *time >= at)
    }

    /// Takes one out again.
    pub(super) fn remove(&mut self, place: usize) {
        self.times.remove(place);
    }

    /// How many are kept that are not later.
    fn until(&self, at: Instant) -> usize {
        // Almost always everything is.
        match self.times.back() {
            Some(last) if *last <= at => self.times.len(),
            _ => self.times.partition_point(|time| *time <= at),
        }
    }

    /// The first instant from `from` on at which a window holds enough.
    pub(super) fn opens(&self, threshold: Threshold, from: Instant) -> Option<Instant> {
        let Threshold { window, .. } = threshold;
        let needed = threshold.at_least as usize;
        let enough = |until: usize, at: Instant| {
            until >= needed && window.holds(self.times[until - needed], at)
        };
        let before = self.until(from);
        if enough(before, from) {
            return Some(from);
        }
        (before..self.times.len())
            .map(|place| (place + 1, self.times[place]))
            .find(|&(until, at)| enough(until, at))
            .map(|(_, at)| at)
    }

    /// The first instant behind `from`, at which a window held enough, from which on it no longer
    /// does.
    pub(super) fn closes(&self, threshold: Threshold, from: Instant) -> Instant {
        let Threshold { window, .. } = threshold;
        let needed = threshold.clear_below.max(1) as usize;
        // What was forgotten, or seen again later, is settled: it held up to what is kept.
        let mut until = self.until(from).max(needed);
        let Some(last) = self.times.back() else { return from };
        loop {
            let Some(oldest) = self.times.get(until - needed) else { return from };
            let leaves = window.leaves(*oldest);
            // What comes before the oldest leaves only puts that off.
            if *last < leaves {
                until = self.times.len().max(until);
                return window.leaves(self.times[until - needed]);
            }
            let Some(next) = self.times.get(until).filter(|next| **next <= leaves) else {
                return leaves;
            };
            // All that came at one instant count there.
            while self.times.get(until) == Some(next) {
                until += 1;
            }
            if !window.holds(self.times[until - needed], *next) {
                return leaves;
            }
        }
    }

    /// How many the window at `at` holds, as far as they are kept.
    pub(super) fn count(&self, threshold: Threshold, at: Instant) -> u32 {
        u32::try_from(self.held(threshold, at).count()).unwrap_or(u32::MAX)
    }

    /// The first that the window at `at` holds.
    pub(super) fn first(&self, threshold: Threshold, at: Instant) -> Option<Instant> {
        self.held(threshold, at).next()
    }

    fn held(&self, threshold: Threshold, at: Instant) -> impl Iterator<Item = Instant> {
        let kept = self.times.iter().copied().take(self.until(at));
        kept.skip_while(move |time| !threshold.window.holds(*time, at))
    }

    /// How many came behind an instant.
    pub(super) fn behind(&self, at: Instant) -> u32 {
        u32::try_from(self.times.len() - self.until(at)).unwrap_or(u32::MAX)
    }

    /// When the last one has left every window.
    pub(super) fn idle_at(&self, threshold: Threshold) -> Instant {
        self.times.back().map_or(Instant::MIN, |last| threshold.window.leaves(*last))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::rule::Window;
    use crate::engine::time::Span;

    fn threshold(at_least: u32, clear_below: u32, span: i64) -> Threshold {
        let window = Window { span: Span(span), aligned: false };
        Threshold { at_least, clear_below, window }
    }

    fn of(times: &[i64]) -> Count {
        let mut count = Count::default();
        for time in times {
            count.insert(Instant(*time));
        }
        count
    }

    #[test]
    fn a_window_excludes_its_beginning_and_includes_its_end() {
        let three = threshold(3, 3, 10);
        assert_eq!(of(&[0, 5, 10]).opens(three, Instant::MIN), None);
        assert_eq!(of(&[1, 5, 10]).opens(three, Instant::MIN), Some(Instant(10)));
        assert_eq!(of(&[1, 5, 10]).closes(three, Instant(10)), Instant(11));
    }

    #[test]
    fn an_event_as_another_leaves_keeps_the_window_full() {
        let two = threshold(2, 2, 10);
        assert_eq!(of(&[0, 5, 10]).closes(two, Instant(5)), Instant(15));
        assert_eq!(of(&[0, 5, 11]).closes(two, Instant(5)), Instant(10));
    }

    #[test]
    fn a_lower_number_holds_on_when_it_is_asked_for() {
        let two = threshold(2, 1, 10);
        assert_eq!(of(&[0, 5]).closes(two, Instant(5)), Instant(15));
        let two = threshold(2, 2, 10);
        assert_eq!(of(&[0, 5]).closes(two, Instant(5)), Instant(10));
    }

    #[test]
    fn an_aligned_window_starts_anew_at_each_multiple() {
        let window = Window { span: Span(10), aligned: true };
        let two = Threshold { at_least: 2, clear_below: 2, window };
        assert_eq!(of(&[8, 11]).opens(two, Instant::MIN), None);
        assert_eq!(of(&[11, 19]).opens(two, Instant::MIN), Some(Instant(19)));
        assert_eq!(of(&[11, 19, 20]).closes(two, Instant(19)), Instant(20));
    }

    #[test]
    fn what_no_window_behind_the_frontier_needs_goes_and_is_counted() {
        let two = threshold(2, 2, 10);
        let mut count = of(&[0, 1, 2, 3, 4]);
        assert_eq!(count.frontier(two, Instant(1)), None, "the third may still come second");
        assert_eq!(count.frontier(two, Instant(2)), Some(Instant(2)));
        assert_eq!(count.trim(two, Instant(2)), 1);
        assert_eq!(count.trim(two, Instant(4)), 2);
        assert_eq!(count, of(&[3, 4]));
    }

    #[test]
    fn in_a_burst_the_frontier_comes_closer_than_the_watermark() {
        let times: Vec<i64> = (0..=64).collect();
        let early = Instant(-1);
        assert_eq!(of(&times[..64]).frontier(threshold(2, 2, 10), early), None);
        assert_eq!(of(&times).frontier(threshold(2, 2, 10), early), Some(Instant(33)));
        assert_eq!(of(&times).frontier(threshold(2, 2, 10), Instant(50)), Some(Instant(50)));
        assert_eq!(of(&times).frontier(threshold(17, 2, 10), early), None, "four times as many");
    }

    /// Every instant, every event, counted.
    fn holds(times: &[i64], threshold: Threshold, needed: u32, at: i64) -> bool {
        let held = times
            .iter()
            .filter(|time| **time <= at && threshold.window.holds(Instant(**time), Instant(at)));
        held.count() >= needed as usize
    }

    proptest! {
        #[test]
        fn it_agrees_with_counting_every_event(
            mut times in proptest::collection::vec(0i64..60, 1..30),
            at_least in 1u32..5, clear in 1u32..5, span in 1i64..20, aligned: bool, from in 0i64..60
        ) {
            let window = Window { span: Span(span), aligned };
            let threshold = Threshold { at_least, clear_below: clear.min(at_least), window };
            let count = of(&times);
            times.sort_unstable();
            let opens = (from..100).find(|at| holds(&times, threshold, at_least, *at));
            prop_assert_eq!(count.opens(threshold, Instant(from)), opens.map(Instant));
            if let Some(opens) = opens {
                let clear = threshold.clear_below;
                let closes = (opens..200).find(|at| !holds(&times, threshold, clear, *at));
                prop_assert_eq!(Some(count.closes(threshold, Instant(opens))), closes.map(Instant));
            }
        }

        #[test]
        fn what_is_trimmed_changes_nothing_behind_the_watermark(
            mut times in proptest::collection::vec(0i64..200, 1..60),
            at_least in 1u32..4, span in 1i64..20, disorder in 0i64..10
        ) {
            let threshold = threshold(at_least, at_least, span);
            times.sort_unstable();
            let (mut whole, mut trimmed) = (Count::default(), Count::default());
            for (index, time) in (0i64..).zip(&times) {
                let at = Instant(time - (index * 7) % (disorder + 1));
                let watermark = Instant(time - disorder);
                whole.insert(at);
                trimmed.insert(at);
                if let Some(frontier) = trimmed.frontier(threshold, watermark) {
                    trimmed.trim(threshold, frontier);
                }
                prop_assert_eq!(
                    trimmed.opens(threshold, watermark), whole.opens(threshold, watermark)
                );
            }
            prop_assert!(trimmed.times.len() <= UNSETTLED_MAX);
        }
    }
}
