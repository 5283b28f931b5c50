//! Messages over a broker that loses answers, forgets what it was told and hands out again, between
//! machines that end at any step: every find is taken once.

use std::collections::{BTreeMap, VecDeque};

use super::super::outgoing::UNDER_WAY_MAX;
use super::super::{Delivered, Intake, Outgoing, Packing};
use super::{begin, error, fleet};
use crate::follow::Found;
use crate::store::{MessageRow, MessagesWaiting};

/// Steps in which something may go wrong; behind them everything comes to rest.
const STEPS: u32 = 600;

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        const FACTOR: u64 = 6_364_136_223_846_793_005;
        self.0 = self.0.wrapping_mul(FACTOR).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }
}

/// A machine, with what its database holds.
struct Machine {
    name: String,
    packing: Packing,
    outgoing: Outgoing,
    database: BTreeMap<u64, MessageRow>,
    /// What is under way to the broker, in its order.
    wire: VecDeque<MessageRow>,
    next_line: u64,
    /// The line up to which finds are committed.
    committed: u64,
}

impl Machine {
    fn start(name: String, life: u64, database: BTreeMap<u64, MessageRow>, committed: u64) -> Self {
        let last = database.keys().next_back().copied().unwrap_or_default();
        let bytes = database.values().map(|row| row.bytes() as u64).sum();
        let waiting = MessagesWaiting { rows: database.len() as u64, bytes, last };
        let packing = Packing::new(&fleet(), (&*name).into(), format!("{life:x}").into(), last + 1);
        let (outgoing, wire) = (Outgoing::new(waiting), VecDeque::new());
        Self { name, packing, outgoing, database, wire, next_line: committed + 1, committed }
    }

    fn find(&mut self, lines: usize) {
        for _ in 0..lines {
            self.packing.take(&error(self.next_line), begin());
            self.next_line += 1;
        }
    }

    fn commit(&mut self) {
        self.outgoing.put(self.packing.take_rows());
        for row in self.outgoing.to_commit() {
            self.database.insert(row.number, row.clone());
        }
        if let Some(number) = self.outgoing.take_stored() {
            self.database.retain(|known, _| *known > number);
        }
        self.committed = self.next_line - 1;
        self.outgoing.committed();
    }

    fn send(&mut self) {
        while let Some(number) = self.outgoing.wants_behind() {
            let behind = self.database.range(number + 1..).take(3);
            let rows: Vec<_> = behind.map(|(_, row)| row.clone()).collect();
            let is_end = rows.is_empty();
            self.outgoing.read(rows);
            if is_end {
                break;
            }
        }
        while let Some(row) = self.outgoing.next_to_send() {
            self.wire.push_back(row);
        }
        assert!(self.wire.len() as u64 <= UNDER_WAY_MAX);
    }

    /// The broker stores so many of what is under way, and says so of no more than that: the rest
    /// is sent again, in its order.
    fn store(&mut self, stored: usize, said: usize, stream: &mut Vec<Vec<u8>>) {
        stream.extend(self.wire.iter().take(stored).map(|row| row.body.to_vec()));
        if let Some(last) = said.checked_sub(1).and_then(|last| self.wire.get(last)) {
            self.outgoing.stored(last.number);
        }
        self.wire.drain(..said);
    }

    /// It ends, and goes on from what it committed.
    fn begin_again(&mut self, life: u64) {
        let nobody = Self::start(String::new(), 0, BTreeMap::new(), 0);
        let Self { name, database, committed, .. } = std::mem::replace(self, nobody);
        *self = Self::start(name, life, database, committed);
    }

    fn come_to_rest(&mut self, stream: &mut Vec<Vec<u8>>) {
        while self.outgoing.waiting().rows > 0 || self.committed + 1 < self.next_line {
            self.commit();
            self.send();
            self.store(self.wire.len(), self.wire.len(), stream);
        }
        self.commit();
    }
}

/// The lines that were taken of each machine.
type Taken = BTreeMap<String, Vec<u64>>;

/// What takes everything in, with what it has committed.
#[derive(Default)]
struct Aggregator {
    intake: Intake,
    taken: Taken,
    /// The next message of the stream.
    next: usize,
    rows: BTreeMap<String, Vec<u8>>,
    kept: Taken,
}

impl Aggregator {
    fn take(&mut self, from: usize, until: usize, stream: &[Vec<u8>]) {
        for (index, body) in stream.iter().enumerate().take(until).skip(from) {
            let (sequence, body) = (index as u64 + 1, body.clone());
            let delivered = Delivered { feed: None, stream_ns: 5, sequence, body };
            for passed in self.intake.take(&delivered, "agg", begin()).finds {
                let Found::Occurrence(found) = passed.found else { panic!("no error") };
                let (_, name) = passed.label.name.split_once('@').unwrap();
                self.taken.entry(name.to_owned()).or_default().push(found.place.line);
            }
        }
        self.next = until.max(self.next);
    }

    fn commit(&mut self) {
        let (put, removed) = self.intake.take_changed();
        self.rows.extend(put);
        for key in removed {
            self.rows.remove(&key);
        }
        self.kept.clone_from(&self.taken);
    }

    fn begin_again(&mut self) {
        self.intake = Intake::restore(self.rows.clone().into_iter().collect()).0;
        self.next = usize::try_from(self.intake.stand(None).sequence).unwrap();
        self.taken.clone_from(&self.kept);
    }
}

/// A broker that drops nothing as said twice, three machines, and who takes in.
fn a_life(seed: u64) {
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) + 1);
    let (mut stream, mut aggregator) = (Vec::new(), Aggregator::default());
    let start = |index: u64| Machine::start(format!("web-{index}"), index, BTreeMap::new(), 0);
    let mut machines: Vec<_> = (0..3).map(start).collect();
    for step in 0..STEPS {
        let which = dice.roll(machines.len());
        let machine = &mut machines[which];
        match dice.roll(10) {
            0 | 1 => machine.find(dice.roll(20)),
            2 => machine.commit(),
            3 => machine.send(),
            4 | 5 => {
                let stored = dice.roll(machine.wire.len() + 1);
                let said = dice.roll(stored + 1);
                machine.store(stored, said, &mut stream);
            }
            6 => machine.begin_again(100 + u64::from(step)),
            7 => {
                let until = (aggregator.next + dice.roll(40)).min(stream.len());
                let from = aggregator.next.saturating_sub(dice.roll(5));
                aggregator.take(from, until, &stream);
            }
            8 => aggregator.commit(),
            _ => aggregator.begin_again(),
        }
    }
    for machine in &mut machines {
        machine.come_to_rest(&mut stream);
        assert!(machine.database.is_empty(), "seed {seed}");
    }
    aggregator.take(aggregator.next, stream.len(), &stream);
    for machine in &machines {
        let mut taken = aggregator.taken.remove(&machine.name).unwrap_or_default();
        let expected: Vec<u64> = (1..machine.next_line).collect();
        taken.sort_unstable();
        assert_eq!(taken, expected, "seed {seed}: {}", machine.name);
    }
}

#[test]
fn every_find_is_taken_once_whatever_ends_or_is_said_again() {
    (0..100).for_each(a_life);
}
