//! What a run counted that no stage keeps: errors by their labels, what became of notifications,
//! what cannot be followed.
//!
//! Owns these numbers since the run began, and their bounds. Must never decide anything. Nothing
//! here fails.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::deliver::Outcome;
use crate::engine::{State, Transition, Withheld, WithheldBy};
use crate::follow::Problem;
use crate::status::{ERROR_SERIES_MAX, ErrorLabels, Refused};
use crate::tail::{Notice, NoticeKind};

/// So many paths that cannot be followed are remembered with the reason.
const PATHS_MAX: usize = 1_000;

/// So many sources are counted one by one.
const SOURCES_MAX: usize = 10_000;

/// So many problems of a configuration are remembered.
const PROBLEMS_MAX: usize = 5;

/// What stands for everything that is not counted one by one.
const OTHER: &str = "other";

/// The numbers.
#[derive(Debug, Default)]
pub(super) struct Tally {
    pub(super) errors: BTreeMap<ErrorLabels, u64>,
    /// Errors that are counted as others.
    pub(super) errors_unlabelled: u64,
    pub(super) sources: BTreeMap<Arc<str>, SourceTally>,
    /// How often an alert of a rule fired, and was resolved.
    pub(super) changes: BTreeMap<Arc<str>, (u64, u64)>,
    pub(super) receivers: BTreeMap<Arc<str>, ReceiverTally>,
    pub(super) withheld: BTreeMap<&'static str, u64>,
    pub(super) refused: Option<Refused>,
    paths: BTreeMap<PathBuf, String>,
    streams: BTreeMap<Arc<str>, String>,
}

/// The errors of a source.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct SourceTally {
    pub(super) errors: u64,
    pub(super) repeats: u64,
}

/// What became of a receiver's notifications.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct ReceiverTally {
    pub(super) sent: u64,
    pub(super) failed: u64,
    pub(super) dead: u64,
    pub(super) last_sent: Option<DateTime<Utc>>,
}

impl Tally {
    /// Errors were found, and prints of the same ones.
    pub(super) fn found(
        &mut self,
        errors: BTreeMap<ErrorLabels, u64>,
        repeats: &BTreeMap<Arc<str>, u64>,
    ) {
        for (labels, count) in errors {
            let source = self.source(&labels.source.as_str().into());
            source.errors += count;
            let has_room =
                self.errors.len() < ERROR_SERIES_MAX || self.errors.contains_key(&labels);
            if has_room {
                *self.errors.entry(labels).or_default() += count;
            } else {
                self.errors_unlabelled += count;
                *self.errors.entry(others()).or_default() += count;
            }
        }
        for (source, count) in repeats {
            self.source(source).repeats += count;
        }
    }

    fn source(&mut self, name: &Arc<str>) -> &mut SourceTally {
        let has_room = self.sources.len() < SOURCES_MAX || self.sources.contains_key(name);
        self.sources.entry(if has_room { Arc::clone(name) } else { OTHER.into() }).or_default()
    }

    /// Alerts changed.
    pub(super) fn changed(&mut self, transitions: &[Transition]) {
        for Transition { to, alert, .. } in transitions {
            let (fired, resolved) = self.changes.entry(Arc::clone(&alert.rule)).or_default();
            match to {
                State::Firing => *fired += 1,
                State::Resolved => *resolved += 1,
                State::Pending | State::Inactive => {}
            }
        }
    }

    /// Something was not told.
    pub(super) fn withheld(&mut self, withheld: &[Withheld]) {
        for one in withheld {
            let by = match one.by {
                WithheldBy::Silence { .. } => "silence",
                WithheldBy::Mute { .. } => "mute",
                WithheldBy::Inhibition { .. } => "inhibition",
            };
            *self.withheld.entry(by).or_default() += 1;
        }
    }

    /// An attempt to deliver came to this.
    pub(super) fn delivered(&mut self, receiver: &Arc<str>, outcome: &Outcome, now: DateTime<Utc>) {
        let tally = self.receivers.entry(Arc::clone(receiver)).or_default();
        match outcome {
            Outcome::Sent { .. } => {
                tally.sent += 1;
                tally.last_sent = Some(now);
            }
            Outcome::Again { .. } => tally.failed += 1,
            Outcome::Dead { .. } => tally.dead += 1,
        }
    }

