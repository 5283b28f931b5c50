//! Random runs of the queue against what must be true of every one.

use std::collections::BTreeMap;

use super::*;

/// `SplitMix64`, by S. Vigna, public domain.
struct Random(u64);

impl Random {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % bound
    }
}

const RECEIVERS: [&str; 3] = ["a", "b", "c"];

/// What the model knows of a run.
#[derive(Default)]
struct Model {
    /// Parcels that must still be somewhere, with how many notifications each stands for.
    open: BTreeMap<(String, String), u64>,
    in_flight: BTreeMap<String, Parcel>,
    /// When each receiver answered.
    answered: BTreeMap<String, Vec<i64>>,
    ended: u64,
}

impl Model {
    fn end(&mut self, parcel: &Parcel) -> u64 {
        let key = (parcel.notification.receiver.to_string(), parcel.id());
        self.open.remove(&key).expect("each ends once")
    }

    fn put(&mut self, queue: &mut Queue, parcel: Parcel, stands_for: u64) {
        let key = (parcel.notification.receiver.to_string(), parcel.id());
        assert!(self.open.insert(key, stands_for).is_none());
        for replaced in queue.put(parcel) {
            self.ended += self.end(&replaced);
        }
    }

    fn due(&mut self, queue: &mut Queue, second: i64) {
        for parcel in queue.due(at(second)) {
            assert!(parcel.not_before <= at(second));
            let receiver = parcel.notification.receiver.to_string();
            let before = self.in_flight.insert(receiver, parcel);
            assert!(before.is_none(), "two on their way to one receiver");
        }
    }

    fn report(&mut self, queue: &mut Queue, random: &mut Random, second: i64, rate: Rate) {
        let receiver = RECEIVERS[usize::try_from(random.below(3)).unwrap()];
        let Some(parcel) = self.in_flight.remove(receiver) else { return };
        let wait = std::time::Duration::from_secs(random.below(500));
        let result = match random.below(7) {
            0 | 1 => ok(),
            2 => unreachable(),
            3 => message(Again::Later),
            4 => message(Again::After(wait)),
            5 => message(Again::Never),
            _ => Err(Failure { again: Again::After(wait), ..unreachable().unwrap_err() }),
        };
        if result.as_ref().err().is_none_or(|failure| failure.scope == Scope::Message) {
            let answered = self.answered.entry(receiver.to_owned()).or_default();
            answered.push(second);
            let most = usize::try_from(rate.messages).unwrap();
            if let Some(first) = answered.len().checked_sub(most + 1) {
                let took = second - answered[first];
                assert!(took * 1000 >= rate.per.0, "{receiver}: {answered:?}");
            }
        }
        match report(queue, &parcel, &result, second) {
            Outcome::Sent { .. } | Outcome::Dead { .. } => self.ended += self.end(&parcel),
            Outcome::Again { at: next, .. } => assert!(next >= at(second)),
        }
        assert_eq!(queue.done(receiver, &parcel.id(), &ok(), at(second)), None, "said once");
    }
}

/// Whatever comes in whatever order: each parcel ends once or still waits, never are two on their
/// way to one receiver, no rate is exceeded, and no more than the bound waits.
#[test]
fn any_puts_reports_and_jumps_of_time_lose_and_double_nothing() {
    let rate = Rate { messages: 3, per: Span::MINUTE };
    for seed in 0..300 {
        let mut random = Random(seed);
        let mut queue = Queue::new(Settings { waiting_max: 8, ..Settings::default() });
        for name in RECEIVERS {
            queue.set_rate(&name.into(), Some(rate));
        }
        let (mut model, mut second, mut number) = (Model::default(), 0, 0);
        for _ in 0..400 {
            second += i64::try_from(match random.below(12) {
                0 => random.below(90_000),
                1 | 2 => random.below(400),
                _ => random.below(5),
            })
            .unwrap();
            match random.below(4) {
                0 => {
                    number += 1;
                    let receiver = RECEIVERS[usize::try_from(random.below(3)).unwrap()];
                    let mut one = parcel(number, receiver, second);
                    if random.below(4) == 0 {
                        let mut told = (*one.notification).clone();
                        told.reason = NotifyReason::Repeat { count: 1 };
                        one.notification = Arc::new(told);
                    }
                    model.put(&mut queue, one, 1);
                }
                1 => model.due(&mut queue, second),
                _ => model.report(&mut queue, &mut random, second, rate),
            }
            for Joined { digest, parcels } in queue.join_crowded(at(second)) {
                let stands_for = parcels.iter().map(|parcel| model.end(parcel)).sum();
                let key = (digest.notification.receiver.to_string(), digest.id());
                model.open.insert(key, stands_for);
            }
            for (parcel, _) in queue.give_up(at(second)) {
                model.ended += model.end(&parcel);
            }
            let depth: usize = queue.status().values().map(|status| status.depth).sum();
            assert_eq!(depth, model.open.len());
            assert!(queue.status().values().all(|status| status.depth <= 9));
            assert_eq!(model.ended + model.open.values().sum::<u64>(), number);
            let holds = |(receiver, id): &(String, String)| queue.holds(receiver, id);
            assert!(model.open.keys().all(holds));
            if let Some(next) = queue.next_deadline()
                && next > at(second)
            {
                let free = RECEIVERS.iter().filter(|name| !model.in_flight.contains_key(**name));
                assert!(free.count() > 0, "a deadline although nobody can be sent anything");
            }
        }
    }
}
