//! An answer that goes on.
//!
//! Owns how many there may be, that each ends with whoever listens, and that no more than one piece
//! waits for a listener who is slow. Must never know what is told. Nothing here fails.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use hyper::body::{Body, Bytes, Frame};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

/// So many listen at a time; each costs a look at the run once a second and a page in memory.
pub(super) const LISTENERS_MAX: usize = 16;

/// The places of all who listen.
#[derive(Debug)]
pub(super) struct Listeners(Arc<Semaphore>);

/// A body that ends when nobody tells it anything any more.
#[derive(Debug)]
pub(super) struct Pieces {
    pieces: mpsc::Receiver<Bytes>,
    _place: OwnedSemaphorePermit,
}

/// Where pieces are told.
#[derive(Debug)]
pub(super) struct Teller(mpsc::Sender<Bytes>);

/// Nobody listens any more.
#[derive(Debug)]
pub(super) struct Gone;

impl Default for Listeners {
    fn default() -> Self {
        Self(Arc::new(Semaphore::new(LISTENERS_MAX)))
    }
}

impl Listeners {
    /// A place, if one is free.
    pub(super) fn admit(&self) -> Option<(Teller, Pieces)> {
        let place = Arc::clone(&self.0).try_acquire_owned().ok()?;
        let (teller, pieces) = mpsc::channel(1);
        Some((Teller(teller), Pieces { pieces, _place: place }))
    }

    /// How many listen.
    pub(super) fn count(&self) -> u64 {
        LISTENERS_MAX.saturating_sub(self.0.available_permits()) as u64
    }
}

impl Teller {
    /// Tells it once what was told before is on its way.
    pub(super) async fn tell(&self, piece: String) -> Result<(), Gone> {
        self.0.send(piece.into()).await.map_err(|_| Gone)
    }

    /// Comes when nobody listens any more.
    pub(super) async fn gone(&self) {
        self.0.closed().await;
    }
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.pieces.poll_recv(context).map(|piece| piece.map(|piece| Ok(Frame::data(piece))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_taken_until_its_listener_goes_and_no_more_are_than_there_is_room_for() {
        let listeners = Listeners::default();
        let mut taken: Vec<_> = (0..LISTENERS_MAX).filter_map(|_| listeners.admit()).collect();
        assert_eq!((taken.len(), listeners.count()), (LISTENERS_MAX, 16));
        assert!(listeners.admit().is_none());
        let (teller, pieces) = taken.pop().unwrap();
        drop(pieces);
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        runtime.block_on(teller.gone());
        assert!(runtime.block_on(teller.tell("a".to_owned())).is_err());
        assert_eq!(listeners.count(), 15);
        assert!(listeners.admit().is_some());
    }
}
