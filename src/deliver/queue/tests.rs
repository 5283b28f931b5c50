//! The queue in time that the tests tell, scene by scene and against a model.

mod model;

use super::*;
use crate::catalogue::Catalogue;
use crate::deliver::sample;
use crate::engine::{AlertStatus, Detour, Instant, Notification, NotificationId, Span};
use crate::rules::RuleSet;

fn at(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(1_795_428_900 + second, 0).unwrap()
}

fn notification(number: u64, receiver: &str, second: i64) -> Notification {
    let catalogue = Catalogue::empty();
    let rules = RuleSet::embedded(&Catalogue::embedded());
    let rule = &rules.rules()[0];
    let mut told = sample::notification(rule, &catalogue, receiver, Instant::from(at(second)));
    told.id = NotificationId(number);
    told.passage.is_sample = false;
    told
}

fn parcel_of(notification: Notification, recipient: &str, second: i64) -> Parcel {
    Parcel {
        notification: Arc::new(notification),
        recipient: recipient.into(),
        created: at(second),
        attempts: 0,
        not_before: at(second),
    }
}

/// Made quickly, for models that need many.
fn parcel(number: u64, receiver: &str, second: i64) -> Parcel {
    use std::sync::LazyLock;
    static ONE: LazyLock<Notification> = LazyLock::new(|| notification(0, "", 0));
    let mut told = ONE.clone();
    told.id = NotificationId(number);
    told.receiver = receiver.into();
    told.at = Instant::from(at(second));
    parcel_of(told, "", second)
}

fn queue_of(parcels: impl IntoIterator<Item = Parcel>) -> Queue {
    let mut queue = Queue::default();
    for parcel in parcels {
        assert_eq!(queue.put(parcel), []);
    }
    queue
}

fn numbers(parcels: &[Parcel]) -> Vec<u64> {
    parcels.iter().map(|parcel| parcel.notification.id.0).collect()
}

#[expect(clippy::unnecessary_wraps, reason = "a result like the others")]
fn ok() -> Result<Accepted, Failure> {
    Ok(Accepted::default())
}

fn unreachable() -> Result<Accepted, Failure> {
    Err(Failure::unreachable("connect", "connection refused"))
}

fn message(again: Again) -> Result<Accepted, Failure> {
    Err(Failure { again, scope: Scope::Message, ..Failure::refused("rcpt", "450 greylisted") })
}

/// Reports on the one parcel of a receiver that is on its way.
fn report(
    queue: &mut Queue,
    parcel: &Parcel,
    result: &Result<Accepted, Failure>,
    second: i64,
) -> Outcome {
    queue.done(&parcel.notification.receiver, &parcel.id(), result, at(second)).unwrap()
}

/// Seconds until the next deadline.
fn deadline(queue: &Queue) -> Option<i64> {
    queue.next_deadline().map(|next| (next - at(0)).num_seconds())
}

#[test]
fn parcels_of_a_receiver_go_one_by_one_in_their_order() {
    let mut queue = queue_of([3, 1, 2].map(|number| parcel(number, "ops", 0)));
    for number in [3, 1, 2] {
        let due = queue.due(at(5));
        assert_eq!(numbers(&due), [number]);
        assert_eq!(queue.due(at(5)), []);
        assert!(queue.is_in_flight() && !queue.is_tried());
        assert_eq!(report(&mut queue, &due[0], &ok(), 5), Outcome::Sent { attempts: 1 });
    }
    assert_eq!((queue.due(at(9)), queue.next_deadline()), (vec![], None));
    assert!(queue.is_tried());
}

#[test]
fn a_receiver_that_cannot_be_reached_keeps_no_other() {
    let mut queue = queue_of([
        parcel(1, "dead", 0),
        parcel(2, "dead", 0),
        parcel(3, "well", 0),
        parcel(4, "well", 0),
    ]);
    let due = queue.due(at(0));
    assert_eq!(numbers(&due), [1, 3]);
    report(&mut queue, &due[0], &unreachable(), 1);
    report(&mut queue, &due[1], &ok(), 1);
    assert_eq!(numbers(&queue.due(at(1))), [4], "the next of the one, none of the other");
}

