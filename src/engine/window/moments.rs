//! Conditions that are true of a moment: something new, one event after another; and silence.
//!
//! Must never know rules or alerts beyond their numbers. Nothing here fails.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::engine::rule::{New, Sequence as SequenceRule};
use crate::engine::time::{Instant, Span};

/// Events of either kind that are kept for one sequence; of more the latest tell the same.
const MOMENTS_MAX: usize = 16;

/// When a group was last seen, and when it was new.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::engine) struct Seen {
    last: Option<Instant>,
    /// When it was last new, and since when it had not been seen then.
    new_at: Option<(Instant, Option<Instant>)>,
}

impl Seen {
    pub(super) fn insert(&mut self, rule: &New, at: Instant, learnt_at: Instant) {
        let unseen = self.last.is_none_or(|last| at.since(last) >= rule.unseen);
        if unseen && at >= learnt_at {
            self.new_at = Some((at, self.last));
        }
        self.last = self.last.max(Some(at));
    }

    pub(super) fn opens(&self, from: Instant) -> Option<Instant> {
        self.new_at.map(|(at, _)| at).filter(|at| *at >= from)
    }

    pub(super) fn unseen_since(&self) -> Option<Instant> {
        self.new_at.and_then(|(_, since)| since)
    }

    pub(super) fn idle_at(&self, rule: &New) -> Instant {
        self.last.map_or(Instant::MIN, |last| last.plus(rule.unseen))
    }
}

/// The latest events of both kinds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::engine) struct Sequence {
    firsts: VecDeque<Instant>,
    seconds: VecDeque<Instant>,
}

impl Sequence {
    pub(super) fn insert(&mut self, at: Instant, is_first: bool) {
        let moments = if is_first { &mut self.firsts } else { &mut self.seconds };
        let place = moments.partition_point(|moment| *moment <= at);
        moments.insert(place, at);
        if moments.len() > MOMENTS_MAX {
            moments.pop_front();
        }
    }

    /// How long after a first the second came.
    pub(super) fn after(&self, rule: &SequenceRule, second: Instant) -> Option<Span> {
        let first = self.firsts.iter().rev().find(|first| **first <= second)?;
        Some(second.since(*first)).filter(|after| *after <= rule.within)
    }

    pub(super) fn opens(&self, rule: &SequenceRule, from: Instant) -> Option<Instant> {
        let mut seconds = self.seconds.iter().copied().filter(|second| *second >= from);
        seconds.find(|second| self.after(rule, *second).is_some())
    }

    /// The last second that came within the time.
    pub(super) fn closes(&self, rule: &SequenceRule, from: Instant) -> Instant {
        let mut seconds = self.seconds.iter().rev().copied();
        let last = seconds.find(|second| self.after(rule, *second).is_some());
        last.map_or(from, |last| last.max(from))
    }

    pub(super) fn first(&self, second: Instant) -> Option<Instant> {
        self.firsts.iter().rev().copied().find(|first| *first <= second)
    }

    pub(super) fn idle_at(&self, rule: &SequenceRule) -> Instant {
        let last = self.firsts.back().max(self.seconds.back());
        last.map_or(Instant::MIN, |last| last.plus(rule.within))
    }
}

/// When something last came, and the silences that it ended.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::engine) struct Silence {
    last: Option<Instant>,
    /// Silences that ended: the last event before, the first behind.
    ended: VecDeque<(Instant, Instant)>,
}

impl Silence {
    pub(super) fn insert(&mut self, at: Instant, window: Span) {
        // What comes as the time is over comes in time.
        let long_enough = |from: Instant, to: Instant| to.since(from) > window;
        match self.last {
            Some(last) if at <= last => {
                let broken = |(from, to): &(Instant, Instant)| *from < at && at < *to;
                if let Some(place) = self.ended.iter().position(broken)
                    && let Some((from, to)) = self.ended.remove(place)
                {
                    let parts = [(at, to), (from, at)];
                    for part in parts.into_iter().filter(|(from, to)| long_enough(*from, *to)) {
                        self.ended.insert(place, part);
                    }
                }
            }
            last => {
                self.ended
                    .extend(last.filter(|last| long_enough(*last, at)).map(|last| (last, at)));
                self.last = Some(at);
            }
        }
        while self.ended.len() > MOMENTS_MAX {
            self.ended.pop_front();
        }
    }

    /// The first instant from `from` on at which there has been silence for long enough; by time
    /// alone, so it may not have come yet.
    pub(super) fn opens(&self, window: Span, from: Instant) -> Option<Instant> {
        let ended = self.ended.iter().map(|(last, _)| last.plus(window));
        ended.chain(self.last.map(|last| last.plus(window))).find(|at| *at >= from)
    }

    /// The last event before the silence that had lasted long enough at `at`.
    pub(super) fn since(&self, window: Span, at: Instant) -> Option<Instant> {
        let mut began = self.ended.iter().map(|(last, _)| *last).chain(self.last);
        began.rfind(|last| last.plus(window) <= at)
    }

