//! The threads that deliver: one for each receiver.
//!
//! Owns that who reads logs waits for no receiver, and that a thread which goes wrong says so.
//! Must never decide what is sent. Fails: never; what an attempt came to is a report.

use std::any::Any;
use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::mpsc::{Receiver as Inbox, RecvTimeoutError, Sender as Outbox, channel};

use super::{Accepted, Failure, Parcel, Sender};
use crate::clock;
use crate::config::Receiver;
use crate::defect;
use crate::engine::ToldAlert;
use crate::render::{Texts, View};

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

enum Job {
    Send(Parcel, Arc<Texts>),
    /// What fires and was told.
    Adopt(Vec<ToldAlert>, Arc<Texts>),
    /// The same; nothing of it is new.
    EndOthers(Vec<ToldAlert>),
}

struct Thread {
    receiver: Receiver,
    jobs: Outbox<Job>,
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
    /// one is doing is still reported. Those that are told again and again learn what stands.
    pub fn set_receivers(
        &mut self,
        receivers: &[Receiver],
        texts: &Arc<Texts>,
        standing: impl Fn(&str) -> Vec<ToldAlert>,
    ) {
        self.threads.retain(|_, thread| receivers.contains(&thread.receiver));
        for receiver in receivers {
            if !self.threads.contains_key(&receiver.name)
                && let Some(sender) = super::sender(receiver)
                && let Some(jobs) = self.begin(receiver, sender)
            {
                let thread = Thread { receiver: receiver.clone(), jobs };
                self.threads.insert(Arc::clone(&receiver.name), thread);
            }
            let thread = self.threads.get(&receiver.name).filter(|_| receiver.is_resent());
            if let Some(Thread { jobs, .. }) = thread {
                // A thread that is gone is told of when something is to be sent.
                let _ = jobs.send(Job::Adopt(standing(&receiver.name), Arc::clone(texts)));
            }
        }
    }

    /// Says what fires and was told to those who are told again and again.
    pub fn end_others(&self, receivers: &[Receiver], standing: impl Fn(&str) -> Vec<ToldAlert>) {
        for receiver in receivers.iter().filter(|receiver| receiver.is_resent()) {
            if let Some(Thread { jobs, .. }) = self.threads.get(&receiver.name) {
                // A thread that is gone is told of when something is to be sent.
                let _ = jobs.send(Job::EndOthers(standing(&receiver.name)));
            }
        }
    }

    fn begin(&self, to: &Receiver, sender: Box<dyn Sender>) -> Option<Outbox<Job>> {
        let (jobs, inbox) = channel::<Job>();
        let (report, wake) = (self.report.clone(), Arc::clone(&self.wake));
        let receiver = Arc::clone(&to.name);
        let view = View { zone: to.zone, language: to.language };
        let work = move || work((&receiver, view), sender, &inbox, &report, &*wake);
        let thread = std::thread::Builder::new().name(format!("to {}", to.name));
        thread.spawn(work).ok().map(|_| jobs)
    }

    /// Whether a receiver has a thread; others are the terminal.
    pub fn has(&self, receiver: &str) -> bool {
        self.threads.contains_key(receiver)
    }

    /// Hands a parcel to its receiver's thread, which has none.
    pub fn send(&mut self, parcel: Parcel, texts: &Arc<Texts>) {
        let (receiver, id) = (Arc::clone(&parcel.notification.receiver), parcel.id());
        let job = Job::Send(parcel, Arc::clone(texts));
        let is_taken =
            self.threads.get(&receiver).is_some_and(|thread| thread.jobs.send(job).is_ok());
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

/// What a receiver's thread does, until nobody has anything for it.
fn work(
    (receiver, view): (&Arc<str>, View),
    mut sender: Box<dyn Sender>,
    inbox: &Inbox<Job>,
    report: &Outbox<Report>,
    wake: &(dyn Fn() + Send + Sync),
) {
    loop {
        let wait = sender.next_resend().map(|at| (at - clock::now()).to_std().unwrap_or_default());
        let job = match wait {
            None => inbox.recv().map_err(|_| RecvTimeoutError::Disconnected),
            Some(wait) => inbox.recv_timeout(wait),
        };
        let reports = match job {
            Ok(Job::Send(parcel, texts)) => {
                let texts = texts.read_in(view);
                let attempt = || sender.send(&parcel, &texts, clock::now(), &mut |_| {});
                let result =
                    catch_unwind(AssertUnwindSafe(attempt)).unwrap_or_else(|why| panicked(&*why));
                vec![Report { receiver: receiver.clone(), id: parcel.id(), result }]
            }
            Ok(Job::Adopt(standing, texts)) => {
                quietly(receiver, || sender.adopt(&standing, &texts.read_in(view), clock::now()))
            }
            Ok(Job::EndOthers(standing)) => {
                quietly(receiver, || sender.end_others(&standing, clock::now()))
            }
            Err(RecvTimeoutError::Timeout) => {
                let resend = || sender.resend(clock::now());
                let failures = catch_unwind(AssertUnwindSafe(resend)).unwrap_or_else(|why| {
                    panicked(&*why).err().map(|failure| ("".into(), failure)).into_iter().collect()
                });
                let failures = failures.into_iter();
                let of = |(peer, failure): (Arc<str>, Failure)| Report {
                    receiver: receiver.clone(),
                    id: peer.to_string(),
                    result: Err(failure),
                };
                failures.map(of).collect()
            }
            Err(RecvTimeoutError::Disconnected) => return,
        };
        let is_news = !reports.is_empty();
        for one in reports {
            if report.send(one).is_err() {
                return;
            }
        }
        if is_news {
            wake();
        }
    }
}

/// Does what is reported only if it goes wrong.
fn quietly(receiver: &Arc<str>, what: impl FnOnce()) -> Vec<Report> {
    let failed = catch_unwind(AssertUnwindSafe(what)).err();
    let report = failed.map(|why| Report {
        receiver: receiver.clone(),
        id: String::new(),
        result: panicked(&*why),
    });
    report.into_iter().collect()
}

fn panicked(why: &(dyn Any + Send)) -> Result<Accepted, Failure> {
    let what = defect::words(why);
    Err(Failure::unreachable("send", format!("a defect of this program: {what}")))
}
