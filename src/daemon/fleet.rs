//! This machine among others: what is published, what is taken in, and who tells.
//!
//! Owns the way between the loop and the broker. Must never decide an alert, nor send what is not
//! committed. Fails when the broker's thread cannot be had; later everything is tried again, and
//! told.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{error, info, warn};

use super::Daemon;
use super::machine::Machine;
use crate::config::{Fleet, Role};
use crate::deliver::Parcel;
use crate::fleet::{
    Came, Exchange, Intake, Lease, LeaseAnswer, Member, Outgoing, Packing, Trouble, Way,
    machine_name, new_life, told,
};
use crate::follow::{Now, Passed, Wake};
use crate::status::{FleetStatus, MachineStatus};
use crate::store::MessagesWaiting;

/// So many bytes of messages are read back from the database at once.
const READ_BYTES: usize = 1024 * 1024;

/// So many notifications wait for the one that tells; the oldest of more are left to it.
const HELD_MAX: usize = 10_000;

/// From so many messages on what waits is a backlog, and what is old in it is told at once.
const BACKLOG: u64 = 500;

/// After a start the broker has so long to say whether anything waits.
const PENDING_WAIT_MAX: Duration = Duration::from_secs(10);

/// So many machines are named.
const MACHINES_SHOWN: usize = 100;

/// The same trouble is told again after this.
const TOLD_AGAIN: Duration = Duration::from_mins(5);

/// Keys and states, as the database keeps them.
type Rows = Vec<(String, Vec<u8>)>;

/// This machine's part in the fleet.
pub(super) struct Part {
    fleet: Fleet,
    packing: Packing,
    outgoing: Outgoing,
    intake: Intake,
    lease: Option<Lease>,
    exchange: Box<dyn Exchange>,
    /// How many messages wait for each feed, as far as the broker has said.
    pending: BTreeMap<Option<u16>, Option<u64>>,
    began: Duration,
    /// Everything that waited at the start was taken.
    is_level: bool,
    trouble: Option<(Trouble, Duration)>,
}

impl Part {
    /// The part that a configuration gives, if any, and the rows that are not the fleet's. What a
    /// machine has kept that was part of one waits for it to be one again.
    pub(super) fn of(
        fleet: Option<&Fleet>,
        rows: Rows,
        waiting: MessagesWaiting,
        machine: &dyn Machine,
        wake: Wake,
    ) -> io::Result<(Option<Self>, Rows)> {
        let Some(fleet) = fleet else { return Ok((None, Intake::restore(rows).1)) };
        let (part, others) = Self::start(fleet, rows, waiting, machine, wake)?;
        Ok((Some(part), others))
    }

    /// Reaches for the broker.
    fn start(
        fleet: &Fleet,
        rows: Rows,
        waiting: MessagesWaiting,
        machine: &dyn Machine,
        wake: Wake,
    ) -> io::Result<(Self, Rows)> {
        let (intake, others) = Intake::restore(rows);
        let (name, life) = (machine_name(fleet), new_life());
        let packing = Packing::new(fleet, Arc::clone(&name), life.clone(), waiting.last + 1);
        let is_aggregator = fleet.role == Role::Aggregator;
        let feeds: Vec<Option<u16>> = match (&fleet.consume, is_aggregator) {
            (_, false) => Vec::new(),
            (None, true) => vec![None],
            (Some(partitions), true) => partitions.iter().copied().map(Some).collect(),
        };
        let stands = feeds.iter().map(|feed| (*feed, intake.stand(*feed))).collect();
        let member = Member { fleet: fleet.clone(), machine: name, life, stands };
        let began = machine.now().mono;
        let part = Self {
            fleet: fleet.clone(),
            packing,
            outgoing: Outgoing::new(waiting),
            intake,
            lease: is_aggregator.then(|| Lease::new(began)),
            exchange: machine.exchange(member, wake)?,
            pending: feeds.into_iter().map(|feed| (feed, None)).collect(),
            began,
            is_level: false,
            trouble: None,
        };
        Ok((part, others))
    }

    /// Whether logs are not read on until the broker has taken something.
    pub(super) fn is_full(&self) -> bool {
        let held_bytes = self.packing.held_bytes() as u64;
        self.outgoing.waiting().bytes + held_bytes >= self.fleet.buffer_bytes_max
    }

    /// Whether so much waits that it is older than the present.
    fn is_behind(&self, mono: Duration) -> bool {
        let is_early = mono < self.began + PENDING_WAIT_MAX;
        self.pending.values().any(|pending| pending.map_or(is_early, |pending| pending >= BACKLOG))
    }

    /// Whether this machine tells.
    fn tells(&self, mono: Duration) -> bool {
        self.lease.as_ref().is_none_or(|lease| lease.is_ours(mono))
    }

