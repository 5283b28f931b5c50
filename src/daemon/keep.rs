//! What the daemon commits, and what it tells once that is done.
//!
//! Owns the order: committed first, then told; and that who is to be told does not wait for a disk
//! that cannot be written. Must never decide an alert. Fails where alerts cannot be written out.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use tracing::{info, warn};

use super::{COMMIT_INTERVAL, COMMIT_RETRY, Daemon, RETAIN_INTERVAL, tell};
use crate::clock;
use crate::deliver::{Parcel, Report};
use crate::engine::Notification;
use crate::follow::Now;
use crate::store::OutboxRow;

/// How long an end waits for what is on its way; after a new start it is sent again.
const DELIVERY_WAIT_MAX: Duration = Duration::from_secs(3);

/// How long a commit waits so that finds are passed on in the order of their times.
const ORDER_WAIT_MAX: Duration = Duration::from_secs(5);

impl Daemon {
    pub(super) fn queue(&mut self, notification: Notification, now: DateTime<Utc>) {
        let at = DateTime::from_timestamp_millis(notification.at.0).unwrap_or(now);
        let told = serde_json::to_vec(&notification).unwrap_or_default();
        let notification = Arc::new(notification);
        let mut receivers = self.config.receivers.iter();
        let receiver = receivers.find(|receiver| receiver.name == notification.receiver);
        for parcel in Parcel::of(&notification, receiver, now) {
            let (id, name) = (parcel.id(), &*notification.receiver);
            self.keeper.queue(OutboxRow::new(id, name, at, now, told.clone()));
            self.to_tell.push(parcel);
        }
    }

    /// Commits what is due.
    pub(super) fn keep(&mut self, now: Now) {
        let is_retry = self.keeper.failing_since().is_some();
        // Who is to be told does not wait for a disk.
        self.is_urgent &= !is_retry;
        if self.is_commit_due(now) {
            self.gather(now);
            if self.keeper.has_news() {
                self.commit(now);
            } else {
                self.next_commit = now.mono + COMMIT_INTERVAL;
            }
        }
        if now.mono >= self.next_retain {
            self.next_retain = now.mono + RETAIN_INTERVAL;
            match self.keeper.retain(now.wall) {
                Ok(retained) if retained.more => self.next_retain = now.mono + COMMIT_INTERVAL,
                Ok(_) => {}
                Err(error) => self.telemetry.store_error(&error, now.mono),
            }
            self.telemetry.summary(&mut self.follow, &self.pipeline, &self.keeper, now);
        }
    }

    /// While finds of files that are over wait for their turn, so does a commit for a while.
    fn is_commit_due(&self, now: Now) -> bool {
        let wait =
            if self.follow.has_ended_files_waiting() { ORDER_WAIT_MAX } else { Duration::ZERO };
        self.is_urgent || now.mono >= self.next_commit + wait
    }

    pub(super) fn gather(&mut self, now: Now) {
        if self.follow.has_ended_files_waiting() {
            self.follow.release_ended_files(now);
            self.pass_on(now);
            self.take_step(now);
        }
        if self.keeper.needs_everything() {
            self.follow.mark_all();
        }
        let rows = self.follow.rows();
        self.keeper.gather(rows, &mut self.pipeline);
        for (source, counters) in self.follow.take_counted() {
            self.keeper.count(&format!("bytes {source}"), counters.bytes);
            self.keeper.count(&format!("lines {source}"), counters.lines);
            self.telemetry.counted(&source, &counters);
        }
        let tail = self.follow.tail_counters();
        let kept = std::mem::replace(&mut self.kept, tail);
        for (name, now, before) in [
            ("rotations", tail.rotations, kept.rotations),
            ("copied_and_truncated", tail.copied_and_truncated, kept.copied_and_truncated),
            ("truncated", tail.truncated, kept.truncated),
            ("possibly_lost", tail.possibly_lost, kept.possibly_lost),
            ("lost_bytes", tail.lost_bytes, kept.lost_bytes),
        ] {
            self.keeper.count(name, now.saturating_sub(before));
        }
    }

    pub(super) fn commit(&mut self, now: Now) {
        self.is_urgent = false;
        match self.keeper.commit(now.wall) {
            Ok(committed) => {
                self.next_commit = now.mono + COMMIT_INTERVAL;
                self.telemetry.committed();
                if !committed.already.is_empty() {
                    // After a state that was lost: they were told then.
                    let known = committed.already;
                    self.to_tell.retain(|parcel| !known.contains(&parcel.id()));
                }
            }
            Err(error) => {
                self.next_commit = now.mono + COMMIT_RETRY;
                self.telemetry.store_error(&error, now.mono);
            }
        }
    }

    /// Tells what is committed, or cannot be: at once on the terminal, else by the receivers'
    /// threads as it is their turn.
    pub(super) fn tell(&mut self) -> io::Result<()> {
        let now = clock::now();
        self.hear_reports(now);
        if !self.is_urgent {
            for parcel in std::mem::take(&mut self.to_tell) {
                if self.post.has(&parcel.notification.receiver) {
                    self.outbox.put(parcel);
                } else {
                    let (out, style) = (&mut self.options.out, self.options.style);
                    tell::write(out, &parcel.notification, &self.texts, style)?;
                    self.keeper.sent(&parcel.id(), parcel.attempts + 1, now);
                }
            }
        }
        for parcel in self.outbox.due(now) {
            self.post.send(parcel, &self.texts);
        }
        Ok(())
    }

    fn hear_reports(&mut self, now: DateTime<Utc>) {
        for Report { receiver, id, result } in self.post.take_reports() {
            let Some(outcome) = self.outbox.done(&receiver, &id, &result, now) else {
                // What is said again and again is in no outbox.
                self.telemetry.not_said_again(&receiver, &id, &result, self.last.mono);
                continue;
            };
            self.telemetry.delivered(&receiver, &id, &result, &outcome, self.last.mono);
            self.keeper.outcome(&id, &outcome, now);
        }
    }

    /// Gives what is on its way a little time to arrive.
    fn wait_for_deliveries(&mut self, time: Duration) -> io::Result<()> {
        let until = self.stopwatch.elapsed() + time;
        while self.outbox.is_in_flight() && self.stopwatch.elapsed() < until {
            self.events.wait(until.saturating_sub(self.stopwatch.elapsed()));
            let now = clock::now();
            self.hear_reports(now);
        }
        Ok(())
    }

    /// Commits everything and ends.
    pub(super) fn end(mut self) -> io::Result<()> {
        let now = self.now();
        self.pass_on(now);
        self.follow_up(now, true);
        self.gather(now);
        self.commit(now);
        self.tell()?;
        self.wait_for_deliveries(DELIVERY_WAIT_MAX)?;
        self.commit(now);
        self.telemetry.summary(&mut self.follow, &self.pipeline, &self.keeper, now);
        if let Err(error) = self.keeper.close(now.wall) {
            warn!(%error, "the state was not closed");
        }
        info!("stopped");
        Ok(())
    }
}
