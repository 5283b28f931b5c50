//! Every short sequence of events of two alerts, judged by what must be true of any.

use super::*;

const EVENTS: [&str; 8] = [
    "fire lockout",
    "resolve lockout",
    "fire noise",
    "resolve noise",
    "silence s 10m rule=noise",
    "expire s",
    "",  // 25 s pass
    "-", // 6 min pass
];

const LENGTH: usize = 5;

const WAIT: Span = Span(30_000);
const INTERVAL: Span = Span(300_000);

/// From an instant to another one, excluded.
type Spell = (Instant, Instant);

/// When an alert fired, and when something withheld it.
#[derive(Debug, Default)]
struct Truth {
    fired: Vec<Spell>,
    withheld: Vec<Spell>,
}

impl Truth {
    fn begin(spells: &mut Vec<Spell>, at: Instant) {
        if spells.last().is_none_or(|(_, end)| *end != Instant::MAX) {
            spells.push((at, Instant::MAX));
        }
    }

    fn end(spells: &mut [Spell], at: Instant) {
        if let Some((_, end)) = spells.last_mut().filter(|(_, end)| *end > at) {
            *end = at;
        }
    }

    /// Whether anything withholds it at any time of the spell, its ends included.
    fn is_withheld(&self, (from, to): Spell) -> bool {
        self.withheld.iter().any(|(begin, end)| *begin <= to && from <= *end)
    }
}

/// Runs the sequence and tells what of the truth its decisions break.
fn breach(setup: &Setup, inhibits: bool, sequence: &[&str]) -> Option<String> {
    let (mut policy, mut alerts) = (setup.policy(), Alerts::default());
    let mut truths = [Truth::default(), Truth::default()];
    let mut silence = Truth::default();
    let mut at = Instant(0);
    for event in sequence {
        at = at.plus(Span::SECOND);
        let words: Vec<&str> = event.split_whitespace().collect();
        let of = usize::from(words.get(1) == Some(&"noise"));
        match *event {
            "" => at = at.plus(Span::SECOND.times(25)),
            "-" => at = at.plus(Span::MINUTE.times(6)),
            _ => {}
        }
        match words.first().copied() {
            Some("fire") => Truth::begin(&mut truths[of].fired, at),
            Some("resolve") => {
                // What does not fire cannot be resolved.
                if truths[of].fired.last().is_none_or(|(_, end)| *end != Instant::MAX) {
                    continue;
                }
                Truth::end(&mut truths[of].fired, at);
            }
            Some("silence") => {
                Truth::end(&mut silence.withheld, at);
                silence.withheld.push((at, at.plus(Span::MINUTE.times(10))));
            }
            Some("expire") => Truth::end(&mut silence.withheld, at),
            _ => {}
        }
        let what = match words.first().copied() {
            Some("silence") => Step::Silence(Setup::silence(at, &words)),
            Some("expire") => Step::Expire("s".into()),
            Some("fire" | "resolve") => Step::Change(alerts.change(at, &words)),
            _ => Step::Poll,
        };
        step(&mut policy, at, &what);
    }
    policy.advance(at.plus(Span::HOUR));
    truths[1].withheld = silence.withheld;
    if inhibits {
        let fired = truths[0].fired.clone();
        truths[1].withheld.extend(fired);
    }
    let decisions = policy.take();
    let found = ["lockout", "noise"].iter().zip(&truths).find_map(|(rule, truth)| {
        let why = untold(rule, truth, at, &decisions).or_else(|| disorder(rule, truth, &decisions));
        why.map(|why| format!("{rule}: {why}"))
    });
    let shown: Vec<_> = decisions.iter().map(|decision| setup.show(decision)).collect();
    let found = found.or_else(|| haste(&decisions))?;
    Some(format!("{sequence:?}: {found}\n{}\n{truths:?}", shown.join("\n")))
}

/// Where an alert is mentioned: when, and what is told of it.
fn told<'d>(
    rule: &'d str,
    decisions: &'d [Decision],
) -> impl Iterator<Item = (Instant, &'d ToldAlert)> {
    let told = decisions.iter().filter_map(|decision| match decision {
        Decision::Notify(told) => Some(told),
        Decision::Withhold(_) => None,
    });
    told.flat_map(|told| told.alerts.iter().map(move |alert| (told.at, alert)))
        .filter(move |(_, told)| *told.alert.rule == *rule)
}

