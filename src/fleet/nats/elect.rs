//! Which of the aggregators of a share tells.
//!
//! Owns the lease at the broker: a value that is gone after a while unless it is renewed. Must
//! never decide what follows from it. Fails never: without an answer nothing is said.

use std::sync::Arc;

use async_nats::jetstream::Context;
use async_nats::jetstream::kv::{Config, CreateErrorKind, Store, UpdateErrorKind};

use super::super::exchange::Came;
use super::super::lease::{ASK_INTERVAL, Answer, LEASE};
use super::{Desk, Member};

/// Asks until nobody wants to know any more.
pub(super) async fn run(context: Context, member: Arc<Member>, desk: Desk) {
    let mut store = None;
    let mut held = None;
    loop {
        let asked = match &store {
            None => match open(&context, &member).await {
                Ok(opened) => {
                    let asked = ask(&opened, &member, &mut held).await;
                    store = Some(opened);
                    asked
                }
                Err(why) => Err(why),
            },
            Some(store) => ask(store, &member, &mut held).await,
        };
        let is_heard = match asked {
            Ok(Some(answer)) => desk.put(Came::Lease(answer)).await,
            Ok(None) => true,
            Err(why) => {
                store = None;
                desk.trouble("lease", why).await
            }
        };
        if !is_heard {
            return;
        }
        tokio::time::sleep(ASK_INTERVAL).await;
    }
}

async fn open(context: &Context, member: &Member) -> Result<Store, String> {
    let bucket = format!("{}_LEASE", member.fleet.stream);
    if let Ok(store) = context.get_key_value(&bucket).await {
        return Ok(store);
    }
    let config = Config {
        bucket,
        description: "which ocrwatch tells".to_owned(),
        history: 1,
        max_age: LEASE,
        num_replicas: member.fleet.replicas.into(),
        ..Config::default()
    };
    context.create_key_value(config).await.map_err(|error| error.to_string())
}

/// Renews the lease or reaches for it; `held` is its revision while it is this machine's.
async fn ask(
    store: &Store,
    member: &Member,
    held: &mut Option<u64>,
) -> Result<Option<Answer>, String> {
    let share = share(member);
    let value = format!("{}/{}", member.machine, member.life);
    if let Some(revision) = *held {
        match store.update(&share, value.clone().into(), revision).await {
            Ok(revision) => {
                *held = Some(revision);
                return Ok(Some(Answer::Ours));
            }
            Err(error) if error.kind() == UpdateErrorKind::WrongLastRevision => *held = None,
            Err(error) => return Err(error.to_string()),
        }
    }
    match store.create(&share, value.clone().into()).await {
        Ok(revision) => {
            *held = Some(revision);
            return Ok(Some(Answer::Ours));
        }
        Err(error) if error.kind() == CreateErrorKind::AlreadyExists => {}
        Err(error) => return Err(error.to_string()),
    }
    let entry = store.entry(&share).await.map_err(|error| error.to_string())?;
    let Some(entry) = entry else { return Ok(None) };
    let holder = String::from_utf8_lossy(&entry.value).into_owned();
    if holder == value {
        // This machine's from before it was started anew.
        *held = Some(entry.revision);
        return Ok(Some(Answer::Ours));
    }
    let machine = holder.split('/').next().unwrap_or_default();
    Ok(Some(Answer::Theirs(machine.into())))
}

/// What the aggregators that stand in for each other have in common.
fn share(member: &Member) -> String {
    match &member.fleet.consume {
        None => "all".to_owned(),
        Some(partitions) => {
            let numbers: Vec<_> = partitions.iter().map(ToString::to_string).collect();
            format!("of-{}", numbers.join("-"))
        }
    }
}
