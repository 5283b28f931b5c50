//! What was found in several logs, in the order of their times.
//!
//! Owns the order: within one log as it stands there, between logs as their times tell, as far as
//! every log was read. Must never read. Nothing here fails.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};

use super::found::{Finds, Found};

/// How far ahead of the present a stamp can be and still be one: a zone may have been mistaken.
const AHEAD_MAX: TimeDelta = TimeDelta::days(1);

/// When it is a log's turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Turn {
    /// It can wait for no other log.
    First,
    At(DateTime<Utc>),
    /// It tells no time: what is found in it counts as of when it was read, behind everything
    /// that tells one.
    Last,
}

/// Up to which time finds may be passed on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Until {
    /// A log was not begun: it may have something before everything else.
    Nothing,
    /// Logs were read up to there.
    At(DateTime<Utc>),
    /// Nothing is known to come before what there is.
    Everything,
}

impl Until {
    fn allows(self, turn: Turn) -> bool {
        match self {
            Self::Nothing => turn == Turn::First,
            Self::At(until) => turn <= Turn::At(until),
            Self::Everything => true,
        }
    }
}

/// One log's finds.
#[derive(Debug, Default)]
struct Queue {
    finds: Finds,
    /// The latest time up to what comes next; the first time there is while none came yet.
    reached: Option<DateTime<Utc>>,
    turn: Option<Turn>,
    is_released: bool,
}

/// The finds of all logs.
#[derive(Debug)]
pub struct Merge<K> {
    queues: BTreeMap<K, Queue>,
    turns: BTreeSet<(Turn, K)>,
    count: usize,
}

impl<K> Default for Merge<K> {
    fn default() -> Self {
        Self { queues: BTreeMap::new(), turns: BTreeSet::new(), count: 0 }
    }
}

impl<K: Copy + Ord> Merge<K> {
    /// Takes in what was found next in a log.
    pub fn add(&mut self, log: K, now: DateTime<Utc>, mut finds: Finds) {
        self.count += finds.0.len();
        let queue = self.queues.entry(log).or_default();
        if queue.reached.is_none() {
            queue.reached = finds.0.iter().find_map(|found| time_of(found, now));
        }
        queue.finds.0.append(&mut finds.0);
        self.line_up(log, now);
    }

    fn line_up(&mut self, log: K, now: DateTime<Utc>) {
        let Some(queue) = self.queues.get_mut(&log) else { return };
        let next = queue.finds.0.front();
        let turn = next.map(|next| {
            queue.reached = queue.reached.max(time_of(next, now));
            if queue.is_released {
                return Turn::First;
            }
            queue.reached.map_or(Turn::Last, Turn::At)
        });
        if queue.turn != turn {
            queue.turn.take().map(|turn| self.turns.remove(&(turn, log)));
            self.turns.extend(turn.map(|turn| (turn, log)));
            queue.turn = turn;
        }
    }

    /// What comes next, and how far its log was read by then; nothing that is later than `until`,
    /// as another log may still have something before it.
    pub fn next(
        &mut self,
        now: DateTime<Utc>,
        until: Until,
    ) -> Option<(K, Found, Option<DateTime<Utc>>)> {
        let (turn, log) = *self.turns.first()?;
        if !until.allows(turn) {
            return None;
        }
        let queue = self.queues.get_mut(&log)?;
        let (found, reached) = (queue.finds.0.pop_front()?, queue.reached);
        self.count -= 1;
        self.line_up(log, now);
        Some((log, found, reached))
    }

    /// Whether everything that was found in a log was passed on.
    pub fn has_passed_on(&self, log: K) -> bool {
        self.queues.get(&log).is_none_or(|queue| queue.finds.0.is_empty())
    }

    /// The byte of the log's text at whose line the next find stands, as far as one tells.
    pub fn next_offset(&self, log: K) -> Option<u64> {
        self.queues.get(&log)?.finds.0.iter().find_map(Found::offset)
    }

