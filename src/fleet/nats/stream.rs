//! The stream at the broker: found, or made by who may.
//!
//! Owns its settings. Must never change one that is there: its owner may have reasons. Fails with
//! the broker's answer.

use std::time::Duration;

use async_nats::jetstream::context::{GetStreamError, GetStreamErrorKind};
use async_nats::jetstream::stream::{Config, Stream};
use async_nats::jetstream::{Context, ErrorCode};

use super::super::subject::Subject;
use super::{Member, may_make};

/// So long the broker itself drops what comes again; later it is told by its number.
const DUPLICATE_WINDOW: Duration = Duration::from_mins(2);

/// The stream; made if it is missing and this machine may.
pub(super) async fn open(context: &Context, member: &Member) -> Result<Stream, String> {
    let fleet = &member.fleet;
    match context.get_stream(&fleet.stream).await {
        Ok(stream) => Ok(stream),
        Err(error) if is_missing(&error) && may_make(member) => {
            let retention = fleet.retention.to_delta().to_std().unwrap_or_default();
            let config = Config {
                name: fleet.stream.clone(),
                description: Some("what machines with ocrwatch found".to_owned()),
                subjects: vec![Subject::filter(None)],
                max_age: retention,
                num_replicas: fleet.replicas.into(),
                duplicate_window: DUPLICATE_WINDOW.min(retention),
                ..Config::default()
            };
            context.create_stream(config).await.map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    }
}

fn is_missing(error: &GetStreamError) -> bool {
    match error.kind() {
        GetStreamErrorKind::JetStream(error) => error.error_code() == ErrorCode::STREAM_NOT_FOUND,
        _ => false,
    }
}
