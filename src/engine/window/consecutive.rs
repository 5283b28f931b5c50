//! How many failures stand in a row, with no success between them.
//!
//! Keeps failures and successes in the order of their time, in memory that depends on the number
//! asked for alone: of successes that follow each other the first and the last, of a row of
//! failures the latest.
//!
//! Must never know what a failure is. Nothing here fails.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::engine::rule::Consecutive as Rule;
use crate::engine::time::Instant;

/// Changes between failure and success that are kept for events out of order.
const MARKS_MAX: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Mark {
    at: Instant,
    failed: bool,
}

/// The latest row, and what is not settled.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::engine) struct Consecutive {
    marks: VecDeque<Mark>,
    /// Failures of the first kept row that are no longer kept.
    forgotten: u32,
    /// The first of those.
    forgotten_first: Option<Instant>,
}

/// How a row ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// No further failure came.
    Quiet(Instant),
    /// A call succeeded.
    Success(Instant),
}

/// A row of failures as it is at its last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Row {
    pub(super) count: u32,
    pub(super) first_at: Instant,
    pub(super) last_at: Instant,
}

impl Consecutive {
    pub(super) fn insert(&mut self, at: Instant, failed: bool) {
        let mut place = self.marks.len();
        // At one instant the order in which they came counts.
        while place > 0 && self.marks[place - 1].at > at {
            place -= 1;
        }
        self.marks.insert(place, Mark { at, failed });
    }

    /// Forgets what can no longer matter.
    pub(super) fn trim(&mut self, rule: &Rule, watermark: Instant) {
        let settled = self.marks.partition_point(|mark| mark.at < watermark);
        let last_success = (0..settled).rev().find(|place| !self.marks[*place].failed);
        for _ in 0..last_success.unwrap_or(0) {
            self.forget_first();
        }
        self.join_successes();
        let row_max = rule.more_than as usize + 1;
        let failures = self.marks.iter().rev().take_while(|mark| mark.failed).count();
        if failures == self.marks.len() && failures > row_max.max(MARKS_MAX) {
            self.forget_first();
        }
        while self.marks.len() > 4 * row_max.max(MARKS_MAX) {
            self.forget_first();
        }
    }

    fn forget_first(&mut self) {
        if let Some(mark) = self.marks.pop_front() {
            if mark.failed {
                self.forgotten = self.forgotten.saturating_add(1);
                self.forgotten_first.get_or_insert(mark.at);
            } else {
                self.forgotten = 0;
                self.forgotten_first = None;
            }
        }
        if self.marks.front().is_some_and(|mark| !mark.failed) {
            self.forgotten = 0;
            self.forgotten_first = None;
        }
    }

    /// Of three successes side by side the middle one tells nothing.
    fn join_successes(&mut self) {
        let mut place = self.marks.len();
        let last_three = |marks: &VecDeque<Mark>, end: usize| {
            end >= 3 && (end - 3..end).all(|place| !marks[place].failed)
        };
        // Only what was just inserted can have brought three together.
        while place >= 3 && self.marks.len() - place < 4 {
            if last_three(&self.marks, place) {
                self.marks.remove(place - 2);
            }
            place -= 1;
        }
    }

    /// The rows at each failure, in order.
    fn rows(&self, rule: &Rule) -> impl Iterator<Item = (Mark, Option<Row>)> {
        let gap = rule.gap;
        let mut row = self.forgotten_first.map(|first_at| Row {
            count: self.forgotten,
            first_at,
            last_at: self.marks.front().map_or(first_at, |mark| mark.at),
        });
        self.marks.iter().map(move |mark| {
            row = match row {
                _ if !mark.failed => None,
                Some(row) if mark.at.since(row.last_at) < gap => {
                    Some(Row { count: row.count.saturating_add(1), last_at: mark.at, ..row })
                }
                _ => Some(Row { count: 1, first_at: mark.at, last_at: mark.at }),
            };
            (*mark, row)
        })
    }