    /// Something happened to files.
    pub(super) fn notices(&mut self, notices: &[Notice]) {
        for Notice { path, kind } in notices {
            match kind {
                NoticeKind::Unseen(_) if self.paths.len() < PATHS_MAX => {
                    self.paths.insert(path.clone(), kind.to_string());
                }
                NoticeKind::Followed { .. }
                | NoticeKind::SeenAgain
                | NoticeKind::SameFile { .. } => {
                    self.paths.remove(path);
                }
                _ => {}
            }
        }
    }

    /// Lets go of paths that are gone: nobody tells that they went.
    pub(super) fn forget_gone(&mut self, is_gone: impl Fn(&Path) -> bool) {
        self.paths.retain(|path, _| !is_gone(path));
    }

    /// Streams cannot be read.
    pub(super) fn problems(&mut self, problems: &[Problem]) {
        for problem in problems {
            self.streams.insert(Arc::clone(problem.source()), problem.to_string());
        }
    }

    /// Something was read of a source.
    pub(super) fn read(&mut self, source: &str) {
        self.streams.remove(source);
    }

    /// What is followed is followed anew.
    pub(super) fn followed_anew(&mut self) {
        self.paths.clear();
        self.streams.clear();
    }

    /// Why a stream cannot be read.
    pub(super) fn problem_of(&self, source: &str) -> Option<&String> {
        self.streams.get(source)
    }

    /// A path that cannot be followed and the reason, if one fits.
    pub(super) fn unfollowed(&self, fits: impl Fn(&Path) -> bool) -> Option<String> {
        let (path, why) = self.paths.iter().find(|(path, _)| fits(path))?;
        Some(format!("{} {why}", path.display()))
    }

    /// A configuration was not taken over.
    pub(super) fn refused(&mut self, problems: &[String], at: DateTime<Utc>) {
        let first = |problem: &String| problem.lines().next().unwrap_or_default().to_owned();
        let problems = problems.iter().take(PROBLEMS_MAX).map(first).collect();
        self.refused = Some(Refused { at, problems });
    }
}

fn others() -> ErrorLabels {
    let other = || OTHER.to_owned();
    ErrorLabels {
        source: other(),
        service: other(),
        module: other(),
        code: other(),
        cause: other(),
        credential: other(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(code: &str) -> ErrorLabels {
        ErrorLabels { source: "a".into(), code: code.into(), ..ErrorLabels::default() }
    }

    #[test]
    fn errors_beyond_the_bound_are_counted_as_others_and_none_is_lost() {
        let mut tally = Tally::default();
        let many = ERROR_SERIES_MAX + 10;
        for number in 0..many {
            let errors = BTreeMap::from([(labels(&number.to_string()), 2)]);
            tally.found(errors, &BTreeMap::new());
        }
        tally.found(BTreeMap::from([(labels("0"), 1)]), &BTreeMap::from([("a".into(), 3)]));
        assert_eq!(tally.errors.len(), ERROR_SERIES_MAX + 1);
        assert_eq!((tally.errors[&labels("0")], tally.errors[&others()]), (3, 20));
        assert_eq!(tally.errors.values().sum::<u64>(), 2 * many as u64 + 1);
        let source = tally.sources["a"];
        assert_eq!((source.errors, source.repeats), (2 * many as u64 + 1, 3));
    }

    #[test]
    fn a_path_is_a_problem_until_it_is_followed_or_gone() {
        let mut tally = Tally::default();
        let why = crate::tail::Unseen::NotAFile;
        let notice = |kind| [Notice { path: "/var/log/a".into(), kind }];
        tally.notices(&notice(NoticeKind::Unseen(why)));
        let found = tally.unfollowed(|path| path.starts_with("/var"));
        assert_eq!(found.as_deref(), Some("/var/log/a cannot be followed: not a regular file"));
        assert_eq!(tally.unfollowed(|path| path.starts_with("/srv")), None);
        tally.forget_gone(|path| path.starts_with("/srv"));
        assert!(tally.unfollowed(|_| true).is_some());
        tally.forget_gone(|_| true);
        assert_eq!(tally.unfollowed(|_| true), None);
        tally.notices(&notice(NoticeKind::Unseen(why)));
        tally.notices(&notice(NoticeKind::SeenAgain));
        assert_eq!(tally.unfollowed(|_| true), None);
    }
}
