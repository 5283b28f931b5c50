//! What the daemon says of itself: its log, and what it counted.
//!
//! Owns the level and the words of every message, and that none comes more often than a person can
//! read. Levels: error, data is lost or somebody is needed; warn, a surprise that was dealt with;
//! info, a beginning, an end, a change of an alert; debug, a step. Never a line of a log. Must never
//! change anything. Nothing here fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, error, info, warn};

use super::logging::Folded;
use super::{Keeper, Pipeline};
use crate::engine::{Forgotten, State, Transition, Withheld};
use crate::extract::Counters;
use crate::follow::{Follow, Problem};
use crate::store::{self, StoreError};
use crate::tail::watch::Reach;
use crate::tail::{Notice, NoticeKind};

/// What the daemon says of itself.
#[derive(Debug, Default)]
pub(super) struct Telemetry {
    folded: Folded,
    sources: BTreeMap<Arc<str>, Counters>,
    was_failing: bool,
}

impl Telemetry {
    pub(super) fn transitions(&mut self, transitions: &[Transition]) {
        for Transition { to, alert, reason, .. } in transitions {
            let (rule, id) = (&*alert.rule, alert.fingerprint.to_string());
            let severity = alert.severity.to_string();
            match to {
                State::Firing | State::Resolved => {
                    info!(rule, alert = id, state = ?to, severity, ?reason, "alert");
                }
                State::Pending | State::Inactive => {
                    debug!(rule, alert = id, state = ?to, severity, "alert");
                }
            }
        }
    }

    pub(super) fn withheld(&mut self, withheld: &[Withheld]) {
        for Withheld { rule, by, .. } in withheld {
            debug!(rule = &**rule, by = ?by, "not told");
        }
    }

    pub(super) fn forgotten(&mut self, forgotten: &[Forgotten]) {
        for Forgotten { rule, why } in forgotten {
            warn!(rule = &**rule, why, "the state of a rule begins anew");
        }
    }

    pub(super) fn store_notice(&mut self, notice: &store::Notice) {
        if notice.is_grave() {
            error!("{notice}");
        } else {
            info!("{notice}");
        }
    }

    pub(super) fn store_error(&mut self, error: &StoreError, now: Duration) {
        for notice in &error.notices {
            self.store_notice(notice);
        }
        self.was_failing = true;
        if let Some(folded) = self.folded.admit(&format!("store {:?}", error.kind), now) {
            error!(folded, "{error}; alerts go out all the same, and the state catches up later");
        }
    }

    pub(super) fn committed(&mut self) {
        if std::mem::take(&mut self.was_failing) {
            warn!("the state is written again, and has caught up");
        }
    }

    pub(super) fn reach(&mut self, directory: &Path, reach: &Reach, now: Duration) {
        let Reach::Poll(why) = reach else { return };
        let Some(folded) = self.folded.admit(&format!("reach {why}"), now) else { return };
        let directory = directory.display().to_string();
        info!(directory, folded, "looked at once a second: {why}");
    }

    pub(super) fn notices(&mut self, notices: &[Notice], now: Duration) {
        for Notice { path, kind } in notices {
            let path = path.display().to_string();
            let name = format!("{:?}", std::mem::discriminant(kind));
            match kind {
                NoticeKind::Lost { .. } | NoticeKind::Truncated { .. } => {
                    if let Some(folded) = self.folded.admit(&name, now) {
                        error!(path, folded, "{kind}");
                    }
                }
                NoticeKind::Unseen(_) => {
                    if let Some(folded) = self.folded.admit(&name, now) {
                        warn!(path, folded, "{kind}");
                    }
                }
                _ => {
                    if let Some(folded) = self.folded.admit(&name, now) {
                        info!(path, folded, "{kind}");
                    }
                }
            }
        }
    }

    pub(super) fn problems(&mut self, problems: &[Problem], now: Duration) {
        for problem in problems {
            if let Some(folded) = self.folded.admit(&problem.to_string(), now) {
                let hint = problem.hint().unwrap_or_default();
                warn!(folded, hint, "{problem}");
            }
        }
    }

    pub(super) fn counted(&mut self, source: &Arc<str>, counters: &Counters) {
        let sum = self.sources.entry(Arc::clone(source)).or_default();
        crate::follow::add(sum, counters);
    }

    /// What was read, decided and kept so far.
    pub(super) fn summary(
        &mut self,
        follow: &mut Follow,
        pipeline: &Pipeline,
        keeper: &Keeper,
        now: Duration,
    ) {
        let tail = follow.tail_counters();
        let engine = pipeline.counters();
        let (commits, commits_failed) = keeper.counts();
        info!(
            errors = engine.errors,
            repeats = engine.repeats,
            firing = pipeline.firing(),
            notifications = pipeline.policy_counters().notifications,
            read_bytes = tail.read_bytes,
            files = tail.files,
            open_files = tail.open_files,
            rotations = tail.rotations + tail.copied_and_truncated,
            possibly_lost = tail.possibly_lost,
            lost_bytes = tail.lost_bytes,
            commits,
            commits_failed,
            seconds = now.as_secs(),
            "so far"
        );
        for (source, lag_bytes) in follow.lag_bytes() {
            let counters = self.sources.get(&source).cloned().unwrap_or_default();
            if counters.lines > 0 || lag_bytes > 0 {
                debug!(
                    source = &*source,
                    lag_bytes,
                    lines = counters.lines,
                    bytes = counters.bytes,
                    mentions = counters.mentions,
                    untimed = counters.untimed,
                    beyond_line_max = counters.beyond_line_max,
                    "source"
                );
            }
        }
    }
}