    /// The first failure from `from` on that makes a row too long.
    pub(super) fn opens(&self, rule: &Rule, from: Instant) -> Option<Instant> {
        self.rows(rule)
            .find(|(mark, row)| {
                mark.at >= from && row.is_some_and(|row| row.count > rule.more_than)
            })
            .map(|(mark, _)| mark.at)
    }

    /// How the row ended that was too long at `from`.
    pub(super) fn closes(&self, rule: &Rule, from: Instant) -> End {
        let mut last = None;
        let mut last_success = None;
        for (mark, row) in self.rows(rule) {
            // At the instant itself there can be marks before the one that made it too long.
            let is_too_long = row.is_some_and(|row| row.count > rule.more_than);
            match (last, row) {
                _ if mark.at >= from && is_too_long => last = Some(mark.at),
                (Some(_), None) => return End::Success(mark.at),
                (Some(last), Some(_)) => return End::Quiet(last),
                (None, None) => last_success = Some(mark.at),
                (None, Some(_)) => {}
            }
        }
        match (last, last_success) {
            (Some(last), _) => End::Quiet(last),
            // A success that was read later shows that it never was too long.
            (None, Some(success)) => End::Success(success),
            (None, None) => End::Quiet(from),
        }
    }

    /// The row at an instant.
    pub(super) fn row(&self, rule: &Rule, at: Instant) -> Option<Row> {
        let until = self.rows(rule).take_while(|(mark, _)| mark.at <= at);
        until.filter_map(|(_, row)| row).last()
    }

    /// How many failures came behind an instant.
    pub(super) fn behind(&self, at: Instant) -> u32 {
        let behind = self.marks.iter().filter(|mark| mark.failed && mark.at > at).count();
        u32::try_from(behind).unwrap_or(u32::MAX)
    }

    /// The lock is over: what failed up to here is no part of a new row.
    pub(super) fn restart(&mut self, until: Instant) {
        while self.marks.front().is_some_and(|mark| mark.at <= until) {
            self.marks.pop_front();
        }
        self.forgotten = 0;
        self.forgotten_first = None;
    }

    /// A success ended the row: forgets it, and what was before it. What came at the same instant
    /// behind the success is a row of its own.
    pub(super) fn end_row(&mut self, rule: &Rule) {
        let mut was_too_long = false;
        let ended_at = self.rows(rule).position(|(mark, row)| {
            was_too_long |= row.is_some_and(|row| row.count > rule.more_than);
            was_too_long && !mark.failed
        });
        if let Some(place) = ended_at {
            self.marks.drain(..place);
            (self.forgotten, self.forgotten_first) = (0, None);
        }
    }

