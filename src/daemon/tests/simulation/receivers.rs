//! Who is told: receivers that take, are slow, refuse, cannot be reached, or take and are not heard
//! to have taken. They remember all that got there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, Utc};
use ocrwatch_disk::Disk;

use super::random::Random;
use crate::config::Receiver;
use crate::deliver::{self, Accepted, Again, Failure, Parcel, Report, Scope};
use crate::engine::Notification;
use crate::follow::Now;
use crate::render::{Texts, View};

/// How a receiver behaves for now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manner {
    Takes,
    /// After so many seconds.
    Slow(u64),
    /// 4xx: this message never.
    Refuses,
    /// 429: later, as it says.
    Busy,
    /// 5xx, or nobody is there.
    Down,
    /// It takes, and its answer is lost.
    Unheard,
    /// Any of these.
    Moody,
}

/// Something that got there.
#[derive(Debug, Clone)]
pub(super) struct Arrival {
    pub(super) id: String,
    pub(super) notification: Arc<Notification>,
    /// The sender could not commit it before, and told it all the same.
    pub(super) is_unkept: bool,
}

#[derive(Debug)]
pub(super) struct Receivers {
    pub(super) manner: Manner,
    random: Random,
    pub(super) arrivals: Vec<Arrival>,
    /// What is on its way back.
    answers: Vec<(Duration, Report)>,
    /// What may come once more: it got there, and the sender cannot know.
    excused: BTreeSet<String>,
    got: BTreeSet<String>,
    /// Of which the sender heard that they got there: a moment ago, and so long ago that it is
    /// kept.
    heard: Vec<String>,
    pub(super) noted: BTreeSet<String>,
    /// What was refused for good.
    pub(super) refused: BTreeSet<String>,
    pub(super) breaches: Vec<String>,
    pub(super) counted: BTreeMap<&'static str, u64>,
    /// The process ends at the parcel that comes after so many: before it is sent, or behind it.
    pub(super) ends_after: Option<(u64, bool)>,
}

impl Receivers {
    pub(super) fn new(random: Random) -> Self {
        Self {
            manner: Manner::Takes,
            random,
            arrivals: Vec::new(),
            answers: Vec::new(),
            excused: BTreeSet::new(),
            got: BTreeSet::new(),
            heard: Vec::new(),
            noted: BTreeSet::new(),
            refused: BTreeSet::new(),
            breaches: Vec::new(),
            counted: BTreeMap::new(),
            ends_after: None,
        }
    }

    pub(super) fn next_answer(&self) -> Option<Duration> {
        self.answers.iter().map(|(at, _)| *at).min()
    }

    pub(super) fn answers(&mut self, now: Duration) -> Vec<Report> {
        let (due, waiting) =
            std::mem::take(&mut self.answers).into_iter().partition(|(at, _)| *at <= now);
        self.answers = waiting;
        let mut due: Vec<(Duration, Report)> = due;
        due.sort_by_key(|(at, _)| *at);
        let arrived = due.iter().filter(|(_, report)| report.result.is_ok());
        self.heard.extend(arrived.map(|(_, report)| report.id.clone()));
        due.into_iter().map(|(_, report)| report).collect()
    }

    pub(super) fn take(
        &mut self,
        parcel: &Parcel,
        (receiver, texts): (Option<&Receiver>, &Arc<Texts>),
        now: Now,
        disk: &Disk,
    ) {
        let is_last = match &mut self.ends_after {
            Some((0, is_sent)) => Some(*is_sent),
            Some((left, _)) => {
                *left -= 1;
                None
            }
            None => None,
        };
        if let Some(is_sent) = is_last {
            self.ends_after = None;
            self.count(if is_sent { "end behind a parcel" } else { "end before a parcel" });
            disk.end();
            if !is_sent {
                return;
            }
        }
        let Some(receiver) = receiver else {
            self.breaches.push(format!("{} was sent to nobody", parcel.id()));
            return;
        };
        self.look_at_letter(parcel, receiver, texts, now.wall);
        let manner = match self.manner {
            Manner::Moody => self.mood(),
            manner => manner,
        };
        let (delay_ms, result) = self.treat(manner, parcel);
        let takes = matches!(manner, Manner::Takes | Manner::Slow(_) | Manner::Unheard);
        if takes {
            self.arrive(parcel, result.is_ok());
        }
        let (receiver, id) = (Arc::clone(&parcel.notification.receiver), parcel.id());
        self.answers
            .push((now.mono + Duration::from_millis(delay_ms), Report { receiver, id, result }));
    }

