//! What Alertmanagers are to believe, as time passes.

use chrono::TimeDelta;

use super::*;
use crate::deliver::web::alertmanager::Belief;

struct World {
    belief: Belief,
}

fn at(minutes: i64) -> DateTime<Utc> {
    now() + TimeDelta::minutes(minutes)
}

impl World {
    fn new() -> Self {
        Self { belief: Belief::default() }
    }

    /// A notification of then is sent now.
    fn note(&mut self, told: &ToldAlert, created: i64, minutes: i64) -> Vec<String> {
        let text = crate::render::ToldText::of(told, &texts());
        let words = Words::of(Language::English);
        self.belief.note(told, &text, (words, &[]), &[], (at(created), at(minutes)));
        shown(&self.belief.of(std::slice::from_ref(told), at(minutes)))
    }

    fn again(&mut self, minutes: i64) -> Vec<String> {
        shown(&self.belief.again(at(minutes)))
    }
}

/// The minute at which each ends, from now on.
fn shown(said: &[Value]) -> Vec<String> {
    let ends = said.iter().map(|alert| {
        let ends_at = alert["endsAt"].as_str().unwrap();
        let ends_at = DateTime::parse_from_rfc3339(ends_at).unwrap().to_utc();
        let name = alert["labels"]["alertname"].as_str().unwrap();
        format!("{name} {}s", (ends_at - now()).num_seconds())
    });
    ends.collect()
}

#[test]
fn what_fires_is_said_every_minute_to_end_in_five_and_what_is_over_for_a_quarter_of_an_hour() {
    let mut world = World::new();
    assert_eq!(world.belief.next(), None);
    assert_eq!(world.note(&lockout(AlertStatus::Firing), 0, 0), ["aksk-lockout 300s"]);
    assert_eq!(world.belief.next(), Some(at(1)));
    assert_eq!(world.again(1), ["aksk-lockout 360s"]);
    assert_eq!(world.belief.next(), Some(at(2)));
    assert_eq!(world.again(60), ["aksk-lockout 3900s"]);
    // It was resolved half a minute before the first of it was said: it ends then.
    assert_eq!(world.note(&lockout(AlertStatus::Resolved), 61, 61), ["aksk-lockout -30s"]);
    assert_eq!(world.again(62), ["aksk-lockout -30s"]);
    assert_eq!(world.again(75), ["aksk-lockout -30s"]);
    assert_eq!(world.again(77), [""; 0]);
    assert_eq!(world.belief.next(), None);
}

#[test]
fn an_attempt_that_comes_late_does_not_make_what_is_over_fire() {
    let mut world = World::new();
    world.note(&lockout(AlertStatus::Firing), 0, 0);
    world.note(&lockout(AlertStatus::Resolved), 1, 1);
    // The second peer could not be reached until now.
    assert_eq!(world.note(&lockout(AlertStatus::Firing), 0, 2), ["aksk-lockout -30s"]);
    assert_eq!(world.note(&lockout(AlertStatus::Firing), 0, 60 * 24 * 3), ["aksk-lockout -30s"]);
    assert_eq!(world.again(60 * 24 * 3), [""; 0]);
}

#[test]
fn after_a_new_start_only_what_stands_fires() {
    let mut world = World::new();
    let other = told("throttling", Severity::Warning, AlertStatus::Firing, "APIG.0308", "");
    world.belief.adopt(std::slice::from_ref(&other), at(0));
    world.note(&other, 0, 0);
    // At once: the last run may have said it five minutes ago.
    assert_eq!(world.belief.next(), Some(at(0)));
    assert_eq!(world.again(0), ["throttling 300s"]);
    // What waited in the outbox since before, and ended while nobody ran.
    let said = world.note(&lockout(AlertStatus::Firing), -10, 1);
    assert_eq!(said, ["aksk-lockout 60s"], "it is over as of now");
    assert_eq!(world.again(30), ["throttling 2100s"]);
    // What is put there from now on is as it says.
    let mut newer = lockout(AlertStatus::Firing);
    newer.changed_at = Instant((NOW_S + 60) * 1000);
    assert_eq!(world.note(&newer, 31, 31), ["aksk-lockout 2160s"]);
    // A rule is taken away: its alert is over, and no end of it was told.
    world.belief.adopt(std::slice::from_ref(&other), at(32));
    assert_eq!(world.again(33).len(), 2);
    assert!(world.again(34).contains(&"aksk-lockout 1920s".to_owned()));
    assert_eq!(world.again(48), ["throttling 3180s"]);
}

#[test]
fn what_came_and_went_fires_long_enough_to_be_heard_of() {
    let mut world = World::new();
    let brief = lockout(AlertStatus::FiredAndResolved);
    assert_eq!(world.note(&brief, 0, 0), ["aksk-lockout 300s"]);
    assert_eq!(world.note(&brief, 0, 2), ["aksk-lockout 300s"], "tried again, it is no younger");
    assert_eq!(world.again(4), ["aksk-lockout 300s"]);
    assert_eq!(world.again(19), ["aksk-lockout 300s"]);
    assert_eq!(world.again(20), [""; 0]);
}

#[test]
fn an_end_that_nobody_tells_is_found_out() {
    let mut world = World::new();
    world.note(&lockout(AlertStatus::Firing), 0, 0);
    let other = told("throttling", Severity::Warning, AlertStatus::Firing, "APIG.0308", "");
    world.note(&other, 0, 0);
    // Its route tells no ends.
    world.belief.end_others(std::slice::from_ref(&other), at(5));
    let mut said = world.again(6);
    said.sort();
    assert_eq!(said, ["aksk-lockout 300s", "throttling 660s"]);
    assert_eq!(world.again(20), ["throttling 1500s"]);
    // Should it be told later after all, it is over as of then.
    assert_eq!(world.note(&lockout(AlertStatus::Resolved), 21, 21), ["aksk-lockout -30s"]);
}

#[test]
fn labels_stay_the_same_while_numbers_grow() {
    let first = lockout(AlertStatus::Firing);
    let mut later = lockout(AlertStatus::Firing);
    let mut alert = (*later.alert).clone();
    alert.count = 4711;
    later.alert = Arc::new(alert);
    let labels = |told: &ToldAlert| {
        super::prometheus::labels(&crate::render::ToldText::of(told, &texts()).text, &[])
    };
    assert_eq!(labels(&first), labels(&later));
    assert_eq!(super::prometheus::label_name("1 a-b/é"), "_1_a_b__");
}
