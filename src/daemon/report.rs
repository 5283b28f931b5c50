//! What the daemon says of itself as it happens.
//!
//! Owns the level and the words of every message, and that none comes more often than a person can
//! read. Levels: error, data is lost or somebody is needed; warn, a surprise that was dealt with;
//! info, a beginning, an end, a change of an alert; debug, a step. Never a line of a log. Must
//! never change anything. Nothing here fails.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use tracing::{debug, error, info, warn};

use super::folded::Folded;
use super::receivers::Receivers;
use super::summary::Summary;
use super::{Keeper, Pipeline};
use crate::deliver::{Accepted, Failure, LaneStatus, Outcome, Parcel};
use crate::engine::{Alert, Forgotten, State, Transition, Withheld, WithheldBy};
use crate::extract::Counters;
use crate::follow::{Follow, Now, Problem};
use crate::http::ListenError;
use crate::render;
use crate::store::{self, StoreError};
use crate::tail::watch::Reach;
use crate::tail::{self, Notice, NoticeKind};

/// So many changes of one rule's alerts are told in a minute.
const CHANGES_MAX: u32 = 20;

/// What the daemon says of itself.
#[derive(Debug, Default)]
pub(super) struct Telemetry {
    folded: Folded,
    summary: Summary,
    receivers: Receivers,
    was_failing: bool,
}

/// How grave something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Level {
    Error,
    Warn,
    Info,
}

impl Telemetry {
    /// Alerts changed.
    pub(super) fn transitions(&mut self, transitions: &[Transition], now: Duration) {
        for transition in transitions {
            let Transition { at, to, alert, .. } = transition;
            let (rule, severity, alert_id) = (&*alert.rule, alert.severity, alert.fingerprint);
            let (labels, reason) = (labels(alert), render::why(transition));
            let at = at.to_utc().format("%Y-%m-%dT%H:%M:%SZ");
            if matches!(to, State::Pending | State::Inactive) {
                debug!(%severity, rule, labels, reason, %at, alert = %alert_id, "alert {to}");
                continue;
            }
            let kind = format!("alert {to}, rule {rule}");
            if let Some(folded) = self.folded.admit_up_to(CHANGES_MAX, &kind, now) {
                let folded = some(folded);
                info!(%severity, rule, labels, reason, %at, alert = %alert_id, folded, "alert {to}");
            }
        }
    }

    /// Something was not written.
    pub(super) fn store_error(&mut self, error: &StoreError, now: Duration) {
        for notice in &error.notices {
            store_notice(notice);
        }
        self.was_failing = true;
        let text = error.to_string();
        let (what, hint) = on_one_line(&text);
        if let Some(folded) = self.folded.admit(what, now) {
            let folded = some(folded);
            error!(hint, folded, "{what}; alerts go out all the same, and the state catches up");
        }
    }

    /// Everything was written.
    pub(super) fn committed(&mut self) {
        if std::mem::take(&mut self.was_failing) {
            warn!("the state is written again, and has caught up");
        }
    }

    /// What fires could not be said again.
    pub(super) fn not_said_again(
        &mut self,
        receiver: &str,
        peer: &str,
        result: &Result<Accepted, Failure>,
        now: Duration,
    ) {
        let Err(failure) = result else { return };
        if let Some(folded) = self.folded.admit(&format!("again to {receiver} {peer}"), now) {
            let hint = failure.hint.as_deref();
            warn!(receiver, peer, hint, folded, "not said again: {failure}");
        }
    }

    /// A notification was delivered, or not.
    pub(super) fn delivered(
        &mut self,
        receiver: &str,
        id: &str,
        result: &Result<Accepted, Failure>,
        outcome: &Outcome,
        now: Duration,
    ) {
        match (result, outcome) {
            (Err(failure), Outcome::Dead { attempts, .. }) => {
                let hint = failure.hint.as_deref();
                error!(receiver, notification = id, attempts, hint, "given up: {failure}");
            }
            (Err(failure), Outcome::Again { attempts, at, .. }) => {
                let Some(folded) = self.folded.admit(&format!("to {receiver}: {failure}"), now)
                else {
                    return;
                };
                let (hint, folded) = (failure.hint.as_deref(), some(folded));
                let next = at.format("%Y-%m-%dT%H:%M:%SZ");
                warn!(receiver, notification = id, attempts, %next, hint, folded, "not told: {failure}");
            }
            (Ok(accepted), Outcome::Sent { attempts }) => {
                let answer = &accepted.answer;
                info!(receiver, notification = id, attempts, answer, "told");
            }
            _ => {}
        }
    }

