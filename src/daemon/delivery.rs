//! What is told once it is committed, and what becomes of it.
//!
//! Owns the way from a decision to the outbox and from there to the receivers' threads; what is
//! told to another receiver, what is joined, what an operator asks. Must never decide an alert, nor
//! wait for a receiver. Fails where alerts cannot be written out.

use std::collections::BTreeSet;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use tracing::{info, warn};

use super::request::{self, Answer, Request, Verb};
use super::{Daemon, parcel_of, report, story};
use crate::config::Receiver;
use crate::deliver::{Joined, Outcome, Parcel, Report, Unreached, terminal};
use crate::engine::{Detour, Instant, Notification};
use crate::fleet::told;
use crate::follow::Now;
use crate::store::{OutboxRow, OutboxState};

/// How long an end waits for what is on its way; after a new start it is sent again.
pub(super) const DELIVERY_WAIT_MAX: Duration = Duration::from_secs(3);

/// The outbox is looked through so often for what cannot be delivered, and operators are heard.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

impl Daemon {
    /// Puts a notification into the outbox, to be told once that is committed.
    pub(super) fn queue(&mut self, notification: Notification, now: DateTime<Utc>) {
        self.is_urgent = true;
        let notification = Arc::new(notification);
        for parcel in Parcel::of(&notification, self.receiver(&notification.receiver), now) {
            self.put_row(&parcel);
            match self.who_told(&parcel) {
                Some(machine) => self.keeper.told_by(&parcel, &machine, now),
                None => self.to_tell.push(parcel),
            }
        }
        self.keeper.note(story::told(&notification, now));
    }

    fn put_row(&mut self, parcel: &Parcel) {
        let (notification, created) = (&*parcel.notification, parcel.created);
        let at = DateTime::from_timestamp_millis(notification.at.0).unwrap_or(created);
        let told = serde_json::to_vec(notification).unwrap_or_default();
        let row = OutboxRow::new(parcel.id(), &*notification.receiver, at, created, told);
        self.keeper.queue(row);
    }

    fn receiver(&self, name: &str) -> Option<&Receiver> {
        self.config.receivers.iter().find(|receiver| *receiver.name == *name)
    }

    /// Tells what is committed, or cannot be: at once on the terminal, else by the receivers'
    /// threads as it is their turn.
    pub(super) fn tell(&mut self) -> io::Result<()> {
        let now = Now { wall: self.options.machine.now().wall, mono: self.last.mono };
        if self.hear_reports(now.wall) {
            // Before another one is sent: what a kill leaves unnoted is sent again, which is one
            // for each receiver at most.
            self.commit_now(now);
        }
        if now.mono >= self.next_look {
            self.next_look = now.mono + LOOK_INTERVAL;
            self.hear_requests(now);
            self.mind_receivers(now);
        }
        if !self.tells() {
            self.hold_back(now.wall);
            return Ok(());
        }
        if !self.is_urgent {
            for parcel in std::mem::take(&mut self.to_tell) {
                if self.post.has(&parcel.notification.receiver) {
                    self.put(parcel, now.wall);
                } else {
                    let (out, style) = (&mut self.options.out, self.options.style);
                    terminal::write(out, &parcel.notification, &self.texts, style)?;
                    self.keeper.sent(&parcel.id(), parcel.attempts + 1, now.wall);
                    self.say_told(told::names(&parcel));
                }
            }
            self.join_crowded(now);
        }
        for parcel in self.outbox.due(now.wall) {
            self.progress.sent(&parcel.notification.receiver, now.mono);
            self.post.send(parcel, &self.texts);
        }
        Ok(())
    }

    fn put(&mut self, parcel: Parcel, now: DateTime<Utc>) {
        let into = parcel.id();
        for replaced in self.outbox.put(parcel) {
            self.keeper.merged(&replaced, &into, now);
        }
    }

    /// What waits beyond the bound becomes one, which is committed before it can be sent.
    fn join_crowded(&mut self, now: Now) {
        let joined = self.outbox.join_crowded(now.wall);
        for Joined { digest, parcels } in &joined {
            self.put_row(digest);
            self.keeper.note(story::told(&digest.notification, now.wall));
            for parcel in parcels {
                self.keeper.merged(parcel, &digest.id(), now.wall);
            }
            report::joined(digest, parcels.len());
        }
        if !joined.is_empty() {
            self.commit_now(now);
        }
    }

    /// Commits what there is, unless that has failed of late: who is to be told does not wait for a
    /// disk. Nor does what is read wait any less for its turn.
    pub(super) fn commit_now(&mut self, now: Now) {
        if self.keeper.failing_since().is_none() && !self.follow.has_ended_files_waiting() {
            self.gather(now);
            self.commit(now);
        }
    }

    /// True if anything is to be noted.
    fn hear_reports(&mut self, now: DateTime<Utc>) -> bool {
        let mut is_news = false;
        for Report { receiver, id, result } in self.post.take_reports() {
            self.progress.reported(&receiver);
            let unannounced = self.outbox.unannounced(&receiver, &id);
            let names = unannounced.as_ref().map_or_else(|| vec![id.clone()], told::names);
            let Some(outcome) = self.outbox.done(&receiver, &id, &result, now) else {
                // What is said again and again is in no outbox.
                self.telemetry.not_said_again(&receiver, &id, &result, self.last.mono);
                continue;
            };
            self.telemetry.delivered(&receiver, &id, &result, &outcome, self.last.mono);
            self.tally.delivered(&receiver, &outcome, now);
            self.keeper.outcome(&id, &outcome, now);
            if matches!(outcome, Outcome::Sent { .. }) {
                self.say_told(names);
            }
            is_news = true;
            if let (Outcome::Dead { error, .. }, Some(parcel)) = (outcome, unannounced) {
                let (cause, parcels) = (error, vec![parcel]);
                self.announce(&Unreached { receiver, since: now, cause, parcels }, now);
            }
        }
        is_news
    }

