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
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::Matcher;

    fn ratio() -> Ratio {
        Ratio {
            of: Matcher::default(),
            at_least_permille: 500,
            clear_below_permille: 400,
            floor: 2,
            needs_success: false,
            window: Span(120),
        }
    }

    fn spike() -> Spike {
        Spike { factor_permille: 2000, floor: 2, baseline: 2, window: Span(120) }
    }

    /// Whether it holds with so many matched, whole and successes in the window and so many before.
    fn holds(asked: Asked<'_>, window: (u32, u32, u32), before: u32, open: bool) -> bool {
        let (matched, whole, successes) = window;
        let last = asked.reach();
        let sums = Sums { last, window: Step { number: last, matched, whole, successes }, before };
        Steps::default().figures(asked, sums, open).holds
    }

    #[test]
    fn a_share_holds_from_its_bound_on_until_it_is_below_the_lower_one() {
        let ratio = ratio();
        let share = |matched, open| holds(Asked::Ratio(&ratio), (matched, 1000, 0), 0, open);
        assert_eq!([499, 500].map(|matched| share(matched, false)), [false, true]);
        assert_eq!([399, 400].map(|matched| share(matched, true)), [false, true]);
    }

    #[test]
    fn a_share_of_too_few_or_without_a_success_is_not_judged() {
        let mut ratio = ratio();
        let all_of = |ratio: &Ratio, whole, successes| {
            holds(Asked::Ratio(ratio), (whole, whole, successes), 0, false)
        };
        assert_eq!([1, 2].map(|whole| all_of(&ratio, whole, 0)), [false, true]);
        ratio.needs_success = true;
        assert_eq!([0, 1].map(|successes| all_of(&ratio, 2, successes)), [false, true]);
        ratio = Ratio { floor: 0, needs_success: false, ..ratio };
        assert!(!all_of(&ratio, 0, 0), "of nothing there is no share");
    }

    #[test]
    fn a_spike_is_so_many_times_the_average_of_the_windows_before_and_at_least_its_floor() {
        let spike = spike();
        let of = |matched, before| holds(Asked::Spike(&spike), (matched, 0, 0), before, false);
        // Six in two windows are three in one.
        assert_eq!([5, 6].map(|matched| of(matched, 6)), [false, true]);
        assert_eq!([6, 7].map(|matched| of(matched, 7)), [false, true]);
        assert_eq!([1, 2].map(|matched| of(matched, 0)), [false, true]);
        let steps = Steps::default();
        let sums = Sums { last: 0, window: Step::empty(0), before: 7 };
        let figures = steps.figures(Asked::Spike(&spike), sums, false);
        assert_eq!(figures, Figures { matched: 0, other: 3500, holds: false });
    }

    #[test]
    fn what_is_usual_is_known_once_all_windows_before_were_seen() {
        let spike = spike();
        let asked = Asked::Spike(&spike);
        let at = |last| {
            let window = Step { number: last, matched: 9, whole: 0, successes: 0 };
            Steps::default().figures(asked, Sums { last, window, before: 0 }, false).holds
        };
        assert_eq!(asked.reach(), 36, "three windows of twelve steps");
        assert_eq!([35, 36].map(at), [false, true]);
    }

    #[test]
    fn a_window_is_twelve_steps_with_that_of_the_event() {
        let ratio = ratio();
        let asked = Asked::Ratio(&ratio);
        let mut steps = Steps::default();
        let counted = Counted { matched: true, whole: true, success: false };
        for at in [0, 5] {
            steps.insert(asked, (Instant(at), Instant(0)), counted, false);
        }
        assert_eq!(steps.opens(Instant::MIN), Some(Instant(5)));
        for (at, closes) in [(110, None), (120, None), (130, Some(Instant(130)))] {
            steps.step_ended(asked, Instant(at), false);
            assert_eq!(steps.closes(), closes, "{at}");
        }
        assert_eq!(steps.opens(Instant::MIN), None);
        assert_eq!(steps.next_step(asked), None, "nothing is left that could change");
        assert_eq!(steps.idle_at(asked), Instant(130));
    }

    #[test]
    fn only_a_step_behind_all_others_makes_the_past_matter_again() {
        let ratio = ratio();
        let asked = Asked::Ratio(&ratio);
        let mut steps = Steps::default();
        let mut insert = |steps: &mut Steps, at| {
            let whole = Counted { whole: true, ..Counted::default() };
            steps.insert(asked, (Instant(at), Instant(0)), whole, false)
        };
        assert!(insert(&mut steps, 0));
        assert!(!insert(&mut steps, 10), "it is looked at already");
        steps.step_ended(asked, Instant(150), false);
        assert_eq!(steps.next_step(asked), None);
        assert!(!insert(&mut steps, 10));
        assert_eq!(steps.next_step(asked), None);
        assert!(insert(&mut steps, 160));
        assert_eq!(steps.next_step(asked), Some(Instant(170)));
    }

    #[test]
    fn what_comes_late_is_counted_in_its_own_step() {
        let ratio = ratio();
        let asked = Asked::Ratio(&ratio);
        let mut steps = Steps::default();
        let counted = Counted { matched: true, whole: true, success: false };
        for at in [0, 10, 9, 20, 11, -1] {
            steps.insert(asked, (Instant(at), Instant(0)), counted, false);
        }
        let kept: Vec<_> = steps.counted.iter().map(|step| (step.number, step.matched)).collect();
        assert_eq!(kept, [(-1, 1), (0, 2), (1, 2), (2, 1)]);
        steps.insert(asked, (Instant(140), Instant(0)), counted, false);
        steps.insert(asked, (Instant(139), Instant(0)), counted, false);
        let kept: Vec<_> = steps.counted.iter().map(|step| step.number).collect();
        assert_eq!(kept, [2, 13, 14], "what no window holds any more is forgotten");
    }

    proptest! {
        /// What is kept beside the steps is what they add up to, and an event that turned nothing
        /// brings nothing nearer.
        #[test]
        fn what_is_kept_for_speed_changes_nothing(
            events in proptest::collection::vec((-60i64..200, 0u8..8, any::<bool>()), 1..80),
            is_ratio: bool,
        ) {
            let (ratio, spike) = (ratio(), spike());
            let asked = if is_ratio { Asked::Ratio(&ratio) } else { Asked::Spike(&spike) };
            let (mut steps, mut now) = (Steps::default(), 0);
            for (ahead, kinds, open) in events {
                now += ahead;
                let kind = |bit: u8| kinds & bit != 0;
                let counted = Counted { matched: kind(1), whole: kind(2), success: kind(4) };
                while let Some(at) = steps.next_step(asked).filter(|at| at.0 <= now) {
                    steps.step_ended(asked, at, open);
                }
                let (next, closes) = (steps.next_step(asked), steps.closes());
                let turned = steps.insert(asked, (Instant(now), Instant(0)), counted, open);
                if !turned {
                    prop_assert!(steps.next_step(asked) >= next && next.is_some());
                    prop_assert_eq!(steps.closes(), closes);
                }
                let Some(kept) = steps.sums.0 else { continue };
                let anew = steps.sum_up(asked, kept.last);
                prop_assert_eq!((kept.window, kept.before), (anew.window, anew.before));
            }
        }
    }
}
