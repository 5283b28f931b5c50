//! What the daemon counted, told now and then.
//!
//! Owns which numbers are told, and that nothing is told twice: where nothing changed, nothing is
//! said. Must never change what it counts. Nothing here fails.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use tracing::{debug, info, warn};

use super::state::LeftOut;
use super::{Keeper, Pipeline};
use crate::engine::Span;
use crate::extract::Counters;
use crate::follow::{Follow, Lag, Now};
use crate::tail;
use crate::tail::journal::JournalCounters;

/// A source that is so far behind is worth a warning.
const LAG_MAX: Span = Span(60 * 1000);

/// The numbers of a run.
#[derive(Debug, Default)]
pub(super) struct Summary {
    sources: BTreeMap<Arc<str>, Counters>,
    /// What was counted of files before they were followed anew.
    carried: tail::Counters,
    last: Option<Numbers>,
    last_sources: BTreeMap<Arc<str>, (u64, Lag)>,
    last_journals: BTreeMap<Arc<str>, JournalCounters>,
}

/// What is told, without what changes by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Numbers {
    errors: u64,
    repeats: u64,
    late: u64,
    left_out: u64,
    firing: usize,
    notifications: u64,
    read_bytes: u64,
    files: u64,
    rotations: u64,
    possibly_lost: u64,
    lost_bytes: u64,
    commits_failed: u64,
    not_kept: LeftOut,
}

impl Summary {
    /// So much was read of a source.
    pub(super) fn counted(&mut self, source: &Arc<str>, counters: &Counters) {
        let sum = self.sources.entry(Arc::clone(source)).or_default();
        crate::follow::add(sum, counters);
    }

    /// What was read of each source.
    pub(super) fn sources(&self) -> &BTreeMap<Arc<str>, Counters> {
        &self.sources
    }

    /// What was counted of files since the run began; copies are rotations, too.
    pub(super) fn tail_counters(&self, follow: &mut Follow) -> tail::Counters {
        let tail = follow.tail_counters();
        tail::Counters {
            read_bytes: self.carried.read_bytes + tail.read_bytes,
            rotations: self.carried.rotations + rotations(&tail),
            possibly_lost: self.carried.possibly_lost + tail.possibly_lost,
            lost_bytes: self.carried.lost_bytes + tail.lost_bytes,
            ..tail
        }
    }

    /// Keeps what was counted of files, as they are followed anew.
    pub(super) fn carry(&mut self, tail: &tail::Counters) {
        self.carried.read_bytes += tail.read_bytes;
        self.carried.rotations += rotations(tail);
        self.carried.possibly_lost += tail.possibly_lost;
        self.carried.lost_bytes += tail.lost_bytes;
    }

    /// Tells what is other than it was told last.
    pub(super) fn tell(
        &mut self,
        follow: &mut Follow,
        pipeline: &Pipeline,
        keeper: &Keeper,
        now: Now,
    ) {
        let tail = self.tail_counters(follow);
        let numbers = Self::numbers(&tail, pipeline, keeper);
        if self.last != Some(numbers) {
            self.last = Some(numbers);
            let (commits, _) = keeper.counts();
            info!(
                errors = numbers.errors,
                repeats = numbers.repeats,
                late = numbers.late,
                left_out = numbers.left_out,
                firing = numbers.firing,
                notifications = numbers.notifications,
                read_bytes = numbers.read_bytes,
                files = numbers.files,
                open_files = tail.open_files,
                rotations = numbers.rotations,
                possibly_lost = numbers.possibly_lost,
                lost_bytes = numbers.lost_bytes,
                commits,
                commits_failed = numbers.commits_failed,
                history_left_out = numbers.not_kept.history,
                decisions_left_out = numbers.not_kept.decisions,
                seconds = now.mono.as_secs(),
                "so far"
            );
        }
        self.tell_sources(&follow.lag(), now.wall);
        for (source, counters) in follow.journal_counters() {
            let before = self.last_journals.insert(Arc::clone(source), counters);
            if before != Some(counters) {
                debug!(
                    source = &**source,
                    entries = counters.entries,
                    own = counters.own,
                    known = counters.known,
                    too_long = counters.too_long,
                    unreadable = counters.unreadable,
                    started = counters.started,
                    cursors_lost = counters.cursors_lost,
                    "journal"
                );
            }
        }
    }

    fn numbers(tail: &tail::Counters, pipeline: &Pipeline, keeper: &Keeper) -> Numbers {
        let engine = pipeline.counters();
        let policy = pipeline.policy_counters();
        Numbers {
            errors: engine.errors,
            repeats: engine.repeats,
            late: engine.late + engine.past,
            left_out: engine.groups_refused + policy.alerts_refused,
            firing: pipeline.firing(),
            notifications: policy.notifications,
            read_bytes: tail.read_bytes,
            files: tail.files,
            rotations: tail.rotations,
            possibly_lost: tail.possibly_lost,
            lost_bytes: tail.lost_bytes,
            commits_failed: keeper.counts().1,
            not_kept: keeper.left_out(),
        }
    }

    fn tell_sources(&mut self, lags: &BTreeMap<Arc<str>, Lag>, now: DateTime<Utc>) {
        for (source, counters) in &self.sources {
            let lag = lags.get(source).copied().unwrap_or_default();
            let said = (counters.bytes, lag);
            if self.last_sources.insert(Arc::clone(source), said) == Some(said) && lag.bytes == 0 {
                continue;
            }
            let lag_seconds = lag_seconds(lag, now);
            // A macro for each level: the level of an event is known when it is compiled.
            macro_rules! tell {
                ($level:ident, $what:literal) => {
                    $level!(
                        source = &**source,
                        lag_bytes = lag.bytes,
                        lag_seconds,
                        lines = counters.lines,
                        bytes = counters.bytes,
                        mentions = counters.mentions,
                        untimed = counters.untimed,
                        lines_cut = counters.long_lines,
                        codes_left_out = counters.codes_left_out,
                        beyond_line_max = counters.beyond_line_max,
                        $what
                    )
                };
            }
            match lag_seconds {
                Some(seconds) if Span(seconds * 1000) > LAG_MAX => tell!(warn, "source is behind"),
                _ => tell!(debug, "source"),
            }
        }
    }
}

/// Renamed and copied ones.
fn rotations(tail: &tail::Counters) -> u64 {
    tail.rotations + tail.copied_and_truncated
}

/// How long ago the time lies up to which a source was read; none where no time was read yet.
pub(super) fn lag_seconds(lag: Lag, now: DateTime<Utc>) -> Option<i64> {
    if lag.bytes == 0 {
        return Some(0);
    }
    lag.reached.map(|reached| (now - reached).num_seconds().max(0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lag_in_seconds_is_as_old_as_what_was_read_last() {
        let at = |second| DateTime::from_timestamp(second, 0).unwrap();
        let behind = |reached| Lag { bytes: 5, reached };
        assert_eq!(lag_seconds(Lag::default(), at(90)), Some(0));
        assert_eq!(lag_seconds(behind(Some(at(30))), at(90)), Some(60));
        assert_eq!(lag_seconds(behind(Some(at(95))), at(90)), Some(0));
        assert_eq!(lag_seconds(behind(None), at(90)), None);
    }

    #[test]
    fn what_was_counted_before_a_reload_is_carried_on() {
        let mut summary = Summary::default();
        let tail =
            tail::Counters { rotations: 2, copied_and_truncated: 1, ..tail::Counters::default() };
        summary.carry(&tail);
        summary.carry(&tail);
        assert_eq!(summary.carried.rotations, 6);
    }
}
