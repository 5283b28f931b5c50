//! The machine that a run runs on, but for its files: time, wake-ups, threads that deliver, HTTP.
//!
//! Owns the seam behind which the tests put a machine of their own (`tests/simulation`), so that
//! they drive this loop and no copy of it. Must never decide anything. Fails as the parts behind
//! it do.

use std::io;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use super::event::{Event, Events};
use crate::clock::{self, Stopwatch};
use crate::config::{Http, Receiver};
use crate::deliver::{Parcel, Post, Report};
use crate::engine::ToldAlert;
use crate::fleet::{Exchange, Member};
use crate::follow::{Now, Wake};
use crate::http::{Desk, ListenError, Server};
use crate::render::Texts;
use crate::tail::watch::{Choice, Hints, Reach, Watcher};

/// What fires of that which a receiver was told.
pub type Standing<'s> = &'s dyn Fn(&str) -> Vec<ToldAlert>;

/// What a run has of its machine.
pub trait Machine {
    /// The present.
    fn now(&self) -> Now;

    /// Makes signals events.
    fn hear_signals(&self, events: &Events) -> io::Result<()>;

    /// Waits for the next event, at most so long; then takes all that wait.
    fn wait(&self, events: &Events, timeout: Duration) -> Vec<Event>;

    /// Who says where files may have changed.
    fn watcher(&self, choice: Choice, wake: Wake) -> Box<dyn Watch>;

    /// Who carries parcels.
    fn carrier(&self, wake: Wake) -> Box<dyn Carry>;

    /// The way to the fleet's broker.
    fn exchange(&self, member: Member, wake: Wake) -> io::Result<Box<dyn Exchange>>;

    /// Opens the places where others are answered, and says which of them is missing; nothing on a
    /// machine where nobody asks.
    fn answer(
        &self,
        http: &Http,
        directory: &Path,
        desk: Desk,
    ) -> Result<Option<(Server, Option<ListenError>)>, ListenError>;
}

/// Says where files may have changed; see [`Watcher`].
pub trait Watch {
    /// Watches a directory.
    fn watch(&mut self, directory: &Path) -> Reach;

    /// Takes one [`watch`](Self::watch) back.
    fn unwatch(&mut self, directory: &Path);

    /// Tries again what could not be watched.
    fn rearm(&mut self);

    /// Where something may have changed since the last call.
    fn take(&mut self) -> Hints;
}

/// Carries parcels to receivers; see [`Post`].
pub trait Carry {
    /// These are the receivers from now on.
    fn set_receivers(&mut self, receivers: &[Receiver], texts: &Arc<Texts>, standing: Standing<'_>);

    /// Says what fires and was told to those who are told again and again.
    fn end_others(&self, receivers: &[Receiver], standing: Standing<'_>);

    /// Whether a receiver is one of these; others are the terminal.
    fn has(&self, receiver: &str) -> bool;

    /// Takes a parcel for a receiver that has none.
    fn send(&mut self, parcel: Parcel, texts: &Arc<Texts>);

    /// What came of attempts since this was last asked.
    fn take_reports(&mut self) -> Vec<Report>;
}

/// The machine that there is.
pub struct System {
    stopwatch: Stopwatch,
    carrier: fn(Wake) -> Box<dyn Carry>,
}

impl System {
    /// Its own time begins now. Who carries is handed in: a program without receivers has neither
    /// mail nor HTTP's client in it.
    pub fn new(carrier: fn(Wake) -> Box<dyn Carry>) -> Self {
        Self { stopwatch: Stopwatch::start(), carrier }
    }
}

impl Machine for System {
    fn now(&self) -> Now {
        Now { wall: clock::now(), mono: self.stopwatch.elapsed() }
    }

    fn hear_signals(&self, events: &Events) -> io::Result<()> {
        events.hear_signals()
    }

    fn wait(&self, events: &Events, timeout: Duration) -> Vec<Event> {
        events.wait(timeout)
    }

    fn watcher(&self, choice: Choice, wake: Wake) -> Box<dyn Watch> {
        Box::new(Watcher::new(move || wake(), choice))
    }

    fn carrier(&self, wake: Wake) -> Box<dyn Carry> {
        (self.carrier)(wake)
    }

    fn exchange(&self, member: Member, wake: Wake) -> io::Result<Box<dyn Exchange>> {
        Ok(Box::new(crate::fleet::nats::Broker::start(member, wake)?))
    }

    fn answer(
        &self,
        http: &Http,
        directory: &Path,
        desk: Desk,
    ) -> Result<Option<(Server, Option<ListenError>)>, ListenError> {
        Server::start(http, directory, desk).map(Some)
    }
}

impl Watch for Watcher {
    fn watch(&mut self, directory: &Path) -> Reach {
        self.watch(directory)
    }

    fn unwatch(&mut self, directory: &Path) {
        self.unwatch(directory);
    }

    fn rearm(&mut self) {
        self.rearm();
    }

    fn take(&mut self) -> Hints {
        self.take()
    }
}

impl Carry for Post {
    fn set_receivers(
        &mut self,
        receivers: &[Receiver],
        texts: &Arc<Texts>,
        standing: Standing<'_>,
    ) {
        self.set_receivers(receivers, texts, standing);
    }

    fn end_others(&self, receivers: &[Receiver], standing: Standing<'_>) {
        self.end_others(receivers, standing);
    }

    fn has(&self, receiver: &str) -> bool {
        self.has(receiver)
    }

    fn send(&mut self, parcel: Parcel, texts: &Arc<Texts>) {
        self.send(parcel, texts);
    }

    fn take_reports(&mut self) -> Vec<Report> {
        self.take_reports()
    }
}

/// Carries for an agent, who tells nobody.
pub struct Nobody;

impl Carry for Nobody {
    fn set_receivers(&mut self, _: &[Receiver], _: &Arc<Texts>, _: Standing<'_>) {}

    fn end_others(&self, _: &[Receiver], _: Standing<'_>) {}

    fn has(&self, _: &str) -> bool {
        false
    }

    fn send(&mut self, _: Parcel, _: &Arc<Texts>) {}

    fn take_reports(&mut self) -> Vec<Report> {
        Vec::new()
    }
}
