//! What a window says of what it was given, for each kind of condition.

use std::fmt::Write as _;

use super::*;
use crate::engine::rule::{
    Absent, Consecutive as RowRule, New, Ratio, Sequence as SequenceRule, Spike,
    Window as WindowRule,
};
use crate::engine::{LabelName, Matcher};

const MATCHED: Role = Role::Matched;

fn threshold(at_least: u32) -> Threshold {
    let window = WindowRule { span: Span(10), aligned: false };
    Threshold { at_least, clear_below: at_least, window }
}

fn arrival(at: i64, role: Role, value: Option<&str>) -> Arrival<'_> {
    let at = Instant(at);
    Arrival { at, role, value, watermark: Instant::MIN, learnt_at: Instant(0), open: false }
}

fn of(condition: &Condition, events: &[(i64, Role)]) -> Window {
    let mut window = Window::of(condition);
    for (at, role) in events {
        window.insert(condition, &arrival(*at, *role, None));
    }
    window
}

/// When it opens and closes, why, how many events made it so, and when nothing of it matters.
fn shown(window: &Window, condition: &Condition) -> String {
    let Some(at) = window.opens(condition, Instant::MIN) else { return "-".to_owned() };
    let mut text = format!("{} {:?}", at.0, window.reason(condition, at, true));
    let (count, first_at) = window.events(condition, at);
    let _ = write!(text, ", {count} from {}", first_at.0);
    match window.closes(condition, at) {
        Some(Close::Quiet(at)) => _ = write!(text, ", quiet {}", at.0),
        Some(Close::By(at, reason)) => _ = write!(text, ", {} {reason:?}", at.0),
        None => text.push_str(", goes on"),
    }
    text
}

#[track_caller]
fn check(condition: &Condition, events: &[(i64, Role)], expected: &str) {
    assert_eq!(shown(&of(condition, events), condition), expected);
}

#[test]
fn a_count_says_how_many_its_window_holds_and_with_them_what_came_behind() {
    let three = Condition::Count(threshold(3));
    let mut events = vec![(1, MATCHED), (2, MATCHED), (3, MATCHED)];
    let reason = "3 Count { count: 3, within: Span(10) }";
    check(&three, &events, &format!("{reason}, 3 from 1, quiet 11"));
    events.extend([(4, MATCHED), (5, MATCHED)]);
    check(&three, &events, &format!("{reason}, 5 from 1, quiet 13"));
    assert_eq!(of(&three, &events).idle_at(&three), Instant(15));
    check(&three, &events[..2], "-");
}

#[test]
fn a_row_says_how_long_it_is_and_with_it_what_failed_behind() {
    let row = RowRule { more_than: 1, gap: Span(100), reset: Vec::new() };
    let row = Condition::Consecutive(row);
    let failed = [(0, Role::Reset), (1, MATCHED), (2, MATCHED), (3, MATCHED)];
    let reason = "2 Consecutive { count: 2, success_visible: true }";
    check(&row, &failed, &format!("{reason}, 3 from 1, quiet 3"));
    let mut ended = failed.to_vec();
    ended.push((7, Role::Reset));
    check(&row, &ended, &format!("{reason}, 3 from 1, 7 Success {{ at: Instant(7) }}"));
    assert_eq!(of(&row, &ended).idle_at(&row), Instant(107));
}

#[test]
fn a_row_in_a_window_takes_bounded_room() {
    let row = RowRule { more_than: 1, gap: Span(100), reset: Vec::new() };
    let condition = Condition::Consecutive(row);
    let mut window = Window::of(&condition);
    for at in 0..1_000 {
        window.insert(&condition, &arrival(at, MATCHED, None));
        let frontier = window.frontier(&condition, Instant(at)).expect("a row's is the watermark");
        assert_eq!(frontier, Instant(at));
        window.trim(&condition, frontier);
    }
    let kept = serde_json::to_string(&window).expect("a window is JSON").matches("at").count();
    assert!(kept < 100, "{kept} are kept");
    assert_eq!(window.events(&condition, Instant(999)), (1_000, Instant(0)));
}