#[test]
fn a_closed_receiver_is_tried_again_with_its_oldest_after_longer_and_longer_waits() {
    let mut queue = queue_of([parcel(1, "ops", 0), parcel(2, "ops", 0)]);
    let (mut now, mut waits) = (0, Vec::new());
    for attempts in 1..=8 {
        let due = queue.due(at(now));
        assert_eq!(numbers(&due), [1], "at {now}");
        let outcome = report(&mut queue, &due[0], &unreachable(), now);
        let Outcome::Again { attempts: said, at: next, error } = outcome else { panic!() };
        assert_eq!((said, &*error), (attempts, "connect: connection refused"));
        let next_s = (next - at(0)).num_seconds();
        assert_eq!(queue.due(next - TimeDelta::milliseconds(1)), []);
        assert_eq!(queue.next_deadline(), Some(next));
        waits.push(next_s - now);
        now = next_s + 1;
    }
    for (wait, step) in waits.iter().zip([30, 60, 120, 300, 900, 1800, 3600, 3600]) {
        assert!((step * 8 / 10 - 1..=step * 12 / 10).contains(wait), "{waits:?}");
    }
    let due = queue.due(at(now));
    report(&mut queue, &due[0], &ok(), now);
    assert_eq!(numbers(&queue.due(at(now))), [2], "once it is reached, the others go at once");
    assert_eq!(queue.status()["ops"].failing_since, None);
}

#[test]
fn a_receiver_that_says_when_is_not_asked_before() {
    let mut queue = queue_of([parcel(1, "ops", 0)]);
    let due = queue.due(at(0));
    let mut failure = Failure::unreachable("answer", "429 too many requests");
    failure.again = Again::After(std::time::Duration::from_secs(77));
    report(&mut queue, &due[0], &Err(failure), 3);
    assert_eq!(deadline(&queue), Some(80));
    assert_eq!(queue.due(at(79)), []);
    assert_eq!(numbers(&queue.due(at(80))), [1]);
}

#[test]
fn one_message_that_is_put_off_lets_the_others_pass() {
    let to = |number, recipient: &str| parcel_of(notification(number, "ops", 0), recipient, 0);
    let mut queue = queue_of([to(1, "a@x"), to(1, "b@x")]);
    let due = queue.due(at(0));
    assert_eq!(due[0].id(), "0000000000000001 a@x");
    let later = message(Again::After(std::time::Duration::from_mins(10)));
    report(&mut queue, &due[0], &later, 1);
    let due = queue.due(at(1));
    assert_eq!(&*due[0].recipient, "b@x");
    report(&mut queue, &due[0], &ok(), 2);
    assert!(queue.is_tried());
    assert_eq!(deadline(&queue), Some(601));
    assert_eq!(&*queue.due(at(601))[0].recipient, "a@x");
}

#[test]
fn a_message_that_is_refused_is_dead_and_the_next_one_goes() {
    let mut queue = queue_of([parcel(1, "ops", 0), parcel(2, "ops", 0)]);
    let due = queue.due(at(0));
    let outcome = report(&mut queue, &due[0], &message(Again::Never), 1);
    assert_eq!(outcome, Outcome::Dead { attempts: 1, error: "rcpt: 450 greylisted".to_owned() });
    assert_eq!(numbers(&queue.due(at(1))), [2]);
    assert_eq!(queue.status()["ops"].failing_since, None, "it has answered");
}

#[test]
fn what_was_tried_for_three_days_is_given_up_and_what_is_younger_waits_on() {
    let day = 86_400;
    let mut queue = queue_of([parcel(1, "ops", 0), parcel(2, "ops", 10), parcel(3, "ops", day)]);
    let due = queue.due(at(20));
    report(&mut queue, &due[0], &unreachable(), 20);
    assert_eq!(queue.give_up(at(3 * day - 1)), []);
    let due = queue.due(at(3 * day));
    assert_eq!(numbers(&due), [1]);
    let outcome = report(&mut queue, &due[0], &unreachable(), 3 * day);
    assert!(matches!(outcome, Outcome::Dead { attempts: 2, .. }), "{outcome:?}");
    let given_up = queue.give_up(at(3 * day + 10));
    assert_eq!(given_up.len(), 1);
    assert_eq!(given_up[0].0.notification.id.0, 2);
    assert_eq!(queue.status()["ops"].depth, 1);
}

#[test]
fn what_is_old_is_still_tried_once_where_a_receiver_is_well() {
    let mut queue = queue_of([parcel(1, "ops", 0)]);
    assert_eq!(queue.give_up(at(9 * 86_400)), []);
    assert_eq!(numbers(&queue.due(at(9 * 86_400))), [1]);
}

#[test]
fn a_rate_holds_in_any_span_and_what_is_more_waits() {
    let mut queue = queue_of((0..5).map(|number| parcel(number, "ops", 0)));
    queue.set_rate(&"ops".into(), Some(Rate { messages: 2, per: Span::MINUTE }));
    let mut sent = Vec::new();
    for second in 0..200 {
        for due in queue.due(at(second)) {
            report(&mut queue, &due, &ok(), second);
            sent.push(second);
        }
    }
    assert_eq!(sent, [0, 1, 60, 61, 120]);
}

