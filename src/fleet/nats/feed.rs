//! A feed: what was published, from where this machine stands.
//!
//! Owns a durable consumer, made anew behind what was taken whenever anything is in doubt: so
//! messages come in the stream's order and none is missed. Must never say that something is done
//! before it is committed. Fails never: it tries until it goes, and says why it does not.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::pull::{Config, Stream as Messages};
use async_nats::jetstream::consumer::{AckPolicy, DeliverPolicy};
use async_nats::jetstream::{self, Context};
use futures_util::StreamExt as _;
use tokio::sync::watch;

use super::super::exchange::Came;
use super::super::intake::{Delivered, Stand};
use super::super::subject::Subject;
use super::{Desk, Member, RETRY, stream};

/// What is handed out and not committed is handed out again after this; then it is known already.
const COMMIT_WAIT: Duration = Duration::from_mins(5);

/// So many messages are handed out at most that are not committed.
const UNCOMMITTED_MAX: i64 = 50_000;

/// So many are asked for at once.
const BATCH: usize = 500;

/// A feed that nobody asks for is let go by the broker after this; what it stands at lies here.
const UNUSED_MAX: Duration = Duration::from_hours(24);

/// So often it is said how many messages wait.
const PENDING_EVERY: u64 = 100;

/// One feed.
pub(super) struct Feed {
    pub(super) feed: Option<u16>,
    /// What was handed on.
    pub(super) stand: Stand,
    pub(super) member: Arc<Member>,
}

/// Why a consumer is made anew.
enum Anew {
    /// Nobody takes anything any more.
    Over,
    /// Something is in doubt: a lowercase sentence.
    Doubt(String),
}

impl Feed {
    /// Hands on what comes until nobody takes it any more.
    pub(super) async fn run(
        mut self,
        context: Context,
        desk: Desk,
        mut committed: watch::Receiver<u64>,
    ) {
        loop {
            let why = match self.consume(&context, &desk, &mut committed).await {
                Anew::Over => return,
                Anew::Doubt(why) => why,
            };
            if !desk.trouble("consume", why).await {
                return;
            }
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn consume(
        &mut self,
        context: &Context,
        desk: &Desk,
        committed: &mut watch::Receiver<u64>,
    ) -> Anew {
        let (mut messages, stream_ns, mut pending) = match self.open(context, desk).await {
            Ok(opened) => opened,
            Err(anew) => return anew,
        };
        let mut expected = 1;
        // Where to say that everything before is done, for some of what was handed on.
        let mut answers: VecDeque<(u64, async_nats::Subject)> = VecDeque::new();
        loop {
            tokio::select! {
                message = messages.next() => {
                    let message = match message {
                        Some(Ok(message)) => message,
                        Some(Err(error)) => return Anew::Doubt(error.to_string()),
                        None => return Anew::Doubt("the broker has ended the feed".to_owned()),
                    };
                    let state = (stream_ns, &mut expected, &mut pending);
                    match self.hand_on(&message, state, desk).await {
                        Ok(sequence) => note(&mut answers, sequence, &message),
                        Err(anew) => return anew,
                    }
                }
                changed = committed.changed() => {
                    if changed.is_err() {
                        return Anew::Over;
                    }
                    let up_to = *committed.borrow_and_update();
                    let mut last = None;
                    while answers.front().is_some_and(|(sequence, _)| *sequence <= up_to) {
                        last = answers.pop_front();
                    }
                    if let Some((_, answer)) = last {
                        // One that is lost is followed by the next.
                        let _ = context.client().publish(answer, "+ACK".into()).await;
                    }
                }
            }
        }
    }

    /// Hands a message on; its number.
    async fn hand_on(
        &mut self,
        message: &jetstream::Message,
        (stream_ns, expected, told): (i64, &mut u64, &mut u64),
        desk: &Desk,
    ) -> Result<u64, Anew> {
        let info = message.info().map_err(|error| Anew::Doubt(error.to_string()))?;
        if info.consumer_sequence != *expected {
            return Err(Anew::Doubt("a message did not come".to_owned()));
        }
        *expected += 1;
        let (sequence, pending) = (info.stream_sequence, info.pending);
        self.stand = Stand { stream_ns, sequence };
        let body = message.payload.to_vec();
        let delivered = Delivered { feed: self.feed, stream_ns, sequence, body };
        let mut is_taken = desk.put(Came::Delivered(delivered)).await;
        if pending != *told && (pending == 0 || expected.is_multiple_of(PENDING_EVERY)) {
            *told = pending;
            is_taken &= desk.put(Came::Pending(self.feed, pending)).await;
        }
        if is_taken { Ok(sequence) } else { Err(Anew::Over) }
    }

    async fn open(&self, context: &Context, desk: &Desk) -> Result<(Messages, i64, u64), Anew> {
        let doubt = |error: &dyn std::fmt::Display| Anew::Doubt(error.to_string());
        let stream = stream::open(context, &self.member).await.map_err(|why| doubt(&why))?;
        let info = stream.get_info().await.map_err(|error| doubt(&error))?;
        let stream_ns = info.created.timestamp_nanos_opt().unwrap_or_default();
        let is_same = self.stand.stream_ns == stream_ns;
        let start = if is_same { self.stand.sequence + 1 } else { 1 };
        let first = info.state.first_sequence;
        // One of all feeds knows how many: of a share the numbers between are others'.
        if is_same && self.stand.sequence > 0 && self.feed.is_none() && first > start {
            desk.put(Came::Lost(first - start)).await;
        }
        let name = self.name();
        // One that is there may hand out again what was committed, or stand behind it.
        let _ = stream.delete_consumer(&name).await;
        let config = Config {
            durable_name: Some(name),
            description: Some(format!("what {} decides about", self.member.machine)),
            deliver_policy: DeliverPolicy::ByStartSequence { start_sequence: start.max(1) },
            ack_policy: AckPolicy::All,
            ack_wait: COMMIT_WAIT,
            max_ack_pending: UNCOMMITTED_MAX,
            filter_subject: Subject::filter(self.feed),
            inactive_threshold: UNUSED_MAX,
            ..Config::default()
        };
        let consumer = stream.create_consumer(config).await.map_err(|error| doubt(&error))?;
        let pending = consumer.cached_info().num_pending;
        desk.put(Came::Pending(self.feed, pending)).await;
        let messages = consumer.stream().max_messages_per_batch(BATCH);
        let messages = messages.heartbeat(Duration::from_secs(5)).expires(Duration::from_secs(30));
        let messages = messages.messages().await.map_err(|error| doubt(&error))?;
        Ok((messages, stream_ns, pending))
    }

    /// What the broker calls this machine's consumer; a dot means something there.
    fn name(&self) -> String {
        let machine = self.member.machine.replace('.', "_");
        match self.feed {
            Some(partition) => format!("ocrwatch-{machine}-{partition}"),
            None => format!("ocrwatch-{machine}"),
        }
    }
}

/// Keeps where to answer for the first of each hundred: the later ones answer for those before.
fn note(
    answers: &mut VecDeque<(u64, async_nats::Subject)>,
    sequence: u64,
    message: &jetstream::Message,
) {
    const KEPT_ALL_MAX: usize = 1000;
    let is_kept = answers.len() < KEPT_ALL_MAX || sequence.is_multiple_of(100);
    if let Some(answer) = message.reply.clone().filter(|_| is_kept) {
        answers.push_back((sequence, answer));
    }
}