fn ratio() -> Condition {
    Condition::Ratio(Ratio {
        of: Matcher::default(),
        at_least_permille: 500,
        clear_below_permille: 500,
        floor: 3,
        needs_success: true,
        window: Span(120),
    })
}

#[test]
fn a_share_is_of_the_whole_and_a_success_is_part_of_the_whole_alone() {
    let (failed, succeeded) =
        (Role::MatchedAndWhole { success: false }, Role::Whole { success: true });
    let events = [(1, succeeded), (2, failed), (3, failed)];
    let reason = "3 Ratio { permille: 666, of: 3, within: Span(120) }";
    check(&ratio(), &events, &format!("{reason}, 2 from 3, goes on"));
    let of_all = of(&ratio(), &events);
    assert_eq!(of_all.look_again_at(&ratio(), Instant(3)), Some(Instant(10)));
    assert_eq!(of_all.idle_at(&ratio()), Instant(130));
    // What is matched and no part of the whole makes the share larger; nothing else does.
    let beside = Role::Matched;
    check(&ratio(), &[(1, succeeded), (2, failed), (3, beside)], "-");
    check(&ratio(), &[(1, failed), (2, failed), (3, failed)], "-");
    let whole = Role::Whole { success: false };
    check(&ratio(), &[(1, succeeded), (2, whole), (3, whole), (4, failed)], "-");
    for part_of_none in [Role::Reset, Role::First, Role::Then] {
        check(&ratio(), &[(1, succeeded), (2, failed), (3, part_of_none)], "-");
    }
}

#[test]
fn a_share_that_held_ends_with_the_step_in_which_it_is_looked_at() {
    let failed = Role::MatchedAndWhole { success: true };
    let mut window = of(&ratio(), &[(1, failed), (2, failed), (3, failed)]);
    assert_eq!(window.closes(&ratio(), Instant(3)), None);
    window.look(&ratio(), Instant(130), true);
    assert_eq!(window.closes(&ratio(), Instant(3)), Some(Close::Quiet(Instant(130))));
    assert_eq!(window.closes(&ratio(), Instant(140)), Some(Close::Quiet(Instant(140))));
}

#[test]
fn a_spike_says_how_many_there_are_and_how_many_are_usual() {
    let spike = Spike { factor_permille: 2000, floor: 3, baseline: 1, window: Span(12) };
    let spike = Condition::Spike(spike);
    let events = [(12, MATCHED), (24, MATCHED), (25, MATCHED), (26, MATCHED)];
    let reason = "26 Spike { count: 3, before_permille: 1000, within: Span(12) }";
    let mut window = Window::of(&spike);
    for (at, role) in events {
        let turned = window.insert(&spike, &arrival(at, role, None));
        assert_eq!(turned, at == 12 || at == 26, "{at}");
    }
    assert_eq!(shown(&window, &spike), format!("{reason}, 3 from 26, goes on"));
}

#[test]
fn what_is_new_is_so_for_a_moment_and_says_since_when_it_was_not_seen() {
    let new = Condition::New(New { unseen: Span(100), learning: Span(0) });
    let reason = "5 New { unseen_since: None }";
    check(&new, &[(5, MATCHED), (6, MATCHED)], &format!("{reason}, 1 from 5, quiet 5"));
    let reason = "105 New { unseen_since: Some(Instant(5)) }";
    check(&new, &[(5, MATCHED), (105, MATCHED)], &format!("{reason}, 1 from 105, quiet 105"));
    assert_eq!(of(&new, &[(5, MATCHED)]).idle_at(&new), Instant(105));
    assert_eq!(of(&new, &[(5, MATCHED)]).look_again_at(&new, Instant::MIN), None);
}