    /// When no further failure could continue the row. A success alone is kept as long: it parts
    /// from each other what is read late.
    pub(super) fn idle_at(&self, rule: &Rule) -> Instant {
        self.marks.back().map_or(Instant::MIN, |mark| mark.at.plus(rule.gap))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::time::Span;

    fn rule(more_than: u32) -> Rule {
        Rule { more_than, gap: Span(100), reset: Vec::new() }
    }

    /// `x` fails and `.` succeeds, a second apart; the answer tells when it opens and how it ends.
    #[track_caller]
    fn check(events: &str, more_than: u32, expected: &str) {
        let rule = rule(more_than);
        let mut row = Consecutive::default();
        for (at, event) in (0..).zip(events.chars()) {
            row.insert(Instant(at), event == 'x');
        }
        let answer = row.opens(&rule, Instant::MIN).map(|at| match row.closes(&rule, at) {
            End::Quiet(end) => format!("{} quiet {}", at.0, end.0),
            End::Success(end) => format!("{} success {}", at.0, end.0),
        });
        assert_eq!(answer.as_deref().unwrap_or("-"), expected, "{events}");
    }

    #[test]
    fn the_sixth_failure_in_a_row_is_one_too_many() {
        check("xxxxx", 5, "-");
        check("xxxxxx", 5, "5 quiet 5");
        check("xxxxxxxx", 5, "5 quiet 7");
    }

    #[test]
    fn a_success_begins_anew() {
        check("xxxxx.x", 5, "-");
        check("xxxxx.xxxxx.xxxxx", 5, "-");
        check("x.xxxxxx", 5, "7 quiet 7");
        check("xxxxxx...x", 5, "5 success 6");
    }

    #[test]
    fn a_row_of_any_length_takes_bounded_room_and_is_counted() {
        let rule = rule(5);
        let mut row = Consecutive::default();
        for at in 0..10_000 {
            row.insert(Instant(at), true);
            row.trim(&rule, Instant(at));
        }
        assert_eq!(row.marks.len(), MARKS_MAX);
        let found = row.row(&rule, Instant::MAX);
        let last_at = Instant(9_999);
        assert_eq!(found, Some(Row { count: 10_000, first_at: Instant(0), last_at }));
        for at in 10_000..20_000 {
            row.insert(Instant(at), at % 3 == 0);
            row.trim(&rule, Instant(at));
        }
        assert!(row.marks.len() <= 4 * MARKS_MAX, "{}", row.marks.len());
    }

    #[test]
    fn what_was_before_a_settled_success_is_forgotten() {
        let kept = |watermark| {
            let mut row = Consecutive::default();
            for (at, event) in (0..).zip("xx.".chars()) {
                row.insert(Instant(at), event == 'x');
            }
            row.trim(&rule(5), Instant(watermark));
            row.marks.len()
        };
        assert_eq!([2, 3].map(kept), [3, 1], "at the watermark itself something may still come");
    }

    #[test]
    fn what_is_kept_depends_on_the_number_asked_for_alone() {
        let kept = |more_than, failed: fn(i64) -> bool, settled: fn(i64) -> i64| {
            let (rule, mut row) = (rule(more_than), Consecutive::default());
            for at in 0..3_000 {
                row.insert(Instant(at), failed(at));
                row.trim(&rule, Instant(settled(at)));
            }
            row.marks.len()
        };
        let (always, by_turns) = (|_| true, |at| at % 2 == 0);
        assert_eq!(kept(200, always, |at| at), 201);
        assert_eq!(kept(5, by_turns, |_| -1), 4 * MARKS_MAX, "where nothing is settled");
        assert_eq!(kept(200, by_turns, |_| -1), 4 * 201);
    }

    #[test]
    fn a_failure_long_after_the_others_stands_alone() {
        let rule = rule(1);
        let mut row = Consecutive::default();
        row.insert(Instant(0), true);
        row.insert(Instant(100), true);
        assert_eq!(row.opens(&rule, Instant::MIN), None);
        row.insert(Instant(199), true);
        assert_eq!(row.opens(&rule, Instant::MIN), Some(Instant(199)));
    }

    #[test]
    fn a_success_that_comes_late_still_stands_between() {
        let rule = rule(5);
        let mut row = Consecutive::default();
        for at in [0, 1, 2, 4, 5, 6] {
            row.insert(Instant(at), true);
        }
        row.insert(Instant(3), false);
        assert_eq!(row.opens(&rule, Instant::MIN), None);
        assert_eq!(row.row(&rule, Instant::MAX).map(|row| row.count), Some(3));
        assert_eq!(row.closes(&rule, Instant(6)), End::Success(Instant(3)));
    }

    #[test]
    fn of_three_successes_side_by_side_the_middle_one_goes_if_the_latest_events_brought_them() {
        let joined = |events: &str| {
            let marks = (0..).zip(events.chars());
            let marks = marks.map(|(at, event)| Mark { at: Instant(at), failed: event == 'x' });
            let mut row = Consecutive { marks: marks.collect(), ..Consecutive::default() };
            row.join_successes();
            let text = row.marks.iter().map(|mark| if mark.failed { 'x' } else { '.' });
            (text.collect::<String>(), row.marks.back().map(|mark| mark.at.0))
        };
        let both = |text: &str, last| (text.to_owned(), Some(last));
        assert_eq!(joined(".."), both("..", 1));
        assert_eq!(joined("..."), both("..", 2));
        assert_eq!(joined("....."), both("..", 4));
        assert_eq!(joined("x...x"), both("x..x", 4));
        assert_eq!(joined("...xxx"), both("..xxx", 5));
        assert_eq!(joined("...xxxx"), both("...xxxx", 6));
    }
}
