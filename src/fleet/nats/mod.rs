//! The broker: NATS with `JetStream`.
//!
//! Owns one thread on which everything of the broker happens, and the channels between it and the
//! loop. Must never decide what is published or what becomes of what comes. Fails when no thread
//! can be had; everything later is tried again, and told.

mod connect;
mod elect;
mod feed;
mod publish;
pub mod read;
mod stream;

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Semaphore, mpsc, watch};

use super::exchange::{Came, Exchange, Member, Trouble, Way};
use super::intake::{Delivered, Stand};
use crate::config::Role;
use crate::follow::Wake;
use crate::store::MessageRow;

/// So much that came waits for the loop; then the broker keeps it.
const CAME_MAX: usize = 2048;

/// So many KiB of messages wait for it.
const CAME_KIB_MAX: u32 = 32 * 1024;

/// So much of it is taken at once.
const TAKEN_MAX: usize = 512;

/// After something went wrong it is tried again after this.
const RETRY: Duration = Duration::from_secs(2);

/// The way to the broker.
pub struct Broker {
    rows: mpsc::UnboundedSender<MessageRow>,
    came: mpsc::Receiver<Came>,
    committed: BTreeMap<Option<u16>, watch::Sender<u64>>,
    room: Arc<Semaphore>,
    wake: Wake,
}

/// Where tasks put what came.
#[derive(Clone)]
struct Desk {
    came: mpsc::Sender<Came>,
    /// KiB of messages that find room.
    room: Arc<Semaphore>,
    wake: Wake,
}

impl Desk {
    /// Waits for room; false once nobody takes anything any more.
    async fn put(&self, came: Came) -> bool {
        if let Came::Delivered(delivered) = &came {
            // It is given back by who takes the message.
            match self.room.acquire_many(kib(delivered)).await {
                Ok(room) => room.forget(),
                Err(_) => return false,
            }
        }
        let is_taken = self.came.send(came).await.is_ok();
        (self.wake)();
        is_taken
    }

    async fn trouble(&self, what: &'static str, why: impl ToString) -> bool {
        let why = why.to_string();
        self.put(Came::Way(Way::Trouble(Trouble { what, why }))).await
    }
}

/// What a message takes of the room, all of it at most.
fn kib(delivered: &Delivered) -> u32 {
    let kib = u32::try_from(delivered.body.len() / 1024).unwrap_or(u32::MAX);
    kib.saturating_add(1).min(CAME_KIB_MAX)
}

impl Broker {
    /// Begins to reach for the broker.
    pub fn start(member: Member, wake: Wake) -> io::Result<Self> {
        let (rows, to_publish) = mpsc::unbounded_channel();
        let (desk, came) = mpsc::channel(CAME_MAX);
        let room = Arc::new(Semaphore::new(CAME_KIB_MAX as usize));
        let desk = Desk { came: desk, room: Arc::clone(&room), wake: Arc::clone(&wake) };
        let mut committed = BTreeMap::new();
        let mut feeds = Vec::new();
        for (feed, stand) in &member.stands {
            let (sender, receiver) = watch::channel(stand.sequence);
            committed.insert(*feed, sender);
            feeds.push((*feed, *stand, receiver));
        }
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("fleet".to_owned()).spawn(move || {
            runtime.block_on(run(member, desk, to_publish, feeds));
        })?;
        Ok(Self { rows, came, committed, room, wake })
    }
}

/// Whether a machine makes what is missing at the broker, and is one of those that tell.
fn may_make(member: &Member) -> bool {
    member.fleet.role == Role::Aggregator
}

type Feed = (Option<u16>, Stand, watch::Receiver<u64>);

async fn run(
    member: Member,
    desk: Desk,
    rows: mpsc::UnboundedReceiver<MessageRow>,
    feeds: Vec<Feed>,
) {
    let Some(client) = connect::connect(&member, &desk).await else { return };
    let context = async_nats::jetstream::new(client.clone());
    let member = Arc::new(member);
    for (feed, stand, committed) in feeds {
        let consumer = feed::Feed { partition: feed, stand, member: Arc::clone(&member) };
        tokio::spawn(consumer.run(context.clone(), desk.clone(), committed));
    }
    if may_make(&member) {
        tokio::spawn(elect::run(context.clone(), Arc::clone(&member), desk.clone()));
    }
    publish::run(client, rows, desk).await;
}

impl Exchange for Broker {
    fn publish(&mut self, row: MessageRow) {
        // The thread ends with the program alone.
        let _ = self.rows.send(row);
    }

    fn take(&mut self) -> Vec<Came> {
        let mut taken = Vec::new();
        while taken.len() < TAKEN_MAX {
            let Ok(came) = self.came.try_recv() else { return taken };
            if let Came::Delivered(delivered) = &came {
                self.room.add_permits(kib(delivered) as usize);
            }
            taken.push(came);
        }
        (self.wake)();
        taken
    }

    fn committed(&mut self, feed: Option<u16>, sequence: u64) {
        if let Some(committed) = self.committed.get(&feed) {
            committed.send_replace(sequence);
        }
    }
}