#[test]
fn an_attempt_that_did_not_arrive_takes_no_share_of_the_rate() {
    let mut queue = queue_of([parcel(1, "ops", 0), parcel(2, "ops", 0)]);
    queue.set_rate(&"ops".into(), Some(Rate { messages: 1, per: Span::DAY }));
    let due = queue.due(at(0));
    report(&mut queue, &due[0], &unreachable(), 0);
    let due = queue.due(at(60));
    assert_eq!(numbers(&due), [1], "no day has passed");
    report(&mut queue, &due[0], &ok(), 61);
    assert_eq!(deadline(&queue), Some(61 + 86_400));
}

#[test]
fn once_everything_was_tried_a_closed_receiver_is_not_waited_for() {
    let mut queue = queue_of([parcel(1, "ops", 0), parcel(2, "ops", 0)]);
    assert!(!queue.is_tried());
    let due = queue.due(at(0));
    report(&mut queue, &due[0], &unreachable(), 0);
    assert!(queue.is_tried(), "the second would meet the same");
}

#[test]
fn firing_and_resolved_of_an_outage_are_told_in_order() {
    let mut resolved = notification(2, "ops", 60);
    resolved.alerts[0].status = AlertStatus::Resolved;
    resolved.reason = NotifyReason::Resolved;
    let mut queue =
        queue_of([parcel_of(notification(1, "ops", 0), "", 0), parcel_of(resolved, "", 60)]);
    let due = queue.due(at(0));
    report(&mut queue, &due[0], &unreachable(), 0);
    for number in [1, 2] {
        let due = queue.due(at(100));
        assert_eq!(numbers(&due), [number]);
        report(&mut queue, &due[0], &ok(), 100);
    }
}

#[test]
fn a_repeat_that_waits_makes_room_for_what_is_told_later_of_its_group() {
    let repeat = |number, count| {
        let mut told = notification(number, "ops", 0);
        told.reason = NotifyReason::Repeat { count };
        parcel_of(told, "", i64::from(count))
    };
    let mut queue = queue_of([parcel_of(notification(1, "ops", 0), "", 0), repeat(2, 1)]);
    assert_eq!(numbers(&queue.put(repeat(3, 2))), [2]);
    let mut elsewhere = notification(4, "ops", 0);
    elsewhere.group.clear();
    assert_eq!(queue.put(parcel_of(elsewhere, "", 3)), []);
    assert_eq!(numbers(&queue.put(parcel_of(notification(5, "ops", 0), "", 4))), [3]);
    assert_eq!(queue.status()["ops"].depth, 3);
}

#[test]
fn beyond_the_bound_the_oldest_are_joined_and_every_one_is_accounted_for() {
    let mut queue = Queue::new(Settings { waiting_max: 10, ..Settings::default() });
    let mut alive: BTreeMap<u64, u64> = BTreeMap::new();
    for number in 1..=57 {
        assert_eq!(queue.put(parcel(number, "ops", i64::try_from(number).unwrap())), []);
        alive.insert(number, 1);
        for Joined { digest, parcels } in queue.join_crowded(at(60)) {
            let sum = parcels.iter().map(|it| alive.remove(&it.notification.id.0).unwrap()).sum();
            let merged = digest.notification.passage.merged.unwrap();
            assert_eq!(merged.count, sum, "counted as what it stands for");
            assert_eq!(merged.from, Instant::from(at(1)));
            alive.insert(digest.notification.id.0, sum);
        }
        assert!(queue.status()["ops"].depth <= 10);
    }
    assert_eq!(alive.values().sum::<u64>(), 57);
    let mut told = Vec::new();
    for second in 100.. {
        let Some(due) = queue.due(at(second)).pop() else { break };
        report(&mut queue, &due, &ok(), second);
        told.push(alive.remove(&due.notification.id.0).unwrap());
    }
    assert!(alive.is_empty() && told[0] > 40 && told[1..].iter().all(|count| *count == 1));
}

#[test]
fn recipients_are_joined_each_on_their_own_and_what_is_on_its_way_is_not() {
    let mut queue = Queue::new(Settings { waiting_max: 4, ..Settings::default() });
    let to = |number, recipient: &str| parcel_of(notification(number, "ops", 0), recipient, 0);
    for number in 1..=5 {
        assert_eq!(queue.put(to(number, "a")), []);
    }
    assert_eq!(queue.put(to(6, "b")), []);
    let due = queue.due(at(0));
    assert_eq!(queue.join_crowded(at(1)), [], "four wait, one is on its way");
    assert_eq!(queue.put(to(7, "a")), []);
    let joined = queue.join_crowded(at(1));
    assert_eq!(numbers(&joined[0].parcels), [2, 3, 4]);
    report(&mut queue, &due[0], &ok(), 1);
    assert_eq!(queue.status()["ops"].depth, 4);
}