#[test]
fn a_silence_says_since_when_and_is_looked_at_by_time() {
    let absent = Condition::Absent(Absent { window: Span(10) });
    let reason = "12 Absent { since: Instant(2) }";
    check(&absent, &[(1, MATCHED), (2, MATCHED)], &format!("{reason}, 0 from 12, goes on"));
    let ended = [(2, MATCHED), (30, MATCHED)];
    check(&absent, &ended, &format!("{reason}, 0 from 12, 30 Back"));
    let window = of(&absent, &ended);
    assert_eq!(window.look_again_at(&absent, Instant(13)), Some(Instant(40)));
    assert_eq!(window.idle_at(&absent), Instant::MAX, "what is missed is never forgotten");
}

#[test]
fn a_value_counts_at_its_latest_instant_in_whichever_order_it_came() {
    let three = Condition::Distinct(LabelName::Api, threshold(3));
    let values = |events: &[(i64, &str)]| {
        let mut window = Window::of(&three);
        for (at, value) in events {
            assert!(window.insert(&three, &arrival(*at, MATCHED, Some(value))));
        }
        window
    };
    let reason = "12 Distinct { count: 3, within: Span(10) }";
    let expected = format!("{reason}, 3 from 10, quiet 20");
    for events in [
        [(1, "a"), (10, "a"), (11, "b"), (12, "c")],
        [(10, "a"), (1, "a"), (11, "b"), (12, "c")],
        [(11, "b"), (12, "c"), (10, "a"), (10, "a")],
    ] {
        assert_eq!(shown(&values(&events), &three), expected, "{events:?}");
    }
    let again = values(&[(10, "a"), (10, "b"), (10, "a")]);
    assert!(matches!(&again, Window::Distinct(kept) if *kept.values[0] == *"a"), "{again:?}");
    // What is forgotten with its instant counts anew.
    let mut window = values(&[(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")]);
    let frontier = window.frontier(&three, Instant(5)).expect("the window is full");
    window.trim(&three, frontier);
    for (at, value) in [(6, "a"), (7, "e")] {
        window.insert(&three, &arrival(at, MATCHED, Some(value)));
    }
    let Window::Distinct(distinct) = &window else { panic!("of different values") };
    assert_eq!(
        distinct.values.iter().map(|value| &**value).collect::<Vec<_>>(),
        ["c", "d", "a", "e"]
    );
    assert_eq!(window.events(&three, Instant(7)), (4, Instant(3)));
}

#[test]
fn a_sequence_is_of_two_events_and_says_how_far_they_lie_apart() {
    let then = Matcher::default();
    let sequence = Condition::Sequence(SequenceRule { then, within: Span(10) });
    let reason = "8 Sequence { after: Span(5) }";
    let events = [(1, Role::First), (3, Role::First), (8, Role::Then)];
    check(&sequence, &events, &format!("{reason}, 2 from 3, quiet 8"));
    let window = of(&sequence, &[(1, Role::First), (3, Role::Then), (9, Role::Then)]);
    assert_eq!(window.closes(&sequence, Instant(3)), Some(Close::Quiet(Instant(9))));
    assert_eq!(window.idle_at(&sequence), Instant(19));
    let window = of(&sequence, &[(7, Role::First), (3, Role::Then)]);
    assert_eq!(window.idle_at(&sequence), Instant(17));
    check(&sequence, &[(3, Role::Then), (7, Role::First)], "-");
    let reason = "5 Sequence { after: Span(0) }";
    let at_once = [(5, Role::First), (5, Role::Then)];
    check(&sequence, &at_once, &format!("{reason}, 2 from 5, quiet 5"));
}

#[test]
fn a_count_takes_room_by_the_number_that_is_asked_for() {
    let three = Condition::Count(threshold(3));
    let mut window = Window::of(&three);
    for at in 0..1_000 {
        window.insert(&three, &arrival(at, MATCHED, None));
        if let Some(frontier) = window.frontier(&three, Instant(at - 5)) {
            window.trim(&three, frontier);
        }
    }
    let kept = serde_json::to_string(&window).expect("a window is JSON").matches(',').count();
    assert!(kept < 10, "{kept} are kept");
    assert_eq!(window.opens(&three, Instant(999)), Some(Instant(999)));
}