    /// The share in which it is told what was told.
    fn told_partition(&self) -> u16 {
        self.fleet.consume.as_ref().and_then(|all| all.first().copied()).unwrap_or_default()
    }

    /// How it stands.
    pub(super) fn standing(&self, mono: Duration) -> FleetStatus {
        let (waiting, taken) = (self.outgoing.waiting(), self.intake.counters());
        let heard = self.intake.heard();
        let machines_left_out = heard.len().saturating_sub(MACHINES_SHOWN) as u64;
        let machines = heard
            .into_iter()
            .take(MACHINES_SHOWN)
            .map(|heard| MachineStatus { name: heard.machine.to_string(), last: heard.last });
        FleetStatus {
            role: self.fleet.role.as_str().to_owned(),
            machine: self.packing.machine().to_string(),
            waiting_messages: waiting.rows,
            waiting_bytes: waiting.bytes,
            is_full: self.is_full(),
            pending_messages: self.pending.values().filter_map(|pending| *pending).sum(),
            taken_messages: taken.messages,
            repeated_messages: taken.again,
            newer_messages: taken.newer,
            foreign_messages: taken.wrong,
            lost_messages: taken.lost,
            machines: machines.collect(),
            machines_left_out,
            tells: self.lease.as_ref().map(|lease| lease.is_ours(mono)),
            trouble: self.trouble.as_ref().map(|(trouble, _)| trouble.to_string()),
        }
    }

    /// What did not go, goes; and so does the way to the broker.
    fn is_well(&mut self, what: &str) {
        let is_over = |trouble: &Trouble| trouble.what == what || trouble.what == "connect";
        if self.trouble.as_ref().is_some_and(|(trouble, _)| is_over(trouble)) {
            self.trouble = None;
            info!(what, "the fleet's broker does again what it is asked");
        }
    }

    fn hear_way(&mut self, way: Way, mono: Duration) {
        let trouble = match way {
            Way::Open => {
                if self.trouble.take().is_some() {
                    info!("the fleet's broker is reached");
                }
                return;
            }
            Way::Trouble(trouble) => trouble,
        };
        let is_told = self
            .trouble
            .as_ref()
            .is_some_and(|(known, told)| known.what == trouble.what && mono < *told + TOLD_AGAIN);
        if !is_told {
            let Trouble { what, why } = &trouble;
            warn!(what, why, "the fleet's broker");
            self.trouble = Some((trouble, mono));
        }
    }
}

impl Daemon {
    /// Passes a find on: to the fleet, and to what decides here.
    pub(super) fn pass(&mut self, passed: &Passed, now: DateTime<Utc>) {
        if let Some(part) = &mut self.fleet {
            part.packing.take(passed, now);
            // What it found comes back to an aggregator with what all others found.
            if part.fleet.role == Role::Aggregator {
                return;
            }
        }
        self.pipeline.take(passed, now);
    }

    /// Takes in what came from the broker.
    pub(super) fn hear_fleet(&mut self, now: Now) {
        let Some(part) = &mut self.fleet else { return };
        let mut told_by = Vec::new();
        for came in part.exchange.take() {
            match came {
                Came::Stored(number) => {
                    part.is_well("publish");
                    part.outgoing.stored(number);
                }
                Came::Delivered(delivered) => {
                    part.is_well("consume");
                    let own = Arc::clone(part.packing.machine());
                    let taken = part.intake.take(&delivered, &own, now.wall);
                    for passed in &taken.finds {
                        self.pipeline.take(passed, now.wall);
                    }
                    told_by.extend(taken.told);
                }
                Came::Lost(messages) => {
                    part.intake.lost(messages);
                    error!(messages, "the broker let messages go that were not taken");
                }
                Came::Pending(feed, messages) => {
                    part.is_well("consume");
                    let before = part.pending.insert(feed, Some(messages)).flatten();
                    if messages >= BACKLOG && before.is_none_or(|before| before < BACKLOG) {
                        self.pipeline.begin_to_catch_up();
                    }
                }
                Came::Lease(answer) => {
                    part.is_well("lease");
                    let Some(lease) = &mut part.lease else { continue };
                    if lease.hear(answer.clone(), now.mono) {
                        match answer {
                            LeaseAnswer::Ours => info!("this aggregator tells"),
                            LeaseAnswer::Theirs(who) => {
                                info!(who = &*who, "another aggregator tells");
                            }
                        }
                    }
                }
                Came::Way(way) => part.hear_way(way, now.mono),
            }
        }
        for fault in part.intake.take_faults() {
            warn!(fault, "a message of the fleet is left aside");
        }
        for (machine, names) in told_by {
            self.hear_told(&machine, &names, now.wall);
        }
    }

