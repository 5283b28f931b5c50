//! Every short sequence of events of two alerts around a stop of the watch.

use super::*;

/// Every event is before the stop or after it; at each of them the policy is kept and restored.
fn history(stop: usize, sequence: &[&str], restarts: bool, late: Span) -> Vec<Decision> {
    let mut setup = Setup::new();
    setup.read(&["inhibit", "lockout", "quota"]);
    let (mut policy, mut alerts) = (setup.policy(), Alerts::default());
    let mut decisions = Vec::new();
    let mut at = Instant(0);
    for (index, event) in sequence.iter().enumerate() {
        at = at.plus(Span::MINUTE.times(6));
        let words: Vec<&str> = event.split_whitespace().collect();
        let fires = |alerts: &Alerts| {
            alerts.0.values().any(|it| *it.rule == *words[1] && it.resolved_at.is_none())
        };
        if words[0] == "resolve" && !fires(&alerts) {
            continue;
        }
        let change = alerts.change(at, &words);
        let is_past = index >= stop;
        step(&mut policy, at, &if is_past { Step::Past(change) } else { Step::Change(change) });
        decisions.extend(policy.take());
        if restarts && is_past {
            let text = serde_json::to_string(policy.snapshot()).expect("a snapshot");
            let snapshot = serde_json::from_str(&text).expect("the snapshot");
            policy = Policy::restore(setup.config.clone(), &setup.rules, snapshot);
        }
    }
    let end = at.plus(Span::HOUR.times(20)).plus(late);
    policy.end_history(end, (Instant(0), at));
    policy.advance(end.plus(Span::HOUR.times(3)));
    decisions.extend(policy.take());
    decisions
}

/// What must be true whatever happened: what fires is known to fire, what fires no more is known to
/// be over, nobody hears the same twice, and there is one notification for the history.
fn breach(sequence: &[&str], decisions: &[Decision]) -> Option<String> {
    let told = decisions.iter().filter_map(|decision| match decision {
        Decision::Notify(told) => Some(told),
        Decision::Withhold(_) => None,
    });
    let told: Vec<&Notification> = told.collect();
    let digests = told.iter().filter(|told| told.reason == NotifyReason::Historical).count();
    if digests > 1 || told.last().is_some_and(|last| digests == 1 && last.covers.is_none()) {
        return Some("the history is not told once, and last".into());
    }
    let fires = |rule: &str| {
        let mut changes = sequence.iter().filter(|event| event.ends_with(rule));
        changes.next_back().is_some_and(|event| event.starts_with("fire"))
    };
    for rule in ["lockout", "noise", "quota"] {
        let mentions =
            || told.iter().flat_map(|told| &told.alerts).filter(|it| *it.alert.rule == *rule);
        let known = mentions().next_back().map(|told| told.status);
        let is_explained = rule == "quota" && fires("lockout");
        let knows_firing = known == Some(AlertStatus::Firing);
        if fires(rule) && !knows_firing && !is_explained {
            return Some(format!("{rule} fires and is not told"));
        }
        if !fires(rule) && knows_firing {
            return Some(format!("the end of {rule} is not told"));
        }
        let ever = sequence.iter().any(|event| event.starts_with("fire") && event.ends_with(rule));
        if ever && known.is_none() && rule != "quota" {
            return Some(format!("{rule} was never mentioned"));
        }
        let news: Vec<_> = mentions()
            .filter(|told| told.is_news)
            .map(|told| (told.status, told.changed_at))
            .collect();
        if news.windows(2).any(|two| two[0] == two[1]) {
            return Some(format!("{rule} is told twice"));
        }
    }
    None
}

#[test]
fn every_short_sequence_around_a_stop() {
    const EVENTS: [&str; 6] = [
        "fire lockout",
        "resolve lockout",
        "fire noise",
        "resolve noise",
        "fire quota",
        "resolve quota",
    ];
    const LENGTH: u32 = 4;
    let mut count = 0;
    for number in 0..EVENTS.len().pow(LENGTH) {
        let digit = |place| number / EVENTS.len().pow(place) % EVENTS.len();
        let sequence: Vec<&str> = (0..LENGTH).map(|place| EVENTS[digit(place)]).collect();
        for stop in 0..=sequence.len() {
            let decisions = history(stop, &sequence, false, Span::ZERO);
            if let Some(breach) = breach(&sequence, &decisions) {
                panic!("{sequence:?}, stopped before {stop}: {breach}\n{decisions:#?}");
            }
            assert_eq!(decisions, history(stop, &sequence, true, Span::ZERO), "restarted");
            let later = history(stop, &sequence, true, Span::MINUTE);
            assert_eq!(ids(&decisions), ids(&later), "{sequence:?}, stopped before {stop}");
            count += 1;
        }
    }
    assert_eq!(count, 6_480);
}
