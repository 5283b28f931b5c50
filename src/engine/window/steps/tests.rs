//! When a share and a spike hold, and what is kept of steps.

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
    let insert = |steps: &mut Steps, at| {
        let whole = Counted { whole: true, ..Counted::default() };
        steps.insert(asked, (Instant(at), Instant(0)), whole, false)
    };
    assert!(insert(&mut steps, 0));
    assert!(!insert(&mut steps, 10), "it is looked at already");
    steps.step_ended(asked, Instant(130), false);
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

#[test]
fn a_step_s_end_at_which_an_event_came_was_looked_at_with_it() {
    let ratio = ratio();
    let asked = Asked::Ratio(&ratio);
    let mut steps = Steps::default();
    let counted = Counted { matched: true, whole: true, success: false };
    for at in [0, 10] {
        steps.insert(asked, (Instant(at), Instant(0)), counted, false);
    }
    steps.step_ended(asked, Instant(10), false);
    assert_eq!((steps.opens(Instant::MIN), steps.closes()), (Some(Instant(10)), None));
}
