//! What wakes the daemon.
//!
//! Owns the closed list of it, and that a storm of wake-ups is one. Must never know what a wake-up
//! means. Fails when the system refuses to tell of signals.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

/// Something to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Event {
    /// Something may have changed.
    Woken,
    /// Read the configuration again.
    Reload,
    /// End.
    Stop,
}

/// Where events come together.
pub struct Events {
    sender: Sender<Event>,
    receiver: Receiver<Event>,
    is_woken: Arc<AtomicBool>,
}

impl Events {
    /// Nothing has happened yet.
    pub fn new() -> Self {
        let (sender, receiver) = channel();
        Self { sender, receiver, is_woken: Arc::default() }
    }

    /// What any thread may call when something came; at most one wake-up waits at a time.
    pub fn waker(&self) -> Arc<dyn Fn() + Send + Sync> {
        let (sender, is_woken) = (self.sender.clone(), Arc::clone(&self.is_woken));
        Arc::new(move || {
            if !is_woken.swap(true, Ordering::AcqRel) {
                // Nobody waits any more: the daemon has ended.
                let _ = sender.send(Event::Woken);
            }
        })
    }

    /// Makes signals events.
    pub fn hear_signals(&self) -> io::Result<()> {
        let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM])?;
        let sender = self.sender.clone();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            for signal in signals.forever() {
                let event = if signal == SIGHUP { Event::Reload } else { Event::Stop };
                if sender.send(event).is_err() {
                    break;
                }
            }
        })?;
        Ok(())
    }

    /// Waits for the next event, at most so long; then takes all that wait.
    pub fn wait(&self, timeout: Duration) -> Vec<Event> {
        let first = self.receiver.recv_timeout(timeout);
        // Taken back before anything is looked at: what comes from now on wakes again.
        self.is_woken.store(false, Ordering::Release);
        first.into_iter().chain(self.receiver.try_iter()).collect()
    }
}

impl Default for Events {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_storm_of_wake_ups_is_one_and_the_next_wakes_again() {
        let events = Events::new();
        let wake = events.waker();
        (0..1000).for_each(|_| wake());
        assert_eq!(events.wait(Duration::ZERO), [Event::Woken]);
        assert_eq!(events.wait(Duration::ZERO), []);
        wake();
        assert_eq!(events.wait(Duration::ZERO), [Event::Woken]);
    }
}
