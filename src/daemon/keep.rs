//! What the daemon commits, and when.
//!
//! Owns the order: committed first, then told; and that who is to be told does not wait for a disk
//! that cannot be written. Must never decide an alert. Fails where alerts cannot be written out.

use std::io;
use std::time::Duration;

use tracing::{info, warn};

use super::delivery::DELIVERY_WAIT_MAX;
use super::{COMMIT_INTERVAL, COMMIT_RETRY, Daemon, RETAIN_INTERVAL, STANDING_INTERVAL, request};
use crate::follow::Now;

/// How long a commit waits so that finds are passed on in the order of their times.
const ORDER_WAIT_MAX: Duration = Duration::from_secs(5);

impl Daemon {
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
        if now.mono >= self.next_standing {
            self.next_standing = now.mono + STANDING_INTERVAL;
            let standing = |receiver: &str| self.pipeline.standing(receiver);
            self.post.end_others(&self.config.receivers, &standing);
        }
        if now.mono >= self.next_retain {
            self.next_retain = now.mono + RETAIN_INTERVAL;
            match self.keeper.retain(now.wall) {
                Ok(retained) if retained.more => self.next_retain = now.mono + COMMIT_INTERVAL,
                Ok(_) => {}
                Err(error) => self.telemetry.store_error(&error, now.mono),
            }
            request::sweep(&self.options.state_directory);
            self.summarize(now);
        }
    }

    fn summarize(&mut self, now: Now) {
        self.telemetry.summary(&mut self.follow, &self.pipeline, &self.keeper, now);
        self.telemetry.receivers(&self.outbox.status(), now);
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
        self.gather_fleet();
        for (source, counters) in self.follow.take_counted() {
            self.keeper.count(&format!("bytes {source}"), counters.bytes);
            self.keeper.count(&format!("lines {source}"), counters.lines);
            self.telemetry.counted(&source, &counters);
            self.tally.read(&source);
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
                self.fleet_committed();
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

    /// Commits everything and ends.
    pub(super) fn end(mut self) -> io::Result<()> {
        self.options.supervisor.stopping();
        let now = self.now();
        self.pass_on(now);
        self.follow_up(now, true);
        self.gather(now);
        self.commit(now);
        self.tell()?;
        self.wait_for_deliveries(DELIVERY_WAIT_MAX);
        self.commit(now);
        self.summarize(now);
        if let Err(error) = self.keeper.close(now.wall) {
            warn!(%error, "the state was not closed");
        }
        info!("stopped");
        Ok(())
    }
}
