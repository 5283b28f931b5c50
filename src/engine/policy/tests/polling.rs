//! How often time is let pass, and how often the state goes to disk and back, changes nothing.

use proptest::prelude::*;

use super::*;

const SETUP: &str = "base 2026-03-28T19:30:00Z
    mute night Europe/Berlin Sat 22:00-02:30 rule=quota
    mute early Europe/Berlin Sun 02:00-06:00 rule=n*
    route page severity=critical proceed by=rule
    route all by=api interval=2m repeat=1h
    inhibit lockout noise equal=api
    inhibit noise quota
    inhibit quota noise equal=api
    limit groups 3
    limit listed 2";

const WHAT: [&str; 12] = [
    "fire lockout critical",
    "fire lockout critical api=a",
    "fire noise api=a",
    "fire noise api=b",
    "fire quota api=a",
    "flap noise api=a",
    "resolve",
    "silence s 20m rule=noise",
    "silence s until-resolved api=a",
    "silence t 3h rule!=lockout",
    "expire s",
    "expire t",
];

const GAPS: [&str; 8] = ["0s", "5s", "10s", "30s", "2m", "11m", "1h", "7h"];

/// A script of steps, each as long behind the one before as is said.
fn script(steps: &[(usize, usize, usize)]) -> String {
    let mut at = Span::ZERO;
    let mut text = SETUP.to_owned();
    for (gap, what, whom) in steps {
        at = Span(at.0 + span(GAPS[*gap]).0);
        let what = match WHAT[*what] {
            "resolve" => WHAT[*whom].replacen("fire", "resolve", 1),
            what => what.to_owned(),
        };
        let _ = write!(text, "\n{} {what}", shown(at));
    }
    let _ = write!(text, "\n{} poll", shown(Span(at.0 + span("9h").0)));
    text
}

/// What is decided when time is let pass at these instants, too, and after each step what is
/// remembered goes to disk and back or not.
fn decide(script: &str, polls: &[i64], to_disk: bool) -> Vec<Decision> {
    let (setup, mut steps) = read(script);
    steps.extend(polls.iter().map(|at| (setup.base.plus(Span(*at)), Step::Poll)));
    steps.sort_by_key(|(at, _)| *at);
    let (mut policy, mut decisions) = (setup.policy(), Vec::new());
    for (number, (at, what)) in steps.iter().enumerate() {
        step(&mut policy, *at, what);
        if to_disk {
            let text = serde_json::to_string(&policy.snapshot()).expect("a snapshot");
            let snapshot = serde_json::from_str(&text).expect("the snapshot");
            let restored = Policy::restore(setup.config.clone(), &setup.rules, snapshot);
            assert_eq!(restored.next_deadline(), policy.next_deadline());
            policy = restored;
        }
        if !to_disk || number % 3 == 0 {
            decisions.extend(policy.take());
        }
    }
    decisions.extend(policy.take());
    decisions
}

fn is_repeat(decision: &Decision) -> bool {
    let Decision::Notify(told) = decision else { return false };
    matches!(told.reason, NotifyReason::Repeat { .. })
}

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) }
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn any_polls_and_any_restarts_give_the_same_decisions(
        steps in prop::collection::vec((0..GAPS.len(), 0..WHAT.len(), 0..5_usize), 1..14),
        polls in prop::collection::vec(0..100_000_000_i64, 0..12),
    ) {
        let script = script(&steps);
        let (setup, all) = read(&script);
        let last = all.last().expect("a step").0.since(setup.base).0;
        let polls: Vec<i64> = polls.into_iter().filter(|at| *at <= last).collect();
        let at_once = decide(&script, &[], false);
        let polled = decide(&script, &polls, false);
        let restored = decide(&script, &polls, true);
        prop_assert_eq!(&polled, &restored, "{}", script);
        // Of repeats a poll more shows more: those between two polls are skipped.
        let changes = |all: &[Decision]| -> Vec<Decision> {
            all.iter().filter(|decision| !is_repeat(decision)).cloned().collect()
        };
        prop_assert_eq!(changes(&at_once), changes(&polled), "{}", script);
        let repeats = at_once.iter().filter(|decision| is_repeat(decision));
        for repeat in repeats {
            prop_assert!(polled.contains(repeat), "{}", script);
        }
        let ids = polled.iter().filter_map(|decision| match decision {
            Decision::Notify(told) => Some(told.id),
            Decision::Withhold(_) => None,
        });
        let mut ids: Vec<_> = ids.collect();
        let count = ids.len();
        ids.sort();
        ids.dedup();
        prop_assert_eq!(ids.len(), count, "{}", script);
    }
}
