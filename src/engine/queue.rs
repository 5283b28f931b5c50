//! When which group is to be woken.
//!
//! Owns the order: by instant, then by rule, then by the group's number, so that it does not depend
//! on how a heap happens to lie. An entry is valid only while the group still wants to be woken
//! then; the caller compares. Must never know a group. Nothing here fails.

use std::cmp::{Ordering, Reverse};
use std::collections::BinaryHeap;

use super::groups::Slot;
use super::time::Instant;

/// A group to be woken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wake {
    pub(super) at: Instant,
    pub(super) rule: usize,
    pub(super) slot: Slot,
}

impl Ord for Wake {
    fn cmp(&self, other: &Self) -> Ordering {
        let order = |wake: &Self| (wake.at, wake.rule, wake.slot.number, wake.slot.index);
        order(self).cmp(&order(other))
    }
}

impl PartialOrd for Wake {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The groups to be woken, the next one first.
#[derive(Debug, Default)]
pub(super) struct Queue(BinaryHeap<Reverse<Wake>>);

impl Queue {
    /// Never is no time to be woken.
    pub(super) fn push(&mut self, wake: Wake) {
        if wake.at < Instant::MAX {
            self.0.push(Reverse(wake));
        }
    }

    pub(super) fn pop_before(&mut self, until: Instant) -> Option<Wake> {
        if self.next()? >= until {
            return None;
        }
        self.0.pop().map(|Reverse(wake)| wake)
    }

    pub(super) fn next(&self) -> Option<Instant> {
        self.0.peek().map(|Reverse(wake)| wake.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_next_comes_first_by_instant_then_rule_then_number_and_none_at_the_end_itself() {
        let mut queue = Queue::default();
        let wake = |at, rule, number| {
            let slot = Slot { index: 0, number };
            Wake { at, rule, slot }
        };
        let all = [
            wake(Instant(1), 1, 1),
            wake(Instant(2), 0, 1),
            wake(Instant(2), 0, 2),
            wake(Instant(2), 1, 0),
            wake(Instant(3), 0, 0),
        ];
        all.iter().rev().for_each(|wake| queue.push(*wake));
        queue.push(wake(Instant::MAX, 0, 0));
        let woken: Vec<_> = std::iter::from_fn(|| queue.pop_before(Instant(3))).collect();
        assert_eq!(woken, all[..4]);
        assert_eq!(queue.next(), Some(Instant(3)));
        assert_eq!(queue.pop_before(Instant::MAX), Some(all[4]));
        assert_eq!(
            (queue.pop_before(Instant::MAX), queue.next()),
            (None, None),
            "never is no time"
        );
    }
}