    fn mood(&mut self) -> Manner {
        match self.random.next(6) {
            0 => Manner::Slow(1 + self.random.next(50)),
            1 => Manner::Refuses,
            2 => Manner::Busy,
            3 => Manner::Down,
            4 => Manner::Unheard,
            _ => Manner::Takes,
        }
    }

    fn treat(&mut self, manner: Manner, parcel: &Parcel) -> (u64, Result<Accepted, Failure>) {
        let delay_ms = 5 + self.random.next(400);
        let accepted = Ok(Accepted::default());
        match manner {
            Manner::Takes | Manner::Moody => (delay_ms, accepted),
            Manner::Slow(seconds) => {
                self.count("slow answer");
                (seconds * 1000 + delay_ms, accepted)
            }
            Manner::Refuses => {
                self.count("4xx");
                self.refused.insert(parcel.id());
                (delay_ms, Err(Failure::refused("send", "400")))
            }
            Manner::Busy => {
                self.count("429");
                let again = Again::After(Duration::from_secs(1 + self.random.next(20)));
                let failure = Failure { again, ..Failure::unreachable("send", "429") };
                (delay_ms, Err(failure))
            }
            Manner::Down => {
                self.count("5xx");
                let scope = if self.random.percent(30) { Scope::Message } else { Scope::Receiver };
                (delay_ms, Err(Failure { scope, ..Failure::unreachable("send", "503") }))
            }
            Manner::Unheard => {
                self.count("lost reply");
                (10_000 + delay_ms, Err(Failure::unreachable("read the answer", "timed out")))
            }
        }
    }

    fn arrive(&mut self, parcel: &Parcel, is_heard: bool) {
        let id = parcel.id();
        if !self.got.insert(id.clone()) && !self.excused.contains(&id) {
            let breach = format!("{id} was told twice to {}", parcel.notification.receiver);
            self.breaches.push(breach);
        }
        if is_heard {
            self.excused.remove(&id);
        } else {
            self.excused.insert(id.clone());
        }
        let notification = Arc::clone(&parcel.notification);
        self.arrivals.push(Arrival { id, notification, is_unkept: false });
        self.count("arrival");
    }

    /// What is written is the product's own work, and names what it is about.
    fn look_at_letter(
        &mut self,
        parcel: &Parcel,
        receiver: &Receiver,
        texts: &Arc<Texts>,
        now: DateTime<Utc>,
    ) {
        let view = View { zone: receiver.zone, language: receiver.language };
        let sender = deliver::sender(receiver);
        let letter = sender.and_then(|it| it.preview(parcel, &texts.read_in(view), now));
        let letter = letter.map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        let is_named = letter.is_some_and(|text| {
            text.contains(&parcel.notification.id.to_string())
                && parcel.notification.alerts.iter().all(|told| text.contains(&*told.alert.rule))
        });
        if !is_named {
            self.breaches.push(format!("{} was written without its name or rules", parcel.id()));
        }
    }

    /// What arrived from the n-th on was told although it could not be kept.
    pub(super) fn is_unkept_from(&mut self, first: usize) {
        self.arrivals[first..].iter_mut().for_each(|arrival| arrival.is_unkept = true);
    }

    /// The sender has committed what it heard.
    pub(super) fn heard_is_noted(&mut self) {
        self.noted.extend(std::mem::take(&mut self.heard));
    }

    /// The sender has ended: nobody waits for answers any more.
    pub(super) fn sender_ended(&mut self) {
        self.answers.clear();
        self.heard.clear();
        self.ends_after = None;
    }

    /// What got there and is not noted may come once more; gives how much that is for each
    /// receiver.
    pub(super) fn excuse(&mut self, is_noted: impl Fn(&str) -> bool) -> BTreeMap<Arc<str>, usize> {
        let mut open: BTreeMap<Arc<str>, usize> = BTreeMap::new();
        for Arrival { id, notification, .. } in &self.arrivals {
            if !is_noted(id) && self.excused.insert(id.clone()) {
                *open.entry(Arc::clone(&notification.receiver)).or_default() += 1;
            }
        }
        open
    }

    fn count(&mut self, what: &'static str) {
        *self.counted.entry(what).or_default() += 1;
    }
}
