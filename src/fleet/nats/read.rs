//! Everything that a stream keeps, read once.
//!
//! Owns a consumer that the broker forgets once nobody asks it. Must never say that anything is
//! taken. Fails with what the broker says, or that it says nothing: a lowercase sentence.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use async_nats::Event;
use async_nats::jetstream;
use async_nats::jetstream::consumer::pull::OrderedConfig;
use async_nats::jetstream::consumer::{DeliverPolicy, ReplayPolicy};
use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;

use super::connect;
use crate::config::Fleet;
use crate::fleet::Delivered;
use crate::fleet::subject::Subject;

/// A broker that says nothing for so long says nothing.
const ANSWER_WAIT: Duration = Duration::from_secs(15);

/// Hands over what was published since an instant, until what was there at the beginning is read.
pub fn read(
    fleet: &Fleet,
    since: Option<DateTime<Utc>>,
    each: impl FnMut(Delivered),
) -> Result<(), String> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    // What may not be asked is not answered: that it is refused is said beside it.
    let refused = Arc::new(OnceLock::new());
    let read = runtime.block_on(read_all(fleet, since, each, Arc::clone(&refused)));
    read.map_err(|why| refused.get().cloned().unwrap_or(why))
}

async fn read_all(
    fleet: &Fleet,
    since: Option<DateTime<Utc>>,
    mut each: impl FnMut(Delivered),
    refused: Arc<OnceLock<String>>,
) -> Result<(), String> {
    let options = connect::options(fleet, "report")?.event_callback(move |event| {
        if let Event::ServerError(error) = event {
            refused.get_or_init(|| connect::refusal(&error));
        }
        std::future::ready(())
    });
    let client = options.connect(&fleet.servers[..]).await.map_err(|it| connect::why(&it))?;
    let context = jetstream::new(client);
    let stream = context.get_stream(&fleet.stream).await.map_err(|it| it.to_string())?;
    let info = stream.cached_info();
    let (last, is_empty) = (info.state.last_sequence, info.state.messages == 0);
    let stream_ns = info.created.timestamp_nanos_opt().unwrap_or_default();
    if is_empty || since.is_some_and(|since| info.state.last_timestamp < since) {
        return Ok(());
    }
    let deliver_policy = match since {
        Some(start_time) => DeliverPolicy::ByStartTime { start_time },
        None => DeliverPolicy::All,
    };
    let config = OrderedConfig {
        deliver_policy,
        filter_subject: Subject::filter(None),
        replay_policy: ReplayPolicy::Instant,
        ..OrderedConfig::default()
    };
    let consumer = stream.create_consumer(config).await.map_err(|error| error.to_string())?;
    let mut messages = consumer.messages().await.map_err(|error| error.to_string())?;
    loop {
        let next = tokio::time::timeout(ANSWER_WAIT, messages.next()).await;
        let next = next.map_err(|_| "the broker says nothing any more".to_owned())?;
        let message = next.ok_or("the broker has ended the feed")?;
        let message = message.map_err(|error| error.to_string())?;
        let info = message.info().map_err(|error| error.to_string())?;
        let sequence = info.stream_sequence;
        let is_last = sequence >= last || info.pending == 0;
        let body = message.payload.to_vec();
        each(Delivered { feed: None, stream_ns, sequence, body });
        if is_last {
            return Ok(());
        }
    }
}
