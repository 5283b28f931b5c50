//! Shares and spikes: how many events of two kinds came, in windows that slide in steps.
//!
//! Counts by steps of a twelfth of the window, so that memory does not depend on how many events
//! come. What is true is looked at when an event comes and when a step ends; in between nothing
//! can change.
//!
//! Must never know rules or alerts beyond their numbers. Nothing here fails.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use crate::engine::rule::{Ratio, Spike};
use crate::engine::time::{Instant, Span};

/// Steps of a window.
const STEPS: i64 = 12;

#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
struct Step {
    number: i64,
    matched: u32,
    whole: u32,
    successes: u32,
}

/// What an event counts as.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::engine) struct Counted {
    pub(super) matched: bool,
    pub(super) whole: bool,
    pub(super) success: bool,
}

/// Counts by step, and since when what is asked for has been true.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub(in crate::engine) struct Steps {
    counted: VecDeque<Step>,
    /// Since when events are seen at all.
    began: Instant,
    /// Up to here it was looked at.
    looked_at: Option<Instant>,
    /// True since.
    holds_since: Option<Instant>,
    /// True no more since.
    ended_at: Option<Instant>,
    #[serde(skip)]
    sums: Kept,
}

/// What the steps up to one add up to. Kept while events come in that step: adding them all up for
/// each event would cost as much as the rule's past is long.
#[derive(Debug, Clone, Copy)]
struct Sums {
    last: i64,
    window: Step,
    /// Of a spike, the events before the window.
    before: u32,
}

#[derive(Debug, Clone, Copy, Default)]
struct Kept(Option<Sums>);

impl PartialEq for Kept {
    /// They follow from the steps, whether they were asked for or not.
    fn eq(&self, _: &Self) -> bool {
        true
    }
}

impl Step {
    fn empty(number: i64) -> Self {
        Self { number, matched: 0, whole: 0, successes: 0 }
    }

    fn add(&mut self, other: Self) {
        self.matched = self.matched.saturating_add(other.matched);
        self.whole = self.whole.saturating_add(other.whole);
        self.successes = self.successes.saturating_add(other.successes);
    }
}

/// What the numbers say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::engine) struct Figures {
    /// Events that the rule is about.
    pub(super) matched: u32,
    /// A ratio's whole; for a spike, events before, in thousandths of the average.
    pub(super) other: u64,
    pub(super) holds: bool,
}

/// What is asked of the numbers.
#[derive(Debug, Clone, Copy)]
pub(super) enum Asked<'r> {
    Ratio(&'r Ratio),
    Spike(&'r Spike),
}

impl Asked<'_> {
    fn window(self) -> Span {
        match self {
            Self::Ratio(ratio) => ratio.window,
            Self::Spike(spike) => spike.window,
        }
    }

    fn step(self) -> Span {
        Span((self.window().0 / STEPS).max(1))
    }

    /// How many steps are looked at.
    fn reach(self) -> i64 {
        match self {
            Self::Ratio(_) => STEPS,
            Self::Spike(spike) => STEPS * (i64::from(spike.baseline) + 1),
        }
    }
}

impl Sums {
    /// Counts an event that the steps count as well.
    fn count(&mut self, asked: Asked<'_>, event: Step) {
        if event.number > self.last || event.number <= self.last - asked.reach() {
            return;
        }
        if event.number > self.last - STEPS {
            self.window.add(event);
        } else {
            self.before = self.before.saturating_add(event.matched);
        }
    }
}

impl Steps {
    /// Takes an event in; `began` tells since when events are seen at all. Tells whether it turned
    /// what holds, or there was nothing left to be looked at: else what time brings only moves on.
    pub(super) fn insert(
        &mut self,
        asked: Asked<'_>,
        (at, began): (Instant, Instant),
        counted: Counted,
        open: bool,
    ) -> bool {
        let held = self.holds_since.is_some();
        let number = at.step(asked.step());
        // Only a step behind all others can make the past matter again.
        let is_latest = self.counted.back().is_none_or(|step| step.number < number);
        let was_over = is_latest && self.next_step(asked).is_none();
        self.began = began;
        self.count(asked, number, counted);
        match self.looked_at.filter(|looked_at| *looked_at > at) {
            Some(looked_at) => self.look(asked, looked_at, looked_at.step(asked.step()), open),
            None => self.look(asked, at, number, open),
        }
        was_over || held != self.holds_since.is_some()
    }

    fn count(&mut self, asked: Asked<'_>, number: i64, counted: Counted) {
        let event = Step {
            number,
            matched: counted.matched.into(),
            whole: counted.whole.into(),
            successes: counted.success.into(),
        };
        match self.counted.back_mut() {
            Some(step) if step.number == number => step.add(event),
            _ => self.count_elsewhere(asked, event),
        }
        if let Some(sums) = &mut self.sums.0 {
            sums.count(asked, event);
        }
    }