    /// When something came behind `from`; `None` while nothing has.
    pub(super) fn closes(&self, from: Instant) -> Option<Instant> {
        self.ended.iter().map(|(_, next)| *next).find(|next| *next > from)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_not_seen_for_long_is_new_again() {
        let rule = New { unseen: Span(100), learning: Span(0) };
        let mut seen = Seen::default();
        seen.insert(&rule, Instant(0), Instant(0));
        assert_eq!(seen.opens(Instant::MIN), Some(Instant(0)));
        seen.insert(&rule, Instant(99), Instant(0));
        assert_eq!(seen.opens(Instant(1)), None);
        seen.insert(&rule, Instant(199), Instant(0));
        assert_eq!(seen.opens(Instant(1)), Some(Instant(199)));
        assert_eq!(seen.unseen_since(), Some(Instant(99)));
    }

    #[test]
    fn nothing_is_new_while_everything_is_learnt() {
        let rule = New { unseen: Span(100), learning: Span(50) };
        let mut seen = Seen::default();
        seen.insert(&rule, Instant(49), Instant(50));
        seen.insert(&rule, Instant(60), Instant(50));
        assert_eq!(seen.opens(Instant::MIN), None);
    }

    #[test]
    fn the_latest_of_each_kind_are_kept_and_a_second_at_the_same_instant_is_behind_its_first() {
        let rule = SequenceRule { then: crate::engine::Matcher::default(), within: Span(0) };
        let mut sequence = Sequence::default();
        let most = i64::try_from(MOMENTS_MAX).expect("a small number");
        for at in 0..=most {
            sequence.insert(Instant(at), true);
            sequence.insert(Instant(at), false);
        }
        for kept in [&sequence.firsts, &sequence.seconds] {
            let ends = (kept.front().copied(), kept.len());
            assert_eq!(ends, (Some(Instant(1)), MOMENTS_MAX));
        }
        assert_eq!(sequence.after(&rule, Instant(most)), Some(Span::ZERO));
        assert_eq!(sequence.after(&rule, Instant(0)), None);

        let mut silence = Silence::default();
        for at in 0..most + 3 {
            silence.insert(Instant(at * 10), Span(9));
        }
        let ends = (silence.ended.front().copied(), silence.ended.len());
        assert_eq!(ends, (Some((Instant(20), Instant(30))), MOMENTS_MAX));
    }

    #[test]
    fn the_second_event_counts_only_behind_the_first_and_soon() {
        let rule = SequenceRule { then: crate::engine::Matcher::default(), within: Span(10) };
        let opens = |firsts: &[i64], seconds: &[i64]| {
            let mut sequence = Sequence::default();
            for at in seconds {
                sequence.insert(Instant(*at), false);
            }
            for at in firsts {
                sequence.insert(Instant(*at), true);
            }
            sequence.opens(&rule, Instant::MIN).map(|at| at.0)
        };
        assert_eq!(opens(&[5], &[3]), None);
        assert_eq!(opens(&[5], &[3, 15]), Some(15));
        assert_eq!(opens(&[5], &[16]), None);
        assert_eq!(opens(&[5, 8], &[16]), Some(16));
    }

    #[test]
    fn silence_ends_when_something_comes() {
        let window = Span(10);
        let mut silence = Silence::default();
        assert_eq!(silence.opens(window, Instant::MIN), None);
        silence.insert(Instant(0), window);
        assert_eq!(silence.opens(window, Instant::MIN), Some(Instant(10)));
        assert_eq!(silence.closes(Instant(10)), None);
        silence.insert(Instant(25), window);
        silence.insert(Instant(26), window);
        assert_eq!(silence.opens(window, Instant::MIN), Some(Instant(10)));
        assert_eq!(silence.closes(Instant(10)), Some(Instant(25)));
        assert_eq!(silence.opens(window, Instant(11)), Some(Instant(36)));
        assert_eq!(silence.opens(window, Instant(36)), Some(Instant(36)));
    }

    #[test]
    fn what_comes_as_the_time_is_over_comes_in_time() {
        let window = Span(10);
        let mut silence = Silence::default();
        for at in [0, 10, 31] {
            silence.insert(Instant(at), window);
        }
        assert_eq!(silence.opens(window, Instant::MIN), Some(Instant(20)));
        assert_eq!(silence.since(window, Instant(20)), Some(Instant(10)));
        silence.insert(Instant(21), window);
        assert_eq!(silence.opens(window, Instant::MIN), Some(Instant(20)));
        assert_eq!(silence.closes(Instant(20)), Some(Instant(21)));
        silence.insert(Instant(20), window);
        assert_eq!(silence.opens(window, Instant::MIN), Some(Instant(41)));
    }

    #[test]
    fn a_line_that_comes_late_breaks_a_silence() {
        let window = Span(10);
        let mut silence = Silence::default();
        for at in [0, 25, 9] {
            silence.insert(Instant(at), window);
        }
        assert_eq!(silence.opens(window, Instant::MIN), Some(Instant(19)));
        silence.insert(Instant(17), window);
        assert_eq!(silence.opens(window, Instant::MIN), Some(Instant(35)));

        // Of several it breaks the one that it lies in.
        let mut silence = Silence::default();
        for at in [0, 25, 50, 30] {
            silence.insert(Instant(at), window);
        }
        let opened = [Instant::MIN, Instant(11)].map(|from| silence.opens(window, from));
        assert_eq!(opened, [Some(Instant(10)), Some(Instant(40))]);
    }
}