#[test]
fn a_digest_tells_what_is_true_at_last_and_that_it_happened() {
    use AlertStatus::{FiredAndResolved, Firing, Resolved};
    type Case = (&'static [(AlertStatus, bool)], AlertStatus, u32);
    let alert = |status, is_news, number: u64, second: i64| {
        let mut told = notification(number, "ops", second);
        told.alerts[0].status = status;
        told.alerts[0].is_news = is_news;
        parcel_of(told, "", second)
    };
    let cases: [Case; 6] = [
        (&[(Firing, true), (Resolved, true)], FiredAndResolved, 1),
        (&[(Firing, false), (Resolved, true)], Resolved, 0),
        (&[(FiredAndResolved, true), (Firing, true)], Firing, 2),
        (&[(Resolved, true), (Firing, true), (Resolved, true)], Resolved, 1),
        (&[(FiredAndResolved, true), (FiredAndResolved, true)], FiredAndResolved, 2),
        (&[(Firing, true), (Firing, false)], Firing, 1),
    ];
    for (given, status, episodes) in cases {
        let parcels: Vec<_> = (1..)
            .zip(given)
            .map(|(number, (status, is_news))| {
                alert(*status, *is_news, number, i64::try_from(number).unwrap())
            })
            .collect();
        let digest = digest::merge(&parcels, at(9)).unwrap();
        let told = &digest.notification;
        assert_eq!((told.alerts.len(), told.left_out), (1, 0));
        let first = &told.alerts[0];
        assert_eq!((first.status, first.episodes, first.is_news), (status, episodes, true));
        assert_eq!(
            (told.firing, told.resolved),
            (u64::from(status == Firing), u64::from(status != Firing))
        );
        assert_eq!(told.group, notification(1, "ops", 0).group);
    }
}

#[test]
fn what_cannot_be_delivered_for_minutes_is_announced_once() {
    let minutes = |_: &str| TimeDelta::minutes(5);
    let mut queue = queue_of([parcel(1, "ops", 0), parcel(2, "ops", 0), parcel(3, "well", 0)]);
    let due = queue.due(at(10));
    report(&mut queue, &due[0], &unreachable(), 10);
    assert_eq!(queue.take_unreached(minutes, at(299)), []);
    let found = queue.take_unreached(minutes, at(310));
    assert_eq!(found.len(), 1);
    let Unreached { receiver, since, cause, parcels } = &found[0];
    assert_eq!((&**receiver, *since), ("ops", at(10)));
    assert_eq!((&**cause, numbers(parcels)), ("connect: connection refused", vec![1, 2]));
    assert_eq!(queue.take_unreached(minutes, at(400)), [], "once");
    assert_eq!(queue.put(parcel(4, "ops", 400)), []);
    assert_eq!(numbers(&queue.take_unreached(minutes, at(400))[0].parcels), [4], "at once");
    let due = queue.due(at(4000));
    let due = due.iter().find(|due| &*due.notification.receiver == "ops").unwrap();
    report(&mut queue, due, &ok(), 4000);
    assert_eq!(queue.put(parcel(5, "ops", 4000)), []);
    assert_eq!(queue.take_unreached(minutes, at(9000)), [], "it is well again");
}

#[test]
fn one_message_that_waits_too_long_is_announced_although_others_arrive() {
    let minutes = |_: &str| TimeDelta::minutes(5);
    let mut queue = queue_of([parcel(1, "ops", 0)]);
    let mut now = 0;
    while now < 400 {
        let due = queue.due(at(now));
        report(&mut queue, &due[0], &message(Again::Later), now);
        now = deadline(&queue).unwrap() + 1;
    }
    assert_eq!(queue.put(parcel(2, "ops", now)), []);
    let found = queue.take_unreached(minutes, at(now));
    assert!(numbers(&found[0].parcels).contains(&1));
}

#[test]
fn what_waits_for_a_receiver_that_is_no_more_is_handed_back() {
    let mut queue = queue_of([parcel(1, "old", 0), parcel(2, "old", 0), parcel(3, "ops", 0)]);
    let due = queue.due(at(0));
    let withdrawn = queue.withdraw(|name| name == "ops");
    assert_eq!(numbers(&withdrawn), [2], "the first is on its way");
    assert_eq!(report(&mut queue, &due[0], &ok(), 1), Outcome::Sent { attempts: 1 });
}

#[test]
fn a_copy_that_goes_a_detour_replaces_nothing() {
    let mut repeat = notification(1, "night", 0);
    repeat.reason = NotifyReason::Repeat { count: 1 };
    let mut queue = queue_of([parcel_of(repeat, "", 0)]);
    let mut copy = notification(2, "night", 0);
    copy.passage.detour = Some(Detour {
        id: NotificationId(9),
        around: vec!["ops".into()],
        since: Instant(0),
        cause: String::new(),
    });
    assert_eq!(queue.put(parcel_of(copy, "", 1)), []);
}
