//! Which of the aggregators of a share tells.
//!
//! Owns the lease at the broker: one message of a stream of its own, which is gone after a while
//! unless it is written again, and is written only by who knows its number. Must never decide what
//! follows from it. Fails never: without an answer nothing is said.
//!
//! The client's key-value store would do the same; it asks for the account first, whose form
//! changed: it cannot read the answer of nats-server 2.9, which Debian 12 has (seen).

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::Context;
use async_nats::jetstream::context::PublishErrorKind;
use async_nats::jetstream::message::PublishMessage;
use async_nats::jetstream::stream::{Config, LastRawMessageErrorKind, StorageType, Stream};

use super::super::exchange::Came;
use super::super::lease::Answer;
use super::{Desk, Member};

/// How long a lease holds that is not renewed.
const LEASE: Duration = Duration::from_secs(10);

/// How often it is asked for and renewed.
const ASK_INTERVAL: Duration = Duration::from_secs(3);

/// What the subjects of leases begin with.
const PREFIX: &str = "ocrwatch.lease";

/// Asks until nobody wants to know any more.
pub(super) async fn run(context: Context, member: Arc<Member>, desk: Desk) {
    let subject = subject(&member);
    let mut asker = Asker { context, member, subject, held: None, was_ours: false, stream: None };
    loop {
        let is_heard = match asker.ask().await {
            Ok(Some(answer)) => desk.put(Came::Lease(answer)).await,
            Ok(None) => true,
            Err(why) => {
                asker.stream = None;
                desk.trouble("lease", why).await
            }
        };
        if !is_heard {
            return;
        }
        tokio::time::sleep(ASK_INTERVAL).await;
    }
}

struct Asker {
    context: Context,
    member: Arc<Member>,
    subject: String,
    /// The lease's number, while it is this machine's.
    held: Option<u64>,
    /// It was this machine's since this start.
    was_ours: bool,
    stream: Option<Stream>,
}

impl Asker {
    /// Renews the lease, or reaches for it.
    async fn ask(&mut self) -> Result<Option<Answer>, String> {
        let stream = match self.stream.take() {
            Some(stream) => stream,
            None => self.open().await?,
        };
        let stream = self.stream.insert(stream).clone();
        if self.held.is_some() && self.write().await? {
            return Ok(Some(Answer::Ours));
        }
        self.held = None;
        if self.write().await? {
            return Ok(Some(Answer::Ours));
        }
        let last = match stream.get_last_raw_message_by_subject(&self.subject).await {
            Ok(last) => last,
            // It ended this moment.
            Err(error) if error.kind() == LastRawMessageErrorKind::NoMessageFound => {
                return Ok(None);
            }
            Err(error) => return Err(error.to_string()),
        };
        let holder = String::from_utf8_lossy(&last.payload).into_owned();
        let (machine, life) = holder.split_once('/').unwrap_or((&holder, ""));
        if machine == &*self.member.machine && life != &*self.member.life {
            if self.was_ours {
                // Who held it before this start is gone: somebody else writes under this name.
                return Err(format!(
                    "another aggregator is called `{machine}`, too: each takes a part of what is \
                     published; give each a `name` of its own"
                ));
            }
            // This machine's from before it was started anew.
            self.held = Some(last.sequence);
            return Ok(self.write().await?.then_some(Answer::Ours));
        }
        Ok(Some(Answer::Theirs(machine.into())))
    }

    /// Writes the lease behind the one that is known; false if there is another.
    async fn write(&mut self) -> Result<bool, String> {
        let Member { machine, life, .. } = &*self.member;
        let message = PublishMessage::build()
            .payload(format!("{machine}/{life}").into())
            .expected_last_subject_sequence(self.held.unwrap_or_default());
        let sent = self.context.send_publish(self.subject.clone(), message).await;
        let answered = match sent {
            Ok(answer) => answer.await,
            Err(error) => Err(error),
        };
        match answered {
            Ok(stored) => {
                self.held = Some(stored.sequence);
                self.was_ours = true;
                Ok(true)
            }
            Err(error) if error.kind() == PublishErrorKind::WrongLastSequence => Ok(false),
            Err(error) => Err(error.to_string()),
        }
    }

    async fn open(&self) -> Result<Stream, String> {
        let fleet = &self.member.fleet;
        let config = Config {
            name: format!("{}_LEASE", fleet.stream),
            description: Some("which ocrwatch tells".to_owned()),
            subjects: vec![format!("{PREFIX}.{}.>", fleet.stream)],
            max_messages_per_subject: 1,
            max_age: LEASE,
            // Nothing is dropped as said twice: what is written again is the same.
            duplicate_window: LEASE,
            storage: StorageType::Memory,
            num_replicas: fleet.replicas.into(),
            ..Config::default()
        };
        let opened = self.context.get_or_create_stream(config).await;
        opened.map_err(|error| error.to_string())
    }
}

/// What the aggregators that stand in for each other have in common.
fn subject(member: &Member) -> String {
    let fleet = &member.fleet;
    let share = match &fleet.consume {
        None => "all".to_owned(),
        Some(partitions) => {
            let numbers: Vec<_> = partitions.iter().map(ToString::to_string).collect();
            format!("of-{}", numbers.join("-"))
        }
    };
    format!("{PREFIX}.{}.{share}", fleet.stream)
}