    /// A stage stands still; the service's manager is not told any more that the run lives.
    pub(super) fn stalled(&mut self, stalled: Option<&str>, now: Duration) {
        let Some(stalled) = stalled else { return };
        if let Some(folded) = self.folded.admit("stalled", now) {
            let hint = "a manager with a watchdog starts the run again; nothing is lost by that";
            error!(hint, folded = some(folded), "{stalled} stands still");
        }
    }

    /// How a receiver stands that takes nothing, said loudly and once an hour.
    pub(super) fn unreachable(
        &mut self,
        receiver: &Arc<str>,
        status: &LaneStatus,
        is_dead: bool,
        fallback: Option<&str>,
        now: Now,
    ) {
        self.receivers.unreachable(receiver, status, is_dead, fallback, now);
    }

    /// What waits for each receiver.
    pub(super) fn receivers(&mut self, status: &BTreeMap<Arc<str>, LaneStatus>, now: Now) {
        self.receivers.tell(status, now);
    }

    /// How changes of a directory come to be known.
    pub(super) fn reach(&mut self, directory: &Path, reach: &Reach, now: Duration) {
        let Reach::Poll(why) = reach else { return };
        let Some(folded) = self.folded.admit(&format!("polled: {why}"), now) else { return };
        let (directory, folded) = (directory.display(), some(folded));
        if let Some(hint) = why.hint() {
            warn!(%directory, hint, folded, "polled: {why}");
        } else {
            info!(%directory, folded, "polled: {why}");
        }
    }

    /// Something happened to files.
    pub(super) fn notices(&mut self, notices: &[Notice], now: Duration) {
        for Notice { path, kind } in notices {
            let (level, folds_as) = about(kind);
            let Some(folded) = self.folded.admit(folds_as, now) else { continue };
            let (path, hint, folded) = (path.display(), kind.hint(), some(folded));
            let other = kind.other_path().map(|other| other.display().to_string());
            match level {
                Level::Error => error!(%path, other, hint, folded, "{kind}"),
                Level::Warn => warn!(%path, other, hint, folded, "{kind}"),
                Level::Info => info!(%path, other, hint, folded, "{kind}"),
            }
        }
    }

    /// Streams cannot be read.
    pub(super) fn problems(&mut self, problems: &[Problem], now: Duration) {
        for problem in problems {
            let what = problem.to_string();
            if let Some(folded) = self.folded.admit(&what, now) {
                warn!(hint = problem.hint(), folded = some(folded), "{what}");
            }
        }
    }

    /// So much was read of a source.
    pub(super) fn counted(&mut self, source: &Arc<str>, counters: &Counters) {
        self.summary.counted(source, counters);
    }

    /// What was read of each source.
    pub(super) fn sources(&self) -> &BTreeMap<Arc<str>, Counters> {
        self.summary.sources()
    }

    /// What was counted of files since the run began.
    pub(super) fn tail_counters(&self, follow: &mut Follow) -> tail::Counters {
        self.summary.tail_counters(follow)
    }

    /// What is followed is about to be followed anew, and counts from zero.
    pub(super) fn followed_anew(&mut self, before: &mut Follow) {
        self.summary.carry(&before.tail_counters());
    }

    /// What was read, decided and kept so far, if it is not what was said last.
    pub(super) fn summary(
        &mut self,
        follow: &mut Follow,
        pipeline: &Pipeline,
        keeper: &Keeper,
        now: Now,
    ) {
        for (kind, folded) in self.folded.take_rest(now.mono) {
            info!(folded, "not told one by one: {kind}");
        }
        self.summary.tell(follow, pipeline, keeper, now);
    }
}

/// Something was not told.
pub(super) fn withheld(withheld: &[Withheld]) {
    for Withheld { alert, rule, by, .. } in withheld {
        let by = match by {
            WithheldBy::Silence { id, .. } => format!("silence {id}"),
            WithheldBy::Mute { name } => format!("mute {name}"),
            WithheldBy::Inhibition { rule, .. } => format!("an alert of {rule}"),
        };
        debug!(rule = &**rule, alert = %alert, by, "not told");
    }
}

/// Notifications were given up unsent.
pub(super) fn given_up(parcel: &Parcel, outcome: &Outcome) {
    if let Outcome::Dead { attempts, error } = outcome {
        let (receiver, notification) = (&*parcel.notification.receiver, parcel.id());
        error!(receiver, notification, attempts, "given up: {error}");
    }
}

/// Notifications that wait became one.
pub(super) fn joined(digest: &Parcel, count: usize) {
    let (receiver, notification) = (&*digest.notification.receiver, digest.id());
    warn!(receiver, notification, count, "too much waits: the oldest are told as one");
}