    /// What is given up, and what another receiver is told instead.
    fn mind_receivers(&mut self, now: Now) {
        for (parcel, outcome) in self.outbox.give_up(now.wall) {
            report::given_up(&parcel, &outcome);
            self.keeper.outcome(&parcel.id(), &outcome, now.wall);
        }
        let receivers = &self.config.receivers;
        let after = |name: &str| {
            let receiver = receivers.iter().find(|receiver| *receiver.name == *name);
            receiver.map_or(TimeDelta::MAX, |receiver| receiver.fallback_after.to_delta())
        };
        let unreached = self.outbox.take_unreached(after, now.wall);
        for (name, status) in self.outbox.status() {
            let fallback = receivers.iter().find(|receiver| receiver.name == name);
            let fallback = fallback.and_then(|receiver| receiver.fallback.as_deref());
            let is_dead =
                status.failing_since.is_some_and(|since| now.wall - since >= after(&name));
            self.telemetry.unreachable(&name, &status, is_dead, fallback, now);
        }
        for unreached in unreached {
            self.announce(&unreached, now.wall);
        }
    }

    /// Tells the receiver that stands in for another what that one could not be told. A copy has a
    /// name of its own, the same whenever it is made, and so is told once.
    fn announce(&mut self, unreached: &Unreached, now: DateTime<Utc>) {
        let Unreached { receiver, since, cause, parcels } = unreached;
        let Some(fallback) = self.receiver(receiver).and_then(|it| it.fallback.clone()) else {
            return;
        };
        let mut told = BTreeSet::new();
        for parcel in parcels {
            let original = &*parcel.notification;
            let mut around =
                original.passage.detour.as_ref().map_or(Vec::new(), |detour| detour.around.clone());
            around.push(Arc::clone(receiver));
            // It has been there already, or was announced for another recipient.
            if around.contains(&fallback) || !told.insert(original.id) {
                continue;
            }
            let mut copy = original.clone();
            copy.id = original.id.by_way_of(&fallback);
            copy.receiver = Arc::clone(&fallback);
            let (since, cause) = (Instant::from(*since), cause.clone());
            copy.passage.detour = Some(Detour { id: original.id, around, since, cause });
            self.queue(copy, now);
        }
    }

    /// Does what operators ask.
    fn hear_requests(&mut self, now: Now) {
        let found = request::found(&self.options.state_directory);
        if found.is_empty() {
            return;
        }
        // What is asked about is what was committed.
        self.commit_now(now);
        let answers: Vec<_> = found
            .iter()
            .map(|found| found.request.as_ref().map(|request| self.obey(request, now)))
            .collect();
        self.gather(now);
        self.commit(now);
        for (found, answer) in found.iter().zip(answers) {
            if let Err(error) = request::answer(found, &answer.unwrap_or_default()) {
                warn!(%error, "an answer to a request could not be written");
            }
        }
    }

    fn obey(&mut self, request: &Request, now: Now) -> Answer {
        let mut answer = Answer::default();
        for id in &request.ids {
            match self.obey_one(request.verb, id, now) {
                Ok(()) => answer.done.push(id.clone()),
                Err(why) => answer.refused.push((id.clone(), why)),
            }
        }
        let (verb, done, refused) = (request.verb, answer.done.len(), answer.refused.len());
        info!(?verb, done, refused, "an operator asked");
        answer
    }

    fn obey_one(&mut self, verb: Verb, id: &str, now: Now) -> Result<(), String> {
        let entry = self.keeper.outbox_entry(id, now.wall).map_err(|error| error.why)?;
        let entry = entry.ok_or(request::ABSENT)?;
        if let Some(why) = request::refusal(verb, &entry) {
            return Err(why);
        }
        let receiver = entry.row.receiver.clone();
        let is_here = self.outbox.holds(&receiver, id);
        match verb {
            Verb::Retry if is_here || entry.state == OutboxState::Queued => {
                self.outbox.reopen(&receiver, now.wall);
            }
            Verb::Retry => {
                let notification = serde_json::from_slice(&entry.row.notification)
                    .map_err(|error| format!("it cannot be understood: {error}"))?;
                self.keeper.requeue(id, now.wall);
                self.outbox.reopen(&receiver, now.wall);
                let parcel = parcel_of((notification, entry.row));
                self.to_tell.push(Parcel { created: now.wall, not_before: now.wall, ..parcel });
            }
            Verb::Drop => {
                if self.outbox.remove(&receiver, id).is_none() && is_here {
                    return Err("it is on its way this moment".to_owned());
                }
                self.to_tell.retain(|parcel| parcel.id() != id);
                let (attempts, error) = (entry.row.attempts, request::DROPPED.to_owned());
                self.keeper.outcome(id, &Outcome::Dead { attempts, error }, now.wall);
            }
        }
        Ok(())
    }

    /// Gives what is on its way a little time to arrive.
    pub(super) fn wait_for_deliveries(&mut self, time: Duration) {
        let until = self.options.machine.now().mono + time;
        while self.outbox.is_in_flight() && self.options.machine.now().mono < until {
            let left = until.saturating_sub(self.options.machine.now().mono);
            self.options.machine.wait(&self.events, left);
            self.hear_reports(self.options.machine.now().wall);
        }
    }
}
