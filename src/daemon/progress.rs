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

/// What is under way outside the loop.
#[derive(Debug, Default)]
pub(super) struct Progress {
    /// Since when a receiver's thread has had a parcel.
    deliveries: BTreeMap<Arc<str>, Duration>,
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

    /// A receiver whose thread stands still.
    pub(super) fn stalled(&self, now: Duration) -> Option<&str> {
        let mut late = self.deliveries.iter().filter(|(_, since)| now > **since + DELIVERY_MAX);
        late.next().map(|(receiver, _)| &**receiver)
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
        assert_eq!(progress.stalled(Duration::from_secs(6) + DELIVERY_MAX), Some("mail"));
        progress.reported("mail");
        assert_eq!(progress.stalled(Duration::from_hours(9)), None);
    }
}
