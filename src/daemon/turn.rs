//! The loop: what is done in each turn, and how long the next one may wait.
//!
//! Owns the order of the steps and nothing else; what waits, and who wakes it, is the machine's.
//! Must never read, decide or commit by itself. Fails where alerts cannot be written out.

use std::io;
use std::time::Duration;

use chrono::TimeDelta;
use tracing::{info, warn};

use super::Daemon;
use super::event::Event;
use crate::follow::Now;

/// A wall clock that moved so much more than the program did: the machine slept, or the clock was
/// set.
const GAP: TimeDelta = TimeDelta::minutes(5);

/// Whether the loop goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Turn {
    More,
    Last,
}

impl Daemon {
    /// Runs until it is told to stop, or once if that was asked for.
    pub fn run(mut self) -> io::Result<()> {
        self.begin()?;
        loop {
            let events = self.options.machine.wait(&self.events, self.timeout());
            if self.turn(&events)? == Turn::Last {
                return self.end();
            }
        }
    }

    /// Tells what was left to be told, and looks at everything.
    pub(super) fn begin(&mut self) -> io::Result<()> {
        self.tell()?;
        let now = self.now();
        self.follow.look_at_all(now);
        self.look(now);
        self.options.supervisor.ready();
        Ok(())
    }

    /// What is done each time that somebody wakes the loop, or nobody did until something is due.
    pub(super) fn turn(&mut self, events: &[Event]) -> io::Result<Turn> {
        let now = self.now();
        if events.contains(&Event::Stop) {
            info!("told to stop");
            return Ok(Turn::Last);
        }
        if events.contains(&Event::Reload) {
            self.reload(now);
        }
        self.hear_questions(now);
        self.look(now);
        self.hear_fleet(now);
        self.is_more = self.has_room() && self.read(now);
        self.follow_up(now, self.is_more);
        self.keep(now);
        self.publish(now);
        self.tell()?;
        self.supervise(now);
        let is_read = !self.is_more && self.follow.has_ended(now);
        let is_told = self.to_tell.is_empty() && self.outbox.is_tried() && self.is_published();
        let is_last = self.options.once && is_read && is_told && !self.is_fleet_behind(now);
        Ok(if is_last { Turn::Last } else { Turn::More })
    }

    /// The present; a wall clock that has jumped begins a history.
    pub(super) fn now(&mut self) -> Now {
        let now = self.options.machine.now();
        let passed =
            TimeDelta::from_std(now.mono.saturating_sub(self.last.mono)).unwrap_or_default();
        let slept = (now.wall - self.last.wall) - passed;
        if slept > GAP || passed > GAP {
            warn!(seconds = slept.num_seconds(), "the clock went on while this program did not");
            self.pipeline.begin_to_catch_up();
        }
        self.last = now;
        now
    }

    /// How long may be waited for events.
    pub(super) fn timeout(&self) -> Duration {
        if self.is_more {
            return Duration::ZERO;
        }
        let mono = self.last.mono;
        let quiet = self.follow.next_deadline();
        let commit = (self.keeper.has_news() || self.is_urgent).then_some(self.next_commit);
        let decided = self.pipeline.next_deadline().map(|at| {
            let left = (at - self.last.wall).to_std().unwrap_or_default();
            mono + left
        });
        let sent = self.outbox.next_deadline().map(|at| {
            let left = (at - self.last.wall).to_std().unwrap_or_default();
            mono + left
        });
        let fed = self.options.supervisor.next_feed();
        let next = [Some(self.next_tick), quiet, commit, decided, sent, fed];
        let next = next.into_iter().flatten().min();
        next.unwrap_or(self.next_tick).saturating_sub(mono)
    }
}
