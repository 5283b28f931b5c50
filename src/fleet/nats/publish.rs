//! Messages on their way to the broker.
//!
//! Owns that they are sent in their order, and sent again from the first that is not stored. Must
//! never let one go that is not. Fails never: it tries until it goes.
//!
//! How many are under way is decided by who hands them in.

use std::collections::VecDeque;
use std::time::Duration;

use async_nats::Client;
use async_nats::connection::State;
use async_nats::jetstream::Context;
use async_nats::jetstream::context::{ContextBuilder, PublishAckFuture};
use async_nats::jetstream::message::PublishMessage;
use tokio::sync::mpsc;

use super::super::exchange::Came;
use super::{Desk, RETRY};
use crate::store::MessageRow;

/// So long the broker may take to store a message.
const STORE_WAIT: Duration = Duration::from_secs(5);

struct UnderWay {
    row: MessageRow,
    answer: Option<PublishAckFuture>,
}

/// Publishes until nobody hands anything in any more.
pub(super) async fn run(client: Client, mut rows: mpsc::UnboundedReceiver<MessageRow>, desk: Desk) {
    let context = ContextBuilder::new().ack_timeout(STORE_WAIT).build(client);
    let mut under_way: VecDeque<UnderWay> = VecDeque::new();
    loop {
        let first = under_way.front_mut().and_then(|first| first.answer.take());
        let Some(answer) = first else {
            let Some(row) = rows.recv().await else { return };
            let answer = send(&context, &row).await;
            under_way.push_back(UnderWay { row, answer });
            if !resend_if_needed(&context, &mut under_way, &desk).await {
                return;
            }
            continue;
        };
        let mut answer = std::pin::pin!(answer.into_future());
        let answered = loop {
            tokio::select! {
                answered = &mut answer => break answered,
                row = rows.recv() => {
                    let Some(row) = row else { return };
                    let answer = send(&context, &row).await;
                    under_way.push_back(UnderWay { row, answer });
                }
            }
        };
        match answered {
            Ok(_) => {
                let Some(stored) = under_way.pop_front() else { continue };
                if !desk.put(Came::Stored(stored.row.number)).await {
                    return;
                }
            }
            Err(error) => {
                if !desk.trouble("publish", error).await {
                    return;
                }
                tokio::time::sleep(RETRY).await;
                send_all(&context, &mut under_way).await;
            }
        }
        if !resend_if_needed(&context, &mut under_way, &desk).await {
            return;
        }
    }
}

/// What could not even be handed to the connection is sent again until it is.
async fn resend_if_needed(
    context: &Context,
    under_way: &mut VecDeque<UnderWay>,
    desk: &Desk,
) -> bool {
    while under_way.front().is_some_and(|first| first.answer.is_none()) {
        if !desk.trouble("publish", "the connection takes nothing").await {
            return false;
        }
        tokio::time::sleep(RETRY).await;
        send_all(context, under_way).await;
    }
    true
}

/// From the first on: one that is stored already is known to the broker, or to who takes it.
async fn send_all(context: &Context, under_way: &mut VecDeque<UnderWay>) {
    // What is sent into a broken connection waits in it, and is sent again and again later.
    while context.client().connection_state() != State::Connected {
        tokio::time::sleep(RETRY).await;
    }
    for one in under_way {
        one.answer = send(context, &one.row).await;
    }
}

async fn send(context: &Context, row: &MessageRow) -> Option<PublishAckFuture> {
    let message = PublishMessage::build().payload(row.body.to_vec().into()).message_id(&row.id);
    context.send_publish(row.subject.clone(), message).await.ok()
}
