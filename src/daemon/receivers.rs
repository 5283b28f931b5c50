//! What the daemon says of its receivers.
//!
//! Owns that one which takes nothing is an error once an hour, that its return is told, and that
//! numbers are told when they are other ones. Must never change anything. Nothing here fails.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use chrono::{DateTime, SecondsFormat, Utc};
use tracing::{error, info, warn};

use crate::deliver::LaneStatus;
use crate::follow::Now;

/// An error that nobody has mended is told again after so long.
const AGAIN: Duration = Duration::from_hours(1);

/// What was said of receivers.
#[derive(Debug, Default)]
pub(super) struct Receivers {
    /// When it was last said that one cannot be reached.
    dead: BTreeMap<Arc<str>, Duration>,
    last: BTreeMap<Arc<str>, (usize, Option<DateTime<Utc>>)>,
}

impl Receivers {
    /// How a receiver stands; dead is one that has taken nothing for the time that it is given.
    pub(super) fn unreachable(
        &mut self,
        receiver: &Arc<str>,
        status: &LaneStatus,
        is_dead: bool,
        fallback: Option<&str>,
        now: Now,
    ) {
        if !is_dead {
            if status.failing_since.is_none() && self.dead.remove(receiver).is_some() {
                let waiting = status.depth;
                warn!(receiver = &**receiver, waiting, "the receiver can be reached again");
            }
            return;
        }
        let said_at = self.dead.get(receiver).copied();
        if said_at.is_some_and(|said_at| now.mono < said_at + AGAIN) {
            return;
        }
        self.dead.insert(Arc::clone(receiver), now.mono);
        let (receiver, waiting, cause) = (&**receiver, status.depth, status.last_error.as_deref());
        let since = status.failing_since.map(shown);
        if let Some(fallback) = fallback {
            let what = "the receiver cannot be reached; the other is told instead";
            error!(receiver, since, waiting, fallback, cause, "{what}");
        } else {
            let hint = "mend it, or name another receiver as its `fallback`";
            let what = "the receiver cannot be reached, and nobody is told instead";
            error!(receiver, since, waiting, cause, hint, "{what}");
        }
    }

    /// Tells how much waits for whom since when, where that is not what was told last.
    pub(super) fn tell(&mut self, status: &BTreeMap<Arc<str>, LaneStatus>, now: Now) {
        self.last.retain(|receiver, _| status.contains_key(receiver));
        for (receiver, status) in status {
            let said = (status.depth, status.oldest);
            let before = self.last.insert(Arc::clone(receiver), said).unwrap_or_default();
            if before == said {
                continue;
            }
            let age_seconds = status.oldest.map(|oldest| (now.wall - oldest).num_seconds());
            let failing_since = status.failing_since.map(shown);
            let (waiting, cause) = (status.depth, status.last_error.as_deref());
            info!(receiver = &**receiver, waiting, age_seconds, failing_since, cause, "outbox");
        }
    }
}

fn shown(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}