/// What nothing withheld is told in time, and what is told or withheld is so for a reason.
fn untold(rule: &str, truth: &Truth, end: Instant, decisions: &[Decision]) -> Option<String> {
    let patience = Span(WAIT.0 + INTERVAL.0);
    for &(fired, resolved) in &truth.fired {
        let until = resolved.min(end.plus(Span::HOUR));
        let is_told = told(rule, decisions)
            .any(|(at, told)| at >= fired && told.alert.fired_at == Some(fired) && told.is_news);
        let ends = truth.withheld.iter().map(|(_, end)| *end);
        for free in ends.chain([fired]).filter(|free| *free >= fired) {
            let spell = (free.plus(Span(1)), free.plus(patience));
            if spell.1 <= until && !truth.is_withheld(spell) && !is_told {
                return Some(format!("fires since {fired:?} and is not told"));
            }
        }
        let was_free = !truth.is_withheld((fired, resolved.min(Instant::MAX).plus(patience)));
        // An episode may be told as one with the next.
        let is_mentioned = told(rule, decisions).any(|(at, _)| at >= fired);
        if was_free && !is_mentioned {
            return Some(format!("fired at {fired:?} and was never mentioned"));
        }
    }
    decisions.iter().find_map(|decision| match decision {
        Decision::Withhold(withheld) if *withheld.rule == *rule => {
            let spell = (withheld.at, withheld.at);
            (!truth.is_withheld(spell)).then(|| format!("{withheld:?} without a reason"))
        }
        Decision::Notify(notified) => {
            let told = notified.alerts.iter().find(|told| *told.alert.rule == *rule)?;
            let inside = |(begin, end): &Spell| *begin <= notified.at && notified.at < *end;
            let is_firing = told.status == AlertStatus::Firing;
            let is_broken = is_firing && truth.withheld.iter().any(inside);
            is_broken.then(|| format!("told at {:?} though withheld", notified.at))
        }
        Decision::Withhold(_) => None,
    })
}

/// Firing comes before resolved, nothing is told twice, and what was told to fire is told to end.
fn disorder(rule: &str, truth: &Truth, decisions: &[Decision]) -> Option<String> {
    let mut known = AlertStatus::Resolved;
    let mut last: Option<&ToldAlert> = None;
    for (at, told) in told(rule, decisions) {
        let knows_firing = known == AlertStatus::Firing;
        let fits = match told.status {
            AlertStatus::Firing => told.is_news || knows_firing,
            AlertStatus::Resolved => knows_firing,
            AlertStatus::FiredAndResolved => !knows_firing,
        };
        let is_same = |last: &ToldAlert| {
            (last.status, last.changed_at) == (told.status, told.changed_at) && told.ended.is_none()
        };
        if !fits || (told.is_news && last.is_some_and(is_same)) {
            return Some(format!("{:?} at {at:?} behind {known:?}", told.status));
        }
        known = told.status;
        last = Some(told);
    }
    let fires = truth.fired.last().is_some_and(|(_, end)| *end == Instant::MAX);
    (known == AlertStatus::Firing && !fires).then(|| "its end is not told".to_owned())
}

/// Between two notifications of a group that goes on lies the interval.
fn haste(decisions: &[Decision]) -> Option<String> {
    let told = decisions.iter().filter_map(|decision| match decision {
        Decision::Notify(told) => Some(told),
        Decision::Withhold(_) => None,
    });
    let told: Vec<&Notification> = told.collect();
    told.iter().enumerate().find_map(|(number, one)| {
        let next = told[number + 1..].iter().find(|next| next.group == one.group)?;
        let is_hasty = one.firing > 0 && next.at.since(one.at) < INTERVAL;
        is_hasty.then(|| format!("told at {:?} and {:?}", one.at, next.at))
    })
}

fn check_all(by: &str, inhibits: bool) {
    let mut setup = Setup::new();
    setup.read(&["route", "all", by]);
    if inhibits {
        setup.read(&["inhibit", "lockout", "noise"]);
    }
    let mut count = 0_usize;
    for number in 0..EVENTS.len().pow(u32::try_from(LENGTH).expect("small")) {
        let digit = |place: u32| number / EVENTS.len().pow(place) % EVENTS.len();
        let sequence: Vec<&str> =
            (0..LENGTH).map(|place| EVENTS[digit(u32::try_from(place).expect("small"))]).collect();
        if let Some(breach) = breach(&setup, inhibits, &sequence) {
            panic!("{breach}");
        }
        count += 1;
    }
    assert_eq!(count, 32_768);
}

#[test]
fn every_short_sequence_in_groups_of_their_own() {
    check_all("by=rule", false);
}

#[test]
fn every_short_sequence_in_one_group() {
    check_all("by=", false);
}

#[test]
fn every_short_sequence_with_a_cause_and_its_consequence() {
    check_all("by=rule", true);
}

#[test]
fn every_short_sequence_with_a_cause_and_its_consequence_in_one_group() {
    check_all("by=", true);
}
