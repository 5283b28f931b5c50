//! The machine: its clocks, who says what changed, and the receivers' threads without threads.
//!
//! Time stands still unless somebody lets it pass. Whoever waits lets it pass.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use ocrwatch_disk::Disk;

use super::receivers::Receivers;
use crate::config::{Http, Receiver};
use crate::daemon::event::{Event, Events};
use crate::daemon::machine::{Carry, Machine, Standing, Watch};
use crate::deliver::{Parcel, Report};
use crate::fleet::{Exchange, Member};
use crate::follow::{Now, Wake};
use crate::http::{Desk, ListenError, Server};
use crate::render::Texts;
use crate::tail::watch::{Choice, Hints, Reach};

/// What the outer world and the process share, and survives the process.
#[derive(Debug)]
pub(super) struct Nature {
    pub(super) wall: DateTime<Utc>,
    /// Never goes back, nor does it begin anew with a process.
    pub(super) mono: Duration,
    /// What a look at the clock takes: a slow machine reads little in a turn.
    pub(super) slowness: Duration,
    /// So much faster than it should does the wall clock run, in millionths.
    pub(super) drift_ppm: i64,
    pub(super) watched: BTreeSet<PathBuf>,
    pub(super) hints: Hints,
    pub(super) receivers: Receivers,
    pub(super) disk: Rc<Disk>,
}

impl Nature {
    pub(super) fn pass(&mut self, span: Duration) {
        self.mono += span;
        let span = TimeDelta::from_std(span).unwrap_or_default();
        let drift = span.num_microseconds().unwrap_or(0) * self.drift_ppm / 1_000_000;
        self.wall += span + TimeDelta::microseconds(drift);
    }
}

pub(super) type Shared = Rc<RefCell<Nature>>;

/// What a process sees of it.
pub(super) struct Simulated {
    pub(super) nature: Shared,
    pub(super) started: Duration,
}

impl Machine for Simulated {
    fn now(&self) -> Now {
        let mut nature = self.nature.borrow_mut();
        let slowness = nature.slowness;
        nature.pass(slowness);
        Now { wall: nature.wall, mono: nature.mono.saturating_sub(self.started) }
    }

    fn hear_signals(&self, _: &Events) -> io::Result<()> {
        Ok(())
    }

    fn wait(&self, events: &Events, timeout: Duration) -> Vec<Event> {
        let mut nature = self.nature.borrow_mut();
        let (now, answer) = (nature.mono, nature.receivers.next_answer());
        let until = answer.map_or(now + timeout, |at| at.max(now).min(now + timeout));
        nature.pass(until.saturating_sub(now));
        drop(nature);
        events.wait(Duration::ZERO)
    }

    fn watcher(&self, _: Choice, _: Wake) -> Box<dyn Watch> {
        let mut nature = self.nature.borrow_mut();
        nature.watched.clear();
        nature.hints = Hints::default();
        Box::new(Hinted { nature: Rc::clone(&self.nature) })
    }

    fn carrier(&self, _: Wake) -> Box<dyn Carry> {
        Box::new(Carrier { nature: Rc::clone(&self.nature), receivers: BTreeMap::new() })
    }

    fn exchange(&self, _: Member, _: Wake) -> io::Result<Box<dyn Exchange>> {
        Err(io::Error::other("this machine is alone"))
    }

    fn answer(
        &self,
        _: &Http,
        _: &Path,
        _: Desk,
    ) -> Result<Option<(Server, Option<ListenError>)>, ListenError> {
        Ok(None)
    }
}

struct Hinted {
    nature: Shared,
}

impl Watch for Hinted {
    fn watch(&mut self, directory: &Path) -> Reach {
        self.nature.borrow_mut().watched.insert(directory.to_owned());
        Reach::Events
    }

    fn unwatch(&mut self, directory: &Path) {
        self.nature.borrow_mut().watched.remove(directory);
    }

    fn rearm(&mut self) {}

    fn take(&mut self) -> Hints {
        std::mem::take(&mut self.nature.borrow_mut().hints)
    }
}

struct Carrier {
    nature: Shared,
    receivers: BTreeMap<Arc<str>, Receiver>,
}

impl Carry for Carrier {
    fn set_receivers(&mut self, receivers: &[Receiver], _: &Arc<Texts>, _: Standing<'_>) {
        let named = receivers.iter().map(|receiver| (Arc::clone(&receiver.name), receiver.clone()));
        self.receivers = named.collect();
    }

    fn end_others(&self, _: &[Receiver], _: Standing<'_>) {}

    fn has(&self, receiver: &str) -> bool {
        self.receivers.contains_key(receiver)
    }

    fn send(&mut self, parcel: Parcel, texts: &Arc<Texts>) {
        let mut nature = self.nature.borrow_mut();
        let nature = &mut *nature;
        // What an ended process would send is never sent.
        if !nature.disk.has_ended() {
            let receiver = self.receivers.get(&parcel.notification.receiver);
            let now = Now { wall: nature.wall, mono: nature.mono };
            nature.receivers.take(&parcel, (receiver, texts), now, &nature.disk);
        }
    }

    fn take_reports(&mut self) -> Vec<Report> {
        let mut nature = self.nature.borrow_mut();
        let now = nature.mono;
        nature.receivers.answers(now)
    }
}