    /// Lets a log wait no longer for what another one may have before.
    pub fn release(&mut self, log: K, now: DateTime<Utc>) {
        if let Some(queue) = self.queues.get_mut(&log) {
            queue.is_released = true;
            self.line_up(log, now);
        }
    }

    /// Takes out what was found in a log and not passed on.
    pub fn take(&mut self, log: K) -> Finds {
        let Some(queue) = self.queues.remove(&log) else { return Finds::default() };
        queue.turn.map(|turn| self.turns.remove(&(turn, log)));
        self.count -= queue.finds.0.len();
        queue.finds
    }

    /// How much was found and not passed on.
    pub fn count(&self) -> usize {
        self.count
    }

    /// Forgets a log of which nothing is left to pass on.
    pub fn forget(&mut self, log: K) {
        if self.has_passed_on(log) {
            self.queues.remove(&log);
        }
    }
}

/// When something happened, if that can be.
fn time_of(found: &Found, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    found.at().map(|at| at.to_utc()).filter(|at| *at <= now + AHEAD_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> DateTime<Utc> {
        DateTime::from_timestamp(1_795_000_000 + second, 0).unwrap()
    }

    fn finds(seconds: &[i64]) -> Finds {
        Finds(seconds.iter().map(|s| Found::Activity(at(*s).fixed_offset())).collect())
    }

    /// The logs and times in the order in which they are passed on.
    fn check(logs: &[&[i64]], until: Until, expected: &[(usize, i64)]) {
        let mut merge = Merge::default();
        for (log, seconds) in logs.iter().enumerate() {
            merge.add(log, at(1000), finds(seconds));
        }
        let mut passed = Vec::new();
        while let Some((log, found, _)) = merge.next(at(1000), until) {
            passed.push((log, (found.at().unwrap().to_utc() - at(0)).num_seconds()));
        }
        assert_eq!(passed, expected);
    }

    #[test]
    fn logs_are_merged_by_their_times_and_each_keeps_its_own_order() {
        check(
            &[&[1, 5, 9], &[2, 3, 10]],
            Until::Everything,
            &[(0, 1), (1, 2), (1, 3), (0, 5), (0, 9), (1, 10)],
        );
        // A line that is late in its log comes where it stands.
        check(&[&[1, 7, 2], &[3]], Until::Everything, &[(0, 1), (1, 3), (0, 7), (0, 2)]);
    }

    #[test]
    fn what_is_later_than_a_log_was_read_waits() {
        check(&[&[1, 5], &[4, 6]], Until::At(at(5)), &[(0, 1), (1, 4), (0, 5)]);
        check(&[&[1, 5], &[4, 6]], Until::Nothing, &[]);
    }

    #[test]
    fn a_time_that_cannot_be_does_not_hold_its_log_back() {
        let expected = [(1, 2), (0, 1_000_000), (0, 3), (1, 4)];
        check(&[&[1_000_000, 3], &[2, 4]], Until::Everything, &expected);
    }

    #[test]
    fn a_log_that_tells_no_time_comes_last() {
        let logs: [&[i64]; 2] = [&[1_000_000, 2_000_000], &[2, 4]];
        check(&logs, Until::Everything, &[(1, 2), (1, 4), (0, 1_000_000), (0, 2_000_000)]);
        check(&logs, Until::At(at(999)), &[(1, 2), (1, 4)]);
    }

    #[test]
    fn a_log_that_is_released_waits_for_nothing() {
        let mut merge = Merge::default();
        merge.add(0, at(1000), finds(&[1]));
        merge.add(1, at(1000), finds(&[2, 3]));
        merge.release(1, at(1000));
        let mut next =
            || merge.next(at(1000), Until::Nothing).map(|(log, _, reached)| (log, reached));
        assert_eq!(
            [next(), next(), next()],
            [Some((1, Some(at(2)))), Some((1, Some(at(3)))), None]
        );
    }
}
