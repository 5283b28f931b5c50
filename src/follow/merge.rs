//! What was found in several logs, in the order of their times.
//!
//! Owns the order: within one log as it stands there, between logs as their times tell, as far as
//! every log was read. Must never read. Nothing here fails.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use chrono::{DateTime, TimeDelta, Utc};

use super::found::{Finds, Found};

/// How far ahead of the present a stamp can be and still be one: a zone may have been mistaken.
const AHEAD_MAX: TimeDelta = TimeDelta::days(1);

/// One log's finds.
#[derive(Debug, Default)]
struct Queue {
    finds: Finds,
    /// The latest time up to what comes next.
    reached: Option<DateTime<Utc>>,
    is_queued: bool,
}

/// The finds of all logs.
#[derive(Debug)]
pub struct Merge<K> {
    queues: BTreeMap<K, Queue>,
    heap: BinaryHeap<Reverse<(Option<DateTime<Utc>>, K)>>,
    count: usize,
}

impl<K> Default for Merge<K> {
    fn default() -> Self {
        Self { queues: BTreeMap::new(), heap: BinaryHeap::new(), count: 0 }
    }
}

impl<K: Copy + Ord> Merge<K> {
    /// Takes in what was found next in a log.
    pub fn add(&mut self, log: K, now: DateTime<Utc>, mut finds: Finds) {
        self.count += finds.0.len();
        let queue = self.queues.entry(log).or_default();
        queue.finds.0.append(&mut finds.0);
        self.line_up(log, now);
    }

    fn line_up(&mut self, log: K, now: DateTime<Utc>) {
        let Some(queue) = self.queues.get_mut(&log) else { return };
        let Some(next) = queue.finds.0.front() else { return };
        if !queue.is_queued {
            let at = next.at().map(|at| at.to_utc()).filter(|at| *at <= now + AHEAD_MAX);
            queue.reached = queue.reached.max(at);
            queue.is_queued = true;
            self.heap.push(Reverse((queue.reached, log)));
        }
    }

    /// What comes next, and how far its log was read by then; nothing that is later than `until`,
    /// as another log may still have something before it.
    pub fn next(
        &mut self,
        now: DateTime<Utc>,
        until: Option<DateTime<Utc>>,
    ) -> Option<(K, Found, Option<DateTime<Utc>>)> {
        let Reverse((reached, log)) = *self.heap.peek()?;
        if until.is_some_and(|until| reached.is_some_and(|reached| reached > until)) {
            return None;
        }
        self.heap.pop();
        let queue = self.queues.get_mut(&log)?;
        queue.is_queued = false;
        let found = queue.finds.0.pop_front()?;
        self.count -= 1;
        self.line_up(log, now);
        Some((log, found, reached))
    }

    /// Whether everything that was found in a log was passed on.
    pub fn has_passed_on(&self, log: K) -> bool {
        self.queues.get(&log).is_none_or(|queue| queue.finds.0.is_empty())
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
    fn check(logs: &[&[i64]], until: Option<i64>, expected: &[(usize, i64)]) {
        let mut merge = Merge::default();
        for (log, seconds) in logs.iter().enumerate() {
            merge.add(log, at(1000), finds(seconds));
        }
        let mut passed = Vec::new();
        while let Some((log, found, _)) = merge.next(at(1000), until.map(at)) {
            passed.push((log, (found.at().unwrap().to_utc() - at(0)).num_seconds()));
        }
        assert_eq!(passed, expected);
    }

    #[test]
    fn logs_are_merged_by_their_times_and_each_keeps_its_own_order() {
        check(&[&[1, 5, 9], &[2, 3, 10]], None, &[(0, 1), (1, 2), (1, 3), (0, 5), (0, 9), (1, 10)]);
        // A line that is late in its log comes where it stands.
        check(&[&[1, 7, 2], &[3]], None, &[(0, 1), (1, 3), (0, 7), (0, 2)]);
    }

    #[test]
    fn what_is_later_than_a_log_was_read_waits() {
        check(&[&[1, 5], &[4, 6]], Some(5), &[(0, 1), (1, 4), (0, 5)]);
    }

    #[test]
    fn a_time_that_cannot_be_does_not_hold_its_log_back() {
        check(&[&[1_000_000, 3], &[2, 4]], None, &[(0, 1_000_000), (1, 2), (0, 3), (1, 4)]);
    }
}
