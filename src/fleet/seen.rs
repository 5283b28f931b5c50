//! Which of a machine's numbered messages were taken in.
//!
//! Owns the numbers of one life: a bound below which all were taken, and one bit for each of the
//! numbers above it. Must never know what is numbered. Nothing here fails.
//!
//! Who publishes has at most half a window's messages under way, and begins no further one before
//! the first of them is stored. So a number that lies a window behind the highest one was stored
//! before that one was sent, and is one that comes again.

use serde::{Deserialize, Serialize};

/// How many numbers are told apart.
pub const WINDOW: u64 = 512;

const WORDS: usize = (WINDOW / 64) as usize;

/// What was taken of one life.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The highest number.
    highest: u64,
    /// Bit `n % WINDOW` is set if `n` was taken, for the numbers up to a window below the highest.
    taken: [u64; WORDS],
}

impl Seen {
    /// Nothing was taken; numbers begin at 1.
    pub fn new() -> Self {
        Self { highest: 0, taken: [0; WORDS] }
    }

    /// True if the number comes for the first time.
    pub fn take(&mut self, number: u64) -> bool {
        if number == 0 || number <= self.highest.saturating_sub(WINDOW) {
            return false;
        }
        if number > self.highest {
            let forgotten = (number - self.highest).min(WINDOW);
            (0..forgotten).for_each(|below| self.set(number - below, false));
            self.highest = number;
        } else if self.holds(number) {
            return false;
        }
        self.set(number, true);
        true
    }

    /// The highest number that was taken.
    pub fn highest(&self) -> u64 {
        self.highest
    }

    fn holds(&self, number: u64) -> bool {
        let (word, bit) = place(number);
        self.taken.get(word).is_some_and(|bits| bits & bit != 0)
    }

    fn set(&mut self, number: u64, is_taken: bool) {
        let (word, bit) = place(number);
        if let Some(bits) = self.taken.get_mut(word) {
            *bits = if is_taken { *bits | bit } else { *bits & !bit };
        }
    }
}

impl Default for Seen {
    fn default() -> Self {
        Self::new()
    }
}

#[expect(clippy::cast_possible_truncation, reason = "below the window")]
fn place(number: u64) -> (usize, u64) {
    let bit = number % WINDOW;
    ((bit / 64) as usize, 1 << (bit % 64))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// A model that remembers every number, and numbers that come in any order within half a
        /// window, some of them again.
        #[test]
        fn a_number_is_taken_once(
            steps in prop::collection::vec((0_u64..WINDOW / 2, 0_u64..3), 1..400),
        ) {
            let (mut seen, mut known, mut first) = (Seen::new(), BTreeSet::new(), 1);
            for (ahead, passed) in steps {
                let number = first + ahead;
                prop_assert_eq!(seen.take(number), known.insert(number), "{}", number);
                // Who publishes goes on once the first under way is stored.
                for _ in 0..passed {
                    prop_assert_eq!(seen.take(first), known.insert(first), "{}", first);
                    first += 1;
                }
            }
        }
    }

    #[test]
    fn what_lies_a_window_behind_was_taken() {
        let mut seen = Seen::new();
        assert!(!seen.take(0));
        assert!(seen.take(WINDOW + 1));
        assert!(!seen.take(1));
        assert!(seen.take(2));
        assert!(seen.take(u64::MAX));
        assert!(!seen.take(WINDOW + 1));
        assert!(seen.take(u64::MAX - WINDOW + 1));
    }
}
