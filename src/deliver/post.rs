//! The threads that deliver: one for each receiver.
//!
//! Owns that who reads logs waits for no receiver, and that a thread which goes wrong says so.
//! Must never decide what is sent. Fails: never; what an attempt came to is a report.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver as Inbox, Sender as Outbox, SyncSender, channel, sync_channel};

use super::{Accepted, Failure, Parcel, Sender};
use crate::clock;
use crate::config::Receiver;
use crate::render::Texts;

/// What an attempt came to.
#[derive(Debug)]
pub struct Report {
    /// Who was to be told.
    pub receiver: Arc<str>,
    /// The parcel's name in the outbox.
    pub id: String,
    /// What came of it.
    pub result: Result<Accepted, Failure>,
}

struct Job {
    parcel: Parcel,
    texts: Arc<Texts>,
}

struct Thread {
    receiver: Receiver,
    jobs: SyncSender<Job>,
}

/// The threads of all receivers.
pub struct Post {
    threads: BTreeMap<Arc<str>, Thread>,
    reports: Inbox<Report>,
    report: Outbox<Report>,
    wake: Arc<dyn Fn() + Send + Sync>,
}

impl Post {
    /// No receiver yet; `wake` is called from other threads whenever there is a report.
    pub fn new(wake: Arc<dyn Fn() + Send + Sync>) -> Self {
        let (report, reports) = channel();
        Self { threads: BTreeMap::new(), reports, report, wake }
    }

    /// These are the receivers from now on. Those that are the same keep their thread; what another
    /// one is doing is still reported.
    pub fn set_receivers(&mut self, receivers: &[Receiver]) {
        self.threads.retain(|_, thread| receivers.contains(&thread.receiver));
        for receiver in receivers {
            if !self.threads.contains_key(&receiver.name)
                && let Some(sender) = super::sender(receiver)
                && let Some(jobs) = self.begin(&receiver.name, sender)
            {
                let thread = Thread { receiver: receiver.clone(), jobs };
                self.threads.insert(Arc::clone(&receiver.name), thread);
            }
        }
    }

    fn begin(&self, name: &Arc<str>, mut sender: Box<dyn Sender>) -> Option<SyncSender<Job>> {
        let (jobs, inbox) = sync_channel::<Job>(1);
        let (report, wake) = (self.report.clone(), Arc::clone(&self.wake));
        let receiver = Arc::clone(name);
        let work = move || {
            for Job { parcel, texts } in inbox {
                let attempt = || sender.send(&parcel, &texts, clock::now(), &mut |_| {});
                let result =
                    catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|why| panicked(&*why));
                let report_of = Report { receiver: receiver.clone(), id: parcel.id(), result };
                if report.send(report_of).is_err() {
                    break;
                }
                wake();
            }
        };
        let thread = std::thread::Builder::new().name(format!("to {name}"));
        thread.spawn(work).ok().map(|_| jobs)
    }

    /// Whether a receiver has a thread; others are the terminal.
    pub fn has(&self, receiver: &str) -> bool {
        self.threads.contains_key(receiver)
    }

    /// Hands a parcel to its receiver's thread, which has none.
    pub fn send(&mut self, parcel: Parcel, texts: &Arc<Texts>) {
        let (receiver, id) = (Arc::clone(&parcel.notification.receiver), parcel.id());
        let job = Job { parcel, texts: Arc::clone(texts) };
        let is_taken =
            self.threads.get(&receiver).is_some_and(|thread| thread.jobs.try_send(job).is_ok());
        if !is_taken {
            let failure = Failure::unreachable("hand over", "no thread takes it");
            // The other end is ours.
            let _ = self.report.send(Report { receiver, id, result: Err(failure) });
            (self.wake)();
        }
    }

    /// What came of attempts since this was last asked.
    pub fn take_reports(&mut self) -> Vec<Report> {
        self.reports.try_iter().collect()
    }
}

fn panicked(why: &(dyn Any + Send)) -> Result<Accepted, Failure> {
    let what = why.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let what = what.or_else(|| why.downcast_ref::<String>().cloned()).unwrap_or_default();
    Err(Failure::unreachable("send", format!("a defect of this program: {what}")))
}