/// A place where others are answered cannot be opened.
pub(super) fn not_answering(error: &ListenError) {
    warn!(place = error.place, hint = error.hint, "cannot answer over HTTP: {}", error.why);
}

/// A rule begins anew.
pub(super) fn forgotten(forgotten: &[Forgotten]) {
    for Forgotten { rule, why } in forgotten {
        warn!(rule = &**rule, why, "the state of a rule begins anew");
    }
}

/// A configuration that is read again is wrong.
pub(super) fn wrong_configuration(problems: &[String]) {
    for problem in problems {
        let (what, hint) = on_one_line(problem);
        error!(hint, "{what}");
    }
    error!(problems = problems.len(), "the configuration before stays in force");
}

/// What was found when the state was opened.
pub(super) fn opened(notices: &[store::Notice], not_understood: &[String]) {
    for notice in notices {
        store_notice(notice);
    }
    for what in not_understood {
        error!(what, "state that was kept cannot be understood; it begins anew");
    }
}

/// The store has something to tell.
pub(super) fn store_notice(notice: &store::Notice) {
    let text = notice.to_string();
    let (what, hint) = on_one_line(&text);
    if notice.is_grave() {
        error!(hint, "{what}");
    } else {
        info!(hint, "{what}");
    }
}

/// How grave a notice is, and what it is among those that repeat.
fn about(kind: &NoticeKind) -> (Level, &'static str) {
    match kind {
        NoticeKind::Lost { .. } => (Level::Error, "gone before it was read"),
        // Whoever empties a log that was read to its end loses nothing that is known of.
        NoticeKind::Truncated { lost_bytes: 0, .. } => (Level::Warn, "truncated"),
        NoticeKind::Truncated { .. } => (Level::Error, "truncated before it was read"),
        NoticeKind::CopiedAndTruncated { .. } => (Level::Warn, "copied and truncated"),
        NoticeKind::Unseen(_) => (Level::Warn, "cannot be followed now"),
        NoticeKind::Followed { .. } => (Level::Info, "followed"),
        NoticeKind::Rotated => (Level::Info, "rotated"),
        NoticeKind::CaughtUp => (Level::Info, "rotated while nobody looked"),
        NoticeKind::Compressed { .. } => (Level::Info, "compressed"),
        NoticeKind::SeenAgain => (Level::Info, "can be followed again"),
        NoticeKind::SameFile { .. } => (Level::Info, "the same file"),
    }
}

fn labels(alert: &Alert) -> Option<String> {
    let said: Vec<_> = alert.labels.iter().map(|(name, value)| format!("{name}={value}")).collect();
    (!said.is_empty()).then(|| said.join(","))
}

/// A field that says nothing is left out.
fn some(number: u64) -> Option<u64> {
    (number > 0).then_some(number)
}

/// A problem of several lines, such as one with an excerpt, as what it is and what to do: a log is
/// read line by line.
fn on_one_line(problem: &str) -> (&str, Option<&str>) {
    let what = problem.lines().next().unwrap_or_default();
    let hint = problem.split_once("\nhint: ").map(|(_, hint)| hint.trim_end());
    (what, hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_with_an_excerpt_is_one_line_and_its_hint() {
        let problem = "a.toml:1:1: unknown key `x`\n1 | x = 1\n  | ^\nhint: it knows `y`\n";
        assert_eq!(on_one_line(problem), ("a.toml:1:1: unknown key `x`", Some("it knows `y`")));
        assert_eq!(on_one_line("no disk"), ("no disk", None));
        assert_eq!(on_one_line(""), ("", None));
    }

    #[test]
    fn only_bytes_that_are_known_to_be_lost_are_an_error() {
        let truncated = |lost_bytes| NoticeKind::Truncated { lost_bytes, from_bytes: 0 };
        assert_eq!(about(&truncated(0)).0, Level::Warn);
        assert_eq!(about(&truncated(1)).0, Level::Error);
        assert_eq!(about(&NoticeKind::Rotated).0, Level::Info);
    }

    #[test]
    fn what_may_be_lost_is_graver_than_info_and_has_a_hint() {
        let grave = [
            NoticeKind::Lost { lost_bytes: 1 },
            NoticeKind::Truncated { lost_bytes: 0, from_bytes: 0 },
            NoticeKind::CopiedAndTruncated { copy: "a.1".into() },
        ];
        for kind in grave {
            assert!(about(&kind).0 != Level::Info && kind.hint().is_some(), "{kind}");
        }
    }
}
