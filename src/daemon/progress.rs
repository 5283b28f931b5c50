//! Whether every stage of a run makes progress.
//!
//! Owns how long a stage may take. Must never know what the stage does. Pure: instants are handed
//! in. Nothing here fails.
//!
//! The loop that asks is the stage that reads, decides and commits: if it stands still nobody asks,
//! and that is noticed from outside.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Longer than any attempt to deliver: of a mail that is every server in turn, each with its
/// timeout for each step.
const DELIVERY_MAX: Duration = Duration::from_mins(30);

/// The thread that answers others says that it lives every few seconds; a loaded machine is slow.
const BEAT_MAX: Duration = Duration::from_mins(2);

/// What is under way outside the loop.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Since when a receiver's thread has had a parcel.
    deliveries: BTreeMap<Arc<str>, Duration>,
    /// What the thread that answers others has counted last, and when that was first seen.
    beats: Option<(u64, Duration)>,
}

impl Progress {
    /// A receiver's thread was handed a parcel.
    pub(super) fn sent(&mut self, receiver: &Arc<str>, now: Duration) {
        self.deliveries.insert(Arc::clone(receiver), now);
    }

    /// A receiver's thread has said what came of it.
    pub(super) fn reported(&mut self, receiver: &str) {
        self.deliveries.remove(receiver);
    }

    /// The thread that answers others has counted so far; there is none if it has no count.
    pub(super) fn beats(&mut self, beats: Option<u64>, now: Duration) {
        let since = |before: Option<(u64, Duration)>, beats| match before {
            Some((counted, since)) if counted == beats => since,
            _ => now,
        };
        self.beats = beats.map(|beats| (beats, since(self.beats, beats)));
    }

    /// What stands still, in words.
    pub(super) fn stalled(&self, now: Duration) -> Option<String> {
        let mut late = self.deliveries.iter().filter(|(_, since)| now > **since + DELIVERY_MAX);
        if let Some((receiver, _)) = late.next() {
            return Some(format!("the delivery to {receiver}"));
        }
        let is_silent = self.beats.is_some_and(|(_, since)| now > since + BEAT_MAX);
        is_silent.then(|| "what answers over HTTP".to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_delivery_stalls_after_its_longest_time_and_no_more_once_it_has_ended() {
        let (mut progress, mail) = (Progress::default(), Arc::from("mail"));
        progress.sent(&mail, Duration::from_secs(5));
        assert_eq!(progress.stalled(Duration::from_secs(5) + DELIVERY_MAX), None);
        let stalled = progress.stalled(Duration::from_secs(6) + DELIVERY_MAX);
        assert_eq!(stalled.as_deref(), Some("the delivery to mail"));
        progress.reported("mail");
        assert_eq!(progress.stalled(Duration::from_hours(9)), None);
    }

    #[test]
    fn who_answers_others_stalls_when_its_count_stands_and_no_more_once_it_is_gone() {
        let mut progress = Progress::default();
        let mut seen = |beats, seconds| {
            let now = Duration::from_secs(seconds);
            progress.beats(beats, now);
            progress.stalled(now).is_some()
        };
        assert!(!seen(Some(7), 0) && !seen(Some(7), 120) && seen(Some(7), 121));
        assert!(!seen(Some(8), 122) && !seen(Some(8), 242) && !seen(None, 999));
    }
}
