//! What systemd is told of a run: that it is ready, reloads, lives, stops, and how it stands.
//!
//! Owns when which of it is said. Must never decide whether the run is well: it is told. Fails:
//! never; without a manager that listens nothing is said, and a message that does not get there is
//! missed by the manager itself.

use std::time::Duration;

use sd_notify::NotifyState;

/// The status line is said this often at most.
const STATUS_INTERVAL: Duration = Duration::from_secs(5);

/// Says one message.
type Say = Box<dyn Fn(&[NotifyState<'_>])>;

/// The manager of the service.
pub struct Supervisor {
    say: Say,
    /// Whether there is one.
    is_heard: bool,
    /// Half of the time after which it ends a run that says nothing.
    feed_interval: Option<Duration>,
    next_feed: Duration,
    next_status: Duration,
    status: String,
}

impl Supervisor {
    /// The one that the environment names, if any.
    pub fn of_environment() -> Self {
        let say = |states: &[NotifyState<'_>]| {
            // Who does not hear it will act as if nothing had been said.
            let _ = sd_notify::notify(states);
        };
        let is_heard = std::env::var_os("NOTIFY_SOCKET").is_some();
        Self { is_heard, ..Self::new(sd_notify::watchdog_enabled(), Box::new(say)) }
    }

    pub(super) fn new(watchdog: Option<Duration>, say: Say) -> Self {
        Self {
            say,
            is_heard: true,
            feed_interval: watchdog.map(|time| time / 2),
            next_feed: Duration::ZERO,
            next_status: Duration::ZERO,
            status: String::new(),
        }
    }

    /// Everything is followed from now on.
    pub(super) fn ready(&self) {
        (self.say)(&[NotifyState::Ready]);
    }

    /// The configuration is read again; [`ready`](Self::ready) says that it was.
    pub(super) fn reloading(&self) {
        match NotifyState::monotonic_usec_now() {
            // A manager of `Type=notify-reload` waits for ever for one that does not say when.
            Ok(at) => (self.say)(&[NotifyState::Reloading, at]),
            Err(_) => (self.say)(&[NotifyState::Reloading]),
        }
    }

    /// The run ends.
    pub(super) fn stopping(&self) {
        (self.say)(&[NotifyState::Stopping]);
    }

    /// When it is to be told again that the run lives.
    pub(super) fn next_feed(&self) -> Option<Duration> {
        self.feed_interval.map(|_| self.next_feed)
    }

    /// The run lives, if it does: one of which a stage stands still is to be ended.
    pub(super) fn feed(&mut self, is_well: bool, now: Duration) {
        let Some(interval) = self.feed_interval.filter(|_| now >= self.next_feed) else { return };
        self.next_feed = now + interval;
        if is_well {
            (self.say)(&[NotifyState::Watchdog]);
        }
    }

    /// Whether it is time to say how the run stands.
    pub(super) fn wants_status(&mut self, now: Duration) -> bool {
        let is_time = self.is_heard && now >= self.next_status;
        if is_time {
            self.next_status = now + STATUS_INTERVAL;
        }
        is_time
    }

    /// How the run stands, where that is not what was said last.
    pub(super) fn status(&mut self, status: String) {
        if status != self.status {
            (self.say)(&[NotifyState::Status(&status)]);
            self.status = status;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use super::*;

    fn listening(watchdog: Option<Duration>) -> (Supervisor, Rc<RefCell<Vec<String>>>) {
        let heard = Rc::new(RefCell::new(Vec::new()));
        let ear = Rc::clone(&heard);
        let say = move |states: &[NotifyState<'_>]| {
            ear.borrow_mut().extend(states.iter().map(ToString::to_string));
        };
        (Supervisor::new(watchdog, Box::new(say)), heard)
    }

    #[test]
    fn the_watchdog_is_fed_at_half_its_time_and_only_by_a_run_that_is_well() {
        let (mut supervisor, heard) = listening(Some(Duration::from_secs(10)));
        let seconds = [0, 4, 5, 9, 10, 15];
        for second in seconds {
            supervisor.feed(second != 10, Duration::from_secs(second));
        }
        assert_eq!(*heard.borrow(), ["WATCHDOG=1"; 3], "at 0, 5 and 15");
        assert_eq!(supervisor.next_feed(), Some(Duration::from_secs(20)));
    }

    #[test]
    fn without_a_watchdog_nothing_is_fed_and_nobody_wakes_for_it() {
        let (mut supervisor, heard) = listening(None);
        supervisor.feed(true, Duration::from_mins(1));
        assert_eq!((supervisor.next_feed(), heard.borrow().len()), (None, 0));
    }

    #[test]
    fn a_status_is_said_when_it_is_another_one_and_not_too_often() {
        let (mut supervisor, heard) = listening(None);
        for (second, status) in [(0, "a"), (1, "b"), (5, "a"), (10, "b"), (15, "b")] {
            if supervisor.wants_status(Duration::from_secs(second)) {
                supervisor.status(status.to_owned());
            }
        }
        assert_eq!(*heard.borrow(), ["STATUS=a", "STATUS=b"]);
    }

    #[test]
    fn a_reload_says_when_it_began() {
        let (supervisor, heard) = listening(None);
        supervisor.reloading();
        let heard = heard.borrow();
        assert_eq!(heard[0], "RELOADING=1");
        assert!(heard[1].starts_with("MONOTONIC_USEC="), "{heard:?}");
    }
}