    /// Whether something waits at the broker that is older than the present.
    pub(super) fn is_fleet_behind(&self, now: Now) -> bool {
        self.fleet.as_ref().is_some_and(|part| part.is_behind(now.mono))
    }

    /// Whether logs may be read on.
    pub(super) fn has_room(&self) -> bool {
        self.fleet.as_ref().is_none_or(|part| !part.is_full())
    }

    /// Whether nothing is on its way to the broker.
    pub(super) fn is_published(&self) -> bool {
        self.fleet.as_ref().is_none_or(|part| part.outgoing.waiting().rows == 0)
    }

    /// Whether this machine tells what it decides.
    pub(super) fn tells(&mut self) -> bool {
        let Some(part) = &mut self.fleet else { return true };
        let tells = part.tells(self.last.mono);
        part.is_level |= tells && !self.pipeline.is_catching_up();
        tells
    }

    /// Another aggregator told these: they need not be told here.
    fn hear_told(&mut self, machine: &str, names: &[Box<str>], now: DateTime<Utc>) {
        let Some(part) = &self.fleet else { return };
        let is_known = |name: &str| part.intake.who_told(name).is_some();
        let held = std::mem::take(&mut self.to_tell).into_iter();
        let (told, held): (Vec<_>, _) = held.partition(|parcel| told::is_told(parcel, is_known));
        self.to_tell = held;
        let receivers = &self.config.receivers;
        let queued = names.iter().filter_map(|id| {
            receivers.iter().find_map(|receiver| self.outbox.remove(&receiver.name, id))
        });
        for parcel in told.into_iter().chain(queued) {
            self.keeper.told_by(&parcel, machine, now);
        }
    }

    /// The machine that told all of a parcel before it was decided here.
    pub(super) fn who_told(&self, parcel: &Parcel) -> Option<Arc<str>> {
        let intake = &self.fleet.as_ref()?.intake;
        let is_told = told::is_told(parcel, |name| intake.who_told(name).is_some());
        let names = is_told.then(|| told::names(parcel))?;
        names.iter().find_map(|name| intake.who_told(name)).cloned()
    }

    /// What an aggregator that does not tell keeps back, so that it can go on when the other ends.
    pub(super) fn hold_back(&mut self, now: DateTime<Utc>) {
        let Some(part) = &mut self.fleet else { return };
        let Some(lease) = &part.lease else { return };
        let holder = lease.holder().map_or_else(|| "another".to_owned(), ToString::to_string);
        let is_new = !part.is_level && !self.pipeline.is_catching_up();
        part.is_level |= is_new;
        // What was decided before this machine was level was told before it came.
        let kept = if is_new { 0 } else { HELD_MAX };
        let left = self.to_tell.len().saturating_sub(kept);
        for parcel in self.to_tell.drain(..left) {
            self.keeper.told_by(&parcel, &holder, now);
        }
    }

    /// Says to other aggregators what was told here.
    pub(super) fn say_told(&mut self, names: Vec<String>) {
        let Some(part) = self.fleet.as_mut().filter(|part| part.lease.is_some()) else { return };
        let partition = part.told_partition();
        part.packing.tell(partition, names);
    }

    /// Puts what is to be published, and what was taken in, into the next commit.
    pub(super) fn gather_fleet(&mut self) {
        let Some(part) = &mut self.fleet else { return };
        let rows = part.packing.take_rows();
        part.outgoing.put(rows);
        if self.keeper.needs_everything() {
            part.intake.mark_all();
            part.outgoing.everything().for_each(|row| self.keeper.put_message(row.clone()));
        }
        for row in part.outgoing.to_commit() {
            self.keeper.put_message(row.clone());
        }
        if let Some(number) = part.outgoing.take_stored() {
            self.keeper.messages_stored(number);
        }
        let (put, removed) = part.intake.take_changed();
        self.keeper.put_rows(put, removed);
    }

    /// What was put is committed: it may be sent, and the broker may forget what was taken.
    pub(super) fn fleet_committed(&mut self) {
        let Some(part) = &mut self.fleet else { return };
        part.outgoing.committed();
        let feeds: Vec<_> = part.pending.keys().copied().collect();
        for feed in feeds {
            part.exchange.committed(feed, part.intake.stand(feed).sequence);
        }
    }

    /// Publishes what is committed, as much as may be under way.
    pub(super) fn publish(&mut self, now: Now) {
        let Some(part) = &mut self.fleet else { return };
        loop {
            if let Some(number) = part.outgoing.wants_behind() {
                match self.keeper.messages_behind(number, READ_BYTES, now.wall) {
                    Ok(rows) => part.outgoing.read(rows),
                    Err(error) => {
                        self.telemetry.store_error(&error, now.mono);
                        return;
                    }
                }
            }
            let Some(row) = part.outgoing.next_to_send() else { return };
            part.exchange.publish(row);
        }
    }
}