    /// Counts an event that does not belong to the latest step.
    fn count_elsewhere(&mut self, asked: Asked<'_>, event: Step) {
        let place = self.counted.partition_point(|step| step.number < event.number);
        match self.counted.get_mut(place) {
            Some(step) if step.number == event.number => step.add(event),
            _ => self.counted.insert(place, event),
        }
        let latest = self.counted.back().map_or(event.number, |step| step.number);
        while self.counted.front().is_some_and(|step| step.number < latest - asked.reach()) {
            self.counted.pop_front();
        }
    }

    /// Looks again at the end of a step.
    pub(super) fn step_ended(&mut self, asked: Asked<'_>, at: Instant, open: bool) {
        if self.looked_at.is_some_and(|looked_at| looked_at < at) {
            self.look(asked, at, at.step(asked.step()) - 1, open);
        }
    }

    fn look(&mut self, asked: Asked<'_>, at: Instant, last: i64, open: bool) {
        self.looked_at = Some(at);
        let sums = self.sums.0.filter(|sums| sums.last == last);
        let sums = *self.sums.0.insert(sums.unwrap_or_else(|| self.sum_up(asked, last)));
        match (self.figures(asked, sums, open).holds, self.holds_since) {
            (true, None) => {
                self.holds_since = Some(at);
                self.ended_at = None;
            }
            (false, Some(_)) => {
                self.holds_since = None;
                self.ended_at = Some(at);
            }
            _ => {}
        }
    }

    fn figures(&self, asked: Asked<'_>, sums: Sums, open: bool) -> Figures {
        let Sums { last, window: sum, before } = sums;
        match asked {
            Asked::Ratio(ratio) => {
                let bound = if open { ratio.clear_below_permille } else { ratio.at_least_permille };
                let share_reached =
                    u64::from(sum.matched) * 1000 >= u64::from(bound) * u64::from(sum.whole);
                let holds = sum.whole >= ratio.floor.max(1)
                    && share_reached
                    && (sum.successes > 0 || !ratio.needs_success);
                Figures { matched: sum.matched, other: sum.whole.into(), holds }
            }
            Asked::Spike(spike) => {
                let now = sum.matched;
                let baseline = u64::from(spike.baseline.max(1));
                let average_permille = u64::from(before) * 1000 / baseline;
                let bound = average_permille.saturating_mul(spike.factor_permille.into()) / 1000;
                // What was never seen tells nothing of what is usual.
                let usual_is_known = self.began.step(asked.step()) <= last - asked.reach();
                let holds =
                    usual_is_known && now >= spike.floor.max(1) && u64::from(now) * 1000 >= bound;
                Figures { matched: now, other: average_permille, holds }
            }
        }
    }

    fn sum_up(&self, asked: Asked<'_>, last: i64) -> Sums {
        let window = self.sum(last - STEPS, last);
        let before = self.sum(last - asked.reach(), last - STEPS).matched;
        Sums { last, window, before }
    }

    /// The sum of the steps behind the first number up to the last.
    fn sum(&self, behind: i64, last: i64) -> Step {
        let mut sum = Step::empty(last);
        for step in self.counted.iter().rev() {
            if step.number > last {
                continue;
            }
            if step.number <= behind {
                break;
            }
            sum.add(*step);
        }
        sum
    }

    /// The figures when it was last looked at.
    pub(super) fn last_figures(&self, asked: Asked<'_>, open: bool) -> Figures {
        let at = self.looked_at.unwrap_or_default();
        self.figures(asked, self.sum_up(asked, at.step(asked.step())), open)
    }

    pub(super) fn opens(&self, from: Instant) -> Option<Instant> {
        self.holds_since.map(|since| since.max(from))
    }

    /// `None` while it holds.
    pub(super) fn closes(&self) -> Option<Instant> {
        if self.holds_since.is_some() { None } else { self.ended_at }
    }

    /// The end of the step in which it was last looked at; `None` when nothing is left that could
    /// change.
    pub(super) fn next_step(&self, asked: Asked<'_>) -> Option<Instant> {
        let looked_at = self.looked_at?;
        let number = looked_at.step(asked.step());
        let latest = self.counted.back()?.number;
        // There no window holds an event any more.
        if number >= latest + asked.reach() && self.holds_since.is_none() {
            return None;
        }
        Some(Instant(number.saturating_add(1).saturating_mul(asked.step().0)))
    }

    /// When nothing that came is looked at any more.
    pub(super) fn idle_at(&self, asked: Asked<'_>) -> Instant {
        self.counted.back().map_or(Instant::MIN, |step| {
            let beyond = step.number.saturating_add(asked.reach()).saturating_add(1);
            Instant(beyond.saturating_mul(asked.step().0))
        })
    }
}

#[cfg(test)]
mod tests;
